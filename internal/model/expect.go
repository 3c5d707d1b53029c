package model

import (
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// expect compares a checked quantity with what its place wants.
func (b *builder) expect(q *Quantity, w want) bool {
	if q == nil || q.state != done || q.broken {
		return false
	}
	// hours: hours_saved is as right or wrong as the value of hours_saved.
	r := follow(q)
	if n, ok := r.Expr.(*formula.Number); ok && n.Value == 0 && n.Unit.Text == "" {
		return true // 0 needs no unit
	}
	unit, _, _ := quantity.Parse(w.unit)
	fits := slices.Contains(w.dims, q.Dim)
	bare := r.Unit.Text == "" && isLiteral(r.Expr)
	// Hours per week are a plain number to the algebra; one without a unit would be read as hours per hour.
	ratio := unit.Text != "" && unit.Dim == quantity.Plain && !unit.Percent
	if fits && bare && ratio || !fits && bare && r.Dim == quantity.Plain {
		instead := withUnit(r.Expr, b.show(w.unit))
		if slices.Contains(w.dims, quantity.Money) && slices.Contains(w.dims, quantity.Flow) {
			b.add("amount_unit_missing", b.whole(r), diag.Args{"name": shown(r), "once": withUnit(r.Expr, b.m.File.Currency), "monthly": instead})
			return false
		}
		b.add("unit_missing", b.whole(r), diag.Args{"name": shown(r), "unit": b.show(w.unit), "instead": instead})
		return false
	}
	if fits && r.Unit.IsShare() && isLiteral(r.Expr) && !w.share && !unit.Percent {
		b.add("percent_unexpected", b.whole(r), diag.Args{"name": shown(r), "instead": strings.TrimSpace(withUnit(r.Expr, b.show(w.unit)))})
		return false
	}
	if !fits {
		if slices.Contains(w.dims, quantity.Money) && slices.Contains(w.dims, quantity.Flow) {
			b.add("amount_expected", b.whole(q), diag.Args{"name": shown(q), "have": code(q.Dim), "currency": b.m.File.Currency})
			return false
		}
		instead := ""
		if r == q && isLiteral(q.Expr) {
			instead = strings.TrimSpace(withUnit(q.Expr, b.show(w.unit)))
		}
		b.add("dimension_expected", b.whole(q), diag.Args{"name": shown(q), "have": code(q.Dim), "want": code(w.dims[0]), "unit": b.show(w.unit), "instead": instead})
		return false
	}
	return !w.share || b.expectShare(r)
}

// expectShare demands a value from 0 to 1.
func (b *builder) expectShare(q *Quantity) bool {
	outside := false
	if v, ok := constant(q.Expr); ok {
		outside = v < 0 || v > 1
	}
	if q.Dist != nil {
		p10, p90 := q.Dist.Quantile(0.1)*q.Factor, q.Dist.Quantile(0.9)*q.Factor
		outside = p10 < -1e-9 || p90 > 1+1e-9
		if r, ok := q.Expr.(*formula.Range); ok && !outside && (p10 < 1e-9 || p90 > 1-1e-9) {
			// 0 % as the 10th percentile of a share leaves no room for the tenth of the draws that lies below: no bounded
			// metalog fits, so the unbounded one is taken.
			unit := ""
			if r.Unit.Text != "" {
				unit = " " + r.Unit.Text
			}
			first, last := r.Items[0].Text, r.Items[len(r.Items)-1].Text
			b.warn("share_edge", b.whole(q), diag.Args{"name": shown(q), "text": written(r) + unit, "instead": `"uniform(` + first + ", " + last + ")" + unit + `"`})
		}
	}
	if outside {
		instead := ""
		if q.Unit.Text == "" && isLiteral(q.Expr) {
			instead = withUnit(q.Expr, "%")
		}
		b.add("share_range", b.whole(q), diag.Args{"what": shown(q), "instead": instead})
	}
	return !outside
}

// shown is the path of a quantity as the file has it: the years of a table have no key of their own.
func shown(q *Quantity) string {
	if i := strings.Index(q.ID, ".year_"); i > 0 {
		return q.ID[:i] + ".yearly"
	}
	return q.ID
}

// follow goes from a quantity that is only another name to what the name stands for.
func follow(q *Quantity) *Quantity {
	for range 100 {
		n, ok := q.Expr.(*formula.Name)
		if !ok || q.Refs[n.Text] == nil || q.Refs[n.Text].builtin != "" {
			break
		}
		q = q.Refs[n.Text]
	}
	return q
}

// constant is the value of a formula without names.
func constant(e formula.Expr) (float64, bool) {
	switch e := e.(type) {
	case *formula.Number:
		return e.Canonical(), true
	case *formula.Neg:
		v, ok := constant(e.X)
		return -v, ok
	case *formula.InUnit:
		v, ok := constant(e.X)
		return v * e.Unit.Scale, ok
	case *formula.Binary:
		x, okX := constant(e.X)
		y, okY := constant(e.Y)
		switch e.Op {
		case "+":
			return x + y, okX && okY
		case "-":
			return x - y, okX && okY
		case "*":
			return x * y, okX && okY
		case "/":
			return x / y, okX && okY
		}
	}
	return 0, false
}

// withUnit writes a value that has no unit, or a wrong one, with the right one. A share in front of a per cent sign is
// multiplied by 100: 0.03 becomes 3 %/year.
func withUnit(e formula.Expr, unit string) string {
	scale := func(n *formula.Number) string {
		if whole, fraction, dot := strings.Cut(n.Text, "."); len(whole) > 4 && !strings.ContainsAny(n.Text, "e-") {
			for i := len(whole) - 3; i > 0; i -= 3 {
				whole = whole[:i] + " " + whole[i:]
			}
			if dot {
				whole += "."
			}
			return whole + fraction
		}
		if strings.HasPrefix(unit, "%") && n.Unit.Text == "" && math.Abs(n.Value) < 1 && n.Value != 0 {
			return trim(n.Value * 100)
		}
		return n.Text
	}
	switch e := e.(type) {
	case *formula.Number:
		return scale(e) + " " + unit
	case *formula.Neg:
		return "-" + withUnit(e.X, unit)
	case *formula.Range:
		var parts []string
		for _, n := range e.Items {
			parts = append(parts, scale(n))
		}
		return strings.Join(parts, " .. ") + " " + unit
	case *formula.InUnit:
		return formula.String(e.X) + " " + unit
	}
	return formula.String(e) + " " + unit
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
	case *formula.InUnit:
		return isLiteral(e.X)
	}
	return false
}
