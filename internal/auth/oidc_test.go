package auth_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/auth/authtest"
)

// site is our side and a real provider, each on a port of its own, with a browser.
type site struct {
	*testing.T
	provider *authtest.Provider
	rendite  *httptest.Server
	oidc     *auth.OIDC
	browser  *http.Client
	now      time.Time

	// last is what Finish has answered.
	last     auth.Identity
	returnTo string
	err      error
	// callback is the address that the provider has sent the browser back to.
	callback string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: t}
	s.now = time.Now() // the provider lives by the real clock
	mux := http.NewServeMux()
	s.rendite = httptest.NewServer(mux)
	t.Cleanup(s.rendite.Close)
	s.provider = authtest.New(t, s.rendite.URL+"/auth/callback", &authtest.User{ID: "u1", Username: "anna", Password: "geheim", FirstName: "Anna", LastName: "Muster",
		Email: "Anna.Muster@Firma.de", EmailVerified: true})
	s.use(authtest.Client, auth.OIDCConfig{})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		to, err := s.oidc.Begin(r.Context(), w, r.URL.Query().Get("to"), s.now)
		if s.err = err; err != nil {
			http.Error(w, err.Error(), auth.Status(err))
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /auth/callback", func(w http.ResponseWriter, r *http.Request) {
		s.callback = r.URL.String()
		s.last, s.returnTo, s.err = s.oidc.Finish(r.Context(), w, r, s.now)
		if s.err != nil {
			w.WriteHeader(auth.Status(s.err))
		}
	})
	s.open()
	return s
}

// use makes our side a client of the provider.
func (s *site) use(client string, c auth.OIDCConfig) {
	s.Helper()
	c.Issuer, c.ClientID, c.ClientSecret, c.RedirectURL = s.provider.URL, client, auth.SecretOf(authtest.Secret), s.rendite.URL+"/auth/callback"
	o, err := auth.NewOIDC(c, auth.NewMemoryFlows(100))
	if err != nil {
		s.Fatal(err)
	}
	s.oidc = o
}

// open starts a browser without cookies.
func (s *site) open() {
	jar, _ := cookiejar.New(nil)
	s.browser = &http.Client{Jar: jar}
}

var hidden = regexp.MustCompile(`name="id" value="([^"]+)"`)

// login goes the whole way as a person does: our page, the provider's form, back to us.
func (s *site) login(to string) {
	s.Helper()
	s.form(s.begin(to))
}

// begin goes as far as the provider's form.
func (s *site) begin(to string) (form *url.URL, id string) {
	s.Helper()
	res, err := s.browser.Get(s.rendite.URL + "/login?to=" + url.QueryEscape(to))
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	page, _ := io.ReadAll(res.Body)
	m := hidden.FindSubmatch(page)
	if m == nil {
		s.Fatalf("no form: %s\n%s", res.Status, page)
	}
	return res.Request.URL, string(m[1])
}

func (s *site) form(form *url.URL, id string) {
	s.Helper()
	res, err := s.browser.PostForm(form.String(), url.Values{"username": {"anna"}, "password": {"geheim"}, "id": {id}})
	if err != nil {
		s.Fatal(err)
	}
	_ = res.Body.Close()
	if s.callback == "" {
		s.Fatalf("the provider does not send back: %s %s", res.Status, res.Request.URL)
	}
}

// refused checks that the log-in is refused, and for the right reason.
func (s *site) refused(want, reason string) {
	s.Helper()
	if wants(s.T, s.err, want); s.err != nil && !strings.Contains(s.err.Error(), reason) {
		s.Errorf("refused for another reason: %v, want %q", s.err, reason)
	}
	if s.last != (auth.Identity{}) {
		s.Errorf("and yet it is %+v", s.last)
	}
}

func TestOIDC_theWholeWay(t *testing.T) {
	s := newSite(t)
	s.login("/cases/7?view=plan")
	if s.err != nil {
		t.Fatal(s.err)
	}
	want := auth.Identity{Issuer: s.provider.URL, Subject: "u1", Email: "anna.muster@firma.de", EmailVerified: true, Name: "Anna Muster"}
	if d := cmp.Diff(want, s.last); d != "" || s.returnTo != "/cases/7?view=plan" {
		t.Errorf("%s, back to %q", d, s.returnTo)
	}
	first := s.last
	s.open()
	s.login("//evil.example/")
	if s.err != nil || s.last != first || s.returnTo != "/" {
		t.Errorf("%v, %+v, back to %q", s.err, s.last, s.returnTo)
	}
}

func TestOIDC_theProviderIsAskedForCodeWithPKCEStateAndNonce(t *testing.T) {
	s := newSite(t)
	w := httptest.NewRecorder()
	to, err := s.oidc.Begin(context.Background(), w, "/", s.now)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 ||
		len(q.Get("state")) != 47 || len(q.Get("nonce")) != 47 || q.Get("state") == q.Get("nonce") || q.Get("scope") != "openid email profile" {
		t.Errorf("%s", to)
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 || strings.Contains(to, c.Value) {
		t.Errorf("%v", c)
	}
}

func TestOIDC_anAnswerCountsOnceInItsBrowserAndInTime(t *testing.T) {
	s := newSite(t)
	s.login("/")
	if s.err != nil {
		t.Fatal(s.err)
	}
	again := func() {
		t.Helper()
		res, err := s.browser.Get(s.rendite.URL + s.callback)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	t.Run("the same answer again", func(*testing.T) { again(); s.refused("auth_oidc_flow_lost", "") })

	t.Run("a code that has been used, in a new log-in", func(*testing.T) {
		used, _ := url.Parse(s.callback)
		s.begin("/")
		u := s.fresh(used.Query().Get("code"))
		s.callback = u
		again()
		s.refused("auth_oidc_refused", "refuses the code")
	})
	t.Run("another state", func(*testing.T) {
		s.begin("/")
		s.callback = "/auth/callback?code=abc&state=" + auth.NewSecret(auth.FlowSecret).Reveal()
		again()
		s.refused("auth_oidc_refused", "another state")
	})
	t.Run("no state", func(*testing.T) {
		s.begin("/")
		s.callback = "/auth/callback?code=abc"
		again()
		s.refused("auth_oidc_refused", "another state")
	})
	t.Run("an answer that someone else has begun", func(*testing.T) {
		s.login("/")
		s.open() // the link is sent to a person who has begun nothing
		again()
		s.refused("auth_oidc_flow_lost", "")
	})
	t.Run("the person says no", func(*testing.T) {
		s.begin("/")
		s.callback = s.fresh("") + "&error=access_denied&error_description=%0d%0ainjected"
		again()
		s.refused("auth_oidc_denied", `"access_denied"`)
		if strings.ContainsAny(s.err.Error(), "\r\n") {
			t.Error("the provider writes lines into our log")
		}
	})
	t.Run("another provider answers", func(*testing.T) {
		s.begin("/")
		s.callback = s.fresh("abc") + "&iss=https://evil.example"
		again()
		s.refused("auth_oidc_refused", "answer from the issuer")
	})
	t.Run("after eleven minutes", func(*testing.T) {
		form, id := s.begin("/")
		s.now = s.now.Add(11 * time.Minute)
		s.form(form, id)
		s.refused("auth_oidc_flow_lost", "")
	})
}

// fresh is a callback with the state of a log-in that the browser now begins, and a code.
func (s *site) fresh(code string) string {
	s.Helper()
	var state string
	s.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		state = r.URL.Query().Get("state")
		return http.ErrUseLastResponse
	}
	defer func() { s.browser.CheckRedirect = nil }()
	res, err := s.browser.Get(s.rendite.URL + "/login")
	if err != nil || state == "" {
		s.Fatal(err, state)
	}
	_ = res.Body.Close()
	return "/auth/callback?code=" + url.QueryEscape(code) + "&state=" + url.QueryEscape(state)
}

// part is a part of an ID token.
func part(token any, i int) string { return strings.Split(token.(string), ".")[i] }

func b64(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func payload(token any) map[string]any {
	b, _ := base64.RawURLEncoding.DecodeString(part(token, 1))
	var m map[string]any
	_ = json.Unmarshal(b, &m)
	return m
}

func TestOIDC_anIDTokenThatDoesNotHoldIsRefused(t *testing.T) {
	s := newSite(t)
	s.login("/")
	if s.err != nil {
		t.Fatal(s.err)
	}
	first := s.provider.Tokens()[0]["id_token"]
	s.use(authtest.Other, auth.OIDCConfig{})
	s.login("/")
	if s.err != nil {
		t.Fatal(s.err)
	}
	foreign := s.provider.Tokens()[1]["id_token"]
	s.use(authtest.Client, auth.OIDCConfig{})
	real := s.now

	for _, tt := range []struct {
		name   string
		later  time.Duration
		change func(answer map[string]any)
		reason string
	}{
		{"one of another log-in, properly signed", 0, func(a map[string]any) { a["id_token"] = first }, "another nonce"},
		{"one for another client, properly signed", 0, func(a map[string]any) { a["id_token"] = foreign }, "expected audience"},
		{"one that has expired", 2 * time.Hour, func(map[string]any) {}, "expired"},
		{"none at all", 0, func(a map[string]any) { delete(a, "id_token") }, "no ID token"},
		{"not signed", 0, func(a map[string]any) {
			a["id_token"] = b64(map[string]string{"alg": "none"}) + "." + part(a["id_token"], 1) + "."
		}, "malformed jwt"},
		{"another person under the same signature", 0, func(a map[string]any) {
			p := payload(a["id_token"])
			p["sub"] = "u2"
			a["id_token"] = part(a["id_token"], 0) + "." + b64(p) + "." + part(a["id_token"], 2)
		}, "failed to verify"},
		{"signed with the public key as a password", 0, func(a map[string]any) {
			res, err := http.Get(s.provider.URL + "/keys")
			if err != nil {
				panic(err)
			}
			defer func() { _ = res.Body.Close() }()
			key, _ := io.ReadAll(res.Body)
			text := b64(map[string]string{"alg": "HS256"}) + "." + part(a["id_token"], 1)
			mac := hmac.New(sha256.New, bytes.TrimSpace(key))
			mac.Write([]byte(text))
			a["id_token"] = text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		}, "malformed jwt"},
		{"with another access token", 0, func(a map[string]any) { a["access_token"] = "x" + a["access_token"].(string) }, "access token"},
	} {
		t.Run(tt.name, func(*testing.T) {
			s.provider.Tamper("/oauth/token", tt.change)
			s.now = real.Add(tt.later)
			s.login("/")
			s.refused("auth_oidc_refused", tt.reason)
		})
	}
	s.now = real
	t.Run("userinfo about someone else", func(*testing.T) {
		s.provider.Tamper("/userinfo", func(a map[string]any) { a["sub"] = "u2" })
		s.login("/")
		s.refused("auth_oidc_refused", "someone else")
	})
	t.Run("nothing is wrong", func(*testing.T) {
		s.provider.Tamper("", nil)
		s.login("/")
		if s.err != nil || s.last.Subject != "u1" {
			t.Errorf("%v", s.err)
		}
	})
}

func TestOIDC_aCodeIsWorthNothingWithoutItsVerifier(t *testing.T) {
	s := newSite(t)
	form, id := s.begin("/")
	// A code that was caught on its way, and put into the log-in of another browser.
	victim := s.browser
	s.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/auth/callback" {
			s.callback = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	s.form(form, id)
	victim.CheckRedirect = nil
	caught, _ := url.Parse(s.callback)
	s.open()
	res, err := s.browser.Get(s.rendite.URL + s.fresh(caught.Query().Get("code")))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	s.refused("auth_oidc_refused", "refuses the code")
}

func TestOIDC_aProviderThatIsDownIsAskedAgain(t *testing.T) {
	s := newSite(t)
	s.provider.Break(true)
	begin := func() error {
		_, err := s.oidc.Begin(context.Background(), httptest.NewRecorder(), "/", s.now)
		return err
	}
	err := begin()
	wants(t, err, "auth_oidc_unreachable")
	if auth.Status(err) != 502 {
		t.Error(auth.Status(err))
	}
	s.provider.Break(false)
	wants(t, begin(), "auth_oidc_unreachable") // not at once: a provider that hangs would hold up everyone
	s.now = s.now.Add(5 * time.Second)
	wants(t, begin(), "")
}

func TestOIDC_anIssuerWithAnotherNameIsRefused(t *testing.T) {
	s := newSite(t)
	s.provider.Tamper("/.well-known/openid-configuration", func(a map[string]any) { a["issuer"] = "https://evil.example" })
	_, err := s.oidc.Begin(context.Background(), httptest.NewRecorder(), "/", s.now)
	wants(t, err, "auth_oidc_unreachable")
}

func TestOIDC_theConfigurationIsChecked(t *testing.T) {
	good := auth.OIDCConfig{Issuer: "https://login.firma.de", ClientID: "rendite", RedirectURL: "https://crm.firma.de/auth/callback"}
	for name, change := range map[string]func(*auth.OIDCConfig){
		"":                   func(*auth.OIDCConfig) {},
		"an issuer by http":  func(c *auth.OIDCConfig) { c.Issuer = "http://login.firma.de" },
		"no issuer":          func(c *auth.OIDCConfig) { c.Issuer = "" },
		"a redirect by http": func(c *auth.OIDCConfig) { c.RedirectURL = "http://crm.firma.de/auth/callback" },
		"no client":          func(c *auth.OIDCConfig) { c.ClientID = "" },
		"an empty domain":    func(c *auth.OIDCConfig) { c.AllowedDomains = []string{" "} },
	} {
		c := good
		change(&c)
		if _, err := auth.NewOIDC(c, auth.NewMemoryFlows(1)); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// accounts is a store of identities in memory.
type accounts struct {
	byIdentity, byEmail map[string]string
	created             int
}

func (a *accounts) UserByIdentity(_ context.Context, issuer, subject string) (string, bool, error) {
	u, ok := a.byIdentity[issuer+" "+subject]
	return u, ok, nil
}
func (a *accounts) UserByEmail(_ context.Context, email string) (string, bool, error) {
	u, ok := a.byEmail[email]
	return u, ok, nil
}
func (a *accounts) LinkIdentity(_ context.Context, user string, id auth.Identity) error {
	a.byIdentity[id.Issuer+" "+id.Subject] = user
	return nil
}
func (a *accounts) CreateUser(ctx context.Context, id auth.Identity) (string, error) {
	a.created++
	return "new", a.LinkIdentity(ctx, "new", id)
}

func TestAnIdentityFindsItsAccount(t *testing.T) {
	const here, there = "https://login.firma.de", "https://login.other.example"
	for _, tt := range []struct {
		name   string
		id     auth.Identity
		create bool
		want   string
	}{
		{"linked", auth.Identity{Issuer: here, Subject: "1"}, false, "anna"},
		{"linked, the address has changed hands", auth.Identity{Issuer: here, Subject: "1", Email: "bert@firma.de", EmailVerified: true}, false, "anna"},
		{"the same subject at another provider", auth.Identity{Issuer: there, Subject: "1"}, true, ""},
		{"by a trusted address", auth.Identity{Issuer: here, Subject: "2", Email: "bert@firma.de", EmailVerified: true}, false, "bert"},
		{"by an address that is not verified", auth.Identity{Issuer: here, Subject: "2", Email: "bert@firma.de"}, true, ""},
		{"by an address of another domain", auth.Identity{Issuer: here, Subject: "2", Email: "carl@example.com", EmailVerified: true}, true, ""},
		{"by an address that only ends like ours", auth.Identity{Issuer: here, Subject: "2", Email: "x@evilfirma.de", EmailVerified: true}, true, ""},
		{"without an address", auth.Identity{Issuer: here, Subject: "2", EmailVerified: true}, true, ""},
		{"unknown", auth.Identity{Issuer: here, Subject: "3", Email: "dora@firma.de", EmailVerified: true}, false, ""},
		{"unknown, accounts are made", auth.Identity{Issuer: here, Subject: "3", Email: "dora@firma.de", EmailVerified: true}, true, "new"},
	} {
		store := &accounts{byIdentity: map[string]string{here + " 1": "anna"},
			byEmail: map[string]string{"bert@firma.de": "bert", "carl@example.com": "carl"}}
		o, err := auth.NewOIDC(auth.OIDCConfig{Issuer: here, ClientID: "rendite", RedirectURL: "https://crm.firma.de/auth/callback",
			AllowedDomains: []string{"@Firma.de"}, CreateUsers: tt.create}, auth.NewMemoryFlows(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Account(context.Background(), store, tt.id)
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && code(err) != "auth_oidc_no_account" {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if u := store.byIdentity[tt.id.Issuer+" "+tt.id.Subject]; u != tt.want {
			t.Errorf("%s: then linked to %q", tt.name, u)
		}
	}
}

func TestNobodyIsSentToAForeignSite(t *testing.T) {
	for in, want := range map[string]string{
		"/":                     "/",
		"/cases/7?view=a#b":     "/cases/7?view=a#b",
		"":                      "/",
		"cases":                 "/",
		"//evil.example":        "/",
		"/\\evil.example":       "/",
		"/\t/evil.example":      "/",
		"/a\\b":                 "/",
		"https://evil.example/": "/",
		"javascript:alert(1)":   "/",
		"/%":                    "/",
		"/\r\nSet-Cookie: x":    "/",
	} {
		if got := auth.LocalPath(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestFlowsAreTakenOnceAndTheOldestForgotten(t *testing.T) {
	ctx := context.Background()
	m := auth.NewMemoryFlows(2)
	for _, h := range []string{"a", "b", "c"} {
		_ = m.PutFlow(ctx, auth.Flow{Hash: h})
	}
	for _, tt := range []struct {
		hash string
		want bool
	}{{"a", false}, {"b", true}, {"b", false}, {"c", true}} {
		if _, ok, _ := m.TakeFlow(ctx, tt.hash); ok != tt.want {
			t.Errorf("%s: %v", tt.hash, ok)
		}
	}
}
