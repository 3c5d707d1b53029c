package api

import (
	"context"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/store"
)

// Token is an API token, without its secret.
type Token struct {
	ID           string     `json:"id" doc:"Identifier."`
	Name         string     `json:"name" doc:"What it is for." example:"Controlling"`
	Organisation string     `json:"organisation" doc:"Identifier of the one organisation it opens."`
	Scopes       []string   `json:"scopes" doc:"What it may be used for." enum:"cases:read,cases:write,comments:write,shares:write,data:read,data:write,org:read,org:admin,installation:admin"`
	Created      time.Time  `json:"created" doc:"When it was made."`
	Expires      time.Time  `json:"expires" doc:"When it runs out."`
	LastUsed     *time.Time `json:"last_used,omitempty" doc:"When it was last used, to the minute; left out before the first time."`
	Revoked      *time.Time `json:"revoked,omitempty" doc:"When it was ended; left out while it is good."`
	Secret       string     `json:"secret,omitempty" doc:"The token itself, for the header Authorization; shown once, when it is made." example:"rendite_…"`
}

// Share is a link through which anybody reads the report of a case.
type Share struct {
	ID      string     `json:"id" doc:"Identifier."`
	Created time.Time  `json:"created" doc:"When it was made."`
	Expires *time.Time `json:"expires,omitempty" doc:"When it runs out; left out where it does not."`
	Revoked *time.Time `json:"revoked,omitempty" doc:"When it was ended; left out while it is good."`
	Secret  string     `json:"secret,omitempty" doc:"The end of the link; shown once, when it is made. It can stand as a bearer secret for Reading the case's results."`
	Path    string     `json:"path,omitempty" doc:"The page it opens, on this server; shown once."`
}

func (a *API) shares() {
	const tag = "Shared links"
	show := func(s store.Share) Share {
		return Share{ID: s.ID, Created: s.Created, Expires: when(s.Expires), Revoked: when(s.Revoked)}
	}
	add(a, operation{id: "list-shares", method: "GET", path: "/cases/{case}/shares", tag: tag, summary: "List the links to a case", text: "Oldest first, also those that have run out or were ended."},
		func(ctx context.Context, q *ask, in *InCase) (*body[Page[Share]], error) {
			list, err := a.App.Shares(ctx, q.who, in.Case)
			if err != nil {
				return nil, err
			}
			return &body[Page[Share]]{Page[Share]{Items: each(list, show)}}, nil
		})
	add(a, operation{id: "create-share", method: "POST", path: "/cases/{case}/shares", tag: tag, summary: "Make a link to a case", status: 201, once: true, secret: "secret",
		text: "Whoever has the link reads the report, without the file and without comments. The answer holds a secret that is shown once: a repeated request with the same Idempotency-Key is answered without it."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body struct {
				Days int `json:"days" minimum:"1" maximum:"366" doc:"How long it is good, in days." example:"30"`
			}
		}) (*body[Share], error) {
			secret, err := a.App.Share(ctx, q.who, in.Case, in.Body.Days)
			if err != nil {
				return nil, err
			}
			s, err := a.App.MadeShare(ctx, secret)
			if err != nil {
				return nil, err
			}
			made := show(s)
			made.Secret, made.Path = secret, "/s/"+secret
			return &body[Share]{made}, nil
		})
	add(a, operation{id: "revoke-share", method: "DELETE", path: "/cases/{case}/shares/{share}", tag: tag, summary: "End a link", status: 204},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Share string `path:"share" maxLength:"100" doc:"Identifier of the link."`
		}) (*nothing, error) {
			return nil, a.App.RevokeShare(ctx, q.who, in.Case, in.Share)
		})
}

func (a *API) tokens() {
	const tag = "Tokens"
	show := func(t store.Token) Token {
		return Token{ID: t.ID, Name: t.Name, Organisation: t.OrgID, Scopes: strings.Fields(t.Scopes), Created: t.Created, Expires: t.Expires, LastUsed: when(t.LastUsed), Revoked: when(t.Revoked)}
	}
	add(a, operation{id: "list-tokens", method: "GET", path: "/tokens", tag: tag, summary: "List my tokens", text: "For people who are signed in; a token cannot."},
		func(ctx context.Context, q *ask, _ *struct{}) (*body[Page[Token]], error) {
			list, err := a.App.Tokens(ctx, q.who)
			if err != nil {
				return nil, err
			}
			return &body[Page[Token]]{Page[Token]{Items: each(list, show)}}, nil
		})
	add(a, operation{id: "create-token", method: "POST", path: "/tokens", tag: tag, summary: "Make a token", status: 201, once: true, secret: "secret",
		text: "For people who are signed in; a token cannot. It may never do more than its owner. The answer holds the token, which is shown once: a repeated request with the same Idempotency-Key is answered without it."},
		func(ctx context.Context, q *ask, in *struct {
			Body struct {
				Name         string   `json:"name" minLength:"1" maxLength:"200" doc:"What it is for." example:"Controlling"`
				Organisation string   `json:"organisation,omitempty" maxLength:"100" doc:"Identifier of the one organisation it opens; mine where it is left out."`
				Scopes       []string `json:"scopes" minItems:"1" maxItems:"9" enum:"cases:read,cases:write,comments:write,shares:write,data:read,data:write,org:read,org:admin,installation:admin" doc:"What it may be used for." example:"[\"cases:read\",\"cases:write\"]"`
				Days         int      `json:"days" minimum:"1" maximum:"366" doc:"How long it is good, in days." example:"90"`
			}
		}) (*body[Token], error) {
			org, err := a.App.Home(ctx, q.who, in.Body.Organisation)
			if err != nil {
				return nil, err
			}
			secret, err := a.App.CreateToken(ctx, q.who, org, in.Body.Name, in.Body.Scopes, in.Body.Days)
			if err != nil {
				return nil, err
			}
			t, err := a.App.MadeToken(ctx, secret)
			if err != nil {
				return nil, err
			}
			made := show(t)
			made.Secret = secret
			return &body[Token]{made}, nil
		})
	add(a, operation{id: "revoke-token", method: "DELETE", path: "/tokens/{token}", tag: tag, summary: "End a token", status: 204, text: "For people who are signed in; a token cannot, not even itself."},
		func(ctx context.Context, q *ask, in *struct {
			Token string `path:"token" maxLength:"100" doc:"Identifier of the token."`
		}) (*nothing, error) {
			return nil, a.App.RevokeToken(ctx, q.who, in.Token)
		})
}
