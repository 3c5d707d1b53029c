package dist

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// atAll solves for all nodes of a table at once: the first from scratch, each next from the one before. It falls back
// to solving each on its own where the steps do not arrive at the median.
func (d beta) atAll(w, low, high []float64) {
	width := d.high - d.low
	if !march(d.a, d.b, w, low) {
		for i, w := range w {
			low[i] = betaTail(d.a, d.b, w)
		}
	}
	if d.a == d.b {
		copy(high, low[:len(w)])
	} else if !march(d.b, d.a, w, high) {
		for i, w := range w {
			high[i] = betaTail(d.b, d.a, w)
		}
	}
	for i := range w {
		low[i], high[i] = d.low+float64(width*low[i]), d.high-float64(width*high[i])
	}
}

// seriesTerms is how far the density is expanded around a node; reach is how far the expansion is used, as a share of
// the radius of convergence and of the length over which the density changes. The remainder is near reach^15.
const (
	seriesTerms = 14
	reach       = 0.12
)

// reciprocal[k] is 1/k.
var reciprocal = func() (r [seriesTerms + 2]float64) {
	for k := 1; k < len(r); k++ {
		r[k] = 1 / float64(k)
	}
	return r
}()

// march writes to x the solutions of I_x(a, b) = w for the increasing nodes w, the last of which is 1/2.
// It reports whether the last one agrees with a direct solution; starting in the tail keeps the relative error of w
// from growing on the way.
func march(a, b float64, w, x []float64) bool {
	var e expansion
	e.init(a, b)
	x[0] = betaTail(a, b, w[0])
	if !e.around(x[0]) {
		return false
	}
	origin := w[0]
	for i := 1; i < len(w); i++ {
		step := w[i] - origin
		if e.length(step) > reach {
			origin, step = w[i-1], w[i]-w[i-1]
			if !e.around(x[i-1]) {
				return false
			}
			if parts := math.Ceil(e.length(step) / reach); parts > 1 {
				if !(parts < 100) {
					return false
				}
				step /= parts
				for range int(parts) - 1 {
					if !e.around(e.solve(step)) {
						return false
					}
				}
				origin = w[i] - step
			}
		}
		x[i] = e.solve(step)
	}
	last := len(w) - 1
	want := betaTail(a, b, w[last])
	return math.Abs(x[last]-want) <= 1e-10*(want-x[0])
}

// expansion is a power series of the beta density f around x0. The density solves
//
//	x(1-x)·f' = ((a-1)(1-x) - (b-1)x)·f,
//
// which gives the coefficients one from the other; the integral of the series is the probability from x0 on. The idea
// is that of G. Steinbrecher and W. T. Shaw, Quantile mechanics, European Journal of Applied Mathematics 19(2), 2008,
// who expand the quantile itself.
type expansion struct {
	a, b, norm float64

	x0, density float64
	scale       float64 // x0(1-x0): with x = x0 + scale·s no coefficient needs a division
	slope       float64 // (a-1)(1-x0) - (b-1)x0: the derivative of ln f by s, at x0
	perLength   float64 // 1 over the shortest length that matters around x0
	// ratio[k]·s^k add up to f/f(x0), sum[k]·s^(k+1) to its integral by s, and inverse[k]·g^(k+1) to s, where g is
	// that integral.
	ratio, sum [seriesTerms + 1]float64
	inverse    [5]float64
}

func (e *expansion) init(a, b float64) { e.a, e.b, e.norm = a, b, mathext.Lbeta(a, b) }

// around moves the expansion to x0. It fails where x0 is too close to an end.
func (e *expansion) around(x0 float64) bool {
	if !(x0 > 1e-290 && x0 < 1) {
		return false
	}
	a, b := e.a, e.b
	e.x0 = x0
	e.density = math.Exp(float64((a-1)*math.Log(x0)) + float64((b-1)*math.Log1p(-x0)) - e.norm)
	e.scale = float64(x0 * (1 - x0))
	e.slope = float64((a-1)*(1-x0)) - float64((b-1)*x0)
	e.perLength = max(max(1/x0, 1/(1-x0)), math.Abs(e.slope)/e.scale) / e.density

	curve, shapes := 1-2*x0, 2-a-b
	c := &e.ratio
	c[0], c[1] = 1, e.slope
	e.sum[0], e.sum[1] = 1, 0.5*e.slope
	for k := 1; k < seriesTerms; k++ {
		n := float64(k)
		c[k+1] = (float64((e.slope-float64(n*curve))*c[k]) + float64(float64(e.scale*(shapes+n-1))*c[k-1])) * reciprocal[k+1]
		e.sum[k+1] = c[k+1] * reciprocal[k+2]
	}
	// Reversion of the series: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 1964, 3.6.25.
	p, q, r, t := e.sum[1], e.sum[2], e.sum[3], e.sum[4]
	pp := float64(p * p)
	e.inverse = [5]float64{
		1,
		-p,
		float64(2*pp) - q,
		float64(5*float64(p*(q-pp))) - r,
		float64(6*float64(p*r)) + float64(3*float64(q*q)) + float64(7*float64(pp*(float64(2*pp)-float64(3*q)))) - t,
	}
	return true
}

// length is the straight step for a gain of probability, as a share of the lengths that matter.
func (e *expansion) length(gain float64) float64 { return gain * e.perLength }

// solve is the x up to which the probability from x0 on is gain.
func (e *expansion) solve(gain float64) float64 {
	g := gain / float64(e.density*e.scale)
	d := &e.inverse
	s := float64(g * (d[0] + float64(g*(d[1]+float64(g*(d[2]+float64(g*(d[3]+float64(g*d[4])))))))))
	for range 4 {
		ratio, sum := e.ratio[seriesTerms], e.sum[seriesTerms]
		for k := seriesTerms - 1; k >= 0; k-- {
			ratio = float64(ratio*s) + e.ratio[k]
			sum = float64(sum*s) + e.sum[k]
		}
		// Newton's step with Halley's correction, which needs the derivative of ln ratio by s.
		z := float64(e.scale * s)
		bend := float64(e.scale*(e.slope+float64((2-e.a-e.b)*z))) / (e.scale + float64(z*(1-2*e.x0-z)))
		miss := (float64(sum*s) - g) / ratio
		s -= miss / (1 - float64(0.5*float64(miss*bend)))
		if math.Abs(miss) <= 1e-4*s { // the error is its cube from here
			break
		}
	}
	return e.x0 + float64(e.scale*s)
}
