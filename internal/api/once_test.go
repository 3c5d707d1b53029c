package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
)

func with(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }

func TestIdempotency_theSameRequestIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t)
	first := w.run(t, call{as: "editor", request: "POST /cases", yaml: small, header: with("one"), status: 201, sends: map[string]string{"Idempotency-Replayed": ""}, keep: map[string]string{"case": "id"}})
	again := w.run(t, call{as: "editor", request: "POST /cases", yaml: small, header: with("one"), status: 201, sends: map[string]string{"Idempotency-Replayed": "true",
		"Location": first.Header().Get("Location"), "ETag": first.Header().Get("ETag"), "Content-Type": "application/json"}})
	var want, got bytes.Buffer
	want.Write(bytes.TrimSpace(first.Body.Bytes()))
	got.Write(bytes.TrimSpace(again.Body.Bytes()))
	if want.String() != got.String() {
		t.Errorf("answered %s, then %s", &want, &got)
	}
	journey(t, w,
		call{name: "made once", as: "editor", request: "GET /cases", status: 200, lacks: []string{"items.1"}},
		call{name: "another body", as: "editor", request: "POST /cases", yaml: small + "\n", header: with("one"), status: 422, code: "idempotency_key_reused"},
		call{name: "another query", as: "editor", request: "POST /cases?reason=x", yaml: small, header: with("one"), status: 422, code: "idempotency_key_reused"},
		call{name: "another address", as: "editor", request: "POST /cases/{case}/shares", json: `{"days":3}`, header: with("one"), status: 422, code: "idempotency_key_reused"},
		call{name: "another person", as: "owner", request: "POST /cases", yaml: small, header: with("one"), status: 201, sends: map[string]string{"Idempotency-Replayed": ""}},
		call{name: "another base", as: "editor", request: "POST /cases/{case}/revisions", yaml: small + "#\n", header: map[string]string{"Idempotency-Key": "rev", "If-Match": `"1"`}, status: 201, has: map[string]any{"number": 2}},
		call{name: "saved once", as: "editor", request: "POST /cases/{case}/revisions", yaml: small + "#\n", header: map[string]string{"Idempotency-Key": "rev", "If-Match": `"1"`}, status: 201, has: map[string]any{"number": 2}},
		call{name: "no key at all", as: "editor", request: "POST /cases", yaml: small, header: with("ä"), status: 400, code: "malformed"},
		call{name: "too long a key", as: "editor", request: "POST /cases", yaml: small, header: with(strings.Repeat("x", 201)), status: 400},
	)
}

func TestIdempotency_whatFailedMayBeTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	journey(t, w,
		call{as: "editor", request: "POST /cases", yaml: "currency: EUR\n", header: with("k"), status: 422},
		call{as: "editor", request: "POST /cases", yaml: small, header: with("k"), status: 201, sends: map[string]string{"Idempotency-Replayed": ""}},
		call{as: "viewer", request: "POST /cases/{case}/seals", json: `{"by":"me"}`, header: with("k"), status: 403},
	)
}

func TestIdempotency_aRequestThatStillRunsIsAConflict(t *testing.T) {
	w := newWorld(t)
	who := w.actor("editor")
	// The hash is not known outside; one that runs is told apart by address alone here.
	if _, err := w.app.BeginOnce(t.Context(), who, app.Request{Key: "busy", Method: http.MethodPost, Path: "/elsewhere", Hash: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.BeginOnce(t.Context(), who, app.Request{Key: "busy", Method: http.MethodPost, Path: "/elsewhere", Hash: "x"}); err == nil || !strings.Contains(err.Error(), "idempotency_running") {
		t.Errorf("a second one at the same time: %v", err)
	}
}

func TestIdempotency_secretsAreNotKept(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	for _, c := range []call{
		{as: "editor", request: "POST /cases/{case}/shares", json: `{"days":3}`},
		{as: "editor", request: "POST /tokens", json: `{"name":"x","scopes":["cases:read"],"days":3}`},
		{as: "owner", request: "POST /organisations/{org}/invitations", json: `{"role":"viewer"}`},
	} {
		c.header, c.status, c.keep = with("s"+c.request), 201, map[string]string{"secret": "secret"}
		w.run(t, c)
		secret := w.vars["secret"]
		c.keep, c.lacks = nil, []string{"secret", "path"}
		again := w.run(t, c)
		if len(secret) < 20 || strings.Contains(again.Body.String(), secret) {
			t.Errorf("%s: the secret %q is there a second time: %s", c.request, secret, again.Body)
		}
	}
}

func TestIdempotency_aTokenDoesNotReadWhatItsOwnerWasAnswered(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	journey(t, w,
		call{as: "editor", request: "POST /tokens", json: `{"name":"x","scopes":["cases:write"],"days":3}`, status: 201, keep: map[string]string{"secret": "secret"}},
		call{as: "editor", request: "POST /cases", yaml: small, header: with("mine"), status: 201},
	)
	w.bearer["writer"] = w.vars["secret"]
	journey(t, w,
		call{as: "writer", request: "POST /cases", yaml: small, header: with("mine"), status: 422, code: "idempotency_key_reused"},
		call{name: "who may write and not read learns where it is", as: "writer", request: "POST /cases", yaml: small, status: 201, has: map[string]any{"revision": 1}, sends: map[string]string{"Location": "*"}},
		call{as: "writer", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": `"1"`}, status: 201, has: map[string]any{"number": 2}},
	)
}
