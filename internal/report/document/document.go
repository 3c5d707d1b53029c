// Package document is a report as parts in reading order: headings, paragraphs, figures, tables, lists and charts. Start
// with Gather, which runs a case and asks everything, then Build; packages pdf, html, markdown and data write the outcome,
// so that they cannot disagree.
//
// It knows no file format.
package document

import (
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
)

// Document is one report.
type Document struct {
	Title, Organisation string
	// Answer is the sentence of the cover, Limit what it rests on.
	Answer, Limit string
	Facts         [][2]string // of the cover: what is said, and its value
	Brand         Brand
	Made          string // the line from which the report can be made again
	Locale        *locale.Locale
	Parts         []Part
}

// Part is a Heading, Paragraph, Figures, Table, List, Charts or Break.
type Part interface{ part() }

// Heading opens a section (level 1) or a part of one (level 2).
type Heading struct {
	Level int
	Text  string
}

// Paragraph is text; Small is a remark, Lead stands out.
type Paragraph struct {
	Text        string
	Small, Lead bool
}

// Figures are key figures in a row.
type Figures struct{ Figures []report.Figure }

// Column is a column of a table. Text columns share the room and wrap; the others are as wide as they need.
type Column struct {
	Head        string
	Right, Text bool
}

// Row is a row of a table; a Strong row is a sum. Note stands below the first cell.
type Row struct {
	Cells  []string
	Note   string
	Strong bool
}

// Table is a table; a Small one is for looking up, not for reading.
type Table struct {
	Columns []Column
	Rows    []Row
	Small   bool
}

// List is a list of sentences; a Small one is for looking up.
type List struct {
	Items []string
	Small bool
}

// Charts stand beside each other, two in a row; one alone, and the first of an odd number, takes the whole width.
type Charts struct{ Charts []chart.Chart }

// Break begins a new page.
type Break struct{}

func (Heading) part()   {}
func (Paragraph) part() {}
func (Figures) part()   {}
func (Table) part()     {}
func (List) part()      {}
func (Charts) part()    {}
func (Break) part()     {}
