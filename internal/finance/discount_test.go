package finance_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func TestDiscountFactors_monthlyTimingIsTheTwelfthRootPerMonth(t *testing.T) {
	factors, err := finance.DiscountFactors(0.08, 36, finance.TimingMonthly)
	if err != nil || len(factors) != 37 {
		t.Fatalf("got %d factors, err %v", len(factors), err)
	}
	near(t, "month 0", factors[0], 1, 0)
	// 1/1.08, 1/1.08² and 1/√1.08 worked out by hand.
	near(t, "month 6", factors[6], 0.962250448649, 1e-12)
	near(t, "month 12", factors[12], 0.925925925926, 1e-12)
	near(t, "month 24", factors[24], 0.857338820302, 1e-12)
}

func TestDiscountFactors_yearlyTimingDiscountsAWholeYearAtItsEnd(t *testing.T) {
	factors, err := finance.DiscountFactors(0.10, 25, finance.TimingYearly)
	if err != nil {
		t.Fatal(err)
	}
	for m, want := range map[int]float64{0: 1, 1: 1 / 1.1, 12: 1 / 1.1, 13: 1 / 1.21, 24: 1 / 1.21, 25: 1 / 1.331} {
		near(t, "factor", factors[m], want, 1e-12)
	}
}

func TestDiscountFactors_refusesWhatHasNoFactors(t *testing.T) {
	for name, c := range map[string]struct {
		rate    float64
		horizon int
		timing  finance.Timing
		want    error
	}{
		"rate of -100 %":            {-1, 12, finance.TimingMonthly, finance.ErrRate},
		"rate below -100 %":         {-1.5, 12, finance.TimingYearly, finance.ErrRate},
		"rate not a number":         {math.NaN(), 12, finance.TimingMonthly, finance.ErrRate},
		"infinite rate":             {math.Inf(1), 12, finance.TimingMonthly, finance.ErrRate},
		"negative horizon":          {0.08, -1, finance.TimingMonthly, finance.ErrLength},
		"unknown timing":            {0.08, 12, finance.Timing(7), finance.ErrTiming},
		"factor beyond float64":     {-1 + 1e-15, 600, finance.TimingMonthly, finance.ErrNotFinite},
		"a negative rate is fine":   {-0.5, 12, finance.TimingMonthly, nil},
		"a huge rate is fine":       {1e300, 600, finance.TimingYearly, nil},
		"the start alone is fine":   {0.08, 0, finance.TimingYearly, nil},
		"zero rate leaves as it is": {0, 3, finance.TimingMonthly, nil},
	} {
		factors, err := finance.DiscountFactors(c.rate, c.horizon, c.timing)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if c.want == nil && len(factors) != c.horizon+1 {
			t.Errorf("%s: %d factors", name, len(factors))
		}
	}
}

func TestYearly_addsUpMonthsOneToTwelve(t *testing.T) {
	monthly := make([]float64, 27) // month 0 to 26
	for m := range monthly {
		monthly[m] = float64(m)
	}
	got := finance.Yearly(monthly)
	// 1+…+12 = 78, 13+…+24 = 222, 25+26 = 51.
	if want := []float64{0, 78, 222, 51}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := finance.Yearly([]float64{5}); !slices.Equal(got, []float64{5}) {
		t.Errorf("month 0 alone: %v", got)
	}
	if got := finance.Yearly(repeated(5, 1, 12)); !slices.Equal(got, []float64{5, 12}) {
		t.Errorf("one full year: %v", got)
	}
	if got := finance.Yearly(nil); len(got) != 0 {
		t.Errorf("empty: %v", got)
	}
}

func TestYearlyTimingEqualsYearlySeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 80).Draw(t, "net")
		rate := rapid.Float64Range(-0.3, 2).Draw(t, "rate")
		factors, err := finance.DiscountFactors(rate, len(net)-1, finance.TimingYearly)
		if err != nil {
			t.Fatal(err)
		}
		monthly, err := finance.PV(net, factors)
		if err != nil {
			t.Fatal(err)
		}
		yearly, err := finance.Series{Net: finance.Yearly(net), Period: finance.Year}.NPV(rate)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(monthly-yearly) > 1e-10*size(net)*slices.Max(factors) {
			t.Fatalf("month by month %v, year by year %v", monthly, yearly)
		}
	})
}

// Published NPVs.
func TestNPV_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name      string
		rate      float64
		net       []float64
		want, tol float64
	}{
		// https://github.com/numpy/numpy-financial, numpy_financial/_financial.py, docstring of npv.
		{"numpy-financial, project", 0.08, []float64{-40000, 5000, 8000, 12000, 30000}, 3065.22267, 5e-6},
		// Short, Packey and Holt (1995), NREL/TP-462-5173, p. 41: 13,572.
		{"NREL manual", 0.12, []float64{-10000, 7274, 6558, 6223, 6087, 6259}, 13572, 0.5},
		// Pine Valley Furniture, https://www.scribd.com/document/458350072/NPV-Analysis: $35,003.
		{"Pine Valley worksheet", 0.12, []float64{-42500, 21500, 21500, 21500, 21500, 21500}, 35003, 0.5},
		// Forrester TEI of SalesLoft, p. 19, https://pravda.ufcontent.com/i/1285868-the-total-economic-impact-of-salesloft-final-3-1/20
		{"TEI SalesLoft", 0.10, []float64{-53150, 939796, 2424559, 3581977}, 5496170, 1.5},
	} {
		got, err := finance.Series{Net: c.net, Period: finance.Year}.NPV(c.rate)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, c.tol)
	}
}

func TestNPV_monthlyFlowsAtYearEndsEqualYearlyFlows(t *testing.T) {
	monthly := make([]float64, 49)
	for k, f := range []float64{-40000, 5000, 8000, 12000, 30000} {
		monthly[12*k] = f
	}
	got, err := finance.Series{Net: monthly, Period: finance.Month}.NPV(0.08)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "NPV", got, 3065.22267, 5e-6) // the numpy-financial case above
}

func TestNPV_edges(t *testing.T) {
	if v, err := (finance.Series{Period: finance.Month}).NPV(0.08); v != 0 || err != nil {
		t.Errorf("empty: %v, %v", v, err)
	}
	if _, err := (finance.Series{Net: []float64{1}}).NPV(0.08); !errors.Is(err, finance.ErrPeriod) {
		t.Errorf("no period: %v", err)
	}
	if _, err := (finance.Series{Net: []float64{1, 2}, Period: finance.Year}).NPV(-1); !errors.Is(err, finance.ErrRate) {
		t.Errorf("rate -1: %v", err)
	}
	if _, err := finance.PV([]float64{1, 2}, []float64{1}); !errors.Is(err, finance.ErrLength) {
		t.Errorf("line longer than factors: %v", err)
	}
	if v, err := finance.PV([]float64{1, 2}, []float64{1, 0.5, 0.25}); v != 2 || err != nil {
		t.Errorf("line shorter than factors: %v, %v", v, err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64} {
		if _, err := finance.PV([]float64{bad, bad}, []float64{1, 1}); !errors.Is(err, finance.ErrNotFinite) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestNPV_isLinearInTheFlows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts(1, 60).Draw(t, "a")
		b := amounts(len(a), len(a)).Draw(t, "b")
		x := rapid.Float64Range(-10, 10).Draw(t, "x")
		rate := rapid.Float64Range(-0.5, 3).Draw(t, "rate")
		both := make([]float64, len(a))
		for i := range both {
			both[i] = a[i] + x*b[i]
		}
		npv := func(net []float64) float64 {
			v, err := finance.Series{Net: net, Period: finance.Month}.NPV(rate)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if got, want := npv(both), npv(a)+x*npv(b); math.Abs(got-want) > 1e-9*size(a, b)*40 {
			t.Fatalf("NPV(a + x·b) = %v, NPV(a) + x·NPV(b) = %v", got, want)
		}
	})
}

func TestNPV_oneYearLaterIsWorthOneFactorLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 40).Draw(t, "net")
		rate := rapid.Float64Range(-0.5, 3).Draw(t, "rate")
		now, err := finance.Series{Net: net, Period: finance.Year}.NPV(rate)
		if err != nil {
			t.Fatal(err)
		}
		later, err := finance.Series{Net: append([]float64{0}, net...), Period: finance.Year}.NPV(rate)
		if err != nil {
			t.Fatal(err)
		}
		scale := size(net) * math.Max(1, math.Pow(1+rate, -float64(len(net)+1)))
		if math.Abs(later*(1+rate)-now) > 1e-10*scale*(1+rate) {
			t.Fatalf("now %v, a year later %v at %v", now, later, rate)
		}
	})
}

func TestPeriod_convertsPeriodsToMonths(t *testing.T) {
	near(t, "2.403 years", finance.Year.Months(2.403), 28.836, 1e-12)
	near(t, "7.5 months", finance.Month.Months(7.5), 7.5, 0)
}
