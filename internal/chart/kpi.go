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
	// Low and High enclose each value with 95 %, both as long as Values or empty; NaN is no interval.
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
	interval := len(k.Low) == len(k.Values) && len(k.High) == len(k.Values)
	if interval {
		e.take(k.Low...)
		e.take(k.High...)
	}
	expected := k.Expected[:min(len(k.Expected), len(k.Values))]
	for _, b := range expected {
		e.take(b.P10, b.P50, b.P90)
	}
	e = e.padded()
	s.Caption = l.Text("chart.kpi.caption", nil)
	s.H = size.height(map[bool]float64{false: 280, true: 260}[size.narrow()], 180)
	write := func(v float64) string { return l.Quantity(rounded(v, 3), k.Unit) }
	entries := []entry{{l.Text("chart.measured", nil), lineSign(Median)}}
	if interval {
		entries = append(entries, entry{l.Text("chart.kpi.interval", nil), areaSign(Band80)})
	}
	if len(expected) > 0 {
		entries = append(entries, entry{l.Text("chart.kpi.expected", nil), lineSign(Expected)}, entry{l.Text("chart.band80", nil), areaSign(ExpectedBand)})
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
	if interval {
		k.intervals(s, g)
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

	s.Names = []string{l.Text("chart.measured", nil)}
	s.Data.Head = []string{l.Text("chart.month", nil), s.Names[0]}
	if interval {
		s.Names = append(s.Names, l.Text("chart.kpi.interval", nil))
		s.Data.Head = append(s.Data.Head, l.Text("chart.kpi.low", nil), l.Text("chart.kpi.high", nil))
	}
	if n > 0 || !interval {
		s.Names = append(s.Names, l.Text("chart.kpi.expected", nil), l.Text("chart.band80", nil))
		s.Data.Head = append(s.Data.Head, l.Text("chart.kpi.expected", nil), "P10", "P90")
	}
	every := stride(h)
	sum, want, both := 0.0, 0.0, 0
	for m, v := range k.Values {
		value := ""
		if finite(v) {
			value = write(v)
		}
		row, told := []string{g.axis.full(m), value}, []string{value}
		if interval {
			low, high, band := "", "", ""
			if finite(k.Low[m]) && finite(k.High[m]) {
				low, high = write(k.Low[m]), write(k.High[m])
				band = l.Range(low, high)
			}
			row, told = append(row, low, high), append(told, band)
		}
		if n > 0 || !interval {
			middle, low, high, band := "", "", "", ""
			if m < n && finite(expected[m].P50) {
				b := expected[m]
				middle, low, high = write(b.P50), write(b.P10), write(b.P90)
				band = l.Range(low, high)
				if m >= k.GoLive && k.GoLive >= 0 && finite(v) {
					sum, want, both = sum+v, want+b.P50, both+1
				}
			}
			row, told = append(row, middle, low, high), append(told, middle, band)
		}
		s.Data.Rows = append(s.Data.Rows, row)
		if m%every == 0 || m == h {
			at := g.bottom
			if finite(v) {
				at = g.y.at(v)
			}
			s.Points = append(s.Points, Point{g.x.at(float64(m)), at, row[0], told})
		}
	}
	if both > 0 {
		s.Desc = l.Text("chart.kpi.desc", diag.Args{"name": k.Name, "value": write(sum / float64(both)), "expected": write(want / float64(both)), "count": both})
	} else {
		s.Desc = l.Text("chart.kpi.desc_values", diag.Args{"name": k.Name, "low": write(lowestOf(k.Values)), "high": write(highestOf(k.Values))})
	}
	return s
}

// intervals draws the band around the values, with a gap where there is none.
func (k KPI) intervals(s *Scene, g frame) {
	for from := 0; from < len(k.Values); from++ {
		to := from
		for to < len(k.Values) && finite(k.Low[to]) && finite(k.High[to]) {
			to++
		}
		switch {
		case to == from:
			continue
		case to == from+1:
			x := g.x.at(float64(from))
			s.add(Path{Role: Band80, Points: []XY{{x - 2, g.y.at(k.High[from])}, {x + 2, g.y.at(k.High[from])}, {x + 2, g.y.at(k.Low[from])}, {x - 2, g.y.at(k.Low[from])}}, Closed: true})
		default:
			var p []XY
			for m := from; m < to; m++ {
				p = append(p, XY{g.x.at(float64(m)), g.y.at(k.High[m])})
			}
			for m := to - 1; m >= from; m-- {
				p = append(p, XY{g.x.at(float64(m)), g.y.at(k.Low[m])})
			}
			s.add(Path{Role: Band80, Points: p, Closed: true})
		}
		from = to
	}
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
