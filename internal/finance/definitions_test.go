package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

// twoYears is a case small enough for pencil and paper: 12,000 at the start; 500 a month; from month 1 benefits of
// 1,000 a month in year 1 and 2,500 in year 2, and 600 once at the start.
func twoYears() (benefits, costs []float64) {
	benefits, costs = repeated(600, 1000, 12), repeated(12000, 500, 24)
	for range 12 {
		benefits = append(benefits, 2500)
	}
	return benefits, costs
}

func values(t testing.TB, benefits, costs, factors []float64) map[string]*float64 {
	t.Helper()
	definitions, err := finance.Definitions(benefits, costs, factors)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*float64{}
	for _, d := range definitions {
		out[d.ID] = d.Value
		if d.Ours != (d.ID == "roi_discounted") {
			t.Errorf("%s marked as ours: %v", d.ID, d.Ours)
		}
	}
	if len(out) != 6 || len(definitions) != 6 {
		t.Errorf("got %d definitions, %d different", len(definitions), len(out))
	}
	return out
}

func TestDefinitions_byPencilAndPaper(t *testing.T) {
	benefits, costs := twoYears()
	factors, err := finance.DiscountFactors(0.10, 24, finance.TimingYearly)
	if err != nil {
		t.Fatal(err)
	}
	got := values(t, benefits, costs, factors)
	for id, want := range map[string]float64{
		// PV benefits 600 + 12,000/1.1 + 30,000/1.21, PV costs 12,000 + 6,000/1.1 + 6,000/1.21.
		"roi_discounted": (600+12000/1.1+30000/1.21)/(12000+6000/1.1+6000/1.21) - 1,
		// 42,600 against 24,000.
		"roi_undiscounted": 18600.0 / 24000,
		// Months 0 to 12: 12,600 against 18,000.
		"roi_first_year": -5400.0 / 18000,
		// (42,600 − 12,000 running) / 2 years = 15,300 a year on 12,000.
		"roi_average_year_on_initial": 15300.0 / 12000,
		// Months 1 to 24: 42,000 against 12,000.
		"roi_annual_running": 30000.0 / 12000,
		"roi_gross_per_euro": 42600.0 / 24000,
	} {
		if got[id] == nil {
			t.Errorf("%s has no value", id)
			continue
		}
		near(t, id, *got[id], want, 1e-12)
	}
}

// mdz.ai counts licences, running and upfront costs of year 1: ROI = annual net benefit / annual total cost
// (https://mdz.ai/fr/tools/crm-roi-calculator). That is roi_first_year, not roi_annual_running.
func TestDefinitions_firstYearCountsTheInitialCosts(t *testing.T) {
	benefits, costs := repeated(0, 3000, 12), repeated(9000, 1000, 12)
	got := values(t, benefits, costs, repeated(1, 1, 12))
	near(t, "first year", *got["roi_first_year"], (36000.0-21000)/21000, 1e-12)
	near(t, "running year", *got["roi_annual_running"], (36000.0-12000)/12000, 1e-12)
}

func TestDefinitions_nullWhereUndefined(t *testing.T) {
	for _, c := range []struct {
		name            string
		benefits, costs []float64
		null            []string
	}{
		{"no costs at all", repeated(0, 5, 24), repeated(0, 0, 24), []string{"roi_discounted", "roi_undiscounted",
			"roi_first_year", "roi_average_year_on_initial", "roi_annual_running", "roi_gross_per_euro"}},
		{"no initial cost", repeated(0, 5, 24), repeated(0, 2, 24), []string{"roi_average_year_on_initial"}},
		{"no running cost", repeated(0, 5, 24), repeated(40, 0, 24), []string{"roi_annual_running"}},
		{"less than a year", repeated(0, 5, 11), repeated(40, 1, 11), []string{"roi_first_year", "roi_average_year_on_initial"}},
		{"the start alone", []float64{5}, []float64{2}, []string{"roi_first_year", "roi_average_year_on_initial", "roi_annual_running"}},
		{"nothing", nil, nil, []string{"roi_discounted", "roi_undiscounted", "roi_first_year",
			"roi_average_year_on_initial", "roi_annual_running", "roi_gross_per_euro"}},
		{"one year to the day", repeated(0, 5, 12), repeated(40, 1, 12), nil},
	} {
		factors := make([]float64, len(c.costs))
		for i := range factors {
			factors[i] = 1
		}
		null := map[string]bool{}
		for _, id := range c.null {
			null[id] = true
		}
		for id, v := range values(t, c.benefits, c.costs, factors) {
			if (v == nil) != null[id] {
				t.Errorf("%s: %s has value: %v", c.name, id, v != nil)
			}
		}
	}
}

func TestDefinitions_errors(t *testing.T) {
	one, two := []float64{1}, []float64{1, 1}
	for _, c := range [][3][]float64{{one, two, two}, {two, one, two}, {two, two, one}} {
		if _, err := finance.Definitions(c[0], c[1], c[2]); !errors.Is(err, finance.ErrLength) {
			t.Errorf("lengths %d %d %d: %v", len(c[0]), len(c[1]), len(c[2]), err)
		}
	}
	if _, err := finance.Definitions([]float64{math.NaN()}, one, one); !errors.Is(err, finance.ErrNotFinite) {
		t.Errorf("NaN benefit: %v", err)
	}
	if _, err := finance.Definitions(one, []float64{math.Inf(1)}, one); !errors.Is(err, finance.ErrNotFinite) {
		t.Errorf("infinite cost: %v", err)
	}
	if _, err := finance.Definitions([]float64{1e308, 1e308}, two, []float64{1, 0}); !errors.Is(err, finance.ErrNotFinite) {
		t.Errorf("sum overflows: %v", err)
	}
}

func TestDefinitions_doNotDependOnTheCurrency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "months")
		gen := rapid.SliceOfN(rapid.Float64Range(0, 1e5), n, n)
		benefits, costs := gen.Draw(t, "benefits"), gen.Draw(t, "costs")
		factors, _ := finance.DiscountFactors(0.08, n-1, finance.TimingMonthly)
		before, err1 := finance.Definitions(benefits, costs, factors)
		after, err2 := finance.Definitions(scaled(benefits, 1024), scaled(costs, 1024), factors)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for i := range before {
			a, b := before[i].Value, after[i].Value
			if (a == nil) != (b == nil) || a != nil && math.Abs(*a-*b) > 1e-9*(1+math.Abs(*a)) {
				t.Fatalf("%s changes with the currency", before[i].ID)
			}
		}
	})
}
