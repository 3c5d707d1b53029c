package decide

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Swing is a figure with an assumption at its P10 and at its P90. Nil is "does not exist", for a break-even "not within the
// horizon".
type Swing struct {
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// Bar is one assumption of a tornado: the medians of the simulation with the assumption held at its P10 and at its P90 and
// all others as they are.
type Bar struct {
	ID        string  `json:"id"`
	Label     string  `json:"label"`
	P10       float64 `json:"p10"` // of the assumption, in its own unit
	P90       float64 `json:"p90"`
	Unit      string  `json:"unit"`
	NPV       Swing   `json:"npv"`
	ROI       Swing   `json:"roi"`
	BreakEven Swing   `json:"break_even_months"`
}

// Tornado holds each uncertain assumption at its P10 and its P90 in turn, on the same random numbers. The bars are ordered by
// what they move NPV. With correlated assumptions the others keep their own distributions.
func (s *Study) Tornado(ctx context.Context) ([]Bar, error) {
	bars := make([]Bar, len(s.Inputs))
	err := each(2*len(bars), func(k int) error {
		i, level := k/2, 0.1
		if k%2 == 1 {
			level = 0.9
		}
		at := s.Graph.Inputs[i].Dist.Quantile(level)
		out, err := s.run(ctx, map[int]float64{i: at})
		if err != nil {
			return err
		}
		m := mediansOf(out)
		q := s.Inputs[i]
		if k%2 == 0 {
			bars[i].ID, bars[i].Label, bars[i].Unit = q.ID, s.Label(q), q.Unit.Text
			bars[i].P10 = at * q.Factor / q.Unit.Scale
			bars[i].NPV.Low, bars[i].ROI.Low, bars[i].BreakEven.Low = &m.npv, m.roi, m.breakEven
		} else {
			bars[i].P90 = at * q.Factor / q.Unit.Scale
			bars[i].NPV.High, bars[i].ROI.High, bars[i].BreakEven.High = &m.npv, m.roi, m.breakEven
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(bars, func(a, b Bar) int { return cmp.Compare(width(b), width(a)) })
	return bars, nil
}

func width(b Bar) float64 { return math.Abs(*b.NPV.High - *b.NPV.Low) }
