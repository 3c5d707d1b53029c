package workbook_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/workbook"
)

func answer(t *testing.T, path string, set ...string) *calc.Answer {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := calc.Case{Name: path, Text: text, Version: "test"}
	for i := 0; i+1 < len(set); i += 2 {
		node, list := casefile.Set(set[i], set[i+1])
		if list.Err() != nil {
			t.Fatal(list)
		}
		c.Overlays = append(c.Overlays, node)
	}
	a, list, err := calc.Run(context.Background(), c, calc.Options{Draws: 64, Seed: 1, Lang: "en"})
	if err != nil || list.Err() != nil {
		t.Fatal(err, list)
	}
	return a
}

// recalculate has LibreOffice compute all workbooks of a folder.
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
	args := append([]string{"-env:UserInstallation=file://" + t.TempDir(), "--headless", "--convert-to", "xlsx", "--outdir", to}, files...)
	if out, err := exec.Command(office, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

// compare holds a recalculated workbook against the plan of the engine.
func compare(t *testing.T, path string, a *calc.Answer) {
	t.Helper()
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	raw := excelize.Options{RawCellValue: true}
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
	near := func(what, sheet, cell string, want, tolerance float64) {
		t.Helper()
		s, err := book.GetCellValue(sheet, cell, raw)
		got, bad := strconv.ParseFloat(s, 64)
		if err != nil || bad != nil || math.Abs(got-want) > tolerance {
			t.Errorf("%s is %q, want %v", what, s, want)
		}
	}
	for i, flow := range a.Graph.Evaluate(a.Graph.Medians()) {
		for m, want := range flow {
			cell, err := excelize.CoordinatesToCellName(6+m, 6+i)
			if err != nil {
				t.Fatal(err)
			}
			near(a.Graph.Lines[i].ID+" in month "+strconv.Itoa(m), "Lines", cell, want, 0.01)
			if t.Failed() {
				return
			}
		}
	}
	near("npv", "Figures", "B4", a.Plan.NPV, 0.01)
	if a.Plan.ROI != nil {
		near("roi", "Figures", "B5", *a.Plan.ROI, 1e-6)
		near("undiscounted roi", "Figures", "B6", *a.Plan.ROIUndiscounted, 1e-6)
		near("benefit-cost ratio", "Figures", "B7", *a.Plan.BenefitCostRatio, 1e-6)
	}
	near("benefits", "Figures", "B8", a.Plan.BenefitsPV, 0.01)
	near("costs", "Figures", "B9", a.Plan.CostsPV, 0.01)
	near("tco", "Figures", "B10", a.Plan.TCO, 0.01)
	near("cost of waiting", "Figures", "B11", a.Plan.CostOfWaitingMonth, 0.01)
	for cell, v := range map[string]*float64{"B12": a.Plan.BreakEven, "B13": a.Plan.BreakEvenDiscounted, "B14": a.Plan.FirstCrossing, "B17": a.Plan.MIRR, "B18": a.Plan.IRR} {
		if v != nil {
			near(cell, "Figures", cell, *v, 1e-6)
		} else if s, err := book.GetCellValue("Figures", cell); err != nil || s != "–" {
			t.Errorf("%s is %q, want none", cell, s)
		}
	}
	near("peak funding", "Figures", "B15", a.Plan.PeakFunding, 0.01)
	near("its month", "Figures", "B16", float64(a.Plan.PeakFundingMonth), 0)
}

func TestLibreOfficeComesToThePlanOfTheEngine(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	answers := map[string]*calc.Answer{}
	files, err := filepath.Glob("../../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range files {
		a := answer(t, path)
		var buf bytes.Buffer
		if err := workbook.Write(&buf, a, locale.New(locale.English)); err != nil {
			t.Fatal(path, err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml") + ".xlsx"
		if err := os.WriteFile(filepath.Join(from, name), buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		answers[name] = a
	}
	if zip, err := excelize.OpenFile(filepath.Join(from, "maschinenbau.xlsx")); err != nil {
		t.Fatal(err)
	} else if _, ok := zip.Pkg.Load("xl/charts/chart2.xml"); !ok {
		t.Error("the charts are missing")
	}
	// The same case with one cell changed by hand: twice as many users.
	changed, err := excelize.OpenFile(filepath.Join(from, "maschinenbau.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range changed.GetDefinedName() {
		if n.Name == "users" {
			row := n.RefersTo[strings.LastIndex(n.RefersTo, "$")+1:]
			if err := changed.SetCellValue("Assumptions", "F"+row, 80); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := changed.SaveAs(filepath.Join(from, "changed.xlsx")); err != nil {
		t.Fatal(err)
	}
	changed.Close()
	answers["changed.xlsx"] = answer(t, "../../../examples/maschinenbau.yaml", "users", "80")
	recalculate(t, from, to)
	for name, a := range answers {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(to, name), a) })
	}
}

// BenchmarkWrite exports 200 lines over 120 months.
func BenchmarkWrite(b *testing.B) {
	var text strings.Builder
	text.WriteString("case: Large\ncurrency: EUR\ndiscount: 8 %\nhorizon: 120\nassumptions: {users: 40}\nadoption: {start: 10 %, plateau: 80 %, months_to_90: 8}\ncosts:\n")
	for i := range 100 {
		text.WriteString("  c" + strconv.Itoa(i) + ": {amount: users * 2 EUR/month, escalates: 3 %/year}\n")
	}
	text.WriteString("benefits:\n")
	for i := range 100 {
		text.WriteString("  b" + strconv.Itoa(i) + ": users * 3 EUR/month * adoption\n")
	}
	a, list, err := calc.Run(context.Background(), calc.Case{Name: "large.yaml", Text: []byte(text.String())}, calc.Options{Draws: 64, Seed: 1})
	if err != nil || list.Err() != nil {
		b.Fatal(err, list)
	}
	for b.Loop() {
		if err := workbook.Write(io.Discard, a, locale.New(locale.English)); err != nil {
			b.Fatal(err)
		}
	}
}
