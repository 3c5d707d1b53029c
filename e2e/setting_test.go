package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestGuideIsSearchedAndRead(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	for _, lang := range locale.Langs() {
		p := w.open(lang)
		p.goTo("/guide")
		p.fill(p.text("web.guide.search"), "Break-even")
		p.until("what was found", `e2e.quiet() && location.search.includes("q=") && document.querySelector("#guide h2 a")`)
		p.click("#guide h2 a", "")
		p.until("the page", `location.pathname.startsWith("/guide/") && e2e.quiet() && document.querySelector("#guide h1")`)
		p.fill(p.text("web.guide.search"), "xyzzy")
		p.seeIn("#guide", p.text("web.guide.found", "count", 0))
	}
}

func TestLanguageAndThemeAreSwitchedInPlace(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home + "/assumptions?scenario=with_ai")
	p.see("Alle Annahmen")
	p.click("button", "English")
	p.see("All assumptions")
	var where string
	if p.get(`location.pathname + location.search`, &where); where != home+"/assumptions?scenario=with_ai" {
		t.Errorf("the language leads to %s", where)
	}
	p.goTo("/")
	p.see("Cases")
	background := func() string {
		var s string
		p.get(`getComputedStyle(document.documentElement).backgroundColor`, &s)
		return s
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}})
	light := background()
	p.click("button", "Dark")
	p.until("dark", `document.documentElement.dataset.theme === "dark" && e2e.quiet()`)
	dark := background()
	if dark == light {
		t.Error("dark looks like light")
	}
	p.click("button", "Automatic")
	p.until("as the system", `!document.documentElement.dataset.theme && e2e.quiet()`)
	if background() != light {
		t.Error("the system is light, the page is not")
	}
}

func TestTokenIsMadeShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo("/settings")
	p.fill(p.text("web.tokens.name"), "Reporting")
	p.click("button", p.text("web.tokens.go"))
	p.see(p.text("web.tokens.new"))
	var secret string
	if p.get(`document.querySelector("main input[readonly]").value`, &secret); len(secret) < 20 {
		t.Errorf("the token is %q", secret)
	}
	p.goTo("/settings")
	if strings.Contains(p.said(""), secret) {
		t.Error("the token is shown a second time")
	}
	p.see("Reporting")
	p.click("button", p.text("web.revoke"))
	p.see(strings.TrimSpace(strings.SplitN(p.text("web.tokens.ended", "scopes", ""), ";", 2)[0]))
	p.fill(p.text("web.name"), "Anna B.")
	p.clickIn(`form[action="/settings/profile"]`, "button", p.text("web.take"))
	p.see(p.text("web.flash.kept"))
}
