package decide_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/sim"
)

func study(t testing.TB, text string, o calc.Options) *decide.Study {
	t.Helper()
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	s, list, err := decide.New(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(text), Catalogue: cat}, o)
	if err != nil || s == nil {
		t.Fatal(err, list)
	}
	return s
}

func machineBuilder(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/maschinenbau.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The function of Ishigami & Homma (1990), sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 with x uniform on −π … π, as a case: x1 and
// x2 enter through their sines alone, and the sine of a uniform angle has the arcsine distribution, beta(1/2, 1/2) on −1 … 1.
const ishigami = `
currency: EUR
discount: 0 %
horizon: 1 month
assumptions:
  a: beta(0.5, 0.5)
  b: beta(0.5, 0.5)
  c: uniform(-3.141592653589793, 3.141592653589793)
costs: {none: {amount: 1 EUR, at: 0}}
benefits: {f: {amount: ((2 * a - 1) + 7 * (2 * b - 1)^2 + 0.1 * c^4 * (2 * a - 1) + 20) EUR, at: 0}}
`

func TestSobol_againstIshigami(t *testing.T) {
	// S = (0.3139, 0.4424, 0), total = (0.5576, 0.4424, 0.2437): Saltelli et al. 2008 for a = 7, b = 0.1.
	s := study(t, ishigami, calc.Options{})
	got, err := s.Sobol(context.Background(), 16_384)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]float64{"a": {0.3139, 0.5576}, "b": {0.4424, 0.4424}, "c": {0, 0.2437}}
	for _, i := range got {
		w := want[i.ID]
		if math.Abs(i.First-w[0]) > 0.01 || math.Abs(i.Total-w[1]) > 0.01 {
			t.Errorf("%s: first %.4f total %.4f, want %v", i.ID, i.First, i.Total, w)
		}
	}
	if len(got) != 3 {
		t.Errorf("%d indices", len(got))
	}
}

func TestSobol_againstSobolG(t *testing.T) {
	// ∏ (|4x − 2| + a)/(1 + a), a = (0, 1, 4.5, 9): Saltelli et al. 2008. |y| is written max(y, −y).
	var text strings.Builder
	text.WriteString("currency: EUR\ndiscount: 0 %\nhorizon: 1 month\nassumptions:\n")
	a := []float64{0, 1, 4.5, 9}
	product := "1 EUR"
	for i, v := range a {
		fmt.Fprintf(&text, "  x%d: uniform(0, 1)\n", i)
		product += fmt.Sprintf(" * (max(4 * x%d - 2, 2 - 4 * x%d) + %v) / %v", i, i, v, 1+v)
	}
	text.WriteString("costs: {none: {amount: 1 EUR, at: 0}}\nbenefits: {f: {amount: " + `"` + product + `"` + ", at: 0}}\n")
	got, err := study(t, text.String(), calc.Options{}).Sobol(context.Background(), 16_384)
	if err != nil {
		t.Fatal(err)
	}
	// Closed form: V_i = 1/(3(1+a_i)²), V = ∏(1 + V_i) − 1, S_i = V_i/V, T_i = V_i·∏_{j≠i}(1 + V_j)/V.
	all := 1.0
	for _, v := range a {
		all *= 1 + 1/(3*(1+v)*(1+v))
	}
	for i, v := range a {
		vi := 1 / (3 * (1 + v) * (1 + v))
		first, total := vi/(all-1), vi*all/(1+vi)/(all-1)
		if math.Abs(got[i].First-first) > 0.01 || math.Abs(got[i].Total-total) > 0.01 {
			t.Errorf("x%d: first %.4f total %.4f, want %.4f %.4f", i, got[i].First, got[i].Total, first, total)
		}
	}
}

func TestSobol_correlatedAssumptionsShareTheirIndices(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{})
	got, err := s.Sobol(context.Background(), 2048)
	if err != nil {
		t.Fatal(err)
	}
	at := func(id string) decide.Index {
		return got[slices.IndexFunc(got, func(i decide.Index) bool { return i.ID == id })]
	}
	a, b := at("hours_saved"), at("adoption.plateau")
	if a.Total != b.Total || !slices.Contains(a.With, "adoption.plateau") || !slices.Contains(b.With, "hours_saved") {
		t.Errorf("%+v %+v", a, b)
	}
	if c := at("margin"); len(c.With) != 0 {
		t.Errorf("margin is correlated with %v", c.With)
	}
}

func TestInformation_againstUnitNormalLoss(t *testing.T) {
	// Go at N(120 000, 260 000), the sum of independent adoption (sd 200 000), cost (120 000) and rest, or not at all:
	// EVPI = s·φ(m/s) + m·Φ(m/s) − m; EVPPI likewise with the part's standard deviation.
	const text = `
currency: EUR
discount: 0 %
horizon: 1 month
assumptions:
  adoption_gain: normal(1 120 000, 200 000) EUR
  cost: normal(1 000 000, 120 000) EUR
  rest: normal(0, 114891.2529307606) EUR
costs: {c: {amount: cost, at: 0}}
benefits: {b: {amount: adoption_gain + rest, at: 0}}
`
	info, err := study(t, text, calc.Options{Draws: 1 << 16}).Information()
	if err != nil {
		t.Fatal(err)
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 0.02*want {
			t.Errorf("%s = %.0f, want %.0f", name, got, want)
		}
	}
	loss := func(m, sd float64) float64 {
		z := m / sd
		return sd*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi) + m*(1+math.Erf(z/math.Sqrt2))/2 - m
	}
	near("EVPI", info.EVPI, loss(120_000, 260_000))
	for _, w := range info.Single {
		near(w.ID, w.Value, loss(120_000, map[string]float64{"adoption_gain": 200_000, "cost": 120_000, "rest": 114891.2529307606}[w.ID]))
	}
}

func TestInformation_whatChangesNoDecisionIsWorthNothing(t *testing.T) {
	const text = `
currency: EUR
discount: 0 %
horizon: 12 months
assumptions: {saving: 900 .. 1 000 .. 1 100 EUR/month}
costs: {c: {amount: 1 000 EUR, at: 0}}
benefits: {b: {amount: saving}}
`
	s := study(t, text, calc.Options{})
	info, err := s.Information()
	if err != nil {
		t.Fatal(err)
	}
	if info.EVPI != 0 || !info.Single[0].Nothing || len(s.Measures(info)) != 0 {
		t.Errorf("a case that pays in every draw: %+v", info)
	}
}

func TestTornado_isTheCaseWithTheAssumptionHeld(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 1 << 14})
	bars, err := s.Tornado(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(bars) != len(s.Inputs) {
		t.Fatalf("%d bars for %d inputs", len(bars), len(s.Inputs))
	}
	for i := 1; i < len(bars); i++ {
		if math.Abs(*bars[i].NPV.High-*bars[i].NPV.Low) > math.Abs(*bars[i-1].NPV.High-*bars[i-1].NPV.Low) {
			t.Errorf("%s stands before %s, which moves more", bars[i-1].ID, bars[i].ID)
		}
	}
	// benefits.win_rate.uplift is not correlated: holding it is writing it into the file.
	b := bars[slices.IndexFunc(bars, func(b decide.Bar) bool { return b.ID == "benefits.win_rate.uplift" })]
	held := study(t, strings.Replace(machineBuilder(t), "uplift: {value: 2 .. 6 .. 12 %", "uplift: {value: 12 %", 1), calc.Options{Draws: 1 << 15})
	median := sim.Quantile(held.Outcome.NPV, 0.5)[0]
	if math.Abs(b.P10-2) > 1e-9 || math.Abs(b.P90-12) > 1e-9 || math.Abs(median-*b.NPV.High) > 2500 {
		t.Errorf("%v to %v %%, NPV %v; the case with 12 %% has %v", b.P10, b.P90, *b.NPV.High, median)
	}
}

func TestFailure_findsThePlantedCondition(t *testing.T) {
	// The saving is lost where usage is low and the price high: 0.3 · 0.5 of the draws.
	const text = `
currency: EUR
discount: 0 %
horizon: 12 months
assumptions:
  usage: uniform(0, 1)
  price: uniform(0, 100)
  noise: uniform(0, 1)
costs: {c: {amount: 1 EUR, at: 0}}
benefits: {b: {amount: "if(usage < 0.3, 1, 0) * if(price > 50, 1, 0) * -10 EUR + 5 EUR + noise * 1 EUR", at: 0}}
`
	f, err := study(t, text, calc.Options{}).Failure(nil)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(f.Share-0.15) > 0.01 || len(f.Boxes) == 0 {
		t.Fatalf("%+v", f)
	}
	b := f.Boxes[0]
	if b.Coverage < 0.95 || b.Density < 0.95 || len(b.Conditions) != 2 {
		t.Fatalf("%+v", b)
	}
	for _, c := range b.Conditions {
		switch {
		case c.ID == "usage" && c.Max != nil && math.Abs(*c.Max-0.3) < 0.02:
		case c.ID == "price" && c.Min != nil && math.Abs(*c.Min-50) < 2:
		default:
			t.Errorf("%+v", c)
		}
	}
}

func TestSeek_theValueFoundMeetsTheTarget(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 8192})
	month := 30.0
	goal, err := s.Seek(context.Background(), decide.Target{BreakEvenMonth: &month, Probability: 0.6})
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for _, n := range goal.Single {
		if n.Value == nil {
			continue
		}
		met++
		if n.Probability < 0.6 || n.Probability > 0.62 {
			t.Errorf("%s = %v reaches the goal with %v", n.ID, *n.Value, n.Probability)
		}
		if n.ID == "hours_saved" {
			// Writing the value into the file gives the month asked for.
			text := strings.Replace(machineBuilder(t), "hours_saved: {value: 0.5 .. 1.5 .. 3 h/week", fmt.Sprintf("hours_saved: {value: %v h/week", *n.Value), 1)
			again := study(t, text, calc.Options{Draws: 1 << 15})
			var months []float64
			for _, m := range again.Outcome.BreakEven {
				if math.IsNaN(m) {
					m = 1e9
				}
				months = append(months, m)
			}
			if q := sim.Quantile(months, 0.6)[0]; math.Abs(q-month) > 0.25 {
				t.Errorf("with %v h/week the 60 %% quantile of break-even is month %v", *n.Value, q)
			}
		}
	}
	if met < 3 {
		t.Errorf("only %d assumptions meet the goal alone", met)
	}
	for _, n := range goal.Single {
		if n.ID == "adoption.plateau" && n.Value != nil {
			t.Errorf("adoption alone cannot do it, but %v is given", *n.Value)
		}
	}
}

func TestSeek_thereIsNoPartOfAUser(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 4096})
	npv := 0.0
	goal, err := s.Seek(context.Background(), decide.Target{NPV: &npv, Probability: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, n := range goal.Single {
		if n.ID != "users" && n.ID != "costs.migration.records" {
			continue
		}
		seen++
		if n.Limit != math.Round(n.Limit) || n.Value != nil && *n.Value != math.Round(*n.Value) {
			t.Errorf("%+v", n)
		}
		if n.ID != "users" {
			continue
		}
		// The number found meets the goal, one user more does not.
		if n.Value == nil {
			t.Fatalf("%+v", n)
		}
		for more, meets := range map[int]bool{0: true, 1: false} {
			text := strings.Replace(machineBuilder(t), "users: 40", fmt.Sprintf("users: %d", int(*n.Value)+more), 1)
			again := study(t, text, calc.Options{Draws: 4096})
			if got := sim.Quantile(again.Outcome.NPV, 0.5)[0] >= 0; got != meets {
				t.Errorf("%v users and %d more: %v", *n.Value, more, got)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d counts", seen)
	}
}

func TestSeek_npvIsMetToATenthOfAPerCent(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 4096})
	npv := 50_000.0
	goal, err := s.Seek(context.Background(), decide.Target{NPV: &npv, Probability: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range goal.Single {
		if n.Value != nil && *n.Value != math.Round(*n.Value) && math.Abs(n.Probability-0.5) > 0.01 {
			t.Errorf("%s = %v: probability %v", n.ID, *n.Value, n.Probability)
		}
	}
}

func TestLevers_theThreeFactorsAreAlwaysThere(t *testing.T) {
	for name, text := range map[string]string{"with curves": machineBuilder(t), "without": `
currency: EUR
discount: 5 %
costs: {c: {amount: 1 000 .. 2 000 EUR, at: 0}}
benefits: {b: {amount: 100 EUR/month}}
`} {
		steps, err := study(t, text, calc.Options{Draws: 1024}).Levers(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, factor := range []string{"adoption", "data_quality", "process"} {
			i := slices.IndexFunc(steps, func(s decide.Step) bool { return s.Kind == factor })
			if i < 0 {
				t.Errorf("%s: %s is missing", name, factor)
				continue
			}
			if modelled := name == "with curves"; steps[i].Modelled != modelled || modelled && (steps[i].NPV <= 0 || steps[i].Shows == nil) {
				t.Errorf("%s: %+v", name, steps[i])
			}
		}
	}
}

func TestLevers_aStepIsTheCaseWithTheStepTaken(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 4096})
	steps, err := s.Levers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for id, change := range map[string][2]string{
		// Two of forty seats that nobody uses: the licences fall, what forty people bring does not.
		"users": {"users * 65 EUR/month", "38 * 65 EUR/month"},
		// Written as a plain number, not drawn: the benefit rises in every draw alike.
		"process.plateau": {"process: {start: 60 %, plateau: 85 %", "process: {start: 60 %, plateau: 90 %"},
	} {
		i := slices.IndexFunc(steps, func(s decide.Step) bool { return s.ID == id })
		if i < 0 {
			t.Errorf("no step on %s", id)
			continue
		}
		taken := study(t, strings.Replace(machineBuilder(t), change[0], change[1], 1), calc.Options{Draws: 4096})
		gain := sim.Quantile(taken.Outcome.NPV, 0.5)[0] - sim.Quantile(s.Outcome.NPV, 0.5)[0]
		if math.Abs(steps[i].NPV-gain) > 1e-6*math.Abs(gain) || gain <= 0 {
			t.Errorf("%s: the step brings %v, the case itself says %v", id, steps[i].NPV, gain)
		}
	}
}

func TestLevers_hoursBecomeMoneyByTheWageOfTheCase(t *testing.T) {
	// 40 users · 2 .. 4 .. 8 h · 52 EUR/h; 5 % of 3,500 records · 0.05 .. 0.1 .. 0.25 h; 40 .. 80 .. 160 h.
	want := map[string][3]float64{"adoption": {4160, 8320, 16640}, "data_quality": {455, 910, 2275}, "process": {2080, 4160, 8320}, "seats": {104, 208, 416}}
	steps, err := study(t, machineBuilder(t), calc.Options{Draws: 256, Lang: "de"}).Levers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for kind, w := range want {
		i := slices.IndexFunc(steps, func(s decide.Step) bool { return s.Kind == kind && s.Modelled })
		if i < 0 {
			t.Errorf("no step of %s", kind)
			continue
		}
		x := steps[i]
		if x.Cost == nil || math.Abs(*x.Cost-w[1]) > 1e-6 || math.Abs(x.CostRange.P10-w[0]) > 1e-6 || math.Abs(x.CostRange.P90-w[2]) > 1e-6 {
			t.Errorf("%s costs %+v, want %v", kind, x.CostRange, w)
		}
		if x.Action == "" || !strings.HasPrefix(x.Source, "Unsere Annahme") {
			t.Errorf("%s: %q, from %q", kind, x.Action, x.Source)
		}
	}
	// Without a wage the hours stay hours.
	steps, err = study(t, noWage, calc.Options{Draws: 256}).Levers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(steps, func(s decide.Step) bool { return s.Kind == "adoption" })
	if x := steps[i]; x.Cost != nil || x.CostRange != nil || x.Hours == nil || x.Hours.P50 != 80 {
		t.Errorf("%+v", x)
	}
}

// Twenty users, and a benefit that rises with their adoption.
const noWage = `
currency: EUR
discount: 5 %
assumptions: {users: 20, saving: 400 .. 500 .. 600 EUR/month}
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 6}
costs:
  licences: users * 10 EUR/month
  project: {amount: 4 000 EUR, at: 0}
benefits: {b: {amount: saving * adoption}}
`

func TestSeek_theCheapestCombinationPaysForItselfFirst(t *testing.T) {
	s := study(t, machineBuilder(t), calc.Options{Draws: 2048})
	steps, err := s.Levers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	seats := steps[slices.IndexFunc(steps, func(x decide.Step) bool { return x.ID == "users" })]
	now := sim.Quantile(s.Outcome.NPV, 0.5)[0]
	for _, c := range []struct {
		name  string
		gain  float64
		alone bool
	}{
		// Cancelling seats takes the fewest hours of all steps.
		{"what seats bring, less a euro more than they cost", seats.NPV - *seats.Cost - 1, true},
		{"what seats bring before their cost", seats.NPV - 1, false},
	} {
		npv := now + c.gain
		goal, err := s.Seek(context.Background(), decide.Target{NPV: &npv, Probability: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		if goal.Combination == nil || slices.Equal(goal.Combination.Steps, []string{"users"}) != c.alone || goal.Combination.Probability < 0.5 {
			t.Errorf("%s: %+v", c.name, goal.Combination)
		}
	}
	// Without a wage the hours are told, and nothing is taken off.
	s = study(t, noWage, calc.Options{Draws: 2048})
	npv := sim.Quantile(s.Outcome.NPV, 0.5)[0] + 1
	goal, err := s.Seek(context.Background(), decide.Target{NPV: &npv, Probability: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if c := goal.Combination; c == nil || c.Cost != nil || c.Hours.P50 != 4 || !slices.Equal(c.Steps, []string{"users"}) {
		t.Errorf("%+v", c)
	}
}

func TestExplain_aCaseWithoutUncertaintyIsNoError(t *testing.T) {
	for name, text := range map[string]string{
		"no uncertain input":     "currency: EUR\ndiscount: 5 %\ncosts: {c: {amount: 1 000 EUR, at: 0}}\nbenefits: {b: {amount: 100 EUR/month}}\n",
		"one that cannot matter": "currency: EUR\ndiscount: 5 %\nassumptions: {x: 1 .. 2}\ncosts: {c: {amount: 1 000 EUR, at: 0}}\nbenefits: {b: {amount: 100 EUR/month + x * 0 EUR/month}}\n",
	} {
		e, err := study(t, text, calc.Options{Draws: 256}).Explain(context.Background(), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if slices.ContainsFunc(e.Sobol, func(i decide.Index) bool { return i.Total != 0 }) || e.EVPI != 0 || len(e.Plan) != 0 || len(e.Failure.Boxes) != 0 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	s := study(b, machineBuilder(b), calc.Options{Lang: "de"})
	for b.Loop() {
		if _, err := s.Explain(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
