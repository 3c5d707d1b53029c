package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/revision"
)

// scorecardPage is what a case brings beyond money: the criteria with their points, and the utility value beside the money.
type scorecardPage struct {
	casePage
	scoreView
	AddHref string
}

// scoreView is a scorecard as pages show it.
type scoreView struct {
	Answer   string // the utility value in a sentence
	Totals   []total
	Criteria []criterionView
	EditPost string
}

// total is a figure in the strip above the criteria.
type total struct{ Label, Value, Note string }

// criterionView is one criterion. Places on the scale are per cent, as texts with a dot.
type criterionView struct {
	ID, Path, Label, Text, Weight string
	Today, Expected               string
	TodayAt, LowAt, HighAt, Span  string
	Falls                         bool
	Why, Source, EditHref         string
	Grade                         tag
	Scale                         []anchorView
}

type anchorView struct{ Points, Text string }

func (s *Site) scorecard(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	q.page(http.StatusOK, "scorecard", q.scorecardPage(d))
	return nil
}

func (q *request) scorecardPage(d *desk) scorecardPage {
	p := scorecardPage{casePage: q.casePage(d, "scorecard", "middle"), AddHref: d.place.Base + "/add" + d.place.query("group", "scorecard")}
	if d.answer != nil && d.answer.Scorecard != nil {
		p.scoreView = scoreOf(d.answer.Result, d.place, q.l)
	}
	return p
}

// scoreOf makes the view of a result's scorecard, which there must be.
func scoreOf(r *result.Result, p place, l *locale.Locale) scoreView {
	s := r.Scorecard
	v := scoreView{Answer: report.ScorecardAnswer(s, l), EditPost: p.Base + "/edit" + p.query()}
	expected := total{l.Text("web.score.expected", nil), report.Points(s.Expected, l), l.Text("web.score.of", nil)}
	if s.Ranged() {
		expected.Note = l.Range(report.Points(s.ExpectedLow, l), report.Points(s.ExpectedHigh, l))
	}
	v.Totals = []total{{l.Text("web.score.today", nil), report.Points(s.Today, l), l.Text("web.score.of", nil)}, expected}
	for _, f := range report.Figures(r, l) {
		if f.ID == "npv" {
			v.Totals = append(v.Totals, total{f.Label, f.Value, l.Text("web.score.money", nil)})
		}
	}
	sum := 0.0
	for _, c := range s.Criteria {
		sum += c.Weight
	}
	at := func(points float64) string { return strconv.FormatFloat(10*points, 'f', -1, 64) }
	for _, c := range s.Criteria {
		k := criterionView{ID: c.ID, Path: "scorecard." + c.ID, Label: c.Label, Text: c.Text, Weight: l.Text("web.score.weight", diag.Args{"share": c.Share}),
			Today: report.Points(c.Today, l), Expected: report.ExpectedPoints(c, l), TodayAt: at(c.Today), LowAt: at(c.ExpectedLow), HighAt: at(c.ExpectedHigh),
			Span: at(c.ExpectedHigh - c.ExpectedLow), Falls: c.Expected < c.Today, Why: c.Why, Source: c.Source, Grade: gradeText(c.Grade, l)}
		if 100*c.Share != c.Weight {
			k.Weight = l.Text("web.score.weight_of", diag.Args{"share": c.Share, "weight": c.Weight, "sum": sum})
		}
		if p.CanEdit {
			k.EditHref = p.Base + "/criterion" + p.query("path", k.Path)
		}
		for _, a := range c.Scale {
			k.Scale = append(k.Scale, anchorView{report.Points(a.Points, l), a.Text})
		}
		v.Criteria = append(v.Criteria, k)
	}
	return v
}

// criterionDialog edits a criterion or adds one.
type criterionDialog struct {
	Title, Text, Post, Preview, Op, Path, Item string
	Own, InScenario, CanRemove                 bool
	Label, Weight, Today, Expected             string
	Why, Source                                string
	Grades                                     []choice
	Scale                                      []anchorView
	editPreview
}

// criterionFields are the keys of a criterion as the dialog writes them: numbers first, then texts.
var criterionFields = []string{"weight", "today", "expected", "label", "why", "source", "grade"}

func (s *Site) criterionDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	if d.text == nil {
		return unreadable(d)
	}
	at := q.FormValue("path")
	id, ok := strings.CutPrefix(at, "scorecard.")
	in := at
	if d.place.Scenario != "" {
		in = "scenarios." + d.place.Scenario + "." + at
	}
	if !ok || !d.text.Has(at) && !d.text.Has(in) {
		return &app.Error{Code: app.NotFound, Key: "web.error.gone", Args: diag.Args{"path": at}}
	}
	field := func(name string) string { v, _ := valueAt(d.text, at+"."+name, d.place.Scenario); return v }
	c := q.criterionForm(d, id)
	c.Op, c.Path, c.CanRemove = "criterion", at, in != at && d.text.Has(in)
	c.Label, c.Why, c.Source = field("label"), field("why"), field("source")
	if c.Label != "" {
		c.Title = c.Label
	}
	c.Weight, c.Today, c.Expected = q.typed(field("weight")), q.typed(field("today")), q.typed(field("expected"))
	c.Grades = q.grades(field("grade"))
	return q.parts("fragments", c, "criterion")
}

// criterionForm is the dialog with what the catalogue says of a criterion; one that it does not have is the case's own.
func (q *request) criterionForm(d *desk, id string) criterionDialog {
	lang := string(q.l.Lang())
	c := criterionDialog{Title: spoken(id), Post: d.place.Base + "/edit" + d.place.query(), Preview: d.place.Base + "/preview" + d.place.query(),
		Own: true, InScenario: d.place.Scenario != "", Grades: q.grades("")}
	if def, err := q.s.App.Engine.Catalogue().Criterion(id); id != "" && err == nil {
		c.Own, c.Title, c.Text = false, def.Name.In(lang), def.Text.In(lang)
		for _, a := range def.Scale {
			c.Scale = append(c.Scale, anchorView{report.Points(a.Points, q.l), a.Text.In(lang)})
		}
	}
	return c
}

// grades are the choices of a grade.
func (q *request) grades(now string) []choice {
	var all []choice
	for _, g := range []string{"", "A", "B", "C", "D"} {
		text := q.t("web.grade.open", nil)
		if g != "" {
			text = g + " – " + gradeText(g, q.l).Text
		}
		all = append(all, choice{g, text, g == now})
	}
	return all
}

// addCriterion lists the criteria of the catalogue that the case does not have, or asks for one.
func (q *request) addCriterion(d *desk) error {
	cat, lang := q.s.App.Engine.Catalogue(), string(q.l.Lang())
	here := func(item string) string {
		return d.place.Base + "/add" + d.place.query("group", "scorecard", "item", item)
	}
	if q.Form.Has("item") {
		name := q.FormValue("item")
		c := q.criterionForm(d, name)
		if name == "" {
			c.Title, c.Text = q.t("web.score.own", nil), q.t("web.score.own.hint", nil)
		}
		c.Op, c.Item = "add_criterion", name
		return q.parts("fragments", c, "criterion")
	}
	v := addDialog{Title: q.t("web.add.scorecard", nil), OwnHref: here("")}
	have := d.text.Keys("scorecard")
	for _, id := range cat.Criteria() {
		if c, err := cat.Criterion(id); err == nil && !slices.Contains(have, id) {
			v.Items = append(v.Items, addable{Name: c.Name.In(lang), Text: c.Text.In(lang), Href: here(id)})
		}
	}
	return q.parts("fragments", v, "addcriterion")
}

// points writes points as the file has them: a German writes 6,5.
func (q *request) points(s string) string {
	s = strings.TrimSpace(s)
	if q.l.Lang() == locale.German {
		s = strings.ReplaceAll(s, ",", ".")
	}
	return s
}

// setCriterion writes the fields of the dialog that differ from what holds now.
func (q *request) setCriterion(t *revision.Text, at, in string) (*revision.Text, error) {
	if !t.Has(at) && !t.Has(in) {
		return nil, wrong("web.error.gone", diag.Args{"path": at})
	}
	var err error
	for i, name := range criterionFields {
		if !q.PostForm.Has(name) {
			continue
		}
		next := strings.TrimSpace(q.FormValue(name))
		if i < 3 {
			next = q.points(next)
		}
		old, where := valueAt(t, at+"."+name, q.FormValue("scenario"))
		path := in + "." + name
		switch {
		case next == old, next == "" && (i < 3 || where != path): // nothing typed, or nothing to take out here
		case next == "":
			t, err = t.Remove(path)
		case i < 3:
			t, err = t.Set(path, next)
		default:
			t, err = t.SetText(path, next)
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// insertCriterion adds a criterion to the case itself; scenarios change it later.
func (q *request) insertCriterion(t *revision.Text) (*revision.Text, error) {
	key, label := q.FormValue("item"), strings.TrimSpace(q.FormValue("label"))
	if key == "" {
		if key = free(identifier(label), t.Keys("scorecard")); key == "" {
			return nil, wrong("web.error.name", nil)
		}
	}
	var fields []string
	for _, name := range criterionFields[:3] {
		v := q.points(q.FormValue(name))
		if v == "" {
			return nil, wrong("web.error.points", nil)
		}
		fields = append(fields, name+": "+flow(v))
	}
	t, err := t.Insert("scorecard", key, "{"+strings.Join(fields, ", ")+"}", "")
	for _, name := range criterionFields[3:] {
		if v := strings.TrimSpace(q.FormValue(name)); v != "" && err == nil {
			t, err = t.SetText("scorecard."+key+"."+name, v)
		}
	}
	return t, err
}

// removeCriterion takes a criterion out of the case and of every scenario, which could not change it any more.
func removeCriterion(t *revision.Text, at string) (*revision.Text, error) {
	var err error
	for _, s := range t.Scenarios() {
		if in := "scenarios." + s + "." + at; t.Has(in) {
			if t, err = t.Remove(in); err != nil {
				return nil, err
			}
		}
	}
	if !t.Has(at) {
		return t, nil
	}
	return t.Remove(at)
}

// utilityEffect tells how two scorecards differ in a line; empty where they do not.
func utilityEffect(before, after *result.Scorecard, l *locale.Locale) string {
	if before == nil || after == nil || report.Points(before.Expected, l) == report.Points(after.Expected, l) && report.Points(before.Today, l) == report.Points(after.Today, l) {
		return ""
	}
	if a, b := report.Points(before.Expected, l), report.Points(after.Expected, l); a != b {
		return l.Text("web.score.expected", nil) + ": " + a + " → " + b
	}
	return l.Text("web.score.today", nil) + ": " + report.Points(before.Today, l) + " → " + report.Points(after.Today, l)
}
