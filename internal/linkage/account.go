package linkage

import (
	"cmp"
	"strings"
)

// Accounts compares organisations. The fields are those of the canonical account and, where they are known, street and
// phone; a field that no record has says nothing.
func Accounts() Spec {
	fields := []string{"name", "street", "postal_code", "city", "country", "domain", "vat_id", "phone"}
	name, country := index(fields, "name"), index(fields, "country")
	code := index(fields, "postal_code")
	features := append(firmFeatures(name),
		Field(fields, "street", Street),
		Feature{Name: "code", From: func(v []string) string { return PostalCode(v[code]) }},
		Field(fields, "city", City),
		Field(fields, "country", Country),
		Field(fields, "domain", Domain),
		Feature{Name: "vat_id", From: func(v []string) string { return VATID(v[index(fields, "vat_id")], v[country]) }},
		Feature{Name: "phone", From: func(v []string) string { return Phone(v[index(fields, "phone")], v[country]) }},
		Feature{Name: "address", After: []string{"street", "code", "city"}, From: func(v []string) string {
			s, c := v[0], cmp.Or(v[1], v[2])
			if s == "" || c == "" || !strings.ContainsAny(s, "0123456789") {
				return ""
			}
			return s + ", " + c
		}},
		Feature{Name: "region", After: []string{"code"}, From: func(v []string) string {
			if len(v[0]) < 2 {
				return ""
			}
			return v[0][:2]
		}},
	)
	return Spec{
		Fields: fields, Features: features,
		Comparisons: []Comparison{firmName(), place(), domain(), vat(), phone()},
		Passes: []Pass{
			{Name: "vat_id", Key: []string{"vat_id"}, Refine: []string{"words", "address"}},
			{Name: "domain", Key: []string{"domain"}, Refine: []string{"words", "address"}},
			{Name: "phone", Key: []string{"phone"}, Refine: []string{"words", "address"}},
			{Name: "name", Key: []string{"firm_sound"}, Refine: []string{"words", "code", "address"}},
			{Name: "start_region", Key: []string{"firm_start", "region"}, Refine: []string{"words", "code"}},
			{Name: "start_city", Key: []string{"firm_start", "city"}, Refine: []string{"words", "code"}},
			{Name: "address", Key: []string{"address"}, Refine: []string{"words"}},
		},
	}
}

// firmFeatures are the parts of an organisation's name, which is the value at index i.
func firmFeatures(i int) []Feature {
	part := func(name string, of func(f Firm) string) Feature {
		return Feature{Name: name, After: []string{"firm"}, From: func(v []string) string { return of(unpackFirm(v[0])) }}
	}
	return []Feature{
		{Name: "typed_firm", From: func(v []string) string { return v[i] }},
		{Name: "firm", After: []string{"typed_firm"}, From: func(v []string) string { return packFirm(ParseFirm(v[0])) }},
		part("core", func(f Firm) string { return f.Core }),
		part("form", func(f Firm) string { return f.Form }),
		part("mark", func(f Firm) string { return f.Mark }),
		part("area", func(f Firm) string { return f.Area }),
		part("base", func(f Firm) string { return f.Base }),
		part("words", func(f Firm) string { return sorted(f.Core) }),
		{Name: "core_sounds", After: []string{"core"}, From: func(v []string) string { return sounds(v[0]) }},
		{Name: "words_sounds", After: []string{"words"}, From: func(v []string) string { return sounds(v[0]) }},
		{Name: "base_sounds", After: []string{"base"}, From: func(v []string) string { return sounds(v[0]) }},
		{Name: "firm_sound", After: []string{"base"}, From: func(v []string) string { return Cologne(v[0]) }},
		{Name: "firm_start", After: []string{"core"}, From: func(v []string) string { return start(v[0]) }},
	}
}

// packFirm makes one text of the parts, which have no such character; a firm without a name is "".
func packFirm(f Firm) string {
	if f.Core == "" {
		return ""
	}
	return strings.Join([]string{f.Core, f.Form, f.Mark, f.Area, f.Base}, "\x1f")
}

func unpackFirm(s string) (f Firm) {
	for _, to := range []*string{&f.Core, &f.Form, &f.Mark, &f.Area, &f.Base} {
		*to, s, _ = strings.Cut(s, "\x1f")
	}
	return f
}

// sounds are the codes of the words of a text, with a space between them.
func sounds(text string) string {
	codes := strings.Split(text, " ")
	for i, word := range codes {
		codes[i] = Cologne(word)
	}
	return strings.Join(codes, " ")
}

// start is what the first word of a name sounds like, or the word itself where that is next to nothing.
func start(core string) string {
	word, _, _ := strings.Cut(core, " ")
	if c := Cologne(word); len(c) > 1 {
		return c
	}
	return word
}

// firmName compares two organisations by the features of firmFeatures.
func firmName() Comparison {
	return Comparison{
		Name: "name", Features: []string{"core", "form", "mark", "area", "base", "words", "core_sounds", "words_sounds", "base_sounds"}, Needed: 1, Fields: []string{"name"},
		Levels: []Level{
			{Name: LevelSame, M: .68, Frequency: "core"},
			{Name: LevelForm, M: .04, Frequency: "core"},
			{Name: LevelNear, M: .16, Frequency: "core"},
			{Name: LevelPart, M: .05, Frequency: "core"},
			{Name: LevelSimilar, M: .04, Frequency: "core"},
			// A holding and its subsidiary agree on address, telephone, domain and often the VAT number; nothing but the
			// name tells them apart, so it must outweigh all those.
			held(LevelSister, -60),
			{Name: LevelDifferent, M: .03},
		},
		Compare: func(a, b []string) int { return compareFirms(a, b) },
	}
}

const (
	firmSame = iota
	firmForm
	firmNear
	firmPart
	firmSimilar
	firmSister
	firmDifferent
)

// compareFirms takes core, form, mark, area, base, the sorted words of the core, and what the words of core, sorted words and
// base sound like.
func compareFirms(a, b []string) int {
	if a[0] == "" || b[0] == "" {
		return Missing
	}
	sameForm := a[1] == b[1] || a[1] == "" || b[1] == ""
	if a[0] == b[0] {
		if sameForm {
			return firmSame
		}
		return firmForm
	}
	if apart := a[2] != b[2] || a[3] != "" && b[3] != "" && a[3] != b[3]; apart {
		base, other := spoken{a[4], a[8]}, spoken{b[4], b[8]}
		if near := nearFirms(base, other, base, other); near < firmSimilar {
			return firmSister
		}
		return firmDifferent
	}
	level := nearFirms(spoken{a[0], a[6]}, spoken{b[0], b[6]}, spoken{a[5], a[7]}, spoken{b[5], b[7]})
	if level == firmNear && !sameForm {
		return firmForm
	}
	return level
}

// spoken is a text and the codes of its words.
type spoken struct{ text, sounds string }

// nearFirms compares two cores, given in their order and with their words sorted.
func nearFirms(x, y, wordsX, wordsY spoken) int {
	if x.text == y.text || wordsX.text == wordsY.text || sameLetters(x.text, y.text) {
		return firmNear
	}
	nX, nY := words(x.text), words(y.text)
	if wordsAlike(x, y, nX, nY) {
		return firmNear
	}
	if x.text != wordsX.text || y.text != wordsY.text {
		if wordsAlike(wordsX, wordsY, words(wordsX.text), words(wordsY.text)) {
			return firmNear
		}
	}
	share, common := dice(wordsX.text, wordsY.text)
	if n := min(words(wordsX.text), words(wordsY.text)); common == n && words(wordsX.text) != words(wordsY.text) {
		return firmPart
	}
	if share >= .6 || closeBy(x.text, y.text, .85) && similar(x.text, y.text, .9) {
		return firmSimilar
	}
	return firmDifferent
}

// wordsAlike reports whether two names of so many words differ in slips only. Where they have as many words, each must be
// like its counterpart: "Steuerberatung Wien" and "Steuerberatung Linz" are not one firm for being long. Otherwise one letter
// in eight may differ.
func wordsAlike(x, y spoken, nX, nY int) bool {
	if nX != nY {
		return closeBy(x.text, y.text, .875) && similar(x.text, y.text, .9)
	}
	for range nX {
		var a, b, codeA, codeB string
		a, x.text, _ = strings.Cut(x.text, " ")
		b, y.text, _ = strings.Cut(y.text, " ")
		codeA, x.sounds, _ = strings.Cut(x.sounds, " ")
		codeB, y.sounds, _ = strings.Cut(y.sounds, " ")
		if a != b && !closeBy(a, b, .75) && !soundAlike(a, b, codeA, codeB) {
			return false
		}
	}
	return true
}

// soundAlike reports whether two words have one code and are alike when ai, ay, ey and the like are written in one way.
// The code alone throws much together: Meier, Mohr and Maurer are 67.
func soundAlike(a, b, codeA, codeB string) bool {
	return codeA == codeB && len(codeA) > 1 && Jaro(diphthongs.Replace(a), diphthongs.Replace(b)) >= .7
}

var diphthongs = strings.NewReplacer("ai", "ei", "ay", "ei", "ey", "ei", "aj", "ei", "ej", "ei", "aeu", "eu", "oi", "eu", "oy", "eu")

// sameLetters reports whether two texts are equal without their spaces.
func sameLetters(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && a[i] == ' ' {
			i++
		}
		for j < len(b) && b[j] == ' ' {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if a[i] != b[j] {
			return false
		}
		i++
		j++
	}
}

// place compares addresses by street, code, city and country. They are one comparison, because one follows from the other
// and would count twice.
func place() Comparison {
	return Comparison{
		Name: "place", Features: []string{"street", "code", "city", "country"}, Fields: []string{"street", "postal_code", "city", "country"},
		Levels: []Level{
			{Name: LevelAddress, M: .5, Frequency: "address"},
			{Name: LevelCode, M: .3, Frequency: "code"},
			{Name: LevelTown, M: .08, Frequency: "city"},
			{Name: LevelOtherCode, M: .03, Frequency: "city"},
			{Name: LevelRegion, M: .02},
			{Name: LevelDifferent, M: .05},
			{Name: LevelOtherCountry, M: .02},
		},
		Compare: func(a, b []string) int {
			codes, cities := agree(a[1], b[1]), agree(a[2], b[2])
			if cities < 0 && similarTown(a[2], b[2]) {
				cities = 1
			}
			switch {
			case agree(a[3], b[3]) < 0:
				return 6
			case codes == 0 && cities == 0:
				return Missing
			case (codes > 0 || cities > 0) && agree(a[0], b[0]) > 0, codes > 0 && nearStreet(a[0], b[0]):
				return 0
			case codes > 0 && cities >= 0:
				return 1
			case cities > 0 && codes == 0:
				return 2
			case cities > 0:
				return 3
			case codes != 0 && len(a[1]) >= 2 && len(b[1]) >= 2 && a[1][:2] == b[1][:2]:
				return 4
			}
			return 5
		},
	}
}

// agree is 1 for equal values, −1 for different ones and 0 where one is missing.
func agree(a, b string) int {
	switch {
	case a == "" || b == "":
		return 0
	case a == b:
		return 1
	}
	return -1
}

// similarTown allows for a slip and for a part of the name: "Halle" and "Halle (Saale)", but not "Frankfurt (Oder)" and
// "Frankfurt am Main".
func similarTown(a, b string) bool {
	return partOf(a, b) || min(len(a), len(b)) >= 5 && oneSlip(a, b)
}

// nearStreet allows for slips in the street, not in its number.
func nearStreet(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	streetA, numberA := cutNumber(a)
	streetB, numberB := cutNumber(b)
	return numberA == numberB && similar(streetA, streetB, .92)
}

func cutNumber(s string) (street, number string) {
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return s, ""
	}
	return strings.TrimRight(s[:i], " "), s[i:]
}

func domain() Comparison {
	return Comparison{
		Name: "domain", Features: []string{"domain"}, Needed: 1, Fields: []string{"domain"},
		Levels: []Level{{Name: LevelSame, M: .9, Frequency: "domain"}, {Name: LevelDifferent, M: .1}},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y:
				return 0
			case domainName(x) == domainName(y):
				return Missing // with another ending it says no more than the name, which is compared already
			}
			return 1
		},
	}
}

func vat() Comparison {
	return Comparison{
		Name: "vat_id", Features: []string{"vat_id"}, Needed: 1, Fields: []string{"vat_id"},
		Levels: []Level{
			{Name: LevelSame, M: .93, Frequency: "vat_id"},
			{Name: LevelNear, M: .07},
			// Two valid numbers are two taxable persons, however much else agrees.
			held(LevelDifferent, -20),
		},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "" || x[:1] != y[:1]:
				return Missing // a number in another country is no second taxable person
			case x == y:
				return 0
			case oneSlip(x, y):
				return 1
			}
			return 2
		},
	}
}

func phone() Comparison {
	return Comparison{
		Name: "phone", Features: []string{"phone"}, Needed: 1, Fields: []string{"phone"},
		Levels: []Level{{Name: LevelSame, M: .83, Frequency: "phone"}, {Name: LevelNear, M: .05}, {Name: LevelDifferent, M: .12}},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y:
				return 0
			case sameExchange(x, y):
				return Missing // another extension: what a colleague has, and what one person has at a second desk
			case oneSlip(x, y):
				return 1
			}
			return 2
		},
	}
}

// sameExchange reports whether two numbers differ in their last one to four digits only.
func sameExchange(a, b string) bool {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n >= 7 && len(a)-n <= 4 && len(b)-n <= 4
}
