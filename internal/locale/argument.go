package locale

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"

	"github.com/rendite-crm/rendite/internal/diag"
)

// number is a numeric argument: printed as the language writes it, or handed on to one of the message functions.
type number struct {
	v float64
	l *Locale
}

func (n number) String() string { return n.l.plain(n.v) }

// quantity is what an argument may be to be written with its unit; Quantity returns the value in that unit.
type quantity interface {
	Quantity() (v float64, unit string)
}

// argument turns a value of diag.Args into what a message can hold.
func (l *Locale) argument(v any) any {
	switch v := v.(type) {
	case string:
		return clean(v)
	case []string:
		return l.Or(v)
	case diag.Diagnostic:
		return l.Message(v)
	case quantity:
		return l.Quantity(v.Quantity())
	case fmt.Stringer:
		return clean(v.String())
	case error:
		return clean(v.Error())
	}
	if f, ok := float(v); ok {
		return number{f, l}
	}
	return clean(fmt.Sprint(v))
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case number:
		return v.v, true
	case float64:
		return v, true
	case *float64:
		if v == nil {
			return math.NaN(), true
		}
		return *v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case int32:
		return float64(v), true
	}
	return 0, false
}

// pluralCount is v as go-i18n wants it: whole numbers as int, others as decimal text, nil where v is no number.
func pluralCount(v any) any {
	f, ok := float(v)
	switch {
	case !ok || math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return int64(f)
	}
	return strconv.FormatFloat(math.Abs(f), 'f', -1, 64)
}

// clean removes what could move the cursor or colour a terminal: texts from a user's file are shown, not obeyed.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			return r
		}
		return -1
	}, s)
}

// parser reads message templates: text/template, with a function for each way to write a number.
type parser struct{ text i18ntemplate.TextParser }

// Cacheable holds because each parser serves one locale.
func (p *parser) Cacheable() bool { return true }

func (p *parser) Parse(src, left, right string) (i18ntemplate.ParsedTemplate, error) {
	return p.text.Parse(src, left, right)
}

func newParser(l *Locale) *parser {
	f := func(v any) float64 {
		if x, ok := float(v); ok {
			return x
		}
		return math.NaN()
	}
	whole := func(v any) int {
		x := f(v)
		if !(math.Abs(x) < 1e9) {
			return 0
		}
		return int(math.Round(x))
	}
	return &parser{i18ntemplate.TextParser{Option: "missingkey=error", Funcs: template.FuncMap{
		"number":        func(v any, digits int) string { return l.Number(f(v), digits) },
		"significant":   func(v any, digits int) string { return l.Significant(f(v), digits) },
		"percent":       func(v any) string { return l.Percent(f(v), 0) },
		"probability":   func(v any) string { return l.Probability(f(v)) },
		"money":         func(v, code any) string { return l.Money(f(v), fmt.Sprint(code), 0) },
		"short":         func(v, code any) string { return l.MoneyShort(f(v), fmt.Sprint(code)) },
		"month":         func(v any) string { return l.Month(whole(v)) },
		"months":        func(v any) string { return l.Months(whole(v)) },
		"months_dative": func(v any) string { return l.MonthsDative(whole(v)) },
		"term":          func(code any) string { return l.Term(fmt.Sprint(code)) },
		"literal":       func(v any) string { return literal(v, f) },
	}}}
}

// literal writes a number as the case file does, with a dot: for what the user is to type.
func literal(v any, f func(any) float64) string {
	if s, ok := v.(string); ok {
		return s
	}
	return strconv.FormatFloat(f(v), 'g', 6, 64)
}

// Term is the word for a code such as "money/time" or "freed_time", from the messages "common.term.…"; a code without
// a word stands for itself.
func (l *Locale) Term(code string) string {
	if key := "common.term." + code; l.keys[key] {
		return l.Text(key, nil)
	}
	return clean(code)
}

// Or joins alternatives: "a, b oder c".
func (l *Locale) Or(items []string) string { return l.join(items, "common.or") }

// And joins a list: "a, b und c".
func (l *Locale) And(items []string) string { return l.join(items, "common.and") }

func (l *Locale) join(items []string, key string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return clean(items[0])
	default:
		return clean(strings.Join(items[:n-1], ", ") + " " + l.Text(key, nil) + " " + items[n-1])
	}
}
