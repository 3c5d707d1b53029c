package tabular_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"hash/crc32"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/tabular"
)

// The parts of the smallest workbook, as ECMA-376 has them.
const (
	workbookXML = `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Eins" sheetId="1" r:id="rId1"/></sheets></workbook>`
	relsXML     = `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
	stylesXML   = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="[$-407]d/ mmm yyyy;@"/><numFmt numFmtId="165" formatCode="0.00&quot; days&quot;"/><numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts>` +
		`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="10"/><xf numFmtId="22"/></cellXfs></styleSheet>`
	stringsXML = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Name</t></si><si><r><t xml:space="preserve">Mu` + "\u0308" + `ller </t></r><r><t>&amp; S&#246;hne</t></r><rPh sb="0" eb="1"><t>laut</t></rPh></si><si><t>a_x000D__x0041_b</t></si></sst>`
)

func sheetXML(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:C3"/><sheetData>` + rows + `</sheetData></worksheet>`
}

type entry struct{ name, text string }

// pack makes a workbook of the usual parts and more of them; a later part takes the place of one with the same name.
func pack(t testing.TB, rows string, more ...entry) []byte {
	t.Helper()
	all := []entry{{"[Content_Types].xml", "<Types/>"}, {"xl/workbook.xml", workbookXML}, {"xl/_rels/workbook.xml.rels", relsXML},
		{"xl/styles.xml", stylesXML}, {"xl/sharedStrings.xml", stringsXML}, {"xl/worksheets/sheet1.xml", sheetXML(rows)}}
	for _, m := range more {
		placed := false
		for i := range all {
			if all[i].name == m.name {
				all[i], placed = m, true
			}
		}
		if !placed {
			all = append(all, m)
		}
	}
	return zipped(t, all...)
}

func zipped(t testing.TB, all ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range all {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(b []byte, lim tabular.Limits) (*tabular.File, error) {
	return tabular.Open(context.Background(), bytes.NewReader(b), int64(len(b)), tabular.Options{Name: "a.xlsx", Limits: lim})
}

const twoRows = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Wert</t></is></c><c r="C1" t="str"><v>Tag</v></c></row>` +
	`<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="3"><v>1.5</v></c><c r="C3" s="2"><v>45657</v></c></row>`

func TestCellsOfAWorkbook(t *testing.T) {
	kinds := func(rows string, more ...entry) string {
		f, err := openBytes(pack(t, rows, more...), tabular.Limits{})
		if err != nil {
			return err.Error()
		}
		defer func() { _ = f.Close() }()
		var b strings.Builder
		for row, err := range f.Sheets[0].All(context.Background()) {
			if err != nil {
				return err.Error()
			}
			fmt.Fprint(&b, row.Line)
			if row.Problem != nil {
				fmt.Fprint(&b, row.Problem)
			}
			for _, c := range row.Cells {
				fmt.Fprintf(&b, "|%s:%d", c.Text, c.Kind)
			}
		}
		return b.String()
	}
	header := `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Wert</t></is></c></row>`
	for _, tt := range []struct{ name, cells, want string }{
		{"shared strings, without pronunciation, composed", `<c r="A2" t="s"><v>1</v></c><c r="B2" t="s"><v>2</v></c>`, "2|Müller & Söhne:0|a\rAb:0"},
		{"dates by format", `<c r="A2" s="1"><v>45657</v></c><c r="B2" s="5"><v>45657.586805555555</v></c>`, "2|2024-12-31:2|2024-12-31T14:05:00:2"},
		{"a unit in quotes makes no date", `<c r="A2" s="3"><v>45657</v></c><c r="B2" s="2"><v>45657</v></c>`, "2|45657:1|2024-12-31:2"},
		{"percent by format", `<c r="A2" s="4"><v>0.07</v></c><c r="B2"><v>0.07</v></c>`, "2|7%:1|0.07:1"},
		{"fifteen digits", `<c r="A2"><v>0.30000000000000004</v></c><c r="B2"><v>4.3499999999999996</v></c>`, "2|0.3:1|4.35:1"},
		{"exponents", `<c r="A2"><v>1E-3</v></c><c r="B2"><v>1.2E+6</v></c>`, "2|0.001:1|1200000:1"},
		{"booleans and errors", `<c r="A2" t="b"><v>1</v></c><c r="B2" t="e"><v>#DIV/0!</v></c>`, "2|true:3|#DIV/0!:4"},
		{"ISO dates", `<c r="A2" t="d"><v>2024-12-31T00:00:00</v></c><c r="B2"><v>1</v></c>`, "2|2024-12-31T00:00:00:2|1:1"},
		{"formulas have their saved value", `<c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>"a"</f><v>a</v></c>`, "2|2:1|a:0"},
		{"a row that ends early is no fault", `<c r="A2"><v>1</v></c>`, "2|1:1|:0"},
		{"a gap", `<c r="B2"><v>2</v></c>`, "2|:0|2:1"},
		{"places may be left out", `<c><v>1</v></c><c><v>2</v></c>`, "2|1:1|2:1"},
		{"a serial too large is a number", `<c r="A2" s="1"><v>99999999</v></c><c r="B2" s="1"><v>-1</v></c>`, "2|99999999:1|-1:1"},
		{"a time of day", `<c r="A2" s="5"><v>0.25</v></c><c r="B2"><v>1</v></c>`, "2|06:00:00:2|1:1"},
	} {
		if got := kinds(header + `<row r="2">` + tt.cells + `</row>`); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := kinds(header+`<row r="2"><c r="A2" s="1"><v>44195</v></c><c r="B2"><v>1</v></c></row>`,
		entry{"xl/workbook.xml", strings.Replace(workbookXML, "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)}); got != "2|2024-12-31:2|1:1" {
		t.Error(got)
	}
}

// A number without a date's format in a column of dates counts from the workbook's own day.
func TestSerialsOfTheCalendarOf1904(t *testing.T) {
	f, err := openBytes(pack(t, `<row r="1"><c r="A1" t="str"><v>Abschlussdatum</v></c></row><row r="2"><c r="A2"><v>44195</v></c></row><row r="3"><c r="A3"><v>44196</v></c></row>`,
		entry{"xl/workbook.xml", strings.Replace(workbookXML, "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)}), tabular.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for row, err := range f.Sheets[0].All(context.Background()) {
		d, err2 := tabular.ParseDay(row.Cells[0], f.Sheets[0].Columns[0].Style, nil)
		days = append(days, fmt.Sprint(d, err, err2))
	}
	if d := cmp.Diff([]string{"2024-12-31 <nil> <nil>", "2025-01-01 <nil> <nil>"}, days); d != "" {
		t.Error(d)
	}
}

func TestWhatAWorkbookBringsAlongIsIgnoredAndSaid(t *testing.T) {
	f, err := openBytes(pack(t, twoRows, entry{"xl/vbaProject.bin", "macros"}, entry{"xl/embeddings/oleObject1.bin", "x"}, entry{"xl/embeddings/Book.xlsx", "PK"},
		entry{"xl/externalLinks/externalLink1.xml", "<!DOCTYPE x>"}), tabular.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"table_xlsx_macros line 0, 1", "table_xlsx_embedded line 0, 2", "table_xlsx_links line 0, 1"}, codes(f.Notes)); d != "" {
		t.Error(d)
	}
	rows, _ := texts(t, f.Sheets[0])
	if d := cmp.Diff([][]string{{"Müller & Söhne", "1.5", "2024-12-31"}}, rows); d != "" {
		t.Error(d)
	}
}

func TestManySharedStringsGoToAFile(t *testing.T) {
	var sst, rows strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&sst, "<si><t>Kunde %05d</t></si>", i)
		fmt.Fprintf(&rows, `<row r="%d"><c t="s"><v>%d</v></c><c t="s"><v>%d</v></c></row>`, i+1, i, 4999-i)
	}
	f, err := openBytes(pack(t, rows.String(), entry{"xl/sharedStrings.xml", "<sst>" + sst.String() + "</sst>"}), tabular.Limits{StringBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := texts(t, f.Sheets[0])
	for i, row := range got {
		if want := []string{fmt.Sprintf("Kunde %05d", i+1), fmt.Sprintf("Kunde %05d", 4998-i)}; row[0] != want[0] || row[1] != want[1] {
			t.Fatal(i, row)
		}
	}
	if len(got) != 4999 {
		t.Error(len(got))
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnArchiveBuiltToDoHarmIsRefused(t *testing.T) {
	link := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: "xl/workbook.xml"}
		h.SetMode(fs.ModeSymlink | 0o777)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte("/etc/passwd"))
		}
		if err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	// lying states less than a part has: 100 bytes for ten million.
	lying := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, e := range []entry{{"xl/workbook.xml", workbookXML}, {"xl/_rels/workbook.xml.rels", relsXML}} {
			w, err := z.Create(e.name)
			if err == nil {
				_, err = w.Write([]byte(e.text))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		text := []byte(sheetXML(strings.Repeat(`<row><c><v>1</v></c></row>`, 400_000)))
		var packed bytes.Buffer
		d, err := flate.NewWriter(&packed, flate.BestCompression)
		if err == nil {
			_, err = d.Write(text)
		}
		if err != nil || d.Close() != nil {
			t.Fatal(err)
		}
		w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(text), CompressedSize64: uint64(packed.Len()), UncompressedSize64: 100})
		if err == nil {
			_, err = w.Write(packed.Bytes())
		}
		if err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"a ratio no table has", pack(t, twoRows, entry{"xl/media/image1.png", strings.Repeat("\x00", 8<<20)}), "table_xlsx_ratio"},
		{"a sheet too large", pack(t, strings.Repeat(`<row><c><v>1</v></c></row>`, 300_000)), "table_xlsx_big"},
		{"a part larger than it says", lying(), "table_xlsx_broken"}, // archive/zip stops at the stated size
		{"a way out", pack(t, twoRows, entry{"../../etc/passwd", "x"}), "table_xlsx_path"},
		{"a way out by backslash", pack(t, twoRows, entry{`xl\..\..\x`, "x"}), "table_xlsx_path"},
		{"an absolute name", pack(t, twoRows, entry{"/etc/passwd", "x"}), "table_xlsx_path"},
		{"a drive", pack(t, twoRows, entry{"C:/x", "x"}), "table_xlsx_path"},
		{"a part twice", zipped(t, entry{"xl/workbook.xml", workbookXML}, entry{"XL/Workbook.xml", "x"}), "table_xlsx_path"},
		{"a symbolic link", link(), "table_xlsx_path"},
		{"an archive inside", pack(t, twoRows, entry{"xl/worksheets/more.zip", "PK"}), "table_xlsx_nested"},
		{"entities", pack(t, twoRows, entry{"xl/sharedStrings.xml", `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>`}), "table_xlsx_doctype"},
		{"an entity not defined", pack(t, twoRows, entry{"xl/sharedStrings.xml", `<sst><si><t>&lol;</t></si></sst>`}), "table_xlsx_broken"},
		{"deep nesting", pack(t, strings.Repeat("<a>", 10_000)), "table_xlsx_deep"},
		{"one endless text", pack(t, `<row r="1"><c r="A1" t="str"><v>x<!-- -->`+strings.Repeat("abcdefghijklmnop", 400_000)+`</v></c></row>`), "table_field_long"},
		{"an endless attribute", pack(t, `<row r="`+strings.Repeat("1a9k3", 1_000_000)+`">`), "table_xlsx_token"},
		{"a long cell", pack(t, `<row r="1"><c r="A1" t="str"><v>`+strings.Repeat("abcdefghijklmnop", 100_000)+`</v></c></row>`), "table_field_long"},
		{"rows out of order", pack(t, `<row r="5"><c r="A5"><v>1</v></c></row><row r="4"/>`), "table_xlsx_order"},
		{"more rows than Excel has", pack(t, `<row r="2000000"><c r="A2000000"><v>1</v></c></row>`), "table_xlsx_order"},
		{"a column beyond the last", pack(t, `<row r="1"><c r="ZZZ1"><v>1</v></c></row>`), "table_columns_many"},
		{"a string that is not there", pack(t, `<row r="1"><c r="A1" t="s"><v>77</v></c></row>`), "table_xlsx_order"},
		{"cut XML", pack(t, `<row r="1"><c r="A1"`), "table_xlsx_broken"},
		{"a cut archive", pack(t, twoRows)[:500], "table_xlsx_broken"},
		{"no sheet", pack(t, twoRows, entry{"xl/_rels/workbook.xml.rels", "<Relationships/>"}), "table_xlsx_no_sheet"},
		{"a plain archive", zipped(t, entry{"deals.csv", "a;b"}), "table_zip"},
		{"xlsb", zipped(t, entry{"xl/workbook.bin", "x"}), "table_xlsb"},
		{"many parts", pack(t, twoRows, func() (all []entry) {
			for i := range 300 {
				all = append(all, entry{fmt.Sprintf("xl/media/%d.png", i), ""})
			}
			return all
		}()...), "table_xlsx_entries"},
		{"nothing of the kind", pack(t, twoRows), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := openBytes(tt.file, tabular.Limits{Entries: 200, EntryBytes: 24 << 20, TotalBytes: 64 << 20, Ratio: 400})
			switch tt.want {
			case "table_xlsx_big":
				f, err = openBytes(tt.file, tabular.Limits{EntryBytes: 1 << 20, Ratio: 4000})
			case "table_xlsx_token", "table_field_long": // what repeats itself packs well
				f, err = openBytes(tt.file, tabular.Limits{Ratio: 4000})
			}
			runtime.ReadMemStats(&after)
			if code(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("%d MiB were taken before it was refused", got>>20)
			}
			if f != nil {
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// Parts that share their packed bytes, as in Fifield's bomb: together they have more than the file.
	b := pack(t, twoRows)
	dir := bytes.Index(b, []byte("PK\x01\x02"))
	if dir < 0 {
		t.Fatal("no directory")
	}
	large := bytes.Clone(b)
	at := dir
	for at+46 <= len(large) && bytes.HasPrefix(large[at:], []byte("PK\x01\x02")) {
		copy(large[at+20:], []byte{0xff, 0x03, 0, 0}) // each claims 1 KiB of packed bytes
		at += 46 + int(large[at+28]) + int(large[at+29])<<8 + int(large[at+30]) + int(large[at+31])<<8 + int(large[at+32]) + int(large[at+33])<<8
	}
	if _, err := openBytes(large, tabular.Limits{}); code(err) != "table_xlsx_ratio" {
		t.Error(err)
	}
}

func TestALargeSheetTakesNoMoreMemoryThanASmallOne(t *testing.T) {
	var rows strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d" t="s"><v>1</v></c><c r="B%d"><v>%d.5</v></c></row>`, i+1, i+1, i+1, i)
	}
	f, err := openBytes(pack(t, rows.String()), tabular.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Reset()
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, most := 0, uint64(0)
	for _, err := range f.Sheets[0].All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapAlloc)
		}
	}
	if n != 60_000 || most > before.HeapAlloc+2<<20 {
		t.Errorf("%d rows, %d bytes held, %d before", n, most, before.HeapAlloc)
	}
}

func FuzzXLSX(f *testing.F) {
	f.Add(twoRows, stringsXML, stylesXML, workbookXML)
	f.Add(`<row><c t="b"><v>1</v></c></row>`, "<sst/>", "", strings.Replace(workbookXML, "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1))
	f.Add(`<row r="1"><c r="A1" t="d"><v>x</v></c><c r="ZZ1" s="99"><f/><v>1e400</v></c></row>`, `<sst><si><t>_x0000_`, `<numFmt formatCode="[`, "<workbook>")
	f.Fuzz(func(t *testing.T, rows, sst, styles, workbook string) {
		if len(rows)+len(sst)+len(styles)+len(workbook) > 1<<16 {
			return
		}
		use(t, pack(t, rows, entry{"xl/sharedStrings.xml", sst}, entry{"xl/styles.xml", styles}, entry{"xl/workbook.xml", workbook}))
	})
}

func FuzzXLSXArchive(f *testing.F) {
	f.Add(pack(f, twoRows))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
	f.Fuzz(func(t *testing.T, b []byte) { use(t, b) })
}

// use opens and reads a file that may be anything.
func use(t *testing.T, b []byte) {
	file, err := openBytes(b, tabular.Limits{EntryBytes: 1 << 20, TotalBytes: 4 << 20, FieldBytes: 4 << 10, RecordBytes: 64 << 10, Columns: 256})
	if err != nil {
		if code(err) == "" {
			t.Fatalf("no diagnostic: %v", err)
		}
		return
	}
	for _, s := range file.Sheets {
		for row, err := range s.All(context.Background()) {
			if err != nil {
				t.Fatalf("what the sample could read fails later: %v", err)
			}
			for i, c := range row.Cells {
				if i < len(s.Columns) {
					parseAll(c, s.Columns[i].Style)
				}
			}
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
