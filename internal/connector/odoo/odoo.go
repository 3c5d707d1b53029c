// Package odoo reads an Odoo server, version 14 or later, with an API key: through JSON-2 from version 19 on, through
// JSON-RPC before. Start with New.
//
// It is built from the vendor's documentation and sources and tested against recorded shapes; it has not yet been tried
// against a live server. Questions name only fields that the model has, since versions and modules differ.
package odoo

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// Records of a page.
const (
	pageSize = 200
	idsPage  = 5000
)

// lost stands for the stage of lost opportunities, which Odoo archives in the stage they were in.
const lost = "lost"

type reader struct {
	session
	own     []any // partners that are our own companies
	stages  map[string]string
	kinds   map[string]string // of activities, by their type
	tracked map[string]string // names of the fields whose changes are kept, by identifier
	missing map[string]bool   // models that are not installed
	// noHistory is why there are no changes, empty where there are some.
	noHistory connector.Reason
	// keeps says that done activities stay, archived. Before version 17 only a message is left of them.
	keeps bool
}

// New is a reader of the server at an address. The secret is an API key; JSON-RPC needs the database and the user as well.
// Address.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(a.Address, a.HTTP)
	if err != nil {
		return nil, err
	}
	return &reader{session: session{client: client, access: a}}, nil
}

// Needs are the address of the server; those before version 19 need the database and the user as well.
func (r *reader) Needs() []string { return []string{"address"} }

// object is how a table is read from a model.
type object struct {
	connector.Object
	model  string
	domain []any
	fields []connector.Field
	more   []string // fields that are worked with
	whole  bool     // read anew at each run: what it holds does not move its write_date
}

func is(field, operator string, v any) []any { return []any{field, operator, v} }

func (r *reader) all() []object {
	f := func(column, from string) connector.Field { return connector.Field{Column: column, From: from} }
	o := func(name, model, prefix string, domain []any, tables []string, fields ...connector.Field) object {
		return object{Object: connector.Object{Name: name, Tables: tables, Prefix: prefix, Deletions: connector.Compared, Optional: !slices.Contains([]string{"users", "accounts", "opportunities"}, name)}, model: model, domain: domain, fields: fields}
	}
	owner, account, contact := f("owner", "user_id.0"), f("account", "account"), f("contact", "person")
	users := o("users", "res.users", "", []any{is("share", "=", false)}, []string{"user", "login"}, f("login", "login"), f("email", "email"), f("name", "name"), f("team", "sale_team_id.1"), f("active", "active"),
		connector.Field{Column: "is_person", From: "login", With: func(v any) any {
			return !slices.Contains([]string{"__system__", "default", "public", "portaltemplate"}, connector.Text(v))
		}})
	users.more, users.whole = []string{"login_date"}, true
	accounts := o("accounts", "res.partner", "", []any{is("partner_share", "=", true), "|", is("is_company", "=", true), is("parent_id", "=", false)}, []string{"account"}, owner, connector.Field{Column: "name", With: nameOf}, f("parent", "parent_id.0"),
		f("industry", "industry_id.1"), f("street", "street"), f("postal_code", "zip"), f("city", "city"), connector.Field{Column: "country", With: country}, f("phone", "phone"), f("vat_id", "vat"),
		connector.Field{Column: "domain", From: "website", With: connector.Domain}, connector.Field{Column: "type", With: r.kindOfAccount})
	accounts.more = []string{"name", "display_name", "country_code", "country_id", "customer_rank", "supplier_rank", "email"}
	contacts := o("contacts", "res.partner", "", []any{is("partner_share", "=", true), is("is_company", "=", false), is("type", "in", []any{"contact", false})}, []string{"contact"}, f("account", "commercial_partner_id.0"), f("last_name", "name"),
		connector.Field{Column: "email", From: "email", With: lower}, f("phone", "phone"), f("role", "function"), f("postal_code", "zip"), f("city", "city"))
	opportunities := o("opportunities", "crm.lead", "", []any{is("type", "=", "opportunity")}, []string{"opportunity", "opportunity_change"}, owner, account, contact, f("name", "name"), f("stage", "stage_id.0"), connector.Field{Column: "category", With: r.category},
		f("lead", "lead"), f("amount", "amount"), f("currency", "company_currency.1"), f("first_amount", "first"), connector.Field{Column: "probability", From: "probability", Scale: 100}, f("opened_at", "create_date"),
		f("expected_close_day", "expected"), f("closed_at", "closed"), f("lost_reason", "reason"), f("lead_source", "source_id.1"))
	opportunities.more = []string{"partner_id", "active", "won_status", "expected_revenue", "planned_revenue", "date_closed", "date_deadline", "date_conversion", "lost_reason_id", "lost_reason", "create_uid"}
	leads := o("leads", "crm.lead", "", []any{"|", is("type", "=", "lead"), is("date_conversion", "!=", false)}, []string{"lead"}, owner, f("name", "name"), f("origin", "source_id.1"), f("opened_at", "create_date"), f("converted_day", "date_conversion"),
		connector.Field{Column: "status", With: statusOfLead}, connector.Field{Column: "opportunity", With: func(v any) any {
			if connector.Text(connector.Path(v, "type")) == "opportunity" {
				return connector.Path(v, "id")
			}
			return nil
		}})
	leads.more = []string{"type", "active"}
	tickets := o("tickets", "helpdesk.ticket", "", nil, []string{"ticket"}, owner, account, contact, f("type", "ticket_type_id.1"), f("priority", "priority"), f("opened_at", "create_date"), f("closed_at", "close_date"),
		connector.Field{Column: "category", From: "close_date", With: func(v any) any {
			if connector.Text(v) != "" {
				return "solved"
			}
			return "open"
		}})
	tickets.more = []string{"partner_id"}
	about := []any{is("res_model", "in", []any{"crm.lead", "res.partner", "helpdesk.ticket"})}
	activities := o("activities", "mail.activity", "activity/", about, []string{"activity"}, owner, f("author", "create_uid.0"), f("account", "of.account"), f("contact", "of.contact"), f("opportunity", "of.opportunity"), f("ticket", "of.ticket"),
		connector.Field{Column: "type", From: "activity_type_id.0", With: r.kindOfActivity}, f("done_day", "date_done"), connector.Field{Column: "automatic", From: "automated"})
	activities.more = []string{"res_model", "res_id", "active"}
	said := []any{is("model", "in", []any{"crm.lead", "res.partner", "helpdesk.ticket"}), is("message_type", "in", []any{"email", "comment", "email_outgoing"})}
	if !r.keeps {
		said = []any{said[0], "|", said[1], is("mail_activity_type_id", "!=", false)}
	}
	messages := o("messages", "mail.message", "message/", said, []string{"activity"}, f("author", "create_uid.0"), f("account", "of.account"), f("contact", "of.contact"), f("opportunity", "of.opportunity"), f("ticket", "of.ticket"),
		connector.Field{Column: "type", With: r.kindOfMessage}, connector.Field{Column: "direction", With: direction}, f("done_at", "date"))
	messages.more, messages.Deletions = []string{"model", "res_id", "message_type", "is_internal", "mail_activity_type_id"}, connector.Unseen
	orders := o("orders", "sale.order", "order/", []any{is("state", "in", []any{"sale", "done"})}, []string{"sales_document"}, owner, account, connector.Field{Column: "kind", With: func(any) any { return "order" }}, f("number", "name"),
		f("opportunity", "opportunity_id.0"), f("status", "state"), f("document_day", "date_order"), f("net", "amount_untaxed"), f("gross", "amount_total"), f("currency", "currency_id.1"))
	orders.more = []string{"partner_id"}
	invoices := o("invoices", "account.move", "invoice/", []any{is("move_type", "in", []any{"out_invoice", "out_refund"}), is("state", "=", "posted")}, []string{"sales_document"}, f("owner", "invoice_user_id.0"), account, connector.Field{Column: "kind", From: "move_type", With: kindOfInvoice},
		f("number", "name"), f("status", "state"), f("document_day", "invoice_date"), connector.Field{Column: "net", With: signed("amount_untaxed")}, connector.Field{Column: "gross", With: signed("amount_total")}, f("currency", "currency_id.1"))
	invoices.more = []string{"partner_id", "move_type", "amount_untaxed", "amount_total"}
	return []object{users, accounts, contacts, leads, opportunities, tickets, activities, messages, orders, invoices}
}

// Objects are those whose modules are installed.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "stages", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		if !r.missing[o.model] {
			list = append(list, o.Object)
		}
	}
	return list
}

// Gaps says what is not installed, and why there may be no changes.
func (r *reader) Gaps() []connector.Gap {
	gaps := []connector.Gap{{Table: "login", Reason: connector.LatestOnly}, {Table: "opportunity_change", Reason: connector.Limited}}
	if r.noHistory != "" {
		gaps[1].Reason = r.noHistory
	}
	for _, o := range r.all() {
		if r.missing[o.model] {
			gaps = append(gaps, connector.Gap{Table: o.Tables[0], Reason: connector.NotOffered})
		} else if o.Name == "tickets" {
			gaps = append(gaps, connector.Gap{Table: "ticket", Reason: connector.Partial}) // not when it was first answered
		}
	}
	return gaps
}

// Open logs in and learns what is installed, and what stages, kinds of activities and tracked fields mean.
func (r *reader) Open(ctx context.Context) error {
	if err := r.login(ctx); err != nil {
		return err
	}
	r.missing = map[string]bool{}
	for _, model := range []string{"helpdesk.ticket", "sale.order", "account.move", "mail.activity"} {
		if _, err := r.describe(ctx, model); connector.Is(err, connector.Missing) {
			r.missing[model] = true
		} else if err != nil && !connector.Is(err, connector.Denied) {
			return err
		}
	}
	r.keeps = r.types["mail.activity"]["active"] != ""
	stages, err := r.every(ctx, "crm.stage", nil, "is_won")
	if err != nil {
		return err
	}
	r.stages = map[string]string{}
	for _, s := range stages {
		r.stages[connector.Text(s["id"])] = categoryOfStage(s["is_won"])
	}
	companies, err := r.every(ctx, "res.company", nil, "partner_id")
	if err != nil {
		return err
	}
	r.own = nil
	for _, c := range companies {
		r.own = append(r.own, connector.Path(c, "partner_id.0"))
	}
	r.kinds = map[string]string{}
	kinds, err := r.every(ctx, "mail.activity.type", nil, "category", "icon")
	if err != nil && !connector.Is(err, connector.Denied, connector.Missing) {
		return err
	}
	for _, k := range kinds {
		r.kinds[connector.Text(k["id"])] = kindOf(connector.Text(k["category"]), connector.Text(k["icon"]))
	}
	return r.openHistory(ctx)
}

func categoryOfStage(won any) string {
	if won == true {
		return crm.Won
	}
	return crm.Open
}

// Page reads records in the order of their identifiers; the cursor is the last one.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	if name == "stages" {
		return r.stageRows(ctx)
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	last, err := 0, error(nil)
	if cursor != "" {
		last, err = strconv.Atoi(cursor)
	}
	if i < 0 || err != nil {
		return connector.Page{}, connector.Fail(connector.Refused, name)
	}
	o := all[i]
	m := connector.Mapping{Table: o.Tables[0], Prefix: o.Prefix, ID: "id", Created: "create_date", Updated: "write_date", Fields: o.fields, Zone: r.access.Zone}.Override(r.access.Fields)
	records, err := r.after(ctx, o.model, o.changed(since), columns(m, o), last, pageSize)
	if err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	if len(records) == pageSize {
		page.Next = connector.Text(records[len(records)-1]["id"])
	}
	if err := r.relate(ctx, o, records); err != nil {
		return page, err
	}
	var changes []connector.Row
	if name == "opportunities" {
		if changes, err = r.history(ctx, records); err != nil {
			return page, err
		}
	}
	login := connector.Mapping{Table: "login", Fields: []connector.Field{{Column: "person", From: "id"}, {Column: "logged_at", From: "login_date"}, {Column: "success", With: func(any) any { return true }},
		{Column: "kind", With: func(any) any { return "interactive" }}}}
	for _, record := range records {
		page.Rows = append(page.Rows, m.Row(record))
		if name == "users" && record["login_date"] != nil {
			page.Rows = append(page.Rows, login.Row(record))
		}
	}
	page.Rows = append(page.Rows, changes...)
	return page, nil
}

// changed is the domain of what was changed at since or later.
func (o object) changed(since time.Time) []any {
	if since.IsZero() || o.whole {
		return o.domain
	}
	return append(slices.Clone(o.domain), is("write_date", ">=", since.UTC().Format(time.DateTime)))
}

// Count is how many records the pages of an object will hold.
func (r *reader) Count(ctx context.Context, name string, since time.Time) (int64, error) {
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	if i < 0 {
		return -1, nil
	}
	domain := all[i].changed(since)
	if domain == nil {
		domain = []any{}
	}
	var n int64
	err := r.call(ctx, all[i].model, "search_count", map[string]any{"domain": domain, "context": archived}, &n)
	return n, err
}

// columns are the fields of a question.
func columns(m connector.Mapping, o object) []string {
	names := append([]string{"create_date", "write_date"}, o.more...)
	for _, f := range m.Fields {
		name, _, _ := strings.Cut(f.From, ".")
		names = append(names, name)
	}
	return names
}

// IDs lists what is left.
func (r *reader) IDs(ctx context.Context, name, cursor string) ([]string, string, error) {
	all := r.all()
	i := slices.IndexFunc(all, func(o object) bool { return o.Name == name })
	last, err := 0, error(nil)
	if cursor != "" {
		last, err = strconv.Atoi(cursor)
	}
	if i < 0 || err != nil {
		return nil, "", connector.Fail(connector.Refused, name)
	}
	var found []any
	where := append(slices.Clone(all[i].domain), is("id", ">", last))
	if err := r.call(ctx, all[i].model, "search", map[string]any{"domain": where, "order": "id asc", "limit": idsPage, "context": archived}, &found); err != nil {
		return nil, "", err
	}
	ids, next := make([]string, len(found)), ""
	for k, id := range found {
		ids[k] = connector.Text(id)
	}
	if len(ids) == idsPage {
		next = ids[len(ids)-1]
	}
	return ids, next, nil
}

// relate sets in each record whom it is about: the company behind a partner, and the person where it is one.
func (r *reader) relate(ctx context.Context, o object, records []map[string]any) error {
	var partners, leads, tickets []any
	model := "res_model"
	if o.Name == "messages" {
		model = "model"
	}
	for _, record := range records {
		switch of := connector.Text(record[model]); {
		case o.Tables[0] != "activity":
			partners = add(partners, connector.Path(record, "partner_id.0"))
		case of == "res.partner":
			partners = add(partners, record["res_id"])
		case of == "crm.lead":
			leads = add(leads, record["res_id"])
		case of == "helpdesk.ticket":
			tickets = add(tickets, record["res_id"])
		}
	}
	behind, err := r.lookUp(ctx, "res.partner", partners, "commercial_partner_id", "is_company")
	if err != nil {
		return err
	}
	deals, err := r.lookUp(ctx, "crm.lead", leads, "type")
	if err != nil {
		return err
	}
	for _, record := range records {
		if o.Tables[0] != "activity" {
			id := connector.Path(record, "partner_id.0")
			p := behind[connector.Text(id)]
			record["account"] = connector.Path(p, "commercial_partner_id.0")
			if p != nil && p["is_company"] != true {
				record["person"] = id
			}
			continue
		}
		of := map[string]any{}
		switch id := record["res_id"]; connector.Text(record[model]) {
		case "res.partner":
			p := behind[connector.Text(id)]
			of["account"] = connector.Path(p, "commercial_partner_id.0")
			if p != nil && p["is_company"] != true {
				of["contact"] = id
			}
		case "crm.lead":
			if d := deals[connector.Text(id)]; d != nil && connector.Text(d["type"]) == "opportunity" {
				of["opportunity"] = id
			}
		case "helpdesk.ticket":
			of["ticket"] = id
		}
		record["of"] = of
	}
	return nil
}

func add(list []any, id any) []any {
	if id == nil || connector.Text(id) == "0" || slices.Contains(list, id) {
		return list
	}
	return append(list, id)
}

// lookUp reads records by identifier.
func (r *reader) lookUp(ctx context.Context, model string, ids []any, fields ...string) (map[string]map[string]any, error) {
	all := map[string]map[string]any{}
	if len(ids) == 0 {
		return all, nil
	}
	found, err := r.every(ctx, model, []any{is("id", "in", ids)}, fields...)
	for _, record := range found {
		all[connector.Text(record["id"])] = record
	}
	return all, err
}

// stageRows are Odoo's stages and the one that stands for lost opportunities.
func (r *reader) stageRows(ctx context.Context) (connector.Page, error) {
	stages, err := r.every(ctx, "crm.stage", nil, "name", "sequence", "is_won", "team_id")
	m := connector.Mapping{Table: "stage", ID: "id", Fields: []connector.Field{{Column: "label", From: "name"}, {Column: "position", From: "sequence"}, {Column: "pipeline", From: "team_id.1"},
		{Column: "category", From: "is_won", With: func(v any) any { return categoryOfStage(v) }}}}
	var page connector.Page
	for _, s := range stages {
		page.Rows = append(page.Rows, m.Row(s))
	}
	t, _ := crm.Find("stage")
	row := connector.Row{Table: "stage", Record: t.New(lost)}
	t.Set(&row.Record, "label", lost)
	t.Set(&row.Record, "category", crm.Lost)
	t.Set(&row.Record, "position", int64(100_000))
	page.Rows = append(page.Rows, row)
	return page, err
}

// category of an opportunity. Lost ones are archived with a probability of 0; one that was put away otherwise is neither won
// nor lost. Since version 18 the status says so itself.
func (r *reader) category(v any) any {
	switch connector.Text(connector.Path(v, "won_status")) {
	case "won":
		return crm.Won
	case "lost":
		return crm.Lost
	}
	living := connector.Path(v, "active") != false
	chance, told := connector.Money(connector.Path(v, "probability"))
	switch {
	case r.stages[connector.Text(connector.Path(v, "stage_id.0"))] == crm.Won:
		return crm.Won
	case living:
		return crm.Open
	case told && chance == 0:
		return crm.Lost
	}
	return crm.Void
}

func nameOf(v any) any {
	for _, name := range []string{"name", "display_name", "email"} {
		if s := strings.TrimSpace(connector.Text(connector.Path(v, name))); s != "" {
			return s
		}
	}
	return "#" + connector.Text(connector.Path(v, "id"))
}

// country is the code of two letters where the version has it, else the name.
func country(v any) any {
	if code := connector.Path(v, "country_code"); code != nil {
		return code
	}
	return connector.Path(v, "country_id.1")
}

func (r *reader) kindOfAccount(v any) any {
	customer, known := number(connector.Path(v, "customer_rank"))
	supplier, _ := number(connector.Path(v, "supplier_rank"))
	switch {
	case slices.Contains(r.own, connector.Path(v, "id")):
		return "own"
	case !known:
		return nil
	case customer > 0:
		return "customer"
	case supplier > 0:
		return nil
	}
	return "prospect"
}

func statusOfLead(v any) any {
	switch {
	case connector.Text(connector.Path(v, "type")) == "opportunity":
		return "converted"
	case connector.Path(v, "active") == false:
		return lost
	}
	return "open"
}

// kindOf reads the category of a type of activities, or its picture, since its name is in the language of the company.
func kindOf(category, icon string) string {
	switch {
	case category == "phonecall", strings.Contains(icon, "fa-phone"):
		return "call"
	case category == "meeting":
		return "meeting"
	case strings.Contains(icon, "fa-envelope"):
		return "email"
	}
	return "task"
}

func (r *reader) kindOfActivity(v any) any {
	if k, ok := r.kinds[connector.Text(v)]; ok {
		return k
	}
	return "task"
}

func (r *reader) kindOfMessage(v any) any {
	if kind := connector.Path(v, "mail_activity_type_id.0"); kind != nil && !r.keeps {
		return r.kindOfActivity(kind)
	}
	if connector.Text(connector.Path(v, "message_type")) == "comment" && connector.Path(v, "is_internal") == true {
		return "note"
	}
	return "email"
}

func direction(v any) any {
	switch connector.Text(connector.Path(v, "message_type")) {
	case "email":
		return "in"
	case "email_outgoing":
		return "out"
	case "comment":
		if connector.Path(v, "is_internal") != true {
			return "out"
		}
	}
	return nil
}

func kindOfInvoice(v any) any {
	if connector.Text(v) == "out_refund" {
		return "credit_note"
	}
	return "invoice"
}

// signed makes the amounts of credit notes negative.
func signed(field string) func(any) any {
	return func(v any) any {
		n, ok := connector.Money(connector.Path(v, field))
		if !ok || connector.Text(connector.Path(v, "move_type")) != "out_refund" {
			return connector.Path(v, field)
		}
		return crm.FormatMoney(-n)
	}
}

func lower(v any) any {
	if s := strings.ToLower(strings.TrimSpace(connector.Text(v))); s != "" {
		return s
	}
	return nil
}
