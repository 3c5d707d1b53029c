package casefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
)

// seeds adds the example cases and the fragments of all mistakes we know.
func seeds(f *testing.F) {
	f.Helper()
	examples, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		f.Fatal("no examples", err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	mistakes, err := filepath.Glob("../calc/testdata/diagnostics/*.txt")
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
				f.Add([]byte(fragment + "\n"))
			}
		}
	}
	for _, s := range []string{
		"a: {b: 1,5, c: pert(1, 2)}", "a: >\r\n  x\r\n  y\r\n", "\ufeffa: \"ä\\nö\" z", "{a: [}", "a: 'x\n\n y'", "a: |2-\n   x", "? [a]\n: {b}",
		"a:\rb: \"\\u00e4\"", "a: !!binary x", "&a [*a]", "%YAML 1.2\n---\na: b", "a: {b: c, , d}", "-\n- a:\n  - b", "\x00", "a: \x85b", "\u2028a: b",
	} {
		f.Add([]byte(s))
	}
}

func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		file, list := casefile.Read("fall.yaml", text, "")
		if (file == nil) != (list.Err() != nil) {
			t.Fatalf("file %v with %v", file != nil, list)
		}
		inside(t, text, list)
		if file == nil {
			return
		}
		for _, s := range file.Scenarios {
			one, list := casefile.Read("fall.yaml", text, s.ID)
			if one == nil {
				t.Fatalf("the case stands, its scenario %q does not: %v", s.ID, list)
			}
			inside(t, text, list)
		}
	})
}

// inside demands that every place lies inside the text and carries the line it is on.
func inside(t *testing.T, text []byte, list diag.List) {
	t.Helper()
	clean := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	lines := strings.Split(strings.ToValidUTF8(clean, "\ufffd"), "\n")
	for _, d := range list {
		if !d.At.Known() {
			continue
		}
		if d.At.Line > len(lines) {
			t.Fatalf("%v: line %d of %d", d, d.At.Line, len(lines))
		}
		n := len([]rune(lines[d.At.Line-1]))
		if d.At.Column < 1 || d.At.Column > n+1 || d.At.EndColumn <= d.At.Column || d.At.EndColumn > n+2 {
			t.Fatalf("%v: columns %d to %d of %q", d, d.At.Column, d.At.EndColumn, lines[d.At.Line-1])
		}
		if d.At.Source != "" && d.At.Source != lines[d.At.Line-1] {
			t.Fatalf("%v: shows %q instead of %q", d, d.At.Source, lines[d.At.Line-1])
		}
	}
}
