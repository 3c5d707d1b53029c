package app_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/store"
)

// named is the small case under another name, with other lines in place of its own ones ("currency: EUR" → …).
func named(name string, instead ...string) string {
	return strings.NewReplacer(append([]string{"case: Vertrieb\n", "case: " + name + "\n"}, instead...)...).Replace(small)
}

func startingIn(month string) []string { return []string{"horizon:", "start: " + month + "\nhorizon:"} }

func (w *world) result(text string) *result.Result {
	w.Helper()
	a, err := w.Engine.Answer(w.ctx, []byte(text), "", 0, locale.New(locale.English))
	w.ok(err)
	return a.Result
}

func (w *world) portfolio() *app.Sum {
	w.Helper()
	sum, err := w.Portfolio(w.ctx, w.as("viewer"), w.org)
	w.ok(err)
	return sum
}

// list is what a filter gives, by name.
func (w *world) list(f app.Filter) (names []string, next string) {
	w.Helper()
	f.Organisation = w.org
	list, next, err := w.Cases(w.ctx, w.as("viewer"), f)
	w.ok(err)
	for _, s := range list {
		names = append(names, s.Case.Name)
	}
	return names, next
}

// outcome is the figures that the list shows of a case; nil for none.
func (w *world) outcome(a *app.App, id string) *app.Outcome {
	w.Helper()
	list, _, err := a.Cases(w.ctx, w.as("viewer"), app.Filter{Organisation: w.org})
	w.ok(err)
	for _, s := range list {
		if s.Case.ID == id {
			return s.Outcome
		}
	}
	w.Fatalf("case %s is not in the list", id)
	return nil
}

// keep replaces what is kept of a case's first revision.
func (w *world) keep(id string, o app.Outcome) {
	w.Helper()
	buf, err := json.Marshal(o)
	w.ok(err)
	w.ok(w.store.KeepOutcome(w.ctx, store.Outcome{CaseID: id, Revision: 1, Version: "test", JSON: string(buf)}))
}

func TestKeyFigures_areKeptPerRevisionAndVersion(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	w.set("editor", id, users, "20")
	w.save("editor", id, "")
	want := map[int]float64{}
	for n := 1; n <= 2; n++ {
		kept, err := w.store.Outcome(w.ctx, id, int64(n), "")
		w.ok(err)
		var o app.Outcome
		w.ok(json.Unmarshal([]byte(kept.JSON), &o))
		r := w.result(w.stored(id, n).Text)
		want[n] = *r.Simulation.NPV.P50
		if kept.Version != "test" || *o.Result.Simulation.NPV.P50 != want[n] || len(o.Result.Timeline) != 13 {
			w.Errorf("revision %d: %+v", n, o.Result)
		}
		// The middle of the quantiles is the median, up to the distance of neighbours.
		if mid := len(o.NPV) / 2; len(o.NPV) != app.JointDraws || !slices.IsSorted(o.NPV) || o.NPV[mid-1] > want[n] || o.NPV[mid] < want[n] {
			w.Errorf("revision %d: median %g, quantiles around it %g", n, want[n], o.NPV[len(o.NPV)/2-1:len(o.NPV)/2+1])
		}
	}
	if want[1] == want[2] {
		w.Fatal("the revisions compute the same")
	}

	// What is kept is taken, and not computed again: a figure that no computation gives.
	r := *w.result(small)
	odd := 4711.0
	r.Simulation.NPV.P50 = &odd
	buf, err := json.Marshal(app.Outcome{Result: &r, NPV: make([]float64, app.JointDraws)})
	w.ok(err)
	w.ok(w.store.KeepOutcome(w.ctx, store.Outcome{CaseID: id, Revision: 2, Version: "test", JSON: string(buf)}))
	if got := *w.outcome(w.App, id).Result.Simulation.NPV.P50; got != odd {
		w.Errorf("%g, kept was %g", got, odd)
	}

	// Another version of the program computes for itself, and keeps that.
	newer := app.New(w.store, newEngine("newer"), w.now)
	if got := *w.outcome(newer, id).Result.Simulation.NPV.P50; got != want[2] {
		w.Errorf("%g, want %g", got, want[2])
	}
	kept, err := w.store.Outcome(w.ctx, id, 2, "")
	w.ok(err)
	if runs := newer.Engine.Runs(); kept.Version != "newer" || runs != 1 {
		w.Errorf("kept for %s after %d runs", kept.Version, runs)
	}
	w.outcome(newer, id)
	if runs := newer.Engine.Runs(); runs != 1 {
		w.Errorf("%d runs", runs)
	}

	// So is what cannot be read.
	for _, damaged := range []string{"", "{", "null", `{"result":null}`} {
		w.ok(w.store.KeepOutcome(w.ctx, store.Outcome{CaseID: id, Revision: 2, Version: "test", JSON: damaged}))
		if got := *w.outcome(w.App, id).Result.Simulation.NPV.P50; got != want[2] {
			w.Errorf("kept as %q: %g, want %g", damaged, got, want[2])
		}
	}
}

func TestKeyFigures_ofACaseThatDoesNotComputeAreNone(t *testing.T) {
	w := newWorld(t)
	if sum := w.portfolio(); sum != nil {
		w.Errorf("of no cases: %+v", sum)
	}
	bad := w.create(broken)
	if o := w.outcome(w.App, bad); o != nil {
		w.Errorf("%+v", o)
	}
	if sum := w.portfolio(); sum != nil {
		w.Errorf("of no figures: %+v", sum)
	}
	good := w.create(small)
	if sum := w.portfolio(); sum == nil || sum.Cases != 1 || sum.Left != 1 {
		w.Errorf("%+v", sum)
	}
	// A revision that does not compute has no figures, also where the one before had some.
	_, err := w.SaveText(w.ctx, w.as("editor"), good, []byte(broken), 1, "")
	w.ok(err)
	if o := w.outcome(w.App, good); o != nil {
		w.Errorf("figures of an earlier revision: %+v", o.Result.Case)
	}
	if sum := w.portfolio(); sum != nil {
		w.Errorf("%+v", sum)
	}
}

func TestPortfolio_addsFlowsByCalendarMonth(t *testing.T) {
	w := newWorld(t)
	texts := []string{
		named("Erster", startingIn("2026-11")...),
		named("Später", append(startingIn("2027-02"), "users: {value: 10", "users: {value: 25")...),
		named("Früher", append(startingIn("2025-12"), "horizon: 12 months", "horizon: 30 months")...),
		named("Ohne Beginn"), // counts from the first month of the others
	}
	type flows struct{ benefits, costs, net float64 }
	want := map[string]flows{}
	for _, text := range texts {
		w.create(text)
		r := w.result(text)
		month, err := time.Parse("2006-01", "2025-12")
		w.ok(err)
		if r.Case.Start != "" {
			month, err = time.Parse("2006-01", r.Case.Start)
			w.ok(err)
		}
		for _, m := range r.Timeline {
			at := month.AddDate(0, m.Month, 0).Format("2006-01")
			f := want[at]
			want[at] = flows{f.benefits + m.Benefits, f.costs + m.Costs, f.net + m.Net}
		}
	}
	sum := w.portfolio()
	if sum.Cases != 4 || sum.Left != 0 || sum.Currency != "EUR" || sum.Start != "2025-12" || len(sum.Net) != len(want) {
		w.Fatalf("%d cases from %s, %d months, want %d", sum.Cases, sum.Start, len(sum.Net), len(want))
	}
	month, err := time.Parse("2006-01", sum.Start)
	w.ok(err)
	total := 0.0
	for i := range sum.Net {
		at := month.AddDate(0, i, 0).Format("2006-01")
		got, f := flows{sum.Benefits[i], sum.Costs[i], sum.Net[i]}, want[at]
		total += f.net
		for k, pair := range [][2]float64{{got.benefits, f.benefits}, {got.costs, f.costs}, {got.net, f.net}, {got.benefits - got.costs, f.net}, {sum.Cumulative[i], total}} {
			if math.Abs(pair[0]-pair[1]) > 1e-6 { // the cases are added in another order
				w.Errorf("%s: figure %d is %g, want %g", at, k, pair[0], pair[1])
			}
		}
	}
	if last := want["2028-02"]; last.net == 0 || len(sum.Cumulative) != len(sum.Net) {
		w.Errorf("the last month is %s, its flow %g", month.AddDate(0, len(sum.Net)-1, 0).Format("2006-01"), last.net)
	}
}

func TestPortfolio_mostCasesChooseTheCurrency(t *testing.T) {
	for name, c := range map[string]struct {
		currencies  []string
		want        string
		cases, left int
	}{
		"two euros, one franc":       {[]string{"CHF", "EUR", "EUR"}, "EUR", 2, 1},
		"two francs, one euro":       {[]string{"CHF", "EUR", "CHF"}, "CHF", 2, 1},
		"one each: by the alphabet":  {[]string{"USD", "EUR", "CHF"}, "CHF", 1, 2},
		"one, and one not computing": {[]string{"USD", ""}, "USD", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i, currency := range c.currencies {
				text := named(fmt.Sprint("Fall ", i), "EUR", currency)
				if currency == "" {
					text = broken
				}
				w.create(text)
			}
			away := w.create(named("Weggelegt", "EUR", "GBP"))
			w.ok(w.Archive(w.ctx, w.as("editor"), away, true))
			sum := w.portfolio()
			if sum.Currency != c.want || sum.Cases != c.cases || sum.Left != c.left {
				w.Errorf("%s, %d cases, %d left out", sum.Currency, sum.Cases, sum.Left)
			}
			one := w.result(named("x", "EUR", c.want))
			if want := one.Timeline[3].Net * float64(c.cases); math.Abs(sum.Net[3]-want) > 1e-6 {
				w.Errorf("month 3: %g, want %g of the %d cases alone", sum.Net[3], want, c.cases)
			}
		})
	}
}

// moments are mean and variance of draws.
func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, variance
}

func TestPortfolio_jointDistributionIsOneOfIndependentCases(t *testing.T) {
	const n = app.JointDraws
	quantile := func(f func(p float64) float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = f((float64(i) + 0.5) / n)
		}
		return v
	}
	kinds := [][]float64{
		quantile(func(p float64) float64 { return 5000 + 20000*(p-0.5) }),                    // even
		quantile(func(p float64) float64 { return -3000 * math.Log(1-p) }),                   // skewed
		quantile(func(p float64) float64 { return -2000 + 8000*math.Sqrt(2)*inverf(2*p-1) }), // normal
		quantile(func(p float64) float64 { return math.Copysign(9000, p-0.3) }),              // one of two
	}
	for round := range 20 {
		joint := make([]float64, n)
		var means, variances, pairs float64
		for i := range 8 {
			v := kinds[i%len(kinds)]
			app.AddIndependent(joint, fmt.Sprintf("fall-%d-%d", round, i), v)
			m, s2 := moments(v)
			// Σ over pairs c < d of s_c² s_d²
			pairs += variances * s2
			means, variances = means+m, variances+s2
		}
		mean, variance := moments(joint)
		// Any order of the draws leaves their sum alone, so the mean is exact up to rounding.
		if math.Abs(mean-means) > 1e-6 {
			t.Errorf("round %d: mean %g, want %g", round, mean, means)
		}
		// Var(Σ) = Σ s_c² + 2 Σ_{c<d} r_cd s_c s_d. Under independent random orders of n values each, the correlation r_cd has
		// expectation 0 and variance exactly 1/(n−1), and those of different pairs are uncorrelated (Fisher's permutation
		// distribution). The deviation from Σ s_c² then has the standard deviation 2 √(Σ_{c<d} s_c² s_d² / (n−1)); over 20
		// rounds none is beyond 4.5 of them but once in 7,000 sets of orders, and the orders here are always the same.
		if bound := 4.5 * 2 * math.Sqrt(pairs/(n-1)); math.Abs(variance-variances) > bound {
			t.Errorf("round %d: variance %g, want %g ± %g", round, variance, variances, bound)
		}
	}
	a, b := make([]float64, n), make([]float64, n)
	app.AddIndependent(a, "x", kinds[0])
	app.AddIndependent(b, "x", kinds[0])
	if !slices.Equal(a, b) {
		t.Error("the same case is drawn in two orders")
	}
	slices.Sort(a)
	if !slices.Equal(a, kinds[0]) {
		t.Error("one case alone has another distribution than its own")
	}
}

// inverf is the inverse error function by bisection, good enough for a test's input.
func inverf(y float64) float64 {
	low, high := -6.0, 6.0
	for range 60 {
		if mid := (low + high) / 2; math.Erf(mid) < y {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

func TestPortfolio_lossIsTheShareBelowZero(t *testing.T) {
	w := newWorld(t)
	r := w.result(small)
	// Each case loses 100 in three of ten draws and wins 150 in the others, so that the two together lose where both do.
	v := make([]float64, app.JointDraws)
	for i := range v {
		if v[i] = 150; i < 300 {
			v[i] = -100
		}
	}
	first := w.create(named("Erster"))
	w.keep(first, app.Outcome{Result: r, NPV: v})
	if sum := w.portfolio(); math.Abs(sum.Loss-0.3) > 1e-9 || sum.NPV != [3]float64{-100, 150, 150} {
		w.Errorf("one case: loss %g, NPV %v", sum.Loss, sum.NPV)
	}
	w.keep(w.create(named("Zweiter")), app.Outcome{Result: r, NPV: v})
	// How often both lose has a hypergeometric distribution: 300 of 1000 marked, 300 drawn. Its mean is 90 and its
	// standard deviation √(300·0.3·0.7·700/999) = 6.6; 5 of them leave a failure in two million runs.
	sum := w.portfolio()
	if math.Abs(sum.Loss-0.09) > 0.033 {
		w.Errorf("two cases: loss %g, want 0.09 ± 0.033", sum.Loss)
	}
	// −200 in 9 %, 50 in 42 %, 300 in 49 %: the tenth is just above the first step, or on it.
	if low, high := sum.NPV[0], sum.NPV[2]; low != -200 && low != 50 || high != 300 || sum.NPV[1] != 50 && sum.NPV[1] != 300 {
		w.Errorf("NPV %v", sum.NPV)
	}
	if again := w.portfolio(); cmp.Diff(sum, again) != "" {
		w.Error("asked twice, the portfolio gives two answers")
	}
	// A case with other quantiles than ours, of an older program, is left out and not added by half.
	w.keep(first, app.Outcome{Result: r, NPV: v[:10]})
	if sum := w.portfolio(); sum.Cases != 1 || sum.Left != 1 || math.Abs(sum.Loss-0.3) > 1e-9 {
		w.Errorf("%+v", sum)
	}
}

func TestCases_searchStatusAndOrder(t *testing.T) {
	w := newWorld(t)
	// By return: Ärger loses, Berlin wins a little, Zürich most. Kaputt has no figures.
	w.create(named("Zürich", "users * 20", "users * 5"))
	berlin := w.create(named("Berlin"))
	w.create(named("Ärger", "users * 20", "users * 90"))
	w.create(strings.Replace(broken, "Kaputt", "Kaputt im Büro", 1))
	away := w.create(named("Archiviert"))
	w.ok(w.Archive(w.ctx, w.as("editor"), away, true))
	w.ok(w.SetStatus(w.ctx, w.as("editor"), berlin, "live"))
	_, err := w.Create(w.ctx, w.as("otto"), w.other, []byte(named("Fremd")), "", "")
	w.ok(err)

	for name, c := range map[string]struct {
		app.Filter
		want []string
	}{
		"the last changed first":       {app.Filter{}, []string{"Berlin", "Kaputt im Büro", "Ärger", "Zürich"}},
		"an unknown order is that too": {app.Filter{Sort: "size"}, []string{"Berlin", "Kaputt im Büro", "Ärger", "Zürich"}},
		"by name":                      {app.Filter{Sort: "name"}, []string{"Ärger", "Berlin", "Kaputt im Büro", "Zürich"}},
		"by return":                    {app.Filter{Sort: "roi"}, []string{"Zürich", "Berlin", "Ärger", "Kaputt im Büro"}},
		"by net present value":         {app.Filter{Sort: "npv"}, []string{"Zürich", "Berlin", "Ärger", "Kaputt im Büro"}},
		"by break-even, the first first; never and no figures last": {app.Filter{Sort: "break_even"}, []string{"Zürich", "Berlin", "Kaputt im Büro", "Ärger"}},
		"with a text":                      {app.Filter{Search: "ER"}, []string{"Berlin", "Ärger"}},
		"accents do not matter":            {app.Filter{Search: "zurich"}, []string{"Zürich"}},
		"wildcards are characters":         {app.Filter{Search: "%"}, nil},
		"with a status":                    {app.Filter{Status: "live"}, []string{"Berlin"}},
		"with a status and a text":         {app.Filter{Status: "draft", Search: "er"}, []string{"Ärger"}},
		"with a status that there is not":  {app.Filter{Status: "great"}, nil},
		"archived":                         {app.Filter{Archived: true}, []string{"Archiviert"}},
		"archived, with a text not theirs": {app.Filter{Archived: true, Search: "Berlin"}, nil},
	} {
		w.run(name, func(w *world) {
			if got, next := w.list(c.Filter); !slices.Equal(got, c.want) || next != "" {
				w.Errorf("%v, then %q; want %v", got, next, c.want)
			}
		})
	}
	list, _, err := w.Cases(w.ctx, w.as("viewer"), app.Filter{Organisation: w.org, Search: "Büro"})
	w.ok(err)
	if len(list) != 1 || list[0].Outcome != nil || list[0].Sealed {
		w.Errorf("%+v", list)
	}
}

func TestCases_comeInPages(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprint("Fall ", i))
		w.create(strings.Replace(broken, "Kaputt", want[i], 1))
	}
	for _, c := range []struct {
		sort  string
		limit int
		pages int
	}{{"name", 3, 3}, {"name", 7, 1}, {"updated", 2, 4}, {"updated", 0, 1}, {"roi", 3, 3}} {
		var got []string
		f := app.Filter{Sort: c.sort, Limit: c.limit}
		pages := 0
		for {
			names, next := w.list(f)
			got = append(got, names...)
			if pages++; next == "" || pages > 9 {
				break
			}
			f.Cursor = next
		}
		if slices.Sort(got); !slices.Equal(got, want) || pages != c.pages {
			w.Errorf("%s, %d at a time: %v on %d pages", c.sort, c.limit, got, pages)
		}
	}
	_, next := w.list(app.Filter{Sort: "name", Limit: 2})
	for name, f := range map[string]app.Filter{"of another order": {Cursor: next}, "made up": {Sort: "name", Cursor: "x"}} {
		w.run("a cursor "+name, func(w *world) {
			f.Organisation = w.org
			_, _, err := w.Cases(w.ctx, w.as("viewer"), f)
			w.fails(err, app.Invalid, "web.error.request")
		})
	}
}
