// Package formula reads the formula language of the case file: numbers with units, names, operators, calls and ranges.
// Start with Parse, which makes an Expr. The package does not know what a name stands for, nor files: resolving names and
// checking dimensions is the work of package model. The grammar stands on one page in docs/language.md.
package formula

import (
	"math"
	"strings"

	"github.com/rendite-crm/rendite/internal/quantity"
)

// Limits of one formula. They are far above what a person writes and keep a hostile file from costing time.
const (
	MaxLength = 4000 // characters
	MaxDepth  = 60   // brackets and operators inside each other
	MaxNodes  = 1000
)

// Span is a half-open range of characters (runes) in the formula's text, counted from 0.
type Span struct{ Start, End int }

// Place returns the span itself, so that every node that embeds a Span has a place.
func (s Span) Place() Span { return s }

// Expr is a node of the syntax tree: *Number, *Name, *Neg, *Binary, *Call, *InUnit, *Range or *Pair.
type Expr interface{ Place() Span }

type (
	// Number is a literal, with its unit. Value is as written; Value × Unit.Scale is in case currency and months.
	Number struct {
		Span
		Value float64
		Text  string // digits as written
		Unit  quantity.Unit
	}
	// Name stands for a quantity; it may be a path such as adoption.plateau.
	Name struct {
		Span
		Text string
	}
	// Neg is −X.
	Neg struct {
		Span
		X Expr
	}
	// Binary is X Op Y; Op is one of + - * / ^ < <= > >= == !=.
	Binary struct {
		Span
		Op   string
		X, Y Expr
	}
	// Call is Func(Args…).
	Call struct {
		Span
		Func string
		Args []Expr
	}
	// InUnit is a bracket or a distribution followed by a unit: pert(1, 2, 3) EUR.
	InUnit struct {
		Span
		X    Expr
		Unit quantity.Unit
	}
	// Range is low .. high or low .. middle .. high: the 10th, 50th and 90th percentile.
	Range struct {
		Span
		Items []*Number // two or three, all in Unit
		Unit  quantity.Unit
	}
	// Pair is value: probability inside choice(…).
	Pair struct {
		Span
		Value, Probability Expr
	}
)

// Canonical is the number in case currency and months.
func (n *Number) Canonical() float64 { return n.Value * n.Unit.Scale }

// LooksLikeThousands reports a number such as 14.000, which is read as 14 but was probably meant as 14 000 by someone who
// writes thousands with a dot.
func (n *Number) LooksLikeThousands() bool {
	whole, fraction, ok := strings.Cut(strings.TrimPrefix(n.Text, "-"), ".")
	return ok && len(fraction) == 3 && len(whole) <= 3 && whole != "0" && whole != "" && !strings.ContainsAny(n.Text, "eE")
}

// Error is one thing wrong with a formula: a message code, its arguments and its place.
type Error struct {
	Span
	Code string
	Args map[string]any
}

func (e *Error) Error() string { return e.Code }

// Function describes one function for the checker and the documentation.
type Function struct {
	Name     string
	Min, Max int // number of arguments; Max < 0 is "any"
	// Distribution marks a function that may stand only at the top of a value, for it makes an uncertain quantity.
	Distribution bool
	// Example shows one call, in any language.
	Example string
}

// Functions is the table of all functions, in the order of the documentation.
var Functions = []Function{
	{Name: "if", Min: 3, Max: 3, Example: "if(month < 13, 2 h, 1 h)"},
	{Name: "min", Min: 1, Max: -1, Example: "min(users, 40)"},
	{Name: "max", Min: 1, Max: -1, Example: "max(users, 40)"},
	{Name: "exp", Min: 1, Max: 1, Example: "exp(0.5)"},
	{Name: "log", Min: 1, Max: 1, Example: "log(2)"},
	{Name: "sqrt", Min: 1, Max: 1, Example: "sqrt(2)"},
	{Name: "floor", Min: 1, Max: 1, Example: "floor(month / 12)"},
	{Name: "lag", Min: 2, Max: 2, Example: "lag(users, 3)"},
	{Name: "stock", Min: 2, Max: 2, Example: "stock(60 /month, 2 %/month)"},
	{Name: "ramp", Min: 2, Max: 2, Example: "ramp(3, 9)"},
	{Name: "season", Min: 4, Max: 12, Example: "season(0.8, 1, 1.1, 1.1)"},
	{Name: "escalation", Min: 1, Max: 1, Example: "escalation(3 %/year)"},
	{Name: "pert", Min: 3, Max: 3, Distribution: true, Example: "pert(30, 50, 80)"},
	{Name: "triangular", Min: 3, Max: 3, Distribution: true, Example: "triangular(30, 50, 80)"},
	{Name: "uniform", Min: 2, Max: 2, Distribution: true, Example: "uniform(30, 80)"},
	{Name: "normal", Min: 2, Max: 2, Distribution: true, Example: "normal(50, 10)"},
	{Name: "lognormal", Min: 2, Max: 2, Distribution: true, Example: "lognormal(50, 10)"},
	{Name: "beta", Min: 2, Max: 2, Distribution: true, Example: "beta(2, 5)"},
	{Name: "bernoulli", Min: 1, Max: 1, Distribution: true, Example: "bernoulli(30 %)"},
	{Name: "choice", Min: 1, Max: -1, Distribution: true, Example: "choice(100: 30 %, 200: 70 %)"},
}

// Lookup finds a function by name.
func Lookup(name string) (Function, bool) {
	for _, f := range Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// Walk calls visit for e and everything below it, parents first.
func Walk(e Expr, visit func(Expr)) {
	visit(e)
	switch e := e.(type) {
	case *Neg:
		Walk(e.X, visit)
	case *Binary:
		Walk(e.X, visit)
		Walk(e.Y, visit)
	case *Call:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	case *InUnit:
		Walk(e.X, visit)
	case *Range:
		for _, n := range e.Items {
			visit(n)
		}
	case *Pair:
		Walk(e.Value, visit)
		Walk(e.Probability, visit)
	}
}

// String prints the expression in canonical spacing; parsing it again gives the same tree.
func String(e Expr) string {
	var b strings.Builder
	write(&b, e, 0)
	return b.String()
}

// Binding strengths, weakest first. A child that binds weaker than its place demands is put in brackets.
const (
	bindComparison = 1 + iota
	bindSum
	bindProduct
	bindSign
	bindPower
	bindAtom
)

func strength(op string) int {
	switch op {
	case "+", "-":
		return bindSum
	case "*", "/":
		return bindProduct
	case "^":
		return bindPower
	}
	return bindComparison
}

func write(b *strings.Builder, e Expr, least int) {
	open := func(own int) func() {
		if own >= least {
			return func() {}
		}
		b.WriteByte('(')
		return func() { b.WriteByte(')') }
	}
	switch e := e.(type) {
	case *Number:
		shut := open(bindAtom)
		b.WriteString(e.Text)
		writeUnit(b, e.Unit)
		shut()
	case *Name:
		b.WriteString(e.Text)
	case *Neg:
		shut := open(bindSign)
		b.WriteByte('-')
		write(b, e.X, bindSign)
		shut()
	case *Binary:
		own := strength(e.Op)
		shut := open(own)
		left, right := own, own+1
		if e.Op == "^" {
			left, right = bindAtom, bindSign
		}
		if own == bindComparison {
			left = bindSum
		}
		if n, ok := e.Y.(*Name); ok && e.Op == "/" && quantity.IsName(n.Text) && endsInUnit(e.X) {
			left = bindAtom + 1 // 2 / month would read as the unit "per month"
		}
		write(b, e.X, left)
		b.WriteString(" " + e.Op + " ")
		write(b, e.Y, right)
		shut()
	case *Call:
		b.WriteString(e.Func + "(")
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, a, 0)
		}
		b.WriteByte(')')
	case *InUnit:
		defer open(bindAtom)()
		if _, call := e.X.(*Call); call {
			write(b, e.X, bindAtom)
		} else {
			b.WriteByte('(')
			write(b, e.X, 0)
			b.WriteByte(')')
		}
		writeUnit(b, e.Unit)
	case *Range:
		for i, n := range e.Items {
			if i > 0 {
				b.WriteString(" .. ")
			}
			b.WriteString(n.Text)
		}
		writeUnit(b, e.Unit)
	case *Pair:
		write(b, e.Value, 0)
		b.WriteString(": ")
		write(b, e.Probability, 0)
	}
}

// endsInUnit reports whether e is printed with a number or a unit at its end, where a unit could go on.
func endsInUnit(e Expr) bool {
	switch e := e.(type) {
	case *Number, *InUnit:
		return true
	case *Neg:
		return endsInUnit(e.X)
	case *Binary:
		return endsInUnit(e.Y)
	}
	return false
}

func writeUnit(b *strings.Builder, u quantity.Unit) {
	if u.Text != "" {
		b.WriteString(" " + u.Text)
	}
}

// Same reports whether two trees mean the same; spacing and the way digits are grouped do not matter.
func Same(a, b Expr) bool {
	switch a := a.(type) {
	case *Number:
		b, ok := b.(*Number)
		return ok && (a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value)) && a.Unit.Dim == b.Unit.Dim && a.Unit.Scale == b.Unit.Scale
	case *Name:
		b, ok := b.(*Name)
		return ok && a.Text == b.Text
	case *Neg:
		b, ok := b.(*Neg)
		return ok && Same(a.X, b.X)
	case *Binary:
		b, ok := b.(*Binary)
		return ok && a.Op == b.Op && Same(a.X, b.X) && Same(a.Y, b.Y)
	case *InUnit:
		b, ok := b.(*InUnit)
		return ok && a.Unit.Scale == b.Unit.Scale && a.Unit.Dim == b.Unit.Dim && Same(a.X, b.X)
	case *Pair:
		b, ok := b.(*Pair)
		return ok && Same(a.Value, b.Value) && Same(a.Probability, b.Probability)
	case *Range:
		b, ok := b.(*Range)
		if !ok || len(a.Items) != len(b.Items) {
			return false
		}
		for i := range a.Items {
			if !Same(a.Items[i], b.Items[i]) {
				return false
			}
		}
		return true
	case *Call:
		b, ok := b.(*Call)
		if !ok || a.Func != b.Func || len(a.Args) != len(b.Args) {
			return false
		}
		for i := range a.Args {
			if !Same(a.Args[i], b.Args[i]) {
				return false
			}
		}
		return true
	}
	return false
}
