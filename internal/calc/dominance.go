package calc

import (
	"math"
	"slices"
)

// dominance compares two series of draws of the same length: +1 where a dominates b to the first order, +2 to the second
// only, −1 and −2 the other way round, 0 where neither does or both are alike.
//
// First order: no quantile of a is below that of b (Quirk & Saposnik 1962). Second order: no sum of the i lowest draws of a
// is below that of b (Hadar & Russell 1969). Differences below 1e-9 of the largest draw are rounding.
func dominance(a, b []float64) int {
	x, y := slices.Clone(a), slices.Clone(b)
	slices.Sort(x)
	slices.Sort(y)
	largest := 0.0
	for i := range x {
		largest = max(largest, math.Abs(x[i]), math.Abs(y[i]))
	}
	var single, sums sides
	sum := 0.0
	for i := range x {
		d := x[i] - y[i]
		sum += d
		single.add(d, 1e-9*largest)
		sums.add(sum, 1e-9*largest*float64(len(x)))
	}
	if s := single.one(); s != 0 {
		return s
	}
	return 2 * sums.one()
}

// sides remembers on which side differences have been.
type sides struct{ above, below bool }

func (s *sides) add(d, rounding float64) {
	s.above = s.above || d > rounding
	s.below = s.below || d < -rounding
}

// one is +1 or −1 where all differences are on one side, else 0.
func (s sides) one() int {
	switch {
	case s.above == s.below:
		return 0
	case s.above:
		return 1
	}
	return -1
}
