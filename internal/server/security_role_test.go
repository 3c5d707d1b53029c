package server_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/server"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Who a route is for, beside an operation of package auth.
const (
	anybody auth.Operation = "anybody" // signed in or not
	signed  auth.Operation = "signed"  // whoever is signed in
	link    auth.Operation = "link"    // whoever has the link in the path
)

// attempt is a right request for a route; names in braces are things made for it alone.
type attempt struct {
	pattern string
	path    string // where it is not the pattern
	form    string // as in a query
	file    string // an upload
	needs   auth.Operation
	status  int // of success, where it is not 200 for GET and 303 for the others
	// other is the status for some actors beside what their role says, with why in a comment.
	other map[string]int
}

// deals is an export of a CRM, and dealsMapping says what its columns are.
const (
	deals        = "Nr;Phase;Betrag\n1;Gewonnen;1200,50\n2;Verloren;80,00\n"
	dealsMapping = "mapping: Deals\ntable: opportunity\ncolumns:\n  Nr: id\n  Phase: stage\n  Betrag: amount\nstages: {Gewonnen: won, Verloren: lost}\n"
)

// notSigned are the actors whom a page takes for nobody.
var notSigned = []string{"nobody", "visitor", "disabled", "token-cookie", "token-bearer"}

// always gives the same status to the actors.
func always(status int, actors ...string) map[string]int {
	m := map[string]int{}
	for _, a := range actors {
		m[a] = status
	}
	return m
}

var everybodySigned = []string{"outsider", "viewer", "commenter", "editor", "owner", "administrator"}

// attempts are all routes of internal/web/routes.go.
var attempts = []attempt{
	{pattern: "GET /static/{file...}", path: "/static/app.css", needs: anybody},
	{pattern: "POST /preferences", form: "lang=de&back=/guide", needs: anybody},

	{pattern: "GET /{$}", path: "/?org={org}", needs: auth.CaseRead},
	// The form holds nothing of anybody; what it makes is refused.
	{pattern: "GET /new", path: "/new?org={org}", needs: signed},
	{pattern: "POST /new", form: "org={org}&name=Neu", needs: auth.CaseCreate},
	{pattern: "POST /new/defaults", form: "org={org}&industry=trade", needs: signed, status: 200},
	{pattern: "POST /examples/{name}", path: "/examples/maschinenbau", form: "org={org}", needs: auth.CaseCreate},
	{pattern: "POST /import", form: "org={org}", file: small, needs: auth.CaseCreate},

	{pattern: "GET /cases/{id}", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/why", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/assumptions", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/costs", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/benefits", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/scorecard", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/scenarios", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/actions", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/audit", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/history", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/file", needs: auth.CaseExport},
	{pattern: "POST /cases/{id}/file", form: "text={changed}&seen={seen}", needs: auth.CaseEdit},
	{pattern: "POST /cases/{id}/check", form: "text={changed}", needs: auth.CaseRead, status: 200},
	{pattern: "GET /cases/{id}/case.yaml", needs: auth.CaseExport},
	{pattern: "GET /cases/{id}/report/{format}", path: "/cases/{id}/report/md", needs: auth.CaseRead},

	// What a slider, a preview and the dialogs answer is kept nowhere, so reading is enough.
	{pattern: "POST /cases/{id}/live", form: "path=saved&low=10&middle=20&high=30", needs: auth.CaseRead, status: 200},
	{pattern: "GET /cases/{id}/edit", path: "/cases/{id}/edit?path=users", needs: auth.CaseRead},
	{pattern: "POST /cases/{id}/edit", form: "op=quantity&path=users&value=11", needs: auth.CaseEdit, status: 200},
	{pattern: "POST /cases/{id}/preview", form: "op=quantity&path=users&value=11", needs: auth.CaseRead, status: 200},
	{pattern: "GET /cases/{id}/complete", path: "/cases/{id}/complete?word=us", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/add", path: "/cases/{id}/add?group=costs", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/line", path: "/cases/{id}/line?path=costs.licences", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/criterion", path: "/cases/{id}/criterion?path=scorecard.compliance", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/rename", path: "/cases/{id}/rename?path=costs.licences", needs: auth.CaseRead},
	{pattern: "GET /cases/{id}/trace", path: "/cases/{id}/trace?of=users", needs: auth.CaseRead},
	{pattern: "POST /cases/{id}/undo", path: "/cases/{draft}/undo", needs: auth.CaseEdit, status: 200},
	{pattern: "POST /cases/{id}/redo", path: "/cases/{undone}/redo", needs: auth.CaseEdit, status: 200},
	{pattern: "POST /cases/{id}/discard", path: "/cases/{draft}/discard", needs: auth.CaseEdit},
	{pattern: "GET /cases/{id}/save", needs: auth.CaseRead},
	{pattern: "POST /cases/{id}/save", path: "/cases/{draft}/save", form: "reason=better", needs: auth.CaseSave},
	{pattern: "POST /cases/{id}/merge", path: "/cases/{stale}/merge", form: "head=2&reason=both", needs: auth.CaseEdit},
	{pattern: "POST /cases/{id}/restore", path: "/cases/{stale}/restore", form: "revision=1", needs: auth.CaseRestore},
	{pattern: "GET /cases/{id}/seal", needs: auth.CaseRead},
	{pattern: "POST /cases/{id}/seal", form: "by=Kaufmann&note=x", needs: auth.CaseSeal},
	{pattern: "GET /cases/{id}/settings", needs: auth.CaseRead},
	{pattern: "POST /cases/{id}/settings", form: "status=live", needs: auth.CaseStatus},
	{pattern: "POST /cases/{id}/archive", needs: auth.CaseDelete},
	{pattern: "POST /cases/{id}/unarchive", path: "/cases/{archived}/unarchive", needs: auth.CaseDelete},
	{pattern: "POST /cases/{id}/comments", form: "anchor=users&text=Why?", needs: auth.CommentWrite, status: 200},
	{pattern: "POST /cases/{id}/comments/{comment}/resolve", needs: auth.CommentResolve, status: 200},
	{pattern: "GET /cases/{id}/share", needs: auth.ShareCreate},
	{pattern: "POST /cases/{id}/share", form: "days=7", needs: auth.ShareCreate, status: 200},
	{pattern: "POST /cases/{id}/share/{share}/revoke", needs: auth.ShareRevoke, status: 200},

	{pattern: "GET /s/{secret}", needs: link},
	{pattern: "GET /s/{secret}/why", needs: link},
	{pattern: "GET /s/{secret}/trace", path: "/s/{secret}/trace?of=users", needs: link},

	{pattern: "GET /guide", needs: anybody},
	{pattern: "GET /guide/{slug}", path: "/guide/introduction", needs: anybody},

	// Who is signed in goes on to the cases.
	{pattern: "GET /login", needs: anybody, other: always(303, everybodySigned...)},
	{pattern: "POST /login", form: "email=owner@example.com&password={password}", needs: anybody},
	{pattern: "POST /logout", needs: anybody},
	// There is somebody already: on to the log-in.
	{pattern: "GET /setup", needs: anybody, status: 303},
	{pattern: "POST /setup", form: "name=Eve&email=eve@example.com&organisation=Eve&password={password}", needs: anybody},
	{pattern: "GET /reset", needs: anybody},
	{pattern: "POST /reset", form: "email={unique}@example.com", needs: anybody, status: 200},
	{pattern: "POST /reset/password", form: "secret={reset}&password={password}", needs: anybody},
	{pattern: "GET /invitation/{secret}", path: "/invitation/{invitation}", needs: anybody},
	// Members are members already.
	{pattern: "POST /invitation/{secret}", path: "/invitation/{invitation}", form: "name={unique}&email={unique}@example.com&password={password}", needs: anybody, other: always(409, "viewer", "commenter", "editor", "owner")},
	// No provider is set up.
	{pattern: "GET /oidc/start", needs: anybody, status: 404},
	{pattern: "GET /oidc/callback", needs: anybody, status: 404},

	{pattern: "GET /settings", needs: signed},
	{pattern: "POST /settings/profile", form: "name={actor}", needs: signed},
	{pattern: "POST /settings/password", form: "old=wrong&password={password}", needs: signed, status: 422},
	{pattern: "POST /settings/sessions/revoke", form: "id={session}", needs: signed},
	{pattern: "POST /settings/tokens", form: "name=x&days=3&scope=cases:read", needs: signed, status: 200},
	{pattern: "POST /settings/tokens/revoke", form: "id={token}", needs: signed},
	{pattern: "GET /organisations", needs: signed, status: 303},
	{pattern: "POST /organisations", form: "name=Neue", needs: auth.OrgCreate},
	{pattern: "GET /organisations/{id}", path: "/organisations/{org}", needs: auth.MemberList},
	{pattern: "POST /organisations/{id}/rename", path: "/organisations/{org}/rename", form: "name=Muster AG", needs: auth.OrgRename},
	{pattern: "POST /organisations/{id}/members", path: "/organisations/{org}/members", form: "user={guest}&role=editor", needs: auth.MemberChange},
	{pattern: "POST /organisations/{id}/invite", path: "/organisations/{org}/invite", form: "email=&role=viewer", needs: auth.MemberInvite, status: 200},
	{pattern: "POST /organisations/{id}/withdraw", path: "/organisations/{org}/withdraw", form: "invitation={invited}", needs: auth.MemberInvite},

	// On to the part that is open to them.
	{pattern: "GET /data", path: "/data", needs: signed, status: 303, other: map[string]int{"administrator": 303}},
	{pattern: "GET /organisations/{id}/data", path: "/organisations/{org}/data", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/uploads", path: "/organisations/{org}/data/uploads", form: "source={unique}&timezone=UTC&currency=EUR", file: deals, needs: auth.DataImport},
	{pattern: "GET /organisations/{id}/data/uploads/{upload}", path: "/organisations/{org}/data/uploads/{upload}", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/uploads/{upload}", path: "/organisations/{org}/data/uploads/{upload}", form: "table=opportunity&to.0=id", needs: auth.DataImport},
	{pattern: "GET /organisations/{id}/data/uploads/{upload}/mapping.yaml", path: "/organisations/{org}/data/uploads/{upload}/mapping.yaml", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/uploads/{upload}/mapping", path: "/organisations/{org}/data/uploads/{upload}/mapping", file: dealsMapping, needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/uploads/{upload}/start", path: "/organisations/{org}/data/uploads/{ready}/start", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/uploads/{upload}/stop", path: "/organisations/{org}/data/uploads/{upload}/stop", needs: auth.DataImport, status: 409}, // it does not run
	{pattern: "POST /organisations/{id}/data/uploads/{upload}/drop", path: "/organisations/{org}/data/uploads/{upload}/drop", needs: auth.DataImport},
	{pattern: "GET /organisations/{id}/data/imports/{import}", path: "/organisations/{org}/data/imports/{import}", needs: auth.DataImport},
	{pattern: "GET /organisations/{id}/data/imports/{import}/rejects.csv", path: "/organisations/{org}/data/imports/{import}/rejects.csv", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/imports/{import}/take-back", path: "/organisations/{org}/data/imports/{import}/take-back", needs: auth.DataRemove},
	{pattern: "GET /organisations/{id}/data/mapping.yaml", path: "/organisations/{org}/data/mapping.yaml?name={mapping}", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/mapping/remove", path: "/organisations/{org}/data/mapping/remove", form: "name={mapping}", needs: auth.DataImport},
	{pattern: "POST /organisations/{id}/data/source/remove", path: "/organisations/{org}/data/source/remove", form: "source={source}", needs: auth.DataRemove},
	{pattern: "GET /organisations/{id}/data/figures", path: "/organisations/{org}/data/figures?source={source}", needs: auth.DataRead},
	{pattern: "GET /organisations/{id}/data/figures/{figure}", path: "/organisations/{org}/data/figures/win_rate?source={source}", needs: auth.DataRead},

	{pattern: "/", path: "/nothing", needs: anybody, status: 404},
}

// keeping are the routes that change nothing although they are no GET: what they get is too long for an address.
var keeping = []string{"POST /preferences", "POST /new/defaults", "POST /cases/{id}/check", "POST /cases/{id}/live", "POST /cases/{id}/preview", "POST /setup", "POST /settings/password"}

// actors are who tries.
var actors = []string{"nobody", "outsider", "viewer", "commenter", "editor", "owner", "administrator", "visitor", "disabled", "token-cookie", "token-bearer"}

// acting is what package auth knows of an actor of the world.
func (w *world) acting(name string) auth.Actor {
	if slices.Contains(notSigned, name) {
		return auth.Actor{}
	}
	a := auth.Actor{User: w.people[name].ID, Admin: name == "administrator", Roles: map[string]auth.Role{}}
	if r, ok := auth.ParseRole(name); ok {
		a.Roles[w.org] = r
	}
	return a
}

// expected is the answer that the table of permissions asks for: a status, or "login" for a way to the log-in.
func (w *world) expected(a attempt, name string) string {
	get := !strings.HasPrefix(a.pattern, "POST")
	ok := a.status
	if ok == 0 {
		ok = http.StatusSeeOther
		if get {
			ok = http.StatusOK
		}
	}
	if s, have := a.other[name]; have {
		ok = s
	}
	var err error
	switch actor := w.acting(name); a.needs {
	case anybody:
	case link:
		if name != "visitor" {
			return "404"
		}
	case signed:
		if actor.User == "" {
			err = auth.Allowed(actor, auth.CaseRead, auth.Facts{})
		}
	default:
		f := auth.Facts{Organisation: w.org, Case: "a case"}
		if a.needs == auth.OrgCreate {
			f = auth.Facts{}
		}
		err = auth.Allowed(actor, a.needs, f)
	}
	if err == nil {
		return fmt.Sprint(ok)
	}
	if s := auth.Status(err); s != http.StatusUnauthorized || !get {
		return fmt.Sprint(s)
	}
	return "login"
}

// fill makes what a request names in braces, for one actor. It is asked for each name once.
func (w *world) fill(text, actor string, have map[string]string) string {
	ctx, s := w.t.Context(), w.server.Store
	user := w.people[actor]
	if slices.Contains(notSigned, actor) {
		user = w.people["editor"] // whose things they try
	}
	draft := func(texts ...string) string {
		id := w.aCase(w.org, "owner", small)
		_, err := s.BeginDraft(ctx, id, user.ID, 1, small)
		w.check(err)
		for _, t := range texts {
			_, err = s.PushDraft(ctx, id, user.ID, "users", t)
			w.check(err)
		}
		return id
	}
	made := func(name string) string {
		switch name {
		case "org":
			return w.org
		case "actor":
			return cmp.Or(w.people[actor].Name, actor)
		case "unique":
			return store.NewID()
		case "password":
			return password
		case "id":
			return w.aCase(w.org, "owner", small)
		case "changed":
			return strings.Replace(small, "value: 10,", "value: 11,", 1)
		case "seen":
			return store.Hash(small)
		case "draft":
			return draft(strings.Replace(small, "value: 10,", "value: 12,", 1))
		case "undone":
			id := draft(strings.Replace(small, "value: 10,", "value: 13,", 1))
			_, err := s.UndoDraft(ctx, id, user.ID)
			w.check(err)
			return id
		case "stale":
			id := draft(strings.Replace(small, "value: 10,", "value: 14,", 1))
			_, err := s.SaveRevision(ctx, store.Revision{CaseID: id, Base: 1, AuthorID: w.people["owner"].ID, AuthorName: "owner", Text: strings.Replace(small, "500 EUR", "600 EUR", 1)})
			w.check(err)
			return id
		case "archived":
			id := w.aCase(w.org, "owner", small)
			w.check(s.ArchiveCase(ctx, w.by("owner"), id, true))
			return id
		case "comment":
			return w.comment(have["id"], "commenter")
		case "share":
			_, id := w.share(have["id"], "editor")
			return id
		case "secret": // the visitor's is right, everybody else guesses
			if actor != "visitor" {
				return store.NewSecret()
			}
			secret, _ := w.share(w.aCase(w.org, "owner", small), "editor")
			return secret
		case "reset":
			secret, err := s.CreateReset(ctx, w.people["forgetful"].ID, w.now().Add(time.Hour))
			w.check(err)
			return secret
		case "invitation":
			return w.invitation(w.org, "owner", "")
		case "invited":
			return store.Hash(w.invitation(w.org, "owner", ""))
		case "session":
			_, id := w.session(user.Name)
			return id
		case "token":
			org := w.org
			if w.acting(actor).Roles[org] == auth.NoRole { // in an organisation that they do not leave meanwhile
				org = w.other
			}
			_, id := w.token(org, user.Name, auth.CasesRead)
			return id
		case "source":
			return strconv.FormatInt(w.imported().Source, 10)
		case "import":
			return strconv.FormatInt(w.imported().ID, 10)
		case "mapping":
			m := warehouse.Mapping{Owner: w.org, Name: store.NewID(), Table: "opportunity", Text: dealsMapping}
			w.check(w.records.KeepMapping(ctx, m))
			return m.Name
		case "upload", "ready":
			who, err := w.server.App.Actor(ctx, w.people["owner"].ID)
			w.check(err)
			u, err := w.server.App.AddUpload(ctx, who, w.org, app.NewUpload{File: "deals.csv", Source: "CRM", Timezone: "UTC", Currency: "EUR"}, strings.NewReader(deals+store.NewID()+";Gewonnen;1,00\n"))
			w.check(err)
			if name == "ready" {
				_, err = w.server.App.UseMapping(ctx, who, w.org, u.ID, "m.yaml", []byte(dealsMapping))
				w.check(err)
			}
			return u.ID
		case "guest":
			u := w.person(store.NewID())
			w.check(s.AddMember(ctx, w.by("owner"), w.org, u.ID, store.Viewer))
			return u.ID
		}
		w.t.Fatalf("nothing is called {%s}", name)
		return ""
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if have[name] == "" {
			have[name] = made(name)
		}
		b.WriteString(have[name])
		text = after
	}
}

// prepared is an attempt of an actor as a request.
func (w *world) prepared(a attempt, actor string) ask {
	method, path, ok := strings.Cut(a.pattern, " ")
	if !ok {
		method, path = http.MethodGet, a.pattern
	}
	if a.path != "" {
		path = a.path
	}
	have := map[string]string{}
	q := ask{method: method, path: w.fill(path, actor, have), header: map[string]string{"Sec-Fetch-Site": "same-origin"}}
	if a.form != "" {
		q.form = url.Values{}
		for pair := range strings.SplitSeq(a.form, "&") {
			k, v, _ := strings.Cut(pair, "=")
			q.form.Set(k, w.fill(v, actor, have))
		}
	}
	if a.file != "" {
		q.body, q.kind = upload("case.yaml", a.file, q.form)
		q.form = nil
	}
	switch actor {
	case "nobody":
	case "disabled":
		q.cookie = w.kept
	case "visitor":
		q.cookie, _ = w.share(w.aCase(w.org, "owner", small), "editor")
	case "token-cookie":
		q.cookie, _ = w.token(w.org, "owner", auth.Scopes()...)
	case "token-bearer":
		secret, _ := w.token(w.org, "owner", auth.Scopes()...)
		q.header["Authorization"] = "Bearer " + secret
	default:
		q.cookie, _ = w.session(actor)
	}
	return q
}

// upload is a form with a file, as a browser sends it.
func upload(name, text string, form url.Values) (body, kind string) {
	const boundary = "rendite-boundary"
	var b strings.Builder
	for k, v := range form {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, k, v[0])
	}
	name = strings.NewReplacer("\"", "%22", "\r", "%0D", "\n", "%0A").Replace(name) // as the standard of HTML has it
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: application/yaml\r\n\r\n%s\r\n--%s--\r\n", boundary, name, text, boundary)
	return b.String(), "multipart/form-data; boundary=" + boundary
}

// Every page for everybody, as a table of statuses that is also derived from the table of permissions. Where a request is
// refused, nothing that is stored may have changed.
func TestRoles_everyPageForEverybody(t *testing.T) {
	// Each actor's attempts are made ready in one go, with uploads of their own.
	w := newWorld(t, func(c *server.Config) { c.Uploads.Uploads = 10 * len(attempts) })
	rows := make([][]string, len(attempts))
	for _, actor := range actors {
		w.ahead.Add(int64(6 * time.Minute)) // until one address may ask for a new password again
		requests := make([]ask, len(attempts))
		for i, a := range attempts {
			requests[i] = w.prepared(a, actor)
		}
		for i, a := range attempts {
			before := w.state()
			got := w.do(requests[i])
			cell := fmt.Sprint(got.StatusCode)
			if got.StatusCode == http.StatusSeeOther && strings.HasPrefix(got.to(), "/login?next=") {
				cell = "login"
			}
			rows[i] = append(rows[i], cell)
			name := a.pattern + " as " + actor
			if want := w.expected(a, actor); cell != want {
				t.Errorf("%s: %s, the table of permissions asks for %s\n%.400s", name, cell, want, got.text)
			}
			if got.StatusCode >= 400 || cell == "login" {
				w.unchanged(t, before, name)
			}
			if slices.Contains(keeping, a.pattern) || !strings.HasPrefix(a.pattern, "POST ") {
				w.unchanged(t, before, name)
			}
			if got.StatusCode >= 500 {
				t.Errorf("%s: %s", name, got.text)
			}
			if a.pattern == "POST /invitation/{secret}" && (actor == "outsider" || actor == "administrator") { // out again
				w.check(w.server.Store.RemoveMember(t.Context(), w.by("owner"), w.org, w.people[actor].ID))
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-66s %s\n", "", strings.Join(actors, " "))
	for i, a := range attempts {
		fmt.Fprintf(&b, "%-66s", a.pattern)
		for k, cell := range rows[i] {
			fmt.Fprintf(&b, " %-*s", len(actors[k]), cell)
		}
		b.WriteString("\n")
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	golden(t, "testdata/roles.txt", strings.Join(lines, "\n"))
}

func TestRoles_theTableHasEveryRoute(t *testing.T) {
	var have []string
	for _, a := range attempts {
		have = append(have, a.pattern)
	}
	if d := gocmp.Diff(patterns(t, "../web/routes.go", 60), have); d != "" {
		t.Errorf("routes (-routes.go +attempts):\n%s", d)
	}
}
