package tryton

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
)

func accessTo(t *testing.T, address string) connector.Access {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return connector.Access{Settings: connector.Settings{Address: address, Database: "firma", User: "ada"}, Secret: auth.SecretOf("richtig-8"), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()}
}

// Whoever watches a run knows from its first step how much is to come, and at the end that all of it came.
func TestCount_isWhatPagesHold(t *testing.T) {
	s, address := newServer(t)
	w := connectortest.Open(t, "tryton")
	r, err := New(accessTo(t, address))
	if err != nil {
		t.Fatal(err)
	}
	var first, last connector.Step
	rows := map[string]int64{}
	watch := func(s connector.Step) {
		if first.Objects == 0 {
			first = s
		}
		last = s
		if s.Number == s.Objects && s.Left < 0 {
			t.Errorf("%+v", s)
		}
		rows[s.Object] = s.Total - s.Rows
	}
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{Progress: watch}); err != nil {
		t.Fatal(err)
	}
	if first.Left < 50 || first.Done != 0 || last.Left != 0 || last.Done < first.Left || last.Number != last.Objects {
		t.Errorf("%+v\n%+v", first, last)
	}
	delete(rows, "user") // employees without a user come on top
	for name, left := range rows {
		if left != 0 {
			t.Errorf("%s: %d more were counted than came", name, left)
		}
	}
	first = connector.Step{}
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{Progress: watch}); err != nil {
		t.Fatal(err)
	}
	if first.Left > 50 { // stages, and what was changed within the overlap
		t.Errorf("a second run expects the whole: %+v", first)
	}
	if len(s.failed) > 0 {
		t.Error(s.failed)
	}
}

func TestSync_readsACompany(t *testing.T) {
	s, address := newServer(t)
	w := connectortest.Open(t, "tryton")
	r, err := New(accessTo(t, address))
	if err != nil {
		t.Fatal(err)
	}
	report := w.Sync(t, r)
	w.Is(t, map[string]string{
		"SELECT group_concat(n, ', ') FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity GROUP BY category ORDER BY 1)": "lost 5, open 14, void 1, won 5",
		"SELECT COUNT(*) FROM crm_account":                                             "25", // without ourselves and the two employees
		"SELECT country || ' ' || city FROM crm_account WHERE ext_id = '10'":           "DE Dresden",
		"SELECT email || ' ' || account FROM crm_contact WHERE ext_id = '10'":          "info@k.example 10",
		"SELECT COUNT(*) FROM crm_opportunity WHERE owner = '7'":                       "13", // the employee's user
		"SELECT COUNT(*) FROM crm_opportunity WHERE owner = 'employee/2'":              "12", // nobody can log in for this one
		"SELECT group_concat(ext_id) FROM (SELECT * FROM crm_user ORDER BY 2)":         "7,employee/2",
		"SELECT ext_id || ' ' || person FROM crm_user_alias":                           "employee/1 7",
		"SELECT first_amount || ' ' || amount FROM crm_opportunity WHERE ext_id = '1'": "10005000 9000000",
		"SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || new_value, ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '1' ORDER BY changed_at, field)": "created >lead, stage lead>opportunity, amount 10005000>9000000, stage opportunity>won",
		"SELECT closed_at - " + fmt.Sprint(at(20, 10).UnixMicro()) + " FROM crm_opportunity WHERE ext_id = '1'":                                                                                 "0",
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (closed_day IS NULL)":                                                                                                "0",
		"SELECT group_concat(ext_id || ' ' || kind || ' ' || coalesce(opportunity, '-'), ', ') FROM (SELECT * FROM crm_sales_document ORDER BY ext_id)":                                         "invoice/3 invoice 1, invoice/4 credit_note -, order/3 order 1",
		"SELECT group_concat(coalesce(opportunity, account) || ' ' || subject_length, ', ') FROM (SELECT * FROM crm_activity ORDER BY ext_id)":                                                  "3 7, 10 1",
		// 5 January, 23:00 in UTC, is the 6th in Berlin: with the note of the 6th that is one day of work.
		"SELECT group_concat(date(logged_day * 86400, 'unixepoch'), ', ') FROM (SELECT * FROM crm_login WHERE kind = 'derived' ORDER BY logged_day)": "2025-01-01, 2025-01-06, 2025-01-10, 2025-01-20",
	})
	// Complaints are closed to this user: 403 with a page in HTML.
	if d := cmp.Diff([]connector.Gap{{Table: "ticket", Reason: connector.NotAllowed}, {Table: "login", Reason: connector.Inferred}, {Table: "lead", Reason: connector.NotOffered}}, report.Gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}

	if d := cmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// The session runs out; an address changes without its party; a deal is lost; another is deleted with its note.
	s.sessions = map[string]bool{}
	later := at(28, 12)
	s.lists["party.address"][4]["city"], s.lists["party.address"][4]["write_date"] = "Bonn", later
	o := s.lists["sale.opportunity"][2]
	o["state"], o["write_date"], o["write_uid"], o["end_date"], o["lost_reason"] = "lost", later, 7, day(later), ""
	state := map[string]any{"id": 3, "at": later, "state": "lost", "amount": amount("1000.50"), "employee": 1, "party": 12, "conversion_probability": 0.5, "create_uid": 7, "write_uid": 7}
	s.states[3] = append(s.states[3], state)
	s.lists["sale.opportunity"] = append(s.lists["sale.opportunity"][:3], s.lists["sale.opportunity"][4:]...)
	s.lists["ir.note"] = s.lists["ir.note"][1:]
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"account/account updated": 1, "account/contact updated": 1, "opportunity/opportunity updated": 2, "opportunity/opportunity_change inserted": 1, "opportunity/login inserted": 1, "note/activity updated": 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.Is(t, map[string]string{
		"SELECT city FROM crm_account WHERE ext_id = '14'":                                     "Bonn",
		"SELECT category || '|' || lost_reason || '|' FROM crm_opportunity WHERE ext_id = '3'": "lost||",
		"SELECT group_concat(ext_id) FROM crm_opportunity WHERE deleted_at IS NOT NULL":        "4",
		"SELECT group_concat(ext_id) FROM crm_activity WHERE deleted_at IS NOT NULL":           "1",
	})
	if len(s.failed) > 0 {
		t.Errorf("the server does not know: %v", s.failed)
	}
}

func TestPage_logsInAgainWhenTheSessionHasRunOut(t *testing.T) {
	s, address := newServer(t)
	r, err := New(accessTo(t, address))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sessions = map[string]bool{}
	page, err := r.Page(t.Context(), "account", time.Time{}, "")
	if err != nil || len(page.Rows) != 50 || s.logins != 2 {
		t.Errorf("%d rows, %d log-ins, %v", len(page.Rows), s.logins, err)
	}
}

func TestOpen_tellsWhatIsWrongInOurWords(t *testing.T) {
	s, address := newServer(t)
	wrong := accessTo(t, address)
	wrong.Secret = auth.SecretOf("falsch-99")
	r, err := New(wrong)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); !connector.Is(err, connector.Denied) || s.logins != 1 || strings.Contains(err.Error(), "falsch") {
		t.Errorf("%v after %d log-ins", err, s.logins)
	}
	elsewhere := accessTo(t, address)
	elsewhere.Database = "andere"
	if r, err = New(elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); !connector.Is(err, connector.Refused) || strings.Contains(err.Error(), "/srv") {
		t.Errorf("%v", err)
	}
}
