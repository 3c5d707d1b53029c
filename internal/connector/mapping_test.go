package connector_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
)

func raw(t *testing.T, s string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMapping_readsEachKind(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	m := connector.Mapping{Table: "opportunity", ID: "id", Created: "made", Updated: "changed", Zone: berlin, Fields: []connector.Field{
		{Column: "name", From: "name"}, {Column: "owner", From: "owner.id"}, {Column: "amount", From: "amount"}, {Column: "probability", From: "chance", Scale: 100},
		{Column: "expected_close_day", From: "close"}, {Column: "closed_at", From: "closed"}, {Column: "contact", From: "people.1.id"}, {Column: "stage", From: "stage"},
		{Column: "category", From: "stage", With: func(any) any { return crm.Open }},
	}}.Override(map[string]string{"opportunity.lost_reason": "custom.why", "opportunity.amount": "value", "account.name": "name", "opportunity.nosuch": "x"})
	row := m.Row(raw(t, `{"id": 9007199254740993, "made": "2026-01-01T00:00:00Z", "changed": 1767225600000, "name": "Fo\u0308hr", "owner": {"id": 7}, "value": "4800.00005", "amount": 1,
		"chance": "60", "close": "2026-03-31T22:30:00Z", "closed": "2026-01-02 03:04:05", "people": [{"id": 1}, {"id": 2}], "stage": "", "custom": {"why": ""}}`))
	if row.Problem != nil {
		t.Fatal(row.Problem)
	}
	opportunity, _ := crm.Find("opportunity")
	want := map[string]any{"name": "Föhr", "owner": "7", "amount": int64(48_000_001), "probability": 0.6, "closed_at": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMicro(),
		"expected_close_day": crm.DayOf(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)), "contact": "2", "category": "open", "lost_reason": ""}
	got := map[string]any{}
	for i, c := range opportunity.Columns {
		if v := row.Record.Values[i]; v != nil {
			got[c.Name] = v
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if row.Record.ID != "9007199254740993" || row.Record.Created != row.Record.Updated || row.Record.Created != time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() {
		t.Errorf("%+v", row.Record)
	}
}

func TestMapping_whatCannotBeReadIsAReject(t *testing.T) {
	for column, v := range map[string]string{"amount": `"1.234,56"`, "probability": `"likely"`, "closed_day": `"31.12.2024"`, "closed_at": `true`, "opened_at": `"2024-13-01T00:00:00Z"`} {
		row := connector.Mapping{Table: "opportunity", ID: "id", Fields: []connector.Field{{Column: column, From: "v"}}}.Row(raw(t, `{"id": "1", "v": `+v+`}`))
		if row.Problem == nil || row.Problem.Column != column || row.Problem.Code != "kind" {
			t.Errorf("%s of %s: %v", column, v, row.Problem)
		}
	}
}

func TestMoney_isExact(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "48250": 482_500_000, "4800.00": 48_000_000, "-0.00005": -1, "0.00004": 0, "1e3": 10_000_000, "1.5E-1": 1500, "922337203685477.5807": 9223372036854775807} {
		if got, ok := connector.Money(s); !ok || got != want {
			t.Errorf("%s: %d, %t", s, got, ok)
		}
	}
	for _, s := range []string{"", "NaN", "1,5", "0x10", "1e99", "1/3", "1_000", "922337203685477.5808", "Inf"} {
		if got, ok := connector.Money(s); ok {
			t.Errorf("%q: %d", s, got)
		}
	}
}

// Key figures read the values of changes as numbers in the unit of the column: ten-thousandths, days, shares.
func TestKeep_writesChangesAsTheColumnsAre(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	table, _ := crm.Find("opportunity_change")
	for _, c := range []struct {
		field     string
		v, want   any
		scale     float64
		illegible bool
	}{
		{"amount", json.Number("4800.5"), "48005000", 1, false}, {"amount", "4800.50", "48005000", 1, false}, {"amount", "", nil, 1, false}, {"amount", nil, nil, 1, false}, {"amount", "4.800,50 €", nil, 1, true},
		{"expected_close", "2026-03-31", "20543", 1, false}, {"expected_close", "2026-03-30T22:30:00Z", "20543", 1, false}, {"expected_close", "31.03.2026", nil, 1, true},
		{"probability", json.Number("60"), "0.6", 100, false}, {"probability", "0.25", "0.25", 1, false},
		{"stage", "Gewonnen", "Gewonnen", 100, false}, {"owner", json.Number("7"), "7", 100, false}, {"created", "neu", "neu", 1, false},
	} {
		row := connector.Row{Table: "opportunity_change", Record: table.New("1")}
		row.Keep("new_value", c.field, c.v, c.scale, berlin)
		if got := table.Get(&row.Record, "new_value"); got != c.want || (row.Problem != nil) != c.illegible {
			t.Errorf("%s %v: %v, %v", c.field, c.v, got, row.Problem)
		}
	}
}
