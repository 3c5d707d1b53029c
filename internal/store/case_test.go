package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/store"
)

func TestRevisionsKeepEveryByte(t *testing.T) {
	big := strings.Repeat("# größer als ein Megabyte 😀\r\n", 40_000)
	on(t, func(w *workshop) {
		ctx := w.Context()
		texts := []string{"", " \t\n", "a: \"ü\" # ß\r\n", "\ufeffname: x", "e\u0301 é", big}
		for i, text := range texts {
			saved, err := w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: int64(i + 1), AuthorID: w.other.ID, AuthorName: w.other.Name, Reason: "Grund „ä“", Text: text})
			w.ok(err)
			got, err := w.Revision(ctx, w.aCase.ID, saved.Number)
			w.ok(err)
			if diff := cmp.Diff(saved, got); diff != "" {
				t.Errorf("text %d: %.300s", i, diff)
			}
			if got.Text != text || got.Number != int64(i+2) || got.Base != int64(i+1) || got.Hash != store.Hash(text) {
				t.Errorf("text %d: revision %d from %d, %d bytes", i, got.Number, got.Base, len(got.Text))
			}
			head, err := w.Revision(ctx, w.aCase.ID, 0)
			w.ok(err)
			if head.Number != got.Number {
				t.Errorf("head is %d", head.Number)
			}
		}
		c, err := w.Case(ctx, w.aCase.ID)
		w.ok(err)
		if c.Head != 7 || !c.Updated.After(c.Created) {
			t.Errorf("case %+v", c)
		}
		events, _, err := w.CaseEvents(ctx, w.aCase.ID, store.Page{})
		w.ok(err)
		w.told(events, store.RevisionSaved, store.RevisionSaved)
		if e := events[0]; e.Detail["revision"] != "7" || e.Detail["reason"] != "Grund „ä“" || e.UserName != w.other.Name || e.OrgID != w.org.ID {
			t.Errorf("event %+v", e)
		}
		for _, bad := range []string{"a\x00b", "a\xffb"} {
			_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 7, Text: bad})
			w.is(err, store.ErrText)
			_, err = w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: "x"}, bad, "")
			w.is(err, store.ErrText)
		}
		_, err = w.Revision(ctx, w.aCase.ID, 8)
		w.is(err, store.ErrNotFound)
	})
}

func TestARevisionOnAnOldBaseIsRefusedWithTheHead(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		_, err := w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 1, Text: "2"})
		w.ok(err)
		for _, base := range []int64{0, 1, 3, -1} {
			_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: base, Text: "x"})
			if conflict, ok := errors.AsType[*store.ConflictError](err); !ok || conflict.Head != 2 {
				t.Errorf("base %d: %v", base, err)
			}
		}
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: "none", Base: 1, Text: "x"})
		w.is(err, store.ErrNotFound)
		w.ok(w.ArchiveCase(ctx, w.actor, w.aCase.ID, true))
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 2, Text: "x"})
		w.is(err, store.ErrArchived)
		w.ok(w.ArchiveCase(ctx, w.actor, w.aCase.ID, false))
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 2, Text: "3"})
		w.ok(err)
	})
}

func TestOfTwoSavingOnTheSameBaseExactlyOneWins(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		for round := range int64(25) {
			won := race(2, func(i int) error {
				_, err := w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: round + 1, AuthorID: w.owner.ID, Text: fmt.Sprint(round, i)})
				return err
			}, func(err error) {
				if conflict, ok := errors.AsType[*store.ConflictError](err); !ok || conflict.Head != round+2 {
					t.Errorf("round %d: %v", round, err)
				}
			})
			if won != 1 {
				t.Fatalf("round %d: %d won", round, won)
			}
		}
		list, _, err := w.Revisions(ctx, w.aCase.ID, store.Page{Limit: 500})
		w.ok(err)
		events, _, err := w.CaseEvents(ctx, w.aCase.ID, store.Page{Limit: 500})
		w.ok(err)
		if len(list) != 26 || len(events) != 26 {
			t.Errorf("%d revisions, %d lines in the log; the loser must leave no trace", len(list), len(events))
		}
	})
}

func TestManyWritersAndReadersAtOnceDoNotFail(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		const writers, each = 8, 15
		if n := race(2*writers, func(i int) error {
			c, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: fmt.Sprint("Fall ", i)}, "", "")
			for k := range int64(each) {
				if err != nil {
					return err
				}
				if i%2 == 0 {
					_, err = w.SaveRevision(ctx, store.Revision{CaseID: c.ID, Base: k + 1, Text: strings.Repeat("x", 10_000)})
				} else if _, err = w.Portfolio(ctx, w.org.ID); err == nil {
					_, _, err = w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID}, store.Page{})
				}
			}
			return err
		}, func(err error) { w.ok(err) }); n != 2*writers {
			t.Errorf("%d of %d succeeded", n, 2*writers)
		}
	})
}

func TestCasesAreRenamedMovedAndArchived(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		w.ok(w.RenameCase(ctx, w.actor, w.aCase.ID, " Neuer Name "))
		w.ok(w.SetStatus(ctx, w.actor, w.aCase.ID, store.Decided))
		c, err := w.Case(ctx, w.aCase.ID)
		w.ok(err)
		if c.Name != "Neuer Name" || c.Status != store.Decided || c.Head != 1 {
			t.Errorf("case %+v", c)
		}
		w.ok(w.ArchiveCase(ctx, w.actor, c.ID, true))
		w.ok(w.ArchiveCase(ctx, w.actor, c.ID, true)) // twice is once
		inUse, _, err := w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID}, store.Page{})
		w.ok(err)
		archived, _, err := w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID, Archived: true}, store.Page{})
		w.ok(err)
		if len(inUse) != 0 || len(archived) != 1 || archived[0].Archived.IsZero() {
			t.Errorf("in use %+v, archived %+v", inUse, archived)
		}
		events, _, err := w.CaseEvents(ctx, c.ID, store.Page{})
		w.ok(err)
		w.told(events, store.CaseArchived, store.CaseStatusChanged, store.CaseRenamed, store.CaseCreated)
		if len(events) != 4 {
			t.Errorf("%d events", len(events))
		}
		for _, err := range []error{w.RenameCase(ctx, w.actor, "none", "x"), w.SetStatus(ctx, w.actor, "none", store.Live), w.ArchiveCase(ctx, w.actor, "none", true)} {
			w.is(err, store.ErrNotFound)
		}
		w.is(w.RenameCase(ctx, w.actor, c.ID, ""), store.ErrName)
		w.is(w.SetStatus(ctx, w.actor, c.ID, "gone"), store.ErrValue)
		_, err = w.CreateCase(ctx, w.actor, store.Case{OrgID: "nowhere", Name: "x"}, "", "")
		w.is(err, store.ErrNotFound)
	})
}

// walk reads all pages of a list.
func walk[T any](t *testing.T, limit int, list func(store.Page) ([]T, string, error)) (all []T) {
	t.Helper()
	p := store.Page{Limit: limit}
	for {
		rows, next, err := list(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > limit || (next != "" && len(rows) < limit) || (next == "" && p.Cursor != "" && len(rows) == 0) {
			t.Fatalf("page of %d rows, limit %d, next %q", len(rows), limit, next)
		}
		if all = append(all, rows...); next == "" {
			return all
		}
		p.Cursor = next
	}
}

func TestPagesGoOverTiesWithoutLossOrRepetition(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		w.clock.step = 0 // every row at the same microsecond
		names := []string{"Zebra", "äpfel", "Apfel", "apfel", "Öl", "Oel", "Straße", "Strasse", "100 %", "a_b", "🎈", "̈"}
		for i := range 60 {
			_, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: names[i%len(names)]}, "", "")
			w.ok(err)
		}
		for _, sort := range []store.Sort{store.ByName, store.ByUpdated} {
			whole, next, err := w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID, Sort: sort}, store.Page{Limit: 500})
			w.ok(err)
			if len(whole) != 61 || next != "" {
				t.Fatalf("%d cases, next %q", len(whole), next)
			}
			for _, limit := range []int{1, 7, 20, 60, 61} {
				got := walk(t, limit, func(p store.Page) ([]store.Case, string, error) {
					return w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID, Sort: sort}, p)
				})
				if diff := cmp.Diff(whole, got); diff != "" {
					t.Errorf("by %s, pages of %d: %s", sort, limit, diff)
				}
			}
		}
		events := walk(t, 9, func(p store.Page) ([]store.Event, string, error) { return w.OrganisationEvents(ctx, w.org.ID, p) })
		if diff := cmp.Diff(w.log(), events); diff != "" {
			t.Error(diff)
		}
		for i := range int64(11) {
			_, err := w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: i + 1, Text: "x"})
			w.ok(err)
		}
		revisions := walk(t, 5, func(p store.Page) ([]store.Revision, string, error) { return w.Revisions(ctx, w.aCase.ID, p) })
		if len(revisions) != 12 || revisions[0].Number != 12 || revisions[11].Number != 1 || revisions[3].Text != "" {
			t.Errorf("revisions %+v", revisions)
		}
	})
}

func TestNamesAreSortedAndFoundWithoutCaseAndAccents(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		for _, name := range []string{"Zebra", "Äpfel", "apfel b", "Öl_100 %", "Straße", "back\\slash"} {
			_, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: name, Status: store.Live}, "", "")
			w.ok(err)
		}
		find := func(f store.CaseFilter) []string {
			f.OrgID = w.org.ID
			cases, _, err := w.Cases(ctx, f, store.Page{})
			w.ok(err)
			names := []string{}
			for _, c := range cases {
				names = append(names, c.Name)
			}
			return names
		}
		for _, c := range []struct {
			filter store.CaseFilter
			want   []string
		}{
			{store.CaseFilter{Status: store.Live}, []string{"Äpfel", "apfel b", "back\\slash", "Öl_100 %", "Straße", "Zebra"}},
			{store.CaseFilter{Search: "APFEL"}, []string{"Äpfel", "apfel b"}},
			{store.CaseFilter{Search: "ä"}, []string{"Äpfel", "apfel b", "back\\slash", "Straße", "Zebra"}},
			{store.CaseFilter{Search: "strasse"}, []string{"Straße"}},
			{store.CaseFilter{Search: "_1"}, []string{"Öl_100 %"}},
			{store.CaseFilter{Search: "%"}, []string{"Öl_100 %"}},
			{store.CaseFilter{Search: "k\\s"}, []string{"back\\slash"}},
			{store.CaseFilter{Search: "vertrieb", Status: store.Drafted}, []string{"CRM für den Vertrieb"}},
			{store.CaseFilter{Search: "vertrieb", Status: store.Live}, []string{}},
			{store.CaseFilter{Search: strings.Repeat("x", 100_000)}, []string{}},
			{store.CaseFilter{Search: "'; DROP TABLE cases; --"}, []string{}},
		} {
			got := find(c.filter)
			if !slices.Equal(got, c.want) {
				t.Errorf("%.80q: %q, want %q", c.filter.Search, got, c.want)
			}
		}
	})
}

func TestCursorsFitTheirListOnly(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		for range 3 {
			_, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: "x"}, "", "")
			w.ok(err)
		}
		_, next, err := w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID}, store.Page{Limit: 1})
		w.ok(err)
		_, _, err = w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID, Sort: store.ByUpdated}, store.Page{Cursor: next})
		w.is(err, store.ErrCursor)
		_, _, err = w.OrganisationEvents(ctx, w.org.ID, store.Page{Cursor: next})
		w.is(err, store.ErrCursor)
		for _, bad := range []string{"x", "e30", "!!", next + "A"} {
			_, _, err = w.Cases(ctx, store.CaseFilter{OrgID: w.org.ID}, store.Page{Cursor: bad})
			w.is(err, store.ErrCursor)
		}
	})
}

func TestTheLatestSealCounts(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		_, err := w.Seal(ctx, w.aCase.ID)
		w.is(err, store.ErrNotFound)
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 1, Text: "zwei"})
		w.ok(err)
		one, err := w.SealCase(ctx, w.actor, w.aCase.ID, 1, "Beschluss")
		w.ok(err)
		if one.Hash != store.Hash("name: eins\n") || one.Number != 1 || one.ByName != "Anna Müller" {
			t.Errorf("seal %+v", one)
		}
		w.clock.jump(-24 * time.Hour) // the order does not hang on the clock
		two, err := w.SealCase(ctx, w.actor, w.aCase.ID, 0, "Nachtrag")
		w.ok(err)
		got, err := w.Seal(ctx, w.aCase.ID)
		w.ok(err)
		if diff := cmp.Diff(two, got); diff != "" || got.Revision != 2 {
			t.Errorf("%s %+v", diff, got)
		}
		all, err := w.Seals(ctx, w.aCase.ID)
		w.ok(err)
		if diff := cmp.Diff([]store.Seal{two, one}, all); diff != "" {
			t.Error(diff)
		}
		if n := race(5, func(int) error { _, err := w.SealCase(ctx, w.actor, w.aCase.ID, 0, ""); return err }, func(err error) { w.ok(err) }); n != 5 {
			t.Errorf("%d of 5 sealed", n)
		}
		_, err = w.SealCase(ctx, w.actor, w.aCase.ID, 9, "")
		w.is(err, store.ErrNotFound)
		_, err = w.SealCase(ctx, w.actor, "none", 0, "")
		w.is(err, store.ErrNotFound)
	})
}

func TestThePortfolioHoldsTheLatestOutcomeOfEachScenario(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		for i := range int64(3) {
			_, err := w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: i + 1, Text: "x"})
			w.ok(err)
		}
		keep := func(number int64, scenario, version, json string) {
			w.ok(w.KeepOutcome(ctx, store.Outcome{CaseID: w.aCase.ID, Revision: number, Scenario: scenario, Version: version, JSON: json}))
		}
		keep(1, "", "1.0", `{"npv":1}`)
		keep(3, "", "1.0", `{"npv":3}`)
		keep(3, "", "1.1", `{"npv":"3 €"}`)
		keep(2, "vorsichtig", "1.0", `{"npv":2}`)
		empty, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: "Ohne"}, "", "")
		w.ok(err)
		gone, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: "Archiviert"}, "", "")
		w.ok(err)
		w.ok(w.ArchiveCase(ctx, w.actor, gone.ID, true))
		got, err := w.Portfolio(ctx, w.org.ID)
		w.ok(err)
		if len(got) != 2 || got[0].Case.ID != w.aCase.ID || got[0].Case.Head != 4 || got[1].Case.ID != empty.ID || len(got[1].Outcomes) != 0 || len(got[0].Outcomes) != 2 {
			t.Fatalf("portfolio %+v", got)
		}
		plain, careful := got[0].Outcomes[0], got[0].Outcomes[1]
		if plain.Revision != 3 || plain.Version != "1.1" || plain.JSON != `{"npv":"3 €"}` || careful.Revision != 2 || careful.Scenario != "vorsichtig" {
			t.Errorf("outcomes %+v", got[0].Outcomes)
		}
		o, err := w.Outcome(ctx, w.aCase.ID, 1, "")
		w.ok(err)
		if o.JSON != `{"npv":1}` || o.At.IsZero() {
			t.Errorf("outcome %+v", o)
		}
		_, err = w.Outcome(ctx, w.aCase.ID, 4, "")
		w.is(err, store.ErrNotFound)
		w.is(w.KeepOutcome(ctx, store.Outcome{CaseID: w.aCase.ID, Revision: 5, JSON: "{}"}), store.ErrNotFound)
	})
}

func TestSharesEnd(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		secret, made, err := w.CreateShare(ctx, w.actor, w.aCase.ID, epoch.Add(time.Hour))
		w.ok(err)
		got, err := w.ShareBySecret(ctx, secret)
		w.ok(err)
		if diff := cmp.Diff(made, got); diff != "" {
			t.Error(diff)
		}
		forever, kept, err := w.CreateShare(ctx, w.actor, w.aCase.ID, time.Time{})
		w.ok(err)
		w.clock.jump(2 * time.Hour)
		_, err = w.ShareBySecret(ctx, secret)
		w.is(err, store.ErrNotFound)
		_, err = w.ShareBySecret(ctx, forever)
		w.ok(err)
		w.ok(w.RevokeShare(ctx, w.actor, kept.ID))
		w.is(w.RevokeShare(ctx, w.actor, kept.ID), store.ErrNotFound)
		_, err = w.ShareBySecret(ctx, forever)
		w.is(err, store.ErrNotFound)
		list, err := w.Shares(ctx, w.aCase.ID)
		w.ok(err)
		if len(list) != 2 || list[1].Revoked.IsZero() {
			t.Errorf("shares %+v", list)
		}
		_, _, err = w.CreateShare(ctx, w.actor, "none", time.Time{})
		w.is(err, store.ErrNotFound)
		w.told(w.log(), store.ShareRevoked, store.ShareCreated, store.ShareCreated)
	})
}

func TestDraftsUndoAndRedo(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		id, user := w.aCase.ID, w.owner.ID
		_, err := w.Draft(ctx, id, user)
		w.is(err, store.ErrNotFound)
		_, err = w.PushDraft(ctx, id, user, "x", "x")
		w.is(err, store.ErrNotFound)
		_, err = w.BeginDraft(ctx, "none", user, 1, "")
		w.is(err, store.ErrNotFound)
		d, err := w.BeginDraft(ctx, id, user, 1, "null")
		w.ok(err)
		if d.Text != "null" || d.Base != 1 || d.CanUndo() || d.CanRedo() {
			t.Errorf("draft %+v", d)
		}
		_, err = w.UndoDraft(ctx, id, user)
		w.is(err, store.ErrNoStep)
		for _, s := range []string{"eins", "zwei", "drei"} {
			d, err = w.PushDraft(ctx, id, user, "Schritt "+s, s)
			w.ok(err)
		}
		again, err := w.BeginDraft(ctx, id, user, 1, "anders")
		w.ok(err)
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("a second begin changed the draft: %s", diff)
		}
		d, err = w.UndoDraft(ctx, id, user)
		w.ok(err)
		if d.Text != "zwei" || d.Label != "Schritt zwei" || !d.CanRedo() {
			t.Errorf("after undo %+v", d)
		}
		_, err = w.UndoDraft(ctx, id, user)
		w.ok(err)
		d, err = w.RedoDraft(ctx, id, user)
		w.ok(err)
		if d.Text != "zwei" {
			t.Errorf("after redo %+v", d)
		}
		d, err = w.PushDraft(ctx, id, user, "neu", "neu")
		w.ok(err)
		if d.Text != "neu" || d.CanRedo() {
			t.Errorf("a new step leaves something to redo: %+v", d)
		}
		_, err = w.RedoDraft(ctx, id, user)
		w.is(err, store.ErrNoStep)
		steps, err := w.DraftSteps(ctx, id, user)
		w.ok(err)
		if len(steps) != 4 || steps[3].Label != "neu" || steps[2].Label != "Schritt zwei" {
			t.Errorf("steps %+v", steps)
		}
		other, err := w.BeginDraft(ctx, id, w.other.ID, 1, "meins")
		w.ok(err)
		if other.Text != "meins" {
			t.Error("drafts of two users are one")
		}
		list, err := w.Drafts(ctx, user)
		w.ok(err)
		if len(list) != 1 || list[0].CaseID != id {
			t.Errorf("drafts %+v", list)
		}
		w.ok(w.DiscardDraft(ctx, id, user))
		w.is(w.DiscardDraft(ctx, id, user), store.ErrNotFound)
		if steps, err := w.DraftSteps(ctx, id, user); err != nil || len(steps) != 0 {
			t.Errorf("discarded, but %d steps left, %v", len(steps), err)
		}
	})
}

func TestADraftKeepsTheLast200Steps(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		_, err := w.BeginDraft(ctx, w.aCase.ID, w.owner.ID, 1, "0")
		w.ok(err)
		for i := 1; i <= 230; i++ {
			_, err = w.PushDraft(ctx, w.aCase.ID, w.owner.ID, "", fmt.Sprint(i))
			w.ok(err)
		}
		undone := 0
		d, err := w.Draft(ctx, w.aCase.ID, w.owner.ID)
		w.ok(err)
		for ; d.CanUndo(); undone++ {
			d, err = w.UndoDraft(ctx, w.aCase.ID, w.owner.ID)
			w.ok(err)
		}
		if undone != store.MaxDraftSteps-1 || d.Text != "31" {
			t.Errorf("undone %d, text %q", undone, d.Text)
		}
	})
}

// model is what a draft should do, in memory.
type model struct {
	steps  []string
	cursor int
}

func TestDraftsBehaveLikeAListWithACursor(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		r := rand.New(rand.NewPCG(1, 2))
		_, err := w.BeginDraft(ctx, w.aCase.ID, w.owner.ID, 1, "0")
		w.ok(err)
		m := model{steps: []string{"0"}}
		for i := range 300 {
			var d store.Draft
			switch r.IntN(5) {
			case 0, 1:
				text := fmt.Sprint(i)
				d, err = w.PushDraft(ctx, w.aCase.ID, w.owner.ID, "", text)
				m.steps = append(m.steps[:m.cursor+1], text)
				m.cursor++
			case 2, 3:
				d, err = w.UndoDraft(ctx, w.aCase.ID, w.owner.ID)
				if m.cursor == 0 {
					w.is(err, store.ErrNoStep)
					continue
				}
				m.cursor--
			default:
				d, err = w.RedoDraft(ctx, w.aCase.ID, w.owner.ID)
				if m.cursor == len(m.steps)-1 {
					w.is(err, store.ErrNoStep)
					continue
				}
				m.cursor++
			}
			w.ok(err)
			if d.Text != m.steps[m.cursor] || d.CanUndo() != (m.cursor > 0) || d.CanRedo() != (m.cursor < len(m.steps)-1) {
				t.Fatalf("step %d: %+v, want %q", i, d, m.steps[m.cursor])
			}
		}
	})
}

func TestADraftBecomesARevisionOrStays(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		_, err := w.BeginDraft(ctx, w.aCase.ID, w.owner.ID, 1, "eins")
		w.ok(err)
		_, err = w.PushDraft(ctx, w.aCase.ID, w.owner.ID, "", "meins")
		w.ok(err)
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: 1, Text: "ihres"})
		w.ok(err)
		_, err = w.SaveDraft(ctx, w.actor, w.aCase.ID, "zu spät")
		if conflict, ok := errors.AsType[*store.ConflictError](err); !ok || conflict.Head != 2 {
			t.Fatal(err)
		}
		d, err := w.Draft(ctx, w.aCase.ID, w.owner.ID)
		w.ok(err)
		if d.Text != "meins" || d.Base != 1 {
			t.Errorf("the draft was lost in the conflict: %+v", d)
		}
		for name, try := range map[string]struct {
			base int64
			ours string
		}{"for an older revision": {1, "meins"}, "of a draft that has moved on": {2, "früheres"}} {
			_, err = w.MergeDraft(ctx, w.actor, w.aCase.ID, try.base, try.ours, "unseres", "zusammen")
			if conflict, ok := errors.AsType[*store.ConflictError](err); !ok || conflict.Head != 2 {
				t.Errorf("merged %s: %v", name, err)
			}
			if after, err := w.Draft(ctx, w.aCase.ID, w.owner.ID); err != nil || after.Text != d.Text || after.Base != 1 || !after.CanUndo() {
				t.Errorf("merged %s: %+v %v", name, after, err)
			}
		}
		r, err := w.MergeDraft(ctx, w.actor, w.aCase.ID, 2, "meins", "unseres", "zusammen")
		w.ok(err)
		if r.Number != 3 || r.Base != 2 || r.Text != "unseres" || r.AuthorName != "Anna Müller" {
			t.Errorf("revision %+v", r)
		}
		_, err = w.Draft(ctx, w.aCase.ID, w.owner.ID)
		w.is(err, store.ErrNotFound)
		_, err = w.SaveDraft(ctx, w.actor, w.aCase.ID, "")
		w.is(err, store.ErrNotFound)
	})
}

func TestCommentsAreAnsweredMentionedAndResolved(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		asked, err := w.AddComment(ctx, w.actor, store.Comment{CaseID: w.aCase.ID, Anchor: "assumptions.users", Text: "Woher? 😀\n", Mentions: []string{w.other.ID, w.owner.ID, w.other.ID}})
		w.ok(err)
		answered, err := w.AddComment(ctx, store.Actor{UserID: w.other.ID, UserName: w.other.Name}, store.Comment{CaseID: w.aCase.ID, Anchor: "assumptions.users", ParentID: asked.ID, Text: "Liste"})
		w.ok(err)
		if len(asked.Mentions) != 2 || answered.AuthorName != "Jörg 😀" {
			t.Errorf("%+v %+v", asked, answered)
		}
		list, err := w.Comments(ctx, w.aCase.ID)
		w.ok(err)
		if diff := cmp.Diff([]store.Comment{asked, answered}, list); diff != "" {
			t.Error(diff)
		}
		w.ok(w.EditComment(ctx, w.actor, asked.ID, "Woher genau?", []string{w.owner.ID}))
		w.ok(w.ResolveComment(ctx, w.actor, asked.ID))
		got, err := w.Comment(ctx, asked.ID)
		w.ok(err)
		if got.Text != "Woher genau?" || got.Edited.IsZero() || !slices.Equal(got.Mentions, []string{w.owner.ID}) || got.ResolvedByName != "Anna Müller" || got.ResolvedAt.IsZero() {
			t.Errorf("comment %+v", got)
		}
		w.ok(w.ReopenComment(ctx, w.actor, asked.ID))
		got, err = w.Comment(ctx, asked.ID)
		w.ok(err)
		if got.ResolvedBy != "" || !got.ResolvedAt.IsZero() {
			t.Errorf("reopened %+v", got)
		}
		w.told(w.log(), store.CommentReopened, store.CommentResolved, store.CommentChanged, store.CommentAdded, store.CommentAdded)

		elsewhere, err := w.CreateCase(ctx, w.actor, store.Case{OrgID: w.org.ID, Name: "x"}, "", "")
		w.ok(err)
		before := len(w.log())
		for _, bad := range []store.Comment{
			{CaseID: "none", Text: "x"}, {CaseID: w.aCase.ID, ParentID: "none", Text: "x"}, {CaseID: elsewhere.ID, ParentID: asked.ID, Text: "x"},
			{CaseID: w.aCase.ID, Text: "x", Mentions: []string{"nobody"}},
		} {
			_, err = w.AddComment(ctx, w.actor, bad)
			w.is(err, store.ErrNotFound)
		}
		w.is(w.EditComment(ctx, w.actor, "none", "x", nil), store.ErrNotFound)
		if len(w.log()) != before {
			t.Error("the log tells of what did not happen")
		}
		if list, err := w.Comments(ctx, w.aCase.ID); err != nil || len(list) != 2 {
			t.Errorf("%d comments, %v", len(list), err)
		}
	})
}

func TestAnEventOfOnesOwnIsKept(t *testing.T) {
	on(t, func(w *workshop) {
		w.ok(w.Record(w.Context(), store.Event{OrgID: w.org.ID, UserID: w.owner.ID, UserName: "Anna", Action: "case.exported", Detail: map[string]string{"format": "xlsx <&>"}}))
		e := w.log()[0]
		if e.Action != "case.exported" || e.Detail["format"] != "xlsx <&>" || e.CaseID != "" || e.ID == "" || e.At.Location() != time.UTC {
			t.Errorf("event %+v", e)
		}
	})
}

func TestRolesIncludeThoseBelow(t *testing.T) {
	if !store.Owner.Includes(store.Viewer) || store.Viewer.Includes(store.Commenter) || !store.Editor.Includes(store.Editor) || store.Role("x").Includes(store.Viewer) || store.Owner.Includes("x") {
		t.Error("roles are out of order")
	}
}
