package revision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
)

func TestDifferencesByPath(t *testing.T) {
	for _, tt := range []struct {
		name, old, new string
		want           []string
	}{
		{"a value", "assumptions: {a: 1 h, b: 2}\n", "assumptions: {a: 1 .. 2 h, b: 2}\n", []string{"changed assumptions.a 1 h|1 .. 2 h"}},
		{"with or without its map", "assumptions: {a: 1}\n", "assumptions: {a: {value: 2, grade: B}}\n", []string{"changed assumptions.a 1|2", "added assumptions.a.grade |B"}},
		{"order, quotes and spacing", "assumptions:\n  a: 1\n  b: \"2\"\n", "assumptions: {b: 2, a:   1}\n", nil},
		{"comments alone", "a: 1 # x\nassumptions: {b: 1}\n", "a: 1 # y\nassumptions: {b: 1}\n", []string{"comments  |"}},
		{"a sign inside of quotes is no comment", "note: 'a # b'\n", "note: \"a # b\"\n", nil},
		{"a line comes and goes", "costs:\n  x: {amount: 1, at: 0}\n", "costs:\n  y:\n    amount: 2\n", []string{"removed costs.x {amount: 1, at: 0}|", "added costs.y |{amount: 2}"}},
		{"a section comes", "case: x\n", "case: x\ncosts: {a: 1, b: 2}\n", []string{"added costs.a |1", "added costs.b |2"}},
		{"a renamed assumption", "assumptions: {a: 7, b: a * 2}\ncorrelate: [[a, b, 0.4]]\nscenarios: {s: {assumptions: {a: 8}}}\n", "assumptions: {c: 7, b: c * 2}\ncorrelate: [[c, b, 0.4]]\nscenarios: {s: {assumptions: {c: 8}}}\n", []string{"renamed assumptions.c a|c"}},
		{"two alike are not guessed", "assumptions: {a: 7, b: 7}\n", "assumptions: {c: 7, d: 7}\n", []string{"removed assumptions.a 7|", "removed assumptions.b 7|", "added assumptions.c |7", "added assumptions.d |7"}},
		{"a scenario", "scenarios: {s: {assumptions: {a: 1}}}\n", "scenarios: {s: {assumptions: {a: 2}, costs: {x: {at: 1}}}}\n", []string{"changed scenarios.s.assumptions.a 1|2", "added scenarios.s.costs.x |{at: 1}"}},
		{"a renamed scenario", "scenarios: {s: {assumptions: {a: 1}}}\n", "scenarios: {t: {assumptions: {a: 1}}}\n", []string{"renamed scenarios.t s|t"}},
		{"a list", "costs: {x: {at: [1, 13]}}\n", "costs: {x: {at: [1, 25]}}\n", []string{"changed costs.x.at [1, 13]|[1, 25]"}},
	} {
		changes, err := revision.Diff([]byte(tt.old), []byte(tt.new))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range changes {
			got = append(got, fmt.Sprintf("%s %s %s|%s", c.Kind, c.Path, c.From, c.To))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDifferencesInWords(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	old := string(example(t, "maschinenbau.yaml"))
	o := open(t, old)
	for _, e := range []edit{set("adoption.plateau", "60 .. 70 .. 92 %"), set("hours_saved", "0.5 .. 1.25 .. 3 h/week"), field("customers", "source", "ERP, April"), set("costs.project.amount", "50 000 .. 62 500.5 EUR"),
		remove("costs.dip"), set("benefits.churn.cut", "5 %"), set("scenarios.with_ai.users", "42"), set("horizon", "48 months"), insert("assumptions", "vans", "3", "")} {
		if o, err = e(o); err != nil {
			t.Fatal(err)
		}
	}
	for lang, want := range map[locale.Lang][]string{
		locale.German: {"Zeitraum: 36 months → 48 months", "Kunden, Quelle: ERP export 2026-03 → ERP, April", "Ersparnis je Anwender: 0,5 .. 1,5 .. 3 h/week → 0,5 .. 1,25 .. 3 h/week", "vans: neu, 3",
			"Akzeptanz im Endstand: 60 .. 80 .. 92 % → 60 .. 70 .. 92 %", "Einführungsprojekt, Betrag: 45.000 .. 60.000 .. 95.000 EUR → 50.000 .. 62.500,5 EUR", "Einarbeitung: entfällt",
			"Abwanderung, Vermeidbarer Anteil: 3 .. 8 .. 15 % → 5 %", "Im Szenario „Mit KI-Funktionen“: Anwender: neu, 42"},
		locale.English: {"Horizon: 36 months → 48 months", "vans: new, 3", "Adoption in the end: 60 .. 80 .. 92 % → 60 .. 70 .. 92 %", "Einführungsprojekt, Amount: 45,000 .. 60,000 .. 95,000 EUR → 50,000 .. 62,500.5 EUR", "In scenario “Mit KI-Funktionen”: Users: new, 42"},
	} {
		got, err := revision.Words(locale.New(lang), cat, []byte(old), o.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("no %q in\n%s", w, strings.Join(got, "\n"))
			}
		}
		if len(got) != 9 {
			t.Errorf("%d sentences:\n%s", len(got), strings.Join(got, "\n"))
		}
	}
}

func TestDifferencesOfTheScorecardInWords(t *testing.T) {
	cat, err := catalogue.Open()
	if err != nil {
		t.Fatal(err)
	}
	const old = "scorecard:\n  responsiveness: {weight: 10, today: 4, expected: 7}\n  pride: {label: Pride in the work, weight: 5, today: 3, expected: 4}\n" +
		"  compliance: {weight: 2, today: 3, expected: 4}\nscenarios:\n  ai: {label: With AI, scorecard: {responsiveness: {expected: 8}}}\n"
	o := open(t, old)
	for _, e := range []edit{set("scorecard.responsiveness.expected", "6.5 .. 8"), set("scorecard.responsiveness.weight", "15"), set("scorecard.pride.today", "2"),
		set("scenarios.ai.scorecard.responsiveness.expected", "9"), set("scenarios.ai.scorecard.pride.expected", "5"), remove("scorecard.compliance"),
		insert("scorecard", "information_quality", "{weight: 10, today: 2, expected: 4}", ""),
		func(t *revision.Text) (*revision.Text, error) {
			return t.SetText("scorecard.responsiveness.why", "one history, 7.5 systems less")
		}} {
		if o, err = e(o); err != nil {
			t.Fatal(err)
		}
	}
	for lang, want := range map[locale.Lang][]string{
		locale.German: {"Nutzwert: Auskunftsfähigkeit, Gewicht 10 → 15", "Nutzwert: Auskunftsfähigkeit, erwartet 7 → 6,5 .. 8", "Nutzwert: Auskunftsfähigkeit, Begründung: neu, one history, 7.5 systems less",
			"Nutzwert: Pride in the work, heute 3 → 2", "Nutzwert: Compliance: entfällt", "Nutzwert: Informationsqualität: neu", "Im Szenario „With AI“: Nutzwert: Auskunftsfähigkeit, erwartet 8 → 9",
			"Im Szenario „With AI“: Nutzwert: Pride in the work: neu"},
		locale.English: {"Scorecard: Responsiveness, weight 10 → 15", "Scorecard: Responsiveness, expected 7 → 6.5 .. 8", "Scorecard: Responsiveness, reason: new, one history, 7.5 systems less",
			"Scorecard: Pride in the work, today 3 → 2", "Scorecard: Compliance: removed", "Scorecard: Information quality: new", "In scenario “With AI”: Scorecard: Responsiveness, expected 8 → 9",
			"In scenario “With AI”: Scorecard: Pride in the work: new"},
	} {
		got, err := revision.Words(locale.New(lang), cat, []byte(old), o.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", lang, d)
		}
	}
}

func TestMergeTakesBothSides(t *testing.T) {
	const base = "assumptions:\n  a: 1 # eins\n  b: {value: 2, source: x}\n\ncosts:\n  x: {amount: 5, at: 0}\n"
	for _, tt := range []struct{ name, base, ours, theirs, want string }{
		{"different values", base, strings.Replace(base, "a: 1", "a: 3", 1), strings.Replace(base, "value: 2", "value: 4", 1), strings.NewReplacer("a: 1", "a: 3", "value: 2", "value: 4").Replace(base)},
		{"value and source of one quantity", base, strings.Replace(base, "value: 2", "value: 3", 1), strings.Replace(base, "source: x", "source: y", 1), strings.Replace(base, "value: 2, source: x", "value: 3, source: y", 1)},
		{"what theirs adds comes with its comments", base, strings.Replace(base, "a: 1", "a: 3", 1), strings.Replace(base, "  b:", "  # neu\n  c: 7 # sieben\n  b:", 1),
			"assumptions:\n  a: 3 # eins\n  # neu\n  c: 7 # sieben\n  b: {value: 2, source: x}\n\ncosts:\n  x: {amount: 5, at: 0}\n"},
		{"comments of both sides", base, strings.Replace(base, "# eins", "# one", 1), strings.Replace(base, "at: 0}", "at: 1} # später", 1), strings.NewReplacer("# eins", "# one", "at: 0}", "at: 1} # später").Replace(base)},
		{"both the same", base, strings.Replace(base, "a: 1", "a: 3", 1), strings.Replace(base, "a: 1 #", "a:  3 #", 1), strings.Replace(base, "a: 1", "a: 3", 1)},
		{"a block moves into another indentation", "costs:\n  x: 1\n", "costs:\n    x: 2\n", "costs:\n  x: 1\n  # y\n  y:\n    amount: 3 # drei\n    at: 0\n", "costs:\n    x: 2\n    # y\n    y:\n      amount: 3 # drei\n      at: 0\n"},
		{"a section that is new", "costs:\n  x: 1\n", "costs:\n  x: 2\n", "costs:\n  x: 1\n\n# was wäre wenn\nscenarios:\n  s: {label: S}\n", "costs:\n  x: 2\n\n# was wäre wenn\nscenarios:\n  s: {label: S}\n"},
	} {
		got, conflicts, err := revision.Merge([]byte(tt.base), []byte(tt.ours), []byte(tt.theirs))
		if err != nil || len(conflicts) > 0 || string(got) != tt.want {
			t.Errorf("%s: %v %v\n%s", tt.name, err, conflicts, got)
		}
	}
}

func TestConflictsAreNamedAndSettled(t *testing.T) {
	base, ours, theirs := []byte("assumptions:\n  a: 1 h # eins\n  b: 1\n  c: 1\n"), []byte("assumptions:\n  a: 2 h # eins\n  b: 1\n  c: 2\n"), []byte("assumptions:\n  a: 3 h # drei\n  b: 2\n")
	merged, conflicts, err := revision.Merge(base, ours, theirs)
	if err != nil || string(merged) != "assumptions:\n  a: 2 h # eins\n  b: 2\n  c: 2\n" {
		t.Fatalf("%v %s", err, merged)
	}
	got := fmt.Sprint(conflicts[0].Path, conflicts[0].Base, conflicts[0].Ours, conflicts[0].Theirs, " ", conflicts[1].Path, conflicts[1].Base, conflicts[1].Ours, conflicts[1].Theirs)
	if len(conflicts) != 2 || got != "assumptions.a1 h2 h3 h assumptions.c12" {
		t.Errorf("%q", got)
	}
	for _, tt := range []struct {
		a, c revision.Choice
		want string
	}{
		{revision.Choice{Take: "theirs"}, revision.Choice{Take: "theirs"}, "assumptions:\n  a: 3 h # eins\n  b: 2\n"},
		{revision.Choice{Take: "base"}, revision.Choice{Take: "ours"}, "assumptions:\n  a: 1 h # eins\n  b: 2\n  c: 2\n"},
		{revision.Choice{Take: "value", Value: "2.5 h"}, revision.Choice{Take: "base"}, "assumptions:\n  a: 2.5 h # eins\n  b: 2\n  c: 1\n"},
	} {
		merged, open, err := revision.Resolve(base, ours, theirs, map[string]revision.Choice{"assumptions.a": tt.a, "assumptions.c": tt.c})
		if err != nil || len(open) > 0 || string(merged) != tt.want {
			t.Errorf("%v %v\n%s", err, open, merged)
		}
	}
	if _, open, err := revision.Resolve(base, ours, theirs, map[string]revision.Choice{"assumptions.a": {Take: "ours"}}); err != nil || len(open) != 1 || open[0].Path != "assumptions.c" {
		t.Errorf("%v %v", err, open)
	}
	if _, _, err := revision.Resolve(base, ours, theirs, map[string]revision.Choice{"assumptions.a": {Take: "mine"}}); code(err) != "edit_choice" {
		t.Error(err)
	}
}
