package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// deals is an export of five opportunities: one has an amount that is none, one a stage that the mapping does not know.
const deals = "Nr;Phase;Betrag;Schlusstermin\n1;Gewonnen;1.200,50;03.04.2025\n2;Verloren;80,00;05.06.2025\n3;Gewonnen;viel;07.06.2025\n4;Geparkt;10,00;08.06.2025\n5;Gewonnen;99,00;09.06.2025\n"

const dealsMapping = `mapping: Deals
table: opportunity
columns:
  Nr: id
  Phase: stage
  Betrag: {to: amount, style: decimal comma}
  Schlusstermin: closed_day
stages: {Gewonnen: won, Verloren: lost}
`

var newUpload = app.NewUpload{File: "deals.csv", Source: "Tryton", Timezone: "Europe/Berlin", Currency: "EUR"}

// upload brings a file as the editor.
func (w *world) upload(text string, n app.NewUpload) app.Upload {
	w.Helper()
	u, err := w.AddUpload(w.ctx, w.as("editor"), w.org, n, strings.NewReader(text))
	w.ok(err)
	return u
}

// use takes a mapping for an upload.
func (w *world) use(id, mapping string) *app.Prepared {
	w.Helper()
	p, err := w.UseMapping(w.ctx, w.as("editor"), w.org, id, "m.yaml", []byte(mapping))
	w.ok(err)
	return p
}

// start begins an import and waits for its end.
func (w *world) start(id, keep string) app.Upload {
	w.Helper()
	w.ok(w.StartImport(w.ctx, w.as("editor"), w.org, id, keep))
	return w.ended(id)
}

func (w *world) ended(id string) app.Upload {
	w.Helper()
	for {
		u, err := w.UploadOf(w.ctx, w.as("editor"), w.org, id)
		w.ok(err)
		if u.State != app.UploadQueued && u.State != app.UploadRunning {
			return u
		}
		time.Sleep(2 * time.Millisecond) // the import is another goroutine's
	}
}

// An export goes all the way: proposed, settled, imported, what is wrong mended, the mapping kept and proposed again, and
// taken back.
func TestUpload_allTheWay(t *testing.T) {
	w := newWorld(t)
	editor, owner := w.as("editor"), w.as("anna")
	u := w.upload(deals, newUpload)
	p, err := w.Prepare(w.ctx, editor, w.org, u.ID, nil)
	w.ok(err)
	if p.Fits || p.Mapping.Table != "opportunity" || len(p.Labels["Phase"]) != 3 || p.Labels["Phase"][0] != (ingest.Label{Text: "Gewonnen", Rows: 3}) {
		t.Errorf("proposed: %+v, labels %v", p.Mapping, p.Labels)
	}
	w.fails(w.StartImport(w.ctx, editor, w.org, u.ID, ""), app.Invalid, "data.error.mapping")
	p, err = w.Prepare(w.ctx, editor, w.org, u.ID, func(u *app.Upload, _ *tabular.Sheet) error {
		u.Mapping.Stages = map[string]string{"Gewonnen": "won", "Verloren": "lost"}
		u.Mapping.Columns = append(slices.Clone(u.Mapping.Columns), ingest.Column{Header: "Nr", To: "id"})
		for i := range u.Mapping.Columns {
			if u.Mapping.Columns[i].To == "amount" {
				u.Mapping.Columns[i].Style = "decimal comma"
			}
		}
		return nil
	})
	w.ok(err)
	if !p.Fits {
		t.Fatal(p.Problems)
	}
	var codes []string
	for _, r := range p.Preview {
		for _, c := range r.Cells {
			if c.Code != "" {
				codes = append(codes, fmt.Sprintf("%d %s %s %s", r.Line, c.To, c.Code, c.Text))
			}
		}
	}
	if d := cmp.Diff([]string{"4 amount cell_money viel", "5 stage stage Geparkt"}, codes); d != "" {
		t.Errorf("problems in the preview (-want +got):\n%s", d)
	}
	u = w.start(u.ID, "Tryton, Chancen")
	if u.State != app.UploadDone || u.Same {
		t.Fatalf("%+v", u)
	}
	b, err := w.ImportOf(w.ctx, editor, w.org, u.Batch)
	w.ok(err)
	if b.Read != 5 || b.Inserted != 3 || b.Rejected != 2 || b.SourceName != "Tryton" || b.State != warehouse.Done {
		t.Errorf("%+v", b)
	}

	// Its rejects come back mended, with the mapping of the import.
	var rejects bytes.Buffer
	w.ok(w.WriteRejects(w.ctx, editor, w.org, b.ID, &rejects, locale.New(locale.German), func(app.Import) {}))
	mended := strings.NewReplacer("viel", "500,00", "Geparkt", "Verloren").Replace(rejects.String())
	u = w.upload(mended, app.NewUpload{File: "rest.csv", Like: b.ID})
	u = w.start(u.ID, "")
	again, err := w.ImportOf(w.ctx, editor, w.org, u.Batch)
	w.ok(err)
	if again.Read != 2 || again.Inserted != 2 || again.Source != b.Source {
		t.Errorf("mended: %+v, %v", again, u.Err)
	}

	// The next export of the same columns is mapped by what was kept.
	u = w.upload(strings.Replace(deals, "viel", "7,00", 1), newUpload)
	if p, err = w.Prepare(w.ctx, editor, w.org, u.ID, nil); err != nil || !p.Fits || p.Keep != "Tryton, Chancen" {
		t.Errorf("%v, %+v", err, p)
	}
	// The same file with the same mapping changes nothing.
	w.ok(w.DropUpload(w.ctx, editor, w.org, u.ID))
	u = w.start(w.upload(deals, newUpload).ID, "Tryton, Chancen")
	if u.State != app.UploadDone || !u.Same || u.Batch != b.ID {
		t.Errorf("a second time: %+v", u)
	}

	w.ok(w.TakeBack(w.ctx, owner, w.org, b.ID))
	w.fails(w.TakeBack(w.ctx, owner, w.org, b.ID), app.Conflict, "data.error.taken_back")
	w.ok(w.RemoveMapping(w.ctx, editor, w.org, "Tryton, Chancen"))
	w.ok(w.RemoveSource(w.ctx, owner, w.org, b.Source))
	list, err := w.Imports(w.ctx, editor, w.org, 10)
	if w.ok(err); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	events, _, err := w.Events(w.ctx, owner, w.org, "", "")
	w.ok(err)
	var told []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Action), "data.") {
			told = append(told, e.UserName+" "+string(e.Action)+" "+e.Detail["name"])
		}
	}
	want := []string{"Anna Berg data.source_removed Tryton", "Eva Editor data.mapping_removed Tryton, Chancen", "Anna Berg data.taken_back deals.csv", "Eva Editor data.mapping_kept Tryton, Chancen", "Eva Editor data.import deals.csv",
		"Eva Editor data.import rest.csv", "Eva Editor data.mapping_kept Tryton, Chancen", "Eva Editor data.import deals.csv"}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("the log (-want +got):\n%s", d)
	}
	if entries, err := os.ReadDir(w.data.Folder()); err != nil || len(entries) != 0 {
		t.Errorf("%v files are left: %v", len(entries), err)
	}
}

func TestUpload_isRefusedWithWords(t *testing.T) {
	w := newWorld(t)
	editor := w.as("editor")
	add := func(text string, n app.NewUpload) error {
		_, err := w.AddUpload(w.ctx, editor, w.org, n, strings.NewReader(text))
		return err
	}
	big := "Nr;Betrag\n" + strings.Repeat("1;2\n", 300_000)
	e := w.failure(add(big, newUpload), app.Limit, "data.error.upload_big")
	if e.Args["size"] != 1 {
		t.Errorf("%+v", e)
	}
	for text, code := range map[string]string{"": "table_empty", "%PDF-1.7": "table_pdf", "PK\x03\x04zip": "table_zip", "\x1f\x8bpacked": "table_archive"} {
		e := w.failure(add(text, newUpload), app.Invalid, "data.error.unread")
		if len(e.Problems) != 1 || text != "PK\x03\x04zip" && e.Problems[0].Code != code {
			t.Errorf("%q: %v", text, e.Problems)
		}
	}
	for key, change := range map[string]func(*app.NewUpload){
		"data.error.source_name": func(n *app.NewUpload) { n.Source = " " },
		"data.error.timezone":    func(n *app.NewUpload) { n.Timezone = "Berlin" },
		"data.error.currency":    func(n *app.NewUpload) { n.Currency = "Euro" },
	} {
		n := newUpload
		change(&n)
		w.fails(add(deals, n), app.Invalid, key)
	}
	w.fails(add(deals, app.NewUpload{File: "x.csv", Like: 77}), app.NotFound, "data.error.no_import")
	// Nothing of it is left, and an organisation may keep no more than so many.
	if entries, err := os.ReadDir(w.data.Folder()); err != nil || len(entries) != 0 {
		t.Errorf("%v files are left: %v", len(entries), err)
	}
	for range app.DefaultDataLimits().Uploads {
		w.upload(deals, newUpload)
	}
	w.fails(add(deals, newUpload), app.Limit, "data.error.uploads")
	// Others have their own room.
	_, err := w.AddUpload(w.ctx, w.as("otto"), w.other, newUpload, strings.NewReader(deals))
	w.ok(err)
	// What nobody goes on with goes by itself.
	w.wait(25 * time.Hour)
	w.data.Sweep()
	if list, err := w.Uploads(w.ctx, editor, w.org); err != nil || len(list) != 0 {
		t.Errorf("%d uploads after a day: %v", len(list), err)
	}
}

// What one organisation brings does not exist for another.
func TestUpload_isHiddenFromOthers(t *testing.T) {
	w := newWorld(t)
	id := w.upload(deals, newUpload).ID
	w.use(id, dealsMapping)
	batch := w.start(id, "Deals").Batch
	open := w.upload(deals, newUpload).ID
	otto := w.as("otto")
	for name, err := range map[string]error{
		"upload": func() error { _, err := w.UploadOf(w.ctx, otto, w.other, open); return err }(),
		"start":  w.StartImport(w.ctx, otto, w.other, open, ""),
		"drop":   w.DropUpload(w.ctx, otto, w.other, open),
		"import": func() error { _, err := w.ImportOf(w.ctx, otto, w.other, batch); return err }(),
		"back":   w.TakeBack(w.ctx, otto, w.other, batch),
		"rows":   func() error { _, err := w.Rejects(w.ctx, otto, w.other, batch, 0, "", 9); return err }(),
		"source": w.RemoveSource(w.ctx, otto, w.other, 1),
		"kept":   w.RemoveMapping(w.ctx, otto, w.other, "Deals"),
		"like": func() error {
			_, err := w.AddUpload(w.ctx, otto, w.other, app.NewUpload{Like: batch}, strings.NewReader(deals))
			return err
		}(),
		"figures": func() error { _, err := w.Figures(w.ctx, otto, w.other, app.Asked{Source: 1}); return err }(),
	} {
		if code, _ := app.CodeOf(err); code != app.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An import that is stopped goes on where it was, also in the next program.
func TestUpload_isStoppedAndResumed(t *testing.T) {
	w := newWorld(t)
	editor := w.as("editor")
	id := w.upload(deals, newUpload).ID
	w.use(id, dealsMapping)
	release := w.data.Hold()
	w.ok(w.StartImport(w.ctx, editor, w.org, id, ""))
	w.fails(w.TakeBack(w.ctx, w.as("anna"), w.org, w.target(func(string) app.Actor { return editor }).imported().ID), app.Conflict, "data.error.import_running")
	w.fails(w.DropUpload(w.ctx, editor, w.org, id), app.Conflict, "data.error.upload_state")
	w.ok(w.StopImport(w.ctx, editor, w.org, id))
	w.fails(w.StopImport(w.ctx, editor, w.org, id), app.Conflict, "data.error.upload_state")
	release()
	w.ok(w.data.Close())
	next, err := app.OpenData(w.records, w.data.Folder(), app.DataLimits{}, w.now, nil)
	w.ok(err)
	defer next.Close() //nolint:errcheck // the test is over
	inner := *w
	inner.App = app.New(w.store, engine(), w.now, app.WithData(next))
	u, err := inner.UploadOf(w.ctx, editor, w.org, id)
	if w.ok(err); u.State != app.UploadStopped || u.File != "deals.csv" {
		t.Fatalf("%+v", u)
	}
	u = inner.start(id, "")
	if u.State != app.UploadDone {
		t.Fatalf("%+v", u)
	}
	b, err := inner.ImportOf(w.ctx, editor, w.org, u.Batch)
	if w.ok(err); b.Read != 5 {
		t.Errorf("%+v", b)
	}
}

// Another encoding, delimiter or table makes another proposal; what cannot be read so is refused and nothing changes.
func TestUpload_isReadInAnotherWay(t *testing.T) {
	w := newWorld(t)
	editor := w.as("editor")
	id := w.upload("Firma|PLZ\nM\xfcller GmbH|70173\n", newUpload).ID
	change := func(f func(*app.Upload)) (*app.Prepared, error) {
		return w.Prepare(w.ctx, editor, w.org, id, func(u *app.Upload, _ *tabular.Sheet) error { f(u); return nil })
	}
	p, err := change(func(u *app.Upload) { u.Reading.Encoding = "windows-1252" })
	w.ok(err)
	if p.Mapping.Table != "account" || p.Samples[0][0] != "Müller GmbH" {
		t.Errorf("%+v %q", p.Mapping, p.Samples)
	}
	p, err = change(func(u *app.Upload) { u.Mapping.Table = "contact" })
	w.ok(err)
	if p.Mapping.Table != "contact" {
		t.Errorf("%+v", p.Mapping)
	}
	_, err = change(func(u *app.Upload) { u.Reading.Delimiter = "||" })
	w.fails(err, app.Invalid, "data.error.delimiter")
	if _, err := change(func(u *app.Upload) { u.Reading.HeaderLine = 99 }); err != nil {
		var e *app.Error
		if !errors.As(err, &e) || e.Code != app.Invalid {
			t.Error(err)
		}
	}
	if _, err = w.UseMapping(w.ctx, editor, w.org, id, "m.yaml", []byte("table: nothing\n")); err == nil {
		t.Error("a mapping into no table is taken")
	} else if e := w.failure(err, app.Invalid, "data.error.mapping"); e.Problems[0].Code != "mapping_table" {
		t.Errorf("%v", e.Problems)
	}
}

func TestFigures_areOfWhatWasImported(t *testing.T) {
	w := newWorld(t)
	viewer := w.as("viewer")
	var csv strings.Builder
	csv.WriteString("Nr;Phase;Betrag;Startdatum;Schlusstermin\n")
	for i := range 120 {
		stage := "Gewonnen"
		if i%4 == 0 {
			stage = "Verloren"
		}
		fmt.Fprintf(&csv, "%d;%s;1000,00;%02d.%02d.2025;%02d.%02d.2025\n", i, stage, 1+i%20, 1+i%6, 2+i%20, 3+i%6)
	}
	id := w.upload(csv.String(), newUpload).ID
	w.use(id, strings.Replace(dealsMapping, "  Schlusstermin", "  Startdatum: opened_day\n  Schlusstermin", 1))
	u := w.start(id, "")
	if u.State != app.UploadDone {
		t.Fatalf("%+v", u)
	}
	sources, err := w.Sources(w.ctx, viewer, w.org)
	if w.ok(err); len(sources) != 1 {
		t.Fatal(sources)
	}
	f, err := w.Figures(w.ctx, viewer, w.org, app.Asked{Source: sources[0].ID, Figures: []string{"win_rate"}})
	w.ok(err)
	if f.From != 2025*12 || f.To != 2025*12+7 || len(f.Series) != 1 {
		t.Fatalf("%+v", f)
	}
	for i, p := range f.Series[0].Points[0] {
		if m := f.Series[0].Months[i]; m < 2025*12+2 != (p.Value == nil) {
			t.Errorf("month %d: %+v", m, p)
		}
	}
	_, err = w.Figures(w.ctx, viewer, w.org, app.Asked{Source: sources[0].ID, First: 24300, Last: 24299})
	w.fails(err, app.Invalid, "data.error.months")
	_, err = w.Figures(w.ctx, viewer, w.org, app.Asked{Source: sources[0].ID, Figures: []string{"nothing"}})
	w.fails(err, app.NotFound, "data.error.no_figure")
	// Nothing is remembered beyond an import that changes it.
	w.ok(w.TakeBack(w.ctx, w.as("anna"), w.org, u.Batch))
	if f, err = w.Figures(w.ctx, viewer, w.org, app.Asked{Source: sources[0].ID}); err != nil || f.To != 0 {
		t.Errorf("%v, %+v", err, f)
	}
}

func TestData_isToldToBeMissing(t *testing.T) {
	w := newWorld(t)
	none := app.New(w.store, engine(), w.now)
	if none.HasData() {
		t.Error("there are data")
	}
	_, err := none.Sources(w.ctx, w.as("viewer"), w.org)
	w.fails(err, app.NotFound, "data.error.no_data")
	var d diag.Diagnostic
	if _, err := none.Sources(w.ctx, w.as("otto"), w.org); !errors.As(err, &d) || d.Code != "auth_not_found" {
		t.Errorf("an outsider learns of it: %v", err)
	}
	if _, err := app.OpenData(w.records, filepath.Join(os.DevNull, "x"), app.DataLimits{}, nil, nil); err == nil {
		t.Error("a folder that cannot be is opened")
	}
}

// A transfer that breaks off leaves nothing.
func TestUpload_thatBreaksOff(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(w.ctx)
	_, err := w.AddUpload(ctx, w.as("editor"), w.org, newUpload, breaking{stop})
	if err == nil {
		t.Error("a part of a file is taken")
	}
	if entries, err := os.ReadDir(w.data.Folder()); err != nil || len(entries) != 0 {
		t.Errorf("%v files are left: %v", len(entries), err)
	}
}

type breaking struct{ stop func() }

func (b breaking) Read([]byte) (int, error) {
	b.stop()
	return 0, errors.New("connection reset")
}
