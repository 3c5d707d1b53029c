package report

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// CompareAnswer is the sentence that says which alternative is better, and how surely: the one with the largest median gain of
// NPV, draw by draw, over the first.
func CompareAnswer(c *result.Comparison, l *locale.Locale) string {
	best, at := 0.0, -1
	for i, d := range c.Differences {
		if d.NPV.P50 != nil && *d.NPV.P50 > best {
			best, at = *d.NPV.P50, i
		}
	}
	base := scenarioName(c, 0, l)
	if at < 0 {
		return l.Text("compare.none_better", diag.Args{"base": base})
	}
	d := c.Differences[at]
	return l.Text("compare.better", diag.Args{"name": scenarioName(c, at+1, l), "base": base, "p": d.ProbabilityBetter,
		"npv": l.MoneyShort(best, c.Scenarios[0].Case.Currency)})
}

// scenarioName is what an alternative is called in a sentence.
func scenarioName(c *result.Comparison, i int, l *locale.Locale) string {
	r, name := &c.Scenarios[i], visible(c.Labels[i])
	switch {
	case r.Scenario == result.Nothing:
		return l.Text("compare.nothing", nil)
	case r.Scenario == "":
		name = l.Text("compare.base", nil)
	}
	if r.WaitMonths > 0 {
		return l.Text("compare.wait", diag.Args{"name": name, "months": r.WaitMonths})
	}
	return name
}

// columnName is the same in room columns, for the head of a column: what waits is told from what does not.
func columnName(c *result.Comparison, i, room int, l *locale.Locale) string {
	r := c.Scenarios[i]
	switch {
	case r.WaitMonths == 0:
		return cut(scenarioName(c, i, l), room, "…")
	case r.Scenario == c.Scenarios[0].Scenario:
		return cut("+"+l.Months(r.WaitMonths), room, "…")
	}
	later := " +" + l.Number(float64(r.WaitMonths), 0)
	name := visible(c.Labels[i])
	if r.Scenario == "" {
		name = l.Text("compare.base", nil)
	}
	return cut(name, room-locale.Width(later), "…") + later
}

// Compare writes scenarios side by side and the differences draw by draw. More scenarios than fit beside each other go
// into a further table.
func Compare(w io.Writer, c *result.Comparison, l *locale.Locale, opt Options) error {
	p := &page{width: opt.width(), colour: opt.Colour}
	p.prose(bold, CompareAnswer(c, l), 0)
	const first = 24
	rows := compareRows(c, l)
	type cell struct{ value, note string }
	cells := make([][]cell, len(rows))
	column := 18
	for r, f := range rows {
		for i := range c.Scenarios {
			value, note := f.figure(&c.Scenarios[i])
			cells[r] = append(cells[r], cell{value, note})
			column = max(column, locale.Width(value)+2, locale.Width(note)+2)
		}
	}
	each := max(1, (p.width-first)/column)
	for at := 0; at < len(c.Scenarios); at += each {
		p.gap()
		to := min(at+each, len(c.Scenarios))
		head := left("", first)
		for i := at; i < to; i++ {
			head += right(columnName(c, i, column-2, l), column)
		}
		p.add(p.paint(bold, head))
		for r, f := range rows {
			line, under := left(cut(f.label, first-1, "…"), first), left("", first)
			for i := at; i < to; i++ {
				line += right(cells[r][i].value, column)
				under += p.paint(dim, right(cells[r][i].note, column))
			}
			p.add(line)
			if slices.ContainsFunc(cells[r][at:to], func(c cell) bool { return c.note != "" }) {
				p.add(under)
			}
		}
	}
	for i := range c.Differences {
		p.gap()
		p.prose(bold, l.Text("compare.against", diag.Args{"name": scenarioName(c, i+1, l), "base": scenarioName(c, 0, l)}), 0)
		for _, s := range DifferenceTexts(c, i+1, l) {
			p.prose("", s, 0)
		}
	}
	if notes := newNotes(c); len(notes) > 0 {
		p.gap()
		p.add(p.paint(bold, l.Text("result.notes", nil)))
		for _, n := range notes[:min(len(notes), mostNotes)] {
			p.prose("", "• "+n, 2)
		}
		if n := len(notes) - mostNotes; n > 0 {
			p.prose(dim, l.Text("result.notes.more", diag.Args{"count": n}), 2)
		}
	}
	p.gap()
	p.prose(dim, l.Text("compare.footer", diag.Args{"draws": c.Scenarios[0].Draws, "seed": uintText(c.Scenarios[0].Seed), "version": c.Scenarios[0].Version}), 0)
	_, err := io.WriteString(w, strings.Join(p.lines, "\n")+"\n")
	return err
}

type compareRow struct {
	label  string
	figure func(r *result.Result) (value, note string)
}

func compareRows(c *result.Comparison, l *locale.Locale) []compareRow {
	money := func(r *result.Result) func(float64) string {
		return func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	}
	percent := func(v float64) string { return l.Percent(v, 0) }
	span := func(s result.Spread, format func(float64) string) string {
		if s.P10 == nil || s.P90 == nil {
			return ""
		}
		low, high := format(*s.P10), format(*s.P90)
		if low == high {
			return ""
		}
		return l.Range(low, high)
	}
	rows := []compareRow{
		{l.Text("compare.roi", nil), func(r *result.Result) (string, string) {
			return optional(r.Simulation.ROI.P50, r.Plan.ROI, percent), span(r.Simulation.ROI, percent)
		}},
		{l.Text("compare.npv", nil), func(r *result.Result) (string, string) {
			return optional(r.Simulation.NPV.P50, &r.Plan.NPV, money(r)), span(r.Simulation.NPV, money(r))
		}},
		{l.Text("result.break_even", nil), func(r *result.Result) (string, string) {
			if r.Scenario == result.Nothing {
				return locale.None, ""
			}
			be := r.Simulation.BreakEven
			note := ""
			switch {
			case be.P10 != nil && be.P90 != nil:
				note = l.Text("result.break_even_range", diag.Args{"low": Month(*be.P10), "high": Month(*be.P90)})
			case be.P10 != nil:
				note = l.Text("compare.from", diag.Args{"low": Month(*be.P10)})
			}
			if be.P50 == nil {
				return l.Text("compare.later", nil), note
			}
			return l.Month(Month(*be.P50)), note
		}},
		{l.Text("compare.never", nil), func(r *result.Result) (string, string) {
			if r.Scenario == result.Nothing {
				return locale.None, ""
			}
			return l.Probability(r.Simulation.BreakEven.NotWithinHorizon), ""
		}},
		{l.Text("result.peak", nil), func(r *result.Result) (string, string) {
			return optional(r.Simulation.PeakFunding.P50, &r.Plan.PeakFunding, money(r)), ""
		}},
		{l.Text("result.chance", nil), func(r *result.Result) (string, string) {
			if r.Scenario == result.Nothing {
				return locale.None, ""
			}
			return l.Probability(r.Simulation.ProbabilityROIPositive), ""
		}},
		{l.Text("result.grade", nil), func(r *result.Result) (string, string) { return cmp.Or(r.Grade, locale.None), "" }},
	}
	if HasScorecard(c) {
		rows = append(rows, compareRow{l.Text("compare.utility", nil), func(r *result.Result) (string, string) {
			f := Utility(r, l)
			return f.Value, f.Note
		}})
	}
	return rows
}

// HasScorecard reports whether one of the alternatives has a scorecard.
func HasScorecard(c *result.Comparison) bool {
	return slices.ContainsFunc(c.Scenarios, func(r result.Result) bool { return r.Scorecard != nil })
}

// Utility is the utility value of a result beside others: as expected, and beside it the range or today's.
func Utility(r *result.Result, l *locale.Locale) Figure {
	f := Figure{ID: "utility", Label: l.Text("compare.utility", nil), Value: locale.None}
	s := r.Scorecard
	if s == nil {
		return f
	}
	f.Value, f.Note = Points(s.Expected, l), l.Text("compare.utility_today", diag.Args{"today": Points(s.Today, l)})
	if s.Ranged() {
		f.Note = l.Range(Points(s.ExpectedLow, l), Points(s.ExpectedHigh, l))
	}
	return f
}

// DifferenceTexts says what changes between alternative i and the first one.
func DifferenceTexts(c *result.Comparison, i int, l *locale.Locale) []string {
	d, currency := c.Differences[i-1], c.Scenarios[0].Case.Currency
	signed := func(v float64) string {
		s := l.MoneyShort(v, currency)
		if v > 0 {
			s = "+" + s
		}
		return s
	}
	texts := []string{l.Text("compare.npv_difference", diag.Args{"mid": signed(*d.NPV.P50), "low": signed(*d.NPV.P10), "high": signed(*d.NPV.P90), "p": d.ProbabilityBetter})}
	nothing := c.Scenarios[0].Scenario == result.Nothing || c.Scenarios[i].Scenario == result.Nothing
	if b := d.BreakEvenMonths; b.P50 != nil {
		months := func(v float64) string {
			s := l.Number(v, 1)
			if v > 0.05 {
				s = "+" + s
			}
			return s
		}
		texts = append(texts, l.Text("compare.month_difference", diag.Args{"mid": months(*b.P50), "low": months(*b.P10), "high": months(*b.P90), "p": d.BothWithinHorizon, "earlier": d.ProbabilityEarlier}))
	} else if !nothing {
		texts = append(texts, l.Text("compare.month_unknown", nil))
	}
	if text := waiting(c, i, l); text != "" {
		texts = append(texts, text)
	}
	if d.Dominance == nil {
		texts = append(texts, l.Text("compare.dominance.none", nil))
		return append(texts, utilityDifference(c, i, l)...)
	}
	better := scenarioName(c, 0, l)
	if d.Dominance.Better == d.Scenario {
		better = scenarioName(c, i, l)
	}
	key := "compare.dominance.first"
	if d.Dominance.Order > 1 {
		key = "compare.dominance.second"
	}
	texts = append(texts, l.Text(key, diag.Args{"name": better}))
	return append(texts, utilityDifference(c, i, l)...)
}

// utilityDifference says how the utility value of alternative i differs from that of the first; nothing where it does not.
func utilityDifference(c *result.Comparison, i int, l *locale.Locale) []string {
	d := c.Differences[i-1].Utility
	if d == nil || math.Abs(*d) < 0.05 {
		return nil
	}
	return []string{l.Text("compare.utility_difference", diag.Args{"first": Points(c.Scenarios[0].Scorecard.Expected, l), "second": Points(c.Scenarios[i].Scorecard.Expected, l)})}
}

// waiting is the cost of waiting in a sentence, where alternative i is the first one put off; else empty.
func waiting(c *result.Comparison, i int, l *locale.Locale) string {
	first, late := &c.Scenarios[0], &c.Scenarios[i]
	wait := late.WaitMonths - first.WaitMonths
	if late.Scenario != first.Scenario || wait <= 0 {
		return ""
	}
	d := c.Differences[i-1].NPV
	key, cost := "compare.waiting.costs", -*d.P50
	if cost < 0 {
		key, cost = "compare.waiting.gains", -cost
	}
	return l.Text(key, diag.Args{"months": wait, "cost": l.MoneyShort(cost, first.Case.Currency)})
}

// newNotes joins the notes of all scenarios.
func newNotes(c *result.Comparison) []string {
	var all []string
	for _, s := range c.Scenarios {
		for _, n := range s.Notes {
			text := visible(n.Text)
			if n.At != "" {
				text += " (" + visible(n.At) + ")"
			}
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}
