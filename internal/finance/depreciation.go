package finance

// Depreciation is the straight-line schedule (lineare AfA) of one payment as shares of the amount, one per month from 0
// to the horizon: 1/life in each of life months, the month of purchase included, since the yearly amount shrinks only
// by a twelfth for each full month before the month of purchase (pro rata temporis, § 7 Abs. 1 Satz 4 EStG). Month 0 is
// the moment of the start and no month of its own, so a payment at 0 is written off from month 1. What falls beyond the
// horizon is cut off; a payment beyond the horizon gives zeros. The shares add up to 1 where the whole life fits.
//
// The memo value of 1 EUR that German books keep is left out. The slice is new.
// Errors: ErrLife for a life below one month or a negative month, ErrLength for a negative horizon.
func Depreciation(paidAtMonth, lifeMonths, horizonMonths int) ([]float64, error) {
	switch {
	case lifeMonths < 1 || paidAtMonth < 0:
		return nil, ErrLife
	case horizonMonths < 0:
		return nil, ErrLength
	}
	shares := make([]float64, horizonMonths+1)
	for m := max(paidAtMonth, 1); m <= horizonMonths && m-max(paidAtMonth, 1) < lifeMonths; m++ {
		shares[m] = 1 / float64(lifeMonths)
	}
	return shares, nil
}
