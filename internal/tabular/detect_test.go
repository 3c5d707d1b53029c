package tabular_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/tabular"
)

// column opens a file with a column of cells beside another.
func column(t testing.TB, header string, cells ...string) *tabular.Sheet {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\"x\"\t\"%s\"\n", header)
	for _, c := range cells {
		fmt.Fprintf(&b, "\"x\"\t\"%s\"\n", strings.ReplaceAll(c, `"`, `""`))
	}
	return open(t, b.String(), tabular.Options{Delimiter: '\t', HeaderLine: 1, Encoding: "utf-8"}).Sheets[0]
}

func repeat(s string, n int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(s+"\t", n), "\t"), "\t")
}

func TestStylesAreSettledByTheWholeColumn(t *testing.T) {
	type style = tabular.Style
	for _, tt := range []struct {
		name, header string
		cells        []string
		want         style
	}{
		{"whole numbers", "Menge", []string{"1", "20", "-3"}, style{Type: tabular.Integer}},
		{"one cell settles the others: comma", "Betrag", []string{"1.234", "12,5"}, style{Type: tabular.Decimal, Decimal: ',', Grouped: true}},
		{"one cell settles the others: point", "Amount", []string{"1.234", "12.5"}, style{Type: tabular.Decimal, Decimal: '.'}},
		{"two groups settle it", "Betrag", []string{"1.234", "1.234.567"}, style{Type: tabular.Integer, Decimal: ',', Grouped: true}},
		{"a leading zero settles it", "Faktor", []string{"1.234", "0.999"}, style{Type: tabular.Decimal, Decimal: '.'}},
		{"four digits before the point settle it", "x", []string{"1.234", "1234.567"}, style{Type: tabular.Decimal, Decimal: '.'}},
		{"apostrophes", "Betrag", []string{"1'234.50", "12.00"}, style{Type: tabular.Decimal, Decimal: '.', Grouped: true}},
		{"narrow spaces", "Montant", []string{"1\u202f234,50", "12,00"}, style{Type: tabular.Decimal, Decimal: ',', Grouped: true}},
		{"money", "Betrag", []string{"1.234,00 €", "12,50 €"}, style{Type: tabular.Money, Decimal: ',', Grouped: true, Currency: "EUR"}},
		{"whole money", "Betrag", []string{"EUR 12", "EUR 7"}, style{Type: tabular.Money, Currency: "EUR"}},
		{"two currencies", "Betrag", []string{"1,50 €", "2,50 $"}, style{Type: tabular.Money, Decimal: ','}},
		{"per cent signs", "Rabatt", []string{"5 %", "7,5 %"}, style{Type: tabular.Percent, Decimal: ',', Scale: 100}},
		{"probability to 100", "Wahrscheinlichkeit (%)", []string{"0", "1", "75"}, style{Type: tabular.Percent, Scale: 100}},
		{"probability to 1", "Probability", []string{"0", "1", "0.75"}, style{Type: tabular.Percent, Decimal: '.', Scale: 1}},
		{"German yes", "Aktiv", []string{"ja", "Nein", "JA"}, style{Type: tabular.Bool, True: "ja", False: "nein"}},
		{"WAHR", "Aktiv", []string{"WAHR", "FALSCH"}, style{Type: tabular.Bool, True: "wahr", False: "falsch"}},
		{"true", "Active", []string{"true", "False"}, style{Type: tabular.Bool, True: "true", False: "false"}},
		{"only yes", "Active", []string{"yes", "yes"}, style{Type: tabular.Bool, True: "yes", False: "no"}},
		{"1 and 0", "Active", []string{"1", "0", "1"}, style{Type: tabular.Bool, True: "1", False: "0"}},
		{"only ones", "Anzahl", []string{"1", "1"}, style{Type: tabular.Integer}},
		{"only one letter", "Klasse", []string{"n", "n"}, style{Type: tabular.Text}},
		{"ja and yes together", "Aktiv", []string{"ja", "no"}, style{Type: tabular.Text}},
		{"ISO", "Datum", []string{"2024-12-31", "2024-01-02"}, style{Type: tabular.Day, Order: tabular.YearMonthDay}},
		{"points", "Datum", []string{"03.04.2024", "05.06.2024"}, style{Type: tabular.Day, Order: tabular.DayMonthYear}},
		{"slashes, a day over 12", "Date", []string{"03/04/2024", "31/12/2024"}, style{Type: tabular.Day, Order: tabular.DayMonthYear}},
		{"slashes, a day over 12 in second place", "Date", []string{"3/4/24", "12/31/24"}, style{Type: tabular.Day, Order: tabular.MonthDayYear}},
		{"dashes", "Date", []string{"03-04-2024", "26-02-2018 19:58"}, style{Type: tabular.Day, Order: tabular.DayMonthYear}},
		{"the same both ways", "Date", []string{"03/03/2024", "05/05/2024"}, style{Type: tabular.Day, Order: tabular.DayMonthYear}},
		{"with time", "Geändert", []string{"31.12.2024, 14:05", "01.02.2024, 00:00"}, style{Type: tabular.Instant, Order: tabular.DayMonthYear}},
		{"midnight everywhere is a day", "Datum", []string{"2024-12-31 00:00:00", "2024-01-02 00:00:00"}, style{Type: tabular.Day, Order: tabular.YearMonthDay}},
		{"with zone", "CreatedDate", []string{"2024-07-04T14:05:09.000+0000"}, style{Type: tabular.Instant, Order: tabular.YearMonthDay, Zoned: true}},
		{"AM and PM", "Created", []string{"1/31/2024 2:05 PM"}, style{Type: tabular.Instant, Order: tabular.MonthDayYear}},
		{"dates as Excel's numbers", "Schlusstermin", []string{"45657", "45291.5"}, style{Type: tabular.ExcelSerial}},
		{"the same numbers are amounts elsewhere", "Umsatz", []string{"45657", "45291"}, style{Type: tabular.Integer}},
		{"seconds", "created_at", []string{"1735653900", "1704067200"}, style{Type: tabular.EpochSeconds, Zoned: true}},
		{"milliseconds", "hs_closedate", []string{"1735653900000"}, style{Type: tabular.EpochMillis, Zoned: true}},
		{"days without separators", "Datum", []string{"20241231", "20240102"}, style{Type: tabular.Day, Order: tabular.YearMonthDay}},
		{"leading zeros", "Konto", []string{"00123", "12345"}, style{Type: tabular.Identifier}},
		{"postcodes", "PLZ", []string{"80331", "10115"}, style{Type: tabular.Identifier}},
		{"phones", "Telefon", []string{"+49 89 123", "030 1234"}, style{Type: tabular.Identifier}},
		{"Salesforce ids", "Schlüsselwert", []string{"0061x00000A1bCd", "0061x00000A1bCe"}, style{Type: tabular.Identifier}},
		{"long numbers", "Referenz", []string{"12345678901234567", "12345678901234568"}, style{Type: tabular.Identifier}},
		{"names", "Firma", []string{"Müller", "Weiß", "3M"}, style{Type: tabular.Text}},
		{"nothing", "leer", []string{"", "", ""}, style{Type: tabular.Empty}},
		{"words for nothing", "Betrag", []string{"1,5", "k.A.", "N/A", "-", "#NV"}, style{Type: tabular.Decimal, Decimal: ','}},
		{"one stray word in many numbers", "Betrag", append(repeat("1,5", 99), "siehe Anlage"), style{Type: tabular.Decimal, Decimal: ','}},
		{"many stray words", "Betrag", append(repeat("1,5", 9), "siehe Anlage"), style{Type: tabular.Text}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := column(t, tt.header, tt.cells...).Columns[1]
			if c.Question != nil {
				t.Fatalf("asks %+v", c.Question)
			}
			got := c.Style
			got.Example = ""
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if c.Filled+c.Missing != len(tt.cells) {
				t.Errorf("%d filled, %d missing of %d", c.Filled, c.Missing, len(tt.cells))
			}
		})
	}
}

func TestWhatTheColumnLeavesOpenIsAsked(t *testing.T) {
	example := func(pairs ...string) (all []tabular.Example) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, tabular.Example{Line: i/2 + 2, Text: pairs[i], Meaning: pairs[i+1]})
		}
		return all
	}
	for _, tt := range []struct {
		name, header, code string
		cells              []string
		rows               int
		first, second      []tabular.Example
		unreadable         [2]int
	}{
		{"1.234", "Betrag", "table_ask_number", []string{"1.234", "5.678", "900"}, 2,
			example("1.234", "1234", "5.678", "5678"), example("1.234", "1.234", "5.678", "5.678"), [2]int{}},
		{"1,234", "Amount", "table_ask_number", []string{"-1,234 €"}, 1, example("-1,234 €", "-1.234"), example("-1,234 €", "-1234"), [2]int{}},
		{"commas and points", "Betrag", "table_ask_number_mixed", []string{"1,5", "1.5", "2,5", "2.5"}, 4,
			example("1,5", "1.5"), nil, [2]int{2, 2}},
		{"3/4", "Date", "table_ask_date", []string{"03/04/2024", "05/06/2024", "07/07/2024"}, 2,
			example("03/04/2024", "2024-04-03", "05/06/2024", "2024-06-05"), example("03/04/2024", "2024-03-04", "05/06/2024", "2024-05-06"), [2]int{}},
		{"half of them swapped", "Date", "table_ask_date_mixed", []string{"03/04/2024", "31/12/2024", "12/31/2024"}, 2,
			example("03/04/2024", "2024-04-03"), example("03/04/2024", "2024-03-04"), [2]int{1, 1}},
		{"one or one per cent", "Wahrscheinlichkeit", "table_ask_percent", []string{"1", "0", "1"}, 3, example("1", "100%"), example("1", "1%"), [2]int{}},
		{"half or half a per cent", "Wahrscheinlichkeit (%)", "table_ask_percent", []string{"0,5", "0,2"}, 2, example("0,5", "50%"), example("0,5", "0.5%"), [2]int{}},
		{"numbers among dates", "Datum", "table_ask_serial", []string{"31.12.2024", "45657", "01.02.2024"}, 1,
			[]tabular.Example{{Line: 3, Text: "45657", Meaning: "2024-12-31"}}, nil, [2]int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := column(t, tt.header, tt.cells...)
			q := s.Columns[1].Question
			if q == nil {
				t.Fatalf("nothing is asked, but assumed %+v", s.Columns[1].Style)
			}
			if q.Ask.Code != tt.code || q.Rows != tt.rows || q.Sampled != len(tt.cells) || q.Likely != -1 || len(q.Readings) != 2 || q.Column != tt.header {
				t.Errorf("%+v", q)
			}
			if d := cmp.Diff([][]tabular.Example{tt.first, tt.second}, [][]tabular.Example{q.Readings[0].Examples, q.Readings[1].Examples}); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if got := [2]int{q.Readings[0].Unreadable, q.Readings[1].Unreadable}; got != tt.unreadable {
				t.Errorf("unreadable %v, want %v", got, tt.unreadable)
			}
			if s.Columns[1].Style.Type != tabular.Text {
				t.Error("an open column is read as", s.Columns[1].Style.Type)
			}
			want := q.Readings[1].Style
			if err := s.Answer(1, 2); err == nil {
				t.Error("there is no third reading")
			}
			if err := s.Answer(1, 1); err != nil || s.Columns[1].Style != want || len(s.Questions()) != 0 {
				t.Error(err, s.Columns[1].Style)
			}
		})
	}
}

func TestAnotherColumnSuggestsButDoesNotAnswer(t *testing.T) {
	s := open(t, "Preis;Menge;Von;Bis\n12,5;1.234;03/04/2024;31/12/2024\n7,5;5.678;05/06/2024;30/11/2024\n", tabular.Options{}).Sheets[0]
	q := s.Questions()
	if len(q) != 2 || q[0].Likely != 0 || q[0].Readings[0].Style.Decimal != ',' || q[1].Likely != 0 || q[1].Readings[0].Style.Order != tabular.DayMonthYear {
		t.Errorf("%+v", q)
	}
}

func TestAColumnOfNumbersMayBeShares(t *testing.T) {
	for _, tt := range []struct {
		cells []string
		scale int
	}{{[]string{"10", "75"}, 100}, {[]string{"0.1", "0.75"}, 1}, {[]string{"1", "1"}, 0}} {
		c := column(t, "Chance", tt.cells...).Columns[1]
		style, q := c.AsPercent()
		if (q != nil) != (tt.scale == 0) || q == nil && (style.Scale != tt.scale || style.Type != tabular.Percent) {
			t.Errorf("%v: %+v %+v", tt.cells, style, q)
		}
	}
}

func TestDamageByExcelIsNoted(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		cells        []string
		want         []string
	}{
		{"rounded keys", "Kunden-ID", []string{"1,23457E+17", "1,23457E+17", "42"}, []string{"table_id_scientific line 2, 2 Kunden-ID"}},
		{"rounded numbers without a telling header", "Referenz", []string{"1,23457E+17", "4,2E+12"}, []string{"table_id_scientific line 2, 2 Referenz"}},
		{"postcodes without zeros", "PLZ", []string{"80331", "1067", "10115", "50667"}, []string{"table_zeros_postcode line 0, 1 PLZ"}},
		{"Swiss postcodes", "PLZ", []string{"8001", "3011", "80331"}, nil},
		{"postcodes with zeros", "PLZ", []string{"80331", "01067", "8001", "10115"}, nil},
		{"phones without zeros", "Telefon", []string{"8912345", "30123456", "4912345678"}, []string{"table_zeros_phone line 0, 3 Telefon"}},
		{"part numbers made months", "Teil", []string{"12-345", "1. Jan", "Mrz 24", "05-Mai"}, []string{"table_month_damage line 3, 3 Teil"}},
		{"dates made numbers", "Abschlussdatum", []string{"45657", "45658"}, []string{"table_serials line 0, 1 Abschlussdatum"}},
		{"a stray word", "Betrag", append(repeat("1,5", 99), "siehe Anlage"), []string{"table_cells_unreadable line 101, 1 Betrag"}},
		{"a stray style", "Betrag", append(repeat("1,5", 99), "1.5"), []string{"table_cells_unreadable line 0, 1 Betrag"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := column(t, tt.header, tt.cells...)
			if d := cmp.Diff(tt.want, codes(s.Notes)); d != "" {
				t.Errorf("%+v (-want +got)\n%s", s.Columns[1].Style, d)
			}
		})
	}
}

// The rest of a large file has its say, too: the first 10,000 rows leave the dates open, one of the later ones does not.
func TestTheSampleIsSpreadOverALargeFile(t *testing.T) {
	head := "Datum;Text\n" + strings.Repeat("03/04/2024;x\n", 20_000)
	r := repeated{head, "31/12/2024;" + strings.Repeat("y", 100) + "\n", 48 << 20}
	f, err := tabular.Open(t.Context(), r, r.size, tabular.Options{Name: "groß.csv"})
	if err != nil {
		t.Fatal(err)
	}
	s := f.Sheets[0]
	if s.Whole || s.Columns[0].Question != nil || s.Columns[0].Style.Order != tabular.DayMonthYear || s.Columns[0].Style.Type != tabular.Day {
		t.Errorf("%+v", s.Columns[0])
	}
}
