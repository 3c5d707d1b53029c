package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// SVG writes the scene for the inside of an HTML page that carries CSS. It has neither style attributes nor scripts, so
// that a strict content security policy lets it pass. id must be unique in the page; letters, digits and hyphens are
// kept. Points stand as JSON in data-points, [names, [x, y, label, values…]…], and the area of the data in data-plot.
func (s *Scene) SVG(id string) []byte {
	id = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, id)
	if id == "" {
		id = "chart"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg class="ch" id="%s" viewBox="0 0 %s %s" width="%[2]s" height="%[3]s" lang="%s" role="img" aria-labelledby="%[1]s-t %[1]s-d"`,
		id, px(s.W), px(s.H), s.Lang)
	if len(s.Points) > 0 {
		fmt.Fprintf(&b, ` data-plot="%s %s %s %s" data-points='%s'`, px(s.Plot.X0), px(s.Plot.Y0), px(s.Plot.X1), px(s.Plot.Y1),
			strings.NewReplacer("&", "&amp;", "<", "&lt;", "'", "&#39;").Replace(s.points()))
	}
	fmt.Fprintf(&b, `><title id="%[1]s-t">%[2]s</title><desc id="%[1]s-d">%[3]s</desc>`, id, escape(s.Title), escape(s.Desc))
	b.WriteByte('\n')
	write(&b, s.Shapes)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// File writes the scene as an SVG file of its own, with title and caption above the picture and the colours of both
// themes.
func (s *Scene) File() []byte {
	s = s.titled()
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="ch" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s" xml:lang="%s" role="img" aria-labelledby="t d"><title id="t">%s</title><desc id="d">%s</desc>`+"\n",
		px(s.W), px(s.H), s.Lang, escape(s.Title), escape(s.Desc))
	used := map[Role]bool{}
	collect(s.Shapes, used)
	b.WriteString("<style>\n.ch{" + variables(Light) + "}\n@media(prefers-color-scheme:dark){.ch{" + variables(Dark) + "}}\n" +
		rules(func(r Role) bool { return used[r] || r == PaperArea }) + "</style>\n")
	fmt.Fprintf(&b, `<rect class="c-paper" width="%s" height="%s"/>`+"\n", px(s.W), px(s.H))
	write(&b, s.Shapes)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func collect(shapes []Shape, used map[Role]bool) {
	for _, x := range shapes {
		switch x := x.(type) {
		case Path:
			used[x.Role] = true
		case Rect:
			used[x.Role] = true
		case Line:
			used[x.Role] = true
		case Circle:
			used[x.Role] = true
		case Text:
			used[x.Role] = true
		case Group:
			collect(x.Shapes, used)
		}
	}
}

// titled is the scene with a margin, its title and its caption above it.
func (s *Scene) titled() *Scene {
	const margin = 16
	t := *s
	t.W += 2 * margin
	y := 24.0
	var head []Shape
	for _, line := range wrap(s.Title, Heading, s.W, 2) {
		head = append(head, Text{Heading, margin, y, Start, line})
		y += 19
	}
	for _, line := range wrap(s.Caption, Legend, s.W, 4) {
		head = append(head, Text{Legend, margin, y, Start, line})
		y += 17
	}
	t.H += y + margin
	t.Shapes = append(head, moved(s.Shapes, margin, y)...)
	t.Plot = Box{s.Plot.X0 + margin, s.Plot.Y0 + y, s.Plot.X1 + margin, s.Plot.Y1 + y}
	t.Points = slices.Clone(s.Points)
	for i := range t.Points {
		t.Points[i].X += margin
		t.Points[i].Y += y
	}
	return &t
}

func moved(shapes []Shape, dx, dy float64) []Shape {
	out := make([]Shape, len(shapes))
	for i, x := range shapes {
		switch x := x.(type) {
		case Path:
			x.Points = slices.Clone(x.Points)
			for k := range x.Points {
				x.Points[k].X += dx
				x.Points[k].Y += dy
			}
			out[i] = x
		case Rect:
			x.X, x.Y = x.X+dx, x.Y+dy
			out[i] = x
		case Line:
			x.X1, x.Y1, x.X2, x.Y2 = x.X1+dx, x.Y1+dy, x.X2+dx, x.Y2+dy
			out[i] = x
		case Circle:
			x.X, x.Y = x.X+dx, x.Y+dy
			out[i] = x
		case Text:
			x.X, x.Y = x.X+dx, x.Y+dy
			out[i] = x
		case Group:
			x.Shapes = moved(x.Shapes, dx, dy)
			out[i] = x
		}
	}
	return out
}

// points is the data of the points as JSON.
func (s *Scene) points() string {
	rows := make([]any, 0, len(s.Points)+1)
	rows = append(rows, s.Names)
	for _, p := range s.Points {
		row := []any{json.Number(tenth(p.X)), json.Number(tenth(p.Y)), p.Label}
		for _, v := range p.Values {
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(rows); err != nil {
		panic("chart: " + err.Error()) // strings and numbers only
	}
	return strings.TrimSpace(b.String())
}

func write(b *bytes.Buffer, shapes []Shape) {
	for _, x := range shapes {
		switch x := x.(type) {
		case Path:
			fmt.Fprintf(b, `<path class="%s" d="%s"`, styles[x.Role].Class, path(x))
			closing(b, "path", x.Tip)
		case Rect:
			fmt.Fprintf(b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, styles[x.Role].Class, px(x.X), px(x.Y), px(x.W), px(x.H))
			if r := math.Min(x.R, math.Min(x.W, x.H)/2); r > 0.005 {
				fmt.Fprintf(b, ` rx="%s"`, px(r))
			}
			closing(b, "rect", x.Tip)
		case Line:
			fmt.Fprintf(b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"`, styles[x.Role].Class, px(x.X1), px(x.Y1), px(x.X2), px(x.Y2))
			closing(b, "line", "")
		case Circle:
			fmt.Fprintf(b, `<circle class="%s" cx="%s" cy="%s" r="%s"`, styles[x.Role].Class, px(x.X), px(x.Y), px(x.R))
			closing(b, "circle", x.Tip)
		case Text:
			if x.Text == "" {
				continue
			}
			fmt.Fprintf(b, `<text class="%s" x="%s" y="%s"`, styles[x.Role].Class, px(x.X), px(x.Y))
			if x.Anchor != Start {
				b.WriteString(` text-anchor="` + [...]string{"start", "middle", "end"}[x.Anchor] + `"`)
			}
			b.WriteString(">" + escape(x.Text) + "</text>\n")
		case Group:
			b.WriteString(`<g class="` + escape(x.Class) + `"`)
			if x.Label != "" {
				b.WriteString(` role="group" aria-label="` + escape(x.Label) + `"`)
			}
			b.WriteString(">\n")
			write(b, x.Shapes)
			b.WriteString("</g>\n")
		}
	}
}

func closing(b *bytes.Buffer, element, tip string) {
	if tip == "" {
		b.WriteString("/>\n")
		return
	}
	b.WriteString("><title>" + escape(tip) + "</title></" + element + ">\n")
}

// path writes the points in tenths of a px, each as the step from the one before it: a long curve stays short.
func path(p Path) string {
	var b strings.Builder
	round := func(v float64) float64 { return math.Round(v*10) / 10 }
	x, y := 0.0, 0.0
	for i, q := range p.Points {
		nx, ny := round(q.X), round(q.Y)
		switch i {
		case 0:
			b.WriteString("M" + tenth(nx) + " " + tenth(ny))
		default:
			if i == 1 {
				b.WriteByte('l')
			} else if nx-x >= 0 {
				b.WriteByte(' ')
			}
			step := tenth(ny - y)
			b.WriteString(tenth(nx - x))
			if !strings.HasPrefix(step, "-") {
				b.WriteByte(' ')
			}
			b.WriteString(step)
		}
		x, y = nx, ny
	}
	if p.Closed {
		b.WriteByte('z')
	}
	return b.String()
}

// px writes a length with at most two decimals, tenth with at most one.
func px(v float64) string    { return decimals(v, 2) }
func tenth(v float64) string { return decimals(v, 1) }

func decimals(v float64, n int) string {
	if !finite(v) {
		return "0"
	}
	s := strconv.FormatFloat(v, 'f', n, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" || s == "-" {
		return "0"
	}
	return s
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape is for text and for attributes in double quotes; control characters have no place in XML.
func escape(s string) string {
	return escaper.Replace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
