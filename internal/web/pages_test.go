package web_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/examples"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/guide"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store"
)

// patterns are the routes of the table in routes.go, "GET /cases/{id}" and so on.
func patterns(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile(`m\.HandleFunc\("([A-Z]+ /[^"]*)"`).FindAllSubmatch(source, -1) {
		all = append(all, string(m[1]))
	}
	if len(all) < 60 {
		t.Fatalf("routes.go has %d routes", len(all))
	}
	return all
}

// page is one request of the table and what must come back.
type page struct {
	path     string
	status   int
	fragment bool
	german   bool // only
}

// seeded is a workspace with a case in every state a page may meet, and the pages about them.
func seeded(t *testing.T) (w *workspace, ids map[string]string) {
	w = newWorkspace(t)
	ids = map[string]string{}
	for _, name := range examples.Names() {
		ids[name] = w.create(example(t, name))
	}
	text := example(t, "maschinenbau")
	changed := strings.Replace(text, "users: 40", "users: 44", 1)

	ids["draft"] = w.create(text)
	w.draft(ids["draft"], changed)

	ids["sealed"] = w.create(text)
	if _, err := w.app.Seal(t.Context(), w.who, ids["sealed"], "Dr. Kaufmann", "decision of the board"); err != nil {
		t.Fatal(err)
	}
	w.draft(ids["sealed"], changed)
	w.save(ids["sealed"], "more people")
	w.draft(ids["sealed"], strings.Replace(changed, "process: {start: 60 %", "process: {start: 50 %", 1))
	if _, err := w.app.Comment(t.Context(), w.who, ids["sealed"], "hours_saved", "", "Really? @Anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Share(t.Context(), w.who, ids["sealed"], 7); err != nil {
		t.Fatal(err)
	}

	ids["archived"] = w.create(text)
	if err := w.app.Archive(t.Context(), w.who, ids["archived"], true); err != nil {
		t.Fatal(err)
	}

	ids["broken"] = w.create(strings.Replace(text, "users * 65", "nobody * 65", 1))
	ids["unreadable"] = w.create(text)
	w.draft(ids["unreadable"], "case: [\n  broken")
	ids["unreadable saved"] = w.create(text)
	w.draft(ids["unreadable saved"], "case: \"\n\tbroken")
	w.save(ids["unreadable saved"], "a mistake")

	ids["certain"] = w.create("case: Certain\ncurrency: EUR\nhorizon: 12 months\ndiscount: 8 %/year\ncosts: {project: {amount: 1 000 EUR, at: 0}}\nbenefits: {saving: {amount: 100 EUR/month, kind: avoided_cost}}\n")
	ids["loss"] = w.create("case: Loss\ncurrency: CHF\nhorizon: 12 months\ndiscount: 8 %/year\ncosts: {project: {amount: 1 000 .. 2 000 CHF, at: 0}}\nbenefits: {saving: {amount: 1 CHF/month, kind: avoided_cost}}\n")
	ids["empty"] = w.create("case: Nothing\n")
	return w, ids
}

// pagesOf are all GET pages of a case, as they answer for one that computes.
func pagesOf(id string) []page {
	p := func(path string) page { return page{path: "/cases/" + id + path, status: 200} }
	f := func(path string) page { return page{path: "/cases/" + id + path, status: 200, fragment: true} }
	return []page{
		p(""), p("/assumptions"), p("/costs"), p("/benefits"), p("/scorecard"), p("/scenarios"), p("/actions"), p("/audit"), p("/history"), p("/file"), p("?revision=1"),
		f("/why"), f("/add?group=benefits"), f("/add?group=costs"), f("/add?group=costs&item="), f("/add?group=benefits&item="), f("/add?group=assumptions"), f("/add?group=scorecard"), f("/add?group=scorecard&item=compliance"), f("/add?group=scorecard&item="),
		f("/save"), f("/seal"), f("/settings"), f("/share"), f("/trace?of=result.roi"), f("/trace?of=result.npv"), f("/trace?of=result.break_even"),
	}
}

// check asks for a page in both languages and looks at what comes.
func (w *workspace) check(p page) {
	w.t.Helper()
	for _, lang := range locale.Langs() {
		if p.german && lang != locale.German {
			continue
		}
		w.t.Run(string(lang)+" "+p.path, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			r := w.do(lang, "GET", p.path, nil, p.fragment)
			text := body(t, r)
			if r.StatusCode != p.status {
				t.Fatalf("status %d: %s", r.StatusCode, text)
			}
			if strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") && p.status != 303 {
				valid(t, text, !p.fragment)
				if !p.fragment && !strings.Contains(text, `<html lang="`+string(lang)+`"`) {
					t.Error("the page does not say its language")
				}
				w.linksLead(t, text)
			}
			if w.log.Len() > 0 {
				t.Errorf("the log has: %s", w.log)
				w.log.Reset()
			}
		})
	}
}

// leading are the attributes that hold an address of ours, and whether it is asked for with GET.
var leading = map[string]bool{"href": true, "hx-get": true, "src": true, "data-complete": true, "action": false, "formaction": false, "hx-post": false, "data-live": false, "data-edit": false}

// linksLead checks that each address of a page is one of our routes.
func (w *workspace) linksLead(t *testing.T, text string) {
	t.Helper()
	checked := map[string]bool{}
	for i := strings.Index(text, `="/`); i >= 0; i = strings.Index(text, `="/`) {
		before, value := text[:i], text[i+2:]
		text = value
		attribute := before[strings.LastIndexAny(before, " \n")+1:]
		value, _, _ = strings.Cut(value, `"`)
		get, ok := leading[attribute]
		address := strings.ReplaceAll(value, "&amp;", "&")
		if !ok || checked[attribute+address] || strings.HasPrefix(address, "/api") { // the last is another package's
			continue
		}
		checked[attribute+address] = true
		method := http.MethodGet
		if !get {
			method = http.MethodPost
		}
		for _, try := range []string{method, http.MethodGet} { // a form may be of either kind
			r, err := http.NewRequestWithContext(t.Context(), try, "http://example.com"+address, nil)
			if err != nil {
				t.Errorf("%s=%q: %v", attribute, address, err)
				break
			}
			if route := w.site.Route(r); route != "/" && route != "" {
				break
			}
			if try == http.MethodGet {
				t.Errorf("%s=%q leads nowhere", attribute, address)
			}
		}
	}
}

func TestEveryPageInBothLanguages(t *testing.T) {
	w, ids := seeded(t)
	visited := map[string]bool{}
	visit := func(p page) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://example.com"+p.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		visited[w.site.Route(r)] = true
		w.check(p)
	}
	for _, name := range examples.Names() {
		for _, p := range pagesOf(ids[name]) {
			// Explaining takes seconds; one example in both languages tells of missing words as well.
			p.german = name != "maschinenbau" && (strings.HasSuffix(p.path, "/why") || strings.HasSuffix(p.path, "/actions"))
			visit(p)
		}
	}
	for _, name := range []string{"draft", "sealed", "certain", "loss"} {
		for _, p := range pagesOf(ids[name]) {
			visit(p)
		}
	}
	// What is archived is read, and nothing is offered that would change it.
	for _, p := range pagesOf(ids["archived"])[:11] {
		visit(p)
	}
	// A case that does not compute shows why, everywhere, and can be mended.
	for _, name := range []string{"broken", "unreadable", "unreadable saved", "empty"} {
		for _, p := range pagesOf(ids[name]) {
			if strings.Contains(p.path, "/trace") {
				p.status = 404
			}
			if strings.HasPrefix(name, "unreadable") && strings.Contains(p.path, "/add") {
				p.status = 422
			}
			if name == "empty" && strings.Contains(p.path, "/trace") {
				continue // whether it computes is the engine's business
			}
			if p.status != 200 {
				continue
			}
			visit(p)
		}
	}
	m := "/cases/" + ids["maschinenbau"]
	s := "/cases/" + ids["sealed"]
	for _, p := range []page{
		{path: m + "?scenario=with_ai", status: 200}, {path: m + "/assumptions?scenario=with_ai", status: 200}, {path: m + "/costs?scenario=with_ai", status: 200}, {path: m + "/why?scenario=with_ai", status: 200, fragment: true},
		{path: m + "/actions?month=24&p=60", status: 200}, {path: m + "/actions?month=1&p=99&scenario=with_ai", status: 200}, {path: m + "?scenario=none", status: 200}, {path: m + "?scenario=base", status: 200},
		{path: m + "?revision=7", status: 404}, {path: m + "?revision=-1", status: 200}, {path: m + "?revision=x", status: 200}, {path: s + "?revision=1", status: 200}, {path: s + "/history", status: 200}, {path: s + "/file?revision=1", status: 200},
		{path: m + "/edit?path=users", status: 200, fragment: true}, {path: m + "/edit?path=hours_saved", status: 200, fragment: true}, {path: m + "/edit?path=hours_saved&scenario=with_ai", status: 200, fragment: true}, {path: m + "/edit?path=adoption.plateau", status: 200, fragment: true},
		{path: m + "/edit?path=costs.project.amount", status: 200, fragment: true}, {path: m + "/edit?path=nothing", status: 404, fragment: true}, {path: m + "/edit", status: 404, fragment: true},
		{path: m + "/line?path=costs.licences", status: 200, fragment: true}, {path: m + "/line?path=costs.migration", status: 200, fragment: true}, {path: m + "/line?path=costs.none", status: 404, fragment: true}, {path: m + "/line?path=benefits.time", status: 200, fragment: true},
		{path: "/cases/" + ids["dienstleister"] + "/criterion?path=scorecard.responsiveness", status: 200, fragment: true}, {path: "/cases/" + ids["dienstleister"] + "/scorecard?scenario=with_ai", status: 200},
		{path: m + "/rename?path=costs.licences", status: 200, fragment: true}, {path: m + "/rename?path=benefits.time", status: 200, fragment: true}, {path: m + "/rename", status: 404, fragment: true},
		{path: m + "/trace?of=line.costs.licences", status: 200, fragment: true}, {path: m + "/trace?of=line.benefits.churn", status: 200, fragment: true}, {path: m + "/trace?of=hours_saved", status: 200, fragment: true}, {path: m + "/trace?of=adoption.plateau", status: 200, fragment: true},
		{path: m + "/trace?of=result.nothing", status: 404, fragment: true}, {path: m + "/trace?of=line.costs.none", status: 404, fragment: true}, {path: m + "/trace", status: 404, fragment: true}, {path: s + "/trace?of=hours_saved", status: 200, fragment: true},
		{path: m + "/complete?word=us", status: 200, fragment: true}, {path: m + "/case.yaml", status: 200}, {path: m + "/case.yaml?revision=9", status: 404},
		{path: m + "/report/docx", status: 404}, {path: m + "/report/md?revision=9", status: 404}, {path: m + "/report/md?scenario=none", status: 422},
		{path: "/cases/none", status: 404}, {path: "/cases/none/why", status: 404, fragment: true}, {path: "/nothing", status: 404}, {path: "/cases/" + ids["broken"] + "/trace?of=users", status: 404, fragment: true},
		{path: "/", status: 200}, {path: "/?q=vertrieb", status: 200}, {path: "/?q=nothing+of+that+name", status: 200}, {path: "/?status=live", status: 200}, {path: "/?sort=roi", status: 200}, {path: "/?sort=npv", status: 200}, {path: "/?sort=break_even", status: 200}, {path: "/?sort=name", status: 200},
		{path: "/new", status: 200}, {path: "/new?industry=trade", status: 200}, {path: "/settings", status: 200}, {path: "/organisations", status: 303}, {path: "/guide?q=ROI", status: 200}, {path: "/guide?q=zzzz", status: 200}, {path: "/guide", status: 200}, {path: "/guide/none", status: 404},
		{path: "/login", status: 303}, {path: "/setup", status: 303}, {path: "/reset", status: 303}, {path: "/invitation/none", status: 404}, {path: "/oidc/start", status: 404}, {path: "/oidc/callback", status: 404},
		{path: "/s/none", status: 404}, {path: "/s/none/why", status: 404, fragment: true}, {path: "/s/none/trace", status: 404, fragment: true}, {path: "/static/app.css", status: 200}, {path: "/static/none.css", status: 404},
	} {
		visit(p)
	}
	for _, name := range []string{"unreadable", "unreadable saved"} {
		for _, path := range []string{"/edit?path=users", "/line?path=costs.licences", "/rename?path=costs.licences", "/trace?of=users", "/preview"} {
			r := w.do(locale.English, "GET", "/cases/"+ids[name]+path, nil, true)
			if r.StatusCode >= 500 {
				t.Errorf("%s of a case that is no YAML: %d", path, r.StatusCode)
			}
		}
	}
	orgs, err := w.app.Organisations(t.Context(), w.who)
	if err != nil {
		t.Fatal(err)
	}
	visit(page{path: "/organisations/" + orgs[0].ID, status: 200})
	visit(page{path: "/?org=" + orgs[0].ID, status: 200})
	for _, p := range w.dataPages(orgs[0].ID) {
		visit(p)
	}
	for _, p := range guide.Pages("de") {
		visit(page{path: "/guide/" + p.Slug, status: 200})
	}
	shared, err := w.app.Share(t.Context(), w.who, ids["sealed"], 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []page{{path: "/s/" + shared, status: 200}, {path: "/s/" + shared + "?scenario=with_ai", status: 200}, {path: "/s/" + shared + "/why", status: 200, fragment: true}, {path: "/s/" + shared + "/trace?of=hours_saved", status: 200, fragment: true}, {path: "/s/" + shared + "/trace?of=result.npv", status: 200, fragment: true}} {
		visit(p)
	}
	for _, pattern := range patterns(t) {
		if strings.HasPrefix(pattern, "GET ") && !visited[pattern] {
			t.Errorf("no test asks for %s", pattern)
		}
	}
}

func TestAnEmptyPortfolioOffersTheFirstStep(t *testing.T) {
	w := newWorkspace(t)
	w.check(page{path: "/", status: 200})
	text := body(t, w.do(locale.German, "GET", "/", nil, false))
	for _, want := range []string{`href="/new`, `action="/examples/maschinenbau"`, `action="/import"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the first page has no %s", want)
		}
	}
}

func TestAddDialogsOfTheWholeCatalogue(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "maschinenbau"))
	cat := engine.Catalogue()
	for group, names := range map[string][]string{"benefits": cat.Levers(), "costs": cat.Costs(), "packages": cat.Packages()} {
		for _, name := range names {
			w.check(page{path: "/cases/" + id + "/add?" + url.Values{"group": {group}, "item": {name}}.Encode(), status: 200, fragment: true})
		}
	}
}

func TestAccountPagesInBothLanguages(t *testing.T) {
	w := newAccounts(t)
	w.check(page{path: "/login", status: 303})
	w.check(page{path: "/setup", status: 200})
	for _, code := range []string{"", "terminal", "TERMINAL2"} {
		r := w.do(locale.German, "POST", "/setup", url.Values{"code": {code}, "name": {"Anna"}, "email": {"anna@example.com"}, "organisation": {"Beispiel GmbH"}, "password": {"Kupferkessel 47 im Regen"}}, false)
		if text := body(t, r); r.StatusCode != 403 || !strings.Contains(text, "Einrichtungscode stimmt nicht") {
			t.Fatalf("set-up with the code %q: status %d: %s", code, r.StatusCode, text)
		}
	}
	if text := body(t, w.do(locale.German, "GET", "/setup?code="+setupCode, nil, false)); !strings.Contains(text, `value="`+setupCode+`"`) {
		t.Error("the code of the link is not filled in")
	}
	r := w.do(locale.German, "POST", "/setup", url.Values{"code": {setupCode}, "name": {"Anna"}, "email": {"anna@example.com"}, "organisation": {"Beispiel GmbH"}, "password": {"kurz"}}, false)
	if text := body(t, r); r.StatusCode != 422 {
		t.Fatalf("status %d: %s", r.StatusCode, text)
	} else {
		valid(t, text, true)
	}
	r = w.do(locale.German, "POST", "/setup", url.Values{"code": {setupCode}, "name": {"Anna"}, "email": {"anna@example.com"}, "organisation": {"Beispiel GmbH"}, "password": {"Kupferkessel 47 im Regen"}}, false)
	if r.StatusCode != 303 || len(r.Cookies()) == 0 {
		t.Fatalf("status %d: %s", r.StatusCode, body(t, r))
	}
	for _, p := range []page{{path: "/login", status: 200}, {path: "/login?next=/settings", status: 200}, {path: "/reset", status: 200}, {path: "/reset?secret=none", status: 200}, {path: "/setup", status: 303}, {path: "/", status: 303}, {path: "/settings", status: 303}, {path: "/cases/none", status: 303}, {path: "/cases/none/why", status: 401, fragment: true}} {
		w.check(p)
	}
	for path, form := range map[string]url.Values{"/login": {"email": {"anna@example.com"}, "password": {"wrong"}}, "/reset": {"email": {"nobody@example.com"}}, "/reset/password": {"secret": {"none"}, "password": {"Kupferkessel 47 im Regen"}}} {
		r := w.do(locale.German, "POST", path, form, false)
		valid(t, body(t, r), true)
	}
	w.cookies = r.Cookies()
	u, err := w.store.UserByEmail(t.Context(), "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if w.who, err = w.app.Actor(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	orgs, err := w.app.Organisations(t.Context(), w.who)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.app.Invite(t.Context(), w.who, orgs[0].ID, "", "viewer")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []page{{path: "/settings", status: 200}, {path: "/organisations/" + orgs[0].ID, status: 200}, {path: "/invitation/" + secret, status: 200}, {path: "/", status: 200}} {
		w.check(p)
	}
	token := body(t, w.do(locale.German, "POST", "/settings/tokens", url.Values{"name": {"Bericht"}, "days": {"30"}, "scope": {"cases:read"}}, false))
	valid(t, token, true)
	if !strings.Contains(token, store.TokenPrefix) {
		t.Error("the new token is not shown")
	}
	if again := body(t, w.do(locale.German, "GET", "/settings", nil, false)); strings.Contains(again, store.TokenPrefix) {
		t.Error("the token is shown a second time")
	}
	invite := body(t, w.do(locale.German, "POST", "/organisations/"+orgs[0].ID+"/invite", url.Values{"role": {"editor"}}, false))
	valid(t, invite, true)
	if !strings.Contains(invite, "/invitation/") {
		t.Error("the link of the invitation is not shown")
	}
	open, err := w.app.Invitations(t.Context(), w.who, orgs[0].ID)
	if err != nil || len(open) != 2 {
		t.Fatalf("%d open invitations, %v", len(open), err)
	}
	if r := w.do(locale.German, "POST", "/organisations/"+orgs[0].ID+"/withdraw", url.Values{"invitation": {open[1].ID}}, false); r.StatusCode != 303 {
		t.Errorf("withdrawing: status %d: %s", r.StatusCode, body(t, r))
	}
	if text := body(t, w.do(locale.German, "GET", "/organisations/"+orgs[0].ID, nil, false)); strings.Contains(text, open[1].ID) || !strings.Contains(text, open[0].ID) {
		t.Error("the page does not list the one invitation that is left")
	}
	w.cookies = nil
	w.check(page{path: "/invitation/" + secret, status: 200})

	// The link of a reset does not follow a forged Host.
	w.do(locale.German, "POST", "/reset", url.Values{"email": {"anna@example.com"}}, false)
	if !strings.HasPrefix(w.reset, "http://rendite.test:8080/reset?secret=") {
		t.Errorf("the administrator is told %q", w.reset)
	}
}

func TestEventsOfEveryKindHaveWords(t *testing.T) {
	l := locale.New(locale.English)
	source, err := os.ReadFile("../store/event.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, m := range regexp.MustCompile(`Action\s*=\s*"([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		kinds = append(kinds, m[1])
	}
	if len(kinds) < 10 {
		t.Fatalf("found %v", kinds)
	}
	for _, k := range kinds {
		if !l.Has("web.event." + strings.ReplaceAll(k, " ", "_")) {
			t.Errorf("no words for the event %q", k)
		}
	}
}

func TestAnUnknownActionOfTheBrowserIsNoFault(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "maschinenbau"))
	for _, form := range []url.Values{{"op": {"nonsense"}}, {"op": {"range"}}, {"op": {"quantity"}, "path": {"none"}, "value": {"1"}}, {"op": {"remove"}}, {"op": {"rename"}, "key": {"x"}},
		{"op": {"add"}}, {"op": {"add"}, "group": {"benefits"}, "item": {"none"}}, {"op": {"add"}, "group": {"nothing"}, "item": {"x"}, "key": {"y"}}, {"op": {"copy_scenario"}, "path": {"none"}}, {"op": {"remove_scenario"}},
		{"op": {"line"}, "path": {"costs.none"}, "in.amount": {"1"}}, {"op": {"add_scenario"}, "value": {"***"}}, {"op": {"quantity"}, "path": {"users"}, "value": {"]]"}}} {
		for _, path := range []string{"/edit", "/live", "/preview"} {
			if r := w.do(locale.German, "POST", "/cases/"+id+path, form, true); r.StatusCode >= 500 {
				t.Errorf("%s %v: %d %s", path, form, r.StatusCode, body(t, r))
			}
		}
	}
}

// The whole life of a case through the pages' forms.
func TestACaseFromNewToSealed(t *testing.T) {
	w := newWorkspace(t)
	r := w.do(locale.German, "POST", "/new", url.Values{"name": {"Vertrieb"}, "organisation": {"Muster GmbH"}}, false)
	if r.StatusCode != 303 {
		t.Fatalf("status %d: %s", r.StatusCode, body(t, r))
	}
	at := r.Header.Get("Location")
	post := func(path string, form url.Values, want int) *http.Response {
		t.Helper()
		r := w.do(locale.German, "POST", at+path, form, true)
		if r.StatusCode != want {
			t.Fatalf("POST %s: %d %s", path, r.StatusCode, body(t, r))
		}
		return r
	}
	r = w.do(locale.German, "GET", at, nil, false)
	first := body(t, r)
	valid(t, first, true)
	slider := regexp.MustCompile(`data-path="([^"]+)"`).FindStringSubmatch(first)
	if slider == nil {
		t.Fatal("no slider")
	}
	move := url.Values{"path": {slider[1]}, "low": {"1"}, "middle": {"2"}, "high": {"3"}}
	r = post("/live", move, 200)
	valid(t, body(t, r), false)
	if again := body(t, w.do(locale.German, "GET", at, nil, false)); strings.Contains(again, "/undo") {
		t.Error("a slider that moves has made a draft")
	}
	post("/preview", url.Values{"op": {"quantity"}, "path": {slider[1]}, "value": {"4"}}, 200)
	valid(t, body(t, post("/edit", move, 200)), false)
	valid(t, body(t, post("/undo", url.Values{}, 200)), false)
	valid(t, body(t, post("/redo", url.Values{}, 200)), false)
	post("/redo", url.Values{}, 409)
	post("/edit", url.Values{"op": {"add_scenario"}, "value": {"Später & größer"}}, 200)
	post("/edit", url.Values{"op": {"copy_scenario"}, "path": {"spaeter_groesser"}}, 200)
	w.check(page{path: at + "/scenarios", status: 200})
	w.check(page{path: at + "?scenario=spaeter_groesser", status: 200})
	post("/edit", url.Values{"op": {"remove_scenario"}, "path": {"spaeter_groesser_copy"}}, 200)
	post("/save", url.Values{"reason": {"Zahlen des Vertriebs"}}, 204)
	post("/seal", url.Values{"by": {"Dr. Kaufmann"}, "note": {"Beschluss"}}, 204)
	w.check(page{path: at + "/history", status: 200})
	post("/edit", move, 200)
	post("/discard", url.Values{}, 204)
	post("/restore", url.Values{"revision": {"1"}}, 204)
	post("/settings", url.Values{"status": {"live"}}, 204)
	post("/settings", url.Values{"status": {"nonsense"}}, 422)
	if text := body(t, post("/comments", url.Values{"anchor": {"result.npv"}, "text": {"Hält das?"}}, 200)); !strings.Contains(text, "Hält das?") {
		t.Error("the comment is not shown")
	}
	post("/archive", url.Values{}, 204)
	post("/edit", move, 409)
	w.check(page{path: at, status: 200})
}

func TestTwoPeopleWhoSaveAreBroughtTogether(t *testing.T) {
	w := newWorkspace(t)
	text := example(t, "maschinenbau")
	id := w.create(text)
	w.draft(id, strings.Replace(strings.Replace(text, "users: 40", "users: 50", 1), "horizon: 36", "horizon: 48", 1))
	other := app.Actor{Actor: w.who.Actor, Name: "Bert"}
	u, err := w.store.CreateUser(t.Context(), store.Actor{UserName: "x"}, store.User{Name: "Bert", Email: "bert@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	other.User = u.ID
	if _, err := w.app.SaveText(t.Context(), other, id, []byte(strings.Replace(text, "users: 40", "users: 60", 1)), 1, "sixty"); err != nil {
		t.Fatal(err)
	}
	r := w.do(locale.German, "POST", "/cases/"+id+"/save", url.Values{"reason": {"fifty"}}, false)
	page := body(t, r)
	if r.StatusCode != 409 || !strings.Contains(page, `value="fifty"`) || !strings.Contains(page, "Bert") {
		t.Fatalf("status %d: %s", r.StatusCode, page)
	}
	valid(t, page, true)
	choice := regexp.MustCompile(`name="(c\.[^"]+)"`).FindStringSubmatch(page)
	if choice == nil {
		t.Fatal("no choice")
	}
	if r = w.do(locale.German, "POST", "/cases/"+id+"/merge", url.Values{"head": {"1"}, choice[1]: {"theirs"}}, false); r.StatusCode != 409 {
		t.Errorf("choices for an older revision: %d", r.StatusCode)
	}
	if r = w.do(locale.German, "POST", "/cases/"+id+"/merge", url.Values{"head": {"2"}, choice[1]: {"theirs"}, "reason": {"both"}}, false); r.StatusCode != 303 {
		t.Fatalf("status %d: %s", r.StatusCode, body(t, r))
	}
	merged := body(t, w.do(locale.German, "GET", "/cases/"+id+"/case.yaml", nil, false))
	if !strings.Contains(merged, "users: 60") || !strings.Contains(merged, "horizon: 48") {
		t.Errorf("merged: %s", merged[:600])
	}
}

func TestEveryMessageOfThePagesIsUsedAndThere(t *testing.T) {
	keys := locale.New(locale.English).Keys()
	files := regexp.MustCompile(`\.(go|html)$`)
	word := regexp.MustCompile(`"(web\.[A-Za-z0-9_.]+)"`)
	literal := map[string]bool{}
	for _, dir := range []string{"../web", "../web/templates", "../app", "../cli", "../server", "../api", "../auth"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a package that is not there yet
		}
		for _, e := range entries {
			if !files.MatchString(e.Name()) || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			text, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range word.FindAllStringSubmatch(string(text), -1) {
				literal[m[1]] = true
			}
		}
	}
	var begins []string
	for k := range literal {
		if strings.HasSuffix(k, ".") {
			begins = append(begins, k)
		} else if !slices.Contains(keys, k) {
			t.Errorf("%q is used, and no message", k)
		}
	}
	for _, k := range keys {
		if strings.HasPrefix(k, "web.") && !literal[k] && !slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(k, b) }) {
			t.Errorf("%q is a message, and not used", k)
		}
	}
}

// A mistyped unit is answered with the one that is meant, while it is typed and where it is taken.
func TestAMistypedUnitIsAnsweredWithTheRightOne(t *testing.T) {
	w := newWorkspace(t)
	id := w.create(example(t, "maschinenbau"))
	for lang, want := range map[locale.Lang][]string{locale.German: {"„wek“ ist keine Einheit.", "Gemeint ist vielleicht „week“."}, locale.English: {"“wek” is not a unit.", "Did you mean “week”?"}} {
		for _, value := range []string{"1 .. 2 .. 3 h/wek", "1 .. 3 h/wek", "2 h/wek"} {
			for path, status := range map[string]int{"/preview": 200, "/edit": 422} {
				r := w.do(lang, "POST", "/cases/"+id+path, url.Values{"op": {"quantity"}, "path": {"hours_saved"}, "value": {value}}, true)
				text := body(t, r)
				if r.StatusCode != status || !strings.Contains(text, want[0]) || !strings.Contains(text, want[1]) {
					t.Errorf("%s: %s of %s: status %d: %s", lang, path, value, r.StatusCode, text)
				}
			}
		}
	}
}

// The report of what is before the person, as a file with the name of the case; with what changed since the seal.
func TestReportsAreHandedOut(t *testing.T) {
	w := newWorkspace(t)
	text := example(t, "maschinenbau")
	id := w.create(text)
	if _, err := w.app.Seal(t.Context(), w.who, id, "Dr. Kaufmann", "decision of the board"); err != nil {
		t.Fatal(err)
	}
	w.draft(id, strings.Replace(text, "users: 40", "users: 44", 1))
	w.save(id, "more people")
	for format, begins := range map[string]string{"pdf": "%PDF-", "xlsx": "PK\x03\x04", "html": "<!doctype html>", "md": "# ", "json": "{", "csv": "Monat;"} {
		r := w.do(locale.German, "GET", "/cases/"+id+"/report/"+format, nil, false)
		got := body(t, r)
		if r.StatusCode != 200 || !strings.HasPrefix(strings.ToLower(got), strings.ToLower(begins)) {
			t.Errorf("%s: status %d: %.80q", format, r.StatusCode, got)
		}
		if name := r.Header.Get("Content-Disposition"); !strings.Contains(name, "crm-einfuehrung-vertrieb."+format) {
			t.Errorf("%s: %s", format, name)
		}
		if format == "md" && (!strings.Contains(got, "40 → 44") || !strings.Contains(got, "CRM-Einführung Vertrieb")) {
			t.Errorf("the report does not tell what changed since the seal:\n%s", got)
		}
	}
	ai := body(t, w.do(locale.English, "GET", "/cases/"+id+"/report/md?scenario=with_ai", nil, false))
	if plain := body(t, w.do(locale.English, "GET", "/cases/"+id+"/report/md", nil, false)); ai == plain || strings.Contains(ai, "Annahmen") {
		t.Error("the scenario or the language makes no difference")
	}
}
