package revision

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Words tells the difference of two case files, one sentence for each change, with the labels of the file and of the
// catalogue (which may be nil) and numbers as the language writes them.
func Words(l *locale.Locale, cat *catalogue.Catalogue, old, new []byte) ([]string, error) {
	changes, err := Diff(old, new)
	if err != nil {
		return nil, err
	}
	a, err := Open("", old)
	if err != nil {
		return nil, err
	}
	b, err := Open("", new)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, c := range changes {
		all = append(all, sentence(l, cat, a, b, c))
	}
	return all, nil
}

func sentence(l *locale.Locale, cat *catalogue.Catalogue, a, b *Text, c Change) string {
	t := b
	if c.Kind == Removed {
		t = a
	}
	args := diag.Args{"from": value(l, c.Path, c.From), "to": value(l, c.Path, c.To)}
	key := "revision." + string(c.Kind)
	keys := split(c.Path)
	switch {
	case c.Kind == Comments:
		return l.Text(key, nil)
	case c.Kind == Renamed:
		group := "revision.group.assumption"
		if strings.HasPrefix(c.Path, "scenarios.") {
			return l.Text("revision.renamed", diag.Args{"label": l.Text("revision.group.scenarios", nil), "from": c.From, "to": c.To})
		}
		return l.Text(key, diag.Args{"label": l.Text(group, nil), "from": c.From, "to": c.To})
	case c.Kind == Changed && onScale(keys):
		key = "revision.changed_points"
	case c.Kind == Added && strings.HasPrefix(c.To, "{"), c.Kind == Removed && strings.HasPrefix(c.From, "{"):
		key += "_part"
	}
	if _, own := inside(keys); c.Scenario != "" {
		args["label"] = label(l, cat, t, own, c.Scenario)
		text := l.Text(key, args)
		return l.Text("revision.in_scenario", diag.Args{"name": t.scenarioName(c.Scenario), "text": text})
	}
	args["label"] = Label(l, cat, t, c.Path)
	return l.Text(key, args)
}

// onScale reports whether keys lead to a weight or points of the scorecard.
func onScale(keys []string) bool {
	_, own := inside(keys)
	return len(own) == 3 && own[0] == "scorecard" && slices.Contains([]string{"weight", "today", "expected"}, own[2])
}

func (t *Text) scenarioName(id string) string {
	if e := t.root.child("scenarios").child(id).child("label"); e != nil && e.kind == casefile.Scalar {
		return e.text
	}
	return id
}

// Label is what a path is called: by its label in the file, else by the catalogue's, else by its key.
func Label(l *locale.Locale, cat *catalogue.Catalogue, t *Text, path string) string {
	keys := split(path)
	scenario, own := inside(keys)
	if len(keys) == 2 && keys[0] == "scenarios" {
		return l.Text("revision.scenario", diag.Args{"name": t.scenarioName(keys[1])})
	}
	text := label(l, cat, t, own, scenario)
	if scenario != "" {
		return l.Text("revision.in_scenario", diag.Args{"name": t.scenarioName(scenario), "text": text})
	}
	return text
}

func label(l *locale.Locale, cat *catalogue.Catalogue, t *Text, own []string, scenario string) string {
	if len(own) == 0 {
		return ""
	}
	// The label may stand in the scenario or in the case.
	given := func(keys []string) string {
		for _, prefix := range [][]string{{"scenarios", scenario}, nil} {
			if prefix != nil && scenario == "" {
				continue
			}
			if e := t.value(slices.Concat(prefix, keys)); e != nil && e.kind == casefile.Map {
				if v := e.child("label"); v != nil && v.kind == casefile.Scalar && v.text != "" {
					return v.text
				}
			}
		}
		return ""
	}
	part := func(whole, part string) string {
		return l.Text("revision.part", diag.Args{"whole": whole, "part": part})
	}
	word := func(key string) string {
		if l.Has("revision.key." + key) {
			return l.Text("revision.key."+key, nil)
		}
		return key
	}
	rest := func(whole string, keys []string) string {
		for _, k := range keys {
			whole = part(whole, word(k))
		}
		return whole
	}
	lang := string(l.Lang())
	switch group := own[0]; {
	case len(own) == 1 && l.Has("revision.group."+group):
		return l.Text("revision.group."+group, nil)
	case group == "assumptions":
		name := given(own[:2])
		if name == "" {
			name = t.meaning(cat, own[1], lang)
		}
		return rest(name, own[2:])
	case slices.Contains(casefile.CurveNames, group):
		path := strings.Join(own[:2], ".")
		name := given(own[:2])
		if f, ok := catalogue.Factors[path]; name == "" && ok {
			name = f.In(lang)
		}
		if name == "" {
			return rest(l.Text("revision.group."+group, nil), own[1:])
		}
		return rest(name, own[2:])
	case group == "scorecard":
		name := given(own[:2])
		if name == "" {
			name = criterionName(cat, own[1], lang)
		}
		return l.Text("revision.criterion", diag.Args{"name": rest(name, own[2:])})
	case slices.Contains(lineGroups, group):
		name := given(own[:2])
		line := entry{key: own[1], value: t.value(own[:2])}
		if line.value == nil && scenario != "" {
			line.value = t.value(append([]string{"scenarios", scenario}, own[:2]...))
		}
		if line.value == nil {
			line.value = &elem{kind: casefile.Map}
		}
		if name == "" {
			name = lineName(cat, group, line, lang)
		}
		if len(own) == 2 {
			return name
		}
		field := given(own[:3])
		if field == "" && cat != nil {
			for _, in := range inputsOf(cat, group, line) {
				if field == "" && (in.Name == own[2] || in.Chain == own[2]) {
					field = in.Label.In(lang)
				}
			}
		}
		if field == "" {
			field = word(own[2])
		}
		if field == name {
			return rest(name, own[3:])
		}
		return rest(part(name, field), own[3:])
	}
	return rest(word(own[0]), own[1:])
}

// meaning is what the catalogue calls the input that an assumption serves: hours: hours_saved. Without one it is the key.
func (t *Text) meaning(cat *catalogue.Catalogue, name, lang string) string {
	if cat == nil {
		return name
	}
	for _, group := range []string{"benefits", "packages", "costs"} {
		for _, l := range t.root.child(group).all() {
			for _, in := range inputsOf(cat, group, l) {
				v := l.value.child(in.Name)
				if v == nil && in.Chain != "" {
					v = l.value.child(in.Chain)
				}
				if v == nil && (in.Name == name || in.Chain == name) || v != nil && scalar(v).kind == casefile.Scalar && scalar(v).text == name {
					if text := in.Label.In(lang); text != "" {
						return text
					}
				}
			}
		}
	}
	return name
}

func criterionName(cat *catalogue.Catalogue, id, lang string) string {
	if cat != nil {
		if c, err := cat.Criterion(id); err == nil && c.Name.In(lang) != "" {
			return c.Name.In(lang)
		}
	}
	return id
}

func lineName(cat *catalogue.Catalogue, group string, line entry, lang string) string {
	if cat == nil {
		return line.key
	}
	id := func(key string) string {
		if e := line.value.child(key); e != nil {
			return e.text
		}
		return ""
	}
	var name catalogue.Text
	switch group {
	case "benefits":
		if v, err := cat.Lever(id("lever")); id("lever") != "" && err == nil {
			name = v.Name
		}
	case "costs":
		if v, err := cat.Cost(id("item")); id("item") != "" && err == nil {
			name = v.Name
		}
	case "packages":
		pack := id("package")
		if pack == "" {
			pack = line.key
		}
		if v, err := cat.Package(pack); err == nil {
			name = v.Name
		}
	}
	if text := name.In(lang); text != "" {
		return text
	}
	return line.key
}

// value is a value for people; texts stay as they are.
func value(l *locale.Locale, path, text string) string {
	keys := split(path)
	if slices.Contains([]string{"label", "note", "source", "case", "organisation", "start", "kind", "lever", "item", "package", "chain", "why"}, keys[len(keys)-1]) && !quantityAt(keys) {
		return text
	}
	return Localised(l, text)
}

// Localised writes the numbers of a value as the language does: 45 000 .. 60 000.5 EUR has commas in German. Only the way
// a number is written changes; what is no formula stays.
func Localised(l *locale.Locale, text string) string {
	if _, err := formula.Parse(text); err != nil {
		return text
	}
	point, group := ".", ","
	if l.Lang() == locale.German {
		point, group = ",", "."
	}
	s := []rune(text)
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			// A digit inside a name is no number.
			if unicode.IsLetter(s[i]) || s[i] == '_' {
				for i < len(s) && (unicode.IsLetter(s[i]) || unicode.IsDigit(s[i]) || unicode.IsMark(s[i]) || s[i] == '_') {
					b.WriteRune(s[i])
					i++
				}
				continue
			}
			b.WriteRune(s[i])
			i++
			continue
		}
		_, end := number(s, i, len(s))
		for _, r := range s[i:end] {
			switch {
			case r == '.':
				b.WriteString(point)
			case strings.ContainsRune(" \u00a0\u202f\u2009", r):
				b.WriteString(group)
			default:
				b.WriteRune(r)
			}
		}
		i = end
	}
	return b.String()
}
