package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"github.com/rendite-crm/rendite/internal/locale"
)

// An A4 page as Chromium prints it, with its margins of a centimetre.
const (
	paperWidth, paperHeight = 8.27, 11.69 // inches
	paperPixels             = 718         // between the margins, 96 a inch
)

func TestPrintedCaseHasTheAnswerAndNoControls(t *testing.T) {
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			w := start(t, false)
			p := w.open(lang)
			home := w.example("maschinenbau")
			p.change(home, "users", "44") // with a draft, which has buttons of its own
			for _, path := range []string{home, home + "/benefits", home + "/assumptions", home + "/scenarios", home + "/actions"} {
				p.goTo(path)
				if path == home {
					p.seeIn("#why", p.text("web.why.levers"))
					p.seeIn("#why", p.text("web.why.audit"))
				}
				p.size(paperPixels, 1047)
				call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
				p.settled()
				var controls, cut []string
				p.get(`[...document.querySelectorAll(".btn, .tabs, .side, .seg, range-input, summary, input, select, textarea, footer, header menu, .skip, .toast")].filter((e) => e2e.seen(e) && e.getBoundingClientRect().top >= 0).map((e) => e.outerHTML.slice(0, 120))`, &controls)
				for _, c := range controls {
					t.Errorf("%s: printed: %s", path, c)
				}
				p.get(`[...document.querySelectorAll("body *")].filter((e) => e2e.seen(e) && (e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth && !["visible", "clip"].includes(getComputedStyle(e).overflowX)) && !e.closest(".visually-hidden")).map((e) => e.outerHTML.slice(0, 120))`, &cut)
				for _, c := range cut {
					t.Errorf("%s: cut off at the right: %s", path, c)
				}
				if path == home {
					p.seeIn("h1", "36")
					for _, key := range []string{"result.break_even", "result.peak"} {
						p.seeIn("#headline", p.text(key))
					}
					var figures, pictures int
					p.get(`[...document.querySelectorAll("#headline .kpis strong")].filter(e2e.seen).length`, &figures)
					p.get(`[...document.querySelectorAll("figure.chart")].filter((f) => [...f.querySelectorAll("svg[role=img]")].some((s) => e2e.seen(s) && s.getBoundingClientRect().height > 60)).length`, &pictures)
					if figures != 5 || pictures < 4 {
						t.Errorf("%d figures and %d charts are printed", figures, pictures)
					}
					for _, key := range []string{"web.why.months", "web.why.money", "web.why.plan", "web.why.spread", "web.why.levers"} {
						p.seeIn("#why", p.text(key))
					}
				}
				call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
				pdf := call(p, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: paperWidth, PaperHeight: paperHeight}).Data
				if sheets := bytes.Count(pdf, []byte("/Type /Page\n")); !bytes.HasPrefix(pdf, []byte("%PDF-")) || sheets < 1 || path == home && sheets > 6 {
					t.Errorf("%s: a PDF of %d bytes with %d sheets", path, len(pdf), sheets)
				}
				if *screenshots != "" {
					name := "print" + strings.ReplaceAll(strings.TrimPrefix(path, home), "/", "-") + "-" + string(lang) + ".pdf"
					if err := os.WriteFile(filepath.Join(*screenshots, name), pdf, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				p.size(1440, 900)
			}
		})
	}
}
