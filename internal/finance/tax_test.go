package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

// http://docju.de/themen/bilanz_neu/afa_zeitanteilig.htm: 50,000 EUR bought on 25 October 2009, 20 % a year: 2,500 in
// 2009, 10,000 each in 2010 to 2013, 7,500 in 2014 (less the memo value of 1 EUR, which is left out here).
func TestDepreciation_againstPublishedSchedule(t *testing.T) {
	shares, err := finance.Depreciation(10, 60, 72) // month 10 is October 2009
	if err != nil {
		t.Fatal(err)
	}
	for year, want := range finance.Yearly(shares) {
		near(t, "year", 50000*want, []float64{0, 2500, 10000, 10000, 10000, 10000, 7500}[year], 1e-9)
	}
}

// https://www.wer-weiss-was.de/t/abschreibung-uber-2-jahre/9376608: bought in August, two years: cost / 2 × 5/12.
func TestDepreciation_theMonthOfPurchaseCounts(t *testing.T) {
	shares, err := finance.Depreciation(8, 24, 12)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "first year", finance.Yearly(shares)[1], 0.5*5/12, 1e-12)
}

func TestDepreciation_definition(t *testing.T) {
	for _, c := range []struct {
		name                string
		paid, life, horizon int
		from, to            int // months with 1/life; 0, -1 for none
	}{
		{"paid at the start, written off from month 1", 0, 36, 60, 1, 36},
		{"paid in month 1, written off from month 1", 1, 36, 60, 1, 36},
		{"paid in month 13", 13, 36, 60, 13, 48},
		{"cut off by the horizon", 30, 36, 36, 30, 36},
		{"a life of one month", 5, 1, 12, 5, 5},
		{"paid after the horizon", 13, 36, 12, 0, -1},
		{"horizon of nothing", 0, 36, 0, 0, -1},
	} {
		shares, err := finance.Depreciation(c.paid, c.life, c.horizon)
		if err != nil || len(shares) != c.horizon+1 {
			t.Errorf("%s: %d months, %v", c.name, len(shares), err)
		}
		for m, got := range shares {
			want := 0.0
			if c.to >= c.from && m >= c.from && m <= c.to {
				want = 1 / float64(c.life)
			}
			if got != want {
				t.Errorf("%s: month %d = %v, want %v", c.name, m, got, want)
			}
		}
	}
	for name, c := range map[string]struct {
		paid, life, horizon int
		want                error
	}{
		"no life": {0, 0, 12, finance.ErrLife}, "before the start": {-1, 12, 12, finance.ErrLife},
		"negative horizon": {0, 12, -1, finance.ErrLength},
	} {
		if _, err := finance.Depreciation(c.paid, c.life, c.horizon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := finance.AfterTaxCapitalised(0.3, c.paid, c.life, c.horizon); !errors.Is(err, c.want) {
			t.Errorf("%s, after tax: %v", name, err)
		}
	}
}

func TestAfterTax_factors(t *testing.T) {
	expensed, err := finance.AfterTaxExpensed(0.3, 2)
	if err != nil || len(expensed) != 3 {
		t.Fatal(expensed, err)
	}
	for _, f := range expensed {
		near(t, "expensed", f, 0.7, 1e-15)
	}
	check := func(what string, paid int, want []float64) {
		got, err := finance.AfterTaxCapitalised(0.3, paid, 3, len(want)-1)
		if err != nil || len(got) != len(want) {
			t.Fatal(got, err)
		}
		for m := range want {
			near(t, what, got[m], want[m], 1e-15)
		}
	}
	check("paid at the start", 0, []float64{1, -0.1, -0.1, -0.1, 0})
	check("paid in month 2", 2, []float64{0, 0, 0.9, -0.1, -0.1, 0})
	check("paid in the last month", 2, []float64{0, 0, 0.9})
	check("paid after the horizon", 4, []float64{0, 0, 0})
	for _, rate := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if _, err := finance.AfterTaxExpensed(rate, 3); !errors.Is(err, finance.ErrTaxRate) {
			t.Errorf("expensed at %v: %v", rate, err)
		}
		if _, err := finance.AfterTaxCapitalised(rate, 0, 3, 3); !errors.Is(err, finance.ErrTaxRate) {
			t.Errorf("capitalised at %v: %v", rate, err)
		}
		if _, err := finance.AfterTaxPayments(make([]float64, 3), rate, 3); !errors.Is(err, finance.ErrTaxRate) {
			t.Errorf("payments at %v: %v", rate, err)
		}
	}
	if _, err := finance.AfterTaxExpensed(0.3, -1); !errors.Is(err, finance.ErrLength) {
		t.Errorf("negative horizon: %v", err)
	}
}

func TestAfterTaxPayments_writesOffEachFromItsOwnMonth(t *testing.T) {
	got, err := finance.AfterTaxPayments([]float64{600, 0, 300, 0, 0, 0}, 0.5, 3)
	if err != nil {
		t.Fatal(err)
	}
	// 600 saves 100 in months 1 to 3; 300 saves 50 in months 2 to 4.
	for m, want := range []float64{600, -100, 300 - 100 - 50, -100 - 50, -50, 0} {
		near(t, "month", got[m], want, 1e-12)
	}
	if got, err := finance.AfterTaxPayments(nil, 0.5, 3); len(got) != 0 || err != nil {
		t.Errorf("empty: %v, %v", got, err)
	}
	if _, err := finance.AfterTaxPayments([]float64{0, math.NaN()}, 0.5, 3); !errors.Is(err, finance.ErrNotFinite) {
		t.Errorf("NaN: %v", err)
	}
}

func TestAfterTax_theWholeLifeSavesTheTaxOnTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tax := rapid.Float64Range(0, 1).Draw(t, "tax")
		paid := rapid.IntRange(0, 40).Draw(t, "paid")
		life := rapid.IntRange(1, 80).Draw(t, "life")
		factors, err := finance.AfterTaxCapitalised(tax, paid, life, paid+life)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for _, f := range factors {
			sum += f
		}
		if math.Abs(sum-(1-tax)) > 1e-12 {
			t.Fatalf("Σ = %v, want %v", sum, 1-tax)
		}
		// Later relief is worth less: at a positive rate capitalising costs more than expensing in the same month.
		discount, err := finance.DiscountFactors(0.08, paid+life, finance.TimingMonthly)
		if err != nil {
			t.Fatal(err)
		}
		pv, err := finance.PV(factors, discount)
		if err != nil || pv < (1-tax)*discount[paid]-1e-12 {
			t.Fatalf("PV %v below %v, %v", pv, (1-tax)*discount[paid], err)
		}
	})
}
