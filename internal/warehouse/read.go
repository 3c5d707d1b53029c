package warehouse

import (
	"context"
	"errors"
	"strings"

	"github.com/rendite-crm/rendite/internal/crm"
)

// Latest is the last import of a file or object into a table that has not been taken back. ErrNotFound.
func (w *Warehouse) Latest(ctx context.Context, source int64, table, file string) (Batch, error) {
	return scanBatch(w.db.QueryRowContext(ctx, "SELECT "+batchColumns+" FROM crm_batch WHERE source = $1 AND table_name = $2 AND file = $3 AND state <> 'taken_back' ORDER BY id DESC LIMIT 1", source, table, file))
}

// Living are the identifiers of a table's records that are not deleted, of those that begin with prefix. ErrNotFound for
// an unknown table.
func (w *Warehouse) Living(ctx context.Context, source int64, table, prefix string) (ids []string, err error) {
	if _, ok := crm.Find(table); !ok {
		return nil, ErrNotFound
	}
	rows, err := w.db.QueryContext(ctx, "SELECT ext_id FROM crm_"+table+" WHERE source = $1 AND deleted_at IS NULL ORDER BY ext_id", source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// Record reads one. ErrNotFound.
func (w *Warehouse) Record(ctx context.Context, source int64, table, id string) (r crm.Record, err error) {
	t, ok := crm.Find(table)
	if !ok {
		return r, ErrNotFound
	}
	r = t.New(id)
	var created, updated, deleted *int64
	var merged *string
	into := []any{&created, &updated, &deleted, &merged}
	var b strings.Builder
	b.WriteString("SELECT created_at, updated_at, deleted_at, merged_into")
	for k, c := range t.Columns {
		b.WriteString(", " + c.Name)
		into = append(into, &r.Values[k])
	}
	rows, err := w.db.QueryContext(ctx, b.String()+" FROM crm_"+table+" WHERE source = $1 AND ext_id = $2", source, id)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return r, errors.Join(rows.Err(), ErrNotFound)
	}
	if err := rows.Scan(into...); err != nil {
		return r, err
	}
	for k, v := range r.Values {
		if b, ok := v.([]byte); ok {
			r.Values[k] = string(b)
		}
	}
	r.Created, r.Updated, r.Deleted = number(created), number(updated), number(deleted)
	if merged != nil {
		r.Merged = *merged
	}
	return r, nil
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// Counts are the rows that came from a source, by table; deleted ones count. Tables without any are left out.
func (w *Warehouse) Counts(ctx context.Context, source int64) (map[string]int64, error) {
	all := map[string]int64{}
	for _, t := range crm.Tables() {
		var n int64
		if err := w.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM crm_"+t.Name+" WHERE source = $1", source).Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			all[t.Name] = n
		}
	}
	return all, nil
}
