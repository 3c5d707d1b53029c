package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Flows are the benefits, costs and net flows of the plan by month, quarter or year.
type Flows struct {
	Result *result.Result
	// Step is the number of months of a bar, 0 for what fits. Month 0 has a bar of its own: it holds what is paid at the
	// start.
	Step int
}

// period is one bar: months from to to.
type period struct {
	from, to             int
	benefits, costs, net float64
}

func (f Flows) periods(step int) []period {
	all := []period{{}}
	for m, x := range f.Result.Timeline {
		if m > 0 && (m-1)%step == 0 {
			all = append(all, period{from: m})
		}
		p := &all[len(all)-1]
		p.to = m
		p.benefits += x.Benefits
		p.costs += x.Costs
		p.net += x.Net
	}
	return all
}

// Scene draws the chart.
func (f Flows) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = l.Text("chart.flows.title", nil)
	if f.Result == nil || len(f.Result.Timeline) < 2 {
		return s.blank(l, size)
	}
	r := f.Result
	h := len(r.Timeline) - 1
	step := f.Step
	if step <= 0 {
		for _, step = range []int{1, 3, 6, 12, 24, 60, 120} {
			if (s.W-80)/(float64(h)/float64(step)+1) >= 13 {
				break
			}
		}
	}
	s.Caption = l.Text("chart.flows.caption", diag.Args{"step": l.Months(step)})
	if step == 1 {
		s.Caption = l.Text("chart.flows.caption_month", nil)
	}
	s.H = size.height(map[bool]float64{false: 320, true: 290}[size.narrow()], 220)
	periods := f.periods(step)
	e := extent{}
	for _, p := range periods {
		e.take(p.benefits, -p.costs, p.net)
	}
	e = e.padded()
	top := s.legend([]entry{{l.Text("result.benefits", nil), areaSign(BarGood)}, {l.Text("result.costs", nil), areaSign(BarBad)},
		{l.Text("chart.flows.net", nil), lineSign(Net)}}, 0, 0, s.W) + 12
	money := func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	g := ground(s, l, size, e, top, l.MoneyAxis(math.Max(math.Abs(e.lo), math.Abs(e.hi)), r.Case.Currency), h, r.Case.Start, 0)
	// The bar of month 0 lies left of the start, as wide as the others; a label stands below the middle of its bar.
	x := span{-float64(step), float64(h), g.left, g.right}
	half := float64(step) / 2
	g.axis.x = span{0, float64(h), x.at(-half), x.at(float64(h) - half)}
	g.axis.unit = step

	one := x.at(float64(step)) - x.at(0)
	wide := math.Min(26, one*0.72)
	var net []XY
	var dots []Shape
	bars := Group{Class: "c-flows", Label: s.Title}
	places := make([]float64, len(periods))
	for i, p := range periods {
		cx := x.at(float64(p.to) - half)
		if p.to > 0 && p.to-p.from+1 < step { // a last one cut short
			cx = x.at(float64(p.from-1)/2 + float64(p.to)/2)
		}
		places[i] = cx
		w := math.Min(wide, math.Max(2, wide*float64(p.to-p.from+1)/float64(step)))
		if p.to == 0 {
			w = wide
		}
		if p.benefits != 0 {
			a, b := g.y.at(math.Max(p.benefits, 0)), g.y.at(math.Min(p.benefits, 0))
			bars.Shapes = append(bars.Shapes, Rect{Role: BarGood, X: cx - w/2, Y: a, W: w, H: b - a, R: 2})
		}
		if p.costs != 0 {
			a, b := g.y.at(math.Max(-p.costs, 0)), g.y.at(math.Min(-p.costs, 0))
			bars.Shapes = append(bars.Shapes, Rect{Role: BarBad, X: cx - w/2, Y: a, W: w, H: b - a, R: 2})
		}
		net = append(net, XY{cx, g.y.at(p.net)})
		if one >= 16 {
			dots = append(dots, Circle{Role: NetDot, X: cx, Y: g.y.at(p.net), R: 3})
		}
	}
	s.add(bars, Line{Zero, g.left, g.y.at(0), g.right, g.y.at(0)}, Path{Role: Net, Points: net})
	s.add(dots...)
	g.months(s)

	s.Names = []string{l.Text("result.benefits", nil), l.Text("result.costs", nil), l.Text("chart.flows.net", nil)}
	largest := math.Max(math.Abs(e.lo), math.Abs(e.hi))
	unit := l.MoneyUnit(largest, r.Case.Currency)
	s.Data.Head = []string{l.Text("chart.period", nil)}
	for _, n := range s.Names {
		s.Data.Head = append(s.Data.Head, n+" ("+unit.Label+")")
	}
	turn := -1
	for i, p := range periods {
		label := g.axis.full(p.to)
		if p.to > p.from {
			label = l.Text("chart.flows.period", diag.Args{"from": p.from, "to": p.to})
		}
		s.Data.Rows = append(s.Data.Rows, []string{label, unit.Number(p.benefits), unit.Number(p.costs), unit.Number(p.net)})
		s.Points = append(s.Points, Point{places[i], g.y.at(p.net), label, []string{money(p.benefits), money(p.costs), money(p.net)}})
		if p.net < 0 {
			turn = -1
		} else if turn < 0 {
			turn = p.from
		}
	}
	s.Desc = l.Text("chart.flows.desc", diag.Args{"horizon": h, "benefits": money(r.Plan.Benefits), "costs": money(r.Plan.Costs), "net": money(r.Plan.Benefits - r.Plan.Costs)})
	switch {
	case turn > 0:
		s.Desc += " " + l.Text("chart.flows.turn", diag.Args{"month": turn})
	case turn < 0:
		s.Desc += " " + l.Text("chart.flows.no_turn", nil)
	}
	return s
}
