package store_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/store"
)

// unzip reads an archive; lines are sorted, for databases order texts as they like.
func unzip(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != "manifest.json" {
			lines := strings.SplitAfter(string(text), "\n")
			slices.Sort(lines)
			files[f.Name] = strings.Join(lines, "")
		}
	}
	return files
}

// contents is everything in a store, by table.
func contents(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	raw, _ := backup(t, s)
	return unzip(t, raw)
}

func backup(t *testing.T, s *store.Store) ([]byte, store.Manifest) {
	t.Helper()
	var b bytes.Buffer
	m, err := s.Backup(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m
}

func restore(t *testing.T, address string, raw []byte) (store.Manifest, error) {
	t.Helper()
	return store.Restore(t.Context(), address, bytes.NewReader(raw), int64(len(raw)))
}

// furnish puts at least one row into every table.
func (w *workshop) furnish() {
	w.Helper()
	ctx := w.Context()
	later := epoch.AddDate(1, 0, 0)
	w.ok(w.AddMember(ctx, w.actor, w.org.ID, w.other.ID, store.Editor))
	w.ok(w.AddIdentity(ctx, w.actor, store.Identity{Issuer: "https://id.example.com", Subject: "ö\"\\\n", UserID: w.owner.ID}))
	_, _, err := w.CreateInvitation(ctx, w.actor, store.Invitation{OrgID: w.org.ID, Role: store.Viewer, Expires: later})
	w.ok(err)
	_, _, err = w.CreateSession(ctx, store.Session{UserID: w.owner.ID, Expires: later, UserAgent: "Firefox"})
	w.ok(err)
	_, err = w.CreateReset(ctx, w.owner.ID, later)
	w.ok(err)
	_, _, err = w.CreateToken(ctx, w.actor, store.Token{UserID: w.owner.ID, OrgID: w.org.ID, Name: "Import"})
	w.ok(err)
	for _, key := range []string{"a", "b"} {
		_, _, err = w.BeginIdempotent(ctx, store.Idempotency{Key: key, UserID: w.owner.ID, Method: "POST", Path: "/", RequestHash: "x"})
		w.ok(err)
	}
	w.ok(w.FinishIdempotent(ctx, w.owner.ID, "b", 200, []byte{0, 1, 0xff, '<'}))
	for i := range int64(5) {
		_, err = w.SaveRevision(ctx, store.Revision{CaseID: w.aCase.ID, Base: i + 1, Text: strings.Repeat("ä: <&> \u2028\r\n", int(i)*10_000)})
		w.ok(err)
	}
	_, err = w.SealCase(ctx, w.actor, w.aCase.ID, 0, "Beschluss")
	w.ok(err)
	w.ok(w.KeepOutcome(ctx, store.Outcome{CaseID: w.aCase.ID, Revision: 6, Version: "1", JSON: `{"npv":1e9}`}))
	_, _, err = w.CreateShare(ctx, w.actor, w.aCase.ID, later)
	w.ok(err)
	_, err = w.BeginDraft(ctx, w.aCase.ID, w.owner.ID, 6, "x")
	w.ok(err)
	_, err = w.PushDraft(ctx, w.aCase.ID, w.owner.ID, "y", "y")
	w.ok(err)
	parent := ""
	for range 20 { // whichever way the ids fall, some answer stands before its question
		c, err := w.AddComment(ctx, w.actor, store.Comment{CaseID: w.aCase.ID, ParentID: parent, Text: "?", Mentions: []string{w.other.ID}})
		w.ok(err)
		parent = c.ID
	}
}

func TestABackupRestoresEverythingIntoEitherDatabase(t *testing.T) {
	on(t, func(w *workshop) {
		w.furnish()
		want := contents(t, w.Store)
		for name, text := range want {
			if text == "" {
				t.Errorf("nothing in %s", name)
			}
		}
		raw, m := backup(t, w.Store)
		if m.From != w.Kind() || m.Schema != 2 || len(m.Tables) != len(want) {
			t.Errorf("manifest %+v", m)
		}
		for _, into := range kinds {
			address := newDatabase(t, into)
			got, err := restore(t, address, raw)
			w.ok(err)
			if diff := cmp.Diff(m, got); diff != "" {
				t.Error(diff)
			}
			s := mustOpen(t, address, store.WithClock(w.clock.now))
			if diff := cmp.Diff(want, contents(t, s)); diff != "" {
				t.Errorf("%s to %s: %.2000s", w.Kind(), into, diff)
			}
			// It is a working store: the next revision follows the last.
			r, err := s.SaveRevision(w.Context(), store.Revision{CaseID: w.aCase.ID, Base: 6, Text: "weiter"})
			w.ok(err)
			if r.Number != 7 {
				t.Errorf("revision %d", r.Number)
			}
			before := contents(t, s)
			_, err = restore(t, address, raw)
			w.is(err, store.ErrNotEmpty)
			if diff := cmp.Diff(before, contents(t, s)); diff != "" {
				t.Errorf("a refused restore changed the database: %.1000s", diff)
			}
		}
	})
}

// coherent checks what the transactions promise: head, revisions and log fit.
func coherent(t *testing.T, s *store.Store, caseID string) int64 {
	t.Helper()
	c, err := s.Case(t.Context(), caseID)
	if err != nil {
		t.Fatal(err)
	}
	revisions := walk(t, 500, func(p store.Page) ([]store.Revision, string, error) { return s.Revisions(t.Context(), caseID, p) })
	events := walk(t, 500, func(p store.Page) ([]store.Event, string, error) { return s.CaseEvents(t.Context(), caseID, p) })
	if int64(len(revisions)) != c.Head || len(events) != len(revisions) {
		t.Errorf("head %d, %d revisions, %d events", c.Head, len(revisions), len(events))
	}
	for i, r := range revisions {
		if r.Number != c.Head-int64(i) {
			t.Fatalf("revision %d where %d should be", r.Number, c.Head-int64(i))
		}
	}
	return c.Head
}

func TestABackupWhileOthersWriteIsOfOneMoment(t *testing.T) {
	on(t, func(w *workshop) {
		stop := make(chan struct{})
		saving := make(chan struct{}, 1)
		var writer sync.WaitGroup
		writer.Go(func() {
			for base := int64(1); ; base++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := w.SaveRevision(t.Context(), store.Revision{CaseID: w.aCase.ID, Base: base, Text: strings.Repeat("x", 5_000)}); err != nil {
					t.Error(err)
					return
				}
				select {
				case saving <- struct{}{}:
				default:
				}
			}
		})
		var backups [][]byte
		var copies []string
		for i := range 4 {
			for range 5 {
				<-saving
			}
			raw, _ := backup(t, w.Store)
			backups = append(backups, raw)
			if w.Kind() == store.SQLite {
				path := filepath.Join(t.TempDir(), fmt.Sprint(i, ".db"))
				w.ok(w.CopyFile(t.Context(), path))
				w.is(w.CopyFile(t.Context(), path), store.ErrExists)
				copies = append(copies, path)
			} else {
				w.is(w.CopyFile(t.Context(), filepath.Join(t.TempDir(), "x")), store.ErrNotSQLite)
			}
		}
		close(stop)
		writer.Wait()
		var last int64
		for _, raw := range backups {
			address := newDatabase(t, w.Kind())
			_, err := restore(t, address, raw)
			w.ok(err)
			s := mustOpen(t, address)
			head := coherent(t, s, w.aCase.ID)
			if head <= last {
				t.Errorf("head %d after %d: the writer stood still", head, last)
			}
			last = head
			if diff := cmp.Diff(unzip(t, raw), contents(t, s)); diff != "" {
				t.Errorf("%.1000s", diff)
			}
		}
		for _, path := range copies {
			coherent(t, mustOpen(t, path), w.aCase.ID)
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("copy %v, %v", info.Mode(), err)
			}
		}
		coherent(t, w.Store, w.aCase.ID)
	})
}

// rezip changes files of a backup; nil removes one.
func rezip(t *testing.T, raw []byte, change func(name string, text []byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(f.Name, text); text == nil {
			continue
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func remanifest(t *testing.T, raw []byte, change func(*store.Manifest)) []byte {
	t.Helper()
	return rezip(t, raw, func(name string, text []byte) []byte {
		if name != "manifest.json" {
			return text
		}
		var m store.Manifest
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
}

func TestADamagedBackupRestoresNothing(t *testing.T) {
	on(t, func(w *workshop) {
		w.furnish()
		raw, _ := backup(t, w.Store)
		address := newDatabase(t, w.Kind())
		replace := func(file, old, new string) []byte {
			return rezip(t, raw, func(name string, text []byte) []byte {
				if name == file {
					if !bytes.Contains(text, []byte(old)) {
						t.Fatalf("no %s in %s", old, file)
					}
					return bytes.Replace(text, []byte(old), []byte(new), 1)
				}
				return text
			})
		}
		without := func(file string) []byte {
			return rezip(t, raw, func(name string, text []byte) []byte {
				if name == file {
					return nil
				}
				return text
			})
		}
		for name, c := range map[string]struct {
			raw          []byte
			part, reason string
		}{
			"no archive":     {[]byte("name: x"), "", "unreadable"},
			"cut short":      {raw[:len(raw)/2], "", "unreadable"},
			"empty":          {nil, "", "unreadable"},
			"no manifest":    {without("manifest.json"), "manifest.json", "missing"},
			"no events":      {without("events.jsonl"), "events.jsonl", "missing"},
			"changed text":   {replace("cases.jsonl", "Vertrieb", "Einkauf!"), "cases.jsonl", "checksum"},
			"no column":      {replace("users.jsonl", `"lang":"de",`, ""), "users.jsonl", "unreadable"},
			"unknown column": {replace("users.jsonl", `"lang":`, `"x":1,"lang":`), "users.jsonl", "unreadable"},
			"no JSON":        {replace("users.jsonl", `{`, `[`), "users.jsonl", "unreadable"},
			"half a number":  {replace("members.jsonl", `"created":1`, `"created":1.5e-3`), "members.jsonl", "unreadable"},
			"row count":      {remanifest(t, raw, func(m *store.Manifest) { m.Tables[2].Rows++ }), "users.jsonl", "rows"},
			"other format":   {remanifest(t, raw, func(m *store.Manifest) { m.Format = 2 }), "manifest.json", "unknown format"},
			"table unnamed":  {remanifest(t, raw, func(m *store.Manifest) { m.Tables = m.Tables[1:] }), "meta.jsonl", "missing"},
		} {
			_, err := restore(t, address, c.raw)
			if damaged, ok := errors.AsType[*store.DamagedError](err); !ok || damaged.Part != c.part || damaged.Reason != c.reason {
				t.Errorf("%s: %v, want %s %s", name, err, c.part, c.reason)
			}
		}
		_, err := restore(t, address, remanifest(t, raw, func(m *store.Manifest) { m.Schema = 3 }))
		if newer, ok := errors.AsType[*store.NewerError](err); !ok || newer.Schema != 3 {
			t.Errorf("newer: %v", err)
		}
		// None of them has left anything.
		_, err = restore(t, address, raw)
		w.ok(err)
	})
}

func TestABackupOfAnOlderSchemaIsRaisedWhenRestored(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			s, err := store.OpenAt(t.Context(), older(t, kind), 1)
			if err != nil {
				t.Fatal(err)
			}
			raw, m := backup(t, s)
			if err := s.Close(); err != nil || m.Schema != 1 {
				t.Fatal(err, m.Schema)
			}
			for _, into := range kinds {
				address := newDatabase(t, into)
				if _, err := restore(t, address, raw); err != nil {
					t.Fatal(err)
				}
				checkOlder(t, mustOpen(t, address))
			}
			address := newDatabase(t, kind)
			mustOpen(t, address)
			if _, err := restore(t, address, raw); !errors.Is(err, store.ErrMigrated) {
				t.Errorf("into a newer schema: %v", err)
			}
		})
	}
}
