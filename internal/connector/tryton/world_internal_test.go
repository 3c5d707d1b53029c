package tryton

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

type world struct{ *warehouse.Warehouse }

func open(t *testing.T) world {
	t.Helper()
	w, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return world{w}
}

func (w world) source(t *testing.T, zone string) warehouse.Source {
	t.Helper()
	s, err := w.AddSource(t.Context(), warehouse.Source{Name: "Tryton", Kind: "tryton", Timezone: zone, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// one is the only value of a query.
func (w world) one(t *testing.T, query string) string {
	t.Helper()
	rows, err := w.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var v sql.NullString
	if rows.Next() {
		err = rows.Scan(&v)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

// effects are what a run changed, by object and table.
func effects(report connector.Report) map[string]int64 {
	all := map[string]int64{}
	for _, o := range report.Objects {
		for _, b := range o.Batches {
			for name, n := range map[string]int64{"inserted": b.Inserted, "updated": b.Updated, "rejected": b.Rejected} {
				if n != 0 {
					all[o.Object+"/"+b.Table+" "+name] = n
				}
			}
		}
	}
	return all
}
