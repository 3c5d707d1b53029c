// Package auth decides who someone is and what they may do: passwords, secrets, sessions, rate limits, roles and scopes,
// single sign-on by OpenID Connect, and the refusal of requests from other sites.
//
// Start with Allowed for permissions, Login and Sessions for people with a password, OIDC for people without one.
// It knows neither SQL nor HTML: what has to be kept is asked for by the small interfaces here, and texts are made of
// codes by package locale. Clocks are passed in. Lookups answer (value, found, error).
package auth

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/diag"
)

// TooMany refuses an attempt that comes too early. It unwraps to a diagnostic with the seconds to wait.
type TooMany struct {
	// Wait is how long to wait; more than zero.
	Wait time.Duration
}

// Error is for logs.
func (e *TooMany) Error() string { return e.Unwrap().Error() }

// Unwrap is what users read.
func (e *TooMany) Unwrap() error {
	if s := e.seconds(); s <= 90 {
		return diag.New("auth_too_many_seconds", diag.Position{}, diag.Args{"count": s})
	}
	return diag.New("auth_too_many_minutes", diag.Position{}, diag.Args{"count": int(math.Ceil(e.Wait.Minutes()))})
}

func (e *TooMany) seconds() int { return max(1, int(math.Ceil(e.Wait.Seconds()))) }

// SetRetryAfter puts the header Retry-After (RFC 9110, 10.2.3; whole seconds) where err says when to come back.
func SetRetryAfter(h http.Header, err error) {
	if wait, ok := RetryAfter(err); ok {
		h.Set("Retry-After", strconv.Itoa((&TooMany{wait}).seconds()))
	}
}

// RetryAfter is how long to wait before the next attempt, where err says so.
func RetryAfter(err error) (time.Duration, bool) {
	var t *TooMany
	if errors.As(err, &t) {
		return t.Wait, true
	}
	return 0, false
}

// Status is the status of HTTP for an error of this package: 401 where a log-in is missing or has failed, 403, 404, 422
// for what a person has typed, 429, 502 where the provider of the single sign-on has failed, 503 where all hashing is
// busy; 500 for everything else.
func Status(err error) int {
	var list diag.List
	var d diag.Diagnostic
	if errors.As(err, &list) && len(list) > 0 {
		d = list[0]
	} else if !errors.As(err, &d) {
		return http.StatusInternalServerError
	}
	switch d.Code {
	case "auth_login_needed", "auth_session_expired", "auth_login_failed":
		return http.StatusUnauthorized
	case "auth_forbidden", "auth_forbidden_role", "auth_scope_missing", "auth_token_cannot", "auth_oidc_no_account":
		return http.StatusForbidden
	case "auth_not_found":
		return http.StatusNotFound
	case "auth_too_many_seconds", "auth_too_many_minutes":
		return http.StatusTooManyRequests
	case "auth_oidc_unreachable":
		return http.StatusBadGateway
	case "auth_busy":
		return http.StatusServiceUnavailable
	case "auth_oidc_refused", "auth_oidc_flow_lost", "auth_oidc_denied":
		return http.StatusBadRequest
	}
	if strings.HasPrefix(d.Code, "auth_") {
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// Email is the form of an address that is stored and compared: without blanks around it, in lower case and composed
// characters. It asks for one @ with something on both sides and no blanks, at most 254 bytes (RFC 5321, 4.5.3.1.3);
// whether the address exists only a message to it can tell.
func Email(s string) (string, error) {
	e := strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
	local, domain, ok := strings.Cut(e, "@")
	if !ok || local == "" || domain == "" || len(e) > 254 || strings.Contains(domain, "@") ||
		strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || strings.ContainsFunc(e, blank) {
		return "", diag.New("auth_email", diag.Position{}, diag.Args{"email": s})
	}
	return e, nil
}

// blank is what cannot stand in an address unquoted, and what could end a header of a message.
func blank(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"(),;:\`, r) || r == 0xa0
}
