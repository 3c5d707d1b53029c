package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/store"
)

// Revision is a saved text of a case.
type Revision struct {
	Number int       `json:"number" doc:"From 1, without gaps."`
	Base   int       `json:"base" doc:"The revision it was made from; 0 for the first."`
	Author string    `json:"author" doc:"What the person was called who saved it." example:"Anna Müller"`
	At     time.Time `json:"at" doc:"When it was saved."`
	Reason string    `json:"reason" doc:"Why; may be empty." example:"New offer of the vendor"`
	Hash   string    `json:"hash" doc:"SHA-256 of the text, in hexadecimal."`
}

// Saved is a revision that was just saved. Who may write and not read learns no more.
type Saved struct {
	Number int `json:"number" doc:"Its number; also the ETag, for the next If-Match."`
}

// RevisionText is a revision with its text.
type RevisionText struct {
	Revision
	Text string `json:"text" doc:"The case file, byte for byte."`
}

func aRevision(r store.Revision) Revision {
	return Revision{int(r.Number), int(r.Base), r.AuthorName, r.At, r.Reason, r.Hash}
}

// Saving says what a text was made from.
type Saving struct {
	IfMatch string `header:"If-Match" doc:"ETag of the revision or case that the text was made from, such as \"3\"; where it is not the newest any more, the answer is 412 with head. * saves in any case." example:"\"3\""`
}

func (a *API) revisions() {
	const group = "Revisions"
	add(a, operation{id: "list-revisions", method: "GET", path: "/cases/{case}/revisions", tag: group, summary: "List revisions", text: "Newest first, without their texts."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Paging
		}) (*paged[Revision], error) {
			list, next, err := a.App.RevisionPage(ctx, q.who, in.Case, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return page(q, list, next, aRevision), nil
		})
	add(a, operation{id: "get-revision", method: "GET", path: "/cases/{case}/revisions/{revision}", tag: group, summary: "A revision with its text"},
		func(ctx context.Context, q *ask, in *struct {
			InRevision
			Reading
		}) (*tagged[RevisionText], error) {
			_, r, err := a.App.Export(ctx, q.who, in.Case, in.Revision)
			if err != nil {
				return nil, err
			}
			return tag(in.IfNoneMatch, revisionTag(r.Number), RevisionText{aRevision(r), r.Text}), nil
		})
	add(a, operation{id: "save-revision", method: "POST", path: "/cases/{case}/revisions", tag: group, summary: "Save a revision", status: http.StatusCreated, once: true, file: true,
		errors: []kind{notMatched, noPrecondition, conflict},
		text:   "Of a case file, as application/yaml or in JSON. If-Match says which revision it was made from, so that nobody's work is overwritten unseen."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Saving
			Reason string `query:"reason" maxLength:"1000" doc:"Why, with application/yaml."`
			Body   struct {
				CaseFile
				Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why." example:"New offer of the vendor"`
			}
		}) (*created[Saved], error) {
			n, err := base(q, in.IfMatch)
			if err != nil {
				return nil, err
			}
			if n < 0 {
				if n, err = a.App.Head(ctx, q.who, in.Case); err != nil {
					return nil, err
				}
			}
			number, err := a.App.SaveText(ctx, q.who, in.Case, []byte(in.Body.Text), n, or(in.Body.Reason, in.Reason))
			if err != nil {
				return nil, overtaken(q, err)
			}
			return saved(in.Case, number), nil
		})
	add(a, operation{id: "restore-revision", method: "POST", path: "/cases/{case}/revisions/{revision}/restore", tag: group, summary: "Restore a revision", status: http.StatusCreated, once: true,
		errors: []kind{conflict}, text: "Saves its text as the newest revision."},
		func(ctx context.Context, q *ask, in *struct {
			InRevision
			Body *why
		}) (*created[Saved], error) {
			number, err := a.App.Restore(ctx, q.who, in.Case, in.Revision, in.Body.reason())
			if err != nil {
				return nil, err
			}
			return saved(in.Case, number), nil
		})
}

type why struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why." example:"Back to what was decided"`
}

func (w *why) reason() string {
	if w == nil {
		return ""
	}
	return w.Reason
}

// overtaken makes 412 of a conflict where the request stated what it was made from.
func overtaken(q *ask, err error) error {
	var e *app.Error
	if errors.As(err, &e) && e.Code == app.Conflict && e.Head > 0 {
		return moved(q, e.Head)
	}
	return err
}

// saved is the answer to a revision that was just saved.
func saved(caseID string, number int) *created[Saved] {
	return &created[Saved]{Location: Prefix + "/cases/" + caseID + "/revisions/" + decimal(number), ETag: revisionTag(int64(number)), Body: Saved{number}}
}
