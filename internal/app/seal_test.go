package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
)

func TestSeal(t *testing.T) {
	w := newWorld(t)
	id := w.create(small)
	w.set("editor", id, users, "12") // a draft is not sealed
	s, err := w.Seal(w.ctx, w.as("anna"), id, "Bernd Schulz", "vom Vorstand genehmigt")
	w.ok(err)
	if s.Number != 1 || s.Revision != 1 || s.ByName != "Anna Berg" || s.Note != "Bernd Schulz: vom Vorstand genehmigt" || s.Hash != app.Hash([]byte(small)) {
		w.Errorf("%+v", s)
	}
	o := w.open("editor", id, 0)
	if o.Seal == nil || *o.Seal != s || string(o.SealedText) != small || w.at(o.Text, users) != "12" {
		w.Errorf("open: %+v", o)
	}
	w.save("editor", id, "")
	for name, o := range map[string]*app.Open{"the newest": w.open("viewer", id, 0), "the sealed": w.open("viewer", id, 1)} {
		if o.Seal == nil || *o.Seal != s || string(o.SealedText) != small {
			w.Errorf("%s: %+v", name, o)
		}
	}
	if r, err := w.Read(w.ctx, w.as("viewer"), id, 2); err != nil || r.Seal == nil || string(r.SealedText) != small {
		w.Errorf("Read: %+v %v", r, err)
	}

	again, err := w.Seal(w.ctx, w.as("bernd"), id, "Bernd Schulz", "")
	w.ok(err)
	if again.Number != 2 || again.Revision != 2 || again.Note != "Bernd Schulz" {
		w.Errorf("%+v", again)
	}
	if o := w.open("editor", id, 0); *o.Seal != again || string(o.SealedText) != w.stored(id, 2).Text {
		w.Errorf("the latest seal does not count: %+v", o.Seal)
	}
	list, err := w.Seals(w.ctx, w.as("viewer"), id)
	w.ok(err)
	if len(list) != 2 || list[0] != again || list[1] != s {
		w.Errorf("%+v", list)
	}
	page, _, err := w.Cases(w.ctx, w.as("viewer"), app.Filter{Organisation: w.org})
	w.ok(err)
	if len(page) != 1 || !page[0].Sealed {
		w.Errorf("%+v", page)
	}
}

// codes are those of what an audit found against the seal.
func codes(list diag.List) (all []string) {
	for _, d := range list {
		if strings.HasPrefix(d.Code, "audit_sealed_") {
			all = append(all, d.Code)
		}
	}
	return all
}

func TestAudit_holdsTheCaseAgainstItsSeal(t *testing.T) {
	w := newWorld(t)
	l := locale.New(locale.German)
	id := w.create(small)
	audit := func(scenario string) diag.List {
		w.Helper()
		list, err := w.Audit(w.ctx, w.open("editor", id, 0), scenario, l)
		w.ok(err)
		return list
	}
	unsealed := audit("")
	if len(unsealed) == 0 || codes(unsealed) != nil {
		w.Errorf("before sealing: %v", unsealed)
	}
	_, err := w.Seal(w.ctx, w.as("anna"), id, "Anna", "")
	w.ok(err)
	if got := audit(""); !slices.EqualFunc(got, unsealed, func(a, b diag.Diagnostic) bool { return a.Code == b.Code }) {
		w.Errorf("sealed and unchanged: %v", got)
	}
	w.set("editor", id, licences, "users * 10 EUR/month") // a draft is audited as it is
	w.set("editor", id, "horizon", "24 months")
	w.set("editor", id, "assumptions.saved", "30 .. 60 .. 90 EUR/month")
	want := []string{"audit_sealed_benefit_raised", "audit_sealed_cost_lowered", "audit_sealed_horizon"}
	got := codes(audit(""))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.Errorf("%v, want %v", got, want)
	}
	w.save("editor", id, "")
	if got := codes(audit("")); len(got) != 3 {
		w.Errorf("saved: %v", got)
	}

	// A scenario that is newer than the seal is held against nothing, and is audited all the same.
	text := w.stored(id, 2).Text + "scenarios:\n  more: {label: More, assumptions: {users: 12}}\n"
	_, err = w.SaveText(w.ctx, w.as("editor"), id, []byte(text), 2, "")
	w.ok(err)
	if got := audit("more"); len(got) == 0 || codes(got) != nil {
		w.Errorf("in a new scenario: %v", got)
	}
	_, err = w.SaveText(w.ctx, w.as("editor"), id, []byte(broken), 3, "")
	w.ok(err)
	_, err = w.Audit(w.ctx, w.open("editor", id, 0), "", l)
	w.fails(err, app.Invalid, "web.error.case")
}
