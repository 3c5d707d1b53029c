package e2e

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestPortfolioIsSearchedFilteredSortedAndSummed(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	w.example("handwerk")
	home := w.example("maschinenbau")
	w.example("lohnt-nicht")
	p.goTo("/")
	p.see(p.text("web.portfolio.sum"))
	p.see(p.text("web.portfolio.sum.npv"))
	rows := func(n int) {
		t.Helper()
		p.until("rows", `e2e.quiet() && document.querySelectorAll("#cases tbody tr").length === `+string(rune('0'+n)))
	}
	rows(3)
	p.fill(p.text("web.portfolio.search"), "Vertrieb")
	rows(1)
	p.seeIn("#cases", "CRM-Einführung Vertrieb")
	var focused bool
	if p.get(`document.activeElement.name === "q"`, &focused); !focused {
		t.Error("the search lost the focus")
	}
	p.fill(p.text("web.portfolio.search"), "gibtsnicht")
	p.seeIn("#cases", p.text("web.portfolio.none"))
	p.fill(p.text("web.portfolio.search"), "")
	rows(3)
	p.choose(p.text("web.portfolio.sort"), p.text("web.sort.name"))
	p.until("sorted by name", `e2e.quiet() && (() => { const n = [...document.querySelectorAll("#cases tbody a")].map((a) => a.textContent); return n.length === 3 && n.every((x, i) => !i || n[i - 1].localeCompare(x, "de") <= 0); })()`)
	p.choose(p.text("web.portfolio.sort"), p.text("web.sort.roi"))
	p.settled()
	rows(3)
	// A status is set in the case and filtered here.
	p.goTo(home)
	p.click("summary", p.text("web.case.more"))
	p.click("button", p.text("web.case.settings"))
	p.dialog(p.text("web.case.settings"))
	p.choose(p.text("web.case.status"), p.text("web.status.decided"))
	p.click("button", p.text("web.take"))
	p.until("taken", `e2e.quiet() && !document.querySelector("dialog[open]")`)
	p.goTo("/")
	p.choose(p.text("web.portfolio.status"), p.text("web.status.decided"))
	rows(1)
	p.seeIn("#cases", "CRM-Einführung Vertrieb")
	// And into the archive.
	p.goTo(home)
	p.click("summary", p.text("web.case.more"))
	p.click("button", p.text("web.case.settings"))
	p.dialog(p.text("web.case.settings"))
	p.click("button", p.text("web.case.archive"))
	p.see(p.text("web.flash.archived"))
	rows(2)
	// There it is found, read and taken out again.
	p.choose(p.text("web.portfolio.status"), p.text("web.status.archived"))
	rows(1)
	p.click("link", "CRM-Einführung Vertrieb")
	p.until("the case", `location.pathname === `+js(home)+` && e2e.quiet()`)
	p.see(p.text("web.notice.archived"))
	var ways int
	if p.get(`document.querySelectorAll("range-input, main [hx-get*='/edit'], [data-key=s]").length`, &ways); ways != 0 {
		t.Errorf("%d ways to change a case in the archive", ways)
	}
	p.click("summary", p.text("web.case.more"))
	p.click("button", p.text("web.case.unarchive"))
	p.see(p.text("web.flash.unarchived"))
	p.until("a slider", `e2e.quiet() && document.querySelector("range-input")`)
	p.goTo("/")
	rows(3)
}

func TestExampleIsOneClickAway(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	p.goTo("/")
	p.click("button", p.text("web.example.handwerk"))
	p.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	p.seeIn("#headline", "ROI")
}
