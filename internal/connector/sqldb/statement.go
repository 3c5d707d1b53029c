package sqldb

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
)

// lexis is how a database writes what could hide a word: texts, names in quotes, comments.
type lexis struct {
	// backslash escapes inside texts; PostgreSQL has it in E'…' only.
	backslash bool
	// doubleText says that "…" is a text and not a name.
	doubleText bool
	backtick   bool // `…` is a name
	bracket    bool // […] is a name
	dollar     bool // $tag$…$tag$ is a text
	hash       bool // # begins a comment
	// spaced says that -- begins a comment only before a space.
	spaced bool
	// nested comments end where the last one ends.
	nested bool
	// conditional comments, /*! … */, are run by the server.
	conditional bool
	// question marks are parameters.
	question bool
	// qualified names may be any word, as in t.update; where statements follow each other without a semicolon they may not.
	qualified bool
	// words that a query which only reads does not have.
	words []string
}

// sinceName is the only parameter of a query: the moment from which on changes are wanted.
const sinceName = "since"

// statement is a query that has been looked at.
type statement struct {
	text []rune
	// end is where the text ends, before a closing semicolon.
	end int
	// since are the places of :since.
	since [][2]int
}

// parse looks at a query: exactly one statement, one that reads, and no parameter but :since. It is the first of two guards;
// the second is the database's own, a transaction that may not write.
func (l *lexis) parse(q ingest.Query) (*statement, diag.List) {
	s := &scanner{lexis: l, q: q, statement: statement{text: []rune(q.Text)}}
	s.end = len(s.text)
	s.all()
	if s.found.Err() != nil {
		return nil, s.found.Sorted()
	}
	return &s.statement, nil
}

// bound is the text with a placeholder for each :since.
func (s *statement) bound(placeholder func(n int) string) string {
	var b strings.Builder
	at := 0
	for n, place := range s.since {
		b.WriteString(string(s.text[at:place[0]]))
		b.WriteString(placeholder(n + 1))
		at = place[1]
	}
	b.WriteString(string(s.text[at:s.end]))
	return b.String()
}

type scanner struct {
	*lexis
	statement
	q     ingest.Query
	at    int
	first bool // the first word has been seen
	ended bool // a semicolon has been seen
	dot   bool // the last sign was a dot
	last  string
	found diag.List
}

func (s *scanner) wrong(code string, start, end int, args diag.Args) {
	s.found.Add(diag.New(code, s.q.At(start, end), args))
}

// peek is the character n places ahead, 0 behind the end.
func (s *scanner) peek(n int) rune {
	if s.at+n < len(s.text) {
		return s.text[s.at+n]
	}
	return 0
}

func (s *scanner) all() {
	for at, c := range s.text {
		if unicode.IsControl(c) && c != '\n' && c != '\t' || c == '\u2028' || c == '\u2029' { // where a line ends for one and not for another
			s.wrong("query_character", at, at+1, nil)
			return
		}
	}
	for s.at < len(s.text) {
		c, start := s.peek(0), s.at
		if s.blank() {
			continue
		}
		if s.ended {
			s.wrong("query_several", start, len(s.text), nil)
			return
		}
		dot := s.dot
		s.dot = false
		switch {
		case c == '\'', c == '"', c == '`' && s.backtick, c == '[' && s.bracket:
			s.quoted(c)
		case c == '$' && s.dollar && s.tagged():
		case c >= '0' && c <= '9':
			s.number()
		case wordRune(c):
			s.word(dot)
		case c == ':':
			s.colon()
		case c == '?' && s.question, c == '$' && s.dollar && digit(s.peek(1)):
			s.at++
			s.wrong("query_parameter", start, s.at, diag.Args{"name": string(c)})
		case c == ';' && s.first:
			s.ended = true
			s.end = s.at
			s.at++
		case c != '(' && !s.first:
			s.wrong("query_kind", start, start+1, nil)
			return
		default:
			s.dot = c == '.'
			s.at++
		}
		if s.found.Err() != nil {
			return
		}
	}
	if !s.first {
		s.wrong("query_kind", 0, 0, nil)
	}
}

func digit(c rune) bool { return c >= '0' && c <= '9' }

func wordRune(c rune) bool {
	return c == '_' || c == '@' || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// blank passes over a space or a comment.
func (s *scanner) blank() bool {
	c := s.peek(0)
	switch {
	case unicode.IsSpace(c) || c == '\ufeff':
		s.at++
	case c == '-' && s.peek(1) == '-' && (!s.spaced || s.at+2 >= len(s.text) || unicode.IsSpace(s.peek(2))), c == '#' && s.hash:
		for s.at < len(s.text) && s.peek(0) != '\n' {
			s.at++
		}
	case c == '/' && s.peek(1) == '*':
		s.comment()
	default:
		return false
	}
	return true
}

func (s *scanner) comment() {
	start, depth := s.at, 0
	if s.conditional && (s.peek(2) == '!' || s.peek(2) == 'M' && s.peek(3) == '!') {
		s.wrong("query_comment", start, start+3, nil)
	}
	for s.at < len(s.text) {
		switch {
		case s.peek(0) == '/' && s.peek(1) == '*' && (depth == 0 || s.nested):
			depth++
			s.at += 2
		case s.peek(0) == '*' && s.peek(1) == '/':
			depth--
			s.at += 2
			if depth == 0 {
				return
			}
		default:
			s.at++
		}
	}
	s.wrong("query_open", start, start+2, nil)
}

// quoted passes over a text or a name in quotes; the closing sign twice stands for itself.
func (s *scanner) quoted(open rune) {
	start, closing := s.at, open
	if open == '[' {
		closing = ']'
	}
	escapes := s.backslash && (open == '\'' || open == '"' && s.doubleText) ||
		open == '\'' && s.dollar && s.at > 0 && (s.text[s.at-1] == 'E' || s.text[s.at-1] == 'e') && (s.at < 2 || !wordRune(s.text[s.at-2]))
	s.at++
	for s.at < len(s.text) {
		switch c := s.peek(0); {
		case c == '\\' && escapes:
			s.at += 2
		case c == closing && s.peek(1) == closing:
			s.at += 2
		case c == closing:
			s.at++
			return
		default:
			s.at++
		}
	}
	s.at = len(s.text)
	s.wrong("query_open", start, start+1, nil)
}

// tagged passes over $tag$…$tag$; false where there is none.
func (s *scanner) tagged() bool {
	start, end := s.at, s.at+1
	for end < len(s.text) && wordRune(s.text[end]) && !(end == s.at+1 && digit(s.text[end])) {
		end++
	}
	if end >= len(s.text) || s.text[end] != '$' {
		return false
	}
	tag := s.text[s.at : end+1]
	for s.at = end + 1; s.at+len(tag) <= len(s.text); s.at++ {
		if slices.Equal(s.text[s.at:s.at+len(tag)], tag) {
			s.at += len(tag)
			return true
		}
	}
	s.at = len(s.text)
	s.wrong("query_open", start, end+1, nil)
	return true
}

// number passes over a number and no letter behind it: in SQL Server 1DELETE is a number and the next statement.
func (s *scanner) number() {
	if s.peek(0) == '0' && (s.peek(1) == 'x' || s.peek(1) == 'X') {
		for s.at += 2; strings.ContainsRune("0123456789abcdefABCDEF", s.peek(0)) && s.peek(0) != 0; {
			s.at++
		}
		return
	}
	for digit(s.peek(0)) || s.peek(0) == '.' {
		s.at++
	}
	if c := s.peek(0); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(0); (c == '+' || c == '-') && digit(s.peek(1)) {
			s.at++
		}
		for digit(s.peek(0)) {
			s.at++
		}
	}
}

func (s *scanner) word(behindDot bool) {
	start := s.at
	for s.at < len(s.text) && (wordRune(s.peek(0)) || s.peek(0) == '$' || s.peek(0) == '#' && !s.hash) {
		s.at++
	}
	word := strings.ToUpper(string(s.text[start:s.at]))
	if !s.first {
		s.first = true
		if word != "SELECT" && word != "WITH" {
			s.wrong("query_kind", start, s.at, nil)
		}
		return
	}
	if slices.Contains(s.words, word) && !(behindDot && s.qualified) {
		s.wrong("query_word", start, s.at, diag.Args{"word": word})
	}
	if word == "VALUE" && s.last == "NEXT" { // counts a sequence up, and no transaction takes that back
		s.wrong("query_word", start, s.at, diag.Args{"word": "NEXT VALUE"})
	}
	s.last = word
}

func (s *scanner) colon() {
	start := s.at
	s.at++
	if s.peek(0) == ':' { // PostgreSQL's cast
		s.at++
		return
	}
	if c := s.peek(0); !wordRune(c) || digit(c) {
		return
	}
	for s.at < len(s.text) && wordRune(s.peek(0)) {
		s.at++
	}
	if name := string(s.text[start+1 : s.at]); name != sinceName {
		s.wrong("query_parameter", start, s.at, diag.Args{"name": ":" + name})
		return
	}
	s.since = append(s.since, [2]int{start, s.at})
}
