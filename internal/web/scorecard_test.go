package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/rendite-crm/rendite/internal/locale"
)

// edit sends a change as the page of the scorecard does, and returns the answer's status and text.
func (w *workspace) edit(id, query string, form url.Values) (int, string) {
	w.t.Helper()
	r := w.do(locale.German, "POST", "/cases/"+id+"/edit"+query, form, true)
	return r.StatusCode, body(w.t, r)
}

// text is the case as it stands in the draft.
func (w *workspace) text(id string) string {
	w.t.Helper()
	o, err := w.app.Open(w.t.Context(), w.who, id, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(o.Text)
}

func (w *workspace) says(id string, wanted ...string) {
	w.t.Helper()
	text := w.text(id)
	for _, s := range wanted {
		if !strings.Contains(text, s) {
			w.t.Errorf("the file does not say %q:\n%s", s, text)
		}
	}
}

// bars are the widths in per cent of what is drawn for a criterion, today first.
func bars(t *testing.T, text, id string) (widths []string) {
	t.Helper()
	roots, err := parse(text, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range roots {
		for n := range r.Descendants() {
			if n.Type == html.ElementNode && attr(n, "id") == "criterion-"+id {
				for x := range n.Descendants() {
					if x.Type == html.ElementNode && x.Data == "rect" && attr(x, "class") != "back" {
						widths = append(widths, attr(x, "width"))
					}
				}
			}
		}
	}
	return widths
}

func TestScorecard_isShownBesideTheMoney(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "dienstleister"))
	text := body(t, w.do(locale.German, "GET", "/cases/"+id+"/scorecard", nil, false))
	for _, want := range []string{"Der Nutzwert steigt von 40 auf 70,5 (65,5 bis 75,5) von 100.", "nie dazugerechnet", "Auskunftsfähigkeit", "Gewicht 35", "Bericht des Datenschutzbeauftragten 2026", "Kapitalwert", "Sofort und von jedem"} {
		if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if got := strings.Join(bars(t, text, "responsiveness"), " "); got != "30% 80% 60%" {
		t.Errorf("3 points today and 6 to 8 are drawn as %s", got)
	}
	if got := strings.Join(bars(t, text, "compliance"), " "); got != "50% 80%" {
		t.Errorf("5 points today and 8 are drawn as %s", got)
	}
	scenario := body(t, w.do(locale.English, "GET", "/cases/"+id+"/scorecard?scenario=with_ai", nil, false))
	if !strings.Contains(scenario, "from 40 to 74 (69 to 79) of 100") {
		t.Error("the scenario has other points")
	}
	compared := body(t, w.do(locale.English, "GET", "/cases/"+id+"/scenarios", nil, false))
	if !strings.Contains(compared, "Utility value (of 100)") || !strings.Contains(compared, "Utility value 74 instead of 70.5 of 100") {
		t.Error("the comparison does not have the utility value")
	}
	first := body(t, w.do(locale.German, "GET", "/cases/"+id+"?scenario=with_ai", nil, false))
	if !strings.Contains(first, "Der Nutzwert steigt von 40 auf 74") || !strings.Contains(first, `href="/cases/`+id+`/scorecard?scenario=with_ai"`) {
		t.Error("the first page does not tell of the utility value")
	}
	// A case without one says what it is for.
	none := w.create(example(t, "maschinenbau"))
	if text := body(t, w.do(locale.English, "GET", "/cases/"+none+"/scorecard", nil, false)); !strings.Contains(text, "never added to it") || !strings.Contains(text, "group=scorecard") {
		t.Error("a case without a scorecard does not offer one")
	}
	if text := body(t, w.do(locale.English, "GET", "/cases/"+none+"/scenarios", nil, false)); strings.Contains(text, "Utility value") {
		t.Error("a case without a scorecard has a utility value")
	}
	// What is shared shows it, with nothing to edit.
	secret, err := w.app.Share(t.Context(), w.who, id, 7)
	if err != nil {
		t.Fatal(err)
	}
	w.check(page{path: "/s/" + secret, status: 200})
	if text := body(t, w.do(locale.German, "GET", "/s/"+secret, nil, false)); !strings.Contains(text, "Auskunftsfähigkeit") || strings.Contains(text, "remove_criterion") {
		t.Error("the shared case shows no scorecard, or offers to edit it")
	}
}

func TestScorecard_isEdited(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "dienstleister"))
	for _, path := range []string{"/criterion?path=scorecard.compliance", "/criterion?path=scorecard.responsiveness&scenario=with_ai"} {
		w.check(page{path: "/cases/" + id + path, status: 200, fragment: true})
	}
	for _, path := range []string{"/criterion", "/criterion?path=scorecard.none", "/criterion?path=users"} {
		w.check(page{path: "/cases/" + id + path, status: 404, fragment: true})
	}
	dialog := body(t, w.do(locale.German, "GET", "/cases/"+id+"/criterion?path=scorecard.responsiveness&scenario=with_ai", nil, true))
	if !strings.Contains(dialog, `value="7 .. 9"`) || !strings.Contains(dialog, "Wie im Fall selbst") || !strings.Contains(dialog, "Bericht") && !strings.Contains(dialog, "Stichprobe") {
		t.Errorf("the dialog does not show what holds in the scenario: %s", dialog)
	}

	form := func(more ...string) url.Values {
		f := url.Values{"op": {"criterion"}}
		for i := 0; i+1 < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return f
	}
	change := func(query string, f url.Values) {
		t.Helper()
		if status, text := w.edit(id, query, f); status != 200 {
			t.Fatalf("%v: %d %s", f, status, text)
		}
	}
	// A German types a comma; what did not change stays as it was, to the byte.
	before := w.text(id)
	change("", form("path", "scorecard.compliance", "weight", "20", "today", "5,5", "expected", "6,5 .. 8", "why", "Fristen, Nachweise", "source", "", "grade", "A"))
	want := strings.Replace(before, `{weight: 20, today: 5, expected: 8, why: "Prüfprotokolle sind auffindbar, Löschfristen laufen mit", source: Bericht des Datenschutzbeauftragten 2026, grade: B}`,
		`{weight: 20, today: 5.5, expected: 6.5 .. 8, why: "Fristen, Nachweise", grade: A}`, 1)
	if got := w.text(id); got != want {
		t.Errorf("the file says\n%s", got)
	}
	// In a scenario only what differs is written there.
	change("?scenario=with_ai", form("scenario", "with_ai", "path", "scorecard.compliance", "weight", "20", "today", "5,5", "expected", "9", "why", "Fristen, Nachweise", "source", "", "grade", "A"))
	w.says(id, "scorecard: {responsiveness: {expected: 7 .. 9}, compliance: {expected: 9}}")
	change("?scenario=with_ai", form("scenario", "with_ai", "path", "scorecard.compliance", "remove", "1"))
	w.says(id, "scorecard: {responsiveness: {expected: 7 .. 9}}")

	change("", form("op", "add_criterion", "item", "customer_satisfaction", "weight", "12,5", "today", "4", "expected", "6", "why", "", "source", "Umfrage: Mai", "grade", "B"))
	change("", form("op", "add_criterion", "item", "", "label", "Stolz auf die Arbeit", "weight", "5", "today", "4", "expected", "6"))
	w.says(id, `customer_satisfaction: {weight: 12.5, today: 4, expected: 6, source: "Umfrage: Mai", grade: B}`, "stolz_auf_die_arbeit: {weight: 5, today: 4, expected: 6, label: Stolz auf die Arbeit}")
	if text := body(t, w.do(locale.German, "GET", "/cases/"+id+"/add?group=scorecard", nil, true)); !strings.Contains(text, "Alle Kriterien des Katalogs sind schon dabei") {
		t.Error("the catalogue is not used up")
	}

	// What makes the case wrong is refused with the reason, and changes nothing.
	before = w.text(id)
	for _, f := range []url.Values{form("path", "scorecard.compliance", "expected", "70"), form("path", "scorecard.compliance", "weight", "-1"), form("path", "scorecard.none", "today", "1"),
		form("op", "add_criterion", "item", "compliance", "weight", "5", "today", "4", "expected", "6"), form("op", "add_criterion", "label", "", "weight", "5", "today", "4", "expected", "6"),
		form("op", "add_criterion", "label", "Neu", "weight", "5, grade: A}", "today", "4", "expected", "6"), form("op", "add_criterion", "label", "Neu", "weight", "5", "today", "4")} {
		if status, text := w.edit(id, "", f); status != http.StatusUnprocessableEntity || strings.TrimSpace(text) == "" {
			t.Errorf("%v: %d %s", f, status, text)
		}
	}
	if got := w.text(id); got != before {
		t.Errorf("what was refused changed the file:\n%s", got)
	}
	if _, text := w.edit(id, "", form("path", "scorecard.compliance", "expected", "70")); !strings.Contains(text, "Punkte reichen von 0 bis 10") {
		t.Errorf("the refusal does not say why: %s", text)
	}
	// The preview says what the utility value would become.
	preview := body(t, w.do(locale.German, "POST", "/cases/"+id+"/preview", form("path", "scorecard.compliance", "expected", "10"), true))
	if !strings.Contains(preview, "Nutzwert erwartet: ") || !strings.Contains(preview, " → ") || strings.Contains(preview, "Kapitalwert") {
		t.Errorf("the preview says %s", preview)
	}

	// Removing takes the scenarios' changes along, and undo brings all back.
	change("", form("op", "remove_criterion", "path", "scorecard.responsiveness"))
	if text := w.text(id); strings.Contains(text, "responsiveness") {
		t.Errorf("a scenario still changes it:\n%s", text)
	}
	if r := w.do(locale.German, "POST", "/cases/"+id+"/undo", url.Values{}, true); r.StatusCode != 200 {
		t.Fatal(r.StatusCode)
	}
	if got := w.text(id); got != before {
		t.Errorf("undone, the file says\n%s", got)
	}
	save := body(t, w.do(locale.German, "GET", "/cases/"+id+"/save", nil, true))
	for _, s := range []string{"Nutzwert: Compliance, heute 5 → 5,5", "Nutzwert: Compliance, erwartet 8 → 6,5 .. 8", "Nutzwert: Kundenzufriedenheit: neu"} {
		if !strings.Contains(save, s) {
			t.Errorf("what is saved does not say %q: %s", s, save)
		}
	}
}

// The first criterion makes the section.
func TestScorecard_begins(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "maschinenbau"))
	if status, text := w.edit(id, "", url.Values{"op": {"add_criterion"}, "item": {"responsiveness"}, "weight": {"100"}, "today": {"3"}, "expected": {"7"}, "why": {"Historie beim Anruf"}}); status != 200 {
		t.Fatal(status, text)
	}
	w.says(id, "\nscorecard:\n  responsiveness: {weight: 100, today: 3, expected: 7, why: Historie beim Anruf}\n")
	r := w.do(locale.German, "POST", "/cases/"+id+"/edit", url.Values{"op": {"remove_criterion"}, "path": {"scorecard.responsiveness"}}, true)
	if r.StatusCode != 200 {
		t.Fatal(r.StatusCode, body(t, r))
	}
	if text := body(t, w.do(locale.German, "GET", "/cases/"+id+"/scorecard", nil, false)); strings.Contains(text, "criterion-responsiveness") {
		t.Error("it is still there")
	}
}
