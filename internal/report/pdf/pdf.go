// Package pdf writes a document as A4 pages, without a browser: fonts embedded, charts as vectors, bookmarks, the same bytes
// for the same document. Start with Write.
package pdf

import (
	"bytes"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

// The page in points.
const (
	pageW, pageH = 595.28, 841.89
	left, top    = 56.0, 68.0
	bottom       = 790.0
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
	outside []string // texts beyond the edge of the text area, which there must not be
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
	f.SetTitle(d.Title, true)
	f.SetLang(string(d.Locale.Lang()))
	author := d.Brand.Name
	if author == "" {
		author = "Rendite"
	}
	f.SetAuthor(author, true)
	f.SetCreator("Rendite", true)
	if len(d.Brand.Logo) > 0 {
		f.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: d.Brand.LogoType}, bytes.NewReader(d.Brand.Logo))
	}
	w.cover(author)
	for i, p := range d.Parts {
		w.part(p)
		if _, ok := p.(document.Paragraph); ok && i+1 < len(d.Parts) && len(w.blocks) > 0 {
			if _, ok := d.Parts[i+1].(document.Table); ok {
				w.blocks[len(w.blocks)-1].keep = true
			}
		}
	}
	w.flow()
	pages := f.PageCount()
	for p := 2; p <= pages; p++ {
		f.SetPage(p)
		w.type_(8, false, soft)
		head := strings.Trim(d.Organisation+" · "+d.Title, " ·")
		w.text(left, 40, first(head, 8, width-120))
		w.textRight(left+width, 40, author)
		w.textRight(left+width, 812, d.Locale.Text("document.page", diag.Args{"page": p, "pages": pages}))
		w.rule(48, hair)
	}
	return w, f.Error()
}

func (w *writer) type_(size float64, bold bool, colour string) {
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
	if n := w.f.GetStringWidth(s); x < left-1 || x+n > left+width+1 || y < 20 || y > pageH-20 {
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

// printable leaves out what a file of our typeface cannot show.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r == 0x2060 || r == 0x200b:
			return -1
		case r == 0x202f:
			return 0xa0
		case r > 0xffff:
			return '?'
		}
		return r
	}, s)
}

func weight(bold bool) font.Weight {
	if bold {
		return font.SemiBold
	}
	return font.Regular
}

// first is what of a line fits.
func first(s string, size, room float64) string {
	if font.Width(s, font.Regular, size) <= room {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && font.Width(string(r)+"…", font.Regular, size) > room {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ") + "…"
}

// wrap breaks at spaces that may break, and long words anywhere.
func wrap(s string, bold bool, size, room float64) []string {
	var lines []string
	for _, part := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Split(printable(part), " ") {
			if word == "" {
				continue
			}
			try := word
			if line != "" {
				try = line + " " + word
			}
			if font.Width(try, weight(bold), size) <= room {
				line = try
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for r := []rune(word); ; {
				n := len(r)
				for n > 1 && font.Width(string(r[:n]), weight(bold), size) > room {
					n--
				}
				if n == len(r) {
					line = string(r)
					break
				}
				lines, r = append(lines, string(r[:n])), r[n:]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// lines draws wrapped text and returns its height; at y is the top.
func (w *writer) lines(x, y float64, lines []string, size float64, bold bool, colour string) {
	for i, s := range lines {
		w.type_(size, bold, colour)
		w.text(x, y+size+float64(i)*size*1.42, s)
	}
}

func height(lines []string, size float64) float64 { return float64(len(lines)) * size * 1.42 }

func (w *writer) cover(author string) {
	w.f.AddPage()
	w.f.Bookmark(printable(w.d.Title), 0, 0)
	b := w.d.Brand
	if len(b.Logo) > 0 {
		k := min(180/float64(b.LogoW), 56/float64(b.LogoH))
		w.f.ImageOptions("logo", left, 60, float64(b.LogoW)*k, float64(b.LogoH)*k, false, fpdf.ImageOptions{ImageType: b.LogoType}, 0, "")
	} else {
		w.lines(left, 60, []string{first(author, 16, width)}, 16, true, b.Accent())
	}
	w.f.SetFillColor(rgb(b.Accent()))
	w.f.Rect(left, 190, 48, 4, "F")
	y := 212.0
	put := func(s string, size float64, bold bool, colour string, most int) {
		l := wrap(s, bold, size, width)
		if len(l) > most {
			l = l[:most]
		}
		w.lines(left, y, l, size, bold, colour)
		y += height(l, size)
	}
	put(w.d.Locale.Text("document.title", nil), 11, false, soft, 1)
	y += 6
	put(w.d.Title, 17, true, ink, 3)
	y += 26
	put(w.d.Answer, 25, true, b.Accent(), 8)
	y += 14
	put(w.d.Limit, 11, false, ink, 6)
	y += 30
	for _, f := range w.d.Facts {
		w.rule(y, hair)
		y += 7
		w.lines(left, y, []string{f[0]}, 10, false, soft)
		l := wrap(f[1], false, 10, width-150)
		w.lines(left+150, y, l, 10, false, ink)
		y += height(l, 10) + 7
	}
	if b.Contact != "" {
		w.lines(left, 770, []string{first(b.Contact, 9, width)}, 9, false, soft)
	}
}

func (w *writer) push(b block) { w.blocks = append(w.blocks, b) }

func (w *writer) para(s string, size float64, bold bool, colour string, before float64, keep bool) {
	if strings.TrimSpace(s) == "" {
		return
	}
	l := wrap(s, bold, size, width)
	w.push(block{h: height(l, size), before: before, keep: keep, draw: func(y float64) { w.lines(left, y, l, size, bold, colour) }})
}

func (w *writer) part(p document.Part) {
	switch p := p.(type) {
	case document.Heading:
		size, before := 16.0, 26.0
		if p.Level > 1 {
			size, before = 11.5, 16
		}
		l := wrap(p.Text, true, size, width)
		w.push(block{h: height(l, size) + 2, before: before, keep: true, draw: func(y float64) {
			w.type_(size, true, ink)
			w.f.Bookmark(printable(p.Text), p.Level-1, y)
			colour := ink
			if p.Level == 1 {
				colour = w.d.Brand.Accent()
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
		for i, s := range p.Items {
			l := wrap(s, false, 9.5, width-12)
			w.push(block{h: height(l, 9.5), before: 5, keep: i == 0 && len(p.Items) > 1, draw: func(y float64) {
				w.lines(left, y, []string{"•"}, 9.5, true, w.d.Brand.Accent())
				w.lines(left+12, y, l, 9.5, false, ink)
			}})
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
	gap, k := 18.0, 0.74
	room := width
	if len(p.Charts) > 1 {
		room = (width - gap) / 2
	}
	for len(p.Charts) > 2 {
		w.row(p.Charts[:2], room, gap, k)
		p.Charts = p.Charts[2:]
	}
	w.row(p.Charts, room, gap, k)
}

func (w *writer) row(charts []chart.Chart, room, gap, k float64) {
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

// flow puts the blocks on pages.
func (w *writer) flow() {
	w.f.AddPage()
	y, fresh := top, true
	page := func() {
		w.f.AddPage()
		y, fresh = top, true
	}
	for i := 0; i < len(w.blocks); i++ {
		b := w.blocks[i]
		if b.h < 0 {
			if !fresh {
				page()
			}
			continue
		}
		need := b.before + b.h
		for j := i; w.blocks[j].keep && j+1 < len(w.blocks) && w.blocks[j+1].h >= 0; j++ {
			need += w.blocks[j+1].before + w.blocks[j+1].h
		}
		if !fresh && y+need > bottom && (need <= bottom-top || y+b.before+b.h > bottom) {
			page()
			if b.again != nil {
				b.again.draw(y)
				y += b.again.h
			}
		}
		if !fresh {
			y += b.before
		}
		b.draw(y)
		y += b.h
		fresh = false
	}
}
