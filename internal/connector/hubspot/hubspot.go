// Package hubspot reads a HubSpot account with the token of a private app. Start with New.
//
// The first run reads the lists, which carry the history of properties and associations. Later runs search for what was
// changed and read that by identifier, since the lists cannot be filtered. Archived records have a list of their own.
package hubspot

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

// DefaultAddress is the same for all accounts.
const DefaultAddress = "https://api.hubapi.com"

// Records of a page: with the history of properties HubSpot gives no more than 50.
const (
	pageSize    = 100
	historyPage = 50
)

// kept maps the properties whose history is kept to the fields of a change.
var kept = map[string]string{"dealstage": "stage", "amount": "amount", "hubspot_owner_id": "owner", "closedate": "expected_close"}

type reader struct {
	client *connector.Client
	access connector.Access
	// stages are the categories by identifier, people the owners by user.
	stages map[string]string
	people map[string]string
	list   []crm.Record // of table stage
}

// New is a reader of the account that a token opens. Address.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(cmp.Or(a.Address, DefaultAddress), a.HTTP)
	if err != nil {
		return nil, err
	}
	return &reader{client: client, access: a}, nil
}

// object is how a list of HubSpot fills a table.
type object struct {
	connector.Object
	kind     string // in addresses
	modified string // the property that says when a record was changed
	fields   []connector.Field
	with     []string // associations
	history  bool
}

func (r *reader) all() []object {
	p := func(name string) string { return "properties." + name }
	first := func(kind string) connector.Field {
		column := map[string]string{"companies": "account", "contacts": "contact", "deals": "opportunity", "tickets": "ticket"}[kind]
		return connector.Field{Column: column, From: "associations." + kind + ".results.0.id"}
	}
	owner := connector.Field{Column: "owner", From: p("hubspot_owner_id")}
	o := func(kind, table, prefix string, with []string, fields ...connector.Field) object {
		for _, k := range with {
			fields = append(fields, first(k))
		}
		return object{Object: connector.Object{Name: kind, Tables: []string{table}, Prefix: prefix, Deletions: connector.Delivered, Optional: !slices.Contains([]string{"companies", "deals"}, kind)},
			kind: kind, modified: "hs_lastmodifieddate", fields: fields, with: with}
	}
	companies := o("companies", "account", "", nil, owner, connector.Field{Column: "name", From: p("name")}, connector.Field{Column: "domain", From: p("domain")},
		connector.Field{Column: "industry", From: p("industry")}, connector.Field{Column: "street", From: p("address")}, connector.Field{Column: "postal_code", From: p("zip")},
		connector.Field{Column: "city", From: p("city")}, connector.Field{Column: "phone", From: p("phone")}, connector.Field{Column: "parent", From: p("hs_parent_company_id")},
		connector.Field{Column: "type", From: p("lifecyclestage"), With: kindOfAccount})
	contacts := o("contacts", "contact", "", []string{"companies"}, connector.Field{Column: "first_name", From: p("firstname")}, connector.Field{Column: "last_name", From: p("lastname")},
		connector.Field{Column: "email", From: p("email"), With: lower}, connector.Field{Column: "phone", From: p("phone")}, connector.Field{Column: "role", From: p("jobtitle")},
		connector.Field{Column: "postal_code", From: p("zip")}, connector.Field{Column: "city", From: p("city")}, connector.Field{Column: "opted_out", From: p("hs_email_optout")})
	contacts.modified = "lastmodifieddate"
	deals := o("deals", "opportunity", "", []string{"companies", "contacts"}, owner, connector.Field{Column: "name", From: p("dealname")}, connector.Field{Column: "stage", From: p("dealstage")},
		connector.Field{Column: "category", From: p("dealstage"), With: r.category}, connector.Field{Column: "amount", From: p("amount")}, connector.Field{Column: "currency", From: "currency"},
		connector.Field{Column: "home_amount", From: p("amount_in_home_currency")}, connector.Field{Column: "first_amount", From: "first"}, connector.Field{Column: "probability", From: p("hs_deal_stage_probability")},
		connector.Field{Column: "opened_at", From: p("createdate")}, connector.Field{Column: "expected_close_day", From: "expected"}, connector.Field{Column: "closed_at", From: "closed"},
		connector.Field{Column: "lost_reason", From: p("closed_lost_reason")}, connector.Field{Column: "lead_source", From: p("hs_analytics_source")},
		connector.Field{Column: "type", From: p("dealtype"), With: kindOfDeal})
	deals.Tables = append(deals.Tables, "opportunity_change")
	deals.history = true
	tickets := o("tickets", "ticket", "", []string{"companies", "contacts"}, owner, connector.Field{Column: "type", From: p("hs_ticket_category")}, connector.Field{Column: "priority", From: p("hs_ticket_priority")},
		connector.Field{Column: "category", From: p("closed_date"), With: func(v any) any {
			if connector.Text(v) != "" {
				return "solved"
			}
			return "open"
		}},
		connector.Field{Column: "opened_at", From: p("createdate")}, connector.Field{Column: "first_reply_at", From: p("first_agent_reply_date")}, connector.Field{Column: "closed_at", From: p("closed_date")},
		connector.Field{Column: "origin", From: p("source_type")})
	all := []object{companies, contacts, deals, tickets}
	for _, kind := range []string{"calls", "meetings", "emails", "tasks", "notes"} {
		one := strings.TrimSuffix(kind, "s")
		fields := []connector.Field{{Column: "type", With: func(any) any { return one }}, owner, {Column: "author", From: p("hs_created_by_user_id"), With: r.person}, {Column: "done_at", From: p("hs_timestamp")}}
		switch kind {
		case "calls":
			fields = append(fields, connector.Field{Column: "duration", From: p("hs_call_duration"), With: seconds}, connector.Field{Column: "direction", From: p("hs_call_direction"), With: direction})
		case "emails":
			fields = append(fields, connector.Field{Column: "direction", From: p("hs_email_direction"), With: direction})
		case "tasks":
			fields[3].From = p("hs_task_completion_date")
			fields = append(fields, connector.Field{Column: "due_at", From: p("hs_timestamp")})
		}
		all = append(all, o(kind, "activity", one+"/", []string{"companies", "contacts", "deals", "tickets"}, fields...))
	}
	return all
}

// Objects are what HubSpot delivers.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "owners", Tables: []string{"user", "user_alias"}}, {Name: "stages", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		list = append(list, o.Object)
	}
	return append(list, connector.Object{Name: "log-ins", Tables: []string{"login"}, Optional: true})
}

// Gaps are the same for all accounts.
func (r *reader) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "login", Reason: connector.Limited}, {Table: "opportunity_change", Reason: connector.Limited}, {Table: "lead", Reason: connector.NotRead}, {Table: "sales_document", Reason: connector.NotRead}}
}

func (r *reader) get(ctx context.Context, place, path string, query url.Values, into any) error {
	return r.client.Do(ctx, connector.Request{Place: place, Path: path, Query: query, Header: r.header()}, into)
}

func (r *reader) post(ctx context.Context, place, path string, body, into any) error {
	return r.client.Do(ctx, connector.Request{Place: place, Path: path, Body: body, Header: r.header()}, into)
}

func (r *reader) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + r.access.Secret.Reveal()}}
}

type results struct {
	Results []map[string]any `json:"results"`
	Paging  struct {
		Next struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

// Open reads the stages and who owns what.
func (r *reader) Open(ctx context.Context) error {
	var pipelines struct {
		Results []struct {
			Label  string           `json:"label"`
			Stages []map[string]any `json:"stages"`
		} `json:"results"`
	}
	if err := r.get(ctx, "pipelines", "/crm/v3/pipelines/deals", nil, &pipelines); err != nil {
		return err
	}
	t, _ := crm.Find("stage")
	r.stages, r.list = map[string]string{}, nil
	for _, p := range pipelines.Results {
		for _, s := range p.Stages {
			row := connector.Row{Table: "stage", Record: t.New(connector.Text(s["id"]))}
			chance := connector.Path(s, "metadata.probability")
			category := crm.Open
			if strings.EqualFold(connector.Text(connector.Path(s, "metadata.isClosed")), "true") {
				category = crm.Lost
				if f, err := strconv.ParseFloat(connector.Text(chance), 64); err == nil && f == 1 {
					category = crm.Won
				}
			}
			row.Put("pipeline", p.Label, 1, nil)
			row.Put("label", s["label"], 1, nil)
			row.Put("position", s["displayOrder"], 1, nil)
			row.Put("category", category, 1, nil)
			row.Put("probability", chance, 1, nil)
			r.stages[row.Record.ID] = category
			r.list = append(r.list, row.Record)
		}
	}
	r.people = map[string]string{}
	return r.owners(ctx, func(o map[string]any) {
		if user := connector.Text(o["userIdIncludingInactive"]); user != "" {
			r.people[user] = connector.Text(o["id"])
		}
		if user := connector.Text(o["userId"]); user != "" {
			r.people[user] = connector.Text(o["id"])
		}
	})
}

// owners visits all owners, those who have left as well.
func (r *reader) owners(ctx context.Context, visit func(map[string]any)) error {
	for _, archived := range []string{"true", "false"} {
		seen, after := map[string]bool{}, ""
		for {
			q := url.Values{"limit": {strconv.Itoa(pageSize)}, "archived": {archived}}
			if after != "" {
				q.Set("after", after)
			}
			var page results
			if err := r.get(ctx, "owners", "/crm/v3/owners", q, &page); err != nil {
				return err
			}
			for _, o := range page.Results {
				visit(o)
			}
			if after = page.Paging.Next.After; after == "" {
				break
			}
			if seen[after] {
				return connector.Fail(connector.Loop, "owners")
			}
			seen[after] = true
		}
	}
	return nil
}

func (r *reader) category(stage any) any {
	if c, ok := r.stages[connector.Text(stage)]; ok {
		return c
	}
	return crm.Open // of a pipeline that was deleted: nothing says how it ended
}

func (r *reader) person(user any) any {
	if p, ok := r.people[connector.Text(user)]; ok {
		return p
	}
	return nil
}

func lower(v any) any { return strings.ToLower(strings.TrimSpace(connector.Text(v))) }

func seconds(v any) any {
	ms, err := strconv.ParseInt(connector.Text(v), 10, 64)
	if err != nil {
		return nil
	}
	return ms / 1000
}

func direction(v any) any {
	switch s := strings.ToUpper(connector.Text(v)); {
	case strings.HasPrefix(s, "INCOMING"), s == "INBOUND":
		return "in"
	case s != "":
		return "out"
	}
	return nil
}

func kindOfAccount(v any) any {
	switch connector.Text(v) {
	case "customer", "evangelist":
		return "customer"
	case "":
		return nil
	}
	return "prospect"
}

func kindOfDeal(v any) any {
	switch connector.Text(v) {
	case "newbusiness":
		return "new"
	case "existingbusiness":
		return "existing"
	}
	return nil
}

// A cursor begins with the way it is read: "list", "archived" or "search", and a colon.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	switch name {
	case "owners":
		return r.users(ctx)
	case "stages":
		var page connector.Page
		for _, s := range r.list {
			page.Rows = append(page.Rows, connector.Row{Table: "stage", Record: s})
		}
		return page, nil
	case "log-ins":
		return r.logins(ctx, cursor)
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 {
		return connector.Page{}, connector.Fail(connector.Missing, name)
	}
	way, after, _ := strings.Cut(cursor, ":")
	if cursor == "" {
		way = "list"
		if !since.IsZero() {
			way = "search"
		}
	}
	if way == "search" {
		return r.search(ctx, all[i], since, after)
	}
	return r.lists(ctx, all[i], way, after)
}

func (o object) properties(own map[string]string) []string {
	names := []string{o.modified, "createdate", "hs_createdate"}
	m := connector.Mapping{Table: o.Tables[0], Fields: o.fields}.Override(own)
	for _, f := range m.Fields {
		if name, ok := strings.CutPrefix(f.From, "properties."); ok {
			names = append(names, name)
		}
	}
	if o.history {
		names = append(names, "deal_currency_code", "closedate", "hs_merged_object_ids")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func histories() []string {
	var names []string
	for name := range kept {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// lists reads the list of living or of archived records.
func (r *reader) lists(ctx context.Context, o object, way, after string) (connector.Page, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "properties": {strings.Join(o.properties(r.access.Fields), ",")}, "archived": {strconv.FormatBool(way == "archived")}}
	if len(o.with) > 0 {
		q.Set("associations", strings.Join(o.with, ","))
	}
	if o.history {
		q.Set("limit", strconv.Itoa(historyPage))
		q.Set("propertiesWithHistory", strings.Join(histories(), ","))
	}
	if after != "" {
		q.Set("after", after)
	}
	var got results
	if err := r.get(ctx, o.kind, "/crm/v3/objects/"+o.kind, q, &got); err != nil {
		return connector.Page{}, err
	}
	page := r.page(o, got.Results)
	switch next := got.Paging.Next.After; {
	case next != "" && next == after:
		return page, connector.Fail(connector.Loop, o.kind)
	case next != "":
		page.Next = way + ":" + next
	case way == "list":
		page.Next = "archived:"
	}
	return page, nil
}

// search reads what was changed at since or later, in the order of identifiers, so that the 10 000 results that a search
// gives at most are never reached, and a record that changes meanwhile is not passed over.
func (r *reader) search(ctx context.Context, o object, since time.Time, after string) (connector.Page, error) {
	size := pageSize
	if o.history {
		size = historyPage
	}
	filters := []map[string]string{{"propertyName": o.modified, "operator": "GTE", "value": strconv.FormatInt(since.UnixMilli(), 10)}}
	if after != "" {
		filters = append(filters, map[string]string{"propertyName": "hs_object_id", "operator": "GT", "value": after})
	}
	var found results
	body := map[string]any{"filterGroups": []any{map[string]any{"filters": filters}}, "sorts": []string{"hs_object_id"},
		"properties": []string{o.modified}, "limit": size, "after": "0"}
	if err := r.post(ctx, o.kind, "/crm/v3/objects/"+o.kind+"/search", body, &found); err != nil {
		return connector.Page{}, err
	}
	if len(found.Results) == 0 {
		return connector.Page{Next: "archived:"}, nil
	}
	inputs := make([]any, len(found.Results))
	for i, f := range found.Results {
		inputs[i] = map[string]string{"id": connector.Text(f["id"])}
	}
	read := map[string]any{"inputs": inputs, "properties": o.properties(r.access.Fields)}
	if o.history {
		read["propertiesWithHistory"] = histories()
	} else {
		read["propertiesWithHistory"] = []string{}
	}
	var got results
	if err := r.post(ctx, o.kind, "/crm/v3/objects/"+o.kind+"/batch/read", read, &got); err != nil {
		return connector.Page{}, err
	}
	if err := r.associate(ctx, o, inputs, got.Results); err != nil {
		return connector.Page{}, err
	}
	page := r.page(o, got.Results)
	last := connector.Text(found.Results[len(found.Results)-1]["id"])
	if last == after {
		return page, connector.Fail(connector.Loop, o.kind)
	}
	page.Next = "search:" + last // a short page may have a next one while the index is being written
	return page, nil
}

// associate adds to records read by identifier what the lists carry themselves.
func (r *reader) associate(ctx context.Context, o object, inputs []any, records []map[string]any) error {
	by := map[string]map[string]any{}
	for _, record := range records {
		all := map[string]any{}
		record["associations"] = all
		by[connector.Text(record["id"])] = all
	}
	for _, kind := range o.with {
		var got struct {
			Results []struct {
				From struct {
					ID any `json:"id"`
				} `json:"from"`
				To []struct {
					ID any `json:"toObjectId"`
				} `json:"to"`
			} `json:"results"`
		}
		if err := r.post(ctx, o.kind+" to "+kind, "/crm/v4/associations/"+o.kind+"/"+kind+"/batch/read", map[string]any{"inputs": inputs}, &got); err != nil {
			return err
		}
		for _, a := range got.Results {
			if all := by[connector.Text(a.From.ID)]; all != nil && len(a.To) > 0 {
				all[kind] = map[string]any{"results": []any{map[string]any{"id": a.To[0].ID}}}
			}
		}
	}
	return nil
}

func (r *reader) page(o object, records []map[string]any) connector.Page {
	m := connector.Mapping{Table: o.Tables[0], Prefix: o.Prefix, ID: "id", Created: "createdAt", Updated: "updatedAt", Deleted: "archivedAt", Fields: o.fields, Zone: r.access.Zone}.Override(r.access.Fields)
	var page connector.Page
	for _, record := range records {
		if archived, _ := record["archived"].(bool); !archived {
			delete(record, "archivedAt")
		}
		var changes []connector.Row
		if o.history {
			changes = r.deal(record)
		}
		row := m.Row(record)
		if archived, _ := record["archived"].(bool); archived && row.Record.Deleted == 0 {
			row.Record.Deleted = max(row.Record.Updated, 1)
		}
		if o.Name == "companies" {
			name(&row, record)
		}
		page.Rows = append(page.Rows, row)
		page.Rows = append(page.Rows, changes...)
		if o.history {
			for _, id := range strings.Split(connector.Text(connector.Path(record, "properties.hs_merged_object_ids")), ";") {
				if id = strings.TrimSpace(id); id != "" && id != row.Record.ID {
					page.Marks = append(page.Marks, connector.Mark{Table: "opportunity", ID: id, Merged: row.Record.ID, At: row.Record.Updated})
				}
			}
		}
	}
	return page
}

// name gives a company without one its domain: HubSpot makes companies of the addresses of e-mails.
func name(row *connector.Row, record map[string]any) {
	if connector.Text(connector.Path(record, "properties.name")) != "" {
		return
	}
	if domain := connector.Text(connector.Path(record, "properties.domain")); domain != "" {
		row.Put("name", domain, 1, nil)
	} else {
		row.Put("name", "#"+row.Record.ID, 1, nil)
	}
}

// deal works out of a deal's history what its properties do not say, and returns its changes.
func (r *reader) deal(record map[string]any) []connector.Row {
	record["currency"] = r.access.Currency
	if c := connector.Text(connector.Path(record, "properties.deal_currency_code")); c != "" {
		record["currency"] = c
	}
	stage := connector.Text(connector.Path(record, "properties.dealstage"))
	if r.category(stage) == crm.Open {
		record["expected"] = connector.Path(record, "properties.closedate")
	} else {
		record["closed"] = connector.Path(record, "properties.closedate") // can be edited; better what the history of stages says
	}
	t, _ := crm.Find("opportunity_change")
	var rows []connector.Row
	for property, field := range kept {
		list, _ := connector.Path(record, "propertiesWithHistory."+property).([]any)
		type version struct {
			at    int64
			value string
			raw   any
		}
		var versions []version
		for _, v := range list {
			if at, ok := connector.Instant(connector.Path(v, "timestamp")); ok {
				versions = append(versions, version{at, connector.Text(connector.Path(v, "value")), v})
			}
		}
		slices.Reverse(versions) // the newest comes first
		slices.SortStableFunc(versions, func(a, b version) int { return cmp.Compare(a.at, b.at) })
		var before *version
		seq := map[int64]int64{}
		for i := range versions {
			v := &versions[i]
			if before != nil && same(field, before.value, v.value) {
				continue
			}
			if property == "dealstage" && r.category(v.value) != crm.Open && r.category(stage) != crm.Open && (before == nil || r.category(before.value) == crm.Open) {
				record["closed"] = time.UnixMicro(v.at).UTC().Format(time.RFC3339Nano)
			}
			if property == "amount" && record["first"] == nil && v.value != "" {
				record["first"] = v.value
			}
			if before == nil && property != "dealstage" {
				before = v
				continue
			}
			row := connector.Row{Table: "opportunity_change", Record: t.New("")}
			row.Put("opportunity", record["id"], 1, nil)
			row.Put("changed_at", connector.Path(v.raw, "timestamp"), 1, nil)
			t.Set(&row.Record, "seq", seq[v.at])
			seq[v.at]++
			row.Put("changed_by", r.person(connector.Path(v.raw, "updatedByUserId")), 1, nil)
			row.Put("origin", originOf(connector.Text(connector.Path(v.raw, "sourceType"))), 1, nil)
			if before == nil {
				t.Set(&row.Record, "field", "created")
			} else {
				t.Set(&row.Record, "field", field)
				row.Keep("old_value", field, before.value, 1, r.access.Zone)
			}
			row.Keep("new_value", field, v.value, 1, r.access.Zone)
			rows = append(rows, row)
			before = v
		}
	}
	return rows
}

// same compares amounts as numbers: HubSpot keeps "4800" and "4800.00" as they were typed.
func same(field, a, b string) bool { return worded(field, a) == worded(field, b) }

func worded(field, v string) string {
	if field == "amount" {
		if n, ok := connector.Money(v); ok {
			return crm.FormatMoney(n)
		}
	}
	return v
}

func originOf(source string) any {
	switch source {
	case "":
		return nil
	case "CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID", "SALES":
		return "user"
	case "IMPORT", "MIGRATION", "BATCH_UPDATE":
		return "import"
	case "API", "INTEGRATION":
		return "api"
	}
	return "automation"
}

func (r *reader) users(ctx context.Context) (connector.Page, error) {
	m := connector.Mapping{Table: "user", ID: "id", Created: "createdAt", Updated: "updatedAt", Fields: []connector.Field{{Column: "email", From: "email", With: lower}, {Column: "login", From: "email", With: lower},
		{Column: "name", With: func(v any) any {
			return strings.TrimSpace(connector.Text(connector.Path(v, "firstName")) + " " + connector.Text(connector.Path(v, "lastName")))
		}},
		{Column: "team", From: "teams.0.name"}, {Column: "active", From: "archived", With: func(v any) any { archived, _ := v.(bool); return !archived }},
		{Column: "is_person", From: "type", With: func(v any) any { return connector.Text(v) != "QUEUE" }}}}
	alias, _ := crm.Find("user_alias")
	var page connector.Page
	err := r.owners(ctx, func(o map[string]any) { page.Rows = append(page.Rows, m.Row(o)) })
	for user, owner := range r.people {
		row := connector.Row{Table: "user_alias", Record: alias.New("user/" + user)}
		alias.Set(&row.Record, "person", owner)
		page.Rows = append(page.Rows, row)
	}
	return page, err
}

// logins reads the log-ins; who asked from where stays behind.
func (r *reader) logins(ctx context.Context, after string) (connector.Page, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if after != "" {
		q.Set("after", after)
	}
	var got results
	if err := r.get(ctx, "log-ins", "/account-info/v3/activity/login", q, &got); err != nil {
		return connector.Page{}, err
	}
	m := connector.Mapping{Table: "login", ID: "id", Fields: []connector.Field{{Column: "person", From: "userId", With: func(v any) any {
		if p := r.person(v); p != nil {
			return p
		}
		return "user/" + connector.Text(v)
	}}, {Column: "logged_at", From: "loginAt"}, {Column: "success", From: "loginSucceeded"}, {Column: "kind", With: func(any) any { return "interactive" }}}}
	var page connector.Page
	for _, l := range got.Results {
		page.Rows = append(page.Rows, m.Row(l))
	}
	page.Next = got.Paging.Next.After
	return page, nil
}

// IDs is never asked: HubSpot lists what is archived.
func (r *reader) IDs(context.Context, string, string) ([]string, string, error) { return nil, "", nil }
