package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

// saveForever is the other program of the tests below: it saves 1,000 revisions and prints the number of each that was
// acknowledged.
func saveForever(address, caseID string) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	s, err := store.Open(ctx, address)
	fail(err)
	c, err := s.Case(ctx, caseID)
	fail(err)
	for base := c.Head; base < c.Head+1000; base++ {
		r, err := s.SaveRevision(ctx, store.Revision{CaseID: caseID, Base: base, AuthorName: "Jörg", Text: savedText(base + 1)})
		fail(err)
		fmt.Println(r.Number)
	}
}

func savedText(number int64) string { return strings.Repeat(fmt.Sprintf("revision %d\n", number), 40) }

// killed runs saveForever, kills it without warning after so many acknowledgements, and returns the last number
// acknowledged.
func killed(t *testing.T, address, caseID string, after int) (last int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "RENDITE_STORE_SAVER="+address, "RENDITE_STORE_CASE="+caseID)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it ended before it was killed")
	}
	return last
}

// allThere checks every revision up to the last acknowledged; one more may have been on its way.
func allThere(t *testing.T, s *store.Store, caseID string, last int64) {
	t.Helper()
	head := coherent(t, s, caseID)
	if head < last || head > last+1 {
		t.Errorf("head %d, acknowledged %d", head, last)
	}
	for n := int64(2); n <= head; n++ {
		r, err := s.Revision(t.Context(), caseID, n)
		if err != nil {
			t.Fatal(err)
		}
		if r.Text != savedText(n) || r.Hash != store.Hash(r.Text) || r.Base != n-1 {
			t.Fatalf("revision %d is not what was saved", n)
		}
	}
}

func TestWhatWasAcknowledgedSurvivesBeingKilled(t *testing.T) {
	on(t, func(w *workshop) {
		w.ok(w.Close())
		for _, after := range []int{1, 97, 400} {
			last := killed(t, w.address, w.aCase.ID, after)
			s := mustOpen(t, w.address)
			allThere(t, s, w.aCase.ID, last)
			if w.Kind() == store.SQLite {
				var word string
				if err := s.DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&word); err != nil || word != "ok" {
					t.Errorf("integrity: %s, %v", word, err)
				}
			}
			w.ok(s.Close())
		}
	})
}

func TestWhatWasAcknowledgedSurvivesACrashOfPostgreSQL(t *testing.T) {
	address := newDatabase(t, store.PostgreSQL)
	s := mustOpen(t, address)
	u, o, err := s.Setup(t.Context(), store.User{Email: "a@example.com", Name: "A"}, "A")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.CreateCase(t.Context(), store.Actor{UserID: u.ID, UserName: u.Name}, store.Case{OrgID: o.ID, Name: "A"}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	last := killed(t, address, c.ID, 200)
	up, ours, err := storetest.CrashPostgreSQL()
	if err != nil {
		t.Fatal(err)
	}
	if ours {
		if _, err := s.SaveRevision(t.Context(), store.Revision{CaseID: c.ID, Base: last}); err == nil {
			t.Error("saved while the server was down")
		}
		if err := up(); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Log("RENDITE_TEST_POSTGRES is not ours to crash; saving is tested, the crash is not")
	}
	// The store that was open all along finds its way back by itself.
	allThere(t, s, c.ID, last)
}
