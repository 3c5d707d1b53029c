package linkage_test

import (
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/linkage"
)

// levelOf is the level at which two records agree in one comparison, "" where it is missing.
func levelOf(t *testing.T, spec linkage.Spec, comparison string, a, b map[string]string) string {
	t.Helper()
	at := slices.IndexFunc(spec.Comparisons, func(c linkage.Comparison) bool { return c.Name == comparison })
	if at < 0 {
		t.Fatalf("no comparison %q", comparison)
	}
	c := spec.Comparisons[at]
	features := func(of map[string]string) (out []string) {
		values := make([]string, len(spec.Fields))
		for name, v := range of {
			i := slices.Index(spec.Fields, name)
			if i < 0 {
				t.Fatalf("no field %q", name)
			}
			values[i] = v
		}
		var feature func(name string) string
		feature = func(name string) string {
			f := spec.Features[slices.IndexFunc(spec.Features, func(f linkage.Feature) bool { return f.Name == name })]
			if len(f.After) == 0 {
				return f.From(values)
			}
			var parts []string
			for _, before := range f.After {
				parts = append(parts, feature(before))
			}
			return f.From(parts)
		}
		for _, name := range c.Features {
			out = append(out, feature(name))
		}
		return out
	}
	compare := func(a, b []string) int {
		if slices.Contains(a[:c.Needed], "") || slices.Contains(b[:c.Needed], "") {
			return linkage.Missing
		}
		return c.Compare(a, b)
	}
	there, back := compare(features(a), features(b)), compare(features(b), features(a))
	if there != back {
		t.Errorf("%s of %v and %v: level %d, the other way round %d", comparison, a, b, there, back)
	}
	if there == linkage.Missing {
		return ""
	}
	return c.Levels[there].Name
}

func TestAccounts_levels(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"Müller GmbH", "Mueller G.m.b.H.", linkage.LevelSame},
		{"Müller GmbH", norm.NFD.String("MÜLLER"), linkage.LevelSame},
		{"Müller GmbH & Co. KG", "Müller GmbH u. Co.KG", linkage.LevelSame},
		{"Müller GmbH & Co. KG", "Müller GmbH", linkage.LevelForm},
		{"Müller Maschinenbau", "Muller Maschinenbau", linkage.LevelNear},
		{"Spedition Krause", "Krause Spedition GmbH", linkage.LevelNear},
		{"Elektro-Technik Schneider", "Elektrotechnik Schneider", linkage.LevelNear},
		{"Hoffmann Logistik", "Hofmann Logistik", linkage.LevelNear},
		{"Hoffmann Logistik", "Hoffmann Metallbau", linkage.LevelDifferent},
		{"Müller Metallbau", "Müller Stahlbau", linkage.LevelDifferent},
		{"Krause", "Krause Spedition", linkage.LevelPart},
		{"Huber & Partner Steuerberatung Wien", "Huber & Partner Steuerberatung Linz", linkage.LevelSimilar},
		{"Weber GmbH", "Weber Holding GmbH", linkage.LevelSister},
		{"Weber GmbH & Co. KG", "Weber Verwaltungs-GmbH", linkage.LevelSister},
		{"Weber Nord", "Weber Süd", linkage.LevelSister},
		{"Weber Deutschland GmbH", "Weber Österreich GmbH", linkage.LevelSister},
		{"Weber Deutschland GmbH", "Weber GmbH", linkage.LevelPart}, // the one may be the other
		{"Autohaus 24", "Autohaus 25", linkage.LevelSister},
		{"Goethe-Schule", "Förderverein Goethe-Schule e.V.", linkage.LevelSister},
		{"Weber Holding", "Schmidt Beteiligungs GmbH", linkage.LevelDifferent},
		{"Weber", "", ""}, {"Weber", "k. A.", ""},
		{"株式会社", "有限会社", linkage.LevelDifferent},
	} {
		if got := levelOf(t, linkage.Accounts(), "name", map[string]string{"name": c.a}, map[string]string{"name": c.b}); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
	type values = map[string]string
	muc := values{"street": "Hauptstraße 5", "postal_code": "80331", "city": "München", "country": "DE"}
	for _, c := range []struct {
		comparison string
		a, b       values
		want       string
	}{
		{"place", muc, values{"street": "Hauptstr. 5", "postal_code": "D-80331", "city": "Munich"}, linkage.LevelAddress},
		{"place", muc, values{"street": "Haupstraße 5", "postal_code": "80331"}, linkage.LevelAddress},
		{"place", muc, values{"street": "Hauptstraße 7", "postal_code": "80331"}, linkage.LevelCode},
		{"place", muc, values{"city": "MUENCHEN"}, linkage.LevelTown},
		{"place", muc, values{"postal_code": "80999", "city": "München"}, linkage.LevelOtherCode},
		{"place", muc, values{"postal_code": "80999"}, linkage.LevelRegion},
		{"place", muc, values{"postal_code": "20095", "city": "Hamburg"}, linkage.LevelDifferent},
		{"place", muc, values{"street": "Hauptstraße 5", "postal_code": "80331", "country": "AT"}, linkage.LevelOtherCountry},
		{"place", muc, values{"street": "Hauptstraße 5"}, ""},
		{"place", values{"city": "Frankfurt am Main"}, values{"city": "Frankfurt (Oder)"}, linkage.LevelDifferent},
		{"place", values{"city": "Kempten (Allgäu)"}, values{"city": "Kempten"}, linkage.LevelTown},
		{"domain", values{"domain": "www.weber.de"}, values{"domain": "https://weber.de/shop"}, linkage.LevelSame},
		{"domain", values{"domain": "weber.de"}, values{"domain": "weber.com"}, ""},
		{"domain", values{"domain": "weber.de"}, values{"domain": "gmx.de"}, ""},
		{"domain", values{"domain": "weber.de"}, values{"domain": "fischer.de"}, linkage.LevelDifferent},
		{"vat_id", values{"vat_id": "DE123456789"}, values{"vat_id": "123 456 789", "country": "DE"}, linkage.LevelSame},
		{"vat_id", values{"vat_id": "DE123456789"}, values{"vat_id": "DE123456798"}, linkage.LevelNear},
		{"vat_id", values{"vat_id": "DE123456789"}, values{"vat_id": "DE987654321"}, linkage.LevelDifferent},
		{"vat_id", values{"vat_id": "DE123456789"}, values{"vat_id": "ATU12345678"}, ""},
		{"phone", values{"phone": "089/1234560"}, values{"phone": "+49 89 1234560"}, linkage.LevelSame},
		{"phone", values{"phone": "089/1234560"}, values{"phone": "089/12345612"}, ""}, // an extension
		{"phone", values{"phone": "089/1234560"}, values{"phone": "040/1234567"}, linkage.LevelDifferent},
		{"phone", values{"phone": "01/5121212", "country": "AT"}, values{"phone": "+43 1 5121212"}, linkage.LevelSame},
	} {
		if got := levelOf(t, linkage.Accounts(), c.comparison, c.a, c.b); got != c.want {
			t.Errorf("%s of %v and %v: %q, want %q", c.comparison, c.a, c.b, got, c.want)
		}
	}
}

func TestContacts_levels(t *testing.T) {
	for _, c := range []struct{ firstA, lastA, firstB, lastB, first, last string }{
		{"Thomas", "Müller", "THOMAS", "Mueller", linkage.LevelSame, linkage.LevelSame},
		{"Thomas", "Müller", "Müller", "Thomas", "", linkage.LevelSwapped},
		{"Thomas", "Müller", "Mueller", "Tom", "", linkage.LevelSwapped},
		{"Thomas", "Müller", "Müller", "T.", "", linkage.LevelSwapped},
		{"M.", "Müller", "Müller", "Michi", "", linkage.LevelSwapped},
		{"M.", "Müller", "Schmidt", "Michi", linkage.LevelDifferent, linkage.LevelDifferent},
		{"Thomas", "Müller", "Tom", "Muller", linkage.LevelCallName, linkage.LevelNear},
		{"Josef", "Meier", "Sepp", "Mayr", linkage.LevelCallName, linkage.LevelSounds},
		{"Hans-Peter", "Lang", "Hans", "Lang", linkage.LevelPart, linkage.LevelSame},
		{"Hans-Peter", "Lang", "Hanspeter", "Lang", linkage.LevelNear, linkage.LevelSame},
		{"Hans-Peter", "Lang", "H.-P.", "Lang", linkage.LevelInitial, linkage.LevelSame},
		{"Dr. Sabine", "Schröder", "S.", "Schroeder", linkage.LevelInitial, linkage.LevelSame},
		{"Julia", "Neumann", "Julia", "Neumann-Berg", linkage.LevelSame, linkage.LevelPart},
		{"Julia", "Neumann", "Julia", "Berg", linkage.LevelSame, linkage.LevelDifferent},
		{"Stefan", "Weiß", "Stephan", "Weiss", linkage.LevelCallName, linkage.LevelSame},
		{"Hans", "Krämer", "Ute", "Krämer", linkage.LevelDifferent, linkage.LevelSame},
		{"Thomas", "Thomas", "Thomas", "Thomas", linkage.LevelSame, linkage.LevelSame},
		{"", "Krämer", "Ute", "", "", ""},
	} {
		a, b := map[string]string{"first_name": c.firstA, "last_name": c.lastA}, map[string]string{"first_name": c.firstB, "last_name": c.lastB}
		if got := levelOf(t, linkage.Contacts(), "first_name", a, b); got != c.first {
			t.Errorf("first name of %v and %v: %q, want %q", a, b, got, c.first)
		}
		if got := levelOf(t, linkage.Contacts(), "last_name", a, b); got != c.last {
			t.Errorf("last name of %v and %v: %q, want %q", a, b, got, c.last)
		}
	}
	for _, c := range []struct{ a, b, want string }{
		{"Max.Muster@Firma.de", "max.muster+x@firma.de", linkage.LevelSame},
		{"info@firma.de", "INFO@firma.de", linkage.LevelShared},
		{"info@firma.de", "max.muster@firma.de", ""},
		{"info@firma.de", "max.muster@andere.de", linkage.LevelDifferent},
		{"max.muster@firma.de", "max.muster@andere.de", ""},
		{"max.muster@firma.de", "max.mustre@firma.de", linkage.LevelNear},
		{"muster1@gmx.de", "muster2@gmx.de", linkage.LevelDifferent},
		{"max.muster@firma.de", "eva.muster@firma.de", linkage.LevelDifferent},
		{"max.muster@firma.de", "unbekannt", ""},
	} {
		if got := levelOf(t, linkage.Contacts(), "email", map[string]string{"email": c.a}, map[string]string{"email": c.b}); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

func TestPlainComparisons(t *testing.T) {
	for _, c := range []struct {
		comparison linkage.Comparison
		a, b, want string
	}{
		{linkage.Exact("x", "x", .9), "a", "a", linkage.LevelSame},
		{linkage.Exact("x", "x", .9), "a", "b", linkage.LevelDifferent},
		{linkage.Exact("x", "x", .9), "a", "", ""},
		{linkage.Text("x", "x"), "martha", "marhta", linkage.LevelNear},
		{linkage.Text("x", "x"), "dwayne", "dwyane", linkage.LevelNear},
		{linkage.Text("x", "x"), "jellyfish", "smellyfish", linkage.LevelSimilar},
		{linkage.Text("x", "x"), "mueller", "schmidt", linkage.LevelDifferent},
		{linkage.Digits("x", "x"), "12345", "12435", linkage.LevelNear},
		{linkage.Digits("x", "x"), "12345", "1345", linkage.LevelNear},
		{linkage.Digits("x", "x"), "12345", "54321", linkage.LevelDifferent},
		{linkage.Day("x", "x"), "19800304", "19800403", linkage.LevelNear},
		{linkage.Day("x", "x"), "19800304", "19800305", linkage.LevelNear},
		{linkage.Day("x", "x"), "19800304", "19921231", linkage.LevelDifferent},
		{linkage.Amount("x", "x", .05), "100", "100.0", linkage.LevelSame},
		{linkage.Amount("x", "x", .05), "100", "104", linkage.LevelNear},
		{linkage.Amount("x", "x", .05), "-100", "100", linkage.LevelDifferent},
		{linkage.Amount("x", "x", .05), "100", "viel", ""},
		{linkage.Amount("x", "x", .05), "NaN", "NaN", ""},
	} {
		got := ""
		if l := c.comparison.Compare([]string{c.a}, []string{c.b}); l != linkage.Missing {
			got = c.comparison.Levels[l].Name
		}
		if got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
