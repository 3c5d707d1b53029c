package linkage

import (
	"math"
	"slices"
)

// Counts are what comparing pairs showed.
type Counts struct {
	// Levels is the number of levels by comparison.
	Levels   []int
	Patterns []Pattern
	// Others are pairs that were not compared and are taken to be no duplicates; RestLevels says how many of them would
	// show each level, by comparison. Nil is none.
	Others     float64
	RestLevels [][]float64
}

// Pattern is how many pairs show one combination of levels, by comparison; a level may be Missing.
type Pattern struct {
	Levels []int8
	Pairs  float64
	// Bits is evidence beside the levels that is known and not estimated, as log₂ of a likelihood ratio: how common the
	// values are that agree.
	Bits float64
}

// Parameters of the two classes: the share of duplicates, and how often duplicates (M) and others (U) show each level, by
// comparison.
type Parameters struct {
	Prior float64
	M, U  [][]float64
}

// Fit is what EM ends with. LogLikelihood includes the prior of the Estimation.
type Fit struct {
	Parameters
	LogLikelihood float64
	Iterations    int
	Converged     bool
}

// Estimation says how EM works.
type Estimation struct {
	MaxIterations int
	// Tolerance is the largest change of a parameter at which it ends; that of Prior, which may be very small, is relative.
	Tolerance float64
	// PseudoM and PseudoU are pairs added to each level's counts, by comparison, so that a small file does not make
	// certainties of accidents: a Dirichlet prior. Nil is none, the maximum of the likelihood.
	PseudoM, PseudoU [][]float64
	// PseudoDuplicates are duplicates added to those among the pairs, so that in a small file the share of duplicates does not
	// fall to nothing.
	PseudoDuplicates float64
	// Held fixes log₂(m/u) of one level of a comparison, at 0 or less. Nil is none.
	Held []Hold
	// Trace is told the log-likelihood before each iteration; it may be nil.
	Trace func(logLikelihood float64)
}

// Hold is a level whose weight is given; a negative Level is none.
type Hold struct {
	Level  int
	Weight float64 // log₂(m/u)
}

// EM estimates the parameters of two classes of pairs with levels independent within each (Dempster, Laird & Rubin 1977,
// JRSS B 39, 1–38; for record linkage Winkler 1988, Proc. Survey Research Methods, ASA, 667–671): with g the probability
// of a pattern's pairs to be duplicates,
//
//	g = p r Π m / (p r Π m + (1−p) Π u),  p = Σ n g / N,  m_l = Σ_l n g / Σ n g,  u_l = Σ_l n (1−g) / Σ n (1−g),
//
// r = 2^Bits. Sums over m and u going over the pairs where the comparison is not missing. Pairs that were not compared count with
// g = 0. That is EM with a restricted first step, whose bound on the likelihood rises as well (Neal & Hinton 1998), and
// the likelihood itself where every pair was compared. It never falls from one iteration to the next.
func EM(c Counts, start Parameters, e Estimation) Fit {
	f := Fit{Parameters: Parameters{Prior: start.Prior, M: cloneAll(start.M), U: cloneAll(start.U)}}
	posterior := make([]float64, len(c.Patterns))
	total := c.Others
	for _, p := range c.Patterns {
		total += p.Pairs
	}
	if total == 0 {
		f.Converged = true
		return f
	}
	for f.Iterations < e.MaxIterations && !f.Converged {
		l := f.expect(c, e, posterior)
		if e.Trace != nil {
			e.Trace(l)
		}
		f.Iterations++
		f.Converged = f.maximise(c, e, posterior, total) <= e.Tolerance
	}
	f.LogLikelihood = f.expect(c, e, posterior)
	return f
}

func cloneAll(x [][]float64) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = slices.Clone(x[i])
	}
	return out
}

// hold is the level of a comparison whose m/u is given, and that ratio; −1 is none.
func (e *Estimation) hold(comparison int) (level int, ratio float64) {
	if e.Held == nil || e.Held[comparison].Level < 0 {
		return -1, 0
	}
	return e.Held[comparison].Level, math.Exp2(e.Held[comparison].Weight)
}

// expect fills in the probabilities of the patterns and returns the log-likelihood.
func (f *Fit) expect(c Counts, e Estimation, posterior []float64) float64 {
	logM, logU := logs(f.M), logs(f.U)
	l := 0.0
	for k, p := range c.Patterns {
		m, u := math.Log(f.Prior)+p.Bits*math.Ln2, math.Log1p(-f.Prior)
		for j, level := range p.Levels {
			if level == Missing {
				continue
			}
			m += logM[j][level]
			u += logU[j][level]
		}
		top := max(m, u)
		if math.IsInf(top, -1) { // neither class can show it: no evidence
			posterior[k] = f.Prior
			continue
		}
		both := top + math.Log(math.Exp(m-top)+math.Exp(u-top))
		posterior[k] = min(math.Exp(m-both), 1)
		l += p.Pairs * both
	}
	if c.Others > 0 {
		l += c.Others * math.Log1p(-f.Prior)
	}
	if e.PseudoDuplicates > 0 {
		l += e.PseudoDuplicates * math.Log(f.Prior)
	}
	add := func(n [][]float64, log [][]float64) {
		for j := range n {
			for level, x := range n[j] {
				if x > 0 {
					l += x * log[j][level]
				}
			}
		}
	}
	add(c.RestLevels, logU)
	add(e.PseudoM, logM)
	add(e.PseudoU, logU)
	return l
}

func logs(x [][]float64) [][]float64 {
	out := cloneAll(x)
	for _, row := range out {
		for i := range row {
			row[i] = math.Log(row[i])
		}
	}
	return out
}

// maximise sets the parameters to their best values for the probabilities and returns the largest change.
func (f *Fit) maximise(c Counts, e Estimation, posterior []float64, total float64) float64 {
	change, duplicates := 0.0, 0.0
	m, u := make([][]float64, len(c.Levels)), make([][]float64, len(c.Levels))
	for j, n := range c.Levels {
		m[j], u[j] = make([]float64, n), make([]float64, n)
	}
	for k, p := range c.Patterns {
		g := posterior[k] * p.Pairs
		duplicates += g
		for j, level := range p.Levels {
			if level != Missing {
				m[j][level] += g
				u[j][level] += p.Pairs - g
			}
		}
	}
	prior := min((duplicates+e.PseudoDuplicates)/(total+e.PseudoDuplicates), 1)
	change = math.Abs(prior/f.Prior - 1)
	f.Prior = prior
	for j := range c.Levels {
		for level := range m[j] {
			if e.PseudoM != nil {
				m[j][level] += e.PseudoM[j][level]
			}
			if e.PseudoU != nil {
				u[j][level] += e.PseudoU[j][level]
			}
			if c.RestLevels != nil {
				u[j][level] += c.RestLevels[j][level]
			}
		}
		change = max(change, f.best(j, m[j], u[j], &e))
	}
	return change
}

// best sets m and u of one comparison to the shares of the counts of duplicates and others. Where nothing was counted they
// stay. A held level h has m_h = r u_h, so that u_h = x maximises
//
//	(M_h + U_h) ln x + Σ U_l ln(1−x) + Σ M_l ln(1−rx),
//
// the sums over the other levels: the smaller root of a quadratic. It returns the largest change.
func (f *Fit) best(j int, m, u []float64, e *Estimation) float64 {
	h, r := e.hold(j)
	sumM, sumU, both := 0.0, 0.0, 0.0
	for level := range m {
		if level == h {
			both = m[level] + u[level]
			continue
		}
		sumM += m[level]
		sumU += u[level]
	}
	change := 0.0
	shareM, shareU := 1.0, 1.0
	set := func(to *float64, x float64) {
		x = min(x, 1) // by rounding
		change = max(change, math.Abs(*to-x))
		*to = x
	}
	if h >= 0 {
		x := f.U[j][h]
		if p, q := both+sumU, r*(both+sumM); p > 0 { // the quadratic's discriminant is written so that nothing cancels
			x = min(2*both/(p+q+math.Sqrt((p-q)*(p-q)+4*r*sumU*sumM)), 1)
		}
		set(&f.U[j][h], x)
		set(&f.M[j][h], r*x)
		shareM, shareU = 1-r*x, 1-x
	}
	restM, restU := 1.0, 1.0
	if h >= 0 { // of what was not counted, the proportions stay
		restM, restU = 0, 0
		for level := range m {
			if level != h {
				restM += f.M[j][level]
				restU += f.U[j][level]
			}
		}
	}
	for level := range m {
		if level == h {
			continue
		}
		switch {
		case sumM > 0:
			set(&f.M[j][level], m[level]/sumM*shareM)
		case h >= 0 && restM > 0:
			set(&f.M[j][level], f.M[j][level]/restM*shareM)
		}
		switch {
		case sumU > 0:
			set(&f.U[j][level], u[level]/sumU*shareU)
		case h >= 0 && restU > 0:
			set(&f.U[j][level], f.U[j][level]/restU*shareU)
		}
	}
	return change
}
