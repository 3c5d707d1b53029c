//go:build reference

package hubspot_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

// Every question is checked against HubSpot's own descriptions. Their examples are mostly the word "string", so the answers
// are read but hold nothing to compare; what they mean is tested against the portal in memory.
func TestReference_hubSpotsOwnDescription(t *testing.T) {
	specs := []string{"/crm/v3/objects", "/crm/v3/owners", "/crm/v3/pipelines", "/account-info", "/crm/v4/associations"}
	addresses := connectortest.Prism(t, true, "hubspot/objects.json", "hubspot/crmOwners.json", "hubspot/pipelines.json", "hubspot/auditLogs.json", "hubspot/associations.json")
	var mu sync.Mutex
	asked, refused := map[string]bool{}, []string{}
	endless := false
	r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		for i, prefix := range specs {
			if !strings.HasPrefix(q.URL.Path, prefix) {
				continue
			}
			status, body, err := connectortest.Forward(q, addresses[i], q.URL.Path)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			asked[prefix] = true
			if s := connectortest.Refusals(q.URL.RequestURI(), status, body); s != "" {
				refused = append(refused, s)
			}
			var a map[string]any
			if !endless && json.Unmarshal(body, &a) == nil { // the mock keeps no state: each list is one page
				delete(a, "paging")
				body, _ = json.Marshal(a)
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}), token)
	if err := r.Open(t.Context()); err != nil {
		t.Fatalf("%v; %v", err, refused)
	}
	for _, o := range r.Objects() {
		for _, since := range []time.Time{{}, at(1)} {
			page, err := r.Page(t.Context(), o.Name, since, "")
			if err != nil {
				t.Errorf("%s since %s: %v", o.Name, since, err)
			}
			if strings.HasPrefix(page.Next, "archived:") {
				if _, err := r.Page(t.Context(), o.Name, since, page.Next); err != nil {
					t.Errorf("%s, archived: %v", o.Name, err)
				}
			}
		}
	}
	for _, prefix := range specs {
		if !asked[prefix] {
			t.Errorf("%s was not asked", prefix)
		}
	}
	for _, s := range refused {
		t.Error(s)
	}
	mu.Lock()
	endless = true
	mu.Unlock()
	if err := r.Open(t.Context()); !connector.Is(err, connector.Loop) {
		t.Errorf("cursors that never end: %v", err)
	}
}
