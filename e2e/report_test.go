package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/html"
)

// TestTheReportIsFreeOfBarriers opens the HTML report as someone who was sent it: axe-core finds nothing, light and dark, wide
// and narrow; the page asks for nothing, its pictures answer the pointer, and it prints. A brand of pale yellow is the hardest.
func TestTheReportIsFreeOfBarriers(t *testing.T) {
	axe, err := os.ReadFile("../bin/axe.min.js")
	if err != nil {
		t.Fatal("axe-core is not there: make axe")
	}
	if chromeFail != "" {
		t.Fatal(chromeFail)
	}
	turns <- struct{}{}
	defer func() { <-turns }()
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		text, _ := examples.Read("dienstleister")
		in := calc.Case{Name: "dienstleister", Text: text, Version: "e2e"}
		o := calc.Options{Draws: 500, Seed: 1}
		c, list, err := document.Gather(context.Background(), in, o, l)
		if err != nil || c == nil {
			t.Fatal(err, list)
		}
		sealed := in
		sealed.Text = bytes.Replace(text, []byte("horizon: 48 months"), []byte("horizon: 36 months"), 1)
		if list, err := c.Against(context.Background(), sealed, text, o, l); err != nil || list.Err() != nil {
			t.Fatal(err, list)
		}
		c.Brand = document.Brand{Name: "Muster Beratung", Colour: "#ffee88", Contact: "info@muster.example"}
		var file bytes.Buffer
		if err := html.Write(&file, document.Build(c, l)); err != nil {
			t.Fatal(err)
		}
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/report.html" {
				t.Errorf("the report asks for %s", r.URL)
				http.NotFound(w, r)
				return
			}
			asked++
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(file.Bytes())
		}))
		p := (&workspace{t: t, url: server.URL}).open(lang)
		for _, look := range variants {
			call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.theme}}})
			p.size(look.width, 900)
			p.goTo("/report.html")
			where := fmt.Sprintf("report, %s, %s, %d px", lang, look.theme, look.width)
			var over int
			if p.get(`document.documentElement.scrollWidth - innerWidth`, &over); over > 0 {
				t.Errorf("%s: %d px wider than the window", where, over)
			}
			p.barriers(where, string(axe), true)
			p.hover(where)
		}
		if asked != len(variants) {
			t.Errorf("%d requests for %d visits", asked, len(variants))
		}
		yes := true
		printed := call(p, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes})
		if n := bytes.Count(printed.Data, []byte("/Type /Page\n")); n < 5 || n > 16 {
			t.Errorf("%s: printed on %d pages", lang, n)
		}
		server.Close()
	}
}

// hover moves the pointer over the first picture: its nearest month is told.
func (p *tab) hover(where string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.get(`(() => { const b = document.querySelector("svg[data-points]"); b.scrollIntoView({block: "center"}); const r = b.getBoundingClientRect(); return {X: r.left + r.width / 2, Y: r.top + r.height / 3}; })()`, &at)
	call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: at.X, Y: at.Y})
	p.until("the numbers beside the pointer, "+where, `document.querySelector(".tip:not([hidden])")?.textContent.includes("%") || document.querySelector(".tip:not([hidden])")?.textContent.includes("€")`)
}
