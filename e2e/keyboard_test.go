package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/locale"
)

// focus is what the keyboard stands on.
type focus struct {
	Number  int // among the controls of the page, -1 for none of them
	Name    string
	HTML    string
	Visible bool // has a mark, in sight
	Inside  bool // in the open dialog
}

const focused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
	const drawn = e.type === "range" ? !!e.closest("range-input").querySelector(".focus") : s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
	return { Number: window.e2eControls?.indexOf(e) ?? -1, Name: e2e.name(e), HTML: e.outerHTML.slice(0, 160), Inside: !!e.closest("dialog[open]"),
		Visible: drawn && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth };
})()`

func TestEveryControlIsReachedByKeyboard(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	for _, path := range []string{home, home + "/benefits", w.example("dienstleister") + "/scorecard", home + "/scenarios", "/", "/new", "/settings"} {
		p.goTo(path)
		if path == home {
			p.seeIn("#why", p.text("web.why.levers"))
		}
		var controls []string
		p.get(`(() => {
			window.e2eControls = [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex='0']")]
				.filter((e) => !e.disabled && (e.type === "range" || e2e.seen(e)) && (e.tagName === "SUMMARY" || !e.closest("details:not([open])")));
			return e2eControls.map((e) => e.outerHTML.slice(0, 160));
		})()`, &controls)
		reached := map[int]bool{}
		for range len(controls) + 20 {
			p.press(kb.Tab)
			var f focus
			p.get(focused, &f)
			if f.Number < 0 {
				if len(reached) > len(controls)/2 {
					break // around the page once
				}
				continue
			}
			if reached[f.Number] {
				break
			}
			reached[f.Number] = true
			if f.Name == "" {
				t.Errorf("%s: a control has no name: %s", path, f.HTML)
			}
			if !f.Visible {
				t.Errorf("%s: the focus on %q cannot be seen: %s", path, f.Name, f.HTML)
			}
		}
		for i, html := range controls {
			if !reached[i] {
				t.Errorf("%s: the keyboard does not reach %s", path, html)
			}
		}
	}
}

func TestSkipLinkLeadsToTheContent(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo(w.example("handwerk"))
	p.press(kb.Tab)
	var f focus
	if p.get(focused, &f); f.Name != p.text("web.skip") || !f.Visible {
		t.Errorf("the first control is %q, in sight: %v", f.Name, f.Visible)
	}
	p.press(kb.Enter)
	p.until("the content", `document.activeElement.id === "main"`)
}

func TestDialogKeepsAndReturnsTheFocus(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home)
	p.seeIn("#why", p.text("web.why.levers"))
	for _, opener := range []string{`#headline [hx-get*="of=result."]`, `[id="row-hours_saved"] button[hx-get*="/trace"]`, `[id="row-hours_saved"] button[hx-get*="/edit"]`} {
		p.get(`document.querySelector(`+js(opener)+`).focus()`, nil)
		p.press(kb.Enter)
		p.dialog("")
		inside := map[string]bool{}
		for range 25 {
			p.press(kb.Tab)
			var f focus
			p.get(focused, &f)
			if !f.Inside && !strings.HasPrefix(f.HTML, "<body") { // the browser's own controls lie between the last and the first
				t.Fatalf("%s: the focus left the dialog for %s", opener, f.HTML)
			}
			inside[f.HTML] = true
		}
		if len(inside) < 2 {
			t.Errorf("%s: only %d controls in the dialog", opener, len(inside))
		}
		p.press(kb.Escape)
		p.closed()
		var back bool
		if p.get(`document.activeElement === document.querySelector(`+js(opener)+`)`, &back); !back {
			t.Errorf("%s: the focus did not come back", opener)
		}
	}
}

func TestMenuOpensAndClosesByKeyboard(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo(w.example("handwerk"))
	p.get(`e2e.one("summary", `+js(p.text("web.case.more"))+`).focus()`, nil)
	p.press(kb.Enter)
	p.until("the menu", `document.querySelector("details.menu[open], header details[open]")`)
	p.press(kb.Tab)
	p.press(kb.Escape)
	p.until("the menu closed", `!document.querySelector("header details[open]") && document.activeElement.tagName === "SUMMARY"`)
}

// TestWholeCaseByKeyboard goes from the first page to a saved change without a pointer.
func TestWholeCaseByKeyboard(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo("/new")
	p.get(`e2e.one("button", `+js(p.text("web.new.go"))+`).focus()`, nil)
	p.press(kb.Enter)
	p.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	p.until("a slider", `document.querySelector("range-input input[name=middle]")`)
	before := p.said("#headline")
	p.get(`document.querySelector("range-input input[name=middle]").focus()`, nil)
	for range 3 {
		p.press(kb.ArrowRight)
	}
	p.changed("#headline", before)
	p.until("the draft", `e2e.quiet() && document.querySelector("#draftbar [data-key=s]")`)
	p.press("s", chromedp.ModifierCtrl)
	p.dialog(p.text("web.draft.save"))
	p.until("the reason in focus", `document.activeElement.name === "reason"`)
	p.do("type", chromedp.KeyEvent("Tried"))
	p.press(kb.Enter)
	p.see(p.text("web.flash.saved", "arg", fmt.Sprint(2)))
}

// On a narrow window the header takes two rows, whatever there is to do, and all of it is reached by keyboard.
func TestNarrowHeaderTakesTwoRowsAndIsReachedByKeyboard(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	for _, lang := range locale.Langs() {
		p := w.open(lang)
		home := w.example("dienstleister") // with three scenarios
		p.change(home, "users", "130")     // with undo, redo and save
		p.size(360, 900)
		for _, path := range []string{home, home + "/history", home + "?revision=1", "/", "/guide", "/settings", "/new"} {
			p.goTo(path)
			var rows []int
			p.get(`[...new Set([...document.querySelectorAll("header.top a, header.top summary, header.top button")].filter((e) => e2e.seen(e) && !e.closest("menu")).map((e) => { const r = e.getBoundingClientRect(); return Math.round((r.top + r.bottom) / 2 / 24); }))]`, &rows)
			var height float64
			p.get(`document.querySelector("header.top").getBoundingClientRect().height`, &height)
			if len(rows) > 2 || height > 110 {
				t.Errorf("%s: the header takes %d rows, %.0f px", path, len(rows), height)
			}
			var outside []string
			p.get(`[...document.querySelectorAll("header.top a, header.top summary, header.top button")].filter((e) => e2e.seen(e)).filter((e) => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth || !e2e.name(e); }).map((e) => e.outerHTML.slice(0, 160))`, &outside)
			for _, o := range outside {
				t.Errorf("%s: out of sight or without a name: %s", path, o)
			}
		}
		p.goTo(home)
		p.get(`document.querySelector("header nav.pick summary").focus()`, nil)
		p.press(kb.Enter)
		p.until("the scenarios", `document.querySelector("nav.pick details[open]")`)
		p.press(kb.Tab)
		p.press(kb.Tab)
		p.until("a scenario in focus", `document.activeElement.closest("nav.pick menu")`)
		p.press(kb.Enter)
		p.until("the scenario", `location.search.startsWith("?scenario=") && e2e.quiet()`)
		p.get(`e2e.one("summary", `+js(p.text("web.nav.menu"))+`).focus()`, nil)
		p.press(kb.Enter)
		p.clickIn("header details[open] menu", "link", p.text("web.nav.guide"))
		p.until("the guide", `location.pathname === "/guide" && e2e.quiet()`)
	}
}
