package finance

// PeakFunding is the most money that has to be put up: the minimum of the cumulative net flow, at most 0, and the first
// period in which it is reached. It is 0 in period 0 where the cumulative is never below zero, an empty series
// included. Error: ErrNotFinite.
func PeakFunding(net []float64) (amount float64, period int, err error) {
	var cumulative float64
	for k, flow := range net {
		cumulative += flow
		if cumulative < amount {
			amount, period = cumulative, k
		}
	}
	if !finite(cumulative) || !finite(amount) {
		return 0, 0, ErrNotFinite
	}
	return amount, period, nil
}
