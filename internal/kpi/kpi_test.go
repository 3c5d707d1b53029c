package kpi_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestMain(m *testing.M) {
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

func TestSmoke(t *testing.T) {
	for name, d := range databases(t) {
		r := records{}
		r.add("user", "1")
		s := d.load(t, r, nil)
		fmt.Println(name)
		for _, f := range kpi.Figures() {
			_, err := kpi.Compute(t.Context(), d.Warehouse, kpi.DialectOf(d.Warehouse), s, kpi.Options{First: month("2024-01"), Last: month("2024-06"), Today: day("2024-06-30"), Figures: []string{f.ID}})
			if err != nil {
				t.Error(name, err)
			}
		}
	}
}
