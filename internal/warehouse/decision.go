package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Decision is what somebody has decided about two records of a table: that they stand for the same, or that they do not. A
// is the smaller identifier.
type Decision struct {
	A, B    string
	Same    bool
	Decided time.Time
}

// Pair orders two identifiers as Decision has them.
func Pair(a, b string) (string, string) { return min(a, b), max(a, b) }

// Decide keeps decisions about records of a table, a later one in the place of an earlier, and forgets those of withdrawn.
// An import that is taken back or repeated leaves them alone.
func (w *Warehouse) Decide(ctx context.Context, source int64, table string, kept, withdrawn []Decision) error {
	now := w.now().UnixMicro()
	return w.write(ctx, func(tx *sql.Tx) error {
		for _, d := range withdrawn {
			a, b := Pair(d.A, d.B)
			if _, err := tx.ExecContext(ctx, "DELETE FROM crm_decision WHERE source = $1 AND table_name = $2 AND a = $3 AND b = $4", source, table, a, b); err != nil {
				return err
			}
		}
		for _, d := range kept {
			a, b := Pair(d.A, d.B)
			same := 0
			if d.Same {
				same = 1
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO crm_decision (source, table_name, a, b, same, decided) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, table_name, a, b) DO UPDATE SET same = excluded.same, decided = excluded.decided",
				source, table, a, b, same, now)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Decisions are those about the records of a table, by A and B.
func (w *Warehouse) Decisions(ctx context.Context, source int64, table string) (list []Decision, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT a, b, same, decided FROM crm_decision WHERE source = $1 AND table_name = $2 ORDER BY a, b", source, table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d Decision
		var same, decided int64
		if err := rows.Scan(&d.A, &d.B, &same, &decided); err != nil {
			return nil, err
		}
		d.Same, d.Decided = same != 0, time.UnixMicro(decided).UTC()
		list = append(list, d)
	}
	return list, rows.Err()
}

// Has reports which of the identifiers are those of records of a table, deleted ones and merged ones left out.
func (w *Warehouse) Has(ctx context.Context, source int64, table string, ids []string) (map[string]bool, error) {
	there := make(map[string]bool)
	look, err := w.db.PrepareContext(ctx, "SELECT 1 FROM crm_"+table+" WHERE source = $1 AND ext_id = $2 AND deleted_at IS NULL AND merged_into IS NULL")
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if there[id] {
			continue
		}
		var one int
		switch err := look.QueryRowContext(ctx, source, id).Scan(&one); {
		case err == nil:
			there[id] = true
		case !errors.Is(err, sql.ErrNoRows):
			return nil, errors.Join(err, look.Close())
		}
	}
	return there, look.Close()
}
