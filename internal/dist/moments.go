package dist

import "math"

// Mean of the unbounded metalog is a1 + a3/2 (Keelin 2016, table of moments); of the bounded ones it is the integral
// of the quantile function. Above 1 - w the positive metalog grows as w^-(a2 + a3/2), so from an exponent of 1 on
// the mean is infinite.
func (m metalog) Mean() float64 {
	switch {
	case m.bound == Unbounded:
		return m.a1 + m.a3/2
	case m.bound == Positive && m.tail() >= 1:
		return math.Inf(1)
	}
	return m.integral(func(z, logWeight float64) float64 {
		if m.bound == Positive {
			return math.Exp(z + logWeight)
		}
		return m.bound.unscale(z) * math.Exp(logWeight)
	}, 1)
}

// Variance of the unbounded metalog is π²/3·a2² + (1/12 + π²/36)·a3² (Keelin 2016, table of moments); of the bounded
// ones it is an integral, infinite for the positive one from a tail exponent of 1/2 on.
func (m metalog) Variance() float64 {
	switch {
	case m.bound == Unbounded:
		return float64(math.Pi*math.Pi/3*m.a2*m.a2) + float64((1.0/12+math.Pi*math.Pi/36)*m.a3*m.a3)
	case m.bound == Positive && m.tail() >= 0.5:
		return math.Inf(1)
	}
	mean := m.Mean()
	return m.integral(func(z, logWeight float64) float64 {
		var distance float64
		if m.bound == Positive { // under the root of the weight, since exp(2z) may overflow where the product does not
			distance = math.Exp(z+logWeight/2) - float64(mean*math.Exp(logWeight/2))
		} else {
			distance = (m.bound.unscale(z) - mean) * math.Exp(logWeight/2)
		}
		return distance * distance
	}, 2)
}

// Heavy reports whether the variance of d is infinite, or so large that no sum of squares can hold it, without computing
// it where the tail says so.
func Heavy(d Dist) bool {
	if m, ok := d.(metalog); ok {
		return m.bound == Positive && m.tail() >= 0.5
	}
	return d.Variance() > 1e300
}

// tail is the exponent with which the upper tail of the positive metalog grows.
func (m metalog) tail() float64 { return m.a2 + m.a3/2 }

// integral is ∫ f dy over the probability y, where f takes M(y) and the logarithm of the weight dy/dx and returns
// their product; f grows at most as the given power of the quantity.
//
// With y = 1/(1+exp(-x)) the integrand falls exponentially at both ends, with x = sinh(t) faster than that, and the
// trapezoidal rule converges exponentially: H. Takahasi and M. Mori, Double Exponential Formulas for Numerical
// Integration, 1974. The step is halved until the sum settles.
func (m metalog) integral(f func(z, logWeight float64) float64, power float64) float64 {
	const decay = 45 // exp(-45) is below the rounding of the sum
	rate := 1.0      // of exponential decay in x at the upper end
	if m.bound == Positive {
		rate = 1 - float64(power*m.tail())
	}
	from, to := -math.Asinh(decay), math.Asinh(decay/rate)
	term := func(t float64) float64 {
		x := math.Sinh(t)
		tail := math.Exp(-math.Abs(x))
		logWeight := -math.Abs(x) - float64(2*math.Log1p(tail))
		half := 0.5 * math.Tanh(x/2) // y - 1/2
		return f(m.a1+float64(m.a2*x)+float64(m.a3*half*x), logWeight) * math.Cosh(t)
	}
	step := 1.0 / 8
	sum := 0.0
	for k := math.Ceil(from / step); k*step <= to; k++ {
		sum += float64(term(k * step))
	}
	last := sum * step
	for range 7 {
		// The old points stay, the new ones lie between them.
		for k := math.Ceil(from/step) - 0.5; k*step <= to; k++ {
			sum += float64(term(k * step))
		}
		step /= 2
		next := sum * step
		if math.Abs(next-last) <= 1e-12*math.Abs(next) {
			return next
		}
		last = next
	}
	return last
}
