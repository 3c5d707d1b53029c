package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/locale"
)

// A cell of a terminal in px. A scene drawn for as many px has room for its texts in as many cells: most letters are
// narrower, figures a little wider.
const (
	cellW = 7.2
	cellH = 16.0
)

// Draw draws a chart in t.Width columns of characters: its scene, drawn for that width and put on cells. It returns lines
// without spaces at their end. Height counts for nothing; the chart has its own.
func (t Terminal) Draw(c Chart, l *locale.Locale) []string {
	width, _ := t.size()
	return c.Scene(l, Size{W: float64(width) * cellW}).Terminal(t)
}

// Terminal writes the scene in characters, a column for cellW px and a row for cellH. Grid lines are left out; bars end in
// eighths of a cell. Texts are drawn last and keep clear of each other.
func (s *Scene) Terminal(t Terminal) []string {
	w, h := int(math.Ceil(s.W/cellW-1e-9)), int(math.Ceil(s.H/cellH))
	r := &raster{canvas: newCanvas(w, h), ascii: t.ASCII, text: make([]bool, w*h), lying: lying(s.Shapes, new(float64))}
	r.fills(s.Shapes)
	r.lines(s.Shapes)
	all := s.Texts()
	// From the top: what comes first keeps its place.
	slices.SortStableFunc(all, func(a, b Text) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.Box().X0, b.Box().X0)) })
	for _, x := range all {
		r.write(x)
	}
	return r.canvas.lines(t.Colour)
}

func row(y float64) int { return int(math.Floor(y / cellH)) }
func col(x float64) int { return int(math.Floor(x / cellW)) }

type raster struct {
	*canvas
	ascii bool
	lying bool   // bars lie, one in a row
	text  []bool // cells with text
}

// lying reports whether all bars are equally high, as they are where each has a row.
func lying(shapes []Shape, height *float64) bool {
	for _, x := range shapes {
		switch x := x.(type) {
		case Group:
			if !lying(x.Shapes, height) {
				return false
			}
		case Rect:
			if !isBar(x.Role) || x.H < 12 { // the swatches of a legend are lower
				continue
			}
			if *height == 0 {
				*height = x.H
			}
			if math.Abs(x.H-*height) > 0.5 {
				return false
			}
		}
	}
	return true
}

func isBar(r Role) bool { return r >= Month && r <= BarTotal }

// shade is how an area looks: the character of a whole cell, and its colour. Areas of one meaning differ in both.
func (r *raster) shade(k Ink) (rune, ink) {
	switch k {
	case Gain, GainBar, Black:
		return r.or('█', '#'), inkOuter
	case GainMid:
		return r.or('▒', ':'), inkInner
	case GainPale, Hair:
		return r.or('░', '.'), inkOuter
	case Cost, CostBar:
		return r.or('▓', '='), inkBar
	case CostPale:
		return r.or('░', '.'), inkBar
	case Mark:
		return r.or('█', '#'), inkMark
	case MarkMid, MarkPale:
		return r.or('▓', '='), inkBar
	case Blue, BluePale:
		return r.or('░', '.'), inkText
	}
	return 0, inkNone
}

func (r *raster) or(unicode, ascii rune) rune {
	if r.ascii {
		return ascii
	}
	return unicode
}

func (r *raster) fills(shapes []Shape) {
	for _, x := range shapes {
		switch x := x.(type) {
		case Group:
			r.fills(x.Shapes)
		case Rect:
			if g, k := r.shade(x.Role.Style().Fill); g != 0 {
				r.bar(x, g, k)
			}
		case Path:
			if g, k := r.shade(x.Role.Style().Fill); g != 0 && x.Closed {
				r.area(x.Points, g, k)
			}
		}
	}
}

// bar fills a rectangle: a lying one in the row of its middle, a standing one in its columns, with a last cell of eighths
// where the cell is otherwise whole.
func (r *raster) bar(x Rect, g rune, k ink) {
	whole := g == '█' && isBar(x.Role)
	if r.lying || !isBar(x.Role) {
		y := row(x.Y + x.H/2)
		from, to := int(math.Round(x.X/cellW)), (x.X+x.W)/cellW
		for c := from; float64(c) < to; c++ {
			switch part := int(math.Round((to - float64(c)) * 8)); {
			case part >= 8 || c == from && part > 0 && !whole:
				r.set(c, y, g, k)
			case part > 0 && whole && !r.ascii:
				r.set(c, y, []rune("▏▎▍▌▋▊▉")[part-1], k)
			case part >= 4 || c == from && part > 0:
				r.set(c, y, g, k)
			}
		}
		return
	}
	from, to := int(math.Round(x.X/cellW)), int(math.Round((x.X+x.W)/cellW))
	bottom, top := int(math.Round((x.Y+x.H)/cellH)), x.Y/cellH
	for c := from; c < max(to, from+1); c++ {
		for y := bottom - 1; float64(y+1) > top; y-- {
			switch part := int(math.Round((float64(y+1) - top) * 8)); {
			case part >= 8:
				r.set(c, y, g, k)
			case part > 0 && whole && !r.ascii:
				r.set(c, y, []rune("▁▂▃▄▅▆▇")[part-1], k)
			case part >= 4:
				r.set(c, y, g, k)
			}
		}
	}
}

// area fills the cells whose middle lies within a closed path.
func (r *raster) area(points []XY, g rune, k ink) {
	for y := range r.r {
		at := (float64(y) + 0.5) * cellH
		var cuts []float64
		for i, p := range points {
			q := points[(i+1)%len(points)]
			if (p.Y <= at) != (q.Y <= at) {
				cuts = append(cuts, p.X+(at-p.Y)/(q.Y-p.Y)*(q.X-p.X))
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			for c := int(math.Round(cuts[i] / cellW)); c < int(math.Round(cuts[i+1]/cellW)); c++ {
				r.set(c, y, g, k)
			}
		}
	}
}

func (r *raster) lines(shapes []Shape) {
	for _, x := range shapes {
		switch x := x.(type) {
		case Group:
			r.lines(x.Shapes)
		case Line:
			r.line(x)
		case Path:
			if st := x.Role.Style(); !x.Closed && st.Stroke != NoInk {
				k := inkMedian
				if st.Stroke != Gain {
					k = inkText
				}
				r.curve(x.Points, len(st.Dash) > 0, k)
			}
		case Circle:
			r.set(col(x.X), row(x.Y), r.or('◆', 'O'), inkMark)
		}
	}
}

func (r *raster) line(x Line) {
	st := x.Role.Style()
	if x.Role == Grid || st.Stroke == NoInk {
		return
	}
	switch {
	case x.Y1 == x.Y2:
		for c := col(math.Min(x.X1, x.X2)); c <= col(math.Max(x.X1, x.X2)-0.01); c++ {
			if k := r.inkAt(c, row(x.Y1)); k == inkNone || x.Role == Zero && k != inkMedian {
				r.set(c, row(x.Y1), r.or('─', '-'), inkAxis)
			}
		}
	case x.X1 == x.X2:
		g := r.or('│', '|')
		if len(st.Dash) > 0 {
			g = r.or('┊', '|')
		}
		for y := row(math.Min(x.Y1, x.Y2)); y <= row(math.Max(x.Y1, x.Y2)-0.01); y++ {
			if k := r.inkAt(col(x.X1), y); k == inkNone || x.Role == Zero {
				r.set(col(x.X1), y, g, inkAxis)
			}
		}
	}
}

// curve draws in half rows, one for a column.
func (r *raster) curve(points []XY, dashed bool, k ink) {
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		if !finite(p.X+p.Y+q.X+q.Y) || q.X <= p.X {
			continue
		}
		for c := col(p.X); c <= col(q.X); c++ {
			at := (float64(c) + 0.5) * cellW
			if at < p.X || at >= q.X || dashed && c%2 == 1 {
				continue
			}
			half := int(math.Floor((p.Y + (at-p.X)/(q.X-p.X)*(q.Y-p.Y)) / (cellH / 2)))
			g := r.or('▀', '*')
			if half%2 != 0 {
				g = r.or('▄', '*')
			}
			r.set(c, half/2, g, k)
		}
	}
}

// write puts a text where it stands, or a little beside it where another has taken the place.
func (r *raster) write(x Text) {
	s := strings.TrimSpace(x.Text)
	n := utf8.RuneCountInString(s)
	if n == 0 || n > len(r.r[0]) {
		s = cut(s, len(r.r[0]))
		n = utf8.RuneCountInString(s)
	}
	at := x.X / cellW
	switch x.Anchor {
	case Middle:
		at -= float64(n) / 2
	case End:
		at -= float64(n)
	}
	y := min(max(row(x.Y-4), 0), len(r.r)-1)
	switch x.Anchor { // off the bar that it stands beside
	case Start:
		at = math.Ceil(at - 0.2)
	case End:
		at = math.Floor(at + 0.2)
	}
	from := min(max(int(math.Round(at)), 0), len(r.r[0])-n)
	for _, dy := range []int{0, 1, -1} {
		for _, dx := range []int{0, 1, -1, 2, -2, 3, -3, 4, -4} {
			if r.free(from+dx, y+dy, n) {
				r.text1(from+dx, y+dy, s, n)
				return
			}
		}
	}
}

// free reports whether n cells have no text, nor the ones beside them.
func (r *raster) free(x, y, n int) bool {
	width := len(r.r[0])
	if n == 0 || y < 0 || y >= len(r.r) || x < 0 || x+n > width {
		return false
	}
	for c := max(0, x-1); c < min(width, x+n+1); c++ {
		if r.text[y*width+c] {
			return false
		}
	}
	return true
}

func (r *raster) text1(x, y int, s string, n int) {
	r.canvas.text(x, y, s, inkNone)
	for c := range n {
		r.text[y*len(r.r[0])+x+c] = true
	}
}
