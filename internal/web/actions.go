package web

import (
	"net/http"
	"strconv"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
)

type actionsPage struct {
	casePage
	Steps              []step
	Plan               []item
	PlanHint, Nothing  string
	Month, Probability int
	Goal               *goal
	Intro              []report.Review
	Guide              string
}

type goal struct {
	Head, Needed string
	Rows         []goalRow
	Texts        []string
}

type goalRow struct{ Label, Now, Value string }

// actions is what one can do: steps, goals, what to find out, how to introduce it.
func (s *Site) actions(q *request) error {
	d, err := q.openDesk(0)
	if err != nil {
		return err
	}
	p := actionsPage{casePage: q.casePage(d, "actions", "middle"), Guide: "introduction", Probability: 80}
	if d.answer == nil {
		q.page(http.StatusOK, "actions", p)
		return nil
	}
	x, err := s.App.Engine.Explain(q.Context(), d.Open.Text, d.place.Scenario, q.l)
	if err != nil {
		return err
	}
	r := d.answer.Result
	p.Steps = stepsOf(x.Levers, r, q.l, 40)
	p.PlanHint, p.Plan, p.Nothing = planOf(x, r, d.place, q.l)
	p.Month = r.Case.HorizonMonths * 2 / 3
	if m, err := strconv.Atoi(q.FormValue("month")); err == nil && m >= 1 && m <= 600 {
		p.Month = m
		if v, err := strconv.Atoi(q.FormValue("p")); err == nil && v >= 1 && v <= 99 {
			p.Probability = v
		}
		if p.Goal, err = q.goal(d, p.Month, p.Probability); err != nil {
			return err
		}
	}
	p.Intro = report.Introduction(d.answer.Model, q.l)
	q.page(http.StatusOK, "actions", p)
	return nil
}

func (q *request) goal(d *desk, month, probability int) (*goal, error) {
	m := float64(month)
	g, err := q.s.App.Engine.Seek(q.Context(), d.Open.Text, d.place.Scenario, decide.Target{BreakEvenMonth: &m, Probability: float64(probability) / 100}, q.l)
	if err != nil {
		return nil, err
	}
	v := &goal{Head: q.t("explain.seek.head.month", diag.Args{"p": g.Target.Probability, "now": g.Probability, "month": month})}
	kept := g.Probability >= g.Target.Probability
	v.Needed = q.t("web.seek.needed", nil)
	if kept {
		v.Needed = q.t("web.seek.limit", nil)
	}
	var not []string
	for _, n := range g.Single {
		if n.Value == nil {
			not = append(not, quoted(n.Label, q.l))
			continue
		}
		v.Rows = append(v.Rows, goalRow{n.Label, report.Value(n.Now, n.Unit, q.l), report.Value(*n.Value, n.Unit, q.l)})
	}
	if len(v.Rows) == 0 {
		v.Texts = append(v.Texts, q.t("explain.seek.none", nil))
	}
	if len(not) > 0 && !kept {
		v.Texts = append(v.Texts, q.t("web.seek.impossible", diag.Args{"list": q.l.And(not)}))
	}
	if !kept {
		v.Texts = append(v.Texts, report.CombinationText(g.Combination, d.answer.Result, q.l))
	}
	return v, nil
}

// talk is what was said at a place, and the form to say something.
type talk struct {
	CaseID, Anchor string
	CanComment     bool
	Comments       []commentView
}

type commentView struct {
	ID, Author, When, Text string
	Resolved               bool
}

func (q *request) talk(d *desk, anchor string) (*talk, error) {
	if !q.s.App.MayExport(q.who, d.Case) {
		return nil, nil // a visitor sees the numbers, not what was said about them
	}
	list, err := q.s.App.Comments(q.Context(), q.who, d.Case.ID, anchor)
	if err != nil {
		return nil, err
	}
	t := &talk{CaseID: d.Case.ID, Anchor: anchor, CanComment: q.casePage(d, "", "").CanComment}
	for _, c := range list {
		t.Comments = append(t.Comments, commentView{c.ID, c.AuthorName, q.when(c.At), c.Text, !c.ResolvedAt.IsZero()})
	}
	return t, nil
}

func (s *Site) comment(q *request) error {
	if _, err := s.App.Comment(q.Context(), q.who, q.PathValue("id"), q.FormValue("anchor"), q.FormValue("parent"), q.FormValue("text")); err != nil {
		return err
	}
	return q.talkAgain(q.FormValue("anchor"))
}

func (q *request) talkAgain(anchor string) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	t, err := q.talk(d, anchor)
	if err != nil {
		return err
	}
	return q.parts("fragments", t, "talk")
}

func (s *Site) resolveComment(q *request) error {
	list, err := s.App.Comments(q.Context(), q.who, q.PathValue("id"), "")
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.ID == q.PathValue("comment") {
			if err := s.App.ResolveComment(q.Context(), q.who, q.PathValue("id"), c.ID); err != nil {
				return err
			}
			return q.talkAgain(c.Anchor)
		}
	}
	return &app.Error{Code: app.NotFound, Key: "web.error.not_found"}
}

// sharing dialog.
type sharing struct {
	ID, Link string
	Shares   []shareView
}

type shareView struct {
	ID, Text string
	Live     bool
}

func (q *request) sharing(link string) error {
	id := q.PathValue("id")
	list, err := q.s.App.Shares(q.Context(), q.who, id)
	if err != nil {
		return err
	}
	v := sharing{ID: id, Link: link}
	for _, s := range list {
		live := s.Revoked.IsZero() && s.Expires.After(q.s.Now())
		key := "web.share.until"
		if !live {
			key = "web.share.ended"
		}
		v.Shares = append(v.Shares, shareView{s.ID, q.t(key, diag.Args{"made": q.when(s.Created), "until": q.when(s.Expires)}), live})
	}
	return q.parts("fragments", v, "share")
}

func (s *Site) shareDialog(q *request) error { return q.sharing("") }

func (s *Site) share(q *request) error {
	days, _ := strconv.Atoi(q.FormValue("days"))
	secret, err := s.App.Share(q.Context(), q.who, q.PathValue("id"), days)
	if err != nil {
		return err
	}
	return q.sharing(q.base() + "/s/" + secret)
}

func (s *Site) revokeShare(q *request) error {
	if err := s.App.RevokeShare(q.Context(), q.who, q.PathValue("id"), q.PathValue("share")); err != nil {
		return err
	}
	return q.sharing("")
}

// sharedPage is a case behind a link: read, not edited.
type sharedPage struct {
	assumptionsPage
	Note, WhyHref string
	Score         *scoreView
}

// visitor opens the case behind the secret in the path.
func (q *request) visitor(draws int) (*desk, error) {
	who, id, err := q.s.App.Visitor(q.Context(), q.PathValue("secret"))
	if err != nil {
		return nil, err
	}
	q.who = who
	o, err := q.s.App.Open(q.Context(), q.who, id, 0)
	if err != nil {
		return nil, err
	}
	d, err := q.deskOf(o, draws)
	if d != nil {
		d.place.Base, d.place.CanEdit = "/s/"+q.PathValue("secret"), false
	}
	return d, err
}

func (s *Site) shared(q *request) error {
	d, err := q.visitor(0)
	if err != nil {
		return err
	}
	p := sharedPage{assumptionsPage: q.assumptionsPage(d), Note: q.t("web.share.note", diag.Args{"organisation": d.Organisation}), WhyHref: d.place.Base + "/why" + d.place.query()}
	p.Tabs, p.Crumbs, p.Scenarios, p.CanEdit, p.CanShare, p.CanSeal = nil, []crumb{{"", d.Case.Name}}, nil, false, false, false
	if d.answer != nil {
		p.Curve = q.curve(d)
		if d.answer.Scorecard != nil {
			v := scoreOf(d.answer.Result, d.place, q.l)
			p.Score = &v
		}
	}
	q.ResponseWriter.Header().Set("Referrer-Policy", "no-referrer")
	q.ResponseWriter.Header().Set("X-Robots-Tag", "noindex")
	q.page(http.StatusOK, "shared", p)
	return nil
}

func (s *Site) sharedWhy(q *request) error {
	d, err := q.visitor(0)
	if err != nil {
		return err
	}
	return q.whyOf(d)
}

func (s *Site) sharedTrace(q *request) error {
	d, err := q.visitor(0)
	if err != nil {
		return err
	}
	t, err := q.traceOf(d, q.FormValue("of"))
	if err != nil {
		return err
	}
	return q.parts("fragments", t, "trace")
}
