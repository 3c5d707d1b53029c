package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migrated is what Open did to the schema. From is 0 for a new database; From and To are equal where there was nothing
// to do. Backup is the copy of the SQLite file as it was before, "" where none was needed.
type Migrated struct {
	From   int64
	To     int64
	Backup string
}

// NewerError says that a newer version of the program has been at this database.
type NewerError struct {
	Schema int64
	Known  int64
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("database has schema %d, this program knows up to %d", e.Schema, e.Known)
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return nil, err
	}
	if s.kind == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, s.writer, files, goose.WithDisableGlobalRegistry(true))
	}
	// Two programs that start at once on the same database migrate one after the other; the second asks every second, for
	// five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.writer, files, goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
}

func (s *Store) migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return wrap("reading the schema", err)
	}
	// goose has a lock for PostgreSQL only. Where two programs open the same new SQLite file, one of them fails on a table
	// that the other has just made, and finds the work done when it looks again.
	for range attempts {
		if err = s.raise(ctx, p); err == nil || s.kind == PostgreSQL {
			break
		}
		if _, newer := errors.AsType[*NewerError](err); newer {
			break
		}
	}
	return wrap("changing the schema", err)
}

func (s *Store) raise(ctx context.Context, p *goose.Provider) error {
	from, to, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	s.migrated.From, s.migrated.To = from, to
	switch {
	case from > to:
		return &NewerError{Schema: from, Known: to}
	case from == to:
		return nil
	}
	if from > 0 && s.kind == SQLite && s.migrated.Backup == "" {
		backup := fmt.Sprintf("%s.schema%d-%s", s.path, from, s.now().Format("20060102T150405.000000"))
		if err := s.CopyFile(ctx, backup); err != nil {
			return err
		}
		s.migrated.Backup = backup
	}
	_, err = p.Up(ctx)
	return err
}
