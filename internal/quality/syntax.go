package quality

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/linkage"
)

// Email tells whether a text is a mailbox as RFC 5321, 4.1.2, allows it, with letters of any language (RFC 6531) and without
// the forms that no CRM knows: quoted local parts, addresses of machines, domains of one label.
func Email(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || !utf8.ValidString(s) {
		return false
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		if !(r == '.' || r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r)) || r < 0x80 && (letter(byte(r)) || digit(byte(r)) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))) {
			return false
		}
	}
	return Domain(domain)
}

// Domain tells whether a text is the name of a host with at least two labels (RFC 1123, 2.1), letters of any language
// included (RFC 5890).
func Domain(s string) bool {
	if len(s) > 253 || !utf8.ValidString(s) {
		return false
	}
	labels, last := 0, ""
	for s != "" {
		label, rest, more := strings.Cut(s, ".")
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || more && rest == "" {
			return false
		}
		for _, r := range label {
			if !(r == '-' || r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r)) || r < 0x80 && (letter(byte(r)) || digit(byte(r)))) {
				return false
			}
		}
		labels, last, s = labels+1, label, rest
	}
	return labels >= 2 && utf8.RuneCountInString(last) >= 2 && strings.ContainsFunc(last, func(r rune) bool { return r > '9' })
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// callingCodes are those of two and three digits that the ITU has assigned (list to ITU-T E.164); 1 and 7 have one.
var callingCodes = func() map[string]bool {
	all := map[string]bool{"1": true, "7": true}
	for _, c := range strings.Fields(`20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86
90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244
245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355
356 357 358 359 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509
590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852
853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 994 995 996 998`) {
		all[c] = true
	}
	return all
}()

// trunk are countries whose national numbers begin with 0.
var trunk = map[string]bool{"de": true, "at": true, "ch": true, "li": true, "fr": true, "be": true, "nl": true, "gb": true, "ie": true, "se": true, "fi": true,
	"hr": true, "si": true, "sk": true, "bg": true, "ro": true, "rs": true, "tr": true, "au": true, "nz": true, "za": true, "jp": true}

// Phone tells whether a text is a telephone number: international with + or 00, an assigned calling code and at most 15
// digits (ITU-T E.164), or national as the country writes it, for which home is an ISO code in lower case. Separators are
// those of DIN 5008 and ITU-T E.123, and the older brackets and strokes; an extension may follow. A number without its area
// code cannot be called from elsewhere and is wrong.
func Phone(s, home string) bool {
	s = strings.ReplaceAll(strings.TrimSpace(s), "(0)", "")
	plus := strings.HasPrefix(s, "+")
	if plus {
		s = s[1:]
	}
	var b [24]byte
	n := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if n == len(b) {
				return false
			}
			b[n], n = byte(r), n+1
		case r == ' ', r == '-', r == '/', r == '.', r == '(', r == ')', r == '\u00a0', r == '\u202f', r == '–', r == '\u2011':
		default:
			if n < 5 || !extension.MatchString(s[i:]) {
				return false
			}
			s = ""
		}
		if s == "" {
			break
		}
	}
	digits := string(b[:n])
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !plus {
		plus, digits = true, rest
	}
	if repeated(digits) {
		return false
	}
	if !plus {
		rest, ok := strings.CutPrefix(digits, "0")
		switch {
		case home == "de":
			return ok && german(rest)
		case trunk[home]:
			return ok && len(rest) >= 5 && len(rest) <= 13 && rest[0] != '0'
		}
		return len(digits) >= 6 && len(digits) <= 13
	}
	if len(digits) < 7 || len(digits) > 15 {
		return false
	}
	for k := 1; k <= 3; k++ {
		if callingCodes[digits[:k]] {
			if digits[:k] == "49" {
				return german(digits[k:])
			}
			return len(digits)-k >= 4
		}
	}
	return false
}

var extension = regexp.MustCompile(`^(?i:ext\.?|x|dw\.?|durchwahl|app\.?|#|,)\s*[0-9]{1,6}$`)

// german tells whether digits behind 0 or +49 are a number of the German plan (Bundesnetzagentur, Nummernraum): at most 13
// digits with a direct dial-in, at least 6; mobile numbers, 15, 16 and 17, have 10 or 11.
func german(n string) bool {
	if len(n) < 6 || len(n) > 13 || n[0] == '0' {
		return false
	}
	if n[0] == '1' && (n[1] == '5' || n[1] == '6' || n[1] == '7') {
		return len(n) == 10 || len(n) == 11
	}
	return true
}

// repeated tells of 0000000 and the like, typed to fill the field.
func repeated(s string) bool { return s == "" || strings.Trim(s, s[:1]) == "" }

// postcodes are the forms by country: 9 a digit, A a letter, * either; blanks and hyphens are left out before comparing.
// Source: Universal Postal Union, addressing system of each country.
var postcodes = map[string][]string{
	"de": {"99999"}, "at": {"9999"}, "ch": {"9999"}, "li": {"9999"}, "fr": {"99999"}, "be": {"9999"}, "nl": {"9999AA"}, "lu": {"9999"}, "it": {"99999"}, "es": {"99999"},
	"pt": {"9999999"}, "dk": {"9999"}, "se": {"99999"}, "no": {"9999"}, "fi": {"99999"}, "pl": {"99999"}, "cz": {"99999"}, "sk": {"99999"}, "hu": {"9999"}, "si": {"9999"},
	"hr": {"99999"}, "ro": {"999999"}, "bg": {"9999"}, "gr": {"99999"}, "ee": {"99999"}, "lv": {"9999"}, "lt": {"99999"}, "cy": {"9999"}, "mt": {"AAA9999"},
	"ie": {"A99****", "A9A****"}, "gb": {"A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA"}, "us": {"99999", "999999999"}, "ca": {"A9A9A9"},
	"au": {"9999"}, "jp": {"9999999"}, "cn": {"999999"}, "in": {"999999"}, "tr": {"99999"}, "ua": {"99999"}, "rs": {"99999"},
}

// countryPrefix are letters that people put before a postcode, D-80331.
var countryPrefix = map[string][]string{"de": {"D", "DE"}, "at": {"A", "AT"}, "ch": {"CH"}, "li": {"FL", "LI"}, "fr": {"F", "FR"}, "be": {"B", "BE"}, "nl": {"NL"}, "lu": {"L"}, "it": {"I", "IT"},
	"dk": {"DK"}, "se": {"S", "SE"}, "pl": {"PL"}, "cz": {"CZ"}, "lv": {"LV"}, "lt": {"LT"}, "si": {"SI"}, "hr": {"HR"}, "hu": {"H", "HU"}}

// PostalCode tells whether a text has the form of the country's postcodes, an ISO code in lower case. known is false where
// that form is not known here.
func PostalCode(s, country string) (right, known bool) {
	forms, known := postcodes[country]
	if !known {
		return false, false
	}
	s = strings.ToUpper(strings.TrimSpace(s))
	if head, rest, ok := strings.Cut(s, "-"); ok {
		for _, p := range countryPrefix[country] {
			if head == p {
				s = rest
			}
		}
	}
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s)
	for _, form := range forms {
		if fits(s, form) {
			switch country {
			case "de":
				return s >= "01000" && s != "99999", true
			case "at", "ch", "nl", "be", "lu", "dk", "hu", "si", "bg":
				return s[0] != '0' || country == "dk", true
			case "li":
				return s >= "9485" && s <= "9498", true
			case "es":
				return s >= "01000" && s < "53000", true
			}
			return true, true
		}
	}
	return false, true
}

func fits(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		if !(form[i] == '9' && digit(s[i]) || form[i] == 'A' && letter(s[i]) || form[i] == '*' && (digit(s[i]) || letter(s[i]))) {
			return false
		}
	}
	return true
}

// vatForms are what follows the country's letters. Source: European Commission, VIES, structure of VAT identification
// numbers; Federal Statistical Office of Switzerland for CHE; Norwegian Tax Administration.
var vatForms = func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for country, form := range map[string]string{
		"AT": `U\d{8}`, "BE": `[01]\d{9}`, "BG": `\d{9,10}`, "CY": `\d{8}[A-Z]`, "CZ": `\d{8,10}`, "DE": `\d{9}`, "DK": `\d{8}`, "EE": `\d{9}`, "EL": `\d{9}`,
		"ES": `[A-Z]\d{8}|\d{8}[A-Z]|[A-Z]\d{7}[A-Z]`, "FI": `\d{8}`, "FR": `[A-HJ-NP-Z0-9]{2}\d{9}`, "HR": `\d{11}`, "HU": `\d{8}`, "IE": `\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-Z]{2}`, "IT": `\d{11}`,
		"LT": `\d{9}|\d{12}`, "LU": `\d{8}`, "LV": `\d{11}`, "MT": `\d{8}`, "NL": `[A-Z0-9+*]{9}B\d{2}`, "PL": `\d{10}`, "PT": `\d{9}`, "RO": `[1-9]\d{1,9}`, "SE": `\d{10}01`, "SI": `[1-9]\d{7}`,
		"SK": `[1-9]\d{9}`, "XI": `\d{9}|\d{12}|(GD|HA)\d{3}`, "GB": `\d{9}|\d{12}|(GD|HA)\d{3}`, "CH": `E\d{9}`, "NO": `\d{9}`,
	} {
		all[country] = regexp.MustCompile("^(?:" + form + ")$")
	}
	return all
}()

var vatWords = regexp.MustCompile(`(MWST|TVA|IVA|VAT|MVA)$`)

// VATID tells whether a text is a VAT identification number: the country's letters, what the country has behind them, and
// for DE, AT and CH the check digit. It says nothing about whether the number has been given out; VIES does.
func VATID(s string) bool {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch {
		case r == ' ', r == '.', r == '-', r == '/', r == '\u00a0':
		case r == '+', r == '*', r < 0x80 && (letter(byte(r)) || digit(byte(r))):
			b.WriteByte(byte(r))
		default:
			return false
		}
	}
	id := b.String()
	if len(id) < 4 {
		return false
	}
	country, rest := id[:2], id[2:]
	if country == "CH" || country == "NO" {
		rest = vatWords.ReplaceAllString(rest, "")
	}
	form := vatForms[country]
	if form == nil || !form.MatchString(rest) {
		return false
	}
	switch country {
	case "DE":
		return checkDE(rest)
	case "AT":
		return checkAT(rest[1:])
	case "CH":
		return checkCH(rest[1:])
	}
	return true
}

// checkDE is ISO/IEC 7064, MOD 11,10, as the Bundeszentralamt für Steuern uses it.
func checkDE(n string) bool {
	if n[0] == '0' {
		return false
	}
	p := 10
	for i := range 8 {
		s := (int(n[i]-'0') + p) % 10
		if s == 0 {
			s = 10
		}
		p = 2 * s % 11
	}
	return (11-p)%10 == int(n[8]-'0')
}

// checkAT is the check digit of the Austrian UID: 10 − (Σ + 4) mod 10, where every second digit is doubled and its digits
// are summed (Bundesministerium für Finanzen, Konstruktion der UID).
func checkAT(n string) bool {
	sum := 4
	for i := range 7 {
		d := int(n[i] - '0')
		if i%2 == 1 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	return (10-sum%10)%10 == int(n[7]-'0')
}

// checkCH is that of the Swiss UID: modulo 11 with the weights 5 4 3 2 7 6 5 4 (Federal Statistical Office; eCH-0097).
func checkCH(n string) bool {
	sum := 0
	for i, w := range []int{5, 4, 3, 2, 7, 6, 5, 4} {
		sum += w * int(n[i]-'0')
	}
	check := (11 - sum%11) % 11
	return check < 10 && check == int(n[8]-'0')
}

// Country is the ISO code in lower case of a country's code or name, empty where it is not known.
func Country(s string) string {
	c := linkage.Country(s)
	if _, known := postcodes[c]; known || len(c) == 2 {
		return c
	}
	return ""
}
