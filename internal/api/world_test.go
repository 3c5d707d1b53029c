package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rendite-crm/rendite/internal/api"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// small computes in a moment and has a scenario and something to seek.
const small = `case: Test
currency: EUR
horizon: 12 months
discount: 8 %/year
assumptions:
  users: {value: 10, label: Users, source: contract, grade: A}
  saved: {value: 20 .. 40 .. 60 EUR/month, label: Saved per user, source: log, grade: B}
costs:
  licences: users * 20 EUR/month
  setup: {amount: 500 EUR, at: 0}
benefits:
  saved_money: users * saved
scenarios:
  more: {label: More, assumptions: {users: 12}}
`

// broken has two mistakes with places.
const broken = "case: Broken\ncurrency: EUR\ndiscount: 8 %/year\ncosts:\n  a: usres * 1 EUR/month\nbenefits:\n  b: 1 EUR/h\n"

// engine is shared, so that the same small case is not computed by every test.
var engine = sync.OnceValue(func() *app.Engine {
	e, err := app.NewEngine(nil, "test")
	if err != nil {
		panic(err)
	}
	return e
})

// world is an installation with two organisations: anna owns the first and administers, the others are what their names
// say; otto owns the second.
type world struct {
	t     testing.TB
	store *store.Store
	// records are what is kept of CRMs.
	records *warehouse.Warehouse
	app     *app.App
	api     *api.API
	now     time.Time
	vars    map[string]string
	// bearer secrets by name, beside people.
	bearer map[string]string
	log    *bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC), vars: map[string]string{}, bearer: map[string]string{}, log: &bytes.Buffer{}}
	var mu sync.Mutex
	clock := func() time.Time { // a step at each look, so that nothing happens at the same time as something else
		mu.Lock()
		defer mu.Unlock()
		w.now = w.now.Add(time.Millisecond)
		return w.now
	}
	s, anna, org := storetest.Setup(t, store.WithClock(clock))
	records, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), clock)
	w.check(err)
	t.Cleanup(func() { _ = records.Close() })
	data, err := app.OpenData(records, filepath.Join(t.TempDir(), "uploads"), app.DataLimits{File: 1 << 20}, clock, nil)
	w.check(err)
	t.Cleanup(func() { _ = data.Close() })
	w.store, w.records, w.app = s, records, app.New(s, engine(), clock, app.WithData(data))
	w.api = api.New(api.Options{App: w.app, Version: "test", Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: clock, Identify: func(r *http.Request) (app.Actor, error) {
		c, err := r.Cookie("person")
		if err != nil {
			return app.Actor{}, auth.Allowed(auth.Actor{}, auth.CaseRead, auth.Facts{})
		}
		return w.app.Actor(r.Context(), w.vars[c.Value])
	}})
	w.vars["owner"], w.vars["org"] = anna.ID, org.ID
	for _, role := range []store.Role{store.Viewer, store.Commenter, store.Editor} {
		w.vars[string(role)] = w.person(string(role), org.ID, role)
	}
	other, err := s.CreateOrganisation(t.Context(), store.Actor{UserID: anna.ID, UserName: anna.Name}, "Andere GmbH", w.stranger())
	w.check(err)
	w.vars["other"] = other.ID
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name, org string, role store.Role) string {
	u, err := w.store.CreateUser(w.t.Context(), store.Actor{UserName: name}, store.User{Name: name, Email: name + "@example.com"})
	w.check(err)
	if org != "" {
		w.check(w.store.AddMember(w.t.Context(), store.Actor{UserID: u.ID, UserName: name}, org, u.ID, role))
	}
	return u.ID
}

func (w *world) stranger() string {
	w.vars["stranger"] = w.person("stranger", "", "")
	return w.vars["stranger"]
}

// actor is one of the people for the app itself.
func (w *world) actor(name string) app.Actor {
	who, err := w.app.Actor(w.t.Context(), w.vars[name])
	w.check(err)
	return who
}

// a case with a second revision, as the owner made it.
func (w *world) aCase() string {
	id, err := w.app.Create(w.t.Context(), w.actor("owner"), w.vars["org"], []byte(small), "", "first")
	w.check(err)
	w.vars["case"] = id
	return id
}

// fill puts the world's names into a text: {case}, {org}, {owner}.
func (w *world) fill(s string) string {
	for name, v := range w.vars {
		s = strings.ReplaceAll(s, "{"+name+"}", v)
	}
	return s
}

// call is one request with all that is expected of the answer. Expectations that are empty are not looked at.
type call struct {
	name string
	as   string // a person of the world, or the name of a bearer secret; empty is nobody
	// request is method and path; the path may hold names of the world in braces.
	request string
	json    string
	yaml    string
	header  map[string]string

	status int
	code   string // of the problem
	// has are parts of the answer: places in JSON, such as items.0.name, and what stands there.
	has map[string]any
	// lacks are places that must not be there.
	lacks []string
	// sends are headers of the answer; "*" is any value.
	sends map[string]string
	// holds is text within the body.
	holds string
	// keep remembers a place of the answer under a name.
	keep map[string]string
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	tree any
}

func (w *world) do(t testing.TB, c call) answer {
	t.Helper()
	method, path, _ := strings.Cut(c.request, " ")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/api") {
		path = api.Prefix + path
	}
	var body io.Reader = http.NoBody
	if c.json+c.yaml != "" {
		body = strings.NewReader(w.fill(c.json + c.yaml))
	}
	r := httptest.NewRequest(method, w.fill(path), body)
	switch {
	case c.json != "":
		r.Header.Set("Content-Type", "application/json")
	case c.yaml != "":
		r.Header.Set("Content-Type", "application/yaml")
	}
	if secret, ok := w.bearer[c.as]; ok {
		r.Header.Set("Authorization", "Bearer "+secret)
	} else if c.as != "" {
		r.AddCookie(&http.Cookie{Name: "person", Value: c.as})
	}
	for name, v := range c.header {
		r.Header.Set(name, w.fill(v))
	}
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	w.api.ServeHTTP(a, r)
	if strings.Contains(a.Header().Get("Content-Type"), "json") && a.Body.Len() > 0 {
		if err := json.Unmarshal(a.Body.Bytes(), &a.tree); err != nil {
			t.Errorf("%s: %v\n%s", c.request, err, a.Body)
		}
	}
	described(t, r, a)
	return a
}

// run sends a request and looks at all that is expected.
func (w *world) run(t *testing.T, c call) answer {
	t.Helper()
	a := w.do(t, c)
	name := c.request
	if c.name != "" {
		name = c.name + ": " + name
	}
	if a.Code != c.status {
		t.Errorf("%s: status %d, want %d\n%s%s", name, a.Code, c.status, a.Body, w.log)
	}
	if c.code != "" {
		if got := place(a.tree, "code"); got != c.code {
			t.Errorf("%s: code %v, want %s\n%s", name, got, c.code, a.Body)
		}
	}
	for at, want := range c.has {
		if s, ok := want.(string); ok {
			want = w.fill(s)
		}
		if got := place(a.tree, at); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %s is %v, want %v\n%s", name, at, got, want, short(a.Body.String()))
		}
	}
	for _, at := range c.lacks {
		if got := place(a.tree, at); got != nil {
			t.Errorf("%s: %s is there: %v", name, at, got)
		}
	}
	for header, want := range c.sends {
		if got := a.Header().Get(header); got != w.fill(want) && (want != "*" || got == "") {
			t.Errorf("%s: header %s is %q, want %q", name, header, got, w.fill(want))
		}
	}
	if !strings.Contains(a.Body.String(), c.holds) {
		t.Errorf("%s: the body lacks %q\n%s", name, c.holds, short(a.Body.String()))
	}
	for name, at := range c.keep {
		if header, ok := strings.CutPrefix(at, "header "); ok {
			w.vars[name] = a.Header().Get(header)
		} else {
			w.vars[name] = fmt.Sprint(place(a.tree, at))
		}
	}
	return a
}

func short(s string) string { return s[:min(len(s), 1500)] }

// place is what stands at a place of a tree; nil where there is nothing.
func place(tree any, at string) any {
	for key := range strings.SplitSeq(at, ".") {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(node) {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}

// spec is the description as it is served, and its schemas made strict: a field that it does not tell of is a mistake.
type spec struct {
	tree     map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	known    map[string]*jsonschema.Schema
}

var theSpec = sync.OnceValue(func() *spec {
	a := api.New(api.Options{App: app.New(nil, engine(), nil), Version: "test"})
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/openapi.json", nil))
	s := &spec{known: map[string]*jsonschema.Schema{}, compiler: jsonschema.NewCompiler()}
	if err := json.Unmarshal(w.Body.Bytes(), &s.tree); err != nil {
		panic(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		panic(err)
	}
	for _, v := range place(tree, "components.schemas").(map[string]any) {
		if o := v.(map[string]any); o["properties"] != nil && o["additionalProperties"] == nil {
			o["additionalProperties"] = false
		}
	}
	if err := s.compiler.AddResource("spec.json", tree); err != nil {
		panic(err)
	}
	return s
})

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// schema compiles the schema at a JSON pointer, which also holds it against the meta-schema.
func (s *spec) schema(t testing.TB, keys ...string) *jsonschema.Schema {
	t.Helper()
	pointer := ""
	for _, k := range keys {
		pointer += "/" + escape.Replace(k)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[pointer] == nil {
		// "{" may not stand in a fragment as it is.
		compiled, err := s.compiler.Compile("spec.json#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
		if err != nil {
			t.Fatalf("%s: %v", pointer, err)
		}
		s.known[pointer] = compiled
	}
	return s.known[pointer]
}

// operation finds the operation of a request.
func (s *spec) operation(method, path string) (pattern string, op map[string]any) {
	have := strings.Split(strings.TrimPrefix(path, api.Prefix), "/")
	best := -1
	for p, item := range s.tree["paths"].(map[string]any) {
		want := strings.Split(p, "/")
		o, ok := item.(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !ok || len(want) != len(have) {
			continue
		}
		exact := 0
		for i := range want {
			switch {
			case want[i] == have[i]:
				exact++
			case !strings.HasPrefix(want[i], "{"):
				exact = -1000
			}
		}
		if exact > best {
			best, pattern, op = exact, p, o
		}
	}
	return pattern, op
}

// described checks that the description tells of an answer, and that the answer is as it tells.
func described(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	s := theSpec()
	method := r.Method
	pattern, op := s.operation(method, r.URL.Path)
	name := method + " " + pattern
	kind, _, _ := strings.Cut(a.Header().Get("Content-Type"), ";")
	if a.Code >= 400 {
		if kind != "application/problem+json" {
			t.Errorf("%s %s: status %d with %q\n%s", method, r.URL, a.Code, kind, a.Body)
			return
		}
		if err := s.schema(t, "components", "schemas", "Problem").Validate(number(a)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if place(a.tree, "status") != float64(a.Code) {
			t.Errorf("%s: status %d, the problem says %v", name, a.Code, place(a.tree, "status"))
		}
		texts := fmt.Sprint(place(a.tree, "title"), place(a.tree, "detail"))
		errs, _ := place(a.tree, "errors").([]any)
		for _, e := range errs {
			texts += fmt.Sprint(place(e, "message"), place(e, "hint"))
		}
		if strings.Contains(texts, "⟦") || strings.Contains(texts, "\x00") && !strings.Contains(r.URL.String(), "%00") {
			t.Errorf("%s: a message is missing: %s", name, a.Body)
		}
	}
	if op == nil {
		return
	}
	code := fmt.Sprint(a.Code)
	response, ok := op["responses"].(map[string]any)[code].(map[string]any)
	if !ok {
		t.Errorf("%s: the description does not tell of status %s\n%s", name, code, short(a.Body.String()))
		return
	}
	content, _ := response["content"].(map[string]any)
	if a.Body.Len() == 0 {
		if content != nil {
			t.Errorf("%s %s: no body", name, code)
		}
		return
	}
	if content[kind] == nil {
		t.Errorf("%s %s: the description does not tell of %q", name, code, kind)
		return
	}
	if strings.Contains(kind, "json") {
		if err := s.schema(t, "paths", pattern, strings.ToLower(method), "responses", code, "content", kind, "schema").Validate(number(a)); err != nil {
			var v *jsonschema.ValidationError
			if errors.As(err, &v) {
				t.Errorf("%s %s: not as described: %v", name, code, v)
			}
		}
	}
}

// number is the answer with its numbers as they were written.
func number(a answer) any {
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body.Bytes()))
	if err != nil {
		return nil
	}
	return tree
}
