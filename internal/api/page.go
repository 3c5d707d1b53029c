package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rendite-crm/rendite/internal/locale"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style []byte

// The page is made of the description, so that neither can lack what the other has. It needs no script and asks nobody
// else for anything.
type pageData struct {
	Lang, Version string
	Description   []template.HTML
	Groups        []pageGroup
	Schemas       []pageSchema
	Problems      []pageProblem
}

type pageGroup struct {
	ID, Name, Text string
	Operations     []pageOperation
}

type pageOperation struct {
	ID, Method, Path, Summary string
	Text                      template.HTML
	Parameters                []pageField
	Bodies                    []pageBody
	Answers                   []pageAnswer
	Curl                      string
}

type pageField struct {
	Name, Where, Type, Ref string
	Required               bool
	Text                   template.HTML
}

type pageBody struct{ Kind, Example, Schema string }

type pageAnswer struct {
	Status, Kind, Schema, Label string
	Text                        template.HTML
}

type pageSchema struct {
	Name   string
	Fields []pageField
}

type pageProblem struct {
	Status int
	Code   string
	Title  string
}

// page makes the page in each language.
func (a *API) page() {
	d := a.huma.OpenAPI()
	a.pages = map[locale.Lang][]byte{}
	for _, lang := range locale.Langs() {
		l := locale.New(lang)
		t := template.Must(template.New("page").Funcs(template.FuncMap{"t": func(key string) string { return l.Text("api.page."+key, nil) }}).Parse(pageText))
		data := pageData{Lang: string(lang), Version: d.Info.Version, Schemas: pageSchemas(d)}
		// The first paragraph is the page's lead, in the language of the page.
		for _, p := range strings.Split(d.Info.Description, "\n\n")[1:] {
			data.Description = append(data.Description, marked(p))
		}
		for _, g := range d.Tags {
			data.Groups = append(data.Groups, pageGroup{ID: anchor(g.Name), Name: g.Name, Text: g.Description, Operations: pageOperations(d, g.Name)})
		}
		for _, s := range statuses {
			data.Problems = append(data.Problems, pageProblem{s.status, string(s.kind), l.Text("api.problem."+string(s.kind), nil)})
		}
		var b bytes.Buffer
		if err := t.Execute(&b, data); err != nil {
			panic(err) // a fault in the template, which a test finds first
		}
		a.pages[lang] = b.Bytes()
	}
	a.mux.HandleFunc("GET /api", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(a.pages[pageLanguage(r)])
	})
	a.mux.HandleFunc("GET /api/{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/api", http.StatusMovedPermanently) })
}

// pageLanguage is the language that a person has chosen on the pages, else the browser's.
func pageLanguage(r *http.Request) locale.Lang {
	if c, err := r.Cookie("lang"); err == nil {
		if l, err := locale.Parse(c.Value); err == nil {
			return l
		}
	}
	return asking(r.Context()).l.Lang()
}

func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// marked writes the two marks that descriptions use, **strong** and `code`.
func marked(text string) template.HTML {
	text = template.HTMLEscapeString(text)
	for _, m := range []struct{ sign, element string }{{"**", "strong"}, {"`", "code"}} {
		parts := strings.Split(text, m.sign)
		var b strings.Builder
		for i, p := range parts {
			if i > 0 {
				b.WriteString([]string{"</" + m.element + ">", "<" + m.element + ">"}[i%2])
			}
			b.WriteString(p)
		}
		text = b.String()
	}
	return template.HTML(text) //nolint:gosec // escaped above
}

func pageOperations(d *huma.OpenAPI, tag string) []pageOperation {
	var all []pageOperation
	for path, item := range d.Paths {
		for _, op := range operations(item) {
			if op.Tags[0] == tag {
				all = append(all, pageOperationOf(d, path, op))
			}
		}
	}
	order := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	slices.SortFunc(all, func(x, y pageOperation) int {
		if c := strings.Compare(x.Path, y.Path); c != 0 {
			return c
		}
		return slices.Index(order, x.Method) - slices.Index(order, y.Method)
	})
	return all
}

func pageOperationOf(d *huma.OpenAPI, path string, op *huma.Operation) pageOperation {
	p := pageOperation{ID: op.OperationID, Method: op.Method, Path: Prefix + path, Summary: op.Summary, Text: marked(op.Description)}
	for _, q := range op.Parameters {
		f := pageField{Name: q.Name, Where: q.In, Required: q.Required, Text: marked(q.Description)}
		f.Type, f.Ref = typeOf(q.Schema)
		p.Parameters = append(p.Parameters, f)
	}
	slices.SortStableFunc(p.Parameters, func(x, y pageField) int {
		order := []string{"path", "query", "header"}
		return slices.Index(order, x.Where) - slices.Index(order, y.Where)
	})
	if op.RequestBody != nil {
		for _, kind := range []string{"application/json", "application/yaml"} {
			if m := op.RequestBody.Content[kind]; m != nil {
				b := pageBody{Kind: kind, Example: shown(m.Example)}
				_, b.Schema = typeOf(m.Schema)
				p.Bodies = append(p.Bodies, b)
			}
		}
	}
	for status, r := range op.Responses {
		x := pageAnswer{Status: status, Text: marked(r.Description)}
		for kind, m := range r.Content {
			x.Kind = kind
			x.Label, x.Schema = typeOf(m.Schema)
		}
		p.Answers = append(p.Answers, x)
	}
	slices.SortFunc(p.Answers, func(x, y pageAnswer) int { return strings.Compare(x.Status, y.Status) })
	p.Curl = curl(p, op)
	return p
}

// curl is the request on a command line.
func curl(p pageOperation, op *huma.Operation) string {
	path := p.Path
	for _, q := range p.Parameters {
		if q.Where == "path" {
			path = strings.ReplaceAll(path, "{"+q.Name+"}", "$"+strings.ToUpper(q.Name))
		}
	}
	line := "curl"
	if p.Method != http.MethodGet {
		line += " -X " + p.Method
	}
	line += ` -H "Authorization: Bearer $TOKEN" "$RENDITE` + path + `"`
	for _, q := range op.Parameters {
		if q.Name == "If-Match" {
			line += " \\\n  -H 'If-Match: \"3\"'"
		}
	}
	if len(p.Bodies) > 1 {
		return line + " \\\n  -H 'Content-Type: application/yaml' --data-binary @case.yaml"
	}
	if len(p.Bodies) == 1 {
		if m := op.RequestBody.Content["application/json"]; m != nil {
			if buf, err := json.Marshal(m.Example); err == nil {
				line += " \\\n  -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(string(buf), "'", `'\''`) + "'"
			}
		}
	}
	return line
}

func shown(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func pageSchemas(d *huma.OpenAPI) []pageSchema {
	var all []pageSchema
	for name, s := range d.Components.Schemas.Map() {
		p := pageSchema{Name: name}
		for field, v := range s.Properties {
			f := pageField{Name: field, Required: slices.Contains(s.Required, field), Text: marked(v.Description)}
			f.Type, f.Ref = typeOf(v)
			p.Fields = append(p.Fields, f)
		}
		slices.SortFunc(p.Fields, func(x, y pageField) int { return strings.Compare(x.Name, y.Name) })
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y pageSchema) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// typeOf is a type in a few words, with the name of the schema it leads to.
func typeOf(s *huma.Schema) (text, ref string) {
	if s == nil {
		return "", ""
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return name, name
	}
	if len(s.AnyOf) > 0 {
		text, ref = typeOf(s.AnyOf[0])
		return text + " | null", ref
	}
	text = s.Type
	switch {
	case s.Type == "array":
		inner, name := typeOf(s.Items)
		return inner + "[]", name
	case s.Type == "object":
		if v, ok := s.AdditionalProperties.(*huma.Schema); ok {
			inner, name := typeOf(v)
			return "{…: " + inner + "}", name
		}
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			values = append(values, shown(v))
		}
		text = strings.Join(values, " | ")
	case s.Format == "date-time":
		text = "date-time"
	}
	if s.Nullable {
		text += " | null"
	}
	return text, ""
}
