package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/plan"
)

// quantile is definition 7 of Hyndman & Fan (1996) on a sorted copy.
func quantile(v []float64, p float64) float64 {
	s := slices.Sorted(slices.Values(v))
	h := p * float64(len(s)-1)
	k := int(h)
	if k+1 == len(s) {
		return s[k]
	}
	return s[k] + (h-float64(k))*(s[k+1]-s[k])
}

// againstPlain compares every figure of a run with the plain evaluation of the graph and with package finance, each to
// 1e-9 of the money moved.
func againstPlain(t failer, g *plan.Graph, out *Outcome) {
	draws := len(out.NPV)
	plain := make([]plainDraw, draws)
	allFinite, largest := true, 0.0
	for i, in := range inputsOf(out, draws) {
		plain[i] = plainly(g, in)
		allFinite = allFinite && plain[i].finite
		largest = max(largest, plain[i].scale)
	}
	for i, d := range plain {
		if !d.finite {
			continue
		}
		tolerance := 1e-9 * (1 + d.scale)
		check := func(what string, got, want, tolerance float64) {
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > tolerance {
				t.Fatalf("draw %d: %s is %v, plainly %v", i, what, got, want)
			}
		}
		check("NPV", out.NPV[i], d.benefits-d.costs, tolerance)
		check("PV of benefits", out.Benefits[i], d.benefits, tolerance)
		if roi, ok := finance.ROI(d.benefits, d.costs); ok && d.costs > 1e-6*(1+d.scale) {
			check("ROI", out.ROI[i], roi, 1e-9*(1+math.Abs(roi))*(1+d.scale/d.costs))
		} else if !ok && d.costs < -tolerance {
			check("ROI", out.ROI[i], math.NaN(), 0)
		}
		series, partial := d.series(g)
		funding, _, err := finance.PeakFunding(series.Net)
		if err != nil {
			t.Fatalf("draw %d: %v", i, err)
		}
		check("peak funding", out.Funding[i], funding, tolerance)
		month, ok := series.BreakEven()
		if !ok {
			month = math.NaN()
		}
		before, sum, close := 0.0, 0.0, false
		steepness := math.Inf(1) // slope of the cumulative where it crosses zero
		for _, v := range series.Net {
			sum += v
			close = close || math.Abs(sum) < 10*tolerance && v != 0
			if before < 0 && sum >= 0 {
				steepness = (sum - before) / float64(series.Period)
			}
			before = sum
		}
		if partial && ok {
			// A last year that is cut short ends at the horizon, not twelve months after the year before.
			whole := float64(g.Horizon / 12 * 12)
			if month > whole {
				month = whole + (month-whole)*(float64(g.Horizon)-whole)/12
			}
		}
		if !close { // else rounding decides; TestBreakEvenAtExactlyZero
			check("break-even", out.BreakEven[i], month, 1e-9*(1+month)+tolerance/steepness)
		}
	}
	if !allFinite {
		return
	}
	column := make([]float64, draws)
	for m := range g.Horizon + 1 {
		for i, d := range plain {
			column[i] = d.cumulative[m]
		}
		for k, level := range levels {
			if got, want := out.Cumulative[m][k], quantile(column, level); math.Abs(got-want) > 1e-9*(1+largest) {
				t.Fatalf("P%v of the cumulative flow in month %d is %v, plainly %v", level*100, m, got, want)
			}
		}
	}
	for l := range g.Lines {
		mean := 0.0
		for i, d := range plain {
			column[i] = d.lines[l]
			mean += d.lines[l] / float64(draws)
		}
		for k, level := range levels {
			if got, want := out.Lines[l][k], quantile(column, level); math.Abs(got-want) > 1e-9*(1+largest) {
				t.Fatalf("P%v of line %d is %v, plainly %v", level*100, l, got, want)
			}
		}
		if math.Abs(out.LineMeans[l]-mean) > 1e-9*(1+largest) {
			t.Fatalf("the mean of line %d is %v, plainly %v", l, out.LineMeans[l], mean)
		}
	}
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Fatalf(format string, args ...any)
}

func TestTilesAgreeWithThePlainEvaluation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		horizon := rapid.SampledFrom([]int{1, 2, 5, 12, 24, 30, 37}).Draw(t, "horizon")
		g := randomGraph(t, horizon, rapid.SampledFrom([]int{1, 12}).Draw(t, "period"))
		o := Options{
			Draws: rapid.SampledFrom([]int{1, 2, 3, 5, 64, 67, 130}).Draw(t, "draws"), Seed: rapid.Uint64().Draw(t, "seed"),
			Pseudo: rapid.Bool().Draw(t, "pseudo"), TileSize: rapid.SampledFrom([]int{0, 1, 8, 64}).Draw(t, "tile"), Workers: 2,
		}
		out, err := Run(t.Context(), g, o)
		if err != nil {
			t.Fatalf("%v", err)
		}
		againstPlain(t, g, out)
	})
}

func TestTilesAgreeOverTheLongestHorizon(t *testing.T) {
	for _, period := range []int{1, 12} {
		g := newGraph(600, period)
		u, v := g.AddInput("u", must(dist.Uniform(4, 14))), g.AddInput("v", must(dist.Uniform(0, 0.06)))
		one := g.Constant(1)
		exponent := g.Apply(plan.OpSub, g.Constant(math.Log(38.0/3)), g.Apply(plan.OpMul, g.Apply(plan.OpDiv, g.Constant(4.8), u), g.Month()))
		adoption := g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, g.Apply(plan.OpExp, exponent)))
		years := make([]float64, 601)
		for m := range years {
			years[m] = math.Max(0, math.Floor(float64(m-1)/12))
		}
		price := g.Apply(plan.OpPow, g.Apply(plan.OpAdd, one, v), g.Series(years)) // up to 1.06^49
		growth := g.Apply(plan.OpExp, g.Apply(plan.OpMul, g.Apply(plan.OpMul, v, g.Constant(0.1)), g.Month()))
		g.Lines = []plan.Line{
			{ID: "outlay", Flow: g.Apply(plan.OpMul, u, g.Window(0, 0))},
			{ID: "licences", Flow: g.Apply(plan.OpMul, price, g.Constant(0.01))},
			{ID: "use", Benefit: true, Flow: g.Apply(plan.OpMul, adoption, u)},
			{ID: "growth", Benefit: true, Flow: growth},
			{ID: "saved", Benefit: true, Flow: g.Apply(plan.OpStock, adoption, v)},
			{ID: "later", Benefit: true, Flow: g.LagBy(adoption, 599)},
		}
		out := mustRun(t, g, Options{Draws: 37, Seed: 3})
		againstPlain(t, g, out)
	}
}

// Exponents that start or end beyond what a float64 holds cannot be stepped by multiplication.
func TestExponentialsOutOfRange(t *testing.T) {
	for _, slope := range []float64{-800, -600.5, -30, -2, -1e-3, 0, 1e-3, 2, 30, 600.5, 800} {
		for _, offset := range []float64{-1e4, -750, -720, -640, 0, 640, 705, 750, 1e4} {
			g := newGraph(24, 1)
			// The inputs are inputs to keep the values per draw; a choice makes some draws tame and some not.
			a := g.AddInput("a", must(dist.Choice([]float64{offset, 1}, []float64{0.5, 0.5})))
			b := g.AddInput("b", must(dist.Choice([]float64{slope, -0.1}, []float64{0.5, 0.5})))
			one := g.Constant(1)
			e := g.Apply(plan.OpExp, g.Apply(plan.OpAdd, a, g.Apply(plan.OpMul, b, g.Month())))
			g.Lines = []plan.Line{
				{ID: "cost", Flow: g.Constant(0.4)},
				{ID: "logistic", Benefit: true, Flow: g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, e))},
				{ID: "capped", Benefit: true, Flow: g.Apply(plan.OpMin, e, g.Constant(7))},
			}
			againstPlain(t, g, mustRun(t, g, Options{Draws: 66, Seed: 5, TileSize: 32}))
			g.Lines = g.Lines[:2] // one curve alone takes the fused loops
			againstPlain(t, g, mustRun(t, g, Options{Draws: 66, Seed: 5, TileSize: 32}))
		}
	}
}

// Every kind of value as a flow by itself, as one curve among others, and as part of a value that is computed plainly.
func TestEveryKindOfCurve(t *testing.T) {
	const horizon = 30
	rising, falling, jumping, wave := make([]float64, horizon+1), make([]float64, horizon+1), make([]float64, horizon+1), make([]float64, horizon+1)
	for m := range rising {
		rising[m], falling[m], jumping[m], wave[m] = float64(3+m/12), float64(9-m/4), float64(m/12*2), float64(m%5)
	}
	kinds := map[string]func(g *plan.Graph, u, v *plan.Node) *plan.Node{
		"exponential": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpExp, g.Apply(plan.OpSub, v, g.Apply(plan.OpMul, g.Apply(plan.OpMul, u, g.Constant(0.1)), g.Month())))
		},
		"logistic": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			one := g.Constant(1)
			return g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, g.Apply(plan.OpExp, g.Apply(plan.OpSub, v, g.Apply(plan.OpMul, u, g.Month())))))
		},
		"powers from 3":   func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpPow, u, g.Series(rising)) },
		"falling powers":  func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpPow, u, g.Series(falling)) },
		"jumping powers":  func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpPow, u, g.Series(jumping)) },
		"wave":            func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpMul, u, g.Series(wave)) },
		"wave less value": func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpSub, g.Series(wave), u) },
		"known over uncertain": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpDiv, g.Series(wave), g.Apply(plan.OpAdd, u, g.Apply(plan.OpExp, g.Apply(plan.OpMul, v, g.Constant(-1)))))
		},
		"stock": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpStock, g.Series(wave), g.Apply(plan.OpMul, u, g.Constant(0.1)))
		},
		"stock with a known loss": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpStock, g.Apply(plan.OpMin, v, g.Apply(plan.OpMul, u, g.Month())), g.Series(wave))
		},
		"lag": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.LagBy(g.Apply(plan.OpMin, v, g.Apply(plan.OpMul, u, g.Month())), 7)
		},
		"chosen by month": func(g *plan.Graph, u, v *plan.Node) *plan.Node { return g.Apply(plan.OpIf, g.Window(5, 9), u, v) },
		"a known course or a curve": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpMin, g.Apply(plan.OpIf, g.Window(5, 9), g.Series(wave), g.Apply(plan.OpMul, u, g.Month())), v)
		},
		"chosen by draw": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpIf, g.Apply(plan.OpLess, u, v), g.Month(), u)
		},
		"chosen by cell": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpIf, g.Apply(plan.OpLessEq, g.Apply(plan.OpMul, u, g.Constant(9)), g.Month()), u, v)
		},
		"floor": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpFloor, g.Apply(plan.OpMul, u, g.Month()))
		},
		"root": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpSqrt, g.Apply(plan.OpAdd, v, g.Apply(plan.OpMul, u, g.Month())))
		},
		"equality": func(g *plan.Graph, u, v *plan.Node) *plan.Node {
			return g.Apply(plan.OpEqual, g.Apply(plan.OpFloor, g.Apply(plan.OpMul, u, g.Constant(9))), g.Month())
		},
	}
	uses := map[string]func(g *plan.Graph, u, v, n *plan.Node){
		"alone": func(g *plan.Graph, u, v, n *plan.Node) {
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: n}, {ID: "c", Flow: g.Apply(plan.OpMul, g.Constant(9), g.Window(0, 0))}}
		},
		"shared": func(g *plan.Graph, u, v, n *plan.Node) {
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, n, u)}, {ID: "c", Flow: g.Apply(plan.OpMul, v, n)}, {ID: "d", Flow: v}}
		},
		"a sum of two curves": func(g *plan.Graph, u, v, n *plan.Node) {
			other := g.Apply(plan.OpMul, v, g.Apply(plan.OpExp, g.Apply(plan.OpMul, u, g.Apply(plan.OpMul, g.Constant(-0.1), g.Month()))))
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpAdd, g.Apply(plan.OpMul, u, n), g.Apply(plan.OpAdd, other, v))}}
		},
		"inside": func(g *plan.Graph, u, v, n *plan.Node) {
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMin, g.Apply(plan.OpAdd, n, g.LagBy(n, 1)), g.Constant(2))}}
		},
		"with a fixed share": func(g *plan.Graph, u, v, n *plan.Node) {
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, n, g.Constant(2.5))}, {ID: "c", Flow: g.Apply(plan.OpSub, g.Constant(1), n)}}
		},
	}
	for kind, make := range kinds {
		for use, lines := range uses {
			for _, period := range []int{1, 12} {
				t.Run(fmt.Sprintf("%s, %s, %d", kind, use, period), func(t *testing.T) {
					g := newGraph(horizon, period)
					u, v := g.AddInput("u", must(dist.Uniform(0.5, 1.5))), g.AddInput("v", must(dist.Triangular(0.5, 1, 3)))
					lines(g, u, v, make(g, u, v))
					againstPlain(t, g, mustRun(t, g, Options{Draws: 70, Seed: 4, TileSize: 32}))
				})
			}
		}
	}
}

// The cheaper forms are taken where they are meant to be; without this the other tests would not test them.
func TestCheaperFormsAreTaken(t *testing.T) {
	g := newGraph(24, 1)
	u := g.AddInput("u", must(dist.Uniform(1, 2)))
	one := g.Constant(1)
	e := g.Apply(plan.OpExp, g.Apply(plan.OpMul, u, g.Month()))
	rising, falling, jumping, broken := make([]float64, 25), make([]float64, 25), make([]float64, 25), make([]float64, 25)
	for m := range rising {
		rising[m], falling[m], jumping[m], broken[m] = float64(m/12), float64(3-m/12), float64(m/12*2), float64(m)/12
	}
	tests := []struct {
		name string
		node *plan.Node
		want code
	}{
		{"the exponential of a straight line", e, expLine},
		{"the logistic curve", g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, e)), logistic},
		{"the logistic curve, the other way round", g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, e, one)), logistic},
		{"a price that rises every year", g.Apply(plan.OpPow, u, g.Series(rising)), powStep},
		{"a power that falls is no step", g.Apply(plan.OpPow, u, g.Series(falling)), plain},
		{"a power that grows by two is no step", g.Apply(plan.OpPow, u, g.Series(jumping)), plain},
		{"a power that is no whole number is no step", g.Apply(plan.OpPow, u, g.Series(broken)), plain},
		{"2/(1 + e^x) is not the logistic curve", g.Apply(plan.OpDiv, g.Constant(2), g.Apply(plan.OpAdd, one, e)), plain},
		{"the exponential of a curve", g.Apply(plan.OpExp, e), plain},
	}
	for _, test := range tests {
		c := &compiler{g: g}
		if got := c.chooseForm(test.node).code; got != test.want {
			t.Errorf("%s: form %d, want %d", test.name, got, test.want)
		}
	}
}

func TestCasesAtTheEdge(t *testing.T) {
	u := must(dist.Uniform(1, 2))
	tests := []struct {
		name string
		make func(g *plan.Graph)
	}{
		{"no lines", func(*plan.Graph) {}},
		{"no inputs", func(g *plan.Graph) {
			g.Lines = []plan.Line{{ID: "c", Flow: g.Apply(plan.OpMul, g.Constant(10), g.Window(0, 0))}, {ID: "b", Benefit: true, Flow: g.Constant(1)}}
		}},
		{"costs only", func(g *plan.Graph) { g.Lines = []plan.Line{{ID: "c", Flow: g.AddInput("u", u)}} }},
		{"benefits only", func(g *plan.Graph) { g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.AddInput("u", u)}} }},
		{"an input nobody uses", func(g *plan.Graph) {
			g.AddInput("unused", u)
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.AddInput("u", u)}}
		}},
		{"a cost that is an income", func(g *plan.Graph) {
			g.Lines = []plan.Line{{ID: "c", Flow: g.Apply(plan.OpSub, g.Constant(0), g.AddInput("u", u))}}
		}},
		{"two lines of one flow", func(g *plan.Graph) {
			n := g.Apply(plan.OpMul, g.AddInput("u", u), g.Month())
			g.Lines = []plan.Line{{ID: "c", Flow: n}, {ID: "b", Benefit: true, Flow: n}}
		}},
		{"a lag of the whole horizon", func(g *plan.Graph) {
			n := g.LagBy(g.Apply(plan.OpExp, g.Apply(plan.OpMul, g.AddInput("u", u), g.Month())), g.Horizon)
			g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: n}}
		}},
	}
	for _, test := range tests {
		for _, horizon := range []int{1, 24} {
			for _, period := range []int{1, 12} {
				for _, draws := range []int{1, 5, 100} {
					t.Run(fmt.Sprintf("%s, %d months by %d, %d draws", test.name, horizon, period, draws), func(t *testing.T) {
						g := newGraph(horizon, period)
						test.make(g)
						againstPlain(t, g, mustRun(t, g, Options{Draws: draws, Seed: 2}))
					})
				}
			}
		}
	}
}

// A cumulative flow that comes back to exactly zero is a break-even, though it may sum to −1e-13: the simulation must not
// contradict the plan (see finance.BreakEven).
func TestBreakEvenAtExactlyZero(t *testing.T) {
	tests := []struct {
		name    string
		horizon int
		period  int
		cost    float64 // in month 0
		benefit func(m int) float64
		want    float64 // NaN: never
	}{
		{"twelve twelfths", 12, 1, 1000, func(m int) float64 { return 1000.0 * (1.0 / 12) }, 12},
		{"thirds and a tenth", 3, 1, 100, func(m int) float64 { return []float64{0, 33.3, 33.3, 33.4}[m] }, 3},
		{"reached and left alone", 24, 1, 1000, func(m int) float64 {
			if m > 12 {
				return 0
			}
			return 1000.0 / 12
		}, 12},
		{"reached, left alone, then a profit", 24, 1, 1000, func(m int) float64 {
			if m > 12 && m < 20 {
				return 0
			}
			return 1000.0 / 12
		}, 12},
		{"reached but for rounding, left alone, then a profit", 10, 1, 100, func(m int) float64 {
			return []float64{0, 33.3, 33.3, 33.3, 0.1, 0, 0, 0, 0, 5, 5}[m] // −100 + 3·33.3 + 0.1 is −8.5e-15
		}, 4},
		{"reached and lost again", 24, 1, 1000, func(m int) float64 {
			if m > 12 {
				return -1
			}
			return 1000.0 / 12
		}, math.NaN()},
		{"by years", 24, 12, 1000, func(m int) float64 { return 1000.0 / 24 }, 24},
		{"a cent short", 12, 1, 1000.01, func(m int) float64 { return 1000.0 / 12 }, math.NaN()},
		{"never below zero", 12, 1, 0, func(m int) float64 { return 1 }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGraph(test.horizon, test.period)
			series := make([]float64, test.horizon+1)
			for m := 1; m <= test.horizon; m++ {
				series[m] = test.benefit(m)
			}
			one := g.AddInput("one", must(dist.Choice([]float64{1, 3}, []float64{0.5, 0.5})))
			g.Lines = []plan.Line{
				{ID: "c", Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, one, g.Constant(test.cost)), g.Window(0, 0))},
				{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, one, g.Series(series))},
			}
			out := mustRun(t, g, Options{Draws: 70, TileSize: 32})
			for i, in := range inputsOf(out, 70) {
				d := plainly(g, in)
				s, _ := d.series(g)
				want, ok := s.BreakEven()
				if !ok {
					want = math.NaN()
				}
				if math.IsNaN(want) != math.IsNaN(test.want) || math.Abs(want-test.want) > 1e-6 {
					t.Fatalf("the test expects %v, package finance says %v", test.want, want)
				}
				if got := out.BreakEven[i]; math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-8 {
					t.Fatalf("draw %d with %v: break-even %v, want %v", i, in, got, want)
				}
			}
		})
	}
}

// What is not finite shows: NPV is not finite, no break-even is claimed, nothing panics.
func TestFlowsThatAreNotFinite(t *testing.T) {
	for _, op := range []struct {
		name string
		make func(g *plan.Graph, u *plan.Node) *plan.Node
	}{
		{"log of a negative number", func(g *plan.Graph, u *plan.Node) *plan.Node {
			return g.Apply(plan.OpLog, g.Apply(plan.OpSub, u, g.Constant(0.5)))
		}},
		{"division by zero in month 3", func(g *plan.Graph, u *plan.Node) *plan.Node {
			three := g.Apply(plan.OpSub, g.Month(), g.Constant(3))
			return g.Apply(plan.OpDiv, g.Apply(plan.OpMul, u, g.Month()), g.Apply(plan.OpMul, three, three))
		}},
		{"overflow", func(g *plan.Graph, u *plan.Node) *plan.Node {
			return g.Apply(plan.OpExp, g.Apply(plan.OpMul, g.Apply(plan.OpMul, u, g.Constant(400)), g.Month()))
		}},
	} {
		for _, draws := range []int{50, 400_000} { // the second counts into histograms
			t.Run(fmt.Sprintf("%s, %d draws", op.name, draws), func(t *testing.T) {
				g := newGraph(12, 1)
				n := op.make(g, g.AddInput("u", must(dist.Uniform(0, 1))))
				g.Lines = []plan.Line{{ID: "c", Flow: g.Constant(1)}, {ID: "b", Benefit: true, Flow: n}}
				out := mustRun(t, g, Options{Draws: draws, Seed: 1})
				seen := 0
				for i, in := range inputsOf(out, 50) {
					finite := true
					for _, v := range g.Evaluate(in)[1] {
						finite = finite && !math.IsNaN(v) && !math.IsInf(v, 0)
					}
					if finite {
						continue
					}
					seen++
					if npv := out.NPV[i]; !math.IsNaN(npv) && !math.IsInf(npv, 0) {
						t.Fatalf("draw %d: NPV is %v though a flow is not finite", i, npv)
					}
					if math.IsNaN(out.NPV[i]) && !math.IsNaN(out.BreakEven[i]) {
						t.Fatalf("draw %d: break-even %v with a flow that is no number", i, out.BreakEven[i])
					}
				}
				if seen == 0 {
					t.Fatal("the test has no draw that is not finite")
				}
				if mean := out.LineMeans[1]; !math.IsNaN(mean) && !math.IsInf(mean, 0) {
					t.Errorf("the mean of the line is %v", mean)
				}
			})
		}
	}
}

func TestNumberOfDrawsIsBounded(t *testing.T) {
	g := newGraph(1, 1)
	for _, draws := range []int{-1, 0, MaxDraws + 1} {
		if _, err := Run(t.Context(), g, Options{Draws: draws}); !errors.Is(err, ErrDraws) {
			t.Errorf("%d draws: %v, want ErrDraws", draws, err)
		}
	}
}

func TestTileSizes(t *testing.T) {
	for _, test := range []struct{ asked, rows, want int }{
		{0, 10, 512}, {1, 10, 1}, {100, 10, 64}, {512, 10, 512}, {4096, 10, 4096}, {5000, 10, 4096}, {1 << 20, 10, 4096},
		{0, 20_000, 256}, {0, 1_000_000, 64}, {512, 1_000_000, 512},
	} {
		if got := tile(test.asked, test.rows); got != test.want {
			t.Errorf("asked for %d with %d rows: %d, want %d", test.asked, test.rows, got, test.want)
		}
	}
}
