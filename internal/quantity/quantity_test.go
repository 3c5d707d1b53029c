package quantity_test

import (
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/quantity"
)

func TestUnitsConvertToCaseCurrencyAndMonths(t *testing.T) {
	// 1 year = 12 months = 365.2425 days (Gregorian mean), so 1 month = 730.485 h = 4.348125 weeks.
	for _, c := range []struct {
		unit  string
		dim   quantity.Dim
		scale float64
	}{
		{"", quantity.Plain, 1},
		{"%", quantity.Plain, 0.01},
		{"EUR", quantity.Money, 1},
		{"money/h", quantity.Flow, 730.485},
		{"EUR/month", quantity.Flow, 1},
		{"EUR/year", quantity.Flow, 1.0 / 12},
		{"%/year", quantity.PerTime, 0.01 / 12},
		{"/month", quantity.PerTime, 1},
		{"h/week", quantity.Plain, 1.0 / 168},
		{"workday", quantity.Time, 8 / 730.485},
		{"days", quantity.Time, 12 / 365.2425},
		{"min", quantity.Time, 1 / (60 * 730.485)},
		{"€/h", quantity.Flow, 730.485},
		{"EUR/h/h", quantity.Dim{Money: 1, Time: -2}, 730.485 * 730.485},
	} {
		u, unknown, ok := quantity.Parse(c.unit)
		if !ok {
			t.Errorf("%q: unknown %q", c.unit, unknown)
			continue
		}
		if u.Dim != c.dim || math.Abs(u.Scale-c.scale) > 1e-12*c.scale {
			t.Errorf("%q = %v × %v, want %v × %v", c.unit, u.Dim, u.Scale, c.dim, c.scale)
		}
	}
}

func TestUnknownUnitsAreNamed(t *testing.T) {
	for text, want := range map[string]string{"EUR/Monat": "Monat", "EUR//h": "", "EUR/": ""} {
		if _, unknown, ok := quantity.Parse(text); ok || unknown != want {
			t.Errorf("%q: unknown %q, ok %v", text, unknown, ok)
		}
	}
}

func TestNearestFindsTyposOnly(t *testing.T) {
	names := []string{"users", "margin", "hours_saved", "wage"}
	for word, want := range map[string]string{"user": "users", "magrin": "margin", "hours_savd": "hours_saved", "turnover": "", "x": ""} {
		if got := quantity.Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestDimensionNames(t *testing.T) {
	for want, d := range map[string]quantity.Dim{
		"number": quantity.Plain, "money/time": quantity.Flow, "money·money/time": {Money: 2, Time: -1}, "1/time/time": {Time: -2},
	} {
		if d.Code() != want {
			t.Errorf("%+v is %q, want %q", d, d.Code(), want)
		}
	}
}

func FuzzUnit(f *testing.F) {
	for _, s := range []string{"EUR/month", "%/year", "/h", "h/week", "€", "money/h/h", "EUR//h", "/", "month/month", " % ", "Monat"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, unknown, ok := quantity.Parse(s)
		if !ok {
			return
		}
		if unknown != "" || !(u.Scale > 0) || math.IsInf(u.Scale, 0) && len(s) < 100 {
			t.Fatalf("%q: %+v, unknown %q", s, u, unknown)
		}
		again, _, ok := quantity.Parse(u.Text)
		if !ok || again != u {
			t.Fatalf("%q reads as %+v, its text as %+v", s, u, again)
		}
		if u.Dim.Code() == "" {
			t.Fatalf("%q has a dimension without a name", s)
		}
	})
}
