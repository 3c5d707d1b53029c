package plan

// Term is one summand of a flow: a value per draw times a course over the months.
type Term struct {
	Coefficient *Node // Constant or PerDraw
	Curve       *Node // Constant, Monthly or PerCell
}

// maxTerms bounds how far a product of sums is multiplied out; a flow that would take more stays whole.
const maxTerms = 12

// Terms splits a flow into summands so that what varies by draw only is apart from the course over the months. Flows
// that share a course can then be added up draw by draw once instead of month by month.
func (g *Graph) Terms(n *Node) []Term {
	one := g.Constant(1)
	whole := []Term{{Coefficient: one, Curve: n}}
	switch {
	case n.Shape&PerDraw == 0:
		return whole
	case n.Shape&Monthly == 0:
		return []Term{{Coefficient: n, Curve: one}}
	}
	switch n.Op {
	case OpAdd, OpSub:
		x, y := g.Terms(n.X), g.Terms(n.Y)
		if len(x)+len(y) > maxTerms {
			return whole
		}
		sum := append([]Term(nil), x...)
		for _, t := range y {
			if n.Op == OpSub {
				t.Coefficient = g.Apply(OpSub, g.Constant(0), t.Coefficient)
			}
			sum = append(sum, t)
		}
		return g.merge(sum)
	case OpMul:
		x, y := g.Terms(n.X), g.Terms(n.Y)
		if len(x)*len(y) > maxTerms {
			return whole
		}
		var product []Term
		for _, a := range x {
			for _, b := range y {
				product = append(product, Term{g.Apply(OpMul, a.Coefficient, b.Coefficient), g.Apply(OpMul, a.Curve, b.Curve)})
			}
		}
		return g.merge(product)
	case OpDiv:
		if n.Y.Shape == PerCell {
			// x / y = x · (1 / y): the numerator's part per draw comes out.
			inverse := g.Apply(OpDiv, one, n.Y)
			var terms []Term
			for _, t := range g.Terms(n.X) {
				terms = append(terms, Term{t.Coefficient, g.Apply(OpMul, t.Curve, inverse)})
			}
			return g.merge(terms)
		}
		var terms []Term
		for _, t := range g.Terms(n.X) {
			if n.Y.Shape == Monthly {
				t.Curve = g.Apply(OpDiv, t.Curve, n.Y)
			} else {
				t.Coefficient = g.Apply(OpDiv, t.Coefficient, n.Y)
			}
			terms = append(terms, t)
		}
		return g.merge(terms)
	case OpLag:
		var terms []Term
		for _, t := range g.Terms(n.X) {
			terms = append(terms, Term{t.Coefficient, g.LagBy(t.Curve, n.Lag)})
		}
		return g.merge(terms)
	case OpStock:
		// A stock is linear in its inflow.
		var terms []Term
		for _, t := range g.Terms(n.X) {
			terms = append(terms, Term{t.Coefficient, g.Apply(OpStock, t.Curve, n.Y)})
		}
		return g.merge(terms)
	}
	return whole
}

// merge adds up the coefficients of equal curves.
func (g *Graph) merge(terms []Term) []Term {
	var out []Term
next:
	for _, t := range terms {
		if v, ok := t.Coefficient.Value(); ok && v == 0 {
			continue
		}
		if v, ok := t.Curve.Value(); ok && v == 0 {
			continue
		}
		for i := range out {
			if out[i].Curve == t.Curve {
				out[i].Coefficient = g.Apply(OpAdd, out[i].Coefficient, t.Coefficient)
				continue next
			}
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		out = []Term{{g.Constant(0), g.Constant(1)}}
	}
	return out
}

// Affine reports whether n = A + B·month with A and B per draw, and returns them.
func (g *Graph) Affine(n *Node) (a, b *Node, ok bool) {
	a, b = g.Constant(0), g.Constant(0)
	for _, t := range g.Terms(n) {
		offset, slope := 0.0, 0.0
		if v, constant := t.Curve.Value(); constant {
			offset = v
		} else if s := t.Curve.Series; t.Curve.Op == OpValue && len(s) > 1 {
			offset, slope = s[0], s[1]-s[0]
			for m, v := range s {
				if v != offset+slope*float64(m) {
					return nil, nil, false
				}
			}
		} else {
			return nil, nil, false
		}
		a = g.Apply(OpAdd, a, g.Apply(OpMul, t.Coefficient, g.Constant(offset)))
		b = g.Apply(OpAdd, b, g.Apply(OpMul, t.Coefficient, g.Constant(slope)))
	}
	return a, b, true
}
