package store

import (
	"context"
	"time"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// MaxDraftSteps is how many steps of a draft are kept; older ones are forgotten and can no longer be undone.
const MaxDraftSteps = 200

// Draft is a user's unsaved work on a case, made from revision Base. It is a row of steps with a cursor: Label and Text
// are those of the step the cursor is on. There is something to undo while First < Cursor, to redo while Cursor < Last.
type Draft struct {
	CaseID  string
	UserID  string
	Base    int64
	Cursor  int64
	First   int64
	Last    int64
	Updated time.Time
	Label   string
	Text    string
}

// CanUndo reports whether there is an earlier step.
func (d Draft) CanUndo() bool { return d.First < d.Cursor }

// CanRedo reports whether a step was undone and nothing pushed since.
func (d Draft) CanRedo() bool { return d.Cursor < d.Last }

// DraftStep is one step of a draft: what was done, and the text after it.
type DraftStep struct {
	N     int64
	Label string
	Text  string
}

// BeginDraft starts a draft with the text of revision base as its first step, number 0. Where the user has a draft of
// the case already, that one is returned as it is, whatever its base. ErrNotFound, ErrText.
func (s *Store) BeginDraft(ctx context.Context, caseID, userID string, base int64, text string) (Draft, error) {
	if err := exact(text); err != nil {
		return Draft{}, err
	}
	var d Draft
	err := s.write(ctx, "beginning the draft", func(q *query.Queries) error {
		n, err := q.InsertDraft(ctx, query.InsertDraftParams{CaseID: caseID, UserID: userID, Base: base, Updated: micros(s.now())})
		if err != nil {
			return err
		}
		if n == 1 {
			if err := q.InsertDraftStep(ctx, query.InsertDraftStepParams{CaseID: caseID, UserID: userID, N: 0, Text: text}); err != nil {
				return err
			}
		}
		d, err = draft(ctx, q, caseID, userID)
		return err
	})
	return d, err
}

func draft(ctx context.Context, q *query.Queries, caseID, userID string) (Draft, error) {
	r, err := q.Draft(ctx, query.DraftParams{CaseID: caseID, UserID: userID})
	return Draft{CaseID: caseID, UserID: userID, Base: r.Base, Cursor: r.Cursor, First: r.First, Last: r.Last, Updated: moment(r.Updated),
		Label: r.Label, Text: r.Text}, err
}

// Draft finds a user's draft of a case. ErrNotFound.
func (s *Store) Draft(ctx context.Context, caseID, userID string) (Draft, error) {
	d, err := draft(ctx, s.read(), caseID, userID)
	if err != nil {
		return Draft{}, wrap("reading the draft", err)
	}
	return d, nil
}

// Drafts lists a user's drafts without their texts, the last changed first.
func (s *Store) Drafts(ctx context.Context, userID string) ([]Draft, error) {
	rows, err := s.read().DraftsOfUser(ctx, userID)
	return each(rows, func(r query.Draft) Draft {
		return Draft{CaseID: r.CaseID, UserID: r.UserID, Base: r.Base, Cursor: r.Cursor, Updated: moment(r.Updated)}
	}), wrap("listing drafts", err)
}

// DraftSteps lists the steps of a draft without their texts, oldest first.
func (s *Store) DraftSteps(ctx context.Context, caseID, userID string) ([]DraftStep, error) {
	rows, err := s.read().DraftSteps(ctx, query.DraftStepsParams{CaseID: caseID, UserID: userID})
	return each(rows, func(r query.DraftStepsRow) DraftStep { return DraftStep{N: r.N, Label: r.Label} }), wrap("listing steps", err)
}

// changeDraft runs f on a draft that nobody else can change meanwhile and returns it as it is afterwards.
func (s *Store) changeDraft(ctx context.Context, doing, caseID, userID string, f func(*query.Queries, Draft) error) (Draft, error) {
	var d Draft
	err := s.write(ctx, doing, func(q *query.Queries) error {
		if err := one(q.LockDraft(ctx, query.LockDraftParams{CaseID: caseID, UserID: userID, Updated: micros(s.now())})); err != nil {
			return err
		}
		before, err := draft(ctx, q, caseID, userID)
		if err != nil {
			return err
		}
		if err := f(q, before); err != nil {
			return err
		}
		d, err = draft(ctx, q, caseID, userID)
		return err
	})
	if err != nil {
		return Draft{}, err
	}
	return d, nil
}

// PushDraft adds a step after the cursor and forgets what could be redone. ErrNotFound, ErrText.
func (s *Store) PushDraft(ctx context.Context, caseID, userID, label, text string) (Draft, error) {
	if err := exact(text); err != nil {
		return Draft{}, err
	}
	return s.changeDraft(ctx, "keeping the step", caseID, userID, func(q *query.Queries, d Draft) error {
		if err := q.DeleteDraftStepsAfter(ctx, query.DeleteDraftStepsAfterParams{CaseID: caseID, UserID: userID, N: d.Cursor}); err != nil {
			return err
		}
		n := d.Cursor + 1
		if err := q.InsertDraftStep(ctx, query.InsertDraftStepParams{CaseID: caseID, UserID: userID, N: n, Label: clean(label), Text: text}); err != nil {
			return err
		}
		if err := q.DeleteDraftStepsBefore(ctx, query.DeleteDraftStepsBeforeParams{CaseID: caseID, UserID: userID, N: n - MaxDraftSteps + 1}); err != nil {
			return err
		}
		return q.MoveDraft(ctx, query.MoveDraftParams{CaseID: caseID, UserID: userID, Cursor: n, Base: d.Base, Updated: micros(s.now())})
	})
}

// UndoDraft moves the cursor one step back. ErrNoStep, ErrNotFound.
func (s *Store) UndoDraft(ctx context.Context, caseID, userID string) (Draft, error) {
	return s.moveDraft(ctx, caseID, userID, -1)
}

// RedoDraft moves the cursor one step on. ErrNoStep, ErrNotFound.
func (s *Store) RedoDraft(ctx context.Context, caseID, userID string) (Draft, error) {
	return s.moveDraft(ctx, caseID, userID, 1)
}

func (s *Store) moveDraft(ctx context.Context, caseID, userID string, by int64) (Draft, error) {
	return s.changeDraft(ctx, "moving in the draft", caseID, userID, func(q *query.Queries, d Draft) error {
		to := d.Cursor + by
		if to < d.First || to > d.Last {
			return ErrNoStep
		}
		return q.MoveDraft(ctx, query.MoveDraftParams{CaseID: caseID, UserID: userID, Cursor: to, Base: d.Base, Updated: micros(s.now())})
	})
}

// DiscardDraft forgets a draft with all its steps. ErrNotFound.
func (s *Store) DiscardDraft(ctx context.Context, caseID, userID string) error {
	return s.write(ctx, "discarding the draft", func(q *query.Queries) error {
		return one(q.DeleteDraft(ctx, query.DeleteDraftParams{CaseID: caseID, UserID: userID}))
	})
}

// SaveDraft saves the actor's draft as the next revision and ends the draft, both or neither. *ConflictError where the
// case has moved on; the draft is then as it was. ErrNotFound, ErrArchived.
func (s *Store) SaveDraft(ctx context.Context, actor Actor, caseID, reason string) (Revision, error) {
	return s.saveDraft(ctx, actor, caseID, reason, func(d Draft) (int64, string, error) { return d.Base, d.Text, nil })
}

// MergeDraft is SaveDraft with a text in which the draft, as ours has it, was brought together with revision base. Where
// the case or the draft has moved on since, it is a *ConflictError and the draft is as it was, on its own base: moved to
// the new one, it could be undone to a text without what the others did, and then be saved over it. ErrText.
func (s *Store) MergeDraft(ctx context.Context, actor Actor, caseID string, base int64, ours, merged, reason string) (Revision, error) {
	return s.saveDraft(ctx, actor, caseID, reason, func(d Draft) (int64, string, error) {
		if d.Text != ours {
			return 0, "", &ConflictError{Head: base}
		}
		return base, merged, nil
	})
}

// saveDraft saves the text that as makes of the draft as the revision after the base that it says.
func (s *Store) saveDraft(ctx context.Context, actor Actor, caseID, reason string, as func(Draft) (base int64, text string, err error)) (Revision, error) {
	var saved Revision
	err := s.write(ctx, "saving the draft", func(q *query.Queries) error {
		if err := one(q.LockDraft(ctx, query.LockDraftParams{CaseID: caseID, UserID: actor.UserID, Updated: micros(s.now())})); err != nil {
			return err
		}
		d, err := draft(ctx, q, caseID, actor.UserID)
		if err != nil {
			return err
		}
		base, text, err := as(d)
		if err != nil {
			return err
		}
		if saved, err = s.saveRevision(ctx, q, Revision{CaseID: caseID, Base: base, AuthorID: actor.UserID, AuthorName: actor.UserName,
			Reason: reason, Text: text}); err != nil {
			return err
		}
		return one(q.DeleteDraft(ctx, query.DeleteDraftParams{CaseID: caseID, UserID: actor.UserID}))
	})
	if err != nil {
		return Revision{}, err
	}
	return saved, nil
}
