package tabular

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// number is a cell taken apart: what is a number by its shape, before anyone knows which separator means what.
type number struct {
	core       string // digits and separators
	negative   bool
	currency   string // ISO code, or a sign that has several
	percent    bool
	scientific bool // core has an exponent
}

// currencies are the signs and codes that stand before or after an amount, with the ISO code of each. A sign that several
// currencies share stays a sign: whose dollars they are is for the caller to ask.
var currencies = map[string]string{
	"$": "$", "¥": "¥", "kr": "kr", "kr.": "kr", "€": "EUR", "us$": "USD", "£": "GBP", "zł": "PLN", "fr.": "CHF", "sfr.": "CHF", "kč": "CZK", "ft": "HUF", "₹": "INR", "₺": "TRY", "euro": "EUR",
	"eur": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF", "jpy": "JPY", "cny": "CNY", "sek": "SEK", "nok": "NOK", "dkk": "DKK",
	"pln": "PLN", "czk": "CZK", "huf": "HUF", "ron": "RON", "bgn": "BGN", "try": "TRY", "isk": "ISK", "uah": "UAH", "rub": "RUB",
	"aud": "AUD", "cad": "CAD", "nzd": "NZD", "sgd": "SGD", "hkd": "HKD", "inr": "INR", "krw": "KRW", "brl": "BRL", "mxn": "MXN",
	"zar": "ZAR", "ils": "ILS", "aed": "AED", "sar": "SAR", "thb": "THB",
}

// isSpace reports the spaces that stand between groups of digits or beside a sign: also no-break and narrow ones.
func isSpace(r rune) bool {
	return r == ' ' || r == '\u00a0' || r == '\u202f' || r == '\u2009' || r == '\t'
}

// scanNumber takes a cell apart; ok is false where it is no number in any style.
func scanNumber(s string) (n number, ok bool) {
	first := strings.IndexAny(s, "0123456789")
	if first < 0 || len(s) > 100 {
		return n, false
	}
	if first > 0 && (s[first-1] == '.' || s[first-1] == ',') && (first == 1 || strings.IndexByte(" -+($", s[first-2]) >= 0) {
		first-- // .5, but not the point of Fr.5
	}
	last := strings.LastIndexAny(s, "0123456789")
	n.core = s[first : last+1]
	signs := 0
	if !n.affix(s[:first], true, &signs) || !n.affix(s[last+1:], false, &signs) || signs > 1 {
		return n, false
	}
	for i, r := range n.core {
		switch {
		case r >= '0' && r <= '9', r == '.', r == ',', r == '\'', r == '’', isSpace(r):
		case (r == 'E' || r == 'e') && i > 0 && !n.scientific:
			n.scientific = true
		case (r == '+' || r == '-') && n.scientific && (n.core[i-1] == 'E' || n.core[i-1] == 'e'):
		default:
			return n, false
		}
	}
	return n, true
}

// affix reads what stands before or after the digits: a sign, a currency, a per cent sign, the brackets of a negative
// amount, the ",-" of a round one.
func (n *number) affix(s string, before bool, signs *int) bool {
	if !before {
		for _, round := range []string{",-", ",–", ",—", ".-", ".–", ".—"} {
			s = strings.TrimPrefix(s, round)
		}
	}
	for s != "" {
		r, w := utf8.DecodeRuneInString(s)
		switch {
		case isSpace(r):
			s = s[w:]
			continue
		case r == '-' || r == '−' || r == '–' && before:
			n.negative = true
			*signs++
			s = s[w:]
			continue
		case r == '+' && before:
			*signs++
			s = s[w:]
			continue
		case r == '(' && before:
			n.negative = true
			*signs++
			s = s[w:]
			continue
		case r == ')' && !before && n.negative:
			s = s[w:]
			continue
		case r == '%' && !before && !n.percent:
			n.percent = true
			s = s[w:]
			continue
		}
		end := strings.IndexFunc(s, func(r rune) bool { return isSpace(r) || r == '-' || r == '−' || r == '(' || r == ')' || r == '+' })
		if end < 0 {
			end = len(s)
		}
		code, known := currencies[strings.ToLower(s[:end])]
		if !known || n.currency != "" {
			return false
		}
		n.currency = code
		s = s[end:]
	}
	return true
}

// reading is a number under one meaning of its separators.
type reading struct {
	e4       int64 // in 1/10,000
	grouped  bool
	decimals int // digits after the decimal separator
	overflow bool
}

// read reads the digits with the given decimal separator; the other separators group digits by three. The number is
// exact to 1/10,000; what is finer is rounded half away from zero.
func (n number) read(decimal byte) (reading, bool) { return n.scaled(decimal, 0) }

// scaled is read, times ten to the power of exponent.
func (n number) scaled(decimal byte, exponent int) (r reading, ok bool) {
	core := n.core
	if n.scientific {
		i := strings.IndexAny(core, "eE")
		mantissa := core[:i]
		sign := 1
		e := core[i+1:]
		if strings.HasPrefix(e, "-") {
			sign = -1
		}
		e = strings.TrimLeft(e, "+-")
		if e == "" || len(e) > 3 {
			return r, false
		}
		power := 0
		for _, d := range e {
			if d < '0' || d > '9' {
				return r, false
			}
			power = power*10 + int(d-'0')
		}
		exponent += sign * power
		core = mantissa
	}
	whole, fraction := core, ""
	if i := strings.IndexByte(core, decimal); i >= 0 {
		whole, fraction = core[:i], core[i+1:]
		if fraction == "" {
			return r, false
		}
	}
	var digits [110]byte
	d := digits[:0]
	var sep rune
	group, groups := 0, 0
	for _, c := range whole {
		if c >= '0' && c <= '9' {
			d = append(d, byte(c))
			group++
			continue
		}
		if isSpace(c) {
			c = ' '
		} else if c == '’' {
			c = '\''
		}
		if c < utf8.RuneSelf && byte(c) == decimal || sep != 0 && c != sep || n.scientific {
			return r, false
		}
		if groups == 0 && (group < 1 || group > 3 || d[0] == '0') || groups > 0 && group != 3 {
			return r, false
		}
		sep, group = c, 0
		groups++
	}
	if groups > 0 && group != 3 || whole == "" && fraction == "" {
		return r, false
	}
	r.grouped = groups > 0
	point := len(d)
	for i := range len(fraction) {
		if fraction[i] < '0' || fraction[i] > '9' {
			return r, false
		}
		d = append(d, fraction[i])
	}
	r.decimals = len(fraction)
	point += exponent + 4 // of the number in 1/10,000
	var v uint64
	for i := 0; i < point; i++ {
		var digit uint64
		if i < len(d) {
			digit = uint64(d[i] - '0')
		} else if v == 0 {
			break
		}
		if v > (math.MaxInt64-digit)/10 {
			r.overflow = true
			return r, true
		}
		v = v*10 + digit
	}
	if point >= 0 && point < len(d) && d[point] >= '5' {
		if v++; v > math.MaxInt64 {
			r.overflow = true
			return r, true
		}
	}
	if r.e4 = int64(v); n.negative {
		r.e4 = -r.e4
	}
	return r, true
}

// ParseDecimal reads a cell as a number in 1/10,000, exactly; digits beyond the fourth decimal are rounded half away
// from zero. A currency beside it is passed over. ErrMissing where there is none.
func ParseDecimal(c Cell, s Style) (int64, error) {
	v, _, err := ParseMoney(c, s)
	return v, err
}

// ParseMoney reads a cell as an amount in 1/10,000 of the currency's unit, rounded as by ParseDecimal. The currency is
// that of the cell, else that of the column, else empty: an ISO code, or a sign that several currencies share ($, ¥, kr).
func ParseMoney(c Cell, s Style) (e4 int64, currency string, err error) {
	n, decimal, err := parseNumber(c, s)
	if err != nil {
		return 0, "", err
	}
	if n.percent && s.Type != Percent {
		return 0, "", unreadable(c, "table_cell_percent")
	}
	if n.currency == "" {
		n.currency = s.Currency
	}
	r, ok := n.read(decimal)
	if !ok || r.overflow {
		return 0, "", unreadable(c, "table_cell_range")
	}
	return r.e4, n.currency, nil
}

// parseNumber takes the cell apart and says which decimal separator its number has.
func parseNumber(c Cell, s Style) (n number, decimal byte, err error) {
	text := strings.TrimFunc(c.Text, unicode.IsSpace)
	if c.Missing() || c.Kind == KindText && nothing[strings.ToLower(text)] {
		return n, 0, ErrMissing
	}
	decimal = s.Decimal
	if c.Kind == KindNumber {
		decimal = '.'
	}
	n, ok := scanNumber(text)
	if !ok || c.Kind != KindText && c.Kind != KindNumber {
		return n, 0, unreadable(c, "table_cell_number")
	}
	if decimal != 0 {
		if _, ok := n.read(decimal); !ok {
			return n, 0, unreadable(c, "table_cell_number")
		}
		return n, decimal, nil
	}
	// A column without separators in its sample: what can be read in one way only is no guess, 1.234 would be.
	comma, asComma := n.read(',')
	point, asPoint := n.read('.')
	switch {
	case asComma && asPoint && comma.e4 != point.e4:
		return n, 0, unreadable(c, "table_cell_ambiguous")
	case asPoint:
		return n, '.', nil
	case asComma:
		return n, ',', nil
	}
	return n, 0, unreadable(c, "table_cell_number")
}

// ParsePercent reads a cell as a share in 1/10,000 of the whole: 75 % is 7500. A per cent sign in the cell counts, else
// the column's scale does. Digits that are finer are rounded half away from zero.
func ParsePercent(c Cell, s Style) (int64, error) {
	n, decimal, err := parseNumber(c, s)
	if err != nil {
		return 0, err
	}
	exponent := 0
	switch {
	case n.percent || s.Scale == 100:
		exponent = -2
	case s.Scale != 1:
		return 0, unreadable(c, "table_cell_scale")
	}
	r, ok := n.scaled(decimal, exponent)
	if !ok || r.overflow {
		return 0, unreadable(c, "table_cell_range")
	}
	return r.e4, nil
}

// words are the pairs of yes and no, in the order in which they are tried.
var words = [...][2]string{{"ja", "nein"}, {"yes", "no"}, {"wahr", "falsch"}, {"true", "false"}, {"j", "n"}, {"y", "n"}, {"t", "f"}, {"1", "0"}}

// ParseBool reads a cell as yes or no.
func ParseBool(c Cell, s Style) (bool, error) {
	if c.Missing() {
		return false, ErrMissing
	}
	yes, no := s.True, s.False
	if c.Kind == KindBool {
		yes, no = "true", "false"
	}
	switch text := strings.ToLower(strings.TrimSpace(c.Text)); {
	case text == yes && yes != "":
		return true, nil
	case text == no && no != "":
		return false, nil
	}
	return false, unreadable(c, "table_cell_bool")
}

// ParseID reads a cell as an identifier: its text without spaces around it. What Excel has made a rounded number of, as
// 1,23457E+17, identifies nothing any more and is refused.
func ParseID(c Cell) (string, error) {
	text := strings.TrimSpace(c.Text)
	switch {
	case c.Missing():
		return "", ErrMissing
	case damagedID(text), c.Kind == KindNumber && tooLong(text):
		return "", unreadable(c, "table_cell_id")
	}
	return text, nil
}

// damagedID reports the form that Excel gives to whole numbers of twelve and more digits: one digit, up to five decimals,
// and a positive exponent of ten and more.
func damagedID(s string) bool {
	n, ok := scanNumber(s)
	if !ok || !n.scientific {
		return false
	}
	i := strings.IndexAny(n.core, "eE")
	e := n.core[i+1:]
	return strings.HasPrefix(e, "+") && len(e) >= 3 && i <= 7
}

// tooLong reports a number of more digits than Excel keeps.
func tooLong(s string) bool {
	digits := strings.TrimLeft(strings.TrimPrefix(s, "-"), "0")
	return strings.ContainsAny(digits, "eE") || len(digits) > 15 && !strings.Contains(digits, ".")
}
