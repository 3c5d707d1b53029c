package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/plan"
)

// counted runs one line whose flow in month 0 has the distribution d, over so many draws that the months are counted into
// histograms, and returns the quantiles of month 0 and all values of that month in ascending order.
func counted(t *testing.T, d dist.Dist, draws int, pseudo bool) (q Quantiles, sorted []float64) {
	t.Helper()
	horizon := storeCells/draws + 1
	g := newGraph(horizon, 1)
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, g.AddInput("u", d), g.Window(0, 0))}}
	out := mustRun(t, g, Options{Draws: draws, Seed: 11, Pseudo: pseudo})
	for k := range levels {
		if out.Cumulative[horizon][k] != out.Cumulative[0][k] {
			t.Errorf("nothing flows after month 0, but P%v moves from %v to %v", levels[k]*100, out.Cumulative[0][k], out.Cumulative[horizon][k])
		}
	}
	return out.Cumulative[0], slices.Sorted(slices.Values(out.NPV)) // month 0 is not discounted
}

// Counted quantiles against those of the values themselves: what counting adds is at most a fifth of the standard error
// that sampling has anyway, √(p(1 − p)·n) in ranks.
func TestCountedQuantiles(t *testing.T) {
	smooth := map[string]dist.Dist{
		"normal":    must(dist.Normal(1000, 200)),
		"uniform":   must(dist.Uniform(-5, 5)),
		"skewed":    must(dist.PERT(0, 1, 10)),
		"lognormal": must(dist.LogNormal(100, 100)),
		"long tail": must(dist.LogNormal(100, 3000)),
		"endless":   must(dist.MetalogPair(1, 1000, dist.Positive)), // its mean does not exist
		"far away":  must(dist.Normal(1e9, 1)),
	}
	for name, d := range smooth {
		for _, o := range []Options{{Draws: 20_000, Pseudo: true}, {Draws: 200_000}} {
			t.Run(fmt.Sprintf("%s, %d draws, pseudo %v", name, o.Draws, o.Pseudo), func(t *testing.T) {
				q, sorted := counted(t, d, o.Draws, o.Pseudo)
				for k, level := range levels {
					h, room := level*float64(o.Draws-1), 0.2*math.Sqrt(level*(1-level)*float64(o.Draws))
					if low, high := sorted[int(h-room)], sorted[int(h+room)+1]; !(q[k] >= low && q[k] <= high) {
						t.Errorf("P%v is %v, want %v to %v", level*100, q[k], low, high)
					}
				}
			})
		}
	}
	// A value that has a probability of its own is told exactly.
	steps := map[string]dist.Dist{
		"two values":      must(dist.Choice([]float64{45_000, 60_000}, []float64{0.5, 0.5})),
		"three values":    must(dist.Choice([]float64{-1, 0, 1e6}, []float64{0.2, 0.55, 0.25})),
		"a rare loss":     must(dist.Bernoulli(0.095)),
		"a very rare one": must(dist.Bernoulli(1e-5)),
		"constant":        must(dist.Constant(12345.678)),
		"zero":            must(dist.Constant(0)),
	}
	for name, d := range steps {
		for _, draws := range []int{20_001, 200_000} {
			t.Run(fmt.Sprintf("%s, %d draws", name, draws), func(t *testing.T) {
				q, sorted := counted(t, d, draws, false)
				for k, level := range levels {
					if want := quantile(sorted, level); math.Abs(q[k]-want) > 1e-12*math.Abs(want) {
						t.Errorf("P%v is %v, want %v", level*100, q[k], want)
					}
				}
			})
		}
	}
}

// A mixture: half the draws one value, the others spread out.
func TestCountedQuantilesOfAMixture(t *testing.T) {
	const draws = 500_000
	g := newGraph(storeCells/draws+1, 1)
	on, u := g.AddInput("on", must(dist.Bernoulli(0.6))), g.AddInput("u", must(dist.Uniform(10, 20)))
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, on, u), g.Window(0, 0))}}
	out := mustRun(t, g, Options{Draws: draws, Seed: 11})
	exact := Quantile(out.NPV, levels[:]...)
	for k, want := range exact {
		if got := out.Cumulative[0][k]; want == 0 && got != 0 || math.Abs(got-want) > 1e-3 {
			t.Errorf("P%v is %v, want %v", levels[k]*100, got, want)
		}
	}
}

// Means of counted lines: as exact as sums are, even where what matters is rarer than the pilot can see.
func TestCountedMeans(t *testing.T) {
	const draws = 60_000
	g := newGraph(1, 1)
	distributions := []dist.Dist{
		must(dist.Normal(1000, 200)), must(dist.Bernoulli(1e-4)), must(dist.Choice([]float64{0, 1e9}, []float64{0.9999, 0.0001})),
		must(dist.LogNormal(1, 50)), must(dist.Normal(0, 1e-6)), must(dist.Normal(-1e9, 1)), must(dist.Constant(0)), must(dist.MetalogPair(1, 1000, dist.Positive)),
	}
	for i := range 80 {
		u := g.AddInput(fmt.Sprint(i), distributions[i%len(distributions)])
		g.Lines = append(g.Lines, plan.Line{ID: fmt.Sprint(i), Benefit: true, Flow: g.Apply(plan.OpMul, u, g.Window(0, 0))})
	}
	out := mustRun(t, g, Options{Draws: draws, Seed: 1, Pseudo: true})
	inputs := inputsOf(out, draws)
	for i := range g.Lines {
		mean, size := 0.0, 0.0
		for _, in := range inputs {
			mean += in[i] / draws
			size += math.Abs(in[i]) / draws
		}
		if math.Abs(out.LineMeans[i]-mean) > 1e-9*size {
			t.Errorf("the mean of %v is %v, want %v", distributions[i%len(distributions)], out.LineMeans[i], mean)
		}
	}
}

// What one worker has seen that is no number is not lost when the counts are brought together.
func TestMeanOfWhatIsNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		s := newSketches(1, storeCells+1)
		s.take(nil, 0, 0, make([]float64, pilotDraws), true)
		s.setBins()
		one, two := s.local(), s.local()
		s.take(one, 0, pilotDraws, []float64{1, 2, bad}, true)
		s.take(two, 0, pilotDraws+3, []float64{3}, true)
		s.merge(one)
		s.merge(two)
		if mean := s.mean(0); !math.IsNaN(mean) {
			t.Errorf("the mean with %v among the values is %v", bad, mean)
		}
	}
}

// Quantile is definition 7 of Hyndman & Fan: against sorting, for all lengths and clumps of equal values.
func TestQuantileAgainstSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 3, 10, 255, 256, 257, 1000, 5000}).Draw(t, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		kind := rapid.SampledFrom([]string{"normal", "clumps", "constant", "tail", "tiny", "huge", "infinite"}).Draw(t, "kind")
		v := make([]float64, n)
		for i := range v {
			switch kind {
			case "normal":
				v[i] = r.NormFloat64()
			case "clumps":
				v[i] = float64(r.IntN(4))
			case "constant":
				v[i] = 7
			case "tail":
				v[i] = math.Exp(20 * r.NormFloat64())
			case "tiny":
				v[i] = r.Float64() * 1e-310
			case "huge":
				v[i] = (r.Float64() - 0.5) * math.MaxFloat64
			case "infinite":
				v[i] = []float64{1, 2, math.Inf(1), 3}[r.IntN(4)]
			}
		}
		before := slices.Clone(v)
		p := []float64{0, 0.1, 0.25, 0.5, rapid.Float64Range(0, 1).Draw(t, "p"), 0.9, 1}
		for i, got := range Quantile(v, p...) {
			want := quantile(v, p[i])
			if math.Float64bits(got) != math.Float64bits(want) && !(math.Abs(got-want) <= 1e-15*math.Abs(want)) && !math.IsInf(want, 0) && !math.IsNaN(want) {
				t.Fatalf("%s, n = %d: quantile %v is %v, want %v", kind, n, p[i], got, want)
			}
		}
		if !slices.Equal(before, v) {
			t.Fatal("the values were changed")
		}
	})
}

// As many levels as a chart may want.
func TestQuantileAtManyLevels(t *testing.T) {
	v, p := make([]float64, 100_000), make([]float64, 999)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range v {
		v[i] = r.Float64()
	}
	for i := range p {
		p[i] = float64(i+1) / 1000
	}
	sorted := slices.Sorted(slices.Values(v))
	for i, got := range Quantile(v, p...) {
		h := p[i] * float64(len(v)-1)
		k := int(h)
		if want := sorted[k] + (h-float64(k))*(sorted[k+1]-sorted[k]); math.Abs(got-want) > 1e-12 {
			t.Fatalf("level %v: %v, want %v", p[i], got, want)
		}
	}
}

func TestQuantileOfNothing(t *testing.T) {
	if q := Quantile(nil, 0.5); len(q) != 1 || !math.IsNaN(q[0]) {
		t.Errorf("the median of nothing is %v", q)
	}
}

func TestMeanAndSD(t *testing.T) {
	// 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, variance 32/7.
	v := []float64{2, 4, math.NaN(), 4, 4, 5, 5, 7, 9}
	if m, s := Mean(v), SD(v); m != 5 || math.Abs(s-math.Sqrt(32.0/7)) > 1e-15 {
		t.Errorf("mean %v and SD %v, want 5 and %v", m, s, math.Sqrt(32.0/7))
	}
	if s := SD([]float64{3}); s != 0 {
		t.Errorf("the SD of one value is %v", s)
	}
}
