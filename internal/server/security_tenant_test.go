package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// secrecy stands in everything that the other organisation has.
const secrecy = "Geheimsache"

// What belongs to another organisation cannot be reached by naming it, in no path, field, query or header: the owner of
// one organisation tries everything with ids of the other.
func TestTenant_namesOfOthersOpenNothing(t *testing.T) {
	w := newWorld(t)
	ctx, s := t.Context(), w.server.Store
	theirs := w.aCase(w.org, "owner", strings.ReplaceAll(small, "label: ", "note: "+secrecy+", label: "))
	w.check(s.RenameCase(ctx, w.by("owner"), theirs, secrecy))
	c, err := s.AddComment(ctx, w.by("commenter"), store.Comment{CaseID: theirs, Anchor: "users", Text: secrecy})
	w.check(err)
	comment := c.ID
	secret, share := w.share(theirs, "owner")
	_, token := w.token(w.org, "owner", auth.Scopes()...)
	_, session := w.session("owner")
	invited := store.Hash(w.invitation(w.org, "owner", secrecy+"@example.com"))
	_, err = s.BeginDraft(ctx, theirs, w.people["owner"].ID, 1, small+"# "+secrecy)
	w.check(err)

	mine := w.aCase(w.other, "outsider", small)
	my := w.comment(mine, "outsider")
	_, err = s.BeginDraft(ctx, mine, w.people["outsider"].ID, 1, small)
	w.check(err)
	_, err = s.PushDraft(ctx, mine, w.people["outsider"].ID, "users", strings.Replace(small, "value: 10", "value: 11", 1))
	w.check(err)
	cookie, _ := w.session("outsider")
	at, other := "/cases/"+mine, "/cases/"+theirs

	type try struct {
		method, path string
		form         url.Values
		json         string
		want         int
	}
	post, get := http.MethodPost, http.MethodGet
	tries := []try{
		{post, at + "/comments/" + comment + "/resolve", nil, "", 404},
		{post, at + "/comments", url.Values{"anchor": {"users"}, "text": {"x"}, "parent": {comment}}, "", 404},
		{post, other + "/comments/" + my + "/resolve", nil, "", 404},
		{post, at + "/share/" + share + "/revoke", nil, "", 404},
		{post, other + "/share/" + share + "/revoke", nil, "", 404},
		{post, "/settings/sessions/revoke", url.Values{"id": {session}}, "", 404},
		{post, "/settings/tokens/revoke", url.Values{"id": {token}}, "", 404},
		{post, "/settings/tokens", url.Values{"name": {"x"}, "days": {"3"}, "scope": {"cases:read"}, "org": {w.org}}, "", 404},
		{post, "/settings/tokens?org=" + w.org, url.Values{"name": {"x"}, "days": {"3"}, "scope": {"cases:read"}}, "", 404},
		{post, "/settings/tokens", url.Values{"name": {"x"}, "days": {"3"}, "scope": {"cases:read"}, "org": {"none"}}, "", 404},
		{post, "/new?org=" + w.org, url.Values{"name": {"x"}}, "", 404},
		{post, "/new", url.Values{"name": {"x"}, "org": {w.org}}, "", 404},
		{post, "/examples/maschinenbau", url.Values{"org": {w.org}}, "", 404},
		{post, "/organisations/" + w.org + "/rename", url.Values{"name": {"x"}}, "", 404},
		{post, "/organisations/" + w.org + "/invite", url.Values{"role": {"owner"}}, "", 404},
		{post, "/organisations/" + w.org + "/members", url.Values{"user": {w.people["outsider"].ID}, "role": {"owner"}}, "", 404},
		{post, "/organisations/" + w.org + "/members", url.Values{"user": {w.people["viewer"].ID}, "remove": {"1"}}, "", 404},
		{post, "/organisations/" + w.other + "/members", url.Values{"user": {w.people["viewer"].ID}, "role": {"owner"}}, "", 404},
		{post, "/organisations/" + w.other + "/members", url.Values{"user": {w.people["viewer"].ID}, "remove": {"1"}}, "", 404},
		{post, "/organisations/" + w.org + "/withdraw", url.Values{"invitation": {invited}}, "", 404},
		{post, "/organisations/" + w.other + "/withdraw", url.Values{"invitation": {invited}}, "", 404},
		{get, "/organisations/" + w.org, nil, "", 404},
		{get, "/?org=" + w.org, nil, "", 404},
		{get, "/?org=" + w.org + "&q=" + secrecy, nil, "", 404},
		{get, "/?q=" + secrecy, nil, "", 200},
		{get, "/?org=" + w.org + "&org=" + w.other, nil, "", 404},
		{get, at + "/trace?of=users&id=" + theirs, nil, "", 200},
		{get, at + "?id=" + theirs + "&case=" + theirs, nil, "", 200},
		{get, "/cases/" + mine + "%2f..%2f" + theirs, nil, "", 404},
		{get, other + "?scenario=more&revision=1", nil, "", 404},
		{get, "/s/" + share, nil, "", 404},
		{get, "/s/" + theirs, nil, "", 404},
		{get, "/settings", nil, "", 200},
		{get, "/organisations/" + w.other, nil, "", 200},

		{get, "/api/v1/organisations/" + w.org, nil, "", 404},
		{get, "/api/v1/organisations/" + w.org + "/members", nil, "", 404},
		{get, "/api/v1/organisations/" + w.org + "/events", nil, "", 404},
		{get, "/api/v1/organisations/" + w.org + "/portfolio", nil, "", 404},
		{get, "/api/v1/cases?organisation=" + w.org, nil, "", 404},
		{post, "/api/v1/cases?organisation=" + w.org, nil, `{"text":` + quote(small) + `}`, 404},
		{post, "/api/v1/cases", nil, `{"organisation":"` + w.org + `","text":` + quote(small) + `}`, 404},
		{post, "/api/v1" + at + "/comments/" + comment + "/resolve", nil, "", 404},
		{post, "/api/v1" + at + "/comments", nil, `{"anchor":"a","text":"b","parent":"` + comment + `"}`, 404},
		{"DELETE", "/api/v1" + at + "/shares/" + share, nil, "", 404},
		{"DELETE", "/api/v1/tokens/" + token, nil, "", 404},
		{post, "/api/v1/tokens", nil, `{"name":"x","scopes":["cases:read"],"days":3,"organisation":"` + w.org + `"}`, 404},
		{"PATCH", "/api/v1/organisations/" + w.other + "/members/" + w.people["viewer"].ID, nil, `{"role":"owner"}`, 404},
		{"DELETE", "/api/v1/organisations/" + w.other + "/members/" + w.people["viewer"].ID, nil, "", 404},
		{"PATCH", "/api/v1/organisations/" + w.org + "/members/" + w.people["outsider"].ID, nil, `{"role":"owner"}`, 404},
	}
	for path, methods := range w.operations() {
		if !strings.HasPrefix(path, "/cases/{case}") {
			continue
		}
		for _, m := range methods {
			body := map[string]string{"POST": "{}", "PATCH": "{}", "PUT": "{}"}[m]
			tries = append(tries, try{m, "/api/v1" + strings.NewReplacer("{case}", theirs, "{comment}", comment, "{share}", share, "{number}", "1").Replace(path), nil, body, 0})
		}
	}
	before := w.state()
	for _, y := range tries {
		q := ask{method: y.method, path: y.path, cookie: cookie, form: y.form, header: map[string]string{"HX-Current-URL": w.base + other + "/costs", "Referer": w.base + other}}
		if y.json != "" {
			q.body, q.kind = y.json, "application/json"
		}
		got := w.do(q)
		// Of the API's operations a body that does not fit may be refused first.
		if got.StatusCode != y.want && (y.want != 0 || got.StatusCode != 404 && got.StatusCode != 422 && got.StatusCode != 428) {
			t.Errorf("%s %s %v: status %d, want %d\n%.300s", y.method, y.path, y.form, got.StatusCode, y.want, got.text)
		}
		if text := strings.ReplaceAll(got.text, "q="+secrecy, ""); strings.Contains(text, secrecy) && !strings.Contains(y.path, secrecy) || got.StatusCode != 404 && strings.Contains(text, "Muster AG") {
			t.Errorf("%s %s tells of the other organisation", y.method, y.path)
		}
		w.unchanged(t, before, y.method+" "+y.path)
	}
	// The page that a fragment is asked from is only a name of a tab.
	for _, current := range []string{other + "/costs", other + "/assumptions", "https://evil.example" + other + "/benefits", "%zz", strings.Repeat("/costs", 2000)} {
		for _, path := range []string{"/undo", "/redo"} {
			got := w.do(ask{method: post, path: at + path, cookie: cookie, header: map[string]string{"HX-Request": "true", "HX-Current-URL": current}})
			if got.StatusCode != 200 || strings.Contains(got.text, secrecy) || strings.Contains(got.text, theirs) {
				t.Errorf("%s from %.60s: status %d\n%.300s", path, current, got.StatusCode, got.text)
			}
		}
	}
	// Where to go on in a list of one organisation says nothing about another's.
	for range 60 {
		w.comment(theirs, "owner")
	}
	_, cursor, err := s.OrganisationEvents(ctx, w.org, store.Page{Limit: 5})
	w.check(err)
	for _, path := range []string{"/organisations/" + w.other + "?after=" + url.QueryEscape(cursor), "/?org=" + w.other + "&after=" + url.QueryEscape(cursor), at + "/history?after=" + url.QueryEscape(cursor), "/api/v1/organisations/" + w.other + "/events?cursor=" + url.QueryEscape(cursor)} {
		if got := w.do(ask{path: path, cookie: cookie}); got.StatusCode >= 500 || strings.Contains(got.text, w.people["owner"].ID) || strings.Contains(got.text, theirs) {
			t.Errorf("%s: status %d\n%.300s", path, got.StatusCode, got.text)
		}
	}
	// A link opens its case and no other; a token its organisation and no other.
	bearer := func(secret string) map[string]string { return map[string]string{"Authorization": "Bearer " + secret} }
	second := w.aCase(w.org, "owner", small)
	for _, y := range []struct {
		path, secret string
		want         int
	}{
		{"/api/v1" + other, secret, 200},
		{"/api/v1" + other + "/case.yaml", secret, 403},
		{"/api/v1" + other + "/comments", secret, 403},
		{"/api/v1/cases/" + second, secret, 404},
		{"/api/v1" + at, secret, 404},
	} {
		if got := w.do(ask{path: y.path, header: bearer(y.secret)}); got.StatusCode != y.want {
			t.Errorf("link: %s: status %d, want %d", y.path, got.StatusCode, y.want)
		}
	}
	w.check(s.AddMember(ctx, w.by("outsider"), w.other, w.people["owner"].ID, store.Owner))
	inOther, _ := w.token(w.other, "owner", auth.Scopes()...)
	for path, want := range map[string]int{"/api/v1" + at: 200, "/api/v1" + other: 404, "/api/v1/organisations/" + w.org: 404, "/api/v1/cases?organisation=" + w.org: 404} {
		if got := w.do(ask{path: path, header: bearer(inOther)}); got.StatusCode != want {
			t.Errorf("token: %s: status %d, want %d", path, got.StatusCode, want)
		}
	}
	// The same key of another person is another request.
	key := map[string]string{"Idempotency-Key": "one"}
	body := `{"organisation":"` + w.other + `","text":` + quote(strings.Replace(small, "case: Test", "case: "+secrecy, 1)) + `}`
	owner, _ := w.session("owner")
	first := w.do(ask{method: post, path: "/api/v1/cases", cookie: owner, body: body, kind: "application/json", header: key})
	again := w.do(ask{method: post, path: "/api/v1/cases", cookie: cookie, body: body, kind: "application/json", header: key})
	if first.StatusCode != 201 || again.StatusCode != 201 || first.Header.Get("Location") == again.Header.Get("Location") {
		t.Errorf("one key of two people: %d %d, %s %s", first.StatusCode, again.StatusCode, first.Header.Get("Location"), again.Header.Get("Location"))
	}
}
