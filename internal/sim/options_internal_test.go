package sim

import (
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/plan"
)

// Inputs are those that were drawn.
func TestInputsAreThoseThatWereDrawn(t *testing.T) {
	g := adoptionGraph(12)
	out := mustRun(t, g, Options{Draws: 300, Seed: 4})
	want := inputsOf(out, 300)
	got := out.Inputs(1000) // no more than there are
	for i, values := range got {
		if len(values) != 300 {
			t.Fatalf("%d values of 300 draws", len(values))
		}
		for k, v := range values {
			if v != want[k][i] {
				t.Fatalf("input %d of draw %d is %v, want %v", i, k, v, want[k][i])
			}
		}
	}
}

// A fixed input has its value in every draw, a shifted one is min(x·Mul + Add, High); the others keep their draws.
func TestFixedAndShiftedInputs(t *testing.T) {
	g := newGraph(1, 1)
	u, v, w := g.AddInput("u", must(dist.Uniform(0, 1))), g.AddInput("v", must(dist.Normal(10, 2))), g.AddInput("w", must(dist.Uniform(0, 1)))
	at := func(n *plan.Node, factor float64) *plan.Node {
		return g.Apply(plan.OpMul, n, g.Apply(plan.OpMul, g.Window(0, 0), g.Constant(factor)))
	}
	g.Lines = []plan.Line{{ID: "u", Benefit: true, Flow: at(u, 1)}, {ID: "v", Benefit: true, Flow: at(v, 1000)}, {ID: "w", Flow: at(w, 1)}}
	out := mustRun(t, g, Options{Draws: 200, Seed: 1, Change: Change{Fixed: map[int]float64{0: 0.25}, Shifts: map[int]Shift{1: {Mul: 2, Add: 1, High: 22}}}})
	capped := 0
	for i, in := range inputsOf(out, 200) {
		shifted := math.Min(2*in[1]+1, 22)
		if shifted == 22 {
			capped++
		}
		if want := 0.25 + 1000*shifted - in[2]; math.Abs(out.NPV[i]-want) > 1e-9 {
			t.Fatalf("draw %d is %v, want %v", i, out.NPV[i], want)
		}
	}
	if capped == 0 || capped == 200 {
		t.Errorf("%d draws at the limit: the test does not test it", capped)
	}
}

// A brief run is the same run without bands and lines.
func TestBriefRun(t *testing.T) {
	g := adoptionGraph(24)
	long, brief := mustRun(t, g, Options{Draws: 500, Seed: 2}), mustRun(t, g, Options{Draws: 500, Seed: 2, Brief: true})
	same := func(a, b []float64) bool {
		return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
	}
	if !same(long.NPV, brief.NPV) || !same(long.ROI, brief.ROI) || !same(long.Funding, brief.Funding) || !same(long.BreakEven, brief.BreakEven) {
		t.Error("a brief run gives other figures")
	}
	if brief.Cumulative != nil || brief.Lines != nil || brief.LineMeans != nil {
		t.Error("a brief run has bands or lines")
	}
}

// Streams chooses the stream of each input: swapped streams swap the draws of two equal inputs.
func TestStreams(t *testing.T) {
	g := newGraph(1, 1)
	u, v := g.AddInput("u", must(dist.Uniform(0, 1))), g.AddInput("v", must(dist.Uniform(0, 1)))
	g.Lines = []plan.Line{{ID: "u", Benefit: true, Flow: g.Apply(plan.OpMul, u, g.Window(0, 0))}, {ID: "v", Flow: g.Apply(plan.OpMul, v, g.Window(0, 0))}}
	keys := []string{"a", "b"}
	one := mustRun(t, g, Options{Draws: 100, Keys: keys, Streams: []int{0, 1}})
	two := mustRun(t, g, Options{Draws: 100, Keys: keys, Streams: []int{1, 0}})
	for i, v := range one.NPV {
		if v != -two.NPV[i] {
			t.Fatalf("draw %d: u − v is %v, and %v with the streams swapped", i, v, two.NPV[i])
		}
	}
}

// A runner may be used again and by several goroutines at once.
func TestRunnerIsUsedAgain(t *testing.T) {
	g := adoptionGraph(24)
	r, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	want := mustRun(t, g, Options{Draws: 700, Seed: 8})
	results := make(chan *Outcome)
	for range 4 {
		go func() {
			out, err := r.Run(t.Context(), Options{Draws: 700, Seed: 8, Workers: 2})
			if err != nil {
				t.Error(err)
			}
			results <- out
		}()
	}
	for range 4 {
		sameOutcome(t, "a run beside others", want, <-results)
	}
}
