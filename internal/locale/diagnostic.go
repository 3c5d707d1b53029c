package locale

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/rendite-crm/rendite/internal/diag"
)

const (
	tabWidth = 4
	// sourceWidth is how much of a source line is shown; longer lines are cut around the marked place.
	sourceWidth = 72
	bold        = "1"
	dim         = "2"
)

// Message is the sentence of a diagnostic, without its place: the message "diag.<code>". Where the argument in_scenario
// names a scenario, the sentence says so.
func (l *Locale) Message(d diag.Diagnostic) string {
	s := l.Text("diag."+d.Code, d.Args)
	if id, ok := d.Args["in_scenario"].(string); ok {
		s = l.Text("diag.in_scenario", diag.Args{"scenario": id, "text": s})
	}
	return s
}

// Hint is what to write instead, the message "diag.<code>.hint"; empty where there is none.
func (l *Locale) Hint(d diag.Diagnostic) string {
	key := "diag." + d.Code + ".hint"
	if !l.keys[key] {
		return ""
	}
	return l.Text(key, d.Args)
}

// Diagnostic shows a diagnostic as a compiler does, over several lines and without a line break at the end:
//
//	fall.yaml:12:14: Fehler: „usres“ ist nicht bekannt.
//	  12 │ licences: {amount: usres * 65 EUR/month}
//	     │                    ^^^^^
//	     → Gemeint ist vielleicht „users“.
func (l *Locale) Diagnostic(d diag.Diagnostic, colour bool) string {
	paint := func(code, s string) string {
		if !colour {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	severity, hue := "error", "31"
	switch d.Severity {
	case diag.Warning:
		severity, hue = "warning", "33"
	case diag.Hint:
		severity, hue = "hint", "36"
	}
	var b strings.Builder
	if at := clean(d.At.String()); at != "" {
		b.WriteString(paint(bold, at+":") + " ")
	}
	b.WriteString(paint(bold+";"+hue, l.Text("diag.severity."+severity, nil)+":") + " " + l.Message(d))

	indent := "  "
	if d.At.Known() && strings.TrimSpace(d.At.Source) != "" {
		line, marker := Mark(d.At)
		n := strconv.Itoa(d.At.Line)
		pad := strings.Repeat(" ", max(0, 4-len(n)))
		indent = strings.Repeat(" ", len(pad)+len(n)+1)
		b.WriteString("\n" + paint(dim, pad+n+" │ ") + line)
		b.WriteString("\n" + paint(dim, indent+"│ ") + paint(hue, marker))
	}
	if hint := l.Hint(d); hint != "" {
		b.WriteString("\n" + indent + paint("36", "→") + " " + hint)
	}
	return b.String()
}

// Mark returns the source line as shown and the marker under it. Columns count characters; a tab, a wide character and
// a combining one take what a terminal gives them.
func Mark(at diag.Position) (line, marker string) {
	type cell struct {
		text  string
		width int
	}
	var cells []cell
	ends := []int{0} // widths of the cells before each: a line can have a million
	for _, r := range strings.TrimRight(at.Source, "\r\n") {
		switch {
		case r == '\t':
			cells = append(cells, cell{strings.Repeat(" ", tabWidth), tabWidth})
		case unicode.IsControl(r):
			cells = append(cells, cell{"\ufffd", 1})
		default:
			cells = append(cells, cell{string(r), runeWidth(r)})
		}
		ends = append(ends, ends[len(ends)-1]+cells[len(cells)-1].width)
	}
	from := min(max(0, at.Column-1), len(cells))
	to := min(max(from, at.EndColumn-1), len(cells))
	span := func(i, j int) int { return ends[j] - ends[i] }
	// The window begins at the line's first character that is no space, or later where the marked place would fall out.
	left, right := 0, len(cells)
	for left < from && strings.TrimSpace(cells[left].text) == "" {
		left++
	}
	before, after := "", ""
	for span(left, max(to, from)) > sourceWidth*3/4 && left < from {
		left++
		before = "…"
	}
	for span(left, right) > sourceWidth && right > from+1 {
		right--
		after = "…"
	}
	to = min(to, right)
	var b strings.Builder
	b.WriteString(before)
	for _, c := range cells[left:right] {
		b.WriteString(c.text)
	}
	line = strings.TrimRight(b.String()+after, " ")
	marker = strings.Repeat(" ", span(left, from)+len([]rune(before))) + strings.Repeat("^", max(1, span(from, to)))
	return line, marker
}

// Width is the number of terminal cells that s takes.
func Width(s string) int {
	w := 0
	for _, r := range s {
		w += runeWidth(r)
	}
	return w
}

// runeWidth follows Unicode TR 11: wide and full-width characters take two cells, marks that join their neighbour none.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
