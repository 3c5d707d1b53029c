// Package examples_test runs every example in its base case and all scenarios: no errors, the answer that its comments
// promise, and sums that add up.
package examples_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

const draws = 10_000

var cat, _ = catalogue.Open()

func read(t *testing.T, file string) calc.Case {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return calc.Case{Name: file, Text: text, Catalogue: cat, Version: "test"}
}

func run(t *testing.T, c calc.Case, scenario string) *calc.Answer {
	t.Helper()
	a, found, err := calc.Run(context.Background(), c, calc.Options{Scenario: scenario, Draws: draws, Seed: calc.DefaultSeed, Lang: "de"})
	if err != nil || a == nil {
		t.Fatalf("%s %s: %v %v", c.Name, scenario, err, found)
	}
	return a
}

// expectation is what an example says about itself. A limit of zero is not checked.
type expectation struct {
	scenario       string
	breakEven      [2]float64 // months between which the median break-even lies; zero: the median is "not within the horizon"
	never          [2]float64 // share of draws not within the horizon
	positive       [2]float64 // probability of a positive ROI
	grade          string
	peakFundingMin float64 // money tied up in the median, at least
}

// examples lists every file with its base case first, then all its scenarios.
var examples = map[string][]expectation{
	"handwerk.yaml": {
		{breakEven: [2]float64{20, 30}, never: [2]float64{0.2, 0.45}, positive: [2]float64{0.5, 0.75}, grade: "D", peakFundingMin: 15_000},
		{scenario: "office_only", never: [2]float64{0.75, 0.95}, positive: [2]float64{0.02, 0.25}},
	},
	"maschinenbau.yaml": {
		{never: [2]float64{0.5, 0.7}, positive: [2]float64{0.25, 0.45}, grade: "D", peakFundingMin: 150_000},
		{scenario: "with_ai", never: [2]float64{0.4, 0.6}, positive: [2]float64{0.35, 0.5}},
	},
	"dienstleister.yaml": {
		{breakEven: [2]float64{40, 48}, never: [2]float64{0.35, 0.6}, positive: [2]float64{0.3, 0.6}, peakFundingMin: 300_000},
		{scenario: "with_ai", breakEven: [2]float64{32, 44}, never: [2]float64{0.2, 0.45}, positive: [2]float64{0.5, 0.7}},
		{scenario: "no_decision", never: [2]float64{0.75, 1}, positive: [2]float64{0, 0.2}},
	},
	"enterprise.yaml": {
		{breakEven: [2]float64{42, 56}, never: [2]float64{0.15, 0.4}, positive: [2]float64{0.45, 0.75}, grade: "D", peakFundingMin: 3_000_000},
		{scenario: "delay", breakEven: [2]float64{48, 60}, never: [2]float64{0.25, 0.5}, positive: [2]float64{0.35, 0.6}},
		{scenario: "low_use", never: [2]float64{0.6, 0.9}, positive: [2]float64{0.05, 0.3}},
	},
	"published-pine-valley.yaml": {
		{breakEven: [2]float64{23.7, 23.8}, positive: [2]float64{1, 1}, grade: "C"},
		{scenario: "with_ranges", breakEven: [2]float64{38, 54}, never: [2]float64{0.05, 0.3}, positive: [2]float64{0.35, 0.65}},
	},
	"lohnt-nicht.yaml": {
		{never: [2]float64{0.8, 1}, positive: [2]float64{0, 0.02}, peakFundingMin: 250_000},
		{scenario: "only_sales", never: [2]float64{0.4, 0.7}, positive: [2]float64{0.25, 0.55}},
	},
	"ki-service.yaml": {
		{breakEven: [2]float64{14, 24}, never: [2]float64{0.3, 0.55}, positive: [2]float64{0.45, 0.65}, grade: "B"},
		{scenario: "veterans", never: [2]float64{0.75, 0.95}, positive: [2]float64{0.03, 0.25}},
		{scenario: "no_temps", never: [2]float64{0.95, 1}, positive: [2]float64{0, 0.05}},
	},
}

func within(v float64, limits [2]float64) bool { return v >= limits[0] && v <= limits[1] }

func TestEveryExampleIsExpected(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if examples[f] == nil {
			t.Errorf("%s is run by no test", f)
		}
	}
	if len(files) != len(examples) {
		t.Errorf("%d files, %d expectations", len(files), len(examples))
	}
}

func TestExamplesAnswerAsTheirCommentsSay(t *testing.T) {
	for file, wants := range examples {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := read(t, file)
			var scenarios []string
			base, found := calc.Check(c, "")
			if base == nil {
				t.Fatal(found)
			}
			for _, s := range base.File.Scenarios {
				scenarios = append(scenarios, s.ID)
			}
			for i, want := range wants {
				if i > 0 && (i > len(scenarios) || want.scenario != scenarios[i-1]) {
					t.Fatalf("scenarios are %v, expected %q", scenarios, want.scenario)
				}
				a := run(t, c, want.scenario)
				expect(t, a, want)
				addsUp(t, a)
				reads(t, a)
			}
			if len(wants) != 1+len(scenarios) {
				t.Errorf("%d scenarios, %d expected", len(scenarios), len(wants)-1)
			}
		})
	}
}

func expect(t *testing.T, a *calc.Answer, want expectation) {
	t.Helper()
	name := a.Case.Name + " " + want.scenario
	s := a.Simulation
	switch be := s.BreakEven.P50; {
	case be == nil && want.breakEven != [2]float64{}:
		t.Errorf("%s: the median does not break even, expected in month %v", name, want.breakEven)
	case be != nil && !within(*be, want.breakEven):
		t.Errorf("%s: breaks even in month %.1f, expected %v", name, *be, want.breakEven)
	}
	if !within(s.BreakEven.NotWithinHorizon, want.never) {
		t.Errorf("%s: %.3f not within the horizon, expected %v", name, s.BreakEven.NotWithinHorizon, want.never)
	}
	if !within(s.ProbabilityROIPositive, want.positive) {
		t.Errorf("%s: pays with probability %.3f, expected %v", name, s.ProbabilityROIPositive, want.positive)
	}
	if want.grade != "" && a.Grade != want.grade {
		t.Errorf("%s: grade %s, expected %s", name, a.Grade, want.grade)
	}
	if s.PeakFunding.P50 == nil || -*s.PeakFunding.P50 < want.peakFundingMin {
		t.Errorf("%s: peak funding %v, expected at least %v", name, s.PeakFunding.P50, want.peakFundingMin)
	}
	for _, d := range a.Diagnostics {
		// What the result says about itself, and what a package presets; every other warning would be a flaw of the file.
		known := []string{"break_even", "irr_", "mirr_", "first_crossing", "after_tax", "default_used"}
		if !slices.ContainsFunc(known, func(p string) bool { return strings.HasPrefix(d.Code, p) }) {
			t.Errorf("%s: %s", name, d.Error())
		}
	}
}

func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

// addsUp checks that the lines make the totals: in the plan, discounted and not, and in the mean of the simulation.
func addsUp(t *testing.T, a *calc.Answer) {
	t.Helper()
	name := a.Case.Name + " " + a.Scenario
	flows := a.Graph.Evaluate(a.Graph.Medians())
	total, pv, share, mean := map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}
	for i, l := range a.Lines {
		v, err := finance.PV(flows[i], a.Graph.Discount)
		if err != nil {
			t.Fatal(err)
		}
		pv[l.Group] += v
		total[l.Group] += l.Plan
		share[l.Group] += l.Share
		mean[l.Group] += a.Outcome.LineMeans[i]
	}
	for _, c := range []struct {
		what       string
		have, want float64
	}{
		{"undiscounted benefits", total["benefits"], a.Plan.Benefits},
		{"undiscounted costs", total["costs"], a.Plan.Costs},
		{"benefits", pv["benefits"], a.Plan.BenefitsPV},
		{"costs", pv["costs"], a.Plan.CostsPV},
		{"NPV", pv["benefits"] - pv["costs"], a.Plan.NPV},
		{"shares of the benefits", share["benefits"], 1},
		{"shares of the costs", share["costs"], 1},
		{"mean NPV", mean["benefits"] - mean["costs"], *a.Simulation.NPV.Mean},
		{"ROI", a.Plan.NPV / a.Plan.CostsPV, *a.Plan.ROI},
	} {
		if !near(c.have, c.want) {
			t.Errorf("%s: %s of the lines are %v, of the whole %v", name, c.what, c.have, c.want)
		}
	}
	net, distribution := 0.0, a.Simulation.BreakEven.NotWithinHorizon
	for _, m := range a.Timeline {
		if !near(m.Benefits-m.Costs, m.Net) {
			t.Errorf("%s: month %d does not add up", name, m.Month)
		}
		net += m.Net
	}
	for _, s := range a.BreakEvenShare {
		distribution += s
	}
	if !near(net, a.Plan.Benefits-a.Plan.Costs) {
		t.Errorf("%s: the months sum up to %v, the plan to %v", name, net, a.Plan.Benefits-a.Plan.Costs)
	}
	if !near(distribution, 1) {
		t.Errorf("%s: the break-even months have probability %v", name, distribution)
	}
}

// reads checks that the report can be shown in both languages on 80 columns, with nothing missing.
func reads(t *testing.T, a *calc.Answer) {
	t.Helper()
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		r := *a.Result
		r.Notes = nil
		for _, d := range r.Diagnostics {
			r.Notes = append(r.Notes, result.Note{Code: d.Code, Text: l.Message(d), At: d.At.String()})
		}
		var b strings.Builder
		if err := report.Text(&b, &r, l, report.Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "⟦") {
			t.Errorf("%s %s %s: a message is missing", a.Case.Name, a.Scenario, lang)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if locale.Width(line) > 80 {
				t.Errorf("%s %s %s: %d columns: %s", a.Case.Name, a.Scenario, lang, locale.Width(line), line)
			}
		}
	}
}

// The worksheet prints whole dollars, ROI with two decimals and the break-even with three: see the file's comment.
func TestPineValleyAsPublished(t *testing.T) {
	p := run(t, read(t, "published-pine-valley.yaml"), "").Plan
	for _, c := range []struct {
		what                       string
		have, published, tolerance float64
	}{
		{"PV of benefits", p.BenefitsPV, 180_239, 0.5},
		{"PV of costs", p.CostsPV, 145_236, 0.5},
		{"NPV", p.NPV, 35_003, 0.5},
		{"ROI", *p.ROI, 0.24, 0.005},
		{"discounted break-even in years", *p.BreakEvenDiscounted / 12, 2.403, 0.0005},
	} {
		if math.Abs(c.have-c.published) > c.tolerance {
			t.Errorf("%s: %v, published %v", c.what, c.have, c.published)
		}
	}
}

// The cumulative NPV of the worksheet, year by year.
func TestPineValleyYearByYear(t *testing.T) {
	a := run(t, read(t, "published-pine-valley.yaml"), "")
	cumulative := 0.0
	published := map[int]float64{0: -42_500, 12: -23_304, 24: -6_164, 36: 9_139, 48: 22_803, 60: 35_003}
	for _, m := range a.Timeline {
		cumulative += m.Net * a.Graph.Discount[m.Month]
		if want, ok := published[m.Month]; ok && math.Abs(cumulative-want) > 0.5 {
			t.Errorf("after month %d: %.2f, published %v", m.Month, cumulative, want)
		}
	}
}

// The machine builder of the design, without the comments of the example.
const machineBuilder = `case: CRM-Einführung Vertrieb
organisation: Muster Maschinenbau GmbH
currency: EUR
start: 2026-04
horizon: 36 months
discount: 8 %/year
assumptions:
  users: 40
  customers: {value: 1200, source: ERP export 2026-03, grade: A}
  wage: 46 .. 52 .. 60 EUR/h
  margin: 28 .. 31 .. 34 %
  hours_saved: {value: 0.5 .. 1.5 .. 3 h/week, source: estimate of the sales lead, grade: D}
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 4 .. 8 .. 14}
data_quality: {start: 70 %, plateau: 85 .. 92 .. 97 %, months_to_90: 6}
process: {start: 60 %, plateau: 85 %, months_to_90: 9}
costs:
  licences: {amount: users * 65 EUR/month, escalates: 0 .. 3 .. 7 %/year}
  project: {amount: 45 000 .. 60 000 .. 95 000 EUR, at: 0}
  training: {amount: users * 16 h * wage, at: [1, 13]}
  dip: {amount: users * 3 h/week * wage, from: 1, to: 3}
benefits:
  time: {lever: time_saved, hours: hours_saved, converts: 30 .. 50 .. 70 %}
  churn: {lever: churn, customers: customers, rate: 9 %/year, cut: 3 .. 8 .. 15 %, revenue: 9 500 EUR/year}
  win_rate: {lever: win_rate, deals: 60 /month, rate: 22 %, uplift: 2 .. 6 .. 12 %, value: 14 000 EUR}
  legacy: {amount: 900 EUR/month, from: 7, kind: avoided_cost}
correlate: [[hours_saved, adoption.plateau, 0.4]]
scenarios:
  with_ai: {costs: {ai: {amount: users * 28 EUR/month, from: 4}}, assumptions: {hours_saved: 0.8 .. 2.2 .. 4 h/week}}
`

// The design leaves out what an audit asks for; the example adds it.
func TestTheMachineBuilderKeepsTheNumbersOfTheDesign(t *testing.T) {
	c := read(t, "maschinenbau.yaml")
	var without []string
	for _, line := range strings.Split(string(c.Text), "\n") {
		switch {
		case line == "  migration:" || line == "  admin:":
			without = append(without, "#"+line)
		case len(without) > 0 && strings.HasPrefix(line, "    ") && strings.HasPrefix(without[len(without)-1], "#"):
			without = append(without, "#"+line)
		default:
			without = append(without, line)
		}
	}
	c.Text = []byte(strings.Join(without, "\n"))
	design := read(t, "maschinenbau.yaml")
	design.Text = []byte(machineBuilder)
	for _, scenario := range []string{"", "with_ai"} {
		a, b := run(t, c, scenario), run(t, design, scenario)
		if a.Plan.NPV != b.Plan.NPV || !slices.Equal(a.Outcome.NPV, b.Outcome.NPV) || a.Grade != b.Grade {
			t.Errorf("%q: NPV %v and grade %s, of the design %v and %s", scenario, a.Plan.NPV, a.Grade, b.Plan.NPV, b.Grade)
		}
	}
}

// comparison runs a scenario against the base case on common random numbers.
func comparison(t *testing.T, file, scenario string) result.Difference {
	t.Helper()
	out, found, err := calc.Compare(context.Background(), read(t, file), []string{"base", scenario}, calc.Options{Draws: draws, Seed: calc.DefaultSeed})
	if err != nil || out == nil {
		t.Fatal(err, found)
	}
	return out.Differences[0]
}

func TestScenariosMakeTheDifferenceTheyTellOf(t *testing.T) {
	for _, c := range []struct {
		file, scenario string
		better         [2]float64 // share of draws in which the scenario has the higher NPV
	}{
		{"dienstleister.yaml", "with_ai", [2]float64{0.65, 0.95}},
		{"dienstleister.yaml", "no_decision", [2]float64{0, 0.01}},
		{"handwerk.yaml", "office_only", [2]float64{0, 0.02}},
		{"enterprise.yaml", "delay", [2]float64{0, 0.1}},
		{"enterprise.yaml", "low_use", [2]float64{0, 0.02}},
		{"lohnt-nicht.yaml", "only_sales", [2]float64{0.98, 1}},
		{"ki-service.yaml", "veterans", [2]float64{0, 0.05}},
	} {
		if d := comparison(t, c.file, c.scenario); !within(d.ProbabilityBetter, c.better) {
			t.Errorf("%s %s is better in %.3f of the draws, expected %v", c.file, c.scenario, d.ProbabilityBetter, c.better)
		}
	}
}

func TestEveryExampleIsCommentedAndLaidOut(t *testing.T) {
	for file := range examples {
		c := read(t, file)
		comments := 0
		for i, line := range strings.Split(string(c.Text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				comments++
			}
			if strings.Contains(line, "\t") || strings.TrimRight(line, " ") != line {
				t.Errorf("%s:%d: tab or space at the end", file, i+1)
			}
			if n := len([]rune(line)); n > 120 && strings.HasPrefix(strings.TrimSpace(line), "#") {
				t.Errorf("%s:%d: comment of %d characters", file, i+1, n)
			}
		}
		if comments < 15 {
			t.Errorf("%s has %d lines of comment", file, comments)
		}
		if !strings.Contains(string(c.Text), "rendite calc examples/"+file) {
			t.Errorf("%s does not say how to run it", file)
		}
	}
}

// Only the machine builder keeps values without a source, as the design shows them.
func TestUncertainValuesHaveAGrade(t *testing.T) {
	for file := range examples {
		if file == "maschinenbau.yaml" {
			continue
		}
		m, found := calc.Check(read(t, file), "")
		if m == nil {
			t.Fatal(found)
		}
		for _, q := range m.Uncertain() {
			if q.Grade == "" || q.Source == "" {
				t.Errorf("%s: %s has grade %q and source %q", file, q.ID, q.Grade, q.Source)
			}
		}
	}
}
