package ingest

import (
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/formula"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// Query is a text of SQL, empty where there is none.
type Query struct {
	Text string
	// Node is where the mapping has it.
	Node *casefile.Node
}

// At is the place in the mapping of the characters from start to before end; the whole where end is 0.
func (q Query) At(start, end int) diag.Position {
	switch {
	case q.Node == nil:
		return diag.Position{}
	case end == 0:
		return q.Node.At
	}
	return q.Node.Inside(formula.Span{Start: start, End: end})
}

// Queries are the mapping of a database: a query for each table. A column that bears the name of one of ours needs no more
// than that.
type Queries struct {
	Name string
	// Zone is that of times without one, nil where that of the source holds.
	Zone *time.Location
	// Timeout is how long a query may take, 0 where nothing is said.
	Timeout time.Duration
	// Tables have a Query each, and each another Table.
	Tables []*Mapping
}

// Bounds of a query's time.
const (
	leastTime = time.Second
	mostTime  = 24 * time.Hour
)

var queriesKeys, queryKeys = []string{"mapping", "zone", "timeout", "currency", "tables"}, []string{"table", "query", "ids", "currency", "columns", "fixed", "stages"}

// ReadQueries reads the mapping of a database. Whether a query is one that reads is for who asks it to say.
func ReadQueries(name string, text []byte) (*Queries, diag.List) {
	root, found := casefile.ParseYAML(name, text)
	if found.Err() != nil {
		return nil, found
	}
	q, r := &Queries{}, &reader{}
	currency := ""
	for _, e := range root.Entries {
		switch e.Key {
		case "mapping":
			q.Name = r.text(e.Value)
		case "zone":
			zone, err := time.LoadLocation(r.text(e.Value))
			if err != nil || e.Value.Text == "" {
				r.wrong("query_zone", e.Value.At, diag.Args{"value": e.Value.Text})
			}
			q.Zone = zone
		case "timeout":
			d, err := time.ParseDuration(r.text(e.Value))
			if err != nil || d < leastTime || d > mostTime {
				r.wrong("query_timeout", e.Value.At, diag.Args{"value": e.Value.Text})
			}
			q.Timeout = d
		case "currency":
			currency = r.text(e.Value)
		case "tables":
			for _, item := range e.Value.Items {
				q.Tables = append(q.Tables, r.query(item))
			}
		default:
			r.wrong("query_key", e.At, diag.Args{"name": e.Key, "nearest": quantity.Nearest(e.Key, queriesKeys)})
		}
	}
	if len(q.Tables) == 0 {
		r.wrong("query_tables", root.At, nil)
	}
	for i, m := range q.Tables {
		if m.Currency == "" {
			m.Currency = currency
		}
		if m.Table != "" && slices.ContainsFunc(q.Tables[:i], func(o *Mapping) bool { return o.Table == m.Table }) {
			r.wrong("query_twice", m.Query.At(0, 0), diag.Args{"table": m.Table})
		}
	}
	if r.found.Err() != nil {
		return nil, r.found.Sorted()
	}
	return q, r.found
}

// query reads the mapping of one table.
func (r *reader) query(n *casefile.Node) *Mapping {
	m := newMapping()
	for _, e := range n.Entries {
		switch {
		case e.Key == "query":
			m.Query = Query{r.text(e.Value), e.Value}
		case e.Key == "ids":
			m.IDs = Query{r.text(e.Value), e.Value}
		case !slices.Contains(queryKeys, e.Key) || !r.key(m, e):
			r.wrong("query_key", e.At, diag.Args{"name": e.Key, "nearest": quantity.Nearest(e.Key, queryKeys)})
		}
	}
	if m.Table == "" {
		r.wrong("mapping_table", n.At, diag.Args{"name": "", "nearest": ""})
	}
	if strings.TrimSpace(m.Query.Text) == "" {
		r.wrong("query_missing", n.At, diag.Args{"table": m.Table})
	}
	r.check(m, n.At, false)
	return m
}

// Named is the mapping of a table with the columns that its query names as ours are, checked as a whole. names are the
// columns that the query delivers; one that nothing is said of is an error, for it may be a name that was mistyped.
func (m *Mapping) Named(names []string) (*Mapping, diag.List) {
	whole, r := *m, &reader{}
	whole.Columns = slices.Clone(m.Columns)
	t, _ := crm.Find(m.Table)
	ours := slices.Clone(Common)
	for _, c := range t.Columns {
		if c.Kind != crm.Month {
			ours = append(ours, c.Name)
		}
	}
	for _, name := range names {
		if slices.ContainsFunc(m.Columns, func(c Column) bool { return c.Header == name }) {
			continue
		}
		to := strings.ToLower(name)
		if !slices.Contains(ours, to) {
			r.wrong("query_column", m.Query.At(0, 0), diag.Args{"name": name, "table": m.Table, "nearest": quantity.Nearest(to, ours)})
			continue
		}
		whole.Columns = append(whole.Columns, Column{Header: name, To: to, At: m.Query.At(0, 0)})
	}
	if r.found.Err() == nil {
		r.check(&whole, m.Query.At(0, 0), true)
	}
	return &whole, r.found.Sorted()
}
