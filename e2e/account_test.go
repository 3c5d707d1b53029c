package e2e

import (
	"context"

	"github.com/rendite-crm/rendite/internal/auth"
)

const password = "ein langer Satz als Passwort"

// accountStory lists the pages around signing in; the first ones are seen before anybody has an account.
func accountStory(w *workspace, p *tab) []view {
	return []view{
		{name: "setup", path: "/setup"},
		{name: "login", path: "/login", before: func(*view) { w.setup() }},
		{name: "reset", path: "/reset"},
		{name: "reset-password", path: "/reset?secret=unknown"},
		{name: "invitation", before: func(v *view) { v.path = w.invite("") }},
		{name: "signed-organisation", path: "/organisations", before: func(*view) { p.signIn("anna@example.com") }},
		{name: "signed-settings", path: "/settings"},
		{name: "signed-invitation", before: func(v *view) { v.path = w.invite("") }},
	}
}

// setup makes the first account where there is none.
func (w *workspace) setup() {
	w.t.Helper()
	ctx := context.Background()
	fresh, err := w.server.App.Fresh(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if !fresh {
		return
	}
	passwords, err := auth.NewPasswords(auth.DefaultParams, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.server.App.Setup(ctx, passwords, "Anna Beispiel", "anna@example.com", "Muster AG", password); err != nil {
		w.t.Fatal(err)
	}
}

// signIn fills the log-in page.
func (p *tab) signIn(email string) {
	p.t.Helper()
	p.goTo("/login")
	p.fill(p.text("web.email"), email)
	p.fill(p.text("web.password"), password)
	p.click("button", p.text("web.login.go"))
	p.until("to be signed in", `location.pathname === "/" && e2e.quiet()`)
}

// invite makes a link for an editor and returns its path.
func (w *workspace) invite(email string) string {
	w.t.Helper()
	ctx := context.Background()
	u, err := w.server.Store.UserByEmail(ctx, "anna@example.com")
	if err != nil {
		w.t.Fatal(err)
	}
	who, err := w.server.App.Actor(ctx, u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	org, err := w.server.App.Home(ctx, who, "")
	if err != nil {
		w.t.Fatal(err)
	}
	secret, err := w.server.App.Invite(ctx, who, org, email, "editor")
	if err != nil {
		w.t.Fatal(err)
	}
	return "/invitation/" + secret
}
