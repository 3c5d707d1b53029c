package app_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// small computes in a moment: what is saved outweighs the licences by 200 EUR a month, after 500 EUR at the start.
const small = `case: Vertrieb
currency: EUR
horizon: 12 months
discount: 8 %/year
assumptions:
  users: {value: 10, label: Users, source: contract, grade: A}
  saved: {value: 20 .. 40 .. 60 EUR/month, label: Saved per user, source: log, grade: B}
costs:
  licences: users * 20 EUR/month
  setup: {amount: 500 EUR, at: 0}
benefits:
  saved_money: users * saved
`

// broken is YAML that does not compute.
const broken = "case: Kaputt\ncurrency: EUR\ncosts:\n  a: usres * 1 EUR/month\nbenefits:\n  b: 1 EUR/month\n"

// noYAML cannot be read at all.
const noYAML = "case: [\n  broken"

// engine is shared, so that the same small case is not computed by every test.
var engine = sync.OnceValue(func() *app.Engine { return newEngine("test") })

func newEngine(version string) *app.Engine {
	e, err := app.NewEngine(nil, version)
	if err != nil {
		panic(err)
	}
	return e
}

// world is an installation with two organisations. Anna owns "Beispiel GmbH" and is nobody special beyond it; viewer,
// commenter, editor and a second owner, bernd, belong to it too. Otto owns "Andere GmbH". The administrator belongs to
// none.
type world struct {
	*testing.T
	*app.App
	*clock
	store   *store.Store
	records *warehouse.Warehouse
	data    *app.Data
	ctx     context.Context
	ids     map[string]string // of people, by name
	org     string
	other   string // otto's organisation
}

// clock is the world's time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// now goes on a little at each look, so that nothing happens at the same time as something else.
func (c *clock) now() time.Time {
	c.wait(time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// wait lets time go by.
func (c *clock) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), clock: &clock{at: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}, ids: map[string]string{}}
	s, admin, first := storetest.Setup(t, store.WithClock(w.now))
	w.store = s
	var err error
	w.records, err = warehouse.Open(w.ctx, filepath.Join(t.TempDir(), "data.db"), w.now)
	w.ok(err)
	t.Cleanup(func() { _ = w.records.Close() })
	w.data, err = app.OpenData(w.records, filepath.Join(t.TempDir(), "uploads"), app.DataLimits{File: 1 << 20, Organisation: 3 << 20}, w.now, nil)
	w.ok(err)
	t.Cleanup(func() { _ = w.data.Close() })
	w.App = app.New(s, engine(), w.now, app.WithData(w.data))
	by := store.Actor{UserID: admin.ID, UserName: admin.Name}
	for _, p := range []struct{ name, shown, email string }{
		{"anna", "Anna Berg", "anna.berg@example.com"}, {"bernd", "Bernd Schulz", "bernd@example.com"}, {"editor", "Eva Editor", "eva@example.com"},
		{"commenter", "Carl Comment", "carl@example.com"}, {"viewer", "Vera View", "vera@example.com"}, {"otto", "Otto Anders", "otto@example.org"},
	} {
		u, err := s.CreateUser(w.ctx, by, store.User{Name: p.shown, Email: p.email})
		w.ok(err)
		w.ids[p.name] = u.ID
	}
	w.ids["admin"] = admin.ID
	mine, err := s.CreateOrganisation(w.ctx, by, "Beispiel GmbH", w.ids["anna"])
	w.ok(err)
	theirs, err := s.CreateOrganisation(w.ctx, by, "Andere GmbH", w.ids["otto"])
	w.ok(err)
	w.org, w.other = mine.ID, theirs.ID
	for name, role := range map[string]store.Role{"bernd": store.Owner, "editor": store.Editor, "commenter": store.Commenter, "viewer": store.Viewer} {
		w.ok(s.AddMember(w.ctx, by, w.org, w.ids[name], role))
	}
	// The administrator's first organisation goes to otto, so that no role is left to the administrator.
	w.ok(s.AddMember(w.ctx, by, first.ID, w.ids["otto"], store.Owner))
	w.ok(s.RemoveMember(w.ctx, by, first.ID, admin.ID))
	return w
}

// run is a part of a test, in the same world.
func (w *world) run(name string, f func(w *world)) {
	w.Run(name, func(t *testing.T) {
		inner := *w
		inner.T = t
		f(&inner)
	})
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fails checks the code and the message of an error.
func (w *world) fails(err error, code app.Code, key string) {
	w.Helper()
	w.failure(err, code, key)
}

// failure is fails for those who want to see more of it.
func (w *world) failure(err error, code app.Code, key string) app.Error {
	w.Helper()
	var e *app.Error
	if !errors.As(err, &e) {
		w.Fatalf("error %v, want %s %s", err, code, key)
	}
	if e.Code != code || e.Key != key {
		w.Errorf("error %v, want %s %s", err, code, key)
	}
	return *e
}

// denied checks an error of package auth.
func (w *world) denied(err error, code string) {
	w.Helper()
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Code != code {
		w.Errorf("error %v, want %s", err, code)
	}
}

// as is one of the people.
func (w *world) as(name string) app.Actor {
	w.Helper()
	who, err := w.Actor(w.ctx, w.ids[name])
	w.ok(err)
	return who
}

// create makes a case as the editor.
func (w *world) create(text string) string {
	w.Helper()
	id, err := w.Create(w.ctx, w.as("editor"), w.org, []byte(text), "ohne Namen", "")
	w.ok(err)
	return id
}

// set changes the value at a path in somebody's draft.
func (w *world) set(who, caseID, path, value string) *app.Open {
	w.Helper()
	o, err := w.Change(w.ctx, w.as(who), caseID, path, "", func(t *revision.Text) (*revision.Text, error) { return t.Set(path, value) })
	w.ok(err)
	return o
}

func (w *world) save(who, caseID, reason string) int {
	w.Helper()
	n, err := w.Save(w.ctx, w.as(who), caseID, reason)
	w.ok(err)
	return n
}

// open opens a case; revision 0 is the newest with the draft.
func (w *world) open(who, caseID string, number int) *app.Open {
	w.Helper()
	o, err := w.Open(w.ctx, w.as(who), caseID, number)
	w.ok(err)
	return o
}

// at is the value at a path of a text.
func (w *world) at(text []byte, path string) string {
	w.Helper()
	t, err := revision.Open("", text)
	w.ok(err)
	v, _ := t.Value(path)
	return v
}

// stored is a revision as it lies in the database.
func (w *world) stored(caseID string, number int) store.Revision {
	w.Helper()
	r, err := w.store.Revision(w.ctx, caseID, int64(number))
	w.ok(err)
	return r
}

const day = 24 * time.Hour

// passwords are hashed as cheaply as package auth lets one.
var passwords = sync.OnceValue(func() *auth.Passwords {
	p, err := auth.NewPasswords(auth.DefaultParams, 4)
	if err != nil {
		panic(err)
	}
	return p
})
