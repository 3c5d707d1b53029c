package workbook_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/workbook"
)

// few draws do: the workbook shows the plan.
const few = 64

// given is a case with values laid over it.
func given(t *testing.T, text string, set ...string) calc.Case {
	t.Helper()
	c := calc.Case{Name: "case.yaml", Text: []byte(text), Version: "test"}
	for i := 0; i+1 < len(set); i += 2 {
		node, list := casefile.Set(set[i], set[i+1])
		if list.Err() != nil {
			t.Fatal(list)
		}
		c.Overlays = append(c.Overlays, node)
	}
	return c
}

func answer(t *testing.T, text, scenario string, set ...string) *calc.Answer {
	t.Helper()
	a, list, err := calc.Run(context.Background(), given(t, text, set...), calc.Options{Draws: few, Seed: 1, Lang: "en", Scenario: scenario})
	if err != nil || list.Err() != nil {
		t.Fatalf("%v %v\n%s", err, list, text)
	}
	return a
}

// content is what a workbook is made of, without what takes long to explain.
func content(t *testing.T, text string) *document.Content {
	t.Helper()
	c := given(t, text)
	o := calc.Options{Draws: few, Seed: 1, Lang: "en"}
	out := &document.Content{Answer: answer(t, text, "")}
	if len(out.Answer.Model.File.Scenarios) > 0 {
		cmp, list, err := calc.Compare(context.Background(), c, nil, o)
		if err != nil || list.Err() != nil {
			t.Fatal(err, list)
		}
		out.Comparison, out.Models = cmp, document.Models(out.Answer.Reading, cmp)
	}
	return out
}

func write(t *testing.T, file string, c *document.Content, lang locale.Lang) {
	t.Helper()
	var buf bytes.Buffer
	if err := workbook.Write(&buf, c, locale.New(lang)); err != nil {
		t.Fatal(file, err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// change puts a number into a cell of an assumption, as somebody does by hand.
func change(t *testing.T, from, to, name string, column int, v float64) {
	t.Helper()
	book := open(t, from)
	sheet, cell := named(t, book, name)
	_, row, err := excelize.CellNameToCoordinates(cell)
	if err != nil {
		t.Fatal(err)
	}
	if column > 0 {
		if cell, err = excelize.CoordinatesToCellName(column, row); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SetCellValue(sheet, cell, v); err != nil {
		t.Fatal(err)
	}
	if err := book.SaveAs(to); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, file string) *excelize.File {
	t.Helper()
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	return book
}

// named is the cell that a name stands for.
func named(t *testing.T, book *excelize.File, name string) (sheet, cell string) {
	t.Helper()
	for _, n := range book.GetDefinedName() {
		if n.Name == name {
			sheet, cell, _ = strings.Cut(n.RefersTo, "!")
			return sheet, strings.ReplaceAll(cell, "$", "")
		}
	}
	t.Fatalf("no name %q", name)
	return "", ""
}

// recalculate has LibreOffice compute all workbooks of a folder in one run.
func recalculate(t *testing.T, from, to string) {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("LibreOffice recalculates the workbooks: apt-get install libreoffice-calc-nogui")
	}
	files, err := filepath.Glob(filepath.Join(from, "*.xlsx"))
	if err != nil || len(files) == 0 {
		t.Fatal("no workbooks", err)
	}
	// Two at a time, each with a profile of its own, as one takes a second for a workbook; and few at a time, as it has been
	// seen to stop without a word after some two hundred.
	const few = 40
	parts := slices.Collect(slices.Chunk(files, min(few, (len(files)+1)/2)))
	next := make(chan []string, len(parts))
	for _, part := range parts {
		next <- part
	}
	close(next)
	var wg sync.WaitGroup
	for range 2 {
		profile := officeProfile(t)
		wg.Go(func() {
			for part := range next {
				args := append([]string{"-env:UserInstallation=file://" + profile, "--headless", "--convert-to", "xlsx", "--outdir", to}, part...)
				if out, err := exec.Command(office, args...).CombinedOutput(); err != nil {
					t.Errorf("%v %s", err, out)
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// officeProfile is one in which LibreOffice recalculates what it opens: by default it trusts the values that stand beside the
// formulas.
func officeProfile(t *testing.T) string {
	t.Helper()
	profile := t.TempDir()
	always := `<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">` +
		`<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>`
	if err := os.MkdirAll(filepath.Join(profile, "user"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "user", "registrymodifications.xcu"), []byte(always), 0o600); err != nil {
		t.Fatal(err)
	}
	return profile
}

var raw = excelize.Options{RawCellValue: true}

// figures are the key figures by the names of their cells; nil is one that does not exist.
func figures(a *calc.Answer) map[string]*float64 {
	p := a.Plan
	month := float64(p.PeakFundingMonth)
	return map[string]*float64{"npv": &p.NPV, "roi": p.ROI, "roi_undiscounted": p.ROIUndiscounted, "bcr": p.BenefitCostRatio, "benefits_pv": &p.BenefitsPV, "costs_pv": &p.CostsPV,
		"tco": &p.TCO, "waiting": &p.CostOfWaitingMonth, "break_even": p.BreakEven, "break_even_discounted": p.BreakEvenDiscounted, "first_crossing": p.FirstCrossing,
		"peak": &p.PeakFunding, "peak_month": &month, "mirr": p.MIRR, "irr": p.IRR}
}

// remains reports whether a flow of the plan is a remainder of rounding: a curve that starts at 0 comes out a hair beside it
// in month 0, and a rate of return may then be told by that hair.
func remains(a *calc.Answer) bool {
	largest := 0.0
	for _, m := range a.Timeline {
		largest = math.Max(largest, math.Abs(m.Net))
	}
	for _, m := range a.Timeline {
		if m.Net != 0 && math.Abs(m.Net) < 1e-9*largest {
			return true
		}
	}
	return false
}

// compare holds a recalculated English workbook against the plan of the engine: every line in every month, every figure.
func compare(t *testing.T, path string, a *calc.Answer) {
	t.Helper()
	book := open(t, path)
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet, raw)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, v := range row {
				if strings.HasPrefix(v, "#") || strings.HasPrefix(v, "Err:") {
					t.Fatalf("%s row %d column %d is %s", sheet, i+1, j+1, v)
				}
			}
		}
	}
	number := func(what, s string, want, tolerance float64) {
		t.Helper()
		got, err := strconv.ParseFloat(s, 64)
		if err != nil || !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s is %q, want %v", what, s, want)
		}
	}
	rows, err := book.GetRows("Lines", raw)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{} // by label: costs come first
	for _, row := range rows[5:] {
		if len(row) > 5 {
			lines[row[0]] = row[5:]
		}
	}
	for i, flow := range a.Graph.Evaluate(a.Graph.Medians()) {
		label := a.LineLabel(a.Model.Lines[i])
		got, ok := lines[label]
		if !ok {
			t.Fatalf("no line %q", label)
		}
		for m, want := range flow {
			number(fmt.Sprintf("%s in month %d", label, m), got[m], want, 0.01)
		}
		if t.Failed() {
			return
		}
	}
	loose := remains(a)
	for name, want := range figures(a) {
		if loose && (name == "irr" || name == "mirr") {
			continue
		}
		sheet, cell := named(t, book, "result_"+name)
		s, err := book.GetCellValue(sheet, cell, raw)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := 0.01
		switch name {
		case "roi", "roi_undiscounted", "bcr", "irr", "mirr", "break_even", "break_even_discounted", "first_crossing":
			tolerance = 1e-6
			if want != nil {
				tolerance *= 1 + math.Abs(*want)
			}
		}
		if want == nil {
			if s != locale.None {
				t.Errorf("%s is %q, want none", name, s)
			}
			continue
		}
		number(name, s, *want, tolerance)
	}
}

// stored holds the values that stand beside the formulas of a file against those that LibreOffice comes to.
func stored(t *testing.T, written, recalculated string) {
	t.Helper()
	a, b := open(t, written), open(t, recalculated)
	cells := 0
	for _, sheet := range b.GetSheetList() {
		want, err := b.GetRows(sheet, raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.GetRows(sheet, raw)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range want {
			for j, v := range row {
				have := ""
				if i < len(got) && j < len(got[i]) {
					have = got[i][j]
				}
				x, bad := strconv.ParseFloat(v, 64)
				y, worse := strconv.ParseFloat(have, 64)
				if bad != nil || worse != nil {
					if v != have {
						t.Fatalf("%s row %d column %d: stored %q, LibreOffice has %q", sheet, i+1, j+1, have, v)
					}
					continue
				}
				cells++
				scale := math.Abs(x)
				if sheet == "Figures" && j == 3 { // a difference of two figures, as good as they are
					now, _ := strconv.ParseFloat(row[1], 64)
					scale = math.Abs(now)
				}
				if !(math.Abs(x-y) <= 1e-7*(1+scale)) {
					formula, _ := a.GetCellFormula(sheet, fmt.Sprintf("%s%d", string(rune('A'+min(j, 25))), i+1))
					t.Fatalf("%s row %d column %d: stored %v, LibreOffice has %v (%s)", sheet, i+1, j+1, y, x, formula)
				}
			}
		}
	}
	if cells < 500 {
		t.Errorf("only %d values", cells)
	}
}

func examples(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	texts := map[string]string{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(path), ".yaml")] = string(text)
	}
	return texts
}

func TestLibreOfficeComesToThePlanOfTheEngine(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	answers := map[string]*calc.Answer{}
	for name, text := range examples(t) {
		c := content(t, text)
		file := filepath.Join(from, name+".xlsx")
		write(t, file, c, locale.English)
		answers[name] = c.Answer
		for i, s := range c.Answer.Model.File.Scenarios {
			scenario := fmt.Sprintf("%s-%s", name, s.ID)
			change(t, file, filepath.Join(from, scenario+".xlsx"), "scenario", 0, float64(i+2))
			answers[scenario] = answer(t, text, s.ID)
		}
	}
	text := examples(t)["maschinenbau"]
	change(t, filepath.Join(from, "maschinenbau.xlsx"), filepath.Join(from, "more users.xlsx"), "users", chosen, 80)
	answers["more users"] = answer(t, text, "", "users", "80")
	recalculate(t, from, to)
	for name, a := range answers {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(to, name+".xlsx"), a) })
	}
	for name := range examples(t) {
		t.Run("stored values of "+name, func(t *testing.T) {
			stored(t, filepath.Join(from, name+".xlsx"), filepath.Join(to, name+".xlsx"))
		})
	}
}

// Columns of the sheet of assumptions.
const (
	middle = 4
	chosen = 6
)
