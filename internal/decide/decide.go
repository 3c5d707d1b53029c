// Package decide turns a number into a decision: what drives it, what to find out first, when it fails, what must hold and
// what to do next. Start with New, which runs a case once; the methods of Study ask further questions of the same draws.
// The estimators are those of package explain; texts are made by package report.
package decide

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/sim"
)

// DefaultDraws is the number of draws of a study where none is asked for.
const DefaultDraws = 20_000

// LeastDraws is the smallest number of draws that the estimators of a study can work with.
const LeastDraws = 100

// Study is a case that has been run, ready for questions.
type Study struct {
	*calc.Answer
	Case    calc.Case
	Options calc.Options
	Runner  *sim.Runner
	// Inputs are the uncertain quantities in the order of Graph.Inputs.
	Inputs []*model.Quantity
	// Values holds the inputs of every draw: Values[input][draw].
	Values [][]float64
	// others are the alternatives beside the case itself and doing nothing, see Choose.
	others []option
}

// New runs a case. The list holds errors (then Study is nil) and warnings.
func New(ctx context.Context, c calc.Case, o calc.Options) (*Study, diag.List, error) {
	if o.Draws == 0 {
		o.Draws = DefaultDraws
	}
	a, list, err := calc.Run(ctx, c, o)
	if err != nil || a == nil {
		return nil, list, err
	}
	s := &Study{Answer: a, Case: c, Options: o, Runner: a.Runner}
	for _, in := range a.Graph.Inputs {
		q, _ := a.Model.Quantity(in.ID)
		s.Inputs = append(s.Inputs, q)
	}
	s.Values = a.Outcome.Inputs(o.Draws)
	return s, list, nil
}

// run repeats the simulation on the same random numbers with some inputs held.
func (s *Study) run(ctx context.Context, fixed map[int]float64) (*sim.Outcome, error) {
	o := s.draws()
	o.Workers, o.Fixed = 1, fixed
	return s.Runner.Run(ctx, o)
}

// draws are the study's random numbers.
func (s *Study) draws() sim.Options {
	return sim.Options{Draws: s.Options.Draws, Seed: s.Options.Seed, Pseudo: s.Options.Pseudo, Keys: s.Keys, Brief: true}
}

// each calls f for 0 … n−1 on all cores and returns the first error.
func each(n int, f func(i int) error) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	return first
}

// medians are the medians of the three figures of an outcome; nil where a figure has none.
type medians struct {
	npv            float64
	roi, breakEven *float64
}

func mediansOf(o *sim.Outcome) medians {
	m := medians{npv: sim.Quantile(o.NPV, 0.5)[0]}
	if !slices.ContainsFunc(o.ROI, math.IsNaN) {
		m.roi = &sim.Quantile(o.ROI, 0.5)[0]
	}
	m.breakEven = monthQuantile(o.BreakEven, 0.5)
	return m
}

// monthQuantile is a quantile of break-even months, in which "never" (NaN) is later than every month; nil where the
// quantile falls there.
func monthQuantile(months []float64, p float64) *float64 {
	late := slices.Clone(months)
	for i, m := range late {
		if math.IsNaN(m) {
			late[i] = math.MaxFloat64
		}
	}
	h := p * float64(len(late)-1)
	q := sim.Quantile(late, p)[0]
	if q > 1e300 || math.IsNaN(h) {
		return nil
	}
	return &q
}

// groupOf says which factor or line an assumption belongs to; empty for one that several lines share.
func (s *Study) groupOf(q *model.Quantity) (id, label string) {
	if q.Line != nil {
		return q.Line.ID, s.LineLabel(q.Line)
	}
	name, _, ok := strings.Cut(q.ID, ".")
	if ok && slices.Contains(casefile.CurveNames, name) {
		return name, name
	}
	return "", ""
}
