package e2e

import (
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestFirstRunLeadsThroughEightQuestionsToAnAnswer(t *testing.T) {
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			p := start(t, false).open(lang)
			p.goTo("/")
			p.see(p.text("web.hero.title"))
			p.clickIn("main", "link", p.text("web.new"))
			p.see(p.text("web.new.text"))
			var questions int
			p.get(`document.querySelectorAll("main form ol > li").length`, &questions)
			if questions < 5 || questions > 8 {
				t.Errorf("%d questions", questions)
			}
			p.fill(p.text("web.new.name"), "CRM Nord")
			// Another industry changes what the next questions suggest; what was typed stays.
			const suggested = `[...document.querySelectorAll("main form input")].map((i) => i.placeholder).join("|")`
			var before, industry string
			p.get(suggested, &before)
			p.get(`[...document.querySelector("select[name=industry]").options].findLast((o) => !o.selected).textContent`, &industry)
			p.choose("", strings.TrimSpace(industry))
			p.until("other suggestions", `e2e.quiet() && `+suggested+` !== `+js(before))
			var name string
			if p.get(`document.querySelector("main input[name=name]").value`, &name); name != "CRM Nord" {
				t.Errorf("the name is now %q", name)
			}
			p.click("button", p.text("web.new.go"))
			p.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
			p.see("CRM Nord")
			p.seeIn("#headline", "ROI")
			p.seeIn("#why", p.text("web.why.plan"))
			p.seeIn("#why", p.text("web.why.levers"))
		})
	}
}
