package dynamics

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// kept maps audited columns to the fields of a change.
var kept = map[string]string{"statuscode": "stage", "estimatedvalue": "amount", "_ownerid_value": "owner", "estimatedclosedate": "expected_close", "closeprobability": "probability", "_parentaccountid_value": "account"}

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// about asks for the records of a set that belong to others, twenty at a time since a question may not be longer than a URL.
func (r *reader) about(ctx context.Context, set, lookup, filter, selected string, ids []string) (map[string][]map[string]any, error) {
	by := map[string][]map[string]any{}
	for part := range slices.Chunk(ids, 20) {
		terms := make([]string, len(part))
		for i, id := range part {
			if !guid.MatchString(id) {
				return nil, connector.Fail(connector.Unreadable, set)
			}
			terms[i] = lookup + " eq " + id
		}
		found, err := r.every(ctx, set, set, url.Values{"$select": {selected}, "$filter": {and(filter, "("+strings.Join(terms, " or ")+")")}, "$orderby": {"createdon asc"}})
		if err != nil {
			return nil, err
		}
		for _, record := range found {
			id := connector.Text(record[lookup])
			by[id] = append(by[id], record)
		}
	}
	return by, nil
}

func identifiers(records []map[string]any, key string, which func(map[string]any) bool) []string {
	var ids []string
	for _, record := range records {
		if which == nil || which(record) {
			ids = append(ids, connector.Text(record[key]))
		}
	}
	return ids
}

// converted sets in qualified leads the opportunity that came of them, and its day.
func (r *reader) converted(ctx context.Context, records []map[string]any) error {
	ids := identifiers(records, "leadid", func(l map[string]any) bool { return connector.Text(l["statecode"]) == "1" })
	deals, err := r.about(ctx, "opportunities", "_originatingleadid_value", "", "opportunityid,createdon,_originatingleadid_value", ids)
	if connector.Is(err, connector.Denied, connector.Missing) {
		return nil
	}
	for _, l := range records {
		if d := deals[connector.Text(l["leadid"])]; len(d) > 0 {
			l["deal"], l["converted"] = d[0]["opportunityid"], d[0]["createdon"]
		}
	}
	return err
}

// resolved sets in resolved cases when that was, which the activity of the resolution knows.
func (r *reader) resolved(ctx context.Context, records []map[string]any) error {
	ids := identifiers(records, "incidentid", func(c map[string]any) bool { return connector.Text(c["statecode"]) == "1" })
	ends, err := r.about(ctx, "incidentresolutions", "_incidentid_value", "", "activityid,createdon,actualend,_incidentid_value", ids)
	if connector.Is(err, connector.Denied, connector.Missing) {
		return nil
	}
	for _, c := range records {
		if e := ends[connector.Text(c["incidentid"])]; len(e) > 0 { // of the last time
			if c["resolved"] = e[len(e)-1]["actualend"]; c["resolved"] == nil {
				c["resolved"] = e[len(e)-1]["createdon"]
			}
		}
	}
	return err
}

// history works out of the audited changes what opportunities do not say themselves, and returns their changes. The day of
// closing is typed in: it counts only where auditing does not tell.
func (r *reader) history(ctx context.Context, deals []map[string]any) ([]connector.Row, error) {
	var entries map[string][]map[string]any
	if r.noHistory == "" {
		var err error
		entries, err = r.about(ctx, "audits", "_objectid_value", "objecttypecode eq 'opportunity' and (operation eq 1 or operation eq 2)", "auditid,createdon,operation,_userid_value,_objectid_value", identifiers(deals, "opportunityid", nil))
		if err != nil {
			return nil, err
		}
	}
	var rows []connector.Row
	for _, d := range deals {
		switch categoryOf(d["statecode"]) {
		case crm.Open:
			d["expected"] = d["estimatedclosedate"]
		case crm.Lost:
			d["reason"] = d["statuscode:text"]
			fallthrough
		default:
			d["closed_day"] = d["actualclosedate"]
		}
		changes, err := r.changes(ctx, d, entries[connector.Text(d["opportunityid"])])
		if err != nil {
			return nil, err
		}
		rows = append(rows, changes...)
	}
	return rows, nil
}

func (r *reader) changes(ctx context.Context, deal map[string]any, entries []map[string]any) ([]connector.Row, error) {
	t, _ := crm.Find("opportunity_change")
	var rows []connector.Row
	seq := map[string]int64{}
	add := func(field string, at, by, old, now any) {
		row := connector.Row{Table: "opportunity_change", Record: t.New("")}
		row.Put("opportunity", deal["opportunityid"], 1, nil)
		row.Put("changed_at", at, 1, nil)
		row.Put("changed_by", by, 1, nil)
		t.Set(&row.Record, "field", field)
		place := field + connector.Text(at)
		t.Set(&row.Record, "seq", seq[place])
		seq[place]++
		row.Keep("old_value", field, old, 100, r.access.Zone)
		row.Keep("new_value", field, now, 100, r.access.Zone)
		rows = append(rows, row)
	}
	open := categoryOf(deal["statecode"]) == crm.Open
	stage, at, by := deal["statuscode"], deal["createdon"], deal["_createdby_value"]
	first, staged, valued := deal["estimatedvalue"], false, false
	for _, e := range entries {
		old, now, err := r.detail(ctx, connector.Text(e["auditid"]))
		if err != nil {
			return nil, err
		}
		if connector.Text(e["operation"]) == "1" {
			at, by = e["createdon"], e["_userid_value"]
			if now["statuscode"] != nil {
				stage, staged = now["statuscode"], true
			}
			if now["estimatedvalue"] != nil {
				first, valued = now["estimatedvalue"], true
			}
			continue
		}
		for _, column := range []string{"statuscode", "estimatedvalue", "_ownerid_value", "estimatedclosedate", "closeprobability", "_parentaccountid_value"} {
			was, is := old[column], now[column]
			if column == "_ownerid_value" {
				was, is = leads(old, column, "systemuser"), leads(now, column, "systemuser")
			}
			if was == nil && is == nil || was == is {
				continue
			}
			switch column {
			case "statuscode":
				if !staged {
					stage, staged = was, true
				}
				if !open && r.states[connector.Text(is)] != crm.Open && r.states[connector.Text(was)] == crm.Open {
					deal["closed"] = e["createdon"]
				}
			case "estimatedvalue":
				if !valued {
					first, valued = was, true
				}
			}
			add(kept[column], e["createdon"], e["_userid_value"], was, is)
		}
	}
	deal["first"] = first
	add("created", at, by, nil, stage)
	if deal["closed"] != nil {
		delete(deal, "closed_day") // the day follows from the instant
	}
	return rows, nil
}

// detail reads the old and the new values of an audited change. Its other kinds, such as shares, hold none.
func (r *reader) detail(ctx context.Context, id string) (old, now map[string]any, err error) {
	if !guid.MatchString(id) {
		return nil, nil, connector.Fail(connector.Unreadable, "audits")
	}
	var got struct {
		Detail struct {
			Old map[string]any `json:"OldValue"`
			New map[string]any `json:"NewValue"`
		} `json:"AuditDetail"`
	}
	err = r.get(ctx, "audit details", data+"audits("+id+")/Microsoft.Dynamics.CRM.RetrieveAuditDetails", nil, pageSize, &got)
	if connector.Is(err, connector.Missing) {
		return nil, nil, nil // removed meanwhile
	}
	return plain(got.Detail.Old), plain(got.Detail.New), err
}
