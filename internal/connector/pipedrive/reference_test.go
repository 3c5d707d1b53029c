//go:build reference

package pipedrive_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

// Every question is checked against Pipedrive's own descriptions of both versions, and their examples are read. The mock
// gives the same cursor for ever, so lists are ended at their second page here, and must end by themselves in the end.
func TestReference_pipedrivesOwnDescription(t *testing.T) {
	addresses := connectortest.Prism(t, false, "pipedrive/openapi-v1.yaml", "pipedrive/openapi-v2.yaml")
	var mu sync.Mutex
	var refused []string
	endless := false
	r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		path, version := strings.CutPrefix(q.URL.Path, "/api/v2")
		address := addresses[1]
		if !version {
			path, _ = strings.CutPrefix(q.URL.Path, "/v1")
			address = addresses[0]
		}
		status, body, err := connectortest.Forward(q, address, path)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if s := connectortest.Refusals(q.URL.RequestURI(), status, body); s != "" {
			refused = append(refused, s)
		}
		var a map[string]any
		if more := q.URL.Query(); !endless && (more.Get("cursor") != "" || more.Get("start") != "" && more.Get("start") != "0") && json.Unmarshal(body, &a) == nil {
			delete(a, "additional_data")
			a["data"] = []any{}
			body, _ = json.Marshal(a)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}), token)
	w := connectortest.Open(t, "pipedrive")
	w.Sync(t, r) // twice: whole, and what has changed
	w.Sync(t, r)
	w.Is(t, map[string]string{
		"SELECT COUNT(*) > 0 FROM crm_user": "1", "SELECT COUNT(*) > 3 FROM crm_stage": "1", "SELECT COUNT(*) FROM crm_account": "1", "SELECT COUNT(*) FROM crm_contact": "1",
		"SELECT amount || ' ' || currency || ' ' || category || ' ' || probability FROM crm_opportunity": "2000000 USD open 0.9",
		"SELECT old_value || ' ' || new_value FROM crm_opportunity_change WHERE field = 'amount'":        "0 1000000",
		"SELECT COUNT(*) FROM crm_activity": "2",
	})
	for _, s := range refused {
		t.Error(s)
	}
	mu.Lock()
	endless = true
	mu.Unlock()
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Loop) {
		t.Errorf("cursors that never end: %v", err)
	}
}
