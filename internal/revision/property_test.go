package revision_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/revision"
)

func examples(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(paths) < 5 {
		t.Fatal(paths, err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(p)] = text
		all["crlf-"+filepath.Base(p)] = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return all
}

// leaves are the paths of all scalars of a node.
func leaves(n *casefile.Node, prefix string) []string {
	var all []string
	for _, e := range n.Entries {
		if path := prefix + e.Key; e.Value.Kind == casefile.Scalar {
			all = append(all, path)
		} else {
			all = append(all, leaves(e.Value, path+".")...)
		}
	}
	return all
}

func parsed(t testing.TB, text []byte) *casefile.Node {
	t.Helper()
	n, found := casefile.ParseYAML("case.yaml", text)
	if found.Err() != nil {
		t.Fatalf("%v in\n%s", found, text)
	}
	return n
}

// tree is a tree as text, with the value at path left out.
func tree(n *casefile.Node, path string) string {
	var b strings.Builder
	var write func(n *casefile.Node, at string)
	write = func(n *casefile.Node, at string) {
		if at == path {
			return
		}
		if n.Kind == casefile.Scalar {
			b.WriteString(at + "=" + n.Text + "\n")
		}
		for _, e := range n.Entries {
			write(e.Value, strings.TrimPrefix(at+"."+e.Key, "."))
		}
		for _, i := range n.Items {
			write(i, at+".-")
		}
	}
	write(n, "")
	return b.String()
}

func lookup(n *casefile.Node, path string) *casefile.Node {
	for _, k := range strings.Split(path, ".") {
		n = n.Get(k)
	}
	return n
}

var newValues = []string{"42", "1 .. 2 .. 4 h/week", "if(month > 3, 1, 2)", "a: b", "x # y", "12 %", "'q'", "Größe – ja", "- x", "[1, 2", "45 000 EUR", "null", "{", "ja, nein", "*", "2026-04", "\"", "a\\b", "0x1f", "1e5", ":", "?", "a:b"}

func TestSetChangesOneValueAndNothingElse(t *testing.T) {
	all := examples(t)
	names := sorted(all)
	rapid.Check(t, func(r *rapid.T) {
		text := all[rapid.SampledFrom(names).Draw(r, "file")]
		node := parsed(t, text)
		path := rapid.SampledFrom(leaves(node, "")).Draw(r, "path")
		value := rapid.SampledFrom(newValues).Draw(r, "value")
		o := open(t, string(text))
		before, _ := o.Source(path)
		n, err := o.SetText(path, value)
		if err != nil {
			r.Fatalf("%s: %v", path, err)
		}
		got := n.Bytes()
		// What differs is inside the old value.
		from := 0
		for from < min(len(got), len(text)) && got[from] == text[from] {
			from++
		}
		tail := 0
		for tail < min(len(got), len(text))-from && got[len(got)-1-tail] == text[len(text)-1-tail] {
			tail++
		}
		if !strings.Contains(before, string(text[from:len(text)-tail])) {
			r.Fatalf("%s: %q went", path, text[from:len(text)-tail])
		}
		after := parsed(t, got)
		if a, b := tree(node, path), tree(after, path); a != b {
			r.Fatalf("%s: something else changed", path)
		}
		if have := lookup(after, path); have.Text != value && !(have.Kind == casefile.Scalar && strings.TrimSpace(have.Text) == value) {
			r.Fatalf("%s: %q instead of %q", path, have.Text, value)
		}
		back, err := n.Set(path, before)
		if err != nil {
			r.Fatalf("%s back to %q: %v", path, before, err)
		}
		if !bytes.Equal(back.Bytes(), text) {
			r.Fatalf("%s: set and set back gives other bytes", path)
		}
	})
}

func sorted(m map[string][]byte) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// entries are the paths of all entries below a section.
func entries(n *casefile.Node) []string {
	var all []string
	for _, section := range []string{"assumptions", "costs", "benefits", "packages", "scenarios", "adoption"} {
		if s := n.Get(section); s != nil {
			for _, e := range s.Entries {
				all = append(all, section+"."+e.Key)
				for _, k := range e.Value.Entries {
					if k.Key != "value" && len(e.Value.Entries) > 1 && section != "scenarios" {
						all = append(all, section+"."+e.Key+"."+k.Key)
					}
				}
			}
		}
	}
	return all
}

// anEdit makes a random edit.
func anEdit(r *rapid.T, t testing.TB, text []byte) []byte {
	node := parsed(t, text)
	o := open(t, string(text))
	var n *revision.Text
	var err error
	switch rapid.IntRange(0, 4).Draw(r, "edit") {
	case 0:
		path := rapid.SampledFrom(leaves(node, "")).Draw(r, "path")
		n, err = o.SetText(path, rapid.SampledFrom(newValues).Draw(r, "value"))
	case 1:
		n, err = o.Remove(rapid.SampledFrom(entries(node)).Draw(r, "path"))
	case 2:
		section := rapid.SampledFrom([]string{"assumptions", "costs", "benefits", "scenarios"}).Draw(r, "section")
		after := ""
		if keys := o.Keys(section); len(keys) > 0 && rapid.Bool().Draw(r, "behind") {
			after = rapid.SampledFrom(keys).Draw(r, "after")
		}
		n, err = o.Insert(section, rapid.SampledFrom([]string{"new_a", "new_b"}).Draw(r, "key"), "{amount: 5 EUR, note: \"a, b\"}", after)
	case 3:
		path := rapid.SampledFrom(entries(node)).Draw(r, "path")
		n, err = o.SetField(path, "note", rapid.SampledFrom(newValues).Draw(r, "value"))
	default:
		if len(o.Keys("assumptions")) == 0 {
			return text
		}
		n, err = o.Rename("assumptions."+rapid.SampledFrom(o.Keys("assumptions")).Draw(r, "name"), "renamed", nil)
	}
	if err != nil {
		if c := code(err); c != "edit_exists" && c != "edit_no_field" && c != "edit_unknown_path" {
			r.Fatalf("%v", err)
		}
		return text
	}
	return n.Bytes()
}

func TestEditsRemoveInsertRenameKeepTheRestOfTheLines(t *testing.T) {
	all := examples(t)
	names := sorted(all)
	rapid.Check(t, func(r *rapid.T) {
		text := all[rapid.SampledFrom(names).Draw(r, "file")]
		got := anEdit(r, t, text)
		parsed(t, got)
		if crlf := bytes.Count(text, []byte("\r\n")); crlf > 0 && bytes.Count(got, []byte("\n")) != bytes.Count(got, []byte("\r\n")) {
			r.Fatal("a line end of another kind")
		}
	})
}

func TestInsertedAndRemovedAgainIsTheSameText(t *testing.T) {
	for name, text := range examples(t) {
		o := open(t, string(text))
		for _, section := range []string{"assumptions", "costs", "benefits"} {
			if !o.Has(section) {
				continue
			}
			for _, after := range append(o.Keys(section), "") {
				n, err := o.Insert(section, "new_key", "5 EUR", after)
				if err != nil {
					t.Fatalf("%s %s behind %q: %v", name, section, after, err)
				}
				if n, err = n.Remove(section + ".new_key"); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(n.Bytes(), text) {
					t.Fatalf("%s: %s.new_key behind %q and gone again leaves other bytes", name, section, after)
				}
			}
		}
	}
}

func TestMergeOfOneSideIsThatSide(t *testing.T) {
	all := examples(t)
	names := sorted(all)
	rapid.Check(t, func(r *rapid.T) {
		base := all[rapid.SampledFrom(names).Draw(r, "file")]
		a := anEdit(r, t, anEdit(r, t, base))
		if d, err := revision.Diff(a, a); err != nil || len(d) > 0 {
			r.Fatalf("%v %v", d, err)
		}
		m, conflicts, err := revision.Merge(base, a, base)
		if err != nil || len(conflicts) > 0 || !bytes.Equal(m, a) {
			r.Fatalf("ours alone: %v %v", conflicts, err)
		}
		if m, conflicts, err = revision.Merge(base, base, a); err != nil || len(conflicts) > 0 {
			r.Fatalf("theirs alone: %v %v", conflicts, err)
		}
		if d, err := revision.Diff(m, a); err != nil || len(d) > 0 {
			r.Fatalf("theirs alone: %v %v", d, err)
		}
		// The long way, by paths: our side has one line more at the end.
		ours := append(bytes.Clone(base), []byte("finance_rate: 3 %\n")...)
		if bytes.Contains(base, []byte("finance_rate")) {
			return
		}
		theirs := append(bytes.Clone(a), []byte("finance_rate: 3 %\n")...)
		if m, conflicts, err = revision.Merge(base, ours, a); err != nil || len(conflicts) > 0 {
			r.Fatalf("both: %v %v", conflicts, err)
		}
		if d, err := revision.Diff(m, theirs); err != nil || len(d) > 0 {
			r.Fatalf("both: %v %v", d, err)
		}
	})
}

func TestMergeOfTwoSidesIsSymmetricUpToOrder(t *testing.T) {
	all := examples(t)
	names := sorted(all)
	rapid.Check(t, func(r *rapid.T) {
		base := all[rapid.SampledFrom(names).Draw(r, "file")]
		a, b := anEdit(r, t, base), anEdit(r, t, base)
		m, first, err := revision.Merge(base, a, b)
		if err != nil {
			r.Fatal(err)
		}
		parsed(t, m)
		n, second, err := revision.Merge(base, b, a)
		if err != nil {
			r.Fatal(err)
		}
		if len(first) != len(second) {
			r.Fatalf("%v and %v", first, second)
		}
		if len(first) == 0 {
			if d, err := revision.Diff(m, n); err != nil || len(d) > 0 {
				r.Fatalf("%v %v", d, err)
			}
		}
	})
}

func BenchmarkSet(b *testing.B) {
	o := open(b, string(example(b, "maschinenbau.yaml")))
	values := []string{"0.5 .. 1.6 .. 3 h/week", "0.5 .. 1.7 .. 3 h/week"}
	for i := 0; b.Loop(); i++ {
		n, err := o.Set("hours_saved", values[i%2])
		if err != nil {
			b.Fatal(err)
		}
		o = n
	}
}

func BenchmarkOpenAndSet(b *testing.B) {
	text := example(b, "maschinenbau.yaml")
	for b.Loop() {
		o, err := revision.Open("", text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = o.Set("hours_saved", "0.5 .. 1.6 .. 3 h/week"); err != nil {
			b.Fatal(err)
		}
	}
}
