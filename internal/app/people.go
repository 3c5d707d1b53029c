package app

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// Comments lists what was said at a place of a case, oldest first; all places where anchor is empty. A shared link shows
// the report without them.
func (a *App) Comments(ctx context.Context, who Actor, caseID, anchor string) ([]store.Comment, error) {
	if _, err := a.allowed(ctx, who, auth.CaseExport, caseID); err != nil {
		return nil, err
	}
	list, err := a.store.Comments(ctx, caseID)
	if anchor != "" {
		list = slices.DeleteFunc(list, func(c store.Comment) bool { return c.Anchor != anchor })
	}
	return list, err
}

// MaxComment is the length of a comment in characters.
const MaxComment = 4000

var mention = regexp.MustCompile(`@([\p{L}\p{N}._%+-]+(?:@[\p{L}\p{N}.-]+)?)`)

// Comment says something at a place. "@name" or "@name@example.com" mentions a member.
func (a *App) Comment(ctx context.Context, who Actor, caseID, anchor, parent, text string) (store.Comment, error) {
	c, err := a.allowed(ctx, who, auth.CommentWrite, caseID)
	if err != nil {
		return store.Comment{}, err
	}
	text = strings.TrimSpace(text)
	if text == "" || len([]rune(text)) > MaxComment {
		return store.Comment{}, &Error{Code: Invalid, Key: "web.error.comment", Field: "text"}
	}
	members, err := a.store.Members(ctx, c.OrgID)
	if err != nil {
		return store.Comment{}, err
	}
	var mentioned []string
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		name := strings.TrimRight(m[1], ".-_+%") // the full stop is the sentence's
		for _, p := range members {
			if strings.EqualFold(name, p.Email) || strings.EqualFold(name, strings.ReplaceAll(p.Name, " ", ".")) || strings.EqualFold(name, first(p.Name)) {
				mentioned = append(mentioned, p.UserID)
			}
		}
	}
	made, err := a.store.AddComment(ctx, who.log(), store.Comment{CaseID: caseID, Anchor: anchor, ParentID: parent, Text: text, Mentions: mentioned})
	return made, known(err)
}

func first(name string) string {
	s, _, _ := strings.Cut(name, " ")
	return s
}

// ResolveComment marks a comment as done.
func (a *App) ResolveComment(ctx context.Context, who Actor, caseID, id string) error {
	if _, err := a.allowed(ctx, who, auth.CommentResolve, caseID); err != nil {
		return err
	}
	c, err := a.store.Comment(ctx, id)
	if err != nil || c.CaseID != caseID {
		return &Error{Code: NotFound, Key: "web.error.not_found"}
	}
	return known(a.store.ResolveComment(ctx, who.log(), id))
}

// Share makes a link through which anybody can read the case until it expires. The secret is shown once.
func (a *App) Share(ctx context.Context, who Actor, caseID string, days int) (secret string, err error) {
	if _, err := a.allowed(ctx, who, auth.ShareCreate, caseID); err != nil {
		return "", err
	}
	if days < 1 || days > 366 {
		return "", &Error{Code: Invalid, Key: "web.error.request"}
	}
	secret, _, err = a.store.CreateShare(ctx, who.log(), caseID, a.now().Add(time.Duration(days)*24*time.Hour))
	return secret, known(err)
}

// Shares lists the links to a case.
func (a *App) Shares(ctx context.Context, who Actor, caseID string) ([]store.Share, error) {
	if _, err := a.allowed(ctx, who, auth.ShareCreate, caseID); err != nil {
		return nil, err
	}
	return a.store.Shares(ctx, caseID)
}

// RevokeShare ends a link.
func (a *App) RevokeShare(ctx context.Context, who Actor, caseID, id string) error {
	if _, err := a.allowed(ctx, who, auth.ShareRevoke, caseID); err != nil {
		return err
	}
	s, err := a.store.Share(ctx, id)
	if err != nil || s.CaseID != caseID {
		return &Error{Code: NotFound, Key: "web.error.not_found"}
	}
	return known(a.store.RevokeShare(ctx, who.log(), id))
}

// Visitor is the actor behind a shared link: it may read one case.
func (a *App) Visitor(ctx context.Context, secret string) (Actor, string, error) {
	s, err := a.store.ShareBySecret(ctx, secret)
	if errors.Is(err, store.ErrNotFound) {
		return Actor{}, "", &Error{Code: NotFound, Key: "web.error.share"}
	}
	if err != nil {
		return Actor{}, "", err
	}
	c, err := a.store.Case(ctx, s.CaseID)
	if err != nil {
		return Actor{}, "", known(err)
	}
	return Actor{Actor: auth.Actor{Share: &auth.SharedCase{Organisation: c.OrgID, Case: c.ID}}}, c.ID, nil
}

// Events lists what happened in an organisation or, where caseID is given, to a case, newest first.
func (a *App) Events(ctx context.Context, who Actor, org, caseID, cursor string) ([]store.Event, string, error) {
	page := store.Page{Cursor: cursor, Limit: 50}
	if caseID != "" {
		if _, err := a.allowed(ctx, who, auth.EventList, caseID); err != nil {
			return nil, "", err
		}
		list, next, err := a.store.CaseEvents(ctx, caseID, page)
		return list, next, known(err)
	}
	if err := a.inOrganisation(who, auth.EventList, org); err != nil {
		return nil, "", err
	}
	list, next, err := a.store.OrganisationEvents(ctx, org, page)
	return list, next, known(err)
}

// Organisation finds one that the actor belongs to or looks after.
func (a *App) Organisation(ctx context.Context, who Actor, org string) (store.Organisation, error) {
	if err := a.inOrganisation(who, auth.CaseRead, org); err != nil && a.inOrganisation(who, auth.MemberList, org) != nil {
		return store.Organisation{}, err
	}
	o, err := a.store.Organisation(ctx, org)
	return o, known(err)
}

// CreateOrganisation makes one that the actor owns.
func (a *App) CreateOrganisation(ctx context.Context, who Actor, name string) (store.Organisation, error) {
	if err := a.inOrganisation(who, auth.OrgCreate, ""); err != nil {
		return store.Organisation{}, err
	}
	o, err := a.store.CreateOrganisation(ctx, who.log(), strings.TrimSpace(name), who.User)
	return o, known(err)
}

// RenameOrganisation gives it another name.
func (a *App) RenameOrganisation(ctx context.Context, who Actor, org, name string) error {
	if err := a.inOrganisation(who, auth.OrgRename, org); err != nil {
		return err
	}
	return known(a.store.RenameOrganisation(ctx, who.log(), org, strings.TrimSpace(name)))
}

// Members lists who belongs to an organisation.
func (a *App) Members(ctx context.Context, who Actor, org string) ([]store.Member, error) {
	if err := a.inOrganisation(who, auth.MemberList, org); err != nil {
		return nil, err
	}
	return a.store.Members(ctx, org)
}

// SetRole changes what a member may do.
func (a *App) SetRole(ctx context.Context, who Actor, org, user, role string) error {
	if err := a.inOrganisation(who, auth.MemberChange, org); err != nil {
		return err
	}
	return known(a.store.SetRole(ctx, who.log(), org, user, store.Role(role)))
}

// RemoveMember takes somebody out of an organisation.
func (a *App) RemoveMember(ctx context.Context, who Actor, org, user string) error {
	if err := a.inOrganisation(who, auth.MemberChange, org); err != nil {
		return err
	}
	return known(a.store.RemoveMember(ctx, who.log(), org, user))
}

// Invite makes a link that lets somebody in; with an address, only an account of that address.
func (a *App) Invite(ctx context.Context, who Actor, org, email, role string) (secret string, err error) {
	if err := a.inOrganisation(who, auth.MemberInvite, org); err != nil {
		return "", err
	}
	secret, _, err = a.store.CreateInvitation(ctx, who.log(), store.Invitation{OrgID: org, Role: store.Role(role), Email: strings.TrimSpace(email), CreatedBy: who.User,
		Expires: a.now().Add(auth.InvitationLifetime)})
	return secret, known(err)
}

// Invitation finds an open invitation and the organisation it is to.
func (a *App) Invitation(ctx context.Context, secret string) (store.Invitation, store.Organisation, error) {
	i, err := a.store.InvitationBySecret(ctx, secret)
	if err != nil {
		return i, store.Organisation{}, invited(err)
	}
	o, err := a.store.Organisation(ctx, i.OrgID)
	return i, o, known(err)
}

// Invitations lists those of an organisation that can still be accepted, oldest first.
func (a *App) Invitations(ctx context.Context, who Actor, org string) ([]store.Invitation, error) {
	if err := a.inOrganisation(who, auth.MemberInvite, org); err != nil {
		return nil, err
	}
	list, err := a.store.Invitations(ctx, org)
	return slices.DeleteFunc(list, func(i store.Invitation) bool { return !i.AcceptedAt.IsZero() || !i.Expires.After(a.now()) }), known(err)
}

// Withdraw ends an invitation that nobody has accepted.
func (a *App) Withdraw(ctx context.Context, who Actor, org, id string) error {
	if err := a.inOrganisation(who, auth.MemberInvite, org); err != nil {
		return err
	}
	return known(a.store.RevokeInvitation(ctx, who.log(), org, id))
}

func invited(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &Error{Code: NotFound, Key: "web.error.invitation"}
	}
	return known(err)
}

// Accept takes an invitation.
func (a *App) Accept(ctx context.Context, who Actor, secret string) (org string, err error) {
	m, err := a.store.AcceptInvitation(ctx, secret, who.User)
	return m.OrgID, invited(err)
}

// Tokens lists the API tokens of a person who is signed in. A token may not look around among its siblings.
func (a *App) Tokens(ctx context.Context, who Actor) ([]store.Token, error) {
	if err := auth.Allowed(who.Actor, auth.TokenRevoke, auth.Facts{User: who.User}); err != nil {
		return nil, err
	}
	return a.store.UserTokens(ctx, who.User)
}

// CreateToken makes an API token for one organisation. The secret is shown once.
func (a *App) CreateToken(ctx context.Context, who Actor, org, name string, scopes []string, days int) (secret string, err error) {
	if err := auth.Allowed(who.Actor, auth.TokenCreate, auth.Facts{Organisation: org, User: who.User}); err != nil {
		return "", err
	}
	// Where the actor has nothing to do, a token would open nothing and yet stand in that organisation's log.
	if err := a.inOrganisation(who, auth.MemberList, org); err != nil {
		return "", err
	}
	parsed, err := auth.ParseScopes(scopes)
	if err != nil {
		return "", err
	}
	if days < 1 || days > 366 || len(parsed) == 0 {
		return "", &Error{Code: Invalid, Key: "web.error.scopes", Field: "scope"}
	}
	var texts []string
	for _, s := range parsed {
		texts = append(texts, string(s))
	}
	secret, _, err = a.store.CreateToken(ctx, who.log(), store.Token{UserID: who.User, OrgID: org, Name: strings.TrimSpace(name), Scopes: strings.Join(texts, " "),
		Expires: a.now().Add(time.Duration(days) * 24 * time.Hour)})
	return secret, known(err)
}

// RevokeToken ends a token of the actor.
func (a *App) RevokeToken(ctx context.Context, who Actor, id string) error {
	t, err := a.store.Token(ctx, id)
	if err != nil {
		return known(err)
	}
	if err := auth.Allowed(who.Actor, auth.TokenRevoke, auth.Facts{Organisation: t.OrgID, User: t.UserID}); err != nil {
		return err
	}
	return known(a.store.RevokeToken(ctx, who.log(), id))
}

// Bearer is the actor behind an API token.
func (a *App) Bearer(ctx context.Context, secret string) (Actor, error) {
	denied := &Error{Code: Unauthenticated, Key: "web.error.token"}
	t, err := a.store.TokenBySecret(ctx, secret)
	if errors.Is(err, store.ErrNotFound) {
		return Actor{}, denied
	}
	if err != nil {
		return Actor{}, err
	}
	who, err := a.Actor(ctx, t.UserID)
	if err != nil {
		return Actor{}, err
	}
	scopes, err := auth.ParseScopes(strings.Fields(t.Scopes))
	if err != nil {
		return Actor{}, err
	}
	who.Token = &auth.Grant{Organisation: t.OrgID, Scopes: scopes}
	if a.now().Sub(t.LastUsed) > time.Minute {
		_ = a.store.TouchToken(ctx, t.ID)
	}
	return who, nil
}

// SetName changes the actor's own name.
func (a *App) SetName(ctx context.Context, who Actor, name string) error {
	u, err := a.store.User(ctx, who.User)
	if err != nil {
		return known(err)
	}
	u.Name = strings.TrimSpace(name)
	return known(a.store.UpdateUser(ctx, who.log(), u))
}
