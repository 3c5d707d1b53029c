package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/store/storetest"
	"github.com/rendite-crm/rendite/internal/warehouse"
	"github.com/rendite-crm/rendite/internal/web"
)

// workspace is a site over an empty store, for one person without an account or, where accounts is set, for Anna.
type workspace struct {
	reset string // the link that the administrator was last told of
	t     *testing.T
	site  *web.Site
	app   *app.App
	store *store.Store
	who   app.Actor
	log   *strings.Builder
	// cookies go with every request.
	cookies []*http.Cookie
}

// answers are computed once for all tests of a run, with few draws: what the pages say is looked at, not how sure it is.
var engine = func() *app.Engine {
	e, err := app.NewEngine(nil, "test", app.WithDraws(1_000))
	if err != nil {
		panic(err)
	}
	return e
}()

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{t: t, store: storetest.Open(t), log: &strings.Builder{}}
	records, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := app.OpenData(records, filepath.Join(t.TempDir(), "uploads"), app.DataLimits{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(data.Close(), records.Close()); err != nil {
			t.Error(err)
		}
	})
	w.app = app.New(w.store, engine, nil, app.WithData(data))
	w.open(web.Options{Person: "Anna", Firm: "Beispiel"})
	if w.who, err = w.app.Local(t.Context(), "Anna", "Beispiel"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workspace) open(o web.Options) {
	w.t.Helper()
	o.App, o.Version, o.Log = w.app, "1.2.3", slog.New(slog.NewTextHandler(w.log, nil))
	var err error
	if w.site, err = web.New(o); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if w.log.Len() > 0 && !w.t.Failed() {
			w.t.Errorf("the log has: %s", w.log)
		}
	})
}

const setupCode = "TERMINAL"

// newAccounts is a workspace with accounts where Anna has signed in.
func newAccounts(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{t: t, store: storetest.Open(t), log: &strings.Builder{}}
	w.app = app.New(w.store, engine, nil)
	passwords, err := auth.NewPasswords(auth.DefaultParams, 2)
	if err != nil {
		t.Fatal(err)
	}
	w.open(web.Options{Address: "http://rendite.test:8080/", Accounts: &web.Accounts{SetupCode: setupCode, Administrator: func(_ context.Context, _, link string) { w.reset = link }, Passwords: passwords, Resets: auth.NewLimiter(auth.ResetLimits()), Sessions: &auth.Sessions{Store: w.app.SessionStore()},
		Login: &auth.Login{Store: w.app.CredentialStore(), Passwords: passwords, Limiter: auth.NewLimiter(auth.LoginLimits())}}})
	return w
}

// create makes a case and returns its id.
func (w *workspace) create(text string) string {
	w.t.Helper()
	id, err := w.app.Create(w.t.Context(), w.who, "", []byte(text), "case", "first")
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, ok := examples.Read(name)
	if !ok {
		t.Fatalf("no example %s", name)
	}
	return string(text)
}

// draft takes a text into the person's draft.
func (w *workspace) draft(id, text string) {
	w.t.Helper()
	o, err := w.app.Open(w.t.Context(), w.who, id, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.app.SetText(w.t.Context(), w.who, id, []byte(text), app.Hash(o.Text)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) save(id, reason string) {
	w.t.Helper()
	if _, err := w.app.Save(w.t.Context(), w.who, id, reason); err != nil {
		w.t.Fatal(err)
	}
}

// do sends a request; form is nil for a GET. fragment asks as htmx does.
func (w *workspace) do(lang locale.Lang, method, path string, form url.Values, fragment bool) *http.Response {
	w.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if lang != "" {
		r.AddCookie(&http.Cookie{Name: "lang", Value: string(lang)})
	}
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	if fragment {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Current-URL", "http://example.com"+path)
	}
	rec := httptest.NewRecorder()
	w.site.ServeHTTP(rec, r)
	return rec.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
