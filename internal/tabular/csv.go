package tabular

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/diag"
)

const (
	// wholeBytes is up to what size all rows are looked at to settle the styles.
	wholeBytes = 32 << 20
	// spreadPlaces and spreadRows are how many rows are looked at in the rest of a larger CSV.
	spreadPlaces, spreadRows = 200, 20
)

// csvReader reads the rows of RFC 4180 and of what calls itself CSV. encoding/csv would do for the former; it takes a
// lone CR for text, holds a quote that is never closed in memory to the end of the file, and with LazyQuotes tolerates
// stray quotes without saying where.
type csvReader struct {
	src   io.Reader
	raw   *atomic.Int64
	delim byte
	lim   Limits
	notes *notes

	special   [256]bool // bytes that are more than themselves outside quotes
	buf       []byte
	pos, n    int
	eof       bool
	line      int // of the byte at pos
	record    []byte
	ends      []int
	cells     []Cell
	endOfLine string // of the first row
}

// counter counts what is read from the file, before it is decoded.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// newCSV reads from the byte from of the file, which is a place between two characters.
func newCSV(ctx context.Context, r io.ReaderAt, size, from int64, c charset, delim byte, lim Limits, n *notes) *csvReader {
	raw := new(atomic.Int64)
	raw.Store(from)
	csv := &csvReader{src: c.decode(counter{&cancelReader{ctx, io.NewSectionReader(r, from, size-from)}, raw}), raw: raw,
		delim: delim, lim: lim, notes: n, buf: make([]byte, 64<<10), line: 1}
	for _, b := range []byte{delim, '\r', '\n', '"', 0} {
		csv.special[b] = true
	}
	return csv
}

func (r *csvReader) done() int64 { return r.raw.Load() }

func (r *csvReader) close() error { return nil }

// fill reads on; it reports whether there is a byte at pos.
func (r *csvReader) fill() (bool, error) {
	for r.pos == r.n && !r.eof {
		n, err := r.src.Read(r.buf)
		r.pos, r.n = 0, n
		if errors.Is(err, io.EOF) {
			r.eof = true
		} else if err != nil {
			return false, err
		}
	}
	return r.pos < r.n, nil
}

// skipNewline takes the LF of a CR LF whose CR has been read, and counts the line.
func (r *csvReader) skipNewline(c byte) (crlf bool, err error) {
	r.line++
	if c == '\r' {
		more, err := r.fill()
		if err != nil {
			return false, err
		}
		if more && r.buf[r.pos] == '\n' {
			r.pos++
			return true, nil
		}
	}
	return false, nil
}

func (r *csvReader) next() (int, []Cell, error) {
	r.record, r.ends = r.record[:0], r.ends[:0]
	line, quoteLine := r.line, 0
	started, quoted := false, false // inside a field; inside its quotes
	any := false
	for {
		more, err := r.fill()
		if err != nil {
			return line, nil, err
		}
		if !more {
			if quoted {
				return line, nil, diag.New("table_quote_open", r.at(quoteLine), diag.Args{"line": lineArg(quoteLine)})
			}
			if !any {
				return line, nil, io.EOF
			}
			return r.finish(line)
		}
		any = true
		if quoted {
			// All up to the next quote or line end belongs to the field.
			rest := r.buf[r.pos:r.n]
			i := bytes.IndexAny(rest, "\"\r\n\x00")
			if i < 0 {
				i = len(rest)
			}
			r.record = append(r.record, rest[:i]...)
			r.pos += i
			if err := r.bounds(line, quoteLine); err != nil {
				return line, nil, err
			}
			if r.pos == r.n {
				continue
			}
			c := r.buf[r.pos]
			r.pos++
			switch c {
			case 0:
				r.notes.add(warn("table_nul"), r.line, "")
			case '\r', '\n':
				r.record = append(r.record, '\n')
				if _, err := r.skipNewline(c); err != nil {
					return line, nil, err
				}
			case '"':
				more, err := r.fill()
				if err != nil {
					return line, nil, err
				}
				if !more {
					quoted = false
					continue
				}
				switch c := r.buf[r.pos]; c {
				case '"':
					r.record = append(r.record, '"')
					r.pos++
				case r.delim, '\r', '\n':
					quoted = false
				default:
					r.record = append(r.record, '"')
					r.notes.add(warn("table_quote_stray"), r.line, "")
				}
			}
			continue
		}
		c := r.buf[r.pos]
		r.pos++
		switch {
		case c == r.delim:
			if r.ends = append(r.ends, len(r.record)); len(r.ends) >= r.lim.Columns {
				return line, nil, diag.New("table_columns_many", r.at(line), diag.Args{"line": lineArg(line), "most": r.lim.Columns})
			}
			started = false
		case c == '\r' || c == '\n':
			crlf, err := r.skipNewline(c)
			if err != nil {
				return line, nil, err
			}
			if r.endOfLine == "" {
				if r.endOfLine = string(c); crlf {
					r.endOfLine = "\r\n"
				}
			}
			return r.finish(line)
		case c == '"' && !started:
			started, quoted, quoteLine = true, true, r.line
		case c == '"':
			r.record = append(r.record, c)
			r.notes.add(warn("table_quote_stray"), r.line, "")
		case c == 0:
			r.notes.add(warn("table_nul"), r.line, "")
		default:
			started = true
			from := r.pos - 1
			for r.pos < r.n && !r.special[r.buf[r.pos]] {
				r.pos++
			}
			r.record = append(r.record, r.buf[from:r.pos]...)
			if err := r.bounds(line, 0); err != nil {
				return line, nil, err
			}
		}
	}
}

func (r *csvReader) at(line int) diag.Position {
	return diag.Position{File: r.notes.file, Line: line, Column: 1}
}

// bounds refuses a field or a row that is longer than any table has them, before it takes the memory.
func (r *csvReader) bounds(line, quoteLine int) error {
	last := 0
	if len(r.ends) > 0 {
		last = r.ends[len(r.ends)-1]
	}
	switch {
	case len(r.record)-last > r.lim.FieldBytes && quoteLine > 0:
		return diag.New("table_quote_open", r.at(quoteLine), diag.Args{"line": lineArg(quoteLine)})
	case len(r.record)-last > r.lim.FieldBytes:
		return diag.New("table_field_long", r.at(line), diag.Args{"line": lineArg(line), "most": r.lim.FieldBytes >> 10})
	case len(r.record) > r.lim.RecordBytes:
		return diag.New("table_row_big", r.at(line), diag.Args{"line": lineArg(line), "most": mebibytes(int64(r.lim.RecordBytes))})
	}
	return nil
}

// finish cuts the row into its cells: one text for the row, of which the cells are parts.
func (r *csvReader) finish(line int) (int, []Cell, error) {
	r.ends = append(r.ends, len(r.record))
	if err := r.bounds(line, 0); err != nil {
		return line, nil, err
	}
	text := string(r.record)
	var highest byte
	for i := range len(text) {
		highest = max(highest, text[i])
	}
	r.cells = r.cells[:0]
	from := 0
	for _, to := range r.ends {
		s := text[from:to]
		from = to
		if highest >= utf8.RuneSelf && !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\ufffd")
		}
		if highest >= 0xCC { // combining characters begin at U+0300, which is CC 80
			s = norm.NFC.String(s)
		}
		k := KindText
		if spreadsheetError(s) {
			k = KindError
		}
		r.cells = append(r.cells, Cell{s, k})
	}
	return line, r.cells, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// spreadsheetErrors are what Excel and Calc write for a cell that has no value, in English and German.
var spreadsheetErrors = []string{"#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#ZAHL!",
	"#SPILL!", "#ÜBERLAUF!", "#CALC!", "#KALK!", "#GETTING_DATA", "#DATEN_ABRUFEN", "#FIELD!", "#FELD!", "#BLOCKED!", "#BLOCKIERT!"}

func spreadsheetError(s string) bool {
	if s == "" || s[0] != '#' {
		return false
	}
	// A row of # is what a column too narrow for its number is printed as.
	return slices.Contains(spreadsheetErrors, s) || len(s) >= 3 && strings.Trim(s, "#") == ""
}

// delimiters in the order in which they win where nothing else decides.
var delimiters = []byte{';', ',', '\t', '|'}

// detectDelimiter counts the candidates outside quotes in the rows of text, which is the beginning of a file: the one
// that most rows have equally often.
func detectDelimiter(text []byte, whole bool) byte {
	best, bestShare, bestCount := byte(','), 0.0, 0
	for _, d := range delimiters {
		freq := map[int]int{}
		rows, count, quoted, fieldStart, blank := 0, 0, false, true, true
		for i := 0; i < len(text) && rows < 200; i++ {
			switch c := text[i]; {
			case quoted:
				if c == '"' {
					quoted = false
				}
			case c == '"' && (fieldStart || i > 0 && text[i-1] == '"'):
				quoted, fieldStart, blank = true, false, false
			case c == d:
				count++
				fieldStart, blank = true, false
			case c == '\n' || c == '\r':
				if !blank {
					freq[count]++
					rows++
				}
				count, fieldStart, blank = 0, true, true
			default:
				fieldStart, blank = false, false
			}
		}
		if !blank && (whole || rows == 0) {
			freq[count]++
			rows++
		}
		for n, f := range freq {
			share := float64(f) / float64(rows)
			if n > 0 && (share > bestShare || share == bestShare && n > bestCount) {
				best, bestShare, bestCount = d, share, n
			}
		}
	}
	return best
}

// openCSV finds out how a CSV is written.
func (f *File) openCSV(ctx context.Context, r io.ReaderAt, size int64, o Options) error {
	head := make([]byte, min(size, headBytes))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := diag.Position{File: o.Name}
	var c charset
	var err error
	if o.Encoding != "" {
		c, err = named(o.Encoding, head, at)
	} else {
		c, err = detectCharset(ctx, r, size, head)
	}
	if err != nil {
		return err
	}
	text, err := io.ReadAll(c.decode(bytes.NewReader(head[c.bom:])))
	if err != nil {
		return err
	}
	if noText(text) {
		return diag.New("table_binary", at, nil)
	}
	delim, sep, skip := o.Delimiter, byte(0), 0
	if sep = sepLine(text); sep != 0 {
		skip = 1
	}
	if delim == 0 {
		if delim = sep; delim == 0 {
			delim = detectDelimiter(text, int64(len(head)) == size)
		}
	}
	s := &Sheet{Name: strings.TrimSuffix(o.Name, filepath.Ext(o.Name)), Size: size, Encoding: c.name, Delimiter: delim, file: o.Name}
	s.open = func(ctx context.Context, n *notes) (source, error) {
		src := newCSV(ctx, r, size, int64(c.bom), c, delim, o.Limits, n)
		for range skip {
			if _, _, err := src.next(); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
		}
		return src, nil
	}
	if size > wholeBytes {
		s.spread = func(ctx context.Context, yield func([]Cell)) error {
			return spreadCSV(ctx, r, size, c, delim, o.Limits, len(s.Columns), yield)
		}
	}
	n := &notes{file: o.Name}
	if o.Encoding == "" {
		n.add(hint("table_encoding", diag.Args{"encoding": c.name}), 0, "")
	}
	if c.broken > 0 {
		n.add(diag.Diagnostic{Severity: diag.Warning, Code: "table_encoding_broken", Args: diag.Args{"count": int(c.broken)}}, 0, "")
	}
	n.add(hint("table_delimiter", diag.Args{"delimiter": string(delim)}), 0, "")
	first := newCSV(ctx, r, size, int64(c.bom), c, delim, o.Limits, &notes{file: o.Name})
	if _, _, err := first.next(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.LineEnd = first.endOfLine
	s.Notes = n.list
	f.Sheets = []*Sheet{s}
	return nil
}

// noText reports whether the file is no text: more than a tenth of its characters control something.
func noText(text []byte) bool {
	odd := 0
	for _, b := range text {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' {
			odd++
		}
	}
	return odd > len(text)/10
}

// sepLine is the delimiter of a first line "sep=;", which Excel reads and writes, 0 where there is none.
func sepLine(text []byte) byte {
	line := text
	if i := bytes.IndexAny(text, "\r\n"); i >= 0 {
		line = text[:i]
	}
	line = bytes.Trim(line, `"`)
	if len(line) == 5 && strings.EqualFold(string(line[:4]), "sep=") && line[4] < utf8.RuneSelf {
		return line[4]
	}
	return 0
}

// spreadCSV reads some rows at places spread over the file. A place may lie inside a row, or inside quotes: only rows
// with as many cells as the sheet has columns count, and the first two are left out.
func spreadCSV(ctx context.Context, r io.ReaderAt, size int64, c charset, delim byte, lim Limits, width int, yield func([]Cell)) error {
	for i := 1; i < spreadPlaces; i++ {
		from := size / spreadPlaces * int64(i)
		if from%2 != int64(c.bom)%2 {
			from++ // UTF-16: between two characters
		}
		src := newCSV(ctx, r, size, from, c, delim, lim, &notes{})
		for row := range spreadRows + 2 {
			_, cells, err := src.next()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				break // what begins inside quotes may end in none
			}
			if row >= 2 && len(cells) == width {
				yield(cells)
			}
		}
	}
	return nil
}
