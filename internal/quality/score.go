package quality

import (
	"errors"
	"math"
)

// Quantiles of the normal distribution: intervals are of 95 %, a case's ranges from P10 to P90.
const (
	z95 = 1.959963984540054
	z80 = 1.2815515655446004
)

// sums are what the checks of one factor add up to, over records: b checks of a record, a of them right.
type sums struct{ n, a, b, aa, ab, bb float64 }

func (s *sums) add(right, checks float64) {
	s.n++
	s.a += right
	s.b += checks
	s.aa += right * right
	s.ab += right * checks
	s.bb += checks * checks
}

func (s *sums) join(o sums) {
	s.n += o.n
	s.a += o.a
	s.b += o.b
	s.aa += o.aa
	s.ab += o.ab
	s.bb += o.bb
}

// score is the share of checks that are right, with the interval of a record as a cluster of checks: the variance of the
// ratio estimator (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, 6.3 and 9A) gives the number of independent checks
// that would be as good, and Wilson's interval is taken with that (C. Franco et al., J. Survey Statist. Methodol. 7, 2019).
// Where all or none are right the number is that of the records. The score is NaN without a check.
func (s sums) score(z float64) (value, low, high float64) {
	if s.b == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	value = s.a / s.b
	n := s.n
	if v := s.variance(); v > 0 {
		n = max(1, min(s.b, value*(1-value)/v))
	}
	low, high = wilson(value, n, z)
	return value, low, high
}

func (s sums) variance() float64 {
	if s.n < 2 || s.b == 0 {
		return 0
	}
	r := s.a / s.b
	return max(0, s.aa-2*r*s.ab+r*r*s.bb) * s.n / (s.n - 1) / (s.b * s.b)
}

// se is the standard error of the score, that of Wilson's interval where all or none are right.
func (s sums) se() float64 {
	if v := s.variance(); v > 0 {
		return math.Sqrt(v)
	}
	_, low, high := s.score(z95)
	return (high - low) / (2 * z95)
}

func (s sums) interval() *Interval {
	v, low, high := s.score(z95)
	if math.IsNaN(v) {
		return nil
	}
	return &Interval{v, low, high}
}

// wilson is the score interval of a share of n (E. B. Wilson, JASA 22, 1927).
func wilson(p, n, z float64) (low, high float64) {
	z2 := z * z
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return min(p, max(0, centre-half)), max(p, min(1, centre+half))
}

func shareOf(wrong, checked int64) Interval {
	p := 1 - float64(wrong)/float64(checked)
	low, high := wilson(p, float64(checked), z95)
	return Interval{p, low, high}
}

// total is the mean of the factors by weight. Their errors come from the same records, so the standard errors are added up
// as if they went together, which is never too little.
func (r *Report) total() {
	var weight, mean, se float64
	counted := 0
	for _, f := range r.Factors {
		if f.Interval == nil || f.Weight == 0 {
			continue
		}
		counted++
		weight += f.Weight
		mean += f.Weight * f.Score
		se += f.Weight * f.se
	}
	r.Total, r.Driver = nil, nil
	r.Counted = counted
	if weight == 0 {
		return
	}
	mean /= weight
	se /= weight
	low, high := bounds(mean, se, z95)
	r.Total = &Interval{mean, low, high}
	p10, p90 := bounds(mean, se, z80)
	r.Driver = &Driver{p10, mean, p90}
}

// bounds are those of a share with its standard error: Wilson's interval of as many checks as give that error, so that they
// stay within 0 and 1.
func bounds(p, se, z float64) (low, high float64) {
	if se <= 0 {
		return p, p
	}
	n := p * (1 - p) / (se * se)
	if n < 1 {
		n = 1 / (4 * se * se)
	}
	return wilson(p, n, z)
}

// ErrShare refuses an estimate that is none.
var ErrShare = errors.New("quality: a share of duplicates needs 0 ≤ low ≤ share ≤ high ≤ 1")

// Duplicates puts the share of a table's records that are superfluous, as record linkage estimates it with an interval of
// 95 %, in the place of what exact keys found, and computes uniqueness and the total anew. Teams keep the exact keys.
// ErrShare.
func (r *Report) Duplicates(table string, records int64, share, low, high float64) error {
	if !(0 <= low && low <= share && share <= high && high <= 1) || records <= 0 {
		return ErrShare
	}
	r.unique[table] = sums{n: float64(records), a: float64(records) * (1 - share), b: float64(records), aa: math.NaN(), bb: (high - low) / (2 * z95)}
	r.uniqueness()
	r.total()
	return nil
}

// uniqueness joins the tables: exact keys by their counts, estimates (marked by aa = NaN, with the standard error in bb) by
// their share.
func (r *Report) uniqueness() {
	for i := range r.Factors {
		f := &r.Factors[i]
		if f.Factor != Uniqueness {
			continue
		}
		var exact sums
		var n, right, variance float64
		f.Estimated = false
		for _, table := range sortedKeys(r.unique) {
			s := r.unique[table]
			if math.IsNaN(s.aa) {
				f.Estimated = true
				n += s.b
				right += s.a
				variance += s.b * s.b * s.bb * s.bb
				continue
			}
			exact.join(s)
		}
		if !f.Estimated {
			f.Interval, f.se = exact.interval(), exact.se()
			return
		}
		if exact.b > 0 {
			n += exact.b
			right += exact.a
			se := exact.se()
			variance += exact.b * exact.b * se * se
		}
		f.se = math.Sqrt(variance) / n
		low, high := bounds(right/n, f.se, z95)
		f.Interval, f.Reason = &Interval{right / n, low, high}, ""
		f.Checked, f.Wrong, f.Records = int64(math.Round(n)), int64(math.Round(n-right)), max(f.Records, int64(math.Round(n)))
		return
	}
}
