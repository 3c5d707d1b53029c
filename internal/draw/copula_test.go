package draw_test

import (
	"errors"
	"math"
	"slices"
	"sort"
	"testing"

	"github.com/rendite-crm/rendite/internal/draw"
	"pgregory.net/rapid"
)

// spearman is the rank correlation of draws without ties.
func spearman(a, b []uint64) float64 {
	ra, rb := ranks(a), ranks(b)
	n := float64(len(a))
	sum := 0.0
	for i := range ra {
		d := ra[i] - rb[i]
		sum += d * d
	}
	return 1 - 6*sum/(n*(n*n-1))
}

func ranks(x []uint64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return x[order[i]] < x[order[j]] })
	r := make([]float64, len(x))
	for rank, i := range order {
		r[i] = float64(rank)
	}
	return r
}

func rowsOf(s draw.Sampler, dims []int, first, n int) [][]uint64 {
	rows := make([][]uint64, len(dims))
	for k, dim := range dims {
		rows[k] = fill(s, dim, first, n)
	}
	return rows
}

// twoGroups connects 2, 5 and 9, and apart from them 3 and 4.
var twoGroups = []draw.Pair{{I: 5, J: 2, Rho: 0.4}, {I: 5, J: 9, Rho: -0.7}, {I: 2, J: 9, Rho: -0.2}, {I: 3, J: 4, Rho: 0.9}}

func TestCopula_rankCorrelationsAreThoseAskedFor(t *testing.T) {
	c, err := draw.NewCopula(twoGroups)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 3, 4, 5, 9}; !slices.Equal(c.Dims(), want) {
		t.Fatalf("Dims() = %v, want %v", c.Dims(), want)
	}
	const n = 1 << 16
	for name, make := range samplers {
		rows := rowsOf(make(4, keys(10)), c.Dims(), 0, n)
		plain := rowsOf(make(4, keys(10)), c.Dims(), 0, n)
		c.Apply(rows)
		for k := range 2 {
			if !slices.Equal(rows[k], plain[k]) {
				t.Errorf("%s: dimension %d is the first of its group and changed", name, c.Dims()[k])
			}
		}
		for i := range rows {
			for j := range i {
				want := 0.0
				for _, p := range twoGroups {
					if di, dj := c.Dims()[i], c.Dims()[j]; p.I == di && p.J == dj || p.I == dj && p.J == di {
						want = p.Rho
					}
				}
				if got := spearman(rows[i], rows[j]); math.Abs(got-want) > 0.01 {
					t.Errorf("%s: dimensions %d and %d have %.4f, want %.2f", name, c.Dims()[i], c.Dims()[j], got, want)
				}
			}
		}
	}
}

func TestCopula_marginalsStayUniform(t *testing.T) {
	c, err := draw.NewCopula(twoGroups)
	if err != nil {
		t.Fatal(err)
	}
	const n = 1 << 16
	rows := rowsOf(draw.NewPseudo(8, keys(10)), c.Dims(), 0, n)
	c.Apply(rows)
	for k, row := range rows {
		for _, shift := range []int{56, 24} {
			var count [256]int
			for _, b := range row {
				count[b>>shift&255]++
			}
			if x := chiSquare(&count, n); x < chiLow || x > chiHigh {
				t.Errorf("dimension %d, bits from %d: chi-square %.0f, want %.0f to %.0f", c.Dims()[k], shift, x, chiLow, chiHigh)
			}
		}
	}
}

func TestCopula_extremeBitsStayFinite(t *testing.T) {
	c, err := draw.NewCopula([]draw.Pair{{I: 0, J: 1, Rho: 0.5}, {I: 1, J: 2, Rho: -0.5}})
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]uint64{{0, math.MaxUint64, 0}, {0, math.MaxUint64, math.MaxUint64}, {math.MaxUint64, 0, 0}}
	c.Apply(rows)
	for _, row := range rows {
		if row[0] != ^row[1] {
			t.Errorf("opposite draws became %#x and %#x, want complements", row[0], row[1])
		}
	}
	// z = r·z_0 + √(1−r²)·z_1 with z_0 = z_1 = −8.2 is −11; its probability is below all bits.
	if rows[1][0] != 0 {
		t.Errorf("lowest draws gave %#x, want 0", rows[1][0])
	}
}

func TestCopula_tilesDoNotMatter(t *testing.T) {
	c, err := draw.NewCopula(twoGroups)
	if err != nil {
		t.Fatal(err)
	}
	s := draw.NewSobol(4, keys(10))
	whole := rowsOf(s, c.Dims(), 0, 1000)
	c.Apply(whole)
	for first := 0; first < 1000; first += 50 {
		tile := rowsOf(s, c.Dims(), first, 50)
		c.Apply(tile)
		for k := range tile {
			if !slices.Equal(tile[k], whole[k][first:first+50]) {
				t.Fatalf("draws from %d of dimension %d depend on the tile", first, c.Dims()[k])
			}
		}
	}
}

func TestCopula_aPairWithRhoZeroCountsAsNotGiven(t *testing.T) {
	c, err := draw.NewCopula([]draw.Pair{{I: 1, J: 2, Rho: 0}, {I: 3, J: 2, Rho: 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 3}; !slices.Equal(c.Dims(), want) {
		t.Errorf("Dims() = %v, want %v", c.Dims(), want)
	}
	none, err := draw.NewCopula(nil)
	if err != nil || len(none.Dims()) != 0 {
		t.Errorf("without pairs: %v, %v", none, err)
	}
	none.Apply(nil)
}

func TestNewCopula_refusesPairsThatAreWrongByThemselves(t *testing.T) {
	for name, test := range map[string]struct {
		pairs []draw.Pair
		want  error
	}{
		"rho of one":             {[]draw.Pair{{I: 0, J: 1, Rho: 1}}, draw.ErrRhoRange},
		"rho of minus one":       {[]draw.Pair{{I: 0, J: 1, Rho: -1}}, draw.ErrRhoRange},
		"rho not a number":       {[]draw.Pair{{I: 0, J: 1, Rho: math.NaN()}}, draw.ErrRhoRange},
		"with itself":            {[]draw.Pair{{I: 1, J: 1, Rho: 0.5}}, draw.ErrSelf},
		"twice":                  {[]draw.Pair{{I: 0, J: 1, Rho: 0.5}, {I: 1, J: 0, Rho: 0.5}}, draw.ErrTwice},
		"a dimension below zero": {[]draw.Pair{{I: 0, J: -1, Rho: 0.5}}, draw.ErrDimension},
	} {
		_, err := draw.NewCopula(test.pairs)
		var pair *draw.PairError
		if !errors.Is(err, test.want) || !errors.As(err, &pair) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
			continue
		}
		if last := test.pairs[len(test.pairs)-1]; pair.Pair != last && !math.IsNaN(last.Rho) {
			t.Errorf("%s: names %v, want %v", name, pair.Pair, last)
		}
	}
}

func TestNewCopula_namesCorrelationsThatContradictEachOther(t *testing.T) {
	triangle := []draw.Pair{{I: 0, J: 1, Rho: 0.9}, {I: 1, J: 2, Rho: 0.9}, {I: 0, J: 2, Rho: -0.9}}
	for name, test := range map[string]struct {
		pairs, want []draw.Pair
		factor      float64
	}{
		// The matrix with r, r, −r has the eigenvalue 1 − 2r, so r < 1/2, rho < 6/π·asin(1/4) = 0.48258 = 0.9·0.5362.
		"a triangle": {triangle, triangle, 0.53},
		"a triangle with a tail that is not to blame": {
			append(slices.Clone(triangle), draw.Pair{I: 2, J: 3, Rho: 0.1}), triangle, 0.53},
		// One against n others that are uncorrelated: n·r² < 1. For n = 2 r < √(1/2), rho < 6/π·asin(√(1/8)) = 0.69020
		// = 0.8·0.8627.
		"one with two that are independent": {
			[]draw.Pair{{I: 0, J: 1, Rho: 0.8}, {I: 0, J: 2, Rho: 0.8}},
			[]draw.Pair{{I: 0, J: 1, Rho: 0.8}, {I: 0, J: 2, Rho: 0.8}}, 0.86},
	} {
		_, err := draw.NewCopula(test.pairs)
		var infeasible *draw.InfeasibleError
		if !errors.As(err, &infeasible) {
			t.Errorf("%s: %v, want an InfeasibleError", name, err)
			continue
		}
		if !slices.Equal(infeasible.Pairs, test.want) || infeasible.Factor != test.factor {
			t.Errorf("%s: %v, want %v times %v", name, err, test.want, test.factor)
		}
	}
}

func TestNewCopula_theFactorOfAnInfeasibleGroupHelpsAndIsTheLargest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []draw.Pair
		for j := range rapid.IntRange(2, 6).Draw(t, "dims") {
			for i := range j {
				if rapid.Bool().Draw(t, "given") {
					pairs = append(pairs, draw.Pair{I: i, J: j, Rho: rapid.Float64Range(-0.95, 0.95).Draw(t, "rho")})
				}
			}
		}
		for range len(pairs) + 1 { // each round repairs one group
			_, err := draw.NewCopula(pairs)
			var infeasible *draw.InfeasibleError
			if err == nil {
				return
			}
			if !errors.As(err, &infeasible) {
				t.Fatal(err)
			}
			scaled := func(factor float64) []draw.Pair {
				s := slices.Clone(pairs)
				for i, p := range s {
					if slices.Contains(infeasible.Pairs, p) {
						s[i].Rho *= factor
					}
				}
				return s
			}
			if f := infeasible.Factor + 0.01; f < 0.995 {
				if _, err := draw.NewCopula(scaled(f)); err == nil {
					t.Fatalf("%v, but %v is enough", infeasible, f)
				}
			}
			pairs = scaled(infeasible.Factor)
		}
		t.Fatalf("still infeasible: %v", pairs)
	})
}
