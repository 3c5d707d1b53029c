// Package warehouse keeps the canonical tables of package crm in a database and knows which import each row came from, so
// that an import can be resumed, repeated without effect, and taken back. Start with Open. It computes nothing.
package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // PostgreSQL
	_ "modernc.org/sqlite"             // SQLite

	"github.com/rendite-crm/rendite/internal/crm"
)

// DefaultFile is where the data lie when nothing is said.
const DefaultFile = "rendite-data.db"

// version is that of the tables; Open brings older ones up to it.
const version = 3

// Errors of this package, beside those of the database.
var (
	ErrNotFound = errors.New("warehouse: not found")
	ErrName     = errors.New("warehouse: a source needs a name that no other has")
	ErrZone     = errors.New("warehouse: no such time zone")
	ErrNewer    = errors.New("warehouse: the data were written by a newer version")
)

// Warehouse is an open database of canonical tables.
type Warehouse struct {
	db    *sql.DB
	d     dialect
	place string
	turn  *turn // of SQLite
	now   func() time.Time
}

// Open opens a file, or postgres://…, and makes the tables where they are missing; now is the clock, nil the system's.
func Open(ctx context.Context, address string, now func() time.Time) (*Warehouse, error) {
	if now == nil {
		now = time.Now
	}
	if address == "" {
		address = DefaultFile
	}
	w := &Warehouse{d: sqlite, now: now}
	name := "file:" + (&url.URL{Path: address}).EscapedPath() +
		"?_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=busy_timeout(10000)&_pragma=cache_size(-32768)&_pragma=temp_store(file)&_pragma=analysis_limit(1000)&_txlock=immediate"
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		w.d, name = postgreSQL, address
	}
	var err error
	if w.d.name == sqlite.name {
		// It holds customers: nobody else on this machine reads it. SQLite's files beside it take after it.
		f, err := os.OpenFile(address, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	if w.db, err = sql.Open(w.d.driver, name); err != nil {
		return nil, err
	}
	if err := w.prepare(ctx); err != nil {
		return nil, errors.Join(err, w.db.Close())
	}
	w.place = address
	if w.d.name == sqlite.name {
		w.place = whole(address) // it exists by now
		w.turn = turnOf(w.place)
	}
	return w, nil
}

// Close closes the database.
func (w *Warehouse) Close() error { return w.db.Close() }

// Place tells the database from others in this process; it may hold a password.
func (w *Warehouse) Place() string { return w.place }

// Engine names the database: sqlite or postgresql.
func (w *Warehouse) Engine() string { return w.d.name }

// prepare makes what is missing.
func (w *Warehouse) prepare(ctx context.Context) error {
	if _, err := w.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS crm_version (version BIGINT NOT NULL)"); err != nil {
		return err
	}
	var have sql.NullInt64
	if err := w.db.QueryRowContext(ctx, "SELECT MAX(version) FROM crm_version").Scan(&have); err != nil {
		return err
	}
	switch {
	case have.Int64 > version:
		return ErrNewer
	case have.Int64 == version:
		return nil
	}
	err := w.write(ctx, func(tx *sql.Tx) error {
		for _, s := range w.schema() {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%w in %s", err, s)
			}
		}
		return nil
	})
	if err == nil && have.Valid {
		err = w.upgrade(ctx)
	}
	if err != nil {
		return err
	}
	// Only now: what breaks off before begins anew with the next opening.
	return w.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO crm_version (version) VALUES ($1)", version)
		return err
	})
}

// schema are the statements that make the tables.
func (w *Warehouse) schema() []string {
	all := []string{
		`CREATE TABLE IF NOT EXISTS crm_source (id ` + w.d.identity + `, owner TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, timezone TEXT NOT NULL, currency TEXT NOT NULL,
 golive_day BIGINT, history_from BIGINT, settings TEXT NOT NULL, created BIGINT NOT NULL, UNIQUE (owner, name))`,
		`CREATE TABLE IF NOT EXISTS crm_batch (id ` + w.d.identity + `, source BIGINT NOT NULL, table_name TEXT NOT NULL, file TEXT NOT NULL, file_hash TEXT NOT NULL, state TEXT NOT NULL,
 started BIGINT NOT NULL, finished BIGINT NOT NULL, rows_read BIGINT NOT NULL, inserted BIGINT NOT NULL, updated BIGINT NOT NULL, unchanged BIGINT NOT NULL, rejected BIGINT NOT NULL, cursor TEXT NOT NULL, header TEXT NOT NULL DEFAULT '[]')`,
		`CREATE INDEX IF NOT EXISTS crm_batch_source ON crm_batch (source, id)`,
		`CREATE TABLE IF NOT EXISTS crm_reject (batch BIGINT NOT NULL, line BIGINT NOT NULL, place TEXT NOT NULL, column_name TEXT NOT NULL, code TEXT NOT NULL, value TEXT NOT NULL, cells TEXT NOT NULL,
 PRIMARY KEY (batch, line, column_name))`,
		`CREATE TABLE IF NOT EXISTS crm_undo (batch BIGINT NOT NULL, table_name TEXT NOT NULL, ext_id TEXT NOT NULL, before_batch BIGINT NOT NULL, before TEXT NOT NULL, PRIMARY KEY (batch, table_name, ext_id))`,
		`CREATE INDEX IF NOT EXISTS crm_undo_before ON crm_undo (before_batch)`,
		`CREATE TABLE IF NOT EXISTS crm_mapping (owner TEXT NOT NULL, name TEXT NOT NULL, table_name TEXT NOT NULL, text TEXT NOT NULL, updated BIGINT NOT NULL, PRIMARY KEY (owner, name))`,
		`CREATE TABLE IF NOT EXISTS crm_batch_mapping (batch BIGINT NOT NULL PRIMARY KEY, text TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS crm_decision (source BIGINT NOT NULL, table_name TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, same BIGINT NOT NULL, decided BIGINT NOT NULL,
 PRIMARY KEY (source, table_name, a, b))`,
	}
	for _, t := range crm.Tables() {
		var b strings.Builder
		fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS crm_%s (source BIGINT NOT NULL, ext_id TEXT NOT NULL, created_at BIGINT, updated_at BIGINT, deleted_at BIGINT, merged_into TEXT, batch BIGINT NOT NULL, hash %s NOT NULL", t.Name, w.d.bytes)
		for _, c := range t.Columns {
			fmt.Fprintf(&b, ", %s %s", c.Name, w.d.of(c.Kind))
		}
		b.WriteString(", PRIMARY KEY (source, ext_id))")
		if w.d.name == sqlite.name {
			b.WriteString(" WITHOUT ROWID") // the key is the row: half the size, and no second look-up
		}
		all = append(all, b.String())
	}
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		for _, t := range tallies[name] {
			all = append(all, t.schema(w.d))
		}
	}
	due := fmt.Sprintf(dueSchema, w.d.real)
	if w.d.name == sqlite.name {
		due += " WITHOUT ROWID"
	}
	return append(all, due,
		"DROP INDEX IF EXISTS crm_activity_month", "DROP INDEX IF EXISTS crm_opportunity_change_month", "DROP INDEX IF EXISTS crm_opportunity_change_forecast", // of version 1
		// Distributions of ages and amounts read these columns of all deals, from the index alone.
		"CREATE INDEX IF NOT EXISTS crm_opportunity_age ON crm_opportunity (source, opened_month, owner, category, opened_day, closed_day, deleted_at, merged_into)",
		"CREATE INDEX IF NOT EXISTS crm_opportunity_won ON crm_opportunity (source, closed_month, owner, opened_day, closed_day, amount, home_amount, currency, deleted_at, merged_into) WHERE category = 'won'",
	)
}

// upgrade fills what older versions did not have.
func (w *Warehouse) upgrade(ctx context.Context) error {
	var sources []int64
	rows, err := w.db.QueryContext(ctx, "SELECT id FROM crm_source ORDER BY id")
	if err != nil {
		return err
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return errors.Join(err, rows.Close())
		}
		sources = append(sources, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, id := range sources {
		err := w.write(ctx, func(tx *sql.Tx) error {
			for _, table := range slices.Sorted(maps.Keys(tallies)) {
				if err := recount(ctx, tx, id, table); err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(err, w.remake(ctx, id)); err != nil {
			return err
		}
	}
	return nil
}

// write runs f in a transaction.
func (w *Warehouse) write(ctx context.Context, f func(*sql.Tx) error) error {
	give, err := w.turn.take(ctx)
	if err != nil {
		return err
	}
	defer give()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return busy(err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Source is a CRM, or files of one.
type Source struct {
	ID int64
	// Owner is the organisation it belongs to, empty on the command line.
	Owner string
	Name  string
	Kind  string // tryton, hubspot, …, file
	// Timezone is that of the business: days are derived from instants in it.
	Timezone string
	Currency string // ISO 4217
	// GoLive is the day the CRM went live, nil where nobody has said.
	GoLive *int64
	// HistoryFrom is the first instant from which the history is complete.
	HistoryFrom *int64
	// Settings are the connector's, as JSON, without secrets.
	Settings string
	Created  time.Time
}

// Zone is the source's time zone.
func (s Source) Zone() (*time.Location, error) {
	z, err := time.LoadLocation(s.Timezone)
	if err != nil || s.Timezone == "" {
		return nil, ErrZone
	}
	return z, nil
}

const sourceColumns = "id, owner, name, kind, timezone, currency, golive_day, history_from, settings, created"

func scanSource(row interface{ Scan(...any) error }) (Source, error) {
	var s Source
	var created int64
	err := row.Scan(&s.ID, &s.Owner, &s.Name, &s.Kind, &s.Timezone, &s.Currency, &s.GoLive, &s.HistoryFrom, &s.Settings, &created)
	s.Created = time.UnixMicro(created).UTC()
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return s, err
}

// AddSource keeps a new source and returns it with its ID. ErrName, ErrZone.
func (w *Warehouse) AddSource(ctx context.Context, s Source) (Source, error) {
	s.Name = strings.TrimSpace(s.Name)
	if _, err := s.Zone(); err != nil {
		return s, err
	}
	if s.Name == "" {
		return s, ErrName
	}
	if _, err := w.SourceByName(ctx, s.Owner, s.Name); !errors.Is(err, ErrNotFound) {
		return s, errors.Join(err, ErrName)
	}
	s.Created = w.now().UTC()
	if s.Settings == "" {
		s.Settings = "{}"
	}
	err := w.write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "INSERT INTO crm_source (owner, name, kind, timezone, currency, golive_day, history_from, settings, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
			s.Owner, s.Name, s.Kind, s.Timezone, s.Currency, s.GoLive, s.HistoryFrom, s.Settings, s.Created.UnixMicro()).Scan(&s.ID)
	})
	return s, err
}

// SourceByName finds one. ErrNotFound.
func (w *Warehouse) SourceByName(ctx context.Context, owner, name string) (Source, error) {
	return scanSource(w.db.QueryRowContext(ctx, "SELECT "+sourceColumns+" FROM crm_source WHERE owner = $1 AND name = $2", owner, strings.TrimSpace(name)))
}

// Source finds one by its ID. ErrNotFound.
func (w *Warehouse) Source(ctx context.Context, id int64) (Source, error) {
	return scanSource(w.db.QueryRowContext(ctx, "SELECT "+sourceColumns+" FROM crm_source WHERE id = $1", id))
}

// Sources lists those of an owner, by name.
func (w *Warehouse) Sources(ctx context.Context, owner string) (list []Source, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT "+sourceColumns+" FROM crm_source WHERE owner = $1 ORDER BY name", owner)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		s, err := scanSource(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// UpdateSource keeps what was changed of a source: everything but ID, Owner and Created. ErrZone, ErrNotFound.
func (w *Warehouse) UpdateSource(ctx context.Context, s Source) error {
	if _, err := s.Zone(); err != nil {
		return err
	}
	var before string
	err := w.db.QueryRowContext(ctx, "SELECT currency FROM crm_source WHERE id = $1", s.ID).Scan(&before)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	err = w.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE crm_source SET name = $1, kind = $2, timezone = $3, currency = $4, golive_day = $5, history_from = $6, settings = $7 WHERE id = $8",
			s.Name, s.Kind, s.Timezone, s.Currency, s.GoLive, s.HistoryFrom, s.Settings, s.ID)
		if err != nil || s.Currency == before {
			return err
		}
		return recount(ctx, tx, s.ID, "opportunity") // other amounts are in the home currency now
	})
	if err != nil || s.Currency == before {
		return err
	}
	return w.remake(ctx, s.ID)
}

// RemoveSource deletes a source with all that came from it.
func (w *Warehouse) RemoveSource(ctx context.Context, id int64) error {
	return w.write(ctx, func(tx *sql.Tx) error {
		statements := []string{"DELETE FROM crm_reject WHERE batch IN (SELECT id FROM crm_batch WHERE source = $1)", "DELETE FROM crm_undo WHERE batch IN (SELECT id FROM crm_batch WHERE source = $1)",
			"DELETE FROM crm_batch_mapping WHERE batch IN (SELECT id FROM crm_batch WHERE source = $1)"}
		for _, t := range crm.Tables() {
			statements = append(statements, "DELETE FROM crm_"+t.Name+" WHERE source = $1")
		}
		for _, list := range tallies {
			for _, t := range list {
				statements = append(statements, "DELETE FROM "+t.name+" WHERE source = $1")
			}
		}
		statements = append(statements, "DELETE FROM crm_opportunity_due WHERE source = $1")
		for _, s := range append(statements, "DELETE FROM crm_decision WHERE source = $1", "DELETE FROM crm_batch WHERE source = $1", "DELETE FROM crm_source WHERE id = $1") {
			if _, err := tx.ExecContext(ctx, s, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Query runs a reading query, such as that of a key figure.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return w.db.QueryContext(ctx, query, args...)
}
