package calc_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/calc"
)

const scored = `currency: EUR
horizon: 24
discount: 0
costs: {c: 5 EUR/month}
benefits: {b: 4 .. 9 EUR/month}
scorecard:
  customer_satisfaction: {weight: 30, today: 4, expected: 7}
  information_quality: {weight: 25, today: 3, expected: 8}
  employee_satisfaction: {weight: 15, today: 5, expected: 6}
  compliance: {weight: 20, today: 6, expected: 6 .. 10}
  own: {label: One of our own, weight: 10, today: 4, expected: 7, why: because}
scenarios:
  more: {scorecard: {compliance: {expected: 9}, own: {weight: 110}}}
  less: {remove: [scorecard.own]}
`

// 30·4 + 25·3 + 15·5 + 20·6 + 10·4 = 430 of 1 000; 30·7 + 25·8 + 15·6 + 20·8 + 10·7 = 730, with 6 for 8 690, with 10 770.
func TestScorecard_isTheWeightedMeanOfThePoints(t *testing.T) {
	s := answer(t, scored, calc.Options{Draws: 64, Lang: "de"}).Scorecard
	for what, v := range map[string][2]float64{"today": {s.Today, 43}, "expected": {s.Expected, 73}, "low": {s.ExpectedLow, 69}, "high": {s.ExpectedHigh, 77}, "gain": {s.Gain, 30}} {
		if math.Abs(v[0]-v[1]) > 1e-12 {
			t.Errorf("%s is %v, want %v", what, v[0], v[1])
		}
	}
	own, first := s.Criteria[4], s.Criteria[0]
	if own.Label != "One of our own" || own.Why != "because" || len(own.Scale) != 0 || own.Text != "" {
		t.Errorf("%+v", own)
	}
	if first.Label != "Kundenzufriedenheit" || first.Text == "" || len(first.Scale) != 3 || first.Scale[2].Points != 10 || first.Scale[2].Text == "" {
		t.Errorf("%+v", first)
	}
	if answer(t, scored[:strings.Index(scored, "scorecard:")], calc.Options{Draws: 64}).Scorecard != nil {
		t.Error("a case without a scorecard has one")
	}
}

// Points are beside the money: a scorecard changes no figure.
func TestScorecard_changesNoFigure(t *testing.T) {
	with, without := answer(t, scored, calc.Options{Draws: 64}), answer(t, scored[:strings.Index(scored, "scorecard:")], calc.Options{Draws: 64})
	if with.Plan.NPV != without.Plan.NPV || *with.Simulation.NPV.Mean != *without.Simulation.NPV.Mean || with.Grade != without.Grade || len(with.Lines) != len(without.Lines) {
		t.Errorf("%+v with, %+v without", with.Plan, without.Plan)
	}
}

func TestScorecard_ofScenarios(t *testing.T) {
	c := compared(t, scored, "base", "more", "less", "nothing")
	// 30·7 + 25·8 + 15·6 + 20·9 + 110·7 of 2 000 is 72.5; without the own one 660 of 900 is 73.333.
	for i, want := range []float64{73, 72.5, 660. / 9, 43} {
		if got := c.Scenarios[i].Scorecard.Expected; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.IDs[i], got, want)
		}
	}
	if d := c.Differences[2]; d.Utility == nil || math.Abs(*d.Utility+30) > 1e-12 {
		t.Errorf("doing nothing is %v", d.Utility)
	}
	if s := c.Scenarios[3].Scorecard; s.Gain != 0 || s.Ranged() || s.Criteria[3].Expected != 6 {
		t.Errorf("doing nothing changes points: %+v", s)
	}
	if d := compared(t, plain, "base", "dearer").Differences[0]; d.Utility != nil {
		t.Errorf("no scorecard, but a difference of %v", *d.Utility)
	}
}

// The value lies between the lowest and the highest points, and only the ratio of weights counts.
func TestScorecard_onlyTheRatioOfWeightsCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		factor := float64(rapid.IntRange(1, 50).Draw(t, "factor")) / 10
		low, high := 10.0, 0.0
		var texts [2]strings.Builder
		for i := range n {
			weight := float64(rapid.IntRange(1, 100).Draw(t, "weight"))
			points := float64(rapid.IntRange(0, 100).Draw(t, "points")) / 10
			low, high = min(low, points), max(high, points)
			for k, w := range []float64{weight, weight * factor} {
				fmt.Fprintf(&texts[k], "  c%d: {label: x, weight: %g, today: %g, expected: %g}\n", i, w, points, 10-points)
			}
		}
		var values [2]float64
		for k := range texts {
			a, list, err := calc.Run(t.Context(), calc.Case{Name: "case.yaml", Text: []byte(scored[:strings.Index(scored, "scorecard:")] + "scorecard:\n" + texts[k].String())}, calc.Options{Draws: 4, Brief: true})
			if err != nil || a == nil {
				t.Fatal(err, list)
			}
			s := a.Scorecard
			values[k] = s.Today
			if s.Today < 10*low-1e-9 || s.Today > 10*high+1e-9 || math.Abs(s.Today+s.Expected-100) > 1e-9 {
				t.Fatalf("today %v, expected %v of points from %v to %v", s.Today, s.Expected, low, high)
			}
		}
		if math.Abs(values[0]-values[1]) > 1e-9 {
			t.Fatalf("%v, with all weights times %v %v", values[0], factor, values[1])
		}
	})
}
