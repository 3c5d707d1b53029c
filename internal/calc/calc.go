// Package calc is the way from a case file to its answer: read, check, compile, simulate, summarise. Start with Run.
// Every surface calls it, so none can disagree with another. It knows no language; diagnostics leave it untranslated.
package calc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/finance"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/plan"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/sim"
)

// DefaultDraws is the number of draws where none is asked for: the sampling error of the median break-even is then far
// below what an assumption can be known to.
const DefaultDraws = 10_000

// DefaultSeed is the seed where none is asked for.
const DefaultSeed = 1

// MaxCells is the most values that one draw of a case may need, see plan.Graph.Cells: far above what people write, and
// some ten seconds on two cores for the default number of draws where every one of them is an exponential.
const MaxCells = 200_000

// Case is a case file and how it is to be computed.
type Case struct {
	Name      string // of the file, for places
	Text      []byte
	Catalogue *catalogue.Catalogue // nil is the embedded one
	Overlays  []*casefile.Node     // --set
	Scenarios *casefile.Node       // beside those of the file, nil for none; they run on common random numbers with it
	Version   string
}

// Options say how to simulate.
type Options struct {
	Scenario string // id; empty is the base case
	// Wait starts the whole case that many months later and keeps the end of the horizon and the day to which is
	// discounted; 0 is as the file says, at most one month less than the horizon.
	Wait     int
	Draws    int // 0 is DefaultDraws
	Seed     uint64
	Pseudo   bool
	Workers  int
	Progress func(done int)
	// Definitions adds the other definitions of ROI in use.
	Definitions bool
	// Brief leaves out the rates of return of the plan, whose roots take longer than a short simulation.
	Brief bool
	// Lang chooses the language of labels that come from the catalogue: "de" or "en".
	Lang string
}

// Answer is a Result with what it was made from, for surfaces that go on computing.
type Answer struct {
	*result.Result
	Reading *Reading
	Model   *model.Model
	Graph   *plan.Graph
	Outcome *sim.Outcome
	Runner  *sim.Runner
	// Keys orders the streams of random numbers, shared by all scenarios of the case.
	Keys []string
	lang string
}

// Check reads and checks a case without simulating it. With no scenario every scenario is checked too. The list holds
// errors and warnings.
func Check(c Case, scenario string) (*model.Model, diag.List) {
	m, list := read(c, scenario, nil)
	// Only a large case can be too large; compiling small ones as well would double what a check takes.
	if m != nil && (len(m.Lines)+len(m.File.Assumptions))*m.File.Horizon > MaxCells/20 {
		if g, err := m.Compile(); err == nil { // Run tells of a fault of ours
			if d, ok := tooMuch(c, g); ok {
				return nil, append(list, d)
			}
		}
	}
	return m, list
}

// tooMuch reports a case that needs more values than are possible.
func tooMuch(c Case, g *plan.Graph) (diag.Diagnostic, bool) {
	n := g.Cells()
	return diag.New("too_much_work", diag.Position{File: c.Name}, diag.Args{"cells": n, "limit": MaxCells}), n > MaxCells
}

// Reading is a case that was read and checked with all its scenarios, to compute answers of. It is for one goroutine at a
// time.
type Reading struct {
	c      Case
	base   *model.Model
	others map[string]*model.Model // of the scenarios, by id
	found  map[string]diag.List    // warnings, by scenario
}

// Read reads and checks a case. The list holds errors, and then there is no Reading, or warnings.
func Read(c Case) (*Reading, diag.List) {
	r := &Reading{c: c, others: map[string]*model.Model{}, found: map[string]diag.List{}}
	var list diag.List
	if r.base, list = read(c, "", r); list.Err() != nil {
		return nil, list
	}
	r.found[""] = list
	return r, list
}

// Model is that of a scenario, "" or "base" for the case without one; nil where there is none.
func (r *Reading) Model(scenario string) *model.Model {
	if scenario == "" || scenario == "base" {
		return r.base
	}
	return r.others[scenario]
}

// read is Check. With no scenario the models of all scenarios go into all, which may be nil.
func read(c Case, scenario string, all *Reading) (*model.Model, diag.List) {
	cat := c.Catalogue
	if cat == nil {
		var err error
		if cat, err = catalogue.Open(); err != nil {
			return nil, diag.List{diag.New("catalogue_read", diag.Position{}, diag.Args{"detail": err.Error()})}
		}
	}
	root, found := casefile.ParseYAML(c.Name, c.Text)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	if c.Scenarios != nil {
		root = casefile.Overlay(root, &casefile.Node{Kind: casefile.Map, Entries: []casefile.Entry{{Key: "scenarios", Value: c.Scenarios}}})
	}
	f, more := casefile.Decode(c.Name, root, scenario, c.Overlays...)
	parsed := slices.Clone(found)
	found = append(found, more...)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	m, more := model.Build(f, cat)
	for _, d := range more {
		found.Add(d)
	}
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	if scenario == "" {
		if all == nil {
			all = &Reading{others: map[string]*model.Model{}, found: map[string]diag.List{}}
		}
		for _, d := range scenarios(c, cat, root, m, all, parsed) {
			found.Add(d)
		}
		if found.Err() != nil {
			return nil, found.Sorted()
		}
	}
	return m, found.Sorted()
}

// scenarios checks every scenario of the case, puts their models and warnings, after those of parsing, into all, and looks
// for assumptions that nothing uses in any of them.
func scenarios(c Case, cat *catalogue.Catalogue, root *casefile.Node, base *model.Model, all *Reading, parsed diag.List) diag.List {
	var found diag.List
	models := []*model.Model{base}
	for _, s := range base.File.Scenarios {
		f, more := casefile.Decode(c.Name, root, s.ID, c.Overlays...)
		if f == nil {
			continue // Decode without a scenario has reported it
		}
		m, list := model.Build(f, cat)
		if list.Err() == nil {
			models = append(models, m)
			warnings := append(slices.Clone(parsed), more...)
			for _, d := range list {
				warnings.Add(d)
			}
			all.others[s.ID], all.found[s.ID] = m, warnings.Sorted()
			continue
		}
		models = nil // what it would have used is not known
		for _, d := range list {
			if d.Severity == diag.Error {
				found.Add(s.Mark(d))
			}
		}
	}
	if found.Err() != nil {
		return found
	}
	used := map[string]bool{}
	for _, m := range models {
		unused := m.Unused()
		for _, a := range m.File.Assumptions {
			if !slices.ContainsFunc(unused, func(q *model.Quantity) bool { return q.ID == a.Name }) {
				used[a.Name] = true
			}
		}
	}
	names := slices.Sorted(maps.Keys(used))
	for _, m := range models {
		for _, q := range m.Unused() {
			if !used[q.ID] {
				found.Add(diag.Warn("assumption_unused", q.At, diag.Args{"name": q.ID, "nearest": quantity.Nearest(q.ID, names)}))
			}
		}
	}
	return found
}

// keys lists the names of all inputs that the case and its scenarios draw, the case's first: the order of the Sobol
// dimensions, so that all scenarios run on common random numbers. What no line needs takes no dimension, so that it changes
// nothing.
func keys(base *model.Model, others map[string]*model.Model) []string {
	var names []string
	add := func(m *model.Model) {
		for _, q := range m.Drawn() {
			if !slices.Contains(names, q.ID) {
				names = append(names, q.ID)
			}
		}
	}
	add(base)
	for _, s := range base.File.Scenarios {
		if m := others[s.ID]; m != nil {
			add(m)
		}
	}
	return names
}

// Run answers a case. The list holds errors (then Answer is nil) and warnings, which are in Answer.Diagnostics too.
// The error is that of ctx.
func Run(ctx context.Context, c Case, o Options) (*Answer, diag.List, error) {
	if o.Draws < 0 || o.Draws > sim.MaxDraws {
		return nil, drawsRange(), nil
	}
	started := time.Now()
	r, found := Read(c)
	if r == nil {
		return nil, found, nil
	}
	took := time.Since(started)
	a, list, err := r.Run(ctx, o)
	if a != nil {
		a.Timing.Read += float64(took.Microseconds()) / 1000
	}
	return a, list, err
}

func drawsRange() diag.List {
	return diag.List{diag.New("draws_range", diag.Position{}, diag.Args{"limit": sim.MaxDraws})}
}

// Run answers the case as the function Run does.
func (r *Reading) Run(ctx context.Context, o Options) (*Answer, diag.List, error) {
	if o.Draws == 0 {
		o.Draws = DefaultDraws
	}
	if o.Draws < 1 || o.Draws > sim.MaxDraws {
		return nil, drawsRange(), nil
	}
	if o.Scenario == "base" {
		o.Scenario = ""
	}
	c := r.c
	started := time.Now()
	m, found := r.Model(o.Scenario), r.found[o.Scenario]
	if m == nil { // an unknown scenario
		if m, found = Check(c, o.Scenario); found.Err() != nil {
			return nil, found, nil
		}
	}
	if o.Wait < 0 || o.Wait >= m.File.Horizon {
		return nil, diag.List{diag.New("wait_range", diag.Position{File: c.Name}, diag.Args{"months": o.Wait, "limit": m.File.Horizon - 1})}, nil
	}
	read := time.Now()
	g, err := compile(m, o.Wait)
	if err != nil {
		return nil, nil, fmt.Errorf("compile %s: %w", c.Name, err)
	}
	if d, ok := tooMuch(c, g); ok {
		return nil, diag.List{d}, nil
	}
	order := keys(r.base, r.others)
	compiled := time.Now()
	runner, err := sim.New(g)
	if err != nil {
		return nil, nil, err
	}
	out, err := runner.Run(ctx, sim.Options{Draws: o.Draws, Seed: o.Seed, Pseudo: o.Pseudo, Keys: order, Workers: o.Workers, Progress: o.Progress})
	if err != nil {
		return nil, nil, err
	}
	simulated := time.Now()
	a := &Answer{Reading: r, Model: m, Graph: g, Outcome: out, Runner: runner, Keys: order, lang: o.Lang, Result: &result.Result{
		Case: caseOf(m.File), Version: c.Version, Scenario: o.Scenario, WaitMonths: o.Wait, Seed: o.Seed, Draws: o.Draws, Sampler: sampler(o),
		Scorecard: scorecard(m.Criteria, o.Lang), Diagnostics: found,
	}}
	if list := a.summarise(o); list.Err() != nil {
		return nil, list, nil
	}
	done := time.Now()
	ms := func(from, to time.Time) float64 { return float64(to.Sub(from).Microseconds()) / 1000 }
	a.Timing = result.Timing{Read: ms(started, read), Compile: ms(read, compiled), Simulate: ms(compiled, simulated), Summarise: ms(simulated, done)}
	return a, a.Diagnostics, nil
}

// Vary answers the same case with another distribution of one of its inputs, without reading and compiling it again: what
// a slider asks for many times a second. The figures are those that Run would give; notes are left out. d has the support
// of the distribution it replaces.
func (a *Answer) Vary(ctx context.Context, id string, d dist.Dist, o Options) (*Answer, diag.List, error) {
	i := slices.IndexFunc(a.Graph.Inputs, func(in plan.Input) bool { return in.ID == id })
	if i < 0 {
		return a, nil, nil // nothing depends on it
	}
	runner, g := a.Runner.With(i, d)
	out, err := runner.Run(ctx, sim.Options{Draws: o.Draws, Seed: a.Seed, Pseudo: a.Sampler == "pseudo", Keys: a.Keys, Workers: o.Workers})
	if err != nil {
		return nil, nil, err
	}
	r := result.Result{Case: a.Case, Version: a.Version, Scenario: a.Scenario, WaitMonths: a.WaitMonths, Seed: a.Seed, Draws: o.Draws, Sampler: a.Sampler, Scorecard: a.Scorecard}
	next := &Answer{Reading: a.Reading, Model: a.Model, Graph: g, Outcome: out, Runner: runner, Keys: a.Keys, lang: a.lang, Result: &r}
	o.Brief = true
	if list := next.summarise(o); list.Err() != nil {
		return nil, list, nil
	}
	return next, nil, nil
}

func caseOf(f *casefile.File) result.Case {
	c := result.Case{Name: f.Case, Organisation: f.Organisation, Currency: f.Currency, Start: f.Start, HorizonMonths: f.Horizon,
		DiscountPerYear: f.Discount, Timing: "monthly"}
	if f.Yearly {
		c.Timing = "yearly"
	}
	return c
}

func sampler(o Options) string {
	if o.Pseudo {
		return "pseudo"
	}
	return "sobol"
}

func (a *Answer) note(code string, at diag.Position, args diag.Args) {
	a.Diagnostics.Add(diag.Warn(code, at, args))
}

// summarise fills the figures of the plan and of the simulation.
func (a *Answer) summarise(o Options) diag.List {
	m, g, out := a.Model, a.Graph, a.Outcome
	flows := g.Evaluate(g.Medians())
	months := g.Horizon + 1
	benefits, costs, net := make([]float64, months), make([]float64, months), make([]float64, months)
	for i, l := range g.Lines {
		for t, v := range flows[i] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return diag.List{diag.New("not_finite", m.Lines[i].At, diag.Args{"line": l.ID, "month": t})}
			}
			if l.Benefit {
				benefits[t] += v
			} else {
				costs[t] += v
			}
		}
	}
	for t := range net {
		net[t] = benefits[t] - costs[t]
	}
	if list := a.plan(benefits, costs, net, o); list.Err() != nil {
		return list
	}
	for i, npv := range out.NPV {
		if math.IsNaN(npv) || math.IsInf(npv, 0) {
			return diag.List{a.unreal(i + 1)}
		}
	}
	a.simulation()
	for t := range net {
		q := out.Cumulative[t]
		a.Timeline = append(a.Timeline, result.Month{Month: t, Benefits: benefits[t], Costs: costs[t], Net: net[t],
			Cumulative: result.Band{P10: q[0], P25: q[1], P50: q[2], P75: q[3], P90: q[4]}})
	}
	totals := map[bool]float64{}
	for i, l := range g.Lines {
		totals[l.Benefit] += out.LineMeans[i]
	}
	for i, l := range m.Lines {
		group := "costs"
		if l.Benefit {
			group = "benefits"
		}
		line := result.Line{ID: l.ID, Label: a.LineLabel(l), Group: group, Kind: l.Kind, Grade: l.Grade(), Lever: l.Lever,
			PV: result.LineRange{P10: out.Lines[i][0], P50: out.Lines[i][2], P90: out.Lines[i][4]}}
		for _, v := range flows[i] {
			line.Plan += v
		}
		if totals[l.Benefit] != 0 {
			line.Share = out.LineMeans[i] / totals[l.Benefit]
		}
		a.Lines = append(a.Lines, line)
	}
	a.grade()
	return nil
}

// unreal reports a draw whose net present value is not a number, with the line and the input behind it where they can be
// found by moving one input at a time.
func (a *Answer) unreal(draw int) diag.Diagnostic {
	m, g := a.Model, a.Graph
	d := diag.New("not_finite_draw", diag.Position{File: m.File.Name}, diag.Args{"draw": draw, "line": "", "input": "", "value": 0.0})
	for _, p := range []float64{0.5, 0.05, 0.95, 0.01, 0.99, 1e-3, 1 - 1e-3, 1e-6, 1 - 1e-6} {
		for i, in := range g.Inputs {
			values := g.Medians()
			values[i] = in.Dist.Quantile(p)
			for k, flow := range g.Evaluate(values) {
				if slices.ContainsFunc(flow, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
					q, _ := m.Quantity(in.ID)
					d.At, d.Args["line"], d.Args["input"], d.Args["value"] = m.Lines[k].At, m.Lines[k].ID, in.ID, values[i]*q.Factor/q.Unit.Scale
					return d
				}
			}
		}
	}
	return d
}

// LineLabel is what a line is called: by the file, by the catalogue, else its id.
func (a *Answer) LineLabel(l *model.Line) string {
	return cmp.Or(l.Label, l.Name.In(a.lang), l.ID)
}

// Label is what a quantity is called: by the file, else by the catalogue with the line it belongs to, else its id.
func (a *Answer) Label(q *model.Quantity) string {
	name := cmp.Or(q.Label, q.Name.In(a.lang))
	switch {
	case q.Line == nil:
		return cmp.Or(name, q.ID)
	case name == "":
		return a.LineLabel(q.Line)
	}
	return a.LineLabel(q.Line) + ": " + name
}

func pointer(v float64, ok bool) *float64 {
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// plan computes the figures with every uncertain input at its median.
func (a *Answer) plan(benefits, costs, net []float64, o Options) diag.List {
	f := a.Model.File
	fail := func(err error) diag.List {
		return diag.List{diag.New("finance", diag.Position{File: f.Name}, diag.Args{"detail": err.Error()})}
	}
	p := &a.Plan
	var err error
	for i := range net {
		p.Benefits += benefits[i]
		p.Costs += costs[i]
	}
	p.TCO = p.Costs
	if p.BenefitsPV, err = finance.PV(benefits, a.Graph.Discount); err != nil {
		return fail(err)
	}
	if p.CostsPV, err = finance.PV(costs, a.Graph.Discount); err != nil {
		return fail(err)
	}
	p.NPV = p.BenefitsPV - p.CostsPV
	p.ROI = pointer(finance.ROI(p.BenefitsPV, p.CostsPV))
	p.ROIUndiscounted = pointer(finance.UndiscountedROI(benefits, costs))
	p.BenefitCostRatio = pointer(finance.BenefitCostRatio(p.BenefitsPV, p.CostsPV))
	if p.ROI == nil {
		a.note("roi_undefined", diag.Position{}, nil)
	}
	series := finance.Series{Net: net, Period: finance.Month}
	timing := finance.TimingMonthly
	if f.Yearly {
		series = finance.Series{Net: finance.Yearly(net), Period: finance.Year}
		timing = finance.TimingYearly
	}
	if !o.Brief {
		a.rates(series)
	}
	p.BreakEven = a.inside(pointer(series.BreakEven()))
	p.FirstCrossing = a.firstCrossing(series)
	if month, ok, err := series.DiscountedBreakEven(f.Discount); err == nil {
		p.BreakEvenDiscounted = a.inside(pointer(month, ok))
	}
	if p.BreakEvenDiscounted == nil && p.BreakEven != nil {
		a.note("break_even_discounted_never", diag.Position{}, diag.Args{"horizon": f.Horizon})
	}
	if p.BreakEven == nil {
		a.note("break_even_never", diag.Position{}, diag.Args{"horizon": f.Horizon, "longer": f.Horizon + 24})
	}
	if p.FirstCrossing != nil && (p.BreakEven == nil || *p.BreakEven-*p.FirstCrossing > 0.5) {
		a.note("first_crossing", diag.Position{}, diag.Args{"month": *p.FirstCrossing})
	}
	if p.PeakFunding, p.PeakFundingMonth, err = finance.PeakFunding(series.Net); err != nil {
		return fail(err)
	}
	p.PeakFundingMonth = min(p.PeakFundingMonth*int(series.Period), f.Horizon)
	if p.CostOfWaitingMonth, err = finance.CostOfWaiting(net, f.Discount, timing); err != nil {
		return fail(err)
	}
	if f.Tax != nil {
		a.note("after_tax", f.Tax.At, diag.Args{"rate": f.Tax.Rate * 100})
	}
	if o.Definitions {
		list, err := finance.Definitions(benefits, costs, a.Graph.Discount)
		if err != nil {
			return fail(err)
		}
		for _, d := range list {
			p.Definitions = append(p.Definitions, result.Definition{ID: d.ID, Value: d.Value, Ours: d.Ours})
		}
	}
	return nil
}

// rates are the internal and the modified internal rate of return of the plan.
func (a *Answer) rates(series finance.Series) {
	p, f := &a.Plan, a.Model.File
	irr, err := series.IRR()
	p.IRR = pointer(irr, err == nil)
	switch {
	case errors.Is(err, finance.ErrSeveralRoots):
		a.note("irr_several", diag.Position{}, nil)
	case err != nil:
		a.note("irr_none", diag.Position{}, nil)
	}
	mirr, err := series.MIRR(f.FinanceRate, f.ReinvestRate)
	if p.MIRR = pointer(mirr, err == nil); p.MIRR == nil {
		a.note("mirr_none", diag.Position{}, nil)
	}
}

func (a *Answer) firstCrossing(s finance.Series) *float64 {
	at, ok := finance.FirstCrossing(s.Net)
	return a.inside(pointer(s.Period.Months(at), ok))
}

// inside moves a month of yearly timing into a last year that the horizon cuts short: that year ends at the horizon.
func (a *Answer) inside(month *float64) *float64 {
	f := a.Model.File
	whole := float64(f.Horizon / 12 * 12)
	if !f.Yearly || month == nil || *month <= whole {
		return month
	}
	at := whole + (*month-whole)*(float64(f.Horizon)-whole)/12
	return &at
}

// simulation summarises the draws; the figures are independent, so each has a core of its own.
func (a *Answer) simulation() {
	out := a.Outcome
	var wait sync.WaitGroup
	wait.Go(func() { a.Simulation.NPV = spread(out.NPV) })
	wait.Go(func() { a.Simulation.PeakFunding = spread(out.Funding) })
	wait.Go(func() {
		if !slices.ContainsFunc(out.ROI, math.IsNaN) {
			a.Simulation.ROI = spread(out.ROI)
		}
	})
	wait.Go(a.breakEven)
	wait.Wait()
	positive := 0
	for _, v := range out.NPV {
		if v > 0 {
			positive++
		}
	}
	a.Simulation.ProbabilityROIPositive = float64(positive) / float64(len(out.NPV))
}

// breakEven summarises the break-even months. "Never" is later than every month: a quantile that falls there does not exist.
func (a *Answer) breakEven() {
	months := a.Outcome.BreakEven
	a.BreakEvenShare = make([]float64, a.Graph.Horizon+1)
	within := make([]float64, 0, len(months))
	for _, m := range months {
		if math.IsNaN(m) {
			continue
		}
		within = append(within, m)
		a.BreakEvenShare[min(int(math.Ceil(m-1e-9)), a.Graph.Horizon)]++
	}
	n := float64(len(months))
	for i := range a.BreakEvenShare {
		a.BreakEvenShare[i] /= n
	}
	b := &a.Simulation.BreakEven
	b.NotWithinHorizon = 1 - float64(len(within))/n
	targets := []**float64{&b.P10, &b.P50, &b.P90}
	var levels []float64
	for _, p := range []float64{0.1, 0.5, 0.9} {
		h := p * (n - 1)
		if int(math.Ceil(h)) >= len(within) {
			break
		}
		levels = append(levels, h/float64(max(1, len(within)-1)))
	}
	for i, v := range sim.Quantile(within, levels...) {
		*targets[i] = &v
	}
}

func spread(v []float64) result.Spread {
	q := sim.Quantile(v, 0.1, 0.5, 0.9)
	mean, sd := sim.Mean(v), sim.SD(v)
	return result.Spread{Mean: &mean, SD: &sd, P10: &q[0], P50: &q[1], P90: &q[2]}
}
