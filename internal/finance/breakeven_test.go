package finance_test

import (
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func TestBreakEven_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name      string
		net       []float64
		want, tol float64
	}{
		// https://justaaa.com/finance/165807-assume-a-72000-investment-and-the-following-cash: 3.7 and 2.7 years.
		{"alternative A", []float64{-72000, 25000, 25000, 15000, 10000, 30000}, 3.7, 1e-9},
		{"alternative B", []float64{-72000, 22000, 15000, 50000}, 2.7, 1e-9},
		// https://www.coursehero.com/file/40171792/Calculating-Payback-using-Excel2-1xls/: 4.05 and 6.08 years.
		{"annuity of 790 on 3,200", repeated(-3200, 790, 8), 4.05, 0.005},
		{"annuity of 790 on 4,800", repeated(-4800, 790, 8), 6.08, 0.005},
		// https://social.tvp-ot.gfolkdev.net/respuestas/13017815: 3.08 years.
		{"uneven returns", []float64{-180000, 60000, 40000, 70000, 125000, 35000}, 3.08, 0.005},
		// https://wer-weiss-was.de/t/probleme-mit-rentenbarwertfaktor-und-kapitalwert--2/8908979: 111 years.
		{"1,000,000 at 9,000 a year", repeated(-1000000, 9000, 200), 111, 0.5},
	} {
		got, ok := finance.BreakEven(c.net)
		if !ok {
			t.Errorf("%s: none", c.name)
		}
		near(t, c.name, got, c.want, c.tol)
		first, ok := finance.FirstCrossing(c.net)
		if !ok || first != got {
			t.Errorf("%s: first crossing %v, %v", c.name, first, ok)
		}
	}
	// The same sheet: 7,300 "cannot be determined since the cash flows stop in year eight".
	if got, ok := finance.BreakEven(repeated(-7300, 790, 8)); ok {
		t.Errorf("annuity of 790 on 7,300: %v", got)
	}
}

func TestDiscountedBreakEven_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name      string
		rate      float64
		net       []float64
		want, tol float64
	}{
		// Pine Valley Furniture, https://www.scribd.com/document/458350072/NPV-Analysis: year 2 + 0.403.
		{"Pine Valley worksheet", 0.12, repeated(-42500, 21500, 5), 2.403, 0.0005},
		// A homework answer: 3.15 years (numbers stand on their own; the stored address does not fit).
		{"11 %", 0.11, []float64{-210, 85, 75, 85, 105}, 3.15, 0.005},
		// https://wizedu.com/questions/3682/an-investment-has-an-initial-cost-of-1000-the: 3.2991, with factors
		// rounded to three places.
		{"14 %", 0.14, []float64{-1000, 347, 394, 424, 600}, 3.2991, 0.001},
		// Ross, Westerfield and Jordan, ch. 9, https://www.coursehero.com/file/5798301/ch-9-solution/: 1.43 and 2.38.
		{"14 %, 8,000", 0.14, []float64{-8000, 6500, 7000, 7500, 8000}, 1.43, 0.005},
		{"14 %, 13,000", 0.14, []float64{-13000, 6500, 7000, 7500, 8000}, 2.38, 0.005},
	} {
		months, ok, err := finance.Series{Net: c.net, Period: finance.Year}.DiscountedBreakEven(c.rate)
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", c.name, ok, err)
		}
		near(t, c.name, months/12, c.want, c.tol)
	}
	// wer-weiss-was (above) at 3.46 %: still negative after 111 years; the perpetuity is worth only 260,116 EUR.
	_, ok, err := finance.Series{Net: repeated(-1000000, 9000, 200), Period: finance.Year}.DiscountedBreakEven(0.0346)
	if ok || err != nil {
		t.Errorf("never: %v, %v", ok, err)
	}
}

func TestBreakEven_definition(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		name              string
		net               []float64
		breakEven, firsts float64
	}{
		{"empty series", nil, none, none},
		{"nothing ever happens", []float64{0, 0, 0}, 0, 0},
		{"never below zero", []float64{5, 1, -2}, 0, 0},
		{"reaches zero and stays there", []float64{-10, 10, 0, 0}, 1, 1},
		{"reaches zero on the last period", []float64{-10, 5, 5}, 2, 2},
		{"misses by a cent", []float64{-10, 5, 4.99}, none, none},
		{"inside a period", []float64{-10, 4, 12}, 1.5, 1.5},
		{"falls below again and recovers", []float64{-10, 20, -20, 20}, 2.5, 0.5},
		{"falls below again for good", []float64{-10, 20, -20, 5}, none, 0.5},
		{"an advance payment first, then the cost", []float64{5, -15, 20}, 1.5, 1.5},
		{"quiet months before the cost", []float64{0, 0, -100, 50, 60}, 3 + 50.0/60, 3 + 50.0/60},
		{"touches zero and falls again", []float64{-10, 10, -5, 10}, 2.5, 1},
		{"cost at the very end", []float64{-10, 30, -25}, none, 1.0 / 3},
		{"rounding does not hide a break-even", []float64{-100, 33.3, 33.3, 33.3, 0.1}, 4, 4}, // sums to −8.5e-15
		{"an amount that is not a number", []float64{-10, math.NaN(), 30}, none, none},
		{"an infinite amount", []float64{-10, math.Inf(1)}, none, none},
	} {
		factors := repeated(1, 1, len(c.net))
		check := func(what string, got float64, ok bool, want float64) {
			if math.IsNaN(want) {
				if ok || got != 0 {
					t.Errorf("%s: %s = %v, %v, want none", c.name, what, got, ok)
				}
				return
			}
			if !ok || math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: %s = %v, %v, want %v", c.name, what, got, ok, want)
			}
		}
		got, ok := finance.BreakEven(c.net)
		check("break-even", got, ok, c.breakEven)
		got, ok = finance.FirstCrossing(c.net)
		check("first crossing", got, ok, c.firsts)
		got, ok = finance.DiscountedBreakEven(c.net, factors)
		check("break-even at factor 1", got, ok, c.breakEven)
		got, ok = finance.DiscountedFirstCrossing(c.net, factors)
		check("first crossing at factor 1", got, ok, c.firsts)
		got, ok = finance.Series{Net: c.net, Period: finance.Year}.BreakEven()
		check("break-even in months", got, ok, 12*c.breakEven)
	}
	if _, ok := finance.DiscountedBreakEven([]float64{1, 2}, []float64{1}); ok {
		t.Error("factors too short")
	}
	if _, ok := finance.DiscountedFirstCrossing([]float64{1, 2}, []float64{1}); ok {
		t.Error("factors too short, first crossing")
	}
	if _, ok := (finance.Series{Net: []float64{1}}).BreakEven(); ok {
		t.Error("series without a period")
	}
	if _, _, err := (finance.Series{Net: []float64{1}, Period: finance.Year}).DiscountedBreakEven(-2); err == nil {
		t.Error("rate below -1")
	}
}

// The interpolation is on the discounted cumulative, not on the plain one with a discounted target: with 100 % a year
// −100 and 400 after one year is −100 and +200, half a year; the plain cumulative crosses at a quarter.
func TestDiscountedBreakEven_interpolatesTheDiscountedCumulative(t *testing.T) {
	s := finance.Series{Net: []float64{-100, 400}, Period: finance.Year}
	static, _ := s.BreakEven()
	dynamic, _, err := s.DiscountedBreakEven(1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "static", static, 3, 1e-12)
	near(t, "dynamic", dynamic, 6, 1e-12)
}

func TestDiscountedBreakEven_isNotBeforeTheStaticOneForInvestments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := investment(60).Draw(t, "net")
		rate := rapid.Float64Range(0, 2).Draw(t, "rate")
		timing := rapid.SampledFrom([]finance.Timing{finance.TimingMonthly, finance.TimingYearly}).Draw(t, "timing")
		factors, err := finance.DiscountFactors(rate, len(net)-1, timing)
		if err != nil {
			t.Fatal(err)
		}
		static, ok := finance.BreakEven(net)
		dynamic, okDynamic := finance.DiscountedBreakEven(net, factors)
		if okDynamic && !ok {
			t.Fatalf("dynamic at %v, static never", dynamic)
		}
		if okDynamic && dynamic < static-1e-9 {
			t.Fatalf("dynamic %v before static %v", dynamic, static)
		}
	})
}

func TestBreakEven_isTheTimeAfterWhichTheCumulativeStaysUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 40).Draw(t, "net")
		at, ok := finance.BreakEven(net)
		first, okFirst := finance.FirstCrossing(net)
		if ok && (!okFirst || first > at) {
			t.Fatalf("first crossing %v %v after break-even %v", first, okFirst, at)
		}
		var cumulative float64
		tolerance := 1e-9 * size(net)
		for k, f := range net {
			cumulative += f
			if ok && float64(k) >= at && cumulative < -tolerance {
				t.Fatalf("break-even %v, but %v in period %d", at, cumulative, k)
			}
			if !ok && k == len(net)-1 && cumulative > tolerance {
				t.Fatalf("ends at %v without a break-even", cumulative)
			}
			if ok && k == int(math.Ceil(at))-1 && cumulative > tolerance {
				t.Fatalf("break-even %v, but already %v in period %d", at, cumulative, k)
			}
		}
	})
}

func TestBreakEven_doesNotDependOnTheCurrencyAndMovesWithTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(1, 40).Draw(t, "net")
		by := rapid.Float64Range(0.001, 1e4).Draw(t, "by")
		shift := rapid.IntRange(1, 5).Draw(t, "shift")
		at, ok := finance.BreakEven(net)
		other, okOther := finance.BreakEven(scaled(net, by))
		if ok != okOther || math.Abs(at-other) > 1e-6 {
			t.Fatalf("%v %v, scaled by %v: %v %v", at, ok, by, other, okOther)
		}
		later, okLater := finance.BreakEven(append(make([]float64, shift), net...))
		want := at + float64(shift)
		if at == 0 {
			want = 0
		}
		if ok != okLater || ok && math.Abs(later-want) > 1e-9 {
			t.Fatalf("%v %v, started %d later: %v %v", at, ok, shift, later, okLater)
		}
	})
}
