package revision_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/revision"
)

func TestAValueIsTakenApart(t *testing.T) {
	for text, want := range map[string][5]string{
		"0.5 .. 1.5 .. 3 h/week":         {"range", "0.5", "1.5", "3", "h/week"},
		"45 000 .. 60 000 .. 95 000 EUR": {"range", "45000", "60000", "95000", "EUR"},
		"60..92 %":                       {"range", "60", "", "92", "%"},
		"40":                             {"number", "", "40", "", ""},
		"-2.5 %/year":                    {"number", "", "-2.5", "", "%/year"},
		"9\u00a0500 EUR/year":            {"number", "", "9500", "", "EUR/year"},
		"pert(30, 50, 80) EUR":           {"pert", "30", "50", "80", "EUR"},
		"triangular(1 h, 2 h, 3 h)":      {"triangular", "1", "2", "3", "h"},
		"uniform(30 %, 80 %)":            {"uniform", "30", "", "80", "%"},
		"normal(50, 10) h":               {"normal", "", "50", "10", "h"},
		"bernoulli(30 %)":                {"bernoulli", "", "30", "", "%"},
		"users * 65 EUR/month":           {"formula", "", "", "", ""},
		"pert(users, 50, 80)":            {"formula", "", "", "", ""},
		"choice(1: 30 %, 2: 70 %)":       {"formula", "", "", "", ""},
		"(":                              {"formula", "", "", "", ""},
	} {
		r := revision.ParseRange(text)
		if got := [5]string{r.Kind, r.Low, r.Middle, r.High, r.Unit}; got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestOtherNumbersInTheAuthorsStyle(t *testing.T) {
	for _, tt := range []struct{ text, low, middle, high, want string }{
		{"0.5 .. 1.5 .. 3 h/week", "0.5", "1.75", "3", "0.5 .. 1.75 .. 3 h/week"},
		{"0.5..1.5..3 h/week", "1", "2", "3", "1..2..3 h/week"},
		{"45 000 .. 60 000 .. 95 000 EUR", "9500", "60000", "1200000", "9 500 .. 60 000 .. 1 200 000 EUR"},
		{"45000 .. 95000 EUR", "9500", "", "120000", "9500 .. 120000 EUR"},
		{"9\u00a0500 EUR", "", "12000.5", "", "12\u00a0000.5 EUR"},
		{"500 EUR", "", "12000", "", "12 000 EUR"},
		{"pert(30, 50, 80) EUR", "20", "50", "90", "pert(20, 50, 90) EUR"},
		{"pert( 30 h,50 h , 80 h )", "20", "50", "90", "pert( 20 h,50 h , 90 h )"},
		{"normal(50, 10) h", "", "60", "5", "normal(60, 5) h"},
		{"40 h", "30", "", "50", "30 .. 50 h"},
		{"40 h", "30", "40", "50", "30 .. 40 .. 50 h"},
		{"30 .. 50 h", "30", "40", "50", "30 .. 40 .. 50 h"},
		{"30 .. 40 .. 50 h", "", "40", "", "40 h"},
		{"-5 .. 3 %", "-7.5", "", "3", "-7.5 .. 3 %"},
	} {
		got, err := revision.WithRange(tt.text, tt.low, tt.middle, tt.high)
		if err != nil || got != tt.want {
			t.Errorf("%q with %s, %s, %s is %q (%v), want %q", tt.text, tt.low, tt.middle, tt.high, got, err, tt.want)
		}
	}
	for _, tt := range [][5]string{{"users * 2", "", "3", "", "edit_range"}, {"40", "", "1,5", "", "edit_number"}, {"40", "", "NaN", "", "edit_number"},
		{"pert(1, 2, 3)", "1", "", "3", "edit_range"}, {"40", "", "", "", "edit_range"}, {"40", "3", "", "", "edit_range"}} {
		if got, err := revision.WithRange(tt[0], tt[1], tt[2], tt[3]); code(err) != tt[4] {
			t.Errorf("%q: %q, %v", tt, got, err)
		}
	}
}

func TestNiceNumbersHaveNoDust(t *testing.T) {
	for _, tt := range []struct {
		v, step float64
		want    string
	}{{0.1 + 0.2, 0.1, "0.3"}, {1.2345, 0.05, "1.25"}, {61234, 500, "61000"}, {-0.01, 0.1, "0"}, {7, 0, "7"}, {2.5, 1, "3"}, {1e-7, 1e-7, "0.0000001"}} {
		if got := revision.Decimal(tt.v, tt.step); got != tt.want {
			t.Errorf("%v by %v is %s, want %s", tt.v, tt.step, got, tt.want)
		}
	}
	for _, tt := range [][3]float64{{0, 1, 0.005}, {0.5, 3, 0.01}, {45000, 95000, 200}, {0, 0, 1}, {0, 250, 1}} {
		if got := revision.Step(tt[0], tt[1]); got != tt[2] {
			t.Errorf("from %v to %v the step is %v, want %v", tt[0], tt[1], got, tt[2])
		}
	}
}
