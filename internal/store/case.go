package store

import (
	"context"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/store/query"
)

// Status is where a case stands in its life.
type Status string

// The stages, in order.
const (
	Drafted Status = "draft"
	Decided Status = "decided"
	Live    Status = "live"
	Ended   Status = "ended"
)

// Statuses lists them in order.
var Statuses = []Status{Drafted, Decided, Live, Ended}

// Known reports whether the status exists.
func (s Status) Known() bool { return slices.Contains(Statuses, s) }

// Case is one business case. Head is its latest revision, Updated the last change to it or its text, Archived zero while
// it is in use.
type Case struct {
	ID       string
	OrgID    string
	Name     string
	Status   Status
	Head     int64
	Created  time.Time
	Updated  time.Time
	Archived time.Time
}

func aCase(r query.Case) Case {
	return Case{ID: r.ID, OrgID: r.OrgID, Name: r.Name, Status: Status(r.Status), Head: r.Head, Created: moment(r.Created),
		Updated: moment(r.Updated), Archived: moment(r.Archived)}
}

// Revision is one saved text of a case. Numbers count from 1 without gaps; Base is the revision it was made from, 0 for
// the first. Text is the case file, byte by byte, and Hash its SHA-256 in hexadecimal.
type Revision struct {
	CaseID     string
	Number     int64
	Base       int64
	AuthorID   string
	AuthorName string
	At         time.Time
	Reason     string
	Text       string
	Hash       string
}

func revision(r query.Revision) Revision {
	return Revision{CaseID: r.CaseID, Number: r.Number, Base: r.Base, AuthorID: r.AuthorID, AuthorName: r.AuthorName, At: moment(r.At),
		Reason: r.Reason, Text: r.Text, Hash: r.Hash}
}

// CreateCase takes OrgID, Name and Status ("" for draft) and saves text as revision 1. ErrNotFound, ErrName, ErrText,
// ErrValue.
func (s *Store) CreateCase(ctx context.Context, actor Actor, c Case, text, reason string) (Case, error) {
	if c.Status == "" {
		c.Status = Drafted
	}
	if !c.Status.Known() {
		return Case{}, ErrValue
	}
	if c.Name = clean(c.Name); c.Name == "" {
		return Case{}, ErrName
	}
	if err := exact(text); err != nil {
		return Case{}, err
	}
	c.ID, c.Head, c.Created, c.Archived = NewID(), 1, s.now(), time.Time{}
	c.Updated = c.Created
	err := s.write(ctx, "creating the case", func(q *query.Queries) error {
		if err := q.InsertCase(ctx, query.InsertCaseParams{ID: c.ID, OrgID: c.OrgID, Name: c.Name, NameFold: fold(c.Name),
			NameKey: sortKey(c.Name), Status: string(c.Status), Head: c.Head, Created: micros(c.Created), Updated: micros(c.Updated)}); err != nil {
			return err
		}
		if err := q.InsertRevision(ctx, query.InsertRevisionParams{CaseID: c.ID, Number: 1, AuthorID: actor.UserID,
			AuthorName: clean(actor.UserName), At: micros(c.Created), Reason: clean(reason), Text: text, Hash: Hash(text)}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, CaseCreated, c.OrgID, c.ID, map[string]string{"name": c.Name, "reason": reason})
	})
	if err != nil {
		return Case{}, err
	}
	return c, nil
}

// Case finds a case by its id, also an archived one. ErrNotFound.
func (s *Store) Case(ctx context.Context, id string) (Case, error) {
	r, err := s.read().CaseByID(ctx, id)
	return aCase(r), wrap("reading the case", err)
}

// SaveRevision takes CaseID, Base, AuthorID, AuthorName, Reason and Text, and saves the text as revision Base+1. When it
// returns without error the revision is on disk. *ConflictError where the case is not at Base any more; ErrNotFound,
// ErrArchived, ErrText.
func (s *Store) SaveRevision(ctx context.Context, r Revision) (Revision, error) {
	var saved Revision
	err := s.write(ctx, "saving the revision", func(q *query.Queries) error {
		var err error
		saved, err = s.saveRevision(ctx, q, r)
		return err
	})
	if err != nil {
		return Revision{}, err
	}
	return saved, nil
}

func (s *Store) saveRevision(ctx context.Context, q *query.Queries, r Revision) (Revision, error) {
	if err := exact(r.Text); err != nil {
		return r, err
	}
	r.Number, r.At, r.Hash, r.Reason, r.AuthorName = r.Base+1, s.now(), Hash(r.Text), clean(r.Reason), clean(r.AuthorName)
	n, err := q.AdvanceCase(ctx, query.AdvanceCaseParams{ID: r.CaseID, Base: r.Base, Updated: micros(r.At)})
	if err != nil {
		return r, err
	}
	c, err := q.CaseByID(ctx, r.CaseID)
	switch {
	case err != nil:
		return r, err
	case n == 0 && c.Archived != 0:
		return r, ErrArchived
	case n == 0:
		return r, &ConflictError{Head: c.Head}
	}
	if err := q.InsertRevision(ctx, query.InsertRevisionParams{CaseID: r.CaseID, Number: r.Number, Base: r.Base, AuthorID: r.AuthorID,
		AuthorName: r.AuthorName, At: micros(r.At), Reason: r.Reason, Text: r.Text, Hash: r.Hash}); err != nil {
		return r, err
	}
	return r, s.tell(ctx, q, Actor{r.AuthorID, r.AuthorName}, RevisionSaved, c.OrgID, c.ID,
		map[string]string{"revision": strconv.FormatInt(r.Number, 10), "reason": r.Reason})
}

// Revision finds one by its number, 0 for the latest. ErrNotFound.
func (s *Store) Revision(ctx context.Context, caseID string, number int64) (Revision, error) {
	var r query.Revision
	var err error
	if number == 0 {
		r, err = s.read().HeadRevision(ctx, caseID)
	} else {
		r, err = s.read().Revision(ctx, query.RevisionParams{CaseID: caseID, Number: number})
	}
	return revision(r), wrap("reading the revision", err)
}

// Revisions lists a case's revisions without their texts, latest first. next is the cursor of the following page, "" at
// the end. ErrCursor.
func (s *Store) Revisions(ctx context.Context, caseID string, p Page) (list []Revision, next string, err error) {
	from := cursor{Of: "revisions:" + caseID, At: math.MaxInt64}
	if err := from.read(p.Cursor); err != nil {
		return nil, "", err
	}
	limit := p.limit()
	rows, err := s.read().RevisionsOfCase(ctx, query.RevisionsOfCaseParams{CaseID: caseID, Before: from.At, Count: limit + 1})
	if err != nil {
		return nil, "", wrap("listing revisions", err)
	}
	if len(rows) > int(limit) {
		rows = rows[:limit]
		next = cursor{Of: from.Of, At: rows[limit-1].Number, ID: caseID}.String()
	}
	return each(rows, func(r query.RevisionsOfCaseRow) Revision {
		return Revision{CaseID: r.CaseID, Number: r.Number, Base: r.Base, AuthorID: r.AuthorID, AuthorName: r.AuthorName, At: moment(r.At),
			Reason: r.Reason, Hash: r.Hash}
	}), next, nil
}

// changeCase runs f on a case that nobody else can change meanwhile.
func (s *Store) changeCase(ctx context.Context, doing, id string, f func(*query.Queries, Case) error) error {
	return s.write(ctx, doing, func(q *query.Queries) error {
		if err := one(q.LockCase(ctx, id)); err != nil {
			return err
		}
		r, err := q.CaseByID(ctx, id)
		if err != nil {
			return err
		}
		return f(q, aCase(r))
	})
}

// RenameCase gives a case another name. ErrNotFound, ErrName.
func (s *Store) RenameCase(ctx context.Context, actor Actor, id, name string) error {
	if name = clean(name); name == "" {
		return ErrName
	}
	return s.changeCase(ctx, "renaming the case", id, func(q *query.Queries, c Case) error {
		if _, err := q.RenameCase(ctx, query.RenameCaseParams{ID: id, Name: name, NameFold: fold(name), NameKey: sortKey(name), Updated: micros(s.now())}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, CaseRenamed, c.OrgID, id, map[string]string{"name": name, "was": c.Name})
	})
}

// SetStatus moves a case to another stage of its life, in any direction. ErrNotFound, ErrValue.
func (s *Store) SetStatus(ctx context.Context, actor Actor, id string, status Status) error {
	if !status.Known() {
		return ErrValue
	}
	return s.changeCase(ctx, "changing the status", id, func(q *query.Queries, c Case) error {
		if _, err := q.SetCaseStatus(ctx, query.SetCaseStatusParams{ID: id, Status: string(status), Updated: micros(s.now())}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, CaseStatusChanged, c.OrgID, id, map[string]string{"status": string(status), "was": string(c.Status)})
	})
}

// ArchiveCase takes a case out of the lists, or with archived false back into them. ErrNotFound.
func (s *Store) ArchiveCase(ctx context.Context, actor Actor, id string, archived bool) error {
	return s.changeCase(ctx, "archiving the case", id, func(q *query.Queries, c Case) error {
		if archived == !c.Archived.IsZero() {
			return nil
		}
		action, at := CaseReopened, int64(0)
		if archived {
			action, at = CaseArchived, micros(s.now())
		}
		if _, err := q.SetCaseArchived(ctx, query.SetCaseArchivedParams{ID: id, Archived: at, Updated: micros(s.now())}); err != nil {
			return err
		}
		return s.tell(ctx, q, actor, action, c.OrgID, id, map[string]string{"name": c.Name})
	})
}

// Sort is the order of a list of cases.
type Sort string

// The orders: by name from A to Z without regard to case and accents, or the last changed first.
const (
	ByName    Sort = "name"
	ByUpdated Sort = "updated"
)

// CaseFilter chooses cases of one organisation. Search is looked for anywhere in the name, without regard to case and
// accents; "" and a Status of "" choose all. Archived chooses the archived cases instead of those in use.
type CaseFilter struct {
	OrgID    string
	Search   string
	Status   Status
	Archived bool
	Sort     Sort
}

// Cases lists a page of cases. next is the cursor of the following page, "" at the end. ErrCursor.
func (s *Store) Cases(ctx context.Context, f CaseFilter, p Page) (cases []Case, next string, err error) {
	from := cursor{Of: "cases:" + string(f.Sort) + ":" + f.OrgID, At: math.MaxInt64}
	if err := from.read(p.Cursor); err != nil {
		return nil, "", err
	}
	limit := p.limit()
	archivedFrom, archivedTo := int64(0), int64(0)
	if f.Archived {
		archivedFrom, archivedTo = 1, math.MaxInt64
	}
	var rows []query.Case
	if f.Sort == ByUpdated {
		rows, err = s.read().CasesByUpdate(ctx, query.CasesByUpdateParams{OrgID: f.OrgID, ArchivedFrom: archivedFrom, ArchivedTo: archivedTo,
			Status: string(f.Status), Pattern: pattern(f.Search), Before: from.At, BeforeID: from.ID, Count: limit + 1})
	} else {
		rows, err = s.read().CasesByName(ctx, query.CasesByNameParams{OrgID: f.OrgID, ArchivedFrom: archivedFrom, ArchivedTo: archivedTo,
			Status: string(f.Status), Pattern: pattern(f.Search), AfterKey: from.Key, AfterID: from.ID, Count: limit + 1})
	}
	if err != nil {
		return nil, "", wrap("listing cases", err)
	}
	if len(rows) > int(limit) {
		rows = rows[:limit]
		last := rows[limit-1]
		next = cursor{Of: from.Of, At: last.Updated, Key: last.NameKey, ID: last.ID}.String()
	}
	return each(rows, aCase), next, nil
}

// fold is a name as it is searched: lower case, without accents, ß as ss.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sortKey is the beginning of the folded name in hexadecimal, which sorts by bytes under any collation PostgreSQL may
// have been set up with. It is never empty.
func sortKey(name string) string {
	f := fold(name)
	return hex.EncodeToString([]byte(" " + f[:min(len(f), 100)]))
}

// pattern is what LIKE needs to find a text anywhere.
func pattern(search string) string {
	runes := []rune(fold(clean(search)))
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(runes[:min(len(runes), 200)])) + "%"
}
