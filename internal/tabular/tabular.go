// Package tabular reads the tables that CRMs export, CSV and XLSX, as a stream of rows of text. It finds out how a file
// is written (encoding, delimiter, header, the style of every column), says what it assumed, and asks where the file
// leaves it open; what it is told to read it reads exactly or refuses. It knows nothing of what the columns mean.
//
// Start with OpenFile, then Sheet.Rows; Column.Style says how a column is to be read, ParseDecimal, ParseDay and their
// like read one cell by it.
package tabular

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Format is the kind of a file.
type Format string

// The formats that are read.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Limits bound what one file may take. Zero fields mean the values of DefaultLimits.
type Limits struct {
	FileBytes   int64 // size of the file
	FieldBytes  int   // one cell
	RecordBytes int   // one row
	Columns     int
	Entries     int   // parts of a workbook
	EntryBytes  int64 // one part of a workbook, unpacked
	TotalBytes  int64 // all parts of a workbook, unpacked
	Ratio       int64 // unpacked to packed, of parts over 1 MiB
	StringBytes int64 // shared strings of a workbook held in memory; more goes to a temporary file
}

// DefaultLimits let through what a CRM exports: 20 GiB of CSV, and any workbook that Excel itself can write.
func DefaultLimits() Limits {
	return Limits{
		FileBytes: 20 << 30, FieldBytes: 1 << 20, RecordBytes: 16 << 20, Columns: 16384,
		Entries: 10000, EntryBytes: 8 << 30, TotalBytes: 12 << 30, Ratio: 400, StringBytes: 32 << 20,
	}
}

// Options are what the caller knows better than the file shows.
type Options struct {
	// Name is the file's name, for messages and for the name of a CSV's only sheet.
	Name string
	// Encoding is one of utf-8, utf-16le, utf-16be, windows-1252; empty finds it out.
	Encoding string
	// Delimiter separates the fields of a CSV; 0 finds it out.
	Delimiter byte
	// HeaderLine is the line of the column names, counted from 1; 0 finds it out, -1 says that there is none.
	HeaderLine int
	Limits     Limits
}

// File is an opened file. Close it after use.
type File struct {
	Name   string
	Format Format
	Sheets []*Sheet
	// Notes say what was left out of the file as a whole.
	Notes diag.List

	closers []func() error
}

// Close frees what the file holds. Rows still open are of no use afterwards.
func (f *File) Close() error {
	var errs []error
	for i := len(f.closers) - 1; i >= 0; i-- {
		errs = append(errs, f.closers[i]())
	}
	f.closers = nil
	return errors.Join(errs...)
}

// Sheet is one table of a file.
type Sheet struct {
	Name   string
	Hidden bool
	// Size is what Rows.Done counts towards: bytes of the CSV, or of the sheet unpacked.
	Size int64
	// Encoding, Delimiter and LineEnd are how a CSV is written; LineEnd is "\n", "\r\n" or "\r".
	Encoding  string
	Delimiter byte
	LineEnd   string
	// HeaderLine is the line of the column names, 0 where there is none.
	HeaderLine int
	Columns    []Column
	// Sampled rows were looked at to settle the columns' styles; Whole says that they were all. Of a CSV over 32 MiB they
	// are the first ten thousand and some thousand spread over the rest; of so large a sheet, which cannot be read from the
	// middle, the first ten thousand.
	Sampled int
	Whole   bool
	// Notes say what was assumed and what is striking, as far as the sample shows.
	Notes diag.List
	// Typed says that the rows come from a source that knows the types of its columns and tells an empty text from none,
	// such as a database. Such a sheet has columns and no rows of its own.
	Typed bool

	file string
	skip int // rows up to this line stand above the data
	// from1904 is the workbook's calendar.
	from1904 bool
	open     func(ctx context.Context, n *notes) (source, error)
	spread   func(ctx context.Context, yield func([]Cell)) error
}

// Questions are those of the columns, in their order.
func (s *Sheet) Questions() []*Question {
	var all []*Question
	for i := range s.Columns {
		if q := s.Columns[i].Question; q != nil {
			all = append(all, q)
		}
	}
	return all
}

// Answer settles the column i by the given reading of its question.
func (s *Sheet) Answer(i, reading int) error {
	if i < 0 || i >= len(s.Columns) || s.Columns[i].Question == nil || reading < 0 || reading >= len(s.Columns[i].Question.Readings) {
		return fmt.Errorf("column %d has no reading %d to choose", i, reading)
	}
	c := &s.Columns[i]
	c.Style = c.Question.Readings[reading].Style
	c.Question = nil
	return nil
}

// Column is one column of a sheet.
type Column struct {
	// Name is unique in the sheet: the header, with a number where it is empty or comes twice.
	Name string
	// Header is what the file says.
	Header string
	// Style is how the cells are read; where Question is set, it is text until the question is answered.
	Style    Style
	Question *Question
	// Filled is how many cells of the sample hold something, Missing how many are empty or a spreadsheet's error.
	Filled, Missing int

	stats *stats
}

// TypedColumn is a column of a source that knows its types: nothing about it is found out from cells.
func TypedColumn(name string, s Style) Column {
	return Column{Name: name, Header: name, Style: s, stats: &stats{}}
}

// Kind says what a cell is by the file itself, apart from its column's style.
type Kind byte

// The kinds of cells. Those of numbers, dates and yes or no come from workbooks and databases, where cells have types.
const (
	KindText   Kind = iota
	KindNumber      // Text is the number with a decimal point, "%" after it where the sheet shows it so
	KindDate        // Text is the date as 2024-12-31, with the time of day as 2024-12-31T14:05:00
	KindBool        // Text is true or false
	KindError       // Text is what a spreadsheet shows for an error, such as #N/A
	KindNull        // nothing at all, in a database
)

// Cell is one cell. Text is in Unicode's composed form, as delivered otherwise.
type Cell struct {
	Text string
	Kind Kind
}

// Missing reports whether the cell holds nothing: no text but spaces, NULL, or a spreadsheet's error.
func (c Cell) Missing() bool {
	return c.Kind == KindError || c.Kind == KindNull || strings.TrimSpace(c.Text) == ""
}

// Row is one row of a sheet.
type Row struct {
	// Line is the physical line where the row begins in a CSV, the row's number in a workbook; both count from 1.
	Line int
	// Cells are as many as the row has, which in a CSV may be fewer or more than the sheet has columns; see Problem.
	// The slice is used again for the next row.
	Cells []Cell
	// Problem says what is wrong with the row as a whole, nil where nothing is.
	Problem *diag.Diagnostic
}

// source delivers the rows of a sheet, blank ones included.
type source interface {
	// next returns io.EOF after the last row. The cells are valid until the next call.
	next() (line int, cells []Cell, err error)
	// done is how much of Sheet.Size has been read.
	done() int64
	close() error
}

// OpenFile opens a CSV or XLSX file. What cannot be read is refused with a diag.Diagnostic as the error.
func OpenFile(ctx context.Context, path string, o Options) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if o.Name == "" {
		o.Name = filepath.Base(path)
	}
	file, err := Open(ctx, f, info.Size(), o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	file.closers = append([]func() error{f.Close}, file.closers...)
	return file, nil
}

// OpenReader opens what comes as a stream: it goes into a temporary file first, for the styles are settled before the
// first row is delivered.
func OpenReader(ctx context.Context, r io.Reader, o Options) (_ *File, err error) {
	o.Limits = o.Limits.orDefault()
	f, remove, err := temporary()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove())
		}
	}()
	n, err := io.Copy(f, &cancelReader{ctx, io.LimitReader(r, o.Limits.FileBytes+1)})
	if err != nil {
		return nil, err
	}
	file, err := Open(ctx, f, n, o)
	if err != nil {
		return nil, err
	}
	file.closers = append([]func() error{remove}, file.closers...)
	return file, nil
}

// Open opens a file of the given size. The reader stays the caller's, and must stay open until File.Close.
func Open(ctx context.Context, r io.ReaderAt, size int64, o Options) (*File, error) {
	o.Limits = o.Limits.orDefault()
	at := diag.Position{File: o.Name}
	if size > o.Limits.FileBytes {
		return nil, diag.New("table_file_big", at, diag.Args{"size": mebibytes(size), "most": mebibytes(o.Limits.FileBytes)})
	}
	head := make([]byte, min(size, headBytes))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format, err := recognise(r, size, head, at)
	if err != nil {
		return nil, err
	}
	f := &File{Name: o.Name, Format: format}
	if format == XLSX {
		err = f.openXLSX(ctx, r, size, o)
	} else {
		err = f.openCSV(ctx, r, size, o)
	}
	if err == nil {
		for _, s := range f.Sheets {
			if err = s.settle(ctx, o); err != nil {
				break
			}
			if format == CSV && len(s.Columns) == 0 {
				err = diag.New("table_empty", at, nil)
			}
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, p := range []struct{ have, def *int64 }{{&l.FileBytes, &d.FileBytes}, {&l.EntryBytes, &d.EntryBytes},
		{&l.TotalBytes, &d.TotalBytes}, {&l.Ratio, &d.Ratio}, {&l.StringBytes, &d.StringBytes}} {
		if *p.have == 0 {
			*p.have = *p.def
		}
	}
	for _, p := range []struct{ have, def *int }{{&l.FieldBytes, &d.FieldBytes}, {&l.RecordBytes, &d.RecordBytes},
		{&l.Columns, &d.Columns}, {&l.Entries, &d.Entries}} {
		if *p.have == 0 {
			*p.have = *p.def
		}
	}
	return l
}

// mebibytes is a size for a message, rounded up.
func mebibytes(n int64) int { return int((n + 1<<20 - 1) >> 20) }

// temporary makes a file that remove closes and deletes.
func temporary() (f *os.File, remove func() error, err error) {
	f, err = os.CreateTemp("", "rendite-table-*")
	if err != nil {
		return nil, nil, err
	}
	return f, func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }, nil
}

// cancelReader ends a read when the context does.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// lineArg is a line number as messages want it, not grouped.
func lineArg(line int) string { return strconv.Itoa(line) }

// notes collects what is striking, once per code and column, with the first place and how often.
type notes struct {
	file string
	list diag.List
	seen map[[2]string]int
}

// add counts one more of the code; column is "" where it is about the row or the file.
func (n *notes) add(d diag.Diagnostic, line int, column string) {
	key := [2]string{d.Code, column}
	if i, ok := n.seen[key]; ok {
		n.list[i].Args["count"] = n.list[i].Args["count"].(int) + 1
		return
	}
	args := diag.Args{"count": 1, "line": lineArg(line), "column": column}
	maps.Copy(args, d.Args)
	d.Args, d.At = args, diag.Position{File: n.file, Line: line, Column: 1}
	if n.seen == nil {
		n.seen = map[[2]string]int{}
	}
	n.seen[key] = len(n.list)
	n.list = append(n.list, d)
}

func warn(code string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Warning, Code: code}
}

func hint(code string, args diag.Args) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Hint, Code: code, Args: args}
}
