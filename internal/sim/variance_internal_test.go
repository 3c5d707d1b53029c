package sim

import (
	"fmt"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/plan"
)

// The share of an input in a linear model is its part of the variance: (factor·SD)² / Σ.
func TestVarianceSharesOfALinearModel(t *testing.T) {
	tests := []struct {
		name  string
		dists []dist.Dist
	}{
		{"normal", []dist.Dist{must(dist.Normal(0, 4)), must(dist.Normal(5, 2)), must(dist.Normal(1, 1)), must(dist.Normal(0, 0.1))}},
		{"mixed", []dist.Dist{must(dist.Uniform(0, 6)), must(dist.PERT(0, 1, 8)), must(dist.Triangular(0, 2, 3)), must(dist.Constant(4))}},
		{"steps", []dist.Dist{must(dist.Bernoulli(0.5)), must(dist.Choice([]float64{0, 1, 4}, []float64{0.3, 0.5, 0.2})), must(dist.Normal(0, 1))}},
		{"a rare loss", []dist.Dist{must(dist.Choice([]float64{0, 5}, []float64{0.96, 0.04})), must(dist.Normal(0, 1))}},
	}
	for _, test := range tests {
		for _, pseudo := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pseudo %v", test.name, pseudo), func(t *testing.T) {
				g := newGraph(1, 1)
				total, sum := 0.0, g.Constant(0)
				for i, d := range test.dists {
					total += d.Variance()
					sum = g.Apply(plan.OpAdd, sum, g.AddInput(fmt.Sprint(i), d))
				}
				g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, sum, g.Window(0, 0))}}
				all := 0.0
				for i, share := range mustRun(t, g, Options{Draws: 16_384, Seed: 1, Pseudo: pseudo}).VarianceShares() {
					all += share
					// Pseudo-random points let the variance itself vary: by 4 % for 655 losses in 16,384 draws.
					if want := test.dists[i].Variance() / total; math.Abs(share-want) > map[bool]float64{false: 0.02, true: 0.03}[pseudo] {
						t.Errorf("input %d: share %.3f, want %.3f", i, share, want)
					}
				}
				if math.Abs(all-1) > 0.03 {
					t.Errorf("the shares of an additive model add up to %.3f", all)
				}
			})
		}
	}
}

// With correlated inputs a share includes what an input explains through its partner: for normals with factors a, b and
// correlation r it is (a + r·b)² / (a² + b² + 2rab).
func TestVarianceSharesOfCorrelatedInputs(t *testing.T) {
	const a, b, rank = 2.0, 1.0, 0.6
	r := 2 * math.Sin(math.Pi*rank/6) // Pearson 1907
	g := newGraph(1, 1)
	x, y, z := g.AddInput("x", must(dist.Normal(0, a))), g.AddInput("y", must(dist.Normal(0, b))), g.AddInput("z", must(dist.Normal(0, 1)))
	g.Pairs = []plan.Pair{{I: 0, J: 1, Rho: rank}}
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, g.Apply(plan.OpAdd, g.Apply(plan.OpAdd, x, y), z), g.Window(0, 0))}}
	total := a*a + b*b + 2*r*a*b + 1
	want := []float64{(a + r*b) * (a + r*b) / total, (b + r*a) * (b + r*a) / total, 1 / total}
	for i, share := range mustRun(t, g, Options{Draws: 20_000, Seed: 1}).VarianceShares() {
		if math.Abs(share-want[i]) > 0.02 {
			t.Errorf("input %d: share %.3f, want %.3f", i, share, want[i])
		}
	}
}

// An input that acts only together with another has no share of its own; one that acts not at all has none either.
func TestVarianceSharesOfAProduct(t *testing.T) {
	g := newGraph(1, 1)
	x, y := g.AddInput("x", must(dist.Normal(0, 1))), g.AddInput("y", must(dist.Normal(0, 1)))
	g.AddInput("unused", must(dist.Normal(0, 1)))
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Apply(plan.OpMul, g.Apply(plan.OpMul, x, y), g.Window(0, 0))}}
	for i, share := range mustRun(t, g, Options{Draws: 16_384, Seed: 1}).VarianceShares() {
		if share > 0.02 {
			t.Errorf("input %d of x·y has the share %.3f, want 0", i, share)
		}
	}
}

func TestVarianceSharesOfTooLittle(t *testing.T) {
	g := newGraph(1, 1)
	u := g.AddInput("u", must(dist.Uniform(0, 1)))
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: u}}
	for _, draws := range []int{1, 2, 15} {
		if got := mustRun(t, g, Options{Draws: draws}).VarianceShares(); len(got) != 1 || got[0] != 0 {
			t.Errorf("%d draws: %v, want 0 where nothing can be said", draws, got)
		}
	}
	g.Lines = []plan.Line{{ID: "b", Benefit: true, Flow: g.Constant(1)}}
	if got := mustRun(t, g, Options{Draws: 1000}).VarianceShares(); got[0] != 0 {
		t.Errorf("a case without variance: %v, want 0", got)
	}
}
