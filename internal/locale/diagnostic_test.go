package locale_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestDiagnosticLooksLikeACompilers(t *testing.T) {
	name := func(p diag.Position) diag.Diagnostic {
		return diag.New("unknown_name", p, diag.Args{"name": "usres", "nearest": "users"})
	}
	long := strings.Repeat("x + ", 50)
	for _, tt := range []struct {
		name string
		d    diag.Diagnostic
		want string
	}{
		{"marked under the word", name(diag.Position{File: "fall.yaml", Line: 12, Column: 23, EndColumn: 28,
			Source: "  licences: {amount:  usres * 65 EUR/month}"}), `
fall.yaml:12:23: Fehler: „usres“ ist nicht bekannt.
  12 │ licences: {amount:  usres * 65 EUR/month}
     │                     ^^^^^
     → Gemeint ist vielleicht „users“.`},
		{"a tab counts as four columns", name(diag.Position{File: "fall.yaml", Line: 7, Column: 5, EndColumn: 10,
			Source: "a:\t\tusres"}), `
fall.yaml:7:5: Fehler: „usres“ ist nicht bekannt.
   7 │ a:        usres
     │           ^^^^^
     → Gemeint ist vielleicht „users“.`},
		{"wide characters count twice", name(diag.Position{File: "fall.yaml", Line: 7, Column: 5, EndColumn: 7,
			Source: "# 顧客離れ"}), `
fall.yaml:7:5: Fehler: „usres“ ist nicht bekannt.
   7 │ # 顧客離れ
     │       ^^^^
     → Gemeint ist vielleicht „users“.`},
		{"combining characters count for nothing", name(diag.Position{Line: 1, Column: 5, EndColumn: 6,
			Source: "a\u0308: x"}), "\n" +
			"1:5: Fehler: „usres“ ist nicht bekannt.\n" +
			"   1 │ a\u0308: x\n" +
			"     │    ^\n" +
			"     → Gemeint ist vielleicht „users“."},
		{"a place without length has one mark", name(diag.Position{File: "f", Line: 1, Column: 3, Source: "abc"}), `
f:1:3: Fehler: „usres“ ist nicht bekannt.
   1 │ abc
     │   ^
     → Gemeint ist vielleicht „users“.`},
		{"a place beyond the line is marked at its end", name(diag.Position{File: "f", Line: 1, Column: 30, EndColumn: 40, Source: "abc"}), `
f:1:30: Fehler: „usres“ ist nicht bekannt.
   1 │ abc
     │    ^
     → Gemeint ist vielleicht „users“.`},
		{"a long line is cut around the place", name(diag.Position{File: "f", Line: 12345, Column: 101, EndColumn: 104, Source: long[:100] + "bad" + long[100:]}), `
f:12345:101: Fehler: „usres“ ist nicht bekannt.
12345 │ … + x + x + x + x + x + x + x + x + x + x + x + x + badx + x + x + x + x …
      │                                                     ^^^
      → Gemeint ist vielleicht „users“.`},
		{"without a line", name(diag.Position{File: "fall.yaml"}), `
fall.yaml: Fehler: „usres“ ist nicht bekannt.
  → Gemeint ist vielleicht „users“.`},
		{"without a place", name(diag.Position{}), `
Fehler: „usres“ ist nicht bekannt.
  → Gemeint ist vielleicht „users“.`},
		{"control characters are not obeyed", diag.New("unknown_name", diag.Position{File: "f\x1b[1m", Line: 1, Column: 1, EndColumn: 2,
			Source: "\x1b[31mrot"}, diag.Args{"name": "\x1b]0;x\a", "nearest": "y"}), `
f[1m:1:1: Fehler: „]0;x“ ist nicht bekannt.
   1 │ ` + "\ufffd" + `[31mrot
     │ ^
     → Gemeint ist vielleicht „y“.`},
		{"a warning", diag.Warn("limits_order", diag.Position{}, diag.Args{"low": 2.5, "high": 1}), `
Warnung: Die untere Grenze 2.5 ist größer als die obere 1.
  → Den kleineren Wert zuerst: uniform(1, 2.5)`},
		{"a hint", diag.Diagnostic{Severity: diag.Hint, Code: "no_such_code", Args: diag.Args{"a": 1}}, `
Hinweis: ⟦diag.no_such_code⟧`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := "\n" + de.Diagnostic(tt.d, false); got != tt.want {
				t.Errorf("got:%s\n\nwant:%s", got, tt.want)
			}
			coloured := de.Diagnostic(tt.d, true)
			if !strings.Contains(coloured, "\x1b[") {
				t.Error("no colour")
			}
			if got := "\n" + regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, ""); got != tt.want {
				t.Errorf("colour changes the text:%s", got)
			}
		})
	}
}

func TestDiagnosticInEnglish(t *testing.T) {
	d := diag.New("range_infeasible", diag.Position{File: "case.yaml", Line: 3, Column: 8, EndColumn: 17, Source: "wage:  1 .. 9 .. 9.1 EUR/h"},
		diag.Args{"text": "1 .. 9 .. 9.1", "nearest": "1 .. 7.9 .. 9.1", "unit": "EUR/h"})
	want := `case.yaml:3:8: error: No continuous distribution fits 1 .. 9 .. 9.1: the middle is too close to one end.
   3 │ wage:  1 .. 9 .. 9.1 EUR/h
     │        ^^^^^^^^^
     → The nearest range that works: 1 .. 7.9 .. 9.1 EUR/h`
	if got := en.Diagnostic(d, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "äöü–€": 5, "顧客": 4, "a\u0308": 1, "42\u00a0%": 4} {
		if got := locale.Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}
