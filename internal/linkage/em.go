package linkage

import (
	"math"
	"slices"
)

// Counts are what comparing pairs showed.
type Counts struct {
	// Levels is the number of levels by comparison.
	Levels   []int
	Patterns []Pattern
	// Others are pairs that were not compared and are taken to be no duplicates; RestLevels says how many of them would
	// show each level, by comparison. Nil is none.
	Others     float64
	RestLevels [][]float64
}

// Pattern is how many pairs show one combination of levels, by comparison; a level may be Missing.
type Pattern struct {
	Levels []int8
	Pairs  float64
}

// Parameters of the two classes: the share of duplicates, and how often duplicates (M) and others (U) show each level, by
// comparison.
type Parameters struct {
	Prior float64
	M, U  [][]float64
}

// Fit is what EM ends with. LogLikelihood includes the prior of the Estimation.
type Fit struct {
	Parameters
	LogLikelihood float64
	Iterations    int
	Converged     bool
}

// Estimation says how EM works.
type Estimation struct {
	MaxIterations int
	// Tolerance is the largest change of a parameter at which it ends; that of Prior, which may be very small, is relative.
	Tolerance float64
	// PseudoM and PseudoU are pairs added to each level's counts, by comparison, so that a small file does not make
	// certainties of accidents: a Dirichlet prior. Nil is none, the maximum of the likelihood.
	PseudoM, PseudoU [][]float64
	// Held is log₂(m/u) of levels that are not estimated, by comparison; NaN is a level that is. Nil is none. A held level
	// is evidence in its pattern and otherwise no part of its comparison.
	Held [][]float64
	// Trace is told the log-likelihood before each iteration; it may be nil.
	Trace func(logLikelihood float64)
}

// EM estimates the parameters of two classes of pairs with levels independent within each (Dempster, Laird & Rubin 1977,
// JRSS B 39, 1–38; for record linkage Winkler 1988, Proc. Survey Research Methods, ASA, 667–671): with g the probability
// of a pattern's pairs to be duplicates,
//
//	g = p Π m / (p Π m + (1−p) Π u),  p = Σ n g / N,  m_l = Σ_l n g / Σ n g,  u_l = Σ_l n (1−g) / Σ n (1−g),
//
// sums over m and u going over the pairs where the comparison is not missing. Pairs that were not compared count with
// g = 0. That is EM with a restricted first step, whose bound on the likelihood rises as well (Neal & Hinton 1998), and
// the likelihood itself where every pair was compared. It never falls from one iteration to the next.
func EM(c Counts, start Parameters, e Estimation) Fit {
	f := Fit{Parameters: Parameters{Prior: start.Prior, M: cloneAll(start.M), U: cloneAll(start.U)}}
	posterior := make([]float64, len(c.Patterns))
	total := c.Others
	for _, p := range c.Patterns {
		total += p.Pairs
	}
	if total == 0 {
		f.Converged = true
		return f
	}
	for f.Iterations < e.MaxIterations && !f.Converged {
		l := f.expect(c, e, posterior)
		if e.Trace != nil {
			e.Trace(l)
		}
		f.Iterations++
		f.Converged = f.maximise(c, e, posterior, total) <= e.Tolerance
	}
	f.LogLikelihood = f.expect(c, e, posterior)
	return f
}

func cloneAll(x [][]float64) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = slices.Clone(x[i])
	}
	return out
}

func (e *Estimation) held(c, l int) (float64, bool) {
	if e.Held == nil || math.IsNaN(e.Held[c][l]) {
		return 0, false
	}
	return e.Held[c][l], true
}

// expect fills in the probabilities of the patterns and returns the log-likelihood.
func (f *Fit) expect(c Counts, e Estimation, posterior []float64) float64 {
	logM, logU := logs(f.M), logs(f.U)
	l := 0.0
	for k, p := range c.Patterns {
		m, u := math.Log(f.Prior), math.Log1p(-f.Prior)
		for j, level := range p.Levels {
			if level == Missing {
				continue
			}
			if w, ok := e.held(j, int(level)); ok {
				m += w * math.Ln2
				continue
			}
			m += logM[j][level]
			u += logU[j][level]
		}
		top := max(m, u)
		if math.IsInf(top, -1) { // neither class can show it: no evidence
			posterior[k] = f.Prior
			continue
		}
		both := top + math.Log(math.Exp(m-top)+math.Exp(u-top))
		posterior[k] = math.Exp(m - both)
		l += p.Pairs * both
	}
	if c.Others > 0 {
		l += c.Others * math.Log1p(-f.Prior)
	}
	add := func(n [][]float64, log [][]float64) {
		for j := range n {
			for level, x := range n[j] {
				if _, held := e.held(j, level); !held && x > 0 {
					l += x * log[j][level]
				}
			}
		}
	}
	add(c.RestLevels, logU)
	add(e.PseudoM, logM)
	add(e.PseudoU, logU)
	return l
}

func logs(x [][]float64) [][]float64 {
	out := cloneAll(x)
	for _, row := range out {
		for i := range row {
			row[i] = math.Log(row[i])
		}
	}
	return out
}

// maximise sets the parameters to their best values for the probabilities and returns the largest change.
func (f *Fit) maximise(c Counts, e Estimation, posterior []float64, total float64) float64 {
	change, duplicates := 0.0, 0.0
	m, u := make([][]float64, len(c.Levels)), make([][]float64, len(c.Levels))
	for j, n := range c.Levels {
		m[j], u[j] = make([]float64, n), make([]float64, n)
	}
	for k, p := range c.Patterns {
		g := posterior[k] * p.Pairs
		duplicates += g
		for j, level := range p.Levels {
			if level != Missing {
				m[j][level] += g
				u[j][level] += p.Pairs - g
			}
		}
	}
	set := func(to *float64, x float64) {
		change = max(change, math.Abs(*to-x))
		*to = x
	}
	prior := duplicates / total
	change = math.Abs(prior/f.Prior - 1)
	f.Prior = prior
	divide := func(to [][]float64, n [][]float64, more ...[][]float64) {
		for j := range n {
			sum := 0.0
			for level := range n[j] {
				if _, held := e.held(j, level); held {
					n[j][level] = 0
					continue
				}
				for _, x := range more {
					if x != nil {
						n[j][level] += x[j][level]
					}
				}
				sum += n[j][level]
			}
			if sum == 0 { // nothing seen: the value stays
				continue
			}
			for level := range n[j] {
				if _, held := e.held(j, level); !held {
					set(&to[j][level], n[j][level]/sum)
				}
			}
		}
	}
	divide(f.M, m, e.PseudoM)
	divide(f.U, u, c.RestLevels, e.PseudoU)
	return change
}
