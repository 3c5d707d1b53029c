package web

import (
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/revision"
)

// link is an entry of a row of links.
type link struct {
	Href, Label string
	Count       int
	Current     bool
}

// casePage is what every page of a case has.
type casePage struct {
	frame
	place
	headline
	Notice                        string // what is special about what is shown: an old version, an archived case
	Name                          string
	Tabs                          []link
	Scenarios                     []scenarioLink
	CanShare, CanSeal, CanComment bool
	Dirty, CanUndo, CanRedo       bool
	Archived, CanUnarchive        bool
	OOB                           bool
	Groups                        []group
	Utility, UtilityHref          string // the utility value beside the money, where the case has a scorecard
	Reports                       []link
}

type scenarioLink struct {
	ID, Href, Label, Changes string
	Current                  bool
}

// values are what a button sends beside its form. A name of the file may hold quotes, so it is no business of a template.
func values(op, path string) string {
	b, _ := json.Marshal(map[string]string{"op": op, "path": path}) // texts can always be written
	return string(b)
}

// Values is what a button sends to do something with the scenario.
func (s scenarioLink) Values(op string) string { return values(op, s.ID) }

// ScenarioQuery is the end of links to the same scenario.
func (p place) ScenarioQuery() template.URL { return template.URL(p.query()) } // encoded by url.Values

// desk is a case open before somebody, with its answer.
type desk struct {
	*app.Open
	text, saved *revision.Text
	answer      *calc.Answer // nil where the case does not compute
	problem     diag.List
	place       place
}

// openDesk opens the case of a request in the scenario and revision it names and computes it with so many draws.
func (q *request) openDesk(draws int) (*desk, error) {
	n, _ := strconv.Atoi(q.FormValue("revision"))
	o, err := q.s.App.Open(q.Context(), q.who, q.PathValue("id"), n)
	if err != nil {
		return nil, err
	}
	return q.deskOf(o, draws)
}

func (q *request) deskOf(o *app.Open, draws int) (*desk, error) {
	d := &desk{Open: o, place: place{ID: o.Case.ID, Scenario: q.FormValue("scenario"), Base: "/cases/" + o.Case.ID, CanEdit: o.CanEdit}}
	if o.Readonly {
		d.place.Revision = o.Revision
	}
	if d.place.Scenario == "base" {
		d.place.Scenario = ""
	}
	name := q.t("web.file_name", nil)
	var err error
	if d.text, err = q.s.App.Engine.Text(name, o.Text); err != nil {
		var list diag.List
		if list = listOf(err); list == nil {
			return nil, err
		}
		d.problem = list
		return d, nil
	}
	if o.Dirty {
		d.saved, _ = q.s.App.Engine.Text(name, o.Saved)
	}
	if d.place.Scenario != "" && !slices.Contains(d.text.Scenarios(), d.place.Scenario) {
		d.place.Scenario = ""
	}
	if draws < 0 {
		return d, nil
	}
	d.answer, err = q.s.App.Engine.Answer(q.Context(), o.Text, d.place.Scenario, draws, q.l)
	if list := listOf(err); list != nil {
		d.problem, err = list, nil
	}
	return d, err
}

// before is the result that the desk's is compared with: that of the sealed baseline, or of the saved revision where
// something was changed since.
func (q *request) before(d *desk) *result.Result {
	text := []byte(nil)
	switch {
	case d.Dirty:
		text = d.Saved
	case d.Seal != nil && int(d.Seal.Revision) != d.Revision:
		text = d.SealedText
	}
	if text == nil {
		return nil
	}
	a, err := q.s.App.Engine.Answer(q.Context(), text, d.place.Scenario, 0, q.l)
	if err != nil {
		return nil // the scenario is new, or the old text does not compute
	}
	return a.Result
}

func (q *request) casePage(d *desk, tab, width string) casePage {
	p := casePage{place: d.place, Name: d.Case.Name, Dirty: d.Dirty, CanUndo: d.CanUndo, CanRedo: d.CanRedo}
	for _, format := range []string{"pdf", "xlsx", "html"} { // the others are for programs, and in the API
		p.Reports = append(p.Reports, link{Href: "/cases/" + d.Case.ID + "/report/" + format + d.place.query(), Label: q.t("web.report."+format, nil)})
	}
	p.frame = q.frame(d.Case.Name, width)
	p.Crumbs = []crumb{{"/?org=" + d.Case.OrgID, d.Organisation}, {"", d.Case.Name}}
	facts := auth.Facts{Organisation: d.Case.OrgID, Case: d.Case.ID}
	may := func(op auth.Operation) bool { return auth.Allowed(q.who.Actor, op, facts) == nil }
	p.CanShare, p.CanSeal, p.CanComment = may(auth.ShareCreate), may(auth.CaseSeal), may(auth.CommentWrite)
	for _, t := range []string{"", "assumptions", "costs", "benefits", "scorecard", "scenarios", "actions", "audit", "history", "file"} {
		href, key := "/cases/"+d.Case.ID, t
		if t != "" {
			href += "/" + t
		} else {
			key = "result"
		}
		p.Tabs = append(p.Tabs, link{Href: href + d.place.query(), Label: q.t("web.tab."+key, nil), Current: t == tab})
	}
	p.Scenarios = q.scenarioLinks(d, tab)
	p.Archived = !d.Case.Archived.IsZero()
	p.CanUnarchive = p.Archived && may(auth.CaseDelete)
	switch {
	case p.Archived:
		p.Notice = q.t("web.notice.archived", nil)
	case d.Readonly:
		p.Notice = q.t("web.notice.revision", diag.Args{"n": d.Revision})
	}
	p.headline = q.headline(d)
	if d.answer != nil && d.answer.Scorecard != nil {
		p.Utility, p.UtilityHref = report.ScorecardAnswer(d.answer.Scorecard, q.l), d.place.Base+"/scorecard"+d.place.query()
	}
	return p
}

// headline is the answer, or what is in its way.
func (q *request) headline(d *desk) headline {
	switch {
	case d.answer != nil:
		return headlineOf(d.answer, q.before(d), !d.Dirty, d.place, q.l)
	case d.problem != nil:
		return broken(d.problem, q.l)
	}
	return headline{}
}

func (q *request) scenarioLinks(d *desk, tab string) []scenarioLink {
	if d.text == nil {
		return nil
	}
	href := "/cases/" + d.Case.ID
	if tab != "" {
		href += "/" + tab
	}
	at := func(id string) string { p := d.place; p.Scenario = id; return href + p.query() }
	all := []scenarioLink{{"", at(""), q.t("web.base", nil), "", d.place.Scenario == ""}}
	for _, id := range d.text.Scenarios() {
		label, _ := d.text.Value("scenarios." + id + ".label")
		if label == "" {
			label = spoken(id)
		}
		all = append(all, scenarioLink{id, at(id), label, "", d.place.Scenario == id})
	}
	return all
}

// sidebar fills the inputs of a page.
func (q *request) sidebar(p *casePage, d *desk) {
	if d.answer != nil {
		p.Groups = groups(d.answer, d.text, d.saved, d.place, q.l)
	}
}

func (s *Site) casePage(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	p := q.casePage(d, "", "")
	q.sidebar(&p, d)
	if d.answer != nil {
		p.Curve = q.curve(d)
	}
	q.page(http.StatusOK, "case", p)
	return nil
}

// curve draws the cumulative net benefit, with the sealed baseline or the saved revision behind it.
func (q *request) curve(d *desk) *chartView {
	before, label := q.behind(d)
	return cumulativeChart(d.answer.Result, before, label, q.l)
}

// behind is the result that the curve is drawn before, and what it is called; nil for none.
func (q *request) behind(d *desk) (before *result.Result, label string) {
	before = q.before(d)
	switch {
	case before == nil:
	case d.Dirty:
		label = q.t("web.curve.saved", nil)
	default:
		label = q.t("web.curve.sealed", nil)
	}
	return before, label
}

// why answers the second part of the workspace, which takes longer than the first.
func (s *Site) why(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	return q.whyOf(d)
}

func (q *request) whyOf(d *desk) error {
	if d.answer == nil {
		return q.parts("fragments", nil)
	}
	x, err := q.s.App.Engine.Explain(q.Context(), d.Text, d.place.Scenario, q.l)
	if err != nil {
		return err
	}
	findings, err := q.audit(d)
	if err != nil {
		return err
	}
	return q.parts("fragments", whyOf(d.answer, x, findings, d.place, q.l), "why")
}

// live answers a slider that is moving: a quick run of the case with the value put in, kept nowhere.
func (s *Site) live(q *request) error {
	o, err := s.App.Open(q.Context(), q.who, q.PathValue("id"), 0)
	if err != nil {
		return err
	}
	d, err := q.varied(o)
	if err != nil {
		return err
	}
	if d == nil {
		if d, err = q.edited(o); err != nil {
			return err
		}
	}
	p := movingPage{headline: q.headline(d), OOB: true}
	if d.answer != nil && q.tab() == "" {
		before, label := q.behind(d)
		m := movingCurve(d.answer.Result, before, label, q.FormValue("narrow") != "", q.l)
		p.Moving = &m
	}
	return q.parts("case", p, "headline", "moving")
}

// movingPage are the parts of the workspace that follow a slider.
type movingPage struct {
	headline
	Moving *moving
	OOB    bool
}

// varied is the desk with the range of the slider put in place in the computed case; nil where that takes a new reading.
func (q *request) varied(o *app.Open) (*desk, error) {
	var values [3]float64
	for i, name := range []string{"low", "middle", "high"} {
		v, err := strconv.ParseFloat(q.FormValue(name), 64)
		if err != nil {
			return nil, nil // no number: the reading says so better
		}
		values[i] = v
	}
	d, err := q.deskOf(o, -1)
	if err != nil || d.text == nil {
		return nil, err
	}
	a, ok, err := q.s.App.Engine.Vary(q.Context(), o.Text, d.place.Scenario, q.FormValue("path"), values, q.l)
	if listOf(err) != nil || err == nil && !ok {
		return nil, nil // a case that does not compute is told by the reading
	}
	copied := *o
	copied.Dirty = true
	d.Open, d.answer = &copied, a
	return d, err
}

// edited is the desk with the change made in the text, which is read and computed anew.
func (q *request) edited(o *app.Open) (*desk, error) {
	text, err := q.s.App.Engine.Text(q.t("web.file_name", nil), o.Text)
	if err != nil {
		return nil, err
	}
	edit, err := q.edit(o)
	if err != nil {
		return nil, err
	}
	if text, err = edit.apply(text); err != nil {
		return nil, err
	}
	copied := *o
	copied.Text, copied.Dirty = text.Bytes(), true
	d, err := q.deskOf(&copied, app.QuickDraws)
	if err != nil {
		return nil, err
	}
	if d.answer == nil && q.s.App.Engine.Check(o.Text, q.l).Err() == nil {
		return nil, &app.Error{Code: app.Invalid, Key: "web.error.value", Problems: d.problem}
	}
	return d, nil
}

// lines is a page of costs or benefits.
type linesPage struct {
	casePage
	Benefits                    bool
	Chart                       *chartView
	Kinds                       []kind
	AddHref, AddLabel, EditPost string
}

// kind is a group of lines of the same kind.
type kind struct {
	Title, Hint, Total string
	Lines              []lineView
}

type lineView struct {
	ID, Path, Label, Lever, Value, Formula, Realisation, Share string
	TraceHref, EditHref, RenameHref                            string
	Grade                                                      tag
}

// Values is what a button sends to do something with the line.
func (v lineView) Values(op string) string { return values(op, v.Path) }

func (s *Site) costs(q *request) error    { return q.linesPage(false) }
func (s *Site) benefits(q *request) error { return q.linesPage(true) }

func (q *request) linesPage(benefits bool) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	q.page(http.StatusOK, "lines", q.lines(d, benefits))
	return nil
}

func (q *request) lines(d *desk, benefits bool) linesPage {
	tab := "costs"
	if benefits {
		tab = "benefits"
	}
	p := linesPage{casePage: q.casePage(d, tab, ""), Benefits: benefits, EditPost: d.place.Base + "/edit" + d.place.query(),
		AddHref: d.place.Base + "/add" + d.place.query("group", tab), AddLabel: q.t("web.add."+tab, nil)}
	q.sidebar(&p.casePage, d)
	p.Groups = slices.DeleteFunc(p.Groups, func(g group) bool { return (g.ID == "costs") == benefits })
	if d.answer == nil {
		return p
	}
	a := d.answer
	p.Chart = q.linesChart(d, benefits)
	money := func(v float64) string { return q.l.MoneyShort(v, a.Case.Currency) }
	totals := map[string]float64{}
	var order []string
	views := map[string][]lineView{}
	for i, l := range a.Model.Lines {
		if l.Benefit != benefits {
			continue
		}
		r := a.Lines[i]
		if _, ok := views[r.Kind]; !ok {
			order = append(order, r.Kind)
		}
		totals[r.Kind] += r.PV.P50
		v := lineView{ID: l.ID, Path: tab + "." + l.ID, Label: r.Label, Value: money(r.PV.P50), Share: strconv.FormatFloat(max(0, min(100, r.Share*100)), 'f', 1, 64),
			TraceHref: d.place.trace("line." + tab + "." + l.ID), Grade: gradeText(r.Grade, q.l), Formula: q.l.Range(money(r.PV.P10), money(r.PV.P90))}
		v.EditHref, v.RenameHref = d.place.Base+"/line"+d.place.query("path", v.Path), d.place.Base+"/rename"+d.place.query("path", v.Path)
		if l.Lever != "" {
			if v.Lever = q.leverName(l); v.Lever == v.Label {
				v.Lever = ""
			}
		}
		if l.Realisation != nil {
			v.Realisation = q.realisation(l)
		}
		views[r.Kind] = append(views[r.Kind], v)
	}
	for _, k := range order {
		p.Kinds = append(p.Kinds, kind{Title: q.t("web.kind."+k, nil), Hint: q.t("web.kind."+k+".hint", nil), Total: money(totals[k]), Lines: views[k]})
	}
	return p
}

func (q *request) leverName(l *model.Line) string {
	lang := string(q.l.Lang())
	cat := q.s.App.Engine.Catalogue()
	if l.Benefit {
		if lever, err := cat.Lever(l.Lever); err == nil {
			return lever.Name.In(lang)
		}
	} else if item, err := cat.Cost(l.Lever); err == nil {
		return item.Name.In(lang)
	}
	return l.Lever
}

// realisation says which factors act on a line.
func (q *request) realisation(l *model.Line) string {
	var names []string
	for _, f := range []struct {
		name     string
		exponent float64
	}{{"adoption", l.Realisation.Adoption}, {"data_quality", l.Realisation.DataQuality}, {"process", l.Realisation.Process}} {
		switch f.exponent {
		case 0:
		case 1:
			names = append(names, q.t("web.group."+f.name, nil))
		default:
			names = append(names, q.t("web.group."+f.name, nil)+" ("+q.l.Number(f.exponent, 1)+")")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return q.t("web.realisation", diag.Args{"list": q.l.And(names)})
}

// assumptionsPage is the table of all inputs.
type assumptionsPage struct {
	casePage
	AddHref string
}

func (s *Site) assumptions(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	q.page(http.StatusOK, "assumptions", q.assumptionsPage(d))
	return nil
}

func (q *request) assumptionsPage(d *desk) assumptionsPage {
	p := assumptionsPage{casePage: q.casePage(d, "assumptions", "middle"), AddHref: d.place.Base + "/add" + d.place.query("group", "assumptions")}
	q.sidebar(&p.casePage, d)
	for i := range p.Groups {
		for k := range p.Groups[i].Rows {
			r := &p.Groups[i].Rows[k]
			r.Density = density(r.quantity, q.l)
		}
	}
	return p
}

// findings page.
type auditPage struct {
	casePage
	Lead            string
	Findings, Notes []problem
}

func (q *request) audit(d *desk) (diag.List, error) {
	return q.s.App.Audit(q.Context(), d.Open, d.place.Scenario, q.l)
}

func (s *Site) audit(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	p := auditPage{casePage: q.casePage(d, "audit", "middle")}
	if d.answer != nil {
		list, err := q.audit(d)
		if err != nil {
			return err
		}
		p.Findings = problemsOf(list, q.l)
		p.Notes = problemsOf(d.answer.Diagnostics, q.l)
		p.Lead = q.t("web.audit.text", nil)
		if len(list) > 0 {
			p.Lead = q.t("explain.audit.found", diag.Args{"count": len(list)}) + " " + p.Lead
		}
	} else {
		p.Findings = problemsOf(d.problem, q.l)
	}
	q.page(http.StatusOK, "audit", p)
	return nil
}

// scenarios page.
type scenariosPage struct {
	casePage
	Answer      string
	Columns     []scenarioLink
	Rows        []scenarioRow
	Chart       *chartView
	Differences []difference
	EditPost    string
}

type scenarioRow struct {
	Label string
	Cells []report.Figure
}

type difference struct {
	Title string
	Texts []string
}

func (s *Site) scenarios(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	p := scenariosPage{casePage: q.casePage(d, "scenarios", "middle"), EditPost: d.place.Base + "/edit" + d.place.query()}
	p.Columns = p.Scenarios
	if d.answer == nil {
		q.page(http.StatusOK, "scenarios", p)
		return nil
	}
	c, err := s.App.Engine.Compare(q.Context(), d.Text, q.l)
	if list := listOf(err); list != nil {
		p.Problems = problemsOf(list, q.l)
		err = nil
	}
	if err != nil {
		return err
	}
	p.Answer = q.t("web.scenarios.text", nil)
	if c != nil {
		for i := range c.Labels[1:] {
			c.Labels[i+1] = p.Columns[i+1].Label
		}
		if len(c.Scenarios) > 1 {
			p.Answer = report.CompareAnswer(c, q.l)
			p.Chart = cumulativeChart(&c.Scenarios[0], &c.Scenarios[1], c.Labels[1], q.l)
		}
		for i := range c.Scenarios {
			figures := report.Figures(&c.Scenarios[i], q.l)
			if report.HasScorecard(c) {
				figures = append(figures, report.Utility(&c.Scenarios[i], q.l))
			}
			for k, f := range figures {
				if i == 0 {
					p.Rows = append(p.Rows, scenarioRow{Label: f.Label})
				}
				p.Rows[k].Cells = append(p.Rows[k].Cells, f)
			}
		}
		for i := range c.Differences {
			p.Differences = append(p.Differences, difference{q.t("compare.against", diag.Args{"name": c.Labels[i+1], "base": q.t("compare.base", nil)}), report.DifferenceTexts(c, i+1, q.l)})
		}
	}
	for i := range p.Scenarios {
		if id := p.Scenarios[i].ID; id != "" {
			n := len(d.text.Keys("scenarios." + id))
			p.Scenarios[i].Changes = q.t("web.scenario.changes", diag.Args{"count": n})
		}
	}
	q.page(http.StatusOK, "scenarios", p)
	return nil
}
