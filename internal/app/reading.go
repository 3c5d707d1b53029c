package app

import (
	"context"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// Read is Open without the actor's draft: a saved revision, 0 the newest.
func (a *App) Read(ctx context.Context, who Actor, caseID string, number int) (*Open, error) {
	c, err := a.allowed(ctx, who, auth.CaseRead, caseID)
	if err != nil {
		return nil, err
	}
	org, err := a.store.Organisation(ctx, c.OrgID)
	if err != nil {
		return nil, known(err)
	}
	if number == 0 {
		number = int(c.Head)
	}
	r, err := a.store.Revision(ctx, caseID, int64(number))
	if err != nil {
		return nil, known(err)
	}
	o := &Open{Case: c, Organisation: org.Name, Text: []byte(r.Text), Saved: []byte(r.Text), Revision: number, Head: int(c.Head), Readonly: true}
	return o, a.sealed(ctx, who, o)
}

// MayExport reports whether the actor may have the file of a case, and not only its report.
func (a *App) MayExport(who Actor, c store.Case) bool {
	return auth.Allowed(who.Actor, auth.CaseExport, auth.Facts{Organisation: c.OrgID, Case: c.ID}) == nil
}

// Export is the file of a case as it was saved in a revision, 0 the newest.
func (a *App) Export(ctx context.Context, who Actor, caseID string, number int) (store.Case, store.Revision, error) {
	c, err := a.allowed(ctx, who, auth.CaseExport, caseID)
	if err != nil {
		return c, store.Revision{}, err
	}
	r, err := a.store.Revision(ctx, caseID, int64(number))
	return c, r, known(err)
}

// Head is the number of the newest revision, for somebody who saves without having read it.
func (a *App) Head(ctx context.Context, who Actor, caseID string) (int, error) {
	c, err := a.allowed(ctx, who, auth.CaseSave, caseID)
	return int(c.Head), err
}

// Draft is the case as the actor edits it.
func (a *App) Draft(ctx context.Context, who Actor, caseID string) (*Open, error) {
	return a.editable(ctx, who, caseID)
}

// MayCompute is nil where the actor may compute a text that is in no case: whoever has an account, and a token that may
// read cases.
func (a *App) MayCompute(who Actor) error {
	if who.Share == nil && who.User != "" && who.Token == nil {
		return nil
	}
	org := ""
	if who.Token != nil {
		org = who.Token.Organisation
	}
	return auth.Allowed(who.Actor, auth.CaseRead, auth.Facts{Organisation: org})
}

// RevisionPage lists the revisions of a case without their texts, newest first, a page of so many, 1 to 500. The people
// and reasons in it are not for shared links.
func (a *App) RevisionPage(ctx context.Context, who Actor, caseID, cursor string, limit int) ([]store.Revision, string, error) {
	if _, err := a.allowed(ctx, who, auth.CaseExport, caseID); err != nil {
		return nil, "", err
	}
	list, next, err := a.store.Revisions(ctx, caseID, store.Page{Cursor: cursor, Limit: limit})
	return list, next, known(err)
}

// EventPage is Events with a page of so many, 1 to 500.
func (a *App) EventPage(ctx context.Context, who Actor, org, caseID, cursor string, limit int) ([]store.Event, string, error) {
	page := store.Page{Cursor: cursor, Limit: limit}
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

// MadeToken and MadeShare find what a secret that was just handed out belongs to.
func (a *App) MadeToken(ctx context.Context, secret string) (store.Token, error) {
	t, err := a.store.TokenBySecret(ctx, secret)
	return t, known(err)
}

// MadeShare finds the link that a secret belongs to.
func (a *App) MadeShare(ctx context.Context, secret string) (store.Share, error) {
	s, err := a.store.ShareBySecret(ctx, secret)
	return s, known(err)
}
