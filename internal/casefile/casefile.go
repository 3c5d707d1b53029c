// Package casefile reads the case file: YAML in, a File with the place of everything out. Start with Read. It checks the
// shape of the file and the syntax of every formula; what names mean and whether units fit is the work of package model.
// It does not know the catalogue, the engine or any language.
package casefile

import (
	"maps"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Limits of a case.
const (
	MaxHorizon = 600 // months
	MaxLines   = 500 // costs and benefits together
	// MaxCriteria bounds a scorecard; more than a dozen nobody weighs against each other.
	MaxCriteria = 50
)

// File is one case as written, in one scenario.
type File struct {
	Name         string // of the file
	Case         string
	Organisation string
	Currency     string // ISO 4217
	Start        string // YYYY-MM, empty where not given
	Horizon      int    // months
	Discount     float64
	// FinanceRate and ReinvestRate are those of MIRR, effective per year; the discount rate where not given.
	FinanceRate, ReinvestRate float64
	Yearly                    bool // timing: yearly
	Tax                       *Tax
	Rollout                   []Wave

	Assumptions []Named
	Curves      map[string]*Curve // adoption, data_quality, process; a missing one is 100 % throughout
	Costs       []*Line
	Benefits    []*Line
	Packages    []*Line
	Scorecard   []*Criterion // beside the money, never added to it
	Correlate   []Correlation
	Scenarios   []Scenario

	Root *Node
}

// Quantity is a value with where it comes from.
type Quantity struct {
	Expr   formula.Expr
	Node   *Node // the scalar, for places
	Source string
	Grade  string // A to D, empty where not given
	Note   string
	Label  string
}

// Named is a quantity under its key.
type Named struct {
	Name string
	At   diag.Position
	Quantity
}

// Curve is the course of a factor of realisation, a share from 0 to 1: adoption, data quality or process.
type Curve struct {
	At                         diag.Position
	Start, Plateau, MonthsTo90 *Quantity
	Use                        string  // linear, saturating, peak
	Peak                       float64 // share at which use peaks
}

// Line is one cost, benefit or AI package.
type Line struct {
	ID    string
	At    diag.Position
	Label string
	Note  string
	Kind  string
	Lever string // of a benefit: the catalogue's lever
	Item  string // of a cost: the catalogue's cost item
	// LeverAt is the place of the lever, item or package name.
	LeverAt diag.Position

	Amount  *Quantity
	Initial *Quantity   // of a yearly table
	Yearly  []*Quantity // of a yearly table

	Months    []int // at: months of a one-off
	Every     int   // months between repetitions of a one-off, 0 for none
	From, To  int   // −1 where not given
	Escalates *Quantity
	Risk      *Quantity
	Chain     string // name of the chain instance, for cases with more than one
	Capital   bool   // written off over the tax's depreciation period
	Use       string
	Peak      float64
	Source    string
	Grade     string

	// Inputs are the remaining keys, in the file's order: inputs of the lever, item or package.
	Inputs []Named

	places map[string]diag.Position // of the values, by key
}

// Place is the place of the value of a key, that of the line where it has no such key.
func (l *Line) Place(key string) diag.Position {
	if at, ok := l.places[key]; ok {
		return at
	}
	return l.At
}

// Criterion is one criterion of the scorecard: what a case brings beyond money, in points.
type Criterion struct {
	ID    string
	At    diag.Position
	Label string
	// Weight is above 0 and counts relative to the sum of all weights.
	Weight float64
	// Today and Expected are points from 0 to 10; Expected is the middle of Low and High, which are equal where the file
	// gives one number.
	Today, Expected, Low, High float64
	Why, Source, Grade         string

	places map[string]diag.Position // of the values, by key
}

// Place is the place of the value of a key, that of the criterion where it has no such key.
func (c *Criterion) Place(key string) diag.Position {
	if at, ok := c.places[key]; ok {
		return at
	}
	return c.At
}

// Tax is straight-line depreciation and a flat rate on profit.
type Tax struct {
	Rate               float64
	DepreciationMonths int
	At                 diag.Position
}

// Wave is one part of a staggered roll-out: Share of the users go live in Month.
type Wave struct {
	Month int
	Share float64
	At    diag.Position
}

// Correlation is the rank correlation of two uncertain quantities.
type Correlation struct {
	A, B     string
	Rho      float64
	At       diag.Position
	AtA, AtB diag.Position
}

// Scenario is a named change of the case.
type Scenario struct {
	ID    string
	Label string
	Note  string
	At    diag.Position
	Node  *Node
}

// Mark says in which scenario d was found, where its place is outside of the scenario: a line of the case that is right
// by itself can be wrong in one of them. The argument is in_scenario.
func (s Scenario) Mark(d diag.Diagnostic) diag.Diagnostic {
	if d.At.Line >= s.At.Line && d.At.Line <= s.Node.last() {
		return d
	}
	d.Args = maps.Clone(d.Args)
	if d.Args == nil {
		d.Args = diag.Args{}
	}
	d.Args["in_scenario"] = s.ID
	return d
}

// CurveNames are the three factors of realisation in the order of the documentation.
var CurveNames = []string{"adoption", "data_quality", "process"}

// BenefitKinds are the kinds a benefit may have.
var BenefitKinds = []string{"cash", "freed_time", "avoided_cost", "margin"}

// CostKinds are the kinds a cost may have.
var CostKinds = []string{"cash", "internal_time"}

// Read reads a case file. With a scenario id, the scenario's changes are laid over the case first, then every overlay in
// order. The list holds errors and warnings; File is nil if there is an error.
func Read(name string, text []byte, scenario string, overlays ...*Node) (*File, diag.List) {
	root, found := ParseYAML(name, text)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	f, more := Decode(name, root, scenario, overlays...)
	found = append(found, more...)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	return f, found.Sorted()
}

// Decode makes a File of a parsed text.
func Decode(name string, root *Node, scenario string, overlays ...*Node) (*File, diag.List) {
	d := decoder{file: name}
	if root.Kind != Map {
		d.add("file_not_map", root.At, nil)
		return nil, d.found
	}
	scenarios := d.scenarios(root.Get("scenarios"))
	if scenario != "" && scenario != "base" {
		i := slices.IndexFunc(scenarios, func(s Scenario) bool { return s.ID == scenario })
		if i < 0 {
			var ids []string
			for _, s := range scenarios {
				ids = append(ids, s.ID)
			}
			d.add("unknown_scenario", diag.Position{File: name}, diag.Args{"name": scenario, "nearest": quantity.Nearest(scenario, ids), "known": ids})
			return nil, d.found
		}
		root = d.lay(root, scenarios[i].Node)
	}
	for _, o := range overlays {
		root = d.lay(root, o)
	}
	f := d.decode(root)
	f.Name, f.Root, f.Scenarios = name, root, scenarios
	if d.found.Err() != nil {
		return nil, d.found
	}
	// Every scenario must stand by itself, not only the one that runs: an error found at the meeting is found too late.
	if scenario == "" && len(overlays) == 0 {
		for _, s := range scenarios {
			d.similar(root, s)
			probe := decoder{file: name}
			probe.decode(probe.lay(root, s.Node))
			for _, e := range probe.found {
				if e.Severity == diag.Error {
					d.found.Add(s.Mark(e))
				}
			}
		}
	}
	return f, d.found
}

// lay puts a scenario over the case; `remove` takes lines and assumptions out by path.
func (d *decoder) lay(root, over *Node) *Node {
	remove := over.Get("remove")
	out := Overlay(root, without(over, "remove", "label", "note"))
	if remove == nil {
		return out
	}
	items := remove.Items
	if remove.Kind == Scalar {
		items = []*Node{remove}
	}
	for _, item := range items {
		group, key, ok := strings.Cut(item.Text, ".")
		if !ok {
			group, key = "assumptions", item.Text
		}
		section := out.Get(group)
		if section.Get(key) == nil {
			d.add("remove_unknown", item.At, diag.Args{"name": item.Text})
			continue
		}
		out = Overlay(out, &Node{Kind: Map, Entries: []Entry{{Key: group, At: item.At, Value: &Node{Kind: Map,
			Entries: []Entry{{Key: key, At: item.At, Value: &Node{Kind: Null, At: item.At}}}}}}})
	}
	return out
}

// similar warns of a line or criterion that a scenario adds under a name close to one of the case: it was probably meant to change it.
func (d *decoder) similar(root *Node, s Scenario) {
	for _, group := range []string{"costs", "benefits", "packages", "scorecard"} {
		base, over := root.Get(group), s.Node.Get(group)
		if base == nil || over == nil {
			continue
		}
		var names []string
		for _, e := range base.Entries {
			if over.Get(e.Key) == nil {
				names = append(names, e.Key)
			}
		}
		for _, e := range over.Entries {
			if near := quantity.Nearest(e.Key, names); near != "" && e.Value.Kind != Null && base.Get(e.Key) == nil {
				d.found.Add(diag.Warn("scenario_similar", e.At, diag.Args{"name": e.Key, "nearest": near, "scenario": s.ID}))
			}
		}
	}
}

func without(n *Node, keys ...string) *Node {
	out := *n
	out.Entries = nil
	for _, e := range n.Entries {
		if !slices.Contains(keys, e.Key) {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

// Set makes the overlay for `--set path=value`. A path without a dot that is no key of the file's top level is an assumption.
func Set(path, value string) (*Node, diag.List) {
	at := diag.Position{File: "--set", Line: 1, Column: 1, EndColumn: 1 + len([]rune(path+"="+value)), Source: path + "=" + value}
	root, found := ParseYAML("--set", []byte(value))
	if found.Err() != nil || root == nil {
		return nil, diag.List{diag.New("set_value", at, diag.Args{"path": path})}
	}
	offset := len([]rune(path)) + 1
	var shift func(n *Node)
	shift = func(n *Node) {
		n.At = diag.Position{File: "--set", Line: 1, Column: n.At.Column + offset, EndColumn: n.At.EndColumn + offset, Source: at.Source}
		for _, e := range n.Entries {
			shift(e.Value)
		}
		for _, i := range n.Items {
			shift(i)
		}
	}
	shift(root)
	keys := strings.Split(path, ".")
	if len(keys) == 1 && !slices.Contains(topKeys, path) {
		keys = []string{"assumptions", path}
	}
	if slices.Contains(keys, "") {
		return nil, diag.List{diag.New("set_value", at, diag.Args{"path": path})}
	}
	for i := len(keys) - 1; i >= 0; i-- {
		root = &Node{Kind: Map, At: at, Entries: []Entry{{Key: keys[i], At: at, Value: root}}}
	}
	return root, nil
}
