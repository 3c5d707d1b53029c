package app_test

import (
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

const goodPassword = "vier-Esel-tragen-Kisten"

func (w *world) invite(email, role string) string {
	w.Helper()
	secret, err := w.Invite(w.ctx, w.as("anna"), w.org, email, role)
	w.ok(err)
	return secret
}

// role is what somebody is in anna's organisation; empty for nothing.
func (w *world) role(user string) string {
	w.Helper()
	members, err := w.Members(w.ctx, w.as("anna"), w.org)
	w.ok(err)
	for _, m := range members {
		if m.UserID == user {
			return string(m.Role)
		}
	}
	return ""
}

func (w *world) users() int {
	w.Helper()
	list, err := w.store.Users(w.ctx)
	w.ok(err)
	return len(list)
}

func TestInvite_join(t *testing.T) {
	w := newWorld(t)
	open := w.invite("", "editor")
	i, org, err := w.Invitation(w.ctx, open)
	w.ok(err)
	if org.ID != w.org || org.Name != "Beispiel GmbH" || i.Role != store.Editor || i.Expires.Sub(i.Created).Round(day) != auth.InvitationLifetime {
		w.Errorf("%+v to %+v", i, org)
	}
	before := w.users()
	_, err = w.Join(w.ctx, passwords(), open, "Neu", "neu@example.com", "kurz")
	if err == nil || w.users() != before {
		w.Errorf("a weak password makes an account: %v", err)
	}
	user, err := w.Join(w.ctx, passwords(), open, " Nele Neu ", "Neu@Example.com", goodPassword)
	w.ok(err)
	who, err := w.Actor(w.ctx, user)
	w.ok(err)
	if who.Name != "Nele Neu" || who.Email != "neu@example.com" || who.Admin || who.Roles[w.org] != auth.Editor || len(who.Roles) != 1 || w.role(user) != "editor" {
		w.Errorf("%+v", who)
	}
	cred, found, err := w.CredentialStore().CredentialByEmail(w.ctx, "neu@example.com")
	w.ok(err)
	if v, err := passwords().Verify(w.ctx, cred.Hash, goodPassword); err != nil || !v.OK || !found || cred.User != user {
		w.Errorf("cannot log in: %+v %v", v, err)
	}

	// A link is good for one person.
	before = w.users()
	_, err = w.Join(w.ctx, passwords(), open, "Zweite", "zweite@example.com", goodPassword)
	w.fails(err, app.NotFound, "web.error.invitation")
	_, err = w.Accept(w.ctx, w.as("otto"), open)
	w.fails(err, app.NotFound, "web.error.invitation")
	_, _, err = w.Invitation(w.ctx, open)
	w.fails(err, app.NotFound, "web.error.invitation")
	if w.users() != before || w.role(w.ids["otto"]) != "" {
		w.Error("a link that was used lets somebody in")
	}

	bound := w.invite(" Frieda@Example.com ", "viewer")
	_, err = w.Join(w.ctx, passwords(), bound, "Fremd", "fremd@example.com", goodPassword)
	w.fails(err, app.Denied, "web.error.wrong_email")
	_, err = w.Join(w.ctx, passwords(), bound, "Frieda", " FRIEDA@example.com", goodPassword)
	w.ok(err)

	taken := w.invite("", "viewer")
	_, err = w.Join(w.ctx, passwords(), taken, "Otto", "otto@example.org", goodPassword)
	w.fails(err, app.Conflict, "web.error.exists")
	_, err = w.Join(w.ctx, passwords(), taken, " ", "leer@example.com", goodPassword)
	w.fails(err, app.Invalid, "web.error.name")
	_, err = w.Join(w.ctx, passwords(), taken, "Ohne", "ohne", goodPassword)
	w.fails(err, app.Invalid, "web.error.email")
	if _, _, err := w.Invitation(w.ctx, taken); err != nil {
		w.Errorf("a failed attempt used the link up: %v", err)
	}
}

func TestInvite_accept(t *testing.T) {
	w := newWorld(t)
	bound := w.invite("otto@example.org", "commenter")
	_, err := w.Accept(w.ctx, w.as("admin"), bound)
	w.fails(err, app.Denied, "web.error.wrong_email")
	org, err := w.Accept(w.ctx, w.as("otto"), bound)
	w.ok(err)
	if org != w.org || w.role(w.ids["otto"]) != "commenter" || w.as("otto").Roles[w.org] != auth.Commenter || w.as("otto").Roles[w.other] != auth.Owner {
		w.Errorf("%s, %v", org, w.as("otto").Roles)
	}
	_, err = w.Accept(w.ctx, w.as("otto"), bound)
	w.fails(err, app.NotFound, "web.error.invitation")

	// Who belongs to it already keeps the role and leaves the link for somebody else.
	open := w.invite("", "owner")
	_, err = w.Accept(w.ctx, w.as("otto"), open)
	w.fails(err, app.Conflict, "web.error.exists")
	if w.role(w.ids["otto"]) != "commenter" {
		w.Errorf("became %s", w.role(w.ids["otto"]))
	}
	_, err = w.Accept(w.ctx, app.Actor{}, open)
	w.fails(err, app.NotFound, "web.error.invitation")
	w.wait(auth.InvitationLifetime)
	_, err = w.Accept(w.ctx, w.as("admin"), open)
	w.fails(err, app.NotFound, "web.error.invitation")
	_, err = w.Join(w.ctx, passwords(), open, "Spät", "spaet@example.com", goodPassword)
	w.fails(err, app.NotFound, "web.error.invitation")

	_, err = w.Invite(w.ctx, w.as("anna"), w.org, "", "boss")
	w.fails(err, app.Invalid, "web.error.request")
	_, err = w.Invite(w.ctx, w.as("anna"), w.org, "kein Postfach", "viewer")
	w.fails(err, app.Invalid, "web.error.email")
}

func TestInvitations_listAndWithdraw(t *testing.T) {
	w := newWorld(t)
	used, late, open := w.invite("", "viewer"), w.invite("", "editor"), ""
	_, err := w.Join(w.ctx, passwords(), used, "Nele Neu", "neu@example.com", goodPassword)
	w.ok(err)
	listed := func(want ...string) {
		w.Helper()
		list, err := w.Invitations(w.ctx, w.as("anna"), w.org)
		w.ok(err)
		var got []string
		for _, i := range list {
			got = append(got, string(i.Role))
		}
		if !slices.Equal(got, want) {
			w.Errorf("invitations for %v, want %v", got, want)
		}
	}
	listed("editor")
	w.wait(auth.InvitationLifetime - day)
	open = w.invite("", "owner")
	listed("editor", "owner")
	w.wait(2 * day)
	listed("owner")
	_, err = w.Accept(w.ctx, w.as("otto"), late)
	w.fails(err, app.NotFound, "web.error.invitation")

	i, _, err := w.Invitation(w.ctx, open)
	w.ok(err)
	w.fails(w.Withdraw(w.ctx, w.as("otto"), w.other, i.ID), app.NotFound, "web.error.not_found") // another organisation's
	w.ok(w.Withdraw(w.ctx, w.as("bernd"), w.org, i.ID))
	listed()
	w.fails(w.Withdraw(w.ctx, w.as("bernd"), w.org, i.ID), app.NotFound, "web.error.not_found")
	_, err = w.Accept(w.ctx, w.as("otto"), open)
	w.fails(err, app.NotFound, "web.error.invitation")
	if w.role(w.ids["otto"]) != "" {
		w.Error("a link that was withdrawn lets somebody in")
	}
}

func TestMembers_anOwnerAlwaysStays(t *testing.T) {
	w := newWorld(t)
	anna, bernd := w.as("anna"), w.as("bernd")
	w.ok(w.SetRole(w.ctx, anna, w.org, anna.User, "editor")) // bernd is left
	w.fails(w.SetRole(w.ctx, bernd, w.org, bernd.User, "editor"), app.Conflict, "web.error.last_owner")
	w.fails(w.RemoveMember(w.ctx, bernd, w.org, bernd.User), app.Conflict, "web.error.last_owner")
	w.fails(w.RemoveMember(w.ctx, w.as("admin"), w.org, bernd.User), app.Conflict, "web.error.last_owner")
	w.ok(w.SetRole(w.ctx, bernd, w.org, bernd.User, "owner")) // what one is already is no change
	if w.role(bernd.User) != "owner" || w.role(anna.User) != "editor" {
		w.Errorf("bernd is %s, anna %s", w.role(bernd.User), w.role(anna.User))
	}
	w.ok(w.SetRole(w.ctx, bernd, w.org, anna.User, "owner"))
	w.ok(w.RemoveMember(w.ctx, bernd, w.org, bernd.User))
	if w.role(bernd.User) != "" || len(w.as("bernd").Roles) != 0 {
		w.Errorf("bernd is still %v", w.as("bernd").Roles)
	}
	w.fails(w.SetRole(w.ctx, w.as("anna"), w.org, w.ids["editor"], "boss"), app.Invalid, "web.error.request")
	w.fails(w.SetRole(w.ctx, w.as("anna"), w.org, w.ids["otto"], "viewer"), app.NotFound, "web.error.not_found")
	w.fails(w.RemoveMember(w.ctx, w.as("anna"), w.org, w.ids["otto"]), app.NotFound, "web.error.not_found")
}

func TestOrganisations(t *testing.T) {
	w := newWorld(t)
	o, err := w.CreateOrganisation(w.ctx, w.as("admin"), " Kunde AG ")
	w.ok(err)
	list, err := w.Organisations(w.ctx, w.as("admin"))
	w.ok(err)
	if len(list) != 1 || list[0] != (app.Organisation{ID: o.ID, Name: "Kunde AG", Role: auth.Owner}) {
		w.Errorf("%+v", list)
	}
	w.ok(w.RenameOrganisation(w.ctx, w.as("admin"), o.ID, " Kunde SE "))
	if o, err = w.Organisation(w.ctx, w.as("admin"), o.ID); err != nil || o.Name != "Kunde SE" {
		w.Errorf("%+v %v", o, err)
	}
	w.fails(w.RenameOrganisation(w.ctx, w.as("admin"), o.ID, "  "), app.Invalid, "web.error.name")
	w.fails(w.RenameOrganisation(w.ctx, w.as("admin"), "none", "x"), app.NotFound, "web.error.not_found")
	_, err = w.CreateOrganisation(w.ctx, w.as("admin"), "")
	w.fails(err, app.Invalid, "web.error.name")

	for name, asked := range map[string]string{"": w.org, "named": "named"} { // the one asked for is not looked up
		home, err := w.Home(w.ctx, w.as("anna"), name)
		w.ok(err)
		if home != asked {
			w.Errorf("asked for %q: %s", name, home)
		}
	}
}
