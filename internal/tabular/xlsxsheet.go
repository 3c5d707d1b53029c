package tabular

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
)

// excelColumns and excelRows are the size of a sheet in every version of Excel since 2007.
const excelRows = 1 << 20

// sheetReader reads the rows of one sheet.
type sheetReader struct {
	b     *book
	p     *part
	notes *notes
	row   int
	cells []Cell
	inEnd bool

	column  int // of the current cell, from 0
	style   int
	typ     string
	formula bool
	inline  bool
	value   strings.Builder
}

func (b *book) sheet(ctx context.Context, e *zip.File, n *notes) (source, error) {
	p, err := b.part(ctx, e)
	if err != nil {
		return nil, err
	}
	return &sheetReader{b: b, p: p, notes: n}, nil
}

func (r *sheetReader) done() int64  { return r.p.read.Load() }
func (r *sheetReader) close() error { return r.p.rc.Close() }

func (r *sheetReader) fail(code string) error {
	return diag.New(code, diag.Position{File: r.b.at.File, Line: r.row, Column: 1}, diag.Args{"part": r.p.name, "line": lineArg(r.row)})
}

func (r *sheetReader) next() (int, []Cell, error) {
	if r.inEnd {
		return 0, nil, io.EOF
	}
	inRow, inValue, phonetic := false, false, false
	size := 0
	for {
		t, err := r.p.token()
		if errors.Is(err, io.EOF) {
			r.inEnd = true
		}
		if err != nil {
			return r.row, nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				inRow, size = true, 0
				r.cells, r.column = r.cells[:0], -1
				if s := attr(t, "r"); s == "" {
					r.row++
				} else if n, err := strconv.Atoi(s); err != nil || n <= r.row || n > excelRows {
					return r.row, nil, r.fail("table_xlsx_order")
				} else {
					r.row = n
				}
			case "c":
				if err := r.begin(t); err != nil {
					return r.row, nil, err
				}
			case "f":
				r.formula = true
			case "v":
				inValue = true
				r.value.Reset()
			case "is":
				r.inline = true
				r.value.Reset()
			case "t":
				inValue = r.inline && !phonetic
			case "rPh":
				phonetic = true
			}
		case xml.CharData:
			if inValue {
				if size += len(t); r.value.Len()+len(t) > r.b.lim.FieldBytes || size > r.b.lim.RecordBytes {
					return r.row, nil, diag.New("table_field_long", r.b.at, diag.Args{"line": lineArg(r.row), "most": r.b.lim.FieldBytes >> 10})
				}
				r.value.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				inValue = false
			case "rPh":
				phonetic = false
			case "c":
				if inRow {
					if err := r.end(); err != nil {
						return r.row, nil, err
					}
				}
			case "row":
				return r.row, r.cells, nil
			case "sheetData":
				r.inEnd = true
				return 0, nil, io.EOF
			}
		}
	}
}

// begin notes where a cell is and what type it has.
func (r *sheetReader) begin(e xml.StartElement) error {
	r.style, r.typ, r.formula, r.inline = 0, "", false, false
	r.value.Reset()
	r.column++
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "r":
			c, ok := columnOf(a.Value)
			if !ok || c < r.column {
				return r.fail("table_xlsx_order")
			}
			r.column = c
		case "s":
			r.style, _ = strconv.Atoi(a.Value)
		case "t":
			r.typ = a.Value
		}
	}
	if r.column >= r.b.lim.Columns {
		return diag.New("table_columns_many", diag.Position{File: r.b.at.File, Line: r.row, Column: 1}, diag.Args{"line": lineArg(r.row), "most": r.b.lim.Columns})
	}
	return nil
}

// columnOf is the column of a reference such as AB12, counted from 0.
func columnOf(ref string) (int, bool) {
	n, i := 0, 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && i < 4; i++ {
		n = n*26 + int(ref[i]-'A') + 1
	}
	return n - 1, i > 0 && i < 4
}

// end makes a cell of what was between its tags.
func (r *sheetReader) end() error {
	raw := r.value.String()
	cell := Cell{Text: raw}
	switch r.typ {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(raw))
		text, ok := r.b.strings.at(i)
		if raw != "" && (err != nil || !ok) {
			return r.fail("table_xlsx_order")
		}
		cell.Text = text
	case "str", "inlineStr":
		cell.Text = clean(raw)
	case "e":
		cell.Kind = KindError
	case "b":
		cell.Kind, cell.Text = KindBool, "false"
		if raw == "1" || raw == "true" {
			cell.Text = "true"
		}
		if raw == "" {
			cell = Cell{}
		}
	case "d": // ISO 8601
		if raw != "" {
			cell.Kind = KindDate
		}
	default:
		cell = r.number(strings.TrimSpace(raw))
	}
	switch {
	case r.formula && raw == "":
		r.notes.add(warn("table_formula_empty"), r.row, "")
	case r.formula:
		r.notes.add(hint("table_formula_cached", nil), r.row, "")
	}
	if cell.Kind == KindText && spreadsheetError(cell.Text) {
		cell.Kind = KindError
	}
	if cell.Text == "" {
		return nil
	}
	for len(r.cells) < r.column {
		r.cells = append(r.cells, Cell{})
	}
	r.cells = append(r.cells, cell)
	return nil
}

// number writes a number as its format means it. Excel keeps fifteen digits and shows no more; what stands behind them
// in the file is binary dust, as in 0.30000000000000004.
func (r *sheetReader) number(raw string) Cell {
	if raw == "" {
		return Cell{}
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return Cell{Text: raw}
	}
	kind := general
	if r.style >= 0 && r.style < len(r.b.formats) {
		kind = r.b.formats[r.style]
	}
	if kind == dateFormat {
		if text, ok := serialText(f, r.b.from1904); ok {
			return Cell{text, KindDate}
		}
	}
	if kind == percentFormat {
		return Cell{fifteen(f*100) + "%", KindNumber}
	}
	if math.Abs(f) >= 1e15 {
		r.notes.add(warn("table_number_long"), r.row, "")
	}
	return Cell{fifteen(f), KindNumber}
}

// fifteen writes f with fifteen significant digits, with an exponent only where there are more digits before the point.
func fifteen(f float64) string {
	s := strconv.FormatFloat(f, 'g', 15, 64)
	rounded, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(rounded) >= 1e18 || rounded != 0 && math.Abs(rounded) < 1e-9 {
		return s
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// serialText is the day, or the day and time, of an Excel serial number: days since the end of 1899, in which 1900 is
// taken for a leap year (serial 60 is a day that never was), or since 1904-01-01. Below 1 it is a time of day.
func serialText(f float64, from1904 bool) (string, bool) {
	if f < 0 || f >= 2958466 { // 9999-12-31 is 2958465
		return "", false
	}
	// The fraction is a time to the millisecond at best: a day has 8.64e7 of them, a double fifteen digits.
	ms := math.Round(f * 86_400_000)
	day := int(math.Floor(ms / 86_400_000))
	clock := time.Duration(ms-float64(day)*86_400_000) * time.Millisecond
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 0:
		return time.Time{}.Add(clock).Format("15:04:05"), true
	case day < 60:
		day++
	case day == 60:
		return "", false
	}
	t := base.AddDate(0, 0, day).Add(clock)
	switch {
	case clock == 0:
		return t.Format(time.DateOnly), true
	case clock%time.Second == 0:
		return t.Format("2006-01-02T15:04:05"), true
	}
	return t.Format("2006-01-02T15:04:05.000"), true
}
