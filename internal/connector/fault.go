package connector

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Code says what went wrong, in the words of whoever has to mend it; its text is the message connector.error.CODE.
type Code string

// The codes.
const (
	Denied      Code = "denied"      // the access does not hold, or lacks a right
	Missing     Code = "missing"     // the server has no such place
	Tomorrow    Code = "tomorrow"    // the budget is used up; Until says when to come back
	Unavailable Code = "unavailable" // the server did not answer, or with a fault, several times
	Unreadable  Code = "unreadable"  // the answer is not what the documentation says
	TooLarge    Code = "too_large"   // the answer is larger than allowed
	Refused     Code = "refused"     // the server understood and declined
	Address     Code = "address"     // the address is none that may be spoken to
	Loop        Code = "loop"        // the pages never end
	Vanished    Code = "vanished"    // more than half of the records are gone: rather a lost right than deletions
	Busy        Code = "busy"        // the source is being read already
	Query       Code = "query"       // the database cannot run the query; the cause says why
	Misfit      Code = "mapping"     // the mapping does not fit what the query delivers; the cause is a diag.List
	Untrusted   Code = "untrusted"   // the database speaks without encryption, or its certificate does not hold
	Slow        Code = "slow"        // the query took longer than allowed
	Changes     Code = "changes"     // the query would have changed something
	Sealed      Code = "sealed"      // the stored access cannot be opened with the keys at hand
)

// Error is a failure of a source. It never holds text of the server, which may name paths or people, nor a secret; all that
// a database's own words are let through for is what it says about the text of a query.
type Error struct {
	Code Code
	// Place is what was asked for, in our words: an object, a method.
	Place  string
	Status int       // of HTTP, 0 where none came
	Until  time.Time // of Tomorrow
	Cause  error     // of ours or the network's
}

func (e *Error) Error() string {
	s := "connector: " + string(e.Code)
	if e.Place != "" {
		s += " at " + e.Place
	}
	if e.Status != 0 {
		s += " (HTTP " + strconv.Itoa(e.Status) + ")"
	}
	if !e.Until.IsZero() {
		s += " until " + e.Until.UTC().Format(time.RFC3339)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Key is the key of the message for people.
func (e *Error) Key() string { return "connector.error." + string(e.Code) }

// Args are the arguments of that message.
func (e *Error) Args() map[string]any {
	args := map[string]any{"place": e.Place, "detail": ""}
	if e.Code == Query && e.Cause != nil {
		args["detail"] = e.Cause.Error()
	}
	return args
}

// Is reports whether err is an Error of one of the codes.
func Is(err error, codes ...Code) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}

// Fail is an error without a cause.
func Fail(code Code, place string) error { return &Error{Code: code, Place: place} }

func failf(code Code, place, format string, args ...any) error {
	return &Error{Code: code, Place: place, Cause: fmt.Errorf(format, args...)}
}
