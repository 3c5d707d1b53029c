package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/store"
)

type portfolioPage struct {
	frame
	First, CanCreate    bool
	Heading, Org, Query string
	OrgQuery            string
	Orgs                []orgLink
	Sum                 *sumView
	Statuses, Sorts     []choice
	Cases               []caseRow
	More                string
	Examples            []exampleLink
}

type orgLink struct {
	ID, Name string
	Current  bool
}

type caseRow struct {
	ID, Name, Organisation, ROI, ROIRange, NPV, NPVRange, BreakEven, BreakEvenRange, Changed string
	Status, Grade                                                                            tag
	Sealed                                                                                   *tag
}

type exampleLink struct{ Name, Title, Text string }

type sumView struct {
	Text    string
	Figures []report.Figure
	Chart   *chartView
}

func (s *Site) portfolio(q *request) error {
	org, err := s.App.Home(q.Context(), q.who, q.FormValue("org"))
	if err != nil {
		return err
	}
	f := app.Filter{Organisation: org, Search: q.FormValue("q"), Status: q.FormValue("status"), Sort: q.FormValue("sort"), Cursor: q.FormValue("after")}
	if f.Status == "archived" {
		f.Status, f.Archived = "", true
	}
	list, next, err := s.App.Cases(q.Context(), q.who, f)
	if err != nil {
		return err
	}
	p := portfolioPage{frame: q.frame(q.t("web.nav.cases", nil), ""), Org: org, OrgQuery: "?org=" + url.QueryEscape(org), Query: f.Search, Heading: q.t("web.nav.cases", nil),
		CanCreate: auth.Allowed(q.who.Actor, auth.CaseCreate, auth.Facts{Organisation: org}) == nil}
	if p.First = len(list) == 0 && f.Search == "" && f.Status == "" && f.Cursor == "" && !f.Archived; p.First {
		p.Width = "middle"
	}
	orgs, err := s.App.Organisations(q.Context(), q.who)
	if err != nil {
		return err
	}
	for _, o := range orgs {
		p.Orgs = append(p.Orgs, orgLink{o.ID, o.Name, o.ID == org})
		if o.ID == org {
			p.Heading = o.Name
		}
	}
	for _, st := range append([]store.Status{}, store.Statuses...) {
		p.Statuses = append(p.Statuses, choice{string(st), q.t("web.status."+string(st), nil), f.Status == string(st)})
	}
	p.Statuses = append(p.Statuses, choice{"archived", q.t("web.status.archived", nil), f.Archived})
	for _, k := range []string{"updated", "name", "roi", "npv", "break_even"} {
		p.Sorts = append(p.Sorts, choice{k, q.t("web.sort."+k, nil), f.Sort == k})
	}
	for _, c := range list {
		p.Cases = append(p.Cases, q.caseRow(c))
	}
	if next != "" {
		v := url.Values{"org": {org}, "after": {next}, "q": {f.Search}, "status": {q.FormValue("status")}, "sort": {f.Sort}}
		p.More = "/?" + v.Encode()
	}
	if !p.First && !q.fragment() && f.Cursor == "" && !f.Archived {
		if p.Sum, err = q.sum(org); err != nil {
			return err
		}
	}
	p.Examples = q.examples()
	q.page(http.StatusOK, "portfolio", p)
	return nil
}

func (q *request) caseRow(c app.Standing) caseRow {
	r := caseRow{ID: c.Case.ID, Name: c.Case.Name, Changed: q.l.Date(c.Case.Updated.Local()), Status: tag{Text: q.t("web.status."+string(c.Case.Status), nil)}}
	if c.Sealed {
		r.Sealed = &tag{Text: q.t("web.sealed", nil), Class: "good"}
	}
	if c.Pending {
		r.ROI = q.t("web.portfolio.pending", nil)
		return r
	}
	if c.Outcome == nil {
		r.ROI = q.t("web.portfolio.broken", nil)
		return r
	}
	res := c.Outcome.Result
	r.Organisation = res.Case.Organisation
	figures := report.Figures(res, q.l)
	r.ROI, r.ROIRange = figures[0].Value, figures[0].Note
	r.NPV, r.NPVRange = figures[1].Value, figures[1].Note
	r.BreakEven, r.BreakEvenRange = figures[2].Value, figures[2].Note
	r.Grade = gradeText(res.Grade, q.l)
	if res.Grade != "" {
		r.Grade.Text = res.Grade
	}
	return r
}

func (q *request) sum(org string) (*sumView, error) {
	sum, err := q.s.App.Portfolio(q.Context(), q.who, org)
	if code, ok := app.CodeOf(err); ok && code == app.Unavailable {
		return nil, nil // the list says which cases wait
	}
	if err != nil || sum == nil || sum.Cases < 2 {
		return nil, err
	}
	money := func(v float64) string { return q.l.MoneyShort(v, sum.Currency) }
	v := &sumView{Text: q.t("web.portfolio.sum.text", diag.Args{"count": sum.Cases})}
	if sum.Left > 0 {
		v.Text += " " + q.t("web.portfolio.sum.left", diag.Args{"count": sum.Left})
	}
	lowest := slices.Min(sum.Cumulative)
	v.Figures = []report.Figure{
		{Label: q.t("web.portfolio.sum.npv", nil), Value: money(sum.NPV[1]), Note: q.l.Range(money(sum.NPV[0]), money(sum.NPV[2])), Loss: sum.NPV[1] < 0},
		{Label: q.t("web.portfolio.sum.gain", nil), Value: q.l.Probability(1 - sum.Loss)},
		{Label: q.t("result.peak", nil), Value: money(min(0, lowest))},
	}
	r := &result.Result{Case: result.Case{Currency: sum.Currency, Start: sum.Start, HorizonMonths: len(sum.Net) - 1}}
	for i := range sum.Net {
		r.Timeline = append(r.Timeline, result.Month{Month: i, Benefits: sum.Benefits[i], Costs: sum.Costs[i], Net: sum.Net[i]})
	}
	v.Chart = drawn("flows", chart.Flows{Result: r}, wholeCard, q.l)
	return v, nil
}

// examples are the cases that come with the program, in the person's language first.
func (q *request) examples() []exampleLink {
	var all []exampleLink
	for _, name := range examples.Names() {
		all = append(all, exampleLink{Name: name, Title: q.t("web.example."+name, nil), Text: q.t("web.example."+name+".text", nil)})
	}
	return all
}

func (s *Site) example(q *request) error {
	name := q.PathValue("name")
	text, ok := examples.Read(name)
	if !ok {
		return &app.Error{Code: app.NotFound, Key: "web.error.not_found"}
	}
	id, err := s.App.Create(q.Context(), q.who, q.FormValue("org"), text, name, q.t("web.example.reason", nil))
	if err != nil {
		return err
	}
	return q.to("/cases/"+id, "", "")
}

func (s *Site) importCase(q *request) error {
	file, head, err := q.FormFile("file")
	if err != nil {
		return wrong("web.error.file", nil)
	}
	defer file.Close() //nolint:errcheck // only read
	text := make([]byte, head.Size)
	n := 0
	for n < len(text) {
		k, err := file.Read(text[n:])
		n += k
		if err != nil {
			break
		}
	}
	name := strings.TrimSuffix(strings.TrimSuffix(head.Filename, ".yml"), ".yaml")
	id, err := s.App.Create(q.Context(), q.who, q.FormValue("org"), text[:n], name, q.t("web.import.reason", diag.Args{"file": head.Filename}))
	if err != nil {
		return err
	}
	return q.to("/cases/"+id, "imported", "")
}
