package starter

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/quantity"
)

// amount is a number as people type it, with what stood around it.
type amount struct {
	value    float64 // with its multiplier: 2,5 Mio is 2500000
	percent  bool
	currency string   // ISO 4217, empty where none was given
	rest     []string // words that are neither, in lower case
}

// multipliers are the words for powers of ten that both languages write; "billion" is told by the language.
var multipliers = map[string]float64{
	"k": 1e3, "t": 1e3, "tsd": 1e3, "tausend": 1e3, "thousand": 1e3,
	"m": 1e6, "mn": 1e6, "mio": 1e6, "mill": 1e6, "million": 1e6, "millionen": 1e6, "millions": 1e6,
	"b": 1e9, "bn": 1e9, "mrd": 1e9, "milliarde": 1e9, "milliarden": 1e9,
}

var currencyWords = map[string]string{"€": "EUR", "euro": "EUR", "$": "USD", "£": "GBP", "fr": "CHF", "sfr": "CHF", "franken": "CHF"}

// parseAmount reads "2,5 Mio", "2.5m", "1.200.000 €", "T€ 350", "32 %". Where one dot or comma could be either, three
// digits behind the mark that the language groups with make it a thousands mark: 1.200 is 1200 in German and 1.2 in English.
func parseAmount(text, lang string) (amount, bool) {
	a := amount{}
	words := split(text)
	digits, scale := "", 1.0
	for i, w := range words {
		switch {
		case isNumber(w) && (digits == "" || i > 0 && isNumber(words[i-1]) && len(w) == 3):
			if digits != "" {
				digits += " "
			}
			digits += w
			continue
		case isNumber(w):
			return a, false // a second number
		case w == "%" || w == "prozent" || w == "percent":
			a.percent = true
			continue
		}
		if f, code, ok := unit(w, lang); ok && (f == 1 || scale == 1) && (code == "" || a.currency == "") {
			scale *= f
			a.currency += code
			continue
		}
		a.rest = append(a.rest, w)
	}
	v, ok := decimal(digits, lang)
	a.value = v * scale
	return a, ok
}

// split cuts a text into numbers and words, in lower case; 65€/Monat is 65, €, / and monat.
func split(text string) []string {
	class := func(r rune) int {
		switch {
		case unicode.IsDigit(r), strings.ContainsRune("+-−–.,'’", r):
			return 1
		case unicode.IsLetter(r):
			return 2
		}
		return 3
	}
	var words []string
	for _, field := range strings.Fields(strings.ToLower(text)) {
		last := 0
		for _, r := range field {
			c := class(r)
			if r == '.' && last == 2 {
				continue // the dot of Mio.
			}
			if c == last && c != 3 {
				words[len(words)-1] += string(r)
			} else {
				words = append(words, string(r))
			}
			last = c
		}
	}
	return words
}

func isNumber(w string) bool { return strings.ContainsAny(w, "0123456789") }

// unit reads a word as multiplier, currency or both: mio, €, teur.
func unit(w, lang string) (scale float64, code string, ok bool) {
	scale = 1
	one := func(w string) bool {
		if f, is := multipliers[w]; is {
			scale = f
			return true
		}
		if w == "billion" || w == "billions" || w == "billionen" {
			if scale = 1e9; lang == "de" {
				scale = 1e12
			}
			return true
		}
		if c, is := currencyWords[w]; is {
			code = c
			return true
		}
		if u := strings.ToUpper(w); quantity.IsCurrency(u) {
			code = u
			return true
		}
		return false
	}
	if one(w) {
		return scale, code, true
	}
	if rest, cut := strings.CutPrefix(w, "t"); cut && one(rest) && code != "" { // TEUR
		return 1e3, code, true
	}
	return 1, "", false
}

// decimal reads digits with thousands marks and one decimal mark. Spaces and apostrophes only ever group.
func decimal(s, lang string) (float64, bool) {
	s = strings.NewReplacer("−", "-", "–", "-").Replace(s)
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	s = strings.TrimRight(strings.TrimPrefix(s, "+"), "-.,") // 65,–
	s = strings.NewReplacer("’", "'", " ", "'").Replace(s)
	point := byte(0) // the decimal mark
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	switch {
	case dots > 0 && commas > 0:
		if point = '.'; strings.LastIndex(s, ",") > strings.LastIndex(s, ".") {
			point = ','
		}
	case dots == 1:
		if point = '.'; lang == "de" && thousands(s, ".") {
			point = 0
		}
	case commas == 1:
		if point = ','; lang != "de" && thousands(s, ",") {
			point = 0
		}
	}
	whole, fraction := s, ""
	if point != 0 {
		i := strings.LastIndexByte(s, point)
		whole, fraction = s[:i], s[i+1:]
		if strings.IndexByte(whole, point) >= 0 || strings.ContainsAny(fraction, ".,'") {
			return 0, false
		}
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune(".,'", r) })
	if strings.ContainsAny(whole, ".,'") {
		if len(groups) != 1+strings.Count(whole, ".")+strings.Count(whole, ",")+strings.Count(whole, "'") {
			return 0, false
		}
		for _, g := range groups[1:] {
			if len(g) != 3 {
				return 0, false
			}
		}
	}
	v, err := strconv.ParseFloat(sign+strings.Join(groups, "")+"."+fraction+"0", 64)
	return v, err == nil && strings.ContainsAny(s, "0123456789")
}

// thousands reports whether the one mark in s can group: one to three digits before it, not a lone zero, three behind.
func thousands(s, mark string) bool {
	before, after, _ := strings.Cut(s, mark)
	return len(after) == 3 && len(before) >= 1 && len(before) <= 3 && before != "0"
}
