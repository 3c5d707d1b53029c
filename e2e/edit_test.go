package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/locale"
)

// text is the case as it stands in the file tab.
func (p *tab) file(home string) string {
	p.t.Helper()
	p.goTo(home + "/file")
	var s string
	p.get(`document.getElementById("text").value`, &s)
	return s
}

func (p *tab) has(home, text string) {
	p.t.Helper()
	if s := p.file(home); !strings.Contains(s, text) {
		p.t.Errorf("the file does not say %q:\n%s", text, s)
	}
}

func TestRangeIsTypedWithAPreviewAndErrorsAtTheirPlace(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home)
	before := p.said("#headline")
	p.click(`[id="row-hours_saved"] button[hx-get*="/edit"]`, "")
	p.dialog("")
	p.see(p.text("web.edit.written"))
	p.fill(p.text("web.edit.middle"), "2,2")
	p.seeIn("#edit-preview", "→")
	// The written form follows the three fields, in the notation of the file.
	var written string
	if p.get(`document.querySelector("dialog [name=value]").value`, &written); written != "0.5 .. 2.2 .. 3 h/week" {
		t.Errorf("the file would say %q", written)
	}
	p.fill(p.text("web.edit.written"), "0.5 .. 2.2 .. 3 h/wek")
	p.seeIn("#edit-preview", "wek")
	p.allow(422)
	p.click("button", p.text("web.take"))
	p.until("the refusal in the dialog", `e2e.quiet() && document.querySelector("dialog[open] #edit-wrong").textContent.trim()`)
	p.fill(p.text("web.edit.written"), "0.5 .. 2.2 .. 3 h/week")
	p.seeIn("#edit-preview", "→")
	p.fill(p.text("web.assumption.source"), "Zeitaufschreibung März")
	p.chooseIn("dialog", p.text("web.assumption.grade"), "A")
	p.fill(p.text("web.trace.note"), "Fünf Anwender")
	p.press(kb.Enter) // takes the value; it does not press "remove"
	p.closed()
	p.changed("#headline", before)
	p.seeIn("#row-hours_saved", p.text("web.grade.a"))
	p.has(home, "0.5 .. 2.2 .. 3 h/week, source: Zeitaufschreibung März, grade: A, note: Fünf Anwender")
}

func TestFormulaCompletesNames(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.goTo(home + "/costs")
	p.click(`#line-training [hx-get*="/line?"]`, "")
	p.dialog("")
	p.fillIn("dialog", `[name="in.amount"]`, "", "users * 20 h * wag")
	p.until("what fits", `document.querySelector("dialog [role=option]") && document.querySelector('[name="in.amount"]').getAttribute("aria-expanded") === "true"`)
	p.seeIn("dialog [role=listbox]", "wage")
	p.press(kb.ArrowDown)
	p.until("the choice", `document.querySelector("dialog [role=option][aria-selected=true]")`)
	p.press(kb.Enter)
	var written string
	if p.get(`document.querySelector('[name="in.amount"]').value`, &written); written != "users * 20 h * wage" {
		t.Errorf("completed to %q", written)
	}
	before := p.said("#lines")
	p.click("button", p.text("web.take"))
	p.closed()
	p.changed("#lines", before)
	p.has(home, "training:  {amount: users * 20 h * wage, at: [1, 13]}")
}

func TestLeversCostsAndPackagesAreAddedFromTheCatalogue(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	cat := w.server.App.Engine.Catalogue()
	add := func(path, group, id, name, answer string) {
		t.Helper()
		p.goTo(home + path)
		lines := p.said("#lines")
		p.click(`#lines [hx-get*="/add?"]`, "")
		p.dialog(p.text("web.add." + strings.TrimPrefix(path, "/")))
		p.fill(p.text("web.add.search"), "zzzz")
		p.see(p.text("web.add.nothing"))
		p.fill(p.text("web.add.search"), name)
		p.until("the one found", `e2e.quiet() && document.querySelector('#found [hx-get*="item=`+id+`"]')`)
		p.click(`#found [hx-get*="item=`+id+`"]`, "")
		p.dialog(name)
		// What nobody has measured has no default: it is asked for.
		p.get(`for (const i of document.querySelectorAll('dialog [name^="in."]')) if (!i.value) i.value = i.placeholder || ((u) => ({"/month": "100 /month", "%": "20 %", "h": "0.5 h", "money/h": "50 EUR/h"})[u] ?? "10 " + u.replace("money", "EUR"))(i.closest("label").querySelector(".u")?.textContent ?? "")`, nil)
		p.click("button", p.text("web.add.go"))
		p.until("the line", `document.querySelector("#edit-wrong:not(:empty)") || e2e.quiet() && !document.querySelector("dialog[open]")`)
		var open bool
		if p.get(`!!document.querySelector("dialog[open]")`, &open); open {
			t.Fatalf("%s %s was refused: %s", group, id, p.said("#edit-wrong"))
		}
		p.changed("#lines", lines)
		_ = answer
	}
	lever, err := cat.Lever("onboarding")
	if err != nil {
		lever, err = cat.Lever(cat.Levers()[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	add("/benefits", "benefits", lever.ID, lever.Name.In("en"), "")
	cost, err := cat.Cost("parallel_run")
	if err != nil {
		cost, err = cat.Cost(cat.Costs()[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	add("/costs", "costs", cost.ID, cost.Name.In("en"), "")
	pack, err := cat.Package(cat.Packages()[0])
	if err != nil {
		t.Fatal(err)
	}
	add("/benefits", "packages", pack.ID, pack.Name.In("en"), "")
	file := p.file(home)
	for _, id := range []string{lever.ID, cost.ID, pack.ID} {
		if !strings.Contains(file, id) {
			t.Errorf("the file does not name %s", id)
		}
	}
}

func TestOwnLineIsAddedRenamedAndRemoved(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home + "/costs")
	p.click(`#lines [hx-get*="/add?"]`, "")
	p.dialog(p.text("web.add.costs"))
	p.click("button", p.text("web.add.own"))
	p.until("the form", `e2e.quiet() && document.querySelector('dialog [name="in.amount"]')`)
	p.fillIn("dialog", `[name=key]`, "", "workshop")
	p.fillIn("dialog", `[name="in.amount"]`, "", "5 000 EUR")
	p.fillIn("dialog", `[name="in.at"]`, "", "2")
	p.click("button", p.text("web.add.go"))
	p.closed()
	p.until("the line", `document.querySelector("#line-workshop")`)
	p.click(`#line-workshop [hx-get*="/rename?"]`, "")
	p.dialog(p.text("web.rename"))
	p.fill(p.text("web.edit.label"), "Werkstatt mit dem Vertrieb")
	p.click("button", p.text("web.take"))
	p.closed()
	p.seeIn("#lines", "Werkstatt mit dem Vertrieb")
	p.answer = false
	p.click(`#line-workshop [hx-post][hx-confirm]`, "")
	p.settled()
	p.seeIn("#lines", "Werkstatt mit dem Vertrieb")
	p.mu.Lock()
	p.answer = true
	asked := strings.Join(p.asked, " ")
	p.mu.Unlock()
	if !strings.Contains(asked, "Werkstatt mit dem Vertrieb") {
		t.Errorf("before removing it asks %q", asked)
	}
	p.click(`#line-workshop [hx-post][hx-confirm]`, "")
	p.gone("#lines", "Werkstatt mit dem Vertrieb")
	if s := p.file(home); strings.Contains(s, "workshop") {
		t.Error("the line is still in the file")
	}
}

func TestRenamedAssumptionIsFollowedByEveryFormula(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.goTo(home + "/assumptions")
	headline := p.said("#headline")
	p.click(`#a-wage [hx-get*="/edit?"]`, "")
	p.dialog("")
	p.fill(p.text("web.edit.key"), "hourly_cost")
	p.click("button", p.text("web.take"))
	p.closed()
	p.until("the new name", `document.querySelector("#a-hourly_cost")`)
	if now := p.said("#headline h1"); !strings.Contains(headline, now) {
		t.Errorf("a new name changed the answer: %s", now)
	}
	file := p.file(home)
	if !strings.Contains(file, "training:  {amount: users * 16 h * hourly_cost") || strings.Contains(file, "* wage") {
		t.Errorf("a formula kept the old name:\n%s", file)
	}
	if !strings.Contains(file, "Statistisches Bundesamt") {
		t.Error("a comment is lost")
	}
}

func TestAssumptionIsAddedAndRemoved(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home + "/assumptions")
	p.click("button", p.text("web.assumption.add"))
	p.dialog(p.text("web.add.assumptions"))
	p.fillIn("dialog", `[name=key]`, "", "partners")
	p.fillIn("dialog", `[name="in.value"]`, "", "3 .. 5 .. 9")
	p.click("button", p.text("web.add.go"))
	p.closed()
	p.has(home, "partners: 3 .. 5 .. 9")
	p.goTo(home + "/assumptions")
	p.click(`#a-partners [hx-get*="/edit?"]`, "")
	p.dialog("")
	p.click("button", p.text("web.remove"))
	p.closed()
	p.until("it gone", `e2e.quiet() && !document.querySelector("#a-partners")`)
}

func TestFileIsEditedAsTextWithErrorsAtTheirLine(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	text := p.file(home)
	p.seeIn("#check", p.text("web.file.fine"))
	broken := strings.Replace(text, "users * 65 EUR/month", "usersx * 65 EUR/month", 1)
	line := strings.Count(broken[:strings.Index(broken, "usersx")], "\n") + 1
	p.fillIn("", "textarea#text", "", broken)
	p.until("the error", `e2e.quiet() && document.querySelector("#check [data-line]")`)
	p.seeIn("#check", "usersx")
	var at, cursor int
	if p.get(`+document.querySelector("#check [data-line]").dataset.line`, &at); at != line {
		t.Errorf("the error stands at line %d, not %d", at, line)
	}
	p.click("#check [data-line]", "")
	p.get(`document.getElementById("text").value.slice(0, document.getElementById("text").selectionStart).split("\n").length`, &cursor)
	var focused bool
	p.get(`document.activeElement.id === "text"`, &focused)
	if cursor != line || !focused {
		t.Errorf("the cursor is in line %d, focus there: %v", cursor, focused)
	}
	p.fillIn("", "textarea#text", "", strings.Replace(text, "users: 40", "users: 44", 1))
	p.seeIn("#check", p.text("web.file.fine"))
	p.click("button", p.text("web.file.take"))
	p.until("the result", `location.pathname === `+js(home)+` && e2e.quiet()`)
	p.seeIn("#row-users", "44")
}
