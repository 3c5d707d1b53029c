package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// tally counts the rows of a table by month and person, so that key figures of millions of rows read thousands. It is kept
// by the difference that each import makes, in the transaction that makes it; recount says the same in SQL.
type tally struct {
	name string
	// keys are the columns that it counts by, after source, and counts the numbers; the last one is that of records, and a
	// row without any goes.
	keys   []key
	counts []count
	// where says which rows of the table count.
	where string
	// reads are the columns of the table that of is given.
	reads []string
	// of answers the keys and the numbers of a row; ok is false for a row that does not count.
	of func(v []any, r rest) (k tallyKey, n counts, ok bool)
}

// key is a column that a tally counts by: a part of tallyKey, and the same in SQL.
type key struct {
	name string
	part byte // m, d, o, a
	sql  string
}

// count is a number of a tally, in SQL the sum of an expression.
type count struct{ name, sql string }

type counts [13]int64

type tallyKey struct {
	month, day    int64
	owner, author string
}

func (k *tallyKey) part(name byte) any {
	switch name {
	case 'm':
		return k.month
	case 'd':
		return k.day
	case 'o':
		return k.owner
	}
	return k.author
}

// rest is what decides beside the columns.
type rest struct {
	deleted, merged bool
	currency        string // of the source
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func either(a, b any) string {
	if a != nil {
		return textOf(a)
	}
	return textOf(b)
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

const (
	sqlManual = "COALESCE(automatic, 0) = 0 AND deleted_at IS NULL"
	sqlKept   = "deleted_at IS NULL AND merged_into IS NULL"
	// sqlHome is an amount in the home currency, NULL where it is in another one and was not converted.
	sqlHome = "CASE WHEN home_amount IS NOT NULL THEN home_amount WHEN currency IS NULL OR currency = (SELECT s.currency FROM crm_source s WHERE s.id = crm_opportunity.source) THEN amount END"
)

func sqlOne(condition string) string { return "CASE WHEN " + condition + " THEN 1 ELSE 0 END" }

// tallies are those that there are, by the table they count.
var tallies = map[string][]*tally{
	"activity": {{
		name:  "crm_activity_day",
		keys:  []key{{"month", 'm', "done_month"}, {"owner", 'o', "COALESCE(owner, author, '')"}, {"author", 'a', "COALESCE(author, owner, '')"}, {"day", 'd', "done_day"}},
		where: "done_month IS NOT NULL AND done_day IS NOT NULL",
		counts: []count{
			{"activities", sqlOne("type <> 'note' AND " + sqlManual)}, {"notes", sqlOne("type = 'note' AND " + sqlManual)}, {"records", "1"},
		},
		reads: []string{"done_month", "done_day", "owner", "author", "type", "automatic"},
		of: func(v []any, r rest) (k tallyKey, n counts, ok bool) {
			k.month, ok = v[0].(int64)
			day, dated := v[1].(int64)
			k.day, k.owner, k.author = day, either(v[2], v[3]), either(v[3], v[2])
			automatic, _ := v[5].(int64)
			manual, note := automatic == 0 && !r.deleted, textOf(v[4]) == "note"
			n[0], n[1], n[2] = one(manual && !note), one(manual && note), 1
			return k, n, ok && dated
		},
	}},
	"opportunity_change": {{
		name:   "crm_opportunity_change_day",
		keys:   []key{{"month", 'm', "changed_month"}, {"person", 'o', "COALESCE(changed_by, '')"}, {"day", 'd', "changed_day"}},
		where:  "changed_month IS NOT NULL AND changed_day IS NOT NULL",
		counts: []count{{"changes", sqlOne("COALESCE(origin, 'user') = 'user' AND deleted_at IS NULL")}, {"records", "1"}},
		reads:  []string{"changed_month", "changed_day", "changed_by", "origin"},
		of: func(v []any, r rest) (k tallyKey, n counts, ok bool) {
			k.month, ok = v[0].(int64)
			day, dated := v[1].(int64)
			k.day, k.owner = day, textOf(v[2])
			n[0], n[1] = one(!r.deleted && (v[3] == nil || textOf(v[3]) == "user")), 1
			return k, n, ok && dated
		},
	}},
	"opportunity": {{
		name:  "crm_opportunity_opened",
		keys:  []key{{"month", 'm', "opened_month"}, {"owner", 'o', "COALESCE(owner, '')"}},
		where: "opened_month IS NOT NULL AND " + sqlKept,
		counts: []count{
			{"valid", sqlOne("category <> 'void'")}, {"won", sqlOne("category = 'won'")}, {"still_open", sqlOne("category = 'open'")},
			{"with_amount", sqlOne("amount IS NOT NULL")}, {"with_expected", sqlOne("expected_close_day IS NOT NULL")}, {"with_account", sqlOne("account <> ''")},
			{"with_source", sqlOne("lead_source <> ''")}, {"followed", sqlOne("category = 'open' OR closed_month IS NOT NULL")}, {"records", "1"},
		},
		reads: []string{"opened_month", "owner", "category", "amount", "expected_close_day", "account", "lead_source", "closed_month"},
		of: func(v []any, r rest) (k tallyKey, n counts, ok bool) {
			k.month, ok = v[0].(int64)
			k.owner = textOf(v[1])
			category := textOf(v[2])
			n = counts{one(category != "void"), one(category == "won"), one(category == "open"), one(v[3] != nil), one(v[4] != nil), one(textOf(v[5]) != ""),
				one(textOf(v[6]) != ""), one(category == "open" || v[7] != nil), 1}
			return k, n, ok && !r.deleted && !r.merged
		},
	}, {
		name:  "crm_opportunity_closed",
		keys:  []key{{"month", 'm', "closed_month"}, {"owner", 'o', "COALESCE(owner, '')"}},
		where: "closed_month IS NOT NULL AND category <> 'open' AND " + sqlKept,
		counts: []count{
			{"won", sqlOne("category = 'won'")}, {"lost", sqlOne("category = 'lost'")}, {"void", sqlOne("category = 'void'")},
			{"with_reason", sqlOne("category = 'lost' AND lost_reason <> ''")}, {"priced", sqlOne("category <> 'void' AND " + sqlHome + " IS NOT NULL")},
			{"won_priced", sqlOne("category = 'won' AND " + sqlHome + " IS NOT NULL")},
			{"won_value", "CASE WHEN category = 'won' THEN COALESCE(" + sqlHome + ", 0) ELSE 0 END"}, {"lost_value", "CASE WHEN category = 'lost' THEN COALESCE(" + sqlHome + ", 0) ELSE 0 END"},
			{"opened", sqlOne("opened_month IS NOT NULL")}, {"timed", sqlOne("category = 'won' AND closed_day >= opened_day")},
			{"days", "CASE WHEN category = 'won' AND closed_day >= opened_day THEN closed_day - opened_day ELSE 0 END"}, {"records", "1"},
		},
		reads: []string{"closed_month", "owner", "category", "lost_reason", "amount", "currency", "home_amount", "opened_month", "opened_day", "closed_day"},
		of: func(v []any, r rest) (k tallyKey, n counts, ok bool) {
			k.month, ok = v[0].(int64)
			k.owner = textOf(v[1])
			category := textOf(v[2])
			won, lost := category == "won", category == "lost"
			home, priced := v[6].(int64)
			if v[6] == nil && (v[5] == nil || textOf(v[5]) == r.currency) {
				home, priced = v[4].(int64)
			}
			opened, begun := v[8].(int64)
			closed, ended := v[9].(int64)
			timed := won && begun && ended && closed >= opened
			n = counts{one(won), one(lost), one(category == "void"), one(lost && textOf(v[3]) != ""), one(category != "void" && priced), one(won && priced),
				one(won) * home, one(lost) * home, one(v[7] != nil), one(timed), one(timed) * (closed - opened), 1}
			return k, n, ok && category != "open" && !r.deleted && !r.merged
		},
	}},
}

// columns of the tally, in the order of inserting.
func (t *tally) columns() string {
	all := []string{"source"}
	for _, k := range t.keys {
		all = append(all, k.name)
	}
	for _, c := range t.counts {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

func (t *tally) key() string {
	all := []string{"source"}
	for _, k := range t.keys {
		all = append(all, k.name)
	}
	return strings.Join(all, ", ")
}

// schema makes the table.
func (t *tally) schema(d dialect) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + t.name + " (source BIGINT NOT NULL, ")
	for _, k := range t.keys {
		kind := "TEXT"
		if k.part == 'm' || k.part == 'd' {
			kind = "BIGINT"
		}
		b.WriteString(k.name + " " + kind + " NOT NULL, ")
	}
	for _, c := range t.counts {
		b.WriteString(c.name + " BIGINT NOT NULL, ")
	}
	b.WriteString("PRIMARY KEY (" + t.key() + "))")
	if d.name == sqlite.name {
		b.WriteString(" WITHOUT ROWID")
	}
	return b.String()
}

// recount is the whole tally of a source in SQL: what it means, and how it is made anew.
func (t *tally) recount(table string) string {
	expressions, group := []string{"source"}, []string{"source"}
	for _, k := range t.keys {
		expressions, group = append(expressions, k.sql), append(group, k.sql)
	}
	for _, c := range t.counts {
		expressions = append(expressions, "SUM("+c.sql+")")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM crm_%s WHERE source = $1 AND %s GROUP BY %s",
		t.name, t.columns(), strings.Join(expressions, ", "), table, t.where, strings.Join(group, ", "))
}

// recount makes the tallies of a table anew.
func recount(ctx context.Context, tx *sql.Tx, source int64, table string) error {
	for _, t := range tallies[table] {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE source = $1", source); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, t.recount(table), source); err != nil {
			return err
		}
	}
	return nil
}

// difference is what the rows of a running transaction change of a tally.
type difference struct {
	*tally
	at  []int // the columns that it reads, in the table
	sum map[tallyKey]*counts
}

// add counts a row in (sign 1) or out (−1).
func (d *difference) add(values []any, r rest, sign int64) {
	var v [10]any
	for k, at := range d.at {
		v[k] = values[at]
	}
	key, n, ok := d.of(v[:], r)
	if !ok {
		return
	}
	sum := d.sum[key]
	if sum == nil {
		// The texts may be parts of a row of a file, which is not to stay in memory for them.
		key.owner, key.author = strings.Clone(key.owner), strings.Clone(key.author)
		sum = &counts{}
		d.sum[key] = sum
	}
	for i := range d.counts {
		sum[i] += sign * n[i]
	}
}

// write puts the difference into the database.
func (d *difference) write(ctx context.Context, tx *sql.Tx, l dialect, source int64) error {
	if len(d.sum) == 0 {
		return nil
	}
	const most = 64
	whole, err := tx.PrepareContext(ctx, d.upsert(l, most))
	if err != nil {
		return err
	}
	defer whole.Close() //nolint:errcheck // it ends with the transaction
	less := false
	args := make([]any, 0, most*(1+len(d.keys)+len(d.counts)))
	rows := 0
	send := func() (err error) {
		switch rows {
		case 0:
			return nil
		case most:
			_, err = whole.ExecContext(ctx, args...)
		default:
			_, err = tx.ExecContext(ctx, d.upsert(l, rows), args...)
		}
		args, rows = args[:0], 0
		return err
	}
	for k, n := range d.sum {
		if *n == (counts{}) {
			continue
		}
		args = append(args, source)
		for _, c := range d.keys {
			args = append(args, k.part(c.part))
		}
		for i := range d.counts {
			less = less || n[i] < 0
			args = append(args, n[i])
		}
		if rows++; rows == most {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := send(); err != nil {
		return err
	}
	clear(d.sum)
	if less {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+d.name+" WHERE source = $1 AND records = 0", source)
		return err
	}
	return nil
}

// upsert adds rows of numbers to those that are there.
func (t *tally) upsert(d dialect, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.name + " (" + t.columns() + ") VALUES ")
	d.rows(&b, rows, 1+len(t.keys)+len(t.counts))
	b.WriteString(" ON CONFLICT (" + t.key() + ") DO UPDATE SET ")
	for i, c := range t.counts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name + " = " + t.name + "." + c.name + " + excluded." + c.name)
	}
	return b.String()
}

// rows writes the placeholders of rows. SQLite reads plain question marks faster than numbered ones.
func (d dialect) rows(b *strings.Builder, rows, columns int) {
	k := 0
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		for c := range columns {
			k++
			b.WriteByte("(,"[min(c, 1)])
			if d.name == sqlite.name {
				b.WriteByte('?')
			} else {
				b.WriteString("$" + strconv.Itoa(k))
			}
		}
		b.WriteByte(')')
	}
}
