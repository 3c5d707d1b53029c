package decide

import (
	"context"
	"math"
	"math/bits"

	"github.com/rendite-crm/rendite/internal/sim"
)

// Combination is a set of steps that meets a target together, with what they cost once.
type Combination struct {
	Steps       []string `json:"steps"` // ids of levers, see Step
	Labels      []string `json:"labels"`
	Cost        float64  `json:"cost"`
	Probability float64  `json:"probability"`
}

// mostSteps bounds the sets that are tried: 2^10 would take too long, and nobody starts ten things at once.
const mostSteps = 6

// combine tries all sets of the steps whose cost is known, among the most useful ones, and returns the cheapest that meets
// the target; nil where none does.
func (s *Study) combine(ctx context.Context, t Target) (*Combination, error) {
	steps, err := s.Levers(ctx)
	if err != nil {
		return nil, err
	}
	var known []Step
	for _, x := range steps {
		if x.Cost != nil && x.Modelled && x.NPV > 0 && s.input(x.ID) >= 0 && len(known) < mostSteps {
			known = append(known, x)
		}
	}
	best := &Combination{Cost: math.Inf(1)}
	sets := 1 << len(known)
	found := make([]*Combination, sets)
	err = each(sets, func(set int) error {
		c := &Combination{}
		shifts := map[int]sim.Shift{}
		for i, x := range known {
			if set&(1<<i) == 0 {
				continue
			}
			c.Steps = append(c.Steps, x.ID)
			c.Labels = append(c.Labels, x.Label)
			c.Cost += *x.Cost
			k := s.input(x.ID)
			q := s.Inputs[k]
			shift := sim.Shift{Mul: 1, Add: (x.To - x.From) * q.Unit.Scale / q.Factor, High: math.Inf(1)}
			if q.IsShare() {
				shift.High = 1 / q.Factor
			}
			shifts[k] = shift
		}
		if set == 0 || bits.OnesCount(uint(set)) != len(c.Steps) {
			return nil
		}
		out, err := s.Runner.Run(ctx, sim.Options{Draws: s.Options.Draws, Seed: s.Options.Seed, Pseudo: s.Options.Pseudo, Keys: s.Keys, Workers: 1, Shifts: shifts, Brief: true})
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
	for _, c := range found {
		if c != nil && (c.Cost < best.Cost || c.Cost == best.Cost && len(c.Steps) < len(best.Steps)) {
			best = c
		}
	}
	if math.IsInf(best.Cost, 1) {
		return nil, nil
	}
	return best, nil
}

// input is the index of an uncertain assumption, −1 for others.
func (s *Study) input(id string) int {
	for i, q := range s.Inputs {
		if q.ID == id {
			return i
		}
	}
	return -1
}
