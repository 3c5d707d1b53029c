package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestProblem_ofEveryFailure(t *testing.T) {
	at := diag.Position{File: "case.yaml", Line: 3, Column: 4, Source: "  a: b"}
	for _, c := range []struct {
		name   string
		err    error
		code   kind
		status int
		retry  string
		reason string
		errors int
	}{
		{name: "too many compute", err: &app.Error{Code: app.Unavailable, Key: "web.error.busy", RetryAfter: 1500 * time.Millisecond}, code: unavailable, status: 503, retry: "2", reason: "busy"},
		{name: "too many attempts", err: &auth.TooMany{Wait: 90 * time.Second}, code: limit, status: 429, retry: "90", reason: "auth_too_many_seconds"},
		{name: "wrapped", err: fmt.Errorf("around: %w", &app.Error{Code: app.Conflict, Key: "web.error.conflict", Head: 7}), code: conflict, status: 409, reason: "conflict"},
		{name: "a key that no message has", err: &app.Error{Code: app.NotFound, Key: "web.error.unheard_of"}, code: notFound, status: 404, reason: "unheard_of"},
		{name: "mistakes of a case", err: &app.Error{Code: app.Invalid, Key: "web.error.case", Problems: diag.List{diag.New("no_costs", at, nil), diag.Warn("no_adoption", at, nil)}}, code: invalid, status: 422, reason: "case", errors: 2},
		{name: "mistakes alone", err: diag.List{diag.New("no_costs", at, nil)}, code: invalid, status: 422, errors: 1},
		{name: "too big a case", err: &app.Error{Code: app.Limit, Key: "web.error.too_big"}, code: tooLarge, status: 413, reason: "too_big"},
		{name: "nobody's business", err: errors.New("pq: password authentication failed for user rendite"), code: internal, status: 500},
	} {
		for _, lang := range locale.Langs() {
			p := problem(c.err, locale.New(lang))
			if p.Code != c.code || p.Status != c.status || p.Reason != c.reason || p.header.Get("Retry-After") != c.retry || len(p.Errors) != c.errors {
				t.Errorf("%s, %s: %+v", c.name, lang, p)
			}
			if text := p.Title + p.Detail; strings.Contains(text, "⟦") || strings.Contains(text, "password") || p.Title == "" || p.Detail == "" {
				t.Errorf("%s, %s: %q", c.name, lang, text)
			}
		}
	}
}

func TestLanguage_isTheOneThatTheClientPrefers(t *testing.T) {
	for header, want := range map[string]locale.Lang{"": "en", "de": "de", "de-AT,en;q=0.8": "de", "en;q=0.4, de;q=0.5": "de", "fr, en;q=0.1": "en", "de;q=0, en;q=0.1": "en", "*": "en", "de;q=x": "en", "de;q=7": "en"} {
		if got := language(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestBase_readsTheRevisionInATag(t *testing.T) {
	q := &ask{l: locale.New(locale.English)}
	for header, want := range map[string]int{`"3"`: 3, `"12-a0b1"`: 12, "*": -1, "3": 0, `"x"`: 0, `W/"3"`: 0, `"0"`: 0, `"-3"`: 0, `"99999999999999999999"`: 0, `"1", "2"`: 0} {
		if got, err := base(q, header); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", header, got, err, want)
		}
	}
	_, err := base(q, " ")
	var p *Problem
	if !errors.As(err, &p) || p.Code != noPrecondition {
		t.Errorf("none: %v", err)
	}
}
