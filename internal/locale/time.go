package locale

import (
	"math"
	"strconv"
	"strings"

	"github.com/bojanz/currency"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Month names a month of the case: "Monat 18", "month 18".
func (l *Locale) Month(n int) string { return l.Text("common.month", diag.Args{"n": n}) }

// Months is a span of time: "1 Monat", "18 Monate".
func (l *Locale) Months(n int) string { return l.Text("common.months", diag.Args{"count": n}) }

// MonthsDative is a span of time after nach, von, in, innerhalb von: "1 Monat", "18 Monaten".
func (l *Locale) MonthsDative(n int) string {
	return l.Text("common.months_dative", diag.Args{"count": n})
}

// Horizon is a span of time in the largest unit that fits: "3 Jahre", "30 Monate".
func (l *Locale) Horizon(months int) string {
	if months > 0 && months%12 == 0 {
		return l.Text("common.years", diag.Args{"count": months / 12})
	}
	return l.Months(months)
}

// MonthName is the calendar month that lies offset months after start, which is written YYYY-MM: "Oktober 2027". It is
// empty where start is no month.
func (l *Locale) MonthName(start string, offset int) string {
	y, m, ok := strings.Cut(start, "-")
	year, errY := strconv.Atoi(y)
	month, errM := strconv.Atoi(m)
	if !ok || errY != nil || errM != nil || month < 1 || month > 12 {
		return ""
	}
	n := year*12 + month - 1 + offset
	if n < 0 {
		return ""
	}
	return l.Text("common.month_name."+strconv.Itoa(n%12+1), nil) + " " + strconv.Itoa(n/12)
}

// Quantity writes a value with its unit, given as in the case file: "1,5 h/Woche", "65 €/Monat", "9 %/Jahr". v is in
// that unit (8 with "%" is "8 %"); unknown parts of the unit stay as they are.
func (l *Locale) Quantity(v float64, unit string) string {
	first, rest, _ := strings.Cut(unit, "/")
	var b strings.Builder
	switch {
	case unit == "" || math.IsNaN(v) || math.IsInf(v, 0):
		return l.plain(v)
	case first == "%":
		b.WriteString(l.plain(v) + l.percentSeparator + "%")
	case first != "" && currency.IsValid(first):
		digits := 0
		if v != math.Trunc(v) {
			digits = 2
		}
		b.WriteString(l.Money(v, first, digits))
	default:
		b.WriteString(l.plain(v))
		if first != "" && first != "1" {
			b.WriteString(nbsp + l.unit(first, v))
		}
	}
	if rest != "" {
		for _, u := range strings.Split(rest, "/") {
			b.WriteString("/" + l.unit(u, 1))
		}
	}
	return b.String()
}

// unit is the word for one unit of time, in the plural that v asks for.
func (l *Locale) unit(u string, v float64) string {
	key := "common.unit." + strings.TrimSuffix(u, "s")
	if !l.keys[key] {
		if currency.IsValid(u) {
			return l.Symbol(u)
		}
		return clean(u)
	}
	return l.Text(key, diag.Args{"count": math.Abs(v)})
}
