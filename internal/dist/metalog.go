package dist

import (
	"math"
	"strconv"
)

// Bound says between which limits a quantity lies by its nature.
type Bound int

const (
	// Unbounded quantities may take any sign.
	Unbounded Bound = iota
	// Positive quantities are above 0; the logarithm of the quantity is fitted.
	Positive
	// Share quantities are between 0 and 1, both excluded; the log odds of the quantity are fitted.
	Share
)

// ln9 is the log odds of P90; P10 has -ln9 and P50 has 0.
const ln9 = 2.197224577336219382790490473845051472

// metalog has the quantile function, with y the probability and L = ln(y/(1-y)),
//
//	M(y) = a1 + a2·L + a3·(y - 1/2)·L
//
// for the quantity itself, its logarithm or its log odds, as bound says.
// Source: T. W. Keelin, The Metalog Distributions, Decision Analysis 13(4), 2016, equations 6, 12 and 14, three terms.
type metalog struct {
	a1, a2, a3 float64
	bound      Bound
}

// Metalog is the three-term metalog distribution with the given 10th, 50th and 90th percentiles (Keelin 2016).
// Three equal percentiles give a Constant.
//
// Errors: number_not_finite (args: name, value); range_order (low, middle, high) unless p10 <= p50 <= p90;
// range_not_positive (low) and range_not_share (low, high) where the range leaves its bound;
// range_infeasible (low, middle, high, nearest) where the middle is too close to an end for any three-term metalog:
// nearest is the closest middle that fits, rounded inwards to few digits.
func Metalog(p10, p50, p90 float64, bound Bound) (Dist, error) {
	if err := finite([]string{"low", "middle", "high"}, p10, p50, p90); err != nil {
		return nil, err
	}
	if !(p10 <= p50 && p50 <= p90) {
		return nil, paramError("range_order", map[string]any{"low": p10, "middle": p50, "high": p90})
	}
	if p10 == p90 {
		return degenerate(p10, bound)
	}
	if err := bound.check(p10, p90); err != nil {
		return nil, err
	}
	low, middle, high := bound.scale(p10), bound.scale(p50), bound.scale(p90)
	if low == high { // p10 and p90 are neighbouring numbers
		return Constant(p50)
	}
	m := threeTerms(low, middle, high)
	m.bound = bound
	if m.increasing() {
		return m, nil
	}
	nearest, ok := nearestMiddle(p10, p50, p90, bound)
	if !ok { // no number lies between p10 and p90
		return Constant(p50)
	}
	return nil, paramError("range_infeasible", map[string]any{
		"low": p10, "middle": p50, "high": p90, "nearest": nearest})
}

// MetalogPair is the two-term metalog distribution with the given 10th and 90th percentiles (Keelin 2016): a logistic
// distribution of the quantity, its logarithm or its log odds. Two equal percentiles give a Constant.
//
// Errors: number_not_finite (args: name, value); range_order (low, high) if p10 > p90; range_not_positive (low) and
// range_not_share (low, high) where the range leaves its bound.
func MetalogPair(p10, p90 float64, bound Bound) (Dist, error) {
	if err := finite([]string{"low", "high"}, p10, p90); err != nil {
		return nil, err
	}
	if p10 > p90 {
		return nil, paramError("range_order", map[string]any{"low": p10, "high": p90})
	}
	if p10 == p90 {
		return degenerate(p10, bound)
	}
	if err := bound.check(p10, p90); err != nil {
		return nil, err
	}
	low, high := bound.scale(p10), bound.scale(p90)
	if low == high {
		return Constant(p10)
	}
	return metalog{a1: low + (high-low)/2, a2: (high - low) / (2 * ln9), bound: bound}, nil
}

// degenerate is the constant v, which may lie on its bound, as a range may not.
func degenerate(v float64, bound Bound) (Dist, error) {
	switch {
	case bound == Positive && v < 0:
		return nil, paramError("range_not_positive", map[string]any{"low": v})
	case bound == Share && (v < 0 || v > 1):
		return nil, paramError("range_not_share", map[string]any{"low": v, "high": v})
	}
	return Constant(v)
}

// check says whether a range lies inside its bound.
func (b Bound) check(low, high float64) error {
	switch {
	case b == Positive && low <= 0:
		return paramError("range_not_positive", map[string]any{"low": low})
	case b == Share && (low <= 0 || high >= 1):
		return paramError("range_not_share", map[string]any{"low": low, "high": high})
	}
	return nil
}

// scale maps a quantity to where its metalog is unbounded.
func (b Bound) scale(v float64) float64 {
	switch b {
	case Positive:
		return math.Log(v)
	case Share:
		return math.Log(v) - math.Log1p(-v)
	default:
		return v
	}
}

// unscale is the inverse of scale.
func (b Bound) unscale(z float64) float64 {
	switch b {
	case Positive:
		return math.Exp(z)
	case Share:
		return 1 / (1 + math.Exp(-z))
	default:
		return z
	}
}

// threeTerms solves M(0.1) = low, M(0.5) = middle, M(0.9) = high.
func threeTerms(low, middle, high float64) metalog {
	return metalog{
		a1: middle,
		a2: (high - low) / (2 * ln9),
		a3: ((high - middle) - (middle - low)) / (0.8 * ln9),
	}
}

// slopeLimit is the value that |a3|/a2 must stay below. The slope of M is
//
//	M'(y) = (a2 + a3·g(y)) / (y(1-y)),  g(y) = y - 1/2 + y(1-y)·ln(y/(1-y)),
//
// and g is odd around 1/2, so the slope is positive everywhere exactly if |a3|/a2 < 1/max g. The maximum is where
// g'(y) = 2 + (1-2y)·ln(y/(1-y)) = 0. Keelin (2016) states the limit as 1.66711.
var slopeLimit = func() float64 {
	y := 0.9
	for range 20 { // Newton converges in five steps
		odds := math.Log(y / (1 - y))
		y -= (2 + float64((1-2*y)*odds)) / ((1-2*y)/(y*(1-y)) - 2*odds)
	}
	return 1 / (y - 0.5 + float64(y*(1-y)*math.Log(y/(1-y))))
}()

// increasing says whether the quantile function increases everywhere.
func (m metalog) increasing() bool { return m.a2 > 0 && math.Abs(m.a3) < slopeLimit*m.a2 }

// nearestMiddle is the feasible P50 closest to p50, written with as few digits, three or more, as stay within one
// percent of the range of the true limit. It fails where floating point leaves no such number.
func nearestMiddle(p10, p50, p90 float64, bound Bound) (float64, bool) {
	low, high := bound.scale(p10), bound.scale(p90)
	// |a3| < slopeLimit·a2 with the coefficients of threeTerms, solved for the middle.
	reach := float64(0.2 * slopeLimit * (high - low))
	centre := low + (high-low)/2
	up := bound.scale(p50) < centre // inwards is upwards
	limit := centre + reach
	if up {
		limit = centre - reach
	}
	exact := bound.unscale(limit)
	for digits := 3; digits <= 17; digits++ {
		v := roundTowards(exact, digits, up)
		if v <= p10 || v >= p90 {
			continue
		}
		s := bound.scale(v)
		if math.Abs(s-limit) <= 0.01*(high-low) && threeTerms(low, s, high).increasing() {
			return v, true
		}
	}
	return 0, false
}

// roundTowards rounds v to the given number of significant decimal digits, upwards or downwards.
func roundTowards(v float64, digits int, up bool) float64 {
	if v == 0 {
		return 0
	}
	text := strconv.FormatFloat(v, 'e', digits-1, 64)
	r, _ := strconv.ParseFloat(text, 64)
	if r == v || (r > v) == up {
		return r
	}
	// The nearest number is on the wrong side: take the next one.
	exponent := int(math.Floor(math.Log10(math.Abs(v)))) - digits + 1
	mantissa := math.Round(r / math.Pow10(exponent))
	if up {
		mantissa++
	} else {
		mantissa--
	}
	r, _ = strconv.ParseFloat(strconv.FormatFloat(mantissa, 'f', 0, 64)+"e"+strconv.Itoa(exponent), 64)
	return r
}

// odds is the log odds of a probability w <= 1/2; those of 1-w are its negative.
func odds(w float64) float64 { return math.Log(w / (1 - w)) }

func (m metalog) at(w float64, upper bool) float64 {
	low, high := m.terms(w, odds(w))
	if upper {
		return m.bound.unscale(high)
	}
	return m.bound.unscale(low)
}

// terms is M at w and at 1-w. The products are rounded on their own so that no processor fuses them.
func (m metalog) terms(w, odds float64) (low, high float64) {
	skew := m.a1 + float64(float64(m.a3*(w-0.5))*odds)
	slope := float64(m.a2 * odds)
	return skew + slope, skew - slope
}

func (m metalog) atAll(w, low, high []float64) {
	low, high = low[:len(w)], high[:len(w)]
	for i, w := range w {
		low[i], high[i] = m.terms(w, odds(w))
	}
	switch m.bound {
	case Positive:
		for i := range low {
			low[i], high[i] = math.Exp(low[i]), math.Exp(high[i])
		}
	case Share:
		for i := range low {
			low[i], high[i] = 1/(1+math.Exp(-low[i])), 1/(1+math.Exp(-high[i]))
		}
	}
}

func (m metalog) Quantile(p float64) float64 { return quantile(m, p) }

func (m metalog) Support() (float64, float64) {
	switch m.bound {
	case Positive:
		return 0, math.Inf(1)
	case Share:
		return 0, 1
	default:
		return math.Inf(-1), math.Inf(1)
	}
}

func (m metalog) key() string {
	return keyOf("metalog", float64(m.bound), m.a1, m.a2, m.a3)
}
