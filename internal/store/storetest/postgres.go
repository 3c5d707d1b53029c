package storetest

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

	_ "github.com/jackc/pgx/v5/stdlib"
)

// PostgreSQL is the address of an empty database, dropped when the test ends. The first call starts the server; TestMain
// calls StopPostgreSQL.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	return server.database(t)
}

// StopPostgreSQL stops the server where one was started.
func StopPostgreSQL() { server.stop() }

// CrashPostgreSQL stops the server in the middle of things; up starts it again. ok is false where the server is not ours to
// crash.
func CrashPostgreSQL() (up func() error, ok bool, err error) {
	if server.dir == "" {
		return nil, false, nil
	}
	return server.up, true, server.as("pg_ctl", "-D", filepath.Join(server.dir, "data"), "-m", "immediate", "stop")
}

// CommandPostgreSQL runs an SQL command as the server's master; false where the server is not ours.
func CommandPostgreSQL(t testing.TB, command string) bool {
	t.Helper()
	if server.dir != "" {
		server.run(t, command)
	}
	return server.dir != ""
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
func (p *postgres) database(t testing.TB) string {
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

func (p *postgres) run(t testing.TB, command string) {
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
