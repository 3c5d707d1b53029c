// Package workbook writes a case as an Excel workbook with live formulas: change an assumption, and every figure follows.
// Start with Write. Formulas are made of the model, and the values that stand beside them come of these formulas; figures
// of the simulation are values.
package workbook

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/result"
)

const (
	head  = 4 // row of the months
	dates = 5 // row of their names
	first = 6 // column of month 0
)

// variant is the case or one of its scenarios.
type variant struct {
	id, label string
	m         *model.Model
	result    *result.Result
}

type builder struct {
	c      *document.Content
	a      *calc.Answer
	l      *locale.Locale
	book   *excelize.File
	accent string
	styles map[string]int

	all   []variant // the case first; only those that one set of formulas can hold
	start int       // the one that the report is about
	k     int       // the one that formulas are being made for, and its model
	m     *model.Model
	h     int // the longest horizon

	taken   map[string]bool // names, in lower case
	defined map[string]area
	varies  map[*model.Quantity]bool
	known   map[string]*input
	entries []*input
	monthly map[string]*row
	sorted  []*row // of the sheet of factors
	on      map[string]*row
	lineup  []*position
	cashRow map[string]*row

	summary, figures, inputs, timing, factors, lines, cash, rates, scenarios, sensitivity, charts, values, method, changes *sheet

	last          int // period of the horizon
	months, years *row
	current       *model.Line
	problems      diag.List
}

// errTooLong says that a formula is longer than spreadsheets take.
var errTooLong = errors.New("workbook: formula too long")

// mostFormula is the length of a formula that Excel takes, in characters.
const mostFormula = 8192

func (b *builder) t(key string, args diag.Args) string { return b.l.Text("workbook."+key, args) }

// label is what a quantity is called; formulas of the catalogue are called as their line or chain.
func (b *builder) label(q *model.Quantity) string {
	label := b.a.Label(q)
	if label != q.ID {
		return label
	}
	for _, l := range b.m.Lines {
		if l.Amount == q || l.Effect == q {
			return b.lineLabel(l)
		}
	}
	for _, c := range b.m.Chains {
		if c.Base == q {
			return c.Def.Name.In(string(b.l.Lang()))
		}
	}
	return label
}

func (b *builder) lineLabel(l *model.Line) string { return b.a.LineLabel(l) }

func (b *builder) fail(q *model.Quantity) {
	line := q.ID
	if b.current != nil {
		line = b.current.ID
	}
	b.problems.Add(diag.New("workbook_formula", q.At, diag.Args{"line": line}))
}

// each runs f for the case and every scenario.
func (b *builder) each(f func()) {
	for k := range b.all {
		b.use(k)
		f()
	}
	b.use(b.start)
}

func (b *builder) use(k int) { b.k, b.m = k, b.all[k].m }

// choose makes one formula of those of the variants; empty is one that nothing asks for.
func (b *builder) choose(parts []string) string {
	same, one := true, ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if one == "" {
			one = p
		}
		same = same && p == one
	}
	if same {
		return one
	}
	all := []string{"scenario"}
	for _, p := range parts {
		if p == "" {
			p = "0"
		}
		all = append(all, p)
	}
	return call("CHOOSE", all...).s
}

// row is one row with a value for every month.
type row struct {
	sheet             *sheet
	n                 int
	label, note, look string
	make              []func(at place, self *row) expr // by variant
}

func (r *row) at(p place) expr {
	ref := fmt.Sprintf("%s$%d", column(first+p.month), r.n)
	if r.sheet != p.sheet {
		ref = r.sheet.name + "!" + ref
	}
	return plain(ref)
}

// span is the row from month 0 to the last.
func (r *row) span(h int) string {
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", r.sheet.name, column(first), r.n, column(first+h), r.n)
}

// row makes a row of the sheet of factors once; what it reads stands above it.
func (b *builder) row(key, look, label, note string, make func(at place, self *row) expr) *row {
	r := b.monthly[key]
	if r != nil && r.make[b.k] != nil {
		return r
	}
	if r == nil {
		r = &row{sheet: b.factors, label: label, note: note, look: look, make: newMakers(len(b.all))}
	} else {
		r.make[b.k] = make
	}
	for _, m := range []int{0, b.m.File.Horizon} { // asks for what the row reads
		make(place{sheet: b.factors, month: m}, r)
	}
	r.make[b.k] = make
	if r.n == 0 {
		r.n = dates + 1 + len(b.sorted)
		b.sorted = append(b.sorted, r)
		b.monthly[key] = r
	}
	return r
}

func newMakers(n int) []func(at place, self *row) expr {
	return make([]func(at place, self *row) expr, n)
}

// writeFactors writes the rows of the sheet of factors, and those that turn out to be needed on the way.
func (b *builder) writeFactors() {
	for i := 0; i < len(b.sorted); i++ {
		r := b.sorted[i]
		cells := []*cell{b.v("text", r.label), nil, nil, nil, b.v("note", r.note)}
		cells[4], cells[1] = nil, cells[4]
		for m := 0; m <= b.h; m++ {
			parts := make([]string, len(b.all))
			b.each(func() {
				switch {
				case r.make[b.k] == nil:
				case m > b.m.File.Horizon:
					parts[b.k] = "0"
				default:
					parts[b.k] = r.make[b.k](place{sheet: b.factors, month: m}, r).s
				}
			})
			cells = append(cells, b.f(r.look, b.choose(parts)))
		}
		b.factors.add(cells...)
	}
}

// heading begins a monthly sheet with its title and the months.
func (b *builder) heading(s *sheet, title string, columns ...string) {
	s.monthly, s.freeze = true, dates
	s.widths = []float64{44, 16, 9, 9, 13}
	s.add(b.v("title", title))
	s.add(b.v("note", b.m.File.Case))
	s.add()
	cells, names := []*cell{b.v("head", b.t("month", nil))}, []*cell{b.v("head", nil)}
	for i := range first - 2 {
		text := ""
		if i < len(columns) {
			text = columns[i]
		}
		cells, names = append(cells, b.v("head", text)), append(names, b.v("head", nil))
	}
	for m := 0; m <= b.h; m++ {
		c := b.f("head:whole", fmt.Sprintf("%s!%s$%d", b.factors.name, column(first+m), head))
		if s == b.factors {
			c = b.v("head:whole", m)
		}
		cells = append(cells, c)
		if b.m.File.Start != "" {
			names = append(names, b.f("head:date", fmt.Sprintf("EDATE(start,%s$%d)", column(first+m), head)))
		} else {
			names = append(names, b.v("head", nil))
		}
	}
	s.add(cells...)
	s.add(names...)
}

// Write writes the workbook of a report. Errors are diagnostics naming the line that has no form as a formula.
func Write(w io.Writer, c *document.Content, l *locale.Locale) error {
	err := build(w, c, l, variants(c))
	if errors.Is(err, errTooLong) && c.Comparison != nil {
		// The scenarios do not fit into one set of formulas: they are shown as values alone.
		err = build(w, c, l, []variant{{id: "base", m: c.Answer.Model, result: c.Answer.Result}})
	}
	if errors.Is(err, errTooLong) {
		return diag.List{diag.New("workbook_formula", diag.Position{File: c.Answer.Model.File.Name}, diag.Args{"line": c.Answer.Model.File.Case})}
	}
	return err
}

// variants are the case and the scenarios that the same sheets can hold: they count in the same periods from the same
// start, and in one currency.
func variants(c *document.Content) []variant {
	chosen := variant{id: "base", m: c.Answer.Model, result: c.Answer.Result}
	if c.Comparison == nil {
		return []variant{chosen}
	}
	var all []variant
	for i, id := range c.Comparison.IDs {
		m := c.Models[id]
		if id == c.Answer.Scenario || id == "base" && c.Answer.Scenario == "" {
			m = c.Answer.Model
		}
		if m == nil || m.File.Yearly != chosen.m.File.Yearly || m.File.Currency != chosen.m.File.Currency || m.File.Start != chosen.m.File.Start {
			continue
		}
		all = append(all, variant{id, c.Comparison.Labels[i], m, &c.Comparison.Scenarios[i]})
	}
	if !slices.ContainsFunc(all, func(v variant) bool { return v.m == chosen.m }) {
		return []variant{chosen}
	}
	return all
}

func build(w io.Writer, c *document.Content, l *locale.Locale, all []variant) (err error) {
	b := &builder{c: c, a: c.Answer, l: l, book: excelize.NewFile(), all: all, accent: strings.ToUpper(strings.TrimPrefix(c.Brand.Accent(), "#")),
		styles: map[string]int{}, taken: map[string]bool{}, defined: map[string]area{}, varies: map[*model.Quantity]bool{}, known: map[string]*input{},
		monthly: map[string]*row{}, on: map[string]*row{}, cashRow: map[string]*row{}}
	defer func() {
		if closed := b.book.Close(); err == nil {
			err = closed
		}
	}()
	for i := range all {
		if all[i].m == c.Answer.Model {
			b.start = i
		}
		if all[i].label == "" || all[i].id == "base" {
			all[i].label = b.t("base", nil)
		}
		b.h = max(b.h, all[i].m.File.Horizon)
	}
	b.use(b.start)
	sheets := b.sheets()
	b.generals()
	b.rows()
	b.flows()
	b.profile()
	b.keyFigures()
	b.assumptions()
	b.simulated()
	b.sideBySide()
	b.tornado()
	b.methods()
	b.log()
	b.pictures()
	b.overview(sheets)
	if b.problems.Err() != nil {
		return b.problems
	}
	e := &evaluator{sheets: map[string]*sheet{}, names: b.defined}
	for _, s := range sheets {
		e.sheets[s.name] = s
	}
	for _, s := range sheets {
		for r := range s.rows {
			for c, x := range s.rows[r] {
				if x != nil && len(x.formula) > mostFormula {
					return errTooLong
				}
				e.at(s, r+1, c+1)
			}
		}
	}
	for i, s := range sheets {
		if i == 0 {
			if err := b.book.SetSheetName("Sheet1", s.name); err != nil {
				return err
			}
		} else if _, err := b.book.NewSheet(s.name); err != nil {
			return err
		}
	}
	for _, s := range sheets {
		if err := b.write(s); err != nil {
			return err
		}
		if err := b.printing(s); err != nil {
			return err
		}
	}
	if err := b.selector(); err != nil {
		return err
	}
	full := true
	if err := b.book.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &full}); err != nil {
		return err
	}
	file := b.m.File
	if err := b.book.SetDocProps(&excelize.DocProperties{Title: clean(file.Case), Subject: clean(file.Organisation), Creator: clean(b.creator()), Language: string(l.Lang()), Version: c.Answer.Version}); err != nil {
		return err
	}
	return b.book.Write(w)
}

func (b *builder) creator() string {
	if b.c.Brand.Name != "" {
		return b.c.Brand.Name
	}
	return "Rendite"
}

// sheets makes the sheets in the order of the book, and keeps the names that the workbook uses itself.
func (b *builder) sheets() []*sheet {
	var all []*sheet
	for _, x := range []struct {
		s   **sheet
		key string
	}{{&b.summary, "summary"}, {&b.figures, "figures"}, {&b.inputs, "inputs"}, {&b.timing, "timing"}, {&b.factors, "factors"}, {&b.lines, "lines"}, {&b.cash, "cash"},
		{&b.rates, "rates"}, {&b.scenarios, "scenarios"}, {&b.sensitivity, "sensitivity"}, {&b.charts, "charts"}, {&b.values, "values"}, {&b.method, "method"}, {&b.changes, "changes"}} {
		*x.s = &sheet{key: x.key, name: b.t("sheet."+x.key, nil)}
		all = append(all, *x.s)
	}
	for _, name := range append([]string{"scenario", "irr_first", "irr_last", "irr_changes", "irr_norstrom", "irr_roots", "irr_found", "irr_near"}, spanNames...) {
		b.taken[name] = true
	}
	for _, f := range figureNames {
		b.taken["result_"+f] = true
	}
	b.heading(b.factors, b.t("title.factors", nil), b.t("column.how", nil))
	b.heading(b.timing, b.t("title.timing", nil), b.t("column.from", nil), b.t("column.to", nil))
	b.heading(b.lines, b.t("title.lines", nil), b.t("column.kind", nil), "", "", b.t("column.sum", nil))
	b.heading(b.cash, b.t("title.cash", nil), b.t("column.how", nil), "", "", b.t("column.sum", nil))
	return all
}
