package quality

import (
	"encoding/csv"
	"io"

	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/locale"
)

// List writes the records to mend as CSV while they are found: a table's key, field and what is wrong, and the team whose
// record it is. There is no owner in it, and no value of the record.
type List struct {
	out *csv.Writer
	l   *locale.Locale
	// Table and Team keep to one of each; empty is all.
	Table, Team string
	Written     int64
}

// NewList writes the head of a list.
func NewList(w io.Writer, l *locale.Locale) (*List, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // or a spreadsheet takes UTF-8 for Windows-1252
		return nil, err
	}
	n := &List{out: csv.NewWriter(w), l: l}
	n.out.UseCRLF = true
	if l.Lang() == locale.German {
		n.out.Comma = ';' // as a German spreadsheet opens it
	}
	return n, n.out.Write([]string{l.Text("quality.csv.table", nil), l.Text("quality.csv.record", nil), l.Text("quality.csv.field", nil), l.Text("quality.csv.fault", nil),
		l.Text("quality.csv.other", nil), l.Text("quality.csv.team", nil), l.Text("quality.csv.measure", nil)})
}

// Add writes a finding; it is what Options.Found takes.
func (n *List) Add(f Finding) error {
	if n.Table != "" && f.Table != n.Table || n.Team != "" && f.Team != n.Team {
		return nil
	}
	n.Written++
	team := f.Team
	if team == kpi.Merged {
		team = n.l.Text("quality.team.merged", map[string]any{"fewest": Fewest})
	}
	return n.out.Write([]string{f.Table, ingest.Guarded(f.Record), f.Field, Fault(f.Kind, f.Field, "", n.l), ingest.Guarded(f.Other), ingest.Guarded(team), f.Measure})
}

// Close writes what is left.
func (n *List) Close() error {
	n.out.Flush()
	return n.out.Error()
}
