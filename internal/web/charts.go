package web

import (
	"html/template"
	"strconv"
	"sync/atomic"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// chartView is a chart in a page: drawn for wide and for narrow screens, and as a table.
type chartView struct {
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
	v := &chartView{Wide: template.HTML(wide.SVG(id)), Narrow: template.HTML(narrow.SVG(id + "-narrow"))} //nolint:gosec // written and escaped by package chart
	if len(table.Rows) > 0 {
		v.Table = &table
	}
	return v
}

func cumulativeChart(r, other *result.Result, otherLabel string, l *locale.Locale) *chartView {
	return drawn("cumulative", chart.Cumulative{Result: r, Other: other, OtherLabel: otherLabel}, wholeCard, l)
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
	return nil
}

var densities atomic.Int64

// densityID is unique among the small curves of a page.
func densityID() string { return "density-" + strconv.FormatInt(densities.Add(1), 36) }
