package starter

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// Question is one of the eight that a surface asks, or one flag of a command.
type Question struct {
	ID      string   // industry, employees, seats, revenue, margin, goals, price, start
	Text    string   // the question
	Hint    string   // one line: where the answer is found, or how it is written
	Choices []Choice // possible answers; nil where it is a number
	// Default is the answer that an empty line stands for, as a person would type it; Set reads it back. It is empty
	// where there is none.
	Default func(Answers) string
	// Set reads an answer. An empty one leaves the question open. The error is an AnswerError, a sentence.
	Set func(*Answers, string) error
}

// NextStart is the month 0 to propose: the first month of the quarter after next, since no CRM starts tomorrow.
func NextStart(now time.Time) string {
	months := now.Year()*12 + (int(now.Month())-1)/3*3 + 6
	return time.Date(months/12, time.Month(months%12+1), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// Questions lists the questions in the order in which they are asked.
func Questions(lang string) []Question {
	l := text(lang)
	q := asker{l: l, lang: string(l.Lang())}
	number := func(v float64) string {
		digits := 0
		if v != math.Trunc(v) {
			digits = 2
		}
		return strings.ReplaceAll(l.Number(v, digits), "−", "-")
	}
	all := []Question{
		{ID: "industry", Choices: Industries(lang),
			Default: func(a Answers) string { return l.Text("starter.industry."+profileOf(Default(a).Industry).id, nil) },
			Set: func(a *Answers, s string) error {
				id, err := q.choice(s, Industries(lang), "industry")
				a.Industry = id
				return err
			}},
		{ID: "employees",
			Default: func(a Answers) string { return strconv.Itoa(Default(a).Employees) },
			Set:     func(a *Answers, s string) (err error) { return q.count(s, &a.Employees) }},
		{ID: "seats",
			Default: func(a Answers) string { return strconv.Itoa(Default(a).Seats) },
			Set:     func(a *Answers, s string) (err error) { return q.count(s, &a.Seats) }},
		{ID: "revenue",
			Default: func(a Answers) string { a = Default(a); return number(a.Revenue) + " " + a.Currency },
			Set: func(a *Answers, s string) error {
				return q.money(s, a, &a.Revenue, maxRevenue, map[string]float64{"year": 1, "month": 12})
			}},
		{ID: "margin",
			Default: func(a Answers) string {
				m, digits := Default(a).Margin, 0
				if per := round(m*100, 4); per != math.Trunc(per) {
					digits = 2
				}
				return plainSpaces(l.Percent(m, digits))
			},
			Set: func(a *Answers, s string) error { return q.share(s, &a.Margin) }},
		{ID: "goals", Choices: Goals(lang),
			Default: func(a Answers) string {
				var names []string
				for _, g := range Default(a).Goals {
					names = append(names, l.Text("starter.goal."+g, nil))
				}
				return strings.Join(names, ", ")
			},
			Set: q.goals},
		{ID: "price",
			Default: func(a Answers) string { a = Default(a); return number(a.Price) + " " + a.Currency },
			Set: func(a *Answers, s string) error {
				return q.money(s, a, &a.Price, maxPrice, map[string]float64{"month": 1, "year": 1.0 / 12})
			}},
		{ID: "start",
			Default: func(a Answers) string { return a.Start },
			Set:     q.start},
	}
	for i := range all {
		all[i].Text = l.Text("starter.question."+all[i].ID, nil)
		all[i].Hint = l.Text("starter.hint."+all[i].ID, nil)
		set := all[i].Set
		all[i].Set = func(a *Answers, s string) error {
			if s = strings.TrimSpace(s); s == "" {
				return nil
			}
			next := *a
			if err := set(&next, s); err != nil {
				return err
			}
			*a = next
			return nil
		}
	}
	return all
}

// asker reads answers in one language.
type asker struct {
	l    *locale.Locale
	lang string
}

func (q asker) fail(key string, args diag.Args) error {
	return AnswerError(q.l.Text("starter.error."+key, args))
}

// choice finds one of the choices by its number, id, label or the beginning of either.
func (q asker) choice(s string, choices []Choice, key string) (string, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= len(choices) {
		return choices[n-1].ID, nil
	}
	low := strings.ToLower(s)
	var found []string
	for _, c := range choices {
		id, label := strings.ToLower(c.ID), strings.ToLower(c.Label)
		if low == id || low == label {
			return c.ID, nil
		}
		if strings.HasPrefix(id, low) || strings.HasPrefix(label, low) {
			found = append(found, c.ID)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return "", q.fail(key, diag.Args{"text": s, "known": labels(choices)})
}

func (q asker) goals(a *Answers, s string) error {
	s = strings.NewReplacer(";", ",", "+", ",", " und ", ",", " and ", ",", " & ", ",").Replace(s)
	var ids []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		id, err := q.choice(part, Goals(q.lang), "goal")
		if err != nil {
			return err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	a.Goals = ids
	return nil
}

func (q asker) count(s string, into *int) error {
	v, ok := parseAmount(s, q.lang)
	if !ok || v.percent || v.currency != "" {
		return q.fail("number", diag.Args{"text": s, "example": "40"})
	}
	if v.value < 1 || v.value > maxPeople || v.value != math.Trunc(v.value) {
		return q.fail("people", diag.Args{"limit": maxPeople})
	}
	*into = int(v.value)
	return nil
}

// per are the words for a span of time behind an amount of money.
var per = map[string]string{"jahr": "year", "year": "year", "annum": "year", "pa": "year", "monat": "month", "month": "month"}

// money reads an amount; spans says how many of the wanted ones are in a year or month. A currency beside it is that of
// the case, unless another one was given before.
func (q asker) money(s string, a *Answers, into *float64, limit float64, spans map[string]float64) error {
	example := q.l.Text("starter.example.money", nil)
	v, ok := parseAmount(s, q.lang)
	if !ok || v.percent {
		return q.fail("number", diag.Args{"text": s, "example": example})
	}
	scale := 0.0
	for _, w := range v.rest {
		if f := spans[per[w]]; per[w] != "" && scale == 0 {
			scale = f
		} else if !slices.Contains([]string{"/", "je", "pro", "im", "per", "a", "and", "und", "lizenz", "nutzer", "seat", "user", "ca", "about"}, w) {
			return q.fail("number", diag.Args{"text": s, "example": example})
		}
	}
	if scale == 0 {
		scale = 1
	}
	switch {
	case v.currency != "" && a.Currency != "" && v.currency != a.Currency:
		return q.fail("other_currency", diag.Args{"text": v.currency, "currency": a.Currency})
	case !(v.value > 0):
		return q.fail("positive", nil)
	case v.value*scale > limit:
		return q.fail("too_much", diag.Args{"text": s})
	}
	if v.currency != "" {
		a.Currency = v.currency
	}
	*into = v.value * scale
	return nil
}

// share reads 32 %, 32 or 0.32.
func (q asker) share(s string, into *float64) error {
	v, ok := parseAmount(s, q.lang)
	if !ok || v.currency != "" || len(v.rest) > 0 {
		return q.fail("number", diag.Args{"text": s, "example": q.l.Percent(0.32, 0)})
	}
	if v.percent || v.value > 1 {
		v.value /= 100
	}
	if !(v.value >= 0.01 && v.value <= 0.95) {
		return q.fail("margin", nil)
	}
	*into = v.value
	return nil
}

// start reads 2027-01, 1/2027, 01.2027 or Januar 2027.
func (q asker) start(a *Answers, s string) error {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	if len(words) != 2 {
		return q.fail("start", diag.Args{"text": s})
	}
	if len(words[0]) == 4 && isNumber(words[0]) {
		words[0], words[1] = words[1], words[0]
	}
	year, err := strconv.Atoi(words[1])
	month, notNumber := strconv.Atoi(words[0])
	if notNumber != nil {
		month = 0
		for n := 1; n <= 12 && len(words[0]) >= 3; n++ {
			for _, lang := range locale.Langs() {
				if strings.HasPrefix(strings.ToLower(locale.New(lang).MonthName("2000-01", n-1)), words[0]) {
					month = n
				}
			}
		}
	}
	if err != nil || year < 1990 || year > 2200 || month < 1 || month > 12 {
		return q.fail("start", diag.Args{"text": s})
	}
	a.Start = time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	return nil
}
