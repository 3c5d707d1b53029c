package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if database := os.Getenv("RENDITE_TEST_SERVE"); database != "" {
		serveUntilKilled(database)
	}
	code := m.Run()
	storetest.StopPostgreSQL()
	os.Exit(code)
}

// serveUntilKilled is the other program of the test below.
func serveUntilKilled(database string) {
	s, err := server.Open(context.Background(), server.Config{Listen: "127.0.0.1:0", Database: database, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		fmt.Println(s.URL())
		err = s.Serve(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

const saveable = `case: Saved %d times
currency: EUR
horizon: 12 months
discount: 8 %%/year
costs:
  licences: %d EUR/month
benefits:
  time: 900 EUR/month
`

func TestWhatTheServerHasAcknowledgedSurvivesBeingKilled(t *testing.T) {
	for kind, database := range map[store.Kind]func() string{
		store.SQLite:     func() string { return filepath.Join(t.TempDir(), "rendite.db") },
		store.PostgreSQL: func() string { return storetest.PostgreSQL(t) },
	} {
		t.Run(string(kind), func(t *testing.T) {
			address := database()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "RENDITE_TEST_SERVE="+address)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			base, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			base = strings.TrimSpace(base) + "api/v1/cases"

			// Four people save 250 times each, and are not half through when the server dies.
			const people, times, until = 4, 250, 400
			var cases [people]string
			var last [people]int
			var acknowledged atomic.Int64
			var wg sync.WaitGroup
			for i := range people {
				cases[i] = created(t, base)
				wg.Go(func() {
					for n := 1; n <= times; n++ {
						if !saved(t, base+"/"+cases[i]+"/revisions", n) {
							return
						}
						last[i] = n + 1
						if acknowledged.Add(1) == until {
							if err := cmd.Process.Kill(); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			if err := cmd.Wait(); err == nil || acknowledged.Load() < until {
				t.Fatalf("it ended after %d saves: %v", acknowledged.Load(), err)
			}

			s, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // only read
			for i, id := range cases {
				c, err := s.Case(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				// One more may have been on its way.
				if head := int(c.Head); head < last[i] || head > last[i]+1 {
					t.Errorf("case %d: head %d, acknowledged %d", i, head, last[i])
				}
				for n := int64(1); n <= c.Head; n++ {
					r, err := s.Revision(t.Context(), id, n)
					if err != nil {
						t.Fatal(err)
					}
					if want := fmt.Sprintf(saveable, n-1, n-1); r.Text != want || r.Hash != store.Hash(want) {
						t.Fatalf("case %d: revision %d is not what was saved", i, n)
					}
				}
			}
		})
	}
}

func created(t *testing.T, address string) string {
	var made struct{ ID string }
	if err := json.Unmarshal(post(t, address, "application/yaml", fmt.Appendf(nil, saveable, 0, 0)), &made); err != nil || made.ID == "" {
		t.Fatal("no case", err)
	}
	return made.ID
}

// saved saves the nth time and reports whether it was acknowledged; a server that is gone acknowledges nothing.
func saved(t *testing.T, address string, n int) bool {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(fmt.Sprintf(saveable, n, n)))
	if err != nil {
		t.Error(err)
		return false
	}
	r.Header.Set("Content-Type", "application/yaml")
	r.Header.Set("If-Match", fmt.Sprintf(`"%d"`, n))
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = w.Body.Close() // the status is the acknowledgement
	if w.StatusCode != http.StatusCreated {
		t.Errorf("save %d: status %d", n, w.StatusCode)
	}
	return w.StatusCode == http.StatusCreated
}
