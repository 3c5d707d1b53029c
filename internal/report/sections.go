package report

import (
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/locale"
)

// Section is a part of a report that has nothing but texts and a table: its cells are ready to be shown, the first column
// is a label, the others are figures.
type Section struct {
	Heading string
	// Texts stand before the table, Notes after it.
	Texts []string
	Head  []string
	Rows  [][]string
	Notes []string
}

// Sections writes them one after the other. A label that does not fit is wrapped; where the figures alone are wider than
// the page, the last columns go.
func Sections(w io.Writer, sections []Section, opt Options) error {
	p := &page{width: opt.width(), colour: opt.Colour}
	for _, s := range sections {
		p.gap()
		if s.Heading != "" {
			p.prose(bold, s.Heading, 0)
		}
		for _, t := range s.Texts {
			p.prose("", t, 0)
		}
		p.cells(s)
		for _, n := range s.Notes {
			p.prose("", "• "+n, 2)
		}
	}
	_, err := io.WriteString(w, strings.Join(p.lines, "\n")+"\n")
	return err
}

// leastLabel is the room below which columns go instead of the label.
const leastLabel = 24

func (p *page) cells(s Section) {
	if len(s.Rows) == 0 {
		return
	}
	columns := len(s.Rows[0])
	widths := make([]int, columns)
	for _, r := range append([][]string{s.Head}, s.Rows...) {
		for i, c := range r {
			widths[i] = max(widths[i], locale.Width(c))
		}
	}
	room := func() int {
		n := p.width - 1
		for _, w := range widths[1:columns] {
			n -= w + 2
		}
		return n
	}
	for columns > 2 && room() < leastLabel {
		columns--
	}
	first := min(widths[0], max(8, room()))
	line := func(code string, r []string) {
		labels := label(visible(r[0]), first)
		for i, l := range labels {
			text := " " + p.paint(code, left(l, first))
			if i == len(labels)-1 {
				for k := 1; k < columns; k++ {
					text += p.paint(code, right(visible(r[k]), widths[k]+2))
				}
			}
			p.add(text)
		}
	}
	if len(s.Head) > 0 {
		line(dim, s.Head)
	}
	for _, r := range s.Rows {
		line("", r)
	}
}
