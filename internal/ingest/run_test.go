package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func place(t *testing.T) (*warehouse.Warehouse, warehouse.Source) {
	t.Helper()
	w, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s, err := w.AddSource(t.Context(), warehouse.Source{Name: "CRM", Kind: "file", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

func fitted(t *testing.T, csv, mapping string) *ingest.Plan {
	t.Helper()
	m, found := ingest.Read("m.yaml", []byte(mapping))
	if found.Err() != nil {
		t.Fatal(found)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p, found := ingest.Fit(m, sheet(t, csv), zone, "EUR")
	if found.Err() != nil {
		t.Fatal(found)
	}
	return p
}

func TestRun_takesWhatIsRightAndSaysWhatIsNot(t *testing.T) {
	w, s := place(t)
	csv := export + "3;Angebot;10,00;07/08/2025\n4;Gewonnen;viel;07/08/2025\n5;Gewonnen;10,00;31/02/2025\n;Verloren;10,00;07/08/2025\n7;Verloren;;\n8;Verloren\n"
	b, err := fitted(t, csv, strings.Replace(deals, "{to: amount}", "{to: amount, style: decimal comma}", 1)).Run(t.Context(), w, s, "deals.csv", "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.Read != 8 || b.Inserted != 3 || b.Rejected != 5 {
		t.Errorf("%+v", b)
	}
	list, err := w.Rejects(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprintf("%d %s %s %q %s", r.Line, r.Column, r.Code, r.Value, strings.Join(r.Cells, ";")))
	}
	want := []string{
		`4 stage stage "Angebot" 3;Angebot;10,00;07/08/2025`,
		`5 amount cell_money "viel" 4;Gewonnen;viel;07/08/2025`,
		`6 closed_day cell_day "31/02/2025" 5;Gewonnen;10,00;31/02/2025`,
		`7 id needed "" ;Verloren;10,00;07/08/2025`,
		`9  table_row_short "" 8;Verloren`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rejects (-want +got):\n%s", d)
	}
}

// An import whose reader goes away keeps what it has read, and the next one goes on there: nothing twice, nothing lost.
func TestRun_isCancelledAndResumed(t *testing.T) {
	w, s := place(t)
	var csv strings.Builder
	csv.WriteString("Nr;Phase;Betrag;Termin\n")
	const n = 5000
	for i := range n {
		fmt.Fprintf(&csv, "%d;Gewonnen;%d,00;13/04/2025\n", i, i)
	}
	ctx, stop := context.WithCancel(t.Context())
	b, err := fitted(t, csv.String(), deals).Run(ctx, w, s, "deals.csv", "x", func(done, size, rows int64) {
		if rows == 2000 {
			stop()
		}
		if done <= 0 || done > size {
			t.Errorf("%d of %d", done, size)
		}
	})
	if !errors.Is(err, context.Canceled) || b.State != warehouse.Running || b.Read < 2000 || b.Read >= n {
		t.Fatalf("%v, %+v", err, b)
	}
	again, err := fitted(t, csv.String(), deals).Run(t.Context(), w, s, "deals.csv", "x", nil)
	if err != nil || again.ID != b.ID || again.Read != n || again.Inserted != n {
		t.Fatalf("%v, %+v", err, again)
	}
	rows, err := w.Query(t.Context(), "SELECT COUNT(*), SUM(amount) FROM crm_opportunity")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	var count, sum int64
	if rows.Next(); rows.Scan(&count, &sum) != nil || count != n || sum != n*(n-1)/2*10_000 {
		t.Errorf("%d deals worth %d", count, sum)
	}
}

// The values of a change are kept as the field's own column is, whatever the file writes.
func TestRun_keepsTheValuesOfAChange(t *testing.T) {
	w, s := place(t)
	csv := "Deal;Wann;Was;Alt;Neu\n" +
		"1;2025-03-01 10:00:00;amount;5.000,00;6500\n1;2025-03-02 10:00:00;amount;6,500.50;1.234.567\n1;2025-03-03 10:00:00;expected_close;2025-04-01;30.04.2025\n" +
		"1;2025-03-04 10:00:00;probability;40 %;60\n1;2025-03-05 10:00:00;probability;0,4;0.65\n1;2025-03-06 10:00:00;stage;Angebot;Verhandlung\n1;2025-03-07 10:00:00;amount;;10\n" +
		"2;2025-03-01 10:00:00;amount;10;1.234\n2;2025-03-02 10:00:00;expected_close;2025-04-01;04/05/2025\n2;2025-03-03 10:00:00;amount;10;viel\n"
	mapping := "table: opportunity_change\ncolumns:\n  Deal: opportunity\n  Wann: changed_at\n  Was: field\n  Alt: old_value\n  Neu: new_value\n"
	b, err := fitted(t, csv, mapping).Run(t.Context(), w, s, "changes.csv", "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.Query(t.Context(), "SELECT field, COALESCE(old_value, '-'), new_value FROM crm_opportunity_change ORDER BY changed_at")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	var got []string
	for rows.Next() {
		var field, before, after string
		if err := rows.Scan(&field, &before, &after); err != nil {
			t.Fatal(err)
		}
		got = append(got, field+" "+before+" "+after)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []string{"amount 50000000 65000000", "amount 65005000 12345670000", "expected_close 20179 20208", "probability 0.4 0.6", "probability 0.4 0.65", "stage Angebot Verhandlung", "amount - 100000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	list, err := w.Rejects(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	var why []string
	for _, r := range list {
		why = append(why, r.Column+" "+r.Code+" "+r.Value)
	}
	if diff := cmp.Diff([]string{"new_value cell_money 1.234", "new_value cell_day 04/05/2025", "new_value cell_money viel"}, why); diff != "" {
		t.Error(diff)
	}

	// What the mapping says settles the two that may be read in two ways.
	w, s = place(t)
	mapping = strings.Replace(mapping, "Neu: new_value", "Neu: {to: new_value, style: decimal comma}", 1)
	if _, err := fitted(t, "Deal;Wann;Was;Alt;Neu\n2;2025-03-01 10:00:00;amount;10;1.234\n", mapping).Run(t.Context(), w, s, "changes.csv", "x", nil); err != nil {
		t.Fatal(err)
	}
	var value string
	rows, err = w.Query(t.Context(), "SELECT new_value FROM crm_opportunity_change")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	for rows.Next() {
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Err() != nil || value != "12340000" {
		t.Error(value, rows.Err())
	}
}
