package starter_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/starter"
)

func question(t *testing.T, lang, id string) starter.Question {
	t.Helper()
	for _, q := range starter.Questions(lang) {
		if q.ID == id {
			return q
		}
	}
	t.Fatalf("no question %s", id)
	return starter.Question{}
}

func TestAtMostEightQuestionsEachWithTextHintAndDefault(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		all := starter.Questions(lang)
		if len(all) > 8 {
			t.Errorf("%d questions", len(all))
		}
		a := starter.Answers{Start: "2027-01"}
		for _, q := range all {
			if !strings.HasSuffix(q.Text, "?") || q.Hint == "" || strings.Contains(q.Text+q.Hint, "⟦") || strings.Contains(q.Hint, "\n") {
				t.Errorf("%s %s: text %q, hint %q", lang, q.ID, q.Text, q.Hint)
			}
			if q.Default(a) == "" {
				t.Errorf("%s %s has no default", lang, q.ID)
			}
		}
	}
}

func TestTypingTheDefaultGivesTheSameCaseAsLeavingItOpen(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		for _, industry := range ids(starter.Industries(lang)) {
			open := starter.Answers{Industry: industry, Start: "2027-01", Lang: lang}
			typed := open
			for _, q := range starter.Questions(lang) {
				if err := q.Set(&typed, q.Default(open)); err != nil {
					t.Fatalf("%s %s %s: %q: %v", lang, industry, q.ID, q.Default(open), err)
				}
				if err := q.Set(&open, "  "); err != nil {
					t.Fatalf("%s: an empty answer: %v", q.ID, err)
				}
			}
			want := starter.Default(open)
			if typed.Employees != want.Employees || typed.Seats != want.Seats || math.Abs(typed.Revenue-want.Revenue) > 1e-6 ||
				math.Abs(typed.Margin-want.Margin) > 1e-9 || typed.Price != want.Price || !slices.Equal(typed.Goals, want.Goals) || typed.Start != want.Start {
				t.Errorf("%s %s: typed %+v, left open %+v", lang, industry, typed, want)
			}
		}
	}
}

func TestMoneyIsReadAsPeopleTypeIt(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       float64
		currency   string
	}{
		{"de", "2,5 Mio", 2.5e6, ""},
		{"de", "2,5 Mio.", 2.5e6, ""},
		{"de", "2.5 Mio", 2.5e6, ""}, // one digit behind the dot: no thousands
		{"de", "12 Mio. €", 12e6, "EUR"},
		{"de", "1.200.000", 1.2e6, ""},
		{"de", "1.200", 1200, ""},
		{"de", "1.200,50 EUR", 1200.5, "EUR"},
		{"de", "1 200 000", 1.2e6, ""},
		{"de", "1’200’000 Franken", 1.2e6, "CHF"},
		{"de", "T€ 350", 350e3, "EUR"},
		{"de", "350 TEUR", 350e3, "EUR"},
		{"de", "350 Tsd. €", 350e3, "EUR"},
		{"de", "1,2 Mrd", 1.2e9, ""},
		{"de", "100.000 € im Monat", 1.2e6, "EUR"},
		{"de", "65,–", 65, ""},
		{"de", "65,-", 65, ""},
		{"en", "2.5m", 2.5e6, ""},
		{"en", "2.5 million", 2.5e6, ""},
		{"en", "$1,200,000", 1.2e6, "USD"},
		{"en", "1,200", 1200, ""},
		{"en", "1.200", 1.2, ""},
		{"en", "2,5m", 2.5e6, ""},
		{"en", "500k GBP", 500e3, "GBP"},
		{"en", "1.2bn", 1.2e9, ""},
		{"en", "0.9 billion a year", 0.9e9, ""},
	} {
		var a starter.Answers
		if err := question(t, c.lang, "revenue").Set(&a, c.text); err != nil || math.Abs(a.Revenue-c.want) > 1e-6*c.want || a.Currency != c.currency {
			t.Errorf("%s %q is read as %v %s, want %v %s (%v)", c.lang, c.text, a.Revenue, a.Currency, c.want, c.currency, err)
		}
	}
}

func TestAPriceMayBeGivenPerYear(t *testing.T) {
	for lang, texts := range map[string][]string{
		"de": {"65", "65 €", "65,00 €/Monat", "780 €/Jahr", "780 pro Jahr", "780 p.a.", "65 € je Nutzer und Monat"},
		"en": {"65", "65/month", "780/year", "780 a year", "65 per user per month"},
	} {
		for _, text := range texts {
			var a starter.Answers
			if err := question(t, lang, "price").Set(&a, text); err != nil || math.Abs(a.Price-65) > 1e-9 {
				t.Errorf("%s %q is read as %v (%v)", lang, text, a.Price, err)
			}
		}
	}
}

func TestSharesAreReadAsPeopleTypeThem(t *testing.T) {
	for lang, texts := range map[string][]string{
		"de": {"32,5 %", "32,5", "0,325", "32.5%", "32,5 Prozent"},
		"en": {"32.5%", "32.5", "0.325", ".325", "32.5 percent"},
	} {
		for _, text := range texts {
			var a starter.Answers
			if err := question(t, lang, "margin").Set(&a, text); err != nil || math.Abs(a.Margin-0.325) > 1e-12 {
				t.Errorf("%s %q is read as %v (%v)", lang, text, a.Margin, err)
			}
		}
	}
}

func TestChoicesAreReadByNumberNameOrBeginning(t *testing.T) {
	for _, text := range []string{"2", "machinery", "Maschinenbau und Fertigung", "maschinen", "MASCH"} {
		var a starter.Answers
		if err := question(t, "de", "industry").Set(&a, text); err != nil || a.Industry != "machinery" {
			t.Errorf("%q is read as %q (%v)", text, a.Industry, err)
		}
	}
	for _, text := range []string{"Vertrieb, Service", "1, 4", "sales+service", "vertrieb und service", "Vertrieb; serv", "sales, service, sales"} {
		var a starter.Answers
		if err := question(t, "de", "goals").Set(&a, text); err != nil || !slices.Equal(a.Goals, []string{"sales", "service"}) {
			t.Errorf("%q is read as %v (%v)", text, a.Goals, err)
		}
	}
}

func TestMonthsAreReadAsPeopleTypeThem(t *testing.T) {
	for _, text := range []string{"2027-03", "3/2027", "03.2027", "März 2027", "march 2027", "Mar 2027", "2027 März", "2027/3"} {
		var a starter.Answers
		if err := question(t, "de", "start").Set(&a, text); err != nil || a.Start != "2027-03" {
			t.Errorf("%q is read as %q (%v)", text, a.Start, err)
		}
	}
}

func TestAnAnswerThatCannotBeReadIsRefusedInWordsAndChangesNothing(t *testing.T) {
	for _, c := range []struct{ id, text, says string }{
		{"industry", "Fischerei", "Handwerk"},
		{"industry", "99", "Handwerk"},
		{"employees", "viele", "40"},
		{"employees", "0", "1"},
		{"employees", "2,5", "ganze Zahl"},
		{"employees", "40 %", "40"},
		{"seats", "-3", "ganze Zahl"},
		{"seats", "3 bis 5", "zum Beispiel"},
		{"revenue", "viel", "2,5 Mio"},
		{"revenue", "12 Mio Bananen", "2,5 Mio"},
		{"revenue", "1.2.3", "2,5 Mio"},
		{"revenue", "1.20.000", "2,5 Mio"},
		{"revenue", "0", "größer als null"},
		{"revenue", "-5", "größer als null"},
		{"revenue", "5 USD", "EUR"},
		{"revenue", "1e999", "2,5 Mio"},
		{"revenue", strings.Repeat("9", 400), "2,5 Mio"},
		{"margin", "120 %", "95"},
		{"margin", "0", "95"},
		{"margin", "32 EUR", "32"},
		{"goals", "Ruhm", "Vertrieb"},
		{"goals", "s", "Vertrieb"}, // sales or service
		{"price", "65 %", "2,5 Mio"},
		{"start", "bald", "2027-01"},
		{"start", "2027-13", "2027-01"},
		{"start", "13.01.2027", "2027-01"},
	} {
		a := starter.Answers{Currency: "EUR"}
		err := question(t, "de", c.id).Set(&a, c.text)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "⟦") {
			t.Errorf("%s %q: %v, want a sentence with %q", c.id, c.text, err, c.says)
		}
		if a.Industry != "" || a.Employees != 0 || a.Seats != 0 || a.Revenue != 0 || a.Margin != 0 || a.Goals != nil || a.Price != 0 || a.Start != "" {
			t.Errorf("%s %q left %+v", c.id, c.text, a)
		}
	}
}

func TestAnyTextIsReadOrRefusedButNeverBreaksTheCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lang := rapid.SampledFrom([]string{"de", "en"}).Draw(t, "lang")
		a := starter.Answers{Lang: lang}
		for _, q := range starter.Questions(lang) {
			_ = q.Set(&a, rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9.,' ]{0,12} ?(Mio|%|k|€|m|/year)?`)).Draw(t, q.ID))
		}
		if _, err := starter.Case(a); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
	})
}

func TestTheProposedStartIsTheQuarterAfterNext(t *testing.T) {
	for now, want := range map[string]string{"2026-11-23": "2027-04", "2026-12-31": "2027-04", "2027-01-01": "2027-07", "2027-06-30": "2027-10"} {
		at, err := time.Parse("2006-01-02", now)
		if err != nil {
			t.Fatal(err)
		}
		if got := starter.NextStart(at); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

func TestReasonsExistForDefaultsOnly(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		for _, industry := range append(ids(starter.Industries(lang)), "") {
			for _, id := range []string{"employees", "seats", "revenue", "margin", "goals", "price"} {
				if r := starter.Reason(starter.Answers{Industry: industry}, id, lang); r == "" || strings.Contains(r, "⟦") {
					t.Errorf("%s %s %s: reason %q", lang, industry, id, r)
				}
			}
		}
		a := starter.Answers{Industry: "craft", Employees: 20, Seats: 6, Revenue: 3e6, Margin: 0.4, Goals: []string{"sales"}, Price: 40}
		for _, id := range []string{"industry", "employees", "seats", "revenue", "margin", "goals", "price", "start"} {
			if r := starter.Reason(a, id, lang); r != "" {
				t.Errorf("%s: a reason for an answer: %q", id, r)
			}
		}
		if r := starter.Reason(starter.Answers{Industry: "craft", Seats: 6}, "employees", lang); !strings.Contains(r, "30") {
			t.Errorf("employees from seats: %q", r)
		}
	}
}
