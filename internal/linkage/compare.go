package linkage

import (
	"strconv"
	"strings"
)

// Names of the levels of the ready-made comparisons.
const (
	LevelSame         = "same"
	LevelNear         = "near"      // a slip of the pen or another spelling
	LevelSimilar      = "similar"   // alike, and no more
	LevelSounds       = "sounds"    // spoken alike
	LevelPart         = "part"      // one name holds the other
	LevelSwapped      = "swapped"   // first and last name have changed places
	LevelCallName     = "call_name" // short or foreign form of the same first name
	LevelInitial      = "initial"   // one is the beginning letter of the other
	LevelForm         = "form"      // the same name with another legal form
	LevelSister       = "sister"    // the same house, but holding, administration, another number or country
	LevelShared       = "shared"    // a mailbox that several people read
	LevelAddress      = "address"   // street, number and town
	LevelCode         = "code"      // postal code
	LevelTown         = "town"
	LevelOtherCode    = "other_code" // the same town with another postal code
	LevelRegion       = "region"     // the first two digits of the postal code
	LevelOtherCountry = "country"    // different countries
	LevelDifferent    = "different"
)

// Field is the feature that normalises one field.
func Field(fields []string, name string, normal func(string) string) Feature {
	i := index(fields, name)
	return Feature{Name: name, From: func(v []string) string { return normal(v[i]) }}
}

func index(fields []string, name string) int {
	for i, f := range fields {
		if f == name {
			return i
		}
	}
	panic("linkage: no field " + name)
}

// Exact compares two values for equality. m is how often duplicates are expected to agree.
func Exact(name, feature string, m float64) Comparison {
	return Comparison{
		Name: name, Features: []string{feature}, Fields: []string{name},
		Levels: []Level{{Name: LevelSame, M: m, Frequency: feature}, {Name: LevelDifferent, M: 1 - m}},
		Compare: func(a, b []string) int {
			switch {
			case a[0] == "" || b[0] == "":
				return Missing
			case a[0] == b[0]:
				return 0
			}
			return 1
		},
	}
}

// Text compares two short texts by Jaro and Winkler: same, near from 0.92, similar from 0.85, different.
func Text(name, feature string) Comparison {
	return Comparison{
		Name: name, Features: []string{feature}, Fields: []string{name},
		Levels: []Level{{Name: LevelSame, M: .85, Frequency: feature}, {Name: LevelNear, M: .08, Frequency: feature}, {Name: LevelSimilar, M: .02, Frequency: feature}, {Name: LevelDifferent, M: .05}},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y:
				return 0
			default:
				return grade(JaroWinkler(x, y), .92, .85) + 1
			}
		},
	}
}

// grade is how many of the falling bounds the similarity misses.
func grade(s float64, bounds ...float64) int {
	for i, b := range bounds {
		if s >= b {
			return i
		}
	}
	return len(bounds)
}

// Digits compares two numbers that stand for something, such as a customer or an insurance number: same, near with one
// slip or two neighbours exchanged, different.
func Digits(name, feature string) Comparison {
	return Comparison{
		Name: name, Features: []string{feature}, Fields: []string{name},
		Levels: []Level{{Name: LevelSame, M: .9, Frequency: feature}, {Name: LevelNear, M: .06}, {Name: LevelDifferent, M: .04}},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y:
				return 0
			case oneSlip(x, y):
				return 1
			}
			return 2
		},
	}
}

// Day compares two days in the form of Date: same; near with one slip, two neighbouring digits exchanged, or day and month
// exchanged; different.
func Day(name, feature string) Comparison {
	c := Digits(name, feature)
	digits := c.Compare
	c.Compare = func(a, b []string) int {
		level := digits(a, b)
		if x, y := a[0], b[0]; level == 2 && len(x) == 8 && len(y) == 8 && x[:4] == y[:4] && x[4:6] == y[6:] && x[6:] == y[4:6] {
			return 1
		}
		return level
	}
	return c
}

// Amount compares two quantities, written with a decimal point: same, near within the given share of the larger,
// different. What is no number is missing.
func Amount(name, feature string, share float64) Comparison {
	return Comparison{
		Name: name, Features: []string{feature}, Fields: []string{name},
		Levels: []Level{{Name: LevelSame, M: .85, Frequency: feature}, {Name: LevelNear, M: .1}, {Name: LevelDifferent, M: .05}},
		Compare: func(a, b []string) int {
			x, errX := strconv.ParseFloat(a[0], 64)
			y, errY := strconv.ParseFloat(b[0], 64)
			switch d := max(x-y, y-x); {
			case errX != nil || errY != nil || x != x || y != y:
				return Missing
			case x == y:
				return 0
			case d <= share*max(x, -x, y, -y):
				return 1
			}
			return 2
		},
	}
}

// held is a level that is not estimated. Its weight is set against what agreement of the rest adds up to: in a file of a
// million, 10 to 15 bits for a name, 15 to 25 each for a mailbox, a number, an address or an employer, less the 20 or so
// that a pair needs to be a duplicate at all.
func held(name string, weight float64) Level { return Level{Name: name, Held: true, Weight: weight} }

// firmName compares two organisations by the features of firmFeatures.
func firmName() Comparison {
	return Comparison{
		Name: "name", Features: []string{"core", "form", "mark", "area", "base", "words"}, Fields: []string{"name"},
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

// compareFirms takes core, form, mark, area, base and the sorted words of the core.
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
		if near := nearFirms(a[4], b[4], a[4], b[4]); near < firmSimilar {
			return firmSister
		}
		return firmDifferent
	}
	level := nearFirms(a[0], b[0], a[5], b[5])
	if level == firmNear && !sameForm {
		return firmForm
	}
	return level
}

// nearFirms compares two cores, given in their order and with their words sorted.
func nearFirms(x, y, wordsX, wordsY string) int {
	if x == y || wordsX == wordsY || sameLetters(x, y) {
		return firmNear
	}
	if wordsAlike(x, y) || wordsAlike(wordsX, wordsY) {
		return firmNear
	}
	share, common := dice(wordsX, wordsY)
	if n := min(words(wordsX), words(wordsY)); common == n && words(wordsX) != words(wordsY) {
		return firmPart
	}
	if share >= .6 || similar(x, y, .9) && closeBy(x, y, .85) {
		return firmSimilar
	}
	return firmDifferent
}

// wordsAlike reports whether two names differ in slips only. Where they have as many words, each must be like its
// counterpart: "Steuerberatung Wien" and "Steuerberatung Linz" are not one firm for being long. Otherwise one letter in
// eight may differ.
func wordsAlike(x, y string) bool {
	n := words(x)
	if n != words(y) {
		return similar(x, y, .9) && closeBy(x, y, .875)
	}
	for range n {
		var a, b string
		a, x, _ = strings.Cut(x, " ")
		b, y, _ = strings.Cut(y, " ")
		if a != b && !closeBy(a, b, .75) && !soundAlike(a, b, Cologne(a), Cologne(b)) {
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
		Name: "domain", Features: []string{"domain"}, Fields: []string{"domain"},
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
		Name: "vat_id", Features: []string{"vat_id"}, Fields: []string{"vat_id"},
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
		Name: "phone", Features: []string{"phone"}, Fields: []string{"phone"},
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

func email() Comparison {
	return Comparison{
		Name: "email", Features: []string{"email"}, Fields: []string{"email"},
		Levels: []Level{
			{Name: LevelSame, M: .76, Frequency: "email"},
			{Name: LevelShared, M: .06, Frequency: "email"},
			{Name: LevelNear, M: .05},
			{Name: LevelDifferent, M: .13},
		},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y && sharedMailbox(x):
				return 1
			case x == y:
				return 0
			default:
				nameX, domainX, _ := strings.Cut(x, "@")
				nameY, domainY, _ := strings.Cut(y, "@")
				switch shared := roles[nameX] || roles[nameY]; {
				case shared && domainX == domainY:
					return Missing // the firm's mailbox is neither the person's own nor another's
				case nameX == nameY && !shared:
					return Missing // most are made of the person's name, which is compared already
				case oneSlip(x, y) && sameDigits(x, y):
					return 2
				}
				return 3
			}
		},
	}
}

// sameDigits reports whether two texts have the same digits: providers number their namesakes, so that a number is no slip.
func sameDigits(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && !digit(a[i]) {
			i++
		}
		for j < len(b) && !digit(b[j]) {
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

// lastName and firstName both look at both names: where they have changed places, the last name says so and the first
// name says nothing more.
func lastName() Comparison {
	return Comparison{
		Name: "last_name", Features: []string{"last", "last_sound", "first"}, Fields: []string{"last_name"},
		Levels: []Level{
			{Name: LevelSame, M: .85, Frequency: "last"},
			{Name: LevelNear, M: .07, Frequency: "last"},
			{Name: LevelPart, M: .03, Frequency: "last"},
			{Name: LevelSounds, M: .02, Frequency: "last"},
			{Name: LevelSwapped, M: .03},
			// Colleagues share employer, switchboard and, often enough, the first name. Somebody who has married is still found
			// by a mailbox and one thing more.
			held(LevelDifferent, -20),
		},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "":
				return Missing
			case x == y:
				return 0
			case swapped(x, a[2], y, b[2]):
				return 4
			case nearName(x, y):
				return 1
			case partOf(x, y):
				return 2
			case soundAlike(x, y, a[1], b[1]):
				return 3
			}
			return 5
		},
	}
}

// nearName allows for a slip: Winkler's similarity puts "Muller" and "Mueller" just below 0.92.
func nearName(x, y string) bool {
	return sameLetters(x, y) || similar(x, y, .92) || min(len(x), len(y)) >= 5 && oneSlip(x, y)
}

func swapped(last, first, otherLast, otherFirst string) bool {
	return first != "" && otherFirst != "" && first != otherFirst && alike(last, otherFirst) && alike(first, otherLast)
}

func alike(x, y string) bool { return x == y || sameCallName(x, y) || nearName(x, y) }

func firstName() Comparison {
	return Comparison{
		Name: "first_name", Features: []string{"first", "last"}, Fields: []string{"first_name"},
		Levels: []Level{
			{Name: LevelSame, M: .74, Frequency: "first"},
			{Name: LevelCallName, M: .08, Frequency: "first"},
			{Name: LevelNear, M: .08, Frequency: "first"},
			{Name: LevelPart, M: .03, Frequency: "first"},
			{Name: LevelInitial, M: .07},
			// Families and married couples share name, address, telephone and employer, and two classes have no third for
			// them.
			held(LevelDifferent, -32),
		},
		Compare: func(a, b []string) int {
			switch x, y := a[0], b[0]; {
			case x == "" || y == "" || x != y && swapped(a[1], x, b[1], y):
				return Missing
			case x == y:
				return 0
			case sameCallName(x, y):
				return 1
			case nearName(x, y):
				return 2
			case partOf(x, y):
				return 3
			case initials(x, y):
				return 4
			}
			return 5
		},
	}
}

// employer compares the firms that two people are with. People change employers, so that a difference says little.
func employer() Comparison {
	c := firmName()
	c.Name, c.Fields = "account", []string{"account"}
	c.Levels = []Level{
		{Name: LevelSame, M: .64, Frequency: "core"},
		{Name: LevelForm, M: .03, Frequency: "core"},
		{Name: LevelNear, M: .13, Frequency: "core"},
		{Name: LevelPart, M: .05, Frequency: "core"},
		{Name: LevelSimilar, M: .03, Frequency: "core"},
		{Name: LevelSister, M: .02},
		{Name: LevelDifferent, M: .1},
	}
	return c
}
