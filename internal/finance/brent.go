package finance

import "math"

// brent finds a zero of f between a and b, where f changes sign, to the last bits: inverse quadratic interpolation and
// secant steps, with bisection where they do not gain. Source: Brent, R. P. (1973), Algorithms for Minimization without
// Derivatives, chapter 4.
func brent(f func(float64) float64, a, b float64) float64 {
	const epsilon = 0x1p-52
	fa, fb := f(a), f(b)
	c, fc := a, fa // the zero lies between b and c; b is the best guess so far
	step := b - a
	previous := step
	for range 300 {
		if (fb > 0) == (fc > 0) {
			c, fc = a, fa
			step = b - a
			previous = step
		}
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c = b, c, b
			fa, fb, fc = fb, fc, fb
		}
		tolerance := 2*epsilon*math.Abs(b) + 1e-18
		half := (c - b) / 2
		if math.Abs(half) <= tolerance || fb == 0 {
			return b
		}
		if math.Abs(previous) < tolerance || math.Abs(fa) <= math.Abs(fb) {
			step, previous = half, half
		} else {
			var p, q float64
			s := fb / fa
			if a == c {
				p, q = 2*half*s, 1-s
			} else {
				u, v := fa/fc, fb/fc
				p = s * (2*half*u*(u-v) - (b-a)*(v-1))
				q = (u - 1) * (v - 1) * (s - 1)
			}
			if p > 0 {
				q = -q
			} else {
				p = -p
			}
			if 2*p < math.Min(3*half*q-math.Abs(tolerance*q), math.Abs(previous*q)) {
				previous, step = step, p/q
			} else {
				step, previous = half, half
			}
		}
		a, fa = b, fb
		if math.Abs(step) > tolerance {
			b += step
		} else {
			b += math.Copysign(tolerance, half)
		}
		fb = f(b)
	}
	return b
}
