//go:build reference

package finance_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"math"
	"strconv"
	"testing"
)

// evaluate computes numbers with + − * / ** ^ and parentheses. The power binds tighter than a sign before it and
// associates to the right, as in mathematics (−2**2 = −4, 2**3**2 = 512). It is read by hand because Go's own grammar
// has no power: there 2*3^2 is (2*3)^2 and a ** b a pointer.
func evaluate(text string) (value float64, err error) {
	r := &reader{}
	file := token.NewFileSet().AddFile("", -1, len(text))
	r.scan.Init(file, []byte(text), func(_ token.Position, message string) { r.fail(message) }, 0)
	r.next()
	value = r.sum()
	if r.token != token.EOF && (r.token != token.SEMICOLON || r.literal != "\n") {
		r.fail("unexpected " + r.token.String())
	}
	if r.err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
		r.fail("not a finite number")
	}
	if r.err != nil {
		return 0, fmt.Errorf("%q: %w", text, r.err)
	}
	return value, nil
}

type reader struct {
	scan    scanner.Scanner
	token   token.Token
	literal string
	err     error
}

func (r *reader) next() { _, r.token, r.literal = r.scan.Scan() }

func (r *reader) fail(message string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s", message)
	}
}

func (r *reader) sum() float64 {
	value := r.product()
	for r.token == token.ADD || r.token == token.SUB {
		operator := r.token
		r.next()
		if operand := r.product(); operator == token.ADD {
			value += operand
		} else {
			value -= operand
		}
	}
	return value
}

func (r *reader) product() float64 {
	value := r.signed()
	for r.token == token.MUL || r.token == token.QUO {
		operator := r.token
		r.next()
		if operand := r.signed(); operator == token.MUL {
			value *= operand
		} else {
			value /= operand
		}
	}
	return value
}

func (r *reader) signed() float64 {
	switch r.token {
	case token.SUB:
		r.next()
		return -r.signed()
	case token.ADD:
		r.next()
		return r.signed()
	}
	return r.power()
}

func (r *reader) power() float64 {
	base := r.number()
	switch r.token {
	case token.XOR:
		r.next()
	case token.MUL:
		// The scanner gives ** as two stars; a single one is left to product.
		ahead := *r
		ahead.next()
		if ahead.token != token.MUL {
			return base
		}
		*r = ahead
		r.next()
	default:
		return base
	}
	return math.Pow(base, r.signed())
}

func (r *reader) number() float64 {
	switch r.token {
	case token.INT, token.FLOAT:
		value, err := strconv.ParseFloat(r.literal, 64)
		if err != nil {
			r.fail(err.Error())
		}
		r.next()
		return value
	case token.LPAREN:
		r.next()
		value := r.sum()
		if r.token != token.RPAREN {
			r.fail("missing )")
		}
		r.next()
		return value
	}
	r.fail("expected a number, found " + r.token.String())
	r.next()
	return 0
}

func TestReference_evaluatesLikeMathematics(t *testing.T) {
	for text, want := range map[string]float64{
		"1000000/9000": 111.11111111111111, "85/1.11": 76.57657657657657, "35003/145236*100": 24.100773912804,
		"4229760-647783": 3581977, "2*3**2": 18, "2*3^2": 18, "2**3**2": 512, "-2**2": -4, "2**-1": 0.5,
		"(1+0.08)**(1/12)": 1.00643403011, "1 - 2 - 3": -4, "8/4/2": 1, "2 * -3": -6, "-(1+2)*3": -9, "1e3+.5": 1000.5,
		"010": 10,
	} {
		got, err := evaluate(text)
		if err != nil {
			t.Error(err)
		}
		near(t, text, got, want, 1e-9)
	}
	for _, text := range []string{"", "1+", "(1", "1)", "a+1", "1 2", "1/0", "2***3", "max(1,2)", "1;2", "0x10"} {
		if got, err := evaluate(text); err == nil {
			t.Errorf("%q = %v", text, got)
		}
	}
}
