package report_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
)

// explainedCase has correlated and worthless assumptions, a factor that is described and two that are not, and a step
// whose cost follows from the case.
const explainedCase = `case: Angebote schneller schreiben
currency: EUR
start: 2026-04
horizon: 36
discount: 8 %/year
assumptions:
  users: 12
  wage: {value: 45 .. 52 .. 60 EUR/h, label: Stundensatz}
  saved: {value: 0.5 .. 1.5 .. 3 h/week, label: Eingesparte Stunden je Anwender und Woche nach Schätzung der Vertriebsleitung}
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 8}
costs:
  licences: {amount: users * 45 EUR/month, label: Lizenzen}
  set_up: {amount: 6 000 .. 8 000 .. 14 000 EUR, at: 0, label: "Einführung\e[31m"}
  paper: {amount: 10 .. 12 EUR/month, label: Papier}
benefits:
  time: {lever: time_saved, users: users, hours: saved, wage: wage, converts: 30 .. 50 .. 70 %}
correlate: [[saved, adoption.plateau, 0.5]]
`

// studied runs a case with few draws: the texts do not depend on precision.
func studied(t *testing.T, text string, draws int, lang locale.Lang) *decide.Study {
	t.Helper()
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	s, list, err := decide.New(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(text), Catalogue: cat, Version: "0.1.0"},
		calc.Options{Draws: draws, Seed: 1, Lang: string(lang)})
	if err != nil || s == nil {
		t.Fatal(err, list)
	}
	return s
}

// question is one explanation or goal of explainedCase, ready to be written at any width.
type question struct {
	name string
	ask  func(t *testing.T, s *decide.Study, l *locale.Locale) func(opt report.Options) string
}

func explains(month *float64) func(*testing.T, *decide.Study, *locale.Locale) func(report.Options) string {
	return func(t *testing.T, s *decide.Study, l *locale.Locale) func(report.Options) string {
		e, err := s.Explain(context.Background(), month)
		if err != nil {
			t.Fatal(err)
		}
		if month != nil { // one golden file with the published figures is enough
			e.Position = nil
		}
		report.Translate(e, s.Result, l)
		return func(opt report.Options) string {
			var b bytes.Buffer
			if err := report.Explain(&b, e, s.Result, l, opt); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
}

func seeks(target decide.Target) func(*testing.T, *decide.Study, *locale.Locale) func(report.Options) string {
	return func(t *testing.T, s *decide.Study, l *locale.Locale) func(report.Options) string {
		g, err := s.Seek(context.Background(), target)
		if err != nil {
			t.Fatal(err)
		}
		return func(opt report.Options) string {
			var b bytes.Buffer
			if err := report.Seek(&b, g, s.Result, l, opt); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
}

// chooses explains the choice between the case and a cheaper vendor: what is known of it, and what is worth finding out.
func chooses(t *testing.T, s *decide.Study, l *locale.Locale) func(report.Options) string {
	if list, err := s.Choose(context.Background(), "cheaper"); err != nil || list.Err() != nil {
		t.Fatal(list, err)
	}
	return explains(p(20))(t, s, l)
}

var questions = []question{
	{"explain", explains(nil)},
	{"explain_month", explains(p(20))},
	{"seek_month", seeks(decide.Target{BreakEvenMonth: p(20), Probability: 0.6})},
	{"seek_npv", seeks(decide.Target{NPV: p(2000), Probability: 0.8})},
	{"seek_kept", seeks(decide.Target{NPV: p(-20000), Probability: 0.8})},
	{"seek_out_of_reach", seeks(decide.Target{NPV: p(1e9), Probability: 0.8})},
}

func TestExplanationsReadAsInTheGoldenFileAndFitTheirWidth(t *testing.T) {
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		s := studied(t, explainedCase, 2048, lang)
		for _, q := range questions {
			name := q.name + "." + string(lang)
			t.Run(name, func(t *testing.T) {
				write := q.ask(t, s, l)
				got := write(report.Options{})
				path := filepath.Join("testdata", name+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("report changed (-golden +now):\n%s", d)
				}
				for _, width := range []int{60, 72, 80, 120} {
					checkForm(t, write(report.Options{Width: width}), width)
				}
				if strings.Contains(got, "\x1b") {
					t.Error("a label steers the terminal")
				}
				coloured := write(report.Options{Colour: true})
				if d := cmp.Diff(got, escape.ReplaceAllString(coloured, "")); coloured == got || d != "" {
					t.Errorf("colour changes characters or is missing: %s", d)
				}
			})
		}
	}
}

func TestExplanationOfAChoiceNamesTheAlternatives(t *testing.T) {
	for lang, want := range map[locale.Lang][]string{
		locale.German:  {"Entschieden wird zwischen „Nichts tun“, „Basis“ und „Günstigerer Anbieter“.", "ist „Günstigerer Anbieter“ am besten"},
		locale.English: {"The decision is between “Doing nothing”, “Base case” and “Günstigerer Anbieter”.", "“Günstigerer Anbieter” is best"},
	} {
		got := chooses(t, studied(t, comparedCase, 512, lang), locale.New(lang))(report.Options{Width: 120})
		one := strings.Join(strings.Fields(got), " ")
		for _, w := range want {
			if !strings.Contains(one, w) {
				t.Errorf("%s: %q is not in\n%s", lang, w, got)
			}
		}
	}
	// With scenarios that nobody has called alternatives the program says how to.
	got := explains(nil)(t, studied(t, comparedCase, 512, locale.English), locale.New(locale.English))(report.Options{})
	if !strings.Contains(strings.Join(strings.Fields(got), " "), "--scenario base --scenario cheaper --scenario longer_training") {
		t.Error(got)
	}
}

func TestExplanationOfALargeCaseFitsSixtyColumns(t *testing.T) {
	text, err := os.ReadFile("../../examples/enterprise.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l := locale.New(locale.English)
	s := studied(t, string(text), 128, locale.English)
	for _, q := range questions[1:3] {
		checkForm(t, q.ask(t, s, l)(report.Options{Width: 60}), 60)
	}
}

// The estimates of Sobol indices miss 0 ≤ first ≤ total ≤ 1 by their error; a reader must not see that.
func TestExplanationShowsNoShareOutsideItsLimits(t *testing.T) {
	l := locale.New(locale.English)
	s := studied(t, explainedCase, 2048, locale.English)
	e := &decide.Explanation{Sobol: []decide.Index{{ID: "a", Label: "alpha", First: 1.04, Total: 1.02}, {ID: "b", Label: "beta", First: 0.03, Total: 0.02},
		{ID: "c", Label: "gamma", First: -0.01, Total: 0.01}, {ID: "d", Label: "delta", First: 0, Total: 0.001}}}
	var b bytes.Buffer
	if err := report.Explain(&b, e, s.Result, l, report.Options{}); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, line := range strings.Split(b.String(), "\n") {
		if f := strings.Fields(line); len(f) == 3 && strings.HasSuffix(f[2], "%") {
			rows = append(rows, strings.Join(f, " "))
		}
	}
	if d := cmp.Diff([]string{"alpha 100% 100%", "beta 2% 2%", "gamma 0% 1%"}, rows); d != "" {
		t.Errorf("rows (-want +got):\n%s\n%s", d, b.String())
	}
}
