package decide

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/sim"
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
	var variants []sim.Variant
	for i := range bars {
		for _, level := range []float64{0.1, 0.9} {
			at := s.Graph.Inputs[i].Dist.Quantile(level)
			variants = append(variants, sim.Variant{Change: sim.Change{Fixed: map[int]float64{i: at}}})
		}
	}
	outs, err := s.Runner.Variants(ctx, s.draws(), variants, false)
	if err != nil {
		return nil, err
	}
	found := make([]medians, len(outs))
	each(len(outs), func(k int) error { found[k] = mediansOf(outs[k]); return nil }) //nolint:errcheck // there is none
	for i, q := range s.Inputs {
		low, high := found[2*i], found[2*i+1]
		at := func(k int) float64 { return variants[k].Fixed[i] * q.Factor / q.Unit.Scale }
		bars[i] = Bar{ID: q.ID, Label: s.Label(q), Unit: q.Unit.Text, P10: at(2 * i), P90: at(2*i + 1)}
		bars[i].NPV.Low, bars[i].ROI.Low, bars[i].BreakEven.Low = &low.npv, low.roi, low.breakEven
		bars[i].NPV.High, bars[i].ROI.High, bars[i].BreakEven.High = &high.npv, high.roi, high.breakEven
	}
	slices.SortStableFunc(bars, func(a, b Bar) int { return cmp.Compare(width(b), width(a)) })
	return bars, nil
}

func width(b Bar) float64 { return math.Abs(*b.NPV.High - *b.NPV.Low) }
