// Package storetest opens stores for the tests of the packages above. It must not be imported by the program.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/rendite-crm/rendite/internal/store"
)

// Open is an empty SQLite store in a temporary folder, closed when the test ends.
func Open(t testing.TB, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rendite.db"), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Setup is Open with a first user, an administrator, and an organisation that the user owns.
func Setup(t testing.TB, options ...store.Option) (*store.Store, store.User, store.Organisation) {
	t.Helper()
	s := Open(t, options...)
	u, o, err := s.Setup(t.Context(), store.User{Email: "anna@example.com", Name: "Anna Müller", Lang: "de"}, "Beispiel GmbH")
	if err != nil {
		t.Fatal(err)
	}
	return s, u, o
}
