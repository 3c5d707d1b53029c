package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// KPI is a measured series beside what it would have been without CRM.
type KPI struct {
	Name, Unit string    // name in the reader's language, unit as in the case file
	Start      string    // month of the first value, YYYY-MM
	Values     []float64 // by month; NaN is a month without a value
	// Low and High enclose the values with 95 %, as long as Values or empty; NaN where no interval is known.
	Low, High []float64
	// Expected is the counterfactual by month, as long as Values or shorter; NaN is none.
	Expected []result.Band
	// GoLive is the index of the first month with CRM; negative where there is none.
	GoLive int
}

// Scene draws the chart.
func (k KPI) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = k.Name
	e := nothing()
	count := 0
	for _, v := range k.Values {
		e.take(v)
		if finite(v) {
			count++
		}
	}
	if count == 0 || len(k.Values) < 2 {
		return s.blank(l, size)
	}
	expected := k.Expected[:min(len(k.Expected), len(k.Values))]
	for _, b := range expected {
		e.take(b.P10, b.P50, b.P90)
	}
	interval := func(m int) bool {
		return m < len(k.Low) && m < len(k.High) && finite(k.Values[m]) && finite(k.Low[m]) && finite(k.High[m])
	}
	certain := true
	for m := range k.Values {
		if interval(m) {
			e.take(k.Low[m], k.High[m])
			certain = false
		}
	}
	e = e.padded()
	s.Caption = l.Text("chart.kpi.caption", nil)
	if len(expected) == 0 {
		s.Caption = l.Text("chart.kpi.caption_measured", nil)
	}
	s.H = size.height(map[bool]float64{false: 280, true: 260}[size.narrow()], 180)
	write := func(v float64) string { return l.Quantity(rounded(v, 3), k.Unit) }
	entries := []entry{{l.Text("chart.measured", nil), lineSign(Median)}}
	if len(expected) > 0 {
		entries = append(entries, entry{l.Text("chart.kpi.expected", nil), lineSign(Expected)}, entry{l.Text("chart.band80", nil), areaSign(ExpectedBand)})
	}
	if !certain {
		entries = append(entries, entry{l.Text("chart.kpi.interval", nil), areaSign(Band80)})
	}
	top := s.legend(entries, 0, 0, s.W) + 24
	h := len(k.Values) - 1
	g := ground(s, l, size, e, top, func(v float64) string { return l.Quantity(v, k.Unit) }, h, k.Start, 0)
	g.axis.calendar = l.MonthShort(k.Start, 0) != ""
	n := len(expected)
	if n > 0 {
		s.add(Path{Role: ExpectedBand, Points: between(n, g.x, g.y, column(expected, lowest), column(expected, highest)), Closed: true})
	}
	if p := curve(n, g.x, g.y, column(expected, middle)); len(p) > 1 {
		s.add(Path{Role: Expected, Points: p})
	}
	for from := 0; from <= h; from++ {
		to := from
		for to <= h && interval(to) {
			to++
		}
		if to-from > 1 {
			var p []XY
			for m := from; m < to; m++ {
				p = append(p, XY{g.x.at(float64(m)), g.y.at(k.High[m])})
			}
			for m := to - 1; m >= from; m-- {
				p = append(p, XY{g.x.at(float64(m)), g.y.at(k.Low[m])})
			}
			s.add(Path{Role: Band80, Points: straight(p), Closed: true})
		} else if to > from {
			x := g.x.at(float64(from))
			s.add(Line{Drop, x, g.y.at(k.Low[from]), x, g.y.at(k.High[from])})
		}
		from = max(from, to)
	}
	// A gap in the series is a gap in the line.
	for from := 0; from <= h; from++ {
		to := from
		for to <= h && finite(k.Values[to]) {
			to++
		}
		if to == from {
			continue
		}
		var p []XY
		for m := from; m < to; m++ {
			p = append(p, XY{g.x.at(float64(m)), g.y.at(k.Values[m])})
		}
		if len(p) == 1 {
			s.add(Circle{Role: Measured, X: p[0].X, Y: p[0].Y, R: 2.5})
		} else {
			s.add(Path{Role: Median, Points: straight(p)})
		}
		from = to
	}
	if k.GoLive >= 0 && k.GoLive <= h {
		mx := g.x.at(float64(k.GoLive))
		s.add(Line{Drop, mx, top - 6, mx, g.bottom})
		text := l.Text("chart.kpi.go_live", nil)
		half := Note.width(text) / 2
		s.place(nil, Text{Note, math.Min(math.Max(mx, half), s.W-half), top - 11, Middle, text})
	}
	if e.lo < 0 && e.hi > 0 || e.lo == 0 {
		s.add(Line{Zero, g.left, g.y.at(0), g.right, g.y.at(0)})
	} else {
		s.add(Line{Grid, g.left, g.bottom, g.right, g.bottom})
	}
	g.months(s)

	s.Names = []string{l.Text("chart.measured", nil), l.Text("chart.kpi.expected", nil), l.Text("chart.band80", nil)}
	s.Data.Head = []string{l.Text("chart.month", nil), s.Names[0], s.Names[1], "P10", "P90"}
	if len(expected) == 0 { // nothing was expected: the interval of what was measured stands there
		s.Names = []string{l.Text("chart.measured", nil), l.Text("chart.kpi.interval", nil)}
		s.Data.Head = []string{l.Text("chart.month", nil), s.Names[0], l.Text("chart.kpi.low", nil), l.Text("chart.kpi.high", nil)}
	}
	every := stride(h)
	sum, want, both := 0.0, 0.0, 0
	for m, v := range k.Values {
		row := []string{g.axis.full(m), "", "", "", ""}
		if finite(v) {
			row[1] = write(v)
		}
		band := ""
		if len(expected) == 0 {
			if row = row[:4]; interval(m) {
				row[2], row[3] = write(k.Low[m]), write(k.High[m])
				band = l.Range(row[2], row[3])
			}
			s.Data.Rows = append(s.Data.Rows, row)
			if m%every == 0 || m == h {
				at := g.bottom
				if finite(v) {
					at = g.y.at(v)
				}
				s.Points = append(s.Points, Point{g.x.at(float64(m)), at, row[0], []string{row[1], band}})
			}
			continue
		}
		if m < n && finite(expected[m].P50) {
			b := expected[m]
			row[2], row[3], row[4] = write(b.P50), write(b.P10), write(b.P90)
			band = l.Range(row[3], row[4])
			if m >= k.GoLive && k.GoLive >= 0 && finite(v) {
				sum, want, both = sum+v, want+b.P50, both+1
			}
		}
		s.Data.Rows = append(s.Data.Rows, row)
		if m%every == 0 || m == h {
			at := g.bottom
			if finite(v) {
				at = g.y.at(v)
			}
			s.Points = append(s.Points, Point{g.x.at(float64(m)), at, row[0], []string{row[1], row[2], band}})
		}
	}
	if both > 0 {
		s.Desc = l.Text("chart.kpi.desc", diag.Args{"name": k.Name, "value": write(sum / float64(both)), "expected": write(want / float64(both)), "count": both})
	} else {
		s.Desc = l.Text("chart.kpi.desc_values", diag.Args{"name": k.Name, "low": write(lowestOf(k.Values)), "high": write(highestOf(k.Values))})
	}
	return s
}

// rounded keeps n significant digits: more are noise in a label.
func rounded(v float64, n int) float64 {
	if v == 0 || !finite(v) {
		return v
	}
	p := math.Pow(10, float64(n-1)-math.Floor(math.Log10(math.Abs(v))))
	if math.IsInf(p, 0) || p == 0 {
		return v
	}
	return math.Round(v*p) / p
}

func lowestOf(v []float64) float64 {
	e := nothing()
	e.take(v...)
	return e.lo
}

func highestOf(v []float64) float64 {
	e := nothing()
	e.take(v...)
	return e.hi
}
