package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/store"
)

func (w *world) comment(who, caseID, anchor, text string) store.Comment {
	w.Helper()
	c, err := w.Comment(w.ctx, w.as(who), caseID, anchor, "", text)
	w.ok(err)
	return c
}

func TestComments(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	asked := w.comment("commenter", id, users, "  Mit dem neuen Team?\n")
	answer, err := w.Comment(w.ctx, w.as("editor"), id, users, asked.ID, "Ja.")
	w.ok(err)
	elsewhere := w.comment("anna", id, licences, "Zu teuer")
	if asked.Text != "Mit dem neuen Team?" || asked.AuthorName != "Carl Comment" || asked.Anchor != users || answer.ParentID != asked.ID {
		w.Errorf("%+v %+v", asked, answer)
	}
	for anchor, want := range map[string][]string{"": {asked.ID, answer.ID, elsewhere.ID}, users: {asked.ID, answer.ID}, licences: {elsewhere.ID}, "assumptions": nil} {
		list, err := w.Comments(w.ctx, w.as("viewer"), id, anchor)
		w.ok(err)
		var got []string
		for _, c := range list {
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			w.Errorf("at %q: %v, want %v", anchor, got, want)
		}
	}

	w.ok(w.ResolveComment(w.ctx, w.as("commenter"), id, asked.ID))
	list, err := w.Comments(w.ctx, w.as("viewer"), id, users)
	w.ok(err)
	if list[0].ResolvedByName != "Carl Comment" || list[0].ResolvedAt.IsZero() || !list[1].ResolvedAt.IsZero() {
		w.Errorf("%+v", list)
	}
}

func TestComment_refused(t *testing.T) {
	w := newWorld(t)
	id, second := w.create(small), w.create(broken)
	said := w.comment("editor", id, users, "hier")
	for name, text := range map[string]string{"nothing": "", "blanks": " \n\t", "too long": strings.Repeat("ä", app.MaxComment+1)} {
		w.run(name, func(w *world) {
			_, err := w.Comment(w.ctx, w.as("editor"), id, users, "", text)
			if e := w.failure(err, app.Invalid, "web.error.comment"); e.Field != "text" {
				w.Errorf("field %q", e.Field)
			}
		})
	}
	w.comment("editor", id, "", strings.Repeat("ä", app.MaxComment))
	_, err := w.Comment(w.ctx, w.as("editor"), id, users, "", "\xff")
	w.fails(err, app.Invalid, "web.error.text")
	for _, parent := range []string{said.ID, "none"} {
		_, err = w.Comment(w.ctx, w.as("editor"), second, users, parent, "da")
		w.fails(err, app.NotFound, "web.error.not_found")
	}
	// A comment can be resolved in its own case only: the id of another organisation's comment opens nothing.
	theirs, err := w.Create(w.ctx, w.as("otto"), w.other, []byte(small), "", "")
	w.ok(err)
	w.fails(w.ResolveComment(w.ctx, w.as("otto"), theirs, said.ID), app.NotFound, "web.error.not_found")
	w.fails(w.ResolveComment(w.ctx, w.as("editor"), second, said.ID), app.NotFound, "web.error.not_found")
	w.fails(w.ResolveComment(w.ctx, w.as("editor"), id, "none"), app.NotFound, "web.error.not_found")
	if c, err := w.store.Comment(w.ctx, said.ID); err != nil || !c.ResolvedAt.IsZero() {
		w.Errorf("%+v %v", c, err)
	}
}

func TestComment_mentionsMembers(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	u, err := w.store.CreateUser(w.ctx, store.Actor{}, store.User{Name: "Jürgen von der Au", Email: "j.vda@example.com"})
	w.ok(err)
	w.ids["jürgen"] = u.ID
	w.ok(w.store.AddMember(w.ctx, store.Actor{}, w.org, u.ID, store.Viewer))
	for text, want := range map[string][]string{
		"@Anna bitte":                          {"anna"},
		"@anna bitte":                          {"anna"},
		"@Anna.Berg und @bernd":                {"anna", "bernd"},
		"@anna.berg@example.com":               {"anna"},
		"@ANNA.BERG@EXAMPLE.COM":               {"anna"},
		"@Anna @anna.berg@example.com @Anna":   {"anna"},
		"@Jürgen.von.der.Au":                   {"jürgen"},
		"@jürgen, @j.vda@example.com":          {"jürgen"},
		"(@Anna)":                              {"anna"},
		"Das weiß @Anna. Oder @bernd?":         {"anna", "bernd"},
		"Frag @anna.berg@example.com.":         {"anna"},
		"@Ann":                                 nil,
		"@Annabelle":                           nil,
		"Anna":                                 nil,
		"@Otto @otto@example.org":              nil, // no member
		"@nobody@example.com @":                nil,
		"@bernd@example.com@anna.berg@example": {"bernd"},
	} {
		c := w.comment("commenter", id, "", text)
		var ids []string
		for _, name := range want {
			ids = append(ids, w.ids[name])
		}
		slices.Sort(ids)
		if !slices.Equal(c.Mentions, ids) {
			w.Errorf("%q mentions %v, want %v", text, c.Mentions, want)
		}
	}
}
