package pdf

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

// cellGap is the room between columns.
const cellGap = 12.0

// manyRows is from when on a table is closer, so that a large case stays within nine pages.
const manyRows = 40

func cellSize(t document.Table) float64 {
	switch {
	case t.Small && len(t.Rows) > manyRows:
		return 6.75
	case t.Small:
		return 7.25
	}
	return 8
}

// widths gives each column what it needs; columns of text share the rest. Where it is not enough for all, two columns of
// text share it so that the table gets as short as it can, more of them by their need.
func widths(t document.Table) []float64 {
	n, size := len(t.Columns), cellSize(t)
	need, out := make([]float64, n), make([]float64, n)
	room := width - cellGap*float64(n-1)
	rest, total := room, 0.0
	var texts []int
	for i, c := range t.Columns {
		need[i] = font.Width(c.Head, font.SemiBold, size)
		for _, r := range t.Rows {
			for _, s := range strings.Split(r.Cells[i], "\n") {
				need[i] = math.Max(need[i], font.Width(printable(s), weight(r.Strong), size))
			}
		}
		need[i] += 0.5
		if c.Text {
			texts = append(texts, i)
			total += need[i]
			continue
		}
		out[i] = math.Min(need[i], width/3)
		rest -= out[i]
	}
	// However wide the numbers, the texts have a quarter of the room.
	least := room / 4
	if len(texts) == 0 {
		least = 0
	}
	if rest < least {
		for i := range out {
			if fair := (room - least) / float64(n-len(texts)); out[i] > fair {
				rest += out[i] - fair
				out[i] = fair
			}
		}
	}
	switch {
	case len(texts) == 0:
	case total <= rest: // what is left goes to the first text
		for _, i := range texts {
			out[i] = need[i]
		}
		out[texts[0]] += rest - total
	case len(texts) == 2:
		a, b := texts[0], texts[1]
		best := math.Inf(1)
		for share := 0.3; share < 0.75; share += 0.05 {
			lines := 0.0
			for _, r := range t.Rows {
				lines += float64(max(len(wrap(r.Cells[a], r.Strong, size, rest*share)), len(wrap(r.Cells[b], r.Strong, size, rest*(1-share)))))
			}
			if lines < best {
				best, out[a], out[b] = lines, rest*share, rest*(1-share)
			}
		}
	default:
		floor := math.Min(16, rest/float64(len(texts)))
		for _, i := range texts {
			out[i] = floor + (rest-floor*float64(len(texts)))*need[i]/total
		}
	}
	return out
}

func (w *writer) table(t document.Table) {
	if len(t.Rows) == 0 {
		return
	}
	ws := widths(t)
	heads := document.Row{Strong: true}
	for i, c := range t.Columns {
		const most = 4 // lines; the names of scenarios are anybody's
		l := wrap(c.Head, true, cellSize(t), ws[i])
		if len(l) > most {
			l = append(l[:most-1], first(strings.Join(l[most-1:], " "), true, cellSize(t), ws[i]))
		}
		heads.Cells = append(heads.Cells, strings.Join(l, " "))
	}
	head := join(w.row(t, ws, heads, soft, soft))
	again := head
	head.keep, head.before = true, 8
	w.push(head)
	from := len(w.blocks)
	var ends []int // the last block of each row
	for i, r := range t.Rows {
		for _, b := range w.row(t, ws, r, ink, hair) {
			if i > 0 {
				b.again = &again
			}
			b.keep = r.Strong
			w.push(b)
		}
		ends = append(ends, len(w.blocks)-1)
	}
	// A short table stays on one page. Of a long one at least few rows stand on either page.
	const short, few = 13, 3
	for i, end := range ends {
		if len(ends) <= short || i < few-1 || i >= len(ends)-few {
			for ; from <= end; from++ {
				w.blocks[from].keep = true
			}
		}
		from = end + 1
	}
	w.blocks[len(w.blocks)-1].keep = false
}

// row makes the blocks of a row: one, or several where a text has more lines than stay together.
func (w *writer) row(t document.Table, ws []float64, r document.Row, colour, under string) []block {
	size := cellSize(t)
	above, below := 0.375*size, 0.25*size
	if len(t.Rows) > manyRows {
		above, below = 0.2*size, 0.1*size
	}
	line := func(n int) float64 { return height(make([]string, n), size) }
	cells, tall := make([][]string, len(r.Cells)), 1
	for i, s := range r.Cells {
		cells[i] = wrap(s, r.Strong, size, ws[i])
		tall = max(tall, len(cells[i]))
	}
	var blocks []block
	for from := 0; from < tall; from += mostLines {
		to := min(from+mostLines, tall)
		blocks = append(blocks, block{h: line(to - from), draw: func(y float64) {
			x := left
			for i, l := range cells {
				for k := from; k < min(to, len(l)); k++ {
					c := colour
					if k > 0 && strings.Contains(r.Cells[i], "\n") {
						c = soft
					}
					w.face(size, r.Strong, c)
					base := y + size + line(k-from)
					if t.Columns[i].Right {
						w.textRight(x+ws[i], base, l[k])
					} else {
						w.text(x, base, l[k])
					}
				}
				x += ws[i] + cellGap
			}
		}})
	}
	if r.Note != "" {
		for _, l := range parts(wrap(r.Note, false, 7.5, width)) {
			blocks = append(blocks, block{h: height(l, 7.5), draw: func(y float64) { w.lines(left, y, l, 7.5, false, soft) }})
		}
	}
	blocks = append(blocks, block{h: below, draw: func(y float64) { w.rule(y+below, under) }})
	blocks = append([]block{{h: above, draw: func(float64) {}}}, blocks...)
	if len(blocks) <= 4 {
		return []block{join(blocks)}
	}
	last := len(blocks) - 2
	return append(append([]block{join(blocks[:2])}, blocks[2:last]...), join(blocks[last:]))
}

// join is one block of several.
func join(blocks []block) block {
	h := 0.0
	for _, b := range blocks {
		h += b.h
	}
	return block{h: h, draw: func(y float64) {
		for _, b := range blocks {
			b.draw(y)
			y += b.h
		}
	}}
}
