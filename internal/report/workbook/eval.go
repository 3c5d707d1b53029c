package workbook

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// The values that stand beside the formulas, for viewers that show a workbook without computing it. Only what package
// workbook itself writes is understood; a formula that is not, or that comes to an error, is left without a value, and
// every spreadsheet computes all of them anew when it opens the file.

// area is a rectangle of cells, rows and columns from 1.
type area struct {
	sheet          *sheet
	r1, c1, r2, c2 int
}

// fault is an error value such as #DIV/0!; array holds the numbers of an area.
type (
	fault struct{}
	array []any
	blank struct{}
)

// evaluator computes cells once each.
type evaluator struct {
	sheets map[string]*sheet
	names  map[string]area // in lower case
}

// token is a piece of a formula: kind n number, s text, w word (name, function, reference), o operator.
type token struct {
	kind byte
	text string
	num  float64
}

func (e *evaluator) at(s *sheet, r, c int) any {
	if r < 1 || r > len(s.rows) || c < 1 || c > len(s.rows[r-1]) {
		return blank{}
	}
	x := s.rows[r-1][c-1]
	switch {
	case x == nil:
		return blank{}
	case x.formula == "":
		return plainValue(x.value)
	case x.done:
		return x.value
	case x.busy:
		return fault{}
	}
	x.busy = true
	x.value = e.formula(s, x.formula)
	x.busy, x.done = false, true
	return x.value
}

func plainValue(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case nil:
		return blank{}
	case time.Time:
		return serial(v)
	}
	return v
}

// serial is the number of a day in spreadsheets.
func serial(t time.Time) float64 {
	return t.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
}

func (e *evaluator) formula(s *sheet, text string) any {
	p := &reading{e: e, sheet: s, tokens: tokens(text)}
	v := p.compare()
	if p.next < len(p.tokens) {
		return fault{}
	}
	if a, ok := v.(area); ok {
		if a.r1 == a.r2 && a.c1 == a.c2 {
			return e.at(a.sheet, a.r1, a.c1)
		}
		return fault{}
	}
	return v
}

func tokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ':
			i++
		case c >= '0' && c <= '9' || c == '.':
			j := i
			for j < len(text) && (text[j] >= '0' && text[j] <= '9' || text[j] == '.' || text[j] == 'E' || (text[j] == '-' || text[j] == '+') && text[j-1] == 'E') {
				j++
			}
			v, err := strconv.ParseFloat(text[i:j], 64)
			if err != nil {
				v = math.NaN()
			}
			out = append(out, token{'n', text[i:j], v})
			i = j
		case c == '"':
			var b strings.Builder
			i++
			for i < len(text) {
				if text[i] == '"' {
					if i+1 < len(text) && text[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				b.WriteByte(text[i])
				i++
			}
			i++
			out = append(out, token{'s', b.String(), 0})
		case strings.IndexByte("+-*/^(),<>=&:", c) >= 0:
			j := i + 1
			if j < len(text) && (c == '<' && (text[j] == '=' || text[j] == '>') || c == '>' && text[j] == '=') {
				j++
			}
			out = append(out, token{'o', text[i:j], 0})
			i = j
		default:
			j := i
			for j < len(text) && strings.IndexByte("+-*/^(),<>=&: \"", text[j]) < 0 {
				j++
			}
			out = append(out, token{'w', text[i:j], 0})
			i = j
		}
	}
	return out
}

// reading is one formula while it is computed.
type reading struct {
	e      *evaluator
	sheet  *sheet
	tokens []token
	next   int
}

func (p *reading) op() string {
	if p.next < len(p.tokens) && p.tokens[p.next].kind == 'o' {
		return p.tokens[p.next].text
	}
	return ""
}

func (p *reading) compare() any {
	x := p.join()
	for {
		op := p.op()
		switch op {
		case "=", "<>", "<", "<=", ">", ">=":
			p.next++
			x = p.each(x, p.join(), func(a, b any) any { return compared(op, a, b) })
		default:
			return x
		}
	}
}

func compared(op string, a, b any) any {
	if _, ok := a.(fault); ok {
		return a
	}
	if _, ok := b.(fault); ok {
		return b
	}
	s, text := a.(string)
	t, also := b.(string)
	order := 0
	switch {
	case text || also:
		if text && !also {
			if _, empty := b.(blank); !empty {
				order = 1 // text is above numbers
			} else {
				order = strings.Compare(s, "")
			}
		} else if also && !text {
			if _, empty := a.(blank); !empty {
				order = -1
			} else {
				order = strings.Compare("", t)
			}
		} else {
			order = strings.Compare(strings.ToLower(s), strings.ToLower(t))
		}
	default:
		x, y := numberOf(a), numberOf(b)
		switch {
		case x < y:
			order = -1
		case x > y:
			order = 1
		}
	}
	switch op {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (p *reading) join() any {
	x := p.sum()
	for p.op() == "&" {
		p.next++
		x = p.each(x, p.sum(), func(a, b any) any { return textOf(a) + textOf(b) })
	}
	return x
}

func textOf(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return v
	}
	return ""
}

func (p *reading) sum() any {
	x := p.product()
	for {
		switch op := p.op(); op {
		case "+", "-":
			p.next++
			x = p.each(x, p.product(), func(a, b any) any {
				if op == "+" {
					return arith(a, b, func(x, y float64) float64 { return x + y })
				}
				return arith(a, b, func(x, y float64) float64 { return x - y })
			})
		default:
			return x
		}
	}
}

func (p *reading) product() any {
	x := p.power()
	for {
		switch op := p.op(); op {
		case "*", "/":
			p.next++
			x = p.each(x, p.power(), func(a, b any) any {
				if op == "*" {
					return arith(a, b, func(x, y float64) float64 { return x * y })
				}
				return arith(a, b, func(x, y float64) float64 { return x / y })
			})
		default:
			return x
		}
	}
}

// power binds to the left and more weakly than a sign, as spreadsheets have it.
func (p *reading) power() any {
	x := p.signed()
	for p.op() == "^" {
		p.next++
		x = p.each(x, p.signed(), func(a, b any) any { return arith(a, b, math.Pow) })
	}
	return x
}

func (p *reading) signed() any {
	switch p.op() {
	case "-":
		p.next++
		return p.each(0.0, p.signed(), func(a, b any) any { return arith(a, b, func(x, y float64) float64 { return x - y }) })
	case "+":
		p.next++
		return p.signed()
	}
	return p.operand()
}

func arith(a, b any, f func(x, y float64) float64) any {
	for _, v := range []any{a, b} {
		switch v.(type) {
		case fault, string:
			return fault{}
		}
	}
	return real(f(numberOf(a), numberOf(b)))
}

func real(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fault{}
	}
	return v
}

func numberOf(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

// each applies f to two values, elementwise where one of them is an area.
func (p *reading) each(a, b any, f func(a, b any) any) any {
	x, xs := p.values(a)
	y, ys := p.values(b)
	if !xs && !ys {
		return f(x[0], y[0])
	}
	n := max(len(x), len(y))
	out := make(array, n)
	for i := range out {
		out[i] = f(x[min(i, len(x)-1)], y[min(i, len(y)-1)])
	}
	return out
}

// values are the cells of an area, or the one value; many says which.
func (p *reading) values(v any) (all []any, many bool) {
	switch v := v.(type) {
	case array:
		return v, true
	case area:
		for r := v.r1; r <= v.r2; r++ {
			for c := v.c1; c <= v.c2; c++ {
				all = append(all, p.e.at(v.sheet, r, c))
			}
		}
		return all, len(all) != 1
	}
	return []any{v}, false
}

func (p *reading) operand() any {
	if p.next >= len(p.tokens) {
		return fault{}
	}
	t := p.tokens[p.next]
	p.next++
	switch t.kind {
	case 'n':
		return t.num
	case 's':
		return t.text
	case 'o':
		if t.text != "(" {
			return fault{}
		}
		v := p.compare()
		if p.op() == ")" {
			p.next++
		}
		return v
	}
	if p.op() == "(" {
		p.next++
		return p.call(t.text)
	}
	from, ok := p.reference(t.text)
	if !ok {
		return fault{}
	}
	if p.op() == ":" && p.next+1 < len(p.tokens) {
		to, ok := p.reference(p.tokens[p.next+1].text)
		if !ok {
			return fault{}
		}
		p.next += 2
		from.r2, from.c2 = to.r2, to.c2
	}
	return from
}

// reference reads Sheet!$A$1, A1 or a defined name.
func (p *reading) reference(text string) (area, bool) {
	s, rest := p.sheet, text
	if name, cell, ok := strings.Cut(text, "!"); ok {
		if s = p.e.sheets[strings.Trim(name, "'")]; s == nil {
			return area{}, false
		}
		rest = cell
	} else if a, ok := p.e.names[strings.ToLower(text)]; ok {
		return a, true
	}
	c, r, err := excelize.CellNameToCoordinates(strings.ReplaceAll(rest, "$", ""))
	return area{s, r, c, r, c}, err == nil
}

// call computes a function. IF, CHOOSE and IFERROR have all their arguments computed: none has an effect.
func (p *reading) call(name string) any {
	var args []any
	for p.op() != ")" && p.next < len(p.tokens) {
		args = append(args, p.compare())
		if p.op() == "," {
			p.next++
		}
	}
	p.next++
	if f := functions[name]; f != nil {
		return f(p, args)
	}
	return fault{}
}

// one is a single value of an argument.
func (p *reading) one(v any) any {
	all, many := p.values(v)
	if many {
		return fault{}
	}
	return all[0]
}

// numbers are those of the arguments; texts and blanks of areas do not count. ok is false where there is an error among them.
func (p *reading) numbers(args []any) (out []float64, ok bool) {
	for _, a := range args {
		all, _ := p.values(a)
		for _, v := range all {
			switch v := v.(type) {
			case fault:
				return nil, false
			case float64:
				out = append(out, v)
			case bool:
				out = append(out, numberOf(v))
			}
		}
	}
	return out, true
}

func reduce(start func(v []float64) float64) func(p *reading, args []any) any {
	return func(p *reading, args []any) any {
		v, ok := p.numbers(args)
		if !ok {
			return fault{}
		}
		if len(v) == 0 {
			return 0.0
		}
		return real(start(v))
	}
}

func mapped(f func(x float64) float64) func(p *reading, args []any) any {
	return func(p *reading, args []any) any {
		return p.each(args[0], 0.0, func(a, _ any) any { return arith(a, 0.0, func(x, _ float64) float64 { return f(x) }) })
	}
}

var functions map[string]func(p *reading, args []any) any

func init() {
	fold := func(f func(x, y float64) float64) func([]float64) float64 {
		return func(v []float64) float64 {
			r := v[0]
			for _, x := range v[1:] {
				r = f(r, x)
			}
			return r
		}
	}
	logical := func(want bool) func(p *reading, args []any) any {
		return func(p *reading, args []any) any {
			v, ok := p.numbers(args)
			if !ok {
				return fault{}
			}
			for _, x := range v {
				if (x != 0) == want {
					return want
				}
			}
			return !want
		}
	}
	functions = map[string]func(p *reading, args []any) any{
		"SUM": reduce(fold(func(x, y float64) float64 { return x + y })),
		"MIN": reduce(fold(math.Min)), "MAX": reduce(fold(math.Max)),
		"EXP": mapped(math.Exp), "LN": mapped(math.Log), "SQRT": mapped(math.Sqrt), "INT": mapped(math.Floor), "ABS": mapped(math.Abs),
		"SIGN": mapped(func(x float64) float64 {
			if x == 0 {
				return 0
			}
			return math.Copysign(1, x)
		}),
		"AND": logical(false), "OR": logical(true),
		"ROUNDUP": func(p *reading, args []any) any {
			return p.each(args[0], 0.0, func(a, _ any) any {
				return arith(a, 0.0, func(x, _ float64) float64 { return math.Copysign(math.Ceil(math.Abs(x)), x) })
			})
		},
		"IF": func(p *reading, args []any) any {
			cond := p.one(args[0])
			if _, bad := cond.(fault); bad {
				return cond
			}
			if _, text := cond.(string); text {
				return fault{}
			}
			if numberOf(cond) != 0 {
				return p.single(args[1])
			}
			return p.single(args[2])
		},
		"IFERROR": func(p *reading, args []any) any {
			v := p.single(args[0])
			if _, bad := v.(fault); bad {
				return p.single(args[1])
			}
			return v
		},
		"CHOOSE": func(p *reading, args []any) any {
			i := int(numberOf(p.one(args[0])))
			if i < 1 || i >= len(args) {
				return fault{}
			}
			return p.single(args[i])
		},
		"ISBLANK":  func(p *reading, args []any) any { _, ok := p.one(args[0]).(blank); return ok },
		"ISNUMBER": func(p *reading, args []any) any { _, ok := p.one(args[0]).(float64); return ok },
		"COUNT": func(p *reading, args []any) any {
			n := 0
			for _, a := range args {
				all, _ := p.values(a)
				for _, v := range all {
					if _, ok := v.(float64); ok {
						n++
					}
				}
			}
			return float64(n)
		},
		"INDEX": func(p *reading, args []any) any {
			i := int(numberOf(p.one(args[len(args)-1])))
			all, _ := p.values(args[0])
			if i < 1 || i > len(all) {
				return fault{}
			}
			return all[i-1]
		},
		"MATCH": func(p *reading, args []any) any { // exact
			want := p.one(args[0])
			all, _ := p.values(args[1])
			for i, v := range all {
				if _, empty := v.(blank); !empty && compared("=", want, v) == true {
					return float64(i + 1)
				}
			}
			return fault{}
		},
		"SUMPRODUCT": func(p *reading, args []any) any {
			var product any = 1.0
			for _, a := range args {
				product = p.each(product, a, func(a, b any) any {
					if _, text := b.(string); text {
						b = 0.0
					}
					return arith(a, b, func(x, y float64) float64 { return x * y })
				})
			}
			v, ok := p.numbers([]any{product})
			if !ok {
				return fault{}
			}
			sum := 0.0
			for _, x := range v {
				sum += x
			}
			return real(sum)
		},
		"EDATE": func(p *reading, args []any) any {
			day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(numberOf(p.one(args[0]))))
			return serial(day.AddDate(0, int(numberOf(p.one(args[1]))), 0))
		},
		"IRR": func(p *reading, args []any) any {
			v, ok := p.numbers(args[:1])
			if !ok {
				return fault{}
			}
			return newton(v, numberOf(p.one(args[1])))
		},
	}
}

// single is the value of an argument that is handed on.
func (p *reading) single(v any) any {
	if a, ok := v.(area); ok && a.r1 == a.r2 && a.c1 == a.c2 {
		return p.e.at(a.sheet, a.r1, a.c1)
	}
	return v
}

// newton is IRR from a guess.
func newton(flows []float64, rate float64) any {
	for range 50 {
		value, slope := 0.0, 0.0
		for k, f := range flows {
			d := f * math.Pow(1+rate, -float64(k))
			value += d
			slope -= float64(k) * d / (1 + rate)
		}
		step := value / slope
		if math.IsNaN(step) || math.IsInf(step, 0) {
			return fault{}
		}
		rate -= step
		if math.Abs(step) < 1e-12*(1+math.Abs(rate)) {
			return real(rate)
		}
	}
	return fault{}
}
