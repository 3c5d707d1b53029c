package quality_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/quality"
	"github.com/rendite-crm/rendite/internal/report"
)

var update = flag.Bool("update", false, "write the golden files")

// spoilt is a CRM with planted faults, the same each time.
func spoilt() (d data, planted int) {
	d = clean()
	seed := uint64(2026)
	list := plant(d, func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int((seed >> 33) % uint64(n))
	})
	// Half of the activities carry the same second: a sign.
	i := 0
	for _, id := range sorted(d["activity"]) {
		if i++; i%2 == 0 {
			d["activity"][id]["created_at"] = at(today-3, 0)
		}
	}
	return d, len(list)
}

func sorted[V any](m map[string]V) (all []string) {
	for k := range keys(m) {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

const study = `case: Wartung
currency: EUR
start: 2026-01
horizon: 36
discount: 8 %/year
assumptions:
  users: 25
  wage: 46 .. 52 .. 60 EUR/h
  saved: 1 .. 2 .. 3 h/week
adoption: {start: 15 %, plateau: 60 .. 80 .. 92 %, months_to_90: 8}
data_quality: {start: 60 %, plateau: 70 .. 80 .. 90 %, months_to_90: 6, source: Schätzung, grade: D}
costs:
  licences: users * 60 EUR/month
  set_up: {amount: 60 000 .. 70 000 .. 90 000 EUR, at: 0}
benefits:
  time: {lever: time_saved, users: users, hours: saved, wage: wage, converts: 50 %}
  cleaner: {label: Weniger Rückfragen, amount: 900 EUR/month * data_quality, kind: avoided_cost}
correlate: [[adoption.plateau, data_quality.plateau, 0.5]]
`

func TestReportAndList_goldenTexts(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	d, planted := spoilt()
	s := db.load(t, d)
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		var list bytes.Buffer
		n, err := quality.NewList(&list, l)
		if err != nil {
			t.Fatal(err)
		}
		r, err := quality.Run(context.Background(), db.Warehouse, s, quality.Options{Today: &today, Found: n.Add})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		e, found, err := r.InCase(context.Background(), calc.Case{Name: "wartung.yaml", Text: []byte(study)}, calc.Options{Draws: 4096, Seed: 1, Lang: string(lang)})
		if err != nil || e == nil {
			t.Fatal(err, found)
		}
		var b bytes.Buffer
		if err := quality.Text(&b, r, e, l, report.Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		golden(t, "report."+string(lang)+".txt", b.Bytes())
		golden(t, "list."+string(lang)+".csv", list.Bytes())
		in := csv.NewReader(strings.NewReader(strings.TrimPrefix(list.String(), "\ufeff")))
		if lang == locale.German {
			in.Comma = ';'
		}
		rows, err := in.ReadAll()
		if err != nil || len(rows) != planted+1 || n.Written != int64(planted) {
			t.Errorf("%s: %d rows, %d planted, %v", lang, len(rows), planted, err)
		}
		for _, row := range rows[1:] {
			for _, c := range row { // whose record it is stays with the CRM
				if strings.HasPrefix(c, "u0") || c == "left" || strings.Contains(c, "@") {
					t.Errorf("a person in the list: %q", row)
				}
			}
		}
		// The line for a case is one that a case can have, as it was wrapped.
		_, line, _ := strings.Cut(b.String(), "data_quality: ")
		line, _, _ = strings.Cut(line, "}")
		own := regexp.MustCompile(`(?m)^data_quality: .*$`).ReplaceAllLiteralString(study, "data_quality: "+line+"}")
		if m, found := calc.Check(calc.Case{Name: "case.yaml", Text: []byte(own)}, ""); m == nil || m.File.Curves["data_quality"] == nil {
			t.Errorf("%q: %v", line, found)
		}
		if text := b.String(); strings.Contains(text, "⟦") || strings.Contains(text, "u0") {
			t.Errorf("%s", text)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got); -update writes it\n%s", name, diff)
	}
}

// What mending brings is what the model says of a plateau that rises: nothing where nothing depends on data quality, and
// never less with more quality where all of it helps.
func TestInCase(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	d, _ := spoilt()
	r, _ := audit(t, db, db.load(t, d), nil)
	run := func(text string) *quality.Effect {
		t.Helper()
		e, found, err := r.InCase(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(text)}, calc.Options{Draws: 2048, Seed: 1, Lang: "en"})
		if err != nil || e == nil {
			t.Fatal(err, found)
		}
		return e
	}
	e := run(study)
	if !e.Acts || *e.Mending.NPV.P10 <= 0 || e.Mending.Better != 1 || *e.Mending.NPV.P50 > *e.AsMended.NPV.P90-*e.AsMeasured.NPV.P10 {
		t.Errorf("%+v", e)
	}
	if e.Measured.P50 != r.Total.Score || !(e.Measured.P10 < e.Measured.P50 && e.Measured.P50 < e.Mended.P50 && e.Mended.P10 < e.Mended.P50 && e.Mended.P50 < e.Mended.P90) {
		t.Errorf("measured %+v, mended %+v, total %+v", e.Measured, e.Mended, r.Total)
	}
	// What the case assumes is what calc answers without any of this.
	a, _, err := calc.Run(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(study)}, calc.Options{Draws: 2048, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *e.AsAssumed.NPV.P50, *a.Simulation.NPV.P50; got/want-1 > 0.02 || got/want-1 < -0.02 { // other Sobol dimensions
		t.Errorf("as assumed %v, the case alone %v", got, want)
	}
	// A case can draw from whatever was measured, the edges included.
	driver := *r.Driver
	for _, v := range []quality.Driver{{P10: 1, P50: 1, P90: 1}, {P10: 0.96, P50: 1, P90: 1}, {}, {P90: 0.04}, {P10: 0.5, P50: 0.9, P90: 0.91}, {P10: 0.2, P50: 0.21, P90: 0.9}, {P10: 0.3, P50: 0.3, P90: 0.3}} {
		r.Driver = &v
		if e := run(study); e.Measured.P10 >= e.Measured.P50 || e.Measured.P50 >= e.Measured.P90 || *e.Mending.NPV.P50 < 0 {
			t.Errorf("%+v: %+v", v, e.Measured)
		}
	}
	r.Driver = &driver
	none := run("currency: EUR\ndiscount: 8 %/year\ncosts: {a: 100 .. 200 EUR/month}\nbenefits: {b: 300 EUR/month}\n")
	if none.Acts || *none.Mending.NPV.P90 != 0 {
		t.Errorf("%+v", none)
	}
	if _, found, err := r.InCase(context.Background(), calc.Case{Name: "case.yaml", Text: []byte("currency: EUR\n")}, calc.Options{Draws: 64}); found.Err() == nil || err != nil {
		t.Errorf("a wrong case: %v, %v", found, err)
	}
}
