// Package diag holds what Rendite has to say about its input: errors and warnings as values, each with a code,
// arguments and a place. Texts are not made here; package locale turns a code and its arguments into German or English.
//
// Start with Diagnostic. A List of diagnostics with at least one error is itself an error.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the work.
type Severity int

const (
	// Error stops the stage that reports it.
	Error Severity = iota
	// Warning travels with the result into every report.
	Warning
	// Hint is worth knowing and changes nothing.
	Hint
)

// Position is a place in a text. Line and Column count from 1, Column and EndColumn in characters (runes);
// EndColumn is exclusive. The zero Position means "no place".
type Position struct {
	File      string
	Line      int
	Column    int
	EndColumn int
	// Source is the whole line, kept so that the place can be shown without reading the file again.
	Source string
}

// Known reports whether the position points anywhere.
func (p Position) Known() bool { return p.Line > 0 }

// String is file:line:column, or the file alone where the line is not known.
func (p Position) String() string {
	if !p.Known() {
		return p.File
	}
	if p.File == "" {
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Args are the arguments of a message. Values are strings, ints, float64s or Quantities that locale formats.
type Args map[string]any

// Diagnostic is one thing to say about the input or the result.
type Diagnostic struct {
	Severity Severity
	// Code is the message key in package locale, in snake_case, stable across versions.
	Code string
	Args Args
	At   Position
}

// New makes an error.
func New(code string, at Position, args Args) Diagnostic {
	return Diagnostic{Severity: Error, Code: code, Args: args, At: at}
}

// Warn makes a warning.
func Warn(code string, at Position, args Args) Diagnostic {
	return Diagnostic{Severity: Warning, Code: code, Args: args, At: at}
}

// Error is for logs and tests; users read the text that package locale makes of the code.
func (d Diagnostic) Error() string {
	var b strings.Builder
	if s := d.At.String(); s != "" {
		b.WriteString(s + ": ")
	}
	b.WriteString(d.Code)
	keys := make([]string, 0, len(d.Args))
	for k := range d.Args {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%v", k, d.Args[k])
	}
	return b.String()
}

// List is what one stage has found, errors and warnings together.
type List []Diagnostic

// Add appends d unless the same code with the same arguments at the same place is there already.
func (l *List) Add(d Diagnostic) {
	for _, have := range *l {
		if have.Code == d.Code && have.At.Line == d.At.Line && have.At.Column == d.At.Column && have.Error() == d.Error() {
			return
		}
	}
	*l = append(*l, d)
}

// Sorted returns the list by place: file, line, column, code.
func (l List) Sorted() List {
	s := slices.Clone(l)
	slices.SortStableFunc(s, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.Code, b.Code))
	})
	return s
}

// Err returns the list as an error if it holds at least one, else nil.
func (l List) Err() error {
	for _, d := range l {
		if d.Severity == Error {
			return l
		}
	}
	return nil
}

// Warnings returns what is not an error.
func (l List) Warnings() List {
	var w List
	for _, d := range l {
		if d.Severity != Error {
			w = append(w, d)
		}
	}
	return w
}

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}
