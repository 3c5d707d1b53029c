package tabular_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/tabular"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// open opens a text as a file.
func open(t testing.TB, text string, o tabular.Options) *tabular.File {
	t.Helper()
	if o.Name == "" {
		o.Name = "export.csv"
	}
	f, err := tabular.Open(context.Background(), strings.NewReader(text), int64(len(text)), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func openFile(t testing.TB, path string) *tabular.File {
	t.Helper()
	f, err := tabular.OpenFile(context.Background(), path, tabular.Options{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// texts are the rows of a sheet as text, and what was noted while they were read.
func texts(t testing.TB, s *tabular.Sheet) (rows [][]string, list diag.List) {
	t.Helper()
	r := s.Rows(context.Background())
	for r.Next() {
		var row []string
		for _, c := range r.Row().Cells {
			row = append(row, c.Text)
		}
		rows = append(rows, row)
	}
	if r.Err() != nil {
		t.Error(r.Err())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	return rows, r.Notes()
}

// codes are code, line and count of each note but those that only say how a CSV is written.
func codes(list diag.List) (all []string) {
	for _, d := range list {
		if d.Code == "table_encoding" || d.Code == "table_delimiter" {
			continue
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s line %d, %v %v", d.Code, d.At.Line, d.Args["count"], d.Args["column"])))
	}
	return all
}

// deal is one opportunity as parsed from any of the files.
type deal struct {
	ID, Name, Account, Postcode, Stage string
	Amount                             int64 // 1/10,000
	Probability                        int64 // 1/10,000
	Opened, Closed                     string
	Changed                            string
	Doubt                              tabular.Doubt
}

// deals parses the ten columns that testdata/write.py writes.
func deals(t testing.TB, path string, questions int) []deal {
	t.Helper()
	f := openFile(t, path)
	s := f.Sheets[0]
	if len(s.Questions()) != questions || len(s.Columns) != 10 {
		t.Fatalf("%s: %d columns, questions %+v", path, len(s.Columns), s.Questions())
	}
	var all []deal
	for row, err := range s.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Problem != nil {
			t.Errorf("%s: %v", path, row.Problem)
			continue
		}
		var wrong []error
		check := func(err error) {
			if err != nil {
				wrong = append(wrong, err)
			}
		}
		c, d := row.Cells, deal{Name: row.Cells[1].Text, Account: row.Cells[2].Text, Stage: row.Cells[4].Text}
		d.ID, err = tabular.ParseID(c[0])
		check(err)
		if d.Postcode, err = tabular.ParseID(c[3]); !errors.Is(err, tabular.ErrMissing) {
			check(err)
		}
		d.Amount, err = tabular.ParseDecimal(c[5], s.Columns[5].Style)
		check(err)
		d.Probability, err = tabular.ParsePercent(c[6], s.Columns[6].Style)
		check(err)
		day, err := tabular.ParseDay(c[7], s.Columns[7].Style, nil)
		check(err)
		d.Opened = day.String()
		if day, err = tabular.ParseDay(c[8], s.Columns[8].Style, nil); err == nil {
			d.Closed = day.String()
		} else if !errors.Is(err, tabular.ErrMissing) {
			check(err)
		}
		m, err := tabular.ParseInstant(c[9], s.Columns[9].Style, berlin(t))
		check(err)
		d.Changed, d.Doubt = m.At.Format(time.RFC3339), m.Doubt
		if len(wrong) > 0 {
			t.Errorf("%s:%d: %v", path, row.Line, wrong)
		}
		all = append(all, d)
	}
	return all
}

// written are the rows that testdata/write.py was given, by json's and strconv's own parsers.
func written(t testing.TB, path string) []deal {
	t.Helper()
	var rows []struct {
		ID, Name, Account, Postcode, Stage, Amount, Probability, Opened, Changed string
		Closed                                                                   *string
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	var all []deal
	for _, r := range rows {
		d := deal{ID: r.ID, Name: r.Name, Account: r.Account, Postcode: r.Postcode, Stage: r.Stage, Opened: r.Opened}
		amount, err1 := strconv.ParseFloat(r.Amount, 64)
		probability, err2 := strconv.ParseFloat(r.Probability, 64)
		changed, err3 := time.ParseInLocation("2006-01-02T15:04:05", r.Changed, berlin(t))
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		d.Amount, d.Probability = int64(amount*10_000+0.5), int64(probability*10_000+0.5)
		if r.Closed != nil {
			d.Closed = *r.Closed
		}
		if r.Changed == "2024-10-27T02:30:00" { // the clocks of Berlin were put back at three
			d.Doubt, changed = tabular.Twice, time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC)
		}
		d.Changed = changed.UTC().Format(time.RFC3339)
		all = append(all, d)
	}
	return all
}

func TestTheSameOpportunitiesFromFourFilesAreTheSame(t *testing.T) {
	want := written(t, "testdata/rows.json")
	if len(want) != 12 {
		t.Fatal("not twelve rows")
	}
	for _, name := range []string{"salesforce-de.csv", "pipedrive-de.csv", "openpyxl.xlsx", "libreoffice.xlsx"} {
		if d := cmp.Diff(want, deals(t, filepath.Join("testdata", name), 0)); d != "" {
			t.Errorf("%s (-written +read)\n%s", name, d)
		}
	}
}

func TestTheFooterOfASalesforceReportIsLeftOut(t *testing.T) {
	s := openFile(t, "testdata/salesforce-de.csv").Sheets[0]
	if s.Encoding != "windows-1252" || s.Delimiter != ';' || s.LineEnd != "\r\n" || s.HeaderLine != 1 || s.Name != "salesforce-de" {
		t.Errorf("%+v", s)
	}
	if d := cmp.Diff([]string{"table_footer line 17, 5"}, codes(s.Notes)); d != "" {
		t.Error(d)
	}
}

func TestAReportWithTitleTotalsAndFormulas_againstXlsxWriter(t *testing.T) {
	f := openFile(t, "testdata/report.xlsx")
	if len(f.Sheets) != 2 || f.Sheets[0].Name != "Bericht" || f.Sheets[0].Hidden || f.Sheets[1].Name != "Stammdaten" || !f.Sheets[1].Hidden {
		t.Fatal("other sheets")
	}
	s := f.Sheets[0]
	want := []string{"table_title line 1, 3", "table_header_empty line 5, 1", "table_header_twice line 5, 1 Name (2)", "table_formula_cached line 6, 5",
		"table_number_long line 6, 1", "table_total line 10, 1", "table_footer line 12, 1", "table_errors line 0, 1 Betrag", "table_formula_text line 9, 1 Name (2)"}
	if d := cmp.Diff(want, codes(s.Notes)); d != "" {
		t.Error(d)
	}
	rows, _ := texts(t, s)
	wantRows := [][]string{
		{"", "Förderanlage", "48250.1", "75.5%", "36428.8255", "2024-03-04", "true", "123456789012346000", "halb fett"},
		{"", "Wartung", "0.3", "20%", "0.06", "1900-02-28", "false", "42", "halb fett"},
		{"", "Lager", "1234.5678", "50%", "617.2839", "2024-12-31", "true", "43", "halb fett"},
		{"", "Offen", "#N/A", "", "", "", "true", "", "=kein Wert"},
	}
	if d := cmp.Diff(wantRows, rows); d != "" {
		t.Error(d)
	}
	for row, err := range s.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tabular.ParseID(row.Cells[7]); (err != nil) != (row.Line == 6 || row.Line == 9) {
			t.Errorf("row %d: a key of 18 digits that Excel has rounded is one: %v", row.Line, err)
		}
		if row.Line == 6 {
			p, err := tabular.ParsePercent(row.Cells[3], s.Columns[3].Style)
			if yes, err2 := tabular.ParseBool(row.Cells[6], s.Columns[6].Style); p != 7550 || !yes || err != nil || err2 != nil {
				t.Error(p, yes, err, err2)
			}
		}
	}
}

func TestTheCalendarOf1904(t *testing.T) {
	rows, _ := texts(t, openFile(t, "testdata/mac1904.xlsx").Sheets[0])
	if d := cmp.Diff([][]string{{"2024-02-29", "2024-12-31T14:05:30"}}, rows); d != "" {
		t.Error(d)
	}
}

func TestAStreamIsReadAsAFile(t *testing.T) {
	for _, path := range []string{"testdata/openpyxl.xlsx", "testdata/pipedrive-de.csv"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := tabular.OpenReader(context.Background(), bytes.NewReader(text), tabular.Options{Name: filepath.Base(path)})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := texts(t, f.Sheets[0])
		want, _ := texts(t, openFile(t, path).Sheets[0])
		if d := cmp.Diff(want, got); d != "" || len(got) != 12 {
			t.Errorf("%s\n%s", path, d)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := tabular.OpenReader(context.Background(), strings.NewReader(strings.Repeat("a;b\n", 1000)), tabular.Options{Limits: tabular.Limits{FileBytes: 100}})
	if code(err) != "table_file_big" {
		t.Error(err)
	}
}

// code is that of a diagnostic, "" where err is none.
func code(err error) string {
	var d diag.Diagnostic
	if errors.As(err, &d) {
		return d.Code
	}
	return ""
}

func TestWhatIsNoTableIsRefusedWithWhatToDo(t *testing.T) {
	utf16 := func(s string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, c := range []byte(s) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	}
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "table_empty"},
		{"blank lines", "\ufeff\n\n", "table_empty"},
		{"gzip", "\x1f\x8b\x08\x00", "table_archive"},
		{"PDF", "%PDF-1.7\n", "table_pdf"},
		{"HTML called xls", "\ufeff\r\n<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><table><tr><td>1", "table_html"},
		{"HTML of a login page", "<!DOCTYPE html>\n<title>Login", "table_html"},
		{"HTML in UTF-16", utf16("<html><table>"), "table_html"},
		{"Excel 2003 XML", `<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">`, "table_xml_spreadsheet"},
		{"other XML", `<?xml version="1.0"?><deals/>`, "table_xml"},
		{"JSON", `[{"id": 1}]`, "table_json"},
		{"bytes", "\x01\x02\x03\x04;\x05\n", "table_binary"},
		{"an encrypted workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600) + strings.TrimPrefix(utf16("EncryptedPackage"), "\xff\xfe"), "table_encrypted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tabular.Open(context.Background(), strings.NewReader(tt.text), int64(len(tt.text)), tabular.Options{Name: "a.xls"})
			if code(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	for path, want := range map[string]string{"testdata/old.xls": "table_xls", "testdata/other.ods": "table_ods"} {
		if _, err := tabular.OpenFile(context.Background(), path, tabular.Options{}); code(err) != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestReadingEndsWhenTheContextDoes(t *testing.T) {
	text := "a;b\n" + strings.Repeat("1;2\n", 100_000)
	s := open(t, text, tabular.Options{}).Sheets[0]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := s.Rows(ctx)
	n := 0
	for r.Next() {
		if n++; n == 10 {
			cancel()
		}
	}
	if !errors.Is(r.Err(), context.Canceled) || n > 60_000 {
		t.Errorf("%d rows, %v", n, r.Err())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := tabular.Open(ctx, strings.NewReader(text), int64(len(text)), tabular.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestProgressEndsAtTheSize(t *testing.T) {
	for _, path := range []string{"testdata/salesforce-de.csv", "testdata/libreoffice.xlsx"} {
		s := openFile(t, path).Sheets[0]
		r := s.Rows(context.Background())
		last := int64(0)
		for r.Next() {
			if r.Done() < last {
				t.Errorf("%s: goes back from %d to %d", path, last, r.Done())
			}
			last = r.Done()
		}
		if r.Done() > s.Size || r.Done() < s.Size*9/10 {
			t.Errorf("%s: %d of %d at the end", path, r.Done(), s.Size)
		}
		if err := errors.Join(r.Err(), r.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestTheCallerMayKnowBetter(t *testing.T) {
	s := open(t, "Liste vom 1.1.\na,b;c\n1,2;3\n", tabular.Options{Delimiter: ',', HeaderLine: 2, Encoding: "windows-1252"}).Sheets[0]
	rows, _ := texts(t, s)
	if s.Columns[1].Name != "b;c" || s.HeaderLine != 2 || !slices.Equal(rows[0], []string{"1", "2;3"}) {
		t.Errorf("%+v %v", s, rows)
	}
	s = open(t, "a;b\nc;d\n", tabular.Options{HeaderLine: -1}).Sheets[0]
	if rows, _ := texts(t, s); len(rows) != 2 || s.Columns[0].Name != "(1)" || s.HeaderLine != 0 {
		t.Errorf("%+v %v", s, rows)
	}
	if _, err := tabular.Open(context.Background(), strings.NewReader("a;b"), 3, tabular.Options{Encoding: "ebcdic"}); code(err) != "table_encoding_unknown" {
		t.Error(err)
	}
}
