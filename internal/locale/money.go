package locale

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bojanz/currency"
)

// Money writes an amount with the given number of digits: "1.234,50 €", "€1,234.50". code is an ISO 4217 code.
func (l *Locale) Money(v float64, code string, digits int) string {
	d, ok := decimalOf(v)
	if !ok {
		return None
	}
	if d.exp > hugeExponent {
		return l.signed(l.scientific(d), l.Symbol(code))
	}
	d = d.round(max(0, digits)) // first, so that −0.4 is "0 €" and not "−0 €"
	p, ok := l.pattern(code)
	if !ok { // a code that ISO 4217 does not know
		return l.signed(l.write(d, digits), code)
	}
	before, after := p.before, p.after
	if d.negative {
		before, after = p.beforeNegative, p.afterNegative
		d.negative = false
	}
	return before + l.write(d, digits) + after
}

// pattern is what stands around an amount of a currency.
type pattern struct{ before, after, beforeNegative, afterNegative string }

// pattern asks the library once how a currency is written, since asking takes far longer than writing.
func (l *Locale) pattern(code string) (pattern, bool) {
	if p, ok := l.patterns.Load(code); ok {
		return p.(pattern), true
	}
	around := func(number string) (before, after string, ok bool) {
		amount, err := currency.NewAmount(number, code)
		if err != nil {
			return "", "", false
		}
		f := currency.NewFormatter(l.currency)
		f.MinDigits, f.MaxDigits = 0, 0
		before, after, ok = strings.Cut(strings.Replace(f.Format(amount), "-", minus, 1), "1")
		return before, after, ok
	}
	var p pattern
	var ok1, ok2 bool
	p.before, p.after, ok1 = around("1")
	p.beforeNegative, p.afterNegative, ok2 = around("-1")
	if ok1 && ok2 {
		l.patterns.Store(code, p) // as many as there are currencies
	}
	return p, ok1 && ok2
}

// signed puts a currency beside a number for which the formatter has no pattern.
func (l *Locale) signed(n, symbol string) string {
	if l.lang == German {
		return n + nbsp + symbol
	}
	sign := ""
	if strings.HasPrefix(n, minus) {
		sign, n = minus, strings.TrimPrefix(n, minus)
	}
	return sign + symbol + spaceAfter(symbol) + n
}

// Symbol is the sign of a currency as the language writes it: "€", "CHF".
func (l *Locale) Symbol(code string) string {
	if s, ok := currency.GetSymbol(code, l.currency); ok {
		return s
	}
	return code
}

// spaceAfter is the space between a currency in letters and its number (Unicode TR 35).
func spaceAfter(symbol string) string {
	if r, _ := utf8.DecodeLastRuneInString(symbol); unicode.IsLetter(r) {
		return nbsp
	}
	return ""
}

// magnitude is a power of ten in which money is told.
type magnitude struct {
	factor float64
	de     string // before the symbol
	en     string // after the number
	// wholeFrom is the number, told in this magnitude, from which no decimal is shown.
	wholeFrom float64
}

var magnitudes = []magnitude{
	{1, "", "", 0},
	{1e3, "T", "k", 10},
	{1e6, "Mio." + nbsp, "m", 100},
	{1e9, "Mrd." + nbsp, "bn", 100},
	{1e12, "Bio." + nbsp, "tn", 100},
}

func (m magnitude) digits(v float64) int {
	if m.factor == 1 {
		return 0
	}
	// 9.96 is shown as 10, not as 10.0.
	if math.Round(math.Abs(v/m.factor)*10)/10 < m.wholeFrom {
		return 1
	}
	return 0
}

// MoneyShort writes an amount for a key figure, with two to three digits that count: "850 €", "8,4 T€", "191 T€",
// "1,2 Mio. €"; "€850", "€8.4k", "€191k", "€1.2m".
func (l *Locale) MoneyShort(v float64, code string) string {
	if _, ok := decimalOf(v); !ok {
		return None
	}
	i := 0
	for i+1 < len(magnitudes) {
		m := magnitudes[i]
		// 999,600 is shown as 1.0 Mio., not as 1,000 T€.
		if scale := math.Pow10(m.digits(v)); math.Round(math.Abs(v/m.factor)*scale)/scale < 1000 {
			break
		}
		i++
	}
	m := magnitudes[i]
	return l.scaled(v, code, m, m.digits(v))
}

func (l *Locale) scaled(v float64, code string, m magnitude, digits int) string {
	if m.factor == 1 {
		return l.Money(v, code, digits)
	}
	if l.lang == German {
		return l.Number(v/m.factor, digits) + nbsp + l.germanUnit(m, code)
	}
	return l.Money(v/m.factor, code, digits) + m.en
}

// germanUnit is "T€" and "TUSD" for thousands, the symbol otherwise: controllers write no "T$".
func (l *Locale) germanUnit(m magnitude, code string) string {
	symbol := l.Symbol(code)
	if m.de == "T" && symbol != "€" {
		symbol = code
	}
	return m.de + symbol
}

// MoneyUnit is a magnitude chosen for a whole table, so that its numbers stand below each other.
type MoneyUnit struct {
	Label  string // for the head of the column: "T€", "€k"
	l      *Locale
	m      magnitude
	digits int
}

// MoneyUnit chooses the unit for a table whose largest amount is given: whole euros below 10,000, thousands below
// 100 million, then millions.
func (l *Locale) MoneyUnit(largest float64, code string) MoneyUnit {
	u := MoneyUnit{l: l}
	switch a := math.Abs(largest); {
	case !(a >= 1e4):
		u.m = magnitudes[0]
	case a < 1e5:
		u.m, u.digits = magnitudes[1], 1
	case a < 1e8:
		u.m = magnitudes[1]
	case a < 1e9:
		u.m, u.digits = magnitudes[2], 1
	case a < 1e11:
		u.m = magnitudes[2]
	case a < 1e14:
		u.m = magnitudes[3]
	default:
		u.m = magnitudes[4]
	}
	switch symbol := l.Symbol(code); {
	case l.lang == German:
		u.Label = l.germanUnit(u.m, code)
	case u.m.en == "":
		u.Label = symbol
	default:
		u.Label = symbol + spaceAfter(symbol) + u.m.en
	}
	return u
}

// Number is the amount in the table's unit, without the unit.
func (u MoneyUnit) Number(v float64) string { return u.l.Number(v/u.m.factor, u.digits) }

// MoneyAxis returns how to label an axis that reaches to largest: one unit for all labels, no zeros at the end of the
// fraction ("0,5 Mio. €", "1 Mio. €").
func (l *Locale) MoneyAxis(largest float64, code string) func(v float64) string {
	m := magnitudes[0]
	for _, next := range magnitudes[1:] {
		if math.Abs(largest) >= next.factor {
			m = next
		}
	}
	return func(v float64) string {
		d, ok := decimalOf(v / m.factor)
		if !ok {
			return None
		}
		if v == 0 {
			return l.Money(0, code, 0)
		}
		return l.scaled(v, code, m, d.round(3-d.exp).places())
	}
}
