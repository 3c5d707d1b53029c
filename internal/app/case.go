package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
)

// Hash is the SHA-256 of a text in hexadecimal: what a seal is made of.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Open is a case before somebody: the person's draft where there is one, else the newest revision, or an older one.
type Open struct {
	Case         store.Case
	Organisation string
	Text         []byte // what is shown and edited
	Saved        []byte // the revision that Text started from
	Revision     int    // its number
	Head         int    // the newest revision; above Revision where another saved meanwhile
	Dirty        bool   // Text is a draft that differs from Saved
	CanUndo      bool
	CanRedo      bool
	CanEdit      bool
	Readonly     bool // an older revision
	Seal         *store.Seal
	SealedText   []byte
}

// Open opens a case for reading or editing; number is the revision, 0 the newest.
func (a *App) Open(ctx context.Context, who Actor, caseID string, number int) (*Open, error) {
	c, err := a.allowed(ctx, who, auth.CaseRead, caseID)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, who, c, number)
}

func (a *App) open(ctx context.Context, who Actor, c store.Case, number int) (*Open, error) {
	org, err := a.store.Organisation(ctx, c.OrgID)
	if err != nil {
		return nil, err
	}
	o := &Open{Case: c, Organisation: org.Name, Head: int(c.Head), Revision: int(c.Head), CanUndo: false}
	o.CanEdit = auth.Allowed(who.Actor, auth.CaseEdit, auth.Facts{Organisation: c.OrgID, Case: c.ID}) == nil && c.Archived.IsZero()
	if number > 0 && number != o.Head {
		o.Revision, o.Readonly, o.CanEdit = number, true, false
	}
	var draft *store.Draft
	if o.CanEdit {
		d, err := a.store.Draft(ctx, c.ID, who.User)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			draft = &d
			o.Revision = int(d.Base)
		}
	}
	r, err := a.store.Revision(ctx, c.ID, int64(o.Revision))
	if err != nil {
		return nil, known(err)
	}
	o.Saved = []byte(r.Text)
	o.Text = o.Saved
	if draft != nil {
		o.Text, o.CanUndo, o.CanRedo = []byte(draft.Text), draft.CanUndo(), draft.CanRedo()
		o.Dirty = draft.CanUndo() || draft.CanRedo() || !bytes.Equal(o.Text, o.Saved)
	}
	return o, a.sealed(ctx, who, o)
}

// sealed adds the seal that counts to an open case. The people and reasons in it are not for shared links.
func (a *App) sealed(ctx context.Context, who Actor, o *Open) error {
	s, err := a.store.Seal(ctx, o.Case.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !a.MayExport(who, o.Case) {
		s.ByID, s.ByName, s.Note = "", "", ""
	}
	o.Seal, o.SealedText = &s, o.Saved
	if int(s.Revision) != o.Revision {
		r, err := a.store.Revision(ctx, o.Case.ID, s.Revision)
		if err != nil {
			return known(err)
		}
		o.SealedText = []byte(r.Text)
	}
	return nil
}

// Create makes a case of a text. The name is what the text calls it; a text that does not compute is taken too, so that
// nothing is lost, but it must be YAML.
func (a *App) Create(ctx context.Context, who Actor, org string, text []byte, name, reason string) (string, error) {
	org, err := a.Home(ctx, who, org)
	if err != nil {
		return "", err
	}
	if err := a.inOrganisation(who, auth.CaseCreate, org); err != nil {
		return "", err
	}
	if _, list := casefile.ParseYAML(name, text); list.Err() != nil {
		return "", problems(list)
	}
	c, err := a.store.CreateCase(ctx, who.log(), store.Case{OrgID: org, Name: nameOf(text, name)}, string(text), reason)
	if err != nil {
		return "", known(err)
	}
	_, _ = a.keepOutcome(ctx, c.ID, 1, text) // else when somebody looks
	return c.ID, nil
}

// nameOf is what a text calls its case, else the name given.
func nameOf(text []byte, otherwise string) string {
	root, _ := casefile.ParseYAML("", text)
	if n := root.Get("case"); n != nil && n.Text != "" {
		return n.Text
	}
	return otherwise
}

// Change takes an edit into the actor's draft. label says what was changed, for the draft's steps; file is the name that
// places in diagnostics carry. Diagnostics of the edit come back as they are.
func (a *App) Change(ctx context.Context, who Actor, caseID, label, file string, edit func(*revision.Text) (*revision.Text, error)) (*Open, error) {
	o, err := a.editable(ctx, who, caseID)
	if err != nil {
		return nil, err
	}
	t, err := a.Engine.Text(file, o.Text)
	if err != nil {
		return nil, err
	}
	if t, err = edit(t); err != nil {
		return nil, err
	}
	// What computed must go on computing; what did not may be mended step by step.
	next := t.Bytes()
	l := locale.New(locale.English)
	if list := a.Engine.Check(next, l); list.Err() != nil && a.Engine.Check(o.Text, l).Err() == nil {
		return nil, &Error{Code: Invalid, Key: "web.error.value", Problems: list}
	}
	return a.push(ctx, who, o, label, next)
}

// inUse is allowed for an edit, which an archived case takes none of.
func (a *App) inUse(ctx context.Context, who Actor, caseID string) (store.Case, error) {
	c, err := a.allowed(ctx, who, auth.CaseEdit, caseID)
	if err == nil && !c.Archived.IsZero() {
		err = known(store.ErrArchived)
	}
	return c, err
}

func (a *App) editable(ctx context.Context, who Actor, caseID string) (*Open, error) {
	c, err := a.inUse(ctx, who, caseID)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, who, c, 0)
}

func (a *App) push(ctx context.Context, who Actor, o *Open, label string, text []byte) (*Open, error) {
	if bytes.Equal(text, o.Text) {
		return o, nil
	}
	if len(text) > casefile.MaxBytes {
		return nil, &Error{Code: Limit, Key: "web.error.too_big"}
	}
	id := o.Case.ID
	_, err := a.store.PushDraft(ctx, id, who.User, label, string(text))
	if errors.Is(err, store.ErrNotFound) {
		if _, err = a.store.BeginDraft(ctx, id, who.User, int64(o.Revision), string(o.Saved)); err == nil || errors.Is(err, store.ErrExists) {
			_, err = a.store.PushDraft(ctx, id, who.User, label, string(text))
		}
	}
	if err != nil {
		return nil, known(err)
	}
	return a.open(ctx, who, o.Case, 0)
}

// SetText takes a whole text into the draft, also one that does not compute yet. seen is the hash of the text it was made
// from; where the draft has moved on since, in another window, it is a Conflict.
func (a *App) SetText(ctx context.Context, who Actor, caseID string, text []byte, seen string) (*Open, error) {
	o, err := a.editable(ctx, who, caseID)
	if err != nil {
		return nil, err
	}
	if seen != Hash(o.Text) {
		return nil, &Error{Code: Conflict, Key: "web.file.conflict", Head: o.Head}
	}
	return a.push(ctx, who, o, "text", text)
}

// Undo takes the last step of the draft back.
func (a *App) Undo(ctx context.Context, who Actor, caseID string) (*Open, error) {
	return a.step(ctx, who, caseID, a.store.UndoDraft)
}

// Redo takes the step forward again.
func (a *App) Redo(ctx context.Context, who Actor, caseID string) (*Open, error) {
	return a.step(ctx, who, caseID, a.store.RedoDraft)
}

func (a *App) step(ctx context.Context, who Actor, caseID string, move func(ctx context.Context, caseID, userID string) (store.Draft, error)) (*Open, error) {
	c, err := a.inUse(ctx, who, caseID)
	if err != nil {
		return nil, err
	}
	if _, err := move(ctx, caseID, who.User); err != nil {
		return nil, known(err)
	}
	return a.open(ctx, who, c, 0)
}

// Discard drops the draft.
func (a *App) Discard(ctx context.Context, who Actor, caseID string) (*Open, error) {
	c, err := a.inUse(ctx, who, caseID)
	if err != nil {
		return nil, err
	}
	if err := a.store.DiscardDraft(ctx, caseID, who.User); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, known(err)
	}
	return a.open(ctx, who, c, 0)
}

// Save makes a revision of the draft and returns its number. Where another saved meanwhile it is a Conflict, and Merging
// says how the two go together.
func (a *App) Save(ctx context.Context, who Actor, caseID, reason string) (int, error) {
	if _, err := a.allowed(ctx, who, auth.CaseSave, caseID); err != nil {
		return 0, err
	}
	r, err := a.store.SaveDraft(ctx, who.log(), caseID, reason)
	if err != nil {
		return 0, known(err)
	}
	a.saved(ctx, who, r)
	return int(r.Number), nil
}

// SaveText makes a revision of a text on a base, for surfaces that keep no draft.
func (a *App) SaveText(ctx context.Context, who Actor, caseID string, text []byte, base int, reason string) (int, error) {
	if _, err := a.allowed(ctx, who, auth.CaseSave, caseID); err != nil {
		return 0, err
	}
	if _, list := casefile.ParseYAML("", text); list.Err() != nil {
		return 0, problems(list)
	}
	r, err := a.store.SaveRevision(ctx, store.Revision{CaseID: caseID, Base: int64(base), AuthorID: who.User, AuthorName: who.Name, Reason: reason, Text: string(text)})
	if err != nil {
		return 0, known(err)
	}
	a.saved(ctx, who, r)
	return int(r.Number), nil
}

// saved keeps what follows from a new revision: the case's name and its key figures.
func (a *App) saved(ctx context.Context, who Actor, r store.Revision) {
	if c, err := a.store.Case(ctx, r.CaseID); err == nil && c.Head == r.Number { // else another save came after, with a name of its own
		if name := nameOf([]byte(r.Text), c.Name); name != c.Name {
			_ = a.store.RenameCase(ctx, who.log(), r.CaseID, name)
		}
	}
	_, _ = a.keepOutcome(ctx, r.CaseID, int(r.Number), []byte(r.Text)) // else when somebody looks
}

// Merge is how a draft and what another saved meanwhile go together.
type Merge struct {
	Head      int
	Author    string
	Base      []byte
	Theirs    []byte
	Conflicts []revision.Conflict // changed by both, differently
}

// Merging compares the draft with the newest revision; nil where nobody saved meanwhile.
func (a *App) Merging(ctx context.Context, who Actor, caseID string) (*Merge, error) {
	o, err := a.editable(ctx, who, caseID)
	if err != nil || o.Revision == o.Head {
		return nil, err
	}
	r, err := a.store.Revision(ctx, caseID, int64(o.Head))
	if err != nil {
		return nil, known(err)
	}
	_, conflicts, err := revision.Merge(o.Saved, o.Text, []byte(r.Text))
	if err != nil {
		return nil, err
	}
	return &Merge{Head: o.Head, Author: r.AuthorName, Base: o.Saved, Theirs: []byte(r.Text), Conflicts: conflicts}, nil
}

// Merge brings the draft and the newest revision together, with a choice for each conflict, and saves the result. head is
// the revision that the choices were made for; a newer one is a Conflict again.
func (a *App) Merge(ctx context.Context, who Actor, caseID string, head int, choices map[string]revision.Choice, reason string) (int, error) {
	if _, err := a.allowed(ctx, who, auth.CaseSave, caseID); err != nil {
		return 0, err
	}
	o, err := a.editable(ctx, who, caseID)
	if err != nil {
		return 0, err
	}
	if head != o.Head {
		return 0, &Error{Code: Conflict, Key: "web.error.conflict", Head: o.Head}
	}
	r, err := a.store.Revision(ctx, caseID, int64(head))
	if err != nil {
		return 0, known(err)
	}
	merged, open, err := revision.Resolve(o.Saved, o.Text, []byte(r.Text), choices)
	if err != nil {
		return 0, err
	}
	if len(open) > 0 {
		return 0, &Error{Code: Conflict, Key: "web.error.conflict", Head: o.Head}
	}
	if r, err = a.store.MergeDraft(ctx, who.log(), caseID, int64(head), string(o.Text), string(merged), reason); err != nil {
		return 0, known(err)
	}
	a.saved(ctx, who, r)
	return int(r.Number), nil
}

// Restore makes an older revision the newest.
func (a *App) Restore(ctx context.Context, who Actor, caseID string, number int, reason string) (int, error) {
	c, err := a.allowed(ctx, who, auth.CaseRestore, caseID)
	if err != nil {
		return 0, err
	}
	old, err := a.store.Revision(ctx, caseID, int64(number))
	if err != nil {
		return 0, known(err)
	}
	return a.SaveText(ctx, who, caseID, []byte(old.Text), int(c.Head), reason)
}

// Seal makes the newest revision the baseline that later ones are held against. by is who signed it off.
func (a *App) Seal(ctx context.Context, who Actor, caseID, by, note string) (store.Seal, error) {
	c, err := a.allowed(ctx, who, auth.CaseSeal, caseID)
	if err != nil {
		return store.Seal{}, err
	}
	if note != "" {
		by += ": " + note
	}
	s, err := a.store.SealCase(ctx, who.log(), caseID, c.Head, by)
	return s, known(err)
}

// Audit finds what a controller would object to in an open case, what was changed after sealing included.
func (a *App) Audit(ctx context.Context, o *Open, scenario string, l *locale.Locale) (diag.List, error) {
	list, err := a.Engine.Audit(ctx, o.Text, scenario, l)
	if err != nil || o.Seal == nil || bytes.Equal(o.Text, o.SealedText) {
		return list, err
	}
	now, err := a.Engine.Answer(ctx, o.Text, scenario, 0, l)
	if err != nil {
		return list, err
	}
	sealed, err := a.Engine.Answer(ctx, o.SealedText, scenario, 0, l)
	if err != nil {
		return list, nil // the scenario is newer than the seal, so there is nothing to hold it against
	}
	return slices.Concat(decide.Against(sealed, now), list), nil
}

// Revisions is RevisionPage with the texts, thirty at a time.
func (a *App) Revisions(ctx context.Context, who Actor, caseID, cursor string) ([]store.Revision, string, error) {
	list, next, err := a.RevisionPage(ctx, who, caseID, cursor, 30)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		if list[i], err = a.store.Revision(ctx, caseID, list[i].Number); err != nil {
			return nil, "", known(err)
		}
	}
	return list, next, nil
}

// Seals lists the seals of a case, latest first. The people in them are not for shared links.
func (a *App) Seals(ctx context.Context, who Actor, caseID string) ([]store.Seal, error) {
	if _, err := a.allowed(ctx, who, auth.CaseExport, caseID); err != nil {
		return nil, err
	}
	return a.store.Seals(ctx, caseID)
}

// SetStatus moves a case to another stage of its life.
func (a *App) SetStatus(ctx context.Context, who Actor, caseID, status string) error {
	if _, err := a.allowed(ctx, who, auth.CaseStatus, caseID); err != nil {
		return err
	}
	return known(a.store.SetStatus(ctx, who.log(), caseID, store.Status(status)))
}

// Archive puts a case away, or takes it back.
func (a *App) Archive(ctx context.Context, who Actor, caseID string, away bool) error {
	if _, err := a.allowed(ctx, who, auth.CaseDelete, caseID); err != nil {
		return err
	}
	return known(a.store.ArchiveCase(ctx, who.log(), caseID, away))
}
