// Package store keeps what the web workspace must not lose: accounts, cases with every revision, drafts, comments,
// shares, the log of changes. One set of queries runs on SQLite and on PostgreSQL.
//
// Start with Open. Every method that changes something does so in one transaction, together with the line in the log
// that tells of it; when it returns without error, the change is on disk. The package knows nothing of HTTP, of
// permissions or of what is in a case file.
package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Kind is the database behind a store.
type Kind string

// The two databases.
const (
	SQLite     Kind = "sqlite"
	PostgreSQL Kind = "postgres"
)

// Store is one open database. Its methods may be called from any number of goroutines.
type Store struct {
	kind Kind
	path string // of the SQLite file
	// SQLite lets one connection write at a time and answers a second one with SQLITE_BUSY, at once where a reading
	// transaction wants to become a writing one. So all writing goes through a pool of one connection, where it queues in
	// the order it came, and reading through a pool of its own, which the write-ahead log keeps out of the writer's way.
	// With PostgreSQL both are the same pool.
	writer, reader *sql.DB
	clock          func() time.Time
	migrated       Migrated
}

// Option changes how a store is opened.
type Option func(*Store)

// WithClock makes the store take its times from now instead of the machine's clock.
func WithClock(now func() time.Time) Option { return func(s *Store) { s.clock = now } }

// Kind says which database is behind the store.
func (s *Store) Kind() Kind { return s.kind }

// Path is the absolute path of the SQLite file, "" with PostgreSQL.
func (s *Store) Path() string { return s.path }

// Migrated says what Open did to the schema.
func (s *Store) Migrated() Migrated { return s.migrated }

// Close waits for what is running and closes the database.
func (s *Store) Close() error {
	if s.kind == PostgreSQL {
		return wrap("close", s.writer.Close())
	}
	return wrap("close", errors.Join(s.reader.Close(), s.writer.Close()))
}

// Ping asks the database for a sign of life, both for reading and for writing connections.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.writer.PingContext(ctx); err != nil {
		return wrap("ping", err)
	}
	_, err := s.read().CountUsers(ctx)
	return wrap("ping", err)
}

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

func (s *Store) read() *query.Queries { return query.New(s.reader) }

// attempts bounds how often a transaction is tried that PostgreSQL has ended in favour of another one.
const attempts = 5

// write runs f in one transaction. f may run more than once and must not keep anything of an earlier run.
func (s *Store) write(ctx context.Context, doing string, f func(*query.Queries) error) error {
	var err error
	for range attempts {
		if err = s.transact(ctx, f); !isRetryable(err) {
			break
		}
	}
	return wrap(doing, err)
}

func (s *Store) transact(ctx context.Context, f func(*query.Queries) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(query.New(tx)); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone drops the complaint that a transaction had ended already, which a cancelled context brings about.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// micros is a time as the database keeps it: UTC microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// one turns a count of changed rows into ErrNotFound where it is none.
func one(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

func each[A, B any](from []A, f func(A) B) []B {
	to := make([]B, 0, len(from))
	for _, a := range from {
		to = append(to, f(a))
	}
	return to
}
