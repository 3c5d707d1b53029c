package locale

import (
	"math"
	"strconv"
	"strings"
	"time"

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

// Span writes the values of a range, or a single one, and their unit apart, so that a page can set them differently:
// "0,5–1,5–3" and "h/Woche". A currency that stands before its number goes with the values: "€45,000–60,000" and "".
func (l *Locale) Span(values []float64, unit string) (numbers, units string) {
	var parts []string
	for _, v := range values {
		parts = append(parts, l.plain(v))
	}
	numbers = strings.Join(parts, "–")
	first, rest, _ := strings.Cut(unit, "/")
	switch {
	case first == "" || first == "1":
	case currency.IsValid(first) && l.lang == English:
		numbers = l.Symbol(first) + spaceAfter(l.Symbol(first)) + numbers
	case currency.IsValid(first):
		units = l.Symbol(first)
	case first == "%":
		units = first
	default:
		last := 1.0
		if len(values) > 0 {
			last = values[len(values)-1]
		}
		units = l.unit(first, last)
	}
	for _, u := range strings.FieldsFunc(rest, func(r rune) bool { return r == '/' }) {
		units += "/" + l.unit(u, 1)
	}
	return numbers, units
}

// Moment is a date with the time of day, in t's own zone: "3. März 2026, 14:05", "3 March 2026, 14:05".
func (l *Locale) Moment(t time.Time) string { return l.Date(t) + t.Format(", 15:04") }

// Date is a day: "3. März 2026", "3 March 2026".
func (l *Locale) Date(t time.Time) string {
	dot := " "
	if l.lang == German {
		dot = ". "
	}
	return strconv.Itoa(t.Day()) + dot + l.Text("common.month_name."+strconv.Itoa(int(t.Month())), nil) + " " + strconv.Itoa(t.Year())
}
