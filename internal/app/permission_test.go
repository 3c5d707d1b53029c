package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// target is what an attempt is made on: a case of anna's organisation with a revision that somebody else saved, a draft
// of whoever asks, a comment, a link and a guest.
type target struct {
	*world
	who                       app.Actor
	id, comment, share, guest string
}

// Texts that need no computation.
const (
	first  = broken
	theirs = broken + "horizon: 9 months\n"
	mine   = broken + "discount: 8 %/year\n"
)

var by = store.Actor{UserName: "Aufbau"}

func (w *world) target(as func(caseID string) app.Actor) *target {
	w.Helper()
	c, err := w.store.CreateCase(w.ctx, by, store.Case{OrgID: w.org, Name: "Ziel"}, first, "")
	w.ok(err)
	t := &target{world: w, id: c.ID, who: as(c.ID)}
	said, err := w.store.AddComment(w.ctx, by, store.Comment{CaseID: c.ID, Text: "x"})
	w.ok(err)
	_, link, err := w.store.CreateShare(w.ctx, by, c.ID, w.now().Add(day))
	w.ok(err)
	t.comment, t.share = said.ID, link.ID
	if t.who.User == "" {
		return t
	}
	_, err = w.store.BeginDraft(w.ctx, c.ID, t.who.User, 1, first)
	w.ok(err)
	_, err = w.store.PushDraft(w.ctx, c.ID, t.who.User, "", mine)
	w.ok(err)
	return t
}

// saved lets somebody else save meanwhile.
func (t *target) saved() *target {
	t.Helper()
	_, err := t.store.SaveRevision(t.ctx, store.Revision{CaseID: t.id, Base: 1, Text: theirs})
	t.ok(err)
	return t
}

// member adds a guest to anna's organisation.
func (t *target) member() *target {
	t.Helper()
	t.guest = store.NewID()
	u, err := t.store.CreateUser(t.ctx, by, store.User{Name: "Gast", Email: t.guest + "@example.com"})
	t.ok(err)
	t.guest = u.ID
	t.ok(t.store.AddMember(t.ctx, by, t.org, t.guest, store.Viewer))
	return t
}

// owner is whoever asks, or the editor where nobody does.
func (t *target) owner() string {
	if t.who.User != "" {
		return t.who.User
	}
	return t.ids["editor"]
}

func (t *target) token(user string) string {
	t.Helper()
	_, made, err := t.store.CreateToken(t.ctx, by, store.Token{UserID: user, OrgID: t.org, Name: "x", Scopes: "cases:read", Expires: t.now().Add(day)})
	t.ok(err)
	return made.ID
}

// imported is an import of anna's organisation, into a source of its own.
func (t *target) imported() warehouse.Batch {
	t.Helper()
	s, err := t.records.AddSource(t.ctx, warehouse.Source{Owner: t.org, Name: store.NewID(), Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	t.ok(err)
	i, err := t.records.Begin(t.ctx, s, "opportunity", "deals.csv", store.NewID())
	t.ok(err)
	t.ok(i.Finish(t.ctx))
	return i.Batch
}

// mapping is the name of one that anna's organisation keeps.
func (t *target) mapping() string {
	t.Helper()
	m := warehouse.Mapping{Owner: t.org, Name: store.NewID(), Table: "opportunity", Text: dealsMapping}
	t.ok(t.records.KeepMapping(t.ctx, m))
	return m.Name
}

// uploaded is a file of anna's organisation; it goes with the test, for an organisation may have so many.
func (t *target) uploaded() string {
	t.Helper()
	u, err := t.AddUpload(t.ctx, t.as("editor"), t.org, newUpload, strings.NewReader(deals))
	t.ok(err)
	t.Cleanup(func() { _ = t.DropUpload(context.WithoutCancel(t.ctx), t.as("editor"), t.org, u.ID) })
	return u.ID
}

// ready is an upload whose mapping fits.
func (t *target) ready() string {
	t.Helper()
	id := t.uploaded()
	p, err := t.UseMapping(t.ctx, t.as("editor"), t.org, id, "m.yaml", []byte(dealsMapping))
	t.ok(err)
	if !p.Fits {
		t.Fatal(p.Problems)
	}
	return id
}

func (t *target) session() string {
	t.Helper()
	_, s, err := t.store.CreateSession(t.ctx, store.Session{UserID: t.owner(), Expires: t.now().Add(day)})
	t.ok(err)
	return s.ID
}

// attempts are all operations that ask who may do them, each with a request that is right. Where there are two for one
// method, the second has a name of its own after a slash.
var attempts = map[string]func(ctx context.Context, t *target) error{
	"Open":      func(ctx context.Context, t *target) error { _, err := t.Open(ctx, t.who, t.id, 0); return err },
	"Read":      func(ctx context.Context, t *target) error { _, err := t.Read(ctx, t.who, t.id, 0); return err },
	"Export":    func(ctx context.Context, t *target) error { _, _, err := t.Export(ctx, t.who, t.id, 0); return err },
	"Revisions": func(ctx context.Context, t *target) error { _, _, err := t.Revisions(ctx, t.who, t.id, ""); return err },
	"RevisionPage": func(ctx context.Context, t *target) error {
		_, _, err := t.RevisionPage(ctx, t.who, t.id, "", 5)
		return err
	},
	"Seals":    func(ctx context.Context, t *target) error { _, err := t.Seals(ctx, t.who, t.id); return err },
	"Comments": func(ctx context.Context, t *target) error { _, err := t.Comments(ctx, t.who, t.id, ""); return err },
	"MayExport": func(ctx context.Context, t *target) error {
		c, err := t.store.Case(ctx, t.id)
		t.ok(err)
		if !t.MayExport(t.who, c) {
			return diag.New("auth_forbidden", diag.Position{}, nil)
		}
		return nil
	},
	"MayCompute": func(_ context.Context, t *target) error { return t.MayCompute(t.who) },

	"Create": func(ctx context.Context, t *target) error {
		_, err := t.Create(ctx, t.who, t.org, []byte(first), "", "")
		return err
	},
	"Draft": func(ctx context.Context, t *target) error { _, err := t.Draft(ctx, t.who, t.id); return err },
	"Change": func(ctx context.Context, t *target) error {
		_, err := t.Change(ctx, t.who, t.id, "", "", func(t *revision.Text) (*revision.Text, error) { return t.Set("costs.a", "1 EUR/month") })
		return err
	},
	"SetText": func(ctx context.Context, t *target) error {
		_, err := t.SetText(ctx, t.who, t.id, []byte("case: x\n"), app.Hash([]byte(mine)))
		return err
	},
	"Undo": func(ctx context.Context, t *target) error { _, err := t.Undo(ctx, t.who, t.id); return err },
	"Redo": func(ctx context.Context, t *target) error {
		if t.who.User != "" {
			_, err := t.store.UndoDraft(ctx, t.id, t.who.User)
			t.ok(err)
		}
		_, err := t.Redo(ctx, t.who, t.id)
		return err
	},
	"Discard": func(ctx context.Context, t *target) error { _, err := t.Discard(ctx, t.who, t.id); return err },
	"Save":    func(ctx context.Context, t *target) error { _, err := t.Save(ctx, t.who, t.id, ""); return err },
	"SaveText": func(ctx context.Context, t *target) error {
		_, err := t.SaveText(ctx, t.who, t.id, []byte(mine), 1, "")
		return err
	},
	"Head":    func(ctx context.Context, t *target) error { _, err := t.Head(ctx, t.who, t.id); return err },
	"Merging": func(ctx context.Context, t *target) error { _, err := t.saved().Merging(ctx, t.who, t.id); return err },
	"Merge": func(ctx context.Context, t *target) error {
		_, err := t.saved().Merge(ctx, t.who, t.id, 2, nil, "")
		return err
	},
	"Restore": func(ctx context.Context, t *target) error {
		_, err := t.saved().Restore(ctx, t.who, t.id, 1, "")
		return err
	},
	"SetStatus": func(ctx context.Context, t *target) error { return t.SetStatus(ctx, t.who, t.id, "live") },
	"Archive":   func(ctx context.Context, t *target) error { return t.Archive(ctx, t.who, t.id, true) },
	"Seal":      func(ctx context.Context, t *target) error { _, err := t.Seal(ctx, t.who, t.id, "x", ""); return err },

	"Comment": func(ctx context.Context, t *target) error {
		_, err := t.Comment(ctx, t.who, t.id, "", "", "x")
		return err
	},
	"ResolveComment": func(ctx context.Context, t *target) error { return t.ResolveComment(ctx, t.who, t.id, t.comment) },
	"Share":          func(ctx context.Context, t *target) error { _, err := t.Share(ctx, t.who, t.id, 3); return err },
	"Shares":         func(ctx context.Context, t *target) error { _, err := t.Shares(ctx, t.who, t.id); return err },
	"RevokeShare":    func(ctx context.Context, t *target) error { return t.RevokeShare(ctx, t.who, t.id, t.share) },

	"Cases": func(ctx context.Context, t *target) error {
		_, _, err := t.Cases(ctx, t.who, app.Filter{Organisation: t.org, Limit: 1})
		return err
	},
	"Portfolio":    func(ctx context.Context, t *target) error { _, err := t.Portfolio(ctx, t.who, t.org); return err },
	"Organisation": func(ctx context.Context, t *target) error { _, err := t.Organisation(ctx, t.who, t.org); return err },
	"Members":      func(ctx context.Context, t *target) error { _, err := t.Members(ctx, t.who, t.org); return err },
	"Invite": func(ctx context.Context, t *target) error {
		_, err := t.Invite(ctx, t.who, t.org, "", "viewer")
		return err
	},
	"Invitations": func(ctx context.Context, t *target) error { _, err := t.Invitations(ctx, t.who, t.org); return err },
	"Withdraw": func(ctx context.Context, t *target) error {
		_, made, err := t.store.CreateInvitation(ctx, by, store.Invitation{OrgID: t.org, Role: store.Viewer, Expires: t.now().Add(day)})
		t.ok(err)
		return t.Withdraw(ctx, t.who, t.org, made.ID)
	},
	"SetRole": func(ctx context.Context, t *target) error {
		return t.member().SetRole(ctx, t.who, t.org, t.guest, "editor")
	},
	"RemoveMember":       func(ctx context.Context, t *target) error { return t.member().RemoveMember(ctx, t.who, t.org, t.guest) },
	"RenameOrganisation": func(ctx context.Context, t *target) error { return t.RenameOrganisation(ctx, t.who, t.org, "Neu") },
	"CreateOrganisation": func(ctx context.Context, t *target) error {
		_, err := t.CreateOrganisation(ctx, t.who, "Neu")
		return err
	},
	"Events": func(ctx context.Context, t *target) error {
		_, _, err := t.Events(ctx, t.who, t.org, "", "")
		return err
	},
	"Events/case": func(ctx context.Context, t *target) error {
		_, _, err := t.Events(ctx, t.who, "", t.id, "")
		return err
	},
	"EventPage": func(ctx context.Context, t *target) error {
		_, _, err := t.EventPage(ctx, t.who, t.org, "", "", 1)
		return err
	},
	"EventPage/case": func(ctx context.Context, t *target) error {
		_, _, err := t.EventPage(ctx, t.who, "", t.id, "", 1)
		return err
	},

	"Sources": func(ctx context.Context, t *target) error { _, err := t.Sources(ctx, t.who, t.org); return err },
	"Figures": func(ctx context.Context, t *target) error {
		_, err := t.Figures(ctx, t.who, t.org, app.Asked{Source: t.imported().Source})
		return err
	},
	"Imports": func(ctx context.Context, t *target) error { _, err := t.Imports(ctx, t.who, t.org, 5); return err },
	"ImportOf": func(ctx context.Context, t *target) error {
		_, err := t.ImportOf(ctx, t.who, t.org, t.imported().ID)
		return err
	},
	"Rejects": func(ctx context.Context, t *target) error {
		_, err := t.Rejects(ctx, t.who, t.org, t.imported().ID, 0, "", 5)
		return err
	},
	"WriteRejects": func(ctx context.Context, t *target) error {
		return t.WriteRejects(ctx, t.who, t.org, t.imported().ID, io.Discard, locale.New(locale.English), func(app.Import) {})
	},
	"TakeBack": func(ctx context.Context, t *target) error { return t.TakeBack(ctx, t.who, t.org, t.imported().ID) },
	"RemoveSource": func(ctx context.Context, t *target) error {
		return t.RemoveSource(ctx, t.who, t.org, t.imported().Source)
	},
	"Mappings": func(ctx context.Context, t *target) error { _, err := t.Mappings(ctx, t.who, t.org); return err },
	"MappingOf": func(ctx context.Context, t *target) error {
		_, err := t.MappingOf(ctx, t.who, t.org, t.mapping())
		return err
	},
	"RemoveMapping": func(ctx context.Context, t *target) error { return t.RemoveMapping(ctx, t.who, t.org, t.mapping()) },
	"AddUpload": func(ctx context.Context, t *target) error {
		u, err := t.AddUpload(ctx, t.who, t.org, newUpload, strings.NewReader(deals))
		if err == nil {
			t.ok(t.DropUpload(ctx, t.who, t.org, u.ID))
		}
		return err
	},
	"Uploads": func(ctx context.Context, t *target) error { _, err := t.Uploads(ctx, t.who, t.org); return err },
	"UploadOf": func(ctx context.Context, t *target) error {
		_, err := t.UploadOf(ctx, t.who, t.org, t.uploaded())
		return err
	},
	"Prepare": func(ctx context.Context, t *target) error {
		_, err := t.Prepare(ctx, t.who, t.org, t.uploaded(), nil)
		return err
	},
	"StartImport": func(ctx context.Context, t *target) error { return t.StartImport(ctx, t.who, t.org, t.ready(), "") },
	"StopImport": func(ctx context.Context, t *target) error {
		defer t.data.Hold()()
		id := t.ready()
		t.ok(t.StartImport(ctx, t.as("editor"), t.org, id, ""))
		return t.StopImport(ctx, t.who, t.org, id)
	},
	"DropUpload": func(ctx context.Context, t *target) error { return t.DropUpload(ctx, t.who, t.org, t.uploaded()) },
	"MappingFile": func(ctx context.Context, t *target) error {
		_, err := t.MappingFile(ctx, t.who, t.org, t.uploaded())
		return err
	},
	"UseMapping": func(ctx context.Context, t *target) error {
		_, err := t.UseMapping(ctx, t.who, t.org, t.uploaded(), "m.yaml", []byte(dealsMapping))
		return err
	},

	"CreateToken": func(ctx context.Context, t *target) error {
		_, err := t.CreateToken(ctx, t.who, t.org, "x", []string{"cases:read"}, 3)
		return err
	},
	"RevokeToken": func(ctx context.Context, t *target) error { return t.RevokeToken(ctx, t.who, t.token(t.owner())) },
	"RevokeToken/theirs": func(ctx context.Context, t *target) error {
		return t.RevokeToken(ctx, t.who, t.token(t.member().guest))
	},
	"Tokens":     func(ctx context.Context, t *target) error { _, err := t.Tokens(ctx, t.who); return err },
	"Sessions":   func(ctx context.Context, t *target) error { _, err := t.Sessions(ctx, t.who); return err },
	"EndSession": func(ctx context.Context, t *target) error { return t.EndSession(ctx, t.who, t.session()) },
}

// expected says who may do what, written out by hand from the rules in package auth and their reasons. "-" is forbidden,
// "hid" as if it did not exist, "log" asks to log in. The tokens are of an owner who also administers, for this
// organisation, with one scope each.
//
//   - link is a shared link to the case, other one to another case.
//   - outsider owns another organisation; admin administers the installation and belongs to none.
const expected = `
                   nobody link other outsider viewer commenter editor owner admin | cases:read cases:write comments:write shares:write data:read data:write org:read org:admin installation:admin
Open               log    yes  hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Read               log    yes  hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Export             log    -    hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Revisions          log    -    hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
RevisionPage       log    -    hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Seals              log    -    hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Comments           log    -    hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
MayExport          -      -    -     -        yes    yes       yes    yes   -     | yes        -           -              -            -         -          -        -         -
MayCompute         log    hid  hid   yes      yes    yes       yes    yes   yes   | yes        -           -              -            -         -          -        -         -
Cases              log    hid  hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Portfolio          log    hid  hid   hid      yes    yes       yes    yes   hid   | yes        -           -              -            -         -          -        -         -
Organisation       log    hid  hid   hid      yes    yes       yes    yes   yes   | yes        -           -              -            -         -          yes      -         -

Create             log    hid  hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Draft              log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Change             log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
SetText            log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Undo               log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Redo               log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Discard            log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Save               log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
SaveText           log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Head               log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Merging            log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Merge              log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Restore            log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
SetStatus          log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Archive            log    -    hid   hid      -      -         yes    yes   hid   | -          yes         -              -            -         -          -        -         -
Seal               log    -    hid   hid      -      -         -      yes   hid   | -          yes         -              -            -         -          -        -         -

Comment            log    -    hid   hid      -      yes       yes    yes   hid   | -          -           yes            -            -         -          -        -         -
ResolveComment     log    -    hid   hid      -      yes       yes    yes   hid   | -          -           yes            -            -         -          -        -         -
Share              log    -    hid   hid      -      -         yes    yes   hid   | -          -           -              yes          -         -          -        -         -
Shares             log    -    hid   hid      -      -         yes    yes   hid   | -          -           -              yes          -         -          -        -         -
RevokeShare        log    -    hid   hid      -      -         yes    yes   hid   | -          -           -              yes          -         -          -        -         -

Members            log    hid  hid   hid      yes    yes       yes    yes   yes   | -          -           -              -            -         -          yes      -         -
Invite             log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
Invitations        log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
Withdraw           log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
SetRole            log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
RemoveMember       log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
RenameOrganisation log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
CreateOrganisation log    hid  hid   -        -      -         -      -     yes   | -          -           -              -            -         -          -        -         -
Events             log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
Events/case        log    -    hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
EventPage          log    hid  hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -
EventPage/case     log    -    hid   hid      -      -         -      yes   yes   | -          -           -              -            -         -          -        yes       -

Sources            log    hid  hid   hid      yes    yes       yes    yes   hid   | -          -           -              -            yes       -          -        -         -
Figures            log    hid  hid   hid      yes    yes       yes    yes   hid   | -          -           -              -            yes       -          -        -         -
Imports            log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
ImportOf           log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
Rejects            log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
WriteRejects       log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
Mappings           log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
MappingOf          log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
RemoveMapping      log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
AddUpload          log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
Uploads            log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
UploadOf           log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
Prepare            log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
StartImport        log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
StopImport         log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
DropUpload         log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
MappingFile        log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
UseMapping         log    hid  hid   hid      -      -         yes    yes   hid   | -          -           -              -            -         yes        -        -         -
TakeBack           log    hid  hid   hid      -      -         -      yes   hid   | -          -           -              -            -         yes        -        -         -
RemoveSource       log    hid  hid   hid      -      -         -      yes   hid   | -          -           -              -            -         yes        -        -         -

CreateToken        log    hid  hid   hid      yes    yes       yes    yes   yes   | -          -           -              -            -         -          -        -         -
RevokeToken        log    hid  hid   yes      yes    yes       yes    yes   yes   | -          -           -              -            -         -          -        -         -
RevokeToken/theirs log    hid  hid   hid      hid    hid       hid    hid   hid   | -          -           -              -            -         -          -        -         -
Tokens             log    hid  hid   yes      yes    yes       yes    yes   yes   | -          -           -              -            -         -          -        -         -
Sessions           log    hid  hid   yes      yes    yes       yes    yes   yes   | -          -           -              -            -         -          -        -         -
EndSession         log    hid  hid   yes      yes    yes       yes    yes   yes   | -          -           -              -            -         -          -        -         -
`

// unasked are the methods that no actor needs a permission for, and why.
var unasked = map[string]string{
	"HasData": "the state of the program", "DataLimits": "the state of the program",
	"Ready": "the state of the program", "Fresh": "the state of the program", "Setup": "works while nobody has an account",
	"Local": "says who asks", "Actor": "says who asks", "Bearer": "says who asks, by a secret", "Visitor": "says who asks, by a secret",
	"Identities": "for package auth", "SessionStore": "for package auth", "CredentialStore": "for package auth",
	"Join": "by a secret", "Invitation": "by a secret", "Accept": "by a secret", "MadeToken": "by a secret", "MadeShare": "by a secret",
	"Reset": "makes a link for the owner of the address", "UseReset": "by a secret", "SetPassword": "asks for the old password",
	"SetName": "the actor's own account", "Organisations": "the actor's own memberships", "Home": "the actor's own memberships",
	"Audit": "of a case that was opened", "Report": "of a case that was opened; its people are told to those who may export",
	"BeginOnce": "the actor's own keys", "FinishOnce": "the actor's own keys", "DropOnce": "the actor's own keys",
}

func TestPermissions_everyMethodIsInTheTable(t *testing.T) {
	asked := map[string]bool{}
	for name := range attempts {
		method, _, _ := strings.Cut(name, "/")
		asked[method] = true
	}
	var methods []string
	for m := range reflect.TypeFor[*app.App]().Methods() {
		methods = append(methods, m.Name)
		if asked[m.Name] == (unasked[m.Name] != "") {
			t.Errorf("%s: is it asked who may do it, or need it not be? attempts or unasked must say so", m.Name)
		}
	}
	for name := range asked {
		if !slices.Contains(methods, name) {
			t.Errorf("there is no method %s", name)
		}
	}
	for name := range unasked {
		if !slices.Contains(methods, name) {
			t.Errorf("there is no method %s", name)
		}
	}
}

func TestPermissions(t *testing.T) {
	w := newWorld(t)
	u, err := w.store.User(w.ctx, w.ids["bernd"])
	w.ok(err)
	u.Admin = true
	w.ok(w.store.UpdateUser(w.ctx, by, u))
	elsewhere, err := w.store.CreateCase(w.ctx, by, store.Case{OrgID: w.org, Name: "Anderer"}, first, "")
	w.ok(err)
	visitor := func(id string) app.Actor {
		return app.Actor{Actor: auth.Actor{Share: &auth.SharedCase{Organisation: w.org, Case: id}}}
	}
	actors := map[string]func(string) app.Actor{
		"nobody": func(string) app.Actor { return app.Actor{} },
		"link":   visitor,
		"other":  func(string) app.Actor { return visitor(elsewhere.ID) },
	}
	for column, person := range map[string]string{"outsider": "otto", "viewer": "viewer", "commenter": "commenter", "editor": "editor", "owner": "anna", "admin": "admin"} {
		who := w.as(person)
		actors[column] = func(string) app.Actor { return who }
	}
	for _, scope := range auth.Scopes() {
		who, _ := w.bearer("bernd", w.org, string(scope))
		actors[string(scope)] = func(string) app.Actor { return who }
	}

	lines := strings.Split(strings.TrimSpace(expected), "\n")
	columns := strings.Fields(strings.Replace(lines[0], "|", "", 1))
	if len(columns) != len(actors) {
		t.Fatalf("%d columns for %d actors", len(columns), len(actors))
	}
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		cells := strings.Fields(strings.Replace(line, "|", "", 1))
		if len(cells) == 0 {
			continue
		}
		name := cells[0]
		attempt := attempts[name]
		if seen[name] = true; attempt == nil || len(cells) != len(columns)+1 {
			t.Fatalf("row %q", line)
		}
		w.run(name, func(w *world) {
			var wrong []string
			for i, column := range columns {
				if got, want := outcome(attempt(w.ctx, w.target(actors[column]))), cells[i+1]; got != want {
					wrong = append(wrong, fmt.Sprintf("%s: %s, want %s", column, got, want))
				}
			}
			if wrong != nil {
				w.Errorf("%s", strings.Join(wrong, "\n"))
			}
		})
	}
	for name := range attempts {
		if !seen[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// outcome is an error in the words of the table; the error itself where it is about something else than permissions.
func outcome(err error) string {
	var d diag.Diagnostic
	if err == nil {
		return "yes"
	}
	if errors.As(err, &d) {
		switch d.Code {
		case "auth_login_needed":
			return "log"
		case "auth_not_found":
			return "hid"
		case "auth_forbidden", "auth_forbidden_role", "auth_scope_missing", "auth_token_cannot":
			return "-"
		}
	}
	return err.Error()
}
