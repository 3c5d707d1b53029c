package web

import (
	"html/template"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/guide"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report"
)

// trace opens a number down to what it is made of.
type trace struct {
	Title, Lead, Value, Range, Formula, Where, Source, Note string
	Grade                                                   tag
	Density                                                 template.HTML
	Inputs                                                  []item
	Evidence                                                []evidence
	Guide                                                   *guide.Page
	Talk                                                    *talk
	EditHref                                                string
}

type evidence struct {
	Text, Value, Source, Address string
	Grade                        tag
}

func (s *Site) trace(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	t, err := q.traceOf(d, q.FormValue("of"))
	if err != nil {
		return err
	}
	if t.Talk, err = q.talk(d, q.FormValue("of")); err != nil {
		return err
	}
	return q.parts("fragments", t, "trace")
}

func (q *request) traceOf(d *desk, of string) (trace, error) {
	gone := &app.Error{Code: app.NotFound, Key: "web.error.gone", Args: diag.Args{"path": of}}
	if d.answer == nil {
		return trace{}, gone
	}
	a, p := d.answer, d.place
	if id, ok := strings.CutPrefix(of, "result."); ok {
		i := slices.IndexFunc(report.Figures(a.Result, q.l), func(f report.Figure) bool { return f.ID == id })
		if i < 0 {
			return trace{}, gone
		}
		return q.traceFigure(d, report.Figures(a.Result, q.l)[i]), nil
	}
	if id, ok := strings.CutPrefix(of, "line."); ok {
		group, name, _ := strings.Cut(id, ".")
		for i, l := range a.Model.Lines {
			if l.ID == name && l.Benefit == (group == "benefits") {
				return q.traceLine(d, i), nil
			}
		}
		return trace{}, gone
	}
	m, ok := a.Model.Quantity(of)
	if !ok {
		return trace{}, gone
	}
	t := trace{Title: a.Label(m), Grade: gradeTag(m, q.l), Source: m.Source, Note: m.Note, Density: density(m, q.l)}
	written, _ := valueAt(d.text, of, p.Scenario)
	t.Formula = written
	if m.Default {
		t.Lead = q.t("web.trace.default", nil)
		t.Formula = ""
	} else if m.At.Known() {
		t.Where = q.t("web.where", diag.Args{"line": m.At.Line})
	}
	t.Value, t.Range = q.quantityText(m)
	for _, r := range m.Refs {
		t.Inputs = append(t.Inputs, q.inputItem(d, r))
	}
	slices.SortFunc(t.Inputs, func(a, b item) int { return strings.Compare(a.Label, b.Label) })
	// Where it goes, so that one can walk up as well as down.
	for i, l := range a.Model.Lines {
		if slices.Contains(l.Carries(), m) {
			t.Inputs = append(t.Inputs, item{Href: p.trace(lineID(l)), Label: q.t("web.trace.used", diag.Args{"label": a.Lines[i].Label})})
		}
	}
	if m.Line != nil {
		t.Evidence, _ = q.evidence(m.Line)
		if t.Lead == "" {
			t.Lead = q.leverHint(m.Line, of)
		}
	}
	if p.CanEdit && written != "" {
		t.EditHref = p.Base + "/edit" + p.query("path", of)
	}
	anchor, _, _ := strings.Cut(of, ".")
	t.Guide = q.guideFor(anchor)
	return t, nil
}

func lineID(l *model.Line) string {
	if l.Benefit {
		return "line.benefits." + l.ID
	}
	return "line.costs." + l.ID
}

// quantityText is the value of a quantity: its median and, where it is uncertain, its range.
func (q *request) quantityText(m *model.Quantity) (value, spread string) {
	scale := m.Unit.Scale
	if scale == 0 {
		scale = 1
	}
	unit := unitOf(m)
	if m.Dist != nil {
		at := func(p float64) string { return report.Value(m.Dist.Quantile(p)*m.Factor/scale, unit, q.l) }
		return at(0.5), q.t("web.trace.range", diag.Args{"low": at(0.1), "high": at(0.9)})
	}
	if v, ok := model.Number(m); ok {
		return report.Value(v/scale, unit, q.l), ""
	}
	return "", ""
}

func (q *request) inputItem(d *desk, m *model.Quantity) item {
	i := item{Label: d.answer.Label(m), Grade: gradeTag(m, q.l)}
	if _, known := d.answer.Model.Quantity(m.ID); known {
		i.Href = d.place.trace(m.ID)
	} else {
		i.Label = q.t("web.builtin."+m.ID, nil)
	}
	i.Value, i.Note = q.quantityText(m)
	return i
}

// traceFigure says how a key figure is defined and what it is made of.
func (q *request) traceFigure(d *desk, f report.Figure) trace {
	a := d.answer
	t := trace{Title: f.Label, Value: f.Value, Range: f.Note, Lead: q.t("web.define."+f.ID, nil), Formula: q.t("web.define."+f.ID+".formula", nil), Grade: gradeText(a.Grade, q.l)}
	money := func(v float64) string { return q.l.MoneyShort(v, a.Case.Currency) }
	for i, l := range a.Model.Lines {
		r := a.Lines[i]
		v := money(r.PV.P50)
		if !l.Benefit {
			v = money(-r.PV.P50)
		}
		t.Inputs = append(t.Inputs, item{Href: d.place.trace(lineID(l)), Label: r.Label, Value: v, Grade: gradeText(r.Grade, q.l), Note: q.l.Range(money(r.PV.P10), money(r.PV.P90))})
	}
	if f.ID == "roi" {
		for _, def := range a.Plan.Definitions {
			v := locale.None
			if def.Value != nil {
				v = q.l.Percent(*def.Value, 0)
				if def.ID == "roi_gross_per_euro" {
					v = q.l.Money(*def.Value, a.Case.Currency, 2)
				}
			}
			label := q.t("result."+def.ID, diag.Args{"symbol": q.l.Symbol(a.Case.Currency)})
			if def.Ours {
				label += " ←"
			}
			t.Inputs = append(t.Inputs, item{Label: label, Value: v})
		}
	}
	t.Note = strings.Join(report.PlanFigures(a.Result, q.l), ", ")
	t.Guide = q.guideFor("result." + f.ID)
	return t
}

// traceLine says how a line is computed.
func (q *request) traceLine(d *desk, i int) trace {
	a := d.answer
	l, r := a.Model.Lines[i], a.Lines[i]
	money := func(v float64) string { return q.l.MoneyShort(v, a.Case.Currency) }
	t := trace{Title: r.Label, Grade: gradeText(r.Grade, q.l), Value: money(r.PV.P50),
		Range: q.t("web.trace.line", diag.Args{"low": money(r.PV.P10), "high": money(r.PV.P90), "total": money(r.Plan)})}
	if l.At.Known() {
		t.Where = q.t("web.where", diag.Args{"line": l.At.Line})
	}
	lang := string(q.l.Lang())
	t.Formula, _ = d.text.Source(strings.TrimPrefix(lineID(l), "line."))
	if l.Benefit && l.Lever != "" {
		if lever, err := q.s.App.Engine.Catalogue().Lever(l.Lever); err == nil {
			t.Lead = lever.Text.In(lang)
			if lever.Formula != "" {
				t.Formula += "\n\n" + lever.ID + " = " + lever.Formula
			} else if lever.Effect != "" {
				t.Formula += "\n\n" + lever.Chain + " × (1 + " + lever.Effect + ")"
			}
			t.Note = lever.Why.In(lang)
		}
	}
	if !l.Benefit && l.Lever != "" {
		if c, err := q.s.App.Engine.Catalogue().Cost(l.Lever); err == nil {
			t.Lead, t.Note = c.Text.In(lang), c.Forgotten.In(lang)
			t.Formula += "\n\n" + c.ID + " = " + c.Formula
		}
	}
	if text := q.realisation2(l); text != "" {
		t.Note = strings.TrimSpace(text + ". " + t.Note)
	}
	for _, m := range l.Carries() {
		t.Inputs = append(t.Inputs, q.inputItem(d, m))
	}
	t.Evidence, _ = q.evidence(l)
	group := "costs."
	if l.Benefit {
		group = "benefits."
	}
	t.Guide = q.guideFor(group + l.Lever)
	if d.place.CanEdit {
		t.EditHref = d.place.Base + "/line" + d.place.query("path", strings.TrimPrefix(lineID(l), "line."))
	}
	return t
}

func (q *request) realisation2(l *model.Line) string {
	if l.Realisation == nil {
		return ""
	}
	return upper(q.realisation(l))
}

// evidence is what the catalogue knows about a line's lever or item.
func (q *request) evidence(l *model.Line) ([]evidence, bool) {
	var list []catalogue.Evidence
	cat, lang := q.s.App.Engine.Catalogue(), string(q.l.Lang())
	if l.Benefit {
		if lever, err := cat.Lever(l.Lever); err == nil {
			list = lever.Evidence
		}
	} else if c, err := cat.Cost(l.Lever); err == nil {
		list = c.Evidence
	}
	var all []evidence
	for _, e := range list {
		v := evidence{Text: e.What.In(lang), Value: e.Value, Grade: gradeText(e.Grade, q.l)}
		v.Source = strings.TrimSpace(e.Design.In(lang) + ". " + e.Source + " " + e.Caveat.In(lang))
		if at := strings.Index(e.Source, "https://"); at >= 0 {
			v.Address, _, _ = strings.Cut(e.Source[at:], " ")
		}
		all = append(all, v)
	}
	return all, len(all) > 0
}

// leverHint is what the catalogue says about one input of a line.
func (q *request) leverHint(l *model.Line, at string) string {
	name := at[strings.LastIndex(at, ".")+1:]
	cat, lang := q.s.App.Engine.Catalogue(), string(q.l.Lang())
	if l.Benefit {
		if lever, err := cat.Lever(l.Lever); err == nil {
			if in, ok := lever.Inputs.Get(name); ok {
				return in.Hint.In(lang)
			}
		}
	} else if c, err := cat.Cost(l.Lever); err == nil {
		if in, ok := c.Inputs.Get(name); ok {
			return in.Hint.In(lang)
		}
	}
	return ""
}

func (q *request) guideFor(anchor string) *guide.Page {
	for a := anchor; a != ""; {
		if p, ok := guide.For(string(q.l.Lang()), a); ok {
			return &p
		}
		i := strings.LastIndex(a, ".")
		if i < 0 {
			break
		}
		a = a[:i]
	}
	return nil
}

// density draws the distribution of a quantity small; empty where it has none.
func density(m *model.Quantity, l *locale.Locale) template.HTML {
	if m == nil || m.Dist == nil {
		return ""
	}
	if m.Dist.Quantile(0.01) == m.Dist.Quantile(0.99) {
		return ""
	}
	return densityChart(m, l)
}
