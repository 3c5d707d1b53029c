package explain_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/draw"
	"gonum.org/v1/gonum/mathext"
)

// uniform makes n draws of dims inputs, Sobol points or independent ones.
func uniform(seed uint64, n, dims int, sobol bool, pairs ...draw.Pair) [][]float64 {
	keys := make([]string, dims)
	for i := range keys {
		keys[i] = fmt.Sprint("input", i)
	}
	s := draw.NewPseudo(seed, keys)
	if sobol {
		s = draw.NewSobol(seed, keys)
	}
	bits := make([][]uint64, dims)
	for k := range bits {
		bits[k] = make([]uint64, n)
		s.Fill(bits[k], k, 0)
	}
	if len(pairs) > 0 {
		c, err := draw.NewCopula(pairs)
		if err != nil {
			panic(err)
		}
		var some [][]uint64
		for _, d := range c.Dims() {
			some = append(some, bits[d])
		}
		c.Apply(some)
	}
	out := make([][]float64, dims)
	for k := range out {
		out[k] = make([]float64, n)
		for i, b := range bits[k] {
			out[k][i] = draw.Uniform(b)
		}
	}
	return out
}

// normal is uniform, mapped to the standard normal distribution.
func normal(seed uint64, n, dims int, sobol bool) [][]float64 {
	out := uniform(seed, n, dims, sobol)
	for _, x := range out {
		for i, u := range x {
			x[i] = mathext.NormalQuantile(u)
		}
	}
	return out
}

// computed is f of each draw of x.
func computed(x [][]float64, f func(v []float64) float64) []float64 {
	out := make([]float64, len(x[0]))
	v := make([]float64, len(x))
	for i := range out {
		for k := range v {
			v[k] = x[k][i]
		}
		out[i] = f(v)
	}
	return out
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v ± %v", what, got, want, tolerance)
	}
}
