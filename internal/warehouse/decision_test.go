package warehouse_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func (w *world) decided(want ...warehouse.Decision) {
	w.Helper()
	got, err := w.Decisions(w.Context(), w.source.ID, "account")
	w.ok(err)
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(warehouse.Decision{}, "Decided"), cmpopts.EquateEmpty()); d != "" {
		w.Errorf("decisions (-want +got):\n%s", d)
	}
	for _, d := range got {
		if d.Decided.Year() != 2026 {
			w.Errorf("decided at %v", d.Decided)
		}
	}
}

func TestDecide_keepsTheLastAndForgetsWhatIsWithdrawn(t *testing.T) {
	on(t, func(w *world) {
		ctx := t.Context()
		w.ok(w.Decide(ctx, w.source.ID, "account", []warehouse.Decision{{A: "b", B: "a", Same: true}, {A: "c", B: "d"}}, nil))
		w.decided(warehouse.Decision{A: "a", B: "b", Same: true}, warehouse.Decision{A: "c", B: "d"})
		w.ok(w.Decide(ctx, w.source.ID, "account", []warehouse.Decision{{A: "a", B: "b"}}, []warehouse.Decision{{A: "d", B: "c"}, {A: "x", B: "y"}}))
		w.decided(warehouse.Decision{A: "a", B: "b"})
		if other, err := w.Decisions(ctx, w.source.ID, "contact"); err != nil || len(other) > 0 {
			t.Errorf("of another table: %v, %v", other, err)
		}
		w.ok(w.RemoveSource(ctx, w.source.ID))
		w.decided()
	})
}

func TestHas_leavesOutWhatIsGone(t *testing.T) {
	on(t, func(w *world) {
		deleted, merged := deal("2", crm.Open, 1), deal("3", crm.Open, 1)
		deleted.Deleted, merged.Merged = 1, "1"
		w.bring("a", deal("1", crm.Open, 1), deleted, merged)
		got, err := w.Has(t.Context(), w.source.ID, "opportunity", []string{"1", "2", "3", "4", "1"})
		w.ok(err)
		if d := cmp.Diff(map[string]bool{"1": true}, got); d != "" {
			t.Error(d)
		}
	})
}

// Data written before there were decisions are brought up to them.
func TestOpen_addsWhatAnOlderVersionLacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	h, err := warehouse.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"DROP TABLE crm_decision", "DELETE FROM crm_version", "INSERT INTO crm_version (version) VALUES (1)"} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if h, err = warehouse.Open(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	defer h.Close() //nolint:errcheck // a test
	if err := h.Decide(t.Context(), 1, "account", []warehouse.Decision{{A: "a", B: "b"}}, nil); err != nil {
		t.Error(err)
	}
}
