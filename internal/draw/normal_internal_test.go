package draw

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalBits_isTheNormalDistribution(t *testing.T) {
	// Abramowitz & Stegun 1964, tables 26.1, 26.2 and 26.6; the quantiles of 0.975 and 10^-10 to 16 digits as in R's qnorm
	// (Wichura 1988, AS 241).
	for _, test := range []struct{ z, want float64 }{
		{0, 0.5},
		{-1, 0.158655253931457},
		{1, 0.841344746068543},
		{1.959963984540054, 0.975},
		{-3, 0.00134989803163009},
		{-6.361340902404056, 1e-10},
	} {
		got := float64(normalBits(test.z)) * 0x1p-64
		// 64 bits hold 10^-10 to a relative 5·10^-10.
		if math.Abs(got-test.want) > 1e-15 || math.Abs(got/test.want-1) > 1e-9 {
			t.Errorf("Φ(%v) = %v, want %v", test.z, got, test.want)
		}
	}
}

func TestNormal_isTheInverseOfNormalBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint64().Draw(t, "bits")
		if normal(^bits) != -normal(bits) {
			t.Fatalf("normal(%#x) is not odd", bits)
		}
		back := Uniform(normalBits(normal(bits)))
		// Cells are 2.2e-16 wide; AS 241 and Erfc are exact to about 1e-15 of the tail.
		if math.Abs(back-Uniform(bits)) > 2e-15 {
			t.Fatalf("%#x: %v became %v", bits, Uniform(bits), back)
		}
	})
}
