package calc

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/sim"
)

// Compare computes alternatives on common random numbers and sets them side by side; the first is the one compared with.
// An alternative is a scenario of the file, "base", which is the case without a scenario, "nothing", which is not to do it
// at all, or one of the first two put off: "base+6" starts six months later, see Options.Wait. With none it takes the base
// case and all scenarios of the file; with one, the base case and that one.
func Compare(ctx context.Context, c Case, alternatives []string, o Options) (*result.Comparison, diag.List, error) {
	r, found := Read(c)
	if r == nil {
		return nil, found, nil
	}
	return r.Compare(ctx, alternatives, o)
}

// Compare compares as the function Compare does. Answers that are known under the same options need not be computed again.
func (r *Reading) Compare(ctx context.Context, alternatives []string, o Options, known ...*Answer) (*result.Comparison, diag.List, error) {
	c, base := r.c, r.base
	switch len(alternatives) {
	case 0:
		alternatives = []string{"base"}
		for _, s := range base.File.Scenarios {
			alternatives = append(alternatives, s.ID)
		}
		if len(alternatives) == 1 {
			return nil, diag.List{diag.New("no_scenarios", diag.Position{File: c.Name}, nil)}, nil
		}
	case 1:
		if alternatives[0] != "base" {
			alternatives = []string{"base", alternatives[0]}
		}
	}
	out := &result.Comparison{Differences: []result.Difference{}}
	var first *Answer
	for _, id := range alternatives {
		scenario, wait := alternative(id, base.File.Scenarios)
		o.Scenario, o.Wait = scenario, wait
		var a *Answer
		if scenario == result.Nothing {
			a = nothing(c, base, o)
		} else if i := slices.IndexFunc(known, func(a *Answer) bool { return cmp.Or(a.Scenario, "base") == scenario && a.WaitMonths == wait }); i >= 0 {
			a = known[i]
		} else {
			var list diag.List
			var err error
			if a, list, err = r.Run(ctx, o); err != nil || a == nil {
				return nil, list, err
			}
		}
		label := scenario
		if i := slices.IndexFunc(base.File.Scenarios, func(s casefile.Scenario) bool { return s.ID == scenario }); i >= 0 {
			label = cmp.Or(base.File.Scenarios[i].Label, scenario)
		}
		out.Scenarios = append(out.Scenarios, *a.Result)
		out.IDs = append(out.IDs, id)
		out.Labels = append(out.Labels, label)
		if first == nil {
			first = a
			continue
		}
		out.Differences = append(out.Differences, difference(first, a, alternatives[0], id))
	}
	return out, r.found[""], nil
}

// alternative takes "with_ai+6" apart, unless the file has a scenario of just that name. What is left is a scenario, known
// or not.
func alternative(id string, known []casefile.Scenario) (scenario string, wait int) {
	name, months, ok := strings.Cut(id, "+")
	if !ok || name == result.Nothing || slices.ContainsFunc(known, func(s casefile.Scenario) bool { return s.ID == id }) {
		return id, 0
	}
	wait, err := strconv.Atoi(months)
	if err != nil || wait < 0 {
		return id, 0
	}
	return name, wait
}

// nothing is the answer of not doing it: it costs nothing, brings nothing and has nothing to pay back.
func nothing(c Case, m *model.Model, o Options) *Answer {
	o.Draws = cmp.Or(o.Draws, DefaultDraws)
	zeros := make([]float64, o.Draws)
	never := make([]float64, o.Draws)
	for i := range never {
		never[i] = math.NaN()
	}
	a := &Answer{lang: o.Lang, Outcome: &sim.Outcome{NPV: zeros, BreakEven: never}, Result: &result.Result{
		Case: caseOf(m.File), Version: c.Version, Scenario: result.Nothing, Seed: o.Seed, Draws: o.Draws, Sampler: sampler(o),
		Lines: []result.Line{}, Carriers: []result.Carrier{}, Notes: []result.Note{}, Timeline: make([]result.Month, m.File.Horizon+1),
		BreakEvenShare: make([]float64, m.File.Horizon+1), Scorecard: unchanged(scorecard(m.Criteria, o.Lang)),
	}}
	for i := range a.Timeline {
		a.Timeline[i].Month = i
	}
	a.Simulation.NPV, a.Simulation.PeakFunding = spread(zeros), spread(zeros)
	a.Simulation.BreakEven.NotWithinHorizon = 1
	return a
}

func difference(a, b *Answer, first, id string) result.Difference {
	d := result.Difference{Scenario: id}
	npv := make([]float64, len(a.Outcome.NPV))
	var months []float64
	better, earlier := 0, 0
	for i := range npv {
		npv[i] = b.Outcome.NPV[i] - a.Outcome.NPV[i]
		if npv[i] > 0 {
			better++
		}
		m := b.Outcome.BreakEven[i] - a.Outcome.BreakEven[i]
		if !math.IsNaN(m) {
			months = append(months, m)
		}
		if m < 0 || math.IsNaN(a.Outcome.BreakEven[i]) && !math.IsNaN(b.Outcome.BreakEven[i]) {
			earlier++
		}
	}
	n := float64(len(npv))
	d.NPV = spread(npv)
	d.ProbabilityBetter = float64(better) / n
	d.ProbabilityEarlier = float64(earlier) / n
	d.BothWithinHorizon = float64(len(months)) / n
	if len(months) > 0 {
		d.BreakEvenMonths = spread(months)
	}
	if x, y := a.Scorecard, b.Scorecard; x != nil && y != nil {
		utility := y.Expected - x.Expected
		d.Utility = &utility
	}
	switch order := dominance(b.Outcome.NPV, a.Outcome.NPV); {
	case order > 0:
		d.Dominance = &result.Dominance{Order: order, Better: id}
	case order < 0:
		d.Dominance = &result.Dominance{Order: -order, Better: first}
	}
	return d
}
