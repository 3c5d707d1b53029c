package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// What is written into the log of an organisation about the data of its CRM.
const (
	ImportStarted   store.Action = "data.import"
	ImportStopped   store.Action = "data.stopped"
	ImportTakenBack store.Action = "data.taken_back"
	SourceRemoved   store.Action = "data.source_removed"
	MappingKept     store.Action = "data.mapping_kept"
	MappingRemoved  store.Action = "data.mapping_removed"
)

// HasData reports whether the program keeps data of CRMs.
func (a *App) HasData() bool { return a.data != nil }

// inData is inOrganisation for what is kept of CRMs.
func (a *App) inData(who Actor, op auth.Operation, org string) error {
	if err := a.inOrganisation(who, op, org); err != nil {
		return err
	}
	if a.data == nil {
		return &Error{Code: NotFound, Key: "data.error.no_data"}
	}
	return nil
}

// Sources lists the CRMs and files that an organisation has data of, by name.
func (a *App) Sources(ctx context.Context, who Actor, org string) ([]warehouse.Source, error) {
	if err := a.inData(who, auth.DataRead, org); err != nil {
		return nil, err
	}
	return a.data.w.Sources(ctx, org)
}

// source finds one of an organisation.
func (a *App) source(ctx context.Context, org string, id int64) (warehouse.Source, error) {
	s, err := a.data.w.Source(ctx, id)
	if errors.Is(err, warehouse.ErrNotFound) || err == nil && s.Owner != org {
		return s, &Error{Code: NotFound, Key: "data.error.no_source"}
	}
	return s, err
}

// RemoveSource deletes a source with all that came from it.
func (a *App) RemoveSource(ctx context.Context, who Actor, org string, id int64) error {
	if err := a.inData(who, auth.DataRemove, org); err != nil {
		return err
	}
	s, err := a.source(ctx, org, id)
	if err != nil {
		return err
	}
	if err := a.data.alone(func() error { return a.data.w.RemoveSource(ctx, id) }); err != nil {
		return err
	}
	return a.tell(ctx, who, org, SourceRemoved, diag.Args{"name": s.Name})
}

// tell writes a line of the organisation's log.
func (a *App) tell(ctx context.Context, who Actor, org string, action store.Action, detail diag.Args) error {
	e := store.Event{OrgID: org, UserID: who.User, UserName: who.Name, Action: action, Detail: map[string]string{}}
	for k, v := range detail {
		if s, ok := v.(string); ok {
			e.Detail[k] = s
		}
	}
	return known(a.store.Record(ctx, e))
}

// Import is an import with the source that it is into.
type Import struct {
	warehouse.Batch
	SourceName string
	// Upload is the upload that it is made from where that is still there.
	Upload string
}

// Imports lists the latest imports of an organisation, latest first, at most so many.
func (a *App) Imports(ctx context.Context, who Actor, org string, most int) ([]Import, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return nil, err
	}
	sources, err := a.data.w.Sources(ctx, org)
	if err != nil {
		return nil, err
	}
	var all []Import
	for _, s := range sources {
		list, err := a.data.w.Batches(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		for _, b := range list {
			all = append(all, Import{b, s.Name, a.data.of(org, b)})
		}
	}
	slices.SortFunc(all, func(x, y Import) int { return cmp.Compare(y.ID, x.ID) })
	return all[:min(most, len(all))], nil
}

// batch finds an import of an organisation.
func (a *App) batch(ctx context.Context, org string, id int64) (Import, error) {
	missing := &Error{Code: NotFound, Key: "data.error.no_import"}
	b, err := a.data.w.Batch(ctx, id)
	if errors.Is(err, warehouse.ErrNotFound) {
		return Import{}, missing
	}
	if err != nil {
		return Import{}, err
	}
	s, err := a.data.w.Source(ctx, b.Source)
	if errors.Is(err, warehouse.ErrNotFound) || err == nil && s.Owner != org {
		return Import{}, missing
	}
	return Import{b, s.Name, a.data.of(org, b)}, err
}

// ImportOf finds an import.
func (a *App) ImportOf(ctx context.Context, who Actor, org string, id int64) (Import, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return Import{}, err
	}
	return a.batch(ctx, org, id)
}

// Rejects lists the rows of an import that were not taken, after a line and column, at most so many.
func (a *App) Rejects(ctx context.Context, who Actor, org string, id, line int64, column string, most int) ([]warehouse.Reject, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return nil, err
	}
	if _, err := a.batch(ctx, org, id); err != nil {
		return nil, err
	}
	return a.data.w.RejectsAfter(ctx, id, line, column, most)
}

// WriteRejects writes the rows of an import that were not taken as CSV, to be mended and imported again. before is told of
// the import before the first byte.
func (a *App) WriteRejects(ctx context.Context, who Actor, org string, id int64, w io.Writer, l *locale.Locale, before func(Import)) error {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return err
	}
	b, err := a.batch(ctx, org, id)
	if err != nil {
		return err
	}
	header, err := a.data.w.HeaderOf(ctx, id)
	if err != nil {
		return err
	}
	before(b)
	return ingest.WriteEachReject(w, header, a.data.w.EachReject(ctx, id), l)
}

// TakeBack undoes an import. It is a Conflict where a later import changed some of it, or where one is running.
func (a *App) TakeBack(ctx context.Context, who Actor, org string, id int64) error {
	if err := a.inData(who, auth.DataRemove, org); err != nil {
		return err
	}
	b, err := a.batch(ctx, org, id)
	if err != nil {
		return err
	}
	switch err := a.data.alone(func() error { return a.data.w.TakeBack(ctx, id) }); {
	case errors.Is(err, warehouse.ErrOverlaid):
		return &Error{Code: Conflict, Key: "data.error.overlaid"}
	case errors.Is(err, warehouse.ErrState):
		return &Error{Code: Conflict, Key: "data.error.taken_back"}
	case err != nil:
		return err
	}
	return a.tell(ctx, who, org, ImportTakenBack, diag.Args{"name": b.File, "revision": strconv.FormatInt(id, 10)})
}

// Mappings lists those that an organisation keeps, by name.
func (a *App) Mappings(ctx context.Context, who Actor, org string) ([]warehouse.Mapping, error) {
	if err := a.inData(who, auth.DataImport, org); err != nil {
		return nil, err
	}
	return a.data.w.Mappings(ctx, org)
}

// MappingOf finds one by its name.
func (a *App) MappingOf(ctx context.Context, who Actor, org, name string) (warehouse.Mapping, error) {
	list, err := a.Mappings(ctx, who, org)
	if err != nil {
		return warehouse.Mapping{}, err
	}
	i := slices.IndexFunc(list, func(m warehouse.Mapping) bool { return m.Name == name })
	if i < 0 {
		return warehouse.Mapping{}, &Error{Code: NotFound, Key: "data.error.no_mapping"}
	}
	return list[i], nil
}

// RemoveMapping forgets one.
func (a *App) RemoveMapping(ctx context.Context, who Actor, org, name string) error {
	if _, err := a.MappingOf(ctx, who, org, name); err != nil {
		return err
	}
	if err := a.data.alone(func() error { return a.data.w.RemoveMapping(ctx, org, name) }); err != nil {
		return err
	}
	return a.tell(ctx, who, org, MappingRemoved, diag.Args{"name": name})
}

// shortImport is how long a change waits for the import that is running.
const shortImport = 2 * time.Second

// alone runs something that writes, unless an import is running that takes longer than a moment: on SQLite it would wait
// for that, for minutes.
func (d *Data) alone(f func() error) error {
	for end := time.Now().Add(shortImport); !d.writing.TryLock(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return &Error{Code: Conflict, Key: "data.error.import_running", RetryAfter: 10 * time.Second}
		}
	}
	defer d.writing.Unlock()
	return f()
}
