package warehouse

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
)

// State is where an import stands.
type State string

// The states of a batch.
const (
	Running   State = "running" // or broken off: it can be resumed
	Done      State = "done"
	TakenBack State = "taken_back"
)

// Errors of imports.
var (
	ErrSame     = errors.New("warehouse: this file has been imported already")
	ErrState    = errors.New("warehouse: the import is not in a state for that")
	ErrOverlaid = errors.New("warehouse: a later import changed what this one brought")
)

// Batch is one import into one table.
type Batch struct {
	ID     int64
	Source int64
	Table  string
	// File is its name, or the object of a connector; Hash is the SHA-256 of a file's content, or the run of a connector.
	File, Hash        string
	State             State
	Started, Finished time.Time
	// Read = Inserted + Updated + Unchanged + Rejected, as of the last commit.
	Read, Inserted, Updated, Unchanged, Rejected int64
	// Cursor is where the next rows begin, in the words of whoever reads them.
	Cursor string
}

const batchColumns = "id, source, table_name, file, file_hash, state, started, finished, rows_read, inserted, updated, unchanged, rejected, cursor"

func scanBatch(row interface{ Scan(...any) error }) (Batch, error) {
	var b Batch
	var started, finished int64
	err := row.Scan(&b.ID, &b.Source, &b.Table, &b.File, &b.Hash, &b.State, &started, &finished, &b.Read, &b.Inserted, &b.Updated, &b.Unchanged, &b.Rejected, &b.Cursor)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	b.Started = time.UnixMicro(started).UTC()
	if finished != 0 {
		b.Finished = time.UnixMicro(finished).UTC()
	}
	return b, err
}

// Batch finds an import. ErrNotFound.
func (w *Warehouse) Batch(ctx context.Context, id int64) (Batch, error) {
	return scanBatch(w.db.QueryRowContext(ctx, "SELECT "+batchColumns+" FROM crm_batch WHERE id = $1", id))
}

// Batches lists the imports of a source, latest first.
func (w *Warehouse) Batches(ctx context.Context, source int64) (list []Batch, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT "+batchColumns+" FROM crm_batch WHERE source = $1 ORDER BY id DESC", source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		b, err := scanBatch(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

// Reject is a row that could not be taken, with all that is needed to mend it.
type Reject struct {
	Batch  int64
	Line   int64    // of the file, or the count of a connector
	Place  string   // a sheet's name, or the identifier at the source
	Column string   // of the canonical table, empty for the row as a whole
	Code   string   // of a crm.Problem, or of the mapping
	Value  string   // what stands there
	Cells  []string // the row as it was delivered
}

const (
	chunk     = 64     // rows of one statement
	perCommit = 50_000 // rows of one transaction: what is lost when the program is killed
	cellsKept = 4_000  // characters of a reject's cell
	counted   = 100    // rows that make the statistics of a table worth taking anew
)

// Import is a batch being filled. It is for one goroutine. Those of one file wait for each other from the first Write to the
// next Pause, Finish or Abort; a goroutine that has several must therefore pause one before it writes to another. ErrWriting
// where it does not.
type Import struct {
	Batch
	w     *Warehouse
	t     crm.Table
	zone  *time.Location
	tx    *sql.Tx
	give  func() // ends the turn that begin took
	fresh bool   // the table had no row of the source when the batch began
	open  int    // rows in the running transaction
	// failed is why rows were lost: nothing may be committed then.
	failed error
	rows   []Checked
	many   *sql.Stmt // inserts a whole chunk
	look   *sql.Stmt // finds the rows of a whole chunk
	drop   *sql.Stmt // deletes a row
	args   []any
	// pending are rows of the chunk at hand that are to be inserted.
	pending []*Checked
	// highest is the greatest identifier so far: one beyond it is new in a table that was empty.
	highest  string
	currency string // of the source
	touched  *touches
	tallies  []*difference
	recount  bool // somebody else wrote too: the tallies have to be made anew
}

// Begin starts an import, or resumes one of the same file that was broken off: Cursor then says where. ErrSame where the
// file has been imported completely, ErrNotFound for an unknown table.
func (w *Warehouse) Begin(ctx context.Context, s Source, table, file, hash string) (*Import, error) {
	t, ok := crm.Find(table)
	if !ok {
		return nil, ErrNotFound
	}
	zone, err := s.Zone()
	if err != nil {
		return nil, err
	}
	i := &Import{w: w, t: t, zone: zone, currency: s.Currency, touched: touchesOf(t)}
	for _, tally := range tallies[table] {
		d := &difference{tally: tally, sum: map[tallyKey]*counts{}}
		for _, name := range tally.reads {
			d.at = append(d.at, t.Index(name))
		}
		i.tallies = append(i.tallies, d)
	}
	if hash != "" {
		i.Batch, err = scanBatch(w.db.QueryRowContext(ctx, "SELECT "+batchColumns+" FROM crm_batch WHERE source = $1 AND table_name = $2 AND file_hash = $3 AND state <> 'taken_back' ORDER BY id DESC LIMIT 1", s.ID, table, hash))
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, err
		case i.State == Done:
			return i, ErrSame
		}
	}
	if i.ID == 0 {
		now := w.now().UTC()
		i.Batch = Batch{Source: s.ID, Table: table, File: file, Hash: hash, State: Running, Started: now}
		err := w.write(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "INSERT INTO crm_batch (source, table_name, file, file_hash, state, started, finished, rows_read, inserted, updated, unchanged, rejected, cursor) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0, '') RETURNING id",
				s.ID, table, file, hash, string(Running), now.UnixMicro()).Scan(&i.ID)
		})
		if err != nil {
			return nil, err
		}
	}
	var one int
	err = w.db.QueryRowContext(ctx, "SELECT 1 FROM crm_"+table+" WHERE source = $1 LIMIT 1", s.ID).Scan(&one)
	if i.fresh = errors.Is(err, sql.ErrNoRows); !i.fresh && err != nil {
		return nil, err
	}
	if i.touched != nil && (i.fresh || i.Cursor != "" || i.Read > 0) {
		i.touched.all = true // what was touched before it was broken off is not known
	}
	return i, nil
}

// Header keeps the names of the file's columns, so that rejects can be written as the file was.
func (i *Import) Header(ctx context.Context, names []string) error {
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return i.w.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE crm_batch SET header = $1 WHERE id = $2", string(text), i.ID)
		return err
	})
}

// HeaderOf is what Header kept of an import.
func (w *Warehouse) HeaderOf(ctx context.Context, batch int64) (names []string, err error) {
	var text string
	err = w.db.QueryRowContext(ctx, "SELECT header FROM crm_batch WHERE id = $1", batch).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &names)
	}
	return names, err
}

// Checked is a record that has been completed and checked.
type Checked struct {
	record crm.Record
	hash   [16]byte
	// Problem is why it cannot be taken, nil where it can.
	Problem *crm.Problem
}

// Check completes and checks a record. Unlike everything else of an Import it may run beside it, in other goroutines. It
// keeps r's values.
func (i *Import) Check(r crm.Record) Checked {
	if found := i.t.Complete(&r, i.zone); len(found) > 0 {
		return Checked{Problem: &found[0]} // the others are found when it has been mended
	}
	return Checked{record: r, hash: r.Hash()}
}

// Write takes a record that came from a line; one that is wrong becomes a reject with its cells. It keeps r's values.
func (i *Import) Write(ctx context.Context, r crm.Record, line int64, place string, cells []string) error {
	return i.WriteChecked(ctx, i.Check(r), line, place, cells)
}

// WriteChecked is Write for a record that Check has seen.
func (i *Import) WriteChecked(ctx context.Context, c Checked, line int64, place string, cells []string) error {
	if p := c.Problem; p != nil {
		return i.Reject(ctx, Reject{Line: line, Place: place, Column: p.Column, Code: p.Code, Value: p.Value, Cells: cells})
	}
	i.rows = append(i.rows, c)
	i.Read++
	if len(i.rows) == chunk {
		return i.flush(ctx)
	}
	return nil
}

// Reject keeps a row that cannot be taken.
func (i *Import) Reject(ctx context.Context, r Reject) error {
	tx, err := i.begin(ctx)
	if err != nil {
		return err
	}
	kept := make([]string, len(r.Cells))
	for k, c := range r.Cells {
		kept[k] = cut(c)
	}
	cells, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	i.Read++
	i.Rejected++
	i.open++
	_, err = tx.ExecContext(ctx, "INSERT INTO crm_reject (batch, line, place, column_name, code, value, cells) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
		i.ID, r.Line, r.Place, r.Column, r.Code, cut(r.Value), string(cells))
	return err
}

func cut(s string) string {
	if r := []rune(s); len(r) > cellsKept {
		return string(r[:cellsKept])
	}
	return s
}

// Again says that the rows come from the beginning once more: what was rejected so far is rejected again, or has been mended.
// Rows that were taken are there and come as unchanged.
func (i *Import) Again(ctx context.Context) error {
	if err := i.flush(ctx); err != nil {
		return err
	}
	tx, err := i.begin(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM crm_reject WHERE batch = $1", i.ID); err != nil {
		return err
	}
	i.Read -= i.Rejected
	i.Rejected = 0
	return nil
}

// Reached notes where the next rows begin. What was written so far is there for good from time to time, and at Finish.
func (i *Import) Reached(ctx context.Context, cursor string) error {
	i.Cursor = cursor
	if i.open+len(i.rows) < perCommit {
		return nil
	}
	return i.commit(ctx, Running)
}

// Finish ends the import.
func (i *Import) Finish(ctx context.Context) error { return i.commit(ctx, Done) }

// Pause keeps what was written so far; Begin resumes it.
func (i *Import) Pause(ctx context.Context) error { return i.commit(ctx, Running) }

// Abort drops what was written since the last commit.
func (i *Import) Abort() error {
	if i.tx == nil {
		return nil
	}
	tx := i.tx
	i.tx, i.open, i.rows, i.fresh = nil, 0, nil, false
	for _, d := range i.tallies {
		clear(d.sum)
	}
	defer i.give()
	return tx.Rollback()
}

func (i *Import) begin(ctx context.Context) (*sql.Tx, error) {
	if i.tx != nil {
		return i.tx, nil
	}
	// The end of ctx ends the reading and the waiting, not what has been read: Pause keeps that.
	give, err := i.w.turn.take(ctx)
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if i.tx, err = i.w.db.BeginTx(ctx, nil); err != nil {
		give()
		return nil, busy(err)
	}
	i.give = give
	where := "FROM crm_" + i.t.Name + " WHERE source = $1 AND ext_id = $2"
	for into, query := range map[**sql.Stmt]string{&i.many: i.insert(chunk), &i.look: i.find(chunk), &i.drop: "DELETE " + where} {
		if *into, err = i.tx.PrepareContext(ctx, query); err != nil {
			return nil, errors.Join(err, i.Abort())
		}
	}
	return i.tx, nil
}

func (i *Import) commit(ctx context.Context, state State) error {
	if err := i.flush(ctx); err != nil {
		return err
	}
	if state == Done && i.touched != nil && i.tx != nil {
		// Reading for crm_opportunity_due is of what has been committed.
		if err := i.commit(ctx, Running); err != nil {
			return err
		}
	}
	tx, err := i.begin(ctx)
	if err != nil {
		return err
	}
	for _, d := range i.tallies {
		if err := d.write(ctx, tx, i.w.d, i.Source); err != nil {
			return err
		}
	}
	if i.recount {
		if err := recount(ctx, tx, i.Source, i.t.Name); err != nil {
			return err
		}
		i.recount = false
	}
	if state == Done && i.touched != nil {
		if err := i.w.makeDue(ctx, tx, i.Source, i.currency, i.touched); err != nil {
			return err
		}
	}
	i.State = state
	finished := int64(0)
	if state == Done {
		i.Finished = i.w.now().UTC()
		finished = i.Finished.UnixMicro()
	}
	_, err = tx.ExecContext(ctx, "UPDATE crm_batch SET state = $1, finished = $2, rows_read = $3, inserted = $4, updated = $5, unchanged = $6, rejected = $7, cursor = $8 WHERE id = $9",
		string(state), finished, i.Read, i.Inserted, i.Updated, i.Unchanged, i.Rejected, i.Cursor, i.ID)
	if err != nil {
		return err
	}
	if state == Done && i.Inserted >= counted {
		// Without statistics a database takes every table for a small one and joins it row by row.
		if _, err := tx.ExecContext(ctx, "ANALYZE crm_"+i.t.Name); err != nil { //nolint:misspell // the word of SQL
			return err
		}
	}
	i.tx, i.open = nil, 0
	defer i.give()
	return tx.Commit()
}

// insert is the statement that inserts n rows and leaves those that are there.
func (i *Import) insert(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO crm_" + i.t.Name + " (" + strings.Join(i.columns(), ", ") + ") VALUES ")
	i.w.d.rows(&b, n, common+len(i.t.Columns))
	b.WriteString(" ON CONFLICT (source, ext_id) DO NOTHING")
	return b.String()
}

// find is the statement that finds n rows by their identifiers.
func (i *Import) find(n int) string {
	var b strings.Builder
	b.WriteString("SELECT ext_id, hash, batch FROM crm_" + i.t.Name + " WHERE source = $1 AND ext_id IN ")
	for k := range n {
		b.WriteByte("(,"[min(k, 1)])
		b.WriteString("$" + strconv.Itoa(k+2))
	}
	b.WriteByte(')')
	return b.String()
}

func (i *Import) values(args []any, c *Checked) []any {
	r := &c.record
	args = append(args, i.Source, r.ID, instant(r.Created), instant(r.Updated), instant(r.Deleted), text(r.Merged), i.ID, c.hash[:])
	return append(args, r.Values...)
}

func instant(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// flush writes the rows at hand.
func (i *Import) flush(ctx context.Context) (err error) {
	if i.failed != nil {
		return i.failed
	}
	n := len(i.rows)
	if n == 0 {
		return nil
	}
	tx, err := i.begin(ctx)
	if err != nil {
		return err
	}
	rows := i.rows
	i.rows = i.rows[:0]
	i.open += n
	i.w.turn.goes()
	defer func() {
		if err != nil {
			i.failed = err
		}
	}()
	there, err := i.known(ctx, tx, rows)
	if err != nil {
		return err
	}
	fresh := i.pending[:0]
	defer func() { i.pending = fresh[:0] }()
	for k := range rows {
		c := &rows[k]
		have, ok := there[c.record.ID]
		if ok && have.hash == c.hash {
			i.Unchanged++
			continue
		}
		if there != nil {
			there[c.record.ID] = row{c.hash, i.ID} // the file may have it again
		}
		if !ok {
			fresh = append(fresh, c)
		} else {
			// It may be one of those that are still to be written.
			if err := i.add(ctx, tx, fresh); err != nil {
				return err
			}
			fresh = fresh[:0]
			if err := i.replace(ctx, tx, c, have.batch); err != nil {
				return err
			}
			i.Updated++
		}
	}
	return i.add(ctx, tx, fresh)
}

// row is what is known of one that is there.
type row struct {
	hash  [16]byte
	batch int64
}

// known finds those of the rows that are there; nil says that none can be.
func (i *Import) known(ctx context.Context, tx *sql.Tx, rows []Checked) (there map[string]row, err error) {
	beyond := i.fresh
	for k := range rows {
		id := rows[k].record.ID
		beyond = beyond && id > i.highest
		i.highest = max(i.highest, id)
	}
	if beyond {
		return nil, nil
	}
	i.args = append(i.args[:0], i.Source)
	for k := range rows {
		i.args = append(i.args, rows[k].record.ID)
	}
	var found *sql.Rows
	if len(rows) == chunk {
		found, err = i.look.QueryContext(ctx, i.args...)
	} else {
		found, err = tx.QueryContext(ctx, i.find(len(rows)), i.args...)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	there = make(map[string]row, len(rows))
	for found.Next() {
		var id string
		var hash sql.RawBytes
		var r row
		if err := found.Scan(&id, &hash, &r.batch); err != nil {
			return nil, err
		}
		copy(r.hash[:], hash)
		there[id] = r
	}
	return there, found.Err()
}

// add inserts rows that are not there.
func (i *Import) add(ctx context.Context, tx *sql.Tx, rows []*Checked) error {
	n := len(rows)
	if n == 0 {
		return nil
	}
	i.args = i.args[:0]
	for _, c := range rows {
		i.args = i.values(i.args, c)
		i.count(c)
	}
	var r sql.Result
	var err error
	if n == chunk {
		r, err = i.many.ExecContext(ctx, i.args...)
	} else {
		r, err = tx.ExecContext(ctx, i.insert(n), i.args...)
	}
	if err != nil {
		return err
	}
	inserted, err := r.RowsAffected()
	i.Inserted += inserted
	if other := int64(n) - inserted; other > 0 { // another import brought them meanwhile
		i.Unchanged += other
		i.recount = true
	}
	return err
}

// count counts a record in.
func (i *Import) count(c *Checked) {
	i.touched.note(c.record.ID, c.record.Values)
	for _, d := range i.tallies {
		d.add(c.record.Values, rest{c.record.Deleted != 0, c.record.Merged != "", i.currency}, 1)
	}
}

// replace puts a row in the place of the one that is there, which a batch brought.
func (i *Import) replace(ctx context.Context, tx *sql.Tx, c *Checked, batch int64) error {
	if batch != i.ID || len(i.tallies) > 0 || i.touched != nil {
		before, err := i.read(ctx, tx, c.record.ID)
		if err != nil {
			return err
		}
		i.touched.note(c.record.ID, before[common:])
		for _, d := range i.tallies {
			d.add(before[common:], rest{before[4] != nil, before[5] != nil, i.currency}, -1)
		}
		if batch != i.ID {
			if err := i.remember(ctx, tx, c.record.ID, batch, before); err != nil {
				return err
			}
		}
	}
	if _, err := i.drop.ExecContext(ctx, i.Source, c.record.ID); err != nil {
		return err
	}
	i.count(c)
	_, err := tx.ExecContext(ctx, i.insert(1), i.values(nil, c)...)
	return err
}

// columns are all columns of the table, in the order of insert.
func (i *Import) columns() []string {
	all := []string{"source", "ext_id", "created_at", "updated_at", "deleted_at", "merged_into", "batch", "hash"}
	for _, c := range i.t.Columns {
		all = append(all, c.Name)
	}
	return all
}

// common is how many columns every table begins with.
const common = 8

// read is a row as it is there, by columns.
func (i *Import) read(ctx context.Context, tx *sql.Tx, id string) ([]any, error) {
	names := i.columns()
	row, into := make([]any, len(names)), make([]any, len(names))
	for k := range row {
		into[k] = &row[k]
	}
	err := tx.QueryRowContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM crm_"+i.t.Name+" WHERE source = $1 AND ext_id = $2", i.Source, id).Scan(into...)
	return row, err
}

// remember keeps a row as an earlier batch left it.
func (i *Import) remember(ctx context.Context, tx *sql.Tx, id string, batch int64, row []any) error {
	for k, v := range row {
		if b, ok := v.([]byte); ok {
			row[k] = base64.StdEncoding.EncodeToString(b)
		}
	}
	before, err := json.Marshal(row)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO crm_undo (batch, table_name, ext_id, before_batch, before) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", i.ID, i.t.Name, id, batch, string(before))
	return err
}

// TakeBack undoes an import: what it brought goes, what it changed is as it was. ErrOverlaid where a later import changed
// some of it: that one has to go first. ErrState where it has been taken back.
func (w *Warehouse) TakeBack(ctx context.Context, id int64) error {
	b, err := w.Batch(ctx, id)
	if err != nil {
		return err
	}
	if b.State == TakenBack {
		return ErrState
	}
	t, ok := crm.Find(b.Table)
	if !ok {
		return ErrNotFound
	}
	i := &Import{Batch: b, w: w, t: t}
	err = w.write(ctx, func(tx *sql.Tx) error {
		var later int64
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM crm_undo WHERE before_batch = $1", id).Scan(&later); err != nil {
			return err
		}
		if later > 0 {
			return ErrOverlaid
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM crm_"+t.Name+" WHERE source = $1 AND batch = $2", b.Source, id); err != nil {
			return err
		}
		if err := i.putBack(ctx, tx); err != nil {
			return err
		}
		if err := recount(ctx, tx, b.Source, t.Name); err != nil {
			return err
		}
		for _, s := range []string{"DELETE FROM crm_undo WHERE batch = $1", "DELETE FROM crm_reject WHERE batch = $1", "UPDATE crm_batch SET state = 'taken_back' WHERE id = $1"} {
			if _, err := tx.ExecContext(ctx, s, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || touchesOf(t) == nil {
		return err
	}
	return w.remake(ctx, b.Source)
}

func (i *Import) putBack(ctx context.Context, tx *sql.Tx) error {
	last := ""
	for { // a page at a time: a database may not write while it reads
		var ids, texts []string
		rows, err := tx.QueryContext(ctx, "SELECT ext_id, before FROM crm_undo WHERE batch = $1 AND table_name = $2 AND ext_id > $3 ORDER BY ext_id LIMIT 1000", i.ID, i.t.Name, last)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id, before string
			if err := rows.Scan(&id, &before); err != nil {
				return errors.Join(err, rows.Close())
			}
			ids, texts = append(ids, id), append(texts, before)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		last = ids[len(ids)-1]
		for _, before := range texts {
			row, err := i.decode(before)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, i.insert(1), row...); err != nil {
				return err
			}
		}
	}
}

// decode reads a row that remember kept.
func (i *Import) decode(before string) ([]any, error) {
	d := json.NewDecoder(strings.NewReader(before))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	kinds := []crm.Kind{crm.Count, crm.Text, crm.Instant, crm.Instant, crm.Instant, crm.Text, crm.Count, "hash"}
	for _, c := range i.t.Columns {
		kinds = append(kinds, c.Kind)
	}
	if len(row) != len(kinds) {
		return nil, fmt.Errorf("warehouse: a kept row of crm_%s has %d columns", i.t.Name, len(row))
	}
	for k, v := range row {
		n, isNumber := v.(json.Number)
		s, isText := v.(string)
		var err error
		switch {
		case isNumber && kinds[k] == crm.Share:
			row[k], err = n.Float64()
		case isNumber:
			row[k], err = n.Int64()
		case isText && kinds[k] == "hash":
			row[k], err = base64.StdEncoding.DecodeString(s)
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}

// Rejects are the rows of an import that were not taken, in the order of their lines.
func (w *Warehouse) Rejects(ctx context.Context, batch int64) (list []Reject, err error) {
	for r, err := range w.EachReject(ctx, batch) {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// EachReject is Rejects one after the other: a file may have a million.
func (w *Warehouse) EachReject(ctx context.Context, batch int64) iter.Seq2[Reject, error] {
	return w.rejects(ctx, "SELECT "+rejectColumns+" FROM crm_reject WHERE batch = $1 ORDER BY line, column_name", batch)
}

// RejectsAfter is a part of Rejects: at most so many after a line and column.
func (w *Warehouse) RejectsAfter(ctx context.Context, batch, line int64, column string, most int) (list []Reject, err error) {
	for r, err := range w.rejects(ctx, "SELECT "+rejectColumns+" FROM crm_reject WHERE batch = $1 AND (line > $2 OR line = $2 AND column_name > $3) ORDER BY line, column_name LIMIT $4", batch, line, column, most) {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

const rejectColumns = "batch, line, place, column_name, code, value, cells"

func (w *Warehouse) rejects(ctx context.Context, query string, args ...any) iter.Seq2[Reject, error] {
	return func(yield func(Reject, error) bool) {
		rows, err := w.db.QueryContext(ctx, query, args...)
		if err != nil {
			yield(Reject{}, err)
			return
		}
		defer rows.Close() //nolint:errcheck // only read; what broke off is in Err
		for rows.Next() {
			var r Reject
			var cells string
			err := rows.Scan(&r.Batch, &r.Line, &r.Place, &r.Column, &r.Code, &r.Value, &cells)
			if err == nil {
				err = json.Unmarshal([]byte(cells), &r.Cells)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Reject{}, err)
		}
	}
}
