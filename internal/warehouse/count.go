package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// tally counts the rows of a large table by month, day and person, so that key figures of millions of rows read thousands.
// It is kept by the difference that each import makes, in the transaction that makes it; recount says the same in SQL.
type tally struct {
	name string
	// keys are the columns that it counts by, after source; counts are the numbers.
	keys, counts []column
	// reads are the columns of the table that of is given.
	reads []string
	// of answers the keys and the numbers of a row; ok is false for a row without a date, which does not count.
	of func(v []any, deleted bool) (key tallyKey, n [tallyCounts]int64, ok bool)
}

type column struct{ name, kind, expression string }

const tallyCounts = 3

type tallyKey struct {
	month, day int64
	who, by    string
}

func dated(month, day any) (k tallyKey, ok bool) {
	m, hasMonth := month.(int64)
	d, hasDay := day.(int64)
	return tallyKey{month: m, day: d}, hasMonth && hasDay
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

// tallies are those that there are, by the table they count.
var tallies = map[string]*tally{
	"activity": {
		name: "crm_activity_day",
		keys: []column{{"month", "BIGINT", "done_month"}, {"day", "BIGINT", "done_day"}, {"owner", "TEXT", "COALESCE(owner, author, '')"}, {"author", "TEXT", "COALESCE(author, owner, '')"}},
		counts: []column{
			{"activities", "BIGINT", "SUM(CASE WHEN type <> 'note' AND COALESCE(automatic, 0) = 0 AND deleted_at IS NULL THEN 1 ELSE 0 END)"},
			{"notes", "BIGINT", "SUM(CASE WHEN type = 'note' AND COALESCE(automatic, 0) = 0 AND deleted_at IS NULL THEN 1 ELSE 0 END)"},
			{"records", "BIGINT", "COUNT(*)"},
		},
		reads: []string{"done_month", "done_day", "owner", "author", "type", "automatic"},
		of: func(v []any, deleted bool) (k tallyKey, n [tallyCounts]int64, ok bool) {
			k, ok = dated(v[0], v[1])
			k.who, k.by = either(v[2], v[3]), either(v[3], v[2])
			if automatic, _ := v[5].(int64); automatic == 0 && !deleted {
				if textOf(v[4]) == "note" {
					n[1] = 1
				} else {
					n[0] = 1
				}
			}
			n[2] = 1
			return k, n, ok
		},
	},
	"opportunity_change": {
		name: "crm_opportunity_change_day",
		keys: []column{{"month", "BIGINT", "changed_month"}, {"day", "BIGINT", "changed_day"}, {"person", "TEXT", "COALESCE(changed_by, '')"}},
		counts: []column{
			{"changes", "BIGINT", "SUM(CASE WHEN COALESCE(origin, 'user') = 'user' AND deleted_at IS NULL THEN 1 ELSE 0 END)"},
			{"records", "BIGINT", "COUNT(*)"},
		},
		reads: []string{"changed_month", "changed_day", "changed_by", "origin"},
		of: func(v []any, deleted bool) (k tallyKey, n [tallyCounts]int64, ok bool) {
			k, ok = dated(v[0], v[1])
			k.who = textOf(v[2])
			if !deleted && (v[3] == nil || textOf(v[3]) == "user") {
				n[0] = 1
			}
			n[1] = 1
			return k, n, ok
		},
	},
}

// columns of the tally, in the order of inserting.
func (t *tally) columns() []column {
	return append(append([]column{{"source", "BIGINT", "source"}}, t.keys...), t.counts...)
}

func names(list []column) string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}

// schema makes the table.
func (t *tally) schema(d dialect) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + t.name + " (")
	for _, c := range t.columns() {
		b.WriteString(c.name + " " + c.kind + " NOT NULL, ")
	}
	b.WriteString("PRIMARY KEY (source, " + names(t.order()) + "))")
	if d.name == sqlite.name {
		b.WriteString(" WITHOUT ROWID")
	}
	return b.String()
}

// order of the key: persons within a month, so that a month's persons lie together.
func (t *tally) order() []column {
	return append(append([]column{t.keys[0]}, t.keys[2:]...), t.keys[1])
}

// recount is the whole tally of a source in SQL: what it means, and how it is made anew.
func (t *tally) recount(table string) string {
	var select_, group []string
	for _, c := range t.columns() {
		select_ = append(select_, c.expression)
	}
	for _, c := range t.keys {
		group = append(group, c.expression)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM crm_%s WHERE source = $1 AND %s IS NOT NULL AND %s IS NOT NULL GROUP BY source, %s",
		t.name, names(t.columns()), strings.Join(select_, ", "), table, t.keys[0].expression, t.keys[1].expression, strings.Join(group, ", "))
}

// recountSource makes the tally of a table anew.
func recountSource(ctx context.Context, tx *sql.Tx, source int64, table string) error {
	t := tallies[table]
	if t == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE source = $1", source); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, t.recount(table), source)
	return err
}

// differences are what the rows of a running transaction change of a tally.
type differences map[tallyKey][tallyCounts]int64

// add counts a row in (sign 1) or out (−1).
func (m differences) add(t *tally, v []any, deleted bool, sign int64) {
	key, n, ok := t.of(v, deleted)
	if !ok {
		return
	}
	sum := m[key]
	for i := range n {
		sum[i] += sign * n[i]
	}
	m[key] = sum
}

// write puts them into the database.
func (m differences) write(ctx context.Context, tx *sql.Tx, t *tally, d dialect, source int64) error {
	if len(m) == 0 {
		return nil
	}
	const most = 64
	less := false
	args := make([]any, 0, most*len(t.columns()))
	rows := 0
	whole, err := tx.PrepareContext(ctx, t.upsert(d, most))
	if err != nil {
		return err
	}
	defer whole.Close() //nolint:errcheck // it ends with the transaction
	send := func() (err error) {
		switch rows {
		case 0:
			return nil
		case most:
			_, err = whole.ExecContext(ctx, args...)
		default:
			_, err = tx.ExecContext(ctx, t.upsert(d, rows), args...)
		}
		args, rows = args[:0], 0
		return err
	}
	for k, n := range m {
		if n == [tallyCounts]int64{} {
			continue
		}
		args = append(args, source, k.month, k.day, k.who)
		if len(t.keys) == 4 {
			args = append(args, k.by)
		}
		for i := range t.counts {
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
	clear(m)
	if less {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE source = $1 AND records = 0", source)
		return err
	}
	return nil
}

// upsert adds rows of numbers to those that are there.
func (t *tally) upsert(d dialect, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.name + " (" + names(t.columns()) + ") VALUES ")
	d.rows(&b, rows, len(t.columns()))
	b.WriteString(" ON CONFLICT (source, " + names(t.order()) + ") DO UPDATE SET ")
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
