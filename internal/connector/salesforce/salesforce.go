// Package salesforce reads a Salesforce organisation through the REST API, with the client credentials of a connected app.
// Start with New.
//
// It is built from the vendor's documentation and tested against recorded shapes; it has not yet been tried against the live
// system. Queries name only fields that the description of the object lists, since rights hide fields one by one.
package salesforce

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

const (
	data     = "/services/data/v62.0"
	pageSize = 500
)

type reader struct {
	client *connector.Client
	access connector.Access
	header http.Header
	// fields of each object that may be read, by its name; nil where the object is closed or missing.
	fields map[string]map[string]bool
	stages map[string]string // categories by name
}

// New is a reader of the organisation at its "My Domain" address. Settings.Client and the secret are those of the app.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(a.Address, a.HTTP)
	if err != nil {
		return nil, err
	}
	return &reader{client: client, access: a, fields: map[string]map[string]bool{}}, nil
}

// Needs are the organisation's address and the key of the connected app.
func (r *reader) Needs() []string { return []string{"address", "client"} }

// object is how a table is read from an object of Salesforce.
type object struct {
	connector.Object
	sobject  string
	modified string // orders what was changed; a log has the instant of its entries
	fields   []connector.Field
}

func (r *reader) all() []object {
	o := func(name, sobject, prefix string, optional bool, tables []string, fields ...connector.Field) object {
		return object{Object: connector.Object{Name: name, Tables: tables, Prefix: prefix, Deletions: connector.Delivered, Optional: optional}, sobject: sobject, modified: "SystemModstamp", fields: fields}
	}
	f := func(column, from string) connector.Field { return connector.Field{Column: column, From: from} }
	owner := f("owner", "OwnerId")
	deals := o("opportunities", "Opportunity", "", false, []string{"opportunity", "opportunity_change"}, owner, f("name", "Name"), f("account", "AccountId"), f("contact", "ContactId"), f("stage", "StageName"),
		connector.Field{Column: "category", From: "StageName", With: r.category}, f("amount", "Amount"), f("currency", "CurrencyIsoCode"), f("first_amount", "first"),
		connector.Field{Column: "probability", From: "Probability", Scale: 100}, f("opened_at", "CreatedDate"), f("expected_close_day", "expected"), f("closed_at", "closed"), f("closed_day", "closed_day"),
		f("lead_source", "LeadSource"))
	about := func(prefix string) func(any) any {
		return func(v any) any { // the first three characters of an identifier name its object
			if s := connector.Text(v); strings.HasPrefix(s, prefix) {
				return s
			}
			return nil
		}
	}
	activity := func(name, sobject, kind string) object {
		prefix := strings.ToLower(sobject) + "/"
		return o(name, sobject, prefix, true, []string{"activity"}, owner, f("author", "CreatedById"), f("account", "AccountId"),
			connector.Field{Column: "contact", From: "WhoId", With: about("003")}, connector.Field{Column: "opportunity", From: "WhatId", With: about("006")}, connector.Field{Column: "ticket", From: "WhatId", With: about("500")},
			connector.Field{Column: "type", From: "TaskSubtype", With: func(v any) any {
				switch s := strings.ToLower(connector.Text(v)); s {
				case "call", "email":
					return s
				}
				return kind
			}})
	}
	tasks := activity("tasks", "Task", "task")
	tasks.fields = append(tasks.fields, f("done_at", "CompletedDateTime"), f("duration", "CallDurationInSeconds"))
	events := activity("events", "Event", "meeting")
	events.fields = append(events.fields, f("done_at", "EndDateTime"), f("due_at", "StartDateTime"), connector.Field{Column: "duration", From: "DurationInMinutes", With: func(v any) any {
		n, err := strconv.ParseInt(connector.Text(v), 10, 64)
		if err != nil {
			return nil
		}
		return n * 60
	}})
	logins := o("log-ins", "LoginHistory", "", true, []string{"login"}, f("person", "UserId"), f("logged_at", "LoginTime"),
		connector.Field{Column: "success", From: "Status", With: func(v any) any { return connector.Text(v) == "Success" }},
		connector.Field{Column: "kind", From: "LoginType", With: func(v any) any {
			switch s := connector.Text(v); {
			case strings.Contains(s, "SAML"), strings.Contains(s, "SSO"):
				return "sso"
			case strings.Contains(s, "API"), strings.Contains(s, "OAuth"):
				return "api"
			}
			return "interactive"
		}})
	logins.modified = "LoginTime"
	return []object{
		o("users", "User", "", false, []string{"user"}, f("login", "Username"), f("email", "Email"), f("name", "Name"), f("team", "Department"), f("active", "IsActive"),
			connector.Field{Column: "is_person", From: "UserType", With: func(v any) any { return connector.Text(v) == "Standard" }}),
		o("accounts", "Account", "", false, []string{"account"}, owner, f("name", "Name"), f("parent", "ParentId"), f("industry", "Industry"), f("street", "BillingStreet"), f("postal_code", "BillingPostalCode"),
			f("city", "BillingCity"), f("country", "BillingCountryCode"), f("phone", "Phone"), connector.Field{Column: "domain", From: "Website", With: connector.Domain}),
		o("contacts", "Contact", "", true, []string{"contact"}, f("account", "AccountId"), f("first_name", "FirstName"), f("last_name", "LastName"), f("email", "Email"), f("phone", "Phone"), f("role", "Title"),
			f("postal_code", "MailingPostalCode"), f("city", "MailingCity"), f("opted_out", "HasOptedOutOfEmail")),
		deals,
		o("leads", "Lead", "", true, []string{"lead"}, owner, f("name", "Company"), f("origin", "LeadSource"), f("status", "Status"), f("opened_at", "CreatedDate"), f("converted_day", "ConvertedDate"), f("opportunity", "ConvertedOpportunityId")),
		o("cases", "Case", "", true, []string{"ticket"}, owner, f("account", "AccountId"), f("contact", "ContactId"), f("type", "Type"), f("priority", "Priority"), f("opened_at", "CreatedDate"), f("closed_at", "ClosedDate"), f("origin", "Origin"),
			connector.Field{Column: "category", From: "IsClosed", With: func(v any) any {
				if closed, _ := v.(bool); closed {
					return "solved"
				}
				return "open"
			}}),
		tasks, events, logins,
	}
}

// Objects are what Salesforce delivers.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "stages", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		list = append(list, o.Object)
	}
	return list
}

// Gaps are the same for all organisations.
func (r *reader) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "login", Reason: connector.Limited}, {Table: "sales_document", Reason: connector.NotRead}}
}

// Open gets a token and reads the stages.
func (r *reader) Open(ctx context.Context) error {
	if err := r.login(ctx); err != nil {
		return err
	}
	stages, err := r.query(ctx, "stages", "SELECT Id, ApiName, IsClosed, IsWon FROM OpportunityStage ORDER BY SortOrder")
	if err != nil {
		return err
	}
	r.stages = map[string]string{}
	for _, s := range stages.Records {
		r.stages[connector.Text(s["ApiName"])] = categoryOf(s)
	}
	return nil
}

func categoryOf(stage map[string]any) string {
	closed, _ := stage["IsClosed"].(bool)
	won, _ := stage["IsWon"].(bool)
	switch {
	case won:
		return crm.Won
	case closed:
		return crm.Lost
	}
	return crm.Open
}

func (r *reader) category(stage any) any { return cmp.Or(r.stages[connector.Text(stage)], crm.Open) }

func (r *reader) login(ctx context.Context) error {
	var token struct {
		Access string `json:"access_token"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {r.access.Client}, "client_secret": {r.access.Secret.Reveal()}}
	err := r.client.Do(ctx, connector.Request{Place: "token", Path: "/services/oauth2/token", Form: form, Once: true}, &token)
	if connector.Status(err) == http.StatusBadRequest { // invalid_client, invalid_grant
		return connector.Fail(connector.Denied, "token")
	}
	if err != nil {
		return err
	}
	if token.Access == "" {
		return connector.Fail(connector.Unreadable, "token")
	}
	r.header = http.Header{"Authorization": {"Bearer " + token.Access}}
	return nil
}

// get asks, and once more with a new token where the old one has run out.
func (r *reader) get(ctx context.Context, place, path string, q url.Values, into any) error {
	err := r.client.Do(ctx, connector.Request{Place: place, Path: path, Query: q, Header: r.header}, into)
	if connector.Status(err) != http.StatusUnauthorized {
		return err
	}
	if err := r.login(ctx); err != nil {
		return err
	}
	return r.client.Do(ctx, connector.Request{Place: place, Path: path, Query: q, Header: r.header}, into)
}

type answer struct {
	Done    bool             `json:"done"`
	Next    string           `json:"nextRecordsUrl"`
	Records []map[string]any `json:"records"`
}

// query asks for deleted records as well.
func (r *reader) query(ctx context.Context, place, soql string) (a answer, err error) {
	err = r.get(ctx, place, data+"/queryAll", url.Values{"q": {soql}}, &a)
	return a, err
}

// every follows a query to its end.
func (r *reader) every(ctx context.Context, place, soql string) ([]map[string]any, error) {
	a, err := r.query(ctx, place, soql)
	seen := map[string]bool{}
	all := a.Records
	for err == nil && !a.Done && a.Next != "" {
		if seen[a.Next] {
			return nil, connector.Fail(connector.Loop, place)
		}
		seen[a.Next] = true
		next := a.Next
		a = answer{}
		err = r.get(ctx, place, next, nil, &a)
		all = append(all, a.Records...)
	}
	return all, err
}

// readable are the fields of an object that this access may see.
func (r *reader) readable(ctx context.Context, sobject string) (map[string]bool, error) {
	if f := r.fields[sobject]; f != nil {
		return f, nil
	}
	var d struct {
		Fields []struct {
			Name string `json:"name"`
		} `json:"fields"`
	}
	if err := r.get(ctx, sobject, data+"/sobjects/"+sobject+"/describe", nil, &d); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, f := range d.Fields {
		names[f.Name] = true
	}
	r.fields[sobject] = names
	return names, nil
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$`)

// Page reads records in the order of their identifiers; the cursor is the last one.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	if name == "stages" {
		return r.stageRows(ctx)
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 || cursor != "" && !identifier.MatchString(cursor) {
		return connector.Page{}, connector.Fail(connector.Refused, name)
	}
	o := all[i]
	may, err := r.readable(ctx, o.sobject)
	if err != nil {
		return connector.Page{}, err
	}
	m := connector.Mapping{Table: o.Tables[0], Prefix: o.Prefix, ID: "Id", Created: "CreatedDate", Updated: o.modified, Fields: o.fields, Zone: r.access.Zone}.Override(r.access.Fields)
	soql := "SELECT " + strings.Join(columns(m, o.modified, may), ", ") + " FROM " + o.sobject
	var where []string
	if !since.IsZero() {
		where = append(where, o.modified+" >= "+since.UTC().Format("2006-01-02T15:04:05Z"))
	}
	if cursor != "" {
		where = append(where, "Id > '"+cursor+"'")
	}
	if len(where) > 0 {
		soql += " WHERE " + strings.Join(where, " AND ")
	}
	got, err := r.query(ctx, name, soql+" ORDER BY Id LIMIT "+strconv.Itoa(pageSize))
	if err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	if n := len(got.Records); n > 0 && (!got.Done || n == pageSize) {
		page.Next = connector.Text(got.Records[n-1]["Id"])
	}
	var changes []connector.Row
	if name == "opportunities" {
		if changes, err = r.history(ctx, got.Records); err != nil {
			return page, err
		}
	}
	for _, record := range got.Records {
		row := m.Row(record)
		if gone, _ := record["IsDeleted"].(bool); gone {
			row.Record.Deleted = max(row.Record.Updated, 1)
			row.Record.Merged = connector.Text(record["MasterRecordId"])
		}
		page.Rows = append(page.Rows, row)
	}
	page.Rows = append(page.Rows, changes...)
	return page, nil
}

// columns are the fields of a query: those of the mapping that may be read.
func columns(m connector.Mapping, modified string, may map[string]bool) []string {
	names := []string{"Id", modified}
	for _, name := range []string{"CreatedDate", "CreatedById", "IsDeleted", "MasterRecordId", "CloseDate"} {
		if may[name] {
			names = append(names, name)
		}
	}
	for _, f := range m.Fields {
		if may[f.From] {
			names = append(names, f.From)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *reader) stageRows(ctx context.Context) (connector.Page, error) {
	got, err := r.every(ctx, "stages", "SELECT Id, ApiName, MasterLabel, IsClosed, IsWon, DefaultProbability, SortOrder FROM OpportunityStage ORDER BY SortOrder")
	m := connector.Mapping{Table: "stage", ID: "ApiName", Fields: []connector.Field{{Column: "label", From: "MasterLabel"}, {Column: "position", From: "SortOrder"}, {Column: "probability", From: "DefaultProbability", Scale: 100},
		{Column: "category", With: func(v any) any { s, _ := v.(map[string]any); return categoryOf(s) }}}}
	var page connector.Page
	for _, s := range got {
		page.Rows = append(page.Rows, m.Row(s))
	}
	return page, err
}

// history reads what stage, amount, probability and close date were; Salesforce keeps it for all opportunities and for ever.
// It also sets in each opportunity when it closed, which CloseDate does not tell: that one can be edited.
func (r *reader) history(ctx context.Context, deals []map[string]any) ([]connector.Row, error) {
	if len(deals) == 0 {
		return nil, nil
	}
	by := map[string][]map[string]any{}
	for part := range slices.Chunk(deals, 200) { // a query may not be longer than a URL
		ids := make([]string, len(part))
		for i, d := range part {
			ids[i] = "'" + connector.Text(d["Id"]) + "'"
			if !identifier.MatchString(connector.Text(d["Id"])) {
				return nil, connector.Fail(connector.Unreadable, "opportunities")
			}
		}
		entries, err := r.every(ctx, "OpportunityHistory", "SELECT Id, OpportunityId, StageName, Amount, Probability, CloseDate, CreatedDate, CreatedById FROM OpportunityHistory WHERE OpportunityId IN ("+strings.Join(ids, ",")+") ORDER BY CreatedDate, Id")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			id := connector.Text(e["OpportunityId"])
			by[id] = append(by[id], e)
		}
	}
	var rows []connector.Row
	for _, d := range deals {
		open := r.category(d["StageName"]) == crm.Open
		if open {
			d["expected"] = d["CloseDate"]
		} else {
			d["closed_day"] = d["CloseDate"]
		}
		if d["CurrencyIsoCode"] == nil {
			d["CurrencyIsoCode"] = r.access.Currency
		}
		rows = append(rows, r.changes(d, by[connector.Text(d["Id"])], open)...)
	}
	return rows, nil
}

func (r *reader) changes(deal map[string]any, entries []map[string]any, open bool) []connector.Row {
	t, _ := crm.Find("opportunity_change")
	var rows []connector.Row
	seq := map[string]int64{}
	for i, e := range entries {
		add := func(field string, old, now any) {
			row := connector.Row{Table: "opportunity_change", Record: t.New("")}
			row.Put("opportunity", deal["Id"], 1, nil)
			row.Put("changed_at", e["CreatedDate"], 1, nil)
			row.Put("changed_by", e["CreatedById"], 1, nil)
			t.Set(&row.Record, "field", field)
			place := field + connector.Text(e["CreatedDate"])
			t.Set(&row.Record, "seq", seq[place])
			seq[place]++
			row.Keep("old_value", field, old, 100, r.access.Zone)
			row.Keep("new_value", field, now, 100, r.access.Zone)
			rows = append(rows, row)
		}
		closes := !open && r.category(e["StageName"]) != crm.Open
		if i == 0 {
			deal["first"] = e["Amount"]
			add("created", nil, e["StageName"])
			if closes {
				deal["closed"] = e["CreatedDate"]
			}
			continue
		}
		before := entries[i-1]
		if closes && r.category(before["StageName"]) == crm.Open {
			deal["closed"] = e["CreatedDate"]
		}
		for _, f := range [][2]string{{"stage", "StageName"}, {"amount", "Amount"}, {"probability", "Probability"}, {"expected_close", "CloseDate"}} {
			if old, now := before[f[1]], e[f[1]]; worded(f[0], old) != worded(f[0], now) {
				add(f[0], old, now)
			}
		}
	}
	if deal["closed"] != nil {
		delete(deal, "closed_day") // the day follows from the instant
	}
	return rows
}

// worded is a value that can be compared: numbers may be written in several ways.
func worded(field string, v any) any {
	if v == nil {
		return nil
	}
	if n, ok := connector.Money(v); ok && (field == "amount" || field == "probability") {
		return crm.FormatMoney(n)
	}
	return connector.Text(v)
}

// IDs is never asked: queries give deleted records as well.
func (r *reader) IDs(context.Context, string, string) ([]string, string, error) { return nil, "", nil }
