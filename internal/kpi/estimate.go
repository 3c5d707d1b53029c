package kpi

import (
	"math"
	"slices"
)

// z is the 97.5 % quantile of the normal distribution: intervals are of 95 %.
const z = 1.959963984540054

// wilson is the score interval of a share of n (E. B. Wilson, JASA 22, 1927).
func wilson(k, n float64) (low, high float64) {
	p, z2 := k/n, z*z
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return max(0, centre-half), min(1, centre+half)
}

// poisson is Byar's approximation of the exact interval of a count (N. E. Breslow, N. E. Day, Statistical Methods in Cancer
// Research II, IARC 1987, p. 69): within 1 % of it from 5 events on.
func poisson(k float64) (low, high float64) {
	if k > 0 {
		low = k * math.Pow(1-1/(9*k)-z/(3*math.Sqrt(k)), 3)
	}
	k++
	return max(0, low), k * math.Pow(1-1/(9*k)+z/(3*math.Sqrt(k)), 3)
}

// counted is how many records have a value, or an age with an outcome.
type counted struct {
	value   float64
	outcome int
	n       int64
}

// sorted adds up equal values, in their order.
func sorted(all []counted) []counted {
	slices.SortFunc(all, func(a, b counted) int {
		switch {
		case a.value != b.value:
			if a.value < b.value {
				return -1
			}
			return 1
		}
		return a.outcome - b.outcome
	})
	into := all[:0]
	for _, c := range all {
		if k := len(into) - 1; k >= 0 && into[k].value == c.value && into[k].outcome == c.outcome {
			into[k].n += c.n
			continue
		}
		into = append(into, c)
	}
	return into
}

// at is the value of a rank, counted from 1.
func at(all []counted, rank int64) float64 {
	for _, c := range all {
		if rank -= c.n; rank <= 0 {
			return c.value
		}
	}
	return all[len(all)-1].value
}

// medianOf is the median of sorted counts and its interval between two order statistics, which holds whatever the
// distribution (H. A. David, H. N. Nagaraja, Order Statistics, 3rd ed. 2003, 7.1). bounded is false where there are too few
// records for an interval.
func medianOf(all []counted) (value, low, high float64, bounded bool) {
	var n int64
	for _, c := range all {
		n += c.n
	}
	value = (at(all, (n+1)/2) + at(all, n/2+1)) / 2
	r := rank(n)
	if r < 1 {
		return value, 0, 0, false
	}
	return value, at(all, r), at(all, n-r+1), true
}

// rank is the largest r for which the r-th smallest and the r-th largest of n values enclose the median in 95 % of samples:
// P(Binomial(n, ½) < r) ≤ 2.5 %.
func rank(n int64) int64 {
	if n > 5_000 { // the normal distribution is right to a rank there
		return int64(math.Floor((float64(n)+1)/2 - z*math.Sqrt(float64(n))/2))
	}
	all, _ := math.Lgamma(float64(n + 1))
	var r int64
	for p := 0.0; ; r++ {
		a, _ := math.Lgamma(float64(r + 1))
		b, _ := math.Lgamma(float64(n - r + 1))
		if p += math.Exp(all - a - b - float64(n)*math.Ln2); p > 0.025 {
			return r
		}
	}
}

// step is a time at which records end.
type step struct {
	age     float64
	at      float64 // at risk just before
	won     float64 // ended with outcome 1
	ended   float64 // with any outcome but 0
	before  float64 // surviving just before
	survive float64
}

// steps are the Kaplan–Meier curve of sorted counts (E. L. Kaplan, P. Meier, JASA 53, 1958): those still open at an age leave
// after those that end at it.
func steps(all []counted) []step {
	var n float64
	for _, c := range all {
		n += float64(c.n)
	}
	var curve []step
	survive := 1.0
	for i := 0; i < len(all); {
		s := step{age: all[i].value, at: n, before: survive}
		for ; i < len(all) && all[i].value == s.age; i++ {
			n -= float64(all[i].n)
			if all[i].outcome != 0 {
				s.ended += float64(all[i].n)
			}
			if all[i].outcome == 1 {
				s.won += float64(all[i].n)
			}
		}
		if s.ended > 0 {
			survive *= 1 - s.ended/s.at
			s.survive = survive
			curve = append(curve, s)
		}
	}
	return curve
}

// survivalMedian is the age at which half have ended, with the interval of R. Brookmeyer and J. Crowley (Biometrics 38,
// 1982) on the log-log scale. reached and bounded are false where the curve, or its upper band, never falls to a half.
func survivalMedian(all []counted) (value, low, high float64, reached, bounded bool) {
	greenwood, lowFound := 0.0, false
	for _, s := range steps(all) {
		// S falls to 0 where the last at risk ends: there is no variance, and both bands end with it.
		bottom, top := s.survive, s.survive
		if s.at > s.ended {
			greenwood += s.ended / (s.at * (s.at - s.ended))
			half := z * math.Sqrt(greenwood) / -math.Log(s.survive)
			bottom, top = math.Pow(s.survive, math.Exp(half)), math.Pow(s.survive, math.Exp(-half))
		}
		if !lowFound && bottom <= 0.5 {
			low, lowFound = s.age, true
		}
		if !reached && s.survive <= 0.5 {
			value, reached = s.age, true
		}
		if top <= 0.5 {
			return value, low, s.age, true, true
		}
	}
	return value, low, 0, reached, false
}

// incidenceOf is the share that will have been won by the highest age seen, with losing as the competing end (O. O. Aalen,
// S. Johansen, Scand. J. Statist. 5, 1978), and the share still undecided by then. The interval is on the log-log scale with
// the variance of E. Marubini and M. G. Valsecchi (Analysing Survival Data, 1995, 10.3).
func incidenceOf(all []counted) (value, low, high, undecided float64) {
	curve := steps(all)
	share := make([]float64, len(curve))
	undecided = 1
	for i, s := range curve {
		value += s.before * s.won / s.at
		share[i], undecided = value, s.survive
	}
	if value <= 0 || value >= 1 {
		// At the edge the variance is 0, which would be a lie: Wilson's interval of as many records as were decided.
		var n float64
		for _, s := range curve {
			n += s.ended
		}
		if n == 0 {
			return value, 0, 1, undecided
		}
		low, high = wilson(value*n, n)
		return value, low, high, undecided
	}
	variance := 0.0
	for i, s := range curve {
		left := value - share[i]
		if s.at > s.ended {
			variance += left * left * s.ended / (s.at * (s.at - s.ended))
		}
		variance += s.before * s.before * (s.at - s.won) / s.at * s.won / (s.at * s.at)
		variance -= 2 * left * s.before * s.won / (s.at * s.at)
	}
	half := z * math.Sqrt(max(0, variance)) / (value * -math.Log(value))
	return value, math.Pow(value, math.Exp(half)), math.Pow(value, math.Exp(-half)), undecided
}
