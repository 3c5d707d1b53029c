package calc

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// byDefinition compares the distribution functions, and their integrals, at every point where one of them steps.
func byDefinition(a, b []float64) int {
	points := slices.Concat(a, b)
	slices.Sort(points)
	below := func(v []float64, x float64) (share float64) {
		for _, y := range v {
			if y <= x {
				share++
			}
		}
		return share
	}
	var first, second sides
	area := 0.0
	for i, x := range points {
		if i > 0 {
			area += (below(b, points[i-1]) - below(a, points[i-1])) * (x - points[i-1])
		}
		first.add(below(b, x)-below(a, x), 0)
		second.add(area, 0)
	}
	if s := first.one(); s != 0 {
		return s
	}
	return 2 * second.one()
}

func TestDominanceIsThatOfTheDistributionFunctions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		// Few small whole numbers: ties and equal sums are likely, and all sums are exact.
		small := rapid.SliceOfN(rapid.Map(rapid.IntRange(-4, 4), func(i int) float64 { return float64(i) }), n, n)
		a, b := small.Draw(t, "a"), small.Draw(t, "b")
		got, want := dominance(a, b), byDefinition(a, b)
		if got != want {
			t.Fatalf("%v against %v: %d, by definition %d", a, b, got, want)
		}
		if back := dominance(b, a); back != -got {
			t.Fatalf("the other way round %d, not %d", back, -got)
		}
	})
}
