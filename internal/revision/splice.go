package revision

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
)

// This file puts new bytes into a text and proves that the file then says what was meant and nothing else.

// cut replaces the bytes from start to end.
type cut struct {
	start, end int
	text       string
}

// clone is a deep copy; of answers the copy of an element.
func clone(e *elem) (root *elem, of func(*elem) *elem) {
	seen := map[*elem]*elem{}
	var deep func(e *elem) *elem
	deep = func(e *elem) *elem {
		c := *e
		c.entries, c.items = slices.Clone(e.entries), slices.Clone(e.items)
		for i := range c.entries {
			c.entries[i].value = deep(c.entries[i].value)
		}
		for i := range c.items {
			c.items[i].value = deep(c.items[i].value)
		}
		seen[e] = &c
		return &c
	}
	root = deep(e)
	return root, func(e *elem) *elem { return seen[e] }
}

// splice makes the cuts and demands that the tree is then the one that was meant.
func (t *Text) splice(path string, meant *elem, cuts ...cut) (*Text, error) {
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.start - b.start })
	var b bytes.Buffer
	done := 0
	for _, c := range cuts {
		if c.start < done {
			return nil, t.refused(path)
		}
		b.Write(t.src[done:c.start])
		b.WriteString(c.text)
		done = c.end
	}
	b.Write(t.src[done:])
	n := &Text{name: t.name, src: b.Bytes()}
	root, _, ok := scan(n.src)
	if !ok || !unique(root) {
		return nil, t.refused(path)
	}
	n.root = root
	if !n.verify(t) || !same(meant, root, true) {
		return nil, t.refused(path)
	}
	return n, nil
}

func (t *Text) refused(path string) error {
	at := diag.Position{File: t.name}
	if _, _, e, err := t.at(path); err == nil {
		at = t.position(e.start, e.end)
	}
	return diag.List{diag.New("edit_refused", at, diag.Args{"path": path})}
}

// unique reports whether no key stands twice at the top; below it the library looks.
func unique(root *elem) bool {
	seen := map[string]bool{}
	for _, e := range root.entries {
		if seen[e.key] {
			return false
		}
		seen[e.key] = true
	}
	return true
}

// verify lets the library read the parts of the top level that differ from old and compares; the other parts stand on
// lines of their own and are the same bytes, so that they are read as before. A long file near the limits is read whole.
func (t *Text) verify(old *Text) bool {
	if len(t.root.entries) == 0 {
		_, found := casefile.ParseYAML(t.name, t.src)
		return found.Err() == nil || len(found) == 1 && found[0].Code == "file_empty"
	}
	first, last, ok := t.touched(old)
	if !ok {
		node, found := casefile.ParseYAML(t.name, t.src)
		return found.Err() == nil && match(t.root, node)
	}
	if first > last {
		return true
	}
	start, end := 0, len(t.src)
	if first > 0 {
		start = lineStart(t.src, t.root.entries[first].start)
	}
	if last+1 < len(t.root.entries) {
		end = lineStart(t.src, t.root.entries[last+1].start)
	}
	node, found := casefile.ParseYAML(t.name, t.src[start:end])
	part := &elem{kind: casefile.Map, entries: t.root.entries[first : last+1]}
	return found.Err() == nil && match(part, node)
}

// touched is the range of top-level entries with bytes that old has not; ok is false where the whole text is to be read.
func (t *Text) touched(old *Text) (first, last int, ok bool) {
	const near = casefile.MaxNodes * 9 / 10
	if t.root.flow || old.root.flow || len(t.src) > casefile.MaxBytes || heavy(t.src) > near {
		return 0, 0, false
	}
	from := 0
	for from < min(len(t.src), len(old.src)) && t.src[from] == old.src[from] {
		from++
	}
	tail := 0
	for tail < min(len(t.src), len(old.src))-from && t.src[len(t.src)-1-tail] == old.src[len(old.src)-1-tail] {
		tail++
	}
	to := len(t.src) - tail
	first, last = len(t.root.entries), -1
	for i, e := range t.root.entries {
		start, end := lineStart(t.src, e.start), len(t.src)
		if i == 0 {
			start = 0
		}
		if i+1 < len(t.root.entries) {
			end = lineStart(t.src, t.root.entries[i+1].start)
		}
		if start <= to && end >= from {
			first, last = min(first, i), max(last, i)
			continue
		}
		k := old.root.index(e.key)
		if k < 0 || !inherit(e.value, old.root.entries[k].value) {
			return 0, 0, false
		}
	}
	return first, last, true
}

// heavy counts what casefile counts against its limit of nodes.
func heavy(src []byte) int {
	n := bytes.Count(src, []byte("\n"))
	for _, c := range src {
		if c == ':' || c == ',' || c == '{' || c == '[' || c == '-' {
			n++
		}
	}
	return n
}

// inherit takes over what the library has read of the same bytes before.
func inherit(e, old *elem) bool {
	if e.kind == casefile.Scalar && old.kind == casefile.Null && e.style == 0 {
		e.kind, e.text = casefile.Null, ""
	}
	if e.kind != old.kind || len(e.entries) != len(old.entries) || len(e.items) != len(old.items) {
		return false
	}
	if e.adopt {
		e.text = old.text
	}
	for i := range e.entries {
		if e.entries[i].key != old.entries[i].key || !inherit(e.entries[i].value, old.entries[i].value) {
			return false
		}
	}
	for i := range e.items {
		if !inherit(e.items[i].value, old.items[i].value) {
			return false
		}
	}
	return e.text == old.text
}

// written is a value in YAML and what it says.
type written struct {
	yaml string
	elem *elem
}

// values are the ways to write a value, the plainest first. With literal, the text is prose and quotes in it are its own.
func (t *Text) values(path, value string, flow, literal bool) ([]written, error) {
	bad := diag.List{diag.New("edit_value", diag.Position{File: t.name}, diag.Args{"path": path, "value": value})}
	if !literal {
		value = strings.TrimSpace(value)
		if value == "" || strings.ContainsAny(value, "\n\r") {
			return nil, bad
		}
		switch value[0] {
		case '{', '[':
			if e := read(value); e != nil && e.kind != casefile.Scalar {
				return []written{{value, e}}, nil
			}
			return nil, bad
		case '"', '\'':
			if quoteEnd([]byte(value), 0) == len(value) {
				if e := read(value); e != nil {
					return []written{{value, e}}, nil
				}
			}
		}
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f }) {
		return nil, bad
	}
	return scalars(value, flow), nil
}

// read is what YAML on one line says, nil where it is not one value.
func read(yaml string) *elem {
	src := []byte("x: " + yaml + "\n")
	root, _, ok := scan(src)
	if !ok || len(root.entries) != 1 {
		return nil
	}
	node, found := casefile.ParseYAML("", src)
	if e := root.child("x"); e != nil && e.end == len(src)-1 && found.Err() == nil && match(root, node) {
		return e
	}
	return nil
}

// scalars are the ways to write a text as a scalar.
func scalars(text string, flow bool) []written {
	e := &elem{kind: casefile.Scalar, text: text}
	var all []written
	if !needsQuotes(text, flow) {
		all = append(all, written{text, e})
	}
	if strings.ContainsAny(text, "\n\r\t") {
		return append(all, written{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`, e})
	}
	double := written{`"` + text + `"`, e}
	single := written{"'" + strings.ReplaceAll(text, "'", "''") + "'", e}
	if strings.ContainsAny(text, `"\`) {
		return append(all, single)
	}
	return append(all, double, single)
}

// needsQuotes reports whether YAML would read a text otherwise, or might.
func needsQuotes(text string, flow bool) bool {
	if text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n\r\t") {
		return true
	}
	switch text {
	case "~", "null", "Null", "NULL", "<<":
		return true
	}
	switch c := text[0]; {
	case strings.IndexByte(",[]{}#&*!|>'\"%@`", c) >= 0:
		return true
	case c == '-' || c == '?' || c == ':':
		if len(text) == 1 || text[1] == ' ' || strings.HasPrefix(text, "---") {
			return true
		}
	}
	if strings.HasPrefix(text, "...") || strings.Contains(text, ": ") || strings.HasSuffix(text, ":") || strings.Contains(text, " #") {
		return true
	}
	return flow && (strings.ContainsAny(text, ",[]{}") || strings.Contains(text, ":"))
}

// flowText writes a value in one line.
func flowText(e *elem) string {
	switch e.kind {
	case casefile.Scalar:
		return scalars(e.text, true)[0].yaml
	case casefile.Map:
		parts := make([]string, len(e.entries))
		for i, x := range e.entries {
			parts[i] = scalars(x.key, true)[0].yaml + ": " + flowText(x.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case casefile.List:
		parts := make([]string, len(e.items))
		for i, x := range e.items {
			parts[i] = flowText(x.value)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "null"
}
