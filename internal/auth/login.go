package auth

import (
	"context"
	"net/netip"
	"time"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Credential is what is stored of a person who may log in with a password.
type Credential struct {
	User string
	// Hash is what Passwords.Hash has made; empty where the person has no password.
	Hash string
	// Disabled persons cannot log in.
	Disabled bool
}

// CredentialStore keeps the hashes of passwords.
type CredentialStore interface {
	// CredentialByEmail finds a person by an address as Email writes it.
	CredentialByEmail(ctx context.Context, email string) (c Credential, found bool, err error)
	// ReplacePasswordHash writes the new hash if the old one is still there, and does nothing otherwise: the person may
	// have changed the password in between.
	ReplacePasswordHash(ctx context.Context, user, old, new string) error
}

// Login lets people in with e-mail and password.
type Login struct {
	Store     CredentialStore
	Passwords *Passwords
	Limiter   *Limiter
}

// Check answers the user whose e-mail and password these are. The error is *TooMany, auth_busy or auth_login_failed,
// which is the same for a wrong password, an unknown address, a person without a password and a disabled one, after the
// same work. A hash made with weaker parameters is replaced.
func (l *Login) Check(ctx context.Context, email, password string, address netip.Addr, now time.Time) (user string, err error) {
	failed := diag.New("auth_login_failed", diag.Position{}, nil)
	email, err = Email(email)
	if err != nil {
		return "", failed // no such account can exist, so nothing is given away
	}
	if err := l.Limiter.Attempt(email, address, now); err != nil {
		return "", err
	}
	c, found, err := l.Store.CredentialByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if !found || c.Disabled {
		c = Credential{}
	}
	v, err := l.Passwords.Verify(ctx, c.Hash, password)
	if err != nil {
		return "", err
	}
	if !v.OK {
		return "", failed
	}
	l.Limiter.Succeeded(email, address, now)
	if v.Outdated {
		hash, err := l.Passwords.Hash(ctx, password)
		if err == nil {
			err = l.Store.ReplacePasswordHash(ctx, c.User, c.Hash, hash)
		}
		if err != nil {
			return "", err
		}
	}
	return c.User, nil
}
