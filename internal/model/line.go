package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// curve is a factor of realisation with its three values.
type curve struct {
	file                *casefile.Curve
	start, plateau, t90 *Quantity
}

func (b *builder) curve(name string) {
	f := b.m.File.Curves[name]
	if f == nil {
		return
	}
	sc := b.m.caseScope()
	share := want{dims: []quantity.Dim{quantity.Plain}, unit: "%", share: true}
	c := &curve{file: f}
	c.start = b.quantity(name+".start", f.Start, f.At, sc, share)
	c.plateau = b.quantity(name+".plateau", f.Plateau, f.At, sc, share)
	c.t90 = b.quantity(name+".months_to_90", f.MonthsTo90, f.At, sc, want{})
	for _, q := range []*Quantity{c.start, c.plateau, c.t90} {
		if q == nil {
			continue
		}
		q.Name = catalogue.Factors[q.ID]
		if q.node != nil {
			q.At = q.node.At
		}
	}
	b.m.curves[name] = c
}

func (b *builder) checkCurve(c *curve) {
	if c == nil {
		return
	}
	share := want{dims: []quantity.Dim{quantity.Plain}, unit: "%", share: true}
	if c.start != nil {
		b.expect(c.start, share)
		if c.t90 == nil {
			b.warn("start_without_months", b.whole(c.start), diag.Args{"name": c.start.ID})
		}
	}
	if c.plateau != nil {
		b.expect(c.plateau, share)
	}
	if c.t90 != nil {
		b.expect(c.t90, want{dims: []quantity.Dim{quantity.Plain, quantity.Time}, unit: "months"})
		if n, ok := c.t90.Expr.(*formula.Number); ok && n.Canonical() <= 0 {
			b.add("months_positive", b.whole(c.t90), diag.Args{"name": c.t90.ID})
		}
	}
}

// problem reports an error of the catalogue at the place in the case that caused it.
func (b *builder) problem(err error, at diag.Position) {
	var d diag.Diagnostic
	if !errors.As(err, &d) {
		d = diag.New("catalogue_read", at, diag.Args{"detail": err.Error()})
	}
	if !d.At.Known() && d.At.File == "" {
		d.At = at
	}
	if nearest, ok := d.Args["nearest"]; ok && nearest == "" {
		d.Args = maps.Clone(d.Args)
		d.Args["nearest"] = b.called(d.Code, fmt.Sprint(d.Args["name"]))
	}
	b.found.Add(d)
}

// called finds the entry of the catalogue that has a name in one of the languages: Zeitersparnis is time_saved.
func (b *builder) called(code, name string) string {
	match := func(t catalogue.Text) bool {
		return strings.EqualFold(t.German, name) || strings.EqualFold(t.English, name)
	}
	switch code {
	case "unknown_lever":
		for _, id := range b.cat.Levers() {
			if e, err := b.cat.Lever(id); err == nil && match(e.Name) {
				return id
			}
		}
	case "unknown_item":
		for _, id := range b.cat.Costs() {
			if e, err := b.cat.Cost(id); err == nil && match(e.Name) {
				return id
			}
		}
	case "unknown_package":
		for _, id := range b.cat.Packages() {
			if e, err := b.cat.Package(id); err == nil && match(e.Name) {
				return id
			}
		}
	}
	return ""
}

func (b *builder) line(f *casefile.Line, benefit bool) *Line {
	group := "costs"
	if benefit {
		group = "benefits"
	}
	l := &Line{ID: f.ID, Label: f.Label, Benefit: benefit, Kind: f.Kind, At: f.At, Months: f.Months, From: f.From, To: f.To, Capital: f.Capital, Use: f.Use, Peak: f.Peak, file: f}
	sc := b.m.caseScope()
	path := group + "." + f.ID
	flow := want{dims: []quantity.Dim{quantity.Money, quantity.Flow}, unit: "money"}
	l.Escalates = b.quantity(path+".escalates", f.Escalates, f.At, sc, want{})
	l.Risk = b.quantity(path+".risk", f.Risk, f.At, sc, want{share: true})
	switch {
	case f.Lever != "":
		lever, err := b.cat.Lever(f.Lever)
		if err != nil {
			b.problem(err, f.LeverAt)
			b.lost = true
			return nil
		}
		b.unknownInputs(f.Inputs, path, b.knownInputs(lever))
		b.applyLever(l, lever, f, path, path, f.Inputs, nil)
	case f.Item != "":
		item, err := b.cat.Cost(f.Item)
		if err != nil {
			b.problem(err, f.LeverAt)
			return nil
		}
		l.Lever, l.Name = item.ID, item.Name
		if l.Kind == "" {
			l.Kind = item.Kind
		}
		b.unknownInputs(f.Inputs, path, item.Inputs)
		given := b.given(path, f.Inputs, item.Inputs)
		local := b.inputs(l, path, item.Inputs, given, nil, f)
		l.Amount = b.catalogueFormula(path+".amount", item.Formula, "costs/"+item.ID+".yaml", f.At, local)
		b.timing(l, f, item.When)
	case f.Yearly != nil || f.Initial != nil:
		money := want{dims: []quantity.Dim{quantity.Money}, unit: "money", table: true}
		l.Initial = b.quantity(path+".initial", f.Initial, f.At, sc, money)
		for i, y := range f.Yearly {
			l.Yearly = append(l.Yearly, b.quantity(path+".year_"+formula.Format(float64(i+1)), y, f.At, sc, money))
		}
		l.inputs = append(append(l.inputs, l.Yearly...), l.Initial)
	default:
		l.Amount = b.quantity(path+".amount", f.Amount, f.At, sc, flow)
		l.inputs = append(l.inputs, l.Amount)
	}
	if l.Kind == "" {
		l.Kind = "cash"
	}
	b.repeat(l, f)
	l.inputs = append(l.inputs, l.Escalates, l.Risk)
	l.nameFields()
	if l.Lever == "" && l.Label == "" {
		l.Name = b.namesake(l)
	}
	for _, q := range l.inputs {
		if q != nil && strings.HasPrefix(q.ID, path+".") {
			q.Line = l
		}
	}
	l.inputs = slices.DeleteFunc(l.inputs, func(q *Quantity) bool { return q == nil })
	return l
}

// nameFields gives what a line has beside its amount a name.
func (l *Line) nameFields() {
	if l.Escalates != nil {
		l.Escalates.Name = catalogue.Fields["escalates"]
	}
	if l.Risk != nil {
		l.Risk.Name = catalogue.Fields["risk"]
	}
}

// namesake is the catalogue's name of an entry that is called as the line, for a line with a formula of its own: the
// reader of a German report is not told of “licences”.
func (b *builder) namesake(l *Line) catalogue.Text {
	if b.names == nil {
		b.names = map[bool]map[string]bool{true: {}, false: {}}
		for _, id := range b.cat.Levers() {
			b.names[true][id] = true
		}
		for _, id := range b.cat.Costs() {
			b.names[false][id] = true
		}
	}
	if !b.names[l.Benefit][l.ID] {
		return catalogue.Text{}
	}
	if l.Benefit {
		if e, err := b.cat.Lever(l.ID); err == nil {
			return e.Name
		}
	} else if e, err := b.cat.Cost(l.ID); err == nil {
		return e.Name
	}
	return catalogue.Text{}
}

// applyLever fills a benefit from the catalogue. Its own quantities go under path, those the file gives under givenPath;
// preset holds inputs that an AI package sets.
func (b *builder) applyLever(l *Line, lever *catalogue.Lever, f *casefile.Line, path, givenPath string, in []casefile.Named, preset map[string]*Quantity) {
	l.Lever, l.Name = lever.ID, lever.Name
	l.Kind = lever.Kind
	if f.Kind != "" && f.Kind != lever.Kind {
		// Freed time does not become cash by writing so, nor revenue profit.
		b.add("lever_kind", f.Place("kind"), diag.Args{"line": f.ID, "kind": lever.Kind, "lever": lever.ID})
	}
	real := lever.Realisation
	l.Realisation = &real
	known := b.knownInputs(lever)
	given := b.given(givenPath, in, known)
	for name, q := range preset {
		if given[name] == nil {
			given[name] = q
		}
	}
	source := "levers/" + lever.ID + ".yaml"
	if lever.Chain == "" {
		local := b.inputs(l, path, lever.Inputs, given, nil, f)
		l.explicit = mentions(lever.Formula, "realised")
		l.Amount = b.catalogueFormula(path+".amount", lever.Formula, source, f.At, local)
		return
	}
	name := lever.Chain
	if f.Chain != "" {
		name = f.Chain
	}
	ch := b.chain(name, lever.Chain, f.Place("chain"))
	if ch == nil {
		return
	}
	// What the line gives for a variable of the chain serves the whole chain.
	for _, i := range known {
		if i.Chain == "" || given[i.Name] == nil {
			continue
		}
		if have := ch.Variables[i.Chain]; have != nil && !formula.Same(have.Expr, given[i.Name].Expr) {
			b.add("chain_conflict", b.whole(given[i.Name]), diag.Args{"name": i.Name, "first": have.At.Line, "chain": name, "line": f.ID})
			continue
		}
		if ch.Variables[i.Chain] == nil {
			ch.Variables[i.Chain] = given[i.Name]
		}
	}
	l.Chain = ch
	ch.Lines = append(ch.Lines, l)
	ch.pending = append(ch.pending, func() {
		local := b.inputs(l, path, lever.Inputs, given, ch, f)
		l.explicit = true
		l.Effect = b.catalogueFormula(path+".effect", lever.Effect, source, f.At, local)
	})
}

// knownInputs are the inputs of a lever and, for one that acts on a chain, the chain's other variables: a line of
// lead_conversion may give deals.
func (b *builder) knownInputs(lever *catalogue.Lever) catalogue.Inputs {
	if lever.Chain == "" {
		return lever.Inputs
	}
	def, err := b.cat.Chain(lever.Chain)
	if err != nil {
		return lever.Inputs
	}
	known := slices.Clone(lever.Inputs)
	for _, v := range def.Variables {
		if _, ok := inputOf(known, v.Name); !ok {
			v.Chain = v.Name
			known = append(known, v)
		}
	}
	return known
}

func mentions(text, name string) bool {
	e, err := formula.Parse(text)
	if err != nil {
		return false
	}
	found := false
	formula.Walk(e, func(x formula.Expr) {
		if n, ok := x.(*formula.Name); ok && n.Text == name {
			found = true
		}
	})
	return found
}

func (b *builder) chain(name, id string, at diag.Position) *Chain {
	for _, c := range b.m.Chains {
		if c.Name == name {
			if c.Def.ID != id {
				b.add("chain_mixed", at, diag.Args{"name": name, "have": c.Def.ID, "want": id})
				return nil
			}
			return c
		}
	}
	def, err := b.cat.Chain(id)
	if err != nil {
		b.problem(err, at)
		return nil
	}
	c := &Chain{Name: name, Def: def, Variables: map[string]*Quantity{}}
	b.m.Chains = append(b.m.Chains, c)
	return c
}

// chains completes the chains once all lines have said what they know.
func (b *builder) chains() {
	for _, c := range b.m.Chains {
		for _, complete := range c.pending {
			complete()
		}
		local := map[string]*Quantity{}
		e, err := formula.Parse(c.Def.Base)
		if err != nil {
			b.add("catalogue_formula", diag.Position{File: "chains.yaml"}, diag.Args{"name": c.Def.ID, "detail": diag.New(err.Code, diag.Position{}, diag.Args(err.Args))})
			continue
		}
		ok := true
		formula.Walk(e, func(x formula.Expr) {
			if n, isName := x.(*formula.Name); isName && local[n.Text] == nil {
				q := b.variable(c, n.Text, c.Lines[0])
				if local[n.Text] = q; q == nil {
					ok = false
				}
			}
		})
		if ok {
			c.Base = b.catalogueFormula("chain."+c.Name, c.Def.Base, "chains.yaml", c.Lines[0].At, local)
		}
	}
}

// variable finds a chain's variable: from a line of the chain, from an assumption of that name, or by its formula over
// other variables. It reports what is missing once.
func (b *builder) variable(c *Chain, name string, l *Line) *Quantity {
	if q := c.Variables[name]; q != nil {
		return q
	}
	if q := b.m.byID[name]; q != nil && b.isAssumption(name) {
		c.Variables[name] = q
		return q
	}
	def, ok := c.Def.Variables.Get(name)
	if !ok {
		b.add("catalogue_name", diag.Position{File: "chains.yaml"}, diag.Args{"name": name, "formula": c.Def.Base})
		return nil
	}
	if def.Or != "" {
		e, err := formula.Parse(def.Or)
		if err == nil {
			local, complete := map[string]*Quantity{}, true
			formula.Walk(e, func(x formula.Expr) {
				if n, isName := x.(*formula.Name); isName && complete {
					have := c.Variables[n.Text]
					if have == nil && b.isAssumption(n.Text) {
						have = b.m.byID[n.Text]
					}
					local[n.Text] = have
					complete = have != nil
				}
			})
			if complete {
				q := b.catalogueFormula("chain."+c.Name+"."+name, def.Or, "chains.yaml", l.At, local)
				c.Variables[name] = q
				return q
			}
		}
	}
	if !c.missing[name] && !b.lost && !b.mistyped(l.ID, b.inputName(l, name)) {
		if c.missing == nil {
			c.missing = map[string]bool{}
		}
		c.missing[name] = true
		b.missingInput(l.At, l.ID, b.inputName(l, name), def.Unit, def.Label)
	}
	return nil
}

// expand makes the cost and the benefits of an AI package.
func (b *builder) expand(f *casefile.Line) (*Line, []*Line) {
	id := f.Lever
	if id == "" {
		id = f.ID
	}
	p, err := b.cat.Package(id)
	if err != nil {
		at := f.LeverAt
		if !at.Known() {
			at = f.At
		}
		b.problem(err, at)
		return nil, nil
	}
	path := "packages." + f.ID
	known := []catalogue.Inputs{p.Cost.Inputs}
	var keys []string
	levers := map[string]*catalogue.Lever{}
	for key, bundle := range p.Benefits {
		lever, err := b.cat.Lever(bundle.Lever)
		if err != nil {
			b.problem(err, f.At)
			return nil, nil
		}
		keys = append(keys, key)
		levers[key] = lever
		known = append(known, lever.Inputs)
	}
	slices.Sort(keys)
	b.unknownInputs(f.Inputs, path, known...)

	cost := &Line{ID: f.ID, Label: f.Label, Name: p.Name, Kind: "cash", Lever: p.ID, Package: p.ID, At: f.At, From: f.From, To: f.To}
	cost.Escalates = b.quantity(path+".escalates", f.Escalates, f.At, b.m.caseScope(), want{})
	cost.nameFields()
	local := b.inputs(cost, path, p.Cost.Inputs, b.given(path, f.Inputs, p.Cost.Inputs), nil, f)
	cost.Amount = b.catalogueFormula(path+".amount", p.Cost.Formula, "ai/"+p.ID+".yaml", f.At, local)
	cost.inputs = append(cost.inputs, cost.Escalates)
	cost.inputs = slices.DeleteFunc(cost.inputs, func(q *Quantity) bool { return q == nil })

	var benefits []*Line
	for _, key := range keys {
		lever, bundle := levers[key], p.Benefits[key]
		l := &Line{ID: f.ID + "_" + key, Benefit: true, Package: p.ID, At: f.At, From: f.From, To: f.To, Use: f.Use, Peak: f.Peak}
		preset := map[string]*Quantity{}
		for _, name := range slices.Sorted(maps.Keys(bundle.Set)) {
			value := bundle.Set[name]
			if slices.ContainsFunc(f.Inputs, func(n casefile.Named) bool { return n.Name == name }) {
				continue
			}
			def, _ := lever.Inputs.Get(name)
			def.Default = &catalogue.Default{Value: value, Source: p.ID, Grade: "C"}
			if len(p.Evidence) > 0 {
				def.Default.Source, def.Default.Grade = p.Evidence[0].Source, p.Evidence[0].Grade
			}
			preset[name] = b.defaultInput(path+"."+key, def, f.At)
		}
		b.applyLever(l, lever, f, path+"."+key, path, f.Inputs, preset)
		l.Risk = b.quantity(path+"."+key+".risk", f.Risk, f.At, b.m.caseScope(), want{share: true})
		if l.Risk != nil {
			l.inputs = append(l.inputs, l.Risk)
			l.nameFields()
		}
		benefits = append(benefits, l)
	}
	if p.NoControlledEvidence != (catalogue.Text{}) {
		b.warn("no_controlled_evidence", f.At, diag.Args{"label_de": p.Name.German, "label_en": p.Name.English})
	}
	return cost, benefits
}
