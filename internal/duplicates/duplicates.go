// Package duplicates finds accounts and contacts that a CRM has twice: it reads the records of a source from the warehouse,
// has package linkage compare them and takes account of what people have decided about pairs. Start with Find; Outcome.Group
// tells why records are taken to be one, WriteCSV writes them for mending, ReadDecisions reads what was decided.
//
// The records are customers' data, not employees': nothing is counted by owner or team.
package duplicates

import (
	"context"
	"errors"
	"slices"

	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// The tables that are looked through, by their names in package crm.
const (
	Accounts = "account"
	Contacts = "contact"
)

// Tables are the tables that Find takes.
func Tables() []string { return []string{Accounts, Contacts} }

// Errors of Find.
var (
	ErrTable  = errors.New("duplicates: no such table")
	ErrColumn = errors.New("duplicates: no such column")
)

// Options say what is compared, and how strictly.
type Options struct {
	Table string
	// Columns are those that are compared, of Columns(Table); nil is all.
	Columns []string
	// Threshold is the probability from which on a pair is taken for a duplicate, within (0, 1); 0 is as low as at most one
	// in a hundred is expected to be wrong.
	Threshold float64
	// Workers is the number of goroutines; 0 is one for each core.
	Workers int
	// Progress is told how much of a stage is done; it may be nil.
	Progress func(stage Stage, done, total int64)
}

// Stage is a part of the work.
type Stage string

// The stages in their order.
const (
	Reading    Stage = "reading"
	Preparing  Stage = "preparing"
	Comparing  Stage = "comparing"
	Scoring    Stage = "scoring"
	Clustering Stage = "clustering"
)

var stages = map[linkage.Stage]Stage{linkage.Preparing: Preparing, linkage.Comparing: Comparing, linkage.Scoring: Scoring, linkage.Clustering: Clustering}

// Outcome is what was found.
type Outcome struct {
	Summary

	fields  []string
	records []linkage.Record
	r       *linkage.Result
	settled map[[2]string]bool // what is decided, by the two identifiers in their order
	review  []int              // pairs that may be duplicates and are in no group together
}

// Summary are the figures of an Outcome; its JSON is a contract.
type Summary struct {
	Table string `json:"table"`
	// Records that were compared: deleted ones and those merged into others are none of them.
	Records int `json:"records"`
	// Groups of records that stand for the same, and how many records are in them.
	Groups  int `json:"groups"`
	Grouped int `json:"grouped"`
	// Surplus is how many records there are beside the one of each group.
	Surplus int `json:"surplus"`
	// Share estimates how much of all records is surplus, those that were not found included.
	Share Share `json:"share"`
	// Review is how many pairs are neither surely the same nor surely different.
	Review     int         `json:"review"`
	Threshold  Threshold   `json:"threshold"`
	Thresholds []Threshold `json:"thresholds"`
	Pairs      Pairs       `json:"pairs"`
	Decisions  Decisions   `json:"decisions"`
	// Comparisons are the estimated parameters of the model.
	Comparisons []Comparison `json:"comparisons"`
}

// Share is a share of all records with its interval of 95 %.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Threshold tells what it would mean to take all pairs of at least a probability for duplicates.
type Threshold struct {
	Probability float64 `json:"probability"`
	Weight      float64 `json:"weight"` // bits
	Pairs       int     `json:"pairs"`
	Precision   float64 `json:"precision"` // expected share of true pairs among Pairs
	Recall      float64 `json:"recall"`    // expected share of the true pairs, among those compared, that are among Pairs
}

// Pairs says which pairs of records were looked at.
type Pairs struct {
	Possible int64 `json:"possible"`
	Compared int64 `json:"compared"`
	// LeftOut were not compared because too many records share a key; Unkeyed are records that had nothing to be found by.
	LeftOut int64 `json:"left_out"`
	Unkeyed int   `json:"unkeyed"`
}

// Decisions are how many pairs people have decided: Gone are those of records that are not there any more.
type Decisions struct {
	Same      int `json:"same"`
	Different int `json:"different"`
	Gone      int `json:"gone"`
}

// Comparison is one respect in which records are compared.
type Comparison struct {
	Name   string  `json:"name"`
	Levels []Level `json:"levels"`
}

// Level is a degree of agreement: how often duplicates and others show it, and what it weighs on average, in bits.
type Level struct {
	Name   string  `json:"name"`
	M      float64 `json:"m"`
	U      float64 `json:"u"`
	Weight float64 `json:"weight"`
}

// levels are the probabilities for which Thresholds tells what they would mean.
var levels = []float64{.5, .7, .8, .9, .95, .99, .999}

// Find looks through a table of a source. ErrTable, ErrColumn.
func Find(ctx context.Context, w *warehouse.Warehouse, s warehouse.Source, o Options) (*Outcome, error) {
	spec, err := specOf(o)
	if err != nil {
		return nil, err
	}
	decisions, err := w.Decisions(ctx, s.ID, o.Table)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		spec.Settled = append(spec.Settled, linkage.Settled{A: d.A, B: d.B, Same: d.Same})
	}
	records, err := load(ctx, w, s, o, spec.Fields)
	if err != nil {
		return nil, err
	}
	options := linkage.Options{Workers: o.Workers}
	if o.Progress != nil {
		options.Progress = func(stage linkage.Stage, done, total int64) { o.Progress(stages[stage], done, total) }
	}
	r, err := linkage.Find(ctx, records, spec, options)
	if err != nil {
		return nil, err
	}
	return outcome(o, spec, records, r), nil
}

func outcome(o Options, spec linkage.Spec, records []linkage.Record, r *linkage.Result) *Outcome {
	x := &Outcome{fields: spec.Fields, records: records, r: r, settled: make(map[[2]string]bool)}
	x.Summary = Summary{Table: o.Table, Records: len(records), Groups: len(r.Clusters), Threshold: threshold(r.Threshold), Thresholds: []Threshold{},
		Pairs: Pairs{Possible: r.Blocking.Possible, Compared: r.Blocking.Compared, LeftOut: r.Blocking.LeftOut, Unkeyed: r.Blocking.Unkeyed}}
	for _, c := range r.Clusters {
		x.Grouped += len(c.Records)
		x.Surplus += len(c.Records) - 1
	}
	for _, p := range levels {
		x.Thresholds = append(x.Thresholds, threshold(r.At(r.Weight(p))))
	}
	e := r.Excess()
	if n := float64(len(records)); n > 0 {
		x.Share = Share{e.Expected / n, e.Low / n, e.High / n}
	}
	there := make(map[string]bool)
	for _, d := range spec.Settled {
		there[d.A], there[d.B] = false, false
	}
	for _, r := range records {
		if _, ok := there[r.ID]; ok {
			there[r.ID] = true
		}
	}
	for _, d := range spec.Settled {
		switch {
		case !there[d.A] || !there[d.B]:
			x.Decisions.Gone++
			continue
		case d.Same:
			x.Decisions.Same++
		default:
			x.Decisions.Different++
		}
		a, b := warehouse.Pair(d.A, d.B)
		x.settled[[2]string{a, b}] = d.Same
	}
	group := make(map[int]int)
	for k, c := range r.Clusters {
		for _, i := range c.Records {
			group[i] = k + 1
		}
	}
	for k, p := range r.Pairs {
		if g := group[p.A]; g == 0 || g != group[p.B] {
			x.review = append(x.review, k)
		}
	}
	x.Review = len(x.review)
	for _, c := range r.Model.Comparisons {
		to := Comparison{Name: c.Name}
		for _, l := range c.Levels {
			to.Levels = append(to.Levels, Level{l.Name, l.M, l.U, l.Weight})
		}
		x.Comparisons = append(x.Comparisons, to)
	}
	return x
}

func threshold(t linkage.Threshold) Threshold {
	return Threshold{Probability: t.Probability, Weight: t.Weight, Pairs: t.Links, Precision: t.Precision, Recall: t.Recall}
}

// Member is a record of a group.
type Member struct {
	ID string `json:"id"`
	// Keep says that it is the one to keep: the fullest.
	Keep   bool              `json:"keep"`
	Values map[string]string `json:"values"`
	// Why it is here, nil for the one to keep.
	Why *Why `json:"why,omitempty"`
}

// Why says what makes two records one, or may.
type Why struct {
	// With is the other record: the one to keep, or the one that this agrees with best.
	With string `json:"with"`
	// Probability that the two are the same, and Weight, the evidence of the values alone, in bits.
	Probability float64 `json:"probability"`
	Weight      float64 `json:"weight"`
	// Decided says that somebody decided that they are.
	Decided  bool       `json:"decided"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence is what one comparison says about two records.
type Evidence struct {
	Comparison string `json:"comparison"`
	Level      string `json:"level"`
	// Weight in bits, of which Rarity is for how common the value is.
	Weight float64 `json:"weight"`
	Rarity float64 `json:"rarity"`
	// Values of this record and of the other.
	Values []string `json:"values"`
	Other  []string `json:"other"`
}

// Group is a set of records that stand for the same.
type Group struct {
	Number  int      `json:"group"`
	Members []Member `json:"members"`
}

// Group tells of the k-th group, counted from 0; the one to keep comes first.
func (x *Outcome) Group(k int) Group {
	c := x.r.Clusters[k]
	g := Group{Number: k + 1, Members: []Member{x.member(c.Survivor)}}
	g.Members[0].Keep = true
	for _, i := range c.Records {
		if i == c.Survivor {
			continue
		}
		m := x.member(i)
		m.Why = x.why(i, x.closest(i, c))
		g.Members = append(g.Members, m)
	}
	return g
}

// mostLooked is how many records of a group are asked for the one that another agrees with best.
const mostLooked = 24

// closest is the record that another of a group is explained by: the one to keep if the two are a link by themselves or by
// decision, otherwise the one it agrees with best.
func (x *Outcome) closest(i int, c linkage.Cluster) int {
	if same, ok := x.decided(i, c.Survivor); ok && same {
		return c.Survivor
	}
	best, most := c.Survivor, 0.0
	if most, _ = x.r.Weigh(i, best); most >= x.r.Threshold.Weight {
		return best
	}
	for _, j := range c.Records[:min(len(c.Records), mostLooked)] {
		if j == i || j == c.Survivor {
			continue
		}
		if same, ok := x.decided(i, j); ok && same {
			return j
		}
		if weight, _ := x.r.Weigh(i, j); weight > most {
			best, most = j, weight
		}
	}
	return best
}

func (x *Outcome) decided(i, j int) (same, ok bool) {
	if len(x.settled) == 0 {
		return false, false
	}
	a, b := warehouse.Pair(x.records[i].ID, x.records[j].ID)
	same, ok = x.settled[[2]string{a, b}]
	return same, ok
}

func (x *Outcome) member(i int) Member {
	m := Member{ID: x.records[i].ID, Values: make(map[string]string)}
	for k, v := range x.records[i].Values {
		if v != "" {
			m.Values[x.fields[k]] = v
		}
	}
	return m
}

func (x *Outcome) why(i, j int) *Why {
	y := &Why{With: x.records[j].ID, Evidence: []Evidence{}}
	y.Weight, y.Probability = x.r.Weigh(i, j)
	y.Decided, _ = x.decided(i, j)
	for _, e := range x.r.Explain(i, j) {
		if e.Level != "" {
			y.Evidence = append(y.Evidence, Evidence{Comparison: e.Comparison, Level: e.Level, Weight: e.Weight, Rarity: e.Frequency, Values: e.A, Other: e.B})
		}
	}
	return y
}

// Doubt tells of the k-th pair that may be a duplicate and is in no group, counted from 0, the most probable first. The record
// with more values comes first.
func (x *Outcome) Doubt(k int) [2]Member {
	p := x.r.Pairs[x.review[k]]
	a, b := p.A, p.B
	if filled(x.records[b]) > filled(x.records[a]) {
		a, b = b, a
	}
	pair := [2]Member{x.member(a), x.member(b)}
	pair[0].Keep = true
	pair[1].Why = x.why(b, a)
	return pair
}

func filled(r linkage.Record) int {
	return len(r.Values) - len(slices.DeleteFunc(slices.Clone(r.Values), func(v string) bool { return v != "" }))
}
