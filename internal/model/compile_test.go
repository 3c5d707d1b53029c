package model_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/model"
)

// The machine builder's plan, every line and month computed once more from the definitions in docs/method.md.
func TestMachineBuilderMonthByMonth(t *testing.T) {
	text, err := os.ReadFile("../../examples/maschinenbau.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const (
		hoursPerMonth = 365.2425 / 12 * 24 // 730.485
		users         = 40.0
		wage          = 52.0           // EUR/h
		licence       = 65.0           // EUR/month
		hours         = 1.5 / (7 * 24) // h/week is time per time
	)
	adoption, data, process := factor{0.15, 0.80, 8}, factor{0.70, 0.92, 6}, factor{0.60, 0.85, 9}
	kept := 0.0
	got := flows(t, string(text))
	for m := range 37 {
		a, d, p := adoption.at(m), data.at(m), process.at(m)
		want := map[string]float64{}
		if m == 0 {
			want["project"] = 60_000
		}
		if m == 0 {
			want["migration"] = 3_500 * 0.20 * 0.1 * wage
		}
		if m >= 1 {
			want["admin"] = 4.0 / (7 * 24) * wage * hoursPerMonth
			want["licences"] = users * licence * math.Pow(1.03, float64((m-1)/12))
			want["time"] = users * hours * wage * hoursPerMonth * 0.50 * a * math.Sqrt(p)
			// 9 % of 1 200 customers leave in a year; realised · 8 % of them are kept.
			saved := 0.09 / 12 * 0.08 * a * d * math.Sqrt(p)
			kept = kept*(1-(0.09/12-saved)) + saved
			want["churn"] = 1200 * 9500 / 12.0 * 0.31 * kept
			want["win_rate"] = 60 * 0.22 * 14_000 * 0.31 * 0.06 * a * math.Sqrt(d) * p
		}
		if m == 1 || m == 13 {
			want["training"] = users * 16 * wage
		}
		if m >= 1 && m <= 3 {
			want["dip"] = users * 3 / (7 * 24) * wage * hoursPerMonth
		}
		if m >= 7 {
			want["legacy"] = 900
		}
		for id, flow := range got {
			if math.Abs(flow[m]-want[id]) > 1e-9*math.Abs(want[id]) {
				t.Errorf("%s in month %d is %v, want %v", id, m, flow[m], want[id])
			}
			delete(want, id)
		}
		for id := range want {
			t.Errorf("month %d: there is no line %s", m, id)
		}
	}
}

// one compiles a case with one cost and gives its flow; more is laid into the file before the costs.
func one(t *testing.T, horizon int, more, cost string) []float64 {
	t.Helper()
	return flows(t, fmt.Sprintf("case: One\ncurrency: EUR\nstart: 2026-04\nhorizon: %d\ndiscount: 8 %%/year\n%s\ncosts:\n  c: %s\nbenefits: {b: 1 EUR/month}\n", horizon, more, cost))["c"]
}

// equal compares a flow with what it should be in the months listed.
func equal(t *testing.T, name string, got []float64, want map[int]float64) {
	t.Helper()
	for m, v := range want {
		if math.IsNaN(got[m]) || math.Abs(got[m]-v) > 1e-9*(1+math.Abs(v)) {
			t.Errorf("%s: month %d is %v, want %v", name, m, got[m], v)
		}
	}
}

// An amount need not exist in months in which nothing is paid: log(0), 1/0.
func TestAmountIsNotLookedAtWhereNothingIsPaid(t *testing.T) {
	equal(t, "log(month)", one(t, 12, "", "100 EUR/month * log(month)"), map[int]float64{0: 0, 1: 0, 2: 100 * math.Log(2), 12: 100 * math.Log(12)})
	equal(t, "1/month", one(t, 12, "", "100 EUR/month * month ^ -1"), map[int]float64{0: 0, 1: 100, 4: 25})
	equal(t, "1/(month − 3)", one(t, 12, "", "{amount: 100 EUR/month * (month - 3) ^ -1, from: 4}"), map[int]float64{3: 0, 4: 100, 8: 20})
	equal(t, "a payment", one(t, 12, "", "{amount: 100 EUR * month ^ -1, at: [2, 4]}"), map[int]float64{0: 0, 2: 50, 3: 0, 4: 25})
	equal(t, "after tax", one(t, 12, "tax: {rate: 30 %}", "100 EUR/month * month ^ -1"), map[int]float64{0: 0, 1: 70, 4: 17.5})
}

// A payment is written off as it was when it was paid, though its price rises afterwards.
func TestCapitalIsWrittenOffAtItsPrice(t *testing.T) {
	const rate, life, horizon = 0.3, 20, 40
	got := one(t, horizon, "tax: {rate: 30 %, depreciation: 20 months}", "{amount: 1 000 EUR, at: [0, 13, 14], escalates: 10 %/year, capital: true}")
	want := make([]float64, horizon+1)
	for paid, amount := range map[int]float64{0: 1000, 13: 1100, 14: 1100} {
		factors, err := finance.AfterTaxCapitalised(rate, paid, life, horizon)
		if err != nil {
			t.Fatal(err)
		}
		for m, f := range factors {
			want[m] += amount * f
		}
	}
	for m := range want {
		if math.Abs(got[m]-want[m]) > 1e-9 {
			t.Errorf("month %d: %v, want %v", m, got[m], want[m])
		}
	}
}

// Without a rise it is finance.AfterTaxPayments.
func TestCapitalOfAFixedPrice(t *testing.T) {
	for _, life := range []int{1, 12, 36, 100} {
		payments := make([]float64, 37)
		payments[0], payments[1], payments[20], payments[36] = 1000, 1000, 1000, 1000
		want, err := finance.AfterTaxPayments(payments, 0.3, life)
		if err != nil {
			t.Fatal(err)
		}
		got := one(t, 36, fmt.Sprintf("tax: {rate: 30 %%, depreciation: %d months}", life), "{amount: 1 000 EUR, at: [0, 1, 20, 36], capital: true}")
		for m, v := range want {
			if math.Abs(got[m]-v) > 1e-9 {
				t.Errorf("life of %d months, month %d: %v, want %v", life, m, got[m], v)
			}
		}
	}
}

// Far beyond its peak use does nothing; it never does harm, and its root exists.
func TestUseBeyondTwiceThePeak(t *testing.T) {
	for _, peak := range []float64{10, 30, 45, 50, 80, 100} {
		for _, plateau := range []float64{5, 30, 60, 95, 100} {
			more := fmt.Sprintf("adoption: {plateau: %v %%, use: peak at %v %%}", plateau, peak)
			r := plateau / peak
			want := math.Max(0, r*(2-r))
			linear := flows(t, head+more+"\ncosts: {c: 1 EUR/month}\nbenefits: {b: {lever: time_saved, users: 168, hours: 1 h/week, wage: 1 EUR/h, converts: 100 %}}\n")["b"]
			root := flows(t, head+more+"\ncosts: {c: 1 EUR/month}\nbenefits: {b: {lever: marketing_efficiency, spend: 100 EUR/month, saving: 100 %}}\n")["b"]
			equal(t, more, linear, map[int]float64{1: 730.485 * want, 24: 730.485 * want})
			equal(t, more, root, map[int]float64{1: 100 * math.Sqrt(want), 24: 100 * math.Sqrt(want)})
		}
	}
}

const head = "case: One\ncurrency: EUR\nhorizon: 24\ndiscount: 8 %/year\n"

// A formula may leave the range in which a factor makes sense; the factor does not.
func TestFactorsStayShares(t *testing.T) {
	curve := func(more, curve string) []float64 {
		return flows(t, head+more+"\n"+curve+"\ncosts: {c: 1 EUR/month}\nbenefits: {b: {amount: adoption * 100 EUR/month, from: 0}}\n")["b"]
	}
	more := "assumptions: {much: 80 %, little: 10 %, later: 3}"
	equal(t, "a plateau of 160 %", curve(more, "adoption: {plateau: much * 2}"), map[int]float64{0: 100, 24: 100})
	equal(t, "a plateau of −70 %", curve(more, "adoption: {plateau: little - much}"), map[int]float64{0: 0, 24: 0})
	equal(t, "a start below zero", curve(more, "adoption: {start: little - much, plateau: 60 %, months_to_90: 4}"), map[int]float64{0: 0, 4: 54})
	equal(t, "no time at all", curve(more, "adoption: {start: 20 %, plateau: 60 %, months_to_90: later - 3}"), map[int]float64{0: 20, 1: 60, 24: 60})
	equal(t, "a plateau that rises", curve(more, "adoption: {plateau: 'if(month < 12, much, much + 50 %)'}"), map[int]float64{0: 80, 11: 80, 12: 100})
}

// A factor that starts at nothing may come out a hair below it; its root exists all the same, in every wave.
func TestRootOfAFactorThatStartsAtNothing(t *testing.T) {
	for plateau := 1; plateau <= 100; plateau++ {
		curve := fmt.Sprintf("{plateau: %d %%, months_to_90: 7}", plateau)
		more := "adoption: " + curve + "\ndata_quality: " + curve + "\nrollout: [{at: 0, share: 30 %}, {at: 5, share: 50 %}]\n"
		got := flows(t, head+more+"costs: {c: 1 EUR/month}\nbenefits: {b: {lever: days_sales_outstanding, turnover: 100 EUR/year, days: 365.2425 days, capital_cost: 100 %/year, from: 0}}\n")["b"]
		f := factor{0, float64(plateau) / 100, 7}
		for m, v := range got {
			a := 0.3 * f.at(m)
			if m >= 5 {
				a += 0.5 * f.at(m-5)
			}
			if want := 100.0 / 12 * math.Sqrt(a) * math.Sqrt(f.at(m)); math.IsNaN(v) || math.Abs(v-want) > 1e-6 {
				t.Fatalf("plateau %d %%, month %d: %v, want %v", plateau, m, v, want)
			}
		}
	}
	falling := flows(t, head+"process: {start: 60 %, plateau: 0 %, months_to_90: 2}\ncosts: {c: 1 EUR/month}\nbenefits: {b: {lever: time_saved, users: 168, hours: 1 h/week, wage: 1 EUR/h, converts: 100 %}}\n")["b"]
	equal(t, "to nothing", falling, map[int]float64{24: 0})
}

func TestRamp(t *testing.T) {
	ramp := func(more, text string) []float64 {
		return one(t, 12, more, "{amount: '100 EUR/month * "+text+"', from: 0}")
	}
	equal(t, "from 2 to 6", ramp("", "ramp(2, 6)"), map[int]float64{0: 0, 2: 0, 3: 25, 4: 50, 6: 100, 12: 100})
	equal(t, "in months", ramp("", "ramp(2 months, 1 quarter)"), map[int]float64{2: 0, 3: 100})
	equal(t, "without length", ramp("", "ramp(4, 4)"), map[int]float64{3: 0, 4: 100, 5: 100})
	equal(t, "turned round", ramp("", "ramp(6, 4)"), map[int]float64{3: 0, 4: 100, 6: 100})
	// The same where its ends are uncertain.
	for draw, want := range map[float64]map[int]float64{
		8: {3: 0, 4: 0, 5: 25, 8: 100}, 4: {3: 0, 4: 100, 5: 100}, 2: {1: 0, 2: 100, 3: 100, 4: 100, 12: 100},
	} {
		g := compile(t, head+"assumptions: {end: 'choice(2: 0.3, 4: 0.3, 8: 0.4)'}\ncosts: {c: {amount: '100 EUR/month * ramp(4, end)', from: 0}}\nbenefits: {b: 1 EUR/month}\n")
		equal(t, fmt.Sprintf("to %v by chance", draw), g.Evaluate([]float64{draw})[0], want)
	}
}

// A lever of one's own whose formula says realised itself may build up a stock; it fills from the line's first month on.
func TestStockInALeverOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "levers"), 0o755); err != nil {
		t.Fatal(err)
	}
	lever := `id: base
name: {de: Bestand, en: Installed base}
kind: cash
realisation: {adoption: 1}
inputs:
  sold: {unit: /month, label: {de: Verkauft, en: Sold}}
formula: stock(sold * realised, 0 /month) * (2 money/month)
`
	if err := os.WriteFile(filepath.Join(dir, "levers", "base.yaml"), []byte(lever), 0o644); err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, list := casefile.Read("case.yaml", []byte(head+"adoption: {plateau: 50 %}\ncosts: {c: 1 EUR/month}\nbenefits: {b: {lever: base, sold: 10 /month, from: 7}}\n"), "")
	if list.Err() != nil {
		t.Fatal(list)
	}
	m, list := model.Build(f, cat)
	if list.Err() != nil {
		t.Fatal(list)
	}
	g, err := m.Compile()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "five more a month at 2", g.Evaluate(nil)[1], map[int]float64{0: 0, 6: 0, 7: 10, 8: 20, 24: 180})
}

// What a package presets is drawn in one order, whichever way the map is read: the same file gives the same bytes.
func TestPresetsOfAPackageAreDrawnInOneOrder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ai"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := `id: two
name: {de: Zwei, en: Two}
cost:
  inputs:
    seats: {unit: "", label: {de: Plätze, en: Seats}}
  formula: seats * (2 money/month)
benefits:
  time: {lever: time_saved, set: {hours: 1 .. 2 h/week, converts: 20 .. 40 %, wage: 40 .. 60 money/h, users: 5 .. 9}}
`
	if err := os.WriteFile(filepath.Join(dir, "ai", "two.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := ""
	for range 20 {
		f, _ := casefile.Read("case.yaml", []byte(head+"costs: {c: 1 EUR/month}\nbenefits: {b: 1 EUR/month}\npackages: {two: {seats: 3}}\n"), "")
		m, list := model.Build(f, cat)
		if list.Err() != nil {
			t.Fatal(list)
		}
		order := ""
		for _, q := range m.Drawn() {
			order += q.ID + " "
		}
		if first == "" {
			first = order
		}
		if order != first {
			t.Fatalf("drawn in the order %s, before %s", order, first)
		}
	}
}

// Inputs that no line needs are not drawn.
func TestOnlyWhatIsUsedIsDrawn(t *testing.T) {
	g := compile(t, head+`assumptions: {idle: 1 .. 2 .. 3, busy: 1 .. 2 .. 3 EUR}
process: {plateau: 50 .. 60 .. 70 %}
costs: {c: {amount: busy, at: 0}}
benefits: {b: 1 EUR/month}
`)
	if len(g.Inputs) != 1 || g.Inputs[0].ID != "busy" {
		t.Errorf("inputs %v, want busy alone", g.Inputs)
	}
}
