package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// DataLimits bound what uploads may take. Zero fields mean the values of DefaultDataLimits.
type DataLimits struct {
	// File and Organisation are bytes of one upload and of all that an organisation has not yet imported.
	File, Organisation int64
	// Uploads of an organisation at the same time.
	Uploads int
	// Kept is for how long an upload stays that nobody touches.
	Kept time.Duration
}

// DefaultDataLimits let through the export of a large CRM.
func DefaultDataLimits() DataLimits {
	return DataLimits{File: 2 << 30, Organisation: 6 << 30, Uploads: 20, Kept: 24 * time.Hour}
}

const (
	waitingImports = 50               // imports that wait for the one that runs
	idleFile       = 10 * time.Minute // after which an opened file is closed
	mostNames      = 200              // different texts of a column that are listed
	labelRows      = 200_000          // rows that are looked through for them
	previewed      = 8                // rows of a preview
)

// Data is where the records of CRMs are kept, and the files on their way there. Imports run one after the other, whoever
// looks at them; those of a program that ended can be resumed by the next.
type Data struct {
	w      *warehouse.Warehouse
	dir    string
	limits DataLimits
	now    func() time.Time
	log    *slog.Logger

	writing sync.Mutex // held by whoever writes more than a moment
	mu      sync.Mutex // over uploads and incoming
	uploads map[string]*upload
	ended   map[string]*upload // imported; kept for a while for those who look
	// incoming are the bytes that uploads under way may still bring, by organisation.
	incoming map[string]int64
	queue    chan *upload
	figures  *lru.Cache[string, []kpi.Series]
	reaches  *lru.Cache[string, [3]int64] // first and last month and last day of a source
	ctx      context.Context              //nolint:containedctx // ends the imports that run
	stop     context.CancelFunc
	done     sync.WaitGroup
	temp     bool // dir is ours alone and goes at the end
}

// OpenData begins to keep data in a warehouse, with uploads in a folder of its own; an empty folder is a temporary one,
// whose uploads end with the program. Close it before the warehouse.
func OpenData(w *warehouse.Warehouse, dir string, limits DataLimits, now func() time.Time, log *slog.Logger) (*Data, error) {
	def := DefaultDataLimits()
	d := &Data{w: w, dir: dir, now: now, log: log, uploads: map[string]*upload{}, ended: map[string]*upload{}, incoming: map[string]int64{}, queue: make(chan *upload, waitingImports), figures: remembered[[]kpi.Series](), reaches: remembered[[3]int64](),
		limits: DataLimits{cmp.Or(limits.File, def.File), cmp.Or(limits.Organisation, def.Organisation), cmp.Or(limits.Uploads, def.Uploads), cmp.Or(limits.Kept, def.Kept)}}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	var err error
	if dir == "" {
		d.temp = true
		d.dir, err = os.MkdirTemp("", "rendite-uploads-*")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = d.reopen()
	}
	if err != nil {
		return nil, err
	}
	d.ctx, d.stop = context.WithCancel(context.Background())
	d.done.Go(d.work)
	return d, nil
}

// Close ends the import that runs, which can be resumed, and closes the files.
func (d *Data) Close() error {
	d.stop()
	d.done.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, u := range d.uploads {
		u.mu.Lock()
		errs = append(errs, u.close())
		u.mu.Unlock()
	}
	if d.temp {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// UploadState is where an upload stands.
type UploadState string

// The states of an upload.
const (
	UploadOpen    UploadState = "open"    // its mapping is being settled
	UploadQueued  UploadState = "queued"  // waits for another import
	UploadRunning UploadState = "running" // is being imported
	UploadStopped UploadState = "stopped" // was cancelled, or the program ended: it can be resumed
	UploadFailed  UploadState = "failed"  // see Err
	UploadDone    UploadState = "done"    // its file is gone
)

// Reading is what somebody knows better of a file than it shows; see tabular.Options.
type Reading struct {
	Encoding   string `json:"encoding"`
	Delimiter  string `json:"delimiter"` // one character
	HeaderLine int    `json:"header_line"`
}

// Upload is a file on its way into the warehouse.
type Upload struct {
	ID           string
	Organisation string
	User         string
	By           string // the user's name
	File         string
	Size         int64
	Created      time.Time
	// Source is the name of the one that it goes into, which is made where it is missing, with Timezone and Currency.
	Source, Timezone, Currency string
	Reading                    Reading
	Sheet                      string
	Mapping                    *ingest.Mapping
	// Keep is the name under which the mapping is kept when the import begins; empty for not.
	Keep  string
	State UploadState
	// Batch is the import, 0 before it has ended or stopped.
	Batch int64
	// Same says that the file had been imported before.
	Same bool

	// Done of Total is how far the import is, in what the file counts; Rows are those so far, since Started.
	Done, Total, Rows int64 `json:"-"`
	Started           time.Time
	// Err is why it failed.
	Err error `json:"-"`
}

// upload is an Upload with what only this package knows.
type upload struct {
	mu sync.Mutex
	Upload
	Hash []byte // state of SHA-256 after the file
	Used time.Time

	file              *tabular.File
	opened            Reading // how file was opened
	cancel            context.CancelFunc
	labels            map[string][]ingest.Label
	unsure            []string
	done, total, rows atomic.Int64
}

func (d *Data) path(id, kind string) string { return filepath.Join(d.dir, id+"."+kind) }

var errPanic = errors.New("app: an import panicked")

// save writes what is known of an upload beside its file.
func (d *Data) save(u *upload) error {
	u.Used = d.now()
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	part := d.path(u.ID, "part")
	if err := os.WriteFile(part, text, 0o600); err != nil {
		return err
	}
	return os.Rename(part, d.path(u.ID, "json"))
}

// reopen finds the uploads of a program that ended.
func (d *Data) reopen() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, isJSON := strings.CutSuffix(e.Name(), ".json")
		if !isJSON {
			continue
		}
		u := &upload{}
		text, err := os.ReadFile(d.path(id, "json"))
		if err == nil {
			err = json.Unmarshal(text, u)
		}
		if err != nil || u.ID != id {
			continue // not ours; swept with the others
		}
		if u.State == UploadQueued || u.State == UploadRunning {
			u.State = UploadStopped
		}
		d.uploads[id] = u
	}
	for _, e := range entries { // what belongs to none, such as an upload that broke off
		id, _, _ := strings.Cut(e.Name(), ".")
		if d.uploads[id] == nil {
			if err := os.Remove(filepath.Join(d.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// close closes the file. It is called with u.mu.
func (u *upload) close() error {
	f := u.file
	u.file, u.labels = nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// remove deletes an upload's file. It is called with u.mu.
func (d *Data) remove(u *upload) error {
	err := u.close()
	for _, kind := range []string{"file", "json"} {
		if e := os.Remove(d.path(u.ID, kind)); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// forget takes an upload out of the list.
func (d *Data) forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.uploads, id)
	delete(d.ended, id)
}

// of is the upload that an import is made from.
func (d *Data) of(org string, b warehouse.Batch) string {
	if b.State != warehouse.Running || b.Hash == "" {
		return ""
	}
	for _, u := range d.list(org) {
		u.mu.Lock()
		same := u.State != UploadOpen && u.Mapping != nil && u.sum() == b.Hash
		id := u.ID
		u.mu.Unlock()
		if same {
			return id
		}
	}
	return ""
}

// list are the uploads of an organisation, latest first.
func (d *Data) list(org string) []*upload {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*upload
	for _, u := range d.uploads {
		if u.Organisation == org {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *upload) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// find finds an upload of an organisation.
func (d *Data) find(org, id string) (*upload, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := cmp.Or(d.uploads[id], d.ended[id])
	if u == nil || u.Organisation != org {
		return nil, &Error{Code: NotFound, Key: "data.error.no_upload"}
	}
	return u, nil
}

// shown is what others see. It is called with u.mu.
func (u *upload) shown() Upload {
	v := u.Upload
	v.Done, v.Total, v.Rows = u.done.Load(), u.total.Load(), u.rows.Load()
	return v
}

// NewUpload says what is known of a file before it comes.
type NewUpload struct {
	File                       string
	Source, Timezone, Currency string
	// Like is an import whose mapping fits, 0 for none: its rejects come back mended.
	Like int64
}

// DataLimits are those of uploads; zero where no data are kept.
func (a *App) DataLimits() DataLimits {
	if a.data == nil {
		return DataLimits{}
	}
	return a.data.limits
}

// AddUpload takes a file, at most as large as the limits say, and proposes what its columns are. A file that cannot be read
// is refused with a diag.Diagnostic, and not kept.
func (a *App) AddUpload(ctx context.Context, who Actor, org string, n NewUpload, r io.Reader) (Upload, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return Upload{}, err
	}
	d := a.data
	u := &upload{Upload: Upload{ID: rand.Text(), Organisation: org, User: who.User, By: who.Name, File: fileName(n.File), Created: d.now(), State: UploadOpen,
		Source: strings.TrimSpace(n.Source), Timezone: n.Timezone, Currency: strings.ToUpper(strings.TrimSpace(n.Currency))}}
	u.mu.Lock()
	defer u.mu.Unlock()
	text := ""
	if n.Like != 0 {
		b, err := a.batch(ctx, org, n.Like)
		if err != nil {
			return Upload{}, err
		}
		u.Source = b.SourceName
		if text, err = d.w.MappingOf(ctx, n.Like); err != nil && !errors.Is(err, warehouse.ErrNotFound) {
			return Upload{}, err
		}
	}
	if err := d.settled(ctx, &u.Upload); err != nil {
		return Upload{}, err
	}
	room, err := d.reserve(org)
	if err != nil {
		return Upload{}, err
	}
	err = d.receive(ctx, u, r, room)
	d.mu.Lock()
	d.incoming[org] -= room
	if err == nil {
		d.uploads[u.ID] = u
	}
	d.mu.Unlock()
	if err == nil {
		if err = d.propose(ctx, u, text); err == nil {
			err = d.save(u)
		}
		if err != nil {
			d.forget(u.ID)
		}
	}
	if err != nil {
		return Upload{}, errors.Join(err, d.remove(u))
	}
	return u.shown(), nil
}

// fileName is the last part of a name, as browsers and their users write it.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 200 {
		name = string(r[len(r)-200:])
	}
	return cmp.Or(strings.TrimSpace(name), "export.csv")
}

// settled checks the source that an upload is for, and takes over zone and currency of one that there is.
func (d *Data) settled(ctx context.Context, u *Upload) error {
	s, err := d.w.SourceByName(ctx, u.Organisation, u.Source)
	if err == nil {
		u.Timezone, u.Currency = s.Timezone, s.Currency
		return nil
	}
	if !errors.Is(err, warehouse.ErrNotFound) {
		return err
	}
	if u.Source == "" || len([]rune(u.Source)) > 120 {
		return &Error{Code: Invalid, Key: "data.error.source_name", Field: "source"}
	}
	if _, err := (warehouse.Source{Timezone: u.Timezone}).Zone(); err != nil {
		return &Error{Code: Invalid, Key: "data.error.timezone", Args: diag.Args{"value": u.Timezone}, Field: "timezone"}
	}
	if len(u.Currency) != 3 || strings.Trim(u.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return &Error{Code: Invalid, Key: "data.error.currency", Args: diag.Args{"value": u.Currency}, Field: "currency"}
	}
	return nil
}

// reserve makes room for a file and says how large it may be.
func (d *Data) reserve(org string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	used, count := d.incoming[org], 0
	for _, u := range d.uploads {
		if u.Organisation == org {
			used += u.Size
			count++
		}
	}
	room := min(d.limits.File, d.limits.Organisation-used)
	if count >= d.limits.Uploads || room <= 0 {
		return 0, &Error{Code: Limit, Key: "data.error.uploads", Args: diag.Args{"count": count}}
	}
	d.incoming[org] += room
	return room, nil
}

// receive streams a file into the folder of uploads.
func (d *Data) receive(ctx context.Context, u *upload, r io.Reader, room int64) (err error) {
	f, err := os.OpenFile(d.path(u.ID, "file"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	u.Size, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(r, room+1))
	if err = errors.Join(err, f.Close()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if u.Size > room {
		return &Error{Code: Limit, Key: "data.error.upload_big", Args: diag.Args{"size": int(room >> 20)}}
	}
	state, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return errors.New("app: SHA-256 keeps no state")
	}
	u.Hash, err = state.MarshalBinary()
	return err
}

// sum is the hash by which an import is known: of the file and its mapping, as that of the command line.
func (u *upload) sum() string {
	h := sha256.New()
	if state, ok := h.(encoding.BinaryUnmarshaler); !ok || state.UnmarshalBinary(u.Hash) != nil {
		return "" // then the file is imported anew
	}
	h.Write(u.Mapping.YAML())
	return hex.EncodeToString(h.Sum(nil))
}

func (d *Data) options(u *upload) tabular.Options {
	o := tabular.Options{Name: u.File, Encoding: u.Reading.Encoding, HeaderLine: u.Reading.HeaderLine,
		Limits: tabular.Limits{FileBytes: d.limits.File, EntryBytes: d.limits.File, TotalBytes: 2 * d.limits.File}}
	if u.Reading.Delimiter != "" {
		o.Delimiter = u.Reading.Delimiter[0]
	}
	return o
}

// sheet is the sheet of an upload, opened. It is called with u.mu.
func (d *Data) sheet(ctx context.Context, u *upload) (*tabular.Sheet, error) {
	if u.file != nil && u.opened != u.Reading {
		if err := u.close(); err != nil {
			return nil, err
		}
	}
	if u.file == nil {
		f, err := tabular.OpenFile(ctx, d.path(u.ID, "file"), d.options(u))
		if err != nil {
			return nil, unread(err)
		}
		u.file, u.opened = f, u.Reading
	}
	u.Used = d.now()
	return sheetOf(u.file, u.Sheet)
}

// unread is why a file cannot be read, for whoever brought it.
func unread(err error) error {
	var one diag.Diagnostic
	if errors.As(err, &one) {
		return &Error{Code: Invalid, Key: "data.error.unread", Problems: diag.List{one}, Field: "file"}
	}
	return err
}

// sheetOf is the sheet of a name, or the first that is shown.
func sheetOf(f *tabular.File, name string) (*tabular.Sheet, error) {
	for _, s := range f.Sheets {
		if name == "" && !s.Hidden || s.Name == name {
			return s, nil
		}
	}
	return nil, &Error{Code: Invalid, Key: "data.error.sheet", Args: diag.Args{"name": name}, Field: "sheet"}
}

// propose settles what the columns of an upload are: by the mapping given, else by the one of the organisation that fits
// most of its columns, else by their names. It is called with u.mu.
func (d *Data) propose(ctx context.Context, u *upload, text string) error {
	s, err := d.sheet(ctx, u)
	if err != nil {
		return err
	}
	if text != "" {
		if m, found := ingest.Read("", []byte(text)); found.Err() == nil {
			m.Sheet = u.Sheet
			u.Mapping, u.unsure = m, nil
			return nil
		}
	}
	if len(u.file.Sheets) > 1 && u.Sheet == "" {
		u.Sheet = s.Name
	}
	kept, err := d.w.Mappings(ctx, u.Organisation)
	if err != nil {
		return err
	}
	var best *ingest.Mapping
	for _, k := range kept {
		m, found := ingest.Read(k.Name, []byte(k.Text))
		if found.Err() != nil || len(m.Columns) == 0 || best != nil && len(m.Columns) <= len(best.Columns) {
			continue
		}
		if !slices.ContainsFunc(m.Columns, func(c ingest.Column) bool {
			return !slices.ContainsFunc(s.Columns, func(x tabular.Column) bool { return x.Name == c.Header })
		}) {
			best, u.Keep = m, k.Name
		}
	}
	if best != nil {
		u.Mapping, u.unsure = best, nil
	} else {
		p := ingest.Propose(s, "")
		u.Mapping, u.unsure, u.Keep = p.Mapping, p.Unsure, ""
		u.Mapping.Name = strings.TrimSuffix(u.File, filepath.Ext(u.File))
	}
	u.Mapping.Sheet = u.Sheet
	return nil
}

// Uploads lists the files of an organisation that are on their way, latest first.
func (a *App) Uploads(_ context.Context, who Actor, org string) ([]Upload, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return nil, err
	}
	var all []Upload
	for _, u := range a.data.list(org) {
		u.mu.Lock()
		all = append(all, u.shown())
		u.mu.Unlock()
	}
	return all, nil
}

// UploadOf finds one.
func (a *App) UploadOf(_ context.Context, who Actor, org, id string) (Upload, error) {
	u, err := a.upload(who, org, id)
	if err != nil {
		return Upload{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.shown(), nil
}

func (a *App) upload(who Actor, org, id string) (*upload, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return nil, err
	}
	return a.data.find(org, id)
}

// Prepared is an upload whose mapping is being settled.
type Prepared struct {
	Upload
	Sheets []string
	Table  *tabular.Sheet
	// Fits says whether the import can begin; Problems why not.
	Fits     bool
	Problems diag.List
	Preview  []ingest.Previewed
	// Samples are the texts of the first rows.
	Samples [][]string
	// Labels are the texts of columns whose meaning the mapping says, by their names.
	Labels map[string][]ingest.Label
	// Unsure are columns whose meaning was taken from a name that was never seen in such an export.
	Unsure []string
}

// Prepare shows an upload whose import has not begun; change, where it is not nil, changes it first.
func (a *App) Prepare(ctx context.Context, who Actor, org, id string, change func(*Upload, *tabular.Sheet) error) (*Prepared, error) {
	u, err := a.upload(who, org, id)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.State != UploadOpen && u.State != UploadFailed {
		return nil, &Error{Code: Conflict, Key: "data.error.upload_state"}
	}
	if change != nil {
		before := u.Upload
		m := *u.Mapping
		u.Mapping = &m
		if err := a.change(ctx, u, change); err != nil {
			u.Upload = before
			return nil, err
		}
		if err := a.data.save(u); err != nil {
			return nil, err
		}
	}
	return a.prepared(ctx, u)
}

// change changes an upload; another way to read the file makes another proposal.
func (a *App) change(ctx context.Context, u *upload, change func(*Upload, *tabular.Sheet) error) error {
	s, err := a.data.sheet(ctx, u)
	if err != nil {
		return err
	}
	reading, sheet, table := u.Reading, u.Sheet, u.Mapping.Table
	if err := change(&u.Upload, s); err != nil {
		return err
	}
	if u.Reading.Delimiter != "" && (len(u.Reading.Delimiter) != 1 || u.Reading.Delimiter[0] < '\t' || u.Reading.Delimiter[0] > '~') {
		return &Error{Code: Invalid, Key: "data.error.delimiter", Field: "delimiter"}
	}
	if u.Reading != reading || u.Sheet != sheet {
		u.labels = nil
		if _, err := a.data.sheet(ctx, u); err != nil {
			return err
		}
		return a.data.propose(ctx, u, "")
	}
	if u.Mapping.Table != table {
		name := u.Mapping.Name
		p := ingest.Propose(s, u.Mapping.Table)
		u.Mapping, u.unsure = p.Mapping, p.Unsure
		u.Mapping.Name, u.Mapping.Sheet = name, u.Sheet
	}
	return nil
}

// prepared looks at an upload. It is called with u.mu.
func (a *App) prepared(ctx context.Context, u *upload) (*Prepared, error) {
	s, err := a.data.sheet(ctx, u)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(u.Timezone)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Upload: u.shown(), Table: s, Unsure: u.unsure, Labels: map[string][]ingest.Label{}}
	m := *u.Mapping
	m.Columns = slices.Clone(m.Columns)
	p.Mapping = &m
	for _, sheet := range u.file.Sheets {
		p.Sheets = append(p.Sheets, sheet.Name)
	}
	p.Problems = m.Check()
	_, found := ingest.Fit(&m, s, zone, u.Currency)
	p.Problems = append(p.Problems, found...)
	p.Fits = p.Problems.Err() == nil
	if p.Preview, err = ingest.Preview(ctx, &m, s, zone, u.Currency, previewed); err != nil {
		return nil, unread(err)
	}
	rows := s.Rows(ctx)
	for len(p.Samples) < previewed && rows.Next() {
		var texts []string
		for _, c := range rows.Row().Cells {
			texts = append(texts, c.Text)
		}
		p.Samples = append(p.Samples, texts)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, unread(err)
	}
	for _, c := range m.Columns {
		if !named(&m, c, s) || p.Labels[c.Header] != nil {
			continue
		}
		list, ok := u.labels[c.Header]
		if !ok {
			if list, err = ingest.Labels(ctx, s, c.Header, mostNames, labelRows); err != nil {
				return nil, unread(err)
			}
			if u.labels == nil {
				u.labels = map[string][]ingest.Label{}
			}
			u.labels[c.Header] = list
		}
		p.Labels[c.Header] = list
	}
	return p, nil
}

// named reports whether a mapping says what the texts of a column mean.
func named(m *ingest.Mapping, c ingest.Column, s *tabular.Sheet) bool {
	t, ok := crm.Find(m.Table)
	if !ok {
		return false
	}
	if c.To == "stage" && t.Index("category") >= 0 {
		return true
	}
	column, _ := t.Column(c.To)
	switch column.Kind {
	case crm.Choice:
		return true
	case crm.Flag:
		i := slices.IndexFunc(s.Columns, func(x tabular.Column) bool { return x.Name == c.Header })
		return len(c.Values) > 0 || i >= 0 && s.Columns[i].Style.Type != tabular.Bool && s.Columns[i].Style.Type != tabular.Integer
	default:
		return false
	}
}

// StartImport begins the import of an upload, or resumes one that was stopped. keep is the name under which the
// organisation keeps the mapping, empty for not.
func (a *App) StartImport(ctx context.Context, who Actor, org, id, keep string) error {
	u, err := a.upload(who, org, id)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch u.State {
	case UploadOpen, UploadFailed:
		p, err := a.prepared(ctx, u)
		if err != nil {
			return err
		}
		if !p.Fits {
			return &Error{Code: Invalid, Key: "data.error.mapping", Problems: p.Problems}
		}
		keep = strings.TrimSpace(keep)
		if len([]rune(keep)) > 120 {
			return &Error{Code: Invalid, Key: "web.error.name", Field: "keep"}
		}
		if u.Keep = keep; keep != "" {
			u.Mapping.Name = keep
		}
	case UploadStopped:
	default:
		return &Error{Code: Conflict, Key: "data.error.upload_state"}
	}
	before := u.State
	u.State, u.Err, u.Same, u.Batch, u.Started = UploadQueued, nil, false, 0, time.Time{}
	u.done.Store(0)
	u.rows.Store(0)
	u.total.Store(u.Size)
	if err := a.data.save(u); err != nil {
		return err
	}
	if err := a.tell(ctx, who, org, ImportStarted, diag.Args{"name": u.File}); err != nil {
		return err
	}
	if u.Keep != "" && before != UploadStopped {
		if err := a.tell(ctx, who, org, MappingKept, diag.Args{"name": u.Keep}); err != nil {
			return err
		}
	}
	select {
	case a.data.queue <- u:
		return nil
	default:
		u.State = before
		return errors.Join(&Error{Code: Unavailable, Key: "data.error.imports_wait", RetryAfter: time.Minute}, a.data.save(u))
	}
}

// StopImport stops one that runs or waits. What has been read stays, and StartImport goes on there.
func (a *App) StopImport(ctx context.Context, who Actor, org, id string) error {
	u, err := a.upload(who, org, id)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch u.State {
	case UploadQueued:
		u.State = UploadStopped
		if err := a.data.save(u); err != nil {
			return err
		}
	case UploadRunning:
		u.cancel()
	default:
		return &Error{Code: Conflict, Key: "data.error.upload_state"}
	}
	return a.tell(ctx, who, org, ImportStopped, diag.Args{"name": u.File})
}

// DropUpload deletes a file that is not being imported. What was imported of it stays.
func (a *App) DropUpload(_ context.Context, who Actor, org, id string) error {
	u, err := a.upload(who, org, id)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.State == UploadQueued || u.State == UploadRunning {
		return &Error{Code: Conflict, Key: "data.error.upload_state"}
	}
	a.data.forget(id)
	return a.data.remove(u)
}

// work runs imports one after the other, and clears away what nobody wants any more.
func (d *Data) work() {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case u := <-d.queue:
			d.run(u)
		case <-tick.C:
			d.sweep()
		}
	}
}

// sweep closes files that nobody looks at, and deletes uploads that nobody goes on with.
func (d *Data) sweep() {
	d.mu.Lock()
	all := make([]*upload, 0, len(d.uploads))
	for _, list := range []map[string]*upload{d.uploads, d.ended} {
		for _, u := range list {
			all = append(all, u)
		}
	}
	d.mu.Unlock()
	for _, u := range all {
		if !u.mu.TryLock() {
			continue
		}
		var err error
		unused := d.now().Sub(u.Used)
		switch {
		case u.State == UploadQueued || u.State == UploadRunning:
		case unused > d.limits.Kept:
			d.forget(u.ID)
			err = d.remove(u)
		case unused > idleFile:
			err = u.close()
		}
		u.mu.Unlock()
		if err != nil {
			d.log.Warn("clearing an upload away", "error", err)
		}
	}
}

// run imports an upload.
func (d *Data) run(u *upload) {
	d.writing.Lock()
	defer d.writing.Unlock()
	u.mu.Lock()
	if u.State != UploadQueued {
		u.mu.Unlock()
		return // stopped while it waited
	}
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	u.State, u.cancel, u.Started = UploadRunning, cancel, d.now()
	closing := u.close()
	sum, mapping := u.sum(), u.Mapping
	u.mu.Unlock()

	batch, err := d.bring(ctx, u, mapping, sum)
	err = errors.Join(err, closing)

	u.mu.Lock()
	defer u.mu.Unlock()
	u.Batch, u.cancel = batch.ID, nil
	u.rows.Store(batch.Read)
	switch {
	case err == nil, errors.Is(err, warehouse.ErrSame):
		u.State, u.Same = UploadDone, err != nil
		u.Used = d.now()
		d.mu.Lock()
		delete(d.uploads, u.ID)
		d.ended[u.ID] = u
		d.mu.Unlock()
		if err := d.remove(u); err != nil {
			d.log.Warn("deleting an upload", "error", err)
		}
		return
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		u.State = UploadStopped
	default:
		u.State, u.Err = UploadFailed, err
		if _, ok := CodeOf(err); !ok {
			d.log.Error("import failed", "error", err)
		}
	}
	if err := d.save(u); err != nil {
		d.log.Warn("keeping an upload", "error", err)
	}
}

// bring reads an upload into the warehouse. A file that finds a fault in the program ends its import, not the program.
func (d *Data) bring(ctx context.Context, u *upload, m *ingest.Mapping, sum string) (b warehouse.Batch, err error) {
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("panic in an import", "value", v, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	s, err := d.w.SourceByName(ctx, u.Organisation, u.Source)
	if errors.Is(err, warehouse.ErrNotFound) {
		s, err = d.w.AddSource(ctx, warehouse.Source{Owner: u.Organisation, Name: u.Source, Kind: "file", Timezone: u.Timezone, Currency: u.Currency})
	}
	if err != nil {
		return b, err
	}
	zone, err := s.Zone()
	if err != nil {
		return b, err
	}
	text := m.YAML()
	if u.Keep != "" {
		if err := d.w.KeepMapping(ctx, warehouse.Mapping{Owner: u.Organisation, Name: u.Keep, Table: m.Table, Text: string(text)}); err != nil {
			return b, err
		}
	}
	f, err := tabular.OpenFile(ctx, d.path(u.ID, "file"), d.options(u))
	if err != nil {
		return b, unread(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sheet, err := sheetOf(f, u.Sheet)
	if err != nil {
		return b, err
	}
	plan, found := ingest.Fit(m, sheet, zone, s.Currency)
	if found.Err() != nil {
		return b, &Error{Code: Invalid, Key: "data.error.mapping", Problems: found}
	}
	u.total.Store(sheet.Size)
	b, err = plan.Run(ctx, d.w, s, u.File, sum, func(done, size, rows int64) {
		u.done.Store(done)
		u.total.Store(size)
		u.rows.Store(rows)
	})
	if b.ID != 0 && !errors.Is(err, warehouse.ErrSame) {
		err = errors.Join(err, d.w.NoteMapping(context.WithoutCancel(ctx), b.ID, string(text)))
	}
	if err != nil && ctx.Err() == nil {
		err = unread(err)
	}
	return b, err
}

// MappingFile is the mapping of an upload as a file of the command line.
func (a *App) MappingFile(_ context.Context, who Actor, org, id string) ([]byte, error) {
	u, err := a.upload(who, org, id)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return bytes.Clone(u.Mapping.YAML()), nil
}

// UseMapping takes a mapping file for an upload, such as one of the command line.
func (a *App) UseMapping(ctx context.Context, who Actor, org, id, name string, text []byte) (*Prepared, error) {
	if _, err := a.upload(who, org, id); err != nil {
		return nil, err
	}
	m, found := ingest.Read(name, text)
	if found.Err() != nil {
		return nil, &Error{Code: Invalid, Key: "data.error.mapping", Problems: found}
	}
	return a.Prepare(ctx, who, org, id, func(u *Upload, _ *tabular.Sheet) error {
		m.Sheet = u.Sheet
		*u.Mapping = *m
		return nil
	})
}
