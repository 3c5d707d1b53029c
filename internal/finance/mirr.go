package finance

import "math"

// MIRR is the modified internal rate of return per year, as Excel defines it:
//
//	(FV of the positive flows at the end, earning the reinvestment rate / −PV of the negative flows at the finance rate)
//	^ (1/years) − 1
//
// with the years from the first to the last flow, zero flows at the end included. Both rates are per year and effective;
// for monthly series they are compounded monthly and the result is per year as well. Unlike IRR it is unique.
// Errors: ErrNoRoot for a series without a positive or without a negative flow or with fewer than two flows, ErrRate,
// ErrPeriod, ErrNotFinite.
//
// Source: Microsoft's documentation of MIRR; Lin, S. A. Y. (1976), The modified internal rate of return and investment
// criterion, The Engineering Economist 21(4).
func (s Series) MIRR(financeRate, reinvestRate float64) (float64, error) {
	if s.Period < 1 {
		return 0, ErrPeriod
	}
	if !validRate(financeRate) || !validRate(reinvestRate) {
		return 0, ErrRate
	}
	last := len(s.Net) - 1
	var invested, earned float64
	for k, flow := range s.Net {
		switch {
		case !finite(flow):
			return 0, ErrNotFinite
		case flow < 0:
			invested -= float64(flow * math.Pow(1+financeRate, -s.Period.years(k)))
		case flow > 0:
			earned += float64(flow * math.Pow(1+reinvestRate, s.Period.years(last-k)))
		}
	}
	if last < 1 || !hasBothSigns(s.Net) {
		return 0, ErrNoRoot
	}
	// Through logarithms: the quotient may overflow where its root does not.
	rate := math.Expm1((math.Log(earned) - math.Log(invested)) / s.Period.years(last))
	if !finite(rate) {
		return 0, ErrNotFinite
	}
	return rate, nil
}

func hasBothSigns(flows []float64) bool {
	var positive, negative bool
	for _, f := range flows {
		positive = positive || f > 0
		negative = negative || f < 0
	}
	return positive && negative
}
