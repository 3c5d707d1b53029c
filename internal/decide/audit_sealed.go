package decide

import (
	"math"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
)

// Against looks for what makes a case look better than the baseline that was sealed before go-live: another horizon, start
// or discount rate, costs lowered or left out, benefits raised or added, points raised. All are warnings, placed in the case as it is
// now; costs that rose and benefits that fell are no finding. Lines are compared by what they come to in the plan,
// undiscounted, over the months that both have, so that a new horizon or rate is told once and not with every line.
// Both answers are of the same scenario; their draws play no part.
func Against(sealed, now *calc.Answer) diag.List {
	a := &auditor{Answer: now}
	before, after := sealed.Model.File, now.Model.File
	if before.Currency != after.Currency {
		// No amount can be compared.
		a.found.Add(diag.Warn("audit_sealed_currency", a.key("currency"), diag.Args{"before": before.Currency, "after": after.Currency}))
		return a.found
	}
	if before.Horizon != after.Horizon {
		a.found.Add(diag.Warn("audit_sealed_horizon", a.key("horizon"), diag.Args{"before": before.Horizon, "after": after.Horizon}))
	}
	if before.Start != after.Start {
		a.found.Add(diag.Warn("audit_sealed_start", a.key("start"), diag.Args{"before": before.Start, "after": after.Start}))
	}
	if math.Abs(before.Discount-after.Discount) > 1e-9 || before.Yearly != after.Yearly {
		a.found.Add(diag.Warn("audit_sealed_discount", a.key("discount"), diag.Args{"before": percent(before.Discount), "after": percent(after.Discount),
			"timing": yes(before.Yearly != after.Yearly)}))
	}
	months := min(before.Horizon, after.Horizon)
	was, is := sums(sealed, months), sums(now, months)
	for i, l := range sealed.Model.Lines {
		if l.Benefit || lineOf(now.Model, l) >= 0 || was[i] <= 0 {
			continue
		}
		a.found.Add(diag.Warn("audit_sealed_cost_gone", a.key("costs", "packages"), diag.Args{"line": l.ID, "before": a.amount(was[i])}))
	}
	for i, l := range now.Model.Lines {
		k := lineOf(sealed.Model, l)
		switch {
		case k < 0 && l.Benefit && is[i] > 0:
			a.found.Add(diag.Warn("audit_sealed_benefit_new", l.At, diag.Args{"line": l.ID, "after": a.amount(is[i])}))
		case k < 0:
		case l.Benefit && clearly(is[i]-was[k], was[k]):
			a.found.Add(diag.Warn("audit_sealed_benefit_raised", l.At, diag.Args{"line": l.ID, "before": a.amount(was[k]), "after": a.amount(is[i])}))
		case !l.Benefit && clearly(was[k]-is[i], was[k]):
			a.found.Add(diag.Warn("audit_sealed_cost_lowered", l.At, diag.Args{"line": l.ID, "before": a.amount(was[k]), "after": a.amount(is[i])}))
		}
	}
	a.raisedPoints(sealed)
	return a.found.Sorted()
}

// clearly leaves out what rounding of an input explains: half a per cent.
func clearly(change, of float64) bool { return change > 0.005*math.Abs(of) && change > 1e-6 }

func (a *auditor) amount(v float64) measured {
	return measured{math.Round(v), a.Model.File.Currency}
}

func percent(rate float64) measured { return measured{significant(100 * rate), "%"} }

// lineOf finds the line of the same name on the same side, −1 where there is none.
func lineOf(m *model.Model, like *model.Line) int {
	for i, l := range m.Lines {
		if l.ID == like.ID && l.Benefit == like.Benefit {
			return i
		}
	}
	return -1
}

// sums are the undiscounted sums of the plan's lines up to a month.
func sums(a *calc.Answer, months int) []float64 {
	flows := a.Graph.Evaluate(a.Graph.Medians())
	out := make([]float64, len(flows))
	for i, flow := range flows {
		for _, v := range flow[:months+1] {
			out[i] += v
		}
	}
	return out
}
