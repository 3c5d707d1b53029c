package linkage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// freeMail are domains of providers where anybody may have an address: sharing one says nothing about the employer.
var freeMail = set(`gmail.com googlemail.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de
	aol.com aol.de yahoo.com yahoo.de yahoo.fr yahoo.co.uk ymail.com hotmail.com hotmail.de hotmail.fr hotmail.co.uk outlook.com
	outlook.de live.com live.de live.at msn.com icloud.com me.com mac.com mail.de email.de posteo.de posteo.net mailbox.org
	proton.me protonmail.com pm.me tutanota.com tutanota.de tuta.io kabelmail.de vodafonemail.de vodafone.de o2online.de 1und1.de
	online.de bluewin.ch hispeed.ch sunrise.ch swissonline.ch aon.at chello.at a1.net kabsi.at inode.at utanet.at orange.fr
	wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it wp.pl o2.pl onet.pl interia.pl seznam.cz
	mail.com mail.ru yandex.ru gmx.eu gmx.info genion.de netcologne.de ewetel.net ewe.net unitybox.de unity-mail.de versanet.de
	htp-tel.de osnanet.de gmx.li nexgo.de`)

// roles are names of mailboxes that several people read.
var roles = set(`info kontakt contact office mail email post zentrale buero sekretariat service support vertrieb sales
	einkauf verkauf buchhaltung rechnung rechnungen invoice accounting bestellung bestellungen order orders bewerbung jobs hr
	personal presse press marketing admin administrator webmaster postmaster noreply no-reply hello hallo team empfang anfrage
	anfragen verwaltung praxis kanzlei shop newsletter datenschutz it technik hotline kundenservice dispo logistik lager`)

// secondLevel are the second labels under which domains are sold in some countries.
var secondLevel = set(`co com org net gov ac or gv edu ne go`)

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// Email is an address in lower case without the tag behind a plus; an address at Gmail without its dots, which Gmail does
// not look at. What has no name and no domain is "".
func Email(s string) string {
	if len(s) > 8*maxRunes {
		return ""
	}
	s = strings.ToLower(norm.NFC.String(strings.TrimSpace(strings.ToValidUTF8(s, ""))))
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = strings.TrimRight(s[i+1:], "> ")
	}
	s = strings.TrimPrefix(s, "mailto:")
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" || !strings.Contains(domain, ".") || strings.ContainsFunc(s, notInAddress) || strings.Contains(domain, "@") {
		return ""
	}
	if before, _, ok := strings.Cut(name, "+"); ok && before != "" {
		name = before
	}
	domain = strings.Trim(domain, ".")
	if domain == "" || !strings.Contains(domain, ".") {
		return ""
	}
	if domain == "googlemail.com" || domain == "gmail.com" {
		domain = "gmail.com"
		if n := strings.ReplaceAll(name, ".", ""); n != "" {
			name = n
		}
	}
	return clip(name + "@" + domain)
}

func notInAddress(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`,;()[]"\<>`, r)
}

// sharedMailbox reports whether several people read what is sent to an address in its normal form.
func sharedMailbox(email string) bool {
	name, _, _ := strings.Cut(email, "@")
	return roles[name]
}

// Domain is the part of a web or mail address that a firm has registered, in lower case and without "www.". A provider of
// free mail is "", which is missing.
func Domain(s string) string {
	if len(s) > 8*maxRunes {
		return ""
	}
	s = strings.ToLower(norm.NFC.String(strings.TrimSpace(strings.ToValidUTF8(s, ""))))
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.IndexAny(s, "/?#: >"); i >= 0 {
		s = s[:i]
	}
	labels := strings.FieldsFunc(s, func(r rune) bool { return r == '.' })
	if len(labels) < 2 || strings.ContainsFunc(s, notInAddress) {
		return ""
	}
	keep := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && secondLevel[labels[len(labels)-2]] {
		keep = 3
	}
	s = clip(strings.Join(labels[len(labels)-keep:], "."))
	if freeMail[s] {
		return ""
	}
	return s
}

// domainName is a domain without its ending.
func domainName(d string) string {
	name, _, _ := strings.Cut(d, ".")
	return name
}

// callingCodes by ISO code of the country; German numbers are what a country that is not known is taken for.
var callingCodes = map[string]string{
	"de": "49", "at": "43", "ch": "41", "li": "423", "lu": "352", "fr": "33", "it": "39", "nl": "31", "be": "32", "pl": "48",
	"cz": "420", "es": "34", "dk": "45", "se": "46", "no": "47", "fi": "358", "gb": "44", "ie": "353", "pt": "351", "us": "1",
	"ca": "1", "hu": "36", "sk": "421", "si": "386", "hr": "385", "ro": "40", "bg": "359", "gr": "30", "tr": "90",
}

// Phone is a number as its digits with the country's calling code in front, without a plus. A number in national form is
// taken to be of the country (ISO code or name; "" is Germany). Numbers of fewer than six digits, or of one digit over and
// over, are "".
func Phone(s, country string) string {
	code, ok := callingCodes[Country(country)]
	if !ok {
		code = "49"
	}
	s = strings.ReplaceAll(strings.TrimSpace(s), "(0)", "")
	digits := make([]byte, 0, 20)
	plus := false
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case r == '+' && len(digits) == 0:
			plus = true
		case r == '/' && len(digits) >= 16, r == ';', r == ',', r == '\n':
			if len(digits) >= 6 { // a second number behind the first
				return number(string(digits), code, plus)
			}
		}
		if len(digits) > 20 {
			break
		}
	}
	return number(string(digits), code, plus)
}

func number(d, code string, plus bool) string {
	switch {
	case plus:
	case strings.HasPrefix(d, "00"):
		d = d[2:]
	case strings.HasPrefix(d, "0"):
		d = code + d[1:]
	case strings.HasPrefix(d, code) && len(d) >= len(code)+8:
	default:
		d = code + d
	}
	// "+49 (0)89" and "+49 089" are the same; Italy alone keeps its zero.
	if rest, ok := strings.CutPrefix(d, code+"0"); ok && code != "39" {
		d = code + rest
	}
	if len(d) < len(code)+6 || len(d) > 20 || uniform(strings.TrimPrefix(d, code)) {
		return ""
	}
	return d
}

// uniform reports whether a number is one digit over and over, or counts upwards from one: nobody's number.
func uniform(d string) bool {
	same, counting := true, true
	for i := 1; i < len(d); i++ {
		same = same && d[i] == d[0]
		counting = counting && d[i] == '0'+byte((int(d[i-1]-'0')+1)%10)
	}
	return same || counting
}

// vatPrefix are the two letters of a country's VAT identification numbers where they are not the ISO code.
var vatPrefix = map[string]string{"gr": "EL", "gb": "GB", "ch": "CHE", "li": "CHE"}

// vatDigits is how many digits a number has behind its country's letters, where only digits follow.
var vatDigits = map[string]int{"DE": 9, "ATU": 8, "CHE": 9, "IT": 11, "PL": 10, "LU": 8, "BE": 10, "DK": 8, "FI": 8, "PT": 9, "SI": 8, "HU": 8, "SE": 12, "EL": 9, "EE": 9, "MT": 8, "HR": 11, "SK": 10, "NO": 9}

// VATID is a VAT identification number in capitals without spaces, dots and the words behind a Swiss one; a number without
// its country's letters gets them where the country is known. A German or Austrian number of the wrong length is "": it is
// a tax number or a mistake, and must not count against a right one.
func VATID(s, country string) string {
	b := make([]byte, 0, 20)
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z':
			b = append(b, byte(r-'a'+'A'))
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			b = append(b, byte(r))
		}
		if len(b) > 24 {
			return ""
		}
	}
	id := string(b)
	for _, word := range []string{"MWST", "TVA", "IVA", "VAT"} {
		id = strings.TrimSuffix(id, word)
		if strings.HasPrefix(id, word) && len(id) > len(word)+4 {
			id = id[len(word):]
		}
	}
	for _, word := range []string{"USTIDNR", "USTID", "UID"} {
		if rest, ok := strings.CutPrefix(id, word); ok && len(rest) >= 8 {
			id = rest
		}
	}
	if id == "" || countDigits(id) < 6 {
		return ""
	}
	if digit(id[0]) {
		c := Country(country)
		p, ok := vatPrefix[c]
		if !ok && len(c) == 2 {
			p = strings.ToUpper(c)
		}
		if p == "AT" {
			p = "ATU"
		}
		id = p + id
	} else if strings.HasPrefix(id, "U") && len(id) == 9 {
		id = "AT" + id
	}
	for p, n := range vatDigits {
		if rest, ok := strings.CutPrefix(id, p); ok && (p == "DE" || p == "ATU" || p == "CHE") && (len(rest) != n || !allDigits(rest)) {
			return ""
		}
	}
	return id
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if digit(s[i]) {
			n++
		}
	}
	return n
}

// Date is a day as YYYYMMDD of the ways it is written: 2024-03-01, 20240301, 01.03.2024, 1.3.2024. Anything else is "".
func Date(s string) string {
	var part [3]int
	var width [3]int
	n := 0
	for _, r := range strings.TrimSpace(s) {
		switch {
		case '0' <= r && r <= '9':
			if n == 0 && width[0] == 0 {
				n = 1
			}
			part[n-1] = part[n-1]*10 + int(r-'0')
			if width[n-1]++; width[n-1] > 8 {
				return ""
			}
		case (r == '.' || r == '-' || r == '/') && n > 0 && n < 3 && width[n-1] > 0:
			n++
		case r == 'T' && n == 3 && width[2] > 0, r == ' ' && n == 3 && width[2] > 0:
			return date(part, width, n)
		default:
			return ""
		}
	}
	return date(part, width, n)
}

func date(part, width [3]int, n int) string {
	var y, m, d int
	switch {
	case n == 1 && width[0] == 8:
		y, m, d = part[0]/10000, part[0]/100%100, part[0]%100
	case n == 3 && width[0] == 4:
		y, m, d = part[0], part[1], part[2]
	case n == 3 && width[2] == 4:
		y, m, d = part[2], part[1], part[0]
	default:
		return ""
	}
	if y < 1 || m < 1 || m > 12 || d < 1 || d > 31 {
		return ""
	}
	b := []byte("00000000")
	for i, v := range []int{y / 1000, y / 100 % 10, y / 10 % 10, y % 10, m / 10, m % 10, d / 10, d % 10} {
		b[i] += byte(v)
	}
	return string(b)
}

// runes decodes into a buffer on the caller's stack where the text is short enough.
func runes(buf []rune, s string) []rune {
	buf = buf[:0]
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		buf = append(buf, r)
		i += n
	}
	return buf
}
