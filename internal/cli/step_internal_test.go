package cli

import (
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestStepSaysHowLongItWillTakeWhereThatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		name    string
		step    connector.Step
		elapsed time.Duration
		de, en  string
	}{
		{"nothing is known", connector.Step{Object: "deals", Number: 2, Objects: 7, Rows: 1234, Total: -1, Done: 1234, Left: -1}, time.Minute,
			"deals · Liste 2 von 7 · 1.234 Zeilen", "deals · list 2 of 7 · 1,234 rows"},
		{"this list is known, another is not", connector.Step{Object: "deals", Number: 2, Objects: 7, Rows: 10, Total: 50, Done: 10, Left: -1}, time.Minute,
			"deals · Liste 2 von 7 · 10 von 50 Zeilen", "deals · list 2 of 7 · 10 of 50 rows"},
		{"too early to tell", connector.Step{Object: "deals", Number: 1, Objects: 2, Rows: 10, Total: 50, Done: 10, Left: 100}, time.Second,
			"deals · Liste 1 von 2 · 10 von 50 Zeilen", "deals · list 1 of 2 · 10 of 50 rows"},
		// 100 rows in 10 s: 400 rows take 40 s, told in steps of five.
		{"seconds", connector.Step{Object: "deals", Number: 1, Objects: 2, Rows: 100, Total: 500, Done: 100, Left: 400}, 10 * time.Second,
			"deals · Liste 1 von 2 · 100 von 500 Zeilen · noch etwa 45 Sekunden", "deals · list 1 of 2 · 100 of 500 rows · about 45 seconds left"},
		{"minutes", connector.Step{Object: "deals", Number: 1, Objects: 2, Rows: 100, Total: 5000, Done: 100, Left: 6000}, 10 * time.Second,
			"deals · Liste 1 von 2 · 100 von 5.000 Zeilen · noch etwa 10 Minuten", "deals · list 1 of 2 · 100 of 5,000 rows · about 10 minutes left"},
		{"more came than was counted", connector.Step{Object: "users", Number: 1, Objects: 2, Rows: 8, Total: 7, Done: 8, Left: 0}, 10 * time.Second,
			"users · Liste 1 von 2 · 8 Zeilen · noch etwa 5 Sekunden", "users · list 1 of 2 · 8 rows · about 5 seconds left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for lang, want := range map[locale.Lang]string{locale.German: tt.de, locale.English: tt.en} {
				p := &program{l: locale.New(lang)}
				if got := p.step(tt.step, tt.elapsed); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
}
