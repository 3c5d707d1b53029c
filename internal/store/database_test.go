package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if address := os.Getenv("RENDITE_STORE_SAVER"); address != "" {
		saveForever(address, os.Getenv("RENDITE_STORE_CASE"))
	}
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

var kinds = []store.Kind{store.SQLite, store.PostgreSQL}

// newDatabase is the address of an empty database.
func newDatabase(t *testing.T, kind store.Kind) string {
	t.Helper()
	if kind == store.SQLite {
		return filepath.Join(t.TempDir(), "rendite.db")
	}
	return storetest.PostgreSQL(t)
}

// clock moves on by a second whenever it is looked at, or stands still where step is 0. It may be set.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	step time.Duration
}

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC)

func newClock() *clock { return &clock{at: epoch, step: time.Second} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.step)
	return c.at
}

func (c *clock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func mustOpen(t *testing.T, address string, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closing twice does no harm
	return s
}

// workshop is a store with an organisation, its owner, a second user and a case, on either database.
type workshop struct {
	*testing.T
	*store.Store
	address string
	clock   *clock
	owner   store.User
	other   store.User
	org     store.Organisation
	actor   store.Actor
	aCase   store.Case
}

// on runs f on SQLite and on PostgreSQL.
func on(t *testing.T, f func(w *workshop)) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := &workshop{T: t, address: newDatabase(t, kind), clock: newClock()}
			w.Store = mustOpen(t, w.address, store.WithClock(w.clock.now))
			var err error
			w.owner, w.org, err = w.Setup(t.Context(), store.User{Email: " Anna@Example.com", Name: "Anna Müller", Lang: "de", PasswordHash: "$argon2id$1"}, "Beispiel GmbH")
			w.ok(err)
			w.actor = store.Actor{UserID: w.owner.ID, UserName: w.owner.Name}
			w.other, err = w.CreateUser(t.Context(), w.actor, store.User{Email: "jörg@example.com", Name: "Jörg 😀", Lang: "en"})
			w.ok(err)
			w.aCase, err = w.CreateCase(t.Context(), w.actor, store.Case{OrgID: w.org.ID, Name: "CRM für den Vertrieb"}, "name: eins\n", "angelegt")
			w.ok(err)
			f(w)
		})
	}
}

func (w *workshop) ok(err error) {
	w.Helper()
	if failure, is := errors.AsType[*store.Failure](err); is {
		w.Fatalf("%v: %s", err, failure.Detail())
	}
	if err != nil {
		w.Fatal(err)
	}
}

func (w *workshop) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("%v, want %v", err, want)
	}
}

// told checks that the latest lines of the case's or organisation's log are these actions, latest first.
func (w *workshop) told(events []store.Event, want ...store.Action) {
	w.Helper()
	var got []store.Action
	for _, e := range events {
		got = append(got, e.Action)
	}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		w.Errorf("the log says %v, want it to begin with %v", got, want)
	}
}

func (w *workshop) log() []store.Event {
	w.Helper()
	events, _, err := w.OrganisationEvents(w.Context(), w.org.ID, store.Page{Limit: 500})
	w.ok(err)
	return events
}

// Context settles which of the two embedded types is meant.
func (w *workshop) Context() context.Context { return w.T.Context() }
