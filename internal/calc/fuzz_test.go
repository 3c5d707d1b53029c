package calc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
)

// FuzzCheck checks arbitrary texts, alone and with the rest of a case around them: no panic, and everything that is said
// can be said in both languages and at a place inside the text.
func FuzzCheck(f *testing.F) {
	examples, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		f.Fatal("no examples", err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	mistakes, err := filepath.Glob("testdata/diagnostics/*.txt")
	if err != nil || len(mistakes) == 0 {
		f.Fatal("no mistakes", err)
	}
	for _, path := range mistakes {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for i, part := range strings.Split("\n"+string(text), "\n== ") {
			if _, rest, ok := strings.Cut(part, "\n"); ok && i > 0 {
				fragment, _, _ := strings.Cut(rest, "\n--\n")
				f.Add(fragment + "\n")
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\ufeff") {
			t.Skip("line ends are the business of package casefile")
		}
		for _, text := range []string{text, whole(text)} {
			m, list := calc.Check(calc.Case{Name: "fall.yaml", Text: []byte(text)}, "")
			if (m == nil) != (list.Err() != nil) {
				t.Fatalf("model %v with %v", m != nil, list)
			}
			for _, d := range list {
				if d.Code != "file_encoding" {
					places(t, text, text, d)
				}
				for _, l := range []*locale.Locale{de, en} {
					if s := l.Diagnostic(d, false); strings.Contains(s, "⟦") && !strings.Contains(text, "⟦") {
						t.Fatalf("%v cannot be said: %s", d, s)
					}
				}
			}
			if m != nil {
				g, err := m.Compile()
				if err != nil {
					t.Fatal(err)
				}
				g.Evaluate(g.Medians())
			}
		}
	})
}
