package explain_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rendite-crm/rendite/internal/draw"
	"github.com/rendite-crm/rendite/internal/explain"
	"pgregory.net/rapid"
)

func inBox(b explain.PRIMBox, x [][]float64, i int) bool {
	for _, l := range b.Limits {
		if v := x[l.Input][i]; v < l.Min || v > l.Max {
			return false
		}
	}
	return true
}

func inputsOf(b explain.PRIMBox) []int {
	var at []int
	for _, l := range b.Limits {
		at = append(at, l.Input)
	}
	return at
}

func indicator(u [][]float64, in func(u []float64) bool) []float64 {
	return computed(u, func(u []float64) float64 {
		if in(u) {
			return 1
		}
		return 0
	})
}

// against is the coverage and density of the box with respect to where the truth is 1.
func against(b explain.PRIMBox, x [][]float64, truth []float64) (coverage, density float64) {
	hits, count := 0.0, 0.0
	for i, v := range truth {
		if inBox(b, x, i) {
			count++
			hits += v
		}
	}
	return hits / (average(truth) * float64(len(truth))), hits / count
}

func TestPRIM_findsAPlantedBoxOfThreeConditionsAmong20Inputs(t *testing.T) {
	const n = 4000
	// Inputs 0, 1, 2 decide; in the correlated case 3, 4, 5 resemble them and have no influence.
	lookalikes := []draw.Pair{{I: 0, J: 3, Rho: .8}, {I: 1, J: 4, Rho: .8}, {I: 2, J: 5, Rho: .8}}
	for _, c := range []struct {
		name  string
		pairs []draw.Pair
		noise float64 // share of the box without the outcome
	}{{"clear", nil, 0}, {"noisy", nil, .05}, {"with lookalikes", lookalikes, 0}, {"noisy, with lookalikes", lookalikes, .05}} {
		for _, mass := range []float64{.02, .1, .3} {
			for seed := range uint64(3) {
				u := uniform(seed+1, n, 20, false, c.pairs...)
				w := math.Cbrt(mass)
				truth := indicator(u, func(u []float64) bool { // below, above, between
					return u[0] < w && u[1] > 1-w && math.Abs(u[2]-.5) < w/2
				})
				random := rand.New(rand.NewPCG(seed, 1))
				y := make([]float64, n)
				for i, v := range truth {
					if r := random.Float64(); v == 1 && r >= c.noise || v == 0 && r < c.noise*mass {
						y[i] = 1
					}
				}
				name := fmt.Sprintf("%s, mass %v, seed %d", c.name, mass, seed)
				boxes, err := explain.PRIM(u, y, explain.PRIMOptions{})
				if err != nil || len(boxes) == 0 {
					t.Fatalf("%s: %d boxes, %v", name, len(boxes), err)
				}
				coverage, density := against(boxes[0], u, truth)
				if !(coverage > .9 && density > .9) {
					t.Errorf("%s: coverage %v, density %v", name, coverage, density)
				}
				if got := inputsOf(boxes[0]); !slices.Equal(got, []int{0, 1, 2}) {
					t.Errorf("%s: inputs %v", name, got)
				}
			}
		}
	}
}

func TestPRIM_findsNothingWhereNoInputMatters(t *testing.T) {
	for _, share := range []float64{.005, .01, .02, .3, .9} {
		for seed := range uint64(6) {
			u := uniform(seed+1, 2000, 21, false)
			y := indicator(u[20:], func(u []float64) bool { return u[0] < share })
			boxes, err := explain.PRIM(u[:20], y, explain.PRIMOptions{})
			if err != nil || len(boxes) != 0 {
				t.Errorf("share %v, seed %d: %v, %v", share, seed, boxes, err)
			}
		}
	}
}

func TestPRIM_coversTwoRegionsOfDiscreteInputsWithTwoBoxes(t *testing.T) {
	u := uniform(5, 10000, 12, false)
	for k, levels := range []float64{4, 2, 0, 0, 3} {
		if levels > 0 {
			u[k] = computed(u[k:k+1], func(v []float64) float64 { return math.Floor(levels * v[0]) })
		}
	}
	one := func(u []float64) bool { return u[0] >= 2 && u[1] == 0 && u[2] > .6 }  // 10 %
	two := func(u []float64) bool { return u[0] == 0 && u[4] == 1 && u[3] < .75 } // 6.25 %
	y := indicator(u, func(u []float64) bool { return one(u) || two(u) })
	boxes, err := explain.PRIM(u, y, explain.PRIMOptions{})
	if err != nil || len(boxes) != 2 {
		t.Fatalf("%d boxes, %v", len(boxes), err)
	}
	for i, want := range []struct {
		in     func(u []float64) bool
		inputs []int
	}{{one, []int{0, 1, 2}}, {two, []int{0, 3, 4}}} {
		coverage, density := against(boxes[i], u, indicator(u, want.in))
		if !(coverage > .99 && density > .99) || !slices.Equal(inputsOf(boxes[i]), want.inputs) {
			t.Errorf("box %d: inputs %v, coverage %v, density %v", i+1, inputsOf(boxes[i]), coverage, density)
		}
	}
	near(t, "coverage of both", boxes[0].Coverage+boxes[1].Coverage, 1, .01)
	// The levels themselves are the limits: 2 and above, exactly 1.
	if l := boxes[0].Limits[0]; l.Min != 2 || !math.IsInf(l.Max, 1) {
		t.Errorf("input 0 in the first box: %v .. %v", l.Min, l.Max)
	}
	if l := boxes[1].Limits[2]; l.Min != 1 || l.Max != 1 {
		t.Errorf("input 4 in the second box: %v .. %v", l.Min, l.Max)
	}
}

// A loss of 120 + 200 z0 − 120 z1 + 115 z2 below 0, as a sum has it: no box fits exactly.
func TestPRIM_onASlantedBorderTradesCoverageForDensity(t *testing.T) {
	z := normal(2, 10000, 10, true)
	net := func(z []float64) float64 { return 120 + 200*z[0] - 120*z[1] + 115*z[2] }
	y := indicator(z, func(z []float64) bool { return net(z) < 0 })
	balanced, err := explain.PRIM(z, y, explain.PRIMOptions{MaxBoxes: 1})
	if err != nil || len(balanced) != 1 {
		t.Fatalf("%v, %v", balanced, err)
	}
	if b := balanced[0]; !(b.Coverage > .7 && b.Density > .65) {
		t.Errorf("balanced: coverage %v, density %v", b.Coverage, b.Density)
	}
	for _, least := range []float64{.8, .9, .95} {
		dense, err := explain.PRIM(z, y, explain.PRIMOptions{MaxBoxes: 1, MinDensity: least})
		if err != nil || len(dense) != 1 {
			t.Fatalf("%v, %v", dense, err)
		}
		if b := dense[0]; !(b.Density >= least && b.Coverage < balanced[0].Coverage && b.Coverage > .2) {
			t.Errorf("at least %v dense: coverage %v, density %v", least, b.Coverage, b.Density)
		}
	}
	loss := computed(z, func(z []float64) float64 { return max(0, -net(z)) })
	amounts, err := explain.PRIM(z, loss, explain.PRIMOptions{MaxBoxes: 1})
	if err != nil || len(amounts) != 1 {
		t.Fatalf("%v, %v", amounts, err)
	}
	if b := amounts[0]; !(b.Density > 3*average(loss) && b.Coverage > .4) || !slices.Equal(inputsOf(b), []int{0, 1, 2}) {
		t.Errorf("loss: inputs %v, coverage %v, density %v", inputsOf(b), b.Coverage, b.Density)
	}
}

func TestPRIM_trajectoryPeelsPatientlyFromAllDraws(t *testing.T) {
	u := uniform(1, 5000, 8, false)
	y := indicator(u, func(u []float64) bool { return u[0] < .4 && u[1] > .5 || u[7] < .02 })
	boxes, err := explain.PRIM(u, y, explain.PRIMOptions{MinMass: .05, NoPaste: true, MaxBoxes: 1})
	if err != nil || len(boxes) != 1 {
		t.Fatalf("%v, %v", boxes, err)
	}
	way := boxes[0].Trajectory
	if all := (explain.PRIMStep{Coverage: 1, Density: average(y), Mass: 1}); !cmp.Equal(way[0], all) {
		t.Errorf("the way begins at %v, not %v", way[0], all)
	}
	for i, s := range way[1:] {
		before := way[i]
		if !(s.Mass < before.Mass && s.Mass > .94*before.Mass && s.Mass >= .05) {
			t.Errorf("mass %v after %v", s.Mass, before.Mass)
		}
		if s.Coverage > before.Coverage || s.Restricted < before.Restricted || s.Restricted > before.Restricted+1 {
			t.Errorf("%v after %v", s, before)
		}
		near(t, "coverage", s.Coverage, s.Density*s.Mass/average(y), 1e-12)
	}
	balance := func(s explain.PRIMStep) float64 { return 2 * s.Coverage * s.Density / (s.Coverage + s.Density) }
	for _, s := range way {
		if balance(s) > balance(way[boxes[0].Chosen]) {
			t.Errorf("%v is better balanced than %v, which was chosen", s, way[boxes[0].Chosen])
		}
	}
	if boxes[0].Restricted != 2 || !slices.Equal(inputsOf(boxes[0]), []int{0, 1}) {
		t.Errorf("inputs %v", inputsOf(boxes[0]))
	}
}

// P(Binomial(n, q) ≥ hits), summed term by term.
func binomialTail(hits, n int, q float64) float64 {
	sum := 0.0
	for k := hits; k <= n; k++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		sum += math.Exp(a - b - c + float64(k)*math.Log(q) + float64(n-k)*math.Log1p(-q))
	}
	return sum
}

func TestPRIM_quasiPValueIsTheBinomialTailWithoutTheLimit(t *testing.T) {
	const n = 1000
	u := uniform(4, n, 5, false)
	y := indicator(u, func(u []float64) bool { return u[0] < .5 && u[1] < .7+.3*u[3] && u[4] < .9 })
	boxes, err := explain.PRIM(u, y, explain.PRIMOptions{})
	if err != nil || len(boxes) == 0 || len(boxes[0].Limits) < 2 {
		t.Fatalf("%v, %v", boxes, err)
	}
	b := boxes[0]
	count := int(math.Round(b.Mass * n))
	hits := int(math.Round(b.Density * float64(count)))
	for _, l := range b.Limits {
		want := binomialTail(hits, count, l.Without.Density)
		near(t, fmt.Sprint("input ", l.Input), l.P, want, 1e-6*want)
		if l.P > .05 {
			t.Errorf("input %d is kept with p = %v", l.Input, l.P)
		}
		if l.Without.Mass <= b.Mass || l.Without.Restricted != len(b.Limits)-1 {
			t.Errorf("without input %d: %v", l.Input, l.Without)
		}
	}
}

func TestPRIM_keepsNoLimitThatChanceExplains(t *testing.T) {
	u := uniform(6, 2000, 30, false)
	y := indicator(u, func(u []float64) bool { return u[0] < .2 && u[29] < .9 })
	boxes, err := explain.PRIM(u[:29], y, explain.PRIMOptions{MaxBoxes: 1})
	if err != nil || len(boxes) != 1 || !slices.Equal(inputsOf(boxes[0]), []int{0}) {
		t.Fatalf("%v, %v", boxes, err)
	}
	near(t, "limit", boxes[0].Limits[0].Max, .2, .005)
	near(t, "density", boxes[0].Density, .9, .03)

	// With few draws chance finds limits that help the balance. The p-value says so of some.
	spurious := func(significance float64) (limits int) {
		for seed := range uint64(20) {
			u := uniform(seed, 100, 11, false)
			y := indicator(u, func(u []float64) bool { return (u[0] < .4) == (u[10] < .9) })
			boxes, err := explain.PRIM(u[:10], y, explain.PRIMOptions{Significance: significance, MaxBoxes: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range boxes {
				for _, l := range b.Limits {
					if l.P > significance {
						t.Errorf("input %d is kept with p = %v", l.Input, l.P)
					}
					if l.Input > 0 {
						limits++
					}
				}
			}
		}
		return limits
	}
	if usual, lax := spurious(.05), spurious(1); !(usual < lax) {
		t.Errorf("limits without influence: %d at .05, %d at 1", usual, lax)
	}
}

func TestPRIM_invariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(50, 400).Draw(t, "draws")
		u := uniform(rapid.Uint64Range(0, 1000).Draw(t, "seed"), n, 4, false)
		for k := range 2 {
			if levels := rapid.IntRange(0, 5).Draw(t, "levels"); levels > 0 {
				u[k] = computed(u[k:k+1], func(v []float64) float64 { return math.Floor(float64(levels) * v[0]) })
			}
		}
		border := rapid.Float64Range(.05, .95).Draw(t, "border")
		amounts := rapid.Bool().Draw(t, "amounts")
		y := computed(u, func(u []float64) float64 {
			v := u[2] + .2*u[1] - border
			switch {
			case v < 0 && amounts:
				return -v
			case v < 0 || u[3] < .05:
				return 1
			}
			return 0
		})
		o := explain.PRIMOptions{
			Peel:       rapid.SampledFrom([]float64{0, .02, .2, 7}).Draw(t, "peel"),
			MinMass:    rapid.SampledFrom([]float64{0, .1, .5}).Draw(t, "least mass"),
			MinDensity: rapid.SampledFrom([]float64{0, .7, 1}).Draw(t, "least density"),
			NoPaste:    rapid.Bool().Draw(t, "no paste"),
		}
		boxes, err := explain.PRIM(u, y, o)
		if err != nil {
			t.Fatal(err)
		}
		taken := make([]bool, n)
		total := average(y) * float64(n)
		for _, b := range boxes {
			if len(b.Limits) == 0 || b.Restricted != len(b.Limits) || !slices.IsSorted(inputsOf(b)) {
				t.Fatalf("limits %v", b.Limits)
			}
			count, sum := 0.0, 0.0
			for i, v := range y {
				if !taken[i] && inBox(b, u, i) {
					taken[i] = true
					count++
					sum += v
				}
			}
			want := explain.PRIMStep{Mass: count / float64(n), Density: sum / count, Coverage: sum / total, Restricted: b.Restricted}
			if math.Abs(want.Mass-b.Mass)+math.Abs(want.Density-b.Density)+math.Abs(want.Coverage-b.Coverage) > 1e-9 {
				t.Fatalf("%v, counted %v", b.PRIMStep, want)
			}
			if b.Mass < max(o.MinMass, .01) || b.Density <= average(y) {
				t.Fatalf("%v", b.PRIMStep)
			}
		}

		// In other units.
		other := slices.Clone(u)
		for k := range other {
			other[k] = computed(u[k:k+1], func(v []float64) float64 { return 1024 * v[0] })
		}
		again, err := explain.PRIM(other, y, o)
		if err != nil || len(again) != len(boxes) {
			t.Fatalf("%d boxes became %d, %v", len(boxes), len(again), err)
		}
		for i := range again {
			for j := range again[i].Limits {
				again[i].Limits[j].Min /= 1024
				again[i].Limits[j].Max /= 1024
			}
		}
		if diff := cmp.Diff(boxes, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestPRIM_saysWhatIsWrongWithItsNumbers(t *testing.T) {
	u := uniform(1, 100, 2, false)
	bad, negative := slices.Clone(u[0]), slices.Clone(u[0])
	bad[3], negative[3] = math.NaN(), -.1
	for name, c := range map[string]struct {
		x    [][]float64
		y    []float64
		want error
	}{
		"no inputs":        {nil, u[0], explain.ErrShape},
		"too few draws":    {[][]float64{u[0][:49]}, u[1][:49], explain.ErrShape},
		"a short input":    {[][]float64{u[0][:99]}, u[1], explain.ErrShape},
		"not a number":     {[][]float64{bad}, u[1], explain.ErrFinite},
		"outcome is none":  {u[:1], bad, explain.ErrFinite},
		"negative outcome": {u[:1], negative, explain.ErrNegative},
	} {
		if _, err := explain.PRIM(c.x, c.y, explain.PRIMOptions{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range []float64{0, 1, 3.5} { // never, always, always the same
		y := computed(u, func([]float64) float64 { return v })
		if boxes, err := explain.PRIM(u, y, explain.PRIMOptions{}); len(boxes) > 0 || err != nil {
			t.Errorf("outcome always %v: %v, %v", v, boxes, err)
		}
	}
}

func BenchmarkPRIM(b *testing.B) {
	const n = 20000
	u := uniform(1, n, 21, false)
	for _, mass := range []float64{.02, .3} {
		w := math.Cbrt(mass)
		y := indicator(u, func(u []float64) bool {
			return u[0] < w && u[1] > 1-w && u[2] < w && u[20] < .9 || u[20] < .05
		})
		for _, boxes := range []int{1, 3} {
			b.Run(fmt.Sprintf("mass %v, up to %d boxes", mass, boxes), func(b *testing.B) {
				for b.Loop() {
					found, _ := explain.PRIM(u[:20], y, explain.PRIMOptions{MaxBoxes: boxes})
					benchmarkSink += float64(len(found))
				}
			})
		}
	}
}
