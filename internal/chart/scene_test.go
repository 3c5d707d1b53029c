package chart_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

var gallery = flag.String("gallery", "", "write a page of all pictures into this folder, to be looked at")

// example is a case of examples/ as the program answered it.
type example struct {
	Result  result.Result `json:"result"`
	Tornado []decide.Bar  `json:"tornado"`
}

func read(t testing.TB, name string) example {
	t.Helper()
	buf, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e example
	if err := json.Unmarshal(buf, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

type named struct {
	name  string
	chart chart.Chart
}

// charts are all kinds of pictures, from real answers.
func charts(t testing.TB) []named {
	hw, mb, ln := read(t, "handwerk"), read(t, "maschinenbau"), read(t, "lohnt-nicht")
	return []named{
		{"cumulative", chart.Cumulative{Result: &hw.Result}},
		{"cumulative_open", chart.Cumulative{Result: &mb.Result, Other: &hw.Result, OtherLabel: "Basis",
			Measured: []chart.Reading{{Month: 0, Value: -80e3}, {Month: 1, Value: -95e3}, {Month: 2, Value: -101e3}, {Month: 3, Value: -110e3}}}},
		{"cumulative_never", chart.Cumulative{Result: &ln.Result}},
		{"tornado_months", chart.Tornado{Result: &hw.Result, Bars: hw.Tornado}},
		{"tornado_months_open", chart.Tornado{Result: &mb.Result, Bars: mb.Tornado}},
		{"tornado_money", chart.Tornado{Result: &mb.Result, Bars: mb.Tornado, In: chart.InMoney, Rows: 8}},
	}
}

func TestGallery(t *testing.T) {
	if *gallery == "" {
		t.Skip("no folder given")
	}
	for _, w := range font.Weights() {
		if err := os.WriteFile(filepath.Join(*gallery, fmt.Sprintf("inter-%d.woff2", w)), font.WOFF2(w), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		for _, lang := range locale.Langs() {
			for _, width := range []float64{1060, 328} {
				var b bytes.Buffer
				fmt.Fprintf(&b, `<!doctype html><html lang="%s" data-theme="%s"><meta charset="utf-8"><style>`, lang, theme)
				for _, w := range font.Weights() {
					fmt.Fprintf(&b, "@font-face{font-family:Inter;font-weight:%d;src:url(inter-%d.woff2)}", w, w)
				}
				fmt.Fprintf(&b, "%s body{margin:0;padding:20px;background:var(--ch-paper);color:var(--ch-ink);font:14px/1.45 Inter;width:%gpx}h2{font-size:15px;margin:22px 0 0}p{margin:0 0 10px;color:var(--ch-soft)}</style>", chart.CSS(), width)
				for i, c := range charts(t) {
					size := chart.Size{W: width}
					if s, ok := c.chart.(interface{ Own() chart.Size }); ok {
						size = s.Own()
					}
					s := c.chart.Scene(locale.New(lang), size)
					fmt.Fprintf(&b, "<h2>%s</h2><p>%s</p><div>%s</div><p><small>%s (%d bytes)</small></p>\n", s.Title, s.Caption, s.SVG(fmt.Sprintf("c%d", i)), s.Desc, len(s.SVG("c")))
				}
				name := fmt.Sprintf("%s-%s-%.0f.html", lang, theme, width)
				if err := os.WriteFile(filepath.Join(*gallery, name), b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
