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

	columns []column
	ids     []int32 // value by record and feature: ids[record*len(columns)+feature]; 0 is missing
	flat    []int   // features in the order of the comparisons
	passes  []blocks
	report  Blocking

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
	chunks := (n + chunkRecords - 1) / chunkRecords
	text := make([]string, n)
	number := make(map[string]int32)
	for f := range w.plan.Features {
		from := w.plan.Features[f].From
		err := w.parallel(Preparing, chunks, func(_, chunk int) {
			for i := chunk * chunkRecords; i < min(n, (chunk+1)*chunkRecords); i++ {
				text[i] = from(w.records[w.order[i]].Values)
			}
		})
		if err != nil {
			return err
		}
		clear(number)
		number[""] = 0
		c := column{values: []string{""}}
		counts := [2][]int32{{0}, {0}}
		for i, t := range text {
			id, ok := number[t]
			if !ok {
				id = int32(len(c.values))
				number[t] = id
				c.values = append(c.values, t)
				counts[0], counts[1] = append(counts[0], 0), append(counts[1], 0)
			}
			w.ids[i*features+f] = id
			if w.link && i >= w.split {
				counts[1][id]++
			} else {
				counts[0][id]++
			}
		}
		c.values = slices.Clip(c.values)
		c.counts = counts
		w.columns[f] = c
	}
	for _, c := range w.plan.comparisons {
		w.flat = append(w.flat, c.features...)
		for _, f := range c.frequency {
			if f >= 0 && w.columns[f].rarity == nil {
				w.columns[f].rarity = rarity(&w.columns[f], w.link)
			}
		}
	}
	for f := range w.columns {
		w.columns[f].counts = [2][]int32{}
	}
	return nil
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

// pairOf holds the features of two records while they are compared.
type pairOf struct {
	a, b       []string
	idsA, idsB []int32
}

func (w *work) newPair() *pairOf {
	return &pairOf{a: make([]string, len(w.flat)), b: make([]string, len(w.flat))}
}

func (w *work) load(to []string, record int32) []int32 {
	ids := w.ids[int(record)*len(w.columns) : (int(record)+1)*len(w.columns)]
	for i, f := range w.flat {
		to[i] = w.columns[f].values[ids[f]]
	}
	return ids
}

func (w *work) first(p *pairOf, a int32)  { p.idsA = w.load(p.a, a) }
func (w *work) second(p *pairOf, b int32) { p.idsB = w.load(p.b, b) }

// pattern is the level of each comparison plus one, four bits each.
type pattern uint64

func (p pattern) level(comparison int) int { return int(p>>(4*comparison)&15) - 1 }

func (w *work) compare(p *pairOf) pattern {
	var out pattern
	at := 0
	for i := range w.plan.comparisons {
		c := &w.plan.comparisons[i]
		end := at + len(c.features)
		level := c.Compare(p.a[at:end:end], p.b[at:end:end])
		if level < Missing || level >= len(c.Levels) {
			panic("linkage: comparison " + c.Name + " returned a level that does not exist")
		}
		out |= pattern(level+1) << (4 * i)
		at = end
	}
	return out
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
	a, b := p.idsA[f], p.idsB[f]
	r := w.columns[f].rarity
	if a == b {
		return r[a]
	}
	return min(0, r[a], r[b])
}

func (w *work) total(p *pairOf) float64 {
	pattern := w.compare(p)
	sum := 0.0
	for c := range w.plan.comparisons {
		plain, frequency := w.weight(p, c, pattern.level(c))
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

// count compares the pairs that blocking shows, and random ones of the others.
func (w *work) count() (*tally, error) {
	found := make([]map[group]int64, w.workers)
	byPass := make([][]int64, w.workers)
	missed := make([][]int64, w.workers)
	for i := range found {
		found[i] = make(map[group]int64)
		byPass[i] = make([]int64, len(w.passes))
		missed[i] = make([]int64, len(w.report.Oversized))
	}
	err := w.pairs(Comparing, func(worker, pass int, p *pairOf, a, b int32) {
		levels := w.compare(p)
		found[worker][group{levels, int16(math.Round(w.frequency(p, levels)))}]++
		byPass[worker][pass]++
		w.inOversized(a, b, missed[worker])
	})
	if err != nil {
		return nil, err
	}
	t := &tally{groups: make(map[group]int64)}
	for i := range found {
		for k, n := range found[i] {
			t.groups[k] += n
			w.report.Compared += n
		}
		for p, n := range byPass[i] {
			w.report.Passes[p].Pairs += n
		}
		for o, n := range missed[i] {
			w.report.Oversized[o].Compared += n
		}
	}
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
