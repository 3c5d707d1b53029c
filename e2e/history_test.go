package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/rendite-crm/rendite/internal/locale"
)

// type a value of an input in its dialog.
func (p *tab) change(home, row, value string) {
	p.t.Helper()
	if p.path() != home {
		p.goTo(home)
	}
	p.click(`[id="row-`+row+`"] button[hx-get*="/edit"]`, "")
	p.dialog("")
	p.fill(p.text("web.edit.written"), value)
	p.click("button", p.text("web.take"))
	p.closed()
	p.until("the draft", `document.querySelector("#draftbar [data-key=s]")`)
}

// save keeps the draft with a reason.
func (p *tab) save(reason string) {
	p.t.Helper()
	p.click("button", p.text("web.draft.save"))
	p.dialog(p.text("web.draft.save"))
	p.fill(p.text("web.save.reason"), reason)
	p.click("button", p.text("web.draft.save"))
	p.until("the answer", `e2e.quiet() && !document.querySelector("dialog[open]")`)
}

func TestSavedChangeStandsInTheHistoryInWordsAndIsRestored(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.change(home, "adoption-plateau", "50 .. 70 .. 85 %")
	p.click("button", p.text("web.draft.save"))
	p.dialog(p.text("web.draft.save"))
	p.seeIn("dialog", "70")
	p.seeIn("dialog", "→")
	p.fill(p.text("web.save.reason"), "Vorsichtiger angesetzt")
	p.click("button", p.text("web.draft.save"))
	p.see(p.text("web.flash.saved", "arg", "2"))
	p.goTo(home + "/history")
	p.seeIn("#r2", "Vorsichtiger angesetzt")
	p.seeIn("#r2", "Anna Beispiel")
	p.seeIn("#r2", "→")
	p.seeIn("#r2", "70")
	p.seeIn("#r2", "ROI")
	p.see(p.text("web.history.log"))
	p.clickIn("#r1", "link", p.text("web.history.show"))
	p.until("revision 1", `location.search === "?revision=1" && e2e.quiet()`)
	p.seeIn("#row-adoption-plateau", "80")
	var editable bool
	if p.get(`!!document.querySelector("range-input, [data-key=s]")`, &editable); editable {
		t.Error("an old revision can be changed")
	}
	p.goTo(home + "/history")
	p.clickIn("#r1", "button", p.text("web.history.restore"))
	p.until("a third revision", `document.querySelector("#r3") && e2e.quiet()`)
	p.goTo(home)
	p.seeIn("#row-adoption-plateau", "80")
}

func TestDraftIsDiscarded(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.change(home, "users", "50")
	p.click("button", p.text("web.draft.save"))
	p.dialog(p.text("web.draft.save"))
	p.click("button", p.text("web.draft.discard"))
	p.see(p.text("web.flash.discarded"))
	p.seeIn("#row-users", "40")
}

func TestCaseIsExportedAndImported(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.English)
	home := w.example("maschinenbau")
	p.goTo(home)
	p.click("summary", p.text("web.case.more"))
	p.click("link", p.text("web.case.export"))
	got := p.downloaded("*.yaml")
	if !strings.Contains(string(got), "Muster Maschinenbau GmbH") {
		t.Fatalf("exported: %q", got)
	}
	file := filepath.Join(t.TempDir(), "zweiter.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(string(got), "case: CRM-Einführung Vertrieb", "case: Zweite Rechnung", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.goTo("/")
	p.do("choose a file", chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{file}))
	p.click("button", p.text("web.import.go"))
	p.see(p.text("web.flash.imported"))
	p.see("Zweite Rechnung")
	if again := p.file(p.path()); again != strings.Replace(string(got), "case: CRM-Einführung Vertrieb", "case: Zweite Rechnung", 1) {
		t.Error("the imported file is not the one that was handed in")
	}
}

// downloaded waits for the one file of a name that the browser saves.
func (p *tab) downloaded(name string) (got []byte) {
	p.t.Helper()
	for end := time.Now().Add(patience); len(got) == 0 && time.Now().Before(end); {
		p.settled()
		files, _ := filepath.Glob(filepath.Join(p.folder, name))
		if len(files) == 1 {
			got, _ = os.ReadFile(files[0])
		}
	}
	return got
}

func TestReportsAreDownloaded(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	p.goTo(w.example("handwerk"))
	for format, begins := range map[string]string{"pdf": "%PDF-", "xlsx": "PK", "html": "<!doctype html>"} {
		p.click("summary", p.text("web.case.more"))
		p.click("link", p.text("web.report."+format))
		if got := p.downloaded("*." + format); !strings.HasPrefix(strings.ToLower(string(got)), strings.ToLower(begins)) {
			t.Errorf("%s: %.60q", format, got)
		}
		p.goTo(p.path())
	}
}

func TestChangeAfterTheSealIsShownAgainstIt(t *testing.T) {
	t.Parallel()
	w := start(t, false)
	p := w.open(locale.German)
	home := w.example("maschinenbau")
	p.goTo(home)
	p.click("summary", p.text("web.case.more"))
	p.click("button", p.text("web.case.seal"))
	p.dialog(p.text("web.case.seal"))
	p.fill(p.text("web.seal.by"), "Dr. Vogel")
	p.click("button", p.text("web.seal.go"))
	p.see(p.text("web.flash.sealed"))
	p.see("Dr. Vogel")
	p.change(home, "users", "60")
	p.save("Mehr Anwender")
	p.goTo(home)
	p.seeIn("#headline", p.text("web.sealed"))
	p.seeIn("#curve", p.text("web.curve.sealed"))
	p.goTo(home + "/history")
	p.see(p.text("web.history.against"))
	p.see("40 → 60")
	p.seeIn("#r1", p.text("web.sealed"))
	p.goTo("/")
	p.seeIn("#cases", p.text("web.sealed"))
}

func TestTwoBrowsersLoseNothing(t *testing.T) {
	t.Parallel()
	w := start(t, true)
	w.setup()
	bernd := w.join("Bernd Beispiel", "bernd@example.com", "editor")
	anna := w.open(locale.German)
	anna.signIn("anna@example.com")
	anna.goTo("/")
	anna.click("button", anna.text("web.example.maschinenbau"))
	anna.until("the case", `location.pathname.startsWith("/cases/") && e2e.quiet()`)
	home := anna.path()
	anna.change(home, "users", "50")
	bernd.change(home, "users", "60")
	bernd.change(home, "wage", "50 .. 55 .. 60 EUR/h")
	bernd.save("Bernds Stand")
	anna.change(home, "margin", "30 .. 33 .. 36 %")
	anna.allow(409)
	anna.save("Annas Stand")
	anna.see(anna.text("web.merge.title"))
	anna.see("Bernd Beispiel")
	anna.see("60")
	anna.get(`document.querySelector('input[type=radio][value=theirs]').scrollIntoView({block: "center"})`, nil)
	anna.click(`input[type=radio][value=theirs]`, "")
	anna.click("button", anna.text("web.merge.go"))
	anna.until("the case", `location.pathname === `+js(home)+` && e2e.quiet()`)
	file := anna.file(home)
	for _, text := range []string{"users: 60", "wage: 50 .. 55 .. 60 EUR/h", "margin: 30 .. 33 .. 36 %"} {
		if !strings.Contains(file, text) {
			t.Errorf("lost: %s", text)
		}
	}
}
