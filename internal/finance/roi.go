package finance

// ROI is (PV benefits − PV costs) / PV costs, the definition of Forrester's TEI and of Rendite: both present values
// are over the same horizon and the costs are all costs, not the initial ones alone. 0.42 means 42 %. It does not exist
// (ok = false) when the costs are zero or negative or the result is not finite.
func ROI(benefitsPV, costsPV float64) (roi float64, ok bool) {
	return ratio(benefitsPV-costsPV, costsPV)
}

// UndiscountedROI is ROI on the plain sums of both series; it exists under the same conditions.
func UndiscountedROI(benefits, costs []float64) (roi float64, ok bool) {
	return ROI(total(benefits), total(costs))
}

// BenefitCostRatio is PV benefits / PV costs; it exists when ROI exists, and equals 1 + ROI.
func BenefitCostRatio(benefitsPV, costsPV float64) (value float64, ok bool) {
	return ratio(benefitsPV, costsPV)
}

// TCO is the total cost of ownership: all costs over the horizon, undiscounted. It is 0 for an empty series.
// Error: ErrNotFinite.
func TCO(costs []float64) (float64, error) {
	sum := total(costs)
	if !finite(sum) {
		return 0, ErrNotFinite
	}
	return sum, nil
}

// ratio divides by costs, where that means something.
func ratio(amount, costs float64) (float64, bool) {
	if !(costs > 0) {
		return 0, false
	}
	if r := amount / costs; finite(r) && finite(costs) {
		return r, true
	}
	return 0, false
}
