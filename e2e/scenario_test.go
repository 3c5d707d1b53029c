package e2e

import (
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestScenariosAreMadeCopiedEditedComparedAndRemoved(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home + "/scenarios")
	columns := func() int {
		var n int
		p.get(`document.querySelector("main table").tHead.rows[0].cells.length - 1`, &n)
		return n
	}
	if n := columns(); n != 2 {
		t.Fatalf("%d scenarios side by side", n)
	}
	p.fill(p.text("web.scenario.name"), "Mit Rabatt")
	p.click("button", p.text("web.scenario.add"))
	p.until("three columns", `e2e.quiet() && document.querySelector("main table").tHead.rows[0].cells.length === 4`)
	p.seeIn("main thead", "Mit Rabatt")
	p.click(`main [hx-vals*="copy_scenario"][hx-vals*="with_ai"]`, "")
	p.until("four columns", `e2e.quiet() && document.querySelector("main table").tHead.rows[0].cells.length === 5`)
	// The scenario is edited like the case.
	p.clickIn("main thead", "link", "Mit Rabatt")
	p.until("the scenario", `location.search.includes("scenario=") && e2e.quiet()`)
	p.goTo(home + "?scenario=mit_rabatt")
	p.change(home, "users", "30")
	p.seeIn("#row-users", "30")
	p.goTo(home)
	p.seeIn("#row-users", "40")
	p.goTo(home + "/scenarios")
	p.see("ROI")
	p.seeIn("main", "Mit Rabatt")
	file := p.file(home)
	if !strings.Contains(file, "mit_rabatt") || !strings.Contains(file, "with_ai_copy") {
		t.Errorf("the file lacks a scenario:\n%s", file)
	}
	p.goTo(home + "/scenarios")
	p.click(`main [hx-vals*="remove_scenario"][hx-vals*="with_ai_copy"]`, "")
	p.until("three columns", `e2e.quiet() && document.querySelector("main table").tHead.rows[0].cells.length === 4`)
}

func TestGoalIsSought(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo(w.example("maschinenbau") + "/actions")
	p.see(p.text("web.actions.title"))
	p.fill(p.text("web.seek.month"), "30")
	p.fill(p.text("web.seek.probability"), "80")
	p.click("button", p.text("web.seek.go"))
	p.seeIn("#seek", p.text("web.seek.now"))
	p.seeIn("main", p.text("web.intro.title"))
}
