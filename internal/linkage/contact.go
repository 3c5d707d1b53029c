package linkage

import "strings"

// Contacts compares people. The fields are those of the canonical contact; account is the name of the organisation, not
// its key, since keys that are alike are no names that are alike.
func Contacts() Spec {
	fields := []string{"first_name", "last_name", "email", "phone", "account"}
	first, last := index(fields, "first_name"), index(fields, "last_name")
	features := append(firmFeatures(index(fields, "account")),
		Feature{Name: "first", From: func(v []string) string { return PersonName(v[first]) }},
		Feature{Name: "last", From: func(v []string) string { return PersonName(v[last]) }},
		Feature{Name: "first_sound", After: []string{"first"}, From: func(v []string) string { return sound(v[0]) }},
		Feature{Name: "last_sound", After: []string{"last"}, From: func(v []string) string { return sound(v[0]) }},
		// Both names in one order, so that it does not matter which is which.
		Feature{Name: "both_sounds", After: []string{"first_sound", "last_sound"}, From: func(v []string) string {
			if v[0] == "" || v[1] == "" {
				return ""
			}
			return min(v[0], v[1]) + "/" + max(v[0], v[1])
		}},
		Feature{Name: "both", After: []string{"first", "last"}, From: func(v []string) string { return min(v[0], v[1]) + "/" + max(v[0], v[1]) }},
		Feature{Name: "start", After: []string{"first"}, From: func(v []string) string { return v[0][:min(len(v[0]), 1)] }},
		Field(fields, "email", Email),
		Feature{Name: "employer_domain", After: []string{"email"}, From: func(v []string) string { return Domain(v[0]) }},
		Feature{Name: "phone", From: func(v []string) string { return Phone(v[index(fields, "phone")], "") }},
	)
	return Spec{
		Fields: fields, Features: features,
		Comparisons: []Comparison{lastName(), firstName(), email(), phone(), employer()},
		Passes: []Pass{
			{Name: "email", Key: []string{"email"}, Refine: []string{"both", "core"}},
			{Name: "phone", Key: []string{"phone"}, Refine: []string{"both", "core"}},
			{Name: "names", Key: []string{"both_sounds"}, Refine: []string{"words", "both", "email"}},
			{Name: "last_account", Key: []string{"last_sound", "firm_start"}, Refine: []string{"both", "words"}},
			{Name: "last_domain", Key: []string{"last_sound", "employer_domain"}, Refine: []string{"both", "words"}},
			{Name: "initial_account", Key: []string{"start", "firm_sound"}, Refine: []string{"both", "words"}},
		},
	}
}

// sound is what a name sounds like; one without letters of its own sound, such as a single vowel or one in another script,
// is taken as it is written.
func sound(name string) string {
	if c := Cologne(name); len(c) > 1 {
		return c
	}
	return name
}

func email() Comparison {
	return Comparison{
		Name: "email", Features: []string{"email"}, Needed: 1, Fields: []string{"email"},
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
		Name: "last_name", Features: []string{"last", "last_sound", "first"}, Needed: 1, Fields: []string{"last_name"},
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

// swapped reports whether first and last name have changed places; one of the two may be a beginning letter.
func swapped(last, first, otherLast, otherFirst string) bool {
	if first == "" || otherFirst == "" || first == otherFirst {
		return false
	}
	if alike(last, otherFirst) {
		return alike(first, otherLast) || initials(first, otherLast)
	}
	return initials(last, otherFirst) && alike(first, otherLast)
}

func alike(x, y string) bool { return x == y || sameCallName(x, y) || nearName(x, y) }

func firstName() Comparison {
	return Comparison{
		Name: "first_name", Features: []string{"first", "last"}, Needed: 1, Fields: []string{"first_name"},
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
