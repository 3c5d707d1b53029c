package finance

import "math"

// roundingShare is the share of all amounts moved so far below which a cumulative counts as zero. Sums of a few
// thousand float64 amounts err by less; −100 + 3·33.3 + 0.1 must be a break-even, though it sums to −8.5e-15.
const roundingShare = 1e-12

// BreakEven (statische Amortisation) is the time, in periods, at which the cumulative net flow reaches zero for good:
// the first time it is at zero or above and does not fall below again within the horizon, interpolated linearly inside
// the period. It is 0 where the cumulative is never below zero. "Not within the horizon" is ok = false, as is an empty
// series and one with an amount that is not finite.
//
// Interpolation: k + (−C[k]) / (C[k+1] − C[k]) with C the cumulative and k the last period below zero; see any textbook,
// for instance the Pine Valley worksheet in Hoffer, George and Valacich, Modern Systems Analysis and Design.
func BreakEven(net []float64) (periods float64, ok bool) {
	return crossing(net, nil, true)
}

// DiscountedBreakEven (dynamische Amortisation) is BreakEven on the discounted flows net[k]·factors[k], interpolated on
// the discounted cumulative. It is false for a series longer than the factors. Factors of yearly timing pay a year's
// flows month by month, at the discount of the year's end; the textbook figure in whole-year flows is
// Series{Yearly(net), Year}.DiscountedBreakEven.
func DiscountedBreakEven(net, factors []float64) (periods float64, ok bool) {
	if len(net) > len(factors) {
		return 0, false
	}
	return crossing(net, factors, true)
}

// FirstCrossing is the time, in periods, at which the cumulative net flow, having been below zero, first gets back to
// zero, whether or not it stays there. It is at most BreakEven, and differs from it where a later cost takes the
// cumulative below zero again. It is 0 where the cumulative is never below zero.
func FirstCrossing(net []float64) (periods float64, ok bool) {
	return crossing(net, nil, false)
}

// DiscountedFirstCrossing is FirstCrossing on the discounted flows.
func DiscountedFirstCrossing(net, factors []float64) (periods float64, ok bool) {
	if len(net) > len(factors) {
		return 0, false
	}
	return crossing(net, factors, false)
}

// crossing walks the cumulative once, without allocating, and keeps the last crossing from below, or the first.
func crossing(net, factors []float64, last bool) (float64, bool) {
	var (
		cumulative, moved float64 // moved is Σ |flow|, the scale of rounding errors
		at                float64
		below, found      bool
	)
	for k, flow := range net {
		if factors != nil {
			flow *= factors[k]
		}
		before := cumulative
		cumulative += flow
		moved += math.Abs(flow)
		switch wasBelow := below; {
		case cumulative < -roundingShare*moved:
			below = true
		case wasBelow:
			below = false
			if last || !found {
				at, found = float64(k-1)-before/(math.Max(cumulative, 0)-before), true
			}
		}
	}
	if len(net) == 0 || !finite(moved) {
		return 0, false
	}
	if last && below || !last && below && !found {
		return 0, false
	}
	return at, true
}
