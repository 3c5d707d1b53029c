package kpi

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Reason says why a value or its interval is missing. The message is kpi.reason.REASON.
type Reason string

// The reasons.
const (
	// None: there is no record of the month.
	None Reason = "none"
	// Few: there are fewer records than Fewest; for an interval of a median, fewer than 6.
	Few Reason = "few"
	// History: the history of changes begins later, or the source delivers none.
	History Reason = "history"
	// Immature: too many deals of the months are still open to say how they end.
	Immature Reason = "immature"
	// Waiting: fewer than half have ended, so the median lies beyond the ages seen.
	Waiting Reason = "waiting"
	// NoInterval: sums and quotients of amounts have none that needs no model.
	NoInterval Reason = "no_interval"
	// Undefined: the denominator is 0.
	Undefined Reason = "undefined"
)

// immature is the share of undecided deals above which win_rate_expected says nothing.
const immature = 0.1

// Point is a figure of a team in a month.
type Point struct {
	// Value is nil where N is too small or nothing can be said; Low and High enclose it with 95 %, nil where no interval is
	// known. Reason says why either is missing.
	Value, Low, High *float64
	// N is the number of records: of those in the denominator, of events for counts, of decided and open ones for medians
	// with waiting.
	N      int64
	Reason Reason
	// Numerator and Denominator are what was counted or added up, in Unit's terms; 0 for medians.
	Numerator, Denominator float64
}

// Series is a figure by team and month.
type Series struct {
	Figure string
	// Months as crm counts them. Where months are taken together, it holds the last one alone.
	Months []int64
	// Teams begin with All; Merged, where there is one, comes last.
	Teams []string
	// Points are those of a team by month, in the order of Teams and Months.
	Points [][]Point
	// Derived is true where there are no log-ins and changes stand for them.
	Derived bool
}

// Options say what Compute computes.
type Options struct {
	// First and Last months as crm counts them.
	First, Last int64
	// Today is the day up to which the data reach, as crm counts days.
	Today int64
	// Figures are IDs, none for all.
	Figures []string
	// Together takes all months as one, for before and after.
	Together bool
}

// values are what the parameters of texts stand for.
func (o Options) values(s warehouse.Source) []int64 {
	return []int64{Source: s.ID, First: o.First, Last: o.Last, Today: o.Today}
}

// Errors of this package, beside those of the database.
var (
	ErrFigure = errors.New("kpi: no such figure")
	ErrMonths = errors.New("kpi: the months must be in order, and at most 600")
)

// DialectOf is that of a warehouse's database.
func DialectOf(w *warehouse.Warehouse) Dialect {
	if w.Engine() == PostgreSQL.Name {
		return PostgreSQL
	}
	return SQLite
}

// Database runs a reading query; a warehouse does.
type Database interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Compute computes figures of a source. The queries run on all cores at once. ErrFigure, ErrMonths.
func Compute(ctx context.Context, db Database, d Dialect, s warehouse.Source, o Options) ([]Series, error) {
	if o.First > o.Last || o.Last-o.First >= 600 {
		return nil, ErrMonths
	}
	chosen := figures
	if len(o.Figures) > 0 {
		chosen = nil
		for _, id := range o.Figures {
			f, ok := Find(id)
			if !ok {
				return nil, fmt.Errorf("%w: %q", ErrFigure, id)
			}
			chosen = append(chosen, f)
		}
	}
	r := &run{db: db, d: d, source: s, o: o, rows: map[string]table{}}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	if err := r.read(ctx, chosen); err != nil {
		return nil, err
	}
	teams := map[string]bool{}
	for _, t := range r.rows {
		for _, byTeam := range t {
			for team := range byTeam {
				teams[team] = true
			}
		}
	}
	delete(teams, All)
	merged := teams[Merged]
	delete(teams, Merged)
	order := append([]string{All}, slices.Sorted(maps.Keys(teams))...)
	if merged {
		order = append(order, Merged)
	}
	list := make([]Series, len(chosen))
	for i, f := range chosen {
		list[i] = r.series(f, order)
	}
	return list, nil
}

// cell is what a text counted for a team in a month.
type cell struct {
	numerator, denominator float64
	n                      int64
	values                 []counted
}

// table holds cells by figure, team and month. Texts of one figure have the figure "".
type table map[string]map[string]map[int64]*cell

type run struct {
	db      Database
	d       Dialect
	source  warehouse.Source
	o       Options
	mu      sync.Mutex
	rows    map[string]table // by text
	logins  bool
	history int64 // the first month whose first day the history covers, 0 where there is none
}

// look asks what the figures can rest on.
func (r *run) look(ctx context.Context) error {
	one := func(query string) (sql.NullInt64, error) { return number(ctx, r.db, query, r.source.ID) }
	source := r.d.placeholder(1)
	n, err := one("SELECT 1 FROM crm_login WHERE source = " + source + " LIMIT 1")
	if err != nil {
		return err
	}
	r.logins = n.Valid
	if n, err = one("SELECT MIN(month) FROM crm_opportunity_change_day WHERE source = " + source); err != nil {
		return err
	}
	if n.Valid {
		r.history = n.Int64 + 1
		if r.source.HistoryFrom != nil {
			zone, err := r.source.Zone()
			if err != nil {
				return err
			}
			r.history = max(r.history, monthAfter(*r.source.HistoryFrom, zone))
		}
	}
	return nil
}

// slow texts begin first, so that no core waits for one at the end.
var slow = []string{"forecast_accuracy", "use", "outcome", "velocity", "activities"}

// read runs the texts of the figures.
func (r *run) read(ctx context.Context, chosen []Figure) error {
	var names []string
	for _, name := range slow {
		if slices.ContainsFunc(chosen, func(f Figure) bool { return f.SQL == name }) {
			names = append(names, name)
		}
	}
	for _, f := range chosen {
		if !slices.Contains(names, f.SQL) {
			names = append(names, f.SQL)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next := make(chan string, len(names))
	for _, name := range names {
		next <- name
	}
	close(next)
	workers := min(len(names), max(1, runtime.GOMAXPROCS(0)))
	failed := make(chan error, workers)
	for range workers {
		go func() {
			for name := range next {
				t, err := r.query(ctx, name)
				if err != nil {
					stop()
					failed <- fmt.Errorf("kpi: %s: %w", name, err)
					return
				}
				r.mu.Lock()
				r.rows[name] = t
				r.mu.Unlock()
			}
			failed <- nil
		}()
	}
	var err error
	for range workers {
		// The first fault is the cause; it stops the others.
		if e := <-failed; err == nil || errors.Is(err, context.Canceled) && e != nil {
			err = e
		}
	}
	return err
}

func (r *run) query(ctx context.Context, name string) (t table, err error) {
	q := query(name, r.d, nil)
	args := make([]any, len(q.Parameters))
	for i, p := range q.Parameters {
		args[i] = r.o.values(r.source)[p]
	}
	rows, err := r.db.Query(ctx, q.Text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var (
		month, n               int64
		team, figure           string
		numerator, denominator sql.NullFloat64
	)
	into := []any{&month, &team, &numerator, &denominator, &n, &figure}[:len(columns)]
	t = table{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		at := month
		if r.o.Together && month <= r.o.Last && month >= r.o.First {
			at = r.o.Last
		}
		c := t.cell(figure, team, at)
		c.numerator += numerator.Float64
		c.denominator += denominator.Float64
		c.n += n
		if distribution(name) {
			c.values = append(c.values, counted{numerator.Float64, int(denominator.Float64), n})
		}
	}
	return t, rows.Err()
}

// distribution tells whether the rows of a text are values and how many records have them.
func distribution(text string) bool {
	return slices.ContainsFunc(figures, func(f Figure) bool { return f.SQL == text && f.kind >= median })
}

func (t table) cell(figure, team string, month int64) *cell {
	teams := t[figure]
	if teams == nil {
		teams = map[string]map[int64]*cell{}
		t[figure] = teams
	}
	months := teams[team]
	if months == nil {
		months = map[int64]*cell{}
		teams[team] = months
	}
	c := months[month]
	if c == nil {
		c = &cell{}
		months[month] = c
	}
	return c
}

func (r *run) series(f Figure, teams []string) Series {
	s := Series{Figure: f.ID, Teams: teams, Derived: f.adoption && !r.logins}
	for m := r.o.First; m <= r.o.Last; m++ {
		if !r.o.Together || m == r.o.Last {
			s.Months = append(s.Months, m)
		}
	}
	t := r.rows[f.SQL]
	cells, ok := t[f.ID]
	if !ok {
		cells = t[""]
	}
	// A month without a record has 0 events only once the source has begun to deliver them.
	begun := int64(0)
	for m := range cells[All] {
		if begun == 0 || m < begun {
			begun = m
		}
	}
	s.Points = make([][]Point, len(teams))
	for i, team := range teams {
		s.Points[i] = make([]Point, len(s.Months))
		for k, m := range s.Months {
			p := &s.Points[i][k]
			if f.history && (r.history == 0 || m < r.history || r.o.Together && r.o.First < r.history) {
				p.Reason = History
				continue
			}
			c := cells[team][m]
			if f.window > 0 {
				c = r.pool(f, cells[team], m)
			}
			if c == nil && f.kind == count && begun > 0 && m > begun {
				c = &cell{}
			}
			*p = f.point(c)
		}
	}
	return s
}

// pool takes the months of a window together.
func (r *run) pool(f Figure, months map[int64]*cell, last int64) *cell {
	first := last - int64(f.window) + 1
	if r.o.Together {
		first = r.o.First
	}
	var all cell
	for m := first; m <= last; m++ {
		if c := months[m]; c != nil {
			all.n += c.n
			all.values = append(all.values, c.values...)
		}
	}
	if all.n == 0 {
		return nil
	}
	return &all
}

// point makes a value of what was counted.
func (f Figure) point(c *cell) Point {
	if c == nil || f.kind != count && c.n == 0 {
		return Point{Reason: None}
	}
	scale, under := cmp.Or(f.scale, 1), cmp.Or(f.under, 1)
	p := Point{N: c.n}
	if f.kind < median {
		p.Numerator, p.Denominator = c.numerator/scale, c.denominator/under
	}
	if f.kind != count && f.kind != sum && c.n < Fewest {
		p.Reason = Few
		return p
	}
	set := func(value, low, high float64) { p.Value, p.Low, p.High = new(value), new(low), new(high) }
	values := sorted(c.values)
	switch f.kind {
	case count:
		low, high := poisson(c.numerator)
		set(c.numerator, low, high)
	case sum:
		p.Value, p.Reason, p.Denominator = new(p.Numerator), NoInterval, 0
	case share:
		low, high := wilson(c.numerator, c.denominator)
		set(c.numerator/c.denominator, low, high)
	case ratio:
		if p.Reason = NoInterval; c.denominator == 0 {
			p.Reason = Undefined
			return p
		}
		p.Value = new(p.Numerator / p.Denominator)
	case median:
		value, low, high, bounded := medianOf(values)
		if set(value/scale, low/scale, high/scale); !bounded {
			p.Low, p.High, p.Reason = nil, nil, Few
		}
	case survival:
		value, low, high, reached, bounded := survivalMedian(values)
		set(value, low, high)
		if !bounded {
			p.High, p.Reason = nil, Waiting
		}
		if !reached {
			p.Value, p.Low = nil, nil
		}
	case incidence:
		value, low, high, undecided := incidenceOf(values)
		if undecided > immature {
			p.Reason = Immature
			return p
		}
		set(value, low, high)
	}
	return p
}

// monthAfter is the first month that begins after an instant.
func monthAfter(instant int64, zone *time.Location) int64 {
	return crm.MonthOf(time.UnixMicro(instant).In(zone)) + 1
}
