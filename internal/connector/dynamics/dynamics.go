// Package dynamics reads Dynamics 365 Sales and Customer Service through the Web API of Dataverse, with the client
// credentials of an application in Entra ID. Start with New.
//
// It is built from the vendor's documentation and tested against recorded shapes; it has not yet been tried against the live
// system. What was changed is found by date: delta links end after seven days and want the right to read all records.
package dynamics

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

const (
	data      = "/api/data/v9.2/"
	pageSize  = "500"
	dealsPage = "50" // each of their audited changes is a call
	idsPage   = "5000"
)

// Annotations that Dataverse gives on request: texts of choices and lookups, and the table that a lookup leads to.
const (
	formatted = "@OData.Community.Display.V1.FormattedValue"
	logical   = "@Microsoft.Dynamics.CRM.lookuplogicalname"
)

// logins are the servers that give tokens, by the end of the environment's address.
var logins = map[string]string{".dynamics.com": "https://login.microsoftonline.com", ".dynamics.cn": "https://login.partner.microsoftonline.cn", ".microsoftdynamics.us": "https://login.microsoftonline.us"}

type reader struct {
	client, login *connector.Client
	access        connector.Access
	scope         string
	header        http.Header
	currencies    map[string]string // codes by identifier
	states        map[string]string // categories of status reasons
	stages        []connector.Row
	noHistory     connector.Reason
	home          bool // the environment's own currency is that of the business
}

// New is a reader of the environment at an address, https://NAME.crm4.dynamics.com. Settings.Tenant and Client are those of
// the application, the secret is its own. Address.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(a.Address, a.HTTP)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(strings.TrimSpace(a.Address))
	if err != nil {
		return nil, connector.Fail(connector.Address, "")
	}
	r := &reader{client: client, login: client, access: a, scope: u.Scheme + "://" + u.Host + "/.default"}
	for end, address := range logins { // elsewhere the token comes from the same server, a gateway of the company's own
		if strings.HasSuffix(strings.ToLower(u.Hostname()), end) {
			if r.login, err = connector.NewClient(address, a.HTTP); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// Needs are the address of the environment, and the application with its directory.
func (r *reader) Needs() []string { return []string{"address", "client", "tenant"} }

// object is how a table is read from one of Dataverse.
type object struct {
	connector.Object
	set, key string
	modified string
	filter   string
	fields   []connector.Field
	more     []string // columns that are worked with
	size     string
}

func (r *reader) all() []object {
	f := func(column, from string) connector.Field { return connector.Field{Column: column, From: from} }
	to := func(column, lookup, table string) connector.Field {
		return connector.Field{Column: column, With: func(v any) any { return leads(v, lookup, table) }}
	}
	owner := to("owner", "_ownerid_value", "systemuser")
	o := func(name, set, key, table, prefix string, fields ...connector.Field) object {
		return object{Object: connector.Object{Name: name, Tables: []string{table}, Prefix: prefix, Deletions: connector.Compared, Optional: !slices.Contains([]string{"users", "accounts", "opportunities"}, name)},
			set: set, key: key, modified: "modifiedon", fields: fields, more: []string{"_ownerid_value"}, size: pageSize}
	}
	users := o("users", "systemusers", "systemuserid", "user", "", f("login", "domainname"), connector.Field{Column: "email", From: "internalemailaddress", With: lower}, f("name", "fullname"), f("role", "title"), f("team", "_businessunitid_value:text"),
		connector.Field{Column: "active", From: "isdisabled", With: func(v any) any { return v != true }}, connector.Field{Column: "is_person", With: isPerson})
	users.more = []string{"applicationid", "accessmode"}
	accounts := o("accounts", "accounts", "accountid", "account", "", owner, connector.Field{Column: "name", With: nameOf}, f("parent", "_parentaccountid_value"), f("industry", "industrycode:text"), f("street", "address1_line1"), f("postal_code", "address1_postalcode"),
		f("city", "address1_city"), f("country", "address1_country"), f("phone", "telephone1"), connector.Field{Column: "domain", From: "websiteurl", With: connector.Domain}, connector.Field{Column: "type", From: "customertypecode", With: kindOfAccount})
	accounts.more = append(accounts.more, "name", "merged", "_masterid_value")
	contacts := o("contacts", "contacts", "contactid", "contact", "", to("account", "_parentcustomerid_value", "account"), f("first_name", "firstname"), f("last_name", "lastname"), connector.Field{Column: "email", From: "emailaddress1", With: lower}, f("phone", "telephone1"),
		f("role", "jobtitle"), f("postal_code", "address1_postalcode"), f("city", "address1_city"), f("opted_out", "donotbulkemail"))
	contacts.more = []string{"_parentcustomerid_value", "merged", "_masterid_value"}
	opportunities := o("opportunities", "opportunities", "opportunityid", "opportunity", "", owner, f("name", "name"), connector.Field{Column: "account", With: accountOf}, connector.Field{Column: "contact", With: contactOf}, f("lead", "_originatingleadid_value"),
		f("stage", "statuscode"), connector.Field{Column: "category", From: "statecode", With: categoryOf}, connector.Field{Column: "amount", With: amount("")}, connector.Field{Column: "home_amount", With: r.homeAmount}, f("first_amount", "first"),
		connector.Field{Column: "currency", From: "_transactioncurrencyid_value", With: r.currency}, connector.Field{Column: "probability", From: "closeprobability", Scale: 100}, f("opened_at", "createdon"), f("expected_close_day", "expected"), f("closed_at", "closed"),
		f("closed_day", "closed_day"), f("lost_reason", "reason"))
	opportunities.Tables = append(opportunities.Tables, "opportunity_change")
	opportunities.size = dealsPage
	opportunities.more = append(opportunities.more, "_createdby_value", "_parentaccountid_value", "_customerid_value", "_parentcontactid_value", "estimatedvalue", "actualvalue", "estimatedvalue_base", "actualvalue_base", "estimatedclosedate", "actualclosedate")
	found := o("leads", "leads", "leadid", "lead", "", owner, connector.Field{Column: "name", With: nameOf}, f("origin", "leadsourcecode:text"), f("status", "statuscode:text"), f("opened_at", "createdon"), f("converted_day", "converted"), f("opportunity", "deal"))
	found.more = append(found.more, "companyname", "fullname", "statecode", "merged", "_masterid_value")
	cases := o("cases", "incidents", "incidentid", "ticket", "", owner, to("account", "_customerid_value", "account"), to("contact", "_customerid_value", "contact"), f("type", "casetypecode:text"), f("priority", "prioritycode:text"), f("origin", "caseorigincode:text"),
		connector.Field{Column: "category", With: kindOfCase}, f("opened_at", "createdon"), f("closed_at", "resolved"))
	cases.more = append(cases.more, "_customerid_value", "statecode", "statuscode", "merged", "_masterid_value")
	regarding := func(lookup string) []connector.Field {
		return []connector.Field{owner, f("author", "_createdby_value"), to("account", lookup, "account"), to("contact", lookup, "contact"), to("opportunity", lookup, "opportunity"), to("ticket", lookup, "incident")}
	}
	activities := o("activities", "activitypointers", "activityid", "activity", "activity/", append(regarding("_regardingobjectid_value"), connector.Field{Column: "type", From: "activitytypecode", With: kindOfActivity}, f("due_at", "scheduledend"),
		connector.Field{Column: "done_at", With: doneAt}, connector.Field{Column: "duration", From: "actualdurationminutes", With: seconds}, f("automatic", "isworkflowcreated"))...)
	activities.more = append(activities.more, "_regardingobjectid_value", "statecode", "actualend")
	activities.filter = "(activitytypecode eq 'phonecall' or activitytypecode eq 'appointment' or activitytypecode eq 'email' or activitytypecode eq 'task')"
	notes := o("notes", "annotations", "annotationid", "activity", "note/", append(regarding("_objectid_value"), connector.Field{Column: "type", With: func(any) any { return "note" }}, f("done_at", "createdon"))...)
	notes.more = append(notes.more, "_objectid_value")
	document := func(name, set, key, kind, number, opportunity string) object {
		d := o(name, set, key, "sales_document", kind+"/", owner, to("account", "_customerid_value", "account"), connector.Field{Column: "kind", With: func(any) any { return kind }}, f("number", number), f("opportunity", opportunity), f("status", "statuscode:text"),
			f("document_day", "createdon"), connector.Field{Column: "net", With: net}, f("gross", "totalamount"), connector.Field{Column: "currency", From: "_transactioncurrencyid_value", With: r.currency})
		d.more = append(d.more, "_customerid_value", "statecode", "totaltax")
		return d
	}
	seen := o("log-ins", "audits", "auditid", "login", "", f("person", "_objectid_value"), f("logged_at", "createdon"), connector.Field{Column: "success", With: func(any) any { return true }}, connector.Field{Column: "kind", From: "action", With: kindOfAccess})
	seen.Deletions, seen.modified, seen.more = connector.Unseen, "createdon", nil
	seen.filter = "operation eq 4 and (action eq 64 or action eq 65)"
	return []object{users, accounts, contacts, opportunities, found, cases, activities, notes,
		document("orders", "salesorders", "salesorderid", "order", "ordernumber", "_opportunityid_value"), document("invoices", "invoices", "invoiceid", "invoice", "invoicenumber", "_opportunityid_value"), seen}
}

// Objects are what Dynamics delivers.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "stages", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		list = append(list, o.Object)
	}
	return list
}

// Gaps say what is not read: the phases of sales processes, of which an opportunity may have several, and when a case was
// first answered; and that the history is there only as long as, and as far as, auditing is switched on.
func (r *reader) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "opportunity_change", Reason: cmp.Or(r.noHistory, connector.Limited)}, {Table: "login", Reason: connector.Limited}, {Table: "stage", Reason: connector.Partial},
		{Table: "ticket", Reason: connector.Partial}}
}

func (r *reader) token(ctx context.Context) error {
	var token struct {
		Access string `json:"access_token"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {r.access.Client}, "client_secret": {r.access.Secret.Reveal()}, "scope": {r.scope}}
	err := r.login.Do(ctx, connector.Request{Place: "token", Path: "/" + url.PathEscape(r.access.Tenant) + "/oauth2/v2.0/token", Form: form, Once: true}, &token)
	switch s := connector.Status(err); {
	case s == http.StatusBadRequest, s == http.StatusNotFound: // invalid_client, no such tenant
		return connector.Fail(connector.Denied, "token")
	case err != nil:
		return err
	case token.Access == "":
		return connector.Fail(connector.Unreadable, "token")
	}
	r.header = http.Header{"Authorization": {"Bearer " + token.Access}, "Odata-Maxversion": {"4.0"}, "Odata-Version": {"4.0"}}
	return nil
}

// get asks, and once more with a new token where the old one has run out. A link of the server is used whole; the client
// refuses one to another server.
func (r *reader) get(ctx context.Context, place, path string, q url.Values, size string, into any) error {
	ask := func() error {
		header := r.header.Clone()
		header.Set("Prefer", `odata.include-annotations="OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname",odata.maxpagesize=`+size)
		return r.client.Do(ctx, connector.Request{Place: place, Path: path, Query: q, Header: header}, into)
	}
	err := ask()
	if connector.Status(err) != http.StatusUnauthorized {
		return err
	}
	if err := r.token(ctx); err != nil {
		return err
	}
	return ask()
}

type answer struct {
	Value []map[string]any `json:"value"`
	Next  string           `json:"@odata.nextLink"`
}

// list reads a page; next is a link that an earlier one gave.
func (r *reader) list(ctx context.Context, place, set string, q url.Values, size, next string) (answer, error) {
	var a answer
	path := data + set
	if next != "" {
		path, q = next, nil
	}
	err := r.get(ctx, place, path, q, size, &a)
	for i := range a.Value {
		a.Value[i] = plain(a.Value[i])
	}
	return a, err
}

// every follows a list to its end.
func (r *reader) every(ctx context.Context, place, set string, q url.Values) ([]map[string]any, error) {
	var all []map[string]any
	seen, next := map[string]bool{}, ""
	for {
		a, err := r.list(ctx, place, set, q, idsPage, next)
		if err != nil {
			return nil, err
		}
		all = append(all, a.Value...)
		if next = a.Next; next == "" {
			return all, nil
		}
		if seen[next] {
			return nil, connector.Fail(connector.Loop, place)
		}
		seen[next] = true
	}
}

// plain gives annotations names without dots, which separate the steps of a path: "NAME:text" and "NAME:of".
func plain(record map[string]any) map[string]any {
	m := make(map[string]any, len(record))
	for name, v := range record {
		if short, ok := strings.CutSuffix(name, formatted); ok {
			name = short + ":text"
		} else if short, ok := strings.CutSuffix(name, logical); ok {
			name = short + ":of"
		}
		m[name] = v
	}
	return m
}

// Open gets a token and reads currencies, status reasons and whether changes are audited.
func (r *reader) Open(ctx context.Context) error {
	if err := r.token(ctx); err != nil {
		return err
	}
	currencies, err := r.every(ctx, "currencies", "transactioncurrencies", url.Values{"$select": {"transactioncurrencyid,isocurrencycode"}})
	if err != nil {
		return err
	}
	r.currencies = map[string]string{}
	for _, c := range currencies {
		r.currencies[connector.Text(c["transactioncurrencyid"])] = connector.Text(c["isocurrencycode"])
	}
	if err := r.readStages(ctx); err != nil {
		return err
	}
	r.noHistory, r.home = "", false
	organisations, err := r.every(ctx, "organisation", "organizations", url.Values{"$select": {"isauditenabled,_basecurrencyid_value"}})
	if err != nil && !connector.Is(err, connector.Denied, connector.Missing) {
		return err
	}
	for _, o := range organisations {
		if o["isauditenabled"] == false {
			r.noHistory = connector.NotOffered
		}
		r.home = r.access.Currency != "" && r.currencies[connector.Text(o["_basecurrencyid_value"])] == r.access.Currency
	}
	if r.noHistory == "" {
		_, err = r.list(ctx, "audits", "audits", url.Values{"$select": {"auditid"}, "$top": {"1"}}, "1", "")
		if connector.Is(err, connector.Denied, connector.Missing) {
			r.noHistory, err = connector.NotAllowed, nil
		}
		return err
	}
	return nil
}

// readStages reads the status reasons of opportunities, each of which belongs to a state.
func (r *reader) readStages(ctx context.Context) error {
	var got struct {
		OptionSet struct {
			Options []map[string]any `json:"Options"`
		} `json:"OptionSet"`
	}
	path := data + "EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata"
	if err := r.get(ctx, "status reasons", path, url.Values{"$select": {"LogicalName"}, "$expand": {"OptionSet($select=Options)"}}, pageSize, &got); err != nil {
		return err
	}
	m := connector.Mapping{Table: "stage", ID: "Value", Fields: []connector.Field{{Column: "label", From: "Label.UserLocalizedLabel.Label"}, {Column: "category", From: "State", With: categoryOf}}}
	r.states, r.stages = map[string]string{}, nil
	t, _ := crm.Find("stage")
	for i, o := range got.OptionSet.Options {
		row := m.Row(o)
		t.Set(&row.Record, "position", int64(i))
		r.states[row.Record.ID] = connector.Text(categoryOf(o["State"]))
		r.stages = append(r.stages, row)
	}
	return nil
}

// Page reads records in the order of their identifiers. The cursor is the link to the next page, as Dataverse gives it.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	if name == "stages" {
		return connector.Page{Rows: r.stages}, nil
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 {
		return connector.Page{}, connector.Fail(connector.Missing, name)
	}
	o := all[i]
	m := connector.Mapping{Table: o.Tables[0], Prefix: o.Prefix, ID: o.key, Created: "createdon", Updated: o.modified, Fields: o.fields, Zone: r.access.Zone}.Override(r.access.Fields)
	q := url.Values{"$select": {strings.Join(columns(m, o), ",")}, "$orderby": {o.key + " asc"}}
	if o.modified == "createdon" {
		q.Set("$orderby", "createdon asc") // a log
	}
	where := o.filter
	if !since.IsZero() {
		where = and(where, o.modified+" ge "+since.UTC().Format("2006-01-02T15:04:05Z"))
	}
	if where != "" {
		q.Set("$filter", where)
	}
	got, err := r.list(ctx, name, o.set, q, o.size, cursor)
	if err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{Next: got.Next}
	var changes []connector.Row
	switch name {
	case "opportunities":
		changes, err = r.history(ctx, got.Value)
	case "leads":
		err = r.converted(ctx, got.Value)
	case "cases":
		err = r.resolved(ctx, got.Value)
	}
	if err != nil {
		return page, err
	}
	for _, record := range got.Value {
		row := m.Row(record)
		if record["merged"] == true {
			row.Record.Deleted, row.Record.Merged = max(row.Record.Updated, 1), connector.Text(record["_masterid_value"])
		}
		if cancelled[o.set] != "" && cancelled[o.set] == connector.Text(record["statecode"]) {
			row.Record.Deleted = max(row.Record.Updated, 1) // it counts no longer
		}
		page.Rows = append(page.Rows, row)
	}
	page.Rows = append(page.Rows, changes...)
	return page, nil
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return a + " and " + b
}

// cancelled are the states of cancelled documents.
var cancelled = map[string]string{"salesorders": "2", "invoices": "3"}

// worked are the paths that a reader sets itself.
var worked = []string{"", "first", "expected", "closed", "closed_day", "reason", "converted", "deal", "resolved"}

// columns are those of a question.
func columns(m connector.Mapping, o object) []string {
	names := append([]string{o.key, "createdon", o.modified}, o.more...)
	for _, f := range m.Fields {
		name, _, _ := strings.Cut(f.From, ":")
		if !slices.Contains(worked, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// IDs lists what is left.
func (r *reader) IDs(ctx context.Context, name, cursor string) ([]string, string, error) {
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 {
		return nil, "", connector.Fail(connector.Missing, name)
	}
	o := all[i]
	q := url.Values{"$select": {o.key}, "$orderby": {o.key + " asc"}}
	if o.filter != "" {
		q.Set("$filter", o.filter)
	}
	got, err := r.list(ctx, name, o.set, q, idsPage, cursor)
	ids := make([]string, len(got.Value))
	for k, record := range got.Value {
		ids[k] = connector.Text(record[o.key])
	}
	return ids, got.Next, err
}

// leads gives the identifier of a lookup where it leads to a table.
func leads(v any, lookup, table string) any {
	if connector.Text(connector.Path(v, lookup+":of")) != table {
		return nil
	}
	return connector.Path(v, lookup)
}

// accountOf is the account that was chosen, else the customer where that is one.
func accountOf(v any) any {
	if a := connector.Path(v, "_parentaccountid_value"); a != nil {
		return a
	}
	return leads(v, "_customerid_value", "account")
}

func contactOf(v any) any {
	if c := connector.Path(v, "_parentcontactid_value"); c != nil {
		return c
	}
	return leads(v, "_customerid_value", "contact")
}

// amount is what was earned where the opportunity was won, else the estimate.
func amount(suffix string) func(any) any {
	return func(v any) any {
		if earned := connector.Path(v, "actualvalue"+suffix); earned != nil && categoryOf(connector.Path(v, "statecode")) == crm.Won {
			return earned
		}
		return connector.Path(v, "estimatedvalue"+suffix)
	}
}

// homeAmount is the amount in the environment's own currency.
func (r *reader) homeAmount(v any) any {
	if !r.home {
		return nil
	}
	return amount("_base")(v)
}

func (r *reader) currency(v any) any {
	if code := r.currencies[connector.Text(v)]; code != "" {
		return code
	}
	return r.access.Currency
}

// categoryOf reads the state of an opportunity. Cancelled is one of the reasons of lost.
func categoryOf(state any) any {
	switch connector.Text(state) {
	case "1":
		return crm.Won
	case "2":
		return crm.Lost
	}
	return crm.Open
}

func nameOf(v any) any {
	for _, name := range []string{"name", "companyname", "fullname"} {
		if s := strings.TrimSpace(connector.Text(connector.Path(v, name))); s != "" {
			return s
		}
	}
	return "#" + connector.Text(cmp.Or(connector.Text(connector.Path(v, "accountid")), connector.Text(connector.Path(v, "leadid"))))
}

// isPerson leaves out applications, and users for support, services and partners (accessmode 3 to 5).
func isPerson(v any) any {
	mode := connector.Text(connector.Path(v, "accessmode"))
	return connector.Text(connector.Path(v, "applicationid")) == "" && mode != "3" && mode != "4" && mode != "5"
}

func kindOfAccount(v any) any {
	switch connector.Text(v) {
	case "3":
		return "customer"
	case "8":
		return "prospect"
	case "5", "9":
		return "partner"
	}
	return nil
}

// kindOfCase: a case that was cancelled is done with as well. On hold and waiting for details are the reasons 2 and 3.
func kindOfCase(v any) any {
	reason := connector.Text(connector.Path(v, "statuscode"))
	switch {
	case connector.Text(connector.Path(v, "statecode")) != "0":
		return "solved"
	case reason == "2" || reason == "3":
		return "waiting"
	}
	return "open"
}

func kindOfActivity(v any) any {
	switch s := connector.Text(v); s {
	case "phonecall":
		return "call"
	case "appointment":
		return "meeting"
	default:
		return s
	}
}

// kindOfAccess: 64 is the application in a browser, 65 a program.
func kindOfAccess(v any) any {
	if connector.Text(v) == "65" {
		return "api"
	}
	return "interactive"
}

func doneAt(v any) any {
	if connector.Text(connector.Path(v, "statecode")) != "1" {
		return nil
	}
	return connector.Path(v, "actualend")
}

func seconds(v any) any {
	n, ok := connector.Money(v)
	if !ok {
		return nil
	}
	return n / 10_000 * 60
}

// net is the total without tax.
func net(v any) any {
	gross, ok := connector.Money(connector.Path(v, "totalamount"))
	tax, other := connector.Money(connector.Path(v, "totaltax"))
	if !ok || !other {
		return nil
	}
	return crm.FormatMoney(gross - tax)
}

func lower(v any) any {
	if s := strings.ToLower(strings.TrimSpace(connector.Text(v))); s != "" {
		return s
	}
	return nil
}
