package decide

import (
	"fmt"
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
)

// published compares inputs with the ranges that the catalogue has from publications.
func (a *auditor) published() {
	for _, l := range a.Model.Lines {
		defs, evidence := a.inputs(l)
		for _, def := range defs {
			if q := a.input(l, def.Name); def.Range != "" && q != nil {
				a.within(follow(q), l, def.Range, ceiling(evidence))
			}
		}
		if l.Escalates == nil || l.Benefit {
			continue
		}
		if item, err := a.cat.Cost("price_escalation"); err == nil {
			if def, ok := item.Inputs.Get("rate"); ok && def.Range != "" {
				a.within(follow(l.Escalates), l, def.Range, ceiling(item.Evidence))
			}
		}
	}
}

// within reports a median outside of a range, and as a hint a P90 above it.
func (a *auditor) within(q *model.Quantity, l *model.Line, published string, e catalogue.Evidence) {
	x, err := formula.Parse(published)
	r, ok := x.(*formula.Range)
	v, known := value(q)
	if err != nil || !ok || !known {
		return
	}
	low, high := r.Items[0].Canonical(), r.Items[len(r.Items)-1].Canonical()
	year := ""
	if e.Year > 0 {
		year = fmt.Sprint(e.Year)
	}
	scale := q.Unit.Scale
	if scale == 0 {
		scale = 1
	}
	args := diag.Args{"name": q.ID, "value": shown(q, v), "low": significant(low / scale), "high": shown(q, high), "source": e.Source, "year": year}
	const slack = 1 + 1e-9
	switch {
	case v > high*slack || v < low-1e-9*math.Abs(high):
		a.found.Add(diag.Warn("audit_outside_published", a.at(q, l), args))
	case q.Uncertain():
		if _, _, p90 := spread(q); p90 > high*slack && l.Escalates != q {
			args["value"] = shown(q, p90)
			a.found.Add(as(diag.Hint, diag.Warn("audit_beyond_published", a.at(q, l), args)))
		}
	}
}

// narrowest is the least half-width of a range, (P90 − P10)/(2·P50), that goes with its grade: a guess is not known to
// ±15 %, a statement of others not to ±5 %.
var narrowest = map[string]float64{"D": 0.15, "C": 0.05}

// narrow looks for ranges that say more than their grade knows. A share is measured against its nearer end: 95 % ± 2 points
// is wide. Below half of the least it is doubtful, above a hint.
func (a *auditor) narrow() {
	for _, in := range a.Graph.Inputs {
		q, ok := a.Model.Quantity(in.ID)
		if !ok || q.Default || narrowest[q.Grade] == 0 || isChoice(q) {
			continue
		}
		p10, p50, p90 := spread(q)
		middle := p50
		if q.IsShare() {
			middle = math.Min(p50, 1-p50)
		}
		if middle <= 0 {
			continue
		}
		half, least := (p90-p10)/(2*middle), narrowest[q.Grade]*(1-1e-9)
		by := narrowest[q.Grade] * middle
		d := diag.Warn("audit_narrow", a.at(q, nil), diag.Args{"name": q.ID, "grade": q.Grade, "unit": q.Unit.Text, "low": shown(q, p10).v, "high": shown(q, p90).v,
			"from": shown(q, p50-by).v, "to": shown(q, p50+by).v})
		switch {
		case half < least/2:
			a.found.Add(d)
		case half < least:
			a.found.Add(as(diag.Hint, d))
		}
	}
}

// isChoice reports a value that has cases, not a width.
func isChoice(q *model.Quantity) bool {
	c, ok := q.Expr.(*formula.Call)
	return ok && (c.Func == "bernoulli" || c.Func == "choice")
}

// guesses looks for lines that rest on a single number that nobody has measured, and for cases without any range.
func (a *auditor) guesses() {
	if len(a.Graph.Inputs) == 0 {
		a.found.Add(diag.Warn("audit_no_ranges", a.key("assumptions", "benefits"), nil))
	}
	weight := map[*model.Quantity]float64{} // of the benefits
	for _, l := range a.Model.Lines {
		var worst *model.Quantity
		uncertain := false
		for _, q := range l.Carries() {
			uncertain = uncertain || q.Uncertain()
			if _, number := model.Number(q); number && !q.Default && (q.Grade == "C" || q.Grade == "D") {
				if worst == nil || q.Grade > worst.Grade {
					worst = q
				}
				if l.Benefit && q.Grade == "D" && moves(q, l) {
					weight[q] += a.share(l)
				}
			}
		}
		if worst != nil && !uncertain && a.share(l) >= 0.1 {
			a.found.Add(diag.Warn("audit_point_guess", a.at(worst, l), diag.Args{"name": worst.ID, "line": l.ID, "grade": worst.Grade, "share": a.share(l), "benefit": yes(l.Benefit)}))
			delete(weight, worst)
		}
	}
	for _, q := range a.Model.Quantities {
		if weight[q] >= 0.25 {
			a.found.Add(as(diag.Hint, diag.Warn("audit_point_value", a.at(q, nil), diag.Args{"name": q.ID, "grade": q.Grade, "share": math.Min(1, weight[q])})))
		}
	}
}

// moves reports whether a line changes with a quantity; a deal value by which revenue is divided to count deals, and with
// which they are multiplied again, does not. Where that cannot be computed it is taken to.
func moves(q *model.Quantity, l *model.Line) bool {
	amount := l.Amount
	if l.Chain != nil {
		amount = l.Chain.Base
	}
	if amount == nil {
		return true
	}
	before, known := value(amount)
	after, ok := evaluator{moved: q}.value(amount)
	return !known || !ok || math.Abs(after-before) > 1e-9*math.Abs(before)
}

// From this share of the variance a value without a source is more than a hint.
const heavy = 0.2

// sources looks for values that carry the result and do not say where they come from.
func (a *auditor) sources() {
	for _, c := range a.Carriers {
		q, ok := a.Model.Quantity(c.ID)
		if !ok || q.Default {
			continue
		}
		args := diag.Args{"name": q.ID, "share": c.Share}
		switch {
		case q.Source == "" && c.Share >= heavy:
			a.found.Add(diag.Warn("audit_no_source", a.at(q, nil), args))
		case q.Source == "":
			a.found.Add(as(diag.Hint, diag.Warn("audit_no_source", a.at(q, nil), args)))
		case q.Grade == "":
			a.found.Add(as(diag.Hint, diag.Warn("audit_no_grade", a.at(q, nil), args)))
		}
	}
}

// single looks for a result that is one assumption in disguise.
func (a *auditor) single() {
	for _, c := range a.Carriers {
		if q, ok := a.Model.Quantity(c.ID); ok && c.Share > 0.6 {
			a.found.Add(as(diag.Hint, diag.Warn("audit_single_input", a.at(q, nil), diag.Args{"name": q.ID, "share": c.Share})))
		}
	}
}

// Horizons and rates in use: published studies look at three to five years and discount with 8 to 16 % (Forrester).
const (
	shortHorizon, longHorizon = 24, 60
	lowDiscount, highDiscount = 0.02, 0.2
)

// frame looks at the horizon and the discount rate.
func (a *auditor) frame() {
	f := a.Model.File
	switch at := a.key("horizon"); {
	case f.Horizon > longHorizon:
		a.found.Add(diag.Warn("audit_horizon_long", at, diag.Args{"months": f.Horizon}))
	case f.Horizon < shortHorizon:
		a.found.Add(as(diag.Hint, diag.Warn("audit_horizon_short", at, diag.Args{"months": f.Horizon})))
	}
	switch at := a.key("discount"); {
	case f.Discount < lowDiscount:
		a.found.Add(diag.Warn("audit_discount_low", at, diag.Args{"rate": f.Discount * 100}))
	case f.Discount > highDiscount:
		a.found.Add(as(diag.Hint, diag.Warn("audit_discount_high", at, diag.Args{"rate": f.Discount * 100})))
	}
}

// customary are the horizons that nobody has chosen to fit the result.
var customary = []int{24, 36, 48, 60}

// breakEvenLate looks for a break-even in the last tenth of the horizon. It is doubtful where the horizon seems chosen to
// reach it, or where a quarter of all benefits falls into those months.
func (a *auditor) breakEvenLate() {
	f := a.Model.File
	month := a.Simulation.BreakEven.P50
	if month == nil {
		month = a.Plan.BreakEven
	}
	if month == nil || *month <= 0.9*float64(f.Horizon) {
		return
	}
	late := 0.0
	for _, t := range a.Timeline {
		if float64(t.Month) > 0.9*float64(f.Horizon) {
			late += t.Benefits
		}
	}
	d := as(diag.Hint, diag.Warn("audit_break_even_late", a.key("horizon"), diag.Args{"month": *month, "horizon": f.Horizon, "longer": f.Horizon + 12}))
	if late > a.Plan.Benefits/4 || !slices.Contains(customary, f.Horizon) {
		d.Severity = diag.Warning
	}
	a.found.Add(d)
}
