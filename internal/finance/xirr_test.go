package finance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

type date struct{ y, m, d int }

func days(t testing.TB, dates ...date) []int {
	t.Helper()
	var out []int
	for _, d := range dates {
		n, err := finance.Day(d.y, d.m, d.d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

func TestXIRR_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name      string
		flows     []float64
		dates     []date
		want, tol float64
	}{
		// https://support.microsoft.com/en-us/office/xirr-function: 0.373362535.
		{"Excel, over the leap day of 2008", []float64{-10000, 2750, 4250, 3250, 2750},
			[]date{{2008, 1, 1}, {2008, 3, 1}, {2008, 10, 30}, {2009, 2, 15}, {2009, 4, 1}}, 0.373362535, 5e-9},
		// https://github.com/scripbox/ex-xirr test/ex_xirr_test.exs, all to six places.
		{"dates in falling order", []float64{-800000, -2200000, 1000000},
			[]date{{2015, 11, 1}, {2015, 10, 1}, {2015, 6, 1}}, 21.118359, 5e-7},
		{"bad investment", []float64{1000, -600, -200}, []date{{1985, 1, 1}, {1990, 1, 1}, {1995, 1, 1}}, -0.034592, 1e-6},
		{"two flows on each day", []float64{1000, 2000, -2000, -4000},
			[]date{{2011, 12, 7}, {2011, 12, 7}, {2013, 5, 21}, {2013, 5, 21}}, 0.610359, 1e-6},
		{"ok investment", []float64{1000, -600, -6000}, []date{{1985, 1, 1}, {1990, 1, 1}, {1995, 1, 1}}, 0.225683, 1e-6},
		{"within a year", []float64{2750, -1000, -2000}, []date{{2008, 2, 5}, {2008, 7, 5}, {2009, 1, 5}}, 0.123631, 1e-6},
		// The same file has "Unable to converge" here: 10 % in four days is 1.1^(365/4) − 1 a year.
		{"huge rate", []float64{10000, -11000}, []date{{2017, 1, 1}, {2017, 1, 5}}, math.Pow(1.1, 365.0/4) - 1, 1e-8},
		// https://github.com/klippero/xirr-bug main.rb: −74.20 %.
		{"most of it lost", []float64{-400, -400, -400, 895.24},
			[]date{{2019, 9, 10}, {2020, 1, 21}, {2020, 2, 24}, {2020, 3, 16}}, -0.7420, 5e-5},
	} {
		got, err := finance.XIRR(c.flows, days(t, c.dates...))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, c.tol)
	}
}

func TestXIRR_edges(t *testing.T) {
	for name, c := range map[string]struct {
		flows []float64
		days  []int
		want  error
	}{
		"empty":                        {nil, nil, finance.ErrNoRoot},
		"one sign":                     {[]float64{1, 2}, []int{0, 9}, finance.ErrNoRoot},
		"all on one day":               {[]float64{-1, 2}, []int{5, 5}, finance.ErrNoRoot},
		"cancelled on the first day":   {[]float64{-10000, 10000, 500}, []int{0, 0, 187}, finance.ErrNoRoot}, // ex-xirr
		"lengths differ":               {[]float64{-1, 2}, []int{5}, finance.ErrLength},
		"not a number":                 {[]float64{-1, math.NaN()}, []int{0, 9}, finance.ErrNotFinite},
		"several rates":                {[]float64{-2000, 10000, -10000}, []int{0, 365, 730}, finance.ErrSeveralRoots},
		"doubling in a day is no rate": {[]float64{-1, 10}, []int{0, 1}, finance.ErrNoRoot}, // 10^365 is beyond float64
	} {
		if v, err := finance.XIRR(c.flows, c.days); !errors.Is(err, c.want) || v != 0 {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func TestXIRR_addsUpFlowsOfTheSameDay(t *testing.T) {
	got, err := finance.XIRR([]float64{-60, 44, -40, 66}, []int{0, 365, 0, 365}) // −100 and 110
	if err != nil {
		t.Fatal(err)
	}
	near(t, "XIRR", got, 0.10, 1e-12)
}

func TestDay_countsTheGregorianCalendar(t *testing.T) {
	for _, c := range []struct {
		date date
		want int
	}{
		{date{1970, 1, 1}, 0}, {date{1970, 12, 31}, 364}, {date{1972, 3, 1}, 790}, {date{1969, 12, 31}, -1},
		// Excel's serial numbers less 25569, its number of 1970-01-01: 39448 is 2008-01-01 (documentation of XIRR).
		{date{2008, 1, 1}, 39448 - 25569}, {date{2000, 2, 29}, 36585 - 25569},
		{date{1, 1, 1}, -719162}, // the constant of every Gregorian day count, e.g. Python's date.toordinal less one
	} {
		got, err := finance.Day(c.date.y, c.date.m, c.date.d)
		if err != nil || got != c.want {
			t.Errorf("%v: %d, %v; want %d", c.date, got, err, c.want)
		}
	}
	for _, d := range []date{{2026, 2, 29}, {1900, 2, 29}, {2026, 4, 31}, {2026, 0, 1}, {2026, 13, 1}, {2026, 1, 0}, {0, 1, 1}, {10000, 1, 1}} {
		if _, err := finance.Day(d.y, d.m, d.d); !errors.Is(err, finance.ErrDate) {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func TestXIRR_inYearsOf365DaysIsIRR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := investment(20).Draw(t, "net")
		start := rapid.IntRange(-100000, 100000).Draw(t, "start")
		on := make([]int, len(net))
		for k := range on {
			on[k] = start + 365*k
		}
		// Any order gives the same rate.
		order := rapid.Permutation(on).Draw(t, "order")
		flows := make([]float64, len(net))
		for i, d := range order {
			flows[i] = net[(d-start)/365]
		}
		want, err := yearly(net...).IRR()
		got, err2 := finance.XIRR(flows, order)
		if err != nil || err2 != nil || math.Abs(math.Log1p(got)-math.Log1p(want)) > 1e-9 {
			t.Fatalf("XIRR %v %v, IRR %v %v", got, err2, want, err)
		}
	})
}
