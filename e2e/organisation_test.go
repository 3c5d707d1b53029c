package e2e

import (
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestOrganisationIsMadeRenamedAndLeftForAnother(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	w.example("maschinenbau")
	p.goTo("/organisations")
	p.seeIn("h1", "Muster AG")
	p.fillIn(`form[action="/organisations"]`, "field", p.text("web.org.name"), "Mandant Nord")
	p.click("button", p.text("web.org.new.go"))
	p.see(p.text("web.flash.kept"))
	p.seeIn("h1", "Mandant Nord")
	p.fillIn(`form[action$="/rename"]`, "field", p.text("web.org.name"), "Mandant Süd")
	p.clickIn(`form[action$="/rename"]`, "button", p.text("web.take"))
	p.until("the name", `e2e.quiet() && e2e.said("h1") === "Mandant Süd"`)
	// Its cases are its own.
	p.goTo("/")
	p.clickIn("main", "link", "Mandant Süd")
	p.until("its cases", `e2e.quiet() && location.search.includes("org=") && !e2e.said("main").includes("CRM-Einführung Vertrieb")`)
	p.click("button", p.text("web.example.handwerk"))
	p.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	p.seeIn("header", "Mandant Süd")
	p.clickIn("header", "link", "Mandant Süd")
	p.until("back among its cases", `e2e.quiet() && location.search.includes("org=") && document.querySelectorAll("#cases tbody tr").length === 1`)
	p.seeIn("#cases", "CRM für Angebote und Wartung")
	p.clickIn("main", "link", "Muster AG")
	p.until("the other's", `e2e.quiet() && document.querySelectorAll("#cases tbody tr").length === 1 && e2e.said("#cases").includes("CRM-Einführung Vertrieb")`)
	p.goTo("/organisations")
	p.clickIn("main nav", "link", "Mandant Süd")
	p.until("its page", `e2e.quiet() && e2e.said("h1") === "Mandant Süd"`)
}

func TestInvitationIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := start(t, true)
	w.setup()
	anna := w.open(locale.German)
	anna.signIn("anna@example.com")
	anna.goTo("/organisations")
	anna.fillIn(`form[action$="/invite"]`, "field", anna.text("web.email"), "carla@example.com")
	anna.chooseIn(`form[action$="/invite"]`, anna.text("web.org.role"), anna.text("web.role.editor"))
	anna.click("button", anna.text("web.org.invite.go"))
	anna.until("the link", `document.querySelector("main input[readonly]")`)
	var link string
	anna.get(`document.querySelector("main input[readonly]").value`, &link)
	anna.see("carla@example.com")
	carla := w.open(locale.German)
	carla.goTo(link)
	carla.see("Muster AG")
	anna.click("button", anna.text("web.org.invite.withdraw"))
	anna.see(anna.text("web.flash.kept"))
	anna.gone("main", anna.text("web.org.invite.withdraw"))
	carla.allow(404)
	carla.goTo(link)
	carla.see(carla.text("web.error.heading.404"))
}

func TestPasswordIsChanged(t *testing.T) {
	t.Parallel()
	const next = "Kupferkessel 47 im Regen"
	w := start(t, true)
	w.setup()
	p := w.open(locale.German)
	p.signIn("anna@example.com")
	p.goTo("/settings")
	change := func(old string) {
		p.fill(p.text("web.password.old"), old)
		p.fill(p.text("web.password.new"), next)
		p.clickIn(`form[action="/settings/password"]`, "button", p.text("web.take"))
	}
	p.allow(401, 403, 422)
	change("nicht das Richtige!")
	p.until("the refusal", `e2e.quiet() && document.querySelector("[role=alert]")?.textContent`)
	change(password)
	p.see(p.text("web.flash.password"))
	other := w.open(locale.German)
	other.goTo("/login")
	other.fill(other.text("web.email"), "anna@example.com")
	other.fill(other.text("web.password"), next)
	other.click("button", other.text("web.login.go"))
	other.until("to be signed in", `location.pathname === "/" && e2e.quiet()`)
}

// member invites somebody with a role and opens their window.
func (w *workspace) member(anna *tab, name, email, role string) *tab {
	w.t.Helper()
	anna.goTo("/organisations")
	anna.chooseIn(`form[action$="/invite"]`, anna.text("web.org.role"), anna.text("web.role."+role))
	anna.click("button", anna.text("web.org.invite.go"))
	anna.until("the link", `document.querySelector("main input[readonly]")`)
	var link string
	anna.get(`document.querySelector("main input[readonly]").value`, &link)
	p := w.open(locale.German)
	p.goTo(link)
	p.fill(p.text("web.name"), name)
	p.fill(p.text("web.email"), email)
	p.fill(p.text("web.password.new"), password)
	p.click("button", p.text("web.setup.go"))
	p.until("to be in", `location.pathname === "/" && e2e.quiet()`)
	return p
}

// changing is every control that changes a case.
const changing = `range-input, main [hx-get*="/edit"], main [hx-get*="/add?"], main [hx-get*="/rename?"], main [hx-get*="/line?"], #draftbar button, [hx-get$="/share"], [hx-get$="/seal"], [hx-get$="/settings"], form[action$="/restore"], #file .btn, #text:not([readonly]), form[action$="/unarchive"]`

func TestCommenterCommentsAndFindsNoWayToChangeAValue(t *testing.T) {
	t.Parallel()
	w := start(t, true)
	w.setup()
	anna := w.open(locale.German)
	anna.signIn("anna@example.com")
	anna.click("button", anna.text("web.example.maschinenbau"))
	anna.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	home := anna.path()
	koray := w.member(anna, "Koray Kommentar", "koray@example.com", "commenter")
	for _, path := range []string{home, home + "/assumptions", home + "/costs", home + "/benefits", home + "/scenarios", home + "/history", home + "/file"} {
		koray.goTo(path)
		if path == home {
			koray.seeIn("#why", koray.text("web.why.levers"))
		}
		var ways []string
		if koray.get(`[...document.querySelectorAll(`+js(changing)+`)].map((e) => e.outerHTML.slice(0, 160))`, &ways); len(ways) > 0 {
			t.Errorf("%s: a commenter finds %d ways to change something: %s", path, len(ways), strings.Join(ways, "\n"))
		}
	}
	koray.goTo(home)
	koray.click(`[id="row-hours_saved"] [hx-get*="/trace"]`, "")
	koray.dialog("")
	koray.fill(koray.text("web.comment.new"), "Wer hat das gemessen?")
	koray.click("button", koray.text("web.comment.send"))
	koray.seeIn("#talk", "Wer hat das gemessen?")
	if said := koray.said("dialog"); strings.Contains(said, koray.text("web.edit")) {
		t.Error("the dialog offers a commenter to change the value")
	}
	// Anna answers, Koray marks hers as done.
	anna.goTo(home)
	anna.click(`[id="row-hours_saved"] [hx-get*="/trace"]`, "")
	anna.dialog("")
	anna.seeIn("#talk", "Koray Kommentar")
	anna.click("button", anna.text("web.comment.resolve"))
	anna.seeIn("#talk", anna.text("web.comment.resolved"))
	anna.fill(anna.text("web.comment.new"), "Niemand bisher.")
	anna.click("button", anna.text("web.comment.send"))
	anna.seeIn("#talk", "Niemand bisher.")
	koray.goTo(home)
	koray.click(`[id="row-hours_saved"] [hx-get*="/trace"]`, "")
	koray.dialog("")
	koray.click("button", koray.text("web.comment.resolve"))
	koray.until("both done", `e2e.quiet() && document.querySelectorAll("#talk .comment .tag.good").length === 2`)
	// Nor does he manage anybody.
	koray.goTo("/organisations")
	var managing int
	if koray.get(`document.querySelectorAll("main form[action$='/members'], main form[action$='/invite'], main form[action$='/rename']").length`, &managing); managing != 0 {
		t.Errorf("a commenter finds %d ways to manage the organisation", managing)
	}
}

func TestOwnerSealsAndManagesMembers(t *testing.T) {
	t.Parallel()
	w := start(t, true)
	w.setup()
	anna := w.open(locale.English)
	anna.signIn("anna@example.com")
	anna.click("button", anna.text("web.example.handwerk"))
	anna.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	home := anna.path()
	olga := w.member(anna, "Olga Eignerin", "olga@example.com", "owner")
	olga.goTo(home)
	olga.click("summary", olga.text("web.case.more"))
	olga.click("button", olga.text("web.case.seal"))
	olga.dialog(olga.text("web.case.seal"))
	olga.fill(olga.text("web.seal.by"), "Geschäftsführung")
	olga.click("button", olga.text("web.seal.go"))
	olga.see(olga.text("web.flash.sealed"))
	// She invites an editor, who cannot seal, and makes a viewer of them.
	emil := w.member(olga, "Emil Redakteur", "emil@example.com", "editor")
	emil.goTo(home)
	emil.until("a slider", `document.querySelector("range-input")`)
	emil.click("summary", emil.text("web.case.more"))
	var seals int
	if emil.get(`document.querySelectorAll('[hx-get$="/seal"]').length`, &seals); seals != 0 {
		t.Error("an editor finds a way to seal")
	}
	olga.goTo("/organisations")
	olga.get(`[...document.querySelectorAll("main li")].find((l) => l.textContent.includes("emil@example.com")).id = "emil"`, nil)
	olga.chooseIn("#emil", olga.text("web.org.role"), olga.text("web.role.viewer"))
	olga.clickIn("#emil", "button", olga.text("web.take"))
	olga.see(olga.text("web.flash.kept"))
	emil.goTo(home)
	emil.seeIn("#headline", "ROI")
	var ways int
	if emil.get(`document.querySelectorAll(`+js(changing)+`).length`, &ways); ways != 0 {
		t.Errorf("made a viewer, Emil still finds %d ways to change something", ways)
	}
	olga.goTo("/organisations")
	olga.get(`[...document.querySelectorAll("main li")].find((l) => l.textContent.includes("emil@example.com")).id = "emil"`, nil)
	olga.clickIn("#emil", "button", olga.text("web.remove"))
	olga.see(olga.text("web.flash.kept"))
	olga.gone("main section:nth-of-type(2)", "emil@example.com")
}
