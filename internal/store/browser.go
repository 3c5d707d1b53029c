package store

import (
	"context"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// InsertSession keeps a session whose secret was drawn elsewhere: ID is its hash. ErrNotFound, ErrExists.
func (s *Store) InsertSession(ctx context.Context, v Session) error {
	return s.write(ctx, "creating the session", func(q *query.Queries) error {
		return q.InsertSession(ctx, query.InsertSessionParams{Hash: v.ID, UserID: v.UserID, Created: micros(v.Created), LastSeen: micros(v.LastSeen),
			Expires: micros(v.Expires), UserAgent: clean(v.UserAgent), Address: clean(v.Address)})
	})
}

// Session finds a session that has not run out by its hash. ErrNotFound.
func (s *Store) Session(ctx context.Context, id string) (Session, error) {
	r, err := s.read().Session(ctx, query.SessionParams{Hash: id, Now: micros(s.now())})
	return session(r), wrap("reading the session", err)
}
