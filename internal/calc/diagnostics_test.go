package calc_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

var update = flag.Bool("update", false, "rewrite testdata/diagnostics")

var de, en = locale.New(locale.German), locale.New(locale.English)

// base is the rest of every case in testdata/diagnostics: a case without mistakes.
const base = `currency: EUR
discount: 8 %/year
start: 2026-04
assumptions:
  users: 40
  wage: 46 .. 52 .. 60 EUR/h
adoption: {plateau: 80 %, months_to_90: 6}
costs:
  licences: {amount: users * 65 EUR/month}
benefits:
  time: {lever: time_saved, hours: 1.5 h/week, converts: 50 %}
`

// sections splits a text into its top-level entries.
func sections(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if len(all) == 0 || strings.TrimSpace(line[:1]) != "" && line[0] != '#' {
			all = append(all, "")
		}
		all[len(all)-1] += line
	}
	return all
}

// whole is the case file that a fragment stands for: the fragment, then what it does not say from base.
func whole(fragment string) string {
	var text strings.Builder
	text.WriteString(fragment)
	for _, s := range sections(base) {
		key, _, _ := strings.Cut(s, ":")
		if !slices.ContainsFunc(sections(fragment), func(f string) bool { return strings.HasPrefix(f, key+":") }) {
			text.WriteString(s)
		}
	}
	return text.String()
}

// golden is one case of a file in testdata/diagnostics: "== name", the fragment, "--", what is said about it. A name that
// ends in "(whole file)" takes nothing from base, one that ends in "(result)" is computed, not only checked.
type golden struct{ name, fragment, want string }

func read(t *testing.T, path string) []golden {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	for i, part := range strings.Split("\n"+string(text), "\n== ") {
		if i == 0 {
			continue
		}
		name, rest, _ := strings.Cut(part, "\n")
		fragment, want, _ := strings.Cut(rest, "\n--\n")
		all = append(all, golden{strings.TrimSpace(name), fragment + "\n", strings.Trim(want, "\n")})
	}
	return all
}

// said is everything the program says about a case: place and code, then the text in both languages.
func said(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %d:%d-%d\n%s\n%s\n", d.Code, d.At.Line, d.At.Column, d.At.EndColumn, de.Diagnostic(d, false), en.Diagnostic(d, false))
	}
	return strings.Trim(b.String(), "\n")
}

// run computes a case with few draws.
func run(t *testing.T, text string) diag.List {
	t.Helper()
	_, list, err := calc.Run(context.Background(), calc.Case{Name: "fall.yaml", Text: []byte(text)}, calc.Options{Draws: 64, Seed: 1, Workers: 1})
	if err != nil {
		t.Error(err)
	}
	return list
}

// elsewhere are the codes that no case file alone can raise, with where they are tested.
var elsewhere = map[string]string{
	"unknown_language":     "package locale",
	"unknown_entry":        "package cli",
	"unknown_scenario":     "TestOptionsAndOverlaysAreChecked",
	"set_value":            "TestOptionsAndOverlaysAreChecked",
	"draws_range":          "TestOptionsAndOverlaysAreChecked",
	"no_scenarios":         "TestOptionsAndOverlaysAreChecked",
	"wait_range":           "TestOptionsAndOverlaysAreChecked",
	"catalogue_folder":     "TestBrokenCataloguesAreNamed",
	"catalogue_read":       "TestBrokenCataloguesAreNamed",
	"catalogue_incomplete": "TestBrokenCataloguesAreNamed",
	"catalogue_formula":    "TestBrokenCataloguesAreNamed",
	"catalogue_name":       "TestBrokenCataloguesAreNamed",
	"catalogue_unit":       "TestBrokenCataloguesAreNamed",
	"unknown_chain":        "TestBrokenCataloguesAreNamed",
	"file_too_big":         "TestLimitsOfAFile",
	"file_too_many":        "TestLimitsOfAFile",
	"file_too_deep":        "TestLimitsOfAFile",
	"file_encoding":        "TestLimitsOfAFile",
	"too_many_lines":       "TestLimitsOfAFile",
	"too_many_scenarios":   "TestLimitsOfAFile",
	"too_many_criteria":    "TestLimitsOfAFile",
	"too_much_work":        "TestLimitsOfAFile",
	"formula_too_long":     "TestLimitsOfAFile",
	"formula_too_big":      "TestLimitsOfAFile",
	"formula_too_deep":     "TestLimitsOfAFile",

	// Kept for what cannot happen, so that a user would still read a sentence if it did.
	"choice_length":        "the parser pairs values and probabilities",
	"range_not_positive":   "the bound is chosen by the values",
	"range_not_share":      "the bound is chosen by the values",
	"distribution_invalid": "all errors of package dist have a code",
	"finance":              "the horizon and the rate are checked before",
}

// others begin the codes that the packages decide, auth, revision, tabular, ingest, quality, duplicates, connector,
// report/document and report/workbook raise and test.
var others = []string{"audit_", "auth_", "edit_", "table_", "mapping_", "query_", "source_", "decision_", "brand_", "workbook_", "quality_"}

func TestEveryDiagnosticIsShownAtItsPlace(t *testing.T) {
	paths, err := filepath.Glob("testdata/diagnostics/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		var out strings.Builder
		for _, g := range read(t, path) {
			text := whole(g.fragment)
			if strings.HasSuffix(g.name, "(whole file)") {
				text = g.fragment
			}
			_, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(text)}, "")
			if strings.HasSuffix(g.name, "(result)") {
				list = run(t, text)
			}
			for _, d := range list {
				seen[d.Code] = true
				places(t, g.name, text, d)
			}
			got := said(list)
			fmt.Fprintf(&out, "== %s\n%s--\n%s\n\n", g.name, g.fragment, got)
			if len(list) == 0 && !strings.Contains(g.name, "is right") {
				t.Errorf("%s: %s: nothing is said", filepath.Base(path), g.name)
			}
			if strings.Contains(got, "⟦") {
				t.Errorf("%s: %s: a message is missing\n%s", filepath.Base(path), g.name, got)
			}
			if d := cmp.Diff(g.want, got); d != "" && !*update {
				t.Errorf("%s: %s (-want +got; -update rewrites)\n%s", filepath.Base(path), g.name, d)
			}
		}
		if *update {
			if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, key := range de.Keys() {
		code, ok := strings.CutPrefix(key, "diag.")
		if !ok || strings.Contains(code, ".") || code == "in_scenario" || slices.ContainsFunc(others, func(p string) bool { return strings.HasPrefix(code, p) }) {
			continue
		}
		switch where := elsewhere[code]; {
		case !seen[code] && where == "":
			t.Errorf("no case raises %s", code)
		case seen[code] && where != "":
			t.Errorf("%s is raised by a case; take it out of the list", code)
		}
	}
}

// replaced are the codes whose argument instead is to be written in place of what is marked.
var replaced = []string{"decimal_comma", "number_grouping", "yaml_colon", "yaml_no_colon", "yaml_reserved", "yaml_feature", "formula_cut", "range_dash", "share_range",
	"unit_missing", "dimension_expected", "percent_unexpected", "unit_first", "number_multiple", "name_form", "start_form", "rate_small", "share_edge",
	"other_currency", "unknown_key", "unknown_word", "unknown_name", "unknown_unit", "unknown_lever", "unknown_item", "unknown_input", "unknown_function", "unknown_currency"}

// Whoever writes what a hint tells them to write is not told the same again at that place.
func TestWhatHintsSuggestIsAccepted(t *testing.T) {
	paths, err := filepath.Glob("testdata/diagnostics/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	tried := map[string]bool{}
	for _, path := range paths {
		for _, g := range read(t, path) {
			text := whole(g.fragment)
			_, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(text)}, "")
			for _, d := range list {
				instead, _ := d.Args["instead"].(string)
				if nearest, ok := d.Args["nearest"].(string); ok {
					instead = nearest
				}
				if instead == "" || !slices.Contains(replaced, d.Code) || d.Code == "unknown_key" && d.Args["where"] == "case" {
					continue
				}
				tried[d.Code] = true
				lines := strings.Split(text, "\n")
				line := []rune(lines[d.At.Line-1])
				end := min(d.At.EndColumn-1, len(line))
				switch d.Code { // these mark the first character of what is to be replaced
				case "yaml_reserved", "yaml_feature":
					end = len(line)
				case "yaml_colon":
					end = len(line)
				}
				lines[d.At.Line-1] = string(line[:d.At.Column-1]) + instead + string(line[end:])
				_, after := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(strings.Join(lines, "\n"))}, "")
				for _, a := range after {
					if a.Code == d.Code && a.At.Line == d.At.Line && a.At.Column == d.At.Column {
						t.Errorf("%s: %s: writing %s gives\n%s", filepath.Base(path), g.name, instead, en.Diagnostic(a, false))
					}
				}
			}
		}
	}
	for _, code := range replaced {
		if !tried[code] {
			t.Errorf("no case tries the hint of %s", code)
		}
	}
}

// places checks that a place lies inside the text and carries its line.
func places(t *testing.T, name, text string, d diag.Diagnostic) {
	t.Helper()
	if !d.At.Known() || d.At.File != "fall.yaml" {
		return
	}
	lines := strings.Split(text, "\n")
	if d.At.Line > len(lines) {
		t.Errorf("%s: %s at line %d of %d", name, d.Code, d.At.Line, len(lines))
		return
	}
	line := []rune(lines[d.At.Line-1])
	if d.At.Column < 1 || d.At.EndColumn <= d.At.Column || d.At.EndColumn > len(line)+2 {
		t.Errorf("%s: %s at columns %d to %d of %d", name, d.Code, d.At.Column, d.At.EndColumn, len(line))
	}
	if d.At.Source != "" && d.At.Source != string(line) {
		t.Errorf("%s: %s shows %q instead of %q", name, d.Code, d.At.Source, string(line))
	}
}

// codes lists code and line of what was found.
func codes(list diag.List) (all []string) {
	for _, d := range list {
		all = append(all, fmt.Sprintf("%s %d", d.Code, d.At.Line))
	}
	return all
}

func TestFiveMistakesAreToldAtOnceInTheOrderOfTheFile(t *testing.T) {
	check := func(name, text string, want ...string) {
		t.Helper()
		_, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(text)}, "")
		if d := cmp.Diff(want, codes(list)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
	check("shape and syntax", `case: fünf Fehler
currency: EUR
start: 04/2026
horizon: 36 months
discount: 8
assumptions:
  users: 40,5
costs:
  licences: {amout: users * 65 EUR/month}
benefits:
  legacy: {amount: 900 EUR/month, from: 12, to: 6}
`, "start_form 3", "rate_range 5", "decimal_comma 7", "unknown_key 9", "from_after_to 11")
	check("names and units", `case: fünf Fehler
currency: EUR
discount: 8 %/year
assumptions:
  users: 40
  wage: 52 USD/h
  saved: 1.5
costs:
  licences: {amount: usres * 65 EUR/month}
  training: {amount: users * 8 h * wage + 100 EUR/month, at: 1}
  dip: {amount: users * 2 h/week}
benefits:
  time: {lever: time_saved, hours: saved, converts: 50}
`, "other_currency 6", "unit_missing 7", "unknown_name 9", "amount_expected 11", "share_range 13")
}

func TestWhatFollowsFromAnErrorIsNotTold(t *testing.T) {
	// wage is wrong; everything that uses it would be, too.
	_, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(whole(`assumptions:
  users: 40
  wage: wagge * 52 EUR/h
  double: 2 * wage
costs:
  training: {amount: users * 8 h * wage + users * double * 3 h, at: 1}
  share: {amount: costs.training.amount * 10 %, at: 1}
correlate: [[wage, double, 0.5]]
`))}, "")
	if d := cmp.Diff([]string{"unknown_name 3"}, codes(list)); d != "" {
		t.Error(d)
	}
}

func TestOptionsAndOverlaysAreChecked(t *testing.T) {
	c := calc.Case{Name: "fall.yaml", Text: []byte(whole("scenarios:\n  vorsichtig: {assumptions: {users: 30}}\n"))}
	show := func(list diag.List) (all []string) {
		for _, d := range list {
			all = append(all, de.Diagnostic(d, false))
		}
		return all
	}
	check := func(name string, list diag.List, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, show(list)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
	_, list := calc.Check(c, "vorsichtg")
	check("a scenario that is not there", list, `fall.yaml: Fehler: Das Szenario „vorsichtg“ gibt es in dieser Datei nicht.
  → Gemeint ist vielleicht „vorsichtig“.`)
	_, list = calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(base)}, "x")
	check("a scenario of a case without any", list, `fall.yaml: Fehler: Das Szenario „x“ gibt es in dieser Datei nicht.
  → Szenarien stehen unter „scenarios:“.`)

	_, list, err := calc.Run(context.Background(), c, calc.Options{Draws: -1})
	if err != nil {
		t.Fatal(err)
	}
	check("draws", list, `Fehler: Die Zahl der Ziehungen muss zwischen 1 und 10.000.000 liegen.
  → 10 000 genügen fast immer: --draws 10000`)
	_, list, err = calc.Compare(context.Background(), calc.Case{Name: "fall.yaml", Text: []byte(base)}, nil, calc.Options{Draws: 64})
	if err != nil {
		t.Fatal(err)
	}
	check("nothing to compare", list, `fall.yaml: Fehler: Die Datei hat keine Szenarien, die man vergleichen könnte.
  → Unter „scenarios:“ eines anlegen, zum Beispiel: vorsichtig: {assumptions: {users: 30}}`)

	_, list, err = calc.Compare(context.Background(), calc.Case{Name: "fall.yaml", Text: []byte(base)}, []string{"base", "base+36"}, calc.Options{Draws: 64})
	if err != nil {
		t.Fatal(err)
	}
	check("to wait as long as the horizon", list, `fall.yaml: Fehler: Um 36 Monate aufschieben geht in diesem Fall nicht; möglich sind 1 bis 35 Monate, einer weniger als der Zeitraum.
  → Kürzer warten, oder „horizon“ verlängern.`)

	_, list = casefile.Set("users", "{")
	check("a value that is no YAML", list, `--set:1:1: Fehler: --set versteht „users“ mit diesem Wert nicht.
   1 │ users={
     │ ^^^^^^^
     → Name, Gleichheitszeichen und Wert wie in der Datei: --set "users=60" oder --set "costs.licences.amount=users * 70 EUR/month"`)
	set := func(path, value string) diag.List {
		t.Helper()
		node, list := casefile.Set(path, value)
		if list.Err() != nil {
			t.Fatal(list)
		}
		c := c
		c.Overlays = []*casefile.Node{node}
		_, list = calc.Check(c, "")
		return list
	}
	check("a formula in an overlay", set("users", "40 Größe"), `--set:1:10: Fehler: „Größe“ ist keine Einheit.
   1 │ users=40 Größe
     │          ^^^^^
     → Einheiten sind EUR, h, workday, day, week, month, year und %. Anzahlen stehen ohne Einheit: 40`)
	check("a misspelt assumption", set("usres", "50"), `--set:1:1: Warnung: Die Annahme „usres“ wird nirgends verwendet.
   1 │ usres=50
     │ ^^^^^^^^
     → Gemeint ist vielleicht „users“.`)
	check("a line by its path", set("costs.licences.amount", "usres * 1 EUR/month"), `--set:1:23: Fehler: „usres“ ist nicht bekannt.
   1 │ costs.licences.amount=usres * 1 EUR/month
     │                       ^^^^^
     → Gemeint ist vielleicht „users“.`)
}

func TestLimitsOfAFile(t *testing.T) {
	var lines, table, scenarios, chain strings.Builder
	for i := range casefile.MaxLines {
		fmt.Fprintf(&lines, "  c%d: 5 EUR/month\n", i)
	}
	for i := range casefile.MaxNodes {
		fmt.Fprintf(&table, "  a%d: 1\n", i)
	}
	for i := range casefile.MaxScenarios + 1 {
		fmt.Fprintf(&scenarios, "  s%d: {horizon: 24}\n", i)
	}
	// Each assumption builds on the one before and varies by month and by draw.
	fmt.Fprintf(&chain, "assumptions:\n  users: 40\n  wage: 52 EUR/h\n  x0: 1 .. 2 .. 3\n")
	for i := range 1000 {
		fmt.Fprintf(&chain, "  x%d: x%d + month\n", i+1, i)
	}
	fmt.Fprintf(&chain, "horizon: 600 months\nbenefits: {b: {amount: x1000 * 1 EUR/month}}\n")
	for _, c := range []struct{ name, text, want string }{
		{"a file of a megabyte", strings.Repeat("# viel Text\n", 100_000), "file_too_big 0:0"},
		{"too many entries", "assumptions:\n" + table.String(), "file_too_many 6001:8"},
		{"too many brackets", "note: Größe\ncase: " + strings.Repeat("[", 30), "file_too_deep 2:31"},
		{"an umlaut that is not UTF-8", "case: Fall\norganisation: M\xfcller\n", "file_encoding 2:16"},
		{"too many lines", whole("costs:\n" + lines.String()), "too_many_lines 1:1"},
		{"too much for a draw", whole(chain.String()), "too_much_work 0:0"},
		{"too many scenarios", whole("scenarios:\n" + scenarios.String()), "too_many_scenarios 52:3"},
		{"too many criteria", whole("scorecard:\n" + strings.ReplaceAll(scenarios.String(), "{}", "{label: x, weight: 1, today: 1, expected: 1}")), "too_many_criteria 52:3"},
		{"a formula too long", whole("assumptions:\n  users: 1" + strings.Repeat(" + 1", 1500) + "\n"), "formula_too_long 2:4010"},
		{"a formula too big", whole("assumptions:\n  users: 1" + strings.Repeat("+1", 1100) + "\n"), "formula_too_big 2:10"},
		{"a formula too deep", whole("assumptions:\n  users: " + strings.Repeat("(", 80) + "1" + strings.Repeat(")", 80) + "\n"), "formula_too_deep 2:70"},
	} {
		_, list, err := calc.Run(context.Background(), calc.Case{Name: "fall.yaml", Text: []byte(c.text)}, calc.Options{Draws: 1})
		if err != nil {
			t.Fatal(err)
		}
		errorsOf := func(list diag.List) diag.List {
			return slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
		}
		list = errorsOf(list)
		if _, checked := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(c.text)}, ""); len(errorsOf(checked)) == 0 {
			t.Errorf("%s passes the check", c.name)
		}
		if len(list) == 0 {
			t.Errorf("%s passes", c.name)
			continue
		}
		d := list[0]
		if got := fmt.Sprintf("%s %d:%d", d.Code, d.At.Line, d.At.Column); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, l := range []*locale.Locale{de, en} {
			if s := l.Diagnostic(d, false); strings.Contains(s, "⟦") {
				t.Errorf("%s: %s", c.name, s)
			}
		}
	}
}

func TestBrokenCataloguesAreNamed(t *testing.T) {
	const lever = `id: probe
name: {de: Probe, en: Probe}
kind: cash
inputs:
  amount_saved: {unit: money/month, label: {de: Ersparnis, en: Saving}}
formula: amount_saved
`
	for _, c := range []struct{ name, file, text, use, want string }{
		{"a key that levers do not have", "levers/probe.yaml", lever + "art: bar\n", "lever: probe", `levers/probe.yaml:7:1: Fehler: Der Katalogeintrag lässt sich nicht lesen: unknown field "art".
   7 │ art: bar
     │ ^^^
     → Mit einem mitgelieferten Eintrag vergleichen: rendite levers --help`},
		{"no formula", "levers/probe.yaml", strings.Replace(lever, "formula: amount_saved\n", "", 1), "lever: probe", `levers/probe.yaml: Fehler: Im Katalogeintrag „probe“ fehlt „formula“.
  → In der Datei des Eintrags ergänzen.`},
		{"a formula that is none", "levers/probe.yaml", strings.Replace(lever, "formula: amount_saved", "formula: amount_saved *", 1), "lever: probe, amount_saved: 5 EUR/month", `levers/probe.yaml: Fehler: Die Formel von „benefits.x.amount“ im Katalog lässt sich nicht lesen. Die Formel hört mittendrin auf.
  → Sie steht im Katalog in derselben Sprache wie in einer Falldatei, zum Beispiel users * hours * wage`},
		{"a name that is no input", "levers/probe.yaml", strings.Replace(lever, "formula: amount_saved", "formula: amount_savd", 1), "lever: probe, amount_saved: 5 EUR/month", `levers/probe.yaml: Fehler: „amount_savd“ in der Formel amount_savd steht nicht unter den „inputs“ des Katalogeintrags.
  → Unter „inputs“ ergänzen oder die Schreibweise prüfen.`},
		{"a unit that is none", "levers/probe.yaml", strings.Replace(lever, "money/month", "Euro/month", 1), "lever: probe, amount_saved: 5 EUR/month", `fall.yaml:2:3: Fehler: Die Einheit „Euro/month“ von „amount_saved“ im Katalog gibt es nicht.
   2 │ x: {lever: probe, amount_saved: 5 EUR/month}
     │ ^
     → Zum Beispiel h/week, money/month oder % im Eintrag schreiben, auf dem „x“ beruht.`},
		{"a chain that is none", "levers/probe.yaml", strings.Replace(lever, "formula: amount_saved", "chain: saels\neffect: amount_saved", 1), "lever: probe, amount_saved: 5 EUR/month", `fall.yaml:2:3: Fehler: Die Kette „saels“ gibt es im Katalog nicht.
   2 │ x: {lever: probe, amount_saved: 5 EUR/month}
     │ ^
     → Sie gehört in die Datei chains.yaml des eigenen Katalogs.`},
		{"a criterion without its scale", "criteria/probe.yaml", "id: probe\nname: {de: Probe, en: Probe}\n", "amount: 5 EUR/month}\nscorecard: {probe: {weight: 100, today: 1, expected: 2}", `criteria/probe.yaml: Fehler: Im Katalogeintrag „probe“ fehlt „scale“.
  → In der Datei des Eintrags ergänzen.`},
		{"a criterion with another scale", "criteria/probe.yaml", "id: probe\nname: {de: Probe, en: Probe}\nscale: [{points: 0, text: {de: a, en: a}}, {points: 4, text: {de: a, en: a}}, {points: 10, text: {de: a, en: a}}]\n",
			"amount: 5 EUR/month}\nscorecard: {probe: {weight: 100, today: 1, expected: 2}", `criteria/probe.yaml: Fehler: Im Katalogeintrag „probe“ fehlt „points: 5“.
  → In der Datei des Eintrags ergänzen.`},
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(c.file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		cat, err := catalogue.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(whole("benefits:\n  x: {" + c.use + "}\n")), Catalogue: cat}, "")
		list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Severity == diag.Warning })
		if len(list) != 1 {
			t.Errorf("%s: %v", c.name, list)
			continue
		}
		if d := cmp.Diff(c.want, de.Diagnostic(list[0], false)); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
	_, err := catalogue.Open(filepath.Join(t.TempDir(), "nichts"))
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Code != "catalogue_folder" || strings.Contains(de.Diagnostic(d, false), "⟦") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
