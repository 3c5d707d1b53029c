package quality

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

// mostFaults is how many measures the report shows; --json has all.
const mostFaults = 15

// shownMonths is how far back the course in the report goes.
const shownMonths = 12

// Text writes the report for a terminal; e may be nil.
func Text(w io.Writer, r *Report, e *Effect, l *locale.Locale, opt report.Options) error {
	t := writer{r: r, l: l}
	sections := []report.Section{t.summary(), t.factors(), t.teams(), t.course(), t.faults(), t.signs(), t.unchecked()}
	if e != nil {
		sections = append(sections, t.effect(e))
	}
	sections = append(sections, report.Section{Texts: []string{l.Text("quality.list", nil)}})
	return report.Sections(w, slices.DeleteFunc(sections, func(s report.Section) bool {
		return len(s.Texts)+len(s.Rows)+len(s.Notes) == 0
	}), opt)
}

type writer struct {
	r *Report
	l *locale.Locale
}

func (t writer) say(key string, args diag.Args) string { return t.l.Text(key, args) }

func (t writer) percent(v float64) string { return t.l.Percent(v, 1) }

func (t writer) between(i Interval) string {
	return t.l.Range(t.percent(i.Low), t.percent(i.High))
}

func (t writer) count(n int64) string { return t.l.Number(float64(n), 0) }

func (t writer) summary() report.Section {
	r := t.r
	day, _ := time.Parse(time.DateOnly, r.Date)
	s := report.Section{Heading: t.say("quality.heading", diag.Args{"source": r.Source, "date": t.l.Date(day)})}
	if r.Total != nil {
		s.Texts = append(s.Texts, t.say("quality.total", diag.Args{"score": t.percent(r.Total.Score), "low": t.percent(r.Total.Low), "high": t.percent(r.Total.High), "count": r.Counted}))
	}
	s.Texts = append(s.Texts, t.say("quality.counts", diag.Args{"records": r.Records, "faulty": r.Faulty, "faults": r.Faults}))
	return s
}

func (t writer) factor(f Factor) string { return t.say("quality.factor."+string(f), nil) }

func (t writer) factors() report.Section {
	s := report.Section{Heading: t.say("quality.factors", nil),
		Head: []string{"", t.say("quality.column.score", nil), t.say("quality.column.interval", nil), t.say("quality.column.checked", nil), t.say("quality.column.wrong", nil), t.say("quality.column.change", nil)}}
	for _, f := range t.r.Factors {
		row := []string{t.factor(f.Factor), "–", t.say("quality.reason."+cmp.Or(f.Reason, None), nil), "", "", ""}
		if f.Interval != nil {
			row = []string{row[0], t.percent(f.Score), t.between(*f.Interval), t.count(f.Checked), t.count(f.Wrong), "–"}
		}
		if c := f.Change; c != nil {
			row[5] = t.l.Signed(c.Difference, t.l.Number(100*c.Difference, 1))
			if c.Low <= 0 && c.High >= 0 {
				row[5] += " " + t.say("quality.unsure", nil)
			}
		}
		s.Rows = append(s.Rows, row)
	}
	s.Notes = append(s.Notes, t.say("quality.note.change", nil), t.say("quality.note.credibility", nil))
	if slices.ContainsFunc(t.r.Factors, func(f Score) bool { return f.Estimated }) {
		s.Notes = append(s.Notes, t.say("quality.note.estimated", nil))
	}
	if d := t.r.Driver; d != nil {
		d := widened(*d)
		s.Notes = append(s.Notes, t.say("quality.note.driver", diag.Args{"line": "data_quality: {plateau: " + percents(2, d.P10, d.P50, d.P90) + ", source: rendite quality " + t.r.Date + ", grade: A}"}))
	}
	return s
}

func (t writer) team(name string) string {
	if name == kpi.Merged {
		return t.say("quality.team.merged", diag.Args{"fewest": Fewest})
	}
	return name
}

func (t writer) teams() report.Section {
	var s report.Section
	if len(t.r.Teams) == 0 {
		return s
	}
	s.Heading, s.Head = t.say("quality.teams", nil), []string{""}
	var shown []Score
	for _, f := range t.r.Factors[:measured] {
		if len(f.Teams) > 0 {
			shown = append(shown, f)
			s.Head = append(s.Head, t.factor(f.Factor))
		}
	}
	for _, team := range t.r.Teams {
		row := []string{t.team(team)}
		told := false
		for _, f := range shown {
			cell := "–"
			if i := slices.IndexFunc(f.Teams, func(s TeamScore) bool { return s.Team == team }); i >= 0 {
				cell, told = t.percent(f.Teams[i].Score), true
			}
			row = append(row, cell)
		}
		if told {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

func (t writer) course() report.Section {
	s := report.Section{Heading: t.say("quality.course", nil), Head: []string{""}}
	var shown []Score
	months := map[string]bool{}
	for _, f := range t.r.Factors[:measured] {
		if len(f.Trend) > 1 {
			shown = append(shown, f)
			s.Head = append(s.Head, t.factor(f.Factor))
			for _, m := range f.Trend {
				months[m.Month] = true
			}
		}
	}
	order := sortedKeys(months)
	if len(order) < 2 {
		return report.Section{}
	}
	for _, month := range order[max(0, len(order)-shownMonths):] {
		row := []string{t.l.MonthShort(month, 0)}
		for _, f := range shown {
			cell := "–"
			if i := slices.IndexFunc(f.Trend, func(m MonthScore) bool { return m.Month == month }); i >= 0 {
				cell = t.percent(f.Trend[i].Score)
			}
			row = append(row, cell)
		}
		s.Rows = append(s.Rows, row)
	}
	s.Notes = []string{t.say("quality.note.course", nil)}
	return s
}

// Label is what a measure is called: the table, and what is wrong.
func (m Measure) Label(l *locale.Locale) string {
	return l.Text("quality.table."+m.Table, nil) + ": " + Fault(m.Kind, m.Field, m.Group, l)
}

// Fault says what is wrong with a record.
func Fault(kind, field, group string, l *locale.Locale) string {
	var names []string
	for _, f := range strings.Split(field, "|") {
		names = append(names, l.Text("quality.field."+f, nil))
	}
	text := l.Text("quality.kind."+kind, diag.Args{"field": l.Or(names)})
	if g := groupText(group, l); g != "" {
		text += " (" + g + ")"
	}
	return text
}

func groupText(group string, l *locale.Locale) string {
	if from, ok := strings.CutPrefix(group, "from_"); ok {
		return l.Text("quality.group.from", diag.Args{"percent": from})
	}
	if stage, ok := strings.CutPrefix(group, "stage_"); ok {
		return l.Text("quality.group.stage", diag.Args{"stage": stage})
	}
	if group == "" || group == "all" {
		return ""
	}
	if key := "quality.group." + group; l.Has(key) {
		return l.Text(key, nil)
	}
	return group
}

func (t writer) faults() report.Section {
	s := report.Section{Heading: t.say("quality.faults", nil),
		Head: []string{"", t.say("quality.column.wrong", nil), t.say("quality.column.checked", nil), t.say("quality.column.share", nil)}}
	list := slices.DeleteFunc(slices.Clone(t.r.Measures), func(m Measure) bool { return m.Wrong == 0 })
	slices.SortStableFunc(list, func(a, b Measure) int { return cmp.Compare(b.Wrong, a.Wrong) })
	for _, m := range list[:min(len(list), mostFaults)] {
		s.Rows = append(s.Rows, []string{m.Label(t.l), t.count(m.Wrong), t.count(m.Checked), t.percent(1 - m.Score)})
	}
	if n := len(list) - mostFaults; n > 0 {
		s.Notes = append(s.Notes, t.say("quality.more_faults", diag.Args{"count": n}))
	}
	if len(s.Rows) == 0 {
		s.Texts = []string{t.say("quality.no_faults", nil)}
	}
	return s
}

// SignText says what a sign found.
func SignText(s Sign, l *locale.Locale) string {
	name := l.Text("quality.sign."+s.ID, nil)
	if s.Reason != "" {
		return l.Text("quality.sign_open", diag.Args{"name": name, "reason": l.Text("quality.reason."+s.Reason, nil)})
	}
	statistic := l.Number(s.Statistic, 1)
	if s.Test == "poisson" {
		statistic = l.Number(s.Statistic, 0)
	}
	p := l.Text("quality.p", diag.Args{"p": l.Significant(s.P, 2)})
	if s.P < 0.0001 {
		p = l.Text("quality.p_small", nil)
	}
	return l.Text("quality.sign_result."+s.Test, diag.Args{"name": name, "observed": l.Percent(s.Observed, 1), "expected": l.Percent(s.Expected, 1), "n": s.N,
		"statistic": statistic, "p": p, "excess": l.Percent(s.Excess, 1)})
}

func (t writer) signs() report.Section {
	s := report.Section{Heading: t.say("quality.signs", nil)}
	var quiet, open []string
	for _, g := range t.r.Signs {
		switch {
		case g.Reason != "":
			open = append(open, SignText(g, t.l))
		case g.Raised:
			s.Notes = append(s.Notes, SignText(g, t.l)+" "+t.say("quality.sign."+g.ID+".null", nil)+" "+t.say("quality.sign."+g.ID+".limits", nil))
		default:
			quiet = append(quiet, t.say("quality.sign."+g.ID, nil))
		}
	}
	s.Texts = []string{t.say("quality.signs.meaning", nil)}
	if len(quiet) > 0 {
		s.Notes = append(s.Notes, t.say("quality.signs.quiet", diag.Args{"names": strings.Join(quiet, "; ")}))
	}
	s.Notes = append(s.Notes, open...)
	return s
}

func (t writer) unchecked() report.Section {
	s := report.Section{Heading: t.say("quality.unchecked", nil)}
	byTable := map[string][]string{}
	for _, m := range t.r.Measures {
		for _, name := range m.Lacks {
			key := "quality.field." + strings.TrimPrefix(name, "user.")
			if table, all := strings.CutSuffix(name, ".*"); all {
				key = "quality.table." + table
			}
			if text := t.say(key, nil); !slices.Contains(byTable[m.Table], text) {
				byTable[m.Table] = append(byTable[m.Table], text)
			}
		}
	}
	for _, table := range audited {
		if names := byTable[table]; len(names) > 0 {
			s.Notes = append(s.Notes, t.say("quality.table."+table, nil)+": "+strings.Join(names, ", "))
		}
	}
	if len(s.Notes) > 0 {
		s.Texts = []string{t.say("quality.unchecked.why", nil)}
	}
	return s
}

func (t writer) effect(e *Effect) report.Section {
	s := report.Section{Heading: t.say("quality.effect", diag.Args{"case": e.Case})}
	s.Texts = append(s.Texts, t.say("quality.effect.driver", diag.Args{"p10": t.percent(e.Measured.P10), "p50": t.percent(e.Measured.P50), "p90": t.percent(e.Measured.P90),
		"m10": t.percent(e.Mended.P10), "m50": t.percent(e.Mended.P50), "m90": t.percent(e.Mended.P90), "months": e.Months}))
	if !e.Acts {
		s.Texts = append(s.Texts, t.say("quality.effect.none", nil))
		return s
	}
	s.Head = []string{"", t.say("quality.column.npv", nil), t.say("quality.column.range80", nil), t.say("quality.column.break_even", nil)}
	money := func(v *float64) string { return t.l.MoneyShort(*v, e.Currency) }
	for _, o := range []struct {
		key string
		o   Outlook
	}{{"assumed", e.AsAssumed}, {"measured", e.AsMeasured}, {"mended", e.AsMended}} {
		row := []string{t.say("quality.effect."+o.key, nil), "–", "", t.say("quality.beyond", nil)}
		if n := o.o.NPV; n.P50 != nil {
			row[1], row[2] = money(n.P50), t.l.Range(money(n.P10), money(n.P90))
		}
		if m := o.o.BreakEvenMonths.P50; m != nil {
			row[3] = t.l.Number(*m, 1)
		}
		s.Rows = append(s.Rows, row)
	}
	for _, d := range []struct {
		key string
		d   Difference
	}{{"quality.effect.mending", e.Mending}, {"quality.effect.assuming", e.Assuming}} {
		if text := t.difference(d.key, d.d, e.Currency); text != "" {
			s.Notes = append(s.Notes, text)
		}
	}
	s.Notes = append(s.Notes, t.say("quality.effect.limits", nil))
	return s
}

func (t writer) difference(key string, d Difference, currency string) string {
	if d.NPV.P50 == nil {
		return ""
	}
	money := func(v *float64) string { return t.l.Signed(*v, t.l.MoneyShort(*v, currency)) }
	text := t.say(key, diag.Args{"mid": money(d.NPV.P50), "low": money(d.NPV.P10), "high": money(d.NPV.P90)})
	return text + " " + t.months(d.BreakEvenMonths, d.Both)
}

func (t writer) months(s result.Spread, both float64) string {
	if s.P50 == nil {
		return t.say("quality.effect.no_months", nil)
	}
	n := func(v *float64) string { return t.l.Signed(*v, t.l.Number(*v, 1)) }
	return t.say("quality.effect.months", diag.Args{"mid": n(s.P50), "low": n(s.P10), "high": n(s.P90), "both": both})
}
