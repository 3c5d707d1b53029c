package revision

import (
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

// Rename gives a key another name. For an assumption, a line or a criterion, everything that speaks of it follows: formulas, the list
// correlate, the scenarios that change or remove it. With a catalogue, lines that took the assumption because it has the
// name of an input get that input written out, so that the case computes as before.
func (t *Text) Rename(path, key string, cat *catalogue.Catalogue) (*Text, error) {
	keys, way, e, err := t.at(path)
	if err != nil {
		return nil, err
	}
	s := way[len(way)-1]
	if s.in.kind != casefile.Map || len(way) != len(keys) {
		return nil, t.refused(path)
	}
	if key == "" || strings.ContainsAny(key, "\n\r\t.\"'\\") {
		return nil, diag.List{diag.New("edit_key", t.position(s.in.entries[s.index].start, s.in.entries[s.index].end), diag.Args{"key": key})}
	}
	if key == keys[len(keys)-1] {
		return t, nil
	}
	if s.in.index(key) >= 0 {
		return nil, diag.List{diag.New("edit_exists", t.position(e.start, e.end), diag.Args{"path": strings.Join(append(keys[:len(keys)-1:len(keys)-1], key), ".")})}
	}
	r := renaming{t: t, old: keys[len(keys)-1], key: key}
	r.meant, r.of = clone(t.root)
	scenario, own := inside(keys)
	named := len(own) == 2 && slices.Contains(append(slices.Clone(lineGroups), "assumptions", "scorecard"), own[0])
	if !named || scenario != "" && t.root.child(own[0]).child(r.old) != nil {
		r.entry(s) // in a scenario, of what the case has, this key alone
		return t.splice(path, r.meant, r.cuts...)
	}
	r.group = own[0]
	if r.group != "assumptions" {
		r.prefix = r.group + "." + r.old
	}
	parts := []*elem{t.root}
	for _, sc := range t.root.child("scenarios").all() {
		parts = append(parts, sc.value)
	}
	for _, part := range parts {
		group := part.child(r.group)
		if k := group.find(r.old); k >= 0 {
			if group.find(key) >= 0 {
				return nil, diag.List{diag.New("edit_exists", t.position(group.entries[k].start, group.entries[k].end), diag.Args{"path": r.group + "." + key})}
			}
			r.entry(step{group, k})
		}
		formulas(part, func(f *elem, _ bool) { r.formula(f) })
		for _, pair := range part.child("correlate").list() {
			for _, x := range pair.value.list() {
				r.exact(x.value)
			}
		}
		remove := part.child("remove")
		for _, x := range append(remove.list(), item{value: remove}) {
			r.removed(x.value)
		}
	}
	n, err := t.splice(path, r.meant, r.cuts...)
	if err != nil || cat == nil || r.group != "assumptions" {
		return n, err
	}
	return n.explicit(t, r.old, key, cat)
}

type renaming struct {
	t                       *Text
	old, key, group, prefix string
	meant                   *elem
	of                      func(*elem) *elem
	cuts                    []cut
}

func (e *elem) all() []entry {
	if e == nil {
		return nil
	}
	return e.entries
}

func (e *elem) list() []item {
	if e == nil {
		return nil
	}
	return e.items
}

func (e *elem) find(key string) int {
	if e == nil {
		return -1
	}
	return e.index(key)
}

func (r *renaming) entry(s step) {
	e := s.in.entries[s.index]
	r.cuts = append(r.cuts, cut{e.start, e.end, scalars(r.key, s.in.flow)[0].yaml})
	r.of(s.in).entries[s.index].key = r.key
}

// renamed is a name after the renaming.
func (r *renaming) renamed(name string) string {
	if r.prefix == "" && name == r.old {
		return r.key
	}
	if rest, ok := strings.CutPrefix(name, r.prefix+"."); r.prefix != "" && ok {
		return r.group + "." + r.key + "." + rest
	}
	return name
}

func (r *renaming) exact(e *elem) {
	if e == nil || e.kind != casefile.Scalar {
		return
	}
	if n := r.renamed(e.text); n != e.text {
		r.write(e, n)
	}
}

// removed follows the list remove of a scenario, where an assumption may be written with its group.
func (r *renaming) removed(e *elem) {
	if e == nil || e.kind != casefile.Scalar {
		return
	}
	switch e.text {
	case r.group + "." + r.old:
		r.write(e, r.group+"."+r.key)
	case r.old:
		if r.group == "assumptions" {
			r.write(e, r.key)
		}
	}
}

// formula puts the new name where the syntax tree of a formula has the old one.
func (r *renaming) formula(e *elem) {
	text := rewrite(e.text, r.renamed)
	if text != e.text {
		r.write(e, text)
	}
}

// rewrite renames the names of a formula and leaves every other character; what is no formula stays.
func rewrite(text string, rename func(string) string) string {
	x, err := formula.Parse(text)
	if err != nil {
		return text
	}
	var names []*formula.Name
	formula.Walk(x, func(x formula.Expr) {
		if n, ok := x.(*formula.Name); ok && rename(n.Text) != n.Text {
			names = append(names, n)
		}
	})
	slices.SortFunc(names, func(a, b *formula.Name) int { return b.Start - a.Start })
	runes := []rune(text)
	for _, n := range names {
		if string(runes[n.Start:n.End]) == n.Text {
			runes = slices.Concat(runes[:n.Start], []rune(rename(n.Text)), runes[n.End:])
		}
	}
	return string(runes)
}

func (r *renaming) write(e *elem, text string) {
	yaml := scalars(text, true)[0].yaml
	if c := e.style; (c == '"' || c == '\'') && !strings.ContainsAny(text, "\n\r\t\"'\\") {
		yaml = string(c) + text + string(c)
	} else if !needsQuotes(text, false) && !strings.ContainsAny(text, ",[]{}:") {
		yaml = text
	} else if e.style == 0 && !e.adopt {
		yaml = text // what stood there without quotes may go on to do so
	}
	r.cuts = append(r.cuts, cut{e.start, e.end, yaml})
	r.of(e).text = text
}

// formulas calls visit for every value of a part of the file (the case or a scenario) that is a formula; inLine tells
// those of lines.
func formulas(part *elem, visit func(e *elem, inLine bool)) {
	value := func(e *elem, inLine bool) {
		if e == nil {
			return
		}
		if e = scalar(e); e.kind == casefile.Scalar {
			visit(e, inLine)
		}
	}
	for _, a := range part.child("assumptions").all() {
		value(a.value, false)
	}
	for _, name := range casefile.CurveNames {
		for _, key := range []string{"start", "plateau", "months_to_90"} {
			value(part.child(name).child(key), false)
		}
	}
	for _, group := range lineGroups {
		for _, l := range part.child(group).all() {
			if l.value.kind == casefile.Scalar {
				value(l.value, true)
			}
			for _, k := range l.value.entries {
				if slices.Contains(plainKeys, k.key) {
					continue
				}
				value(k.value, true)
				for _, y := range k.value.items {
					value(y.value, true)
				}
			}
		}
	}
}

// explicit writes out the inputs of lines that the assumption served by its old name.
func (t *Text) explicit(before *Text, old, key string, cat *catalogue.Catalogue) (*Text, error) {
	type need struct{ path, input string }
	var needs []need
	given := map[string]bool{} // chain variables that a line gives, by chain
	for pass := range 2 {
		for _, group := range lineGroups {
			for _, l := range before.root.child(group).all() {
				for _, in := range inputsOf(cat, group, l) {
					has := l.value.find(in.Name) >= 0 || in.Chain != "" && l.value.find(in.Chain) >= 0
					chain := in.of + "/" + in.Chain
					if c := l.value.child("chain"); c != nil {
						chain = c.text + "/" + chain
					}
					if pass == 0 {
						if in.Chain != "" && has {
							given[chain] = true
						}
						continue
					}
					if has || in.Chain != "" && (in.Chain != old || given[chain]) || in.Chain == "" && in.Name != old {
						continue
					}
					needs = append(needs, need{group + "." + l.key, in.Name})
				}
			}
		}
	}
	for _, n := range needs {
		if t.Has(n.path + "." + n.input) {
			continue
		}
		next, err := t.Insert(n.path, n.input, key, "")
		if err != nil {
			return nil, err
		}
		t = next
	}
	return t, nil
}

type lineInput struct {
	catalogue.Input
	of string // chain
}

// inputsOf are the inputs of a line's lever, item or package.
func inputsOf(cat *catalogue.Catalogue, group string, l entry) []lineInput {
	var all []lineInput
	add := func(in catalogue.Inputs, chain string) {
		for _, i := range in {
			if chain == "" {
				i.Chain = ""
			}
			all = append(all, lineInput{i, chain})
		}
	}
	word := func(key string) string {
		if e := l.value.child(key); e != nil {
			return e.text
		}
		return ""
	}
	lever := func(id string) {
		if v, err := cat.Lever(id); err == nil {
			add(v.Inputs, v.Chain)
		}
	}
	switch group {
	case "benefits":
		if id := word("lever"); id != "" {
			lever(id)
		}
	case "costs":
		if id := word("item"); id != "" {
			if v, err := cat.Cost(id); err == nil {
				add(v.Inputs, "")
			}
		}
	case "packages":
		id := word("package")
		if id == "" {
			id = l.key
		}
		if v, err := cat.Package(id); err == nil {
			add(v.Cost.Inputs, "")
			for _, b := range v.Benefits {
				if own, err := cat.Lever(b.Lever); err == nil {
					for _, i := range own.Inputs {
						if b.Set[i.Name] == "" && !slices.ContainsFunc(all, func(x lineInput) bool { return x.Name == i.Name }) {
							add(catalogue.Inputs{i}, own.Chain)
						}
					}
				}
			}
			slices.SortStableFunc(all, func(a, b lineInput) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return all
}
