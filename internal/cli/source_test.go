package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

// office runs commands in-process beside one folder of data and keeps all they print.
type office struct {
	t       *testing.T
	dir     string
	env     map[string]string
	printed bytes.Buffer
	ctx     context.Context
}

func newOffice(t *testing.T) *office {
	return &office{t: t, dir: t.TempDir(), env: map[string]string{"LANG": "en_GB.UTF-8"}, ctx: t.Context()}
}

// run runs rendite source … and demands the exit code.
func (o *office) run(want int, stdin string, args ...string) (out, errs string) {
	o.t.Helper()
	var a, b bytes.Buffer
	args = append([]string{"source", "--data", filepath.Join(o.dir, "data.db"), "--allow-host", "127.0.0.1"}, args...)
	code := cli.Main(o.ctx, args, cli.Stdio{In: strings.NewReader(stdin), Out: &a, Err: &b, Env: func(k string) string { return o.env[k] }})
	o.printed.Write(a.Bytes())
	o.printed.Write(b.Bytes())
	if code != want {
		o.t.Fatalf("rendite %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, a.String(), b.String())
	}
	return a.String(), b.String()
}

// hides fails where a secret was printed, or lies readable in any file.
func (o *office) hides(secret string) {
	o.t.Helper()
	if strings.Contains(o.printed.String(), secret) {
		o.t.Errorf("the secret was printed:\n%s", o.printed.String())
	}
	files := 0
	err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(secret)) {
			o.t.Errorf("the secret lies readable in %s", d.Name())
		}
		return err
	})
	if err != nil || files < 2 {
		o.t.Errorf("%d files searched: %v", files, err)
	}
}

type tables map[string]struct{ Read, Inserted, Updated, Unchanged, Rejected, Deleted int64 }

type synced struct {
	State  string
	Error  *struct{ Code, Text string }
	Tables tables
	Gaps   []struct{ Table, Reason, Text string }
}

// sync reads the source "CRM" and checks that the counts of each table add up.
func (o *office) sync(want int) synced {
	o.t.Helper()
	out, _ := o.run(want, "", "sync", "CRM", "--json")
	var raw struct {
		State  string
		Error  *struct{ Code, Text string }
		Tables []struct {
			Table                                                 string
			Read, Inserted, Updated, Unchanged, Rejected, Deleted int64
		}
		Gaps []struct{ Table, Reason, Text string }
	}
	if err := json.Unmarshal([]byte(out), &raw); err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
	s := synced{raw.State, raw.Error, tables{}, raw.Gaps}
	for _, t := range raw.Tables {
		if t.Read != t.Inserted+t.Updated+t.Unchanged+t.Rejected {
			o.t.Errorf("%s: the counts do not add up: %+v", t.Table, t)
		}
		s.Tables[t.Table] = struct{ Read, Inserted, Updated, Unchanged, Rejected, Deleted int64 }{t.Read, t.Inserted, t.Updated, t.Unchanged, t.Rejected, t.Deleted}
	}
	return s
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func TestSourceFromFirstToLast(t *testing.T) {
	company := connectortest.NewPipedrive()
	server := httptest.NewServer(company)
	defer server.Close()
	o := newOffice(t)
	out, _ := o.run(0, connectortest.PipedriveToken+"\n", "add", "CRM", "--kind", "pipedrive", "--address", server.URL, "--timezone", "Europe/Berlin", "--go-live", "2025-03-01")
	has(t, out, "“CRM” (pipedrive) has been added", "rendite.key apart from the data")
	info, err := os.Stat(filepath.Join(o.dir, "rendite.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	_, errs := o.run(2, "x", "add", "CRM", "--kind", "pipedrive", "--address", server.URL)
	has(t, errs, "There is a source “CRM” already")

	out, _ = o.run(0, "", "check", "CRM")
	has(t, out, "the log-in works", "deals: can be read (opportunities and history of opportunities)", "notes: can be read", "the CRM knows the latest state only")

	got := o.sync(0)
	want := map[string]int64{"account": 230, "contact": 230, "opportunity": 137, "activity": 138, "user": 3, "stage": 6}
	for table, n := range want {
		if row := got.Tables[table]; row.Inserted != n || row.Read != n || row.Rejected != 0 {
			t.Errorf("%s: %+v, want %d", table, row, n)
		}
	}
	if got.State != "done" || len(got.Gaps) != 4 || !strings.HasPrefix(got.Gaps[0].Text, "log-ins: ") {
		t.Errorf("%+v", got)
	}
	for table, row := range o.sync(0).Tables {
		if row.Inserted != 0 || row.Updated != 0 {
			t.Errorf("a second run changes %s: %+v", table, row)
		}
	}
	delete(company.Lists["organizations"], 200)
	if row := o.sync(0).Tables["account"]; row.Updated != 1 || row.Deleted != 1 {
		t.Errorf("one account is gone: %+v", row)
	}
	out, _ = o.run(0, "", "sync", "CRM")
	if strings.Contains(out, "gone in the CRM") {
		t.Error(out)
	}
	has(t, out, "accounts: ", " read = 0 new + 0 changed + ", "What is missing or there in part only:", "tickets: the CRM delivers nothing of the kind.", "“CRM” has been read.")

	out, _ = o.run(0, "", "list")
	has(t, out, "CRM · pipedrive · "+server.URL+" · Europe/Berlin · EUR · live since 1 March 2025 · ", ", done")
	out, _ = o.run(0, "", "list", "--json")
	has(t, out, `"go_live": "2025-03-01"`, `"opportunity": 137`)
	o.hides(connectortest.PipedriveToken)

	_, errs = o.run(2, "n\n", "remove", "CRM")
	has(t, errs, "Nothing removed.")
	o.run(2, "", "remove", "CRM")
	out, _ = o.run(0, "yes\n", "remove", "CRM")
	has(t, out, "opportunities: 137", "accounts: 230", "has been removed")
	_, errs = o.run(2, "", "sync", "CRM")
	has(t, errs, "There is no source “CRM”")
	out, _ = o.run(0, "", "list")
	has(t, out, "No source yet")
}

func TestSourceStopsAndGoesOn(t *testing.T) {
	company := connectortest.NewPipedrive()
	var left atomic.Int64 // questions until the run is stopped
	var stop atomic.Pointer[context.CancelFunc]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left.Add(-1) == 0 {
			(*stop.Load())()
		}
		company.ServeHTTP(w, r)
	}))
	defer server.Close()
	o := newOffice(t)
	o.env["TOKEN"] = connectortest.PipedriveToken
	o.run(0, "", "add", "CRM", "--kind", "pipedrive", "--address", server.URL, "--secret-env", "TOKEN")
	stops := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		stop.Store(&cancel)
		left.Store(2 << stops) // a page of deals asks for the changes of each: later runs get further
		var out, errs bytes.Buffer
		code := cli.Main(ctx, []string{"source", "sync", "CRM", "--data", filepath.Join(o.dir, "data.db"), "--allow-host", "127.0.0.1"}, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(k string) string { return o.env[k] }})
		cancel()
		if code == 0 {
			break
		}
		if code != 130 || !strings.Contains(errs.String(), "Stopped. What was read is kept") {
			t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
		}
		if stops++; stops > 12 {
			t.Fatal("it never comes to an end")
		}
	}
	if stops < 5 {
		t.Errorf("only %d stops", stops)
	}
	for table, row := range o.sync(0).Tables {
		if row.Inserted != 0 || row.Updated != 0 {
			t.Errorf("something of %s was still missing: %+v", table, row)
		}
	}
	out, _ := o.run(0, "", "list", "--json")
	var list struct {
		Sources []struct{ Rows map[string]int64 }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	rows := list.Sources[0].Rows
	if d := cmp.Diff([]int64{230, 230, 137, 138}, []int64{rows["account"], rows["contact"], rows["opportunity"], rows["activity"]}); d != "" {
		t.Error(d)
	}
}

func TestSourceTellsWhatIsWrongWithTheAccess(t *testing.T) {
	server := httptest.NewServer(connectortest.NewPipedrive())
	defer server.Close()
	o := newOffice(t)
	const wrong = "wrong-token-77"
	o.run(0, wrong, "add", "CRM", "--kind", "pipedrive", "--address", server.URL)
	_, errs := o.run(1, "", "check", "CRM")
	has(t, errs, "The access does not hold or lacks a right.", "HTTP 401")
	if s := o.sync(1); s.State != "failed" || s.Error == nil || s.Error.Code != "denied" {
		t.Errorf("%+v", s)
	}
	out, _ := o.run(1, "", "check", "CRM", "--json")
	has(t, out, `"log_in": false`, `"code": "denied"`)

	// The same place with another secret; another place needs it again.
	out, errs = o.run(0, connectortest.PipedriveToken, "change", "CRM", "--new-secret", "--go-live", "2025-04-01")
	has(t, out, "has been changed")
	if strings.Contains(errs, "leads elsewhere") {
		t.Error(errs)
	}
	o.run(0, "", "check", "CRM")
	o.run(0, "", "change", "CRM", "--currency", "CHF")
	o.run(0, "", "check", "CRM")
	_, errs = o.run(2, "", "change", "CRM", "--address", "https://crm.example.com")
	has(t, errs, "leads elsewhere", "The secret is empty.")
	out, _ = o.run(0, "", "list")
	has(t, out, server.URL, "CHF", "1 April 2025")
	o.sync(0)
	out, _ = o.run(0, "", "change", "CRM", "--timezone", "America/New_York")
	has(t, out, "derived in the old time zone")

	// Without its key nothing opens, and no new key is made for it.
	key := filepath.Join(o.dir, "rendite.key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	_, errs = o.run(2, "", "sync", "CRM")
	has(t, errs, "rendite.key” is missing and RENDITE_KEY is empty")
	if _, err := os.Stat(key); err == nil {
		t.Error("a new key was made, which opens nothing")
	}
	o.env["RENDITE_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	_, errs = o.run(1, "", "sync", "CRM")
	has(t, errs, "cannot be opened with the key at hand")
	o.run(0, connectortest.PipedriveToken, "change", "CRM", "--new-secret")
	o.run(0, "", "check", "CRM")
	o.env["RENDITE_KEY"] = "short"
	_, errs = o.run(2, "", "check", "CRM")
	has(t, errs, "RENDITE_KEY holds no key")
	delete(o.env, "RENDITE_KEY")
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs = o.run(2, "", "check", "CRM")
	has(t, errs, "can be read by others", "chmod 600")
	o.hides(wrong)
	o.hides(connectortest.PipedriveToken)
}

func TestSourceRefusesWhatCannotBe(t *testing.T) {
	o := newOffice(t)
	file := filepath.Join(o.dir, "settings.yaml")
	for _, tt := range []struct {
		name, settings, stdin, want string
		args                        []string
	}{
		{"no name", "", "", "needs exactly one name", []string{"add"}},
		{"two names", "", "", "needs exactly one name", []string{"sync", "a", "b"}},
		{"an empty name", "", "s", "needs a name", []string{"add", " ", "--kind", "hubspot"}},
		{"no kind", "", "s", "--kind is missing: ", []string{"add", "CRM"}},
		{"a kind with a mistake", "", "s", "Perhaps hubspot is meant", []string{"add", "CRM", "--kind", "hubspt"}},
		{"nothing that it needs", "", "s", "tryton also needs address, database or user", []string{"add", "CRM", "--kind", "tryton"}},
		{"a secret as an argument", "", "s", "There is no flag", []string{"add", "CRM", "--kind", "hubspot", "--secret", "s"}},
		{"an empty secret", "", "\n", "The secret is empty.", []string{"add", "CRM", "--kind", "hubspot"}},
		{"a secret of two lines", "", "a\nb", "has control characters", []string{"add", "CRM", "--kind", "hubspot"}},
		{"an empty variable", "", "s", "variable NOTHING is empty", []string{"add", "CRM", "--kind", "hubspot", "--secret-env", "NOTHING"}},
		{"a time zone with a mistake", "", "s", "There is no time zone “Europe/Atlantis”", []string{"add", "CRM", "--kind", "hubspot", "--timezone", "Europe/Atlantis"}},
		{"a currency in words", "", "s", "“Euro” is no currency", []string{"add", "CRM", "--kind", "hubspot", "--currency", "Euro"}},
		{"a day that does not exist", "", "s", "“2025-02-30” is no day", []string{"add", "CRM", "--kind", "hubspot", "--go-live", "2025-02-30"}},
		{"an address without encryption", "", "s", "It must begin with https://", []string{"add", "CRM", "--kind", "hubspot", "--address", "http://crm.example.com"}},
		{"an address in the own network", "", "s", "It must begin with https://", []string{"add", "CRM", "--kind", "hubspot", "--address", "http://10.0.0.7"}},
		{"no settings", "", "s", "cannot be read", []string{"add", "CRM", "--kind", "hubspot", "--settings", filepath.Join(o.dir, "nothing.yaml")}},
		{"an unknown setting", "adresse: https://crm.example.com\n", "s", "Perhaps address is meant", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"the secret in the file", "secret: s\n", "s", "The secret has no place in the file", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"a column with a mistake", "fields: {opportunity.prodct: x}\n", "s", "Perhaps opportunity.product is meant", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"a table that is none", "fields: {invoices.sum: x}\n", "s", "It is written as table, dot, column", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"a list for a text", "user: [a, b]\n", "s", "stands here in a form that does not fit", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"no pairs", "- a\n", "s", "takes pairs", []string{"add", "CRM", "--kind", "hubspot", "--settings", file}},
		{"an unknown source", "", "", "There is no source “Sales”", []string{"check", "Sales"}},
		{"an unknown command", "", "", "", []string{"wipe"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(tt.settings), 0o600); err != nil {
				t.Fatal(err)
			}
			o.t = t
			want := 2
			if tt.settings != "" || strings.HasPrefix(tt.want, "It must begin") {
				want = 1
			}
			_, errs := o.run(want, tt.stdin, tt.args...)
			has(t, errs, tt.want)
			if errs == "" {
				t.Error("said nothing")
			}
		})
	}
	out, _ := o.run(0, "", "list")
	has(t, out, "No source yet")
}

// Two sources and a file come into one file of data at once; one source is read once at a time.
func TestSourcesAreReadBesideEachOther(t *testing.T) {
	company := connectortest.NewPipedrive()
	begun, hold := make(chan struct{}), make(chan struct{})
	var holding atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if holding.CompareAndSwap(true, false) {
			close(begun)
			<-hold
		}
		company.ServeHTTP(w, r)
	}))
	defer server.Close()
	dir := t.TempDir()
	office := func() *office { o := newOffice(t); o.dir = dir; return o }
	names := []string{"A", "B", "C"}
	for _, name := range names {
		office().run(0, connectortest.PipedriveToken, "add", name, "--kind", "pipedrive", "--address", server.URL)
	}
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			var out, errs bytes.Buffer
			if code := cli.Main(t.Context(), []string{"source", "sync", name, "--data", filepath.Join(dir, "data.db"), "--allow-host", "127.0.0.1"}, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { return "" }}); code != 0 {
				t.Errorf("%s: exit code %d\n%s%s", name, code, out.String(), errs.String())
			}
		})
	}
	wg.Wait()
	out, _ := office().run(0, "", "list", "--json")
	if strings.Count(out, `"opportunity": 137`) != len(names) {
		t.Error(out)
	}
	holding.Store(true)
	wg.Go(func() {
		cli.Main(t.Context(), []string{"source", "sync", "A", "--data", filepath.Join(dir, "data.db"), "--allow-host", "127.0.0.1"}, cli.Stdio{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }})
	})
	<-begun
	_, errs := office().run(1, "", "sync", "A")
	has(t, errs, "This source is being read already.")
	close(hold)
	wg.Wait()
}

// What is only wanted may be closed; what is needed may not. More than half of a list gone looks like a lost right.
func TestSourceSaysWhatItMayNotRead(t *testing.T) {
	company := connectortest.NewPipedrive()
	var closed atomic.Value
	closed.Store("/v1/notes")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == closed.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		company.ServeHTTP(w, r)
	}))
	defer server.Close()
	o := newOffice(t)
	o.run(0, connectortest.PipedriveToken, "add", "CRM", "--kind", "pipedrive", "--address", server.URL)
	out, _ := o.run(0, "", "check", "CRM")
	has(t, out, "notes: cannot be read (activities). The access does not hold or lacks a right.", "HTTP 403", "deals: can be read")
	s := o.sync(0)
	if n := s.Tables["activity"].Inserted; n != 137 || len(s.Gaps) != 5 || s.Gaps[0].Reason != "not_allowed" {
		t.Errorf("%d activities, %+v", n, s.Gaps)
	}
	closed.Store("/api/v2/persons")
	out, _ = o.run(1, "", "check", "CRM")
	has(t, out, "persons: cannot be read (contacts)")
	if s := o.sync(1); s.State != "failed" || s.Error.Code != "denied" || s.Tables["contact"].Read != 0 {
		t.Errorf("%+v", s)
	}
	closed.Store("")
	for id := range company.Lists["organizations"] {
		if id > 50 {
			delete(company.Lists["organizations"], id)
		}
	}
	_, errs := o.run(1, "", "sync", "CRM")
	has(t, errs, "More than half of the records are missing at once.")
	out, _ = o.run(0, "", "sync", "CRM", "--emptied")
	has(t, out, "180 changed", "180 of those changed are gone in the CRM")
}

// The settings of the file reach the reader: Tryton asks for a database and a user.
func TestSourceTakesItsSettingsFromAFile(t *testing.T) {
	var asked atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Params []any }
		if json.NewDecoder(r.Body).Decode(&q) == nil && len(q.Params) > 0 {
			user, _ := q.Params[0].(string)
			user = r.URL.Path + " " + user
			asked.CompareAndSwap(nil, &user)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	o := newOffice(t)
	file := filepath.Join(o.dir, "settings.yaml")
	if err := os.WriteFile(file, []byte("address: "+server.URL+"\ndatabase: firma\nuser: ada\nfields: {opportunity.product: sale.product}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.run(0, "richtig-8", "add", "Tryton", "--kind", "tryton", "--settings", file)
	o.run(1, "", "check", "Tryton")
	if got := asked.Load(); got == nil || *got != "/firma/ada" && *got != "/firma/ ada" {
		t.Errorf("asked %v", got)
	}
	o.hides("richtig-8")
}

func TestSourceKindsSayWhatTheyDeliver(t *testing.T) {
	o := newOffice(t)
	out, _ := o.run(0, "", "kinds")
	has(t, out, "\ntryton\n  needs address (https://…), database, user", "delivers stages, users, other names of users, accounts", "  – leads: the CRM delivers nothing of the kind.")
	out, _ = o.run(0, "", "kinds", "--json")
	var k struct {
		Kinds []struct {
			Name          string
			Needs, Tables []string
			Gaps          []struct{ Table, Reason, Text string }
		}
	}
	if err := json.Unmarshal([]byte(out), &k); err != nil {
		t.Fatal(err)
	}
	for _, one := range k.Kinds {
		if one.Name == "tryton" && cmp.Diff([]string{"address", "database", "user"}, one.Needs) != "" || one.Name == "pipedrive" && len(one.Tables) != 8 {
			t.Errorf("%+v", one)
		}
	}
	if len(k.Kinds) < 4 {
		t.Errorf("%d kinds", len(k.Kinds))
	}
	o.env["LANG"] = "de_DE.UTF-8"
	out, _ = o.run(0, "", "kinds")
	has(t, out, "liefert Phasen, Benutzer", "braucht als Geheimnis das API-Token")
}
