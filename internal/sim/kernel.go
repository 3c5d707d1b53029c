package sim

import "math"

// The loops over rows. Each writes dst from rows of the same length and allocates nothing. A product that is added to
// something is rounded first (float64(x·y)), so that no compiler fuses the two and results stay the same everywhere.

// nothing is the share of the deepest point up to which a cumulative flow below zero counts as zero: 100 paid and 3 × 33.3 +
// 0.1 received is even, though floating point leaves −8.5e-15. Package finance does the same.
const nothing = 1e-12

func fill(dst []float64, v float64) {
	for i := range dst {
		dst[i] = v
	}
}

func addGo(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

func addNumberGo(dst, x []float64, y float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y
	}
}

func sub(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

func numberSub(dst []float64, x float64, y []float64) {
	y = y[:len(dst)]
	for i := range dst {
		dst[i] = x - y[i]
	}
}

func mulGo(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

func mulNumberGo(dst, x []float64, y float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y
	}
}

func div(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] / y[i]
	}
}

func numberDivGo(dst []float64, x float64, y []float64) {
	y = y[:len(dst)]
	for i := range dst {
		dst[i] = x / y[i]
	}
}

// addProductGo is dst += x·y.
func addProductGo(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] += float64(x[i] * y[i])
	}
}

// addScaledGo is dst += x·v.
func addScaledGo(dst, x []float64, v float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += float64(x[i] * v)
	}
}

func squareRoot(dst, x []float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = math.Sqrt(x[i])
	}
}

func atLeast(dst, x []float64, y float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = max(x[i], y)
	}
}

func exponential(dst, x []float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = math.Exp(x[i])
	}
}

// logisticRow is dst = 1/(1 + e) for the running exponential e.
func logisticRow(dst, e []float64) {
	e = e[:len(dst)]
	for i := range dst {
		dst[i] = 1 / (1 + e[i])
	}
}

// logisticStepGo moves the running exponential on by one month, e = e·ratio, and writes dst = 1/(1 + e) and pv += d·dst.
func logisticStepGo(dst, e, ratio, pv []float64, d float64) {
	e, ratio, pv = e[:len(dst)], ratio[:len(dst)], pv[:len(dst)]
	for i := range dst {
		x := e[i] * ratio[i]
		e[i] = x
		l := 1 / (1 + x)
		dst[i] = l
		pv[i] += float64(l * d)
	}
}

// trackGo follows the cumulative net flow: cum += net, the lowest point so far, and the interpolated month of the last
// crossing from below zero. months is the length of the period that ends in month.
func trackGo(cum, net, low, even []float64, month, months float64) {
	net, low, even = net[:len(cum)], low[:len(cum)], even[:len(cum)]
	for i, before := range cum {
		now := before + net[i]
		cum[i] = now
		if now < low[i] {
			low[i] = now
		}
		// A change of sign is rare, so one well-predicted branch stands before the work.
		b, n := before-float64(low[i]*nothing), now-float64(low[i]*nothing)
		if int64(math.Float64bits(b)&^math.Float64bits(n)) < 0 {
			even[i] = month - months*(n/(n-b))
		}
	}
}

// trackOneGo is track with net = fixed + total·curve.
func trackOneGo(cum, fixed, total, curve, low, even []float64, month float64) {
	fixed, total, curve, low, even = fixed[:len(cum)], total[:len(cum)], curve[:len(cum)], low[:len(cum)], even[:len(cum)]
	for i, before := range cum {
		now := before + (fixed[i] + float64(total[i]*curve[i]))
		cum[i] = now
		if now < low[i] {
			low[i] = now
		}
		b, n := before-float64(low[i]*nothing), now-float64(low[i]*nothing)
		if int64(math.Float64bits(b)&^math.Float64bits(n)) < 0 {
			even[i] = month - n/(n-b)
		}
	}
}

// countGo adds every value to its bin; values outside the range go to the first and last bin.
func countGo(bins *[sketchBins]uint32, v []float64, low, scale float64) {
	for _, x := range v {
		bins[bin(x, low, scale)]++
	}
}

// bin is the counter of x among equal ones from low on, scale of them to one unit.
func bin(x, low, scale float64) int {
	t := (x - low) * scale
	if !(t > 0) {
		t = 0
	}
	if t > sketchBins-1 {
		t = sketchBins - 1
	}
	return int(t) & (sketchBins - 1)
}

// next returns the first value of v from place i on whose counter is wanted, and that counter; len(v) if there is none.
func next(v []float64, i int, low, scale float64, wanted *[sketchBins]bool) (at, counter int) {
	i = skip(v, i, low, scale, wanted)
	for ; i < len(v); i++ {
		if k := bin(v[i], low, scale); wanted[k] {
			return i, k
		}
	}
	return len(v), 0
}

// extremesGo returns the smallest and the largest of v, which holds no NaN, or ±∞ for an empty v.
func extremesGo(v []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, x := range v {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
	}
	return low, high
}
