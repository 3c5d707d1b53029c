package dynamics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/dynamics"
)

type record = map[string]any

// Annotations that are given where they are asked for.
const (
	formatted = "@OData.Community.Display.V1.FormattedValue"
	logical   = "@Microsoft.Dynamics.CRM.lookuplogicalname"
)

// environment is a Dataverse in memory: the truth. It answers in the shapes that Microsoft documents, and knows the filters
// that the reader writes.
type environment struct {
	sets    map[string][]record
	details map[string]record // of audits
	closed  map[string]bool   // sets that the access may not read
	tokens  map[string]bool
	logins  int
	size    int // the most that a page holds
	foreign bool
	unknown []string
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func id(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

var (
	ada  = id(1, 1)
	ben  = id(1, 2)
	team = id(9, 1)
)

func newEnvironment() *environment {
	e := &environment{sets: map[string][]record{}, details: map[string]record{}, closed: map[string]bool{}, tokens: map[string]bool{}, size: 40}
	add := func(set, key string, kind, n, day int, r record) record {
		r[key], r["createdon"], r["modifiedon"] = id(kind, n), stamp(at(day)), stamp(at(day))
		if set != "systemusers" {
			r["_ownerid_value"], r["_ownerid_value"+logical], r["_createdby_value"] = ada, "systemuser", ada
		}
		e.sets[set] = append(e.sets[set], r)
		return r
	}
	user := func(n int, name string, r record) {
		r["domainname"], r["fullname"], r["internalemailaddress"], r["title"], r["_businessunitid_value"], r["_businessunitid_value"+formatted] = name+"@x.example", name, name+"@X.example", nil, id(8, 1), "Vertrieb"
		add("systemusers", "systemuserid", 1, n, 0, r)
	}
	user(1, "ada", record{"isdisabled": false, "applicationid": nil, "accessmode": 0})
	user(2, "ben", record{"isdisabled": true, "applicationid": nil, "accessmode": 0})
	user(3, "program", record{"isdisabled": false, "applicationid": id(7, 7), "accessmode": 4})
	e.sets["transactioncurrencies"] = []record{{"transactioncurrencyid": id(5, 1), "isocurrencycode": "EUR"}, {"transactioncurrencyid": id(5, 2), "isocurrencycode": "CHF"}}
	e.sets["organizations"] = []record{{"organizationid": id(6, 1), "isauditenabled": true, "_basecurrencyid_value": id(5, 1)}}
	for n := 1; n <= 95; n++ {
		add("accounts", "accountid", 2, n, 0, record{"name": fmt.Sprintf("Kunde %d", n), "_parentaccountid_value": nil, "industrycode": 6, "industrycode" + formatted: "Bau", "address1_line1": nil, "address1_postalcode": "01067", "address1_city": "Dresden", "address1_country": "DE", "telephone1": nil,
			"websiteurl": "www.Kunde.example", "customertypecode": 3, "merged": n == 95, "_masterid_value": map[bool]any{true: id(2, 1), false: nil}[n == 95]})
	}
	add("contacts", "contactid", 3, 1, 0, record{"_parentcustomerid_value": id(2, 1), "_parentcustomerid_value" + logical: "account", "firstname": "Eva", "lastname": "Groß", "emailaddress1": "Eva@X.example", "telephone1": nil, "jobtitle": nil, "address1_postalcode": nil, "address1_city": nil, "donotbulkemail": true, "merged": false, "_masterid_value": nil})
	audit := func(deal, day, operation int, old, now record) {
		n := len(e.details) + 1
		e.sets["audits"] = append(e.sets["audits"], record{"auditid": id(0xa, n), "createdon": stamp(at(day)), "operation": operation, "action": operation, "objecttypecode": "opportunity", "_objectid_value": id(4, deal), "_objectid_value" + logical: "opportunity", "_userid_value": ada, "_userid_value" + logical: "systemuser"})
		old["@odata.type"], now["@odata.type"] = "#Microsoft.Dynamics.CRM.opportunity", "#Microsoft.Dynamics.CRM.opportunity"
		e.details[id(0xa, n)] = record{"@odata.type": "#Microsoft.Dynamics.CRM.AttributeAuditDetail", "InvalidNewValueAttributes": []any{}, "LocLabelLanguageCode": 0, "DeletedAttributes": record{"Count": 0}, "OldValue": old, "NewValue": now}
	}
	for n := 1; n <= 90; n++ {
		state, reason, text := n%3, 1, "In Bearbeitung"
		earned := any(nil)
		switch state {
		case 1:
			reason, text, earned = 3, "Gewonnen", float64(n)+0.25
		case 2:
			reason, text = 5, "Ausverkauft"
		}
		day := any(nil)
		if state != 0 {
			day = "2025-12-31"
		}
		add("opportunities", "opportunityid", 4, n, n, record{"name": fmt.Sprintf("Anlage %d", n), "_parentaccountid_value": nil, "_customerid_value": id(2, n), "_customerid_value" + logical: "account", "_parentcontactid_value": nil, "_originatingleadid_value": nil, "statecode": state, "statuscode": reason,
			"statuscode" + formatted: text, "estimatedvalue": float64(n) + 0.5, "actualvalue": earned, "estimatedvalue_base": float64(n) + 0.5, "actualvalue_base": earned, "_transactioncurrencyid_value": id(5, 2), "closeprobability": 40, "estimatedclosedate": "2025-11-30", "actualclosedate": day})
		if n == 90 || n == 88 {
			continue // from before auditing was switched on
		}
		audit(n, n, 1, record{}, record{"statuscode": 1, "estimatedvalue": 1000.0, "closeprobability": 10})
		audit(n, n+5, 2, record{"estimatedvalue": 1000.0}, record{"estimatedvalue": float64(n) + 0.5})
		if state != 0 {
			audit(n, n+30, 2, record{"statecode": 0, "statuscode": 1, "actualvalue": nil}, record{"statecode": state, "statuscode": reason, "actualvalue": earned})
		}
	}
	audit(3, 60, 2, record{"_ownerid_value": ben, "_ownerid_value" + logical: "systemuser", "estimatedclosedate": "2025-10-31", "closeprobability": 10, "description": "vertraulich"},
		record{"_ownerid_value": ada, "_ownerid_value" + logical: "systemuser", "estimatedclosedate": "2025-11-30", "closeprobability": 40, "description": "geheim"})
	audit(3, 61, 2, record{"_ownerid_value": team, "_ownerid_value" + logical: "team"}, record{"_ownerid_value": ada, "_ownerid_value" + logical: "systemuser"})
	e.sets["opportunities"][2]["_customerid_value"], e.sets["opportunities"][2]["_customerid_value"+logical] = id(3, 1), "contact"
	lead := func(n, state int, text string) {
		add("leads", "leadid", 0xb, n, 2, record{"companyname": "Neu GmbH", "fullname": "Neu", "leadsourcecode": 8, "leadsourcecode" + formatted: "Web", "statecode": state, "statuscode": state, "statuscode" + formatted: text, "merged": false, "_masterid_value": nil})
	}
	lead(1, 1, "Qualifiziert")
	lead(2, 0, "Neu")
	e.sets["opportunities"][6]["_originatingleadid_value"] = id(0xb, 1)
	ticket := func(n, state, reason int) {
		add("incidents", "incidentid", 0xc, n, 4, record{"_customerid_value": id(3, 1), "_customerid_value" + logical: "contact", "casetypecode": 1, "casetypecode" + formatted: "Frage", "prioritycode": 2, "prioritycode" + formatted: "Normal", "caseorigincode": 1, "caseorigincode" + formatted: "Telefon", "statecode": state, "statuscode": reason, "merged": false, "_masterid_value": nil})
	}
	ticket(1, 1, 5)
	ticket(2, 0, 2)
	e.sets["incidentresolutions"] = []record{{"activityid": id(0xd, 1), "createdon": stamp(at(5)), "actualend": stamp(at(5)), "_incidentid_value": id(0xc, 1)}, {"activityid": id(0xd, 2), "createdon": stamp(at(9)), "actualend": stamp(at(9)), "_incidentid_value": id(0xc, 1)}}
	activity := func(n int, kind string, state int, of, to string) {
		add("activitypointers", "activityid", 0xe, n, 6, record{"activitytypecode": kind, "_regardingobjectid_value": to, "_regardingobjectid_value" + logical: of, "statecode": state, "scheduledend": stamp(at(8)), "actualend": stamp(at(7)), "actualdurationminutes": 30, "isworkflowcreated": false})
	}
	activity(1, "phonecall", 1, "opportunity", id(4, 3))
	activity(2, "appointment", 3, "account", id(2, 1))
	activity(3, "opportunityclose", 1, "opportunity", id(4, 1))
	add("annotations", "annotationid", 0xf, 1, 6, record{"_objectid_value": id(0xc, 1), "_objectid_value" + logical: "incident", "notetext": "vertraulich"})
	for n, set := range []string{"salesorders", "invoices"} {
		for state := 0; state <= 3; state++ {
			one := []string{"salesorder", "invoice"}[n]
			add(set, one+"id", 0x10+n, state, 12, record{[]string{"ordernumber", "invoicenumber"}[n]: fmt.Sprintf("%s %d", one, state), "_customerid_value": id(2, 1), "_customerid_value" + logical: "account", "_opportunityid_value": id(4, 1), "statecode": state, "statuscode": state, "statuscode" + formatted: "x", "totalamount": 119.0, "totaltax": 19.0, "_transactioncurrencyid_value": id(5, 1)})
		}
	}
	for n, action := range []int{64, 65, 112} {
		e.sets["audits"] = append(e.sets["audits"], record{"auditid": id(0xab, n), "createdon": stamp(at(10 + n)), "operation": 4, "action": action, "objecttypecode": "systemuser", "_objectid_value": ada, "_objectid_value" + logical: "systemuser", "_userid_value": ada})
	}
	return e
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"about Muster AG"}}`, code)
}

func (e *environment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/firma.example/oauth2/v2.0/token" {
		e.logins++
		if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("client_id") != "app" || r.PostFormValue("client_secret") != "geheim" || r.PostFormValue("scope") != "http://"+r.Host+"/.default" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"AADSTS7000215 about Muster AG"}`))
			return
		}
		token := strconv.Itoa(e.logins)
		e.tokens["Bearer "+token] = true
		connectortest.JSON(w, record{"access_token": token, "token_type": "Bearer", "expires_in": 3599})
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/data/v9.2/")
	switch prefer := r.Header.Get("Prefer"); {
	case !e.tokens[r.Header.Get("Authorization")]:
		refuse(w, 401, "0x80072560")
	case !ok || r.Header.Get("OData-Version") != "4.0" || !strings.Contains(prefer, "odata.maxpagesize="):
		e.unknown = append(e.unknown, r.URL.String())
		refuse(w, 400, "0x0")
	case path == "EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata" && r.URL.Query().Get("$expand") == "OptionSet($select=Options)":
		option := func(value, state int, label string) record {
			return record{"Value": value, "State": state, "Label": record{"LocalizedLabels": []any{}, "UserLocalizedLabel": record{"Label": label, "LanguageCode": 1031}}}
		}
		connectortest.JSON(w, record{"LogicalName": "statuscode", "OptionSet": record{"Options": []record{option(1, 0, "In Bearbeitung"), option(2, 0, "Zurückgestellt"), option(3, 1, "Gewonnen"), option(4, 2, "Storniert"), option(5, 2, "Ausverkauft")}}})
	case strings.HasPrefix(path, "audits(") && strings.HasSuffix(path, ")/Microsoft.Dynamics.CRM.RetrieveAuditDetails"):
		connectortest.JSON(w, record{"AuditDetail": e.details[path[7:7+36]]})
	case e.closed[path]:
		refuse(w, 403, "0x80040220")
	case e.sets[path] != nil:
		e.list(w, r, path)
	default:
		refuse(w, 404, "0x8006088a") // no such set: an application that is not installed
	}
}

func (e *environment) list(w http.ResponseWriter, r *http.Request, set string) {
	q := r.URL.Query()
	p := &filter{tokens: token.FindAllString(q.Get("$filter"), -1)}
	holds := p.either()
	by, _, _ := strings.Cut(q.Get("$orderby"), " ")
	var found []record
	for _, one := range e.sets[set] {
		if holds(one) {
			found = append(found, one)
		}
	}
	if p.wrong || len(p.tokens) > 0 {
		e.unknown = append(e.unknown, q.Get("$filter"))
		refuse(w, 400, "0x80060888")
		return
	}
	if by != "" {
		slices.SortStableFunc(found, func(a, b record) int { return strings.Compare(a[by].(string), b[by].(string)) })
	}
	limit := e.size
	if n, err := strconv.Atoi(q.Get("$top")); err == nil {
		limit, found = n, found[:min(n, len(found))]
	}
	if m := regexp.MustCompile(`maxpagesize=(\d+)`).FindStringSubmatch(r.Header.Get("Prefer")); m != nil {
		n, _ := strconv.Atoi(m[1])
		limit = min(limit, n)
	}
	from, _ := strconv.Atoi(q.Get("$skiptoken"))
	to := min(from+limit, len(found))
	names := strings.Split(q.Get("$select"), ",")
	all := []record{}
	for _, full := range found[from:to] {
		one := record{"@odata.etag": `W/"1"`}
		for _, name := range names {
			v, ok := full[name]
			if !ok {
				e.unknown = append(e.unknown, set+"."+name)
			}
			one[name] = v
			for _, a := range []string{formatted, logical} {
				if v, ok := full[name+a]; ok && strings.Contains(r.Header.Get("Prefer"), strings.TrimPrefix(a, "@")) {
					one[name+a] = v
				}
			}
		}
		all = append(all, one)
	}
	a := record{"@odata.context": "http://" + r.Host + "/api/data/v9.2/$metadata#" + set, "value": all}
	if to < len(found) {
		q.Set("$skiptoken", strconv.Itoa(to))
		host := r.Host
		if e.foreign {
			host = "elsewhere.example"
		}
		a["@odata.nextLink"] = "http://" + host + "/api/data/v9.2/" + set + "?" + q.Encode()
	}
	connectortest.JSON(w, a)
}

// filter evaluates "eq" and "ge", taken together with "and", "or" and parentheses.
type filter struct {
	tokens []string
	wrong  bool
}

var token = regexp.MustCompile(`[()]|'[^']*'|[^\s()]+`)

func (f *filter) next() string {
	if len(f.tokens) == 0 {
		return ""
	}
	return f.tokens[0]
}

func (f *filter) take() string {
	s := f.next()
	if s != "" {
		f.tokens = f.tokens[1:]
	}
	return s
}

func (f *filter) either() func(record) bool {
	if f.next() == "" {
		return func(record) bool { return true }
	}
	a := f.both()
	for f.next() == "or" {
		f.take()
		x, y := a, f.both()
		a = func(r record) bool { return x(r) || y(r) }
	}
	return a
}

func (f *filter) both() func(record) bool {
	a := f.one()
	for f.next() == "and" {
		f.take()
		x, y := a, f.one()
		a = func(r record) bool { return x(r) && y(r) }
	}
	return a
}

func (f *filter) one() func(record) bool {
	if f.next() == "(" {
		f.take()
		a := f.either()
		f.wrong = f.take() != ")" || f.wrong
		return a
	}
	name, operator, value := f.take(), f.take(), strings.Trim(f.take(), "'")
	f.wrong = operator != "eq" && operator != "ge" || f.wrong
	return func(r record) bool {
		have := ""
		if v := r[name]; v != nil {
			have = fmt.Sprint(v)
		}
		if operator == "ge" {
			return have >= value
		}
		return have == value
	}
}

func reader(t *testing.T, h http.Handler, secret string) connector.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := dynamics.New(connector.Access{Settings: connector.Settings{Address: server.URL, Tenant: "firma.example", Client: "app"}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failing spoils everything but log-ins, which are asked for once only.
func failing(e *environment) (*connectortest.Faults, http.Handler) {
	faults := connectortest.NewFaults(e)
	return faults, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			e.ServeHTTP(w, r)
			return
		}
		faults.ServeHTTP(w, r)
	})
}

func TestSync_againstAServerThatFailsOften(t *testing.T) {
	e, w := newEnvironment(), connectortest.Open(t, "dynamics")
	faults, h := failing(e)
	r := reader(t, h, "geheim")
	report := w.Sync(t, r)
	if faults.Injected.Load() < 10 {
		t.Errorf("only %d answers were spoiled", faults.Injected.Load())
	}
	changes := func(n int) string {
		return "SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || coalesce(new_value, ''), ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '" + id(4, n) + "' ORDER BY changed_at, field)"
	}
	w.Is(t, map[string]string{
		"SELECT group_concat(n, ', ') FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity GROUP BY category ORDER BY 1)":                              "lost 30, open 30, won 30",
		"SELECT SUM(amount) FROM crm_opportunity WHERE category <> 'won'":                                                                                            strconv.Itoa((3*30*31/2 + 3*30*31/2 - 30 + 30) * 10_000),
		"SELECT amount || ' ' || home_amount || ' ' || currency || ' ' || first_amount || ' ' || probability FROM crm_opportunity WHERE ext_id = '" + id(4, 1) + "'": "12500 12500 CHF 10000000 0.4",
		"SELECT group_concat(n, ', ') FROM (SELECT field || ' ' || COUNT(*) AS n FROM crm_opportunity_change GROUP BY field ORDER BY 1)":                             "amount 88, created 90, expected_close 1, owner 2, probability 1, stage 59",
		changes(1): "created >1, amount 10000000>15000, stage 1>3",
		changes(3): "created >1, amount 10000000>35000, expected_close 20392>20422, owner " + ben + ">" + ada + ", probability 0.1>0.4, owner >" + ada,
		"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '" + id(4, 1) + "'":                                                                                                         at(31).Format(time.DateOnly),
		"SELECT date(closed_day * 86400, 'unixepoch') || coalesce(closed_at, '') FROM crm_opportunity WHERE ext_id = '" + id(4, 88) + "'":                                                                             "2025-12-31", // from before auditing
		"SELECT lost_reason FROM crm_opportunity WHERE ext_id = '" + id(4, 2) + "'":                                                                                                                                   "Ausverkauft",
		"SELECT coalesce(account, '-') || ' ' || contact FROM crm_opportunity WHERE ext_id = '" + id(4, 3) + "'":                                                                                                      "- " + id(3, 1),
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (expected_close_day NOT NULL)":                                                                                                             "0",
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (closed_day IS NULL)":                                                                                                                      "0",
		"SELECT group_concat(ext_id || ' ' || label || ' ' || category, ', ') FROM (SELECT * FROM crm_stage ORDER BY position)":                                                                                       "1 In Bearbeitung open, 2 Zurückgestellt open, 3 Gewonnen won, 4 Storniert lost, 5 Ausverkauft lost",
		"SELECT COUNT(*) FROM crm_account WHERE deleted_at IS NULL AND type = 'customer' AND industry = 'Bau'":                                                                                                        "94",
		"SELECT merged_into FROM crm_account WHERE ext_id = '" + id(2, 95) + "'":                                                                                                                                      id(2, 1),
		"SELECT email || ' ' || account || ' ' || opted_out FROM crm_contact":                                                                                                                                         "eva@x.example " + id(2, 1) + " 1",
		"SELECT group_concat(login || ' ' || active || ' ' || is_person || ' ' || team, ', ') FROM (SELECT * FROM crm_user ORDER BY login)":                                                                           "ada@x.example 1 1 Vertrieb, ben@x.example 0 1 Vertrieb, program@x.example 1 0 Vertrieb",
		"SELECT group_concat(status || ' ' || coalesce(opportunity, '-') || ' ' || coalesce(date(converted_day * 86400, 'unixepoch'), '-'), ', ') FROM (SELECT * FROM crm_lead ORDER BY ext_id)":                      "Qualifiziert " + id(4, 7) + " " + at(7).Format(time.DateOnly) + ", Neu - -",
		"SELECT lead FROM crm_opportunity WHERE lead NOT NULL":                                                                                                                                                        id(0xb, 1),
		"SELECT group_concat(category || ' ' || contact || ' ' || coalesce(date(closed_day * 86400, 'unixepoch'), '-'), ', ') FROM (SELECT * FROM crm_ticket ORDER BY ext_id)":                                        "solved " + id(3, 1) + " " + at(9).Format(time.DateOnly) + ", waiting " + id(3, 1) + " -",
		"SELECT group_concat(type || ' ' || coalesce(opportunity, coalesce(account, ticket)) || ' ' || coalesce(duration, '-') || ' ' || (done_at NOT NULL), ', ') FROM (SELECT * FROM crm_activity ORDER BY ext_id)": "call " + id(4, 3) + " 1800 1, meeting " + id(2, 1) + " 1800 0, note " + id(0xc, 1) + " - 1",
		"SELECT group_concat(number || ' ' || (deleted_at NOT NULL), ', ') FROM (SELECT * FROM crm_sales_document ORDER BY ext_id)":                                                                                   "invoice 0 0, invoice 1 0, invoice 2 0, invoice 3 1, salesorder 0 0, salesorder 1 0, salesorder 2 1, salesorder 3 0",
		"SELECT DISTINCT net || ' ' || gross || ' ' || currency || ' ' || account || ' ' || opportunity FROM crm_sales_document":                                                                                      "1000000 1190000 EUR " + id(2, 1) + " " + id(4, 1),
		"SELECT group_concat(person || ' ' || kind, ', ') FROM (SELECT * FROM crm_login ORDER BY logged_at)":                                                                                                          ada + " interactive, " + ada + " api",
	})
	if len(e.unknown) > 0 {
		t.Errorf("not understood: %q", e.unknown)
	}
	if d := cmp.Diff([]connector.Gap{{Table: "opportunity_change", Reason: connector.Limited}, {Table: "login", Reason: connector.Limited}, {Table: "stage", Reason: connector.Partial}, {Table: "ticket", Reason: connector.Partial}}, report.Gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}

	if d := cmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// The token runs out, an opportunity is won, one is deleted.
	e.tokens = map[string]bool{}
	d := e.sets["opportunities"][2]
	d["statecode"], d["statuscode"], d["actualvalue"], d["actualclosedate"], d["modifiedon"] = 1, 3, 5.0, "2025-12-31", stamp(at(400))
	e.sets["audits"] = append(e.sets["audits"], record{"auditid": id(0xac, 1), "createdon": stamp(at(400)), "operation": 2, "action": 44, "objecttypecode": "opportunity", "_objectid_value": id(4, 3), "_userid_value": ada})
	e.details[id(0xac, 1)] = record{"OldValue": record{"statecode": 0, "statuscode": 1}, "NewValue": record{"statecode": 1, "statuscode": 3}}
	e.sets["opportunities"] = slices.Delete(e.sets["opportunities"], 5, 6)
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"opportunities/opportunity updated": 2, "opportunities/opportunity_change inserted": 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.Is(t, map[string]string{
		"SELECT category || ' ' || amount || ' ' || date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '" + id(4, 3) + "'": "won 50000 " + at(400).Format(time.DateOnly),
		"SELECT deleted_at NOT NULL FROM crm_opportunity WHERE ext_id = '" + id(4, 6) + "'":                                                       "1",
	})
	if len(e.unknown) > 0 {
		t.Errorf("not understood: %q", e.unknown)
	}
}

func TestSync_withoutAuditing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*environment)
		want   []connector.Gap
	}{
		"switched off": {func(e *environment) {
			e.sets["organizations"][0]["isauditenabled"] = false
			e.sets["audits"] = []record{}
		}, []connector.Gap{{Table: "opportunity_change", Reason: connector.NotOffered}}},
		"not allowed":              {func(e *environment) { e.closed["audits"] = true }, []connector.Gap{{Table: "login", Reason: connector.NotAllowed}, {Table: "opportunity_change", Reason: connector.NotAllowed}}},
		"without customer service": {func(e *environment) { delete(e.sets, "incidents") }, []connector.Gap{{Table: "ticket", Reason: connector.NotAllowed}, {Table: "opportunity_change", Reason: connector.Limited}}},
	} {
		e, w := newEnvironment(), connectortest.Open(t, "dynamics")
		c.change(e)
		report := w.Sync(t, reader(t, e, "geheim"))
		want := append(c.want, connector.Gap{Table: "login", Reason: connector.Limited}, connector.Gap{Table: "stage", Reason: connector.Partial}, connector.Gap{Table: "ticket", Reason: connector.Partial})
		if d := cmp.Diff(want, report.Gaps); d != "" {
			t.Errorf("%s: gaps (-want +got):\n%s", name, d)
		}
		w.Is(t, map[string]string{"SELECT COUNT(*) FROM crm_opportunity WHERE category = 'won' AND closed_day NOT NULL": "30", "SELECT COUNT(*) FROM crm_opportunity WHERE home_amount NOT NULL": "90"})
	}
}

func TestSync_anEnvironmentWithAnotherCurrency(t *testing.T) {
	e, w := newEnvironment(), connectortest.Open(t, "dynamics")
	e.sets["organizations"][0]["_basecurrencyid_value"] = id(5, 2)
	w.Sync(t, reader(t, e, "geheim"))
	w.Is(t, map[string]string{"SELECT COUNT(*) FROM crm_opportunity WHERE home_amount NOT NULL": "0"})
}

// A link to another server would carry the token there.
func TestSync_followsLinksOnTheSameServerOnly(t *testing.T) {
	e, w := newEnvironment(), connectortest.Open(t, "dynamics")
	e.foreign = true
	if _, err := connector.Sync(t.Context(), reader(t, e, "geheim"), w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Address) {
		t.Error(err)
	}
}

func TestPage_waitsAsLongAsItIsTold(t *testing.T) {
	e := newEnvironment()
	busy := true
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy && strings.HasSuffix(r.URL.Path, "/accounts") {
			busy = false
			w.Header().Set("Retry-After", "37")
			refuse(w, 429, "0x80072322")
			return
		}
		e.ServeHTTP(w, r)
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var waited []time.Duration
	o := connectortest.Options()
	o.Sleep, o.Random = func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }, func() float64 { return 0 }
	r, err := dynamics.New(connector.Access{Settings: connector.Settings{Address: server.URL, Tenant: "firma.example", Client: "app"}, Secret: auth.SecretOf("geheim"), Zone: time.UTC, HTTP: o})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := r.Page(t.Context(), "accounts", time.Time{}, "")
	if err != nil || len(page.Rows) != 40 || len(waited) != 1 || waited[0] != 37*time.Second {
		t.Errorf("%d rows after %v: %v", len(page.Rows), waited, err)
	}
	if u, err := url.Parse(page.Next); err != nil || u.Query().Get("$skiptoken") != "40" {
		t.Errorf("goes on at %s", page.Next)
	}
}

func TestOpen_aWrongSecret(t *testing.T) {
	e := newEnvironment()
	if err := reader(t, e, "falsch").Open(t.Context()); !connector.Is(err, connector.Denied) || e.logins != 1 || strings.Contains(err.Error(), "falsch") || strings.Contains(err.Error(), "Muster") {
		t.Errorf("%v after %d", err, e.logins)
	}
}

func TestNew_knowsWhereTokensComeFrom(t *testing.T) {
	for address, ok := range map[string]bool{"https://firma.crm4.dynamics.com": true, "https://firma.crm.dynamics.cn": true, "http://firma.crm4.dynamics.com": false, "": false} {
		if _, err := dynamics.New(connector.Access{Settings: connector.Settings{Address: address}, Zone: time.UTC}); (err == nil) != ok || err != nil && !connector.Is(err, connector.Address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
