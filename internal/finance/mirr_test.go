package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func TestMIRR_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name              string
		net               []float64
		finance, reinvest float64
		want, tol         float64
	}{
		// Excel's documented example, https://github.com/alpeb/go-finance fin/cashflow_test.go; Microsoft prints
		// 13 %, −5 % and 13 %.
		{"Excel, five years", []float64{-120000, 39000, 30000, 21000, 37000, 46000}, 0.10, 0.12, 0.126094, 5e-7},
		{"Excel, three years", []float64{-120000, 39000, 30000, 21000}, 0.10, 0.12, -0.048044, 1e-6},
		{"Excel, reinvested at 14 %", []float64{-120000, 39000, 30000, 21000, 37000, 46000}, 0.10, 0.14, 0.134759, 5e-7},
		// https://github.com/numpy/numpy-financial tests/test_financial.py, test_mirr_decimal.
		{"numpy, two years of cost", []float64{-4500, -800, 800, 800, 600, 600, 800, 800, 700, 3000}, 0.08, 0.055,
			0.066597175031553548874, 1e-14},
		{"numpy, mixed signs", []float64{100, 200, -50, 300, -200}, 0.05, 0.06, 0.342823387842176663648, 1e-14},
	} {
		got, err := yearly(c.net...).MIRR(c.finance, c.reinvest)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, c.tol)
	}
}

func TestMIRR_monthlyIsEffectivePerYear(t *testing.T) {
	monthly := make([]float64, 61)
	for k, f := range []float64{-120000, 39000, 30000, 21000, 37000, 46000} {
		monthly[12*k] = f
	}
	got, err := finance.Series{Net: monthly, Period: finance.Month}.MIRR(0.10, 0.12)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Excel's five years on a monthly axis", got, 0.126094, 5e-7)
	// Over half a year: 100 becomes 110, reinvested for nothing: 1.1² − 1.
	got, err = finance.Series{Net: []float64{-100, 0, 0, 0, 0, 0, 110}, Period: finance.Month}.MIRR(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "half a year", got, 0.21, 1e-12)
}

func TestMIRR_errors(t *testing.T) {
	for name, c := range map[string]struct {
		s        finance.Series
		fin, rei float64
		want     error
	}{
		"empty":              {yearly(), 0.1, 0.1, finance.ErrNoRoot},
		"all zero":           {yearly(0, 0), 0.1, 0.1, finance.ErrNoRoot},
		"one flow":           {yearly(-1), 0.1, 0.1, finance.ErrNoRoot},
		"no costs":           {yearly(39000, 30000, 21000, 37000, 46000), 0.10, 0.12, finance.ErrNoRoot}, // numpy-financial
		"no benefits":        {yearly(-1, -2), 0.1, 0.1, finance.ErrNoRoot},
		"finance rate -1":    {yearly(-1, 2), -1, 0.1, finance.ErrRate},
		"reinvest rate -2":   {yearly(-1, 2), 0.1, -2, finance.ErrRate},
		"rate not a number":  {yearly(-1, 2), math.NaN(), 0.1, finance.ErrRate},
		"flow not a number":  {yearly(-1, math.NaN()), 0.1, 0.1, finance.ErrNotFinite},
		"overflow":           {yearly(-1, 1, 1, 1), 0.1, 1e200, finance.ErrNotFinite},
		"no period":          {finance.Series{Net: []float64{-1, 2}}, 0.1, 0.1, finance.ErrPeriod},
		"huge but fine":      {yearly(-1e-300, 1e300), 0, 0, finance.ErrNotFinite},
		"quotient overflows": {yearly(-1e-300, 0, 0, 1e300), 0, 0, nil},
	} {
		v, err := c.s.MIRR(c.fin, c.rei)
		if !errors.Is(err, c.want) || math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func TestMIRR_atTheIRRIsTheIRR(t *testing.T) {
	// Reinvesting and financing at the IRR changes nothing, so both rates agree.
	rapid.Check(t, func(t *rapid.T) {
		s := finance.Series{Net: investment(40).Draw(t, "net"), Period: rapid.SampledFrom([]finance.Period{1, 12}).Draw(t, "period")}
		irr, err := s.IRR()
		if err != nil || math.Abs(math.Log1p(irr)) > 15 {
			t.Skip("a rate whose powers leave float64")
		}
		got, err := s.MIRR(irr, irr)
		if err != nil || math.Abs(math.Log1p(got)-math.Log1p(irr)) > 1e-7 {
			t.Fatalf("MIRR %v %v, IRR %v", got, err, irr)
		}
	})
}
