package chart

import (
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Figure is which figure a distribution shows.
type Figure uint8

// The figures.
const (
	NPV Figure = iota
	ROI
)

// Distribution is a figure over all draws: a histogram, the cumulative distribution, and the share below zero.
type Distribution struct {
	Values   []float64 // one for each draw, in any order; NaN is left out
	Of       Figure
	Currency string // of an NPV
}

// Scene draws the chart.
func (d Distribution) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = l.Text(map[Figure]string{NPV: "chart.distribution.npv", ROI: "chart.distribution.roi"}[d.Of], nil)
	values := slices.DeleteFunc(slices.Clone(d.Values), func(v float64) bool { return !finite(v) })
	if len(values) == 0 {
		return s.blank(l, size)
	}
	slices.Sort(values)
	s.Caption = l.Text("chart.distribution.caption", diag.Args{"draws": len(values)})
	s.H = size.height(map[bool]float64{false: 300, true: 280}[size.narrow()], 200)
	q := func(p float64) float64 { return quantile(values, p) }
	p10, p50, p90 := q(0.1), q(0.5), q(0.9)
	below := share(values, 0)
	write := func(v float64) string { return l.MoneyShort(v, d.Currency) }
	if d.Of == ROI {
		write = func(v float64) string { return l.Percent(v, 0) }
		if math.Abs(p10) < 0.1 && math.Abs(p90) < 0.1 {
			write = func(v float64) string { return l.Percent(v, 1) }
		}
	}

	// Half a per cent at either end is gathered in the outermost bars, so that one extreme draw does not flatten the rest.
	lo, hi := q(0.005), q(0.995)
	if largest := math.Max(math.Abs(lo), math.Abs(hi)); hi-lo <= 0.02*largest { // less than the labels could tell
		pad := math.Max(largest*0.1, 0.05)
		lo, hi = lo-pad, hi+pad
	}
	want := 32.0
	if size.narrow() {
		want = 20
	}
	width := tickStep((hi - lo) / want)
	first, last := math.Floor(lo/width), math.Ceil(hi/width)
	n := max(1, int(last-first))
	counts := make([]int, n)
	for _, v := range values {
		i := min(max(math.Floor(v/width)-first, 0), float64(n-1))
		counts[int(i)]++
	}
	most := slices.Max(counts)

	left, right, top := 2.0, s.W-Tick.width(l.Percent(1, 0))-12, 60.0
	bottom := s.H - 24
	x := span{first * width, last * width, left, right}
	y := span{0, float64(most), bottom, top}
	s.Plot = Box{left, top, right, bottom}
	for _, p := range []float64{0, 0.5, 1} {
		at := span{0, 1, bottom, top}.at(p)
		if p > 0 {
			s.add(Line{Grid, left, at, right, at})
		}
		s.add(Text{Tick, right + 8, at + 4, Start, l.Percent(p, 0)})
	}
	bars := Group{Class: "c-bars", Label: s.Title}
	for i, c := range counts {
		a, b := (first+float64(i))*width, (first+float64(i)+1)*width
		label := l.Range(write(a), write(b))
		fraction := float64(c) / float64(len(values))
		s.Data.Rows = append(s.Data.Rows, []string{label, l.Probability(fraction), l.Probability(share(values, b))})
		s.Points = append(s.Points, Point{x.at(a/2 + b/2), y.at(float64(c)), label, []string{l.Probability(fraction), l.Probability(share(values, b))}})
		if c == 0 {
			continue
		}
		role := BarGood
		if b <= width*1e-6 {
			role = BarBad
		}
		gap := math.Min(2, (x.at(b)-x.at(a))*0.15)
		height := math.Max(bottom-y.at(float64(c)), 0.75)
		bars.Shapes = append(bars.Shapes, Rect{Role: role, X: x.at(a) + gap/2, Y: bottom - height, W: x.at(b) - x.at(a) - gap, H: height, R: 1.5})
	}
	s.add(bars)
	var cdf []XY
	for i := 0; i <= 60; i++ {
		v := x.lo + (x.hi-x.lo)*float64(i)/60
		cdf = append(cdf, XY{x.at(v), span{0, 1, bottom, top}.at(share(values, v))})
	}
	s.add(Path{Role: Cumulated, Points: straight(cdf)}, Line{Zero, left, bottom, right, bottom})
	if x.lo < 0 && x.hi > 0 {
		s.add(Line{Zero, x.at(0), top, x.at(0), bottom})
	}
	// The middle first: where the three lie together it is the one that counts.
	for _, m := range []struct {
		name string
		v    float64
	}{{l.Text("chart.median", nil), p50}, {"P10", p10}, {"P90", p90}} {
		at := x.at(m.v)
		text := m.name + " " + write(m.v)
		w := Value.width(text)
		var places []Text
		for _, rowY := range []float64{top - 10, top - 26} {
			mid := math.Min(math.Max(at, left+w/2), s.W-w/2)
			places = append(places, Text{Value, mid, rowY, Middle, text})
		}
		s.add(Line{Quantile, at, top - 6, at, bottom})
		s.place(nil, places...)
	}
	sides := []Text{}
	if below > 0 {
		sides = append(sides, Text{Bad, 0, 12, Start, l.Text("chart.distribution.below", diag.Args{"p": below})})
	}
	if below < 1 {
		sides = append(sides, Text{Good, s.W, 12, End, l.Text("chart.distribution.above", diag.Args{"p": 1 - below})})
	}
	for _, t := range sides {
		s.place(nil, t)
	}
	d.axis(s, l, x, bottom, write)

	s.Names = []string{l.Text("chart.distribution.share", nil), l.Text("chart.distribution.cumulated", nil)}
	s.Data.Head = append([]string{s.Title}, s.Names...)
	s.Desc = l.Text("chart.distribution.desc", diag.Args{"name": s.Title, "median": write(p50), "range": l.Range(write(p10), write(p90)), "below": below})
	return s
}

// axis labels round amounts below the bars.
func (d Distribution) axis(s *Scene, l *locale.Locale, x span, bottom float64, write func(float64) string) {
	axis := write
	if d.Of == NPV {
		axis = l.MoneyAxis(math.Max(math.Abs(x.lo), math.Abs(x.hi)), d.Currency)
	}
	for n := 9; n >= 1; n-- {
		values, _ := ticks(x.lo, x.hi, n)
		var list []Text
		end := math.Inf(-1)
		fits := len(values) > 0
		for _, v := range values {
			t := Text{Tick, x.at(v), bottom + 16, Middle, axis(v)}
			b := t.Box()
			if b.X0 < 0 || b.X1 > s.W {
				continue
			}
			fits = fits && b.X0 > end+18
			end = b.X1
			list = append(list, t)
		}
		if fits && len(list) > 0 {
			for _, t := range list {
				s.add(t)
			}
			return
		}
	}
}

// quantile interpolates between order statistics (Hyndman & Fan 1996, type 7).
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(math.Floor(h))
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	w := h - float64(i)
	return float64(sorted[i]*(1-w)) + float64(sorted[i+1]*w)
}

// share is the share of the sorted values below v.
func share(sorted []float64, v float64) float64 {
	i, _ := slices.BinarySearch(sorted, v)
	return float64(i) / float64(len(sorted))
}
