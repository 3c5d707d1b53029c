package auth_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// here is a case of the organisation "muster" and, where an operation asks, a session of anna's.
var here = auth.Facts{Organisation: "muster", Case: "c1", User: "anna"}

func member(role auth.Role) auth.Actor {
	return auth.Actor{User: "anna", Roles: map[string]auth.Role{"muster": role}}
}

func token(org string, scopes ...auth.Scope) auth.Actor {
	a := member(auth.Owner)
	a.Admin = true
	a.Token = &auth.Grant{Organisation: org, Scopes: scopes}
	return a
}

type column struct {
	name  string
	actor auth.Actor
	facts auth.Facts
}

func matrix(title string, columns []column) string {
	var b strings.Builder
	b.WriteString(title + "\n\n" + fmt.Sprintf("%-16s", ""))
	for _, c := range columns {
		fmt.Fprintf(&b, " %-*s", width(c), c.name)
	}
	for _, op := range auth.Operations() {
		fmt.Fprintf(&b, "\n%-16s", op)
		for _, c := range columns {
			answer := "yes"
			if err := auth.Allowed(c.actor, op, c.facts); err != nil {
				answer = map[int]string{401: "log in", 403: "-", 404: "hidden"}[auth.Status(err)]
			}
			fmt.Fprintf(&b, " %-*s", width(c), answer)
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func width(c column) int { return max(len(c.name), 6) }

func TestWhoMayDoWhat(t *testing.T) {
	elsewhere := auth.Facts{Organisation: "other", Case: "c9", User: "bert"}
	admin := auth.Actor{User: "anna", Admin: true}
	link := auth.Actor{Share: &auth.SharedCase{Organisation: "muster", Case: "c1"}}
	got := matrix(`Members of the organisation, on its things and on what is their own. "hidden": as if it did not exist.`, []column{
		{"nobody", auth.Actor{}, here}, {"link", link, here}, {"stranger", auth.Actor{User: "anna"}, here},
		{"viewer", member(auth.Viewer), here}, {"commenter", member(auth.Commenter), here},
		{"editor", member(auth.Editor), here}, {"owner", member(auth.Owner), here}, {"admin", admin, here},
	}) + "\n" + matrix("The same people on things of another organisation and of another person.", []column{
		{"link", link, elsewhere}, {"viewer", member(auth.Viewer), elsewhere}, {"owner", member(auth.Owner), elsewhere}, {"admin", admin, elsewhere},
	})
	var scopes []column
	for _, s := range auth.Scopes() {
		scopes = append(scopes, column{string(s), token("", s), here})
	}
	got += "\n" + matrix("API tokens with one scope, of an owner who is also the admin.", scopes)
	all := auth.Scopes()
	viewer := member(auth.Viewer)
	viewer.Token = &auth.Grant{Scopes: all}
	got += "\n" + matrix("API tokens with all scopes.", []column{
		{"of the owner", token("", all...), here}, {"of a viewer", viewer, here},
		{"for muster", token("muster", all...), here}, {"for muster, elsewhere", token("muster", all...), elsewhere},
	})
	const golden = "testdata/permissions.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("(-golden +got):\n%s", d)
	}
}

func TestEachRoleMayWhatTheOnesBeforeItMay(t *testing.T) {
	for _, op := range auth.Operations() {
		may := false
		for _, r := range []auth.Role{auth.NoRole, auth.Viewer, auth.Commenter, auth.Editor, auth.Owner} {
			now := auth.Allowed(member(r), op, here) == nil
			if may && !now {
				t.Errorf("%s may not %s, but a lesser role may", r, op)
			}
			may = now
		}
	}
}

func TestATokenNeverMayMoreThanItsOwner(t *testing.T) {
	for _, op := range auth.Operations() {
		for _, r := range []auth.Role{auth.NoRole, auth.Viewer, auth.Commenter, auth.Editor, auth.Owner} {
			person := member(r)
			with := person
			with.Token = &auth.Grant{Scopes: auth.Scopes()}
			if auth.Allowed(with, op, here) == nil && auth.Allowed(person, op, here) != nil {
				t.Errorf("the token of a %q may %s", r, op)
			}
			with.Token = &auth.Grant{}
			if auth.Allowed(with, op, here) == nil {
				t.Errorf("a token without scopes may %s", op)
			}
		}
	}
}

func TestATokenForOrganisationsDoesNotReachThoseOfOthers(t *testing.T) {
	a := token("", auth.OrgAdmin)
	wants(t, auth.Allowed(a, auth.MemberChange, here), "")
	wants(t, auth.Allowed(a, auth.MemberChange, auth.Facts{Organisation: "other"}), "auth_not_found")
	a.Token.Scopes = append(a.Token.Scopes, auth.InstallationAdmin)
	wants(t, auth.Allowed(a, auth.MemberChange, auth.Facts{Organisation: "other"}), "")
}

func TestMissingFactsAreInNobodysFavour(t *testing.T) {
	odd := []auth.Actor{
		{User: "anna", Roles: map[string]auth.Role{"": auth.Owner}},
		{User: "anna", Roles: map[string]auth.Role{"muster": 99}},
		{User: "anna", Roles: map[string]auth.Role{"muster": -1}},
		{Share: &auth.SharedCase{}},
		{Share: &auth.SharedCase{Organisation: "muster"}},
		{Share: &auth.SharedCase{Case: "c1"}},
		{Roles: map[string]auth.Role{"muster": auth.Owner}, Admin: true},
	}
	for _, op := range auth.Operations() {
		for i, a := range odd {
			for _, f := range []auth.Facts{{}, {Organisation: "muster"}, {Case: "c1"}, {Organisation: "muster", Case: "c1"}} {
				if auth.Allowed(a, op, f) == nil {
					t.Errorf("%d may %s on %+v", i, op, f)
				}
			}
		}
		if op == auth.OrgCreate || op == auth.AdminUsers || op == auth.AdminBackup {
			continue
		}
		if auth.Allowed(member(auth.Owner), op, auth.Facts{}) == nil {
			t.Errorf("an owner may %s on nothing", op)
		}
	}
	if auth.Allowed(member(auth.Owner), "case.burn", here) == nil {
		t.Error("an unknown operation is allowed")
	}
	share := member(auth.Owner)
	share.Share = &auth.SharedCase{Organisation: "muster", Case: "c1"}
	if auth.Allowed(share, auth.CaseSave, here) == nil {
		t.Error("a share link carries the rights of whoever opens it")
	}
}

func TestARefusalNamesTheRoleThatIsMissing(t *testing.T) {
	var d diag.Diagnostic
	if err := auth.Allowed(member(auth.Viewer), auth.CaseSave, here); !errors.As(err, &d) {
		t.Fatal(err)
	}
	for lang, want := range map[locale.Lang]string{
		locale.German:  "Dafür brauchen Sie mindestens die Rolle „Bearbeiten“. Rollen vergibt, wer in der Organisation die Rolle „Verwalten“ hat.",
		locale.English: "For this you need at least the role “Editor”. Roles are given by whoever has the role “Owner” in the organisation.",
	} {
		l := locale.New(lang)
		if got := l.Message(d) + " " + l.Hint(d); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestRolesAndScopesAreReadByName(t *testing.T) {
	for _, r := range []auth.Role{auth.Viewer, auth.Commenter, auth.Editor, auth.Owner} {
		if got, ok := auth.ParseRole(r.String()); !ok || got != r {
			t.Errorf("%v", r)
		}
	}
	for _, s := range []string{"", "Owner", "admin"} {
		if r, ok := auth.ParseRole(s); ok || r != auth.NoRole {
			t.Errorf("%q is read as a role", s)
		}
	}
	got, err := auth.ParseScopes([]string{"org:read", "cases:read", "org:read"})
	if d := cmp.Diff([]auth.Scope{"cases:read", "org:read"}, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	_, err = auth.ParseScopes([]string{"cases:*"})
	wants(t, err, "auth_scope_unknown")
	_, err = auth.ParseScopes(nil)
	wants(t, err, "auth_scope_none")
}
