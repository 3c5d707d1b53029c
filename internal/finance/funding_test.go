package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func TestPeakFunding(t *testing.T) {
	for _, c := range []struct {
		name   string
		net    []float64
		amount float64
		period int
	}{
		{"empty series", nil, 0, 0},
		{"never below zero", []float64{5, -5, 3}, 0, 0},
		{"deepest at the start", []float64{-10, 4, 9}, -10, 0},
		{"deepest after the learning curve", []float64{-10, -3, -2, 4, 9}, -15, 2},
		{"the first of two equal lows", []float64{-10, 5, -5, 20}, -10, 0},
		{"a later investment is deeper", []float64{-10, 12, -20, 30}, -18, 2},
		{"never recovers", []float64{-1, -1, -1}, -3, 2},
	} {
		amount, period, err := finance.PeakFunding(c.net)
		if err != nil || amount != c.amount || period != c.period {
			t.Errorf("%s: %v in %d, %v; want %v in %d", c.name, amount, period, err, c.amount, c.period)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if amount, _, err := finance.PeakFunding([]float64{-1, bad, 2}); !errors.Is(err, finance.ErrNotFinite) || amount != 0 {
			t.Errorf("%v: %v, %v", bad, amount, err)
		}
	}
}

func TestPeakFunding_isNeverPositiveAndBoundsTheCumulative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(0, 50).Draw(t, "net")
		amount, period, err := finance.PeakFunding(net)
		if err != nil || amount > 0 {
			t.Fatalf("%v, %v", amount, err)
		}
		var cumulative float64
		for k, f := range net {
			cumulative += f
			if cumulative < amount || k < period && cumulative <= amount {
				t.Fatalf("%v in %d, but %v in %d", amount, period, cumulative, k)
			}
		}
		if at, ok := finance.BreakEven(net); ok && amount < -1e-6*size(net) && at <= float64(period) {
			t.Fatalf("break-even %v before the peak in %d", at, period)
		}
	})
}
