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
	pass     int
	members  []int32 // records by group
	end      []int32 // by group: index into members
	window   []int32 // by group
	oversize []int32 // by record: index of the oversized block it is in, before dividing; −1 none. Nil if there is none
}

// seat is where a record is in one pass: its group, −1 for none, and its index into members.
type seat struct{ group, place int32 }

// seatsOf are a record's seats, by pass; they lie side by side, because covered asks for all of them.
func (w *work) seatsOf(record int32) []seat {
	n := len(w.plan.passes)
	return w.seats[int(record)*n : (int(record)+1)*n]
}

// covered reports whether one of the first n passes compares the two records.
func (w *work) covered(n int, a, b int32) bool {
	x, y := w.seatsOf(a), w.seatsOf(b)
	for i := range n {
		if w.beside(i, x[i], y[i]) {
			return true
		}
	}
	return false
}

// beside reports whether two seats of a pass are compared.
func (w *work) beside(pass int, x, y seat) bool {
	if x.group < 0 || x.group != y.group {
		return false
	}
	d := x.place - y.place
	return max(d, -d) <= w.passes[pass].window[x.group]
}

// showing is how many passes compare the two records.
func (w *work) showing(a, b int32) int {
	n := 0
	x, y := w.seatsOf(a), w.seatsOf(b)
	for i := range x {
		if w.beside(i, x[i], y[i]) {
			n++
		}
	}
	return n
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
	w.seats = make([]seat, len(w.order)*len(w.plan.passes))
	for i := range w.seats {
		w.seats[i].group = -1
	}
	for i := range w.plan.passes {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		w.passes = append(w.passes, w.groups(i, keyed))
	}
	for _, k := range keyed {
		if !k {
			w.report.Unkeyed++
		}
	}
	return nil
}

func (w *work) groups(number int, keyed []bool) blocks {
	p, n := &w.plan.passes[number], len(w.order)
	key := make([]int32, n)
	keys := int32(0)
	combined := make(map[uint64]int32)
	for f, feature := range p.key {
		clear(combined)
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
				k, ok := combined[both]
				if !ok {
					k = keys
					combined[both] = k
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
	b := blocks{pass: number}
	for k := range keys {
		members := all[start[k]:start[k+1]]
		report.Largest = max(report.Largest, len(members))
		if len(members) < 2 || w.pairsIn(members) == 0 {
			continue
		}
		report.Blocks++
		if len(members) <= w.plan.MaxBlock {
			w.seat(&b, members, len(members))
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
		w.seat(b, members, len(members))
		return
	}
	if len(refine) == 0 {
		w.seat(b, members, max(w.plan.MaxBlock/2, 1))
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
		w.seat(b, part, len(part))
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

// seat makes a group of the members.
func (w *work) seat(b *blocks, members []int32, window int) {
	g := int32(len(b.end))
	for _, i := range members {
		w.seatsOf(i)[b.pass] = seat{g, int32(len(b.members))}
		b.members = append(b.members, i)
	}
	b.end = append(b.end, int32(len(b.members)))
	b.window = append(b.window, int32(window))
}

// rows are the members of a pass that are one piece of work.
type rows struct{ pass, from, to, pairs int }

// chunks divides the pairs that the passes show.
func (w *work) chunks() []rows {
	var all []rows
	for i := range w.passes {
		p := &w.passes[i]
		from, n := 0, 0
		for r, record := range p.members {
			g := w.seatsOf(record)[i].group
			n += int(min(p.end[g]-int32(r)-1, p.window[g]))
			if n >= chunkPairs || r == len(p.members)-1 {
				all = append(all, rows{i, from, r + 1, n})
				from, n = r+1, 0
			}
		}
	}
	return all
}

// eachPair calls visit for the pairs of a chunk, in the same order each time, those that another pass shows and those within
// one file among them; a < b, whichever of them comes first in the pass.
func (w *work) eachPair(c rows, visit func(a, b int32)) {
	p := &w.passes[c.pass]
	for r := c.from; r < c.to; r++ {
		a := p.members[r]
		g := w.seatsOf(a)[c.pass].group
		for _, b := range p.members[r+1 : min(int(p.end[g]), r+1+int(p.window[g]))] {
			visit(min(a, b), max(a, b))
		}
	}
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
