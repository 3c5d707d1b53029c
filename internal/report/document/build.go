package document

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

type builder struct {
	*Document
	c *Content
	r *result.Result
	l *locale.Locale
}

func (b *builder) say(key string, args diag.Args) string { return b.l.Text(key, args) }
func (b *builder) t(key string) string                   { return b.l.Text("document."+key, nil) }
func (b *builder) add(p ...Part)                         { b.Parts = append(b.Parts, p...) }
func (b *builder) section(key string)                    { b.add(Heading{1, b.t(key)}) }
func (b *builder) money(v float64) string                { return b.l.MoneyShort(v, b.r.Case.Currency) }

// Build makes the report of a case.
func Build(c *Content, l *locale.Locale) *Document {
	r := c.Answer.Result
	b := &builder{&Document{Title: r.Case.Name, Organisation: r.Case.Organisation, Answer: report.Answer(r, l), Limit: report.Limit(r, l),
		Brand: c.Brand, Locale: l}, c, r, l}
	b.Made = b.say("document.made", diag.Args{"sum": c.Sum, "seed": strconv.FormatUint(r.Seed, 10), "draws": r.Draws, "version": r.Version})
	if r.Scenario != "" {
		b.Made += ", --scenario " + r.Scenario
	}
	if c.Sampler != "" {
		b.Made += ", --sampler " + c.Sampler
	}
	for _, s := range c.Set {
		b.Made += ", --set " + s
	}
	b.cover()
	b.summary()
	b.sealed()
	b.investment()
	b.benefits()
	b.when()
	b.risk()
	b.findOut()
	b.steps()
	b.scenarios()
	b.scores()
	b.assumptions()
	b.method()
	b.audit()
	b.section("reproduce")
	b.add(Paragraph{Text: b.t("reproduce.text")}, Paragraph{Text: b.Made, Small: true})
	return b.Document
}

func (b *builder) cover() {
	c := b.r.Case
	fact := func(key, value string) {
		if value != "" {
			b.Facts = append(b.Facts, [2]string{b.t(key), value})
		}
	}
	fact("organisation", c.Organisation)
	fact("start", b.l.MonthName(c.Start, 0))
	fact("horizon", b.l.Horizon(c.HorizonMonths))
	for _, s := range b.c.Answer.Model.File.Scenarios {
		if s.ID == b.r.Scenario {
			fact("scenario", cmp.Or(s.Label, s.ID))
		}
	}
	if b.r.Grade != "" {
		fact("grade", b.r.Grade+" ("+b.say("common.grade."+b.r.Grade, nil)+")")
	}
}

func (b *builder) summary() {
	b.section("summary")
	b.add(Paragraph{Text: b.Answer, Lead: true}, Paragraph{Text: b.Limit}, Figures{report.Figures(b.r, b.l)})
	if len(b.r.Timeline) > 1 {
		c := chart.Cumulative{Result: b.r}
		if s := b.c.Sealed; s != nil && s.Result.Case.Currency == b.r.Case.Currency {
			c.Other, c.OtherLabel = s.Result, b.t("sealed.label")
		}
		b.add(Charts{[]chart.Chart{sized{c, 270}}})
	}
	x := b.c.Explanation
	if len(x.Tornado) > 0 {
		b.add(Heading{2, b.t("drivers")})
		var items []string
		for _, bar := range x.Tornado[:min(3, len(x.Tornado))] {
			items = append(items, b.say("document.driver", diag.Args{"label": bar.Label, "low": report.Value(bar.P10, bar.Unit, b.l), "high": report.Value(bar.P90, bar.Unit, b.l),
				"at_low": b.optional(bar.NPV.Low), "at_high": b.optional(bar.NPV.High)}))
		}
		b.add(List{Items: items})
	}
	b.add(Heading{2, b.t("first")})
	var items []string
	if len(x.Plan) > 0 {
		m := x.Plan[0]
		items = append(items, b.say("document.first.measure", diag.Args{"label": m.Label, "worth": b.money(m.Worth)}))
	}
	for _, s := range x.Levers {
		if s.Modelled && s.NPV > 0 {
			items = append(items, b.say("document.first.step", diag.Args{"label": s.Label, "from": report.Value(s.From, s.Unit, b.l), "to": report.Value(s.To, s.Unit, b.l), "npv": report.Signed(s.NPV, b.r.Case.Currency, b.l)}))
			break
		}
	}
	if n := len(b.c.Audit); n > 0 {
		items = append(items, b.say("document.first.audit", diag.Args{"count": n}))
	}
	if len(items) == 0 {
		items = []string{b.say("explain.plan.empty", nil)}
	}
	b.add(List{Items: items}, Break{})
}

// mostItems is how long a list of the same kind of remark gets.
const mostItems = 12

// listed is a list of at most mostItems items; what is left out is counted by a message.
func (b *builder) listed(items []string, more string) {
	if n := len(items) - mostItems; n > 0 {
		items = append(items[:mostItems:mostItems], b.say(more, diag.Args{"count": n}))
	}
	b.add(List{Items: items})
}

// sealed tells what changed since the sealed baseline.
func (b *builder) sealed() {
	s := b.c.Sealed
	if s == nil {
		return
	}
	b.section("sealed")
	b.add(Paragraph{Text: b.t("sealed.text")})
	t := Table{Columns: []Column{{Head: b.t("figure"), Text: true}, {Head: b.t("sealed.label"), Right: true, Text: true}, {Head: b.t("now"), Right: true, Text: true}}}
	before, now := report.Figures(s.Result, b.l), report.Figures(b.r, b.l)
	for i, f := range now {
		with := func(f report.Figure) string { return strings.TrimSpace(f.Value + "\n" + f.Note) }
		t.Rows = append(t.Rows, Row{Cells: []string{f.Label, with(before[i]), with(f)}})
	}
	b.add(t, Paragraph{Text: b.say("document.sealed.made", diag.Args{"sum": s.Sum}), Small: true}, Heading{2, b.t("sealed.changes")})
	if len(s.Changes) == 0 {
		b.add(Paragraph{Text: b.t("sealed.none")})
		return
	}
	b.listed(s.Changes, "document.sealed.more")
}

func (b *builder) optional(v *float64) string {
	if v == nil {
		return locale.None
	}
	return b.money(*v)
}

// lines is the table of costs or benefits with a sum for each kind.
func (b *builder) lines(group string) Table {
	largest, total := 0.0, 0.0
	for _, n := range b.r.Lines {
		largest = math.Max(largest, math.Max(math.Abs(n.PV.P90), math.Abs(n.PV.P10)))
	}
	unit := b.l.MoneyUnit(largest, b.r.Case.Currency)
	t := Table{Columns: []Column{{Head: b.say("result.lines", diag.Args{"unit": unit.Label}), Text: true}, {Head: b.say("result.median", nil), Right: true},
		{Head: b.say("result.range80", nil), Right: true}, {Head: b.say("result.share", nil), Right: true}, {Head: b.say("result.grade", nil)}}}
	for _, kind := range []string{"cash", "avoided_cost", "margin", "freed_time", "internal_time"} {
		var rows []Row
		sum, share := 0.0, 0.0
		for _, n := range b.r.Lines {
			if n.Group != group || n.Kind != kind {
				continue
			}
			sum, share = sum+n.PV.P50, share+n.Share
			rows = append(rows, Row{Cells: []string{n.Label, unit.Number(n.PV.P50), b.l.Range(unit.Number(n.PV.P10), unit.Number(n.PV.P90)), b.l.Percent(n.Share, 0), cmp.Or(n.Grade, locale.None)}})
		}
		if len(rows) > 0 {
			total += sum
			t.Rows = append(append(t.Rows, Row{Cells: []string{b.say("result.kind."+kind, nil), unit.Number(sum), "", b.l.Percent(share, 0), ""}, Strong: true}), rows...)
		}
	}
	t.Rows = append(t.Rows, Row{Cells: []string{b.t("sum"), unit.Number(total), "", "", ""}, Strong: true})
	return t
}

func (b *builder) investment() {
	b.section("investment")
	b.add(Paragraph{Text: b.say("document.investment.text", diag.Args{"tco": b.money(b.r.Plan.TCO), "peak": b.money(b.r.Plan.PeakFunding), "month": b.r.Plan.PeakFundingMonth})}, b.lines("costs"))
	if len(b.r.Timeline) > 1 {
		b.add(Charts{[]chart.Chart{sized{chart.Flows{Result: b.r}, 220}}})
	}
}

func (b *builder) benefits() {
	b.section("benefits")
	b.add(Paragraph{Text: b.t("benefits.text")}, b.lines("benefits"), Paragraph{Text: b.say("result.lines.footnote", nil), Small: true})
	var charts []chart.Chart
	for _, id := range []string{"adoption", "data_quality", "process"} {
		if f, ok := b.factor(id); ok {
			charts = append(charts, sized{f, 170})
		}
	}
	if len(charts) > 0 {
		b.add(Heading{2, b.t("realisation")}, Paragraph{Text: b.t("realisation.text")})
		b.add(Charts{charts})
	}
	b.add(Charts{[]chart.Chart{waterfall{chart.Waterfall{Result: b.r}}}})
}

// fixed is a distribution of one value.
type fixed float64

func (f fixed) Quantile(float64) float64 { return float64(f) }

func (b *builder) factor(id string) (chart.Factor, bool) {
	f := chart.Factor{Name: b.say("explain.factor."+id, nil), Horizon: b.r.Case.HorizonMonths, From: b.r.Case.Start}
	for name, to := range map[string]*chart.Quantiles{"start": &f.Start, "plateau": &f.Plateau, "months_to_90": &f.MonthsTo90} {
		q, ok := b.c.Answer.Model.Quantity(id + "." + name)
		if !ok {
			return f, false
		}
		if q.Dist != nil {
			*to = q.Dist
			continue
		}
		v, ok := model.Number(q)
		if !ok {
			return f, false
		}
		*to = fixed(v)
	}
	return f, true
}

func (b *builder) when() {
	b.section("when")
	t := Table{Columns: []Column{{Head: b.say("chart.month", nil), Text: true}, {Head: b.t("paid"), Right: true}, {Head: "P10", Right: true}, {Head: b.say("result.median", nil), Right: true}, {Head: "P90", Right: true}}}
	sum, h := 0.0, len(b.r.Timeline)-1
	for m, month := range b.r.Timeline {
		if m < len(b.r.BreakEvenShare) {
			sum += b.r.BreakEvenShare[m]
		}
		if m > 0 && (m%12 == 0 || m == h) {
			q := month.Cumulative
			label := b.l.Month(m)
			if date := b.l.MonthName(b.r.Case.Start, m); date != "" {
				label += " (" + date + ")"
			}
			t.Rows = append(t.Rows, Row{Cells: []string{label, b.l.Probability(math.Min(1, sum)), b.money(q.P10), b.money(q.P50), b.money(q.P90)}})
		}
	}
	b.add(Paragraph{Text: b.t("when.text")}, t, Paragraph{Text: b.say("result.plan", nil) + " " + strings.Join(report.PlanFigures(b.r, b.l), ", ") + ".", Small: true})
	// Where nothing moves the break-even into the horizon, what moves the money is told instead.
	for _, in := range []chart.Measure{chart.InMonths, chart.InMoney} {
		c := chart.Tornado{Result: b.r, Bars: b.c.Explanation.Tornado, In: in, Rows: 8}
		if len(c.Scene(b.l, chart.Size{}).Points) > 0 {
			b.add(Charts{[]chart.Chart{c}})
			break
		}
	}
}

func (b *builder) risk() {
	b.section("risk")
	f := b.c.Explanation.Failure
	b.add(Paragraph{Text: b.say("document.risk.share", diag.Args{"share": f.Share})})
	var items []string
	for _, box := range f.Boxes {
		items = append(items, box.Text)
	}
	if len(items) == 0 && f.Share > 0 && f.Share < 1 {
		items = append(items, b.say("explain.failure.none", nil))
	}
	b.add(List{Items: items})
	if n := b.r.Simulation.NPV; n.SD != nil && *n.SD > 1e-9*math.Abs(*n.Mean) { // more than rounding
		b.add(Charts{[]chart.Chart{sized{chart.Distribution{Values: b.c.Answer.Outcome.NPV, Of: chart.NPV, Currency: b.r.Case.Currency}, 200}}})
	}
}

func (b *builder) findOut() {
	b.section("find_out")
	x := b.c.Explanation
	if len(x.Plan) == 0 {
		b.add(Paragraph{Text: b.say("explain.plan.empty", nil)})
		return
	}
	t := Table{Columns: []Column{{Head: b.say("explain.column.assumption", nil), Text: true}, {Head: b.t("worth"), Right: true}}}
	for _, m := range x.Plan[:min(4, len(x.Plan))] {
		t.Rows = append(t.Rows, Row{Cells: []string{m.Label, b.money(m.Worth)}, Note: strings.TrimSpace(m.Text + " " + report.Effort(m, b.r, b.l))})
	}
	b.add(Paragraph{Text: b.say("explain.plan.note", diag.Args{"evpi": b.money(x.EVPI)})}, t)
}

func (b *builder) steps() {
	b.section("steps")
	t := Table{Columns: []Column{{Head: b.say("explain.column.assumption", nil), Text: true}, {Head: b.t("from_to"), Right: true}, {Head: b.say("explain.column.gain", nil), Right: true},
		{Head: b.say("explain.column.months", nil), Right: true}, {Head: b.say("explain.column.cost", nil), Right: true}}}
	for _, s := range b.c.Explanation.Levers {
		if len(t.Rows) == 5 {
			break
		}
		if !s.Modelled {
			t.Rows = append(t.Rows, Row{Cells: []string{s.Label, "", "", "", ""}, Note: b.say("explain.not_modelled", nil)})
			continue
		}
		months, cost := locale.None, locale.None
		if s.Months != nil {
			months = b.l.Change(*s.Months, 1)
		}
		switch {
		case s.Cost != nil:
			cost = b.money(*s.Cost)
		case s.Hours != nil:
			cost = report.Value(s.Hours.P50, "h", b.l)
		}
		t.Rows = append(t.Rows, Row{Cells: []string{s.Label, report.Value(s.From, s.Unit, b.l) + " → " + report.Value(s.To, s.Unit, b.l), report.Signed(s.NPV, b.r.Case.Currency, b.l), months, cost}, Note: report.Doing(s, b.r, b.l)})
	}
	if len(t.Rows) > 0 {
		b.add(Paragraph{Text: b.say("explain.levers.note", nil), Small: true}, t, Paragraph{Text: b.say("explain.levers.unknown", nil), Small: true})
	}
	b.add(Heading{2, b.t("introduction")})
	t = Table{Columns: []Column{{Head: b.t("review"), Text: true}, {Head: b.t("date")}}}
	for _, r := range report.Introduction(b.c.Answer.Model, b.l) {
		t.Rows = append(t.Rows, Row{Cells: []string{r.Title, r.When}, Note: r.Text})
	}
	b.add(t)
}

func (b *builder) scenarios() {
	c, packages := b.c.Comparison, b.packages()
	if c == nil && len(packages.Rows) == 0 {
		return
	}
	b.section("scenarios")
	if c != nil {
		b.beside(c)
	}
	if len(packages.Rows) > 0 {
		b.add(Heading{2, b.t("packages")}, Paragraph{Text: b.t("packages.text")}, packages)
	}
}

// beside are the scenarios beside each other, three to a table so that their names have room.
func (b *builder) beside(c *result.Comparison) {
	b.add(Paragraph{Text: report.CompareAnswer(c, b.l)})
	names, rows := report.Sides(c, b.l)
	const each = 3
	for at := 0; at < len(names); at += each {
		to := min(at+each, len(names))
		t := Table{Columns: []Column{{Head: "", Text: true}}}
		for _, n := range names[at:to] {
			t.Columns = append(t.Columns, Column{Head: n, Right: true, Text: true})
		}
		for _, r := range rows {
			row := Row{Cells: []string{r.Label}}
			for i := at; i < to; i++ {
				s := r.Values[i]
				if r.Notes[i] != "" {
					s += "\n" + r.Notes[i]
				}
				row.Cells = append(row.Cells, s)
			}
			t.Rows = append(t.Rows, row)
		}
		b.add(t)
	}
}

// packages are the AI packages of the case with what they cost and bring, as the medians of present values.
func (b *builder) packages() Table {
	t := Table{Columns: []Column{{Head: b.t("package"), Text: true}, {Head: b.say("result.costs", nil), Right: true}, {Head: b.say("result.benefits", nil), Right: true}}}
	type sums struct{ costs, benefits float64 }
	found := map[string]*sums{}
	var order []*model.Line
	for _, line := range b.c.Answer.Model.Lines {
		if line.Package == "" {
			continue
		}
		if found[line.Package] == nil {
			found[line.Package] = &sums{}
			order = append(order, line) // the cost comes first and has the name
		}
		for _, n := range b.r.Lines {
			if n.ID != line.ID || (n.Group == "benefits") != line.Benefit {
				continue
			}
			if line.Benefit {
				found[line.Package].benefits += n.PV.P50
			} else {
				found[line.Package].costs += n.PV.P50
			}
		}
	}
	for _, line := range order {
		row := Row{Cells: []string{b.c.Answer.LineLabel(line), b.money(found[line.Package].costs), b.money(found[line.Package].benefits)}}
		if p, err := b.c.cat.Package(line.Package); err == nil {
			row.Note = p.Caution.In(string(b.l.Lang()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// scores is the non-financial value: points by criterion, and the utility value that they make.
func (b *builder) scores() {
	s := b.c.Answer.Scorecard
	if s == nil {
		return
	}
	t := Table{Columns: []Column{{Head: b.t("criterion"), Text: true}, {Head: b.t("weight"), Right: true}, {Head: b.t("today"), Right: true},
		{Head: b.t("expected"), Right: true}, {Head: b.say("result.grade", nil)}, {Head: b.t("source"), Text: true}}}
	for _, c := range s.Criteria {
		t.Rows = append(t.Rows, Row{Cells: []string{c.Label, b.l.Percent(c.Share, 0), report.Points(c.Today, b.l), report.ExpectedPoints(c, b.l),
			cmp.Or(c.Grade, locale.None), cmp.Or(c.Source, b.t("source.none"))}, Note: c.Why})
	}
	total := report.Points(s.Expected, b.l)
	if s.Ranged() {
		total = b.l.Range(report.Points(s.ExpectedLow, b.l), report.Points(s.ExpectedHigh, b.l))
	}
	t.Rows = append(t.Rows, Row{Cells: []string{b.t("score"), "", report.Points(s.Today, b.l), total, "", ""}, Strong: true})
	b.section("scores")
	b.add(Paragraph{Text: report.ScorecardAnswer(s, b.l)}, t)
}

func (b *builder) assumptions() {
	b.section("assumptions")
	t := Table{Small: true, Columns: []Column{{Head: b.say("explain.column.assumption", nil), Text: true}, {Head: b.t("value"), Right: true}, {Head: b.say("result.grade", nil)}, {Head: b.t("source"), Text: true}}}
	for _, q := range b.c.Answer.Model.Quantities {
		scale := q.Unit.Scale
		if scale == 0 {
			scale = 1
		}
		var values []float64
		if q.Dist != nil {
			f := q.Factor / scale
			values = []float64{q.Dist.Quantile(0.1) * f, q.Dist.Quantile(0.5) * f, q.Dist.Quantile(0.9) * f}
		} else if v, ok := model.Number(q); ok && (q.Source != "" || q.Grade != "" || q.Line == nil) {
			values = []float64{v / scale}
		} else {
			continue
		}
		unit := q.Unit.Text
		for i, v := range values {
			if math.Abs(v) < 1e-9 {
				values[i] = 0
			} else if math.Abs(v) < 1e12 {
				p := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
				if p > 1 {
					values[i] = math.Round(v*p) / p
				} else {
					values[i] = math.Round(v)
				}
			}
		}
		numbers, units := b.l.Span(values, unit)
		t.Rows = append(t.Rows, Row{Cells: []string{b.c.Answer.Label(q), numbers + b.space(units) + units, cmp.Or(q.Grade, locale.None), cmp.Or(q.Source, b.t("source.none"))}})
	}
	b.add(Paragraph{Text: b.t("assumptions.text"), Small: true}, t)
}

// space stands between a number and its unit: none before a slash, nor before the English per cent.
func (b *builder) space(unit string) string {
	if unit == "" || unit[0] == '/' || unit[0] == '%' && b.l.Lang() == locale.English {
		return ""
	}
	return "\u00a0"
}

func (b *builder) method() {
	b.section("method")
	var items []string
	for _, k := range []string{"simulation", "npv", "roi", "break_even", "irr", "realisation", "grade", "information", "failure"} {
		items = append(items, b.say("document.method."+k, diag.Args{"draws": b.r.Draws, "rate": b.l.Percent(b.r.Case.DiscountPerYear, 1)}))
	}
	b.add(List{Items: items, Small: true}, Paragraph{Text: b.t("method.sources"), Small: true})
}

func (b *builder) audit() {
	b.section("audit")
	if len(b.c.Audit) == 0 {
		b.add(Paragraph{Text: b.say("explain.audit.none", nil)})
		return
	}
	b.add(Paragraph{Text: b.say("explain.audit.found", diag.Args{"count": len(b.c.Audit)})})
	var items []string
	for _, d := range b.c.Audit {
		items = append(items, strings.TrimSpace(b.l.Message(d)+" "+b.l.Hint(d)))
	}
	b.listed(items, "document.audit.more")
}

// sized is a chart of a given height.
type sized struct {
	chart.Chart
	h float64
}

func (s sized) Scene(l *locale.Locale, size chart.Size) *chart.Scene {
	size.H = s.h
	return s.Chart.Scene(l, size)
}

// waterfall is one with rows close together, so that it takes no more of a page than the other charts.
type waterfall struct{ chart.Waterfall }

func (w waterfall) Scene(l *locale.Locale, size chart.Size) *chart.Scene {
	size.H = 1 // the least it can be drawn with
	return w.Waterfall.Scene(l, size)
}
