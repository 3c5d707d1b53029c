// Package html writes a document as one page that needs nothing beside it: style, typeface and charts are inside. Start with
// Write.
package html

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/report/document"
)

const style = `body{font:15px/1.5 Inter,system-ui,sans-serif;color:var(--ch-ink);background:var(--ch-paper);max-width:760px;margin:40px auto;padding:0 20px}
h1{font-size:17px;font-weight:600}h2{font-size:22px;font-weight:600;color:var(--accent);margin:48px 0 8px}h3{font-size:16px;font-weight:600;margin:28px 0 4px}
.answer{font-size:30px;line-height:1.25;font-weight:600}.lead{font-size:19px;font-weight:600}.small,small,figcaption span,dt{color:var(--ch-soft);font-size:13px}
dl.facts{display:grid;grid-template-columns:160px 1fr;gap:6px}dl.facts dd{margin:0}.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:12px;border-block:1px solid var(--ch-hair);padding:12px 0;margin:16px 0}
.figures b{display:block;font-size:19px;font-weight:600}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--ch-hair)}td.r,th.r{text-align:right}tr.sum td{font-weight:600}td small{display:block;font-weight:400}
figure{margin:20px 0}figcaption{margin-bottom:8px}figcaption b{display:block}summary{cursor:pointer;font-size:13px}img{max-height:64px}
@media print{body{margin:0;max-width:none}details{display:none}figure,tr,.figures{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}}`

// Write writes the page; the error is w's.
func Write(w io.Writer, d *document.Document) error {
	var b strings.Builder
	e := html.EscapeString
	// On dark paper our green is too dark; a brand's colour is its own.
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%s\" data-theme=\"light\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title><style>\n", d.Locale.Lang(), e(d.Title))
	for _, weight := range []font.Weight{font.Regular, font.SemiBold} {
		fmt.Fprintf(&b, "@font-face{font-family:Inter;font-weight:%d;src:url(data:font/woff2;base64,%s) format(\"woff2\")}\n", weight, base64.StdEncoding.EncodeToString(font.WOFF2(weight)))
	}
	b.WriteString(chart.CSS() + ":root{--accent:" + d.Brand.Accent() + "}\n" + style + "\n</style></head><body>\n<header>")
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
	b.WriteString("</header><main>\n")
	charts := 0
	for _, p := range d.Parts {
		switch p := p.(type) {
		case document.Heading:
			fmt.Fprintf(&b, "<h%[1]d>%[2]s</h%[1]d>\n", p.Level+1, e(p.Text))
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
				fmt.Fprintf(&b, "<div><span class=\"small\">%s</span><b>%s</b><small>%s</small></div>", e(f.Label), e(f.Value), e(f.Note))
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
	b.WriteString("</main></body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func table(b *strings.Builder, columns []document.Column, rows []document.Row) {
	e := html.EscapeString
	class := func(i int) string {
		if i < len(columns) && columns[i].Right {
			return ` class="r"`
		}
		return ""
	}
	b.WriteString(`<div class="wide" tabindex="0"><table><thead><tr>`)
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
