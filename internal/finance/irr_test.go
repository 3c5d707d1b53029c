package finance_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/finance"
	"pgregory.net/rapid"
)

func yearly(net ...float64) finance.Series {
	return finance.Series{Net: net, Period: finance.Year}
}

func TestIRR_againstPublishedCases(t *testing.T) {
	for _, c := range []struct {
		name      string
		net       []float64
		want, tol float64
	}{
		// Excel's documented example, https://github.com/alpeb/go-finance fin/cashflow_test.go; the third needs a guess
		// of −40 % in Excel.
		{"Excel, four years", []float64{-70000, 12000, 15000, 18000, 21000}, -0.02124485, 5e-9},
		{"Excel, five years", []float64{-70000, 12000, 15000, 18000, 21000, 26000}, 0.086630, 1e-6},
		{"Excel, two years", []float64{-70000, 12000, 15000}, -0.443507, 5e-7},
		// https://github.com/numpy/numpy-financial tests/test_financial.py, TestIrr.
		{"numpy, 5 years", []float64{-150000, 15000, 25000, 35000, 45000, 60000}, 0.0524, 5e-5},
		{"numpy, gap", []float64{-100, 0, 0, 74}, -0.0955, 5e-5},
		{"numpy, Gitman", []float64{-100, 39, 59, 55, 20}, 0.28095, 5e-6},
		{"numpy, late return", []float64{-100, 100, 0, 7}, 0.06206, 5e-6},
		{"numpy, issue 15, almost everything lost", []float64{-3000, 2.3926932267015667e-07, 4.1672087103345505e-16,
			5.3965110036378706e-25, 5.1962551071806174e-34, 3.7202955645436402e-43, 1.9804961711632469e-52,
			7.8393517651814181e-62}, -0.9999999990596069, 1e-9},
		// https://homeworksource.com/p/1046036: 31.69 % and 19.59 %, the second a loan.
		{"three returns", []float64{-100, 40, 60, 80}, 0.3169, 5e-5},
		{"money first", []float64{100, 40, 60, -300}, 0.1959, 5e-5},
	} {
		got, err := yearly(c.net...).IRR()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, c.tol)
	}
}

func TestIRR_namesSeveralRates(t *testing.T) {
	for _, c := range []struct {
		name string
		net  []float64
		want []float64
		tol  float64
	}{
		// http://www.edupristine.com/discuss/viewtopic.php?f=13&t=1406: two IRRs, about 38 % and 260 %.
		{"CFA question", []float64{-2000, 10000, -10000}, []float64{0.38, 2.6}, 0.02},
		// Ross, Westerfield and Jordan, https://brainmass.com/business/internal-rate-of-return/lt-problem-multiple-irrs-39308
		// ("search between 20 and 70 percent"); with q = 1+r it is (4q−5)(3q−4)(7q−10)(3q−5) = 0.
		{"four rates", []float64{-252, 1431, -3035, 2850, -1000}, []float64{1.0 / 4, 1.0 / 3, 3.0 / 7, 2.0 / 3}, 1e-9},
		// numpy-financial tests: it answers 0.0886, −0.0833, 0.12 and 1.00426 and is silent about the others, which are
		// the remaining real roots of the polynomial.
		{"numpy, three rates", []float64{-5, 10.5, 1, -8, 1}, []float64{-0.870201247, 0.0885983385, 0.7095595277}, 1e-9},
		{"numpy, cost at the end", []float64{-100, 100, 0, -7}, []float64{-0.6788943736, -0.0832996662}, 1e-9},
		// (q − 1.1)(q − 1.1001): a pair inside one grid cell.
		{"two rates a hundredth of a percent apart", []float64{1, -2.2001, 1.21011}, []float64{0.1, 0.1001}, 1e-8},
	} {
		_, err := yearly(c.net...).IRR()
		var several *finance.SeveralRootsError
		if !errors.Is(err, finance.ErrSeveralRoots) || !errors.As(err, &several) || len(several.Roots) != len(c.want) {
			t.Errorf("%s: %v %+v", c.name, err, several)
			continue
		}
		for i, r := range several.Roots {
			near(t, c.name, r, c.want[i], c.tol)
		}
	}
}

// Over fifty years in months the powers of rates close to −1 leave float64 (1.2^600 is still in, e^1800 is not).
func TestIRR_longSeriesDoNotOverflow(t *testing.T) {
	net := repeated(60000, -1000, 599)
	net = append(net, 5000)
	got, err := finance.Series{Net: net, Period: finance.Month}.IRR()
	if err != nil {
		t.Fatal(err)
	}
	// With v = (1+r)^(−1/12): 60 − v(v^599 − 1)/(v − 1) + 5·v^600 = 0, bisected with 250 digits. The other root is
	// −0.88784334521538492.
	near(t, "plain rate", got, 0.21937806931553796, 1e-12)
}

func TestIRR_severalSignChangesWithOneRateIsThatRate(t *testing.T) {
	for _, c := range []struct {
		name string
		net  []float64
		want float64
	}{
		// With q = 1+r: (q − 1.25)(q² + 1) = q³ − 1.25q² + q − 1.25.
		{"three changes, one real root", []float64{-1, 1.25, -1, 1.25}, 0.25},
		{"a double root", []float64{-1, 2.2, -1.21}, 0.1},
		{"a double root at zero", []float64{1, -2, 1}, 0},
		{"a triple root at zero", []float64{-1, 3, -3, 1}, 0},
		// (q − 1.1)(q + 0.5)², the negative roots being no rates.
		{"negative roots do not count", []float64{-1, 0.1, 0.85, 0.275}, 0.1},
		{"a leftover of a subtraction at the end is not a cost", []float64{-100, 110, -1e-13}, 0.1},
		{"a leftover of a subtraction at the start is not a return", []float64{1e-13, -100, 110}, 0.1},
	} {
		got, err := yearly(c.net...).IRR()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, 1e-7) // a double root is known to about √ε
	}
}

func TestIRR_doesNotExist(t *testing.T) {
	for name, net := range map[string][]float64{
		"empty series":  nil,
		"one flow":      {-5},
		"all zero":      {0, 0, 0},
		"costs only":    {-1, -2, -3}, // numpy-financial, test_numpy_gh_6744
		"benefits only": {1, 2, 3},
		// https://www.countingaccounting.com/2021/05/when-to-use-irr-internal-rate-of-return.html
		"two changes, NPV always positive": {5, -4, -4, -4, -4, 17},
		"just above zero everywhere":       {1, -2, 1.000001},
		"leftovers on both sides":          {-1e-18, 1, -1e-18},
	} {
		if v, err := yearly(net...).IRR(); !errors.Is(err, finance.ErrNoRoot) || v != 0 {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	for name, bad := range map[string]float64{"NaN": math.NaN(), "infinite": math.Inf(-1)} {
		if _, err := yearly(-1, bad, 2).IRR(); !errors.Is(err, finance.ErrNotFinite) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (finance.Series{Net: []float64{-1, 2}}).IRR(); !errors.Is(err, finance.ErrPeriod) {
		t.Errorf("no period: %v", err)
	}
}

func TestIRR_findsTinyAndHugeRates(t *testing.T) {
	for _, period := range []finance.Period{finance.Month, finance.Year} {
		for _, years := range []int{1, 3, 10, 40} {
			for _, want := range []float64{-0.999999, -0.99, -0.5, -1e-9, 0, 1e-9, 1e-4, 0.1, 1, 100, 1e4, 1e6} {
				if float64(years)*math.Abs(math.Log1p(want)) > 600 {
					continue // the amount itself would not fit a float64
				}
				net := make([]float64, years*12/int(period)+1)
				net[0], net[len(net)-1] = -1, math.Pow(1+want, float64(years))
				got, err := finance.Series{Net: net, Period: period}.IRR()
				if err != nil {
					t.Errorf("%g over %d years: %v", want, years, err)
				}
				near(t, "IRR", got, want, 1e-12*(1+math.Abs(want)))
			}
		}
	}
	// The whole project is paid back a thousandfold within a month: 1000^12 a year.
	got, err := finance.Series{Net: []float64{-1, 1000}, Period: finance.Month}.IRR()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "relative to 1e36", got/1e36, 1, 1e-12)
}

func TestIRR_monthlyIsEffectivePerYear(t *testing.T) {
	got, err := finance.Series{Net: []float64{-100, 1, 101}, Period: finance.Month}.IRR() // 1 % a month
	if err != nil {
		t.Fatal(err)
	}
	near(t, "1 % a month", got, math.Pow(1.01, 12)-1, 1e-12)
	monthly := make([]float64, 61)
	for k, f := range []float64{-70000, 12000, 15000, 18000, 21000, 26000} {
		monthly[12*k] = f
	}
	got, err = finance.Series{Net: monthly, Period: finance.Month}.IRR()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Excel's five years on a monthly axis", got, 0.086630948, 1e-9)
}

func TestIRR_makesTheNPVZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// With less than a tenth coming back within months, the rate is so close to −1 that it may leave the range.
		comesBack := func(net []float64) bool { return sum(net) > 0.9*sum(negative(net)) }
		s := finance.Series{
			Net:    investment(60).Filter(comesBack).Draw(t, "net"),
			Period: rapid.SampledFrom([]finance.Period{finance.Month, finance.Year}).Draw(t, "period"),
		}
		rate, err := s.IRR()
		if err != nil {
			t.Fatal(err) // one sign change: there is always exactly one
		}
		if rate < -1+1e-6 {
			return // as a number next to −1 the rate keeps too few digits to be put back into the NPV
		}
		npv, err := s.NPV(rate)
		benefits := make([]float64, len(s.Net))
		for k, f := range s.Net {
			benefits[k] = math.Abs(f)
		}
		gross, err2 := finance.Series{Net: benefits, Period: s.Period}.NPV(rate)
		if err != nil || err2 != nil || math.Abs(npv) > 1e-9*gross {
			t.Fatalf("NPV at %v is %v of %v (%v, %v)", rate, npv, gross, err, err2)
		}
	})
}

func TestIRR_findsEveryRootOfAKnownPolynomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "roots")
		logs := make([]float64, n) // ascending, at least 0.05 apart
		x := rapid.Float64Range(-3, 0).Draw(t, "first")
		net := []float64{1}
		for i := range logs {
			logs[i] = x
			x += rapid.Float64Range(0.05, 1.5).Draw(t, "gap")
			next := make([]float64, len(net)+1) // times (q − e^x)
			for k, f := range net {
				next[k] += f
				next[k+1] -= f * math.Exp(logs[i])
			}
			net = next
		}
		got, err := yearly(net...).IRR()
		roots := []float64{got}
		if n > 1 && err == nil {
			// Norstrøm's criterion has chosen: it must be the only root above zero.
			positive := slices.DeleteFunc(slices.Clone(logs), func(x float64) bool { return x <= 0 })
			if len(positive) != 1 || math.Abs(math.Log1p(got)-positive[0]) > 1e-6 {
				t.Fatalf("%v chosen among logs %v", got, logs)
			}
			return
		}
		if n > 1 {
			var several *finance.SeveralRootsError
			if !errors.As(err, &several) {
				t.Fatalf("%v for %v", err, net)
			}
			roots = several.Roots
		} else if err != nil {
			t.Fatal(err)
		}
		if len(roots) != n {
			t.Fatalf("%d roots %v for %v", len(roots), roots, logs)
		}
		for i := range roots {
			if math.Abs(math.Log1p(roots[i])-logs[i]) > 1e-6 {
				t.Fatalf("roots %v, want logs %v", roots, logs)
			}
		}
	})
}

func TestIRR_doesNotDependOnTheCurrencyOrOnQuietPeriodsBeforeAndAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := amounts(2, 30).Draw(t, "net")
		by := rapid.Float64Range(-1e4, 1e4).Filter(func(x float64) bool { return math.Abs(x) > 1e-3 }).Draw(t, "by")
		quiet := rapid.IntRange(0, 5).Draw(t, "quiet")
		want, err := finance.Series{Net: net, Period: finance.Month}.IRR()
		moved := append(append(make([]float64, quiet), scaled(net, by)...), make([]float64, quiet)...)
		got, err2 := finance.Series{Net: moved, Period: finance.Month}.IRR()
		if (err == nil) != (err2 == nil) || err == nil && math.Abs(math.Log1p(got)-math.Log1p(want)) > 1e-6 {
			t.Fatalf("%v %v became %v %v", want, err, got, err2)
		}
	})
}

func TestIRR_takesTheOnlyPositiveRateOfNorstroem(t *testing.T) {
	for _, c := range []struct {
		name string
		net  []float64
		want float64
		tol  float64
	}{
		// https://answer.ya.guru/questions/8411365: −76.49 % and 36.79 %.
		{"restoration at the end", []float64{-39800, 63800, -12800}, 0.3679, 5e-5},
		// numpy-financial tests, issue 44.
		{"small payment at the end", []float64{-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1}, 1.0042698487, 1e-9},
		// https://homeworksource.com/p/1046036: 6.37 %.
		{"small cost at the end", []float64{-100, 40, 80, -10}, 0.0637, 5e-5},
	} {
		got, err := yearly(c.net...).IRR()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		near(t, c.name, got, c.want, c.tol)
	}
}

func TestIRR_parityOfRootsFollowsTheEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// First and last flow of opposite sign: an odd number of roots, so at least one; equal signs: an even one.
		net := amounts(2, 25).Filter(func(s []float64) bool { return s[0] != 0 && s[len(s)-1] != 0 }).Draw(t, "net")
		roots := 1
		_, err := yearly(net...).IRR()
		var several *finance.SeveralRootsError
		switch {
		case errors.As(err, &several):
			roots = len(several.Roots)
		case errors.Is(err, finance.ErrNoRoot):
			roots = 0
		case err != nil:
			t.Fatal(err)
		}
		odd := (net[0] > 0) != (net[len(net)-1] > 0)
		if err == nil && !odd {
			return // Norstrøm's criterion has chosen among several
		}
		if odd != (roots%2 == 1) {
			t.Fatalf("%d roots of %v", roots, net)
		}
	})
}

func BenchmarkIRR(b *testing.B) {
	plain := finance.Series{Net: repeated(-60000, 3000, 36), Period: finance.Month}
	mixed := finance.Series{Net: repeated(-60000, 3000, 36), Period: finance.Month}
	mixed.Net[36] = -5000
	for name, s := range map[string]finance.Series{"one_sign_change": plain, "cost_at_the_end": mixed} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.IRR(); err != nil && !errors.Is(err, finance.ErrSeveralRoots) {
					b.Fatal(err)
				}
			}
		})
	}
}
