package chart

import (
	"math"

	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// frame is the usual ground of a picture: a vertical axis at the left, months below.
type frame struct {
	x, y          span
	left, right   float64
	top, bottom   float64 // of the plot
	axis          months
	verticalLabel rows
}

// ground lays a frame out below top and draws its grid; the months are drawn by frame.months, after the data.
func ground(s *Scene, l *locale.Locale, size Size, e extent, top float64, write func(float64) string, horizon int, start string, endRoom float64) frame {
	f := frame{top: top}
	f.axis = months{l: l, start: start, horizon: horizon, right: s.W, narrow: size.narrow()}
	f.bottom = s.H - f.axis.height() - 4
	f.y = span{e.lo, e.hi, f.bottom, top}
	f.verticalLabel = verticals(e, f.bottom-top, s.W*0.4, write)
	f.left, f.right = f.verticalLabel.width+12, s.W-math.Max(endRoom, 8)
	f.x = span{0, float64(horizon), f.left, f.right}
	f.axis.x = f.x
	s.Plot = Box{f.left, top, f.right, f.bottom}
	f.verticalLabel.draw(s, f.y, f.left, f.right)
	return f
}

func (f frame) months(s *Scene) { f.axis.draw(s, f.bottom+4) }

// padded leaves a little room above and below, but not across zero.
func (e extent) padded() extent {
	if e.empty() {
		return extent{0, 1}
	}
	pad := e.hi/25 - e.lo/25
	if largest := math.Max(math.Abs(e.lo), math.Abs(e.hi)); pad <= largest*1e-5 { // less than the labels could tell
		pad = largest / 10
		if pad == 0 {
			pad = 1
		}
	}
	if e.lo < 0 || e.lo-pad > 0 {
		e.lo -= pad
	} else {
		e.lo = 0
	}
	if e.hi > 0 || e.hi+pad < 0 {
		e.hi += pad
	}
	return e
}

func column(bands []result.Band, q func(result.Band) float64) func(int) float64 {
	return func(m int) float64 {
		if m < 0 || m >= len(bands) {
			return math.NaN()
		}
		return q(bands[m])
	}
}

func lowest(b result.Band) float64  { return b.P10 }
func lower(b result.Band) float64   { return b.P25 }
func middle(b result.Band) float64  { return b.P50 }
func upper(b result.Band) float64   { return b.P75 }
func highest(b result.Band) float64 { return b.P90 }

// stride is how many months a point for the pointer covers: closer than a few px none can be told from the next.
func stride(horizon int) int { return max(1, int(math.Ceil(float64(horizon)/75))) }
