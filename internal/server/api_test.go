package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/server"
)

// start runs a workspace of its own until the test ends and returns its address.
func start(t *testing.T, accounts bool) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s, err := server.Open(ctx, server.Config{Listen: "127.0.0.1:0", Accounts: accounts, Database: filepath.Join(t.TempDir(), "rendite.db"), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSuffix(s.URL(), "/")
}

func send(t *testing.T, method, address string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return w, string(body)
}

func TestAPI_itsPageIsMadeOfWhatTheServerHasAlone(t *testing.T) {
	base := start(t, false)
	w, page := send(t, http.MethodGet, base+"/api", nil)
	if policy := w.Header.Get("Content-Security-Policy"); w.StatusCode != http.StatusOK || !strings.Contains(policy, "style-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("status %d, policy %q", w.StatusCode, policy)
	}
	found := 0
	for _, m := range regexp.MustCompile(`(?:href|src)="(/[^"#]+)"`).FindAllStringSubmatch(page, -1) {
		found++
		if w, _ := send(t, http.MethodGet, base+m[1], nil); w.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", m[1], w.StatusCode)
		}
	}
	if found < 4 {
		t.Errorf("the page has %d links", found)
	}
}

func TestAPI_withoutAccountsWhoeverIsAtTheMachineAsks(t *testing.T) {
	base := start(t, false)
	w, body := send(t, http.MethodGet, base+"/api/v1/organisations", nil)
	if w.StatusCode != http.StatusOK || !strings.Contains(body, `"role":"owner"`) {
		t.Errorf("status %d: %s", w.StatusCode, body)
	}
	w, body = send(t, http.MethodPost, base+"/api/v1/cases", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "application/yaml"})
	if w.StatusCode != http.StatusForbidden {
		t.Errorf("another site: status %d: %s", w.StatusCode, body)
	}
	// The page at hand counts for nothing where a secret is brought.
	w, body = send(t, http.MethodGet, base+"/api/v1/cases", map[string]string{"Authorization": "Bearer rendite_nothing"})
	if w.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token that is none: status %d: %s", w.StatusCode, body)
	}
}

func TestAPI_withAccountsNobodyGetsIn(t *testing.T) {
	base := start(t, true)
	w, body := send(t, http.MethodGet, base+"/api/v1/cases", map[string]string{"Accept-Language": "de"})
	var p struct {
		Code, Title string
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || w.StatusCode != http.StatusUnauthorized || p.Code != "unauthenticated" || p.Title != "Anmeldung fehlt" {
		t.Errorf("status %d: %s", w.StatusCode, body)
	}
}
