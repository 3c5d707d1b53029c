package report_test

import (
	"math"

	"github.com/rendite-crm/rendite/internal/result"
)

// The results below are made by hand: they need to look like results, not to follow from a case.

func p(v float64) *float64 { return &v }

func spread(p10, p50, p90 float64) result.Spread {
	return result.Spread{Mean: p(p50), SD: p((p90 - p10) / 2.563), P10: p(p10), P50: p(p50), P90: p(p90)}
}

// timeline is a curve with an initial cost, a trough in month 5 and a steady gain after it. scale stretches all money,
// gain is the monthly net benefit in the median and its spread.
func timeline(horizon int, initial, gain, spread float64) []result.Month {
	q := func(m, z float64) float64 {
		return initial*(1+0.12*math.Min(m, 4)/4) - z*initial*0.06 + (gain+z*spread)*math.Max(0, m-4)
	}
	var months []result.Month
	for m := 0; m <= horizon; m++ {
		x := float64(m)
		months = append(months, result.Month{Month: m, Cumulative: result.Band{P10: q(x, -1.2816), P25: q(x, -0.6745),
			P50: q(x, 0), P75: q(x, 0.6745), P90: q(x, 1.2816)}})
	}
	return months
}

// bell is a distribution of the break-even month in which the share never is left over.
func bell(horizon int, centre, width, never float64) []float64 {
	shares, sum := make([]float64, horizon+1), 0.0
	for m := range shares {
		x := (float64(m) - 0.5 - centre) / width
		if x > 0 {
			x /= 1.4
		}
		shares[m] = math.Exp(-x * x / 2)
		sum += shares[m]
	}
	for m := range shares {
		shares[m] *= (1 - never) / sum
	}
	return shares
}

func normal() *result.Result {
	return &result.Result{
		Case: result.Case{Name: "CRM-Einführung Vertrieb", Organisation: "Muster Maschinenbau GmbH", Currency: "EUR",
			Start: "2026-04", HorizonMonths: 36, DiscountPerYear: 0.08, Timing: "monthly"},
		Version: "0.1.0", Seed: 1, Draws: 10000, Sampler: "sobol",
		Plan: result.Plan{Benefits: 451e3, Costs: 228e3, BenefitsPV: 401e3, CostsPV: 210e3, NPV: 188e3, ROI: p(0.9),
			ROIUndiscounted: p(0.98), IRR: p(0.74), MIRR: p(0.33), BenefitCostRatio: p(1.9), BreakEven: p(17.4),
			BreakEvenDiscounted: p(18.9), FirstCrossing: p(17.4), PeakFunding: -104e3, PeakFundingMonth: 4, TCO: 228e3,
			CostOfWaitingMonth: 6400,
			Definitions: []result.Definition{{ID: "roi_discounted", Value: p(0.9), Ours: true},
				{ID: "roi_undiscounted", Value: p(0.98)}, {ID: "roi_first_year", Value: p(-0.31)},
				{ID: "roi_average_year_on_initial", Value: p(1.27)}, {ID: "roi_annual_running", Value: nil},
				{ID: "roi_gross_per_euro", Value: p(1.98)}}},
		Simulation: result.Simulation{NPV: spread(89e3, 191e3, 311e3), ROI: spread(0.43, 0.91, 1.48),
			PeakFunding: spread(-131e3, -104e3, -88e3), ProbabilityROIPositive: 0.9991,
			BreakEven: result.BreakEven{P10: p(13.4), P50: p(17.6), P90: p(24.3)}},
		Timeline: timeline(36, -92e3, 7.8e3, 2.1e3), BreakEvenShare: bell(36, 17.4, 3.2, 0),
		Lines: []result.Line{
			{ID: "licences", Label: "Lizenzen", Group: "costs", Kind: "cash", PV: result.LineRange{P10: 80100, P50: 84300, P90: 88900}, Share: 0.4, Grade: "A"},
			{ID: "project", Label: "Einführung, Datenübernahme", Group: "costs", Kind: "cash", PV: result.LineRange{P10: 45e3, P50: 60e3, P90: 95e3}, Share: 0.31, Grade: "C"},
			{ID: "training", Label: "Schulung", Group: "costs", Kind: "internal_time", PV: result.LineRange{P10: 41e3, P50: 46e3, P90: 52e3}, Share: 0.22, Grade: "C"},
			{ID: "dip", Label: "Lernkurve", Group: "costs", Kind: "internal_time", PV: result.LineRange{P10: 13e3, P50: 15e3, P90: 17e3}, Share: 0.07, Grade: "D"},
			{ID: "time", Label: "Zeitersparnis im Vertrieb", Group: "benefits", Kind: "freed_time", PV: result.LineRange{P10: 62e3, P50: 141e3, P90: 262e3}, Share: 0.37, Grade: "D"},
			{ID: "churn", Label: "Weniger Abwanderung", Group: "benefits", Kind: "margin", PV: result.LineRange{P10: 38e3, P50: 94e3, P90: 170e3}, Share: 0.24, Grade: "C"},
			{ID: "win_rate", Label: "Höhere Abschlussquote", Group: "benefits", Kind: "margin", PV: result.LineRange{P10: 41e3, P50: 118e3, P90: 239e3}, Share: 0.32, Grade: "B"},
			{ID: "legacy", Label: "Altsystem abgeschaltet", Group: "benefits", Kind: "avoided_cost", PV: result.LineRange{P10: 23600, P50: 23600, P90: 23600}, Share: 0.07, Grade: "A"},
		},
		Grade: "D",
		Carriers: []result.Carrier{
			{ID: "hours_saved", Label: "Zeitersparnis je Anwender", Share: 0.41, Grade: "D", Stated: true},
			{ID: "adoption.plateau", Label: "Akzeptanz im Endstand", Share: 0.22, Grade: "D"},
			{ID: "win_rate.uplift", Label: "Abschlussquote, Steigerung", Share: 0.18, Grade: "B", Stated: true},
			{ID: "churn.cut", Label: "Abwanderung, Senkung", Share: 0.09, Grade: "C", Stated: true},
		},
		Notes: []result.Note{{Code: "no_exit_cost", Text: "Der Fall rechnet keine Kosten für den Ausstieg am Ende der Laufzeit."},
			{Code: "grade_missing", Text: "„adoption.plateau“ hat keine Güte und zählt deshalb als Schätzung (D). Eine Quelle und eine Güte in der Falldatei machen das Ergebnis belastbarer.", At: "maschinenbauer.yaml:17:12"}},
	}
}

// scale stretches the lines of one group.
func scale(r *result.Result, group string, by float64) {
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Group == group {
			l.PV = result.LineRange{P10: l.PV.P10 * by, P50: l.PV.P50 * by, P90: l.PV.P90 * by}
		}
	}
}

func never() *result.Result {
	r := normal()
	scale(r, "costs", 0.67)
	scale(r, "benefits", 0.14)
	r.Case.Name, r.Case.Organisation = "CRM für drei Filialen", ""
	r.Plan = result.Plan{Benefits: 61e3, Costs: 148e3, BenefitsPV: 54e3, CostsPV: 139e3, NPV: -85e3, ROI: p(-0.61),
		ROIUndiscounted: p(-0.59), BenefitCostRatio: p(0.39), PeakFunding: -88e3, PeakFundingMonth: 35, TCO: 148e3}
	r.Simulation = result.Simulation{NPV: spread(-113e3, -85e3, -52e3), ROI: spread(-0.81, -0.61, -0.37),
		PeakFunding: spread(-118e3, -89e3, -61e3), BreakEven: result.BreakEven{NotWithinHorizon: 1}}
	r.Timeline = timeline(36, -47e3, -1e3, 0.6e3)
	r.BreakEvenShare = make([]float64, 37)
	r.Notes = nil
	return r
}

func partlyNever() *result.Result {
	r := normal()
	r.Scenario = "Vorsichtig"
	scale(r, "benefits", 0.54)
	r.Plan.ROIUndiscounted, r.Plan.BenefitCostRatio = p(0.05), p(0.98)
	r.Plan.NPV, r.Plan.ROI, r.Plan.BreakEven, r.Plan.BreakEvenDiscounted = -4e3, p(-0.02), p(31.5), nil
	r.Plan.IRR, r.Plan.MIRR, r.Plan.CostOfWaitingMonth = p(0.06), p(0.05), 0
	r.Plan.FirstCrossing = p(8.3)
	r.Simulation = result.Simulation{NPV: spread(-52e3, -3.8e3, 61e3), ROI: spread(-0.24, -0.02, 0.31),
		PeakFunding: spread(-131e3, -106e3, -92e3), ProbabilityROIPositive: 0.46,
		BreakEven: result.BreakEven{P10: p(22.2), P50: p(31.7), NotWithinHorizon: 0.23}}
	r.Timeline = timeline(36, -92e3, 3.8e3, 1.9e3)
	r.BreakEvenShare = bell(36, 30, 5, 0.23)
	return r
}

func rarely() *result.Result {
	r := partlyNever()
	r.Simulation.BreakEven = result.BreakEven{P10: p(29.5), NotWithinHorizon: 0.82}
	r.Timeline = timeline(36, -92e3, 1.9e3, 1e3)
	r.BreakEvenShare = bell(36, 34, 4, 0.82)
	return r
}

func atStart() *result.Result {
	r := normal()
	r.Case.Start = ""
	r.Plan.PeakFunding, r.Plan.PeakFundingMonth, r.Plan.IRR, r.Plan.MIRR = 0, 0, nil, nil
	r.Plan.BreakEven, r.Plan.BreakEvenDiscounted, r.Plan.FirstCrossing = p(0), p(0), p(0)
	r.Simulation.PeakFunding = spread(-2400, 0, 0)
	r.Simulation.BreakEven = result.BreakEven{P10: p(0), P50: p(0), P90: p(2.4)}
	r.Simulation.ProbabilityROIPositive = 1
	r.Timeline = timeline(36, 4e3, 6e3, 1e3)
	r.BreakEvenShare = make([]float64, 37)
	r.BreakEvenShare[0], r.BreakEvenShare[1], r.BreakEvenShare[2], r.BreakEvenShare[3] = 0.84, 0.04, 0.02, 0.1
	r.Grade, r.Carriers = "A", []result.Carrier{{ID: "legacy", Label: "Kosten des Altsystems", Share: 0.93, Grade: "A", Stated: true}}
	return r
}

func oneMonth() *result.Result {
	r := normal()
	r.Case.HorizonMonths = 1
	r.Simulation.BreakEven = result.BreakEven{P10: p(0.8), P50: p(0.9), P90: p(0.9)}
	r.Plan.PeakFundingMonth = 0
	r.Plan.BreakEven, r.Plan.BreakEvenDiscounted, r.Plan.FirstCrossing = p(0.9), p(0.9), p(0.9)
	r.Timeline = timeline(1, -10e3, 0, 0)
	r.Timeline[1].Cumulative = result.Band{P10: 900, P25: 1000, P50: 1200, P75: 1400, P90: 1600}
	r.BreakEvenShare = []float64{0, 1}
	r.Carriers = r.Carriers[:1]
	return r
}

func huge() *result.Result {
	r := normal()
	r.Case.Name, r.Case.Organisation, r.Case.Currency = "Global CRM", "Example Group plc", "USD"
	scale(r, "costs", 1e5)
	scale(r, "benefits", 1e5)
	for _, s := range []*result.Spread{&r.Simulation.NPV, &r.Simulation.PeakFunding} {
		*s = spread(*s.P10*1e5, *s.P50*1e5, *s.P90*1e5)
	}
	r.Simulation.ROI = spread(43, 91, 1480)
	r.Plan.TCO, r.Plan.CostOfWaitingMonth, r.Plan.ROIUndiscounted, r.Plan.IRR = 228e8, 64e7, p(98), p(7400)
	r.Timeline = timeline(36, -92e8, 7.8e8, 2.1e8)
	r.Draws, r.Seed = 1000000, 1234567
	return r
}

func longLabels() *result.Result {
	r := normal()
	r.Case.Name = "Einführung eines unternehmensweiten Systems für Kundenbeziehungen in Vertrieb, Service und Marketing"
	r.Case.Organisation = "Musterwerke Donaudampfschifffahrtsgesellschaft mbH & Co. Kommanditgesellschaft auf Aktien"
	r.Lines[1].Label = "Einführungspartner einschließlich Datenübernahme, Bereinigung und Anbindung des ERP-Systems sowie Abnahme"
	r.Lines[4].Label = "Donaudampfschifffahrtsgesellschaftskapitänszeitersparnis"
	r.Lines[5].Label = "顧客離れの減少 (weniger Abwanderung im asiatischen Markt)"
	r.Lines[6].Label = "böse\x1b[31m\tFarbe"
	r.Carriers[0].Label = "Eingesparte Stunden je Anwender und Woche nach Schätzung der Vertriebsleitung im Workshop vom März"
	r.Notes = append(r.Notes, result.Note{Code: "x", Text: "https://example.org/ein/sehr/langer/pfad/ohne/leerzeichen/der/irgendwo/umbrechen/muss/weil/er/nicht/passt"})
	return r
}

// scored has a scorecard: points as a range, a criterion that gets worse, one with a long name and without a grade.
func scored() *result.Result {
	r := normal()
	r.Scorecard = &result.Scorecard{Today: 45, Expected: 63.5, ExpectedLow: 58.5, ExpectedHigh: 68.5, Gain: 18.5, Criteria: []result.Criterion{
		{ID: "responsiveness", Label: "Auskunftsfähigkeit", Weight: 50, Share: 0.5, Today: 4, Expected: 7, ExpectedLow: 6, ExpectedHigh: 8, Grade: "B"},
		{ID: "compliance", Label: "Compliance", Weight: 20, Share: 0.2, Today: 6, Expected: 5.5, ExpectedLow: 5.5, ExpectedHigh: 5.5, Grade: "D"},
		{ID: "own", Label: "Einheitliche Sicht auf alle Kunden in sämtlichen Landesgesellschaften und Beteiligungen", Weight: 30, Share: 0.3, Today: 4.5, Expected: 6, ExpectedLow: 6, ExpectedHigh: 6},
	}}
	return r
}
