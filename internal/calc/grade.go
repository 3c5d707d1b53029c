package calc

import (
	"cmp"
	"slices"

	"github.com/rendite-crm/rendite/internal/result"
)

// carries is the share of the variance of NPV from which an input carries the result.
const carries = 0.05

// grade finds the inputs that carry the result and gives it the weakest of their grades. An input without a grade counts
// as D. If nothing carries 5 %, all inputs count; a case without uncertainty has the weakest grade of what it states.
func (a *Answer) grade() {
	shares := a.Outcome.VarianceShares()
	var all []result.Carrier
	for i, in := range a.Graph.Inputs {
		q, ok := a.Model.Quantity(in.ID)
		if !ok {
			continue
		}
		c := result.Carrier{ID: q.ID, Label: a.Label(q), Share: shares[i], Grade: cmp.Or(q.Grade, "D"), Stated: q.Grade != ""}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(x, y result.Carrier) int { return cmp.Compare(y.Share, x.Share) })
	a.Carriers = []result.Carrier{}
	for _, c := range all {
		if c.Share >= carries {
			a.Carriers = append(a.Carriers, c)
			a.Grade = max(a.Grade, c.Grade)
		}
	}
	if len(a.Carriers) > 0 {
		return
	}
	for _, c := range all {
		a.Grade = max(a.Grade, c.Grade)
	}
	if len(all) == 0 {
		for _, l := range a.Lines {
			a.Grade = max(a.Grade, l.Grade)
		}
		a.Grade = cmp.Or(a.Grade, "D")
	}
}
