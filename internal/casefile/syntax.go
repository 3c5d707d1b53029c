package casefile

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

// This file names mistakes in the YAML itself. The library reports where it stumbled, which is often the line after the
// mistake, and in words that mean little to somebody who has never heard of YAML.

// yamlSign finds a text that begins with a sign of YAML.
var yamlSign = regexp.MustCompile(`(?:^|[:,{\[-]) *([*&!|>])`)

var definedAt = regexp.MustCompile(`already defined at \[(\d+):`)

// syntax turns the library's error into a diagnostic at the place of the mistake.
func (r *reader) syntax(err error) diag.Diagnostic {
	var y yaml.Error
	if !errors.As(err, &y) {
		return diag.New("yaml_syntax", diag.Position{File: r.name}, diag.Args{"detail": err.Error()})
	}
	text, t := y.GetMessage(), y.GetToken()
	if t == nil {
		return diag.New("yaml_syntax", diag.Position{File: r.name}, diag.Args{"detail": text})
	}
	value, _, _ := strings.Cut(strings.TrimSpace(t.Value), "\n")
	at := r.at(t, utf8.RuneCountInString(value))
	line := []rune(at.Source)
	before := string(line[:min(at.Column-1, len(line))])
	rest := restOf(line, min(at.Column-1, len(line)))
	// is reports whether the library says one of these.
	is := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	}
	switch {
	case is(`'	'`, "tab character"):
		if i := strings.IndexRune(at.Source, '\t'); i >= 0 {
			at = r.position(at.Line, utf8.RuneCountInString(at.Source[:i])+1, 1)
		}
		return diag.New("yaml_tab", at, nil)
	case is("already defined"):
		first := ""
		if m := definedAt.FindStringSubmatch(text); m != nil {
			first = m[1]
		}
		return diag.New("yaml_duplicate", at, diag.Args{"text": t.Value, "line": first})
	case is("mapping value is not allowed") && !strings.Contains(at.Source, strings.TrimSpace(t.Value)):
		return r.indented(at.Line)
	case is("mapping value is not allowed"):
		at = r.position(at.Line, at.Column, utf8.RuneCountInString(rest))
		known := slices.Concat(lineKeys, quantityKeys, curveKeys)
		instead := quoted(rest)
		if key := strings.TrimLeft(t.Value, "(["); slices.Contains(known, key) { // the wrong bracket or none
			instead = "{" + strings.TrimRight(strings.TrimLeft(rest, "(["), "})]") + "}"
		}
		return diag.New("yaml_colon", at, diag.Args{"instead": instead})
	case is("could not find '[' character", "could not find '{' character"), is("not allowed in this context") && (value == "}" || value == "]"):
		return diag.New("yaml_bracket_extra", r.position(at.Line, at.Column, 1), diag.Args{"text": value})
	case is("must be specified", "end token", "flow map content"):
		until := at.Column
		if value == "[" || value == "{" {
			until++ // the bracket stands in a text and is the one that counts
		}
		if open, ok := r.openBracket(at.Line, until); ok {
			bracket := string([]rune(open.Source)[open.Column-1])
			return diag.New("yaml_bracket", open, diag.Args{"text": bracket, "close": map[string]string{"{": "}", "[": "]"}[bracket]})
		}
	case is("could not find end character of"):
		at = r.position(at.Line, at.Column, len(line)+1-at.Column)
		mark := `"`
		if is("single-quoted") {
			mark = "'"
		}
		return diag.New("yaml_quote", at, diag.Args{"text": mark})
	case is("invalid header option", "reserved character", "directive", "undefined anchor", "undefined alias"):
		character, _ := utf8.DecodeRuneInString(rest)
		return diag.New("yaml_reserved", at, diag.Args{"character": string(character), "instead": quoted(rest)})
	case is("block sequence entries are not allowed"):
		return diag.New("yaml_list", at, nil)
	case is("unknown escape"):
		return diag.New("yaml_escape", at, nil)
	case is("non-map value is specified", "implicit line break", "unexpected key name"):
		if key, after, ok := strings.Cut(strings.TrimSpace(rest), ":"); ok && after != "" && !strings.HasPrefix(after, " ") {
			return diag.New("yaml_no_colon", at, diag.Args{"text": value, "instead": key + ": " + after})
		}
		return diag.New("yaml_no_colon", at, diag.Args{"text": value, "instead": ""})
	case is("value is not allowed in this context") && yamlSign.MatchString(before):
		i := yamlSign.FindStringSubmatchIndex(before)[2]
		at = r.position(at.Line, utf8.RuneCountInString(before[:i])+1, 1)
		return diag.New("yaml_reserved", at, diag.Args{"character": before[i : i+1], "instead": quoted(restOf(line, at.Column-1))})
	case is("value is not allowed in this context") && strings.TrimSpace(before) == "":
		return r.indented(at.Line - 1)
	case is("value is not allowed in this context") && strings.ContainsAny(before, `"'`):
		at = r.position(at.Line, at.Column, utf8.RuneCountInString(rest))
		return diag.New("yaml_after_quote", at, nil)
	}
	return diag.New("yaml_syntax", at, diag.Args{"detail": text})
}

// indented reports the first line with content after the given one: it starts at a column where nothing can start.
func (r *reader) indented(line int) diag.Diagnostic {
	for line++; line < len(r.lines); line++ {
		if s := strings.TrimSpace(r.lines[line-1]); s != "" && !strings.HasPrefix(s, "#") {
			break
		}
	}
	at := r.position(line, 1, 1)
	indent := len(at.Source) - len(strings.TrimLeft(at.Source, " "))
	// The marker lies under the first word: spaces cannot be seen.
	first, _, _ := strings.Cut(strings.TrimSpace(at.Source), " ")
	return diag.New("yaml_indent", r.position(line, indent+1, utf8.RuneCountInString(first)), diag.Args{"column": indent + 1})
}

// openBracket is the innermost bracket that is still open where the library stumbled. Quoted texts and comments are
// skipped; a quote counts only where a value can begin.
func (r *reader) openBracket(line, column int) (diag.Position, bool) {
	var open []diag.Position
	for l := 1; l <= min(line, len(r.lines)); l++ {
		quote, previous := rune(0), rune(' ')
		for i, c := range []rune(r.lines[l-1]) {
			if l == line && i+1 >= column {
				break
			}
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case (c == '"' || c == '\'') && strings.ContainsRune(" {[,", previous):
				quote = c
			case c == '#' && previous == ' ':
				previous = '#'
			case previous == '#':
				continue
			case (c == '{' || c == '[') && (len(open) > 0 || strings.ContainsRune(" {[", previous)):
				open = append(open, r.position(l, i+1, 1))
			case (c == '}' || c == ']') && len(open) > 0:
				open = open[:len(open)-1]
			}
			if previous != '#' {
				previous = c
			}
		}
	}
	if len(open) == 0 {
		return diag.Position{}, false
	}
	return open[len(open)-1], true
}

// restOf is the value that starts at i: up to its comma or bracket inside {…} or […], else up to a comment.
func restOf(line []rune, i int) string {
	if slices.Contains(line[:i], '{') || slices.Contains(line[:i], '[') {
		return valueFrom(line, i)
	}
	s, _, _ := strings.Cut(string(line[i:]), " #")
	return strings.TrimSpace(s)
}

// quoted writes a text in the quotation marks of YAML.
func quoted(s string) string {
	if strings.ContainsAny(s, `"\`) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return `"` + s + `"`
}

// piece is what stands between two commas of {…}.
type piece struct {
	key  string // "" where the piece has none
	text string
	at   diag.Position
}

var (
	numberAtEnd   = regexp.MustCompile(`(?:\d{1,3}(?: \d{3})+|\d[\d.'’]*)$`)
	digitsAtStart = regexp.MustCompile(`^\d+`)
	textKeys      = []string{"case", "organisation", "note", "label", "source"}
)

// cut reports a piece of {…} that is no entry, because YAML has cut a value at its comma. It is false for entries.
func (r *reader) cut(p piece, colon bool) bool {
	last := r.last
	if r.cutAt.Line == p.at.Line && p.at.Column > r.cutAt.Column && p.at.Column < r.cutAt.EndColumn {
		return true // a further part of a value that is reported already
	}
	shut := strings.Count(p.text, ")") > strings.Count(p.text, "(")
	if last.at.Line == p.at.Line && strings.Count(last.text, "(") > strings.Count(last.text, ")") && (!colon || shut) {
		whole := valueFrom([]rune(last.at.Source), last.at.Column-1)
		r.cutAt = r.position(last.at.Line, last.at.Column, utf8.RuneCountInString(whole))
		r.found.Add(diag.New("formula_cut", r.cutAt, diag.Args{"text": whole, "instead": quoted(whole)}))
		return true
	}
	if colon {
		return false
	}
	number, fraction := numberAtEnd.FindString(last.text), digitsAtStart.FindString(p.text)
	if number != "" && fraction != "" && last.at.Line == p.at.Line && last.at.EndColumn+1 == p.at.Column {
		code, instead, thousands := formula.Rewrite(number + "," + fraction)
		width := utf8.RuneCountInString(number)
		at := r.position(last.at.Line, last.at.EndColumn-width, width+1+len(fraction))
		r.found.Add(diag.New(code, at, diag.Args{"instead": instead, "thousands": thousands}))
		return true
	}
	args := diag.Args{"name": p.text, "instead": ""}
	if slices.Contains(textKeys, last.key) {
		args["instead"] = last.key + ": " + quoted(last.text+", "+p.text)
	}
	r.found.Add(diag.New("key_without_value", p.at, args))
	return true
}

// valueFrom is the value of an entry of {…} that starts at i, with commas inside its brackets.
func valueFrom(line []rune, i int) string {
	depth, start := 0, i
	for ; i < len(line); i++ {
		switch c := line[i]; {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth <= 0 && strings.ContainsRune(",}]", c), c == '}':
			return strings.TrimSpace(string(line[start:i]))
		}
	}
	return strings.TrimSpace(string(line[start:]))
}

// spot is the place of one character.
type spot struct{ line, column int }

// trace finds the place of every character of a text that YAML has joined from several lines or taken out of quotes,
// reading the source from line and column on; nil where the source reads otherwise (escapes).
func (r *reader) trace(text string, line, column int) []spot {
	spots := make([]spot, 0, len(text))
	if line < 1 || line > len(r.lines) {
		return nil
	}
	source := []rune(r.lines[line-1])
	for _, want := range text {
		if want != ' ' && want != '\n' && want != '\t' {
			for column > len(source) || source[column-1] == ' ' || source[column-1] == '\t' {
				if column <= len(source) {
					column++
					continue
				}
				if line == len(r.lines) {
					return nil
				}
				line, column = line+1, 1
				source = []rune(r.lines[line-1])
			}
			if source[column-1] != want {
				return nil
			}
			spots = append(spots, spot{line, column})
			column++
			continue
		}
		spots = append(spots, spot{line, column})
		if column <= len(source) {
			column++
		}
	}
	return spots
}

// quotedEnd is the column behind the quotation mark that closes the one at column, or behind the line.
func quotedEnd(line []rune, column int) int {
	for i := column; i < len(line); i++ {
		switch mark := line[column-1]; {
		case line[i] == '\\' && mark == '"':
			i++
		case line[i] == mark && mark == '\'' && i+1 < len(line) && line[i+1] == mark:
			i++
		case line[i] == mark:
			return i + 2
		}
	}
	return len(line) + 1
}

// quotedWidth is how many columns a token's text takes in the source.
func quotedWidth(t *token.Token) int {
	n := utf8.RuneCountInString(t.Value)
	if t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType {
		n += 2
	}
	return n
}
