package linkage

import "strings"

// firmFeatures are the parts of an organisation's name, which is the value at index i.
func firmFeatures(i int) []Feature {
	part := func(name string, of func(Firm) string) Feature {
		return Feature{Name: name, From: func(v []string) string { return of(ParseFirm(v[i])) }}
	}
	return []Feature{
		part("core", func(f Firm) string { return f.Core }),
		part("form", func(f Firm) string { return f.Form }),
		part("mark", func(f Firm) string { return f.Mark }),
		part("area", func(f Firm) string { return f.Area }),
		part("base", func(f Firm) string { return f.Base }),
		part("words", func(f Firm) string { return sorted(f.Core) }),
		part("firm_sound", func(f Firm) string { return Cologne(f.Base) }),
		part("firm_start", func(f Firm) string { return start(f.Core) }),
	}
}

// start is what the first word of a name sounds like, or the word itself where that is next to nothing.
func start(core string) string {
	word, _, _ := strings.Cut(core, " ")
	if c := Cologne(word); len(c) > 1 {
		return c
	}
	return word
}

// Accounts compares organisations. The fields are those of the canonical account and, where they are known, street and
// phone; a field that no record has says nothing.
func Accounts() Spec {
	fields := []string{"name", "street", "postal_code", "city", "country", "domain", "vat_id", "phone"}
	name, country := index(fields, "name"), index(fields, "country")
	street, code, town := index(fields, "street"), index(fields, "postal_code"), index(fields, "city")
	features := append(firmFeatures(name),
		Field(fields, "street", Street),
		Feature{Name: "code", From: func(v []string) string { return PostalCode(v[code]) }},
		Field(fields, "city", City),
		Field(fields, "country", Country),
		Field(fields, "domain", Domain),
		Feature{Name: "vat_id", From: func(v []string) string { return VATID(v[index(fields, "vat_id")], v[country]) }},
		Feature{Name: "phone", From: func(v []string) string { return Phone(v[index(fields, "phone")], v[country]) }},
		Feature{Name: "address", From: func(v []string) string {
			s, c := Street(v[street]), PostalCode(v[code])
			if c == "" {
				c = City(v[town])
			}
			if s == "" || c == "" || !strings.ContainsAny(s, "0123456789") {
				return ""
			}
			return s + ", " + c
		}},
		Feature{Name: "region", From: func(v []string) string {
			if c := PostalCode(v[code]); len(c) >= 2 {
				return c[:2]
			}
			return ""
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

// Contacts compares people. The fields are those of the canonical contact; account is the name of the organisation, not
// its key, since keys that are alike are no names that are alike.
func Contacts() Spec {
	fields := []string{"first_name", "last_name", "email", "phone", "account"}
	first, last := index(fields, "first_name"), index(fields, "last_name")
	features := append(firmFeatures(index(fields, "account")),
		Feature{Name: "first", From: func(v []string) string { return PersonName(v[first]) }},
		Feature{Name: "last", From: func(v []string) string { return PersonName(v[last]) }},
		Feature{Name: "last_sound", From: func(v []string) string { return sound(PersonName(v[last])) }},
		// Both names in one order, so that it does not matter which is which.
		Feature{Name: "both_sounds", From: func(v []string) string {
			x, y := sound(PersonName(v[first])), sound(PersonName(v[last]))
			if x == "" || y == "" {
				return ""
			}
			return min(x, y) + "/" + max(x, y)
		}},
		Feature{Name: "both", From: func(v []string) string {
			x, y := PersonName(v[first]), PersonName(v[last])
			return min(x, y) + "/" + max(x, y)
		}},
		Feature{Name: "start", From: func(v []string) string {
			if f := PersonName(v[first]); f != "" {
				return f[:1]
			}
			return ""
		}},
		Field(fields, "email", Email),
		Feature{Name: "employer_domain", From: func(v []string) string { return Domain(Email(v[index(fields, "email")])) }},
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
