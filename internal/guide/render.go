package guide

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown renders without html.WithUnsafe: raw HTML and addresses such as javascript: are left out. Cells carry an
// align attribute instead of a style, which a strict content security policy would refuse.
func markdown(lang string) goldmark.Markdown {
	back := "Back to the text"
	if lang == "de" {
		back = "Zurück zum Text"
	}
	return goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.NewFootnote(extension.WithFootnoteBacklinkTitle(back)),
		),
		goldmark.WithParserOptions(parser.WithHeadingAttribute(), parser.WithASTTransformers(util.Prioritized(outward{}, 500))),
	)
}

// outward marks links that leave the program.
type outward struct{}

func (outward) Transform(doc *ast.Document, r text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		var address []byte
		switch n := n.(type) {
		case *ast.Link:
			address = n.Destination
		case *ast.AutoLink:
			address = n.URL(r.Source())
		}
		if entering && bytes.Contains(address, []byte("://")) {
			n.SetAttributeString("rel", []byte("noopener noreferrer external"))
		}
		return ast.WalkContinue, nil
	})
}

var (
	cited = regexp.MustCompile(`\[\^([a-z0-9_]+)\]`)
	// A number and its sign stay on one line; code is left as it is.
	joined = regexp.MustCompile("`[^`\n]*`|([0-9]) ([%€])|(§|Art\\.|Nr\\.|Abs\\.) ([0-9])|z\\. B\\.")
)

func noBreaks(body string) string {
	parts := strings.Split(body, "```") // odd parts are code
	for i := 0; i < len(parts); i += 2 {
		parts[i] = joined.ReplaceAllStringFunc(parts[i], func(s string) string {
			if strings.HasPrefix(s, "`") {
				return s
			}
			return strings.ReplaceAll(s, " ", "\u00a0")
		})
	}
	return strings.Join(parts, "```")
}

func (p *Page) render(lang, body string, sources map[string]entry) error {
	var notes strings.Builder
	seen := map[string]bool{}
	for _, m := range cited.FindAllStringSubmatch(body, -1) {
		key := m[1]
		e, ok := sources[key]
		if !ok {
			return fmt.Errorf("cites %s, which is not in sources.yaml", key)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		p.Sources = append(p.Sources, Source{Key: key, Text: e.in(lang), Address: e.Address})
		fmt.Fprintf(&notes, "[^%s]: %s", key, e.in(lang))
		if e.Address != "" {
			fmt.Fprintf(&notes, " <%s>", e.Address)
		}
		notes.WriteString("\n\n")
	}
	if len(p.Sources) > 0 {
		title := "Sources"
		if lang == "de" {
			title = "Quellen"
		}
		body += "\n\n## " + title + " {#sources}\n\n" + notes.String()
	}
	source := []byte(noBreaks(body))
	md := markdown(lang)
	doc := md.Parser().Parse(text.NewReader(source))
	if err := p.collect(doc, source); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return err
	}
	p.HTML = template.HTML(out.String()) // from embedded files, raw HTML left out
	return nil
}

// section is what stands under one heading; the first, before any heading, has none.
type section struct {
	heading field
	id      string
	class   string
	blocks  []block
}

// block is a paragraph, a list item, a row of a table or a piece of code as plain text.
type block struct {
	field
	code    bool
	sources []int // footnotes cited in it, from 1 in the order of Page.Sources
}

// collect takes headings and plain text out of the syntax tree, for the search and the tests.
func (p *Page) collect(doc ast.Node, source []byte) error {
	p.sections = []section{{}}
	ids := map[string]bool{}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		last := &p.sections[len(p.sections)-1]
		switch n := n.(type) {
		case *ast.Heading:
			id, _ := n.AttributeString("id")
			name, _ := id.([]byte)
			b := inline(n, source)
			if len(name) == 0 || ids[string(name)] {
				return ast.WalkStop, fmt.Errorf("the heading %q needs an id of its own", b.text)
			}
			ids[string(name)] = true
			class, _ := n.AttributeString("class")
			kind, _ := class.([]byte)
			p.Headings = append(p.Headings, Heading{ID: string(name), Text: b.text})
			p.sections = append(p.sections, section{heading: b.field, id: string(name), class: string(kind)})
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock:
			last.blocks = append(last.blocks, block{field: newField(string(n.Lines().Value(source))), code: true})
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph, *ast.TextBlock, *east.TableRow, *east.TableHeader:
			last.blocks = append(last.blocks, inline(n, source))
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return err
}

// inline is the plain text of a block.
func inline(n ast.Node, source []byte) block {
	var out strings.Builder
	var b block
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				out.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					out.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				out.Write(n.Value)
			}
		case *ast.AutoLink:
			if entering {
				out.Write(n.URL(source))
			}
		case *east.FootnoteLink:
			if entering {
				b.sources = append(b.sources, n.Index)
			}
		case *east.TableCell:
			if !entering && n.NextSibling() != nil {
				out.WriteString(" · ")
			}
		}
		return ast.WalkContinue, nil
	})
	b.field = newField(out.String())
	return b
}
