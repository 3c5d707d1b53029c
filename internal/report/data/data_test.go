package data_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report/data"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/result"
)

var options = calc.Options{Draws: 500, Seed: 3}

func gather(t *testing.T, lang locale.Lang) (*document.Content, *result.Result) {
	t.Helper()
	text, _ := examples.Read("maschinenbau")
	in, o := calc.Case{Name: "maschinenbau", Text: text, Version: "test"}, options
	c, list, err := document.Gather(context.Background(), in, o, locale.New(lang))
	if err != nil || c == nil {
		t.Fatal(err, list)
	}
	o.Lang = string(lang)
	a, list, err := calc.Run(context.Background(), in, o)
	if err != nil || a == nil {
		t.Fatal(err, list)
	}
	return c, a.Result
}

func TestJSONHasTheEnginesFigures(t *testing.T) {
	for _, lang := range locale.Langs() {
		c, r := gather(t, lang)
		var b, again bytes.Buffer
		for _, w := range []*bytes.Buffer{&b, &again} {
			if err := data.JSON(w, c, locale.New(lang)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Error("two writes differ")
		}
		var got struct {
			Calc    result.Result
			Explain struct{ Tornado []json.RawMessage }
			Audit   []result.Note
			Compare *result.Comparison
			Sum     string `json:"file_sha256"`
		}
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.Simulation, got.Calc.Simulation); d != "" {
			t.Errorf("simulation: %s", d)
		}
		if d := cmp.Diff(r.Plan, got.Calc.Plan); d != "" {
			t.Errorf("plan: %s", d)
		}
		if d := cmp.Diff(r.Lines, got.Calc.Lines); d != "" {
			t.Errorf("lines: %s", d)
		}
		if len(got.Explain.Tornado) == 0 || got.Compare == nil || len(got.Compare.Scenarios) != 2 || len(got.Sum) != 64 || got.Audit == nil {
			t.Errorf("parts are missing: %d bars, %v, %q", len(got.Explain.Tornado), got.Compare, got.Sum)
		}
	}
}

func TestCSVHasTheMonthsInTheNotationOfTheLanguage(t *testing.T) {
	for _, lang := range locale.Langs() {
		c, r := gather(t, lang)
		var b bytes.Buffer
		if err := data.CSV(&b, c, locale.New(lang)); err != nil {
			t.Fatal(err)
		}
		in := csv.NewReader(&b)
		point := strings.NewReplacer()
		if lang == locale.German {
			in.Comma = ';'
			point = strings.NewReplacer(",", ".")
		}
		rows, err := in.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(r.Timeline)+1 {
			t.Fatalf("%d rows for %d months", len(rows), len(r.Timeline))
		}
		for i, m := range r.Timeline {
			q := m.Cumulative
			for k, want := range []float64{float64(m.Month), -1, m.Benefits, m.Costs, m.Net, q.P10, q.P25, q.P50, q.P75, q.P90} {
				if k == 1 {
					if rows[i+1][k] == "" {
						t.Errorf("month %d has no date", i)
					}
					continue
				}
				got, err := strconv.ParseFloat(point.Replace(rows[i+1][k]), 64)
				if err != nil || math.Abs(got-want) > 0.005001 {
					t.Errorf("%s, month %d, %s: %q, want %v", lang, i, rows[0][k], rows[i+1][k], want)
				}
			}
		}
	}
}
