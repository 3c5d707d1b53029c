package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Invitation lets whoever has its secret join an organisation, once. ID is the secret's hash. Email is "" where it is
// open to anybody. AcceptedAt is zero until somebody has joined.
type Invitation struct {
	ID         string
	OrgID      string
	Role       Role
	Email      string
	CreatedBy  string
	Created    time.Time
	Expires    time.Time
	AcceptedBy string
	AcceptedAt time.Time
}

func invitation(r query.Invitation) Invitation {
	return Invitation{ID: r.Hash, OrgID: r.OrgID, Role: Role(r.Role), Email: r.Email, CreatedBy: r.CreatedBy, Created: moment(r.Created),
		Expires: moment(r.Expires), AcceptedBy: r.AcceptedBy, AcceptedAt: moment(r.AcceptedAt)}
}

// CreateInvitation takes OrgID, Role, Email and Expires, and returns the secret for the link. ErrNotFound, ErrValue,
// ErrEmail.
func (s *Store) CreateInvitation(ctx context.Context, actor Actor, i Invitation) (secret string, made Invitation, err error) {
	if !i.Role.Known() {
		return "", Invitation{}, ErrValue
	}
	if i.Email != "" {
		if i.Email, err = Email(i.Email); err != nil {
			return "", Invitation{}, err
		}
	}
	secret = NewSecret()
	i.ID, i.CreatedBy, i.Created, i.AcceptedBy, i.AcceptedAt = Hash(secret), actor.UserID, s.now(), "", time.Time{}
	i.Expires = i.Expires.UTC().Truncate(time.Microsecond)
	err = s.write(ctx, "creating the invitation", func(q *query.Queries) error {
		if err := q.InsertInvitation(ctx, query.InsertInvitationParams{Hash: i.ID, OrgID: i.OrgID, Role: string(i.Role), Email: i.Email,
			CreatedBy: i.CreatedBy, Created: micros(i.Created), Expires: micros(i.Expires)}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, InvitationCreated, i.OrgID, "", map[string]string{"role": string(i.Role), "email": i.Email})
	})
	if err != nil {
		return "", Invitation{}, err
	}
	return secret, i, nil
}

// InvitationBySecret finds an invitation that can still be accepted. ErrNotFound.
func (s *Store) InvitationBySecret(ctx context.Context, secret string) (Invitation, error) {
	r, err := s.read().Invitation(ctx, Hash(secret))
	if err == nil && (r.AcceptedAt != 0 || r.Expires <= micros(s.now())) {
		return Invitation{}, ErrNotFound
	}
	return invitation(r), wrap("reading the invitation", err)
}

// Invitations lists all of an organisation, oldest first, also those that have run out or were accepted.
func (s *Store) Invitations(ctx context.Context, orgID string) ([]Invitation, error) {
	rows, err := s.read().InvitationsOfOrganisation(ctx, orgID)
	return each(rows, invitation), wrap("listing invitations", err)
}

// AcceptInvitation makes userID a member by an invitation, which is used up. ErrNotFound where it is gone, ErrExists
// where the user is a member already, ErrWrongEmail where it was made out to somebody else.
func (s *Store) AcceptInvitation(ctx context.Context, secret, userID string) (Member, error) {
	var m Member
	err := s.write(ctx, "accepting the invitation", func(q *query.Queries) error {
		u, err := q.User(ctx, userID)
		if err != nil {
			return err
		}
		i, err := q.Invitation(ctx, Hash(secret))
		if err != nil {
			return err
		}
		if i.Email != "" && i.Email != u.Email {
			return ErrWrongEmail
		}
		if err := one(q.AcceptInvitation(ctx, query.AcceptInvitationParams{Hash: i.Hash, AcceptedBy: userID, AcceptedAt: micros(s.now())})); err != nil {
			return err
		}
		m = Member{OrgID: i.OrgID, UserID: userID, Role: Role(i.Role), Created: s.now()}
		n, err := q.InsertMember(ctx, query.InsertMemberParams{OrgID: m.OrgID, UserID: userID, Role: i.Role, Created: micros(m.Created)})
		if err == nil && n == 0 {
			err = ErrExists
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, q, Actor{u.ID, u.Name}, InvitationAccepted, i.OrgID, "", map[string]string{"role": i.Role})
	})
	return m, err
}

// InvitedAs reports whether a user came in through an invitation that was made out to an address, and so has proved to read
// what is sent there.
func (s *Store) InvitedAs(ctx context.Context, userID, email string) (bool, error) {
	n, err := s.read().CountInvitationsTo(ctx, query.CountInvitationsToParams{AcceptedBy: userID, Email: email})
	return n > 0, wrap("looking for invitations", err)
}

// RevokeInvitation deletes an invitation nobody has accepted, by its ID. ErrNotFound.
func (s *Store) RevokeInvitation(ctx context.Context, actor Actor, orgID, id string) error {
	return s.write(ctx, "revoking the invitation", func(q *query.Queries) error {
		if err := one(q.DeleteInvitation(ctx, query.DeleteInvitationParams{Hash: id, OrgID: orgID})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, InvitationRevoked, orgID, "", nil)
	})
}
