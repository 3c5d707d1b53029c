package model

import (
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// inputName is what the line's lever calls a variable of its chain.
func (b *builder) inputName(l *Line, variable string) string {
	if lever, err := b.cat.Lever(l.Lever); err == nil {
		for _, i := range lever.Inputs {
			if i.Chain == variable {
				return i.Name
			}
		}
	}
	return variable
}

func (b *builder) isAssumption(name string) bool {
	return slices.ContainsFunc(b.m.File.Assumptions, func(a casefile.Named) bool { return a.Name == name })
}

// inputOf finds an input by its name or by the variable of the chain that it stands for: a line may say rate or win_rate.
func inputOf(known catalogue.Inputs, name string) (catalogue.Input, bool) {
	if def, ok := known.Get(name); ok {
		return def, true
	}
	for _, def := range known {
		if def.Chain == name && name != "" {
			return def, true
		}
	}
	return catalogue.Input{}, false
}

// given makes quantities of the inputs that the line writes.
func (b *builder) given(path string, in []casefile.Named, known catalogue.Inputs) map[string]*Quantity {
	given := map[string]*Quantity{}
	for i := range in {
		def, ok := inputOf(known, in[i].Name)
		if !ok {
			continue
		}
		w := want{share: def.Unit == "%"}
		if have := b.m.byID[path+"."+in[i].Name]; have != nil {
			given[def.Name] = have // two levers of one package share the value
			continue
		}
		q := b.quantity(path+"."+in[i].Name, &in[i].Quantity, in[i].At, b.m.caseScope(), w)
		if q != nil && b.m.byID[q.ID] == q {
			q.Name = def.Label
		}
		given[def.Name] = q
	}
	return given
}

// missingInput says what an input is and shows a value in its unit.
func (b *builder) missingInput(at diag.Position, line, name, unit string, label catalogue.Text) {
	u, _, _ := quantity.Parse(unit)
	example := "40"
	switch {
	case u.IsShare():
		example = "30"
	case u.Dim == quantity.Plain && unit != "":
		example = "1.5"
	case u.Dim == quantity.PerTime && u.Percent:
		example = "9"
	case u.Dim == quantity.Time:
		example = "8"
	case u.Dim == quantity.Flow && u.Scale > 1: // per hour
		example = "52"
	case u.Dim.Money == 1:
		example = "1 000"
	}
	if unit != "" {
		example += " " + b.show(unit)
	}
	b.add("missing_input", at, diag.Args{"line": line, "name": name, "example": example, "label_de": label.German, "label_en": label.English})
}

// mistyped reports whether a key of the line was probably meant as the input: then it is not missing.
func (b *builder) mistyped(line, input string) bool { return b.meant[line+"."+input] }

func (b *builder) unknownInputs(in []casefile.Named, path string, known ...catalogue.Inputs) {
	var names, variables []string
	for _, k := range known {
		for _, i := range k {
			names = append(names, i.Name)
			if i.Chain != "" {
				variables = append(variables, i.Chain)
			}
		}
	}
	for _, i := range in {
		if !slices.Contains(names, i.Name) && !slices.Contains(variables, i.Name) {
			nearest := casefile.NearestKey(i.Name, slices.Concat(names, casefile.Keys("line")))
			if b.meant == nil {
				b.meant = map[string]bool{}
			}
			_, line, _ := strings.Cut(path, ".")
			b.meant[line+"."+nearest] = true
			b.add("unknown_input", i.At, diag.Args{"name": i.Name, "where": path, "nearest": nearest, "known": names})
		}
	}
}

// inputs resolves every input of a lever or item: given, from the chain, an assumption of the same name, the catalogue's
// default; else it is missing.
func (b *builder) inputs(l *Line, path string, defs catalogue.Inputs, given map[string]*Quantity, ch *Chain, f *casefile.Line) map[string]*Quantity {
	local := map[string]*Quantity{}
	effect := ""
	if ch != nil {
		if lever, err := b.cat.Lever(l.Lever); err == nil {
			effect = lever.Effect
		}
	}
	for _, def := range defs {
		q := given[def.Name]
		unit := def.Unit
		switch {
		case q != nil:
		case ch != nil && def.Chain != "" && !mentions(effect, def.Name):
			// Only the chain's base may need it, and that asks for itself.
			if q = ch.Variables[def.Chain]; q == nil && b.isAssumption(def.Chain) {
				q = b.m.byID[def.Chain]
			}
			if q == nil {
				continue
			}
		case ch != nil && def.Chain != "":
			q = b.variable(ch, def.Chain, l)
		case b.isAssumption(def.Name):
			q = b.m.byID[def.Name]
		case def.Default != nil:
			q = b.defaultInput(path, def, f.At)
		default:
			if !b.mistyped(f.ID, def.Name) {
				b.missingInput(f.At, f.ID, def.Name, unit, def.Label)
			}
		}
		if def.Chain != "" && ch != nil {
			v, _ := ch.Def.Variables.Get(def.Chain)
			unit = v.Unit
		}
		if q == nil {
			local[def.Name] = nil // reported
			continue
		}
		if q.Name == (catalogue.Text{}) {
			q.Name = def.Label
		}
		if q.Line == nil && strings.HasPrefix(q.ID, path+".") {
			q.Line = l
		}
		role := Cost
		switch {
		case def.Chain != "", strings.Contains(unit, "money/h"):
			role = Baseline
		case l.Benefit:
			role = Effect
		}
		if q.Role == Unknown {
			q.Role = role
		}
		if n, ok := q.Expr.(*formula.Name); ok {
			// hours: hours_saved gives the assumption the name of what it stands for.
			if a := b.m.byID[n.Text]; a != nil && b.isAssumption(n.Text) {
				if a.Name == (catalogue.Text{}) {
					a.Name = def.Label
				}
				if a.Role == Unknown || role == Baseline {
					a.Role = role
				}
			}
		}
		local[def.Name] = q
		u, _, known := quantity.Parse(unit)
		if !known {
			b.add("catalogue_unit", f.At, diag.Args{"name": def.Name, "unit": unit, "line": f.ID})
			continue
		}
		b.later = append(b.later, func() {
			b.check(q)
			if !b.expect(q, want{dims: []quantity.Dim{u.Dim}, unit: unit, share: u.IsShare()}) {
				b.wrong[l] = true
			}
		})
		l.inputs = append(l.inputs, q)
	}
	return local
}

// defaultInput makes a quantity of a value that the catalogue or a package presets.
func (b *builder) defaultInput(path string, def catalogue.Input, at diag.Position) *Quantity {
	e, err := formula.Parse(def.Default.Value)
	if err != nil {
		b.add("catalogue_formula", diag.Position{File: path}, diag.Args{"name": def.Name, "detail": diag.New(err.Code, diag.Position{}, diag.Args(err.Args))})
		return nil
	}
	q := &Quantity{ID: path + "." + def.Name, Name: def.Label, Expr: e, Source: def.Default.Source, Grade: def.Default.Grade, Default: true, scope: scope{
		find: func(string) *Quantity { return nil }, names: func() []string { return nil }}, Factor: 1, share: def.Unit == "%"}
	b.distribution(q, want{share: def.Unit == "%"})
	b.register(q)
	b.warn("default_used", at, diag.Args{"name": q.ID, "value": def.Default.Value, "source": def.Default.Source})
	return q
}

// catalogueFormula makes a quantity of a formula of the catalogue over local names.
func (b *builder) catalogueFormula(id, text, source string, at diag.Position, local map[string]*Quantity) *Quantity {
	e, err := formula.Parse(text)
	if err != nil {
		b.add("catalogue_formula", diag.Position{File: source}, diag.Args{"name": id, "detail": diag.New(err.Code, diag.Position{}, diag.Args(err.Args))})
		return nil
	}
	q := &Quantity{ID: id, Expr: e, At: at, Factor: 1, scope: scope{
		find: func(name string) *Quantity {
			if have := local[name]; have != nil {
				return have
			}
			return b.m.builtins[name]
		},
		names: func() []string { return nil },
	}}
	// A formula over an input that is missing or broken would only repeat that error.
	complete := true
	formula.Walk(e, func(x formula.Expr) {
		n, ok := x.(*formula.Name)
		if !ok || q.scope.find(n.Text) != nil {
			return
		}
		complete = false
		if _, reported := local[n.Text]; !reported {
			b.add("catalogue_name", diag.Position{File: source}, diag.Args{"name": n.Text, "formula": text})
		}
	})
	if !complete {
		return nil
	}
	b.register(q)
	return q
}
