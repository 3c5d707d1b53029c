package app

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// keptFigures is how many answers of key figures are remembered.
const keptFigures = 64

func remembered[T any]() *lru.Cache[string, T] {
	c, _ := lru.New[string, T](keptFigures) // only a size below one fails
	return c
}

// Figures are key figures of a source with what they rest on.
type Figures struct {
	Source warehouse.Source
	// First and Last are the months shown, From and To those that the data have, as crm counts them; all 0 without data.
	First, Last, From, To int64
	// Today is the day up to which the data reach.
	Today  int64
	Series []kpi.Series
	// Dialect is that of the texts that were asked.
	Dialect kpi.Dialect
}

// Asked says which key figures are wanted: of a source, from a month to a month, 0 for what the data have but no more than
// two years. No IDs are all.
type Asked struct {
	Source      int64
	First, Last int64
	Figures     []string
	Together    bool
}

const ownMonths = 24

// Figures computes key figures. Answers are remembered until another import changes the source.
func (a *App) Figures(ctx context.Context, who Actor, org string, q Asked) (*Figures, error) {
	if err := a.inData(who, auth.DataRead, org); err != nil {
		return nil, err
	}
	s, err := a.source(ctx, org, q.Source)
	if err != nil {
		return nil, err
	}
	f := &Figures{Source: s, Dialect: kpi.DialectOf(a.data.w)}
	state, err := a.data.reach(ctx, f)
	if err != nil || f.To == 0 {
		return f, err
	}
	f.Last = cmp.Or(q.Last, f.To)
	f.First = cmp.Or(q.First, max(f.From, f.Last-ownMonths+1))
	key := fmt.Sprint(state, f.First, f.Last, q.Together, strings.Join(q.Figures, " "))
	if list, ok := a.data.figures.Get(key); ok {
		f.Series = list
		return f, nil
	}
	f.Series, err = once(ctx, a.Engine, "figures"+key, func(ctx context.Context) ([]kpi.Series, error) {
		list, err := kpi.Compute(ctx, a.data.w, f.Dialect, s, kpi.Options{First: f.First, Last: f.Last, Today: f.Today, Figures: q.Figures, Together: q.Together})
		if err == nil {
			a.data.figures.Add(key, list)
		}
		return list, err
	})
	switch {
	case errors.Is(err, kpi.ErrMonths):
		return nil, &Error{Code: Invalid, Key: "data.error.months", Field: "first"}
	case errors.Is(err, kpi.ErrFigure):
		return nil, &Error{Code: NotFound, Key: "data.error.no_figure"}
	}
	return f, err
}

// reach finds out from when to when the data of a source are, and returns what changes when they do.
func (d *Data) reach(ctx context.Context, f *Figures) (state string, err error) {
	batches, err := d.w.Batches(ctx, f.Source.ID)
	if err != nil {
		return "", err
	}
	state = fmt.Sprint(f.Source.ID, f.Source.GoLive, f.Source.HistoryFrom)
	for _, b := range batches {
		state += fmt.Sprint(" ", b.ID, b.State, b.Read)
	}
	now := crm.DayOf(d.now())
	if r, ok := d.reaches.Get(state + fmt.Sprint(" ", now)); ok {
		f.From, f.To, f.Today = r[0], r[1], r[2]
		return state, nil
	}
	for _, c := range []struct{ table, day string }{{"lead", "opened"}, {"opportunity", "opened"}, {"opportunity", "closed"}, {"opportunity_change", "changed"}, {"activity", "done"},
		{"ticket", "opened"}, {"sales_document", "document"}, {"account", "first_order"}, {"login", "logged"}} {
		from, _, err := d.days(ctx, f.Source.ID, "MIN", c.table, c.day, now)
		if err != nil {
			return "", err
		}
		to, ok, err := d.days(ctx, f.Source.ID, "MAX", c.table, c.day, now)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		f.Today = max(f.Today, to)
		if from = crm.MonthOf(crm.DayTime(from)); f.From == 0 || from < f.From {
			f.From = from
		}
	}
	if f.Today > 0 {
		f.To = crm.MonthOf(crm.DayTime(f.Today))
	}
	d.reaches.Add(state+fmt.Sprint(" ", now), [3]int64{f.From, f.To, f.Today})
	return state, nil
}

// days is the first or last day of a table up to now; a day in the future is a plan or a mistake.
func (d *Data) days(ctx context.Context, source int64, what, table, day string, now int64) (int64, bool, error) {
	rows, err := d.w.Query(ctx, "SELECT "+what+"("+day+"_day) FROM crm_"+table+" WHERE source = $1 AND deleted_at IS NULL AND "+day+"_day <= $2", source, now)
	if err != nil {
		return 0, false, err
	}
	var n sql.NullInt64
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n.Int64, n.Valid, errors.Join(err, rows.Err(), rows.Close())
}

// FigureIDs are those that have a value in some month, in their order.
func (f *Figures) FigureIDs() []string {
	var ids []string
	for _, s := range f.Series {
		if len(s.Points) > 0 && slices.ContainsFunc(s.Points[0], func(p kpi.Point) bool { return p.Value != nil }) {
			ids = append(ids, s.Figure)
		}
	}
	return ids
}
