package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Measure is what a tornado is told in.
type Measure uint8

// The measures.
const (
	InMonths Measure = iota // the median break-even
	InMoney                 // the median NPV
)

// Tornado shows how far each assumption alone, at its P10 and at its P90, moves the result from its middle.
type Tornado struct {
	Result *result.Result
	Bars   []decide.Bar
	In     Measure
	Rows   int // at most so many bars, 10 where 0
}

// swing is one row: the two values of the figure, ordered, and their labels; an open end lies beyond the horizon.
type swing struct {
	bar          decide.Bar
	lo, hi       float64
	openHi       bool
	textLo, text string // at lo and at hi
}

// Scene draws the chart.
func (t Tornado) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	months := t.In == InMonths
	s.Title = l.Text(map[bool]string{true: "chart.tornado.title_months", false: "chart.tornado.title_money"}[months], nil)
	if t.Result == nil {
		return s.blank(l, size)
	}
	middle, open := t.middle()
	all := t.swings(l, middle, open)
	limit := t.Rows
	if limit <= 0 {
		limit = 10
	}
	shown := all[:min(limit, len(all))]
	if len(shown) == 0 {
		return s.blank(l, size)
	}
	s.Caption = l.Text(map[bool]string{true: "chart.tornado.caption_months", false: "chart.tornado.caption_money"}[months], nil)

	// Names left, or above the bar where the picture is narrow.
	above := size.narrow()
	row, bar, nameRoom := 32.0, 18.0, 0.0
	if above {
		row, bar = 44, 15
	} else {
		for _, w := range shown {
			nameRoom = math.Max(nameRoom, Label.width(w.bar.Label))
		}
		nameRoom = math.Min(nameRoom, s.W*0.34) + 16
	}
	const head = 24.0
	s.H = size.height(head+row*float64(len(shown))+6, head+28*float64(len(shown))+6)
	row = (s.H - head - 6) / float64(len(shown))

	e := extent{0, 0}
	roomLo, roomHi := 0.0, 0.0 // of the labels at the ends of the bars
	for _, w := range shown {
		e.take(w.lo-middle, w.hi-middle)
	}
	if e.lo == e.hi {
		e.hi = 1
	}
	for _, w := range shown {
		if w.lo < middle {
			roomLo = math.Max(roomLo, Value.width(w.textLo)+8)
		}
		switch {
		case w.openHi: // with its arrow
			roomHi = math.Max(roomHi, Value.width(w.text)+22)
		case w.hi > middle:
			roomHi = math.Max(roomHi, Value.width(w.text)+8)
		}
	}
	x := span{e.lo, e.hi, nameRoom + roomLo + 2, s.W - roomHi - 2}
	zero := x.at(0)
	s.Plot = Box{nameRoom, head, s.W, s.H - 4}

	t.head(s, l, middle, open, zero)
	s.add(Line{Zero, zero, head - 2, zero, s.H - 4})
	for i, w := range shown {
		y := head + row*(float64(i)+0.5)
		by := y - bar/2
		if above {
			by = y - bar/2 + 8
			name := Text{Label, 0, by - 6, Start, fit(w.bar.Label, Label, s.W)}
			if b := name.Box(); zero < b.X1 { // it crosses the middle line; paper keeps it legible
				s.add(Rect{Role: PaperArea, X: b.X0, Y: b.Y0, W: math.Min(b.X1-b.X0+4, s.W), H: b.Y1 - b.Y0})
			}
			s.add(name)
		} else {
			s.rowName(w.bar.Label, nameRoom-16, y, row)
		}
		t.bar(s, l, w, x, middle, months, by, bar)
	}
	t.words(s, l, shown, all, months, row, head)
	return s
}

// middle is the median that the bars start from; open where the median break-even lies beyond the horizon, which then is
// the middle.
func (t Tornado) middle() (v float64, open bool) {
	if t.In == InMoney {
		if p := t.Result.Simulation.NPV.P50; p != nil && finite(*p) {
			return *p, false
		}
		return t.Result.Plan.NPV, false
	}
	if p := t.Result.Simulation.BreakEven.P50; p != nil && finite(*p) {
		return *p, false
	}
	return float64(t.Result.Case.HorizonMonths), true
}

// swings are the bars that move the figure, widest first.
func (t Tornado) swings(l *locale.Locale, middle float64, open bool) []swing {
	horizon := float64(t.Result.Case.HorizonMonths)
	least := 0.05 // less is shown as 0
	if t.In == InMoney {
		least = 0.5
	}
	var list []swing
	for _, b := range t.Bars {
		f := b.NPV
		if t.In == InMonths {
			f = b.BreakEven
		}
		if t.In == InMoney && (f.Low == nil || f.High == nil) {
			continue
		}
		w := swing{bar: b}
		ends := []float64{}
		for _, p := range []*float64{f.Low, f.High} {
			if p == nil || !finite(*p) {
				w.openHi = true
				ends = append(ends, math.Max(horizon, middle))
				continue
			}
			ends = append(ends, *p)
		}
		w.lo, w.hi = slices.Min(ends), slices.Max(ends)
		if open && w.lo >= middle-least { // no end comes within the horizon
			continue
		}
		if !w.openHi && math.Abs(w.lo-middle) < least && math.Abs(w.hi-middle) < least {
			continue
		}
		w.textLo, w.text = t.write(l, w.lo, middle, open), t.write(l, w.hi, middle, open)
		if w.openHi {
			w.text = l.Text("chart.tornado.open", diag.Args{"horizon": int(horizon)})
		}
		list = append(list, w)
	}
	slices.SortStableFunc(list, func(a, b swing) int {
		if a.openHi != b.openHi && !open {
			return map[bool]int{true: -1, false: 1}[a.openHi]
		}
		return cmp.Compare(b.hi/2-b.lo/2, a.hi/2-a.lo/2)
	})
	return list
}

// write is the label of an end: the difference from the middle, or the month itself where there is no middle.
func (t Tornado) write(l *locale.Locale, v, middle float64, open bool) string {
	switch {
	case t.In == InMoney:
		return l.Signed(v-middle, l.MoneyShort(v-middle, t.Result.Case.Currency))
	case open:
		return tickMonth(l, reached(v))
	}
	return l.Change(v-middle, 1)
}

// head names the middle and the two sides.
func (t Tornado) head(s *Scene, l *locale.Locale, middle float64, open bool, zero float64) {
	months := t.In == InMonths
	key := "chart.tornado.middle_money"
	args := diag.Args{}
	switch {
	case !months:
		args["npv"] = l.MoneyShort(middle, t.Result.Case.Currency)
	case open:
		key, args["horizon"] = "chart.tornado.middle_open", t.Result.Case.HorizonMonths
	default:
		key, args["month"] = "chart.tornado.middle_months", reached(middle)
	}
	text := l.Text(key, args)
	w := Value.width(text)
	at := math.Max(w/2, math.Min(s.W-w/2, zero))
	s.add(Text{Value, at, 12, Middle, text})
	lo, hi := "chart.tornado.less", "chart.tornado.more"
	if months {
		lo, hi = "chart.tornado.earlier", "chart.tornado.later"
	}
	s.place(nil, Text{Small, at - w/2 - 14, 12, End, "← " + l.Text(lo, nil)})
	if !open {
		s.place(nil, Text{Small, at + w/2 + 14, 12, Start, l.Text(hi, nil) + " →"})
	}
}

// bar draws a row. Where both ends lie on one side of the middle, the part that they share is pale.
func (t Tornado) bar(s *Scene, l *locale.Locale, w swing, x span, middle float64, months bool, y, h float64) {
	zero := x.at(0)
	lo, hi := x.at(w.lo-middle), x.at(w.hi-middle)
	left, right := BarGood, BarBad
	leftPale, rightPale := BarGoodPale, BarBadPale
	if !months {
		left, right, leftPale, rightPale = BarBad, BarGood, BarBadPale, BarGoodPale
	}
	const gap = 1.5 // beside the middle line
	tip := t.tip(l, w, months)
	g := Group{Class: "c-row", Label: tip}
	piece := func(r Role, a, b float64) {
		if b-a > 0.3 {
			g.Shapes = append(g.Shapes, Rect{Role: r, X: a, Y: y, W: b - a, H: h, R: 2.5, Tip: tip})
		}
	}
	mid := y + h/2 + 4.3
	switch {
	case lo >= zero+gap && !w.openHi: // both above
		piece(rightPale, zero+gap, lo)
		piece(right, lo, hi)
	case hi <= zero-gap && !w.openHi:
		piece(leftPale, hi, zero-gap)
		piece(left, lo, hi)
	default:
		piece(left, lo, zero-gap)
		if w.openHi {
			// An arrow: the end lies beyond the picture.
			tipX := math.Max(hi, zero+gap+4)
			g.Shapes = append(g.Shapes, Path{Role: right, Closed: true, Tip: tip, Points: []XY{{zero + gap, y}, {tipX, y}, {tipX + 9, y + h/2}, {tipX, y + h}, {zero + gap, y + h}}})
		} else {
			piece(right, zero+gap, hi)
		}
	}
	if w.lo < middle && w.textLo != "" && w.textLo != "0" {
		g.Shapes = append(g.Shapes, Text{Value, math.Min(lo, zero) - 6, mid, End, w.textLo})
	}
	switch {
	case w.openHi:
		g.Shapes = append(g.Shapes, Text{Value, math.Max(hi, zero+gap+4) + 14, mid, Start, w.text})
	case w.hi > middle && w.text != "0":
		g.Shapes = append(g.Shapes, Text{Value, math.Max(hi, zero) + 6, mid, Start, w.text})
	}
	s.add(g)
}

// tip tells a row: what the assumption is at either end, and what the figure is then.
func (t Tornado) tip(l *locale.Locale, w swing, months bool) string {
	f := w.bar.NPV
	if months {
		f = w.bar.BreakEven
	}
	figure := func(p *float64) string {
		switch {
		case p == nil:
			return l.Text("chart.tornado.open", diag.Args{"horizon": t.Result.Case.HorizonMonths})
		case months:
			return l.Month(reached(*p))
		}
		return l.MoneyShort(*p, t.Result.Case.Currency)
	}
	return l.Text("chart.tornado.tip", diag.Args{"label": w.bar.Label, "low": l.Quantity(w.bar.P10, w.bar.Unit), "at_low": figure(f.Low),
		"high": l.Quantity(w.bar.P90, w.bar.Unit), "at_high": figure(f.High)})
}

func (t Tornado) words(s *Scene, l *locale.Locale, shown, all []swing, months bool, row, head float64) {
	first := shown[0]
	key := "chart.tornado.desc_money"
	if months {
		key = "chart.tornado.desc_months"
	}
	s.Desc = l.Text(key, diag.Args{"tip": t.tip(l, first, months)})
	if rest := len(t.Bars) - len(shown); rest > 0 {
		s.Desc += " " + l.Text("chart.tornado.rest", diag.Args{"count": rest})
	}
	s.Names = []string{l.Text("chart.tornado.low", nil), l.Text("chart.tornado.high", nil)}
	value := l.Text(map[bool]string{true: "chart.tornado.value_months", false: "chart.tornado.value_money"}[months], nil)
	s.Data.Head = []string{l.Text("chart.tornado.assumption", nil), "P10", value, "P90", value}
	figure := func(p *float64) string {
		switch {
		case p == nil:
			return l.Text("chart.tornado.open", diag.Args{"horizon": t.Result.Case.HorizonMonths})
		case months:
			return l.Number(*p, 1)
		}
		return l.MoneyShort(*p, t.Result.Case.Currency)
	}
	for i, w := range all {
		f := w.bar.NPV
		if months {
			f = w.bar.BreakEven
		}
		low, high := l.Quantity(w.bar.P10, w.bar.Unit), l.Quantity(w.bar.P90, w.bar.Unit)
		s.Data.Rows = append(s.Data.Rows, []string{w.bar.Label, low, figure(f.Low), high, figure(f.High)})
		if i < len(shown) {
			s.Points = append(s.Points, Point{s.Plot.X0, head + row*(float64(i)+0.5), w.bar.Label, []string{low + ": " + figure(f.Low), high + ": " + figure(f.High)}})
		}
	}
}
