package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// DefaultFile is the SQLite file, in the working directory, of an empty address.
const DefaultFile = "rendite.db"

// AddressError says that an address names no database this package knows. Scheme is the part before "://", "" where
// the address cannot be read at all.
type AddressError struct{ Scheme string }

func (e *AddressError) Error() string {
	if e.Scheme == "" {
		return "database address cannot be read: want a file or postgres://user:password@host:port/name"
	}
	return fmt.Sprintf("database address begins with %s://: want a file or postgres://", e.Scheme)
}

// UnreachableError says that a database does not answer or does not let us in. Place is its file, or host, port and
// name, never the password; Cause is the operating system's or server's word on it.
type UnreachableError struct {
	Place string
	Cause string
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("database %s not reachable: %s", e.Place, e.Cause)
}

// Open opens the database at an address and brings its schema up to date: "" or the path of a file for SQLite, which is
// made where it is missing; postgres://user:password@host:port/name for PostgreSQL. Before an older schema is changed, a
// SQLite file is copied beside itself (see Migrated). *AddressError, *UnreachableError, *NewerError.
func Open(ctx context.Context, address string, options ...Option) (*Store, error) {
	s, err := connect(ctx, address, options)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func connect(ctx context.Context, address string, options []Option) (*Store, error) {
	s := &Store{clock: time.Now}
	for _, o := range options {
		o(s)
	}
	scheme, _, has := strings.Cut(address, "://")
	switch {
	case has && (scheme == "postgres" || scheme == "postgresql"):
		return s, s.openPostgreSQL(ctx, address)
	case has && scheme != "sqlite":
		return nil, &AddressError{Scheme: scheme}
	}
	return s, s.openSQLite(ctx, strings.TrimPrefix(address, "sqlite://"))
}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	if path == "" {
		path = DefaultFile
	}
	full, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(full), 0o700)
	}
	if err == nil {
		// Made here so that nobody else can read it: it holds password hashes. The write-ahead log takes over its rights.
		var f *os.File
		if f, err = os.OpenFile(full, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return &UnreachableError{Place: path, Cause: cause(err)}
	}
	s.kind, s.path = SQLite, full
	if s.writer, err = sql.Open("sqlite", dsn(full, "_txlock=immediate")); err != nil {
		return &UnreachableError{Place: path, Cause: err.Error()}
	}
	s.writer.SetMaxOpenConns(1)
	if err := s.writer.PingContext(ctx); err != nil {
		return errors.Join(&UnreachableError{Place: path, Cause: err.Error()}, s.writer.Close())
	}
	if s.reader, err = sql.Open("sqlite", dsn(full, "_pragma=query_only(1)")); err != nil {
		return errors.Join(&UnreachableError{Place: path, Cause: err.Error()}, s.writer.Close())
	}
	s.reader.SetMaxOpenConns(8)
	s.reader.SetMaxIdleConns(8)
	return nil
}

// dsn is the address modernc wants. busy_timeout first, so that even setting the others waits for another process.
// synchronous is FULL: what was acknowledged survives a power cut, which NORMAL does not promise in WAL mode.
func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")} // C:/x is /C:/x in an address
	return u.String() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + more
}

// cause is an error of the operating system without the path, which is named already.
func cause(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func (s *Store) openPostgreSQL(ctx context.Context, address string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return &AddressError{} // pgx's own error repeats the address
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	place := fmt.Sprintf("%s:%d/%s", config.Host, config.Port, config.Database)
	s.kind = PostgreSQL
	s.writer = stdlib.OpenDB(*config)
	s.writer.SetMaxOpenConns(16)
	s.writer.SetMaxIdleConns(8)
	s.writer.SetConnMaxIdleTime(5 * time.Minute)
	s.reader = s.writer
	if err := s.writer.PingContext(ctx); err != nil {
		text := err.Error()
		if config.Password != "" {
			text = strings.ReplaceAll(text, config.Password, "…")
		}
		return errors.Join(&UnreachableError{Place: place, Cause: text}, s.writer.Close())
	}
	return nil
}
