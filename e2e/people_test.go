package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestCommentIsWrittenAndResolved(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home)
	p.click(`[id="row-hours_saved"] [hx-get*="/trace"]`, "")
	p.dialog("")
	p.fill(p.text("web.comment.new"), "Wer misst das? <b>@Bernd</b>")
	p.click("button", p.text("web.comment.send"))
	p.seeIn("#talk", "Wer misst das? <b>@Bernd</b>")
	p.seeIn("#talk", "Anna Beispiel")
	p.click("button", p.text("web.comment.resolve"))
	p.seeIn("#talk", p.text("web.comment.resolved"))
	p.press(kb.Escape)
	p.closed()
	p.click(`[id="row-hours_saved"] [hx-get*="/trace"]`, "")
	p.dialog("")
	p.seeIn("#talk", "Wer misst das?")
}

func TestSharedLinkReadsAndEnds(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.goTo(home)
	p.click("summary", p.text("web.case.more"))
	p.click("button", p.text("web.case.share"))
	p.dialog(p.text("web.case.share"))
	p.click("button", p.text("web.share.go"))
	p.until("the link", `document.querySelector("dialog input[readonly]")`)
	var link string
	p.get(`document.querySelector("dialog input[readonly]").value`, &link)
	other := w.open(locale.German)
	other.goTo(link)
	other.seeIn("#headline", "ROI")
	other.seeIn("#why", other.text("web.why.levers"))
	other.see(other.text("web.share.note", "organisation", "Muster AG"))
	var ways int
	if other.get(`document.querySelectorAll("main form, range-input, [hx-post], [hx-get*='/edit'], header details").length`, &ways); ways != 0 {
		var which []string
		other.get(`[...document.querySelectorAll("main form, range-input, [hx-post], [hx-get*='/edit'], header details")].map((e) => e.outerHTML.slice(0, 200))`, &which)
		t.Errorf("%d ways to change something: %s", ways, which)
	}
	other.click(`#headline [hx-get*="/trace"]`, "")
	other.dialog("")
	other.press(kb.Escape)
	other.closed()
	p.click("button", p.text("web.revoke"))
	p.until("the end of it", `e2e.quiet() && !document.querySelector("dialog [hx-post*=revoke]")`)
	other.allow(404)
	other.goTo(link)
	other.see(other.text("web.error.heading.404"))
}
