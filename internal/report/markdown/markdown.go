// Package markdown writes a document as Markdown, charts as a sentence and in characters. Start with Write.
package markdown

import (
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/report/document"
)

var escaper = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "\n", " ")

func escape(s string) string { return escaper.Replace(s) }

// Write writes the document; the error is w's.
func Write(w io.Writer, d *document.Document) error {
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\n\n") }
	line("# " + escape(d.Title))
	line("**" + escape(d.Answer) + "**")
	line(escape(d.Limit))
	for _, f := range d.Facts {
		b.WriteString("- " + escape(f[0]) + ": " + escape(f[1]) + "\n")
	}
	b.WriteString("\n")
	row := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	for _, p := range d.Parts {
		switch p := p.(type) {
		case document.Heading:
			line(strings.Repeat("#", p.Level+1) + " " + escape(p.Text))
		case document.Paragraph:
			if p.Text != "" {
				line(escape(p.Text))
			}
		case document.List:
			for _, s := range p.Items {
				b.WriteString("- " + escape(s) + "\n")
			}
			b.WriteString("\n")
		case document.Figures:
			for _, f := range p.Figures {
				b.WriteString("- " + escape(f.Label) + ": **" + escape(f.Value) + "** (" + escape(f.Note) + ")\n")
			}
			b.WriteString("\n")
		case document.Charts:
			for _, c := range p.Charts {
				s := c.Scene(d.Locale, chart.Size{})
				line("*" + escape(s.Title) + ".* " + escape(s.Desc))
				// Indented, so that nothing in a label can end it.
				line("    " + strings.Join(chart.Terminal{Width: 80}.Draw(c, d.Locale), "\n    "))
			}
		case document.Table:
			var heads, marks []string
			for _, c := range p.Columns {
				heads = append(heads, escape(c.Head))
				marks = append(marks, map[bool]string{true: "---:", false: "---"}[c.Right])
			}
			row(heads)
			row(marks)
			for _, r := range p.Rows {
				var cells []string
				for i, s := range r.Cells {
					s = escape(s)
					if r.Strong && s != "" {
						s = "**" + s + "**"
					}
					if i == 0 && r.Note != "" {
						s += "<br>" + escape(r.Note)
					}
					cells = append(cells, s)
				}
				row(cells)
			}
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}
