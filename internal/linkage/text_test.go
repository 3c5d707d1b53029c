package linkage_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/linkage"
)

func TestNormalForms(t *testing.T) {
	phone := func(s string) string { return linkage.Phone(s, "") }
	phoneAT := func(s string) string { return linkage.Phone(s, "Österreich") }
	vat := func(s string) string { return linkage.VATID(s, "") }
	vatDE := func(s string) string { return linkage.VATID(s, "Deutschland") }
	for _, c := range []struct {
		name   string
		normal func(string) string
		same   []string // all have one form …
		want   string   // … this one
	}{
		{"fold", linkage.Fold, []string{"Müller", "MÜLLER", norm.NFD.String("Müller"), " Mueller ", "müller."}, "mueller"},
		{"fold", linkage.Fold, []string{"Großmann", "GROẞMANN", "grossmann", "GROSSMANN"}, "grossmann"},
		{"fold", linkage.Fold, []string{"René", "RENÉ", norm.NFD.String("René"), "rene"}, "rene"},
		{"fold", linkage.Fold, []string{"G.m.b.H.", "GmbH", "gmbh"}, "gmbh"},
		{"fold", linkage.Fold, []string{"Co. KG", "Co.KG", "co-kg", "Co / KG"}, "co kg"},
		{"fold", linkage.Fold, []string{"d’Angelo", "D'Angelo", "dangelo"}, "dangelo"},
		{"fold", linkage.Fold, []string{"Łódź", "lodz"}, "lodz"},
		{"fold", linkage.Fold, []string{"Østergård", "Oestergaard"}, "oestergaard"},
		{"fold", linkage.Fold, []string{"", " ", "-", "n/a", "N.A.", "k. A.", "unbekannt", "XXX", "…"}, ""},
		{"fold", linkage.Fold, []string{"Иванов", "ИВАНОВ"}, "иванов"},
		{"name", linkage.PersonName, []string{"Dr. Sabine", "Sabine", "Frau Dr. med. SABINE", "Prof. Dr. Sabine"}, "sabine"},
		{"name", linkage.PersonName, []string{"Hans-Peter", "Hans Peter", "HANS  PETER"}, "hans peter"},
		{"name", linkage.PersonName, []string{"H.-P.", "H. P.", "H.P.", "h p"}, "h p"},
		{"name", linkage.PersonName, []string{"Dr.", "dr"}, "dr"}, // nothing else is there
		{"street", linkage.Street, []string{"Hauptstraße 5a", "Hauptstr. 5 a", "HAUPTSTRASSE 5A", "Haupt-Straße 5a", "Haupt Str. 5 a"}, "hauptstr 5a"},
		{"street", linkage.Street, []string{"Marktplatz 2", "Marktpl. 2"}, "marktpl 2"},
		{"street", linkage.Street, []string{"Straße des 17. Juni 135", "Str. des 17. Juni 135"}, "str des 17 juni 135"},
		{"postal code", linkage.PostalCode, []string{"80331", "D-80331", "D 80331", "DE-80331", " 80331 "}, "80331"},
		{"postal code", linkage.PostalCode, []string{"SW1A 1AA", "sw1a1aa"}, "sw1a1aa"},
		{"city", linkage.City, []string{"München", "Muenchen", "Munich", "MÜNCHEN"}, "muenchen"},
		{"city", linkage.City, []string{"Frankfurt am Main", "Frankfurt a. M.", "Frankfurt/Main", "Frankfurt"}, "frankfurt am main"},
		{"city", linkage.City, []string{"Frankfurt (Oder)", "Frankfurt/Oder", "Frankfurt an der Oder"}, "frankfurt oder"},
		{"city", linkage.City, []string{"Sankt Gallen", "St. Gallen"}, "st gallen"},
		{"country", linkage.Country, []string{"DE", "de", "D", "Deutschland", "Germany", "GER"}, "de"},
		{"country", linkage.Country, []string{"Österreich", "Austria", "AT"}, "at"},
		{"phone", phone, []string{"+49 89 1234560", "089/1234560", "(089) 123 45 60", "0049 89 1234560", "+49 (0)89 1234560", "+49 (089) 1234560", "089-12345-60", "4989 1234560", "089 1234560, 089 1234561"}, "49891234560"},
		{"phone in Austria", phoneAT, []string{"01/512 12 12", "+43 1 5121212", "0043 1 5121212"}, "4315121212"},
		{"phone", phone, []string{"+39 06 12345678"}, "390612345678"},
		{"phone", phone, []string{"", "-", "keine", "12345", "0000000000", "1111111111", "0123456789", "+49", "auf Anfrage"}, ""},
		{"e-mail", linkage.Email, []string{"Max.Muster@Firma.DE", " max.muster@firma.de ", "mailto:max.muster@firma.de", "Max Muster <max.muster@firma.de>", "max.muster+crm@firma.de"}, "max.muster@firma.de"},
		{"e-mail", linkage.Email, []string{"maxmuster@gmail.com", "Max.Muster@googlemail.com", "m.axmuster+x@gmail.com"}, "maxmuster@gmail.com"},
		{"e-mail", linkage.Email, []string{"", "max", "@firma.de", "max@", "max@firma", "max muster@firma.de", "a@b@c.de", "unbekannt"}, ""},
		{"domain", linkage.Domain, []string{"firma.de", "WWW.Firma.de", "https://www.firma.de/kontakt?x=1", "http://firma.de:8080", "max@firma.de", "shop.firma.de", "firma.de."}, "firma.de"},
		{"domain", linkage.Domain, []string{"firma.co.uk", "www.firma.co.uk"}, "firma.co.uk"},
		{"domain", linkage.Domain, []string{"", "gmx.de", "max@gmail.com", "www.t-online.de", "localhost", "unbekannt"}, ""},
		{"VAT ID", vat, []string{"DE123456789", "DE 123 456 789", "de123456789", "USt-IdNr. DE123456789", "VAT DE 123.456.789"}, "DE123456789"},
		{"VAT ID of Germany", vatDE, []string{"123456789", "DE123456789"}, "DE123456789"},
		{"VAT ID", vat, []string{"CHE-123.456.789 MWST", "CHE123456789", "CHE-123.456.789 TVA"}, "CHE123456789"},
		{"VAT ID", vat, []string{"ATU12345678", "U12345678", "ATU 1234 5678"}, "ATU12345678"},
		{"VAT ID", vat, []string{"", "beantragt", "DE12345", "DE1234567890", "n/a", "ATU1234"}, ""},
		{"date", linkage.Date, []string{"2024-03-01", "20240301", "01.03.2024", "1.3.2024", "2024-03-01T10:00:00"}, "20240301"},
		{"date", linkage.Date, []string{"", "2024", "32.01.2024", "2024-13-01", "gestern", "1.3.24"}, ""},
	} {
		for _, s := range c.same {
			if got := c.normal(s); got != c.want {
				t.Errorf("%s of %q is %q, want %q", c.name, s, got, c.want)
			}
		}
	}
}

func TestParseFirm(t *testing.T) {
	for _, c := range []struct {
		name string
		want linkage.Firm
	}{
		{"Müller Maschinenbau GmbH & Co. KG", linkage.Firm{Core: "mueller maschinenbau", Form: "gmbh & co kg", Base: "maschinenbau mueller"}},
		{"Müller Maschinenbau GmbH + Co KG", linkage.Firm{Core: "mueller maschinenbau", Form: "gmbh & co kg", Base: "maschinenbau mueller"}},
		{"Müller Maschinenbau GmbH und Co.KG", linkage.Firm{Core: "mueller maschinenbau", Form: "gmbh & co kg", Base: "maschinenbau mueller"}},
		{"Fa. MÜLLER MASCHINENBAU G.m.b.H.", linkage.Firm{Core: "mueller maschinenbau", Form: "gmbh", Base: "maschinenbau mueller"}},
		{"Müller Vertriebsgesellschaft mbH", linkage.Firm{Core: "mueller vertriebs", Form: "gmbh", Base: "mueller vertriebs"}},
		{"Müller Gesellschaft mit beschränkter Haftung", linkage.Firm{Core: "mueller", Form: "gmbh", Base: "mueller"}},
		{"Zimmermann UG (haftungsbeschränkt)", linkage.Firm{Core: "zimmermann", Form: "ug", Base: "zimmermann"}},
		{"Bäckerei Jäger e. K.", linkage.Firm{Core: "baeckerei jaeger", Form: "ek", Base: "baeckerei jaeger"}},
		{"Sportverein Aue e.V.", linkage.Firm{Core: "sportverein aue", Form: "ev", Base: "aue sportverein"}},
		{"Huber Installationen e.U.", linkage.Firm{Core: "huber installationen", Form: "ek", Base: "huber installationen"}},
		{"Dubois S.à r.l.", linkage.Firm{Core: "dubois", Form: "sarl", Base: "dubois"}},
		{"Acme Corp.", linkage.Firm{Core: "acme", Form: "corp", Base: "acme"}},
		{"Acme Co., Ltd.", linkage.Firm{Core: "acme", Form: "ltd", Base: "acme"}},
		{"Nowak Sp. z o.o.", linkage.Firm{Core: "nowak", Form: "spzoo", Base: "nowak"}},
		{"AG Weser", linkage.Firm{Core: "ag weser", Base: "ag weser"}},
		{"Weser AG", linkage.Firm{Core: "weser", Form: "ag", Base: "weser"}},
		{"GmbH", linkage.Firm{Core: "gmbh", Base: "gmbh"}},
		{"Weber Holding GmbH", linkage.Firm{Core: "weber holding", Form: "gmbh", Mark: "holding", Base: "weber"}},
		{"Weber Verwaltungs-GmbH", linkage.Firm{Core: "weber verwaltungs", Form: "gmbh", Mark: "verwaltung", Base: "weber"}},
		{"Weber Beteiligungsgesellschaft mbH", linkage.Firm{Core: "weber beteiligungs", Form: "gmbh", Mark: "beteiligung", Base: "weber"}},
		{"Weber Österreich GmbH", linkage.Firm{Core: "weber oesterreich", Form: "gmbh", Area: "at", Base: "weber"}},
		{"Autohaus 24 GmbH", linkage.Firm{Core: "autohaus 24", Form: "gmbh", Area: "24", Base: "autohaus"}},
		{"Deutsche Holding AG", linkage.Firm{Core: "deutsche holding", Form: "ag", Mark: "holding", Base: "deutsche"}},
		{"Holding AG", linkage.Firm{Core: "holding", Form: "ag", Base: "holding"}},
		{"", linkage.Firm{}},
	} {
		if got := linkage.ParseFirm(c.name); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// The codes of the German Wikipedia's article on Kölner Phonetik, and names that must sound alike.
func TestCologne(t *testing.T) {
	for name, want := range map[string]string{
		"Wikipedia": "3412", "Müller-Lüdenscheidt": "65752682", "Breschnew": "17863", "Aniki": "064", "": "", "123": "",
		"Philipp": "351", "Xaver": "4837", "Max": "648", "Chris": "478", "Christ": "4782", "Cäsar": "487", "Schach": "84", "Celle": "85",
	} {
		if got := linkage.Cologne(linkage.Fold(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for _, alike := range [][]string{
		{"Meier", "Meyer", "Maier", "Mayer", "Mair"}, {"Müller", "Mueller", "Muller", "Miller"}, {"Schmidt", "Schmitt", "Schmid"},
		{"Stefan", "Stephan"}, {"Hofmann", "Hoffmann"}, {"Christian", "Kristian"}, {"Philipp", "Filip"},
	} {
		for _, n := range alike[1:] {
			if linkage.Cologne(linkage.Fold(n)) != linkage.Cologne(linkage.Fold(alike[0])) {
				t.Errorf("%s and %s do not sound alike", alike[0], n)
			}
		}
	}
}
