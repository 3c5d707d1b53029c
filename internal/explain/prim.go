package explain

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// ErrNegative says that an outcome of PRIM is below 0.
var ErrNegative = errors.New("an outcome is negative")

// PRIMOptions are the settings of PRIM; a zero takes the value in parentheses.
type PRIMOptions struct {
	// Peel is the share of a box's draws that one step takes away (0.05): small is patient.
	Peel float64
	// MinMass is the smallest share of all draws that a box may hold (0.01).
	MinMass float64
	// MinDensity, where above 0, chooses the box of highest coverage among those at least that dense, or the densest
	// if there is none. Otherwise the box with the best balance is chosen; see PRIM.
	MinDensity float64
	// MaxBoxes is how many boxes are looked for (3).
	MaxBoxes int
	// Significance is the quasi-p-value above which a limit is dropped (0.05).
	Significance float64
	// NoPaste leaves the limits where peeling put them.
	NoPaste bool
}

// PRIMLimit restricts input Input to Min ≤ x ≤ Max; an end that is not restricted is infinite. The finite ends are
// values of draws inside.
type PRIMLimit struct {
	Input    int
	Min, Max float64
	// P is the quasi-p-value: how probable a density as high as that of the box would be by chance if this input did
	// not matter, given the others (Bryant & Lempert 2010). It is optimistic, as the limit was sought on the same draws.
	P float64
	// Without are coverage, density and mass of the box without this limit: how much it does.
	Without PRIMStep
}

// PRIMStep describes a box: Mass is its share of the draws, Coverage its share of the outcome (of the draws of
// interest), Density the mean outcome inside (the share of interest), Restricted how many inputs it limits.
type PRIMStep struct {
	Coverage, Density, Mass float64
	Restricted              int
}

// PRIMBox is one box with the way that led to it.
type PRIMBox struct {
	// Limits are the conditions, all of which hold inside, by input, ascending. There is at least one.
	Limits []PRIMLimit
	PRIMStep
	// Trajectory are the boxes from all draws (those outside earlier boxes) to the smallest, one peeling each; Chosen
	// is the one taken, before limits were dropped and pasted. Coverage and mass are shares of everything, so with
	// those of earlier boxes they may be added.
	Trajectory []PRIMStep
	Chosen     int
}

// PRIM finds boxes, each a few limits on inputs, in which the outcome is high: scenario discovery by the patient rule
// induction method (Friedman & Fisher 1999; for scenarios Bryant & Lempert 2010). x[k][draw] are the inputs; an
// unordered choice must be given as one input of 0 and 1 for each of its values. y[draw] is 1 where something of
// interest happens and 0 elsewhere, or any amount ≥ 0, such as the loss.
//
// Peeling: from all draws on, each step takes away the share Peel of the box's draws that lie lowest or highest in one
// input, the one that raises the mean outcome most for each draw taken (so that an input with few values, which only
// go as a whole, competes fairly: Kwakkel & Jaxa-Rozen 2016).
//
// Choice: the box on the way with the highest balance 2·coverage·density/(coverage + density), or by MinDensity. For an
// outcome that is an amount the balance is √mass·(density − mean outcome) instead (Klösgen 1996).
//
// Simplifying: as long as a limit has a quasi-p-value above Significance, or costs less than 1 % of the balance, the
// least needed one is dropped. Pasting: each limit, the others held, is moved to where the balance is best; peeling
// may have cut too far or not far enough. Both repeat until nothing changes.
//
// Covering: the next box is sought among the draws outside the earlier ones, up to MaxBoxes. A further box counts if
// it covers at least 5 % and is at least as dense as the middle between all draws and the first box.
//
// No box is found where the outcome is the same everywhere, no limit helps, or chance alone might give as good a box:
// its density must be significant at 5 % even against all boxes with as many limits that could be drawn (Bonferroni:
// draws × inputs × 2 for each limit).
//
// ErrShape for series of different length, no input, or fewer than 50 draws; ErrFinite, ErrNegative.
func PRIM(x [][]float64, y []float64, o PRIMOptions) ([]PRIMBox, error) {
	n := len(y)
	if n < leastDraws || len(x) == 0 {
		return nil, ErrShape
	}
	if err := checkDraws(append([][]float64{y}, x...), n); err != nil {
		return nil, err
	}
	if slices.Min(y) < 0 {
		return nil, ErrNegative
	}
	o = o.withDefaults()
	p := &peeling{options: o, x: x, y: y, outside: make([]bool, n), left: n, binary: true}
	for i, v := range y {
		p.total += v
		p.outside[i] = true
		p.binary = p.binary && (v == 0 || v == 1)
	}
	p.leftTotal = p.total
	if lowest, highest := slices.Min(y), slices.Max(y); lowest == highest {
		return nil, nil
	}
	for k := range x {
		p.order = append(p.order, ascending(x[k]))
	}
	var boxes []PRIMBox
	for len(boxes) < o.MaxBoxes && p.leftTotal > 0 {
		b, inside := p.find()
		if len(b.Limits) == 0 {
			break
		}
		if len(boxes) > 0 && (b.Coverage < furtherCoverage || b.Density < (p.total/float64(n)+boxes[0].Density)/2) {
			break
		}
		boxes = append(boxes, b)
		for _, i := range inside {
			p.outside[i] = false
			p.leftTotal -= y[i]
		}
		p.left -= len(inside)
	}
	return boxes, nil
}

const (
	// furtherCoverage is the least coverage of a box after the first.
	furtherCoverage = 0.05
	// dispensable is the share of the balance for which no limit is kept.
	dispensable = 0.01
)

func (o PRIMOptions) withDefaults() PRIMOptions {
	set := func(v *float64, to float64) {
		if !(*v > 0) {
			*v = to
		}
	}
	set(&o.Peel, 0.05)
	set(&o.MinMass, 0.01)
	set(&o.Significance, 0.05)
	o.Peel = min(o.Peel, 0.5)
	if o.MaxBoxes <= 0 {
		o.MaxBoxes = 3
	}
	return o
}

// peeling holds what the search for boxes shares. left and leftTotal are count and outcome of the draws outside
// earlier boxes.
type peeling struct {
	options          PRIMOptions
	x                [][]float64
	y                []float64
	order            [][]int32 // of each input: draws, ascending
	binary           bool
	total, leftTotal float64
	outside          []bool
	left             int
}

// box has the limits of all inputs.
type box struct{ low, high []float64 }

func (p *peeling) everything() box {
	b := box{make([]float64, len(p.x)), make([]float64, len(p.x))}
	for k := range p.x {
		b.low[k], b.high[k] = math.Inf(-1), math.Inf(1)
	}
	return b
}

func (b box) limits(k int) bool { return !math.IsInf(b.low[k], 0) || !math.IsInf(b.high[k], 0) }

func (b box) restricted() []int {
	var at []int
	for k := range b.low {
		if b.limits(k) {
			at = append(at, k)
		}
	}
	return at
}

// inside is what a box holds: the number of draws, the sum of the outcome and that of its squares.
type inside struct {
	count       int
	sum, square float64
}

func (s *inside) add(y float64) { s.count++; s.sum += y; s.square += y * y }

func (p *peeling) step(s inside, restricted int) PRIMStep {
	t := PRIMStep{Mass: float64(s.count) / float64(len(p.y)), Restricted: restricted}
	if s.count > 0 {
		t.Density = s.sum / float64(s.count)
	}
	if p.total > 0 {
		t.Coverage = s.sum / p.total
	}
	return t
}

// balance is what the choice among boxes goes by, higher is better; of boxes outside the earlier ones.
func (p *peeling) balance(s inside) float64 {
	if s.count == 0 {
		return math.Inf(-1)
	}
	density, coverage := s.sum/float64(s.count), s.sum/p.leftTotal
	switch {
	case p.options.MinDensity > 0 && density >= p.options.MinDensity:
		return 1 + coverage
	case p.options.MinDensity > 0:
		return density / p.options.MinDensity // below 1
	case p.binary:
		return 2 * s.sum / (float64(s.count) + p.leftTotal) // the harmonic mean of both
	default:
		return math.Sqrt(float64(s.count)/float64(p.left)) * (density - p.leftTotal/float64(p.left))
	}
}

func (p *peeling) leastCount() int {
	return max(2, int(math.Ceil(p.options.MinMass*float64(len(p.y)))))
}

// find is the best box among the draws outside the earlier ones, and the draws in it; without limits if there is none.
func (p *peeling) find() (PRIMBox, []int) {
	chosen, found := p.peel()
	p.simplify(&chosen)
	for range 10 {
		if p.options.NoPaste || !p.paste(&chosen) || !p.simplify(&chosen) {
			break
		}
	}
	restricted := chosen.restricted()
	all, without := p.tally(chosen, restricted)
	if p.chance(all, chosen) {
		return PRIMBox{}, nil
	}
	found.PRIMStep = p.step(all, len(restricted))
	for j, k := range restricted {
		found.Limits = append(found.Limits, PRIMLimit{
			Input: k, Min: chosen.low[k], Max: chosen.high[k],
			P: p.quasiP(all, without[j]), Without: p.step(without[j], len(restricted)-1),
		})
	}
	var in []int
draws:
	for i := range p.y {
		if !p.outside[i] {
			continue
		}
		for _, k := range restricted {
			if v := p.x[k][i]; v < chosen.low[k] || v > chosen.high[k] {
				continue draws
			}
		}
		in = append(in, i)
	}
	return found, in
}

// tally is what the box holds, and what it would without the limits of each of the restricted inputs.
func (p *peeling) tally(b box, restricted []int) (all inside, without []inside) {
	without = make([]inside, len(restricted))
	for i, v := range p.y {
		if !p.outside[i] {
			continue
		}
		misses, at := 0, 0
		for j, k := range restricted {
			if u := p.x[k][i]; u < b.low[k] || u > b.high[k] {
				misses++
				at = j
			}
		}
		switch misses {
		case 0:
			all.add(v)
		case 1:
			without[at].add(v)
		}
	}
	for j := range without {
		without[j].count += all.count
		without[j].sum += all.sum
		without[j].square += all.square
	}
	return all, without
}

// quasiP is the probability of a sum as high as that within in as many draws from the larger box: binomial, for an
// amount by the normal approximation.
func (p *peeling) quasiP(within, larger inside) float64 {
	n := float64(within.count)
	q := larger.sum / float64(larger.count)
	if p.binary {
		switch {
		case within.sum == 0 || q >= 1:
			return 1
		case q <= 0:
			return 0
		}
		return mathext.RegIncBeta(within.sum, n-within.sum+1, q) // P(Binomial(n, q) ≥ sum)
	}
	variance := larger.square/float64(larger.count) - q*q
	if !(variance > 0) {
		return 1
	}
	return math.Erfc((within.sum/n-q)/math.Sqrt(2*variance/n)) / 2
}

// chance says whether a box as dense might come about where no input matters. There are at most (2·inputs·draws)^f
// boxes with f limits.
func (p *peeling) chance(within inside, b box) bool {
	const level = 0.05
	f := 0
	for k := range p.x {
		if !math.IsInf(b.low[k], 0) {
			f++
		}
		if !math.IsInf(b.high[k], 0) {
			f++
		}
	}
	all, _ := p.tally(p.everything(), nil)
	return math.Log(p.quasiP(within, all))+float64(f)*math.Log(2*float64(len(p.x))*float64(p.left)) > math.Log(level)
}
