package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// TokenPrefix begins every API token's secret, so that one left in a file is recognised.
const TokenPrefix = "rendite_"

// Token lets a program act for a user in one organisation. Scopes are words with blanks between. Expires is zero where
// it does not run out, Revoked zero while it may be used, LastUsed zero before the first use.
type Token struct {
	ID       string
	UserID   string
	OrgID    string
	Name     string
	Scopes   string
	Created  time.Time
	LastUsed time.Time
	Expires  time.Time
	Revoked  time.Time
}

func token(r query.Token) Token {
	return Token{ID: r.ID, UserID: r.UserID, OrgID: r.OrgID, Name: r.Name, Scopes: r.Scopes, Created: moment(r.Created),
		LastUsed: moment(r.LastUsed), Expires: moment(r.Expires), Revoked: moment(r.Revoked)}
}

// CreateToken takes UserID, OrgID, Name, Scopes and Expires, and returns the secret. ErrNotFound, ErrName.
func (s *Store) CreateToken(ctx context.Context, actor Actor, made Token) (secret string, _ Token, err error) {
	secret = TokenPrefix + NewSecret()
	made.ID, made.Name, made.Scopes, made.Created = NewID(), clean(made.Name), clean(made.Scopes), s.now()
	made.LastUsed, made.Revoked = time.Time{}, time.Time{}
	if made.Name == "" {
		return "", Token{}, ErrName
	}
	err = s.write(ctx, "creating the token", func(q *query.Queries) error {
		if err := q.InsertToken(ctx, query.InsertTokenParams{ID: made.ID, Hash: Hash(secret), UserID: made.UserID, OrgID: made.OrgID,
			Name: made.Name, Scopes: made.Scopes, Created: micros(made.Created), Expires: micros(made.Expires)}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, TokenCreated, made.OrgID, "", map[string]string{"name": made.Name, "scopes": made.Scopes})
	})
	if err != nil {
		return "", Token{}, err
	}
	made.Expires = moment(micros(made.Expires))
	return secret, made, nil
}

// TokenBySecret finds a token that may be used. ErrNotFound.
func (s *Store) TokenBySecret(ctx context.Context, secret string) (Token, error) {
	r, err := s.read().TokenByHash(ctx, query.TokenByHashParams{Hash: Hash(secret), Now: micros(s.now())})
	return token(r), wrap("reading the token", err)
}

// TouchToken notes that a token was used. ErrNotFound.
func (s *Store) TouchToken(ctx context.Context, id string) error {
	return s.write(ctx, "keeping the token", func(q *query.Queries) error {
		return one(q.TouchToken(ctx, query.TouchTokenParams{ID: id, LastUsed: micros(s.now())}))
	})
}

// Token finds a token by its id, also one that was revoked. ErrNotFound.
func (s *Store) Token(ctx context.Context, id string) (Token, error) {
	r, err := s.read().Token(ctx, id)
	return token(r), wrap("reading the token", err)
}

// UserTokens lists a user's tokens, oldest first, also those that were revoked or have run out.
func (s *Store) UserTokens(ctx context.Context, userID string) ([]Token, error) {
	rows, err := s.read().TokensOfUser(ctx, userID)
	return each(rows, token), wrap("listing tokens", err)
}

// OrganisationTokens is UserTokens for an organisation.
func (s *Store) OrganisationTokens(ctx context.Context, orgID string) ([]Token, error) {
	rows, err := s.read().TokensOfOrganisation(ctx, orgID)
	return each(rows, token), wrap("listing tokens", err)
}

// RevokeToken ends a token. ErrNotFound where there is none or it was revoked before.
func (s *Store) RevokeToken(ctx context.Context, actor Actor, id string) error {
	return s.write(ctx, "revoking the token", func(q *query.Queries) error {
		t, err := q.Token(ctx, id)
		if err != nil {
			return err
		}
		if err := one(q.RevokeToken(ctx, query.RevokeTokenParams{ID: id, Revoked: micros(s.now())})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, TokenRevoked, t.OrgID, "", map[string]string{"name": t.Name})
	})
}
