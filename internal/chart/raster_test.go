package chart_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/locale"
)

// inCells draws a chart and says what is wrong with it: lines that are too long, texts that are lost or cut.
func inCells(c chart.Chart, l *locale.Locale, t chart.Terminal) (lines, wrong []string) {
	lines = t.Draw(c, l)
	for _, s := range lines {
		if n := utf8.RuneCountInString(s); n > t.Width || strings.HasSuffix(s, " ") {
			wrong = append(wrong, fmt.Sprintf("%d columns: %q", n, s))
		}
	}
	all := strings.Join(lines, "\n")
	for _, x := range c.Scene(l, chart.Size{W: float64(t.Width) * 7.2}).Texts() {
		if s := strings.TrimSpace(x.Text); s != "" && !strings.Contains(all, s) {
			wrong = append(wrong, "lost: "+s)
		}
	}
	return lines, wrong
}

func TestEveryChartIsDrawnInATerminal(t *testing.T) {
	for _, lang := range locale.Langs() {
		var all bytes.Buffer
		for _, c := range charts(t) {
			if _, small := c.chart.(chart.Density); small {
				continue // it stands in a field of a page
			}
			for _, term := range []chart.Terminal{{Width: 80}, {Width: 120}, {Width: 80, ASCII: true}} {
				lines, wrong := inCells(c.chart, locale.New(lang), term)
				for _, s := range wrong {
					t.Errorf("%s %s %d: %s", c.name, lang, term.Width, s)
				}
				if term.Width == 80 && !term.ASCII {
					fmt.Fprintf(&all, "%s\n\n%s\n\n", c.name, strings.Join(lines, "\n"))
				}
				if term.ASCII {
					for _, r := range strings.Join(lines, "") {
						if r >= '─' && r <= '◿' {
							t.Errorf("%s: %q is no ASCII", c.name, r)
						}
					}
				}
			}
		}
		path := filepath.Join("testdata", "terminal."+string(lang)+".golden")
		if *update {
			if err := os.WriteFile(path, all.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, all.Bytes()) {
			t.Errorf("%s differs (-update rewrites it; look at it before committing):\n%s", path, cmp.Diff(string(want), all.String()))
		}
	}
}

func TestATerminalHasRoomForAnyAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := answer(t)
		l := locale.New(rapid.SampledFrom(locale.Langs()).Draw(t, "language"))
		term := chart.Terminal{Width: rapid.IntRange(40, 160).Draw(t, "width")}
		for _, c := range []chart.Chart{chart.Cumulative{Result: r}, chart.Flows{Result: r}, chart.Waterfall{Result: r}, chart.Tornado{Result: r, Bars: bars(t, r)},
			chart.Distribution{Values: rapid.SliceOfN(amount(), 1, 60).Draw(t, "values"), Currency: r.Case.Currency}} {
			for _, s := range term.Draw(c, l) {
				if n := utf8.RuneCountInString(s); n > term.Width {
					t.Errorf("%T: %d columns in %d: %q", c, n, term.Width, s)
				}
			}
		}
	})
}
