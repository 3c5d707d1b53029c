package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
)

// kept is a store of sessions in memory.
type kept struct {
	by      map[string]auth.Session
	touched int
}

func (k *kept) InsertSession(_ context.Context, s auth.Session) error { k.by[s.Hash] = s; return nil }
func (k *kept) SessionByHash(_ context.Context, hash string) (auth.Session, bool, error) {
	s, ok := k.by[hash]
	return s, ok, nil
}
func (k *kept) TouchSession(_ context.Context, hash string, seen time.Time) error {
	k.touched++
	if s, ok := k.by[hash]; ok {
		s.Seen = seen
		k.by[hash] = s
	}
	return nil
}
func (k *kept) DeleteSession(_ context.Context, hash string) error { delete(k.by, hash); return nil }

func sessions(secure bool) (*auth.Sessions, *kept) {
	k := &kept{by: map[string]auth.Session{}}
	return &auth.Sessions{Store: k, Secure: secure}, k
}

func with(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("User-Agent", "Firefox\xff "+strings.Repeat("ü", 300))
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// start logs anna in and answers the cookie.
func start(t *testing.T, s *auth.Sessions, r *http.Request, now time.Time) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if _, err := s.Start(context.Background(), w, r, "anna", home, now); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("the log-in may be cached")
	}
	return w.Result().Cookies()[0]
}

func TestTheSessionCookie(t *testing.T) {
	for secure, want := range map[bool]string{
		true:  "; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax",
		false: "; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax",
	} {
		s, k := sessions(secure)
		c := start(t, s, with(), noon)
		name := "rendite"
		if secure {
			name = "__Host-rendite"
		}
		if _, attributes, _ := strings.Cut(c.String(), ";"); c.Name != name || ";"+attributes != want {
			t.Errorf("%q %q", c.Name, attributes)
		}
		if len(k.by) != 1 {
			t.Fatalf("%d sessions", len(k.by))
		}
		for hash, session := range k.by {
			if strings.Contains(c.Value, hash) || session.User != "anna" || session.Address != "203.0.113.7" || len([]rune(session.Agent)) != 200 {
				t.Errorf("%+v", session)
			}
		}
		got, err := s.Read(context.Background(), with(c), noon)
		if err != nil || got.User != "anna" {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestCookiesAreSecureOnHTTPS(t *testing.T) {
	for _, tt := range []struct {
		base      string
		tls, want bool
	}{{"", false, false}, {"", true, true}, {"https://crm.firma.de", false, true}, {"HTTPS://crm.firma.de", false, true}, {"http://127.0.0.1:8080", false, false}} {
		if got := auth.SecureCookies(tt.base, tt.tls); got != tt.want {
			t.Errorf("%+v", tt)
		}
	}
}

func TestALoginTakesNoSessionThatSomeoneElseHasPlanted(t *testing.T) {
	s, k := sessions(true)
	planted := start(t, s, with(), noon)
	c := start(t, s, with(planted), noon)
	if c.Value == planted.Value {
		t.Error("the same secret after the log-in")
	}
	if _, err := s.Read(context.Background(), with(planted), noon); code(err) != "auth_login_needed" || len(k.by) != 1 {
		t.Errorf("the session before the log-in lives on: %v", err)
	}
	own := &http.Cookie{Name: "__Host-rendite", Value: auth.NewSecret(auth.SessionSecret).Reveal()}
	if c := start(t, s, with(own), noon); c.Value == own.Value {
		t.Error("a secret from outside is taken")
	}
}

func TestASessionEnds(t *testing.T) {
	ctx := context.Background()
	s, k := sessions(true)
	c := start(t, s, with(), noon)
	if _, err := s.Read(ctx, with(c), noon.Add(12*time.Hour-time.Second)); err != nil {
		t.Errorf("in use: %v", err)
	}
	_, err := s.Read(ctx, with(c), noon.Add(24*time.Hour))
	if wants(t, err, "auth_session_expired"); len(k.by) != 0 {
		t.Error("a session that is over is kept")
	}

	c = start(t, s, with(), noon)
	last := noon
	for now := noon; now.Before(noon.Add(30 * 24 * time.Hour)); now = now.Add(time.Hour) {
		if _, err := s.Read(ctx, with(c), now); err != nil {
			break
		}
		last = now
	}
	if d := last.Sub(noon); d != 14*24*time.Hour-time.Hour {
		t.Errorf("a session in use ends after %v", d)
	}

	c = start(t, s, with(), noon)
	w := httptest.NewRecorder()
	if err := s.End(ctx, w, with(c)); err != nil {
		t.Fatal(err)
	}
	if gone := w.Result().Cookies()[0]; gone.MaxAge != -1 || gone.Value != "" || gone.Name != c.Name || !gone.Secure {
		t.Errorf("%v", gone)
	}
	_, err = s.Read(ctx, with(c), noon)
	wants(t, err, "auth_login_needed")
	if err := s.End(ctx, httptest.NewRecorder(), with()); err != nil {
		t.Errorf("without a session: %v", err)
	}
}

func TestASessionIsTouchedAtMostOnceAMinute(t *testing.T) {
	s, k := sessions(true)
	c := start(t, s, with(), noon)
	for i := range 601 { // ten minutes, each second
		if _, err := s.Read(context.Background(), with(c), noon.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if k.touched != 10 {
		t.Errorf("%d times", k.touched)
	}
}

func TestForeignCookiesAreNoSession(t *testing.T) {
	s, _ := sessions(true)
	c := start(t, s, with(), noon)
	for name, r := range map[string]*http.Request{
		"none":              with(),
		"without __Host-":   with(&http.Cookie{Name: "rendite", Value: c.Value}),
		"empty":             with(&http.Cookie{Name: c.Name, Value: ""}),
		"an unknown secret": with(&http.Cookie{Name: c.Name, Value: auth.NewSecret(auth.SessionSecret).Reveal()}),
		"an API token":      with(&http.Cookie{Name: c.Name, Value: "rendite_" + strings.Repeat("a", 43)}),
	} {
		if _, err := s.Read(context.Background(), r, noon); code(err) != "auth_login_needed" || auth.Status(err) != 401 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
