// Package zoho reads a Zoho CRM organisation through version 8 of its API, with a refresh token. Start with New.
//
// Lists are read in the order in which records were changed, so that one which changes meanwhile comes again at the end.
// What was deleted has a list of its own. The history of a deal is its timeline, a call for each deal that was changed.
package zoho

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// DefaultAddress is that of the data centre in the European Union. The others are www.zohoapis.com, .in, .com.au, .jp,
// .com.cn, .sa, .ca and .uk.
const DefaultAddress = "https://www.zohoapis.eu"

const (
	api       = "/crm/v8"
	pageSize  = 200
	dealsPage = 50 // each deal is a call for its timeline
	// Page tokens reach 100 000 records; before that the list begins again after the last change it gave.
	mostTokens = 450
	// byNumber stands before the number of a page in a cursor where a list has no tokens.
	byNumber = "page "
)

// accounts are the servers that give tokens, by what follows "zohoapis." in the address.
var accounts = map[string]string{
	"com": "https://accounts.zoho.com", "eu": "https://accounts.zoho.eu", "in": "https://accounts.zoho.in", "com.au": "https://accounts.zoho.com.au", "jp": "https://accounts.zoho.jp",
	"com.cn": "https://accounts.zoho.com.cn", "sa": "https://accounts.zoho.sa", "ca": "https://accounts.zohocloud.ca", "uk": "https://accounts.zoho.uk",
}

// kept maps the fields of a timeline to those of a change.
var kept = map[string]string{"Stage": "stage", "Amount": "amount", "Owner": "owner", "Closing_Date": "expected_close", "Probability": "probability", "Account_Name": "account"}

type reader struct {
	client, accounts *connector.Client
	access           connector.Access
	header           http.Header
	currency         string                     // of the organisation
	fields           map[string]map[string]bool // of each module
	stages           map[string]string          // categories by the value that is kept
	values           map[string]string          // the value that is kept by the one that is shown
	list             []connector.Row            // of table stage
	people           map[string]string          // users by full name, "" where two share one
}

// New is a reader of the organisation that a refresh token opens. The secret is that of the client and the refresh token,
// with a space between. Address.
func New(a connector.Access) (connector.Reader, error) {
	address := cmp.Or(a.Address, DefaultAddress)
	client, err := connector.NewClient(address, a.HTTP)
	if err != nil {
		return nil, err
	}
	r := &reader{client: client, accounts: client, access: a, fields: map[string]map[string]bool{}}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, connector.Fail(connector.Address, "")
	}
	if _, region, ok := strings.Cut(strings.ToLower(u.Hostname()), ".zohoapis."); ok {
		// Elsewhere the token comes from the same server, a gateway of the company's own.
		if accounts[region] == "" {
			return nil, connector.Fail(connector.Address, region)
		}
		if r.accounts, err = connector.NewClient(accounts[region], a.HTTP); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Needs are the client's identifier; the address is that of the European Union where it is not another.
func (r *reader) Needs() []string { return []string{"client"} }

// object is how a table is read from a module.
type object struct {
	connector.Object
	module string
	fields []connector.Field
	more   []string // fields that are worked with
}

func (r *reader) all() []object {
	f := func(column, from string) connector.Field { return connector.Field{Column: column, From: from} }
	owner, author := f("owner", "Owner.id"), f("author", "Created_By.id")
	account := f("account", "Account_Name.id")
	o := func(name, module, table, prefix string, fields ...connector.Field) object {
		return object{Object: connector.Object{Name: name, Tables: []string{table}, Prefix: prefix, Deletions: connector.Delivered, Optional: name != "accounts" && name != "deals"}, module: module, fields: fields}
	}
	deals := o("deals", "Deals", "opportunity", "", owner, account, f("name", "Deal_Name"), f("contact", "Contact_Name.id"), connector.Field{Column: "stage", From: "Stage", With: r.stage},
		connector.Field{Column: "category", From: "Stage", With: r.category}, f("amount", "Amount"), f("currency", "Currency"), f("first_amount", "first"), connector.Field{Column: "probability", From: "Probability", Scale: 100},
		f("opened_at", "Created_Time"), f("expected_close_day", "expected"), f("closed_at", "closed"), f("closed_day", "closed_day"), f("lost_reason", "Reason_For_Loss__s"), f("lead_source", "Lead_Source"),
		connector.Field{Column: "type", From: "Type", With: kindOfDeal})
	deals.Tables = append(deals.Tables, "opportunity_change")
	deals.more = []string{"Closing_Date", "Created_By"}
	activity := func(name, module, kind string, fields ...connector.Field) object {
		a := o(name, module, "activity", kind+"/", append([]connector.Field{owner, author, {Column: "type", With: func(any) any { return kind }}, f("contact", "Who_Id.id"),
			{Column: "account", With: about("What_Id", "Accounts")}, {Column: "opportunity", With: about("What_Id", "Deals")}, {Column: "ticket", With: about("What_Id", "Cases")},
			{Column: "subject_length", From: "Subject", With: length}}, fields...)...)
		a.more = []string{"What_Id", "$se_module"}
		return a
	}
	tasks := activity("tasks", "Tasks", "task", connector.Field{Column: "done_at", From: "Closed_Time"})
	events := activity("events", "Events", "meeting", f("due_at", "Start_DateTime"), f("done_at", "End_DateTime"), connector.Field{Column: "duration", With: duration})
	calls := activity("calls", "Calls", "call", connector.Field{Column: "direction", From: "Call_Type", With: direction}, connector.Field{Column: "duration", With: seconds}, f("due_at", "Call_Start_Time"),
		connector.Field{Column: "done_at", With: func(v any) any {
			if strings.EqualFold(connector.Text(connector.Path(v, "Call_Status")), "Scheduled") {
				return nil
			}
			return connector.Path(v, "Call_Start_Time")
		}})
	calls.more = append(calls.more, "Call_Status", "Call_Duration_in_seconds", "Call_Duration")
	notes := o("notes", "Notes", "activity", "note/", owner, author, connector.Field{Column: "type", With: func(any) any { return "note" }}, f("done_at", "Created_Time"),
		connector.Field{Column: "account", With: about("Parent_Id", "Accounts")}, connector.Field{Column: "contact", With: about("Parent_Id", "Contacts")},
		connector.Field{Column: "opportunity", With: about("Parent_Id", "Deals")}, connector.Field{Column: "ticket", With: about("Parent_Id", "Cases")})
	notes.more = []string{"Parent_Id", "$se_module"}
	document := func(name, module, kind, number, day string) object {
		d := o(name, module, "sales_document", kind+"/", owner, account, connector.Field{Column: "kind", With: func(any) any { return kind }}, f("number", number), f("opportunity", "Deal_Name.id"), f("status", "Status"),
			f("document_day", day), connector.Field{Column: "net", With: net}, f("gross", "Grand_Total"), f("currency", "Currency"))
		d.more = []string{"Tax"}
		return d
	}
	return []object{
		o("accounts", "Accounts", "account", "", owner, f("name", "Account_Name"), f("parent", "Parent_Account.id"), f("industry", "Industry"), f("street", "Billing_Street"), f("postal_code", "Billing_Code"),
			f("city", "Billing_City"), f("country", "Billing_Country"), f("phone", "Phone"), connector.Field{Column: "domain", From: "Website", With: connector.Domain}, connector.Field{Column: "type", From: "Account_Type", With: kindOfAccount}),
		o("contacts", "Contacts", "contact", "", account, f("first_name", "First_Name"), f("last_name", "Last_Name"), connector.Field{Column: "email", From: "Email", With: lower}, f("phone", "Phone"), f("role", "Title"),
			f("postal_code", "Mailing_Zip"), f("city", "Mailing_City"), f("opted_out", "Email_Opt_Out")),
		deals,
		o("leads", "Leads", "lead", "", owner, f("name", "Company"), f("origin", "Lead_Source"), f("status", "Lead_Status"), f("opened_at", "Created_Time"), f("converted_day", "Converted_Date_Time"), f("opportunity", "Converted_Deal.id")),
		o("cases", "Cases", "ticket", "", owner, account, f("contact", "Related_To.id"), f("type", "Type"), f("priority", "Priority"), f("origin", "Case_Origin"), f("opened_at", "Created_Time"),
			connector.Field{Column: "category", From: "Status", With: kindOfCase}),
		tasks, events, calls, notes,
		document("orders", "Sales_Orders", "order", "SO_Number", "Created_Time"),
		document("invoices", "Invoices", "invoice", "Invoice_Number", "Invoice_Date"),
	}
}

// Objects are what Zoho delivers.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "users", Tables: []string{"user"}}, {Name: "stages", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		list = append(list, o.Object)
	}
	return list
}

// Gaps are the same for all organisations: log-ins are in the audit log only, which has to be ordered as an export, and a
// case does not say when it was closed.
func (r *reader) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "login", Reason: connector.NotRead}, {Table: "ticket", Reason: connector.Partial}}
}

func (r *reader) login(ctx context.Context) error {
	secrets := strings.Fields(r.access.Secret.Reveal())
	if len(secrets) != 2 {
		return connector.Fail(connector.Denied, "token")
	}
	var token struct {
		Access string `json:"access_token"`
		Error  any    `json:"error"`
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {r.access.Client}, "client_secret": {secrets[0]}, "refresh_token": {secrets[1]}}
	err := r.accounts.Do(ctx, connector.Request{Place: "token", Path: "/oauth/v2/token", Form: form, Once: true}, &token)
	switch {
	case connector.Status(err) == http.StatusBadRequest, err == nil && token.Error != nil: // with status 200
		return connector.Fail(connector.Denied, "token")
	case err != nil:
		return err
	case token.Access == "":
		return connector.Fail(connector.Unreadable, "token")
	}
	r.header = http.Header{"Authorization": {"Zoho-oauthtoken " + token.Access}}
	return nil
}

// get asks, and once more with a new token where the old one has run out, after an hour. Nothing and "not modified" leave
// the answer as it is.
func (r *reader) get(ctx context.Context, place, path string, q url.Values, since time.Time, into any) error {
	ask := func() error {
		header := r.header.Clone()
		if !since.IsZero() {
			header.Set("If-Modified-Since", since.UTC().Format("2006-01-02T15:04:05-07:00"))
		}
		err := r.client.Do(ctx, connector.Request{Place: place, Path: api + path, Query: q, Header: header, Check: check(place)}, into)
		if connector.Status(err) == http.StatusNotModified {
			return nil
		}
		return err
	}
	err := ask()
	if connector.Status(err) != http.StatusUnauthorized {
		return err
	}
	if err := r.login(ctx); err != nil {
		return err
	}
	return ask()
}

// check reads the codes that say more than the status: a module that is not there is a bad request at Zoho, a scope that
// the token lacks looks like a token that has run out.
func check(place string) func(int, http.Header, []byte) error {
	return func(status int, _ http.Header, body []byte) error {
		var e struct {
			Status string `json:"status"`
			Code   string `json:"code"`
		}
		if status == http.StatusTooManyRequests || status >= 500 || json.Unmarshal(body, &e) != nil || e.Status != "error" {
			return nil
		}
		switch e.Code {
		case "INVALID_MODULE", "NOT_SUPPORTED", "FEATURE_NOT_SUPPORTED", "INVALID_URL_PATTERN":
			return connector.Fail(connector.Missing, place)
		case "NO_PERMISSION", "OAUTH_SCOPE_MISMATCH":
			return connector.Fail(connector.Denied, place)
		}
		if status < 300 {
			return connector.Fail(connector.Refused, place)
		}
		return nil
	}
}

type info struct {
	More  bool   `json:"more_records"`
	Token string `json:"next_page_token"`
}

// Open gets a token and reads users, stages and the currency.
func (r *reader) Open(ctx context.Context) error {
	if err := r.login(ctx); err != nil {
		return err
	}
	r.fields = map[string]map[string]bool{"Notes": {"Owner": true, "Created_By": true, "Parent_Id": true}} // which has no description
	var got struct {
		Currencies []struct {
			Code string `json:"iso_code"`
			Base bool   `json:"is_base"`
		} `json:"currencies"`
	}
	if err := r.get(ctx, "currencies", "/org/currencies", nil, time.Time{}, &got); err != nil && !connector.Is(err, connector.Denied, connector.Missing) {
		return err
	}
	r.currency = r.access.Currency
	for _, c := range got.Currencies {
		if c.Base {
			r.currency = c.Code
		}
	}
	if err := r.readStages(ctx); err != nil {
		return err
	}
	r.people = map[string]string{}
	return r.users(ctx, func(u map[string]any) {
		id, name := connector.Text(u["id"]), connector.Text(u["full_name"])
		if other, ok := r.people[name]; ok && other != id {
			id = ""
		}
		r.people[name] = id
	})
}

// describe reads the fields of a module that this access may see, and the values of its stages.
func (r *reader) describe(ctx context.Context, module string) (stages []map[string]any, err error) {
	var got struct {
		Fields []struct {
			Name   string           `json:"api_name"`
			Values []map[string]any `json:"pick_list_values"`
		} `json:"fields"`
	}
	if err := r.get(ctx, "fields of "+module, "/settings/fields", url.Values{"module": {module}}, time.Time{}, &got); err != nil {
		return nil, err
	}
	names := map[string]bool{"id": true, "Created_Time": true, "Modified_Time": true}
	for _, f := range got.Fields {
		names[f.Name] = true
		if f.Name == "Stage" {
			stages = f.Values
		}
	}
	r.fields[module] = names
	return stages, nil
}

// readStages reads the stages of deals. One that several pipelines share is one stage, in the first of them: a timeline
// names the stage only.
func (r *reader) readStages(ctx context.Context) error {
	stages, err := r.describe(ctx, "Deals")
	if err != nil {
		return err
	}
	pipelines, err := r.pipelines(ctx)
	if err != nil {
		return err
	}
	m := connector.Mapping{Table: "stage", ID: "actual_value", Fields: []connector.Field{{Column: "label", From: "display_value"}, {Column: "position", From: "sequence_number"}, {Column: "probability", From: "probability", Scale: 100},
		{Column: "pipeline", From: "actual_value", With: func(v any) any { return pipelines[connector.Text(v)] }}, {Column: "category", From: "forecast_type", With: categoryOf}}}
	r.stages, r.values, r.list = map[string]string{}, map[string]string{}, nil
	for _, s := range stages {
		value := connector.Text(s["actual_value"])
		if _, twice := r.stages[value]; value == "" || value == "-None-" || twice {
			continue
		}
		r.stages[value] = connector.Text(categoryOf(s["forecast_type"]))
		r.values[connector.Text(s["display_value"])] = value
		r.list = append(r.list, m.Row(s))
	}
	return nil
}

// pipelines are the names of pipelines by stage; none where the organisation has one for all, or the access may not see them.
func (r *reader) pipelines(ctx context.Context) (map[string]string, error) {
	var layouts struct {
		Layouts []struct {
			ID string `json:"id"`
		} `json:"layouts"`
	}
	all := map[string]string{}
	absent := func(err error) bool {
		return connector.Is(err, connector.Denied, connector.Missing, connector.Refused)
	}
	if err := r.get(ctx, "layouts", "/settings/layouts", url.Values{"module": {"Deals"}}, time.Time{}, &layouts); absent(err) {
		return all, nil
	} else if err != nil {
		return nil, err
	}
	for _, l := range layouts.Layouts {
		var got struct {
			Pipeline []struct {
				Label string           `json:"display_value"`
				Maps  []map[string]any `json:"maps"`
			} `json:"pipeline"`
		}
		if err := r.get(ctx, "pipelines", "/settings/pipeline", url.Values{"layout_id": {l.ID}}, time.Time{}, &got); err != nil && !absent(err) {
			return nil, err
		}
		for _, p := range got.Pipeline {
			for _, s := range p.Maps {
				if value := connector.Text(s["actual_value"]); all[value] == "" {
					all[value] = p.Label
				}
			}
		}
	}
	return all, nil
}

func categoryOf(forecast any) any {
	switch connector.Text(forecast) {
	case "Closed Won":
		return crm.Won
	case "Closed Lost":
		return crm.Lost
	}
	return crm.Open
}

// stage is the value that is kept; records and timelines may give the one that is shown.
func (r *reader) stage(v any) any {
	s := connector.Text(v)
	if _, ok := r.stages[s]; !ok {
		s = cmp.Or(r.values[s], s)
	}
	return s
}

func (r *reader) category(v any) any {
	return cmp.Or(r.stages[connector.Text(r.stage(v))], crm.Open) // a stage that was removed does not say how it ended
}

// users visits all users, those who have left as well.
func (r *reader) users(ctx context.Context, visit func(map[string]any)) error {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		var got struct {
			Users []map[string]any `json:"users"`
			Info  info             `json:"info"`
		}
		if err := r.get(ctx, "users", "/users", url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}}, time.Time{}, &got); err != nil {
			return err
		}
		for i, u := range got.Users {
			id := connector.Text(u["id"])
			if i == 0 && seen[id] {
				return connector.Fail(connector.Loop, "users")
			}
			seen[id] = true
			visit(u)
		}
		if !got.Info.More || len(got.Users) == 0 {
			return nil
		}
	}
}

// Page reads a list. A cursor begins with the way it is read, "list" or "deleted", and a colon. That of a list is where it
// began, how many pages it has given and Zoho's own, with bars between.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	switch name {
	case "users":
		m := connector.Mapping{Table: "user", ID: "id", Created: "created_time", Updated: "Modified_Time", Fields: []connector.Field{{Column: "login", From: "email", With: lower}, {Column: "email", From: "email", With: lower}, {Column: "name", From: "full_name"},
			{Column: "role", From: "role.name"}, {Column: "active", From: "status", With: func(v any) any { return connector.Text(v) == "active" }}}}.Override(r.access.Fields)
		var page connector.Page
		err := r.users(ctx, func(u map[string]any) { page.Rows = append(page.Rows, m.Row(u)) })
		return page, err
	case "stages":
		return connector.Page{Rows: r.list}, nil
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 {
		return connector.Page{}, connector.Fail(connector.Missing, name)
	}
	way, rest, _ := strings.Cut(cursor, ":")
	if way == "deleted" {
		return r.deleted(ctx, all[i], since, rest)
	}
	p, err := r.records(ctx, all[i], since, rest)
	if err == nil && p.Next == "" && !since.IsZero() { // on a first run nothing is known that could be gone
		p.Next = "deleted:1"
	}
	return p, err
}

func (r *reader) records(ctx context.Context, o object, since time.Time, cursor string) (connector.Page, error) {
	from, number, token := since, 0, ""
	if parts := strings.SplitN(cursor, "|", 3); cursor != "" {
		at, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil || len(parts) != 3 {
			return connector.Page{}, connector.Fail(connector.Refused, o.Name)
		}
		if from = time.Unix(at, 0); at == 0 {
			from = time.Time{}
		}
		number, _ = strconv.Atoi(parts[1])
		token = parts[2]
	}
	if r.fields[o.module] == nil {
		if _, err := r.describe(ctx, o.module); err != nil {
			return connector.Page{}, err
		}
	}
	m := connector.Mapping{Table: o.Tables[0], Prefix: o.Prefix, ID: "id", Created: "Created_Time", Updated: "Modified_Time", Fields: o.fields, Zone: r.access.Zone}.Override(r.access.Fields)
	size := pageSize
	if o.Name == "deals" {
		size = dealsPage
	}
	q := url.Values{"fields": {strings.Join(columns(m, o, r.fields[o.module]), ",")}, "per_page": {strconv.Itoa(size)}, "sort_by": {"Modified_Time"}, "sort_order": {"asc"}}
	if o.module == "Leads" {
		q.Set("converted", "both")
	}
	if page, ok := strings.CutPrefix(token, byNumber); ok {
		q.Set("page", page)
	} else if token != "" {
		q.Set("page_token", token)
	}
	var got struct {
		Data []map[string]any `json:"data"`
		Info info             `json:"info"`
	}
	if err := r.get(ctx, o.Name, "/"+o.module, q, from, &got); err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	for _, record := range got.Data {
		rows, err := r.rows(ctx, o, m, record)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, rows...)
	}
	if !got.Info.More {
		return page, nil
	}
	begun := int64(0)
	if !from.IsZero() {
		begun = from.Unix()
	}
	number++
	if got.Info.Token == "" {
		got.Info.Token = byNumber + strconv.Itoa(number+1)
	}
	if number >= mostTokens && len(got.Data) > 0 {
		if at, ok := connector.Instant(got.Data[len(got.Data)-1]["Modified_Time"]); ok {
			begun, number, got.Info.Token = at/1e6-1, 0, ""
		}
	}
	page.Next = "list:" + strconv.FormatInt(begun, 10) + "|" + strconv.Itoa(number) + "|" + got.Info.Token
	return page, nil
}

// Count is how many records the pages of an object will hold in a first run.
func (r *reader) Count(ctx context.Context, name string, since time.Time) (int64, error) {
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 || !since.IsZero() {
		return -1, nil
	}
	var got struct {
		Count any `json:"count"` // a text as it is described, or a number
	}
	if err := r.get(ctx, "count of "+name, "/"+all[i].module+"/actions/count", nil, time.Time{}, &got); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(connector.Text(got.Count), 10, 64)
	if err != nil {
		return -1, nil //nolint:nilerr // it is not known then
	}
	return n, nil
}

// columns are the fields of a question, 50 at most: those of the mapping that the module has.
func columns(m connector.Mapping, o object, may map[string]bool) []string {
	names := []string{"id", "Created_Time", "Modified_Time"}
	add := func(name string) {
		if may[name] || name == "$se_module" {
			names = append(names, name)
		}
	}
	for _, f := range m.Fields {
		name, _, _ := strings.Cut(f.From, ".")
		add(name)
	}
	for _, name := range o.more {
		add(name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), 50)]
}

func (r *reader) rows(ctx context.Context, o object, m connector.Mapping, record map[string]any) ([]connector.Row, error) {
	if connector.Text(record["Currency"]) == "" {
		record["Currency"] = r.currency // organisations with one currency do not name it
	}
	var changes []connector.Row
	if o.Name == "deals" {
		var err error
		if changes, err = r.history(ctx, record); err != nil {
			return nil, err
		}
	}
	row := m.Row(record)
	if o.Tables[0] == "sales_document" && strings.EqualFold(connector.Text(record["Status"]), "Cancelled") {
		row.Record.Deleted = max(row.Record.Updated, 1) // it counts no longer
	}
	return append([]connector.Row{row}, changes...), nil
}

// deleted lists what went into the recycle bin or was removed for good.
func (r *reader) deleted(ctx context.Context, o object, since time.Time, cursor string) (connector.Page, error) {
	number, err := strconv.Atoi(cursor)
	if err != nil {
		return connector.Page{}, connector.Fail(connector.Refused, o.Name)
	}
	var got struct {
		Data []struct {
			ID string `json:"id"`
			At string `json:"deleted_time"`
		} `json:"data"`
		Info info `json:"info"`
	}
	q := url.Values{"type": {"all"}, "page": {cursor}, "per_page": {strconv.Itoa(pageSize)}}
	err = r.get(ctx, o.Name+", deleted", "/"+o.module+"/deleted", q, since, &got)
	if connector.Is(err, connector.Missing) || o.module == "Notes" && connector.Is(err, connector.Refused) {
		return connector.Page{}, nil // not every module tells
	}
	var page connector.Page
	for _, d := range got.Data {
		at, _ := connector.Instant(d.At)
		page.Marks = append(page.Marks, connector.Mark{Table: o.Tables[0], ID: o.Prefix + d.ID, At: at})
	}
	if got.Info.More && len(got.Data) > 0 {
		page.Next = "deleted:" + strconv.Itoa(number+1)
	}
	return page, err
}

// IDs is never asked: Zoho lists what was deleted.
func (r *reader) IDs(context.Context, string, string) ([]string, string, error) { return nil, "", nil }
