package kpi

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// reached are the columns that tell how far the data of a source reach.
var reached = []struct{ table, day, month string }{
	{"opportunity", "opened_day", "opened_month"}, {"opportunity", "closed_day", "closed_month"}, {"opportunity_change_day", "day", "month"},
	{"activity_day", "day", "month"}, {"lead", "opened_day", "opened_month"}, {"ticket", "opened_day", "opened_month"},
	{"sales_document", "document_day", "document_month"}, {"login", "logged_day", "logged_month"},
}

// Reach is the latest day of which a source says something, no later than now: what lies in the future was planned, or is a
// slip. ok is false where the source has no dated record.
func Reach(ctx context.Context, db Database, d Dialect, s warehouse.Source, now time.Time) (day int64, ok bool, err error) {
	zone, err := s.Zone()
	if err != nil {
		return 0, false, err
	}
	now = now.In(zone)
	today, month := crm.DayOf(now), crm.MonthOf(now)
	p := []any{s.ID, month, today}
	p1, p2, p3 := d.placeholder(1), d.placeholder(2), d.placeholder(3)
	for _, c := range reached {
		// The month leads to the few rows among which the day is looked for.
		q := fmt.Sprintf("SELECT MAX(%[2]s) FROM crm_%[1]s WHERE source = %[4]s AND %[3]s = (SELECT MAX(%[3]s) FROM crm_%[1]s WHERE source = %[4]s AND %[3]s <= %[5]s) AND %[2]s <= %[6]s",
			c.table, c.day, c.month, p1, p2, p3)
		n, err := number(ctx, db, q, p...)
		if err != nil {
			return 0, false, err
		}
		if n.Valid && (!ok || n.Int64 > day) {
			day, ok = n.Int64, true
		}
	}
	return day, ok, nil
}

// number is the one number that a query answers, not valid where it answers none.
func number(ctx context.Context, db Database, query string, args ...any) (sql.NullInt64, error) {
	var n sql.NullInt64
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return n, err
	}
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, rows.Err(), rows.Close())
}

// LastYear are the last twelve whole months up to a day.
func LastYear(day int64) (first, last int64) {
	last = crm.MonthOf(crm.DayTime(day+1)) - 1
	return last - 11, last
}
