package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/locale"
)

// large is a legal case near the limits of what is computed: each question about it takes minutes.
func large(lines int) []byte {
	var b strings.Builder
	b.WriteString("case: Large\ncurrency: EUR\nhorizon: 600 months\ndiscount: 8 %/year\nassumptions:\n")
	for i := range lines {
		fmt.Fprintf(&b, "  a%d: %d .. %d .. %d EUR/month\n", i, 100+i, 160+i, 250+i)
	}
	b.WriteString("costs:\n  project: {amount: 10 000 .. 20 000 .. 50 000 EUR, at: 0}\nbenefits:\n")
	for i := range lines {
		fmt.Fprintf(&b, "  b%d: a%d * (1 + month / 1000) ^ 2\n", i, i)
	}
	return []byte(b.String())
}

func TestEngine_endsWhatTakesTooLong(t *testing.T) {
	e := narrow(t)
	e.longest = 300 * time.Millisecond
	l := locale.New(locale.English)
	text := large(150)
	for name, ask := range map[string]func() error{
		"answer":  func() error { _, err := e.Answer(t.Context(), text, "", 200_000, l); return err },
		"explain": func() error { _, err := e.Explain(t.Context(), text, "", l); return err },
		"seek": func() error {
			month := 12.0
			_, err := e.Seek(t.Context(), text, "", decide.Target{BreakEvenMonth: &month, Probability: 0.5}, l)
			return err
		},
	} {
		var tooLong *Error
		if err := ask(); !errors.As(err, &tooLong) || tooLong.Key != "web.error.too_long" {
			t.Errorf("%s: %v", name, err)
		}
		if e.Waiting() != 0 {
			t.Errorf("%s is still running", name)
		}
	}
}
