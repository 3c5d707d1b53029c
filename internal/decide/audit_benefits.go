package decide

import (
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

var (
	revenueParts = []string{"revenue", "umsatz", "umsätze", "turnover", "erlös", "auftragswert", "auftragsvolumen", "bestellwert", "dealvalue"}
	marginParts  = []string{"margin", "marge", "deckungsbeitrag", "profit", "gewinn", "rohertrag", "contribution", "zins", "interest", "capital"}
)

// isRevenue tells by its name that a quantity of money is revenue.
func isRevenue(w wordList) bool {
	return w.has(revenueParts...) || w.any("sales") || w.any("deal", "order") && w.any("value")
}

// revenue looks for benefits that take revenue for profit. A lever of the catalogue knows its margin; a formula of the
// file may not.
func (a *auditor) revenue() {
	a.lines(true, func(l *model.Line) {
		if l.Lever != "" || l.Kind != "cash" && l.Kind != "margin" {
			return
		}
		name := called(l)
		margin := name.has(marginParts...)
		var source *model.Quantity
		for _, q := range l.Carries() {
			w := calledQuantity(q)
			margin = margin || w.has(marginParts...)
			if source == nil && q.Line == nil && q.Dim.Money == 1 && !perHour(q.Unit, q.Dim) && isRevenue(w) {
				source = q
			}
		}
		switch {
		case margin:
		case source != nil:
			a.found.Add(diag.New("audit_revenue", l.At, diag.Args{"line": l.ID, "name": source.ID}))
		case isRevenue(name):
			a.found.Add(diag.Warn("audit_revenue", l.At, diag.Args{"line": l.ID, "name": l.ID}))
		}
	})
}

// margins looks for contribution margins that leave next to no variable cost.
func (a *auditor) margins() {
	seen := map[*model.Quantity]bool{}
	a.lines(true, func(l *model.Line) {
		all := l.Carries()
		if l.Chain != nil {
			if q := l.Chain.Variables["margin"]; q != nil {
				all = append(all, q)
			}
		}
		for _, q := range all {
			q = follow(q)
			if seen[q] || !q.IsShare() || !calledQuantity(q).has("margin", "marge", "deckungsbeitrag") {
				continue
			}
			seen[q] = true
			v, ok := value(q)
			if !ok || v < 0.9 {
				continue
			}
			d := diag.Warn("audit_margin_high", a.at(q, l), diag.Args{"name": q.ID, "value": v})
			if v > 0.99 {
				d.Severity = diag.Error // that is revenue under another name
			}
			a.found.Add(d)
		}
	})
}

// overlaps looks for benefits that count the same thing twice.
func (a *auditor) overlaps() {
	var benefits []*model.Line
	a.lines(true, func(l *model.Line) {
		if l.Lever != "" {
			benefits = append(benefits, l)
		}
	})
	for i, second := range benefits {
		for _, first := range benefits[:i] {
			args := diag.Args{"first": first.ID, "second": second.ID, "lever": second.Lever}
			pair := func(x, y string) bool {
				return first.Lever == x && second.Lever == y || first.Lever == y && second.Lever == x
			}
			switch {
			case first.Lever == second.Lever && first.Chain == second.Chain:
				a.twice(first, second, args)
			case pair("time_saved", "reporting_admin") && a.sameBase(first, second):
				a.found.Add(diag.Warn("audit_time_overlap", second.At, args))
			case pair("deal_value", "repeat_purchase"):
				a.found.Add(diag.Warn("audit_sales_overlap", second.At, args))
			}
		}
	}
}

// twice compares two lines of one lever: with the same inputs one of them is a copy; with the same base both claim the
// same hours, deals or customers. An AI package may add to a lever, but its effect must have been measured on top.
func (a *auditor) twice(first, second *model.Line, args diag.Args) {
	defs, _ := a.inputs(second)
	all := len(defs) > 0
	for _, def := range defs {
		x, y := a.input(first, def.Name), a.input(second, def.Name)
		all = all && (x == y || x != nil && y != nil && same(x, y))
	}
	switch {
	case all:
		a.found.Add(diag.New("audit_lever_copy", second.At, args))
	case !a.sameBase(first, second):
	case first.Package != "" || second.Package != "":
		a.found.Add(as(diag.Hint, diag.Warn("audit_lever_twice", second.At, args)))
	default:
		a.found.Add(diag.Warn("audit_lever_twice", second.At, args))
	}
}

// sameBase reports that two levers act on the same users, deals or tickets: their first input is the same assumption, or
// they are on the same chain.
func (a *auditor) sameBase(first, second *model.Line) bool {
	if first.Chain != nil {
		return first.Chain == second.Chain
	}
	base := func(l *model.Line) *model.Quantity {
		if defs, _ := a.inputs(l); len(defs) > 0 {
			return follow(a.input(l, defs[0].Name))
		}
		return nil
	}
	x, y := base(first), base(second)
	return x != nil && x == y && x.Line == nil
}

// same reports two quantities with the same value by the same way.
func same(x, y *model.Quantity) bool {
	x, y = follow(x), follow(y)
	return x == y || len(x.Refs) == 0 && len(y.Refs) == 0 && formula.Same(x.Expr, y.Expr)
}

// hoursTwice looks for saved hours that two benefits name.
func (a *auditor) hoursTwice() {
	named := map[*model.Quantity]*model.Line{}
	a.lines(true, func(l *model.Line) {
		for _, q := range []*model.Quantity{l.Amount, l.Effect} {
			if q == nil {
				continue
			}
			for _, name := range sortedKeys(q.Refs) {
				h := follow(q.Refs[name])
				// Hours per week are a plain number with a unit.
				if h.Line != nil || h.Dim != quantity.Plain || h.Unit.Percent || h.Unit.Text == "" {
					continue
				}
				first := named[h]
				if first == nil {
					named[h] = l
				} else if first != l && (first.Lever != l.Lever || l.Lever == "") { // the same lever twice is told already
					a.found.Add(diag.Warn("audit_hours_twice", l.At, diag.Args{"name": h.ID, "first": first.ID, "second": l.ID}))
				}
			}
		}
	})
}

func sortedKeys(m map[string]*model.Quantity) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Shares of freed time that become money: above mostly, somebody must say which invoice gets smaller; above nearlyAll,
// time is taken for money.
const mostly, nearlyAll = 0.7, 0.9

// conversion looks for freed time that becomes money in full, said or by leaving the conversion out.
func (a *auditor) conversion() {
	seen := map[*model.Quantity]bool{}
	a.lines(true, func(l *model.Line) {
		if q := follow(a.input(l, "converts")); q != nil && !seen[q] {
			seen[q] = true
			v, ok := value(q)
			switch d := diag.Warn("audit_converts", a.at(q, l), diag.Args{"name": q.ID, "value": v}); {
			case !ok:
			case v >= nearlyAll:
				a.found.Add(as(diag.Error, d))
			case v > mostly:
				a.found.Add(d)
			}
		}
		if _, wage := wageOf(l); l.Lever != "" || wage == nil || l.Kind == "margin" {
			return
		}
		// A formula of its own: hours times wage, with no share of it that becomes money.
		if slices.ContainsFunc(l.Carries(), func(q *model.Quantity) bool { return q.IsShare() }) || hasShare(l.Amount.Expr) {
			return
		}
		d := diag.Warn("audit_time_as_cash", l.At, diag.Args{"line": l.ID})
		if l.Kind != "freed_time" {
			d.Severity = diag.Error
		}
		a.found.Add(d)
	})
}

// hasShare reports a per cent number in a formula.
func hasShare(e formula.Expr) bool {
	found := false
	formula.Walk(e, func(x formula.Expr) {
		n, ok := x.(*formula.Number)
		found = found || ok && n.Unit.IsShare()
	})
	return found
}

// onlyFreedTime looks for cases that live from time alone, unless what becomes of the time has been observed.
func (a *auditor) onlyFreedTime() {
	lines, backed := 0, true
	for _, l := range a.Model.Lines {
		if !l.Benefit {
			continue
		}
		if l.Kind != "freed_time" {
			return
		}
		lines++
		q := follow(a.input(l, "converts"))
		backed = backed && q != nil && q.Source != "" && (q.Grade == "A" || q.Grade == "B")
	}
	if lines > 0 && !backed {
		a.found.Add(diag.Warn("audit_only_freed_time", a.key("benefits", "packages"), nil))
	}
}

// Adoption that nobody has seen: fewer than 40 % of 1,275 firms reached a use above 90 % (CSO Insights 2006).
const fullAdoption = 0.98

// adoption looks for a CRM that everybody uses, or uses at once.
func (a *auditor) adoption() {
	if !slices.ContainsFunc(a.Model.Lines, func(l *model.Line) bool {
		return l.Realisation != nil && l.Realisation.Adoption != 0 || l.Benefit && l.Lever == "" && l.Amount != nil && l.Amount.Refs["adoption"] != nil
	}) {
		return
	}
	if a.Model.File.Curves["adoption"] == nil {
		a.found.Add(diag.Warn("audit_adoption_missing", a.key("benefits", "packages"), nil))
		return
	}
	plateau, high := a.curve("adoption.plateau")
	if plateau != nil && high >= fullAdoption {
		a.found.Add(diag.Warn("audit_adoption_full", plateau.At, diag.Args{"value": high}))
	}
	months, t := a.curve("adoption.months_to_90")
	start, low := a.curve("adoption.start")
	switch {
	case a.Model.File.Curves["adoption"].MonthsTo90 == nil:
		a.found.Add(diag.Warn("audit_adoption_at_once", a.key("adoption"), nil))
	case months != nil && t <= 1:
		a.found.Add(diag.Warn("audit_adoption_at_once", months.At, nil))
	case start != nil && plateau != nil && low >= 0.9*high:
		a.found.Add(diag.Warn("audit_adoption_at_once", start.At, nil))
	}
}

// curve is a value of a factor and its median; nil where the file has none.
func (a *auditor) curve(id string) (*model.Quantity, float64) {
	q, ok := a.Model.Quantity(id)
	if !ok {
		return nil, 0
	}
	v, ok := value(q)
	if !ok {
		return nil, 0
	}
	return q, v
}

// ceiling is the evidence from which the catalogue has taken the published range of an input: the one that says so.
func ceiling(all []catalogue.Evidence) catalogue.Evidence {
	for _, e := range all {
		if strings.Contains(e.Caveat.English, "the audit asks back") {
			return e
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return catalogue.Evidence{}
}
