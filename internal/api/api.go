// Package api is the HTTP API of the workspace under /api/v1, with its description in OpenAPI and a page to read it.
// Start with New. Every operation asks package app, which decides who may do what; what is said here is how an answer
// looks. It computes nothing and knows no SQL.
package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store"
)

// Limits of a request.
const (
	// maxBody is the largest body in bytes.
	maxBody = 2 << 20
	// maxDraws bounds what one request may ask of the machine that others share.
	maxDraws = 200_000
	readTime = 30 * time.Second
)

// Prefix begins the path of every operation.
const Prefix = "/api/v1"

// Options are what the API needs to know about the installation.
type Options struct {
	App     *app.App
	Version string
	Log     *slog.Logger
	// Identify finds out who asks where the request brings no bearer secret: by the session of the browser. The error is
	// that of package auth where there is none.
	Identify func(*http.Request) (app.Actor, error)
	Now      func() time.Time
}

// API serves the operations, their description and its page.
type API struct {
	Options
	mux  *http.ServeMux
	huma huma.API
	// described is the description as it is served.
	json, yaml []byte
	pages      map[locale.Lang][]byte
}

// New makes the API. It panics where a type cannot be described, which a test finds first.
func New(o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &API{Options: o, mux: http.NewServeMux()}
	a.huma = humago.NewWithPrefix(a.mux, Prefix, config(o.Version))
	a.huma.UseMiddleware(a.identify, a.media, a.once)
	a.organisations()
	a.cases()
	a.revisions()
	a.drafts()
	a.answers()
	a.comments()
	a.shares()
	a.data()
	a.catalogue()
	a.tokens()
	a.describe()
	a.mux.HandleFunc("/", a.nowhere)
	return a
}

func config(version string) huma.Config {
	asJSON := huma.DefaultFormats["application/json"]
	return huma.Config{OpenAPI: openAPI(version), DefaultFormat: "application/json", RejectUnknownQueryParameters: true,
		Formats: map[string]huma.Format{"application/json": asJSON, "application/yaml": {Marshal: asJSON.Marshal, Unmarshal: asText}, "application/problem+json": asJSON}}
}

// asText takes a case file that is sent as it is for the field "text" of the same request in JSON.
func asText(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	wrapped := map[string]any{"text": string(data)}
	if into, ok := v.(*any); ok {
		*into = wrapped
		return nil
	}
	buf, err := json.Marshal(wrapped)
	if err != nil {
		return err
	}
	return json.Unmarshal(buf, v)
}

// ask is a request that is being answered: who asks, and in which language.
type ask struct {
	l   *locale.Locale
	who app.Actor
	r   *http.Request
}

type askKey struct{}

func asking(ctx context.Context) *ask { return ctx.Value(askKey{}).(*ask) }

// ServeHTTP answers under /api.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &ask{l: locale.New(language(r.Header.Get("Accept-Language")))}
	w.Header().Set("Content-Language", string(q.l.Lang()))
	w.Header().Add("Vary", "Accept-Language, Authorization, Cookie")
	r = r.WithContext(context.WithValue(r.Context(), askKey{}, q))
	// Answers are JSON whatever a client says it prefers (RFC 9110, 12.4.1), and files are YAML.
	r.Header = r.Header.Clone()
	r.Header.Del("Accept")
	q.r = r
	a.mux.ServeHTTP(w, r)
}

// language is the one of ours that a client prefers (RFC 9110, 12.5.4), English where it prefers none.
func language(header string) locale.Lang {
	best, weight := locale.English, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, rest, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		if l, err := locale.Parse(tag); err == nil && q > weight && q <= 1 {
			best, weight = l, q
		}
	}
	return best
}

// identify finds out who asks. A request that brings a bearer secret is judged by it alone, never by a cookie beside it.
func (a *API) identify(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	q := asking(ctx.Context())
	w.Header().Set("Cache-Control", "private, no-cache")
	var err error
	if q.who, err = a.who(r); err == nil && q.who.User == "" && q.who.Share == nil {
		err = auth.Allowed(auth.Actor{}, auth.CaseRead, auth.Facts{})
	}
	if err != nil {
		a.problem(q, err).write(w)
		return
	}
	next(ctx)
}

func (a *API) who(r *http.Request) (app.Actor, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return a.Identify(r)
	}
	unknown := &app.Error{Code: app.Unauthenticated, Key: "api.error.bearer"}
	scheme, secret, _ := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return app.Actor{}, unknown
	}
	if strings.HasPrefix(secret, store.TokenPrefix) {
		return a.App.Bearer(r.Context(), secret)
	}
	who, _, err := a.App.Visitor(r.Context(), secret)
	if code, ok := app.CodeOf(err); ok && code == app.NotFound {
		err = unknown
	}
	return who, err
}

// media refuses bodies of another kind than the operation takes, before anything is read.
func (a *API) media(ctx huma.Context, next func(huma.Context)) {
	body := ctx.Operation().RequestBody
	if body == nil {
		next(ctx)
		return
	}
	given := ctx.Header("Content-Type")
	r, w := humago.Unwrap(ctx)
	if given == "" && r.ContentLength == 0 && !body.Required {
		next(ctx)
		return
	}
	kind, params, err := mime.ParseMediaType(given)
	if charset := params["charset"]; err != nil || body.Content[kind] == nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		var known []string
		for k := range body.Content {
			known = append(known, k)
		}
		slices.Sort(known)
		q := asking(ctx.Context())
		said(wrongMediaType, q.l, "media_type", diag.Args{"known": strings.Join(known, ", ")}).write(w)
		return
	}
	r.Header.Set("Content-Type", kind)
	next(ctx)
}

// problem tells an error, and the operator of what is a fault of ours.
func (a *API) problem(q *ask, err error) *Problem {
	p := problem(err, q.l)
	if p.Code == internal && q.r.Context().Err() == nil {
		a.Log.Error("request failed", "method", q.r.Method, "route", q.r.Pattern, "error", err)
	}
	return p
}

// nowhere answers paths and methods that do not exist.
func (a *API) nowhere(w http.ResponseWriter, r *http.Request) {
	l := asking(r.Context()).l
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		said(notFound, l, "no_path", nil).write(w)
		return
	}
	p := said(wrongMethod, l, "method", diag.Args{"known": strings.Join(allowed, ", ")})
	p.header.Set("Allow", strings.Join(allowed, ", "))
	p.write(w)
}

// operation is one row of the API.
type operation struct {
	id, method, path, tag, summary, text string
	// status is that of success; 0 is 200, or 204 without a body.
	status int
	// errors are the kinds of problems beyond those that every operation can have.
	errors []kind
	// once: repeats with the same Idempotency-Key are carried out once.
	once bool
	// secret names the field of the answer that is shown once and kept nowhere.
	secret string
	// file: the case file may also be sent as it is, as application/yaml.
	file bool
	// sent is an example of that file where it is no case.
	sent string
	// media are the types of a body that is taken as it comes, however large.
	media []string
	// answer are the media types of a success that is no JSON of ours, with ", " between them.
	answer string
}

// add registers an operation.
func add[I, O any](a *API, o operation, do func(context.Context, *ask, *I) (*O, error)) {
	op := huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.text, DefaultStatus: o.status,
		MaxBodyBytes: maxBody, BodyReadTimeout: readTime, Metadata: map[string]any{"operation": o}, Responses: map[string]*huma.Response{}}
	if o.answer != "" {
		content := map[string]*huma.MediaType{}
		for media := range strings.SplitSeq(o.answer, ", ") {
			content[media] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Description: "The file, byte for byte."}}
		}
		op.Responses["200"] = &huma.Response{Content: content}
	}
	kinds := slices.Concat([]kind{unauthorised, denied, notFound, invalid, internal, unavailable}, o.errors)
	if o.method != http.MethodGet && o.method != http.MethodDelete {
		kinds = append(kinds, malformed, tooLarge, wrongMediaType)
	}
	if o.once {
		kinds = append(kinds, keyReused, keyRunning)
		op.Parameters = append(op.Parameters, &huma.Param{Name: onceHeader, In: "header", Schema: &huma.Schema{Type: "string", MinLength: new(1), MaxLength: new(maxKey)},
			Description: "A text of your own choice that no other request bears, at most 200 printable characters. The same request with the same key is carried out once and answered alike, for as long as the key is kept, at least a day.",
			Example:     "5f0c1c1e-7d3a-4a55-9d53-3f1b0b2f6a11"})
	}
	for _, k := range kinds {
		if status := statusOf(k); !slices.Contains(op.Errors, status) {
			op.Errors = append(op.Errors, status)
		}
	}
	slices.Sort(op.Errors)
	if o.file {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/yaml": {Schema: &huma.Schema{Type: "string",
			Description: "The file. What the other form has beside `text` stands in the query."}, Example: cmp.Or(o.sent, exampleFile)}}}
	}
	if len(o.media) > 0 {
		op.RequestBody = &huma.RequestBody{Required: true, Description: "The file, byte for byte.", Content: map[string]*huma.MediaType{}}
		for _, media := range o.media {
			op.RequestBody.Content[media] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Description: "The file, byte for byte."}}
		}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		q := asking(ctx)
		out, err := do(ctx, q, in)
		if err != nil {
			return nil, a.problem(q, err)
		}
		return out, nil
	})
}

// Answers by shape.
type (
	nothing      struct{}
	body[T any]  struct{ Body T }
	paged[T any] struct {
		Link string `header:"Link" doc:"The next page, rel=\"next\" (RFC 8288); left out at the end."`
		Body Page[T]
	}
	created[T any] struct {
		Location string `header:"Location" doc:"Where it is found."`
		ETag     string `header:"ETag" doc:"For If-Match and If-None-Match."`
		Body     T
	}
	tagged[T any] struct {
		Status int
		ETag   string `header:"ETag" doc:"For If-None-Match and, of cases, revisions and drafts, If-Match."`
		Body   T
	}
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items" doc:"What is on this page."`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; left out at the end."`
}

// Paging asks for a part of a list. What requests share is exported, because huma looks into no other embedded types.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where to go on: next of the page before." example:"eyJvIjoiY2FzZXM6dXBkYXRlZCJ9"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at most."`
}

// page makes a page of a list, with the link to the next one.
func page[S, T any](q *ask, list []S, next string, show func(S) T) *paged[T] {
	p := &paged[T]{Body: Page[T]{Items: each(list, show), Next: next}}
	if next != "" {
		u := *q.r.URL
		v := u.Query()
		v.Set("cursor", next)
		u.RawQuery = v.Encode()
		p.Link = "<" + u.RequestURI() + `>; rel="next"`
	}
	return p
}

func each[S, T any](list []S, show func(S) T) []T {
	all := make([]T, 0, len(list))
	for _, s := range list {
		all = append(all, show(s))
	}
	return all
}

// unchanged reports whether the client has what the tag stands for (RFC 9110, 13.1.2; compared weakly).
func unchanged(header, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}

// tag answers with a body, or with 304 where the client has it.
func tag[T any](header, etag string, v T) *tagged[T] {
	if unchanged(header, etag) && header != "" {
		return &tagged[T]{Status: http.StatusNotModified, ETag: etag}
	}
	return &tagged[T]{Status: http.StatusOK, ETag: etag, Body: v}
}

// Reading asks only for what has changed.
type Reading struct {
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of what the client has; 304 where nothing has changed." example:"\"3\""`
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// drain reads what is left of a body, so that it can be read again.
func drain(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(r.Body, maxBody+1))
}
