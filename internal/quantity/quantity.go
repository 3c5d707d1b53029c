// Package quantity knows the two dimensions of a business case, money and time, and the units people write them in.
// Start with Parse. It does not know numbers, formulas or files.
//
// Inside Rendite a value is held in the case's currency and in months: 9 %/year is 0.0075, 46 EUR/h is 33,602.31.
package quantity

import (
	"math"
	"slices"
	"strings"
)

// Lengths of the calendar, all in months. A year is the Gregorian mean of 365.2425 days (ISO 8601 calendar, 146,097
// days in 400 years).
const (
	MonthsPerYear = 12.0
	DaysPerYear   = 365.2425
	DaysPerMonth  = DaysPerYear / MonthsPerYear
	HoursPerMonth = DaysPerMonth * 24
	// WorkdayHours is the length of a `workday`, the person-day of German project plans.
	WorkdayHours = 8.0
)

// Dim is a dimension: exponents of money and time. The zero Dim is a plain number.
type Dim struct {
	Money, Time int
}

// The dimensions a case meets most.
var (
	Plain   = Dim{}
	Money   = Dim{Money: 1}
	Time    = Dim{Time: 1}
	PerTime = Dim{Time: -1}
	Flow    = Dim{Money: 1, Time: -1}
)

// Mul is the dimension of a product.
func (d Dim) Mul(e Dim) Dim { return Dim{d.Money + e.Money, d.Time + e.Time} }

// Div is the dimension of a quotient.
func (d Dim) Div(e Dim) Dim { return Dim{d.Money - e.Money, d.Time - e.Time} }

// Pow is the dimension of a whole power.
func (d Dim) Pow(n int) Dim { return Dim{d.Money * n, d.Time * n} }

// Code names the dimension for messages: "number", "money", "time", "money/time", "1/time", or exponents for anything else.
func (d Dim) Code() string {
	switch d {
	case Plain:
		return "number"
	case Money:
		return "money"
	case Time:
		return "time"
	case Flow:
		return "money/time"
	case PerTime:
		return "1/time"
	}
	var top, bottom []string
	add := func(name string, n int) {
		for ; n > 0; n-- {
			top = append(top, name)
		}
		for ; n < 0; n++ {
			bottom = append(bottom, name)
		}
	}
	add("money", d.Money)
	add("time", d.Time)
	if len(top) == 0 {
		top = []string{"1"}
	}
	s := strings.Join(top, "·")
	if len(bottom) > 0 {
		s += "/" + strings.Join(bottom, "/")
	}
	return s
}

// Unit is one written unit such as EUR/h or %/year.
type Unit struct {
	Text  string // as written, without spaces
	Dim   Dim
	Scale float64 // value in case currency and months = number × Scale
	// Percent is true when the unit holds a per cent sign, so that a range in it is a share.
	Percent bool
	// Currency is the ISO 4217 code the unit names, empty for none or for `money`, the case's own currency.
	Currency string
}

// base lists the units that stand alone, with their length in months where they measure time.
var base = map[string]Unit{
	"%":       {Scale: 0.01, Percent: true},
	"min":     {Dim: Time, Scale: 1 / (60 * HoursPerMonth)},
	"h":       {Dim: Time, Scale: 1 / HoursPerMonth},
	"workday": {Dim: Time, Scale: WorkdayHours / HoursPerMonth},
	"day":     {Dim: Time, Scale: 1 / DaysPerMonth},
	"week":    {Dim: Time, Scale: 7 / DaysPerMonth},
	"month":   {Dim: Time, Scale: 1},
	"quarter": {Dim: Time, Scale: 3},
	"year":    {Dim: Time, Scale: MonthsPerYear},
	"money":   {Dim: Money, Scale: 1},
}

var plural = map[string]string{
	"hour": "h", "hours": "h", "minutes": "min", "workdays": "workday", "days": "day", "weeks": "week",
	"months": "month", "quarters": "quarter", "years": "year", "€": "EUR",
}

// currencies are the ISO 4217 codes a case may be held in.
var currencies = []string{
	"AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HUF",
	"IDR", "ILS", "INR", "ISK", "JPY", "KRW", "KZT", "MAD", "MXN", "MYR", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "QAR",
	"RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
}

// IsCurrency reports whether code is an ISO 4217 code that a case can be held in.
func IsCurrency(code string) bool { _, ok := slices.BinarySearch(currencies, code); return ok }

// Currencies lists the known currency codes in alphabetical order.
func Currencies() []string { return slices.Clone(currencies) }

// Names lists every unit that stands alone, currencies left out, in alphabetical order.
func Names() []string {
	var names []string
	for n := range base {
		names = append(names, n)
	}
	for n := range plural {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// IsName reports whether word is a unit by itself: no quantity may be called so.
func IsName(word string) bool {
	_, ok := atom(word)
	return ok
}

func atom(word string) (Unit, bool) {
	if p, ok := plural[word]; ok {
		word = p
	}
	if u, ok := base[word]; ok {
		u.Text = word
		return u, true
	}
	if IsCurrency(word) {
		return Unit{Text: word, Dim: Money, Scale: 1, Currency: word}, true
	}
	return Unit{}, false
}

// Parse reads a unit such as "EUR/h", "%/year", "/month" or "h/week"; the empty text is the plain number.
// ok is false when a word is not a unit; unknown is that word (it may be empty, as in "EUR//h").
func Parse(text string) (u Unit, unknown string, ok bool) {
	text = strings.ReplaceAll(text, " ", "")
	u = Unit{Scale: 1}
	if text == "" {
		return u, "", true
	}
	for i, word := range strings.Split(text, "/") {
		if i == 0 && word == "" {
			continue
		}
		a, ok := atom(word)
		if !ok {
			return Unit{}, word, false
		}
		if i == 0 {
			u = u.times(a)
		} else {
			u = u.per(a)
		}
	}
	u.Text = text
	return u, "", true
}

func (u Unit) times(a Unit) Unit {
	u.Dim, u.Scale, u.Percent = u.Dim.Mul(a.Dim), u.Scale*a.Scale, u.Percent || a.Percent
	if a.Currency != "" {
		u.Currency = a.Currency
	}
	return u
}

func (u Unit) per(a Unit) Unit {
	u.Dim, u.Scale, u.Percent = u.Dim.Div(a.Dim), u.Scale/a.Scale, u.Percent || a.Percent
	if a.Currency != "" {
		u.Currency = a.Currency
	}
	return u
}

// IsShare reports whether numbers in this unit are shares of a whole: a per cent sign and no dimension.
func (u Unit) IsShare() bool { return u.Percent && u.Dim == Plain }

// Nearest returns the candidate closest to word by edit distance (Damerau 1964: a letter more, less or other, two swapped), or "" where none is near enough to
// be a typing error: at most a third of the letters, at least one.
func Nearest(word string, candidates []string) string {
	best, found := max(1, len([]rune(word))/3)+1, ""
	lower := strings.ToLower(word)
	for _, c := range candidates {
		d := distance([]rune(lower), []rune(strings.ToLower(c)))
		if d < best || d == best && found != "" && c < found {
			best, found = d, c
		}
	}
	return found
}

func distance(a, b []rune) int {
	if d := len(a) - len(b); int(math.Abs(float64(d))) > 8 {
		return math.MaxInt
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
