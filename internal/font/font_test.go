package font_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestWidthsAreThoseOfTheTypeface(t *testing.T) {
	// Advances in the hmtx table of Inter 4.001, in 2048ths of an em, of the figures of its feature tnum: 1328 (Regular) and
	// 1325 (SemiBold).
	for _, tt := range []struct {
		text   string
		weight font.Weight
		want   float64
	}{
		{"0", font.Regular, 1328.0 / 2048},
		{"0", font.SemiBold, 1325.0 / 2048},
		{"1", font.Regular, 1328.0 / 2048},
		{"10", font.Regular, 2656.0 / 2048},
		{"", font.Regular, 0},
		{"漢", font.Regular, 1},
	} {
		if got := font.Width(tt.text, tt.weight, 1); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("Width(%q, %d) = %v, want %v", tt.text, tt.weight, got, tt.want)
		}
	}
}

func TestTheTypefaceHasEverySignOfTheMessages(t *testing.T) {
	const wide = 1.0
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		for _, key := range l.Keys() {
			if !strings.HasPrefix(key, "chart.") && !strings.HasPrefix(key, "result.") && !strings.HasPrefix(key, "common.") {
				continue
			}
			for _, r := range l.Text(key, nil) {
				if got := font.Width(string(r), font.Regular, 1); got == wide && r > ' ' && !strings.ContainsRune("⟦⟧←", r) {
					t.Errorf("%s %s: no glyph for %q", lang, key, r)
				}
			}
		}
	}
}

func TestFilesAreSmallAndOfTheirKind(t *testing.T) {
	for _, w := range font.Weights() {
		if b := font.WOFF2(w); !bytes.HasPrefix(b, []byte("wOF2")) || len(b) > 60<<10 {
			t.Errorf("weight %d: %d bytes of %q", w, len(b), b[:4])
		}
		if b := font.TTF(w); !bytes.HasPrefix(b, []byte{0, 1, 0, 0}) || len(b) > 60<<10 {
			t.Errorf("weight %d: %d bytes of %q", w, len(b), b[:4])
		}
	}
	if !bytes.Contains(font.Licence(), []byte("SIL OPEN FONT LICENSE")) {
		t.Error("the licence is missing")
	}
}
