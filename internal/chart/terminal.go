package chart

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Terminal says how to draw in characters.
type Terminal struct {
	Width  int  // columns in all, 80 where 0, at least 40
	Height int  // rows of the curve, 14 where 0
	Colour bool // ANSI colours
	ASCII  bool // ASCII characters only (the labels are the caller's)
}

func (t Terminal) size() (width, height int) {
	width, height = t.Width, t.Height
	if width <= 0 {
		width = 80
	}
	if height <= 0 {
		height = 14
	}
	return max(40, width), max(5, height)
}

// ink is what a cell shows; it decides the colour.
type ink uint8

const (
	inkNone ink = iota
	inkText
	inkOuter // 80 % band
	inkInner // 50 % band
	inkMedian
	inkAxis
	inkMark
	inkBar
)

var ansi = [...]string{inkNone: "", inkText: "2", inkOuter: "32", inkInner: "32", inkMedian: "1;92", inkAxis: "2",
	inkMark: "1;33", inkBar: "33"}

// glyphs are the characters of one character set.
type glyphs struct {
	outer, inner           rune
	medianHigh, medianLow  rune // median in the upper or lower half of the cell
	medianFull             rune
	axis, tick, zero, drop rune
	mark                   rune
	bars                   []rune // from empty to full
}

var unicodeGlyphs = glyphs{'░', '▒', '▀', '▄', '█', '│', '┤', '─', '┊', '◆', []rune(" ▁▂▃▄▅▆▇█")}
var asciiGlyphs = glyphs{'.', ':', '*', '*', '*', '|', '+', '-', '|', 'O', []rune(" .:#")}

func (t Terminal) glyphs() glyphs {
	if t.ASCII {
		return asciiGlyphs
	}
	return unicodeGlyphs
}

// Median is the character of the median in a legend.
func (t Terminal) Median() string { return string(t.glyphs().medianLow) }

// Inner is the character of the inner band in a legend.
func (t Terminal) Inner() string { return string(t.glyphs().inner) }

// Outer is the character of the outer band in a legend.
func (t Terminal) Outer() string { return string(t.glyphs().outer) }

// canvas is a grid of characters.
type canvas struct {
	r   [][]rune
	ink [][]ink
}

func newCanvas(width, height int) *canvas {
	c := &canvas{make([][]rune, height), make([][]ink, height)}
	for y := range c.r {
		c.r[y] = []rune(strings.Repeat(" ", width))
		c.ink[y] = make([]ink, width)
	}
	return c
}

func (c *canvas) set(x, y int, r rune, k ink) {
	if y >= 0 && y < len(c.r) && x >= 0 && x < len(c.r[y]) {
		c.r[y][x], c.ink[y][x] = r, k
	}
}

func (c *canvas) text(x, y int, s string, k ink) {
	for _, r := range s {
		c.set(x, y, r, k)
		x++
	}
}

// lines writes the rows without spaces at their end.
func (c *canvas) lines(colour bool) []string {
	out := make([]string, len(c.r))
	for y, row := range c.r {
		end := len(row)
		for end > 0 && row[end-1] == ' ' {
			end--
		}
		var b strings.Builder
		on := ""
		for x := range end {
			want := ansi[c.ink[y][x]]
			if row[x] == ' ' {
				want = on // a space shows no colour, so none is switched for it
			}
			if colour && want != on {
				if on != "" {
					b.WriteString("\x1b[0m")
				}
				if want != "" {
					b.WriteString("\x1b[" + want + "m")
				}
				on = want
			}
			b.WriteRune(row[x])
		}
		if on != "" {
			b.WriteString("\x1b[0m")
		}
		out[y] = b.String()
	}
	return out
}

// distributionRows is the height of the break-even distribution.
const distributionRows = 3

// Terminal draws the fan in t.Width columns: at most t.Height rows of curve, one for the marker's label, three of distribution,
// one of months. It returns lines without spaces at their end; nil where there are no two months to draw.
func (f Fan) Terminal(t Terminal) []string {
	h := f.horizon()
	if h < 1 {
		return nil
	}
	width, height := t.size()
	g := t.glyphs()
	s := f.scale(height)
	height = s.rows
	labels := map[int]string{}
	margin := 0
	for r := range height {
		if (s.zero-r)%s.every == 0 {
			labels[r] = f.Money(float64(s.zero-r) * s.step)
			margin = max(margin, utf8.RuneCountInString(labels[r]))
		}
	}
	margin = min(margin, width/3)
	left := margin + 2 // a space and the axis
	plot := width - left

	bars := distributionRows
	if !f.hasDistribution() {
		bars = 0
	}
	note := f.noteRows(t, plot, h)
	c := newCanvas(width, height+len(note)+bars+1)
	for r := range height {
		k := g.axis
		if label, ok := labels[r]; ok {
			label = cut(label, margin)
			c.text(margin-utf8.RuneCountInString(label), r, label, inkText)
			k = g.tick
		}
		c.set(left-1, r, k, inkAxis)
	}
	month := func(x int) float64 { return float64(x) * float64(h) / float64(plot-1) }
	column := func(m float64) int { return int(math.Round(m / float64(h) * float64(plot-1))) }

	f.drawBands(c, g, s, left, plot, height, month)
	f.drawMedian(c, g, s, left, plot, height, month)
	if f.Marker != nil && finite(*f.Marker) && *f.Marker <= float64(h) {
		x := left + column(math.Max(0, *f.Marker))
		for y := s.zero + 1; y < height+len(note); y++ {
			if k := c.inkAt(x, y); k != inkMedian {
				c.set(x, y, g.drop, inkMark)
			}
		}
		c.set(x, s.zero, g.mark, inkMark)
	}
	for i, row := range note {
		for _, n := range row {
			c.text(left+n.x, height+i, n.text, n.ink)
		}
	}
	if bars > 0 {
		f.drawDistribution(c, g, left, plot, height+len(note), bars, month)
	}
	f.drawMonths(c, left, plot, len(c.r)-1, h, column)
	return c.lines(t.Colour)
}

func (c *canvas) inkAt(x, y int) ink {
	if y < 0 || y >= len(c.ink) || x < 0 || x >= len(c.ink[y]) {
		return inkNone
	}
	return c.ink[y][x]
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(0, n-1)]) + "…"
}

// scale is the vertical axis: row r stands for (zero − r) × step, so that zero lies on a row.
type scale struct {
	zero  int
	rows  int
	step  float64
	every int // rows between two labels
}

// scale chooses the smallest step that holds all values in height rows and makes every third or fourth row a round
// number; rows that stay empty then are left out.
func (f Fan) scale(height int) scale {
	lo, hi := 0.0, 0.0
	for m := 0; m <= f.horizon(); m++ {
		for _, q := range [][]float64{f.P10, f.P25, f.P50, f.P75, f.P90} {
			if finite(q[m]) {
				lo, hi = math.Min(lo, q[m]), math.Max(hi, q[m])
			}
		}
	}
	if lo == 0 && hi == 0 {
		hi = 1
	}
	best, spacing := scale{step: math.Inf(1)}, []int{4, 3}
	if height < 10 {
		spacing = []int{3, 2}
	}
	for zero := range height {
		// Half a row of room at both ends belongs to the outer rows.
		need := math.Max(hi/(float64(zero)+0.5), -lo/(float64(height-1-zero)+0.5))
		for _, every := range spacing {
			if step := roundUp(need*float64(every)) / float64(every); step < best.step*(1-1e-9) {
				best = scale{zero, height, step, every}
			}
		}
	}
	rows := func(v float64) int { return max(0, int(math.Ceil(v/best.step-0.5-1e-9))) }
	best.zero = min(best.zero, rows(hi))
	best.rows = min(height, best.zero+1+rows(-lo))
	return best
}

// roundUp is the next round number from v > 0 upwards.
func roundUp(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 1.5, 2, 2.5, 5} {
		if m*p >= v*(1-1e-12) {
			return m * p
		}
	}
	return 10 * p
}

func (f Fan) drawBands(c *canvas, g glyphs, s scale, left, plot, height int, month func(int) float64) {
	for x := range plot {
		t := month(x)
		for r := range height {
			v := float64(s.zero-r) * s.step
			switch {
			case v >= at(f.P25, t) && v <= at(f.P75, t):
				c.set(left+x, r, g.inner, inkInner)
			case v >= at(f.P10, t) && v <= at(f.P90, t):
				c.set(left+x, r, g.outer, inkOuter)
			}
		}
		c.set(left+x, s.zero, g.zero, inkAxis)
	}
}

// drawMedian draws the curve in half rows, joined from column to column.
func (f Fan) drawMedian(c *canvas, g glyphs, s scale, left, plot, height int, month func(int) float64) {
	half := func(x int) int { // half rows from the top
		v := at(f.P50, month(x))
		if !finite(v) {
			return math.MinInt
		}
		y := int(math.Floor((float64(s.zero) + 0.5 - v/s.step) * 2))
		return min(max(y, 0), 2*height-1)
	}
	for x := range plot {
		y := half(x)
		if y == math.MinInt {
			continue
		}
		from, to := y, y
		if x > 0 {
			// The column takes over the half rows up to the one before it.
			if p := half(x - 1); p != math.MinInt {
				if p < y {
					from = p + 1
				} else if p > y {
					to = p - 1
				}
			}
		}
		for r := from / 2; r <= to/2; r++ {
			up, down := 2*r >= from && 2*r <= to, 2*r+1 >= from && 2*r+1 <= to
			switch {
			case up && down:
				c.set(left+x, r, g.medianFull, inkMedian)
			case up:
				c.set(left+x, r, g.medianHigh, inkMedian)
			case down:
				c.set(left+x, r, g.medianLow, inkMedian)
			}
		}
	}
}

func (f Fan) hasDistribution() bool {
	for _, s := range f.BreakEven {
		if s > 0 {
			return true
		}
	}
	return false
}

func (f Fan) drawDistribution(c *canvas, g glyphs, left, plot, top, rows int, month func(int) float64) {
	density := make([]float64, plot)
	highest := 0.0
	step := month(1)
	for x := range plot {
		density[x] = mass(f.BreakEven, month(x)-step/2, month(x)+step/2)
		highest = math.Max(highest, density[x])
	}
	if highest == 0 {
		return
	}
	levels := len(g.bars) - 1
	for x, d := range density {
		n := int(math.Round(d / highest * float64(rows*levels)))
		if n == 0 && d > highest/100 {
			n = 1 // rare, but there
		}
		for r := range rows {
			fill := min(max(n-(rows-1-r)*levels, 0), levels)
			if fill > 0 {
				c.set(left+x, top+r, g.bars[fill], inkBar)
			}
		}
	}
}

// placed is a text at a column of the plot.
type placed struct {
	x    int
	text string
	ink  ink
}

// noteRows places the marker's label and the tail: on one row where both have room, else on two.
func (f Fan) noteRows(t Terminal, plot, h int) [][]placed {
	var mark, tail *placed
	if f.Marker != nil && f.MarkerLabel != "" && finite(*f.Marker) && *f.Marker <= float64(h) {
		label := cut(f.MarkerLabel, plot-3)
		x := int(math.Round(math.Max(0, *f.Marker) / float64(h) * float64(plot-1)))
		n := utf8.RuneCountInString(label)
		switch {
		case x+2+n <= plot:
			mark = &placed{x + 2, label, inkMark}
		case x-1-n >= 0:
			mark = &placed{x - 1 - n, label, inkMark}
		default: // no room on either side of the line: the label takes its place
			mark = &placed{max(0, plot-n), label, inkMark}
		}
	}
	if f.Tail != "" {
		label := cut(f.Tail, plot)
		tail = &placed{plot - utf8.RuneCountInString(label), label, inkText}
	}
	switch {
	case mark == nil && tail == nil:
		return nil
	case mark == nil:
		return [][]placed{{*tail}}
	case tail == nil:
		return [][]placed{{*mark}}
	case mark.x+utf8.RuneCountInString(mark.text)+3 <= tail.x:
		return [][]placed{{*mark, *tail}}
	}
	return [][]placed{{*mark}, {*tail}}
}

// drawMonths labels the months at the smallest step at which labels keep their distance, and always the last month.
func (f Fan) drawMonths(c *canvas, left, plot, y, h int, column func(float64) int) {
	const gap = 4
	type label struct{ x, end int }
	text := func(m int) string { return cut(f.Month(m), plot) }
	place := func(m int) label {
		n := utf8.RuneCountInString(text(m))
		// Centred under its month, pushed inside at both ends.
		x := min(max(column(float64(m))-n/2, 0), plot-n)
		return label{x, x + n}
	}
	last := place(h)
	for _, step := range []int{1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, h} {
		months := []int{}
		end, fits := -gap, true
		for m := 0; m < h && fits; m += step {
			n := place(m)
			if n.end+gap > last.x {
				fits = m+step >= h // only the last one may give way to the horizon
				break
			}
			fits = end+gap <= n.x
			end = n.end
			months = append(months, m)
		}
		if !fits && step < h {
			continue
		}
		for _, m := range append(months, h) {
			c.text(left+place(m).x, y, text(m), inkText)
		}
		return
	}
}
