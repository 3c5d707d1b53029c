package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Heat is a map of rows by months, such as adoption by team; paler is less.
type Heat struct {
	Title  string // in the reader's language
	Rows   []string
	Start  string      // month of the first column, YYYY-MM; empty counts months from 0
	Values [][]float64 // by row and month; NaN is none
	Unit   string      // as in the case file, "%" for values in per cent
}

// Scene draws the chart.
func (h Heat) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = h.Title
	columns := 0
	e := nothing()
	for _, row := range h.Values {
		columns = max(columns, len(row))
		e.take(row...)
	}
	rows := min(len(h.Rows), len(h.Values))
	if rows == 0 || columns == 0 || e.empty() {
		return s.blank(l, size)
	}
	write := func(v float64) string { return l.Quantity(rounded(v, 3), h.Unit) }
	s.Caption = l.Text("chart.heat.caption", diag.Args{"low": write(e.lo), "high": write(e.hi)})
	name := 0.0
	for _, r := range h.Rows[:rows] {
		name = math.Max(name, Label.width(r))
	}
	name = math.Min(name, s.W*0.34) + 12
	axis := months{l: l, start: h.Start, horizon: columns - 1, left: 0, right: s.W, narrow: size.narrow(), calendar: h.Start != ""}
	row := math.Min(34, math.Max(20, (size.height(0, 0)-axis.height())/float64(rows)))
	if size.H <= 0 {
		row = 26
	}
	s.H = row*float64(rows) + axis.height() + 6
	x := span{0, float64(columns), name, s.W}
	cell := (s.W - name) / float64(columns)
	gap := math.Min(2, cell*0.15)
	s.Plot = Box{name, 0, s.W, row * float64(rows)}
	shades := []Role{Heat1, Heat2, Heat3, Heat4}
	for i := range rows {
		y := row * float64(i)
		s.rowName(h.Rows[i], name-12, y+row/2, row)
		g := Group{Class: "c-heat", Label: h.Rows[i]}
		data := []string{h.Rows[i]}
		for c := range columns {
			v := math.NaN()
			if c < len(h.Values[i]) {
				v = h.Values[i][c]
			}
			role, text := HeatNone, locale.None
			ink := Value
			if finite(v) {
				t := 0.0
				if e.hi > e.lo {
					t = (v/2 - e.lo/2) / (e.hi/2 - e.lo/2)
				}
				k := min(int(t*float64(len(shades))), len(shades)-1)
				role, text = shades[k], write(v)
				ink = []Role{Value, Value, OnMiddle, Invert}[k]
			}
			data = append(data, text)
			tip := h.Rows[i] + ", " + axis.full(c) + ": " + text
			g.Shapes = append(g.Shapes, Rect{Role: role, X: x.at(float64(c)) + gap/2, Y: y + gap/2, W: cell - gap, H: row - gap, R: 2, Tip: tip})
			if finite(v) && ink.width(text)+6 <= cell {
				g.Shapes = append(g.Shapes, Text{ink, x.at(float64(c) + 0.5), y + row/2 + 4.3, Middle, text})
			}
		}
		s.add(g)
		s.Data.Rows = append(s.Data.Rows, data)
	}
	s.Data.Head = []string{h.Title}
	for c := range columns {
		s.Data.Head = append(s.Data.Head, axis.full(c))
	}
	axis.x = span{0, float64(max(1, columns-1)), x.at(0.5), x.at(float64(columns) - 0.5)}
	axis.draw(s, row*float64(rows)+4)
	best, at, value := "", 0, math.Inf(-1)
	for i := range rows {
		for c, v := range h.Values[i] {
			if finite(v) && v > value {
				best, at, value = h.Rows[i], c, v
			}
		}
	}
	s.Desc = l.Text("chart.heat.desc", diag.Args{"low": write(e.lo), "high": write(e.hi), "row": best, "month": axis.full(at)})
	return s
}
