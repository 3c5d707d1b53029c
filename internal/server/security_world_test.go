package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// small computes in a moment and has a scenario.
const small = `case: Test
currency: EUR
horizon: 12 months
discount: 8 %/year
assumptions:
  users: {value: 10, label: Users, source: contract, grade: A}
  saved: {value: 20 .. 40 .. 60 EUR/month, label: Saved per user, source: log, grade: B}
costs:
  licences: users * 20 EUR/month
  setup: {amount: 500 EUR, at: 0}
benefits:
  saved_money: users * saved
scorecard:
  compliance: {weight: 60, today: 4, expected: 7, why: deletion periods}
scenarios:
  more: {label: More, assumptions: {users: 12}}
`

// password is everybody's, so that it is hashed once.
const password = "Kupferkessel 47 im Regen"

var passwordHash = sync.OnceValue(func() string {
	p, err := auth.NewPasswords(auth.DefaultParams, 1)
	if err != nil {
		panic(err)
	}
	h, err := p.Hash(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return h
})

// world is a running installation with accounts. The organisation has a viewer, a commenter, an editor and an owner, who
// are called so; the outsider owns another one; the administrator belongs to neither; disabled was an editor, and forgetful
// has an account and nothing else.
type world struct {
	t      *testing.T
	server *server.Server
	base   string
	client *http.Client
	log    *output
	ahead  atomic.Int64 // of the real clock, in nanoseconds
	org    string
	other  string
	people map[string]store.User
	links  chan string // of password resets
	kept   string      // the cookie of somebody who was disabled since

	records *warehouse.Warehouse // as the server keeps them

	db      *sql.DB
	version int64 // of the database when it was read last
	dumped  string
}

// output takes what several goroutines write.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// newWorld starts one that ends with the test; change may change how it runs.
func newWorld(t *testing.T, change ...func(*server.Config)) *world {
	t.Helper()
	w := open(t, change...)
	w.serve()
	return w
}

// open is newWorld before the first request is answered.
func open(t *testing.T, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, log: &output{}, people: map[string]store.User{}, links: make(chan string, 20)}
	file := filepath.Join(t.TempDir(), "rendite.db")
	c := server.Config{Listen: "127.0.0.1:0", Accounts: true, Database: file, Version: "test", Person: "Anna Beispiel", Firm: "Muster AG",
		Log:           slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:           w.now,
		Administrator: func(_ context.Context, _, link string) { w.links <- link }}
	for _, f := range change {
		f(&c)
	}
	s, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	w.server, w.base = s, strings.TrimSuffix(s.URL(), "/")
	// No redirects and no cookies but those that a test sends.
	w.client = &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if w.db, err = sql.Open("sqlite", "file:"+file+"?mode=ro"); err != nil {
		t.Fatal(err)
	}
	if w.records, err = warehouse.Open(t.Context(), filepath.Join(filepath.Dir(file), warehouse.DefaultFile), w.now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.check(w.records.Close()) })
	w.db.SetMaxOpenConns(1) // data_version is that of a connection
	if c.Accounts {
		w.settle()
	}
	return w
}

func (w *world) serve() {
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	served := make(chan error, 1)
	go func() { served <- w.server.Serve(ctx) }()
	w.t.Cleanup(func() {
		w.client.CloseIdleConnections()
		w.check(w.db.Close())
		stop()
		w.check(<-served)
	})
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// settle makes the people.
func (w *world) settle() {
	ctx, s := w.t.Context(), w.server.Store
	u, _, err := s.Setup(ctx, store.User{Email: "administrator@example.com", Name: "administrator", PasswordHash: passwordHash()}, "Verwaltung")
	w.check(err)
	w.people["administrator"] = u
	by := store.Actor{UserID: u.ID, UserName: u.Name}
	for _, name := range []string{"outsider", "viewer", "commenter", "editor", "owner", "disabled", "forgetful"} {
		w.people[name] = w.person(name)
	}
	o, err := s.CreateOrganisation(ctx, by, "Muster AG", w.people["owner"].ID)
	w.check(err)
	w.org = o.ID
	for name, role := range map[string]store.Role{"viewer": store.Viewer, "commenter": store.Commenter, "editor": store.Editor, "disabled": store.Editor} {
		w.check(s.AddMember(ctx, by, w.org, w.people[name].ID, role))
	}
	w.kept, _ = w.session("disabled")
	gone := w.people["disabled"]
	gone.Disabled = time.Now()
	w.check(s.UpdateUser(ctx, by, gone))
	if o, err = s.CreateOrganisation(ctx, by, "Andere GmbH", w.people["outsider"].ID); err == nil {
		w.other = o.ID
	}
	w.check(err)
}

func (w *world) person(name string) store.User {
	u, err := w.server.Store.CreateUser(w.t.Context(), store.Actor{UserName: name}, store.User{Name: name, Email: name + "@example.com", PasswordHash: passwordHash()})
	w.check(err)
	return u
}

// now is the server's time.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

func (w *world) by(name string) store.Actor {
	return store.Actor{UserID: w.people[name].ID, UserName: w.people[name].Name}
}

// session signs somebody in without a password and returns the cookie's value and the session's id.
func (w *world) session(name string) (cookie, id string) {
	secret := auth.NewSecret(auth.SessionSecret)
	now := w.now()
	w.check(w.server.App.SessionStore().InsertSession(w.t.Context(), auth.Session{Hash: secret.Hash(), User: w.people[name].ID, Created: now, Seen: now, Agent: "Firefox", Address: "127.0.0.1"}))
	return secret.Reveal(), secret.Hash()
}

// aCase makes a case of the organisation with the text, by its owner.
func (w *world) aCase(org, owner, text string) string {
	c, err := w.server.Store.CreateCase(w.t.Context(), w.by(owner), store.Case{OrgID: org, Name: "Test"}, text, "first")
	w.check(err)
	return c.ID
}

func (w *world) share(id, owner string) (secret, share string) {
	secret, s, err := w.server.Store.CreateShare(w.t.Context(), w.by(owner), id, w.now().Add(24*time.Hour))
	w.check(err)
	return secret, s.ID
}

func (w *world) comment(id, author string) string {
	c, err := w.server.Store.AddComment(w.t.Context(), w.by(author), store.Comment{CaseID: id, Anchor: "users", Text: "why?"})
	w.check(err)
	return c.ID
}

// imported is an import of the organisation, into a source of its own.
func (w *world) imported() warehouse.Batch {
	ctx := w.t.Context()
	s, err := w.records.AddSource(ctx, warehouse.Source{Owner: w.org, Name: store.NewID(), Kind: "file", Timezone: "UTC", Currency: "EUR"})
	w.check(err)
	i, err := w.records.Begin(ctx, s, "opportunity", "deals.csv", store.NewID())
	w.check(err)
	w.check(i.Finish(ctx))
	return i.Batch
}

func (w *world) token(org, owner string, scopes ...auth.Scope) (secret, id string) {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	secret, t, err := w.server.Store.CreateToken(w.t.Context(), w.by(owner), store.Token{UserID: w.people[owner].ID, OrgID: org, Name: "report", Scopes: strings.Join(words, " "), Expires: w.now().Add(time.Hour)})
	w.check(err)
	return secret, t.ID
}

func (w *world) invitation(org, owner, email string) string {
	secret, _, err := w.server.Store.CreateInvitation(w.t.Context(), w.by(owner), store.Invitation{OrgID: org, Role: store.Viewer, Email: email, Expires: w.now().Add(24 * time.Hour)})
	w.check(err)
	return secret
}

// ask is a request. A form is sent as one, a body as it is.
type ask struct {
	method, path string
	cookie       string // of the session
	form         url.Values
	body, kind   string
	header       map[string]string
}

// answer is what came back.
type answer struct {
	*http.Response
	text string
}

// to is where the answer sends the browser.
func (a answer) to() string { return a.Header.Get("Location") + a.Header.Get("HX-Redirect") }

// cookieOf is a cookie that the answer sets.
func (a answer) cookieOf(name string) *http.Cookie {
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (w *world) request(q ask) *http.Request {
	w.t.Helper()
	body, kind := q.body, q.kind
	if q.form != nil {
		body, kind = q.form.Encode(), "application/x-www-form-urlencoded"
	}
	if q.method == "" {
		q.method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(w.t.Context(), q.method, w.base+q.path, strings.NewReader(body))
	w.check(err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if q.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "rendite", Value: q.cookie})
	}
	for k, v := range q.header {
		if r.Header.Set(k, v); k == "Host" {
			r.Host = v
		}
	}
	return r
}

func (w *world) do(q ask) answer {
	w.t.Helper()
	r, err := w.client.Do(w.request(q))
	if err != nil {
		w.t.Fatalf("%s %s: %v", q.method, q.path, err)
	}
	return w.read(r)
}

func (w *world) read(r *http.Response) answer {
	w.t.Helper()
	text, err := io.ReadAll(r.Body)
	w.check(err)
	w.check(r.Body.Close())
	return answer{r, string(text)}
}

// state is all that is stored, one line for each row: but for what is only remembered of a computation, and when
// sessions and tokens were used last.
func (w *world) state() string {
	w.t.Helper()
	ctx := w.t.Context()
	var version int64
	w.check(w.db.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version))
	if version == w.version && w.dumped != "" {
		return w.dumped
	}
	w.version = version
	rows, err := w.db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('outcomes', 'goose_db_version') ORDER BY name")
	w.check(err)
	tables := each(w, rows, func(v []any) string { return fmt.Sprint(v[0]) })
	var lines []string
	for _, table := range tables {
		rows, err := w.db.QueryContext(ctx, "SELECT * FROM "+table)
		w.check(err)
		names, err := rows.Columns()
		w.check(err)
		lines = append(lines, each(w, rows, func(v []any) string {
			var b strings.Builder
			b.WriteString(table)
			for i, n := range names {
				if table == "sessions" && (n == "last_seen" || n == "expires") || table == "tokens" && n == "last_used" {
					continue
				}
				fmt.Fprintf(&b, " %s=%v", n, v[i])
			}
			return b.String()
		})...)
	}
	slices.Sort(lines)
	w.dumped = strings.Join(lines, "\n")
	return w.dumped
}

func each(w *world, rows *sql.Rows, f func([]any) string) (all []string) {
	w.t.Helper()
	defer rows.Close() //nolint:errcheck // only read
	names, err := rows.Columns()
	w.check(err)
	for rows.Next() {
		v, p := make([]any, len(names)), make([]any, len(names))
		for i := range v {
			p[i] = &v[i]
		}
		w.check(rows.Scan(p...))
		all = append(all, f(v))
	}
	w.check(rows.Err())
	return all
}

// unchanged checks that what is stored is as it was before.
func (w *world) unchanged(t *testing.T, before, what string) {
	t.Helper()
	after := w.state()
	if after == before {
		return
	}
	old := strings.Split(before, "\n")
	var changes []string
	for line := range strings.SplitSeq(after, "\n") {
		if !slices.Contains(old, line) {
			changes = append(changes, "+ "+line[:min(len(line), 300)])
		}
	}
	t.Errorf("%s changed what is stored:\n%s\n(%d bytes before, %d after)", what, strings.Join(changes, "\n"), len(before), len(after))
}

// patterns are the routes of a package's source, "GET /cases/{id}" and so on, so that a new one cannot be forgotten.
func patterns(t *testing.T, file string, least int) []string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile(`m\.Handle(?:Func)?\("([^"]+)"`).FindAllSubmatch(source, -1) {
		all = append(all, string(m[1]))
	}
	if len(all) < least {
		t.Fatalf("%s has %d routes", file, len(all))
	}
	return all
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got); go test ./internal/server -update\n%s", path, d)
	}
}
