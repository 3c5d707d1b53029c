package formula

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/quantity"
)

// This file guesses what was meant by what the grammar does not know, so that a message can show what to write instead.

// foreignNumber names a number written as another country does, which starts at start and is read up to end.
func foreignNumber(s []rune, start, end int) *Error {
	for end+1 < len(s) && (isDigit(s[end]) || strings.ContainsRune(".,'’_", s[end]) && isDigit(s[end+1])) || end < len(s) && isDigit(s[end]) {
		end++
	}
	code, instead, thousands := Rewrite(string(s[start:end]))
	return &Error{Span: Span{start, end}, Code: code, Args: map[string]any{"instead": instead, "thousands": thousands}}
}

// Rewrite reads a number with commas or with marks between its thousands as people write them and answers the code of
// what is wrong with it, how the language writes it ("" if that cannot be told) and, where it may mean thousands as
// well, how they are written.
func Rewrite(number string) (code, instead, thousands string) {
	plain := strings.Map(func(r rune) rune {
		if isSpace(r) || strings.ContainsRune("'’_", r) {
			return -1
		}
		return r
	}, number)
	code = "decimal_comma"
	comma, dot := strings.LastIndex(plain, ","), strings.LastIndex(plain, ".")
	whole, fraction := plain, ""
	switch {
	case strings.Count(plain, ",") == 1 && comma > dot:
		whole, fraction = plain[:comma], plain[comma+1:]
	case strings.Count(plain, ".") == 1 && dot > comma: // 1,234.56
		code, whole, fraction = "number_grouping", plain[:dot], plain[dot+1:]
	default:
		code = "number_grouping"
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	for i, g := range groups {
		if len(g) > 3 && len(groups) > 1 || len(g) < 3 && i > 0 {
			return "number_grouping", "", ""
		}
	}
	instead = strings.Join(groups, " ")
	if fraction != "" {
		if code == "decimal_comma" && len(groups) == 1 && len(fraction) == 3 && len(whole) <= 3 && whole != "0" {
			thousands = whole + " " + fraction
		}
		instead += "." + fraction
	} else if len(groups) == 1 && len(whole) > 3 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			instead = instead[:i] + " " + instead[i:]
		}
	}
	return code, instead, thousands
}

// mistakenWord reports a word that stands where only an operator can: words for a unit's slash, for a range, for
// thousands. before is the index of the token in front of it.
func (p *parser) mistakenWord(t token, before int) bool {
	word := strings.TrimSuffix(strings.ToLower(t.text), ".")
	first := before
	for first > 0 && p.tokens[first].kind != tokenNumber && p.partOfUnit(p.tokens[first]) {
		first--
	}
	number := p.tokens[first].kind == tokenNumber
	have := p.source(Span{p.tokens[first].Start, p.tokens[before].End})
	if unit, ok := perWords[word]; ok && (number || p.partOfUnit(p.tokens[before])) {
		end := t.End
		for i := before + 2; unit == "" && i < len(p.tokens) && p.tokens[i].kind == tokenWord; i++ {
			next := p.tokens[i]
			switch word := strings.ToLower(next.text); {
			case word == "a." || word == "m.": // p. a., p. m.
				unit = map[string]string{"a.": "/year", "m.": "/month"}[word]
			case quantity.IsName(next.text):
				unit = "/" + next.text
			case german[strings.TrimSuffix(word, ".")] != "":
				unit = "/" + german[strings.TrimSuffix(word, ".")]
			}
			if end = next.End; unit == "" && i > before+3 {
				break // not a unit at all
			}
		}
		if unit == "" {
			unit = "/month"
		}
		if !strings.ContainsAny(have[len(have)-1:], "0123456789") {
			have += unit
		} else {
			have += " " + unit
		}
		p.fail(Span{t.Start, end}, "unit_per", map[string]any{"text": p.source(Span{t.Start, end}), "instead": have})
		return true
	}
	if slices.Contains(rangeWords, word) && number {
		rest := strings.TrimSpace(string(p.runes[t.End:]))
		p.fail(t.Span, "range_word", map[string]any{"text": t.text, "instead": strings.TrimSpace(have + " .. " + rest)})
		return true
	}
	if zeros, ok := thousandWords[word]; ok && number && first == before {
		rest := string(p.runes[t.End:])
		if strings.HasSuffix(word, "eur") {
			rest = "EUR" + rest
		}
		p.fail(Span{p.tokens[first].Start, t.End}, "number_multiple", map[string]any{"text": t.text, "instead": strings.TrimSpace(multiple(p.tokens[first].text, zeros) + " " + strings.TrimSpace(rest))})
		return true
	}
	if quantity.IsName(t.text) && p.tokens[before].kind == tokenWord && !quantity.IsName(p.tokens[before].text) {
		name, end := p.tokens[before], t.End
		for i := before + 2; i < len(p.tokens) && p.partOfUnit(p.tokens[i]); i++ {
			end = p.tokens[i].End
		}
		p.fail(Span{name.Start, end}, "unit_after_name", map[string]any{"name": name.text, "unit": p.source(Span{t.Start, end})})
		return true
	}
	return false
}

func (p *parser) partOfUnit(t token) bool {
	return t.kind == tokenWord && quantity.IsName(t.text) || t.kind == tokenMark && (t.text == "%" || t.text == "/")
}

// multiple is a number with zeros more, grouped by spaces.
func multiple(number string, zeros int) string {
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v >= 1e9 {
		return ""
	}
	s := strconv.FormatFloat(v*math.Pow10(zeros), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// perWords stand where a unit has its slash; some bring the time with them.
var perWords = map[string]string{
	"pro": "", "je": "", "per": "", "p": "", "im": "", "a": "", "each": "", "every": "", "monatlich": "/month", "mtl": "/month", "monthly": "/month", "pm": "/month", "p.m": "/month", "jährlich": "/year",
	"jaehrlich": "/year", "yearly": "/year", "annually": "/year", "p.a": "/year", "pa": "/year", "wöchentlich": "/week", "weekly": "/week",
	"täglich": "/day", "daily": "/day",
}

// rangeWords stand where a range has its two dots.
var rangeWords = []string{"bis", "to", "until"}

// aboutWords stand before a number that is only roughly known.
var aboutWords = []string{"ca", "circa", "zirka", "etwa", "rund", "ungefähr", "about", "approx", "roughly"}

// thousandWords multiply the number before them by a power of ten.
var thousandWords = map[string]int{
	"k": 3, "t": 3, "tsd": 3, "tausend": 3, "thousand": 3, "teur": 3, "keur": 3, "mio": 6, "mill": 6, "million": 6, "millionen": 6,
	"mn": 6, "mrd": 9, "bn": 9,
}

// german names what a German would write for a unit.
var german = map[string]string{
	"euro": "EUR", "eur": "EUR", "stunde": "h", "stunden": "h", "std": "h", "tag": "day", "tage": "day", "woche": "week",
	"wochen": "week", "monat": "month", "monate": "month", "jahr": "year", "jahre": "year", "minute": "min", "minuten": "min",
	"quartal": "quarter", "pt": "workday", "personentag": "workday", "personentage": "workday", "prozent": "%", "percent": "%",
	"mo": "month", "mon": "month", "yr": "year", "hr": "h", "hrs": "h", "wk": "week", "dollar": "USD", "h": "h", "manntag": "workday",
	"manntage": "workday", "quartale": "quarter", "jahren": "year", "monaten": "month", "franken": "CHF", "€": "EUR", "$": "USD", "£": "GBP", "arbeitstag": "workday", "arbeitstage": "workday",
}

// NearestUnit answers a word that is no unit with the one that was probably meant, "" for none.
func NearestUnit(word string) string {
	word = strings.TrimSuffix(strings.ToLower(word), ".")
	if u, ok := german[word]; ok {
		return u
	}
	if len([]rune(word)) < 2 {
		return "" // every letter is near to every other
	}
	if unit := quantity.Nearest(word, quantity.Names()); unit != "" {
		return unit // wek is as near to the Swedish crown as to a week, and hardly ever meant so
	}
	return quantity.Nearest(word, quantity.Currencies())
}
