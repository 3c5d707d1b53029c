package tabular

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/diag"
)

// A workbook is read straight from its parts (ECMA-376, part 1): only sheets, shared strings and number formats are ever
// unpacked. excelize's rows tell neither a cell's format, which makes 45657 a date, nor that it holds a formula, without
// loading the sheet; and it unpacks all parts into memory.

const (
	xmlDepth = 64
	// xmlToken is how many bytes one tag or text may take.
	xmlToken = 4 << 20
)

// book is what all sheets of a workbook need.
type book struct {
	parts    map[string]*zip.File
	strings  *sharedStrings
	formats  []format // by the number of a cell's style
	from1904 bool
	lim      Limits
	at       diag.Position
}

// format is what a number format makes of a number.
type format byte

const (
	general format = iota
	dateFormat
	percentFormat
)

func (f *File) openXLSX(ctx context.Context, r io.ReaderAt, size int64, o Options) error {
	at := diag.Position{File: o.Name}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return diag.New("table_xlsx_broken", at, diag.Args{"part": path.Base(o.Name)})
	}
	n := &notes{file: o.Name}
	b := &book{parts: map[string]*zip.File{}, lim: o.Limits, at: at}
	if err := b.check(z, size, n); err != nil {
		return err
	}
	if b.parts["xl/workbook.xml"] == nil {
		return refuseOther(z, at)
	}
	sheets, err := b.workbook(ctx)
	if err != nil {
		return err
	}
	if err := b.styles(ctx); err != nil {
		return err
	}
	b.strings = &sharedStrings{inMemory: o.Limits.StringBytes}
	f.closers = append(f.closers, b.strings.close)
	if err := b.sharedStrings(ctx); err != nil {
		return err
	}
	for _, s := range sheets {
		part := b.parts[s.part]
		if part == nil {
			continue // a sheet of charts
		}
		sheet := &Sheet{Name: s.name, Hidden: s.hidden, Size: int64(part.UncompressedSize64), file: o.Name, from1904: b.from1904}
		sheet.open = func(ctx context.Context, n *notes) (source, error) { return b.sheet(ctx, part, n) }
		f.Sheets = append(f.Sheets, sheet)
	}
	if len(f.Sheets) == 0 {
		return diag.New("table_xlsx_no_sheet", at, nil)
	}
	f.Notes = n.list
	return nil
}

// check refuses an archive that is built to do harm, by its directory alone: nothing has been unpacked yet.
func (b *book) check(z *zip.Reader, size int64, n *notes) error {
	if len(z.File) > b.lim.Entries {
		return diag.New("table_xlsx_entries", b.at, diag.Args{"count": len(z.File), "most": b.lim.Entries})
	}
	var packed, unpacked uint64
	for _, e := range z.File {
		name := strings.ReplaceAll(e.Name, `\`, "/")
		lower := strings.ToLower(name)
		at := diag.Args{"part": e.Name}
		switch {
		case strings.HasPrefix(name, "/") || strings.Contains(name, ":") || path.Clean(name) != strings.TrimSuffix(name, "/") || strings.HasPrefix(path.Clean(name), ".."):
			return diag.New("table_xlsx_path", b.at, at)
		case e.Mode()&fs.ModeSymlink != 0:
			return diag.New("table_xlsx_path", b.at, at)
		case e.Flags&1 != 0:
			return diag.New("table_encrypted", b.at, nil)
		case e.UncompressedSize64 > uint64(b.lim.EntryBytes):
			return diag.New("table_xlsx_big", b.at, diag.Args{"part": e.Name, "size": mebibytes(int64(min(e.UncompressedSize64, math.MaxInt64>>1))), "most": mebibytes(b.lim.EntryBytes)})
		case e.UncompressedSize64 > 1<<20 && e.UncompressedSize64/uint64(b.lim.Ratio) > e.CompressedSize64:
			return diag.New("table_xlsx_ratio", b.at, at)
		}
		packed += e.CompressedSize64
		unpacked += e.UncompressedSize64
		switch ext := path.Ext(lower); {
		case strings.HasPrefix(lower, "xl/embeddings/"):
			n.add(hint("table_xlsx_embedded", nil), 0, "")
		case ext == ".zip" || ext == ".xlsx" || ext == ".xlsm" || ext == ".xls" || ext == ".docx" || ext == ".gz" || ext == ".7z" || ext == ".rar" || ext == ".jar":
			if strings.HasPrefix(lower, "xl/") {
				return diag.New("table_xlsx_nested", b.at, at)
			}
		case strings.HasPrefix(lower, "xl/externallinks/") && ext == ".xml":
			n.add(hint("table_xlsx_links", nil), 0, "")
		case path.Base(lower) == "vbaproject.bin":
			n.add(hint("table_xlsx_macros", nil), 0, "")
		}
		if _, twice := b.parts[lower]; twice {
			return diag.New("table_xlsx_path", b.at, at)
		}
		b.parts[lower] = e
	}
	switch {
	case unpacked > uint64(b.lim.TotalBytes):
		return diag.New("table_xlsx_big", b.at, diag.Args{"part": path.Base(b.at.File), "size": mebibytes(int64(min(unpacked, math.MaxInt64>>1))), "most": mebibytes(b.lim.TotalBytes)})
	case packed > uint64(size):
		// Parts that share their packed bytes: a bomb that no ratio of a single part shows (Fifield 2019, "A better zip bomb").
		return diag.New("table_xlsx_ratio", b.at, diag.Args{"part": path.Base(b.at.File)})
	}
	return nil
}

// part reads one part's XML; archive/zip ends it where it has more than the directory states.
type part struct {
	name  string
	rc    io.ReadCloser
	dec   *xml.Decoder
	since int // bytes since the last token
	read  atomic.Int64
	ctx   context.Context
	depth int
	at    diag.Position
}

func (b *book) part(ctx context.Context, e *zip.File) (*part, error) {
	rc, err := e.Open()
	if err != nil {
		return nil, diag.New("table_xlsx_broken", b.at, diag.Args{"part": e.Name})
	}
	p := &part{name: e.Name, rc: rc, ctx: ctx, at: b.at}
	p.dec = xml.NewDecoder(p)
	p.dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("encoding " + label) // ECMA-376 allows UTF-16 too, which nobody writes
	}
	return p, nil
}

func (p *part) Read(buf []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.rc.Read(buf)
	p.since += n
	p.read.Add(int64(n))
	if p.since > xmlToken {
		return 0, diag.New("table_xlsx_token", p.at, diag.Args{"part": p.name})
	}
	return n, err
}

// token is the next tag or text, io.EOF at the end. Entities that a document defines itself are never expanded: who
// brings a DOCTYPE is refused.
func (p *part) token() (xml.Token, error) {
	p.since = 0
	t, err := p.dec.RawToken()
	if err != nil {
		var d diag.Diagnostic
		switch {
		case errors.Is(err, io.EOF) && p.depth == 0:
			return nil, io.EOF
		case p.ctx.Err() != nil:
			return nil, p.ctx.Err()
		case errors.As(err, &d):
			return nil, d
		}
		return nil, diag.New("table_xlsx_broken", p.at, diag.Args{"part": p.name})
	}
	switch t.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > xmlDepth {
			return nil, diag.New("table_xlsx_deep", p.at, diag.Args{"part": p.name})
		}
	case xml.EndElement:
		p.depth--
	case xml.Directive:
		return nil, diag.New("table_xlsx_doctype", p.at, diag.Args{"part": p.name})
	}
	return t, nil
}

// each calls f for every opening tag of a small part.
func (b *book) each(ctx context.Context, e *zip.File, f func(xml.StartElement) error) (err error) {
	p, err := b.part(ctx, e)
	if err != nil {
		return err
	}
	defer func() { _ = p.rc.Close() }() // what was wrong with it has been told by token
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := t.(xml.StartElement); ok {
			if err := f(s); err != nil {
				return err
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

type sheetEntry struct {
	name, id, part string
	hidden         bool
}

// workbook lists the sheets in their order, each with its part.
func (b *book) workbook(ctx context.Context) ([]sheetEntry, error) {
	var sheets []sheetEntry
	err := b.each(ctx, b.parts["xl/workbook.xml"], func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			v := attr(e, "date1904")
			b.from1904 = v == "1" || v == "true"
		case "sheet":
			s := sheetEntry{name: attr(e, "name"), hidden: attr(e, "state") != "" && attr(e, "state") != "visible"}
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					s.id = a.Value
				}
			}
			if len(sheets) >= 1000 {
				return diag.New("table_xlsx_entries", b.at, diag.Args{"count": len(sheets) + 1, "most": 1000})
			}
			sheets = append(sheets, s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	target := map[string]string{}
	if e := b.parts["xl/_rels/workbook.xml.rels"]; e != nil {
		err = b.each(ctx, e, func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && attr(e, "TargetMode") != "External" && strings.HasSuffix(attr(e, "Type"), "/worksheet") {
				t := attr(e, "Target")
				if !strings.HasPrefix(t, "/") {
					t = "xl/" + t
				}
				target[attr(e, "Id")] = strings.ToLower(strings.TrimPrefix(path.Clean(t), "/"))
			}
			return nil
		})
	}
	for i, s := range sheets {
		sheets[i].part = target[s.id]
	}
	return sheets, err
}

// styles reads which cell styles show a number as a date or a percentage.
func (b *book) styles(ctx context.Context) error {
	e := b.parts["xl/styles.xml"]
	if e == nil {
		return nil
	}
	own := map[string]format{}
	inCells := false
	p, err := b.part(ctx, e)
	if err != nil {
		return err
	}
	defer func() { _ = p.rc.Close() }()
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "numFmt":
				if len(own) < 10_000 {
					own[attr(t, "numFmtId")] = formatOf(attr(t, "formatCode"))
				}
			case "cellXfs":
				inCells = true
			case "xf":
				if inCells && len(b.formats) < 100_000 {
					id := attr(t, "numFmtId")
					f, ok := own[id]
					if !ok {
						f = builtIn(id)
					}
					b.formats = append(b.formats, f)
				}
			}
		case xml.EndElement:
			if t.Name.Local == "cellXfs" {
				inCells = false
			}
		}
	}
}

// builtIn are the number formats that workbooks need not define (ECMA-376, part 1, 18.8.30); 27 to 36 and 50 to 58 are
// dates of East Asian languages.
func builtIn(id string) format {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil:
		return general
	case n == 9 || n == 10:
		return percentFormat
	case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
		return dateFormat
	}
	return general
}

// literal is what a number format shows as it is: "text", \c, _c (a space as wide as c), *c, and [conditions] but for
// elapsed hours, minutes and seconds, which are no dates.
var literal = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)

func formatOf(code string) format {
	if len(code) > 255 {
		return general
	}
	first, _, _ := strings.Cut(code, ";")
	first = strings.ToLower(literal.ReplaceAllString(first, ""))
	first = strings.ReplaceAll(first, "general", "")
	first = strings.ReplaceAll(first, "standard", "")
	switch {
	case strings.Contains(first, "%"):
		return percentFormat
	case strings.Contains(first, "e+") || strings.Contains(first, "e-"):
		return general
	case strings.ContainsAny(first, "ymdhsjt"): // German files of some writers have j and t
		return dateFormat
	}
	return general
}

// sharedStrings are the texts that cells refer to by number.
type sharedStrings struct {
	text     []byte
	ends     []int64
	inMemory int64
	size     int64
	spill    *os.File
	remove   func() error
}

func (s *sharedStrings) add(text string) error {
	if s.spill == nil && s.size+int64(len(text)) > s.inMemory {
		var err error
		if s.spill, s.remove, err = temporary(); err != nil {
			return err
		}
		if _, err := s.spill.Write(s.text); err != nil {
			return err
		}
		s.text = nil
	}
	s.size += int64(len(text))
	s.ends = append(s.ends, s.size)
	if s.spill == nil {
		s.text = append(s.text, text...)
		return nil
	}
	s.text = append(s.text, text...)
	if len(s.text) < 64<<10 {
		return nil
	}
	return s.flush()
}

func (s *sharedStrings) flush() error {
	if s.spill == nil {
		return nil
	}
	_, err := s.spill.Write(s.text)
	s.text = s.text[:0]
	return err
}

func (s *sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	from := int64(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	if s.spill == nil {
		return string(s.text[from:s.ends[i]]), true
	}
	buf := make([]byte, s.ends[i]-from)
	if _, err := s.spill.ReadAt(buf, from); err != nil {
		return "", false
	}
	return string(buf), true
}

func (s *sharedStrings) close() error {
	if s.remove == nil {
		return nil
	}
	return s.remove()
}

// sharedStrings reads xl/sharedStrings.xml: the text of <si>, without the pronunciation in <rPh>.
func (b *book) sharedStrings(ctx context.Context) error {
	e := b.parts["xl/sharedstrings.xml"]
	if e == nil {
		return nil
	}
	p, err := b.part(ctx, e)
	if err != nil {
		return err
	}
	defer func() { _ = p.rc.Close() }()
	var text strings.Builder
	inText, phonetic := false, false
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return b.strings.flush()
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				text.Reset()
			case "t":
				inText = !phonetic
			case "rPh":
				phonetic = true
			}
		case xml.CharData:
			if inText {
				if text.Len()+len(t) > b.lim.FieldBytes {
					return diag.New("table_field_long", b.at, diag.Args{"line": "?", "most": b.lim.FieldBytes >> 10})
				}
				text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t":
				inText = false
			case "rPh":
				phonetic = false
			case "si":
				if err := b.strings.add(clean(text.String())); err != nil {
					return err
				}
			}
		}
	}
}

// escaped are the characters that XML cannot hold, written as _x000D_ (ECMA-376, part 1, 22.9.2.19).
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func clean(s string) string {
	if strings.Contains(s, "_x") {
		s = escaped.ReplaceAllStringFunc(s, func(e string) string {
			n, err := strconv.ParseUint(e[2:6], 16, 16)
			if err != nil || n == 0 {
				return ""
			}
			return string(rune(n))
		})
	}
	if !isASCII(s) {
		s = norm.NFC.String(s)
	}
	return s
}
