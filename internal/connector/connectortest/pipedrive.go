package connectortest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PipedriveToken opens a Pipedrive.
const PipedriveToken = "0123456789abcdef"

type record = map[string]any

// Pipedrive is a company in memory that answers as Pipedrive does: the truth.
type Pipedrive struct {
	// Lists are the records by list and identifier.
	Lists map[string]map[int]record
	// Log are the changes of deals, newest first.
	Log map[int][]record
}

func at(day int) time.Time { return time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

func iso(t time.Time) string { return t.Format(time.RFC3339) }

func old(t time.Time) string { return t.Format(time.DateTime) }

// NewPipedrive is one with 230 customers and as many contacts, 137 deals with their changes, and 137 activities.
func NewPipedrive() *Pipedrive {
	c := &Pipedrive{Lists: map[string]map[int]record{}, Log: map[int][]record{}}
	for _, name := range []string{"pipelines", "stages", "organizations", "persons", "deals", "activities"} {
		c.Lists[name] = map[int]record{}
	}
	c.Lists["pipelines"][1] = record{"id": 1, "name": "Vertrieb"}
	for i, name := range []string{"Anfrage", "Angebot", "Verhandlung"} {
		c.Lists["stages"][i+1] = record{"id": i + 1, "name": name, "order_nr": i + 1, "deal_probability": 20 * (i + 1), "pipeline_id": 1}
	}
	for i := 1; i <= 230; i++ {
		c.Lists["organizations"][i] = record{"id": i, "name": fmt.Sprintf("Kunde %d", i), "owner_id": 1 + i%3, "website": "https://www.Kunde" + strconv.Itoa(i) + ".example/", "add_time": iso(at(0)), "update_time": iso(at(0)),
			"address": record{"route": "Hauptstraße", "street_number": strconv.Itoa(i), "postal_code": "01067", "locality": "Dresden"}}
		c.Lists["persons"][i] = record{"id": i, "org_id": i, "first_name": "Ada", "last_name": "Müller", "emails": []any{record{"value": "b@x.example"}, record{"value": "A@x.example", "primary": true}}, "add_time": iso(at(0)), "update_time": iso(at(0))}
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
		c.Log[i] = []record{{"field_key": "stage_id", "old_value": "1", "new_value": "2", "time": old(at(i + 5)), "actor_user_id": 2, "change_source": "app"},
			{"field_key": "value", "old_value": "100", "new_value": fmt.Sprint(float64(i) + 0.25), "time": old(at(i + 5)), "actor_user_id": 2, "change_source": "api"},
			{"field_key": "title", "old_value": "x", "new_value": "y", "time": old(at(i + 4)), "actor_user_id": 2}}
		if status != "open" {
			c.Log[i] = append([]record{{"field_key": "status", "old_value": "open", "new_value": status, "time": old(end), "actor_user_id": 3}}, c.Log[i]...)
		}
		c.Lists["deals"][i] = d
		c.Lists["activities"][i] = record{"id": i, "type": []string{"call", "lunch", "deadline"}[i%3], "subject": "Rückruf", "owner_id": 1, "creator_user_id": 2, "deal_id": i, "due_date": "2025-02-01", "due_time": "15:00", "duration": "00:30:00",
			"done": true, "marked_as_done_time": iso(at(i)), "add_time": iso(at(i)), "update_time": iso(at(i))}
	}
	c.Lists["deals"][5]["is_archived"] = true
	return c
}

func (c *Pipedrive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Api-Token") != PipedriveToken {
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
		JSON(w, record{"success": true, "data": users})
	case path == "/v1/notes":
		start, _ := strconv.Atoi(q.Get("start"))
		data := []record{}
		if start == 0 {
			data = append(data, record{"id": 1, "content": "angerufen", "user_id": 1, "deal_id": 1, "add_time": "2025-02-01 10:00:00", "update_time": "2025-02-01 10:00:00"})
		}
		JSON(w, record{"success": true, "data": data, "additional_data": record{"pagination": record{"more_items_in_collection": start == 0, "next_start": 1}}})
	case strings.HasSuffix(path, "/changelog"):
		id, _ := strconv.Atoi(strings.Split(path, "/")[3])
		log, from := c.Log[id], 0
		if s := q.Get("cursor"); s != "" {
			from, _ = strconv.Atoi(s)
		}
		to := min(from+2, len(log)) // two at a time, so that there are pages
		more := record{}
		if to < len(log) {
			more["next_cursor"] = strconv.Itoa(to)
		}
		JSON(w, record{"success": true, "data": append([]record{}, log[from:to]...), "additional_data": more})
	case strings.HasPrefix(path, "/api/v2/"):
		c.list(w, strings.TrimPrefix(path, "/api/v2/"), q.Get)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (c *Pipedrive) list(w http.ResponseWriter, name string, q func(string) string) {
	name, archived := strings.CutSuffix(name, "/archived")
	list, ok := c.Lists[name]
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
	JSON(w, record{"success": true, "data": data, "additional_data": more})
}
