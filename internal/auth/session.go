package auth

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Session is a browser that is logged in. The secret is in its cookie alone; here is its hash.
type Session struct {
	Hash    string
	User    string
	Created time.Time
	// Seen is the last use, to a minute.
	Seen time.Time
	// Address and Agent are for the person to tell sessions apart.
	Address, Agent string
}

// SessionStore keeps sessions.
type SessionStore interface {
	InsertSession(ctx context.Context, s Session) error
	SessionByHash(ctx context.Context, hash string) (s Session, found bool, err error)
	// TouchSession sets Seen; a session that is gone stays gone, without an error.
	TouchSession(ctx context.Context, hash string, seen time.Time) error
	// DeleteSession ends a session; one that is gone is no error.
	DeleteSession(ctx context.Context, hash string) error
}

// How long a session lasts where Sessions does not say otherwise (OWASP Session Management Cheat Sheet: both limits).
const (
	DefaultIdle     = 12 * time.Hour
	DefaultAbsolute = 14 * 24 * time.Hour

	touchEvery = time.Minute
	agentChars = 200
)

// Sessions hands out and reads session cookies. It is safe for use by several goroutines.
type Sessions struct {
	Store SessionStore
	// Secure: people reach us by https. SecureCookies says so.
	Secure bool
	// Idle ends a session that is not used, Absolute any; 0 for the defaults.
	Idle, Absolute time.Duration
}

// SecureCookies reports whether cookies are for https alone: we speak TLS ourselves, or the address that people type
// begins with https because a proxy does.
func SecureCookies(baseURL string, tls bool) bool {
	u, err := url.Parse(baseURL)
	return tls || err == nil && strings.EqualFold(u.Scheme, "https")
}

// cookieName has the prefix __Host- on https (RFC 6265bis, 4.1.3.2): the browser then takes the cookie from this host
// alone, not from a neighbour under the same domain.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// cookie is what all our cookies share. Lax, not Strict: a link in an e-mail should find people logged in, and
// requests that change something are guarded by Origin.
func cookie(name, value string, secure bool) *http.Cookie {
	return &http.Cookie{Name: cookieName(name, secure), Value: value, Path: "/", Secure: secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode}
}

const sessionCookie = "rendite"

// Start logs a person in. The session is always new, so that nobody can plant one beforehand; the one the browser came
// with ends.
func (s *Sessions) Start(ctx context.Context, w http.ResponseWriter, r *http.Request, user string, address netip.Addr, now time.Time) (Session, error) {
	if old, ok := s.secret(r); ok {
		if err := s.Store.DeleteSession(ctx, old.Hash()); err != nil {
			return Session{}, err
		}
	}
	secret := NewSecret(SessionSecret)
	session := Session{Hash: secret.Hash(), User: user, Created: now, Seen: now, Agent: agent(r)}
	if address.IsValid() {
		session.Address = address.Unmap().String()
	}
	if err := s.Store.InsertSession(ctx, session); err != nil {
		return Session{}, err
	}
	c := cookie(sessionCookie, secret.Reveal(), s.Secure)
	c.MaxAge = int(s.absolute() / time.Second)
	http.SetCookie(w, c)
	// A page for one person must not be kept for the next.
	w.Header().Set("Cache-Control", "no-store")
	return session, nil
}

// Read is the session of a request. The error is auth_login_needed where there is none and auth_session_expired where it
// is over. Seen is brought up to date at most once a minute.
func (s *Sessions) Read(ctx context.Context, r *http.Request, now time.Time) (Session, error) {
	secret, ok := s.secret(r)
	if !ok {
		return Session{}, diag.New("auth_login_needed", diag.Position{}, nil)
	}
	session, found, err := s.Store.SessionByHash(ctx, secret.Hash())
	switch {
	case err != nil:
		return Session{}, err
	case !found || !secret.Matches(session.Hash):
		return Session{}, diag.New("auth_login_needed", diag.Position{}, nil)
	case s.Expired(session, now):
		if err := s.Store.DeleteSession(ctx, session.Hash); err != nil {
			return Session{}, err
		}
		return Session{}, diag.New("auth_session_expired", diag.Position{}, nil)
	}
	if now.Sub(session.Seen) >= touchEvery {
		if err := s.Store.TouchSession(ctx, session.Hash, now); err != nil {
			return Session{}, err
		}
		session.Seen = now
	}
	return session, nil
}

// End logs out: the session ends and the cookie goes. Without a session it does the same.
func (s *Sessions) End(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	c := cookie(sessionCookie, "", s.Secure)
	c.MaxAge = -1
	http.SetCookie(w, c)
	if secret, ok := s.secret(r); ok {
		return s.Store.DeleteSession(ctx, secret.Hash())
	}
	return nil
}

// Expired reports whether a stored session is over, for lists and for the clean-up.
func (s *Sessions) Expired(session Session, now time.Time) bool {
	return now.Sub(session.Seen) >= s.idle() || now.Sub(session.Created) >= s.absolute()
}

func (s *Sessions) secret(r *http.Request) (Secret, bool) {
	c, err := r.Cookie(cookieName(sessionCookie, s.Secure))
	if err != nil {
		return Secret{}, false
	}
	return ParseSecret(SessionSecret, c.Value)
}

func (s *Sessions) idle() time.Duration {
	if s.Idle > 0 {
		return s.Idle
	}
	return DefaultIdle
}

func (s *Sessions) absolute() time.Duration {
	if s.Absolute > 0 {
		return s.Absolute
	}
	return DefaultAbsolute
}

// agent is the browser's name for itself, cut short.
func agent(r *http.Request) string {
	a := strings.ToValidUTF8(r.UserAgent(), "")
	if utf8.RuneCountInString(a) > agentChars {
		a = string([]rune(a)[:agentChars])
	}
	return a
}
