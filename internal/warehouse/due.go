package warehouse

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/crm"
)

// crm_opportunity_due holds what a forecast on the first day of each month rested on: the deals that were then open and
// expected to close in it, each with the amount (in the home currency) and the probability that were known then. Changes of
// earlier months are known, those of the month itself are not. It is made where an import of deals or of their changes ends.
const dueSchema = "CREATE TABLE IF NOT EXISTS crm_opportunity_due (source BIGINT NOT NULL, opportunity TEXT NOT NULL, month BIGINT NOT NULL, owner TEXT NOT NULL, amount %s NOT NULL, probability %[1]s NOT NULL, PRIMARY KEY (source, opportunity, month))"

// fewTouched is up to how many deals are looked at one by one. Beyond it, all of the source are.
const fewTouched = 5_000

// touches collects the deals that an import touched, of which crm_opportunity_due has to be made anew.
type touches struct {
	column int // that names the deal, −1 for the identifier
	field  int // of a change, −1 where every row counts
	ids    map[string]bool
	all    bool
}

func touchesOf(t crm.Table) *touches {
	switch t.Name {
	case "opportunity":
		return &touches{column: -1, field: -1, ids: map[string]bool{}}
	case "opportunity_change":
		return &touches{column: t.Index("opportunity"), field: t.Index("field"), ids: map[string]bool{}}
	}
	return nil
}

// note takes in a row that was or is now there.
func (t *touches) note(id string, values []any) {
	if t == nil || t.all || t.field >= 0 && !slices.Contains(forecastFields, textOf(values[t.field])) {
		return
	}
	if t.column >= 0 {
		id = textOf(values[t.column])
	}
	if !t.ids[id] {
		t.ids[strings.Clone(id)] = true
	}
	if len(t.ids) > fewTouched {
		t.all, t.ids = true, nil
	}
}

var forecastFields = []string{"amount", "expected_close", "probability"}

// spell is a value of a field of a deal, known from the month after since up to until. missing where it is no number.
type spell struct {
	since, until int64
	value        float64
	missing      bool
}

// history are the spells of a deal's fields, in their order.
type history struct{ amount, expected, probability []spell }

func (h *history) of(field string) *[]spell {
	switch field {
	case "amount":
		return &h.amount
	case "probability":
		return &h.probability
	}
	return &h.expected
}

// known is the spell that is known at the beginning of a month.
func known(list []spell, month int64) (spell, bool) {
	for _, v := range list {
		if v.since < month && month <= v.until {
			return v, true
		}
	}
	return spell{}, false
}

const forever = 999_999

// changeRow is a change of one of those fields.
type changeRow struct {
	deal, field string
	at, seq     int64
	id          string
	month       int64
	old, new    sql.NullString
}

// historyOf makes spells of the changes of one deal.
func historyOf(rows []changeRow) history {
	slices.SortFunc(rows, func(a, b changeRow) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq), strings.Compare(a.id, b.id))
	})
	var h history
	for _, r := range rows {
		list := h.of(r.field)
		if n := len(*list); n == 0 {
			*list = append(*list, spellOf(r.old, 0))
		}
		(*list)[len(*list)-1].until = r.month
		*list = append(*list, spellOf(r.new, r.month))
	}
	return h
}

func spellOf(text sql.NullString, since int64) spell {
	v := spell{since: since, until: forever, missing: true}
	if text.Valid && plainNumber(text.String) {
		n, err := strconv.ParseFloat(text.String, 64)
		v.value, v.missing = n, err != nil
	}
	return v
}

// plainNumber reports whether a text is a whole or decimal number as connectors write it.
func plainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

// deal is what of an opportunity a forecast asks for.
type deal struct {
	id, owner, category                    string
	opened, closed, expected, amount, home sql.NullInt64
	probability                            sql.NullFloat64
	currency                               sql.NullString
}

// due is a row of crm_opportunity_due.
type due struct {
	month               int64
	amount, probability float64
}

// dues are the months in which a deal was due, as known on their first days. currency is the source's.
func (d *deal) dues(h history, currency string) (list []due) {
	home := d.home
	if !home.Valid && (!d.currency.Valid || d.currency.String == currency) {
		home = d.amount
	}
	expected := h.expected
	if len(expected) == 0 && d.expected.Valid {
		expected = []spell{{since: 0, until: forever, value: float64(d.expected.Int64)}}
	}
	for _, e := range expected {
		if e.missing || e.value != math.Trunc(e.value) || math.Abs(e.value) > 1e6 {
			continue
		}
		month := crm.MonthOf(crm.DayTime(int64(e.value)))
		open := d.opened.Valid && d.opened.Int64 < month && (d.category == crm.Open || d.closed.Valid && d.closed.Int64 >= month)
		if !open || !(e.since < month && month <= e.until) || !home.Valid {
			continue
		}
		row := due{month: month, amount: float64(home.Int64), probability: d.probability.Float64}
		ok := true
		if a, changed := known(h.amount, month); changed {
			switch {
			case a.missing:
				ok = false
			case d.amount.Valid && home.Int64 == d.amount.Int64:
				row.amount = a.value
			case d.amount.Valid && d.amount.Int64 != 0:
				row.amount = a.value * float64(home.Int64) / float64(d.amount.Int64)
			default:
				ok = false
			}
		}
		if p, changed := known(h.probability, month); changed {
			row.probability, ok = p.value, ok && !p.missing
		} else {
			ok = ok && d.probability.Valid
		}
		if ok && !slices.ContainsFunc(list, func(o due) bool { return o.month == month }) {
			list = append(list, row)
		}
	}
	return list
}

// binary orders texts by their bytes, as Go compares them.
func (d dialect) binary(column string) string {
	if d.name == postgreSQL.name {
		return column + ` COLLATE "C"`
	}
	return column
}

// stock reads the changes of a source in the order of their deals.
type stock struct {
	rows *sql.Rows
	next changeRow
	more bool
	list []changeRow
}

func (s *stock) step() error {
	if s.more = s.rows.Next(); !s.more {
		return s.rows.Err()
	}
	var seq sql.NullInt64
	r := &s.next
	err := s.rows.Scan(&r.deal, &r.field, &r.at, &seq, &r.id, &r.month, &r.old, &r.new)
	if r.seq = seq.Int64; !seq.Valid {
		r.seq = -1 // before those that have one
	}
	return err
}

// of are the changes of a deal; deals must be asked for in their order.
func (s *stock) of(id string) ([]changeRow, error) {
	s.list = s.list[:0]
	for s.more && s.next.deal <= id {
		if s.next.deal == id {
			s.list = append(s.list, s.next)
		}
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	return s.list, nil
}

// makeDue makes crm_opportunity_due anew, of the deals touched or of all, in tx. It reads what has been committed.
func (w *Warehouse) makeDue(ctx context.Context, tx *sql.Tx, source int64, currency string, t *touches) (err error) {
	var ids []any
	if !t.all {
		if len(t.ids) == 0 {
			return nil
		}
		for id := range t.ids {
			ids = append(ids, id)
		}
	}
	among := func(column string) string {
		if t.all {
			return ""
		}
		var b strings.Builder
		b.WriteString(" AND " + column + " IN ")
		for k := range ids {
			b.WriteByte("(,"[min(k, 1)])
			b.WriteString("$" + strconv.Itoa(k+2))
		}
		return b.String() + ")"
	}
	args := append([]any{source}, ids...)
	if _, err := tx.ExecContext(ctx, "DELETE FROM crm_opportunity_due WHERE source = $1"+among("opportunity"), args...); err != nil {
		return err
	}
	var some int
	err = w.db.QueryRowContext(ctx, "SELECT 1 FROM crm_opportunity_change_day WHERE source = $1 LIMIT 1", source).Scan(&some)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // without history no forecast is known
	}
	if err != nil {
		return err
	}
	s := &stock{}
	s.rows, err = w.db.QueryContext(ctx, "SELECT opportunity, field, changed_at, seq, ext_id, changed_month, old_value, new_value FROM crm_opportunity_change WHERE source = $1 AND field IN ('amount', 'expected_close', 'probability') AND deleted_at IS NULL AND changed_month IS NOT NULL"+
		among("opportunity")+" ORDER BY "+w.d.binary("opportunity"), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.rows.Close()) }()
	if err := s.step(); err != nil {
		return err
	}
	deals, err := w.db.QueryContext(ctx, "SELECT ext_id, COALESCE(owner, ''), category, opened_month, closed_month, expected_close_day, amount, home_amount, probability, currency FROM crm_opportunity WHERE source = $1 AND deleted_at IS NULL AND merged_into IS NULL"+
		among("ext_id")+" ORDER BY "+w.d.binary("ext_id"), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, deals.Close()) }()
	out := dueWriter{tx: tx, d: w.d, source: source}
	for deals.Next() {
		var d deal
		if err := deals.Scan(&d.id, &d.owner, &d.category, &d.opened, &d.closed, &d.expected, &d.amount, &d.home, &d.probability, &d.currency); err != nil {
			return err
		}
		changes, err := s.of(d.id)
		if err != nil {
			return err
		}
		for _, row := range d.dues(historyOf(changes), currency) {
			if err := out.add(ctx, d.id, d.owner, row); err != nil {
				return err
			}
		}
	}
	return errors.Join(deals.Err(), out.flush(ctx))
}

// remake makes crm_opportunity_due of a source anew.
func (w *Warehouse) remake(ctx context.Context, source int64) error {
	var currency string
	if err := w.db.QueryRowContext(ctx, "SELECT currency FROM crm_source WHERE id = $1", source).Scan(&currency); err != nil {
		return err
	}
	return w.write(ctx, func(tx *sql.Tx) error { return w.makeDue(ctx, tx, source, currency, &touches{all: true}) })
}

// dueWriter inserts many rows with one statement.
type dueWriter struct {
	tx     *sql.Tx
	d      dialect
	source int64
	whole  *sql.Stmt
	args   []any
}

const dueColumns = 6

func (w *dueWriter) add(ctx context.Context, id, owner string, r due) error {
	w.args = append(w.args, w.source, id, r.month, owner, r.amount, r.probability)
	if len(w.args) < chunk*dueColumns {
		return nil
	}
	return w.flush(ctx)
}

func (w *dueWriter) flush(ctx context.Context) (err error) {
	n := len(w.args) / dueColumns
	if n == 0 {
		return nil
	}
	var b strings.Builder
	if n < chunk || w.whole == nil {
		b.WriteString("INSERT INTO crm_opportunity_due (source, opportunity, month, owner, amount, probability) VALUES ")
		w.d.rows(&b, n, dueColumns)
	}
	if n < chunk {
		_, err = w.tx.ExecContext(ctx, b.String(), w.args...)
	} else {
		if w.whole == nil {
			if w.whole, err = w.tx.PrepareContext(ctx, b.String()); err != nil {
				return err
			}
		}
		_, err = w.whole.ExecContext(ctx, w.args...)
	}
	w.args = w.args[:0]
	return err
}
