package salesforce_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
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
	"github.com/rendite-crm/rendite/internal/connector/salesforce"
)

type record = map[string]any

// organisation answers in the shapes that Salesforce documents: records with attributes, errors as a list, answers in parts.
type organisation struct {
	lists   map[string][]record // by identifier
	hidden  []string            // fields that the access may not see
	tokens  map[string]bool
	logins  int
	spent   bool
	unknown []string
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }

func id(prefix string, n int) string { return fmt.Sprintf("%s%012dAAA", prefix, n) }

func newOrganisation() *organisation {
	o := &organisation{lists: map[string][]record{}, tokens: map[string]bool{}, hidden: []string{"LeadSource", "ContactId"}}
	stage := func(name string, closed, won bool, n int) record {
		return record{"Id": id("01J", n), "ApiName": name, "MasterLabel": name + "!", "IsClosed": closed, "IsWon": won, "DefaultProbability": float64(20 * n), "SortOrder": n}
	}
	o.lists["OpportunityStage"] = []record{stage("Prospecting", false, false, 1), stage("Closed Won", true, true, 2), stage("Closed Lost", true, false, 3)}
	o.lists["User"] = []record{{"Id": id("005", 1), "Username": "ada@x.example", "Name": "Ada Müller", "IsActive": true, "UserType": "Standard", "SystemModstamp": stamp(at(0)), "CreatedDate": stamp(at(0))}}
	o.lists["Contact"], o.lists["Lead"], o.lists["Event"] = []record{}, []record{}, []record{}
	o.lists["Account"] = []record{{"Id": id("001", 1), "Name": "Kunde", "Website": "www.Kunde.example", "BillingCity": "Dresden", "IsDeleted": false, "MasterRecordId": nil, "SystemModstamp": stamp(at(0))},
		{"Id": id("001", 2), "Name": "Kunde doppelt", "Website": nil, "BillingCity": nil, "IsDeleted": true, "MasterRecordId": id("001", 1), "SystemModstamp": stamp(at(0))}}
	o.lists["Task"] = []record{{"Id": id("00T", 1), "OwnerId": id("005", 1), "CreatedById": id("005", 1), "WhatId": id("006", 1), "WhoId": id("00Q", 1), "TaskSubtype": "Call", "CallDurationInSeconds": 60, "CompletedDateTime": stamp(at(3)), "IsDeleted": false, "SystemModstamp": stamp(at(3)), "AccountId": nil}}
	o.lists["LoginHistory"] = []record{{"Id": id("0Ya", 1), "UserId": id("005", 1), "LoginTime": stamp(at(4)), "Status": "Success", "LoginType": "SAML Sfdc Initiated SSO"}}
	for i := 1; i <= 620; i++ {
		name := []string{"Prospecting", "Closed Won", "Closed Lost"}[i%3]
		o.lists["Opportunity"] = append(o.lists["Opportunity"], record{"Id": id("006", i), "Name": "Anlage", "AccountId": id("001", 1), "OwnerId": id("005", 1), "ContactId": id("003", 1), "StageName": name, "Amount": float64(i) + 0.5, "Probability": 20.0,
			"CloseDate": "2025-12-31", "CreatedDate": stamp(at(1)), "CreatedById": id("005", 1), "IsDeleted": i == 6, "SystemModstamp": stamp(at(30)), "LeadSource": "Web"})
		entry := func(n int, stage string, amount float64, when time.Time) record {
			return record{"Id": id("008", 10*i+n), "OpportunityId": id("006", i), "StageName": stage, "Amount": amount, "Probability": 20.0, "CloseDate": "2025-12-31", "CreatedDate": stamp(when), "CreatedById": id("005", 1)}
		}
		o.lists["OpportunityHistory"] = append(o.lists["OpportunityHistory"], entry(0, "Prospecting", 100, at(1)), entry(1, name, float64(i)+0.5, at(30)))
	}
	return o
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `[{"message":"about Muster AG","errorCode":%q}]`, code)
}

var soql = regexp.MustCompile(`^SELECT (.+) FROM (\w+)(?: WHERE (.+?))? ORDER BY ([A-Za-z, ]+?)(?: LIMIT (\d+))?$`)

func (o *organisation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/services/oauth2/token" {
		o.logins++
		if r.PostFormValue("client_id") != "app" || r.PostFormValue("client_secret") != "geheim" || r.PostFormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
			return
		}
		token := strconv.Itoa(o.logins)
		o.tokens["Bearer "+token] = true
		connectortest.JSON(w, record{"access_token": token, "instance_url": "https://elsewhere.example", "token_type": "Bearer"})
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/services/data/v62.0"); {
	case !o.tokens[r.Header.Get("Authorization")]:
		refuse(w, 401, "INVALID_SESSION_ID")
	case o.spent:
		refuse(w, 403, "REQUEST_LIMIT_EXCEEDED")
	case strings.HasPrefix(path, "/sobjects/"):
		list, ok := o.lists[strings.Split(path, "/")[2]]
		if !ok {
			refuse(w, 404, "NOT_FOUND")
			return
		}
		var fields []record
		if len(list) > 0 {
			for name := range maps.Keys(list[0]) {
				if !slices.Contains(o.hidden, name) {
					fields = append(fields, record{"name": name})
				}
			}
		}
		connectortest.JSON(w, record{"fields": fields})
	case path == "/queryAll":
		o.query(w, r.URL.Query().Get("q"), 0)
	case strings.HasPrefix(path, "/query/"):
		from, q, _ := strings.Cut(strings.TrimPrefix(path, "/query/"), "-")
		n, _ := strconv.Atoi(from)
		o.query(w, q, n)
	default:
		refuse(w, 404, "NOT_FOUND")
	}
}

// query knows the conditions that the reader writes. History comes in parts of 150.
func (o *organisation) query(w http.ResponseWriter, q string, from int) {
	m := soql.FindStringSubmatch(q)
	if m == nil || o.lists[m[2]] == nil {
		o.unknown = append(o.unknown, q)
		refuse(w, 400, "MALFORMED_QUERY")
		return
	}
	names := strings.Split(m[1], ", ")
	for _, name := range names {
		if slices.Contains(o.hidden, name) {
			refuse(w, 400, "INVALID_FIELD")
			return
		}
	}
	var found []record
	for _, r := range o.lists[m[2]] {
		ok := true
		for _, c := range strings.Split(m[3], " AND ") {
			switch f := strings.SplitN(c, " ", 3); {
			case c == "":
			case f[1] == ">=":
				have, _ := connector.Instant(r[f[0]])
				want, _ := connector.Instant(f[2])
				ok = ok && have >= want
			case f[1] == ">":
				ok = ok && "'"+r[f[0]].(string)+"'" > f[2]
			case f[1] == "IN":
				ok = ok && strings.Contains(f[2], "'"+r[f[0]].(string)+"'")
			default:
				o.unknown = append(o.unknown, c)
			}
		}
		if ok {
			a := record{"attributes": record{"type": m[2]}}
			for _, name := range names {
				a[name] = r[name]
			}
			found = append(found, a)
		}
	}
	if n, err := strconv.Atoi(m[5]); err == nil {
		found = found[:min(n, len(found))]
	}
	total := len(found)
	found = found[from:]
	a := record{"totalSize": total, "done": true}
	if m[5] == "" && len(found) > 150 {
		found = found[:150]
		a["done"], a["nextRecordsUrl"] = false, "/services/data/v62.0/query/"+strconv.Itoa(from+150)+"-"+q
	}
	a["records"] = append([]record{}, found...)
	connectortest.JSON(w, a)
}

func reader(t *testing.T, h http.Handler, secret string) connector.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := salesforce.New(connector.Access{Settings: connector.Settings{Address: server.URL, Client: "app"}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSync_readsAnOrganisation(t *testing.T) {
	o, w := newOrganisation(), connectortest.Open(t, "salesforce")
	r := reader(t, o, "geheim")
	report := w.Sync(t, r)
	w.Is(t, map[string]string{
		"SELECT group_concat(n, ', ') FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity WHERE deleted_at IS NULL GROUP BY category ORDER BY 1)":                  "lost 207, open 205, won 207",
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NOT NULL":                                                                                                       "1",
		"SELECT SUM(amount) FROM crm_opportunity":                                                                                                                                 strconv.Itoa((620*621/2 + 310) * 10_000),
		"SELECT group_concat(n, ', ') FROM (SELECT field || ' ' || COUNT(*) AS n FROM crm_opportunity_change GROUP BY field ORDER BY 1)":                                          "amount 620, created 620, stage 414",
		"SELECT date(closed_day * 86400, 'unixepoch') || ' ' || first_amount || ' ' || probability || ' ' || currency FROM crm_opportunity WHERE ext_id = '" + id("006", 1) + "'": at(30).Format(time.DateOnly) + " 1000000 0.2 EUR",
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (expected_close_day NOT NULL)":                                                                         "0",
		"SELECT merged_into FROM crm_account WHERE ext_id = '" + id("001", 2) + "'":                                                                                               id("001", 1),
		"SELECT domain FROM crm_account WHERE ext_id = '" + id("001", 1) + "'":                                                                                                    "kunde.example",
		"SELECT type || ' ' || duration || ' ' || opportunity || ' ' || coalesce(contact, '-') FROM crm_activity":                                                                 "call 60 " + id("006", 1) + " -",
		"SELECT kind || ' ' || success FROM crm_login":                                                                                                                            "sso 1",
		"SELECT group_concat(ext_id || ' ' || category, ', ') FROM (SELECT * FROM crm_stage ORDER BY position)":                                                                   "Prospecting open, Closed Won won, Closed Lost lost",
	})
	if d := cmp.Diff([]connector.Gap{{Table: "ticket", Reason: connector.NotAllowed}, {Table: "login", Reason: connector.Limited}, {Table: "sales_document", Reason: connector.NotRead}}, report.Gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}

	// The token runs out, a deal is won.
	o.tokens = map[string]bool{}
	d := o.lists["Opportunity"][2]
	d["StageName"], d["SystemModstamp"] = "Closed Won", stamp(at(50))
	o.lists["OpportunityHistory"] = append(o.lists["OpportunityHistory"], record{"Id": id("008", 9999), "OpportunityId": d["Id"], "StageName": "Closed Won", "Amount": 3.5, "Probability": 20.0, "CloseDate": "2025-12-31", "CreatedDate": stamp(at(50)), "CreatedById": id("005", 1)})
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"opportunities/opportunity updated": 1, "opportunities/opportunity_change inserted": 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(o.unknown) > 0 {
		t.Errorf("not understood: %q", o.unknown)
	}

	o.spent = true
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Tomorrow) || strings.Contains(err.Error(), "Muster") {
		t.Errorf("the budget is used up: %v", err)
	}
}

func TestOpen_aWrongSecret(t *testing.T) {
	o := newOrganisation()
	if err := reader(t, o, "falsch").Open(t.Context()); !connector.Is(err, connector.Denied) || o.logins != 1 || strings.Contains(err.Error(), "falsch") {
		t.Errorf("%v after %d", err, o.logins)
	}
}
