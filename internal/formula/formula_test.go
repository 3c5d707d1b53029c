package formula_test

import (
	"math"
	"testing"

	"github.com/rendite-crm/rendite/internal/formula"
)

func TestFormulasPrintInCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		"users*65 EUR/month":             "users * 65 EUR/month",
		"45 000 .. 60 000 .. 95 000 EUR": "45000 .. 60000 .. 95000 EUR",
		"0.5..1.5..3 h/week":             "0.5 .. 1.5 .. 3 h/week",
		"-5 .. 5 %":                      "-5 .. 5 %",
		"60 /month":                      "60 /month",
		"16 h / users":                   "16 h / users",
		"(a+b)*c":                        "(a + b) * c",
		"a-(b-c)":                        "a - (b - c)",
		"a-b-c":                          "a - b - c",
		"-2^2":                           "-2 ^ 2",
		"(-2)^2":                         "(-2) ^ 2",
		"2^3^2":                          "2 ^ 3 ^ 2",
		"if(month >= 7, 900 €/month, 0 EUR/month)":       "if(month >= 7, 900 EUR/month, 0 EUR/month)",
		"choice(100: 30 %, 200: 70 %) EUR":               "choice(100: 30 %, 200: 70 %) EUR",
		"pert(1, 2, 3) EUR/month":                        "pert(1, 2, 3) EUR/month",
		"plateau / (1 + exp(-slope * (month - middle)))": "plateau / (1 + exp(-slope * (month - middle)))",
		"adoption.plateau":                               "adoption.plateau",
		"1 h .. 1 workday":                               "0.125 .. 1 workday",
		"(2 + 3) h":                                      "(2 + 3) h",
		"2 × 3 · 4":                                      "2 * 3 * 4",
		"Anwender_größe * 2":                             "Anwender_größe * 2",
		"a < b":                                          "a < b",
	} {
		e, err := formula.Parse(in)
		if err != nil {
			t.Errorf("%q: %s %v", in, err.Code, err.Args)
			continue
		}
		if got := formula.String(e); got != want {
			t.Errorf("%q prints as %q, want %q", in, got, want)
		}
	}
}

func TestNumbersCarryTheirUnits(t *testing.T) {
	for in, want := range map[string]float64{
		"14 000 EUR": 14000, "9 %/year": 0.09 / 12, "1e3": 1000, "1 234 567.5": 1234567.5, "2 years": 24, "1e-2 %": 1e-4, "12 000 000": 12e6,
	} {
		e, err := formula.Parse(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		n, ok := e.(*formula.Number)
		if !ok || math.Abs(n.Canonical()-want) > 1e-15*want {
			t.Errorf("%q is %#v, want %v", in, e, want)
		}
	}
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	for _, c := range []struct {
		in         string
		code       string
		start, end int
	}{
		{"", "formula_empty", 0, 0},
		{"  ", "formula_empty", 2, 2},
		{"2 +", "formula_ends", 3, 3},
		{"pert(1", "formula_open_bracket", 6, 6},
		{"2 * (3 + 4", "formula_open_bracket", 10, 10},
		{"users users", "formula_unexpected", 6, 11},
		{"3 Stunden", "unknown_unit", 2, 9},
		{"0,5 h", "decimal_comma", 0, 3},
		{"1 .. 2 .. 3 .. 4", "range_parts", 0, 16},
		{"1 .. users", "range_number", 5, 10},
		{"1 .. 3 EUR/users", "range_number", 5, 16},
		{"1 .. 2 .. 3 h/wek", "unknown_unit", 14, 17},
		{"-1 h/wek .. 3 h", "unknown_unit", 5, 8},
		{"1 h .. 2 EUR", "range_units", 0, 3},
		{"a # b", "formula_character", 2, 3},
		{"1 ..", "formula_ends", 4, 4},
		{"a)", "formula_unexpected", 1, 2},
		{"1e999", "number_too_big", 0, 5},
		{"f(a,)", "formula_unexpected", 4, 5},
	} {
		_, err := formula.Parse(c.in)
		if err == nil {
			t.Errorf("%q passed", c.in)
			continue
		}
		if err.Code != c.code || err.Start != c.start || err.End != c.end {
			t.Errorf("%q: %s at %d..%d, want %s at %d..%d", c.in, err.Code, err.Start, err.End, c.code, c.start, c.end)
		}
	}
}

func TestGermanUnitsAreAnsweredWithOurs(t *testing.T) {
	for in, want := range map[string]string{"3 Stunden": "h", "12 Monate": "month", "5 Personentage": "workday", "3 hous": "hour", "1 .. 3 h/wek": "week", "1 .. 3 EUR/Monat": "month", "3 wek": "week", "3 EUT": "EUR", "1 .. 3 SEL": "SEK"} {
		_, err := formula.Parse(in)
		if err == nil || err.Args["nearest"] != want {
			t.Errorf("%q: %+v, want nearest %q", in, err, want)
		}
	}
}

func TestThousandsWithADotAreSuspected(t *testing.T) {
	for in, want := range map[string]bool{"14.000": true, "1.500 EUR": true, "0.125": false, "2.75": false, "1234.567": false} {
		e, err := formula.Parse(in)
		if err != nil {
			t.Fatal(in, err)
		}
		if got := e.(*formula.Number).LooksLikeThousands(); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestDeepAndLongFormulasAreRefused(t *testing.T) {
	long := make([]byte, 0, 5000)
	for range 2400 {
		long = append(long, '1', '+')
	}
	deep := make([]byte, 0, 300)
	for range 150 {
		deep = append(deep, '(')
	}
	minus := make([]byte, 500)
	power := []byte("2")
	for i := range minus {
		minus[i] = '-'
		power = append(power, "^2"...)
	}
	for code, in := range map[string]string{
		"formula_too_long": string(long), "formula_too_deep": string(deep) + "1",
	} {
		if _, err := formula.Parse(in); err == nil || err.Code != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	for _, in := range []string{string(minus) + "1", string(power)} {
		if _, err := formula.Parse(in); err == nil || err.Code != "formula_too_deep" {
			t.Errorf("want too deep, got %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"users * 65 EUR/month", "45 000 .. 60 000 .. 95 000 EUR", "choice(1: 20 %, 2: 80 %)", "a ^ -b", "-(a < b)", "if(month > 3, lag(x, 2), 0)",
		"(1 + 2) h/week", "1 .. 2 day", "2 %/year/year", "5 -3", "1e5e", "1.2.3", "- - 1", "pert(1,2,3) EUR .. 4",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := formula.Parse(s)
		if err != nil {
			if err.Start < 0 || err.End < err.Start || err.End > len([]rune(s))+1 {
				t.Fatalf("error outside the text: %+v", err)
			}
			return
		}
		printed := formula.String(e)
		again, err := formula.Parse(printed)
		if err != nil {
			t.Fatalf("%q prints as %q, which fails: %v", s, printed, err)
		}
		if !formula.Same(e, again) {
			t.Fatalf("%q prints as %q, which is another tree", s, printed)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "14 000", "1 234 567.25", "0.5", "1e6", "1e-7", "12 34", "1.2.3", "007", "1 000 00", "9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := formula.Parse(s)
		if err != nil {
			return
		}
		n, ok := e.(*formula.Number)
		if !ok || n.Unit.Text != "" {
			return
		}
		again, err := formula.Parse(formula.Format(n.Value))
		if err != nil {
			t.Fatalf("%q is written as %q, which fails: %v", s, formula.Format(n.Value), err)
		}
		if m, ok := again.(*formula.Number); !ok || math.Abs(m.Value-n.Value) > 1e-11*math.Abs(n.Value) {
			t.Fatalf("%q is written as %q", s, formula.Format(n.Value))
		}
	})
}
