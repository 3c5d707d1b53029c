package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// span maps values to px: lo lies at a, hi at b.
type span struct{ lo, hi, a, b float64 }

func (s span) at(v float64) float64 {
	if s.hi == s.lo {
		return s.a
	}
	// Halved so that a range as wide as float64 allows does not overflow.
	t := (v/2 - s.lo/2) / (s.hi/2 - s.lo/2)
	return s.a + float64(math.Min(math.Max(t, -1), 2)*(s.b-s.a))
}

// extent collects the range of finite values.
type extent struct{ lo, hi float64 }

func (e *extent) take(values ...float64) {
	for _, v := range values {
		if finite(v) {
			e.lo, e.hi = math.Min(e.lo, v), math.Max(e.hi, v)
		}
	}
}

func nothing() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e extent) empty() bool { return !(e.lo <= e.hi) }

// ticks are round numbers within lo to hi, at most about n of them.
func ticks(lo, hi float64, n int) (values []float64, step float64) {
	if !(hi > lo) || n < 1 || math.IsInf(hi-lo, 0) {
		return nil, 0
	}
	step = tickStep((hi - lo) / float64(n))
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+step*1e-9 && len(values) < 100; k++ {
		values = append(values, k*step)
	}
	return values, step
}

// tickStep is the next of 1, 2, 2.5, 5, 10 … from v upwards.
func tickStep(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*p >= v*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// rows is a vertical axis: its ticks, their texts and the room these need.
type rows struct {
	values []float64
	labels []string
	width  float64 // of the widest label
}

// verticals are the ticks of a vertical axis that is height px high; none where a label would be wider than widest, which
// only numbers that nobody can read are, such as 0.000…01.
func verticals(e extent, height, widest float64, write func(float64) string) rows {
	var r rows
	r.values, _ = ticks(e.lo, e.hi, max(2, int(height/58)))
	for _, v := range r.values {
		s := write(v)
		r.labels = append(r.labels, s)
		r.width = math.Max(r.width, Tick.width(s))
	}
	if r.width > widest {
		return rows{}
	}
	return r
}

// draw adds grid lines and labels; zero is a line of its own.
func (r rows) draw(s *Scene, y span, left, right float64) {
	for i, v := range r.values {
		at := y.at(v)
		if v != 0 {
			s.add(Line{Grid, left, at, right, at})
		}
		s.add(Text{Tick, left - 10, at + 4, End, r.labels[i]})
	}
}

// months is a horizontal axis of months.
type months struct {
	l       *locale.Locale
	start   string // YYYY-MM, may be empty
	horizon int
	x       span
	// bounds of the labels
	left, right float64
	narrow      bool
	unit        int  // labels stand at multiples of so many months; 0 is 1
	calendar    bool // months have no number, only their place in the calendar
}

// label names a month on the axis.
func (m months) label(n int) string {
	switch {
	case m.calendar:
		return m.l.MonthShort(m.start, n)
	case n == 0:
		return m.l.Text("common.start", nil)
	case m.narrow && n != m.horizon:
		return m.l.Number(float64(n), 0)
	}
	return tickMonth(m.l, n)
}

// tickMonth names a month where the name stands by itself.
func tickMonth(l *locale.Locale, n int) string { return l.Text("chart.tick_month", diag.Args{"n": n}) }

// full names a month with its place in the calendar: "Monat 18 · Okt. 2027".
func (m months) full(n int) string {
	if m.calendar {
		return m.l.MonthName(m.start, n)
	}
	name := m.l.Text("common.start", nil)
	if n != 0 {
		name = tickMonth(m.l, n)
	}
	if c := m.l.MonthShort(m.start, n); c != "" {
		name += " · " + c
	}
	return name
}

// height is the height of the labels.
func (m months) height() float64 {
	if m.calendar || m.l.MonthShort(m.start, 0) == "" {
		return 22
	}
	return 37
}

// draw writes the labels below y at the smallest step at which they keep their distance; the last month is always named.
func (m months) draw(s *Scene, y float64) {
	gap := 44.0
	if m.narrow {
		gap = 14
	}
	calendar := !m.calendar && m.l.MonthShort(m.start, 0) != ""
	place := func(n int) (x, half float64) {
		half = Tick.width(m.label(n)) / 2
		if calendar {
			half = math.Max(half, Small.width(m.l.MonthShort(m.start, n))/2)
		}
		return math.Max(m.left+half, math.Min(m.right-half, m.x.at(float64(n)))), half
	}
	last, lastHalf := place(m.horizon)
	for _, step := range []int{1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, max(1, m.horizon)} {
		if step%max(1, m.unit) != 0 && step < m.horizon {
			continue
		}
		var at []int
		end, fits := math.Inf(-1), true
		for n := 0; n < m.horizon && fits; n += step {
			x, half := place(n)
			if x+half+gap > last-lastHalf {
				fits = n+step >= m.horizon && (len(at) > 0 || step >= m.horizon) // the last of a row may give way to the horizon
				break
			}
			fits = end == math.Inf(-1) || x-half >= end+gap
			end = x + half
			at = append(at, n)
		}
		if !fits && step < m.horizon {
			continue
		}
		for _, n := range append(at, m.horizon) {
			x, _ := place(n)
			s.add(Text{Tick, x, y + 16, Middle, m.label(n)})
			if calendar {
				s.add(Text{Small, x, y + 31, Middle, m.l.MonthShort(m.start, n)})
			}
		}
		return
	}
}

// legend draws entries from left to right, in as many rows as they need, and returns their height.
type entry struct {
	text string
	draw func(x, y float64) []Shape // a sign 22 px wide around the middle y
}

func (s *Scene) legend(entries []entry, left, top, right float64) float64 {
	const sign, gap, row = 22.0, 20.0, 20.0
	x, y := left, top
	for _, e := range entries {
		text := fit(e.text, Legend, right-left-sign-7)
		w := sign + 7 + Legend.width(text)
		if x > left && x+w > right {
			x, y = left, y+row
		}
		s.add(e.draw(x, y+9)...)
		s.add(Text{Legend, x + sign + 7, y + 13, Start, text})
		x += w + gap
	}
	if len(entries) == 0 {
		return 0
	}
	return y + row - top
}

func lineSign(r Role) func(x, y float64) []Shape {
	return func(x, y float64) []Shape { return []Shape{Line{r, x, y, x + 22, y}} }
}

func areaSign(r Role) func(x, y float64) []Shape {
	return func(x, y float64) []Shape { return []Shape{Rect{Role: r, X: x, Y: y - 5.5, W: 22, H: 11, R: 2}} }
}

func dotSign(r Role) func(x, y float64) []Shape {
	return func(x, y float64) []Shape { return []Shape{Circle{Role: r, X: x + 11, Y: y, R: 4}} }
}

// straight leaves out points that lie within a tenth of a px of the line through their neighbours (Ramer 1972; Douglas &
// Peucker 1973).
func straight(p []XY) []XY {
	const tolerance = 0.1
	if len(p) < 3 {
		return p
	}
	keep := make([]bool, len(p))
	keep[0], keep[len(p)-1] = true, true
	stack := [][2]int{{0, len(p) - 1}}
	for len(stack) > 0 {
		a, b := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		far, at := tolerance, -1
		dx, dy := p[b].X-p[a].X, p[b].Y-p[a].Y
		length := math.Hypot(dx, dy)
		for i := a + 1; i < b; i++ {
			d := math.Hypot(p[i].X-p[a].X, p[i].Y-p[a].Y)
			if length > 0 {
				d = math.Abs(dx*(p[i].Y-p[a].Y)-dy*(p[i].X-p[a].X)) / length
			}
			if d > far {
				far, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{a, at}, [2]int{at, b})
		}
	}
	var out []XY
	for i, k := range keep {
		if k {
			out = append(out, p[i])
		}
	}
	return out
}

// curve is a series by month as points; where it has no number it is left out.
func curve(n int, x, y span, value func(int) float64) []XY {
	var p []XY
	for m := range n {
		if v := value(m); finite(v) {
			p = append(p, XY{x.at(float64(m)), y.at(v)})
		}
	}
	return straight(p)
}

// between is the area between two series by month.
func between(n int, x, y span, low, high func(int) float64) []XY {
	p := curve(n, x, y, high)
	q := curve(n, x, y, low)
	for i := len(q) - 1; i >= 0; i-- {
		p = append(p, q[i])
	}
	return p
}

// reached is the month in which a time measured in months is reached: 17.2 is in month 18, anything up to 0 at the start.
func reached(t float64) int {
	if !(t > 0) {
		return 0
	}
	return int(math.Ceil(math.Min(t, 1e6) - 1e-9)) // an interpolated 18 may come out as 18.0000000001
}
