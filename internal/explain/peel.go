package explain

import (
	"math"
	"slices"
)

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

// pasteOne moves the lower or the higher limit of input k.
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
	judge := func() { // the box up to the value last, which is complete
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
			judge()
			last = x[i]
		}
		s.add(p.y[i])
	}
	judge()
	if at == last {
		at = free // nothing is cut off
	}
	if !(best-atWas > 1e-12*math.Abs(best)) {
		*limit = was
		return false
	}
	*limit = at
	return at != was
}
