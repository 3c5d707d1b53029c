package warehouse

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/crm"
)

// derived is all that imports derive of a source, as texts.
func derived(t *testing.T, w *Warehouse, source int64) []string {
	t.Helper()
	var all []string
	read := func(name string) {
		rows, err := w.Query(t.Context(), "SELECT * FROM "+name+" WHERE source = $1", source)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for k := range row {
				into[k] = &row[k]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(name, row))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(tallies)) {
		for _, tally := range tallies[table] {
			read(tally.name)
		}
	}
	read("crm_opportunity_due")
	slices.Sort(all)
	return all
}

// Whatever is imported, changed, broken off and taken back: what imports keep up by differences is what SQL counts anew.
func TestDerived_isWhatACountFromScratchSays(t *testing.T) {
	w, err := Open(t.Context(), filepath.Join(t.TempDir(), "w.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	n, due := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		s, err := w.AddSource(t.Context(), Source{Name: fmt.Sprint("s", n), Timezone: "UTC", Currency: "EUR"})
		if err != nil {
			r.Fatal(err)
		}
		var done []int64
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			if len(done) > 0 && rapid.IntRange(0, 3).Draw(r, "take back") == 0 {
				if err := w.TakeBack(t.Context(), done[len(done)-1]); err != nil {
					r.Fatal(err)
				}
				done = done[:len(done)-1]
			} else {
				done = append(done, imports(t, r, w, s))
			}
			if len(done) > 0 && rapid.IntRange(0, 9).Draw(r, "other currency") == 0 {
				s.Currency = rapid.SampledFrom([]string{"EUR", "USD"}).Draw(r, "home")
				if err := w.UpdateSource(t.Context(), s); err != nil {
					r.Fatal(err)
				}
			}
			kept := derived(t, w, s.ID)
			err := w.write(t.Context(), func(tx *sql.Tx) error {
				for table := range tallies {
					if err := recount(t.Context(), tx, s.ID, table); err != nil {
						return err
					}
				}
				return nil
			})
			if err := errors.Join(err, w.remake(t.Context(), s.ID)); err != nil {
				r.Fatal(err)
			}
			anew := derived(t, w, s.ID)
			if d := cmp.Diff(anew, kept); d != "" {
				r.Fatalf("counted anew (-) and kept up (+):\n%s", d)
			}
			for _, row := range anew {
				if row[:len("crm_opportunity_d")] == "crm_opportunity_d" {
					due++
				}
			}
		}
	})
	if due == 0 {
		t.Error("no deal was ever due")
	}
}

// imports brings some rows into one of the tables, in one go or with a break.
func imports(t *testing.T, r *rapid.T, w *Warehouse, s Source) int64 {
	name := rapid.SampledFrom([]string{"opportunity", "opportunity_change", "activity"}).Draw(r, "table")
	table, _ := crm.Find(name)
	i, err := w.Begin(t.Context(), s, name, "", "")
	if err != nil {
		r.Fatal(err)
	}
	day := func(label string) int64 { return 20_000 + rapid.Int64Range(0, 100).Draw(r, label) }
	who := rapid.SampledFrom([]any{nil, "", "a", "b"})
	flag := rapid.SampledFrom([]any{nil, int64(0), int64(1)})
	rows := rapid.IntRange(0, 100).Draw(r, "rows")
	broken := rapid.IntRange(0, 200).Draw(r, "break")
	for k := range rows {
		if k == broken {
			if err := i.Pause(t.Context()); err != nil {
				r.Fatal(err)
			}
		}
		rec := table.New(fmt.Sprint(rapid.IntRange(0, 40).Draw(r, "id")))
		if rapid.IntRange(0, 9).Draw(r, "deleted") == 0 {
			rec.Deleted = 1
		}
		set := func(column string, v any) { table.Set(&rec, column, v) }
		switch name {
		case "opportunity":
			if rapid.IntRange(0, 9).Draw(r, "merged") == 0 {
				rec.Merged = "1"
			}
			category := rapid.SampledFrom([]string{crm.Open, crm.Won, crm.Won, crm.Lost, crm.Void}).Draw(r, "category")
			set("category", category)
			if rapid.IntRange(0, 5).Draw(r, "opened") > 0 {
				set("opened_day", day("opened day"))
			}
			if category != crm.Open {
				set("closed_day", day("closed day"))
			}
			set("owner", who.Draw(r, "owner"))
			set("account", who.Draw(r, "account"))
			set("lost_reason", who.Draw(r, "reason"))
			set("lead_source", who.Draw(r, "lead source"))
			set("amount", rapid.SampledFrom([]any{nil, int64(0), int64(7), int64(9)}).Draw(r, "amount"))
			set("home_amount", rapid.SampledFrom([]any{nil, nil, int64(7), int64(8)}).Draw(r, "home amount"))
			set("currency", rapid.SampledFrom([]any{nil, "EUR", "USD"}).Draw(r, "currency"))
			set("probability", rapid.SampledFrom([]any{nil, 0.5}).Draw(r, "probability"))
			set("expected_close_day", rapid.SampledFrom([]any{nil, int64(20_050), int64(20_090)}).Draw(r, "expected"))
		case "opportunity_change":
			set("opportunity", fmt.Sprint(rapid.IntRange(0, 40).Draw(r, "deal")))
			set("changed_at", day("changed")*86_400_000_000)
			set("changed_by", who.Draw(r, "by"))
			set("origin", rapid.SampledFrom([]any{nil, "user", "api"}).Draw(r, "origin"))
			set("field", rapid.SampledFrom([]string{"stage", "amount", "expected_close", "probability"}).Draw(r, "field"))
			value := rapid.SampledFrom([]any{nil, "", "x", "7", "0.5", "20050", "20090", "-3"})
			set("old_value", value.Draw(r, "old"))
			set("new_value", value.Draw(r, "new"))
		case "activity":
			set("type", rapid.SampledFrom([]string{"call", "note"}).Draw(r, "type"))
			set("owner", who.Draw(r, "owner"))
			set("author", who.Draw(r, "author"))
			set("automatic", flag.Draw(r, "automatic"))
			if rapid.IntRange(0, 5).Draw(r, "done") > 0 {
				set("done_at", day("done day")*86_400_000_000)
			}
		}
		if err := i.Write(t.Context(), rec, int64(k), "", nil); err != nil {
			r.Fatal(err)
		}
	}
	if err := i.Finish(t.Context()); err != nil {
		r.Fatal(err)
	}
	if i.Rejected > 0 {
		r.Fatalf("%d rejected", i.Rejected)
	}
	return i.ID
}
