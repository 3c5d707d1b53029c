// Package starter writes a first case file from at most eight answers: what a newcomer knows about the own firm, filled up
// with cautious ranges, each with its source, its grade and a comment on how to find the real number. Start with Case;
// Questions are what a surface asks, Default is what it need not ask.
//
// It writes text only: it neither checks nor computes a case, and it knows no terminal, no file and no clock.
package starter

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Answers is what is known about the firm and its CRM. A zero value is "not answered".
type Answers struct {
	Name         string // of the case
	Organisation string
	Industry     string // id of Industries
	Employees    int
	Seats        int
	Revenue      float64  // per year, in Currency
	Margin       float64  // contribution margin as a share of revenue, between 0 and 1
	Goals        []string // ids of Goals
	Price        float64  // per seat and month, in Currency
	Start        string   // YYYY-MM; the case stays without dates where it is not answered
	Currency     string   // ISO 4217
	Lang         string   // "de" or "en", the language of the comments

	assumed assumed
}

// assumed says which answers Default has made up.
type assumed uint8

const (
	assumedIndustry assumed = 1 << iota
	assumedEmployees
	assumedSeats
	assumedRevenue
	assumedMargin
	assumedGoals
	assumedPrice
)

// Limits of an answer. They keep slips of the keyboard out of the file, not large firms.
const (
	maxPeople  = 1_000_000
	maxRevenue = 1e15
	maxPrice   = 1e9
	maxText    = 200 // characters of a name
)

var startForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)

// AnswerError says in the person's language what is wrong with an answer and how to write it.
type AnswerError string

func (e AnswerError) Error() string { return string(e) }

// Choice is one of several possible answers.
type Choice struct {
	ID    string
	Label string
}

// Industries lists the industries with their names in a language.
func Industries(lang string) []Choice {
	l := text(lang)
	var all []Choice
	for _, p := range profiles {
		all = append(all, Choice{p.id, l.Text("starter.industry."+p.id, nil)})
	}
	return all
}

// goals are what a CRM is bought for, in the order in which the file treats them.
var goals = []string{"sales", "marketing", "retention", "service", "admin"}

// Goals lists what a CRM can be meant for, with names in a language.
func Goals(lang string) []Choice {
	l := text(lang)
	var all []Choice
	for _, id := range goals {
		all = append(all, Choice{id, l.Text("starter.goal."+id, nil)})
	}
	return all
}

// text is the locale of a language name; an unknown one is English.
func text(lang string) *locale.Locale {
	l, err := locale.Parse(lang)
	if err != nil {
		l = locale.English
	}
	return locale.New(l)
}

// Default fills what was not answered from industry and size. Reason says why each of them; Case writes it into the file.
func Default(a Answers) Answers {
	a.Lang = string(text(a.Lang).Lang())
	if a.Currency == "" {
		a.Currency = "EUR"
	}
	if a.Industry == "" {
		a.Industry = "other"
		a.assumed |= assumedIndustry
	}
	p := profileOf(a.Industry)
	if a.Employees == 0 {
		a.assumed |= assumedEmployees
		if a.Employees = p.employees; a.Seats > 0 {
			a.Employees = max(a.Seats, clamp(math.Round(float64(a.Seats)/p.seatShare), 1, maxPeople))
		}
	}
	if a.Seats == 0 {
		a.assumed |= assumedSeats
		a.Seats = clamp(math.Round(float64(a.Employees)*p.seatShare), 1, maxPeople)
	}
	if a.Revenue == 0 {
		a.assumed |= assumedRevenue
		a.Revenue = round(float64(a.Employees)*p.revenuePerHead*perEuro[a.Currency], 2)
	}
	if a.Margin == 0 {
		a.assumed |= assumedMargin
		a.Margin = p.margin
	}
	if len(a.Goals) == 0 {
		a.assumed |= assumedGoals
		a.Goals = slices.Clone(p.goals)
	}
	if a.Price == 0 {
		a.assumed |= assumedPrice
		a.Price = round(listPrice(a.Seats)*perEuro[a.Currency], 2)
	}
	return a
}

// Reason says in a language why Default chose the value of a question's answer; it is empty where the person answered.
func Reason(a Answers, id, lang string) string {
	filled := Default(a)
	l, p := text(lang), profileOf(filled.Industry)
	industry := l.Text("starter.industry."+p.id, nil)
	flag, ok := map[string]assumed{"industry": assumedIndustry, "employees": assumedEmployees, "seats": assumedSeats, "revenue": assumedRevenue,
		"margin": assumedMargin, "goals": assumedGoals, "price": assumedPrice}[id]
	if !ok || filled.assumed&flag == 0 {
		return ""
	}
	key := "starter.reason." + id
	if id == "employees" && filled.assumed&assumedSeats == 0 {
		key = "starter.reason.employees_from_seats"
	}
	if id == "margin" || id == "revenue" {
		key += "." + p.id
	}
	return l.Text(key, diag.Args{"industry": industry, "share": p.seatShare})
}

// check refuses answers that would make no case.
func (a Answers) check() error {
	l := text(a.Lang)
	fail := func(key string, args diag.Args) error { return AnswerError(l.Text("starter.error."+key, args)) }
	if !slices.ContainsFunc(profiles, func(p profile) bool { return p.id == a.Industry }) {
		return fail("industry", diag.Args{"text": a.Industry, "known": labels(Industries(a.Lang))})
	}
	for _, g := range a.Goals {
		if !slices.Contains(goals, g) {
			return fail("goal", diag.Args{"text": g, "known": labels(Goals(a.Lang))})
		}
	}
	switch {
	case perEuro[a.Currency] == 0:
		return fail("currency", diag.Args{"text": a.Currency, "nearest": quantity.Nearest(strings.ToUpper(a.Currency), quantity.Currencies())})
	case a.Employees < 1 || a.Employees > maxPeople:
		return fail("people", diag.Args{"limit": maxPeople})
	case a.Seats < 1 || a.Seats > maxPeople:
		return fail("people", diag.Args{"limit": maxPeople})
	case !(a.Revenue > 0 && a.Revenue <= maxRevenue):
		return fail("positive", nil)
	case !(a.Price > 0 && a.Price <= maxPrice):
		return fail("positive", nil)
	case !(a.Margin >= 0.01 && a.Margin <= 0.95):
		return fail("margin", nil)
	case a.Start != "" && !startForm.MatchString(a.Start):
		return fail("start", diag.Args{"text": a.Start})
	}
	return nil
}

func labels(choices []Choice) []string {
	var all []string
	for _, c := range choices {
		all = append(all, c.Label)
	}
	return all
}

// has reports whether the CRM is meant for any of the goals.
func (a Answers) has(any ...string) bool {
	return slices.ContainsFunc(a.Goals, func(g string) bool { return slices.Contains(any, g) })
}

// serviceSeats is how many of the seats work in service: all where service is the only goal.
func (a Answers) serviceSeats() int {
	switch {
	case !a.has("service"):
		return 0
	case !a.has("sales", "marketing", "retention", "admin"):
		return a.Seats
	}
	return clamp(math.Round(float64(a.Seats)*profileOf(a.Industry).serviceShare), 1, a.Seats)
}

func clamp(v float64, low, high int) int {
	return int(math.Min(math.Max(v, float64(low)), float64(high)))
}

// round keeps the given number of significant digits.
func round(v float64, digits int) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	// Scaling by an exact power of ten up or down keeps 0.3 from becoming 0.30000000000000004.
	n := digits - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	if n < 0 {
		f := math.Pow10(-n)
		return math.Round(v/f) * f
	}
	f := math.Pow10(n)
	return math.Round(v*f) / f
}
