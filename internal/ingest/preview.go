package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Taken is a cell as an import would take it.
type Taken struct {
	To   string
	Kind crm.Kind
	// Text is what the file has.
	Text string
	// Value is nil where the cell is missing or cannot be taken.
	Value    any
	Currency string
	// Code says why it cannot be taken, as a reject does; Unsettled where the column is still to be settled.
	Code string
}

// Unsettled is the Code of cells whose column leaves something open.
const Unsettled = "unsettled"

// Previewed is a row as an import would take it.
type Previewed struct {
	Line int
	// Cells are as the mapping's columns.
	Cells []Taken
	// Category is what the stage means, where the mapping says so.
	Category string
	// Problem is what is wrong beside the cells; its Code is empty where nothing is.
	Problem warehouse.Reject
}

// Preview shows the first rows of a sheet as an import would take them, also where the mapping does not fit yet.
func Preview(ctx context.Context, m *Mapping, s *tabular.Sheet, zone *time.Location, currency string, most int) ([]Previewed, error) {
	p, _ := fit(m, s, zone, currency)
	if p == nil {
		return nil, nil
	}
	var list []Previewed
	rows := s.Rows(ctx)
	for len(list) < most && rows.Next() {
		list = append(list, p.preview(rows.Row()))
	}
	return list, errors.Join(rows.Err(), rows.Close())
}

func (p *Plan) preview(row tabular.Row) Previewed {
	v := Previewed{Line: row.Line, Cells: make([]Taken, len(p.m.Columns))}
	for i, c := range p.m.Columns {
		v.Cells[i].To = c.To
	}
	if row.Problem != nil {
		v.Problem.Code = row.Problem.Code
	}
	wrong, unsettled := false, false
	mark := func(column, code, value string) {
		for i := range v.Cells {
			if c := &v.Cells[i]; c.To == column {
				if c.Code == "" {
					c.Code = code
				}
				return
			}
		}
		if v.Problem.Code == "" {
			v.Problem = warehouse.Reject{Column: column, Code: code, Value: value}
		}
	}
	r := p.begin()
	for i := range p.cells {
		x := &p.cells[i]
		if x.at >= len(row.Cells) {
			continue
		}
		t := &v.Cells[x.of]
		t.Kind, t.Text = x.kind, row.Cells[x.at].Text
		if x.open {
			t.Code, unsettled = Unsettled, true
			continue
		}
		value, currency, err := p.read(x, row.Cells[x.at])
		var w *wrongCell
		if errors.As(err, &w) {
			t.Code, wrong = w.code, true
			continue
		}
		t.Value, t.Currency = value, currency
		p.put(&r, x, value, currency)
	}
	var w *wrongCell
	if errors.As(p.finish(&r), &w) {
		mark(w.column, w.code, w.value)
		wrong = true
	}
	if p.stage >= 0 {
		v.Category, _ = r.Values[p.kind].(string)
	}
	for _, m := range p.money {
		for i := range v.Cells {
			if c := &v.Cells[i]; c.Value != nil && c.Currency == "" && p.table.Index(c.To) == m.amount {
				c.Currency, _ = r.Values[m.currency].(string)
			}
		}
	}
	for _, problem := range p.table.Complete(&r, p.zone) {
		if problem.Code == "needed" && (wrong || unsettled) {
			continue // missing because of what has been marked
		}
		mark(problem.Column, problem.Code, problem.Value)
	}
	return v
}

// StylesFor are the answers that a column may need to become a kind: those of its question, and those that a mapping may
// demand of it. None where the text is taken as it is.
func StylesFor(k crm.Kind, c *tabular.Column) (names []string) {
	if k == crm.Text || k == crm.Ref || k == crm.Choice || k == crm.Currency {
		return nil
	}
	add := func(s tabular.Style) {
		if name := StyleName(s); name != "" && fits(k, s.Type) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	style, question := c.Style, c.Question
	if k == crm.Share {
		style, question = c.AsPercent()
	}
	if question != nil {
		for _, r := range question.Readings {
			add(r.Style)
		}
	} else {
		add(style)
	}
	for _, name := range Styles() {
		s, ok := forced[name]
		epoch := s.Type == tabular.EpochSeconds || s.Type == tabular.EpochMillis
		if ok && (s.Type == tabular.Percent) == (k == crm.Share) && (!epoch || c.Style.Type == tabular.Integer || c.Style.Type == tabular.Identifier) {
			add(s)
		}
	}
	return names
}

// KindOf is the kind of a column of a table, or of one of Common; empty where there is none.
func KindOf(t crm.Table, name string) crm.Kind {
	if c, ok := t.Column(name); ok {
		return c.Kind
	}
	switch name {
	case "id", "merged":
		return crm.Ref
	case "created", "updated", "deleted":
		return crm.Instant
	}
	return ""
}

// Label is what stands in cells of a column, and in how many.
type Label struct {
	Text string
	Rows int
}

// Labels are the different texts of a column in the order of their first row, at most so many, from the first rows of the
// sheet.
func Labels(ctx context.Context, s *tabular.Sheet, header string, most, rows int) (list []Label, err error) {
	at := -1
	for i, c := range s.Columns {
		if c.Name == header {
			at = i
		}
	}
	if at < 0 {
		return nil, nil
	}
	place := map[string]int{}
	r := s.Rows(ctx)
	for n := 0; n < rows && r.Next(); n++ {
		row := r.Row()
		if at >= len(row.Cells) || row.Cells[at].Missing() {
			continue
		}
		text := strings.TrimSpace(row.Cells[at].Text)
		if id, err := tabular.ParseID(row.Cells[at]); err == nil {
			text = id // as a stage is kept
		}
		i, known := place[text]
		if !known {
			if len(list) == most {
				continue
			}
			i = len(list)
			place[text] = i
			list = append(list, Label{Text: text})
		}
		list[i].Rows++
	}
	return list, errors.Join(r.Err(), r.Close())
}
