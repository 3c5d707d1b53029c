package app_test

import (
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
)

func TestShare(t *testing.T) {
	w := newWorld(t)
	id, second := w.create(small), w.create(broken)
	secret, err := w.Share(w.ctx, w.as("editor"), id, 7)
	w.ok(err)
	who, caseID, err := w.Visitor(w.ctx, secret)
	w.ok(err)
	if caseID != id || who.User != "" || who.Name != "" || *who.Share != (auth.SharedCase{Organisation: w.org, Case: id}) {
		w.Errorf("%+v", who)
	}
	w.set("editor", id, users, "12") // what is not saved is not shown
	o, err := w.Open(w.ctx, who, id, 0)
	w.ok(err)
	if string(o.Text) != small || o.CanEdit || o.Dirty {
		w.Errorf("%+v", o)
	}
	_, err = w.Seal(w.ctx, w.as("anna"), id, "Bernd Schulz", "vertraulich")
	w.ok(err)
	read, err := w.Read(w.ctx, who, id, 0)
	w.ok(err)
	if o, err = w.Open(w.ctx, who, id, 0); err != nil || *o.Seal != *read.Seal {
		w.Fatal(err)
	}
	if s := read.Seal; s.Revision != 1 || s.Hash != app.Hash([]byte(small)) || s.At.IsZero() || s.ByID+s.ByName+s.Note != "" {
		w.Errorf("the link tells of the seal: %+v", s)
	}
	_, err = w.Open(w.ctx, who, second, 0)
	w.denied(err, "auth_not_found")

	s, err := w.MadeShare(w.ctx, secret)
	w.ok(err)
	list, err := w.Shares(w.ctx, w.as("editor"), id)
	w.ok(err)
	if len(list) != 1 || list[0] != s || s.CreatedBy != w.ids["editor"] || s.Expires.Sub(s.Created).Round(day) != 7*day {
		w.Errorf("%+v", list)
	}

	w.fails(w.RevokeShare(w.ctx, w.as("editor"), second, s.ID), app.NotFound, "web.error.not_found")
	w.fails(w.RevokeShare(w.ctx, w.as("editor"), id, "none"), app.NotFound, "web.error.not_found")
	if _, _, err := w.Visitor(w.ctx, secret); err != nil {
		w.Errorf("the link ended from another case: %v", err)
	}
	w.ok(w.RevokeShare(w.ctx, w.as("bernd"), id, s.ID))
	_, _, err = w.Visitor(w.ctx, secret)
	w.fails(err, app.NotFound, "web.error.share")
	w.fails(w.RevokeShare(w.ctx, w.as("bernd"), id, s.ID), app.NotFound, "web.error.not_found")
	if list, err := w.Shares(w.ctx, w.as("editor"), id); err != nil || list[0].Revoked.IsZero() {
		w.Errorf("%+v %v", list, err)
	}
}

func TestShare_expires(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	for _, days := range []int{-1, 0, 367} {
		_, err := w.Share(w.ctx, w.as("editor"), id, days)
		w.fails(err, app.Invalid, "web.error.request")
	}
	short, err := w.Share(w.ctx, w.as("editor"), id, 1)
	w.ok(err)
	long, err := w.Share(w.ctx, w.as("editor"), id, 366)
	w.ok(err)
	if short == long {
		w.Error("two links are the same")
	}
	w.wait(day - 60e9) // a minute before
	_, _, err = w.Visitor(w.ctx, short)
	w.ok(err)
	w.wait(61e9)
	_, _, err = w.Visitor(w.ctx, short)
	w.fails(err, app.NotFound, "web.error.share")
	w.wait(364 * day)
	_, _, err = w.Visitor(w.ctx, long)
	w.ok(err)
	w.wait(2 * day)
	_, _, err = w.Visitor(w.ctx, long)
	w.fails(err, app.NotFound, "web.error.share")
	_, _, err = w.Visitor(w.ctx, "made up")
	w.fails(err, app.NotFound, "web.error.share")
}
