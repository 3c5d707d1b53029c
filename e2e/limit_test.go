package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/locale"
)

// slow is a legal case that takes long even with few draws; each n is another one.
func slow(n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "case: Slow %d\ncurrency: EUR\nhorizon: 600 months\ndiscount: 8 %%/year\nassumptions:\n", n)
	for i := range 120 {
		fmt.Fprintf(&b, "  a%d: %d .. %d .. %d EUR/month\n", i, 100+i, 160+i, 250+i)
	}
	b.WriteString("costs:\n  project: {amount: 10 000 .. 20 000 .. 50 000 EUR, at: 0}\nbenefits:\n")
	for i := range 120 {
		fmt.Fprintf(&b, "  b%d: a%d * (1 + month / 1000) ^ 2\n", i, i)
	}
	return []byte(b.String())
}

// occupy lets more people than the queue holds wait for a slow case, until the function that it returns is called.
func (w *workspace) occupy() (leave func()) {
	w.t.Helper()
	e := w.server.App.Engine
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for n := range 150*runtime.GOMAXPROCS(0) + 50 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := e.Answer(ctx, slow(n), "", app.QuickDraws, locale.New(locale.English)); err != nil && ctx.Err() == nil {
					time.Sleep(20 * time.Millisecond) // refused, as meant; comes again
				}
			}
		})
	}
	leave = sync.OnceFunc(func() { cancel(); wg.Wait() })
	w.t.Cleanup(leave)
	for end := time.Now().Add(patience); e.Refused() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the queue does not fill up")
		}
	}
	return leave
}

// Not parallel: the queue is as long as there are cores, and it is full.
func TestBusyServerSaysSoAndTakesUpAgain(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	w := start(t, false)
	home := w.example("maschinenbau")
	other := w.example("handwerk") // answered in English, explained to nobody yet
	var tabs []*tab
	for _, lang := range locale.Langs() {
		p := w.open(lang)
		p.goTo(home)
		p.seeIn("#why", p.text("web.why.levers"))
		p.allow(503)
		tabs = append(tabs, p)
	}
	leave := w.occupy()
	for _, p := range tabs {
		// A slider says so in a line, and the figures stay.
		before := p.said("#headline")
		p.get(`document.querySelector(`+js(slider("hours_saved"))+`).focus()`, nil)
		p.press(kb.ArrowRight)
		p.until("the line", `e2e.text(document.getElementById("toast").textContent) === e2e.text(`+js(p.text("web.error.busy"))+`)`)
		if after := p.said("#headline"); after != before {
			t.Errorf("the figures changed: %s", after)
		}
		// A page that must be computed says so in place of its figures.
		p.goTo(home + "?scenario=with_ai")
		p.seeIn("h1", p.text("web.error.heading.503"))
		p.see(p.text("web.error.busy"))
	}
	waiting := w.open(locale.English)
	waiting.allow(503)
	waiting.goTo(other)
	waiting.seeIn("#headline", "ROI")
	waiting.seeIn("#why", waiting.text("web.error.busy"))
	leave()
	waiting.seeIn("#why", waiting.text("web.why.levers")) // comes by itself
	for _, p := range tabs {
		p.goTo(home + "?scenario=with_ai")
		p.seeIn("#headline", "ROI")
	}
}

func TestCaseThatIsTooLargeIsRefusedInWords(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	home := w.example("handwerk")
	for _, lang := range locale.Langs() {
		p := w.open(lang)
		p.allow(413, 422)
		// A case that nobody writes, and uploads beyond what the server reads at all.
		for _, size := range []int{1<<20 + 1<<18, 3 << 20, 12 << 20} {
			file := filepath.Join(t.TempDir(), "fall.yaml")
			if err := os.WriteFile(file, []byte("case: Large\ncurrency: EUR\n"+strings.Repeat("# "+strings.Repeat("x", 97)+"\n", size/100)), 0o600); err != nil {
				t.Fatal(err)
			}
			p.goTo("/")
			p.do("choose a file", chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{file}))
			p.click("button", p.text("web.import.go"))
			if size < 2<<20 {
				p.see(p.text("diag.file_too_big", "limit", 1024))
				continue
			}
			p.seeIn("h1", p.text("web.error.heading.413"))
			p.see(p.text("web.error.too_big"))
		}
		p.file(home)
		p.get(`void (document.getElementById("text").value += ("# " + "x".repeat(97) + "\n").repeat(11000))`, nil)
		p.click("button", p.text("web.file.take"))
		p.seeIn("h1", p.text("web.error.heading.413"))
		p.see(p.text("web.error.too_big"))
	}
}
