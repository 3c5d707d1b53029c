// Package crm is the canonical schema: what Rendite knows of a CRM, whatever it is called there. Start with Tables. A
// connector or a mapping makes Records of it, a warehouse keeps them, key figures are computed from them. It holds no I/O.
//
// The names follow the unified models of the trade (Apideck, Merge) and the dbt packages of HubSpot and Salesforce. Left out
// on purpose: subjects, texts of messages, addresses of machines and everything else that a key figure does not need
// (GDPR, article 5, 1 c).
package crm

import (
	"slices"
)

// Kind says what a column holds and how it is kept. NULL is "not delivered", which differs from an empty text and from 0.
type Kind string

// The kinds.
const (
	// Text is what people typed, in NFC.
	Text Kind = "text"
	// Ref is the identifier of a record of another table, exactly as the source has it.
	Ref Kind = "ref"
	// Choice is one of the column's Choices.
	Choice Kind = "choice"
	// Instant is microseconds since 1970-01-01 in UTC. It is never made of a day.
	Instant Kind = "instant"
	// Day is days since 1970-01-01: a business day of the source, without a zone.
	Day Kind = "day"
	// Month counts months since the year 0: 2026-04 is 2026·12 + 3. It is derived from a day or an instant of the same row.
	Month Kind = "month"
	// Money is ten-thousandths of the currency's unit.
	Money Kind = "money"
	// Currency is an ISO 4217 code.
	Currency Kind = "currency"
	// Share is a fraction from 0 to 1.
	Share Kind = "share"
	// Flag is 0 or 1.
	Flag Kind = "flag"
	// Count is a whole number, seconds included.
	Count Kind = "count"
)

// Column is one of a table.
type Column struct {
	Name string
	Kind Kind
	// Table is the one that a Ref leads to.
	Table string
	// Choices are the values of a Choice.
	Choices []string
	// Needed columns make a record that lacks them a reject.
	Needed bool
	// From is the Day or Instant that a Month is derived from, and the Instant that a Day is derived from where the source
	// delivers none.
	From string
}

// Table is a canonical table.
type Table struct {
	Name    string
	Columns []Column
	// Key are the columns that make up a record's identifier where the source has none.
	Key []string
}

// Column finds one by name.
func (t Table) Column(name string) (Column, bool) {
	i := t.Index(name)
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// Index is the place of a column in Columns and in a Record's Values, -1 where there is none.
func (t Table) Index(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// The categories of a stage: a cancelled deal is void, neither won nor lost.
const (
	Open = "open"
	Won  = "won"
	Lost = "lost"
	Void = "void"
)

// KindOfChange is how the values of a change of a field are kept, as text: money as ten-thousandths of the unit, days as days
// since 1970, shares from 0 to 1; Text for those that are kept as they are.
func KindOfChange(field string) Kind {
	switch field {
	case "amount":
		return Money
	case "expected_close":
		return Day
	case "probability":
		return Share
	}
	return Text
}

// Fields of an opportunity whose changes are kept. The old and the new value are written as the column keeps them: a Day, a
// Money as a whole number, a Share with a point, a Ref as the identifier.
var changed = []string{"stage", "owner", "amount", "expected_close", "probability", "account", "created", "deleted", "merged"}

var tables = []Table{
	{Name: "user", Columns: []Column{
		{Name: "login", Kind: Text}, {Name: "email", Kind: Text}, {Name: "name", Kind: Text}, {Name: "team", Kind: Text}, {Name: "role", Kind: Text},
		{Name: "active", Kind: Flag}, {Name: "is_person", Kind: Flag}, {Name: "hired_day", Kind: Day}, {Name: "left_day", Kind: Day},
		{Name: "hired_month", Kind: Month, From: "hired_day"}, {Name: "left_month", Kind: Month, From: "left_day"},
	}},
	{Name: "user_alias", Columns: []Column{{Name: "person", Kind: Ref, Table: "user", Needed: true}}},
	{Name: "account", Columns: []Column{
		{Name: "name", Kind: Text, Needed: true}, {Name: "parent", Kind: Ref, Table: "account"}, {Name: "owner", Kind: Ref, Table: "user"},
		{Name: "type", Kind: Choice, Choices: []string{"customer", "prospect", "partner", "own"}}, {Name: "industry", Kind: Text}, {Name: "country", Kind: Text},
		{Name: "postal_code", Kind: Text}, {Name: "city", Kind: Text}, {Name: "street", Kind: Text}, {Name: "domain", Kind: Text}, {Name: "vat_id", Kind: Text}, {Name: "phone", Kind: Text},
		{Name: "first_order_day", Kind: Day}, {Name: "ended_day", Kind: Day}, {Name: "ended", Kind: Flag}, {Name: "monthly", Kind: Money}, {Name: "currency", Kind: Currency},
		{Name: "first_order_month", Kind: Month, From: "first_order_day"}, {Name: "ended_month", Kind: Month, From: "ended_day"},
	}},
	{Name: "contact", Columns: []Column{
		{Name: "account", Kind: Ref, Table: "account"}, {Name: "first_name", Kind: Text}, {Name: "last_name", Kind: Text}, {Name: "email", Kind: Text},
		{Name: "phone", Kind: Text}, {Name: "role", Kind: Text}, {Name: "postal_code", Kind: Text}, {Name: "city", Kind: Text}, {Name: "opted_out", Kind: Flag},
	}},
	{Name: "stage", Columns: []Column{
		{Name: "pipeline", Kind: Text}, {Name: "label", Kind: Text, Needed: true}, {Name: "position", Kind: Count},
		{Name: "category", Kind: Choice, Choices: []string{Open, Won, Lost, Void}, Needed: true}, {Name: "probability", Kind: Share},
	}},
	{Name: "lead", Columns: []Column{
		{Name: "name", Kind: Text}, {Name: "owner", Kind: Ref, Table: "user"}, {Name: "origin", Kind: Text}, {Name: "status", Kind: Text},
		{Name: "opened_at", Kind: Instant}, {Name: "opened_day", Kind: Day, From: "opened_at", Needed: true}, {Name: "first_reply_at", Kind: Instant},
		{Name: "converted_day", Kind: Day}, {Name: "opportunity", Kind: Ref, Table: "opportunity"},
		{Name: "opened_month", Kind: Month, From: "opened_day"}, {Name: "converted_month", Kind: Month, From: "converted_day"},
	}},
	{Name: "opportunity", Columns: []Column{
		{Name: "number", Kind: Text}, {Name: "name", Kind: Text}, {Name: "account", Kind: Ref, Table: "account"}, {Name: "contact", Kind: Ref, Table: "contact"},
		{Name: "lead", Kind: Ref, Table: "lead"}, {Name: "owner", Kind: Ref, Table: "user"}, {Name: "stage", Kind: Ref, Table: "stage"}, {Name: "category", Kind: Choice, Choices: []string{Open, Won, Lost, Void}, Needed: true},
		{Name: "amount", Kind: Money}, {Name: "currency", Kind: Currency}, {Name: "home_amount", Kind: Money}, {Name: "first_amount", Kind: Money}, {Name: "probability", Kind: Share},
		{Name: "opened_at", Kind: Instant}, {Name: "opened_day", Kind: Day, From: "opened_at"}, {Name: "expected_close_day", Kind: Day},
		{Name: "closed_at", Kind: Instant}, {Name: "closed_day", Kind: Day, From: "closed_at"}, {Name: "lost_reason", Kind: Text}, {Name: "lead_source", Kind: Text},
		{Name: "product", Kind: Text}, {Name: "type", Kind: Choice, Choices: []string{"new", "existing", "renewal"}},
		{Name: "opened_month", Kind: Month, From: "opened_day"}, {Name: "closed_month", Kind: Month, From: "closed_day"}, {Name: "expected_month", Kind: Month, From: "expected_close_day"},
	}},
	{Name: "opportunity_change", Key: []string{"opportunity", "changed_at", "field", "seq"}, Columns: []Column{
		{Name: "opportunity", Kind: Ref, Table: "opportunity", Needed: true}, {Name: "seq", Kind: Count}, {Name: "changed_at", Kind: Instant, Needed: true},
		{Name: "changed_by", Kind: Ref, Table: "user"}, {Name: "field", Kind: Choice, Choices: changed, Needed: true}, {Name: "old_value", Kind: Text}, {Name: "new_value", Kind: Text},
		{Name: "origin", Kind: Choice, Choices: []string{"user", "automation", "import", "api"}}, {Name: "derived", Kind: Flag},
		{Name: "changed_day", Kind: Day, From: "changed_at"}, {Name: "changed_month", Kind: Month, From: "changed_day"},
	}},
	{Name: "activity", Columns: []Column{
		{Name: "type", Kind: Choice, Choices: []string{"call", "meeting", "email", "task", "note"}, Needed: true}, {Name: "owner", Kind: Ref, Table: "user"}, {Name: "author", Kind: Ref, Table: "user"},
		{Name: "account", Kind: Ref, Table: "account"}, {Name: "contact", Kind: Ref, Table: "contact"}, {Name: "opportunity", Kind: Ref, Table: "opportunity"}, {Name: "ticket", Kind: Ref, Table: "ticket"},
		{Name: "subject_length", Kind: Count}, {Name: "due_at", Kind: Instant}, {Name: "done_at", Kind: Instant}, {Name: "done_day", Kind: Day, From: "done_at"}, {Name: "duration", Kind: Count},
		{Name: "direction", Kind: Choice, Choices: []string{"in", "out"}}, {Name: "automatic", Kind: Flag}, {Name: "done_month", Kind: Month, From: "done_day"},
	}},
	{Name: "ticket", Columns: []Column{
		{Name: "account", Kind: Ref, Table: "account"}, {Name: "contact", Kind: Ref, Table: "contact"}, {Name: "owner", Kind: Ref, Table: "user"}, {Name: "type", Kind: Text}, {Name: "priority", Kind: Text},
		{Name: "category", Kind: Choice, Choices: []string{"open", "waiting", "solved"}}, {Name: "opened_at", Kind: Instant}, {Name: "opened_day", Kind: Day, From: "opened_at", Needed: true},
		{Name: "first_reply_at", Kind: Instant}, {Name: "closed_at", Kind: Instant}, {Name: "closed_day", Kind: Day, From: "closed_at"}, {Name: "origin", Kind: Text},
		{Name: "opened_month", Kind: Month, From: "opened_day"}, {Name: "closed_month", Kind: Month, From: "closed_day"},
	}},
	{Name: "sales_document", Columns: []Column{
		{Name: "kind", Kind: Choice, Choices: []string{"order", "invoice", "credit_note", "subscription"}, Needed: true}, {Name: "number", Kind: Text}, {Name: "account", Kind: Ref, Table: "account"},
		{Name: "opportunity", Kind: Ref, Table: "opportunity"}, {Name: "owner", Kind: Ref, Table: "user"}, {Name: "status", Kind: Text}, {Name: "document_day", Kind: Day, Needed: true}, {Name: "net", Kind: Money}, {Name: "gross", Kind: Money},
		{Name: "currency", Kind: Currency}, {Name: "product", Kind: Text}, {Name: "quantity", Kind: Count}, {Name: "profit", Kind: Money}, {Name: "period_from", Kind: Day}, {Name: "period_to", Kind: Day},
		{Name: "document_month", Kind: Month, From: "document_day"}, {Name: "from_month", Kind: Month, From: "period_from"}, {Name: "to_month", Kind: Month, From: "period_to"},
	}},
	{Name: "login", Key: []string{"person", "logged_at", "logged_day", "kind"}, Columns: []Column{
		{Name: "person", Kind: Ref, Table: "user", Needed: true}, {Name: "logged_at", Kind: Instant}, {Name: "logged_day", Kind: Day, From: "logged_at", Needed: true},
		{Name: "success", Kind: Flag}, {Name: "kind", Kind: Choice, Choices: []string{"interactive", "api", "sso", "derived"}}, {Name: "logged_month", Kind: Month, From: "logged_day"},
	}},
}

// Tables are the canonical tables, those that others refer to first.
func Tables() []Table { return tables }

// Find finds a table by name.
func Find(name string) (Table, bool) {
	i := slices.IndexFunc(tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return tables[i], true
}
