package warehouse

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
)

func opened(t *testing.T, path, name string) (*Warehouse, Source) {
	t.Helper()
	w, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s, err := w.AddSource(t.Context(), Source{Name: name, Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

func customer(id string) crm.Record {
	t, _ := crm.Find("account")
	r := t.New(id)
	t.Set(&r, "name", "Kunde "+id)
	return r
}

// fill writes n accounts, more than a statement's worth, and leaves the import open.
func fill(ctx context.Context, w *Warehouse, s Source, n int) (*Import, error) {
	i, err := w.Begin(ctx, s, "account", "accounts", "")
	if err != nil {
		return nil, err
	}
	for k := range n {
		if err := i.Write(ctx, customer(fmt.Sprint(k)), int64(k), "", nil); err != nil {
			return i, err
		}
	}
	return i, nil
}

func TestImportsOfOneFileWaitForEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	const writers, pages = 4, 5
	var wg sync.WaitGroup
	for k := range writers {
		w, s := opened(t, path, fmt.Sprint("CRM ", k)) // each as its own part of the program has it
		wg.Go(func() {
			for range pages {
				i, err := fill(t.Context(), w, s, 10*chunk)
				if err == nil {
					err = i.Finish(t.Context())
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	w, _ := opened(t, path, "reader")
	var n, done int64
	if err := w.db.QueryRow("SELECT (SELECT COUNT(*) FROM crm_account), COUNT(*) FROM crm_batch WHERE state = 'done' AND rows_read = 640 AND inserted + unchanged = 640").Scan(&n, &done); err != nil {
		t.Fatal(err)
	}
	if n != writers*10*chunk || done != writers*pages {
		t.Errorf("%d accounts, %d whole imports", n, done)
	}
}

func TestAnImportThatIsLeftOpenIsToldToTheNext(t *testing.T) {
	patience = 10 * time.Millisecond
	defer func() { patience = 10 * time.Second }()
	path := filepath.Join(t.TempDir(), "data.db")
	w, s := opened(t, path, "CRM")
	other, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	begun, err := other.Begin(t.Context(), s, "account", "accounts", "")
	if err != nil {
		t.Fatal(err)
	}
	open, err := fill(t.Context(), w, s, 2*chunk)
	if err != nil {
		t.Fatal(err)
	}
	write := func(ctx context.Context) error {
		if err := begun.Write(ctx, customer("x"), 1, "", nil); err != nil {
			return err
		}
		return begun.Pause(ctx)
	}
	if err := write(t.Context()); !errors.Is(err, ErrWriting) {
		t.Errorf("beside an open import: %v", err)
	}
	if err := other.UpdateSource(t.Context(), s); !errors.Is(err, ErrWriting) {
		t.Errorf("beside an open import: %v", err)
	}
	patience = time.Hour
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := write(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ends with its context: %v", err)
	}
	if err := open.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context()); err != nil { // what waited is not lost
		t.Error(err)
	}
	if begun.Inserted != 1 || begun.Read != 3 || begun.Unchanged != 2 {
		t.Errorf("%+v", begun.Batch)
	}
	if err := begun.Finish(t.Context()); err != nil {
		t.Error(err)
	}
}

// Another program knows nothing of our turns; SQLite refuses then.
func TestAWriteBesideAnotherProgramIsRefusedByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	w, s := opened(t, path, "CRM")
	w.db.SetMaxOpenConns(1)
	if _, err := w.db.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.UpdateSource(t.Context(), s); !errors.Is(err, ErrWriting) {
		t.Errorf("beside another program: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := w.UpdateSource(t.Context(), s); err != nil {
		t.Error(err)
	}
}
