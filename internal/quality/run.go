package quality

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// user is who an identifier leads to.
type user struct {
	team int // index into run.teams, 0 where it cannot be told
	gone bool
}

// ref is what is kept of a record that others refer to.
type ref struct {
	day     int32 // a lead's opening, else 0
	team    int16 // an account's
	country [2]byte
}

type stage struct {
	label, category string
	probability     float64 // −1 where it is not known
}

// touch is what happened to a deal.
type touch struct{ last, amount int32 } // days of the last activity or change, and of the last change of the amount

// run is an audit at work. The larger tables are read once, row by row; what is kept is one number for each identifier.
type run struct {
	ctx     context.Context
	db      Database
	source  warehouse.Source
	zone    *time.Location
	o       Options
	rules   *Rules
	today   int64
	seed    maphash.Seed
	rows    map[string]int64           // records by table
	has     map[string]map[string]bool // columns that any record has
	users   map[string]user
	teams   []string // teams[0] is all
	ids     map[string]map[uint64]ref
	deleted map[uint64]struct{} // opportunities that were
	stages  map[string]stage
	touched map[uint64]touch
	country map[string]string // cache of Country
	signs   collector

	measures []*check
	byTeam   [][measured]sums
	trend    map[int64]*[measured]sums
	unique   map[string]sums
	tables   []TableSummary
}

// Run audits a source. Memory grows by some dozen bytes for each record, whatever it holds. ErrEmpty.
func Run(ctx context.Context, db Database, s warehouse.Source, o Options) (*Report, error) {
	zone, err := s.Zone()
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, db: db, source: s, zone: zone, o: o, rules: o.Rules, seed: maphash.MakeSeed(), rows: map[string]int64{}, has: map[string]map[string]bool{},
		users: map[string]user{}, teams: []string{kpi.All}, ids: map[string]map[uint64]ref{}, stages: map[string]stage{}, touched: map[uint64]touch{}, country: map[string]string{},
		trend: map[int64]*[measured]sums{}, unique: map[string]sums{}}
	if r.rules == nil {
		r.rules = Default()
	}
	if r.o.Months == 0 {
		r.o.Months = 24
	}
	steps := []func() error{r.delivered, r.lastDay, r.people, r.pipeline, r.references}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	r.byTeam = make([][measured]sums, len(r.teams))
	for _, name := range audited {
		if r.rows[name] == 0 {
			continue
		}
		if err := r.table(name); err != nil {
			return nil, fmt.Errorf("quality: %s: %w", name, err)
		}
	}
	return r.report(), nil
}

// query runs f on each row.
func (r *run) query(text string, args []any, into []any, f func() error) (err error) {
	rows, err := r.db.Query(r.ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

const live = " WHERE source = $1 AND deleted_at IS NULL AND merged_into IS NULL"

// sampled is how many rows settle which columns have values at all; only the others need a look at all rows.
const sampled = 5_000

// delivered finds out how many records there are and which columns any of them has.
func (r *run) delivered() error {
	total := int64(0)
	for _, t := range crm.Tables() {
		columns := []string{"created_at", "updated_at"}
		for _, c := range t.Columns {
			if c.Kind != crm.Month {
				columns = append(columns, c.Name)
			}
		}
		has := map[string]bool{}
		r.has[t.Name] = has
		for _, from := range []string{"(SELECT * FROM crm_" + t.Name + live + " LIMIT " + fmt.Sprint(sampled) + ") AS sample", "crm_" + t.Name + live} {
			counts, into := make([]int64, len(columns)+1), make([]any, len(columns)+1)
			text := "SELECT COUNT(*)"
			into[0] = &counts[0]
			for i, c := range columns {
				text += ", COUNT(" + c + ")"
				into[i+1] = &counts[i+1]
			}
			if err := r.query(text+" FROM "+from, []any{r.source.ID}, into, func() error { return nil }); err != nil {
				return err
			}
			r.rows[t.Name] = counts[0]
			var open []string
			for i, c := range columns {
				if has[c] = counts[i+1] > 0; !has[c] {
					open = append(open, c)
				}
			}
			if columns = open; counts[0] < sampled {
				break
			}
		}
		if slices.Contains(audited, t.Name) {
			total += r.rows[t.Name]
		}
	}
	if total == 0 {
		return ErrEmpty
	}
	return nil
}

// lastDay is the day up to which the data reach, where none is given.
func (r *run) lastDay() error {
	if r.o.Today != nil {
		r.today = *r.o.Today
		return nil
	}
	now, month := int64(math.MaxInt32), int64(math.MaxInt32)
	if !r.o.Now.IsZero() {
		at := r.o.Now.In(r.zone)
		now, month = crm.DayOf(at), crm.MonthOf(at)
	}
	for _, c := range [][2]string{{"opportunity", "opened_day"}, {"opportunity", "closed_day"}, {"lead", "opened_day"}, {"ticket", "opened_day"}, {"ticket", "closed_day"}, {"sales_document", "document_day"}} {
		var day sql.NullInt64
		if err := r.query("SELECT MAX("+c[1]+") FROM crm_"+c[0]+live+" AND "+c[1]+" <= $2", []any{r.source.ID, now}, []any{&day}, func() error { return nil }); err != nil {
			return err
		}
		r.today = max(r.today, day.Int64)
	}
	// The largest tables are asked through their index by month.
	for _, c := range [][2]string{{"activity", "done"}, {"opportunity_change", "changed"}} {
		var day sql.NullInt64
		text := fmt.Sprintf("SELECT MAX(%[2]s_day) FROM crm_%[1]s WHERE source = $1 AND %[2]s_month = (SELECT MAX(%[2]s_month) FROM crm_%[1]s WHERE source = $1 AND %[2]s_month <= $3) AND %[2]s_day <= $2", c[0], c[1])
		if err := r.query(text, []any{r.source.ID, now, month}, []any{&day}, func() error { return nil }); err != nil {
			return err
		}
		r.today = max(r.today, day.Int64)
	}
	if r.today == 0 && !r.o.Now.IsZero() {
		r.today = now
	}
	return nil
}

// people loads who there is: the reported team of each identifier, and who has left.
func (r *run) people() error {
	var id string
	var team, merged sql.NullString
	var active, left, deleted sql.NullInt64
	index := map[string]int{}
	teams := map[string]string{}
	err := r.query("WITH "+kpi.People("$1")+" SELECT id, team FROM member", []any{r.source.ID}, []any{&id, &team}, func() error {
		if team.Valid && team.String != kpi.All {
			teams[id] = team.String
			index[team.String] = 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	names := sortedKeys(index)
	if i := slices.Index(names, kpi.Merged); i >= 0 { // last
		names = append(slices.Delete(names, i, i+1), kpi.Merged)
	}
	for _, name := range names {
		index[name] = len(r.teams)
		r.teams = append(r.teams, name)
	}
	into := map[string]string{}
	err = r.query("SELECT ext_id, active, left_day, deleted_at, merged_into FROM crm_user WHERE source = $1", []any{r.source.ID}, []any{&id, &active, &left, &deleted, &merged}, func() error {
		r.users[id] = user{team: index[teams[id]], gone: active.Valid && active.Int64 == 0 || left.Valid && left.Int64 < r.today || deleted.Valid}
		if merged.String != "" {
			into[id] = merged.String
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = r.query("SELECT ext_id, person FROM crm_user_alias WHERE source = $1 AND deleted_at IS NULL", []any{r.source.ID}, []any{&id, &merged}, func() error {
		if _, known := r.users[id]; !known {
			into[id] = merged.String
		}
		return nil
	})
	for alias, person := range into {
		if u, ok := r.users[person]; ok {
			r.users[alias] = user{team: index[teams[alias]], gone: u.gone}
		}
	}
	return err
}

func (r *run) pipeline() error {
	var id string
	var label, category sql.NullString
	var probability sql.NullFloat64
	return r.query("SELECT ext_id, label, category, probability FROM crm_stage WHERE source = $1", []any{r.source.ID}, []any{&id, &label, &category, &probability}, func() error {
		s := stage{label.String, category.String, -1}
		if probability.Valid {
			s.probability = probability.Float64
		}
		r.stages[id] = s
		return nil
	})
}

func (r *run) key(s string) uint64 { return maphash.String(r.seed, s) }

// references loads the identifiers that others may name: those of merged records lead somewhere, those of deleted ones do
// not.
func (r *run) references() error {
	for table, more := range map[string]string{"account": "owner, country, NULL", "contact": "NULL, NULL, NULL", "lead": "NULL, NULL, opened_day", "opportunity": "NULL, NULL, NULL", "ticket": "NULL, NULL, NULL"} {
		if r.rows[table] == 0 {
			continue
		}
		ids := make(map[uint64]ref, r.rows[table])
		r.ids[table] = ids
		var id string
		var owner, country sql.NullString
		var day sql.NullInt64
		err := r.query("SELECT ext_id, "+more+" FROM crm_"+table+" WHERE source = $1 AND deleted_at IS NULL", []any{r.source.ID}, []any{&id, &owner, &country, &day}, func() error {
			v := ref{day: int32(day.Int64), team: int16(r.users[owner.String].team)}
			copy(v.country[:], r.countryOf(country.String))
			ids[r.key(id)] = v
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.deleted = map[uint64]struct{}{}
	var id string
	return r.query("SELECT ext_id FROM crm_opportunity WHERE source = $1 AND deleted_at IS NOT NULL", []any{r.source.ID}, []any{&id}, func() error {
		r.deleted[r.key(id)] = struct{}{}
		return nil
	})
}

// countryOf is Country, looked up once for each text.
func (r *run) countryOf(s string) string {
	if s == "" {
		return ""
	}
	c, ok := r.country[s]
	if !ok {
		if len(r.country) > 10_000 { // texts that are no countries
			clear(r.country)
		}
		c = Country(s)
		r.country[s] = c
	}
	return c
}

// table checks the records of a table.
func (r *run) table(name string) error {
	t, _ := crm.Find(name)
	b := &builder{run: r, t: t, at: map[string]int{}}
	b.build()
	columns := append([]string{"ext_id", "created_at", "updated_at"}, b.columns...)
	order := " ORDER BY ext_id"
	if r.db.Engine() != kpi.SQLite.Name {
		order += ` COLLATE "C"` // as SQLite sorts, and faster than by language
	}
	rec := record{v: make([]any, len(b.columns))}
	into := []any{&rec.id, &rec.created, &rec.updated}
	for i := range rec.v {
		into = append(into, &rec.v[i])
	}
	own := -1
	if name == "account" {
		own = b.at["type"]
	}
	sum := TableSummary{Table: name}
	err := r.query("SELECT "+strings.Join(columns, ", ")+" FROM crm_"+name+live+order, []any{r.source.ID}, into, func() error {
		if own >= 0 && rec.v[own] == "own" {
			return nil
		}
		sum.Records++
		rec.team, rec.month = b.team(&rec), b.month(&rec)
		if b.look != nil {
			b.look(&rec)
		}
		faults, err := r.record(b, &rec)
		if faults > 0 {
			sum.Faulty++
			sum.Faults += faults
		}
		return err
	})
	r.measures = append(r.measures, b.checks...)
	r.tables = append(r.tables, sum)
	return err
}

// record checks one.
func (r *run) record(b *builder, rec *record) (faults int64, err error) {
	var right, checks [measured]float64
	for _, c := range b.checks {
		if c.test == nil {
			continue
		}
		rec.other = ""
		v := c.test(rec)
		if v == skipped {
			continue
		}
		c.Checked++
		c.teams[rec.team].Checked++
		checks[c.factor]++
		if v == holds {
			right[c.factor]++
			continue
		}
		faults++
		c.Wrong++
		c.teams[rec.team].Wrong++
		if r.o.Found != nil {
			if err := r.o.Found(Finding{Table: b.t.Name, Record: rec.id, Field: c.Field, Measure: c.ID, Kind: c.Kind, Team: r.teams[rec.team], Other: rec.other}); err != nil {
				return faults, err
			}
		}
	}
	var month *[measured]sums
	if rec.month > 0 {
		if month = r.trend[rec.month]; month == nil {
			month = &[measured]sums{}
			r.trend[rec.month] = month
		}
	}
	for f := range measured {
		if checks[f] == 0 {
			continue
		}
		r.byTeam[0][f].add(right[f], checks[f])
		if rec.team > 0 {
			r.byTeam[rec.team][f].add(right[f], checks[f])
		}
		if month != nil {
			month[f].add(right[f], checks[f])
		}
		if factors[f] == Uniqueness {
			s := r.unique[b.t.Name]
			s.add(right[f], checks[f])
			r.unique[b.t.Name] = s
		}
	}
	return faults, nil
}

// report puts together what was counted.
func (r *run) report() *Report {
	p := &Report{Source: r.source.Name, Date: crm.DayTime(r.today).Format(time.DateOnly), Tables: r.tables, Teams: r.teams[1:], Measures: []Measure{}, rules: r.rules, unique: r.unique, day: r.today}
	for _, t := range r.tables {
		p.Records += t.Records
		p.Faulty += t.Faulty
		p.Faults += t.Faults
	}
	for _, c := range r.measures {
		m := c.Measure
		m.Teams = []TeamCount{}
		switch {
		case c.Reason != "":
		case m.Checked == 0:
			m.Reason = None
		default:
			m.Interval = new(shareOf(m.Wrong, m.Checked))
			for i, n := range c.teams {
				if i > 0 && n.Checked >= Fewest {
					m.Teams = append(m.Teams, TeamCount{r.teams[i], n.Checked, n.Wrong, shareOf(n.Wrong, n.Checked)})
				}
			}
		}
		p.Measures = append(p.Measures, m)
	}
	slices.SortStableFunc(p.Measures, func(a, b Measure) int { return slices.Index(factors, a.Factor) - slices.Index(factors, b.Factor) })
	for f, factor := range factors[:measured] {
		p.Factors = append(p.Factors, r.score(f, factor))
	}
	p.Signs = r.signs.signs(r)
	p.Factors = append(p.Factors, credibility(p.Signs, r.rules.Weights[Credibility]))
	p.total()
	return p
}

func (r *run) score(f int, factor Factor) Score {
	all := r.byTeam[0][f]
	s := Score{Factor: factor, Weight: r.rules.Weights[factor], Records: int64(all.n), Checked: int64(all.b), Wrong: int64(all.b - all.a), Teams: []TeamScore{}, Trend: []MonthScore{}}
	if s.Interval, s.se = all.interval(), all.se(); s.Interval == nil {
		s.Reason = None
		return s
	}
	for i, team := range r.teams {
		if t := r.byTeam[i][f]; i > 0 && t.n >= Fewest {
			s.Teams = append(s.Teams, TeamScore{team, int64(t.n), *t.interval()})
		}
	}
	if factor == Currentness {
		s.NoTrend = Today
		return s
	}
	last := crm.MonthOf(crm.DayTime(r.today))
	var late, early sums
	for m := last - int64(r.o.Months) + 1; m <= last; m++ {
		month := r.trend[m]
		if month == nil || month[f].n < Fewest {
			continue
		}
		s.Trend = append(s.Trend, MonthScore{crm.MonthText(m), int64(month[f].n), *month[f].interval()})
		switch {
		case m > last-6:
			late.join(month[f])
		case m > last-12:
			early.join(month[f])
		}
	}
	if late.n >= 30 && early.n >= 30 {
		// Newcombe's interval of a difference, method 10, from the two intervals (Statist. Med. 17, 1998).
		a, al, ah := late.score(z95)
		b, bl, bh := early.score(z95)
		s.Change = &Change{a - b, a - b - math.Hypot(a-al, bh-b), a - b + math.Hypot(ah-a, b-bl)}
	}
	return s
}
