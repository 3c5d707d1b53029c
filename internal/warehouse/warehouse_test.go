package warehouse_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

type world struct {
	*testing.T
	*warehouse.Warehouse
	source warehouse.Source
}

// on runs f on SQLite and on PostgreSQL.
func on(t *testing.T, f func(w *world)) {
	for name, address := range map[string]func() string{
		"sqlite":     func() string { return filepath.Join(t.TempDir(), "data with spaces & ümlauts.db") },
		"postgresql": func() string { return storetest.PostgreSQL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
			h, err := warehouse.Open(t.Context(), address(), func() time.Time { now = now.Add(time.Second); return now })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Close() })
			if h.Engine() != name {
				t.Errorf("the engine is %s", h.Engine())
			}
			w := &world{T: t, Warehouse: h}
			w.source, err = h.AddSource(t.Context(), warehouse.Source{Name: "CRM", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
			w.ok(err)
			f(w)
		})
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func TestOpen_nobodyElseReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	h, err := warehouse.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close() //nolint:errcheck // only read
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

var opportunity, _ = crm.Find("opportunity")

func deal(id, category string, amount int64) crm.Record {
	r := opportunity.New(id)
	opportunity.Set(&r, "category", category)
	opportunity.Set(&r, "amount", amount)
	return r
}

// bring imports deals as one file and returns its batch.
func (w *world) bring(hash string, deals ...crm.Record) warehouse.Batch {
	w.Helper()
	ctx := w.T.Context()
	i, err := w.Begin(ctx, w.source, "opportunity", hash+".csv", hash)
	w.ok(err)
	for k, d := range deals {
		w.ok(i.Write(ctx, d, int64(k+2), "", []string{d.ID}))
	}
	w.ok(i.Finish(ctx))
	return i.Batch
}

// amounts are what the table holds, by identifier.
func (w *world) amounts() map[string]int64 {
	w.Helper()
	rows, err := w.Query(w.T.Context(), "SELECT ext_id, amount FROM crm_opportunity WHERE source = $1", w.source.ID)
	w.ok(err)
	got := map[string]int64{}
	for rows.Next() {
		var id string
		var n int64
		w.ok(rows.Scan(&id, &n))
		got[id] = n
	}
	w.ok(errors.Join(rows.Err(), rows.Close()))
	return got
}

func (w *world) holds(want map[string]int64) {
	w.Helper()
	if d := cmp.Diff(want, w.amounts()); d != "" {
		w.Errorf("the table (-want +got):\n%s", d)
	}
}

func counts(b warehouse.Batch) [5]int64 {
	return [5]int64{b.Read, b.Inserted, b.Updated, b.Unchanged, b.Rejected}
}

func (w *world) counts(b warehouse.Batch, read, inserted, updated, unchanged, rejected int64) {
	w.Helper()
	kept, err := w.Batch(w.T.Context(), b.ID)
	w.ok(err)
	if got, want := counts(kept), [5]int64{read, inserted, updated, unchanged, rejected}; got != want || kept.State != warehouse.Done {
		w.Errorf("%s: read, inserted, updated, unchanged, rejected %v, want %v; %s", b.File, got, want, kept.State)
	}
}

func TestImport_isRepeatedWithoutEffectAndTakenBack(t *testing.T) {
	on(t, func(w *world) {
		first := w.bring("a", deal("1", crm.Open, 10), deal("2", crm.Won, 20), deal("3", "maybe", 30), deal("", crm.Won, 40))
		w.counts(first, 4, 2, 0, 0, 2)
		w.holds(map[string]int64{"1": 10, "2": 20})

		if _, err := w.Begin(w.T.Context(), w.source, "opportunity", "a.csv", "a"); !errors.Is(err, warehouse.ErrSame) {
			t.Errorf("the same file: %v", err)
		}
		second := w.bring("b", deal("1", crm.Won, 11), deal("2", crm.Won, 20), deal("4", crm.Lost, 40))
		w.counts(second, 3, 1, 1, 1, 0)
		w.holds(map[string]int64{"1": 11, "2": 20, "4": 40})

		if err := w.TakeBack(w.T.Context(), first.ID); !errors.Is(err, warehouse.ErrOverlaid) {
			t.Errorf("what a later one changed: %v", err)
		}
		w.ok(w.TakeBack(w.T.Context(), second.ID))
		w.holds(map[string]int64{"1": 10, "2": 20})
		if err := w.TakeBack(w.T.Context(), second.ID); !errors.Is(err, warehouse.ErrState) {
			t.Errorf("a second time: %v", err)
		}
		w.ok(w.TakeBack(w.T.Context(), first.ID))
		w.holds(map[string]int64{})
		// What was taken back can be imported again.
		w.counts(w.bring("a", deal("1", crm.Open, 10)), 1, 1, 0, 0, 0)
	})
}

func TestImport_anIdentifierTwiceInOneFileIsCounted(t *testing.T) {
	on(t, func(w *world) {
		var all []crm.Record
		want := map[string]int64{}
		for i := range 200 {
			id := fmt.Sprint(i % 150)
			all = append(all, deal(id, crm.Open, int64(i)))
			want[id] = int64(i)
		}
		all = append(all, deal("149", crm.Open, 149)) // exactly as before
		w.counts(w.bring("twice", all...), 201, 150, 50, 1, 0)
		w.holds(want)
	})
}

func TestImport_rejectsCanBeMended(t *testing.T) {
	on(t, func(w *world) {
		wrong := deal("7", "vielleicht", 70)
		late := deal("8", crm.Won, 80)
		opportunity.Set(&late, "closed_day", int64(9_000_000))
		b := w.bring("r", deal("6", crm.Won, 60), wrong, late)
		w.counts(b, 3, 1, 0, 0, 2)
		got, err := w.Rejects(w.T.Context(), b.ID)
		w.ok(err)
		want := []warehouse.Reject{
			{Batch: b.ID, Line: 3, Column: "category", Code: "choice", Value: "vielleicht", Cells: []string{"7"}},
			{Batch: b.ID, Line: 4, Column: "closed_day", Code: "range", Value: "9000000", Cells: []string{"8"}},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("rejects (-want +got):\n%s", d)
		}
	})
}

func TestImport_isResumedWhereItWasBrokenOff(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		i, err := w.Begin(ctx, w.source, "opportunity", "big.csv", "big")
		w.ok(err)
		for k := range 100 {
			w.ok(i.Write(ctx, deal(fmt.Sprint(k), crm.Open, int64(k)), int64(k), "", nil))
			w.ok(i.Reached(ctx, fmt.Sprint(k+1)))
		}
		w.ok(i.Pause(ctx))
		for k := 100; k < 130; k++ { // lost with the program
			w.ok(i.Write(ctx, deal(fmt.Sprint(k), crm.Open, int64(k)), int64(k), "", nil))
		}
		w.ok(i.Abort())

		again, err := w.Begin(ctx, w.source, "opportunity", "big.csv", "big")
		w.ok(err)
		if again.ID != i.ID || again.Cursor != "100" || again.Read != 100 {
			t.Fatalf("resumed at %q of batch %d with %d read", again.Cursor, again.ID, again.Read)
		}
		want := map[string]int64{}
		for k := range 150 {
			want[fmt.Sprint(k)] = int64(k)
			if k >= 100 {
				w.ok(again.Write(ctx, deal(fmt.Sprint(k), crm.Open, int64(k)), int64(k), "", nil))
			}
		}
		w.ok(again.Finish(ctx))
		w.counts(again.Batch, 150, 150, 0, 0, 0)
		w.holds(want)
	})
}

// Any sequence of imports and of taking the latest one back leaves what the imports that count have said last.
func TestImport_anySequenceAddsUp(t *testing.T) {
	on(t, func(w *world) {
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			type state struct {
				batch warehouse.Batch
				after map[string]int64
			}
			source, err := w.AddSource(w.T.Context(), warehouse.Source{Name: fmt.Sprint("s", n), Kind: "file", Timezone: "UTC", Currency: "EUR"})
			w.ok(err)
			w.source = source
			stack := []state{{after: map[string]int64{}}}
			for range rapid.IntRange(1, 8).Draw(r, "steps") {
				n++
				top := stack[len(stack)-1]
				if len(stack) > 1 && rapid.IntRange(0, 2).Draw(r, "take back") == 0 {
					w.ok(w.TakeBack(w.T.Context(), top.batch.ID))
					stack = stack[:len(stack)-1]
				} else {
					after := maps.Clone(top.after)
					var deals []crm.Record
					var rejected int64
					for range rapid.IntRange(0, 90).Draw(r, "rows") {
						id, amount, category := fmt.Sprint(rapid.IntRange(0, 40).Draw(r, "id")), rapid.Int64Range(0, 3).Draw(r, "amount"), crm.Open
						if rapid.IntRange(0, 9).Draw(r, "wrong") == 0 {
							category = "wrong"
							rejected++
						} else {
							after[id] = amount
						}
						deals = append(deals, deal(id, category, amount))
					}
					b := w.bring(fmt.Sprint("f", n), deals...)
					if b.Read != int64(len(deals)) || b.Rejected != rejected || b.Read != b.Inserted+b.Updated+b.Unchanged+b.Rejected {
						r.Fatalf("the counts do not add up: %v", counts(b))
					}
					stack = append(stack, state{b, after})
				}
				if d := cmp.Diff(stack[len(stack)-1].after, w.amounts()); d != "" {
					r.Fatalf("after step %d (-want +got):\n%s", n, d)
				}
			}
		})
	})
}

func TestSource_isFoundChangedAndRemoved(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		if _, err := w.AddSource(ctx, warehouse.Source{Name: " CRM ", Timezone: "UTC"}); !errors.Is(err, warehouse.ErrName) {
			t.Errorf("a name twice: %v", err)
		}
		if _, err := w.AddSource(ctx, warehouse.Source{Name: "x", Timezone: "Europe/Atlantis"}); !errors.Is(err, warehouse.ErrZone) {
			t.Errorf("no zone: %v", err)
		}
		live := crm.DayOf(time.Date(2025, 1, 15, 0, 0, 0, 0, time.UTC))
		w.source.GoLive = &live
		w.ok(w.UpdateSource(ctx, w.source))
		b := w.bring("x", deal("1", crm.Open, 1), deal("2", "wrong", 1))
		got, err := w.SourceByName(ctx, "", "CRM")
		w.ok(err)
		if d := cmp.Diff(w.source, got); d != "" {
			t.Errorf("kept (-want +got):\n%s", d)
		}
		counts, err := w.Counts(ctx, w.source.ID)
		w.ok(err)
		if d := cmp.Diff(map[string]int64{"opportunity": 1}, counts); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
		w.ok(w.RemoveSource(ctx, w.source.ID))
		w.holds(map[string]int64{})
		if _, err := w.Batch(ctx, b.ID); !errors.Is(err, warehouse.ErrNotFound) {
			t.Errorf("its imports: %v", err)
		}
		if list, err := w.Sources(ctx, ""); err != nil || len(list) != 0 {
			t.Errorf("%d left, %v", len(list), err)
		}
	})
}

func TestImport_beginsAgain(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		i, err := w.Begin(ctx, w.source, "opportunity", "deals", "run")
		w.ok(err)
		for k, d := range []crm.Record{deal("1", crm.Open, 10), deal("2", "maybe", 20)} {
			w.ok(i.Write(ctx, d, int64(k+1), "", nil))
		}
		w.ok(i.Again(ctx))
		for _, d := range []crm.Record{deal("1", crm.Open, 10), deal("2", crm.Won, 20), deal("3", "maybe", 30)} {
			w.ok(i.Write(ctx, d, i.Read+1, "", nil))
		}
		w.ok(i.Finish(ctx))
		w.counts(i.Batch, 4, 2, 0, 1, 1)
		w.holds(map[string]int64{"1": 10, "2": 20})
		rejects, err := w.Rejects(ctx, i.ID)
		w.ok(err)
		if len(rejects) != 1 || rejects[0].Value != "maybe" {
			w.Errorf("%+v", rejects)
		}
	})
}
