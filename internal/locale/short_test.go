package locale_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/locale"
)

func TestDifferencesCarryTheirSign(t *testing.T) {
	de, en := locale.New(locale.German), locale.New(locale.English)
	for _, tt := range []struct{ got, want string }{
		{de.Change(7.5, 1), "+7,5"},
		{de.Change(-2.4, 1), "−2,4"},
		{de.Change(2, 1), "+2"},
		{de.Change(-2.04, 1), "−2"},
		{de.Change(0.04, 1), "0"},
		{en.Change(1234.5, 1), "+1,234.5"},
		{de.Signed(137_000, de.MoneyShort(137_000, "EUR")), "+137\u00a0T€"},
		{en.Signed(-92_000, en.MoneyShort(-92_000, "EUR")), "−€92k"},
		{en.Signed(0.2, en.MoneyShort(0.2, "EUR")), "€0"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestMonthsAreCutForAnAxis(t *testing.T) {
	de, en := locale.New(locale.German), locale.New(locale.English)
	for _, tt := range []struct{ got, want string }{
		{de.MonthShort("2026-04", 18), "Okt.\u00a02027"},
		{en.MonthShort("2026-04", 18), "Oct\u00a02027"},
		{de.MonthShort("2026-04", 1), "Mai\u00a02026"},
		{de.MonthShort("", 1), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
