package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
)

// operations are the methods and paths of the API, from its own description.
func (w *world) operations() map[string][]string {
	w.t.Helper()
	var spec struct {
		Paths map[string]map[string]any
	}
	w.check(json.Unmarshal([]byte(w.do(ask{path: "/api/openapi.json"}).text), &spec))
	all := map[string][]string{}
	for path, methods := range spec.Paths {
		for m := range methods {
			all[path] = append(all[path], strings.ToUpper(m))
		}
	}
	if len(all) < 25 {
		w.t.Fatalf("the API has %d paths", len(all))
	}
	return all
}

// What another site makes a browser send is refused on every route that changes something, and changes nothing.
func TestSite_anotherOneChangesNothing(t *testing.T) {
	w := newWorld(t)
	foreign := []map[string]string{
		{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		{"Sec-Fetch-Site": "same-site", "Origin": "http://neighbour." + w.server.Address()},
		{"Origin": "https://evil.example"},
		{"Origin": "null"},
		{"Origin": w.base + ".evil.example"},
		{"Origin": "http://localhost"},
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "cross-site", "Authorization": "Basic cmVuZGl0ZTp4"},
		{"Sec-Fetch-Site": "cross-site", "X-HTTP-Method-Override": "GET", "HX-Request": "true"},
	}
	tried := 0
	for i, a := range attempts {
		if !strings.HasPrefix(a.pattern, "POST ") {
			continue
		}
		actor := "owner"
		if a.needs == auth.OrgCreate {
			actor = "administrator"
		}
		q := w.prepared(a, actor)
		before := w.state()
		for k, header := range foreign {
			if k > 1 && k != 2+i%(len(foreign)-2) { // every route meets three of them
				continue
			}
			tried++
			q.header = header
			got := w.do(q)
			name := fmt.Sprintf("%s with %v", a.pattern, header)
			if got.StatusCode != http.StatusForbidden || len(got.Cookies()) != 0 || got.to() != "" {
				t.Errorf("%s: status %d, cookies %v, on to %q", name, got.StatusCode, got.Cookies(), got.to())
			}
			w.unchanged(t, before, name)
		}
	}
	if tried < 100 {
		t.Errorf("%d requests", tried)
	}
	cookie, _ := w.session("owner")
	before := w.state()
	for path, methods := range w.operations() {
		for _, m := range methods {
			if m == http.MethodGet {
				continue
			}
			if got := w.do(ask{method: m, path: "/api/v1" + strings.NewReplacer("{", "", "}", "").Replace(path), cookie: cookie, body: "{}", kind: "text/plain", header: foreign[0]}); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: status %d", m, path, got.StatusCode)
			}
		}
	}
	w.unchanged(t, before, "the API for another site")
	// A bearer secret cannot be sent by another site; beside one, a cookie counts for nothing.
	if got := w.do(ask{method: "POST", path: "/settings/profile", cookie: cookie, form: url.Values{"name": {"Eve"}}, header: map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer x"}}); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a bearer secret beside a cookie: status %d", got.StatusCode)
	}
	w.unchanged(t, before, "a bearer secret beside a cookie")
	// Nobody is invited to read the answers either.
	for _, method := range []string{"GET", "OPTIONS"} {
		got := w.do(ask{method: method, path: "/api/v1/cases", cookie: cookie, header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}})
		for name := range got.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s is answered with %s", method, name)
			}
		}
	}
}

// Nothing is changed by a request that only reads, whatever it asks for.
func TestSite_readingChangesNothing(t *testing.T) {
	w := newWorld(t)
	for _, a := range attempts {
		method, _, _ := strings.Cut(a.pattern, " ")
		if method != http.MethodPost {
			continue
		}
		q := w.prepared(a, "owner")
		if strings.Contains(q.path, "?") {
			q.path += "&" + q.form.Encode()
		} else {
			q.path += "?" + q.form.Encode()
		}
		q.form = nil
		before := w.state()
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			for _, fragment := range []string{"", "true"} {
				q.method, q.header = method, map[string]string{"HX-Request": fragment, "X-HTTP-Method-Override": "POST", "X-Http-Method": "POST", "X-Method-Override": "POST"}
				if got := w.do(q); got.StatusCode >= 500 {
					t.Errorf("%s %s: status %d", method, q.path, got.StatusCode)
				}
				w.unchanged(t, before, method+" instead of "+a.pattern)
			}
		}
	}
	cookie, _ := w.session("owner")
	id := w.aCase(w.org, "owner", small)
	before := w.state()
	for path := range w.operations() {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			p := "/api/v1" + strings.NewReplacer("{case}", id, "{organisation}", w.org, "{number}", "1", "{", "", "}", "").Replace(path)
			if got := w.do(ask{method: method, path: p, cookie: cookie}); got.StatusCode >= 500 {
				t.Errorf("%s %s: status %d", method, path, got.StatusCode)
			}
			w.unchanged(t, before, method+" "+path)
		}
	}
}

// outside are addresses that must not be gone to, as they are found in lists of such.
var outside = []string{
	"//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`, `/\/evil.example`, `//evil.example\@host`,
	"https://evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example", "HTTPS://EVIL.EXAMPLE", "ftp://evil.example", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "mailto:a@b.c",
	"/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example", "/\x00/evil.example", "\u2028//evil.example", "/\u00a0/evil.example",
	"java\tscript:alert(1)", "evil.example", "evil.example/", "@evil.example", ":evil.example", "?x=//evil.example", "#//evil.example", ".evil.example", "/.//evil.example", "/..//evil.example", "/x/..//evil.example", "/./\\evil.example",
	"//evil.example/%2e%2e", "/%09/evil.example", "/%5cevil.example", "/%2fevil.example", "%2f%2fevil.example", "%5c%5cevil.example", "/%0d%0aLocation:%20//evil.example", "/\u2215/evil.example", "/／evil.example", "//evil。example", "http://evil.example@" + "host", "//user:pass@evil.example", "/\u0000", "//[::1]", "//evil.example:80/x?y",
	"/login?next=//evil.example",
}

// leaves reports whether a browser that reads Location or HX-Redirect would leave the server (WHATWG URL: tabs and line
// ends are dropped, a backslash is a slash).
func leaves(address string) bool {
	s := strings.Trim(address, " \x00\t\r\n\f\v")
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/").Replace(s)
	return !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//")
}

func TestSite_nobodyIsSentElsewhere(t *testing.T) {
	w := newWorld(t)
	// The log-in checks the password each time; forty from one address are let through at once.
	logins := 0
	for i, bad := range outside {
		for _, address := range []string{bad, url.QueryEscape(bad)} {
			for _, fragment := range []string{"", "true"} {
				header := map[string]string{"HX-Request": fragment}
				got := w.do(ask{method: "POST", path: "/preferences", form: url.Values{"lang": {"de"}, "back": {address}}, header: header})
				if to := got.to(); leaves(to) || strings.Contains(to, "\n") || got.Header.Get("X-Injected") != "" {
					t.Errorf("back=%q sends to %q", address, to)
				}
				if got := w.do(ask{method: "POST", path: "/preferences?back=" + url.QueryEscape(address), form: url.Values{"lang": {"de"}}, header: header}); leaves(got.to()) {
					t.Errorf("back=%q in the query sends to %q", address, got.to())
				}
			}
			// The page hands the address on, in a field and in a link to the provider.
			page := w.do(ask{path: "/login?next=" + url.QueryEscape(address)})
			if next := field(t, page.text, "next"); leaves(next) {
				t.Errorf("next=%q: the log-in page goes on to %q", address, next)
			}
		}
		if i%4 == 0 && logins < 12 {
			logins++
			got := w.do(ask{method: "POST", path: "/login", form: url.Values{"email": {"owner@example.com"}, "password": {password}, "next": {bad}}})
			if got.StatusCode != 303 || leaves(got.to()) {
				t.Errorf("log-in with next=%q: status %d, to %q", bad, got.StatusCode, got.to())
			}
		}
	}
	// What comes back from the log-in is the page that was asked for, also where its path looks like another server.
	for _, path := range []string{"//evil.example", "//evil.example/..", "/%2fevil.example", "/%5cevil.example", "/.//evil.example", "/settings//evil.example", "/cases//evil.example/%2e%2e"} {
		got := w.do(ask{path: path})
		if to := got.to(); to != "" && leaves(to) {
			t.Errorf("%s sends to %q", path, to)
		}
		if to, ok := strings.CutPrefix(got.to(), "/login?next="); ok {
			if next, err := url.QueryUnescape(to); err != nil || leaves(auth.LocalPath(next)) {
				t.Errorf("%s: the log-in would send to %q", path, next)
			}
		}
	}
	got := w.do(ask{path: "/settings?x=%0d%0aX-Injected:1"})
	if got.Header.Get("X-Injected") != "" || !strings.HasPrefix(got.to(), "/login?next=%2Fsettings") {
		t.Errorf("to %q", got.to())
	}
	cookie, _ := w.session("owner")
	for _, path := range []string{"/organisations", "/login?next=//evil.example"} {
		if got := w.do(ask{path: path, cookie: cookie}); leaves(got.to()) {
			t.Errorf("%s sends to %q", path, got.to())
		}
	}
}

// Without accounts the server answers to names of this machine alone: another name may point here (DNS rebinding).
func TestSite_withoutAccountsOnlyThisMachine(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.Accounts = false })
	_, port, err := net.SplitHostPort(w.server.Address())
	w.check(err)
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, "127.0.0.1", "localhost", "127.1.2.3"} {
		if got := w.do(ask{path: "/", header: map[string]string{"Host": host}}); got.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", host, got.StatusCode)
		}
	}
	before := w.state()
	for _, host := range []string{"evil.example", "evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example:" + port, "localhost.:" + port, "0.0.0.0:" + port, "192.168.0.1", "[::ffff:c0a8:1]", "127.0.0.1@evil.example", "2130706433", "0x7f.1", "127.0.0.1:80:80", "rendite.local", "-"} {
		for _, path := range []string{"/", "/api/v1/cases", "/static/app.css", "/metrics", "/healthz", "/nothing"} {
			got := w.do(ask{path: path, header: map[string]string{"Host": host, "X-Forwarded-Host": "localhost", "Forwarded": "host=localhost"}})
			if got.StatusCode != http.StatusMisdirectedRequest && got.StatusCode != http.StatusBadRequest {
				t.Errorf("%s%s: status %d", host, path, got.StatusCode)
			}
		}
		got := w.do(ask{method: "POST", path: "/examples/maschinenbau", header: map[string]string{"Host": host}})
		if got.StatusCode != http.StatusMisdirectedRequest && got.StatusCode != http.StatusBadRequest {
			t.Errorf("POST for %s: status %d", host, got.StatusCode)
		}
	}
	w.unchanged(t, before, "a request for another name")
	// HTTP/1.0 needs no name.
	if text := w.raw("GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(text, "HTTP/1.0 421") {
		t.Errorf("without a name: %.100s", text)
	}
	if _, err := server.Open(t.Context(), server.Config{Listen: "0.0.0.0:0", Database: t.TempDir() + "/x.db"}); err == nil {
		t.Error("a server without accounts listens beyond this machine")
	}
}

// What a request says of where it comes from counts only where a proxy of ours has written it.
func TestSite_forwardedByWhomWeTrust(t *testing.T) {
	untrusted := newWorld(t)
	trusting := newWorld(t, func(c *server.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	header := map[string]string{"X-Forwarded-For": "203.0.113.7", "X-Real-Ip": "203.0.113.8", "Forwarded": "for=203.0.113.9", "True-Client-Ip": "203.0.113.10", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
	for w, want := range map[*world]string{untrusted: "address=127.0.0.1", trusting: "address=203.0.113.7"} {
		w.signIn(t, "owner", header, "")
		found := false
		for line := range strings.SplitSeq(w.state(), "\n") {
			found = found || strings.HasPrefix(line, "sessions ") && strings.Contains(line+" ", want+" ") && strings.Contains(line, w.people["owner"].ID)
		}
		if !found {
			t.Errorf("no session has %s", want)
		}
		if got := w.do(ask{path: "/metrics", header: map[string]string{"X-Forwarded-For": "203.0.113.7"}}); got.StatusCode != http.StatusNotFound {
			t.Errorf("/metrics through a proxy: status %d", got.StatusCode)
		}
	}
	// A new address for each attempt does not help somebody who guesses.
	last := 0
	for i := range 8 {
		header["X-Forwarded-For"] = fmt.Sprintf("203.0.113.%d", i)
		got := untrusted.do(ask{method: "POST", path: "/login", form: url.Values{"email": {"editor@example.com"}, "password": {"wrong"}}, header: header})
		last = got.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eighth wrong password: status %d", last)
	}
	// Links that are handed on do not name a server that the request makes up.
	configured := newWorld(t, func(c *server.Config) { c.BaseURL = "https://rendite.example.com" })
	configured.base = "http://" + configured.server.Address()
	header["Host"] = "evil.example"
	if got := configured.do(ask{method: "POST", path: "/reset", form: url.Values{"email": {"owner@example.com"}}, header: header}); got.StatusCode != http.StatusOK {
		t.Errorf("reset: status %d", got.StatusCode)
	}
	select {
	case link := <-configured.links:
		if !strings.HasPrefix(link, "https://rendite.example.com/reset?secret=") {
			t.Errorf("the link is %s", link)
		}
	default:
		t.Error("no link was made")
	}
	if got := untrusted.do(ask{method: "POST", path: "/reset", form: url.Values{"email": {"owner@example.com"}}, header: map[string]string{"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}}); got.StatusCode != http.StatusOK {
		t.Errorf("reset: status %d", got.StatusCode)
	}
	if link := <-untrusted.links; !strings.HasPrefix(link, untrusted.base+"/reset?secret=") {
		t.Errorf("the link is %s", link)
	}
}

// raw sends bytes and reads until the server closes.
func (w *world) raw(text string) string {
	w.t.Helper()
	c, err := net.Dial("tcp", w.server.Address())
	w.check(err)
	defer c.Close() //nolint:errcheck // the test reads until the end
	if _, err := c.Write([]byte(text)); err != nil {
		return ""
	}
	var b bytes.Buffer
	_, _ = b.ReadFrom(c) // a reset is an end, too
	return b.String()
}
