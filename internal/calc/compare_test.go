package calc_test

import (
	"context"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/result"
)

const plain = `case: Plain
currency: EUR
start: 2026-04
horizon: 24
discount: 8 %/year
assumptions: {gain: 700 .. 900 .. 1 300 EUR/month}
costs:
  project: {amount: 9 000 EUR, at: 0}
  licences: 120 EUR/month
benefits:
  saving: {amount: gain, from: 3}
scenarios:
  dearer: {costs: {project: {amount: 9 500 EUR}}}
  safe: {assumptions: {gain: 900 EUR/month}}
`

func compared(t *testing.T, text string, alternatives ...string) *result.Comparison {
	t.Helper()
	c, list, err := calc.Compare(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(text)}, alternatives, calc.Options{Draws: 2048, Seed: 1})
	if err != nil || c == nil {
		t.Fatal(err, list)
	}
	return c
}

func TestCompare_waitingOneMonthIsTheCostOfWaiting(t *testing.T) {
	for _, text := range []string{plain, plain + "timing: yearly\n"} {
		c := compared(t, text, "base", "base+1")
		now, late := c.Scenarios[0], c.Scenarios[1]
		if got, want := now.Plan.NPV-late.Plan.NPV, now.Plan.CostOfWaitingMonth; math.Abs(got-want) > 1e-6 {
			t.Errorf("a month later costs %v, finance says %v", got, want)
		}
		if late.WaitMonths != 1 || late.Scenario != "" || c.IDs[1] != "base+1" || late.Case.Start != now.Case.Start {
			t.Errorf("%q, %d months, start %s", late.Scenario, late.WaitMonths, late.Case.Start)
		}
	}
}

func TestCompare_waitingMovesEveryFlowAndKeepsTheEndOfTheHorizon(t *testing.T) {
	c := compared(t, plain, "base", "base+6")
	now, late := c.Scenarios[0], c.Scenarios[1]
	factors, err := finance.DiscountFactors(0.08, 24, finance.TimingMonthly)
	if err != nil {
		t.Fatal(err)
	}
	npv := 0.0
	for m, month := range late.Timeline {
		want := 0.0
		if m >= 6 {
			want = now.Timeline[m-6].Net
		}
		if math.Abs(month.Net-want) > 1e-9 {
			t.Errorf("month %d: %v, want %v", m, month.Net, want)
		}
		npv += want * factors[m]
	}
	if math.Abs(late.Plan.NPV-npv) > 1e-6 {
		t.Errorf("NPV %v, want %v", late.Plan.NPV, npv)
	}
	// In every draw in which both break even the month is six later.
	if d := c.Differences[0].BreakEvenMonths; math.Abs(*d.P10-6) > 1e-9 || math.Abs(*d.P90-6) > 1e-9 {
		t.Errorf("break-even moves by %v to %v", *d.P10, *d.P90)
	}
}

func TestCompare_seasonsStayWhereTheyAreWhenTheCaseWaits(t *testing.T) {
	// All of a year's benefit comes in December: month 8 of a start in April, started three months later month 5 of the
	// case, which is December again.
	const text = `currency: EUR
start: 2026-04
horizon: 12
discount: 0 %/year
costs: {c: {amount: 1 EUR, at: 0}}
benefits: {b: {amount: "100 EUR/month * season(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12)"}}
`
	c := compared(t, text, "base", "base+3")
	for _, r := range c.Scenarios {
		for m, month := range r.Timeline {
			if (month.Benefits > 0) != (m == 8) {
				t.Errorf("waiting %d: month %d brings %v", r.WaitMonths, m, month.Benefits)
			}
		}
	}
}

func TestCompare_againstDoingNothingIsTheCaseItself(t *testing.T) {
	c := compared(t, plain, "nothing", "base")
	if r := c.Scenarios[0]; r.Scenario != result.Nothing || *r.Simulation.NPV.P90 != 0 || r.Plan.BreakEven != nil || len(r.Timeline) != 25 {
		t.Errorf("doing nothing: %+v", r)
	}
	base := c.Scenarios[1]
	d := c.Differences[0]
	if *d.NPV.P10 != *base.Simulation.NPV.P10 || d.ProbabilityBetter != base.Simulation.ProbabilityROIPositive {
		t.Errorf("%+v beside %+v", d, base.Simulation)
	}
	if want := 1 - base.Simulation.BreakEven.NotWithinHorizon; math.Abs(d.ProbabilityEarlier-want) > 1e-12 || d.BreakEvenMonths.P50 != nil {
		t.Errorf("earlier in %v, want %v", d.ProbabilityEarlier, want)
	}
}

func TestCompare_saysWhichDominates(t *testing.T) {
	c := compared(t, plain, "base", "dearer", "safe")
	// 500 EUR more in every draw.
	if d := c.Differences[0].Dominance; d == nil || d.Order != 1 || d.Better != "base" {
		t.Errorf("dearer: %+v", d)
	}
	// A certain 900 against a range with the same median and a higher mean: neither.
	if d := c.Differences[1].Dominance; d != nil {
		t.Errorf("safe: %+v", d)
	}
	// Without the tail above, the certain one is for whoever shuns risk.
	even := compared(t, `currency: EUR
discount: 0 %/year
horizon: 12
assumptions: {gain: "uniform(500, 1 000) EUR/month"}
costs: {c: {amount: 1 EUR, at: 0}}
benefits: {b: gain}
scenarios: {sure: {assumptions: {gain: 760 EUR/month}}}
`, "base", "sure")
	if d := even.Differences[0].Dominance; d == nil || d.Order != 2 || d.Better != "sure" {
		t.Errorf("sure: %+v", d)
	}
}

func TestCompare_refusesToWaitAsLongAsTheHorizon(t *testing.T) {
	c, list, err := calc.Compare(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(plain)}, []string{"base", "base+24"}, calc.Options{Draws: 64})
	if err != nil || c != nil || len(list) != 1 || list[0].Code != "wait_range" {
		t.Error(c, list, err)
	}
}
