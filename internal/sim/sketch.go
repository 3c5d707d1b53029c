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

// counting reports whether histograms are used.
func (s *sketches) counting() bool { return s.counts != nil }

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
	if l == nil {
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
	rank := func(p float64) (int, float64) {
		h := p * float64(len(v)-1)
		return int(h), h - math.Floor(h)
	}
	at := orderStatistics(v, func(need func(int)) {
		for _, p := range levels {
			k, part := rank(p)
			need(k)
			if part > 0 {
				need(k + 1)
			}
		}
	})
	for i, p := range levels {
		k, part := rank(p)
		out[i] = at(k)
		if part > 0 {
			if next := at(k + 1); next != out[i] {
				out[i] += float64(part * (next - out[i]))
			}
		}
	}
	return out
}

// orderStatistics finds the values of the ranks asked for: count into bins, then sort only the bins that hold a rank.
func orderStatistics(v []float64, ask func(need func(rank int))) func(rank int) float64 {
	low, high := v[0], v[0]
	for _, x := range v {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
	}
	const bins = 4096
	scale := bins / (high - low)
	if !(scale > 0) || math.IsInf(scale, 0) || len(v) < 256 {
		sorted := slices.Clone(v)
		slices.Sort(sorted)
		return func(k int) float64 { return sorted[k] }
	}
	bin := func(x float64) int {
		return min(int((x-low)*scale), bins-1)
	}
	var counts [bins]int32
	for _, x := range v {
		counts[bin(x)]++
	}
	var start [bins + 1]int32
	for k := range bins {
		start[k+1] = start[k] + counts[k]
	}
	var wanted [bins]bool
	var members [bins][]float64
	ask(func(rank int) {
		k, _ := slices.BinarySearch(start[1:], int32(rank+1))
		wanted[k] = true
	})
	for k := range wanted {
		if wanted[k] {
			members[k] = make([]float64, 0, counts[k])
		}
	}
	for _, x := range v {
		if k := bin(x); wanted[k] {
			members[k] = append(members[k], x)
		}
	}
	for k := range wanted {
		slices.Sort(members[k])
	}
	return func(rank int) float64 {
		k, _ := slices.BinarySearch(start[1:], int32(rank+1))
		return members[k][int32(rank)-start[k]]
	}
}
