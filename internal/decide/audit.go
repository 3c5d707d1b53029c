package decide

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Audit looks for what makes a case rotten although it can be computed: costs left out, benefits counted twice, guesses
// that pass for knowledge. An Error breaks the case, a Warning is doubtful, a Hint is worth a look; each has its place in
// the file. The codes begin with audit_. A sound case gets neither errors nor warnings. Published ranges are those of the
// embedded catalogue; Study.Audit takes those of the case's own.
func Audit(a *calc.Answer) diag.List { return audit(a, nil) }

// Audit is the function of that name, with the catalogue of the case.
func (s *Study) Audit() diag.List { return audit(s.Answer, s.Case.Catalogue) }

// embedded is the catalogue of the program.
var embedded = sync.OnceValues(func() (*catalogue.Catalogue, error) { return catalogue.Open() })

func audit(answer *calc.Answer, cat *catalogue.Catalogue) diag.List {
	a := &auditor{Answer: answer, cat: cat}
	if cat == nil {
		var err error
		if a.cat, err = embedded(); err != nil {
			return diag.List{diag.New("catalogue_read", diag.Position{}, diag.Args{"detail": err.Error()})}
		}
	}
	a.seats, a.seatsKnown = a.countSeats()
	for _, check := range []func(){
		a.costKinds, a.escalation, a.exit, a.prices, a.thousands,
		a.revenue, a.margins, a.overlaps, a.hoursTwice, a.conversion, a.onlyFreedTime, a.adoption,
		a.published, a.narrow, a.guesses, a.sources, a.single, a.frame, a.breakEvenLate, a.points, a.pointsTwice,
	} {
		check()
	}
	return a.found.Sorted()
}

// auditor collects findings.
type auditor struct {
	*calc.Answer
	cat   *catalogue.Catalogue
	found diag.List
	// seats is the number of users, as far as the case tells (seatsKnown) or its cost suggests.
	seats      float64
	seatsKnown bool
}

// as gives a finding another severity than that of a warning.
func as(s diag.Severity, d diag.Diagnostic) diag.Diagnostic {
	d.Severity = s
	return d
}

// key is the place of a key of the file's top level; the file where it has none.
func (a *auditor) key(names ...string) diag.Position {
	for _, name := range names {
		for _, e := range a.Model.File.Root.Entries {
			if e.Key == name {
				return e.At
			}
		}
	}
	return diag.Position{File: a.Model.File.Name}
}

// at is the place of a quantity; that of its line for one the catalogue presets.
func (a *auditor) at(q *model.Quantity, l *model.Line) diag.Position {
	switch {
	case q.At.Known():
		return q.At
	case q.Line != nil:
		return q.Line.At
	case l != nil:
		return l.At
	}
	return diag.Position{File: a.Model.File.Name}
}

// share is a line's part of the present value of all costs, or of all benefits.
func (a *auditor) share(l *model.Line) float64 { return a.Lines[slices.Index(a.Model.Lines, l)].Share }

// lines calls f for every cost, or every benefit.
func (a *auditor) lines(benefit bool, f func(l *model.Line)) {
	for _, l := range a.Model.Lines {
		if l.Benefit == benefit {
			f(l)
		}
	}
}

// euroLike reports whether prices in the case's currency can be compared with those in euros.
func (a *auditor) euroLike() bool {
	return slices.Contains([]string{"EUR", "USD", "GBP", "CHF"}, a.Model.File.Currency)
}

// Sizes of a project in users. A business of five is not told what a group would have to plan.
const (
	medium = 10
	large  = 100
)

// countSeats takes the largest number that the case gives for its users. Where it gives none, the cost stands for it:
// some 3,000 a user and three years, about what the examples cost.
func (a *auditor) countSeats() (n float64, known bool) {
	add := func(q *model.Quantity) {
		if q == nil {
			return
		}
		if v, ok := value(q); ok && v > n && v < 1e6 {
			n, known = v, true
		}
	}
	for _, q := range a.Model.File.Assumptions {
		if words(q.Name).any(seatWords...) {
			if have, _ := a.Model.Quantity(q.Name); have != nil && have.Dim == quantity.Plain && !have.IsShare() {
				add(have)
			}
		}
	}
	for _, l := range a.Model.Lines {
		add(a.input(l, "users"))
		add(a.input(l, "seats"))
	}
	if known {
		return n, true
	}
	if !a.euroLike() {
		return medium, false
	}
	return a.Plan.Costs / 3000, false
}

var seatWords = []string{"users", "seats", "licences", "licenses", "anwender", "nutzer", "lizenzen", "plätze", "arbeitsplätze"}

// input is what a line has for an input of its lever, item or package; nil where it has none of that name.
func (a *auditor) input(l *model.Line, name string) *model.Quantity {
	if l.Lever == "" {
		return nil
	}
	for _, q := range []*model.Quantity{l.Amount, l.Effect} {
		if q != nil && q.Refs[name] != nil {
			return q.Refs[name]
		}
	}
	if l.Chain == nil {
		return nil
	}
	if lever, err := a.cat.Lever(l.Lever); err == nil {
		if def, ok := lever.Inputs.Get(name); ok {
			return l.Chain.Variables[def.Chain]
		}
	}
	return nil
}

// inputs are the inputs of a line's lever or item as the catalogue defines them; nil for a line of its own.
func (a *auditor) inputs(l *model.Line) (catalogue.Inputs, []catalogue.Evidence) {
	switch {
	case l.Lever == "":
	case l.Benefit:
		if e, err := a.cat.Lever(l.Lever); err == nil {
			return e.Inputs, e.Evidence
		}
	case l.Package != "":
		if e, err := a.cat.Package(l.Package); err == nil {
			return e.Cost.Inputs, e.Evidence
		}
	default:
		if e, err := a.cat.Cost(l.Lever); err == nil {
			return e.Inputs, e.Evidence
		}
	}
	return nil, nil
}

// follow is the quantity that a mere name stands for: hours: hours_saved is hours_saved.
func follow(q *model.Quantity) *model.Quantity {
	for q != nil && !q.Uncertain() {
		n, ok := q.Expr.(*formula.Name)
		if !ok || q.Refs[n.Text] == nil {
			break
		}
		q = q.Refs[n.Text]
	}
	return q
}

// value is the median of a quantity in canonical units; not ok where it depends on the month or a function.
func value(q *model.Quantity) (float64, bool) { return evaluator{}.value(q) }

// evaluator computes formulas with every input at its median, and one of them moved by a tenth.
type evaluator struct{ moved *model.Quantity }

func (m evaluator) value(q *model.Quantity) (v float64, ok bool) {
	if q.Uncertain() {
		v, ok = q.Dist.Quantile(0.5)*q.Factor, true
	} else {
		v, ok = m.evaluate(q, q.Expr)
	}
	if q == m.moved {
		v *= 1.1
	}
	return v, ok
}

func (m evaluator) evaluate(q *model.Quantity, e formula.Expr) (float64, bool) {
	switch e := e.(type) {
	case *formula.Number:
		return e.Canonical(), true
	case *formula.Name:
		if r := q.Refs[e.Text]; r != nil {
			return m.value(r)
		}
	case *formula.Neg:
		v, ok := m.evaluate(q, e.X)
		return -v, ok
	case *formula.InUnit:
		v, ok := m.evaluate(q, e.X)
		return v * e.Unit.Scale, ok
	case *formula.Binary:
		x, okX := m.evaluate(q, e.X)
		y, okY := m.evaluate(q, e.Y)
		if !okX || !okY {
			return 0, false
		}
		switch e.Op {
		case "+":
			return x + y, true
		case "-":
			return x - y, true
		case "*":
			return x * y, true
		case "/":
			return x / y, y != 0
		case "^":
			return math.Pow(x, y), true
		}
	}
	return 0, false
}

// spread holds the three quantiles of an uncertain quantity in canonical units.
func spread(q *model.Quantity) (p10, p50, p90 float64) {
	return q.Dist.Quantile(0.1) * q.Factor, q.Dist.Quantile(0.5) * q.Factor, q.Dist.Quantile(0.9) * q.Factor
}

// measured is a number with its unit, for messages.
type measured struct {
	v    float64
	unit string
}

// Quantity returns the number in its unit.
func (m measured) Quantity() (float64, string) { return m.v, m.unit }

// shown is a canonical value in the unit in which the file has the quantity.
func shown(q *model.Quantity, v float64) measured {
	u := follow(q).Unit
	if u.Scale == 0 {
		return measured{significant(v), ""}
	}
	return measured{significant(v / u.Scale), u.Text}
}

// significant keeps four digits.
func significant(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	f := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*f) / f
}

// perHour reports a wage: money per hour.
func perHour(u quantity.Unit, d quantity.Dim) bool {
	return d == quantity.Flow && strings.HasSuffix(u.Text, "/h")
}

// wageOf finds a wage among what a line depends on, as a quantity or a number inside a formula.
func wageOf(l *model.Line) (wage float64, at *model.Quantity) {
	for _, q := range l.Carries() {
		if perHour(q.Unit, q.Dim) {
			if v, ok := value(q); ok {
				return v / quantity.HoursPerMonth, q
			}
		}
		formula.Walk(q.Expr, func(e formula.Expr) {
			if n, ok := e.(*formula.Number); ok && at == nil && perHour(n.Unit, n.Unit.Dim) {
				wage, at = n.Value, q
			}
		})
		if at != nil {
			return wage, at
		}
	}
	return 0, nil
}

// wordList holds words in lower case, for what can only be told by what things are called.
type wordList []string

// words takes names and labels apart.
func words(texts ...string) wordList {
	var all wordList
	for _, t := range texts {
		all = append(all, strings.FieldsFunc(strings.ToLower(t), func(r rune) bool { return !unicode.IsLetter(r) })...)
	}
	return all
}

// any reports whether one of the words is given.
func (w wordList) any(given ...string) bool {
	return slices.ContainsFunc(w, func(s string) bool { return slices.Contains(given, s) })
}

// has reports whether one of the words contains a given part: German joins its words.
func (w wordList) has(parts ...string) bool {
	return slices.ContainsFunc(w, func(s string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
	})
}

// called are the words with which a line or a quantity is named in the file and the catalogue.
func called(l *model.Line) wordList { return words(l.ID, l.Label, l.Name.German, l.Name.English) }

// calledQuantity are those of a quantity, without those of its line.
func calledQuantity(q *model.Quantity) wordList {
	_, name, ok := strings.Cut(q.ID, ".")
	if !ok || q.Line == nil {
		name = q.ID
	}
	return words(name, q.Label, q.Name.German, q.Name.English)
}
