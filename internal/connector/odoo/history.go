package odoo

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// kept maps the fields that Odoo tracks to those of a change; "active" becomes a change of the stage. A closing day and a
// probability are there only where the company has them tracked.
var kept = map[string]string{"stage_id": "stage", "active": "stage", "user_id": "owner", "expected_revenue": "amount", "planned_revenue": "amount", "date_deadline": "expected_close", "probability": "probability"}

// valueIn names the column of a tracked value by field.
var valueIn = map[string]string{"stage_id": "integer", "active": "integer", "user_id": "integer", "date_deadline": "datetime", "probability": "float", "expected_revenue": "float", "planned_revenue": "float"}

// openHistory learns which tracked values there are. They are for administrators only.
func (r *reader) openHistory(ctx context.Context) error {
	r.tracked, r.noHistory = map[string]string{}, ""
	fields, err := r.every(ctx, "ir.model.fields", []any{is("model", "=", "crm.lead")}, "name")
	if err == nil {
		_, err = r.after(ctx, "mail.tracking.value", nil, nil, 0, 1)
	}
	if connector.Is(err, connector.Denied) {
		r.noHistory = connector.NotAllowed
		return nil
	}
	for _, f := range fields {
		if name := connector.Text(f["name"]); kept[name] != "" {
			r.tracked[connector.Text(f["id"])] = name
		}
	}
	return err
}

// tracked value of an opportunity.
type change struct {
	at, by   any
	name     string
	old, now any
}

// history works out of the tracked values what opportunities do not say themselves, and returns their changes.
func (r *reader) history(ctx context.Context, deals []map[string]any) ([]connector.Row, error) {
	by, err := r.changes(ctx, deals)
	if err != nil {
		return nil, err
	}
	var rows []connector.Row
	for _, d := range deals {
		for _, name := range []string{"expected_revenue", "planned_revenue"} { // the latter until version 13
			if d["amount"] == nil {
				d["amount"] = d[name]
			}
		}
		d["reason"] = cmp.Or(connector.Text(connector.Path(d, "lost_reason_id.1")), connector.Text(connector.Path(d, "lost_reason.1")))
		if d["date_conversion"] != nil {
			d["lead"] = d["id"]
		}
		if connector.Text(connector.Path(d, "company_currency.1")) == "" {
			d["company_currency"] = []any{nil, r.access.Currency}
		}
		switch r.category(d) {
		case crm.Open:
			d["expected"] = d["date_deadline"]
		case crm.Won, crm.Lost:
			d["closed"] = d["date_closed"] // of the last time; better what was tracked
		}
		rows = append(rows, r.deal(d, by[connector.Text(d["id"])])...)
	}
	return rows, nil
}

func (r *reader) deal(d map[string]any, changes []change) []connector.Row {
	t, _ := crm.Find("opportunity_change")
	var rows []connector.Row
	seq := map[string]int64{}
	put := func(field string, at, by, old, now any) {
		row := connector.Row{Table: "opportunity_change", Record: t.New("")}
		row.Put("opportunity", d["id"], 1, nil)
		row.Put("changed_at", at, 1, nil)
		row.Put("changed_by", by, 1, nil)
		if connector.Text(by) == "1" { // OdooBot
			t.Set(&row.Record, "origin", "automation")
		}
		t.Set(&row.Record, "field", field)
		place := field + connector.Text(at)
		t.Set(&row.Record, "seq", seq[place])
		seq[place]++
		row.Keep("old_value", field, old, 100, r.access.Zone)
		row.Keep("new_value", field, now, 100, r.access.Zone)
		rows = append(rows, row)
	}
	stage := connector.Path(d, "stage_id.0")
	for i := range changes {
		if changes[i].name == "stage_id" {
			stage = changes[i].old
			break
		}
	}
	put("created", d["create_date"], connector.Path(d, "create_uid.0"), nil, stage)
	category := r.category(d)
	closes := category == crm.Won || category == crm.Lost
	d["first"] = d["amount"]
	valued, away := false, false
	for _, c := range changes {
		field := kept[c.name]
		switch c.name {
		case "active":
			// Put away as lost, or taken back. What was put away otherwise stays in its stage.
			if away = connector.Text(c.now) == "0"; category == crm.Void {
				continue
			}
			old, now := stage, any(lost)
			if !away {
				old, now = lost, stage
			} else if closes {
				d["closed"] = c.at
			}
			put("stage", c.at, c.by, old, now)
			continue
		case "stage_id":
			if closes && r.stages[connector.Text(c.now)] == crm.Won && r.stages[connector.Text(c.old)] != crm.Won {
				d["closed"] = c.at
			}
			stage = c.now
		case "expected_revenue", "planned_revenue":
			if !valued {
				d["first"], valued = c.old, true
			}
		}
		put(field, c.at, c.by, c.old, c.now)
	}
	return rows
}

// changes are the tracked values by opportunity, the oldest first.
func (r *reader) changes(ctx context.Context, deals []map[string]any) (map[string][]change, error) {
	by := map[string][]change{}
	if r.noHistory != "" || len(deals) == 0 {
		return by, nil
	}
	ids := make([]any, len(deals))
	for i, d := range deals {
		ids[i] = d["id"]
	}
	// Which field it was is named field_id since version 17.
	names := []string{"field_id", "field", "mail_message_id"}
	for _, kind := range []string{"integer", "float", "monetary", "datetime"} {
		names = append(names, "old_value_"+kind, "new_value_"+kind)
	}
	values, err := r.every(ctx, "mail.tracking.value", []any{is("mail_message_id.model", "=", "crm.lead"), is("mail_message_id.res_id", "in", ids)}, names...)
	if err != nil {
		return nil, err
	}
	var about []any
	for _, v := range values {
		about = add(about, connector.Path(v, "mail_message_id.0"))
	}
	messages := map[string]map[string]any{}
	for part := range slices.Chunk(about, 1000) {
		found, err := r.lookUp(ctx, "mail.message", part, "res_id", "date", "create_uid")
		if err != nil {
			return nil, err
		}
		for id, m := range found {
			messages[id] = m
		}
	}
	for _, v := range values {
		of := connector.Path(v, "field_id.0")
		if of == nil {
			of = connector.Path(v, "field.0")
		}
		name, m := r.tracked[connector.Text(of)], messages[connector.Text(connector.Path(v, "mail_message_id.0"))]
		if name == "" || m == nil {
			continue
		}
		id := connector.Text(m["res_id"])
		by[id] = append(by[id], change{at: m["date"], by: connector.Path(m, "create_uid.0"), name: name, old: value(v, "old", name), now: value(v, "new", name)})
	}
	for _, list := range by {
		slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(connector.Text(a.at), connector.Text(b.at)) })
	}
	return by, nil
}

// value is the old or new one of a tracked value. Amounts have a column of their own until version 16. References that were
// empty are 0, days are instants at midnight.
func value(v map[string]any, which, name string) any {
	got := v[which+"_value_"+valueIn[name]]
	switch valueIn[name] {
	case "integer":
		if name != "active" && connector.Text(got) == "0" {
			return nil
		}
	case "datetime":
		if day, _, ok := strings.Cut(connector.Text(got), " "); ok {
			return day
		}
	case "float":
		if amount, ok := v[which+"_value_monetary"]; ok && name != "probability" {
			if f, known := connector.Money(amount); known && f != 0 {
				return amount
			}
		}
	}
	return got
}
