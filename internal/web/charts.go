package web

import (
	"html/template"
	"strconv"
	"sync/atomic"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/dist"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
)

// chartView is a chart in a page: drawn for wide and for narrow screens, and as a table.
type chartView struct {
	ID           string // the pictures' ids are ID and ID-narrow
	Title, Hint  string
	Wide, Narrow template.HTML
	Table        *chart.Table
}

// Widths in px that a chart is drawn for: the whole card, half of it, and a phone.
const (
	wholeCard = 1060
	halfCard  = 520
	phone     = 328
)

// drawn draws a chart for a page; id is unique in it.
func drawn(id string, c chart.Chart, width float64, l *locale.Locale) *chartView {
	wide, narrow := c.Scene(l, chart.Size{W: width}), c.Scene(l, chart.Size{W: phone})
	table := wide.Table()
	v := &chartView{ID: id, Wide: template.HTML(wide.SVG(id)), Narrow: template.HTML(narrow.SVG(id + "-narrow"))} // written and escaped by package chart
	if len(table.Rows) > 0 {
		v.Table = &table
	}
	return v
}

func cumulativeChart(r, other *result.Result, otherLabel string, l *locale.Locale) *chartView {
	return drawn("cumulative", chart.Cumulative{Result: r, Other: other, OtherLabel: otherLabel}, wholeCard, l)
}

// moving is the cumulative curve while a slider moves: one picture, for the screen that asks.
type moving struct {
	Wide    bool
	Picture template.HTML
}

func movingCurve(r, other *result.Result, otherLabel string, narrow bool, l *locale.Locale) moving {
	c := chart.Cumulative{Result: r, Other: other, OtherLabel: otherLabel, Bare: true}
	if narrow {
		return moving{false, template.HTML(c.Scene(l, chart.Size{W: phone}).SVG("cumulative-narrow"))} // written and escaped by package chart
	}
	return moving{true, template.HTML(c.Scene(l, chart.Size{W: wholeCard}).SVG("cumulative"))}
}

func tornadoCharts(bars []decide.Bar, r *result.Result, l *locale.Locale) (months, money *chartView) {
	if len(bars) == 0 {
		return nil, nil
	}
	return drawn("tornado-months", chart.Tornado{Result: r, Bars: bars, In: chart.InMonths}, halfCard, l),
		drawn("tornado-money", chart.Tornado{Result: r, Bars: bars, In: chart.InMoney}, halfCard, l)
}

// histogramChart is how NPV spreads over the draws; nil where it does not.
func histogramChart(a *calc.Answer, l *locale.Locale) *chartView {
	if sd := a.Simulation.NPV.SD; sd == nil || *sd == 0 {
		return nil
	}
	return drawn("npv", chart.Distribution{Values: a.Outcome.NPV, Of: chart.NPV, Currency: a.Case.Currency}, halfCard, l)
}

// linesChart is the way from benefits to net for benefits, the cash flow for costs.
func (q *request) linesChart(d *desk, benefits bool) *chartView {
	r := d.answer.Result
	if len(r.Timeline) < 2 {
		return nil
	}
	if benefits {
		v := drawn("waterfall", chart.Waterfall{Result: r, ByLine: true, Rows: 8}, wholeCard, q.l)
		v.Title, v.Hint = q.t("web.chart.waterfall", nil), q.t("web.chart.waterfall.hint", nil)
		return v
	}
	v := drawn("flows", chart.Flows{Result: r}, wholeCard, q.l)
	v.Title, v.Hint = q.t("web.chart.flows", nil), q.t("web.chart.flows.hint", nil)
	return v
}

var densities atomic.Int64

// scaledDist is a distribution in the unit the file uses.
type scaledDist struct {
	dist   dist.Dist
	factor float64
}

func (s scaledDist) Quantile(p float64) float64 { return s.dist.Quantile(p) * s.factor }

// densityChart draws the distribution of an uncertain quantity small. Its id is unique among those of a page.
func densityChart(m *model.Quantity, l *locale.Locale) template.HTML {
	scale := m.Unit.Scale
	if scale == 0 {
		scale = 1
	}
	d := scaledDist{m.Dist, m.Factor / scale}
	c := chart.Density{Dist: d, Low: d.Quantile(0.1), Middle: d.Quantile(0.5), High: d.Quantile(0.9), Name: m.ID, Unit: unitOf(m)}
	id := "density-" + strconv.FormatInt(densities.Add(1), 36)
	return template.HTML(c.Scene(l, chart.Size{W: 120, H: 28}).SVG(id)) // written and escaped by package chart
}
