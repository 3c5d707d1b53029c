// Package font holds the typeface of Rendite, Inter (SIL Open Font License 1.1, see OFL.txt), cut down to Latin letters,
// punctuation and the signs that reports use: WOFF2 for pages, TrueType for PDF. Start with Width, which measures a text
// as a browser sets it with tabular figures; charts are laid out with it. The figures of the TrueType files are the tabular
// ones (their cmap names the glyphs of the feature tnum, which PDF cannot ask for), so that columns of numbers align.
//
// It knows no page and no chart.
package font

import (
	"embed"
	"fmt"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

//go:embed inter-*.ttf inter-*.woff2 OFL.txt
var files embed.FS

// Weight is a weight of the typeface as CSS counts it.
type Weight int

// The weights there are.
const (
	Regular  Weight = 400
	Medium   Weight = 500
	SemiBold Weight = 600
)

// Weights lists the weights, light to heavy.
func Weights() []Weight { return []Weight{Regular, Medium, SemiBold} }

// TTF is the TrueType file of a weight.
func TTF(w Weight) []byte { return read(fmt.Sprintf("inter-%d.ttf", known(w))) }

// WOFF2 is the web font file of a weight.
func WOFF2(w Weight) []byte { return read(fmt.Sprintf("inter-%d.woff2", known(w))) }

// Licence is the text of the licence, which must go where the files go.
func Licence() []byte { return read("OFL.txt") }

func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("font: " + err.Error()) // embedded
	}
	return b
}

// known is the nearest weight there is.
func known(w Weight) Weight {
	switch {
	case w < 450:
		return Regular
	case w < 550:
		return Medium
	}
	return SemiBold
}

// Ascent and Descent bound the letters above and below the baseline, capitals with an accent included, as a share of the
// font size.
const (
	Ascent  = 0.95
	Descent = 0.22
)

// missing is the width of a character that the typeface lacks: fallback fonts are rarely wider than a square.
const missing = 1.0

var advances = map[Weight]func() map[rune]float64{
	Regular:  sync.OnceValue(func() map[rune]float64 { return measure(Regular) }),
	Medium:   sync.OnceValue(func() map[rune]float64 { return measure(Medium) }),
	SemiBold: sync.OnceValue(func() map[rune]float64 { return measure(SemiBold) }),
}

// measure reads the advance of every character, in em.
func measure(w Weight) map[rune]float64 {
	f, err := sfnt.Parse(TTF(w))
	if err != nil {
		panic("font: " + err.Error())
	}
	var buf sfnt.Buffer
	em := fixed.Int26_6(int(f.UnitsPerEm()) << 6)
	m := make(map[rune]float64, f.NumGlyphs())
	for r := ' '; r < 0x3000; r++ {
		g, err := f.GlyphIndex(&buf, r)
		if err != nil || g == 0 {
			continue
		}
		a, err := f.GlyphAdvance(&buf, g, em, font.HintingNone)
		if err == nil {
			m[r] = float64(a) / float64(em)
		}
	}
	return m
}

// Has reports whether the typeface has a sign for the character.
func Has(r rune) bool {
	_, ok := advances[Regular]()[r]
	return ok
}

// Width is the width of a text in the unit of size. Kerning is left out, which makes it a little too wide rather than too
// narrow.
func Width(s string, w Weight, size float64) float64 {
	m := advances[known(w)]()
	sum := 0.0
	for _, r := range s {
		a, ok := m[r]
		if !ok {
			a = missing
		}
		sum += a
	}
	return float64(sum * size)
}
