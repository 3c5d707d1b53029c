package ingest

import (
	"encoding/csv"
	"io"
	"iter"
	"strings"

	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// WriteRejects writes the rows that were not taken as CSV: the columns of the file, then the line, the column and the reason.
// Mended and imported with the same mapping, they are taken. A cell that a spreadsheet would run as a formula begins with an
// apostrophe, which an import drops again.
func WriteRejects(w io.Writer, header []string, list []warehouse.Reject, l *locale.Locale) error {
	return WriteEachReject(w, header, func(yield func(warehouse.Reject, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}, l)
}

// WriteEachReject is WriteRejects for rows that come one after the other.
func WriteEachReject(w io.Writer, header []string, list iter.Seq2[warehouse.Reject, error], l *locale.Locale) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if l.Lang() == locale.German {
		out.Comma = ';' // as a German spreadsheet opens it
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // or it takes UTF-8 for Windows-1252
		return err
	}
	row := make([]string, len(header)+3)
	copy(row, header)
	row[len(header)], row[len(header)+1], row[len(header)+2] = l.Text("cli.import.reject.line", nil), l.Text("cli.import.reject.column", nil), l.Text("cli.import.reject.reason", nil)
	if err := out.Write(row); err != nil {
		return err
	}
	for r, err := range list {
		if err != nil {
			return err
		}
		row = row[:0]
		for i := range header {
			cell := ""
			if i < len(r.Cells) {
				cell = Guarded(r.Cells[i])
			}
			row = append(row, cell)
		}
		row = append(row, l.Number(float64(r.Line), 0), r.Column, Reason(r, l))
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Guarded is a cell that no spreadsheet runs. Numbers with a sign are none of that.
func Guarded(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) && strings.Trim(s, "+-0123456789.,\u00a0\u202f %'€$") != "" {
		return "'" + s
	}
	return s
}

// Unguarded is what Guarded was given.
func Unguarded(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(s[1])) {
		return s[1:]
	}
	return s
}

// Reason says why a row was not taken.
func Reason(r warehouse.Reject, l *locale.Locale) string {
	key := "cli.import.reason." + r.Code
	if !l.Has(key) {
		key = "cli.import.reason.row"
	}
	return l.Text(key, map[string]any{"column": r.Column, "value": r.Value})
}
