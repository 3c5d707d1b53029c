// Package report writes a result for people. Start with Text, the terminal report; Answer is the one sentence that
// every surface begins with.
//
// It knows results, locale and chart, and nothing of how the result came about. It does no arithmetic beyond sums of
// what it shows.
package report

import (
	"math"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Answer is the answer in one sentence: when the CRM has paid for itself, and how sure that is. The month is the median
// of the simulation, told as the month in which the money is back: a break-even at 17.2 months is month 18.
func Answer(r *result.Result, l *locale.Locale) string {
	be := r.Simulation.BreakEven
	horizon := r.Case.HorizonMonths
	if be.P50 == nil {
		if be.NotWithinHorizon < 1 {
			return l.Text("result.answer.rarely", diag.Args{"horizon": horizon, "chance": 1 - be.NotWithinHorizon})
		}
		return l.Text("result.answer.never", diag.Args{"horizon": horizon})
	}
	month := Month(*be.P50)
	if be.NotWithinHorizon > 0.35 {
		// Half of the draws decide whether there is a month at all: the chance is the answer, the month is not.
		return l.Text("result.answer.open_chance", diag.Args{"horizon": horizon, "chance": 1 - be.NotWithinHorizon, "month": month})
	}
	head := l.Text("result.answer.paid_at_start", nil)
	if month > 0 {
		head = l.Text("result.answer.paid", diag.Args{"count": month, "date": l.MonthName(r.Case.Start, month)})
	}
	switch {
	case be.P90 == nil:
		return l.Text("result.answer.open", diag.Args{"head": head, "never": be.NotWithinHorizon, "horizon": horizon})
	case be.P10 == nil || *be.P10 == *be.P90 || Month(*be.P90) == 0:
		return l.Text("result.answer.certain", diag.Args{"head": head})
	case Month(*be.P10) == Month(*be.P90):
		return l.Text("result.answer.this_month", diag.Args{"head": head})
	case Month(*be.P10) == 0:
		return l.Text("result.answer.at_latest", diag.Args{"head": head, "high": Month(*be.P90)})
	}
	return l.Text("result.answer.between", diag.Args{"head": head, "low": Month(*be.P10), "high": Month(*be.P90)})
}

// Limit says in one or two sentences what limits the answer: a loss once discounted, where the month alone would hide
// it, and the weakest evidence among the inputs that carry the result. It is empty where there is nothing to say.
func Limit(r *result.Result, l *locale.Locale) string {
	loss := ""
	if npv := central(r.Simulation.NPV, r.Plan.NPV); r.Simulation.BreakEven.P50 != nil && npv < -1e-6*r.Plan.CostsPV {
		loss = l.Text("result.limit.loss", diag.Args{"rate": rate(r, l), "npv": l.MoneyShort(npv, r.Case.Currency)})
	}
	return sentences(loss, weakest(r, l))
}

// weakest names the carrier with the weakest grade and the largest share.
func weakest(r *result.Result, l *locale.Locale) string {
	if r.Grade == "" {
		return ""
	}
	var worst result.Carrier
	n, share := 0, 0.0
	for _, c := range r.Carriers {
		if c.Grade == r.Grade {
			if n == 0 || c.Share > worst.Share {
				worst = c
			}
			n++
			share += c.Share
		}
	}
	args := diag.Args{"grade": r.Grade, "word": gradeWord(r.Grade, true, l), "label": name(worst.Label, worst.ID),
		"share": math.Min(1, share)}
	switch {
	case r.Grade == "A":
		return l.Text("result.limit.measured", nil)
	case n == 0:
		return l.Text("result.limit.grade", args)
	case n == 1:
		args["word"] = gradeWord(worst.Grade, worst.Stated, l)
		return l.Text("result.limit.by", args)
	}
	args["count"] = n - 1
	return l.Text("result.limit.by_several", args)
}

// Month is the month in which a time measured in months is reached: 17.2 is in month 18, 17 in month 17, anything up to
// 0 at the start. It agrees with result.Result.BreakEvenShare.
func Month(t float64) int {
	if !(t > 0) {
		return 0
	}
	return int(math.Ceil(math.Min(t, 1e6) - 1e-9)) // an interpolated 18 may come out as 18.0000000001
}

// central is the median of the simulation, or the plan's figure where the simulation has none.
func central(s result.Spread, plan float64) float64 {
	if s.P50 != nil {
		return *s.P50
	}
	return plan
}

// rate is the discount rate as per cent a year.
func rate(r *result.Result, l *locale.Locale) string {
	return l.Quantity(100*r.Case.DiscountPerYear, "%")
}

// gradeWord is what a grade stands for, or that the file states none.
func gradeWord(grade string, stated bool, l *locale.Locale) string {
	if !stated {
		return l.Text("result.trust.not_stated", nil)
	}
	return l.Text("common.grade."+grade, nil)
}

// name is the label, or the id where there is no label.
func name(label, id string) string {
	if label != "" {
		return label
	}
	return id
}

func sentences(parts ...string) string {
	s := ""
	for _, p := range parts {
		if p != "" && s != "" {
			s += " "
		}
		s += p
	}
	return s
}
