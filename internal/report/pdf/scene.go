package pdf

import (
	"math"
	"strconv"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/font"
)

func rgb(hex string) (r, g, b int) {
	v, _ := strconv.ParseUint(hex[1:], 16, 32)
	return int(v >> 16), int(v >> 8 & 255), int(v & 255)
}

// scene draws the shapes of a chart as vectors, its upper left corner at x, y, k points to a px.
func (w *writer) scene(shapes []chart.Shape, x, y, k float64) {
	f := w.f
	style := func(r chart.Role) string {
		s, how := r.Style(), ""
		if s.Fill != chart.NoInk {
			f.SetFillColor(rgb(s.Fill.Hex(chart.Light)))
			how = "F"
		}
		if s.Stroke != chart.NoInk {
			f.SetDrawColor(rgb(s.Stroke.Hex(chart.Light)))
			f.SetLineWidth(s.Width * k)
			dash := make([]float64, len(s.Dash))
			for i, d := range s.Dash {
				dash[i] = d * k
			}
			f.SetDashPattern(dash, 0)
			how += "D"
		}
		return how
	}
	for _, s := range shapes {
		switch s := s.(type) {
		case chart.Path:
			how := style(s.Role)
			if how == "" || len(s.Points) == 0 {
				continue
			}
			for i, p := range s.Points {
				if i == 0 {
					f.MoveTo(x+p.X*k, y+p.Y*k)
				} else {
					f.LineTo(x+p.X*k, y+p.Y*k)
				}
			}
			if s.Closed {
				f.ClosePath()
			}
			f.DrawPath(how)
		case chart.Rect:
			how := style(s.Role)
			if r := math.Min(s.R, math.Min(s.W, s.H)/2); r > 0.05 && how != "" {
				f.RoundedRect(x+s.X*k, y+s.Y*k, s.W*k, s.H*k, r*k, "1234", how)
			} else if how != "" {
				f.Rect(x+s.X*k, y+s.Y*k, s.W*k, s.H*k, how)
			}
		case chart.Line:
			if style(s.Role) != "" {
				f.Line(x+s.X1*k, y+s.Y1*k, x+s.X2*k, y+s.Y2*k)
			}
		case chart.Circle:
			if how := style(s.Role); how != "" {
				f.Circle(x+s.X*k, y+s.Y*k, s.R*k, how)
			}
		case chart.Text:
			t := s.Role.Style()
			w.face(t.Size*k, t.Weight >= font.SemiBold, t.Fill.Hex(chart.Light))
			text := printable(s.Text)
			at := x + s.X*k
			switch s.Anchor {
			case chart.Middle:
				at -= f.GetStringWidth(text) / 2
			case chart.End:
				at -= f.GetStringWidth(text)
			}
			w.text(at, y+s.Y*k, text)
		case chart.Group:
			w.scene(s.Shapes, x, y, k)
		}
	}
	f.SetDashPattern(nil, 0)
}
