package sim

import (
	"math"
	"testing"
)

// Every loop of kernel.go does what its name says.
func TestRowOperations(t *testing.T) {
	x, y := []float64{1, -2, 3, 8, 5}, []float64{4, 0.5, -1, 2, 10}
	dst := func() []float64 { return []float64{10, 20, 30, 40, 50} }
	tests := []struct {
		name string
		run  func(dst []float64)
		want func(i int, before float64) float64
	}{
		{"fill", func(d []float64) { fill(d, 7) }, func(int, float64) float64 { return 7 }},
		{"add", func(d []float64) { add(d, x, y) }, func(i int, _ float64) float64 { return x[i] + y[i] }},
		{"addNumber", func(d []float64) { addNumber(d, x, 3) }, func(i int, _ float64) float64 { return x[i] + 3 }},
		{"sub", func(d []float64) { sub(d, x, y) }, func(i int, _ float64) float64 { return x[i] - y[i] }},
		{"numberSub", func(d []float64) { numberSub(d, 3, y) }, func(i int, _ float64) float64 { return 3 - y[i] }},
		{"mul", func(d []float64) { mul(d, x, y) }, func(i int, _ float64) float64 { return x[i] * y[i] }},
		{"mulNumber", func(d []float64) { mulNumber(d, x, 3) }, func(i int, _ float64) float64 { return x[i] * 3 }},
		{"div", func(d []float64) { div(d, x, y) }, func(i int, _ float64) float64 { return x[i] / y[i] }},
		{"numberDiv", func(d []float64) { numberDiv(d, 3, y) }, func(i int, _ float64) float64 { return 3 / y[i] }},
		{"addProduct", func(d []float64) { addProduct(d, x, y) }, func(i int, v float64) float64 { return v + x[i]*y[i] }},
		{"addScaled", func(d []float64) { addScaled(d, x, 3) }, func(i int, v float64) float64 { return v + x[i]*3 }},
		{"exponential", func(d []float64) { exponential(d, x) }, func(i int, _ float64) float64 { return math.Exp(x[i]) }},
		{"atLeast", func(d []float64) { atLeast(d, y, 1.5) }, func(i int, _ float64) float64 { return math.Max(y[i], 1.5) }},
		{"squareRoot", func(d []float64) { squareRoot(d, []float64{1, 4, 9, 16, 25}) }, func(i int, _ float64) float64 { return float64(i + 1) }},
		{"logisticRow", func(d []float64) { logisticRow(d, y) }, func(i int, _ float64) float64 { return 1 / (1 + y[i]) }},
	}
	for _, test := range tests {
		got, before := dst(), dst()
		test.run(got)
		for i, v := range got {
			if want := test.want(i, before[i]); v != want {
				t.Errorf("%s: value %d is %v, want %v", test.name, i, v, want)
			}
		}
	}
}

func TestTrackFollowsTheCumulativeFlow(t *testing.T) {
	tests := []struct {
		name                       string
		before, net, low, even     float64
		month, months              float64
		wantNow, wantLow, wantEven float64
	}{
		{"goes below zero", 0, -5, 0, 0, 1, 1, -5, -5, 0},
		{"crosses half way through month 4", -5, 10, -8, 0, 4, 1, 5, -8, 3.5},
		{"crosses half way through a year", -5, 10, -8, 0, 24, 12, 5, -8, 18},
		{"lands on zero", -5, 5, -5, 0, 4, 1, 0, -5, 4},
		{"stays below", -5, 2, -5, 1.5, 4, 1, -3, -5, 1.5},
		{"stays above", 5, -2, -5, 1.5, 4, 1, 3, -5, 1.5},
		{"falls below again and keeps the earlier crossing", 5, -7, -1, 1.5, 4, 1, -2, -2, 1.5},
	}
	for _, test := range tests {
		// Five draws take the vector loop and the rest.
		five := func(v float64) []float64 { return []float64{v, v, v, v, v} }
		cum, low, even := five(test.before), five(test.low), five(test.even)
		track(cum, five(test.net), low, even, test.month, test.months)
		for i := range cum {
			if cum[i] != test.wantNow || low[i] != test.wantLow || math.Abs(even[i]-test.wantEven) > 1e-10 {
				t.Errorf("%s: cumulative %v, lowest %v, break-even %v; want %v, %v, %v", test.name, cum[i], low[i], even[i], test.wantNow, test.wantLow, test.wantEven)
			}
		}
	}
}
