package revision_test

import (
	"bytes"
	"testing"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/revision"
)

// FuzzEdit demands of any text that edits are refused or give a text that reads as meant.
func FuzzEdit(f *testing.F) {
	// Short seeds: whole examples make the fuzzer spend its time on making them smaller.
	f.Add([]byte("case: x # y\n\nassumptions:\n  # alle\n  users: 40\n  wage: {value: 1 .. 2 EUR/h, grade: A}\ncosts:\n  a: {amount: users * 2, at: [1, 2]}\nscenarios:\n  s: {assumptions: {users: 3}}\n"), "assumptions.users", "45")
	f.Add([]byte("costs:\n  b:\n    amount: 'x'\n\n  c: 5 EUR\nrollout:\n- {at: 0}\n- at: 1\n  share: 2\n"), "costs.b", "c")
	for _, s := range []string{"a: {b: 1, c: pert(1, 2)}", "a: >\r\n  x\r\n  y\r\n", "\ufeffa: \"ä\\nö\"\nb: 1", "a: 'x\n\n y'", "a: |2-\n   x", "a:\rb: c", "a: {b: c, , d}",
		"-\n- a:\n  - b", "a: ~\nb: null", "---\na: b\n", "a: [b, {c: d}, 'e']", "a:\n- b\n- c: d\n  e: f\n", "a: {b: 1, # x\n  c: 2}\n", "{a: 1}", "a : b", "'a': b", "a: b\n\t\n", "a: b\n...\n"} {
		f.Add([]byte(s), "a.b", "x: y")
		f.Add([]byte(s), "a", "[1, 2]")
	}
	f.Fuzz(func(t *testing.T, text []byte, path, value string) {
		o, err := revision.Open("case.yaml", text)
		if err != nil {
			return
		}
		if d, err := revision.Diff(text, text); err != nil || len(d) > 0 {
			t.Fatalf("a text differs from itself: %v %v", d, err)
		}
		edits := map[string]func() (*revision.Text, error){
			"set":       func() (*revision.Text, error) { return o.Set(path, value) },
			"text":      func() (*revision.Text, error) { return o.SetText(path, value) },
			"field":     func() (*revision.Text, error) { return o.SetField(path, "note", value) },
			"insert":    func() (*revision.Text, error) { return o.Insert(path, "key", value, "") },
			"remove":    func() (*revision.Text, error) { return o.Remove(path) },
			"rename":    func() (*revision.Text, error) { return o.Rename(path, value, nil) },
			"move":      func() (*revision.Text, error) { return o.Move(path, value) },
			"duplicate": func() (*revision.Text, error) { return o.DuplicateScenario(path, value, "") },
		}
		for name, edit := range edits {
			n, err := edit()
			if (n == nil) == (err == nil) {
				t.Fatalf("%s: neither text nor error", name)
			}
			if !bytes.Equal(o.Bytes(), text) {
				t.Fatalf("%s changed what it came from", name)
			}
			if err != nil {
				continue
			}
			if _, found := casefile.ParseYAML("case.yaml", n.Bytes()); found.Err() != nil && found[0].Code != "file_empty" {
				t.Fatalf("%s %q %q: %v in %q", name, path, value, found, n.Bytes())
			}
			if _, err := revision.Open("case.yaml", n.Bytes()); err != nil {
				t.Fatalf("%s %q %q: %v in %q", name, path, value, err, n.Bytes())
			}
		}
	})
}

func FuzzWithRange(f *testing.F) {
	for _, s := range []string{"45 000 .. 60 000 .. 95 000 EUR", "pert(1, 2, 3) h", "-5 %", "normal(1 EUR, 2 EUR)", "1e3", "− 4"} {
		f.Add(s, "1", "2", "3")
	}
	f.Fuzz(func(t *testing.T, text, low, middle, high string) {
		r := revision.ParseRange(text)
		same, err := revision.WithRange(text, r.Low, r.Middle, r.High)
		if r.Kind != "formula" && (err != nil || same != text) {
			t.Fatalf("%q with its own numbers is %q: %v", text, same, err)
		}
		if out, err := revision.WithRange(text, low, middle, high); err == nil {
			if n := revision.ParseRange(out); n.Kind == "formula" {
				t.Fatalf("%q became %q", text, out)
			}
		}
	})
}
