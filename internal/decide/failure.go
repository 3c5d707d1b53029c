package decide

import (
	"math"

	"github.com/rendite-crm/rendite/internal/explain"
)

// Condition restricts an assumption to Min … Max in its own unit; nil is "no limit".
type Condition struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Unit  string   `json:"unit"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
}

// Box is a set of conditions under which the case fails often.
type Box struct {
	Conditions []Condition `json:"conditions"`
	Coverage   float64     `json:"coverage"` // share of the failures that lie inside
	Density    float64     `json:"density"`  // share of failures inside
	Mass       float64     `json:"mass"`     // share of all draws inside
	Text       string      `json:"text"`
}

// Failure says how often a case fails and when.
type Failure struct {
	// Month is the month by which it should have broken even; nil asks whether NPV is negative.
	Month *float64 `json:"by_month"`
	Share float64  `json:"share"` // of the draws
	Boxes []Box    `json:"boxes"`
}

// Failure looks for conditions under which NPV is negative or, with a month, break-even comes later than that month or
// not within the horizon.
func (s *Study) Failure(month *float64) (Failure, error) {
	f := Failure{Month: month, Boxes: []Box{}}
	y := make([]float64, len(s.Outcome.NPV))
	for i := range y {
		fails := s.Outcome.NPV[i] < 0
		if month != nil {
			fails = math.IsNaN(s.Outcome.BreakEven[i]) || s.Outcome.BreakEven[i] > *month
		}
		if fails {
			y[i] = 1
			f.Share++
		}
	}
	f.Share /= float64(len(y))
	if f.Share == 0 || f.Share == 1 || len(s.Inputs) == 0 {
		return f, nil
	}
	boxes, err := explain.PRIM(s.Values, y, explain.PRIMOptions{MaxBoxes: 2})
	if err != nil {
		return f, err
	}
	for _, b := range boxes {
		box := Box{Coverage: b.Coverage, Density: b.Density, Mass: b.Mass}
		for _, l := range b.Limits {
			q := s.Inputs[l.Input]
			unit := q.Factor / q.Unit.Scale
			c := Condition{ID: q.ID, Label: s.Label(q), Unit: q.Unit.Text}
			if !math.IsInf(l.Min, 0) {
				c.Min = pointer(l.Min * unit)
			}
			if !math.IsInf(l.Max, 0) {
				c.Max = pointer(l.Max * unit)
			}
			box.Conditions = append(box.Conditions, c)
		}
		f.Boxes = append(f.Boxes, box)
	}
	return f, nil
}

func pointer(v float64) *float64 { return &v }
