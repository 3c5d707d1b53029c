package server_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
)

// guarded checks the headers that every answer bears.
func guarded(t *testing.T, name string, h http.Header) {
	t.Helper()
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=(), microphone=(), geolocation=()",
	} {
		if got := h[header]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s is %q", name, header, got)
		}
	}
	if got := h["Referrer-Policy"]; len(got) != 1 || got[0] != "same-origin" && got[0] != "no-referrer" {
		t.Errorf("%s: Referrer-Policy is %q", name, got)
	}
	for _, tells := range []string{"Server", "X-Powered-By", "Via"} {
		if h.Get(tells) != "" {
			t.Errorf("%s: %s is %q", name, tells, h.Get(tells))
		}
	}
}

func TestHeaders_onEveryAnswer(t *testing.T) {
	w := newWorld(t)
	id := w.aCase(w.org, "owner", small)
	secret, _ := w.share(id, "owner")
	cookie, _ := w.session("owner")
	at := "/cases/" + id
	private := []string{"/", "/settings", "/organisations/" + w.org, at, at + "/why", at + "/file", at + "/history", at + "/edit?path=users", at + "/share", "/s/" + secret, "/s/" + secret + "/why", "/login", "/reset?secret=x", "/nothing"}
	asks := []ask{
		{path: "/"}, {path: "/login"}, {path: "/guide"}, {path: "/guide/none"}, {path: "/nothing"}, {path: "/static/app.css"}, {path: "/static/none"}, {path: "/static/font/inter-400.woff2", header: map[string]string{"Range": "bytes=0-9"}}, {path: "/static/app.css", header: map[string]string{"Range": "bytes=999999999-"}},
		{path: "/healthz"}, {path: "/readyz"}, {path: "/metrics"}, {method: "POST", path: "/healthz"}, {method: "DELETE", path: "/metrics"}, {path: "/metrics", header: map[string]string{"X-Forwarded-For": "203.0.113.1"}},
		{path: "/api"}, {path: "/api/"}, {path: "/api/openapi.json"}, {path: "/api/v1/none", cookie: cookie}, {path: "/api/v1/cases"}, {path: "/api/v1/cases", cookie: cookie}, {method: "PUT", path: "/api/v1/cases", cookie: cookie}, {method: "TRACE", path: "/api/v1/cases", cookie: cookie}, {path: "/api/v1/cases/none", cookie: cookie},
		{method: "POST", path: "/api/v1/cases", cookie: cookie, body: "{", kind: "application/json"}, {method: "POST", path: "/api/v1/cases", cookie: cookie, body: "x", kind: "text/plain"}, {path: "/api/v1/cases", header: map[string]string{"Authorization": "Bearer wrong"}},
		{method: "HEAD", path: "/"}, {method: "OPTIONS", path: "/"}, {method: "PATCH", path: at, cookie: cookie}, {method: "TRACE", path: "/", cookie: cookie}, {method: "POST", path: "/guide", cookie: cookie}, {method: "PROPFIND", path: "/"},
		{method: "POST", path: at + "/archive", cookie: cookie, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, {method: "POST", path: at + "/edit", cookie: cookie, form: url.Values{"op": {"x"}}}, {method: "POST", path: at + "/edit", cookie: cookie, form: url.Values{"op": {"x"}}, header: map[string]string{"HX-Request": "true"}},
		{method: "POST", path: "/login", form: url.Values{"email": {"x"}}}, {method: "POST", path: "/settings/profile"}, {path: "/cases/none", cookie: cookie}, {path: at + "/case.yaml", cookie: cookie}, {path: at + "/complete?word=us", cookie: cookie}, {path: "//x/..//y"}, {path: "/oidc/start"},
		{method: "POST", path: "/preferences", form: url.Values{"lang": {"de"}}}, {path: at + "?revision=99", cookie: cookie}, {path: "/invitation/none"},
	}
	for _, path := range private {
		asks = append(asks, ask{path: path, cookie: cookie})
	}
	for _, q := range asks {
		got := w.do(q)
		name := strings.TrimSpace(q.method + " " + q.path)
		guarded(t, name, got.Header)
		if got.StatusCode >= 500 {
			t.Errorf("%s: status %d", name, got.StatusCode)
		}
		cache := got.Header.Get("Cache-Control")
		if slices.Contains(private, q.path) && got.StatusCode != 303 && cache != "no-store" {
			t.Errorf("%s: Cache-Control is %q", name, cache)
		}
		if strings.HasPrefix(q.path, "/api/v1") && q.cookie != "" && got.StatusCode == 200 && !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store") {
			t.Errorf("%s: Cache-Control is %q", name, cache)
		}
		if q.method == "TRACE" && strings.Contains(got.text, cookie) {
			t.Errorf("%s sends the cookie back", name)
		}
	}
	if got := w.do(ask{path: "/s/" + secret}); got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("a shared link: %v", got.Header)
	}
	tag := w.do(ask{path: "/api/v1" + at, cookie: cookie}).Header.Get("ETag")
	if got := w.do(ask{path: "/api/v1" + at, cookie: cookie, header: map[string]string{"If-None-Match": tag}}); got.StatusCode != 304 {
		t.Errorf("unchanged: status %d", got.StatusCode)
	} else {
		guarded(t, "304", got.Header)
	}
	local := newWorld(t, func(c *server.Config) { c.Accounts = false })
	if got := local.do(ask{path: "/", header: map[string]string{"Host": "evil.example"}}); got.StatusCode != 421 {
		t.Errorf("another host: status %d", got.StatusCode)
	} else {
		guarded(t, "421", got.Header)
	}
}

// A fault of ours is answered like everything else, and tells nothing of itself.
func TestHeaders_whereSomethingBreaks(t *testing.T) {
	w := newWorld(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /s/{secret}", func(http.ResponseWriter, *http.Request) { panic("an inner detail") })
	h, err := w.server.Around(mux)
	w.check(err)
	secret := store.NewSecret()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/s/"+secret, nil)
	h.ServeHTTP(rec, r)
	guarded(t, "a panic", rec.Header())
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "detail") || strings.Contains(rec.Body.String(), "goroutine") {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
	if text := w.log.String(); !strings.Contains(text, "an inner detail") || strings.Contains(text, secret) {
		t.Error("the log lacks the panic, or has the secret of the path")
	}
	// The database loses a table.
	id := w.aCase(w.org, "owner", small)
	cookie, _ := w.session("owner")
	db, err := sql.Open("sqlite", w.server.Store.Path())
	w.check(err)
	_, err = db.ExecContext(t.Context(), "ALTER TABLE comments RENAME TO lost")
	w.check(err)
	w.check(db.Close())
	for _, q := range []ask{{path: "/cases/" + id + "/trace?of=users"}, {path: "/cases/" + id + "/trace?of=users", header: map[string]string{"HX-Request": "true"}}, {path: "/api/v1/cases/" + id + "/comments"}, {method: "POST", path: "/cases/" + id + "/comments", form: url.Values{"anchor": {"users"}, "text": {"x"}}}} {
		q.cookie = cookie
		got := w.do(q)
		guarded(t, q.path, got.Header)
		for _, inner := range []string{"comments\"", "table", "SQL", "sqlite", "store", ".go", "goroutine"} {
			if strings.Contains(strings.ReplaceAll(got.text, "/cases/"+id+"/comments", "")+got.Header.Get("X-Message"), inner) && got.StatusCode >= 500 && !strings.Contains(got.text, "<!doctype") {
				t.Errorf("%s tells of %q: %.300s", q.path, inner, got.text)
			}
		}
		if got.StatusCode != 500 || strings.Contains(got.text, "no such") {
			t.Errorf("%s: status %d: %.300s", q.path, got.StatusCode, got.text)
		}
	}
	if !strings.Contains(w.log.String(), "no such table") {
		t.Error("the log does not say what is wrong")
	}
}

// Nothing outside of what is served can be had by a path that climbs.
func TestPath_doesNotClimb(t *testing.T) {
	w := newWorld(t)
	climbs := []string{"..", "../", "../../", "../../../../../../etc/passwd", "..%2f", "..%2F..%2Fetc%2Fpasswd", "%2e%2e/", "%2e%2e%2f%2e%2e%2f", "%252e%252e%252f", "..%255c", `..\`, `..\..\windows\win.ini`, "..%5c", "..%c0%af", "..%u2215", "....//", "..;/", "./.././", "%00", "app.css%00", "app.css%00.png", "app.css/", "app.css/..", "/etc/passwd", "//etc/passwd", "~root/", "file:///etc/passwd", "C:%5cwindows", ".%00./",
		"../templates/layout.html", "..%2ftemplates%2flayout.html", "templates/layout.html", "vendor/../../templates/layout.html", "vendor/..%2f..%2ftemplates%2flayout.html", "vendor/", "vendor", "", ".", "%2e", "README.md", "vendor/README.md", ".git/config", "..%2f..%2f..%2fgo.mod", "CON", "%0d%0aX-Injected:%20yes", "\u2025/", strings.Repeat("../", 3000)}
	for _, prefix := range []string{"/static/", "/guide/", "/examples/", "/static/font/", "/s/", "/cases/", "/api/", "/api/v1/catalogue/levers/", "/api/v1/catalogue/costs/"} {
		for _, c := range climbs {
			method := "GET"
			if prefix == "/examples/" {
				method = "POST"
			}
			got := w.raw(method + " " + prefix + strings.ReplaceAll(c, " ", "%20") + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			head, text, _ := strings.Cut(got, "\r\n\r\n")
			status, _, _ := strings.Cut(strings.TrimPrefix(head, "HTTP/1.1 "), " ")
			name := method + " " + prefix + c
			name = name[:min(len(name), 80)]
			// Without a log-in a path is one of ours, tidied, unknown or refused.
			if !slices.Contains([]string{"301", "303", "307", "308", "400", "401", "404"}, status) && !(status == "200" && (c == "" || c == "." || c == "%2e" || strings.HasPrefix(c, "..") || strings.HasPrefix(c, "%2e") || strings.HasPrefix(c, "./"))) {
				t.Errorf("%s: %.60s", name, head)
			}
			for _, inner := range []string{"root:", "[fonts]", "{{", "module github.com", "[core]", "X-Injected: yes\r\n"} {
				if strings.Contains(text, inner) || strings.Contains(head, "\nX-Injected") {
					t.Errorf("%s answers with %q", name, inner)
				}
			}
			for line := range strings.SplitSeq(head, "\r\n") {
				if to, ok := strings.CutPrefix(line, "Location: "); ok && leaves(to) {
					t.Errorf("%s sends to %q", name, to)
				}
			}
		}
	}
	cookie, _ := w.session("owner")
	for _, name := range []string{"../../go.mod", "..%2f..%2fgo.mod", "maschinenbau/../../go.mod", "maschinenbau%2f..%2fmaschinenbau", "maschinenbau.yaml", "%00", ".", strings.Repeat("a", 3000)} {
		before := w.state()
		if got := w.do(ask{method: "POST", path: "/examples/" + name, cookie: cookie}); got.StatusCode != 404 && got.StatusCode != 301 && got.StatusCode != 307 {
			t.Errorf("example %q: status %d", name, got.StatusCode)
		}
		w.unchanged(t, before, "example "+name)
	}
	if _, ok := examples.Read("maschinenbau"); !ok {
		t.Error("there is no example of that name")
	}
	if got := w.do(ask{path: "/static/app.css"}); got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("app.css: status %d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
}

// Nothing that opens a door may stand in the log, however much it tells, nor in an answer but the one it is meant for.
func TestLog_holdsNoSecrets(t *testing.T) {
	clientSecret := "oidc-client-" + auth.NewSecret(auth.FlowSecret).Reveal()
	w := newWorld(t, func(c *server.Config) {
		// Nothing listens there: the provider cannot be reached.
		c.OIDC = &auth.OIDCConfig{Issuer: "http://127.0.0.1:1/", ClientID: "rendite", ClientSecret: auth.SecretOf(clientSecret), RedirectURL: "http://127.0.0.1:9/oidc/callback"}
		c.OIDCName = "Firma"
	})
	secrets := map[string]string{"password": password, "hash": passwordHash(), "client secret": clientSecret, "salt": strings.Split(passwordHash(), "$")[4]}
	keep := func(name, secret string) string {
		if len(secret) < 12 {
			t.Fatalf("no %s: %q", name, secret)
		}
		secrets[name] = secret
		return secret
	}
	var pages []answer
	say := func(q ask) answer {
		a := w.do(q)
		pages = append(pages, a)
		return a
	}
	post := func(cookie, path string, form url.Values) answer {
		return say(ask{method: "POST", path: path, cookie: cookie, form: form})
	}
	_, code, _ := strings.Cut(w.server.Setup(), "code=")
	say(ask{path: "/setup?code=" + keep("set-up code", code)})
	post("", "/setup", url.Values{"code": {code}, "name": {"Eve"}, "password": {password}})
	// Wrong and right log-ins.
	wrong := keep("wrong password", "Falsches Kennwort 4711")
	post("", "/login", url.Values{"email": {"owner@example.com"}, "password": {wrong}})
	post("", "/login?password="+url.QueryEscape(wrong), url.Values{"email": {"nobody@example.com"}})
	owner := keep("session", w.signIn(t, "owner", nil, "").Value)
	say(ask{path: "/settings", cookie: owner})
	say(ask{path: "/cases/none", cookie: owner})
	say(ask{path: "/settings", cookie: keep("bad session", auth.NewSecret(auth.SessionSecret).Reveal())})
	// A new password, one that is too easy, a reset.
	post(owner, "/settings/password", url.Values{"old": {wrong}, "password": {keep("new password", "Ein anderer Satz 12")}})
	post(owner, "/settings/password", url.Values{"old": {password}, "password": {keep("easy password", "passwort1234567")}})
	post("", "/reset", url.Values{"email": {"forgetful@example.com"}})
	link := <-w.links
	_, reset, _ := strings.Cut(link, "secret=")
	keep("reset", reset)
	form := post("", "/reset/password", url.Values{"secret": {reset}, "password": {keep("personal password", "forgetful@example.com")}})
	if !strings.Contains(form.text, reset) { // the form goes on with it
		t.Error("the form lost the secret of the reset")
	}
	post("", "/reset/password", url.Values{"secret": {reset}, "password": {keep("reset password", "Noch ein anderer Satz")}})
	post("", "/reset/password", url.Values{"secret": {reset}, "password": {"Noch ein anderer Satz"}})
	say(ask{path: "/reset?secret=none"})
	// Invitations.
	shown := w.do(ask{method: "POST", path: "/organisations/" + w.org + "/invite", cookie: owner, form: url.Values{"role": {"viewer"}}})
	_, invitation, _ := strings.Cut(shown.text, "/invitation/")
	invitation = keep("invitation", invitation[:max(0, strings.IndexByte(invitation, '"'))])
	joined := keep("joiner's password", "Drei Birnen im Korb")
	post("", "/invitation/"+invitation+"x", url.Values{"name": {"Neu"}, "email": {"neu@example.com"}, "password": {joined}})
	if a := post("", "/invitation/"+invitation, url.Values{"name": {"Neu"}, "email": {"neu@example.com"}, "password": {joined}}); a.StatusCode != 303 {
		t.Errorf("join: status %d", a.StatusCode)
	} else {
		keep("joiner's session", a.cookieOf("rendite").Value)
	}
	// Tokens and links.
	shown = w.do(ask{method: "POST", path: "/settings/tokens", cookie: owner, form: url.Values{"name": {"x"}, "days": {"3"}, "scope": {"cases:read"}}})
	_, token, _ := strings.Cut(shown.text, `value="rendite_`)
	token = keep("token", "rendite_"+token[:max(0, strings.IndexByte(token, '"'))])
	id := w.aCase(w.org, "owner", small)
	shown = w.do(ask{method: "POST", path: "/cases/" + id + "/share", cookie: owner, form: url.Values{"days": {"3"}}})
	_, share, _ := strings.Cut(shown.text, "/s/")
	share = keep("link", share[:max(0, strings.IndexByte(share, '"'))])
	for _, secret := range []string{token, token + "x", share, share + "x", owner} {
		for _, path := range []string{"/api/v1/cases/" + id, "/api/v1/cases/none", "/api/v1/tokens", "/settings"} {
			say(ask{path: path, header: map[string]string{"Authorization": "Bearer " + secret}})
		}
		say(ask{path: "/settings", cookie: secret + "y"})
		say(ask{path: "/nothing", header: map[string]string{"Authorization": "Basic " + secret}})
	}
	w.do(ask{path: "/s/" + share}) // its own page names the link
	w.do(ask{path: "/s/" + share + "/why"})
	say(ask{path: "/static/none?secret=" + share})
	// The provider that fails.
	if a := say(ask{path: "/oidc/start?next=/"}); a.StatusCode != http.StatusBadGateway {
		t.Errorf("the provider cannot be reached: status %d", a.StatusCode)
	}
	code = keep("code", "code-"+auth.NewSecret(auth.FlowSecret).Reveal())
	say(ask{path: "/oidc/callback?state=x&code=" + code})
	say(ask{path: "/oidc/callback?error=access_denied&error_description=" + code})
	// Failing requests, down to the database.
	db, err := sql.Open("sqlite", w.server.Store.Path())
	w.check(err)
	_, err = db.ExecContext(context.WithoutCancel(t.Context()), "ALTER TABLE shares RENAME TO lost")
	w.check(err)
	w.check(db.Close())
	if a := w.do(ask{path: "/s/" + share}); a.StatusCode != 500 {
		t.Errorf("without a table: status %d", a.StatusCode)
	}
	w.do(ask{path: "/api/v1/cases/" + id, header: map[string]string{"Authorization": "Bearer " + share}})
	for _, broken := range []string{"GET /s/" + share + " HTTP/9.9\r\n\r\n", "GET /s/" + share + " HTTP/1.1\r\nHost: a b\r\nCookie: rendite=" + owner + "\r\n\r\n", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\nConnection: close\r\n\r\nemail=a&password=" + wrong} {
		c := w.dial()
		_, _ = c.Write([]byte(broken))
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // the last one waits for more
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		_ = c.Close()
		pages = append(pages, answer{&http.Response{}, string(buf[:n])})
	}
	log := w.log.String()
	if strings.Count(log, "msg=request") < 40 || !strings.Contains(log, "no such table") || !strings.Contains(log, "level=DEBUG") {
		t.Errorf("the log says too little to prove anything:\n%.2000s", log)
	}
	for name, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if i := strings.Index(log, form); i >= 0 {
				t.Errorf("the log has the %s: …%s…", name, log[max(0, i-150):min(len(log), i+150)])
			}
			for _, a := range pages {
				head := ""
				for k, v := range a.Header {
					if k != "Set-Cookie" && k != "Location" {
						head += strings.Join(v, " ")
					}
				}
				if a.Request != nil && (strings.Contains(a.Request.URL.String(), form) || name == "reset" && a.Request.URL.Path == "/reset/password") {
					continue // the page knows its own address, and the form goes on with its secret
				}
				if strings.Contains(a.text, form) || strings.Contains(head, form) {
					t.Errorf("status %d shows the %s: %.200s", a.StatusCode, name, a.text)
				}
			}
		}
	}
}
