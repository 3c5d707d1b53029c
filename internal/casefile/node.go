package casefile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
)

// Limits of a case file. A large hand-written case has some hundred lines.
const (
	MaxBytes = 1 << 20
	MaxNodes = 12_000
	MaxDepth = 24
	// MaxScenarios bounds what every check of a case checks.
	MaxScenarios = 50
)

// Kind is the kind of a Node.
type Kind int

// The kinds of a Node.
const (
	Null Kind = iota
	Scalar
	Map
	List
)

// Node is one value of a YAML text with its place. Scalars keep their text as written: 2026-04 is no sum and no is no
// boolean.
type Node struct {
	Kind    Kind
	Text    string // of a scalar, unquoted
	Entries []Entry
	Items   []*Node
	At      diag.Position
	// indent is how many characters (a quote) stand before the text's first one; −1 where a place inside the text cannot
	// be told, because it has escapes.
	indent int
	// spots are the places of the characters of a text that runs over several lines; lines is the source.
	spots []spot
	lines []string
}

// Entry is one key of a map.
type Entry struct {
	Key   string
	At    diag.Position // of the key
	Value *Node
}

// Get returns the value of a key, nil where it is not there.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// last is the last line that the node has something on.
func (n *Node) last() int {
	line := n.At.Line
	for _, e := range n.Entries {
		line = max(line, e.At.Line, e.Value.last())
	}
	for _, i := range n.Items {
		line = max(line, i.last())
	}
	if k := len(n.spots); k > 0 {
		line = max(line, n.spots[k-1].line)
	}
	return line
}

// Inside is the place of a part of the scalar's text.
func (n *Node) Inside(s formula.Span) diag.Position {
	at := n.At
	if !at.Known() || n.indent < 0 {
		return at
	}
	if len(n.spots) > 0 {
		first, behind := s.Start, 0
		if first >= len(n.spots) {
			first, behind = len(n.spots)-1, 1
		}
		from, to := n.spots[first], n.spots[max(first, min(s.End, len(n.spots))-1)]
		at.Line, at.Source = from.line, n.lines[from.line-1]
		width := to.column - from.column + 1
		if to.line != from.line { // marked to the end of its first line
			width = utf8.RuneCountInString(strings.TrimRight(at.Source, " ")) - from.column + 1
		}
		return part(at, from.column+behind, width)
	}
	return part(at, at.Column+n.indent+s.Start, s.End-s.Start)
}

// ParseYAML reads a text into nodes. All errors of the YAML itself are returned together.
func ParseYAML(name string, text []byte) (root *Node, found diag.List) {
	place := diag.Position{File: name}
	if len(text) > MaxBytes {
		found.Add(diag.New("file_too_big", place, diag.Args{"limit": MaxBytes / 1024}))
		return nil, found
	}
	clean := strings.TrimPrefix(string(text), "\ufeff")
	clean = strings.ReplaceAll(strings.ReplaceAll(clean, "\r\n", "\n"), "\r", "\n")
	if !utf8.ValidString(clean) {
		found.Add(diag.New("file_encoding", firstInvalid(name, clean), nil))
		return nil, found
	}
	r := reader{name: name, lines: strings.Split(clean, "\n")}
	if line, col, ok := tooDeep(r.lines); ok {
		found.Add(diag.New("file_too_deep", r.position(line, col, 1), diag.Args{"limit": MaxDepth}))
		return nil, found
	}
	if line, col, ok := strangeSpace(r.lines); ok {
		found.Add(diag.New("yaml_space", r.position(line, col, 1), nil))
		return nil, found
	}
	if line, col, ok := tooMany(r.lines); ok {
		found.Add(diag.New("file_too_many", r.position(line, col, 1), diag.Args{"limit": MaxNodes}))
		return nil, found
	}
	defer func() {
		// A panic of the YAML library on a broken file must not reach the user as one.
		if recover() != nil {
			root = nil
			found = diag.List{diag.New("yaml_syntax", place, diag.Args{"detail": ""})}
		}
	}()
	file, err := parser.ParseBytes([]byte(clean), 0)
	if err != nil {
		found.Add(r.syntax(err))
		return nil, found
	}
	bodies := 0
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		bodies++
		if bodies > 1 {
			line := doc.Body.GetToken().Position.Line
			r.found.Add(diag.New("yaml_documents", r.position(line, 1, utf8.RuneCountInString(r.line(line))), nil))
			break
		}
		root = r.node(doc.Body, 0)
	}
	if root == nil && len(r.found) == 0 {
		r.found.Add(diag.New("file_empty", place, nil))
	}
	if r.found.Err() != nil {
		return nil, r.found
	}
	return root, r.found
}

// firstInvalid is the place of the first byte that is not UTF-8.
func firstInvalid(name, text string) diag.Position {
	for i, r := range text {
		if _, width := utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError || width != 1 {
			continue
		}
		before := text[:i]
		lines := strings.Split(strings.ToValidUTF8(text, "\ufffd"), "\n")
		r := reader{name: name, lines: lines}
		start := strings.LastIndexByte(before, '\n') + 1
		return r.position(strings.Count(before, "\n")+1, utf8.RuneCountInString(before[start:])+1, 1)
	}
	return diag.Position{File: name}
}

// tooDeep looks for nesting that a person would not write, before the parser recurses into it.
func tooDeep(lines []string) (line, column int, yes bool) {
	depth := 0
	for i, l := range lines {
		if strings.HasPrefix(strings.ReplaceAll(l, " ", ""), strings.Repeat("-", 4*MaxDepth)) && strings.Contains(l, "- - ") {
			return i + 1, 1, true // lists in lists in one line; a text may hold as many dashes as it likes
		}
		if indent := len(l) - len(strings.TrimLeft(l, " ")); indent > 16*MaxDepth && strings.TrimSpace(l) != "" {
			return i + 1, indent + 1, true
		}
		for j, c := range l {
			switch c {
			case '{', '[':
				depth++
				if depth > MaxDepth {
					return i + 1, utf8.RuneCountInString(l[:j]) + 1, true
				}
			case '}', ']':
				depth = max(0, depth-1)
			}
		}
	}
	return 0, 0, false
}

// strangeSpace looks for lines indented with a space that YAML takes for a letter, as web pages and text processors
// write them.
func strangeSpace(lines []string) (line, column int, yes bool) {
	for i, l := range lines {
		for j, c := range l {
			if c == ' ' {
				continue
			}
			if c != '\t' && unicode.IsSpace(c) && strings.TrimSpace(l) != "" {
				return i + 1, utf8.RuneCountInString(l[:j]) + 1, true
			}
			break
		}
	}
	return 0, 0, false
}

// tooMany counts what can make a node, before the parser works on it: its time grows with the square.
func tooMany(lines []string) (line, column int, yes bool) {
	n := 0
	for i, l := range lines {
		n++
		for j, c := range l {
			if c == ':' || c == ',' || c == '{' || c == '[' || c == '-' {
				if n++; n > MaxNodes {
					return i + 1, utf8.RuneCountInString(l[:j]) + 1, true
				}
			}
		}
	}
	return len(lines), 1, n > MaxNodes
}

type reader struct {
	name  string
	lines []string
	nodes int
	found diag.List
	last  piece         // of {…}, before the one that is read
	cutAt diag.Position // the value that was found cut last
}

// line is one line of the text, counted from 1; "" outside.
func (r *reader) line(n int) string {
	if n < 1 || n > len(r.lines) {
		return ""
	}
	return r.lines[n-1]
}

// position is a place in the text; what lies outside of it is moved to its edge.
func (r *reader) position(line, column, width int) diag.Position {
	line = max(1, min(line, len(r.lines)))
	return part(diag.Position{File: r.name, Line: line, Source: r.lines[line-1]}, column, width)
}

// part is a place on the line of at.
func part(at diag.Position, column, width int) diag.Position {
	end := utf8.RuneCountInString(at.Source) + 1
	at.Column = max(1, min(column, end))
	at.EndColumn = max(at.Column+1, min(column+width, end))
	return at
}

func (r *reader) at(t *token.Token, width int) diag.Position {
	if t == nil || t.Position == nil {
		return diag.Position{File: r.name}
	}
	return r.position(t.Position.Line, t.Position.Column, max(1, width))
}

func (r *reader) node(n ast.Node, depth int) *Node {
	r.nodes++
	at := r.at(n.GetToken(), utf8.RuneCountInString(n.GetToken().Value))
	if r.nodes > MaxNodes {
		if r.nodes == MaxNodes+1 {
			r.found.Add(diag.New("file_too_many", at, diag.Args{"limit": MaxNodes}))
		}
		return &Node{At: at}
	}
	if depth > MaxDepth {
		r.found.Add(diag.New("file_too_deep", at, diag.Args{"limit": MaxDepth}))
		return &Node{At: at}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		m := &Node{Kind: Map, At: at}
		flow := n.Start != nil && n.Start.Type == token.MappingStartType
		if len(n.Values) > 0 && !flow {
			m.At = r.at(n.Values[0].Key.GetToken(), 1)
		}
		r.last = piece{}
		for _, v := range n.Values {
			r.entry(m, v, depth, flow)
		}
		r.last = piece{}
		return m
	case *ast.MappingValueNode:
		m := &Node{Kind: Map, At: r.at(n.Key.GetToken(), 1)}
		r.entry(m, n, depth, false)
		return m
	case *ast.SequenceNode:
		l := &Node{Kind: List, At: at}
		for _, v := range n.Values {
			if v == nil {
				continue
			}
			l.Items = append(l.Items, r.node(v, depth+1))
		}
		return l
	case *ast.NullNode:
		if n.GetToken().Type == token.ImplicitNullType {
			at.EndColumn = at.Column + 1
		}
		return &Node{Kind: Null, At: at}
	case *ast.LiteralNode:
		text := ""
		if n.Value != nil {
			text = n.Value.Value
		}
		return r.lined(&Node{Kind: Scalar, Text: strings.TrimSpace(text), At: at}, at.Line+1, 1)
	case *ast.StringNode:
		s := &Node{Kind: Scalar, Text: n.Value, At: at}
		if width := quotedWidth(n.GetToken()); width > utf8.RuneCountInString(n.Value) {
			s.indent = 1
			s.At = r.position(at.Line, at.Column, width)
		}
		line := []rune(s.At.Source)
		first := s.At.Column - 1 + s.indent
		if end := first + utf8.RuneCountInString(n.Value); end > len(line) || string(line[first:end]) != n.Value {
			return r.lined(s, s.At.Line, first+1)
		}
		return s
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return &Node{Kind: Scalar, Text: n.GetToken().Value, At: at}
	case *ast.TagNode, *ast.AnchorNode, *ast.AliasNode:
		rest := restOf([]rune(at.Source), min(at.Column-1, utf8.RuneCountInString(at.Source)))
		r.found.Add(diag.New("yaml_feature", at, diag.Args{"text": n.GetToken().Value, "instead": quoted(rest)}))
		return &Node{At: at}
	}
	r.found.Add(diag.New("yaml_feature", at, diag.Args{"text": fmt.Sprint(n.Type()), "instead": ""}))
	return &Node{At: at}
}

// lined gives a scalar that runs over several lines the places of its characters; its own place is its first line.
func (r *reader) lined(s *Node, line, column int) *Node {
	if s.spots = r.trace(s.Text, line, column); len(s.spots) == 0 {
		if s.indent == 1 {
			s.At = part(s.At, s.At.Column, quotedEnd([]rune(s.At.Source), s.At.Column)-s.At.Column)
		}
		s.indent = -1
		return s
	}
	s.indent, s.lines = 0, r.lines
	s.At = s.Inside(formula.Span{Start: 0, End: len(s.spots)})
	return s
}

func (r *reader) entry(m *Node, v *ast.MappingValueNode, depth int, flow bool) {
	t := v.Key.GetToken()
	if v.Key.IsMergeKey() {
		r.found.Add(diag.New("yaml_feature", r.at(t, 2), diag.Args{"text": "<<", "instead": ""}))
		return
	}
	key := t.Value
	at := r.at(t, quotedWidth(t))
	if t.Type == token.MappingKeyType {
		r.found.Add(diag.New("yaml_feature", at, diag.Args{"text": "?", "instead": ""}))
		return
	}
	colon := v.Start == nil || v.Start.Type == token.MappingValueType
	p := piece{text: key, at: at}
	if colon && v.Value != nil {
		p.text = v.Value.GetToken().Value
	}
	if flow && r.cut(p, colon) {
		r.last = p
		return
	}
	value := &Node{Kind: Null, At: at}
	if v.Value != nil && v.Value.GetToken().Type != token.ImplicitNullType {
		value = r.node(v.Value, depth+1)
	}
	m.Entries = append(m.Entries, Entry{Key: key, At: at, Value: value})
	r.last = piece{key: key, at: value.At}
	if value.Kind == Scalar {
		r.last.text = value.Text
	}
}

// Overlay lays over on top of base: maps are joined key by key, everything else is replaced, a null removes. Neither
// argument is changed.
func Overlay(base, over *Node) *Node {
	if base == nil || over == nil || base.Kind != Map || over.Kind != Map {
		return over
	}
	out := *base
	out.Entries = append([]Entry(nil), base.Entries...)
next:
	for _, e := range over.Entries {
		for i, have := range out.Entries {
			if have.Key != e.Key {
				continue
			}
			if e.Value.Kind == Null {
				out.Entries = append(out.Entries[:i:i], out.Entries[i+1:]...)
			} else {
				out.Entries[i].Value = Overlay(have.Value, e.Value)
				out.Entries[i].At = e.At
			}
			continue next
		}
		if e.Value.Kind != Null {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}
