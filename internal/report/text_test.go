package report_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func write(t testing.TB, r *result.Result, lang locale.Lang, opt report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, r, locale.New(lang), opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var cases = []struct {
	name string
	r    func() *result.Result
	opt  report.Options
}{
	{"normal", normal, report.Options{}},
	{"never", never, report.Options{}},
	{"partly_never", partlyNever, report.Options{}},
	{"rarely", rarely, report.Options{}},
	{"at_start", atStart, report.Options{}},
	{"one_month", oneMonth, report.Options{}},
	{"huge", huge, report.Options{}},
	{"long_labels", longLabels, report.Options{}},
	{"scorecard", scored, report.Options{}},
	{"scorecard_narrow", scored, report.Options{ASCII: true, Width: 60}},
	{"definitions", normal, report.Options{Definitions: true}},
	{"ascii_narrow", partlyNever, report.Options{ASCII: true, Width: 60, Definitions: true}},
}

func TestReportReadsAsInTheGoldenFile(t *testing.T) {
	for _, tt := range cases {
		for _, lang := range locale.Langs() {
			name := tt.name + "." + string(lang)
			t.Run(name, func(t *testing.T) {
				got := write(t, tt.r(), lang, tt.opt)
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
			})
		}
	}
}

// checkForm holds for every report: its width, no spaces at the end, no missing message, no NaN.
func checkForm(t interface{ Fatalf(string, ...any) }, got string, width int) {
	for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
		if w := locale.Width(line); w > width {
			t.Fatalf("%d columns, %d allowed: %q", w, width, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Fatalf("spaces at the end of %q", line)
		}
	}
	for _, bad := range []string{"⟦", "<no value>", "NaN", "Inf", "\t", "\n\n\n"} {
		if strings.Contains(got, bad) {
			t.Fatalf("%q in\n%s", bad, got)
		}
	}
	if s := negativeZero.FindString(got); s != "" {
		t.Fatalf("%q in\n%s", s, got)
	}
}

var negativeZero = regexp.MustCompile(`−\p{Sc}?0([.,]0+)?([^.,\d]|$)`)

func TestEveryReportFitsItsWidth(t *testing.T) {
	for _, tt := range cases {
		for _, lang := range locale.Langs() {
			for _, width := range []int{60, 72, 80, 100, 120} {
				opt := tt.opt
				opt.Width = width
				checkForm(t, write(t, tt.r(), lang, opt), width)
			}
		}
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestColourChangesNoCharacter(t *testing.T) {
	for _, tt := range cases {
		opt := tt.opt
		opt.Definitions = true
		plain := write(t, tt.r(), locale.German, opt)
		opt.Colour = true
		coloured := write(t, tt.r(), locale.German, opt)
		if plain == coloured {
			t.Errorf("%s: no colour", tt.name)
		}
		if d := cmp.Diff(plain, escape.ReplaceAllString(coloured, "")); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestLabelsCannotSteerTheTerminal(t *testing.T) {
	r := longLabels()
	r.Case.Name, r.Notes[0].Text, r.Carriers[0].Label = "\x1b[2J", "\x1b]0;titel\a", "\x1b[H"
	if got := write(t, r, locale.German, report.Options{}); strings.ContainsAny(got, "\x1b\a") {
		t.Errorf("a control character got through:\n%q", got)
	}
}

func TestAnswer(t *testing.T) {
	with := func(horizon int, start string, be result.BreakEven) *result.Result {
		r := normal()
		r.Case.HorizonMonths, r.Case.Start, r.Simulation.BreakEven = horizon, start, be
		return r
	}
	for _, tt := range []struct {
		name   string
		r      *result.Result
		de, en string
	}{
		{"a range", normal(),
			"Ihr CRM bezahlt sich nach 18 Monaten selbst (Oktober 2027) – mit 80 % Wahrscheinlichkeit zwischen Monat 14 und 25.",
			"Your CRM pays for itself after 18 months (October 2027) – with 80% probability between month 14 and month 25."},
		{"one month, without a start", with(36, "", result.BreakEven{P10: p(0.2), P50: p(1), P90: p(3)}),
			"Ihr CRM bezahlt sich nach 1 Monat selbst – mit 80 % Wahrscheinlichkeit zwischen Monat 1 und 3.",
			"Your CRM pays for itself after 1 month – with 80% probability between month 1 and month 3."},
		{"no uncertainty", with(36, "2026-04", result.BreakEven{P10: p(18), P50: p(18), P90: p(18)}),
			"Ihr CRM bezahlt sich nach 18 Monaten selbst (Oktober 2027).",
			"Your CRM pays for itself after 18 months (October 2027)."},
		{"all in one month", with(36, "", result.BreakEven{P10: p(17.1), P50: p(17.6), P90: p(17.9)}),
			"Ihr CRM bezahlt sich nach 18 Monaten selbst – mit 80 % Wahrscheinlichkeit in diesem Monat.",
			"Your CRM pays for itself after 18 months – with 80% probability in this very month."},
		{"from the start for some", with(36, "", result.BreakEven{P10: p(0), P50: p(2), P90: p(9)}),
			"Ihr CRM bezahlt sich nach 2 Monaten selbst – mit 90 % Wahrscheinlichkeit spätestens nach 9 Monaten.",
			"Your CRM pays for itself after 2 months – with 90% probability after 9 months at the latest."},
		{"from the start for most", with(36, "", result.BreakEven{P10: p(0), P50: p(0), P90: p(1)}),
			"Ihr CRM trägt sich von Anfang an selbst – mit 90 % Wahrscheinlichkeit spätestens nach 1 Monat.",
			"Your CRM pays for itself from the very start – with 90% probability after 1 month at the latest."},
		{"from the start for all", with(36, "", result.BreakEven{P10: p(0), P50: p(0), P90: p(0)}),
			"Ihr CRM trägt sich von Anfang an selbst.",
			"Your CRM pays for itself from the very start."},
		{"upper end open", with(36, "2026-04", result.BreakEven{P10: p(22), P50: p(30), NotWithinHorizon: 0.23}),
			"Ihr CRM bezahlt sich nach 30 Monaten selbst (Oktober 2028) – mit 23 % Wahrscheinlichkeit aber nicht innerhalb von 36 Monaten.",
			"Your CRM pays for itself after 30 months (October 2028) – but with 23% probability not within 36 months."},
		{"rarely", with(36, "", result.BreakEven{P10: p(30), NotWithinHorizon: 0.82}),
			"Ihr CRM zahlt sich innerhalb von 36 Monaten voraussichtlich nicht aus; die Chance darauf liegt bei 18 %.",
			"Your CRM is not expected to pay for itself within 36 months; the chance that it does is 18%."},
		{"hardly ever", with(1, "", result.BreakEven{NotWithinHorizon: 0.9999}),
			"Ihr CRM zahlt sich innerhalb von 1 Monat voraussichtlich nicht aus; die Chance darauf liegt bei < 1 %.",
			"Your CRM is not expected to pay for itself within 1 month; the chance that it does is < 1%."},
		{"never", never(),
			"Ihr CRM zahlt sich innerhalb von 36 Monaten nicht aus.",
			"Your CRM does not pay for itself within 36 months."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for lang, want := range map[locale.Lang]string{locale.German: tt.de, locale.English: tt.en} {
				got := strings.ReplaceAll(report.Answer(tt.r, locale.New(lang)), "\u00a0", " ")
				if got != want {
					t.Errorf("%s:\n got %s\nwant %s", lang, got, want)
				}
			}
		})
	}
}

func TestLimit(t *testing.T) {
	with := func(grade string, carriers ...result.Carrier) *result.Result {
		r := normal()
		r.Grade, r.Carriers = grade, carriers
		return r
	}
	hours := result.Carrier{ID: "hours", Label: "Zeitersparnis", Share: 0.41, Grade: "D", Stated: true}
	wins := result.Carrier{ID: "wins", Label: "Abschlüsse", Share: 0.3, Grade: "B", Stated: true}
	adoption := result.Carrier{ID: "adoption.plateau", Share: 0.22, Grade: "D"}
	for _, tt := range []struct {
		name string
		r    *result.Result
		want string
	}{
		{"one weak input", with("D", wins, hours),
			"Am schwächsten belegt ist „Zeitersparnis“: Güte D (Schätzung), 41 % der Unsicherheit."},
		{"an input without grade or label", with("D", adoption),
			"Am schwächsten belegt ist „adoption.plateau“: Güte D (ohne Angabe), 22 % der Unsicherheit."},
		{"several, the largest is named", with("D", adoption, hours, wins),
			"Am schwächsten belegt sind „Zeitersparnis“ und eine weitere Annahme: Güte D (Schätzung), zusammen 63 % der Unsicherheit."},
		{"all measured", with("A", result.Carrier{ID: "a", Share: 1, Grade: "A", Stated: true}),
			"Alle Annahmen, die das Ergebnis tragen, sind gemessen (Güte A)."},
		{"a grade alone", with("C"), "Güte des Ergebnisses: C (Angabe Dritter)."},
		{"nothing to say", with(""), ""},
		{"paid back, and still a loss once discounted", func() *result.Result {
			r := with("C")
			r.Simulation.NPV = spread(-40e3, -12e3, 8e3)
			return r
		}(), "Mit 8 % abgezinst bleibt jedoch ein Verlust: Der Kapitalwert beträgt −12 T€. Güte des Ergebnisses: C (Angabe Dritter)."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.ReplaceAll(report.Limit(tt.r, locale.New(locale.German)), "\u00a0", " "); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestMonthIsTheMonthInWhichTheMoneyIsBack(t *testing.T) {
	for in, want := range map[float64]int{-1: 0, 0: 0, 0.2: 1, 17: 17, 17.0000000001: 17, 17.01: 18, 17.99: 18} {
		if got := report.Month(in); got != want {
			t.Errorf("Month(%v) = %d, want %d", in, got, want)
		}
	}
	if got := report.Month(math.NaN()); got != 0 {
		t.Errorf("Month(NaN) = %d", got)
	}
}

func TestEmptyResultIsStillAReport(t *testing.T) {
	for _, lang := range locale.Langs() {
		got := write(t, &result.Result{}, lang, report.Options{Definitions: true})
		checkForm(t, got, 80)
		if !strings.HasPrefix(got, report.Answer(&result.Result{}, locale.New(lang))[:10]) {
			t.Errorf("the answer does not come first:\n%s", got)
		}
	}
}

// Whatever the figures: the form holds in both languages.
func TestAnyResultKeepsTheForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		money := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Float64Range(-1e14, 1e14), rapid.SampledFrom(
			[]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), -0.4, 1e18}))
		maybe := func(v float64) *float64 {
			if rapid.IntRange(0, 3).Draw(t, "there") == 0 {
				return nil
			}
			return &v
		}
		label := rapid.StringMatching(`[A-Za-zäöü, ]{0,70}`)
		r := partlyNever()
		r.Case.Currency = rapid.SampledFrom([]string{"EUR", "USD", "CHF", "JPY", "XYZ"}).Draw(t, "currency")
		r.Simulation.NPV = result.Spread{P10: maybe(money.Draw(t, "v")), P50: maybe(money.Draw(t, "v")), P90: maybe(money.Draw(t, "v"))}
		r.Simulation.ROI = result.Spread{P10: maybe(money.Draw(t, "v")), P50: maybe(money.Draw(t, "v")), P90: maybe(money.Draw(t, "v"))}
		r.Simulation.BreakEven = result.BreakEven{P10: maybe(1), P50: maybe(5), P90: maybe(7), NotWithinHorizon: rapid.Float64Range(0, 1).Draw(t, "never")}
		r.Plan.IRR, r.Plan.TCO = maybe(money.Draw(t, "v")), money.Draw(t, "v")
		for i := range r.Lines {
			r.Lines[i].PV = result.LineRange{P10: money.Draw(t, "v"), P50: money.Draw(t, "v"), P90: money.Draw(t, "v")}
			r.Lines[i].Label, r.Lines[i].Share = label.Draw(t, "label"), rapid.Float64Range(-1, 2).Draw(t, "share")
		}
		r.Carriers[0].Label = label.Draw(t, "label")
		for i := range r.Timeline {
			r.Timeline[i].Cumulative.P90 = money.Draw(t, "v")
		}
		width := rapid.IntRange(60, 120).Draw(t, "width")
		for _, lang := range locale.Langs() {
			var b bytes.Buffer
			if err := report.Text(&b, r, locale.New(lang), report.Options{Width: width, Definitions: true}); err != nil {
				t.Fatal(err)
			}
			checkForm(t, b.String(), width)
		}
	})
}

// BenchmarkText is what the report costs a run once the messages are loaded.
func BenchmarkText(b *testing.B) {
	r, l := normal(), locale.New(locale.German)
	for b.Loop() {
		if err := report.Text(&bytes.Buffer{}, r, l, report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
