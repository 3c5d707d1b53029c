package report

import (
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/result"
)

// Side is one figure of scenarios side by side: a value for each scenario, and its 80 % range where it has one.
type Side struct {
	Label         string
	Values, Notes []string
}

// Sides are the names of the scenarios and their figures beside each other.
func Sides(c *result.Comparison, l *locale.Locale) (names []string, rows []Side) {
	for i := range c.Scenarios {
		names = append(names, scenarioName(c, i, l))
	}
	for _, f := range compareRows(c, l) {
		row := Side{Label: f.label}
		for i := range c.Scenarios {
			value, note := f.figure(&c.Scenarios[i])
			row.Values, row.Notes = append(row.Values, value), append(row.Notes, note)
		}
		rows = append(rows, row)
	}
	return names, rows
}
