package sim

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// sketchBins is the resolution of a histogram. The range is set by the pilot and cut into 2,048 bins, about 200 to a
	// standard deviation; with linear interpolation inside a bin the error of a quantile is some 10^-6 standard
	// deviations, a thousandth of the sampling error at a million draws.
	sketchBins = 2048
	// sumSteps is the resolution of the sums behind a mean: whole steps of the range, so that the order of adding cannot
	// matter.
	sumSteps = 1 << 36
)

// sketches takes the values of many series (months or lines) over all draws and answers quantiles: exactly from stored
// values while they fit, else from histograms.
type sketches struct {
	draws  int
	values [][]float64 // per series: all draws, or the pilot's
	low    []float64   // of the histogram; nil before the pilot is done
	scale  []float64
	mu     sync.Mutex
	counts [][sketchBins]uint32
	sums   []int64 // in steps of 1/scale·sketchBins/sumSteps above low
}

func newSketches(series, draws int) *sketches {
	s := &sketches{draws: draws}
	keep := draws
	if series*draws > storeCells {
		keep = min(draws, pilotDraws)
		s.counts = make([][sketchBins]uint32, series)
		s.sums = make([]int64, series)
	}
	all := make([]float64, series*keep)
	for i := range series {
		s.values = append(s.values, all[i*keep:(i+1)*keep:(i+1)*keep])
	}
	return s
}

// counting reports whether histograms are used. A nil sketches takes and answers nothing.
func (s *sketches) counting() bool { return s != nil && s.counts != nil }

// setRanges fixes the histograms' ranges from the pilot, widened by a quarter on both sides, and counts the pilot.
func (s *sketches) setRanges() {
	if !s.counting() {
		return
	}
	for i, v := range s.values {
		low, high := slices.Min(v), slices.Max(v)
		margin := (high - low) / 4
		if !(margin > 0) {
			margin = max(math.Abs(low)*1e-9, 1e-9)
		}
		s.low = append(s.low, low-margin)
		s.scale = append(s.scale, sketchBins/(high-low+2*margin))
		count(&s.counts[i], v, s.low[i], s.scale[i])
		s.sums[i] += s.sum(v, i)
	}
}

func (s *sketches) sum(v []float64, series int) int64 {
	low, scale := s.low[series], s.scale[series]*(sumSteps/sketchBins)
	sum := int64(0)
	for _, x := range v {
		sum += int64((x - low) * scale)
	}
	return sum
}

// local is one worker's share of the counts.
type local struct {
	counts [][sketchBins]uint32
	sums   []int64
}

func (s *sketches) local() *local {
	if s == nil || s.low == nil {
		return nil
	}
	return &local{counts: make([][sketchBins]uint32, len(s.values)), sums: make([]int64, len(s.values))}
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
	count(&l.counts[series], v, s.low[series], s.scale[series])
	if mean {
		l.sums[series] += s.sum(v, series)
	}
}

func (s *sketches) merge(l *local) {
	if s == nil || l == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range l.counts {
		for k, c := range l.counts[i] {
			s.counts[i][k] += c
		}
		s.sums[i] += l.sums[i]
	}
}

func (s *sketches) means() []float64 {
	m := make([]float64, len(s.values))
	for i := range m {
		if s.counting() && s.low != nil {
			m[i] = s.low[i] + float64(s.sums[i])/float64(s.draws)/(s.scale[i]*(sumSteps/sketchBins))
		} else {
			m[i] = Mean(s.values[i])
		}
	}
	return m
}

func (s *sketches) quantiles(workers int) []Quantiles {
	out := make([]Quantiles, len(s.values))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workers, len(out)) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(out) {
					return
				}
				if s.counting() && s.low != nil {
					out[i] = s.fromCounts(i)
				} else {
					copy(out[i][:], Quantile(s.values[i], levels[:]...))
				}
			}
		})
	}
	wait.Wait()
	return out
}

func (s *sketches) fromCounts(series int) Quantiles {
	var q Quantiles
	total, k := 0.0, 0
	for i, level := range levels {
		target := level * float64(s.draws)
		for k < sketchBins-1 && total+float64(s.counts[series][k]) < target {
			total += float64(s.counts[series][k])
			k++
		}
		inside := 0.5
		if c := float64(s.counts[series][k]); c > 0 {
			inside = (target - total) / c
		}
		q[i] = s.low[series] + (float64(k)+inside)/s.scale[series]
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

// selectBins is the number of classes of orderStatistics.
const selectBins = 1024

// classes is the memory of orderStatistics, used again and again.
type classes struct {
	counts [selectBins]int32
	slot   [selectBins]int8 // 1 + index into members, 0 for a class without a rank
	index  []uint16
}

var classesPool = sync.Pool{New: func() any { return new(classes) }}

// orderStatistics returns the values of the ranks (from 0) in sorted order: it counts into classes and sorts only those
// classes that hold a rank.
func orderStatistics(v []float64, ranks []int) []float64 {
	out := make([]float64, len(ranks))
	low, high := v[0], v[0]
	for _, x := range v {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
	}
	scale := selectBins / (high - low)
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
	clear(c.slot[:])
	c.index = slices.Grow(c.index[:0], len(v))[:len(v)]
	for i, x := range v {
		k := min(int((x-low)*scale), selectBins-1)
		c.index[i] = uint16(k)
		c.counts[k&(selectBins-1)]++
	}
	type class struct {
		first   int // rank of its smallest value
		members []float64
	}
	var wanted []class
	at := make([]int, len(ranks))
	for i, rank := range ranks {
		first, k := 0, 0
		for first+int(c.counts[k]) <= rank {
			first += int(c.counts[k])
			k++
		}
		if c.slot[k] == 0 {
			wanted = append(wanted, class{first, make([]float64, 0, c.counts[k])})
			c.slot[k] = int8(len(wanted))
		}
		at[i] = int(c.slot[k]) - 1
	}
	for i, k := range c.index {
		if s := c.slot[k&(selectBins-1)]; s != 0 {
			w := &wanted[s-1]
			w.members = append(w.members, v[i])
		}
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
