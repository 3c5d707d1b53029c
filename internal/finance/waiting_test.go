package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func TestCostOfWaiting_byPencilAndPaper(t *testing.T) {
	// A rate of 1.01^12 − 1 is 1 % a month: −100, 60, 60 now is −100 + 60/1.01 + 60/1.01²; a month later, with the
	// same end, −100/1.01 + 60/1.01².
	rate := math.Pow(1.01, 12) - 1
	want := -100 + 60/1.01 + 100/1.01
	got, err := finance.CostOfWaiting([]float64{-100, 60, 60}, rate, finance.TimingMonthly)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "cost of waiting", got, want, 1e-9)
	// Yearly timing: both returns at the end of year 1, and all of it a month later.
	got, err = finance.CostOfWaiting([]float64{-100, 60, 60}, rate, finance.TimingYearly)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "with yearly timing", got, -100+120/(1+rate)-(-100+60/(1+rate))/1.01, 1e-9)
}

func TestCostOfWaiting_edges(t *testing.T) {
	if v, err := finance.CostOfWaiting(nil, 0.08, finance.TimingMonthly); v != 0 || err != nil {
		t.Errorf("empty: %v, %v", v, err)
	}
	if v, err := finance.CostOfWaiting(make([]float64, 10), 0.08, finance.TimingYearly); v != 0 || err != nil {
		t.Errorf("all zero: %v, %v", v, err)
	}
	if _, err := finance.CostOfWaiting([]float64{1}, -1, finance.TimingMonthly); !errors.Is(err, finance.ErrRate) {
		t.Errorf("rate -1: %v", err)
	}
	if _, err := finance.CostOfWaiting([]float64{1}, 0, finance.Timing(9)); !errors.Is(err, finance.ErrTiming) {
		t.Errorf("unknown timing: %v", err)
	}
	if _, err := finance.CostOfWaiting([]float64{1, math.NaN()}, 0, finance.TimingMonthly); !errors.Is(err, finance.ErrNotFinite) {
		t.Errorf("NaN: %v", err)
	}
}

func TestCostOfWaiting_isTheNPVOfTheSeriesMovedByAMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 60).Draw(t, "net")
		rate := rapid.Float64Range(-0.5, 2).Draw(t, "rate")
		npv := func(flows []float64) float64 {
			v, err := finance.Series{Net: flows, Period: finance.Month}.NPV(rate)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		want := npv(net) - npv(append([]float64{0}, net[:len(net)-1]...))
		got, err := finance.CostOfWaiting(net, rate, finance.TimingMonthly)
		if err != nil || math.Abs(got-want) > 1e-9*size(net)*40 {
			t.Fatalf("%v, %v; moved by hand %v", got, err, want)
		}
	})
}

func TestCostOfWaiting_withoutInterestIsTheLastMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 60).Draw(t, "net")
		timing := rapid.SampledFrom([]finance.Timing{finance.TimingMonthly, finance.TimingYearly}).Draw(t, "timing")
		got, err := finance.CostOfWaiting(net, 0, timing)
		if err != nil || math.Abs(got-net[len(net)-1]) > 1e-9*size(net) {
			t.Fatalf("%v, %v; last month %v", got, err, net[len(net)-1])
		}
	})
}
