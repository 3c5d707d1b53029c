// Package workbook writes a case as an Excel workbook with live formulas: change an assumption, and every figure follows.
// Start with Write. It computes nothing itself; formulas are made of the model, figures of the simulation are values.
package workbook

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
)

const (
	head  = 4 // row of the months
	first = 6 // column of month 0
)

type sheet struct {
	name string
	rows [][]any
}

func (s *sheet) add(cells ...any) int { s.rows = append(s.rows, cells); return len(s.rows) }

func column(n int) string {
	s, err := excelize.ColumnNumberToName(n)
	if err != nil {
		panic("workbook: " + err.Error()) // 600 months are far from the last column
	}
	return s
}

// row is one row with a value for every month.
type row struct {
	sheet *sheet
	n     int
}

func (r *row) at(p place) expr {
	ref := fmt.Sprintf("%s$%d", column(first+p.month), r.n)
	if r.sheet != p.sheet {
		ref = r.sheet.name + "!" + ref
	}
	return plain(ref)
}

func (r *row) span(h int) string {
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", r.sheet.name, column(first), r.n, column(first+h), r.n)
}

type builder struct {
	a      *calc.Answer
	m      *model.Model
	l      *locale.Locale
	h      int
	book   *excelize.File
	style  map[string]int
	taken  map[string]bool
	names  map[*model.Quantity]string
	varies map[*model.Quantity]bool
	known  map[string]*row
	on     map[*model.Line]*row

	summary, inputs, timing, factors, lines, cash, values *sheet

	last int // period of the horizon

	months, years *row
	current       *model.Line
	problems      diag.List
}

func (b *builder) t(key string, args diag.Args) string { return b.l.Text("workbook."+key, args) }

func (b *builder) label(q *model.Quantity) string { return b.a.Label(q) }

func (b *builder) lineLabel(l *model.Line) string { return b.a.LineLabel(l) }

func (b *builder) fail(q *model.Quantity) {
	line := q.ID
	if b.current != nil {
		line = b.current.ID
	}
	b.problems.Add(diag.New("workbook_formula", q.At, diag.Args{"line": line}))
}

func (b *builder) f(style, formula string) excelize.Cell {
	return excelize.Cell{StyleID: b.style[style], Formula: formula}
}

func (b *builder) v(style string, v any) excelize.Cell {
	if s, ok := v.(string); ok {
		v = clean(s)
	}
	return excelize.Cell{StyleID: b.style[style], Value: v}
}

// clean drops what an XML file cannot hold; the cell is stored as a string, so that no text becomes a formula.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}

func (b *builder) define(name, sheet string, col string, n int) {
	if err := b.book.SetDefinedName(&excelize.DefinedName{Name: name, RefersTo: fmt.Sprintf("%s!$%s$%d", sheet, col, n)}); err != nil {
		b.problems.Add(diag.New("workbook_name", diag.Position{}, diag.Args{"name": name, "detail": err.Error()}))
	}
}

// row makes a row of the sheet of factors once; what it reads stands above it.
func (b *builder) row(key, label, note string, make func(at place, self *row) expr) *row {
	if r := b.known[key]; r != nil {
		return r
	}
	r := &row{sheet: b.factors}
	for _, m := range []int{0, b.h} {
		make(place{sheet: b.factors, month: m}, r)
	}
	r.n = len(b.factors.rows) + 1
	b.known[key] = r
	cells := []any{b.v("text", label), nil, nil, nil, b.v("note", note)}
	for m := 0; m <= b.h; m++ {
		cells = append(cells, b.f("number", make(place{sheet: b.factors, month: m}, r).s))
	}
	b.factors.add(cells...)
	return r
}

// whole is the row from month 0 to the horizon.
func (r *row) whole(at place) string {
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", r.sheet.name, column(first), r.n, column(first+at.sheet.horizon()), r.n)
}

func (s *sheet) horizon() int { return len(s.rows[head-1]) - first }

// input adds one assumption: low, middle, high, the value that counts, unit and the value in currency and months.
func (b *builder) input(name, label string, low, mid, high any, style, unit, conv string, more ...string) {
	n := len(b.inputs.rows) + 1
	chosen := b.f("in_"+style, fmt.Sprintf("D%d", n))
	cells := []any{b.v("text", label), b.v("note", name), low, mid, high, chosen, b.v("note", unit), b.f("number", fmt.Sprintf("F%d%s", n, conv))}
	for _, s := range more {
		cells = append(cells, b.v("note", s))
	}
	b.inputs.add(cells...)
	b.define(name, b.inputs.name, "H", n)
}

func (b *builder) fixed(name, label string, v float64, style string) {
	b.taken[name] = true
	b.input(name, label, nil, b.v(style, v), nil, style, "", "")
}

// constant is the name of a value that is the same in every month.
func (b *builder) constant(q *model.Quantity) string {
	if n, ok := b.names[q]; ok {
		return n
	}
	n := b.name(q.ID)
	b.names[q] = n
	num, isNumber := q.Expr.(*formula.Number)
	if !q.Uncertain() && !isNumber {
		e := b.expr(q, q.Expr, place{sheet: b.inputs, line: b.current})
		at := b.inputs.add(b.v("text", b.label(q)), b.v("note", n), nil, nil, nil, nil, b.v("note", formula.String(q.Expr)), b.f("number", e.s),
			b.v("note", q.Source), b.v("note", q.Grade), b.v("note", q.Note))
		b.define(n, b.inputs.name, "H", at)
		return n
	}
	scale, style := q.Unit.Scale, "number"
	if q.Unit.Percent {
		style = "percent"
		scale *= 100
	}
	cell := func(canonical float64) excelize.Cell { return b.v(style, canonical/scale) }
	var low, mid, high any
	if q.Uncertain() {
		low, mid, high = cell(q.Dist.Quantile(0.1)*q.Factor), cell(q.Dist.Quantile(0.5)*q.Factor), cell(q.Dist.Quantile(0.9)*q.Factor)
	} else {
		mid = cell(num.Canonical())
	}
	b.input(n, b.label(q), low, mid, high, style, q.Unit.Text, conversion(q.Unit), q.Source, q.Grade, q.Note)
	return n
}

// literal is a number inside a formula, with its unit spelt out.
func (b *builder) literal(_ *model.Quantity, e *formula.Number) expr {
	v := e.Value
	if e.Unit.Percent {
		v /= 100
	}
	tail := conversion(e.Unit)
	if tail == "" {
		return value(v)
	}
	return expr{value(v).in(multiplies) + tail, multiplies}
}

// heading begins a sheet with its title and the months.
func (b *builder) heading(s *sheet, title string) {
	s.add(b.v("title", title))
	s.add(b.v("note", b.m.File.Case))
	s.add()
	cells := []any{nil, nil, nil, nil, nil}
	for m := 0; m <= b.h; m++ {
		c := b.f("head", fmt.Sprintf("%s!%s$%d", b.factors.name, column(first+m), head))
		if s == b.factors {
			c = b.v("head", m)
		}
		cells = append(cells, c)
	}
	s.add(cells...)
	s.add()
}

// Write writes the workbook of an answer. Errors are diagnostics naming the line that has no form as a formula.
func Write(w io.Writer, a *calc.Answer, l *locale.Locale) error {
	b := &builder{a: a, m: a.Model, l: l, h: a.Model.File.Horizon, book: excelize.NewFile(), style: map[string]int{}, taken: map[string]bool{},
		names: map[*model.Quantity]string{}, varies: map[*model.Quantity]bool{}, known: map[string]*row{}, on: map[*model.Line]*row{}}
	defer b.book.Close()
	b.styles()
	all := []struct {
		s   **sheet
		key string
	}{{&b.summary, "summary"}, {&b.inputs, "inputs"}, {&b.timing, "timing"}, {&b.factors, "factors"}, {&b.lines, "lines"}, {&b.cash, "cash"}, {&b.values, "values"}}
	for _, x := range all {
		*x.s = &sheet{name: b.t("sheet."+x.key, nil)}
	}
	for _, x := range all[2:6] {
		b.heading(*x.s, b.t("title."+x.key, nil))
	}
	b.general()
	b.rows()
	net := b.flows()
	b.figures(net)
	b.simulated()
	if b.problems.Err() != nil {
		return b.problems
	}
	if err := b.book.SetSheetName("Sheet1", b.summary.name); err != nil {
		return err
	}
	for _, x := range all[1:] {
		if _, err := b.book.NewSheet((*x.s).name); err != nil {
			return err
		}
	}
	for i, x := range all {
		if err := b.write(*x.s, i); err != nil {
			return err
		}
	}
	full := true
	if err := b.book.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &full}); err != nil {
		return err
	}
	return b.book.Write(w)
}

func (b *builder) styles() {
	money := `#,##0.00`
	for name, s := range map[string]*excelize.Style{
		"text": {}, "note": {Font: &excelize.Font{Color: "666666"}}, "title": {Font: &excelize.Font{Bold: true, Size: 16}},
		"head":   {Font: &excelize.Font{Bold: true}, Border: []excelize.Border{{Type: "bottom", Color: "999999", Style: 1}}},
		"number": {NumFmt: 4}, "percent": {NumFmt: 10}, "money": {CustomNumFmt: &money}, "total": {CustomNumFmt: &money, Font: &excelize.Font{Bold: true}},
		"in_number":  {NumFmt: 4, Font: &excelize.Font{Color: "0000FF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF9E5"}}},
		"in_percent": {NumFmt: 10, Font: &excelize.Font{Color: "0000FF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF9E5"}}},
	} {
		id, err := b.book.NewStyle(s)
		if err != nil {
			panic("workbook: " + err.Error()) // our own styles
		}
		b.style[name] = id
	}
}

// general adds what every case has: rates, tax, the calendar, the roll-out.
func (b *builder) general() {
	f := b.m.File
	b.inputs.add(b.v("title", b.t("title.inputs", nil)))
	b.inputs.add(b.v("note", b.t("inputs.how", nil)))
	b.inputs.add()
	var heads []any
	for _, k := range []string{"label", "name", "low", "middle", "high", "chosen", "unit", "value", "source", "grade", "note"} {
		heads = append(heads, b.v("head", b.t("column."+k, nil)))
	}
	b.inputs.add(heads...)
	for _, x := range []struct {
		name  string
		v     float64
		style string
	}{{"discount_rate", f.Discount, "percent"}, {"finance_rate", f.FinanceRate, "percent"}, {"reinvest_rate", f.ReinvestRate, "percent"},
		{"hours_per_month", 730.485, "number"}, {"days_per_month", 30.436875, "number"}, {"imitation", model.Imitation, "number"}, {"horizon", float64(f.Horizon), "number"}} {
		b.fixed(x.name, b.t("input."+x.name, nil), x.v, x.style)
	}
	if f.Tax != nil {
		b.fixed("tax_rate", b.t("input.tax_rate", nil), f.Tax.Rate, "percent")
		b.fixed("depreciation_months", b.t("input.depreciation_months", nil), float64(f.Tax.DepreciationMonths), "number")
	}
	for i, w := range f.Rollout {
		b.fixed(fmt.Sprintf("rollout_%d_month", i+1), b.t("input.rollout_month", diag.Args{"n": i + 1}), float64(w.Month), "number")
		b.fixed(fmt.Sprintf("rollout_%d_share", i+1), b.t("input.rollout_share", diag.Args{"n": i + 1}), w.Share, "percent")
	}
	b.months = &row{b.factors, head}
	b.years = b.row("years", b.t("years", nil), "", func(at place, _ *row) expr {
		return plain("MAX(0,INT((" + b.months.at(at).s + "-1)/12))")
	})
	for _, q := range b.m.Quantities {
		if !b.monthly(q) && !b.says(q) {
			b.constant(q)
		}
	}
}

// rows adds the timing and the flow of every line.
func (b *builder) rows() {
	for _, l := range b.m.Lines {
		if l.Amount == nil && l.Chain == nil {
			continue // a table says itself when
		}
		counts := make([]int, b.h+1)
		if len(l.Months) > 0 && l.Chain == nil {
			for _, m := range l.Months {
				if m <= b.h {
					counts[m]++
				}
			}
		} else {
			from, to := b.m.Window(l)
			for m := max(0, from); m <= min(to, b.h); m++ {
				counts[m] = 1
			}
		}
		cells := []any{b.v("text", b.lineLabel(l)), nil, nil, nil, nil}
		for _, n := range counts {
			cells = append(cells, b.v("in_number", n))
		}
		b.on[l] = &row{b.timing, b.timing.add(cells...)}
	}
	for _, l := range b.m.Lines {
		b.current = l
		cells := []any{b.v("text", b.lineLabel(l)), b.v("note", b.l.Term(l.Kind)), nil, nil, b.f("total", fmt.Sprintf("SUM(%s%d:%s%d)", column(first), len(b.lines.rows)+1, column(first+b.h), len(b.lines.rows)+1))}
		for m := 0; m <= b.h; m++ {
			cells = append(cells, b.f("money", b.flow(l, place{b.lines, m, l}).s))
		}
		b.lines.add(cells...)
	}
}

// paid is what a line pays in a month before tax; payments alone leaves out what flows.
func (b *builder) paid(l *model.Line, at place, payments bool) expr {
	scale := plain("1")
	if l.Escalates != nil {
		scale = b.escalation(b.quantity(l.Escalates, at), at)
	}
	if l.Risk != nil && l.Chain == nil {
		risk := plus(plain("1"), b.quantity(l.Risk, at))
		if l.Benefit {
			risk = minus(plain("1"), b.quantity(l.Risk, at))
		}
		scale = times(scale, risk)
	}
	switch {
	case l.Chain != nil:
		return times(times(b.on[l].at(at), b.share(l).at(at)), scale)
	case l.Amount == nil:
		switch year := (at.month + 11) / 12; {
		case at.month == 0 && l.Initial != nil:
			return times(b.quantity(l.Initial, at), scale)
		case at.month > 0 && year <= len(l.Yearly) && !payments:
			return times(over(b.quantity(l.Yearly[year-1], at), plain("12")), scale)
		}
		return plain("0")
	}
	amount := plain("")
	if b.monthly(l.Amount) {
		amount = b.expr(l.Amount, l.Amount.Expr, at)
	} else {
		amount = plain(b.constant(l.Amount))
	}
	if l.Realisation != nil && !l.Explicit() {
		amount = times(amount, b.realisedBy(l).at(at))
	}
	amount = times(times(amount, scale), b.on[l].at(at))
	return call("IF", b.on[l].at(at).s+"=0", "0", amount.s)
}

// flow is what a line brings or costs in a month, after tax.
func (b *builder) flow(l *model.Line, at place) expr {
	if b.m.File.Tax == nil {
		return b.paid(l, at, false)
	}
	rest := minus(plain("1"), plain("tax_rate"))
	if !l.Capital || l.Chain != nil || l.Amount != nil && len(l.Months) == 0 {
		return times(b.paid(l, at, false), rest)
	}
	pay := b.row("payments "+l.ID, b.t("payments", diag.Args{"line": b.lineLabel(l)}), "", func(at place, _ *row) expr { return b.paid(l, at, true) })
	begin := b.row("written off from", b.t("written_off", nil), "", func(at place, _ *row) expr { return call("MAX", "1", b.months.at(at).s) })
	month := b.months.at(at).s
	part := fmt.Sprintf("SUMPRODUCT(%s*(%s>=%s)*(%s-%s<depreciation_months))/depreciation_months", pay.span(b.h), month, begin.span(b.h), month, begin.span(b.h))
	e := minus(pay.at(at), times(plain("tax_rate"), plain(part)))
	if l.Amount == nil && at.month > 0 {
		e = plus(e, times(b.paid(l, at, false), rest))
	}
	return e
}

// flows adds the cash flow and returns its net row.
func (b *builder) flows() *row {
	ends := 0
	for _, l := range b.m.Lines {
		if !l.Benefit {
			ends++
		}
	}
	add := func(key string, f func(m int, c string) string) *row {
		cells := []any{b.v("text", b.t("cash."+key, nil)), nil, nil, nil, nil}
		for m := 0; m <= b.h; m++ {
			cells = append(cells, b.f("money", f(m, column(first+m))))
		}
		return &row{b.cash, b.cash.add(cells...)}
	}
	sum := func(from, to int) func(int, string) string {
		return func(_ int, c string) string {
			if to < from {
				return "0"
			}
			return fmt.Sprintf("SUM(%s!%s%d:%s%d)", b.lines.name, c, from, c, to)
		}
	}
	add("benefits", sum(head+2+ends, head+1+len(b.m.Lines)))
	add("costs", sum(head+2, head+1+ends))
	net := add("net", func(_ int, c string) string { return c + "6-" + c + "7" })
	add("cumulative", func(m int, c string) string {
		if m == 0 {
			return c + "8"
		}
		return column(first+m-1) + "9+" + c + "8"
	})
	add("factor", func(_ int, c string) string {
		if b.m.File.Yearly {
			return "(1+discount_rate)^-ROUNDUP(" + c + "$4/12,0)"
		}
		return "(1+discount_rate)^(-" + c + "$4/12)"
	})
	add("discounted", func(_ int, c string) string { return c + "8*" + c + "10" })
	b.periods(net)
	return net
}

// periods adds the rows that break-even, funding and MIRR are read off: by month, or by year where the case counts so.
func (b *builder) periods(net *row) {
	last, length := b.h, "1"
	if b.m.File.Yearly {
		last, length = (b.h+11)/12, "12"
	}
	add := func(key string, f func(k int, c, before string) string) {
		cells := []any{b.v("text", b.t("period."+key, nil)), nil, nil, nil, nil}
		for k := 0; k <= last; k++ {
			cells = append(cells, b.f("money", f(k, column(first+k), column(first+k-1))))
		}
		b.cash.add(cells...)
	}
	b.last = last
	add("net", func(k int, c, _ string) string { // row 12
		if !b.m.File.Yearly {
			return c + "8"
		}
		return fmt.Sprintf("SUMPRODUCT((ROUNDUP($F$4:$%s$4/12,0)=%d)*$F$8:$%s$8)", column(first+b.h), k, column(first+b.h))
	})
	add("discounted", func(k int, c, _ string) string {
		return fmt.Sprintf("%s12*(1+discount_rate)^(-%d*%s/12)", c, k, length)
	}) // row 13
	for i, key := range []string{"cumulative", "cumulative_discounted"} {
		flow, cum, moved := 12+i, 14+3*i, 15+3*i
		sum := func(row int, x string) func(int, string, string) string {
			return func(k int, c, before string) string {
				own := fmt.Sprintf(x, c, flow)
				if k == 0 {
					return own
				}
				return fmt.Sprintf("%s%d+%s", before, row, own)
			}
		}
		add(key, sum(cum, "%s%d"))
		add("moved", sum(moved, "ABS(%s%d)"))
		add("crossing", func(k int, c, before string) string {
			if k == 0 {
				return `""`
			}
			// Within 10⁻¹² of all money moved a cumulative counts as zero.
			return fmt.Sprintf(`IF(AND(%[2]s%[3]d<-1E-12*%[2]s%[4]d,%[1]s%[3]d>=-1E-12*%[1]s%[4]d),%[5]d-%[2]s%[3]d/(MAX(%[1]s%[3]d,0)-%[2]s%[3]d),"")`, c, before, cum, moved, k-1)
		})
	}
}

// timeFigures are the key figures read off the periods; the dash says that a figure does not exist.
func (b *builder) timeFigures() [][3]string {
	span := func(n int) string { return (&row{b.cash, n}).span(b.last) }
	end := b.cash.name + "!" + column(first+b.last)
	length := 1
	if b.m.File.Yearly {
		length = 12
	}
	months := func(f string) string {
		if length == 1 {
			return f
		}
		whole := b.h / 12 * 12
		// A last year that the horizon cuts short ends at the horizon.
		return fmt.Sprintf("MIN(12*(%s),%d)+MAX(0,12*(%s)-%d)*%d/12", f, whole, f, whole, b.h-whole)
	}
	crossing := func(n int) string { return months("MAX(" + span(n) + ")") }
	below := func(n int) string { return fmt.Sprintf("%s%d<-1E-12*%s%d", end, n, end, n+1) }
	t := fmt.Sprintf("(COLUMN(%s)-%d)*%d/12", span(12), first, length)
	years := fmt.Sprintf("(%d/12)", b.last*length)
	net := span(12)
	return [][3]string{
		{"break_even", "number", "IF(" + below(14) + `,"–",IF(COUNT(` + span(16) + ")=0,0," + crossing(16) + "))"},
		{"break_even_discounted", "number", "IF(" + below(17) + `,"–",IF(COUNT(` + span(19) + ")=0,0," + crossing(19) + "))"},
		{"first_crossing", "number", "IF(COUNT(" + span(16) + ")=0,IF(" + below(14) + `,"–",0),` + months("MIN("+span(16)+")") + ")"},
		{"peak", "money", "MIN(0,MIN(" + span(14) + "))"},
		{"peak_month", "number", "IF(MIN(" + span(14) + fmt.Sprintf(")<0,MIN(%d*(MATCH(MIN(", length) + span(14) + ")," + span(14) + fmt.Sprintf(",0)-1),%d),0)", b.h)},
		{"mirr", "percent", fmt.Sprintf(`IF(OR(MIN(%[1]s)>=0,MAX(%[1]s)<=0),"–",(SUMPRODUCT((%[1]s>0)*%[1]s*(1+reinvest_rate)^(%[3]s-%[2]s))/-SUMPRODUCT((%[1]s<0)*%[1]s*(1+finance_rate)^(-%[2]s)))^(1/%[3]s)-1)`, net, t, years)},
		{"irr", "percent", fmt.Sprintf(`IFERROR((1+IRR(%s,0.01))^(12/%d)-1,"–")`, net, length)},
	}
}

// figures writes the key figures as formulas on the summary.
func (b *builder) figures(net *row) {
	s := b.summary
	s.add(b.v("title", b.m.File.Case))
	s.add(b.v("note", b.m.File.Organisation))
	s.add()
	span := func(n int) string { return (&row{b.cash, n}).span(b.h) }
	pvB, pvC := "SUMPRODUCT("+span(6)+","+span(10)+")", "SUMPRODUCT("+span(7)+","+span(10)+")"
	ratio := func(x, y string) string { return "IF(" + y + ">0," + x + "/" + y + `,"–")` }
	last := fmt.Sprintf("%s!%s", b.cash.name, column(first+b.h))
	for _, x := range []struct{ key, style, f string }{
		{"npv", "total", pvB + "-" + pvC},
		{"roi", "percent", ratio("("+pvB+"-"+pvC+")", pvC)},
		{"roi_undiscounted", "percent", ratio("SUM("+net.span(b.h)+")", "SUM("+span(7)+")")},
		{"bcr", "number", ratio(pvB, pvC)},
		{"benefits_pv", "money", pvB}, {"costs_pv", "money", pvC}, {"tco", "money", "SUM(" + span(7) + ")"},
		{"waiting", "money", pvB + "-" + pvC + "-(1+discount_rate)^(-1/12)*(" + pvB + "-" + pvC + "-" + last + "11)"},
	} {
		s.add(b.v("text", b.t("figure."+x.key, nil)), b.f(x.style, x.f))
		b.define("result_"+x.key, s.name, "B", len(s.rows))
	}
	for _, x := range b.timeFigures() {
		s.add(b.v("text", b.t("figure."+x[0], nil)), b.f(x[1], x[2]))
		b.define("result_"+x[0], s.name, "B", len(s.rows))
	}
}

// charts draws the cumulative flow and the flow of every month beside the figures.
func (b *builder) charts() error {
	same := false // one colour for all months
	for i, c := range []struct {
		kind excelize.ChartType
		n    int
		key  string
	}{{excelize.Line, 9, "cumulative"}, {excelize.Col, 8, "net"}} {
		err := b.book.AddChart(b.summary.name, fmt.Sprintf("D%d", 4+18*i), &excelize.Chart{Type: c.kind,
			Series: []excelize.ChartSeries{{Name: fmt.Sprintf("%s!$A$%d", b.cash.name, c.n), Categories: (&row{b.cash, head}).span(b.h), Values: (&row{b.cash, c.n}).span(b.h),
				Marker: excelize.ChartMarker{Symbol: "none"}}},
			Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: b.t("cash."+c.key, nil)}}}, Legend: excelize.ChartLegend{Position: "none"}, VaryColors: &same,
			Dimension: excelize.ChartDimension{Width: 760, Height: 330}})
		if err != nil {
			return err
		}
	}
	return nil
}

// simulated writes what the draws say, as values.
func (b *builder) simulated() {
	s, r := b.values, b.a.Result
	s.add(b.v("title", b.t("title.values", nil)))
	s.add(b.v("note", b.t("values.note", diag.Args{"version": r.Version, "seed": fmt.Sprint(r.Seed), "draws": r.Draws})))
	s.add()
	s.add(nil, b.v("head", "P10"), b.v("head", "P50"), b.v("head", "P90"))
	cell := func(style string, v *float64) any {
		if v == nil {
			return b.v("text", locale.None)
		}
		return b.v(style, *v)
	}
	sim := r.Simulation
	s.add(b.v("text", b.t("figure.npv", nil)), cell("money", sim.NPV.P10), cell("money", sim.NPV.P50), cell("money", sim.NPV.P90))
	s.add(b.v("text", b.t("figure.roi", nil)), cell("percent", sim.ROI.P10), cell("percent", sim.ROI.P50), cell("percent", sim.ROI.P90))
	be := sim.BreakEven
	s.add(b.v("text", b.t("figure.break_even", nil)), cell("number", be.P10), cell("number", be.P50), cell("number", be.P90))
}

// write puts a sheet into the book.
func (b *builder) write(s *sheet, i int) error {
	landscape, paper := "landscape", 9 // A4
	if err := b.book.SetPageLayout(s.name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &paper}); err != nil {
		return err
	}
	if i < 2 {
		fit, wide, high := true, 1, 0
		if err := b.book.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
			return err
		}
		if err := b.book.SetPageLayout(s.name, &excelize.PageLayoutOptions{FitToWidth: &wide, FitToHeight: &high}); err != nil {
			return err
		}
	}
	w, err := b.book.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, 1, 44); err != nil {
		return err
	}
	if err := w.SetColWidth(2, cmp.Or(first+b.h, 2), 13); err != nil {
		return err
	}
	if i > 0 {
		if err := w.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: head, TopLeftCell: "B5", ActivePane: "bottomRight"}); err != nil {
			return err
		}
	}
	if s == b.summary {
		if err := b.charts(); err != nil {
			return err
		}
	}
	for n, cells := range s.rows {
		if err := w.SetRow(fmt.Sprintf("A%d", n+1), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}
