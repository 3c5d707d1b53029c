package zoho

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

// timeline reads what happened to a deal, the oldest first, without what happened to records beside it.
func (r *reader) timeline(ctx context.Context, id string) ([]map[string]any, error) {
	var all []map[string]any
	seen, q := map[string]bool{}, url.Values{"per_page": {strconv.Itoa(pageSize)}}
	for {
		var got struct {
			Entries []map[string]any `json:"__timeline"`
			Info    info             `json:"info"`
		}
		if err := r.get(ctx, "timeline", "/Deals/"+url.PathEscape(id)+"/__timeline", q, time.Time{}, &got); connector.Is(err, connector.Refused, connector.Missing) && r.gone(ctx, id) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		for _, e := range got.Entries {
			if of := connector.Text(connector.Path(e, "record.id")); of == "" || of == id {
				all = append(all, e)
			}
		}
		token := got.Info.Token
		if !got.Info.More || token == "" {
			break
		}
		if seen[token] {
			return nil, connector.Fail(connector.Loop, "timeline")
		}
		seen[token] = true
		q = url.Values{"page_token": {token}} // which does not bear the number of records beside it
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b map[string]any) int {
		at, _ := connector.Instant(a["audited_time"])
		other, _ := connector.Instant(b["audited_time"])
		return cmp.Compare(at, other)
	})
	return all, nil
}

// gone reports whether a deal was deleted since it was listed. Its timeline is then refused as if the question were wrong.
func (r *reader) gone(ctx context.Context, id string) bool {
	var got struct {
		Data []any `json:"data"`
	}
	err := r.get(ctx, "deals", "/Deals/"+url.PathEscape(id), url.Values{"fields": {"id"}}, time.Time{}, &got)
	return len(got.Data) == 0 && (err == nil || connector.Is(err, connector.Refused, connector.Missing))
}

// history works out of a deal's timeline what the deal does not say itself, and returns its changes. Closing_Date is typed
// in: it counts as the day of closing only where the timeline shows none, as it does for deals that were brought in closed.
func (r *reader) history(ctx context.Context, deal map[string]any) ([]connector.Row, error) {
	id := connector.Text(deal["id"])
	entries, err := r.timeline(ctx, id)
	if err != nil {
		return nil, err
	}
	open := r.category(deal["Stage"]) == crm.Open
	if open {
		deal["expected"] = deal["Closing_Date"]
	} else {
		deal["closed_day"] = deal["Closing_Date"]
	}
	t, _ := crm.Find("opportunity_change")
	var rows []connector.Row
	seq := map[string]int64{}
	add := func(field string, at, by, source, old, now any) {
		row := connector.Row{Table: "opportunity_change", Record: t.New("")}
		row.Put("opportunity", id, 1, nil)
		row.Put("changed_at", at, 1, nil)
		row.Put("changed_by", by, 1, nil)
		row.Put("origin", originOf(connector.Text(source)), 1, nil)
		t.Set(&row.Record, "field", field)
		place := field + connector.Text(at)
		t.Set(&row.Record, "seq", seq[place])
		seq[place]++
		row.Keep("old_value", field, old, 100, r.access.Zone)
		row.Keep("new_value", field, now, 100, r.access.Zone)
		rows = append(rows, row)
	}
	stage, at, by, source := r.stage(deal["Stage"]), deal["Created_Time"], connector.Path(deal, "Created_By.id"), any(nil)
	first, staged, valued := deal["Amount"], false, false
	for _, e := range entries {
		if connector.Text(e["action"]) == "added" {
			at, by, source = e["audited_time"], connector.Path(e, "done_by.id"), e["source"]
		}
		list, _ := e["field_history"].([]any)
		for _, c := range list {
			name := connector.Text(connector.Path(c, "api_name"))
			field, ok := kept[name]
			if !ok {
				continue
			}
			old, now := r.value(field, connector.Path(c, "_value.old")), r.value(field, connector.Path(c, "_value.new"))
			switch {
			case field == "stage" && !staged && old != nil:
				stage, staged = old, true
			case field == "amount" && !valued:
				first, valued = old, true
			}
			if field == "stage" && !open && r.category(old) == crm.Open && r.category(now) != crm.Open {
				deal["closed"] = e["audited_time"]
			}
			add(field, e["audited_time"], connector.Path(e, "done_by.id"), e["source"], old, now)
		}
	}
	deal["first"] = first
	add("created", at, by, source, nil, stage)
	if deal["closed"] != nil {
		delete(deal, "closed_day") // the day follows from the instant
	}
	return rows, nil
}

// value reads a value of a timeline; nil where it was empty, which Zoho writes as null or "blank". Records that are
// referred to come as a group or by their name.
func (r *reader) value(field string, v any) any {
	if group, ok := v.(map[string]any); ok {
		v = group["id"]
	} else if field == "owner" || field == "account" {
		s := connector.Text(v)
		if _, err := strconv.ParseUint(s, 10, 64); err != nil { // not an identifier
			s = ""
			if field == "owner" {
				s = r.people[connector.Text(v)]
			}
		}
		v = s
	}
	switch s := connector.Text(v); {
	case s == "", s == "blank", s == "-None-":
		return nil
	case field == "stage":
		return r.stage(v)
	}
	return v
}

func originOf(source string) any {
	switch {
	case source == "":
		return nil
	case source == "crm_ui", strings.HasPrefix(source, "mass_"):
		return "user"
	case strings.Contains(source, "import"), strings.Contains(source, "migration"):
		return "import"
	case strings.Contains(source, "api"):
		return "api"
	}
	return "automation"
}

func lower(v any) any { return strings.ToLower(strings.TrimSpace(connector.Text(v))) }

func length(v any) any { return int64(len([]rune(connector.Text(v)))) }

// about gives the identifier under a name where the record is of a module.
func about(name, module string) func(any) any {
	return func(v any) any {
		of := connector.Text(connector.Path(v, name+".module.api_name"))
		if cmp.Or(of, connector.Text(connector.Path(v, "$se_module"))) != module {
			return nil
		}
		return connector.Path(v, name+".id")
	}
}

// duration of a meeting in seconds.
func duration(v any) any {
	from, ok := connector.Instant(connector.Path(v, "Start_DateTime"))
	to, other := connector.Instant(connector.Path(v, "End_DateTime"))
	if !ok || !other || to < from {
		return nil
	}
	return (to - from) / 1e6
}

// seconds of a call, which older organisations write as "mm:ss".
func seconds(v any) any {
	if n := connector.Path(v, "Call_Duration_in_seconds"); n != nil {
		return n
	}
	minutes, rest, ok := strings.Cut(connector.Text(connector.Path(v, "Call_Duration")), ":")
	m, err := strconv.ParseInt(minutes, 10, 32)
	s, other := strconv.ParseInt(rest, 10, 32)
	if !ok || err != nil || other != nil {
		return nil
	}
	return 60*m + s
}

func direction(v any) any {
	switch connector.Text(v) {
	case "Inbound", "Missed":
		return "in"
	case "Outbound":
		return "out"
	}
	return nil
}

// net is the total without tax.
func net(v any) any {
	gross, ok := connector.Money(connector.Path(v, "Grand_Total"))
	tax, other := connector.Money(connector.Path(v, "Tax"))
	if !ok || !other {
		return nil
	}
	return crm.FormatMoney(gross - tax)
}

// The lists below are Zoho's own; companies add to them. What is not known is left open rather than guessed.

func kindOfDeal(v any) any {
	switch connector.Text(v) {
	case "New Business":
		return "new"
	case "Existing Business":
		return "existing"
	}
	return nil
}

func kindOfAccount(v any) any {
	switch connector.Text(v) {
	case "Customer":
		return "customer"
	case "Prospect":
		return "prospect"
	case "Partner", "Distributor", "Reseller", "Integrator":
		return "partner"
	}
	return nil
}

func kindOfCase(v any) any {
	switch connector.Text(v) {
	case "Closed":
		return "solved"
	case "On Hold":
		return "waiting"
	}
	return "open"
}
