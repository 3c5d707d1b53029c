package locale_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/locale"
)

var de, en = locale.New(locale.German), locale.New(locale.English)

// plain shows no-break spaces as spaces, so that tests can be read.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

// check compares what f gives in both languages.
func check(t *testing.T, name string, f func(l *locale.Locale) string, wantDE, wantEN string) {
	t.Helper()
	if got := plain(f(de)); got != wantDE {
		t.Errorf("%s in German: %q, want %q", name, got, wantDE)
	}
	if got := plain(f(en)); got != wantEN {
		t.Errorf("%s in English: %q, want %q", name, got, wantEN)
	}
}

func TestNumber(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		digits int
		de, en string
	}{
		{0, 0, "0", "0"},
		{0, 2, "0,00", "0.00"},
		{1234.5, 2, "1.234,50", "1,234.50"},
		{-1234.5, 2, "−1.234,50", "−1,234.50"},
		{999999.5, 0, "1.000.000", "1,000,000"},
		{0.5, 0, "1", "1"}, // half away from zero
		{-0.5, 0, "−1", "−1"},
		{1.5, 0, "2", "2"},
		{2.5, 0, "3", "3"},
		{2.675, 2, "2,68", "2.68"}, // the binary number is 2.67499…
		{1.005, 2, "1,01", "1.01"},
		{-0.004, 2, "0,00", "0.00"}, // no negative zero
		{math.Copysign(0, -1), 0, "0", "0"},
		{99.96, 1, "100,0", "100.0"},
		{0.0999, 1, "0,1", "0.1"},
		{1e-300, 3, "0,000", "0.000"},
		{123456789012345, 0, "123.456.789.012.345", "123,456,789,012,345"},
		{1.2345e18, 0, "1,23 × 10¹⁸", "1.23 × 10¹⁸"},
		{-1e300, 2, "−1 × 10³⁰⁰", "−1 × 10³⁰⁰"},
		{math.NaN(), 2, "–", "–"},
		{math.Inf(1), 2, "–", "–"},
		{math.Inf(-1), 2, "–", "–"},
	} {
		check(t, "Number", func(l *locale.Locale) string { return l.Number(tt.v, tt.digits) }, tt.de, tt.en)
	}
}

func TestSignificant(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		digits int
		de, en string
	}{
		{0, 2, "0", "0"},
		{1234.5, 2, "1.200", "1,200"},
		{1250, 2, "1.300", "1,300"},
		{0.01204, 2, "0,012", "0.012"},
		{1, 3, "1", "1"},
		{1.5, 3, "1,5", "1.5"},
		{999.6, 3, "1.000", "1,000"},
		{-0.0996, 2, "−0,1", "−0.1"},
		{math.NaN(), 2, "–", "–"},
	} {
		check(t, "Significant", func(l *locale.Locale) string { return l.Significant(tt.v, tt.digits) }, tt.de, tt.en)
	}
}

func TestPercentAndProbability(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		digits int
		de, en string
	}{
		{0.42, 0, "42 %", "42%"},
		{0.285, 0, "29 %", "29%"}, // 100 × 0.285 is 28.499… in binary
		{-0.031, 1, "−3,1 %", "−3.1%"},
		{91, 0, "9.100 %", "9,100%"},
		{0, 0, "0 %", "0%"},
		{math.Inf(1), 0, "–", "–"},
	} {
		check(t, "Percent", func(l *locale.Locale) string { return l.Percent(tt.v, tt.digits) }, tt.de, tt.en)
	}
	for _, tt := range []struct {
		p      float64
		de, en string
	}{
		{0, "0 %", "0%"}, {1, "100 %", "100%"}, {0.5, "50 %", "50%"},
		{0.9998, "> 99 %", "> 99%"}, {0.994, "99 %", "99%"}, {0.0001, "< 1 %", "< 1%"}, {0.006, "1 %", "1%"},
	} {
		check(t, "Probability", func(l *locale.Locale) string { return l.Probability(tt.p) }, tt.de, tt.en)
	}
	if got := de.Percent(0.42, 0); got != "42\u00a0%" {
		t.Errorf("German per cent needs a no-break space (DIN 5008), got %q", got)
	}
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		code   string
		digits int
		de, en string
	}{
		{1234.5, "EUR", 2, "1.234,50 €", "€1,234.50"},
		{-1234.5, "EUR", 2, "−1.234,50 €", "−€1,234.50"},
		{0, "EUR", 0, "0 €", "€0"},
		{-0.4, "EUR", 0, "0 €", "€0"},
		{0.5, "EUR", 0, "1 €", "€1"},
		{2.675, "EUR", 2, "2,68 €", "€2.68"},
		{1234.5, "USD", 2, "1.234,50 $", "$1,234.50"},
		{1234.5, "CHF", 2, "1.234,50 CHF", "CHF 1,234.50"},
		{-5, "CHF", 0, "−5 CHF", "−CHF 5"},
		{1234.5, "XYZ", 0, "1.235 XYZ", "XYZ 1,235"}, // no ISO code
		{-2e18, "EUR", 0, "−2 × 10¹⁸ €", "−€2 × 10¹⁸"},
		{math.NaN(), "EUR", 2, "–", "–"},
		{math.Inf(-1), "EUR", 2, "–", "–"},
	} {
		check(t, "Money", func(l *locale.Locale) string { return l.Money(tt.v, tt.code, tt.digits) }, tt.de, tt.en)
	}
}

func TestMoneyShort(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		code   string
		de, en string
	}{
		{0, "EUR", "0 €", "€0"},
		{850, "EUR", "850 €", "€850"},
		{999.4, "EUR", "999 €", "€999"},
		{999.6, "EUR", "1,0 T€", "€1.0k"},
		{8449, "EUR", "8,4 T€", "€8.4k"},
		{9960, "EUR", "10 T€", "€10k"},
		{191000, "EUR", "191 T€", "€191k"},
		{-104000, "EUR", "−104 T€", "−€104k"},
		{999600, "EUR", "1,0 Mio. €", "€1.0m"},
		{1234567, "EUR", "1,2 Mio. €", "€1.2m"},
		{12345678, "EUR", "12,3 Mio. €", "€12.3m"},
		{99.96e6, "EUR", "100 Mio. €", "€100m"},
		{-1.5e9, "EUR", "−1,5 Mrd. €", "−€1.5bn"},
		{2e12, "EUR", "2,0 Bio. €", "€2.0tn"},
		{4e20, "EUR", "400.000.000 Bio. €", "€400,000,000tn"},
		{191000, "USD", "191 TUSD", "$191k"},
		{1.2e6, "USD", "1,2 Mio. $", "$1.2m"},
		{191000, "CHF", "191 TCHF", "CHF 191k"},
		{math.NaN(), "EUR", "–", "–"},
	} {
		check(t, "MoneyShort", func(l *locale.Locale) string { return l.MoneyShort(tt.v, tt.code) }, tt.de, tt.en)
	}
}

func TestMoneyUnitServesAWholeTable(t *testing.T) {
	for _, tt := range []struct {
		largest, v float64
		de, en     string
	}{
		{9999, 1234.5, "€: 1.235", "€: 1,235"},
		{-5e4, 1234.5, "T€: 1,2", "€k: 1.2"},
		{4e5, 1234.5, "T€: 1", "€k: 1"},
		{5e8, 1234567, "Mio. €: 1,2", "€m: 1.2"},
		{5e12, 1e9, "Mrd. €: 1", "€bn: 1"},
		{math.NaN(), 1, "€: 1", "€: 1"},
	} {
		check(t, "MoneyUnit", func(l *locale.Locale) string {
			u := l.MoneyUnit(tt.largest, "EUR")
			return u.Label + ": " + u.Number(tt.v)
		}, tt.de, tt.en)
	}
}

func TestMoneyAxisKeepsOneUnit(t *testing.T) {
	for _, tt := range []struct {
		largest, v float64
		de, en     string
	}{
		{2.4e6, 5e5, "0,5 Mio. €", "€0.5m"},
		{2.4e6, 2e6, "2 Mio. €", "€2m"},
		{2.4e6, 0, "0 €", "€0"},
		{3e5, -1e5, "−100 T€", "−€100k"},
		{3e5, 1.25e4, "12,5 T€", "€12.5k"},
		{400, 50, "50 €", "€50"},
	} {
		check(t, "MoneyAxis", func(l *locale.Locale) string { return l.MoneyAxis(tt.largest, "EUR")(tt.v) }, tt.de, tt.en)
	}
}

func TestRangeSaysASharedUnitOnceInGerman(t *testing.T) {
	check(t, "money", func(l *locale.Locale) string { return l.Range(l.MoneyShort(89e3, "EUR"), l.MoneyShort(311e3, "EUR")) },
		"89 bis 311 T€", "€89k to €311k")
	check(t, "different units", func(l *locale.Locale) string { return l.Range(l.MoneyShort(850, "EUR"), l.MoneyShort(1.2e6, "EUR")) },
		"850 € bis 1,2 Mio. €", "€850 to €1.2m")
	check(t, "per cent", func(l *locale.Locale) string { return l.Range(l.Percent(-0.12, 0), l.Percent(0.3, 0)) },
		"−12 bis 30 %", "−12% to 30%")
	check(t, "plain", func(l *locale.Locale) string { return l.Range("14", "25") }, "14 bis 25", "14 to 25")
	check(t, "months", func(l *locale.Locale) string { return l.Range(l.Month(14), l.Month(25)) },
		"Monat 14 bis Monat 25", "month 14 to month 25")
}

func TestQuantity(t *testing.T) {
	for _, tt := range []struct {
		v      float64
		unit   string
		de, en string
	}{
		{1.5, "h/week", "1,5 h/Woche", "1.5 h/week"},
		{65, "EUR/month", "65 €/Monat", "€65/month"},
		{46.5, "EUR/h", "46,50 €/h", "€46.50/h"},
		{-3, "CHF", "−3 CHF", "−CHF 3"},
		{8, "%", "8 %", "8%"},
		{9, "%/year", "9 %/Jahr", "9%/year"},
		{60, "/month", "60/Monat", "60/month"},
		{60, "1/month", "60/Monat", "60/month"},
		{1, "month", "1 Monat", "1 month"},
		{2, "months", "2 Monate", "2 months"},
		{2, "EUR/h/day", "2 €/h/Tag", "€2/h/day"},
		{1200, "", "1.200", "1,200"},
		{1234567.891, "", "1.234.568", "1,234,568"},
		{0.1 + 0.2, "h", "0,3 h", "0.3 h"},
		{7, "widgets", "7 widgets", "7 widgets"},
		{math.NaN(), "h", "–", "–"},
	} {
		check(t, "Quantity "+tt.unit, func(l *locale.Locale) string { return l.Quantity(tt.v, tt.unit) }, tt.de, tt.en)
	}
}

// Reading a number back gives the number rounded to its digits, and English and German differ in the marks alone.
func TestNumberReadsBackAndLanguagesAgree(t *testing.T) {
	swap := strings.NewReplacer(",", ".", ".", ",")
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-1e14, 1e14).Draw(t, "v")
		if rapid.Bool().Draw(t, "small") {
			v /= 1e13
		}
		digits := rapid.IntRange(0, 6).Draw(t, "digits")
		english := en.Number(v, digits)
		if got := de.Number(v, digits); got != swap.Replace(english) {
			t.Fatalf("German %q, English %q", got, english)
		}
		back, err := strconv.ParseFloat(strings.NewReplacer(",", "", "−", "-").Replace(english), 64)
		if err != nil {
			t.Fatal(err)
		}
		half := 0.5 * math.Pow10(-digits)
		if math.Abs(back-v) > half*(1+1e-9)+math.Abs(v)*1e-15 {
			t.Fatalf("%v became %q", v, english)
		}
		// Money goes through another library and must round in the same way.
		if got := plain(de.Money(v, "EUR", digits)); got != de.Number(v, digits)+" €" {
			t.Fatalf("money %q, number %q", got, de.Number(v, digits))
		}
	})
}

func TestShortMoneyIsShortAndOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-9e14, 9e14).Draw(t, "v") * math.Pow10(-rapid.IntRange(0, 14).Draw(t, "scale"))
		s := plain(de.MoneyShort(v, "EUR"))
		if n := len([]rune(s)); n > len([]rune("−99,9 Mio. €")) {
			t.Fatalf("%v is %q", v, s)
		}
		if strings.HasPrefix(s, "1.000") {
			t.Fatalf("%v is %q: a larger unit fits", v, s)
		}
	})
}
