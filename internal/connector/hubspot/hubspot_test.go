package hubspot_test

import (
	"encoding/json"
	"fmt"
	"maps"
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
	"github.com/rendite-crm/rendite/internal/connector/hubspot"
)

const token = "pat-eu1-0123456789"

type record = map[string]any

type deal struct {
	properties map[string]string
	history    map[string][]record // newest first
	changed    time.Time
	archived   bool
	company    int
}

// portal is a HubSpot in memory: the truth.
type portal struct {
	t       *testing.T
	deals   map[int]*deal
	denied  bool // of log-ins
	unknown int  // questions that it has no answer to
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func iso(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

func version(value string, when time.Time, user int) record {
	return record{"value": value, "timestamp": iso(when), "sourceType": "CRM_UI", "updatedByUserId": user}
}

func newPortal(t *testing.T) *portal {
	p := &portal{t: t, deals: map[int]*deal{}}
	for i := 1; i <= 163; i++ {
		stage := []string{"appointment", "closedwon", "closedlost"}[i%3]
		d := &deal{company: 1 + i%20, changed: at(i + 30)}
		d.properties = map[string]string{"dealname": fmt.Sprintf("Anlage %d", i), "amount": fmt.Sprintf("%d.50", i), "hubspot_owner_id": "501", "dealstage": stage, "createdate": iso(at(i)),
			"closedate": iso(at(i + 60)), "hs_deal_stage_probability": "0.2", "deal_currency_code": "EUR", "dealtype": "newbusiness"}
		d.history = map[string][]record{"dealstage": {version("appointment", at(i), 91)}, "amount": {version(fmt.Sprintf("%d.50", i), at(i+10), 91), version("1000", at(i), 91)},
			"hubspot_owner_id": {version("501", at(i), 91)}, "closedate": {version(iso(at(i+60)), at(i), 91)}}
		if stage != "appointment" {
			d.history["dealstage"] = append([]record{version(stage, at(i+30), 92)}, d.history["dealstage"]...)
			d.properties["closed_lost_reason"] = map[string]string{"closedlost": "Preis"}[stage]
		}
		p.deals[i] = d
	}
	p.deals[9].archived = true
	return p
}

func (p *portal) wire(id int, d *deal, full bool, properties []string) record {
	r := record{"id": strconv.Itoa(id), "createdAt": d.properties["createdate"], "updatedAt": iso(d.changed), "archived": d.archived}
	if d.archived {
		r["archivedAt"] = iso(d.changed)
	}
	values := record{}
	for _, name := range properties {
		values[name] = nil // HubSpot sends null for what is empty
		if v, ok := d.properties[name]; ok {
			values[name] = v
		}
	}
	r["properties"] = values
	r["propertiesWithHistory"] = d.history
	if full {
		r["associations"] = record{"companies": record{"results": []record{{"id": strconv.Itoa(d.company), "type": "deal_to_company"}}}}
	}
	return r
}

func page(all []record, after string, limit int) record {
	from, _ := strconv.Atoi(after)
	answer := record{"results": all[min(from, len(all)):min(from+limit, len(all))]}
	if from+limit < len(all) {
		answer["paging"] = record{"next": record{"after": strconv.Itoa(from + limit)}}
	}
	return answer
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	ids := slices.Sorted(maps.Keys(p.deals))
	var body struct {
		FilterGroups []struct {
			Filters []struct{ PropertyName, Operator, Value string }
		}
		Inputs     []struct{ ID string }
		Properties []string
		Limit      int
	}
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	switch path := r.URL.Path; {
	case path == "/crm/v3/owners":
		owners := []record{{"id": "501", "email": "Ada@x.example", "firstName": "Ada", "lastName": "Müller", "userId": 91, "type": "PERSON", "archived": false}}
		if q.Get("archived") == "true" {
			owners = []record{{"id": "502", "email": "ben@x.example", "firstName": "Ben", "lastName": "Groß", "userIdIncludingInactive": 92, "type": "PERSON", "archived": true}}
		}
		connectortest.JSON(w, page(owners, q.Get("after"), limit))
	case path == "/crm/v3/pipelines/deals":
		stage := func(id, closed, chance string, order int) record {
			return record{"id": id, "label": id, "displayOrder": order, "metadata": record{"isClosed": closed, "probability": chance}}
		}
		connectortest.JSON(w, record{"results": []record{{"label": "Vertrieb", "stages": []record{stage("appointment", "false", "0.2", 0), stage("closedwon", "true", "1.0", 1), stage("closedlost", "true", "0.0", 2)}}}})
	case path == "/account-info/v3/activity/login":
		if p.denied {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		connectortest.JSON(w, record{"results": []record{{"id": "l1", "userId": 91, "loginAt": iso(at(5)), "loginSucceeded": true, "ipAddress": "192.0.2.7", "userAgent": "Firefox"}}})
	case path == "/crm/v3/objects/deals":
		var all []record
		for _, id := range ids {
			if d := p.deals[id]; strconv.FormatBool(d.archived) == q.Get("archived") {
				all = append(all, p.wire(id, d, true, strings.Split(q.Get("properties"), ",")))
			}
		}
		if limit > 50 {
			w.WriteHeader(http.StatusBadRequest) // with history
			return
		}
		connectortest.JSON(w, page(all, q.Get("after"), limit))
	case path == "/crm/v3/objects/deals/search":
		var all []record
		for _, id := range ids {
			ok := !p.deals[id].archived
			for _, f := range body.FilterGroups[0].Filters {
				n, _ := strconv.ParseInt(f.Value, 10, 64)
				switch f.PropertyName + " " + f.Operator {
				case "hs_lastmodifieddate GTE":
					ok = ok && p.deals[id].changed.UnixMilli() >= n
				case "hs_object_id GT":
					ok = ok && int64(id) > n
				default:
					p.unknown++
				}
			}
			if ok {
				all = append(all, record{"id": strconv.Itoa(id)})
			}
		}
		connectortest.JSON(w, page(all, "0", body.Limit))
	case path == "/crm/v3/objects/deals/batch/read":
		all := []record{}
		for _, in := range body.Inputs {
			id, _ := strconv.Atoi(in.ID)
			all = append(all, p.wire(id, p.deals[id], false, body.Properties))
		}
		connectortest.JSON(w, record{"results": all})
	case path == "/crm/v4/associations/deals/companies/batch/read":
		all := []record{}
		for _, in := range body.Inputs {
			id, _ := strconv.Atoi(in.ID)
			all = append(all, record{"from": record{"id": in.ID}, "to": []record{{"toObjectId": p.deals[id].company}}})
		}
		connectortest.JSON(w, record{"results": all})
	case strings.HasPrefix(path, "/crm/v4/associations/"):
		connectortest.JSON(w, record{"results": []record{}})
	case path == "/crm/v3/objects/companies" && q.Get("archived") == "false":
		var all []record
		for i := 1; i <= 20; i++ {
			c := record{"name": fmt.Sprintf("Kunde %d", i), "domain": fmt.Sprintf("kunde%d.example", i), "lifecyclestage": "customer"}
			if i == 3 {
				c["name"] = nil
			}
			all = append(all, record{"id": strconv.Itoa(i), "createdAt": iso(at(0)), "updatedAt": iso(at(0)), "archived": false, "properties": c})
		}
		connectortest.JSON(w, page(all, q.Get("after"), 7))
	case path == "/crm/v3/objects/calls" && q.Get("archived") == "false":
		connectortest.JSON(w, record{"results": []record{{"id": "1", "createdAt": iso(at(3)), "updatedAt": iso(at(3)), "properties": record{"hs_timestamp": iso(at(3)), "hs_call_duration": "125000", "hs_call_direction": "INBOUND", "hubspot_owner_id": "501"},
			"associations": record{"deals": record{"results": []record{{"id": "1", "type": "call_to_deal"}}}}}}})
	case path == "/crm/v3/objects/notes":
		w.WriteHeader(http.StatusForbidden) // a scope that the app lacks
	case strings.HasPrefix(path, "/crm/v3/objects/"):
		connectortest.JSON(w, record{"results": []record{}})
	default:
		p.unknown++
		w.WriteHeader(http.StatusNotFound)
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
	r, err := hubspot.New(connector.Access{Settings: connector.Settings{Address: server.URL, Fields: map[string]string{"opportunity.product": "properties.dealtype"}}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func holds(t *testing.T, w connectortest.World, p *portal) {
	t.Helper()
	count, sum, changes := map[string]int{}, int64(0), 0
	for _, d := range p.deals {
		for name, list := range d.history {
			changes += len(list) - 1
			if name == "dealstage" {
				changes++ // how it was created
			}
		}
		if d.archived {
			continue
		}
		count[d.properties["dealstage"]]++
		n, _ := connector.Money(d.properties["amount"])
		sum += n
	}
	w.Is(t, map[string]string{
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'won'":  strconv.Itoa(count["closedwon"]),
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'lost'": strconv.Itoa(count["closedlost"]),
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'open'": strconv.Itoa(count["appointment"]),
		"SELECT SUM(amount) FROM crm_opportunity WHERE deleted_at IS NULL":                    strconv.FormatInt(sum, 10),
		"SELECT COUNT(*) FROM crm_opportunity_change":                                         strconv.Itoa(changes),
		"SELECT COUNT(*) FROM crm_opportunity WHERE account IS NULL":                          "0",
		"SELECT COUNT(*) FROM crm_account":                                                    "20",
	})
	if p.unknown > 0 {
		t.Errorf("%d questions had no answer", p.unknown)
	}
}

func TestSync_againstAServerThatFailsOften(t *testing.T) {
	p, w := newPortal(t), connectortest.Open(t, "hubspot")
	p.denied = true
	faults := connectortest.NewFaults(p)
	r := reader(t, faults, token)
	report := w.Sync(t, r)
	if faults.Injected.Load() < 10 {
		t.Errorf("only %d answers were spoiled", faults.Injected.Load())
	}
	holds(t, w, p)
	var gaps []string
	for _, g := range report.Gaps {
		gaps = append(gaps, g.Table+" "+string(g.Reason))
	}
	if d := cmp.Diff([]string{"activity not_allowed", "login not_allowed", "login limited", "opportunity_change limited", "lead not_read", "sales_document not_read"}, gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}
	w.Is(t, map[string]string{
		"SELECT deleted_at > 0 FROM crm_opportunity WHERE ext_id = '9'":                                "1",
		"SELECT first_amount FROM crm_opportunity WHERE ext_id = '4'":                                  "10000000",
		"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '4'":         at(34).Format(time.DateOnly), // from the history, not the property that can be edited
		"SELECT date(expected_close_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '3'": at(63).Format(time.DateOnly),
		"SELECT COUNT(*) FROM crm_opportunity WHERE (category = 'open') <> (closed_at IS NULL)":        "0",
		"SELECT type || ' ' || product FROM crm_opportunity WHERE ext_id = '4'":                        "new newbusiness",
		"SELECT name FROM crm_account WHERE ext_id = '3'":                                              "kunde3.example",
		"SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || new_value || ' ' || changed_by, ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '4' ORDER BY changed_at, field)": "created >appointment 501, amount 10000000>45000 501, stage appointment>closedwon 502",
		"SELECT group_concat(ext_id || ' ' || active) FROM (SELECT * FROM crm_user ORDER BY ext_id)":                                                                                                                 "501 1,502 0",
		"SELECT group_concat(ext_id || ' ' || person) FROM (SELECT * FROM crm_user_alias ORDER BY ext_id)":                                                                                                           "user/91 501,user/92 502",
		"SELECT ext_id || ' ' || duration || ' ' || direction || ' ' || opportunity FROM crm_activity":                                                                                                               "call/1 125 in 1",
		"SELECT group_concat(ext_id || ' ' || category, ', ') FROM (SELECT * FROM crm_stage ORDER BY position)":                                                                                                      "appointment open, closedwon won, closedlost lost",
	})

	if d := cmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// One deal is won, one archived, one went up in another; log-ins are allowed now.
	p.denied = false
	later := at(400)
	p.deals[3].properties["dealstage"], p.deals[3].changed = "closedwon", later
	p.deals[3].history["dealstage"] = append([]record{version("closedwon", later, 91)}, p.deals[3].history["dealstage"]...)
	p.deals[6].archived, p.deals[6].changed = true, later
	delete(p.deals, 7)
	p.deals[8].properties["hs_merged_object_ids"], p.deals[8].changed = "7;", later
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"deals/opportunity updated": 4, "deals/opportunity_change inserted": 1, "log-ins/login inserted": 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.Is(t, map[string]string{
		"SELECT merged_into FROM crm_opportunity WHERE ext_id = '7'":                "8",
		"SELECT deleted_at > 0 FROM crm_opportunity WHERE ext_id = '6'":             "1",
		"SELECT category || ' ' || account FROM crm_opportunity WHERE ext_id = '3'": "won 4",
		"SELECT person || ' ' || success FROM crm_login":                            "501 1",
	})
	if p.unknown > 0 {
		t.Errorf("%d questions had no answer", p.unknown)
	}
}

func TestOpen_tellsThatATokenDoesNotHold(t *testing.T) {
	if err := reader(t, newPortal(t), "another").Open(t.Context()); !connector.Is(err, connector.Denied) {
		t.Error(err)
	}
}
