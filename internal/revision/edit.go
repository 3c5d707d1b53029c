package revision

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
)

// Set writes a value, given as YAML: a scalar such as 0.5 .. 1.5 .. 3 h/week, a list [1, 13] or a map {…}. Quotes are
// added where YAML needs them. Of a quantity written {value: …, source: …} the value alone is replaced. A key that an
// existing line, curve or criterion does not have yet is added to it, as is whatever a scenario does not change yet; a missing
// assumption of the case itself is an error.
func (t *Text) Set(path, value string) (*Text, error) { return t.set(path, value, false) }

// SetText writes prose: the text is taken as it is, quotes and brackets too.
func (t *Text) SetText(path, text string) (*Text, error) { return t.set(path, text, true) }

func (t *Text) set(path, value string, literal bool) (*Text, error) {
	keys, way, e, err := t.at(path)
	if err != nil {
		if path == "" || !t.mayAdd(keys) {
			return nil, err
		}
		return t.add(path, keys, value, "", literal)
	}
	collection := !literal && (strings.HasPrefix(strings.TrimSpace(value), "{") || strings.HasPrefix(strings.TrimSpace(value), "["))
	target := e
	if !collection {
		target = scalar(e)
	}
	if target.kind == casefile.Map && !collection || slices.Contains([]string{"scenarios", "assumptions"}, path) {
		return nil, diag.List{diag.New("edit_not_value", t.position(e.start, e.end), diag.Args{"path": path})}
	}
	flow := inFlow(way) || target != e && e.flow
	values, err := t.values(path, value, flow, literal)
	if err != nil {
		return nil, err
	}
	return t.try(path, values, func(w written) (*elem, []cut) {
		meant, of := clone(t.root)
		*of(target) = *w.elem
		c := cut{target.start, target.end, w.yaml}
		switch block := target.kind != casefile.Scalar && !target.flow; {
		case target.kind == casefile.Null && target.start == target.end:
			c.text = " " + c.text
		case block && len(way) > 0:
			s := way[len(way)-1]
			if s.in.kind == casefile.Map {
				c = cut{s.in.entries[s.index].colon + 1, target.end, " " + w.yaml}
			}
		}
		return meant, []cut{c}
	})
}

// try makes the first edit of several ways to write a value that says what was meant.
func (t *Text) try(path string, values []written, edit func(written) (*elem, []cut)) (*Text, error) {
	err := t.refused(path)
	for _, w := range values {
		meant, cuts := edit(w)
		n, wrong := t.splice(path, meant, cuts...)
		if wrong == nil {
			return n, nil
		}
		err = wrong
	}
	return nil, err
}

// mayAdd reports whether Set may make what is missing.
func (t *Text) mayAdd(keys []string) bool {
	scenario, own := inside(keys)
	if scenario != "" {
		return t.root.child("scenarios").child(scenario) != nil
	}
	_, e, rest := t.find(keys)
	switch {
	case len(own) == 1:
		return !slices.Contains(sections, own[0])
	case len(rest) != 1:
		return false
	case slices.Contains(casefile.CurveNames, own[0]) && len(own) == 2:
		return true
	case (slices.Contains(lineGroups, own[0]) || own[0] == "scorecard") && len(own) == 3:
		return e != nil
	}
	return quantityAt(own[:len(own)-1]) && slices.Contains([]string{"source", "grade", "note", "label"}, rest[0])
}

// sections are the parts of the file that hold entries under names of their own.
var sections = []string{"assumptions", "costs", "benefits", "packages", "scorecard", "scenarios"}

// Insert adds a key with a value to the map at parent, "" for the top level. It comes behind the key after; without one,
// at the end, and at the top level where the documentation has it. A missing section is made.
func (t *Text) Insert(parent, key, value, after string) (*Text, error) {
	var keys []string
	if parent != "" {
		if keys = split(parent); parent == "assumptions" || slices.Contains(sections, parent) {
			keys = []string{parent}
		}
	}
	path := strings.Join(append(slices.Clone(keys), key), ".")
	if key == "" || strings.ContainsAny(key, "\n\r\t.") || !utf8.ValidString(key) {
		return nil, diag.List{diag.New("edit_key", diag.Position{File: t.name}, diag.Args{"key": key})}
	}
	keys = append(keys, key)
	_, e, rest := t.find(keys)
	if len(rest) == 0 {
		return nil, diag.List{diag.New("edit_exists", t.position(e.start, e.end), diag.Args{"path": path})}
	}
	scenario, own := inside(keys)
	made := len(rest) == 2 && len(own) == 2 && scenario == "" || scenario != "" && len(keys)-len(rest) >= 2
	if len(rest) > 1 && !made {
		return nil, t.unknown(parent, keys[:len(keys)-1], e, rest[:len(rest)-1])
	}
	return t.add(path, keys, value, after, false)
}

// add makes the value at keys, and the maps on the way to it that are not there.
func (t *Text) add(path string, keys []string, value, after string, literal bool) (*Text, error) {
	way, m, rest := t.find(keys)
	_, own := inside(keys)
	flow := inFlow(way) || m.flow
	// In block style a section gets lines of its own, and what is below it one line each.
	block := 0
	if !flow && len(rest) > 1 && len(own) == len(rest) && slices.Contains(sections, rest[0]) {
		block = 1
	}
	inner := flow || len(rest)-1 > block || m.kind == casefile.Scalar
	values, err := t.values(path, value, inner, literal)
	if err != nil {
		return nil, err
	}
	parent := keys[:len(keys)-len(rest)]
	if m.kind == casefile.List || m.kind == casefile.Scalar && opened(parent, m) == m {
		return nil, t.unknown(path, keys, m, rest)
	}
	at := len(m.entries) - 1
	if after != "" {
		if at = m.index(after); at < 0 && len(rest) == 1 {
			return nil, t.unknown(after, keys, m, []string{after})
		}
	} else if m == t.root {
		at = t.canonical(rest[0])
	}
	if len(rest) > 1 && after != "" {
		at = len(m.entries) - 1
	}
	return t.try(path, values, func(w written) (*elem, []cut) {
		e, lines := w.elem, []string{w.yaml}
		name := func(i int) string { return scalars(rest[i], inner)[0].yaml }
		for i := len(rest) - 1; i > 0; i-- {
			e = &elem{kind: casefile.Map, entries: []entry{{key: rest[i], value: e}}}
			if i > block {
				lines[0] = "{" + name(i) + ": " + lines[0] + "}"
			} else {
				lines = []string{"", "  " + name(i) + ": " + lines[0]}
			}
		}
		return t.put(parent, way, m, at, rest[0], e, lines)
	})
}

// canonical is the index of the top-level entry behind which a key belongs, −1 for the front.
func (t *Text) canonical(key string) int {
	order := casefile.Keys("top")
	own := slices.Index(order, key)
	at := -1
	for i, e := range t.root.entries {
		if k := slices.Index(order, e.key); own < 0 || k >= 0 && k < own {
			at = i
		}
	}
	return at
}

// newline is the line end of the file.
func (t *Text) newline() string {
	if bytes.Contains(t.src, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// put adds an entry to a map behind the one at index at, a bare value gets its map first: the value's first line stands beside the key, the others below.
func (t *Text) put(parent []string, way []step, m *elem, at int, key string, e *elem, lines []string) (*elem, []cut) {
	meant, of := clone(t.root)
	target := of(m)
	if m.kind == casefile.Scalar {
		yaml := scalars(m.text, true)[0].yaml
		if (m.style == '"' || m.style == '\'') && !m.adopt {
			yaml = string(t.src[m.start:m.end])
		}
		wrapped := opened(parent, m)
		own := wrapped.entries[0].key
		value := &elem{kind: casefile.Scalar, text: m.text}
		yaml = "{" + own + ": " + yaml + ", " + scalars(key, true)[0].yaml + ": " + lines[0] + "}"
		full := &elem{kind: casefile.Map, entries: []entry{{key: own, value: value}, {key: key, value: e}}}
		if _, p := inside(parent); len(p) == 3 && len(way) > 0 && way[len(way)-1].in.kind == casefile.Map && way[len(way)-1].in.entries[way[len(way)-1].index].key != p[2] {
			// The line itself is written as its amount.
			yaml = "{amount: " + yaml + "}"
			full = &elem{kind: casefile.Map, entries: []entry{{key: "amount", value: full}}}
		}
		*target = *full
		return meant, []cut{{m.start, m.end, yaml}}
	}
	target.kind, target.text = casefile.Map, ""
	target.entries = slices.Insert(target.entries, at+1, entry{key: key, value: e})
	flow := inFlow(way) || m.flow
	name := scalars(key, flow)[0].yaml
	newline := t.newline()
	switch {
	case m.flow:
		return meant, []cut{t.putFlow(m, at, name+": "+lines[0])}
	case m.kind == casefile.Null && flow:
		return meant, []cut{{m.start, m.end, " {" + name + ": " + lines[0] + "}"}}
	case m.kind == casefile.Null:
		s := way[len(way)-1]
		k := s.in.entries[s.index]
		indent := string(bytes.Repeat([]byte(" "), k.start-lineStart(t.src, k.start)+2))
		end := lineEnd(t.src, k.colon)
		if m.end > m.start { // null or ~ is written out
			return meant, []cut{{m.start, m.end, ""}, {lineEnd(t.src, m.end), lineEnd(t.src, m.end), newline + indent + name + ": " + lines[0]}}
		}
		return meant, []cut{{end, end, newline + indent + t.lines(name, " ", lines, indent, newline)}}
	case len(m.entries) == 0: // an empty file
		c := cut{len(t.src), len(t.src), t.lines(name, " ", lines, "", newline) + newline}
		if len(t.src) > 0 && !bytes.HasSuffix(t.src, []byte("\n")) && !bytes.Equal(t.src, bom) {
			c.text = newline + c.text
		}
		return meant, []cut{c}
	}
	indent := strings.Repeat(" ", m.start-lineStart(t.src, m.start))
	text := t.lines(name, t.padding(m, key), lines, indent, newline)
	if at < 0 {
		first := t.above(m, 0)
		return meant, []cut{{first, first, indent + text + newline}}
	}
	before := m.entries[at]
	end := lineEnd(t.src, max(before.value.end, before.colon+1))
	if m == t.root && len(lines) > 1 && t.airy() {
		text = newline + text
	}
	return meant, []cut{{end, end, newline + indent + text}}
}

// lines joins a key and the lines of its value.
func (t *Text) lines(name, space string, lines []string, indent, newline string) string {
	text := name + ":"
	if lines[0] != "" {
		text += space + lines[0]
	}
	for _, l := range lines[1:] {
		text += newline + indent + l
	}
	return text
}

// putFlow is the cut that adds an entry to {…}.
func (t *Text) putFlow(m *elem, at int, text string) cut {
	if len(m.entries) == 0 {
		return cut{m.start + 1, m.start + 1, text}
	}
	if at < 0 {
		start := m.entries[0].start
		return cut{start, start, text + ", "}
	}
	v := m.entries[at].value
	end := max(v.end, m.entries[at].colon+1)
	if at > 0 && lineStart(t.src, m.entries[at].start) != lineStart(t.src, m.entries[at-1].start) && bytes.IndexByte(t.src[m.entries[at].start:lineEnd(t.src, end)], '#') < 0 {
		start := lineStart(t.src, m.entries[at].start)
		if gap := t.src[start:m.entries[at].start]; len(bytes.TrimSpace(gap)) == 0 {
			return cut{end, end, "," + t.newline() + string(gap) + text}
		}
	}
	return cut{end, end, ", " + text}
}

// padding is the space between colon and value, so that the values of a map that stand in one column go on to do so.
func (t *Text) padding(m *elem, key string) string {
	column, padded := -1, false
	for _, e := range m.entries {
		start := lineStart(t.src, e.start)
		if e.value.kind == casefile.Null || lineStart(t.src, e.value.start) != start {
			return " "
		}
		c := utf8.RuneCount(t.src[start:e.value.start])
		if column >= 0 && c != column {
			return " "
		}
		column = c
		padded = padded || e.value.start-e.colon > 2
	}
	if own := m.start - lineStart(t.src, m.start) + utf8.RuneCountInString(key) + 1; padded && len(m.entries) > 1 && column > own {
		return strings.Repeat(" ", column-own)
	}
	return " "
}

// airy reports whether empty lines stand between the parts of the file.
func (t *Text) airy() bool {
	for i := 1; i < len(t.root.entries); i++ {
		gap := t.src[t.root.entries[i-1].value.end:t.root.entries[i].start]
		if bytes.Contains(bytes.ReplaceAll(gap, []byte("\r"), nil), []byte("\n\n")) {
			return true
		}
	}
	return len(t.root.entries) == 1
}

// SetField writes source, grade, note or label of a quantity, a line or a curve; the text is taken as it is. A bare value
// becomes {value: …, grade: B}. The empty text removes the field. The field value is Set.
func (t *Text) SetField(path, field, text string) (*Text, error) {
	keys, _, e, err := t.at(path)
	if err != nil {
		return nil, err
	}
	if field == "value" {
		return t.Set(path, text)
	}
	_, own := inside(keys)
	known := slices.Contains(append(slices.Clone(lineGroups), "assumptions"), own[0]) && len(own) > 1 || slices.Contains(casefile.CurveNames, own[0])
	if !known || !slices.Contains([]string{"source", "grade", "note", "label"}, field) || field == "label" && len(own) == 1 ||
		len(own) > 1 && own[0] != "assumptions" && slices.Contains(plainKeys, own[len(own)-1]) && len(own) != 2 {
		return nil, diag.List{diag.New("edit_no_field", t.position(e.start, e.end), diag.Args{"path": path, "field": field})}
	}
	if text == "" {
		if e.kind == casefile.Map && e.index(field) >= 0 {
			return t.Remove(strings.Join(append(keys, field), "."))
		}
		return t, nil
	}
	if e.kind == casefile.Map {
		full := strings.Join(append(keys, field), ".")
		if e.index(field) >= 0 {
			return t.set(full, text, true)
		}
		return t.add(full, append(keys, field), text, "", true)
	}
	if e.kind != casefile.Scalar {
		return nil, diag.List{diag.New("edit_no_field", t.position(e.start, e.end), diag.Args{"path": path, "field": field})}
	}
	return t.add(path, append(keys, field), text, "", true)
}
