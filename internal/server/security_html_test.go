package server_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// elements are those of a page, or of a fragment of one.
func elements(t *testing.T, text string) (all []*html.Node) {
	t.Helper()
	var roots []*html.Node
	if strings.HasPrefix(text, "<!doctype html>") {
		root, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		roots = []*html.Node{root}
	} else {
		var err error
		if roots, err = html.ParseFragment(strings.NewReader(text), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range roots {
		if r.Type == html.ElementNode {
			all = append(all, r)
		}
		for n := range r.Descendants() {
			if n.Type == html.ElementNode {
				all = append(all, n)
			}
		}
	}
	return all
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// field is the value of an input of a page.
func field(t *testing.T, text, name string) string {
	t.Helper()
	for _, n := range elements(t, text) {
		if n.Data == "input" && attribute(n, "name") == name {
			return attribute(n, "value")
		}
	}
	t.Errorf("no field %q in %.300s", name, text)
	return ""
}
