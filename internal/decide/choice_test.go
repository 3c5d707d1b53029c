package decide_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/decide"
)

// Two vendors of normal worth, independent of each other; the amounts that lines have in common are certain.
const vendors = `
currency: EUR
discount: 0 %
horizon: 1 month
assumptions:
  worth_x: normal(900 000, 200 000) EUR
  worth_y: normal(950 000, 150 000) EUR
costs: {c: {amount: 600 000 EUR, at: 0}}
benefits: {b: {amount: worth_x, at: 0}}
scenarios:
  y: {benefits: {b: {amount: worth_y, at: 0}}}
`

func chosen(t *testing.T, text string, o calc.Options, scenarios ...string) *decide.Study {
	t.Helper()
	s := study(t, text, o)
	if list, err := s.Choose(context.Background(), scenarios...); err != nil || list.Err() != nil {
		t.Fatal(list, err)
	}
	return s
}

func phi(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
func cdf(z float64) float64 { return (1 + math.Erf(z/math.Sqrt2)) / 2 }

// eMax is E[max(X, c)] of a normal X.
func eMax(m, sd, c float64) float64 {
	z := (m - c) / sd
	return c + (m-c)*cdf(z) + sd*phi(z)
}

func TestChoose_evpiOfThreeActionsAgainstTheirIntegral(t *testing.T) {
	s := chosen(t, vendors, calc.Options{Draws: 1 << 16}, "base", "y", "nothing", "y")
	info, err := s.Information()
	if err != nil {
		t.Fatal(err)
	}
	// X ~ N(300 000, 200 000), Y ~ N(350 000, 150 000), or 0. E[max(X, Y, 0)] = ∫ E[max(X, max(y, 0))] φ(y) dy.
	all := 0.0
	const steps = 4000
	for i := range steps {
		z := -8 + 16*(float64(i)+0.5)/steps
		all += eMax(300_000, 200_000, max(0, 350_000+150_000*z)) * phi(z) * 16 / steps
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 0.02*want {
			t.Errorf("%s = %.0f, want %.0f", name, got, want)
		}
	}
	near("EVPI", info.EVPI, all-350_000)
	// Knowing X alone: X against 350 000 of Y. Knowing Y alone: Y against 300 000 of X. (Unit normal loss.)
	want := map[string]float64{"worth_x": eMax(300_000, 200_000, 350_000) - 350_000, "worth_y": eMax(350_000, 150_000, 300_000) - 350_000}
	if len(info.Single) != 2 {
		t.Fatalf("%+v", info.Single)
	}
	for _, w := range info.Single {
		near(w.ID, w.Value, want[w.ID])
	}
	// Nearly never doing nothing: Clark (1961), E[max(X, Y)] = μx Φ(a) + μy Φ(−a) + θ φ(a), with θ² = σx² + σy², a = (μx − μy)/θ.
	a := -50_000.0 / 250_000
	clark := 300_000*cdf(a) + 350_000*cdf(-a) + 250_000*phi(a)
	if all < clark || all > 1.01*clark {
		t.Errorf("E max is %v, of the two alone %v", all, clark)
	}
	actions := s.Decision()
	if len(actions) != 3 || actions[0].ID != "nothing" || actions[1].ID != "base" || actions[2].ID != "y" {
		t.Fatalf("%+v", actions)
	}
	near("mean of y", actions[2].NPV, 350_000)
	sum := 0.0
	for _, a := range actions {
		sum += a.Best
	}
	if math.Abs(sum-1) > 1e-9 || actions[2].Best < actions[1].Best {
		t.Errorf("%+v", actions)
	}
}

func TestChoose_whatIsInOneAlternativeOnlyIsWorthFindingOutToo(t *testing.T) {
	s := chosen(t, vendors, calc.Options{Draws: 8192}, "y")
	info, err := s.Information()
	if err != nil {
		t.Fatal(err)
	}
	plan := s.Measures(info)
	if !slices.ContainsFunc(plan, func(m decide.Measure) bool { return m.ID == "worth_y" }) {
		t.Errorf("%+v", plan)
	}
}

func TestChoose_anUnknownScenarioIsNamed(t *testing.T) {
	list, err := study(t, vendors, calc.Options{Draws: 256}).Choose(context.Background(), "z")
	if err != nil || len(list) != 1 || list[0].Code != "unknown_scenario" {
		t.Error(list, err)
	}
}
