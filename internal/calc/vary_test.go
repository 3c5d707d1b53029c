package calc_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/revision"
)

// A slider's answer is the one that the file with the value written into it gets, for every range of every example.
func TestVary_isTheCaseWithTheValueWrittenDown(t *testing.T) {
	tried := 0
	for _, name := range examples.Names() {
		text, _ := examples.Read(name)
		base, list, err := calc.Run(context.Background(), calc.Case{Name: name, Text: text}, calc.Options{Draws: 64, Seed: 1})
		if err != nil || list.Err() != nil {
			t.Fatal(err, list)
		}
		file, err := revision.Open(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range base.Graph.Inputs {
			q, _ := base.Model.Quantity(in.ID)
			r, ok := q.Expr.(*formula.Range)
			if !ok || len(r.Items) != 3 || q.Default {
				continue
			}
			low, middle, high := r.Items[0].Value, r.Items[1].Value, r.Items[2].Value
			middle += (high - middle) / 20
			d, ok := q.Ranged(low, middle, high)
			if !ok {
				t.Fatalf("%s: %s has no distribution with a middle of %v", name, in.ID, middle)
			}
			varied, list, err := base.Vary(context.Background(), in.ID, d, calc.Options{Draws: 1000})
			if err != nil || list.Err() != nil {
				t.Fatal(err, list)
			}
			number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
			next, err := file.Set(in.ID, fmt.Sprintf("%s .. %s .. %s %s", number(low), number(middle), number(high), r.Unit.Text))
			if err != nil {
				t.Fatal(name, in.ID, err)
			}
			written, list, err := calc.Run(context.Background(), calc.Case{Name: name, Text: next.Bytes()}, calc.Options{Draws: 1000, Seed: 1, Brief: true})
			if err != nil || list.Err() != nil {
				t.Fatal(name, in.ID, err, list)
			}
			for what, pair := range map[string][2]any{
				"plan": {written.Plan, varied.Plan}, "simulation": {written.Simulation, varied.Simulation}, "timeline": {written.Timeline, varied.Timeline},
				"break-even": {written.BreakEvenShare, varied.BreakEvenShare}, "carriers": {written.Carriers, varied.Carriers},
			} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Fatalf("%s, %s: %s (-written +varied)\n%s", name, in.ID, what, diff)
				}
			}
			tried++
		}
	}
	if tried < 40 {
		t.Errorf("only %d ranges were tried", tried)
	}
}

func TestRanged_refusesWhatWouldMakeAnotherGraph(t *testing.T) {
	base, list, err := calc.Run(context.Background(), calc.Case{Name: "x", Text: []byte(`
currency: EUR
discount: 8 %/year
assumptions: {a: 1 .. 2 .. 4 EUR/month}
costs: {c: {amount: 1 EUR/month}}
benefits: {b: {amount: a, kind: cash}}
`)}, calc.Options{Draws: 64})
	if err != nil || list.Err() != nil {
		t.Fatal(err, list)
	}
	a, _ := base.Model.Quantity("a")
	for _, v := range [][3]float64{{-1, 2, 4}, {1, 1.0001, 4}, {4, 2, 1}, {1, 1, 1}} {
		if d, ok := a.Ranged(v[0], v[1], v[2]); ok {
			t.Errorf("%v is %v", v, d)
		}
	}
	if _, ok := a.Ranged(1, 2.5, 5); !ok {
		t.Error("a range that can be is refused")
	}
}
