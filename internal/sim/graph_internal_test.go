package sim

import (
	"context"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/plan"
)

// must is for distributions whose parameters are written in a test.
func must(d dist.Dist, err error) dist.Dist {
	if err != nil {
		panic(err)
	}
	return d
}

func mustRun(t testing.TB, g *plan.Graph, o Options) *Outcome {
	t.Helper()
	out, err := Run(context.Background(), g, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// newGraph is an empty graph at 8 % a year.
func newGraph(horizon, period int) *plan.Graph {
	timing := finance.TimingMonthly
	if period == 12 {
		timing = finance.TimingYearly
	}
	factors, err := finance.DiscountFactors(0.08, horizon, timing)
	if err != nil {
		panic(err)
	}
	return plan.New(horizon, factors, period)
}

// inputsOf reads the inputs of the first n draws again, from the run's own points: inputs[draw][input].
func inputsOf(o *Outcome, n int) [][]float64 {
	inputs := make([][]float64, n)
	for i := range inputs {
		inputs[i] = make([]float64, len(o.graph.Inputs))
	}
	bits := make([][]uint64, len(o.graph.Inputs))
	for i := range bits {
		bits[i] = make([]uint64, n)
		o.sampler.Fill(bits[i], o.dims[i], 0)
	}
	if copula, _ := copulaOf(o.graph); copula != nil {
		var rows [][]uint64
		for _, d := range copula.Dims() {
			rows = append(rows, bits[d])
		}
		copula.Apply(rows)
	}
	values := make([]float64, n)
	for i, in := range o.graph.Inputs {
		dist.NewTable(in.Dist).Fill(values, bits[i])
		for k, v := range values {
			inputs[k][i] = v
		}
	}
	return inputs
}

// builder makes random graphs of what cases are made of, with values that stay finite.
type builder struct {
	t     *rapid.T
	g     *plan.Graph
	draws []*plan.Node // constants and values per draw
	cells []*plan.Node // anything
}

// number is a multiple of 1/16: what nearly cancels would be left to rounding.
func (b *builder) number(low, high float64) *plan.Node {
	return b.g.Constant(float64(rapid.IntRange(int(low*16), int(high*16)).Draw(b.t, "number")) / 16)
}

func (b *builder) inputs(n int) {
	uniform := must(dist.Uniform(0.2, 2))
	for i := range n {
		d := rapid.SampledFrom([]dist.Dist{
			uniform, must(dist.Triangular(0, 1, 3)), must(dist.Choice([]float64{0, 1, 2.5}, []float64{0.2, 0.5, 0.3})),
			must(dist.Bernoulli(0.3)), must(dist.Normal(1, 0.4)), must(dist.MetalogPair(0.2, 3, dist.Positive)), must(dist.Constant(0.75)),
		}).Draw(b.t, "distribution")
		b.draws = append(b.draws, b.g.AddInput(fmt.Sprintf("u%d", i), d))
	}
	if n > 1 && rapid.Bool().Draw(b.t, "correlated") {
		b.g.Pairs = append(b.g.Pairs, plan.Pair{I: 0, J: n - 1, Rho: rapid.Float64Range(-0.9, 0.9).Draw(b.t, "rho")})
	}
	b.draws = append(b.draws, b.number(0.1, 2))
}

func (b *builder) series() *plan.Node {
	switch rapid.IntRange(0, 2).Draw(b.t, "series") {
	case 0:
		return b.g.Month()
	case 1:
		return b.g.Window(rapid.IntRange(0, b.g.Horizon).Draw(b.t, "from"), rapid.IntRange(0, b.g.Horizon).Draw(b.t, "to"))
	}
	values := make([]float64, b.g.Horizon+1)
	for m, v := range rapid.SliceOfN(rapid.IntRange(0, 32), b.g.Horizon+1, b.g.Horizon+1).Draw(b.t, "values") {
		values[m] = float64(v) / 16
	}
	return b.g.Series(values)
}

// line is a + b·month with a in −3 … 3 and b·horizon in −6 … 6, so that its exponential stays tame.
func (b *builder) line() *plan.Node {
	g := b.g
	draw := func() *plan.Node {
		return g.Apply(plan.OpMin, rapid.SampledFrom(b.draws).Draw(b.t, "draw"), g.Constant(3))
	}
	slope := g.Apply(plan.OpMul, g.Apply(plan.OpMul, draw(), b.number(-2, 2)), g.Constant(1/float64(g.Horizon)))
	return g.Apply(plan.OpAdd, draw(), g.Apply(plan.OpMul, slope, g.Month()))
}

// cell adds one value that may vary along both axes.
func (b *builder) cell() *plan.Node {
	g, t := b.g, b.t
	any := func() *plan.Node {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom(b.draws).Draw(t, "draw")
		case 1:
			return b.series()
		}
		if len(b.cells) == 0 {
			return b.line()
		}
		return rapid.SampledFrom(b.cells).Draw(t, "cell")
	}
	small := func() *plan.Node {
		return g.Apply(plan.OpMax, g.Constant(-2), g.Apply(plan.OpMin, any(), g.Constant(2)))
	}
	positive := func() *plan.Node { return g.Apply(plan.OpMax, any(), g.Constant(0.2)) }
	one := g.Constant(1)
	switch rapid.IntRange(0, 18).Draw(t, "operation") {
	case 0:
		return g.Apply(plan.OpExp, b.line())
	case 1, 2:
		return g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, g.Apply(plan.OpExp, b.line())))
	case 3:
		years := make([]float64, g.Horizon+1)
		first := rapid.IntRange(0, 3).Draw(t, "first")
		for m := range years {
			years[m] = float64(first + m/rapid.IntRange(1, 12).Draw(t, "every"))
			if m > 0 {
				years[m] = max(years[m-1], min(years[m], years[m-1]+1))
			}
		}
		base := g.Apply(plan.OpSub, one, g.Apply(plan.OpMul, rapid.SampledFrom(b.draws).Draw(t, "base"), g.Constant(0.1)))
		return g.Apply(plan.OpPow, base, g.Series(years))
	case 4:
		return g.Apply(plan.OpPow, positive(), small())
	case 5:
		return g.Apply(plan.OpStock, any(), g.Apply(plan.OpMul, small(), g.Constant(0.2)))
	case 6:
		return g.LagBy(any(), rapid.IntRange(1, g.Horizon+1).Draw(t, "lag"))
	case 7:
		return g.Apply(plan.OpIf, g.Apply(plan.OpLess, any(), any()), any(), any())
	case 8:
		return g.Apply(plan.OpIf, b.series(), any(), any())
	case 9:
		return g.Apply(plan.OpDiv, any(), positive())
	case 10:
		return g.Apply(plan.OpSqrt, g.Apply(plan.OpMax, any(), g.Constant(0)))
	case 11:
		return g.Apply(plan.OpLog, positive())
	case 12:
		return g.Apply(rapid.SampledFrom([]plan.Op{plan.OpMin, plan.OpMax}).Draw(t, "extreme"), any(), any())
	case 13:
		return g.Apply(plan.OpExp, small())
	case 14:
		return g.Apply(plan.OpSub, any(), any())
	case 15:
		return g.Apply(plan.OpMul, small(), any())
	case 16:
		return g.Apply(plan.OpMul, any(), b.series())
	case 17:
		return g.Apply(plan.OpLessEq, any(), any())
	}
	return g.Apply(plan.OpAdd, any(), any())
}

// lines makes some costs and benefits of what is there.
func (b *builder) lines(most int) {
	for i := range rapid.IntRange(1, most).Draw(b.t, "lines") {
		from := b.cells
		if len(from) == 0 || rapid.IntRange(0, 4).Draw(b.t, "other") == 0 {
			from = b.draws
		}
		n := rapid.SampledFrom(from).Draw(b.t, "flow")
		n = b.g.Apply(plan.OpMul, n, b.number(-5, 5))
		b.g.Lines = append(b.g.Lines, plan.Line{ID: fmt.Sprintf("l%d", i), Benefit: rapid.Bool().Draw(b.t, "benefit"), Flow: n})
	}
}

// randomGraph is a case with up to four inputs and up to twelve operations.
func randomGraph(t *rapid.T, horizon, period int) *plan.Graph {
	b := &builder{t: t, g: newGraph(horizon, period)}
	b.inputs(rapid.IntRange(0, 4).Draw(t, "inputs"))
	for range rapid.IntRange(0, 12).Draw(t, "cells") {
		b.cells = append(b.cells, b.cell())
	}
	b.lines(5)
	return b.g
}

// plainDraw is one draw computed the plain way.
type plainDraw struct {
	benefits, costs float64
	scale           float64 // all money moved, discounted or not
	net, cumulative []float64
	lines           []float64
	finite          bool
}

func plainly(g *plan.Graph, inputs []float64) plainDraw {
	d := plainDraw{net: make([]float64, g.Horizon+1), cumulative: make([]float64, g.Horizon+1), finite: true}
	for i, flow := range g.Evaluate(inputs) {
		pv := 0.0
		for m, v := range flow {
			d.finite = d.finite && math.Abs(v) < 1e9
			pv += v * g.Discount[m]
			d.scale += math.Abs(v)
			if g.Lines[i].Benefit {
				d.net[m] += v
			} else {
				d.net[m] -= v
			}
		}
		d.lines = append(d.lines, pv)
		if g.Lines[i].Benefit {
			d.benefits += pv
		} else {
			d.costs += pv
		}
	}
	sum := 0.0
	for m, v := range d.net {
		sum += v
		d.cumulative[m] = sum
	}
	return d
}

// series is the net flow as package finance wants it; partial reports that the last year is cut short.
func (d plainDraw) series(g *plan.Graph) (s finance.Series, partial bool) {
	if g.Period == 12 {
		return finance.Series{Net: finance.Yearly(d.net), Period: finance.Year}, g.Horizon%12 != 0
	}
	return finance.Series{Net: d.net, Period: finance.Month}, false
}
