// Package html writes a document as one page that needs nothing beside it: style, typeface and charts are inside. Start with
// Write.
package html

import (
	_ "embed" // style and script
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

//go:embed style.css
var style string

// policy lets the page load nothing but itself, whatever a case has for names.
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:"

// Write writes the page; the error is w's.
func Write(w io.Writer, d *document.Document) error {
	var b strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"%s\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>%s</title><style>\n",
		d.Locale.Lang(), policy, e(d.Title))
	for _, weight := range []font.Weight{font.Regular, font.SemiBold} {
		fmt.Fprintf(&b, "@font-face{font-family:Inter;font-weight:%d;src:url(data:font/woff2;base64,%s) format(\"woff2\")}\n", weight, base64.StdEncoding.EncodeToString(font.WOFF2(weight)))
	}
	fmt.Fprintf(&b, "%s:root{--accent:%s}\n@media screen and (prefers-color-scheme:dark){:root{--accent:%s}}\n%s</style></head><body>\n<header>",
		chart.CSS(), d.Brand.Ink(document.LightPaper), d.Brand.Ink(document.DarkPaper), style)
	if len(d.Brand.Logo) > 0 {
		fmt.Fprintf(&b, `<img alt="%s" src="data:image/%s;base64,%s">`, e(d.Brand.Name), d.Brand.LogoType, base64.StdEncoding.EncodeToString(d.Brand.Logo))
	} else if d.Brand.Name != "" {
		b.WriteString("<p><b>" + e(d.Brand.Name) + "</b></p>")
	}
	fmt.Fprintf(&b, "<h1>%s</h1><p class=\"answer\">%s</p><p>%s</p><dl class=\"facts\">", e(d.Title), e(d.Answer), e(d.Limit))
	for _, f := range d.Facts {
		fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>", e(f[0]), e(f[1]))
	}
	b.WriteString("</dl>")
	if d.Brand.Contact != "" {
		b.WriteString(`<p class="small">` + e(d.Brand.Contact) + "</p>")
	}
	b.WriteString("</header>\n")
	contents(&b, d)
	b.WriteString("<main>\n")
	charts, sections := 0, 0
	for _, p := range d.Parts {
		switch p := p.(type) {
		case document.Heading:
			id := ""
			if p.Level == 1 {
				sections++
				id = fmt.Sprintf(" id=\"section-%d\"", sections)
			}
			fmt.Fprintf(&b, "<h%[1]d%[2]s>%[3]s</h%[1]d>\n", p.Level+1, id, e(p.Text))
		case document.Paragraph:
			class := ""
			if p.Small {
				class = ` class="small"`
			} else if p.Lead {
				class = ` class="lead"`
			}
			if p.Text != "" {
				fmt.Fprintf(&b, "<p%s>%s</p>\n", class, e(p.Text))
			}
		case document.List:
			b.WriteString("<ul>")
			for _, s := range p.Items {
				b.WriteString("<li>" + e(s) + "</li>")
			}
			b.WriteString("</ul>\n")
		case document.Figures:
			b.WriteString(`<div class="figures">`)
			for _, f := range p.Figures {
				class := ""
				if f.Loss {
					class = ` class="loss"`
				}
				fmt.Fprintf(&b, "<div><span class=\"small\">%s</span><b%s>%s</b><small>%s</small></div>", e(f.Label), class, e(f.Value), e(f.Note))
			}
			b.WriteString("</div>\n")
		case document.Charts:
			for _, c := range p.Charts {
				charts++
				s := c.Scene(d.Locale, chart.Size{})
				fmt.Fprintf(&b, "<figure><figcaption><b>%s</b><span>%s</span></figcaption>%s", e(s.Title), e(s.Caption), s.SVG(fmt.Sprintf("chart-%d", charts)))
				if t := s.Table(); len(t.Rows) > 0 {
					fmt.Fprintf(&b, "<details><summary>%s</summary>", e(d.Locale.Text("web.chart.table", nil)))
					var columns []document.Column
					for i, h := range t.Head {
						columns = append(columns, document.Column{Head: h, Right: i > 0})
					}
					var rows []document.Row
					for _, r := range t.Rows {
						rows = append(rows, document.Row{Cells: r})
					}
					table(&b, columns, rows)
					b.WriteString("</details>")
				}
				b.WriteString("</figure>\n")
			}
		case document.Table:
			table(&b, p.Columns, p.Rows)
		}
	}
	b.WriteString("</main><script type=\"module\">\n" + chart.Script() + "</script></body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// contents lists the sections.
func contents(b *strings.Builder, d *document.Document) {
	fmt.Fprintf(b, "<nav aria-label=\"%s\">", html.EscapeString(d.Locale.Text("document.contents", nil)))
	n := 0
	for _, p := range d.Parts {
		if h, ok := p.(document.Heading); ok && h.Level == 1 {
			n++
			fmt.Fprintf(b, "<a href=\"#section-%d\">%s</a>", n, html.EscapeString(h.Text))
		}
	}
	b.WriteString("</nav>\n")
}

func table(b *strings.Builder, columns []document.Column, rows []document.Row) {
	e := html.EscapeString
	class := func(i int) string {
		if i < len(columns) && columns[i].Right {
			return ` class="r"`
		}
		return ""
	}
	short := ""
	if len(rows) <= 13 { // stays on one printed page
		short = " short"
	}
	fmt.Fprintf(b, `<div class="wide%s" tabindex="0"><table><thead><tr>`, short)
	for i, c := range columns {
		fmt.Fprintf(b, `<th scope="col"%s>%s</th>`, class(i), e(c.Head))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range rows {
		b.WriteString(map[bool]string{true: `<tr class="sum">`, false: "<tr>"}[r.Strong])
		for i, s := range r.Cells {
			note := ""
			if i == 0 && r.Note != "" {
				note = "<small>" + e(r.Note) + "</small>"
			}
			fmt.Fprintf(b, "<td%s>%s%s</td>", class(i), strings.ReplaceAll(e(s), "\n", "<br>"), note)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}
