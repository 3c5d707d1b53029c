package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	kpis "github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// figureForm chooses source, team and months.
type figureForm struct {
	Action         string
	Sources, Teams []choice
	First, Last    string
}

type figuresPage struct {
	dataPage
	figureForm
	Why, Reach, Missing string
	Groups              []figureGroup
}

type figureGroup struct {
	Title string
	Rows  []figureRow
}

type figureRow struct{ Href, Name, Month, Value, Interval, Before, N string }

type figurePage struct {
	dataPage
	figureForm
	Heading, Text, Derived, Why, ChartTitle string
	Chart                                   *chartView
	Quotient                                bool
	Rows                                    []monthRow
	SQL, SQLText                            string
}

type monthRow struct{ Month, Value, Interval, Quotient, N, Reason string }

// figureGroups are key figures by what they are about; those of no group are about how complete the records are.
var figureGroups = []struct {
	id  string
	ids []string
}{
	{"leads", []string{"leads", "lead_conversion", "lead_answered", "lead_response"}},
	{"deals", []string{"opportunities", "won", "win_rate", "win_rate_value", "win_rate_cohort", "cohort_open", "win_rate_expected", "cancelled", "won_value", "deal_value", "deal_value_median", "cycle_time", "cycle_time_expected", "velocity", "forecast_accuracy"}},
	{"customers", []string{"logo_churn", "logo_retention", "revenue_churn", "gross_retention", "net_retention", "repeat_purchase"}},
	{"service", []string{"tickets", "tickets_solved", "ticket_response", "ticket_resolution"}},
	{"use", []string{"activities", "adoption", "adoption_deals", "adoption_activities", "adoption_notes", "adoption_depth", "adoption_regularity"}},
}

const restOfFigures = "complete"

// figureGroupOf is the group of a key figure.
func figureGroupOf(id string) string {
	for _, g := range figureGroups {
		if slices.Contains(g.ids, id) {
			return g.id
		}
	}
	return restOfFigures
}

// asked reads what the form chooses; ok is false where there is no source.
func (q *request) asked() (a app.Asked, sources []warehouse.Source, err error) {
	if sources, err = q.s.App.Sources(q.Context(), q.who, q.PathValue("id")); err != nil || len(sources) == 0 {
		return a, sources, err
	}
	a.Source = sources[0].ID
	if text := q.FormValue("source"); text != "" {
		a.Source, _ = strconv.ParseInt(text, 10, 64)
	}
	if a.First, err = monthOf(q.FormValue("first")); err == nil {
		a.Last, err = monthOf(q.FormValue("last"))
	}
	return a, sources, err
}

// monthOf reads a month, 2026-04; nothing is 0.
func monthOf(text string) (int64, error) {
	var year, month int64
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	if n, err := fmt.Sscanf(text, "%4d-%2d", &year, &month); err != nil || n != 2 || len(text) != 7 || month < 1 || month > 12 || year < 1900 {
		return 0, &app.Error{Code: app.Invalid, Key: "data.error.month", Args: diag.Args{"value": short(text, 20)}}
	}
	return year*12 + month - 1, nil
}

func (q *request) figureForm(a app.Asked, f *app.Figures, sources []warehouse.Source, action string) figureForm {
	v := figureForm{Action: action}
	for _, s := range sources {
		v.Sources = append(v.Sources, choice{strconv.FormatInt(s.ID, 10), s.Name, s.ID == a.Source})
	}
	if f.To != 0 {
		v.First, v.Last = crm.MonthText(f.First), crm.MonthText(f.Last)
	}
	if len(f.Series) > 0 && len(f.Series[0].Teams) > 1 {
		for _, t := range f.Series[0].Teams {
			v.Teams = append(v.Teams, choice{t, q.team(t), t == q.FormValue("team")})
		}
	}
	return v
}

func (q *request) team(name string) string {
	switch name {
	case kpis.All:
		return q.t("kpi.team.all", nil)
	case kpis.Merged:
		return q.t("kpi.team.merged", nil)
	}
	return name
}

// figures is the list of all key figures.
func (s *Site) figures(q *request) error {
	a, sources, err := q.asked()
	if err != nil {
		return err
	}
	p := figuresPage{Why: q.t("kpi.team.why", diag.Args{"count": kpis.Fewest})}
	if p.dataPage, err = q.dataPage("figures", q.t("data.figures", nil), "middle"); err != nil {
		return err
	}
	if len(sources) == 0 {
		q.page(http.StatusOK, "figures", p)
		return nil
	}
	f, err := s.App.Figures(q.Context(), q.who, p.Org, a)
	if err != nil {
		return err
	}
	p.figureForm = q.figureForm(a, f, sources, p.Base+"/figures")
	if f.To != 0 {
		p.Reach = q.t("data.figures.reach", diag.Args{"from": q.month(f.From), "to": q.l.Date(crm.DayTime(f.Today)), "source": f.Source.Name})
	}
	have := f.FigureIDs()
	rows := map[string][]figureRow{}
	var missing []string
	for _, x := range f.Series {
		if !slices.Contains(have, x.Figure) {
			missing = append(missing, q.t("kpi."+x.Figure, nil))
			continue
		}
		rows[figureGroupOf(x.Figure)] = append(rows[figureGroupOf(x.Figure)], q.figureRow(p.Base, f, x))
	}
	for _, g := range append(slices.Clone(figureGroups), struct {
		id  string
		ids []string
	}{id: restOfFigures}) {
		if len(rows[g.id]) > 0 {
			p.Groups = append(p.Groups, figureGroup{q.t("data.group."+g.id, nil), rows[g.id]})
		}
	}
	p.Missing = strings.Join(missing, " · ")
	q.page(http.StatusOK, "figures", p)
	return nil
}

func (q *request) month(m int64) string { return q.l.MonthName(crm.MonthText(m), 0) }

// figureRow is the last month of a figure that has a value, beside the same month a year earlier.
func (q *request) figureRow(base string, f *app.Figures, x kpis.Series) figureRow {
	team := max(0, slices.Index(x.Teams, q.FormValue("team")))
	figure, _ := kpis.Find(x.Figure)
	v := url.Values{"source": {strconv.FormatInt(f.Source.ID, 10)}}
	for _, k := range []string{"team", "first", "last"} {
		if q.FormValue(k) != "" {
			v.Set(k, q.FormValue(k))
		}
	}
	r := figureRow{Href: base + "/figures/" + x.Figure + "?" + v.Encode(), Name: q.t("kpi."+x.Figure, nil)}
	points := x.Points[team]
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		if p.Value == nil {
			continue
		}
		r.Month, r.Value, r.N = q.month(x.Months[i]), q.figureValue(*p.Value, figure, f), q.count(p.N)
		r.Interval = q.interval(p, figure, f)
		if i >= 12 && points[i-12].Value != nil {
			r.Before = q.figureValue(*points[i-12].Value, figure, f)
		}
		break
	}
	return r
}

func (q *request) interval(p kpis.Point, figure kpis.Figure, f *app.Figures) string {
	if p.Low == nil || p.High == nil {
		return ""
	}
	return q.l.Range(q.figureValue(*p.Low, figure, f), q.figureValue(*p.High, figure, f))
}

// figureUnit is the unit of a figure as the case file writes units, and what its values are multiplied by.
func figureUnit(figure kpis.Figure, f *app.Figures) (unit string, factor float64) {
	switch figure.Unit {
	case kpis.Share:
		return "%", 100
	case kpis.Money:
		return f.Source.Currency, 1
	case kpis.Daily:
		return f.Source.Currency + "/day", 1
	case kpis.Days:
		return "days", 1
	case kpis.Minutes:
		return "h", 1.0 / 60
	default:
		return "", 1
	}
}

// figureValue is a value in words.
func (q *request) figureValue(v float64, figure kpis.Figure, f *app.Figures) string {
	unit, factor := figureUnit(figure, f)
	v *= factor
	switch figure.Unit {
	case kpis.Share:
		return q.l.Percent(v/100, 1)
	case kpis.Money:
		return q.l.MoneyShort(v, f.Source.Currency)
	}
	if math.Abs(v) >= 100 {
		v = math.Round(v)
	} else {
		v = math.Round(v*10) / 10
	}
	return q.l.Quantity(v, unit)
}

// figure is one key figure: its picture, its months, how it is computed.
func (s *Site) figure(q *request) error {
	figure, ok := kpis.Find(q.PathValue("figure"))
	if !ok {
		return &app.Error{Code: app.NotFound, Key: "data.error.no_figure"}
	}
	a, sources, err := q.asked()
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return &app.Error{Code: app.NotFound, Key: "data.error.no_source"}
	}
	a.Figures = []string{figure.ID}
	f, err := s.App.Figures(q.Context(), q.who, q.PathValue("id"), a)
	if err != nil {
		return err
	}
	name := q.t("kpi."+figure.ID, nil)
	p := figurePage{Heading: name, Text: q.t("kpi."+figure.ID+".text", nil)}
	if p.dataPage, err = q.dataPage("figures", name, "middle", crumb{dataBase(q.PathValue("id")) + "/figures", q.t("data.tab.figures", nil)}, crumb{"", name}); err != nil {
		return err
	}
	p.figureForm = q.figureForm(a, f, sources, p.Base+"/figures/"+figure.ID)
	query := figure.Query(f.Dialect)
	p.SQL = strings.TrimSpace(query.Text)
	p.SQLText = q.t("data.sql.text", nil)
	if len(f.Series) == 1 {
		q.series(&p, f, figure, f.Series[0])
	}
	q.page(http.StatusOK, "figure", p)
	return nil
}

func (q *request) series(p *figurePage, f *app.Figures, figure kpis.Figure, x kpis.Series) {
	team := max(0, slices.Index(x.Teams, q.FormValue("team")))
	p.ChartTitle = q.team(x.Teams[team])
	if x.Derived {
		p.Derived = q.t("kpi.derived", nil)
	}
	if len(x.Teams) > 1 {
		p.Why = q.t("kpi.team.why", diag.Args{"count": kpis.Fewest})
	}
	unit, factor := figureUnit(figure, f)
	c := chart.KPI{Name: p.Heading, Unit: unit, Start: crm.MonthText(x.Months[0]), GoLive: -1}
	if f.Source.GoLive != nil {
		c.GoLive = int(crm.MonthOf(crm.DayTime(*f.Source.GoLive)) - x.Months[0])
	}
	interval := false
	number := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v * factor
	}
	for i, point := range x.Points[team] {
		c.Values, c.Low, c.High = append(c.Values, number(point.Value)), append(c.Low, number(point.Low)), append(c.High, number(point.High))
		interval = interval || point.Low != nil && point.High != nil
		r := monthRow{Month: q.month(x.Months[i]), Interval: q.interval(point, figure, f), N: q.count(point.N)}
		if point.Value != nil {
			r.Value = q.figureValue(*point.Value, figure, f)
		}
		if point.Denominator != 0 && figure.Unit == kpis.Share {
			r.Quotient, p.Quotient = q.l.Number(point.Numerator, 0)+" ÷ "+q.l.Number(point.Denominator, 0), true
		}
		if point.Reason != "" {
			r.Reason = q.t("kpi.reason."+string(point.Reason), nil)
		}
		p.Rows = append(p.Rows, r)
	}
	slices.Reverse(p.Rows)
	if !interval {
		c.Low, c.High = nil, nil
	}
	if len(c.Values) > 1 && slices.ContainsFunc(c.Values, func(v float64) bool { return !math.IsNaN(v) }) {
		p.Chart = drawn("figure", c, wholeCard, q.l)
		p.Chart.Table = nil // the months stand below
	}
}
