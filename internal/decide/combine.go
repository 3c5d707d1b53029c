package decide

import "context"

// Combination is a set of steps that meets a target together, with what they cost once.
type Combination struct {
	Steps       []string `json:"steps"` // ids of levers, see Step
	Cost        float64  `json:"cost"`
	Probability float64  `json:"probability"`
}

// combine looks for the cheapest combination of steps with a known cost.
func (s *Study) combine(context.Context, Target) (*Combination, error) { return nil, nil }
