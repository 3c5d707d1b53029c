package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// bearer is the actor behind a new token of somebody.
func (w *world) bearer(who, org string, scopes ...string) (app.Actor, store.Token) {
	w.Helper()
	secret, err := w.CreateToken(w.ctx, w.as(who), org, "Test", scopes, 30)
	w.ok(err)
	actor, err := w.Bearer(w.ctx, secret)
	w.ok(err)
	token, err := w.MadeToken(w.ctx, secret)
	w.ok(err)
	return actor, token
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	read, token := w.bearer("editor", w.org, "cases:read", "comments:write", "cases:read")
	if read.User != w.ids["editor"] || read.Name != "Eva Editor" || read.Token.Organisation != w.org ||
		!slices.Equal(read.Token.Scopes, []auth.Scope{auth.CasesRead, auth.CommentsWrite}) || token.Scopes != "cases:read comments:write" {
		w.Errorf("%+v %+v", read, read.Token)
	}
	_, err := w.Open(w.ctx, read, id, 0)
	w.ok(err)
	_, err = w.SaveText(w.ctx, read, id, []byte(small), 1, "")
	w.denied(err, "auth_scope_missing")

	// A token acts in its organisation only, also where its person belongs to others.
	w.ok(w.store.AddMember(w.ctx, store.Actor{}, w.other, w.ids["editor"], store.Editor))
	abroad, _ := w.bearer("editor", w.other, "cases:read", "cases:write")
	_, err = w.Open(w.ctx, abroad, id, 0)
	w.denied(err, "auth_not_found")
	_, err = w.Create(w.ctx, abroad, w.org, []byte(small), "", "")
	w.denied(err, "auth_not_found")

	// It may no more than its person, whatever it was made for.
	weak, _ := w.bearer("viewer", w.org, "cases:read", "cases:write", "org:admin")
	_, err = w.SaveText(w.ctx, weak, id, []byte(small), 1, "")
	w.denied(err, "auth_forbidden_role")
	w.denied(w.RenameOrganisation(w.ctx, weak, w.org, "Meine"), "auth_forbidden_role")

	for name, c := range map[string]struct {
		scopes []string
		days   int
		code   string // of package auth, else app.Invalid
	}{
		"no scope":         {nil, 30, "auth_scope_none"},
		"an unknown scope": {[]string{"cases:read", "all"}, 30, "auth_scope_unknown"},
		"no day":           {[]string{"cases:read"}, 0, ""},
		"too many days":    {[]string{"cases:read"}, 367, ""},
	} {
		w.run(name, func(w *world) {
			_, err := w.CreateToken(w.ctx, w.as("editor"), w.org, "x", c.scopes, c.days)
			if c.code != "" {
				w.denied(err, c.code)
				return
			}
			w.fails(err, app.Invalid, "web.error.scopes")
		})
	}
	_, err = w.CreateToken(w.ctx, w.as("editor"), w.org, " ", []string{"cases:read"}, 30)
	w.fails(err, app.Invalid, "web.error.name")
	for _, org := range []string{"none", ""} {
		_, err = w.CreateToken(w.ctx, w.as("editor"), org, "x", []string{"cases:read"}, 30)
		w.denied(err, "auth_not_found")
	}
	before := len(w.log(w.org))
	_, err = w.CreateToken(w.ctx, w.as("otto"), w.org, "Grüße von Otto", []string{"cases:read"}, 30)
	w.denied(err, "auth_not_found")
	if len(w.log(w.org)) != before {
		w.Error("a stranger writes into the log")
	}
}

func TestTokens_end(t *testing.T) {
	w := newWorld(t)
	make := func(who string, days int) (string, store.Token) {
		secret, err := w.CreateToken(w.ctx, w.as(who), w.org, "x", []string{"cases:read"}, days)
		w.ok(err)
		token, err := w.MadeToken(w.ctx, secret)
		w.ok(err)
		return secret, token
	}
	ended := func(secret, why string) {
		w.Helper()
		if _, err := w.Bearer(w.ctx, secret); err == nil {
			w.Errorf("a token is good that %s", why)
		} else {
			w.fails(err, app.Unauthenticated, "web.error.token")
		}
	}
	ended("rendite_made-up", "was never made")

	short, _ := make("editor", 1)
	w.wait(day - time.Minute)
	_, err := w.Bearer(w.ctx, short)
	w.ok(err)
	w.wait(2 * time.Minute)
	ended(short, "has run out")

	secret, token := make("editor", 30)
	w.denied(w.RevokeToken(w.ctx, w.as("anna"), token.ID), "auth_not_found") // an owner is not its person
	w.fails(w.RevokeToken(w.ctx, w.as("editor"), "none"), app.NotFound, "web.error.not_found")
	_, err = w.Bearer(w.ctx, secret)
	w.ok(err)
	w.ok(w.RevokeToken(w.ctx, w.as("editor"), token.ID))
	ended(secret, "was revoked")
	list, err := w.Tokens(w.ctx, w.as("editor"))
	w.ok(err)
	if len(list) != 2 || list[1].Revoked.IsZero() {
		w.Errorf("%+v", list)
	}

	secret, _ = make("viewer", 30)
	w.ok(w.RemoveMember(w.ctx, w.as("anna"), w.org, w.ids["viewer"]))
	ended(secret, "belongs to somebody who has left the organisation")

	secret, _ = make("commenter", 30)
	u, err := w.store.User(w.ctx, w.ids["commenter"])
	w.ok(err)
	u.Disabled = w.now()
	w.ok(w.store.UpdateUser(w.ctx, store.Actor{}, u))
	_, err = w.Bearer(w.ctx, secret)
	w.fails(err, app.Unauthenticated, "web.error.login")
}

func TestBearer_notesTheLastUseToAMinute(t *testing.T) {
	w := newWorld(t)
	secret, err := w.CreateToken(w.ctx, w.as("editor"), w.org, "x", []string{"cases:read"}, 30)
	w.ok(err)
	used := func() time.Time {
		w.Helper()
		token, err := w.MadeToken(w.ctx, secret)
		w.ok(err)
		return token.LastUsed
	}
	use := func() {
		w.Helper()
		_, err := w.Bearer(w.ctx, secret)
		w.ok(err)
	}
	if !used().IsZero() {
		w.Errorf("used at %s before the first time", used())
	}
	use()
	first := used()
	if age := w.now().Sub(first); age < 0 || age > time.Second {
		w.Errorf("used %s ago", age)
	}
	w.wait(50 * time.Second)
	use()
	if used() != first {
		w.Error("every use is written down")
	}
	w.wait(time.Minute)
	use()
	if used().Sub(first) < time.Minute {
		w.Errorf("used at %s, first at %s", used(), first)
	}
}
