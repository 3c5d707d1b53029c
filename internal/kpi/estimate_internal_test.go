package kpi

import (
	"math"
	"testing"
)

func close2(a, b, within float64) bool { return math.Abs(a-b) <= within }

// 95 % score intervals, R 4: prop.test(k, n, correct = FALSE).
func TestWilson_againstR(t *testing.T) {
	for _, c := range [][4]float64{{0, 10, 0, 0.2775328}, {5, 10, 0.2365931, 0.7634069}, {81, 263, 0.2552746, 0.3662050}} {
		if low, high := wilson(c[0], c[1]); !close2(low, c[2], 1e-4) || !close2(high, c[3], 1e-4) {
			t.Errorf("%v of %v: %v to %v", c[0], c[1], low, high)
		}
	}
}

// Exact limits of a Poisson count: F. Garwood, Biometrika 28, 1936, as in every table of them.
func TestPoisson_againstGarwood(t *testing.T) {
	for _, c := range [][3]float64{{0, 0, 3.689}, {5, 1.623, 11.668}, {10, 4.795, 18.390}, {100, 81.36, 121.63}} {
		if low, high := poisson(c[0]); !close2(low, c[1], 0.01*c[1]+1e-9) || !close2(high, c[2], 0.02*c[2]) {
			t.Errorf("%v: %v to %v", c[0], low, high)
		}
	}
}

// Ranks of the 95 % interval of a median: W. J. Conover, Practical Nonparametric Statistics, table of the sign test.
func TestRank_againstTables(t *testing.T) {
	for n, want := range map[int64]int64{5: 0, 6: 1, 8: 1, 9: 2, 12: 3, 20: 6, 25: 8, 50: 18, 100: 40} {
		if got := rank(n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
	// The exact ranks and the normal ones meet where one takes over from the other.
	if got := rank(5_000) - rank(5_001); got < -1 || got > 1 {
		t.Errorf("a jump of %d", got)
	}
}

// gehan are the 21 patients with 6-MP of E. A. Gehan, Biometrika 52, 1965; R's survfit gives a median of 23 weeks and a
// survival of 0.448 after it.
func TestSurvival_againstGehan(t *testing.T) {
	var all []counted
	for _, c := range [][3]float64{{6, 1, 3}, {6, 0, 1}, {7, 1, 1}, {9, 0, 1}, {10, 1, 1}, {10, 0, 1}, {11, 0, 1}, {13, 1, 1}, {16, 1, 1}, {17, 0, 1}, {19, 0, 1}, {20, 0, 1},
		{22, 1, 1}, {23, 1, 1}, {25, 0, 1}, {32, 0, 2}, {34, 0, 1}, {35, 0, 1}} {
		all = append(all, counted{c[0], int(c[1]), int64(c[2])})
	}
	all = sorted(all)
	curve := steps(all)
	if last := curve[len(curve)-1]; !close2(last.survive, 0.448, 5e-4) || len(curve) != 7 {
		t.Errorf("%d steps, the last %+v", len(curve), last)
	}
	value, low, _, reached, bounded := survivalMedian(all)
	if value != 23 || low != 13 || !reached || bounded {
		t.Errorf("median %v from %v, %v, %v", value, low, reached, bounded)
	}
}

// Without open deals the incidence is the plain share and its variance that of a binomial: p(1−p)/n.
func TestIncidence_isTheShareWhereAllIsDecided(t *testing.T) {
	all := []counted{{5, 1, 4}, {5, 2, 3}, {9, 1, 10}, {20, 2, 13}}
	value, low, high, undecided := incidenceOf(sorted(all))
	se := math.Sqrt(14.0 / 30 * 16 / 30 / 30)
	half := z * se / (14.0 / 30 * -math.Log(14.0/30))
	if !close2(value, 14.0/30, 1e-12) || undecided > 1e-12 || !close2(low, math.Pow(value, math.Exp(half)), 1e-9) || !close2(high, math.Pow(value, math.Exp(-half)), 1e-9) {
		t.Errorf("%v (%v to %v), undecided %v", value, low, high, undecided)
	}
	// Losing is an end of its own: who lost cannot win later. Four of ten are won at 1, two lost at 2, four open at 3.
	value, _, _, undecided = incidenceOf(sorted([]counted{{1, 1, 4}, {2, 2, 2}, {3, 0, 4}}))
	if !close2(value, 0.4, 1e-12) || !close2(undecided, 0.4, 1e-12) {
		t.Errorf("%v, undecided %v", value, undecided)
	}
}
