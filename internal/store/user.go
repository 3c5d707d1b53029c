package store

import (
	"context"
	"strconv"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// User is an account. PasswordHash is "" where the user signs in elsewhere only; Disabled is zero while the account may
// be used.
type User struct {
	ID           string
	Email        string
	Name         string
	PasswordHash string
	Admin        bool
	Lang         string
	Created      time.Time
	Disabled     time.Time
}

// Identity is an account's name at an OpenID provider.
type Identity struct {
	Issuer  string
	Subject string
	UserID  string
	Created time.Time
}

func user(r query.User) User {
	return User{ID: r.ID, Email: r.Email, Name: r.Name, PasswordHash: r.PasswordHash, Admin: r.Admin, Lang: r.Lang,
		Created: moment(r.Created), Disabled: moment(r.Disabled)}
}

// Setup makes the first user, an administrator, and the first organisation, which the user owns. Of two that try at
// once one succeeds. ErrExists where there is a user already; ErrEmail, ErrName.
func (s *Store) Setup(ctx context.Context, u User, organisation string) (User, Organisation, error) {
	u.Admin = true
	var o Organisation
	err := s.write(ctx, "setting up", func(q *query.Queries) error {
		// The row is the lock: whoever comes second waits for it and finds it taken.
		if n, err := q.InsertMeta(ctx, query.InsertMetaParams{Key: "setup", Value: strconv.FormatInt(micros(s.now()), 10)}); err != nil {
			return err
		} else if n == 0 {
			return ErrExists
		}
		if n, err := q.CountUsers(ctx); err != nil {
			return err
		} else if n > 0 {
			return ErrExists
		}
		var err error
		if u, err = s.insertUser(ctx, q, Actor{UserName: u.Name}, u); err != nil {
			return err
		}
		o, err = s.insertOrganisation(ctx, q, Actor{u.ID, u.Name}, organisation, u.ID)
		return err
	})
	return u, o, err
}

// CreateUser adds an account; ID and Created are set here. ErrExists where the email is taken, ErrEmail, ErrName.
func (s *Store) CreateUser(ctx context.Context, actor Actor, u User) (User, error) {
	var made User
	err := s.write(ctx, "creating the account", func(q *query.Queries) error {
		var err error
		made, err = s.insertUser(ctx, q, actor, u)
		return err
	})
	return made, err
}

func (s *Store) insertUser(ctx context.Context, q *query.Queries, actor Actor, u User) (User, error) {
	email, err := Email(u.Email)
	if err != nil {
		return User{}, err
	}
	u.ID, u.Email, u.Name, u.Lang, u.Created = NewID(), email, clean(u.Name), clean(u.Lang), s.now()
	if u.Name == "" {
		return User{}, ErrName
	}
	if actor.UserID == "" {
		actor = Actor{u.ID, u.Name} // they signed up themselves
	}
	if err := q.InsertUser(ctx, query.InsertUserParams{ID: u.ID, Email: u.Email, Name: u.Name, PasswordHash: u.PasswordHash,
		Admin: u.Admin, Lang: u.Lang, Created: micros(u.Created), Disabled: micros(u.Disabled)}); err != nil {
		return User{}, err
	}
	return u, s.tell(ctx, q, actor, UserCreated, "", "", map[string]string{"user": u.ID, "name": u.Name})
}

// CountUsers is 0 before Setup.
func (s *Store) CountUsers(ctx context.Context) (int64, error) {
	n, err := s.read().CountUsers(ctx)
	return n, wrap("counting accounts", err)
}

// User finds an account by its id, also a disabled one. ErrNotFound.
func (s *Store) User(ctx context.Context, id string) (User, error) {
	r, err := s.read().User(ctx, id)
	return user(r), wrap("reading the account", err)
}

// UserByEmail finds an account by its address in any case of letters, also a disabled one. ErrNotFound.
func (s *Store) UserByEmail(ctx context.Context, address string) (User, error) {
	email, err := Email(address)
	if err != nil {
		return User{}, ErrNotFound
	}
	r, err := s.read().UserByEmail(ctx, email)
	return user(r), wrap("reading the account", err)
}

// UserByIdentity finds the account that an OpenID provider's subject belongs to. ErrNotFound.
func (s *Store) UserByIdentity(ctx context.Context, issuer, subject string) (User, error) {
	r, err := s.read().UserByIdentity(ctx, query.UserByIdentityParams{Issuer: clean(issuer), Subject: clean(subject)})
	return user(r), wrap("reading the account", err)
}

// Users lists all accounts, oldest first.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	rows, err := s.read().Users(ctx)
	return each(rows, user), wrap("listing accounts", err)
}

// UpdateUser changes Email, Name, Admin, Lang and Disabled; the password has a method of its own. Disabling signs the
// account out, and is refused with ErrLastOwner while an organisation would have no other owner. ErrNotFound, ErrExists,
// ErrEmail, ErrName.
func (s *Store) UpdateUser(ctx context.Context, actor Actor, u User) error {
	email, err := Email(u.Email)
	if err != nil {
		return err
	}
	if clean(u.Name) == "" {
		return ErrName
	}
	return s.write(ctx, "changing the account", func(q *query.Queries) error {
		if !u.Disabled.IsZero() {
			if err := s.leaveOwnership(ctx, q, u.ID); err != nil {
				return err
			}
			if _, err := q.DeleteSessionsOfUser(ctx, query.DeleteSessionsOfUserParams{UserID: u.ID}); err != nil {
				return err
			}
		}
		if err := one(q.UpdateUser(ctx, query.UpdateUserParams{ID: u.ID, Email: email, Name: clean(u.Name), Admin: u.Admin,
			Lang: clean(u.Lang), Disabled: micros(u.Disabled)})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, UserChanged, "", "", map[string]string{"user": u.ID, "name": u.Name,
			"disabled": strconv.FormatBool(!u.Disabled.IsZero()), "admin": strconv.FormatBool(u.Admin)})
	})
}

// leaveOwnership checks that every organisation the user owns has another owner, and keeps it so until the end of the
// transaction.
func (s *Store) leaveOwnership(ctx context.Context, q *query.Queries, userID string) error {
	memberships, err := q.MembershipsOfUser(ctx, userID)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		if m.Role == string(Owner) {
			if err := s.keepOwner(ctx, q, m.OrgID, userID); err != nil {
				return err
			}
		}
	}
	return nil
}

// SetPassword keeps a new password hash and ends all sessions of the account but the one with the ID kept ("" for none).
// ErrNotFound.
func (s *Store) SetPassword(ctx context.Context, actor Actor, userID, passwordHash, kept string) error {
	return s.write(ctx, "changing the password", func(q *query.Queries) error {
		return s.setPassword(ctx, q, actor, PasswordChanged, userID, passwordHash, kept)
	})
}

func (s *Store) setPassword(ctx context.Context, q *query.Queries, actor Actor, action Action, userID, passwordHash, kept string) error {
	if err := one(q.SetPassword(ctx, query.SetPasswordParams{ID: userID, PasswordHash: passwordHash})); err != nil {
		return err
	}
	if _, err := q.DeleteSessionsOfUser(ctx, query.DeleteSessionsOfUserParams{UserID: userID, Kept: kept}); err != nil {
		return err
	}
	if _, err := q.VoidResets(ctx, query.VoidResetsParams{UserID: userID, Now: micros(s.now())}); err != nil {
		return err
	}
	return s.tell(ctx, q, actor, action, "", "", map[string]string{"user": userID})
}

// RehashPassword replaces the hash old of a password by one of the same password made with newer settings; sessions go
// on. ErrNotFound where the account has another password by now.
func (s *Store) RehashPassword(ctx context.Context, userID, old, passwordHash string) error {
	return s.write(ctx, "keeping the password", func(q *query.Queries) error {
		return one(q.RehashPassword(ctx, query.RehashPasswordParams{ID: userID, Old: old, PasswordHash: passwordHash}))
	})
}

// AddIdentity ties an OpenID subject to an account. ErrExists where it belongs to one already; ErrNotFound.
func (s *Store) AddIdentity(ctx context.Context, actor Actor, i Identity) error {
	return s.write(ctx, "adding the identity", func(q *query.Queries) error {
		if err := q.InsertIdentity(ctx, query.InsertIdentityParams{Issuer: clean(i.Issuer), Subject: clean(i.Subject), UserID: i.UserID,
			Created: micros(s.now())}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, IdentityAdded, "", "", map[string]string{"user": i.UserID, "name": i.Issuer})
	})
}

// Identities lists an account's names at OpenID providers.
func (s *Store) Identities(ctx context.Context, userID string) ([]Identity, error) {
	rows, err := s.read().IdentitiesOfUser(ctx, userID)
	return each(rows, func(r query.Identity) Identity {
		return Identity{Issuer: r.Issuer, Subject: r.Subject, UserID: r.UserID, Created: moment(r.Created)}
	}), wrap("listing identities", err)
}

// RemoveIdentity unties an OpenID subject from its account. ErrNotFound.
func (s *Store) RemoveIdentity(ctx context.Context, actor Actor, i Identity) error {
	return s.write(ctx, "removing the identity", func(q *query.Queries) error {
		if err := one(q.DeleteIdentity(ctx, query.DeleteIdentityParams{Issuer: clean(i.Issuer), Subject: clean(i.Subject), UserID: i.UserID})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, IdentityRemoved, "", "", map[string]string{"user": i.UserID, "name": i.Issuer})
	})
}
