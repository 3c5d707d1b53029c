package finance_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// near fails unless got is within tolerance of want.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g ± %g", what, got, want, tolerance)
	}
}

// size is Σ |x|, the scale of rounding errors in a sum.
func size(series ...[]float64) float64 {
	sum := 1.0
	for _, s := range series {
		for _, x := range s {
			sum += math.Abs(x)
		}
	}
	return sum
}

func sum(series []float64) float64 {
	total := 0.0
	for _, x := range series {
		total += x
	}
	return total
}

func negative(series []float64) []float64 {
	var out []float64
	for _, x := range series {
		out = append(out, math.Min(x, 0))
	}
	return out
}

func scaled(series []float64, by float64) []float64 {
	out := make([]float64, len(series))
	for i, x := range series {
		out[i] = x * by
	}
	return out
}

func repeated(first, value float64, times int) []float64 {
	out := []float64{first}
	for range times {
		out = append(out, value)
	}
	return out
}

// amounts draws a series in whole cents, at most a million either way.
func amounts(minLen, maxLen int) *rapid.Generator[[]float64] {
	cents := rapid.Custom(func(t *rapid.T) float64 {
		return float64(rapid.IntRange(-100_000_000, 100_000_000).Draw(t, "cents")) / 100
	})
	return rapid.SliceOfN(cents, minLen, maxLen)
}

// investment draws a typical project: money out for some periods, then money in.
func investment(maxLen int) *rapid.Generator[[]float64] {
	return rapid.Custom(func(t *rapid.T) []float64 {
		out := rapid.IntRange(1, 4).Draw(t, "periods out")
		in := rapid.IntRange(1, maxLen-4).Draw(t, "periods in")
		var net []float64
		for range out {
			net = append(net, -float64(rapid.IntRange(1, 1_000_000).Draw(t, "out")))
		}
		for range in {
			net = append(net, float64(rapid.IntRange(1, 500_000).Draw(t, "in")))
		}
		return net
	})
}
