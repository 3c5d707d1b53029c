package workbook

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// looksLikeCell matches what a spreadsheet would read as a cell: AB12, R1C1, R, C and the truth values.
var looksLikeCell = regexp.MustCompile(`(?i)^([a-z]{1,3}[0-9]+|r[0-9]*c?[0-9]*|c[0-9]*|z[0-9]*s?[0-9]*|s[0-9]*|true|false|wahr|falsch)$`)

// name makes a defined name of an id of the case: adoption.plateau is adoption_plateau.
func (b *builder) name(id string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, id)
	if s == "" || unicode.IsDigit([]rune(s)[0]) || looksLikeCell.MatchString(s) {
		s = "_" + s
	}
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	for n, try := 2, s; ; n++ {
		if !b.taken[strings.ToLower(try)] {
			b.taken[strings.ToLower(try)] = true
			return try
		}
		try = fmt.Sprintf("%s_%d", s, n)
	}
}

// singular are the units by the word that a formula is made for.
var singular = map[string]string{"hour": "h", "hours": "h", "minutes": "min", "workdays": "workday", "days": "day",
	"weeks": "week", "months": "month", "quarters": "quarter", "years": "year"}

// toMonths and perMonth are what a number in a unit is multiplied by to come to months, above and below the line.
var (
	toMonths = map[string]string{"min": "/60/hours_per_month", "h": "/hours_per_month", "workday": "*8/hours_per_month",
		"day": "/days_per_month", "week": "*7/days_per_month", "quarter": "*3", "year": "*12"}
	perMonth = map[string]string{"min": "*60*hours_per_month", "h": "*hours_per_month", "workday": "*hours_per_month/8",
		"day": "*days_per_month", "week": "*days_per_month/7", "quarter": "/3", "year": "/12"}
)

// conversion is the rest of a formula that brings a number in a unit to the currency of the case and to months. Per cent
// are left to the number itself.
func conversion(u quantity.Unit) string {
	out := ""
	for i, word := range strings.Split(u.Text, "/") {
		if s, ok := singular[word]; ok {
			word = s
		}
		if i == 0 {
			out += toMonths[word]
		} else {
			out += perMonth[word]
		}
	}
	return out
}

// number writes a number for a formula.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	s = strings.Replace(s, "e", "E", 1)
	return s
}

// literal is a number inside a formula, with its unit spelt out.
func (b *builder) literal(_ *model.Quantity, e *formula.Number) expr {
	v := e.Value
	if e.Unit.Percent {
		v /= 100
	}
	tail := conversion(e.Unit)
	if tail == "" {
		return value(v)
	}
	return expr{value(v).in(multiplies) + tail, multiplies}
}
