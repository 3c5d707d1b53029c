package decide

import (
	"cmp"
	"context"
	"errors"

	"github.com/rendite-crm/rendite/internal/formula"
)

// Combination is a set of steps that meets a target together, with what they cost once.
type Combination struct {
	Steps   []string `json:"steps"` // ids of levers, see Step
	Labels  []string `json:"labels"`
	Actions []string `json:"actions"`
	Hours   Effort   `json:"hours"`
	// Cost is what the median of the hours costs, paid in month 0 before the target is looked at, CostRange that of all of
	// them; nil where the case has no wage.
	Cost        *float64 `json:"cost"`
	CostRange   *Effort  `json:"cost_range"`
	Probability float64  `json:"probability"`
}

// mostSteps bounds the sets that are tried: 2^10 would take too long, and nobody starts ten things at once.
const mostSteps = 6

// combine tries all sets of the steps whose effort is known, among the most useful ones, and returns the cheapest that
// meets the target after its own cost; nil where none does.
func (s *Study) combine(ctx context.Context, t Target) (*Combination, error) {
	steps, err := s.Levers(ctx)
	if err != nil {
		return nil, err
	}
	var known []Step
	for _, x := range steps {
		if x.Hours != nil && x.Modelled && x.NPV > 0 && len(known) < mostSteps {
			known = append(known, x)
		}
	}
	found := make([]*Combination, 1<<len(known))
	err = each(len(found), func(set int) error {
		if set == 0 {
			return nil
		}
		c := &Combination{}
		var d deviation
		for i, x := range known {
			if set&(1<<i) != 0 {
				c.add(x)
				d.add(x.change)
			}
		}
		if c.Cost != nil && *c.Cost > 0 {
			d.set("costs."+s.free(), "{amount: "+formula.Format(*c.Cost)+" "+s.Model.File.Currency+", at: 0}")
		}
		out, _, err := s.with(ctx, d)
		if errors.Is(err, errStep) {
			return nil // two steps that the case refuses together
		}
		if err != nil {
			return err
		}
		if t.gap(out) <= 0 {
			c.Probability = t.reached(out)
			found[set] = c
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var best *Combination
	for _, c := range found {
		if c != nil && (best == nil || cmp.Or(cmp.Compare(c.Hours.P50, best.Hours.P50), cmp.Compare(len(c.Steps), len(best.Steps))) < 0) {
			best = c
		}
	}
	return best, nil
}

func (c *Combination) add(x Step) {
	c.Steps, c.Labels, c.Actions = append(c.Steps, x.ID), append(c.Labels, x.Label), append(c.Actions, x.Action)
	c.Hours = c.Hours.plus(*x.Hours)
	if x.CostRange == nil {
		return // no step has one
	}
	if c.CostRange == nil {
		c.CostRange = &Effort{}
	}
	*c.CostRange = c.CostRange.plus(*x.CostRange)
	c.Cost = &c.CostRange.P50
}

// plus adds range to range as if both came out alike, which is wider than if they did not.
func (e Effort) plus(x Effort) Effort { return Effort{e.P10 + x.P10, e.P50 + x.P50, e.P90 + x.P90} }

// free is a name that no cost of the case has.
func (s *Study) free() string {
	name := "steps_taken"
	for _, l := range s.Model.File.Costs {
		if l.ID == name {
			name += "_too"
		}
	}
	return name
}
