package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exampleFile is a small case that computes.
const exampleFile = `case: CRM for sales
currency: EUR
horizon: 36 months
discount: 8 %/year
assumptions:
  users: 10
  saved: 0.5 .. 1 .. 2 h/week
costs:
  licences: users * 60 EUR/month
  setup: {amount: 9 000 .. 12 000 .. 20 000 EUR, at: 0}
benefits:
  time: {lever: time_saved, users: users, hours: saved, wage: 50 EUR/h, converts: 50 %}
`

const description = `Everything that the pages of the workspace do, for programs.

**Who asks.** A token in the header ` + "`Authorization: Bearer rendite_…`" + `, made in the settings. The secret of a shared link can
stand there too and reads the results of its case. In the browser, the session of the pages counts.

**Figures.** Rates and probabilities are fractions: 0.42 is 42 %. Money is in the currency of the case, unrounded. Times are
months from month 0, as decimals where they are interpolated. null means that a figure does not exist, never that it is zero.
New fields may be added; those that are here keep their meaning within v1.

**Problems** are application/problem+json (RFC 9457). ` + "`title`, `detail` and `errors[].message`" + ` are in German or English as
Accept-Language says; ` + "`code`" + ` is for programs.

**Saving.** ` + "`If-Match`" + ` says which revision a text was made from; 412 says that another came first. **Reading** again with
` + "`If-None-Match`" + ` is answered with 304 where nothing has changed. **Repeating** is safe with an ` + "`Idempotency-Key`" + `.

**Limits.** A body of 2 MB, uploads of a CRM's files apart, a case file of 1 MB, 200 000 draws. Where too many compute, 503 says in Retry-After when to come again.`

func openAPI(version string) *huma.OpenAPI {
	if version == "" {
		version = "dev"
	}
	return &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "Rendite", Version: version, Description: description,
		License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
		Servers: []*huma.Server{{URL: Prefix, Description: "This server."}},
		Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName), SecuritySchemes: map[string]*huma.SecurityScheme{
			"token":   {Type: "http", Scheme: "bearer", BearerFormat: "rendite_…", Description: "An API token, or the secret of a shared link."},
			"session": {Type: "apiKey", In: "cookie", Name: "rendite", Description: "The session of somebody who is signed in to the pages; __Host-rendite over https. Without accounts, whoever is at this machine."}}},
		Security: []map[string][]string{{"token": {}}, {"session": {}}},
		Tags: []*huma.Tag{{Name: "Cases", Description: "Business cases, their files and seals."}, {Name: "Revisions", Description: "Every saved text of a case."},
			{Name: "Drafts", Description: "Unsaved work, with undo and merge."}, {Name: "Results", Description: "What is computed."},
			{Name: "Comments", Description: "Remarks on places of a case."}, {Name: "Shared links", Description: "Links through which anybody reads a report."},
			{Name: "CRM data", Description: "Files of a CRM, their import, and key figures of it."},
			{Name: "Catalogue", Description: "Levers, cost items and AI packages that cases can name."}, {Name: "Organisations", Description: "What holds the cases."},
			{Name: "Members", Description: "Who belongs to an organisation."}, {Name: "Tokens", Description: "Access for programs."}}}
}

// schemaName names the schema of a type: by the type alone where it is this package's, else with the package before it,
// since several have a Case or a Line.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	folder := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	if t.Name() == "" || folder == "" || folder == "api" || strings.EqualFold(folder, name) {
		return name
	}
	return strings.ToUpper(folder[:1]) + folder[1:] + name
}

var meanings = map[int]string{
	200: "Done.", 201: "Made.", 204: "Done; nothing to say.", 304: "Nothing has changed since.",
	400: "The request cannot be read: `malformed`.", 401: "Nobody is signed in, or the token is not good: `unauthenticated`.", 403: "Not allowed: `denied`.",
	404: "Not there, or not for the one who asks: `not_found`.", 409: "It does not fit to how things are: `conflict`; or the request with this Idempotency-Key still runs: `idempotency_running`.",
	412: "Another came first: `precondition_failed`, with `head`.", 413: "Too large: `too_large`.", 415: "Another kind of body than the operation takes: `unsupported_media_type`.",
	422: "Readable and wrong: `invalid`, with each mistake in `errors`; or the Idempotency-Key was used for another request: `idempotency_key_reused`.",
	428: "If-Match is missing: `precondition_required`.", 500: "A fault in the program: `internal`.", 503: "Too many compute; Retry-After says when to come again: `unavailable`.",
}

// describe finishes the description and serves it.
func (a *API) describe() {
	d := a.huma.OpenAPI()
	schemas := d.Components.Schemas
	for name, s := range schemas.Map() {
		nullables(schemas.TypeFromRef("#/components/schemas/"+name), s)
		for field, text := range fields[name] {
			if p := s.Properties[field]; p != nil && p.Description == "" {
				p.Description = text
			}
		}
	}
	sent := map[string]bool{}
	for _, item := range d.Paths {
		for _, op := range operations(item) {
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					reach(schemas, m.Schema, sent)
				}
			}
			for code, r := range op.Responses {
				var status int
				_, _ = fmt.Sscan(code, &status)
				if text := meanings[status]; text != "" {
					r.Description = text
				}
				if status == 503 {
					r.Headers = map[string]*huma.Param{"Retry-After": {Description: "Seconds to wait.", Schema: &huma.Schema{Type: "integer"}}}
				}
			}
			if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "If-None-Match" }) {
				op.Responses["304"] = &huma.Response{Description: meanings[304]}
			}
			examples(schemas, op)
		}
	}
	// What we send may have more fields one day; what we are sent must not, or a slip of the pen goes unnoticed.
	for name, s := range schemas.Map() {
		if !sent[name] && s.AdditionalProperties == false {
			s.AdditionalProperties = nil
		}
	}
	a.json, _ = json.MarshalIndent(d, "", "  ")
	a.yaml, _ = d.YAML()
	a.page()
	served := func(path, kind string, body []byte) {
		a.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-cache")
			_, _ = w.Write(body)
		})
	}
	served("/api/openapi.json", "application/openapi+json", a.json)
	served("/api/openapi.yaml", "application/openapi+yaml", a.yaml)
	served("/api/page.css", "text/css; charset=utf-8", style)
}

func operations(item *huma.PathItem) []*huma.Operation {
	var all []*huma.Operation
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
		if op != nil {
			all = append(all, op)
		}
	}
	return all
}

// nullables says where null may stand, which huma leaves out: for a pointer to a struct that is always written, and for
// a list of the engine's that may be none.
func nullables(t reflect.Type, s *huma.Schema) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.Properties[name]
		if p == nil || strings.Contains(rest, "omitempty") {
			continue
		}
		if p.Type == "array" && !strings.HasSuffix(t.PkgPath(), "/api") {
			p.Nullable = true
		}
		if p.Ref == "" || f.Type.Kind() != reflect.Pointer {
			continue
		}
		s.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}, Description: p.Description}
	}
}

// reach marks the schemas that a schema needs.
func reach(r huma.Registry, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok && !seen[name] {
		seen[name] = true
		reach(r, r.SchemaFromRef(s.Ref), seen)
	}
	for _, p := range s.Properties {
		reach(r, p, seen)
	}
	for _, p := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		reach(r, p, seen)
	}
	reach(r, s.Items, seen)
	if p, ok := s.AdditionalProperties.(*huma.Schema); ok {
		reach(r, p, seen)
	}
}

// examples writes an example of each body in JSON, made of those of its fields.
func examples(r huma.Registry, op *huma.Operation) {
	if op.RequestBody != nil {
		if m := op.RequestBody.Content["application/json"]; m != nil && m.Example == nil {
			m.Example = example(r, m.Schema, true, 0)
		}
	}
	for code, response := range op.Responses {
		for kind, m := range response.Content {
			if m.Example != nil || m.Schema == nil {
				continue
			}
			if kind == "application/yaml" {
				m.Example = exampleFile
			} else if code < "3" {
				m.Example = example(r, m.Schema, false, 0)
			}
		}
	}
}

// example is a value of a schema; brief leaves out what need not be there and has no example of its own.
func example(r huma.Registry, s *huma.Schema, brief bool, depth int) any {
	if s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	switch {
	case s == nil || depth > 6:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.AnyOf) > 0:
		return example(r, s.AnyOf[0], brief, depth)
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	}
	switch s.Type {
	case "object":
		all := map[string]any{}
		for name, p := range s.Properties {
			if !brief || slices.Contains(s.Required, name) || len(p.Examples) > 0 {
				all[name] = example(r, p, brief, depth+1)
			}
		}
		return all
	case "array":
		if v := example(r, s.Items, brief, depth+1); v != nil {
			return []any{v}
		}
		return []any{}
	case "integer":
		return 1
	case "number":
		return 0.42
	case "boolean":
		return false
	case "string":
		if s.Format == "date-time" {
			return "2026-11-24T09:30:00Z"
		}
		return ""
	}
	return nil
}
