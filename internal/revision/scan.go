package revision

import (
	"bytes"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
)

// This file finds the bytes of every key and value. The YAML library tells lines and columns but not where a value ends,
// and not in the bytes of the file as it is (line ends, byte order mark). What is found here is compared with what the
// library reads; where the two differ, the file is not edited.

// elem is one value with its bytes. A block map or list reaches from its first key or dash to the end of its last value.
type elem struct {
	kind       casefile.Kind
	flow       bool
	style      byte // of a scalar: 0 plain, '"', '\'', '|' or '>'
	adopt      bool // the text is read by the library: several lines or escapes
	start, end int
	text       string
	entries    []entry
	items      []item
}

type entry struct {
	key        string
	start, end int // of the key
	colon      int
	value      *elem
}

type item struct {
	start int // of the dash, or of the value inside […]
	value *elem
}

func (e *elem) index(key string) int {
	for i := range e.entries {
		if e.entries[i].key == key {
			return i
		}
	}
	return -1
}

func (e *elem) child(key string) *elem {
	if e == nil {
		return nil
	}
	if i := e.index(key); i >= 0 {
		return e.entries[i].value
	}
	return nil
}

// refusal is the place of something that this package does not edit.
type refusal struct{ at int }

type scanner struct {
	src   []byte
	p     int
	depth int
}

var bom = []byte("\ufeff")

// scan reads a whole text; ok is false where it has what is not edited here, at the byte at.
func scan(src []byte) (root *elem, at int, ok bool) {
	s := &scanner{src: src}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			root, at, ok = nil, min(r.at, len(src)), false
		default:
			panic(r)
		}
	}()
	if bytes.HasPrefix(src, bom) {
		s.p = len(bom)
	}
	s.blank()
	if bytes.HasPrefix(src[s.p:], []byte("---")) && s.lineEndAt(s.p+3) {
		s.p += 3
		s.blank()
	}
	if s.p == len(src) {
		return &elem{kind: casefile.Map, start: s.p, end: s.p}, 0, true
	}
	root = s.block(-1)
	s.blank()
	if s.p != len(src) {
		s.fail()
	}
	return root, 0, true
}

func (s *scanner) fail() { panic(refusal{s.p}) }

func (s *scanner) peek(k int) byte {
	if s.p+k < len(s.src) {
		return s.src[s.p+k]
	}
	return '\n'
}

// lineEndAt reports whether nothing but spaces and a comment stands between i and the end of its line.
func (s *scanner) lineEndAt(i int) bool {
	space := false
	for ; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '\n', c == '\r' && i+1 < len(s.src) && s.src[i+1] == '\n':
			return true
		case c == ' ' || c == '\t':
			space = true
		case c == '#' && space:
			return true
		default:
			return false
		}
	}
	return true
}

func lineStart(src []byte, i int) int {
	start := bytes.LastIndexByte(src[:i], '\n') + 1
	if start == 0 && bytes.HasPrefix(src, bom) {
		start = min(len(bom), i)
	}
	return start
}

// lineEnd is the byte of the line end at or after i, before its \r.
func lineEnd(src []byte, i int) int {
	end := len(src)
	if k := bytes.IndexByte(src[i:], '\n'); k >= 0 {
		end = i + k
		if end > i && src[end-1] == '\r' {
			end--
		}
	}
	return end
}

// nextLine is the first byte of the line after the one of i.
func nextLine(src []byte, i int) int {
	if k := bytes.IndexByte(src[i:], '\n'); k >= 0 {
		return i + k + 1
	}
	return len(src)
}

func (s *scanner) column() int { return s.p - lineStart(s.src, s.p) }

// blank moves over spaces, comments and line ends to the next content.
func (s *scanner) blank() {
	fresh := s.p == 0 || s.p == len(bom) || s.src[s.p-1] == '\n' || s.src[s.p-1] == ' ' || s.src[s.p-1] == '\t'
	for s.p < len(s.src) {
		switch c := s.src[s.p]; {
		case c == '\n':
			fresh = true
		case c == '\r' && s.peek(1) == '\n':
		case c == ' ' || c == '\t':
			fresh = true
		case c == '#' && fresh:
			s.p = lineEnd(s.src, s.p)
			continue
		default:
			return
		}
		s.p++
	}
}

// spaces moves over spaces and tabs on one line.
func (s *scanner) spaces() {
	for s.p < len(s.src) && (s.src[s.p] == ' ' || s.src[s.p] == '\t') {
		s.p++
	}
}

// indentation demands that only spaces stand before the content.
func (s *scanner) indentation() int {
	from := lineStart(s.src, s.p)
	for _, c := range s.src[from:s.p] {
		if c != ' ' && c != '-' {
			s.fail()
		}
	}
	return s.p - from
}

func (s *scanner) enter() {
	if s.depth++; s.depth > 2*casefile.MaxDepth {
		s.fail()
	}
}

func (s *scanner) dash() bool {
	c := s.peek(1)
	return s.peek(0) == '-' && (c == ' ' || c == '\n' || c == '\t' || c == '\r' && s.peek(2) == '\n')
}

// block reads a value that begins at p in a column greater than parent.
func (s *scanner) block(parent int) *elem {
	s.enter()
	defer func() { s.depth-- }()
	if s.dash() {
		return s.blockList(s.indentation())
	}
	if _, _, ok := s.keyAhead(); ok {
		return s.blockMap(s.indentation())
	}
	return s.inline(parent)
}

// keyAhead finds the end of a key at p and its colon, on one line.
func (s *scanner) keyAhead() (end, colon int, ok bool) {
	i := s.p
	switch c := s.peek(0); c {
	case '"', '\'':
		i = quoteEnd(s.src, i)
		if i < 0 || bytes.IndexByte(s.src[s.p:i], '\n') >= 0 {
			return 0, 0, false
		}
		end = i
		for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
			i++
		}
		if i == len(s.src) || s.src[i] != ':' {
			return 0, 0, false
		}
	case '{', '[', '}', ']', ',', '#', '&', '*', '!', '|', '>', '%', '@', '`':
		return 0, 0, false
	case '?':
		if s.peek(1) == ' ' || s.peek(1) == '\n' {
			s.fail()
		}
		fallthrough
	default:
		for ; ; i++ {
			if i == len(s.src) || s.src[i] == '\n' || s.src[i] == '#' && i > s.p && (s.src[i-1] == ' ' || s.src[i-1] == '\t') {
				return 0, 0, false
			}
			if s.src[i] == ':' && endsKey(s.src, i+1) {
				break
			}
		}
		end = i
		for end > s.p && (s.src[end-1] == ' ' || s.src[end-1] == '\t') {
			end--
		}
		return end, i, end > s.p
	}
	return end, i, endsKey(s.src, i+1)
}

// endsKey reports whether a colon before i ends a key.
func endsKey(src []byte, i int) bool {
	return i >= len(src) || src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n'
}

// quoteEnd is the byte behind the quotation mark that closes the one at i, −1 where none does.
func quoteEnd(src []byte, i int) int {
	mark := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == '\\' && mark == '"':
			i++
		case src[i] == mark && mark == '\'' && i+1 < len(src) && src[i+1] == mark:
			i++
		case src[i] == mark:
			return i + 1
		}
	}
	return -1
}

// key reads a key up to its colon.
func (s *scanner) key(end, colon int) entry {
	e := entry{start: s.p, end: end, colon: colon, key: string(s.src[s.p:end])}
	if c := s.src[s.p]; c == '"' || c == '\'' {
		e.key = unquote(s.src[s.p:end])
		if c == '"' && strings.ContainsRune(e.key, '\\') {
			s.fail()
		}
	}
	s.p = colon + 1
	return e
}

// unquote is the text of a quoted scalar without escapes.
func unquote(quoted []byte) string {
	text := string(quoted[1 : len(quoted)-1])
	if quoted[0] == '\'' {
		text = strings.ReplaceAll(text, "''", "'")
	}
	return text
}

func (s *scanner) blockMap(column int) *elem {
	m := &elem{kind: casefile.Map, start: s.p}
	for {
		end, colon, ok := s.keyAhead()
		if !ok {
			s.fail()
		}
		e := s.key(end, colon)
		s.spaces()
		if s.lineEndAt(s.p) || s.peek(0) == '#' && s.src[s.p-1] != ':' {
			after := s.p
			s.blank()
			c := s.column()
			switch {
			case s.p == len(s.src) || c < column || c == column && !s.dash():
				s.p = after
				e.value = &elem{kind: casefile.Null, start: e.colon + 1, end: e.colon + 1}
			case c == column:
				e.value = s.blockList(s.indentation())
			default:
				e.value = s.block(column)
			}
		} else {
			e.value = s.inline(column)
		}
		m.entries = append(m.entries, e)
		m.end = max(e.value.end, e.colon+1)
		s.p = m.end
		if !s.lineEndAt(s.p) {
			s.fail()
		}
		s.blank()
		if s.p == len(s.src) || s.column() < column {
			return m
		}
		if s.indentation() != column || s.p == m.end {
			s.fail()
		}
		if s.dash() {
			return m
		}
	}
}

func (s *scanner) blockList(column int) *elem {
	l := &elem{kind: casefile.List, start: s.p}
	for {
		it := item{start: s.p}
		s.p++
		s.spaces()
		if s.lineEndAt(s.p) {
			after := s.p
			s.blank()
			if s.p == len(s.src) || s.column() <= column {
				s.p = after
				it.value = &elem{kind: casefile.Null, start: it.start + 1, end: it.start + 1}
			} else {
				it.value = s.block(column)
			}
		} else {
			it.value = s.block(column)
		}
		l.items = append(l.items, it)
		l.end = max(it.value.end, it.start+1)
		s.p = l.end
		if !s.lineEndAt(s.p) {
			s.fail()
		}
		s.blank()
		if s.p == len(s.src) || s.column() < column || s.column() == column && !s.dash() {
			return l
		}
		if s.indentation() != column {
			s.fail()
		}
	}
}

// inline reads a value that is not a block collection; the lines that continue it stand right of column parent.
func (s *scanner) inline(parent int) *elem {
	switch s.peek(0) {
	case '{', '[':
		return s.flow()
	case '"', '\'':
		return s.quoted()
	case '|', '>':
		return s.literal(parent)
	case '&', '*', '!', '%', '@', '`', ',', '}', ']', '#':
		s.fail()
	}
	return s.plain(parent)
}

func (s *scanner) quoted() *elem {
	e := &elem{kind: casefile.Scalar, start: s.p, style: s.src[s.p]}
	if e.end = quoteEnd(s.src, s.p); e.end < 0 {
		s.fail()
	}
	raw := s.src[e.start:e.end]
	e.adopt = bytes.IndexByte(raw, '\n') >= 0 || e.style == '"' && bytes.IndexByte(raw, '\\') >= 0
	if !e.adopt {
		e.text = unquote(raw)
	}
	s.p = e.end
	return e
}

// literal reads a text after | or >: all lines right of the parent's column.
func (s *scanner) literal(parent int) *elem {
	e := &elem{kind: casefile.Scalar, start: s.p, style: s.src[s.p], adopt: true}
	s.p = lineEnd(s.src, s.p)
	e.end = s.p
	for {
		i := nextLine(s.src, s.p)
		if i == len(s.src) {
			break
		}
		content := i
		for content < len(s.src) && s.src[content] == ' ' {
			content++
		}
		if end := lineEnd(s.src, i); len(bytes.TrimSpace(s.src[i:end])) > 0 {
			if content-i <= max(parent, 0) && !(parent < 0 && content > i) {
				break
			}
			e.end = end
		}
		s.p = i
	}
	s.p = e.end
	return e
}

// plain reads a text without quotes; further lines right of the parent's column belong to it.
func (s *scanner) plain(parent int) *elem {
	e := &elem{kind: casefile.Scalar, start: s.p}
	e.end = s.plainLine(s.p)
	s.p = e.end
	for {
		// A comment ends the text.
		rest := bytes.TrimSpace(s.src[e.end:lineEnd(s.src, e.end)])
		if len(rest) > 0 {
			break
		}
		i := nextLine(s.src, e.end)
		for i < len(s.src) && len(bytes.TrimSpace(s.src[i:lineEnd(s.src, i)])) == 0 {
			i = nextLine(s.src, i)
		}
		content := i
		for content < len(s.src) && s.src[content] == ' ' {
			content++
		}
		if i >= len(s.src) || content-i <= parent || s.src[content] == '#' {
			break
		}
		e.adopt = true
		e.end = s.plainLine(content)
	}
	s.p = e.end
	e.text = string(s.src[e.start:e.end])
	return e
}

// plainLine is the end of the text without quotes that begins at i, on its line.
func (s *scanner) plainLine(i int) int {
	start, end := i, lineEnd(s.src, i)
	for ; i < end; i++ {
		if s.src[i] == '#' && i > start && (s.src[i-1] == ' ' || s.src[i-1] == '\t') {
			break
		}
		if s.src[i] == ':' && endsKey(s.src, i+1) {
			s.p = i
			s.fail()
		}
	}
	for i > start && (s.src[i-1] == ' ' || s.src[i-1] == '\t') {
		i--
	}
	return i
}

// flow reads {…} or […].
func (s *scanner) flow() *elem {
	s.enter()
	defer func() { s.depth-- }()
	e := &elem{kind: casefile.Map, flow: true, start: s.p}
	shut := byte('}')
	if s.src[s.p] == '[' {
		e.kind, shut = casefile.List, ']'
	}
	s.p++
	for {
		s.blank()
		if s.p == len(s.src) {
			s.fail()
		}
		if s.src[s.p] == shut {
			s.p++
			e.end = s.p
			return e
		}
		if e.kind == casefile.List {
			it := item{start: s.p, value: s.flowValue()}
			if it.value.kind == casefile.Null {
				s.fail()
			}
			e.items = append(e.items, it)
		} else {
			e.entries = append(e.entries, s.flowEntry())
		}
		s.blank()
		switch {
		case s.p < len(s.src) && s.src[s.p] == ',':
			s.p++
		case s.p < len(s.src) && s.src[s.p] == shut:
		default:
			s.fail()
		}
	}
}

func (s *scanner) flowEntry() entry {
	i := s.p
	var end int
	if c := s.src[s.p]; c == '"' || c == '\'' {
		if i = quoteEnd(s.src, s.p); i < 0 || bytes.IndexByte(s.src[s.p:i], '\n') >= 0 {
			s.fail()
		}
		end = i
		for i < len(s.src) && s.src[i] == ' ' {
			i++
		}
	} else {
		if strings.IndexByte("&*!|>%@`?-,{}[]:#", c) >= 0 {
			s.fail()
		}
		for i < len(s.src) && !(s.src[i] == ':' && (endsKey(s.src, i+1) || strings.IndexByte(",{}[]", s.src[i+1]) >= 0)) {
			if strings.IndexByte(",{}[]\n#", s.src[i]) >= 0 {
				s.fail()
			}
			i++
		}
		end = i
		for end > s.p && s.src[end-1] == ' ' {
			end--
		}
	}
	if i >= len(s.src) || s.src[i] != ':' {
		s.fail()
	}
	e := s.key(end, i)
	s.blank()
	e.value = s.flowValue()
	if e.value.kind == casefile.Null {
		e.value.start, e.value.end = i+1, i+1
	}
	return e
}

func (s *scanner) flowValue() *elem {
	if s.p == len(s.src) {
		s.fail()
	}
	switch c := s.src[s.p]; c {
	case '{', '[':
		return s.flow()
	case '"', '\'':
		return s.quoted()
	case ',', '}', ']':
		return &elem{kind: casefile.Null, start: s.p, end: s.p}
	case '&', '*', '!', '|', '>', '%', '@', '`', '#', ':':
		s.fail()
	}
	e := &elem{kind: casefile.Scalar, start: s.p}
	i := s.p
loop:
	for e.end = i; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case strings.IndexByte(",{}[]", c) >= 0:
			break loop
		case c == '#' && (s.src[i-1] == ' ' || s.src[i-1] == '\n' || s.src[i-1] == '\t'):
			break loop
		case c == ':' && (endsKey(s.src, i+1) || strings.IndexByte(",{}[]", s.src[i+1]) >= 0):
			s.p = i
			s.fail()
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n':
			// The text goes on in the next line unless a comment or a bracket follows.
		default:
			e.end = i + 1
		}
	}
	s.p = e.end
	e.text = string(s.src[e.start:e.end])
	e.adopt = strings.IndexByte(e.text, '\n') >= 0
	return e
}

// match compares what was scanned with what the library reads and takes over the texts that only the library reads.
func match(e *elem, n *casefile.Node) bool {
	if n.Kind == casefile.Null && e.kind == casefile.Scalar && e.style == 0 {
		e.kind, e.text = casefile.Null, ""
	}
	if e.kind != n.Kind || len(e.entries) != len(n.Entries) || len(e.items) != len(n.Items) {
		return false
	}
	if e.kind == casefile.Scalar {
		if e.adopt {
			e.text = n.Text
		}
		return e.text == n.Text
	}
	for i := range e.entries {
		if e.entries[i].key != n.Entries[i].Key || !match(e.entries[i].value, n.Entries[i].Value) {
			return false
		}
	}
	for i := range e.items {
		if !match(e.items[i].value, n.Items[i]) {
			return false
		}
	}
	return true
}

// same compares two trees, with or without the order of keys.
func same(a, b *elem, ordered bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || a.text != b.text || len(a.entries) != len(b.entries) || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.entries {
		k := i
		if ordered && a.entries[i].key != b.entries[i].key {
			return false
		} else if !ordered {
			if k = b.index(a.entries[i].key); k < 0 {
				return false
			}
		}
		if !same(a.entries[i].value, b.entries[k].value, ordered) {
			return false
		}
	}
	for i := range a.items {
		if !same(a.items[i].value, b.items[i].value, ordered) {
			return false
		}
	}
	return true
}
