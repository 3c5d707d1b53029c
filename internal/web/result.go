package web

import (
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

// kpi is one key figure.
type kpi struct {
	report.Figure
	Href   string
	Long   bool   // too long to be set large
	Change string // against the sealed baseline or the saved revision
}

// headline is the answer and the key figures.
type headline struct {
	Answer    template.HTML
	Loss      bool
	Limit     string
	Figures   []kpi
	Problems  []problem
	Curve     *chartView
	CurveHint string
}

// month finds what the answer turns on: a number of months, else a chance.
var monthInAnswer = regexp.MustCompile(`\d+[\s\x{a0}]+(?:Monaten|Monate|Monat|months|month)|(?:month|Monat)[\s\x{a0}]+\d+|\d+[\s\x{a0}]?%`)

// marked sets off the month or the chance in the answer.
func marked(sentence string) template.HTML {
	at := monthInAnswer.FindStringIndex(sentence)
	if at == nil {
		return template.HTML(template.HTMLEscapeString(sentence)) // escaped
	}
	return template.HTML(template.HTMLEscapeString(sentence[:at[0]]) + "<mark>" + template.HTMLEscapeString(sentence[at[0]:at[1]]) + "</mark>" + // escaped
		template.HTMLEscapeString(sentence[at[1]:]))
}

// headlineOf shows a result. before is what it is compared with, nil for nothing; why holds the sentence of the explanation
// where one is known.
func headlineOf(a *calc.Answer, before *result.Result, sealed bool, p place, l *locale.Locale) headline {
	r := a.Result
	h := headline{Answer: marked(report.Answer(r, l)), Loss: r.Simulation.BreakEven.P50 == nil || r.Simulation.BreakEven.NotWithinHorizon > 0.5,
		Limit: report.Limit(r, l), CurveHint: l.Text("web.curve.hint", diag.Args{"draws": r.Draws})}
	var was []report.Figure
	if before != nil {
		was = report.Figures(before, l)
	}
	for i, f := range report.Figures(r, l) {
		k := kpi{Figure: f, Href: p.trace("result." + f.ID), Long: len([]rune(f.Value)) > 11}
		if was != nil && was[i].Value != f.Value {
			key := "web.change.from"
			if sealed {
				key = "web.change.sealed"
			}
			k.Change = l.Text(key, diag.Args{"value": was[i].Value})
		}
		h.Figures = append(h.Figures, k)
	}
	return h
}

// broken is the headline of a case that does not compute.
func broken(list diag.List, l *locale.Locale) headline {
	return headline{Answer: template.HTML(template.HTMLEscapeString(l.Text("web.broken", diag.Args{"count": len(errorsOf(list))}))), Loss: true, // escaped
		Problems: problemsOf(errorsOf(list), l)}
}

// problem is a diagnostic as a page shows it.
type problem struct {
	Class, Text, Hint, Where string
	Line, Column             int
	Source, Marker           string
}

func errorsOf(list diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
}

func problemsOf(list diag.List, l *locale.Locale) []problem {
	var all []problem
	for _, d := range list {
		p := problem{Text: l.Message(d), Hint: l.Hint(d)}
		if key := "web.hint." + d.Code; l.Has(key) { // the other one speaks of the command line
			p.Hint = l.Text(key, d.Args)
		}
		switch d.Severity {
		case diag.Error:
			p.Class = "error"
		case diag.Hint:
			p.Class = "hint"
		}
		if d.At.Known() {
			p.Line, p.Column = d.At.Line, d.At.Column
			p.Where = l.Text("web.where", diag.Args{"line": d.At.Line})
			p.Source, p.Marker = locale.Mark(d.At)
		}
		all = append(all, p)
	}
	return all
}

// item is an entry of a list with a value.
type item struct {
	Href, Label, Value, Text, Note string
	Tag, Grade                     tag
}

// step is a row of the table of steps.
type step struct{ Label, Doing, Note, From, NPV, Months, Cost, Shows string }

// why is what the explanation says.
type why struct {
	place
	Text                 string
	Guide                map[string]string
	Months, Money, NPV   *chartView
	Plan                 []item
	PlanHint, Nothing    string
	FailTitle, FailShare string
	Fails                []string
	Steps                []step
	Grade                tag
	Trust                string
	Carriers             []item
	Findings             []problem
	FindingCount         int
}

// value writes an assumption's value with its unit, to three digits.
func value(v float64, unit string, l *locale.Locale) string { return report.Value(v, unit, l) }

func whyOf(a *calc.Answer, x *decide.Explanation, findings diag.List, p place, l *locale.Locale) why {
	r := a.Result
	w := why{place: p, Text: x.Text, Guide: map[string]string{"Tornado": "reading-a-result", "Information": "reading-a-result", "Failure": "reading-a-result"}}
	w.Months, w.Money = tornadoCharts(x.Tornado, r, l)
	w.NPV = histogramChart(a, l)
	w.PlanHint, w.Plan, w.Nothing = planOf(x, r, p, l)
	w.FailTitle = l.Text("explain.failure.npv", nil)
	w.FailShare = l.Text("explain.failure.share", diag.Args{"share": x.Failure.Share})
	for _, b := range x.Failure.Boxes {
		w.Fails = append(w.Fails, b.Text)
	}
	if len(x.Failure.Boxes) == 0 && x.Failure.Share > 0 && x.Failure.Share < 1 {
		w.Fails = append(w.Fails, l.Text("explain.failure.none", nil))
	}
	w.Steps = stepsOf(x.Levers, r, l, 8)
	w.Grade = gradeText(r.Grade, l)
	w.Trust = l.Text("web.trust", nil)
	for _, c := range r.Carriers {
		w.Carriers = append(w.Carriers, item{Href: p.trace(c.ID), Label: c.Label, Value: l.Percent(c.Share, 0), Tag: gradeText(c.Grade, l)})
	}
	w.FindingCount = len(findings)
	w.Findings = problemsOf(findings[:min(len(findings), 3)], l)
	for i := range w.Findings {
		w.Findings[i].Source, w.Findings[i].Marker = "", ""
	}
	return w
}

// planOf is what to find out before deciding, and what is worth nothing to know.
func planOf(x *decide.Explanation, r *result.Result, p place, l *locale.Locale) (hint string, plan []item, nothing string) {
	money := func(v float64) string { return l.MoneyShort(v, r.Case.Currency) }
	hint = l.Text("explain.plan.note", diag.Args{"evpi": money(x.EVPI)})
	if len(x.Plan) == 0 {
		hint = l.Text("explain.plan.empty", nil)
	}
	for _, m := range x.Plan {
		plan = append(plan, item{Href: p.trace(m.ID), Label: m.Label, Value: l.Text("web.upto", diag.Args{"value": money(m.Worth)}),
			Text: strings.TrimSpace(m.Text + " " + report.Effort(m, r, l))})
	}
	var names []string
	for _, v := range x.EVPPI {
		if v.Nothing || v.Value <= 0 {
			names = append(names, quoted(v.Label, l))
		}
	}
	const most = 6
	if n := len(names) - most; n > 1 {
		names = append(names[:most], l.Text("explain.plan.more", diag.Args{"count": n}))
	}
	if len(names) > 0 {
		nothing = l.Text("explain.plan.nothing", diag.Args{"list": l.And(names)})
	}
	return hint, plan, nothing
}

func quoted(s string, l *locale.Locale) string {
	if l.Lang() == locale.German {
		return "„" + s + "“"
	}
	return "“" + s + "”"
}

// stepsOf are the steps worth most, the three factors always among them.
func stepsOf(steps []decide.Step, r *result.Result, l *locale.Locale, most int) []step {
	var out []step
	for _, s := range steps {
		factor := slices.Contains([]string{"adoption", "data_quality", "process"}, s.Kind)
		if len(out) >= most && !factor {
			continue
		}
		if !s.Modelled {
			out = append(out, step{Label: s.Label, Note: l.Text("explain.not_modelled", nil)})
			continue
		}
		row := step{Label: s.Label, From: value(s.From, s.Unit, l) + " → " + value(s.To, s.Unit, l), NPV: report.Signed(s.NPV, r.Case.Currency, l),
			Months: "–", Cost: "–", Shows: "–"}
		if s.Months != nil {
			row.Months = l.Number(*s.Months, 1)
		}
		switch {
		case s.Cost != nil:
			row.Cost = l.MoneyShort(*s.Cost, r.Case.Currency)
		case s.Hours != nil:
			row.Cost = value(s.Hours.P50, "h", l)
		}
		row.Doing = report.Doing(s, r, l)
		if s.Shows != nil {
			row.Shows = l.Month(*s.Shows)
		}
		out = append(out, row)
	}
	return out
}

// upper makes the first letter a capital.
func upper(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
