package app_test

import (
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

// password gives somebody a password as Reset does.
func (w *world) password(who, password string) {
	w.Helper()
	secret, err := w.Reset(w.ctx, w.as(who).Email)
	w.ok(err)
	_, err = w.UseReset(w.ctx, passwords(), secret, password)
	w.ok(err)
}

func (w *world) logsIn(who, password string) bool {
	w.Helper()
	c, found, err := w.CredentialStore().CredentialByEmail(w.ctx, w.as(who).Email)
	w.ok(err)
	v, err := passwords().Verify(w.ctx, c.Hash, password)
	w.ok(err)
	return found && v.OK
}

// session signs somebody in and is its hash.
func (w *world) session(who string) string {
	w.Helper()
	_, s, err := w.store.CreateSession(w.ctx, store.Session{UserID: w.ids[who], Expires: w.now().Add(day)})
	w.ok(err)
	return s.ID
}

func (w *world) sessions(who string) (hashes []string) {
	w.Helper()
	list, err := w.Sessions(w.ctx, w.as(who))
	w.ok(err)
	for _, s := range list {
		hashes = append(hashes, s.ID)
	}
	return hashes
}

func TestReset(t *testing.T) {
	w := newWorld(t)
	for name, email := range map[string]string{"nobody's address": "niemand@example.com", "no address": "anna", "nothing": ""} {
		if secret, err := w.Reset(w.ctx, email); secret != "" || err != nil { // and the page says the same either way
			w.Errorf("%s: %q %v", name, secret, err)
		}
	}
	w.session("anna")
	w.session("anna")
	other := w.session("bernd")
	secret, err := w.Reset(w.ctx, " Anna.Berg@example.com ")
	w.ok(err)
	spare, err := w.Reset(w.ctx, "anna.berg@example.com")
	w.ok(err)
	if _, err := w.UseReset(w.ctx, passwords(), secret, "kurz"); err == nil {
		w.Error("a weak password is taken")
	}
	if len(w.sessions("anna")) != 2 {
		w.Error("a failed attempt ended sessions")
	}
	user, err := w.UseReset(w.ctx, passwords(), secret, goodPassword)
	w.ok(err)
	if user != w.ids["anna"] || !w.logsIn("anna", goodPassword) || len(w.sessions("anna")) != 0 || len(w.sessions("bernd")) != 1 || w.sessions("bernd")[0] != other {
		w.Errorf("user %s, sessions %v and %v", user, w.sessions("anna"), w.sessions("bernd"))
	}
	for name, used := range map[string]string{"used": secret, "another of the same account": spare, "made up": "x"} {
		w.run("a link that is "+name, func(w *world) {
			_, err = w.UseReset(w.ctx, passwords(), used, "ein-ganz-anderes-Wort")
			w.fails(err, app.NotFound, "web.error.reset")
			if !w.logsIn("anna", goodPassword) {
				w.Error("it changed the password")
			}
		})
	}
	late, err := w.Reset(w.ctx, "anna.berg@example.com")
	w.ok(err)
	w.wait(auth.ResetLifetime)
	_, err = w.UseReset(w.ctx, passwords(), late, "ein-ganz-anderes-Wort")
	w.fails(err, app.NotFound, "web.error.reset")

	w.disable("viewer")
	if secret, err := w.Reset(w.ctx, "vera@example.com"); secret != "" || err != nil {
		w.Errorf("an account that was disabled: %q %v", secret, err)
	}
}

func (w *world) disable(who string) {
	w.Helper()
	u, err := w.store.User(w.ctx, w.ids[who])
	w.ok(err)
	u.Disabled = w.now()
	w.ok(w.store.UpdateUser(w.ctx, store.Actor{}, u))
}

func TestSetPassword_keepsTheOwnSession(t *testing.T) {
	w := newWorld(t)
	w.password("anna", goodPassword)
	here := w.session("anna")
	w.session("anna")
	w.session("anna")
	who := w.as("anna")
	who.Session = here
	link, err := w.Reset(w.ctx, who.Email)
	w.ok(err)

	const next = "sieben-Raben-fliegen-fort"
	if e := w.failure(w.SetPassword(w.ctx, who, passwords(), "falsch", next), app.Invalid, "web.error.old_password"); e.Field != "old" {
		w.Errorf("field %q", e.Field)
	}
	if err := w.SetPassword(w.ctx, who, passwords(), goodPassword, "anna.berg"); err == nil {
		w.Error("a weak password is taken")
	}
	if len(w.sessions("anna")) != 3 || !w.logsIn("anna", goodPassword) {
		w.Error("a failed attempt did something")
	}
	w.ok(w.SetPassword(w.ctx, who, passwords(), goodPassword, next))
	if left := w.sessions("anna"); len(left) != 1 || left[0] != here {
		w.Errorf("sessions %v, want %s alone", left, here)
	}
	if !w.logsIn("anna", next) || w.logsIn("anna", goodPassword) {
		w.Error("the password is not the new one")
	}
	_, err = w.UseReset(w.ctx, passwords(), link, goodPassword) // a link from before would bring the old times back
	w.fails(err, app.NotFound, "web.error.reset")
	// Who signs in elsewhere has no password to know.
	w.fails(w.SetPassword(w.ctx, w.as("bernd"), passwords(), "", next), app.Invalid, "web.error.old_password")
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	first, second := w.session("anna"), w.session("anna")
	w.fails(w.EndSession(w.ctx, w.as("bernd"), first), app.NotFound, "web.error.not_found") // somebody else's
	w.ok(w.EndSession(w.ctx, w.as("anna"), first))
	w.fails(w.EndSession(w.ctx, w.as("anna"), first), app.NotFound, "web.error.not_found")
	if left := w.sessions("anna"); len(left) != 1 || left[0] != second {
		w.Errorf("%v", left)
	}
	w.wait(day + time.Minute)
	if left := w.sessions("anna"); len(left) != 0 {
		w.Errorf("a session that has run out is listed: %v", left)
	}
}

func TestSetup_onceOnly(t *testing.T) {
	s := storetest.Open(t)
	a := app.New(s, engine(), nil)
	if fresh, err := a.Fresh(t.Context()); err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	user, err := a.Setup(t.Context(), passwords(), " Anna ", "anna@example.com", " Beispiel GmbH ", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	who, err := a.Actor(t.Context(), user)
	if err != nil || !who.Admin || who.Name != "Anna" || len(who.Roles) != 1 {
		t.Fatalf("%+v %v", who, err)
	}
	if fresh, err := a.Fresh(t.Context()); err != nil || fresh {
		t.Error(fresh, err)
	}
	_, err = a.Setup(t.Context(), passwords(), "Eva", "eva@example.com", "Andere", goodPassword)
	if code, _ := app.CodeOf(err); code != app.Denied {
		t.Errorf("a second set-up: %v", err)
	}
}

func TestLocal(t *testing.T) {
	t.Run("makes one person with an organisation, once", func(t *testing.T) {
		a := app.New(storetest.Open(t), engine(), nil)
		var first app.Actor
		for i, name := range []string{"Anna", "Jemand"} {
			who, err := a.Local(t.Context(), name, "Meine Firma")
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = who
			}
			if who.User != first.User || who.Name != "Anna" || !who.Admin || len(who.Roles) != 1 {
				t.Errorf("%+v", who)
			}
		}
		home, err := a.Home(t.Context(), first, "")
		if err != nil || first.Roles[home] != auth.Owner {
			t.Errorf("%s %v %v", home, first.Roles, err)
		}
		id, err := a.Create(t.Context(), first, "", []byte(small), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if o, err := a.Open(t.Context(), first, id, 0); err != nil || !o.CanEdit || o.Organisation != "Meine Firma" {
			t.Errorf("%+v %v", o, err)
		}
	})
	t.Run("is the administrator of a database that had accounts", func(t *testing.T) {
		w := newWorld(t)
		who, err := w.Local(w.ctx, "Jemand", "Neue Firma")
		w.ok(err)
		if who.User != w.ids["admin"] || !who.Admin || w.users() != 7 {
			w.Errorf("%+v", who)
		}
	})
	t.Run("is an administrator who may be used, else an account that may", func(t *testing.T) {
		w := newWorld(t)
		u, err := w.store.User(w.ctx, w.ids["bernd"])
		w.ok(err)
		u.Admin = true
		w.ok(w.store.UpdateUser(w.ctx, store.Actor{}, u))
		for _, gone := range []struct{ who, next string }{{"admin", "bernd"}, {"bernd", "anna"}} {
			w.disable(gone.who)
			who, err := w.Local(w.ctx, "Jemand", "Neue Firma")
			w.ok(err)
			if who.User != w.ids[gone.next] {
				w.Errorf("%s, want %s", who.Name, gone.next)
			}
		}
	})
}

func TestActor(t *testing.T) {
	w := newWorld(t)
	if who := w.as("commenter"); who.Admin || who.Roles[w.org] != auth.Commenter || len(who.Roles) != 1 || who.Email != "carl@example.com" {
		w.Errorf("%+v", who)
	}
	w.disable("commenter")
	for _, id := range []string{w.ids["commenter"], "none", ""} {
		_, err := w.Actor(w.ctx, id)
		w.fails(err, app.Unauthenticated, "web.error.login")
	}
	who := w.as("anna")
	w.ok(w.SetName(w.ctx, who, " Anna Müller "))
	if w.as("anna").Name != "Anna Müller" {
		w.Errorf("called %q", w.as("anna").Name)
	}
	w.fails(w.SetName(w.ctx, who, " "), app.Invalid, "web.error.name")
}

// What package auth asks for, as its interfaces promise it.
func TestStoresOfAuth(t *testing.T) {
	w := newWorld(t)
	s := w.SessionStore()
	made := auth.Session{Hash: "abc", User: w.ids["anna"], Created: w.now(), Seen: w.now(), Address: "192.0.2.1", Agent: "Firefox"}
	w.ok(s.InsertSession(w.ctx, made))
	got, found, err := s.SessionByHash(w.ctx, "abc")
	w.ok(err)
	if made.Created, made.Seen = got.Created, got.Seen; !found || got != made {
		w.Errorf("%t %+v", found, got)
	}
	w.wait(time.Hour)
	w.ok(s.TouchSession(w.ctx, "abc", w.now()))
	if later, _, err := s.SessionByHash(w.ctx, "abc"); err != nil || later.Seen.Sub(got.Seen) < time.Hour || later.Created != got.Created {
		w.Errorf("touched: %+v %v", later, err)
	}
	w.wait(auth.DefaultAbsolute) // touching does not make it last longer
	if _, found, err := s.SessionByHash(w.ctx, "abc"); err != nil || found {
		w.Errorf("a session after %s: %t %v", auth.DefaultAbsolute, found, err)
	}
	w.ok(s.DeleteSession(w.ctx, "abc"))
	w.ok(s.DeleteSession(w.ctx, "never there"))
	w.ok(s.TouchSession(w.ctx, "abc", w.now())) // what is gone stays gone, without an error
	w.ok(s.TouchSession(w.ctx, "never there", w.now()))

	w.password("bernd", goodPassword)
	c := w.CredentialStore()
	cred, found, err := c.CredentialByEmail(w.ctx, "BERND@example.com")
	w.ok(err)
	if !found || cred.User != w.ids["bernd"] || cred.Disabled {
		w.Errorf("%t %+v", found, cred)
	}
	w.ok(c.ReplacePasswordHash(w.ctx, cred.User, "not the one that stands", "x"))
	if !w.logsIn("bernd", goodPassword) {
		w.Error("a slow log-in replaced a newer password")
	}
	for _, email := range []string{"nobody@example.com", "no address", ""} {
		if _, found, err := c.CredentialByEmail(w.ctx, email); found || err != nil {
			w.Errorf("%q: %t %v", email, found, err)
		}
	}
	w.disable("viewer")
	if cred, found, err := c.CredentialByEmail(w.ctx, "vera@example.com"); !found || !cred.Disabled || err != nil {
		w.Errorf("%t %+v %v", found, cred, err)
	}

	i := w.Identities()
	outside := auth.Identity{Issuer: "https://sso.example.com", Subject: "42", Email: "neu@example.com", Name: "Nele Neu"}
	if _, found, err := i.UserByIdentity(w.ctx, outside.Issuer, outside.Subject); found || err != nil {
		w.Error(found, err)
	}
	id, err := i.CreateUser(w.ctx, outside)
	w.ok(err)
	who, err := w.Actor(w.ctx, id)
	w.ok(err)
	home, err := w.Home(w.ctx, who, "")
	w.ok(err)
	if who.Name != "Nele Neu" || who.Admin || len(who.Roles) != 1 || who.Roles[home] != auth.Owner {
		w.Errorf("%+v", who)
	}
	w.ok(i.LinkIdentity(w.ctx, w.ids["anna"], auth.Identity{Issuer: outside.Issuer, Subject: "43", Name: "Anna"}))
	for subject, want := range map[string]string{"42": id, "43": w.ids["anna"]} {
		if got, found, err := i.UserByIdentity(w.ctx, outside.Issuer, subject); got != want || !found || err != nil {
			w.Errorf("%s: %s %t %v", subject, got, found, err)
		}
	}
	if got, found, err := i.UserByEmail(w.ctx, "Otto@example.org"); got != w.ids["otto"] || !found || err != nil {
		w.Error(got, found, err)
	}
	if _, found, err := i.UserByEmail(w.ctx, "nobody@example.org"); found || err != nil {
		w.Error(found, err)
	}
	// An address that an account has cannot be taken by somebody from outside.
	_, err = i.CreateUser(w.ctx, auth.Identity{Issuer: outside.Issuer, Subject: "44", Email: "otto@example.org"})
	w.fails(err, app.Conflict, "web.error.exists")
	if _, found, err := i.UserByIdentity(w.ctx, outside.Issuer, "44"); found || err != nil {
		w.Error(found, err)
	}
}
