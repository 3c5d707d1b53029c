package finance

import (
	"math"
	"slices"
)

// IRR is the internal rate of return per year, effective, for any period: the rate at which the NPV is zero. No first
// guess is needed. Rates are found from just above −1 up to the largest that a float64 holds (in log(1+r): −36 to 690).
//
// A series whose sign changes once has exactly one rate (Descartes' rule of signs). With more changes all rates are
// looked for; a single one is the answer. A cost at the very end, such as a shutdown, often brings a second rate close
// to −1; where Norstrøm's criterion says that only one rate is above zero, that one is the answer (as in spreadsheets),
// else ErrSeveralRoots.
//
// Errors: ErrNoRoot (empty, all zero, one sign only, or no rate), ErrSeveralRoots (as *SeveralRootsError with all of
// them), ErrPeriod, ErrNotFinite.
func (s Series) IRR() (float64, error) {
	if s.Period < 1 {
		return 0, ErrPeriod
	}
	years := make([]float64, len(s.Net))
	for k := range years {
		years[k] = s.Period.years(k)
	}
	return rateOfReturn(s.Net, years)
}

// SeveralRootsError is the ErrSeveralRoots that names the rates.
type SeveralRootsError struct {
	Roots []float64 // per year, ascending, at least two
}

func (e *SeveralRootsError) Error() string { return ErrSeveralRoots.Error() }

// Is makes errors.Is(err, ErrSeveralRoots) true.
func (e *SeveralRootsError) Is(target error) bool { return target == ErrSeveralRoots }

const (
	// The range of x = log(1+r): at −36 a float64 can just tell r from −1, at 690 1+r is about 10^300.
	lowestLog, highestLog = -36.0, 690.0
	// With several sign changes, flows below this share of the largest are leftovers of a subtraction: no cent of
	// theirs is real, yet each could bring a rate of its own.
	noiseShare = 1e-14
	// gridStep is the distance of the first look at the NPV in log(1+r), where the range allows it.
	gridStep    = 0.01
	gridPoints  = 20000
	touchShare  = 1e-13 // an NPV within this share of its terms touches zero
	sameRootLog = 1e-6  // a double root cannot be told apart more finely than about √ε
)

// rateOfReturn solves Σ flows[k]·(1+r)^(−years[k]) = 0 for r; years ascend strictly.
func rateOfReturn(flows, years []float64) (float64, error) {
	p, err := newPolynomial(flows, years)
	if err != nil {
		return 0, err
	}
	if p.signChanges() > 1 {
		p = p.withoutNoise()
	}
	var roots []float64
	switch p.signChanges() {
	case 0:
		return 0, ErrNoRoot
	case 1:
		roots = p.onlyRoot()
	default:
		roots = p.allRoots()
	}
	switch len(roots) {
	case 0:
		return 0, ErrNoRoot
	case 1:
		return math.Expm1(roots[0]), nil
	}
	rates := make([]float64, len(roots))
	positive := -1
	for i, x := range roots {
		rates[i] = math.Expm1(x)
		if positive < 0 && rates[i] > 0 {
			positive = i
		}
	}
	if positive >= 0 && norstrom(p) {
		return rates[positive], nil
	}
	return 0, &SeveralRootsError{Roots: rates}
}

// norstrom is the criterion of Norstrøm (1972): a project whose cumulative cash flow changes sign once, and does not end
// at zero, has exactly one rate above zero. Rates below zero that a late cost brings with it say nothing then.
func norstrom(p polynomial) bool {
	cumulative, changes, last := 0.0, 0, 0.0
	for _, a := range p.amounts {
		cumulative += a
		if math.Abs(cumulative) > 1e-12 {
			if last != 0 && (cumulative > 0) != (last > 0) {
				changes++
			}
			last = cumulative
		}
	}
	return changes == 1 && math.Abs(cumulative) > 1e-12
}

// polynomial is the NPV as a function of x = log(1+r), Σ amount·e^(−x·years), without zero amounts and scaled so that
// the largest amount is 1.
type polynomial struct{ amounts, years []float64 }

func newPolynomial(flows, years []float64) (polynomial, error) {
	var largest float64
	for _, f := range flows {
		if !finite(f) {
			return polynomial{}, ErrNotFinite
		}
		largest = math.Max(largest, math.Abs(f))
	}
	var p polynomial
	for k, f := range flows {
		if a := f / largest; f != 0 && a != 0 {
			p.amounts, p.years = append(p.amounts, a), append(p.years, years[k])
		}
	}
	return p, nil
}

func (p polynomial) signChanges() int {
	changes := 0
	for k := 1; k < len(p.amounts); k++ {
		if (p.amounts[k] > 0) != (p.amounts[k-1] > 0) {
			changes++
		}
	}
	return changes
}

func (p polynomial) withoutNoise() polynomial {
	var q polynomial
	for k, a := range p.amounts {
		if math.Abs(a) >= noiseShare {
			q.amounts, q.years = append(q.amounts, a), append(q.years, p.years[k])
		}
	}
	return q
}

// at is the NPV times a positive factor: amounts are valued at the first date for x ≥ 0 and at the last for x < 0, so
// that no power overflows and the largest term survives. Zeros and signs are those of the NPV.
func (p polynomial) at(x float64) float64 {
	value, _ := p.atWithScale(x)
	return value
}

// atWithScale adds the sum of the terms' sizes, against which value is small or not.
func (p polynomial) atWithScale(x float64) (value, scale float64) {
	base := p.years[0]
	if x < 0 {
		base = p.years[len(p.years)-1]
	}
	for k, a := range p.amounts {
		term := float64(a * math.Exp(-x*(p.years[k]-base)))
		value += term
		scale += math.Abs(term)
	}
	return value, scale
}

// onlyRoot finds the root of a series whose sign changes once, or none where it lies outside the range.
func (p polynomial) onlyRoot() []float64 {
	sum := p.at(0)
	if sum == 0 {
		return []float64{0}
	}
	// Towards high rates the first amount decides the sign, towards low ones the last.
	direction, limit := 1.0, highestLog
	if (sum > 0) == (p.amounts[0] > 0) {
		direction, limit = -1, -lowestLog
	}
	near := 0.0
	for far := 0.05; ; far *= 2 {
		far = math.Min(far, limit)
		if value := p.at(direction * far); value == 0 || (value > 0) != (sum > 0) {
			return []float64{brent(p.at, direction*near, direction*far)}
		}
		if far == limit {
			return nil
		}
		near = far
	}
}

// allRoots looks for every root on a dense grid: changes of sign, and dips of |NPV| between grid points that reach zero
// or cross it twice.
func (p polynomial) allRoots() []float64 {
	low, high := p.bounds()
	n := min(max(int(math.Ceil((high-low)/gridStep)), 100), gridPoints)
	xs, values := make([]float64, n+1), make([]float64, n+1)
	for i := range xs {
		xs[i] = low + (high-low)*float64(i)/float64(n)
		values[i] = p.at(xs[i])
	}
	var roots []float64
	for i := range xs {
		if values[i] == 0 {
			roots = append(roots, xs[i])
			continue
		}
		if i > 0 && values[i-1] != 0 && (values[i-1] > 0) != (values[i] > 0) {
			roots = append(roots, brent(p.at, xs[i-1], xs[i]))
		}
		if i > 0 && i < n && isDip(values[i-1], values[i], values[i+1]) {
			roots = append(roots, p.rootsInDip(xs[i-1], xs[i+1])...)
		}
	}
	slices.Sort(roots)
	return merged(roots)
}

// bounds encloses every root: beyond them the first or the last amount outweighs all others together.
func (p polynomial) bounds() (low, high float64) {
	last := len(p.amounts) - 1
	var first, final float64 // the weight of the others against the first and against the last amount
	for k, a := range p.amounts {
		if k > 0 {
			first += math.Abs(a / p.amounts[0])
		}
		if k < last {
			final += math.Abs(a / p.amounts[last])
		}
	}
	const margin = 0.0437 // a few steps, so that no dip lies at the edge
	high = math.Max(math.Log(first), 0)/(p.years[1]-p.years[0]) + margin
	low = -math.Max(math.Log(final), 0)/(p.years[last]-p.years[last-1]) - margin
	return math.Max(low, lowestLog), math.Min(high, highestLog)
}

// isDip says whether three values of one sign are smallest in the middle.
func isDip(a, b, c float64) bool {
	if (a > 0) != (b > 0) || (b > 0) != (c > 0) || a == 0 || c == 0 {
		return false
	}
	return math.Abs(b) <= math.Abs(a) && math.Abs(b) <= math.Abs(c)
}

// rootsInDip follows |NPV| down by golden section (Kiefer 1953) until it changes sign, which gives two roots, or stops
// at zero, which gives one.
func (p polynomial) rootsInDip(left, right float64) []float64 {
	sign := math.Copysign(1, p.at(left))
	height := func(x float64) float64 { return sign * p.at(x) }
	const golden = 0.6180339887498949
	a, b := left, right
	c, d := b-golden*(b-a), a+golden*(b-a)
	hc, hd := height(c), height(d)
	for range 60 {
		for _, try := range [2]struct{ x, h float64 }{{c, hc}, {d, hd}} {
			if try.h < 0 {
				return []float64{brent(p.at, left, try.x), brent(p.at, try.x, right)}
			}
		}
		if hc < hd {
			b, d, hd = d, c, hc
			c = b - golden*(b-a)
			hc = height(c)
		} else {
			a, c, hc = c, d, hd
			d = a + golden*(b-a)
			hd = height(d)
		}
	}
	x := (a + b) / 2
	if value, scale := p.atWithScale(x); math.Abs(value) <= touchShare*scale {
		return []float64{x}
	}
	return nil
}

// merged joins sorted roots that are one root within rounding.
func merged(roots []float64) []float64 {
	var out []float64
	for start := 0; start < len(roots); {
		end := start + 1
		for end < len(roots) && roots[end]-roots[end-1] < sameRootLog {
			end++
		}
		out = append(out, total(roots[start:end])/float64(end-start))
		start = end
	}
	return out
}
