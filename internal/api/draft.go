package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/revision"
)

// Draft is somebody's unsaved work on a case. Everybody has one of their own, the same one that the pages edit.
type Draft struct {
	Text    string `json:"text" doc:"The case file as it is edited; that of the newest revision where nothing was changed."`
	Hash    string `json:"hash" doc:"SHA-256 of the text, in hexadecimal; also the ETag."`
	Base    int    `json:"base" doc:"The revision it was made from."`
	Head    int    `json:"head" doc:"The newest revision; above base where another saved meanwhile."`
	Changed bool   `json:"changed" doc:"Whether there is anything to save or to take back."`
	CanUndo bool   `json:"can_undo" doc:"Whether there is an earlier step."`
	CanRedo bool   `json:"can_redo" doc:"Whether there is a step that was taken back."`
}

func draft(o *app.Open) *tagged[Draft] {
	hash := app.Hash(o.Text)
	return &tagged[Draft]{Status: http.StatusOK, ETag: `"` + hash + `"`, Body: Draft{string(o.Text), hash, o.Revision, o.Head, o.Dirty, o.CanUndo, o.CanRedo}}
}

// Merge is how a draft and what another saved meanwhile go together.
type Merge struct {
	Head      int        `json:"head" doc:"The newest revision; 0 where nobody saved meanwhile, and there is nothing to merge."`
	Author    string     `json:"author,omitempty" doc:"Who saved it."`
	Conflicts []Conflict `json:"conflicts" doc:"What both changed, each to something else. Everything else goes together by itself."`
}

// Conflict is a place that both changed.
type Conflict struct {
	Path   string `json:"path" doc:"The place in the case file." example:"assumptions.users"`
	Base   string `json:"base" doc:"As it was, in YAML; empty where it was not there."`
	Ours   string `json:"ours" doc:"As the draft has it."`
	Theirs string `json:"theirs" doc:"As the newest revision has it."`
}

// Choice settles a conflict.
type Choice struct {
	Take  string `json:"take" enum:"ours,theirs,base,value" doc:"Whose value counts, or value for another one." example:"theirs"`
	Value string `json:"value,omitempty" doc:"With value: the value in YAML." example:"12"`
}

func (a *API) drafts() {
	const group = "Drafts"
	edits := []kind{conflict}
	add(a, operation{id: "get-draft", method: "GET", path: "/cases/{case}/draft", tag: group, summary: "My draft", errors: edits},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Reading
		}) (*tagged[Draft], error) {
			o, err := a.App.Draft(ctx, q.who, in.Case)
			if err != nil {
				return nil, err
			}
			d := draft(o)
			if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, d.ETag) {
				return &tagged[Draft]{Status: http.StatusNotModified, ETag: d.ETag}, nil
			}
			return d, nil
		})
	add(a, operation{id: "put-draft", method: "PUT", path: "/cases/{case}/draft", tag: group, summary: "Take a text into my draft", file: true,
		errors: append([]kind{notMatched, noPrecondition}, edits...), text: "As a step that can be undone; also one that does not compute yet. If-Match is the ETag of the draft that the text was made from."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			IfMatch string `header:"If-Match" doc:"ETag of the draft that the text was made from."`
			Body    CaseFile
		}) (*tagged[Draft], error) {
			seen := strings.Trim(strings.TrimSpace(in.IfMatch), `"`)
			if seen == "" {
				return nil, said(noPrecondition, q.l, "if_match", nil)
			}
			now, err := a.App.Draft(ctx, q.who, in.Case)
			if err != nil {
				return nil, err
			}
			if seen != "*" && seen != app.Hash(now.Text) {
				return nil, said(notMatched, q.l, "draft_moved", nil)
			}
			o, err := a.App.SetText(ctx, q.who, in.Case, []byte(in.Body.Text), app.Hash(now.Text))
			if err != nil {
				return nil, overtaken(q, err)
			}
			return draft(o), nil
		})
	for _, step := range []struct {
		name, summary string
		do            func(context.Context, app.Actor, string) (*app.Open, error)
	}{{"undo", "Take the last step back", a.App.Undo}, {"redo", "Take the step forward again", a.App.Redo}} {
		add(a, operation{id: step.name + "-draft", method: "POST", path: "/cases/{case}/draft/" + step.name, tag: group, summary: step.summary, errors: edits},
			func(ctx context.Context, q *ask, in *InCase) (*tagged[Draft], error) {
				o, err := step.do(ctx, q.who, in.Case)
				if err != nil {
					return nil, err
				}
				return draft(o), nil
			})
	}
	add(a, operation{id: "discard-draft", method: "DELETE", path: "/cases/{case}/draft", tag: group, summary: "Drop my draft", status: http.StatusNoContent, errors: edits},
		func(ctx context.Context, q *ask, in *InCase) (*nothing, error) {
			_, err := a.App.Discard(ctx, q.who, in.Case)
			return nil, err
		})
	add(a, operation{id: "save-draft", method: "POST", path: "/cases/{case}/draft/save", tag: group, summary: "Save my draft as a revision", status: http.StatusCreated, once: true, errors: edits,
		text: "Where another saved meanwhile, the answer is 409 with head, and the merge says how the two go together."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body *why
		}) (*created[Saved], error) {
			number, err := a.App.Save(ctx, q.who, in.Case, in.Body.reason())
			if err != nil {
				return nil, err
			}
			return saved(in.Case, number), nil
		})
	add(a, operation{id: "get-merge", method: "GET", path: "/cases/{case}/draft/merge", tag: group, summary: "How my draft and the newest revision go together", errors: edits},
		func(ctx context.Context, q *ask, in *InCase) (*body[Merge], error) {
			m, err := a.App.Merging(ctx, q.who, in.Case)
			if err != nil {
				return nil, err
			}
			if m == nil {
				return &body[Merge]{Merge{Conflicts: []Conflict{}}}, nil
			}
			return &body[Merge]{Merge{m.Head, m.Author, each(m.Conflicts, func(c revision.Conflict) Conflict { return Conflict{c.Path, c.Base, c.Ours, c.Theirs} })}}, nil
		})
	add(a, operation{id: "merge-draft", method: "POST", path: "/cases/{case}/draft/merge", tag: group, summary: "Merge my draft with the newest revision and save", status: http.StatusCreated, once: true,
		errors: edits, text: "With a choice for each conflict. Where another saved again, or a conflict has no choice, the answer is 409."},
		func(ctx context.Context, q *ask, in *struct {
			InCase
			Body struct {
				Head    int               `json:"head" minimum:"1" doc:"The revision that the choices were made for." example:"4"`
				Choices map[string]Choice `json:"choices,omitempty" doc:"For each conflict, by its path."`
				Reason  string            `json:"reason,omitempty" maxLength:"1000" doc:"Why."`
			}
		}) (*created[Saved], error) {
			choices := map[string]revision.Choice{}
			for path, c := range in.Body.Choices {
				choices[path] = revision.Choice{Take: c.Take, Value: c.Value}
			}
			number, err := a.App.Merge(ctx, q.who, in.Case, in.Body.Head, choices, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			return saved(in.Case, number), nil
		})
}
