package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

func TestAddressesThatCannotBeOpenedSayWhyWithoutThePassword(t *testing.T) {
	socket, err := url.Parse(newDatabase(t, store.PostgreSQL))
	if err != nil {
		t.Fatal(err)
	}
	locked := *socket
	ours := storetest.CommandPostgreSQL(t, "CREATE ROLE locked LOGIN PASSWORD 'other'")
	if ours {
		t.Cleanup(func() { storetest.CommandPostgreSQL(t, "DROP ROLE locked") })
		locked.User = url.UserPassword("locked", "geheim")
	}
	missing := *socket
	missing.Path = "/there_is_none"
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("name: keine Datenbank\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, place string }{
		"nobody listens":   {"postgres://u:geheim@127.0.0.1:1/rendite", "127.0.0.1:1/rendite"},
		"no such database": {missing.String(), "/there_is_none"},
		"wrong password":   {locked.String(), "/rendite_test"},
		"folder":           {dir, dir},
		"no database":      {text, text},
		"below a file":     {filepath.Join(text, "x.db"), text},
	} {
		if name == "wrong password" && !ours {
			continue
		}
		_, err := store.Open(t.Context(), c.address)
		unreachable, ok := errors.AsType[*store.UnreachableError](err)
		if !ok || !strings.Contains(unreachable.Place, c.place) || unreachable.Cause == "" {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s tells the password: %v", name, err)
		}
	}
	for address, scheme := range map[string]string{"mysql://root:geheim@x/y": "mysql", "postgres://u:geheim@host:port/x": "", "postgres://u:ge%zzheim@x/y": ""} {
		_, err := store.Open(t.Context(), address)
		if wrong, ok := errors.AsType[*store.AddressError](err); !ok || wrong.Scheme != scheme || strings.Contains(err.Error(), "heim") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestASQLiteFileIsMadeForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Ablage für 100 % #1?", "db")
	path := filepath.Join(dir, "rendite & co.db")
	s := mustOpen(t, path)
	if s.Path() != path || s.Kind() != store.SQLite {
		t.Errorf("%s %s", s.Kind(), s.Path())
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 { // the database, its write-ahead log and that one's index
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestAnEmptyAddressIsAFileInTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	s := mustOpen(t, "")
	if filepath.Base(s.Path()) != store.DefaultFile {
		t.Errorf("path %s", s.Path())
	}
	if _, err := os.Stat(store.DefaultFile); err != nil {
		t.Error(err)
	}
}

func TestSQLiteSyncsEveryCommitAndChecksReferences(t *testing.T) {
	s := storetest.Open(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		var got string
		if err := s.DB().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s, %v", pragma, got, want, err)
		}
	}
}

func TestFailuresSayNothingOfTheDatabase(t *testing.T) {
	on(t, func(w *workshop) {
		cancelled, cancel := context.WithCancel(w.Context())
		cancel()
		_, err := w.Users(cancelled)
		w.is(err, context.Canceled)
		_, err = w.SaveRevision(cancelled, store.Revision{CaseID: w.aCase.ID, Base: 1})
		w.is(err, context.Canceled)
		if _, err := w.DB().ExecContext(w.Context(), "DROP TABLE events"); err != nil {
			t.Fatal(err)
		}
		_, err = w.SaveRevision(w.Context(), store.Revision{CaseID: w.aCase.ID, Base: 1, Text: "x"})
		failure, ok := errors.AsType[*store.Failure](err)
		if !ok || failure.Error() != "store: saving the revision failed" || !strings.Contains(failure.Detail(), "events") {
			t.Fatalf("%v", err)
		}
		// What cannot be told in the log does not happen.
		if c, err := w.Case(w.Context(), w.aCase.ID); err != nil || c.Head != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		w.ok(w.Close())
		for _, err := range []error{w.Ping(w.T.Context()), w.RenameCase(w.Context(), w.actor, w.aCase.ID, "x")} {
			if _, ok := errors.AsType[*store.Failure](err); !ok || regexp.MustCompile(`(?i)sql|select|update`).MatchString(err.Error()) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestSecretsAreKeptAsHashesOnly(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		later := epoch.AddDate(1, 0, 0)
		var secrets []string
		keep := func(secret string, err error) {
			w.ok(err)
			secrets = append(secrets, secret)
		}
		session, _, err := w.CreateSession(ctx, store.Session{UserID: w.owner.ID, Expires: later})
		keep(session, err)
		token, _, err := w.CreateToken(ctx, w.actor, store.Token{UserID: w.owner.ID, OrgID: w.org.ID, Name: "x"})
		keep(token, err)
		share, _, err := w.CreateShare(ctx, w.actor, w.aCase.ID, later)
		keep(share, err)
		invitation, _, err := w.CreateInvitation(ctx, w.actor, store.Invitation{OrgID: w.org.ID, Role: store.Viewer, Expires: later})
		keep(invitation, err)
		keep(w.CreateReset(ctx, w.owner.ID, later))
		for name, text := range contents(t, w.Store) {
			for i, secret := range secrets {
				if strings.Contains(text, strings.TrimPrefix(secret, store.TokenPrefix)) {
					t.Errorf("secret %d stands in %s", i, name)
				}
			}
		}
		for _, secret := range secrets {
			if !regexp.MustCompile(`^(rendite_)?[a-z2-7]{52}$`).MatchString(secret) {
				t.Errorf("secret %q", secret)
			}
		}
		if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(w.aCase.ID) {
			t.Errorf("id %q", w.aCase.ID)
		}
	})
}

// modernc's SQLite is generated for one version of modernc's libc and may misbehave with any other.
func TestModerncLibcIsTheOneItsSQLiteNames(t *testing.T) {
	type module struct{ Path, Version, GoMod string }
	find := func(path string) (m module) {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	named, err := os.ReadFile(find("modernc.org/sqlite").GoMod)
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^\s*(?:require )?modernc\.org/libc (v\S+)`).FindSubmatch(named)
	if want == nil {
		t.Fatal("modernc.org/sqlite names no libc")
	}
	if got := find("modernc.org/libc").Version; got != string(want[1]) {
		t.Errorf("libc %s, SQLite wants %s", got, want[1])
	}
}
