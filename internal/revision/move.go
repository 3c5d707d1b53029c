package revision

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
)

// This file takes entries out, puts them elsewhere and renames them.

// above is where the entry i of a block map begins with the comment that belongs to it: the lines directly above it. A
// comment belongs to a group instead where it follows an empty line and more than one entry follows it without a comment
// between them, or where it is drawn as a heading (# --- Costs ---).
func (t *Text) above(m *elem, i int) int {
	e := m.entries[i]
	start := lineStart(t.src, e.start)
	indent := e.start - start
	first := start
	for first > 0 {
		before := lineStart(t.src, first-1)
		if before >= first {
			break
		}
		line := t.src[before:lineEnd(t.src, before)]
		text := bytes.TrimLeft(line, " \t")
		if len(text) == 0 || text[0] != '#' || len(line)-len(text) != indent || heading(text) {
			break
		}
		first = before
	}
	if first == start || i > 0 && first < m.entries[i-1].value.end {
		return start
	}
	opens := i == 0 && m != t.root
	if p := first; p > 0 && !opens {
		before := lineStart(t.src, p-1)
		opens = len(bytes.TrimSpace(t.src[before:lineEnd(t.src, before)])) == 0
	}
	// At the top of the file a comment stands for the whole file.
	if m == t.root && i == 0 {
		return start
	}
	if opens && i+1 < len(m.entries) {
		end := max(e.value.end, e.colon+1)
		if next := lineStart(t.src, m.entries[i+1].start); nextLine(t.src, end) == next && !(m == t.root && m.entries[i].value.kind == casefile.Map && !m.entries[i].value.flow) {
			return start
		}
	}
	return first
}

// heading reports a comment that is drawn as a heading.
func heading(comment []byte) bool {
	text := bytes.TrimSpace(bytes.TrimLeft(comment, "#"))
	if bytes.HasPrefix(comment, []byte("##")) || len(text) == 0 {
		return true
	}
	for _, rule := range []string{"--", "==", "**", "__", "──", "━━"} {
		if bytes.HasPrefix(text, []byte(rule)) || bytes.HasSuffix(text, []byte(rule)) {
			return true
		}
	}
	return false
}

// Remove takes a key or list item out, with the comment behind it and the comment that belongs to it above. A map that is
// empty then stays as {}, except in a scenario, where it goes too.
func (t *Text) Remove(path string) (*Text, error) {
	keys, way, e, err := t.at(path)
	if err != nil {
		return nil, err
	}
	if len(way) == 0 || e.kind != casefile.Null && len(way) < len(keys) && keys[len(keys)-1] == "value" && e.kind == casefile.Scalar {
		return nil, t.refused(path)
	}
	if _, own := inside(keys); len(keys) > len(own) && len(own) > 1 {
		for len(way) > 3 && len(way[len(way)-1].in.entries) == 1 {
			way = way[:len(way)-1]
		}
	}
	s := way[len(way)-1]
	meant, of := clone(t.root)
	target := of(s.in)
	if s.in.kind == casefile.List {
		target.items = slices.Delete(target.items, s.index, s.index+1)
	} else {
		target.entries = slices.Delete(target.entries, s.index, s.index+1)
	}
	var cuts []cut
	switch {
	case s.in.flow:
		cuts = []cut{t.outOfFlow(s)}
	case s.in.kind == casefile.List:
		it := s.in.items[s.index]
		if len(s.in.items) == 1 {
			cuts = t.empty(way, "[]")
			break
		}
		cuts = []cut{{lineStart(t.src, it.start), nextLine(t.src, max(it.value.end, it.start+1)), ""}}
	case len(s.in.entries) == 1 && len(way) > 1:
		cuts = t.empty(way, "{}")
	default:
		k := s.in.entries[s.index]
		from, to := t.above(s.in, s.index), nextLine(t.src, max(k.value.end, k.colon+1))
		// Of the empty lines around what goes, one side stays.
		if before, after := t.emptyBefore(from), t.emptyAt(to); before < from && (after > to || to == len(t.src)) {
			if to == len(t.src) {
				from = before
			} else {
				to = after
			}
		}
		if to == len(t.src) && !bytes.HasSuffix(t.src, []byte("\n")) && from > 0 {
			from = lineEnd(t.src, from-1)
			if from > 0 && t.src[from-1] == '\r' {
				from--
			}
		}
		cuts = []cut{{from, to, ""}}
	}
	return t.splice(path, meant, cuts...)
}

// emptyBefore is the start of the empty lines that end at i, emptyAt the end of those that begin there.
func (t *Text) emptyBefore(i int) int {
	for i > 0 {
		before := lineStart(t.src, i-1)
		if before >= i || len(bytes.TrimSpace(t.src[before:i])) > 0 {
			return i
		}
		i = before
	}
	return i
}

func (t *Text) emptyAt(i int) int {
	for i < len(t.src) && len(bytes.TrimSpace(t.src[i:lineEnd(t.src, i)])) == 0 {
		i = nextLine(t.src, i)
	}
	return i
}

// empty is the cut that leaves an empty collection of a block with one entry.
func (t *Text) empty(way []step, sign string) []cut {
	s := way[len(way)-1]
	if len(way) < 2 {
		return []cut{{s.in.start, s.in.end, sign}}
	}
	up := way[len(way)-2]
	if up.in.kind != casefile.Map {
		return []cut{{s.in.start, s.in.end, sign}}
	}
	colon := up.in.entries[up.index].colon + 1
	from := lineStart(t.src, s.in.start)
	if lineStart(t.src, colon) == from {
		return []cut{{s.in.start, s.in.end, sign}}
	}
	if s.in.kind == casefile.Map {
		from = t.above(s.in, 0)
	}
	cuts := []cut{{colon, colon, " " + sign}, {from, nextLine(t.src, s.in.end), ""}}
	if cuts[1].end == len(t.src) && !bytes.HasSuffix(t.src, []byte("\n")) {
		cuts[1].start = lineEnd(t.src, lineStart(t.src, from-1))
		if cuts[1].start < colon {
			cuts[1].start = colon
		}
	}
	return cuts
}

// outOfFlow is the cut that takes an entry out of {…} or […]. Comments between it and its neighbours stay.
func (t *Text) outOfFlow(s step) cut {
	count := max(len(s.in.entries), len(s.in.items))
	start := func(i int) int {
		if s.in.kind == casefile.List {
			return s.in.items[i].start
		}
		return s.in.entries[i].start
	}
	end := func(i int) int {
		if s.in.kind == casefile.List {
			return s.in.items[i].value.end
		}
		return max(s.in.entries[i].value.end, s.in.entries[i].colon+1)
	}
	i := s.index
	from, to := start(i), end(i)
	comma := to // behind the comma that follows
	for comma < s.in.end && bytes.IndexByte([]byte(" \t\r\n"), t.src[comma]) >= 0 {
		comma++
	}
	if t.src[comma] == ',' {
		comma++
	} else {
		comma = to
	}
	alone := lineStart(t.src, from)
	switch {
	case count == 1:
		return cut{from, max(to, comma), ""}
	case len(bytes.TrimSpace(t.src[alone:from])) == 0 && alone > s.in.start && comma > to && (len(bytes.TrimSpace(t.src[comma:lineEnd(t.src, comma)])) == 0 || t.lineEndsIn(comma)):
		return cut{alone, nextLine(t.src, comma), ""}
	case i+1 < count && bytes.IndexByte(t.src[to:start(i+1)], '#') < 0:
		return cut{from, start(i + 1), ""}
	case i > 0 && bytes.IndexByte(t.src[end(i-1):from], '#') < 0:
		return cut{end(i - 1), to, ""}
	}
	return cut{from, comma, ""}
}

func (t *Text) lineEndsIn(i int) bool {
	s := scanner{src: t.src}
	return s.lineEndAt(i)
}

// Move puts an entry behind the key after of the same map, to the front without one. Its comments go with it.
func (t *Text) Move(path, after string) (*Text, error) {
	_, way, _, err := t.at(path)
	if err != nil {
		return nil, err
	}
	s := way[len(way)-1]
	if s.in.kind != casefile.Map {
		return nil, t.refused(path)
	}
	k := s.in.entries[s.index]
	to := -1
	if after != "" {
		if to = s.in.index(after); to < 0 {
			return nil, t.unknown(after, []string{after}, s.in, []string{after})
		}
	}
	if to == s.index || to == s.index-1 {
		return t, nil
	}
	meant, of := clone(t.root)
	target := of(s.in)
	moved := target.entries[s.index]
	target.entries = slices.Delete(target.entries, s.index, s.index+1)
	at := to + 1
	if to > s.index {
		at = to
	}
	target.entries = slices.Insert(target.entries, at, moved)
	if s.in.flow {
		c := t.outOfFlow(s)
		in := t.putFlow(s.in, to, string(t.src[k.start:max(k.value.end, k.colon+1)]))
		return t.splice(path, meant, c, in)
	}
	from, end := t.above(s.in, s.index), nextLine(t.src, max(k.value.end, k.colon+1))
	// At the top the parts keep their distance: the empty lines before one go with it.
	gap := t.emptyBefore(from)
	block := string(t.src[from:end])
	newline := t.newline()
	if !strings.HasSuffix(block, "\n") {
		block += newline
	}
	out := cut{from, end, ""}
	if gap < from && gap > 0 && (t.emptyAt(end) > end || end == len(t.src)) {
		out.start = gap
		block = string(t.src[gap:from]) + block
	}
	var in cut
	if to < 0 {
		first := t.above(s.in, 0)
		if out.start == gap && gap < from {
			block = string(t.src[from:end])
			if !strings.HasSuffix(block, "\n") {
				block += newline
			}
			block += string(t.src[gap:from])
		}
		in = cut{first, first, block}
	} else {
		v := s.in.entries[to]
		p := nextLine(t.src, max(v.value.end, v.colon+1))
		if p == len(t.src) && !bytes.HasSuffix(t.src, []byte("\n")) {
			block = newline + strings.TrimSuffix(strings.TrimSuffix(block, "\n"), "\r")
		}
		in = cut{p, p, block}
	}
	if end == len(t.src) && !bytes.HasSuffix(t.src, []byte("\n")) && to != len(s.in.entries)-1 {
		out.start = lineEnd(t.src, lineStart(t.src, max(out.start-1, 0)))
	}
	return t.splice(path, meant, out, in)
}

// AddScenario adds an empty scenario at the end, with a label unless it is empty.
func (t *Text) AddScenario(id, label string) (*Text, error) {
	value := "{}"
	if label != "" {
		if strings.ContainsAny(label, "\n\r") {
			return nil, diag.List{diag.New("edit_value", diag.Position{File: t.name}, diag.Args{"path": "scenarios." + id + ".label", "value": label})}
		}
		value = "{label: " + scalars(label, true)[0].yaml + "}"
	}
	return t.Insert("scenarios", id, value, "")
}

// RemoveScenario takes a scenario out.
func (t *Text) RemoveScenario(id string) (*Text, error) { return t.Remove("scenarios." + id) }

// RenameScenario gives a scenario another id.
func (t *Text) RenameScenario(id, to string) (*Text, error) {
	return t.Rename("scenarios."+id, to, nil)
}

// DuplicateScenario puts a copy of a scenario behind it, with a label of its own unless that is empty. The copy is the
// bytes of the original, its comments inside too.
func (t *Text) DuplicateScenario(id, name, label string) (*Text, error) {
	path := "scenarios." + id
	_, way, e, err := t.at(path)
	if err != nil {
		return nil, err
	}
	if len(way) != 2 || way[1].in.kind != casefile.Map {
		return nil, t.refused(path)
	}
	s := way[1]
	if s.in.index(name) >= 0 {
		return nil, diag.List{diag.New("edit_exists", t.position(e.start, e.end), diag.Args{"path": "scenarios." + name})}
	}
	if name == "" || strings.ContainsAny(name, "\n\r\t.") {
		return nil, diag.List{diag.New("edit_key", diag.Position{File: t.name}, diag.Args{"key": name})}
	}
	k := s.in.entries[s.index]
	meant, of := clone(t.root)
	copied, _ := clone(e)
	target := of(s.in)
	target.entries = slices.Insert(target.entries, s.index+1, entry{key: name, value: copied})
	text := scalars(name, s.in.flow)[0].yaml + string(t.src[k.end:max(e.end, k.colon+1)])
	var c cut
	if s.in.flow {
		end := max(e.end, k.colon+1)
		c = cut{end, end, ", " + text}
	} else {
		end := lineEnd(t.src, max(e.end, k.colon+1))
		text = scalars(name, false)[0].yaml + string(t.src[k.end:end])
		c = cut{end, end, t.newline() + string(t.src[lineStart(t.src, k.start):k.start]) + text}
	}
	n, err := t.splice(path, meant, c)
	if err != nil || label == "" {
		return n, err
	}
	return n.SetText("scenarios."+name+".label", label)
}
