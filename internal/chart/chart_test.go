package chart_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/chart"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// machineBuilder looks like the design's example: 36 months, trough of about 100,000 in month 5, break-even in month 18.
func machineBuilder() chart.Fan {
	const h = 36
	q := func(m int, z float64) float64 {
		x := float64(m)
		return -86e3 - 9e3*math.Min(x, 2) + z*5e3 + (8200+z*2300)*math.Max(0, x-5) + z*200*x
	}
	f := chart.Fan{
		Money: func(v float64) string { return strings.Replace(fmt.Sprintf("%.0f T€", v/1000), "-", "−", 1) },
		Month: func(m int) string {
			switch m {
			case 0:
				return "Start"
			case h:
				return "Monat 36"
			}
			return fmt.Sprint(m)
		},
		MarkerLabel: "Break-even Monat 18",
	}
	for m := 0; m <= h; m++ {
		f.P10, f.P25, f.P50 = append(f.P10, q(m, -1.2816)), append(f.P25, q(m, -0.6745)), append(f.P50, q(m, 0))
		f.P75, f.P90 = append(f.P75, q(m, 0.6745)), append(f.P90, q(m, 1.2816))
		x := (float64(m) - 17.5) / 4
		f.BreakEven = append(f.BreakEven, math.Exp(-x*x/2)/10)
	}
	marker := 17.7
	f.Marker = &marker
	return f
}

func TestFanLooksAsDrawnInTheGoldenFile(t *testing.T) {
	late := 33.0
	for _, tt := range []struct {
		name string
		t    chart.Terminal
		fan  func(*chart.Fan)
	}{
		{"fan", chart.Terminal{}, nil},
		{"fan_ascii", chart.Terminal{ASCII: true}, nil},
		{"fan_narrow_with_tail", chart.Terminal{Width: 60, Height: 10}, func(f *chart.Fan) { f.Tail = "23 % nicht bis Monat 36" }},
		{"fan_marker_at_the_right_end", chart.Terminal{}, func(f *chart.Fan) { f.Marker, f.Tail = &late, "23 % nicht bis Monat 36" }},
		{"fan_never", chart.Terminal{}, func(f *chart.Fan) {
			f.Marker, f.Tail, f.BreakEven = nil, "100 % nicht bis Monat 36", make([]float64, 37)
			for _, q := range [][]float64{f.P10, f.P25, f.P50, f.P75, f.P90} {
				for m := range q {
					q[m] -= 500e3
				}
			}
		}},
		{"fan_colour", chart.Terminal{Colour: true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := machineBuilder()
			if tt.fan != nil {
				tt.fan(&f)
			}
			got := strings.Join(f.Terminal(tt.t), "\n") + "\n"
			path := filepath.Join("testdata", tt.name+".golden")
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
				t.Errorf("picture changed (-golden +now):\n%s", d)
			}
		})
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestColourAddsNothingButColour(t *testing.T) {
	f := machineBuilder()
	plain, coloured := f.Terminal(chart.Terminal{}), f.Terminal(chart.Terminal{Colour: true})
	if !strings.Contains(strings.Join(coloured, ""), "\x1b[") {
		t.Fatal("no colour in the coloured picture")
	}
	for i := range coloured {
		coloured[i] = escape.ReplaceAllString(coloured[i], "")
	}
	if d := cmp.Diff(plain, coloured); d != "" {
		t.Error(d)
	}
}

func TestASCIIPictureHoldsASCIIOnly(t *testing.T) {
	f := machineBuilder()
	f.Money = func(v float64) string { return fmt.Sprintf("%.0f", v) }
	for _, line := range f.Terminal(chart.Terminal{ASCII: true}) {
		for _, r := range line {
			if r > 126 {
				t.Fatalf("%q in %q", r, line)
			}
		}
	}
}

func TestZeroLineMarkerAndLabelsAreThere(t *testing.T) {
	f := machineBuilder()
	f.Tail = "23 % nicht bis Monat 36"
	text := strings.Join(f.Terminal(chart.Terminal{}), "\n")
	for _, want := range []string{"0 T€ ┤─", "◆", "Break-even Monat 18", f.Tail, "Start", "18", "Monat 36", "−100 T€"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	zero := slices.IndexFunc(strings.Split(text, "\n"), func(s string) bool { return strings.Contains(s, "  0 T€") })
	if row := strings.Split(text, "\n")[zero]; !strings.Contains(row, "◆") {
		t.Errorf("the marker is not on the zero line: %q", row)
	}
}

// Whatever the data: nothing is wider than asked for, no line ends in spaces, and no label touches or cuts another.
func TestAnyFanKeepsItsWidthAndItsLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := rapid.IntRange(1, 240).Draw(t, "horizon")
		size := math.Pow(10, rapid.Float64Range(-3, 12).Draw(t, "magnitude"))
		drift := rapid.Float64Range(-1, 1).Draw(t, "drift")
		f := chart.Fan{
			Money: func(v float64) string { return fmt.Sprintf("%.4g EUR", v) },
			Month: func(m int) string { return fmt.Sprintf("Monat %d", m) },
			Tail:  rapid.SampledFrom([]string{"", "23 % nicht bis zum Ende"}).Draw(t, "tail"),
		}
		for m := 0; m <= h; m++ {
			q := make([]float64, 5)
			for i := range q {
				q[i] = size * (drift*float64(m) + rapid.Float64Range(-3, 3).Draw(t, "q"))
			}
			slices.Sort(q)
			f.P10, f.P25, f.P50 = append(f.P10, q[0]), append(f.P25, q[1]), append(f.P50, q[2])
			f.P75, f.P90 = append(f.P75, q[3]), append(f.P90, q[4])
			f.BreakEven = append(f.BreakEven, rapid.Float64Range(0, 1).Draw(t, "share"))
		}
		if rapid.Bool().Draw(t, "breaks even") {
			v := rapid.Float64Range(0, float64(h)).Draw(t, "marker")
			f.Marker, f.MarkerLabel = &v, "Break-even hier"
		}
		width := rapid.IntRange(40, 160).Draw(t, "width")
		lines := f.Terminal(chart.Terminal{Width: width, Height: rapid.IntRange(5, 30).Draw(t, "height")})
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); n > width {
				t.Fatalf("%d columns, %d asked for: %q", n, width, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Fatalf("spaces at the end of %q", line)
			}
		}
		text := strings.Join(lines, "\n")
		if f.Tail != "" && !strings.Contains(text, f.Tail) || f.Marker != nil && !strings.Contains(text, f.MarkerLabel) {
			t.Fatalf("a label is cut:\n%s", text)
		}
		months := lines[len(lines)-1]
		if left := regexp.MustCompile(`Monat \d+( {2,}|$)`).ReplaceAllString(months, ""); strings.TrimSpace(left) != "" {
			t.Fatalf("months touch: %q", months)
		}
		if !strings.HasSuffix(months, fmt.Sprintf("Monat %d", h)) {
			t.Fatalf("the horizon is not labelled: %q", months)
		}
	})
}

func TestFanWithoutNumbersDrawsNothingWild(t *testing.T) {
	nan := []float64{math.NaN(), math.NaN(), math.Inf(1)}
	f := chart.Fan{P10: nan, P25: nan, P50: nan, P75: nan, P90: nan, BreakEven: nan,
		Money: func(v float64) string { return fmt.Sprintf("%.1f", v) }, Month: func(m int) string { return fmt.Sprint(m) }}
	if text := strings.Join(f.Terminal(chart.Terminal{}), "\n"); strings.Contains(text, "NaN") || strings.ContainsAny(text, "░▒▀▄█") {
		t.Errorf("drawn from nothing:\n%s", text)
	}
	if got := (chart.Fan{P10: []float64{1}}).Terminal(chart.Terminal{}); got != nil {
		t.Errorf("one month is no curve, got %q", got)
	}
}

func TestFlatZeroFanHasAZeroLine(t *testing.T) {
	zero := make([]float64, 13)
	f := chart.Fan{P10: zero, P25: zero, P50: zero, P75: zero, P90: zero,
		Money: func(v float64) string { return fmt.Sprintf("%g", v) }, Month: func(m int) string { return fmt.Sprint(m) }}
	if text := strings.Join(f.Terminal(chart.Terminal{}), "\n"); !strings.Contains(text, "0 ┤") {
		t.Errorf("no zero line:\n%s", text)
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		share float64
		ascii bool
		want  string
	}{
		{0, false, ""},
		{-0.2, false, ""},
		{math.NaN(), false, ""},
		{1, false, "████████"},
		{7, false, "████████"},
		{0.5, false, "████"},
		{0.1875, false, "█▌"}, // 1.5 of 8 cells
		{0.0001, false, "▏"},
		{0.5, true, "####"},
		{0.0001, true, "#"},
	} {
		if got := (chart.Terminal{ASCII: tt.ascii}).Bar(tt.share, 8); got != tt.want {
			t.Errorf("Bar(%v, ascii %v) = %q, want %q", tt.share, tt.ascii, got, tt.want)
		}
	}
}

func TestColourIsForTerminalsOnly(t *testing.T) {
	env := func(string) string { return "" }
	if chart.ColourFor(&bytes.Buffer{}, env) {
		t.Error("a buffer is coloured")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if chart.ColourFor(w, env) {
		t.Error("a pipe is coloured")
	}
}

func TestASCIIFollowsTheCharacterSetOfTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{}, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE.utf8@euro"}, false},
		{map[string]string{"LANG": "de_DE.ISO-8859-1"}, true},
		{map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LC_ALL": "C.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE"}, false},
	} {
		if got := chart.ASCIIFor(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("ASCIIFor(%v) = %v, want %v", tt.env, got, tt.want)
		}
	}
}
