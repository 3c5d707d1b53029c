package calc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/result"
)

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// answer runs a case; few draws are enough where a test looks at the plan.
func answer(t failer, text string, o calc.Options) *calc.Answer {
	t.Helper()
	if o.Draws == 0 {
		o.Draws = 256
	}
	a, list, err := calc.Run(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(text)}, o)
	if err != nil || list.Err() != nil {
		t.Fatalf("%v %v\n%s", err, list, text)
	}
	return a
}

// planned are the flows of the plan by line.
func planned(a *calc.Answer) map[string][]float64 {
	all := map[string][]float64{}
	for i, v := range a.Graph.Evaluate(a.Graph.Medians()) {
		all[a.Graph.Lines[i].ID] = v
	}
	return all
}

func noted(a *calc.Answer, code string) bool {
	return slices.ContainsFunc(a.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == code })
}

func within(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*(1+math.Abs(want))
}

// figure compares a figure that may not exist.
func figure(t *testing.T, name string, got *float64, want float64) {
	t.Helper()
	switch {
	case got == nil && !math.IsNaN(want):
		t.Errorf("%s does not exist, want %v", name, want)
	case got != nil && math.IsNaN(want):
		t.Errorf("%s is %v, want none", name, *got)
	case got != nil && !within(*got, want, 1e-9):
		t.Errorf("%s is %v, want %v", name, *got, want)
	}
}

var none = math.NaN()

// What a line says is what flows: one line, its money in some months. start is April 2026, so month 0 is April.
func TestWhatALineSaysIsWhatFlows(t *testing.T) {
	type months map[int]float64
	tests := []struct {
		name    string
		more    string // laid into the file
		group   string
		line    string
		horizon int
		want    months
	}{
		{"a flow runs from month 1 to the horizon", "", "costs", "100 EUR/month", 24, months{0: 0, 1: 100, 24: 100}},
		{"from and to are inside", "", "costs", "{amount: 100 EUR/month, from: 3, to: 5}", 24, months{2: 0, 3: 100, 5: 100, 6: 0}},
		{"from month 0", "", "costs", "{amount: 100 EUR/month, from: 0}", 24, months{0: 100, 1: 100}},
		{"a payment falls in its months", "", "costs", "{amount: 100 EUR, at: [0, 13]}", 24, months{0: 100, 1: 0, 13: 100}},
		{"every half year from month 6 to 18", "", "costs", "{amount: 100 EUR, at: 6, every: 6, to: 18}", 24, months{0: 0, 6: 100, 12: 100, 18: 100, 24: 0}},
		{"a price rises at months 13 and 25", "", "costs", "{amount: 100 EUR/month, escalates: 10 %/year}", 36,
			months{1: 100, 12: 100, 13: 110, 24: 110, 25: 121, 36: 121}},
		{"a payment rises too", "", "costs", "{amount: 100 EUR, at: [0, 12, 13], escalates: 10 %/year}", 36, months{0: 100, 12: 100, 13: 110}},
		{"a fall of prices", "", "costs", "{amount: 100 EUR/month, escalates: -5 %/year}", 36, months{12: 100, 13: 95, 25: 90.25}},
		{"risk raises a cost", "", "costs", "{amount: 100 EUR/month, risk: 15 %}", 24, months{1: 115}},
		{"risk lowers a benefit", "", "benefits", "{amount: 100 EUR/month, risk: 15 %}", 24, months{1: 85}},
		{"risk and rise together", "", "costs", "{amount: 100 EUR/month, risk: 50 %, escalates: 10 %/year}", 24, months{1: 150, 13: 165}},
		{"a table by years flows evenly", "", "costs", "{initial: 500, yearly: [1200, 2400]}", 24, months{0: 500, 1: 100, 12: 100, 13: 200, 24: 200}},
		{"a table shorter than the horizon ends", "", "benefits", "{yearly: [1200]}", 24, months{0: 0, 12: 100, 13: 0}},
		{"risk on a table", "", "costs", "{initial: 500, yearly: [1200], risk: 10 %}", 24, months{0: 550, 1: 110}},
		{"lag", "", "costs", "{amount: '100 EUR/month * lag(month, 3)', from: 0}", 24, months{0: 0, 2: 0, 3: 0, 4: 100, 10: 700}},
		{"lag of a constant is nothing before", "", "costs", "{amount: 'lag(100 EUR/month, 2)', from: 0}", 24, months{1: 0, 2: 100, 3: 100}},
		{"stock", "", "costs", "{amount: '1 EUR/month * stock(10 /month, 5 %/month)', from: 0}", 24, months{0: 0, 1: 10, 2: 19.5, 3: 28.525}},
		{"ramp", "", "costs", "{amount: '100 EUR/month * ramp(3, 9)', from: 0}", 24, months{3: 0, 6: 50, 9: 100, 24: 100}},
		{"season by quarter", "", "costs", "{amount: '100 EUR/month * season(1, 2, 3, 4)', from: 0}", 24, months{0: 200, 2: 200, 3: 300, 6: 400, 9: 100, 12: 200}},
		{"season by month", "", "costs", "{amount: '100 EUR/month * season(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)', from: 0}", 24,
			months{0: 400, 8: 1200, 9: 100, 12: 400}},
		{"escalation", "", "costs", "{amount: '100 EUR/month * escalation(3 %/year)', from: 0}", 36, months{0: 100, 12: 100, 13: 103, 25: 106.09}},
		{"if by month", "", "costs", "{amount: 'if(month < 12, 3, 2) * 1 EUR/month', from: 0}", 24, months{11: 3, 12: 2}},
		{"the horizon is known", "", "costs", "{amount: '1 EUR/month * horizon', from: 0}", 24, months{0: 24}},
		{"tax takes its part of a cost", "tax: {rate: 30 %}", "costs", "100 EUR/month", 24, months{1: 70}},
		{"tax takes its part of a benefit", "tax: {rate: 30 %}", "benefits", "100 EUR/month", 24, months{1: 70}},
		{"tax on a payment", "tax: {rate: 30 %}", "costs", "{amount: 100 EUR, at: 0}", 24, months{0: 70, 1: 0}},
		{"an asset is written off", "tax: {rate: 30 %, depreciation: 10 months}", "costs", "{amount: 100 EUR, at: 0, capital: true}", 24,
			months{0: 100, 1: -3, 10: -3, 11: 0}},
		{"an asset bought later is written off from its month on", "tax: {rate: 30 %, depreciation: 10 months}", "costs", "{amount: 100 EUR, at: 5, capital: true}", 24,
			months{4: 0, 5: 97, 6: -3, 14: -3, 15: 0}},
		{"what is written off after the horizon is lost", "tax: {rate: 30 %, depreciation: 4 years}", "costs", "{amount: 480 EUR, at: 0, capital: true}", 24,
			months{0: 480, 24: -3}},
		{"an asset in a table", "tax: {rate: 30 %, depreciation: 10 months}", "costs", "{initial: 100, yearly: [1200], capital: true}", 24, months{0: 100, 1: 70 - 3, 11: 70}},
		{"no tax, no depreciation", "", "costs", "{amount: 100 EUR, at: 0, capital: true}", 24, months{0: 100, 1: 0}},
		{"use as it is", "adoption: {plateau: 40 %}", "benefits", "{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24, months{1: 100 * math.Sqrt(0.4)}},
		// a·(2 − a) = 0.64, and (a/p)·(2 − a/p) = 0.75 at a = p/2
		{"use saturates", "adoption: {plateau: 40 %, use: saturating}", "benefits", "{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24,
			months{1: 100 * math.Sqrt(0.64)}},
		{"use peaks", "adoption: {plateau: 40 %, use: peak at 80 %}", "benefits", "{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24,
			months{1: 100 * math.Sqrt(0.75)}},
		{"at its peak use is whole", "adoption: {plateau: 80 %, use: peak at 80 %}", "benefits", "{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24, months{1: 100}},
		{"a line has its own use", "adoption: {plateau: 40 %, use: peak at 80 %}", "benefits", "{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %, use: linear}", 24,
			months{1: 100 * math.Sqrt(0.4)}},
		{"waves go live one after the other", "adoption: {plateau: 81 %}\nrollout: [{at: 0, share: 40 %}, {at: 6, share: 60 %}]", "benefits",
			"{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24, months{1: 100 * math.Sqrt(0.81*0.4), 5: 100 * math.Sqrt(0.81*0.4), 6: 90}},
		{"waves need not reach everybody", "adoption: {plateau: 81 %}\nrollout: [{at: 3, share: 50 %}]", "benefits",
			"{lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}", 24, months{2: 0, 3: 90 * math.Sqrt(0.5)}},
		{"adoption in a formula counts the waves", "adoption: {plateau: 50 %}\nrollout: [{at: 0, share: 40 %}, {at: 6, share: 60 %}]", "costs",
			"{amount: 100 EUR/month * adoption, from: 0}", 24, months{0: 20, 6: 50}},
		{"a wave after the horizon does nothing", "adoption: {plateau: 50 %}\nrollout: [{at: 0, share: 40 %}, {at: 30, share: 60 %}]", "costs",
			"{amount: 100 EUR/month * adoption, from: 0}", 24, months{0: 20, 24: 20}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lines := map[string]string{"costs": "fee: 1 EUR/month", "benefits": "gain: 1 EUR/month"}
			lines[test.group] = "x: " + test.line
			text := fmt.Sprintf("case: Line\ncurrency: EUR\nstart: 2026-04\nhorizon: %d\ndiscount: 8 %%/year\n%s\ncosts:\n  %s\nbenefits:\n  %s\n",
				test.horizon, test.more, lines["costs"], lines["benefits"])
			a := answer(t, text, calc.Options{})
			flow := planned(a)["x"]
			for m, want := range test.want {
				if !within(flow[m], want, 1e-9) {
					t.Errorf("month %d: %v, want %v", m, flow[m], want)
				}
			}
			// The simulation of a certain case is the plan.
			for m, q := range a.Timeline {
				sum := 0.0
				for _, e := range a.Timeline[:m+1] {
					sum += e.Net
				}
				if !within(q.Cumulative.P10, sum, 1e-9) || !within(q.Cumulative.P90, sum, 1e-9) {
					t.Fatalf("month %d: the bands run from %v to %v, the plan is at %v", m, q.Cumulative.P10, q.Cumulative.P90, sum)
				}
			}
		})
	}
}

const returns = "case: Returns\ncurrency: EUR\nhorizon: 24\ndiscount: 10 %%\ntiming: %s\ncosts: {outlay: {initial: 100}}\nbenefits: {gain: {yearly: [60, 60]}}\n"

// Yearly timing discounts each year's flow from its end, monthly timing month by month.
func TestTimings(t *testing.T) {
	a := answer(t, fmt.Sprintf(returns, "yearly"), calc.Options{})
	figure(t, "NPV by years", &a.Plan.NPV, 60/1.1+60/1.21-100)
	figure(t, "static break-even", a.Plan.BreakEven, 20)                                         // 100 = 60 + 60·2/3, years are even inside
	figure(t, "dynamic break-even", a.Plan.BreakEvenDiscounted, 12+12*(100-60/1.1)/(60/1.1/1.1)) // Pine Valley's rule
	figure(t, "IRR", a.Plan.IRR, (60+math.Sqrt(3600+4*100*60))/200-1)                            // 100x² = 60x + 60
	figure(t, "MIRR", a.Plan.MIRR, math.Sqrt((60*1.1+60)/100)-1)
	figure(t, "peak funding", &a.Plan.PeakFunding, -100)
	figure(t, "simulated break-even", a.Simulation.BreakEven.P50, 20)

	a = answer(t, fmt.Sprintf(returns, "monthly"), calc.Options{})
	npv := -100.0
	for m := 1; m <= 24; m++ {
		npv += 5 * math.Pow(1.1, -float64(m)/12)
	}
	figure(t, "NPV by months", &a.Plan.NPV, npv)
	figure(t, "break-even by months", a.Plan.BreakEven, 20)
}

// A figure that does not exist is null, and a note says why.
func TestFiguresThatDoNotExist(t *testing.T) {
	const head = "case: None\ncurrency: EUR\nhorizon: 24\ndiscount: 8 %/year\n"
	tests := []struct {
		name, text string
		check      func(a *calc.Answer) *float64
		note       string
	}{
		{"no ROI without costs", head + "costs: {c: 0 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.ROI }, "roi_undefined"},
		{"no undiscounted ROI either", head + "costs: {c: 0 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.ROIUndiscounted }, "roi_undefined"},
		{"no benefit-cost ratio", head + "costs: {c: 0 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.BenefitCostRatio }, "roi_undefined"},
		{"no ROI of an income booked as cost", head + "costs: {c: -5 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.ROI }, "roi_undefined"},
		{"no IRR without costs", head + "costs: {c: 0 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.IRR }, "irr_none"},
		{"no IRR of a loss throughout", head + "costs: {c: 5 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.IRR }, "irr_none"},
		{"no MIRR of a loss throughout", head + "costs: {c: 5 EUR/month}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.MIRR }, "mirr_none"},
		// −1 + 5x − 6x² is 0 at x = 1/2 and 1/3: two rates, and the cumulative flow ends below zero.
		{"no IRR where there are two", "case: None\ncurrency: EUR\nhorizon: 24\ndiscount: 8 %/year\ntiming: yearly\ncosts: {c: {initial: 1000, yearly: [0, 6000]}}\nbenefits: {b: {yearly: [5000]}}\n",
			func(a *calc.Answer) *float64 { return a.Plan.IRR }, "irr_several"},
		{"no break-even", head + "costs: {c: {amount: 1 000 EUR, at: 0}}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.BreakEven }, "break_even_never"},
		{"no first crossing", head + "costs: {c: {amount: 1 000 EUR, at: 0}}\nbenefits: {b: 1 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.FirstCrossing }, "break_even_never"},
		{"no dynamic break-even", head + "costs: {c: {amount: 24 EUR, at: 0}}\nbenefits: {b: 1.01 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Plan.BreakEvenDiscounted }, "break_even_discounted_never"},
		{"no break-even that lasts", head + "costs: {c: {amount: 5 EUR, at: [0, 20]}}\nbenefits: {b: {amount: 1 EUR/month, to: 8}}\n", func(a *calc.Answer) *float64 { return a.Plan.BreakEven }, "first_crossing"},
		{"no simulated break-even", head + "costs: {c: {amount: 1 000 EUR, at: 0}}\nbenefits: {b: 1 .. 2 EUR/month}\n", func(a *calc.Answer) *float64 { return a.Simulation.BreakEven.P10 }, "break_even_never"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := answer(t, test.text, calc.Options{})
			figure(t, "the figure", test.check(a), none)
			if !noted(a, test.note) {
				t.Errorf("no note %s: %v", test.note, a.Diagnostics)
			}
		})
	}
}

// Break-even is a distribution: a quantile that falls on "never" is null, the rest is there.
func TestBreakEvenQuantiles(t *testing.T) {
	for _, test := range []struct {
		never         float64 // probability
		p10, p50, p90 float64
	}{
		{0.05, 10, 10, 10},
		{0.3, 10, 10, none},
		{0.7, 10, none, none},
		{0.95, none, none, none},
	} {
		text := fmt.Sprintf("case: Chance\ncurrency: EUR\nhorizon: 24\ndiscount: 0\ncosts: {c: {amount: 100 EUR, at: 0}}\nbenefits: {b: {amount: 'choice(1: %v, 10: %v) EUR/month'}}\n", test.never, 1-test.never)
		b := answer(t, text, calc.Options{Draws: 10_000}).Simulation.BreakEven
		figure(t, "P10", b.P10, test.p10)
		figure(t, "P50", b.P50, test.p50)
		figure(t, "P90", b.P90, test.p90)
		if math.Abs(b.NotWithinHorizon-test.never) > 1e-3 {
			t.Errorf("%v of the draws never break even, want %v", b.NotWithinHorizon, test.never)
		}
	}
}

// The result has the weakest grade among the inputs that carry at least 5 % of the variance of NPV.
func TestGrade(t *testing.T) {
	const head = "case: Grade\ncurrency: EUR\nhorizon: 12\ndiscount: 0\nassumptions:\n"
	tests := []struct {
		name, text, want string
		carriers         []string
	}{
		{"the weakest that carries", head + "  big: {value: 100 .. 200 EUR, grade: B}\n  other: {value: 100 .. 190 EUR, grade: C}\n  small: {value: 1 .. 2 EUR, grade: D}\n", "C", []string{"big", "other"}},
		{"without a grade it is D", head + "  big: 100 .. 200 EUR\n  other: {value: 100 .. 190 EUR, grade: A}\n  small: {value: 1 .. 2 EUR, grade: A}\n", "D", []string{"big", "other"}},
		{"small ones do not count", head + "  big: {value: 100 .. 200 EUR, grade: A}\n  other: {value: 99 .. 101 EUR, grade: D}\n  small: {value: 1 .. 2 EUR, grade: D}\n", "A", []string{"big"}},
		{"a certain case has the weakest that it states", head + "  big: {value: 100 EUR, grade: A}\n  other: {value: 150 EUR, grade: C}\n  small: {value: 1 EUR, grade: B}\n", "C", nil},
		{"a certain case that states nothing", head + "  big: 100 EUR\n  other: 150 EUR\n  small: 1 EUR\n", "D", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := answer(t, test.text+"costs: {fee: {amount: small, at: 0}}\nbenefits: {gain: {amount: big + other, at: 1}}\n", calc.Options{Draws: 20_000})
			if a.Grade != test.want {
				t.Errorf("grade %s, want %s; carried by %v", a.Grade, test.want, a.Carriers)
			}
			var ids []string
			for _, c := range a.Carriers {
				ids = append(ids, c.ID)
				if c.Share < 0.05 {
					t.Errorf("%s carries %v of the variance and is named", c.ID, c.Share)
				}
			}
			slices.Sort(ids)
			if !slices.Equal(ids, test.carriers) {
				t.Errorf("carried by %v, want %v", ids, test.carriers)
			}
		})
	}

	// Twenty-four equal inputs carry 4 % each: none reaches 5 %, so all count.
	var text, sum strings.Builder
	text.WriteString(head)
	for i := range 24 {
		fmt.Fprintf(&text, "  x%d: {value: 'uniform(1, 2) EUR', grade: %s}\n", i, []string{"A", "C"}[i%2])
		fmt.Fprintf(&sum, " + x%d", i)
	}
	a := answer(t, text.String()+"costs: {fee: {amount: 1 EUR, at: 0}}\nbenefits: {gain: {amount: '"+sum.String()[3:]+"', at: 1}}\n", calc.Options{Draws: 20_000})
	if a.Grade != "C" || len(a.Carriers) != 0 {
		t.Errorf("no input carries: grade %s, carried by %v, want C and nobody", a.Grade, a.Carriers)
	}
}

// A line has the weakest grade of what it is made of, also through other assumptions.
func TestGradeOfALine(t *testing.T) {
	a := answer(t, `case: Lines
currency: EUR
horizon: 12
discount: 0
assumptions:
  users: {value: 40, grade: A}
  price: {value: 10 .. 20 EUR/month, grade: C}
  both: users * price
costs:
  licences: {amount: both}
  fee: 1 EUR/month
  unsure: 1 .. 2 EUR/month
benefits: {gain: {amount: users * 30 EUR/month}}
`, calc.Options{})
	want := map[string]string{"licences": "C", "fee": "", "unsure": "D", "gain": "A"}
	for _, l := range a.Lines {
		if l.Grade != want[l.ID] {
			t.Errorf("%s has the grade %q, want %q", l.ID, l.Grade, want[l.ID])
		}
	}
}

const uncertain = `case: Uncertain
currency: EUR
horizon: 36
discount: 8 %/year
assumptions:
  users: 20 .. 40 .. 60
  price: 40 .. 60 EUR/month
  saved: 0.5 .. 1.5 .. 3 h/week
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 4 .. 8 .. 14}
costs:
  licences: users * price
  project: {amount: 20 000 .. 30 000 .. 50 000 EUR, at: 0}
benefits:
  time: {lever: time_saved, hours: saved, wage: 50 EUR/h, converts: 40 %}
scenarios:
  same: {label: Nothing changes}
  dearer: {assumptions: {price: 60 .. 90 EUR/month}}
  more: {assumptions: {bonus: 100 .. 300 EUR/month}, benefits: {bonus: {amount: bonus}}}
`

// What must hold in every answer.
func TestFiguresFitTogether(t *testing.T) {
	for _, scenario := range []string{"", "dearer", "more"} {
		for _, timing := range []string{"monthly", "yearly"} {
			a := answer(t, uncertain+"timing: "+timing+"\n", calc.Options{Scenario: scenario, Draws: 2000})
			p, groups, shares := a.Plan, map[string]float64{}, map[string]float64{}
			for _, l := range a.Lines {
				groups[l.Group] += l.Plan
				shares[l.Group] += l.Share
				if !(l.PV.P10 <= l.PV.P50 && l.PV.P50 <= l.PV.P90) {
					t.Errorf("%s: the quantiles of the present value are %v", l.ID, l.PV)
				}
			}
			benefits, costs := 0.0, 0.0
			for m, e := range a.Timeline {
				benefits, costs = benefits+e.Benefits, costs+e.Costs
				if e.Month != m || !within(e.Net, e.Benefits-e.Costs, 1e-12) {
					t.Errorf("month %d of the timeline is %+v", m, e)
				}
				c := e.Cumulative
				if !slices.IsSorted([]float64{c.P10, c.P25, c.P50, c.P75, c.P90}) {
					t.Errorf("month %d: the bands cross: %+v", m, c)
				}
			}
			for what, pair := range map[string][2]float64{
				"benefits by line": {groups["benefits"], p.Benefits}, "costs by line": {groups["costs"], p.Costs},
				"benefits by month": {benefits, p.Benefits}, "costs by month": {costs, p.Costs},
				"shares of benefits": {shares["benefits"], 1}, "shares of costs": {shares["costs"], 1},
				"NPV": {p.NPV, p.BenefitsPV - p.CostsPV}, "ROI": {*p.ROI, p.NPV / p.CostsPV}, "benefit-cost ratio": {*p.BenefitCostRatio, 1 + *p.ROI},
				"TCO": {p.TCO, p.Costs},
			} {
				if !within(pair[0], pair[1], 1e-9) {
					t.Errorf("scenario %q, %s: %s %v, want %v", scenario, timing, what, pair[0], pair[1])
				}
			}
			positive, share := 0.0, a.Simulation.BreakEven.NotWithinHorizon
			for _, v := range a.Outcome.NPV {
				if v > 0 {
					positive++
				}
			}
			for _, v := range a.BreakEvenShare {
				share += v
			}
			if !within(a.Simulation.ProbabilityROIPositive, positive/2000, 1e-12) {
				t.Errorf("ROI is positive in %v of the draws, want %v", a.Simulation.ProbabilityROIPositive, positive/2000)
			}
			if !within(share, 1, 1e-12) || len(a.BreakEvenShare) != 37 {
				t.Errorf("the %d shares of break-even and never add up to %v", len(a.BreakEvenShare), share)
			}
			for what, s := range map[string]result.Spread{"NPV": a.Simulation.NPV, "ROI": a.Simulation.ROI, "peak funding": a.Simulation.PeakFunding} {
				if !(*s.P10 < *s.P50 && *s.P50 < *s.P90 && *s.SD > 0) {
					t.Errorf("%s has no spread: %v %v %v", what, *s.P10, *s.P50, *s.P90)
				}
			}
		}
	}
}

// Where nothing is uncertain the simulation says in every draw what the plan says.
func TestCertainCaseIsItsPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timing := rapid.SampledFrom([]string{"monthly", "yearly"}).Draw(t, "timing")
		text := fmt.Sprintf(`case: Certain
currency: EUR
horizon: %d
discount: %d %%/year
timing: %s
adoption: {start: 10 %%, plateau: %d %%, months_to_90: %d}
costs:
  project: {amount: %d EUR, at: [0, %d]}
  licences: {amount: %d EUR/month, escalates: 7 %%/year}
benefits:
  savings: {amount: %d EUR/month * adoption, from: %d}
`, rapid.SampledFrom([]int{12, 24, 36, 60}).Draw(t, "horizon"), rapid.IntRange(0, 20).Draw(t, "rate"), timing, rapid.IntRange(10, 100).Draw(t, "plateau"),
			rapid.IntRange(1, 20).Draw(t, "months"), rapid.IntRange(0, 9000).Draw(t, "outlay"), rapid.IntRange(0, 12).Draw(t, "at"),
			rapid.IntRange(1, 300).Draw(t, "fee"), rapid.IntRange(0, 2000).Draw(t, "gain"), rapid.IntRange(0, 12).Draw(t, "from"))
		a := answer(t, text, calc.Options{Draws: 5})
		same := func(what string, plan float64, draws ...*float64) {
			for _, d := range draws {
				if d == nil || math.Abs(*d-plan) > 1e-9*(1+a.Plan.Benefits+a.Plan.Costs) {
					t.Fatalf("%s: the plan says %v, the simulation %v\n%s", what, plan, d, text)
				}
			}
		}
		s := a.Simulation
		same("NPV", a.Plan.NPV, s.NPV.Mean, s.NPV.P10, s.NPV.P50, s.NPV.P90)
		same("ROI", *a.Plan.ROI, s.ROI.Mean, s.ROI.P10, s.ROI.P90)
		same("peak funding", a.Plan.PeakFunding, s.PeakFunding.Mean, s.PeakFunding.P50)
		if a.Plan.BreakEven == nil {
			if s.BreakEven.NotWithinHorizon != 1 {
				t.Fatalf("the plan never breaks even, the simulation in %v of the draws\n%s", 1-s.BreakEven.NotWithinHorizon, text)
			}
			return
		}
		same("break-even", *a.Plan.BreakEven, s.BreakEven.P10, s.BreakEven.P50, s.BreakEven.P90)
	})
}

// Scenarios run on common random numbers: what they share is the same in every draw, so that a change that changes nothing
// makes no difference, and a new uncertainty leaves the others alone.
func TestScenariosShareTheirRandomNumbers(t *testing.T) {
	for _, pseudo := range []bool{false, true} {
		o := calc.Options{Draws: 1000, Seed: 3, Pseudo: pseudo}
		run := func(scenario string) *calc.Answer {
			o.Scenario = scenario
			return answer(t, uncertain, o)
		}
		base, same, more, dearer := run(""), run("same"), run("more"), run("dearer")
		if !slices.Equal(base.Outcome.NPV, same.Outcome.NPV) {
			t.Errorf("pseudo %v: a scenario that changes nothing changes NPV", pseudo)
		}
		inputs := func(a *calc.Answer) map[string][]float64 {
			all := map[string][]float64{}
			for i, v := range a.Outcome.Inputs(1000) {
				all[a.Graph.Inputs[i].ID] = v
			}
			return all
		}
		one, two, three := inputs(base), inputs(more), inputs(dearer)
		for id, v := range one {
			if !slices.Equal(v, two[id]) {
				t.Errorf("pseudo %v: %s draws other values beside a new uncertainty", pseudo, id)
			}
			if id == "price" {
				for i := range v {
					if (v[i] < math.Sqrt(40*60)) != (three[id][i] < math.Sqrt(60*90)) {
						t.Fatalf("pseudo %v, draw %d: the price is %v and %v, on different sides of their medians", pseudo, i, v[i], three[id][i])
					}
				}
			} else if !slices.Equal(v, three[id]) {
				t.Errorf("pseudo %v: %s draws other values beside another price", pseudo, id)
			}
		}
	}
	c := calc.Case{Name: "case.yaml", Text: []byte(uncertain)}
	cmp, list, err := calc.Compare(context.Background(), c, []string{"base", "same", "dearer"}, calc.Options{Draws: 1000, Seed: 3})
	if err != nil || list.Err() != nil {
		t.Fatal(err, list)
	}
	if d := cmp.Differences[0]; *d.NPV.Mean != 0 || *d.NPV.SD != 0 || d.ProbabilityBetter != 0 {
		t.Errorf("a scenario that changes nothing differs: %+v", d)
	}
	if d := cmp.Differences[1]; *d.NPV.P90 >= 0 || d.ProbabilityBetter != 0 {
		t.Errorf("dearer licences are better in %v of the draws", d.ProbabilityBetter)
	}
}

// An uncertainty that no line needs changes nothing, wherever it stands in the file.
func TestUnusedAssumptionChangesNothing(t *testing.T) {
	more := strings.Replace(uncertain, "assumptions:\n", "assumptions:\n  idle: 1 .. 2 .. 4\n  idler: idle * 2\n", 1)
	for _, scenario := range []string{"", "dearer"} {
		one, two := answer(t, uncertain, calc.Options{Scenario: scenario}), answer(t, more, calc.Options{Scenario: scenario})
		if !slices.Equal(one.Outcome.NPV, two.Outcome.NPV) {
			t.Errorf("scenario %q: an unused assumption moves the median of NPV from %v to %v", scenario, *one.Simulation.NPV.P50, *two.Simulation.NPV.P50)
		}
	}
}

// With yearly timing a last year that the horizon cuts short ends at the horizon, in the plan as in the simulation.
func TestLastYearCutShort(t *testing.T) {
	const text = "case: Short\ncurrency: EUR\nhorizon: 30\ndiscount: 8 %%/year\ntiming: yearly\ncosts: {c: {amount: %s}}\nbenefits: {b: %s}\n"
	a := answer(t, fmt.Sprintf(text, "140 EUR, at: 0", "5 EUR/month"), calc.Options{})
	// 120 of 140 are back after two years, the rest after two thirds of the last half year.
	figure(t, "break-even", a.Plan.BreakEven, 28)
	figure(t, "first crossing", a.Plan.FirstCrossing, 28)
	figure(t, "simulated break-even", a.Simulation.BreakEven.P50, 28)
	a = answer(t, fmt.Sprintf(text, "100 EUR, at: 0", "-5 EUR/month"), calc.Options{})
	if a.Plan.PeakFundingMonth != 30 {
		t.Errorf("peak funding in month %d of 30", a.Plan.PeakFundingMonth)
	}
}

// Same file, seed and draws: same bytes, on any number of cores.
func TestSameBytes(t *testing.T) {
	bytes := func(o calc.Options) string {
		a := answer(t, uncertain, o)
		a.Timing = result.Timing{}
		b, err := json.Marshal(a.Result)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	one := bytes(calc.Options{Draws: 3001, Seed: 5, Workers: 1})
	for _, workers := range []int{1, 2, 8} {
		if bytes(calc.Options{Draws: 3001, Seed: 5, Workers: workers}) != one {
			t.Errorf("%d workers give other bytes", workers)
		}
	}
	if bytes(calc.Options{Draws: 3001, Seed: 6}) == one {
		t.Error("another seed gives the same bytes")
	}
}

func TestFewDraws(t *testing.T) {
	for _, draws := range []int{1, 2, 3} {
		a := answer(t, uncertain, calc.Options{Draws: draws})
		if a.Draws != draws || len(a.Outcome.NPV) != draws || a.Simulation.NPV.P50 == nil {
			t.Errorf("%d draws: %d in the result, median %v", draws, len(a.Outcome.NPV), a.Simulation.NPV.P50)
		}
		if *a.Simulation.NPV.P10 > *a.Simulation.NPV.P90 || draws == 1 && *a.Simulation.NPV.SD != 0 {
			t.Errorf("%d draws: P10 %v, P90 %v, SD %v", draws, *a.Simulation.NPV.P10, *a.Simulation.NPV.P90, *a.Simulation.NPV.SD)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, _, err := calc.Run(ctx, calc.Case{Name: "case.yaml", Text: []byte(uncertain)}, calc.Options{})
	if !errors.Is(err, context.Canceled) || a != nil {
		t.Errorf("error %v, answer %v", err, a != nil)
	}
}

// Other definitions of ROI, on one case that can be followed with a pencil: 12 000 at the start, 100 a month, 1 000 a month
// saved, three years.
func TestOtherDefinitionsOfROI(t *testing.T) {
	a := answer(t, "case: ROI\ncurrency: EUR\ndiscount: 0\nhorizon: 36\ncosts:\n  project: {amount: 12 000 EUR, at: 0}\n  licences: 100 EUR/month\nbenefits:\n  savings: 1 000 EUR/month\n", calc.Options{Definitions: true})
	want := map[string]float64{
		"roi_discounted": (36_000.0 - 15_600) / 15_600, "roi_undiscounted": (36_000.0 - 15_600) / 15_600, "roi_first_year": (12_000.0 - 13_200) / 13_200,
		"roi_average_year_on_initial": (36_000.0 - 3600) / 3 / 12_000, "roi_annual_running": (36_000.0 - 3600) / 3600, "roi_gross_per_euro": 36_000.0 / 15_600,
	}
	for _, d := range a.Plan.Definitions {
		figure(t, d.ID, d.Value, want[d.ID])
		if d.Ours != (d.ID == "roi_discounted") {
			t.Errorf("%s: ours is %v", d.ID, d.Ours)
		}
		delete(want, d.ID)
	}
	for id := range want {
		t.Errorf("%s is missing", id)
	}
	if d := answer(t, uncertain, calc.Options{}).Plan.Definitions; d != nil {
		t.Errorf("definitions that nobody asked for: %v", d)
	}
}
