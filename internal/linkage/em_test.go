package linkage_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/linkage"
)

// The likelihood never falls, with and without what the estimation allows: missing values, pairs not compared, a prior, a
// held level.
func TestEM_likelihoodNeverFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.IntRange(2, 4), 1, 4).Draw(t, "levels")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shares := func(n int) []float64 {
			out, sum := make([]float64, n), 0.0
			for i := range out {
				out[i] = .05 + r.Float64()
				sum += out[i]
			}
			for i := range out {
				out[i] /= sum
			}
			return out
		}
		c := linkage.Counts{Levels: levels}
		for range 1 + r.IntN(30) {
			p := linkage.Pattern{Pairs: float64(1 + r.IntN(1000)), Bits: float64(r.IntN(9) - 4)}
			for _, n := range levels {
				p.Levels = append(p.Levels, int8(r.IntN(n+1)-1))
			}
			c.Patterns = append(c.Patterns, p)
		}
		start := linkage.Parameters{Prior: .01 + .5*r.Float64()}
		e := linkage.Estimation{MaxIterations: 60, Tolerance: 0}
		prior, rest, held := rapid.Bool().Draw(t, "prior"), rapid.Bool().Draw(t, "rest"), rapid.Bool().Draw(t, "held")
		for _, n := range levels {
			m, u := shares(n), shares(n)
			h := linkage.Hold{Level: -1}
			if held && r.IntN(2) == 0 {
				h = linkage.Hold{Level: r.IntN(n), Weight: -8 * r.Float64()}
				x := u[h.Level] * math.Exp2(h.Weight)
				rest := 1 - m[h.Level]
				for i := range m {
					m[i] *= (1 - x) / rest
				}
				m[h.Level] = x
			}
			start.M, start.U = append(start.M, m), append(start.U, u)
			if held {
				e.Held = append(e.Held, h)
			}
			if prior {
				e.PseudoM, e.PseudoU = append(e.PseudoM, shares(n)), append(e.PseudoU, shares(n))
				if h.Level >= 0 {
					e.PseudoM[len(e.PseudoM)-1][h.Level] = 0
				}
			}
			if rest {
				row := shares(n)
				for i := range row {
					row[i] *= 5000
				}
				c.RestLevels, c.Others = append(c.RestLevels, row), 5000
			}
		}
		var trace []float64
		e.Trace = func(l float64) { trace = append(trace, l) }
		fit := linkage.EM(c, start, e)
		trace = append(trace, fit.LogLikelihood)
		for i := 1; i < len(trace); i++ {
			if !(trace[i] >= trace[i-1]-1e-9*(1+math.Abs(trace[i-1]))) {
				t.Fatalf("iteration %d: from %.12g to %.12g", i, trace[i-1], trace[i])
			}
		}
		for j := range levels {
			for _, row := range [][]float64{fit.M[j], fit.U[j]} {
				sum := 0.0
				for _, x := range row {
					if !(x >= 0 && x <= 1) {
						t.Fatalf("a share of %v", x)
					}
					sum += x
				}
				if math.Abs(sum-1) > 1e-9 {
					t.Fatalf("shares sum to %v", sum)
				}
			}
			if e.Held != nil && e.Held[j].Level >= 0 {
				h := e.Held[j]
				if w := math.Log2(fit.M[j][h.Level] / fit.U[j][h.Level]); fit.U[j][h.Level] > 1e-12 && math.Abs(w-h.Weight) > 1e-6 {
					t.Fatalf("held at %v, is %v", h.Weight, w)
				}
			}
		}
	})
}

// Pairs drawn from known parameters give them back.
func TestEM_findsTheTruth(t *testing.T) {
	truth := linkage.Parameters{Prior: .02,
		M: [][]float64{{.9, .07, .03}, {.8, .2}, {.7, .1, .2}, {.95, .05}},
		U: [][]float64{{.01, .02, .97}, {.05, .95}, {.001, .009, .99}, {.1, .9}}}
	r := rand.New(rand.NewPCG(7, 0))
	draw := func(p []float64) int8 {
		x := r.Float64()
		for i, q := range p {
			if x -= q; x < 0 {
				return int8(i)
			}
		}
		return int8(len(p) - 1)
	}
	n := make(map[[4]int8]float64)
	for range 200_000 {
		of := truth.U
		if r.Float64() < truth.Prior {
			of = truth.M
		}
		var k [4]int8
		for j := range k {
			k[j] = draw(of[j])
			if r.Float64() < .2 {
				k[j] = linkage.Missing
			}
		}
		n[k]++
	}
	c := linkage.Counts{Levels: []int{3, 2, 3, 2}}
	for k, pairs := range n {
		c.Patterns = append(c.Patterns, linkage.Pattern{Levels: slices.Clone(k[:]), Pairs: pairs})
	}
	slices.SortFunc(c.Patterns, func(a, b linkage.Pattern) int { return slices.Compare(a.Levels, b.Levels) })
	start := linkage.Parameters{Prior: .1,
		M: [][]float64{{.8, .1, .1}, {.8, .2}, {.8, .1, .1}, {.8, .2}},
		U: [][]float64{{.1, .1, .8}, {.1, .9}, {.1, .1, .8}, {.1, .9}}}
	fit := linkage.EM(c, start, linkage.Estimation{MaxIterations: 5000, Tolerance: 1e-10})
	if !fit.Converged {
		t.Fatal("not converged")
	}
	if math.Abs(fit.Prior-truth.Prior) > .001 {
		t.Errorf("prior %v, drawn with %v", fit.Prior, truth.Prior)
	}
	// Four standard errors of a share among 0.8 · 4000 duplicates and 0.8 · 196000 others.
	for j := range truth.M {
		for l := range truth.M[j] {
			if d := 4 * math.Sqrt(.25/3200); math.Abs(fit.M[j][l]-truth.M[j][l]) > d {
				t.Errorf("m[%d][%d] %v, drawn with %v", j, l, fit.M[j][l], truth.M[j][l])
			}
			if d := 4 * math.Sqrt(.25/156800); math.Abs(fit.U[j][l]-truth.U[j][l]) > d {
				t.Errorf("u[%d][%d] %v, drawn with %v", j, l, fit.U[j][l], truth.U[j][l])
			}
		}
	}
}

func TestEM_ofNothing(t *testing.T) {
	fit := linkage.EM(linkage.Counts{Levels: []int{2}}, linkage.Parameters{Prior: .1, M: [][]float64{{.9, .1}}, U: [][]float64{{.1, .9}}}, linkage.Estimation{MaxIterations: 10})
	if !fit.Converged || fit.Prior != .1 {
		t.Errorf("%+v", fit)
	}
}
