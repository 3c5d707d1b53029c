// Package model makes a checked Model of a case file: names resolved, dimensions checked, levers and packages of the
// catalogue filled in, every error of this stage found together. Start with Build. Compile turns a Model into a
// plan.Graph. The package knows neither random numbers nor how results are shown.
package model

import (
	"errors"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/draw"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Model is one case in one scenario, ready to compile.
type Model struct {
	File       *casefile.File
	Quantities []*Quantity // in the file's order: assumptions, factors, costs, benefits
	Lines      []*Line     // costs, then benefits, in the file's order; packages after each
	Chains     []*Chain
	Pairs      []Pair
	Criteria   []*Criterion // of the scorecard, in the file's order
	Notes      diag.List    // warnings and hints

	curves   map[string]*curve
	builtins map[string]*Quantity
	byID     map[string]*Quantity
}

// Quantity is a named value: an assumption, a field of a line, a lever's input or formula.
type Quantity struct {
	ID    string // users, adoption.plateau, costs.licences.amount, benefits.churn.cut
	Label string // from the file; empty where it has none
	// Name is the text of the catalogue for this input, where it comes from there.
	Name catalogue.Text
	Expr formula.Expr
	// Dist is the distribution in canonical units (case currency, months) of an uncertain input, else nil.
	Dist dist.Dist
	// Factor scales an uncertain input after drawing; 1 but for beta(…) and bernoulli(…) with a unit.
	Factor  float64
	Dim     quantity.Dim
	Unit    quantity.Unit // as written with its number, for display
	Source  string
	Grade   string
	Note    string
	Default bool // taken from the catalogue, not from the file
	At      diag.Position
	Line    *Line // the line it was written in; nil for assumptions and factors
	// Role says what the value is to the one who decides.
	Role Role
	// Refs resolves the names in Expr.
	Refs map[string]*Quantity

	node    *casefile.Node // for places inside the formula; nil for catalogue formulas
	scope   scope
	builtin string // month, horizon, adoption, data_quality, process, realised
	state   state
	broken  bool // an error was reported for it; what follows from that is not said again
	share   bool // values are shares of a whole, 0 to 1
}

// IsShare reports whether its values are shares of a whole, 0 to 1.
func (q *Quantity) IsShare() bool { return q.share || q.Unit.IsShare() }

// Uncertain reports whether the quantity is drawn.
func (q *Quantity) Uncertain() bool { return q.Dist != nil }

// Role says whether a value describes the world or can be worked on.
type Role int

// The roles. What a factor of realisation, an effect or a cost is can be changed by deciding or working; the base a lever
// acts on (customers, deals, wages) is as it is.
const (
	Unknown Role = iota
	Baseline
	Effect
	Cost
)

type state int

const (
	fresh state = iota
	visiting
	done
)

// Line is one cost or benefit.
type Line struct {
	ID      string
	Label   string // from the file
	Name    catalogue.Text
	Benefit bool
	Kind    string
	Lever   string // id of the lever or cost item
	Package string // id of the AI package it belongs to
	At      diag.Position

	Amount  *Quantity   // money at Months or money per time From … To; nil for tables and chain levers
	Initial *Quantity   // yearly table
	Yearly  []*Quantity // yearly table
	Chain   *Chain
	Effect  *Quantity // relative change of the chain's base by month

	Months    []int
	From, To  int
	Escalates *Quantity
	Risk      *Quantity
	Capital   bool
	// Realisation holds the exponents of adoption, data quality and process; nil where the amount is not scaled.
	Realisation *catalogue.Realisation
	Use         string
	Peak        float64
	// explicit is true where the lever's formula itself says realised.
	explicit bool
	// inputs are the line's own quantities, for grades.
	inputs []*Quantity
	file   *casefile.Line // for places
}

// Chain is a product that levers of one case act on together.
type Chain struct {
	Name      string // instance: "sales", or as the file names it
	Def       *catalogue.Chain
	Base      *Quantity
	Variables map[string]*Quantity
	Lines     []*Line

	pending []func() // completes the levers once all lines are read
	missing map[string]bool
}

// Pair correlates two uncertain quantities by rank.
type Pair struct {
	A, B *Quantity
	Rho  float64
	At   diag.Position
}

// Criterion is one criterion of the scorecard, with what the catalogue says of it.
type Criterion struct {
	*casefile.Criterion
	Def *catalogue.Criterion // nil for one of the case's own
}

// Quantity finds a quantity by id.
func (m *Model) Quantity(id string) (*Quantity, bool) {
	q, ok := m.byID[id]
	return q, ok
}

// Uncertain lists the uncertain quantities in the file's order.
func (m *Model) Uncertain() []*Quantity {
	var u []*Quantity
	for _, q := range m.Quantities {
		if q.Uncertain() {
			u = append(u, q)
		}
	}
	return u
}

// Unused lists the assumptions that nothing mentions.
func (m *Model) Unused() []*Quantity {
	mentioned := map[*Quantity]bool{}
	for _, q := range m.Quantities {
		for _, r := range q.Refs {
			mentioned[r] = true
		}
	}
	for _, l := range m.Lines {
		for _, q := range l.inputs {
			mentioned[q] = true
		}
	}
	for _, c := range m.Chains {
		for _, q := range c.Variables {
			mentioned[q] = true
		}
	}
	var unused []*Quantity
	for _, a := range m.File.Assumptions {
		if q := m.byID[a.Name]; q != nil && !mentioned[q] {
			unused = append(unused, q)
		}
	}
	return unused
}

// Carries lists the uncertain quantities and constants that a line depends on, each once.
func (l *Line) Carries() []*Quantity {
	var all []*Quantity
	seen := map[*Quantity]bool{}
	var visit func(q *Quantity)
	visit = func(q *Quantity) {
		if q == nil || seen[q] {
			return
		}
		seen[q] = true
		if q.builtin == "" {
			all = append(all, q)
		}
		for _, r := range q.Refs {
			visit(r)
		}
	}
	for _, q := range l.inputs {
		visit(q)
	}
	return all
}

// Grade is the weakest grade among what the line depends on. An uncertain value without a grade counts as D; a line whose
// values carry no grade and no uncertainty has none.
func (l *Line) Grade() string {
	weakest := ""
	for _, q := range l.Carries() {
		g := q.Grade
		if g == "" && q.Uncertain() {
			g = "D"
		}
		weakest = max(weakest, g)
	}
	return weakest
}

// builder collects what it finds wrong.
type builder struct {
	m      *Model
	cat    *catalogue.Catalogue
	found  diag.List
	later  []func()                 // checks of what levers and items are given
	wrong  map[*Line]bool           // has an input that is wrong
	names  map[bool]map[string]bool // ids of the catalogue's levers (true) and cost items
	advice []func()                 // warnings that make sense only where nothing is wrong
	meant  map[string]bool          // inputs, as line.input, that a mistyped key was probably meant as
	path   []*Quantity              // whose formulas are being read, the outermost first
	lost   bool                     // a line's lever is not known: what it would have told its chain is not missing
}

func (b *builder) add(code string, at diag.Position, args diag.Args) {
	b.found.Add(diag.New(code, at, args))
}

func (b *builder) warn(code string, at diag.Position, args diag.Args) {
	b.found.Add(diag.Warn(code, at, args))
}

// Build checks a file against the catalogue. The list holds errors and warnings; the Model is nil if there is an error.
func Build(f *casefile.File, cat *catalogue.Catalogue) (*Model, diag.List) {
	b := &builder{m: &Model{File: f, byID: map[string]*Quantity{}, builtins: map[string]*Quantity{}, curves: map[string]*curve{}}, cat: cat, wrong: map[*Line]bool{}}
	for _, name := range []string{"month", "horizon", "adoption", "data_quality", "process", "realised"} {
		b.m.builtins[name] = &Quantity{ID: name, builtin: name, state: done, share: name != "month" && name != "horizon"}
	}
	for i := range f.Assumptions {
		a := &f.Assumptions[i]
		b.quantity(a.Name, &a.Quantity, a.At, b.m.caseScope(), want{})
	}
	for _, name := range casefile.CurveNames {
		b.curve(name)
	}
	var costs, benefits []*Line
	for _, l := range f.Costs {
		costs = append(costs, b.line(l, false))
	}
	for _, l := range f.Benefits {
		benefits = append(benefits, b.line(l, true))
	}
	for _, p := range f.Packages {
		cost, more := b.expand(p)
		if cost != nil {
			costs = append(costs, cost)
		}
		benefits = append(benefits, more...)
	}
	ids := map[string]bool{}
	for _, l := range slices.Concat(costs, benefits) {
		if l == nil {
			continue
		}
		key := l.ID
		if ids[key] {
			b.add("line_twice", l.At, diag.Args{"line": l.ID})
		}
		ids[key] = true
		b.m.Lines = append(b.m.Lines, l)
	}
	b.chains()
	for _, check := range b.later {
		check()
	}
	for _, l := range b.m.Lines {
		if b.wrong[l] {
			b.spoil(l)
		}
	}
	for _, q := range b.m.Quantities {
		b.check(q)
	}
	for _, l := range b.m.Lines {
		b.checkLine(l)
	}
	for _, name := range casefile.CurveNames {
		b.checkCurve(b.m.curves[name])
	}
	b.correlate()
	b.criteria()
	b.advise()
	if b.found.Err() != nil {
		return nil, b.found.Sorted()
	}
	b.m.Notes = b.found.Warnings().Sorted()
	return b.m, b.m.Notes
}

// spoil keeps a formula of the catalogue from being checked with inputs that are wrong: it would blame itself.
func (b *builder) spoil(l *Line) {
	all := []*Quantity{l.Amount, l.Effect}
	if l.Chain != nil {
		all = append(all, l.Chain.Base)
	}
	for _, q := range all {
		if q != nil && q.node == nil {
			q.broken = true
		}
	}
}

// criteria looks the criteria of the scorecard up; one that the catalogue does not have needs a label.
func (b *builder) criteria() {
	for _, c := range b.m.File.Scorecard {
		k := &Criterion{Criterion: c}
		def, err := b.cat.Criterion(c.ID)
		var d diag.Diagnostic
		switch {
		case err == nil:
			k.Def = def
		case errors.As(err, &d) && d.Code == "unknown_criterion":
			if c.Label == "" {
				d.At = c.At
				b.found.Add(d)
			}
		case errors.As(err, &d):
			b.found.Add(d)
		}
		b.m.Criteria = append(b.m.Criteria, k)
	}
}

// correlate resolves the pairs of the file.
func (b *builder) correlate() {
	seen := map[[2]*Quantity]bool{}
	for _, c := range b.m.File.Correlate {
		var q [2]*Quantity
		for i, name := range []string{c.A, c.B} {
			at := []diag.Position{c.AtA, c.AtB}[i]
			have, ok := b.m.byID[name]
			switch {
			case !ok:
				var ids []string
				for _, u := range b.m.Uncertain() {
					ids = append(ids, u.ID)
				}
				b.add("correlate_unknown", at, diag.Args{"name": name, "nearest": quantity.Nearest(name, ids), "known": ids})
			case have.broken:
			case !have.Uncertain():
				// A value set for a what-if is certain; the rest of the case still holds.
				b.warn("correlate_certain", at, diag.Args{"name": name})
			default:
				q[i] = have
			}
		}
		if q[0] == nil || q[1] == nil {
			continue
		}
		switch {
		case q[0] == q[1]:
			b.add("correlate_itself", c.At, diag.Args{"name": c.A})
			continue
		case seen[[2]*Quantity{q[0], q[1]}] || seen[[2]*Quantity{q[1], q[0]}]:
			b.add("correlate_twice", c.At, diag.Args{"a": c.A, "b": c.B})
			continue
		}
		seen[q] = true
		b.m.Pairs = append(b.m.Pairs, Pair{A: q[0], B: q[1], Rho: c.Rho, At: c.At})
	}
	b.feasible()
}

// feasible reports correlations that contradict each other, at the first of them.
func (b *builder) feasible() {
	index := map[*Quantity]int{}
	var pairs []draw.Pair
	at := map[[2]int]Pair{}
	for _, p := range b.m.Pairs {
		for _, q := range []*Quantity{p.A, p.B} {
			if _, ok := index[q]; !ok {
				index[q] = len(index)
			}
		}
		i, j := index[p.A], index[p.B]
		pairs = append(pairs, draw.Pair{I: i, J: j, Rho: p.Rho})
		at[[2]int{i, j}] = p
	}
	_, err := draw.NewCopula(pairs)
	var list interface{ Unwrap() []error }
	if !errors.As(err, &list) {
		return
	}
	for _, e := range list.Unwrap() {
		var bad *draw.InfeasibleError
		if !errors.As(e, &bad) || len(bad.Pairs) == 0 {
			continue
		}
		var names []string
		for _, p := range bad.Pairs {
			have := at[[2]int{p.I, p.J}]
			names = append(names, have.A.ID+" – "+have.B.ID)
		}
		first := at[[2]int{bad.Pairs[0].I, bad.Pairs[0].J}]
		b.add("correlation_infeasible", first.At, diag.Args{"pairs": strings.Join(names, ", "), "factor": bad.Factor})
	}
}

// advise adds the warnings that concern the case as a whole.
func (b *builder) advise() {
	if b.found.Err() != nil {
		return
	}
	for _, advise := range b.advice {
		advise()
	}
	levers := slices.ContainsFunc(b.m.Lines, func(l *Line) bool { return l.Realisation != nil && l.Realisation.Adoption != 0 })
	if levers && b.m.File.Curves["adoption"] == nil {
		b.warn("no_adoption", diag.Position{File: b.m.File.Name}, nil)
	}
	for _, q := range b.m.Quantities {
		if q.Uncertain() && dist.Heavy(q.Dist) {
			b.warn("heavy_tail", q.At, diag.Args{"name": q.ID})
		}
	}
}

// Number is the value of a quantity that is a plain number of the file, in canonical units.
func Number(q *Quantity) (float64, bool) {
	n, ok := q.Expr.(*formula.Number)
	if !ok || q.Uncertain() {
		return 0, false
	}
	return n.Canonical(), true
}
