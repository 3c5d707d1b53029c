// Package pdf writes a document as A4 pages, without a browser: fonts embedded, charts as vectors, bookmarks, the same bytes
// for the same document. Start with Write.
package pdf

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

// The page in points.
const (
	pageW, pageH = 595.28, 841.89
	left, top    = 56.0, 64.0
	bottom       = 796.0
	width        = pageW - 2*left
	ink, soft    = "#1d1f21", "#5d6165"
	hair         = "#dddad3"
)

// block is what no page break parts. before is the room above it, not at the top of a page; keep holds it together with the
// next one; again is drawn before it at the top of a page, such as the head of its table.
type block struct {
	h, before float64
	keep      bool
	again     *block
	draw      func(y float64)
}

type writer struct {
	f       *fpdf.Fpdf
	d       *document.Document
	blocks  []block
	outside []string // what lies beyond the edge of the text area, which there must not be
}

// made stands in every file: the day is not that of the report, so that equal reports are equal files.
var made = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Write writes the document; the error is that of out or of the logo.
func Write(out io.Writer, d *document.Document) error {
	w, err := compose(d)
	if err != nil {
		return err
	}
	return w.f.Output(out)
}

func compose(d *document.Document) (*writer, error) {
	f := fpdf.New("P", "pt", "A4", "")
	w := &writer{f: f, d: d}
	f.SetCatalogSort(true)
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	f.SetMargins(left, top, left)
	f.SetAutoPageBreak(false, 0)
	f.SetCellMargin(0)
	f.AddUTF8FontFromBytes("Inter", "", font.TTF(font.Regular))
	f.AddUTF8FontFromBytes("Inter", "B", font.TTF(font.SemiBold))
	f.SetTitle(printable(d.Title), true)
	f.SetLang(string(d.Locale.Lang()))
	author := d.Brand.Name
	if author == "" {
		author = "Rendite"
	}
	f.SetAuthor(printable(author), true)
	f.SetCreator("Rendite", true)
	if len(d.Brand.Logo) > 0 {
		f.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: d.Brand.LogoType}, bytes.NewReader(d.Brand.Logo))
	}
	w.cover(author)
	for i, p := range d.Parts {
		w.part(p)
		if i+1 < len(d.Parts) && len(w.blocks) > 0 && together(p, d.Parts[i+1]) {
			w.blocks[len(w.blocks)-1].keep = true
		}
	}
	w.flow()
	pages := f.PageCount()
	for p := 2; p <= pages; p++ {
		f.SetPage(p)
		w.face(8, false, soft)
		head := strings.Trim(d.Organisation+" · "+d.Title, " ·")
		w.text(left, 40, first(head, false, 8, width-120))
		w.textRight(left+width, 40, first(author, false, 8, 110))
		w.textRight(left+width, 812, d.Locale.Text("document.page", diag.Args{"page": p, "pages": pages}))
		w.rule(48, hair)
	}
	return w, f.Error()
}

// together says that no page begins between two parts: a paragraph stays with its table, list or chart, a remark with what
// it is about.
func together(a, b document.Part) bool {
	if p, ok := b.(document.Paragraph); ok {
		return p.Small
	}
	if _, ok := a.(document.Paragraph); !ok {
		return false
	}
	switch b.(type) {
	case document.Table, document.List, document.Charts:
		return true
	}
	return false
}

func (w *writer) face(size float64, bold bool, colour string) {
	style := ""
	if bold {
		style = "B"
	}
	w.f.SetFont("Inter", style, size)
	w.f.SetTextColor(rgb(colour))
}

func (w *writer) text(x, y float64, s string) {
	if s == "" {
		return
	}
	s = printable(s)
	if n := w.f.GetStringWidth(s); x < left-1 || x+n > left+width+1 || y < 20 || y > pageH-26 {
		w.outside = append(w.outside, s)
	}
	w.f.Text(x, y, s)
}

func (w *writer) textRight(x, y float64, s string) { w.text(x-w.f.GetStringWidth(printable(s)), y, s) }

func (w *writer) rule(y float64, colour string) {
	w.f.SetDrawColor(rgb(colour))
	w.f.SetLineWidth(0.6)
	w.f.Line(left, y, left+width, y)
}

// printable is a text in what our typeface can show: letters and accents joined, marks that nobody sees left out, and a
// question mark for every other character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0x202f: // narrow, and no break
			return 0xa0
		case r == '\t' || r == 0x2028 || r == 0x2029:
			return ' '
		case font.Has(r):
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Variation_Selector):
			return -1
		}
		return '?'
	}, norm.NFC.String(strings.ToValidUTF8(s, "?")))
}

func weight(bold bool) font.Weight {
	if bold {
		return font.SemiBold
	}
	return font.Regular
}

// first is what of a line fits.
func first(s string, bold bool, size, room float64) string {
	s = printable(s)
	if font.Width(s, weight(bold), size) <= room {
		return s
	}
	return strings.TrimRight(s[:fits(s, bold, size, room-font.Width("…", weight(bold), size))], " \u00a0") + "…"
}

// fits is how many bytes of a text have room, at least its first character.
func fits(s string, bold bool, size, room float64) int {
	sum := 0.0
	for i, r := range s {
		if sum += font.Width(string(r), weight(bold), size); sum > room && i > 0 {
			return i
		}
	}
	return len(s)
}

// wrap breaks at spaces that may break, and long words anywhere.
func wrap(s string, bold bool, size, room float64) []string {
	var lines []string
	space := font.Width(" ", weight(bold), size)
	for _, part := range strings.Split(s, "\n") {
		line, used := "", 0.0
		for _, word := range strings.Split(printable(part), " ") {
			if word == "" {
				continue
			}
			w := font.Width(word, weight(bold), size)
			if line != "" && used+space+w <= room {
				line, used = line+" "+word, used+space+w
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for w > room {
				n := fits(word, bold, size, room)
				if n == len(word) {
					break
				}
				lines, word = append(lines, word[:n]), word[n:]
				w = font.Width(word, weight(bold), size)
			}
			line, used = word, w
		}
		lines = append(lines, line)
	}
	return lines
}

// lines draws wrapped text and returns its height; at y is the top.
func (w *writer) lines(x, y float64, lines []string, size float64, bold bool, colour string) {
	for i, s := range lines {
		w.face(size, bold, colour)
		w.text(x, y+size+float64(i)*size*1.42, s)
	}
}

func height(lines []string, size float64) float64 { return float64(len(lines)) * size * 1.42 }

func (w *writer) cover(author string) {
	w.f.AddPage()
	w.face(11, false, ink) // a bookmark is encoded as its font is
	w.f.Bookmark(printable(w.d.Title), 0, 0)
	b := w.d.Brand
	if len(b.Logo) > 0 {
		k := min(180/float64(b.LogoW), 56/float64(b.LogoH))
		w.f.ImageOptions("logo", left, 60, float64(b.LogoW)*k, float64(b.LogoH)*k, false, fpdf.ImageOptions{ImageType: b.LogoType}, 0, "")
	} else {
		w.lines(left, 60, []string{first(author, true, 16, width)}, 16, true, b.Ink(document.LightPaper))
	}
	w.f.SetFillColor(rgb(b.Accent()))
	w.f.Rect(left, 190, 48, 4, "F")
	y := 212.0
	put := func(s string, size float64, bold bool, colour string, most int) {
		l := wrap(s, bold, size, width)
		if len(l) > most {
			l = append(l[:most-1], first(strings.Join(l[most-1:], " "), bold, size, width))
		}
		w.lines(left, y, l, size, bold, colour)
		y += height(l, size)
	}
	put(w.d.Locale.Text("document.title", nil), 11, false, soft, 1)
	y += 6
	put(w.d.Title, 17, true, ink, 3)
	y += 26
	put(w.d.Answer, 25, true, b.Ink(document.LightPaper), 5)
	y += 14
	put(w.d.Limit, 11, false, ink, 4)
	y += 30
	most := 2
	if y > 540 {
		most = 1
	}
	for _, f := range w.d.Facts {
		w.rule(y, hair)
		y += 7
		w.lines(left, y, []string{f[0]}, 10, false, soft)
		l := wrap(f[1], false, 10, width-150)
		if len(l) > most {
			l = append(l[:most-1], first(strings.Join(l[most-1:], " "), false, 10, width-150))
		}
		w.lines(left+150, y, l, 10, false, ink)
		y += height(l, 10) + 7
	}
	if b.Contact != "" {
		w.lines(left, 770, []string{first(b.Contact, false, 9, width)}, 9, false, soft)
	}
}

func (w *writer) push(b block) { w.blocks = append(w.blocks, b) }

func (w *writer) para(s string, size float64, bold bool, colour string, before float64, keep bool) {
	if strings.TrimSpace(s) == "" {
		return
	}
	parts := parts(wrap(s, bold, size, width))
	for i, l := range parts {
		w.push(block{h: height(l, size), before: before, keep: keep && i == len(parts)-1, draw: func(y float64) { w.lines(left, y, l, size, bold, colour) }})
		before = 0
	}
}

// mostLines is how many lines stay together; longer texts may go on on the next page.
const mostLines = 16

// parts divides lines so that each part has room on a page.
func parts(lines []string) [][]string {
	if len(lines) <= mostLines {
		return [][]string{lines}
	}
	return slices.Collect(slices.Chunk(lines, mostLines))
}

func (w *writer) part(p document.Part) {
	switch p := p.(type) {
	case document.Heading:
		size, before := 16.0, 23.0
		if p.Level > 1 {
			size, before = 11.5, 16
		}
		l := parts(wrap(p.Text, true, size, width))[0] // our own words, never that long
		w.push(block{h: height(l, size) + 2, before: before, keep: true, draw: func(y float64) {
			w.face(size, true, ink)
			w.f.Bookmark(printable(p.Text), p.Level-1, y)
			colour := ink
			if p.Level == 1 {
				colour = w.d.Brand.Ink(document.LightPaper)
			}
			w.lines(left, y, l, size, true, colour)
		}})
	case document.Paragraph:
		switch {
		case p.Lead:
			w.para(p.Text, 14, true, ink, 6, false)
		case p.Small:
			w.para(p.Text, 8, false, soft, 5, false)
		default:
			w.para(p.Text, 9.5, false, ink, 6, false)
		}
	case document.Figures:
		w.figures(p)
	case document.List:
		size := 9.5
		if p.Small {
			size = 8.5
		}
		for i, s := range p.Items {
			for k, l := range parts(wrap(s, false, size, width-12)) {
				b := block{h: height(l, size), keep: i < len(p.Items)-1 && (p.Small || i == 0) || i == len(p.Items)-2, draw: func(y float64) {
					if k == 0 {
						w.lines(left, y, []string{"•"}, size, true, w.d.Brand.Accent())
					}
					w.lines(left+12, y, l, size, false, ink)
				}}
				if k == 0 {
					b.before = 0.5 * size
				}
				w.push(b)
			}
		}
	case document.Charts:
		w.charts(p)
	case document.Table:
		w.table(p)
	case document.Break:
		w.push(block{h: -1})
	}
}

func (w *writer) figures(p document.Figures) {
	n := float64(max(1, len(p.Figures)))
	cell := width / n
	type col struct{ label, value, note []string }
	var cols []col
	lh, vh, nh := 0.0, 0.0, 0.0
	for _, f := range p.Figures {
		c := col{wrap(f.Label, false, 8, cell-10), wrap(f.Value, true, 12.5, cell-10), wrap(f.Note, false, 7.5, cell-10)}
		cols = append(cols, c)
		lh, vh, nh = max(lh, height(c.label, 8)), max(vh, height(c.value, 12.5)), max(nh, height(c.note, 7.5))
	}
	w.push(block{h: lh + vh + nh + 18, before: 12, draw: func(y float64) {
		w.rule(y, hair)
		for i, c := range cols {
			x := left + float64(i)*cell
			colour := ink
			if p.Figures[i].Loss {
				colour = chart.Cost.Hex(chart.Light)
			}
			w.lines(x, y+7, c.label, 8, false, soft)
			w.lines(x, y+7+lh, c.value, 12.5, true, colour)
			w.lines(x, y+9+lh+vh, c.note, 7.5, false, soft)
		}
		w.rule(y+lh+vh+nh+16, hair)
	}})
}

func (w *writer) charts(p document.Charts) {
	const gap, k = 18.0, 0.74
	charts := p.Charts
	if len(charts)%2 == 1 {
		w.beside(charts[:1], width, gap, k)
		charts = charts[1:]
	}
	for pair := range slices.Chunk(charts, 2) {
		w.beside(pair, (width-gap)/2, gap, k)
	}
}

func (w *writer) beside(charts []chart.Chart, room, gap, k float64) {
	var scenes []*chart.Scene
	head, tall := 0.0, 0.0
	for _, c := range charts {
		s := c.Scene(w.d.Locale, chart.Size{W: room / k})
		scenes = append(scenes, s)
		head = max(head, height(wrap(s.Title, true, 9.5, room), 9.5)+height(wrap(s.Caption, false, 8, room), 8)+6)
		tall = max(tall, s.H*room/s.W)
	}
	w.push(block{h: head + tall, before: 14, draw: func(y float64) {
		for i, s := range scenes {
			x := left + float64(i)*(room+gap)
			t := wrap(s.Title, true, 9.5, room)
			w.lines(x, y, t, 9.5, true, ink)
			w.lines(x, y+height(t, 9.5), wrap(s.Caption, false, 8, room), 8, false, soft)
			w.scene(s.Shapes, x, y+head, room/s.W)
		}
	}})
}

// flow puts the blocks on pages. Where little is left for the last one, the room between blocks shrinks until it is not
// needed.
func (w *writer) flow() {
	const little = 0.35
	pages, end := w.place(1, false)
	tight := 1.0
	for _, t := range []float64{0.85, 0.7, 0.55} {
		if end > top+little*(bottom-top) {
			break
		}
		if n, _ := w.place(t, false); n < pages {
			tight = t
			break
		}
	}
	w.place(tight, true)
}

// place draws the blocks, or only counts how many pages they take and where the last one ends.
func (w *writer) place(tight float64, draw bool) (pages int, y float64) {
	fresh := true
	page := func() {
		if draw {
			w.f.AddPage()
		}
		pages++
		y, fresh = top, true
	}
	page()
	for i, b := range w.blocks {
		if b.h < 0 {
			if !fresh {
				page()
			}
			continue
		}
		before := b.before * tight
		need := before + b.h
		for j := i; w.blocks[j].keep && j+1 < len(w.blocks) && w.blocks[j+1].h >= 0; j++ {
			need += w.blocks[j+1].before*tight + w.blocks[j+1].h
		}
		if !fresh && y+need > bottom && (need <= bottom-top || y+before+b.h > bottom) {
			page()
			if b.again != nil {
				if draw {
					b.again.draw(y)
				}
				y += b.again.h
			}
		}
		if !fresh {
			y += before
		}
		if draw {
			b.draw(y)
		}
		y += b.h
		fresh = false
		if draw && y > bottom+1 {
			w.outside = append(w.outside, fmt.Sprintf("page %d ends at %.0f", w.f.PageNo(), y))
		}
	}
	return pages, y
}
