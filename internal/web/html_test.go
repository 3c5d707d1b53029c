package web_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// valid checks a page, or a fragment of one, for what browsers forgive and people with a screen reader or a strict
// content security policy do not.
func valid(t *testing.T, text string, whole bool) {
	t.Helper()
	for _, bad := range []string{"⟦", "ZgotmplZ", "<no value>", "%!", "NaN", "Inf "} {
		if i := strings.Index(text, bad); i >= 0 {
			t.Errorf("%q stands in …%s…", bad, text[max(0, i-120):min(len(text), i+80)])
		}
	}
	roots, err := parse(text, whole)
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for _, r := range roots {
		for n := range r.Descendants() {
			if n.Type == html.ElementNode {
				all = append(all, n)
			}
		}
		if r.Type == html.ElementNode {
			all = append(all, r)
		}
	}
	nested(t, text, roots, whole)
	ids(t, all, whole)
	labels(t, all)
	headings(t, roots, whole)
	for _, n := range all {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("<%s %s=%q> needs an unsafe content security policy", n.Data, a.Key, a.Val)
			}
			if strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "style" || n.Data == "script" && attr(n, "src") == "" {
			t.Errorf("<%s> inside the page needs an unsafe content security policy", n.Data)
		}
		if n.Data == "img" && !has(n, "alt") {
			t.Error("<img> without alt")
		}
		if n.Data == "a" && !has(n, "href") {
			t.Errorf("<a> without href: %s", inner(n))
		}
		if (n.Data == "button" || n.Data == "a" || n.Data == "summary") && strings.TrimSpace(inner(n)) == "" && attr(n, "aria-label") == "" {
			t.Errorf("<%s> has no name", n.Data)
		}
	}
}

func parse(text string, whole bool) ([]*html.Node, error) {
	if whole {
		root, err := html.Parse(strings.NewReader(text))
		return []*html.Node{root}, err
	}
	return html.ParseFragment(strings.NewReader(text), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
}

// nested compares the tags as they are written with the tree that a parser makes of them: it moves, closes and repeats
// elements where they stand at a wrong place.
func nested(t *testing.T, text string, roots []*html.Node, whole bool) {
	t.Helper()
	var written, made []string
	z := html.NewTokenizer(strings.NewReader(text))
	depth := 0
	void := []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		name, _ := z.TagName()
		switch kind {
		case html.StartTagToken:
			written = append(written, string(name))
			if !slices.Contains(void, string(name)) {
				depth++
			}
		case html.SelfClosingTagToken:
			written = append(written, string(name))
		case html.EndTagToken:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d more elements are opened than closed", depth)
	}
	for _, r := range roots {
		if r.Type == html.ElementNode {
			made = append(made, strings.ToLower(r.Data))
		}
		for n := range r.Descendants() {
			if n.Type == html.ElementNode {
				made = append(made, strings.ToLower(n.Data))
			}
		}
	}
	for i := range max(len(written), len(made)) {
		if i >= len(written) || i >= len(made) || written[i] != made[i] {
			t.Errorf("elements stand at a wrong place after %v", written[max(0, i-6):min(i+1, len(written))])
			return
		}
	}
	if whole && !strings.HasPrefix(text, "<!doctype html>") {
		t.Error("no doctype")
	}
}

func ids(t *testing.T, all []*html.Node, whole bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range all {
		if id := attr(n, "id"); id != "" {
			if seen[id] {
				t.Errorf("the id %q is there twice", id)
			}
			seen[id] = true
		} else if has(n, "id") {
			t.Errorf("<%s> has an empty id", n.Data)
		}
	}
	if !whole {
		return
	}
	for _, n := range all {
		for _, key := range []string{"for", "aria-labelledby", "aria-describedby", "aria-controls"} {
			for id := range strings.FieldsSeq(attr(n, key)) {
				if !seen[id] && id != "dialog-title" { // comes with what is put into the dialog
					t.Errorf("<%s %s=%q> points at nothing", n.Data, key, id)
				}
			}
		}
	}
}

func labels(t *testing.T, all []*html.Node) {
	t.Helper()
	named := map[string]bool{}
	for _, n := range all {
		if n.Data == "label" {
			named[attr(n, "for")] = true
		}
	}
	for _, n := range all {
		if n.Data != "input" && n.Data != "select" && n.Data != "textarea" || attr(n, "type") == "hidden" {
			continue
		}
		ok := attr(n, "aria-label") != "" || attr(n, "aria-labelledby") != "" || attr(n, "id") != "" && named[attr(n, "id")]
		for p := n.Parent; p != nil; p = p.Parent {
			ok = ok || p.Data == "label" && strings.TrimSpace(inner(p)) != ""
		}
		if !ok {
			t.Errorf("<%s name=%q value=%q> has no label", n.Data, attr(n, "name"), attr(n, "value"))
		}
	}
}

func headings(t *testing.T, roots []*html.Node, whole bool) {
	t.Helper()
	level, ones := 0, 0
	if !whole {
		level = 1
	}
	for _, r := range roots {
		for n := range r.Descendants() {
			if n.Type != html.ElementNode || len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
				continue
			}
			at := int(n.Data[1] - '0')
			if at == 1 {
				ones++
			}
			// What stands beside the page, before its heading, may have headings of its own.
			if at > level+1 && !beside(n) {
				t.Errorf("<%s> %q follows a heading of level %d", n.Data, inner(n), level)
			}
			if strings.TrimSpace(inner(n)) == "" {
				t.Errorf("<%s> is empty", n.Data)
			}
			if !beside(n) {
				level = at
			}
		}
	}
	if whole && ones != 1 {
		t.Errorf("the page has %d headings of level 1", ones)
	}
}

func beside(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "aside" || p.Data == "dialog" {
			return true
		}
	}
	return false
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// inner is the text of an element.
func inner(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
