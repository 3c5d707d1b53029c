package app_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/store"
)

// log is what happened in an organisation, latest first; "" is what belongs to none.
func (w *world) log(org string) []store.Event {
	w.Helper()
	list, _, err := w.EventPage(w.ctx, w.as("admin"), org, "", "", 500)
	w.ok(err)
	return list
}

// event is what is looked at of one.
type event struct {
	Org    string // "" or the name of the world's field
	Case   bool   // whether it is the case's
	User   string // by name in the world
	Action store.Action
	Detail map[string]string
}

// Each operation leaves its line in the log, in the order in which it happened, and what changes nothing for others
// leaves none. The steps build on each other.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	anna, editor := w.as("anna"), w.as("editor")
	w.password("anna", goodPassword)
	var id, comment, share, invitation, token, created, joined, reset string
	var secrets []string
	keep := func(secret string, err error) string {
		w.ok(err)
		secrets = append(secrets, secret)
		return secret
	}
	mine := func(user string, action store.Action, detail map[string]string) event {
		return event{"mine", false, user, action, detail}
	}
	ofCase := func(user string, action store.Action, detail map[string]string) event {
		return event{"mine", true, user, action, detail}
	}
	type d = map[string]string
	for _, step := range []struct {
		name string
		do   func()
		want func() []event // asked for after the step, when ids are known
	}{
		{"create", func() {
			var err error
			id, err = w.Create(w.ctx, editor, w.org, []byte(small), "", "Anfang")
			w.ok(err)
		}, func() []event {
			return []event{ofCase("editor", store.CaseCreated, d{"name": "Vertrieb", "reason": "Anfang"})}
		}},
		{"edit, undo, redo, discard", func() {
			w.set("editor", id, users, "12")
			_, err := w.Undo(w.ctx, editor, id)
			w.ok(err)
			_, err = w.Redo(w.ctx, editor, id)
			w.ok(err)
			_, err = w.Discard(w.ctx, editor, id)
			w.ok(err)
		}, func() []event { return nil }},
		{"save", func() { w.set("editor", id, users, "12"); w.save("editor", id, "Grund") }, func() []event {
			return []event{ofCase("editor", store.RevisionSaved, d{"revision": "2", "reason": "Grund"})}
		}},
		{"save under another name", func() { w.set("editor", id, "case", "Süd"); w.save("editor", id, "") }, func() []event {
			return []event{ofCase("editor", store.RevisionSaved, d{"revision": "3", "reason": ""}), ofCase("editor", store.CaseRenamed, d{"name": "Süd", "was": "Vertrieb"})}
		}},
		{"a save that came too late", func() {
			_, err := w.SaveText(w.ctx, editor, id, []byte(small), 1, "")
			w.fails(err, app.Conflict, "web.error.conflict")
		}, func() []event { return nil }},
		{"merge", func() {
			w.set("editor", id, users, "14")
			w.set("anna", id, licences, "users * 21 EUR/month")
			w.save("anna", id, "Annas")
			_, err := w.Merge(w.ctx, editor, id, 4, nil, "beides")
			w.ok(err)
		}, func() []event {
			return []event{ofCase("anna", store.RevisionSaved, d{"revision": "4", "reason": "Annas"}), ofCase("editor", store.RevisionSaved, d{"revision": "5", "reason": "beides"})}
		}},
		{"restore", func() { _, err := w.Restore(w.ctx, editor, id, 3, "zurück"); w.ok(err) }, func() []event {
			return []event{ofCase("editor", store.RevisionSaved, d{"revision": "6", "reason": "zurück"})}
		}},
		{"status", func() { w.ok(w.SetStatus(w.ctx, editor, id, "live")) }, func() []event {
			return []event{ofCase("editor", store.CaseStatusChanged, d{"status": "live", "was": "draft"})}
		}},
		{"seal", func() { _, err := w.Seal(w.ctx, anna, id, "Bernd", "gut"); w.ok(err) }, func() []event {
			return []event{ofCase("anna", store.CaseSealed, d{"revision": "6", "note": "Bernd: gut"})}
		}},
		{"comment", func() { comment = w.comment("commenter", id, users, "Woher?").ID }, func() []event {
			return []event{ofCase("commenter", store.CommentAdded, d{"comment": comment, "anchor": users})}
		}},
		{"resolve", func() { w.ok(w.ResolveComment(w.ctx, editor, id, comment)) }, func() []event {
			return []event{ofCase("editor", store.CommentResolved, d{"comment": comment, "anchor": users})}
		}},
		{"share", func() {
			s, err := w.MadeShare(w.ctx, keep(w.Share(w.ctx, editor, id, 7)))
			w.ok(err)
			share = s.ID
		}, func() []event { return []event{ofCase("editor", store.ShareCreated, d{"share": share})} }},
		{"a visit", func() { _, _, err := w.Visitor(w.ctx, secrets[0]); w.ok(err) }, func() []event { return nil }},
		{"end the link", func() { w.ok(w.RevokeShare(w.ctx, editor, id, share)) }, func() []event {
			return []event{ofCase("editor", store.ShareRevoked, d{"share": share})}
		}},
		{"archive, twice", func() { w.ok(w.Archive(w.ctx, editor, id, true)); w.ok(w.Archive(w.ctx, editor, id, true)) }, func() []event {
			return []event{ofCase("editor", store.CaseArchived, d{"name": "Süd"})}
		}},
		{"and back", func() { w.ok(w.Archive(w.ctx, anna, id, false)) }, func() []event {
			return []event{ofCase("anna", store.CaseReopened, d{"name": "Süd"})}
		}},
		{"invite", func() { invitation = keep(w.Invite(w.ctx, anna, w.org, "otto@example.org", "viewer")) }, func() []event {
			return []event{mine("anna", store.InvitationCreated, d{"role": "viewer", "email": "otto@example.org"})}
		}},
		{"accept", func() { _, err := w.Accept(w.ctx, w.as("otto"), invitation); w.ok(err) }, func() []event {
			return []event{mine("otto", store.InvitationAccepted, d{"role": "viewer"})}
		}},
		{"join", func() {
			var err error
			joined, err = w.Join(w.ctx, passwords(), keep(w.Invite(w.ctx, w.as("admin"), w.org, "", "editor")), "Nele Neu", "neu@example.com", goodPassword)
			w.ok(err)
			w.ids["nele"] = joined
		}, func() []event {
			return []event{mine("admin", store.InvitationCreated, d{"role": "editor", "email": ""}),
				{"", false, "nele", store.UserCreated, d{"user": joined, "name": "Nele Neu"}}, mine("nele", store.InvitationAccepted, d{"role": "editor"})}
		}},
		{"withdraw an invitation", func() {
			i, _, err := w.Invitation(w.ctx, keep(w.Invite(w.ctx, anna, w.org, "", "viewer")))
			w.ok(err)
			w.ok(w.Withdraw(w.ctx, anna, w.org, i.ID))
		}, func() []event {
			return []event{mine("anna", store.InvitationCreated, d{"role": "viewer", "email": ""}), mine("anna", store.InvitationRevoked, d{})}
		}},
		{"role, twice", func() {
			w.ok(w.SetRole(w.ctx, anna, w.org, w.ids["otto"], "editor"))
			w.ok(w.SetRole(w.ctx, anna, w.org, w.ids["otto"], "editor"))
		}, func() []event {
			return []event{mine("anna", store.MemberChanged, d{"user": w.ids["otto"], "role": "editor", "was": "viewer"})}
		}},
		{"remove", func() { w.ok(w.RemoveMember(w.ctx, anna, w.org, w.ids["otto"])) }, func() []event {
			return []event{mine("anna", store.MemberRemoved, d{"user": w.ids["otto"], "role": "editor"})}
		}},
		{"refused to somebody", func() { w.denied(w.RenameOrganisation(w.ctx, editor, w.org, "Meine"), "auth_forbidden_role") }, func() []event { return nil }},
		{"rename", func() { w.ok(w.RenameOrganisation(w.ctx, anna, w.org, "Beispiel SE")) }, func() []event {
			return []event{mine("anna", store.OrganisationRenamed, d{"name": "Beispiel SE"})}
		}},
		{"another organisation", func() {
			o, err := w.CreateOrganisation(w.ctx, w.as("admin"), "Kunde AG")
			w.ok(err)
			created = o.ID
		}, func() []event {
			return []event{{"created", false, "admin", store.OrganisationCreated, d{"name": "Kunde AG"}}}
		}},
		{"token", func() {
			made, err := w.MadeToken(w.ctx, keep(w.CreateToken(w.ctx, editor, w.org, "Controlling", []string{"cases:read"}, 9)))
			w.ok(err)
			token = made.ID
		}, func() []event {
			return []event{mine("editor", store.TokenCreated, d{"name": "Controlling", "scopes": "cases:read"})}
		}},
		{"end the token", func() { w.ok(w.RevokeToken(w.ctx, editor, token)) }, func() []event {
			return []event{mine("editor", store.TokenRevoked, d{"name": "Controlling"})}
		}},
		{"name", func() { w.ok(w.SetName(w.ctx, w.as("nele"), "Nele Alt")) }, func() []event {
			return []event{{"", false, "nele", store.UserChanged, d{"user": joined, "name": "Nele Alt", "admin": "false", "disabled": "false"}}}
		}},
		{"password", func() { w.ok(w.SetPassword(w.ctx, anna, passwords(), goodPassword, "sieben-Raben-fliegen-fort")) }, func() []event {
			return []event{{"", false, "anna", store.PasswordChanged, d{"user": anna.User}}}
		}},
		{"ask for a new one", func() { reset = keep(w.Reset(w.ctx, anna.Email)) }, func() []event { return nil }},
		{"and set it", func() { _, err := w.UseReset(w.ctx, passwords(), reset, goodPassword); w.ok(err) }, func() []event {
			return []event{{"", false, "anna", store.PasswordReset, d{"user": anna.User}}}
		}},
	} {
		seen := map[string]bool{}
		all := func() (list []store.Event) {
			orgs := []string{w.org, w.other, ""}
			if created != "" {
				orgs = append(orgs, created)
			}
			for _, org := range orgs {
				list = append(list, w.log(org)...)
			}
			return list
		}
		for _, e := range all() {
			seen[e.ID] = true
		}
		step.do()
		var fresh []store.Event
		for _, e := range all() {
			if !seen[e.ID] {
				fresh = append(fresh, e)
			}
		}
		slices.SortFunc(fresh, func(a, b store.Event) int { return a.At.Compare(b.At) })
		var got []event
		for _, e := range fresh {
			user := "nobody"
			for name, id := range w.ids {
				if id == e.UserID {
					user = name
				}
			}
			org := map[string]string{created: "created", w.org: "mine", w.other: "other"}[e.OrgID]
			if e.OrgID == "" {
				org = ""
			}
			if e.CaseID != "" && e.CaseID != id {
				w.Errorf("%s: of case %s", step.name, e.CaseID)
			}
			if e.UserName == "" {
				w.Errorf("%s: nobody's name is in the log", step.name)
			}
			got = append(got, event{org, e.CaseID != "", user, e.Action, e.Detail})
			for value := range maps.Values(e.Detail) {
				for _, s := range secrets {
					if strings.Contains(value, s) {
						w.Errorf("%s: a secret stands in the log: %v", step.name, e.Detail)
					}
				}
			}
		}
		if diff := cmp.Diff(step.want(), got); diff != "" {
			w.Errorf("%s: events (-want +got)\n%s", step.name, diff)
		}
	}

	// The case's own log is the part of the organisation's that is about it.
	var want []string
	for _, e := range w.log(w.org) {
		if e.CaseID == id {
			want = append(want, e.ID)
		}
	}
	var got []string
	for cursor := ""; ; {
		page, next, err := w.EventPage(w.ctx, anna, "", id, cursor, 4)
		w.ok(err)
		for _, e := range page {
			got = append(got, e.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) || len(got) < 15 {
		w.Errorf("%d lines by the case, %d by the organisation", len(got), len(want))
	}
	first, next, err := w.Events(w.ctx, anna, w.org, id, "")
	w.ok(err)
	if len(first) != len(want) || next != "" || first[0].ID != want[0] {
		w.Errorf("%d lines, then %q", len(first), next)
	}
	_, _, err = w.Events(w.ctx, anna, w.org, "", "made up")
	w.fails(err, app.Invalid, "web.error.request")
}
