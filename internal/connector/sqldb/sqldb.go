// Package sqldb reads a database by one query for each canonical table: PostgreSQL, MariaDB and MySQL, SQL Server. What the
// columns are is said by the mapping of package ingest; their types are the database's. Start with New.
//
// It only reads, and three things hold that: a query is one statement that begins with SELECT or WITH and has no word that
// writes; it runs in a transaction that may not write, where the database has such; and the transaction is never committed.
// SQL Server has none that may not write: there a login that may only read is what holds.
package sqldb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/tabular"
)

// Rows of a page, and identifiers of one.
const (
	pageRows = 2000
	pageIDs  = 10_000
)

// defaultTimeout is how long a query may take where the mapping says nothing, its rows included.
const defaultTimeout = time.Hour

// begin is :since of a whole reading: SQL Server's oldest type of times begins in 1753, and no CRM holds anything before.
var begin = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// Needs are the settings that a database cannot do without.
var Needs = []string{"address", "user", "mapping"}

// Check reads the mapping of a database that is spoken to at an address, and looks at its queries.
func Check(name string, mapping []byte, address string) (*ingest.Queries, diag.List) {
	scheme, _, _ := strings.Cut(strings.TrimSpace(address), ":")
	e := engines[scheme]
	if e == nil {
		e = postgreSQL // the address is complained of elsewhere
	}
	q, found := ingest.ReadQueries(name, mapping)
	if found.Err() != nil {
		return nil, found
	}
	_, wrong := parseAll(q, e)
	found = append(found, wrong...)
	if found.Err() != nil {
		return nil, found.Sorted()
	}
	return q, found
}

// table is a canonical table and how it is read.
type table struct {
	connector.Object
	mapping    *ingest.Mapping
	query, ids *statement
}

func parseAll(q *ingest.Queries, e *engine) (list []table, found diag.List) {
	for _, m := range q.Tables {
		t := table{mapping: m}
		// A query that was changed is another list: what it delivers now is read from the beginning.
		sum := sha256.Sum256(fmt.Appendf(m.YAML(), "%s\x00%v", m.Query.Text, q.Zone))
		t.Object = connector.Object{Name: m.Table + " " + hex.EncodeToString(sum[:3]), Tables: []string{m.Table}}
		var wrong diag.List
		t.query, wrong = e.lexis.parse(m.Query)
		found = append(found, wrong...)
		if m.IDs.Text != "" {
			t.ids, wrong = e.lexis.parse(m.IDs)
			if found = append(found, wrong...); wrong.Err() == nil && len(t.ids.since) > 0 {
				found.Add(diag.New("query_ids", m.IDs.At(t.ids.since[0][0], t.ids.since[0][1]), nil))
			}
		} else if t.query != nil && len(t.query.since) == 0 {
			t.ids = t.query
		}
		if canonical, _ := crm.Find(m.Table); t.ids != nil && len(canonical.Key) == 0 {
			t.Deletions = connector.Compared
		}
		list = append(list, t)
	}
	return list, found
}

// reader reads a database. It is an io.Closer.
type reader struct {
	access  connector.Access
	address address
	tables  []table
	zone    *time.Location // of times without one
	timeout time.Duration
	db      *sql.DB
	stream  *stream
	ids     *stream
}

// New is a reader of the database at an address, with a user, a password and a mapping. connector.Address,
// connector.Misfit.
func New(a connector.Access) (connector.Reader, error) {
	at, err := parseAddress(a.Address, a.HTTP.Allowed)
	if err != nil {
		return nil, err
	}
	at.database = cmp.Or(a.Database, at.database)
	q, found := ingest.ReadQueries("mapping", []byte(a.Mapping))
	if found.Err() != nil {
		return nil, &connector.Error{Code: connector.Misfit, Cause: found}
	}
	r := &reader{access: a, address: at, zone: a.Zone, timeout: cmp.Or(q.Timeout, defaultTimeout)}
	if q.Zone != nil {
		r.zone = q.Zone
	}
	if r.tables, found = parseAll(q, at.engine); found.Err() != nil {
		return nil, &connector.Error{Code: connector.Misfit, Cause: found.Sorted()}
	}
	// Those that others refer to first, whatever order the mapping has.
	slices.SortStableFunc(r.tables, func(a, b table) int { return cmp.Compare(rank(a.mapping.Table), rank(b.mapping.Table)) })
	return r, nil
}

func rank(table string) int {
	return slices.IndexFunc(crm.Tables(), func(t crm.Table) bool { return t.Name == table })
}

// Open logs in.
func (r *reader) Open(ctx context.Context) error {
	if err := r.Close(); err != nil {
		return err
	}
	db, err := r.address.engine.open(r)
	if err != nil {
		return r.failure(ctx, "", err)
	}
	// One for the rows, one for the identifiers.
	db.SetMaxOpenConns(2)
	r.db = db
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(r.failure(ctx, "", err), r.Close())
	}
	return nil
}

// Close ends what is running.
func (r *reader) Close() error {
	r.stream, r.ids = r.stream.close(), r.ids.close()
	if r.db == nil {
		return nil
	}
	db := r.db
	r.db = nil
	return db.Close()
}

// Objects are the tables that have a query.
func (r *reader) Objects() []connector.Object {
	var list []connector.Object
	for _, t := range r.tables {
		list = append(list, t.Object)
	}
	return list
}

// Gaps are the tables without one.
func (r *reader) Gaps() []connector.Gap {
	var gaps []connector.Gap
	for _, t := range crm.Tables() {
		if t.Name != "user_alias" && !slices.ContainsFunc(r.tables, func(o table) bool { return o.mapping.Table == t.Name }) {
			gaps = append(gaps, connector.Gap{Table: t.Name, Reason: connector.NotMapped})
		}
	}
	return gaps
}

func (r *reader) find(object string) (table, error) {
	i := slices.IndexFunc(r.tables, func(t table) bool { return t.Name == object })
	if i < 0 {
		return table{}, connector.Fail(connector.Missing, object)
	}
	return r.tables[i], nil
}

// Page goes on reading the rows of a query, which stays open from page to page. A cursor is a count of rows and good in the
// run that it was given in only: without knowing the order of a query no other run can go on there.
func (r *reader) Page(ctx context.Context, object string, since time.Time, cursor string) (connector.Page, error) {
	t, err := r.find(object)
	if err != nil {
		return connector.Page{}, err
	}
	s := r.stream
	if cursor == "" {
		if r.stream = r.stream.close(); r.db == nil {
			return connector.Page{}, connector.Fail(connector.Unavailable, object)
		}
		if s, err = r.ask(ctx, t, t.query, since); err != nil {
			return connector.Page{}, r.failure(ctx, t.mapping.Table, err)
		}
		r.stream = s
		if err := s.fit(t, r); err != nil {
			r.stream = s.close()
			return connector.Page{}, err
		}
	} else if s == nil || s.object != object || s.cursor() != cursor {
		r.stream = r.stream.close()
		return connector.Page{}, connector.Fail(connector.Refused, object)
	}
	var page connector.Page
	if cursor == "" {
		page.Header = s.names
	}
	for len(page.Rows) < pageRows {
		more, err := s.next()
		if err != nil {
			err = r.failure(ctx, t.mapping.Table, s.late(err))
			r.stream = s.close()
			return connector.Page{}, err
		}
		if !more {
			r.stream = s.close()
			return page, nil
		}
		page.Rows = append(page.Rows, s.row(t.mapping.Table))
	}
	page.Next = s.cursor()
	return page, nil
}

// IDs lists the identifiers that a query still delivers. Their order is the database's.
func (r *reader) IDs(ctx context.Context, object, cursor string) (ids []string, next string, err error) {
	t, err := r.find(object)
	if err != nil || t.ids == nil {
		return nil, "", cmp.Or(err, connector.Fail(connector.Missing, object))
	}
	s := r.ids
	if cursor == "" {
		r.ids = r.ids.close()
		if s, err = r.ask(ctx, t, t.ids, time.Time{}); err != nil {
			return nil, "", r.failure(ctx, t.mapping.Table, err)
		}
		r.ids = s
		if err := s.identify(t); err != nil {
			r.ids = s.close()
			return nil, "", err
		}
	} else if s == nil || s.object != object || s.cursor() != cursor {
		return nil, "", connector.Fail(connector.Refused, object)
	}
	for len(ids) < pageIDs {
		more, err := s.next()
		if err != nil {
			err = r.failure(ctx, t.mapping.Table, s.late(err))
			r.ids = s.close()
			return nil, "", err
		}
		if !more {
			r.ids = s.close()
			return ids, "", nil
		}
		if id, err := tabular.ParseID(s.cells[s.id]); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, s.cursor(), nil
}

// stream is a query that is running.
type stream struct {
	object string
	ctx    context.Context //nolint:containedctx // that of the query, which outlives the call that began it
	cancel context.CancelFunc
	conn   *sql.Conn
	tx     *sql.Tx
	rows   *sql.Rows
	zone   *time.Location
	names  []string
	kinds  []kind
	plan   *ingest.Plan
	id     int // the column of identifiers
	count  int64
	values []any
	cells  []tabular.Cell
	bad    int // the column whose text is not UTF-8, -1 for none
	done   bool
}

// ask runs a query in a transaction of its own, which is never committed.
func (r *reader) ask(ctx context.Context, t table, q *statement, since time.Time) (_ *stream, err error) {
	e := r.address.engine
	s := &stream{object: t.Name, zone: r.zone, bad: -1}
	s.ctx, s.cancel = context.WithTimeout(ctx, r.timeout)
	defer func() {
		if err != nil {
			err = s.late(err)
			s.close()
		}
	}()
	if s.conn, err = r.db.Conn(s.ctx); err != nil {
		return nil, err
	}
	if err := e.prepare(s.ctx, s.conn, r.timeout); err != nil {
		return nil, err
	}
	if s.tx, err = s.conn.BeginTx(s.ctx, &sql.TxOptions{ReadOnly: e.readOnly}); err != nil {
		return nil, err
	}
	for _, command := range e.inside(r.timeout) {
		if _, err := s.tx.ExecContext(s.ctx, command); err != nil {
			return nil, err
		}
	}
	var args []any
	if len(q.since) > 0 {
		if since.IsZero() {
			since = begin
		}
		args = e.since(since, r.zone, len(q.since))
	}
	if s.rows, err = s.tx.QueryContext(s.ctx, q.bound(e.placeholder), args...); err != nil { //nolint:rowserrcheck // asked in next
		return nil, err
	}
	columns, err := s.rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		s.names = append(s.names, c.Name())
		s.kinds = append(s.kinds, e.kind(c.DatabaseTypeName()))
	}
	s.values, s.cells = make([]any, len(columns)), make([]tabular.Cell, len(columns))
	return s, nil
}

// fit holds the mapping against what the query delivers.
func (s *stream) fit(t table, r *reader) error {
	m, found := t.mapping.Named(s.names)
	if len(t.query.since) > 0 && found.Err() == nil && !slices.ContainsFunc(m.Columns, func(c ingest.Column) bool { return c.To == "updated" }) {
		found.Add(diag.New("query_since", t.mapping.Query.At(t.query.since[0][0], t.query.since[0][1]), nil))
	}
	if found.Err() == nil {
		sheet := &tabular.Sheet{Name: t.mapping.Table, Typed: true}
		for i, name := range s.names {
			sheet.Columns = append(sheet.Columns, tabular.TypedColumn(name, s.kinds[i].style()))
		}
		s.plan, found = ingest.Fit(m, sheet, r.access.Zone, r.access.Currency)
	}
	if found.Err() != nil {
		return &connector.Error{Code: connector.Misfit, Place: t.mapping.Table, Cause: found}
	}
	return nil
}

// identify finds the column of identifiers: the one that the mapping says, or else the one named id, or the only one.
func (s *stream) identify(t table) error {
	header := "id"
	for _, c := range t.mapping.Columns {
		if c.To == "id" {
			header = c.Header
		}
	}
	s.id = slices.IndexFunc(s.names, func(name string) bool { return strings.EqualFold(name, header) })
	if s.id < 0 && len(s.names) == 1 {
		s.id = 0
	}
	if s.id < 0 {
		return &connector.Error{Code: connector.Misfit, Place: t.mapping.Table, Cause: diag.List{diag.New("mapping_header", t.mapping.IDs.At(0, 0), diag.Args{"name": header, "nearest": ""})}}
	}
	return nil
}

// errSecond is what a query ends with that turned out to be several.
var errSecond = errors.New("there is more than one result")

// next reads a row into the cells; false behind the last one.
func (s *stream) next() (bool, error) {
	if !s.rows.Next() {
		if err := s.rows.Err(); err != nil {
			return false, err
		}
		if s.rows.NextResultSet() {
			return false, errSecond
		}
		s.done = s.rows.Err() == nil
		return false, s.rows.Err()
	}
	for i := range s.values {
		s.values[i] = new(any)
	}
	if err := s.rows.Scan(s.values...); err != nil {
		return false, err
	}
	s.bad = -1
	for i, v := range s.values {
		c, ok := s.kinds[i].cell(*v.(*any), s.zone)
		if !ok && s.bad < 0 {
			s.bad = i
		}
		s.cells[i] = c
	}
	s.count++
	return true, nil
}

// notUTF8 is the code of a reject with such a text.
const notUTF8 = "encoding"

// row is the current row as one of a table.
func (s *stream) row(table string) connector.Row {
	record, err := s.plan.Record(tabular.Row{Line: int(s.count), Cells: s.cells})
	row := connector.Row{Table: table, Record: record, Problem: ingest.ProblemOf(err), Cells: make([]string, len(s.cells))}
	for i, c := range s.cells {
		row.Cells[i] = c.Text
	}
	if s.bad >= 0 && row.Problem == nil {
		row.Problem = &crm.Problem{Column: s.names[s.bad], Code: notUTF8, Value: s.cells[s.bad].Text}
	}
	return row
}

// late is the error of a query whose time is up, whatever the driver makes of it, or else err.
func (s *stream) late(err error) error {
	if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

// cursor is where the rows stand.
func (s *stream) cursor() string {
	b, _ := json.Marshal(map[string]int64{"rows": s.count})
	return string(b)
}

// close ends the query and takes back the transaction; it returns nil, for the field that held the stream.
func (s *stream) close() *stream {
	if s == nil {
		return nil
	}
	if !s.done {
		s.cancel() // a driver would else read all that is left
	}
	defer s.cancel()
	if s.rows != nil {
		_ = s.rows.Close()
	}
	if s.tx != nil {
		_ = s.tx.Rollback()
	}
	if s.conn != nil {
		_ = s.conn.Close()
	}
	return nil
}

// failure is an error of the driver as one of ours. What the server says about the text of a query is kept: it names tables
// and columns. All else may hold data or secrets, and only its number stays.
func (r *reader) failure(ctx context.Context, place string, err error) error {
	var known *connector.Error
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, connector.ErrPrivate):
		return &connector.Error{Code: connector.Address, Place: place, Cause: connector.ErrPrivate}
	case errors.Is(err, context.DeadlineExceeded):
		return &connector.Error{Code: connector.Slow, Place: place, Cause: fmt.Errorf("more than %s", r.timeout)}
	case errors.Is(err, errSecond):
		return &connector.Error{Code: connector.Query, Place: place, Cause: errSecond}
	}
	code, detail := r.address.engine.failure(err)
	if code == "" {
		code, detail = connector.Unavailable, ""
		if why := untrusted(err); why != "" {
			code, detail = connector.Untrusted, why
		}
	}
	e := &connector.Error{Code: code, Place: place}
	if detail != "" {
		e.Cause = errors.New(detail)
	}
	return e
}
