// Package tryton reads a Tryton server, version 6.0 or later, over JSON-RPC. Start with New.
//
// Where a model keeps its history, as the opportunities do, every earlier state can be read; changes are the differences of
// successive states. Tryton has no list of log-ins for others: who changed what on which day stands in for it.
package tryton

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// Records of a page. Opportunities are few, because each of their revisions is a call of its own.
const (
	pageSize        = 200
	opportunityPage = 20
	idsPage         = 2000
)

type reader struct {
	session
	// people maps employees to users: an opportunity belongs to an employee, a change to a user.
	people map[string]string
	// own are the parties that are ourselves: companies and employees.
	own       []any
	installed map[string]bool
	noHistory bool
}

// New is a reader of the server at an address, with a database, a user and a password. Address.
func New(a connector.Access) (connector.Reader, error) {
	client, err := connector.NewClient(a.Address, a.HTTP)
	if err != nil {
		return nil, err
	}
	return &reader{session: session{client: client, access: a}}, nil
}

// object is how a canonical table is read from a model.
type object struct {
	connector.Object
	model  string
	domain []any
	fields []string
	// related are fields whose records belong to this one but do not move its write_date.
	related []string
	size    int
}

var stamps = []string{"create_date", "write_date", "create_uid", "write_uid"}

func (r *reader) all() []object {
	o := func(name, model, prefix string, tables ...string) object {
		return object{Object: connector.Object{Name: name, Tables: tables, Prefix: prefix, Deletions: connector.Compared}, model: model, size: pageSize}
	}
	user := o("user", "res.user", "", "user", "user_alias")
	user.fields = []string{"login", "name", "email", "active", "employee"}
	user.domain = []any{[]any{"active", "in", []any{true, false}}}
	account := o("account", "party.party", "", "account", "contact")
	account.fields = []string{"code", "name", "active", "replaced_by"}
	account.domain = []any{[]any{"active", "in", []any{true, false}}, []any{"id", "not in", r.own}}
	account.related = []string{"addresses", "contact_mechanisms"}
	opportunity := o("opportunity", "sale.opportunity", "", "opportunity", "opportunity_change", "login")
	opportunity.fields = []string{"number", "party", "currency.code", "amount", "employee", "start_date", "end_date", "description", "conversion_probability", "lost_reason", "state"}
	opportunity.size = opportunityPage
	order := o("order", "sale.sale", "order/", "sales_document")
	order.fields = []string{"number", "party", "state", "sale_date", "untaxed_amount", "total_amount", "currency.code", "origin"}
	order.domain = []any{[]any{"state", "in", []any{"confirmed", "processing", "done"}}}
	invoice := o("invoice", "account.invoice", "invoice/", "sales_document")
	invoice.fields = []string{"number", "party", "state", "invoice_date", "untaxed_amount", "total_amount", "currency.code", "sales"}
	invoice.domain = []any{[]any{"type", "=", "out"}, []any{"state", "in", []any{"posted", "paid"}}}
	ticket := o("ticket", "sale.complaint", "", "ticket")
	ticket.fields = []string{"customer", "type.name", "date", "origin", "employee", "state"}
	note := o("note", "ir.note", "", "activity", "login")
	note.fields = []string{"resource", "message"}
	return []object{user, account, opportunity, order, invoice, ticket, note}
}

// Needs are the settings that a log-in takes.
func (r *reader) Needs() []string { return []string{"address", "database", "user"} }

// has reports whether a model is installed; before Open, whether it could be.
func (r *reader) has(model string) bool { return r.installed == nil || r.installed[model] }

// Objects are those whose modules are installed, before Open all.
func (r *reader) Objects() []connector.Object {
	list := []connector.Object{{Name: "stage", Tables: []string{"stage"}}}
	for _, o := range r.all() {
		if !r.has(o.model) {
			continue
		}
		o.Optional = !slices.Contains([]string{"user", "account", "opportunity"}, o.Name)
		list = append(list, o.Object)
	}
	return list
}

func (r *reader) find(name string) (object, error) {
	for _, o := range r.all() {
		if o.Name == name {
			return o, nil
		}
	}
	return object{}, connector.Fail(connector.Missing, name)
}

// Gaps says that Tryton tells nobody who logged in when, and what is not installed.
func (r *reader) Gaps() []connector.Gap {
	gaps := []connector.Gap{{Table: "login", Reason: connector.Inferred}, {Table: "lead", Reason: connector.NotOffered}}
	if r.noHistory {
		gaps = append(gaps, connector.Gap{Table: "opportunity_change", Reason: connector.NotOffered})
	}
	for _, o := range r.all() {
		if !r.has(o.model) {
			gaps = append(gaps, connector.Gap{Table: o.Tables[0], Reason: connector.NotOffered})
		}
	}
	return gaps
}

// Open logs in and learns who is who.
func (r *reader) Open(ctx context.Context) error {
	if err := r.login(ctx); err != nil {
		return err
	}
	var names []any
	for _, o := range r.all() {
		names = append(names, o.model)
	}
	names = append(names, "company.employee", "company.company")
	var models []map[string]any
	if err := r.model(ctx, &models, "ir.model", "search_read", []any{[]any{"model", "in", names}}, 0, nil, nil, []any{"model"}); err != nil {
		return err
	}
	r.installed = map[string]bool{}
	for _, m := range models {
		r.installed[connector.Text(m["model"])] = true
	}
	var histories []string
	if err := r.model(ctx, &histories, "ir.model", "list_history"); err != nil {
		return err
	}
	r.noHistory = !slices.Contains(histories, "sale.opportunity")
	r.people, r.own = map[string]string{}, []any{}
	if r.installed["company.company"] {
		companies, err := r.every(ctx, "company.company", nil, "party")
		if err != nil {
			return err
		}
		for _, c := range companies {
			r.own = append(r.own, c["party"])
		}
	}
	if !r.installed["company.employee"] {
		return nil
	}
	employees, err := r.every(ctx, "company.employee", nil, "party")
	if err != nil {
		return err
	}
	for _, e := range employees {
		r.own = append(r.own, e["party"])
		r.people[connector.Text(e["id"])] = "employee/" + connector.Text(e["id"]) // until a user is found behind it
	}
	users, err := r.every(ctx, "res.user", []any{[]any{"employee", "!=", nil}, []any{"active", "in", []any{true, false}}}, "employee")
	if err != nil {
		return err
	}
	for _, u := range users {
		r.people[connector.Text(u["employee"])] = connector.Text(u["id"])
	}
	return nil
}

// every reads all records of a small list.
func (r *reader) every(ctx context.Context, model string, domain []any, fields ...string) ([]map[string]any, error) {
	var all []map[string]any
	last := "0"
	for {
		page, err := r.after(ctx, model, domain, fields, last, pageSize)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageSize {
			return all, nil
		}
		last = connector.Text(page[len(page)-1]["id"])
	}
}

// after reads records whose identifiers follow last.
func (r *reader) after(ctx context.Context, model string, domain []any, fields []string, last string, size int) ([]map[string]any, error) {
	n, err := strconv.Atoi(last)
	if err != nil {
		return nil, connector.Fail(connector.Refused, model)
	}
	var page []map[string]any
	where := append(slices.Clone(domain), []any{"id", ">", n})
	err = r.model(ctx, &page, model, "search_read", where, 0, size, []any{[]any{"id", "ASC"}}, fields)
	return page, err
}

// changed is the domain of what was written or made at since or later, or a record that belongs to it was.
func changed(since time.Time, related []string) []any {
	at := datetime(since)
	or := []any{"OR", []any{[]any{"write_date", ">=", at}}, []any{[]any{"write_date", "=", nil}, []any{"create_date", ">=", at}}}
	for _, field := range related {
		or = append(or, []any{[]any{field + ".write_date", ">=", at}}, []any{[]any{field + ".create_date", ">=", at}})
	}
	return or
}

// Page reads records in the order of their identifiers; the cursor is the last one.
func (r *reader) Page(ctx context.Context, name string, since time.Time, cursor string) (connector.Page, error) {
	if name == "stage" {
		return connector.Page{Rows: stages()}, nil
	}
	o, err := r.find(name)
	if err != nil {
		return connector.Page{}, err
	}
	records, err := r.after(ctx, o.model, o.since(since), slices.Concat(o.fields, stamps), cmp.Or(cursor, "0"), o.size)
	if err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	if len(records) == o.size {
		page.Next = connector.Text(records[len(records)-1]["id"])
	}
	for _, record := range records {
		record["updated"] = record["write_date"]
		if record["updated"] == nil {
			record["updated"] = record["create_date"]
		}
	}
	switch name {
	case "user":
		page.Rows = r.users(records)
		if cursor == "" {
			page.Rows = append(page.Rows, r.withoutUser()...)
		}
	case "account":
		page.Rows, err = r.accounts(ctx, records)
	case "opportunity":
		page.Rows, err = r.opportunities(ctx, records)
	case "order":
		page.Rows = r.orders(records)
	case "invoice":
		page.Rows, err = r.invoices(ctx, records)
	case "ticket":
		page.Rows = r.tickets(records)
	case "note":
		page.Rows = r.notes(records)
	}
	return page, err
}

// Count asks how many records Page will find.
func (r *reader) Count(ctx context.Context, name string, since time.Time) (n int64, err error) {
	if name == "stage" {
		return int64(len(stages())), nil
	}
	o, err := r.find(name)
	if err != nil {
		return 0, err
	}
	err = r.model(ctx, &n, o.model, "search_count", o.since(since))
	return n, err
}

// since is the domain of what was changed since then, of all where that is zero.
func (o object) since(at time.Time) []any {
	if at.IsZero() {
		return append([]any{}, o.domain...)
	}
	return append(slices.Clone(o.domain), changed(at, o.related))
}

// IDs lists the identifiers that are left.
func (r *reader) IDs(ctx context.Context, name, cursor string) ([]string, string, error) {
	o, err := r.find(name)
	if err != nil {
		return nil, "", err
	}
	last, err := strconv.Atoi(cmp.Or(cursor, "0"))
	if err != nil {
		return nil, "", connector.Fail(connector.Refused, name)
	}
	var numbers []int64
	domain := append(slices.Clone(o.domain), []any{"id", ">", last})
	if err := r.model(ctx, &numbers, o.model, "search", domain, 0, idsPage, []any{[]any{"id", "ASC"}}); err != nil {
		return nil, "", err
	}
	ids := make([]string, len(numbers))
	for i, n := range numbers {
		ids[i] = strconv.FormatInt(n, 10)
	}
	if name == "user" && cursor == "" {
		for _, row := range r.withoutUser() {
			ids = append(ids, row.Record.ID)
		}
	}
	if len(numbers) < idsPage {
		return ids, "", nil
	}
	return ids, ids[len(numbers)-1], nil
}

func (r *reader) mapping(table, prefix string, fields ...connector.Field) connector.Mapping {
	m := connector.Mapping{Table: table, Prefix: prefix, ID: "id", Created: "create_date", Updated: "updated", Fields: fields, Zone: r.access.Zone}
	return m.Override(r.access.Fields)
}

// Stages of an opportunity are fixed in Tryton. Converted means that an order exists; it is won when the order is confirmed.
func stages() []connector.Row {
	t, _ := crm.Find("stage")
	var rows []connector.Row
	for i, s := range [][3]string{{"lead", "Lead", crm.Open}, {"opportunity", "Opportunity", crm.Open}, {"converted", "Converted", crm.Open},
		{"won", "Won", crm.Won}, {"lost", "Lost", crm.Lost}, {"cancelled", "Cancelled", crm.Void}} {
		r := connector.Row{Table: "stage", Record: t.New(s[0])}
		t.Set(&r.Record, "label", s[1])
		t.Set(&r.Record, "category", s[2])
		t.Set(&r.Record, "position", int64(i+1))
		rows = append(rows, r)
	}
	return rows
}

func category(state any) any {
	switch s := connector.Text(state); s {
	case "won":
		return crm.Won
	case "lost":
		return crm.Lost
	case "cancelled":
		return crm.Void
	default:
		return crm.Open
	}
}

// person is the user behind an employee.
func (r *reader) person(employee any) any {
	if p, ok := r.people[connector.Text(employee)]; ok {
		return p
	}
	return nil
}

func (r *reader) users(records []map[string]any) []connector.Row {
	m := r.mapping("user", "", connector.Field{Column: "login", From: "login"}, connector.Field{Column: "name", From: "name"},
		connector.Field{Column: "email", From: "email"}, connector.Field{Column: "active", From: "active"})
	alias, _ := crm.Find("user_alias")
	var rows []connector.Row
	for _, u := range records {
		rows = append(rows, m.Row(u))
		if employee := connector.Text(u["employee"]); employee != "" {
			row := connector.Row{Table: "user_alias", Record: alias.New("employee/" + employee)}
			alias.Set(&row.Record, "person", connector.Text(u["id"]))
			rows = append(rows, row)
		}
	}
	return rows
}

// withoutUser are employees who cannot log in and may still own opportunities.
func (r *reader) withoutUser() []connector.Row {
	t, _ := crm.Find("user")
	var rows []connector.Row
	for _, id := range r.people {
		if strings.HasPrefix(id, "employee/") {
			row := connector.Row{Table: "user", Record: t.New(id)}
			t.Set(&row.Record, "is_person", int64(1))
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b connector.Row) int { return cmp.Compare(a.Record.ID, b.Record.ID) })
	return rows
}

func (r *reader) accounts(ctx context.Context, records []map[string]any) ([]connector.Row, error) {
	if len(records) == 0 {
		return nil, nil
	}
	ids := make([]any, len(records))
	for i, p := range records {
		ids[i] = p["id"]
	}
	of := []any{[]any{"party", "in", ids}}
	addresses, err := r.every(ctx, "party.address", of, "party", "street", "postal_code", "city", "country.code")
	if err != nil {
		return nil, err
	}
	mechanisms, err := r.every(ctx, "party.contact_mechanism", of, "party", "type", "value")
	if err != nil {
		return nil, err
	}
	address, reach := map[string]map[string]any{}, map[string]map[string]any{}
	for _, a := range addresses {
		if p := connector.Text(a["party"]); address[p] == nil {
			address[p] = a // the first is the one Tryton proposes
		}
	}
	for _, c := range mechanisms {
		p, kind := connector.Text(c["party"]), connector.Text(c["type"])
		if reach[p] == nil {
			reach[p] = map[string]any{}
		}
		if kind == "mobile" {
			kind = "phone"
		}
		if reach[p][kind] == nil {
			reach[p][kind] = c["value"]
		}
	}
	account := r.mapping("account", "", connector.Field{Column: "name", From: "name"}, connector.Field{Column: "street", From: "address.street"},
		connector.Field{Column: "postal_code", From: "address.postal_code"}, connector.Field{Column: "city", From: "address.city"},
		connector.Field{Column: "country", From: "address.country:.code"}, connector.Field{Column: "phone", From: "reach.phone"})
	contact := r.mapping("contact", "", connector.Field{Column: "account", From: "id"}, connector.Field{Column: "last_name", From: "name"},
		connector.Field{Column: "email", From: "reach.email", With: lower}, connector.Field{Column: "phone", From: "reach.phone"},
		connector.Field{Column: "postal_code", From: "address.postal_code"}, connector.Field{Column: "city", From: "address.city"})
	var rows []connector.Row
	for _, p := range records {
		id := connector.Text(p["id"])
		if a := address[id]; a != nil {
			p["address"] = a
		}
		if c := reach[id]; c != nil {
			p["reach"] = c
			rows = append(rows, contact.Row(p))
		}
		row := account.Row(p)
		// A party without a name is a draft that Tryton allows; the number it has been given stands in.
		if t, _ := crm.Find("account"); t.Get(&row.Record, "name") == nil || t.Get(&row.Record, "name") == "" {
			row.Put("name", p["code"], 1, nil)
		}
		if into := connector.Text(p["replaced_by"]); into != "" {
			row.Record.Deleted, row.Record.Merged = row.Record.Updated, into
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func lower(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(strings.TrimSpace(s))
	}
	return v
}

// origin is the identifier in a reference such as "sale.sale,21" where it leads to that model.
func origin(v any, model string) any {
	id, ok := strings.CutPrefix(connector.Text(v), model+",")
	if !ok || id == "" || strings.HasPrefix(id, "-") {
		return nil
	}
	return id
}

func (r *reader) orders(records []map[string]any) []connector.Row {
	m := r.mapping("sales_document", "order/", append(documentFields("sale_date", "order"),
		connector.Field{Column: "opportunity", From: "origin", With: func(v any) any { return origin(v, "sale.opportunity") }})...)
	var rows []connector.Row
	for _, s := range records {
		rows = append(rows, m.Row(s))
	}
	return rows
}

func documentFields(day, kind string) []connector.Field {
	return []connector.Field{
		{Column: "number", From: "number"}, {Column: "account", From: "party"}, {Column: "status", From: "state"}, {Column: "document_day", From: day},
		{Column: "net", From: "untaxed_amount"}, {Column: "gross", From: "total_amount"}, {Column: "currency", From: "currency:.code"},
		{Column: "kind", From: "untaxed_amount", With: func(v any) any {
			if kind == "invoice" && strings.HasPrefix(connector.Text(v), "-") {
				return "credit_note"
			}
			return kind
		}},
	}
}

func (r *reader) invoices(ctx context.Context, records []map[string]any) ([]connector.Row, error) {
	var ids []any
	for _, i := range records {
		if list, ok := i["sales"].([]any); ok {
			ids = append(ids, list...)
		}
	}
	from := map[string]any{}
	if len(ids) > 0 {
		sales, err := r.every(ctx, "sale.sale", []any{[]any{"id", "in", ids}}, "origin")
		if err != nil {
			return nil, err
		}
		for _, s := range sales {
			from[connector.Text(s["id"])] = origin(s["origin"], "sale.opportunity")
		}
	}
	m := r.mapping("sales_document", "invoice/", append(documentFields("invoice_date", "invoice"),
		connector.Field{Column: "opportunity", From: "sales.0", With: func(v any) any { return from[connector.Text(v)] }})...)
	var rows []connector.Row
	for _, i := range records {
		rows = append(rows, m.Row(i))
	}
	return rows, nil
}

func (r *reader) tickets(records []map[string]any) []connector.Row {
	m := r.mapping("ticket", "", connector.Field{Column: "account", From: "customer"}, connector.Field{Column: "type", From: "type:.name"},
		connector.Field{Column: "opened_day", From: "date"}, connector.Field{Column: "origin", From: "origin", With: func(v any) any {
			model, _, _ := strings.Cut(connector.Text(v), ",")
			return model
		}},
		connector.Field{Column: "owner", From: "employee", With: r.person}, connector.Field{Column: "category", From: "state", With: func(v any) any {
			switch connector.Text(v) {
			case "draft":
				return "open"
			case "waiting":
				return "waiting"
			}
			return "solved" // approved, rejected, done, cancelled
		}})
	var rows []connector.Row
	for _, t := range records {
		rows = append(rows, m.Row(t))
	}
	return rows
}

func (r *reader) notes(records []map[string]any) []connector.Row {
	about := func(model string) func(any) any { return func(v any) any { return origin(v, model) } }
	m := r.mapping("activity", "", connector.Field{Column: "type", With: func(any) any { return "note" }}, connector.Field{Column: "author", From: "create_uid"},
		connector.Field{Column: "owner", From: "create_uid"}, connector.Field{Column: "done_at", From: "create_date"},
		connector.Field{Column: "opportunity", From: "resource", With: about("sale.opportunity")}, connector.Field{Column: "account", From: "resource", With: about("party.party")},
		connector.Field{Column: "ticket", From: "resource", With: about("sale.complaint")},
		connector.Field{Column: "subject_length", From: "message", With: func(v any) any { return int64(utf8.RuneCountInString(connector.Text(v))) }})
	var rows []connector.Row
	for _, n := range records {
		rows = append(rows, m.Row(n))
		at, _ := connector.Instant(n["create_date"])
		rows = append(rows, r.presence(connector.Text(n["create_uid"]), at)...)
	}
	return rows
}

// presence is that someone worked on a day, inferred from a change.
func (r *reader) presence(user string, at int64) []connector.Row {
	if user == "" || user == "0" || at == 0 { // user 0 is Tryton itself
		return nil
	}
	t, _ := crm.Find("login")
	row := connector.Row{Table: "login", Record: t.New("")}
	t.Set(&row.Record, "person", user)
	t.Set(&row.Record, "logged_day", crm.DayOf(time.UnixMicro(at).In(r.access.Zone)))
	t.Set(&row.Record, "kind", "derived")
	return []connector.Row{row}
}
