package server_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// dial connects to the server.
func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.server.Address())
	w.check(err)
	return c
}

// patience is how long a test waits for what must happen; it passes only where it does not.
const patience = 30 * time.Second

// bombs are case files that could take all memory or time of a reader.
func bombs() map[string]string {
	aliases := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		aliases += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	var keys, indented strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for i := range 1200 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	scenarios := ""
	for i := range 3000 {
		scenarios += fmt.Sprintf("  s%d: {users: 1}\n", i)
	}
	return map[string]string{
		"aliases": aliases, "an alias of itself": "a: &a [*a]\nb: *a\n", "merged": "a: &a {x: 1}\nb: {<<: *a}\n<<: [*a, *a]\n",
		"brackets": many("[", 100_000), "braces": many("{a: ", 100_000), "closed brackets": "a: " + many("[", 20_000) + many("]", 20_000), "dashes": many("- ", 100_000), "indented": indented.String(), "questions": many("? ", 100_000), "colons": many(": ", 100_000),
		"a huge text": "case: \"" + many("x", 900_000) + "\"\n" + small, "a huge key": many("k", 900_000) + ": 1\n", "a huge block": "note: |\n  " + many("x", 900_000) + "\n", "a folded block": "note: >\n" + many("  x\n\n", 100_000),
		"many keys": keys.String(), "many comments": many("# x\n", 200_000) + small, "many blanks": many("\n", 900_000) + small, "many documents": many("---\na: 1\n", 50_000), "open quotes": many("\"", 500_001), "open quote": "a: \"" + many("x", 900_000), "single quotes": "a: '" + many("''", 400_000), "commas": "a: [" + many(",", 500_000),
		"not UTF-8": "case: \xff\xfe\n" + small, "overlong": "case: \xc0\xaf\n", "half a pair": "case: \xed\xa0\x80\n", "NUL": "case: a\x00b\n" + small, "only NUL": many("\x00", 100_000), "UTF-16": "c\x00a\x00s\x00e\x00:\x00 \x00x\x00\n\x00", "controls": "case: \x01\x02\x1b[31m\n", "nothing": "", "blanks": "   \n\t\n",
		"tags": many("!!python/object/apply:os.system ", 20_000), "a tag": "case: !!python/object:x {}\n", "directive": "%YAML 9.9\n%TAG ! x\n---\ncase: x\n", "binary": "case: !!binary " + many("A", 800_000), "anchors": many("&a ", 200_000), "a long anchor": "a: &" + many("a", 800_000) + " 1\n", "escapes": "a: \"" + many(`\u0041`, 150_000) + "\"\n", "tabs": many("\t", 500_000) + "a: 1",
		"nested formula": strings.Replace(small, "users * saved", many("(", 100_000)+"1"+many(")", 100_000), 1), "long formula": strings.Replace(small, "users * saved", "1"+many("+1", 300_000), 1), "minus": strings.Replace(small, "users * saved", many("-", 500_000)+"1", 1), "a long name": strings.ReplaceAll(small, "users", many("u", 100_000)),
		"a huge number": strings.Replace(small, "value: 10,", "value: "+many("9", 400_000)+",", 1), "an exponent": strings.Replace(small, "value: 10,", "value: 1e999999999,", 1), "a power": strings.Replace(small, "users * saved", "9^9^9^9^9 * saved", 1), "a long horizon": strings.Replace(small, "12 months", "999999999999 months", 1), "a huge share": strings.Replace(small, "horizon: 12 months", "horizon: 600 months", 1),
		"scenarios": small + scenarios, "a cycle": strings.Replace(small, "value: 10,", "value: saved + users,", 1),
	}
}

// A file made to break its reader is refused with a reason, takes no more memory than an honest one may, and keeps nobody
// else waiting.
func TestLimits_filesThatBreakTheirReader(t *testing.T) {
	w := newWorld(t)
	owner, _ := w.session("owner")
	id := w.aCase(w.org, "owner", small)
	at := "/cases/" + id
	all := bombs()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		text := all[name]
		body, kind := upload("case.yaml", text, url.Values{"org": {w.org}})
		json := `{"text":` + quote(text) + `}`
		ways := []ask{
			{method: "POST", path: at + "/check", form: url.Values{"text": {text}}},
			{method: "POST", path: "/api/v1/calculate?draws=100", body: text, kind: "application/yaml"},
			{method: "POST", path: "/import", body: body, kind: kind},
			{method: "POST", path: at + "/file", form: url.Values{"text": {text}, "seen": {"another"}}},
			{method: "POST", path: at + "/edit", form: url.Values{"op": {"quantity"}, "path": {"users"}, "value": {text}}},
			{method: "POST", path: at + "/preview", form: url.Values{"op": {"line"}, "path": {"costs.licences"}, "in.amount": {text}}},
			{method: "POST", path: "/api/v1/calculate?draws=100", body: json, kind: "application/json"},
			{method: "POST", path: "/api/v1/cases?organisation=" + w.org, body: text, kind: "application/yaml"},
			{method: "PUT", path: "/api/v1" + at + "/draft", body: text, kind: "application/yaml", header: map[string]string{"If-Match": `"another"`}},
			{method: "POST", path: "/api/v1" + at + "/revisions", body: text, kind: "application/yaml", header: map[string]string{"If-Match": `"7"`}},
		}
		for k, q := range ways {
			if k >= 2 && k%4 != i%4 { // two ways for every file, and two or so of the others
				continue
			}
			q.cookie = owner
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := w.do(q)
			runtime.ReadMemStats(&after)
			// 200 of a check lists what is wrong; 201 and 303 take a file that is merely wrong in what it says.
			if !slices.Contains([]int{200, 201, 303, 400, 409, 412, 413, 422}, got.StatusCode) {
				t.Errorf("%s: %s: status %d\n%.300s", name, q.path, got.StatusCode, got.text)
			}
			const most = 768 << 20
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%s: %s: %d MiB were taken", name, q.path, used>>20)
			}
			if len(got.text) > 8<<20 {
				t.Errorf("%s: %s: the answer has %d bytes", name, q.path, len(got.text))
			}
		}
	}
	if got := w.do(ask{path: at, cookie: owner}); got.StatusCode != 200 {
		t.Errorf("afterwards: status %d", got.StatusCode)
	}
	// What was taken in spite of that can be looked at like any other case.
	for line := range strings.SplitSeq(w.state(), "\n") {
		if rest, ok := strings.CutPrefix(line, "cases id="); ok {
			taken, _, _ := strings.Cut(rest, " ")
			for _, path := range []string{"", "/file", "/history", "/audit", "/scenarios"} {
				if got := w.do(ask{path: "/cases/" + taken + path, cookie: owner}); got.StatusCode != 200 {
					t.Errorf("%s%s: status %d", line[:min(len(line), 160)], path, got.StatusCode)
				}
			}
		}
	}
	if got := w.do(ask{path: "/", cookie: owner}); got.StatusCode != 200 {
		t.Errorf("the list of cases: status %d", got.StatusCode)
	}
	for line := range strings.SplitSeq(w.log.String(), "\n") {
		if strings.Contains(line, "level=ERROR") {
			t.Errorf("%.400s", line)
		}
	}
}

// Headers and addresses beyond the limit are refused before anything else happens.
func TestLimits_headersAndAddresses(t *testing.T) {
	w := newWorld(t)
	owner, _ := w.session("owner")
	for name, want := range map[string]struct{ text, status string }{
		"a long header":   {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 80_000) + "\r\n\r\n", "431"},
		"a long cookie":   {"GET / HTTP/1.1\r\nHost: x\r\nCookie: rendite=" + strings.Repeat("x", 80_000) + "\r\n\r\n", "431"},
		"many headers":    {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 20_000) + "\r\n", "431"},
		"a long address":  {"GET /" + strings.Repeat("x", 80_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
		"a long method":   {strings.Repeat("G", 80_000) + " / HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
		"two lengths":     {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		"length and kind": {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", ""}, // RFC 9112, 6.3: chunked counts
		"two hosts":       {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
		"no host":         {"GET / HTTP/1.1\r\n\r\n", "400"},
		"a folded header": {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nConnection: close\r\n\r\n", ""},
		"a space before":  {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
		"NUL in a header": {"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", "400"},
		"no HTTP":         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", "400"},
		"another proxy":   {"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""},
		"a tunnel":        {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n", "404"},
	} {
		got := w.raw(want.text)
		if !strings.HasPrefix(got, "HTTP/1.1 "+want.status) || strings.HasPrefix(got, "HTTP/1.1 5") {
			t.Errorf("%s: %.80q, want %s", name, got, want.status)
		}
		if strings.Contains(got, "evil.example") && strings.Contains(got, "Location: http") {
			t.Errorf("%s: %.300s", name, got)
		}
	}
	// What fits is answered.
	for _, path := range []string{"/?q=" + strings.Repeat("x", 20_000), "/guide?q=" + strings.Repeat("%C3%A4 ", 2000), "/cases/" + strings.Repeat("x", 20_000), "/?" + strings.Repeat("a&", 5000), "/api/v1/cases?organisation=" + strings.Repeat("x", 20_000)} {
		if got := w.do(ask{path: strings.ReplaceAll(path, " ", "+"), cookie: owner}); got.StatusCode >= 500 || got.StatusCode == 0 {
			t.Errorf("%.60s: status %d", path, got.StatusCode)
		}
	}
	if got := w.do(ask{path: "/settings", cookie: owner}); got.StatusCode != 200 {
		t.Errorf("afterwards: status %d", got.StatusCode)
	}
}

// Whoever sends slowly, or not at all, is disconnected, and nobody waits for them. The API counts its own 30 seconds for a
// body, which a test does not wait for.
func TestLimits_slowClients(t *testing.T) {
	w := open(t)
	w.server.Hasten(300*time.Millisecond, 600*time.Millisecond, 300*time.Millisecond)
	w.serve()
	owner, _ := w.session("owner")
	slow := map[string]struct {
		at  string // at once
		bit string // again and again
	}{
		"header":       {"GET / HTTP/1.1\r\nHost: x\r\nX: ", "x"},
		"headers":      {"GET / HTTP/1.1\r\nHost: x\r\n", "X: y\r\n"},
		"request line": {"G", "E"},
		"nothing":      {"", ""},
		"form":         {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nemail=", "x"},
		"chunks":       {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		"upload":       {"POST /import HTTP/1.1\r\nHost: x\r\nCookie: rendite=" + owner + "\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n", "x"},
		"kept alive":   {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		"body unread":  {"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "x"},
	}
	var all sync.WaitGroup
	ended := make(chan string, 4*len(slow))
	for name, s := range slow {
		for range 4 {
			c := w.dial()
			all.Go(func() {
				defer c.Close() //nolint:errcheck // it is over then
				_ = c.SetDeadline(time.Now().Add(patience))
				_, _ = io.WriteString(c, s.at)
				stop := make(chan struct{})
				go func() {
					for s.bit != "" {
						select {
						case <-stop:
							return
						case <-time.After(20 * time.Millisecond):
							if _, err := io.WriteString(c, s.bit); err != nil {
								return
							}
						}
					}
				}()
				_, err := io.Copy(io.Discard, bufio.NewReader(c))
				close(stop)
				if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // as net gives it
					ended <- name
				}
			})
		}
	}
	// Meanwhile others are served.
	for range 10 {
		if got := w.do(ask{path: "/settings", cookie: owner}); got.StatusCode != http.StatusOK {
			t.Errorf("beside slow ones: status %d", got.StatusCode)
		}
	}
	all.Wait()
	close(ended)
	for name := range ended {
		t.Errorf("%s: the connection is not closed", name)
	}
	if got := w.do(ask{path: "/settings", cookie: owner}); got.StatusCode != http.StatusOK {
		t.Errorf("afterwards: status %d", got.StatusCode)
	}
}
