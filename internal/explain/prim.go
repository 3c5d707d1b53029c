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
// Covering: the next box is sought among the draws outside the earlier ones, up to MaxBoxes. A box counts if it is
// denser than all draws are, and a further box if it covers at least 5 %.
//
// No box is found where the outcome is the same everywhere or no limit helps. ErrShape for series of different length
// or fewer than 50 draws; ErrFinite, ErrNegative.
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
		if len(b.Limits) == 0 || b.Density <= p.total/float64(n) || len(boxes) > 0 && b.Coverage < furtherCoverage {
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

// find is the best box among the draws outside the earlier ones, and the draws in it.
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

// peel follows the way from all draws to the smallest box and returns the best box on it.
func (p *peeling) peel() (best box, found PRIMBox) {
	alive := slices.Clone(p.outside)
	lists := make([][]int32, len(p.x))
	for k, order := range p.order {
		lists[k] = keep(order, alive, make([]int32, len(order)))
	}
	b := p.everything()
	best = p.everything()
	var now inside
	for i, v := range p.y {
		if alive[i] {
			now.add(v)
		}
	}
	top := math.Inf(-1)
	least := p.leastCount()
	for {
		found.Trajectory = append(found.Trajectory, p.step(now, len(b.restricted())))
		if v := p.balance(now); v > top {
			top, found.Chosen = v, len(found.Trajectory)-1
			copy(best.low, b.low)
			copy(best.high, b.high)
		}
		k, removed, high := p.bestPeel(lists, now, least)
		if len(removed) == 0 {
			return best, found
		}
		for _, i := range removed {
			alive[i] = false
			v := p.y[i]
			now.count--
			now.sum -= v
			now.square -= v * v
		}
		if high {
			b.high[k] = p.x[k][lists[k][len(lists[k])-len(removed)-1]]
		} else {
			b.low[k] = p.x[k][lists[k][len(removed)]]
		}
		for j := range lists {
			lists[j] = keep(lists[j], alive, lists[j])
		}
	}
}

// keep writes those of list that are alive to dst, which is as long and may be list itself.
func keep(list []int32, alive []bool, dst []int32) []int32 {
	w := 0
	for _, i := range list {
		dst[w] = i
		if alive[i] {
			w++
		}
	}
	return dst[:w]
}

// bestPeel is the input and side whose peeling raises the mean outcome most for each draw removed, and those draws;
// none when the box cannot get smaller or the outcome inside is all the same.
func (p *peeling) bestPeel(lists [][]int32, now inside, least int) (input int, removed []int32, high bool) {
	mean := now.sum / float64(now.count)
	if p.binary && (now.sum == 0 || now.sum == float64(now.count)) {
		return 0, nil, false
	}
	best := math.Inf(-1)
	share := max(1, int(p.options.Peel*float64(now.count)))
	for k, list := range lists {
		x := p.x[k]
		m := len(list)
		if m <= share || x[list[0]] == x[list[m-1]] {
			continue
		}
		for _, side := range []bool{false, true} {
			cut := 0
			var part []int32
			if side {
				v := x[list[m-1-share]]
				if v < x[list[m-1]] { // equal values stay together, inside if that leaves something to peel
					for cut = share; x[list[m-cut]] == v; cut-- {
					}
				} else {
					for cut = share; x[list[m-1-cut]] == v; cut++ {
					}
				}
				part = list[m-cut:]
			} else {
				v := x[list[share]]
				if v > x[list[0]] {
					for cut = share; x[list[cut-1]] == v; cut-- {
					}
				} else {
					for cut = share; x[list[cut]] == v; cut++ {
					}
				}
				part = list[:cut]
			}
			if m-cut < least {
				continue
			}
			sum := 0.0
			for _, i := range part {
				sum += p.y[i]
			}
			after := (now.sum - sum) / float64(m-cut)
			if gain := (after - mean) / float64(cut); gain > best {
				best, input, removed, high = gain, k, part, side
			}
		}
	}
	return input, removed, high
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

// quasiP is the probability of a sum as high as the box's in as many draws from the larger box: binomial, for an
// amount by the normal approximation.
func (p *peeling) quasiP(box, larger inside) float64 {
	n := float64(box.count)
	q := larger.sum / float64(larger.count)
	if p.binary {
		switch {
		case box.sum == 0 || q >= 1:
			return 1
		case q <= 0:
			return 0
		}
		return mathext.RegIncBeta(box.sum, n-box.sum+1, q) // P(Binomial(n, q) ≥ sum)
	}
	variance := larger.square/float64(larger.count) - q*q
	if !(variance > 0) {
		return 1
	}
	return math.Erfc((box.sum/n-q)/math.Sqrt(2*variance/n)) / 2
}

// simplify drops limits that chance explains or that hardly matter, the least needed first, and says whether any was.
func (p *peeling) simplify(b *box) (dropped bool) {
	for {
		restricted := b.restricted()
		if len(restricted) == 0 {
			return dropped
		}
		all, without := p.tally(*b, restricted)
		now := p.balance(all)
		least, best := -1, math.Inf(-1)
		for j, larger := range without {
			balance := p.balance(larger)
			if (balance >= now*(1-dispensable) || p.quasiP(all, larger) > p.options.Significance) && balance > best {
				least, best = j, balance
			}
		}
		if least < 0 {
			return dropped
		}
		k := restricted[least]
		b.low[k], b.high[k] = math.Inf(-1), math.Inf(1)
		dropped = true
	}
}

// paste moves each limit, the others held, to where the balance is best, until none moves; it says whether any did.
func (p *peeling) paste(b *box) (moved bool) {
	for range 20 {
		again := false
		for _, k := range b.restricted() {
			for _, high := range []bool{false, true} {
				again = p.pasteOne(b, k, high) || again
			}
		}
		if !again {
			break
		}
		moved = true
	}
	return moved
}

func (p *peeling) pasteOne(b *box, k int, high bool) (moved bool) {
	limit := &b.low[k]
	if high {
		limit = &b.high[k]
	}
	if math.IsInf(*limit, 0) {
		return false
	}
	was := *limit
	free := math.Inf(-1)
	if high {
		free = math.Inf(1)
	}
	*limit = free
	// All draws that the other limits leave, from the fixed side on.
	restricted := b.restricted()
	x, order := p.x[k], p.order[k]
	var s inside
	best, at := math.Inf(-1), was
	atWas := math.Inf(-1)
	last := math.NaN()
	close := func() { // the box up to the value last, which is complete
		if s.count < p.leastCount() {
			return
		}
		v := p.balance(s)
		if last == was {
			atWas = v
		}
		if v >= best { // of equal ones the widest
			best, at = v, last
		}
	}
draws:
	for r := range order {
		i := order[r]
		if !high {
			i = order[len(order)-1-r]
		}
		if !p.outside[i] {
			continue
		}
		for _, j := range restricted {
			if u := p.x[j][i]; u < b.low[j] || u > b.high[j] {
				continue draws
			}
		}
		if x[i] != last {
			close()
			last = x[i]
		}
		s.add(p.y[i])
	}
	close()
	if at == last {
		at = free // nothing is cut off
	}
	if best <= atWas+1e-12*math.Abs(atWas) {
		*limit = was
		return false
	}
	*limit = at
	return at != was
}
