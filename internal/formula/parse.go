package formula

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/quantity"
)

type kind int

const (
	tokenEnd kind = iota
	tokenNumber
	tokenWord
	tokenMark // operators, brackets, comma, colon, % and ..
)

type token struct {
	Span
	kind kind
	text string // numbers without their grouping spaces
}

// Parse reads one value: an expression, a range or a distribution.
func Parse(text string) (Expr, *Error) {
	runes := []rune(text)
	if len(runes) > MaxLength {
		return nil, &Error{Span: Span{MaxLength, len(runes)}, Code: "formula_too_long", Args: map[string]any{"limit": MaxLength}}
	}
	tokens, err := scan(runes)
	if err != nil {
		return nil, err
	}
	p := parser{runes: runes, tokens: tokens}
	e := p.value()
	if p.err == nil && p.peek().kind != tokenEnd {
		p.unexpected(p.peek())
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' || r == '\u202f' || r == '\u2009'
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func scan(s []rune) ([]token, *Error) {
	var tokens []token
	depth := 0
	for i := 0; i < len(s); {
		start := i
		at := func(k int) rune {
			if i+k < len(s) {
				return s[i+k]
			}
			return 0
		}
		switch r := s[i]; {
		case isSpace(r):
			i++
			continue
		case isDigit(r):
			text, end := scanNumber(s, i)
			i = end
			tokens = append(tokens, token{Span{start, i}, tokenNumber, text})
			if isDigit(at(1)) && (strings.ContainsRune(".'’_", at(0)) || depth == 0 && at(0) == ',') {
				return nil, foreignNumber(s, start, end)
			}
		case unicode.IsLetter(r) || r == '_':
			for i < len(s) && (unicode.IsLetter(s[i]) || unicode.IsMark(s[i]) || isDigit(s[i]) || s[i] == '_' ||
				s[i] == '.' && i+1 < len(s) && (unicode.IsLetter(s[i+1]) || s[i+1] == '_')) {
				i++
			}
			if at(0) == '.' && at(1) != '.' && !isDigit(at(1)) {
				i++ // an abbreviation: Std., p.a.
			}
			tokens = append(tokens, token{Span{start, i}, tokenWord, string(s[start:i])})
		case r == '€':
			i++
			tokens = append(tokens, token{Span{start, i}, tokenWord, "EUR"})
		case r == '.' && at(1) == '.', r == '<' && at(1) == '=', r == '>' && at(1) == '=', r == '=' && at(1) == '=', r == '!' && at(1) == '=':
			i += 2
			tokens = append(tokens, token{Span{start, i}, tokenMark, string(s[start:i])})
		case strings.ContainsRune("+-*/^<>=(),:%−·×–", r):
			i++
			text := string(r)
			switch r {
			case '(':
				depth++
			case ')':
				depth--
			case '−', '–': // typographic minus, as text processors write it
				text = "-"
			case '·', '×':
				text = "*"
			case '=':
				text = "=="
			}
			tokens = append(tokens, token{Span{start, i}, tokenMark, text})
		default:
			return nil, &Error{Span: Span{i, i + 1}, Code: "formula_character", Args: map[string]any{"character": string(r)}}
		}
		if len(tokens) > 4*MaxNodes {
			return nil, &Error{Span: Span{start, i}, Code: "formula_too_long", Args: map[string]any{"limit": MaxLength}}
		}
	}
	return append(tokens, token{Span: Span{len(s), len(s)}}), nil
}

func digits(s []rune, i int) string {
	end := i
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	return string(s[i:end])
}

// scanNumber reads 1234, 1 234 567, 0.5 and 1e6 from s[i]; a group after a space has exactly three digits.
func scanNumber(s []rune, i int) (text string, end int) {
	whole := digits(s, i)
	end = i + len(whole)
	if len(whole) <= 3 {
		for end+3 < len(s) && isSpace(s[end]) {
			group := digits(s, end+1)
			if len(group) != 3 {
				break
			}
			whole += group
			end += 4
		}
	}
	text = whole
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		fraction := digits(s, end+1)
		text += "." + fraction
		end += 1 + len(fraction)
	}
	if end < len(s) && (s[end] == 'e' || s[end] == 'E') {
		k := end + 1
		sign := ""
		if k < len(s) && (s[k] == '-' || s[k] == '+') {
			sign = string(s[k])
			k++
		}
		if exponent := digits(s, k); exponent != "" && (k+len(exponent) >= len(s) || !unicode.IsLetter(s[k+len(exponent)])) {
			text += "e" + sign + exponent
			end = k + len(exponent)
		}
	}
	return text, end
}

type parser struct {
	runes  []rune
	tokens []token
	next   int
	depth  int
	nodes  int
	err    *Error
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

func (p *parser) accept(mark string) bool {
	if t := p.peek(); t.kind == tokenMark && t.text == mark {
		p.next++
		return true
	}
	return false
}

func (p *parser) fail(at Span, code string, args map[string]any) {
	if p.err == nil {
		p.err = &Error{Span: at, Code: code, Args: args}
		p.next = len(p.tokens) - 1 // nothing after the first error is worth reading
	}
}

func (p *parser) unexpected(t token) {
	switch {
	case t.kind == tokenEnd && p.open() > 0:
		p.fail(t.Span, "formula_open_bracket", nil)
	case t.kind == tokenEnd:
		p.fail(t.Span, "formula_ends", nil)
	case t.kind == tokenWord && p.next > 0 && p.mistakenWord(t, p.next-1):
	case t.kind == tokenNumber && p.next > 0 && p.tokens[p.next-1].kind == tokenWord && quantity.IsName(p.tokens[p.next-1].text):
		before := p.tokens[p.next-1].Span
		rest := ""
		if after := p.tokens[p.next+1]; after.kind == tokenMark && after.text == "/" {
			rest = string(p.runes[after.Start:])
		}
		p.fail(Span{before.Start, t.End}, "unit_first", map[string]any{"instead": t.text + " " + p.source(before) + rest})
	case t.kind == tokenNumber && p.next > 0 && slices.Contains(aboutWords, strings.TrimSuffix(strings.ToLower(p.tokens[p.next-1].text), ".")):
		word := p.tokens[p.next-1].Span
		p.fail(word, "range_about", map[string]any{"text": p.source(word)})
	default:
		p.fail(t.Span, "formula_unexpected", map[string]any{"text": p.source(t.Span)})
	}
}

// source is a part of the formula as written.
func (p *parser) source(s Span) string { return string(p.runes[s.Start:s.End]) }

// open counts brackets that are still open.
func (p *parser) open() int {
	n := 0
	for _, t := range p.tokens {
		if t.kind == tokenMark && t.text == "(" {
			n++
		}
		if t.kind == tokenMark && t.text == ")" {
			n--
		}
	}
	return n
}

func (p *parser) node(at Span) bool {
	p.nodes++
	if p.nodes > MaxNodes {
		p.fail(at, "formula_too_big", map[string]any{"limit": MaxNodes})
	}
	return p.err == nil
}

// value is what may stand at the top: a range or an expression.
func (p *parser) value() Expr {
	if p.peek().kind == tokenEnd {
		p.fail(p.peek().Span, "formula_empty", nil)
		return nil
	}
	e := p.comparison()
	if t := p.peek(); p.err != nil || t.kind != tokenMark || t.text != ".." {
		return e
	}
	items := []Expr{e}
	for p.accept("..") {
		if p.peek().kind == tokenEnd {
			p.unexpected(p.peek())
			return nil
		}
		items = append(items, p.comparison())
		if p.err != nil {
			return nil
		}
	}
	span := Span{items[0].Place().Start, items[len(items)-1].Place().End}
	if len(items) > 3 {
		p.fail(span, "range_parts", map[string]any{"parts": len(items)})
		return nil
	}
	r := &Range{Span: span}
	for _, item := range items {
		n, ok := literal(item)
		if !ok {
			if word := mistakenUnit(item); word != nil {
				p.fail(word.Span, "unknown_unit", map[string]any{"unit": word.Text, "nearest": NearestUnit(word.Text)})
				return nil
			}
			p.fail(item.Place(), "range_number", nil)
			return nil
		}
		r.Items = append(r.Items, n)
	}
	// The unit after the last number serves them all.
	r.Unit = r.Items[len(r.Items)-1].Unit
	for _, n := range r.Items {
		switch {
		case n.Unit.Text == "":
			n.Unit = r.Unit
		case n.Unit.Dim != r.Unit.Dim || n.Unit.Currency != r.Unit.Currency || n.Unit.Percent != r.Unit.Percent:
			instead := ""
			if r.Unit.Text == "" {
				for i, item := range r.Items {
					if i > 0 {
						instead += " .. "
					}
					instead += item.Text
				}
				instead += " " + n.Unit.Text
			}
			p.fail(n.Span, "range_units", map[string]any{"first": n.Unit.Text, "last": r.Unit.Text, "instead": instead})
			return nil
		case n.Unit.Scale != r.Unit.Scale:
			n.Value = n.Value * n.Unit.Scale / r.Unit.Scale
			n.Text, n.Unit = Format(n.Value), r.Unit
		}
	}
	return r
}

// Format writes a number as the language reads it, with at most twelve digits.
func Format(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }

// literal is a number with an optional sign.
func literal(e Expr) (*Number, bool) {
	switch e := e.(type) {
	case *Number:
		return e, true
	case *Neg:
		if n, ok := e.X.(*Number); ok {
			return &Number{Span: e.Span, Value: -n.Value, Text: "-" + n.Text, Unit: n.Unit}, true
		}
	}
	return nil, false
}

// mistakenUnit is the word behind the slash of 3 h/wek, which is near to a unit and divides nothing; nil where there is none.
func mistakenUnit(e Expr) *Name {
	b, ok := e.(*Binary)
	if !ok || b.Op != "/" {
		return nil
	}
	word, ok := b.Y.(*Name)
	if !ok || NearestUnit(word.Text) == "" {
		return nil
	}
	if n, ok := literal(b.X); !ok || n.Unit.Text == "" {
		return nil
	}
	return word
}

func (p *parser) enter(at Span) bool {
	p.depth++
	if p.depth > MaxDepth {
		p.fail(at, "formula_too_deep", map[string]any{"limit": MaxDepth})
	}
	return p.err == nil
}

func (p *parser) comparison() Expr {
	if !p.enter(p.peek().Span) {
		return nil
	}
	defer func() { p.depth-- }()
	x := p.sum()
	if t := p.peek(); p.err == nil && t.kind == tokenMark {
		switch t.text {
		case "<", "<=", ">", ">=", "==", "!=":
			p.take()
			return p.binary(t.text, x, p.sum())
		}
	}
	return x
}

func (p *parser) binary(op string, x, y Expr) Expr {
	if p.err != nil || x == nil || y == nil {
		return nil
	}
	b := &Binary{Span: Span{x.Place().Start, y.Place().End}, Op: op, X: x, Y: y}
	if !p.node(b.Span) {
		return nil
	}
	return b
}

func (p *parser) sum() Expr {
	x := p.product()
	for p.err == nil {
		t := p.peek()
		if t.kind != tokenMark || t.text != "+" && t.text != "-" {
			return x
		}
		p.take()
		x = p.binary(t.text, x, p.product())
	}
	return nil
}

func (p *parser) product() Expr {
	x := p.sign()
	for p.err == nil {
		t := p.peek()
		if t.kind != tokenMark || t.text != "*" && t.text != "/" {
			return x
		}
		p.take()
		x = p.binary(t.text, x, p.sign())
	}
	return nil
}

func (p *parser) sign() Expr {
	t := p.peek()
	if !p.accept("-") {
		return p.power()
	}
	if !p.enter(t.Span) {
		return nil
	}
	defer func() { p.depth-- }()
	x := p.sign()
	if p.err != nil || !p.node(t.Span) {
		return nil
	}
	return &Neg{Span: Span{t.Start, x.Place().End}, X: x}
}

func (p *parser) power() Expr {
	x := p.atom()
	if p.err != nil || !p.accept("^") {
		return x
	}
	if !p.enter(x.Place()) {
		return nil
	}
	defer func() { p.depth-- }()
	return p.binary("^", x, p.sign())
}

func (p *parser) atom() Expr {
	t := p.take()
	if !p.node(t.Span) {
		return nil
	}
	switch {
	case t.kind == tokenNumber:
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil || math.IsInf(v, 0) {
			p.fail(t.Span, "number_too_big", map[string]any{"text": t.text})
			return nil
		}
		unit, end := p.unit(t.End, true)
		return &Number{Span: Span{t.Start, end}, Value: v, Text: t.text, Unit: unit}
	case t.kind == tokenWord && p.accept("("):
		return p.call(t)
	case t.kind == tokenWord:
		return &Name{Span: t.Span, Text: t.text}
	case t.kind == tokenMark && t.text == "(":
		x := p.comparison()
		end := p.peek()
		if !p.accept(")") {
			p.unexpected(end)
			return nil
		}
		return p.inUnit(x, Span{t.Start, end.End})
	}
	p.unexpected(t)
	return nil
}

func (p *parser) call(name token) Expr {
	call := &Call{Func: name.text}
	for {
		if len(call.Args) == 0 && p.accept(")") {
			break
		}
		x := p.comparison()
		if p.err != nil {
			return nil
		}
		if p.accept(":") {
			q := p.comparison()
			if p.err != nil {
				return nil
			}
			x = &Pair{Span: Span{x.Place().Start, q.Place().End}, Value: x, Probability: q}
		}
		call.Args = append(call.Args, x)
		if p.accept(",") {
			continue
		}
		if t := p.peek(); !p.accept(")") {
			p.unexpected(t)
			return nil
		}
		break
	}
	call.Span = Span{name.Start, p.tokens[p.next-1].End}
	return p.inUnit(call, call.Span)
}

// inUnit reads a unit after a bracket; there it must begin with a word, since (a + b) / month divides by the month.
func (p *parser) inUnit(x Expr, span Span) Expr {
	if p.err != nil {
		return nil
	}
	unit, end := p.unit(span.End, false)
	if unit.Text == "" {
		return x
	}
	return &InUnit{Span: Span{span.Start, end}, X: x, Unit: unit}
}

// unit reads EUR/h, %/year or, where slash is true, /month; without a unit it reads nothing.
func (p *parser) unit(end int, slash bool) (quantity.Unit, int) {
	none := quantity.Unit{Scale: 1}
	var text strings.Builder
	switch t := p.peek(); {
	case t.kind == tokenWord && quantity.IsName(t.text), t.kind == tokenMark && t.text == "%":
		p.take()
		text.WriteString(t.text)
		end = t.End
	case t.kind == tokenWord && p.mistakenWord(t, p.next-1):
		return none, end
	case t.kind == tokenWord:
		p.fail(t.Span, "unknown_unit", map[string]any{"unit": t.text, "nearest": NearestUnit(t.text)})
		return none, end
	case !slash:
		return none, end
	}
	for p.err == nil {
		t := p.peek()
		if t.kind != tokenMark || t.text != "/" || p.next+1 >= len(p.tokens) {
			break
		}
		w := p.tokens[p.next+1]
		if w.kind != tokenWord || !quantity.IsName(w.text) {
			break
		}
		p.next += 2
		text.WriteString("/" + w.text)
		end = w.End
	}
	u, unknown, ok := quantity.Parse(text.String())
	if !ok {
		p.fail(Span{end, end}, "unknown_unit", map[string]any{"unit": unknown, "nearest": ""})
		return none, end
	}
	return u, end
}
