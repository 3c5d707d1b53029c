package api_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// deals is an export of a CRM, and dealsMapping says what its columns are.
const (
	deals        = "Nr;Phase;Betrag;Angelegt\n1;Gewonnen;1200,50;13.04.2025\n2;Verloren;80,00;14.05.2025\n3;Geparkt;1,00;15.06.2025\n"
	dealsMapping = "mapping: Deals\ntable: opportunity\ncolumns:\n  Nr: id\n  Phase: stage\n  Betrag: amount\n  Angelegt: opened_day\nstages: {Gewonnen: won, Verloren: lost}\n"
)

// someData makes a source with an import, a mapping and two uploads, one of which is ready to be imported.
func (w *world) someData() {
	ctx, owner := w.t.Context(), w.actor("owner")
	s, err := w.records.AddSource(ctx, warehouse.Source{Owner: w.vars["org"], Name: "Tryton", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	w.check(err)
	i, err := w.records.Begin(ctx, s, "opportunity", "old.csv", "x")
	w.check(err)
	w.check(i.Finish(ctx))
	w.check(w.records.KeepMapping(ctx, warehouse.Mapping{Owner: w.vars["org"], Name: "Deals", Table: "opportunity", Text: dealsMapping}))
	w.vars["source"], w.vars["import"] = fmt.Sprint(s.ID), fmt.Sprint(i.ID)
	for _, name := range []string{"upload", "ready"} {
		u, err := w.app.AddUpload(ctx, owner, w.vars["org"], app.NewUpload{File: "deals.csv", Source: "Tryton"}, strings.NewReader(deals))
		w.check(err)
		_, err = w.app.UseMapping(ctx, owner, w.vars["org"], u.ID, "m.yaml", []byte(dealsMapping))
		w.check(err)
		w.vars[name] = u.ID
	}
}

// attempts is every operation with a request that is right, in an order in which none takes away what the next one
// needs.
var attempts = []struct {
	id   string
	call call
}{
	{"list-organisations", call{request: "GET /organisations"}},
	{"create-organisation", call{request: "POST /organisations", json: `{"name":"Neu"}`}},
	{"get-organisation", call{request: "GET /organisations/{org}"}},
	{"rename-organisation", call{request: "PATCH /organisations/{org}", json: `{"name":"Neu"}`}},
	{"get-portfolio", call{request: "GET /organisations/{org}/portfolio"}},
	{"list-organisation-events", call{request: "GET /organisations/{org}/events"}},
	{"list-members", call{request: "GET /organisations/{org}/members"}},
	{"invite-member", call{request: "POST /organisations/{org}/invitations", json: `{"role":"viewer"}`}},
	{"list-invitations", call{request: "GET /organisations/{org}/invitations"}},
	{"withdraw-invitation", call{request: "DELETE /organisations/{org}/invitations/{invitation}"}},
	{"change-member", call{request: "PATCH /organisations/{org}/members/{guest}", json: `{"role":"editor"}`}},
	{"remove-member", call{request: "DELETE /organisations/{org}/members/{guest}"}},
	{"list-sources", call{request: "GET /organisations/{org}/data/sources"}},
	{"get-key-figures", call{request: "GET /organisations/{org}/data/figures?source={source}"}},
	{"list-uploads", call{request: "GET /organisations/{org}/data/uploads"}},
	{"create-upload", call{request: "POST /organisations/{org}/data/uploads?file=a.csv", yaml: deals, header: map[string]string{"Content-Type": "text/csv"}}},
	{"get-upload", call{request: "GET /organisations/{org}/data/uploads/{upload}"}},
	{"put-upload-mapping", call{request: "PUT /organisations/{org}/data/uploads/{upload}/mapping", yaml: dealsMapping}},
	{"start-import", call{request: "POST /organisations/{org}/data/uploads/{ready}/start"}},
	// It is open, or queued by then; the statuses of those who may are a conflict.
	{"stop-import", call{request: "POST /organisations/{org}/data/uploads/{upload}/stop"}},
	{"remove-upload", call{request: "DELETE /organisations/{org}/data/uploads/{upload}"}},
	{"list-imports", call{request: "GET /organisations/{org}/data/imports"}},
	{"get-import", call{request: "GET /organisations/{org}/data/imports/{import}"}},
	{"list-rejects", call{request: "GET /organisations/{org}/data/imports/{import}/rejects"}},
	{"get-rejects-file", call{request: "GET /organisations/{org}/data/imports/{import}/rejects.csv"}},
	{"take-back-import", call{request: "POST /organisations/{org}/data/imports/{import}/take-back"}},
	{"list-mappings", call{request: "GET /organisations/{org}/data/mappings"}},
	{"get-mapping", call{request: "GET /organisations/{org}/data/mappings/Deals"}},
	{"remove-mapping", call{request: "DELETE /organisations/{org}/data/mappings/Deals"}},
	{"remove-source", call{request: "DELETE /organisations/{org}/data/sources/{source}"}},
	{"list-cases", call{request: "GET /cases?organisation={org}"}},
	{"create-case", call{request: "POST /cases?organisation={org}", yaml: small}},
	{"get-case", call{request: "GET /cases/{case}"}},
	{"export-case", call{request: "GET /cases/{case}/case.yaml"}},
	{"get-report", call{request: "GET /cases/{case}/report?format=md"}},
	{"list-case-events", call{request: "GET /cases/{case}/events"}},
	{"list-revisions", call{request: "GET /cases/{case}/revisions"}},
	{"get-revision", call{request: "GET /cases/{case}/revisions/1"}},
	{"get-result", call{request: "GET /cases/{case}/result"}},
	{"explain", call{request: "GET /cases/{case}/explanation"}},
	{"seek", call{request: "GET /cases/{case}/goal?break_even_month=6"}},
	{"audit", call{request: "GET /cases/{case}/audit"}},
	{"compare", call{request: "GET /cases/{case}/comparison"}},
	{"calculate", call{request: "POST /calculate", yaml: small}},
	{"list-levers", call{request: "GET /catalogue/levers"}},
	{"get-lever", call{request: "GET /catalogue/levers/time_saved"}},
	{"list-costs", call{request: "GET /catalogue/costs"}},
	{"get-cost", call{request: "GET /catalogue/costs/licences"}},
	{"list-packages", call{request: "GET /catalogue/packages"}},
	{"get-package", call{request: "GET /catalogue/packages/{package}"}},
	{"list-criteria", call{request: "GET /catalogue/criteria"}},
	{"get-criterion", call{request: "GET /catalogue/criteria/compliance"}},
	{"list-comments", call{request: "GET /cases/{case}/comments"}},
	{"create-comment", call{request: "POST /cases/{case}/comments", json: `{"anchor":"a","text":"b"}`}},
	{"resolve-comment", call{request: "POST /cases/{case}/comments/{comment}/resolve"}},
	{"list-shares", call{request: "GET /cases/{case}/shares"}},
	{"create-share", call{request: "POST /cases/{case}/shares", json: `{"days":3}`}},
	{"revoke-share", call{request: "DELETE /cases/{case}/shares/{share}"}},
	{"get-draft", call{request: "GET /cases/{case}/draft"}},
	{"put-draft", call{request: "PUT /cases/{case}/draft", yaml: small + "# step\n", header: map[string]string{"If-Match": "*"}}},
	{"undo-draft", call{request: "POST /cases/{case}/draft/undo"}},
	{"redo-draft", call{request: "POST /cases/{case}/draft/redo"}},
	{"get-merge", call{request: "GET /cases/{case}/draft/merge"}},
	{"save-draft", call{request: "POST /cases/{case}/draft/save"}},
	{"save-revision", call{request: "POST /cases/{case}/revisions", yaml: small, header: map[string]string{"If-Match": "{head}"}}},
	{"merge-draft", call{request: "POST /cases/{case}/draft/merge", json: `{"head":1}`}},
	{"discard-draft", call{request: "DELETE /cases/{case}/draft"}},
	{"restore-revision", call{request: "POST /cases/{case}/revisions/1/restore"}},
	{"list-seals", call{request: "GET /cases/{case}/seals"}},
	{"seal-case", call{request: "POST /cases/{case}/seals", json: `{"by":"x"}`}},
	{"change-case", call{request: "PATCH /cases/{case}", json: `{"status":"live"}`}},
	{"archive-case", call{request: "DELETE /cases/{case}"}},
	{"list-tokens", call{request: "GET /tokens"}},
	{"create-token", call{request: "POST /tokens", json: `{"name":"x","scopes":["cases:read"],"organisation":"{org}","days":3}`}},
	{"revoke-token", call{request: "DELETE /tokens/{token}"}},
}

// Who may do what, through HTTP, as a table of statuses. The tokens are the owner's, who also administers.
func TestPermissions_areThoseOfTheTable(t *testing.T) {
	who := []string{"viewer", "commenter", "editor", "owner", "stranger", "nobody", "share"}
	for _, s := range auth.Scopes() {
		who = append(who, string(s))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-26s", "")
	for _, name := range who {
		fmt.Fprintf(&b, " %s", name)
	}
	rows := map[string][]string{}
	for _, name := range who {
		w := newWorld(t)
		w.aCase()
		w.vars["guest"] = w.person("guest", w.vars["org"], "viewer")
		w.someData()
		w.vars["package"] = engine().Catalogue().Packages()[0]
		journey(t, w,
			call{as: "commenter", request: "POST /cases/{case}/comments", json: `{"anchor":"a","text":"b"}`, status: 201, keep: map[string]string{"comment": "id"}},
			call{as: "editor", request: "POST /cases/{case}/shares", json: `{"days":3}`, status: 201, keep: map[string]string{"share": "id"}},
			call{as: "editor", request: "POST /cases/{case}/shares", json: `{"days":3}`, status: 201, keep: map[string]string{"link": "secret"}},
			call{as: "owner", request: "POST /tokens", json: `{"name":"x","scopes":["cases:read"],"days":3}`, status: 201, keep: map[string]string{"token": "id"}},
			call{as: "owner", request: "POST /organisations/{org}/invitations", json: `{"role":"viewer"}`, status: 201, keep: map[string]string{"invitation": "id"}},
		)
		as := name
		switch {
		case name == "nobody":
			as = ""
		case name == "share":
			w.bearer["share"] = w.vars["link"]
		case strings.Contains(name, ":"):
			w.run(t, call{as: "owner", request: "POST /tokens", json: `{"name":"y","scopes":["` + name + `"],"days":3}`, status: 201, keep: map[string]string{"secret": "secret"}})
			w.bearer[name] = w.vars["secret"]
		default:
			w.run(t, call{as: name, request: "GET /organisations", status: 200})
		}
		for _, a := range attempts {
			w.vars["head"] = "*"
			if c, err := w.store.Case(t.Context(), w.vars["case"]); err == nil {
				w.vars["head"] = fmt.Sprintf(`"%d"`, c.Head)
			}
			a.call.as = as
			got := w.do(t, a.call)
			rows[a.id] = append(rows[a.id], fmt.Sprint(got.Code))
			if got.Code >= 500 {
				t.Errorf("%s as %s: %s\n%s", a.id, name, got.Body, w.log)
			}
		}
	}
	b.WriteString("\n")
	for _, a := range attempts {
		fmt.Fprintf(&b, "%-26s", a.id)
		for i, status := range rows[a.id] {
			fmt.Fprintf(&b, " %-*s", len(who[i]), status)
		}
		b.WriteString("\n")
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	golden(t, "testdata/permissions.txt", strings.Join(lines, "\n"))
}

func TestPermissions_theTableHasEveryOperation(t *testing.T) {
	var want, got []string
	for _, item := range theSpec().tree["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			want = append(want, op.(map[string]any)["operationId"].(string))
		}
	}
	for _, a := range attempts {
		got = append(got, a.id)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("operations (-API +table):\n%s", d)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got); go test ./internal/api -update\n%s", path, d)
	}
}
