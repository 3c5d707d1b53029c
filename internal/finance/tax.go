package finance

// AfterTaxExpensed is the after-tax factor, for each month from 0 to the horizon, of a line that is taxed or deducted
// in the month it is paid: 1 − t throughout. It assumes profits elsewhere that use up the deduction at once, and tax
// paid without delay. taxRate is a fraction, 0 to 1. Errors: ErrTaxRate, ErrLength for a negative horizon.
func AfterTaxExpensed(taxRate float64, horizonMonths int) ([]float64, error) {
	if !(taxRate >= 0 && taxRate <= 1) {
		return nil, ErrTaxRate
	}
	if horizonMonths < 0 {
		return nil, ErrLength
	}
	factors := make([]float64, horizonMonths+1)
	for m := range factors {
		factors[m] = 1 - taxRate
	}
	return factors, nil
}

// AfterTaxCapitalised is the after-tax cost, for each month from 0 to the horizon, of one unit of money paid at a month
// and written off straight-line over a useful life: 1 in the month of payment and −t/life in each month of Depreciation
// (so 1 − t/life in a month of payment after 0, which is both). It adds up to 1 − t where the whole life fits; the tax
// saved beyond the horizon is cut off. The assumptions are those of AfterTaxExpensed.
// Errors: ErrTaxRate, ErrLife, ErrLength.
func AfterTaxCapitalised(taxRate float64, paidAtMonth, lifeMonths, horizonMonths int) ([]float64, error) {
	if !(taxRate >= 0 && taxRate <= 1) {
		return nil, ErrTaxRate
	}
	factors, err := Depreciation(paidAtMonth, lifeMonths, horizonMonths)
	if err != nil {
		return nil, err
	}
	for m, share := range factors {
		factors[m] = 0 - float64(taxRate*share) // 0 − 0 is 0, not −0
	}
	if paidAtMonth <= horizonMonths {
		factors[paidAtMonth]++
	}
	return factors, nil
}

// AfterTaxPayments applies AfterTaxCapitalised to a line of payments (index = month): each is written off over the same
// useful life from its own month on. The result has the length of payments and is new; empty in, empty out.
// Errors: ErrTaxRate, ErrLife, ErrNotFinite.
func AfterTaxPayments(payments []float64, taxRate float64, lifeMonths int) ([]float64, error) {
	after := make([]float64, len(payments))
	for m, paid := range payments {
		if !finite(paid) {
			return nil, ErrNotFinite
		}
		if paid == 0 && m > 0 { // month 0 is never skipped, so that wrong arguments are always found
			continue
		}
		factors, err := AfterTaxCapitalised(taxRate, m, lifeMonths, len(payments)-1)
		if err != nil {
			return nil, err
		}
		for k, f := range factors {
			after[k] += float64(paid * f)
		}
	}
	return after, nil
}
