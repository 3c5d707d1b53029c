package api_test

import (
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/app"
)

// A journey is a row of calls on one world.
func journey(t *testing.T, w *world, calls ...call) {
	t.Helper()
	for _, c := range calls {
		w.run(t, c)
	}
}

func TestCases_fromMakingToArchiving(t *testing.T) {
	w := newWorld(t)
	journey(t, w,
		call{name: "as YAML", as: "editor", request: "POST /cases?reason=start", yaml: small, status: 201,
			has: map[string]any{"revision": 1, "organisation": "{org}"}, sends: map[string]string{"Location": "*", "ETag": "*"}, keep: map[string]string{"case": "id"}},
		call{name: "as JSON", as: "editor", request: "POST /cases", json: `{"text":"currency: EUR\n","name":"Only a name","organisation":"{org}"}`, status: 201, keep: map[string]string{"second": "id"}},
		call{name: "without a name", as: "editor", request: "POST /cases", yaml: "currency: EUR\n", status: 422, code: "invalid", has: map[string]any{"reason": "name"}},
		call{name: "no YAML", as: "editor", request: "POST /cases", yaml: "case: [\n", status: 422, code: "invalid", has: map[string]any{"errors.0.line": 1, "errors.0.severity": "error"}},
		call{name: "elsewhere", as: "editor", request: "POST /cases?organisation={other}", yaml: small, status: 404, code: "not_found"},
		call{name: "wrong kind of body", as: "editor", request: "POST /cases", json: `x`, header: map[string]string{"Content-Type": "text/plain"}, status: 415, code: "unsupported_media_type"},
		call{name: "no body", as: "editor", request: "POST /cases", header: map[string]string{"Content-Type": "application/json"}, status: 400, code: "malformed"},
		call{name: "not UTF-8", as: "editor", request: "POST /cases", yaml: "case: \xff\n", status: 400, code: "malformed"},
		call{name: "too large", as: "editor", request: "POST /cases", yaml: strings.Repeat("# filler\n", 300_000), status: 413, code: "too_large"},
		call{as: "viewer", request: "GET /cases/{case}", status: 200, has: map[string]any{"name": "Test", "head": 1, "revision": 1, "text": small, "status": "draft", "sealed": false, "hash": app.Hash([]byte(small))}, sends: map[string]string{"ETag": "*", "Cache-Control": "private, no-cache"}, keep: map[string]string{"tag": "header ETag"}},
		call{name: "again", as: "viewer", request: "GET /cases/{case}", header: map[string]string{"If-None-Match": "{tag}"}, status: 304, sends: map[string]string{"ETag": "{tag}"}},
		call{as: "viewer", request: "GET /cases/none", status: 404, code: "not_found"},
		call{as: "editor", request: "PATCH /cases/{case}", json: `{"status":"decided"}`, status: 204},
		call{name: "changed since", as: "viewer", request: "GET /cases/{case}", header: map[string]string{"If-None-Match": "{tag}"}, status: 200, has: map[string]any{"status": "decided"}},
		call{as: "editor", request: "PATCH /cases/{case}", json: `{}`, status: 422, code: "invalid"},
		call{as: "editor", request: "PATCH /cases/{case}", json: `{"status":"finished"}`, status: 422, has: map[string]any{"errors.0.location": "body.status"}},
		call{as: "editor", request: "PATCH /cases/{case}", json: `{"nmae":"x"}`, status: 422, has: map[string]any{"errors.0.location": "body.nmae"}},
		call{as: "viewer", request: "GET /cases?search=tes", status: 200, has: map[string]any{"items.0.id": "{case}", "items.0.figures.currency": "EUR", "items.0.figures.horizon_months": 12}, lacks: []string{"items.1", "next"}},
		call{as: "viewer", request: "GET /cases?status=live", status: 200, lacks: []string{"items.0"}},
		call{name: "which does not compute", as: "viewer", request: "GET /cases?sort=name&search=only", status: 200, has: map[string]any{"items.0.id": "{second}"}, lacks: []string{"items.0.figures"}},
		call{as: "viewer", request: "GET /cases?sort=roi", status: 422, has: map[string]any{"errors.0.location": "query.sort"}},
		call{as: "viewer", request: "GET /cases?limit=0", status: 422},
		call{as: "viewer", request: "GET /cases?cursor=x", status: 422, code: "invalid"},
		call{as: "viewer", request: "GET /cases?organisation={other}", status: 404, code: "not_found"},
		call{as: "viewer", request: "GET /cases/{case}/case.yaml", status: 200, holds: "users * saved", sends: map[string]string{"Content-Type": "application/yaml", "Content-Disposition": `attachment; filename="test.yaml"`, "ETag": `"1"`}},
		call{as: "viewer", request: "GET /cases/{case}/case.yaml", header: map[string]string{"If-None-Match": `"1"`}, status: 304},
		call{as: "viewer", request: "GET /cases/{case}/case.yaml?revision=7", status: 404, code: "not_found"},
		call{as: "owner", request: "POST /cases/{case}/seals", json: `{"by":"Bernd","note":"board"}`, status: 201, has: map[string]any{"number": 1, "revision": 1, "note": "Bernd: board", "hash": app.Hash([]byte(small))}},
		call{as: "owner", request: "POST /cases/{case}/seals", json: `{}`, status: 422, has: map[string]any{"errors.0.message": "“by” is missing."}},
		call{as: "viewer", request: "GET /cases/{case}/seals", status: 200, has: map[string]any{"items.0.number": 1}},
		call{as: "viewer", request: "GET /cases/{case}", status: 200, has: map[string]any{"sealed": true, "seal.revision": 1}},
		call{as: "owner", request: "GET /cases/{case}/events?limit=1", status: 200, has: map[string]any{"items.0.action": "case.sealed"}, sends: map[string]string{"Link": "*"}},
		call{as: "editor", request: "DELETE /cases/{case}", status: 204},
		call{as: "viewer", request: "GET /cases?search=tes", status: 200, lacks: []string{"items.0"}},
		call{as: "viewer", request: "GET /cases?archived=true", status: 200, has: map[string]any{"items.0.id": "{case}"}},
		call{name: "into the archive", as: "editor", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": `"1"`}, status: 409, has: map[string]any{"reason": "archived"}},
		call{as: "editor", request: "PATCH /cases/{case}", json: `{"archived":false}`, status: 204},
		call{as: "viewer", request: "GET /cases/{case}", status: 200, lacks: []string{"archived"}},
	)
}

func TestRevisions_areSavedOnWhatTheyWereMadeFrom(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	more := strings.Replace(small, "users: {value: 10", "users: {value: 11", 1)
	journey(t, w,
		call{name: "without If-Match", as: "editor", request: "POST /cases/{case}/revisions", yaml: more, status: 428, code: "precondition_required"},
		call{as: "editor", request: "POST /cases/{case}/revisions?reason=more", yaml: more, header: map[string]string{"If-Match": `"1"`}, status: 201, has: map[string]any{"number": 2},
			sends: map[string]string{"ETag": `"2"`, "Location": "/api/v1/cases/{case}/revisions/2"}},
		call{name: "too late", as: "owner", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": `"1"`}, status: 412, code: "precondition_failed", has: map[string]any{"head": 2, "detail": "The case is at revision 2 by now."}},
		call{name: "in German", as: "owner", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": `"1"`, "Accept-Language": "fr, de;q=0.9, en;q=0.5"}, status: 412, has: map[string]any{"title": "Jemand war schneller"}, sends: map[string]string{"Content-Language": "de"}},
		call{name: "a tag of nothing", as: "owner", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": `W/"2"`}, status: 412, has: map[string]any{"head": 2}},
		call{name: "whatever is there", as: "owner", request: "POST /cases/{case}/revisions", json: `{"text":"case: New name\ncurrency: EUR\n","reason":"rough"}`, header: map[string]string{"If-Match": "*"}, status: 201, has: map[string]any{"number": 3}},
		call{as: "viewer", request: "GET /cases/{case}", status: 200, has: map[string]any{"name": "New name", "head": 3}, keep: map[string]string{"tag": "header ETag"}},
		call{name: "with the tag of the case", as: "owner", request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": "{tag}"}, status: 201, has: map[string]any{"number": 4}},
		call{as: "viewer", request: "GET /cases/{case}/revisions?limit=3", status: 200, has: map[string]any{"items.0.number": 4, "items.2.number": 2}, sends: map[string]string{"Link": "*"}, keep: map[string]string{"cursor": "next"}},
		call{as: "viewer", request: "GET /cases/{case}/revisions?limit=3&cursor={cursor}", status: 200, has: map[string]any{"items.0.number": 1}, lacks: []string{"next", "items.1"}, sends: map[string]string{"Link": ""}},
		call{as: "viewer", request: "GET /cases/{case}/revisions/2", status: 200, has: map[string]any{"text": more, "base": 1, "reason": "more", "author": "editor"}, sends: map[string]string{"ETag": `"2"`}},
		call{as: "viewer", request: "GET /cases/{case}/revisions/2", header: map[string]string{"If-None-Match": `"1", "2"`}, status: 304},
		call{as: "viewer", request: "GET /cases/{case}/revisions/9", status: 404},
		call{as: "viewer", request: "GET /cases/{case}/revisions/two", status: 422},
		call{as: "editor", request: "POST /cases/{case}/revisions/2/restore", status: 201, has: map[string]any{"number": 5}},
		call{as: "editor", request: "POST /cases/{case}/revisions/2/restore", json: `{"reason":"back"}`, status: 201, has: map[string]any{"number": 6}},
		call{as: "viewer", request: "GET /cases/{case}/revisions/6", status: 200, has: map[string]any{"base": 5, "reason": "back"}},
		call{as: "editor", request: "POST /cases/{case}/revisions/99/restore", status: 404},
	)
}

func TestDrafts_goFromTextToRevision(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	more := strings.Replace(small, "value: 10", "value: 11", 1)
	theirs := strings.Replace(small, "value: 10", "value: 14", 1)
	w.vars["more"] = more
	journey(t, w,
		call{as: "editor", request: "GET /cases/{case}/draft", status: 200, has: map[string]any{"text": small, "changed": false, "base": 1}, keep: map[string]string{"tag": "header ETag"}},
		call{as: "editor", request: "GET /cases/{case}/draft", header: map[string]string{"If-None-Match": "{tag}"}, status: 304},
		call{as: "editor", request: "PUT /cases/{case}/draft", yaml: more, status: 428, code: "precondition_required"},
		call{as: "editor", request: "PUT /cases/{case}/draft", yaml: more, header: map[string]string{"If-Match": "{tag}"}, status: 200, has: map[string]any{"text": more, "changed": true, "can_undo": true}},
		call{name: "from an old text", as: "editor", request: "PUT /cases/{case}/draft", yaml: small, header: map[string]string{"If-Match": "{tag}"}, status: 412, code: "precondition_failed"},
		call{as: "editor", request: "POST /cases/{case}/draft/redo", status: 409, has: map[string]any{"reason": "no_step"}},
		call{as: "editor", request: "POST /cases/{case}/draft/undo", status: 200, has: map[string]any{"text": small, "can_redo": true}},
		call{as: "editor", request: "POST /cases/{case}/draft/redo", status: 200, has: map[string]any{"text": more}},
		call{name: "nobody saved meanwhile", as: "editor", request: "GET /cases/{case}/draft/merge", status: 200, has: map[string]any{"head": 0}},
		call{as: "owner", request: "POST /cases/{case}/revisions", yaml: theirs, header: map[string]string{"If-Match": `"1"`}, status: 201},
		call{as: "editor", request: "POST /cases/{case}/draft/save", json: `{"reason":"mine"}`, status: 409, has: map[string]any{"head": 2}},
		call{as: "editor", request: "GET /cases/{case}/draft/merge", status: 200, has: map[string]any{"head": 2, "author": "Anna Müller", "conflicts.0.ours": "11", "conflicts.0.theirs": "14"}, keep: map[string]string{"path": "conflicts.0.path"}},
		call{name: "without a choice", as: "editor", request: "POST /cases/{case}/draft/merge", json: `{"head":2}`, status: 409, has: map[string]any{"head": 2}},
		call{name: "for another head", as: "editor", request: "POST /cases/{case}/draft/merge", json: `{"head":1}`, status: 409, has: map[string]any{"head": 2}},
		call{as: "editor", request: "POST /cases/{case}/draft/merge", json: `{"head":2,"choices":{"{path}":{"take":"value","value":"12"}},"reason":"both"}`, status: 201, has: map[string]any{"number": 3}},
		call{as: "viewer", request: "GET /cases/{case}/case.yaml", status: 200, holds: "value: 12"},
		call{as: "editor", request: "DELETE /cases/{case}/draft", status: 204},
		call{name: "nothing to save", as: "editor", request: "POST /cases/{case}/draft/save", status: 404},
	)
}

func TestResults_areThoseOfTheCommands(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	journey(t, w,
		call{as: "viewer", request: "POST /calculate?draws=1000", yaml: small, status: 200, has: map[string]any{"case.name": "Test", "draws": 1000, "lines.0.id": "licences"}},
		call{as: "viewer", request: "POST /calculate", json: `{"text":"case: x\n","draws":200001}`, status: 422, has: map[string]any{"errors.0.message": "At most 200000."}},
		call{name: "mistakes have their places", as: "viewer", request: "POST /calculate", yaml: broken, header: map[string]string{"Accept-Language": "de"}, status: 422, code: "invalid",
			has: map[string]any{"errors.0.line": 5, "errors.0.column": 6, "errors.0.code": "unknown_name", "title": "So geht es nicht"}},
		call{as: "viewer", request: "POST /calculate?scenario=none", yaml: small, status: 422, code: "invalid"},
		call{as: "viewer", request: "GET /cases/{case}/result?scenario=more&draws=1000", status: 200, has: map[string]any{"scenario": "more", "draws": 1000}, keep: map[string]string{"tag": "header ETag"}},
		call{as: "viewer", request: "GET /cases/{case}/result?scenario=more&draws=1000", header: map[string]string{"If-None-Match": "{tag}"}, status: 304},
		call{name: "another question", as: "viewer", request: "GET /cases/{case}/result?draws=1000", header: map[string]string{"If-None-Match": "{tag}"}, status: 200},
		call{as: "viewer", request: "GET /cases/{case}/result?draws=many", status: 422, has: map[string]any{"errors.0.location": "query.draws"}},
		call{as: "viewer", request: "GET /cases/{case}/result?revision=2", status: 404},
		call{as: "viewer", request: "GET /cases/{case}/result?draw=2", status: 422, has: map[string]any{"errors.0.location": "query.draw"}},
		call{as: "viewer", request: "GET /cases/{case}/explanation", status: 200, has: map[string]any{"tornado.0.id": "saved"}, keep: map[string]string{"tag": "header ETag"}},
		call{as: "viewer", request: "GET /cases/{case}/explanation", header: map[string]string{"If-None-Match": "{tag}"}, status: 304},
		call{as: "viewer", request: "GET /cases/{case}/goal?break_even_month=6&probability=0.5", status: 200, has: map[string]any{"target.break_even_month": 6, "target.probability": 0.5}},
		call{as: "viewer", request: "GET /cases/{case}/goal?npv=-100.5", status: 200, has: map[string]any{"target.npv": -100.5}},
		call{name: "out of reach", as: "viewer", request: "GET /cases/{case}/goal?npv=1000000000", status: 200, lacks: []string{"combination"}},
		call{as: "viewer", request: "GET /cases/{case}/goal", status: 422, code: "invalid"},
		call{as: "viewer", request: "GET /cases/{case}/goal?npv=1&break_even_month=3", status: 422, code: "invalid"},
		call{as: "viewer", request: "GET /cases/{case}/goal?npv=1&probability=1", status: 422, has: map[string]any{"errors.0.location": "query.probability"}},
		call{as: "viewer", request: "GET /cases/{case}/audit", status: 200},
		call{as: "viewer", request: "GET /cases/{case}/comparison", status: 200, has: map[string]any{"ids.0": "base", "ids.1": "more"}},
		call{as: "viewer", request: "GET /organisations/{org}/portfolio", status: 200, has: map[string]any{"cases": 1, "left_out": 0, "currency": "EUR"}},
		call{as: "stranger", request: "GET /organisations/{other}/portfolio", status: 200, has: map[string]any{"cases": 0, "probability_of_loss": nil}},
	)
}

func TestCatalogue_hasWhatTheCommandLists(t *testing.T) {
	w := newWorld(t)
	c := engine().Catalogue()
	journey(t, w,
		call{as: "viewer", request: "GET /catalogue/levers", status: 200, has: map[string]any{"items.0.id": c.Levers()[0]}},
		call{as: "viewer", request: "GET /catalogue/levers/time_saved", status: 200, has: map[string]any{"kind": "freed_time"}},
		call{as: "viewer", request: "GET /catalogue/levers/time_savd", status: 404, code: "not_found", has: map[string]any{"reason": "unknown_lever"}},
		call{as: "viewer", request: "GET /catalogue/levers/..%2Flevers%2Ftime_saved", status: 404},
		call{as: "viewer", request: "GET /catalogue/costs", status: 200, has: map[string]any{"items.0.id": c.Costs()[0]}},
		call{as: "viewer", request: "GET /catalogue/costs/licences", status: 200},
		call{as: "viewer", request: "GET /catalogue/costs/none", status: 404},
		call{as: "viewer", request: "GET /catalogue/packages", status: 200, has: map[string]any{"items.0.id": c.Packages()[0]}},
		call{as: "viewer", request: "GET /catalogue/packages/" + c.Packages()[0], status: 200},
		call{as: "viewer", request: "GET /catalogue/packages/none", status: 404},
	)
}

func TestPeople_commentsSharesMembersTokens(t *testing.T) {
	w := newWorld(t)
	w.aCase()
	journey(t, w,
		call{as: "commenter", request: "POST /cases/{case}/comments", json: `{"anchor":"assumptions.users","text":"@editor: really?"}`, status: 201, has: map[string]any{"author": "commenter", "mentions.0": "{editor}"}, keep: map[string]string{"comment": "id"}},
		call{as: "commenter", request: "POST /cases/{case}/comments", json: `{"anchor":"result.npv","text":"Yes.","parent":"{comment}"}`, status: 201, has: map[string]any{"parent": "{comment}"}},
		call{as: "commenter", request: "POST /cases/{case}/comments", json: `{"anchor":"a","text":"Yes.","parent":"none"}`, status: 404},
		call{as: "commenter", request: "POST /cases/{case}/comments", json: `{"anchor":"a","text":"  "}`, status: 422, has: map[string]any{"errors.0.location": "body.text"}},
		call{as: "viewer", request: "GET /cases/{case}/comments?anchor=assumptions.users", status: 200, has: map[string]any{"items.0.id": "{comment}"}, lacks: []string{"items.1"}},
		call{as: "commenter", request: "POST /cases/{case}/comments/{comment}/resolve", status: 204},
		call{as: "commenter", request: "POST /cases/{case}/comments/none/resolve", status: 404},
		call{as: "viewer", request: "GET /cases/{case}/comments", status: 200, has: map[string]any{"items.0.resolved_by": "commenter"}},

		call{as: "editor", request: "POST /cases/{case}/shares", json: `{"days":30}`, status: 201, keep: map[string]string{"share": "id", "link": "secret"}},
		call{as: "editor", request: "POST /cases/{case}/shares", json: `{"days":0}`, status: 422, has: map[string]any{"errors.0.message": "At least 1."}},
		call{as: "editor", request: "GET /cases/{case}/shares", status: 200, has: map[string]any{"items.0.id": "{share}"}, lacks: []string{"items.0.secret"}},
	)
	w.bearer["visitor"] = w.vars["link"]
	journey(t, w,
		call{as: "visitor", request: "GET /cases/{case}", status: 200, has: map[string]any{"name": "Test"}, lacks: []string{"text"}},
		call{as: "visitor", request: "GET /cases/{case}/comments", status: 403, code: "denied"},
		call{as: "editor", request: "DELETE /cases/{case}/shares/{share}", status: 204},
		call{as: "editor", request: "DELETE /cases/{case}/shares/{share}", status: 404},
		call{as: "visitor", request: "GET /cases/{case}", status: 401, code: "unauthenticated", sends: map[string]string{"WWW-Authenticate": "*"}},

		call{as: "viewer", request: "GET /organisations", status: 200, has: map[string]any{"items.0.id": "{org}", "items.0.role": "viewer"}, lacks: []string{"items.1"}},
		call{as: "viewer", request: "GET /organisations/{org}", status: 200, has: map[string]any{"name": "Beispiel GmbH"}},
		call{as: "viewer", request: "GET /organisations/{other}", status: 404},
		call{as: "owner", request: "POST /organisations", json: `{"name":"Dritte GmbH"}`, status: 201, has: map[string]any{"role": "owner"}},
		call{as: "owner", request: "POST /organisations", json: `{"name":""}`, status: 422},
		call{as: "owner", request: "PATCH /organisations/{org}", json: `{"name":"Neu GmbH"}`, status: 200, has: map[string]any{"name": "Neu GmbH"}},
		call{as: "viewer", request: "GET /organisations/{org}/members", status: 200, holds: `"email":"anna@example.com","role":"owner"`},
		call{as: "owner", request: "POST /organisations/{org}/invitations", json: `{"role":"editor","email":"neu@example.com"}`, status: 201, has: map[string]any{"role": "editor", "email": "neu@example.com"}},
		call{as: "owner", request: "GET /organisations/{org}/invitations", status: 200, has: map[string]any{"items.0.email": "neu@example.com"}, lacks: []string{"items.0.secret", "items.1"}, keep: map[string]string{"invitation": "items.0.id"}},
		call{as: "owner", request: "DELETE /organisations/{org}/invitations/{invitation}", status: 204},
		call{name: "withdrawn already", as: "owner", request: "DELETE /organisations/{org}/invitations/{invitation}", status: 404},
		call{as: "owner", request: "GET /organisations/{org}/invitations", status: 200, lacks: []string{"items.0"}},
		call{as: "owner", request: "POST /organisations/{org}/invitations", json: `{"role":"king"}`, status: 422},
		call{as: "owner", request: "POST /organisations/{org}/invitations", json: `{"role":"editor","email":"nobody"}`, status: 422, has: map[string]any{"reason": "email"}},
		call{as: "owner", request: "PATCH /organisations/{org}/members/{viewer}", json: `{"role":"commenter"}`, status: 204},
		call{as: "owner", request: "PATCH /organisations/{org}/members/none", json: `{"role":"commenter"}`, status: 404},
		call{as: "owner", request: "PATCH /organisations/{org}/members/{owner}", json: `{"role":"viewer"}`, status: 409, has: map[string]any{"reason": "last_owner"}},
		call{as: "owner", request: "DELETE /organisations/{org}/members/{owner}", status: 409, code: "conflict"},
		call{as: "owner", request: "DELETE /organisations/{org}/members/{viewer}", status: 204},
		call{as: "viewer", request: "GET /cases/{case}", status: 404},
		call{as: "owner", request: "GET /organisations/{org}/events?limit=2", status: 200, has: map[string]any{"items.0.action": "member.removed"}, keep: map[string]string{"cursor": "next"}},
		call{as: "owner", request: "GET /organisations/{org}/events?limit=2&cursor={cursor}", status: 200, has: map[string]any{"items.0.action": "invitation.revoked"}},

		call{as: "editor", request: "POST /tokens", json: `{"name":"Script","scopes":["cases:read"],"days":30}`, status: 201, has: map[string]any{"organisation": "{org}", "scopes.0": "cases:read"}, keep: map[string]string{"token": "id", "secret": "secret"}},
		call{as: "editor", request: "POST /tokens", json: `{"name":"Script","scopes":["cases:all"],"days":30}`, status: 422},
		call{as: "editor", request: "POST /tokens", json: `{"name":"Script","scopes":[],"days":30}`, status: 422},
		call{as: "editor", request: "GET /tokens", status: 200, has: map[string]any{"items.0.id": "{token}"}, lacks: []string{"items.0.secret", "items.0.last_used"}},
	)
	w.bearer["script"] = w.vars["secret"]
	journey(t, w,
		call{as: "script", request: "GET /cases", status: 200, has: map[string]any{"items.0.id": "{case}"}},
		call{name: "the cookie beside it does not count", as: "script", request: "DELETE /cases/{case}", header: map[string]string{"Cookie": "person=owner"}, status: 403, has: map[string]any{"reason": "auth_scope_missing"}},
		call{name: "which is no token", request: "GET /cases", header: map[string]string{"Authorization": "Bearer rendite_nothing", "Cookie": "person=owner"}, status: 401, code: "unauthenticated"},
		call{name: "another scheme", request: "GET /cases", header: map[string]string{"Authorization": "Basic YTpi", "Cookie": "person=owner"}, status: 401},
		call{as: "script", request: "GET /tokens", status: 403, has: map[string]any{"reason": "auth_token_cannot"}},
		call{as: "script", request: "DELETE /tokens/{token}", status: 403},
		call{as: "owner", request: "DELETE /tokens/{token}", status: 404},
		call{as: "editor", request: "DELETE /tokens/{token}", status: 204},
		call{as: "editor", request: "DELETE /tokens/{token}", status: 404},
		call{as: "script", request: "GET /cases", status: 401, code: "unauthenticated"},
	)
}

func TestAddresses_thatDoNotExistAreProblemsToo(t *testing.T) {
	w := newWorld(t)
	journey(t, w,
		call{as: "owner", request: "GET /nothing", status: 404, code: "not_found"},
		call{as: "owner", request: "DELETE /cases", status: 405, code: "method_not_allowed", sends: map[string]string{"Allow": "GET, POST"}},
		call{request: "GET /api/nothing", status: 404, code: "not_found"},
		call{request: "GET /cases", status: 401, code: "unauthenticated"},
		call{name: "whatever the client prefers", as: "owner", request: "GET /cases", header: map[string]string{"Accept": "application/yaml"}, status: 200, sends: map[string]string{"Content-Type": "application/json"}},
	)
}
