package report

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Figure is one key figure as every surface shows it: its median and beside it the 80 % range or what else belongs to it.
type Figure struct {
	ID    string // roi, npv, break_even, peak_funding, chance
	Label string
	Value string
	Note  string // empty where there is nothing to add
	Loss  bool   // below zero, or not within the horizon
}

// Figures are the five key figures of a result.
func Figures(r *result.Result, l *locale.Locale) []Figure {
	sim := r.Simulation
	digits := percentDigits(sim.ROI, r.Plan.ROI)
	percent := func(v float64) string { return l.Percent(v, digits) }
	money := func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	peak := spread(sim.PeakFunding, l, money)
	if r.Plan.PeakFunding < 0 {
		when := l.Text("result.peak_start", nil)
		if r.Plan.PeakFundingMonth > 0 {
			when = l.Text("result.peak_month", diag.Args{"month": r.Plan.PeakFundingMonth})
		}
		peak = strings.TrimPrefix(peak+", "+when, ", ")
	}
	negative := func(v, otherwise *float64) bool {
		if v == nil {
			v = otherwise
		}
		return v != nil && *v < 0
	}
	return []Figure{
		{"roi", l.Text("result.roi", diag.Args{"horizon": l.Horizon(r.Case.HorizonMonths)}), optional(sim.ROI.P50, r.Plan.ROI, percent),
			spread(sim.ROI, l, percent), negative(sim.ROI.P50, r.Plan.ROI)},
		{"npv", l.Text("result.npv", diag.Args{"rate": rate(r, l)}), optional(sim.NPV.P50, &r.Plan.NPV, money), spread(sim.NPV, l, money),
			negative(sim.NPV.P50, &r.Plan.NPV)},
		breakEven(r, l),
		{"peak_funding", l.Text("result.peak", nil), optional(sim.PeakFunding.P50, &r.Plan.PeakFunding, money), peak, false},
		{"chance", l.Text("result.chance", nil), l.Probability(sim.ProbabilityROIPositive),
			l.Text("result.of_draws", diag.Args{"draws": r.Draws}), false},
	}
}

// percentDigits shows a tenth of a per cent only where all of the figures are small.
func percentDigits(s result.Spread, plan *float64) int {
	for _, v := range []*float64{s.P10, s.P50, s.P90, plan} {
		if v != nil && math.Abs(*v) >= 0.1 {
			return 0
		}
	}
	return 1
}

// optional formats the first figure there is.
func optional(v, otherwise *float64, format func(float64) string) string {
	if v == nil {
		v = otherwise
	}
	if v == nil {
		return locale.None
	}
	return format(*v)
}

// spread is the 80 % range of a figure, empty where it has none.
func spread(s result.Spread, l *locale.Locale, format func(float64) string) string {
	if s.P10 == nil || s.P90 == nil {
		return ""
	}
	lo, hi := format(*s.P10), format(*s.P90)
	if lo == hi {
		return lo
	}
	return l.Range(lo, hi)
}

func breakEven(r *result.Result, l *locale.Locale) Figure {
	be, horizon := r.Simulation.BreakEven, r.Case.HorizonMonths
	month := func(v float64) string {
		if Month(v) == 0 {
			return l.Text("result.break_even_at_start", nil)
		}
		return l.Month(Month(v))
	}
	f := Figure{ID: "break_even", Label: l.Text("result.break_even", nil), Loss: be.P50 == nil}
	f.Value = l.Text("result.break_even_none", diag.Args{"horizon": horizon})
	if be.P50 != nil {
		f.Value = month(*be.P50)
	}
	var parts []string
	switch {
	case be.P10 == nil:
	case be.P90 == nil:
		parts = append(parts, l.Text("result.break_even_from", diag.Args{"low": Month(*be.P10)}))
	case Month(*be.P10) == Month(*be.P90):
		parts = append(parts, month(*be.P10))
	case Month(*be.P10) == 0:
		parts = append(parts, l.Text("result.break_even_by", diag.Args{"high": Month(*be.P90)}))
	default:
		parts = append(parts, l.Text("result.break_even_range", diag.Args{"low": Month(*be.P10), "high": Month(*be.P90)}))
	}
	switch {
	case be.NotWithinHorizon >= 1:
		parts = append(parts, l.Text("result.never", nil))
	case be.NotWithinHorizon > 0:
		parts = append(parts, l.Text("result.not_within", diag.Args{"p": be.NotWithinHorizon, "horizon": horizon}))
	}
	f.Note = strings.Join(parts, "; ")
	return f
}

// PlanFigures are the figures of the plan, with every assumption at its median, as short phrases.
func PlanFigures(r *result.Result, l *locale.Locale) []string {
	p, c := r.Plan, r.Case
	percent := func(v float64) string { return l.Percent(v, 0) }
	money := func(v float64) string { return l.MoneyShort(v, c.Currency) }
	var parts []string
	add := func(key string, args diag.Args) { parts = append(parts, l.Text("result.plan."+key, args)) }
	if p.IRR != nil {
		add("irr", diag.Args{"irr": percent(*p.IRR)})
	} else {
		add("no_irr", nil)
	}
	if p.MIRR != nil {
		add("mirr", diag.Args{"mirr": percent(*p.MIRR)})
	}
	switch {
	case p.BreakEvenDiscounted == nil:
		add("not_discounted", diag.Args{"horizon": c.HorizonMonths})
	case Month(*p.BreakEvenDiscounted) == 0:
		add("discounted_at_start", nil)
	default:
		add("discounted", diag.Args{"month": Month(*p.BreakEvenDiscounted)})
	}
	if first := p.FirstCrossing; first != nil && (p.BreakEven == nil || Month(*first) != Month(*p.BreakEven)) {
		add("first", diag.Args{"month": Month(*first)})
	}
	if p.ROIUndiscounted != nil {
		add("roi_undiscounted", diag.Args{"roi": percent(*p.ROIUndiscounted)})
	}
	if p.BenefitCostRatio != nil {
		add("bcr", diag.Args{"ratio": *p.BenefitCostRatio})
	}
	if p.TCO != 0 {
		add("tco", diag.Args{"tco": money(p.TCO)})
	}
	if p.CostOfWaitingMonth > 0 {
		add("waiting", diag.Args{"cost": money(p.CostOfWaitingMonth)})
	}
	return parts
}

// TranslateNotes puts the notes of a result into a language.
func TranslateNotes(r *result.Result, l *locale.Locale) {
	r.Notes = []result.Note{}
	for _, d := range r.Diagnostics {
		n := result.Note{Code: d.Code, Text: l.Message(d)}
		if hint := l.Hint(d); hint != "" {
			n.Text += " " + hint
		}
		if d.At.Known() {
			n.At = d.At.String()
		}
		r.Notes = append(r.Notes, n)
	}
}
