package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/rendite-crm/rendite/internal/diag"
)

const (
	flowCookie   = "rendite-login"
	flowLifetime = 10 * time.Minute
	// discoverAgain is the pause after a failed discovery, so that a provider that hangs does not hold up everyone.
	discoverAgain = 5 * time.Second
	providerWait  = 10 * time.Second
)

// OIDCConfig is a provider of single sign-on.
type OIDCConfig struct {
	// Issuer is the address under which the provider has its discovery document, exactly as the provider writes it.
	Issuer       string
	ClientID     string
	ClientSecret Secret
	// RedirectURL is our address for the way back, as registered with the provider.
	RedirectURL string
	// Scopes besides openid; email and profile where empty.
	Scopes []string
	// AllowedDomains are those whose e-mail addresses the provider is trusted to know. Only such an address, and only if
	// the provider says that it is verified, finds or makes an account; otherwise accounts are linked by hand.
	AllowedDomains []string
	// CreateUsers makes an account for whoever comes with a trusted address and has none.
	CreateUsers bool
	// Client speaks to the provider; nil for one that waits at most 10 s.
	Client *http.Client
}

// Identity is who the provider says someone is. Issuer and Subject together never change; the rest may.
type Identity struct {
	Issuer, Subject string
	// Email is as the function Email writes it; empty where the provider names none.
	Email         string
	EmailVerified bool
	Name          string
}

// OIDC logs people in at a provider by OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636), state and
// nonce. It is safe for use by several goroutines.
type OIDC struct {
	config OIDCConfig
	flows  FlowStore
	secure bool

	mu       sync.Mutex
	provider *oidc.Provider
	failed   time.Time
	failure  error
}

// NewOIDC checks the configuration without asking the provider; that happens at the first log-in, so that we start
// without it. Issuer and RedirectURL must be https, or http on the machine itself.
func NewOIDC(c OIDCConfig, flows FlowStore) (*OIDC, error) {
	for _, address := range []string{c.Issuer, c.RedirectURL} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			return nil, fmt.Errorf("auth: OpenID Connect needs https addresses, and %q is none", address)
		}
	}
	if c.ClientID == "" {
		return nil, errors.New("auth: OpenID Connect needs a client ID")
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"email", "profile"}
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: providerWait}
	}
	domains := make([]string, len(c.AllowedDomains))
	for i, d := range c.AllowedDomains {
		domains[i] = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@"))
		if domains[i] == "" {
			return nil, errors.New("auth: an allowed domain is empty")
		}
	}
	c.AllowedDomains = domains
	return &OIDC{config: c, flows: flows, secure: SecureCookies(c.RedirectURL, false)}, nil
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// discover reads the provider's discovery document, once.
func (o *OIDC) discover(ctx context.Context, now time.Time) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	if o.failure == nil || now.Sub(o.failed) >= discoverAgain {
		// The provider keeps this context for fetching keys later, so it must outlive the request.
		p, err := oidc.NewProvider(o.client(context.WithoutCancel(ctx)), o.config.Issuer)
		o.provider, o.failure, o.failed = p, err, now
	}
	if o.failure != nil {
		return nil, because("auth_oidc_unreachable", o.failure)
	}
	return o.provider, nil
}

func (o *OIDC) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, o.config.Client)
}

func (o *OIDC) oauth(p *oidc.Provider) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID}
	for _, s := range o.config.Scopes {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return &oauth2.Config{ClientID: o.config.ClientID, ClientSecret: o.config.ClientSecret.Reveal(), Endpoint: p.Endpoint(),
		RedirectURL: o.config.RedirectURL, Scopes: scopes}
}

// because pairs what users read with what operators look for in the log.
func because(code string, cause error) error {
	return fmt.Errorf("%w: %w", diag.New(code, diag.Position{}, nil), cause)
}

// Begin starts a log-in: it sets a cookie that ties it to this browser, and answers the address at the provider to
// redirect to. returnTo is the page to come back to. The error is auth_oidc_unreachable, or the store's.
func (o *OIDC) Begin(ctx context.Context, w http.ResponseWriter, returnTo string, now time.Time) (address string, err error) {
	p, err := o.discover(ctx, now)
	if err != nil {
		return "", err
	}
	browser := NewSecret(FlowSecret)
	f := Flow{Hash: browser.Hash(), State: NewSecret(FlowSecret), Nonce: NewSecret(FlowSecret),
		Verifier: SecretOf(oauth2.GenerateVerifier()), ReturnTo: LocalPath(returnTo), Expires: now.Add(flowLifetime)}
	if err := o.flows.PutFlow(ctx, f); err != nil {
		return "", err
	}
	c := cookie(flowCookie, browser.Reveal(), o.secure)
	c.MaxAge = int(flowLifetime / time.Second)
	http.SetCookie(w, c)
	w.Header().Set("Cache-Control", "no-store")
	return o.oauth(p).AuthCodeURL(f.State.Reveal(), oidc.Nonce(f.Nonce.Reveal()), oauth2.S256ChallengeOption(f.Verifier.Reveal())), nil
}

// Finish takes the provider's answer to RedirectURL. Each log-in can be finished once, in the browser that has begun it,
// within ten minutes. The error is auth_oidc_flow_lost where it cannot, auth_oidc_denied where the provider or the person
// has said no, auth_oidc_unreachable, and auth_oidc_refused where what the provider has sent does not hold: state, issuer,
// code, signature, audience, nonce, expiry, access token, subject.
func (o *OIDC) Finish(ctx context.Context, w http.ResponseWriter, r *http.Request, now time.Time) (id Identity, returnTo string, err error) {
	f, err := o.flow(ctx, w, r, now)
	if err != nil {
		return Identity{}, "", err
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State.Reveal())) != 1 {
		return Identity{}, "", because("auth_oidc_refused", errors.New("auth: another state"))
	}
	if iss := q.Get("iss"); iss != "" && iss != o.config.Issuer { // RFC 9207: an answer from another provider
		return Identity{}, "", because("auth_oidc_refused", fmt.Errorf("auth: answer from the issuer %q", iss))
	}
	if e := q.Get("error"); e != "" {
		return Identity{}, "", because("auth_oidc_denied", fmt.Errorf("auth: the provider answers %q: %q", e, q.Get("error_description")))
	}
	p, err := o.discover(ctx, now)
	if err != nil {
		return Identity{}, "", err
	}
	ctx = o.client(ctx)
	token, err := o.oauth(p).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(f.Verifier.Reveal()))
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode < 500 {
			// The error's own text repeats the whole answer, which may hold more than a log should.
			return Identity{}, "", because("auth_oidc_refused", fmt.Errorf("auth: the provider refuses the code: %q", answer.ErrorCode))
		}
		return Identity{}, "", because("auth_oidc_unreachable", err)
	}
	c, err := o.verify(ctx, p, token, f, now)
	if err != nil {
		return Identity{}, "", because("auth_oidc_refused", err)
	}
	id = Identity{Issuer: o.config.Issuer, Subject: c.Subject, Name: strings.TrimSpace(c.Name)}
	if e, err := Email(c.Email); err == nil {
		id.Email, id.EmailVerified = e, bool(c.EmailVerified)
	}
	return id, f.ReturnTo, nil
}

// flow is the log-in that this browser has begun; it is then over, whatever comes of it.
func (o *OIDC) flow(ctx context.Context, w http.ResponseWriter, r *http.Request, now time.Time) (Flow, error) {
	lost := diag.New("auth_oidc_flow_lost", diag.Position{}, nil)
	gone := cookie(flowCookie, "", o.secure)
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	c, err := r.Cookie(cookieName(flowCookie, o.secure))
	if err != nil {
		return Flow{}, lost
	}
	browser, ok := ParseSecret(FlowSecret, c.Value)
	if !ok {
		return Flow{}, lost
	}
	f, found, err := o.flows.TakeFlow(ctx, browser.Hash())
	switch {
	case err != nil:
		return Flow{}, err
	case !found || !now.Before(f.Expires):
		return Flow{}, lost
	}
	return f, nil
}

// claims are what we read of a person.
type claims struct {
	Subject       string `json:"sub"`
	Email         string `json:"email"`
	EmailVerified truth  `json:"email_verified"`
	Name          string `json:"name"`
	// AuthorizedParty is the client that the token was made for, where it has several audiences.
	AuthorizedParty string `json:"azp"`
}

// truth reads true and "true": some providers write it as text.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// verify checks the ID token as OpenID Connect Core 1.0, 3.1.3.7, asks, and reads the claims; from userinfo where the ID
// token has no address.
func (o *OIDC) verify(ctx context.Context, p *oidc.Provider, token *oauth2.Token, f Flow, now time.Time) (claims, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return claims{}, errors.New("auth: the provider sends no ID token")
	}
	config := &oidc.Config{ClientID: o.config.ClientID, Now: func() time.Time { return now }}
	t, err := p.Verifier(config).Verify(ctx, raw)
	if err != nil {
		return claims{}, err
	}
	if subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(f.Nonce.Reveal())) != 1 {
		return claims{}, errors.New("auth: another nonce")
	}
	if t.AccessTokenHash != "" {
		if err := t.VerifyAccessToken(token.AccessToken); err != nil {
			return claims{}, err
		}
	}
	var c claims
	if err := t.Claims(&c); err != nil {
		return claims{}, err
	}
	switch {
	case c.Subject == "" || len(c.Subject) > 255:
		return claims{}, errors.New("auth: the ID token names no subject")
	case c.AuthorizedParty != "" && c.AuthorizedParty != o.config.ClientID, c.AuthorizedParty == "" && len(t.Audience) > 1:
		return claims{}, errors.New("auth: the ID token was made for another client")
	}
	if c.Email != "" || p.UserInfoEndpoint() == "" {
		return c, nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return claims{}, err
	}
	var more claims
	if err := info.Claims(&more); err != nil {
		return claims{}, err
	}
	if more.Subject != c.Subject { // OpenID Connect Core 1.0, 5.3.2: must be compared, or tokens could be swapped
		return claims{}, errors.New("auth: userinfo is about someone else")
	}
	if more.Name == "" {
		more.Name = c.Name
	}
	return more, nil
}
