package locale

import (
	"math"
	"strconv"
	"strings"
)

const (
	nbsp  = "\u00a0"
	minus = "\u2212"
	// None stands where there is no number: for a figure that does not exist, for NaN and for infinity.
	None = "–"
	// hugeExponent is the power of ten from which numbers are written as 1.23 × 10¹⁵.
	hugeExponent = 15
)

// decimal is the shortest decimal number that reads back as the same float64: 0.digits × 10^exp. Rounding happens on
// these digits, half away from zero, because that is what a reader who recalculates by hand expects: 2.675 is 2.68,
// although the nearest binary number lies below.
type decimal struct {
	negative bool
	digits   string // without leading or trailing zeros; empty for zero
	exp      int
}

// decimalOf returns false for NaN and infinity.
func decimalOf(v float64) (decimal, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return decimal{}, false
	}
	if v == 0 {
		return decimal{}, true
	}
	mantissa, e, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'e', -1, 64), "e")
	exp, _ := strconv.Atoi(e)
	digits := strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	return decimal{v < 0, digits, exp + 1}, true
}

// round keeps the given number of digits after the decimal point; it may be negative.
func (d decimal) round(places int) decimal {
	keep := d.exp + places
	if keep >= len(d.digits) {
		return d
	}
	if keep < 0 {
		return decimal{}
	}
	up := d.digits[keep] >= '5'
	kept := []byte(d.digits[:keep])
	if up {
		i := keep - 1
		for i >= 0 && kept[i] == '9' {
			kept[i] = '0'
			i--
		}
		if i >= 0 {
			kept[i]++
		} else {
			kept = append([]byte{'1'}, kept...)
			d.exp++
		}
	}
	d.digits = strings.TrimRight(string(kept), "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

// plain writes d without sign, grouped by group, with places digits after the decimal mark.
func (d decimal) plain(point, group string, places int) string {
	whole, frac := "0", ""
	if d.exp > 0 {
		whole = d.digits + strings.Repeat("0", max(0, d.exp-len(d.digits)))
		whole, frac = whole[:d.exp], whole[d.exp:]
	} else if d.digits != "" {
		frac = strings.Repeat("0", -d.exp) + d.digits
	}
	frac += strings.Repeat("0", max(0, places-len(frac)))
	if group != "" {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + group + whole[i:]
		}
	}
	if places <= 0 {
		return whole
	}
	return whole + point + frac[:places]
}

// places is the number of digits after the decimal point that d has.
func (d decimal) places() int { return max(0, len(d.digits)-d.exp) }

// Number writes v with the given number of digits after the decimal mark, rounded half away from zero: "−1.234,50".
func (l *Locale) Number(v float64, digits int) string {
	d, ok := decimalOf(v)
	if !ok {
		return None
	}
	return l.write(d, digits)
}

// Significant writes v rounded to the given number of significant digits, without zeros at the end of the fraction:
// 1234.5 with 2 digits is "1.200", 0.01204 is "0,012".
func (l *Locale) Significant(v float64, digits int) string {
	d, ok := decimalOf(v)
	if !ok {
		return None
	}
	d = d.round(digits - d.exp)
	return l.write(d, d.places())
}

// plain writes v with up to six significant digits and never fewer than its whole part.
func (l *Locale) plain(v float64) string {
	d, ok := decimalOf(v)
	if !ok {
		return None
	}
	return l.Significant(v, max(6, d.exp))
}

func (l *Locale) write(d decimal, places int) string {
	places = max(0, places)
	if d.exp > hugeExponent {
		return l.scientific(d)
	}
	d = d.round(places)
	s := d.plain(l.decimal, l.group, places)
	if d.negative {
		s = minus + s
	}
	return s
}

func (l *Locale) scientific(d decimal) string {
	d = d.round(3 - d.exp)
	power := strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸",
		"9", "⁹").Replace(strconv.Itoa(d.exp - 1))
	d.exp = 1
	s := d.plain(l.decimal, l.group, d.places()) + nbsp + "×" + nbsp + "10" + power
	if d.negative {
		s = minus + s
	}
	return s
}

// Percent writes a fraction as per cent: 0.42 is "42 %" in German and "42%" in English.
func (l *Locale) Percent(fraction float64, digits int) string {
	d, ok := decimalOf(fraction)
	if !ok {
		return None
	}
	if d.digits != "" {
		d.exp += 2 // exact, where 100 × 0.285 would not be
	}
	return l.write(d, digits) + l.percentSeparator + "%"
}

// Probability writes a share of the draws as whole per cent, but never rounds to certainty: 0.9998 is "> 99 %",
// 0.001 "< 1 %".
func (l *Locale) Probability(p float64) string {
	switch {
	case p > 0 && p < 0.005:
		return "<" + nbsp + l.Percent(0.01, 0)
	case p >= 0.995 && p < 1:
		return ">" + nbsp + l.Percent(0.99, 0)
	}
	return l.Percent(p, 0)
}

// Range joins two formatted ends: "14 bis 25". German says a unit that both ends share once: "89 bis 311 T€".
func (l *Locale) Range(lo, hi string) string {
	if l.lang == German {
		_, a, okA := strings.Cut(lo, nbsp)
		_, b, okB := strings.Cut(hi, nbsp)
		if okA && okB && a == b {
			lo, _, _ = strings.Cut(lo, nbsp)
		}
	}
	return lo + " " + l.Text("common.to", nil) + " " + hi
}
