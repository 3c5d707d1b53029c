package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/locale"
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

// join invites somebody and opens their window, signed in.
func (w *workspace) join(name, email, role string) *tab {
	w.t.Helper()
	p := w.open(locale.German)
	p.goTo(w.invite(email))
	p.fill(p.text("web.name"), name)
	p.fill(p.text("web.email"), email)
	p.fill(p.text("web.password.new"), password)
	p.click("button", p.text("web.setup.go"))
	p.until("to be in", `location.pathname === "/" && e2e.quiet()`)
	return p
}

func TestAccountsFromTheFirstToTheLast(t *testing.T) {
	t.Parallel()
	w := start(t, true)
	anna := w.open(locale.English)
	anna.goTo("/")
	anna.see(anna.text("web.setup.title"))
	anna.see(anna.text("web.setup.code")) // which the link in the terminal brings along
	anna.goTo(strings.TrimPrefix(w.server.Setup(), w.url))
	anna.fill(anna.text("web.name"), "Anna Beispiel")
	anna.fill(anna.text("web.email"), "anna@example.com")
	anna.fill(anna.text("web.nav.organisation"), "Muster AG")
	anna.fill(anna.text("web.password.new"), password)
	anna.click("button", anna.text("web.setup.go"))
	anna.until("the start", `location.pathname === "/" && e2e.quiet()`)
	anna.click("button", anna.text("web.example.handwerk"))
	anna.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	home := anna.path()

	// Anna invites a viewer, who accepts in another browser and may read, not change.
	anna.goTo("/organisations")
	anna.chooseIn(`form[action$="/invite"]`, anna.text("web.org.role"), anna.text("web.role.viewer"))
	anna.click("button", anna.text("web.org.invite.go"))
	anna.until("the link", `document.querySelector("main input[readonly]")`)
	var link string
	anna.get(`document.querySelector("main input[readonly]").value`, &link)
	vera := w.open(locale.German)
	vera.goTo(link)
	vera.see("Muster AG")
	vera.fill(vera.text("web.name"), "Vera Leserin")
	vera.fill(vera.text("web.email"), "vera@example.com")
	vera.fill(vera.text("web.password.new"), password)
	vera.click("button", vera.text("web.setup.go"))
	vera.until("the start", `location.pathname === "/" && e2e.quiet()`)
	vera.goTo(home)
	vera.seeIn("#headline", "ROI")
	var ways int
	if vera.get(`document.querySelectorAll("range-input, main [hx-get*='/edit'], [data-key=s]").length`, &ways); ways != 0 {
		t.Errorf("a viewer finds %d ways to change something", ways)
	}
	// Made an editor, she may.
	anna.goTo("/organisations")
	anna.seeIn("main", "Vera Leserin")
	anna.get(`[...document.querySelectorAll("main li")].find((l) => l.textContent.includes("vera@example.com")).id = "vera"`, nil)
	anna.chooseIn("#vera", anna.text("web.org.role"), anna.text("web.role.editor"))
	anna.clickIn("#vera", "button", anna.text("web.take"))
	anna.see(anna.text("web.flash.kept"))
	vera.goTo(home)
	vera.until("a slider", `document.querySelector("range-input")`)

	// Anna ends Vera's membership: the case is gone for her.
	anna.goTo("/organisations")
	anna.get(`[...document.querySelectorAll("main li")].find((l) => l.textContent.includes("vera@example.com")).id = "vera"`, nil)
	anna.clickIn("#vera", "button", anna.text("web.remove"))
	anna.see(anna.text("web.flash.kept"))
	vera.allow(404)
	vera.goTo(home)
	vera.see(vera.text("web.error.heading.404"))

	// A second session of Anna is listed and revoked.
	second := w.open(locale.English)
	second.allow(401)
	second.goTo("/login")
	second.fill(second.text("web.email"), "anna@example.com")
	second.fill(second.text("web.password"), "nicht das Richtige!")
	second.click("button", second.text("web.login.go"))
	second.until("the refusal", `e2e.quiet() && document.querySelector("[role=alert]")?.textContent`)
	second.signIn("anna@example.com")
	anna.goTo("/settings")
	anna.click("button", anna.text("web.revoke"))
	anna.see(anna.text("web.flash.kept"))
	second.goTo(home)
	second.see(second.text("web.login.title"))

	// A forgotten password: the link goes to the administrator.
	second.click("link", second.text("web.login.forgot"))
	second.fill(second.text("web.email"), "anna@example.com")
	second.click("button", second.text("web.reset.go"))
	second.see(second.text("web.reset.done"))
	reset := <-w.links
	second.goTo(reset)
	second.fill(second.text("web.password.new"), "noch ein langer Satz dafür")
	second.click("button", second.text("web.reset.set"))
	second.see(second.text("web.flash.password"))
	anna.goTo(home)
	anna.see(anna.text("web.login.title"))
	anna.fill(anna.text("web.email"), "anna@example.com")
	anna.fill(anna.text("web.password"), "noch ein langer Satz dafür")
	anna.click("button", anna.text("web.login.go"))
	anna.until("the case", `location.pathname === `+js(home)+` && e2e.quiet()`)
	anna.click("summary", "Anna Beispiel")
	anna.click("button", anna.text("web.nav.logout"))
	anna.see(anna.text("web.login.title"))
	anna.goTo(home)
	anna.see(anna.text("web.login.title"))
}
