package model

import (
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// scope resolves a name; nil is "not known here". names lists what it knows, for suggestions.
type scope struct {
	find  func(name string) *Quantity
	names func() []string
}

// caseScope is what the formulas of the file see: assumptions, the factors and, by path, the fields of lines.
func (m *Model) caseScope() scope {
	return scope{
		find: func(name string) *Quantity {
			if q, ok := m.builtins[name]; ok && name != "realised" {
				return q
			}
			return m.byID[name]
		},
		names: func() []string {
			names := []string{"month", "horizon", "adoption", "data_quality", "process"}
			for _, q := range m.Quantities {
				if q.builtin == "" {
					names = append(names, q.ID)
				}
			}
			return names
		},
	}
}

// want says what a place expects of a value.
type want struct {
	dims  []quantity.Dim // any of these
	unit  string         // the unit to show in a message: EUR/month
	share bool           // from 0 to 1
	table bool           // a bare number is money
}

// quantity makes a quantity of a value of the file.
func (b *builder) quantity(id string, v *casefile.Quantity, at diag.Position, sc scope, w want) *Quantity {
	if v == nil {
		return nil
	}
	q := &Quantity{ID: id, Label: v.Label, Expr: v.Expr, Source: v.Source, Grade: v.Grade, Note: v.Note, At: at, node: v.Node, scope: sc, Factor: 1, share: w.share}
	b.distribution(q, w)
	b.register(q)
	return q
}

func (b *builder) register(q *Quantity) {
	if _, twice := b.m.byID[q.ID]; twice {
		return // the line itself is reported as double
	}
	b.m.byID[q.ID] = q
	b.m.Quantities = append(b.m.Quantities, q)
}

// at is the place of a part of the quantity's formula.
func (q *Quantity) at(e formula.Expr) diag.Position {
	if q.node != nil {
		return q.node.Inside(e.Place())
	}
	return q.At
}

// check finds the dimension of q and of everything it is made of.
func (b *builder) check(q *Quantity) {
	if q.state != fresh {
		return
	}
	q.state = visiting
	b.path = append(b.path, q)
	q.Refs = map[string]*Quantity{}
	switch {
	case q.broken: // reported
	case q.Dist == nil:
		switch n := q.Expr.(type) {
		case *formula.Number:
			q.Unit = n.Unit
		case *formula.InUnit:
			q.Unit = n.Unit
		}
		t, ok := b.infer(q, q.Expr)
		q.Dim, q.broken = t.dim, !ok
	case q.Unit.Currency != "" && q.Unit.Currency != b.m.File.Currency:
		b.currency(q, q.Expr, q.Unit)
		q.broken = true
	}
	b.path = b.path[:len(b.path)-1]
	q.state = done
}

// cycle reports a name that leads back to a quantity whose formula is being read, with the way it takes.
func (b *builder) cycle(q *Quantity, e *formula.Name, back *Quantity) {
	var way []string
	for _, step := range b.path[slices.Index(b.path, back):] {
		way = append(way, step.ID)
	}
	b.add("cycle", q.at(e), diag.Args{"name": back.ID, "way": strings.Join(append(way, back.ID), " → ")})
}

func (b *builder) currency(q *Quantity, e formula.Expr, u quantity.Unit) {
	unit := strings.ReplaceAll(u.Text, u.Currency, b.m.File.Currency)
	if u.Text == "€" {
		unit = b.m.File.Currency
	}
	instead := ""
	if n, ok := e.(*formula.Number); ok {
		instead = n.Text + " " + unit + " * " + strings.ToLower(u.Currency)
	}
	b.add("other_currency", q.at(e), diag.Args{"currency": u.Currency, "case": b.m.File.Currency, "rate": strings.ToLower(u.Currency), "instead": instead})
}

// code names a dimension for messages; one that nobody has a word for is "mixed".
func code(d quantity.Dim) string {
	switch d {
	case quantity.Plain, quantity.Money, quantity.Time, quantity.Flow, quantity.PerTime:
		return d.Code()
	}
	return "mixed"
}

// kind of value: its dimension; zero is the bare 0, which fits every dimension.
type kind struct {
	dim  quantity.Dim
	zero bool
}

// infer returns the dimension of e; ok is false if an error was reported inside.
func (b *builder) infer(q *Quantity, e formula.Expr) (kind, bool) {
	switch e := e.(type) {
	case *formula.Number:
		if e.Unit.Currency != "" && e.Unit.Currency != b.m.File.Currency {
			b.currency(q, e, e.Unit)
			return kind{}, false
		}
		return kind{e.Unit.Dim, e.Value == 0 && e.Unit.Text == ""}, true
	case *formula.Name:
		return b.name(q, e)
	case *formula.Neg:
		return b.infer(q, e.X)
	case *formula.InUnit:
		k, ok := b.infer(q, e.X)
		if ok && k.dim != quantity.Plain {
			b.add("unit_on_unit", q.at(e), diag.Args{"unit": e.Unit.Text, "dimension": code(k.dim)})
			return kind{}, false
		}
		if e.Unit.Currency != "" && e.Unit.Currency != b.m.File.Currency {
			b.currency(q, e, e.Unit)
			return kind{}, false
		}
		return kind{dim: e.Unit.Dim}, ok
	case *formula.Binary:
		return b.binary(q, e)
	case *formula.Call:
		return b.call(q, e)
	case *formula.Range:
		b.add("range_inside", q.at(e), nil)
	case *formula.Pair:
		f, _ := formula.Lookup("choice")
		b.add("choice_form", q.at(e), diag.Args{"function": f.Name, "example": f.Example})
	}
	return kind{}, false
}

func (b *builder) name(q *Quantity, e *formula.Name) (kind, bool) {
	r := q.scope.find(e.Text)
	if r == nil {
		b.unknownName(q, e)
		return kind{}, false
	}
	if r.state == visiting {
		b.cycle(q, e, r)
		return kind{}, false
	}
	b.check(r)
	q.Refs[e.Text] = r
	return kind{dim: r.Dim}, !r.broken
}

func (b *builder) unknownName(q *Quantity, e *formula.Name) {
	if quantity.IsName(e.Text) {
		b.add("unit_alone", q.at(e), diag.Args{"unit": e.Text})
		return
	}
	nearest := ""
	for _, id := range []string{"costs." + e.Text + ".amount", "benefits." + e.Text + ".amount"} {
		if nearest == "" && q.scope.find(id) != nil {
			nearest = id // a line is named by its path
		}
	}
	if nearest == "" {
		nearest = quantity.Nearest(e.Text, q.scope.names())
	}
	if unit := formula.NearestUnit(e.Text); unit != "" && (nearest == "" || len([]rune(e.Text)) < 3) {
		b.add("unknown_unit", q.at(e), diag.Args{"unit": e.Text, "nearest": unit})
		return
	}
	b.add("unknown_name", q.at(e), diag.Args{"name": e.Text, "nearest": nearest})
}

func (b *builder) binary(q *Quantity, e *formula.Binary) (kind, bool) {
	x, okX := b.infer(q, e.X)
	y, okY := b.infer(q, e.Y)
	if !okX || !okY {
		return kind{}, false
	}
	switch e.Op {
	case "*":
		b.workdays(q, e)
		return kind{dim: x.dim.Mul(y.dim)}, true
	case "/":
		if n, ok := e.Y.(*formula.Name); ok && n.Text == "month" {
			// The number of the month is 0 in month 0, so nobody divides by it on purpose.
			b.add("divide_by_month", q.at(e.Y), diag.Args{"left": formula.String(e.X)})
			return kind{}, false
		}
		if v, ok := constant(e.Y); ok && v == 0 {
			b.add("divide_by_zero", q.at(e.Y), nil)
			return kind{}, false
		}
		return kind{dim: x.dim.Div(y.dim)}, true
	case "^":
		if y.dim != quantity.Plain {
			b.add("power_unit", q.at(e.Y), diag.Args{"dimension": code(y.dim)})
			return kind{}, false
		}
		if x.dim == quantity.Plain {
			return kind{}, true
		}
		n, ok := e.Y.(*formula.Number)
		if !ok || n.Unit.Text != "" || n.Value != math.Trunc(n.Value) || math.Abs(n.Value) > 8 {
			b.add("power_of_unit", q.at(e), diag.Args{"dimension": code(x.dim)})
			return kind{}, false
		}
		return kind{dim: x.dim.Pow(int(n.Value))}, true
	}
	k, ok := b.same(q, e, x, y, e.Op)
	if ok && e.Op != "+" && e.Op != "-" {
		return kind{}, true // a comparison is 0 or 1
	}
	return k, ok
}

// same demands equal dimensions; a bare 0 fits all.
func (b *builder) same(q *Quantity, e formula.Expr, x, y kind, op string) (kind, bool) {
	switch {
	case x.dim == y.dim:
		return kind{x.dim, x.zero && y.zero}, true
	case x.zero:
		return y, true
	case y.zero:
		return x, true
	}
	b.add("dimension_mismatch", q.at(e), diag.Args{"operation": op, "left": code(x.dim), "right": code(y.dim)})
	return kind{}, false
}

// germanFunctions are those of German spreadsheets.
var germanFunctions = map[string]string{"wenn": "if", "wurzel": "sqrt", "ln": "log", "abrunden": "floor", "ganzzahl": "floor", "maximum": "max", "minimum": "min"}

func (b *builder) call(q *Quantity, e *formula.Call) (kind, bool) {
	f, ok := formula.Lookup(e.Func)
	if !ok {
		var names []string
		for _, f := range formula.Functions {
			names = append(names, f.Name)
		}
		nearest := quantity.Nearest(e.Func, names)
		if meant, ok := germanFunctions[strings.ToLower(e.Func)]; ok {
			nearest = meant
		}
		at := e.Place()
		at.End = at.Start + len([]rune(e.Func))
		b.add("unknown_function", q.at(at), diag.Args{"name": e.Func, "nearest": nearest, "known": names})
		return kind{}, false
	}
	if f.Distribution {
		b.add("range_inside", q.at(e), nil)
		return kind{}, false
	}
	if len(e.Args) < f.Min || f.Max >= 0 && len(e.Args) > f.Max || f.Name == "season" && len(e.Args) != 4 && len(e.Args) != 12 {
		b.argumentCount(q, f, e)
		return kind{}, false
	}
	kinds, all := make([]kind, len(e.Args)), true
	for i, a := range e.Args {
		k, ok := b.infer(q, a)
		all = all && ok
		kinds[i] = k
	}
	if !all {
		return kind{}, false
	}
	expect := func(i int, allowed ...quantity.Dim) bool {
		for _, d := range allowed {
			if kinds[i].dim == d {
				return true
			}
		}
		b.add("argument_dimension", q.at(e.Args[i]), diag.Args{"function": f.Name, "have": code(kinds[i].dim), "want": code(allowed[0])})
		return false
	}
	switch f.Name {
	case "if":
		if !expect(0, quantity.Plain) {
			return kind{}, false
		}
		return b.same(q, e, kinds[1], kinds[2], "if")
	case "min", "max":
		k := kinds[0]
		for i := 1; i < len(kinds); i++ {
			if k, ok = b.same(q, e, k, kinds[i], f.Name); !ok {
				return kind{}, false
			}
		}
		return k, true
	case "lag":
		n, ok := e.Args[1].(*formula.Number)
		if !ok || n.Unit.Text != "" && n.Unit.Dim != quantity.Time || n.Canonical() != math.Trunc(n.Canonical()) || n.Value < 0 || n.Canonical() > casefile.MaxHorizon {
			b.add("lag_months", q.at(e.Args[1]), nil)
			return kind{}, false
		}
		return kinds[0], true
	case "stock":
		if !expect(1, quantity.PerTime) {
			return kind{}, false
		}
		return kind{dim: kinds[0].dim.Mul(quantity.Time)}, true
	case "ramp":
		return kind{}, expect(0, quantity.Plain, quantity.Time) && expect(1, quantity.Plain, quantity.Time)
	case "season":
		if b.m.File.Start == "" {
			b.add("season_start", q.at(e), nil)
			return kind{}, false
		}
		for i := range kinds {
			if !expect(i, quantity.Plain) {
				return kind{}, false
			}
		}
		return kind{}, true
	case "escalation":
		return kind{}, expect(0, quantity.PerTime)
	case "sqrt":
		if d := kinds[0].dim; d.Money%2 == 0 && d.Time%2 == 0 {
			return kind{dim: quantity.Dim{Money: d.Money / 2, Time: d.Time / 2}}, true
		}
	}
	return kind{}, expect(0, quantity.Plain)
}

// workdays warns where a number of workdays of 8 hours meets a price per day of 24 hours, or the other way round.
func (b *builder) workdays(q *Quantity, e *formula.Binary) {
	unit := func(x formula.Expr) string {
		switch x := x.(type) {
		case *formula.Number:
			return x.Unit.Text
		case *formula.Name:
			if r := q.Refs[x.Text]; r != nil {
				return r.Unit.Text
			}
		}
		return ""
	}
	x, y := unit(e.X), unit(e.Y)
	has := func(text, word string) bool {
		return slices.ContainsFunc(strings.Split(text, "/"), func(w string) bool { return w == word || w == word+"s" })
	}
	if has(x, "workday") && has(y, "day") || has(x, "day") && has(y, "workday") {
		b.warn("workday_and_day", q.at(e), diag.Args{"left": x, "right": y})
	}
}
