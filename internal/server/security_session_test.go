package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
)

// signIn goes through the log-in page and returns the session's cookie.
func (w *world) signIn(t *testing.T, name string, header map[string]string, preset string) *http.Cookie {
	t.Helper()
	a := w.do(ask{method: "POST", path: "/login", cookie: preset, form: url.Values{"email": {name + "@example.com"}, "password": {password}}, header: header})
	c := a.cookieOf("rendite")
	if c == nil {
		c = a.cookieOf("__Host-rendite")
	}
	if a.StatusCode != http.StatusSeeOther || c == nil {
		t.Fatalf("log-in of %s: status %d, cookies %v\n%.500s", name, a.StatusCode, a.Cookies(), a.text)
	}
	return c
}

// inside reports whether a cookie opens the pages.
func (w *world) inside(cookie string) bool {
	w.t.Helper()
	return w.do(ask{path: "/settings", cookie: cookie}).StatusCode == http.StatusOK
}

func TestSession_isNeverTheOneTheBrowserCameWith(t *testing.T) {
	w := newWorld(t)
	planted := auth.NewSecret(auth.SessionSecret).Reveal()
	c := w.signIn(t, "owner", nil, planted)
	if c.Value == planted || w.inside(planted) {
		t.Error("a cookie that nobody has handed out is taken")
	}
	if !w.inside(c.Value) {
		t.Fatal("the new session opens nothing")
	}
	// An attacker's own session, put into the victim's browser: it ends, and the victim has another.
	attackers, _ := w.session("outsider")
	c = w.signIn(t, "owner", nil, attackers)
	if c.Value == attackers || w.inside(attackers) {
		t.Error("the session the browser came with lives on")
	}
	// A failed log-in hands out nothing and ends nothing.
	mine, _ := w.session("owner")
	a := w.do(ask{method: "POST", path: "/login", cookie: mine, form: url.Values{"email": {"owner@example.com"}, "password": {"wrong"}}})
	if a.StatusCode != http.StatusUnauthorized || len(a.Cookies()) != 0 || !w.inside(mine) {
		t.Errorf("failed log-in: status %d, cookies %v", a.StatusCode, a.Cookies())
	}
	for _, odd := range []string{"", "rds_", strings.ToUpper(c.Value), c.Value + "A", c.Value[:len(c.Value)-1], store.NewSecret(), strings.Repeat("A", 4000), c.Value + "=", "%00"} {
		if w.inside(odd) {
			t.Errorf("the cookie %q opens the pages", odd)
		}
	}
	// Two cookies of one name, as a neighbour under the same domain could add: the first counts, nothing is mixed.
	r := w.request(ask{path: "/settings"})
	r.Header.Set("Cookie", "rendite="+planted+"; rendite="+c.Value)
	res, err := w.client.Do(r)
	w.check(err)
	w.check(res.Body.Close())
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("a planted cookie before the right one: status %d", res.StatusCode)
	}
}

func TestSession_cookiesAreForThisServerAlone(t *testing.T) {
	for _, base := range []string{"", "https://rendite.example.com"} {
		w := newWorld(t, func(c *server.Config) { c.BaseURL = base })
		w.base = "http://" + w.server.Address()
		c := w.signIn(t, "owner", nil, "")
		secure := base != ""
		name := "rendite"
		if secure {
			name = "__Host-rendite"
		}
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != int(auth.DefaultAbsolute/time.Second) {
			t.Errorf("base %q: %s", base, c.Raw)
		}
		if secure && w.inside(c.Value) {
			t.Error("behind https a cookie without the prefix is taken")
		}
		p := w.do(ask{method: "POST", path: "/preferences", form: url.Values{"lang": {"de"}, "theme": {"dark"}, "back": {"/"}}})
		if len(p.Cookies()) != 2 {
			t.Errorf("preferences: %v", p.Cookies())
		}
		for _, c := range p.Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != secure {
				t.Errorf("%s", c.Raw)
			}
		}
	}
}

func TestSession_endsOnTheServer(t *testing.T) {
	w := newWorld(t)
	var cookies, ids []string
	for range 4 {
		c, id := w.session("owner")
		cookies, ids = append(cookies, c), append(ids, id)
	}
	another, anothers := w.session("outsider")
	page := w.do(ask{path: "/settings", cookie: cookies[0]})
	for i, id := range ids {
		if strings.Contains(page.text, `value="`+id+`"`) != (i != 0) { // the one at hand is ended by logging out
			t.Errorf("session %d in the list: %v", i, i == 0)
		}
		if strings.Contains(page.text, cookies[i]) {
			t.Errorf("the secret of session %d stands in the page", i)
		}
	}
	if strings.Contains(page.text, anothers) {
		t.Error("the list shows a session of somebody else")
	}
	revoke := func(id string, status int) {
		t.Helper()
		if a := w.do(ask{method: "POST", path: "/settings/sessions/revoke", cookie: cookies[0], form: url.Values{"id": {id}}}); a.StatusCode != status {
			t.Errorf("revoke: status %d", a.StatusCode)
		}
	}
	revoke(ids[1], 303)
	revoke(ids[1], 404)
	revoke(anothers, 404)
	if w.inside(cookies[1]) || !w.inside(another) {
		t.Error("the wrong session was ended")
	}
	// Logging out ends the session, not only the cookie.
	a := w.do(ask{method: "POST", path: "/logout", cookie: cookies[2]})
	if c := a.cookieOf("rendite"); a.StatusCode != 303 || c == nil || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("log-out: status %d, %v", a.StatusCode, a.Cookies())
	}
	if w.inside(cookies[2]) {
		t.Error("the session lives on after the log-out")
	}
	// A new password ends the others.
	for _, wrong := range []url.Values{{"old": {"wrong"}, "password": {"Ein anderer Satz 12"}}, {"old": {password}, "password": {"kurz"}}, {"password": {"Ein anderer Satz 12"}}} {
		if a := w.do(ask{method: "POST", path: "/settings/password", cookie: cookies[0], form: wrong}); a.StatusCode != 422 {
			t.Errorf("%v: status %d", wrong, a.StatusCode)
		}
	}
	if !w.inside(cookies[3]) {
		t.Error("a refused change of the password ended a session")
	}
	if a := w.do(ask{method: "POST", path: "/settings/password", cookie: cookies[0], form: url.Values{"old": {password}, "password": {"Ein anderer Satz 12"}}}); a.StatusCode != 303 {
		t.Fatalf("new password: status %d", a.StatusCode)
	}
	if !w.inside(cookies[0]) || w.inside(cookies[3]) {
		t.Error("after a new password another session than the one at hand lives")
	}
	// A reset ends them all, and its link works once.
	secret, err := w.server.Store.CreateReset(t.Context(), w.people["owner"].ID, time.Now().Add(time.Hour))
	w.check(err)
	form := url.Values{"secret": {secret}, "password": {"Noch ein ganz anderer Satz"}}
	if a := w.do(ask{method: "POST", path: "/reset/password", form: form}); a.StatusCode != 303 || a.cookieOf("rendite") != nil {
		t.Errorf("reset: status %d, %v", a.StatusCode, a.Cookies())
	}
	if w.inside(cookies[0]) {
		t.Error("a session lives on after a reset")
	}
	if a := w.do(ask{method: "POST", path: "/reset/password", form: form}); a.StatusCode != 404 {
		t.Errorf("reset again: status %d", a.StatusCode)
	}
	if c, _ := w.session("owner"); w.inside(c) {
		w.ahead.Store(int64(13 * time.Hour))
		if w.inside(c) {
			t.Error("a session that was not used for 13 hours opens the pages")
		}
	} else {
		t.Error("a new session opens nothing")
	}
	if w.do(ask{path: "/settings", cookie: w.kept}).StatusCode == 200 {
		t.Error("somebody who was disabled is let in")
	}
}

// Whoever is taken out of an organisation, or gets another role, feels it at the next request.
func TestSession_rolesAreReadAnew(t *testing.T) {
	w := newWorld(t)
	id := w.aCase(w.org, "owner", small)
	editor, _ := w.session("editor")
	token, _ := w.token(w.org, "editor", auth.CasesWrite, auth.CasesRead)
	save := func(want int) {
		t.Helper()
		if a := w.do(ask{method: "POST", path: "/cases/" + id + "/settings", cookie: editor, form: url.Values{"status": {"live"}}}); a.StatusCode != want {
			t.Errorf("page: status %d, want %d", a.StatusCode, want)
		}
		status := map[int]int{303: 204, 403: 403, 404: 401}[want] // the tokens of somebody who has left are revoked
		if a := w.do(ask{method: "PATCH", path: "/api/v1/cases/" + id, body: `{"status":"decided"}`, kind: "application/json", header: map[string]string{"Authorization": "Bearer " + token}}); a.StatusCode != status {
			t.Errorf("token: status %d, want %d: %s", a.StatusCode, status, a.text)
		}
	}
	save(303)
	w.check(w.server.Store.SetRole(t.Context(), w.by("owner"), w.org, w.people["editor"].ID, store.Viewer))
	save(403)
	w.check(w.server.Store.RemoveMember(t.Context(), w.by("owner"), w.org, w.people["editor"].ID))
	save(404)
}
