package tabular_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/tabular"
)

func utf16(t *testing.T, order unicode.Endianness, bom unicode.BOMPolicy, s string) string {
	t.Helper()
	b, err := unicode.UTF16(order, bom).NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHowACSVIsWrittenIsFoundOut(t *testing.T) {
	german := "Größe;Preis €\nmüde;1\n"
	for _, tt := range []struct {
		name, text, encoding string
		delimiter            byte
		want                 [][]string
		header               string
	}{
		{"UTF-8", german, "utf-8", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"UTF-8 with a mark", "\ufeff" + german, "utf-8", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"Windows-1252: the euro is 0x80", "Gr\xf6\xdfe;Preis \x80\nm\xfcde;1\n", "windows-1252", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"UTF-16LE with a mark", utf16(t, unicode.LittleEndian, unicode.UseBOM, german), "utf-16le", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"UTF-16BE with a mark", utf16(t, unicode.BigEndian, unicode.UseBOM, german), "utf-16be", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"UTF-16LE without", utf16(t, unicode.LittleEndian, unicode.IgnoreBOM, german), "utf-16le", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"UTF-16BE without", utf16(t, unicode.BigEndian, unicode.IgnoreBOM, german), "utf-16be", ';', [][]string{{"müde", "1"}}, "Preis €"},
		{"decomposed umlauts of macOS", "Gro\u0308\u00dfe;Preis\nmu\u0308de;1\n", "utf-8", ';', [][]string{{"müde", "1"}}, "Preis"},
		{"the first umlaut comes late", "Name,Ort\n" + strings.Repeat("abc,def\n", 100_000) + "K\xf6ln,x\n", "windows-1252", ',', nil, "Ort"},
		{"commas", "a,b\n1,2\n", "utf-8", ',', [][]string{{"1", "2"}}, "b"},
		{"tabs", "a\tb\n1,5\t2,5\n", "utf-8", '\t', [][]string{{"1,5", "2,5"}}, "b"},
		{"bars", "a|b\n1;5|2\n", "utf-8", '|', [][]string{{"1;5", "2"}}, "b"},
		{"decimal commas do not divide", "a;b;c\n1,5;2,5;3,5\n1,7;2,7;3,7\n", "utf-8", ';', [][]string{{"1,5", "2,5", "3,5"}, {"1,7", "2,7", "3,7"}}, "b"},
		{"delimiters inside quotes do not count", "a,b\n\"1;2;3\",x\n\"4;5;6\",y\n", "utf-8", ',', [][]string{{"1;2;3", "x"}, {"4;5;6", "y"}}, "b"},
		{"lists with semicolons in a file with commas", "id,tags,n\n1,x;y;z,5\n2,x,6\n3,y;z,7\n", "utf-8", ',', [][]string{{"1", "x;y;z", "5"}, {"2", "x", "6"}, {"3", "y;z", "7"}}, "tags"},
		{"sep=", "sep=|\r\na|b;c\r\n1|2\r\n", "utf-8", '|', [][]string{{"1", "2"}}, "b;c"},
		{"lone CR", "a;b\r1;2\r3;4\r", "utf-8", ';', [][]string{{"1", "2"}, {"3", "4"}}, "b"},
		{"no line end at the end", "a;b\n1;2", "utf-8", ';', [][]string{{"1", "2"}}, "b"},
		{"an empty last cell at the end of the file", "a;b\n1;", "utf-8", ';', [][]string{{"1", ""}}, "b"},
		{"a delimiter in a quoted cell and a doubled quote", "a;b\n\"x;y\";\"5\"\" Rohr\"\n", "utf-8", ';', [][]string{{"x;y", `5" Rohr`}}, "b"},
		{"line breaks in a cell become LF", "a;b\r\n\"1\r\n2\r3\";4\r\n", "utf-8", ';', [][]string{{"1\n2\n3", "4"}}, "b"},
		{"blank rows are passed over", "\n\na;b\n\n1;2\n;\n", "utf-8", ';', [][]string{{"1", "2"}}, "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tt.text, tabular.Options{}).Sheets[0]
			if s.Encoding != tt.encoding || s.Delimiter != tt.delimiter {
				t.Errorf("%s %q", s.Encoding, s.Delimiter)
			}
			if len(s.Columns) < 2 || s.Columns[1].Header != tt.header {
				t.Errorf("%+v", s.Columns)
			}
			rows, _ := texts(t, s)
			if d := cmp.Diff(tt.want, rows); d != "" && tt.want != nil {
				t.Error(d)
			}
			if tt.want == nil && rows[len(rows)-1][0] != "Köln" {
				t.Error(rows[len(rows)-1])
			}
		})
	}
}

func TestWhatIsStrangeInACSVIsSaidWithItsLine(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rows       [][]string
		notes      []string
	}{
		{"a quote inside a cell", "a;b\n5\" Rohr;1\n\"x\"y\";2\n", [][]string{{`5" Rohr`, "1"}, {`x"y`, "2"}}, []string{"table_quote_stray line 2, 2"}},
		{"too few and too many cells", "a;b;c\n1;2;3\n1;2\n1;2;3;4\n5;6;7\n1;2\n", [][]string{{"1", "2", "3"}, {"1", "2"}, {"1", "2", "3", "4"}, {"5", "6", "7"}, {"1", "2"}},
			[]string{"table_row_short line 3, 2", "table_row_long line 4, 1"}},
		{"zero bytes", "alpha;beta\n1\x00;2\n", [][]string{{"1", "2"}}, []string{"table_nul line 2, 1"}},
		{"broken UTF-8 among umlauts", "a;b\nä;ö\nü;ß\n" + strings.Repeat("äöü;x\n", 5) + "K\xf6ln;x\n", nil, []string{"table_encoding_broken line 0, 1"}},
		{"the header comes again", "a;b\n1;2\na;b\n3;4\n", [][]string{{"1", "2"}, {"3", "4"}}, []string{"table_header_again line 3, 1"}},
		{"no header", "1;2024-01-01\n2;2024-01-02\n", [][]string{{"1", "2024-01-01"}, {"2", "2024-01-02"}}, []string{"table_header_none line 1, 1"}},
		{"names twice and none", "Name;name;Ort;;\nx;y;z;;\n", [][]string{{"x", "y", "z", "", ""}},
			[]string{"table_header_twice line 1, 1 name (2)", "table_header_empty line 1, 2"}},
		{"a name missing before data", ";Name;Ort\n0;x;y\n1;z;w\n", [][]string{{"0", "x", "y"}, {"1", "z", "w"}}, []string{"table_header_empty line 1, 1"}},
		{"title, subtotals, footer", "Bericht\nStand: heute\n\nName;Ort;Wert\nx;y;1\nZwischensumme;;1\nz;y;2\nGesamt (2 Datensätze);;3\n\nErstellt von: ich\nBeispiel GmbH\n",
			[][]string{{"x", "y", "1"}, {"z", "y", "2"}}, []string{"table_title line 1, 2", "table_total line 6, 2", "table_footer line 10, 2"}},
		{"one cell after a gap, but data follows", "Name;Ort;Wert\nx;y;1\n\nallein\nz;y;2\n", [][]string{{"x", "y", "1"}, {"allein"}, {"z", "y", "2"}}, []string{"table_row_short line 4, 1"}},
		{"a customer called Total stays", "Name;Ort;Wert\nTotal;Paris;1\nTotal GmbH;;\n", [][]string{{"Total", "Paris", "1"}, {"Total GmbH", "", ""}}, nil},
		{"formulas stay text", "a;b\n=1+1;x\n@SUM(A1);y\n", [][]string{{"=1+1", "x"}, {"@SUM(A1)", "y"}}, []string{"table_formula_text line 2, 2 a"}},
		{"errors of Excel", "a;b\n#NV;1\n#REF!;2\n######;3\n", [][]string{{"#NV", "1"}, {"#REF!", "2"}, {"######", "3"}}, []string{"table_errors line 0, 3 a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tt.text, tabular.Options{}).Sheets[0]
			if d := cmp.Diff(tt.notes, codes(s.Notes)); d != "" {
				t.Errorf("notes (-want +got)\n%s", d)
			}
			rows, _ := texts(t, s)
			if d := cmp.Diff(tt.rows, rows); d != "" && tt.rows != nil {
				t.Errorf("rows (-want +got)\n%s", d)
			}
		})
	}
}

func TestLinesAreThoseOfTheFile(t *testing.T) {
	s := open(t, "sep=;\r\n\"a\r\nb\";c\r\n1;2\r\n\r\n\"x\ny\nz\";4\r\n5;6;7\r\n", tabular.Options{}).Sheets[0]
	var lines []int
	for row, err := range s.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, row.Line)
		if (row.Problem != nil) != (row.Line == 9) {
			t.Errorf("line %d: %v", row.Line, row.Problem)
		}
	}
	if d := cmp.Diff([]int{4, 6, 9}, lines); d != "" || s.HeaderLine != 2 {
		t.Error(s.HeaderLine, d)
	}
}

func TestWhatNoTableHoldsIsRefusedBeforeItTakesTheMemory(t *testing.T) {
	small := tabular.Limits{FieldBytes: 8 << 10, RecordBytes: 32 << 10, Columns: 100}
	for _, tt := range []struct{ name, text, want string }{
		{"a quote never closed", "a;b\n1;\"2\n3;4\n", "table_quote_open"},
		{"a quote never closed in a large file", "a;b\n1;\"2\n" + strings.Repeat("3;4\n", 10_000), "table_quote_open"},
		{"a long cell", "a;b\n1;" + strings.Repeat("x", 20_000) + "\n", "table_field_long"},
		{"a long row", "a;b\n" + strings.Repeat(strings.Repeat("x", 4000)+";", 20) + "\n", "table_row_big"},
		{"many columns", "a;b\n" + strings.Repeat(";", 200) + "\n", "table_columns_many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tabular.Open(context.Background(), strings.NewReader(tt.text), int64(len(tt.text)), tabular.Options{Limits: small, Delimiter: ';'})
			if code(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// repeated is a file as large as wanted that takes no room: a head, and a line again and again.
type repeated struct {
	head, line string
	size       int64
}

func (r repeated) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < r.size {
		src := r.head
		at := off
		if off >= int64(len(r.head)) {
			src = r.line
			at = (off - int64(len(r.head))) % int64(len(r.line))
		}
		w := copy(p[n:], src[at:])
		w = int(min(int64(w), r.size-off))
		n += w
		off += int64(w)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestALargeFileTakesNoMoreMemoryThanASmallOne(t *testing.T) {
	r := repeated{"id;Kunde;Betrag;Datum\n", "4711;Müller & Söhne GmbH;1.234,56;31.12.2024\n", 80 << 20}
	r.size -= (r.size - int64(len(r.head))) % int64(len(r.line))
	f, err := tabular.Open(context.Background(), r, r.size, tabular.Options{Name: "groß.csv"})
	if err != nil {
		t.Fatal(err)
	}
	s := f.Sheets[0]
	if s.Whole || s.Sampled < 13_000 || s.Sampled > 15_000 {
		t.Errorf("a sample of %d rows", s.Sampled)
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows, most := 0, uint64(0)
	for row, err := range s.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows%500_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapAlloc)
		}
		if row.Cells[2].Text != "1.234,56" {
			t.Fatal(row)
		}
	}
	if want := int((r.size - int64(len(r.head))) / int64(len(r.line))); rows != want {
		t.Errorf("%d rows of %d", rows, want)
	}
	if most > before.HeapAlloc+4<<20 {
		t.Errorf("%d bytes held, %d before", most, before.HeapAlloc)
	}
}

// Long rows are not kept for the sake of the few words of them that are shown.
func TestWhatIsNotedHoldsNoRows(t *testing.T) {
	r := repeated{"id;Text\n", "=1;" + strings.Repeat("Müller ", 70_000) + "\n", 40 << 20}
	r.size -= (r.size - int64(len(r.head))) % int64(len(r.line))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f, err := tabular.Open(context.Background(), r, r.size, tabular.Options{Name: "lang.csv"})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 256<<10 {
		t.Errorf("%d KiB held", held>>10)
	}
	if after.TotalAlloc-before.TotalAlloc > 200<<20 {
		t.Errorf("%d MiB taken in all", (after.TotalAlloc-before.TotalAlloc)>>20)
	}
	if len(f.Sheets[0].Columns) != 2 {
		t.Error(f.Sheets[0])
	}
}

// What encoding/csv reads as well formed, this package reads the same.
func TestWellFormedCSVIsReadAsByTheStandardLibrary(t *testing.T) {
	cell := rapid.OneOf(rapid.StringOf(rapid.RuneFrom([]rune("ab ;,\"\n€ä"))), rapid.StringMatching(`[a-z0-9 .;"]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 5).Draw(t, "width")
		var want [][]string
		header := strings.Split("alpha beta gamma delta epsilon", " ")[:width]
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = ';'
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			row := []string{"x"} // so that no row is blank, a total or a footer
			for range width - 1 {
				row = append(row, cell.Draw(t, "cell"))
			}
			row[width-1] += "y"
			want = append(want, row)
		}
		if err := errors.Join(w.Write(header), w.WriteAll(want)); err != nil {
			t.Fatal(err)
		}
		f, err := tabular.Open(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), tabular.Options{Delimiter: ';', HeaderLine: 1, Encoding: "utf-8"})
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		for row, err := range f.Sheets[0].All(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			var cells []string
			for _, c := range row.Cells {
				cells = append(cells, c.Text)
			}
			got = append(got, cells)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q\n%s", b.String(), d)
		}
	})
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a;b\n1;2\n", "sep=;\r\n\"x\"\"y\";\r\n", "\xff\xfea\x00;\x00b\x00\n\x00", "a,\"b\n", "Gr\xf6\xdfe;\x80\n1.234;3/4/2024\n", "a\tb\r1\t1,23457E+17\r", "\x00\x00\x00\x00", "\"\"\"\";\"\n\";a\"b\n"} {
		f.Add([]byte(s))
	}
	lim := tabular.Limits{FieldBytes: 4 << 10, RecordBytes: 16 << 10, Columns: 64}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := tabular.Open(context.Background(), bytes.NewReader(text), int64(len(text)), tabular.Options{Name: "f.csv", Limits: lim})
		if err != nil {
			if code(err) == "" {
				t.Fatalf("no diagnostic: %v", err)
			}
			return
		}
		for _, s := range file.Sheets {
			line := 0
			for row, err := range s.All(context.Background()) {
				if err != nil {
					t.Fatalf("what the sample could read fails later: %v", err)
				}
				if row.Line <= line || row.Line <= s.HeaderLine || len(row.Cells) > 64 {
					t.Fatalf("row %+v after line %d", row, line)
				}
				line = row.Line
				if (len(row.Cells) != len(s.Columns)) != (row.Problem != nil) {
					t.Fatalf("%d cells, %d columns, %v", len(row.Cells), len(s.Columns), row.Problem)
				}
				for i, c := range row.Cells {
					if i < len(s.Columns) {
						parseAll(c, s.Columns[i].Style)
					}
				}
			}
			for _, q := range s.Questions() {
				if len(q.Readings) < 2 || q.Rows > q.Sampled {
					t.Fatalf("%+v", q)
				}
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func parseAll(c tabular.Cell, s tabular.Style) {
	_, _ = tabular.ParseDecimal(c, s)
	_, _ = tabular.ParsePercent(c, s)
	_, _ = tabular.ParseBool(c, s)
	_, _ = tabular.ParseID(c)
	_, _ = tabular.ParseDay(c, s, nil)
	_, _ = tabular.ParseInstant(c, s, nil)
}
