package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/store"
)

// older is a database of schema 1 with data; closed.
func older(t *testing.T, kind store.Kind) (address string) {
	t.Helper()
	address = newDatabase(t, kind)
	fill(t, address)
	return address
}

func fill(t *testing.T, address string) {
	t.Helper()
	s, err := store.OpenAt(t.Context(), address, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	text, err := os.ReadFile("testdata/schema1.sql")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		if _, err := s.DB().ExecContext(t.Context(), line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

func checkOlder(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	r, err := s.Revision(ctx, "case1", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Revision{CaseID: "case1", Number: 2, Base: 1, AuthorID: "user1", AuthorName: "Anna Müller",
		At: time.UnixMicro(1764057600000004).UTC(), Reason: "zweite", Text: "name: ö", Hash: "c5f1"}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	u, err := s.UserByEmail(ctx, "anna@example.com")
	if err != nil || !u.Admin || !u.Disabled.IsZero() {
		t.Errorf("%+v, %v", u, err)
	}
	cases, _, err := s.Cases(ctx, store.CaseFilter{OrgID: "org1", Search: "ä"}, store.Page{})
	if err != nil || len(cases) != 1 {
		t.Errorf("%+v, %v", cases, err)
	}
	if _, _, err := s.CreateToken(ctx, store.Actor{UserID: "user1"}, store.Token{UserID: "user1", OrgID: "org1", Name: "x"}); err != nil {
		t.Errorf("the new table does not work: %v", err)
	}
}

func TestAnOlderDatabaseIsRaisedWithItsData(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			address := older(t, kind)
			s := mustOpen(t, address)
			m := s.Migrated()
			if m.From != 1 || m.To != 2 {
				t.Errorf("migrated %+v", m)
			}
			checkOlder(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := mustOpen(t, address)
			if m := again.Migrated(); m.From != 2 || m.To != 2 || m.Backup != "" {
				t.Errorf("second time %+v", m)
			}
			if kind == store.PostgreSQL {
				return
			}
			if filepath.Dir(m.Backup) != filepath.Dir(address) {
				t.Fatalf("copy at %q", m.Backup)
			}
			// The copy is the database as it was, and the program can open it like any older one.
			before, err := store.OpenAt(t.Context(), m.Backup, 1)
			if err != nil {
				t.Fatal(err)
			}
			var n int
			err = before.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = 'tokens'").Scan(&n)
			if err != nil || n != 0 {
				t.Errorf("the copy was made after the change: %d, %v", n, err)
			}
			if err := before.Close(); err != nil {
				t.Fatal(err)
			}
			checkOlder(t, mustOpen(t, m.Backup))
		})
	}
}

func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			address := newDatabase(t, kind)
			s := mustOpen(t, address)
			if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)"); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := store.Open(t.Context(), address)
			if newer, ok := errors.AsType[*store.NewerError](err); !ok || newer.Schema != 99 || newer.Known != 2 {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestOpenedFourTimesAtOnceANewDatabaseIsMadeOnce(t *testing.T) {
	for _, kind := range kinds {
		for _, from := range []string{"new", "older"} {
			t.Run(string(kind)+" "+from, func(t *testing.T) {
				address := newDatabase(t, kind)
				if from == "older" {
					fill(t, address)
				}
				n := race(4, func(int) error {
					s, err := store.Open(t.Context(), address)
					if err != nil {
						return err
					}
					return errors.Join(s.Ping(t.Context()), s.Close())
				}, func(err error) {
					if f, ok := errors.AsType[*store.Failure](err); ok {
						t.Error(f.Detail())
					}
					t.Error(err)
				})
				if n != 4 {
					t.Errorf("%d of 4 opened", n)
				}
				if from == "older" {
					checkOlder(t, mustOpen(t, address))
				}
			})
		}
	}
}

func TestABackupHoldsEveryTable(t *testing.T) {
	for _, kind := range kinds {
		for _, schema := range []int64{1, 2} {
			s, err := store.OpenAt(t.Context(), newDatabase(t, kind), schema)
			if err != nil {
				t.Fatal(err)
			}
			list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
			if kind == store.PostgreSQL {
				list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
			}
			rows, err := s.DB().QueryContext(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					t.Fatal(err)
				}
				if name != "goose_db_version" {
					names = append(names, name)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close(), s.Close()); err != nil {
				t.Fatal(err)
			}
			want := store.TableNames(schema)
			slices.Sort(names)
			slices.Sort(want)
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("%s, schema %d: %s", kind, schema, diff)
			}
		}
	}
}
