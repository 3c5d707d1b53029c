package decide

import (
	"context"
	"slices"
)

// Explanation is everything `rendite explain` says, in the order in which it says it.
type Explanation struct {
	Tornado  []Bar      `json:"tornado"`
	Sobol    []Index    `json:"sobol"`
	Decision []Action   `json:"decision"` // between what the value of information is one
	EVPI     float64    `json:"evpi"`
	EVPISE   float64    `json:"evpi_se"`
	EVPPI    []Worth    `json:"evppi"`
	Groups   []Worth    `json:"evppi_groups"`
	Plan     []Measure  `json:"measuring_plan"`
	Failure  Failure    `json:"failure"`
	Levers   []Step     `json:"levers"`
	Position []Position `json:"benchmarks"`
	Text     string     `json:"text"`
	// Scenarios are those of the file that the decision leaves out.
	Scenarios []string `json:"-"`
}

// Explain asks all questions of a study. month is the break-even target of the failure search; nil asks for a negative NPV.
func (s *Study) Explain(ctx context.Context, month *float64) (*Explanation, error) {
	e := &Explanation{}
	var info Information
	parts := []func() error{
		func() (err error) { e.Tornado, err = s.Tornado(ctx); return },
		func() (err error) { e.Levers, err = s.Levers(ctx); return },
		func() (err error) { info, err = s.Information(); return },
		func() (err error) { e.Sobol, err = s.Sobol(ctx, 0); return },
		func() (err error) { e.Failure, err = s.Failure(month); return },
	}
	// Beside each other, since each has stretches that take one core only.
	if err := each(len(parts), func(i int) error { return parts[i]() }); err != nil {
		return nil, err
	}
	e.Decision = s.Decision()
	for _, x := range s.Model.File.Scenarios {
		if !slices.ContainsFunc(e.Decision, func(a Action) bool { return a.ID == x.ID }) {
			e.Scenarios = append(e.Scenarios, x.ID)
		}
	}
	e.EVPI, e.EVPISE, e.EVPPI, e.Groups = info.EVPI, info.SE, info.Single, info.Groups
	e.Plan = s.Measures(info)
	e.Position = Benchmark(s.Answer)
	return e, nil
}
