package store

import (
	"context"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Organisation holds cases and has members.
type Organisation struct {
	ID      string
	Name    string
	Created time.Time
}

// Role is what a member may do, from reading to everything.
type Role string

// The roles, each including those before it.
const (
	Viewer    Role = "viewer"
	Commenter Role = "commenter"
	Editor    Role = "editor"
	Owner     Role = "owner"
)

var roles = []Role{Viewer, Commenter, Editor, Owner}

// Known reports whether the role exists.
func (r Role) Known() bool { return slices.Contains(roles, r) }

// Includes reports whether r may do what other may; an unknown role includes nothing.
func (r Role) Includes(other Role) bool {
	return other.Known() && slices.Index(roles, r) >= slices.Index(roles, other)
}

// Member is a user's place in an organisation. Name, Email and Disabled are the user's, OrgName the organisation's;
// Members fills the former, Memberships the latter.
type Member struct {
	OrgID    string
	UserID   string
	Role     Role
	Created  time.Time
	Name     string
	Email    string
	Disabled time.Time
	OrgName  string
}

// CreateOrganisation makes an organisation that ownerID owns. ErrName; ErrNotFound where there is no such user.
func (s *Store) CreateOrganisation(ctx context.Context, actor Actor, name, ownerID string) (Organisation, error) {
	var o Organisation
	err := s.write(ctx, "creating the organisation", func(q *query.Queries) error {
		var err error
		o, err = s.insertOrganisation(ctx, q, actor, name, ownerID)
		return err
	})
	return o, err
}

func (s *Store) insertOrganisation(ctx context.Context, q *query.Queries, actor Actor, name, ownerID string) (Organisation, error) {
	o := Organisation{ID: NewID(), Name: clean(name), Created: s.now()}
	if o.Name == "" {
		return Organisation{}, ErrName
	}
	if err := q.InsertOrganisation(ctx, query.InsertOrganisationParams{ID: o.ID, Name: o.Name, Created: micros(o.Created)}); err != nil {
		return Organisation{}, err
	}
	if _, err := q.InsertMember(ctx, query.InsertMemberParams{OrgID: o.ID, UserID: ownerID, Role: string(Owner), Created: micros(o.Created)}); err != nil {
		return Organisation{}, err
	}
	return o, s.tell(ctx, q, actor, OrganisationCreated, o.ID, "", map[string]string{"name": o.Name})
}

func organisation(r query.Organisation) Organisation {
	return Organisation{ID: r.ID, Name: r.Name, Created: moment(r.Created)}
}

// Organisation finds one by its id. ErrNotFound.
func (s *Store) Organisation(ctx context.Context, id string) (Organisation, error) {
	r, err := s.read().Organisation(ctx, id)
	return organisation(r), wrap("reading the organisation", err)
}

// Organisations lists all, oldest first.
func (s *Store) Organisations(ctx context.Context) ([]Organisation, error) {
	rows, err := s.read().Organisations(ctx)
	return each(rows, organisation), wrap("listing organisations", err)
}

// RenameOrganisation gives an organisation another name. ErrNotFound, ErrName.
func (s *Store) RenameOrganisation(ctx context.Context, actor Actor, id, name string) error {
	if name = clean(name); name == "" {
		return ErrName
	}
	return s.write(ctx, "renaming the organisation", func(q *query.Queries) error {
		if err := one(q.RenameOrganisation(ctx, query.RenameOrganisationParams{ID: id, Name: name})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, OrganisationRenamed, id, "", map[string]string{"name": name})
	})
}

// Member finds a user's place in an organisation. ErrNotFound.
func (s *Store) Member(ctx context.Context, orgID, userID string) (Member, error) {
	r, err := s.read().Member(ctx, query.MemberParams{OrgID: orgID, UserID: userID})
	return Member{OrgID: r.OrgID, UserID: r.UserID, Role: Role(r.Role), Created: moment(r.Created)}, wrap("reading the member", err)
}

// Members lists an organisation's members, oldest first.
func (s *Store) Members(ctx context.Context, orgID string) ([]Member, error) {
	rows, err := s.read().MembersOfOrganisation(ctx, orgID)
	return each(rows, func(r query.MembersOfOrganisationRow) Member {
		return Member{OrgID: r.OrgID, UserID: r.UserID, Role: Role(r.Role), Created: moment(r.Created), Name: r.Name, Email: r.Email, Disabled: moment(r.Disabled)}
	}), wrap("listing members", err)
}

// Memberships lists the organisations a user belongs to, in the order of joining.
func (s *Store) Memberships(ctx context.Context, userID string) ([]Member, error) {
	rows, err := s.read().MembershipsOfUser(ctx, userID)
	return each(rows, func(r query.MembershipsOfUserRow) Member {
		return Member{OrgID: r.OrgID, UserID: r.UserID, Role: Role(r.Role), Created: moment(r.Created), OrgName: r.Name}
	}), wrap("listing memberships", err)
}

// AddMember makes a user a member. ErrExists where the user is a member already, ErrNotFound where user or organisation is missing, ErrValue.
func (s *Store) AddMember(ctx context.Context, actor Actor, orgID, userID string, role Role) error {
	if !role.Known() {
		return ErrValue
	}
	return s.write(ctx, "adding the member", func(q *query.Queries) error {
		return s.addMember(ctx, q, actor, orgID, userID, role)
	})
}

func (s *Store) addMember(ctx context.Context, q *query.Queries, actor Actor, orgID, userID string, role Role) error {
	n, err := q.InsertMember(ctx, query.InsertMemberParams{OrgID: orgID, UserID: userID, Role: string(role), Created: micros(s.now())})
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrExists
	}
	return s.tell(ctx, q, actor, MemberAdded, orgID, "", map[string]string{"user": userID, "role": string(role)})
}

// keepOwner holds the organisation until the end of the transaction and answers ErrLastOwner where nobody but userID
// owns it.
func (s *Store) keepOwner(ctx context.Context, q *query.Queries, orgID, userID string) error {
	if err := one(q.LockOrganisation(ctx, orgID)); err != nil {
		return err
	}
	n, err := q.CountOtherOwners(ctx, query.CountOtherOwnersParams{OrgID: orgID, UserID: userID})
	if err == nil && n == 0 {
		err = ErrLastOwner
	}
	return err
}

// SetRole changes what a member may do. ErrLastOwner, ErrNotFound, ErrValue.
func (s *Store) SetRole(ctx context.Context, actor Actor, orgID, userID string, role Role) error {
	if !role.Known() {
		return ErrValue
	}
	return s.write(ctx, "changing the role", func(q *query.Queries) error {
		was, err := s.loseMember(ctx, q, orgID, userID, role != Owner)
		if err != nil || was == role {
			return err
		}
		if err := one(q.SetRole(ctx, query.SetRoleParams{OrgID: orgID, UserID: userID, Role: string(role)})); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, MemberChanged, orgID, "", map[string]string{"user": userID, "role": string(role), "was": string(was)})
	})
}

// RemoveMember takes a user out of an organisation and revokes the API tokens the user has there. ErrLastOwner,
// ErrNotFound.
func (s *Store) RemoveMember(ctx context.Context, actor Actor, orgID, userID string) error {
	return s.write(ctx, "removing the member", func(q *query.Queries) error {
		was, err := s.loseMember(ctx, q, orgID, userID, true)
		if err != nil {
			return err
		}
		if err := one(q.DeleteMember(ctx, query.DeleteMemberParams{OrgID: orgID, UserID: userID})); err != nil {
			return err
		}
		if _, err := q.RevokeTokensOfMember(ctx, query.RevokeTokensOfMemberParams{OrgID: orgID, UserID: userID, Revoked: micros(s.now())}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, MemberRemoved, orgID, "", map[string]string{"user": userID, "role": string(was)})
	})
}

// loseMember reads a member's role while nobody else can change the organisation's members, and refuses if the last
// owner is to go.
func (s *Store) loseMember(ctx context.Context, q *query.Queries, orgID, userID string, going bool) (Role, error) {
	if err := one(q.LockOrganisation(ctx, orgID)); err != nil {
		return "", err
	}
	m, err := q.Member(ctx, query.MemberParams{OrgID: orgID, UserID: userID})
	if err != nil {
		return "", err
	}
	if going && m.Role == string(Owner) {
		err = s.keepOwner(ctx, q, orgID, userID)
	}
	return Role(m.Role), err
}
