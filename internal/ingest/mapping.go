// Package ingest brings the rows of a file into the canonical tables: a Mapping says which column is what, Run reads the
// file through it into a warehouse, and what cannot be taken becomes a reject with its place. Start with Propose for a file
// that nobody has mapped yet. Queries map what a database answers in the same way; who asks it is package sqldb.
package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/tabular"
)

// Mapping says what the columns of a file are. It is written as YAML and used again for the next export.
type Mapping struct {
	Name  string
	Table string
	// Sheet is the name of the workbook's sheet, empty for the first with rows.
	Sheet string
	// Currency is that of amounts without one, ISO 4217; empty is the source's.
	Currency string
	Columns  []Column
	// Fixed are values that all rows have, by canonical column, such as kind: order.
	Fixed map[string]string
	// Stages are the categories (open, won, lost, void) of the labels in the column that is the stage.
	Stages map[string]string
	// Query delivers the rows and IDs the identifiers that are left, where they come from a database; see Queries.
	Query, IDs Query
}

// Column maps a column of the file.
type Column struct {
	// Header is its name in the file, as tabular.Column has it.
	Header string
	// To is a column of the canonical table, or one of Common.
	To string
	// Style answers the question that the column leaves open; see Styles.
	Style string
	// Values are the canonical values of a choice or a yes/no by what the file says.
	Values map[string]string
	// Where the mapping says so.
	At diag.Position
}

// Common are the columns that every table has.
var Common = []string{"id", "created", "updated", "deleted", "merged"}

// styles answer what a column leaves open.
var styles = map[string]func(tabular.Style) bool{
	"day/month/year": func(s tabular.Style) bool { return dated(s) && s.Order == tabular.DayMonthYear },
	"month/day/year": func(s tabular.Style) bool { return dated(s) && s.Order == tabular.MonthDayYear },
	"year/month/day": func(s tabular.Style) bool { return dated(s) && s.Order == tabular.YearMonthDay },
	"decimal comma":  func(s tabular.Style) bool { return s.Decimal == ',' || s.Decimal == 0 && s.Grouped },
	"decimal point":  func(s tabular.Style) bool { return s.Decimal == '.' },
	"whole numbers":  func(s tabular.Style) bool { return s.Type == tabular.Integer },
	"0 to 1":         func(s tabular.Style) bool { return s.Type == tabular.Percent && s.Scale == 1 },
	"0 to 100":       func(s tabular.Style) bool { return s.Type == tabular.Percent && s.Scale == 100 },
	"identifier":     func(s tabular.Style) bool { return s.Type == tabular.Identifier || s.Type == tabular.Text },
	"excel days":     func(s tabular.Style) bool { return s.Type == tabular.ExcelSerial },
	"seconds":        func(s tabular.Style) bool { return s.Type == tabular.EpochSeconds },
	"milliseconds":   func(s tabular.Style) bool { return s.Type == tabular.EpochMillis },
}

func dated(s tabular.Style) bool { return s.Type == tabular.Day || s.Type == tabular.Instant }

// Styles are the words that answer what a column leaves open.
func Styles() []string { return slices.Sorted(maps.Keys(styles)) }

// StyleName is the word for a reading of a column, empty where there is none.
func StyleName(s tabular.Style) string {
	for _, name := range Styles() {
		if styles[name](s) {
			return name
		}
	}
	return ""
}

// Read reads a mapping.
func Read(name string, text []byte) (*Mapping, diag.List) {
	root, found := casefile.ParseYAML(name, text)
	if found.Err() != nil {
		return nil, found
	}
	m := newMapping()
	r := &reader{}
	for _, e := range root.Entries {
		if !r.key(m, e) {
			r.wrong("mapping_key", e.At, diag.Args{"name": e.Key, "nearest": quantity.Nearest(e.Key, mappingKeys)})
		}
	}
	r.check(m, root.At, true)
	if r.found.Err() != nil {
		return nil, r.found.Sorted()
	}
	return m, r.found
}

// TableNames are the canonical tables that files may fill.
func TableNames() []string {
	var names []string
	for _, t := range crm.Tables() {
		names = append(names, t.Name)
	}
	return names
}

type reader struct{ found diag.List }

var mappingKeys = []string{"mapping", "table", "sheet", "currency", "columns", "fixed", "stages"}

func newMapping() *Mapping {
	return &Mapping{Fixed: map[string]string{}, Stages: map[string]string{}}
}

// key reads a key of a mapping; false where there is none of that name.
func (r *reader) key(m *Mapping, e casefile.Entry) bool {
	switch e.Key {
	case "mapping":
		m.Name = r.text(e.Value)
	case "table":
		m.Table = r.text(e.Value)
		if _, ok := crm.Find(m.Table); !ok {
			r.wrong("mapping_table", e.Value.At, diag.Args{"name": m.Table, "nearest": quantity.Nearest(m.Table, TableNames())})
		}
	case "sheet":
		m.Sheet = r.text(e.Value)
	case "currency":
		m.Currency = r.text(e.Value)
	case "columns":
		for _, c := range e.Value.Entries {
			if c.Value.Kind != casefile.List {
				m.Columns = append(m.Columns, r.column(c))
				continue
			}
			for _, to := range c.Value.Items { // one column of the file for several of ours
				m.Columns = append(m.Columns, r.column(casefile.Entry{Key: c.Key, Value: to, At: c.At}))
			}
		}
	case "fixed":
		m.Fixed = r.table(e.Value)
	case "stages":
		m.Stages = r.table(e.Value)
	default:
		return false
	}
	return true
}

func (r *reader) wrong(code string, at diag.Position, args diag.Args) {
	r.found.Add(diag.New(code, at, args))
}

func (r *reader) text(n *casefile.Node) string {
	if n.Kind != casefile.Scalar {
		r.wrong("mapping_text", n.At, nil)
	}
	return n.Text
}

func (r *reader) table(n *casefile.Node) map[string]string {
	all := map[string]string{}
	if n.Kind != casefile.Map {
		r.wrong("mapping_list", n.At, nil)
	}
	for _, e := range n.Entries {
		all[e.Key] = r.text(e.Value)
	}
	return all
}

func (r *reader) column(e casefile.Entry) Column {
	c := Column{Header: e.Key, At: e.At}
	if e.Value.Kind == casefile.Scalar {
		c.To = e.Value.Text
		return c
	}
	for _, k := range e.Value.Entries {
		switch k.Key {
		case "to":
			c.To = r.text(k.Value)
		case "style":
			c.Style = r.text(k.Value)
			if _, ok := styles[c.Style]; !ok {
				r.wrong("mapping_style", k.Value.At, diag.Args{"name": c.Style, "nearest": quantity.Nearest(c.Style, Styles()), "known": Styles()})
			}
		case "values":
			c.Values = r.table(k.Value)
		default:
			r.wrong("mapping_key", k.At, diag.Args{"name": k.Key, "nearest": quantity.Nearest(k.Key, []string{"to", "style", "values"})})
		}
	}
	return c
}

// check looks at the mapping by itself, and where it is whole also at what it lacks.
func (r *reader) check(m *Mapping, at diag.Position, whole bool) {
	t, ok := crm.Find(m.Table)
	if !ok {
		if m.Table == "" {
			r.wrong("mapping_table", at, diag.Args{"name": "", "nearest": ""})
		}
		return
	}
	names := slices.Clone(Common)
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	filled := map[string]bool{}
	target := func(name string, at diag.Position) {
		switch {
		case !slices.Contains(names, name):
			r.wrong("mapping_target", at, diag.Args{"name": name, "table": m.Table, "nearest": quantity.Nearest(name, names)})
		case filled[name]:
			r.wrong("mapping_twice", at, diag.Args{"name": name})
		}
		filled[name] = true
	}
	for _, c := range m.Columns {
		target(c.To, c.At)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fixed)) {
		target(name, at)
	}
	categories := []string{crm.Open, crm.Won, crm.Lost, crm.Void}
	for _, label := range slices.Sorted(maps.Keys(m.Stages)) {
		if !slices.Contains(categories, m.Stages[label]) {
			r.wrong("mapping_stage", at, diag.Args{"label": label, "name": m.Stages[label]})
		}
	}
	if !whole {
		return
	}
	if len(m.Stages) > 0 && !filled["stage"] {
		r.wrong("mapping_stages", at, nil)
	}
	if !filled["id"] && len(t.Key) == 0 {
		r.wrong("mapping_needed", at, diag.Args{"name": "id", "table": m.Table})
	}
	for _, c := range t.Columns {
		fromStage := c.Name == "category" && len(m.Stages) > 0
		if c.Needed && !filled[c.Name] && !fromStage && (c.From == "" || !filled[c.From]) {
			r.wrong("mapping_needed", at, diag.Args{"name": c.Name, "table": m.Table})
		}
	}
}

// Check looks at the mapping by itself, without a file.
func (m *Mapping) Check() diag.List {
	r := &reader{}
	r.check(m, diag.Position{}, true)
	return r.found
}

// YAML writes the mapping as Read reads it.
func (m *Mapping) YAML() []byte {
	var b strings.Builder
	line := func(indent int, key, value string) {
		fmt.Fprintf(&b, "%s%s: %s\n", strings.Repeat("  ", indent), quoted(key), value)
	}
	line(0, "mapping", quoted(m.Name))
	line(0, "table", m.Table)
	if m.Sheet != "" {
		line(0, "sheet", quoted(m.Sheet))
	}
	if m.Currency != "" {
		line(0, "currency", m.Currency)
	}
	b.WriteString("columns:\n")
	for i, c := range m.Columns {
		if slices.ContainsFunc(m.Columns[:i], func(o Column) bool { return o.Header == c.Header }) {
			continue // written with the first
		}
		var parts []string
		for _, o := range m.Columns[i:] {
			if o.Header == c.Header {
				parts = append(parts, o.flow())
			}
		}
		if len(parts) == 1 {
			line(1, c.Header, parts[0])
		} else {
			line(1, c.Header, "["+strings.Join(parts, ", ")+"]")
		}
	}
	for _, part := range []struct {
		key  string
		list map[string]string
	}{{"fixed", m.Fixed}, {"stages", m.Stages}} {
		if len(part.list) == 0 {
			continue
		}
		line(0, part.key, "")
		for _, k := range slices.Sorted(maps.Keys(part.list)) {
			line(1, k, quoted(part.list[k]))
		}
	}
	return []byte(strings.ReplaceAll(b.String(), ": \n", ":\n"))
}

// flow is what a column is mapped to, on one line.
func (c Column) flow() string {
	if c.Style == "" && len(c.Values) == 0 {
		return quoted(c.To)
	}
	s := "{to: " + quoted(c.To)
	if c.Style != "" {
		s += ", style: " + quoted(c.Style)
	}
	if len(c.Values) > 0 {
		var list []string
		for _, k := range slices.Sorted(maps.Keys(c.Values)) {
			list = append(list, quoted(k)+": "+quoted(c.Values[k]))
		}
		s += ", values: {" + strings.Join(list, ", ") + "}"
	}
	return s + "}"
}

// quoted is a text as a YAML scalar: plain where nothing about it could be read as something else.
func quoted(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == ' ' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0xa0)
	}) && strings.TrimSpace(s) == s && !(s[0] >= '0' && s[0] <= '9' || s[0] == '.')
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
