package calc

import (
	"context"
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/result"
)

// Compare computes scenarios on common random numbers and sets them side by side; the first is the one compared with.
// With no scenario it takes the base case and all of the file; with one, the base case and that one. "base" is the case
// without a scenario.
func Compare(ctx context.Context, c Case, scenarios []string, o Options) (*result.Comparison, diag.List, error) {
	base, found := Check(c, "")
	if found.Err() != nil {
		return nil, found, nil
	}
	switch len(scenarios) {
	case 0:
		scenarios = []string{"base"}
		for _, s := range base.File.Scenarios {
			scenarios = append(scenarios, s.ID)
		}
		if len(scenarios) == 1 {
			return nil, diag.List{diag.New("no_scenarios", diag.Position{File: c.Name}, nil)}, nil
		}
	case 1:
		if scenarios[0] != "base" {
			scenarios = []string{"base", scenarios[0]}
		}
	}
	out := &result.Comparison{Differences: []result.Difference{}}
	var first *Answer
	for _, id := range scenarios {
		o.Scenario = id
		a, list, err := Run(ctx, c, o)
		if err != nil || a == nil {
			return nil, list, err
		}
		label := id
		if i := slices.IndexFunc(base.File.Scenarios, func(s casefile.Scenario) bool { return s.ID == id }); i >= 0 && base.File.Scenarios[i].Label != "" {
			label = base.File.Scenarios[i].Label
		}
		out.Scenarios = append(out.Scenarios, *a.Result)
		out.Labels = append(out.Labels, label)
		if first == nil {
			first = a
			continue
		}
		out.Differences = append(out.Differences, difference(first, a, id))
	}
	return out, found, nil
}

func difference(a, b *Answer, id string) result.Difference {
	d := result.Difference{Scenario: id}
	npv := make([]float64, len(a.Outcome.NPV))
	var months []float64
	better := 0
	for i := range npv {
		npv[i] = b.Outcome.NPV[i] - a.Outcome.NPV[i]
		if npv[i] > 0 {
			better++
		}
		if m := b.Outcome.BreakEven[i] - a.Outcome.BreakEven[i]; !math.IsNaN(m) {
			months = append(months, m)
		}
	}
	n := float64(len(npv))
	d.NPV = spread(npv)
	d.ProbabilityBetter = float64(better) / n
	d.BothWithinHorizon = float64(len(months)) / n
	if len(months) > 0 {
		d.BreakEvenMonths = spread(months)
	}
	return d
}
