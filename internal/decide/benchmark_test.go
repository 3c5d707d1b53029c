package decide_test

import (
	"math"
	"net/url"
	"os"
	"testing"

	"github.com/rendite-crm/rendite/internal/decide"
)

func TestEveryPublishedFigureSaysWhereItComesFrom(t *testing.T) {
	text, err := os.ReadFile("testdata/audit/midsize.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sound, _ := cases(t, "midsize.yaml", text)
	all := decide.Benchmark(answer(t, "midsize.yaml", sound))
	figures := map[string]int{}
	for _, p := range all {
		figures[p.Figure]++
		if u, err := url.Parse(p.Address); err != nil || u.Host == "" {
			t.Errorf("%s: address %q", p.ID, p.Address)
		}
		if p.Origin == "" || p.What.German == "" || p.What.English == "" || p.Caveat.German == "" || p.Caveat.English == "" {
			t.Errorf("%s lacks origin, text or caveat: %+v", p.ID, p)
		}
		if p.Low > p.High || p.Firms != nil && (*p.Firms <= 0 || *p.Firms >= 1) {
			t.Errorf("%s: %v to %v of %v of the firms", p.ID, p.Low, p.High, p.Firms)
		}
		if !p.Seen && p.Year == 0 && !p.Weak {
			t.Errorf("%s: neither read nor dated, and not called weak", p.ID)
		}
	}
	for _, f := range []string{"gross_return", "roi", "loss", "payback", "adoption"} {
		if figures[f] == 0 {
			t.Errorf("nothing published for %s", f)
		}
	}
	if len(all) != 15 {
		t.Errorf("%d of 15 figures of the library", len(all))
	}
}

func TestACaseIsSetBesideWhatWasPublished(t *testing.T) {
	text, err := os.ReadFile("testdata/audit/midsize.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sound, _ := cases(t, "midsize.yaml", text)
	a := answer(t, "midsize.yaml", sound)
	found := map[string]decide.Position{}
	for _, p := range decide.Benchmark(a) {
		found[p.ID] = p
	}
	for _, c := range []struct {
		id, unit, stand string
		own             float64
	}{
		{"nucleus_2023", "ratio", "below", a.Plan.Benefits / a.Plan.Costs}, // 3.10 back per dollar is far above a sound case
		{"reports_2004", "ratio", "below", *a.Simulation.ROI.P50},
		{"siebel_2002", "share", "below", 1 - a.Simulation.ProbabilityROIPositive},
		{"guide_2025", "months", "above", *a.Simulation.BreakEven.P50},
		{"cso_2006", "share", "below", 0.75}, // the case's plateau
		{"average_adoption", "share", "above", 0.75},
	} {
		p := found[c.id]
		if p.Case == nil || math.Abs(*p.Case-c.own) > 1e-9 || p.Unit != c.unit || p.Stand != c.stand {
			t.Errorf("%s: %+v, expected %v %s, %s", c.id, p, c.own, c.unit, c.stand)
		}
	}
}

func TestAPaybackBeyondTheHorizonAndAFigureThatTheCaseHasNot(t *testing.T) {
	text, err := os.ReadFile("../../examples/lohnt-nicht.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range decide.Benchmark(answer(t, "lohnt-nicht.yaml", text)) {
		if p.Figure == "payback" && (p.Stand != "beyond" || p.Case != nil) {
			t.Errorf("%s: %+v", p.ID, p)
		}
	}
	if text, err = os.ReadFile("../../examples/published-pine-valley.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, p := range decide.Benchmark(answer(t, "pine-valley.yaml", text)) {
		if p.Figure == "adoption" {
			t.Errorf("the worksheet says nothing about adoption: %+v", p)
		}
	}
}
