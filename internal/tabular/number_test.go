package tabular_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/tabular"
)

func text(s string) tabular.Cell { return tabular.Cell{Text: s} }

func TestDecimalsAreExact(t *testing.T) {
	comma, point, none := tabular.Style{Type: tabular.Decimal, Decimal: ','}, tabular.Style{Type: tabular.Decimal, Decimal: '.'}, tabular.Style{Type: tabular.Integer}
	for _, tt := range []struct {
		text  string
		style tabular.Style
		want  int64
		err   string
	}{
		{"1.234,56", comma, 12345600, ""},
		{"1.234", comma, 12340000, ""},
		{"1.234", point, 12340, ""},
		{"1,234.56", point, 12345600, ""},
		{"1.234.567,8", comma, 12345678000, ""},
		{"1'234'567.80", point, 12345678000, ""},
		{"1’234.5", point, 12345000, ""},
		{"1 234,5", comma, 12345000, ""},
		{"1\u00a0234,5", comma, 12345000, ""},
		{"1\u202f234,5", comma, 12345000, ""},
		{"0,1", comma, 1000, ""},
		{",5", comma, 5000, ""},
		{"-.5", point, -5000, ""},
		{"-1.234,56", comma, -12345600, ""},
		{"−1,5", comma, -15000, ""},
		{"1.234,56-", comma, -12345600, ""},
		{"(1,234.56)", point, -12345600, ""},
		{"+7", none, 70000, ""},
		{"€ 1.234,56", comma, 12345600, ""},
		{"1.234,56 €", comma, 12345600, ""},
		{"EUR 1.234,56", comma, 12345600, ""},
		{"-$1,234.50", point, -12345000, ""},
		{"Fr. 20.50", point, 205000, ""},
		{"1.234,– €", comma, 12340000, ""},
		{"1.5E3", point, 15000000, ""},
		{"2.5e-4", point, 3, ""}, // 0.00025 is 2.5 in 1/10,000
		{"00042", none, 420000, ""},

		// Rounded half away from zero at the fifth decimal.
		{"0.00005", point, 1, ""},
		{"0.00004999999999999999999", point, 0, ""},
		{"-0.00005", point, -1, ""},
		{"0.99995", point, 10000, ""},
		{"2.00015", point, 20002, ""},

		{"922337203685477.5807", point, math.MaxInt64, ""},
		{"922337203685477.58075", point, 0, "table_cell_range"},
		{"9223372036854775807", none, 0, "table_cell_range"},
		{"1E99", point, 0, "table_cell_range"},

		// Without a style only what can be read in one way is read.
		{"12.50", none, 125000, ""},
		{"12,50", none, 125000, ""},
		{"1.234", none, 0, "table_cell_ambiguous"},

		{"1,234.56", comma, 0, "table_cell_number"},
		{"1.23.456", comma, 0, "table_cell_number"},
		{"1.2345", comma, 0, "table_cell_number"},
		{"0.123", comma, 0, "table_cell_number"},
		{"1.234 567", comma, 0, "table_cell_number"},
		{"--5", none, 0, "table_cell_number"},
		{"5 Stück", none, 0, "table_cell_number"},
		{"EUR 5 USD", none, 0, "table_cell_number"},
		{"abc", comma, 0, "table_cell_number"},
		{"75 %", comma, 0, "table_cell_percent"},
		{"٣", none, 0, "table_cell_number"},
	} {
		got, err := tabular.ParseDecimal(text(tt.text), tt.style)
		if got != tt.want || code(err) != tt.err {
			t.Errorf("%q with %q: %d, %v; want %d %s", tt.text, tt.style.Decimal, got, err, tt.want, tt.err)
		}
	}
	for _, nothing := range []string{"", "  ", "k.A.", "N/A", "-", "null"} {
		if _, err := tabular.ParseDecimal(text(nothing), comma); !errors.Is(err, tabular.ErrMissing) {
			t.Errorf("%q: %v", nothing, err)
		}
	}
	if _, err := tabular.ParseDecimal(tabular.Cell{Text: "#NV", Kind: tabular.KindError}, comma); !errors.Is(err, tabular.ErrMissing) {
		t.Error(err)
	}
	if v, err := tabular.ParseDecimal(tabular.Cell{Text: "1.234", Kind: tabular.KindNumber}, comma); v != 12340 || err != nil {
		t.Error("a workbook's number has a decimal point in any column:", v, err)
	}
	if _, err := tabular.ParseDecimal(tabular.Cell{Text: "2024-12-31", Kind: tabular.KindDate}, comma); code(err) != "table_cell_number" {
		t.Error(err)
	}
}

func TestMoneyNamesItsCurrency(t *testing.T) {
	for s, want := range map[string]string{"1 €": "EUR", "$1": "$", "1 kr.": "kr", "US$ 1": "USD", "CHF 1": "CHF", "1 zł": "PLN", "1": "GBP", "£1": "GBP"} {
		e4, currency, err := tabular.ParseMoney(text(s), tabular.Style{Type: tabular.Money, Currency: "GBP"})
		if e4 != 10000 || currency != want || err != nil {
			t.Errorf("%s: %d %q %v", s, e4, currency, err)
		}
	}
}

func TestPercentagesByTheirScale(t *testing.T) {
	for _, tt := range []struct {
		text  string
		scale int
		want  int64
		err   string
	}{
		{"75", 100, 7500, ""},
		{"75 %", 100, 7500, ""},
		{"75%", 1, 7500, ""}, // the sign counts
		{"0,75", 1, 7500, ""},
		{"0,5", 100, 50, ""},
		{"33,335", 100, 3334, ""},
		{"0,00499996", 100, 0, ""}, // rounded once, not by way of 0.0050
		{"-12,5", 100, -1250, ""},
		{"75", 0, 0, "table_cell_scale"},
	} {
		got, err := tabular.ParsePercent(text(tt.text), tabular.Style{Type: tabular.Percent, Scale: tt.scale, Decimal: ','})
		if got != tt.want || code(err) != tt.err {
			t.Errorf("%q of %d: %d, %v", tt.text, tt.scale, got, err)
		}
	}
}

func TestYesAndNo(t *testing.T) {
	german := tabular.Style{Type: tabular.Bool, True: "ja", False: "nein"}
	for s, want := range map[string]bool{"Ja": true, "NEIN": false, " ja ": true} {
		if got, err := tabular.ParseBool(text(s), german); got != want || err != nil {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	if _, err := tabular.ParseBool(text("yes"), german); code(err) != "table_cell_bool" {
		t.Error(err)
	}
	if _, err := tabular.ParseBool(text(""), tabular.Style{}); !errors.Is(err, tabular.ErrMissing) {
		t.Error(err)
	}
	if got, err := tabular.ParseBool(tabular.Cell{Text: "true", Kind: tabular.KindBool}, german); !got || err != nil {
		t.Error(got, err)
	}
}

func TestIdentifiersStayAsTheyAre(t *testing.T) {
	for s, want := range map[string]string{"00123": "", "0061x00000A1bCd": "", "1E5": "", "12E3": "", "1,23457E+17": "table_cell_id", "1.23457E+17": "table_cell_id", "4E+11": "table_cell_id"} {
		got, err := tabular.ParseID(text(s))
		if code(err) != want || err == nil && got != s {
			t.Errorf("%s: %q %v", s, got, err)
		}
	}
}

// Every number in every style is read as what it is, by the arithmetic of math/big.
func TestDecimalsInEveryStyle(t *testing.T) {
	groups := map[byte][]string{',': {"", ".", "'", " ", "\u00a0", "\u202f"}, '.': {"", ",", "'", "’", " ", "\u2009"}}
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Uint64Range(0, 900_000_000_000_000).Draw(t, "whole")
		if rapid.Bool().Draw(t, "small") {
			whole %= 10_000
		}
		decimals := rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "decimals")
		negative := rapid.Bool().Draw(t, "negative")
		sep := rapid.SampledFrom([]byte{',', '.'}).Draw(t, "separator")
		group := rapid.SampledFrom(groups[sep]).Draw(t, "group")
		digits := fmt.Sprint(whole)
		var b strings.Builder
		if negative {
			b.WriteString("-")
		}
		b.WriteString(rapid.SampledFrom([]string{"", "€ ", "EUR\u00a0"}).Draw(t, "before"))
		for i, d := range digits {
			if i > 0 && (len(digits)-i)%3 == 0 {
				b.WriteString(group)
			}
			b.WriteRune(d)
		}
		if decimals != "" {
			b.WriteString(string(sep) + decimals)
		}
		exact, _ := new(big.Rat).SetString(digits + "." + decimals + "0")
		exact.Mul(exact, big.NewRat(10_000, 1))
		exact.Add(exact, big.NewRat(1, 2)) // half away from zero of a number that is not negative: floor(x + 1/2)
		want := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
		if negative {
			want = -want
		}
		got, err := tabular.ParseDecimal(text(b.String()), tabular.Style{Type: tabular.Decimal, Decimal: sep})
		if err != nil || got != want {
			t.Fatalf("%q: %d, %v; want %d", b.String(), got, err, want)
		}
	})
}
