package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Session is one signed-in browser. ID is the hash of its secret.
type Session struct {
	ID        string
	UserID    string
	Created   time.Time
	LastSeen  time.Time
	Expires   time.Time
	UserAgent string
	Address   string
}

// Reset lets whoever has its secret set a new password, once.
type Reset struct {
	UserID  string
	Created time.Time
	Expires time.Time
}

func session(r query.Session) Session {
	return Session{ID: r.Hash, UserID: r.UserID, Created: moment(r.Created), LastSeen: moment(r.LastSeen), Expires: moment(r.Expires),
		UserAgent: r.UserAgent, Address: r.Address}
}

// CreateSession takes UserID, Expires, UserAgent and Address, and returns the secret for the cookie. ErrNotFound.
func (s *Store) CreateSession(ctx context.Context, made Session) (secret string, _ Session, err error) {
	secret = NewSecret()
	made.ID, made.Created, made.LastSeen = Hash(secret), s.now(), s.now()
	made.Expires, made.UserAgent, made.Address = made.Expires.UTC().Truncate(time.Microsecond), clean(made.UserAgent), clean(made.Address)
	err = s.write(ctx, "creating the session", func(q *query.Queries) error {
		return q.InsertSession(ctx, query.InsertSessionParams{Hash: made.ID, UserID: made.UserID, Created: micros(made.Created),
			LastSeen: micros(made.LastSeen), Expires: micros(made.Expires), UserAgent: made.UserAgent, Address: made.Address})
	})
	if err != nil {
		return "", Session{}, err
	}
	return secret, made, nil
}

// SessionBySecret finds a session that has not run out. ErrNotFound.
func (s *Store) SessionBySecret(ctx context.Context, secret string) (Session, error) {
	r, err := s.read().Session(ctx, query.SessionParams{Hash: Hash(secret), Now: micros(s.now())})
	return session(r), wrap("reading the session", err)
}

// TouchSession notes that a session was used and until when it lasts now. One that has run out is not revived:
// ErrNotFound.
func (s *Store) TouchSession(ctx context.Context, id string, expires time.Time) error {
	return s.write(ctx, "keeping the session", func(q *query.Queries) error {
		return one(q.TouchSession(ctx, query.TouchSessionParams{Hash: id, LastSeen: micros(s.now()), Expires: micros(expires)}))
	})
}

// Sessions lists a user's sessions that have not run out, the last used first.
func (s *Store) Sessions(ctx context.Context, userID string) ([]Session, error) {
	rows, err := s.read().SessionsOfUser(ctx, query.SessionsOfUserParams{UserID: userID, Now: micros(s.now())})
	return each(rows, session), wrap("listing sessions", err)
}

// EndSession ends one session of a user, by its ID. ErrNotFound.
func (s *Store) EndSession(ctx context.Context, userID, id string) error {
	return s.write(ctx, "ending the session", func(q *query.Queries) error {
		return one(q.DeleteSession(ctx, query.DeleteSessionParams{UserID: userID, Hash: id}))
	})
}

// EndSessions ends all sessions of a user but the one with the ID kept ("" for none) and says how many there were.
func (s *Store) EndSessions(ctx context.Context, userID, kept string) (ended int64, err error) {
	err = s.write(ctx, "ending sessions", func(q *query.Queries) error {
		var err error
		ended, err = q.DeleteSessionsOfUser(ctx, query.DeleteSessionsOfUserParams{UserID: userID, Kept: kept})
		return err
	})
	return ended, err
}

// CreateReset returns the secret for a link that sets a new password until expires. ErrNotFound.
func (s *Store) CreateReset(ctx context.Context, userID string, expires time.Time) (secret string, err error) {
	secret = NewSecret()
	err = s.write(ctx, "creating the reset", func(q *query.Queries) error {
		return q.InsertReset(ctx, query.InsertResetParams{Hash: Hash(secret), UserID: userID, Created: micros(s.now()), Expires: micros(expires)})
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// ResetBySecret finds a reset that can still be used. ErrNotFound.
func (s *Store) ResetBySecret(ctx context.Context, secret string) (Reset, error) {
	r, err := s.read().Reset(ctx, query.ResetParams{Hash: Hash(secret), Now: micros(s.now())})
	return Reset{UserID: r.UserID, Created: moment(r.Created), Expires: moment(r.Expires)}, wrap("reading the reset", err)
}

// UseReset sets the password by a reset, which is used up like every other of the account, and ends all its sessions.
// ErrNotFound.
func (s *Store) UseReset(ctx context.Context, secret, passwordHash string) (User, error) {
	var u User
	err := s.write(ctx, "resetting the password", func(q *query.Queries) error {
		now := micros(s.now())
		r, err := q.Reset(ctx, query.ResetParams{Hash: Hash(secret), Now: now})
		if err != nil {
			return err
		}
		if err := one(q.UseReset(ctx, query.UseResetParams{Hash: r.Hash, Now: now})); err != nil {
			return err
		}
		found, err := q.User(ctx, r.UserID)
		if err != nil {
			return err
		}
		u = user(found)
		u.PasswordHash = passwordHash
		return s.setPassword(ctx, q, Actor{u.ID, u.Name}, PasswordReset, u.ID, passwordHash, "")
	})
	return u, err
}

// Prune deletes what has run out: sessions, resets, and idempotency keys older than keys. It says how many rows.
func (s *Store) Prune(ctx context.Context, keys time.Duration) (deleted int64, err error) {
	err = s.write(ctx, "deleting what has run out", func(q *query.Queries) error {
		now := s.now()
		sessions, err := q.DeleteExpiredSessions(ctx, micros(now))
		if err != nil {
			return err
		}
		resets, err := q.DeleteExpiredResets(ctx, micros(now))
		if err != nil {
			return err
		}
		requests, err := q.ExpireIdempotency(ctx, micros(now.Add(-keys)))
		deleted = sessions + resets + requests
		return err
	})
	return deleted, err
}
