package duplicates

import (
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// notable is from how many bits on it is said that a value is rare or common: one eighth, or eight times, as common as a
// value on average.
const notable = 3

// Chance is the probability in words; the values of two records make nothing certain.
func (y *Why) Chance(l *locale.Locale) string { return l.Probability(min(y.Probability, 0.9999)) }

// Sentence says in words what speaks for two records being the same and what against it, each with its weight in bits.
func (y *Why) Sentence(l *locale.Locale) string {
	var parts []string
	if y.Decided {
		parts = append(parts, l.Text("duplicates.decided", nil))
	}
	for _, e := range y.Evidence {
		parts = append(parts, e.sentence(l))
	}
	return strings.Join(parts, "; ")
}

func (e Evidence) sentence(l *locale.Locale) string {
	text := l.Text("duplicates.level."+e.Comparison+"."+e.Level, nil)
	if a, b := shown(e.Values), shown(e.Other); a != b && a != "" && b != "" {
		text = l.Text("duplicates.values", diag.Args{"text": text, "one": a, "other": b})
	}
	switch {
	case e.Rarity >= notable:
		text = l.Text("duplicates.rare", diag.Args{"text": text})
	case e.Rarity <= -notable:
		text = l.Text("duplicates.common", diag.Args{"text": text})
	}
	return l.Text("duplicates.weighed", diag.Args{"text": text, "weight": l.Change(e.Weight, 1)})
}

// shown are values in one line.
func shown(values []string) string {
	var kept []string
	for _, v := range values {
		if v = strings.Join(strings.Fields(v), " "); v != "" {
			kept = append(kept, v)
		}
	}
	return strings.Join(kept, ", ")
}

// Title is a record's values in one line, in the order of the table's columns.
func (m Member) Title(table string) string {
	var values []string
	for _, f := range Columns(table) {
		values = append(values, m.Values[f])
	}
	return shown(values)
}
