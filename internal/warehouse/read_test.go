package warehouse_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func TestRecord_isReadAsItWasWritten(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		d := deal("7", crm.Won, 48_000_000)
		opportunity.Set(&d, "probability", 1.0)
		opportunity.Set(&d, "lost_reason", "")
		d.Created, d.Updated, d.Deleted, d.Merged = 1, 2, 3, "8"
		w.bring("a", d, deal("8", crm.Open, 1))
		got, err := w.Record(ctx, w.source.ID, "opportunity", "7")
		w.ok(err)
		if diff := cmp.Diff(d, got); diff != "" {
			w.Errorf("(-want +got):\n%s", diff)
		}
		for _, c := range [][2]string{{"opportunity", "9"}, {"nosuch", "7"}} {
			if _, err := w.Record(ctx, w.source.ID, c[0], c[1]); !errors.Is(err, warehouse.ErrNotFound) {
				w.Errorf("%v: %v", c, err)
			}
		}
	})
}

func TestLiving_leavesOutWhatIsGoneAndWhatOthersBrought(t *testing.T) {
	on(t, func(w *world) {
		gone := deal("order/3", crm.Won, 1)
		gone.Deleted = 5
		w.bring("a", deal("order/1", crm.Won, 1), deal("invoice/1", crm.Won, 1), gone, deal("order/2", crm.Won, 1))
		got, err := w.Living(w.T.Context(), w.source.ID, "opportunity", "order/")
		w.ok(err)
		if d := cmp.Diff([]string{"order/1", "order/2"}, got); d != "" {
			w.Error(d)
		}
	})
}

func TestLatest_passesOverWhatWasTakenBack(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.T.Context()
		if _, err := w.Latest(ctx, w.source.ID, "opportunity", "a.csv"); !errors.Is(err, warehouse.ErrNotFound) {
			w.Error(err)
		}
		first := w.bring("a", deal("1", crm.Won, 1))
		again, err := w.Begin(ctx, w.source, "opportunity", "a.csv", "another content")
		w.ok(err)
		w.ok(again.Finish(ctx))
		w.bring("b", deal("2", crm.Won, 1))
		got, err := w.Latest(ctx, w.source.ID, "opportunity", "a.csv")
		w.ok(err)
		if got.ID != again.ID {
			w.Errorf("batch %d, want %d", got.ID, again.ID)
		}
		w.ok(w.TakeBack(ctx, again.ID))
		if got, err = w.Latest(ctx, w.source.ID, "opportunity", "a.csv"); err != nil || got.ID != first.ID {
			w.Errorf("batch %d, want %d: %v", got.ID, first.ID, err)
		}
	})
}
