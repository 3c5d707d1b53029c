// Package revision changes a case file that people wrote: edits that keep every byte they do not mean, the difference of
// two files by path and in words, and the merge of three. Start with Open, which makes a Text. What a value means and
// whether it is feasible is the work of package model; this package knows the shape of the file and the syntax of values.
package revision

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Text is a case file opened for edits. It never changes and may be used concurrently; every edit answers a new Text.
type Text struct {
	name string
	src  []byte
	root *elem
}

// Open reads a case file. An empty one is allowed: its keys come with the edits. The error is a diag.List: what package
// casefile finds wrong with the YAML, or edit_unsupported at the first thing that can be read but not edited.
func Open(name string, text []byte) (*Text, error) {
	t := &Text{name: name, src: bytes.Clone(text)}
	node, found := casefile.ParseYAML(name, t.src)
	root, at, ok := scan(t.src)
	if len(found) == 1 && found[0].Code == "file_empty" && ok && len(root.entries) == 0 {
		t.root = root
		return t, nil
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	if node.Kind != casefile.Map {
		return nil, diag.List{diag.New("file_not_map", node.At, nil)}
	}
	if !ok || !match(root, node) {
		return nil, diag.List{diag.New("edit_unsupported", t.position(at, at+1), nil)}
	}
	t.root = root
	return t, nil
}

// Bytes is the text of the file.
func (t *Text) Bytes() []byte { return bytes.Clone(t.src) }

// Name is the name of the file.
func (t *Text) Name() string { return t.name }

// position is the place of the bytes from start to end, marked on its first line.
func (t *Text) position(start, end int) diag.Position {
	start = min(start, len(t.src))
	from := lineStart(t.src, start)
	line := t.src[from:max(from, lineEnd(t.src, start))]
	at := diag.Position{File: t.name, Line: 1 + bytes.Count(t.src[:start], []byte("\n")), Source: string(line)}
	at.Column = 1 + utf8.RuneCount(t.src[from:start])
	stop := max(start, min(end, from+len(line)))
	at.EndColumn = max(at.Column+1, at.Column+utf8.RuneCount(t.src[start:stop]))
	return at
}

// step is one way down the tree: an entry of a map or an item of a list.
type step struct {
	in    *elem
	index int
}

// lineGroups are the parts of the file that hold lines.
var lineGroups = []string{"costs", "benefits", "packages"}

// plainKeys are the keys of a line or curve that hold no quantity.
var plainKeys = []string{"label", "note", "kind", "lever", "item", "package", "at", "every", "from", "to", "chain", "capital", "use", "source", "grade", "remove"}

// inside splits the keys of a path into those of the scenario and the rest.
func inside(keys []string) (scenario string, rest []string) {
	if len(keys) > 2 && keys[0] == "scenarios" {
		return keys[1], keys[2:]
	}
	return "", keys
}

// split makes the keys of a path; a first key that the case does not know is an assumption.
func split(path string) []string {
	if path == "" {
		return nil
	}
	keys := strings.Split(path, ".")
	scenario, rest := inside(keys)
	known := slices.Contains(casefile.Keys("top"), rest[0]) || scenario != "" && (rest[0] == "label" || rest[0] == "remove")
	if !known {
		rest = append([]string{"assumptions"}, rest...)
	}
	if scenario != "" {
		return append([]string{"scenarios", scenario}, rest...)
	}
	return rest
}

// find goes down the tree as far as the keys are there and answers those that are not.
func (t *Text) find(keys []string) (way []step, e *elem, rest []string) {
	e = t.root
	for i, key := range keys {
		_, own := inside(keys[:i+1])
		switch {
		case e.kind == casefile.Map && e.index(key) >= 0:
			k := e.index(key)
			way, e = append(way, step{e, k}), e.entries[k].value
			continue
		case e.kind == casefile.List:
			if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < len(e.items) && strconv.Itoa(n) == key {
				way, e = append(way, step{e, n}), e.items[n].value
				continue
			}
		case e.kind == casefile.Scalar && key == "value", e.kind == casefile.Scalar && key == "amount" && len(own) == 3 && slices.Contains(lineGroups, own[0]):
			continue // written without its map
		case e.kind == casefile.Map && strings.HasPrefix(key, "year_") && e.index("yearly") >= 0:
			k := e.index("yearly")
			list := e.entries[k].value
			if n, err := strconv.Atoi(key[len("year_"):]); err == nil && n >= 1 && n <= len(list.items) {
				way = append(way, step{e, k}, step{list, n - 1})
				e = list.items[n-1].value
				continue
			}
		}
		return way, e, keys[i:]
	}
	return way, e, nil
}

// inFlow reports whether the value at the end of the way stands inside of brackets.
func inFlow(way []step) bool {
	return slices.ContainsFunc(way, func(s step) bool { return s.in.flow })
}

// at finds a path; missing is the error where it is not there.
func (t *Text) at(path string) (keys []string, way []step, e *elem, missing error) {
	keys = split(path)
	way, e, rest := t.find(keys)
	if len(rest) > 0 || path == "" {
		return keys, way, e, t.unknown(path, keys, e, rest)
	}
	return keys, way, e, nil
}

func (t *Text) unknown(path string, keys []string, e *elem, rest []string) error {
	nearest := ""
	if len(rest) > 0 {
		var known []string
		for _, have := range e.entries {
			known = append(known, have.key)
		}
		if near := quantity.Nearest(rest[0], known); near != "" {
			nearest = strings.Join(slices.Concat(keys[:len(keys)-len(rest)], []string{near}, rest[1:]), ".")
		}
	}
	return diag.List{diag.New("edit_unknown_path", diag.Position{File: t.name}, diag.Args{"path": path, "nearest": nearest})}
}

// scalar is the value of a quantity: itself or its key value.
func scalar(e *elem) *elem {
	if e.kind == casefile.Map {
		if v := e.child("value"); v != nil {
			return v
		}
	}
	return e
}

// Has reports whether the path is there.
func (t *Text) Has(path string) bool {
	_, _, _, err := t.at(path)
	return err == nil
}

// Value is the value at a path without its quotes, collections in one line; ok is false where it is not there.
func (t *Text) Value(path string) (text string, ok bool) {
	_, _, e, err := t.at(path)
	if err != nil {
		return "", false
	}
	if e = scalar(e); e.kind == casefile.Scalar {
		return e.text, true
	}
	return flowText(e), true
}

// Source is the value at a path as YAML: a scalar or {…} on one line as written, anything else brought into one line.
// Set with it restores the bytes of what was on one line.
func (t *Text) Source(path string) (yaml string, ok bool) {
	_, _, e, err := t.at(path)
	if err != nil {
		return "", false
	}
	return t.source(scalar(e)), true
}

func (t *Text) source(e *elem) string {
	raw := string(t.src[e.start:e.end])
	if e.kind == casefile.Null || strings.ContainsAny(raw, "\n\r") || e.kind != casefile.Scalar && !e.flow || e.style == '|' || e.style == '>' {
		return flowText(e)
	}
	return raw
}

// Field is one of value, source, grade, note and label of a quantity or line, "" where it is not given.
func (t *Text) Field(path, field string) string {
	_, _, e, err := t.at(path)
	if err != nil {
		return ""
	}
	if v := e.child(field); v != nil && v.kind == casefile.Scalar {
		return v.text
	}
	if field == "value" && e.kind == casefile.Scalar {
		return e.text
	}
	return ""
}

// Keys are the keys of the map at a path in the file's order; the path "" is the top level.
func (t *Text) Keys(path string) []string {
	_, e, rest := t.find(split(path))
	if len(rest) > 0 {
		return nil
	}
	var keys []string
	for _, have := range e.entries {
		keys = append(keys, have.key)
	}
	return keys
}

// Scenarios are the ids of the scenarios in the file's order.
func (t *Text) Scenarios() []string { return t.Keys("scenarios") }
