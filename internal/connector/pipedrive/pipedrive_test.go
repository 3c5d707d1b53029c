package pipedrive_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/connector/connectortest"
	"github.com/rendite-crm/rendite/internal/connector/pipedrive"
)

const token = connectortest.PipedriveToken

type record = map[string]any

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func iso(t time.Time) string { return t.Format(time.RFC3339) }

func old(t time.Time) string { return t.Format(time.DateTime) }

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
func holds(t *testing.T, w connectortest.World, c *connectortest.Pipedrive) {
	t.Helper()
	count, sum, changes := map[string]int{}, int64(0), 0
	for id, d := range c.Lists["deals"] {
		changes += 1 + len(c.Log[id])
		for _, l := range c.Log[id] {
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
		"SELECT COUNT(*) FROM crm_account WHERE deleted_at IS NULL":                           strconv.Itoa(len(c.Lists["organizations"])),
		"SELECT COUNT(*) FROM crm_contact WHERE deleted_at IS NULL":                           strconv.Itoa(len(c.Lists["persons"])),
		"SELECT COUNT(*) FROM crm_activity WHERE deleted_at IS NULL":                          strconv.Itoa(len(c.Lists["activities"]) + 1),
	})
}

func TestSync_againstAServerThatFailsOften(t *testing.T) {
	c, w := connectortest.NewPipedrive(), connectortest.Open(t, "pipedrive")
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

	if d := cmp.Diff(map[string]int64{}, connectortest.Effects(w.Sync(t, r))); d != "" {
		t.Errorf("a second run without changes: %s", d)
	}

	// One deal is won, one goes, one is archived; a customer goes, one moves.
	later := at(400)
	d := c.Lists["deals"]
	d[3]["status"], d[3]["won_time"], d[3]["update_time"] = "won", iso(later), iso(later)
	c.Log[3] = append([]record{{"field_key": "status", "old_value": "open", "new_value": "won", "time": old(later), "actor_user_id": 1}}, c.Log[3]...)
	d[4]["status"], d[4]["update_time"] = "deleted", iso(later)
	d[6]["is_archived"], d[6]["update_time"] = true, iso(later)
	delete(c.Lists["organizations"], 200)
	c.Lists["organizations"][7]["address"], c.Lists["organizations"][7]["update_time"] = record{"locality": "Leipzig"}, iso(later)
	got := connectortest.Effects(w.Sync(t, r))
	if d := cmp.Diff(map[string]int64{"deals/opportunity updated": 3, "deals/opportunity_change inserted": 1, "organizations/account updated": 2}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	holds(t, w, c)
	w.Is(t, map[string]string{"SELECT deleted_at > 0 AND category = 'won' FROM crm_opportunity WHERE ext_id = '4'": "1", "SELECT city FROM crm_account WHERE ext_id = '7'": "Leipzig"})
}

func TestSync_endsWhereTheCursorNeverDoes(t *testing.T) {
	c, w := connectortest.NewPipedrive(), connectortest.Open(t, "pipedrive")
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
	if err := reader(t, connectortest.NewPipedrive(), "another").Open(t.Context()); !connector.Is(err, connector.Denied) {
		t.Error(err)
	}
	refused := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connectortest.JSON(w, record{"success": false, "error": "of Muster AG"})
	})
	if err := reader(t, refused, token).Open(t.Context()); !connector.Is(err, connector.Refused) || strings.Contains(err.Error(), "Muster") {
		t.Errorf("success is false in an answer of 200: %v", err)
	}
}
