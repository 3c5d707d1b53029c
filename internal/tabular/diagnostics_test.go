package tabular_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
)

var update = flag.Bool("update", false, "rewrite testdata/diagnostics.txt")

// said is all that is said about a file: why it is refused, or its notes, questions and styles.
func said(b []byte, name string, o tabular.Options) diag.List {
	o.Name = name
	f, err := tabular.Open(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	var d diag.Diagnostic
	if errors.As(err, &d) {
		return diag.List{d}
	}
	if err != nil {
		return diag.List{diag.New(err.Error(), diag.Position{}, nil)}
	}
	defer func() { _ = f.Close() }()
	list := f.Notes
	for _, s := range f.Sheets {
		list = append(list, s.Notes...)
		for _, c := range s.Columns {
			if c.Question != nil {
				list = append(list, c.Question.Ask)
			} else {
				list = append(list, c.Style.Said(c.Name))
			}
		}
	}
	return list
}

// refused is what is said of a cell.
func refused(err error) diag.List {
	var d diag.Diagnostic
	if errors.As(err, &d) {
		return diag.List{d}
	}
	return nil
}

func TestEveryDiagnosticReadsWell(t *testing.T) {
	csv := func(text string) diag.List { return said([]byte(text), "export.csv", tabular.Options{}) }
	small := func(text string) diag.List {
		return said([]byte(text), "export.csv", tabular.Options{Delimiter: ';', Limits: tabular.Limits{FileBytes: 1 << 20, FieldBytes: 2 << 10, RecordBytes: 4 << 10, Columns: 5}})
	}
	xlsx := func(rows string, more ...entry) diag.List {
		return said(pack(t, rows, more...), "export.xlsx", tabular.Options{})
	}
	limited := func(lim tabular.Limits) diag.List {
		return said(pack(t, twoRows, entry{"xl/media/1.png", strings.Repeat("\x00", 3<<20)}), "export.xlsx", tabular.Options{Limits: lim})
	}
	file := func(path string) diag.List {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return said(b, path, tabular.Options{})
	}
	_, number := tabular.ParseDecimal(text("5 Stück"), tabular.Style{})
	_, ambiguous := tabular.ParseDecimal(text("1.234"), tabular.Style{})
	_, percent := tabular.ParseDecimal(text("75 %"), tabular.Style{})
	_, huge := tabular.ParseDecimal(text("1E99"), tabular.Style{})
	_, scale := tabular.ParsePercent(text("1"), tabular.Style{})
	_, boolean := tabular.ParseBool(text("vielleicht"), tabular.Style{})
	_, id := tabular.ParseID(text("1,23457E+17"))
	_, day := tabular.ParseDay(text(strings.Repeat("sehr langer Text ", 10)), dmy, nil)
	_, order := tabular.ParseDay(text("3/4/2024"), iso, nil)
	_, noTime := tabular.ParseInstant(text("31.12.2024"), dmy, berlin(t))
	_, zone := tabular.ParseDay(text("2024-12-31T23:30:00Z"), iso, nil)
	clock := func(s string) diag.List {
		m, err := tabular.ParseInstant(text(s), dmy, berlin(t))
		if err != nil {
			t.Fatal(err)
		}
		return diag.List{*m.Note(text(s), berlin(t))}
	}
	tall := strings.Repeat("<a>", 100)

	var out strings.Builder
	seen := map[string]bool{}
	for _, tt := range []struct {
		name string
		list diag.List
	}{
		{"an empty file", csv("")},
		{"a packed file", csv("\x1f\x8b")},
		{"a PDF", csv("%PDF-1.7")},
		{"a web page", csv("<html>")},
		{"Excel 2003", csv(`<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">`)},
		{"XML", csv(`<?xml version="1.0"?><a/>`)},
		{"JSON", csv(`[{"a": 1}]`)},
		{"bytes", csv("\x01\x02\x03")},
		{"an unknown encoding", said([]byte("a"), "export.csv", tabular.Options{Encoding: "ebcdic"})},
		{"xls", file("testdata/old.xls")},
		{"ods", file("testdata/other.ods")},
		{"xlsb", said(zipped(t, entry{"xl/workbook.bin", "x"}), "export.xlsb", tabular.Options{})},
		{"zip", said(zipped(t, entry{"deals.csv", "x"}), "export.zip", tabular.Options{})},
		{"an encrypted workbook", csv("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")},
		{"too large", small(strings.Repeat("a;b\n", 1<<19))},
		{"an open quote", small("a;b\n1;\"2\n")},
		{"a long cell", small("a;b\n1;" + strings.Repeat("x", 5<<10))},
		{"a long row", small("a;b\n" + strings.Repeat(strings.Repeat("x", 1500)+";", 4))},
		{"too many columns", small("a;b\n;;;;;;;\n")},
		{"a broken workbook", xlsx("<row")},
		{"a workbook that does not fit together", xlsx(`<row r="3"/><row r="2"/>`)},
		{"no sheet", xlsx("", entry{"xl/_rels/workbook.xml.rels", "<Relationships/>"})},
		{"many parts", limited(tabular.Limits{Entries: 3})},
		{"a large part", limited(tabular.Limits{EntryBytes: 1 << 20})},
		{"a part that unpacks too far", limited(tabular.Limits{})},
		{"a way out", xlsx("", entry{"../x", ""})},
		{"an archive inside", xlsx("", entry{"xl/x.zip", ""})},
		{"entities", xlsx("", entry{"xl/styles.xml", "<!DOCTYPE a><a/>"})},
		{"deep nesting", xlsx(tall)},
		{"an endless attribute", said(pack(t, `<row r="`+strings.Repeat("1a9k3", 1_000_000)+`">`), "export.xlsx", tabular.Options{Limits: tabular.Limits{Ratio: 4000}})},

		{"how a CSV is written", csv("Name;Betrag\nx;1,5\n")},
		{"broken UTF-8", csv("Name;ä\n" + strings.Repeat("äöü;x\n", 5) + "K\xf6ln;x\n")},
		{"a report", csv("Bericht\n\nName;Ort;Wert\nx;y;1\nZwischensumme;;1\nName;Ort;Wert\nz;y;2\n\nErstellt von: ich\n")},
		{"no header", csv("1;2\n3;4\n")},
		{"names", csv("Name;Name;Ort;\nx;y;z;\n")},
		{"strange rows", csv("a;b;c\n5\" Rohr;x;y\nx\x00;y;z\n1;2\n1;2;3;4\n1;2\n")},
		{"a workbook's luggage", xlsx(`<row><c t="str"><v>Wert</v></c><c t="str"><v>b</v></c></row><row><c><f>1+1</f><v>2</v></c><c><f>1</f></c></row><row><c><v>12345678901234567</v></c></row>`,
			entry{"xl/vbaProject.bin", ""}, entry{"xl/embeddings/a.bin", ""}, entry{"xl/externalLinks/externalLink1.xml", ""})},
		{"damage by Excel", csv("ID;PLZ;Telefon;Teil;Abschlussdatum;Betrag\n1,23457E+17;80331;891234;1-Mai;45657;#NV\n42;10115;301234;x;45658;k.A.\n43;1067;401234;=1+1;45659;1,5\n")},
		{"a stray cell", csv("a;Betrag\n" + strings.Repeat("x;1,5\n", 60) + "x;siehe Anlage\n")},
		{"currencies", csv("a;Betrag\nx;1,50 €\nx;2,50 $\nx;3,50\n")},
		{"questions", csv("Betrag;Datum;Wahrscheinlichkeit;Termin\n1.234;3/4/2024;1;31.12.2024\n5.678;5/6/2024;0;45657\n")},
		{"mixed styles", csv("Betrag;Datum\n1,5;31/12/2024\n1.5;12/31/2024\n")},
		{"styles", csv("ganz;komma;punkt;€ komma;€ punkt;€ ganz;Prozent;Probability;ja;tag;day;iso;am;at;um;created_at;leer;PLZ\n" +
			"3;1,5;1.5;1,50 €;1.50 €;2 €;5 %;0.5;ja;31.12.2024;12/31/2024;2024-12-31;31.12.2024 14:05;12/31/2024 2:05 PM;2024-12-31 14:05;1735653900;;01067\n")},

		{"no number", refused(number)},
		{"an ambiguous number", refused(ambiguous)},
		{"a percentage", refused(percent)},
		{"a number too large", refused(huge)},
		{"a share without scale", refused(scale)},
		{"neither yes nor no", refused(boolean)},
		{"a rounded key", refused(id)},
		{"no date", refused(day)},
		{"a date of open order", refused(order)},
		{"a day without time", refused(noTime)},
		{"a moment without zone", refused(zone)},
		{"a time that came twice", clock("27.10.2024 02:30")},
		{"a time that never was", clock("31.03.2024 02:30")},
	} {
		fmt.Fprintf(&out, "== %s\n", tt.name)
		if len(tt.list) == 0 {
			t.Errorf("%s: nothing is said", tt.name)
		}
		for _, lang := range []locale.Lang{locale.German, locale.English} {
			l := locale.New(lang)
			for _, d := range tt.list {
				seen[d.Code] = true
				message := l.Message(d)
				fmt.Fprintf(&out, "%s\n", message)
				if hint := l.Hint(d); hint != "" {
					fmt.Fprintf(&out, "  → %s\n", hint)
				}
				if strings.Contains(message, "⟦") {
					t.Errorf("%s: %s", tt.name, message)
				}
			}
		}
	}
	for _, key := range locale.New(locale.German).Keys() {
		if code := strings.TrimPrefix(key, "diag."); strings.HasPrefix(code, "table_") && !strings.HasSuffix(code, ".hint") && !seen[code] {
			t.Errorf("no case raises %s", code)
		}
	}
	const golden = "testdata/diagnostics.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); d != "" {
		t.Errorf("(-want +got; -update rewrites)\n%s", d)
	}
}

// The diagnostics that stop the reading are errors, all others are not.
func TestOnlyWhatStopsTheReadingIsAnError(t *testing.T) {
	for _, d := range append(said([]byte("Betrag;Datum\n1.234;3/4/2024\n1;2;3\n"), "a.csv", tabular.Options{}), said([]byte("a;b\n5\";1\n"), "a.csv", tabular.Options{})...) {
		if d.Severity == diag.Error {
			t.Error(d)
		}
	}
	if list := said(nil, "a.csv", tabular.Options{}); !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }) {
		t.Error(list)
	}
}
