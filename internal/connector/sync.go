package connector

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// Options of a run; the zero value is that of production.
type Options struct {
	// Overlap is how far before the latest known change a run begins, 0: ten minutes. It covers records that were saved late
	// and indices that lag; what comes again unchanged has no effect.
	Overlap time.Duration
	// Now is the clock, nil: the system's.
	Now func() time.Time
	// Emptied allows more than half of a list to be gone.
	Emptied bool
	// Progress hears of each object and each page.
	Progress func(Step)
}

// Step is how far a run is.
type Step struct {
	Object string
	// Number is that of the object, from 1, and Objects how many there are.
	Number, Objects int
	// Rows of the object are read; Total is how many there will be, negative where that is not known.
	Rows, Total int64
	// Done counts the rows that this run has read of all objects; Left those that are still to come, negative where that is
	// not known.
	Done, Left int64
}

// Report is what a run brought.
type Report struct {
	Objects []Progress
	Gaps    []Gap
}

// Progress is what a run brought of an object.
type Progress struct {
	Object string
	// Since is where the run began, zero for a whole reading.
	Since time.Time
	Pages int
	// Batches are the imports by table, in the order of the object's tables.
	Batches []warehouse.Batch
	// Deleted counts records that were found to be gone.
	Deleted int
}

// Limits of paging.
const (
	mostPages  = 1_000_000
	mostEmpty  = 100 // pages without a record in a row
	mostRepeat = 3   // pages with the very records of an earlier one
	fewGone    = 20  // as many may vanish without asking
)

// state is what the cursor of a batch holds.
type state struct {
	// Since is where this run began, Next where the following one begins. Microseconds, 0: the whole.
	Since int64 `json:"since,omitempty"`
	Next  int64 `json:"next,omitempty"`
	// High is the latest change seen, Start the clock when the run began: what changes during a long run is later than Start
	// and may have been passed already.
	High  int64  `json:"high,omitempty"`
	Start int64  `json:"start"`
	Page  string `json:"page,omitempty"`
	// Read is set when all pages have been read, and the deletions are left.
	Read bool `json:"read,omitempty"`
}

type running struct {
	place  string
	source int64
}

var atWork sync.Map // running → struct{}

// Sync reads from a source what is new since the last run, or resumes a run that was broken off. An error of one object
// ends the run; what was read until then is kept, and the next run goes on there. Busy while another run of the source is
// under way in this process.
func Sync(ctx context.Context, r Reader, s warehouse.Source, w *warehouse.Warehouse, o Options) (Report, error) {
	me := running{w.Place(), s.ID}
	if _, other := atWork.LoadOrStore(me, struct{}{}); other {
		return Report{}, Fail(Busy, s.Name)
	}
	defer atWork.Delete(me)
	if c, ok := r.(io.Closer); ok {
		defer c.Close() //nolint:errcheck // only read
	}
	o.Overlap = or(o.Overlap, 10*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	var report Report
	if err := r.Open(ctx); err != nil {
		return report, err
	}
	objects := r.Objects()
	ahead, err := count(ctx, r, s, w, o, objects)
	if err != nil {
		return report, err
	}
	for number, object := range objects {
		run := &run{r: r, s: s, w: w, o: o, object: object, number: number, ahead: ahead}
		err := run.all(ctx)
		if object.Optional && Is(err, Denied, Missing) && run.progress.Pages == 0 {
			report.Gaps = append(report.Gaps, Gap{object.Tables[0], NotAllowed})
			err = run.drop(ctx)
			run.progress.Batches = nil
		}
		report.Objects = append(report.Objects, run.progress)
		if err != nil {
			return report, err
		}
	}
	for _, g := range r.Gaps() {
		if !slices.Contains(report.Gaps, g) {
			report.Gaps = append(report.Gaps, g)
		}
	}
	return report, nil
}

// ahead is what a run expects, and how far it is.
type ahead struct {
	totals []int64 // by object; negative where it is not known
	known  []int64 // of which a run that was broken off has read these
	done   int64
}

// count asks how much there is to be read, where someone wants to know and the reader can tell.
func count(ctx context.Context, r Reader, s warehouse.Source, w *warehouse.Warehouse, o Options, objects []Object) (*ahead, error) {
	a := &ahead{totals: make([]int64, len(objects)), known: make([]int64, len(objects))}
	c, can := r.(Counter)
	for i, object := range objects {
		a.totals[i] = -1
		if o.Progress == nil || !can {
			continue
		}
		run := &run{w: w, s: s, o: o, object: object}
		last, err := run.last(ctx)
		if err != nil {
			return nil, err
		}
		if run.state.Read {
			a.totals[i] = last.Read
		} else if a.totals[i], err = c.Count(ctx, object.Name, run.since()); object.Optional && Is(err, Denied, Missing) {
			a.totals[i] = 0
		} else if err != nil {
			a.totals[i] = -1 // whether the object can be read at all is told when it is read
		}
		if last.State == warehouse.Running {
			a.known[i] = last.Read
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return a, nil
}

// tell says how far the run is.
func (r *run) tell() {
	if r.o.Progress == nil {
		return
	}
	a := r.ahead
	s := Step{Object: r.object.Name, Number: r.number + 1, Objects: len(a.totals), Rows: r.imports[0].Read, Total: a.totals[r.number], Done: a.done}
	for i := r.number; i < len(a.totals); i++ {
		have := a.known[i]
		if i == r.number {
			have = s.Rows
		}
		if a.totals[i] < 0 {
			s.Left = -1
			break
		}
		s.Left += max(a.totals[i]-have, 0)
	}
	r.o.Progress(s)
}

// run reads one object.
type run struct {
	r        Reader
	s        warehouse.Source
	w        *warehouse.Warehouse
	o        Options
	object   Object
	number   int
	ahead    *ahead
	state    state
	imports  []*warehouse.Import // by the object's tables
	progress Progress
}

func (r *run) all(ctx context.Context) (err error) {
	r.progress.Object = r.object.Name
	if err := r.begin(ctx); err != nil {
		return err
	}
	defer func() {
		for _, i := range r.imports {
			err = errors.Join(err, i.Abort())
			b := i.Batch
			if err != nil { // what it has counted beyond the last commit is gone
				if kept, e := r.w.Batch(context.WithoutCancel(ctx), i.ID); e == nil {
					b = kept
				}
			}
			r.progress.Batches = append(r.progress.Batches, b)
		}
	}()
	if r.state.Since > 0 {
		r.progress.Since = time.UnixMicro(r.state.Since).UTC()
	}
	if !r.state.Read {
		if err := r.pages(ctx); err != nil {
			return err
		}
	}
	if r.object.Deletions == Compared {
		if err := r.compare(ctx); err != nil {
			return err
		}
	}
	if err := r.keep(ctx); err != nil {
		return err
	}
	next := r.state.Since
	if r.state.High > 0 {
		next = max(next, min(r.state.High, r.state.Start))
	}
	r.state = state{Start: r.state.Start, Next: next}
	for k := len(r.imports) - 1; k >= 0; k-- { // the one that keeps the cursor last
		if err := r.finish(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) finish(ctx context.Context, k int) error {
	if k == 0 {
		if err := r.imports[0].Reached(ctx, r.state.String()); err != nil {
			return err
		}
	}
	return r.imports[k].Finish(ctx)
}

func (s state) String() string {
	b, _ := json.Marshal(s) // numbers and a text
	return string(b)
}

// last finds where the last run ended, or was broken off.
func (r *run) last(ctx context.Context) (warehouse.Batch, error) {
	last, err := r.w.Latest(ctx, r.s.ID, r.object.Tables[0], r.object.Name)
	if err != nil && !errors.Is(err, warehouse.ErrNotFound) {
		return last, err
	}
	var before state
	if last.Cursor != "" {
		if err := json.Unmarshal([]byte(last.Cursor), &before); err != nil {
			return last, &Error{Code: Unreadable, Place: r.object.Name, Cause: errors.New("the kept cursor")}
		}
	}
	switch {
	case last.State == warehouse.Running:
		r.state = before
	case last.State == warehouse.Done:
		r.state = state{Since: before.Next}
	}
	return last, nil
}

// since is from when on records are asked for; zero for all.
func (r *run) since() time.Time {
	if r.state.Since == 0 {
		return time.Time{}
	}
	return time.UnixMicro(r.state.Since).UTC().Add(-r.o.Overlap)
}

// begin opens the imports, those of a run that was broken off where there is one.
func (r *run) begin(ctx context.Context) error {
	now := r.o.Now()
	hash := "run " + rand.Text()
	last, err := r.last(ctx)
	if err != nil {
		return err
	}
	if last.State == warehouse.Running {
		hash = last.Hash
	}
	r.state.Start = or(r.state.Start, now.UnixMicro())
	for _, table := range r.object.Tables {
		i, err := r.w.Begin(ctx, r.s, table, r.object.Name, hash)
		if errors.Is(err, warehouse.ErrSame) { // broken off between the last commits of two tables
			i, err = r.w.Begin(ctx, r.s, table, r.object.Name, "run "+rand.Text())
		}
		if err != nil {
			return err
		}
		r.imports = append(r.imports, i)
	}
	return r.keep(ctx) // so that a run which is broken off in its first page knows where it began
}

// keep commits what the first table got, with the cursor. The others have been committed by then: SQLite lets one write at
// a time, so no two imports may be open together.
func (r *run) keep(ctx context.Context) error {
	if err := r.imports[0].Reached(ctx, r.state.String()); err != nil {
		return err
	}
	return r.imports[0].Pause(ctx)
}

// drop takes back a run that brought nothing.
func (r *run) drop(ctx context.Context) error {
	for _, i := range r.imports {
		if err := r.w.TakeBack(ctx, i.ID); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) pages(ctx context.Context) error {
	since := r.since()
	r.tell()
	cursors, contents := map[string]bool{r.state.Page: true}, map[[32]byte]bool{}
	empty, repeated, resumed := 0, 0, r.state.Page != ""
	for {
		page, err := r.r.Page(ctx, r.object.Name, since, r.state.Page)
		if resumed && Is(err, Refused, Missing) { // a cursor that was kept too long
			r.state.Page, resumed = "", false
			cursors = map[string]bool{"": true}
			for _, i := range r.imports { // one after the other, as ever
				if err := errors.Join(i.Again(ctx), i.Pause(ctx)); err != nil {
					return err
				}
			}
			continue
		}
		if err != nil {
			return err
		}
		resumed = false
		r.progress.Pages++
		if page.Header != nil {
			if err := r.imports[0].Header(ctx, page.Header); err != nil {
				return err
			}
		}
		switch mark := fingerprint(page.Rows); {
		case len(page.Rows) == 0:
			empty++
		case contents[mark]:
			repeated++
		default:
			empty, contents[mark] = 0, true
		}
		if err := r.write(ctx, page); err != nil {
			return err
		}
		r.state.Page = page.Next
		r.state.Read = page.Next == ""
		looped := page.Next != "" && (cursors[page.Next] || empty > mostEmpty || repeated > mostRepeat || r.progress.Pages >= mostPages)
		if looped {
			r.state.Page = "" // the next run begins again rather than inside the loop
		}
		if err := r.keep(ctx); err != nil {
			return err
		}
		if looped {
			return Fail(Loop, r.object.Name)
		}
		for _, row := range page.Rows {
			if row.Table == r.object.Tables[0] {
				r.ahead.done++
			}
		}
		r.tell()
		if r.state.Read {
			return nil
		}
		cursors[page.Next] = true
	}
}

// fingerprint tells whether two pages hold the same records.
func fingerprint(rows []Row) [32]byte {
	h := sha256.New()
	for k := range rows {
		hash := rows[k].Record.Hash()
		_, _ = h.Write(hash[:])
	}
	return [32]byte(h.Sum(nil))
}

func (r *run) write(ctx context.Context, page Page) error {
	for k := len(r.object.Tables) - 1; k >= 0; k-- {
		i := r.imports[k]
		for _, row := range page.Rows {
			if row.Table != r.object.Tables[k] {
				continue
			}
			if k == 0 {
				r.state.High = max(r.state.High, row.Record.Updated)
			}
			if p := row.Problem; p != nil {
				if err := i.Reject(ctx, warehouse.Reject{Line: i.Read + 1, Place: row.Record.ID, Column: p.Column, Code: p.Code, Value: p.Value, Cells: row.Cells}); err != nil {
					return err
				}
				continue
			}
			if err := i.Write(ctx, row.Record, i.Read+1, row.Record.ID, row.Cells); err != nil {
				return err
			}
		}
		if k > 0 {
			if err := i.Pause(ctx); err != nil {
				return err
			}
		}
	}
	for _, row := range page.Rows {
		if !slices.Contains(r.object.Tables, row.Table) {
			panic("connector: " + r.object.Name + " delivers a " + row.Table + " and does not say so")
		}
	}
	if len(page.Marks) == 0 {
		return nil
	}
	if err := r.keep(ctx); err != nil { // a marked record may be of this very page
		return err
	}
	return r.mark(ctx, page.Marks)
}

// mark marks known records as gone; those that are not known, or are marked already, stay as they are.
func (r *run) mark(ctx context.Context, marks []Mark) error {
	records := make([]crm.Record, 0, len(marks))
	for _, m := range marks {
		if m.Table != r.object.Tables[0] {
			panic("connector: " + r.object.Name + " marks a " + m.Table)
		}
		record, err := r.w.Record(ctx, r.s.ID, m.Table, m.ID) // before the first write: it could not be read beside it
		switch {
		case errors.Is(err, warehouse.ErrNotFound):
			continue
		case err != nil:
			return err
		case record.Deleted != 0 && record.Merged == m.Merged:
			continue
		}
		record.Deleted, record.Merged = or(m.At, r.o.Now().UnixMicro()), m.Merged
		records = append(records, record)
	}
	i := r.imports[0]
	for _, record := range records {
		if err := i.Write(ctx, record, i.Read+1, record.ID, nil); err != nil {
			return err
		}
	}
	r.progress.Deleted += len(records)
	return nil
}

// compare finds what is gone by asking for the identifiers that are left.
func (r *run) compare(ctx context.Context) error {
	table := r.object.Tables[0]
	known, err := r.w.Living(ctx, r.s.ID, table, r.object.Prefix)
	if err != nil || len(known) == 0 {
		return err
	}
	left, cursors, cursor := map[string]bool{}, map[string]bool{"": true}, ""
	for {
		ids, next, err := r.r.IDs(ctx, r.object.Name, cursor)
		if err != nil {
			return err
		}
		for _, id := range ids {
			left[id] = true
		}
		if next == "" {
			break
		}
		if cursors[next] || len(cursors) > mostPages {
			return Fail(Loop, r.object.Name)
		}
		cursors[next], cursor = true, next
	}
	var gone []Mark
	for _, id := range known {
		if !left[strings.TrimPrefix(id, r.object.Prefix)] {
			gone = append(gone, Mark{Table: table, ID: id})
		}
	}
	if len(gone) > fewGone && 2*len(gone) > len(known) && !r.o.Emptied {
		return failf(Vanished, r.object.Name, "%d of %d records", len(gone), len(known))
	}
	return r.mark(ctx, gone)
}
