// Package written is the report as a file: the formats by name, for command line, pages and API alike. Start with Write.
package written

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/data"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/html"
	"github.com/rendite-crm/rendite/internal/report/markdown"
	"github.com/rendite-crm/rendite/internal/report/pdf"
	"github.com/rendite-crm/rendite/internal/report/workbook"
)

type format struct {
	media string
	write func(io.Writer, *document.Content, *locale.Locale) error
}

var formats = map[string]format{
	"pdf":  {"application/pdf", paged(pdf.Write)},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.Write},
	"html": {"text/html; charset=utf-8", paged(html.Write)},
	"md":   {"text/markdown; charset=utf-8", paged(markdown.Write)},
	"json": {"application/json", data.JSON},
	"csv":  {"text/csv; charset=utf-8", data.CSV},
}

func paged(write func(io.Writer, *document.Document) error) func(io.Writer, *document.Content, *locale.Locale) error {
	return func(w io.Writer, c *document.Content, l *locale.Locale) error { return write(w, document.Build(c, l)) }
}

// Formats are the names, which are also the endings of files.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Media is the media type of a format; false where there is no such format.
func Media(name string) (string, bool) {
	f, ok := formats[name]
	return f.media, ok
}

// Write writes a report. A diag.List is what the format cannot hold.
func Write(w io.Writer, name string, c *document.Content, l *locale.Locale) error {
	f, ok := formats[name]
	if !ok {
		return fmt.Errorf("written: no format %q", name)
	}
	return f.write(w, c, l)
}
