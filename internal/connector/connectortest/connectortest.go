// Package connectortest holds what the tests of connectors share: a server that fails as real ones do, a client that waits
// no real time, and a warehouse to look into.
package connectortest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Options are those of a client of a server on this machine, which waits no real time.
func Options() connector.ClientOptions {
	return connector.ClientOptions{Allowed: []string{"127.0.0.1"}, Timeout: 5 * time.Second, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// Faults stands before a server and spoils some answers.
type Faults struct {
	// Injected counts the spoiled answers.
	Injected atomic.Int64
	server   http.Handler
	asked    atomic.Int64
	hung     atomic.Bool
}

// NewFaults spoils the answers of a server.
func NewFaults(server http.Handler) *Faults { return &Faults{server: server} }

// ServeHTTP answers every other question well; a question that is asked again gets its answer at the third time at most.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.asked.Add(1)
	fault := map[int64]string{1: "429", 3: "429 and when", 5: "500", 6: "cut", 8: "503 in HTML", 10: "cut JSON", 11: "429", 13: "slow"}[n%15]
	if fault == "" || fault == "slow" && f.hung.Load() {
		f.server.ServeHTTP(w, r)
		return
	}
	f.Injected.Add(1)
	switch fault {
	case "429":
		w.WriteHeader(http.StatusTooManyRequests)
	case "429 and when":
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "503 in HTML":
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("<html><body>maintenance</body></html>"))
	case "slow":
		f.hung.Store(true)                 // once: it costs real time
		_, _ = io.Copy(io.Discard, r.Body) // as long as a body is left, the server does not see that the client has gone
		<-r.Context().Done()
	case "cut", "cut JSON":
		answer := httptest.NewRecorder()
		f.server.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if fault == "cut" {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body[:len(body)/2])
	}
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// World is a warehouse with one source.
type World struct {
	*warehouse.Warehouse
	Source warehouse.Source
}

// Open makes a World in a folder of the test. The business lies in Berlin.
func Open(t *testing.T, kind string) World {
	t.Helper()
	w, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s, err := w.AddSource(t.Context(), warehouse.Source{Name: "CRM", Kind: kind, Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return World{w, s}
}

// Sync runs a reader into the world and fails the test where it fails or a record is refused.
func (w World) Sync(t *testing.T, r connector.Reader) connector.Report {
	t.Helper()
	report, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range report.Objects {
		for _, b := range o.Batches {
			if b.Rejected > 0 || b.State != warehouse.Done {
				rejects, _ := w.Rejects(t.Context(), b.ID)
				t.Errorf("%s into %s: %s with %d rejects %+v", o.Object, b.Table, b.State, b.Rejected, rejects)
			}
		}
	}
	return report
}

// One is the only value of a query.
func (w World) One(t *testing.T, query string) string {
	t.Helper()
	rows, err := w.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var v sql.NullString
	if rows.Next() {
		err = rows.Scan(&v)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

// Is compares the answers of queries.
func (w World) Is(t *testing.T, want map[string]string) {
	t.Helper()
	for query, v := range want {
		if got := w.One(t, query); got != v {
			t.Errorf("%s\n got %s, want %s", query, got, v)
		}
	}
}

// Effects are what a run changed, by object and table.
func Effects(report connector.Report) map[string]int64 {
	all := map[string]int64{}
	for _, o := range report.Objects {
		for _, b := range o.Batches {
			for name, n := range map[string]int64{"inserted": b.Inserted, "updated": b.Updated, "rejected": b.Rejected} {
				if n != 0 {
					all[o.Object+"/"+b.Table+" "+name] = n
				}
			}
		}
	}
	return all
}
