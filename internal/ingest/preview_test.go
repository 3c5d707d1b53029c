package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/ingest"
)

// A preview says of each cell what an import would say of the row, and more: of every cell at once.
func TestPreview_saysWhatAnImportWouldTake(t *testing.T) {
	m, found := ingest.Read("m.yaml", []byte(strings.Replace(deals, "style: day/month/year", "style: year/month/day", 1)))
	if found.Err() != nil {
		t.Fatal(found)
	}
	csv := "Nr;Phase;Betrag;Termin\n1;Gewonnen;1.200,50;2025-04-03\n2;Geparkt;viel;2025-13-03\n;Verloren;80,00;2025-04-04\n4;Verloren\n"
	s := sheet(t, csv)
	for i := range m.Columns {
		if m.Columns[i].To == "amount" {
			m.Columns[i].Style = "decimal comma"
		}
	}
	list, err := ingest.Preview(t.Context(), m, s, time.UTC, "EUR", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		line := fmt.Sprint(r.Line, " ", r.Category)
		for _, c := range r.Cells {
			line += fmt.Sprintf(" %s=%v%s%s", c.To, c.Value, c.Currency, map[bool]string{true: " " + c.Code}[c.Code != ""])
		}
		got = append(got, strings.TrimRight(line+" "+r.Problem.Code, " "))
	}
	want := []string{
		"2 won id=1 stage=Gewonnen amount=12005000EUR closed_day=20181",
		"3  id=2 stage=Geparkt stage amount=<nil> cell_money closed_day=<nil> cell_day",
		"4 lost id=<nil> needed stage=Verloren amount=800000EUR closed_day=20182",
		"5 lost id=4 stage=Verloren amount=<nil> closed_day=<nil> table_row_short",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// What is open is told as open, and the rest is shown all the same.
	if m, found = ingest.Read("m.yaml", []byte(deals)); found.Err() != nil {
		t.Fatal(found)
	}
	m.Columns[3].Style = ""
	list, err = ingest.Preview(t.Context(), m, sheet(t, export), time.UTC, "EUR", 1)
	if err != nil || len(list) != 1 || list[0].Cells[3].Code != ingest.Unsettled || list[0].Cells[0].Value != "1" {
		t.Errorf("%v, %+v", err, list)
	}
}

func TestLabels_areTheTextsOfAColumn(t *testing.T) {
	s := sheet(t, "Nr;Phase\n1;Won\n2; Lost \n3;Won\n4;\n5;New\n")
	for _, c := range []struct {
		most, rows int
		want       []ingest.Label
	}{{9, 99, []ingest.Label{{Text: "Won", Rows: 2}, {Text: "Lost", Rows: 1}, {Text: "New", Rows: 1}}}, {1, 99, []ingest.Label{{Text: "Won", Rows: 2}}}, {9, 2, []ingest.Label{{Text: "Won", Rows: 1}, {Text: "Lost", Rows: 1}}}} {
		got, err := ingest.Labels(t.Context(), s, "Phase", c.most, c.rows)
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
	if got, err := ingest.Labels(t.Context(), s, "None", 9, 9); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestStylesFor_areThoseThatMayAnswer(t *testing.T) {
	s := sheet(t, "A;B;C\n03/04/2025;1,5;x\n05/06/2025;2,5;y\n")
	for i, c := range []struct {
		kind crm.Kind
		want string
	}{{crm.Day, "day/month/year month/day/year year/month/day"}, {crm.Money, "decimal comma decimal point"}, {crm.Text, ""}} {
		if got := strings.Join(ingest.StylesFor(c.kind, &s.Columns[i]), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.kind, got, c.want)
		}
	}
}
