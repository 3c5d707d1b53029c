package decide

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// costKind says how a kind of cost is recognised: by the catalogue's items, else by what a line is called.
type costKind struct {
	items, parts []string
}

var (
	implementing = costKind{[]string{"implementation_partner", "integration", "customising"}, []string{"partner", "implement", "einführ", "einricht", "setup",
		"projekt", "project", "template", "rollout", "programm", "integrat", "schnittstelle", "interface", "beratung", "consult", "initial", "einmal"}}
	teaching = costKind{[]string{"training"}, []string{"train", "schul", "refresh", "onboard", "einweisung"}}
	moving   = costKind{[]string{"data_migration"}, []string{"migrat", "datenüber", "bereinig", "cleans", "import", "altdaten"}}
	running  = costKind{[]string{"administration", "support"}, []string{"admin", "operat", "betrieb", "support", "pflege", "upkeep", "maintenance", "wartung", "keyuser"}}
	guiding  = costKind{[]string{"change_management"}, []string{"change", "veränder", "begleit", "champion", "ansprechpartner", "adoption"}}
	renting  = costKind{[]string{"licences", "unused_seats"}, []string{"licen", "lizenz", "subscription", "abonn", "saas", "seat", "miete"}}
)

func (k costKind) is(l *model.Line) bool {
	if l.Benefit {
		return false
	}
	if l.Lever != "" {
		return slices.Contains(k.items, l.Lever)
	}
	return called(l).has(k.parts...)
}

// internal reports working time of the own people: said so, or paid by a wage and not by an invoice.
func internal(l *model.Line) bool {
	if l.Benefit {
		return false
	}
	if l.Kind == "internal_time" {
		return true
	}
	_, wage := wageOf(l)
	return wage != nil && !called(l).has("partner", "berat", "consult", "extern", "agentur", "agency", "dienstleist")
}

// costKinds looks for kinds of cost that a project of this size has and the case has not. A case about an AI package in a
// CRM that runs already needs neither migration nor an administrator of its own.
func (a *auditor) costKinds() {
	have := func(is func(*model.Line) bool) bool { return slices.ContainsFunc(a.Model.Lines, is) }
	at := a.key("costs", "packages")
	bySize := func(small, middle, big diag.Severity) diag.Severity {
		switch {
		case a.seats < medium:
			return small
		case a.seats < large:
			return middle
		}
		return big
	}
	const silent = diag.Severity(-1)
	say := func(s diag.Severity, d diag.Diagnostic) {
		if s != silent {
			a.found.Add(as(s, d))
		}
	}
	addOn := have(func(l *model.Line) bool { return l.Package != "" && !l.Benefit }) && !have(renting.is)
	if !have(internal) {
		say(bySize(diag.Hint, diag.Warning, diag.Warning), diag.Warn("audit_no_internal_time", at, nil))
	}
	if !have(teaching.is) {
		say(bySize(diag.Hint, diag.Warning, diag.Warning), diag.Warn("audit_no_training", at, nil))
	}
	if addOn {
		return
	}
	if !have(func(l *model.Line) bool { return implementing.is(l) || !l.Benefit && l.Initial != nil }) {
		say(bySize(diag.Hint, diag.Warning, diag.Warning), diag.Warn("audit_no_implementation", at, nil))
	}
	if !have(moving.is) {
		say(bySize(silent, diag.Hint, diag.Warning), diag.Warn("audit_no_migration", at, nil))
	}
	if !have(running.is) {
		say(bySize(silent, diag.Hint, diag.Warning), diag.Warn("audit_no_administration", at, nil))
	}
	if !have(guiding.is) {
		say(bySize(silent, silent, diag.Hint), diag.Warn("audit_no_change_management", at, nil))
	}
	if !have(func(l *model.Line) bool { return !l.Benefit && (a.flows(l) || len(l.Yearly) > 0) && l.Kind == "cash" }) {
		say(diag.Warning, diag.Warn("audit_no_running_cost", at, nil))
	}
}

// flows reports a line of money per time, without an end in the first year.
func (a *auditor) flows(l *model.Line) bool {
	return l.Amount != nil && l.Amount.Dim == quantity.Flow && len(l.Months) == 0 && a.last(l)-a.first(l) >= 11
}

func (a *auditor) first(l *model.Line) int {
	if l.From >= 0 {
		return l.From
	}
	return 1
}

func (a *auditor) last(l *model.Line) int {
	if l.To >= 0 {
		return min(l.To, a.Model.File.Horizon)
	}
	return a.Model.File.Horizon
}

// escalation looks for subscriptions of more than two years at the price of the first.
func (a *auditor) escalation() {
	item := slices.ContainsFunc(a.Model.Lines, func(l *model.Line) bool { return !l.Benefit && l.Lever == "price_escalation" })
	a.lines(false, func(l *model.Line) {
		months := a.last(l) - a.first(l) + 1
		if item && l.Package == "" || !a.flows(l) || l.Kind != "cash" || months <= 24 || l.Escalates != nil || a.rises(l) {
			return
		}
		d := diag.Warn("audit_no_escalation", l.At, diag.Args{"line": l.ID, "months": months})
		if renting.is(l) {
			a.found.Add(d)
		} else if _, ok := a.seatPrice(l); ok {
			a.found.Add(as(diag.Hint, d))
		}
	})
}

// rises reports a formula that itself raises the price.
func (a *auditor) rises(l *model.Line) bool {
	found := false
	for _, q := range append(l.Carries(), l.Amount) {
		formula.Walk(q.Expr, func(e formula.Expr) {
			c, call := e.(*formula.Call)
			n, name := e.(*formula.Name)
			found = found || call && c.Func == "escalation" || name && n.Text == "month" && q.Dim != quantity.Plain
		})
	}
	return found
}

// exit asks for the cost of leaving where the case runs longer than contracts do.
func (a *auditor) exit() {
	isExit := costKind{[]string{"exit_cost"}, []string{"exit", "ausstieg", "kündigung", "abschalt", "rückbau"}}.is
	if a.Model.File.Horizon > 48 && a.seats >= medium && !slices.ContainsFunc(a.Model.Lines, isExit) {
		a.found.Add(as(diag.Hint, diag.Warn("audit_no_exit", a.key("costs"), diag.Args{"months": a.Model.File.Horizon})))
	}
}

// seatPrice finds the price of a seat in a line of seats times price.
func (a *auditor) seatPrice(l *model.Line) (*model.Quantity, bool) {
	if l.Lever != "" {
		seats := a.input(l, "users")
		if seats == nil {
			seats = a.input(l, "seats")
		}
		price := a.input(l, "price")
		if seats == nil || price == nil {
			return nil, false
		}
		n, ok := value(seats)
		return price, ok && n >= 2 // a flat fee is entered as one seat
	}
	if l.Amount == nil {
		return nil, false
	}
	var price *model.Quantity
	seats := false
	for _, f := range factors(l.Amount.Expr) {
		switch f := f.(type) {
		case *formula.Number:
			if f.Unit.Dim == quantity.Flow && !perHour(f.Unit, f.Unit.Dim) {
				price = &model.Quantity{ID: l.Amount.ID, Expr: f, Unit: f.Unit, Dim: f.Unit.Dim, At: l.Amount.At, Factor: 1}
			}
		case *formula.Name:
			q := follow(l.Amount.Refs[f.Text])
			if q == nil {
				continue
			}
			if q.Dim == quantity.Flow && !perHour(q.Unit, q.Dim) {
				price = q
			}
			seats = seats || q.Dim == quantity.Plain && calledQuantity(q).any(seatWords...)
		}
	}
	return price, seats && price != nil
}

// factors takes a product apart.
func factors(e formula.Expr) []formula.Expr {
	if b, ok := e.(*formula.Binary); ok && b.Op == "*" {
		return append(factors(b.X), factors(b.Y)...)
	}
	return []formula.Expr{e}
}

// Limits outside of which a price was probably written in another unit: catalogue and market show 12 to 150 a user and
// month, wages from 15 to 150 an hour.
const (
	seatLow, seatHigh = 2, 400
	wageLow, wageHigh = 10, 250
)

// prices looks for prices per seat and wages that are off by the factor of a month, a year or a thousand.
func (a *auditor) prices() {
	if !a.euroLike() {
		return
	}
	for _, l := range a.Model.Lines {
		if wage, q := wageOf(l); q != nil && (wage < wageLow || wage > wageHigh) {
			a.found.Add(diag.Warn("audit_wage_unit", a.at(q, l), diag.Args{"name": q.ID, "value": measured{significant(wage), a.Model.File.Currency + "/h"}}))
		}
		if l.Benefit || !renting.is(l) && l.Package == "" {
			continue
		}
		price, ok := a.seatPrice(l)
		if !ok {
			continue
		}
		price = follow(price)
		if v, ok := value(price); ok && v > 0 && (v < seatLow || v > seatHigh) {
			a.found.Add(diag.Warn("audit_price_unit", a.at(price, l), diag.Args{"name": price.ID, "value": measured{significant(v), a.Model.File.Currency + "/month"}, "high": yes(v > seatHigh)}))
		}
	}
}

// yes is a flag as messages test it: a text that is empty for no.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// thousands looks for amounts written in thousands beside others that are not, and for a result that only a slip explains.
func (a *auditor) thousands() {
	if roi := a.Plan.ROI; roi != nil && *roi > 10 {
		a.found.Add(diag.Warn("audit_roi_implausible", a.key("benefits"), diag.Args{"roi": *roi}))
	}
	if !a.euroLike() {
		return
	}
	for _, l := range a.Model.Lines {
		var all []*model.Quantity
		limit := 1000.0
		switch {
		case len(l.Yearly) > 0:
			all = l.Yearly
		case implementing.is(l) && l.Lever == "" && len(l.Months) > 0 && l.Amount != nil && l.Amount.Dim == quantity.Money && a.seatsKnown:
			all, limit = []*model.Quantity{l.Amount}, 20*max(a.seats, medium)
		}
		largest := 0.0
		for _, q := range all {
			if v, ok := value(q); ok {
				largest = max(largest, v)
			}
		}
		if largest > 0 && largest < limit {
			a.found.Add(diag.Warn("audit_thousands", a.at(all[0], l), diag.Args{"line": l.ID, "value": measured{significant(largest), a.Model.File.Currency}}))
		}
	}
}
