// Package authtest is a whole OpenID Connect provider on this machine, for tests: discovery, keys, tokens, and a page of its
// own to log in at. Start with New.
package authtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// Client and Other are the two clients that the provider knows, both with the same secret.
const (
	Client = "rendite"
	Other  = "other"
	Secret = "client-secret"
)

// User is somebody whom the provider knows.
type User = storage.User

// Provider is a running provider.
type Provider struct {
	// URL is the issuer. It says localhost, so that a browser takes it for another site than 127.0.0.1.
	URL string

	op     http.Handler
	mu     sync.Mutex
	tamper func(path string, answer map[string]any)
	broken bool
	tokens []map[string]any
}

// New starts a provider that sends people back to callback, until the test ends.
func New(t testing.TB, callback string, users ...*User) *Provider {
	t.Helper()
	p := &Provider{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	clients := map[string]*storage.Client{Client: storage.WebClient(Client, Secret, callback), Other: storage.WebClient(Other, Secret, callback)}
	d := directory{}
	for _, u := range users {
		d[u.ID] = u
	}
	p.op = exampleop.SetupServer(p.URL, storage.NewStorageWithClients(d, clients), nil, false)
	return p
}

// Tamper changes what the provider answers on a path, as someone between us could; the last call counts.
func (p *Provider) Tamper(path string, change func(answer map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tamper = func(at string, answer map[string]any) {
		if at == path {
			change(answer)
		}
	}
}

// Break makes the provider answer 503, or as usual again.
func (p *Provider) Break(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

// Tokens are the answers of the token endpoint so far, as the provider gave them.
func (p *Provider) Tokens() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokens
}

// ServeHTTP hands a request to the provider and its answer, recorded and perhaps changed, to whoever asked.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	tamper, broken := p.tamper, p.broken
	p.mu.Unlock()
	if broken {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	rec := httptest.NewRecorder()
	p.op.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	var answer map[string]any
	if json.Unmarshal(body, &answer) == nil && rec.Code == http.StatusOK {
		if r.URL.Path == "/oauth/token" {
			p.mu.Lock()
			p.tokens = append(p.tokens, maps.Clone(answer))
			p.mu.Unlock()
		}
		if tamper != nil {
			tamper(r.URL.Path, answer)
			body, _ = json.Marshal(answer)
		}
	}
	for k, v := range rec.Header() {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// directory is who the provider knows, by ID.
type directory map[string]*User

func (d directory) GetUserByID(id string) *User { return d[id] }
func (d directory) ExampleClientID() string     { return "service" }
func (d directory) GetUserByUsername(name string) *User {
	for _, u := range d {
		if u.Username == name {
			return u
		}
	}
	return nil
}
