package api

import (
	"context"
	"net/http"
	"time"

	"github.com/rendite-crm/rendite/internal/store"
)

// Comment is a remark on a place of a case.
type Comment struct {
	ID         string     `json:"id" doc:"Identifier."`
	Anchor     string     `json:"anchor" doc:"The place, such as assumptions.users or result.npv." example:"assumptions.users"`
	Parent     string     `json:"parent,omitempty" doc:"Identifier of the comment it answers."`
	Author     string     `json:"author" doc:"Who said it." example:"Anna Müller"`
	At         time.Time  `json:"at" doc:"When."`
	Text       string     `json:"text" doc:"What was said." example:"Is that with the new team?"`
	Mentions   []string   `json:"mentions" doc:"Identifiers of the members it mentions."`
	Resolved   *time.Time `json:"resolved,omitempty" doc:"When it was marked as done; left out while it is open."`
	ResolvedBy string     `json:"resolved_by,omitempty" doc:"Who marked it as done."`
}

func comment(c store.Comment) Comment {
	mentions := c.Mentions
	if mentions == nil {
		mentions = []string{}
	}
	return Comment{c.ID, c.Anchor, c.ParentID, c.AuthorName, c.At, c.Text, mentions, when(c.ResolvedAt), c.ResolvedByName}
}

func (a *API) comments() {
	const group = "Comments"
	add(a, operation{id: "list-comments", method: "GET", path: "/cases/{case}/comments", tag: group, summary: "List comments", text: "Oldest first, also those that are done."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Anchor string `query:"anchor" maxLength:"300" doc:"Only those at this place." example:"assumptions.users"`
		}) (*body[Page[Comment]], error) {
			list, err := a.App.Comments(ctx, q.who, in.Case, in.Anchor)
			if err != nil {
				return nil, err
			}
			return &body[Page[Comment]]{Page[Comment]{Items: each(list, comment)}}, nil
		})
	add(a, operation{id: "create-comment", method: "POST", path: "/cases/{case}/comments", tag: group, summary: "Comment on a place", status: http.StatusCreated, once: true, text: "@name or @name@example.com mentions a member."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body struct {
				Anchor string `json:"anchor" minLength:"1" maxLength:"300" doc:"The place." example:"assumptions.users"`
				Parent string `json:"parent,omitempty" maxLength:"100" doc:"Identifier of the comment it answers."`
				Text   string `json:"text" minLength:"1" maxLength:"4000" doc:"What is to be said." example:"Is that with the new team?"`
			}
		}) (*body[Comment], error) {
			c, err := a.App.Comment(ctx, q.who, in.Case, in.Body.Anchor, in.Body.Parent, in.Body.Text)
			if err != nil {
				return nil, err
			}
			return &body[Comment]{comment(c)}, nil
		})
	add(a, operation{id: "resolve-comment", method: "POST", path: "/cases/{case}/comments/{comment}/resolve", tag: group, summary: "Mark a comment as done", status: http.StatusNoContent},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Comment string `path:"comment" maxLength:"100" doc:"Identifier of the comment."`
		}) (*nothing, error) {
			return nil, a.App.ResolveComment(ctx, q.who, in.Case, in.Comment)
		})
}
