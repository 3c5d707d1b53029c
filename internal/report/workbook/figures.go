package workbook

import (
	"fmt"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// figureNames are the key figures in the order of their sheet; the name of a cell is result_ and that.
var figureNames = []string{"npv", "roi", "roi_undiscounted", "bcr", "irr", "mirr", "break_even", "break_even_discounted", "first_crossing", "peak", "peak_month",
	"waiting", "benefits_pv", "costs_pv", "tco"}

// lookOf is how a figure is written.
func lookOf(name string) string {
	switch name {
	case "roi", "roi_undiscounted", "irr", "mirr":
		return "percent1"
	case "bcr":
		return "number2"
	case "break_even", "break_even_discounted", "first_crossing":
		return "number1"
	case "peak_month":
		return "whole"
	}
	return "money"
}

// none is what a cell shows where a figure does not exist.
const none = `"` + locale.None + `"`

// figureFormulas are the key figures as formulas.
func (b *builder) figureFormulas() map[string]string {
	length := 1
	months := func(f string) string { return f }
	years := "(horizon/12)"
	if b.m.File.Yearly {
		length, years = 12, "ROUNDUP(horizon/12,0)"
		// A last year that the horizon cuts short ends at the horizon.
		months = func(f string) string {
			return fmt.Sprintf("MIN(12*(%[1]s),INT(horizon/12)*12)+MAX(0,12*(%[1]s)-INT(horizon/12)*12)*(horizon-INT(horizon/12)*12)/12", f)
		}
	}
	end := func(key string) string {
		return fmt.Sprintf("%s!%s%d", b.cash.name, column(first+b.last), b.cashRow[key].n)
	}
	under := func(suffix string) string { return end("cumulative_period"+suffix) + "<-1E-12*" + end("moved"+suffix) }
	ratio := func(x, y string) string { return "IF(" + y + ">0," + x + "/" + y + "," + none + ")" }
	return map[string]string{
		"benefits_pv":           "SUMPRODUCT(benefits_by_month,discount_factor)",
		"costs_pv":              "SUMPRODUCT(costs_by_month,discount_factor)",
		"tco":                   "SUM(costs_by_month)",
		"npv":                   "result_benefits_pv-result_costs_pv",
		"roi":                   ratio("result_npv", "result_costs_pv"),
		"roi_undiscounted":      ratio("SUM(net_by_month)", "SUM(costs_by_month)"),
		"bcr":                   ratio("result_benefits_pv", "result_costs_pv"),
		"waiting":               "result_npv-(1+discount_rate)^(-1/12)*(result_npv-INDEX(discounted_by_month,horizon+1))",
		"break_even":            "IF(" + under("") + "," + none + ",IF(COUNT(crossings)=0,0," + months("MAX(crossings)") + "))",
		"break_even_discounted": "IF(" + under("_discounted") + "," + none + ",IF(COUNT(crossings_discounted)=0,0," + months("MAX(crossings_discounted)") + "))",
		"first_crossing":        "IF(COUNT(crossings)=0,IF(" + under("") + "," + none + ",0)," + months("MIN(crossings)") + ")",
		"peak":                  "MIN(0,MIN(cumulative_by_period))",
		"peak_month":            fmt.Sprintf("IF(MIN(cumulative_by_period)<0,MIN(%d*(MATCH(MIN(cumulative_by_period),cumulative_by_period,0)-1),horizon),0)", length),
		"mirr": fmt.Sprintf(`IF(OR(MIN(net_by_period)>=0,MAX(net_by_period)<=0),%[1]s,(SUMPRODUCT((net_by_period>0)*net_by_period*(1+reinvest_rate)^(%[2]s-years_of_period))/-SUMPRODUCT((net_by_period<0)*net_by_period*(1+finance_rate)^(-years_of_period)))^(1/%[2]s)-1)`,
			none, years),
		"irr": fmt.Sprintf(`IF(irr_found=0,%[1]s,IFERROR((1+IRR(net_by_period,EXP(irr_near*%[2]d/12)-1))^(12/%[2]d)-1,IFERROR(EXP(irr_near)-1,%[1]s)))`, none, length),
	}
}

// planned are the engine's figures of a plan; nil is one that does not exist.
func planned(p result.Plan) map[string]*float64 {
	return map[string]*float64{"npv": &p.NPV, "roi": p.ROI, "roi_undiscounted": p.ROIUndiscounted, "bcr": p.BenefitCostRatio, "irr": p.IRR, "mirr": p.MIRR,
		"break_even": p.BreakEven, "break_even_discounted": p.BreakEvenDiscounted, "first_crossing": p.FirstCrossing, "peak": &p.PeakFunding,
		"peak_month": pointer(float64(p.PeakFundingMonth)), "waiting": &p.CostOfWaitingMonth, "benefits_pv": &p.BenefitsPV, "costs_pv": &p.CostsPV, "tco": &p.TCO}
}

// spreads are the simulation's P10, P50 and P90 of the figures that it has.
func spreads(s result.Simulation) map[string][3]*float64 {
	return map[string][3]*float64{"npv": {s.NPV.P10, s.NPV.P50, s.NPV.P90}, "roi": {s.ROI.P10, s.ROI.P50, s.ROI.P90},
		"peak": {s.PeakFunding.P10, s.PeakFunding.P50, s.PeakFunding.P90}, "break_even": {s.BreakEven.P10, s.BreakEven.P50, s.BreakEven.P90}}
}

// number is a cell with a figure, or the dash where it does not exist.
func (b *builder) number(look string, v *float64) *cell {
	if v == nil {
		return b.v(look, locale.None)
	}
	return b.v(look, *v)
}

// keyFigures writes the key figures as formulas, beside what they were when the file was written.
func (b *builder) keyFigures() {
	s := b.figures
	s.widths = []float64{40, 16, 16, 16, 16, 16, 16, 46}
	s.add(b.v("title", b.t("title.figures", nil)))
	s.add(b.v("note", b.t("figures.how", nil)))
	s.add()
	var heads []*cell
	for _, k := range []string{"figure", "now", "exported", "difference"} {
		heads = append(heads, b.v("head", b.t("column."+k, nil)))
	}
	for _, p := range []string{"P10", "P50", "P90"} {
		heads = append(heads, b.v("head", b.t("column.simulated", diag.Args{"level": p})))
	}
	s.add(append(heads, b.v("head", b.t("column.definition", nil)))...)
	s.freeze = head
	formulas, plan, drawn := b.figureFormulas(), planned(b.a.Plan), spreads(b.a.Simulation)
	for _, name := range figureNames {
		n, format := len(s.rows)+1, lookOf(name)
		cells := []*cell{b.v("text", b.t("figure."+name, nil)), b.f("strong:"+format, formulas[name]), b.number("value:"+format, plan[name]),
			b.f("plain:"+format, fmt.Sprintf("IF(AND(ISNUMBER(B%[1]d),ISNUMBER(C%[1]d)),IF(ABS(B%[1]d-C%[1]d)<1E-6,0,B%[1]d-C%[1]d),%[2]s)", n, none)), nil, nil, nil, b.v("wrapnote", b.t("define."+name, nil))}
		if q, ok := drawn[name]; ok {
			for i, v := range q {
				cells[4+i] = b.number("value:"+format, v)
			}
		}
		s.add(cells...)
		b.define("result_"+name, s, n, 2, n, 2)
	}
}

// sentence is a formula of a message with one place for a formula.
func (b *builder) sentence(key, inner string) string {
	const mark = "@value@" // in none of our messages
	before, after, _ := strings.Cut(b.t(key, diag.Args{"value": mark}), mark)
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return quote(before) + "&" + inner + "&" + quote(after)
}
