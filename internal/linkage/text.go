package linkage

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRunes bounds a normal form, so that comparing two of them takes a bounded time whatever was typed into a field.
const maxRunes = 128

// letters are what folding writes for letters that have no decomposition, or another one in German.
var letters = map[rune]string{
	'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "oe", 'å': "aa", 'ł': "l", 'đ': "d", 'ð': "d",
	'þ': "th", 'ı': "i", 'ŋ': "n", 'ħ': "h", 'ẞ': "ss",
}

// placeholders are what people type where a value is asked for and none is known.
var placeholders = map[string]bool{
	"n a": true, "na": true, "none": true, "null": true, "nil": true, "unknown": true, "unbekannt": true, "k a": true,
	"ka": true, "keine angabe": true, "keine": true, "kein": true, "nicht bekannt": true, "not available": true,
	"not provided": true, "test": true, "x": true, "xx": true, "xxx": true, "xxxx": true, "tbd": true, "dummy": true,
	"privat": true, "undefined": true, "leer": true, "no name": true, "noname": true, "inconnu": true,
}

// Fold brings a text to the form in which it is compared: NFC, lower case, ä ö ü ß as ae oe ue ss, other letters without
// their marks, anything that is neither letter nor digit as one space. Dots between single letters vanish ("G.m.b.H." is
// "gmbh"), apostrophes too. A placeholder such as "n/a" or "unbekannt" is "", which is missing.
func Fold(s string) string {
	s = fold(s)
	if placeholders[s] {
		return ""
	}
	return s
}

func fold(s string) string {
	const maxBytes = 8 * maxRunes // nobody's name; what lies behind it cannot get into the result
	if len(s) > maxBytes {
		s = s[:maxBytes]
	}
	if !ascii(s) {
		s = strings.Map(valid, s)
		s = norm.NFC.String(s)
	}
	b := make([]byte, 0, len(s)+8)
	space, word := false, 0 // word is the length of the current run of letters and digits
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		next := i + n
		switch {
		case r < utf8.RuneSelf && ('a' <= r && r <= 'z' || '0' <= r && r <= '9'), 'A' <= r && r <= 'Z', r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			if space && len(b) > 0 {
				b = append(b, ' ')
			}
			space = false
			word++
			b = appendFolded(b, r)
		case r == '\'' || r == '’' || r == '`' || r == '´' || unicode.Is(unicode.Mn, r):
		case r == '.' && word == 1 && singleLetter(s[next:]):
			word = 0
		default:
			space, word = true, 0
		}
		i = next
	}
	return clip(string(b))
}

// singleLetter reports whether the text begins with one letter that stands alone.
func singleLetter(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(r) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(s[n:])
	return !unicode.IsLetter(after) && !unicode.IsNumber(after)
}

func appendFolded(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(b, byte(r))
	}
	r = unicode.ToLower(r)
	if t, ok := letters[r]; ok {
		return append(b, t...)
	}
	var in [utf8.UTFMax]byte
	n := utf8.EncodeRune(in[:], r)
	for _, d := range string(norm.NFKD.Bytes(in[:n])) {
		switch {
		case unicode.Is(unicode.Mn, d):
		case unicode.IsLetter(d) || unicode.IsNumber(d):
			d = unicode.ToLower(d)
			if t, ok := letters[d]; ok {
				b = append(b, t...)
			} else {
				b = utf8.AppendRune(b, d)
			}
		}
	}
	return b
}

func valid(r rune) rune {
	if r == utf8.RuneError {
		return ' '
	}
	return r
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func clip(s string) string {
	if len(s) <= maxRunes {
		return s
	}
	n := 0
	for i := range s {
		if n == maxRunes {
			return strings.TrimRight(s[:i], " ")
		}
		n++
	}
	return s
}

// joined is the text without its spaces.
func joined(s string) string { return strings.ReplaceAll(s, " ", "") }

// sorted is the text with its words in order, each once.
func sorted(s string) string {
	if !strings.Contains(s, " ") {
		return s
	}
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// titles stand before or behind a person's name and are no part of it.
var titles = map[string]bool{
	"dr": true, "prof": true, "professor": true, "dipl": true, "ing": true, "dipling": true, "diplkfm": true, "kfm": true,
	"mag": true, "magister": true, "ma": true, "mba": true, "msc": true, "bsc": true, "phd": true, "med": true, "jur": true,
	"rer": true, "nat": true, "pol": true, "phil": true, "hc": true, "habil": true, "herr": true, "herrn": true, "frau": true,
	"hr": true, "fr": true, "mr": true, "mrs": true, "ms": true, "mme": true, "ra": true, "stb": true, "wp": true,
}

// PersonName folds a first or last name and leaves out titles and forms of address, unless nothing else is there.
func PersonName(s string) string {
	s = Fold(strings.ReplaceAll(s, ".", " ")) // "H.P." are two names
	if !strings.Contains(s, " ") {
		return s
	}
	words := strings.Fields(s)
	kept := words[:0:0]
	for _, w := range words {
		if !titles[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return s
	}
	return strings.Join(kept, " ")
}

// streetEndings are written in one way.
var streetEndings = []struct{ long, short string }{
	{"strasse", "str"}, {"platz", "pl"}, {"street", "st"}, {"road", "rd"}, {"avenue", "ave"},
}

// Street folds a street with its number: "Haupt-Straße 5 a", "Hauptstr. 5a" and "HAUPTSTRASSE 5A" are "hauptstr 5a".
func Street(s string) string {
	words := strings.Fields(Fold(s))
	out := make([]string, 0, len(words))
	for _, w := range words {
		for _, e := range streetEndings {
			if stem, ok := strings.CutSuffix(w, e.long); ok {
				w = stem + e.short
				break
			}
		}
		if w == "sankt" {
			w = "st"
		}
		last := len(out) - 1
		switch {
		case last >= 0 && (w == "str" || w == "pl") && !digit(out[last][0]):
			out[last] += w
		case last >= 0 && len(w) == 1 && !digit(w[0]) && allDigits(out[last]):
			out[last] += w
		default:
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// PostalCode is the code without spaces and without a country before it: "D-80331" and "80331" are one.
func PostalCode(s string) string {
	s = Fold(s)
	if before, after, ok := strings.Cut(s, " "); ok && len(before) <= 3 && after != "" && !strings.ContainsAny(before, "0123456789") {
		s = after
	}
	return joined(s)
}

// cities are the names of one place; the first is the one kept.
var cities = [][]string{
	{"muenchen", "munich", "monaco di baviera"}, {"koeln", "cologne"}, {"wien", "vienna", "vienne"}, {"nuernberg", "nuremberg"},
	{"zuerich", "zurich", "zuerich stadt"}, {"genf", "geneve", "geneva", "ginevra"}, {"basel", "bale", "basle"},
	{"bern", "berne", "berna"}, {"luzern", "lucerne"}, {"hannover", "hanover"}, {"braunschweig", "brunswick"},
	{"frankfurt am main", "frankfurt", "frankfurt main", "frankfurt a m", "frankfurt am", "frankfurt m", "ffm"},
	{"frankfurt oder", "frankfurt a d oder", "frankfurt an der oder"}, {"halle saale", "halle an der saale", "halle a d saale"},
	{"offenbach am main", "offenbach"}, {"ludwigshafen am rhein", "ludwigshafen"}, {"freiburg im breisgau", "freiburg", "freiburg i br", "freiburg breisgau"},
	{"rom", "roma", "rome"}, {"mailand", "milano", "milan"}, {"prag", "praha", "prague"}, {"warschau", "warszawa", "warsaw"},
	{"bruessel", "bruxelles", "brussel", "brussels"}, {"den haag", "the hague", "s gravenhage"}, {"kopenhagen", "kobenhavn", "koebenhavn", "copenhagen"},
}

var cityOf = func() map[string]string {
	m := make(map[string]string)
	for _, names := range cities {
		for _, n := range names {
			m[n] = names[0]
		}
	}
	return m
}()

// City folds a town and gives towns with several names one of them.
func City(s string) string {
	s = Fold(s)
	if rest, ok := strings.CutPrefix(s, "sankt "); ok {
		s = "st " + rest
	}
	if c, ok := cityOf[s]; ok {
		return c
	}
	return s
}

// countries are the names and codes of the countries most often written out; ISO 3166-1 alpha-2 is what is kept.
var countries = map[string]string{
	"deutschland": "de", "germany": "de", "allemagne": "de", "d": "de", "deu": "de", "ger": "de", "brd": "de", "bundesrepublik deutschland": "de",
	"oesterreich": "at", "austria": "at", "a": "at", "aut": "at", "schweiz": "ch", "switzerland": "ch", "suisse": "ch", "svizzera": "ch", "che": "ch",
	"liechtenstein": "li", "fl": "li", "lie": "li", "luxemburg": "lu", "luxembourg": "lu", "lux": "lu", "frankreich": "fr", "france": "fr", "fra": "fr", "f": "fr",
	"italien": "it", "italia": "it", "italy": "it", "ita": "it", "niederlande": "nl", "netherlands": "nl", "nederland": "nl", "holland": "nl", "nld": "nl",
	"belgien": "be", "belgique": "be", "belgium": "be", "belgie": "be", "bel": "be", "polen": "pl", "polska": "pl", "poland": "pl", "pol": "pl",
	"tschechien": "cz", "czech republic": "cz", "czechia": "cz", "cze": "cz", "spanien": "es", "espana": "es", "spain": "es", "esp": "es",
	"daenemark": "dk", "danmark": "dk", "denmark": "dk", "dnk": "dk", "schweden": "se", "sweden": "se", "sverige": "se", "swe": "se",
	"grossbritannien": "gb", "vereinigtes koenigreich": "gb", "united kingdom": "gb", "great britain": "gb", "england": "gb", "uk": "gb", "gbr": "gb",
	"usa": "us", "united states": "us", "united states of america": "us", "vereinigte staaten": "us",
}

// Country is the ISO code in lower case of a country's code or name, where it is known, and the folded text otherwise.
func Country(s string) string {
	s = Fold(s)
	if c, ok := countries[s]; ok {
		return c
	}
	return s
}
