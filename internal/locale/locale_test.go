package locale_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// file reads one message file: key → plural form ("" for none) → text.
func file(t *testing.T, path string) map[string]map[string]string {
	t.Helper()
	buf, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(buf, &raw); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	out := map[string]map[string]string{}
	for key, v := range raw {
		var s string
		forms := map[string]string{}
		if json.Unmarshal(v, &s) == nil {
			forms[""] = s
		} else if err := json.Unmarshal(v, &forms); err != nil {
			t.Fatalf("%s: %s: %v", path, key, err)
		}
		out[key] = forms
	}
	return out
}

var (
	action      = regexp.MustCompile(`{{[^}]*}}`)
	placeholder = regexp.MustCompile(`\.([A-Za-z_]\w*)`)
)

// placeholders are the names that a message uses in any of its forms.
func placeholders(forms map[string]string) []string {
	var names []string
	for _, text := range forms {
		for _, a := range action.FindAllString(text, -1) {
			for _, m := range placeholder.FindAllStringSubmatch(a, -1) {
				names = append(names, m[1])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestBothLanguagesHaveTheSameMessages(t *testing.T) {
	paths, err := filepath.Glob("messages/*.de.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no message files: %v", err)
	}
	others, _ := filepath.Glob("messages/*.en.json")
	if len(others) != len(paths) {
		t.Fatalf("%d German areas, %d English ones", len(paths), len(others))
	}
	for _, path := range paths {
		area := strings.TrimSuffix(filepath.Base(path), ".de.json")
		german, english := file(t, path), file(t, "messages/"+area+".en.json")
		for key, forms := range german {
			if !strings.HasPrefix(key, area+".") {
				t.Errorf("%s: %q does not begin with %q", path, key, area+".")
			}
			other, ok := english[key]
			if !ok {
				t.Errorf("%s: no English message for %q", path, key)
				continue
			}
			if d := cmp.Diff(placeholders(forms), placeholders(other)); d != "" {
				t.Errorf("%q has other placeholders in English (-de +en):\n%s", key, d)
			}
			if len(forms) != len(other) {
				t.Errorf("%q: plural forms in one language only", key)
			}
		}
		for key := range english {
			if german[key] == nil {
				t.Errorf("messages/%s.en.json: no German message for %q", area, key)
			}
		}
	}
}

func TestEveryMessageCanBeWritten(t *testing.T) {
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		paths, _ := filepath.Glob("messages/*." + string(lang) + ".json")
		n := 0
		for _, path := range paths {
			for key, forms := range file(t, path) {
				n++
				names := placeholders(forms)
				if _, plural := forms["other"]; plural {
					names = append(names, "count")
				}
				for _, v := range []any{1, 2.5, "text"} {
					args := diag.Args{}
					for _, name := range names {
						args[name] = v
						if name == "count" && v == "text" {
							args[name] = 7
						}
					}
					got := strings.ReplaceAll(l.Text(key, args), "{{.CommandPath}}", "rendite") // filled in by cobra
					if got == "" || strings.Contains(got, "⟦") || strings.Contains(got, "{{") || strings.Contains(got, "<no value>") {
						t.Errorf("%s %s with %v: %q", lang, key, v, got)
					}
				}
				// Help texts are laid out in lines and columns.
				if text := strings.Join(mapValues(forms), ""); strings.Contains(text, "  ") && !strings.Contains(text, "\n") && !strings.HasSuffix(key, ".example") {
					t.Errorf("%s %s: two spaces", lang, key)
				}
			}
		}
		if n != len(l.Keys()) {
			t.Errorf("%s: %d messages in the files, %d loaded", lang, n, len(l.Keys()))
		}
	}
}

func mapValues(m map[string]string) (v []string) {
	for _, s := range m {
		v = append(v, s)
	}
	return v
}

// A key written out in a call of Text, in this package or another, must exist.
func TestEveryKeyInTheSourcesHasAMessage(t *testing.T) {
	paths, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`(?:\.Text|\bsay|\badd)\(\s*"([a-z_]+(?:\.[A-Za-z0-9_./]+)+)"\s*,`)
	found := 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(src), -1) {
			if ext := filepath.Ext(m[1]); ext == ".svg" || ext == ".css" || ext == ".js" {
				continue // a file that is added
			}
			found++
			if !de.Has(m[1]) {
				t.Errorf("%s: no message %q", path, m[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d calls found: does the pattern still fit?", found)
	}
}

// Every code of a diagnostic that the sources raise has a message, and every message of a diagnostic is raised somewhere.
func TestEveryDiagnosticInTheSourcesHasAMessage(t *testing.T) {
	paths, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../*/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, deeper...)
	raised := regexp.MustCompile(`(?:\bdiag\.(?:New|Warn)|\b[bd]\.(?:add|warn)|\ba\.note|\bparamError)\(\s*"([a-z_]+)"` +
		`|(?:\bp\.fail|\breturn get)\([^"\n]*"(?:levers", "|costs", "|ai", "|criteria", ")?([a-z_]+)"|\bCode: "([a-z_]+)"|\bcode(?:, \w+)* :?= "([a-z_]+)"`)
	literal := regexp.MustCompile(`"([a-z_]+)"`)
	found, mentioned := map[string]bool{}, map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range raised.FindAllStringSubmatch(string(src), -1) {
			code := strings.Join(m[1:], "")
			found[code] = true
			if !de.Has("diag."+code) || !en.Has("diag."+code) {
				t.Errorf("%s: no message for %q", path, code)
			}
		}
		for _, m := range literal.FindAllStringSubmatch(string(src), -1) {
			mentioned[m[1]] = true
		}
	}
	if len(found) < 150 {
		t.Errorf("only %d codes found: do the patterns still fit?", len(found))
	}
	for _, key := range de.Keys() {
		code, ok := strings.CutPrefix(key, "diag.")
		code, _, _ = strings.Cut(code, ".")
		if ok && code != "severity" && !found[code] && !mentioned[code] {
			t.Errorf("nothing raises %q", key)
		}
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		args      diag.Args
		de, en    string
	}{
		{"singular", "common.months", diag.Args{"count": 1}, "1 Monat", "1 month"},
		{"plural", "common.months", diag.Args{"count": 18}, "18 Monate", "18 months"},
		{"zero is plural", "common.months", diag.Args{"count": 0}, "0 Monate", "0 months"},
		{"a fraction is plural", "common.months", diag.Args{"count": 1.5}, "1,5 Monate", "1.5 months"},
		{"the count is written by the language's rules", "cli.errors", diag.Args{"count": 1234},
			"1.234 Fehler gefunden.", "1,234 errors found."},
		{"Count counts too", "common.months", diag.Args{"Count": 1, "count": 1}, "1 Monat", "1 month"},
		{"a message without plural forms takes a count too", "common.unit.h", diag.Args{"count": 1}, "h", "h"},
		{"numbers in arguments", "common.month", diag.Args{"n": 1200.5}, "Monat 1.200,5", "month 1,200.5"},
		{"text in arguments stays", "common.month", diag.Args{"n": "1200.5"}, "Monat 1200.5", "month 1200.5"},
		{"alternatives", "diag.unknown_name", diag.Args{"name": []string{"a", "b", "c"}, "nearest": ""},
			"„a, b oder c“ ist nicht bekannt.", "“a, b or c” is not known."},
		{"a quantity", "common.month", diag.Args{"n": hours(1.5)}, "Monat 1,5 h/Woche", "month 1.5 h/week"},
		{"what the user types keeps the dot", "diag.limits_order", diag.Args{"low": 1.5, "high": 0.25},
			"Die untere Grenze 1.5 ist größer als die obere 0.25.", "The lower limit 1.5 is greater than the upper one 0.25."},
		{"a missing message", "result.nothing_of_the_kind", nil, "⟦result.nothing_of_the_kind⟧", "⟦result.nothing_of_the_kind⟧"},
		{"a missing argument", "diag.unknown_name", diag.Args{"nearest": "x"}, "⟦diag.unknown_name nearest=x⟧", "⟦diag.unknown_name nearest=x⟧"},
		{"control characters", "diag.unknown_name", diag.Args{"name": "\x1b[2Jx", "nearest": ""},
			"„[2Jx“ ist nicht bekannt.", "“[2Jx” is not known."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, tt.key, func(l *locale.Locale) string { return l.Text(tt.key, tt.args) }, tt.de, tt.en)
		})
	}
}

type hours float64

func (h hours) Quantity() (float64, string) { return float64(h), "h/week" }

func TestMonths(t *testing.T) {
	check(t, "Month", func(l *locale.Locale) string { return l.Month(18) }, "Monat 18", "month 18")
	check(t, "Months(1)", func(l *locale.Locale) string { return l.Months(1) }, "1 Monat", "1 month")
	check(t, "Months(18)", func(l *locale.Locale) string { return l.Months(18) }, "18 Monate", "18 months")
	check(t, "MonthsDative(1)", func(l *locale.Locale) string { return l.MonthsDative(1) }, "1 Monat", "1 month")
	check(t, "MonthsDative(18)", func(l *locale.Locale) string { return l.MonthsDative(18) }, "18 Monaten", "18 months")
	check(t, "Horizon(36)", func(l *locale.Locale) string { return l.Horizon(36) }, "3 Jahre", "3 years")
	check(t, "Horizon(12)", func(l *locale.Locale) string { return l.Horizon(12) }, "1 Jahr", "1 year")
	check(t, "Horizon(30)", func(l *locale.Locale) string { return l.Horizon(30) }, "30 Monate", "30 months")
	for _, tt := range []struct {
		start  string
		offset int
		de, en string
	}{
		{"2026-04", 0, "April 2026", "April 2026"},
		{"2026-04", 18, "Oktober 2027", "October 2027"},
		{"2026-12", 1, "Januar 2027", "January 2027"},
		{"2026-03", -3, "Dezember 2025", "December 2025"},
		{"", 3, "", ""},
		{"2026", 3, "", ""},
		{"2026-13", 3, "", ""},
		{"2026-xx", 3, "", ""},
		{"0000-01", -5, "", ""},
	} {
		check(t, "MonthName", func(l *locale.Locale) string { return l.MonthName(tt.start, tt.offset) }, tt.de, tt.en)
	}
}

func TestDetectFollowsPOSIX(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want locale.Lang
	}{
		{nil, locale.English},
		{map[string]string{"LANG": "de_DE.UTF-8"}, locale.German},
		{map[string]string{"LANG": "de"}, locale.German},
		{map[string]string{"LANG": "DE_AT"}, locale.German},
		{map[string]string{"LANG": "fr_FR.UTF-8"}, locale.English},
		{map[string]string{"LANG": "de_DE", "LC_MESSAGES": "en_US"}, locale.English},
		{map[string]string{"LANG": "en_US", "LC_ALL": "de_CH", "LC_MESSAGES": "en_US"}, locale.German},
		{map[string]string{"LANG": "de_DE", "LC_ALL": "C"}, locale.English},
	} {
		if got := locale.Detect(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("Detect(%v) = %s, want %s", tt.env, got, tt.want)
		}
	}
}

func TestParseReadsLanguagesAsUsersWriteThem(t *testing.T) {
	for in, want := range map[string]locale.Lang{"de": "de", "DE": "de", "de-AT": "de", "de_DE.UTF-8": "de", "Deutsch": "de",
		"en": "en", "en-GB": "en", " english ": "en"} {
		if got, err := locale.Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %s, %v", in, got, err)
		}
	}
	_, err := locale.Parse("fr")
	var d diag.Diagnostic
	ok := errors.As(err, &d)
	if !ok || d.Code != "unknown_language" {
		t.Fatalf("Parse(fr) gives %v", err)
	}
	check(t, "message", func(l *locale.Locale) string { return l.Message(d) }, "Die Sprache „fr“ gibt es nicht.", "There is no language “fr”.")
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	if got := locale.New("fr").Lang(); got != locale.English {
		t.Errorf("New(fr) is %s", got)
	}
}

func TestLocaleServesSeveralGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, lang := range locale.Langs() {
				l := locale.New(lang)
				for _, key := range l.Keys() {
					l.Text(key, diag.Args{"count": 2})
				}
			}
		})
	}
	wg.Wait()
	if got := plain(de.Months(2)); got != "2 Monate" {
		t.Error(got)
	}
}
