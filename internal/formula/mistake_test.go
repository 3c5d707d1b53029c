package formula_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/formula"
)

func TestNumbersOfOtherCountriesAreRewritten(t *testing.T) {
	for _, c := range []struct{ number, code, instead, thousands string }{
		{"46,5", "decimal_comma", "46.5", ""},
		{"1.234,56", "decimal_comma", "1 234.56", ""},
		{"1.234.567,8", "decimal_comma", "1 234 567.8", ""},
		{"12,500", "decimal_comma", "12.500", "12 500"},
		{"0,125", "decimal_comma", "0.125", ""}, // no thousands begin with 0
		{"1,234.56", "number_grouping", "1 234.56", ""},
		{"1,234,567", "number_grouping", "1 234 567", ""},
		{"1.234.567", "number_grouping", "1 234 567", ""},
		{"14'000", "number_grouping", "14 000", ""},
		{"14_000", "number_grouping", "14 000", ""},
		{"01.04.2026", "number_grouping", "", ""},
		{"1.2.3", "number_grouping", "", ""},
	} {
		code, instead, thousands := formula.Rewrite(c.number)
		if code != c.code || instead != c.instead || thousands != c.thousands {
			t.Errorf("%s: %s %q %q, want %s %q %q", c.number, code, instead, thousands, c.code, c.instead, c.thousands)
		}
		if instead != "" {
			if _, err := formula.Parse(instead); err != nil {
				t.Errorf("%s is to be written as %s, which is %s", c.number, instead, err.Code)
			}
		}
	}
}

func TestWordsAreReadAsWhatTheyMean(t *testing.T) {
	for _, c := range []struct{ in, code, instead string }{
		{"65 EUR pro Monat", "unit_per", "65 EUR/month"},
		{"users * 65 EUR je Jahr", "unit_per", "65 EUR/year"},
		{"780 EUR p.a.", "unit_per", "780 EUR/year"},
		{"780 EUR p. a.", "unit_per", "780 EUR/year"},
		{"8 % p.a.", "unit_per", "8 %/year"},
		{"65 EUR monatlich", "unit_per", "65 EUR/month"},
		{"60 pro Woche", "unit_per", "60 /week"},
		{"65 EUR per user per month", "unit_per", "65 EUR/month"},
		{"46 bis 60 EUR/h", "range_word", "46 .. 60 EUR/h"},
		{"60 T€", "number_multiple", "60 000 €"},
		{"60 TEUR/year", "number_multiple", "60 000 EUR/year"},
		{"1.5 Mio. EUR", "number_multiple", "1 500 000 EUR"},
		{"2 k", "number_multiple", "2 000"},
		{"€ 52/h", "unit_first", "52 €/h"},
		{"EUR 52", "unit_first", "52 EUR"},
	} {
		_, err := formula.Parse(c.in)
		if err == nil {
			t.Errorf("%q passes", c.in)
			continue
		}
		if err.Code != c.code || err.Args["instead"] != c.instead {
			t.Errorf("%q: %s %v, want %s %q", c.in, err.Code, err.Args, c.code, c.instead)
		}
		if _, err := formula.Parse(c.instead); err != nil {
			t.Errorf("%q is to be written as %q, which is %s", c.in, c.instead, err.Code)
		}
	}
}

func TestSingleLettersHaveNoNearestUnit(t *testing.T) {
	for word, want := range map[string]string{"x": "", "k": "", "H": "h", "Std.": "h", "€": "EUR", "monaten": "month", "jahr": "year", "weke": "week"} {
		if got := formula.NearestUnit(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
