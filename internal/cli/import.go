package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/ingest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/tabular"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// importFlags are what the commands around imports share.
type importFlags struct {
	data, source, mapping, table, sheet, zone, currency string
	tables                                              bool
}

const (
	defaultSource = "CRM"
	shownRejects  = 5
)

// importCommand brings files of a CRM into the canonical tables.
func (p *program) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{Use: "import FILE", Short: p.t("cli.import"), Long: p.t("cli.import.long"), Example: p.t("cli.import.example"), Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case f.tables:
				return p.tables()
			case len(args) == 0:
				return c.Help()
			case f.mapping == "":
				return p.propose(args[0], f)
			}
			return p.bring(args[0], f)
		}}
	c.PersistentFlags().StringVar(&f.data, "data", cmp.Or(p.Env("RENDITE_DATA"), warehouse.DefaultFile), p.t("cli.flag.data"))
	c.PersistentFlags().StringVar(&f.source, "source", defaultSource, p.t("cli.flag.source"))
	c.Flags().StringVar(&f.mapping, "mapping", "", p.t("cli.flag.mapping"))
	c.Flags().StringVar(&f.table, "table", "", p.t("cli.flag.table"))
	c.Flags().StringVar(&f.sheet, "sheet", "", p.t("cli.flag.sheet"))
	c.Flags().StringVar(&f.zone, "timezone", zoneOf(p.l), p.t("cli.flag.timezone"))
	c.Flags().StringVar(&f.currency, "currency", "EUR", p.t("cli.flag.currency"))
	c.Flags().BoolVar(&f.tables, "tables", false, p.t("cli.import.tables"))
	c.AddCommand(
		&cobra.Command{Use: "list", Short: p.t("cli.import.list"), Args: p.noArgs, RunE: func(*cobra.Command, []string) error { return p.imports(f) }},
		&cobra.Command{Use: "rejects IMPORT", Short: p.t("cli.import.rejects"), Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error { return p.rejects(args[0], f) }},
		&cobra.Command{Use: "take-back IMPORT", Short: p.t("cli.import.take_back"), Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error { return p.takeBack(args[0], f) }},
	)
	return c
}

// zoneOf is the time zone of most who speak a language here; others say theirs.
func zoneOf(l *locale.Locale) string {
	if l.Lang() == locale.German {
		return "Europe/Berlin"
	}
	return "UTC"
}

func (p *program) tables() error {
	for _, t := range crm.Tables() {
		fmt.Fprintln(p.Out, t.Name+": "+strings.Join(ingest.Common, ", "))
		for _, c := range t.Columns {
			if c.Kind == crm.Month {
				continue
			}
			line := "  " + c.Name + " (" + string(c.Kind)
			if len(c.Choices) > 0 {
				line += ": " + strings.Join(c.Choices, ", ")
			}
			if c.Table != "" {
				line += ": " + c.Table
			}
			fmt.Fprintln(p.Out, line+")")
		}
	}
	return nil
}

// opened opens a file and the sheet meant.
func (p *program) opened(path, sheet string) (*tabular.File, *tabular.Sheet, error) {
	f, err := tabular.OpenFile(p.ctx, path, tabular.Options{})
	var d diag.Diagnostic
	switch {
	case errors.As(err, &d):
		return nil, nil, p.problems(diag.List{d})
	case errors.Is(err, context.Canceled):
		return nil, nil, err
	case err != nil:
		p.fail("cli.cannot_read", diag.Args{"file": path, "detail": err.Error()})
		return nil, nil, exit(exitUsage)
	}
	var names []string
	for _, s := range f.Sheets {
		if sheet == "" && !s.Hidden || s.Name == sheet {
			return f, s, nil
		}
		names = append(names, s.Name)
	}
	p.fail("cli.import.sheet", diag.Args{"name": sheet, "known": names})
	return nil, nil, errors.Join(exit(exitUsage), f.Close())
}

// propose writes a mapping for a file to standard output, and what is open about it beside it.
func (p *program) propose(path string, f importFlags) error {
	file, s, err := p.opened(path, f.sheet)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	proposal := ingest.Propose(s, f.table)
	fmt.Fprint(p.Out, string(proposal.Mapping.YAML()))
	say := func(key string, args diag.Args) { fmt.Fprintln(p.Err, p.l.Text(key, args)) }
	say("cli.import.proposed", diag.Args{"table": proposal.Mapping.Table, "count": len(proposal.Mapping.Columns), "file": path})
	if len(proposal.Unsure) > 0 {
		say("cli.import.unsure", diag.Args{"names": proposal.Unsure})
	}
	if len(proposal.Unused) > 0 {
		say("cli.import.unused", diag.Args{"names": proposal.Unused})
	}
	zone, err := time.LoadLocation(f.zone)
	if err != nil {
		p.fail("cli.import.zone", diag.Args{"value": f.zone})
		return exit(exitUsage)
	}
	_, found := ingest.Fit(proposal.Mapping, s, zone, f.currency)
	for _, d := range found {
		say("cli.import.open_column", diag.Args{"text": p.l.Message(d), "hint": p.l.Hint(d)})
	}
	if slices.ContainsFunc(proposal.Mapping.Columns, func(c ingest.Column) bool { return c.To == "stage" }) {
		say("cli.import.stages", nil)
	}
	return nil
}

// bring imports a file through a mapping.
func (p *program) bring(path string, f importFlags) error {
	text, err := os.ReadFile(f.mapping)
	if err != nil {
		p.fail("cli.cannot_read", diag.Args{"file": f.mapping, "detail": err.Error()})
		return exit(exitUsage)
	}
	m, found := ingest.Read(f.mapping, text)
	if found.Err() != nil {
		return p.problems(found)
	}
	file, s, err := p.opened(path, cmp.Or(f.sheet, m.Sheet))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	w, source, err := p.sourceFor(f, true)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	zone, err := source.Zone()
	if err != nil {
		return err
	}
	plan, found := ingest.Fit(m, s, zone, source.Currency)
	if found.Err() != nil {
		return p.problems(found)
	}
	// With another mapping the file is another import: rows that were rejected may be right now.
	sum, err := hashOf(path, m.YAML())
	if err != nil {
		return err
	}
	batch, err := plan.Run(p.ctx, w, source, filepath.Base(path), sum, p.reading(s.Size))
	args := diag.Args{"file": path, "table": batch.Table, "batch": batch.ID, "read": batch.Read, "inserted": batch.Inserted, "updated": batch.Updated, "unchanged": batch.Unchanged, "rejected": batch.Rejected}
	var d diag.Diagnostic
	switch {
	case errors.Is(err, warehouse.ErrSame):
		fmt.Fprintln(p.Out, p.l.Text("cli.import.same", args))
		return nil
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Err, p.l.Text("cli.import.paused", args))
		return exit(exitStopped)
	case errors.As(err, &d):
		return p.problems(diag.List{d})
	case err != nil:
		return p.broken(err)
	}
	fmt.Fprintln(p.Out, p.l.Text("cli.import.done", args))
	if batch.Rejected == 0 {
		return nil
	}
	rejects, err := w.Rejects(p.ctx, batch.ID)
	if err != nil {
		return err
	}
	for _, r := range rejects[:min(shownRejects, len(rejects))] {
		fmt.Fprintln(p.Out, "  "+p.l.Text("cli.import.reject", diag.Args{"line": strconv.FormatInt(r.Line, 10), "reason": ingest.Reason(r, p.l)}))
	}
	fmt.Fprintln(p.Out, p.l.Text("cli.import.rejects_more", args))
	return nil
}

// hashOf is the SHA-256 of a file's content and of its mapping.
func hashOf(path string, mapping []byte) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	h.Write(mapping)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reading shows how far an import is, on a terminal alone.
func (p *program) reading(size int64) ingest.Progress {
	out, ok := p.Err.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	return func(done, _, _ int64) { _ = bar.Set64(done) }
}

// sourceFor opens the data and finds the source; make adds it where it is missing.
func (p *program) sourceFor(f importFlags, add bool) (*warehouse.Warehouse, warehouse.Source, error) {
	w, err := warehouse.Open(p.ctx, f.data, nil)
	if err != nil {
		p.fail("cli.cannot_read", diag.Args{"file": dataName(f.data), "detail": p.hidden(err, f.data)})
		return nil, warehouse.Source{}, exit(exitUsage)
	}
	s, err := w.SourceByName(p.ctx, "", f.source)
	if errors.Is(err, warehouse.ErrNotFound) && add {
		s, err = w.AddSource(p.ctx, warehouse.Source{Name: f.source, Kind: "file", Timezone: f.zone, Currency: f.currency})
	}
	switch {
	case err == nil:
		return w, s, nil
	case errors.Is(err, warehouse.ErrNotFound):
		p.fail("cli.import.no_source", diag.Args{"name": f.source})
		err = exit(exitUsage)
	case errors.Is(err, warehouse.ErrZone):
		p.fail("cli.import.zone", diag.Args{"value": f.zone})
		err = exit(exitUsage)
	}
	return nil, s, errors.Join(err, w.Close())
}

// dataName is the address of the data without a password.
func dataName(address string) string {
	if strings.Contains(address, "://") {
		return "postgres://…"
	}
	return address
}

// hidden is an error without the address, which may hold a password.
func (p *program) hidden(err error, address string) string {
	if strings.Contains(address, "://") {
		return p.t("cli.import.unreachable")
	}
	return err.Error()
}

func (p *program) imports(f importFlags) error {
	w, s, err := p.sourceFor(f, false)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	list, err := w.Batches(p.ctx, s.ID)
	if err != nil {
		return err
	}
	for _, b := range list {
		fmt.Fprintln(p.Out, p.l.Text("cli.import.row", diag.Args{"batch": b.ID, "started": p.l.Moment(b.Started.Local()), "table": b.Table, "file": b.File, "state": p.t("cli.import.state." + string(b.State)),
			"read": b.Read, "inserted": b.Inserted, "updated": b.Updated, "rejected": b.Rejected}))
	}
	return nil
}

// batchOf finds an import by its number.
func (p *program) batchOf(w *warehouse.Warehouse, s warehouse.Source, text string) (warehouse.Batch, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		var b warehouse.Batch
		if b, err = w.Batch(p.ctx, id); err == nil && b.Source == s.ID {
			return b, nil
		}
	}
	if err != nil && !errors.Is(err, warehouse.ErrNotFound) && !errors.Is(err, strconv.ErrSyntax) && !errors.Is(err, strconv.ErrRange) {
		return warehouse.Batch{}, err
	}
	p.fail("cli.import.no_batch", diag.Args{"value": text})
	return warehouse.Batch{}, exit(exitUsage)
}

func (p *program) rejects(number string, f importFlags) error {
	w, s, err := p.sourceFor(f, false)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	b, err := p.batchOf(w, s, number)
	if err != nil {
		return err
	}
	header, err := w.HeaderOf(p.ctx, b.ID)
	if err != nil {
		return err
	}
	list, err := w.Rejects(p.ctx, b.ID)
	if err != nil {
		return err
	}
	return ingest.WriteRejects(p.Out, header, list, p.l)
}

func (p *program) takeBack(number string, f importFlags) error {
	w, s, err := p.sourceFor(f, false)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	b, err := p.batchOf(w, s, number)
	if err != nil {
		return err
	}
	switch err = w.TakeBack(p.ctx, b.ID); {
	case errors.Is(err, warehouse.ErrOverlaid):
		p.fail("cli.import.overlaid", diag.Args{"value": number})
		return exit(exitUsage)
	case errors.Is(err, warehouse.ErrState):
		fmt.Fprintln(p.Out, p.l.Text("cli.import.already", diag.Args{"value": number}))
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintln(p.Out, p.l.Text("cli.import.taken", diag.Args{"value": number}))
	return nil
}
