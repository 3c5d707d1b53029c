// Package explain answers why a case comes out as it does and what to do next, from its draws: what drives the result
// (SobolIndices), what is worth finding out before the decision (EVPI, EVPPI), and when it fails (PRIM).
//
// Start with EVPPI. These functions take and give plain numbers; they know no cases, units, texts or clocks. Results
// are the same for the same numbers.
package explain

import (
	"math"
	"math/rand/v2"
)

// EVPI is the expected value of perfect information on a decision: what it would be worth to know everything before
// choosing, in the unit of net. net[option][draw] is the net benefit of each option in each draw; doing nothing is an
// option of zeros. Draws are in the order in which they were made, each with the same inputs for all options.
//
//	EVPI = mean over draws of the best option's net − net of the option best on average   (Raiffa & Schlaifer 1961)
//
// It is 0 with fewer than two options, and NaN where the options are not equally long, without draws or not finite.
// The maximum of means tends to be too high and so EVPI too low where options are close, by less than se.
// se is by batches of consecutive draws: right for independent ones, on the safe side for Sobol points.
func EVPI(net [][]float64) (value, se float64) {
	if len(net) < 2 {
		return 0, 0
	}
	if checkDraws(net, len(net[0])) != nil {
		return math.NaN(), math.NaN()
	}
	best := bestOption(net)
	loss := make([]float64, len(net[0]))
	for i := range loss {
		top := net[best][i]
		for _, v := range net {
			top = max(top, v[i])
		}
		loss[i] = top - net[best][i]
	}
	return average(loss), batchSE(loss)
}

// leastDraws is the fewest draws on which EVPPI says anything.
const leastDraws = 50

// EVPPI is the expected value of partial perfect information: what it would be worth to know the inputs x before
// choosing, in the unit of net; see EVPI for net. x[k][draw] are the draws of one input, or of several that would be
// found out together; they may be correlated with each other and with those left out, discrete or constant.
//
// It is found by regression (Strong, Oakley & Brennan 2014): the expected net benefit of each option, given x, is a
// smooth function of x fitted to the draws, and
//
//	EVPPI = mean over draws of the best option's fitted net − that of the option best on average.
//
// The smoother for one input is a penalised cubic spline, on its normal scores where it has long tails, the penalty by
// generalised cross-validation; for more it adds products of such functions, first those of low degree: for up to 8
// inputs also bent interactions, for up to 14 products of two straight lines, beyond that none. The value is never
// above the EVPI of the same draws.
//
// se holds the error from the draws (influence function, as for the value of an optimal treatment rule: Luedtke & van
// der Laan 2016) and that of the fit, found by letting the residuals of batches of draws vary the coefficients, with
// fixed random numbers; the larger one counts. The maximum of noisy fits is too high on average, so that an input
// without influence comes out a little above 0, by about se; see Negligible.
//
// ErrShape for series of different length, none, or fewer than 50 draws; ErrFinite.
func EVPPI(net [][]float64, x [][]float64) (value, se float64, err error) {
	if len(net) == 0 || len(x) == 0 || len(net[0]) < leastDraws {
		return 0, 0, ErrShape
	}
	n := len(net[0])
	if err := checkDraws(net, n); err != nil {
		return 0, 0, err
	}
	if err := checkDraws(x, n); err != nil {
		return 0, 0, err
	}
	if len(net) < 2 {
		return 0, 0, nil
	}
	s := newSmoother(x, n)
	if len(s.roughness()) == 0 { // nothing to find out
		return 0, 0, nil
	}
	best := bestOption(net)
	var fits []*fit // of each other option against the best
	for d := range net {
		if d == best {
			continue
		}
		gain := make([]float64, n)
		for i := range gain {
			gain[i] = net[d][i] - net[best][i]
		}
		fits = append(fits, newFit(s, gain))
	}
	draws := make([]float64, n) // the gain of each draw under the option that its x suggests
	for i := range draws {
		top, gain := 0.0, 0.0
		for _, f := range fits {
			if f.fitted[i] > top {
				top, gain = f.fitted[i], f.gain[i]
			}
		}
		value += top
		draws[i] = gain
	}
	perfect, _ := EVPI(net)
	return min(value/float64(n), perfect), max(batchSE(draws), fitSE(s, fits)), nil
}

// Negligible says whether a value of information cannot be told from nothing: below twice its standard error.
// An input without influence is taken for more in a few of 100 cases at most.
func Negligible(value, se float64) bool { return !(value > 2*se) }

func checkDraws(series [][]float64, n int) error {
	for _, v := range series {
		if n == 0 || len(v) != n {
			return ErrShape
		}
		if !finiteAll(v) {
			return ErrFinite
		}
	}
	return nil
}

// bestOption is the one with the highest mean, the first of equal ones.
func bestOption(net [][]float64) int {
	best, top := 0, math.Inf(-1)
	for d, v := range net {
		if m := average(v); m > top {
			best, top = d, m
		}
	}
	return best
}

// fit is the smoothed gain of one option.
type fit struct {
	gain, fitted []float64
	mean         float64
	coefficients []float64
	// noise[b] is by how much the residuals of batch b move the mean (first) and each coefficient.
	noise [][]float64
}

func newFit(s smoother, gain []float64) *fit {
	n := len(gain)
	f := &fit{gain: gain, mean: average(gain), fitted: make([]float64, n)}
	centred := make([]float64, n)
	square := 0.0
	for i, g := range gain {
		centred[i] = g - f.mean
		square += centred[i] * centred[i]
	}
	raw := s.sums(centred, 1)[0]
	for j := range raw {
		raw[j] /= float64(n)
	}
	shrink := crossValidated(raw, s.roughness(), square/float64(n), n)
	f.coefficients = make([]float64, len(raw))
	for j, c := range raw {
		f.coefficients[j] = c * shrink[j]
	}
	s.apply(f.coefficients, f.fitted)
	residual := centred
	for i := range f.fitted {
		residual[i] -= f.fitted[i]
		f.fitted[i] += f.mean
	}
	count := min(batches, n)
	for b, sums := range s.sums(residual, count) {
		row := make([]float64, 1+len(sums))
		for i := batchStart(b, count, n); i < batchStart(b+1, count, n); i++ {
			row[0] += residual[i]
		}
		row[0] /= float64(n)
		for j, v := range sums {
			// The Bayesian variance of a penalised coefficient is 1/(1 + λ·rough) of the free one (Wahba 1983).
			row[1+j] = v / float64(n) * math.Sqrt(shrink[j])
		}
		f.noise = append(f.noise, row)
	}
	return f
}

// gcvWeight counts each degree of freedom as 1.4 in cross-validation, against fits that are too rough now and then
// (Kim & Gu 2004).
const gcvWeight = 1.4

// crossValidated is the factor for each coefficient, 1/(1 + λ·rough), with λ by generalised cross-validation (Craven
// & Wahba 1979): least RSS/(1 − 1.4·freedom/n)². variance is that of the data.
func crossValidated(raw, rough []float64, variance float64, n int) []float64 {
	low, high := math.Inf(1), 0.0
	for _, s := range rough {
		if s > 0 {
			low, high = min(low, s), max(high, s)
		}
	}
	shrink := make([]float64, len(raw))
	if high == 0 {
		for j := range shrink {
			shrink[j] = 1
		}
		return shrink
	}
	at, least := 0.0, math.Inf(1)
	for lambda := 0.01 / high; lambda < 200/low; lambda *= 1.5 {
		rest, freedom := variance, 1.0
		for j, c := range raw {
			k := 1 / (1 + lambda*rough[j])
			rest -= c * c * k * (2 - k)
			freedom += k
		}
		q := 1 - gcvWeight*freedom/float64(n)
		if q <= 0 {
			continue
		}
		if score := max(rest, 0) / (q * q); score < least {
			at, least = lambda, score
		}
	}
	for j := range shrink {
		shrink[j] = 1 / (1 + at*rough[j])
	}
	return shrink
}

// fitSE is the root mean square by which the value changes when the coefficients vary by their noise: with the spread
// it holds the amount by which noise lifts the maximum.
func fitSE(s smoother, fits []*fit) float64 {
	const repeats = 200
	random := rand.New(rand.NewPCG(2014, 12)) // any; fixed
	points := s.points()
	count, size := len(fits[0].noise), len(fits[0].coefficients)
	xi := make([]float64, count)
	c := make([]float64, 1+size)
	tops := make([]float64, len(points))
	squares, origin := 0.0, 0.0
	for r := range repeats + 1 {
		for b := range xi {
			xi[b] = random.NormFloat64()
			if r == 0 { // the fit itself
				xi[b] = 0
			}
		}
		clear(tops)
		topMean := 0.0
		for _, f := range fits {
			c[0] = f.mean
			copy(c[1:], f.coefficients)
			for b, row := range f.noise {
				for j, v := range row {
					c[j] += xi[b] * v
				}
			}
			mean := 0.0
			for i, p := range points {
				v := c[0]
				for j, phi := range p {
					v += c[1+j] * phi
				}
				mean += v
				tops[i] = max(tops[i], v)
			}
			topMean = max(topMean, mean/float64(len(points)))
		}
		v := average(tops) - topMean
		if r == 0 {
			origin = v
			continue
		}
		squares += (v - origin) * (v - origin)
	}
	return math.Sqrt(squares / repeats)
}
