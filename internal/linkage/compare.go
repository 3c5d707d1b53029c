package linkage

import "strconv"

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
		Name: name, Features: []string{feature}, Needed: 1, Fields: []string{name},
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
		Name: name, Features: []string{feature}, Needed: 1, Fields: []string{name},
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
		Name: name, Features: []string{feature}, Needed: 1, Fields: []string{name},
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
		Name: name, Features: []string{feature}, Needed: 1, Fields: []string{name},
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
