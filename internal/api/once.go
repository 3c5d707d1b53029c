package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
)

const (
	onceHeader = "Idempotency-Key"
	maxKey     = 200
	// repeated says that an answer is that of an earlier request.
	repeated = "Idempotency-Replayed"
)

// kept are the headers that belong to an answer and are given again with it.
var kept = []string{"Content-Type", "Location", "ETag"}

// envelope is an answer as it is kept.
type envelope struct {
	Header map[string]string `json:"header"`
	Body   json.RawMessage   `json:"body"`
}

// answer holds a response back until it is kept.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// once carries a request with an Idempotency-Key out once (draft-ietf-httpapi-idempotency-key-header-07). What has
// failed is not kept: nothing came of it, so it may be tried again.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	o, _ := ctx.Operation().Metadata["operation"].(operation)
	key := ctx.Header(onceHeader)
	q := asking(ctx.Context())
	if !o.once || key == "" || q.who.User == "" {
		next(ctx)
		return
	}
	r, w := humago.Unwrap(ctx)
	if len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		said(malformed, q.l, "idempotency_key", diag.Args{"limit": maxKey}).write(w)
		return
	}
	sent, err := drain(r)
	if err != nil {
		a.problem(q, err).write(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	request := app.Request{Key: key, Method: r.Method, Path: r.URL.Path, Hash: fingerprint(q.who, r, sent)}
	have, err := a.App.BeginOnce(ctx.Context(), q.who, request)
	if err != nil {
		a.problem(q, err).write(w)
		return
	}
	if have != nil {
		replay(w, have)
		return
	}
	// The change happens whether or not the client waits for it, so its answer is kept too.
	lasting := context.WithoutCancel(ctx.Context())
	done := false
	defer func() {
		if !done {
			_ = a.App.DropOnce(lasting, q.who, key)
		}
	}()
	held := &answer{header: w.Header(), status: http.StatusOK}
	next(humago.NewContext(ctx.Operation(), r, held))
	if held.status < 300 {
		e := envelope{Header: map[string]string{}, Body: held.body.Bytes()}
		for _, name := range kept {
			if v := held.header.Get(name); v != "" {
				e.Header[name] = v
			}
		}
		if o.secret != "" { // its address holds it too
			e.Body = without(e.Body, o.secret, "path")
		}
		buf, err := json.Marshal(e)
		if err == nil {
			err = a.App.FinishOnce(lasting, q.who, key, app.Kept{Status: held.status, Body: buf})
		}
		if done = err == nil; err != nil {
			a.Log.Error("answer not kept", "route", r.Pattern, "error", err)
			done = true // better a key that blocks for a while than a change made twice
		}
	}
	w.WriteHeader(held.status)
	_, _ = w.Write(held.body.Bytes())
}

// fingerprint stands for a request: what is sent, and on whose authority, since a token that may do less must not read
// the answer to one that may do more.
func fingerprint(who app.Actor, r *http.Request, sent []byte) string {
	h := sha256.New()
	grant := ""
	if who.Token != nil {
		grant = fmt.Sprint(who.Token.Organisation, who.Token.Scopes)
	}
	for _, part := range []string{r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("If-Match"), grant} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	h.Write(sent)
	return hex.EncodeToString(h.Sum(nil))
}

func replay(w http.ResponseWriter, k *app.Kept) {
	var e envelope
	if json.Unmarshal(k.Body, &e) != nil {
		e.Body = nil // written by another version; the status still says what happened
	}
	for name, v := range e.Header {
		w.Header().Set(name, v)
	}
	w.Header().Set(repeated, "true")
	w.WriteHeader(k.Status)
	_, _ = w.Write(e.Body)
}

// without is an object in JSON less some of its fields.
func without(body []byte, names ...string) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return []byte("null")
	}
	for _, name := range names {
		delete(fields, name)
	}
	less, err := json.Marshal(fields)
	if err != nil {
		return []byte("null")
	}
	return less
}
