package decide

import (
	"context"
	"errors"

	"github.com/rendite-crm/rendite/internal/explain"
	"github.com/rendite-crm/rendite/internal/sim"
)

// indexDraws is the size of each of the two sets of draws behind the Sobol indices: with 8,192 Sobol points their error is
// well below a hundredth (see the test on the Ishigami function).
const indexDraws = 8_192

// Index is the share of the variance of NPV that is owed to an assumption: alone (first) and with all others (total).
type Index struct {
	ID      string  `json:"id"`
	Label   string  `json:"label"`
	First   float64 `json:"first"`
	FirstSE float64 `json:"first_se"`
	Total   float64 `json:"total"`
	TotalSE float64 `json:"total_se"`
	// With lists the assumptions correlated with this one: the indices are those of all of them together, since the
	// influence of correlated assumptions cannot be told apart.
	With []string `json:"with,omitempty"`
}

// Sobol estimates the first-order and total indices of NPV by a Saltelli design on n draws (0 is the default) of the same
// engine. Correlated assumptions are replaced together and share their indices.
func (s *Study) Sobol(ctx context.Context, n int) ([]Index, error) {
	if n == 0 {
		n = indexDraws
	}
	k := len(s.Inputs)
	keys := make([]string, 0, 2*k)
	for _, q := range s.Inputs {
		keys = append(keys, q.ID)
	}
	for _, q := range s.Inputs {
		keys = append(keys, q.ID+"\x00second set")
	}
	group := s.groups()
	first := make([]int, k)
	second := map[int]int{}
	for i := range first {
		first[i], second[i] = i, i+k
	}
	variants := []sim.Variant{{}, {Streams: second}}
	place := make([]int, k) // the variant of an input
	for j := range k {
		if group[j] != j {
			place[j] = place[group[j]] // the first of a group, which comes before, stands for all
			continue
		}
		place[j] = len(variants)
		v := sim.Variant{Streams: map[int]int{}}
		for i := range k {
			if group[i] == j {
				v.Streams[i] = i + k
			}
		}
		variants = append(variants, v)
	}
	o := s.draws()
	o.Draws, o.Keys, o.Streams = n, keys, first
	outs, err := s.Runner.Variants(ctx, o, variants, true)
	if err != nil {
		return nil, err
	}
	runs := make([][]float64, k)
	for j := range k {
		runs[j] = outs[place[j]].NPV
	}
	found, _, err := explain.SobolIndices(outs[0].NPV, outs[1].NPV, runs)
	if errors.Is(err, explain.ErrConstant) {
		return []Index{}, nil // nothing varies, so nothing is owed to anything
	}
	if err != nil {
		return nil, err
	}
	indices := make([]Index, k)
	for i, q := range s.Inputs {
		f := found[i]
		indices[i] = Index{ID: q.ID, Label: s.Label(q), First: f.First, FirstSE: f.FirstSE, Total: f.Total, TotalSE: f.TotalSE}
		for j := range s.Inputs {
			if j != i && group[j] == group[i] {
				indices[i].With = append(indices[i].With, s.Inputs[j].ID)
			}
		}
	}
	return indices, nil
}

// groups gives each input the smallest index among the inputs it is correlated with, directly or through others.
func (s *Study) groups() []int {
	group := make([]int, len(s.Inputs))
	for i := range group {
		group[i] = i
	}
	for changed := true; changed; {
		changed = false
		for _, p := range s.Graph.Pairs {
			low := min(group[p.I], group[p.J])
			if p.Rho != 0 && (group[p.I] != low || group[p.J] != low) {
				group[p.I], group[p.J], changed = low, low, true
			}
		}
	}
	return group
}
