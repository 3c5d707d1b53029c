package model

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

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
		for i, n := range e.Items {
			values[i] = n.Canonical()
		}
		bound := boundOf(e, w.share)
		if len(values) == 2 {
			q.Dist, err = dist.MetalogPair(values[0], values[1], bound)
		} else {
			q.Dist, err = dist.Metalog(values[0], values[1], values[2], bound)
		}
		b.distError(q, e, err, e.Unit.Scale, written(e))
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
		b.argumentCount(q, f, e)
		return
	}
	number := func(x formula.Expr) (float64, bool) {
		sign := 1.0
		if n, ok := x.(*formula.Neg); ok {
			sign, x = -1, n.X
		}
		n, ok := x.(*formula.Number)
		if !ok {
			b.add("distribution_number", q.at(x), diag.Args{"function": f.Name, "example": f.Example})
			return 0, false
		}
		if n.Unit.Text != "" {
			if unit.Text != "" && unit.Text != n.Unit.Text {
				b.add("range_units", q.at(n), diag.Args{"first": n.Unit.Text, "last": unit.Text, "instead": ""})
				return 0, false
			}
			if unit.Text == "" {
				unit = n.Unit
			}
		}
		return sign * n.Value, true
	}
	q.broken = true // until all is read
	var values, probabilities []float64
	for _, a := range e.Args {
		pair, isPair := a.(*formula.Pair)
		if isPair != (f.Name == "choice") {
			b.add("choice_form", q.at(a), diag.Args{"function": f.Name, "example": f.Example})
			return
		}
		if isPair {
			p, ok := pair.Probability.(*formula.Number)
			if !ok || p.Unit.Dim != quantity.Plain {
				b.add("distribution_number", q.at(pair.Probability), diag.Args{"function": f.Name, "example": f.Example})
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
	q.Dist, q.broken = d, false
	b.distError(q, e, err, s, "")
}

// argumentCount shows how a function is called that has too few or too many arguments.
func (b *builder) argumentCount(q *Quantity, f formula.Function, e *formula.Call) {
	q.broken = true
	b.add("argument_count", q.at(e), diag.Args{"function": f.Name, "have": len(e.Args), "example": f.Example})
}

// written is a range as the file has it, without its unit, for messages; sorted is the same with rising values.
func written(r *formula.Range) string {
	var parts []string
	for _, n := range r.Items {
		parts = append(parts, n.Text)
	}
	return strings.Join(parts, " .. ")
}

func sorted(r *formula.Range) string {
	items := slices.Clone(r.Items)
	slices.SortStableFunc(items, func(a, b *formula.Number) int { return cmp.Compare(a.Value, b.Value) })
	return written(&formula.Range{Items: items})
}

// distError reports parameters that no distribution has, in the unit of the file.
func (b *builder) distError(q *Quantity, e formula.Expr, err error, scale float64, text string) {
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
		if f, ok := v.(float64); ok {
			if slices.Contains([]string{"low", "middle", "likely", "high", "nearest", "mean", "sd"}, k) {
				f /= scale
			}
			v = trim(f)
			if k == "sum" {
				v = f
			}
		}
		args[k] = v
	}
	args["unit"], args["text"], args["sorted"] = q.Unit.Text, text, ""
	if r, ok := e.(*formula.Range); ok {
		args["sorted"] = sorted(r)
		if nearest, ok := p.Args["nearest"].(float64); ok {
			args["nearest"] = r.Items[0].Text + " .. " + middle(r, nearest/scale, q.share) + " .. " + r.Items[2].Text
		}
	}
	b.add(p.Code, q.at(e), args)
}

// middle is a middle value that goes with the ends of r, written with few digits and close to v, which goes.
func middle(r *formula.Range, v float64, share bool) string {
	low, high := r.Items[0].Canonical(), r.Items[2].Canonical()
	for digits := 1; digits <= 6; digits++ {
		step := math.Pow(10, math.Floor(math.Log10(r.Items[2].Value-r.Items[0].Value))-float64(digits)+1)
		for _, near := range []float64{math.Round(v / step), math.Floor(v / step), math.Ceil(v / step)} {
			x := near * step
			if math.Abs(x-v) > 0.05*(r.Items[2].Value-r.Items[0].Value) {
				continue
			}
			if _, err := dist.Metalog(low, x*r.Unit.Scale, high, boundOf(r, share)); err == nil {
				return trim(x)
			}
		}
	}
	return trim(v)
}

// boundOf is the bound that a range has by its unit and its values.
func boundOf(r *formula.Range, share bool) dist.Bound {
	positive := true
	share = r.Unit.IsShare() || share && r.Unit.Text == ""
	for _, n := range r.Items {
		v := n.Canonical()
		positive = positive && v > 0
		share = share && v > 0 && v < 1
	}
	switch {
	case share:
		return dist.Share
	case positive:
		return dist.Positive
	}
	return dist.Unbounded
}

// trim prints a number of the file's own language with at most ten digits.
func trim(v float64) string {
	return formula.String(&formula.Number{Text: formula.Format(v), Unit: quantity.Unit{Scale: 1}})
}

// Ranged is the distribution that q would have with other values of its range, in the unit of the file. ok is false where
// q is no range of three values, where no distribution has these, or where it would be bounded otherwise than today, so
// that the graph would be another.
func (q *Quantity) Ranged(low, middle, high float64) (d dist.Dist, ok bool) {
	r, isRange := q.Expr.(*formula.Range)
	if !isRange || len(r.Items) != 3 || q.Dist == nil {
		return nil, false
	}
	next := &formula.Range{Unit: r.Unit}
	for _, v := range []float64{low, middle, high} {
		next.Items = append(next.Items, &formula.Number{Value: v, Unit: r.Unit})
	}
	bound := boundOf(r, q.share)
	if boundOf(next, q.share) != bound {
		return nil, false
	}
	d, err := dist.Metalog(next.Items[0].Canonical(), next.Items[1].Canonical(), next.Items[2].Canonical(), bound)
	if err != nil {
		return nil, false
	}
	if least, most := d.Support(); least == most {
		return nil, false
	}
	return d, true
}
