package connectortest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is a database of a server that the tests of a package share.
type MariaDB struct {
	Socket, Name string
	// Root may do everything, in this database.
	Root *sql.DB
}

// OpenMariaDB makes an empty database, dropped when the test ends. The first call starts the server, in a temporary folder
// and reachable by its socket only; TestMain calls StopMariaDB.
func OpenMariaDB(t testing.TB) MariaDB {
	t.Helper()
	maria.once.Do(func() { maria.err = maria.start() })
	if maria.err != nil {
		t.Fatal(maria.err)
	}
	maria.made++
	d := MariaDB{Socket: maria.socket(), Name: fmt.Sprintf("crm_%d", maria.made)}
	server := maria.open("")
	t.Cleanup(func() { _ = server.Close() })
	for _, command := range []string{"DROP DATABASE IF EXISTS " + d.Name, "CREATE DATABASE " + d.Name + " CHARACTER SET utf8mb4"} {
		if _, err := server.ExecContext(t.Context(), command); err != nil {
			t.Fatal(err)
		}
	}
	d.Root = maria.open(d.Name)
	t.Cleanup(func() { _ = d.Root.Close() })
	return d
}

// StopMariaDB stops the server where one was started.
func StopMariaDB() { maria.stop() }

var maria mariaServer

type mariaServer struct {
	once sync.Once
	err  error
	dir  string
	made int
	run  *exec.Cmd
	gone chan struct{}
}

func (m *mariaServer) socket() string { return filepath.Join(m.dir, "socket") }

func (m *mariaServer) open(database string) *sql.DB {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName, c.Logger = "root", "unix", m.socket(), database, &mysql.NopLogger{}
	connect, err := mysql.NewConnector(c)
	if err != nil {
		panic(err) // nothing in it depends on the world
	}
	return sql.OpenDB(connect)
}

// program finds one of the server's, which Debian keeps beside those for the administrator.
func program(names ...string) (string, error) {
	for _, name := range names {
		for _, path := range []string{name, "/usr/sbin/" + name} {
			if found, err := exec.LookPath(path); err == nil {
				return found, nil
			}
		}
	}
	return "", errors.New("MariaDB's " + names[0] + " is not installed: apt-get install mariadb-server-core mariadb-client-core")
}

func (m *mariaServer) start() error {
	install, err := program("mariadb-install-db", "mysql_install_db")
	if err != nil {
		return err
	}
	daemon, err := program("mariadbd", "mysqld")
	if err != nil {
		return err
	}
	if m.dir, err = os.MkdirTemp("", "rendite-maria"); err != nil {
		return err
	}
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(m.dir, "data")}
	if os.Geteuid() == 0 {
		common = append(common, "--user=root") // it refuses to be root unless it is told
	}
	out, err := exec.Command(install, append(common, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", install, err, out)
	}
	log, err := os.Create(filepath.Join(m.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	// As little memory and as few promises to the disk as it takes.
	m.run = exec.Command(daemon, append(common, "--socket="+m.socket(), "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin")...)
	m.run.Stdout, m.run.Stderr = log, log
	if err := m.run.Start(); err != nil {
		return err
	}
	m.gone = make(chan struct{})
	go func() { _ = m.run.Wait(); close(m.gone) }()
	db := m.open("")
	defer db.Close() //nolint:errcheck // only asked whether it is there
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-m.gone:
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			continue
		}
		text, _ := os.ReadFile(log.Name())
		return errors.Join(err, errors.New(strings.TrimSpace(string(text))))
	}
}

func (m *mariaServer) stop() {
	if m.run != nil && m.run.Process != nil {
		_ = m.run.Process.Kill()
		<-m.gone
	}
	if m.dir != "" {
		_ = os.RemoveAll(m.dir)
	}
}
