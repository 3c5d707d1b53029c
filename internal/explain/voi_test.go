package explain_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/explain"
	"pgregory.net/rapid"
)

// goOrNot are two options: not going, 0, and going.
func goOrNot(net []float64) [][]float64 { return [][]float64{make([]float64, len(net)), net} }

// unitLoss is E[max(0, N)] − max(0, m) for N normal with mean m and standard deviation sd: the unit normal loss
// integral (Raiffa & Schlaifer 1961).
func unitLoss(m, sd float64) float64 {
	z := m / sd
	return sd*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi) + m*math.Erfc(-z/math.Sqrt2)/2 - max(0, m)
}

func TestEVPIAndEVPPI_ofALinearModelAreTheClosedFormWithin2Percent(t *testing.T) {
	// k·p1 − p2 with p1 ~ N(1, 1), p2 ~ N(0, 2) against 0: the vignette of the R package voi (Heath & Jackson).
	vignette := func(k float64) func(z []float64) float64 {
		return func(z []float64) float64 { return k*(1+z[0]) - 2*z[1] }
	}
	// A CRM decision, 120,000 ± 260,000 from adoption, cost and the rest.
	rest := math.Sqrt(260000.*260000 - 200000.*200000 - 120000.*120000)
	crm := func(z []float64) float64 { return 120000 + 200000*z[0] - 120000*z[1] + rest*z[2] }
	for _, c := range []struct {
		name string
		net  func(z []float64) float64
		find []int // inputs; none for all
		want float64
	}{
		{"vignette, k = 1, all", vignette(1), nil, .4798107063},
		{"vignette, k = 2, all", vignette(2), nil, .3992824567},
		{"vignette, k = 3, all", vignette(3), nil, .4094634160},
		{"vignette, k = 1, p1", vignette(1), []int{0}, .0833154706},
		{"vignette, k = 1, p2", vignette(1), []int{1}, .3955931148},
		{"CRM, all", crm, nil, 54580.612840},
		{"CRM, adoption", crm, []int{0}, 33734.546448},
		{"CRM, cost", crm, []int{1}, 9997.856471},
		{"CRM, rest", crm, []int{2}, 8788.765625},
		{"CRM, adoption and cost", crm, []int{0, 1}, 45099.141056},
		{"CRM, adoption, cost and rest together", crm, []int{0, 1, 2}, 54580.612840},
	} {
		for _, n := range []int{16384, 20000} {
			z := normal(1, n, 3, true)
			net := goOrNot(computed(z, c.net))
			got, se := explain.EVPI(net)
			if c.find != nil {
				var x [][]float64
				for _, k := range c.find {
					x = append(x, z[k])
				}
				var err error
				if got, se, err = explain.EVPPI(net, x); err != nil {
					t.Fatal(err)
				}
			}
			near(t, c.name, got, c.want, .02*c.want)
			near(t, c.name+" by its standard error", got, c.want, 2*se)
		}
	}
}

func TestEVPI_ofThreeCorrelatedOptionsIsTheClosedForm(t *testing.T) {
	// Means 0, 100, 80, standard deviations 0, 150, 220, correlation .6: 75.43005169 by numerical integration.
	z := normal(1, 16384, 2, true)
	net := [][]float64{
		make([]float64, 16384),
		computed(z, func(z []float64) float64 { return 100 + 150*z[0] }),
		computed(z, func(z []float64) float64 { return 80 + 220*(.6*z[0]+.8*z[1]) }),
	}
	got, _ := explain.EVPI(net)
	near(t, "EVPI", got, 75.43005169, .02*75.43)

	// What the first source of uncertainty is worth: E[max(0, 100 + 150z, 80 + 132z)] − 100, where the second line beats
	// the first only below z = −10/9 and is negative there, so that it is max(0, 100 + 150z).
	got, _, err := explain.EVPPI(net, z[:1])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EVPPI of the first source", got, unitLoss(100, 150), .02*unitLoss(100, 150))
	// Of the second: E[max(0, 100, 80 + 176z)] − 100 = E[max(0, −20 + 176z)].
	got, _, err = explain.EVPPI(net, z[1:])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EVPPI of the second source", got, unitLoss(-20, 176), .02*unitLoss(-20, 176))
}

// The value of knowing x is that of the decision on E[net | x], which is known where the other inputs are averaged out
// by hand; computed on the same draws.
func TestEVPPI_ofCurvedModelsIsThatOfTheirConditionalMeans(t *testing.T) {
	const n = 20000
	z := normal(3, n, 6, true)
	users := func(z float64) float64 { return 200 + 30*z }
	hours := func(z float64) float64 { return 40 + 12*z }
	rate := func(z float64) float64 { return 55 + 5*z }
	share := func(z float64) float64 { return .6 + .15*z }
	product := func(z []float64) float64 {
		return users(z[0])*hours(z[1])*rate(z[2])*share(z[3]) - 270000 + 30000*z[4]
	}
	logistic := func(z float64) float64 { return 1 / (1 + math.Exp(-2*z)) }
	tiers := func(z []float64) float64 {
		u := math.Exp(.6 * z[0])
		return u*math.Exp(.8*z[1])*logistic(z[2]) - 1 + max(0, u-1.5)*logistic(z[2])
	}
	for _, c := range []struct {
		name      string
		net, mean func(z []float64) float64
		find      int // the first so many inputs
		tolerance float64
	}{
		{"product, one factor", product, func(z []float64) float64 { return users(z[0])*40*55*.6 - 270000 }, 1, .03},
		{"product, two factors", product, func(z []float64) float64 { return users(z[0])*hours(z[1])*55*.6 - 270000 }, 2, .01},
		{"product, all four factors", product,
			func(z []float64) float64 { return users(z[0])*hours(z[1])*rate(z[2])*share(z[3]) - 270000 }, 4, .01},
		{"log-normal product with a kink", func(z []float64) float64 { return tiers(z) + z[3] }, tiers, 3, .02},
		{"a step, a cap and a product", func(z []float64) float64 { return jumpy(z) + z[3] }, jumpy, 2, .06},
	} {
		want, _ := explain.EVPI(goOrNot(computed(z, c.mean)))
		got, _, err := explain.EVPPI(goOrNot(computed(z, c.net)), z[:c.find])
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name, got, want, c.tolerance*want)
	}
}

func jumpy(z []float64) float64 {
	v := max(-1, min(1, 3*z[0]*z[1]))
	if z[0]+z[1] > 1 {
		v += .5
	}
	return v
}

func TestEVPPI_ofDiscreteHeavyTailedAndCappedInputsIsThatOfTheirConditionalMeans(t *testing.T) {
	const n = 20000
	z := normal(3, n, 4, true)
	effect := []float64{-1, .2, .6}
	level := computed(z, func(z []float64) float64 { return math.Floor(3 * math.Erfc(-z[0]/math.Sqrt2) / 2) })
	heavy := computed(z, func(z []float64) float64 { return math.Exp(2 * z[1]) })
	capped := computed(z, func(z []float64) float64 { return max(0, z[2]) })
	ofHeavy := func(v float64) float64 { return max(-1, min(3, v-2)) }
	meanHeavy := average(computed([][]float64{heavy}, func(v []float64) float64 { return ofHeavy(v[0]) }))
	meanLevel := -.2 / 3
	meanCapped := 2 / math.Sqrt(2*math.Pi)
	net := computed([][]float64{level, heavy, capped, z[3]}, func(v []float64) float64 {
		return effect[int(v[0])] + ofHeavy(v[1]) + 2*v[2] - .9 + v[3]
	})
	for _, c := range []struct {
		name string
		x    []float64
		mean func(v float64) float64
	}{
		{"three levels", level, func(v float64) float64 { return effect[int(v)] + meanHeavy + meanCapped - .9 }},
		{"a log-normal with sigma 2", heavy, func(v float64) float64 { return meanLevel + ofHeavy(v) + meanCapped - .9 }},
		{"half of the draws at 0", capped, func(v float64) float64 { return meanLevel + meanHeavy + 2*v - .9 }},
	} {
		want, _ := explain.EVPI(goOrNot(computed([][]float64{c.x}, func(v []float64) float64 { return c.mean(v[0]) })))
		got, _, err := explain.EVPPI(goOrNot(net), [][]float64{c.x})
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name, got, want, .02*want)
	}
}

func TestEVPPI_ofACorrelatedInputHoldsWhatItTellsOfTheOthers(t *testing.T) {
	const n, r = 16384, .7
	z := normal(1, n, 2, true)
	other := computed(z, func(z []float64) float64 { return r*z[0] + math.Sqrt(1-r*r)*z[1] })
	net := goOrNot(computed(z, func(v []float64) float64 { return .3 + v[0] })) // other itself has no influence
	got, _, err := explain.EVPPI(net, [][]float64{other})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EVPPI", got, unitLoss(.3, r), .02*unitLoss(.3, r)) // E[net | other] ~ N(.3, r)
	both, _, err := explain.EVPPI(net, [][]float64{z[0], other})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EVPPI of both", both, unitLoss(.3, 1), .02*unitLoss(.3, 1))
}

func TestEVPPI_hardlyChangesWhenAnInputIsTransformed(t *testing.T) {
	z := normal(2, 20000, 2, true)
	net := goOrNot(computed(z, func(z []float64) float64 { return .2 + z[0] + .5*z[0]*z[0]*z[0] + z[1] }))
	plain, _, err := explain.EVPPI(net, z[:1])
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(z float64) float64{
		"log-normal": func(z float64) float64 { return math.Exp(3 * z) },
		"share":      func(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 },
		"reversed":   func(z float64) float64 { return -z * 1e9 },
		"Cauchy":     func(z float64) float64 { return math.Tan(math.Pi * (math.Erfc(-z/math.Sqrt2)/2 - .5)) },
	} {
		x := computed(z[:1], func(v []float64) float64 { return f(v[0]) })
		got, _, err := explain.EVPPI(net, [][]float64{x})
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, plain, .01*plain)
	}
}

func TestEVPIAndEVPPI_intervalsCoverTheTrueValue(t *testing.T) {
	const repeats = 100
	wantOne, wantAll := unitLoss(.3, 1), unitLoss(.3, math.Hypot(1, 1.5))
	var one, all, oneSE, allSE []float64
	for seed := range uint64(repeats) {
		z := normal(seed+1, 2000, 2, false)
		net := goOrNot(computed(z, func(z []float64) float64 { return .3 + z[0] + 1.5*z[1] }))
		v, se, err := explain.EVPPI(net, z[:1])
		if err != nil {
			t.Fatal(err)
		}
		one, oneSE = append(one, v-wantOne), append(oneSE, se)
		v, se = explain.EVPI(net)
		all, allSE = append(all, v-wantAll), append(allSE, se)
	}
	covers(t, "EVPPI", one, oneSE)
	covers(t, "EVPI", all, allSE)
}

// covers checks that the errors of independent estimates are as large as their standard errors say.
func covers(t *testing.T, what string, errs, ses []float64) {
	t.Helper()
	inside, square := 0, 0.0
	for i, e := range errs {
		square += e * e
		if math.Abs(e) <= 1.96*ses[i] {
			inside++
		}
	}
	if share := float64(inside) / float64(len(errs)); share < .9 {
		t.Errorf("%s: the intervals of 95 %% cover %v", what, share)
	}
	near(t, what+": standard error over error", average(ses)/math.Sqrt(square/float64(len(errs))), 1, .25)
}

func TestEVPPI_ofInputsWithoutInfluenceIsNegligible(t *testing.T) {
	single, group := 0, 0
	for seed := range uint64(60) {
		z := normal(seed+1, 2000, 5, false)
		// On the edge of the decision, where noise lifts the maximum most.
		net := goOrNot(computed(z, func(z []float64) float64 { return z[0]*z[1] + math.Exp(z[1]) - math.Exp(.5) }))
		if v, se, _ := explain.EVPPI(net, z[2:3]); !explain.Negligible(v, se) {
			single++
		}
		if v, se, _ := explain.EVPPI(net, z[2:]); !explain.Negligible(v, se) {
			group++
		}
		if v, se, _ := explain.EVPPI(net, z[1:2]); explain.Negligible(v, se) {
			t.Error("the value of an input that decides is called negligible")
		}
	}
	if single > 3 || group > 5 {
		t.Errorf("of 60 without influence, %d inputs and %d groups of three count", single, group)
	}
}

func TestEVPPI_ofZeroStillHasAnErrorWhereTheDecisionIsClose(t *testing.T) {
	z := normal(1, 2000, 2, false)
	// A slope of .04 is as likely as not; at .15 ± .04 the fit does not cross 0, but nearly.
	v, se, err := explain.EVPPI(goOrNot(computed(z, func(z []float64) float64 { return .15 + z[0] })), z[1:])
	if err != nil || v != 0 || !(se > 1e-6 && se < .01) {
		t.Errorf("%v ± %v, %v", v, se, err)
	}
}

func TestNegligible_isBelowTwoStandardErrors(t *testing.T) {
	for _, c := range []struct {
		value, se float64
		want      bool
	}{{0, 0, true}, {19, 10, true}, {20, 10, true}, {21, 10, false}, {1, 0, false}, {math.NaN(), 1, true}} {
		if got := explain.Negligible(c.value, c.se); got != c.want {
			t.Errorf("Negligible(%v, %v) = %v", c.value, c.se, got)
		}
	}
}

func TestEVPPI_isZeroWhereThereIsNothingToFindOut(t *testing.T) {
	z := normal(1, 500, 2, false)
	constant := make([]float64, 500)
	for name, c := range map[string]struct{ net, x [][]float64 }{
		"one option":           {[][]float64{z[0]}, z[:1]},
		"equal options":        {[][]float64{z[0], slices.Clone(z[0])}, z[:1]},
		"a constant":           {goOrNot(z[0]), [][]float64{constant}},
		"two constants":        {goOrNot(z[0]), [][]float64{constant, constant}},
		"a sure thing":         {goOrNot(computed(z, func(z []float64) float64 { return 100 + z[0] })), z[:1]},
		"options 1e300 apart":  {[][]float64{constant, computed(z, func([]float64) float64 { return 1e300 })}, z[:1]},
		"no gain in any draws": {goOrNot(constant), z},
	} {
		v, se, err := explain.EVPPI(c.net, c.x)
		if v != 0 || se != 0 || err != nil {
			t.Errorf("%s: %v ± %v, %v", name, v, se, err)
		}
	}
}

func TestEVPPI_saysWhatIsWrongWithItsNumbers(t *testing.T) {
	z := normal(1, 500, 2, false)
	bad := slices.Clone(z[0])
	bad[7] = math.NaN()
	endless := slices.Clone(z[0])
	endless[499] = math.Inf(-1)
	for name, c := range map[string]struct {
		net, x [][]float64
		want   error
	}{
		"no option":        {nil, z, explain.ErrShape},
		"no input":         {z, nil, explain.ErrShape},
		"no draws":         {[][]float64{{}, {}}, [][]float64{{}}, explain.ErrShape},
		"too few draws":    {[][]float64{z[0][:49], z[1][:49]}, [][]float64{z[0][:49]}, explain.ErrShape},
		"a short option":   {[][]float64{z[0], z[1][:499]}, z, explain.ErrShape},
		"a short input":    {z, [][]float64{z[1][:499]}, explain.ErrShape},
		"not a number":     {goOrNot(bad), z, explain.ErrFinite},
		"an endless input": {z, [][]float64{endless}, explain.ErrFinite},
	} {
		if _, _, err := explain.EVPPI(c.net, c.x); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, se := explain.EVPI([][]float64{z[0], z[1][:499]}); !math.IsNaN(v) || !math.IsNaN(se) {
		t.Errorf("EVPI of options of different length: %v ± %v", v, se)
	}
}

func TestEVPPI_invariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(50, 300).Draw(t, "draws")
		seed := rapid.Uint64Range(0, 1000).Draw(t, "seed")
		options := rapid.IntRange(2, 4).Draw(t, "options")
		inputs := rapid.IntRange(1, 4).Draw(t, "inputs")
		z := normal(seed, n, options+inputs, false)
		x := z[options:]
		if coarse := rapid.IntRange(0, 3).Draw(t, "levels"); coarse > 0 { // 0 leaves the input continuous
			for i := range x[0] {
				x[0][i] = math.Floor(x[0][i] * float64(coarse))
			}
		}
		net := make([][]float64, options)
		for d := range net {
			net[d] = computed([][]float64{z[d], x[0]}, func(v []float64) float64 { return v[0] + float64(d)*v[1] })
		}
		value, se, err := explain.EVPPI(net, x)
		if err != nil {
			t.Fatal(err)
		}
		perfect, _ := explain.EVPI(net)
		if !(value >= 0 && value <= perfect && se >= 0) {
			t.Fatalf("%v ± %v, EVPI %v", value, se, perfect)
		}

		// In another currency, with the same amount added to every option, and with the options in another order.
		other := make([][]float64, options)
		for d := range other {
			other[d] = computed([][]float64{net[options-1-d], z[0]}, func(v []float64) float64 { return 4 * (v[0] + v[1]) })
		}
		value2, se2, err := explain.EVPPI(other, x)
		if err != nil {
			t.Fatal(err)
		}
		perfect2, _ := explain.EVPI(other)
		if math.Abs(value2-4*value) > 1e-9 || math.Abs(se2-4*se) > 1e-9 || math.Abs(perfect2-4*perfect) > 1e-9 {
			t.Fatalf("%v ± %v of %v became %v ± %v of %v", value, se, perfect, value2, se2, perfect2)
		}
		again, seAgain, _ := explain.EVPPI(net, x)
		if again != value || seAgain != se {
			t.Fatal("the same numbers give another result")
		}
	})
}

func TestEVPPI_ofManyInputsTogetherIsCloseToEVPI(t *testing.T) {
	const n = 5000
	for _, inputs := range []int{6, 12, 25} {
		z := normal(1, n, inputs, true)
		net := goOrNot(computed(z, func(z []float64) float64 {
			sum := 1.0
			for _, v := range z {
				sum += v
			}
			return sum
		}))
		perfect, _ := explain.EVPI(net)
		got, _, err := explain.EVPPI(net, z)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "EVPPI of all", got, perfect, .01*perfect)
		twice, _, err := explain.EVPPI(net, append(slices.Clone(z), z...)) // each input given twice
		if err != nil {
			t.Fatal(err)
		}
		near(t, "EVPPI of all, twice", twice, perfect, .01*perfect)
	}
}

var benchmarkSink float64

func BenchmarkEVPPI(b *testing.B) {
	const n = 20000
	z := normal(1, n, 20, true)
	net := goOrNot(computed(z, func(z []float64) float64 {
		sum := 5.0
		for k, v := range z {
			sum += float64(k) * v
		}
		return sum
	}))
	b.Run("20 inputs, one by one", func(b *testing.B) {
		for b.Loop() {
			for k := range z {
				v, _, _ := explain.EVPPI(net, z[k:k+1])
				benchmarkSink += v
			}
		}
	})
	for name, k := range map[string]int{"2 together": 2, "4 together": 4, "8 together": 8} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v, _, _ := explain.EVPPI(net, z[:k])
				benchmarkSink += v
			}
		})
	}
}

func BenchmarkEVPI(b *testing.B) {
	z := normal(1, 20000, 2, true)
	for b.Loop() {
		v, _ := explain.EVPI(z)
		benchmarkSink += v
	}
}
