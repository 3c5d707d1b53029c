package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Waterfall goes from the benefits over the costs and discounting to the net present value of the plan. It is told in
// amounts of the plan because these add up exactly; medians of ranges do not.
type Waterfall struct {
	Result *result.Result
	// ByLine shows every line instead of the kinds of benefit and cost.
	ByLine bool
	// Rows is the largest number of benefits and of costs, 6 where 0; the rest is summed up.
	Rows int
}

type stair struct {
	label    string
	from, to float64
	total    bool
}

func (w Waterfall) stairs(l *locale.Locale) []stair {
	r := w.Result
	rows := w.Rows
	if rows <= 0 {
		rows = 6
	}
	var list []stair
	sum := 0.0
	for _, group := range []string{"benefits", "costs"} {
		type part struct {
			label string
			v     float64
		}
		var parts []part
		index := map[string]int{}
		for _, line := range r.Lines {
			if line.Group != group {
				continue
			}
			key, label := line.ID, line.Label
			if !w.ByLine {
				key, label = line.Kind, line.Kind
				if k := "result.kind." + line.Kind; l.Has(k) {
					label = l.Text(k, nil)
				}
			}
			if strings.TrimSpace(label) == "" {
				label = line.ID
			}
			i, ok := index[key]
			if !ok {
				i = len(parts)
				index[key] = i
				parts = append(parts, part{label: label})
			}
			parts[i].v += line.Plan
		}
		if !w.ByLine && group == "costs" {
			for i := range parts {
				if len(parts) == 1 {
					parts[i].label = l.Text("result.costs", nil)
				} else {
					parts[i].label = l.Text("chart.waterfall.costs", diag.Args{"kind": parts[i].label})
				}
			}
		}
		slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(math.Abs(b.v), math.Abs(a.v)) })
		if len(parts) > rows {
			rest := part{label: l.Text("chart.waterfall.rest", diag.Args{"count": len(parts) - rows + 1})}
			for _, p := range parts[rows-1:] {
				rest.v += p.v
			}
			parts = append(parts[:rows-1], rest)
		}
		sign := 1.0
		if group == "costs" {
			sign = -1
		}
		for _, p := range parts {
			if p.v == 0 || !finite(p.v) {
				continue
			}
			list = append(list, stair{label: p.label, from: sum, to: sum + sign*p.v})
			sum += sign * p.v
		}
	}
	net := r.Plan.Benefits - r.Plan.Costs
	if math.Abs(net-sum) > 0.5+1e-9*(math.Abs(r.Plan.Benefits)+math.Abs(r.Plan.Costs)) {
		list = append(list, stair{label: l.Text("chart.waterfall.other", nil), from: sum, to: net})
	}
	list = append(list, stair{label: l.Text("chart.waterfall.net", nil), to: net, total: true})
	if r.Plan.NPV != net {
		list = append(list, stair{label: l.Text("chart.waterfall.discount", nil), from: net, to: r.Plan.NPV},
			stair{label: l.Text("chart.waterfall.npv", nil), to: r.Plan.NPV, total: true})
	}
	return list
}

// Scene draws the chart.
func (w Waterfall) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = l.Text("chart.waterfall.title", nil)
	if w.Result == nil || len(w.Result.Timeline) < 1 {
		return s.blank(l, size)
	}
	r := w.Result
	s.Caption = l.Text("chart.waterfall.caption", diag.Args{"horizon": l.Horizon(r.Case.HorizonMonths)})
	stairs := w.stairs(l)
	money := func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	text := func(t stair) string {
		if t.total {
			return money(t.to)
		}
		return l.Signed(t.to-t.from, money(t.to-t.from))
	}
	above := size.narrow()
	row, bar, nameRoom, room := 32.0, 18.0, 0.0, 0.0
	e := extent{}
	for _, t := range stairs {
		nameRoom = math.Max(nameRoom, Label.width(t.label))
		room = math.Max(room, Value.width(text(t))+8)
		e.take(t.from, t.to)
	}
	nameRoom = math.Min(nameRoom, s.W*0.34) + 16
	if above {
		row, bar, nameRoom = 44, 15, 0
	}
	if e.lo == e.hi {
		e.hi = 1
	}
	s.H = size.height(row*float64(len(stairs))+8, (bar+8)*float64(len(stairs))+8)
	row = (s.H - 8) / float64(len(stairs))
	x := span{e.lo, e.hi, nameRoom + room + 2, s.W - room - 2}
	if e.lo == 0 {
		x.a = nameRoom + 2
		for _, t := range stairs { // an amount that goes down near zero still needs room at its left
			if t.to < t.from {
				need := Value.width(text(t)) + 10
				if at := x.at(t.to); at-need < nameRoom {
					x.a = math.Min(nameRoom+room+2, x.a+nameRoom-(at-need))
				}
			}
		}
	}
	zero := x.at(0)
	s.Plot = Box{nameRoom, 0, s.W, s.H}
	for i, t := range stairs {
		y := row * (float64(i) + 0.5)
		by := y - bar/2
		if above {
			by += 8
			s.add(Text{Label, 0, by - 6, Start, fit(t.label, Label, s.W)})
		} else {
			s.rowName(t.label, nameRoom-16, y, row)
		}
		lo, hi := x.at(math.Min(t.from, t.to)), x.at(math.Max(t.from, t.to))
		role := BarGood
		switch {
		case t.total && t.to >= 0:
			role = BarTotal
		case t.to < t.from || t.total:
			role = BarBad
		}
		tip := t.label + ": " + text(t)
		s.add(Rect{Role: role, X: lo, Y: by, W: math.Max(hi-lo, 1), H: bar, R: 2.5, Tip: tip})
		if i+1 < len(stairs) && !above { // names stand between the bars where the picture is narrow
			s.add(Line{Link, x.at(t.to), by + bar, x.at(t.to), by + row})
		}
		if t.to < t.from || t.total && t.to < 0 {
			s.add(Text{Value, lo - 6, by + bar/2 + 4.3, End, text(t)})
		} else {
			s.add(Text{Value, hi + 6, by + bar/2 + 4.3, Start, text(t)})
		}
		s.Points = append(s.Points, Point{(lo + hi) / 2, by + bar/2, t.label, []string{text(t)}})
		s.Data.Rows = append(s.Data.Rows, []string{t.label, l.Money(t.to-t.from, r.Case.Currency, 0)}) // whole: it adds up
	}
	if !above {
		s.Shapes = append([]Shape{Line{Grid, zero, 0, zero, s.H}}, s.Shapes...)
	}
	s.Names = []string{l.Text("chart.amount", nil)}
	s.Data.Head = []string{l.Text("chart.waterfall.item", nil), l.Text("chart.amount", nil)}
	s.Desc = l.Text("chart.waterfall.desc", diag.Args{"benefits": money(r.Plan.Benefits), "costs": money(r.Plan.Costs), "net": money(r.Plan.Benefits - r.Plan.Costs), "npv": money(r.Plan.NPV)})
	return s
}
