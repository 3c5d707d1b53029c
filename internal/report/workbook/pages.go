package workbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// overview writes the first sheet: what comes out, which scenario is shown, and what stands where.
func (b *builder) overview(sheets []*sheet) {
	s, file := b.summary, b.m.File
	s.widths = []float64{40, 20, 18, 18, 18, 18, 18}
	s.add(b.v("title", file.Case))
	facts := []string{}
	for _, f := range []string{file.Organisation, b.l.MonthName(file.Start, 0), b.l.Horizon(file.Horizon), file.Currency} {
		if f != "" {
			facts = append(facts, f)
		}
	}
	s.add(b.v("note", strings.Join(facts, " · ")))
	s.add()
	month := "ROUNDUP(MAX(0,result_break_even-1E-9),0)"
	s.add(b.f("lead", "IF(ISNUMBER(result_break_even),"+b.sentence("verdict.month", month)+",\""+strings.ReplaceAll(b.t("verdict.never", nil), `"`, `""`)+"\")"))
	s.add(b.v("note", b.t("verdict.plan", nil)))
	s.add()
	if len(b.all) > 1 {
		n := len(s.rows) + 1
		s.add(b.v("strong", b.t("scenario", nil)), b.v("in:whole", b.start+1), b.f("strong", fmt.Sprintf("INDEX(%s!$C$%d:$%s$%d,scenario)", b.scenarios.name, head, column(2+len(b.all)), head)))
		b.define("scenario", s, n, 2, n, 2)
		s.add(b.v("note", b.t("scenario.how", diag.Args{"most": len(b.all)})))
		s.add()
	}
	var heads []*cell
	for _, k := range []string{"figure", "now", "exported"} {
		heads = append(heads, b.v("head", b.t("column."+k, nil)))
	}
	for _, p := range []string{"P10", "P50", "P90"} {
		heads = append(heads, b.v("head", b.t("column.simulated", diag.Args{"level": p})))
	}
	s.add(heads...)
	plan, drawn := planned(b.a.Plan), spreads(b.a.Simulation)
	for _, name := range []string{"roi", "npv", "break_even", "peak", "irr"} {
		format := lookOf(name)
		cells := []*cell{b.v("text", b.t("figure."+name, nil)), b.f("big:"+format, "result_"+name), b.number("value:"+format, plan[name])}
		if q, ok := drawn[name]; ok {
			for _, v := range q {
				cells = append(cells, b.number("value:"+format, v))
			}
		}
		s.add(cells...)
	}
	share := b.a.Simulation.ProbabilityROIPositive
	s.add(b.v("text", b.t("figure.probability", nil)), nil, nil, nil, b.v("value:percent0", share))
	s.add()
	n := len(s.rows) + 1
	s.charts = append(s.charts, picture{fmt.Sprintf("A%d", n), b.cumulative(520, 300)}, picture{fmt.Sprintf("D%d", n), b.monthlyNet(520, 300)})
	for range 19 {
		s.add()
	}
	s.add(b.v("section", b.t("contents", nil)), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil))
	for _, x := range sheets[1:] {
		s.add(b.v("strong", x.name), b.v("text", b.t("contents."+x.key, nil)))
	}
	s.add()
	s.add(b.v("in", b.t("legend.input", nil)))
	s.add(b.v("value", b.t("legend.value", nil)))
}

// selector lets only numbers of scenarios into the cell that chooses one.
func (b *builder) selector() error {
	a, ok := b.defined["scenario"]
	if !ok {
		return nil
	}
	v := excelize.NewDataValidation(false)
	v.SetSqref(fmt.Sprintf("%s%d", column(a.c1), a.r1))
	if err := v.SetRange(1, len(b.all), excelize.DataValidationTypeWhole, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, b.t("scenario", nil), b.t("scenario.how", diag.Args{"most": len(b.all)}))
	return b.book.AddDataValidation(a.sheet.name, v)
}

// sideBySide sets the scenarios beside each other: what is shown now as formulas, all as they were computed.
func (b *builder) sideBySide() {
	s := b.scenarios
	s.widths = []float64{40, 16}
	s.add(b.v("title", b.t("title.scenarios", nil)))
	c := b.c.Comparison
	if c == nil {
		s.add(b.v("text", b.t("scenarios.none", nil)))
		return
	}
	s.add(b.v("note", b.t("scenarios.how", nil)))
	if len(b.all) < len(c.IDs) {
		s.add(b.v("note", b.t("scenarios.values", nil)))
	} else {
		s.add()
	}
	// Those that the selector knows come first, in its order.
	var order []int
	for _, v := range b.all {
		order = append(order, slices.Index(c.IDs, v.id))
	}
	for i := range c.IDs {
		if !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	heads := []*cell{b.v("head", b.t("column.figure", nil)), b.v("head", b.t("column.now", nil))}
	numbers := []*cell{b.v("note", b.t("scenario", nil)), nil}
	if len(b.all) > 1 {
		numbers[1] = b.f("plain:whole", "scenario")
	}
	for i, k := range order {
		label := c.Labels[k]
		if c.IDs[k] == "base" {
			label = b.t("base", nil)
		}
		heads = append(heads, b.v("head", label))
		if i < len(b.all) && len(b.all) > 1 {
			numbers = append(numbers, b.v("plain:whole", i+1))
		} else {
			numbers = append(numbers, nil)
		}
		s.widths = append(s.widths, 18)
	}
	s.add(heads...)
	s.freeze = head
	s.add(numbers...)
	for _, name := range figureNames {
		format := lookOf(name)
		cells := []*cell{b.v("text", b.t("figure."+name, nil)), b.f("strong:"+format, "result_"+name)}
		for _, k := range order {
			cells = append(cells, b.number("value:"+format, planned(c.Scenarios[k].Plan)[name]))
		}
		s.add(cells...)
	}
	s.add()
	s.add(b.v("section", b.t("scenarios.simulated", nil)), b.v("section", nil))
	for _, name := range []string{"npv", "roi", "break_even", "peak"} {
		for i, level := range []string{"P10", "P50", "P90"} {
			cells := []*cell{b.v("text", b.t("figure."+name, nil)+", "+level), nil}
			for _, k := range order {
				cells = append(cells, b.number("value:"+lookOf(name), spreads(c.Scenarios[k].Simulation)[name][i]))
			}
			s.add(cells...)
		}
	}
	cells := []*cell{b.v("text", b.t("figure.probability", nil)), nil}
	for _, k := range order {
		cells = append(cells, b.v("value:percent0", c.Scenarios[k].Simulation.ProbabilityROIPositive))
	}
	s.add(cells...)
	cells = []*cell{b.v("text", b.t("scenarios.better", nil)), nil}
	for _, k := range order {
		var cell *cell
		for _, d := range c.Differences {
			if d.Scenario == c.IDs[k] {
				cell = b.v("value:percent0", d.ProbabilityBetter)
			}
		}
		cells = append(cells, cell)
	}
	s.add(cells...)
}

// tornado writes what the figures are with one assumption low or high, as the simulation has it.
func (b *builder) tornado() {
	s := b.sensitivity
	s.widths = []float64{46, 12, 12, 12, 16, 16, 16, 16, 14, 14, 12, 12}
	s.add(b.v("title", b.t("title.sensitivity", nil)))
	s.add(b.v("note", b.t("sensitivity.how", nil)))
	s.add(b.v("note", b.t("sensitivity.values", nil)))
	var heads []*cell
	for _, k := range []string{"label", "low", "high", "unit", "npv_low", "npv_high", "swing_low", "swing_high", "break_even_low", "break_even_high", "roi_low", "roi_high"} {
		heads = append(heads, b.v("head", b.t("column."+k, nil)))
	}
	s.add(heads...)
	s.freeze = head
	x := b.c.Explanation
	if x == nil || len(x.Tornado) == 0 {
		s.add(b.v("text", b.t("sensitivity.none", nil)))
		return
	}
	middle := b.a.Simulation.NPV.P50
	for _, bar := range x.Tornado {
		swing := func(v *float64) *cell {
			if v == nil || middle == nil {
				return b.v("value:money", locale.None)
			}
			return b.v("value:money", *v-*middle)
		}
		format := numberLook([]float64{bar.P10, bar.P90}, false)
		if format > "number2" {
			format = "number2"
		}
		s.add(b.v("text", bar.Label), b.v("value:"+format, bar.P10), b.v("value:"+format, bar.P90), b.v("note", bar.Unit),
			b.number("value:money", bar.NPV.Low), b.number("value:money", bar.NPV.High), swing(bar.NPV.Low), swing(bar.NPV.High),
			b.number("value:number1", bar.BreakEven.Low), b.number("value:number1", bar.BreakEven.High), b.number("value:percent1", bar.ROI.Low), b.number("value:percent1", bar.ROI.High))
	}
}

// simulated writes what the draws say, as values.
func (b *builder) simulated() {
	s, r := b.values, b.a.Result
	s.widths = []float64{30, 14, 14, 14, 14, 14, 14}
	s.add(b.v("title", b.t("title.values", nil)))
	s.add(b.v("note", b.t("values.note", diag.Args{"version": r.Version, "seed": fmt.Sprint(r.Seed), "draws": r.Draws})))
	s.add()
	head := func(key string, columns ...string) {
		cells := []*cell{b.v("head", b.t(key, nil))}
		for _, c := range columns {
			cells = append(cells, b.v("head", c))
		}
		s.add(cells...)
	}
	head("column.figure", "P10", "P50", "P90", b.t("column.mean", nil), b.t("column.deviation", nil))
	sim := r.Simulation
	s.add(b.v("text", b.t("figure.npv", nil)), b.number("value:money", sim.NPV.P10), b.number("value:money", sim.NPV.P50), b.number("value:money", sim.NPV.P90), b.number("value:money", sim.NPV.Mean), b.number("value:money", sim.NPV.SD))
	s.add(b.v("text", b.t("figure.roi", nil)), b.number("value:percent1", sim.ROI.P10), b.number("value:percent1", sim.ROI.P50), b.number("value:percent1", sim.ROI.P90), b.number("value:percent1", sim.ROI.Mean), b.number("value:percent1", sim.ROI.SD))
	s.add(b.v("text", b.t("figure.peak", nil)), b.number("value:money", sim.PeakFunding.P10), b.number("value:money", sim.PeakFunding.P50), b.number("value:money", sim.PeakFunding.P90), b.number("value:money", sim.PeakFunding.Mean), b.number("value:money", sim.PeakFunding.SD))
	s.add(b.v("text", b.t("figure.break_even", nil)), b.number("value:number1", sim.BreakEven.P10), b.number("value:number1", sim.BreakEven.P50), b.number("value:number1", sim.BreakEven.P90))
	s.add(b.v("text", b.t("figure.probability", nil)), nil, b.v("value:percent0", sim.ProbabilityROIPositive))
	s.add(b.v("text", b.t("figure.not_within", nil)), nil, b.v("value:percent0", sim.BreakEven.NotWithinHorizon))
	s.add()
	s.add(b.v("section", b.t("values.lines", nil)), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil))
	head("column.line", "P10", "P50", "P90", b.t("column.share", nil))
	for _, line := range r.Lines {
		s.add(b.v("text", line.Label), b.v("value:money", line.PV.P10), b.v("value:money", line.PV.P50), b.v("value:money", line.PV.P90), b.v("value:percent0", line.Share))
	}
	s.add()
	s.add(b.v("section", b.t("values.band", nil)), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil), b.v("section", nil))
	head("month", "P10", "P25", "P50", "P75", "P90", b.t("column.breaks_even", nil))
	from := len(s.rows) + 1
	for m, month := range r.Timeline {
		q := month.Cumulative
		cells := []*cell{b.v("plain:whole", m)}
		for _, v := range []float64{q.P10, q.P25, q.P50, q.P75, q.P90} {
			cells = append(cells, b.v("value:number", v))
		}
		if m < len(r.BreakEvenShare) {
			cells = append(cells, b.v("value:percent1", r.BreakEvenShare[m]))
		}
		s.add(cells...)
	}
	b.taken["band"] = true
	b.defined[" band"] = area{s, from, 2, len(s.rows), 6}
}

// methods tells what is computed and how, with sources.
func (b *builder) methods() {
	s := b.method
	s.widths = []float64{28, 78, 56}
	s.add(b.v("title", b.t("title.method", nil)))
	s.add(b.v("note", b.t("method.how", nil)))
	s.add()
	s.add(b.v("head", b.t("column.topic", nil)), b.v("head", b.t("column.words", nil)), b.v("head", b.t("column.formula", nil)))
	s.freeze = head
	formulas := b.figureFormulas()
	for _, name := range figureNames {
		formula := formulas[name]
		if len(formula) > 160 {
			formula = "result_" + name
		}
		s.add(b.v("wrap", b.t("figure."+name, nil)), b.v("wrap", b.t("define."+name, nil)), b.v("wrapnote", formula))
	}
	for _, x := range [][2]string{
		{"horizon", "EDATE(start,m)"},
		{"units", "365.2425/12 = 30.436875; · 24 = 730.485"},
		{"adoption", "F(t) = start + (plateau − start) · (1 − e^(−kt)) / (1 + c · e^(−kt)),  k = ln((1 + 0.9 c) / 0.1) / months_to_90,  c = 0.38 / 0.03"},
		{"use", "(a/p) · (2 − a/p)"},
		{"realised", "adoption^a · data_quality^b · process^c"},
		{"shapley", "φᵢ = B · xᵢ · Σⱼ eⱼ(x without i) / (j + 1)"},
		{"stock", "s(0) = 0,  s(t) = s(t − 1) · (1 − loss) + inflow"},
		{"lag", "lag(x, n)(t) = x(t − n)"},
		{"ramp", "MIN(1, MAX(0, (t − from) / (to − from)))"},
		{"escalation", "(1 + r)^INT((t − 1) / 12)"},
		{"risk", "cost · (1 + risk),  benefit · (1 − risk)"},
		{"tax", "flow · (1 − tax_rate);  payment − tax_rate · payment / depreciation_months"},
		{"scenarios", "CHOOSE(scenario, …)"},
		{"simulation", "P10, P50, P90"},
	} {
		s.add(b.v("wrap", b.t("method."+x[0]+".name", nil)), b.v("wrap", b.t("method."+x[0], nil)), b.v("wrapnote", x[1]))
	}
	s.add()
	s.add(b.v("section", b.t("method.sources", nil)), b.v("section", nil), b.v("section", nil))
	for _, source := range []string{
		"Bass, F. M. (1969): A new product growth for model consumer durables. Management Science 15(5), 215–227.",
		"Sultan, F., Farley, J. U., Lehmann, D. R. (1990): A meta-analysis of applications of diffusion models. Journal of Marketing Research 27(1), 70–77.",
		"Ahearne, M., Srinivasan, N., Weinstein, L. (2004): Effect of technology on sales performance. Journal of Personal Selling & Sales Management 24(4), 297–310.",
		"Shapley, L. S. (1953): A value for n-person games. Contributions to the Theory of Games II, 307–317.",
		"Norstrøm, C. J. (1972): A sufficient condition for a unique nonnegative internal rate of return. Journal of Financial and Quantitative Analysis 7(3), 1835–1839.",
		"Lin, S. A. Y. (1976): The modified internal rate of return and investment criterion. The Engineering Economist 21(4), 237–247.",
		"Keelin, T. W. (2016): The metalog distributions. Decision Analysis 13(4), 243–277.",
	} {
		s.add(b.v("wrapnote", nil), b.v("wrap", source))
	}
}

// log tells where the file comes from, what has changed since the sealed state, and has room for what is changed by hand.
func (b *builder) log() {
	s, r := b.changes, b.a.Result
	s.widths = []float64{20, 30, 90}
	s.add(b.v("title", b.t("title.changes", nil)))
	s.add(b.v("note", b.t("changes.how", nil)))
	s.add()
	s.add(b.v("section", b.t("changes.export", nil)), b.v("section", nil), b.v("section", nil))
	for _, x := range [][2]string{{"version", r.Version}, {"seed", fmt.Sprint(r.Seed)}, {"draws", b.l.Number(float64(r.Draws), 0)}, {"sum", b.c.Sum}} {
		s.add(b.v("text", b.t("changes."+x[0], nil)), b.v("text", x[1]))
	}
	s.add()
	s.add(b.v("section", b.t("changes.sealed", nil)), b.v("section", nil), b.v("section", nil))
	switch {
	case b.c.Sealed == nil:
		s.add(b.v("note", b.t("changes.no_seal", nil)))
	case len(b.c.Sealed.Changes) == 0:
		s.add(b.v("text", b.t("changes.same", nil)))
	default:
		for _, text := range b.c.Sealed.Changes {
			s.add(nil, nil, b.v("wrap", text))
		}
	}
	if b.c.Sealed != nil && b.c.Sealed.Result != nil {
		s.add(nil, b.v("text", b.t("changes.sum", nil)), b.v("wrap", b.c.Sealed.Sum))
		was := planned(b.c.Sealed.Result.Plan)
		for _, name := range []string{"npv", "roi", "break_even", "irr"} {
			s.add(nil, b.v("text", b.t("figure."+name, nil)+" ("+b.t("changes.then", nil)+")"), b.number("value:"+lookOf(name), was[name]))
		}
	}
	if len(b.c.Audit) > 0 {
		s.add()
		s.add(b.v("section", b.t("changes.audit", nil)), b.v("section", nil), b.v("section", nil))
		for _, d := range b.c.Audit {
			s.add(nil, nil, b.v("wrap", strings.TrimSpace(b.l.Message(d)+" "+b.l.Hint(d))))
		}
	}
	if len(b.c.Revisions) > 0 {
		s.add()
		s.add(b.v("section", b.t("changes.revisions", nil)), b.v("section", nil), b.v("section", nil))
		for _, x := range b.c.Revisions {
			s.add(b.v("wrap", x.When), b.v("wrap", x.Who), b.v("wrap", x.What))
		}
	}
	s.add()
	s.add(b.v("section", b.t("changes.own", nil)), b.v("section", nil), b.v("section", nil))
	s.add(b.v("head", b.t("column.date", nil)), b.v("head", b.t("column.who", nil)), b.v("head", b.t("column.what", nil)))
	for range 12 {
		s.add(b.v("in", nil), b.v("in", nil), b.v("in", nil))
	}
}

func (b *builder) chartTitle(text string) excelize.ChartTitle {
	return excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: clean(text), Font: &excelize.Font{Bold: true, Size: 12, Color: hex(chart.Black)}}}}
}

func (b *builder) axisTitle() excelize.ChartTitle {
	return excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: b.t("month", nil), Font: &excelize.Font{Size: 9, Color: hex(chart.Grey)}}}}
}

// frame is what all charts share.
func (b *builder) frame(kind excelize.ChartType, title string, width, height uint) *excelize.Chart {
	same := false // one colour for all points
	soft := excelize.Font{Size: 9, Color: hex(chart.Grey)}
	c := &excelize.Chart{Type: kind, Title: b.chartTitle(title), VaryColors: &same, Dimension: excelize.ChartDimension{Width: width, Height: height},
		Legend: excelize.ChartLegend{Position: "none"}, Border: excelize.LineOptions{Type: excelize.LineNone}, ShowBlanksAs: "gap"}
	c.XAxis.Font, c.YAxis.Font = soft, soft
	c.XAxis.TickLabelPosition = excelize.ChartTickLabelLow
	c.XAxis.TickLabelSkip = 1
	// Beyond a right angle excelize leaves it to the program how labels are turned; at 0 LibreOffice breaks and overlaps them.
	c.XAxis.Alignment.TextRotation = 100
	c.YAxis.MajorGridLines = true
	c.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: b.numberFormat("number")}
	return c
}

func solid(ink string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{ink}}
}

func (b *builder) line(name, categories, values, ink string, width float64) excelize.ChartSeries {
	return excelize.ChartSeries{Name: name, Categories: categories, Values: values, Marker: excelize.ChartMarker{Symbol: "none"},
		Fill: solid(ink), Line: excelize.LineOptions{Width: width, Fill: solid(ink)}}
}

func (b *builder) bars(name, categories, values, ink string) excelize.ChartSeries {
	return excelize.ChartSeries{Name: name, Categories: categories, Values: values, Fill: solid(ink)}
}

// monthAxis are the numbers of the months, a dozen of them; the others are left out so that none stands on another.
func (b *builder) monthAxis() string { return b.cashRow["axis"].span(b.h) }

func (b *builder) title(key string) string {
	return fmt.Sprintf("%s!$A$%d", b.cash.name, b.cashRow[key].n)
}

func (b *builder) cumulative(width, height uint) *excelize.Chart {
	c := b.frame(excelize.Line, b.t("chart.cumulative", nil), width, height)
	c.XAxis.Title = b.axisTitle()
	c.Series = []excelize.ChartSeries{b.line(b.title("cumulative"), b.monthAxis(), b.cashRow["cumulative"].span(b.h), b.accent, 2.25)}
	return c
}

func (b *builder) monthlyNet(width, height uint) *excelize.Chart {
	c := b.frame(excelize.Col, b.t("chart.net", nil), width, height)
	c.XAxis.Title = b.axisTitle()
	c.Series = []excelize.ChartSeries{b.bars(b.title("net"), b.monthAxis(), b.cashRow["net"].span(b.h), hex(chart.GainBar))}
	gap := uint(30)
	c.GapWidth = &gap
	return c
}

// pictures draws the charts of their own sheet. Those of the cash flow follow the assumptions, those of the simulation do not.
func (b *builder) pictures() {
	s := b.charts
	s.widths = []float64{11}
	s.add(b.v("title", b.t("title.charts", nil)))
	s.add(b.v("note", b.t("charts.how", nil)))
	const w, h = 620, 340
	place := func(i int) string { return []string{"A", "I"}[i%2] + fmt.Sprint(4+19*(i/2)) }
	add := func(c *excelize.Chart) { s.charts = append(s.charts, picture{place(len(s.charts)), c}) }
	add(b.cumulative(w, h))
	add(b.monthlyNet(w, h))
	both := b.frame(excelize.Line, b.t("chart.sides", nil), w, h)
	both.Legend.Position, both.XAxis.Title = "bottom", b.axisTitle()
	both.Series = []excelize.ChartSeries{b.line(b.title("benefits"), b.monthAxis(), b.cashRow["benefits"].span(b.h), hex(chart.Gain), 2),
		b.line(b.title("costs"), b.monthAxis(), b.cashRow["costs"].span(b.h), hex(chart.Cost), 2)}
	add(both)
	if r, ok := b.monthly["curve adoption"]; ok {
		factors := b.frame(excelize.Line, b.t("chart.factors", nil), w, h)
		factors.Legend.Position, factors.XAxis.Title = "bottom", b.axisTitle()
		factors.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: b.numberFormat("percent")}
		name := func(r *row) string { return fmt.Sprintf("%s!$A$%d", r.sheet.name, r.n) }
		factors.Series = append(factors.Series, b.line(name(r), b.monthAxis(), r.span(b.h), hex(chart.Gain), 2))
		for key, ink := range map[string]chart.Ink{"curve data_quality": chart.Blue, "curve process": chart.Mark} {
			if r, ok := b.monthly[key]; ok {
				factors.Series = append(factors.Series, b.line(name(r), b.monthAxis(), r.span(b.h), hex(ink), 2))
			}
		}
		slices.SortFunc(factors.Series, func(x, y excelize.ChartSeries) int { return strings.Compare(x.Name, y.Name) })
		add(factors)
	}
	if n := min(10, len(b.sensitivity.rows)-head); b.c.Explanation != nil && len(b.c.Explanation.Tornado) > 0 {
		c := b.frame(excelize.BarStacked, b.t("chart.tornado", nil), w, h)
		c.Legend.Position = "bottom"
		ref := func(col string) string {
			return fmt.Sprintf("%s!$%s$%d:$%s$%d", b.sensitivity.name, col, head+1, col, head+n)
		}
		c.Series = []excelize.ChartSeries{b.bars(fmt.Sprintf("%s!$G$%d", b.sensitivity.name, head), ref("A"), ref("G"), hex(chart.CostBar)),
			b.bars(fmt.Sprintf("%s!$H$%d", b.sensitivity.name, head), ref("A"), ref("H"), hex(chart.GainBar))}
		c.XAxis.ReverseOrder = true
		gap, overlap := uint(40), 100
		c.GapWidth, c.Overlap = &gap, &overlap
		add(c)
	}
	if a, ok := b.defined[" band"]; ok && a.r2 > a.r1 {
		c := b.frame(excelize.Line, b.t("chart.band", nil), w, h)
		c.Legend.Position = "bottom"
		ref := func(col int) string {
			return fmt.Sprintf("%s!$%s$%d:$%s$%d", a.sheet.name, column(col), a.r1, column(col), a.r2)
		}
		for _, x := range []struct {
			col int
			ink chart.Ink
			w   float64
		}{{2, chart.GainMid, 1.5}, {4, chart.Gain, 2.25}, {6, chart.GainMid, 1.5}} {
			c.Series = append(c.Series, b.line(fmt.Sprintf("%s!$%s$%d", a.sheet.name, column(x.col), a.r1-1), ref(1), ref(x.col), hex(x.ink), x.w))
		}
		c.XAxis.TickLabelSkip, c.XAxis.Title = max(1, (b.h+1)/12), b.axisTitle()
		add(c)
	}
}
