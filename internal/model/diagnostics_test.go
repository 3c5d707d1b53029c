package model_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
)

// fatal is what both tests and rapid have.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

// build makes the model of a case; the head of the file is added.
func build(t fatal, text string) (*model.Model, diag.List) {
	t.Helper()
	f, list := casefile.Read("fall.yaml", []byte("currency: EUR\ndiscount: 8 %/year\nadoption: {plateau: 80 %}\n"+text), "")
	if f == nil {
		t.Fatal(list)
	}
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	return model.Build(f, cat)
}

func codes(list diag.List) (all []string) {
	for _, d := range list {
		all = append(all, fmt.Sprintf("%s %d:%d", d.Code, d.At.Line, d.At.Column))
	}
	return all
}

func TestAMistakeIsToldOnceAndNotWhatFollowsFromIt(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"an unknown name behind other names", `assumptions: {a: nothing * 2, b: a * 1 EUR/month, c: b + 1 h}
costs: {x: b, y: users_ * c}
benefits: {z: c * 2}
`, []string{"unknown_name 4:18", "unknown_name 5:18"}},
		{"a range that falls", `assumptions: {wage: 60 .. 50 EUR/h}
costs: {x: {amount: wage * 8 h, at: 0}, y: wage}
benefits: {z: {lever: time_saved, users: 4, hours: 1 h/week, converts: 50 %}}
`, []string{"range_order 4:21"}},
		{"an input in the wrong unit, in three lines", `assumptions: {users: 40, wage: 52}
costs: {x: {item: learning_dip, dip_hours: 3 h/week}}
benefits: {y: {lever: time_saved, hours: 1 h/week, converts: 50 %}, z: {lever: time_saved, hours: 2 h/week, converts: 10 %}}
`, []string{"unit_missing 4:32"}},
		{"a circle", `assumptions: {a: b + 1, b: c + 1, c: a + 1, d: a + b + c}
costs: {x: d * 1 EUR/month}
benefits: {y: a * 1 EUR/month}
`, []string{"cycle 4:38"}},
		{"another currency in an assumption", `assumptions: {wage: 52 USD/h}
costs: {x: {amount: wage * 8 h + 5 EUR, at: 0}}
benefits: {y: 5 EUR/month}
`, []string{"other_currency 4:21"}},
	} {
		_, list := build(t, c.text)
		var wrong diag.List
		for _, d := range list {
			if d.Severity == diag.Error {
				wrong = append(wrong, d)
			}
		}
		if d := cmp.Diff(c.want, codes(wrong)); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
}

func TestUnusedAssumptionsAreThoseThatNothingMentions(t *testing.T) {
	m, list := build(t, `assumptions:
  users: 40          # of the lever, by its name
  price: 65 EUR/month
  double: 2 * price  # used by nothing, but it uses price
  wage: 52 EUR/h
  margin: 31 %       # of the chain, by its name
  hours_saved: 1 .. 2 h/week
  spare: 3 .. 5      # a correlation alone is no use
costs: {x: users * 5 EUR/month}
benefits:
  y: {lever: time_saved, hours: hours_saved, converts: 50 %}
  z: {lever: churn, customers: 1200, rate: 9 %/year, cut: 8 %, revenue: 9 500 EUR/year}
correlate: [[hours_saved, spare, 0.4]]
`)
	if m == nil {
		t.Fatal(list)
	}
	var got []string
	for _, q := range m.Unused() {
		got = append(got, q.ID)
	}
	if d := cmp.Diff([]string{"double", "spare"}, got); d != "" {
		t.Error(d)
	}
}

// Where a triplet fits no distribution, the one that is proposed does, and it keeps both ends.
func TestTheProposedRangeAlwaysFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"EUR/h", "%", "h/week", "", "%/year"}).Draw(t, "unit")
		low := float64(rapid.IntRange(-500, 2000).Draw(t, "low")) / 10
		width := float64(rapid.IntRange(2, 3000).Draw(t, "width")) / 10
		share := rapid.Float64Range(0, 1).Draw(t, "middle")
		try := func(text string) diag.List {
			_, list := build(t, "assumptions: {a: "+text+"}\ncosts: {x: 5 EUR/month}\nbenefits: {y: 5 EUR/month}\n")
			return list
		}
		for _, d := range try(fmt.Sprintf("%.1f .. %.4f .. %.1f %s", low, low+share*width, low+width, unit)) {
			if d.Code != "range_infeasible" {
				continue
			}
			nearest := d.Args["nearest"].(string)
			if list := try(nearest + " " + unit); list.Err() != nil {
				t.Fatalf("%v, but %s %s is %v", d, nearest, unit, list)
			}
		}
	})
}
