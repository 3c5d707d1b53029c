package report

import (
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/locale"
)

// page collects the lines of a terminal report.
type page struct {
	width  int
	colour bool
	lines  []string
}

// ANSI codes of the report.
const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
)

func (p *page) paint(code, s string) string {
	if !p.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// add appends a line without spaces at its end.
func (p *page) add(line string) { p.lines = append(p.lines, strings.TrimRight(line, " ")) }

// gap appends an empty line, never two.
func (p *page) gap() {
	if n := len(p.lines); n > 0 && p.lines[n-1] != "" {
		p.add("")
	}
}

// prose appends a wrapped text in one colour; lines after the first are indented by hang.
func (p *page) prose(code, text string, hang int) {
	for i, line := range wrap(text, p.width, p.width-hang) {
		if i > 0 {
			line = strings.Repeat(" ", hang) + p.paint(code, line)
		} else {
			line = p.paint(code, line)
		}
		p.add(line)
	}
}

// wrap breaks a text at spaces into lines of at most first and then rest columns. A word that is longer is broken.
func wrap(text string, first, rest int) []string {
	first, rest = max(first, 1), max(rest, 1)
	var lines []string
	line, limit := "", first
	flush := func() {
		lines = append(lines, line)
		line, limit = "", rest
	}
	for _, word := range strings.FieldsFunc(visible(text), func(r rune) bool { return r == ' ' || r == '\n' }) {
		if line != "" && locale.Width(line)+1+locale.Width(word) > limit {
			flush()
		}
		for line == "" && locale.Width(word) > limit {
			head := cut(word, limit, "")
			if head == "" { // one wide character in a column for narrow ones
				break
			}
			line, word = head, strings.TrimPrefix(word, head)
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}

// cut shortens s to n columns; what is cut off is replaced by mark, which counts.
func cut(s string, n int, mark string) string {
	if locale.Width(s) <= n {
		return s
	}
	w := locale.Width(mark)
	var b strings.Builder
	for _, r := range s {
		if w+locale.Width(string(r)) > n {
			break
		}
		w += locale.Width(string(r))
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + mark
}

// label wraps a label into at most two lines of n columns; what does not fit ends in "…".
func label(s string, n int) []string {
	lines := wrap(s, n, n-2)
	if len(lines) <= 2 {
		return lines
	}
	return []string{lines[0], cut(strings.Join(lines[1:], " "), n-2, "…")}
}

// visible replaces control characters and tabs: labels come from the user's file and must not steer the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

func left(s string, n int) string  { return s + strings.Repeat(" ", max(0, n-locale.Width(s))) }
func right(s string, n int) string { return strings.Repeat(" ", max(0, n-locale.Width(s))) + s }

// widest is the width of the widest text.
func widest(texts ...string) int {
	w := 0
	for _, s := range texts {
		w = max(w, locale.Width(s))
	}
	return w
}
