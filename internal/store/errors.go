package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
)

// What callers can tell apart with errors.Is. None of them carries SQL.
var (
	// ErrNotFound: what was asked for, or what a new row refers to, is not there, has run out or was revoked.
	ErrNotFound = errors.New("not found")
	// ErrExists: the id, email, identity or membership is taken.
	ErrExists = errors.New("exists already")
	// ErrLastOwner: the change would leave an organisation without an owner who can sign in.
	ErrLastOwner = errors.New("last owner of the organisation")
	// ErrArchived: an archived case takes no revisions.
	ErrArchived = errors.New("case is archived")
	// ErrNoStep: there is nothing to undo or to redo.
	ErrNoStep = errors.New("no step in that direction")
	// ErrKeyReused: an idempotency key came again with another request.
	ErrKeyReused = errors.New("idempotency key used for another request")
	// ErrInProgress: the request with this idempotency key is still running.
	ErrInProgress = errors.New("request with this idempotency key is running")
	// ErrCursor: a page cursor that this store did not hand out for this listing.
	ErrCursor = errors.New("unknown page cursor")
	// ErrText: a text that is not UTF-8 or holds a NUL byte, which PostgreSQL cannot keep.
	ErrText = errors.New("text is not UTF-8 or holds a NUL byte")
	// ErrEmail: an address without an @ or with blanks.
	ErrEmail = errors.New("not an email address")
	// ErrWrongEmail: an invitation was made out to another address.
	ErrWrongEmail = errors.New("invitation is for another address")
	// ErrName: a name that is empty.
	ErrName = errors.New("name is empty")
	// ErrValue: a role or status that does not exist.
	ErrValue = errors.New("unknown role or status")
	// ErrNotSQLite: only a SQLite database is a file that can be copied.
	ErrNotSQLite = errors.New("not a SQLite database")
	// ErrNotEmpty: Restore found data in the database it should fill.
	ErrNotEmpty = errors.New("database is not empty")
	// ErrMigrated: the database Restore should fill has a newer schema than the backup; a new database will do.
	ErrMigrated = errors.New("database has a newer schema than the backup")
)

// ConflictError says that a case has moved on: Head is its latest revision, not the one the change was based on.
type ConflictError struct{ Head int64 }

func (e *ConflictError) Error() string { return fmt.Sprintf("case is at revision %d", e.Head) }

// Failure is the database failing: disk full, connection lost. Error says what was being done and nothing of the
// database's own words; those are for the operator, by errors.Unwrap or Detail.
type Failure struct {
	Doing string
	cause error
}

func (e *Failure) Error() string { return "store: " + e.Doing + " failed" }

// Unwrap is the database's own error.
func (e *Failure) Unwrap() error { return e.cause }

// Detail is the database's own text, for the operator's log.
func (e *Failure) Detail() string { return e.cause.Error() }

// LogValue is what the log gets: what was being done and the database's own text.
func (e *Failure) LogValue() slog.Value { return slog.StringValue(e.Error() + ": " + e.Detail()) }

// wrap lets the errors of this package and of the context through and hides the rest behind a Failure.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	for _, own := range []error{ErrNotFound, ErrExists, ErrLastOwner, ErrArchived, ErrNoStep, ErrKeyReused, ErrInProgress,
		ErrCursor, ErrText, ErrEmail, ErrWrongEmail, ErrName, ErrValue, ErrNotSQLite, ErrNotEmpty, ErrMigrated, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, own) {
			return own
		}
	}
	if conflict, ok := errors.AsType[*ConflictError](err); ok {
		return conflict
	}
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		return damaged
	}
	if newer, ok := errors.AsType[*NewerError](err); ok {
		return newer
	}
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	switch {
	case errors.Is(err, sql.ErrNoRows), isForeign(err):
		return ErrNotFound
	case isUnique(err):
		return ErrExists
	}
	return &Failure{Doing: doing, cause: err}
}

func isUnique(err error) bool {
	return hasCode(err, "23505", sqlitecode.SQLITE_CONSTRAINT_UNIQUE, sqlitecode.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func isForeign(err error) bool {
	return hasCode(err, "23503", sqlitecode.SQLITE_CONSTRAINT_FOREIGNKEY)
}

// isRetryable: PostgreSQL chose this transaction as the victim of a deadlock or could not serialise it.
func isRetryable(err error) bool {
	return hasCode(err, "40P01") || hasCode(err, "40001")
}

func hasCode(err error, postgres string, lite ...int) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == postgres
	}
	if own, ok := errors.AsType[*sqlite.Error](err); ok {
		for _, c := range lite {
			if own.Code() == c {
				return true
			}
		}
	}
	return false
}
