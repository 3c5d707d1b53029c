package linkage

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// work is one run. Records are numbered in its own order (see byID).
type work struct {
	ctx      context.Context
	plan     *plan
	records  []Record
	order    []int32 // index into records by own index
	split    int     // the first record of b
	link     bool
	workers  int
	progress func(Stage, int64, int64)

	settled map[[2]int32]bool // decided pairs, the smaller first; nil where there are none
	same    map[int32]int32   // first of the records decided to be one, for those that are

	columns []column
	ids     []int32  // value by record and feature: ids[record*len(columns)+feature]; 0 is missing
	tuples  []tuples // by comparison
	tuple   []int32  // by record and comparison: tuple[record*len(tuples)+comparison]; 0 is Missing
	passes  []blocks
	seats   []seat // by record and pass
	report  Blocking
	seen    *seen // what count saw, for score

	weights  [][]float64 // by comparison and level
	logPrior float64     // log₂ of the odds before anything is compared
}

// column is what one feature is in all records.
type column struct {
	values []string   // distinct; values[0] is "", missing
	counts [2][]int32 // how many records of each file have the value
	// rarity is log₂ of how often two records agree on the feature over how often they would if all had this value; empty
	// where no level asks for it.
	rarity []float64
}

// chunkRecords and chunkPairs are the size of one piece of work: large enough to hide the cost of handing it out.
const (
	chunkRecords = 4096
	chunkPairs   = 1 << 15
)

// parallel calls do for every chunk of a stage, on all workers; what it writes must not depend on the order.
func (w *work) parallel(stage Stage, chunks int, do func(worker, chunk int)) error {
	var next, done atomic.Int64
	var told sync.Mutex
	var wg sync.WaitGroup
	for worker := range min(w.workers, max(chunks, 1)) {
		wg.Go(func() {
			for w.ctx.Err() == nil {
				c := int(next.Add(1)) - 1
				if c >= chunks {
					return
				}
				do(worker, c)
				done.Add(1)
				if w.progress != nil && told.TryLock() {
					w.progress(stage, done.Load(), int64(chunks))
					told.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return w.ctx.Err()
}

// prepare makes the features of all records and numbers their distinct values.
func (w *work) prepare() error {
	n, features := len(w.order), len(w.plan.Features)
	w.ids = make([]int32, n*features)
	w.columns = make([]column, features)
	for f := range w.plan.Features {
		made, err := w.make(f)
		if err != nil {
			return err
		}
		c := column{values: made.values, counts: [2][]int32{make([]int32, len(made.values)), make([]int32, len(made.values))}}
		for i, id := range made.of {
			w.ids[i*features+f] = id
			if w.link && i >= w.split {
				c.counts[1][id]++
			} else {
				c.counts[0][id]++
			}
		}
		w.columns[f] = c
	}
	for _, c := range w.plan.comparisons {
		for _, f := range c.frequency {
			if f >= 0 && w.columns[f].rarity == nil {
				w.columns[f].rarity = rarity(&w.columns[f], w.link)
			}
		}
	}
	for f := range w.columns {
		w.columns[f].counts = [2][]int32{}
	}
	w.combine()
	return w.ctx.Err()
}

// make is one feature of all records.
func (w *work) make(f int) (numbered, error) {
	n, from, after := len(w.order), w.plan.Features[f].From, w.plan.after[f]
	if len(after) == 1 {
		source := w.columns[after[0]].values
		texts := make([]string, len(source))
		err := w.inChunks(len(source), func() func(i int) { return func(i int) { texts[i] = from(source[i : i+1 : i+1]) } })
		if err != nil {
			return numbered{}, err
		}
		distinct := numberAll(texts)
		made := numbered{of: make([]int32, n), values: distinct.values}
		for i := range n {
			made.of[i] = distinct.of[w.id(i, after[0])]
		}
		return made, nil
	}
	texts := make([]string, n)
	err := w.inChunks(n, func() func(i int) {
		row := make([]string, len(after))
		return func(i int) {
			if len(after) == 0 {
				texts[i] = from(w.records[w.order[i]].Values)
				return
			}
			for k, f := range after {
				row[k] = w.columns[f].values[w.id(i, f)]
			}
			texts[i] = from(row)
		}
	})
	if err != nil {
		return numbered{}, err
	}
	return numberAll(texts), nil
}

// inChunks calls what each makes for all numbers below n, on all workers; each is asked once for each chunk.
func (w *work) inChunks(n int, each func() func(i int)) error {
	return w.parallel(Preparing, (n+chunkRecords-1)/chunkRecords, func(_, chunk int) {
		do := each()
		for i := chunk * chunkRecords; i < min(n, (chunk+1)*chunkRecords); i++ {
			do(i)
		}
	})
}

// numbered are texts by the number of their value; values[0] is "".
type numbered struct {
	of     []int32
	values []string
}

func numberAll(texts []string) numbered {
	n := numbered{of: make([]int32, len(texts)), values: []string{""}}
	ids := map[string]int32{"": 0}
	for i, t := range texts {
		id, ok := ids[t]
		if !ok {
			id = int32(len(n.values))
			ids[t] = id
			n.values = append(n.values, t)
		}
		n.of[i] = id
	}
	n.values = slices.Clip(n.values)
	return n
}

// tuples are the distinct combinations of the features of one comparison.
type tuples struct {
	width int
	texts []string // of tuple t from t*width on
}

func (t *tuples) at(i int32) []string {
	from := int(i) * t.width
	return t.texts[from : from+t.width : from+t.width]
}

// combine finds what each comparison looks at: the same combination of features is the same to it, so that a pair of
// combinations need not be compared twice.
func (w *work) combine() {
	n := len(w.order)
	w.tuples = make([]tuples, len(w.plan.comparisons))
	w.tuple = make([]int32, n*len(w.tuples))
	at := make([]int32, n)
	ids := make(map[uint64]int32)
	for c := range w.plan.comparisons {
		x := &w.plan.comparisons[c]
		t := &w.tuples[c]
		t.width = len(x.features)
		if t.width == 1 && x.Needed == 1 {
			t.texts = w.columns[x.features[0]].values
			for i := range n {
				w.tuple[i*len(w.tuples)+c] = w.id(i, x.features[0])
			}
			continue
		}
		for i := range at {
			at[i] = 1
			for _, f := range x.features[:x.Needed] {
				if w.id(i, f) == 0 {
					at[i] = 0
				}
			}
		}
		for k, f := range x.features {
			clear(ids)
			next := int32(1)
			last := k == len(x.features)-1
			if last {
				t.texts = make([]string, t.width) // of tuple 0
			}
			for i := range at {
				if at[i] == 0 {
					continue
				}
				both := uint64(uint32(at[i]))<<32 | uint64(uint32(w.id(i, f)))
				id, ok := ids[both]
				if !ok {
					id = next
					ids[both] = id
					next++
					if last {
						for _, f := range x.features {
							t.texts = append(t.texts, w.columns[f].values[w.id(i, f)])
						}
					}
				}
				at[i] = id
			}
		}
		t.texts = slices.Clip(t.texts)
		for i, id := range at {
			w.tuple[i*len(w.tuples)+c] = id
		}
	}
}

// rarity compares each value with the average: if a share t of the records has a value, agreeing on it has the probability
// t by chance instead of the average u, which adds log₂(u/t) to the weight (Winkler 1989, Proc. Survey
// Research Methods, ASA, 778–783; Splink's term-frequency adjustment, Linacre et al. 2022, IJPDS 7:3). Within
// one file t is the share among the other records, so that the mean of t over the records is u; between two files it is
// the larger of the two shares.
func rarity(c *column, link bool) []float64 {
	var n [2]float64
	for id := 1; id < len(c.values); id++ {
		n[0] += float64(c.counts[0][id])
		n[1] += float64(c.counts[1][id])
	}
	share := make([]float64, len(c.values))
	u := 0.0
	for id := 1; id < len(c.values); id++ {
		x, y := float64(c.counts[0][id]), float64(c.counts[1][id])
		if link {
			share[id] = max(x/max(n[0], 1), y/max(n[1], 1))
			u += x / max(n[0], 1) * y / max(n[1], 1)
		} else {
			share[id] = (x - 1) / max(n[0]-1, 1)
			u += x / n[0] * share[id]
		}
	}
	out := make([]float64, len(c.values))
	for id := 1; id < len(out); id++ {
		if u > 0 && share[id] > 0 {
			out[id] = math.Log2(u / share[id])
		}
	}
	return out
}

// pairOf are two records while they are compared, and what one worker remembers of the pairs before.
type pairOf struct {
	a, b   int32
	levels [][]remembered // by comparison; nil remembers nothing
}

// remembered is how two tuples were graded; a later pair takes the place of one with the same hash.
type remembered struct {
	tuples uint64 // the smaller first; 0 is none
	level  int
}

// memory is how many pairs of tuples a worker remembers of each comparison, a power of two: what fits into the cache of a
// core.
const (
	memoryBits = 12
	memory     = 1 << memoryBits
)

func (w *work) newPair() *pairOf {
	p := &pairOf{levels: make([][]remembered, len(w.tuples))}
	for c := range p.levels {
		p.levels[c] = make([]remembered, memory)
	}
	return p
}

func (w *work) first(p *pairOf, a int32)  { p.a = a }
func (w *work) second(p *pairOf, b int32) { p.b = b }

// pattern is the level of each comparison plus one, four bits each.
type pattern uint64

func (p pattern) level(comparison int) int { return int(p>>(4*comparison)&15) - 1 }

func (w *work) compare(p *pairOf) pattern {
	var out pattern
	n := len(w.tuples)
	rowA, rowB := w.tuple[int(p.a)*n:(int(p.a)+1)*n], w.tuple[int(p.b)*n:(int(p.b)+1)*n]
	for c, x := range rowA {
		y := rowB[c]
		if x == 0 || y == 0 {
			continue
		}
		if p.levels == nil || w.tuples[c].width == 1 { // one value is compared as fast as remembered
			out |= pattern(w.grade(c, x, y)+1) << (4 * c)
			continue
		}
		both := uint64(uint32(min(x, y)))<<32 | uint64(uint32(max(x, y)))
		r := &p.levels[c][both*0x9e3779b97f4a7c15>>(64-memoryBits)]
		if r.tuples != both {
			r.tuples, r.level = both, w.grade(c, x, y)
		}
		out |= pattern(r.level+1) << (4 * c)
	}
	return out
}

func (w *work) grade(comparison int, x, y int32) int {
	c, t := &w.plan.comparisons[comparison], &w.tuples[comparison]
	level := c.Compare(t.at(x), t.at(y))
	if level < Missing || level >= len(c.Levels) {
		panic("linkage: comparison " + c.Name + " returned a level that does not exist")
	}
	return level
}

// weight is the evidence of one comparison in bits, without and with how common the value is.
func (w *work) weight(p *pairOf, comparison, level int) (plain, frequency float64) {
	if level == Missing {
		return 0, 0
	}
	return w.weights[comparison][level], w.common(p, comparison, level)
}

// frequency is the part of a pair's evidence that is known before anything is estimated: how common its values are.
func (w *work) frequency(p *pairOf, of pattern) float64 {
	sum := 0.0
	for c := range w.plan.comparisons {
		if l := of.level(c); l != Missing {
			sum += w.common(p, c, l)
		}
	}
	return sum
}

// common is how much more, or less, a level says than on average for the values being rare, or common.
func (w *work) common(p *pairOf, comparison, level int) float64 {
	f := w.plan.comparisons[comparison].frequency[level]
	if f < 0 {
		return 0
	}
	a, b := w.id(int(p.a), f), w.id(int(p.b), f)
	r := w.columns[f].rarity
	if a == b {
		return r[a]
	}
	return min(0, r[a], r[b])
}

func (w *work) total(p *pairOf) float64 { return w.sum(p, w.compare(p)) }

// sum is the weight of a pair that shows a pattern.
func (w *work) sum(p *pairOf, of pattern) float64 {
	sum := 0.0
	for c := range w.plan.comparisons {
		plain, frequency := w.weight(p, c, of.level(c))
		sum += plain + frequency
	}
	return sum
}

// possible is how many pairs there are.
func (w *work) possible() int64 {
	n := int64(len(w.order))
	if w.link {
		return int64(w.split) * (n - int64(w.split))
	}
	return n * (n - 1) / 2
}

// group is what pairs have in common that EM does not tell apart: the levels, and how common the values are in whole bits.
type group struct {
	pattern pattern
	bits    int16
}

// tally is what count found: pairs by group, and how the pairs that were not compared would have come out.
type tally struct {
	groups map[group]int64
	others int64
	rest   [][]float64
}

// seen is which pattern each pair of a chunk showed, so that scoring need not compare them again.
type seen struct {
	chunks   []rows
	codes    [][]uint16  // by chunk and pair: skipped, unnumbered or a number of patterns
	worker   []int       // by chunk: who counted it
	patterns [][]pattern // by worker
}

const (
	skipped    = 1<<16 - 1 // another pass shows the pair
	unnumbered = 1<<16 - 2 // there are too many patterns
)

// counter is what one worker counts: pairs by pattern and bits.
type counter struct {
	number   map[pattern]int
	patterns []pattern
	near     [][]int64 // by number of the pattern and by bits from −nearBits to nearBits
	far      map[group]int64
	byPass   []int64
	missed   []int64
}

const nearBits = 64

func (c *counter) of(p pattern) int {
	n, ok := c.number[p]
	if !ok {
		n = len(c.patterns)
		c.number[p] = n
		c.patterns = append(c.patterns, p)
		c.near = append(c.near, make([]int64, 2*nearBits+1))
	}
	return n
}

// count compares the pairs that blocking shows, and random ones of the others.
func (w *work) count() (*tally, error) {
	s := &seen{chunks: w.chunks(), patterns: make([][]pattern, w.workers)}
	s.codes, s.worker = make([][]uint16, len(s.chunks)), make([]int, len(s.chunks))
	found := make([]counter, w.workers)
	scratch := make([]*pairOf, w.workers)
	for i := range found {
		found[i] = counter{number: make(map[pattern]int), far: make(map[group]int64), byPass: make([]int64, len(w.passes)), missed: make([]int64, len(w.report.Oversized))}
		scratch[i] = w.newPair()
	}
	err := w.parallel(Comparing, len(s.chunks), func(worker, chunk int) {
		c, p, rows := &found[worker], scratch[worker], s.chunks[chunk]
		codes := make([]uint16, 0, rows.pairs)
		w.eachPair(rows, func(a, b int32) {
			if w.link && (int(a) < w.split) == (int(b) < w.split) || w.covered(rows.pass, a, b) {
				codes = append(codes, skipped)
				return
			}
			w.first(p, a)
			w.second(p, b)
			levels := w.compare(p)
			n := c.of(levels)
			if bits := int(math.Round(w.frequency(p, levels))); -nearBits <= bits && bits <= nearBits {
				c.near[n][bits+nearBits]++
			} else {
				c.far[group{levels, int16(bits)}]++
			}
			codes = append(codes, uint16(min(n, unnumbered)))
			c.byPass[rows.pass]++
			w.inOversized(a, b, c.missed)
		})
		s.codes[chunk], s.worker[chunk] = codes, worker
	})
	if err != nil {
		return nil, err
	}
	t := &tally{groups: make(map[group]int64)}
	for i := range found {
		c := &found[i]
		s.patterns[i] = c.patterns
		for n, bits := range c.near {
			for k, pairs := range bits {
				if pairs > 0 {
					t.groups[group{c.patterns[n], int16(k - nearBits)}] += pairs
				}
			}
		}
		for k, n := range c.far {
			t.groups[k] += n
		}
		for p, n := range c.byPass {
			w.report.Passes[p].Pairs += n
			w.report.Compared += n
		}
		for o, n := range c.missed {
			w.report.Oversized[o].Compared += n
		}
	}
	w.seen = s
	w.finishReport()
	t.others = w.possible() - w.report.Compared
	t.rest, err = w.others(t.others)
	return t, err
}

// others looks at the pairs that blocking does not show: at all of them where there are few, and at a random sample
// otherwise. The result is how many of them show each level, by comparison.
func (w *work) others(n int64) ([][]float64, error) {
	all := w.possible() <= int64(w.plan.Sample)
	rows := len(w.order)
	chunks := (w.plan.Sample + chunkPairs - 1) / chunkPairs
	if all {
		chunks = rows
	}
	counts := make([][]int64, w.workers)
	seen := make([]int64, w.workers)
	scratch := make([]*pairOf, w.workers)
	for i := range counts {
		counts[i] = make([]int64, len(w.plan.comparisons)*(maxLevels+1))
		scratch[i] = w.newPair()
	}
	look := func(worker int, a, b int32) {
		if w.covered(len(w.passes), a, b) {
			return
		}
		p := scratch[worker]
		w.second(p, b)
		seen[worker]++
		pattern := w.compare(p)
		for c := range w.plan.comparisons {
			counts[worker][c*(maxLevels+1)+pattern.level(c)+1]++
		}
	}
	err := w.parallel(Comparing, chunks, func(worker, chunk int) {
		if all {
			a := int32(chunk)
			from := a + 1
			if w.link {
				if int(a) >= w.split {
					return
				}
				from = int32(w.split)
			}
			w.first(scratch[worker], a)
			for b := from; int(b) < rows; b++ {
				look(worker, a, b)
			}
			return
		}
		// Each chunk has a stream of its own, so that the cores do not share one.
		r := rand.New(rand.NewPCG(w.plan.Seed, uint64(chunk)))
		for range chunkPairs {
			var a, b int32
			if w.link {
				a, b = int32(r.IntN(w.split)), int32(w.split+r.IntN(rows-w.split))
			} else {
				a, b = int32(r.IntN(rows)), int32(r.IntN(rows-1))
				if b >= a {
					b++
				}
				a, b = min(a, b), max(a, b)
			}
			w.first(scratch[worker], a)
			look(worker, a, b)
		}
	})
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, s := range seen {
		total += s
	}
	out := make([][]float64, len(w.plan.comparisons))
	for c := range out {
		out[c] = make([]float64, len(w.plan.comparisons[c].Levels))
		for level := range out[c] {
			k := int64(0)
			for _, worker := range counts {
				k += worker[c*(maxLevels+1)+level+1]
			}
			if total > 0 {
				out[c][level] = float64(k) * (float64(n) / float64(total))
			}
		}
	}
	return out, nil
}
