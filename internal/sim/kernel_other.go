//go:build !amd64

package sim

func logisticStep(dst, e, ratio, pv []float64, d float64) { logisticStepGo(dst, e, ratio, pv, d) }

func track(cum, net, low, even []float64, month, months float64) {
	trackGo(cum, net, low, even, month, months)
}

func trackOne(cum, fixed, total, curve, low, even []float64, month float64) {
	trackOneGo(cum, fixed, total, curve, low, even, month)
}

func count(bins *[sketchBins]uint32, v []float64, low, scale float64) { countGo(bins, v, low, scale) }

func mul(dst, x, y []float64) { mulGo(dst, x, y) }

func add(dst, x, y []float64) { addGo(dst, x, y) }

func addProduct(dst, x, y []float64) { addProductGo(dst, x, y) }

func mulNumber(dst, x []float64, y float64) { mulNumberGo(dst, x, y) }

func addNumber(dst, x []float64, y float64) { addNumberGo(dst, x, y) }

func addScaled(dst, x []float64, y float64) { addScaledGo(dst, x, y) }

func numberDiv(dst []float64, x float64, y []float64) { numberDivGo(dst, x, y) }

func extremes(v []float64) (low, high float64) { return extremesGo(v) }

func skip(_ []float64, i int, _, _ float64, _ *[sketchBins]bool) int { return i }
