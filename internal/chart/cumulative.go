package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Cumulative is the cumulative net benefit by month with its bands, and below it when break-even comes.
type Cumulative struct {
	Result *result.Result
	// Other is compared by its median, as a dashed line: another scenario, or the sealed baseline. May be nil.
	Other      *result.Result
	OtherLabel string
	// Bare leaves out the points and the table, which take most of the time: for a picture that is soon drawn again.
	Bare bool
	// Measured are cumulative amounts that have been measured, drawn as points.
	Measured []Reading
}

// Reading is a measured value in a month of the case.
type Reading struct {
	Month int
	Value float64
}

const monthsZone = 48 // height of the break-even distribution

// Scene draws the chart; it is empty where the result has no two months.
func (c Cumulative) Scene(l *locale.Locale, size Size) *Scene {
	r := c.Result
	s := newScene(l, size.width(), 0)
	s.Title = l.Text("chart.cumulative.title", nil)
	if r == nil || len(r.Timeline) < 2 {
		return s.blank(l, size)
	}
	s.H = size.height(map[bool]float64{false: 396, true: 344}[size.narrow()], 260)
	h := len(r.Timeline) - 1
	money := func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	axis := months{l: l, start: r.Case.Start, horizon: h, left: 0, right: s.W, narrow: size.narrow()}
	band := func(q func(result.Band) float64) func(int) float64 {
		return func(m int) float64 { return q(r.Timeline[m].Cumulative) }
	}
	p10, p25 := band(func(b result.Band) float64 { return b.P10 }), band(func(b result.Band) float64 { return b.P25 })
	p75, p90 := band(func(b result.Band) float64 { return b.P75 }), band(func(b result.Band) float64 { return b.P90 })
	p50 := band(func(b result.Band) float64 { return b.P50 })

	e := extent{}
	for m := range h + 1 {
		e.take(p10(m), p50(m), p90(m))
	}
	var other []result.Month
	if c.Other != nil {
		other = c.Other.Timeline[:min(len(c.Other.Timeline), h+1)]
		for _, m := range other {
			e.take(m.Cumulative.P50)
		}
	}
	var measured []Reading
	for _, x := range c.Measured {
		if x.Month >= 0 && x.Month <= h && finite(x.Value) {
			measured = append(measured, x)
			e.take(x.Value)
		}
	}
	if e.lo == e.hi {
		e.hi = e.lo + 1
	}
	pad := e.hi/40 - e.lo/40
	if e.lo < 0 {
		e.lo -= pad
	}
	e.hi += pad

	top := s.legend(c.entries(l, len(measured) > 0), 0, 0, s.W) + 12
	distribution := hasShare(r.BreakEvenShare)
	bottom := s.H - axis.height()
	base := bottom - 4
	plotBottom := bottom - 8
	note := r.Simulation.BreakEven.NotWithinHorizon > 0
	if distribution {
		plotBottom -= monthsZone
	}
	if distribution || note {
		plotBottom -= 22
	}
	y := span{e.lo, e.hi, plotBottom, top}
	vertical := verticals(e, plotBottom-top, s.W*0.4, l.MoneyAxis(math.Max(math.Abs(e.lo), math.Abs(e.hi)), r.Case.Currency))
	left := vertical.width + 12
	right := s.W - c.endRoom(l, size, h) - 1
	axis.x = span{0, float64(h), left, right}
	if distribution && len(r.BreakEvenShare) > 0 && r.BreakEvenShare[0] > 0 {
		axis.x.a += 8 // room for what has paid back at the start
	}
	x := axis.x
	s.Plot = Box{x.a, top, right, plotBottom}

	vertical.draw(s, y, left, right)
	s.add(Path{Role: Band80, Points: between(h+1, x, y, p10, p90), Closed: true},
		Path{Role: Band50, Points: between(h+1, x, y, p25, p75), Closed: true},
		Line{Zero, left, y.at(0), right, y.at(0)})
	if len(other) > 1 {
		s.add(Path{Role: Other, Points: curve(len(other), x, y, func(m int) float64 { return other[m].Cumulative.P50 })})
	}
	s.add(Path{Role: Median, Points: curve(h+1, x, y, p50)})
	for _, v := range measured {
		s.add(Circle{Role: Measured, X: x.at(float64(v.Month)), Y: y.at(v.Value), R: 3.5, Tip: axis.full(v.Month) + ": " + money(v.Value)})
	}
	if !size.narrow() {
		c.ends(s, l, x, y, h, top, plotBottom)
	}
	if distribution {
		c.distribution(s, l, axis, base)
	}
	c.marks(s, l, axis, y, left, base, plotBottom, distribution)
	axis.draw(s, bottom)
	c.words(s, l, axis, money)
	if !c.Bare {
		c.numbers(s, l, axis, y, money)
	}
	return s
}

// hasShare reports whether enough draws break even to be seen in a picture: half a per cent.
func hasShare(share []float64) bool {
	sum := 0.0
	for _, v := range share {
		if v > 0 && finite(v) {
			sum += v
		}
	}
	return sum >= 0.005
}

func (c Cumulative) entries(l *locale.Locale, measured bool) []entry {
	list := []entry{
		{l.Text("chart.median", nil), lineSign(Median)},
		{l.Text("chart.band50", nil), areaSign(Band50)},
		{l.Text("chart.band80", nil), areaSign(Band80)},
	}
	if c.Other != nil {
		list = append(list, entry{c.otherLabel(l), lineSign(Other)})
	}
	if measured {
		list = append(list, entry{l.Text("chart.measured", nil), dotSign(Measured)})
	}
	return list
}

func (c Cumulative) otherLabel(l *locale.Locale) string {
	if c.OtherLabel != "" {
		return c.OtherLabel
	}
	return l.Text("chart.other", nil)
}

// endRoom is the room that the amounts at the horizon need at the right.
func (c Cumulative) endRoom(l *locale.Locale, size Size, h int) float64 {
	if size.narrow() {
		return 8
	}
	w := 0.0
	b := c.Result.Timeline[h].Cumulative
	for _, v := range []float64{b.P10, b.P90} {
		w = math.Max(w, Tick.width(l.MoneyShort(v, c.Result.Case.Currency)))
	}
	return math.Max(w, Value.width(l.MoneyShort(b.P50, c.Result.Case.Currency))) + 10
}

// ends writes the amounts at the horizon beside the ends of the bands, kept apart.
func (c Cumulative) ends(s *Scene, l *locale.Locale, x, y span, h int, top, bottom float64) {
	b := c.Result.Timeline[h].Cumulative
	at := x.at(float64(h)) + 8
	texts := []Text{}
	for i, v := range []float64{b.P90, b.P50, b.P10} {
		if !finite(v) {
			return
		}
		role := Tick
		if i == 1 {
			role = Value
		}
		texts = append(texts, Text{role, at, y.at(v) + 4, Start, l.MoneyShort(v, c.Result.Case.Currency)})
	}
	if texts[0].Text == texts[1].Text && texts[1].Text == texts[2].Text {
		s.place(nil, texts[1])
		return
	}
	const apart = 15
	texts[1].Y = math.Min(math.Max(texts[1].Y, top+4+apart), bottom+4-apart)
	texts[0].Y = math.Min(texts[0].Y, texts[1].Y-apart)
	texts[2].Y = math.Max(texts[2].Y, texts[1].Y+apart)
	for _, t := range texts {
		s.place(nil, t)
	}
}

// distribution draws the share of the draws that break even in each month; where months are narrower than three px several
// share a bar.
func (c Cumulative) distribution(s *Scene, l *locale.Locale, axis months, base float64) {
	r, x := c.Result, axis.x
	be := r.Simulation.BreakEven
	share := r.BreakEvenShare[:min(len(r.BreakEvenShare), axis.horizon+1)]
	one := (x.b - x.a) / float64(axis.horizon)
	group := max(1, int(math.Ceil(3/one)))
	type bar struct {
		from, to int // months
		share    float64
	}
	var bars []bar
	highest := 0.25 / float64(axis.horizon) // a few draws are no mountain
	add := func(from, to int) {
		b := bar{from: from, to: to}
		for m := from; m <= to; m++ {
			if share[m] > 0 && finite(share[m]) {
				b.share += share[m]
			}
		}
		highest = math.Max(highest, b.share/float64(to-from+1))
		bars = append(bars, b)
	}
	add(0, 0)
	for m := 1; m < len(share); m += group {
		add(m, min(m+group-1, len(share)-1))
	}
	g := Group{Class: "c-months", Label: l.Text("chart.cumulative.distribution", nil)}
	for _, b := range bars {
		if b.share == 0 {
			continue
		}
		height := math.Max(b.share/float64(b.to-b.from+1)/highest*monthsZone, 0.75)
		x0, x1 := x.at(float64(b.from-1)), x.at(float64(b.to))
		if b.to == 0 { // paid back at the start: no month before it
			x0, x1 = x.a-8, x.a
		}
		gap := math.Min(3, (x1-x0)*0.2)
		wide := math.Min(x1-x0-gap, 26)
		role := Month
		if be.P10 != nil && b.to >= reached(*be.P10) && (be.P90 == nil || b.from <= reached(*be.P90)) {
			role = MonthLikely
		}
		if be.P50 != nil && b.from <= reached(*be.P50) && reached(*be.P50) <= b.to {
			role = MonthMedian
		}
		tip := "" // a bar of one month is told by the point of that month
		if b.to > b.from {
			tip = l.Range(l.Month(b.from), l.Month(b.to)) + ": " + l.Probability(b.share)
		}
		g.Shapes = append(g.Shapes, Rect{Role: role, X: (x0+x1)/2 - wide/2, Y: base - height, W: wide, H: height, R: math.Min(2, wide/4), Tip: tip})
	}
	s.add(g)
}

// marks draws the median break-even and says which share does not get there.
func (c Cumulative) marks(s *Scene, l *locale.Locale, axis months, y span, left, base, plotBottom float64, distribution bool) {
	be := c.Result.Simulation.BreakEven
	noteY := plotBottom + 15
	var clear []Box
	if be.P50 != nil && finite(*be.P50) && *be.P50 <= float64(axis.horizon) {
		mx, my := axis.x.at(math.Max(0, *be.P50)), y.at(0)
		if distribution {
			s.add(Line{Drop, mx, my, mx, base - monthsZone - 2})
		}
		s.add(Circle{Role: Marker, X: mx, Y: my, R: 5.5})
		line := Box{mx - 1, my, mx + 1, base}
		dot := Box{mx - 6, my - 6, mx + 6, my + 6}
		clear = append(clear, line, dot)
		m := reached(*be.P50)
		label := l.Text("result.curve.break_even_start", nil)
		if m > 0 {
			label = l.Text("result.curve.break_even", diag.Args{"month": m})
		}
		texts := []string{label}
		if name := l.MonthShort(axis.start, m); name != "" {
			texts = []string{label + " · " + name, label}
		}
		var places []Text
		for _, t := range texts {
			for _, at := range []struct {
				x, y   float64
				anchor Anchor
			}{{mx + 9, my + 19, Start}, {mx - 9, my - 10, End}, {mx - 9, my + 19, End}, {mx + 9, my - 10, Start}, {mx + 9, noteY, Start}, {mx - 9, noteY, End}} {
				// Not among the labels of the axis, not below the plot where the share stands.
				if p := (Text{Note, at.x, at.y, at.anchor, t}); p.Box().X0 >= left && p.Box().X1 <= axis.x.b+8 {
					places = append(places, p)
				}
			}
		}
		s.place(clear, places...)
	}
	if p := be.NotWithinHorizon; p > 0 {
		text := l.Text("result.not_within", diag.Args{"p": p, "horizon": axis.horizon})
		text = fit(text, Note, s.W-left)
		right := Text{Note, math.Max(axis.x.b, left+Note.width(text)), noteY, End, text}
		// Rather at the left than across the line of the median.
		if s.place(clear, right, Text{Note, left, noteY, Start, text}) {
			return
		}
		s.place(nil, right, Text{Note, left, noteY, Start, text}, Text{Note, axis.x.b, plotBottom - 4, End, text})
	}
}

// words fills in what the picture says without being looked at.
func (c Cumulative) words(s *Scene, l *locale.Locale, axis months, money func(float64) string) {
	r := c.Result
	h := axis.horizon
	s.Caption = l.Text("chart.cumulative.caption", diag.Args{"draws": r.Draws})
	be := r.Simulation.BreakEven
	args := diag.Args{"horizon": h, "never": be.NotWithinHorizon}
	switch {
	case be.P50 == nil && be.NotWithinHorizon >= 1:
		s.Desc = l.Text("chart.cumulative.never", args)
	case be.P50 == nil:
		s.Desc = l.Text("chart.cumulative.rarely", args)
	case reached(*be.P50) == 0:
		s.Desc = l.Text("chart.cumulative.at_start", args)
	default:
		m := reached(*be.P50)
		args["month"], args["date"] = m, l.MonthName(axis.start, m)
		s.Desc = l.Text("chart.cumulative.paid", args)
		switch {
		case be.P10 != nil && be.P90 != nil && reached(*be.P10) != reached(*be.P90):
			s.Desc += " " + l.Text("chart.cumulative.range", diag.Args{"low": reached(*be.P10), "high": reached(*be.P90)})
		case be.P90 == nil:
			s.Desc += " " + l.Text("chart.cumulative.not_within", args)
		}
	}
	end := r.Timeline[h].Cumulative
	s.Desc += " " + l.Text("chart.cumulative.end", diag.Args{"horizon": h, "median": money(end.P50), "range": l.Range(money(end.P10), money(end.P90))})
	if c.Other != nil && len(c.Other.Timeline) > 0 {
		last := c.Other.Timeline[min(h, len(c.Other.Timeline)-1)]
		s.Desc += " " + l.Text("chart.cumulative.other", diag.Args{"label": c.otherLabel(l), "month": last.Month, "median": money(last.Cumulative.P50)})
	}
}

// numbers are the points that a pointer finds, and the table.
func (c Cumulative) numbers(s *Scene, l *locale.Locale, axis months, y span, money func(float64) string) {
	r, h := c.Result, axis.horizon
	largest := 0.0
	for _, m := range r.Timeline {
		for _, v := range []float64{m.Cumulative.P10, m.Cumulative.P90} {
			if finite(v) {
				largest = math.Max(largest, math.Abs(v))
			}
		}
	}
	unit := l.MoneyUnit(largest, r.Case.Currency)
	measured := map[int]string{}
	measuredUnit := map[int]string{}
	for _, v := range c.Measured {
		measured[v.Month], measuredUnit[v.Month] = money(v.Value), unit.Number(v.Value)
	}
	s.Data.Head = []string{l.Text("chart.month", nil), "P10 (" + unit.Label + ")", "P25 (" + unit.Label + ")", l.Text("chart.median", nil) + " (" + unit.Label + ")",
		"P75 (" + unit.Label + ")", "P90 (" + unit.Label + ")", l.Text("chart.cumulative.share", nil)}
	s.Names = []string{l.Text("chart.median", nil), l.Text("chart.band50", nil), l.Text("chart.band80", nil), l.Text("chart.cumulative.share", nil)}
	if c.Other != nil {
		s.Names = append(s.Names, c.otherLabel(l))
		s.Data.Head = append(s.Data.Head, c.otherLabel(l)+" ("+unit.Label+")")
	}
	if len(measured) > 0 {
		s.Names = append(s.Names, l.Text("chart.measured", nil))
		s.Data.Head = append(s.Data.Head, l.Text("chart.measured", nil)+" ("+unit.Label+")")
	}
	// A pointer cannot tell more points apart than every few px.
	every := max(1, int(math.Ceil(float64(h)/75)))
	for m := range h + 1 {
		b := r.Timeline[m].Cumulative
		share := ""
		if m < len(r.BreakEvenShare) && r.BreakEvenShare[m] > 0 {
			share = l.Probability(r.BreakEvenShare[m])
		}
		row := []string{axis.full(m), unit.Number(b.P10), unit.Number(b.P25), unit.Number(b.P50), unit.Number(b.P75), unit.Number(b.P90), share}
		values := []string{money(b.P50), l.Range(money(b.P25), money(b.P75)), l.Range(money(b.P10), money(b.P90)), share}
		if c.Other != nil {
			text, number := "", ""
			if m < len(c.Other.Timeline) {
				text, number = money(c.Other.Timeline[m].Cumulative.P50), unit.Number(c.Other.Timeline[m].Cumulative.P50)
			}
			row, values = append(row, number), append(values, text)
		}
		if len(measured) > 0 {
			row, values = append(row, measuredUnit[m]), append(values, measured[m])
		}
		s.Data.Rows = append(s.Data.Rows, row)
		if m%every == 0 || m == h || r.Simulation.BreakEven.P50 != nil && m == reached(*r.Simulation.BreakEven.P50) {
			s.Points = append(s.Points, Point{axis.x.at(float64(m)), y.at(b.P50), axis.full(m), values})
		}
	}
}
