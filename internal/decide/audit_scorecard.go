package decide

import (
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
)

// points looks at the scorecard: points that nobody has given a reason for, and criteria that are to get worse.
func (a *auditor) points() {
	var silent []*model.Criterion
	for _, c := range a.Model.Criteria {
		if strings.TrimSpace(c.Why) == "" && c.Expected != c.Today {
			silent = append(silent, c)
		}
		if c.Expected < c.Today {
			a.found.Add(as(diag.Hint, diag.Warn("audit_points_fall", c.Place("expected"), diag.Args{"name": c.ID, "today": c.Today, "expected": c.Expected})))
		}
	}
	if len(silent) > 0 {
		a.found.Add(diag.Warn("audit_points_no_why", silent[0].At, diag.Args{"count": len(silent), "name": silent[0].ID}))
	}
}

// pointsTwice looks for criteria that repeat a benefit in money. Where the case says why the points are given, a reader
// can judge whether they count something else.
func (a *auditor) pointsTwice() {
	for _, c := range a.Model.Criteria {
		if c.Def == nil {
			continue
		}
		i := slices.IndexFunc(a.Model.Lines, func(l *model.Line) bool { return l.Benefit && repeats(c, l) })
		if i < 0 {
			continue
		}
		d := diag.Warn("audit_points_twice", c.At, diag.Args{"name": c.ID, "line": a.Model.Lines[i].ID})
		if strings.TrimSpace(c.Why) != "" {
			d.Severity = diag.Hint
		}
		a.found.Add(d)
	}
}

// repeats reports whether a benefit counts the value of a criterion: by its lever, or by what a line of one's own is
// called.
func repeats(c *model.Criterion, l *model.Line) bool {
	if l.Lever != "" {
		return slices.Contains(c.Def.Overlaps.Levers, l.Lever)
	}
	name := strings.Join(called(l), " ")
	return slices.ContainsFunc(c.Def.Overlaps.Words, func(w string) bool { return strings.Contains(name, w) })
}

// raisedPoints compares the scorecard with the sealed one: a gain that has grown since, by points or by
// weights, was not expected then.
func (a *auditor) raisedPoints(sealed *calc.Answer) {
	before, after := sealed.Scorecard, a.Scorecard
	if before != nil && after != nil && after.Gain > before.Gain+0.05 { // what is shown has one decimal
		a.found.Add(diag.Warn("audit_sealed_points", a.key("scorecard"), diag.Args{"before": before.Gain, "after": after.Gain}))
	}
}
