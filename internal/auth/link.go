package auth

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
)

// IdentityStore keeps which identity at a provider belongs to which person.
type IdentityStore interface {
	UserByIdentity(ctx context.Context, issuer, subject string) (user string, found bool, err error)
	// UserByEmail finds a person by an address as Email writes it, and only if the person has proved to own it (by the
	// link of an invitation, say). Otherwise someone could register with another's address and wait for the link.
	UserByEmail(ctx context.Context, email string) (user string, found bool, err error)
	LinkIdentity(ctx context.Context, user string, id Identity) error
	// CreateUser makes a person with the identity linked.
	CreateUser(ctx context.Context, id Identity) (user string, err error)
}

// Account is the person behind an identity: the one it is linked to; else, if its address is trusted, the one with that
// address, who is then linked; else, if the configuration says so, a new one. The error is auth_oidc_no_account.
// A disabled person is the caller's to refuse.
func (o *OIDC) Account(ctx context.Context, store IdentityStore, id Identity) (user string, err error) {
	user, found, err := store.UserByIdentity(ctx, id.Issuer, id.Subject)
	if err != nil || found {
		return user, err
	}
	if !o.trusted(id) {
		return "", diag.New("auth_oidc_no_account", diag.Position{}, nil)
	}
	user, found, err = store.UserByEmail(ctx, id.Email)
	switch {
	case err != nil:
		return "", err
	case found:
		return user, store.LinkIdentity(ctx, user, id)
	case o.config.CreateUsers:
		return store.CreateUser(ctx, id)
	}
	return "", diag.New("auth_oidc_no_account", diag.Position{}, nil)
}

// trusted reports whether the identity's address says who someone is.
func (o *OIDC) trusted(id Identity) bool {
	_, domain, ok := strings.Cut(id.Email, "@")
	return ok && id.EmailVerified && slices.Contains(o.config.AllowedDomains, domain)
}

// LocalPath is s where it is a path of ours, with its query, and "/" where it leads anywhere else, so that nobody is sent
// to a foreign site after the log-in.
func LocalPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(s, "/") ||
		len(s) > 1 && (s[1] == '/' || s[1] == '\\') || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	return s
}
