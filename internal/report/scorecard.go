package report

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// ScorecardAnswer is the scorecard in a sentence: the utility value today and as expected, and that it stands beside the
// money.
func ScorecardAnswer(s *result.Scorecard, l *locale.Locale) string {
	key := "result.scorecard.answer"
	switch {
	case math.Abs(s.Gain) < 0.05:
		key = "result.scorecard.answer.same"
	case s.Gain < 0:
		key = "result.scorecard.answer.worse"
	}
	expected := Points(s.Expected, l)
	if s.Ranged() {
		expected = l.Text("result.scorecard.ranged", diag.Args{"mid": expected, "low": Points(s.ExpectedLow, l), "high": Points(s.ExpectedHigh, l)})
	}
	text := sentences(l.Text(key, diag.Args{"today": Points(s.Today, l), "expected": expected}), l.Text("result.scorecard.apart", nil))
	if s.Ranged() {
		text = sentences(text, l.Text("result.scorecard.range", nil))
	}
	return text
}

// Points writes points or a utility value with one decimal where it needs one.
func Points(v float64, l *locale.Locale) string {
	v = math.Round(10*v) / 10
	if v == math.Trunc(v) {
		return l.Number(v+0, 0) // no negative zero
	}
	return l.Number(v, 1)
}

// ExpectedPoints are the expected points of a criterion, a low and a high where the case gives them.
func ExpectedPoints(c result.Criterion, l *locale.Locale) string {
	if c.ExpectedLow == c.ExpectedHigh {
		return Points(c.Expected, l)
	}
	return l.Range(Points(c.ExpectedLow, l), Points(c.ExpectedHigh, l))
}

// scorecard shows the criteria with weight and points, the utility value below them and what it is.
func (t *text) scorecard() {
	s := t.r.Scorecard
	if s == nil {
		return
	}
	rows := [][5]string{{t.say("result.scorecard", nil), t.say("result.scorecard.weight", nil), t.say("result.scorecard.today", nil),
		t.say("result.scorecard.expected", nil), t.say("result.grade", nil)}}
	for _, c := range s.Criteria {
		grade := c.Grade
		if grade == "" {
			grade = locale.None
		}
		rows = append(rows, [5]string{name(c.Label, c.ID), t.l.Percent(c.Share, 0), Points(c.Today, t.l), ExpectedPoints(c, t.l), grade})
	}
	expected := Points(s.Expected, t.l)
	rows = append(rows, [5]string{t.say("result.scorecard.total", nil), "", Points(s.Today, t.l), expected, ""})
	var width [5]int
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], locale.Width(cell))
		}
	}
	const gap = 3
	room := t.width
	for _, w := range width[1:] {
		room -= gap + w
	}
	labels := min(width[0], max(room, 8))
	t.gap()
	for i, r := range rows {
		cells := ""
		for k := 1; k < 4; k++ {
			cells += strings.Repeat(" ", gap) + right(r[k], width[k])
		}
		cells += strings.Repeat(" ", gap) + r[4]
		for n, line := range label(r[0], labels) {
			switch {
			case n > 0:
				t.add("  " + line)
			case i == 0:
				t.add(t.paint(bold, left(line, labels)) + t.paint(dim, cells))
			case i == len(rows)-1:
				t.add(t.paint(bold, strings.TrimRight(left(line, labels)+cells, " ")))
			default:
				t.add(left(line, labels) + cells)
			}
		}
	}
	t.prose(dim, ScorecardAnswer(s, t.l), 0)
}
