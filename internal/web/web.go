// Package web is the workspace in the browser: pages, fragments, and the files they need. Start with New. Pages get
// ready-made text; templates hold no arithmetic. It asks package app for everything and knows no SQL.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/font"
	"github.com/rendite-crm/rendite/internal/locale"
)

//go:embed templates static
var files embed.FS

// Options are what the pages need to know about the installation.
type Options struct {
	App     *app.App
	Version string
	Log     *slog.Logger
	// Accounts is nil for a single person on the own machine.
	Accounts *Accounts
	// Person and Firm name the one person without accounts and where the cases are kept.
	Person, Firm string
	// BaseURL begins links that are handed on, such as https://rendite.example.com; empty takes it from the request of
	// whoever is signed in, and from Address for the others.
	BaseURL string
	// Address is what this server calls itself where BaseURL is empty.
	Address string
	Now     func() time.Time
}

// Site serves the pages.
type Site struct {
	Options
	templates map[locale.Lang]map[string]*template.Template
	assets    map[string]asset
	mux       *http.ServeMux
	local     atomic.Pointer[app.Actor] // the one person without accounts, as read last
}

type asset struct {
	body []byte
	kind string
	name string // with a mark of its content, so that it can be kept for ever
}

// pages says which template files make a page. The first holds "main".
var pages = map[string][]string{
	"portfolio": {"portfolio.html"}, "new": {"new.html"},
	"case": {"case.html"}, "lines": {"lines.html", "case.html"}, "assumptions": {"assumptions.html", "case.html"},
	"scorecard": {"scorecard.html", "case.html"}, "scenarios": {"scenarios.html", "case.html"}, "actions": {"actions.html", "case.html", "why.html"}, "audit": {"audit.html", "case.html"},
	"history": {"history.html", "case.html"}, "file": {"file.html", "case.html"}, "merge": {"merge.html"}, "account": {"account.html"}, "settings": {"settings.html"},
	"organisation": {"organisation.html"}, "data": {"data.html"}, "upload": {"upload.html", "data.html"}, "import": {"import.html", "data.html"}, "figures": {"figures.html", "data.html"}, "figure": {"figure.html", "figures.html", "data.html"}, "guide": {"guide.html"}, "shared": {"shared.html", "assumptions.html", "scorecard.html", "case.html"}, "error": {"error.html"},
	"fragments": {"why.html", "dialogs.html", "scorecard.html", "case.html"},
}

// New makes the site; it fails where a template is broken, which a test finds first.
func New(o Options) (*Site, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Site{Options: o, assets: map[string]asset{}, templates: map[locale.Lang]map[string]*template.Template{}}
	if err := s.loadAssets(); err != nil {
		return nil, err
	}
	for _, lang := range locale.Langs() {
		s.templates[lang] = map[string]*template.Template{}
		for name, list := range pages {
			t, err := s.parse(locale.New(lang), list)
			if err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
			s.templates[lang][name] = t
		}
	}
	s.routes()
	return s, nil
}

// loadAssets makes the files that pages ask for. Style and script are one file each: a browser that knows nothing of the
// workspace asks six questions at a time at most, and the fonts are three of them.
func (s *Site) loadAssets() error {
	add := func(name, kind string, body []byte) {
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		s.assets[name] = asset{body: body, kind: kind, name: strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext}
	}
	for w, name := range map[font.Weight]string{font.Regular: "400", font.Medium: "500", font.SemiBold: "600"} {
		name = "font/inter-" + name + ".woff2"
		s.assets[name] = asset{body: font.WOFF2(w), kind: "font/woff2", name: name}
	}
	read := func(name string) []byte {
		body, err := files.ReadFile("static/" + name)
		if err != nil {
			panic(err) // it is in the program
		}
		return body
	}
	add("icon.svg", "image/svg+xml", read("icon.svg"))
	add("app.css", "text/css; charset=utf-8", slices.Concat([]byte(chart.CSS()), read("app.css")))
	vendored, err := fs.Glob(files, "static/vendor/*.js")
	if err != nil {
		return err
	}
	var script bytes.Buffer
	for _, p := range vendored { // htmx first, which its extension needs
		script.Write(read(strings.TrimPrefix(p, "static/")))
		script.WriteString("\n")
	}
	script.WriteString("(() => {\n\"use strict\";\n" + chart.Script())
	script.Write(read("app.js"))
	script.WriteString("})();\n")
	add("app.js", "text/javascript; charset=utf-8", script.Bytes())
	return nil
}

// parse reads the layout and a page's files. Later files do not replace what earlier ones define, so a page can take the
// parts of another and have its own "main".
func (s *Site) parse(l *locale.Locale, list []string) (*template.Template, error) {
	t := template.New("layout.html").Funcs(template.FuncMap{"t": func(key string, args ...any) (string, error) {
		if !l.Has(key) {
			return "", fmt.Errorf("no message %q", key)
		}
		a := diag.Args{}
		for i := 0; i+1 < len(args); i += 2 {
			a[fmt.Sprint(args[i])] = args[i+1]
		}
		return l.Text(key, a), nil
	}, "asset": func(name string) (string, error) {
		a, ok := s.assets[name]
		if !ok {
			return "", fmt.Errorf("no file %q", name)
		}
		return "/static/" + a.name, nil
	}}).Option("missingkey=error")
	names := []string{"layout.html"}
	for _, f := range slices.Backward(list) {
		names = append(names, f)
	}
	for _, f := range names {
		body, err := files.ReadFile("templates/" + f)
		if err != nil {
			return nil, err
		}
		if _, err := t.Parse(string(body)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) {
	want := r.PathValue("file")
	for name, a := range s.assets {
		if want != a.name && want != name {
			continue
		}
		w.Header().Set("Content-Type", a.kind)
		if want == a.name {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.body))
		return
	}
	http.NotFound(w, r)
}

// Route is the pattern of the page that a request is for.
func (s *Site) Route(r *http.Request) string {
	_, pattern := s.mux.Handler(r)
	return pattern
}

// ServeHTTP serves a page, a fragment or a file.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// request is one request being answered, with who asks and in which language.
type request struct {
	http.ResponseWriter
	*http.Request
	s     *Site
	l     *locale.Locale
	who   app.Actor
	theme string
}

// frame is what every page has.
type frame struct {
	Lang, Theme, Title, Version, Width, Here string
	Crumbs                                   []crumb
	Flash, UserName, OrgHref, DataHref       string
	Signed, CanLogOut                        bool
}

type crumb struct{ Href, Text string }

// language is that of the cookie, else the one the browser likes best.
func language(r *http.Request) locale.Lang {
	if c, err := r.Cookie("lang"); err == nil {
		if l, err := locale.Parse(c.Value); err == nil {
			return l
		}
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if l, err := locale.Parse(tag); err == nil {
			return l
		}
	}
	return locale.English
}

// handle wraps a handler: language, identity, errors.
func (s *Site) handle(h func(*request) error) http.HandlerFunc { return s.wrap(h, true, true) }

// stream is handle for what reads its form itself, as it comes.
func (s *Site) stream(h func(*request) error) http.HandlerFunc { return s.wrap(h, true, false) }

// open is handle for pages that need nobody to be signed in.
func (s *Site) open(h func(*request) error) http.HandlerFunc { return s.wrap(h, false, true) }

func (s *Site) wrap(h func(*request) error, signed, whole bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := &request{ResponseWriter: w, Request: r, s: s, l: locale.New(language(r))}
		if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
			q.theme = c.Value
		}
		err := s.identify(q)
		if err == nil && signed && q.who.User == "" {
			err = auth.Allowed(q.who.Actor, auth.CaseRead, auth.Facts{})
			if err == nil {
				err = &app.Error{Code: app.Unauthenticated, Key: "web.error.login"}
			}
		}
		// A form that is too large must not look like an empty one to those who ask for a value.
		if whole {
			if unread := q.read(); unread != nil {
				q.fail(unread)
				return
			}
		}
		if err == nil {
			err = h(q)
		} else if signed && !q.fragment() && auth.Status(err) == http.StatusUnauthorized && r.Method == http.MethodGet {
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		} else if !signed {
			err = h(q) // a session that has ended is no reason to refuse the log-in page
		}
		if err != nil {
			q.fail(err)
		}
	}
}

// formMemory is how much of an upload is kept in memory; what a body may have at all is the server's limit.
const formMemory = 2 << 20

// read reads the form of a request that has one.
func (q *request) read() error {
	if q.Method == http.MethodGet || q.Method == http.MethodHead {
		return nil
	}
	err := q.ParseForm() // ParseMultipartForm forgets the error of a form that is no upload
	if err == nil {
		err = q.ParseMultipartForm(formMemory)
	}
	var tooBig *http.MaxBytesError
	switch {
	case errors.Is(err, http.ErrNotMultipart) && q.PostForm != nil, err == nil:
		return nil
	case errors.As(err, &tooBig), strings.Contains(err.Error(), "too large"): // some of net/http's errors do not wrap it
		return &app.Error{Code: app.Limit, Key: "web.error.too_big"}
	}
	return &app.Error{Code: app.Invalid, Key: "web.error.request"}
}

// fragment reports whether the page asks for a part of itself.
func (q *request) fragment() bool { return q.Request.Header.Get("HX-Request") == "true" }

func (q *request) t(key string, args diag.Args) string { return q.l.Text(key, args) }

// status of an error and what to tell of it.
func (q *request) explain(err error) (status int, text string, list diag.List) {
	var e *app.Error
	switch {
	case errors.As(err, &e):
		status = map[app.Code]int{app.Invalid: 422, app.NotFound: 404, app.Conflict: 409, app.Denied: 403, app.Unauthenticated: 401, app.Limit: 413, app.Unavailable: 503}[e.Code]
		return status, q.t(e.Key, e.Args), e.Problems
	case errors.As(err, &list):
		return 422, q.t("web.error.case", nil), list
	}
	if status = auth.Status(err); status != http.StatusInternalServerError {
		var d diag.Diagnostic
		if errors.As(err, &d) {
			text = strings.TrimSpace(q.l.Message(d) + " " + q.l.Hint(d))
		}
		return status, text, nil
	}
	return http.StatusInternalServerError, q.t("web.error.internal", nil), nil
}

func (q *request) fail(err error) {
	if q.Context().Err() != nil {
		return // nobody is listening any more
	}
	status, text, list := q.explain(err)
	if status >= 500 && status != 503 {
		q.s.Log.Error("request failed", "method", q.Method, "route", q.Pattern, "error", err)
	}
	if after, ok := auth.RetryAfter(err); ok {
		auth.SetRetryAfter(q.ResponseWriter.Header(), err)
		_ = after
	}
	var e *app.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		q.ResponseWriter.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	message := text
	for _, p := range problemsOf(errorsOf(list), q.l) {
		message += " " + p.Text
		if p.Hint != "" {
			message += " " + p.Hint
		}
	}
	const most = 400 // characters; a message quotes what was sent, and a header has little room
	short := message
	if r := []rune(message); len(r) > most {
		short = string(r[:most]) + "…"
	}
	q.ResponseWriter.Header().Set("X-Message", url.PathEscape(short))
	if q.fragment() {
		q.ResponseWriter.Header().Set("Content-Type", "text/plain; charset=utf-8")
		q.WriteHeader(status)
		_, _ = q.ResponseWriter.Write([]byte(message))
		return
	}
	q.page(status, "error", struct {
		frame
		Heading, Text string
		Problems      []problem
	}{q.frame(q.t("web.error.title", nil), "narrow"), q.t("web.error.heading."+strconv.Itoa(headed(status)), nil), text, problemsOf(list, q.l)})
}

// headed is the status that has a heading of its own.
func headed(status int) int {
	if slices.Contains([]int{401, 403, 404, 409, 413, 422, 429, 503}, status) {
		return status
	}
	return 500
}

func (q *request) frame(title, width string) frame {
	f := frame{Lang: string(q.l.Lang()), Theme: q.theme, Title: title, Version: q.s.Version, Width: width, Here: q.URL.RequestURI(), Signed: q.who.User != "",
		UserName: q.who.Name, CanLogOut: q.s.Accounts != nil}
	if title != "Rendite" {
		f.Title += " · Rendite"
	}
	if q.who.User != "" {
		for org := range q.who.Roles {
			f.OrgHref = "/organisations/" + org
		}
		if len(q.who.Roles) > 1 {
			f.OrgHref = "/organisations"
		}
		if len(q.who.Roles) > 0 && q.s.App.HasData() {
			f.DataHref = "/data"
		}
	}
	if c, err := q.Cookie("flash"); err == nil {
		if text, err := url.QueryUnescape(c.Value); err == nil {
			if key, arg, _ := strings.Cut(text, "|"); q.l.Has("web.flash." + key) {
				f.Flash = q.t("web.flash."+key, diag.Args{"arg": arg})
			}
		}
		q.keep(&http.Cookie{Name: "flash", MaxAge: -1})
	}
	return f
}

// page writes a whole page. It is rendered first and written then, so that a broken one is an error and not half a page.
func (q *request) page(status int, name string, data any) {
	q.render(status, name, "layout", data)
}

func (q *request) render(status int, name, part string, data any) {
	var b bytes.Buffer
	if err := q.s.templates[q.l.Lang()][name].ExecuteTemplate(&b, part, data); err != nil {
		q.s.Log.Error("page is broken", "page", name, "error", err)
		http.Error(q.ResponseWriter, q.t("web.error.internal", nil), http.StatusInternalServerError)
		return
	}
	h := q.ResponseWriter.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Cookie, Accept-Language, HX-Request")
	q.WriteHeader(status)
	_, _ = b.WriteTo(q.ResponseWriter)
}

// parts writes several fragments of a page, each of which replaces the element with its id.
func (q *request) parts(page string, data any, names ...string) error {
	var b bytes.Buffer
	for _, n := range names {
		if err := q.s.templates[q.l.Lang()][page].ExecuteTemplate(&b, n, data); err != nil {
			return err
		}
	}
	q.ResponseWriter.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.ResponseWriter.Header().Set("Cache-Control", "no-store")
	_, _ = b.WriteTo(q.ResponseWriter)
	return nil
}

// to sends the browser to another page, with a short message for it where key is not empty.
func (q *request) to(href, key, arg string) error {
	if key != "" {
		q.keep(&http.Cookie{Name: "flash", Value: url.QueryEscape(key + "|" + arg), MaxAge: 30})
	}
	if q.fragment() {
		q.ResponseWriter.Header().Set("HX-Redirect", href)
		q.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(q.ResponseWriter, q.Request, href, http.StatusSeeOther)
	return nil
}

// keep sets a cookie that scripts and other sites do not see, on https alone where people reach us by it.
func (q *request) keep(c *http.Cookie) {
	c.Path, c.HttpOnly, c.SameSite, c.Secure = "/", true, http.SameSiteLaxMode, auth.SecureCookies(q.s.BaseURL, q.TLS != nil)
	http.SetCookie(q.ResponseWriter, c)
}

// base begins a link that somebody who is signed in hands on.
func (q *request) base() string {
	if q.s.BaseURL != "" {
		return strings.TrimSuffix(q.s.BaseURL, "/")
	}
	scheme := "http"
	if q.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + q.Host
}

// choice is an entry of a select.
type choice struct {
	Value, Text string
	Selected    bool
}

func (q *request) when(t time.Time) string { return q.l.Moment(t.Local()) }

// preferences keeps language and theme in cookies.
func (s *Site) preferences(q *request) error {
	keep := func(name, value string) {
		q.keep(&http.Cookie{Name: name, Value: value, MaxAge: 365 * 24 * 3600})
	}
	if lang, err := locale.Parse(q.FormValue("lang")); err == nil {
		keep("lang", string(lang))
	}
	if theme := q.FormValue("theme"); q.PostForm.Has("theme") && slices.Contains([]string{"", "light", "dark"}, theme) {
		keep("theme", theme)
	}
	return q.to(auth.LocalPath(q.FormValue("back")), "", "")
}

var appNotFound = app.Error{Code: app.NotFound, Key: "web.error.not_found"}
