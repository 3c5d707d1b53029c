package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Density is a small picture of a distribution for the editor of a range: the density with the low, the middle and the
// high value marked. It is 120 × 28 px where no size is given and has no texts.
type Density struct {
	Dist Quantiles
	// Low, Middle and High are the marks; NaN draws none.
	Low, Middle, High float64
	// Name and Unit are for the description; the unit as in the case file.
	Name, Unit string
}

// Scene draws the chart.
func (d Density) Scene(l *locale.Locale, size Size) *Scene {
	w, h := 120.0, 28.0
	if size.W > 0 && finite(size.W) {
		w = math.Max(size.W, 40)
	}
	if size.H > 0 && finite(size.H) {
		h = math.Max(size.H, 16)
	}
	s := newScene(l, w, h)
	s.Title = d.Name
	if d.Dist == nil {
		return s
	}
	// The quantile function on a fine grid; tails beyond one per cent would only flatten the middle.
	const n = 400
	q := make([]float64, n+1)
	e := nothing()
	for i := range q {
		q[i] = d.Dist.Quantile(0.01 + 0.98*float64(i)/n)
		e.take(q[i])
	}
	e.take(d.Low, d.Middle, d.High)
	if e.empty() {
		return s
	}
	if e.hi-e.lo <= 1e-12*math.Max(math.Abs(e.lo), math.Abs(e.hi)) {
		pad := math.Max(math.Abs(e.lo)*0.1, 0.5)
		e = extent{e.lo - pad, e.hi + pad}
	}
	base := h - 6
	x := span{e.lo, e.hi, 5, w - 5}
	s.Plot = Box{5, 2, w - 5, base}
	// The mass in columns of two px, spread evenly between neighbouring quantiles, then averaged over three columns.
	columns := max(8, int((w-10)/2))
	mass := make([]float64, columns)
	for i := range n {
		a, b := (x.at(q[i])-5)/(w-10)*float64(columns), (x.at(q[i+1])-5)/(w-10)*float64(columns)
		if !finite(a) || !finite(b) {
			continue
		}
		if b-a < 1e-9 {
			mass[min(max(int(a), 0), columns-1)]++
			continue
		}
		for c := max(int(a), 0); c < columns && float64(c) < b; c++ {
			mass[c] += math.Max(0, math.Min(b, float64(c+1))-math.Max(a, float64(c))) / (b - a)
		}
	}
	smooth := make([]float64, columns)
	most := 0.0
	for c := range smooth {
		sum, weight := 0.0, 0.0
		for k := max(0, c-1); k <= min(columns-1, c+1); k++ {
			sum, weight = sum+mass[k], weight+1
		}
		smooth[c] = sum / weight
		most = math.Max(most, smooth[c])
	}
	y := span{0, math.Max(most, 1e-300), base, 2}
	edge := []XY{{5, base}}
	for c, v := range smooth {
		edge = append(edge, XY{5 + (float64(c)+0.5)*(w-10)/float64(columns), y.at(v)})
	}
	edge = straight(append(edge, XY{w - 5, base}))
	s.add(Path{Role: Area, Points: edge, Closed: true}, Path{Role: Edge, Points: edge},
		Rect{Role: Track, X: 1, Y: base, W: w - 2, H: 2, R: 1})
	if finite(d.Low) && finite(d.High) {
		a, b := x.at(math.Min(d.Low, d.High)), x.at(math.Max(d.Low, d.High))
		s.add(Rect{Role: BarGood, X: a, Y: base - 1, W: math.Max(b-a, 2), H: 4, R: 2})
	}
	if finite(d.Middle) {
		s.add(Circle{Role: Handle, X: x.at(d.Middle), Y: base + 1, R: 3.5})
	}
	write := func(v float64) string { return l.Quantity(v, d.Unit) }
	s.Desc = l.Text("chart.density.desc", diag.Args{"low": write(d.Low), "middle": write(d.Middle), "high": write(d.High)})
	s.Data = Table{Head: []string{"P10", "P50", "P90"}, Rows: [][]string{{write(d.Low), write(d.Middle), write(d.High)}}}
	return s
}
