package dist

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// beta is a beta distribution with the shapes a and b, stretched from 0..1 to low..high.
type beta struct {
	a, b      float64
	low, high float64
	name      string // as the user wrote it, for the key
}

// Shapes outside these limits are refused. Beyond them a distribution can be so narrow beside one end that the
// distance from the other says nothing about it, and the incomplete beta function loses digits.
const (
	minShape = 0.1
	maxShape = 1e4
)

// Beta is the beta distribution on 0..1 with the shapes a (alpha) and b (beta), so with the mean a/(a+b).
// Errors: number_not_finite (args: name, value); shape_range (alpha, beta, min, max) unless both shapes are between
// 0.1 and 10 000.
func Beta(a, b float64) (Dist, error) {
	if err := finite([]string{"alpha", "beta"}, a, b); err != nil {
		return nil, err
	}
	if min(a, b) < minShape || max(a, b) > maxShape {
		return nil, paramError("shape_range", map[string]any{
			"alpha": a, "beta": b, "min": minShape, "max": maxShape})
	}
	return beta{a: a, b: b, high: 1, name: "beta"}, nil
}

// PERT is the beta distribution from low to high with the mean (low + 4·likely + high)/6 and its mode at likely, which
// may be an end: shapes 1 + 4·(likely-low)/(high-low) and 1 + 4·(high-likely)/(high-low). Three equal values give a
// Constant. Source: D. G. Malcolm et al., Application of a Technique for Research and Development Program Evaluation,
// Operations Research 7(5), 1959; shapes as in D. Vose, Risk Analysis, 2008.
// Errors: number_not_finite (args: name, value); mode_order (low, likely, high) unless low <= likely <= high.
func PERT(low, likely, high float64) (Dist, error) {
	if err := checkMode(low, likely, high); err != nil {
		return nil, err
	}
	if low == high {
		return Constant(low)
	}
	width := high - low
	return beta{
		a: 1 + 4*(likely-low)/width, b: 1 + 4*(high-likely)/width,
		low: low, high: high, name: "pert",
	}, nil
}

func (d beta) at(w float64, upper bool) float64 {
	if upper {
		return d.high - float64((d.high-d.low)*betaTail(d.b, d.a, w))
	}
	return d.low + float64((d.high-d.low)*betaTail(d.a, d.b, w))
}

func (d beta) Quantile(p float64) float64 { return quantile(d, p) }
func (d beta) Mean() float64              { return d.low + (d.high-d.low)*d.a/(d.a+d.b) }
func (d beta) Variance() float64 {
	sum, width := d.a+d.b, d.high-d.low
	return width * width * d.a / sum * d.b / sum / (sum + 1)
}
func (d beta) Support() (float64, float64) { return d.low, d.high }
func (d beta) key() string                 { return keyOf(d.name, d.a, d.b, d.low, d.high) }

// betaTail solves I_x(a, b) = w for x, with I the regularised incomplete beta function and 0 < w <= 1/2. The relative
// accuracy holds however small w is; mathext.InvRegIncBeta loses it in the far tail.
//
// It is Newton's method for ln I as a function of ln x, which is nearly straight in the tail, inside a bracket.
func betaTail(a, b, w float64) float64 {
	target, norm := math.Log(w), mathext.Lbeta(a, b)
	low, high := math.Inf(-1), 0.0 // of ln x
	y := betaStart(a, b, w, norm)
	for range 100 {
		if !(y > low && y < high) { // bisect
			if math.IsInf(low, -1) {
				y = 2*high - 1
			} else {
				y = low + (high-low)/2
			}
		}
		x := math.Exp(y)
		if x == 0 {
			return 0 // the quantile is too small for a float64
		}
		if x == 1 {
			return 1
		}
		p := mathext.RegIncBeta(a, b, x)
		gap := math.Log(p) - target
		if gap > 0 {
			high = y
		} else {
			low = y
		}
		// d ln I / d ln x = x·density/I.
		slope := math.Exp(float64(a*y)+float64((b-1)*math.Log1p(-x))-norm) / p
		step := gap / slope
		if math.IsNaN(step) || math.IsInf(step, 0) {
			y = math.Inf(1) // bisect
			continue
		}
		y -= step
		if math.Abs(step) <= 1e-9*max(1e-3, math.Abs(y)) { // the next step would be its square
			break
		}
	}
	return math.Exp(min(max(y, low), high))
}

// betaStart is a first guess of ln x: for shapes above 1 the normal approximation of M. Abramowitz and I. Stegun,
// Handbook of Mathematical Functions, 1964, 26.5.22, otherwise the leading term I ~ x^a/(a·B(a, b)).
func betaStart(a, b, w, norm float64) float64 {
	power := min((math.Log(w)+math.Log(a)+norm)/a, -1e-3)
	if a <= 1 || b <= 1 {
		return power
	}
	z := -mathext.NormalQuantile(w)
	lambda := (float64(z*z) - 3) / 6
	h := 2 / (1/(2*a-1) + 1/(2*b-1))
	if h+lambda <= 0 {
		return power
	}
	c := z*math.Sqrt(h+lambda)/h - float64((1/(2*b-1)-1/(2*a-1))*(lambda+5.0/6-2/(3*h)))
	return max(power, -math.Log1p(b/a*math.Exp(2*c))) // for b >= 1 power is below the solution
}
