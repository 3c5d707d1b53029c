package kpi_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("30") // a CRM each, on two databases; more with -rapid.checks
	}
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

// records are a CRM by table.
type records map[string][]crm.Record

// add puts a record into a table: its columns and values in turn, beginning with the identifier. deleted_at and merged_into
// are those of the record itself.
func (r records) add(table, id string, pairs ...any) {
	t, _ := crm.Find(table)
	rec := t.New(id)
	for i := 0; i < len(pairs); i += 2 {
		switch name, v := pairs[i].(string), pairs[i+1]; {
		case v == nil:
		case name == "deleted_at":
			rec.Deleted = v.(int64)
		case name == "merged_into":
			rec.Merged = v.(string)
		default:
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			t.Set(&rec, name, v)
		}
	}
	r[table] = append(r[table], rec)
}

type database struct {
	*warehouse.Warehouse
	n int
}

// databases are one of each engine, for a whole test: sources keep the cases apart.
func databases(t testing.TB) map[string]*database {
	t.Helper()
	all := map[string]*database{}
	for name, address := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "kpi.db"), "postgresql": storetest.PostgreSQL(t)} {
		w, err := warehouse.Open(context.Background(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
		all[name] = &database{Warehouse: w}
	}
	return all
}

// fataler is what a test and a property have in common.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// load makes a source of the records.
func (d *database) load(t fataler, r records, history *int64) warehouse.Source {
	t.Helper()
	ctx := context.Background()
	d.n++
	s, err := d.AddSource(ctx, warehouse.Source{Name: fmt.Sprint("CRM ", d.n), Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR", HistoryFrom: history})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range crm.Tables() {
		if len(r[table.Name]) == 0 {
			continue
		}
		i, err := d.Begin(ctx, s, table.Name, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for k, rec := range r[table.Name] {
			rec.Values = append([]any(nil), rec.Values...)
			if err := i.Write(ctx, rec, int64(k), "", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := i.Finish(ctx); err != nil {
			t.Fatal(err)
		}
		if i.Rejected > 0 || i.Inserted != int64(len(r[table.Name])) {
			rejects, _ := d.Rejects(ctx, i.ID)
			t.Fatalf("%s: %d of %d came in: %+v", table.Name, i.Inserted, len(r[table.Name]), rejects)
		}
	}
	return s
}

func (d *database) compute(t fataler, s warehouse.Source, o kpi.Options) map[string]kpi.Series {
	t.Helper()
	list, err := kpi.Compute(context.Background(), d.Warehouse, kpi.DialectOf(d.Warehouse), s, o)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]kpi.Series{}
	for _, s := range list {
		all[s.Figure] = s
	}
	return all
}

func day(text string) int64 {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return crm.DayOf(at)
}

func month(text string) int64 { return crm.MonthOf(crm.DayTime(day(text + "-01"))) }

// span is the window of the hand-made cases.
func span(first, last, today string) kpi.Options {
	return kpi.Options{First: month(first), Last: month(last), Today: day(today)}
}

// point is that of a team in a month.
func point(t fataler, s kpi.Series, team, m string) kpi.Point {
	t.Helper()
	for i, name := range s.Teams {
		for k, at := range s.Months {
			if name == team && at == month(m) {
				return s.Points[i][k]
			}
		}
	}
	t.Fatalf("%s has no team %q in %s: %v", s.Figure, team, m, s.Teams)
	return kpi.Point{}
}

// counts holds the numerator, the denominator and n of a point.
func counts(t fataler, got map[string]kpi.Series, figure, team, m string, numerator, denominator float64, n int64) {
	t.Helper()
	p := point(t, got[figure], team, m)
	if p.Numerator != numerator || p.Denominator != denominator || p.N != n {
		t.Errorf("%s of %q in %s: %v of %v, n %d; want %v of %v, n %d", figure, team, m, p.Numerator, p.Denominator, p.N, numerator, denominator, n)
	}
}

// people adds persons to a team and names them team1, team2, ….
func (r records) people(team string, n int, pairs ...any) {
	for i := range n {
		r.add("user", fmt.Sprint(team, i+1), append([]any{"team", team}, pairs...)...)
	}
}

func (r records) deal(id, category, opened, closed string, pairs ...any) {
	all := append([]any{"category", category, "opened_day", day(opened)}, pairs...)
	if closed != "" {
		all = append(all, "closed_day", day(closed))
	}
	r.add("opportunity", id, all...)
}

func onBoth(t *testing.T, r records, o kpi.Options, f func(t *testing.T, got map[string]kpi.Series)) {
	t.Helper()
	for name, d := range databases(t) {
		t.Run(name, func(t *testing.T) { f(t, d.compute(t, d.load(t, r, nil), o)) })
	}
}

func TestDeals_traps(t *testing.T) {
	r := records{}
	// Six won, two lost, one cancelled in March: 6 of 8, and the cancelled one is neither.
	for i := range 6 {
		r.deal(fmt.Sprint("w", i), crm.Won, "2024-02-01", "2024-03-10", "amount", 100_0000, "currency", "EUR")
	}
	r.deal("l1", crm.Lost, "2024-02-01", "2024-03-10", "amount", 100_0000, "currency", "EUR")
	// Lost in francs: converted, 50; another is not converted and left out of every amount.
	r.deal("l2", crm.Lost, "2024-02-01", "2024-03-10", "amount", 60_0000, "currency", "CHF", "home_amount", 50_0000)
	r.deal("v", crm.Void, "2024-02-01", "2024-03-10", "amount", 100_0000)
	r.deal("w6", crm.Won, "2024-03-01", "2024-04-10", "amount", 999_0000, "currency", "CHF")
	// Won once and open again: only how it stands counts.
	r.deal("again", crm.Open, "2024-02-01", "")
	r.add("opportunity_change", "", "opportunity", "again", "seq", 0, "changed_at", day("2024-03-05")*86400e6, "field", "stage", "old_value", "open", "new_value", "won")
	r.add("opportunity_change", "", "opportunity", "again", "seq", 1, "changed_at", day("2024-03-06")*86400e6, "field", "stage", "old_value", "won", "new_value", "open")
	r.deal("deleted", crm.Won, "2024-02-01", "2024-03-10", "deleted_at", int64(1))
	r.deal("merged", crm.Won, "2024-02-01", "2024-03-10", "merged_into", "w1")
	// Half an hour after midnight in Berlin: won in April, though UTC says March.
	r.add("opportunity", "night", "category", crm.Won, "opened_day", day("2024-03-01"), "amount", 10_0000, "closed_at", time.Date(2024, 3, 31, 22, 30, 0, 0, time.UTC).UnixMicro())
	onBoth(t, r, span("2024-01", "2024-04", "2024-04-30"), func(t *testing.T, got map[string]kpi.Series) {
		counts(t, got, "win_rate", "", "2024-03", 6, 8, 8)
		counts(t, got, "win_rate_value", "", "2024-03", 600, 750, 8)
		counts(t, got, "cancelled", "", "2024-03", 1, 9, 9)
		counts(t, got, "deal_value", "", "2024-03", 600, 6, 6)
		counts(t, got, "amount_comparable", "", "2024-04", 1, 2, 2)
		counts(t, got, "won_value", "", "2024-04", 10, 0, 1)
		counts(t, got, "won", "", "2024-04", 2, 1, 2)
		// Of those opened in February and not cancelled, six are won and one is open.
		counts(t, got, "win_rate_cohort", "", "2024-02", 6, 9, 9)
		counts(t, got, "cohort_open", "", "2024-02", 1, 9, 9)
		if p := point(t, got["cycle_time"], "", "2024-03"); p.Value == nil || *p.Value != 38 || p.N != 6 || *p.Low != 38 || *p.High != 38 {
			t.Errorf("cycle time %+v", p)
		}
		if p := point(t, got["win_rate"], "", "2024-04"); p.Value != nil || p.Reason != kpi.Few {
			t.Errorf("two deals make a win rate: %+v", p)
		}
		if p := point(t, got["won"], "", "2024-02"); p.Reason != kpi.None {
			t.Errorf("before the first closing: %+v", p)
		}
	})
}

func teams(got map[string]kpi.Series, figure string) string {
	return fmt.Sprintf("%q", got[figure].Teams)
}

func TestTeams_ofFewerThanFiveAreMerged(t *testing.T) {
	for name, c := range map[string]struct {
		sizes map[string]int
		want  string
	}{
		"large ones stand alone":                           {map[string]int{"A": 5, "B": 6}, `["" "A" "B"]`},
		"a small one takes the smallest large one":         {map[string]int{"A": 4, "B": 6, "C": 7}, `["" "C" "*"]`},
		"small ones that are enough together":              {map[string]int{"A": 4, "B": 1, "C": 5}, `["" "C" "*"]`},
		"one small and one large: nothing but both":        {map[string]int{"A": 1, "B": 9}, `["" "*"]`},
		"fewer than five in all are in the total alone":    {map[string]int{"A": 2, "B": 2}, `[""]`},
		"those without a team are no team":                 {map[string]int{"": 9, "B": 5}, `["" "B" "*"]`},
		"a few without a team take the smallest with them": {map[string]int{"": 2, "B": 6, "C": 5}, `["" "B" "*"]`},
	} {
		r := records{}
		for team, n := range c.sizes {
			r.people(team, n)
			r.add("activity", "of "+team, "type", "call", "owner", team+"1", "done_at", day("2024-03-10")*86400e6)
		}
		onBoth(t, r, kpi.Options{First: month("2024-03"), Last: month("2024-03"), Today: day("2024-03-31"), Figures: []string{"activities"}}, func(t *testing.T, got map[string]kpi.Series) {
			if got := teams(got, "activities"); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
			counts(t, got, "activities", "", "2024-03", float64(len(c.sizes)), 1, int64(len(c.sizes)))
		})
	}
}

// Three deals won in each of two months are too few for a figure of one, and enough for both together.
func TestCompute_takesMonthsTogether(t *testing.T) {
	r := records{}
	for i, closed := range []string{"2024-02-10", "2024-02-20", "2024-02-28", "2024-03-01", "2024-03-11", "2024-03-31"} {
		r.deal(fmt.Sprint(i), crm.Won, "2024-02-01", closed, "amount", 10_0000*(i+1), "currency", "EUR")
	}
	o := span("2024-02", "2024-03", "2024-03-31")
	onBoth(t, r, o, func(t *testing.T, got map[string]kpi.Series) {
		if p := point(t, got["deal_value_median"], "", "2024-02"); p.Value != nil || p.Reason != kpi.Few || p.N != 3 {
			t.Errorf("a month: %+v", p)
		}
	})
	o.Together = true
	onBoth(t, r, o, func(t *testing.T, got map[string]kpi.Series) {
		// 10, 20, …, 60: the median is 35, and six values are just enough for an interval, from the least to the greatest.
		p := point(t, got["deal_value_median"], "", "2024-03")
		if len(got["won"].Months) != 1 || p.Value == nil || *p.Value != 35 || *p.Low != 10 || *p.High != 60 {
			t.Errorf("together: %+v, months %v", p, got["won"].Months)
		}
		counts(t, got, "win_rate", "", "2024-03", 6, 6, 6)
	})
}

// Those who left keep their deals in their team, but do not make it large.
func TestTeams_whoLeft(t *testing.T) {
	r := records{}
	r.people("A", 4)
	r.add("user", "gone", "team", "A", "active", 0, "left_day", day("2024-02-10"))
	r.people("B", 6)
	r.add("user", "robot", "team", "B", "is_person", 0)
	r.deal("1", crm.Won, "2024-01-01", "2024-02-01", "owner", "gone", "amount", 1)
	r.deal("2", crm.Won, "2024-01-01", "2024-02-01", "owner", "robot", "amount", 1)
	r.add("login", "", "person", "gone", "logged_day", day("2024-02-01"))
	r.add("login", "", "person", "A1", "logged_day", day("2024-03-01"))
	onBoth(t, r, span("2024-02", "2024-03", "2024-03-31"), func(t *testing.T, got map[string]kpi.Series) {
		if got := teams(got, "won"); got != `["" "*"]` {
			t.Errorf("teams %s", got)
		}
		counts(t, got, "won", "", "2024-02", 2, 1, 2)
		counts(t, got, "won", "*", "2024-02", 1, 1, 1)
		// Eleven were there in February, ten in March.
		counts(t, got, "adoption", "", "2024-02", 1, 11, 11)
		counts(t, got, "adoption", "", "2024-03", 1, 10, 10)
		if got["adoption"].Derived {
			t.Error("there are log-ins")
		}
	})
}

// Five subscriptions of 1,200 over twelve months are 100 a month each. In February one ends, one falls to 60 and one rises
// to 150; a new customer does not count.
func TestRetention_byHand(t *testing.T) {
	r := records{}
	pay := func(account, from, to string, net int) {
		r.add("sales_document", fmt.Sprint("s", len(r["sales_document"])), "kind", "subscription", "account", account, "document_day", day(from), "net", net*10_000, "period_from", day(from), "period_to", day(to))
	}
	for _, a := range []string{"a", "b", "c", "d", "e", "new"} {
		r.add("account", a, "name", a)
	}
	pay("a", "2024-01-01", "2024-12-31", 1200)
	pay("b", "2024-01-01", "2024-12-31", 1200)
	pay("c", "2024-01-01", "2024-01-31", 100)
	pay("d", "2024-01-01", "2024-01-31", 100)
	pay("d", "2024-02-01", "2024-03-31", 120)
	pay("e", "2024-01-01", "2024-01-31", 100)
	pay("e", "2024-02-01", "2024-03-31", 300)
	pay("new", "2024-02-01", "2024-12-31", 5500)
	onBoth(t, r, span("2024-02", "2024-02", "2024-02-29"), func(t *testing.T, got map[string]kpi.Series) {
		counts(t, got, "logo_churn", "", "2024-02", 1, 5, 5)
		counts(t, got, "logo_retention", "", "2024-02", 4, 5, 5)
		counts(t, got, "gross_retention", "", "2024-02", 360, 500, 5)
		counts(t, got, "revenue_churn", "", "2024-02", 140, 500, 5)
		counts(t, got, "net_retention", "", "2024-02", 410, 500, 5)
	})
}

// Six deals of 1,000 at 50 % were expected for March on the 1st; one had been moved there from May in February, another was
// moved away on the 2nd and counts still. Two are won at 1,500.
func TestForecast_asItWasKnown(t *testing.T) {
	r := records{}
	for i := range 6 {
		category, closed, expected := crm.Open, "", "2024-03-20"
		if i < 2 {
			category, closed = crm.Won, "2024-03-15"
		}
		if i == 5 {
			expected = "2024-06-20"
		}
		amount := 1000_0000
		if i < 2 {
			amount = 1500_0000
			r.add("opportunity_change", "", "opportunity", fmt.Sprint(i), "changed_at", day("2024-03-15")*86400e6, "field", "amount", "old_value", "10000000", "new_value", "15000000")
		}
		r.deal(fmt.Sprint(i), category, "2024-01-10", closed, "amount", amount, "probability", 0.5, "expected_close_day", day(expected))
	}
	move := func(deal, at, from, to string) {
		r.add("opportunity_change", "", "opportunity", deal, "changed_at", day(at)*86400e6, "field", "expected_close", "old_value", fmt.Sprint(day(from)), "new_value", fmt.Sprint(day(to)))
	}
	move("4", "2024-02-10", "2024-05-01", "2024-03-20")
	move("5", "2024-03-02", "2024-03-20", "2024-06-20")
	onBoth(t, r, span("2024-02", "2024-03", "2024-03-31"), func(t *testing.T, got map[string]kpi.Series) {
		counts(t, got, "forecast_accuracy", "", "2024-03", 3000, 3000, 6)
		if p := point(t, got["forecast_accuracy"], "", "2024-02"); p.Reason != kpi.History {
			t.Errorf("before the history begins: %+v", p)
		}
	})
}

// Waiting leads: replies after 10, 20, 30 minutes, two have waited longer than that. Half have been answered after 30; of the
// answered alone the median would be 20.
func TestResponse_countsWhoWaits(t *testing.T) {
	r := records{}
	at := day("2024-03-10") * 86400e6
	for i, minutes := range []int64{10, 20, 30, 0, 0} {
		pairs := []any{"opened_at", at}
		if minutes > 0 {
			pairs = append(pairs, "first_reply_at", at+minutes*60e6)
		}
		r.add("lead", fmt.Sprint(i), pairs...)
	}
	onBoth(t, r, span("2024-03", "2024-03", "2024-03-31"), func(t *testing.T, got map[string]kpi.Series) {
		p := point(t, got["lead_response"], "", "2024-03")
		if p.Value == nil || *p.Value != 30 || p.N != 5 || p.High != nil || p.Reason != kpi.Waiting {
			t.Errorf("%+v", p)
		}
	})
}

func TestCompute_refusesWhatItCannotDo(t *testing.T) {
	d := databases(t)["sqlite"]
	s := d.load(t, records{}, nil)
	if _, err := kpi.Compute(t.Context(), d.Warehouse, kpi.SQLite, s, kpi.Options{First: 5, Last: 4}); !errors.Is(err, kpi.ErrMonths) {
		t.Errorf("months in disorder: %v", err)
	}
	if _, err := kpi.Compute(t.Context(), d.Warehouse, kpi.SQLite, s, kpi.Options{Figures: []string{"luck"}}); !errors.Is(err, kpi.ErrFigure) {
		t.Errorf("an unknown figure: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := kpi.Compute(stopped, d.Warehouse, kpi.SQLite, s, span("2024-01", "2024-02", "2024-02-29")); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestFigures_haveTextsInBothLanguages(t *testing.T) {
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		known := map[string]bool{"kpi.derived": true, "kpi.team.all": true, "kpi.team.merged": true, "kpi.team.why": true}
		for _, r := range []kpi.Reason{kpi.None, kpi.Few, kpi.History, kpi.Immature, kpi.Waiting, kpi.NoInterval, kpi.Undefined} {
			known["kpi.reason."+string(r)] = true
		}
		for _, f := range kpi.Figures() {
			known["kpi."+f.ID], known["kpi."+f.ID+".text"] = true, true
		}
		for key := range known {
			if !l.Has(key) {
				t.Errorf("%s: no message %s", lang, key)
			}
		}
		for _, key := range l.Keys() {
			if strings.HasPrefix(key, "kpi.") && !known[key] {
				t.Errorf("%s: nothing says %s", lang, key)
			}
		}
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// The texts for databases that are not tried here: what they are must at least not change unseen.
func TestQuery_texts(t *testing.T) {
	for _, d := range kpi.Dialects() {
		var b strings.Builder
		done := map[string]bool{}
		for _, f := range kpi.Figures() {
			if done[f.SQL] {
				continue
			}
			done[f.SQL] = true
			q := f.Query(d)
			fmt.Fprintf(&b, "-- %s %v\n%s\n", f.SQL, q.Parameters, q.Text)
		}
		path := filepath.Join("testdata", d.Name+".sql")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Name, diff)
		}
	}
}
