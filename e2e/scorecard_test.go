package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/rendite-crm/rendite/internal/locale"
)

// width is how wide a bar of a criterion is drawn, as a share of the scale: 0 today, then what is drawn for the expected
// points from the back to the front.
func (p *tab) width(criterion string, bar int) float64 {
	p.t.Helper()
	var share float64
	p.get(`(() => {
		const all = [...document.querySelectorAll("#criterion-`+criterion+` rect:not(.back)")], back = document.querySelector("#criterion-`+criterion+` rect.back");
		return all[`+string(rune('0'+bar))+`].getBoundingClientRect().width / back.getBoundingClientRect().width;
	})()`, &share)
	return share
}

func TestCriterionIsEditedWithAPreviewUndoneAndToldInTheHistory(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("dienstleister")
	p.goTo(home)
	p.seeIn("#utility", "von 40 auf 70,5")
	p.clickIn("#utility", "link", p.text("web.score.more"))
	p.until("the scorecard", `location.pathname.endsWith("/scorecard") && e2e.quiet()`)
	p.see(p.text("result.scorecard.apart"))
	if share := p.width("responsiveness", 2); share < 0.58 || share > 0.62 {
		t.Errorf("6 points are drawn as %.2f of the scale", share)
	}
	p.clickIn("#criterion-responsiveness", "button", p.text("web.input.edit", "label", "Auskunftsfähigkeit"))
	p.dialog("Auskunftsfähigkeit")
	p.see("Sofort und von jedem")
	p.fill(p.text("web.score.points.expected"), "9,5")
	p.seeIn("#edit-preview", "70,5 → 79,3")
	if said := p.said("#edit-preview"); strings.Contains(said, "Kapitalwert") {
		t.Errorf("points change the money: %s", said)
	}
	p.fill(p.text("web.score.points.expected"), "95")
	p.seeIn("#edit-preview", "von 0 bis 10")
	p.allow(422)
	p.click("button", p.text("web.take"))
	p.until("the refusal in the dialog", `e2e.quiet() && document.querySelector("dialog[open] #edit-wrong").textContent.includes("von 0 bis 10")`)
	p.fill(p.text("web.score.points.expected"), "9,5")
	p.fill(p.text("web.score.why"), "Ein Bestand: Vertrag, Historie und Termine")
	p.chooseIn("dialog", p.text("web.assumption.grade"), "A")
	before := p.said("#scorecard")
	p.click("button", p.text("web.take"))
	p.closed()
	p.changed("#scorecard", before)
	p.seeIn("#scorecard", "von 40 auf 79,3")
	p.seeIn("#criterion-responsiveness", "Ein Bestand: Vertrag, Historie und Termine")
	p.seeIn("#criterion-responsiveness", p.text("web.grade.a"))
	if share := p.width("responsiveness", 1); share < 0.93 || share > 0.97 {
		t.Errorf("9.5 points are drawn as %.2f of the scale", share)
	}
	p.press("z", chromedp.ModifierCtrl)
	p.seeIn("#scorecard", "von 40 auf 70,5")
	p.press("y", chromedp.ModifierCtrl)
	p.seeIn("#scorecard", "von 40 auf 79,3")
	p.click("button", p.text("web.draft.save"))
	p.dialog(p.text("web.draft.save"))
	p.seeIn("dialog", "Nutzwert: Auskunftsfähigkeit, erwartet 6 .. 8 → 9,5")
	p.fill(p.text("web.save.reason"), "Stichprobe wiederholt")
	p.click("button", p.text("web.draft.save"))
	p.see(p.text("web.flash.saved", "arg", "2"))
	p.goTo(home + "/history")
	p.seeIn("#r2", "Nutzwert: Auskunftsfähigkeit, erwartet 6 .. 8 → 9,5")
	p.has(home, `responsiveness: {weight: 35, today: 3, expected: 9.5, why: "Ein Bestand: Vertrag, Historie und Termine"`)
}

func TestCriteriaAreAddedFromTheCatalogueOfOnesOwnAndRemoved(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.goTo(home + "/scorecard")
	p.see(p.text("web.score.none"))
	fill := func(weight, today, expected string) {
		t.Helper()
		p.fill(p.text("result.scorecard.weight"), weight)
		p.fill(p.text("web.score.points.today"), today)
		p.fill(p.text("web.score.points.expected"), expected)
		p.click("button", p.text("web.add.go"))
		p.closed()
	}
	p.click("button", p.text("web.add.scorecard"))
	p.dialog(p.text("web.add.scorecard"))
	p.click("button", p.text("web.add.choose")+": Responsiveness")
	p.dialog("Responsiveness")
	fill("60", "3", "6 .. 8")
	p.seeIn("#criterion-responsiveness", "6 to 8")
	p.click("button", p.text("web.add.scorecard"))
	p.dialog(p.text("web.add.scorecard"))
	p.gone("dialog", "Responsiveness")
	p.click("button", p.text("web.score.own"))
	p.dialog(p.text("web.score.own"))
	p.fill(p.text("web.edit.label"), "Work that can be shown")
	fill("40", "5", "4.5")
	p.seeIn("#criterion-work_that_can_be_shown", "Weight 40%")
	p.seeIn("#scorecard", "rises from 38 to 60 (54 to 66) of 100")
	before := p.said("#scorecard")
	p.clickIn("#criterion-responsiveness", "button", p.text("web.remove")+": Responsiveness")
	p.changed("#scorecard", before)
	p.seeIn("#scorecard", "falls from 50 to 45 of 100")
	if len(p.asked) != 1 {
		t.Errorf("removing asked %d times", len(p.asked))
	}
	p.has(home, "scorecard:\n  work_that_can_be_shown: {weight: 40, today: 5, expected: 4.5, label: Work that can be shown}\n")
}

func TestPointsOfAScenarioStandInItAlone(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("dienstleister")
	p.goTo(home + "/scorecard?scenario=no_decision")
	p.clickIn("#criterion-employee_satisfaction", "button", p.text("web.input.edit", "label", "Mitarbeiterzufriedenheit"))
	p.dialog("Mitarbeiterzufriedenheit")
	p.fill(p.text("web.score.points.expected"), "6 .. 7")
	p.click("button", p.text("web.take"))
	p.closed()
	p.seeIn("#criterion-employee_satisfaction", "6 bis 7")
	p.has(home, "    scorecard:\n      employee_satisfaction: {expected: 6 .. 7}\n")
	p.goTo(home + "/scorecard")
	p.seeIn("#criterion-employee_satisfaction", "5 bis 7")
	p.goTo(home + "/scorecard?scenario=no_decision")
	p.clickIn("#criterion-employee_satisfaction", "button", p.text("web.input.edit", "label", "Mitarbeiterzufriedenheit"))
	p.dialog("Mitarbeiterzufriedenheit")
	p.click("button", p.text("web.score.reset"))
	p.closed()
	p.seeIn("#criterion-employee_satisfaction", "5 bis 7")
}
