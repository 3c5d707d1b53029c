// Package linkage finds records that stand for the same firm or person: Fellegi & Sunter's theory of record linkage (1969,
// JASA 64(328), 1183–1210) with parameters estimated by EM and without labels (Winkler 1988), weights adjusted for how
// common a value is (Winkler 1989; Linacre et al. 2022, Splink), blocking, and clusters. Start with Find and Accounts or
// Contacts; Link is for two files of which each has no duplicates of its own.
//
// It takes records and answers with numbers: no files, no clock, no words for people. The answer depends on the records,
// the specification and its seed alone, not on the order of the records or the number of cores.
package linkage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
)

// Record is what is known of one firm or person.
type Record struct {
	// ID tells the record from all others of its file; it decides nothing but ties.
	ID string
	// Values are as they were typed, in the order of Spec.Fields; "" is missing.
	Values []string
}

// Spec says what is compared and how. Accounts and Contacts are ready-made.
type Spec struct {
	Fields      []string
	Features    []Feature
	Comparisons []Comparison
	Passes      []Pass
	// MaxBlock is how many records with the same key are compared each with each; a larger block is divided (see Pass).
	// 0 is DefaultBlock.
	MaxBlock int
	// FalseShare is the estimated share of wrong pairs among the links that is put up with, within (0, 1); 0 is
	// DefaultFalseShare. A pair that is more likely different than the same is never a link.
	FalseShare float64
	// Least, where it is not 0, is the probability from which on a pair is a link, within (0, 1), in the place of what
	// FalseShare would make it.
	Least float64
	// Keep is the probability above which a pair is told at all, within (0, 1); 0 is DefaultKeep.
	Keep float64
	// Sample is how many random pairs show how often records that are no duplicates agree; a file with fewer pairs is looked
	// at in full. 0 is DefaultSample.
	Sample int
	Seed   uint64
	// Settled are pairs that are decided; those of records that are not there are passed over. Find alone takes them.
	Settled []Settled
}

// Defaults of a Spec, and the largest file.
const (
	DefaultBlock      = 200
	DefaultFalseShare = 0.01
	DefaultKeep       = 0.05
	DefaultSample     = 1_000_000
	MaxRecords        = 20_000_000
)

// Feature is a form of a record that is compared or blocked on.
type Feature struct {
	Name string
	// After are features before it that it is made of; nil are the record's values. A feature of one other is made once for
	// all records in which that is the same.
	After []string
	// From makes it of the values of After, in their order, or of the record's, in the order of Spec.Fields; "" is missing. It
	// must be a pure function.
	From func(values []string) string
}

// Comparison grades how two records agree in one respect.
type Comparison struct {
	Name     string
	Features []string
	// Fields are those of Spec.Fields that an explanation shows.
	Fields []string
	Levels []Level
	// Needed is how many of Features, the first ones, both records must have; otherwise the comparison is Missing and Compare
	// is not asked.
	Needed int
	// Compare is given the two records' features, in the order of Features, and returns an index into Levels or Missing. It
	// must be a pure function, and the same with a and b exchanged. The slices are not to be kept.
	Compare func(a, b []string) int
}

// Missing is what Compare returns where a record lacks the value: it speaks neither for nor against.
const Missing = -1

// Level is a degree of agreement. The first of a Comparison is the closest, the last is none.
type Level struct {
	Name string
	// M is how often duplicates are expected to agree to this degree before any are seen: the start of the estimation, and
	// in it as good as ten pairs seen. The levels that are not held sum to 1.
	M float64
	// Frequency names the feature whose rarity counts: agreeing on a rare value says more. Where the feature's two values
	// differ, a common one lowers the weight and a rare one does not raise it, since every typing error is rare.
	Frequency string
	// Held gives the level Weight, in bits and at most 0, instead of estimating it; one level of a comparison may be held. It
	// is for evidence of something that two classes cannot express: related but not the same, as a holding and its
	// subsidiary, which agree on nearly all.
	Held   bool
	Weight float64
}

// Pass is one way to find pairs worth comparing: records with equal Key features are. A record that lacks one of them
// takes no part in the pass.
type Pass struct {
	Name string
	Key  []string
	// Refine are features by which a block above MaxBlock is divided, one after the other; what is still too large is
	// ordered by them, and each record is compared with its neighbours (Hernández & Stolfo 1995). What is left out is told
	// in Blocking.
	Refine []string
}

// Stage is a part of the work, for Options.Progress.
type Stage int

// The stages in their order.
const (
	Preparing Stage = iota
	Comparing
	Scoring
	Clustering
)

// Options change how the work is done, not what comes of it.
type Options struct {
	// Workers is the number of goroutines; 0 is one for each core.
	Workers int
	// Progress is told how much of a stage is done, from one goroutine at a time; it may be nil.
	Progress func(stage Stage, done, total int64)
}

// ErrInput is wrapped by what Find and Link return for records or a specification that do not fit.
var ErrInput = errors.New("linkage")

// Result is what was found. Records are indices into the slice given to Find; for Link those of b follow those of a.
type Result struct {
	// Pairs are those compared whose probability is at least Spec.Keep, most certain first; those that are Settled are not
	// among them.
	Pairs []Pair
	// Clusters are the sets of two and more records that stand for the same, the largest first.
	Clusters  []Cluster
	Threshold Threshold
	Model     Model
	Blocking  Blocking

	w   *work
	own []int32   // own index by the caller's
	sum []float64 // expected duplicates among the first k pairs
	all float64   // and among all pairs compared
}

// Pair is two records that may be duplicates.
type Pair struct {
	A, B int
	// Weight is the sum of log₂(m/u) over the comparisons, in bits: the evidence of the values alone.
	Weight float64
	// Probability that they are duplicates, given the share of duplicates among all pairs.
	Probability float64
	// Link says that the pair is above the threshold; Cut that it is and yet its records are in different clusters, because
	// too much else speaks against joining them.
	Link, Cut bool
}

// Cluster is a set of records that stand for the same.
type Cluster struct {
	Records []int
	// Survivor is the record to keep: the one with the most values; among equals the one that agrees best with the others.
	Survivor int
}

// Threshold tells what linking all pairs from a weight on means. The figures are estimates from the probabilities of the
// pairs (Fellegi & Sunter 1969, their μ and λ), as good as the model is.
type Threshold struct {
	Weight, Probability float64
	Links               int
	// Precision is the expected share of true pairs among the links. Recall is the expected share of the true pairs among
	// those compared that are links. It says nothing of true pairs that blocking never showed: how many there are is
	// unknown, and Blocking says what was not looked at.
	Precision, Recall float64
}

// Model is what was estimated.
type Model struct {
	// Prior is the share of duplicates among all pairs of records.
	Prior       float64
	Comparisons []Estimates
	Iterations  int
	Converged   bool
}

// Estimates are the parameters of one comparison.
type Estimates struct {
	Name   string
	Levels []Estimate
}

// Estimate is one level: M and U are how often duplicates and others show it among the pairs where it is not missing.
type Estimate struct {
	Name         string
	M, U, Weight float64
	Held         bool
}

// Find looks for duplicates within one file.
func Find(ctx context.Context, records []Record, spec Spec, o Options) (*Result, error) {
	return run(ctx, records, len(records), false, spec, o)
}

// Link looks for records of b that stand for the same as one of a. Pairs within one of the files are not looked for.
func Link(ctx context.Context, a, b []Record, spec Spec, o Options) (*Result, error) {
	return run(ctx, slices.Concat(a, b), len(a), true, spec, o)
}

func run(ctx context.Context, records []Record, split int, link bool, spec Spec, o Options) (*Result, error) {
	p, err := compile(spec)
	if err != nil {
		return nil, err
	}
	if len(records) > MaxRecords {
		return nil, fmt.Errorf("%w: %d records, more than %d", ErrInput, len(records), MaxRecords)
	}
	for i, r := range records {
		if len(r.Values) != len(spec.Fields) {
			return nil, fmt.Errorf("%w: record %q (number %d) has %d values for %d fields", ErrInput, r.ID, i+1, len(r.Values), len(spec.Fields))
		}
	}
	order, err := byID(records, split, link)
	if err != nil {
		return nil, err
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	w := &work{ctx: ctx, plan: p, records: records, order: order, split: split, link: link, workers: workers, progress: o.Progress}
	if err := w.settle(spec.Settled); err != nil {
		return nil, err
	}
	if err := w.prepare(); err != nil {
		return nil, err
	}
	if err := w.block(); err != nil {
		return nil, err
	}
	counts, err := w.count()
	if err != nil {
		return nil, err
	}
	fit := w.estimate(counts)
	w.weigh(fit)
	kept, all, err := w.score()
	if err != nil {
		return nil, err
	}
	return w.result(fit, kept, all)
}

// byID is the order in which records are worked on, so that the order in which they came does not matter: a before b, and
// by ID.
func byID(records []Record, split int, link bool) ([]int32, error) {
	order := make([]int32, len(records))
	for i := range order {
		order[i] = int32(i)
	}
	parts := [][]int32{order}
	if link {
		parts = [][]int32{order[:split], order[split:]}
	}
	for _, part := range parts {
		slices.SortFunc(part, func(i, j int32) int { return strings.Compare(records[i].ID, records[j].ID) })
		for k := 1; k < len(part); k++ {
			if id := records[part[k]].ID; id == records[part[k-1]].ID {
				return nil, fmt.Errorf("%w: two records have the ID %q", ErrInput, id)
			}
		}
	}
	return order, nil
}

// plan is a Spec with its names resolved.
type plan struct {
	Spec
	comparisons []comparison
	passes      []pass
	after       [][]int // by feature: those that it is made of
}

type comparison struct {
	*Comparison
	features  []int
	fields    []int
	frequency []int // by level; −1 none
}

type pass struct {
	*Pass
	key, refine []int
}

func compile(s Spec) (*plan, error) {
	if s.MaxBlock == 0 {
		s.MaxBlock = DefaultBlock
	}
	if s.FalseShare == 0 {
		s.FalseShare = DefaultFalseShare
	}
	if s.Keep == 0 {
		s.Keep = DefaultKeep
	}
	if s.Sample == 0 {
		s.Sample = DefaultSample
	}
	within := func(x float64) bool { return x > 0 && x < 1 }
	if s.Least != 0 {
		s.Keep = min(s.Keep, s.Least)
	}
	if s.MaxBlock < 2 || !within(s.FalseShare) || !within(s.Keep) || s.Least != 0 && !within(s.Least) || s.Sample < 0 {
		return nil, fmt.Errorf("%w: a setting of the specification is out of range", ErrInput)
	}
	p := &plan{Spec: s}
	index := make(map[string]int)
	for i, f := range s.Features {
		if _, ok := index[f.Name]; ok || f.From == nil {
			return nil, fmt.Errorf("%w: feature %q is there twice or not made of anything", ErrInput, f.Name)
		}
		index[f.Name] = i
		var after []int
		for _, name := range f.After {
			at, ok := index[name]
			if !ok || at == i {
				return nil, fmt.Errorf("%w: feature %q: no feature %q before it", ErrInput, f.Name, name)
			}
			after = append(after, at)
		}
		p.after = append(p.after, after)
	}
	find := func(names []string) ([]int, error) {
		var out []int
		for _, n := range names {
			i, ok := index[n]
			if !ok {
				return nil, fmt.Errorf("%w: no feature %q", ErrInput, n)
			}
			out = append(out, i)
		}
		return out, nil
	}
	for i := range s.Comparisons {
		c := comparison{Comparison: &s.Comparisons[i]}
		var err error
		if c.features, err = find(c.Features); err != nil {
			return nil, err
		}
		if len(c.Levels) < 2 || len(c.Levels) > maxLevels || len(c.features) == 0 || c.Needed < 0 || c.Needed > len(c.features) || c.Compare == nil {
			return nil, fmt.Errorf("%w: comparison %q needs features, 2 to %d levels and a function", ErrInput, c.Name, maxLevels)
		}
		for _, name := range c.Fields {
			at := slices.Index(s.Fields, name)
			if at < 0 {
				return nil, fmt.Errorf("%w: comparison %q: no field %q", ErrInput, c.Name, name)
			}
			c.fields = append(c.fields, at)
		}
		sum := 0.0
		held := 0
		for _, l := range c.Levels {
			switch {
			case !l.Held && within(l.M):
				sum += l.M
			case !l.Held:
				return nil, fmt.Errorf("%w: level %q of %q: M must lie between 0 and 1", ErrInput, l.Name, c.Name)
			case held > 0 || !(l.Weight <= 0):
				return nil, fmt.Errorf("%w: comparison %q: one level may be held, at 0 bits or less", ErrInput, c.Name)
			default:
				held++
			}
			f := -1
			if l.Frequency != "" {
				at, err := find([]string{l.Frequency})
				if err != nil {
					return nil, err
				}
				f = at[0]
			}
			c.frequency = append(c.frequency, f)
		}
		if math.Abs(sum-1) > 1e-9 {
			return nil, fmt.Errorf("%w: M of the levels of %q sum to %g, not 1", ErrInput, c.Name, sum)
		}
		p.comparisons = append(p.comparisons, c)
	}
	for i := range s.Passes {
		a := pass{Pass: &s.Passes[i]}
		var err error
		if a.key, err = find(a.Key); err != nil {
			return nil, err
		}
		if a.refine, err = find(a.Refine); err != nil {
			return nil, err
		}
		if len(a.key) == 0 {
			return nil, fmt.Errorf("%w: pass %q has no key", ErrInput, a.Name)
		}
		p.passes = append(p.passes, a)
	}
	if len(p.comparisons) == 0 || len(p.comparisons) > maxComparisons || len(p.passes) == 0 {
		return nil, fmt.Errorf("%w: a specification needs 1 to %d comparisons and a pass", ErrInput, maxComparisons)
	}
	return p, nil
}

// A pattern of levels is packed into a uint64, four bits for each comparison.
const (
	maxLevels      = 15
	maxComparisons = 16
)
