package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Comment is a remark on a part of a case, which Anchor names as in "assumptions.users" or "result.npv". ParentID is ""
// or the comment it answers. Edited and ResolvedAt are zero where that has not happened. Mentions are ids of users,
// sorted.
type Comment struct {
	ID             string
	CaseID         string
	Anchor         string
	ParentID       string
	AuthorID       string
	AuthorName     string
	At             time.Time
	Edited         time.Time
	Text           string
	ResolvedBy     string
	ResolvedByName string
	ResolvedAt     time.Time
	Mentions       []string
}

func comment(r query.Comment) Comment {
	return Comment{ID: r.ID, CaseID: r.CaseID, Anchor: r.Anchor, ParentID: r.ParentID.String, AuthorID: r.AuthorID, AuthorName: r.AuthorName,
		At: moment(r.At), Edited: moment(r.Edited), Text: r.Text, ResolvedBy: r.ResolvedBy, ResolvedByName: r.ResolvedByName,
		ResolvedAt: moment(r.ResolvedAt)}
}

// AddComment takes CaseID, Anchor, ParentID, Text and Mentions. ErrNotFound where case, user or parent is missing or the
// parent belongs to another case; ErrText.
func (s *Store) AddComment(ctx context.Context, actor Actor, c Comment) (Comment, error) {
	if err := exact(c.Text); err != nil {
		return Comment{}, err
	}
	made := Comment{ID: NewID(), CaseID: c.CaseID, Anchor: clean(c.Anchor), ParentID: c.ParentID, AuthorID: actor.UserID,
		AuthorName: clean(actor.UserName), At: s.now(), Text: c.Text, Mentions: distinct(c.Mentions)}
	err := s.write(ctx, "adding the comment", func(q *query.Queries) error {
		k, err := q.CaseByID(ctx, made.CaseID)
		if err != nil {
			return err
		}
		if made.ParentID != "" {
			if parent, err := q.Comment(ctx, made.ParentID); err != nil {
				return err
			} else if parent.CaseID != made.CaseID {
				return ErrNotFound
			}
		}
		if err := q.InsertComment(ctx, query.InsertCommentParams{ID: made.ID, CaseID: made.CaseID, Anchor: made.Anchor,
			ParentID: sql.NullString{String: made.ParentID, Valid: made.ParentID != ""}, AuthorID: made.AuthorID, AuthorName: made.AuthorName,
			At: micros(made.At), Text: made.Text}); err != nil {
			return err
		}
		if err := mention(ctx, q, made.ID, made.Mentions); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, CommentAdded, k.OrgID, k.ID, map[string]string{"comment": made.ID, "anchor": made.Anchor})
	})
	if err != nil {
		return Comment{}, err
	}
	return made, nil
}

func mention(ctx context.Context, q *query.Queries, commentID string, userIDs []string) error {
	for _, id := range userIDs {
		if err := q.InsertMention(ctx, query.InsertMentionParams{CommentID: commentID, UserID: id}); err != nil {
			return err
		}
	}
	return nil
}

func distinct(ids []string) []string {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// Comment finds one by its id. ErrNotFound.
func (s *Store) Comment(ctx context.Context, id string) (Comment, error) {
	r, err := s.read().Comment(ctx, id)
	if err != nil {
		return Comment{}, wrap("reading the comment", err)
	}
	c := comment(r)
	c.Mentions, err = s.read().MentionsOfComment(ctx, id)
	return c, wrap("reading the comment", err)
}

// Comments lists all of a case, oldest first.
func (s *Store) Comments(ctx context.Context, caseID string) ([]Comment, error) {
	rows, err := s.read().CommentsOfCase(ctx, caseID)
	if err != nil {
		return nil, wrap("listing comments", err)
	}
	mentions, err := s.read().MentionsOfCase(ctx, caseID)
	if err != nil {
		return nil, wrap("listing comments", err)
	}
	of := map[string][]string{}
	for _, m := range mentions {
		of[m.CommentID] = append(of[m.CommentID], m.UserID)
	}
	return each(rows, func(r query.Comment) Comment {
		c := comment(r)
		c.Mentions = of[c.ID]
		slices.Sort(c.Mentions)
		return c
	}), nil
}

// EditComment replaces text and mentions. ErrNotFound, ErrText.
func (s *Store) EditComment(ctx context.Context, actor Actor, id, text string, mentions []string) error {
	if err := exact(text); err != nil {
		return err
	}
	return s.changeComment(ctx, actor, id, "editing the comment", CommentChanged, func(q *query.Queries) error {
		if err := one(q.SetCommentText(ctx, query.SetCommentTextParams{ID: id, Text: text, Edited: micros(s.now())})); err != nil {
			return err
		}
		if err := q.DeleteMentions(ctx, id); err != nil {
			return err
		}
		return mention(ctx, q, id, distinct(mentions))
	})
}

// ResolveComment marks a comment as settled by the actor. ErrNotFound.
func (s *Store) ResolveComment(ctx context.Context, actor Actor, id string) error {
	return s.changeComment(ctx, actor, id, "resolving the comment", CommentResolved, func(q *query.Queries) error {
		return one(q.ResolveComment(ctx, query.ResolveCommentParams{ID: id, ResolvedBy: actor.UserID, ResolvedByName: clean(actor.UserName),
			ResolvedAt: micros(s.now())}))
	})
}

// ReopenComment takes ResolveComment back. ErrNotFound.
func (s *Store) ReopenComment(ctx context.Context, actor Actor, id string) error {
	return s.changeComment(ctx, actor, id, "reopening the comment", CommentReopened, func(q *query.Queries) error {
		return one(q.ResolveComment(ctx, query.ResolveCommentParams{ID: id}))
	})
}

func (s *Store) changeComment(ctx context.Context, actor Actor, id, doing string, action Action, f func(*query.Queries) error) error {
	return s.write(ctx, doing, func(q *query.Queries) error {
		c, err := q.Comment(ctx, id)
		if err != nil {
			return err
		}
		k, err := q.CaseByID(ctx, c.CaseID)
		if err != nil {
			return err
		}
		if err := f(q); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, action, k.OrgID, k.ID, map[string]string{"comment": id, "anchor": c.Anchor})
	})
}
