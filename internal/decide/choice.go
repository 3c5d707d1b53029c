package decide

import (
	"context"
	"slices"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/sim"
)

// Action is one of the alternatives of a decision.
type Action struct {
	ID    string `json:"id"` // result.Nothing, "base" or a scenario
	Label string `json:"label"`
	// NPV is its mean over the draws, by which a decision is taken that cannot wait for more knowledge.
	NPV float64 `json:"npv"`
	// Best is the share of draws in which its NPV is the highest; where several are equally high, the first of them counts.
	Best float64 `json:"probability_best"`
}

// option is what an action brings, draw by draw, and the uncertain quantities behind it.
type option struct {
	id, label string
	npv       []float64
	inputs    []*model.Quantity
	values    [][]float64
}

// Choose adds scenarios between which the decision lies, beside the study's own and doing nothing: the value of
// information is then that of this decision. Whether scenarios of a file are alternatives or states of the world, only
// its author knows, so none is added by itself. The list holds errors; the error is that of ctx.
func (s *Study) Choose(ctx context.Context, scenarios ...string) (diag.List, error) {
	for _, id := range scenarios {
		if id == result.Nothing || slices.ContainsFunc(s.options(), func(o option) bool { return o.id == id }) {
			continue
		}
		o := s.Options
		o.Scenario = id
		a, list, err := calc.Run(ctx, s.Case, o)
		if err != nil || a == nil {
			return list, err
		}
		other := option{id: id, label: s.scenarioLabel(id), npv: a.Outcome.NPV, values: a.Outcome.Inputs(o.Draws)}
		for _, in := range a.Graph.Inputs {
			q, _ := a.Model.Quantity(in.ID)
			other.inputs = append(other.inputs, q)
		}
		s.others = append(s.others, other)
	}
	return nil, nil
}

// options are all alternatives, doing nothing first.
func (s *Study) options() []option {
	own := option{id: s.Scenario, npv: s.Outcome.NPV, inputs: s.Inputs, values: s.Values}
	if own.id == "" {
		own.id = "base"
	}
	own.label = s.scenarioLabel(own.id)
	return append([]option{{id: result.Nothing, label: result.Nothing, npv: make([]float64, len(own.npv))}, own}, s.others...)
}

// scenarioLabel is what the file calls a scenario, else its id.
func (s *Study) scenarioLabel(id string) string {
	all := s.Model.File.Scenarios
	if i := slices.IndexFunc(all, func(x casefile.Scenario) bool { return x.ID == id }); i >= 0 && all[i].Label != "" {
		return all[i].Label
	}
	return id
}

// Decision lists the alternatives, doing nothing first.
func (s *Study) Decision() []Action {
	options := s.options()
	actions := make([]Action, len(options))
	for i, o := range options {
		actions[i] = Action{ID: o.id, Label: o.label, NPV: sim.Mean(o.npv)}
	}
	n := float64(len(s.Outcome.NPV))
	for k := range s.Outcome.NPV {
		best := 0
		for i := range options {
			if options[i].npv[k] > options[best].npv[k] {
				best = i
			}
		}
		actions[best].Best += 1 / n
	}
	return actions
}

// unknown lists every uncertain quantity behind one of the alternatives, with its draws. One that several share is drawn
// from the same random numbers in all of them, so that knowing it in one is knowing it in all.
func (s *Study) unknown() (inputs []*model.Quantity, values [][]float64) {
	inputs, values = slices.Clone(s.Inputs), slices.Clone(s.Values)
	for _, o := range s.others {
		for i, q := range o.inputs {
			if !slices.ContainsFunc(inputs, func(have *model.Quantity) bool { return have.ID == q.ID }) {
				inputs, values = append(inputs, q), append(values, o.values[i])
			}
		}
	}
	return inputs, values
}
