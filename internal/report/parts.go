package report

import (
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Effort says what a measurement takes; empty where nobody knows.
func Effort(m decide.Measure, r *result.Result, l *locale.Locale) string {
	if m.Days <= 0 {
		return ""
	}
	return (&explained{r: r, l: l}).effort(m)
}

// Doing is what a step of the levers is and the range of what it costs; empty where the catalogue knows no such step.
func Doing(s decide.Step, r *result.Result, l *locale.Locale) string {
	x := &explained{r: r, l: l}
	if s.Action == "" {
		return ""
	}
	if known, amount := x.span(s.CostRange, s.Hours); known {
		return l.Text("explain.levers.action", diag.Args{"action": s.Action, "cost": amount})
	}
	return s.Action
}

// CombinationText says which steps together reach a goal most cheaply; c may be nil.
func CombinationText(c *decide.Combination, r *result.Result, l *locale.Locale) string {
	x := &explained{r: r, l: l}
	if c == nil {
		return l.Text("explain.seek.no_combination", nil)
	}
	args := diag.Args{"steps": x.steps(c), "p": c.Probability, "mid": x.value(c.Hours.P50, "h")}
	key := "explain.seek.combination_hours"
	if c.Cost != nil {
		key, args["mid"] = "explain.seek.combination", x.money(*c.Cost)
	}
	_, args["range"] = x.span(c.CostRange, &c.Hours)
	return l.Text(key, args)
}
