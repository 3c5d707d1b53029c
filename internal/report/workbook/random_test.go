package workbook_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/locale"
)

// random writes cases first to last, each as it is, with one assumption changed in the file, and in one of its scenarios,
// and holds what LibreOffice makes of them against the engine.
func random(t *testing.T, first, last int) {
	t.Helper()
	from, to := t.TempDir(), t.TempDir()
	answers, texts := map[string]*calc.Answer{}, map[string]string{}
	var mu sync.Mutex
	keep := func(name string, a *calc.Answer, text string) {
		mu.Lock()
		defer mu.Unlock()
		answers[name], texts[name] = a, text
	}
	t.Run("written", func(t *testing.T) {
		for i := first; i <= last; i++ {
			s := samples.Example(i)
			name := fmt.Sprintf("case %03d", i)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(from, name+".xlsx")
				c := content(t, s.text)
				write(t, file, c, locale.English)
				keep(name, c.Answer, s.text)
				set := fmt.Sprintf("%v%s", s.value, s.unit)
				changed := name + ", " + s.name + " changed"
				change(t, file, filepath.Join(from, changed+".xlsx"), s.name, s.column, fraction(s.value, s.unit))
				keep(changed, answer(t, s.text, "", s.name, set), s.text+"# "+s.name+": "+set)
				if s.scenario != "" {
					other := name + ", scenario " + s.scenario
					change(t, file, filepath.Join(from, other+".xlsx"), "scenario", 0, float64(s.at))
					keep(other, answer(t, s.text, s.scenario), s.text)
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	recalculate(t, from, to)
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, filepath.Join(to, name+".xlsx"), a)
			if t.Failed() {
				t.Log(texts[name])
			}
		})
	}
	for i := first; i <= last; i++ {
		name := fmt.Sprintf("case %03d", i)
		t.Run("stored values of "+name, func(t *testing.T) {
			t.Parallel()
			stored(t, filepath.Join(from, name+".xlsx"), filepath.Join(to, name+".xlsx"))
		})
	}
}

// fraction is a value as a cell holds it: per cent are hundredths there.
func fraction(v float64, unit string) float64 {
	for _, r := range unit {
		if r == '%' {
			return v / 100
		}
	}
	return v
}

func TestRandomCasesComeToThePlanOfTheEngine(t *testing.T) { random(t, 1, 30) }

// What stands beside the formulas is what the engine has, without any spreadsheet.
func TestStoredValuesAreThePlanOfTheEngine(t *testing.T) {
	for i := 1; i <= 60; i++ {
		s := samples.Example(i)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c := content(t, s.text)
			file := filepath.Join(t.TempDir(), "case.xlsx")
			write(t, file, c, locale.English)
			compare(t, file, c.Answer)
			if t.Failed() {
				t.Log(s.text)
			}
		})
	}
}
