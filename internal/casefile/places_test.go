package casefile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/formula"
)

// A part of a value is found in the file however the value is written.
func TestAPartOfAValueIsFoundInTheFile(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a: größe * usres", "1:12-17"},
		{"after an umlaut in the key", "größe: x * usres", "1:12-17"},
		{"in double quotes", `a: "größe * usres"`, "1:13-18"},
		{"in single quotes", `a: 'größe * usres'`, "1:13-18"},
		{"with an escape the whole value", `a: "größe\t* usres"`, "1:4-20"},
		{"in braces", "a: {b: 1, c: größe * usres}", "1:22-27"},
		{"in brackets", "a: [größe, usres]", "1:12-17"},
		{"over two lines", "a: größe\n  * usres", "2:5-10"},
		{"folded", "a: >\n  größe\n  * usres", "3:5-10"},
		{"literal", "a: |\n    größe *\n      usres", "3:7-12"},
		{"literal without the last line end", "a: |-\n  usres\n", "2:3-8"},
		{"in quotes over two lines", "a: \"größe *\n  usres\"", "2:3-8"},
		{"after Windows line ends", "b: 1\r\na: größe * usres\r\n", "2:12-17"},
		{"after a byte order mark", "\ufeffa: größe * usres", "1:12-17"},
		{"below a comment", "# größe: usres\na: # mehr\n  größe * usres", "3:11-16"},
	} {
		root, found := casefile.ParseYAML("f", []byte(c.text))
		if found.Err() != nil {
			t.Errorf("%s: %v", c.name, found)
			continue
		}
		var got string
		var visit func(n *casefile.Node)
		visit = func(n *casefile.Node) {
			if i := strings.Index(n.Text, "usres"); i >= 0 {
				start := len([]rune(n.Text[:i]))
				at := n.Inside(formula.Span{Start: start, End: start + 5})
				got = fmt.Sprintf("%d:%d-%d", at.Line, at.Column, at.EndColumn)
			}
			for _, e := range n.Entries {
				visit(e.Value)
			}
			for _, i := range n.Items {
				visit(i)
			}
		}
		visit(root)
		if got != c.want {
			t.Errorf("%s: at %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOverlaysJoinReplaceAndRemove(t *testing.T) {
	node := func(text string) *casefile.Node {
		n, found := casefile.ParseYAML("f", []byte(text))
		if found.Err() != nil {
			t.Fatal(found)
		}
		return n
	}
	var write func(n *casefile.Node) string
	write = func(n *casefile.Node) string {
		switch n.Kind {
		case casefile.Map:
			var parts []string
			for _, e := range n.Entries {
				parts = append(parts, e.Key+"="+write(e.Value))
			}
			return "{" + strings.Join(parts, " ") + "}"
		case casefile.List:
			return fmt.Sprint(len(n.Items))
		}
		return n.Text
	}
	base := node("a: {x: 1, y: 2}\nb: 3\nc: 4")
	before := write(base)
	got := write(casefile.Overlay(base, node("a: {y: 5, z: 6}\nb: {q: 7}\nc:\nd: 8")))
	if d := cmp.Diff("{a={x=1 y=5 z=6} b={q=7} d=8}", got); d != "" {
		t.Error(d)
	}
	if write(base) != before {
		t.Error("the case itself has changed")
	}
}

func TestKeysOfAnyHandAreUnderstood(t *testing.T) {
	top, line := casefile.Keys("top"), casefile.Keys("line")
	for _, c := range []struct {
		key   string
		known []string
		want  string
	}{
		{"kosten", top, "costs"}, {"Währung", top, "currency"}, {"assumtions", top, "assumptions"}, {"curency", top, "currency"},
		{"betrag", line, "amount"}, {"amuont", line, "amount"}, {"quelle", line, "source"}, {"ab", line, "from"}, {"xy", line, ""}, {"betrag", top, ""},
	} {
		if got := casefile.NearestKey(c.key, c.known); got != c.want {
			t.Errorf("%s: %q, want %q", c.key, got, c.want)
		}
	}
}
