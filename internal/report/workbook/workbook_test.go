package workbook_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/workbook"
)

// hostile texts must not become formulas, and names that spreadsheets read as something else must still be names.
const hostile = `case: "=cmd|'/c calc'!A0"
organisation: "@SUM(1+1)*cmd|' /C calc'!A0"
currency: EUR
start: 2026-04
horizon: 24 months
discount: 8 %/year
assumptions:
  A1: {value: 3, label: "=1+1"}
  R1C1: 4
  rc: 5
  r: 6
  c: 7
  z1s1: 2
  LOG10: 8
  XFD1048576: 9
  true: {value: 2, label: "+1-1"}
  Falsch: 1
  SUM: 2
  if_: 3
  PI: 2
  rate: {value: 4, source: "-2+3+cmd|' /C calc'!A0", note: "\tTab\"Quote\"'x'", grade: D}
  Rate: 5
  discount_rate: 6
  result_npv: 7
  scenario: 2
  net_by_month: 3
  größe: 2
  Print_Area: 1
costs:
  licences: {label: "=HYPERLINK(\"http://example.org\",\"click\")", amount: "(A1 + R1C1 + rc + r + c + z1s1 + LOG10 + XFD1048576 + true + Falsch + SUM + if_ + PI + rate + Rate + discount_rate + result_npv + scenario + net_by_month + größe + Print_Area) * 3 EUR/month"}
  setup: {label: "DDE(\"soffice\";\"x\";\"y\")", amount: 900 EUR, at: 0}
benefits:
  gain: {label: "<b>&\"]]>", amount: 500 EUR/month}
scenarios:
  more: {label: "=1+2", assumptions: {A1: 30, scenario: 9}}
`

// long is a text longer than a cell holds.
func long() string {
	return strings.Replace(hostile, `label: "<b>&\"]]>"`, `label: "`+strings.Repeat("lang ü ", 6000)+`"`, 1)
}

// cells are the cells of a workbook with a formula or a text in them.
type cells struct {
	formulas, texts []string
	names           map[string]string
}

var (
	formulaTag = regexp.MustCompile(`<f>([^<]*)</f>`)
	nameTag    = regexp.MustCompile(`<definedName name="([^"]*)"[^>]*>([^<]*)</definedName>`)
	textTag    = regexp.MustCompile(`<is><t[^>]*>([^<]*)</t></is>`)
)

// unpack reads what a workbook holds from its XML.
func unpack(t *testing.T, file []byte) cells {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(z.File, func(x, y *zip.File) int { return strings.Compare(x.Name, y.Name) })
	out := cells{names: map[string]string{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(f.Name, "xl/worksheets/sheet"):
			for _, m := range formulaTag.FindAllSubmatch(text, -1) {
				out.formulas = append(out.formulas, string(m[1]))
			}
			for _, m := range textTag.FindAllSubmatch(text, -1) {
				out.texts = append(out.texts, string(m[1]))
			}
			if bytes.Contains(text, []byte(`state="hidden"`)) {
				t.Error("a sheet is hidden")
			}
		case f.Name == "xl/workbook.xml":
			for _, m := range nameTag.FindAllSubmatch(text, -1) {
				if !strings.HasPrefix(string(m[1]), "_xlnm.") {
					out.names[string(m[1])] = string(m[2])
				}
			}
			if bytes.Contains(text, []byte("hidden")) {
				t.Error("the workbook hides something")
			}
		case strings.Contains(f.Name, "vba"), strings.Contains(f.Name, "externalLink"), strings.Contains(f.Name, "connections"):
			t.Errorf("%s does not belong into a workbook", f.Name)
		}
	}
	return out
}

func written(t *testing.T, text string, lang locale.Lang) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := workbook.Write(&buf, content(t, text), locale.New(lang)); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

var (
	inert       = regexp.MustCompile(`"[^"]*"`)
	callOf      = regexp.MustCompile(`([A-Za-z_.]+)\(`)
	allowedCall = map[string]bool{}
	validName   = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*$`)
	likeCell    = regexp.MustCompile(`(?i)^([a-z]{1,3}[0-9]+|r[0-9]*c?[0-9]*|c[0-9]*|z[0-9]*s?[0-9]*|s[0-9]*|true|false|wahr|falsch)$`)
)

func init() {
	for _, f := range strings.Fields("IF AND OR MIN MAX SUM SUMPRODUCT EXP LN SQRT INT INDEX MATCH COUNT IFERROR ISBLANK ISNUMBER CHOOSE ROUNDUP ABS SIGN EDATE IRR") {
		allowedCall[f] = true
	}
}

func TestNoTextBecomesAFormula(t *testing.T) {
	for _, text := range []string{hostile, long()} {
		got := unpack(t, written(t, text, locale.German))
		if len(got.formulas) < 500 {
			t.Fatalf("only %d formulas", len(got.formulas))
		}
		for _, f := range got.formulas {
			if len(f) > 8192 {
				t.Errorf("a formula of %d characters", len(f))
			}
			bare := inert.ReplaceAllString(strings.ReplaceAll(f, "&#34;", `"`), `""`)
			for _, word := range []string{"cmd", "HYPERLINK", "DDE", "http", "|"} {
				if strings.Contains(bare, word) {
					t.Errorf("%q reached the formula %s", word, f)
				}
			}
			for _, m := range callOf.FindAllStringSubmatch(bare, -1) {
				if !allowedCall[m[1]] {
					t.Errorf("function %s in %s", m[1], f)
				}
			}
		}
		all := strings.Join(got.texts, "\n")
		for _, want := range []string{"=cmd|&#39;/c calc&#39;!A0", "=1+1", "+1-1", "-2+3+cmd|", "=HYPERLINK(", "DDE("} {
			if !strings.Contains(all, want) {
				t.Errorf("the text %q is missing", want)
			}
		}
		for _, s := range got.texts {
			if n := len([]rune(s)); n > 32767 {
				t.Errorf("a text of %d characters", n)
			}
		}
	}
}

func TestNamesAreNames(t *testing.T) {
	got := unpack(t, written(t, hostile, locale.English))
	seen := map[string]string{}
	for name := range got.names {
		if !validName.MatchString(name) || likeCell.MatchString(name) || len(name) > 255 {
			t.Errorf("%q is no name", name)
		}
		if other, ok := seen[strings.ToLower(name)]; ok {
			t.Errorf("%q and %q are one name", name, other)
		}
		seen[strings.ToLower(name)] = name
	}
	for _, want := range []string{"_A1", "_R1C1", "_LOG10", "_true", "rate", "Rate_2", "discount_rate", "discount_rate_2", "result_npv", "result_npv_2", "scenario", "scenario_2", "größe"} {
		if got.names[want] == "" {
			t.Errorf("%q is missing", want)
		}
	}
}

// All sheets that a controller looks for are there, in sight, with their print areas.
func TestSheets(t *testing.T) {
	for lang, want := range map[locale.Lang][]string{
		locale.German:  {"Übersicht", "Kennzahlen", "Annahmen", "Zeitplan", "Faktoren", "Positionen", "Zahlungsreihe", "Zinsprofil", "Szenarien", "Empfindlichkeit", "Diagramme", "Simulation", "Methode", "Änderungen"},
		locale.English: {"Summary", "Figures", "Assumptions", "Timing", "Factors", "Lines", "CashFlow", "Rates", "Scenarios", "Sensitivity", "Charts", "Simulation", "Method", "Changes"},
	} {
		book, err := excelize.OpenReader(bytes.NewReader(written(t, hostile, lang)))
		if err != nil {
			t.Fatal(err)
		}
		if got := book.GetSheetList(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("sheets are %v, want %v", got, want)
		}
		areas := map[string]bool{}
		for _, n := range book.GetDefinedName() {
			if n.Name == "_xlnm.Print_Area" {
				areas[n.Scope] = true
			}
		}
		for _, s := range want {
			if !areas[s] {
				t.Errorf("%s has no print area", s)
			}
		}
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The first sheet says in words when the plan pays back, from the figures.
func TestTheSummarySaysWhen(t *testing.T) {
	for lang, want := range map[locale.Lang]string{locale.German: "Im Plan zahlt sich das CRM ab Monat 17 aus.", locale.English: "In the plan the CRM pays for itself from month 17."} {
		book, err := excelize.OpenReader(bytes.NewReader(written(t, flows("monthly", [3]int{100, 0, 0}, [3]int{0, 60, 100}), lang)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := book.GetCellValue(book.GetSheetName(0), "A4"); err != nil || got != want {
			t.Errorf("the summary says %q (%v), want %q", got, err, want)
		}
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A sealed state and earlier revisions come into the change log.
func TestChangeLog(t *testing.T) {
	c := content(t, hostile)
	c.Sealed = &document.Sealed{Changes: []string{"Users: 40 instead of 30"}}
	c.Revisions = []document.Revision{{When: "2026-11-02", Who: "Ada", What: "=after the offer"}}
	var buf bytes.Buffer
	if err := workbook.Write(&buf, c, locale.New(locale.English)); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(unpack(t, buf.Bytes()).texts, "\n")
	for _, want := range []string{"Users: 40 instead of 30", "2026-11-02", "Ada", "=after the offer"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// One case gives the same sheets each time.
func TestSameSheets(t *testing.T) {
	a, b := written(t, hostile, locale.German), written(t, hostile, locale.German)
	x, y := unpack(t, a), unpack(t, b)
	if fmt.Sprint(x) != fmt.Sprint(y) {
		t.Error("two workbooks of one case differ")
	}
}

// The report of a scenario shows that scenario first.
func TestTheScenarioOfTheReportIsShown(t *testing.T) {
	text := examples(t)["maschinenbau"]
	c := content(t, text)
	c.Answer = answer(t, text, "with_ai")
	file := filepath.Join(t.TempDir(), "scenario.xlsx")
	write(t, file, c, locale.English)
	compare(t, file, c.Answer)
	book := open(t, file)
	sheet, cell := named(t, book, "scenario")
	if v, err := book.GetCellValue(sheet, cell); err != nil || v != "2" {
		t.Errorf("the scenario is %q (%v), want 2", v, err)
	}
}

// Scenarios whose formulas are too long together are shown as values, and the case still as formulas.
func TestTooManyScenariosAreValues(t *testing.T) {
	var text strings.Builder
	text.WriteString("case: Many\ncurrency: EUR\nhorizon: 12\ndiscount: 8 %\nassumptions: {users: 40}\ncosts: {c: users * 2 EUR/month}\nbenefits: {b: users * 3 EUR/month}\nscenarios:\n")
	for i := range 45 {
		fmt.Fprintf(&text, "  s%d: {costs: {c: {amount: \"users * 2 EUR/month * (%s)\"}}}\n", i, strings.Repeat(fmt.Sprintf("month / %d + ", i+2), 14)+"1")
	}
	c := content(t, text.String())
	file := filepath.Join(t.TempDir(), "many.xlsx")
	write(t, file, c, locale.English)
	compare(t, file, c.Answer)
	book := open(t, file)
	for _, n := range book.GetDefinedName() {
		if n.Name == "scenario" {
			t.Error("there is a scenario to choose")
		}
	}
	rows, err := book.GetRows("Scenarios", raw)
	if err != nil || len(rows) < 6 || len(rows[5]) < 2+46 {
		t.Fatalf("%v %v", rows, err)
	}
}

// A formula as long as a case may have becomes several formulas that Excel takes.
func TestLongFormulasAreSplit(t *testing.T) {
	for _, formula := range []string{
		"w * (" + strings.TrimSuffix(strings.Repeat("1 min + ", 480), " + ") + ") / 1 month",
		"w * (" + strings.TrimSuffix(strings.Repeat("month * 1 min + ", 240), " + ") + ") / 1 month",
		"w * 1 min * max(" + strings.TrimSuffix(strings.Repeat("month, ", 400), ", ") + ") / 1 month",
	} {
		c := content(t, "case: Long\ncurrency: EUR\nhorizon: 13\ndiscount: 8 %\nassumptions: {w: 50 EUR/h}\ncosts: {c: {amount: \""+formula+"\"}}\nbenefits: {b: 5 EUR/month}\n")
		file := filepath.Join(t.TempDir(), "long.xlsx")
		write(t, file, c, locale.English)
		compare(t, file, c.Answer)
	}
}

func large() string {
	var text strings.Builder
	text.WriteString("case: Large\ncurrency: EUR\nstart: 2026-01\ndiscount: 8 %\nhorizon: 120\nassumptions: {users: 40}\nadoption: {start: 10 %, plateau: 80 %, months_to_90: 8}\ncosts:\n")
	for i := range 100 {
		text.WriteString("  c" + strconv.Itoa(i) + ": {amount: users * 2 EUR/month, escalates: 3 %/year}\n")
	}
	text.WriteString("benefits:\n")
	for i := range 100 {
		text.WriteString("  b" + strconv.Itoa(i) + ": users * 3 EUR/month * adoption\n")
	}
	return text.String()
}

// rates are flows by year with one, several or no internal rates of return; want says whether the engine takes one.
var rates = []struct {
	name            string
	costs, benefits [3]int
	want            bool
}{
	{"one rate", [3]int{100, 0, 0}, [3]int{0, 60, 60}, true},
	{"one rate below zero", [3]int{100, 0, 0}, [3]int{0, 30, 40}, true},
	{"one rate close to −100 %", [3]int{9000, 0, 0}, [3]int{0, 0, 1}, true},
	{"a rate of thousands of per cent", [3]int{1, 0, 0}, [3]int{0, 5000, 10}, true},
	{"two rates above zero", [3]int{100, 0, 132}, [3]int{0, 230, 0}, false},
	{"two rates, one of them above zero: Norstrøm's criterion", [3]int{100, 0, 50}, [3]int{0, 300, 0}, true},
	{"two rates below zero", [3]int{100, 0, 40}, [3]int{0, 130, 0}, false},
	{"two changes of sign and no rate", [3]int{0, 300, 0}, [3]int{100, 0, 250}, false},
	{"a cumulative that ends at zero", [3]int{100, 0, 50}, [3]int{0, 150, 0}, false},
	{"costs alone", [3]int{100, 10, 10}, [3]int{0, 0, 0}, false},
	{"benefits alone", [3]int{0, 0, 0}, [3]int{5, 10, 10}, false},
	{"nothing", [3]int{0, 0, 0}, [3]int{0, 0, 0}, false},
}

func flows(timing string, costs, benefits [3]int) string {
	return fmt.Sprintf("case: Rates\ncurrency: EUR\nhorizon: 24\ndiscount: 8 %%\ntiming: %s\ncosts: {c: {initial: %d, yearly: [%d, %d]}}\nbenefits: {b: {initial: %d, yearly: [%d, %d]}}\n",
		timing, costs[0], costs[1], costs[2], benefits[0], benefits[1], benefits[2])
}

// Of several internal rates of return the workbook takes the engine's, or none.
func TestRatesOfReturn(t *testing.T) {
	for _, test := range rates {
		t.Run(test.name, func(t *testing.T) {
			c := content(t, flows("yearly", test.costs, test.benefits))
			if (c.Answer.Plan.IRR != nil) != test.want {
				t.Fatalf("the engine has %v", c.Answer.Plan.IRR)
			}
			for _, timing := range []string{"yearly", "monthly"} {
				c := content(t, flows(timing, test.costs, test.benefits))
				file := filepath.Join(t.TempDir(), "rates.xlsx")
				write(t, file, c, locale.English)
				compare(t, file, c.Answer)
			}
		})
	}
}

// LibreOffice opens what is hostile, long or large, and comes to the engine's figures.
func TestLibreOfficeOpensWhatIsUnusual(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	texts := map[string]string{"hostile": hostile, "large": large()}
	for i, test := range rates {
		texts[fmt.Sprintf("rates %02d", i)] = flows("yearly", test.costs, test.benefits)
	}
	answers := map[string]*calc.Answer{}
	for name, text := range texts {
		c := content(t, text)
		write(t, filepath.Join(from, name+".xlsx"), c, locale.English)
		answers[name] = c.Answer
	}
	change(t, filepath.Join(from, "hostile.xlsx"), filepath.Join(from, "scenario.xlsx"), "scenario", 0, 2)
	answers["scenario"] = answer(t, hostile, "more")
	write(t, filepath.Join(from, "long.xlsx"), content(t, long()), locale.German)
	recalculate(t, from, to)
	for name, a := range answers {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(to, name+".xlsx"), a) })
	}
	if _, err := os.Stat(filepath.Join(to, "long.xlsx")); err != nil {
		t.Error(err)
	}
}

// BenchmarkWrite exports 200 lines over 120 months.
func BenchmarkWrite(b *testing.B) {
	a, list, err := calc.Run(context.Background(), calc.Case{Name: "large.yaml", Text: []byte(large())}, calc.Options{Draws: few, Seed: 1})
	if err != nil || list.Err() != nil {
		b.Fatal(err, list)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := workbook.Write(io.Discard, &document.Content{Answer: a}, locale.New(locale.English)); err != nil {
			b.Fatal(err)
		}
	}
}
