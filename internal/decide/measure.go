package decide

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Measure is one step of a measuring plan: what to find out before deciding, how, and what that is worth at most.
type Measure struct {
	ID    string         `json:"id"`
	Label string         `json:"label"`
	How   catalogue.Text `json:"-"`
	Text  string         `json:"how"` // How in the user's language
	Worth float64        `json:"worth"`
	SE    float64        `json:"se"`
	// Days is a rough effort in workdays; 0 where none is known.
	Days float64 `json:"days"`
	// Cost is what these days cost by the wage of the case; nil where it has none or the days are not known.
	Cost *float64 `json:"cost"`
}

// how to find out what the factors will be; levers and cost items bring their own text.
var howFactor = map[string]struct {
	text catalogue.Text
	days float64
}{
	"adoption": {catalogue.Text{German: "Pilot mit einem Team, acht Wochen: die wöchentlich Aktiven auszählen.",
		English: "Pilot with one team for eight weeks: count the weekly active users."}, 10},
	"data_quality": {catalogue.Text{German: "Hundert zufällige Datensätze auf die zehn wichtigsten Felder prüfen.",
		English: "Check a hundred random records for the ten most important fields."}, 1},
	"process": {catalogue.Text{German: "Dreißig Vorgänge gegen den vereinbarten Ablauf halten.",
		English: "Hold thirty transactions against the agreed workflow."}, 2},
}

// Measures turns the value of information into a plan: assumptions worth knowing, most valuable first. What cannot be told
// from worthless is left out.
func (s *Study) Measures(info Information) []Measure {
	plan := []Measure{}
	inputs, _ := s.unknown()
	for _, w := range info.Single {
		if w.Nothing || w.Value <= 0 {
			continue
		}
		i := slices.IndexFunc(inputs, func(q *model.Quantity) bool { return q.ID == w.ID })
		if i < 0 {
			continue
		}
		q := inputs[i]
		m := Measure{ID: w.ID, Label: w.Label, Worth: w.Value, SE: w.SE}
		m.How, m.Days = s.how(q)
		if wage, ok := s.wage(); ok && m.Days > 0 {
			m.Cost = pointer(m.Days * quantity.WorkdayHours * wage)
		}
		plan = append(plan, m)
	}
	return plan
}

// how says how an assumption is found out and how many workdays that takes, roughly.
func (s *Study) how(q *model.Quantity) (catalogue.Text, float64) {
	if id, _ := s.groupOf(q); id != "" {
		if f, ok := howFactor[id]; ok && q.Line == nil {
			return f.text, f.days
		}
	}
	if q.Role == model.Baseline {
		return catalogue.Text{German: "Aus Buchhaltung, ERP oder Lohnbuchhaltung der letzten zwei Jahre auslesen.",
			English: "Read it from the accounts, the ERP or payroll of the last two years."}, 1
	}
	line := q.Line
	if line == nil {
		// A shared assumption is found out as the first line says that depends on it.
		for _, l := range s.Model.Lines {
			for _, c := range l.Carries() {
				if c == q && l.Lever != "" && (line == nil || l.Benefit && !line.Benefit) {
					line = l
				}
			}
		}
	}
	if line == nil || line.Lever == "" {
		return catalogue.Text{German: "Angebot oder Beleg einholen und den Bereich damit verengen.",
			English: "Get a quote or a record and narrow the range with it."}, 1
	}
	cat := s.catalogue()
	if line.Benefit {
		if lever, err := cat.Lever(line.Lever); err == nil {
			return lever.Measure, 5
		}
	} else if item, err := cat.Cost(line.Lever); err == nil {
		return item.Measure, 2
	}
	return catalogue.Text{}, 0
}
