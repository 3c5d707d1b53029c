package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Share lets whoever has its secret read one case. Expires is zero where it does not run out, Revoked zero while it may
// be used.
type Share struct {
	ID        string
	CaseID    string
	CreatedBy string
	Created   time.Time
	Expires   time.Time
	Revoked   time.Time
}

func share(r query.Share) Share {
	return Share{ID: r.ID, CaseID: r.CaseID, CreatedBy: r.CreatedBy, Created: moment(r.Created), Expires: moment(r.Expires), Revoked: moment(r.Revoked)}
}

// CreateShare returns the secret for a link to a case; the zero time for a link that does not run out. ErrNotFound.
func (s *Store) CreateShare(ctx context.Context, actor Actor, caseID string, expires time.Time) (secret string, _ Share, err error) {
	secret = NewSecret()
	made := Share{ID: NewID(), CaseID: caseID, CreatedBy: actor.UserID, Created: s.now(), Expires: moment(micros(expires))}
	err = s.changeCase(ctx, "creating the share", caseID, func(q *query.Queries, c Case) error {
		if err := q.InsertShare(ctx, query.InsertShareParams{ID: made.ID, Hash: Hash(secret), CaseID: caseID, CreatedBy: made.CreatedBy,
			Created: micros(made.Created), Expires: micros(made.Expires)}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, ShareCreated, c.OrgID, caseID, map[string]string{"share": made.ID})
	})
	if err != nil {
		return "", Share{}, err
	}
	return secret, made, nil
}

// ShareBySecret finds a share that may be used. ErrNotFound.
func (s *Store) ShareBySecret(ctx context.Context, secret string) (Share, error) {
	r, err := s.read().ShareByHash(ctx, query.ShareByHashParams{Hash: Hash(secret), Now: micros(s.now())})
	return share(r), wrap("reading the share", err)
}

// Share finds a share by its id, also one that was revoked. ErrNotFound.
func (s *Store) Share(ctx context.Context, id string) (Share, error) {
	r, err := s.read().Share(ctx, id)
	return share(r), wrap("reading the share", err)
}

// Shares lists all of a case, oldest first, also those that were revoked or have run out.
func (s *Store) Shares(ctx context.Context, caseID string) ([]Share, error) {
	rows, err := s.read().SharesOfCase(ctx, caseID)
	return each(rows, share), wrap("listing shares", err)
}

// RevokeShare ends a share. ErrNotFound where there is none or it was revoked before.
func (s *Store) RevokeShare(ctx context.Context, actor Actor, id string) error {
	return s.write(ctx, "revoking the share", func(q *query.Queries) error {
		sh, err := q.Share(ctx, id)
		if err != nil {
			return err
		}
		if err := one(q.RevokeShare(ctx, query.RevokeShareParams{ID: id, Revoked: micros(s.now())})); err != nil {
			return err
		}
		c, err := q.CaseByID(ctx, sh.CaseID)
		if err != nil {
			return err
		}
		return s.tell(ctx, q, actor, ShareRevoked, c.OrgID, c.ID, map[string]string{"share": id})
	})
}
