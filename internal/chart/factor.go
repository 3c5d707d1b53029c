package chart

import (
	"math"
	"slices"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Quantiles is a distribution by its quantile function, 0 < p < 1; every dist.Dist is one.
type Quantiles interface{ Quantile(p float64) float64 }

// Scaled is a distribution in another unit: per cent as a fraction with factor 0.01.
func Scaled(q Quantiles, factor float64) Quantiles { return scaled{q, factor} }

type scaled struct {
	q      Quantiles
	factor float64
}

func (s scaled) Quantile(p float64) float64 { return float64(s.q.Quantile(p) * s.factor) }

// Factor is the course of adoption, data quality or process over the months.
type Factor struct {
	Name string // in the reader's language
	// Start and Plateau are fractions, MonthsTo90 is in months; nil is 0. They are taken to be independent.
	Start, Plateau, MonthsTo90 Quantiles
	Horizon                    int
	From                       string // month 0 as YYYY-MM, may be empty
	// Measured are fractions, drawn as points.
	Measured []Reading
}

// The curve of package model: Bass (1969) with c = q/p = 0.38/0.03 (Sultan, Farley & Lehmann 1990).
const imitation = 0.38 / 0.03

// decay is e^(−k) for the k at which F(t) = (1 − u)/(1 + c·u), u = e^(−kt), reaches 0.9 after the months.
func decay(months float64) float64 {
	if months <= 0 {
		return 0
	}
	return math.Pow(0.1/(1+0.9*imitation), 1/months)
}

// Course is the share reached after t months on the way from start to plateau.
func Course(start, plateau, months, t float64) float64 {
	u := math.Pow(decay(months), t)
	return start + (plateau-start)*(1-u)/(1+imitation*u)
}

// draws is the number of combinations of the three quantities behind the bands.
const draws = 800

// bands are the quantiles of the curve. The combinations are the points of an additive recurrence that fills the cube
// evenly (Roberts 2018, with the root of x⁴ = x + 1): smooth bands without chance.
func (f Factor) bands() []result.Band {
	const root = 1.2207440846057596
	at := func(q Quantiles, step float64) []float64 {
		v := make([]float64, draws)
		if q != nil {
			for i := range v {
				_, p := math.Modf(0.5 + float64(float64(i)*step))
				v[i] = q.Quantile(math.Min(math.Max(p, 1e-6), 1-1e-6))
			}
		}
		return v
	}
	starts, plateaus, months := at(f.Start, 1/root), at(f.Plateau, 1/(root*root)), at(f.MonthsTo90, 1/(root*root*root))
	out := make([]result.Band, f.Horizon+1)
	values, steps, us := make([]float64, draws), months, make([]float64, draws)
	for i, m := range months {
		steps[i], us[i] = decay(m), 1
	}
	for t := range out {
		for i, u := range us {
			values[i] = starts[i] + float64((plateaus[i]-starts[i])*(1-u)/(1+float64(imitation*u)))
			us[i] = float64(u * steps[i])
		}
		slices.Sort(values)
		q := func(p float64) float64 { return quantile(values, p) }
		out[t] = result.Band{P10: q(0.1), P25: q(0.25), P50: q(0.5), P75: q(0.75), P90: q(0.9)}
	}
	return out
}

// Scene draws the chart.
func (f Factor) Scene(l *locale.Locale, size Size) *Scene {
	s := newScene(l, size.width(), 0)
	s.Title = f.Name
	if f.Horizon < 1 {
		return s.blank(l, size)
	}
	s.Caption = l.Text("chart.factor.caption", nil)
	s.H = size.height(map[bool]float64{false: 240, true: 220}[size.narrow()], 150)
	percent := func(v float64) string { return l.Percent(v, 0) }
	bands := f.bands()
	e := extent{0, 1}
	for _, b := range bands {
		e.take(b.P10, b.P90)
	}
	for _, m := range f.Measured {
		e.take(m.Value)
	}
	last := bands[f.Horizon]
	endRoom := 8.0
	if !size.narrow() {
		endRoom = math.Max(Tick.width(percent(last.P90)), Value.width(percent(last.P50))) + 10
	}
	g := ground(s, l, size, e, 10, percent, f.Horizon, f.From, endRoom)
	n := f.Horizon + 1
	s.add(Path{Role: Band80, Points: between(n, g.x, g.y, column(bands, lowest), column(bands, highest)), Closed: true},
		Path{Role: Band50, Points: between(n, g.x, g.y, column(bands, lower), column(bands, upper)), Closed: true},
		Line{Zero, g.left, g.y.at(0), g.right, g.y.at(0)},
		Path{Role: Median, Points: curve(n, g.x, g.y, column(bands, middle))})
	g.months(s)
	to90 := 0.0
	if f.MonthsTo90 != nil {
		to90 = f.MonthsTo90.Quantile(0.5)
	}
	at := bands[min(max(int(math.Round(to90)), 0), f.Horizon)].P50
	if to90 > 0 && to90 <= float64(f.Horizon) {
		mx, my := g.x.at(to90), g.y.at(at)
		s.add(Line{Drop, mx, my, mx, g.bottom}, Circle{Role: Marker, X: mx, Y: my, R: 5})
		text := l.Text("chart.factor.reached", diag.Args{"months": int(math.Round(to90))})
		clear := []Box{{mx - 6, my - 6, mx + 6, my + 6}}
		s.place(clear, Text{Note, mx + 9, my + 20, Start, text}, Text{Note, mx - 9, my - 12, End, text}, Text{Note, mx + 9, my - 12, Start, text}, Text{Note, mx - 9, my + 20, End, text})
	}
	for _, m := range f.Measured {
		if m.Month >= 0 && m.Month <= f.Horizon && finite(m.Value) {
			s.add(Circle{Role: Measured, X: g.x.at(float64(m.Month)), Y: g.y.at(m.Value), R: 3.5, Tip: g.axis.full(m.Month) + ": " + percent(m.Value)})
		}
	}
	if !size.narrow() {
		s.place(nil, Text{Value, g.right + 8, g.y.at(last.P50) + 4, Start, percent(last.P50)})
		s.place(nil, Text{Tick, g.right + 8, g.y.at(last.P90) + 4, Start, percent(last.P90)})
		s.place(nil, Text{Tick, g.right + 8, g.y.at(last.P10) + 4, Start, percent(last.P10)})
	}
	s.Names = []string{l.Text("chart.median", nil), l.Text("chart.band50", nil), l.Text("chart.band80", nil)}
	s.Data.Head = []string{l.Text("chart.month", nil), "P10", "P25", l.Text("chart.median", nil), "P75", "P90"}
	every := stride(f.Horizon)
	for m, b := range bands {
		s.Data.Rows = append(s.Data.Rows, []string{g.axis.full(m), percent(b.P10), percent(b.P25), percent(b.P50), percent(b.P75), percent(b.P90)})
		if m%every == 0 || m == f.Horizon {
			s.Points = append(s.Points, Point{g.x.at(float64(m)), g.y.at(b.P50), g.axis.full(m), []string{percent(b.P50), l.Range(percent(b.P25), percent(b.P75)), l.Range(percent(b.P10), percent(b.P90))}})
		}
	}
	s.Desc = l.Text("chart.factor.desc", diag.Args{"name": f.Name, "start": percent(bands[0].P50), "end": percent(last.P50), "range": l.Range(percent(last.P10), percent(last.P90)),
		"month": f.Horizon, "months": int(math.Round(to90))})
	return s
}
