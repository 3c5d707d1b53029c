package quality_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/quality"
)

func TestEmail(t *testing.T) {
	for s, want := range map[string]bool{
		"eva@example.com": true, "eva.müller@bäcker.de": true, "o'neil+crm@sub.example.co.uk": true, "x@xn--bcker-gra.de": true, "1@2.de": true,
		"": false, "eva": false, "@example.com": false, "eva@": false, "eva@localhost": false, "eva@example": false, "eva@@example.com": false, "eva@exa mple.com": false,
		".eva@example.com": false, "eva.@example.com": false, "e..va@example.com": false, "eva@-example.com": false, "eva@example-.com": false, "eva@example..com": false,
		"eva@example.com.": false, "eva@192.168.1.1": false, "eva@example.c": false, "eva müller@example.com": false, "eva@example.com, max@example.com": false, "eva(at)example.com": false, "eva@example.com\xff": false,
	} {
		if got := quality.Email(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// Numbers of the Bundesnetzagentur reserved for films, and others in the forms of DIN 5008, E.123 and before.
func TestPhone(t *testing.T) {
	for _, c := range []struct {
		number, home string
		want         bool
	}{
		{"+49 30 23125 001", "de", true}, {"030 23125-001", "de", true}, {"(030) 23125 001", "de", true}, {"030/23125001", "de", true}, {"0049 30 23125001", "de", true},
		{"+49 (0) 30 23125001", "de", true}, {"+49 (0)30 23125001", "de", true}, {"0171 39 200 31", "de", true}, {"+49 171 3920031", "de", true}, {"030 23125-0 DW 12", "de", true}, {"+49 30 23125001 ext. 5", "de", true},
		{"+43 1 58858-0", "de", true}, {"01 58858", "at", true}, {"044 668 18 00", "ch", true}, {"+41 44 668 18 00", "de", true}, {"+1 (212) 555-0123", "de", true}, {"212 555 0123", "us", true},
		{"23125001", "de", false}, {"12 34", "de", false}, {"030", "de", false}, {"+99 123 456 789", "de", false}, {"+49 30 2312500112345", "de", false}, {"+210 123456", "de", false}, {"0171 123", "de", false},
		{"+49 171 39200312345", "de", false}, {"00000000", "de", false}, {"1111111111", "us", false}, {"kein Telefon", "de", false}, {"030 23125001 abends", "de", false}, {"", "de", false}, {"+", "de", false}, {"030 2312500112345678901234567890", "de", false}, {"+49 030 231250", "de", false},
	} {
		if got := quality.Phone(c.number, c.home); got != c.want {
			t.Errorf("%q in %s: %v", c.number, c.home, got)
		}
	}
}

func TestPostalCode(t *testing.T) {
	for _, c := range []struct {
		code, country string
		right, known  bool
	}{
		{"80331", "de", true, true}, {"D-80331", "de", true, true}, {"01067", "de", true, true}, {"1067", "de", false, true}, {"00001", "de", false, true}, {"8033I", "de", false, true}, {"A-80331", "de", false, true},
		{"1010", "at", true, true}, {"A-1010", "at", true, true}, {"01010", "at", false, true}, {"0101", "at", false, true}, {"8001", "ch", true, true}, {"9490", "li", true, true}, {"8001", "li", false, true},
		{"1012 AB", "nl", true, true}, {"1012AB", "nl", true, true}, {"1012", "nl", false, true}, {"SW1A 1AA", "gb", true, true}, {"M1 1AE", "gb", true, true}, {"00-950", "pl", true, true}, {"SE-113 37", "se", true, true},
		{"D02 AF30", "ie", true, true}, {"90210-1234", "us", true, true}, {"K1A 0B1", "ca", true, true}, {"53000", "es", false, true}, {"", "de", false, true},
		{"80331", "", false, false}, {"12345", "xx", false, false},
	} {
		right, known := quality.PostalCode(c.code, c.country)
		if right != c.right || known != c.known {
			t.Errorf("%q in %q: %v, %v", c.code, c.country, right, known)
		}
	}
}

// The German one is the example of the BZSt's leaflet; the others are those that python-stdnum's documentation has from the
// offices of the countries.
func TestVATID(t *testing.T) {
	for s, want := range map[string]bool{
		"DE136695976": true, "DE 136 695 976": true, "de136695976": true, "DE136695978": false, "DE136695967": false, "DE13669597": false, "DE036695976": false, "136695976": false, "12/345/67890": false,
		"ATU13585627": true, "AT U13585627": true, "ATU13585626": false, "AT13585627": false, "CHE-107.787.577 MWST": true, "CHE107787577IVA": true, "CHE-107.787.577": true, "CHE-107.787.578": false,
		"BE0428759497": true, "FR61954506077": true, "NL004495445B01": true, "IT00743110157": true, "ESB58378431": true, "PL8567346215": true, "IE6433435F": true, "EL094259216": true, "GR094259216": false, "XI980780684": true, "SE123456789701": true, "SE123456789702": false,
		"LU15027442": true, "DK13585628": true, "CZ25123891": true, "": false, "DE": false, "XX123456789": false, "DE13669597ß": false,
	} {
		if got := quality.VATID(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// A check digit finds every single wrong digit (ISO/IEC 7064 promises that of MOD 11,10).
func TestVATID_everySingleWrongDigitIsFound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		id := []byte(germanVAT(rapid.IntRange(0, 89_999_999).Draw(r, "n")))
		if !quality.VATID(string(id)) {
			r.Fatalf("%s is wrong", id)
		}
		i := rapid.IntRange(2, 10).Draw(r, "place")
		id[i] = '0' + (id[i]-'0'+byte(rapid.IntRange(1, 9).Draw(r, "by")))%10
		if quality.VATID(string(id)) {
			r.Fatalf("%s is right", id)
		}
	})
}

func FuzzSyntax(f *testing.F) {
	for _, s := range []string{"eva@example.com", "+49 30 23125001", "D-80331", "DE136695976", "CHE-107.787.577 MWST", "\xff\xfe", "+", "00", "@.", "0(0)"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) { // none may panic, whatever stands in a field
		quality.Email(s)
		quality.Phone(s, "de")
		quality.Phone(s, "us")
		for _, c := range []string{"de", "at", "gb", "es", "li", ""} {
			quality.PostalCode(s, c)
		}
		quality.VATID(s)
		quality.Country(s)
	})
}
