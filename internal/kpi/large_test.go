//go:build unix

package kpi_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// large makes a CRM of n deals over three years with five changes and five activities each, a fifth as many leads and
// tickets, 500 people in 25 teams. The same seed makes the same CRM.
func large(t testing.TB, w *warehouse.Warehouse, n int) warehouse.Source {
	t.Helper()
	ctx := context.Background()
	s, err := w.AddSource(ctx, warehouse.Source{Name: "large", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(2026)
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int((seed >> 33) % uint64(n))
	}
	const people, months = 500, 36
	first, days := day("2023-01-01"), 1096
	person := func() string { return "u" + strconv.Itoa(next(people)) }
	table := func(name string, rows int, id func(i int) string, fill func(i int, set func(string, any))) {
		started, before := time.Now(), used()
		tb, _ := crm.Find(name)
		in, err := w.Begin(ctx, s, name, "", "")
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]int{}
		for i, c := range tb.Columns {
			at[c.Name] = i
		}
		for i := range rows {
			r := tb.New(id(i))
			fill(i, func(column string, v any) { r.Values[at[column]] = v })
			if err := in.Write(ctx, r, int64(i), "", nil); err != nil {
				t.Fatal(err)
			}
			if i%1000 == 0 {
				if err := in.Reached(ctx, strconv.Itoa(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := in.Finish(ctx); err != nil {
			t.Fatal(err)
		}
		if in.Inserted != int64(rows) {
			t.Fatalf("%s: %d of %d came in", name, in.Inserted, rows)
		}
		if took := time.Since(started); rows >= 10_000 {
			t.Logf("import of %s: %d rows in %.1f s, %.1f s of processor", name, rows, took.Seconds(), used()-before)
		}
	}
	numbered := func(prefix string) func(int) string {
		return func(i int) string { return prefix + strconv.Itoa(1_000_000_000+i) }
	}
	table("user", people, func(i int) string { return "u" + strconv.Itoa(i) }, func(i int, set func(string, any)) {
		set("team", "Team "+strconv.Itoa(i%25))
		set("active", int64(1))
	})
	accounts := n / 10
	table("account", accounts, numbered("a"), func(i int, set func(string, any)) {
		set("name", "Muster "+strconv.Itoa(i))
		set("owner", person())
		set("type", "customer")
		if i%3 == 0 {
			set("first_order_day", first+int64(next(days)))
			set("monthly", int64(next(1000)*10_000))
		}
	})
	account := func() string { return "a" + strconv.Itoa(1_000_000_000+next(accounts)) }
	table("lead", n/5, numbered("l"), func(i int, set func(string, any)) {
		at := crm.DayTime(first+int64(i*days/(n/5))).UnixMicro() + int64(next(86400))*1e6
		set("owner", person())
		set("opened_at", at)
		set("origin", "web")
		if next(4) > 0 {
			set("first_reply_at", at+int64(next(20_000))*60e6)
		}
	})
	opened := func(i int) int64 { return first + int64(i*days/n) }
	table("opportunity", n, numbered("o"), func(i int, set func(string, any)) {
		set("number", strconv.Itoa(i))
		set("name", "Anfrage "+strconv.Itoa(i)+" – Maschinenbau")
		set("account", account())
		set("owner", person())
		set("stage", "s"+strconv.Itoa(next(6)))
		amount := int64(1000+next(500)*100) * 10_000
		set("amount", amount)
		set("currency", "EUR")
		set("first_amount", amount)
		set("probability", float64(next(11))/10)
		set("opened_day", opened(i))
		set("expected_close_day", opened(i)+int64(next(120)))
		category, closes := []string{crm.Won, crm.Lost, crm.Lost, crm.Void}[next(4)], opened(i)+int64(next(160))
		if closes >= first+int64(days) {
			category = crm.Open
		}
		set("category", category)
		if category != crm.Open {
			set("closed_day", closes)
			set("closed_at", crm.DayTime(closes).UnixMicro())
		}
		if category == crm.Lost {
			set("lost_reason", "Preis")
		}
		set("lead_source", "Messe")
	})
	fields := []string{"stage", "stage", "stage", "stage", "amount", "expected_close", "owner", "probability"}
	table("opportunity_change", 5*n, numbered("h"), func(i int, set func(string, any)) {
		deal := i / 5
		field := fields[next(len(fields))]
		set("opportunity", "o"+strconv.Itoa(1_000_000_000+deal))
		set("seq", int64(i%5))
		set("changed_at", crm.DayTime(opened(deal)+int64(i%5*20+next(20))).UnixMicro()+int64(next(43200))*1e6)
		set("changed_by", person())
		set("field", field)
		set("origin", "user")
		switch field {
		case "amount":
			set("old_value", strconv.Itoa((1000+next(500)*100)*10_000))
			set("new_value", strconv.Itoa((1000+next(500)*100)*10_000))
		case "expected_close":
			set("old_value", strconv.Itoa(int(opened(deal))+next(120)))
			set("new_value", strconv.Itoa(int(opened(deal))+next(160)))
		case "probability":
			set("old_value", "0.3")
			set("new_value", "0.6")
		default:
			set("old_value", "s1")
			set("new_value", "s2")
		}
	})
	table("activity", 5*n, numbered("t"), func(i int, set func(string, any)) {
		set("type", []string{"call", "meeting", "email", "task", "note"}[next(5)])
		set("owner", person())
		set("account", account())
		set("opportunity", "o"+strconv.Itoa(1_000_000_000+i/5))
		set("done_at", crm.DayTime(first+int64(i*days/(5*n))).UnixMicro()+int64(next(43200))*1e6)
		set("automatic", int64(0))
	})
	table("ticket", n/5, numbered("k"), func(i int, set func(string, any)) {
		at := crm.DayTime(first+int64(i*days/(n/5))).UnixMicro() + int64(next(86400))*1e6
		set("owner", person())
		set("account", account())
		set("opened_at", at)
		set("first_reply_at", at+int64(next(3000))*60e6)
		set("category", "solved")
		set("closed_at", at+int64(next(20_000))*60e6)
	})
	return s
}

// used is the processor time of this process, in seconds: on a busy machine it says more than the clock.
func used() float64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}

// TestLarge computes all figures of a large CRM and says how long each text takes: RENDITE_LARGE is the number of deals,
// RENDITE_LARGE_DB a file to keep the data in. It holds no time against a bound; machines differ.
func TestLarge(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("RENDITE_LARGE"))
	if n == 0 {
		n = 500 // so that it stays runnable; its times say nothing
	}
	path := os.Getenv("RENDITE_LARGE_DB")
	if path == "" {
		path = filepath.Join(t.TempDir(), "large.db")
	}
	w, err := warehouse.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	s, err := w.SourceByName(t.Context(), "", "large")
	if err != nil {
		started := time.Now()
		s = large(t, w, n)
		size, _ := os.Stat(path)
		t.Logf("imported in %.1f s, %d MB", time.Since(started).Seconds(), size.Size()/1e6)
	}
	o := kpi.Options{First: month("2023-01"), Last: month("2025-12"), Today: day("2025-12-31")}
	done := map[string]bool{}
	for _, f := range kpi.Figures() {
		if !done[f.SQL] {
			done[f.SQL] = true
			started, before := time.Now(), used()
			o := o
			o.Figures = []string{f.ID}
			if _, err := kpi.Compute(t.Context(), w, kpi.SQLite, s, o); err != nil {
				t.Fatal(err)
			}
			t.Logf("%-18s %6.2f s, %6.2f s of processor", f.SQL, time.Since(started).Seconds(), used()-before)
		}
	}
	started, before := time.Now(), used()
	list, err := kpi.Compute(t.Context(), w, kpi.SQLite, s, o)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	if len(list) != len(kpi.Figures()) {
		t.Errorf("%d figures", len(list))
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, _ := os.ReadFile("/proc/self/status")
	t.Logf("all figures on %d cores: %.2f s, %.2f s of processor; heap %d MB\n%s", runtime.GOMAXPROCS(0), took.Seconds(), used()-before, m.Sys/1e6, status)
}
