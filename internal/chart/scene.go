package chart

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Chart is a picture that can be drawn at any size in both languages.
type Chart interface {
	Scene(l *locale.Locale, size Size) *Scene
}

// Size is the room for a picture in px. Zero is the chart's own: 720 wide and as high as it needs. A narrow picture is
// drawn with fewer ticks and shorter labels, not scaled down; below 280 px nothing is legible, so it is drawn for 280.
type Size struct{ W, H float64 }

const (
	leastWidth  = 280
	ownWidth    = 720
	narrowBelow = 560
)

func (s Size) width() float64 {
	if !(s.W > 0) || math.IsInf(s.W, 0) {
		return ownWidth
	}
	return math.Max(s.W, leastWidth)
}

func (s Size) narrow() bool { return s.width() < narrowBelow }

// height is the height asked for, between least and any, or own.
func (s Size) height(own, least float64) float64 {
	if !(s.H > 0) || math.IsInf(s.H, 0) {
		return own
	}
	return math.Max(s.H, least)
}

// Scene is a picture as shapes in px, the origin at the top left. Writers turn it into a format; SVG is one.
type Scene struct {
	W, H float64
	Lang locale.Lang
	// Title names the picture, Caption says in a line what is drawn how, Desc tells in sentences what it shows. None is
	// among the shapes.
	Title, Caption, Desc string
	Shapes               []Shape
	// Plot is the area of the data, for a pointer's crosshair.
	Plot Box
	// Points are what a pointer finds, from left to right or from top to bottom; Names are the heads of their values.
	Names  []string
	Points []Point
	Data   Table
}

// Point is a place of the picture with its numbers, written out.
type Point struct {
	X, Y   float64
	Label  string
	Values []string // as Names; empty where there is none
}

// Table holds the numbers of a picture, written out.
type Table struct {
	Head []string
	Rows [][]string
}

// Table returns the numbers behind the picture for a table below it; nobody needs to read them off the drawing.
func (s *Scene) Table() Table { return s.Data }

// Shape is a Path, Rect, Line, Circle, Text or Group.
type Shape interface{ shape() }

// XY is a point in px.
type XY struct{ X, Y float64 }

// Path is a line through points, or the area within them where it is closed.
type Path struct {
	Role   Role
	Points []XY
	Closed bool
	Tip    string // told when the pointer rests on the shape
}

// Rect is a rectangle with corners rounded by R.
type Rect struct {
	Role          Role
	X, Y, W, H, R float64
	Tip           string
}

// Line is a straight line.
type Line struct {
	Role           Role
	X1, Y1, X2, Y2 float64
}

// Circle is a circle.
type Circle struct {
	Role    Role
	X, Y, R float64
	Tip     string
}

// Anchor says which point of a text stands at X.
type Anchor uint8

// The anchors.
const (
	Start Anchor = iota
	Middle
	End
)

// Text is one line of text with its baseline at Y.
type Text struct {
	Role   Role
	X, Y   float64
	Anchor Anchor
	Text   string
}

// Group holds shapes that belong together, with a text alternative.
type Group struct {
	Class  string
	Label  string
	Shapes []Shape
}

func (Path) shape()   {}
func (Rect) shape()   {}
func (Line) shape()   {}
func (Circle) shape() {}
func (Text) shape()   {}
func (Group) shape()  {}

// Box is a rectangle from its upper left to its lower right corner.
type Box struct{ X0, Y0, X1, Y1 float64 }

// Overlaps reports whether two boxes share more than an edge.
func (b Box) Overlaps(c Box) bool {
	const hair = 1e-6
	return b.X0 < c.X1-hair && c.X0 < b.X1-hair && b.Y0 < c.Y1-hair && c.Y0 < b.Y1-hair
}

// Within reports whether b lies in c.
func (b Box) Within(c Box) bool {
	const hair = 1e-6
	return b.X0 >= c.X0-hair && b.Y0 >= c.Y0-hair && b.X1 <= c.X1+hair && b.Y1 <= c.Y1+hair
}

func (b Box) grown(d float64) Box { return Box{b.X0 - d, b.Y0 - d, b.X1 + d, b.Y1 + d} }

// lineAscent is how far the letters of a line reach up without accents on capitals, which may touch the line above.
const lineAscent = 0.78

// Box is the room that a text takes up.
func (t Text) Box() Box {
	s := styles[t.Role]
	w := t.Role.width(t.Text)
	x := t.X
	switch t.Anchor {
	case Middle:
		x -= w / 2
	case End:
		x -= w
	}
	return Box{x, t.Y - lineAscent*s.Size, x + w, t.Y + font.Descent*s.Size}
}

// Texts lists the texts of the scene, those in groups too.
func (s *Scene) Texts() []Text { return texts(s.Shapes) }

func texts(shapes []Shape) (all []Text) {
	for _, x := range shapes {
		switch x := x.(type) {
		case Text:
			all = append(all, x)
		case Group:
			all = append(all, texts(x.Shapes)...)
		}
	}
	return all
}

func newScene(l *locale.Locale, w, h float64) *Scene { return &Scene{W: w, H: h, Lang: l.Lang()} }

// blank says that there is nothing to draw.
func (s *Scene) blank(l *locale.Locale, size Size) *Scene {
	s.H = size.height(96, 48)
	s.Desc = l.Text("chart.empty", nil)
	s.add(Text{Legend, s.W / 2, s.H/2 + 4, Middle, fit(s.Desc, Legend, s.W)})
	return s
}

func (s *Scene) add(shapes ...Shape) { s.Shapes = append(s.Shapes, shapes...) }

// box is the whole picture.
func (s *Scene) box() Box { return Box{0, 0, s.W, s.H} }

// place adds the first of the texts that stays in the picture and clear of all texts there are and of the boxes given.
func (s *Scene) place(clear []Box, candidates ...Text) bool {
	taken := s.Texts()
next:
	for _, c := range candidates {
		b := c.Box()
		if !b.Within(s.box()) {
			continue
		}
		for _, t := range taken {
			if t.Box().grown(3).Overlaps(b) {
				continue next
			}
		}
		for _, x := range clear {
			if x.Overlaps(b) {
				continue next
			}
		}
		s.add(c)
		return true
	}
	return false
}

// fit cuts a text so that it is at most width wide.
func fit(s string, r Role, width float64) string {
	if r.width(s) <= width {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		if cut := strings.TrimRight(string(runes[:n]), " -–,(\u00a0") + "…"; r.width(cut) <= width {
			return cut
		}
	}
	return ""
}

// wrap breaks a text into at most n lines of the width; the last one is cut.
func wrap(s string, r Role, width float64, n int) []string {
	words := strings.Fields(strings.ReplaceAll(s, "\u00a0", "\x00")) // Fields would break at no-break spaces
	var lines []string
	line := ""
	for i, w := range words {
		w = strings.ReplaceAll(w, "\x00", "\u00a0")
		switch {
		case line == "":
			line = w
		case r.width(line+" "+w) <= width:
			line += " " + w
		case len(lines) == n-1:
			rest := strings.ReplaceAll(strings.Join(words[i:], " "), "\x00", "\u00a0")
			return append(lines, fit(line+" "+rest, r, width))
		default:
			lines = append(lines, fit(line, r, width))
			line = w
		}
	}
	if line != "" {
		lines = append(lines, fit(line, r, width))
	}
	return lines
}
