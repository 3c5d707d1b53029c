package sim

import "golang.org/x/sys/cpu"

// vector says whether the loops of kernel_amd64.s can run; a test turns it off to compare.
var vector = cpu.X86.HasAVX2

//go:noescape
func logisticStepAVX2(dst, e, ratio, pv *float64, n int, d float64)

//go:noescape
func trackAVX2(cum, net, low, even *float64, n int, month, months float64)

//go:noescape
func trackOneAVX2(cum, fixed, total, curve, low, even *float64, n int, month float64)

//go:noescape
func countAVX2(bins *uint32, v *float64, n int, low, scale, last float64)

//go:noescape
func extremesAVX2(v *float64, n int, low, high *float64)

//go:noescape
func skipAVX2(v *float64, n int, low, scale, last float64, wanted *bool) int

//go:noescape
func mulAVX2(dst, x, y *float64, n int)

//go:noescape
func addAVX2(dst, x, y *float64, n int)

//go:noescape
func addProductAVX2(dst, x, y *float64, n int)

//go:noescape
func mulNumberAVX2(dst, x *float64, n int, y float64)

//go:noescape
func addNumberAVX2(dst, x *float64, n int, y float64)

//go:noescape
func addScaledAVX2(dst, x *float64, n int, y float64)

//go:noescape
func numberDivAVX2(dst, x *float64, n int, y float64)

// whole is how many of n draws the vector loops take: a multiple of four, 0 where they cannot run.
func whole(n int) int {
	if !vector {
		return 0
	}
	return n &^ 3
}

func logisticStep(dst, e, ratio, pv []float64, d float64) {
	k := whole(len(dst))
	if k > 0 {
		_, _, _ = e[k-1], ratio[k-1], pv[k-1]
		logisticStepAVX2(&dst[0], &e[0], &ratio[0], &pv[0], k, d)
	}
	logisticStepGo(dst[k:], e[k:], ratio[k:], pv[k:], d)
}

func track(cum, net, low, even []float64, month, months float64) {
	k := whole(len(cum))
	if k > 0 {
		_, _, _ = net[k-1], low[k-1], even[k-1]
		trackAVX2(&cum[0], &net[0], &low[0], &even[0], k, month, months)
	}
	trackGo(cum[k:], net[k:], low[k:], even[k:], month, months)
}

func trackOne(cum, fixed, total, curve, low, even []float64, month float64) {
	k := whole(len(cum))
	if k > 0 {
		_, _, _, _, _ = fixed[k-1], total[k-1], curve[k-1], low[k-1], even[k-1]
		trackOneAVX2(&cum[0], &fixed[0], &total[0], &curve[0], &low[0], &even[0], k, month)
	}
	trackOneGo(cum[k:], fixed[k:], total[k:], curve[k:], low[k:], even[k:], month)
}

func count(bins *[sketchBins]uint32, v []float64, low, scale float64) {
	k := whole(len(v))
	if k > 0 {
		countAVX2(&bins[0], &v[0], k, low, scale, sketchBins-1)
	}
	countGo(bins, v[k:], low, scale)
}

func extremes(v []float64) (low, high float64) {
	k := whole(len(v))
	low, high = extremesGo(v[k:])
	if k > 0 {
		var lows, highs [4]float64
		extremesAVX2(&v[0], k, &lows[0], &highs[0])
		for i := range lows {
			low, high = min(low, lows[i]), max(high, highs[i])
		}
	}
	return low, high
}

// skip returns a place from i on before which no counter is wanted.
func skip(v []float64, i int, low, scale float64, wanted *[sketchBins]bool) int {
	if k := whole(len(v) - i); k > 0 {
		i += skipAVX2(&v[i], k, low, scale, sketchBins-1, &wanted[0])
	}
	return i
}

func mul(dst, x, y []float64) {
	k := whole(len(dst))
	if k > 0 {
		_, _ = x[k-1], y[k-1]
		mulAVX2(&dst[0], &x[0], &y[0], k)
	}
	mulGo(dst[k:], x[k:], y[k:])
}

func add(dst, x, y []float64) {
	k := whole(len(dst))
	if k > 0 {
		_, _ = x[k-1], y[k-1]
		addAVX2(&dst[0], &x[0], &y[0], k)
	}
	addGo(dst[k:], x[k:], y[k:])
}

func addProduct(dst, x, y []float64) {
	k := whole(len(dst))
	if k > 0 {
		_, _ = x[k-1], y[k-1]
		addProductAVX2(&dst[0], &x[0], &y[0], k)
	}
	addProductGo(dst[k:], x[k:], y[k:])
}

func mulNumber(dst, x []float64, y float64) {
	k := whole(len(dst))
	if k > 0 {
		_ = x[k-1]
		mulNumberAVX2(&dst[0], &x[0], k, y)
	}
	mulNumberGo(dst[k:], x[k:], y)
}

func addNumber(dst, x []float64, y float64) {
	k := whole(len(dst))
	if k > 0 {
		_ = x[k-1]
		addNumberAVX2(&dst[0], &x[0], k, y)
	}
	addNumberGo(dst[k:], x[k:], y)
}

func addScaled(dst, x []float64, y float64) {
	k := whole(len(dst))
	if k > 0 {
		_ = x[k-1]
		addScaledAVX2(&dst[0], &x[0], k, y)
	}
	addScaledGo(dst[k:], x[k:], y)
}

func numberDiv(dst []float64, x float64, y []float64) {
	k := whole(len(dst))
	if k > 0 {
		_ = y[k-1]
		numberDivAVX2(&dst[0], &y[0], k, x)
	}
	numberDivGo(dst[k:], x, y[k:])
}
