package revision

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
)

// Kind says what happened to a path.
type Kind string

// The kinds of a Change.
const (
	Added    Kind = "added"
	Removed  Kind = "removed"
	Changed  Kind = "changed"
	Renamed  Kind = "renamed"
	Comments Kind = "comments" // nothing but comments, without a path
)

// Change is one difference of two case files.
type Change struct {
	Kind Kind `json:"kind"`
	// Path is that of the new file, of something removed that of the old one: assumptions.users, adoption.plateau, of a
	// field assumptions.users.source, in a scenario scenarios.with_ai.assumptions.users.
	Path     string `json:"path,omitempty"`
	Scenario string `json:"scenario,omitempty"`
	// From and To are the values as written, in one line; of something renamed its old and its new key.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`

	keys     []string
	old, new *elem
}

// Diff lists what changed between two case files. The order of keys, spacing and quotes do not count. An assumption or
// scenario that is gone while a new one says the same is renamed, and formulas that only follow the new name are not
// listed. Where nothing but comments changed, the list says that alone. The error is a diag.List of the file that cannot
// be read, the old one first.
func Diff(old, new []byte) ([]Change, error) {
	a, err := Open("", old)
	if err != nil {
		return nil, err
	}
	b, err := Open("", new)
	if err != nil {
		return nil, err
	}
	changes := diff(a, b)
	if len(changes) == 0 && !slices.Equal(a.comments(), b.comments()) {
		return []Change{{Kind: Comments}}, nil
	}
	return changes, nil
}

func diff(a, b *Text) []Change {
	d := differ{a: a, b: b, deep: func(string) bool { return true }}
	names := d.renamedKeys(a.root.child("assumptions"), b.root.child("assumptions"))
	ids := d.renamedKeys(a.root.child("scenarios"), b.root.child("scenarios"))
	root, of := clone(a.root)
	rename := func(name string) string {
		if to, ok := names[name]; ok {
			return to
		}
		return name
	}
	if len(names) > 0 {
		parts := []*elem{root}
		for _, s := range root.child("scenarios").all() {
			parts = append(parts, s.value)
		}
		for _, part := range parts {
			formulas(part, func(e *elem, _ bool) { e.text = rewrite(e.text, rename) })
			for _, pair := range part.child("correlate").list() {
				for _, x := range pair.value.list() {
					x.value.text = rename(x.value.text)
				}
			}
			for _, x := range part.child("remove").list() {
				x.value.text = rename(x.value.text)
			}
			for i, e := range part.child("assumptions").all() {
				part.child("assumptions").entries[i].key = rename(e.key)
			}
		}
	}
	for i, s := range root.child("scenarios").all() {
		if to, ok := ids[s.key]; ok {
			root.child("scenarios").entries[i].key = to
		}
	}
	d.written = map[*elem]*elem{}
	pair(a.root, of, d.written)
	for _, group := range []string{"assumptions", "scenarios"} {
		for _, e := range a.root.child(group).all() {
			if to, ok := map[string]map[string]string{"assumptions": names, "scenarios": ids}[group][e.key]; ok {
				d.found = append(d.found, Change{Kind: Renamed, Path: group + "." + to, From: e.key, To: to})
			}
		}
	}
	d.compare(nil, root, b.root)
	return d.found
}

// pair remembers the original of every copy.
func pair(e *elem, of func(*elem) *elem, into map[*elem]*elem) {
	into[of(e)] = e
	for _, x := range e.entries {
		pair(x.value, of, into)
	}
	for _, x := range e.items {
		pair(x.value, of, into)
	}
}

type differ struct {
	a, b *Text
	// deep reports whether the entries of a section that one side does not have are told one by one.
	deep    func(section string) bool
	written map[*elem]*elem // copies to what is in the bytes of a
	found   []Change
}

// renamedKeys finds entries that are gone from a where b has exactly one new entry that says the same.
func (d *differ) renamedKeys(a, b *elem) map[string]string {
	names := map[string]string{}
	var gone, fresh []entry
	for _, e := range a.all() {
		if b.find(e.key) < 0 {
			gone = append(gone, e)
		}
	}
	for _, e := range b.all() {
		if a.find(e.key) < 0 {
			fresh = append(fresh, e)
		}
	}
	alike := func(e entry, in []entry) (n int, last string) {
		for _, f := range in {
			if e.value.kind != casefile.Null && same(e.value, f.value, false) {
				n, last = n+1, f.key
			}
		}
		return n, last
	}
	for _, e := range gone {
		if n, to := alike(e, fresh); n == 1 {
			if m, _ := alike(e, gone); m == 1 {
				names[e.key] = to
			}
		}
	}
	return names
}

// quantityAt reports whether keys lead to a quantity, which may be written with or without its map.
func quantityAt(keys []string) bool {
	_, own := inside(keys)
	switch {
	case len(own) == 2 && own[0] == "assumptions":
		return true
	case len(own) == 2 && slices.Contains(casefile.CurveNames, own[0]):
		return slices.Contains([]string{"start", "plateau", "months_to_90"}, own[1])
	case len(own) == 3 && slices.Contains(lineGroups, own[0]):
		return !slices.Contains(plainKeys, own[2]) && own[2] != "yearly"
	}
	return false
}

// opened is a value as the map it may be written as.
func opened(keys []string, e *elem) *elem {
	key := "value"
	if _, own := inside(keys); len(own) == 2 && slices.Contains(lineGroups, own[0]) {
		key = "amount"
	} else if !quantityAt(keys) {
		return e
	}
	if e == nil || e.kind != casefile.Scalar {
		return e
	}
	return &elem{kind: casefile.Map, entries: []entry{{key: key, value: e}}}
}

func (d *differ) compare(keys []string, a, b *elem) {
	_, own := inside(keys)
	if scenario := len(keys) > 2 && keys[0] == "scenarios"; !scenario { // in a scenario null takes something out
		if a != nil && a.kind == casefile.Null {
			a = nil
		}
		if b != nil && b.kind == casefile.Null {
			b = nil
		}
	}
	if a == nil && b == nil {
		return
	}
	if len(own) == 1 && slices.Contains(sections, own[0]) && d.deep(strings.Join(keys, ".")) {
		if a == nil && b.kind == casefile.Map {
			a = &elem{kind: casefile.Map}
		}
		if b == nil && a.kind == casefile.Map {
			b = &elem{kind: casefile.Map}
		}
	}
	if a != nil && b != nil {
		a, b = opened(keys, a), opened(keys, b)
	}
	switch {
	case a == nil:
		d.add(Added, keys, nil, b)
	case b == nil:
		d.add(Removed, keys, a, nil)
	case a.kind == casefile.Map && b.kind == casefile.Map:
		for _, e := range a.entries {
			d.compare(append(slices.Clone(keys), e.key), e.value, b.child(e.key))
		}
		for _, e := range b.entries {
			if a.index(e.key) < 0 {
				d.compare(append(slices.Clone(keys), e.key), nil, e.value)
			}
		}
	case !same(a, b, false):
		d.add(Changed, keys, a, b)
	}
}

func (d *differ) add(kind Kind, keys []string, a, b *elem) {
	c := Change{Kind: kind, Path: public(keys), keys: keys, old: a, new: b}
	c.Scenario, _ = inside(keys)
	if a != nil {
		if w := d.written[a]; w != nil {
			a = w
		}
		c.From = shown(a)
	}
	if b != nil {
		c.To = shown(b)
	}
	d.found = append(d.found, c)
}

// public is a path without the key value of a quantity.
func public(keys []string) string {
	if k := len(keys) - 1; k > 0 && keys[k] == "value" && quantityAt(keys[:k]) {
		keys = keys[:k]
	}
	return strings.Join(keys, ".")
}

// shown is a value for people: without quotes, in one line.
func shown(e *elem) string {
	if e.kind == casefile.Scalar {
		return strings.Join(strings.Fields(e.text), " ")
	}
	return flowText(e)
}

// comments are the texts of the comments of a file, in order.
func (t *Text) comments() []string {
	var all []string
	scalarAt := map[int]int{}
	var mark func(e *elem)
	mark = func(e *elem) {
		if e.kind == casefile.Scalar {
			scalarAt[e.start] = e.end
		}
		for _, x := range e.entries {
			scalarAt[x.start] = x.end
			mark(x.value)
		}
		for _, x := range e.items {
			mark(x.value)
		}
	}
	mark(t.root)
	for i := 0; i < len(t.src); {
		if end, ok := scalarAt[i]; ok && end > i {
			i = end
			continue
		}
		if t.src[i] == '#' {
			end := lineEnd(t.src, i)
			all = append(all, string(bytes.TrimSpace(t.src[i:end])))
			i = end
			continue
		}
		i++
	}
	return all
}
