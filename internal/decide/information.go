package decide

import (
	"cmp"
	"slices"

	"github.com/rendite-crm/rendite/internal/explain"
)

// Worth is what it would be worth to know an assumption exactly before deciding, in the case's currency.
type Worth struct {
	ID    string  `json:"id"`
	Label string  `json:"label"`
	Value float64 `json:"value"`
	SE    float64 `json:"se"`
	// Nothing is true where the value cannot be told from nothing: knowing it would change no decision.
	Nothing bool `json:"nothing"`
}

// Information is the value of knowing more before the decision: to go or not to go, or which of several ways, see
// Study.Choose.
type Information struct {
	EVPI   float64 `json:"evpi"` // of knowing everything
	SE     float64 `json:"evpi_se"`
	Single []Worth `json:"evppi"`        // of each assumption, most valuable first
	Groups []Worth `json:"evppi_groups"` // of the assumptions of one factor or line together
}

// Information computes EVPI and EVPPI of the decision between doing nothing (NPV 0), the case and the scenarios that
// Choose has added.
func (s *Study) Information() (Information, error) {
	var net [][]float64
	for _, o := range s.options() {
		net = append(net, o.npv)
	}
	inputs, values := s.unknown()
	info := Information{Single: make([]Worth, len(inputs)), Groups: []Worth{}}
	info.EVPI, info.SE = explain.EVPI(net)
	type group struct {
		id, label string
		members   []int
	}
	var groups []group
	for i, q := range inputs {
		id, label := s.groupOf(q)
		if id == "" {
			continue
		}
		k := slices.IndexFunc(groups, func(g group) bool { return g.id == id })
		if k < 0 {
			groups = append(groups, group{id: id, label: label})
			k = len(groups) - 1
		}
		groups[k].members = append(groups[k].members, i)
	}
	groups = slices.DeleteFunc(groups, func(g group) bool { return len(g.members) < 2 })
	info.Groups = make([]Worth, len(groups))
	err := each(len(inputs)+len(groups), func(k int) error {
		w := &Worth{}
		var x [][]float64
		if k < len(inputs) {
			w = &info.Single[k]
			w.ID, w.Label = inputs[k].ID, s.Label(inputs[k])
			x = [][]float64{values[k]}
		} else {
			g := groups[k-len(inputs)]
			w = &info.Groups[k-len(inputs)]
			w.ID, w.Label = g.id, g.label
			for _, i := range g.members {
				x = append(x, values[i])
			}
		}
		value, se, err := explain.EVPPI(net, x)
		if err != nil {
			return err
		}
		w.Value, w.SE, w.Nothing = value, se, explain.Negligible(value, se)
		return nil
	})
	if err != nil {
		return info, err
	}
	byValue := func(a, b Worth) int { return cmp.Compare(b.Value, a.Value) }
	slices.SortStableFunc(info.Single, byValue)
	slices.SortStableFunc(info.Groups, byValue)
	return info, nil
}
