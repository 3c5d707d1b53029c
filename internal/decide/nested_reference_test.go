//go:build reference

package decide_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/plan"
	"github.com/rendite-crm/rendite/internal/sim"
)

// The regression estimate of EVPPI against a nested Monte Carlo, 10,000 values of the assumption with 10,000 draws of all
// others each, on the machine builder. The assumptions are those that no other is correlated with, since the inner draws
// hold one and leave the rest as it is.
func TestReference_EVPPIAgainstNestedMonteCarlo(t *testing.T) {
	const outer, inner = 10_000, 10_000
	s := study(t, machineBuilder(t), calc.Options{Draws: 1 << 16})
	info, err := s.Information()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"benefits.time.converts", "benefits.win_rate.uplift"} {
		i := slices.IndexFunc(s.Graph.Inputs, func(in plan.Input) bool { return in.ID == id })
		means := make([]float64, outer)
		var wait sync.WaitGroup
		for w := range runtime.GOMAXPROCS(0) {
			wait.Go(func() {
				for k := w; k < outer; k += runtime.GOMAXPROCS(0) {
					out, err := s.Runner.Run(context.Background(), sim.Options{Draws: inner, Seed: 7, Keys: s.Keys, Workers: 1, Brief: true,
						Change: sim.Change{Fixed: map[int]float64{i: s.Values[i][k]}}})
					if err != nil {
						t.Error(err)
						return
					}
					means[k] = sim.Mean(out.NPV)
				}
			})
		}
		wait.Wait()
		best, all := 0.0, 0.0
		for _, m := range means {
			best += math.Max(0, m) / outer
			all += m / outer
		}
		nested := best - math.Max(0, all)
		at := slices.IndexFunc(info.Single, func(w decide.Worth) bool { return w.ID == id })
		got := info.Single[at].Value
		t.Logf("%s: regression %.0f ± %.0f, nested %.0f", id, got, info.Single[at].SE, nested)
		if math.Abs(got-nested) > 0.05*nested {
			t.Errorf("%s: regression %.0f, nested %.0f", id, got, nested)
		}
	}
}
