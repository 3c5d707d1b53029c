package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestWorkspaceShowsTheAnswerAndWhatIsBehindIt(t *testing.T) {
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			w := start(t, false)
			p := w.open(lang)
			p.goTo(w.example("maschinenbau"))
			p.seeIn("h1", "36")
			for _, key := range []string{"result.break_even", "result.peak"} {
				p.seeIn("#headline", p.text(key))
			}
			p.seeIn("#curve", p.text("result.curve"))
			for _, key := range []string{"web.why.months", "web.why.money", "web.why.plan", "web.why.spread", "web.why.levers", "web.why.trust", "web.why.audit"} {
				p.seeIn("#why", p.text(key))
			}
			// Each chart has a text and a table.
			var charts, told, tables int
			p.get(`document.querySelectorAll("figure.chart").length`, &charts)
			p.get(`[...document.querySelectorAll("figure.chart")].filter((f) => [...f.querySelectorAll("svg[role=img]")].some((s) => s.querySelector("title")?.textContent && s.querySelector("desc")?.textContent)).length`, &told)
			p.get(`document.querySelectorAll("figure.chart details table").length`, &tables)
			if charts < 4 || told != charts || tables != charts {
				t.Errorf("%d charts, %d with a text, %d with a table", charts, told, tables)
			}
			p.clickIn("#curve", "button", p.text("web.chart.table"))
			p.until("the table", `e2e.seen(document.querySelector("#curve table"))`)
		})
	}
}

func TestEveryNumberOpensDownToItsSource(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	seen := map[string]bool{}
	sourced := false
	for _, path := range []string{home, home + "/costs", home + "/benefits"} {
		p.goTo(path)
		if path == home {
			p.seeIn("#why", p.text("web.why.levers"))
		}
		var open []string
		p.get(`[...new Set([...document.querySelectorAll('main [hx-get*="/trace?"]')].map((b) => b.getAttribute("hx-get")))]`, &open)
		if len(open) < 8 {
			t.Fatalf("%s: only %d numbers open", path, len(open))
		}
		for _, href := range open {
			if seen[href] {
				continue
			}
			p.click(`main [hx-get="`+href+`"]`, "")
			p.until("the dialog", `e2e.quiet() && document.querySelector("dialog[open] h2")`)
			// Down through the inputs, each by its link.
			for next := []string{href}; ; {
				at := next[len(next)-1]
				seen[at] = true
				said := p.said("#dialog-body")
				if len(said) < 20 {
					t.Errorf("%s says only %q", at, said)
				}
				sourced = sourced || strings.Contains(said, "ERP export 2026-03")
				var inner []string
				p.get(`[...document.querySelectorAll('dialog li [hx-get*="/trace?"]')].map((b) => b.getAttribute("hx-get"))`, &inner)
				i := slices.IndexFunc(inner, func(h string) bool { return !seen[h] })
				if i < 0 || len(next) > 8 {
					break
				}
				before := p.said("#dialog-title")
				p.click(`dialog li [hx-get="`+inner[i]+`"]`, "")
				p.until("the next dialog", `e2e.quiet() && !document.querySelector(`+js(`dialog li [hx-get="`+inner[i]+`"]`)+`) || e2e.said("#dialog-title") !== `+js(before))
				next = append(next, inner[i])
			}
			p.press(kb.Escape)
			p.closed()
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d numbers were opened", len(seen))
	}
	if !sourced {
		t.Error("the source of the customers was nowhere to be seen")
	}
}

// slider is the middle handle of an input.
func slider(path string) string {
	return fmt.Sprintf(`range-input[data-path=%q] input[name=middle]`, path)
}

func TestSliderMovesTheFiguresInPlaceByKeyboard(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo(w.example("maschinenbau"))
	p.seeIn("#why", p.text("web.why.levers"))
	first := p.said("#headline")
	handle := slider("hours_saved")
	p.get(`document.querySelector(`+js(handle)+`).focus(); scrollTo(0, 120)`, nil)
	var value, after float64
	var at int
	p.get(`+document.querySelector(`+js(handle)+`).value`, &value)
	p.get(`scrollY`, &at)
	p.press(kb.ArrowRight)
	moved := p.changed("#headline", first)
	p.get(`+document.querySelector(`+js(handle)+`).value`, &after)
	if after <= value {
		t.Errorf("the handle stands at %v, before at %v", after, value)
	}
	p.until("the draft", `document.querySelector("#draftbar [data-key=s]")`)
	var focused bool
	if p.get(`document.activeElement === document.querySelector(`+js(handle)+`)`, &focused); !focused {
		t.Error("the handle lost the focus")
	}
	var spoken string
	p.get(`document.querySelector(`+js(handle)+`).getAttribute("aria-valuetext") ?? ""`, &spoken)
	if !strings.Contains(spoken, "h/week") {
		t.Errorf("a screen reader hears %q, without the unit", spoken)
	}
	var now int
	if p.get(`scrollY`, &now); now != at {
		t.Errorf("the page scrolled from %d to %d", at, now)
	}
	for range 5 {
		p.press(kb.ArrowRight)
	}
	p.changed("#headline", moved)
	p.settled()
	p.get(`scrollY`, &now)
	if now != at {
		t.Errorf("the page scrolled from %d to %d", at, now)
	}
	// The value in the row is the one in the draft.
	row := p.said("#row-hours_saved")
	p.goTo(p.path())
	if again := p.said("#row-hours_saved"); again != row {
		t.Errorf("the draft says %q, the page said %q", again, row)
	}
}

func TestSliderFollowsThePointerAndBecomesADraft(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	p.goTo(w.example("maschinenbau"))
	p.seeIn("#why", p.text("web.why.levers"))
	first := p.said("#headline")
	var box struct{ X, Y, W float64 }
	p.get(`(() => { const s = document.querySelector('range-input[data-path=hours_saved]'); s.scrollIntoView({block: "center"}); const r = s.getBoundingClientRect(), i = s.querySelector("[name=middle]");
		return { X: r.left + r.width * (i.value - i.min) / (i.max - i.min), Y: r.top + r.height / 2, W: r.width }; })()`, &box)
	mouse := func(kind input.DispatchMouseEventType, x float64) {
		p.do("the pointer", chromedp.MouseEvent(kind, x, box.Y, chromedp.ButtonType(input.MouseButtonLeft), chromedp.ClickCount(1)))
	}
	mouse(input.DispatchMouseEventTypeMousePressed, box.X)
	for i := range 10 {
		mouse(input.DispatchMouseEventTypeMouseMoved, box.X+box.W*0.03*float64(i+1))
	}
	p.changed("#headline", first)
	var draft bool
	if p.get(`!!document.querySelector("#draftbar [data-key=s]")`, &draft); draft {
		t.Error("a value still moving is in the draft")
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, box.X+box.W*0.3)
	p.until("the draft", `document.querySelector("#draftbar [data-key=s]") && e2e.quiet()`)
	p.seeIn("#headline", "vorher")
	var focused bool
	if p.get(`document.activeElement.matches(`+js(slider("hours_saved"))+`)`, &focused); !focused {
		t.Error("the handle lost the focus")
	}
}

func TestChangesAreUndoneAndRedoneByButtonAndByKey(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	p.goTo(w.example("maschinenbau"))
	p.seeIn("#why", p.text("web.why.levers"))
	row := func() string { p.settled(); return p.said("#row-hours_saved") }
	values := []string{row()}
	for range 2 {
		p.get(`document.querySelector(`+js(slider("hours_saved"))+`).focus()`, nil)
		p.press(kb.ArrowRight)
		p.until("the row", `e2e.quiet() && document.querySelector("#draftbar [data-key=s]") && e2e.said("#row-hours_saved") !== `+js(values[len(values)-1]))
		p.settled()
		values = append(values, row())
	}
	is := func(i int) {
		t.Helper()
		p.until("version "+fmt.Sprint(i), `e2e.quiet() && e2e.said("#row-hours_saved") === `+js(values[i]))
	}
	p.click("button", p.text("web.draft.undo"))
	is(1)
	p.click("button", p.text("web.draft.undo"))
	is(0)
	p.click("button", p.text("web.draft.redo"))
	is(1)
	p.press("z", chromedp.ModifierCtrl)
	is(0)
	p.press("Z", chromedp.ModifierCtrl, chromedp.ModifierShift)
	is(1)
	p.press("y", chromedp.ModifierCtrl)
	is(2)
	p.press("s", chromedp.ModifierCtrl)
	p.dialog(p.text("web.draft.save"))
}
