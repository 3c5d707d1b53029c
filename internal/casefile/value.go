package casefile

import (
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// formula parses the text of a scalar and reports what is wrong in the file's coordinates.
func (d *decoder) formula(n *Node) formula.Expr {
	if n.Kind != Scalar {
		d.valueExpected(n)
		return nil
	}
	e, err := formula.Parse(n.Text)
	if err != nil && err.Code == "formula_unexpected" && err.Start > 0 {
		// {value: 52 EUR/h grade: A} lacks a comma.
		rest := []rune(n.Text)
		if word, _, ok := strings.Cut(string(rest[err.Start:]), ":"); ok && (slices.Contains(lineKeys, word) || slices.Contains(quantityKeys, word) || slices.Contains(curveKeys, word)) {
			instead := strings.TrimSpace(string(rest[:err.Start])) + ", " + string(rest[err.Start:])
			d.add("comma_missing", n.Inside(err.Span), diag.Args{"name": word, "instead": instead})
			return nil
		}
	}
	if err != nil {
		d.add(err.Code, n.Inside(err.Span), diag.Args(err.Args))
		return nil
	}
	if low, high, ok := dashed(e); ok {
		unit := ""
		if u := high.Unit.Text; u != "" {
			unit = " " + u
		}
		d.add("range_dash", n.Inside(e.Place()), diag.Args{"text": n.Text, "instead": low.Text + " .. " + high.Text + unit})
		return nil
	}
	formula.Walk(e, func(x formula.Expr) {
		if number, ok := x.(*formula.Number); ok && number.LooksLikeThousands() {
			digits := formula.Span{Start: number.Start, End: number.Start + len(number.Text)}
			d.found.Add(diag.Warn("dot_thousands", n.Inside(digits), diag.Args{"text": number.Text, "value": number.Value,
				"thousands": strings.Replace(number.Text, ".", " ", 1), "decimal": formula.Format(number.Value)}))
		}
	})
	return e
}

// quantity reads a scalar or {value, source, grade, note, label}.
func (d *decoder) quantity(n *Node, where string) *Quantity {
	switch n.Kind {
	case Scalar:
		if e := d.formula(n); e != nil {
			return &Quantity{Expr: e, Node: n}
		}
		return nil
	case Map:
		q := &Quantity{}
		for _, e := range n.Entries {
			if e.Value.Kind == Null {
				continue
			}
			switch e.Key {
			case "value":
				q.Node = e.Value
				q.Expr = d.formula(e.Value)
			case "source":
				q.Source = d.text(e.Value)
			case "grade":
				q.Grade = d.oneOf(e.Value, "grade", []string{"A", "B", "C", "D"})
			case "note":
				q.Note = d.text(e.Value)
			case "label":
				q.Label = d.text(e.Value)
			default:
				d.unknownKey(e, where, quantityKeys)
			}
		}
		if q.Node == nil {
			d.add("value_missing", n.At, diag.Args{"name": where, "key": "value", "example": "value: 40"})
		}
		if q.Expr == nil {
			return nil
		}
		return q
	}
	d.valueExpected(n)
	return nil
}

// valueExpected reports a list, a map or nothing where a value belongs. A list of two or three numbers was meant as a
// range.
func (d *decoder) valueExpected(n *Node) {
	var items []string
	for _, i := range n.Items {
		if i.Kind == Scalar && i.Text != "" {
			items = append(items, i.Text)
		}
	}
	instead := ""
	if len(items) == len(n.Items) && (len(items) == 2 || len(items) == 3) {
		instead = strings.Join(items, " .. ")
	}
	d.add("value_expected", n.At, diag.Args{"instead": instead})
}

// constant evaluates a plain number with a unit; formulas with names are refused.
func (d *decoder) constant(n *Node, what, example string) (*formula.Number, bool) {
	e := d.formula(n)
	if e == nil {
		return nil, false
	}
	if neg, ok := e.(*formula.Neg); ok {
		if x, ok := neg.X.(*formula.Number); ok {
			return &formula.Number{Span: neg.Span, Value: -x.Value, Text: "-" + x.Text, Unit: x.Unit}, true
		}
	}
	x, ok := e.(*formula.Number)
	if !ok {
		d.add("constant_expected", n.Inside(e.Place()), diag.Args{"what": what, "example": example})
		return nil, false
	}
	return x, true
}

// formulaNumber is the number of a scalar that is nothing else.
func formulaNumber(n *Node) (*formula.Number, bool) {
	e, err := formula.Parse(n.Text)
	if err != nil {
		return nil, false
	}
	x, ok := e.(*formula.Number)
	return x, ok
}

// dashed reports 46 - 60 EUR/h, which is a difference to the language and was meant as a range: two bare numbers of
// which the second is the greater, or has the unit of both.
func dashed(e formula.Expr) (low, high *formula.Number, yes bool) {
	b, ok := e.(*formula.Binary)
	if !ok || b.Op != "-" {
		return nil, nil, false
	}
	low, okL := b.X.(*formula.Number)
	high, okH := b.Y.(*formula.Number)
	if !okL || !okH || low.Unit.Text != "" && low.Unit.Text != high.Unit.Text {
		return nil, nil, false
	}
	return low, high, low.Value < high.Value || low.Unit.Text != high.Unit.Text
}

// months reads 36, 36 months or 3 years as a whole number of months between low and high.
func (d *decoder) months(n *Node, what string, low, high int) int {
	if text := yearMonth(strings.TrimSpace(n.Text)); text != "" && n.Kind == Scalar {
		d.add("months_date", n.At, diag.Args{"what": what, "text": text, "start": d.start, "months": monthsBetween(d.start, text)})
		return low
	}
	x, ok := d.constant(n, what, "6")
	if !ok {
		return low
	}
	v := x.Canonical()
	if x.Unit.Dim != quantity.Time && x.Unit.Text != "" {
		d.add("months_expected", n.Inside(x.Span), diag.Args{"what": what, "unit": x.Unit.Text})
		return low
	}
	if r := math.Round(v); math.Abs(v-r) > 1e-6 {
		d.add("months_whole", n.Inside(x.Span), diag.Args{"what": what, "value": v})
		return low
	} else if v = r; v < float64(low) || v > float64(high) {
		d.add("months_range", n.Inside(x.Span), diag.Args{"what": what, "value": v, "low": low, "high": high})
		return low
	}
	return int(v)
}

// rate reads an effective yearly rate: 8 %/year, 8 % or 0.08.
func (d *decoder) rate(n *Node, what string) float64 {
	x, ok := d.constant(n, what, "8 %/year")
	if !ok {
		return 0
	}
	v := x.Value
	if x.Unit.Percent {
		v /= 100
	}
	switch x.Unit.Text {
	case "", "%", "%/year", "/year":
	default:
		d.add("rate_per_year", n.Inside(x.Span), diag.Args{"what": what, "unit": x.Unit.Text})
		return 0
	}
	if x.Unit.Percent && v > 0 && v < 0.003 {
		d.found.Add(diag.Warn("rate_small", n.Inside(x.Span), diag.Args{"what": what, "rate": x.Value, "instead": formula.Format(x.Value*100) + " %/year", "text": x.Text + " %/year"}))
	}
	if v <= -1 || v > 1 {
		d.add("rate_range", n.Inside(x.Span), diag.Args{"what": what, "instead": x.Text + " %/year", "unit": x.Unit.Text})
		return 0
	}
	return v
}

// share reads 30 % or 0.3 between 0 and 1.
func (d *decoder) share(n *Node, what string) float64 {
	x, ok := d.constant(n, what, "30 %")
	if !ok {
		return 0
	}
	v := x.Canonical()
	if x.Unit.Dim != quantity.Plain || v < 0 || v > 1 {
		instead := ""
		if x.Unit.Text == "" {
			instead = x.Text + " %"
		}
		d.add("share_range", n.Inside(x.Span), diag.Args{"what": what, "instead": instead})
		return 0
	}
	return v
}
