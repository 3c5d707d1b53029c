package calc_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
)

// contract is the promise of `calc --json`, field by field: what may be null is marked by a question mark. It is written
// out here, apart from the types, so that renaming a field breaks a test. Fields may be added.
const contract = `
case.name                          string
case.currency                      string
case.start                         string
case.horizon_months                number
case.discount_per_year             number
case.timing                        string
version                            string
seed                               number
draws                              number
plan.benefits                      number
plan.costs                         number
plan.benefits_pv                   number
plan.costs_pv                      number
plan.npv                           number
plan.roi                           number?
plan.roi_undiscounted              number?
plan.irr                           number?
plan.mirr                          number?
plan.benefit_cost_ratio            number?
plan.break_even_months             number?
plan.break_even_discounted_months  number?
plan.first_crossing_months         number?
plan.peak_funding                  number
plan.peak_funding_month            number
simulation.npv.mean                number?
simulation.npv.sd                  number?
simulation.npv.p10                 number?
simulation.npv.p50                 number?
simulation.npv.p90                 number?
simulation.roi.mean                number?
simulation.roi.sd                  number?
simulation.roi.p10                 number?
simulation.roi.p50                 number?
simulation.roi.p90                 number?
simulation.peak_funding.mean       number?
simulation.peak_funding.sd         number?
simulation.peak_funding.p10        number?
simulation.peak_funding.p50        number?
simulation.peak_funding.p90        number?
simulation.break_even_months.p10   number?
simulation.break_even_months.p50   number?
simulation.break_even_months.p90   number?
simulation.break_even_months.not_within_horizon number
simulation.probability_roi_positive number
timeline[].month                   number
timeline[].benefits                number
timeline[].costs                   number
timeline[].net                     number
timeline[].cumulative.p10          number
timeline[].cumulative.p25          number
timeline[].cumulative.p50          number
timeline[].cumulative.p75          number
timeline[].cumulative.p90          number
lines[].id                         string
lines[].group                      string
lines[].kind                       string
lines[].pv.p10                     number
lines[].pv.p50                     number
lines[].pv.p90                     number
lines[].share                      number
grade                              string
notes                              list?
timing_ms.read                     number
timing_ms.compile                  number
timing_ms.simulate                 number
timing_ms.summarise                number
`

// fields flattens a JSON value into path → type; "null" where it is null. Lists must hold equal fields throughout.
func fields(t *testing.T, path string, v any, into map[string]string) {
	t.Helper()
	note := func(kind string) {
		if have, ok := into[path]; ok && have != kind && have != "null" && kind != "null" {
			t.Errorf("%s is a %s and a %s", path, have, kind)
		}
		if have, ok := into[path]; !ok || have == "null" {
			into[path] = kind
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			fields(t, strings.TrimPrefix(path+"."+k, "."), e, into)
		}
	case []any:
		note("list")
		for _, e := range v {
			fields(t, path+"[]", e, into)
		}
	case string:
		note("string")
	case float64:
		note("number")
	case bool:
		note("bool")
	case nil:
		note("null")
	default:
		t.Fatalf("%s is a %T", path, v)
	}
}

func marshalled(t *testing.T, a *calc.Answer) map[string]string {
	t.Helper()
	b, err := json.Marshal(a.Result)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	into := map[string]string{}
	fields(t, "", v, into)
	return into
}

func TestJSONContract(t *testing.T) {
	full := "start: 2026-04\norganisation: Muster\n" + strings.NewReplacer("40 .. 60 EUR/month", "4 .. 6 EUR/month", "horizon: 36", "horizon: 240").Replace(uncertain)
	for name, test := range map[string]struct {
		text   string
		always bool // nothing in it is null
	}{
		"a case with every figure":    {full, true},
		"a case with hardly a figure": {"case: None\nstart: 2026-04\ncurrency: EUR\nhorizon: 12\ndiscount: 0\ncosts: {c: 0 EUR/month}\nbenefits: {b: 1 EUR/month}\n", false},
		"a case that never pays":      {"case: Never\nstart: 2026-04\ncurrency: EUR\nhorizon: 12\ndiscount: 0\ncosts: {c: 5 EUR/month}\nbenefits: {b: 1 .. 2 EUR/month}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			have := marshalled(t, answer(t, test.text, calc.Options{Draws: 500, Definitions: true}))
			for _, l := range strings.Split(strings.TrimSpace(contract), "\n") {
				f := strings.Fields(l)
				path, kind := f[0], f[1]
				optional := strings.HasSuffix(kind, "?")
				kind = strings.TrimSuffix(kind, "?")
				switch got := have[path]; {
				case got == "":
					t.Errorf("%s is missing", path)
				case got == "null" && !optional:
					t.Errorf("%s is null", path)
				case got == "null" && test.always && path != "notes": // filled in the user's language by the surface
					t.Errorf("%s is null where it exists", path)
				case got != "null" && got != kind:
					t.Errorf("%s is a %s, want a %s", path, got, kind)
				}
			}
			if test.always {
				return
			}
			nulls := 0
			for _, kind := range have {
				if kind == "null" {
					nulls++
				}
			}
			if nulls < 4 {
				t.Errorf("only %d fields are null", nulls)
			}
		})
	}
}

// Rates are fractions, money and months are plain numbers; nothing is rounded for show.
func TestJSONValues(t *testing.T) {
	a := answer(t, fmt.Sprintf(returns, "yearly"), calc.Options{Seed: 7})
	b, err := json.Marshal(a.Result)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Case struct {
			Name     string
			Currency string
			Horizon  int     `json:"horizon_months"`
			Discount float64 `json:"discount_per_year"`
			Timing   string
		}
		Seed  uint64
		Draws int
		Plan  struct {
			ROI  float64
			IRR  float64
			Even float64 `json:"break_even_months"`
		}
		Lines []struct{ ID, Group, Kind string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Case; c.Name != "Returns" || c.Currency != "EUR" || c.Horizon != 24 || c.Discount != 0.1 || c.Timing != "yearly" {
		t.Errorf("case %+v", c)
	}
	if got.Seed != 7 || got.Draws != 256 {
		t.Errorf("seed %d, draws %d", got.Seed, got.Draws)
	}
	if want := (60/1.1 + 60/1.21 - 100) / 100; !within(got.Plan.ROI, want, 1e-12) || !within(got.Plan.IRR, 0.13066, 1e-4) || !within(got.Plan.Even, 20, 1e-9) {
		t.Errorf("ROI %v, IRR %v, break-even %v; want %v, 0.1307 and 20", got.Plan.ROI, got.Plan.IRR, got.Plan.Even, want)
	}
	var order []string
	for _, l := range got.Lines {
		order = append(order, l.Group+" "+l.ID+" "+l.Kind)
	}
	if want := []string{"costs outlay cash", "benefits gain cash"}; !slices.Equal(order, want) {
		t.Errorf("lines %v, want %v", order, want)
	}
}
