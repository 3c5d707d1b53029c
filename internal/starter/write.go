package starter

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

// lineWidth is how wide comments and short entries may become.
const lineWidth = 110

// writer builds the text of a case file.
type writer struct {
	strings.Builder
	l   *locale.Locale
	cat *catalogue.Catalogue
	a   Answers
	p   profile
	err error
}

// value is a value as written in the file, with where it comes from.
type value struct {
	text, source, grade string
	label               string
}

func (w *writer) t(key string, args diag.Args) string { return w.l.Text("starter."+key, args) }

func (w *writer) line(parts ...string) {
	w.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n")
}

// comment writes text as a comment, wrapped; a no-break space keeps a number with its unit and becomes a plain one.
func (w *writer) comment(indent, s string) {
	prefix := indent + "# "
	row := prefix
	for _, word := range strings.Split(s, " ") {
		if utf8.RuneCountInString(row)+utf8.RuneCountInString(word) > lineWidth && row != prefix {
			w.line(plainSpaces(row))
			row = prefix
		}
		row += word + " "
	}
	w.line(plainSpaces(row))
}

func plainSpaces(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
}

// section opens a part of the file with its comment.
func (w *writer) section(key string, args diag.Args) {
	w.line()
	w.line("# ", strings.Repeat("-", lineWidth-2))
	w.comment("", w.t("section."+key, args))
}

// assumption writes one entry of assumptions with its comment, the message starter.assumption.<name>.
func (w *writer) assumption(name string, v value, args diag.Args) {
	w.line()
	w.comment("  ", w.t("assumption."+name, args))
	w.line("  ", name, ":")
	w.field("    ", "value", v.text)
	if v.label != "" {
		w.field("    ", "label", quote(v.label))
	}
	w.field("    ", "source", quote(v.source))
	w.field("    ", "grade", v.grade)
}

func (w *writer) field(indent, key, s string) { w.line(indent, key, ": ", s) }

// input writes an input of a line with a source of its own, on one line where it fits.
func (w *writer) input(indent, key string, v value) {
	one := indent + key + ": {value: " + v.text
	if v.label != "" {
		one += ", label: " + quote(v.label)
	}
	one += ", source: " + quote(v.source) + ", grade: " + v.grade + "}"
	if utf8.RuneCountInString(one) <= lineWidth {
		w.line(one)
		return
	}
	w.line(indent, key, ":")
	w.field(indent+"  ", "value", v.text)
	if v.label != "" {
		w.field(indent+"  ", "label", quote(v.label))
	}
	w.field(indent+"  ", "source", quote(v.source))
	w.field(indent+"  ", "grade", v.grade)
}

// estimated closes a line whose other inputs are estimates.
func (w *writer) estimated(indent string) {
	w.field(indent, "source", quote(w.t("estimate", nil)))
	w.field(indent, "grade", "D")
}

// estimate is a value that nobody has measured.
func (w *writer) estimate(text string) value {
	return value{text: text, source: w.t("estimate", nil), grade: "D"}
}

// money is a triple of money in the case's currency with a unit behind it, for example "/h".
func (w *writer) money(t triple, unit string) string {
	return span(t.times(perEuro[w.a.Currency]), 2) + " " + w.a.Currency + unit
}

// span writes a triple as a range with that many significant digits.
func span(t triple, digits int) string {
	var parts []string
	for _, v := range t {
		parts = append(parts, number(round(v, digits)))
	}
	return strings.Join(parts, " .. ")
}

// percent writes a triple of shares as a range.
func percent(t triple) string { return span(t.times(100), 3) + " %" }

// number writes a number as the case file does: a dot for decimals, a space for thousands. From 1 on there are at most two
// decimals, for three would look like thousands.
func number(v float64) string {
	if v >= 1 {
		v = math.Round(v*100) / 100
	} else {
		v = round(v, 6)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + " " + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

// quote writes a text as a YAML string that cannot be read as anything else (YAML 1.2.2, 7.3.1).
func quote(s string) string {
	s = strings.ReplaceAll(plainSpaces(s), `\`, `\\`)
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}

// clean makes one line of a text that a person has typed, without control characters and not longer than maxText.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == '\ufeff' || r == unicode.ReplacementChar
	}), " ")
	if runes := []rune(s); len(runes) > maxText {
		s = strings.TrimSpace(string(runes[:maxText]))
	}
	return s
}
