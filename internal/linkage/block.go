package linkage

import (
	"cmp"
	"slices"
)

// Blocking says which pairs were looked at. Whether there are duplicates among the others nobody knows.
type Blocking struct {
	// Possible is how many pairs of records there are, Compared how many were compared.
	Possible, Compared int64
	// Unkeyed are records that no pass had a key for, so that they were compared with nothing.
	Unkeyed int
	Passes  []PassReport
	// Oversized are the blocks above MaxBlock in which pairs were left out, those with the most first, at most
	// maxOversized; LeftOut is how many pairs in all such blocks were left out by their pass and by every other (a pair in
	// two such blocks counts twice).
	Oversized []Oversized
	LeftOut   int64
}

// PassReport is what one pass did.
type PassReport struct {
	Name string
	// Keyed is how many records have a key, Largest the size of the largest block, Divided how many were above MaxBlock.
	Keyed, Blocks, Largest, Divided int
	// Pairs it showed that no pass before it had shown.
	Pairs int64
}

// Oversized is a block in which not every record was compared with every other.
type Oversized struct {
	Pass string
	Key  []string
	// Records in the block, their Pairs, and how many of those were compared in this or another pass.
	Records         int
	Pairs, Compared int64
}

const maxOversized = 100

// blocks are the groups of one pass. Two records of a group are compared if their places are at most the group's window
// apart.
type blocks struct {
	members  []int32 // records by group
	group    []int32 // by record; −1 none
	place    []int32 // by record: index into members
	end      []int32 // by group: index into members
	window   []int32 // by group
	oversize []int32 // by record: index of the oversized block it is in, before dividing; −1 none. Nil if there is none
}

// covered reports whether one of the first n passes compares the two records.
func (w *work) covered(n int, a, b int32) bool {
	for i := range n {
		p := &w.passes[i]
		if g := p.group[a]; g >= 0 && g == p.group[b] {
			if d := p.place[a] - p.place[b]; max(d, -d) <= p.window[g] {
				return true
			}
		}
	}
	return false
}

func (w *work) inOversized(a, b int32, n []int64) {
	for i := range w.passes {
		if o := w.passes[i].oversize; o != nil && o[a] >= 0 && o[a] == o[b] {
			n[o[a]]++
		}
	}
}

// block finds the groups of every pass.
func (w *work) block() error {
	w.report.Possible = w.possible()
	keyed := make([]bool, len(w.order))
	for i := range w.plan.passes {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		w.passes = append(w.passes, w.groups(&w.plan.passes[i], keyed))
	}
	for _, k := range keyed {
		if !k {
			w.report.Unkeyed++
		}
	}
	return nil
}

func (w *work) groups(p *pass, keyed []bool) blocks {
	n := len(w.order)
	key := make([]int32, n)
	keys := int32(0)
	number := make(map[uint64]int32)
	for f, feature := range p.key {
		clear(number)
		keys = 0
		for i := range n {
			id := w.id(i, feature)
			switch {
			case id == 0:
				key[i] = -1
			case f == 0:
				key[i] = id
				keys = max(keys, id+1)
			case key[i] >= 0:
				both := uint64(uint32(key[i]))<<32 | uint64(uint32(id))
				k, ok := number[both]
				if !ok {
					k = keys
					number[both] = k
					keys++
				}
				key[i] = k
			}
		}
	}
	start := make([]int32, keys+1)
	report := PassReport{Name: p.Name}
	for i, k := range key {
		if k >= 0 {
			start[k+1]++
			report.Keyed++
			keyed[i] = true
		}
	}
	for k := range keys {
		start[k+1] += start[k]
	}
	all := make([]int32, report.Keyed)
	next := slices.Clone(start)
	for i, k := range key {
		if k >= 0 {
			all[next[k]] = int32(i)
			next[k]++
		}
	}
	b := blocks{group: key, place: make([]int32, n)}
	for i := range b.group {
		b.group[i] = -1
	}
	for k := range keys {
		members := all[start[k]:start[k+1]]
		report.Largest = max(report.Largest, len(members))
		if len(members) < 2 || w.pairsIn(members) == 0 {
			continue
		}
		report.Blocks++
		if len(members) <= w.plan.MaxBlock {
			b.add(members, len(members))
			continue
		}
		report.Divided++
		if b.oversize == nil {
			b.oversize = make([]int32, n)
			for i := range b.oversize {
				b.oversize[i] = -1
			}
		}
		o := Oversized{Pass: p.Name, Records: len(members), Pairs: w.pairsIn(members)}
		for _, f := range p.key {
			o.Key = append(o.Key, w.columns[f].values[w.id(int(members[0]), f)])
		}
		for _, i := range members {
			b.oversize[i] = int32(len(w.report.Oversized))
		}
		w.report.Oversized = append(w.report.Oversized, o)
		w.divide(&b, members, p.refine)
	}
	w.report.Passes = append(w.report.Passes, report)
	return b
}

func (w *work) id(record, feature int) int32 { return w.ids[record*len(w.columns)+feature] }

func (w *work) pairsIn(members []int32) int64 {
	if !w.link {
		n := int64(len(members))
		return n * (n - 1) / 2
	}
	a := int64(0)
	for _, i := range members {
		if int(i) < w.split {
			a++
		}
	}
	return a * (int64(len(members)) - a)
}

// divide splits a block by the next feature. Where none is left, the records are compared with their neighbours in the
// order of the texts they were divided by.
func (w *work) divide(b *blocks, members []int32, refine []int) {
	if len(members) < 2 {
		return
	}
	if len(members) <= w.plan.MaxBlock {
		b.add(members, len(members))
		return
	}
	if len(refine) == 0 {
		b.add(members, max(w.plan.MaxBlock/2, 1))
		return
	}
	f := refine[0]
	values := w.columns[f].values
	slices.SortStableFunc(members, func(i, j int32) int { return cmp.Compare(values[w.id(int(i), f)], values[w.id(int(j), f)]) })
	// Neighbouring values are kept together up to MaxBlock, so that a slip in the value does not part two records for good.
	for from := 0; from < len(members); {
		to := w.runEnd(members, from, f)
		if to-from > w.plan.MaxBlock {
			w.divide(b, members[from:to], refine[1:])
			from = to
			continue
		}
		for to < len(members) {
			next := w.runEnd(members, to, f)
			if next-from > w.plan.MaxBlock {
				break
			}
			to = next
		}
		part := members[from:to]
		slices.Sort(part)
		b.add(part, len(part))
		from = to
	}
}

// runEnd is the end of the records that share a value with the one at from.
func (w *work) runEnd(members []int32, from, feature int) int {
	id := w.id(int(members[from]), feature)
	to := from + 1
	for to < len(members) && w.id(int(members[to]), feature) == id {
		to++
	}
	return to
}

func (b *blocks) add(members []int32, window int) {
	g := int32(len(b.end))
	for _, i := range members {
		b.group[i] = g
		b.place[i] = int32(len(b.members))
		b.members = append(b.members, i)
	}
	b.end = append(b.end, int32(len(b.members)))
	b.window = append(b.window, int32(window))
}

// pairs calls visit for every pair that blocking shows, once, with the first pass that shows it; a < b, whichever of them
// comes first in p.
func (w *work) pairs(stage Stage, visit func(worker, pass int, p *pairOf, a, b int32)) error {
	type rows struct{ pass, from, to int }
	var chunks []rows
	for i := range w.passes {
		p := &w.passes[i]
		from, n := 0, 0
		for r, record := range p.members {
			g := p.group[record]
			n += int(min(p.end[g]-int32(r)-1, p.window[g]))
			if n >= chunkPairs || r == len(p.members)-1 {
				chunks = append(chunks, rows{i, from, r + 1})
				from, n = r+1, 0
			}
		}
	}
	scratch := make([]*pairOf, w.workers)
	for i := range scratch {
		scratch[i] = w.newPair()
	}
	return w.parallel(stage, len(chunks), func(worker, chunk int) {
		c := chunks[chunk]
		p := &w.passes[c.pass]
		s := scratch[worker]
		for r := c.from; r < c.to; r++ {
			a := p.members[r]
			g := p.group[a]
			loaded := false
			for _, b := range p.members[r+1 : min(int(p.end[g]), r+1+int(p.window[g]))] {
				if w.link && (int(a) < w.split) == (int(b) < w.split) || w.covered(c.pass, a, b) {
					continue
				}
				if !loaded {
					w.first(s, a)
					loaded = true
				}
				w.second(s, b)
				visit(worker, c.pass, s, min(a, b), max(a, b))
			}
		}
	})
}

// finishReport adds up what oversized blocks left out and keeps the worst.
func (w *work) finishReport() {
	r := &w.report
	for _, o := range r.Oversized {
		r.LeftOut += o.Pairs - o.Compared
	}
	slices.SortStableFunc(r.Oversized, func(a, b Oversized) int { return cmp.Compare(b.Pairs-b.Compared, a.Pairs-a.Compared) })
	r.Oversized = slices.DeleteFunc(r.Oversized, func(o Oversized) bool { return o.Compared == o.Pairs })
	r.Oversized = slices.Clone(r.Oversized[:min(len(r.Oversized), maxOversized)])
	for i := range w.passes {
		w.passes[i].oversize = nil
	}
}
