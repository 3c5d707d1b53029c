package revision

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

// Range is a value taken apart: its numbers as decimal texts with a dot and without grouping, and the unit as written.
type Range struct {
	// Kind is number, range, a distribution by its name, or formula for everything else.
	Kind string
	// Low, Middle and High are the parts: of a number Middle alone, of a range of two Low and High; min, mode and max of
	// pert and triangular; mean as Middle and standard deviation as High of normal and lognormal; both parameters of beta
	// as Low and High; the probability of bernoulli as Middle.
	Low, Middle, High string
	// Unit is that behind the last number or behind the distribution.
	Unit string

	text  string
	spots []formula.Span // of the numbers, in the order low, middle, high without those that are empty
}

// roles are the parts that the arguments of a distribution fill: l, m or h.
var roles = map[string]string{"pert": "lmh", "triangular": "lmh", "uniform": "lh", "normal": "mh", "lognormal": "mh", "beta": "lh", "bernoulli": "m"}

// ParseRange takes a value apart. What is none of the known forms has the Kind formula and no parts.
func ParseRange(text string) Range {
	r := Range{Kind: "formula", text: text}
	x, err := formula.Parse(text)
	if err != nil {
		return r
	}
	runes := []rune(text)
	if u, ok := x.(*formula.InUnit); ok {
		if _, call := u.X.(*formula.Call); !call {
			return r
		}
		r.Unit = strings.TrimSpace(string(runes[u.X.Place().End:u.End]))
		x = u.X
	}
	switch x := x.(type) {
	case *formula.Number, *formula.Neg:
		r.take("number", "m", []formula.Expr{x}, runes)
	case *formula.Range:
		items := make([]formula.Expr, len(x.Items))
		for i, n := range x.Items {
			items[i] = n
		}
		r.take("range", map[int]string{2: "lh", 3: "lmh"}[len(items)], items, runes)
	case *formula.Call:
		if want := roles[x.Func]; want != "" && len(want) == len(x.Args) {
			r.take(x.Func, want, x.Args, runes)
		}
	}
	return r
}

// take reads the numbers; where one is no plain number, the value stays a formula.
func (r *Range) take(kind, roles string, items []formula.Expr, runes []rune) {
	var texts, units []string
	var spots []formula.Span
	for _, item := range items {
		span := item.Place()
		if n, ok := item.(*formula.Neg); ok {
			if _, ok := n.X.(*formula.Number); !ok {
				return
			}
		} else if _, ok := item.(*formula.Number); !ok {
			return
		}
		digits, end := number(runes, span.Start, span.End)
		if digits == "" {
			return
		}
		texts, spots = append(texts, digits), append(spots, formula.Span{Start: span.Start, End: end})
		units = append(units, strings.TrimSpace(string(runes[end:span.End])))
	}
	r.Kind, r.spots = kind, spots
	if last := units[len(units)-1]; r.Unit == "" {
		r.Unit = last
	}
	for i, role := range roles {
		switch role {
		case 'l':
			r.Low = texts[i]
		case 'm':
			r.Middle = texts[i]
		case 'h':
			r.High = texts[i]
		}
	}
}

// number reads a number with sign and grouping from start and answers its decimal text and its end.
func number(s []rune, start, end int) (digits string, stop int) {
	var b strings.Builder
	i := start
	if i < end && strings.ContainsRune("-−–", s[i]) {
		b.WriteByte('-')
		for i++; i < end && s[i] == ' '; i++ {
		}
	}
	isDigit := func(k int) bool { return k < end && s[k] >= '0' && s[k] <= '9' }
	whole := 0
	for isDigit(i) {
		b.WriteRune(s[i])
		i, whole = i+1, whole+1
	}
	for whole <= 3 && i < end && strings.ContainsRune(" \u00a0\u202f\u2009", s[i]) && isDigit(i+1) && isDigit(i+2) && isDigit(i+3) && !isDigit(i+4) {
		b.WriteString(string(s[i+1 : i+4]))
		i += 4
	}
	if i < end && s[i] == '.' && isDigit(i+1) {
		b.WriteByte('.')
		for i++; isDigit(i); i++ {
			b.WriteRune(s[i])
		}
	}
	if i < end && (s[i] == 'e' || s[i] == 'E') {
		k := i + 1
		if k < end && (s[k] == '-' || s[k] == '+') {
			k++
		}
		if isDigit(k) {
			b.WriteString(strings.ToLower(string(s[i:k])))
			for i = k; isDigit(i); i++ {
				b.WriteRune(s[i])
			}
		}
	}
	if whole == 0 {
		return "", start
	}
	return b.String(), i
}

// Uncertain reports whether the value is a range or a distribution.
func (r Range) Uncertain() bool { return r.Kind != "formula" && r.Kind != "number" }

// WithRange writes other numbers into a value and keeps its unit, its spacing and the way it groups thousands. Parts that
// the value does not have are to be empty, with two exceptions: a number given low and high becomes a range, and a range
// of two given a middle one of three; a range with only a middle becomes a number. Numbers are decimal texts with a dot.
func WithRange(text, low, middle, high string) (string, error) {
	r := ParseRange(text)
	given := []string{}
	for _, p := range []string{low, middle, high} {
		if p == "" {
			continue
		}
		if v, err := strconv.ParseFloat(p, 64); err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(p, "xXpP_+") && !strings.ContainsAny(p, "eE") {
			return "", diag.List{diag.New("edit_number", diag.Position{}, diag.Args{"text": p})}
		}
		given = append(given, p)
	}
	bad := diag.List{diag.New("edit_range", diag.Position{}, diag.Args{"text": text})}
	if r.Kind == "formula" || len(given) == 0 {
		return "", bad
	}
	runes := []rune(text)
	style := styleOf(runes, r.spots)
	same := (low != "") == (r.Low != "") && (middle != "") == (r.Middle != "") && (high != "") == (r.High != "")
	if same {
		out := slices.Clone(runes)
		for i := len(r.spots) - 1; i >= 0; i-- {
			s := r.spots[i]
			old, _ := number(runes, s.Start, s.End)
			if old == given[i] {
				continue // as it was, to the character
			}
			out = slices.Concat(out[:s.Start:s.Start], []rune(style.group(given[i])), out[s.End:])
		}
		return string(out), nil
	}
	if r.Kind != "number" && r.Kind != "range" || len(given) == 1 && middle == "" || len(given) == 2 && middle != "" {
		return "", bad
	}
	dots := " .. "
	if r.Kind == "range" {
		between := string(runes[r.spots[0].End:r.spots[1].Start])
		if strings.TrimSpace(between) == ".." {
			dots = between
		}
	}
	last := r.spots[len(r.spots)-1]
	for i := range given {
		given[i] = style.group(given[i])
	}
	return string(runes[:r.spots[0].Start]) + strings.Join(given, dots) + string(runes[last.End:]), nil
}

// style is how thousands are grouped.
type style struct {
	sep     string
	grouped bool // some number is
	bare    bool // a number with four digits or more is not
}

func styleOf(s []rune, spots []formula.Span) style {
	st := style{sep: " "}
	for _, p := range spots {
		text := string(s[p.Start:p.End])
		whole, _, _ := strings.Cut(text, ".")
		if i := strings.IndexFunc(strings.TrimLeft(whole, "-−– "), func(r rune) bool { return strings.ContainsRune(" \u00a0\u202f\u2009", r) }); i > 0 {
			st.grouped = true
			st.sep = string([]rune(strings.TrimLeft(whole, "-−– "))[i])
			continue
		}
		st.bare = st.bare || len(strings.TrimLeft(whole, "-−– ")) > 3
	}
	return st
}

// group writes a decimal text as the author would: thousands grouped where some are and, with no number to tell, from
// five digits on.
func (st style) group(text string) string {
	if strings.ContainsAny(text, "eE") || st.bare && !st.grouped {
		return text
	}
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, point := strings.Cut(text, ".")
	if least := 5; len(whole) < least && !(st.grouped && len(whole) == 4) {
		return sign + text
	}
	out := ""
	for len(whole) > 3 {
		out = st.sep + whole[len(whole)-3:] + out
		whole = whole[:len(whole)-3]
	}
	out = sign + whole + out
	if point {
		out += "." + fraction
	}
	return out
}

// Nice is v rounded to a multiple of step, without the dust of binary fractions: Nice(0.30000000000000004, 0.1) is 0.3.
// A step that is not positive leaves v.
func Nice(v, step float64) float64 {
	if !(step > 0) || math.IsInf(step, 0) || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	x := math.Round(v/step) * step
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return v
	}
	clean, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', places(step), 64), 64)
	if err != nil {
		return x
	}
	return clean + 0 // no negative zero
}

// places is how many digits behind the point a step has.
func places(step float64) int {
	s := strconv.FormatFloat(step, 'f', -1, 64)
	_, fraction, _ := strings.Cut(s, ".")
	return len(fraction)
}

// Decimal is Nice as a decimal text with a dot, as WithRange takes it.
func Decimal(v, step float64) string {
	x := Nice(v, step)
	if x == 0 {
		return "0"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// Step is a step for a slider from low to high: 1, 2 or 5 times a power of ten, so that there are 100 to 250 of them.
func Step(low, high float64) float64 {
	span := math.Abs(high - low)
	if !(span > 0) || math.IsInf(span, 0) {
		return 1
	}
	raw := span / 250
	ten := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, k := range []float64{1, 2, 5, 10} {
		if step := k * ten; step >= raw*(1-1e-9) {
			if text, err := strconv.ParseFloat(strconv.FormatFloat(step, 'g', 3, 64), 64); err == nil {
				return text
			}
		}
	}
	return 10 * ten
}
