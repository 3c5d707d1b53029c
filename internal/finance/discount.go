package finance

import "math"

// Timing says when the flows of a monthly series count as paid.
type Timing int

const (
	// TimingMonthly discounts month m by (1+r)^(−m/12).
	TimingMonthly Timing = iota
	// TimingYearly treats the flows of months 12(k−1)+1 to 12k as paid at the end of year k and discounts them by
	// (1+r)^(−k), the convention of Forrester's TEI and the German WiBe. A last year that the horizon cuts short is
	// discounted as a whole year.
	TimingYearly
)

// DiscountFactors returns one factor for each month from 0 to the horizon: (1+r)^(−m/12) for monthly timing,
// (1+r)^(−ceil(m/12)) for yearly timing. Month 0 is undiscounted in both. The slice is new and belongs to the caller.
//
// Errors: ErrRate for a rate at or below −1, ErrLength for a negative horizon, ErrTiming, and ErrNotFinite where a rate
// close to −1 makes a factor overflow.
func DiscountFactors(ratePerYear float64, horizonMonths int, timing Timing) ([]float64, error) {
	switch {
	case !validRate(ratePerYear):
		return nil, ErrRate
	case horizonMonths < 0:
		return nil, ErrLength
	case timing != TimingMonthly && timing != TimingYearly:
		return nil, ErrTiming
	}
	return discount(horizonMonths+1, func(m int) float64 {
		if timing == TimingYearly {
			return math.Pow(1+ratePerYear, -float64((m+11)/12))
		}
		return math.Pow(1+ratePerYear, -float64(m)/12)
	})
}

// discount collects n factors and refuses those that overflow.
func discount(n int, factor func(k int) float64) ([]float64, error) {
	factors := make([]float64, n)
	for k := range factors {
		factors[k] = factor(k)
		if math.IsInf(factors[k], 0) {
			return nil, ErrNotFinite
		}
	}
	return factors, nil
}

// Yearly adds up a monthly series by years: [0] is month 0 alone, [k] the sum of months 12(k−1)+1 to 12k. A last year
// that the series cuts short holds what there is of it. Empty in, empty out; values that are not finite are passed on.
// The slice is new.
func Yearly(monthly []float64) []float64 {
	if len(monthly) == 0 {
		return nil
	}
	yearly := make([]float64, (len(monthly)+10)/12+1)
	for m, f := range monthly {
		yearly[(m+11)/12] += f
	}
	return yearly
}

// PV is the present value of a line, Σ flow × factor; of a net series it is the NPV. A line may be shorter than the
// factors and counts as zero from there on; an empty line is worth 0. Errors: ErrLength for a line longer than the
// factors, ErrNotFinite.
func PV(flows, factors []float64) (float64, error) {
	if len(flows) > len(factors) {
		return 0, ErrLength
	}
	var sum float64
	for k, f := range flows {
		// The conversion keeps compilers from fusing the two operations: the same bytes on every processor.
		sum += float64(f * factors[k])
	}
	if !finite(sum) {
		return 0, ErrNotFinite
	}
	return sum, nil
}
