package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rendite-crm/rendite/internal/api"
	"github.com/rendite-crm/rendite/internal/locale"
)

// walk visits all nodes of a tree with their places.
func walk(at string, node any, visit func(at string, node any)) {
	visit(at, node)
	switch n := node.(type) {
	case map[string]any:
		for k, v := range n {
			walk(at+"/"+escape.Replace(k), v, visit)
		}
	case []any:
		for i, v := range n {
			walk(fmt.Sprintf("%s/%d", at, i), v, visit)
		}
	}
}

func TestDescription_holdsTogether(t *testing.T) {
	s := theSpec()
	if v := s.tree["openapi"]; v != "3.1.0" {
		t.Errorf("openapi is %v", v)
	}
	schemas := place(s.tree, "components.schemas").(map[string]any)
	used := map[string]bool{}
	walk("", s.tree, func(at string, node any) {
		o, ok := node.(map[string]any)
		if !ok {
			return
		}
		if ref, ok := o["$ref"].(string); ok {
			name, ok := strings.CutPrefix(ref, "#/components/schemas/")
			if !ok || schemas[name] == nil {
				t.Errorf("%s refers to %s, which is not there", at, ref)
			}
			used[name] = true
		}
	})
	for name, v := range schemas {
		if !used[name] {
			t.Errorf("nothing uses the schema %s", name)
		}
		s.schema(t, "components", "schemas", name)
		for field, p := range v.(map[string]any)["properties"].(map[string]any) {
			if text, _ := p.(map[string]any)["description"].(string); text == "" {
				t.Errorf("%s.%s: what does it mean?", name, field)
			}
		}
	}
	var tags []string
	for _, g := range s.tree["tags"].([]any) {
		tags = append(tags, g.(map[string]any)["name"].(string))
	}
	ids := map[string]bool{}
	braces := regexp.MustCompile(`{(\w+)}`)
	for path, item := range s.tree["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			name := method + " " + path
			op := v.(map[string]any)
			id, _ := op["operationId"].(string)
			if id == "" || ids[id] {
				t.Errorf("%s: operationId %q is missing or taken", name, id)
			}
			ids[id] = true
			if summary, _ := op["summary"].(string); summary == "" {
				t.Errorf("%s has no summary", name)
			}
			if g := fmt.Sprint(op["tags"]); !strings.Contains(fmt.Sprint(tags), strings.Trim(g, "[]")) {
				t.Errorf("%s: tag %s is not declared", name, g)
			}
			declared := map[string]bool{}
			params, _ := op["parameters"].([]any)
			for i, p := range params {
				q := p.(map[string]any)
				key := fmt.Sprint(q["in"], " ", q["name"])
				if declared[key] {
					t.Errorf("%s: %s twice", name, key)
				}
				declared[key] = true
				if text, _ := q["description"].(string); text == "" {
					t.Errorf("%s: %s has no description", name, key)
				}
				if q["in"] == "path" && q["required"] != true {
					t.Errorf("%s: %s must be required", name, key)
				}
				s.schema(t, "paths", path, method, "parameters", fmt.Sprint(i), "schema")
			}
			for _, m := range braces.FindAllStringSubmatch(path, -1) {
				if !declared["path "+m[1]] {
					t.Errorf("%s: %s is not declared", name, m[1])
				}
			}
			success := false
			for code, r := range op["responses"].(map[string]any) {
				success = success || code[0] == '2'
				if text, _ := r.(map[string]any)["description"].(string); text == "" || text == "OK" {
					t.Errorf("%s %s has no description", name, code)
				}
				content, _ := r.(map[string]any)["content"].(map[string]any)
				for kind := range content {
					s.schema(t, "paths", path, method, "responses", code, "content", kind, "schema")
				}
			}
			if !success {
				t.Errorf("%s never succeeds", name)
			}
			for _, code := range []string{"401", "403", "500", "503"} {
				if op["responses"].(map[string]any)[code] == nil {
					t.Errorf("%s does not tell of %s", name, code)
				}
			}
		}
	}
	if len(ids) < 50 {
		t.Errorf("%d operations", len(ids))
	}
}

func TestDescription_theExamplesOfRequestsAreRight(t *testing.T) {
	s := theSpec()
	w := newWorld(t)
	w.aCase()
	for path, item := range s.tree["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			content, _ := place(v, "requestBody").(map[string]any)
			if content == nil {
				continue
			}
			m, ok := content["content"].(map[string]any)["application/json"].(map[string]any)
			if !ok {
				continue // a file as it comes
			}
			buf, err := json.Marshal(m["example"])
			if err != nil {
				t.Fatal(err)
			}
			tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(buf))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.schema(t, "paths", path, method, "requestBody", "content", "application/json", "schema").Validate(tree); err != nil {
				t.Errorf("%s %s: %s: %v", method, path, buf, err)
			}
		}
	}
	w.run(t, call{as: "viewer", request: "POST /calculate", yaml: s.tree["paths"].(map[string]any)["/calculate"].(map[string]any)["post"].(map[string]any)["requestBody"].(map[string]any)["content"].(map[string]any)["application/yaml"].(map[string]any)["example"].(string), status: 200})
}

func TestDescription_isTheSameInJSONAndYAML(t *testing.T) {
	w := newWorld(t)
	var fromJSON, fromYAML any
	if err := json.Unmarshal(w.do(t, call{request: "GET /api/openapi.json"}).Body.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	a := w.do(t, call{request: "GET /api/openapi.yaml"})
	converted, err := yaml.YAMLToJSON(a.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(converted, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fromJSON, fromYAML); d != "" {
		t.Errorf("(-JSON +YAML):\n%s", short(d))
	}
}

func TestPage_showsEveryOperationAndAsksNobodyElse(t *testing.T) {
	w := newWorld(t)
	outside := regexp.MustCompile(`(?:src|href)="(?:https?:)?//|<script|style="|\son\w+="|<style`)
	for lang, heading := range map[string]string{"de": "Antworten", "en": "Answers"} {
		a := w.run(t, call{request: "GET /api", header: map[string]string{"Accept-Language": lang}, status: 200, holds: heading, sends: map[string]string{"Content-Type": "text/html; charset=utf-8"}})
		page := a.Body.String()
		if m := outside.FindString(page); m != "" {
			t.Errorf("%s: the page has %q, which the policy of the server refuses", lang, m)
		}
		if strings.Contains(page, "⟦") {
			t.Errorf("%s: a message is missing", lang)
		}
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s twice", lang, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if !ids[m[1]] {
				t.Errorf("%s: a link leads to #%s, which is not there", lang, m[1])
			}
		}
		for path, item := range theSpec().tree["paths"].(map[string]any) {
			for method, v := range item.(map[string]any) {
				if id := v.(map[string]any)["operationId"].(string); !ids[id] || !strings.Contains(page, api.Prefix+path) {
					t.Errorf("%s: the page lacks %s %s", lang, method, path)
				}
			}
		}
	}
	w.run(t, call{request: "GET /api", header: map[string]string{"Cookie": "lang=de", "Accept-Language": "en"}, status: 200, holds: "Antworten"})
	w.run(t, call{request: "GET /api/page.css", status: 200, holds: ".api"})
	w.run(t, call{request: "GET /api/", status: http.StatusMovedPermanently, sends: map[string]string{"Location": "/api"}})
}

func TestProblems_haveATitleInBothLanguages(t *testing.T) {
	enum := place(theSpec().tree, "components.schemas.Problem.properties.code.enum").([]any)
	for _, lang := range locale.Langs() {
		for _, k := range enum {
			if !locale.New(lang).Has("api.problem." + k.(string)) {
				t.Errorf("%s: no title for %s", lang, k)
			}
		}
	}
}

// Whatever is sent, it is no fault of the program's.
func FuzzRequest(f *testing.F) {
	w := newWorld(f)
	w.aCase()
	w.someData()
	w.vars["guest"], w.vars["package"], w.vars["comment"], w.vars["share"], w.vars["token"], w.vars["head"] = "x", "x", "x", "x", "x", `"1"`
	for _, body := range []string{"", "{", "null", "[]", `"text"`, "1e999", `{"text":1e400}`, `{"days":1e30}`, `{"days":9223372036854775808}`, `{"days":1.5}`, `{"text":null}`, `{"text":{}}`, `{"scopes":"x"}`,
		`{"head":-1,"choices":{"":{"take":"value"}}}`, `{"by":"\u0000"}`, "case: \x00", "a: &a [*a]", "currency: EUR\ncosts: {a: 1e308*1e308 EUR}\n", `{"anchor":"\ud800","text":"x"}`, broken} {
		for i := range attempts {
			if i%5 == len(body)%5 {
				f.Add(i, body, "limit=-1&cursor=%00&draws=1e9&npv=1e999")
			}
		}
	}
	f.Add(0, "", "break_even_month=NaN&probability=Inf")
	f.Add(19, "", "break_even_month=NaN&probability=NaN")
	f.Add(19, "", "npv=9999999999999999999999999999999999999999")
	f.Fuzz(func(t *testing.T, which int, body, query string) {
		if which < 0 || len(body) > 5000 || strings.ContainsAny(query, " \r\n\x7f#") || !regexp.MustCompile(`^[!-~]*$`).MatchString(query) {
			return
		}
		c := attempts[which%len(attempts)].call
		path, _, _ := strings.Cut(c.request, "?")
		c.as, c.request = "owner", path+"?"+query
		if c.json != "" {
			c.json = body
		} else if c.yaml != "" {
			c.yaml = body
		}
		if a := w.do(t, c); a.Code >= 500 {
			t.Errorf("%s with %q: %s\n%s", c.request, body, a.Body, w.log)
		}
	})
}
