package revision

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
)

// Conflict is a path that both sides changed, each to something else.
type Conflict struct {
	Path string `json:"path"`
	// Base, Ours and Theirs are the values as written, "" where the path is not there.
	Base   string `json:"base"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`

	keys []string
}

// Choice settles a conflict: Take is ours, theirs, base or value, the last with a Value in YAML.
type Choice struct {
	Take  string `json:"take"`
	Value string `json:"value,omitempty"`
}

// Merge joins what two sides made of a base, path by path: the text is ours, with the changes of theirs put in that touch
// nothing we changed. At a conflict ours stands. Comments: all of ours stay; what theirs adds in block style comes with
// its own. Where one side left the base as it was, byte for byte, the other side is the answer with all its comments.
// Where both changed lines that do not meet, and the lines joined say the same as the paths joined, it is the lines that
// are taken, so that comments changed on either side stay. The order of keys is ours.
func Merge(base, ours, theirs []byte) (merged []byte, conflicts []Conflict, err error) {
	return Resolve(base, ours, theirs, nil)
}

// Resolve merges with choices for conflicts, by their paths; those without one are still open.
func Resolve(base, ours, theirs []byte, choices map[string]Choice) (merged []byte, open []Conflict, err error) {
	var texts [3]*Text
	for i, src := range [][]byte{base, ours, theirs} {
		if texts[i], err = Open([]string{"base", "ours", "theirs"}[i], src); err != nil {
			return nil, nil, err
		}
	}
	if bytes.Equal(base, theirs) || bytes.Equal(ours, theirs) {
		return bytes.Clone(ours), nil, nil
	}
	if bytes.Equal(base, ours) {
		return bytes.Clone(theirs), nil, nil
	}
	b, o, t := texts[0], texts[1], texts[2]
	n, conflicts, err := join(b, o, t)
	if err != nil {
		return nil, nil, err
	}
	if len(conflicts) == 0 {
		if joined, ok := lines3(base, ours, theirs); ok {
			if l, err := Open("ours", joined); err == nil && same(l.root, n.root, false) {
				return joined, nil, nil
			}
		}
	}
	for _, c := range conflicts {
		choice, ok := choices[c.Path]
		switch {
		case !ok:
			open = append(open, c)
			continue
		case choice.Take == "ours":
			continue
		case choice.Take == "theirs":
			n, err = n.assume(t, c.keys)
		case choice.Take == "base":
			n, err = n.assume(b, c.keys)
		case choice.Take == "value":
			n, err = n.Set(c.Path, choice.Value)
		default:
			err = diag.List{diag.New("edit_choice", diag.Position{}, diag.Args{"path": c.Path, "take": choice.Take})}
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return n.Bytes(), open, nil
}

// join puts the changes from base to theirs into ours.
func join(base, ours, theirs *Text) (*Text, []Conflict, error) {
	side := func(t, other *Text) []Change {
		d := differ{a: base, b: t, deep: func(section string) bool {
			return t.hasMap(section) && (base.hasMap(section) || other.hasMap(section))
		}}
		d.compare(nil, base.root, t.root)
		return d.found
	}
	mine, his := side(ours, theirs), side(theirs, ours)
	var conflicts []Conflict
	n := ours
	for _, c := range his {
		clash := false
		for _, m := range mine {
			if !within(m.keys, c.keys) && !within(c.keys, m.keys) {
				continue
			}
			keys := c.keys
			if len(m.keys) < len(keys) {
				keys = m.keys
			}
			if same(ours.value(keys), theirs.value(keys), false) {
				clash = true // both did it
				continue
			}
			clash = true
			path := public(keys)
			if slices.ContainsFunc(conflicts, func(x Conflict) bool { return x.Path == path }) {
				continue
			}
			conflicts = append(conflicts, Conflict{Path: path, Base: base.told(keys), Ours: ours.told(keys), Theirs: theirs.told(keys), keys: keys})
		}
		if clash {
			continue
		}
		next, err := n.assume(theirs, c.keys)
		if err != nil {
			return nil, nil, err
		}
		n = next
	}
	return n, conflicts, nil
}

func (t *Text) hasMap(path string) bool {
	e := t.value(strings.Split(path, "."))
	return e != nil && e.kind == casefile.Map
}

// within reports whether keys lead to outer or below it.
func within(keys, outer []string) bool {
	return len(keys) >= len(outer) && slices.Equal(keys[:len(outer)], outer)
}

// value is what is at keys, nil for nothing.
func (t *Text) value(keys []string) *elem {
	_, e, rest := t.find(keys)
	if len(rest) > 0 || e.kind == casefile.Null && keys[0] != "scenarios" {
		return nil
	}
	return e
}

func (t *Text) told(keys []string) string {
	if e := t.value(keys); e != nil {
		return shown(e)
	}
	return ""
}

// assume makes what is at keys the same as in from.
func (t *Text) assume(from *Text, keys []string) (*Text, error) {
	path := strings.Join(keys, ".")
	want, have := from.value(keys), t.value(keys)
	switch {
	case same(want, have, false):
		return t, nil
	case want == nil:
		return t.Remove(path)
	case have == nil:
		return t.graft(from, keys)
	}
	if want.kind == casefile.Scalar && have.kind == casefile.Scalar || want.kind == casefile.List || want.kind == casefile.Map && want.flow && have.flow {
		if n, err := t.Set(path, from.source(want)); err == nil {
			return n, nil
		}
	}
	n, err := t.Remove(path)
	if err != nil {
		return nil, err
	}
	return n.graft(from, keys)
}

// graft puts in an entry that from has, with its lines and comments where both are in block style.
func (t *Text) graft(from *Text, keys []string) (*Text, error) {
	way, e, _ := from.find(keys)
	path := strings.Join(keys, ".")
	s := way[len(way)-1]
	if s.in.kind != casefile.Map {
		return nil, t.refused(path)
	}
	k := s.in.entries[s.index]
	var before []string
	for _, x := range s.in.entries[:s.index] {
		before = append(before, x.key)
	}
	in, m, rest := t.find(keys)
	at := -1
	for _, key := range before {
		if i := m.index(key); i >= 0 && len(rest) == 1 {
			at = i
		}
	}
	after := ""
	if at >= 0 {
		after = m.entries[at].key
	} else if m == t.root {
		at = t.canonical(k.key)
	}
	if len(rest) == 1 && m.kind == casefile.Map && len(m.entries) > 0 && !m.flow && !inFlow(in) && !s.in.flow && !inFlow(way[:len(way)-1]) {
		if n, err := t.graftLines(from, path, s, m, at); err == nil {
			return n, nil
		}
	}
	if e.kind == casefile.Scalar && e.style != '|' && e.style != '>' && !strings.ContainsAny(string(from.src[e.start:e.end]), "\n") {
		return t.add(path, keys, from.source(e), after, false)
	}
	return t.add(path, keys, flowText(e), after, false)
}

func (t *Text) graftLines(from *Text, path string, s step, m *elem, at int) (*Text, error) {
	k := s.in.entries[s.index]
	start, end := from.above(s.in, s.index), lineEnd(from.src, max(k.value.end, k.colon+1))
	if gap := from.emptyBefore(start); s.in == from.root && gap < start && at >= 0 {
		start = gap
	}
	old := k.start - lineStart(from.src, k.start)
	indent := strings.Repeat(" ", m.start-lineStart(t.src, m.start))
	newline := t.newline()
	lines := strings.Split(strings.ReplaceAll(string(from.src[start:end]), "\r\n", "\n"), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = indent + line[min(old, len(line)-len(strings.TrimLeft(line, " "))):]
		}
	}
	text := strings.Join(lines, newline)
	meant, of := clone(t.root)
	copied, _ := clone(k.value)
	target := of(m)
	target.entries = slices.Insert(target.entries, at+1, entry{key: k.key, value: copied})
	if at < 0 {
		p := t.above(m, 0)
		return t.splice(path, meant, cut{p, p, text + newline})
	}
	have := m.entries[at]
	p := lineEnd(t.src, max(have.value.end, have.colon+1))
	return t.splice(path, meant, cut{p, p, newline + text})
}

// lines3 joins changed lines of both sides; ok is false where they meet.
func lines3(base, ours, theirs []byte) (joined []byte, ok bool) {
	b, o, t := bytes.SplitAfter(base, []byte("\n")), bytes.SplitAfter(ours, []byte("\n")), bytes.SplitAfter(theirs, []byte("\n"))
	const most = 3000 // lines; the table of common lines grows with the square
	if len(b) > most || len(o) > most || len(t) > most {
		return nil, false
	}
	inOurs, inTheirs := common(b, o), common(b, t)
	var out bytes.Buffer
	i, j, k := 0, 0, 0
	for i < len(b) || j < len(o) || k < len(t) {
		if i < len(b) && inOurs[i] == j && inTheirs[i] == k {
			out.Write(b[i])
			i, j, k = i+1, j+1, k+1
			continue
		}
		// The next line that all three have.
		end := i
		for end < len(b) && !(inOurs[end] >= 0 && inTheirs[end] >= 0) {
			end++
		}
		jEnd, kEnd := len(o), len(t)
		if end < len(b) {
			jEnd, kEnd = inOurs[end], inTheirs[end]
		}
		was, left, right := bytes.Join(b[i:end], nil), bytes.Join(o[j:jEnd], nil), bytes.Join(t[k:kEnd], nil)
		switch {
		case bytes.Equal(was, left), bytes.Equal(left, right):
			out.Write(right)
		case bytes.Equal(was, right):
			out.Write(left)
		default:
			return nil, false
		}
		i, j, k = end, jEnd, kEnd
	}
	return out.Bytes(), true
}

// common maps lines of a to equal lines of b by a longest common subsequence, −1 for none.
func common(a, b [][]byte) []int {
	at := make([]int, len(a))
	for i := range at {
		at[i] = -1
	}
	head := 0
	for head < len(a) && head < len(b) && bytes.Equal(a[head], b[head]) {
		at[head] = head
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && bytes.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		at[len(a)-1-tail] = len(b) - 1 - tail
		tail++
	}
	rows, columns := len(a)-head-tail, len(b)-head-tail
	length := make([][]int32, rows+1)
	for i := range length {
		length[i] = make([]int32, columns+1)
	}
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			if bytes.Equal(a[head+i], b[head+j]) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case bytes.Equal(a[head+i], b[head+j]):
			at[head+i] = head + j
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return at
}
