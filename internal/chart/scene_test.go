package chart_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/dist"
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
		{"flows", chart.Flows{Result: &mb.Result}},
		{"flows_quarter", chart.Flows{Result: &ln.Result, Step: 3}},
		{"waterfall", chart.Waterfall{Result: &mb.Result}},
		{"waterfall_lines", chart.Waterfall{Result: &hw.Result, ByLine: true}},
		{"distribution_npv", chart.Distribution{Values: draws(t, -23766, 139e3), Currency: "EUR"}},
		{"distribution_roi", chart.Distribution{Values: draws(t, 0.9, 0.4), Of: chart.ROI}},
		{"factor", chart.Factor{Name: "Akzeptanz", Start: constant(t, 0.15), Plateau: fitted(t, 0.6, 0.8, 0.92), MonthsTo90: fitted(t, 4, 8, 14), Horizon: 36, From: "2026-04"}},
		{"density", chart.Density{Dist: fitted(t, 0.5, 1.5, 3), Low: 0.5, Middle: 1.5, High: 3, Name: "Zeitersparnis", Unit: "h/week"}},
		{"kpi", kpi()},
		{"heat", chart.Heat{Title: "Akzeptanz je Team", Rows: []string{"Vertrieb Nord", "Vertrieb Süd", "Innendienst", "Service"}, Start: "2026-05", Unit: "%",
			Values: [][]float64{{12, 25, 41, 55, 62, 70, 74, 78, 80, 81, 83, 84}, {8, 15, 22, 35, 44, 52, 58, 61, 63, 66, 67, 70}, {30, 44, 60, 72, 80, 85, 88, 90, 90, 91, 92, 92}, {math.NaN(), math.NaN(), 5, 9, 14, 22, 30, 35, 41, 44, 48, 50}}}},
		{"funnel", chart.Funnel{Title: "Vom Lead zum Auftrag", Stages: []chart.Stage{{"Leads", 1840}, {"Qualifiziert", 920}, {"Angebot", 412}, {"Verhandlung", 230}, {"Gewonnen", 97}}}},
	}
}

// draws is a skewed sample with the given median: the quantiles of a shifted log-normal distribution.
func draws(t testing.TB, median, sd float64) []float64 {
	t.Helper()
	d, err := dist.Normal(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float64, 2000)
	for i := range v {
		v[i] = median + sd*3*(math.Exp(d.Quantile((float64(i)+0.5)/2000)/3)-1)
	}
	return v
}

func constant(t testing.TB, v float64) dist.Dist {
	t.Helper()
	d, err := dist.Constant(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fitted is the range low .. middle .. high as the case language reads it.
func fitted(t testing.TB, low, middle, high float64) dist.Dist {
	t.Helper()
	d, err := dist.Metalog(low, middle, high, dist.Positive)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kpi is a win rate that rises after the go-live in month 12 of 24.
func kpi() chart.KPI {
	k := chart.KPI{Name: "Abschlussquote", Unit: "%", Start: "2025-04", GoLive: 12}
	for m := range 24 {
		x := 22 + 1.5*math.Sin(float64(m)*1.7) + 0.02*float64(m)
		b := result.Band{P10: 20.4, P25: 21.3, P50: 22.1 + 0.02*float64(m), P75: 23.1, P90: 24}
		if m > 12 {
			x += 3.2 * (1 - math.Exp(-float64(m-12)/4))
			b.P10, b.P90 = b.P10-0.1*float64(m-12), b.P90+0.1*float64(m-12)
		}
		if m == 6 {
			x = math.NaN()
		}
		k.Values, k.Expected = append(k.Values, x), append(k.Expected, b)
	}
	return k
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
