//go:build reference

package zoho_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

// Every question is checked against Zoho's own descriptions. They have no examples and leave out what a module holds, so the
// answers are read but hold nothing to compare; what they mean is tested against the company in memory.
func TestReference_zohosOwnDescription(t *testing.T) {
	specs := []struct{ path, file string }{
		{`^/crm/v8/users$`, "users"}, {`^/crm/v8/org/currencies$`, "currencies"}, {`^/crm/v8/settings/layouts$`, "layouts"}, {`^/crm/v8/settings/pipeline$`, "pipeline"}, {`^/crm/v8/settings/fields$`, "fields"},
		{`/__timeline$`, "timelines"}, {`^/crm/v8/`, "record"}, // notes as well: their own file refers to a parameter that it lacks
	}
	var files []string
	for _, s := range specs {
		files = append(files, "zoho/"+s.file+".json")
	}
	addresses := connectortest.Prism(t, true, files...)
	company := newCompany() // for log-ins and the fields of a module, which the mock does not know
	var mu sync.Mutex
	asked, refused := map[string]bool{}, []string{}
	endless := false
	r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/oauth/") {
			company.ServeHTTP(w, q)
			return
		}
		for i, s := range specs {
			if !regexp.MustCompile(s.path).MatchString(q.URL.Path) {
				continue
			}
			mine := q.Clone(q.Context())
			// The description wants the scheme of OAuth, Zoho its own; its first example may be one of a refusal.
			mine.Header.Set("Authorization", strings.Replace(q.Header.Get("Authorization"), "Zoho-oauthtoken", "Bearer", 1))
			mine.Header.Set("Prefer", "code=200")
			status, body, err := connectortest.Forward(mine, addresses[i], q.URL.Path)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			asked[s.file] = true
			if s := connectortest.Refusals(q.URL.RequestURI(), status, body); s != "" {
				refused = append(refused, s)
			}
			if s.file == "fields" && status == http.StatusOK {
				company.ServeHTTP(w, q)
				return
			}
			var a map[string]any
			if !endless && json.Unmarshal(body, &a) == nil { // the mock keeps no state: each list is one page
				delete(a, "info")
				body, _ = json.Marshal(a)
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}), "geheim 1000.r")
	company.closed = nil
	if err := r.Open(t.Context()); err != nil {
		t.Fatalf("%v; %v", err, refused)
	}
	for _, o := range r.Objects() {
		if _, err := r.(connector.Counter).Count(t.Context(), o.Name, time.Time{}); err != nil {
			t.Errorf("count of %s: %v", o.Name, err)
		}
		for _, since := range []time.Time{{}, at(1)} {
			for _, cursor := range []string{"", "list:0|1|token", "deleted:1"} {
				if o.Name == "notes" && cursor == "deleted:1" {
					continue // not in the description
				}
				if _, err := r.Page(t.Context(), o.Name, since, cursor); err != nil {
					t.Errorf("%s since %s from %q: %v", o.Name, since, cursor, err)
				}
			}
		}
	}
	for _, s := range specs {
		if !asked[s.file] {
			t.Errorf("%s was not asked", s.file)
		}
	}
	for _, s := range refused {
		t.Error(s)
	}
	mu.Lock()
	endless = true
	mu.Unlock()
	if err := r.Open(t.Context()); !connector.Is(err, connector.Loop) {
		t.Errorf("pages that never end: %v", err)
	}
}
