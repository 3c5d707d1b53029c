package pdf

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

const cellSize, cellGap = 8.0, 12.0

// widths gives each column what it needs; columns of text share the rest, the first of them all of it where there is enough.
func widths(t document.Table) []float64 {
	n := len(t.Columns)
	need, out := make([]float64, n), make([]float64, n)
	rest, texts := width-cellGap*float64(n-1), 0.0
	for i, c := range t.Columns {
		need[i] = font.Width(c.Head, font.SemiBold, 8)
		for _, r := range t.Rows {
			for _, s := range strings.Split(r.Cells[i], "\n") {
				need[i] = math.Max(need[i], font.Width(printable(s), weight(r.Strong), cellSize))
			}
		}
		need[i] += 0.5
		if c.Text {
			texts += need[i]
			continue
		}
		out[i] = math.Min(need[i], width/3)
		rest -= out[i]
	}
	rest = math.Max(rest, 60)
	for i, c := range t.Columns {
		if c.Text {
			out[i] = rest * need[i] / texts
		}
	}
	if texts < rest { // what is left goes to the first text
		for i, c := range t.Columns {
			if c.Text {
				out[i] = need[i]
			}
		}
		for i, c := range t.Columns {
			if c.Text {
				out[i] += rest - texts
				break
			}
		}
	}
	return out
}

func (w *writer) table(t document.Table) {
	if len(t.Rows) == 0 {
		return
	}
	ws := widths(t)
	row := func(cells []string, note string, size float64, bold bool, colour string, under string) block {
		h := 0.0
		all := make([][]string, len(cells))
		for i, s := range cells {
			all[i] = wrap(s, bold, size, ws[i])
			h = math.Max(h, height(all[i], size))
		}
		var more []string
		if note != "" {
			more = wrap(note, false, 7.5, width)
		}
		full := h + height(more, 7.5) + 5
		return block{h: full, draw: func(y float64) {
			x := left
			for i, l := range all {
				for k, s := range l {
					c := colour
					if k > 0 && strings.Contains(cells[i], "\n") {
						c = soft
					}
					w.type_(size, bold, c)
					base := y + 3 + size + float64(k)*size*1.42
					if t.Columns[i].Right {
						w.textRight(x+ws[i], base, s)
					} else {
						w.text(x, base, s)
					}
				}
				x += ws[i] + cellGap
			}
			w.lines(left, y+3+h, more, 7.5, false, soft)
			w.rule(y+full, under)
		}}
	}
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Head)
	}
	head := row(heads, "", 8, true, soft, soft)
	again := head
	head.keep, head.before = true, 8
	w.push(head)
	for i, r := range t.Rows {
		b := row(r.Cells, r.Note, cellSize, r.Strong, ink, hair)
		b.again = &again
		b.keep = i == 0 && len(t.Rows) > 1 || i == len(t.Rows)-2 || r.Strong && i+1 < len(t.Rows)
		if i == 0 {
			b.again = nil
		}
		w.push(b)
	}
}
