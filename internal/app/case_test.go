package app_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
)

func TestCreate(t *testing.T) {
	w := newWorld(t)
	editor := w.as("editor")
	w.run("takes", func(w *world) {
		for _, c := range []struct{ name, text, given, called string }{
			{"a case under the name in its text", small, "Datei.yaml", "Vertrieb"},
			{"a case without a name under the one given", strings.TrimPrefix(small, "case: Vertrieb\n"), "Datei.yaml", "Datei.yaml"},
			{"a text that does not compute, so that nothing is lost", broken, "", "Kaputt"},
			{"umlauts, comments and line ends as they are", "# ä\r\ncase: Größe\r\n", "", "Größe"},
		} {
			id, err := w.Create(w.ctx, editor, w.org, []byte(c.text), c.given, "Grund")
			w.ok(err)
			o := w.open("editor", id, 0)
			if o.Case.Name != c.called || o.Case.OrgID != w.org || o.Organisation != "Beispiel GmbH" || o.Case.Status != store.Drafted {
				w.Errorf("%s: %+v", c.name, o.Case)
			}
			if string(o.Text) != c.text || string(o.Saved) != c.text || o.Revision != 1 || o.Head != 1 || o.Dirty || o.CanUndo || o.CanRedo || !o.CanEdit || o.Readonly || o.Seal != nil {
				w.Errorf("%s: opened as %+v", c.name, o)
			}
			if r := w.stored(id, 1); r.Reason != "Grund" || r.AuthorID != editor.User || r.AuthorName != "Eva Editor" || r.Base != 0 || r.Hash != app.Hash([]byte(c.text)) {
				w.Errorf("%s: revision %+v", c.name, r)
			}
		}
	})
	w.run("refuses", func(w *world) {
		_, err := w.Create(w.ctx, editor, w.org, []byte(noYAML), "x", "")
		if e := w.failure(err, app.Invalid, "web.error.case"); len(e.Problems) == 0 {
			w.Error("no problem is named")
		}
		_, err = w.Create(w.ctx, editor, w.org, nil, "x", "")
		w.fails(err, app.Invalid, "web.error.case")
		_, err = w.Create(w.ctx, editor, w.org, []byte("horizon: 12 months\n"), " ", "")
		w.fails(err, app.Invalid, "web.error.name")
		_, err = w.Create(w.ctx, editor, w.org, []byte("case: a\x00b\n"), "x", "")
		if code, _ := app.CodeOf(err); code != app.Invalid {
			w.Errorf("a NUL byte: %v", err)
		}
		_, err = w.Create(w.ctx, editor, w.org, []byte(strings.Repeat("# zu lang\n", casefile.MaxBytes/10+1)), "x", "")
		if code, _ := app.CodeOf(err); code != app.Invalid {
			w.Errorf("a text above the limit: %v", err)
		}
	})
	w.run("goes to the first organisation where none is named", func(w *world) {
		id, err := w.Create(w.ctx, w.as("anna"), "", []byte(small), "", "")
		w.ok(err)
		if o := w.open("anna", id, 0); o.Case.OrgID != w.org {
			w.Errorf("in %s", o.Organisation)
		}
		_, err = w.Create(w.ctx, w.as("admin"), "", []byte(small), "", "")
		w.fails(err, app.NotFound, "web.error.no_organisation")
	})
}

func TestChange(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	o := w.set("editor", id, "assumptions.users", "12")
	if w.at(o.Text, "assumptions.users") != "12" || string(o.Saved) != small || !o.Dirty || !o.CanUndo || o.CanRedo || o.Revision != 1 {
		w.Errorf("after a change: %+v", o)
	}
	if theirs := w.open("anna", id, 0); theirs.Dirty || string(theirs.Text) != small {
		w.Error("a draft is somebody else's too")
	}
	if old := w.open("editor", id, 1); !old.Dirty {
		w.Error("the newest revision by its number is opened without the draft") // only older ones are read alone
	}
	if r, err := w.Read(w.ctx, editor, id, 0); err != nil || string(r.Text) != small || r.Dirty || !r.Readonly {
		w.Errorf("Read: %+v %v", r, err)
	}

	same, err := w.Change(w.ctx, editor, id, "nothing", "", func(t *revision.Text) (*revision.Text, error) { return t, nil })
	w.ok(err)
	if _, err := w.Undo(w.ctx, editor, id); err != nil || string(same.Text) != string(o.Text) {
		w.Error("a change of nothing is a step or loses one", err)
	}
	if _, err := w.Undo(w.ctx, editor, id); err == nil {
		w.Error("a change of nothing is a step")
	}
	_, err = w.Redo(w.ctx, editor, id)
	w.ok(err)

	w.run("what computed must go on computing", func(w *world) {
		_, err := w.Change(w.ctx, editor, id, "x", "", func(t *revision.Text) (*revision.Text, error) { return t.Set("costs.licences", "usres * 1 EUR/month") })
		if e := w.failure(err, app.Invalid, "web.error.value"); e.Problems.Err() == nil {
			w.Error("no problem is named")
		}
		if o := w.open("editor", id, 0); w.at(o.Text, "costs.licences") != "users * 20 EUR/month" || w.at(o.Text, "assumptions.users") != "12" {
			w.Errorf("the draft is %s", o.Text)
		}
	})
	w.run("what did not may be mended step by step", func(w *world) {
		id := w.create(broken)
		w.set("editor", id, "discount", "8 %/year")
		o := w.set("editor", id, "costs.a", "1 EUR/month")
		if n := w.save("editor", id, ""); n != 2 || w.at(o.Text, "discount") != "8 %/year" {
			w.Errorf("revision %d", n)
		}
	})
	w.run("an edit's own diagnostics come back as they are", func(w *world) {
		_, err := w.Change(w.ctx, editor, id, "x", "Datei", func(t *revision.Text) (*revision.Text, error) { return t.Set("assumptions.nobody.at.home", "1") })
		var list diag.List
		if !errors.As(err, &list) || len(list) == 0 {
			w.Errorf("error %v", err)
		}
	})
}

func TestSetText_takesAnythingButNotOverAnotherWindow(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	seen := app.Hash([]byte(small))
	o, err := w.SetText(w.ctx, editor, id, []byte(noYAML), seen)
	w.ok(err)
	if string(o.Text) != noYAML || !o.Dirty || !o.CanUndo {
		w.Errorf("%+v", o)
	}
	_, err = w.SetText(w.ctx, editor, id, []byte(broken), seen)
	if e := w.failure(err, app.Conflict, "web.file.conflict"); e.Head != 1 {
		w.Errorf("head %d", e.Head)
	}
	if o := w.open("editor", id, 0); string(o.Text) != noYAML {
		w.Error("the other window's text is gone")
	}
	_, err = w.SetText(w.ctx, editor, id, []byte(strings.Repeat("#", casefile.MaxBytes+1)), app.Hash([]byte(noYAML)))
	w.fails(err, app.Limit, "web.error.too_big")
	_, err = w.SetText(w.ctx, editor, id, []byte("a: \xff"), app.Hash([]byte(noYAML)))
	w.fails(err, app.Invalid, "web.error.text")
	o, err = w.Undo(w.ctx, editor, id)
	w.ok(err)
	if string(o.Text) != small || o.CanUndo || !o.CanRedo || !o.Dirty {
		w.Errorf("undone: %+v", o)
	}
}

func TestUndoRedoDiscard(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	_, err := w.Undo(w.ctx, editor, id)
	w.fails(err, app.NotFound, "web.error.not_found")

	for _, n := range []string{"11", "12", "13"} {
		w.set("editor", id, "assumptions.users", n)
	}
	want := func(o *app.Open, err error, users string, undo, redo bool) {
		w.Helper()
		w.ok(err)
		if got := w.at(o.Text, "assumptions.users"); got != users || o.CanUndo != undo || o.CanRedo != redo || !o.Dirty {
			w.Errorf("users %s, undo %t, redo %t, dirty %t", got, o.CanUndo, o.CanRedo, o.Dirty)
		}
	}
	o, err := w.Undo(w.ctx, editor, id)
	want(o, err, "12", true, true)
	o, err = w.Undo(w.ctx, editor, id)
	want(o, err, "11", true, true)
	o, err = w.Redo(w.ctx, editor, id)
	want(o, err, "12", true, true)
	o = w.set("editor", id, "assumptions.users", "20") // what was undone cannot be redone any more
	want(o, nil, "20", true, false)
	_, err = w.Redo(w.ctx, editor, id)
	w.fails(err, app.Conflict, "web.error.no_step")
	for range 3 {
		o, err = w.Undo(w.ctx, editor, id)
		w.ok(err)
	}
	want(o, nil, "10", false, true)
	_, err = w.Undo(w.ctx, editor, id)
	w.fails(err, app.Conflict, "web.error.no_step")

	o, err = w.Discard(w.ctx, editor, id)
	w.ok(err)
	if o.Dirty || o.CanRedo || string(o.Text) != small {
		w.Errorf("discarded: %+v", o)
	}
	_, err = w.Discard(w.ctx, editor, id) // twice is no mistake
	w.ok(err)
	_, err = w.Save(w.ctx, editor, id, "")
	w.fails(err, app.NotFound, "web.error.not_found")
	if o := w.open("editor", id, 0); o.Head != 1 {
		w.Errorf("head %d", o.Head)
	}
}

func TestSave(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	w.set("editor", id, "case", "Vertrieb Süd")
	if c := w.open("anna", id, 0).Case; c.Name != "Vertrieb" {
		w.Errorf("a draft renames the case to %s", c.Name)
	}
	draft := w.open("editor", id, 0)
	if n := w.save("editor", id, "Das Angebot ist da"); n != 2 {
		w.Errorf("revision %d", n)
	}
	o := w.open("editor", id, 0)
	if o.Case.Name != "Vertrieb Süd" || o.Revision != 2 || o.Head != 2 || o.Dirty || o.CanUndo || o.CanRedo || string(o.Text) != string(draft.Text) {
		w.Errorf("saved: %+v", o)
	}
	n, err := w.SaveText(w.ctx, w.as("anna"), id, []byte(small), 2, "Doch nicht")
	w.ok(err)
	if o := w.open("editor", id, 0); n != 3 || o.Case.Name != "Vertrieb" || o.Case.Head != 3 {
		w.Errorf("revision %d of %+v", n, o.Case)
	}
	// A text without a name leaves the case its own.
	_, err = w.SaveText(w.ctx, w.as("anna"), id, []byte(strings.TrimPrefix(small, "case: Vertrieb\n")), 3, "")
	w.ok(err)
	if o := w.open("editor", id, 0); o.Case.Name != "Vertrieb" {
		w.Errorf("called %q", o.Case.Name)
	}

	list, next, err := w.Revisions(w.ctx, w.as("viewer"), id, "")
	w.ok(err)
	for i, want := range []struct {
		author, reason string
		base           int64
	}{{"Anna Berg", "", 3}, {"Anna Berg", "Doch nicht", 2}, {"Eva Editor", "Das Angebot ist da", 1}, {"Eva Editor", "", 0}} {
		if r := list[i]; r.Number != int64(4-i) || r.Base != want.base || r.AuthorName != want.author || r.Reason != want.reason || r.Text == "" || r.Hash != app.Hash([]byte(r.Text)) {
			w.Errorf("revision %d: %+v", 4-i, r)
		}
	}
	if len(list) != 4 || next != "" {
		w.Errorf("%d revisions, then %q", len(list), next)
	}

	_, err = w.SaveText(w.ctx, w.as("anna"), id, []byte(small), 3, "")
	if e := w.failure(err, app.Conflict, "web.error.conflict"); e.Head != 4 {
		w.Errorf("head %d", e.Head)
	}
	_, err = w.SaveText(w.ctx, w.as("anna"), id, []byte(noYAML), 4, "")
	w.fails(err, app.Invalid, "web.error.case")
	if head, err := w.Head(w.ctx, w.as("editor"), id); err != nil || head != 4 {
		w.Errorf("head %d %v", head, err)
	}
}

func TestRevisions_comeInPages(t *testing.T) {
	w := newWorld(t)
	id := w.create(broken)
	for n := 1; n < 35; n++ {
		_, err := w.SaveText(w.ctx, w.as("editor"), id, []byte(broken), n, "")
		w.ok(err)
	}
	numbers := func(list []store.Revision) (all []int) {
		for _, r := range list {
			all = append(all, int(r.Number))
		}
		return all
	}
	first, next, err := w.Revisions(w.ctx, w.as("viewer"), id, "")
	w.ok(err)
	rest, end, err := w.Revisions(w.ctx, w.as("viewer"), id, next)
	w.ok(err)
	if all := numbers(append(first, rest...)); len(first) != 30 || len(all) != 35 || all[0] != 35 || all[34] != 1 || end != "" {
		w.Errorf("%v, then %q", all, end)
	}
	few, _, err := w.RevisionPage(w.ctx, w.as("viewer"), id, next, 2)
	w.ok(err)
	if len(few) != 2 || few[0].Number != 5 || few[0].Text != "" {
		w.Errorf("%+v", few)
	}
	_, _, err = w.Revisions(w.ctx, w.as("viewer"), id, "somewhere")
	w.fails(err, app.Invalid, "web.error.request")
}

func TestRestore(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	w.set("editor", id, "case", "Umbenannt")
	w.save("editor", id, "")
	n, err := w.Restore(w.ctx, w.as("bernd"), id, 1, "Zurück auf Anfang")
	w.ok(err)
	o := w.open("editor", id, 0)
	if n != 3 || o.Head != 3 || string(o.Text) != small || o.Case.Name != "Vertrieb" {
		w.Errorf("revision %d: %+v", n, o)
	}
	if r := w.stored(id, 3); r.AuthorName != "Bernd Schulz" || r.Reason != "Zurück auf Anfang" || r.Base != 2 {
		w.Errorf("%+v", r)
	}
	if r := w.stored(id, 2); r.Text == small {
		w.Error("what was restored over is gone")
	}
	_, err = w.Restore(w.ctx, w.as("bernd"), id, 9, "")
	w.fails(err, app.NotFound, "web.error.not_found")
}

func TestOpen_anOlderRevisionIsOnlyRead(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	w.set("editor", id, "assumptions.users", "12")
	w.save("editor", id, "")
	w.set("editor", id, "assumptions.users", "13")
	o := w.open("editor", id, 1)
	if string(o.Text) != small || !o.Readonly || o.CanEdit || o.Dirty || o.Revision != 1 || o.Head != 2 {
		w.Errorf("%+v", o)
	}
	for number, code := range map[int]app.Code{3: app.NotFound, 99: app.NotFound} {
		_, err := w.Open(w.ctx, w.as("editor"), id, number)
		w.fails(err, code, "web.error.not_found")
	}
	_, err := w.Open(w.ctx, w.as("editor"), "none", 0)
	w.fails(err, app.NotFound, "web.error.no_case")
	c, r, err := w.Export(w.ctx, w.as("viewer"), id, 1)
	w.ok(err)
	if c.ID != id || r.Text != small {
		w.Errorf("exported %+v", r)
	}
	if _, r, err = w.Export(w.ctx, w.as("editor"), id, 0); err != nil || w.at([]byte(r.Text), "assumptions.users") != "12" {
		w.Errorf("the newest file is the draft's: %v %+v", err, r)
	}
}

func TestArchive(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	w.set("editor", id, "case", "Neu")
	w.ok(w.Archive(w.ctx, editor, id, true))
	w.ok(w.Archive(w.ctx, editor, id, true)) // twice is once

	set := func(t *revision.Text) (*revision.Text, error) { return t.Set("assumptions.users", "1") }
	for name, try := range map[string]func() error{
		"draft":  func() error { _, err := w.Draft(w.ctx, editor, id); return err },
		"change": func() error { _, err := w.Change(w.ctx, editor, id, "", "", set); return err },
		"text": func() error {
			_, err := w.SetText(w.ctx, editor, id, []byte(broken), app.Hash([]byte(small)))
			return err
		},
		"undo":    func() error { _, err := w.Undo(w.ctx, editor, id); return err },
		"redo":    func() error { _, err := w.Redo(w.ctx, editor, id); return err },
		"discard": func() error { _, err := w.Discard(w.ctx, editor, id); return err },
		"save":    func() error { _, err := w.Save(w.ctx, editor, id, ""); return err },
		"saved":   func() error { _, err := w.SaveText(w.ctx, editor, id, []byte(broken), 1, ""); return err },
		"restore": func() error { _, err := w.Restore(w.ctx, editor, id, 1, ""); return err },
		"merging": func() error { _, err := w.Merging(w.ctx, editor, id); return err },
		"merge":   func() error { _, err := w.Merge(w.ctx, editor, id, 1, nil, ""); return err },
	} {
		w.run(name, func(w *world) {
			w.fails(try(), app.Conflict, "web.error.archived")
		})
	}
	o := w.open("editor", id, 0)
	if o.CanEdit || o.Dirty || string(o.Text) != small || o.Head != 1 || o.Case.Name != "Vertrieb" || o.Case.Archived.IsZero() {
		w.Errorf("archived: %+v", o)
	}
	names := func(archived bool) int {
		list, _, err := w.Cases(w.ctx, editor, app.Filter{Organisation: w.org, Archived: archived})
		w.ok(err)
		return len(list)
	}
	if names(false) != 0 || names(true) != 1 {
		w.Error("the archived case stands in the wrong list")
	}
	if sum, err := w.Portfolio(w.ctx, editor, w.org); err != nil || sum != nil {
		w.Errorf("an archived case counts: %+v %v", sum, err)
	}

	w.ok(w.Archive(w.ctx, editor, id, false))
	o = w.open("editor", id, 0)
	if !o.CanEdit || !o.Dirty || w.at(o.Text, "case") != "Neu" {
		w.Errorf("the draft did not come back: %+v", o)
	}
	w.save("editor", id, "")
	if o := w.open("editor", id, 0); o.Case.Name != "Neu" || names(false) != 1 || names(true) != 0 {
		w.Errorf("%+v", o.Case)
	}
}

func TestSetStatus(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	for _, s := range store.Statuses {
		w.ok(w.SetStatus(w.ctx, w.as("editor"), id, string(s)))
		if c := w.open("viewer", id, 0).Case; c.Status != s {
			w.Errorf("%s, want %s", c.Status, s)
		}
	}
	w.fails(w.SetStatus(w.ctx, w.as("editor"), id, "great"), app.Invalid, "web.error.request")
}
