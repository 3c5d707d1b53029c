// Package pipedrive reads a Pipedrive company with a personal API token. Start with New.
//
// Lists come from version 2 of the API; users, notes and the change log exist in version 1 only. The change log costs a call
// for each deal that was changed, which counts against the company's daily budget.
package pipedrive

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// DefaultAddress is the same for all companies; https://COMPANY.pipedrive.com works as well.
const DefaultAddress = "https://api.pipedrive.com"

const (
	pageSize  = 200
	dealsPage = 50 // each deal is a call for its changes
	changes   = 100
)

// The paths of the two versions.
const (
	v1 = "/v1"
	v2 = "/api/v2"
)

// kept maps the keys of the change log to the fields of a change.
var kept = map[string]string{"stage_id": "stage", "status": "stage", "value": "amount", "user_id": "owner", "owner_id": "owner", "expected_close_date": "expected_close", "probability": "probability", "org_id": "account"}

type reader struct {
	client *connector.Client
	access connector.Access
	v1, v2 string
}

// New is a reader of the company that a token opens. Address.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(cmp.Or(a.Address, DefaultAddress), a.HTTP)
	if err != nil {
		return nil, err
	}
	return &reader{client: client, access: a, v1: v1, v2: v2}, nil
}

// ways are the lists that an object is read from, one after the other: the living, the archived, the deleted.
var ways = map[string][]string{"deals": {"deals", "deals/archived", "deals?status=deleted"}}

// Objects are what Pipedrive delivers.
func (r *reader) Objects() []connector.Object {
	return []connector.Object{
		{Name: "users", Tables: []string{"user", "login"}},
		{Name: "stages", Tables: []string{"stage"}},
		{Name: "organizations", Tables: []string{"account"}, Deletions: connector.Compared},
		{Name: "persons", Tables: []string{"contact"}, Deletions: connector.Compared},
		{Name: "deals", Tables: []string{"opportunity", "opportunity_change"}, Deletions: connector.Delivered},
		{Name: "activities", Tables: []string{"activity"}, Prefix: "activity/", Deletions: connector.Compared},
		// Notes are listed by count, which shifts while one is deleted: a comparison could take a living one for gone.
		{Name: "notes", Tables: []string{"activity"}, Prefix: "note/", Optional: true},
	}
}

// Gaps are the same for all companies.
func (r *reader) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "login", Reason: connector.LatestOnly}, {Table: "ticket", Reason: connector.NotOffered}, {Table: "sales_document", Reason: connector.NotOffered}, {Table: "lead", Reason: connector.NotRead}}
}

type answer struct {
	Success *bool            `json:"success"`
	Data    []map[string]any `json:"data"`
	More    struct {
		Cursor     string `json:"next_cursor"`
		Pagination struct {
			More bool `json:"more_items_in_collection"`
			Next int  `json:"next_start"`
		} `json:"pagination"`
	} `json:"additional_data"`
}

func (r *reader) get(ctx context.Context, place, path string, query url.Values) (answer, error) {
	var a answer
	header := http.Header{"X-Api-Token": {r.access.Secret.Reveal()}}
	if err := r.client.Do(ctx, connector.Request{Place: place, Path: path, Query: query, Header: header}, &a); err != nil {
		return a, err
	}
	if a.Success != nil && !*a.Success { // with status 200
		return a, connector.Fail(connector.Refused, place)
	}
	return a, nil
}

// Open tries the token.
func (r *reader) Open(ctx context.Context) error {
	_, err := r.get(ctx, "pipelines", r.v2+"/pipelines", url.Values{"limit": {"1"}})
	return err
}

// Page reads a list. The cursor is the number of the list and Pipedrive's own, with a colon between.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	switch name {
	case "users":
		return r.users(ctx)
	case "stages":
		return r.stages(ctx)
	case "notes":
		return r.notes(ctx, since, cursor)
	}
	lists, ok := ways[name]
	if !ok {
		lists = []string{name}
	}
	number, own, _ := strings.Cut(cursor, ":")
	n, _ := strconv.Atoi(number)
	if n < 0 || n >= len(lists) {
		return connector.Page{}, connector.Fail(connector.Refused, name)
	}
	path, fixed, _ := strings.Cut(lists[n], "?")
	query, err := url.ParseQuery(fixed)
	if err != nil {
		return connector.Page{}, err
	}
	query.Set("limit", strconv.Itoa(pageSize))
	if name == "deals" {
		query.Set("limit", strconv.Itoa(dealsPage))
	}
	query.Set("sort_by", "id")
	query.Set("sort_direction", "asc")
	if !since.IsZero() {
		query.Set("updated_since", since.UTC().Format(time.RFC3339))
	}
	if own != "" {
		query.Set("cursor", own)
	}
	got, err := r.get(ctx, name, r.v2+"/"+path, query)
	if err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	for _, record := range got.Data {
		rows, err := r.rows(ctx, name, record)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, rows...)
	}
	switch {
	case got.More.Cursor != "":
		page.Next = strconv.Itoa(n) + ":" + got.More.Cursor
	case n+1 < len(lists):
		page.Next = strconv.Itoa(n+1) + ":"
	}
	return page, nil
}

// IDs lists what is left.
func (r *reader) IDs(ctx context.Context, name, cursor string) ([]string, string, error) {
	query := url.Values{"limit": {"500"}, "sort_by": {"id"}, "sort_direction": {"asc"}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	got, err := r.get(ctx, name, r.v2+"/"+name, query)
	return identifiers(got.Data), got.More.Cursor, err
}

func identifiers(records []map[string]any) []string {
	var ids []string
	for _, record := range records {
		if deleted, _ := record["is_deleted"].(bool); !deleted {
			ids = append(ids, connector.Text(record["id"]))
		}
	}
	return ids
}

func (r *reader) mapping(table, prefix string, fields ...connector.Field) connector.Mapping {
	return connector.Mapping{Table: table, Prefix: prefix, ID: "id", Created: "add_time", Updated: "update_time", Fields: fields, Zone: r.access.Zone}.Override(r.access.Fields)
}

func (r *reader) rows(ctx context.Context, name string, record map[string]any) ([]connector.Row, error) {
	owner := connector.Field{Column: "owner", From: "owner_id"}
	var m connector.Mapping
	var more []connector.Row
	switch name {
	case "organizations":
		m = r.mapping("account", "", owner, connector.Field{Column: "name", From: "name", With: func(v any) any { return cmp.Or(connector.Text(v), "#"+connector.Text(record["id"])) }},
			connector.Field{Column: "street", From: "address", With: street}, connector.Field{Column: "postal_code", From: "address.postal_code"}, connector.Field{Column: "city", From: "address.locality"},
			connector.Field{Column: "domain", From: "website", With: connector.Domain})
	case "persons":
		m = r.mapping("contact", "", connector.Field{Column: "account", From: "org_id"}, connector.Field{Column: "first_name", From: "first_name"}, connector.Field{Column: "last_name", From: "last_name"},
			connector.Field{Column: "email", From: "emails", With: primary}, connector.Field{Column: "phone", From: "phones", With: primary}, connector.Field{Column: "role", From: "job_title"},
			connector.Field{Column: "postal_code", From: "postal_address.postal_code"}, connector.Field{Column: "city", From: "postal_address.locality"})
	case "deals":
		var first any
		var err error
		if more, first, err = r.history(ctx, record); err != nil {
			return nil, err
		}
		record["first"] = first
		m = r.mapping("opportunity", "", owner, connector.Field{Column: "name", From: "title"}, connector.Field{Column: "account", From: "org_id"}, connector.Field{Column: "contact", From: "person_id"},
			connector.Field{Column: "stage", From: "stage_id"}, connector.Field{Column: "category", From: "status", With: func(v any) any { return category(v, record) }},
			connector.Field{Column: "amount", From: "value"}, connector.Field{Column: "currency", From: "currency"}, connector.Field{Column: "first_amount", From: "first"},
			connector.Field{Column: "probability", From: "probability", Scale: 100}, connector.Field{Column: "opened_at", From: "add_time"}, connector.Field{Column: "expected_close_day", From: "expected_close_date"},
			connector.Field{Column: "closed_at", With: func(any) any { return closing(record, "won_time", "lost_time", "close_time") }},
			connector.Field{Column: "closed_day", With: func(any) any { return closing(record, "local_won_date", "local_lost_date", "local_close_date") }},
			connector.Field{Column: "lost_reason", From: "lost_reason"}, connector.Field{Column: "lead_source", From: "origin"})
	case "activities":
		m = r.mapping("activity", "activity/", owner, connector.Field{Column: "type", From: "type", With: kindOfActivity}, connector.Field{Column: "author", From: "creator_user_id"},
			connector.Field{Column: "account", From: "org_id"}, connector.Field{Column: "contact", From: "person_id"}, connector.Field{Column: "opportunity", From: "deal_id"},
			connector.Field{Column: "due_at", With: func(any) any { return due(record) }}, connector.Field{Column: "duration", From: "duration", With: clock},
			connector.Field{Column: "subject_length", From: "subject", With: length},
			connector.Field{Column: "done_at", With: func(any) any {
				if done, _ := record["done"].(bool); done {
					return record["marked_as_done_time"]
				}
				return nil
			}})
	default:
		return nil, connector.Fail(connector.Missing, name)
	}
	row := m.Row(record)
	if deleted(record) {
		row.Record.Deleted = max(row.Record.Updated, 1)
	}
	return append([]connector.Row{row}, more...), nil
}

func deleted(record map[string]any) bool {
	gone, _ := record["is_deleted"].(bool)
	return gone || connector.Text(record["status"]) == "deleted"
}

// category of a deal that was deleted is what it was: Pipedrive overwrites the status, the times stay.
func category(status any, record map[string]any) any {
	switch connector.Text(status) {
	case "won":
		return crm.Won
	case "lost":
		return crm.Lost
	case "open":
		return crm.Open
	case "deleted":
		switch {
		case connector.Text(record["won_time"]) != "":
			return crm.Won
		case connector.Text(record["lost_time"]) != "":
			return crm.Lost
		}
		return crm.Open
	}
	return status // a reject, rather than a guess
}

// closing is when a deal ended. A deal that was opened again keeps the times of its former end, so they count only where
// the status agrees.
func closing(record map[string]any, won, lost, otherwise string) any {
	var v any
	switch category(record["status"], record) {
	case crm.Won:
		v = record[won]
	case crm.Lost:
		v = record[lost]
	default:
		return nil
	}
	if connector.Text(v) == "" {
		return record[otherwise]
	}
	return v
}

func primary(v any) any {
	list, _ := v.([]any)
	var first any
	for _, e := range list {
		value := connector.Path(e, "value")
		if is, _ := connector.Path(e, "primary").(bool); is || first == nil {
			first = value
		}
	}
	if first == nil {
		return nil
	}
	return strings.ToLower(strings.TrimSpace(connector.Text(first)))
}

func street(v any) any {
	route, number := connector.Text(connector.Path(v, "route")), connector.Text(connector.Path(v, "street_number"))
	if route == "" {
		return nil
	}
	return strings.TrimSpace(route + " " + number)
}

func kindOfActivity(v any) any {
	switch connector.Text(v) {
	case "call", "meeting", "email":
		return v
	case "lunch":
		return "meeting"
	}
	return "task" // task, deadline, and those that a company names itself
}

func length(v any) any { return int64(len([]rune(connector.Text(v)))) }

// clock reads "01:30" or "01:30:00" as seconds.
func clock(v any) any {
	var n int64
	parts := strings.Split(connector.Text(v), ":")
	if len(parts) < 2 {
		return nil
	}
	for i := range 3 {
		n *= 60
		if i < len(parts) {
			p, err := strconv.ParseInt(parts[i], 10, 64)
			if err != nil {
				return nil
			}
			n += p
		}
	}
	return n
}

// due is in UTC. A day without a time of day is no instant.
func due(record map[string]any) any {
	day, hour := connector.Text(record["due_date"]), connector.Text(record["due_time"])
	if day == "" || hour == "" {
		return nil
	}
	if strings.Count(hour, ":") == 1 {
		hour += ":00"
	}
	return day + " " + hour
}

// stages are Pipedrive's, and three that stand for the status: a deal that is won stays in the stage it was in.
func (r *reader) stages(ctx context.Context) (connector.Page, error) {
	pipelines := map[string]string{}
	if err := r.each(ctx, "pipelines", func(p map[string]any) { pipelines[connector.Text(p["id"])] = connector.Text(p["name"]) }); err != nil {
		return connector.Page{}, err
	}
	m := r.mapping("stage", "", connector.Field{Column: "label", From: "name"}, connector.Field{Column: "position", From: "order_nr"}, connector.Field{Column: "probability", From: "deal_probability", Scale: 100},
		connector.Field{Column: "category", With: func(any) any { return crm.Open }}, connector.Field{Column: "pipeline", From: "pipeline_id", With: func(v any) any { return pipelines[connector.Text(v)] }})
	var page connector.Page
	err := r.each(ctx, "stages", func(s map[string]any) { page.Rows = append(page.Rows, m.Row(s)) })
	t, _ := crm.Find("stage")
	for i, s := range []string{crm.Open, crm.Won, crm.Lost} {
		row := connector.Row{Table: "stage", Record: t.New("status/" + s)}
		t.Set(&row.Record, "label", s)
		t.Set(&row.Record, "category", s)
		t.Set(&row.Record, "position", int64(1000+i))
		page.Rows = append(page.Rows, row)
	}
	return page, err
}

// each visits a small list of version 2.
func (r *reader) each(ctx context.Context, name string, visit func(map[string]any)) error {
	seen, cursor := map[string]bool{}, ""
	for {
		query := url.Values{"limit": {"500"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		got, err := r.get(ctx, name, r.v2+"/"+name, query)
		if err != nil {
			return err
		}
		for _, record := range got.Data {
			visit(record)
		}
		if cursor = got.More.Cursor; cursor == "" {
			return nil
		}
		if seen[cursor] {
			return connector.Fail(connector.Loop, name)
		}
		seen[cursor] = true
	}
}

func (r *reader) users(ctx context.Context) (connector.Page, error) {
	got, err := r.get(ctx, "users", r.v1+"/users", nil)
	if err != nil {
		return connector.Page{}, err
	}
	user := connector.Mapping{Table: "user", ID: "id", Created: "created", Updated: "modified", Fields: []connector.Field{{Column: "login", From: "email"}, {Column: "email", From: "email"}, {Column: "name", From: "name"},
		{Column: "active", From: "active_flag"}, {Column: "role", From: "role_id"}}}
	login := connector.Mapping{Table: "login", Fields: []connector.Field{{Column: "person", From: "id"}, {Column: "logged_at", From: "last_login"}, {Column: "success", With: func(any) any { return true }},
		{Column: "kind", With: func(any) any { return "interactive" }}}}
	var page connector.Page
	for _, u := range got.Data {
		page.Rows = append(page.Rows, user.Row(u))
		if connector.Text(u["last_login"]) != "" {
			page.Rows = append(page.Rows, login.Row(u))
		}
	}
	return page, nil
}

// notes come from version 1, which pages by count.
func (r *reader) notes(ctx context.Context, since time.Time, cursor string) (connector.Page, error) {
	query := url.Values{"limit": {"100"}, "start": {cmp.Or(cursor, "0")}, "sort": {"id ASC"}}
	if !since.IsZero() {
		query.Set("updated_since", since.UTC().Format(time.RFC3339))
	}
	got, err := r.get(ctx, "notes", r.v1+"/notes", query)
	if err != nil {
		return connector.Page{}, err
	}
	m := r.mapping("activity", "note/", connector.Field{Column: "type", With: func(any) any { return "note" }}, connector.Field{Column: "owner", From: "user_id"}, connector.Field{Column: "author", From: "user_id"},
		connector.Field{Column: "account", From: "org_id"}, connector.Field{Column: "contact", From: "person_id"}, connector.Field{Column: "opportunity", From: "deal_id"},
		connector.Field{Column: "done_at", From: "add_time"}, connector.Field{Column: "subject_length", From: "content", With: length})
	var page connector.Page
	if got.More.Pagination.More {
		page.Next = strconv.Itoa(got.More.Pagination.Next)
	}
	for _, n := range got.Data {
		page.Rows = append(page.Rows, m.Row(n))
	}
	return page, nil
}

// history reads the change log of a deal, newest first, and says what the deal was worth at first.
func (r *reader) history(ctx context.Context, deal map[string]any) (rows []connector.Row, first any, err error) {
	id := connector.Text(deal["id"])
	var log []map[string]any
	seen, cursor := map[string]bool{}, ""
	for {
		query := url.Values{"limit": {strconv.Itoa(changes)}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		got, err := r.get(ctx, "changelog", r.v1+"/deals/"+url.PathEscape(id)+"/changelog", query)
		if connector.Is(err, connector.Missing) && deleted(deal) {
			return nil, nil, nil // the log goes with the deal
		}
		if err != nil {
			return nil, nil, err
		}
		log = append(log, got.Data...)
		if cursor = got.More.Cursor; cursor == "" {
			break
		}
		if seen[cursor] {
			return nil, nil, connector.Fail(connector.Loop, "changelog")
		}
		seen[cursor] = true
	}
	slices.Reverse(log)
	slices.SortStableFunc(log, func(a, b map[string]any) int {
		return cmp.Compare(connector.Text(a["time"]), connector.Text(b["time"]))
	})
	t, _ := crm.Find("opportunity_change")
	made := connector.Row{Table: "opportunity_change", Record: t.New("")}
	made.Put("opportunity", id, 1, nil)
	made.Put("changed_at", deal["add_time"], 1, nil)
	made.Put("changed_by", deal["creator_user_id"], 1, nil)
	t.Set(&made.Record, "field", "created")
	t.Set(&made.Record, "seq", int64(0))
	rows = append(rows, made)
	seq := map[string]int64{}
	first = deal["value"]
	valued := false
	for _, c := range log {
		key := connector.Text(c["field_key"])
		field, ok := kept[key]
		if !ok {
			continue
		}
		if key == "value" && !valued {
			first, valued = c["old_value"], true
		}
		row := connector.Row{Table: "opportunity_change", Record: t.New("")}
		row.Put("opportunity", id, 1, nil)
		row.Put("changed_at", c["time"], 1, nil)
		row.Put("changed_by", c["actor_user_id"], 1, nil)
		row.Put("origin", originOf(connector.Text(c["change_source"])), 1, nil)
		t.Set(&row.Record, "field", field)
		place := field + connector.Text(c["time"])
		t.Set(&row.Record, "seq", seq[place])
		seq[place]++
		row.Keep("old_value", field, worded(key, c["old_value"]), 100, r.access.Zone)
		row.Keep("new_value", field, worded(key, c["new_value"]), 100, r.access.Zone)
		rows = append(rows, row)
	}
	return rows, first, nil
}

// worded writes a status as the stage that stands for it.
func worded(key string, v any) any {
	if v == nil || key != "status" {
		return v
	}
	return "status/" + connector.Text(v)
}

func originOf(source string) any {
	switch source {
	case "":
		return nil
	case "app", "mobile":
		return "user"
	case "api":
		return "api"
	case "import":
		return "import"
	}
	return "automation"
}
