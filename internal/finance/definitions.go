package finance

// Definition is one of the definitions of ROI in use. ID is a message key; Value is nil where the definition has no
// value; Ours marks the one that Rendite means by "ROI".
type Definition struct {
	ID    string
	Value *float64
	Ours  bool
}

// Definitions computes the definitions of ROI found in studies and calculators from the same monthly benefits and
// costs (index = month, 0 to the horizon), so that a figure from elsewhere can be compared with its own kind:
//
//	roi_discounted               (PV benefits − PV costs) / PV costs over the horizon; Forrester's TEI; ours
//	roi_undiscounted             the same on plain sums
//	roi_first_year               (benefits − costs) / costs over months 0 to 12; with the initial costs counted in year 1
//	                             this is also the "annual net benefit / annual cost" of mdz.ai's CRM calculator
//	roi_average_year_on_initial  ((benefits − costs after month 0) / years of the horizon) / costs of month 0
//	roi_annual_running           (benefits − costs) / costs over months 1 to the horizon: annual net benefit / annual
//	                             cost of a running year, initial costs and benefits left out
//	roi_gross_per_euro           benefits / costs, undiscounted: "x per euro spent"; 1, not 0, is break-even
//
// roi_average_year_on_initial is the reading under which Nucleus Research's per-year figures are commonly quoted. The
// firm's own page was not seen, so neither its horizon (three years by hearsay, here the case's) nor its treatment of
// tax is confirmed, and the ID does not carry its name.
//
// A value is nil where the costs it divides by are zero or negative; roi_first_year and roi_average_year_on_initial
// are nil for a horizon below 12 months as well, since no full year is there to be judged.
//
// factors are the discount factors of the same months. Errors: ErrLength where the three lengths differ, ErrNotFinite.
func Definitions(benefits, costs, factors []float64) ([]Definition, error) {
	if len(benefits) != len(costs) || len(factors) != len(costs) {
		return nil, ErrLength
	}
	benefitsPV, err := PV(benefits, factors)
	if err != nil {
		return nil, err
	}
	costsPV, err := PV(costs, factors)
	if err != nil {
		return nil, err
	}
	allBenefits, allCosts := total(benefits), total(costs)
	if !finite(allBenefits) || !finite(allCosts) {
		return nil, ErrNotFinite
	}

	definitions := []Definition{
		{ID: "roi_discounted", Ours: true},
		{ID: "roi_undiscounted"},
		{ID: "roi_first_year"},
		{ID: "roi_average_year_on_initial"},
		{ID: "roi_annual_running"},
		{ID: "roi_gross_per_euro"},
	}
	set := func(i int, value float64, ok bool) {
		if ok {
			definitions[i].Value = &value
		}
	}
	value, ok := ROI(benefitsPV, costsPV)
	set(0, value, ok)
	value, ok = ROI(allBenefits, allCosts)
	set(1, value, ok)
	if len(costs) > 12 {
		value, ok = ROI(total(benefits[:13]), total(costs[:13]))
		set(2, value, ok)
		years := float64(len(costs)-1) / 12
		value, ok = ratio((allBenefits-total(costs[1:]))/years, costs[0])
		set(3, value, ok)
	}
	if len(costs) > 1 {
		value, ok = ROI(total(benefits[1:]), total(costs[1:]))
		set(4, value, ok)
	}
	value, ok = ratio(allBenefits, allCosts)
	set(5, value, ok)
	return definitions, nil
}
