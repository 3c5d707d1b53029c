package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// mark stands in every text that should do harm, so that what it makes is found again.
const mark = "zqx"

// harmful are texts that break out of an attribute, an element, an address, a script, a template or a line of a header
// where one of them forgets to quote.
var harmful = []string{
	`"><script>zqx()</script><svg/onload=zqx()><img src=zqx onerror=zqx()>' onfocus='zqx()' zqx="`,
	"javascript:zqx()//</textarea></title></style></script>--><zqx-a b=c>{{zqx}}${zqx()}`zqx`",
	"＜script＞zqx＜/script＞\u2028\u202e&lt;zqx&gt;&#60;zqx&#62;%3Czqx%3E\\u003czqx\\u003e'\"\\\ufeff\u00ad<\u200dzqx>",
	`x","op":"remove","zqx":"y'},zqx:{"` + "\r\nX-Injected: zqx\r\n\r\n<zqx>",
}

// calm is of the same shape and harmless: what pages are made of is learned with it.
const calm = "Quiet zqx"

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// filled is a case file with a text in every place that takes one.
func filled(s string) string {
	return strings.ReplaceAll(`case: TEXT
organisation: TEXT
note: TEXT
currency: EUR
horizon: 12 months
discount: 8 %/year
assumptions:
  users: {value: 10, label: TEXT, source: TEXT, note: TEXT, grade: A}
  saved: {value: 20 .. 40 .. 60 EUR/month, label: TEXT, source: TEXT, note: TEXT, grade: D}
adoption: {start: 10 .. 15 .. 20 %, plateau: 80 %, months_to_90: 8, source: TEXT, note: TEXT}
costs:
  licences: {amount: users * 20 EUR/month, label: TEXT, note: TEXT, source: TEXT}
  setup: {amount: 500 EUR, at: 0, label: TEXT}
benefits:
  saved_money: {amount: users * saved, label: TEXT, note: TEXT, source: TEXT, kind: avoided_cost}
  time: {lever: time_saved, label: TEXT, hours: 1 .. 2 .. 3 h/week, wage: 52 EUR/h, converts: 50 %, users: users, note: TEXT}
scorecard:
  compliance: {weight: 60, today: 4, expected: 7, why: TEXT, source: TEXT, grade: C}
  own: {label: TEXT, weight: 40, today: 5, expected: 6, why: TEXT, source: TEXT}
scenarios:
  more: {label: TEXT, assumptions: {users: {value: 12, source: TEXT, note: TEXT}}}
`, "TEXT", quote(s))
}

// spoiled is a case file with a text where none may stand: names, units, formulas, keys. It does not compute and is kept
// nevertheless, so every page tells what is wrong with it.
func spoiled(s string) string {
	return strings.ReplaceAll(`case: TEXT
currency: TEXT
horizon: TEXT
start: TEXT
timing: TEXT
discount: TEXT
TEXT: TEXT
tax: {TEXT: TEXT}
assumptions:
  TEXT: {value: TEXT, grade: TEXT, TEXT: TEXT}
  users: TEXT
adoption: {start: TEXT, plateau: 80 %, months_to_90: 8}
costs:
  TEXT: {amount: TEXT, label: TEXT}
  licences: {item: TEXT, TEXT: TEXT, from: TEXT}
benefits:
  TEXT: TEXT
  time: {lever: TEXT, kind: TEXT}
packages:
  TEXT: {seats: TEXT}
scorecard:
  TEXT: {weight: TEXT, today: TEXT, expected: TEXT, TEXT: TEXT}
correlate: [TEXT]
scenarios:
  TEXT: {label: TEXT, assumptions: {TEXT: TEXT}}
  more: {TEXT: TEXT}
`, "TEXT", quote(s))
}

// vocabulary is what pages are made of: "element attribute", and the values of attributes that make a request.
type vocabulary map[string]bool

// anatomy is an answer's vocabulary.
func anatomy(all []*html.Node) vocabulary {
	v := vocabulary{}
	for _, n := range all {
		v[n.Data] = true
		for _, a := range n.Attr {
			v[n.Data+" "+a.Key] = true
		}
	}
	return v
}

// markup walks through pages with a text in all of them.
type markup struct {
	*world
	learned vocabulary // nil while learning
	calm    vocabulary
	shown   map[string]int // how often the mark stood in an answer, by route
	answers int
	named   int // actions on a scenario that is called like a text
}

// look checks an answer.
func (m *markup) look(name string, got answer) {
	t := m.t
	t.Helper()
	m.answers++
	if got.StatusCode >= 500 {
		t.Errorf("%s: status %d: %.300s", name, got.StatusCode, got.text)
	}
	m.shown[name] += strings.Count(got.text, mark)
	for k, values := range got.Header {
		if strings.EqualFold(k, "X-Injected") || len(values) != 1 && k != "Set-Cookie" && k != "Vary" {
			t.Errorf("%s: header %s: %q", name, k, values)
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: header %s is no plain text: %q", name, k, v)
			}
		}
	}
	if msg := got.Header.Get("X-Message"); msg != "" {
		if text, err := url.PathUnescape(msg); err != nil || !utf8.ValidString(text) || strings.ContainsAny(msg, "<>\"") {
			t.Errorf("%s: X-Message %q: %v", name, msg, err)
		}
	}
	kind, _, _ := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: no nosniff", name)
	}
	switch kind {
	case "text/html":
		m.page(name, got.text)
	case "application/json", "application/problem+json":
		if !json.Valid([]byte(got.text)) {
			t.Errorf("%s: no JSON: %.300s", name, got.text)
		}
	case "application/yaml":
		if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="`) || strings.Count(d, `"`) != 2 || strings.ContainsAny(d, `/\<>=`+"'") && strings.Count(d, "=") != 1 {
			t.Errorf("%s: %s", name, d)
		}
	case "text/plain", "text/css", "text/javascript", "":
	default:
		t.Errorf("%s: an answer of kind %q", name, kind)
	}
}

func (m *markup) page(name, text string) {
	t := m.t
	t.Helper()
	all := elements(t, text)
	if m.learned == nil {
		for k := range anatomy(all) {
			m.calm[k] = true
		}
	}
	for k := range anatomy(all) {
		if m.learned != nil && !m.learned[k] {
			t.Errorf("%s: %q was born from a text", name, k)
		}
	}
	for _, n := range all {
		if n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(attribute(n, "src"), "/static/")) {
			t.Errorf("%s: a script that is none of ours: %v", name, n.Attr)
		}
		if slices.Contains([]string{"style", "iframe", "object", "embed", "base", "template", "foreignobject", "animate", "set", "use"}, strings.ToLower(n.Data)) {
			t.Errorf("%s: <%s>", name, n.Data)
		}
		for _, a := range n.Attr {
			if address(t, name, n.Data, a); a.Key == "hx-vals" && strings.Contains(a.Val, mark) {
				m.named++
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.CommentNode && strings.Contains(c.Data, mark) {
				t.Errorf("%s: a text became a comment: %.200s", name, c.Data)
			}
		}
	}
}

// address checks what an attribute could make a browser or htmx do.
func address(t *testing.T, page, element string, a html.Attribute) {
	t.Helper()
	switch {
	case strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"), a.Key == "style", a.Key == "srcdoc", strings.Contains(a.Key, mark):
		t.Errorf("%s: <%s %s=%q>", page, element, a.Key, a.Val)
	case a.Key == "hx-vals" || a.Key == "hx-headers":
		var v map[string]string
		err := json.Unmarshal([]byte(a.Val), &v)
		for k := range v {
			if !slices.Contains([]string{"op", "path", "page"}, k) {
				t.Errorf("%s: <%s %s=%q>", page, element, a.Key, a.Val)
			}
		}
		// No name stands in it twice: a pair of braces, and two words for each name.
		tokens := 0
		for d := json.NewDecoder(strings.NewReader(a.Val)); err == nil; tokens++ {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) || tokens != 2+2*len(v)+1 {
			t.Errorf("%s: <%s %s=%q>: %v", page, element, a.Key, a.Val, err)
		}
	case slices.Contains([]string{"href", "src", "action", "formaction", "hx-get", "hx-post", "data-live", "data-edit", "data-complete", "poster", "xlink:href"}, a.Key):
		if strings.HasPrefix(a.Val, "https://") && element == "a" && !strings.Contains(a.Val, mark) {
			return // a source that the catalogue or the guide names
		}
		if strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "?") {
			return
		}
		if leaves(a.Val) || strings.ContainsAny(a.Val, "<>\"'` \r\n") {
			t.Errorf("%s: <%s %s=%q>", page, element, a.Key, a.Val)
		}
		for _, prefix := range []string{"/cases/", "/organisations/", "/s/", "/invitation/", "/static/", "/guide/"} { // an id cannot lead elsewhere
			if rest, ok := strings.CutPrefix(a.Val, prefix); ok && strings.Contains(rest, "..") {
				t.Errorf("%s: <%s %s=%q>", page, element, a.Key, a.Val)
			}
		}
	}
}

// send posts a form and looks at the answer.
func (m *markup) send(cookie, path string, form url.Values) answer {
	m.t.Helper()
	got := m.do(ask{method: "POST", path: path, cookie: cookie, form: form, header: map[string]string{"HX-Current-URL": m.base + path + "?zqx=<zqx>"}})
	m.look("POST "+shape(path), got)
	return got
}

// shape is a path without its ids, for messages and counts.
func shape(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) > 20 {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// oneLine is a text as it can stand in a header.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// fillIn types a text into every field there is.
func (m *markup) fillIn(text string) (cookie string, cases []string) {
	t := m.t
	t.Helper()
	m.ahead.Add(int64(1e9 * 60 * 30)) // what was tried before is forgotten
	owner := m.signIn(t, "owner", map[string]string{"User-Agent": oneLine(text)}, "").Value
	editor, _ := m.session("editor")
	m.send(owner, "/settings/profile", url.Values{"name": {text}})
	m.send(owner, "/organisations/"+m.org+"/rename", url.Values{"name": {text}})
	m.send(owner, "/settings/tokens", url.Values{"name": {text}, "days": {"3"}, "scope": {"cases:read", text}})
	m.send(owner, "/settings/tokens", url.Values{"name": {text}, "days": {"3"}, "scope": {"cases:read"}})
	m.send(owner, "/organisations/"+m.org+"/invite", url.Values{"email": {strings.ReplaceAll(text, " ", "") + "@example.com"}, "role": {"viewer"}})
	m.send(owner, "/organisations/"+m.org+"/invite", url.Values{"email": {text}, "role": {text}})
	m.send(owner, "/organisations/"+m.org+"/members", url.Values{"user": {text}, "role": {text}})
	m.send("", "/invitation/"+m.invitation(m.org, "owner", ""), url.Values{"name": {text}, "email": {strings.NewReplacer(" ", "", "\r", "", "\n", "").Replace(text) + "@example.com"}, "password": {password}})
	m.send("", "/invitation/"+m.invitation(m.org, "owner", ""), url.Values{"name": {text}, "email": {text}, "password": {text}})
	m.send("", "/login", url.Values{"email": {text}, "password": {text}, "next": {text}})
	m.send("", "/login", url.Values{"email": {"x@" + mark + ".example"}, "password": {"wrong"}, "next": {text}})
	m.send("", "/setup", url.Values{"name": {text}, "email": {text}, "organisation": {text}, "password": {text}})
	m.send("", "/reset", url.Values{"email": {text}})
	m.send("", "/reset/password", url.Values{"secret": {text}, "password": {text}})
	m.send("", "/preferences", url.Values{"lang": {text}, "theme": {text}, "back": {text}})
	m.send(owner, "/settings/sessions/revoke", url.Values{"id": {text}})
	m.send(owner, "/settings/tokens/revoke", url.Values{"id": {text}})
	m.send(owner, "/new", url.Values{"name": {text}, "organisation": {text}, "org": {m.org}, "seats": {text}, "industry": {text}, "goals": {text}, "price": {text}, "users": {text}, "start": {text}, "currency": {text}})
	m.send(owner, "/new/defaults", url.Values{"name": {text}, "organisation": {text}, "org": {text}, "industry": {text}, "users": {text}})
	m.send(owner, "/examples/"+url.PathEscape(text), url.Values{"org": {m.org}})
	m.send(owner, "/examples/maschinenbau", url.Values{"org": {text}})

	// In single quotes, as one has to write what is edited value by value.
	key := "'" + strings.ReplaceAll(oneLine(text), "'", "''") + "'"
	named := strings.Replace(small, "  more:", "  "+key+":", 1)
	for _, file := range []string{filled(text), spoiled(text), named} {
		body, kind := upload(text+".yaml", file, url.Values{"org": {m.org}})
		got := m.do(ask{method: "POST", path: "/import", cookie: owner, body: body, kind: kind})
		m.look("POST /import", got)
		id, ok := strings.CutPrefix(got.to(), "/cases/")
		if !ok {
			t.Fatalf("import: status %d, to %q: %.1000s", got.StatusCode, got.to(), got.text)
		}
		cases = append(cases, id)
	}
	body, kind := upload(text+".yml", text+": [", url.Values{"org": {m.org}})
	m.look("POST /import", m.do(ask{method: "POST", path: "/import", cookie: owner, body: body, kind: kind}))

	at := "/cases/" + cases[0]
	for _, anchor := range []string{"users", text} {
		m.send(owner, at+"/comments", url.Values{"anchor": {anchor}, "text": {text + " @owner"}})
	}
	m.send(owner, at+"/comments", url.Values{"anchor": {"users"}, "text": {text}, "parent": {text}})
	m.send(owner, at+"/comments/"+url.PathEscape(text)+"/resolve", url.Values{})
	m.send(owner, at+"/share", url.Values{"days": {text}})
	m.send(owner, at+"/share", url.Values{"days": {"7"}})
	m.send(owner, at+"/share/"+url.PathEscape(text)+"/revoke", url.Values{})
	m.send(owner, at+"/settings", url.Values{"status": {text}})
	m.send(owner, at+"/restore", url.Values{"revision": {text}})
	m.send(owner, at+"/seal", url.Values{"by": {text}, "note": {text}})
	// The editor saves a change while the owner's is still open: both are shown against each other.
	m.send(owner, at+"/edit", url.Values{"op": {"rename"}, "path": {"costs.licences"}, "label": {text + " 1"}})
	m.send(editor, at+"/edit", url.Values{"op": {"rename"}, "path": {"costs.licences"}, "label": {text + " 2"}})
	m.send(editor, at+"/edit", url.Values{"op": {"quantity"}, "path": {"users"}, "value": {"11"}, "source": {text + " 2"}, "note": {text + " 2"}})
	m.send(editor, at+"/save", url.Values{"reason": {text}})
	for _, form := range []url.Values{
		{"op": {text}, "path": {text}},
		{"op": {"quantity"}, "path": {"users"}, "value": {text}},
		{"op": {"quantity"}, "path": {"users"}, "value": {"10"}, "source": {text}, "note": {text}, "grade": {text}},
		{"op": {"quantity"}, "path": {"users"}, "value": {"10"}, "key": {text}},
		{"op": {"quantity"}, "path": {text}, "value": {text}, "scenario": {text}},
		{"op": {"range"}, "path": {"saved"}, "low": {text}, "middle": {text}, "high": {text}},
		{"op": {"line"}, "path": {"costs.licences"}, "in.amount": {text}, "in.label": {text}, "in." + text: {text}},
		{"op": {"rename"}, "path": {"costs.licences"}, "label": {text}, "key": {text}},
		{"op": {"add"}, "group": {"assumptions"}, "key": {text}, "in.value": {"5"}},
		{"op": {"add"}, "group": {"costs"}, "key": {text}, "in.amount": {"5 EUR/month"}, "in.at": {text}},
		{"op": {"add"}, "group": {text}, "item": {text}, "key": {text}},
		{"op": {"add_scenario"}, "value": {text}},
		{"op": {"copy_scenario"}, "path": {"more"}},
		{"op": {"copy_scenario"}, "path": {text}},
		{"op": {"remove_scenario"}, "path": {text}},
		{"op": {"remove"}, "path": {text}},
	} {
		m.send(owner, at+"/preview", form)
		m.send(owner, at+"/edit?scenario="+url.QueryEscape(text), form)
		m.send(owner, at+"/edit", form)
		m.send(owner, "/cases/"+cases[1]+"/edit", form)
	}
	m.send(owner, at+"/check", url.Values{"text": {text}})
	m.send(owner, at+"/check", url.Values{"text": {spoiled(text)}})
	m.send(owner, at+"/file", url.Values{"text": {text}, "seen": {text}}) // not what is there: shown again
	if got := m.send(owner, at+"/save", url.Values{"reason": {text}}); got.StatusCode != http.StatusConflict || !strings.Contains(got.text, "/merge") {
		t.Errorf("two who change the same: status %d", got.StatusCode)
	}
	m.send(owner, at+"/merge", url.Values{"head": {text}, "reason": {text}, "c." + text: {text}})
	return owner, cases
}

// reading are the pages that show what was filled in.
func (m *markup) reading(text string, cases []string) (paths []string) {
	x := url.QueryEscape(text)
	paths = []string{"/", "/?q=" + x, "/?org=" + x, "/?status=" + x + "&sort=" + x, "/?after=" + x, "/?org=" + m.org + "&q=" + mark, "/new", "/new?org=" + x + "&name=" + x + "&users=" + x + "&industry=" + x, "/settings", "/organisations", "/organisations/" + m.org, "/organisations/" + m.org + "?after=" + x, "/organisations/" + url.PathEscape(text),
		"/guide?q=" + x, "/guide/" + url.PathEscape(text), "/" + url.PathEscape(text), "/nothing?" + x + "=" + x, "/cases/" + url.PathEscape(text), "/s/" + url.PathEscape(text), "/static/" + url.PathEscape(text), "/invitation/" + url.PathEscape(text), "/oidc/callback?error=" + x + "&error_description=" + x + "&state=" + x,
		"/api", "/api/v1/cases?organisation=" + m.org, "/api/v1/cases?" + x + "=" + x, "/api/v1/organisations", "/api/v1/organisations/" + m.org + "/members", "/api/v1/organisations/" + m.org + "/events", "/api/v1/tokens", "/api/v1/cases/" + url.PathEscape(text), "/api/" + url.PathEscape(text)}
	secret, _ := m.share(cases[0], "owner")
	broken, _ := m.share(cases[1], "owner")
	for _, s := range []string{secret, broken} {
		paths = append(paths, "/s/"+s, "/s/"+s+"/why", "/s/"+s+"/trace?of=users", "/s/"+s+"/trace?of=line.costs.licences", "/s/"+s+"/trace?of="+x, "/s/"+s+"?scenario="+x)
	}
	third := "/cases/" + cases[2] // has a name that is none, and is like the second otherwise
	paths = append(paths, third, third+"/scenarios", third+"/costs", third+"/audit", third+"/case.yaml", third+"/why")
	for _, id := range cases[:2] {
		at := "/cases/" + id
		for _, p := range []string{"", "/why", "/assumptions", "/costs", "/benefits", "/scorecard", "/criterion?path=scorecard.own", "/add?group=scorecard", "/scenarios", "/actions", "/actions?month=6&p=50", "/audit", "/history", "/file", "/case.yaml", "/case.yaml?revision=1", "/save", "/seal", "/settings", "/share", "/complete?word=" + x, "/complete?word=us",
			"/edit?path=users", "/edit?path=saved", "/edit?path=" + x, "/edit?path=users&scenario=more", "/add?group=benefits&q=" + x, "/add?group=costs&item=" + x, "/add?group=" + x, "/add?group=assumptions", "/line?path=costs.licences", "/line?path=" + x, "/rename?path=costs.licences", "/rename?path=" + x,
			"/trace?of=users", "/trace?of=saved", "/trace?of=line.costs.licences", "/trace?of=line.benefits.time", "/trace?of=" + x, "/trace?of=result.npv", "/trace?of=line.costs." + x} {
			paths = append(paths, at+p)
		}
		for _, p := range []string{"", "/scenarios", "/why", "/assumptions", "/file", "/history"} {
			paths = append(paths, at+p+"?scenario="+x, at+p+"?scenario=more", at+p+"?revision="+x)
		}
		at = "/api/v1" + at
		for _, p := range []string{"", "/revisions", "/events", "/comments", "/draft", "/seals", "/shares", "/result", "/result?scenario=" + x, "/audit", "/case.yaml"} {
			paths = append(paths, at+p)
		}
	}
	return paths
}

// No element and no attribute may be born from what people type, in any field, on any page, and no header either.
func TestMarkup_textsStayTexts(t *testing.T) {
	w := newWorld(t)
	m := &markup{world: w, calm: vocabulary{}, shown: map[string]int{}}
	for i, text := range append([]string{calm}, harmful...) {
		if i == 1 {
			m.learned = m.calm
		}
		owner, cases := m.fillIn(text)
		for _, path := range m.reading(text, cases) {
			header := map[string]string{"Accept-Language": []string{"de", "en"}[i%2], "HX-Current-URL": "javascript:" + mark}
			if strings.Contains(path, "/trace") || strings.Contains(path, "/why") {
				header["HX-Request"] = "true"
			}
			r := w.request(ask{path: path, cookie: owner, header: header})
			// What a browser keeps is no more to be trusted than what it sends.
			for name, v := range map[string]string{"flash": url.QueryEscape("saved|" + text), "theme": url.QueryEscape(text), "lang": url.QueryEscape(text)} {
				r.AddCookie(&http.Cookie{Name: name, Value: v})
			}
			m.look("GET "+shape(path), m.send1(r))
		}
	}
	for _, name := range []string{"GET /", "GET /settings", "GET /organisations/{}", "GET /cases/{}", "GET /cases/{}/assumptions", "GET /cases/{}/costs", "GET /cases/{}/benefits", "GET /cases/{}/scorecard", "GET /cases/{}/criterion", "GET /cases/{}/scenarios", "GET /cases/{}/history", "GET /cases/{}/file", "GET /cases/{}/trace", "GET /cases/{}/why", "GET /cases/{}/edit", "GET /cases/{}/line", "GET /cases/{}/rename", "GET /cases/{}/save", "GET /cases/{}/seal", "GET /cases/{}/case.yaml",
		"GET /s/{}", "GET /s/{}/why", "GET /s/{}/trace", "GET /guide", "POST /new", "POST /login", "POST /invitation/{}", "POST /cases/{}/comments", "POST /cases/{}/preview", "POST /cases/{}/edit", "POST /cases/{}/check", "POST /cases/{}/file", "POST /cases/{}/save", "POST /cases/{}/merge", "GET /api/v1/cases/{}", "GET /api/v1/cases/{}/comments", "GET /api/v1/tokens"} {
		if m.shown[name] == 0 {
			t.Errorf("%s never showed a text", name)
		}
	}
	if m.named == 0 {
		t.Error("no scenario bore a text as its name")
	}
	if m.answers < 1000 {
		t.Errorf("%d answers were looked at", m.answers)
	}
	// The log of what happened takes them as well, line by line.
	for line := range strings.SplitSeq(w.log.String(), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "X-Injected") {
			t.Errorf("a text made a line of the log: %s", line)
		}
	}
}

// send1 sends a request that is ready.
func (m *markup) send1(r *http.Request) answer {
	m.t.Helper()
	res, err := m.client.Do(r)
	m.check(err)
	return m.read(res)
}
