package zoho_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/zoho"
)

type record = map[string]any

// company is a Zoho CRM in memory: the truth. It answers as version 8 is documented, also where that is peculiar: 204 where
// there is nothing, 304 where nothing was changed, 400 for a module that is not there.
type company struct {
	modules   map[string][]record
	timelines map[string][]record // newest first
	deleted   map[string][]record
	tokens    map[string]bool
	logins    int
	closed    map[string]string // the code that a module is refused with
	vanished  map[string]string // deals whose timeline is refused: "gone", or "there" all the same
	unknown   []string
	wide      bool // a question named a field that the module does not have
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

// stamp writes an instant with the offset of the user, as Zoho does.
func stamp(t time.Time) string {
	return t.In(time.FixedZone("", 3600)).Format("2006-01-02T15:04:05-07:00")
}

func ref(id, name string) record { return record{"id": id, "name": name} }

func change(name string, old, now any) record {
	return record{"api_name": name, "field_label": name, "_value": record{"old": old, "new": now}}
}

func entry(deal string, day int, action, source string, history ...record) record {
	e := record{"id": fmt.Sprintf("e%s-%d", deal, day), "audited_time": stamp(at(day)), "action": action, "source": source, "done_by": ref("901", "Ada Müller"),
		"record": record{"id": deal, "name": "Anlage", "module": record{"api_name": "Deals", "id": "1"}}, "related_record": nil, "field_history": nil}
	if len(history) > 0 {
		e["field_history"] = history
	}
	return e
}

func newCompany() *company {
	c := &company{modules: map[string][]record{}, timelines: map[string][]record{}, deleted: map[string][]record{}, tokens: map[string]bool{}, closed: map[string]string{"Cases": "INVALID_MODULE", "Invoices": "NO_PERMISSION"}}
	add := func(module, id string, day int, fields record) {
		r := record{"id": id, "Created_Time": stamp(at(day)), "Modified_Time": stamp(at(day)), "Owner": ref("901", "Ada Müller"), "Created_By": ref("901", "Ada Müller")}
		for k, v := range fields {
			r[k] = v
		}
		c.modules[module] = append(c.modules[module], r)
	}
	for i := 1; i <= 230; i++ {
		add("Accounts", fmt.Sprintf("1%04d", i), 0, record{"Account_Name": fmt.Sprintf("Kunde %d", i), "Website": "www.Kunde.example", "Account_Type": "Customer", "Billing_City": "Köln"})
	}
	add("Contacts", "20001", 1, record{"Account_Name": ref("10001", "Kunde 1"), "Last_Name": "Groß", "First_Name": nil, "Email": "Gross@X.example", "Email_Opt_Out": false})
	add("Leads", "30001", 2, record{"Company": "Neu GmbH", "Lead_Source": "Web", "Lead_Status": "Kontaktiert", "Converted_Date_Time": stamp(at(4)), "Converted_Deal": ref("40001", "Anlage 1")})
	for i := 1; i <= 123; i++ {
		id := fmt.Sprintf("4%04d", i)
		stage := []string{"Qualification", "Gewonnen!", "Closed Lost"}[i%3] // the won one is shown under another name
		add("Deals", id, i, record{"Deal_Name": fmt.Sprintf("Anlage %d", i), "Account_Name": ref(fmt.Sprintf("1%04d", i), "Kunde"), "Contact_Name": nil, "Stage": stage, "Amount": float64(i) + 0.5, "Currency": nil, "Probability": 20,
			"Closing_Date": "2025-12-31", "Type": "New Business", "Reason_For_Loss__s": nil})
		d := c.modules["Deals"][i-1]
		d["Modified_Time"] = stamp(at(i + 30))
		log := []record{entry(id, i, "added", "crm_ui")}
		log = append([]record{entry(id, i+5, "updated", "crm_api", change("Amount", "1000", fmt.Sprintf("%d.5", i)), change("Deal_Name", "x", "y"))}, log...)
		beside := entry("99", i+6, "added", "crm_ui", change("Stage", "x", "y"))
		beside["related_record"], beside["record"].(record)["id"] = beside["record"], "70001"
		log = append([]record{beside}, log...)
		if stage != "Qualification" {
			log = append([]record{entry(id, i+30, "updated", "workflow", change("Stage", "Qualification", stage))}, log...)
		}
		c.timelines[id] = log
	}
	c.timelines["40001"] = append([]record{entry("40001", 60, "updated", "crm_ui", change("Owner", "Ben Groß", "Ada Müller"), change("Closing_Date", "2025-11-30", "2025-12-31"), change("Probability", "10", "20"))}, c.timelines["40001"]...)
	c.timelines["40122"] = nil // older than the timeline
	add("Tasks", "50001", 3, record{"Subject": "Für später", "What_Id": ref("40001", "Anlage 1"), "$se_module": "Deals", "Who_Id": ref("20001", "Groß"), "Closed_Time": stamp(at(9))})
	add("Events", "50002", 3, record{"Subject": "Termin", "What_Id": ref("10001", "Kunde 1"), "$se_module": "Accounts", "Start_DateTime": stamp(at(9)), "End_DateTime": stamp(at(9).Add(90 * time.Minute))})
	add("Calls", "50003", 3, record{"Subject": "Anruf", "Call_Type": "Inbound", "Call_Duration": "02:05", "Call_Start_Time": stamp(at(9)), "Call_Status": "Completed"})
	add("Calls", "50004", 3, record{"Subject": "Anruf", "Call_Type": "Outbound", "Call_Start_Time": stamp(at(20)), "Call_Status": "Scheduled"})
	add("Notes", "60001", 3, record{"Parent_Id": record{"id": "40001", "name": "Anlage 1", "module": record{"api_name": "Deals", "id": "1"}}, "Note_Content": "vertraulich"})
	add("Sales_Orders", "80001", 5, record{"SO_Number": "A-1", "Account_Name": ref("10001", "Kunde 1"), "Deal_Name": ref("40001", "Anlage 1"), "Status": "Approved", "Grand_Total": 119, "Tax": 19, "Currency": "CHF"})
	add("Sales_Orders", "80002", 5, record{"SO_Number": "A-2", "Account_Name": ref("10001", "Kunde 1"), "Deal_Name": nil, "Status": "Cancelled", "Grand_Total": 50, "Tax": 0, "Currency": "EUR"})
	return c
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"code":%q,"details":{},"message":"about Muster AG","status":"error"}`, code)
}

func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oauth/v2/token" {
		c.logins++
		if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("client_id") != "1000.APP" || r.PostFormValue("client_secret") != "geheim" || r.PostFormValue("refresh_token") != "1000.r" {
			connectortest.JSON(w, record{"error": "invalid_code"}) // with status 200
			return
		}
		token := strconv.Itoa(c.logins)
		c.tokens["Zoho-oauthtoken "+token] = true
		connectortest.JSON(w, record{"access_token": token, "api_domain": "https://elsewhere.example", "token_type": "Bearer", "expires_in": 3600})
		return
	}
	if !c.tokens[r.Header.Get("Authorization")] {
		refuse(w, 401, "INVALID_TOKEN")
		return
	}
	q := r.URL.Query()
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/crm/v8/"), "/")
	switch place := strings.Join(parts, "/"); {
	case place == "org/currencies":
		connectortest.JSON(w, record{"currencies": []record{{"iso_code": "USD", "is_base": false}, {"iso_code": "EUR", "is_base": true}}})
	case place == "users":
		users := []record{{"id": "901", "full_name": "Ada Müller", "email": "Ada@x.example", "status": "active", "role": ref("1", "Vertrieb"), "created_time": stamp(at(0))}, {"id": "902", "full_name": "Ben Groß", "email": "ben@x.example", "status": "deleted", "role": ref("1", "Vertrieb")}}
		connectortest.JSON(w, record{"users": users, "info": record{"more_records": false}})
	case place == "settings/layouts":
		connectortest.JSON(w, record{"layouts": []record{{"id": "5"}}})
	case place == "settings/pipeline":
		connectortest.JSON(w, record{"pipeline": []record{{"display_value": "Neugeschäft", "maps": []record{{"actual_value": "Qualification"}, {"actual_value": "Closed Won"}, {"actual_value": "Closed Lost"}}}}})
	case len(parts) == 3 && parts[1] == "actions" && parts[2] == "count":
		if code := c.closed[parts[0]]; code != "" {
			c.describe(w, parts[0])
			return
		}
		if parts[0] == "Accounts" {
			connectortest.JSON(w, record{"count": strconv.Itoa(len(c.modules[parts[0]]))})
			return
		}
		connectortest.JSON(w, record{"count": len(c.modules[parts[0]])})
	case place == "settings/fields":
		c.describe(w, q.Get("module"))
	case len(parts) == 3 && parts[2] == "__timeline" && c.vanished[parts[1]] != "":
		refuse(w, 400, "INVALID_DATA")
	case len(parts) == 2 && parts[0] == "Deals" && c.vanished[parts[1]] != "":
		if c.vanished[parts[1]] == "gone" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		connectortest.JSON(w, record{"data": []record{{"id": parts[1]}}})
	case len(parts) == 3 && parts[2] == "__timeline":
		c.timeline(w, parts[1], q.Get("page_token"), q.Get("per_page"))
	case len(parts) == 2 && parts[1] == "deleted":
		c.page(w, c.deleted[parts[0]], r.Header.Get("If-Modified-Since"), "deleted_time", q.Get("page"), 200)
	case len(parts) == 1 && c.modules[parts[0]] != nil && q.Get("sort_by") == "Modified_Time" && q.Get("sort_order") == "asc":
		list := slices.Clone(c.modules[parts[0]])
		slices.SortStableFunc(list, func(a, b record) int {
			x, _ := connector.Instant(a["Modified_Time"])
			y, _ := connector.Instant(b["Modified_Time"])
			return int(x/1e6 - y/1e6)
		})
		names := strings.Split(q.Get("fields"), ",")
		has := map[string]bool{"$se_module": true, "id": true, "Created_Time": true, "Modified_Time": true, "Owner": true, "Created_By": true}
		for i, full := range list {
			list[i] = record{}
			for name := range full {
				has[name] = true
			}
			for _, name := range names {
				list[i][name] = full[name]
			}
		}
		c.wide = c.wide || len(list) > 0 && slices.ContainsFunc(names, func(name string) bool { return !has[name] })
		size, _ := strconv.Atoi(q.Get("per_page"))
		c.page(w, list, r.Header.Get("If-Modified-Since"), "Modified_Time", q.Get("page_token"), size)
	default:
		c.unknown = append(c.unknown, r.URL.String())
		refuse(w, 400, "INVALID_URL_PATTERN")
	}
}

func (c *company) describe(w http.ResponseWriter, module string) {
	if code := c.closed[module]; code == "NO_PERMISSION" {
		refuse(w, 403, code)
		return
	} else if code != "" {
		refuse(w, 400, code)
		return
	}
	var fields []record
	names := map[string]bool{}
	for _, r := range c.modules[module] {
		for name := range r {
			if !names[name] && !strings.HasPrefix(name, "$") {
				names[name] = true
				f := record{"api_name": name}
				if name == "Stage" {
					value := func(actual, shown, forecast string, n int) record {
						return record{"actual_value": actual, "display_value": shown, "forecast_type": forecast, "probability": 50 * (n - 1), "sequence_number": n, "type": "used"}
					}
					f["pick_list_values"] = []record{{"actual_value": "-None-", "display_value": "-None-"}, value("Closed Lost", "Closed Lost", "Closed Lost", 1), value("Qualification", "Qualification", "Open", 2), value("Closed Won", "Gewonnen!", "Closed Won", 3)}
				}
				fields = append(fields, f)
			}
		}
	}
	connectortest.JSON(w, record{"fields": fields})
}

// page gives records that were changed after an instant. Its tokens are places in the list.
func (c *company) page(w http.ResponseWriter, list []record, since, by, token string, size int) {
	if since != "" {
		after, ok := connector.Instant(since)
		if !ok {
			refuse(w, 400, "INVALID_DATA")
			return
		}
		list = slices.DeleteFunc(slices.Clone(list), func(r record) bool { n, _ := connector.Instant(r[by]); return n < after })
		if len(list) == 0 {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if len(list) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(token, "t"))
	if by == "deleted_time" {
		from = (from - 1) * size
	}
	to := min(from+size, len(list))
	i := record{"more_records": to < len(list), "per_page": size, "count": to - from}
	if i["next_page_token"] = nil; to < len(list) {
		i["next_page_token"] = "t" + strconv.Itoa(to)
	}
	connectortest.JSON(w, record{"data": list[from:to], "info": i})
}

func (c *company) timeline(w http.ResponseWriter, deal, token, size string) {
	all := c.timelines[deal]
	if len(all) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if token != "" && size != "" {
		refuse(w, 400, "AMBIGUITY_DURING_PROCESSING")
		return
	}
	from, _ := strconv.Atoi(token)
	to := min(from+3, len(all))
	connectortest.JSON(w, record{"__timeline": all[from:to], "info": record{"more_records": to < len(all), "next_page_token": strconv.Itoa(to)}})
}

func reader(t *testing.T, h http.Handler, secret string) connector.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := zoho.New(connector.Access{Settings: connector.Settings{Address: server.URL, Client: "1000.APP", Fields: map[string]string{"user.team": "role.name"}}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "USD", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failing spoils everything but log-ins, which are asked for once only.
func failing(c *company) (*connectortest.Faults, http.Handler) {
	faults := connectortest.NewFaults(c)
	return faults, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/oauth/") {
			c.ServeHTTP(w, r)
			return
		}
		faults.ServeHTTP(w, r)
	})
}

func (c *company) asked(t *testing.T) {
	t.Helper()
	if len(c.unknown) > 0 || c.wide {
		t.Errorf("not understood: %q; fields that do not exist: %t", c.unknown, c.wide)
	}
}

func TestSync_againstAServerThatFailsOften(t *testing.T) {
	c, w := newCompany(), connectortest.Open(t, "zoho")
	faults, h := failing(c)
	r := reader(t, h, "geheim 1000.r")
	report := w.Sync(t, r)
	if faults.Injected.Load() < 10 {
		t.Errorf("only %d answers were spoiled", faults.Injected.Load())
	}
	changes := func(deal string) string {
		return "SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || coalesce(new_value, '') || ' ' || origin || ' ' || changed_by, ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '" + deal + "' ORDER BY changed_at, field)"
	}
	w.Is(t, map[string]string{
		"SELECT group_concat(n, ', ') FROM (SELECT category || ' ' || COUNT(*) AS n FROM crm_opportunity GROUP BY category ORDER BY 1)": "lost 41, open 41, won 41",
		"SELECT SUM(amount) FROM crm_opportunity": strconv.Itoa((123*124*5 + 123*5) * 1000),
		"SELECT COUNT(*) FROM crm_account":        "230",
		"SELECT group_concat(n, ', ') FROM (SELECT field || ' ' || COUNT(*) AS n FROM crm_opportunity_change GROUP BY field ORDER BY 1)": "amount 122, created 123, expected_close 1, owner 1, probability 1, stage 81",
		changes("40001"): "created >Qualification user 901, amount 10000000>15000 api 901, stage Qualification>Closed Won automation 901, expected_close 20422>20453 user 901, owner 902>901 user 901, probability 0.1>0.2 user 901",
		"SELECT stage || ' ' || first_amount || ' ' || currency || ' ' || type || ' ' || probability || ' ' || date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '40001'":                                                                     "Closed Won 10000000 EUR new 0.2 " + at(31).Format(time.DateOnly),
		"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '40122'":                                                                                                                                                                    "2025-12-31", // nothing better is known
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (expected_close_day NOT NULL)":                                                                                                                                                             "0",
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (closed_day IS NULL)":                                                                                                                                                                      "0",
		"SELECT group_concat(ext_id || ' ' || category || ' ' || pipeline, ', ') FROM (SELECT * FROM crm_stage ORDER BY position)":                                                                                                                                    "Closed Lost lost Neugeschäft, Qualification open Neugeschäft, Closed Won won Neugeschäft",
		"SELECT group_concat(ext_id || ' ' || email || ' ' || active || ' ' || team, ', ') FROM (SELECT * FROM crm_user ORDER BY ext_id)":                                                                                                                             "901 ada@x.example 1 Vertrieb, 902 ben@x.example 0 Vertrieb",
		"SELECT name || ' ' || opportunity || ' ' || date(converted_day * 86400, 'unixepoch') FROM crm_lead":                                                                                                                                                          "Neu GmbH 40001 " + at(4).Format(time.DateOnly),
		"SELECT email || ' ' || account || ' ' || opted_out FROM crm_contact":                                                                                                                                                                                         "gross@x.example 10001 0",
		"SELECT group_concat(ext_id || ' ' || coalesce(opportunity, '-') || ' ' || coalesce(account, '-') || ' ' || coalesce(duration, '-') || ' ' || coalesce(direction, '-') || ' ' || (done_at NOT NULL), ', ') FROM (SELECT * FROM crm_activity ORDER BY ext_id)": "call/50003 - - 125 in 1, call/50004 - - - out 0, meeting/50002 - 10001 5400 - 1, note/60001 40001 - - - 1, task/50001 40001 - - - 1",
		"SELECT group_concat(number || ' ' || net || ' ' || gross || ' ' || currency || ' ' || (deleted_at NOT NULL), ', ') FROM (SELECT * FROM crm_sales_document ORDER BY number)":                                                                                  "A-1 1000000 1190000 CHF 0, A-2 500000 500000 EUR 1",
	})
	c.asked(t)
	if d := cmp.Diff([]connector.Gap{{Table: "ticket", Reason: connector.NotAllowed}, {Table: "sales_document", Reason: connector.NotAllowed}, {Table: "login", Reason: connector.NotRead}, {Table: "ticket", Reason: connector.Partial}}, report.Gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}

	if d := cmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// The token runs out, a deal is won, another one is deleted, and so is a task.
	c.tokens = map[string]bool{}
	won := c.modules["Deals"][2]
	won["Stage"], won["Modified_Time"] = "Closed Won", stamp(at(400))
	c.timelines["40003"] = append([]record{entry("40003", 400, "updated", "crm_ui", change("Stage", "Qualification", "Closed Won"))}, c.timelines["40003"]...)
	c.modules["Deals"] = slices.Delete(c.modules["Deals"], 3, 4)
	c.deleted["Deals"] = []record{{"id": "40004", "deleted_time": stamp(at(400)), "type": "recycle"}, {"id": "77777", "deleted_time": stamp(at(400)), "type": "permanent"}}
	c.modules["Tasks"] = []record{}
	c.deleted["Tasks"] = []record{{"id": "50001", "deleted_time": stamp(at(400)), "type": "permanent"}}
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"deals/opportunity updated": 2, "deals/opportunity_change inserted": 1, "tasks/activity updated": 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.Is(t, map[string]string{
		"SELECT category || ' ' || date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '40003'":        "won " + at(400).Format(time.DateOnly),
		"SELECT deleted_at = " + strconv.FormatInt(at(400).UnixMicro(), 10) + " FROM crm_opportunity WHERE ext_id = '40004'": "1",
	})
	c.asked(t)
}

func TestSync_pagesThatNeverEnd(t *testing.T) {
	c, w := newCompany(), connectortest.Open(t, "zoho")
	r := reader(t, http.HandlerFunc(func(o http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/crm/v8/Accounts" {
			connectortest.JSON(o, record{"data": []record{{"id": "1", "Account_Name": "K"}}, "info": record{"more_records": true, "next_page_token": "always"}})
			return
		}
		c.ServeHTTP(o, q)
	}), "geheim 1000.r")
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Loop) {
		t.Error(err)
	}
}

// A deal may be deleted between the list and its timeline; a timeline that is refused for another reason ends the run.
func TestSync_aDealThatGoesMeanwhile(t *testing.T) {
	c, w := newCompany(), connectortest.Open(t, "zoho")
	c.vanished = map[string]string{"40005": "gone"}
	w.Sync(t, reader(t, c, "geheim 1000.r"))
	w.Is(t, map[string]string{"SELECT COUNT(*) FROM crm_opportunity": "123", "SELECT group_concat(field) FROM crm_opportunity_change WHERE opportunity = '40005'": "created"})

	c, w = newCompany(), connectortest.Open(t, "zoho")
	c.vanished = map[string]string{"40005": "there"}
	if _, err := connector.Sync(t.Context(), reader(t, c, "geheim 1000.r"), w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Refused) {
		t.Error(err)
	}
}

func TestCount(t *testing.T) {
	r := reader(t, newCompany(), "geheim 1000.r")
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := r.(connector.Counter).Count
	for name, want := range map[string]int64{"deals": 123, "accounts": 230, "stages": -1} {
		if got, err := count(t.Context(), name, time.Time{}); err != nil || got != want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if got, err := count(t.Context(), "deals", at(3)); err != nil || got != -1 {
		t.Errorf("what has changed: %d, %v", got, err)
	}
	if _, err := count(t.Context(), "invoices", time.Time{}); !connector.Is(err, connector.Denied) {
		t.Error(err)
	}
}

// A list that says that there is more and gives no token goes on by number.
func TestPage_withoutTokens(t *testing.T) {
	c := newCompany()
	r := reader(t, http.HandlerFunc(func(o http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/crm/v8/Notes" {
			c.ServeHTTP(o, q)
			return
		}
		n, _ := strconv.Atoi(q.URL.Query().Get("page"))
		n = max(n, 1)
		connectortest.JSON(o, record{"data": []record{{"id": strconv.Itoa(n), "Modified_Time": stamp(at(n))}}, "info": record{"more_records": n < 3, "next_page_token": nil}})
	}), "geheim 1000.r")
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for cursor := ""; ; {
		page, err := r.Page(t.Context(), "notes", time.Time{}, cursor)
		if err != nil || len(page.Rows) != 1 {
			t.Fatal(page, err)
		}
		ids = append(ids, page.Rows[0].Record.ID)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"note/1", "note/2", "note/3"}, ids); d != "" {
		t.Error(d)
	}
}

// Tokens reach 100 000 records. A list of half a million is read in several goes, each from the last change of the one before.
func TestPage_beginsAgainWhereTokensEnd(t *testing.T) {
	c := newCompany()
	starts := map[string]bool{}
	r := reader(t, http.HandlerFunc(func(o http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/crm/v8/Accounts" {
			c.ServeHTTP(o, q)
			return
		}
		starts[q.Header.Get("If-Modified-Since")] = true
		n, _ := strconv.Atoi(q.URL.Query().Get("page_token"))
		if n >= 500 {
			refuse(o, 400, "PAGINATION_LIMIT_EXCEEDED")
			return
		}
		connectortest.JSON(o, record{"data": []record{{"id": strconv.Itoa(n), "Account_Name": "K", "Modified_Time": stamp(at(n))}}, "info": record{"more_records": true, "next_page_token": strconv.Itoa(n + 1)}})
	}), "geheim 1000.r")
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	cursor := ""
	for range 600 {
		page, err := r.Page(t.Context(), "accounts", time.Time{}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		cursor = page.Next
	}
	if want := at(449).Add(-time.Second).Format("2006-01-02T15:04:05+00:00"); !starts[""] || !starts[want] || len(starts) != 2 {
		t.Errorf("began at %v, want %s", starts, want)
	}
}

func TestOpen_tellsWhatIsWrong(t *testing.T) {
	for _, secret := range []string{"geheim 1000.falsch", "nur-eins", "a b c"} {
		c := newCompany()
		if err := reader(t, c, secret).Open(t.Context()); !connector.Is(err, connector.Denied) || c.logins > 1 || strings.Contains(err.Error(), "falsch") {
			t.Errorf("%s: %v after %d", secret, err, c.logins)
		}
	}
	c := newCompany()
	lacking := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/crm/v8/settings/fields" {
			refuse(w, 401, "OAUTH_SCOPE_MISMATCH") // as a token that has run out, but no new one would help
			return
		}
		c.ServeHTTP(w, r)
	})
	if err := reader(t, lacking, "geheim 1000.r").Open(t.Context()); !connector.Is(err, connector.Denied) || c.logins != 1 || strings.Contains(err.Error(), "Muster") {
		t.Errorf("%v after %d", err, c.logins)
	}
}

func TestNew_knowsTheDataCentres(t *testing.T) {
	for address, ok := range map[string]bool{"": true, "https://www.zohoapis.com": true, "https://sandbox.zohoapis.com.au": true, "https://www.zohoapis.example": false, "http://www.zohoapis.eu": false} {
		if _, err := zoho.New(connector.Access{Settings: connector.Settings{Address: address}, Zone: time.UTC}); (err == nil) != ok || err != nil && !connector.Is(err, connector.Address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
