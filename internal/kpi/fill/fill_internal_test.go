package fill

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Every rule names a figure that there is, and an input of the catalogue in that input's unit.
func TestRules_areOfTheCatalogue(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	units := map[string][]string{"adoption.plateau": {"%"}}
	for _, id := range []string{"sales", "customers"} {
		c, err := cat.Chain(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range c.Variables {
			units[in.Name] = append(units[in.Name], in.Unit)
		}
	}
	for _, id := range cat.Levers() {
		l, err := cat.Lever(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range l.Inputs {
			units[in.Name] = append(units[in.Name], in.Unit)
		}
	}
	if len(Rules()) < 12 {
		t.Errorf("only %d rules", len(Rules()))
	}
	takes := []Take{Value, PerMonth, PerYear, LastBase, MeanBase}
	for _, r := range Rules() {
		f, ok := kpi.Find(r.Figure)
		if !ok || !slices.Contains(takes, r.Take) || (r.Take == PerMonth) != f.Counts() {
			t.Errorf("%+v", r)
		}
		// Revenue is per year in the catalogue; the unit written is of the same dimension.
		if !slices.Contains(units[r.Target], strings.Replace(r.Unit, "money/month", "money/year", 1)) {
			t.Errorf("%s is in %q, the catalogue has %q", r.Target, r.Unit, units[r.Target])
		}
	}
}

// The jackknife of a mean is the textbook's standard error, s ÷ √n: of 2, 4, 4, 4, 5, 5, 7, 9 it is √(32/7) ÷ √8.
func TestJackknife_ofAMeanIsItsStandardError(t *testing.T) {
	var list [][2]float64
	for _, v := range []float64{2, 4, 4, 4, 5, 5, 7, 9} {
		list = append(list, [2]float64{v, 1})
	}
	if got, want := jackknife(list), math.Sqrt(32.0/7)/math.Sqrt(8); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if jackknife(list[:2]) != 0 {
		t.Error("two months tell no range")
	}
}

func point(numerator, denominator float64, n int64) kpi.Point {
	v := numerator / denominator
	return kpi.Point{Value: &v, N: n, Numerator: numerator, Denominator: denominator}
}

func TestTake_makesTheNumberOfTheRule(t *testing.T) {
	share := func(k, n float64) kpi.Point { return point(k, n, int64(n)) }
	together := func(v, low, high float64, n int64) kpi.Point {
		return kpi.Point{Value: &v, Low: &low, High: &high, N: n}
	}
	for name, c := range map[string]struct {
		figure    string
		take      Take
		months    []kpi.Point
		all       kpi.Point
		value     float64
		low, high float64
	}{
		// 95 % from 0.40 to 0.62 is 80 % from 0.50 − 0.10·1.2816/1.96 to 0.50 + 0.12·1.2816/1.96; both months are alike.
		"a share": {"win_rate", Value, []kpi.Point{share(5, 10), share(5, 10), share(5, 10)}, together(0.5, 0.40, 0.62, 30), 50, 43.461, 57.846},
		// Months of 20 %, 50 % and 80 % differ by more: s = 30, ÷ √3 = 17.32, × 1.2816 = 22.20.
		"a share that swings": {"win_rate", Value, []kpi.Point{share(2, 10), share(5, 10), share(8, 10)}, together(0.5, 0.40, 0.62, 30), 50, 27.803, 72.197},
		// 1 % a month is 1 − 0.99¹² = 11.36 % a year.
		"a share by year":        {"logo_churn", PerYear, []kpi.Point{share(1, 100), share(1, 100)}, together(0.01, 0.01, 0.01, 200), 11.362, 11.362, 11.362},
		"what it counts against": {"logo_churn", LastBase, []kpi.Point{share(1, 100), share(2, 120), {Reason: kpi.None}}, kpi.Point{}, 120, 120, 120},
		"an amount per record":   {"gross_retention", MeanBase, []kpi.Point{point(80, 100, 10), point(180, 200, 20)}, kpi.Point{}, 10, 10, 10},
		// (30 + 30 + 30) ÷ 3; by chance alone ± 1.2816·√90 ÷ 3.
		"events by month": {"leads", PerMonth, []kpi.Point{point(30, 1, 30), point(30, 1, 30), point(30, 1, 30)}, kpi.Point{}, 30, 25.947, 34.053},
	} {
		f := Finding{Rule: Rule{Figure: c.figure, Take: c.take}}
		f.take(c.months, c.all)
		for k, got := range []float64{f.Value, f.Low, f.High} {
			if want := []float64{c.value, c.low, c.high}[k]; math.Abs(got-want) > 0.002 || f.Reason != "" {
				t.Errorf("%s: %.3f, %.3f, %.3f %q; want %v", name, f.Value, f.Low, f.High, f.Reason, c)
				break
			}
		}
	}
	f := Finding{Rule: Rule{Figure: "win_rate", Take: Value}}
	if f.take(nil, kpi.Point{Reason: kpi.Few}); f.Reason != kpi.Few {
		t.Errorf("reason %q", f.Reason)
	}
}

const some = `case: A small one
currency: EUR
start: 2027-01
horizon: 36 months
discount: 8 %/year
assumptions:
  leads: 100 /month   # by hand
  conversion: 20 %
  deals: leads * conversion
  closing: {value: 30 .. 40 %, source: guess, grade: D}
  cycle_days: 80 day
benefits:
  more: {lever: win_rate, rate: closing, value: 12 000 EUR, margin: 30 %, uplift: 5 %}
  faster: {lever: sales_cycle, rate: closing, value: 9 000 EUR, margin: 30 %, cycle: cycle_days, cut: 10 %}
`

// Comments, order and everything that is not meant stay; an input that names an assumption fills that one; what is computed
// from others is left, unless it is named.
func TestInto_writesWhereTheCaseHasTheNumber(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := revision.Open("c.yaml", []byte(some))
	if err != nil {
		t.Fatal(err)
	}
	finding := func(target string, low, value, high float64) Finding {
		i := slices.IndexFunc(Rules(), func(r Rule) bool { return r.Target == target })
		return Finding{Rule: Rules()[i], Low: low, Value: value, High: high, N: 300, First: 24_300, Last: 24_311}
	}
	wished := finding("deals", 38.2, 40.12, 42.3)
	wished.To = "deals"
	source := warehouse.Source{Name: "CRM", Currency: "EUR"}
	l := locale.New(locale.English)
	got, changes, skips, err := Into(text, cat, source, []Finding{finding("leads", 90.12, 100.4, 110.9), finding("deals", 38.2, 40.12, 42.3), finding("win_rate", 31.04, 33.27, 35.61),
		finding("cycle", 77, 80, 83), finding("customers", 0, 0, 0), wished}, l)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"leads: 100 /month   # by hand", `leads: {value: 90 .. 100 .. 111 /month, source: "CRM “CRM”: New leads, 2025-01 to 2025-12, 300 records", grade: A}   # by hand`,
		"{value: 30 .. 40 %, source: guess, grade: D}", `{value: 31 .. 33.3 .. 35.6 %, source: "CRM “CRM”: Win rate, 2025-01 to 2025-12, 300 records", grade: A}`,
		"cycle_days: 80 day", `cycle_days: {value: 77 .. 80 .. 83 day, source: "CRM “CRM”: Sales cycle, 2025-01 to 2025-12, 300 records", grade: A}`,
		"deals: leads * conversion", `deals: {value: 38.2 .. 40.1 .. 42.3 /month, source: "CRM “CRM”: New opportunities, 2025-01 to 2025-12, 300 records", grade: A}`,
	).Replace(some)
	if d := cmp.Diff(want, string(got.Bytes())); d != "" {
		t.Errorf("case (-want +got):\n%s", d)
	}
	if len(changes) != 4 {
		t.Errorf("%d changes", len(changes))
	}
	var reasons []string
	for _, s := range skips {
		reasons = append(reasons, s.Target+" "+s.Reason)
		if l.Text(s.Reason, map[string]any{"currency": "EUR"}) == "" {
			t.Errorf("nothing says %s", s.Reason)
		}
	}
	if d := cmp.Diff([]string{"deals fill.formula", "customers fill.nowhere"}, reasons); d != "" {
		t.Errorf("skipped (-want +got):\n%s", d)
	}
	// Amounts of another currency are none of the case's.
	source.Currency = "CHF"
	_, changes, skips, err = Into(text, cat, source, []Finding{finding("deal_value", 1, 2, 3)}, l)
	if err != nil || len(changes) != 0 || len(skips) != 1 || skips[0].Reason != "fill.currency" {
		t.Errorf("%v, %v, %v", changes, skips, err)
	}
}
