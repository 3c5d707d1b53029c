package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// Fresh reports whether nobody has an account yet.
func (a *App) Fresh(ctx context.Context) (bool, error) {
	n, err := a.store.CountUsers(ctx)
	return n == 0, err
}

// hashed checks a new password and hashes it.
func hashed(ctx context.Context, p *auth.Passwords, password, email, name string) (string, error) {
	if err := auth.CheckPassword(password, email, name); err != nil {
		return "", err
	}
	return p.Hash(ctx, password)
}

// Setup makes the first account, an administrator who owns the first organisation.
func (a *App) Setup(ctx context.Context, p *auth.Passwords, name, email, organisation, password string) (user string, err error) {
	if fresh, err := a.Fresh(ctx); err != nil || !fresh {
		return "", errors.Join(err, &Error{Code: Denied, Key: "web.error.setup"})
	}
	hash, err := hashed(ctx, p, password, email, name)
	if err != nil {
		return "", err
	}
	u, _, err := a.store.Setup(ctx, store.User{Name: strings.TrimSpace(name), Email: email, PasswordHash: hash}, strings.TrimSpace(organisation))
	return u.ID, known(err)
}

// Join makes an account through an invitation.
func (a *App) Join(ctx context.Context, p *auth.Passwords, secret, name, email, password string) (user string, err error) {
	i, err := a.store.InvitationBySecret(ctx, secret)
	if err != nil {
		return "", invited(err)
	}
	if i.Email != "" && !strings.EqualFold(strings.TrimSpace(email), i.Email) {
		return "", known(store.ErrWrongEmail)
	}
	hash, err := hashed(ctx, p, password, email, name)
	if err != nil {
		return "", err
	}
	u, err := a.store.CreateUser(ctx, store.Actor{UserName: strings.TrimSpace(name)}, store.User{Name: strings.TrimSpace(name), Email: email, PasswordHash: hash})
	if err != nil {
		return "", known(err)
	}
	_, err = a.store.AcceptInvitation(ctx, secret, u.ID)
	return u.ID, invited(err)
}

// Reset makes the secret of a reset link; empty where nobody has that address.
func (a *App) Reset(ctx context.Context, email string) (secret string, err error) {
	u, err := a.store.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrEmail) || err == nil && !u.Disabled.IsZero() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.store.CreateReset(ctx, u.ID, a.now().Add(auth.ResetLifetime))
}

// UseReset sets a new password and ends all sessions.
func (a *App) UseReset(ctx context.Context, p *auth.Passwords, secret, password string) (user string, err error) {
	gone := &Error{Code: NotFound, Key: "web.error.reset"}
	r, err := a.store.ResetBySecret(ctx, secret)
	if errors.Is(err, store.ErrNotFound) {
		return "", gone
	}
	if err != nil {
		return "", err
	}
	u, err := a.store.User(ctx, r.UserID)
	if err != nil {
		return "", known(err)
	}
	hash, err := hashed(ctx, p, password, u.Email, u.Name)
	if err != nil {
		return "", err
	}
	if _, err = a.store.UseReset(ctx, secret, hash); errors.Is(err, store.ErrNotFound) {
		return "", gone
	}
	return u.ID, known(err)
}

// SetPassword changes the actor's password and ends the other sessions.
func (a *App) SetPassword(ctx context.Context, who Actor, p *auth.Passwords, old, password string) error {
	u, err := a.store.User(ctx, who.User)
	if err != nil {
		return known(err)
	}
	v, err := p.Verify(ctx, u.PasswordHash, old)
	if err != nil {
		return err
	}
	if !v.OK {
		return &Error{Code: Invalid, Key: "web.error.old_password", Field: "old"}
	}
	hash, err := hashed(ctx, p, password, u.Email, u.Name)
	if err != nil {
		return err
	}
	return known(a.store.SetPassword(ctx, who.log(), who.User, hash, who.Session))
}

// Sessions lists where the actor is signed in.
func (a *App) Sessions(ctx context.Context, who Actor) ([]store.Session, error) {
	if err := auth.Allowed(who.Actor, auth.SessionList, auth.Facts{User: who.User}); err != nil {
		return nil, err
	}
	return a.store.Sessions(ctx, who.User)
}

// EndSession signs the actor out somewhere.
func (a *App) EndSession(ctx context.Context, who Actor, id string) error {
	if err := auth.Allowed(who.Actor, auth.SessionRevoke, auth.Facts{User: who.User}); err != nil {
		return err
	}
	return known(a.store.EndSession(ctx, who.User, id))
}

// Identities lets package auth find and make the accounts behind an outside provider.
func (a *App) Identities() auth.IdentityStore { return accounts{a} }

// SessionStore keeps the sessions of package auth.
func (a *App) SessionStore() auth.SessionStore { return accounts{a} }

// CredentialStore looks passwords up for package auth.
func (a *App) CredentialStore() auth.CredentialStore { return accounts{a} }

// accounts is the store as package auth wants it.
type accounts struct{ *App }

func (s accounts) InsertSession(ctx context.Context, v auth.Session) error {
	return known(s.store.InsertSession(ctx, store.Session{ID: v.Hash, UserID: v.User, Created: v.Created, LastSeen: v.Seen, Expires: v.Created.Add(auth.DefaultAbsolute),
		UserAgent: v.Agent, Address: v.Address}))
}

func (s accounts) SessionByHash(ctx context.Context, hash string) (auth.Session, bool, error) {
	v, err := s.store.Session(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return auth.Session{}, false, nil
	}
	return auth.Session{Hash: v.ID, User: v.UserID, Created: v.Created, Seen: v.LastSeen, Address: v.Address, Agent: v.UserAgent}, err == nil, err
}

func (s accounts) TouchSession(ctx context.Context, hash string, _ time.Time) error {
	v, err := s.store.Session(ctx, hash)
	if err == nil {
		err = s.store.TouchSession(ctx, hash, v.Expires)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil // ended meanwhile
	}
	return known(err)
}

func (s accounts) DeleteSession(ctx context.Context, hash string) error {
	v, err := s.store.Session(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return known(s.store.EndSession(ctx, v.UserID, hash))
}

func (s accounts) CredentialByEmail(ctx context.Context, email string) (auth.Credential, bool, error) {
	u, err := s.store.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrEmail) {
		return auth.Credential{}, false, nil
	}
	return auth.Credential{User: u.ID, Hash: u.PasswordHash, Disabled: !u.Disabled.IsZero()}, err == nil, err
}

func (s accounts) ReplacePasswordHash(ctx context.Context, user, old, hash string) error {
	err := s.store.RehashPassword(ctx, user, old, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil // changed meanwhile: the new one stands
	}
	return known(err)
}

func (s accounts) UserByIdentity(ctx context.Context, issuer, subject string) (string, bool, error) {
	u, err := s.store.UserByIdentity(ctx, issuer, subject)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	return u.ID, err == nil, err
}

// UserByEmail finds whoever has proved to own an address: by an invitation made out to it, or as an administrator, whom the
// operator has let in. Who only typed it when joining is not found, or they could wait for its owner's single sign-on.
func (s accounts) UserByEmail(ctx context.Context, email string) (string, bool, error) {
	u, err := s.store.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	if err != nil || u.Admin || u.PasswordHash == "" { // without a password only a provider vouches for it
		return u.ID, err == nil, err
	}
	proved, err := s.store.InvitedAs(ctx, u.ID, u.Email)
	return u.ID, proved, err
}

func (s accounts) LinkIdentity(ctx context.Context, user string, i auth.Identity) error {
	return known(s.store.AddIdentity(ctx, store.Actor{UserID: user, UserName: i.Name}, store.Identity{Issuer: i.Issuer, Subject: i.Subject, UserID: user}))
}

// CreateUser makes the account of somebody that a provider vouches for, with an organisation of their own.
func (s accounts) CreateUser(ctx context.Context, i auth.Identity) (string, error) {
	name := i.Name
	if name == "" {
		name = i.Email
	}
	u, err := s.store.CreateUser(ctx, store.Actor{UserName: name}, store.User{Name: name, Email: i.Email})
	if err != nil {
		return "", known(err)
	}
	by := store.Actor{UserID: u.ID, UserName: name}
	if err := s.store.AddIdentity(ctx, by, store.Identity{Issuer: i.Issuer, Subject: i.Subject, UserID: u.ID}); err != nil {
		return "", known(err)
	}
	_, err = s.store.CreateOrganisation(ctx, by, name, u.ID)
	return u.ID, known(err)
}
