package pipedrive_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/pipedrive"
)

const token = "0123456789abcdef"

type record = map[string]any

// company is a Pipedrive in memory: the truth.
type company struct {
	lists map[string]map[int]record
	log   map[int][]record // newest first
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func iso(t time.Time) string { return t.Format(time.RFC3339) }

func old(t time.Time) string { return t.Format(time.DateTime) }

func newCompany() *company {
	c := &company{lists: map[string]map[int]record{}, log: map[int][]record{}}
	for _, name := range []string{"pipelines", "stages", "organizations", "persons", "deals", "activities"} {
		c.lists[name] = map[int]record{}
	}
	c.lists["pipelines"][1] = record{"id": 1, "name": "Vertrieb"}
	for i, name := range []string{"Anfrage", "Angebot", "Verhandlung"} {
		c.lists["stages"][i+1] = record{"id": i + 1, "name": name, "order_nr": i + 1, "deal_probability": 20 * (i + 1), "pipeline_id": 1}
	}
	for i := 1; i <= 230; i++ {
		c.lists["organizations"][i] = record{"id": i, "name": fmt.Sprintf("Kunde %d", i), "owner_id": 1 + i%3, "website": "https://www.Kunde" + strconv.Itoa(i) + ".example/", "add_time": iso(at(0)), "update_time": iso(at(0)),
			"address": record{"route": "Hauptstraße", "street_number": strconv.Itoa(i), "postal_code": "01067", "locality": "Dresden"}}
		c.lists["persons"][i] = record{"id": i, "org_id": i, "first_name": "Ada", "last_name": "Müller", "emails": []any{record{"value": "b@x.example"}, record{"value": "A@x.example", "primary": true}}, "add_time": iso(at(0)), "update_time": iso(at(0))}
	}
	for i := 1; i <= 137; i++ {
		status := []string{"open", "won", "lost"}[i%3]
		d := record{"id": i, "title": fmt.Sprintf("Anlage %d", i), "creator_user_id": 1, "owner_id": 1 + i%3, "org_id": i, "person_id": i, "stage_id": 2, "value": float64(i) + 0.25, "currency": "EUR", "status": status,
			"probability": 40, "add_time": iso(at(i)), "update_time": iso(at(i + 30)), "expected_close_date": at(i + 40).Format(time.DateOnly)}
		// Half an hour before midnight in UTC: in Berlin the next day has begun.
		end := at(i + 30).Truncate(24 * time.Hour).Add(23*time.Hour + 30*time.Minute)
		switch status {
		case "won":
			d["won_time"] = iso(end)
		case "lost":
			d["lost_time"], d["lost_reason"] = iso(end), "Preis"
		default:
			d["won_time"] = iso(at(i + 1)) // opened again: the former end stays
		}
		c.log[i] = []record{{"field_key": "stage_id", "old_value": "1", "new_value": "2", "time": old(at(i + 5)), "actor_user_id": 2, "change_source": "app"},
			{"field_key": "value", "old_value": "100", "new_value": fmt.Sprint(float64(i) + 0.25), "time": old(at(i + 5)), "actor_user_id": 2, "change_source": "api"},
			{"field_key": "title", "old_value": "x", "new_value": "y", "time": old(at(i + 4)), "actor_user_id": 2}}
		if status != "open" {
			c.log[i] = append([]record{{"field_key": "status", "old_value": "open", "new_value": status, "time": old(end), "actor_user_id": 3}}, c.log[i]...)
		}
		c.lists["deals"][i] = d
		c.lists["activities"][i] = record{"id": i, "type": []string{"call", "lunch", "deadline"}[i%3], "subject": "Rückruf", "owner_id": 1, "creator_user_id": 2, "deal_id": i, "due_date": "2025-02-01", "due_time": "15:00", "duration": "00:30:00",
			"done": true, "marked_as_done_time": iso(at(i)), "add_time": iso(at(i)), "update_time": iso(at(i))}
	}
	c.lists["deals"][5]["is_archived"] = true
	return c
}

func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Api-Token") != token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	q := r.URL.Query()
	path := r.URL.Path
	switch {
	case path == "/v1/users":
		var users []record
		for i, name := range []string{"Ada", "Ben", "Cem"} {
			users = append(users, record{"id": i + 1, "name": name, "email": name + "@x.example", "active_flag": i < 2, "last_login": "2025-06-01 08:00:00", "created": "2024-01-01 00:00:00", "modified": "2025-06-01 08:00:00"})
		}
		connectortest.JSON(w, record{"success": true, "data": users})
	case path == "/v1/notes":
		start, _ := strconv.Atoi(q.Get("start"))
		data := []record{}
		if start == 0 {
			data = append(data, record{"id": 1, "content": "angerufen", "user_id": 1, "deal_id": 1, "add_time": "2025-02-01 10:00:00", "update_time": "2025-02-01 10:00:00"})
		}
		connectortest.JSON(w, record{"success": true, "data": data, "additional_data": record{"pagination": record{"more_items_in_collection": start == 0, "next_start": 1}}})
	case strings.HasSuffix(path, "/changelog"):
		id, _ := strconv.Atoi(strings.Split(path, "/")[3])
		log, from := c.log[id], 0
		if s := q.Get("cursor"); s != "" {
			from, _ = strconv.Atoi(s)
		}
		to := min(from+2, len(log)) // two at a time, so that there are pages
		more := record{}
		if to < len(log) {
			more["next_cursor"] = strconv.Itoa(to)
		}
		connectortest.JSON(w, record{"success": true, "data": append([]record{}, log[from:to]...), "additional_data": more})
	case strings.HasPrefix(path, "/api/v2/"):
		c.list(w, strings.TrimPrefix(path, "/api/v2/"), q.Get)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (c *company) list(w http.ResponseWriter, name string, q func(string) string) {
	name, archived := strings.CutSuffix(name, "/archived")
	list, ok := c.lists[name]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	limit, _ := strconv.Atoi(cmp.Or(q("limit"), "100"))
	after, _ := strconv.Atoi(q("cursor"))
	data, more := []record{}, record{}
	for _, id := range slices.Sorted(maps.Keys(list)) {
		d := list[id]
		is, _ := d["is_archived"].(bool)
		gone := d["status"] == "deleted"
		if id <= after || name == "deals" && (is != archived || gone != (q("status") == "deleted")) {
			continue
		}
		if since := q("updated_since"); since != "" && fmt.Sprint(d["update_time"]) < since {
			continue
		}
		if len(data) == limit {
			more["next_cursor"] = fmt.Sprint(data[limit-1]["id"])
			break
		}
		data = append(data, d)
	}
	connectortest.JSON(w, record{"success": true, "data": data, "additional_data": more})
}

func reader(t *testing.T, h http.Handler, secret string) connector.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := pipedrive.New(connector.Access{Settings: connector.Settings{Address: server.URL}, Secret: auth.SecretOf(secret), Zone: berlin, Currency: "EUR", HTTP: connectortest.Options()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// holds compares the warehouse with the company, which is counted here and not by the connector.
func holds(t *testing.T, w connectortest.World, c *company) {
	t.Helper()
	count, sum, changes := map[string]int{}, int64(0), 0
	for id, d := range c.lists["deals"] {
		changes += 1 + len(c.log[id])
		for _, l := range c.log[id] {
			if l["field_key"] == "title" {
				changes--
			}
		}
		if d["status"] == "deleted" {
			continue
		}
		count[d["status"].(string)]++
		sum += int64(d["value"].(float64) * 10_000)
	}
	w.Is(t, map[string]string{
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'won'":  strconv.Itoa(count["won"]),
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'lost'": strconv.Itoa(count["lost"]),
		"SELECT COUNT(*) FROM crm_opportunity WHERE deleted_at IS NULL AND category = 'open'": strconv.Itoa(count["open"]),
		"SELECT SUM(amount) FROM crm_opportunity WHERE deleted_at IS NULL":                    strconv.FormatInt(sum, 10),
		"SELECT COUNT(*) FROM crm_opportunity_change":                                         strconv.Itoa(changes),
		"SELECT COUNT(*) FROM crm_account WHERE deleted_at IS NULL":                           strconv.Itoa(len(c.lists["organizations"])),
		"SELECT COUNT(*) FROM crm_contact WHERE deleted_at IS NULL":                           strconv.Itoa(len(c.lists["persons"])),
		"SELECT COUNT(*) FROM crm_activity WHERE deleted_at IS NULL":                          strconv.Itoa(len(c.lists["activities"]) + 1),
	})
}

func TestSync_againstAServerThatFailsOften(t *testing.T) {
	c, w := newCompany(), connectortest.Open(t, "pipedrive")
	faults := connectortest.NewFaults(c)
	r := reader(t, faults, token)
	w.Sync(t, r)
	if faults.Injected.Load() < 50 {
		t.Errorf("only %d answers were spoiled", faults.Injected.Load())
	}
	holds(t, w, c)
	w.Is(t, map[string]string{
		"SELECT COUNT(*) FROM crm_stage":                                                       "6",
		"SELECT COUNT(*) FROM crm_user WHERE active = 1":                                       "2",
		"SELECT COUNT(*) FROM crm_login WHERE success = 1":                                     "3",
		"SELECT email FROM crm_contact WHERE ext_id = '1'":                                     "a@x.example",
		"SELECT domain || ' ' || street FROM crm_account WHERE ext_id = '7'":                   "kunde7.example Hauptstraße 7",
		"SELECT date(closed_day * 86400, 'unixepoch') FROM crm_opportunity WHERE ext_id = '1'": at(32).Format(time.DateOnly), // half past midnight in Berlin
		"SELECT COUNT(*) FROM crm_opportunity WHERE category = 'open' AND closed_day NOT NULL": "0",
		"SELECT first_amount FROM crm_opportunity WHERE ext_id = '9'":                          "1000000",
		"SELECT probability FROM crm_opportunity WHERE ext_id = '9'":                           "0.4",
		"SELECT group_concat(field || ' ' || coalesce(old_value, '') || '>' || coalesce(new_value, ''), ', ') FROM (SELECT * FROM crm_opportunity_change WHERE opportunity = '1' ORDER BY changed_at, field)": "created >, amount 1000000>12500, stage 1>2, stage status/open>status/won",
		"SELECT type || ' ' || duration || ' ' || subject_length FROM crm_activity WHERE ext_id = 'activity/3'":                                                                                               "call 1800 7",
		"SELECT COUNT(*) FROM crm_opportunity_change c WHERE field = 'stage' AND NOT EXISTS (SELECT 1 FROM crm_stage s WHERE s.ext_id = c.new_value)":                                                         "0",
	})

	if d := gocmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// One deal is won, one goes, one is archived; a customer goes, one moves.
	later := at(400)
	d := c.lists["deals"]
	d[3]["status"], d[3]["won_time"], d[3]["update_time"] = "won", iso(later), iso(later)
	c.log[3] = append([]record{{"field_key": "status", "old_value": "open", "new_value": "won", "time": old(later), "actor_user_id": 1}}, c.log[3]...)
	d[4]["status"], d[4]["update_time"] = "deleted", iso(later)
	d[6]["is_archived"], d[6]["update_time"] = true, iso(later)
	delete(c.lists["organizations"], 200)
	c.lists["organizations"][7]["address"], c.lists["organizations"][7]["update_time"] = record{"locality": "Leipzig"}, iso(later)
	got := connectortest.Effects(w.Sync(t, r))
	if d := gocmp.Diff(map[string]int64{"deals/opportunity updated": 3, "deals/opportunity_change inserted": 1, "organizations/account updated": 2}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	holds(t, w, c)
	w.Is(t, map[string]string{"SELECT deleted_at > 0 AND category = 'won' FROM crm_opportunity WHERE ext_id = '4'": "1", "SELECT city FROM crm_account WHERE ext_id = '7'": "Leipzig"})
}

func TestSync_endsWhereTheCursorNeverDoes(t *testing.T) {
	c, w := newCompany(), connectortest.Open(t, "pipedrive")
	r := reader(t, http.HandlerFunc(func(o http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/api/v2/organizations") {
			connectortest.JSON(o, record{"success": true, "data": []record{{"id": 1, "name": "K"}}, "additional_data": record{"next_cursor": "always"}})
			return
		}
		c.ServeHTTP(o, q)
	}), token)
	if _, err := connector.Sync(t.Context(), r, w.Source, w.Warehouse, connector.Options{}); !connector.Is(err, connector.Loop) {
		t.Error(err)
	}
}

func TestOpen_tellsWhatIsWrong(t *testing.T) {
	if err := reader(t, newCompany(), "another").Open(t.Context()); !connector.Is(err, connector.Denied) {
		t.Error(err)
	}
	refused := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connectortest.JSON(w, record{"success": false, "error": "of Muster AG"})
	})
	if err := reader(t, refused, token).Open(t.Context()); !connector.Is(err, connector.Refused) || strings.Contains(err.Error(), "Muster") {
		t.Errorf("success is false in an answer of 200: %v", err)
	}
}
