package store

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Actor is who makes a change, for the log. The name is copied there so that it stays readable.
type Actor struct {
	UserID   string
	UserName string
}

// Event is one line of the log: who did what when. OrgID and CaseID are "" where the change belongs to none.
type Event struct {
	ID       string
	OrgID    string
	CaseID   string
	UserID   string
	UserName string
	At       time.Time
	Action   Action
	// Detail holds what the action was about, by name: "revision", "reason", "role", "name", "user".
	Detail map[string]string
}

// Action names what happened; the layers above have a text for each.
type Action string

// Everything the store itself writes into the log.
const (
	OrganisationCreated Action = "organisation.created"
	OrganisationRenamed Action = "organisation.renamed"
	MemberAdded         Action = "member.added"
	MemberChanged       Action = "member.changed"
	MemberRemoved       Action = "member.removed"
	InvitationCreated   Action = "invitation.created"
	InvitationAccepted  Action = "invitation.accepted"
	InvitationRevoked   Action = "invitation.revoked"
	UserCreated         Action = "user.created"
	UserChanged         Action = "user.changed"
	PasswordChanged     Action = "user.password"
	PasswordReset       Action = "user.reset"
	IdentityAdded       Action = "user.identity_added"
	IdentityRemoved     Action = "user.identity_removed"
	TokenCreated        Action = "token.created"
	TokenRevoked        Action = "token.revoked"
	CaseCreated         Action = "case.created"
	CaseRenamed         Action = "case.renamed"
	CaseStatusChanged   Action = "case.status"
	CaseArchived        Action = "case.archived"
	CaseReopened        Action = "case.reopened"
	RevisionSaved       Action = "revision.saved"
	CaseSealed          Action = "case.sealed"
	ShareCreated        Action = "share.created"
	ShareRevoked        Action = "share.revoked"
	CommentAdded        Action = "comment.added"
	CommentChanged      Action = "comment.changed"
	CommentResolved     Action = "comment.resolved"
	CommentReopened     Action = "comment.reopened"
)

// Actions lists all of them, so that a test above can ask for a text of each.
var Actions = []Action{OrganisationCreated, OrganisationRenamed, MemberAdded, MemberChanged, MemberRemoved,
	InvitationCreated, InvitationAccepted, InvitationRevoked, UserCreated, UserChanged, PasswordChanged, PasswordReset,
	IdentityAdded, IdentityRemoved, TokenCreated, TokenRevoked, CaseCreated, CaseRenamed, CaseStatusChanged, CaseArchived,
	CaseReopened, RevisionSaved, CaseSealed, ShareCreated, ShareRevoked, CommentAdded, CommentChanged, CommentResolved,
	CommentReopened}

// Record writes a line of its own, for what is no change to the database: an export, a sign-in. ID and At are set here.
func (s *Store) Record(ctx context.Context, e Event) error {
	return s.write(ctx, "writing the log", func(q *query.Queries) error { return s.log(ctx, q, e) })
}

func (s *Store) log(ctx context.Context, q *query.Queries, e Event) error {
	kept := make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		kept[k] = clean(v)
	}
	detail, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return q.InsertEvent(ctx, query.InsertEventParams{ID: NewID(), OrgID: e.OrgID, CaseID: e.CaseID, UserID: e.UserID,
		UserName: clean(e.UserName), At: micros(s.now()), Action: string(e.Action), Detail: string(detail)})
}

// tell is log for a change that actor made.
func (s *Store) tell(ctx context.Context, q *query.Queries, actor Actor, action Action, orgID, caseID string, detail map[string]string) error {
	return s.log(ctx, q, Event{OrgID: orgID, CaseID: caseID, UserID: actor.UserID, UserName: actor.UserName, Action: action, Detail: detail})
}

// Page asks for a part of a long list: Limit rows (1 to 500, else 50) after Cursor, "" for the start.
type Page struct {
	Cursor string
	Limit  int
}

func (p Page) limit() int32 {
	if p.Limit < 1 || p.Limit > 500 {
		return 50
	}
	return int32(p.Limit)
}

// OrganisationEvents lists the log of an organisation, latest first. next is the cursor of the following page, "" at
// the end. ErrCursor.
func (s *Store) OrganisationEvents(ctx context.Context, orgID string, p Page) (events []Event, next string, err error) {
	return s.events(p, "organisation:"+orgID, func(before int64, beforeID string, count int32) ([]query.Event, error) {
		return s.read().EventsOfOrganisation(ctx, query.EventsOfOrganisationParams{OrgID: orgID, Before: before, BeforeID: beforeID, Count: count})
	})
}

// CaseEvents is OrganisationEvents for one case.
func (s *Store) CaseEvents(ctx context.Context, caseID string, p Page) (events []Event, next string, err error) {
	return s.events(p, "case:"+caseID, func(before int64, beforeID string, count int32) ([]query.Event, error) {
		return s.read().EventsOfCase(ctx, query.EventsOfCaseParams{CaseID: caseID, Before: before, BeforeID: beforeID, Count: count})
	})
}

func (s *Store) events(p Page, of string, list func(int64, string, int32) ([]query.Event, error)) ([]Event, string, error) {
	from := cursor{Of: "events:" + of, At: math.MaxInt64}
	if err := from.read(p.Cursor); err != nil {
		return nil, "", err
	}
	limit := p.limit()
	rows, err := list(from.At, from.ID, limit+1)
	if err != nil {
		return nil, "", wrap("reading the log", err)
	}
	next := ""
	if len(rows) > int(limit) {
		rows = rows[:limit]
		last := rows[limit-1]
		next = cursor{Of: from.Of, At: last.At, ID: last.ID}.String()
	}
	return each(rows, event), next, nil
}

func event(r query.Event) Event {
	e := Event{ID: r.ID, OrgID: r.OrgID, CaseID: r.CaseID, UserID: r.UserID, UserName: r.UserName, At: moment(r.At), Action: Action(r.Action)}
	if json.Unmarshal([]byte(r.Detail), &e.Detail) != nil {
		e.Detail = map[string]string{"text": r.Detail} // written by another version
	}
	return e
}
