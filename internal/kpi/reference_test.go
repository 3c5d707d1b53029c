//go:build reference

package kpi_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
)

// tryton reads what a Tryton 6.0 answered; the folder lies beside the repository.
func tryton(t *testing.T, model string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(os.Getenv("RENDITE_SHARED"), "specs", "tryton", model+".search_read.json"))
	if err != nil {
		t.Fatalf("set RENDITE_SHARED to the folder of the reference data: %v", err)
	}
	var answer struct{ Result []map[string]any }
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Result
}

func trytonDay(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return crm.DayOf(time.Date(int(m["year"].(float64)), time.Month(m["month"].(float64)), int(m["day"].(float64)), 0, 0, 0, 0, time.UTC))
}

func trytonMoney(t *testing.T, v any) any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	r, ok := new(big.Rat).SetString(m["decimal"].(string))
	if !ok {
		t.Fatalf("%v is no decimal", m)
	}
	r.Mul(r, big.NewRat(10_000, 1))
	if !r.IsInt() {
		t.Fatalf("%v has more than four decimals", m)
	}
	return r.Num().Int64()
}

func id(v any) any {
	if v == nil {
		return nil
	}
	return fmt.Sprint(v)
}

// TestReference_theGoldenNumbersOfTryton holds the figures against the 60 opportunities of a real Tryton, counted by hand and by two
// independent runs when they were recorded.
func TestReference_theGoldenNumbersOfTryton(t *testing.T) {
	r := records{}
	own := map[any]bool{1.0: true} // the company itself
	for _, e := range tryton(t, "company.employee") {
		own[e["party"]] = true
		r.add("user", fmt.Sprint(e["id"]), "team", "Vertrieb")
	}
	for _, p := range tryton(t, "party.party") {
		kind := "customer"
		if own[p["id"]] {
			kind = "own"
		}
		r.add("account", fmt.Sprint(p["id"]), "name", p["name"], "type", kind, "phone", p["phone"])
	}
	for _, c := range tryton(t, "party.contact_mechanism") {
		r.add("contact", fmt.Sprint(c["id"]), "account", id(c["party"]), fmt.Sprint(c["type"]), c["value"])
	}
	states := map[any]string{"lead": crm.Open, "opportunity": crm.Open, "converted": crm.Open, "won": crm.Won, "lost": crm.Lost, "cancelled": crm.Void}
	deals := tryton(t, "sale.opportunity")
	for _, o := range deals {
		r.add("opportunity", fmt.Sprint(o["id"]), "number", o["number"], "account", id(o["party"]), "owner", id(o["employee"]), "category", states[o["state"]],
			"amount", trytonMoney(t, o["amount"]), "currency", o["currency."].(map[string]any)["code"], "probability", o["conversion_probability"],
			"opened_day", trytonDay(o["start_date"]), "closed_day", trytonDay(o["end_date"]), "lost_reason", o["lost_reason"])
	}
	if len(deals) != 60 {
		t.Fatalf("%d opportunities", len(deals))
	}
	for name, d := range databases(t) {
		s := d.load(t, r, nil)
		for _, c := range []struct {
			name, first, last  string
			won, lost          float64
			rate, cycle, value float64
		}{
			{"all", "2024-01", "2025-12", 23, 22, 0.5111, 56, 14030.43},
			{"before 2025", "2024-01", "2024-12", 10, 11, 0.4762, 47, 18320.00},
			{"from 2025", "2025-01", "2025-12", 13, 11, 0.5417, 62, 10730.77},
		} {
			got := d.compute(t, s, kpi.Options{First: month(c.first), Last: month(c.last), Today: day("2025-12-31"), Together: true})
			at := func(figure string) kpi.Point { return point(t, got[figure], "", c.last) }
			counts(t, got, "win_rate", "", c.last, c.won, c.won+c.lost, int64(c.won+c.lost))
			for figure, want := range map[string]float64{"win_rate": c.rate, "cycle_time": c.cycle, "deal_value": c.value} {
				unit := map[string]float64{"win_rate": 1e-4, "cycle_time": 1, "deal_value": 0.01}[figure]
				if p := at(figure); p.Value == nil || math.Round(*p.Value/unit) != math.Round(want/unit) {
					t.Errorf("%s, %s: %s is %+v, want %v", name, c.name, figure, p, want)
				}
			}
			if c.name != "all" {
				continue
			}
			counts(t, got, "cancelled", "", c.last, 7, 52, 52)
			counts(t, got, "cohort_open", "", c.last, 8, 53, 53)
			counts(t, got, "won_value", "", c.last, 322_700, 0, 23)
			counts(t, got, "win_rate_value", "", c.last, 322_700, 322_700+352_750, 45)
			counts(t, got, "complete_lost_reason", "", c.last, 11, 22, 22)
			counts(t, got, "complete_account_email", "", c.last, 30, 30, 30)
			counts(t, got, "complete_account_phone", "", c.last, 20, 30, 30)
			if got["won"].Teams[len(got["won"].Teams)-1] != kpi.All {
				t.Errorf("three sellers have a team of their own: %q", got["won"].Teams)
			}
		}
	}
}
