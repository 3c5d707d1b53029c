package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
)

// A body over the limit is refused as too large by everything that takes a body, whether it says its length or not, and
// changes nothing.
func TestSize_bodiesOverTheLimit(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.Uploads.File = 1 << 20 }) // a CRM's export has a limit of its own
	pad := strings.Repeat("x", 2<<20+1)
	send := func(name string, q ask) {
		t.Helper()
		before := w.state()
		for _, told := range []bool{true, false} {
			r := w.request(q)
			if !told {
				r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body)) // in chunks
			}
			res, err := w.client.Do(r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got := w.read(res)
			if got.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s, length told %v: status %d", name, told, got.StatusCode)
			}
			w.unchanged(t, before, name)
		}
	}
	for _, a := range attempts {
		if !strings.HasPrefix(a.pattern, "POST ") {
			continue
		}
		actor := "owner"
		if a.needs == auth.OrgCreate {
			actor = "administrator"
		}
		q := w.prepared(a, actor)
		if a.file != "" {
			q.body, q.kind = upload("case.yaml", pad, url.Values{"org": {w.org}, "source": {"CRM"}, "timezone": {"UTC"}, "currency": {"EUR"}})
		} else {
			if q.form == nil {
				q.form = url.Values{}
			}
			// Behind what the page asks for, and before it.
			q.form.Set("zzz", pad)
			if len(a.pattern)%2 == 0 {
				q.form.Del("zzz")
				q.form.Set("aaa", pad)
			}
		}
		send(a.pattern, q)
	}
	var spec struct {
		Paths map[string]map[string]struct {
			RequestBody *struct{ Content map[string]any }
		}
	}
	w.check(json.Unmarshal([]byte(w.do(ask{path: "/api/openapi.json"}).text), &spec))
	cookie, _ := w.session("owner")
	id := w.aCase(w.org, "owner", small)
	tried := 0
	for path, methods := range spec.Paths {
		for method, op := range methods {
			if op.RequestBody == nil {
				continue
			}
			for kind := range op.RequestBody.Content {
				tried++
				body := `{"text":"` + pad + `"}`
				if kind == "application/yaml" {
					body = "note: " + pad
				}
				p := "/api/v1" + strings.NewReplacer("{case}", id, "{organisation}", w.org, "{number}", "1", "{user}", w.people["viewer"].ID, "{", "", "}", "").Replace(path)
				if strings.HasPrefix(kind, "application/yaml") && path == "/cases" {
					p += "?organisation=" + w.org
				}
				send(strings.ToUpper(method)+" "+p+" "+kind, ask{method: strings.ToUpper(method), path: p, cookie: cookie, body: body, kind: kind, header: map[string]string{"If-Match": "*"}})
			}
		}
	}
	if tried < 15 {
		t.Errorf("%d operations take a body", tried)
	}
	if got := w.do(ask{path: "/settings", cookie: cookie}); got.StatusCode != http.StatusOK {
		t.Errorf("afterwards: status %d", got.StatusCode)
	}
}

// What went wrong is told in a header, which browsers and proxies give some kilobytes; the text it quotes can have
// megabytes.
func TestSize_messagesFitAHeader(t *testing.T) {
	w := newWorld(t)
	cookie, _ := w.session("owner")
	at := "/cases/" + w.aCase(w.org, "owner", small)
	long := strings.Repeat("x", 900_000)
	for name, form := range map[string]url.Values{
		"a value": {"op": {"quantity"}, "path": {"users"}, "value": {long}}, "a value of many lines": {"op": {"quantity"}, "path": {"users"}, "value": {strings.Repeat("ä: \n", 50_000)}},
		"a place": {"op": {"remove"}, "path": {long}}, "a scenario": {"op": {"remove_scenario"}, "path": {long}},
	} {
		for _, fragment := range []string{"", "true"} {
			got := w.do(ask{method: "POST", path: at + "/edit", cookie: cookie, form: form, header: map[string]string{"HX-Request": fragment}})
			if n := len(got.Header.Get("X-Message")); got.StatusCode < 400 || got.StatusCode >= 500 || n > 4<<10 {
				t.Errorf("%s: status %d, X-Message has %d bytes", name, got.StatusCode, n)
			}
		}
	}
}
