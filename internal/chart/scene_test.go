package chart_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		{"kpi_interval", measured()},
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

// measured is a win rate by month with its intervals, without a counterfactual; two months lack a value, one an interval.
func measured() chart.KPI {
	k := chart.KPI{Name: "Abschlussquote", Unit: "%", Start: "2025-01", GoLive: -1}
	for m := range 22 {
		x := 41 + 4*math.Sin(float64(m)*1.3)
		low, high := x-8-float64(m%5), x+9
		switch m {
		case 5, 7:
			x, low, high = math.NaN(), math.NaN(), math.NaN()
		case 12:
			low, high = math.NaN(), math.NaN()
		}
		k.Values, k.Low, k.High = append(k.Values, x), append(k.Low, low), append(k.High, high)
	}
	return k
}

// problems lists the texts of a scene that overlap or leave the picture, and the shapes that leave it.
func problems(s *chart.Scene) (list []string) {
	picture := chart.Box{X1: s.W, Y1: s.H}
	texts := s.Texts()
	for i, a := range texts {
		if !a.Box().Within(picture) {
			list = append(list, fmt.Sprintf("%q leaves the picture: %.1f in %.0f × %.0f", a.Text, a.Box(), s.W, s.H))
		}
		for _, b := range texts[:i] {
			if a.Box().Overlaps(b.Box()) {
				list = append(list, fmt.Sprintf("%q and %q overlap: %.1f, %.1f", b.Text, a.Text, b.Box(), a.Box()))
			}
		}
	}
	var walk func([]chart.Shape)
	walk = func(shapes []chart.Shape) {
		for _, x := range shapes {
			var b chart.Box
			switch x := x.(type) {
			case chart.Group:
				walk(x.Shapes)
				continue
			case chart.Rect:
				b = chart.Box{X0: x.X, Y0: x.Y, X1: x.X + x.W, Y1: x.Y + x.H}
				if x.W < 0 || x.H < 0 {
					list = append(list, fmt.Sprintf("negative size: %+v", x))
				}
			case chart.Line:
				b = chart.Box{X0: min(x.X1, x.X2), Y0: min(x.Y1, x.Y2), X1: max(x.X1, x.X2), Y1: max(x.Y1, x.Y2)}
			case chart.Circle:
				b = chart.Box{X0: x.X, Y0: x.Y, X1: x.X, Y1: x.Y}
			case chart.Path:
				for _, p := range x.Points {
					walk([]chart.Shape{chart.Circle{X: p.X, Y: p.Y}})
				}
				continue
			default:
				continue
			}
			if !b.Within(picture) {
				list = append(list, fmt.Sprintf("%T leaves the picture: %.1f in %.0f × %.0f", x, b, s.W, s.H))
			}
			if math.IsNaN(b.X0 + b.X1 + b.Y0 + b.Y1) {
				list = append(list, fmt.Sprintf("%T is nowhere: %+v", x, x))
			}
		}
	}
	walk(s.Shapes)
	return list
}

var widths = []float64{1100, 720, 360, 280}

func TestPicturesAreAsTheyWere(t *testing.T) {
	for _, c := range charts(t) {
		for _, lang := range locale.Langs() {
			for size, width := range map[string]float64{"wide": 1060, "narrow": 340} {
				if _, small := c.chart.(chart.Density); small {
					if size == "narrow" {
						continue
					}
					width = 0
				}
				s := c.chart.Scene(locale.New(lang), chart.Size{W: width})
				golden(t, fmt.Sprintf("%s_%s_%s.svg", c.name, lang, size), s.File())
			}
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "svg", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs (-update rewrites it; look at it before committing):\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

func TestTextsKeepTheirDistanceInRealAnswers(t *testing.T) {
	for _, c := range charts(t) {
		for _, lang := range locale.Langs() {
			for _, w := range append(widths, 500, 560, 1600) {
				if _, small := c.chart.(chart.Density); small {
					w = 120
				}
				s := c.chart.Scene(locale.New(lang), chart.Size{W: w})
				for _, p := range problems(s) {
					t.Errorf("%s %s %.0f: %s", c.name, lang, w, p)
				}
				if s.Desc == "" || s.Title == "" || strings.Contains(s.Title+s.Caption+s.Desc, "⟦") {
					t.Errorf("%s %s has no words: %q %q %q", c.name, lang, s.Title, s.Caption, s.Desc)
				}
				table := s.Table()
				for _, row := range table.Rows {
					if len(row) != len(table.Head) {
						t.Fatalf("%s: %d cells below %d heads", c.name, len(row), len(table.Head))
					}
				}
				for _, p := range s.Points {
					if len(p.Values) != len(s.Names) {
						t.Fatalf("%s: %d values for %d names", c.name, len(p.Values), len(s.Names))
					}
				}
			}
		}
	}
}

// amount draws a number of any size and sign that money may have, often zero.
func amount() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		scale := rapid.SampledFrom([]float64{0, 1, 100, 1e4, 1e6, 1e9, 1e12}).Draw(t, "scale")
		return scale * rapid.Float64Range(-1, 1).Draw(t, "part")
	})
}

// answer draws a result with a horizon of 1 to 600 months: rising, falling, flat, with or without break-even.
func answer(t *rapid.T) *result.Result {
	h := rapid.OneOf(rapid.SampledFrom([]int{1, 2, 3, 12, 36, 60, 600}), rapid.IntRange(1, 120)).Draw(t, "horizon")
	r := &result.Result{Draws: 10_000, Case: result.Case{HorizonMonths: h, Currency: rapid.SampledFrom([]string{"EUR", "USD", "CHF"}).Draw(t, "currency"),
		Start: rapid.SampledFrom([]string{"", "2026-04", "2027-12"}).Draw(t, "start")}}
	from, rise, spread := amount().Draw(t, "from"), amount().Draw(t, "rise"), math.Abs(amount().Draw(t, "spread"))
	for m := range h + 1 {
		x := from + rise*float64(m)/float64(h)
		d := spread * float64(m+1) / float64(h+1)
		r.Timeline = append(r.Timeline, result.Month{Month: m, Benefits: math.Max(rise, 0) / float64(h), Costs: math.Max(-from, 0) / float64(m+1), Net: rise / float64(h),
			Cumulative: result.Band{P10: x - d, P25: x - d/2, P50: x, P75: x + d/2, P90: x + d}})
		r.Plan.Benefits += r.Timeline[m].Benefits
		r.Plan.Costs += r.Timeline[m].Costs
	}
	r.Plan.NPV = r.Plan.Benefits - 1.1*r.Plan.Costs
	r.Lines = []result.Line{{ID: "a", Label: "Weniger Suchen und Nachfragen im gesamten Vertriebsinnendienst", Group: "benefits", Kind: "freed_time", Plan: r.Plan.Benefits * 0.7},
		{ID: "b", Label: "Wartungen", Group: "benefits", Kind: "margin", Plan: r.Plan.Benefits * 0.3}, {ID: "c", Label: "Lizenzen", Group: "costs", Kind: "cash", Plan: r.Plan.Costs}}
	r.BreakEvenShare = make([]float64, h+1)
	months := rapid.SampledFrom([]string{"never", "at start", "early", "any", "half", "end"}).Draw(t, "break-even")
	be := &r.Simulation.BreakEven
	at := func(v float64) *float64 { v = math.Min(v, float64(h)); return &v }
	switch months {
	case "never":
		be.NotWithinHorizon = 1
	case "at start":
		be.P10, be.P50, be.P90 = at(0), at(0), at(0)
		r.BreakEvenShare[0] = 1
	case "early":
		be.P10, be.P50, be.P90 = at(0), at(0.7), at(1.6)
		r.BreakEvenShare[0], r.BreakEvenShare[1] = 0.4, 0.6
	case "any":
		m := rapid.Float64Range(0, float64(h)).Draw(t, "median")
		be.P10, be.P50, be.P90 = at(m/2), at(m), at(m*1.3)
		for k := range r.BreakEvenShare {
			r.BreakEvenShare[k] = 1 / float64(h+1)
		}
	case "half":
		be.P10, be.NotWithinHorizon = at(float64(h)/2), 0.55
		r.BreakEvenShare[h] = 0.45
	case "end":
		be.P10, be.P50, be.NotWithinHorizon = at(float64(h)*0.9), at(float64(h)), rapid.SampledFrom([]float64{0, 0.001, 0.499}).Draw(t, "not within")
		r.BreakEvenShare[h] = 1 - be.NotWithinHorizon
	}
	npv := r.Plan.NPV
	r.Simulation.NPV.P50 = &npv
	return r
}

func bars(t *rapid.T, r *result.Result) []decide.Bar {
	n := rapid.IntRange(0, 14).Draw(t, "bars")
	list := make([]decide.Bar, n)
	for i := range list {
		end := func(name string) *float64 {
			if rapid.IntRange(0, 4).Draw(t, name) == 0 {
				return nil
			}
			v := rapid.Float64Range(0, float64(r.Case.HorizonMonths)).Draw(t, name)
			return &v
		}
		a, b := amount().Draw(t, "npv"), amount().Draw(t, "npv")
		list[i] = decide.Bar{ID: "x", Label: rapid.SampledFrom([]string{"Akzeptanz", "Einarbeitungsdelle: Verlorene Zeit je Anwender und Woche", "x"}).Draw(t, "label"),
			Unit: "h/week", P10: 1, P90: 2, NPV: decide.Swing{Low: &a, High: &b}, BreakEven: decide.Swing{Low: end("low"), High: end("high")}}
	}
	return list
}

func check(t *rapid.T, c chart.Chart) {
	lang := rapid.SampledFrom(locale.Langs()).Draw(t, "language")
	w := rapid.SampledFrom(widths).Draw(t, "width")
	s := c.Scene(locale.New(lang), chart.Size{W: w})
	for _, p := range problems(s) {
		t.Errorf("%T %s %.0f: %s", c, lang, w, p)
	}
	if b := s.SVG("x"); bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf")) {
		t.Errorf("%T: %s", c, b)
	}
}

func TestTextsKeepTheirDistanceWhateverTheAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := answer(t)
		other := answer(t)
		check(t, chart.Cumulative{Result: r})
		check(t, chart.Cumulative{Result: r, Other: other, OtherLabel: "Szenario mit KI-Funktionen und längerer Einführung", Measured: []chart.Reading{{0, -5}, {1, 1e7}}})
		check(t, chart.Tornado{Result: r, Bars: bars(t, r)})
		check(t, chart.Tornado{Result: r, Bars: bars(t, r), In: chart.InMoney})
		check(t, chart.Flows{Result: r})
		check(t, chart.Flows{Result: r, Step: 3})
		check(t, chart.Waterfall{Result: r})
		check(t, chart.Waterfall{Result: r, ByLine: true})
		check(t, chart.Distribution{Values: rapid.SliceOfN(amount(), 1, 60).Draw(t, "values"), Currency: r.Case.Currency})
		check(t, chart.Distribution{Values: []float64{r.Plan.NPV, r.Plan.NPV}, Of: chart.ROI})
		k := chart.KPI{Name: "Abschlussquote", Unit: rapid.SampledFrom([]string{"%", "h/week", "EUR/month", ""}).Draw(t, "unit"), Start: r.Case.Start, GoLive: rapid.IntRange(-1, 30).Draw(t, "go-live")}
		for _, m := range r.Timeline {
			k.Values, k.Expected = append(k.Values, m.Cumulative.P75), append(k.Expected, m.Cumulative)
		}
		check(t, k)
		check(t, chart.Heat{Title: "x", Rows: []string{"Vertriebsinnendienst Nord und West", "b"}, Values: [][]float64{k.Values, {1, math.NaN()}}, Start: r.Case.Start, Unit: "%"})
		check(t, chart.Funnel{Title: "x", Stages: []chart.Stage{{"Leads aus allen Quellen, auch den alten", math.Abs(r.Plan.NPV)}, {"b", 12}, {"c", 0}}})
	})
}

func TestFactorAndDensityStayInTheirPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Float64Range(0, 1).Draw(t, "start")
		plateau := rapid.Float64Range(0, 1).Draw(t, "plateau")
		months := rapid.Float64Range(0, 80).Draw(t, "months")
		h := rapid.SampledFrom([]int{1, 2, 36, 120}).Draw(t, "horizon")
		check(t, chart.Factor{Name: "Akzeptanz", Start: flat(start), Plateau: flat(plateau), MonthsTo90: flat(months), Horizon: h, From: "2026-04"})
		v := amount().Draw(t, "value")
		for _, d := range []chart.Density{{Dist: flat(v), Low: v, Middle: v, High: v}, {Dist: line{v, 1 + math.Abs(v)}, Low: v, Middle: v, High: math.NaN()}, {Low: 1}} {
			s := d.Scene(locale.New(locale.German), chart.Size{})
			if p := problems(s); s.W != 120 || s.H != 28 || len(p) > 0 {
				t.Errorf("%v × %v: %v", s.W, s.H, p)
			}
		}
	})
}

// flat is a certain value, line a uniform one.
type flat float64

func (f flat) Quantile(float64) float64 { return float64(f) }

type line struct{ from, width float64 }

func (l line) Quantile(p float64) float64 { return l.from + l.width*p }

func TestFactorFollowsTheCurveOfTheModel(t *testing.T) {
	// 90 % of the way from 15 % to 80 % is 73.5 %, reached in month 8 by definition (docs/language.md).
	s := chart.Factor{Name: "x", Start: flat(0.15), Plateau: flat(0.8), MonthsTo90: flat(8), Horizon: 36}.Scene(locale.New(locale.English), chart.Size{})
	for month, want := range map[int]string{0: "15%", 8: "74%", 36: "80%"} {
		if got := s.Table().Rows[month][3]; got != want {
			t.Errorf("month %d: %s, want %s", month, got, want)
		}
	}
}

func TestNothingIsDrawnFromNothing(t *testing.T) {
	for _, c := range []chart.Chart{chart.Cumulative{}, chart.Cumulative{Result: &result.Result{}}, chart.Tornado{}, chart.Tornado{Result: &result.Result{}}, chart.Flows{},
		chart.Waterfall{}, chart.Distribution{}, chart.Distribution{Values: []float64{math.NaN()}}, chart.Factor{}, chart.Density{}, chart.KPI{}, chart.Heat{}, chart.Funnel{}} {
		s := c.Scene(locale.New(locale.German), chart.Size{W: 300})
		if p := problems(s); len(p) > 0 {
			t.Errorf("%T: %v", c, p)
		}
	}
}

func TestMissingNumbersLeaveAGap(t *testing.T) {
	for _, gap := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64} {
		r := read(t, "handwerk").Result
		r.Timeline[5].Cumulative = result.Band{P10: gap, P25: gap, P50: gap, P75: gap, P90: gap}
		r.Timeline[7].Net, r.Timeline[7].Benefits = gap, gap
		r.Simulation.BreakEven.P50, r.BreakEvenShare[4] = &gap, gap
		for _, c := range []chart.Chart{chart.Cumulative{Result: &r}, chart.Flows{Result: &r}, chart.Distribution{Values: []float64{gap, 1, 2}, Currency: "EUR"},
			chart.KPI{Name: "x", Values: []float64{1, gap, 2}}, chart.Funnel{Title: "x", Stages: []chart.Stage{{"a", gap}, {"b", 1}}}} {
			b := c.Scene(locale.New(locale.German), chart.Size{W: 700}).SVG("x")
			if err := wellFormed(b); err != nil || bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf")) {
				t.Errorf("%T with %v: %v", c, gap, err)
			}
		}
	}
}

func TestTheWaterfallAddsUp(t *testing.T) {
	r := read(t, "maschinenbau").Result
	sum := 0.0
	for _, line := range r.Lines {
		if line.Group == "costs" {
			sum -= line.Plan
		} else {
			sum += line.Plan
		}
	}
	if want := r.Plan.Benefits - r.Plan.Costs; math.Abs(sum-want) > 1 {
		t.Fatalf("the lines give %v, the plan %v", sum, want)
	}
	for _, row := range (chart.Waterfall{Result: &r}).Scene(locale.New(locale.English), chart.Size{}).Table().Rows {
		if row[0] == "Other" {
			t.Errorf("a rest of %s is left", row[1])
		}
	}
}

func TestInlinePicturesPassAStrictContentSecurityPolicy(t *testing.T) {
	for _, c := range charts(t) {
		s := c.chart.Scene(locale.New(locale.German), chart.Size{W: 1060})
		b := s.SVG(`a"><script>`)
		for _, bad := range []string{"style=", "<style", "<script", "onload", "href", "⟦"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("%s has %q", c.name, bad)
			}
		}
		for _, file := range [][]byte{b, s.File()} {
			if err := wellFormed(file); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if !bytes.Contains(b, []byte(`role="img" aria-labelledby="ascript-t ascript-d"><title id="ascript-t">`)) && !bytes.Contains(b, []byte(`data-points='`)) {
			t.Errorf("%s has no text alternative: %.300s", c.name, b)
		}
	}
}

func wellFormed(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestNamesFromAFileAreTextOnly(t *testing.T) {
	hostile := "<b>'\"&\x00\x1b"
	s := chart.Funnel{Title: hostile, Stages: []chart.Stage{{hostile, 3}, {"b", 1}}}.Scene(locale.New(locale.German), chart.Size{})
	for _, b := range [][]byte{s.SVG("x"), s.File()} {
		if err := wellFormed(b); err != nil || bytes.Contains(b, []byte("<b>")) {
			t.Errorf("%v: %s", err, b)
		}
	}
}

func TestPointsAreReadable(t *testing.T) {
	r := read(t, "handwerk").Result
	b := chart.Cumulative{Result: &r}.Scene(locale.New(locale.German), chart.Size{W: 1060}).SVG("c")
	m := regexp.MustCompile(`data-points='([^']*)'`).FindSubmatch(b)
	if m == nil {
		t.Fatal("no points")
	}
	var rows [][]any
	if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 38 { // names, months 0 to 36
		t.Errorf("%d rows", len(rows))
	}
	if got, want := rows[27][2], "Monat\u00a026 · Apr.\u00a02029"; got != want {
		t.Errorf("month 26 is %q, want %q", got, want)
	}
	if len(b) > 12<<10 {
		t.Errorf("%d bytes", len(b))
	}
}

// contrast is the ratio of WCAG 2.2, 1.4.3.
func contrast(a, b string) float64 {
	light := func(hex string) float64 {
		var v [3]float64
		for i := range v {
			n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
			if err != nil {
				panic(err)
			}
			c := float64(n) / 255
			if v[i] = c / 12.92; c > 0.04045 {
				v[i] = math.Pow((c+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextsCanBeReadInBothThemes(t *testing.T) {
	on := map[chart.Role][]chart.Ink{
		chart.Note:     {chart.Paper, chart.GainPale, chart.GainMid, chart.BluePale, chart.MarkPale},
		chart.Value:    {chart.Paper, chart.GainPale, chart.GainMid},
		chart.OnMiddle: {chart.GainBar},
		chart.Invert:   {chart.Gain},
	}
	for r := chart.Grid; r.Style().Class != ""; r++ {
		style := r.Style()
		if style.Size == 0 {
			continue
		}
		grounds := on[r]
		if grounds == nil {
			grounds = []chart.Ink{chart.Paper}
		}
		for _, theme := range []chart.Theme{chart.Light, chart.Dark} {
			for _, g := range grounds {
				if c := contrast(style.Fill.Hex(theme), g.Hex(theme)); c < 4.5 {
					t.Errorf("%s on ink %d in theme %d: %.2f", style.Class, g, theme, c)
				}
			}
		}
	}
	// What carries the message keeps 3:1 to the paper (1.4.11).
	for _, ink := range []chart.Ink{chart.Gain, chart.GainBar, chart.Cost, chart.CostBar, chart.Blue} {
		for _, theme := range []chart.Theme{chart.Light, chart.Dark} {
			if c := contrast(ink.Hex(theme), chart.Paper.Hex(theme)); c < 3 {
				t.Errorf("ink %d in theme %d: %.2f", ink, theme, c)
			}
		}
	}
}

func TestDrawingTwiceGivesTheSameBytes(t *testing.T) {
	for _, c := range charts(t) {
		draw := func() []byte { return c.chart.Scene(locale.New(locale.English), chart.Size{W: 700}).SVG("x") }
		if !bytes.Equal(draw(), draw()) {
			t.Errorf("%s differs", c.name)
		}
	}
}

func TestGallery(t *testing.T) {
	folder := *gallery
	if folder == "" {
		folder = t.TempDir()
	}
	for _, w := range font.Weights() {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("inter-%d.woff2", w)), font.WOFF2(w), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := charts(t)
	for _, theme := range []string{"light", "dark"} {
		for _, lang := range locale.Langs() {
			for _, width := range []float64{1060, 328} {
				for page, group := range slices.Collect(slices.Chunk(all, 4)) {
					var b bytes.Buffer
					fmt.Fprintf(&b, `<!doctype html><html lang="%s" data-theme="%s"><meta charset="utf-8"><style>`, lang, theme)
					for _, w := range font.Weights() {
						fmt.Fprintf(&b, "@font-face{font-family:Inter;font-weight:%d;src:url(inter-%d.woff2)}", w, w)
					}
					fmt.Fprintf(&b, "%s body{margin:0;padding:20px;background:var(--ch-paper);color:var(--ch-ink);font:14px/1.45 Inter;width:%gpx}h2{font-size:15px;margin:18px 0 0}p{margin:0 0 8px;color:var(--ch-soft)}</style>", chart.CSS(), width)
					for i, c := range group {
						size := chart.Size{W: width}
						if _, small := c.chart.(chart.Density); small {
							size.W = 0
						}
						s := c.chart.Scene(locale.New(lang), size)
						fmt.Fprintf(&b, "<h2>%s</h2><p>%s</p><div style='width:%gpx'>%s</div><p><small>%s (%d bytes)</small></p>\n", s.Title, s.Caption, s.W, s.SVG(fmt.Sprintf("c%d", i)), s.Desc, len(s.SVG("c")))
					}
					if n := bytes.Count(b.Bytes(), []byte("<svg")); n < len(group) || bytes.Contains(b.Bytes(), []byte("⟦")) {
						t.Errorf("page %d has %d pictures of %d, or a text is missing", page+1, n, len(group))
					}
					name := fmt.Sprintf("%s-%s-%.0f-%d.html", lang, theme, width, page+1)
					if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
