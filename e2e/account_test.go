package e2e

import (
	"context"

	"github.com/rendite-crm/rendite/internal/auth"
)

const password = "ein langer Satz als Passwort"

// accountStory lists the pages around signing in; the first ones are seen before anybody has an account.
func accountStory(w *workspace) []view {
	return []view{
		{name: "setup", path: "/setup"},
		{name: "login", path: "/login", open: func(p *tab) { w.setup(); p.goTo("/login") }},
		{name: "reset", path: "/reset"},
		{name: "reset-password", path: "/reset?secret=unknown"},
		{name: "signed-organisation", path: "/login", open: func(p *tab) {
			if p.path() == "/login" {
				p.signIn("anna@example.com")
			}
			p.goTo("/organisations")
		}},
		{name: "signed-settings", path: "/settings"},
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
