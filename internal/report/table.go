package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// uintText writes a number that is an identifier and so is not grouped.
func uintText(v uint64) string { return strconv.FormatUint(v, 10) }

// barWidth is the width of the bars of the tables.
const barWidth = 8

// row is a row of the table of lines; low, high and grade are empty on sums.
type row struct {
	indent                         int
	label, mid, low, high, percent string
	share                          float64
	grade                          string
	code                           string // ANSI
}

// The kinds in the order in which they are shown; kinds apart is a rule of the house: freed time is no cash.
var kinds = []string{"cash", "avoided_cost", "margin", "freed_time", "internal_time"}

// table shows the lines of cost and benefit, the benefits apart by kind.
func (t *text) table() {
	if len(t.r.Lines) == 0 {
		return
	}
	largest := 0.0
	for _, group := range []string{"costs", "benefits"} {
		sum := 0.0
		for _, line := range t.r.Lines {
			if line.Group == group {
				sum += line.PV.P50
				largest = math.Max(largest, math.Max(math.Abs(line.PV.P10), math.Abs(line.PV.P90)))
			}
		}
		largest = math.Max(largest, math.Abs(sum))
	}
	unit := t.l.MoneyUnit(largest, t.r.Case.Currency)
	rows := append(t.group("costs", unit), t.group("benefits", unit)...)

	head := row{label: t.say("result.lines", diag.Args{"unit": unit.Label}), mid: t.say("result.median", nil),
		percent: t.say("result.share", nil), grade: t.say("result.grade", nil)}
	rangeHead := t.say("result.range80", nil)
	mid, low, high, percent := locale.Width(head.mid), 0, 0, locale.Width(head.percent)
	for _, r := range rows {
		mid, percent = max(mid, locale.Width(r.mid)), max(percent, locale.Width(r.percent))
		low, high = max(low, locale.Width(r.low)), max(high, locale.Width(r.high))
	}
	to := " " + t.say("common.to", nil) + " "
	span := max(low+locale.Width(to)+high, locale.Width(rangeHead))
	bar, grade := barWidth, locale.Width(head.grade)
	// Every column but the first two may go where the figures are long and the page is narrow: 0 leaves it out.
	const gap = 3
	room := func() int {
		n := t.width - 1 - mid
		for _, w := range []int{span, percent, grade} {
			if w > 0 {
				n -= gap + w
			}
		}
		if bar > 0 {
			n -= 2 + bar
		}
		return n
	}
	for _, column := range []struct {
		width *int
		least int // the room for labels below which the column goes
	}{{&bar, 24}, {&percent, 14}, {&span, 14}, {&grade, 14}} {
		if room() < column.least {
			*column.width = 0
		}
	}
	labels := max(8, room())
	cells := func(mid, between, percentText string) string {
		s := " " + mid
		if span > 0 {
			s += strings.Repeat(" ", gap) + right(between, span)
		}
		if percent > 0 {
			s += strings.Repeat(" ", gap) + right(percentText, percent)
		}
		return s
	}
	bars := func(share float64) string {
		if bar == 0 {
			return ""
		}
		s := t.term.Bar(share, bar)
		return "  " + t.paint(green, s) + left("", bar-locale.Width(s))
	}
	graded := func(s string) string {
		if grade == 0 {
			return ""
		}
		return strings.Repeat(" ", gap) + s
	}

	t.gap()
	t.add(t.paint(bold, left(cut(head.label, labels, "…"), labels)) +
		t.paint(dim, cells(right(head.mid, mid), rangeHead, head.percent)+bars(0)+graded(head.grade)))
	for n, r := range rows {
		if n > 0 && r.indent == 0 {
			t.gap()
		}
		for i, s := range label(r.label, labels-r.indent) {
			if i > 0 {
				t.add(strings.Repeat(" ", r.indent+2) + s)
				continue
			}
			between := ""
			if r.low != "" {
				between = right(r.low, low) + to + right(r.high, high)
			}
			line := strings.Repeat(" ", r.indent) + left(s, labels-r.indent) + cells(right(r.mid, mid), between, r.percent)
			if r.grade == "" {
				t.add(t.paint(r.code, strings.TrimRight(line, " ")))
			} else {
				t.add(line + bars(r.share) + graded(r.grade))
			}
		}
	}
	t.prose(dim, t.say("result.lines.footnote", nil), 0)
}

// group is a sum for the group, and below it the lines, under a sum for each kind where there are several.
func (t *text) group(group string, unit locale.MoneyUnit) []row {
	byKind := map[string][]result.Line{}
	var order []string
	for _, k := range kinds {
		byKind[k] = nil
	}
	n, sum := 0, 0.0
	for _, line := range t.r.Lines {
		if line.Group != group {
			continue
		}
		n++
		sum += line.PV.P50
		if _, known := byKind[line.Kind]; !known {
			order = append(order, line.Kind)
		}
		byKind[line.Kind] = append(byKind[line.Kind], line)
	}
	if n == 0 {
		return nil
	}
	order = append(append([]string{}, kinds...), order...)
	used := 0
	for _, k := range order {
		if len(byKind[k]) > 0 {
			used++
		}
	}
	rows := []row{{label: t.say("result."+group, nil), mid: unit.Number(sum), code: bold}}
	for _, k := range order {
		lines := byKind[k]
		if len(lines) == 0 {
			continue
		}
		indent := 2
		// Costs of one kind need no heading; benefits always say what they are.
		if used > 1 || group == "benefits" {
			share, sum := 0.0, 0.0
			for _, line := range lines {
				share, sum = share+line.Share, sum+line.PV.P50
			}
			title := k
			if key := "result.kind." + k; t.l.Has(key) {
				title = t.say(key, nil)
			}
			rows = append(rows, row{indent: 2, label: title, mid: unit.Number(sum), percent: t.l.Percent(share, 0), code: dim})
			indent = 4
		}
		for _, line := range lines {
			grade := line.Grade
			if grade == "" {
				grade = locale.None
			}
			rows = append(rows, row{indent: indent, label: name(line.Label, line.ID), mid: unit.Number(line.PV.P50),
				low: unit.Number(line.PV.P10), high: unit.Number(line.PV.P90), percent: t.l.Percent(line.Share, 0),
				share: line.Share, grade: grade})
		}
	}
	return rows
}

// trust shows the grade and the inputs that carry the result.
func (t *text) trust() {
	if t.r.Grade == "" && len(t.r.Carriers) == 0 {
		return
	}
	t.gap()
	title := t.say("result.trust.none", nil)
	if t.r.Grade != "" {
		title = t.say("result.trust", diag.Args{"grade": t.r.Grade, "word": gradeWord(t.r.Grade, true, t.l)})
	}
	t.add(t.paint(bold, title))
	if len(t.r.Carriers) == 0 {
		return
	}
	t.prose(dim, t.say("result.trust.explain", nil), 0)
	var percents, words []string
	for _, c := range t.r.Carriers {
		percents = append(percents, t.l.Probability(c.Share))
		words = append(words, c.Grade+" "+gradeWord(c.Grade, c.Stated, t.l))
	}
	p, w := widest(percents...), widest(words...)
	labels := t.width - 2 - 1 - p - 2 - barWidth - 2 - w
	longest := 0
	for _, c := range t.r.Carriers {
		longest = max(longest, locale.Width(visible(name(c.Label, c.ID))))
	}
	labels = min(labels, longest+2)
	for i, c := range t.r.Carriers {
		for j, s := range label(name(c.Label, c.ID), labels) {
			if j > 0 {
				t.add("    " + s)
				continue
			}
			bar := t.term.Bar(c.Share, barWidth)
			t.add("  " + left(s, labels) + " " + right(percents[i], p) + "  " + t.paint(green, bar) +
				left("", barWidth-locale.Width(bar)) + "  " + words[i])
		}
	}
}
