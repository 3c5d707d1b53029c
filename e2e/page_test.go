package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/server"
)

// view is a page, or a page with a dialog open over it.
type view struct {
	name, path string
	open       func(*tab)  // opens the dialog
	before     func(*view) // what happens first, once; may say where the page is
	status     int64       // what the page answers where it is not 200
}

// dialogOf opens what a request for a fragment shows in the dialog, by the control that asks for it.
func dialogOf(selector string) func(*tab) {
	return func(p *tab) {
		p.get(`document.querySelector(`+js(selector)+`).closest("details")?.setAttribute("open", "")`, nil)
		p.click(selector, "")
		p.until("the dialog", `e2e.quiet() && document.querySelector("dialog[open]")`)
	}
}

// story fills a workspace with what every page has to show, and lists the views.
func story(w *workspace) []view {
	ctx := context.Background()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	a := w.server.App
	who, err := a.Local(ctx, "Anna Beispiel", "Muster AG")
	must(err)
	home := w.example("maschinenbau")
	w.example("handwerk")
	w.example("lohnt-nicht")
	id := strings.TrimPrefix(home, "/cases/")
	set := func(path, value string) {
		_, err := a.Change(ctx, who, id, path, "case.yaml", func(t *revision.Text) (*revision.Text, error) { return t.Set(path, value) })
		must(err)
	}
	_, err = a.Seal(ctx, who, id, "Vorstand", "Sitzung vom 3. März")
	must(err)
	set("adoption.plateau", "55 .. 70 .. 85 %")
	_, err = a.Save(ctx, who, id, "Nutzung vorsichtiger angesetzt")
	must(err)
	_, err = a.Comment(ctx, who, id, "hours_saved", "", "Bitte mit @Bernd messen: zwei Wochen reichen.")
	must(err)
	secret, err := a.Share(ctx, who, id, 30)
	must(err)
	scored := w.example("dienstleister")
	broken := w.example("dienstleister")
	o, err := a.Open(ctx, who, strings.TrimPrefix(broken, "/cases/"), 0)
	must(err)
	_, err = a.SetText(ctx, who, o.Case.ID, bytes.Replace(o.Text, []byte("\nassumptions:\n"), []byte("\nassumptions:\n  wrong: nobody * 3\n"), 1), app.Hash(o.Text))
	must(err)
	// A case with a draft, which has undo, redo and save.
	draft := w.example("maschinenbau")
	_, err = a.Change(ctx, who, strings.TrimPrefix(draft, "/cases/"), "wage", "case.yaml", func(t *revision.Text) (*revision.Text, error) { return t.Set("wage", "50 .. 58 .. 66 EUR/h") })
	must(err)
	return []view{
		{name: "portfolio", path: "/"},
		{name: "portfolio-nothing", path: "/?q=gibtsnicht"},
		{name: "new", path: "/new"},
		{name: "case", path: home},
		{name: "case-scenario", path: home + "?scenario=with_ai"},
		{name: "case-draft", path: draft},
		{name: "case-revision", path: home + "?revision=1"},
		{name: "case-broken", path: broken},
		{name: "assumptions", path: home + "/assumptions"},
		{name: "costs", path: home + "/costs"},
		{name: "benefits", path: home + "/benefits"},
		{name: "scorecard", path: scored + "/scorecard"},
		{name: "scorecard-none", path: home + "/scorecard"},
		{name: "scenarios", path: home + "/scenarios"},
		{name: "actions", path: home + "/actions?month=30&p=80"},
		{name: "audit", path: home + "/audit"},
		{name: "history", path: home + "/history"},
		{name: "file", path: home + "/file"},
		{name: "file-broken", path: broken + "/file"},
		{name: "shared", path: "/s/" + secret},
		{name: "guide", path: "/guide"},
		{name: "guide-page", path: "/guide/" + w.guidePage()},
		{name: "guide-search", path: "/guide?q=ROI"},
		{name: "settings", path: "/settings"},
		{name: "organisation", path: "/organisations"},
		{name: "missing", path: "/cases/nothing", status: 404},
		{name: "dialog-figure", path: home, open: dialogOf(`#headline [hx-get*="of=result."]`)},
		{name: "dialog-input", path: home, open: dialogOf(`[id="row-hours_saved"] button[hx-get*="/trace"]`)},
		{name: "dialog-line", path: home + "/benefits", open: dialogOf(`#lines li [hx-get*="/trace"]`)},
		{name: "dialog-edit", path: home, open: dialogOf(`[id="row-hours_saved"] button[hx-get*="/edit"]`)},
		{name: "dialog-line-edit", path: home + "/benefits", open: dialogOf(`#lines li [hx-get*="/line?"]`)},
		{name: "dialog-rename", path: home + "/benefits", open: dialogOf(`#lines li [hx-get*="/rename?"]`)},
		{name: "dialog-add", path: home + "/benefits", open: dialogOf(`#lines [hx-get*="/add?"]`)},
		{name: "dialog-add-lever", path: home + "/benefits", open: func(p *tab) {
			dialogOf(`#lines [hx-get*="/add?"]`)(p)
			p.click(`#found [hx-get*="item="]`, "")
			p.until("the form", `e2e.quiet() && document.querySelector("dialog[open] form")`)
		}},
		{name: "dialog-add-own", path: home + "/costs", open: func(p *tab) {
			dialogOf(`#lines [hx-get*="/add?"]`)(p)
			p.click("button", p.text("web.add.own"))
			p.until("the form", `e2e.quiet() && document.querySelector("dialog[open] form")`)
		}},
		{name: "dialog-criterion", path: scored + "/scorecard?scenario=with_ai", open: dialogOf(`#criterion-responsiveness [hx-get*="/criterion"]`)},
		{name: "dialog-add-criterion", path: home + "/scorecard", open: dialogOf(`#scorecard [hx-get*="/add?"]`)},
		{name: "dialog-save", path: draft, open: dialogOf(`#draftbar [hx-get*="/save"]`)},
		{name: "dialog-share", path: home, open: dialogOf(`[hx-get$="/share"]`)},
		{name: "dialog-seal", path: home, open: dialogOf(`[hx-get$="/seal"]`)},
		{name: "dialog-settings", path: home, open: dialogOf(`[hx-get$="/settings"]`)},
		{name: "menu", path: home, open: func(p *tab) { p.click("header summary", p.text("web.case.more")) }},
	}
}

// guidePage is a page of the guide, found where a person would.
func (w *workspace) guidePage() string { return "what-is-crm-roi" }

// variants are the looks that every view has.
var variants = []struct {
	theme string
	width int64
}{{"light", 1440}, {"dark", 1440}, {"light", 360}, {"dark", 360}}

// TestEveryPageIsFreeOfBarriers opens every page and dialog in both languages, light and dark, wide and narrow: axe-core
// finds nothing, nothing has to be scrolled sideways. With -screenshots it takes the pictures.
func TestEveryPageIsFreeOfBarriers(t *testing.T) {
	axe, err := os.ReadFile("../bin/axe.min.js")
	if err != nil {
		t.Fatal("axe-core is not there: make axe")
	}
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			empty := start(t, false)
			p := empty.open(lang)
			p.examine(string(axe), view{name: "first", path: "/"})
			w := startBeside(t, false)
			p = w.open(lang)
			for _, v := range story(w) {
				p.examine(string(axe), v)
			}
			w = startBeside(t, true)
			p = w.open(lang)
			for _, v := range accountStory(w, p) {
				p.examine(string(axe), v)
			}
		})
	}
}

// TestReadmePicture is the workspace as the README shows it, in English throughout; with -screenshots it takes the picture,
// twice as fine as the window.
func TestReadmePicture(t *testing.T) {
	t.Parallel()
	turn(t)
	w := startBeside(t, false, func(c *server.Config) { c.Person, c.Firm = "Anna Example", "Meridian" })
	p := w.open(locale.English)
	home := w.example("enterprise")
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1440, Height: 960, DeviceScaleFactor: 2})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}})
	p.goTo(home)
	p.seeIn("#headline", "ROI")
	p.seeIn("#inputs", "Labour cost per hour")
	if said := p.said(""); strings.ContainsAny(strings.ReplaceAll(said, "Deutsch", ""), "äöüß") {
		t.Errorf("the English page has German words: %s", said)
	}
	if *screenshots != "" {
		p.seeIn("#why", p.text("web.why.levers"))
		p.picture(filepath.Join(*screenshots, "workspace.png"), false)
	}
}

// examine looks at one view in all variants.
func (p *tab) examine(axe string, v view) {
	p.t.Helper()
	if v.status != 0 {
		p.allow(v.status)
	}
	if v.before != nil {
		v.before(&v)
	}
	width := int64(0)
	for _, look := range variants {
		call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		if look.width != width {
			p.size(look.width, 900)
			p.goTo(v.path)
			if v.open != nil {
				v.open(p)
			}
		}
		where := fmt.Sprintf("%s, %s, %s, %d px", v.name, p.locale.Lang(), look.theme, look.width)
		var over int
		p.get(`document.documentElement.scrollWidth - innerWidth`, &over)
		if over > 0 {
			p.t.Errorf("%s: %d px wider than the window", where, over)
		}
		p.barriers(where, axe, look.theme == "light")
		if *screenshots != "" {
			p.picture(filepath.Join(*screenshots, fmt.Sprintf("%s-%s-%s-%d.png", v.name, p.locale.Lang(), look.theme, look.width)), v.open == nil)
		}
		width = look.width
	}
}

// barriers runs axe-core; in the second look of the same page only what depends on colours.
func (p *tab) barriers(where, axe string, all bool) {
	p.t.Helper()
	var there bool
	if p.get(`!!window.axe`, &there); !there {
		p.get(axe+`; true`, nil)
	}
	only := `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}`
	if !all {
		only = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
	}
	var found []struct {
		ID, Help string
		Nodes    []struct{ HTML, Target, Why string }
	}
	p.get(`axe.run(document, {resultTypes: ["violations"], runOnly: `+only+`}).then((r) => r.violations.map((v) => ({ID: v.id, Help: v.help,
		Nodes: v.nodes.map((n) => ({HTML: n.html.slice(0, 200), Target: n.target.join(" "), Why: n.failureSummary}))})))`, &found)
	for _, f := range found {
		text, _ := json.Marshal(f.Nodes[:min(3, len(f.Nodes))])
		p.t.Errorf("%s: %s (%s), %d times: %s", where, f.Help, f.ID, len(f.Nodes), text)
	}
}

// picture writes what the window shows, the whole page where whole is set.
func (p *tab) picture(file string, whole bool) {
	p.t.Helper()
	params := page.CaptureScreenshotParams{}
	if whole {
		var size struct{ W, H float64 }
		p.get(`({W: document.documentElement.clientWidth, H: Math.min(6000, document.documentElement.scrollHeight)})`, &size)
		yes := true
		params.CaptureBeyondViewport = &yes
		params.Clip = &page.Viewport{Width: size.W, Height: size.H, Scale: 1}
	}
	shot := call(p, page.CaptureScreenshot, params)
	if err := os.WriteFile(file, shot.Data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
