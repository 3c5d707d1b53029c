package report_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
)

// comparedCase has alternatives of every kind: one that dominates, one that only the cautious prefer, and such that
// neither does.
const comparedCase = explainedCase + `scorecard:
  responsiveness: {weight: 60, today: 4, expected: 6 .. 8}
  compliance: {weight: 40, today: 6, expected: 7}
scenarios:
  cheaper: {label: Günstigerer Anbieter, costs: {licences: {amount: users * 40 EUR/month}}, scorecard: {responsiveness: {expected: 5.5}}}
  longer_training: {costs: {set_up: {amount: 9 000 .. 12 000 .. 16 000 EUR}}, adoption: {plateau: 75 .. 88 .. 95 %}}
`

func TestComparisonReadsAsInTheGoldenFileAndFitsItsWidth(t *testing.T) {
	for _, lang := range locale.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			l := locale.New(lang)
			c, list, err := calc.Compare(context.Background(), calc.Case{Name: "case.yaml", Text: []byte(comparedCase), Version: "0.1.0"},
				[]string{"base", "nothing", "cheaper", "longer_training", "base+6", "cheaper+12"}, calc.Options{Draws: 2048, Seed: 1, Lang: string(lang)})
			if err != nil || c == nil {
				t.Fatal(err, list)
			}
			write := func(width int) string {
				var b bytes.Buffer
				if err := report.Compare(&b, c, l, report.Options{Width: width}); err != nil {
					t.Fatal(err)
				}
				return b.String()
			}
			got := write(0)
			path := filepath.Join("testdata", "compare."+string(lang)+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("report changed (-golden +now):\n%s", d)
			}
			for _, width := range []int{60, 72, 80, 120} {
				checkForm(t, write(width), width)
			}
		})
	}
}
