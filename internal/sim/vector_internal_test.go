//go:build amd64

package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// odd are the values that loops get wrong: signed zeros, the ends of the range, infinities, no numbers.
var odd = []float64{
	0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
	0x1p-1022, -0x1p-1022, math.MaxFloat64, -math.MaxFloat64, 1, -1, 1e-300, 1e300,
}

// row has n values, one in four of them odd; beyond stands what no loop may touch.
func row(r *rand.Rand, n int) []float64 {
	const guard = 8
	v := make([]float64, n+guard)
	for i := range v {
		switch r.IntN(4) {
		case 0:
			v[i] = odd[r.IntN(len(odd))]
		case 1:
			v[i] = r.NormFloat64() * 1e-3
		default:
			v[i] = r.NormFloat64() * 100
		}
	}
	return v
}

func sameBits(a, b float64) bool {
	// Which of two NaNs an addition keeps is the processor's affair.
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// The vector loops give the bits of the plain ones, for all lengths, and touch nothing beyond the end.
func TestVectorLoopsGiveTheSameBits(t *testing.T) {
	if !vector {
		t.Skip("this processor has no vector loops")
	}
	r := rand.New(rand.NewPCG(1, 2))
	compare := func(name string, n int, rows [][]float64, run func(rows [][]float64)) {
		t.Helper()
		one, two := make([][]float64, len(rows)), make([][]float64, len(rows))
		for i, v := range rows {
			one[i], two[i] = append([]float64(nil), v...), append([]float64(nil), v...)
		}
		cut := func(rows [][]float64) [][]float64 {
			short := make([][]float64, len(rows))
			for i := range rows {
				short[i] = rows[i][:n]
			}
			return short
		}
		run(cut(one))
		vector = false
		run(cut(two))
		vector = true
		for i := range rows {
			for k := range rows[i] {
				if !sameBits(one[i][k], two[i][k]) {
					t.Fatalf("%s, %d draws: row %d of draw %d is %x, plainly %x; the rows there were %v", name, n, i, k,
						math.Float64bits(one[i][k]), math.Float64bits(two[i][k]), column(rows, k))
				}
			}
		}
	}
	number := func() float64 {
		if r.IntN(4) == 0 {
			return odd[r.IntN(len(odd))]
		}
		return r.NormFloat64()
	}
	for n := range 34 {
		for range 300 {
			rows := [][]float64{row(r, n), row(r, n), row(r, n), row(r, n), row(r, n), row(r, n)}
			d, month := number(), float64(1+r.IntN(600))
			compare("logisticStep", n, rows[:4], func(v [][]float64) { logisticStep(v[0], v[1], v[2], v[3], d) })
			compare("track", n, rows[:4], func(v [][]float64) { track(v[0], v[1], v[2], v[3], month, 12) })
			compare("trackOne", n, rows, func(v [][]float64) { trackOne(v[0], v[1], v[2], v[3], v[4], v[5], month) })
			compare("add", n, rows[:3], func(v [][]float64) { add(v[0], v[1], v[2]) })
			compare("add in place", n, rows[:2], func(v [][]float64) { add(v[0], v[0], v[1]) })
			compare("mul", n, rows[:3], func(v [][]float64) { mul(v[0], v[1], v[2]) })
			compare("mul in place", n, rows[:1], func(v [][]float64) { mul(v[0], v[0], v[0]) })
			compare("addProduct", n, rows[:3], func(v [][]float64) { addProduct(v[0], v[1], v[2]) })
			compare("addNumber", n, rows[:2], func(v [][]float64) { addNumber(v[0], v[1], d) })
			compare("mulNumber", n, rows[:2], func(v [][]float64) { mulNumber(v[0], v[1], d) })
			compare("numberDiv", n, rows[:2], func(v [][]float64) { numberDiv(v[0], d, v[1]) })
			compare("addScaled", n, rows[:2], func(v [][]float64) { addScaled(v[0], v[1], d) })

			numbers := slices.DeleteFunc(slices.Clone(rows[0][:n]), math.IsNaN)
			low, high := extremes(numbers)
			if wantLow, wantHigh := extremesGo(numbers); low != wantLow || high != wantHigh {
				t.Fatalf("extremes of %v are %v and %v, plainly %v and %v", numbers, low, high, wantLow, wantHigh)
			}

			low, scale := number(), math.Abs(number())
			var one, two [sketchBins]uint32
			count(&one, rows[0][:n], low, scale)
			vector = false
			count(&two, rows[0][:n], low, scale)
			vector = true
			if one != two {
				t.Fatalf("count, %d draws: the bins differ for %v from %v by %v", n, rows[0][:n], low, scale)
			}
			var wanted [sketchBins]bool
			for k := range one {
				wanted[k] = one[k] > 0 && r.IntN(3) == 0
			}
			for i := range n {
				at, k := next(rows[0][:n], i, low, scale, &wanted)
				vector = false
				wantAt, wantK := next(rows[0][:n], i, low, scale, &wanted)
				vector = true
				if at != wantAt || k != wantK {
					t.Fatalf("next from %d of %v is %d in %d, plainly %d in %d", i, rows[0][:n], at, k, wantAt, wantK)
				}
			}
			total := 0
			for _, c := range one {
				total += int(c)
			}
			if total != n {
				t.Fatalf("count: %d values are in the bins, want %d", total, n)
			}
		}
	}
}

func column(rows [][]float64, k int) []float64 {
	var c []float64
	for _, r := range rows {
		c = append(c, r[k])
	}
	return c
}

// A run gives the same bytes with and without the vector loops.
func TestRunIsTheSameWithoutVectorLoops(t *testing.T) {
	if !vector {
		t.Skip("this processor has no vector loops")
	}
	g := adoptionGraph(24)
	one := mustRun(t, g, Options{Draws: 1003, Seed: 9})
	vector = false
	defer func() { vector = true }()
	sameOutcome(t, "without vector loops", one, mustRun(t, g, Options{Draws: 1003, Seed: 9}))
}
