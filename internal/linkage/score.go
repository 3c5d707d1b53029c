package linkage

import (
	"cmp"
	"math"
	"slices"
)

const (
	// priorPairs is how many pairs a Level's M weighs against what the data show.
	priorPairs = 10
	// priorOthers is added to each level's pairs that are no duplicates (Jeffreys' prior).
	priorOthers = 0.5
	// leastU bounds how rare an agreement of different records is believed to be: copying and typing over are as common.
	leastU = 1e-7

	maxIterations = 2000
	tolerance     = 1e-9
)

// estimate runs EM on what was counted.
func (w *work) estimate(t *tally) Fit {
	c := Counts{Others: float64(t.others), RestLevels: t.rest}
	e := Estimation{MaxIterations: maxIterations, Tolerance: tolerance, PseudoDuplicates: w.pseudoDuplicates()}
	var start Parameters
	for _, x := range w.plan.comparisons {
		n := len(x.Levels)
		c.Levels = append(c.Levels, n)
		m, pseudoM, pseudoU, held := make([]float64, n), make([]float64, n), make([]float64, n), Hold{Level: -1}
		for i, l := range x.Levels {
			pseudoU[i] = priorOthers
			if l.Held {
				held = Hold{i, l.Weight}
				continue
			}
			m[i], pseudoM[i] = l.M, priorPairs*l.M
		}
		start.M, start.U = append(start.M, m), append(start.U, slices.Clone(pseudoU))
		e.PseudoM, e.PseudoU, e.Held = append(e.PseudoM, pseudoM), append(e.PseudoU, pseudoU), append(e.Held, held)
	}
	keys := make([]group, 0, len(t.groups))
	for k := range t.groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.pattern, b.pattern), cmp.Compare(a.bits, b.bits))
	})
	for _, k := range keys {
		p := Pattern{Levels: make([]int8, len(c.Levels)), Pairs: float64(t.groups[k]), Bits: float64(k.bits)}
		for j := range p.Levels {
			p.Levels[j] = int8(k.pattern.level(j))
			if l := k.pattern.level(j); l != Missing {
				start.U[j][l] += p.Pairs
			}
		}
		c.Patterns = append(c.Patterns, p)
	}
	for j := range start.U {
		sum := 0.0
		for l := range start.U[j] {
			start.U[j][l] += c.RestLevels[j][l]
			sum += start.U[j][l]
		}
		for l := range start.U[j] {
			start.U[j][l] /= sum
		}
		if h := e.Held[j]; h.Level >= 0 {
			m := math.Exp2(h.Weight) * start.U[j][h.Level]
			for l := range start.M[j] {
				start.M[j][l] *= 1 - m
			}
			start.M[j][h.Level] = m
		}
	}
	// Before anything is known a tenth of the records is taken to have a duplicate, and not more than a tenth of the pairs
	// compared to be one.
	start.Prior = 0.1 * float64(max(min(int64(len(w.order)), w.report.Compared), 1)) / float64(max(w.possible(), 1))
	return EM(c, start, e)
}

// pseudoDuplicates is one, and less in files of fewer than ten records, of which a tenth is taken to have a duplicate.
func (w *work) pseudoDuplicates() float64 { return min(0.1*float64(len(w.order)), 1) }

// weigh turns the parameters into weights.
func (w *work) weigh(f Fit) {
	w.weights = make([][]float64, len(w.plan.comparisons))
	for j, c := range w.plan.comparisons {
		for l, level := range c.Levels {
			x := level.Weight
			if !level.Held {
				x = math.Log2(f.M[j][l] / max(f.U[j][l], leastU))
			}
			w.weights[j] = append(w.weights[j], x)
		}
	}
	w.logPrior = logOdds(f.Prior)
}

func logOdds(p float64) float64 { return math.Log2(p) - math.Log1p(-p)/math.Ln2 }

// probability of log₂ odds.
func probability(odds float64) float64 { return 1 / (1 + math.Exp2(-odds)) }

// The weights of all compared pairs are counted in bins of 1/binsPerBit between ±maxBits.
const (
	binsPerBit = 16
	maxBits    = 256
	// slack is how far, in bits of odds, the share of duplicates may move when it is estimated again.
	slack = 4
)

func binOf(weight float64) int {
	return int(math.Floor((min(max(weight, -maxBits), maxBits) + maxBits) * binsPerBit))
}

type scored struct {
	a, b   int32
	weight float64
}

// score weighs every pair that blocking shows, keeps those that may be told, and estimates the share of duplicates again,
// now that the weights know how common the values are. The second result is how many duplicates are expected among all
// compared pairs.
func (w *work) score() (kept []scored, all float64, err error) {
	bins := make([][]int64, w.workers)
	lists := make([][]scored, w.workers)
	for i := range bins {
		bins[i] = make([]int64, 2*maxBits*binsPerBit+1)
	}
	least := logOdds(w.plan.Keep) - slack - w.logPrior
	scratch := make([]*pairOf, w.workers)
	for i := range scratch {
		scratch[i] = w.newPair()
	}
	err = w.parallel(Scoring, len(w.seen.chunks), func(worker, chunk int) {
		p, codes, patterns := scratch[worker], w.seen.codes[chunk], w.seen.patterns[w.seen.worker[chunk]]
		w.eachPair(w.seen.chunks[chunk], func(a, b int32) {
			code := codes[0]
			if codes = codes[1:]; code == skipped {
				return
			}
			w.first(p, a)
			w.second(p, b)
			var of pattern
			if code == unnumbered {
				of = w.compare(p)
			} else {
				of = patterns[code]
			}
			x := w.sum(p, of)
			bins[worker][binOf(x)]++
			if x >= least {
				lists[worker] = append(lists[worker], scored{a, b, x})
			}
		})
	})
	w.seen = nil
	if err != nil {
		return nil, 0, err
	}
	total := bins[0]
	for _, b := range bins[1:] {
		for i, n := range b {
			total[i] += n
		}
	}
	expected := func(odds float64) float64 {
		sum := 0.0
		for i, n := range total {
			if n > 0 {
				sum += float64(n) * probability((float64(i)+0.5)/binsPerBit-maxBits+odds)
			}
		}
		return sum
	}
	// What is decided needs no probability. Its pairs are no evidence of how sure the others are.
	same := 0.0
	one := &pairOf{}
	for pair, yes := range w.settled {
		if yes {
			same++
		}
		if w.covered(len(w.passes), pair[0], pair[1]) {
			w.first(one, pair[0])
			w.second(one, pair[1])
			total[binOf(w.total(one))]--
		}
	}
	// EM for the share alone, with m and u as they are.
	before := w.logPrior
	for range 200 {
		if w.possible() == 0 {
			break
		}
		all = expected(w.logPrior)
		more := w.pseudoDuplicates()
		share := (all + same + more) / (float64(w.possible()) + more)
		next := min(max(logOdds(min(share, 1)), before-slack), before+slack)
		if math.Abs(next-w.logPrior) < 1e-6 {
			break
		}
		w.logPrior = next
	}
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	kept = make([]scored, 0, n)
	for _, l := range lists {
		for _, s := range l {
			if _, decided := w.decided(s.a, s.b); !decided && probability(s.weight+w.logPrior) >= w.plan.Keep {
				kept = append(kept, s)
			}
		}
	}
	slices.SortFunc(kept, func(x, y scored) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return kept, all, nil
}

func (w *work) result(f Fit, kept []scored, all float64) (*Result, error) {
	r := &Result{w: w, Blocking: w.report, own: make([]int32, len(w.order)), sum: make([]float64, len(kept)+1), all: all}
	for own, i := range w.order {
		r.own[i] = int32(own)
	}
	r.Model = Model{Prior: probability(w.logPrior), Iterations: f.Iterations, Converged: f.Converged}
	for j, c := range w.plan.comparisons {
		e := Estimates{Name: c.Name}
		for l, level := range c.Levels {
			e.Levels = append(e.Levels, Estimate{Name: level.Name, M: f.M[j][l], U: f.U[j][l], Weight: w.weights[j][l], Held: level.Held})
		}
		r.Model.Comparisons = append(r.Model.Comparisons, e)
	}
	r.Pairs = make([]Pair, len(kept))
	for k, s := range kept {
		p := probability(s.weight + w.logPrior)
		r.Pairs[k] = Pair{A: int(w.order[s.a]), B: int(w.order[s.b]), Weight: s.weight, Probability: p}
		r.sum[k+1] = r.sum[k] + p
	}
	r.Threshold = r.threshold()
	for k := range r.Threshold.Links {
		r.Pairs[k].Link = true
	}
	return r, r.cluster()
}

// threshold is the lowest weight at which both hold: the pair is more likely a duplicate than not, and the expected share
// of wrong links is at most FalseShare. Where Least is given, it is that probability.
func (r *Result) threshold() Threshold {
	if l := r.w.plan.Least; l != 0 {
		return r.At(logOdds(l) - r.w.logPrior)
	}
	n := 0
	for n < len(r.Pairs) && r.Pairs[n].Probability >= 0.5 && float64(n+1)-r.sum[n+1] <= r.w.plan.FalseShare*float64(n+1) {
		n++
	}
	for n > 0 && n < len(r.Pairs) && r.Pairs[n].Weight == r.Pairs[n-1].Weight { // equal evidence, equal answer
		n--
	}
	weight := -r.w.logPrior
	if n > 0 {
		weight = r.Pairs[n-1].Weight
	} else if len(r.Pairs) > 0 {
		weight = max(weight, math.Nextafter(r.Pairs[0].Weight, math.Inf(1)))
	}
	return r.At(weight)
}

// At tells what it would mean to link all pairs from a weight on. Pairs below Spec.Keep are not told, so it is no answer
// below the weight of the last of Pairs.
func (r *Result) At(weight float64) Threshold {
	n, _ := slices.BinarySearchFunc(r.Pairs, weight, func(p Pair, w float64) int {
		if p.Weight >= w {
			return -1
		}
		return 1
	})
	t := Threshold{Weight: weight, Probability: probability(weight + r.w.logPrior), Links: n, Precision: 1, Recall: 1}
	if n > 0 {
		t.Precision = r.sum[n] / float64(n)
	}
	if r.all > 0 {
		t.Recall = min(r.sum[n]/r.all, 1)
	}
	return t
}

// Weight is the weight from which on pairs have at least a probability, within (0, 1).
func (r *Result) Weight(probable float64) float64 { return logOdds(probable) - r.w.logPrior }

// Unseen estimates how many true pairs no pass showed, and the variance of that: Chao's lower bound for the number of what was
// never caught, f₁²/2f₂ with f₁ and f₂ the expected numbers of true pairs that one pass and two passes show (Chao 1987,
// Biometrics 43, 783–791, with the variance given there). Passes that find the same pairs for the same reason make it too low.
func (r *Result) Unseen() (pairs, variance float64) {
	var f [3]float64
	for _, p := range r.Pairs {
		if n := r.w.showing(r.own[p.A], r.own[p.B]); n < len(f) {
			f[n] += p.Probability
		}
	}
	if f[1] <= 0 {
		return 0, 0
	}
	if f[2] < 1 { // the form without bias for f₂ near 0
		return max(f[1]*(f[1]-1)/2, 0), max(f[1]*(f[1]-1)/2+f[1]*(2*f[1]-1)*(2*f[1]-1)/4, 0)
	}
	x := f[1] / f[2]
	return f[1] * x / 2, f[2] * (x*x/2 + x*x*x + x*x*x*x/4)
}

// Excess is how many records there are beside one for each firm or person.
type Excess struct {
	// Found is what Clusters hold beside one record each.
	Found int
	// Expected estimates how many there are, those that are no links and those that no pass showed included; Low to High holds
	// it with a probability of about 95 %.
	Expected, Low, High float64
}

// Excess adds up the probabilities of a forest of the surest pairs: each pair that joins two records not joined yet makes one
// record superfluous if it is true. Pairs that are too improbable to be told, and Unseen ones, count by their expected number,
// scaled by how much of the others' sum is in the forest. The variance of the pairs is that of independent ones, Σ p(1−p)
// (Poisson's binomial distribution), to which that of Unseen and modelError come.
func (r *Result) Excess() Excess {
	var e Excess
	for _, c := range r.Clusters {
		e.Found += len(c.Records) - 1
	}
	joined := newSets(len(r.own))
	certain, mean, told, variance := 0.0, 0.0, 0.0, 0.0
	for i, first := range r.w.same {
		if joined.join(i, first) {
			certain++
		}
	}
	for _, p := range r.Pairs {
		told += p.Probability
		if !p.Cut && joined.join(r.own[p.A], r.own[p.B]) {
			mean += p.Probability
			variance += p.Probability * (1 - p.Probability)
		}
	}
	scale := 1.0
	if told > 0 {
		scale = mean / told
	}
	rest := max(r.all-told, 0) * scale
	unseen, spread := r.Unseen()
	unseen, spread = unseen*scale, spread*scale*scale
	most := float64(max(len(r.own)-1, 0))
	e.Expected = min(certain+mean+rest+unseen, most)
	model := modelError * (mean + rest + unseen)
	half := normal95 * math.Sqrt(variance+rest+spread+model*model)
	e.Low, e.High = max(certain, e.Expected-half), min(e.Expected+half, most)
	return e
}

// modelError is the standard error of Expected, as a share of it, for what the model does not know: that values of one record
// go wrong together, that some duplicates have nothing left in common. In the files of linkagetest and in FEBRL, where the
// truth is known, Expected is up to 3 % too low.
const modelError = 0.015

// normal95 is the 97.5 % quantile of the normal distribution.
const normal95 = 1.959963984540054

// Evidence is what one comparison says about a pair.
type Evidence struct {
	Comparison string
	// Level is the name of the level, "" where a value is missing on one side.
	Level string
	// Weight in bits, of which Frequency is for how common the value is; positive speaks for a duplicate.
	Weight, Frequency float64
	// A and B are the values of the Comparison's Fields as they were given.
	A, B []string
}

// Explain takes the weight of any two records apart, compared or not: the weights sum to Pair.Weight. Records are indices
// as in Pair.
func (r *Result) Explain(a, b int) []Evidence {
	w := r.w
	p := &pairOf{a: r.own[a], b: r.own[b]}
	pattern := w.compare(p)
	out := make([]Evidence, 0, len(w.plan.comparisons))
	for j, c := range w.plan.comparisons {
		e := Evidence{Comparison: c.Name}
		plain, frequency := w.weight(p, j, pattern.level(j))
		e.Weight, e.Frequency = plain+frequency, frequency
		if l := pattern.level(j); l != Missing {
			e.Level = c.Levels[l].Name
		}
		for _, f := range c.fields {
			e.A = append(e.A, w.records[a].Values[f])
			e.B = append(e.B, w.records[b].Values[f])
		}
		out = append(out, e)
	}
	return out
}

// Weigh is the weight and the probability of any two records, as in Pair.
func (r *Result) Weigh(a, b int) (weight, probable float64) {
	p := &pairOf{a: r.own[a], b: r.own[b]}
	weight = r.w.total(p)
	return weight, probability(weight + r.w.logPrior)
}
