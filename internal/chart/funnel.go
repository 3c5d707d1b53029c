package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Funnel is how many get from stage to stage.
type Funnel struct {
	Title  string // in the reader's language
	Stages []Stage
}

// Stage is one step of a funnel.
type Stage struct {
	Label string
	Count float64
}

// Scene draws the chart.
func (f Funnel) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = f.Title
	most, name := 0.0, 0.0
	for _, x := range f.Stages {
		if finite(x.Count) {
			most = math.Max(most, x.Count)
		}
		name = math.Max(name, Label.width(x.Label))
	}
	if len(f.Stages) == 0 || most <= 0 {
		return s.blank(l, size)
	}
	s.Caption = l.Text("chart.funnel.caption", nil)
	above := size.narrow()
	row, bar := 38.0, 24.0
	name = math.Min(name, s.W*0.34) + 16
	if above {
		row, bar, name = 48, 18, 0
	}
	s.H = row*float64(len(f.Stages)) + 4
	number := func(v float64) string { return l.Number(v, 0) }
	text := func(i int) string {
		x := f.Stages[i]
		if i == 0 || !(f.Stages[i-1].Count > 0) {
			return number(x.Count)
		}
		return number(x.Count) + " · " + l.Percent(x.Count/f.Stages[i-1].Count, 0)
	}
	room := 0.0
	for i := range f.Stages {
		room = math.Max(room, Value.width(text(i))+8)
	}
	width := span{0, most, 0, math.Max(20, s.W-name-room-2)}
	s.Plot = Box{name, 0, s.W, s.H}
	for i, x := range f.Stages {
		y := row*float64(i) + (row-bar)/2
		if above {
			y += 9
			s.add(Text{Label, 0, y - 6, Start, fit(x.Label, Label, s.W)})
		} else {
			s.rowName(x.Label, name-16, y+bar/2, row)
		}
		w := math.Max(width.at(math.Max(0, x.Count)), 1)
		if i+1 < len(f.Stages) && !above {
			next := math.Max(width.at(math.Max(0, f.Stages[i+1].Count)), 1)
			s.add(Path{Role: Band80, Closed: true, Points: []XY{{name, y + bar}, {name + w, y + bar}, {name + next, y + row}, {name, y + row}}})
		}
		s.add(Rect{Role: BarGood, X: name, Y: y, W: w, H: bar, R: 2.5, Tip: x.Label + ": " + text(i)},
			Text{Value, name + w + 8, y + bar/2 + 4.3, Start, text(i)})
		rate := ""
		if i > 0 && f.Stages[i-1].Count > 0 {
			rate = l.Percent(x.Count/f.Stages[i-1].Count, 0)
		}
		s.Data.Rows = append(s.Data.Rows, []string{x.Label, number(x.Count), rate})
		s.Points = append(s.Points, Point{name + w, y + bar/2, x.Label, []string{number(x.Count), rate}})
	}
	s.Names = []string{l.Text("chart.funnel.count", nil), l.Text("chart.funnel.rate", nil)}
	s.Data.Head = append([]string{l.Text("chart.funnel.stage", nil)}, s.Names...)
	first, last := f.Stages[0], f.Stages[len(f.Stages)-1]
	if first.Count > 0 {
		s.Desc = l.Text("chart.funnel.desc", diag.Args{"from": number(first.Count), "first": first.Label, "to": number(last.Count), "last": last.Label, "rate": l.Percent(last.Count/first.Count, 0)})
	}
	return s
}
