package connector_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

var account, _ = crm.Find("account")

// book is a CRM of accounts in memory: the truth that the warehouse must hold in the end.
type book struct {
	names   map[int]string
	changed map[int]time.Time
	size    int
	calls   int
	// before is asked ahead of each page and may change the book, or fail.
	before  func(call int) error
	mode    connector.Deletions
	objects []connector.Object
	page    func(cursor string) (connector.Page, error)
}

func (b *book) Open(context.Context) error { return nil }
func (b *book) Gaps() []connector.Gap {
	return []connector.Gap{{Table: "login", Reason: connector.NotOffered}}
}
func (b *book) Objects() []connector.Object {
	if b.objects != nil {
		return b.objects
	}
	return []connector.Object{{Name: "companies", Tables: []string{"account"}, Deletions: b.mode}}
}

func (b *book) ids(after string) []int {
	last, _ := strconv.Atoi(after)
	var ids []int
	for id := range b.names {
		if id > last {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (b *book) Page(_ context.Context, _ string, since time.Time, cursor string) (connector.Page, error) {
	b.calls++
	if b.before != nil {
		if err := b.before(b.calls); err != nil {
			return connector.Page{}, err
		}
	}
	if b.page != nil {
		return b.page(cursor)
	}
	var p connector.Page
	for _, id := range b.ids(cursor) {
		if b.changed[id].Before(since) {
			continue
		}
		if len(p.Rows) == b.size {
			p.Next = p.Rows[b.size-1].Record.ID
			break
		}
		r := account.New(strconv.Itoa(id))
		account.Set(&r, "name", b.names[id])
		r.Updated = b.changed[id].UnixMicro()
		p.Rows = append(p.Rows, connector.Row{Table: "account", Record: r})
	}
	return p, nil
}

func (b *book) IDs(_ context.Context, _, cursor string) (ids []string, next string, err error) {
	for _, id := range b.ids(cursor) {
		if len(ids) == b.size {
			return ids, ids[b.size-1], nil
		}
		ids = append(ids, strconv.Itoa(id))
	}
	return ids, "", nil
}

func (b *book) set(id int, name string, at time.Time) { b.names[id], b.changed[id] = name, at }

func newBook(n int) *book {
	b := &book{names: map[int]string{}, changed: map[int]time.Time{}, size: 3, mode: connector.Compared}
	for id := 1; id <= n; id++ {
		b.set(id, fmt.Sprintf("Kunde %d", id), noon.Add(time.Duration(id)*time.Minute))
	}
	return b
}

type store struct {
	*warehouse.Warehouse
	source warehouse.Source
	now    time.Time
}

func newStore(t testing.TB) *store {
	t.Helper()
	w, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "data.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s, err := w.AddSource(context.Background(), warehouse.Source{Name: "CRM", Kind: "book", Timezone: "Europe/Berlin", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return &store{w, s, noon.Add(24 * time.Hour)}
}

func (s *store) sync(r connector.Reader) (connector.Report, error) {
	return connector.Sync(context.Background(), r, s.source, s.Warehouse, connector.Options{Now: func() time.Time { return s.now }})
}

// holds are the living accounts, by identifier.
func (s *store) holds(t interface{ Fatal(...any) }) map[int]string {
	rows, err := s.Query(context.Background(), "SELECT ext_id, name FROM crm_account WHERE deleted_at IS NULL AND merged_into IS NULL")
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			t.Fatal(err)
		}
		got[id] = name
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return got
}

func counts(r connector.Report) [4]int64 {
	b := r.Objects[0].Batches[0]
	return [4]int64{b.Inserted, b.Updated, b.Unchanged, int64(r.Objects[0].Deleted)}
}

func TestSync_bringsWhatIsNewOnce(t *testing.T) {
	b, s := newBook(40), newStore(t)
	for _, step := range []struct {
		name   string
		change func()
		want   [4]int64 // inserted, updated, unchanged, deleted
	}{
		{"everything", func() {}, [4]int64{40, 0, 0, 0}},
		// The latest change was at 12:40; with ten minutes of overlap those of 12:30 and later come again.
		{"nothing", func() {}, [4]int64{0, 0, 11, 0}},
		{"one changed, one new", func() { b.set(7, "Neu", noon.Add(50*time.Minute)); b.set(41, "K41", noon.Add(51*time.Minute)) }, [4]int64{1, 1, 11, 0}},
		{"one saved late", func() { b.set(8, "Spät", noon.Add(45*time.Minute)) }, [4]int64{0, 1, 2, 0}},
		{"two gone", func() { delete(b.names, 3); delete(b.names, 41) }, [4]int64{0, 2, 2, 2}},
		{"still gone", func() {}, [4]int64{0, 0, 2, 0}},
	} {
		step.change()
		s.now = s.now.Add(time.Hour)
		report, err := s.sync(b)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if d := cmp.Diff(step.want, counts(report)); d != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, d)
		}
		if d := cmp.Diff(b.names, s.holds(t)); d != "" {
			t.Errorf("%s: the table (-want +got):\n%s", step.name, d)
		}
		if len(report.Gaps) != 1 {
			t.Errorf("%s: gaps %v", step.name, report.Gaps)
		}
	}
}

// A run that breaks off goes on where it was, without loss and without a second reading of what it had.
func TestSync_resumes(t *testing.T) {
	b, s := newBook(40), newStore(t)
	broken := errors.New("the network is gone")
	b.before = func(call int) error {
		if call == 6 {
			return broken
		}
		return nil
	}
	if _, err := s.sync(b); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if n := len(s.holds(t)); n != 15 {
		t.Errorf("%d records were kept", n)
	}
	report, err := s.sync(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.names, s.holds(t)); d != "" {
		t.Error(d)
	}
	if b.calls != 6+9 || counts(report) != [4]int64{40, 0, 0, 0} {
		t.Errorf("%d calls, %v", b.calls, counts(report))
	}
	list, err := s.Batches(t.Context(), s.source.ID)
	if err != nil || len(list) != 1 || list[0].State != warehouse.Done {
		t.Errorf("%v, %v", list, err)
	}
}

// What a run reports is what the warehouse holds, wherever it was stopped.
func TestSync_reportsWhatWasKept(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		b, s := newBook(14), newStore(t)
		ctx, cancel := context.WithCancel(t.Context())
		b.before = func(call int) error {
			if call == stop {
				cancel() // the page still comes
			}
			return nil
		}
		report, err := connector.Sync(ctx, b, s.source, s.Warehouse, connector.Options{})
		cancel()
		if stop <= 5 != errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at page %d: %v", stop, err)
		}
		told := report.Objects[0].Batches[0]
		kept, err := s.Batch(t.Context(), told.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(kept, told, cmp.Comparer(func(a, b time.Time) bool { return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond)) })); d != "" {
			t.Errorf("stopped at page %d (-kept +told):\n%s", stop, d)
		}
		have, err := s.Counts(t.Context(), s.source.ID)
		if err != nil || have["account"] != told.Inserted {
			t.Errorf("stopped at page %d: %v in the table, %d told, %v", stop, have, told.Inserted, err)
		}
	}
}

// Whatever happens between and within runs, the last undisturbed run leaves the truth.
func TestSync_endsWithTheTruth(t *testing.T) {
	if err := flag.Set("rapid.checks", "20"); err != nil { // each opens a database and syncs it some times
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		b, s := newBook(rapid.IntRange(0, 15).Draw(r, "records")), newStore(t)
		clock := noon.Add(30 * time.Minute)
		s.now = clock // one clock for both: a run that began "tomorrow" would take today's changes for older than itself
		change := func() {
			clock = clock.Add(time.Duration(rapid.IntRange(1, 40).Draw(r, "minutes")) * time.Minute)
			s.now = clock
			id := rapid.IntRange(1, 25).Draw(r, "id")
			if b.names[id] != "" && rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
				delete(b.names, id)
				return
			}
			if _, known := b.changed[id]; known && b.names[id] == "" {
				return // an identifier is not used again
			}
			b.set(id, fmt.Sprint("Name ", clock.Unix()), clock)
		}
		for range rapid.IntRange(1, 6).Draw(r, "runs") {
			b.before = func(int) error {
				switch rapid.IntRange(0, 5).Draw(r, "event") {
				case 0:
					return connector.Fail(connector.Unavailable, "book")
				case 1, 2:
					change()
				}
				return nil
			}
			if _, err := s.sync(b); err != nil && !connector.Is(err, connector.Unavailable) {
				r.Fatal(err)
			}
		}
		b.before = nil
		if _, err := s.sync(b); err != nil { // finishes what may have been broken off
			r.Fatal(err)
		}
		if _, err := s.sync(b); err != nil {
			r.Fatal(err)
		}
		if d := cmp.Diff(b.names, s.holds(r)); d != "" {
			r.Fatalf("(-want +got):\n%s", d)
		}
	})
}

func TestSync_endsWherePagesDoNot(t *testing.T) {
	row := func(id string) []connector.Row {
		r := account.New(id)
		account.Set(&r, "name", "K")
		return []connector.Row{{Table: "account", Record: r}}
	}
	n := 0
	for name, page := range map[string]func(string) (connector.Page, error){
		"the same cursor": func(string) (connector.Page, error) { return connector.Page{Rows: row("1"), Next: "x"}, nil },
		"cursors in a circle": func(c string) (connector.Page, error) {
			return connector.Page{Rows: row(c + "1"), Next: map[string]string{"": "a", "a": "b", "b": "a"}[c]}, nil
		},
		"the same page for ever": func(string) (connector.Page, error) {
			n++
			return connector.Page{Rows: row("1"), Next: fmt.Sprint(n)}, nil
		},
		"empty pages for ever": func(string) (connector.Page, error) { n++; return connector.Page{Next: fmt.Sprint(n)}, nil },
		"back to the first cursor": func(string) (connector.Page, error) {
			n++
			return connector.Page{Rows: row(fmt.Sprint(n)), Next: "a"}, nil
		},
	} {
		b, s := newBook(0), newStore(t)
		b.page = page
		if _, err := s.sync(b); !connector.Is(err, connector.Loop) {
			t.Errorf("%s: %v", name, err)
		}
		if b.calls > 200 {
			t.Errorf("%s: %d pages", name, b.calls)
		}
	}
	// Short and empty pages before the last are no loop.
	b, s := newBook(0), newStore(t)
	b.mode = connector.Unseen
	b.page = func(c string) (connector.Page, error) {
		i, _ := strconv.Atoi(c)
		p := connector.Page{Next: fmt.Sprint(i + 1)}
		if i%20 == 19 {
			p.Rows = row(fmt.Sprint(i))
		}
		if i == 99 {
			p.Next = ""
		}
		return p, nil
	}
	if _, err := s.sync(b); err != nil || len(s.holds(t)) != 5 {
		t.Errorf("%v, %v", err, s.holds(t))
	}
}

func TestSync_doesNotBelieveThatMostOfItIsGone(t *testing.T) {
	b, s := newBook(60), newStore(t)
	if _, err := s.sync(b); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= 40; id++ {
		delete(b.names, id)
	}
	if _, err := s.sync(b); !connector.Is(err, connector.Vanished) {
		t.Error(err)
	}
	if n := len(s.holds(t)); n != 60 {
		t.Errorf("%d are left", n)
	}
	if _, err := connector.Sync(t.Context(), b, s.source, s.Warehouse, connector.Options{Emptied: true}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.names, s.holds(t)); d != "" {
		t.Error(d)
	}
}

func TestSync_marksWhatWentUpInAnother(t *testing.T) {
	b, s := newBook(0), newStore(t)
	row := func(id string) connector.Row {
		r := account.New(id)
		account.Set(&r, "name", "K"+id)
		return connector.Row{Table: "account", Record: r}
	}
	b.mode = connector.Delivered
	b.page = func(string) (connector.Page, error) {
		return connector.Page{Rows: []connector.Row{row("1"), row("2"), row("3")}, Marks: []connector.Mark{{Table: "account", ID: "2", Merged: "1"}, {Table: "account", ID: "9", Merged: "1"}, {Table: "account", ID: "3", At: noon.UnixMicro()}}}, nil
	}
	if _, err := s.sync(b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[int]string{1: "K1"}, s.holds(t)); d != "" {
		t.Error(d)
	}
	r, err := s.Record(t.Context(), s.source.ID, "account", "2")
	if err != nil || r.Merged != "1" || r.Deleted == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = s.Record(t.Context(), s.source.ID, "account", "3"); err != nil || r.Deleted != noon.UnixMicro() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSync_aRightThatIsMissingIsAGap(t *testing.T) {
	b, s := newBook(3), newStore(t)
	b.objects = []connector.Object{{Name: "log-ins", Tables: []string{"login"}, Optional: true}, {Name: "companies", Tables: []string{"account"}}}
	b.before = func(call int) error {
		if call == 1 {
			return connector.Fail(connector.Denied, "log-ins")
		}
		return nil
	}
	report, err := s.sync(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]connector.Gap{{Table: "login", Reason: connector.NotAllowed}, {Table: "login", Reason: connector.NotOffered}}, report.Gaps); d != "" {
		t.Error(d)
	}
	if len(s.holds(t)) != 3 {
		t.Error("the other object was not read")
	}
}

// What cannot be read is kept as a reject and counted, and the rest goes on.
func TestSync_keepsRejects(t *testing.T) {
	b, s := newBook(0), newStore(t)
	b.mode = connector.Unseen
	good, bad := account.New("1"), account.New("2")
	account.Set(&good, "name", "K")
	b.page = func(string) (connector.Page, error) {
		return connector.Page{Rows: []connector.Row{{Table: "account", Record: bad, Problem: &crm.Problem{Column: "monthly", Code: "kind", Value: "viel"}}, {Table: "account", Record: account.New("3")}, {Table: "account", Record: good}}}, nil
	}
	report, err := s.sync(b)
	if err != nil {
		t.Fatal(err)
	}
	batch := report.Objects[0].Batches[0]
	rejects, err := s.Rejects(t.Context(), batch.ID)
	if err != nil || len(rejects) != 2 || rejects[0].Place != "2" || rejects[0].Code != "kind" || rejects[1].Place != "3" || rejects[1].Column != "name" {
		t.Errorf("%+v, %v", rejects, err)
	}
	if batch.Read != 3 || batch.Inserted != 1 || batch.Rejected != 2 {
		t.Errorf("%+v", batch)
	}
}
