package model

import (
	"errors"
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/dist"
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

// distribution gives q its distribution where its value is a range or a named distribution.
func (b *builder) distribution(q *Quantity, w want) {
	e, unit := q.Expr, quantity.Unit{Scale: 1}
	if u, ok := e.(*formula.InUnit); ok {
		if c, call := u.X.(*formula.Call); call {
			if f, ok := formula.Lookup(c.Func); ok && f.Distribution {
				e, unit = u.X, u.Unit
			}
		}
	}
	var err error
	switch e := e.(type) {
	case *formula.Range:
		q.Unit, q.Dim = e.Unit, e.Unit.Dim
		if w.table && e.Unit.Text == "" {
			q.Dim = quantity.Money
		}
		values := make([]float64, len(e.Items))
		positive, share := true, e.Unit.IsShare() || w.share && e.Unit.Text == ""
		for i, n := range e.Items {
			values[i] = n.Canonical()
			positive = positive && values[i] > 0
			share = share && values[i] > 0 && values[i] < 1
		}
		bound := dist.Unbounded
		if share {
			bound = dist.Share
		} else if positive {
			bound = dist.Positive
		}
		if len(values) == 2 {
			q.Dist, err = dist.MetalogPair(values[0], values[1], bound)
		} else {
			q.Dist, err = dist.Metalog(values[0], values[1], values[2], bound)
		}
		b.distError(q, e, err, e.Unit.Scale)
	case *formula.Call:
		f, ok := formula.Lookup(e.Func)
		if !ok || !f.Distribution {
			return
		}
		b.named(q, f, e, unit, w)
	}
	if q.Dist != nil {
		if low, high := q.Dist.Support(); low == high {
			// A range without width is a number.
			q.Expr = &formula.Number{Span: q.Expr.Place(), Value: low / q.Unit.Scale, Text: trim(low / q.Unit.Scale), Unit: q.Unit}
			q.Dist = nil
		}
	}
}

// named reads pert(…) and the like. The arguments are numbers; a unit stands behind the bracket or behind each number.
func (b *builder) named(q *Quantity, f formula.Function, e *formula.Call, unit quantity.Unit, w want) {
	if len(e.Args) < f.Min || f.Max >= 0 && len(e.Args) > f.Max {
		b.add("argument_count", q.at(e), diag.Args{"function": f.Name, "count": f.Min})
		return
	}
	number := func(x formula.Expr) (float64, bool) {
		sign := 1.0
		if n, ok := x.(*formula.Neg); ok {
			sign, x = -1, n.X
		}
		n, ok := x.(*formula.Number)
		if !ok {
			b.add("distribution_number", q.at(x), diag.Args{"function": f.Name})
			return 0, false
		}
		if n.Unit.Text != "" {
			if unit.Text != "" && unit.Text != n.Unit.Text {
				b.add("range_units", q.at(n), diag.Args{"first": n.Unit.Text, "last": unit.Text})
				return 0, false
			}
			if unit.Text == "" {
				unit = n.Unit
			}
		}
		return sign * n.Value, true
	}
	var values, probabilities []float64
	for _, a := range e.Args {
		pair, isPair := a.(*formula.Pair)
		if isPair != (f.Name == "choice") {
			b.add("choice_form", q.at(a), diag.Args{"function": f.Name})
			return
		}
		if isPair {
			p, ok := pair.Probability.(*formula.Number)
			if !ok || p.Unit.Dim != quantity.Plain {
				b.add("distribution_number", q.at(pair.Probability), diag.Args{"function": f.Name})
				return
			}
			probabilities = append(probabilities, p.Canonical())
			a = pair.Value
		}
		own := unit
		if f.Name == "bernoulli" || f.Name == "beta" {
			unit = quantity.Unit{Scale: 1} // the arguments are shape, not values
		}
		v, ok := number(a)
		if !ok {
			return
		}
		if f.Name == "bernoulli" {
			v *= unit.Scale
			unit = own
		} else if f.Name == "beta" {
			unit = own
		}
		values = append(values, v)
	}
	q.Unit, q.Dim = unit, unit.Dim
	if w.table && unit.Text == "" {
		q.Dim = quantity.Money
	}
	s := unit.Scale
	at := func(i int) float64 { return values[i] * s }
	var d dist.Dist
	var err error
	switch f.Name {
	case "pert":
		d, err = dist.PERT(at(0), at(1), at(2))
	case "triangular":
		d, err = dist.Triangular(at(0), at(1), at(2))
	case "uniform":
		d, err = dist.Uniform(at(0), at(1))
	case "normal":
		d, err = dist.Normal(at(0), at(1))
	case "lognormal":
		d, err = dist.LogNormal(at(0), at(1))
	case "beta":
		d, err = dist.Beta(values[0], values[1])
		q.Factor = s
	case "bernoulli":
		d, err = dist.Bernoulli(values[0])
		q.Factor = s
	case "choice":
		scaled := make([]float64, len(values))
		for i := range values {
			scaled[i] = at(i)
		}
		d, err = dist.Choice(scaled, probabilities)
	}
	q.Dist = d
	b.distError(q, e, err, s)
}

// distError reports parameters that no distribution has, in the unit of the file.
func (b *builder) distError(q *Quantity, e formula.Expr, err error, scale float64) {
	if err == nil {
		return
	}
	q.Dist, q.state, q.broken = nil, done, true // one error is enough
	var p dist.ParamError
	if !errors.As(err, &p) {
		b.add("distribution_invalid", q.at(e), diag.Args{"detail": err.Error()})
		return
	}
	args := diag.Args{}
	for k, v := range p.Args {
		if f, ok := v.(float64); ok && (k == "low" || k == "middle" || k == "high" || k == "nearest") {
			v = trim(f / scale)
		} else if ok {
			v = trim(f)
		}
		args[k] = v
	}
	args["unit"] = q.Unit.Text
	b.add(p.Code, q.at(e), args)
}

// trim prints a number of the file's own language with at most ten digits.
func trim(v float64) string {
	return formula.String(&formula.Number{Text: formula.Format(v), Unit: quantity.Unit{Scale: 1}})
}

// check finds the dimension of q and of everything it is made of.
func (b *builder) check(q *Quantity) {
	switch q.state {
	case done:
		return
	case visiting:
		b.add("cycle", q.At, diag.Args{"name": q.ID})
		return
	}
	q.state = visiting
	q.Refs = map[string]*Quantity{}
	if q.Dist == nil {
		if n, ok := q.Expr.(*formula.Number); ok {
			q.Unit = n.Unit
		}
		if t, ok := b.infer(q, q.Expr); ok {
			q.Dim = t.dim
		} else {
			q.broken = true
		}
	} else if q.Unit.Currency != "" && q.Unit.Currency != b.m.File.Currency {
		b.currency(q, q.Expr, q.Unit)
	}
	q.state = done
}

func (b *builder) currency(q *Quantity, e formula.Expr, u quantity.Unit) {
	b.add("other_currency", q.at(e), diag.Args{"currency": u.Currency, "case": b.m.File.Currency, "instead": strings.ToLower(u.Currency)})
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
			b.add("unit_on_unit", q.at(e), diag.Args{"unit": e.Unit.Text, "dimension": k.dim.Code()})
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
		b.add("choice_form", q.at(e), diag.Args{"function": "choice"})
	}
	return kind{}, false
}

func (b *builder) name(q *Quantity, e *formula.Name) (kind, bool) {
	r := q.scope.find(e.Text)
	if r == nil {
		args := diag.Args{"name": e.Text, "nearest": quantity.Nearest(e.Text, q.scope.names())}
		if unit := formula.NearestUnit(e.Text); args["nearest"] == "" && unit != "" {
			args["nearest"] = unit
		}
		b.add("unknown_name", q.at(e), args)
		return kind{}, false
	}
	if r.state == visiting {
		b.add("cycle", q.at(e), diag.Args{"name": r.ID})
		return kind{}, false
	}
	b.check(r)
	q.Refs[e.Text] = r
	return kind{dim: r.Dim}, !r.broken // what is wrong with r is said at r
}

func (b *builder) binary(q *Quantity, e *formula.Binary) (kind, bool) {
	x, okX := b.infer(q, e.X)
	y, okY := b.infer(q, e.Y)
	if !okX || !okY {
		return kind{}, false
	}
	switch e.Op {
	case "*":
		return kind{dim: x.dim.Mul(y.dim)}, true
	case "/":
		return kind{dim: x.dim.Div(y.dim)}, true
	case "^":
		if y.dim != quantity.Plain {
			b.add("power_unit", q.at(e.Y), diag.Args{"dimension": y.dim.Code()})
			return kind{}, false
		}
		if x.dim == quantity.Plain {
			return kind{}, true
		}
		n, ok := e.Y.(*formula.Number)
		if !ok || n.Unit.Text != "" || n.Value != math.Trunc(n.Value) || math.Abs(n.Value) > 8 {
			b.add("power_of_unit", q.at(e), diag.Args{"dimension": x.dim.Code()})
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
	b.add("dimension_mismatch", q.at(e), diag.Args{"operation": op, "left": x.dim.Code(), "right": y.dim.Code()})
	return kind{}, false
}

func (b *builder) call(q *Quantity, e *formula.Call) (kind, bool) {
	f, ok := formula.Lookup(e.Func)
	if !ok {
		var names []string
		for _, f := range formula.Functions {
			names = append(names, f.Name)
		}
		b.add("unknown_function", q.at(e), diag.Args{"name": e.Func, "nearest": quantity.Nearest(e.Func, names)})
		return kind{}, false
	}
	if f.Distribution {
		b.add("range_inside", q.at(e), nil)
		return kind{}, false
	}
	if len(e.Args) < f.Min || f.Max >= 0 && len(e.Args) > f.Max || f.Name == "season" && len(e.Args) != 4 && len(e.Args) != 12 {
		b.add("argument_count", q.at(e), diag.Args{"function": f.Name, "count": f.Min})
		return kind{}, false
	}
	kinds := make([]kind, len(e.Args))
	for i, a := range e.Args {
		k, ok := b.infer(q, a)
		if !ok {
			return kind{}, false
		}
		kinds[i] = k
	}
	expect := func(i int, allowed ...quantity.Dim) bool {
		for _, d := range allowed {
			if kinds[i].dim == d {
				return true
			}
		}
		b.add("argument_dimension", q.at(e.Args[i]), diag.Args{"function": f.Name, "have": kinds[i].dim.Code(), "want": allowed[0].Code()})
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

// expect compares a checked quantity with what its place wants.
func (b *builder) expect(q *Quantity, w want) bool {
	if q == nil || q.state != done || q.broken {
		return false
	}
	if q.Expr != nil {
		if n, ok := q.Expr.(*formula.Number); ok && n.Value == 0 && n.Unit.Text == "" {
			return true // 0 needs no unit
		}
	}
	unit, _, _ := quantity.Parse(w.unit)
	fits := false
	for _, d := range w.dims {
		fits = fits || q.Dim == d
	}
	// Hours per week are a plain number to the algebra; one without a unit would be read as hours per hour.
	bare := q.Unit.Text == "" && isLiteral(q.Expr)
	if fits && bare && w.unit != "" && unit.Dim == quantity.Plain && !unit.Percent {
		b.add("unit_missing", q.At, diag.Args{"name": q.ID, "unit": b.show(w.unit)})
		return false
	}
	if !fits {
		code := "dimension_expected"
		if bare && q.Dim == quantity.Plain {
			code = "unit_missing"
		}
		b.add(code, b.whole(q), diag.Args{"name": q.ID, "have": q.Dim.Code(), "want": w.dims[0].Code(), "unit": b.show(w.unit)})
		return false
	}
	if n, ok := q.Expr.(*formula.Number); ok && w.share && (n.Canonical() < 0 || n.Canonical() > 1) {
		b.add("share_range", b.whole(q), diag.Args{"what": q.ID})
		return false
	}
	if q.Dist != nil && w.share {
		if p10, p90 := q.Dist.Quantile(0.1)*q.Factor, q.Dist.Quantile(0.9)*q.Factor; p10 < 0 || p90 > 1 {
			b.add("share_range", b.whole(q), diag.Args{"what": q.ID})
			return false
		}
	}
	return true
}

// whole is the place of the quantity's value, or of its key where it has none.
func (b *builder) whole(q *Quantity) diag.Position {
	if q.node != nil {
		return q.node.At
	}
	return q.At
}

// show writes a unit of the catalogue in the case's currency.
func (b *builder) show(unit string) string {
	return strings.ReplaceAll(unit, "money", b.m.File.Currency)
}

func isLiteral(e formula.Expr) bool {
	switch e := e.(type) {
	case *formula.Number, *formula.Range:
		return true
	case *formula.Neg:
		return isLiteral(e.X)
	case *formula.Call:
		f, ok := formula.Lookup(e.Func)
		return ok && f.Distribution
	}
	return false
}
