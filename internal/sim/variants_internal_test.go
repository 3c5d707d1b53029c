package sim

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A variant is, bit for bit, the run it stands for, whatever the graph, the tiles and the company it runs in.
func TestVariantsAreRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t, rapid.SampledFrom([]int{1, 12, 30}).Draw(t, "horizon"), rapid.SampledFrom([]int{1, 12}).Draw(t, "period"))
		n := len(g.Inputs)
		var keys []string
		for i := range 2 * n {
			keys = append(keys, fmt.Sprint(i))
		}
		o := Options{Draws: rapid.IntRange(1, 700).Draw(t, "draws"), Seed: 1, Keys: keys, Workers: rapid.IntRange(1, 3).Draw(t, "workers"),
			TileSize: rapid.IntRange(1, 600).Draw(t, "tile"), Pseudo: rapid.Bool().Draw(t, "pseudo")}
		for i := range n {
			o.Streams = append(o.Streams, i)
		}
		variants := make([]Variant, rapid.IntRange(1, 6).Draw(t, "variants"))
		for k := range variants {
			v := Variant{Change: Change{Fixed: map[int]float64{}, Shifts: map[int]Shift{}}, Streams: map[int]int{}}
			for i := range n {
				switch rapid.IntRange(0, 5).Draw(t, "change") {
				case 0:
					v.Fixed[i] = g.Inputs[i].Dist.Quantile(0.9)
				case 1:
					v.Shifts[i] = Shift{Mul: 1.1, Add: 0.1, High: math.Inf(1)}
				case 2:
					v.Streams[i] = n + i
				}
			}
			variants[k] = v
		}
		runner, err := New(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, worth := range []bool{false, true} {
			outs, err := runner.Variants(t.Context(), o, variants, worth)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range variants {
				alone := o
				alone.Brief, alone.Change, alone.Streams = true, v.Change, append([]int{}, o.Streams...)
				for i, d := range v.Streams {
					alone.Streams[i] = d
				}
				want, err := runner.Run(t.Context(), alone)
				if err != nil {
					t.Fatal(err)
				}
				if worth {
					want.Funding, want.BreakEven = nil, nil
				}
				sameOutcome(t, fmt.Sprintf("variant %d, worth alone %v", k, worth), outs[k], want)
			}
		}
	})
}

func TestVariantsOfACaseAsTheyAre(t *testing.T) {
	g := adoptionGraph(36)
	runner, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	var variants []Variant
	for i, in := range g.Inputs {
		variants = append(variants, Variant{Change: Change{Fixed: map[int]float64{i: in.Dist.Quantile(0.1)}}})
	}
	outs, err := runner.Variants(t.Context(), Options{Draws: 3000, Seed: 3}, variants, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range variants {
		sameOutcome(t, g.Inputs[i].ID, outs[i], mustRun(t, g, Options{Draws: 3000, Seed: 3, Brief: true, Change: v.Change}))
	}
	if _, err := runner.Variants(t.Context(), Options{}, variants, false); err == nil {
		t.Error("no draws: no error")
	}
}
