package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/report/written"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
)

type historyPage struct {
	casePage
	Against   *against
	Revisions []revisionView
	More      string
	Events    []event
}

type against struct {
	Text    string
	Changes []string
}

type revisionView struct {
	Number                       int
	When, Reason, Author, Effect string
	Tags                         []tag
	Changes                      []string
	Newest                       bool
}

type event struct{ Text, When string }

// words tells the changes between two texts.
func (q *request) words(old, now []byte) []string {
	list, err := revision.Words(q.l, q.s.App.Engine.Catalogue(), old, now)
	if err != nil {
		return []string{q.t("web.history.unreadable", nil)}
	}
	const most = 25
	if n := len(list) - most; n > 0 {
		list = append(list[:most], q.t("web.history.more", diag.Args{"count": n}))
	}
	return list
}

// moved tells what a change of text does to the figures; empty where one of them does not compute.
func (q *request) moves(old, now []byte, scenario string) string {
	before, err := q.s.App.Engine.Answer(q.Context(), old, scenario, 0, q.l)
	if err != nil {
		return ""
	}
	after, err := q.s.App.Engine.Answer(q.Context(), now, scenario, 0, q.l)
	if err != nil {
		return ""
	}
	return q.effect(report.Figures(before.Result, q.l), report.Figures(after.Result, q.l))
}

func (s *Site) history(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	p := historyPage{casePage: q.casePage(d, "history", "middle")}
	list, next, err := s.App.Revisions(q.Context(), q.who, d.Case.ID, q.FormValue("after"))
	if err != nil {
		return err
	}
	seals, err := s.App.Seals(q.Context(), q.who, d.Case.ID)
	if err != nil {
		return err
	}
	for i, r := range list {
		v := revisionView{Number: int(r.Number), When: q.when(r.At), Reason: r.Reason, Author: r.AuthorName, Newest: int(r.Number) == d.Head}
		if v.Reason == "" {
			v.Reason = q.t("web.history.no_reason", nil)
		}
		for _, seal := range seals {
			if seal.Revision == r.Number {
				v.Tags = append(v.Tags, tag{Text: q.t("web.sealed", nil), Class: "good", Title: seal.Note + ", " + q.when(seal.At) + ", SHA-256 " + seal.Hash})
			}
		}
		if r.Number > 1 {
			var before []byte
			if i+1 < len(list) {
				before = []byte(list[i+1].Text)
			} else { // the last of this page follows the first of the next
				o, err := s.App.Open(q.Context(), q.who, d.Case.ID, int(r.Number)-1)
				if err != nil {
					return err
				}
				before = o.Text
			}
			v.Changes = q.words(before, []byte(r.Text))
			if i < 10 { // computing every revision ever made would take long
				v.Effect = q.moves(before, []byte(r.Text), "")
			}
		}
		p.Revisions = append(p.Revisions, v)
	}
	if next != "" {
		p.More = "/cases/" + d.Case.ID + "/history?after=" + next
	}
	if d.Seal != nil {
		a := &against{Text: q.t("web.history.sealed", diag.Args{"revision": strconv.FormatInt(d.Seal.Revision, 10), "date": q.when(d.Seal.At), "by": d.Seal.Note, "hash": d.Seal.Hash[:16]})}
		if d.Open.Revision != int(d.Seal.Revision) || d.Dirty {
			a.Changes = q.words(d.SealedText, d.Open.Text)
			if e := q.moves(d.SealedText, d.Open.Text, ""); e != "" {
				a.Text += " " + e
			}
		}
		p.Against = a
	}
	if auth.Allowed(q.who.Actor, auth.EventList, auth.Facts{Organisation: d.Case.OrgID, Case: d.Case.ID}) == nil {
		events, _, err := s.App.Events(q.Context(), q.who, d.Case.OrgID, d.Case.ID, "")
		if err != nil {
			return err
		}
		p.Events = q.events(events)
	}
	q.page(http.StatusOK, "history", p)
	return nil
}

func (q *request) events(list []store.Event) []event {
	var all []event
	for _, e := range list {
		args := diag.Args{"who": e.UserName}
		for _, k := range []string{"name", "reason", "revision", "role", "user"} {
			args[k] = e.Detail[k]
		}
		key := "web.event." + strings.ReplaceAll(string(e.Action), " ", "_")
		if !q.l.Has(key) {
			key = "web.event.other"
			args["action"] = string(e.Action)
		}
		if e.UserName == "" {
			args["who"] = q.t("web.event.somebody", nil)
		}
		all = append(all, event{q.t(key, args), q.when(e.At)})
	}
	return all
}

// saveDialog shows what is about to be saved.
func (s *Site) saveDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	v := struct {
		ID, Effect, Warning string
		Changes             []string
	}{ID: d.Case.ID, Changes: q.words(d.Saved, d.Open.Text), Effect: q.moves(d.Saved, d.Open.Text, d.place.Scenario)}
	if s.App.Engine.Check(d.Open.Text, q.l).Err() != nil {
		v.Warning = q.t("web.save.broken", nil)
	}
	return q.parts("fragments", v, "save")
}

func (s *Site) save(q *request) error {
	id := q.PathValue("id")
	n, err := s.App.Save(q.Context(), q.who, id, strings.TrimSpace(q.FormValue("reason")))
	if code, _ := app.CodeOf(err); code == app.Conflict {
		return q.mergePage(q.FormValue("reason"))
	}
	if err != nil {
		return err
	}
	return q.to("/cases/"+id, "saved", strconv.Itoa(n))
}

type mergePage struct {
	frame
	ID, Lead, Author, Reason string
	Head                     int
	Theirs                   []string
	Conflicts                []conflict
}

type conflict struct{ Path, Label, Base, Ours, Theirs string }

func (q *request) mergePage(reason string) error {
	id := q.PathValue("id")
	m, err := q.s.App.Merging(q.Context(), q.who, id)
	if err != nil {
		return err
	}
	if m == nil {
		return &app.Error{Code: app.Conflict, Key: "web.error.conflict"}
	}
	p := mergePage{frame: q.frame(q.t("web.merge.title", nil), "narrow"), ID: id, Author: m.Author, Reason: reason, Head: m.Head,
		Lead: q.t("web.merge.text", diag.Args{"name": m.Author, "revision": strconv.Itoa(m.Head)}), Theirs: q.words(m.Base, m.Theirs)}
	t, err := revision.Open("", m.Theirs)
	for _, c := range m.Conflicts {
		v := conflict{c.Path, c.Path, revision.Localised(q.l, c.Base), revision.Localised(q.l, c.Ours), revision.Localised(q.l, c.Theirs)}
		if err == nil {
			v.Label = revision.Label(q.l, q.s.App.Engine.Catalogue(), t, c.Path)
		}
		for _, s := range []*string{&v.Base, &v.Ours, &v.Theirs} {
			if *s == "" {
				*s = q.t("web.merge.absent", nil)
			}
		}
		p.Conflicts = append(p.Conflicts, v)
	}
	q.page(http.StatusConflict, "merge", p)
	return nil
}

func (s *Site) merge(q *request) error {
	id := q.PathValue("id")
	if err := q.ParseForm(); err != nil {
		return err
	}
	choices := map[string]revision.Choice{}
	for name, v := range q.PostForm {
		if path, ok := strings.CutPrefix(name, "c."); ok && (v[0] == "ours" || v[0] == "theirs") {
			choices[path] = revision.Choice{Take: v[0]}
		}
	}
	head, _ := strconv.Atoi(q.FormValue("head"))
	n, err := s.App.Merge(q.Context(), q.who, id, head, choices, q.FormValue("reason"))
	if code, _ := app.CodeOf(err); code == app.Conflict {
		return q.mergePage(q.FormValue("reason"))
	}
	if err != nil {
		return err
	}
	return q.to("/cases/"+id, "saved", strconv.Itoa(n))
}

func (s *Site) restore(q *request) error {
	n, _ := strconv.Atoi(q.FormValue("revision"))
	made, err := s.App.Restore(q.Context(), q.who, q.PathValue("id"), n, q.t("web.history.restored", diag.Args{"revision": strconv.Itoa(n)}))
	if err != nil {
		return err
	}
	return q.to("/cases/"+q.PathValue("id")+"/history", "saved", strconv.Itoa(made))
}

func (s *Site) sealDialog(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	v := struct{ ID, Current, Warning, By string }{ID: d.Case.ID, By: q.who.Name}
	if d.Seal != nil {
		v.Current = q.t("web.history.sealed", diag.Args{"revision": strconv.FormatInt(d.Seal.Revision, 10), "date": q.when(d.Seal.At), "by": d.Seal.Note, "hash": d.Seal.Hash[:16]})
	}
	if d.Dirty {
		v.Warning = q.t("web.seal.dirty", nil)
	} else if s.App.Engine.Check(d.Open.Text, q.l).Err() != nil {
		v.Warning = q.t("web.seal.broken", nil)
	}
	return q.parts("fragments", v, "seal")
}

func (s *Site) seal(q *request) error {
	if _, err := s.App.Seal(q.Context(), q.who, q.PathValue("id"), strings.TrimSpace(q.FormValue("by")), strings.TrimSpace(q.FormValue("note"))); err != nil {
		return err
	}
	return q.to("/cases/"+q.PathValue("id")+"/history", "sealed", "")
}

func (s *Site) caseSettings(q *request) error {
	d, err := q.openDesk(-1)
	if err != nil {
		return err
	}
	v := struct {
		ID         string
		Statuses   []choice
		CanArchive bool
	}{ID: d.Case.ID, CanArchive: auth.Allowed(q.who.Actor, auth.CaseDelete, auth.Facts{Organisation: d.Case.OrgID, Case: d.Case.ID}) == nil}
	for _, st := range store.Statuses {
		v.Statuses = append(v.Statuses, choice{string(st), q.t("web.status."+string(st), nil), d.Case.Status == st})
	}
	return q.parts("fragments", v, "settingsdialog")
}

func (s *Site) setStatus(q *request) error {
	if err := s.App.SetStatus(q.Context(), q.who, q.PathValue("id"), q.FormValue("status")); err != nil {
		return err
	}
	return q.to("/cases/"+q.PathValue("id"), "", "")
}

func (s *Site) archive(q *request) error {
	if err := s.App.Archive(q.Context(), q.who, q.PathValue("id"), true); err != nil {
		return err
	}
	return q.to("/", "archived", "")
}

func (s *Site) unarchive(q *request) error {
	if err := s.App.Archive(q.Context(), q.who, q.PathValue("id"), false); err != nil {
		return err
	}
	return q.to("/cases/"+q.PathValue("id"), "unarchived", "")
}

// export hands the text out as it stands.
func (s *Site) export(q *request) error {
	n, _ := strconv.Atoi(q.FormValue("revision"))
	o, err := s.App.Open(q.Context(), q.who, q.PathValue("id"), n)
	if err != nil {
		return err
	}
	return q.file(o, "yaml", "application/yaml; charset=utf-8", o.Text)
}

// report is the report of what is before the person, in a format of package written.
func (s *Site) report(q *request) error {
	n, _ := strconv.Atoi(q.FormValue("revision"))
	o, err := s.App.Open(q.Context(), q.who, q.PathValue("id"), n)
	if err != nil {
		return err
	}
	format := q.PathValue("format")
	body, err := s.App.Report(q.Context(), q.who, o, q.FormValue("scenario"), format, q.l)
	if err != nil {
		return err
	}
	media, _ := written.Media(format)
	return q.file(o, format, media, body)
}

// file sends something about a case to be kept, with its name and an ending.
func (q *request) file(o *app.Open, ending, media string, body []byte) error {
	h := q.ResponseWriter.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+app.FileName(o.Case.Name)+"."+ending+`"`)
	_, err := q.ResponseWriter.Write(body)
	return err
}
