package kpi

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// The first days of all months of three centuries, leap years and the years 1900, 2000 and 2100 among them.
func TestCalendar_isGos(t *testing.T) {
	w, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "calendar.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	rows, err := w.Query(t.Context(), SQLite.calendar("22800", "26400"))
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for ; rows.Next(); n++ {
		var month, first, next int64
		if err := rows.Scan(&month, &first, &next); err != nil {
			t.Fatal(err)
		}
		a, b := crm.DayTime(first), crm.DayTime(next)
		if month != 22800+n || crm.MonthOf(a) != month || a.Day() != 1 || crm.MonthOf(b) != month+1 || b.Day() != 1 {
			t.Errorf("%s is from %s to %s", crm.MonthText(month), a, b)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 3601 {
		t.Errorf("%d months, %v", n, err)
	}
}
