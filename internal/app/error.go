package app

import (
	"errors"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Code says what kind of failure an Error is; surfaces map it to a status.
type Code string

// The codes.
const (
	Invalid         Code = "invalid"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	Denied          Code = "denied"
	Unauthenticated Code = "unauthenticated"
	Limit           Code = "limit"
	Unavailable     Code = "unavailable"
)

// Error is a failure that the person who asked can do something about. Key is a message of package locale.
type Error struct {
	Code Code
	Key  string
	Args diag.Args
	// Problems are those of a case file, with their places.
	Problems diag.List
	// Field is the input it concerns, empty for none.
	Field string
	// RetryAfter is when to try again; 0 is no statement.
	RetryAfter time.Duration
	// Head is the newest revision where another came first.
	Head int
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Key }

// CodeOf is the code of an error that has one.
func CodeOf(err error) (Code, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Code, true
	}
	return "", false
}
