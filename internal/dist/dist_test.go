package dist_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rendite-crm/rendite/internal/dist"
)

func mustDist(t testing.TB, d dist.Dist, err error) dist.Dist {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// near fails unless got is want within the relative tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if got == want {
		return
	}
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s = %.17g, want %.17g (off by %.2g)", what, got, want, got-want)
	}
}

func TestParametersThatMakeNoDistributionAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		name string
		make func() (dist.Dist, error)
		want string // code and arguments
	}{
		{"a range that runs downwards", func() (dist.Dist, error) { return dist.Metalog(3, 2, 1, dist.Unbounded) },
			"range_order high=1 low=3 middle=2"},
		{"a middle above the range", func() (dist.Dist, error) { return dist.Metalog(1, 4, 3, dist.Unbounded) },
			"range_order high=3 low=1 middle=4"},
		{"a pair that runs downwards", func() (dist.Dist, error) { return dist.MetalogPair(3, 1, dist.Positive) },
			"range_order high=1 low=3"},
		{"a positive range from zero", func() (dist.Dist, error) { return dist.Metalog(0, 1, 2, dist.Positive) },
			"range_not_positive low=0"},
		{"a positive pair below zero", func() (dist.Dist, error) { return dist.MetalogPair(-1, 2, dist.Positive) },
			"range_not_positive low=-1"},
		{"a negative constant for a positive quantity", func() (dist.Dist, error) { return dist.MetalogPair(-1, -1, dist.Positive) },
			"range_not_positive low=-1"},
		{"a share above one", func() (dist.Dist, error) { return dist.Metalog(0.2, 0.5, 1.2, dist.Share) },
			"range_not_share high=1.2 low=0.2"},
		{"a share that reaches one", func() (dist.Dist, error) { return dist.MetalogPair(0.2, 1, dist.Share) },
			"range_not_share high=1 low=0.2"},
		{"a range that is no number", func() (dist.Dist, error) { return dist.Metalog(1, nan, 3, dist.Unbounded) },
			"number_not_finite name=middle value=NaN"},
		{"an infinite range", func() (dist.Dist, error) { return dist.MetalogPair(1, inf, dist.Unbounded) },
			"number_not_finite name=high value=+Inf"},
		{"a likely value outside of PERT's limits", func() (dist.Dist, error) { return dist.PERT(1, 6, 5) },
			"mode_order high=5 likely=6 low=1"},
		{"a likely value outside of a triangle", func() (dist.Dist, error) { return dist.Triangular(1, 0, 5) },
			"mode_order high=5 likely=0 low=1"},
		{"a uniform distribution that runs downwards", func() (dist.Dist, error) { return dist.Uniform(2, 1) },
			"limits_order high=1 low=2"},
		{"a negative standard deviation", func() (dist.Dist, error) { return dist.Normal(2, -1) }, "sd_negative sd=-1"},
		{"a lognormal mean of zero", func() (dist.Dist, error) { return dist.LogNormal(0, 1) }, "mean_not_positive mean=0"},
		{"a shape of zero", func() (dist.Dist, error) { return dist.Beta(0, 1) },
			"shape_range alpha=0 beta=1 max=10000 min=0.1"},
		{"a probability above one", func() (dist.Dist, error) { return dist.Bernoulli(1.5) }, "probability_range p=1.5"},
		{"a choice of nothing", func() (dist.Dist, error) { return dist.Choice(nil, nil) }, "choice_length probs=0 values=0"},
		{"a choice with too few probabilities", func() (dist.Dist, error) { return dist.Choice([]float64{1, 2}, []float64{1}) },
			"choice_length probs=1 values=2"},
		{"probabilities that do not add up", func() (dist.Dist, error) { return dist.Choice([]float64{1, 2}, []float64{0.5, 0.4}) },
			"choice_sum sum=0.9"},
		{"a negative probability", func() (dist.Dist, error) { return dist.Choice([]float64{1, 2}, []float64{1.5, -0.5}) },
			"probability_range p=1.5"},
		{"a constant that is no number", func() (dist.Dist, error) { return dist.Constant(nan) }, "number_not_finite name=value value=NaN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.make()
			var p dist.ParamError
			if d != nil || !errors.As(err, &p) {
				t.Fatalf("got %v, %v; want a ParamError", d, err)
			}
			if p.Error() != tt.want {
				t.Errorf("got %q, want %q", p.Error(), tt.want)
			}
		})
	}
}

func TestEqualLimitsMakeAConstant(t *testing.T) {
	tests := map[string]func() (dist.Dist, error){
		"metalog":     func() (dist.Dist, error) { return dist.Metalog(7, 7, 7, dist.Positive) },
		"pair":        func() (dist.Dist, error) { return dist.MetalogPair(7, 7, dist.Unbounded) },
		"PERT":        func() (dist.Dist, error) { return dist.PERT(7, 7, 7) },
		"triangular":  func() (dist.Dist, error) { return dist.Triangular(7, 7, 7) },
		"uniform":     func() (dist.Dist, error) { return dist.Uniform(7, 7) },
		"normal":      func() (dist.Dist, error) { return dist.Normal(7, 0) },
		"lognormal":   func() (dist.Dist, error) { return dist.LogNormal(7, 0) },
		"choice":      func() (dist.Dist, error) { return dist.Choice([]float64{7, 8, 7}, []float64{0.5, 0, 0.5}) },
		"lone choice": func() (dist.Dist, error) { return dist.Choice([]float64{7}, []float64{1}) },
	}
	want := dist.Key(mustConstant(t, 7))
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := make()
			d = mustDist(t, d, err)
			if dist.Key(d) != want || d.Mean() != 7 || d.Variance() != 0 || d.Quantile(0.01) != 7 {
				t.Errorf("got %v with mean %g and variance %g", d, d.Mean(), d.Variance())
			}
		})
	}
	t.Run("a share of zero or one is a constant though no range reaches it", func(t *testing.T) {
		for _, v := range []float64{0, 1} {
			d, err := dist.MetalogPair(v, v, dist.Share)
			if d = mustDist(t, d, err); d.Mean() != v {
				t.Errorf("got %v, want the constant %g", d, v)
			}
		}
	})
	t.Run("a certain event is a constant", func(t *testing.T) {
		d, err := dist.Bernoulli(1)
		if d = mustDist(t, d, err); dist.Key(d) != dist.Key(mustConstant(t, 1)) {
			t.Errorf("got %v", d)
		}
	})
}

func mustConstant(t *testing.T, v float64) dist.Dist {
	d, err := dist.Constant(v)
	return mustDist(t, d, err)
}

func TestQuantilesAgainstClosedFormsAndReferences(t *testing.T) {
	type at struct{ p, want float64 }
	tests := []struct {
		name   string
		make   func() (dist.Dist, error)
		points []at
	}{
		// Abramowitz and Stegun 1964, table 26.5: z(0.9) = 1.2815515655446, z(0.975) = 1.9599639845401.
		{"normal", func() (dist.Dist, error) { return dist.Normal(10, 2) },
			[]at{{0.5, 10}, {0.9, 10 + 2*1.2815515655446004}, {0.025, 10 - 2*1.959963984540054}}},
		// σ² = ln(1 + 0.75), μ = ln 4 - σ²/2: the median is 4/√1.75.
		{"lognormal", func() (dist.Dist, error) { return dist.LogNormal(4, 4*math.Sqrt(0.75)) },
			[]at{{0.5, 4 / math.Sqrt(1.75)}, {0.9, 4 / math.Sqrt(1.75) * math.Exp(math.Sqrt(math.Log(1.75))*1.2815515655446004)}}},
		{"uniform", func() (dist.Dist, error) { return dist.Uniform(-1, 3) }, []at{{0.25, 0}, {0.9, 2.6}}},
		// Below the mode low + √(p·(high-low)·(mode-low)), above it high - √((1-p)·(high-low)·(high-mode)).
		{"triangular", func() (dist.Dist, error) { return dist.Triangular(0, 1, 4) },
			[]at{{0.01, 0.2}, {0.25, 1}, {0.97, 3.4}}},
		{"triangular with its mode at the low end", func() (dist.Dist, error) { return dist.Triangular(0, 0, 4) }, []at{{0.75, 2}}},
		// Arcsine distribution: sin²(πp/2).
		{"beta, both shapes one half", func() (dist.Dist, error) { return dist.Beta(0.5, 0.5) },
			[]at{{0.25, math.Pow(math.Sin(math.Pi/8), 2)}, {0.9, math.Pow(math.Sin(0.45*math.Pi), 2)}, {1e-6, math.Pow(math.Sin(5e-7*math.Pi), 2)}}},
		// I_x(1, b) = 1 - (1-x)^b, and a PERT whose likely value is its low end has the shapes 1 and 5.
		{"PERT with its mode at the low end", func() (dist.Dist, error) { return dist.PERT(10, 10, 20) },
			[]at{{0.1, 10 + 10*(1-math.Pow(0.9, 0.2))}, {0.99, 10 + 10*(1-math.Pow(0.01, 0.2))}}},
		// Roots of the incomplete beta function at 30 digits (mpmath 1.3, betainc).
		{"beta", func() (dist.Dist, error) { return dist.Beta(2, 5) }, []at{
			{1e-6, 0.0002582878293540636}, {0.1, 0.092595258913128749}, {0.5, 0.26444998329565996},
			{0.9, 0.51031630655149164}, {0.999, 0.81861386691913397}}},
		{"PERT", func() (dist.Dist, error) { return dist.PERT(0, 0.2, 1) }, []at{ // shapes 1.8 and 4.2
			{0.1, 0.089902130459241663}, {0.5, 0.27667225939251884}, {0.9, 0.54533405043358179}}},
		{"beta with large shapes", func() (dist.Dist, error) { return dist.Beta(50, 60) }, []at{
			{0.1, 0.39397458565485581}, {0.5, 0.45426897845727493}, {0.9, 0.51547489562707442}}},
		{"beta with a pole", func() (dist.Dist, error) { return dist.Beta(0.5, 3) }, []at{
			{1e-3, 2.8444455232269614e-7}, {0.5, 0.079032767076172996}, {0.99, 0.69612594820392196}}},
		{"beta with very unequal shapes", func() (dist.Dist, error) { return dist.Beta(2000, 30) }, []at{
			{0.001, 0.97557994984191844}, {0.5, 0.98538075165257858}}},
		// The definition: the smallest value not exceeded with probability p.
		{"bernoulli", func() (dist.Dist, error) { return dist.Bernoulli(0.25) }, []at{{0.1, 0}, {0.75, 0}, {0.7500001, 1}, {0.99, 1}}},
		{"choice", func() (dist.Dist, error) { return dist.Choice([]float64{30, 10, 20}, []float64{0.5, 0.25, 0.25}) },
			[]at{{0.2, 10}, {0.25, 10}, {0.26, 20}, {0.5, 20}, {0.51, 30}}},
		{"the ends of the probability", func() (dist.Dist, error) { return dist.Uniform(1, 3) }, []at{{0, 1}, {1, 3}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.make()
			d = mustDist(t, d, err)
			for _, at := range tt.points {
				near(t, tt.name, d.Quantile(at.p), at.want, 1e-12)
			}
			if !math.IsNaN(d.Quantile(math.NaN())) {
				t.Error("the quantile at NaN is a number")
			}
		})
	}
}

func TestMomentsAgainstClosedFormsAndReferences(t *testing.T) {
	inf := math.Inf(1)
	quarter := math.Pi / 4
	tests := []struct {
		name           string
		make           func() (dist.Dist, error)
		mean, variance float64
	}{
		{"uniform: (b-a)²/12", func() (dist.Dist, error) { return dist.Uniform(-1, 3) }, 1, 16.0 / 12},
		{"triangular: (a²+b²+c²-ab-ac-bc)/18", func() (dist.Dist, error) { return dist.Triangular(1, 2, 5) }, 8.0 / 3, 13.0 / 18},
		{"PERT: (a+4m+b)/6 and (μ-a)(b-μ)/7", func() (dist.Dist, error) { return dist.PERT(1, 2, 5) },
			14.0 / 6, (14.0/6 - 1) * (5 - 14.0/6) / 7},
		{"beta: a/(a+b) and ab/((a+b)²(a+b+1))", func() (dist.Dist, error) { return dist.Beta(2, 5) }, 2.0 / 7, 10.0 / 49 / 8},
		{"normal", func() (dist.Dist, error) { return dist.Normal(3, 2) }, 3, 4},
		{"lognormal: its own mean and standard deviation", func() (dist.Dist, error) { return dist.LogNormal(3, 2) }, 3, 4},
		{"bernoulli: p and p(1-p)", func() (dist.Dist, error) { return dist.Bernoulli(0.2) }, 0.2, 0.16},
		{"choice", func() (dist.Dist, error) { return dist.Choice([]float64{1, 2, 4}, []float64{0.5, 0.25, 0.25}) }, 2, 1.5},
		// Logistic distribution with the scale s = (P90-P10)/(2 ln 9): variance π²s²/3.
		{"unbounded pair is logistic", func() (dist.Dist, error) { return dist.MetalogPair(-1, 3, dist.Unbounded) },
			1, math.Pow(math.Pi*2/math.Log(9), 2) / 3},
		// Log-logistic distribution with the median m and the exponent s: mean m·πs/sin(πs) and variance
		// m²·(2πs/sin(2πs) - (πs/sin(πs))²) (Johnson, Kotz, Balakrishnan 1995, chapter 23). Here m = √3, s = 1/4.
		{"positive pair is log-logistic", func() (dist.Dist, error) { return dist.MetalogPair(1, 3, dist.Positive) },
			math.Sqrt(3) * quarter / math.Sin(quarter),
			3 * (2*quarter/math.Sin(2*quarter) - math.Pow(quarter/math.Sin(quarter), 2))},
		// ln(12)/(2·ln 9) = 0.57 and ln(100)/(2·ln 9) = 1.05 are beyond 1/2 and 1.
		{"a wide positive pair has no variance", func() (dist.Dist, error) { return dist.MetalogPair(1, 12, dist.Positive) },
			math.Sqrt(12) * math.Pi * math.Log(12) / (2 * math.Log(9)) / math.Sin(math.Pi*math.Log(12)/(2*math.Log(9))), inf},
		{"a very wide positive pair has no mean", func() (dist.Dist, error) { return dist.MetalogPair(1, 100, dist.Positive) }, inf, inf},
		// Integrals of the quantile function at 30 digits (mpmath 1.3, quad).
		{"unbounded metalog", func() (dist.Dist, error) { return dist.Metalog(-1, 0.2, 3, dist.Unbounded) },
			0.6551196133134187, 3.0219646921790544},
		{"positive metalog", func() (dist.Dist, error) { return dist.Metalog(45000, 60000, 95000, dist.Positive) },
			66563.000209915943, 682962086.75622965},
		{"positive metalog with a heavy tail", func() (dist.Dist, error) { return dist.Metalog(1, 3, 7, dist.Positive) },
			3.7785819786446834, 15.328856452032008},
		{"share metalog", func() (dist.Dist, error) { return dist.Metalog(0.6, 0.8, 0.92, dist.Share) },
			0.77537099565210646, 0.017634317313466534},
		{"share metalog that fills the unit", func() (dist.Dist, error) { return dist.Metalog(0.01, 0.5, 0.99, dist.Share) },
			0.5, 0.14630697541923539},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.make()
			d = mustDist(t, d, err)
			near(t, "mean", d.Mean(), tt.mean, 1e-11)
			near(t, "variance", d.Variance(), tt.variance, 1e-11)
		})
	}
}

func TestEqualDistributionsHaveEqualKeys(t *testing.T) {
	makers := []func() (dist.Dist, error){
		func() (dist.Dist, error) { return dist.Metalog(1, 2, 4, dist.Unbounded) },
		func() (dist.Dist, error) { return dist.Metalog(1, 2, 4, dist.Positive) },
		func() (dist.Dist, error) { return dist.Metalog(1, 2, 5, dist.Positive) },
		func() (dist.Dist, error) { return dist.MetalogPair(1, 5, dist.Positive) },
		func() (dist.Dist, error) { return dist.PERT(1, 2, 4) },
		func() (dist.Dist, error) { return dist.Triangular(1, 2, 4) },
		func() (dist.Dist, error) { return dist.Uniform(1, 4) },
		func() (dist.Dist, error) { return dist.Normal(1, 4) },
		func() (dist.Dist, error) { return dist.LogNormal(1, 4) },
		func() (dist.Dist, error) { return dist.Beta(1, 4) },
		func() (dist.Dist, error) { return dist.Bernoulli(0.25) },
		func() (dist.Dist, error) { return dist.Choice([]float64{1, 4}, []float64{0.75, 0.25}) },
		func() (dist.Dist, error) { return dist.Constant(1) },
	}
	var first, second []string
	seen := map[string]bool{}
	for _, make := range makers {
		a, err := make()
		a = mustDist(t, a, err)
		b, err := make()
		b = mustDist(t, b, err)
		first, second = append(first, dist.Key(a)), append(second, dist.Key(b))
		seen[dist.Key(a)] = true
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same parameters have two keys:\n%s", diff)
	}
	if len(seen) != len(makers) || seen[""] {
		t.Errorf("%d distributions have %d keys: %q", len(makers), len(seen), first)
	}
	if key := dist.Key(struct{ dist.Dist }{}); key != "" {
		t.Errorf("a distribution from elsewhere has the key %q", key)
	}
}
