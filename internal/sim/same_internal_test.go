package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/plan"
)

// sameOutcome compares two outcomes bit by bit.
func sameOutcome(t failer, what string, a, b *Outcome) {
	flat := func(o *Outcome) map[string][]float64 {
		m := map[string][]float64{"NPV": o.NPV, "ROI": o.ROI, "peak funding": o.Funding, "break-even": o.BreakEven, "benefits": o.Benefits, "line means": o.LineMeans}
		for _, q := range o.Cumulative {
			m["bands"] = append(m["bands"], q[:]...)
		}
		for _, q := range o.Lines {
			m["lines"] = append(m["lines"], q[:]...)
		}
		return m
	}
	one, two := flat(a), flat(b)
	for name, v := range one {
		if len(v) != len(two[name]) {
			t.Fatalf("%s: %s has %d values and %d", what, name, len(v), len(two[name]))
		}
		for i := range v {
			if math.Float64bits(v[i]) != math.Float64bits(two[name][i]) {
				t.Fatalf("%s: value %d of %s is %v and %v", what, i, name, v[i], two[name][i])
			}
		}
	}
}

// adoptionGraph is a small case as they are: an outlay, a fee that rises, two levers on one adoption curve, a rare loss.
func adoptionGraph(horizon int) *plan.Graph {
	g := newGraph(horizon, 1)
	one := g.Constant(1)
	u := g.AddInput("users", must(dist.PERT(20, 40, 70)))
	k := g.AddInput("slope", must(dist.Uniform(0.2, 0.6)))
	fee := g.AddInput("fee", must(dist.MetalogPair(40, 90, dist.Positive)))
	rise := g.AddInput("rise", must(dist.Triangular(0, 0.03, 0.07)))
	hours := g.AddInput("hours", must(dist.Normal(150, 40)))
	loss := g.AddInput("loss", must(dist.Bernoulli(0.1)))
	g.Pairs = []plan.Pair{{I: 0, J: 4, Rho: 0.5}}
	adoption := g.Apply(plan.OpDiv, one, g.Apply(plan.OpAdd, one, g.Apply(plan.OpExp, g.Apply(plan.OpSub, g.Constant(2.5), g.Apply(plan.OpMul, k, g.Month())))))
	years := make([]float64, horizon+1)
	for m := range years {
		years[m] = math.Max(0, math.Floor(float64(m-1)/12))
	}
	price := g.Apply(plan.OpMul, fee, g.Apply(plan.OpPow, g.Apply(plan.OpAdd, one, rise), g.Series(years)))
	g.Lines = []plan.Line{
		{ID: "project", Flow: g.Apply(plan.OpMul, g.Constant(30_000), g.Window(0, 0))},
		{ID: "licences", Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, price, u), g.Window(1, horizon))},
		{ID: "loss", Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, loss, g.Constant(20_000)), g.Window(horizon/2, horizon/2))},
		{ID: "time", Benefit: true, Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, hours, u), adoption)},
		{ID: "margin", Benefit: true, Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, hours, g.Constant(3)), g.Apply(plan.OpSqrt, adoption))},
	}
	return g
}

// The result depends on graph, seed and number of draws alone: not on cores, tiles or the time of day.
func TestSameBytesForAnyTilesAndCores(t *testing.T) {
	for _, test := range []struct {
		name           string
		horizon, draws int
	}{
		{"values kept", 36, 5003},
		{"values counted", 600, 7001},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := adoptionGraph(test.horizon)
			if counted := (test.horizon+1)*test.draws > storeCells; counted != (test.name == "values counted") {
				t.Fatal("the case does not test what it says")
			}
			for _, pseudo := range []bool{false, true} {
				reference := mustRun(t, g, Options{Draws: test.draws, Seed: 7, Pseudo: pseudo, Workers: 1})
				for _, o := range []Options{{Workers: 1, TileSize: 64}, {Workers: 2, TileSize: 100}, {Workers: 8, TileSize: 512},
					{Workers: 2, TileSize: 1000}, {Workers: 1, TileSize: 4096}, {Workers: 8, TileSize: 10_000}} {
					o.Draws, o.Seed, o.Pseudo = test.draws, 7, pseudo
					sameOutcome(t, fmt.Sprintf("%d workers, tiles of %d", o.Workers, o.TileSize), reference, mustRun(t, g, o))
				}
			}
		})
	}
}

func TestSameBytesForRandomGraphs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t, rapid.SampledFrom([]int{1, 12, 30}).Draw(t, "horizon"), rapid.SampledFrom([]int{1, 12}).Draw(t, "period"))
		draws := rapid.IntRange(1, 700).Draw(t, "draws")
		one, _ := Run(t.Context(), g, Options{Draws: draws, Seed: 1, Workers: 1})
		two, _ := Run(t.Context(), g, Options{Draws: draws, Seed: 1, Workers: 3, TileSize: rapid.IntRange(1, 600).Draw(t, "tile")})
		sameOutcome(t, "other tiles", one, two)
	})
}

// Many lines are counted as many months are.
func TestManyLinesAreCounted(t *testing.T) {
	const draws, lines = 9001, 480
	g := newGraph(2, 1)
	u, v := g.AddInput("u", must(dist.Normal(100, 20))), g.AddInput("v", must(dist.Uniform(0, 1)))
	for i := range lines {
		g.Lines = append(g.Lines, plan.Line{ID: fmt.Sprint(i), Benefit: i%2 == 0, Flow: g.Apply(plan.OpAdd, g.Apply(plan.OpMul, u, g.Constant(float64(i+1))), v)})
	}
	out := mustRun(t, g, Options{Draws: draws, Seed: 1})
	sameOutcome(t, "tiles of 4096", out, mustRun(t, g, Options{Draws: draws, Seed: 1, TileSize: 4096, Workers: 3}))
	factor := g.Discount[0] + g.Discount[1] + g.Discount[2]
	inputs := inputsOf(out, draws)
	for _, i := range []int{0, 17, 479} {
		values, mean := make([]float64, draws), 0.0
		for k, in := range inputs {
			values[k] = (in[0]*float64(i+1) + in[1]) * factor
			mean += values[k] / draws
		}
		if math.Abs(out.LineMeans[i]/mean-1) > 1e-11 {
			t.Errorf("the mean of line %d is %v, want %v", i, out.LineMeans[i], mean)
		}
		spread := quantile(values, 0.9) - quantile(values, 0.1)
		for k, level := range levels {
			if want := quantile(values, level); math.Abs(out.Lines[i][k]-want) > 1e-3*spread {
				t.Errorf("P%v of line %d is %v, want %v", level*100, i, out.Lines[i][k], want)
			}
		}
	}
}

// An input keeps its draws when others come and go: with the names of all scenarios' inputs as keys, and pseudo-random
// points even without.
func TestCommonRandomNumbers(t *testing.T) {
	make := func(extra bool) *plan.Graph {
		g := newGraph(12, 1)
		var more *plan.Node
		if extra {
			more = g.AddInput("a_new", must(dist.Uniform(0, 5)))
		}
		u := g.AddInput("u", must(dist.Uniform(0, 1)))
		v := g.AddInput("v", must(dist.Normal(0, 1)))
		g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpAdd, u, g.Apply(plan.OpMul, v, g.Month()))}}
		if extra {
			g.Lines = append(g.Lines, plan.Line{ID: "c", Flow: more})
		}
		return g
	}
	for _, o := range []Options{{Keys: []string{"u", "v", "a_new"}}, {Pseudo: true}, {Pseudo: true, Keys: []string{"a_new", "v", "u"}}} {
		o.Draws, o.Seed = 500, 3
		base, more := make(false), make(true)
		one, two := mustRun(t, base, o), mustRun(t, more, o)
		ins, outs := inputsOf(one, 500), inputsOf(two, 500)
		for i := range ins {
			if ins[i][0] != outs[i][1] || ins[i][1] != outs[i][2] {
				t.Fatalf("%+v: draw %d has %v alone and %v beside a new input", o, i, ins[i], outs[i][1:])
			}
		}
		for i, v := range one.NPV {
			if math.Float64bits(v) != math.Float64bits(two.Benefits[i]) {
				t.Fatalf("%+v: the benefits of draw %d change", o, i)
			}
		}
		// A second scenario with equal inputs: difference exactly zero in every draw.
		if again := mustRun(t, make(false), o); !slices.Equal(one.NPV, again.NPV) {
			t.Errorf("%+v: two scenarios with equal inputs differ", o)
		}
	}
}

// Run does not write into what it is given.
func TestKeysAreLeftAlone(t *testing.T) {
	keys := append(make([]string, 0, 8), "u")
	g := newGraph(1, 1)
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpAdd, g.AddInput("v", must(dist.Uniform(0, 1))), g.AddInput("u", must(dist.Uniform(0, 1))))}}
	mustRun(t, g, Options{Draws: 10, Keys: keys})
	if got := keys[:2]; got[1] != "" {
		t.Errorf("the caller's keys are now %q", got)
	}
}

// E[X + Y] = E[X] + E[Y], NPV is linear in the flows, and the order of the lines changes their order alone.
func TestLinearity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t, 12, 1)
		o := Options{Draws: 200, Seed: 5}
		out, _ := Run(t.Context(), g, o)
		scale := 1.0
		for _, in := range inputsOf(out, 200) {
			d := plainly(g, in)
			if !d.finite {
				return
			}
			scale = max(scale, d.scale)
		}
		means := 0.0
		for i, m := range out.LineMeans {
			if !g.Lines[i].Benefit {
				m = -m
			}
			means += m
		}
		if got := Mean(out.NPV); math.Abs(got-means) > 1e-9*scale {
			t.Fatalf("the mean of the sum is %v, the sum of the means %v", got, means)
		}

		factor := float64(rapid.IntRange(-8, 8).Draw(t, "factor")) / 4
		lines := slices.Clone(g.Lines)
		for i := range g.Lines {
			g.Lines[i].Flow = g.Apply(plan.OpMul, lines[i].Flow, g.Constant(factor))
		}
		scaled, _ := Run(t.Context(), g, o)
		for i, v := range out.NPV {
			if math.Abs(scaled.NPV[i]-factor*v) > 1e-9*scale {
				t.Fatalf("draw %d: NPV %v of flows times %v, want %v", i, scaled.NPV[i], factor, factor*v)
			}
		}

		slices.Reverse(lines)
		g.Lines = lines
		turned, _ := Run(t.Context(), g, o)
		for i, v := range out.NPV {
			if math.Abs(turned.NPV[i]-v) > 1e-9*scale {
				t.Fatalf("draw %d: NPV %v with the lines turned round, %v before", i, turned.NPV[i], v)
			}
		}
		for i, q := range out.Lines {
			for k, v := range turned.Lines[len(lines)-1-i] {
				if math.Abs(v-q[k]) > 1e-9*scale {
					t.Fatalf("line %d changes with its place: %v and %v", i, q, turned.Lines[len(lines)-1-i])
				}
			}
		}
	})
}

// A cancelled run stops within a tile of every worker.
func TestCancelledRunStops(t *testing.T) {
	for _, workers := range []int{1, 2} {
		ctx, cancel := context.WithCancel(context.Background())
		most := 0
		out, err := Run(ctx, adoptionGraph(36), Options{Draws: 1_000_000, Workers: workers, TileSize: 64, Progress: func(done int) {
			most = max(most, done)
			cancel()
		}})
		if !errors.Is(err, context.Canceled) || out != nil {
			t.Fatalf("%d workers: error %v, outcome %v", workers, err, out != nil)
		}
		if most > 64*4*workers {
			t.Errorf("%d workers: %d draws were computed after the end", workers, most)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, adoptionGraph(36), Options{Draws: 1000}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before the start: %v", err)
	}
}

func TestProgressEndsAtTheNumberOfDraws(t *testing.T) {
	for _, test := range []struct{ horizon, draws int }{{12, 1}, {12, 1000}, {600, 8000}} {
		last, rising := 0, true
		mustRun(t, adoptionGraph(test.horizon), Options{Draws: test.draws, Workers: 1, Progress: func(done int) {
			rising = rising && done > last
			last = done
		}})
		if last != test.draws || !rising {
			t.Errorf("%d draws over %d months: the last report is %d, always rising: %v", test.draws, test.horizon, last, rising)
		}
	}
}

// What a run allocates grows with draws and with months, not with their product.
func TestMemoryDoesNotGrowWithDrawsTimesMonths(t *testing.T) {
	allocated := func(draws, horizon int) float64 {
		g := newGraph(horizon, 1)
		u := g.AddInput("u", must(dist.Uniform(0, 1)))
		g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, u, g.Month())}, {ID: "c", Flow: g.Constant(3)}}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		mustRun(t, g, Options{Draws: draws, Workers: 1})
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / 1e6
	}
	const few, many = 60_000, 180_000
	if 75*few < storeCells {
		t.Fatal("values are kept; the test needs more draws")
	}
	short, long := allocated(many, 75)-allocated(few, 75), allocated(many, 600)-allocated(few, 600)
	// 120,000 more draws over 525 more months would be 504 MB.
	if long-short > 5 {
		t.Errorf("%d more draws take %.1f MB over 75 months and %.1f MB over 600", many-few, short, long)
	}
	if all := allocated(many, 600); all > 100 {
		t.Errorf("180,000 draws over 600 months allocate %.0f MB", all)
	}
}
