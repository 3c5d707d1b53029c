package finance

import "math"

// CostOfWaiting is what starting one month later costs: the NPV of the monthly net flows as they are, less the NPV of
// the same flows started one month later under the same end of the horizon. Later means that every flow is discounted
// one more month and that the flow of the last month falls out:
//
//	NPV − (1+r)^(−1/12) · (NPV − Net[H]·factor[H])     with H the last month
//
// Positive where waiting loses money. It assumes that nothing else changes: no price falls, nothing is learnt. With
// yearly timing, too, all flows move by one month; if year ends were kept, the payment of month 0 would move to the end
// of year 1 and waiting would look like a year's credit. It is 0 for an empty series.
// Errors: ErrRate, ErrTiming, ErrNotFinite.
func CostOfWaiting(net []float64, ratePerYear float64, timing Timing) (float64, error) {
	factors, err := DiscountFactors(ratePerYear, max(len(net)-1, 0), timing)
	if err != nil || len(net) == 0 {
		return 0, err
	}
	now, err := PV(net, factors)
	if err != nil {
		return 0, err
	}
	kept, err := PV(net[:len(net)-1], factors)
	if err != nil {
		return 0, err
	}
	cost := now - float64(math.Pow(1+ratePerYear, -1.0/12)*kept)
	if !finite(cost) {
		return 0, ErrNotFinite
	}
	return cost, nil
}
