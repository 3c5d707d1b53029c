// Package dist holds the distributions that stand for uncertain quantities: fits to ranges such as P10 .. P50 .. P90
// and the named ones, each given by its quantile function, and a fast table of it for simulation.
//
// Start with Dist; the constructors are Metalog, MetalogPair, PERT, Triangular, Uniform, Normal, LogNormal, Beta,
// Bernoulli, Choice and Constant. Table turns random bits into values.
//
// It knows plain numbers only: no units, no case language, no texts, no source of randomness.
package dist

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Dist is the distribution of one quantity, in the quantity's own unit.
type Dist interface {
	// Quantile is the smallest value that is not exceeded with probability p, 0 < p < 1. It does not decrease with p.
	// Beyond these limits of p it is the end of the support; for NaN it is NaN.
	Quantile(p float64) float64
	// Mean is the expected value; +Inf where it does not exist.
	Mean() float64
	// Variance is the expected squared distance from the mean; +Inf where it does not exist.
	Variance() float64
	// Support is the smallest interval that holds all values; its ends may be infinite.
	Support() (low, high float64)
}

// ParamError says which condition the parameters of a distribution fail. Code is the key of a message and Args are its
// arguments, so that the caller can place it in a text and translate it. Numbers among Args are float64s.
type ParamError struct {
	Code string
	Args map[string]any
}

// Error is for logs and tests.
func (e ParamError) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	keys := make([]string, 0, len(e.Args))
	for k := range e.Args {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%v", k, e.Args[k])
	}
	return b.String()
}

func paramError(code string, args map[string]any) error { return ParamError{Code: code, Args: args} }

// finite fails with number_not_finite (args: name, value) for the first value that is NaN or infinite.
// Names and values alternate by position.
func finite(names []string, values ...float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return paramError("number_not_finite", map[string]any{"name": names[i], "value": v})
		}
	}
	return nil
}

// Key identifies a distribution of this package: equal keys mean equal distributions, which can share one Table.
// It is empty for a Dist from elsewhere.
func Key(d Dist) string {
	if k, ok := d.(interface{ key() string }); ok {
		return k.key()
	}
	return ""
}

// keyOf joins a name and its parameters, written exactly.
func keyOf(name string, params ...float64) string {
	b := make([]byte, 0, len(name)+24*len(params))
	b = append(b, name...)
	for _, p := range params {
		b = append(b, ' ')
		b = strconv.AppendFloat(b, p, 'x', -1, 64)
	}
	return string(b)
}

// continuous is a Dist that is exact in both tails: it is asked by the distance of the probability from the nearer
// end, since 1 - w cannot be told from 1 for small w.
type continuous interface {
	Dist
	// at is the quantile at w, or at 1-w if upper is set; 0 < w <= 1/2.
	at(w float64, upper bool) float64
}

// quantile answers Dist.Quantile from at.
func quantile(d continuous, p float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p <= 0:
		low, _ := d.Support()
		return low
	case p >= 1:
		_, high := d.Support()
		return high
	case p <= 0.5:
		return d.at(p, false)
	default:
		return d.at(1-p, true)
	}
}

// constant is a quantity that is known.
type constant float64

// Constant is the distribution of a known quantity: all probability is at v.
// It fails with number_not_finite (args: name, value).
func Constant(v float64) (Dist, error) {
	if err := finite([]string{"value"}, v); err != nil {
		return nil, err
	}
	return constant(v), nil
}

func (c constant) Quantile(p float64) float64 {
	if math.IsNaN(p) {
		return p
	}
	return float64(c)
}
func (c constant) Mean() float64               { return float64(c) }
func (c constant) Variance() float64           { return 0 }
func (c constant) Support() (float64, float64) { return float64(c), float64(c) }
func (c constant) key() string                 { return keyOf("constant", float64(c)) }
