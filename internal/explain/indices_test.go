package explain_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/explain"
	"pgregory.net/rapid"
)

// design computes f at the points of a Saltelli design of k inputs made from draws of 2k; groups lists the inputs
// replaced together.
func design(u [][]float64, f func(u []float64) float64, groups [][]int) (fA, fB []float64, fAB [][]float64) {
	k := len(u) / 2
	fA, fB = computed(u[:k], f), computed(u[k:], f)
	for _, g := range groups {
		mixed := slices.Clone(u[:k])
		for _, i := range g {
			mixed[i] = u[k+i]
		}
		fAB = append(fAB, computed(mixed, f))
	}
	return fA, fB, fAB
}

func oneByOne(k int) [][]int {
	var groups [][]int
	for i := range k {
		groups = append(groups, []int{i})
	}
	return groups
}

func normalOf(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }

type indexCase struct {
	name         string
	f            func(u []float64) float64
	variance     float64
	first, total []float64
}

var indexCases = []indexCase{
	// Ishigami & Homma 1990 with a = 7, b = 0.1 and inputs uniform on ±π; Saltelli et al. 2008, Global sensitivity
	// analysis: the primer.
	{"Ishigami", func(u []float64) float64 {
		x := func(i int) float64 { return math.Pi * (2*u[i] - 1) }
		s := math.Sin(x(1))
		return math.Sin(x(0)) + 7*s*s + .1*math.Pow(x(2), 4)*math.Sin(x(0))
	}, 13.844587940719254, []float64{.31390519114781146, .4424111447900409, 0},
		[]float64{.5575888552099592, .4424111447900409, .2436836640621477}},
	// Sobol's g with a = (0, 1, 4.5, 9, 99, 99, 99, 99); Saltelli et al. 2008.
	{"g", func(u []float64) float64 {
		product := 1.0
		for i, a := range []float64{0, 1, 4.5, 9, 99, 99, 99, 99} {
			product *= (math.Abs(4*u[i]-2) + a) / (1 + a)
		}
		return product
	}, .4654244319, []float64{.71619217, .17904804, .02367577, .00716192, .00007162, .00007162, .00007162, .00007162},
		[]float64{.78714413, .24219819, .03431691, .01046039, .00010495, .00010495, .00010495, .00010495}},
	// By hand: shares of 3²·1², 2²·2², 1²·3² in 34.
	{"linear", func(u []float64) float64 { return 3*normalOf(u[0]) - 2*2*normalOf(u[1]) + 3*normalOf(u[2]) },
		34, []float64{9. / 34, 16. / 34, 9. / 34}, []float64{9. / 34, 16. / 34, 9. / 34}},
	// By hand: variance Π(mean² + sd²) − Π mean², first (sd/mean)² Π mean² of it, total sd² Π' (mean² + sd²) of it.
	{"product of users, hours, rate and share", func(u []float64) float64 {
		return (200 + 30*normalOf(u[0])) * (40 + 12*normalOf(u[1])) * (55 + 5*normalOf(u[2])) * (.6 + .15*normalOf(u[3]))
	}, 13518894600.000004, []float64{.11599765, .4639906, .04260703, .32221569},
		[]float64{.13545002, .50824826, .05045452, .36208536}},
}

func TestSobolIndices_areTheAnalyticOnesWithin1Percent(t *testing.T) {
	for _, c := range indexCases {
		k := len(c.first)
		for seed := range uint64(3) {
			fA, fB, fAB := design(uniform(seed+1, 16384, 2*k, true), c.f, oneByOne(k))
			got, variance, err := explain.SobolIndices(fA, fB, fAB)
			if err != nil {
				t.Fatal(err)
			}
			near(t, c.name+": variance", variance, c.variance, .01*c.variance)
			for i, x := range got {
				near(t, c.name+": first", x.First, c.first[i], .01)
				near(t, c.name+": total", x.Total, c.total[i], .01)
				near(t, c.name+": first, by its standard error", x.First, c.first[i], 3*x.FirstSE)
				near(t, c.name+": total, by its standard error", x.Total, c.total[i], 3*x.TotalSE)
			}
		}
	}
}

func TestSobolIndices_intervalsCoverTheTrueValue(t *testing.T) {
	for _, c := range indexCases[:2] {
		k := min(3, len(c.first))
		first, total := make([][]float64, k), make([][]float64, k)
		firstSE, totalSE := make([][]float64, k), make([][]float64, k)
		for seed := range uint64(100) {
			fA, fB, fAB := design(uniform(seed+1, 2048, 2*len(c.first), false), c.f, oneByOne(k))
			got, _, err := explain.SobolIndices(fA, fB, fAB)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range got {
				first[i], firstSE[i] = append(first[i], x.First-c.first[i]), append(firstSE[i], x.FirstSE)
				total[i], totalSE[i] = append(total[i], x.Total-c.total[i]), append(totalSE[i], x.TotalSE)
			}
		}
		for i := range k {
			covers(t, c.name+": first", first[i], firstSE[i])
			covers(t, c.name+": total", total[i], totalSE[i])
		}
	}
}

func TestSobolIndices_ofInputsReplacedTogetherAreThoseOfTheGroup(t *testing.T) {
	c := indexCases[0]
	fA, fB, fAB := design(uniform(1, 16384, 6, true), c.f, [][]int{{0, 2}, {0, 1, 2}})
	got, _, err := explain.SobolIndices(fA, fB, fAB)
	if err != nil {
		t.Fatal(err)
	}
	// x1 and x3 explain all but what x2 does alone, and x2 does not interact.
	near(t, "first of x1 and x3", got[0].First, c.total[0], .01)
	near(t, "total of x1 and x3", got[0].Total, c.total[0], .01)
	near(t, "first of all", got[1].First, 1, .01)
	near(t, "total of all", got[1].Total, 1, .01)
}

func TestSobolIndices_doNotDependOnUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(0, 1000).Draw(t, "seed")
		n := rapid.IntRange(2, 200).Draw(t, "draws")
		scale := rapid.Float64Range(-1e6, 1e6).Filter(func(v float64) bool { return math.Abs(v) > 1e-6 }).Draw(t, "scale")
		shift := rapid.Float64Range(-10, 10).Draw(t, "shift") * scale
		f := func(u []float64) float64 { return u[0]*u[1] + u[2] }
		u := uniform(seed, n, 6, false)
		a, va, err := explain.SobolIndices(design(u, f, oneByOne(3)))
		if err != nil {
			t.Fatal(err)
		}
		b, vb, err := explain.SobolIndices(design(u, func(u []float64) float64 { return shift + scale*f(u) }, oneByOne(3)))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(vb/(scale*scale)-va) > 1e-9 {
			t.Fatalf("variance %v became %v", va, vb/(scale*scale))
		}
		for i := range a {
			if math.Abs(a[i].First-b[i].First)+math.Abs(a[i].FirstSE-b[i].FirstSE)+
				math.Abs(a[i].Total-b[i].Total)+math.Abs(a[i].TotalSE-b[i].TotalSE) > 1e-6 {
				t.Fatalf("%v became %v", a[i], b[i])
			}
			if a[i].Total < 0 {
				t.Fatalf("total %v", a[i].Total) // a mean of squares
			}
		}
	})
}

func TestSobolIndices_sayWhatIsWrongWithTheirNumbers(t *testing.T) {
	u := uniform(1, 100, 3, false)
	bad := slices.Clone(u[2])
	bad[99] = math.Inf(1)
	constant := computed(u, func([]float64) float64 { return .1 })
	for name, c := range map[string]struct {
		fA, fB []float64
		fAB    [][]float64
		want   error
	}{
		"no draws":            {nil, nil, nil, explain.ErrShape},
		"one draw":            {u[0][:1], u[1][:1], nil, explain.ErrShape},
		"B is short":          {u[0], u[1][:99], u[2:], explain.ErrShape},
		"AB is short":         {u[0], u[1], [][]float64{u[2][:99]}, explain.ErrShape},
		"A is not finite":     {bad, u[1], u[2:], explain.ErrFinite},
		"AB is not finite":    {u[0], u[1], [][]float64{bad}, explain.ErrFinite},
		"always the same":     {constant, constant, [][]float64{constant}, explain.ErrConstant},
		"always exactly zero": {make([]float64, 9), make([]float64, 9), nil, explain.ErrConstant},
	} {
		if _, _, err := explain.SobolIndices(c.fA, c.fB, c.fAB); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkSobolIndices(b *testing.B) {
	fA, fB, fAB := design(uniform(1, 16384, 40, true), func(u []float64) float64 {
		sum := 0.0
		for i, v := range u {
			sum += float64(i) * v
		}
		return sum
	}, oneByOne(20))
	for b.Loop() {
		x, _, _ := explain.SobolIndices(fA, fB, fAB)
		benchmarkSink += x[0].First
	}
}
