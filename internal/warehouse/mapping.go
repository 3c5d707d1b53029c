package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Mapping is one that an owner keeps for the next export. Text is for package ingest.
type Mapping struct {
	Owner, Name string
	Table       string
	Text        string
	Updated     time.Time
}

// KeepMapping keeps a mapping in the place of one of the same name. ErrName.
func (w *Warehouse) KeepMapping(ctx context.Context, m Mapping) error {
	if m.Name == "" {
		return ErrName
	}
	_, err := w.db.ExecContext(ctx, `INSERT INTO crm_mapping (owner, name, table_name, text, updated) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (owner, name) DO UPDATE SET table_name = excluded.table_name, text = excluded.text, updated = excluded.updated`, m.Owner, m.Name, m.Table, m.Text, w.now().UTC().UnixMicro())
	return err
}

// Mappings lists those of an owner, by name.
func (w *Warehouse) Mappings(ctx context.Context, owner string) (list []Mapping, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT owner, name, table_name, text, updated FROM crm_mapping WHERE owner = $1 ORDER BY name", owner)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m Mapping
		var updated int64
		if err := rows.Scan(&m.Owner, &m.Name, &m.Table, &m.Text, &updated); err != nil {
			return nil, err
		}
		m.Updated = time.UnixMicro(updated).UTC()
		list = append(list, m)
	}
	return list, rows.Err()
}

// RemoveMapping forgets one. ErrNotFound.
func (w *Warehouse) RemoveMapping(ctx context.Context, owner, name string) error {
	r, err := w.db.ExecContext(ctx, "DELETE FROM crm_mapping WHERE owner = $1 AND name = $2", owner, name)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// NoteMapping keeps the mapping that an import was made with, for its rejects when they come back mended.
func (w *Warehouse) NoteMapping(ctx context.Context, batch int64, text string) error {
	_, err := w.db.ExecContext(ctx, "INSERT INTO crm_batch_mapping (batch, text) VALUES ($1, $2) ON CONFLICT (batch) DO UPDATE SET text = excluded.text", batch, text)
	return err
}

// MappingOf is what NoteMapping kept of an import. ErrNotFound.
func (w *Warehouse) MappingOf(ctx context.Context, batch int64) (text string, err error) {
	err = w.db.QueryRowContext(ctx, "SELECT text FROM crm_batch_mapping WHERE batch = $1", batch).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return text, err
}
