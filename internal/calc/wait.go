package calc

import (
	"math"
	"time"

	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/plan"
)

// compile makes the graph of a model whose start is put off by some months. Seasons follow the calendar; everything else
// keeps its place in the case and moves with it.
func compile(m *model.Model, wait int) (*plan.Graph, error) {
	if wait == 0 {
		return m.Compile()
	}
	start := m.File.Start
	m.File.Start = later(start, wait)
	g, err := m.Compile()
	m.File.Start = start
	if err != nil {
		return nil, err
	}
	g.Delay(wait)
	if m.File.Yearly {
		// A year end is that of a year of the case, not of the calendar: were it kept, the payment of month 0 would move
		// to the end of year 1 and waiting would look like a year's credit (as in finance.CostOfWaiting).
		factor := math.Pow(1+m.File.Discount, -float64(wait)/12)
		moved := make([]float64, len(g.Discount))
		for t := range moved {
			moved[t] = float64(factor * g.Discount[max(0, t-wait)])
		}
		g.Discount = moved
	}
	return g, nil
}

// later is a YYYY-MM some months on; empty stays empty.
func later(start string, months int) string {
	t, err := time.Parse("2006-01", start)
	if err != nil {
		return start
	}
	return t.AddDate(0, months, 0).Format("2006-01")
}
