package api

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store"
)

// Organisation holds cases and has members.
type Organisation struct {
	ID   string `json:"id" doc:"Identifier." example:"HmZ8nqUYzV0"`
	Name string `json:"name" doc:"Its name." example:"Beispiel GmbH"`
	Role string `json:"role,omitempty" enum:"viewer,commenter,editor,owner" doc:"What the one who asks is there; left out for administrators who are no member." example:"editor"`
}

// Member is somebody in an organisation.
type Member struct {
	User  string    `json:"user" doc:"Identifier of the account."`
	Name  string    `json:"name" doc:"What the person is called." example:"Anna Müller"`
	Email string    `json:"email" doc:"E-mail address." example:"anna@example.com"`
	Role  string    `json:"role" enum:"viewer,commenter,editor,owner" doc:"What the person may do; each role includes those before it."`
	Since time.Time `json:"since" doc:"When the person joined."`
	// Disabled accounts can do nothing.
	Disabled bool `json:"disabled" doc:"Whether the account is switched off."`
}

// Invitation is the link that lets somebody in.
type Invitation struct {
	ID      string    `json:"id" doc:"Identifier; it opens nothing."`
	Secret  string    `json:"secret,omitempty" doc:"Opens the organisation; shown this once."`
	Path    string    `json:"path,omitempty" doc:"The page that accepts it, on this server; hand it to the person."`
	Email   string    `json:"email,omitempty" doc:"The only address that may accept it; left out for anybody." example:"bernd@example.com"`
	Role    string    `json:"role" enum:"viewer,commenter,editor,owner" doc:"What the person becomes."`
	Expires time.Time `json:"expires" doc:"When it runs out."`
}

// Event is one line of the log.
type Event struct {
	ID       string            `json:"id" doc:"Identifier."`
	At       time.Time         `json:"at" doc:"When it happened."`
	Action   string            `json:"action" doc:"What happened, such as case.created or revision.saved." example:"revision.saved"`
	User     string            `json:"user,omitempty" doc:"Identifier of who did it."`
	UserName string            `json:"user_name,omitempty" doc:"What the person was called then." example:"Anna Müller"`
	Case     string            `json:"case,omitempty" doc:"Identifier of the case it is about."`
	Detail   map[string]string `json:"detail" doc:"What it was about, by name: revision, reason, role, name, user."`
}

func event(e store.Event) Event {
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	return Event{ID: e.ID, At: e.At, Action: string(e.Action), User: e.UserID, UserName: e.UserName, Case: e.CaseID, Detail: e.Detail}
}

// InOrganisation names an organisation.
type InOrganisation struct {
	Organisation string `path:"organisation" maxLength:"100" doc:"Identifier of the organisation." example:"HmZ8nqUYzV0"`
}

// Named gives a name.
type Named struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200" doc:"Its name." example:"Beispiel GmbH"`
	}
}

func (a *API) organisations() {
	const tag = "Organisations"
	add(a, operation{id: "list-organisations", method: "GET", path: "/organisations", tag: tag, summary: "List my organisations",
		text: "A token sees the one it was made for."},
		func(ctx context.Context, q *ask, _ *struct{}) (*body[Page[Organisation]], error) {
			if q.who.User == "" {
				return nil, a.App.MayCompute(q.who)
			}
			list, err := a.App.Organisations(ctx, q.who)
			if err != nil {
				return nil, err
			}
			all := []Organisation{}
			for _, o := range list {
				if t := q.who.Token; t == nil || t.Organisation == "" || t.Organisation == o.ID {
					all = append(all, Organisation{o.ID, o.Name, o.Role.String()})
				}
			}
			return &body[Page[Organisation]]{Page[Organisation]{Items: all}}, nil
		})
	add(a, operation{id: "create-organisation", method: "POST", path: "/organisations", tag: tag, summary: "Make an organisation", status: 201, once: true,
		text: "For administrators of the installation, who then own it."},
		func(ctx context.Context, q *ask, in *Named) (*created[Organisation], error) {
			o, err := a.App.CreateOrganisation(ctx, q.who, in.Body.Name)
			if err != nil {
				return nil, err
			}
			return &created[Organisation]{Location: Prefix + "/organisations/" + o.ID, Body: Organisation{o.ID, o.Name, "owner"}}, nil
		})
	add(a, operation{id: "get-organisation", method: "GET", path: "/organisations/{organisation}", tag: tag, summary: "An organisation"},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Organisation], error) {
			return a.organisation(ctx, q, in.Organisation)
		})
	add(a, operation{id: "rename-organisation", method: "PATCH", path: "/organisations/{organisation}", tag: tag, summary: "Rename an organisation"},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			Named
		}) (*body[Organisation], error) {
			if err := a.App.RenameOrganisation(ctx, q.who, in.Organisation, in.Body.Name); err != nil {
				return nil, err
			}
			return &body[Organisation]{Organisation{in.Organisation, in.Body.Name, q.who.Roles[in.Organisation].String()}}, nil
		})
	a.members()
	add(a, operation{id: "get-portfolio", method: "GET", path: "/organisations/{organisation}/portfolio", tag: tag, summary: "All cases added up",
		text: "The plans by calendar month and the joint distribution of the net present values, the cases taken to be independent of each other; of the cases in the currency of most of them."},
		a.portfolio)
	add(a, operation{id: "list-organisation-events", method: "GET", path: "/organisations/{organisation}/events", tag: tag, summary: "What happened in an organisation", text: "Latest first."},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			Paging
		}) (*paged[Event], error) {
			list, next, err := a.App.EventPage(ctx, q.who, in.Organisation, "", in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return page(q, list, next, event), nil
		})
}

func (a *API) organisation(ctx context.Context, q *ask, id string) (*body[Organisation], error) {
	o, err := a.App.Organisation(ctx, q.who, id)
	if err != nil {
		return nil, err
	}
	return &body[Organisation]{Organisation{o.ID, o.Name, q.who.Roles[id].String()}}, nil
}

// InMember names a member.
type InMember struct {
	InOrganisation
	User string `path:"user" maxLength:"100" doc:"Identifier of the member's account."`
}

func (a *API) members() {
	const tag = "Members"
	add(a, operation{id: "list-members", method: "GET", path: "/organisations/{organisation}/members", tag: tag, summary: "List members"},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[Member]], error) {
			list, err := a.App.Members(ctx, q.who, in.Organisation)
			if err != nil {
				return nil, err
			}
			return &body[Page[Member]]{Page[Member]{Items: each(list, func(m store.Member) Member {
				return Member{m.UserID, m.Name, m.Email, string(m.Role), m.Created, !m.Disabled.IsZero()}
			})}}, nil
		})
	add(a, operation{id: "invite-member", method: "POST", path: "/organisations/{organisation}/invitations", tag: tag, summary: "Invite somebody", status: 201, once: true, secret: "secret",
		text: "The answer holds a secret that is shown once: a repeated request with the same Idempotency-Key is answered without it."},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			Body struct {
				Role  string `json:"role" enum:"viewer,commenter,editor,owner" doc:"What the person becomes." example:"editor"`
				Email string `json:"email,omitempty" maxLength:"254" doc:"The only address that may accept; anybody with the link where it is left out." example:"bernd@example.com"`
			}
		}) (*body[Invitation], error) {
			secret, err := a.App.Invite(ctx, q.who, in.Organisation, in.Body.Email, in.Body.Role)
			if err != nil {
				return nil, err
			}
			i, _, err := a.App.Invitation(ctx, secret)
			if err != nil {
				return nil, err
			}
			return &body[Invitation]{Invitation{i.ID, secret, "/invitation/" + secret, i.Email, string(i.Role), i.Expires}}, nil
		})
	add(a, operation{id: "list-invitations", method: "GET", path: "/organisations/{organisation}/invitations", tag: tag, summary: "List open invitations",
		text: "Those that can still be accepted, oldest first; without their secrets."},
		func(ctx context.Context, q *ask, in *InOrganisation) (*body[Page[Invitation]], error) {
			list, err := a.App.Invitations(ctx, q.who, in.Organisation)
			if err != nil {
				return nil, err
			}
			return &body[Page[Invitation]]{Page[Invitation]{Items: each(list, func(i store.Invitation) Invitation {
				return Invitation{ID: i.ID, Email: i.Email, Role: string(i.Role), Expires: i.Expires}
			})}}, nil
		})
	add(a, operation{id: "withdraw-invitation", method: "DELETE", path: "/organisations/{organisation}/invitations/{invitation}", tag: tag, summary: "Withdraw an invitation", status: 204,
		text: "One that was accepted is gone: take the member out instead."},
		func(ctx context.Context, q *ask, in *struct {
			InOrganisation
			Invitation string `path:"invitation" maxLength:"100" doc:"Identifier of the invitation."`
		}) (*nothing, error) {
			return nil, a.App.Withdraw(ctx, q.who, in.Organisation, in.Invitation)
		})
	add(a, operation{id: "change-member", method: "PATCH", path: "/organisations/{organisation}/members/{user}", tag: tag, summary: "Change what a member may do", status: 204, errors: []kind{conflict},
		text: "An organisation keeps at least one owner who can sign in."},
		func(ctx context.Context, q *ask, in *struct {
			InMember
			Body struct {
				Role string `json:"role" enum:"viewer,commenter,editor,owner" doc:"The new role." example:"commenter"`
			}
		}) (*nothing, error) {
			return nil, a.App.SetRole(ctx, q.who, in.Organisation, in.User, in.Body.Role)
		})
	add(a, operation{id: "remove-member", method: "DELETE", path: "/organisations/{organisation}/members/{user}", tag: tag, summary: "Take a member out", status: 204, errors: []kind{conflict},
		text: "The person's tokens for the organisation end."},
		func(ctx context.Context, q *ask, in *InMember) (*nothing, error) {
			return nil, a.App.RemoveMember(ctx, q.who, in.Organisation, in.User)
		})
}

// Portfolio is an organisation's cases added up.
type Portfolio struct {
	Currency string           `json:"currency,omitempty" doc:"ISO 4217; left out where no case computes." example:"EUR"`
	Start    string           `json:"start,omitempty" doc:"Month of the first flow, YYYY-MM; left out where no case has a start." example:"2027-01"`
	Cases    int              `json:"cases" doc:"How many were added up."`
	LeftOut  int              `json:"left_out" doc:"How many were not: another currency, or no figures of their own."`
	NPV      Levels           `json:"npv" doc:"Net present value of all of them together, in the currency."`
	Loss     *float64         `json:"probability_of_loss" doc:"Probability of a net present value below zero, as a fraction; null where no case computes."`
	Timeline []PortfolioMonth `json:"timeline" doc:"The plans added up, month by month, undiscounted."`
}

// PortfolioMonth is one month of all plans together.
type PortfolioMonth struct {
	Month      int     `json:"month" doc:"Months from the first flow, from 0."`
	Benefits   float64 `json:"benefits" doc:"Benefits of that month, in the currency."`
	Costs      float64 `json:"costs" doc:"Costs of that month, in the currency."`
	Net        float64 `json:"net" doc:"Benefits less costs, in the currency."`
	Cumulative float64 `json:"cumulative" doc:"Net flows up to that month, in the currency."`
}

// Levels are quantiles.
type Levels struct {
	P10 *float64 `json:"p10" doc:"One in ten outcomes is lower. Null where the figure does not exist."`
	P50 *float64 `json:"p50" doc:"The median. Null where the figure does not exist."`
	P90 *float64 `json:"p90" doc:"One in ten outcomes is higher. Null where the figure does not exist."`
}

func (a *API) portfolio(ctx context.Context, q *ask, in *InOrganisation) (*body[Portfolio], error) {
	sum, err := a.App.Portfolio(ctx, q.who, in.Organisation)
	if err != nil {
		return nil, err
	}
	p := Portfolio{Timeline: []PortfolioMonth{}}
	if sum == nil {
		return &body[Portfolio]{p}, nil
	}
	p.Currency, p.Start, p.Cases, p.LeftOut, p.Loss = sum.Currency, sum.Start, sum.Cases, sum.Left, &sum.Loss
	p.NPV = Levels{&sum.NPV[0], &sum.NPV[1], &sum.NPV[2]}
	for m := range sum.Net {
		p.Timeline = append(p.Timeline, PortfolioMonth{m, sum.Benefits[m], sum.Costs[m], sum.Net[m], sum.Cumulative[m]})
	}
	return &body[Portfolio]{p}, nil
}
