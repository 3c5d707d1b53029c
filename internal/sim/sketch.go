package sim

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// sketchBins is the resolution of a histogram: 2,048 equal bins between the pilot's 4th and 96th percentile, about 600
	// to a standard deviation. The quantiles asked for lie far inside. Against the order statistic itself the error of a
	// quantile is about √(width/draws)·0.8 standard deviations, 3·10^-5 at a million draws: a fortieth of the sampling
	// error.
	sketchBins = 2048
	// sketchLow and sketchHigh are the pilot's ranks between which the bins lie.
	sketchLow, sketchHigh = pilotDraws * 4 / 100, pilotDraws * 96 / 100
	// sketchMost is how many of the pilot's values may share a bin. Where more do, for a single value has a probability of
	// its own or a long tail makes the bins wide, the bins end at every sketchStep-th of the pilot's values instead.
	sketchMost  = 20
	sketchStep  = 4
	sketchEdges = sketchBins/2 - 1
	// sumBits is the resolution of the sums behind a mean: the pilot's largest value takes so many bits, so that the order
	// of adding whole steps cannot matter.
	sumBits = 49
)

// sketches takes the values of many series (months or lines) over all draws and answers quantiles: exactly from stored
// values while they fit, else from histograms.
type sketches struct {
	draws  int
	memory []float64   // of values where they hold all draws
	values [][]float64 // per series: all draws, or the pilot's; each is written before it is read
	bins   []bins      // nil before the pilot is done
	mu     sync.Mutex
	total  local
}

// bins are those of one series: equal ones from low on, scale of them to one unit of value, or, where edges is not nil,
// those between the sketchEdges edges e, filled up with +∞: counter 2k+1 is for values equal to e[k] and counter 2k for
// those between e[k−1] and e[k].
type bins struct {
	low, scale float64
	edges      []float64
	unit       float64 // steps of the sum to one unit of value
}

// local is what one worker has counted, or all of them.
type local struct {
	counts [][sketchBins]uint32
	sums   []sum
}

// sum adds up whole steps, split so that neither half overflows.
type sum struct {
	high, low int64 // high·2^32 + low
	broken    bool  // a value was not finite
}

func newSketches(series, draws int) *sketches {
	s := &sketches{draws: draws}
	keep := draws
	if series*draws > storeCells {
		keep = min(draws, pilotDraws)
		s.total = newLocal(series)
	}
	var all []float64
	if keep == draws {
		s.memory, _ = storePool.Get().([]float64)
		if cap(s.memory) < series*keep {
			s.memory = make([]float64, series*keep)
		}
		all = s.memory[:series*keep]
	} else {
		all = make([]float64, series*keep)
	}
	for i := range series {
		s.values = append(s.values, all[i*keep:(i+1)*keep:(i+1)*keep])
	}
	return s
}

// storePool keeps the memory of stored values for the next run; fetching it anew from the system costs as much as
// computing it.
var storePool sync.Pool

// release gives the memory back. The sketches are not used again.
func (s *sketches) release() {
	if s != nil && s.memory != nil {
		storePool.Put(s.memory) //nolint:staticcheck // a slice header a run is nothing beside what it holds
		s.memory, s.values = nil, nil
	}
}

func newLocal(series int) local {
	return local{counts: make([][sketchBins]uint32, series), sums: make([]sum, series)}
}

// counting reports whether histograms are used. A nil sketches takes and answers nothing.
func (s *sketches) counting() bool { return s != nil && s.total.counts != nil }

// setBins fixes the histograms' bins from the pilot, and counts the pilot.
func (s *sketches) setBins() {
	if !s.counting() {
		return
	}
	for i, v := range s.values {
		s.bins = append(s.bins, newBins(v))
		s.bins[i].count(&s.total, i, v, true)
	}
}

func newBins(pilot []float64) bins {
	largest := 0.0
	for _, x := range pilot {
		if a := math.Abs(x); a > largest && a <= math.MaxFloat64 {
			largest = a
		}
	}
	if largest == 0 {
		largest = 1 << 20
	}
	_, exponent := math.Frexp(largest)
	ends := orderStatistics(pilot, []int{sketchLow, sketchHigh})
	b := bins{low: ends[0], scale: sketchBins / (ends[1] - ends[0]), unit: math.Ldexp(1, sumBits-exponent)}
	inside := make([]float64, 0, len(pilot))
	for _, x := range pilot {
		if x >= ends[0] && x <= ends[1] {
			inside = append(inside, x)
		}
	}
	var probe [sketchBins]uint32
	count(&probe, inside, b.low, b.scale)
	if most := slices.Max(probe[:]); most <= sketchMost && b.scale <= math.MaxFloat64 {
		return b
	}
	sorted := slices.Clone(pilot)
	slices.Sort(sorted)
	for k := sketchLow; k <= sketchHigh; k += sketchStep {
		b.edges = append(b.edges, sorted[k])
	}
	b.edges = slices.Compact(b.edges)
	for len(b.edges) < sketchEdges {
		b.edges = append(b.edges, math.Inf(1))
	}
	return b
}

// count adds v to a series' counts and, if asked, to its sum.
func (b *bins) count(to *local, series int, v []float64, mean bool) {
	if mean {
		to.sums[series].add(v, b.unit)
	}
	counts := &to.counts[series]
	if b.edges == nil {
		count(counts, v, b.low, b.scale)
		return
	}
	edges := (*[sketchEdges]float64)(b.edges)
	for _, x := range v {
		k := 0
		for half := (sketchEdges + 1) / 2; half > 0; half /= 2 {
			if edges[k+half-1] < x {
				k += half
			}
		}
		equal := 0
		if edges[k] == x { // there is always a +∞ left
			equal = 1
		}
		counts[2*k+equal]++
	}
}

func (s *sum) add(v []float64, unit float64) {
	// A tile of small values stays below 2^62, and MaxDraws large ones do not overflow the high half.
	const small, large = 1 << 50, 1 << 70
	part := int64(0)
	for _, x := range v {
		t := x * unit
		switch {
		case math.Abs(t) < small:
			part += int64(t)
		case math.IsNaN(t) || math.IsInf(t, 0):
			s.broken = true
		default:
			t = max(-large, min(t, large))
			high := math.Floor(t * 0x1p-32)
			s.high += int64(high)
			s.low += int64(t - high*0x1p32)
		}
	}
	s.high += part >> 32
	s.low += part & math.MaxUint32
}

func (s *sum) value() float64 {
	if s.broken {
		return math.NaN()
	}
	return float64(s.high+s.low>>32)*0x1p32 + float64(s.low&math.MaxUint32)
}

// local is the memory of one worker; nil where values are stored.
func (s *sketches) local() *local {
	if s == nil || s.bins == nil {
		return nil
	}
	l := newLocal(len(s.values))
	return &l
}

// take notes the values of one series for consecutive draws.
func (s *sketches) take(l *local, series, first int, v []float64, mean bool) {
	if s == nil {
		return
	}
	if l == nil {
		copy(s.values[series][first:], v)
		return
	}
	s.bins[series].count(l, series, v, mean)
}

func (s *sketches) merge(l *local) {
	if s == nil || l == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range l.counts {
		for k, c := range l.counts[i] {
			s.total.counts[i][k] += c
		}
		to := &s.total.sums[i]
		to.high, to.low, to.broken = to.high+l.sums[i].high, to.low+l.sums[i].low, to.broken || l.sums[i].broken
	}
}

// mean is that of all draws: not a number where one draw is none.
func (s *sketches) mean(series int) float64 {
	if s.bins != nil {
		return s.total.sums[series].value() / float64(s.draws) / s.bins[series].unit
	}
	sum := 0.0
	for _, x := range s.values[series] {
		sum += x
	}
	return sum / float64(s.draws)
}

// summary returns the quantiles of every series and, if asked, the means.
func (s *sketches) summary(workers int, mean bool) (quantiles []Quantiles, means []float64) {
	quantiles = make([]Quantiles, len(s.values))
	if mean {
		means = make([]float64, len(s.values))
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workers, len(quantiles)) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(quantiles) {
					return
				}
				if s.bins != nil {
					quantiles[i] = s.fromCounts(i)
				} else {
					copy(quantiles[i][:], Quantile(s.values[i], levels[:]...))
				}
				if mean {
					means[i] = s.mean(i)
				}
			}
		})
	}
	wait.Wait()
	return quantiles, means
}

// fromCounts is Quantile with every order statistic told from the counts.
func (s *sketches) fromCounts(series int) Quantiles {
	b, counts := &s.bins[series], &s.total.counts[series]
	k, below := 0, 0 // a counter, and how many values the counters before it hold
	value := func(rank int) float64 {
		for k < sketchBins-1 && below+int(counts[k]) <= rank {
			below += int(counts[k])
			k++
		}
		part := (float64(rank-below) + 0.5) / float64(counts[k])
		switch e := k / 2; {
		case b.edges == nil:
			return b.low + (float64(k)+part)/b.scale
		case k%2 == 1:
			return b.edges[e]
		case e == 0:
			return b.edges[0]
		case math.IsInf(b.edges[e], 1): // above all edges
			return b.edges[e-1]
		default:
			return b.edges[e-1] + float64(part*(b.edges[e]-b.edges[e-1]))
		}
	}
	var q Quantiles
	for i, level := range levels {
		h := level * float64(s.draws-1)
		q[i] = value(int(h))
		if part := h - math.Floor(h); part > 0 {
			q[i] += float64(part * (value(int(h)+1) - q[i]))
		}
	}
	return q
}

// Quantile returns the quantiles of v at the levels given, interpolated between order statistics at (n − 1)·p
// (definition 7 of Hyndman & Fan 1996, as in Excel's PERCENTILE). v must hold no NaN and is not changed; an empty v
// gives NaN.
func Quantile(v []float64, levels ...float64) []float64 {
	out := make([]float64, len(levels))
	if len(v) == 0 {
		fill(out, math.NaN())
		return out
	}
	ranks := make([]int, 0, 2*len(levels))
	for _, p := range levels {
		k := int(p * float64(len(v)-1))
		ranks = append(ranks, k, min(k+1, len(v)-1))
	}
	found := orderStatistics(v, ranks)
	for i, p := range levels {
		h := p * float64(len(v)-1)
		part := h - math.Floor(h)
		out[i] = found[2*i]
		if next := found[2*i+1]; part > 0 && next != out[i] {
			out[i] += float64(part * (next - out[i]))
		}
	}
	return out
}

// classes is the memory of orderStatistics, used again and again.
type classes struct {
	counts [sketchBins]uint32
	wanted [sketchBins]bool   // the class holds a rank
	slot   [sketchBins]uint16 // then its place in the list of those
}

var classesPool = sync.Pool{New: func() any { return new(classes) }}

// orderStatistics returns the values of the ranks (from 0) in sorted order: it counts into classes and sorts only those
// classes that hold a rank.
func orderStatistics(v []float64, ranks []int) []float64 {
	out := make([]float64, len(ranks))
	low, high := extremes(v)
	scale := sketchBins / (high - low)
	if !(scale > 0) || math.IsInf(scale, 0) || len(v) < 256 {
		sorted := slices.Clone(v)
		slices.Sort(sorted)
		for i, k := range ranks {
			out[i] = sorted[k]
		}
		return out
	}
	c := classesPool.Get().(*classes)
	defer classesPool.Put(c)
	clear(c.counts[:])
	clear(c.wanted[:])
	count(&c.counts, v, low, scale)
	type class struct {
		first   int // rank of its smallest value
		members []float64
	}
	var wanted []class
	at := make([]int, len(ranks))
	first, k, before := 0, 0, 0
	for i, rank := range ranks {
		if rank < before { // usually they rise, and one walk finds all
			first, k = 0, 0
		}
		before = rank
		for first+int(c.counts[k]) <= rank {
			first += int(c.counts[k])
			k++
		}
		if !c.wanted[k] {
			c.wanted[k], c.slot[k] = true, uint16(len(wanted))
			wanted = append(wanted, class{first, make([]float64, 0, c.counts[k])})
		}
		at[i] = int(c.slot[k])
	}
	for from := 0; from < len(v); {
		i, k := next(v, from, low, scale, &c.wanted)
		if i == len(v) {
			break
		}
		w := &wanted[c.slot[k]]
		w.members = append(w.members, v[i])
		from = i + 1
	}
	for i := range wanted {
		slices.Sort(wanted[i].members)
	}
	for i, rank := range ranks {
		w := &wanted[at[i]]
		out[i] = w.members[rank-w.first]
	}
	return out
}
