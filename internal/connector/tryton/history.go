package tryton

import (
	"context"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// asOf are the fields whose changes are kept.
var asOf = []string{"state", "amount", "employee", "party", "conversion_probability", "create_uid", "write_uid"}

func (r *reader) opportunities(ctx context.Context, records []map[string]any) ([]connector.Row, error) {
	m := r.mapping("opportunity", "", connector.Field{Column: "number", From: "number"}, connector.Field{Column: "name", From: "description"},
		connector.Field{Column: "account", From: "party"}, connector.Field{Column: "owner", From: "employee", With: r.person},
		connector.Field{Column: "stage", From: "state"}, connector.Field{Column: "category", From: "state", With: category},
		connector.Field{Column: "amount", From: "amount"}, connector.Field{Column: "currency", From: "currency:.code"}, connector.Field{Column: "first_amount", From: "first"},
		connector.Field{Column: "probability", From: "conversion_probability"}, connector.Field{Column: "opened_at", From: "create_date"}, connector.Field{Column: "opened_day", From: "start_date"},
		connector.Field{Column: "closed_at", From: "closed"}, connector.Field{Column: "closed_day", From: "closed_day"}, connector.Field{Column: "lost_reason", From: "lost_reason"})
	revisions, err := r.revisions(ctx, records)
	if err != nil {
		return nil, err
	}
	var rows []connector.Row
	for _, o := range records {
		id := connector.Text(o["id"])
		if category(o["state"]) != crm.Open {
			o["closed_day"] = o["end_date"] // while it is open, the day is a wish
		}
		changes, first, closed, err := r.changes(ctx, o["id"], revisions[id])
		if err != nil {
			return nil, err
		}
		if first != nil {
			o["first"] = first
		}
		if closed != "" && category(o["state"]) != crm.Open {
			o["closed"] = closed
		}
		rows = append(rows, m.Row(o))
		rows = append(rows, changes...)
	}
	return rows, nil
}

// revisions are the distinct instants at which each record was written, in their order.
func (r *reader) revisions(ctx context.Context, records []map[string]any) (map[string][]string, error) {
	if r.noHistory || len(records) == 0 {
		return nil, nil
	}
	ids := make([]any, len(records))
	for i, o := range records {
		ids[i] = o["id"]
	}
	var list [][]any
	if err := r.model(ctx, &list, "sale.opportunity", "history_revisions", ids); err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, v := range list {
		if len(v) < 2 {
			return nil, connector.Fail(connector.Unreadable, "history_revisions")
		}
		id := connector.Text(v[1])
		all[id] = append(all[id], connector.Text(v[0]))
	}
	for id := range all {
		slices.Sort(all[id]) // ISO 8601 of one length sorts by time
		all[id] = slices.Compact(all[id])
	}
	return all, nil
}

// changes are the differences of a record's successive states; first is the amount it began with, closed when it last
// moved to a closed stage.
func (r *reader) changes(ctx context.Context, id any, revisions []string) (rows []connector.Row, first any, closed string, err error) {
	t, _ := crm.Find("opportunity_change")
	var before map[string]any
	for _, at := range revisions {
		instant, ok := connector.Instant(at)
		if !ok {
			return nil, nil, "", connector.Fail(connector.Unreadable, "history_revisions")
		}
		state, err := r.stateAt(ctx, id, instant)
		if err != nil {
			return nil, nil, "", err
		}
		if state == nil {
			continue
		}
		by := connector.Text(state["write_uid"])
		if by == "" {
			by = connector.Text(state["create_uid"])
		}
		add := func(field string, old, now any) {
			row := connector.Row{Table: "opportunity_change", Record: t.New("")}
			row.Put("opportunity", connector.Text(id), 1, nil)
			t.Set(&row.Record, "seq", int64(0))
			t.Set(&row.Record, "changed_at", instant)
			if by != "" && by != "0" {
				t.Set(&row.Record, "changed_by", by)
			}
			t.Set(&row.Record, "field", field)
			row.Keep("old_value", field, old, 1, r.access.Zone)
			row.Keep("new_value", field, now, 1, r.access.Zone)
			rows = append(rows, row)
		}
		rows = append(rows, r.presence(by, instant)...)
		if before == nil {
			first = state["amount"]
			add("created", nil, connector.Text(state["state"]))
			if category(state["state"]) != crm.Open {
				closed = at
			}
			before = state
			continue
		}
		if old, now := connector.Text(before["state"]), connector.Text(state["state"]); old != now {
			add("stage", old, now)
			if category(now) != crm.Open {
				closed = at
			}
		}
		for field, read := range fieldsKept {
			if old, now := read(r, before), read(r, state); old != now {
				add(field, old, now)
			}
		}
		before = state
	}
	return rows, first, closed, nil
}

// fieldsKept read a state as it is kept in a change. Amounts are compared as numbers: "48250" is "48250.00".
var fieldsKept = map[string]func(r *reader, state map[string]any) any{
	"amount": func(_ *reader, s map[string]any) any {
		if n, ok := connector.Money(s["amount"]); ok {
			return crm.FormatMoney(n)
		}
		return nil
	},
	"owner": func(r *reader, s map[string]any) any { return r.person(s["employee"]) },
	"account": func(_ *reader, s map[string]any) any {
		if p := connector.Text(s["party"]); p != "" {
			return p
		}
		return nil
	},
	"probability": func(_ *reader, s map[string]any) any {
		if p := connector.Text(s["conversion_probability"]); p != "" {
			return p
		}
		return nil
	},
}

// stateAt reads a record as it was; nil where it did not exist.
func (r *reader) stateAt(ctx context.Context, id any, at int64) (map[string]any, error) {
	then := map[string]any{}
	for k, v := range r.context {
		then[k] = v
	}
	then["_datetime"] = datetime(time.UnixMicro(at))
	var states []map[string]any
	if err := r.call(ctx, "model.sale.opportunity.read", &states, []any{id}, asOf, then); err != nil {
		return nil, err
	}
	if len(states) == 0 {
		return nil, nil
	}
	return states[0], nil
}
