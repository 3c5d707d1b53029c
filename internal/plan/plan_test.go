package plan_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/plan"
)

// operations are those of Apply with their number of operands.
var operations = []struct {
	op    plan.Op
	count int
}{
	{plan.OpAdd, 2}, {plan.OpSub, 2}, {plan.OpMul, 2}, {plan.OpDiv, 2}, {plan.OpPow, 2}, {plan.OpMin, 2}, {plan.OpMax, 2},
	{plan.OpLess, 2}, {plan.OpLessEq, 2}, {plan.OpEqual, 2}, {plan.OpExp, 1}, {plan.OpLog, 1}, {plan.OpSqrt, 1}, {plan.OpFloor, 1},
	{plan.OpIf, 3}, {plan.OpStock, 2},
}

// builder makes random graphs. It builds every value twice: in graph, where what is known is folded, and in bare, where
// every constant and series is made of inputs, so that nothing can be folded.
type builder struct {
	t           *rapid.T
	graph, bare *plan.Graph
	inputs      []float64 // of graph
	bareInputs  []float64
	pairs       []pair
}

type pair struct{ folded, bare *plan.Node }

func newBuilder(t *rapid.T) *builder {
	horizon := rapid.IntRange(1, 14).Draw(t, "horizon")
	discount := make([]float64, horizon+1)
	return &builder{t: t, graph: plan.New(horizon, discount, 1), bare: plan.New(horizon, discount, 1)}
}

var number = rapid.Custom(func(t *rapid.T) float64 {
	return rapid.SampledFrom([]float64{0, 1, -1, 2, 0.5, 12, rapid.Float64Range(-3, 3).Draw(t, "v"), rapid.Float64Range(0.1, 2).Draw(t, "p")}).Draw(t, "number")
})

func (b *builder) bareInput(v float64) *plan.Node {
	b.bareInputs = append(b.bareInputs, v)
	d, _ := dist.Constant(v)
	return b.bare.AddInput(fmt.Sprintf("x%d", len(b.bareInputs)), d)
}

// bareSeries is a series nothing can be folded of: Σ values[m]·(month = m) with inputs for the values.
func (b *builder) bareSeries(values []float64) *plan.Node {
	g, sum := b.bare, b.bareInput(0)
	for m, v := range values {
		at := g.Apply(plan.OpEqual, g.Month(), b.bareInput(float64(m)))
		sum = g.Apply(plan.OpIf, at, b.bareInput(v), sum)
	}
	return sum
}

func (b *builder) leaf() pair {
	t, g := b.t, b.graph
	switch rapid.SampledFrom([]string{"constant", "input", "series", "month", "window", "powers"}).Draw(t, "leaf") {
	case "constant":
		v := number.Draw(t, "constant")
		return pair{g.Constant(v), b.bareInput(v)}
	case "input":
		v := rapid.Float64Range(-2, 3).Draw(t, "input")
		d, _ := dist.Constant(v)
		b.inputs = append(b.inputs, v)
		return pair{g.AddInput(fmt.Sprintf("u%d", len(b.inputs)), d), b.bareInput(v)}
	case "series":
		values := rapid.SliceOfN(number, g.Horizon+1, g.Horizon+1).Draw(t, "series")
		return pair{g.Series(values), b.bareSeries(values)}
	case "window":
		from, to := rapid.IntRange(-1, g.Horizon).Draw(t, "from"), rapid.IntRange(0, g.Horizon+2).Draw(t, "to")
		values := make([]float64, g.Horizon+1)
		for m := range values {
			if m >= from && m <= to {
				values[m] = 1
			}
		}
		return pair{g.Window(from, to), b.bareSeries(values)}
	case "powers": // whole exponents that grow by at most one a month, as of a price that rises each year
		values, v := make([]float64, g.Horizon+1), float64(rapid.IntRange(0, 2).Draw(t, "first"))
		for m := range values {
			values[m] = v
			v += float64(rapid.IntRange(0, 1).Draw(t, "step"))
		}
		return pair{g.Series(values), b.bareSeries(values)}
	}
	values := make([]float64, g.Horizon+1)
	for m := range values {
		values[m] = float64(m)
	}
	return pair{g.Month(), b.bareSeries(values)}
}

// grow adds n random operations over what is there.
func (b *builder) grow(leaves, n int) {
	for range leaves {
		b.pairs = append(b.pairs, b.leaf())
	}
	for range n {
		pick := func() pair { return rapid.SampledFrom(b.pairs).Draw(b.t, "operand") }
		if rapid.IntRange(0, 9).Draw(b.t, "lag") == 0 {
			p, k := pick(), rapid.IntRange(0, b.graph.Horizon+1).Draw(b.t, "months")
			b.pairs = append(b.pairs, pair{b.graph.LagBy(p.folded, k), b.bare.LagBy(p.bare, k)})
			continue
		}
		o := rapid.SampledFrom(operations).Draw(b.t, "operation")
		var folded, bare []*plan.Node
		for range o.count {
			p := pick()
			folded, bare = append(folded, p.folded), append(bare, p.bare)
		}
		b.pairs = append(b.pairs, pair{b.graph.Apply(o.op, folded...), b.bare.Apply(o.op, bare...)})
	}
}

func tame(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return !(math.Abs(v) < 1e6) })
}

// A folded graph, with its short cuts (x·1, x^2, lag beyond the horizon, …), means the same as one where nothing is known.
func TestFoldingIsEvaluation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(rapid.IntRange(2, 5).Draw(t, "leaves"), rapid.IntRange(1, 12).Draw(t, "operations"))
		folded, bare := b.graph.EvaluateNodes(b.inputs), b.bare.EvaluateNodes(b.bareInputs)
		for i, p := range b.pairs {
			want := bare[p.bare.ID]
			if !tame(want) {
				return // 0·∞ is 0 where it is known and NaN where not; what comes of it cannot be compared
			}
			for m, v := range folded[p.folded.ID] {
				// x² is x·x and x^½ is √x, so the last place may differ.
				if math.Abs(v-want[m]) > 1e-12*(1+math.Abs(want[m])) {
					t.Fatalf("value %d (%v) in month %d: folded %v, evaluated %v", i, p.folded.Op, m, v, want[m])
				}
			}
		}
	})
}

// A node says along which axes it varies: a constant and a value per draw are equal in all months, and what does not vary
// by draw does not change with the inputs.
func TestShapesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(4, rapid.IntRange(1, 12).Draw(t, "operations"))
		others := make([]float64, len(b.inputs))
		for i := range others {
			others[i] = rapid.Float64Range(-2, 3).Draw(t, "other")
		}
		one, two := b.graph.EvaluateNodes(b.inputs), b.graph.EvaluateNodes(others)
		for _, n := range b.graph.Nodes() {
			for m, v := range one[n.ID] {
				if n.Shape&plan.Monthly == 0 && math.Float64bits(v) != math.Float64bits(one[n.ID][0]) {
					t.Fatalf("%v of shape %d varies by month: %v", n.Op, n.Shape, one[n.ID])
				}
				if n.Shape&plan.PerDraw == 0 && math.Float64bits(v) != math.Float64bits(two[n.ID][m]) {
					t.Fatalf("%v of shape %d varies by draw", n.Op, n.Shape)
				}
			}
		}
	})
}

// Evaluate lets go of what no line needs any more; the lines are those of EvaluateNodes.
func TestEvaluateGivesTheLinesOfEvaluateNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(4, rapid.IntRange(1, 15).Draw(t, "operations"))
		for i := range rapid.IntRange(1, 4).Draw(t, "lines") {
			flow := rapid.SampledFrom(b.pairs).Draw(t, "flow").folded
			b.graph.Lines = append(b.graph.Lines, plan.Line{ID: fmt.Sprint(i), Flow: flow})
		}
		nodes, flows := b.graph.EvaluateNodes(b.inputs), b.graph.Evaluate(b.inputs)
		for i, l := range b.graph.Lines {
			for m, v := range nodes[l.Flow.ID] {
				if math.Float64bits(v) != math.Float64bits(flows[i][m]) {
					t.Fatalf("line %d in month %d: %v, want %v", i, m, flows[i][m], v)
				}
			}
		}
	})
}

// Equal operations are one node, in either order where the order does not matter, and no two nodes are equal.
func TestEqualOperationsAreOneNode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(4, rapid.IntRange(1, 12).Draw(t, "operations"))
		g := b.graph
		before := len(g.Nodes())
		for _, n := range slices.Clone(g.Nodes()) {
			var again *plan.Node
			switch n.Op {
			case plan.OpValue:
				again = g.Series(n.Series)
			case plan.OpInput:
				continue
			case plan.OpLag:
				again = g.LagBy(n.X, n.Lag)
			case plan.OpAdd, plan.OpMul:
				again = g.Apply(n.Op, n.Y, n.X)
			default:
				var args []*plan.Node
				for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
					if x != nil {
						args = append(args, x)
					}
				}
				again = g.Apply(n.Op, args...)
			}
			if again != n {
				t.Fatalf("%v is made twice: nodes %d and %d", n.Op, n.ID, again.ID)
			}
		}
		if len(g.Nodes()) != before {
			t.Fatalf("making everything again added %d nodes", len(g.Nodes())-before)
		}
		seen := map[string]bool{}
		for i, n := range g.Nodes() {
			if n.ID != i {
				t.Fatalf("node %d stands at place %d", n.ID, i)
			}
			key := fmt.Sprint(n.Op, n.Input, n.Lag)
			for _, x := range []*plan.Node{n.X, n.Y, n.Z} {
				if x == nil {
					key += " –"
					continue
				}
				key += fmt.Sprint(" ", x.ID)
				if x.ID >= n.ID {
					t.Fatalf("node %d comes before its operand %d", n.ID, x.ID)
				}
			}
			for _, v := range n.Series {
				key += fmt.Sprintf(" %x", math.Float64bits(v))
			}
			if seen[key] {
				t.Fatalf("two nodes are equal: %s", key)
			}
			seen[key] = true
		}
	})
}

// The summands of Terms add up to the value, their coefficients vary by draw at most, and no curve stands twice.
func TestTermsAddUpToTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(rapid.IntRange(2, 5).Draw(t, "leaves"), rapid.IntRange(1, 12).Draw(t, "operations"))
		g := b.graph
		nodes := slices.Clone(g.Nodes())
		terms := make([][]plan.Term, len(nodes))
		for i, n := range nodes {
			terms[i] = g.Terms(n)
		}
		values := g.EvaluateNodes(b.inputs)
		for i, n := range nodes {
			curves := map[*plan.Node]bool{}
			wild := false
			for _, term := range terms[i] {
				if term.Coefficient.Shape&plan.Monthly != 0 {
					t.Fatalf("%v: a coefficient varies by month", n.Op)
				}
				if term.Curve.Shape == plan.PerDraw {
					t.Fatalf("%v: a curve varies by draw only", n.Op)
				}
				if curves[term.Curve] {
					t.Fatalf("%v: a curve stands twice", n.Op)
				}
				curves[term.Curve] = true
				wild = wild || !tame(values[term.Coefficient.ID]) || !tame(values[term.Curve.ID])
			}
			if wild || !tame(values[n.ID]) || n.X != nil && !tame(values[n.X.ID]) || n.Y != nil && !tame(values[n.Y.ID]) {
				continue
			}
			for m, want := range values[n.ID] {
				sum, scale := 0.0, 1.0
				for _, term := range terms[i] {
					p := values[term.Coefficient.ID][m] * values[term.Curve.ID][m]
					sum += p
					scale += math.Abs(p)
				}
				// What is multiplied out may lose digits where terms nearly cancel: measured against the terms.
				if math.Abs(sum-want) > 1e-9*scale {
					t.Fatalf("%v in month %d: terms give %v, the value is %v", n.Op, m, sum, want)
				}
			}
		}
	})
}

// Affine finds a straight line where there is one, whatever it is made of.
func TestAffineFindsStraightLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder(t)
		b.grow(4, rapid.IntRange(1, 10).Draw(t, "operations"))
		g := b.graph
		nodes := slices.Clone(g.Nodes())
		type line struct{ n, a, b *plan.Node }
		var lines []line
		for _, n := range nodes {
			if a, s, ok := g.Affine(n); ok {
				if a.Shape&plan.Monthly != 0 || s.Shape&plan.Monthly != 0 {
					t.Fatalf("%v: offset or slope varies by month", n.Op)
				}
				lines = append(lines, line{n, a, s})
			}
		}
		values := g.EvaluateNodes(b.inputs)
		for _, l := range lines {
			a, slope := values[l.a.ID][0], values[l.b.ID][0]
			if !tame(values[l.n.ID]) || !tame([]float64{a, slope}) {
				continue
			}
			for m, want := range values[l.n.ID] {
				if got := a + slope*float64(m); math.Abs(got-want) > 1e-9*(1+math.Abs(a)+math.Abs(slope)*float64(m)) {
					t.Fatalf("%v in month %d: %v, want %v", l.n.Op, m, got, want)
				}
			}
		}
	})
}

func TestAffineOfTheAdoptionCurve(t *testing.T) {
	g := plan.New(36, make([]float64, 37), 1)
	d, _ := dist.Uniform(4, 14)
	k := g.Apply(plan.OpDiv, g.Constant(4.8), g.AddInput("months_to_90", d))
	exponent := g.Apply(plan.OpSub, g.Constant(2.5), g.Apply(plan.OpMul, k, g.Month()))
	if _, _, ok := g.Affine(exponent); !ok {
		t.Error("2.5 − k·month is not seen as a straight line")
	}
	if _, _, ok := g.Affine(g.Apply(plan.OpMul, exponent, g.Month())); ok {
		t.Error("a parabola is seen as a straight line")
	}
	if _, _, ok := g.Affine(g.Apply(plan.OpMul, k, g.Window(3, 9))); ok {
		t.Error("a window is seen as a straight line")
	}
}

// A value that is reached on 2^60 ways is split once.
func TestTermsOfSharedValuesAreSplitOnce(t *testing.T) {
	g := plan.New(12, make([]float64, 13), 1)
	d, _ := dist.Uniform(1, 2)
	n := g.Apply(plan.OpMul, g.AddInput("u", d), g.Month())
	for range 60 {
		n = g.Apply(plan.OpAdd, n, g.Apply(plan.OpMul, n, g.Constant(0.5)))
	}
	terms := g.Terms(n)
	if len(terms) != 1 {
		t.Fatalf("%d terms, want 1", len(terms))
	}
	values := g.EvaluateNodes([]float64{1.5})
	// u·month·1.5^60
	if got, want := values[terms[0].Coefficient.ID][0]*values[terms[0].Curve.ID][12], 1.5*12*math.Pow(1.5, 60); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("the terms give %v, want %v", got, want)
	}
}

// The meaning of the operations that look at more than one month, by hand.
func TestLagAndStock(t *testing.T) {
	g := plan.New(4, make([]float64, 5), 1)
	d, _ := dist.Uniform(0, 10)
	u := g.AddInput("u", d)
	series := g.Series([]float64{5, 1, 2, 3, 4})
	tests := []struct {
		name string
		node *plan.Node
		want []float64
	}{
		{"what is lagged is 0 before month 0", g.LagBy(series, 2), []float64{0, 0, 5, 1, 2}},
		{"an uncertain value is lagged too", g.LagBy(u, 3), []float64{0, 0, 0, 7, 7}},
		{"no lag is no change", g.LagBy(u, 0), []float64{7, 7, 7, 7, 7}},
		{"beyond the horizon nothing is left", g.LagBy(u, 5), []float64{0, 0, 0, 0, 0}},
		{"a stock is empty in month 0 and fills from month 1", g.Apply(plan.OpStock, series, g.Constant(0)), []float64{0, 1, 3, 6, 10}},
		{"a stock loses a share of last month's level", g.Apply(plan.OpStock, u, g.Constant(0.5)), []float64{0, 7, 10.5, 12.25, 13.125}},
		{"a stock of a constant varies by month", g.Apply(plan.OpStock, g.Constant(2), g.Constant(1)), []float64{0, 2, 2, 2, 2}},
		{"the loss may vary by month", g.Apply(plan.OpStock, g.Constant(1), g.Series([]float64{1, 1, 0, 0.5, 1})), []float64{0, 1, 2, 2, 1}},
	}
	values := g.EvaluateNodes([]float64{7})
	for _, test := range tests {
		if got := values[test.node.ID]; !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestIfTakesTheBranchThatIsChosen(t *testing.T) {
	g := plan.New(3, make([]float64, 4), 1)
	d, _ := dist.Uniform(0, 10)
	u := g.AddInput("u", d)
	infinite := g.Apply(plan.OpDiv, u, g.Month()) // u/0 in month 0
	n := g.Apply(plan.OpIf, g.Window(1, 3), infinite, g.Constant(0))
	terms := g.Terms(n)
	values := g.EvaluateNodes([]float64{6})
	if got, want := values[n.ID], []float64{0, 6, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("if(window, u/month, 0) is %v, want %v", got, want)
	}
	if len(terms) != 1 || terms[0].Curve.Shape&plan.PerDraw != 0 {
		t.Errorf("u·(a known course) is split into %d terms, the first with a curve of shape %d", len(terms), terms[0].Curve.Shape)
	}
}

func TestMedians(t *testing.T) {
	g := plan.New(1, make([]float64, 2), 1)
	u, _ := dist.Uniform(0, 10)
	b, _ := dist.Bernoulli(0.3)
	g.AddInput("u", u)
	g.AddInput("b", b)
	if got := g.Medians(); !slices.Equal(got, []float64{5, 0}) {
		t.Errorf("medians %v, want 5 and 0", got)
	}
}
