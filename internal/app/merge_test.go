package app_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/revision"
)

const (
	users    = "assumptions.users"
	licences = "costs.licences"
)

func TestMerge_bothKeepWhatTheyChanged(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	m, err := w.Merging(w.ctx, editor, id)
	if m != nil || err != nil {
		w.Errorf("nobody has saved meanwhile: %+v %v", m, err)
	}
	w.set("editor", id, users, "12")
	w.set("anna", id, licences, "users * 25 EUR/month")
	w.set("anna", id, "case", "Vertrieb Nord")
	w.save("anna", id, "Neues Angebot")

	mine := w.open("editor", id, 0)
	if mine.Revision != 1 || mine.Head != 2 || string(mine.Saved) != small || w.at(mine.Text, users) != "12" {
		w.Errorf("opened: %+v", mine)
	}
	_, err = w.Save(w.ctx, editor, id, "zu spät")
	if e := w.failure(err, app.Conflict, "web.error.conflict"); e.Head != 2 {
		w.Errorf("head %d", e.Head)
	}
	m, err = w.Merging(w.ctx, editor, id)
	w.ok(err)
	if m.Head != 2 || m.Author != "Anna Berg" || len(m.Conflicts) != 0 || string(m.Base) != small || string(m.Theirs) != w.stored(id, 2).Text {
		w.Errorf("merging: %+v", m)
	}
	n, err := w.Merge(w.ctx, editor, id, 2, nil, "beides")
	w.ok(err)
	o := w.open("editor", id, 0)
	if n != 3 || o.Revision != 3 || o.Dirty || w.at(o.Text, users) != "12" || w.at(o.Text, licences) != "users * 25 EUR/month" || o.Case.Name != "Vertrieb Nord" {
		w.Errorf("revision %d: %+v\n%s", n, o, o.Text)
	}
	if r := w.stored(id, 3); r.Base != 2 || r.AuthorName != "Eva Editor" || r.Reason != "beides" {
		w.Errorf("%+v", r)
	}
	_, err = w.Merge(w.ctx, editor, id, 3, nil, "")
	w.fails(err, app.NotFound, "web.error.not_found") // there is no draft any more
}

func TestMerge_withChoices(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		choice revision.Choice
		users  string
	}{
		"ours":   {revision.Choice{Take: "ours"}, "12"},
		"theirs": {revision.Choice{Take: "theirs"}, "20"},
		"base":   {revision.Choice{Take: "base"}, "10"},
		"value":  {revision.Choice{Take: "value", Value: "16"}, "16"},
	} {
		w.run(name, func(w *world) {
			id := w.create(small)
			editor := w.as("editor")
			w.set("editor", id, users, "12")
			w.set("editor", id, "discount", "9 %/year")
			w.set("anna", id, users, "20")
			w.set("anna", id, licences, "users * 25 EUR/month")
			w.save("anna", id, "")
			before := w.open("editor", id, 0)

			m, err := w.Merging(w.ctx, editor, id)
			w.ok(err)
			if d := cmp.Diff([]revision.Conflict{{Path: users, Base: "10", Ours: "12", Theirs: "20"}}, m.Conflicts, cmpopts.IgnoreUnexported(revision.Conflict{})); d != "" {
				w.Fatal(d)
			}
			path := m.Conflicts[0].Path
			for _, none := range []map[string]revision.Choice{nil, {"discount": c.choice}} {
				_, err = w.Merge(w.ctx, editor, id, 2, none, "")
				if e := w.failure(err, app.Conflict, "web.error.conflict"); e.Head != 2 {
					w.Errorf("head %d", e.Head)
				}
			}
			_, err = w.Merge(w.ctx, editor, id, 2, map[string]revision.Choice{path: {Take: "mine"}}, "")
			var list diag.List
			if !errors.As(err, &list) || list[0].Code != "edit_choice" {
				w.Errorf("a choice that there is not: %v", err)
			}
			if after := w.open("editor", id, 0); string(after.Text) != string(before.Text) || after.Revision != 1 || after.Head != 2 || !after.CanUndo {
				w.Errorf("a merge that failed left %+v", after)
			}

			n, err := w.Merge(w.ctx, editor, id, 2, map[string]revision.Choice{path: c.choice}, "")
			w.ok(err)
			text := []byte(w.stored(id, n).Text)
			if n != 3 || w.at(text, users) != c.users || w.at(text, "discount") != "9 %/year" || w.at(text, licences) != "users * 25 EUR/month" {
				w.Errorf("revision %d:\n%s", n, text)
			}
		})
	}
}

// While somebody chooses, another saves again: nothing is saved over it, the draft stays as it was and can be merged with
// the newer one.
func TestMerge_anotherHeadMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	w.set("editor", id, users, "12")
	w.set("anna", id, licences, "users * 25 EUR/month")
	w.save("anna", id, "")
	m, err := w.Merging(w.ctx, editor, id)
	w.ok(err)
	w.set("bernd", id, "costs.setup.amount", "700 EUR")
	w.save("bernd", id, "")

	for _, old := range []int{m.Head, 1, 0, 4} {
		_, err = w.Merge(w.ctx, editor, id, old, nil, "")
		if e := w.failure(err, app.Conflict, "web.error.conflict"); e.Head != 3 {
			w.Errorf("head %d", e.Head)
		}
	}
	o := w.open("editor", id, 0)
	if o.Revision != 1 || o.Head != 3 || w.at(o.Text, users) != "12" || !o.CanUndo {
		w.Errorf("the draft: %+v", o)
	}
	if m, err = w.Merging(w.ctx, editor, id); err != nil || m.Head != 3 || m.Author != "Bernd Schulz" {
		w.Errorf("%+v %v", m, err)
	}
	n, err := w.Merge(w.ctx, editor, id, 3, nil, "")
	w.ok(err)
	text := []byte(w.stored(id, n).Text)
	if n != 4 || w.at(text, users) != "12" || w.at(text, licences) != "users * 25 EUR/month" || w.at(text, "costs.setup.amount") != "700 EUR" {
		w.Errorf("revision %d:\n%s", n, text)
	}
}

// A newest revision that cannot be read keeps nobody's work from being saved: the one before is restored, then merged.
func TestMerge_withATextThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	editor := w.as("editor")
	w.set("editor", id, users, "12")
	_, err := w.SetText(w.ctx, w.as("anna"), id, []byte(noYAML), app.Hash([]byte(small)))
	w.ok(err)
	w.save("anna", id, "")
	_, err = w.Save(w.ctx, editor, id, "")
	w.fails(err, app.Conflict, "web.error.conflict")
	var list diag.List
	if _, err := w.Merging(w.ctx, editor, id); !errors.As(err, &list) {
		w.Errorf("error %v", err)
	}
	if _, err := w.Merge(w.ctx, editor, id, 2, nil, ""); !errors.As(err, &list) {
		w.Errorf("error %v", err)
	}
	_, err = w.Restore(w.ctx, editor, id, 1, "")
	w.ok(err)
	n, err := w.Merge(w.ctx, editor, id, 3, nil, "")
	w.ok(err)
	if text := []byte(w.stored(id, n).Text); w.at(text, users) != "12" {
		w.Errorf("%s", text)
	}
}
