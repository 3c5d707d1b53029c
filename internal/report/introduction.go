package report

import (
	"strconv"

	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/model"
)

// Review is one date of the plan for the introduction: goals, training and what must hold by then.
type Review struct{ Title, When, Text string }

// Introduction is the plan for the first six months, with what the case expects of each factor at each review.
func Introduction(m *model.Model, l *locale.Locale) []Review {
	var all []Review
	for _, days := range []int{0, 30, 90, 180} {
		key := "introduction." + strconv.Itoa(days)
		args := diag.Args{"adoption": expected(m, "adoption", days, l), "data_quality": expected(m, "data_quality", days, l), "process": expected(m, "process", days, l)}
		all = append(all, Review{l.Text(key, nil), l.Text(key+".when", nil), l.Text(key+".text", args)})
	}
	return all
}

// expected is what the plan expects of a factor so many days after the start, as a per cent; a factor that the case does
// not describe is 100 %.
func expected(m *model.Model, factor string, days int, l *locale.Locale) string {
	value := func(name string) (float64, bool) {
		v, ok := m.Quantity(factor + "." + name)
		if !ok {
			return 0, false
		}
		if v.Dist != nil {
			return v.Dist.Quantile(0.5), true
		}
		return model.Number(v)
	}
	start, ok := value("start")
	plateau, ok2 := value("plateau")
	to90, ok3 := value("months_to_90")
	if !ok || !ok2 || !ok3 {
		return l.Percent(1, 0)
	}
	return l.Percent(chart.Course(start, plateau, to90, float64(days)/30.4), 0)
}
