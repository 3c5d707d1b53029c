package store_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/rendite-crm/rendite/internal/store"
)

func TestMain(m *testing.M) {
	if address := os.Getenv("RENDITE_STORE_SAVER"); address != "" {
		saveForever(address, os.Getenv("RENDITE_STORE_CASE"))
	}
	code := m.Run()
	server.stop()
	os.Exit(code)
}

// postgres is a PostgreSQL server: one of our own in a temporary folder, reachable by its socket only, or the one that
// RENDITE_TEST_POSTGRES names.
type postgres struct {
	once    sync.Once
	err     error
	dir     string // of our own server
	bin     string
	address *url.URL
	made    atomic.Int64
}

var server postgres

// as runs one of PostgreSQL's programs. A server refuses to be root; Debian's package brings a user for it.
func (p *postgres) as(program string, args ...string) error {
	name, all := filepath.Join(p.bin, program), args
	if os.Geteuid() == 0 {
		name, all = "runuser", append([]string{"-u", "postgres", "--", name}, args...)
	}
	cmd := exec.Command(name, all...)
	cmd.Dir = p.dir
	// A file, not a pipe: the server keeps it open after pg_ctl has gone.
	log, err := os.CreateTemp(p.dir, program)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w: %s", program, err, text)
	}
	return nil
}

func (p *postgres) start() error {
	if given := os.Getenv("RENDITE_TEST_POSTGRES"); given != "" {
		var err error
		p.address, err = url.Parse(given)
		return err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return err
	}
	if path, err := exec.LookPath("initdb"); err == nil && len(found) == 0 {
		found = []string{path}
	}
	if len(found) == 0 {
		return errors.New("PostgreSQL's initdb is not installed: apt-get install postgresql, or set RENDITE_TEST_POSTGRES=postgres://…")
	}
	version := func(path string) float64 { // .../15/bin/initdb, 9.6 for the very old
		v, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(path))), 64)
		return v
	}
	p.bin = filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) }))
	if p.dir, err = os.MkdirTemp("", "rendite-pg"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := exec.Command("chown", "postgres", p.dir).Run(); err != nil {
			return errors.New("there is no user postgres: apt-get install postgresql")
		}
	}
	data := filepath.Join(p.dir, "data")
	common := []string{"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N", "--locale=C"}
	// A German collation where there is one: lists must not hang on how the server sorts texts.
	if err := p.as("initdb", append(common, "--locale-provider=icu", "--icu-locale=de-DE")...); err != nil {
		os.RemoveAll(data)
		if err := p.as("initdb", common...); err != nil {
			return err
		}
	}
	rights := "local all locked scram-sha-256\nlocal all all trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(rights), 0o600); err != nil {
		return err
	}
	p.address = &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: url.Values{"host": {p.dir}}.Encode()}
	return p.up()
}

func (p *postgres) up() error {
	return p.as("pg_ctl", "-D", filepath.Join(p.dir, "data"), "-w", "-l", filepath.Join(p.dir, "server.log"), "-o",
		// Without fsync a crash of the machine would lose data; the tests let the server crash, not the machine.
		"-c listen_addresses='' -c fsync=off -k "+p.dir, "start")
}

func (p *postgres) stop() {
	if p.dir == "" {
		return
	}
	if err := p.as("pg_ctl", "-D", filepath.Join(p.dir, "data"), "-m", "immediate", "stop"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(p.dir)
}

func (p *postgres) at(database string) string {
	u := *p.address
	u.Path = "/" + database
	return u.String()
}

// database makes an empty one and returns its address.
func (p *postgres) database(t *testing.T) string {
	t.Helper()
	p.once.Do(func() { p.err = p.start() })
	if p.err != nil {
		t.Fatal(p.err)
	}
	name := fmt.Sprintf("rendite_test_%d_%d", os.Getpid(), p.made.Add(1))
	p.run(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { p.run(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return p.at(name)
}

func (p *postgres) run(t *testing.T, command string) {
	t.Helper()
	db, err := sql.Open("pgx", p.address.String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(context.Background(), command)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
}

var kinds = []store.Kind{store.SQLite, store.PostgreSQL}

// newDatabase is the address of an empty database.
func newDatabase(t *testing.T, kind store.Kind) string {
	t.Helper()
	if kind == store.SQLite {
		return filepath.Join(t.TempDir(), "rendite.db")
	}
	return server.database(t)
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
