package plan

// Term is one summand of a flow: a value per draw times a course over the months.
type Term struct {
	Coefficient *Node // Constant or PerDraw
	Curve       *Node // Constant, Monthly or PerCell
}

// maxTerms bounds how far a product of sums is multiplied out; a flow that would take more stays whole.
const maxTerms = 12

// Terms splits a flow into summands so that what varies by draw only is apart from the course over the months. Flows
// that share a course can then be added up draw by draw once instead of month by month. The slice belongs to the graph.
func (g *Graph) Terms(n *Node) []Term {
	// Kept, since a node may be reached on very many ways.
	if have, ok := g.terms[n]; ok {
		return have
	}
	t := g.split(n)
	g.terms[n] = t
	return t
}

func (g *Graph) split(n *Node) []Term {
	one := g.Constant(1)
	whole := []Term{{Coefficient: one, Curve: n}}
	switch {
	case n.Shape&Monthly == 0: // constants too: 0.5·curve shares its curve with 2·curve
		return []Term{{Coefficient: n, Curve: one}}
	case n.Shape&PerDraw == 0:
		return whole
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
		// Two sums are not multiplied out, nor a sum times a course of its own: that would make more courses, not fewer.
		sum := len(x) > 1 && (len(y) > 1 || y[0].Curve.Shape == PerCell) || len(y) > 1 && x[0].Curve.Shape == PerCell
		if sum || len(x)*len(y) > maxTerms {
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
	case OpIf:
		if n.X.Shape&PerDraw != 0 {
			return whole
		}
		// What is chosen by month is known now.
		y, z, zero := g.Terms(n.Y), g.Terms(n.Z), g.Constant(0)
		if len(y)+len(z) > maxTerms {
			return whole
		}
		var terms []Term
		for _, t := range y {
			terms = append(terms, Term{t.Coefficient, g.Apply(OpIf, n.X, t.Curve, zero)})
		}
		for _, t := range z {
			terms = append(terms, Term{t.Coefficient, g.Apply(OpIf, n.X, zero, t.Curve)})
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

// straight is what Affine has found of a node; a is nil where it is no straight line.
type straight struct{ a, b *Node }

// Affine reports whether n = A + B·month with A and B per draw, and returns them.
func (g *Graph) Affine(n *Node) (a, b *Node, ok bool) {
	l, have := g.straight[n]
	if !have {
		l = g.line(n)
		g.straight[n] = l
	}
	return l.a, l.b, l.a != nil
}

func (g *Graph) line(n *Node) straight {
	if n.Shape&Monthly == 0 {
		return straight{n, g.Constant(0)}
	}
	switch n.Op {
	case OpValue:
		offset, slope := n.Series[0], n.Series[1]-n.Series[0]
		for m, v := range n.Series {
			if v != offset+float64(slope*float64(m)) { // not fused
				return straight{}
			}
		}
		return straight{g.Constant(offset), g.Constant(slope)}
	case OpAdd, OpSub:
		a1, b1, ok1 := g.Affine(n.X)
		a2, b2, ok2 := g.Affine(n.Y)
		if ok1 && ok2 {
			return straight{g.Apply(n.Op, a1, a2), g.Apply(n.Op, b1, b2)}
		}
	case OpMul:
		x, y := n.X, n.Y
		if x.Shape&Monthly != 0 {
			x, y = y, x
		}
		if a, b, ok := g.Affine(y); ok && x.Shape&Monthly == 0 {
			return straight{g.Apply(OpMul, x, a), g.Apply(OpMul, x, b)}
		}
	case OpDiv:
		if a, b, ok := g.Affine(n.X); ok && n.Y.Shape&Monthly == 0 {
			return straight{g.Apply(OpDiv, a, n.Y), g.Apply(OpDiv, b, n.Y)}
		}
	}
	return straight{}
}
