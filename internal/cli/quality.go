package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/duplicates"
	"github.com/rendite-crm/rendite/internal/quality"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

type qualityFlags struct {
	importFlags
	c                               caseFlags
	rules, date, csv, study, onlyOf string
	printRules, linkage             bool
}

// qualityCommand audits the data that were imported.
func (p *program) qualityCommand() *cobra.Command {
	var f qualityFlags
	c := &cobra.Command{Use: "quality", Short: p.t("quality.cli"), Long: p.t("quality.cli.long"), Example: p.t("quality.cli.example"), Args: p.noArgs,
		RunE: func(*cobra.Command, []string) error {
			if f.printRules {
				_, err := p.Out.Write(quality.Defaults())
				return err
			}
			return p.audited(f)
		}}
	c.Flags().StringVar(&f.data, "data", cmp.Or(p.Env("RENDITE_DATA"), warehouse.DefaultFile), p.t("cli.flag.data"))
	c.Flags().StringVar(&f.source, "source", defaultSource, p.t("cli.flag.source"))
	c.Flags().StringVar(&f.rules, "rules", "", p.t("quality.cli.rules"))
	c.Flags().BoolVar(&f.printRules, "print-rules", false, p.t("quality.cli.print_rules"))
	c.Flags().StringVar(&f.date, "date", "", p.t("quality.cli.date"))
	c.Flags().StringVar(&f.csv, "csv", "", p.t("quality.cli.flag_csv"))
	c.Flags().StringVar(&f.table, "table", "", p.t("quality.cli.flag_table"))
	c.Flags().StringVar(&f.onlyOf, "team", "", p.t("quality.cli.flag_team"))
	c.Flags().BoolVar(&f.linkage, "duplicates", false, p.t("quality.cli.flag_duplicates"))
	c.Flags().StringVar(&f.study, "case", "", p.t("quality.cli.flag_case"))
	// Those of a simulation but for the scenario: measured and mended are the scenarios here.
	c.Flags().StringArrayVar(&f.c.set, "set", nil, p.t("cli.flag.set"))
	c.Flags().BoolVar(&f.c.json, "json", false, p.t("cli.flag.json"))
	c.Flags().IntVar(&f.c.draws, "draws", calc.DefaultDraws, p.t("cli.flag.draws"))
	c.Flags().Uint64Var(&f.c.seed, "seed", calc.DefaultSeed, p.t("cli.flag.seed"))
	c.Flags().StringVar(&f.c.sampler, "sampler", "sobol", p.t("cli.flag.sampler"))
	c.Flags().IntVar(&f.c.width, "width", 0, p.t("cli.flag.width"))
	c.AddCommand(p.duplicatesCommand())
	return c
}

// audited runs the audit and writes its report, its list or both.
// estimated puts what record linkage says of duplicates in the place of exact keys.
func (p *program) estimated(r *quality.Report, w *warehouse.Warehouse, s warehouse.Source) error {
	for _, table := range duplicates.Tables() {
		progress, done := p.finding()
		x, err := duplicates.Find(p.ctx, w, s, duplicates.Options{Table: table, Progress: progress})
		done()
		if err != nil {
			return err
		}
		if x.Threshold.Pairs < fewPairs { // too few to learn from: what exact keys found stays
			fmt.Fprintln(p.Err, p.l.Text("quality.cli.few_pairs", diag.Args{"table": p.t("quality.table." + table), "pairs": x.Threshold.Pairs}))
			continue
		}
		of := x.Share
		if err := r.Duplicates(table, int64(x.Records), of.Value, of.Low, of.High); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) audited(f qualityFlags) error {
	o := quality.Options{Now: time.Now()}
	if f.date != "" {
		day, err := time.Parse(time.DateOnly, f.date)
		if err != nil {
			p.fail("cli.flag_value", diag.Args{"name": "date", "value": f.date})
			return exit(exitUsage)
		}
		o.Today = new(crm.DayOf(day))
	}
	if f.rules != "" {
		text, err := os.ReadFile(f.rules)
		if err != nil {
			p.fail("cli.cannot_read", diag.Args{"file": f.rules, "detail": err.Error()})
			return exit(exitUsage)
		}
		rules, found := quality.Read(f.rules, text)
		if found.Err() != nil {
			return p.problems(found)
		}
		o.Rules = rules
	}
	if names := quality.Tables(); f.table != "" && !slices.Contains(names, f.table) {
		p.fail("quality.cli.table", diag.Args{"name": f.table, "known": names})
		return exit(exitUsage)
	}
	w, s, err := p.sourceFor(f.importFlags, false)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	var list *quality.List
	var file *os.File
	if f.csv != "" {
		out := p.Out
		if f.csv != "-" {
			// Under its own name only once it is whole: half a list looks like a whole one.
			if file, err = os.CreateTemp(filepath.Dir(f.csv), ".rendite-*.csv"); err != nil {
				p.fail("cli.new.cannot_write", diag.Args{"file": f.csv, "detail": err.Error()})
				return exit(exitUsage)
			}
			defer os.Remove(file.Name()) //nolint:errcheck // gone already where all went well
			defer file.Close()
			out = file
		}
		if list, err = quality.NewList(out, p.l); err != nil {
			return err
		}
		list.Table, list.Team = f.table, f.onlyOf
		o.Found = list.Add
	}
	r, err := quality.Run(p.ctx, w, s, o)
	if errors.Is(err, quality.ErrEmpty) {
		p.fail("quality.cli.empty", diag.Args{"source": f.source})
		return exit(exitUsage)
	}
	if err != nil {
		return err
	}
	if list != nil {
		if err := list.Close(); err != nil {
			return err
		}
		if file == nil {
			return nil // the list alone
		}
		if err := errors.Join(file.Close(), os.Rename(file.Name(), f.csv)); err != nil {
			p.fail("cli.new.cannot_write", diag.Args{"file": f.csv, "detail": err.Error()})
			return exit(exitUsage)
		}
		fmt.Fprintln(p.Err, p.l.Text("quality.cli.written", diag.Args{"count": list.Written, "file": f.csv}))
	}
	if f.linkage {
		if err := p.estimated(r, w, s); err != nil {
			return err
		}
	}
	effect, err := p.effect(r, f)
	if err != nil {
		return err
	}
	if f.c.json {
		return writeJSON(p.Out, struct {
			*quality.Report
			Effect *quality.Effect `json:"effect"`
		}{r, effect})
	}
	return quality.Text(p.Out, r, effect, p.l, p.reportOptions(f.c))
}

// effect puts the audit into the case that was named, nil where none was.
func (p *program) effect(r *quality.Report, f qualityFlags) (*quality.Effect, error) {
	if f.study == "" {
		return nil, nil
	}
	in, err := p.read(f.study, f.c)
	if err != nil {
		return nil, err
	}
	o, err := p.options(f.c)
	if err != nil {
		return nil, err
	}
	effect, found, err := r.InCase(p.ctx, in, o)
	switch {
	case errors.Is(err, quality.ErrNoTotal):
		p.fail("quality.cli.no_total", nil)
		return nil, exit(exitUsage)
	case err != nil:
		return nil, err
	case effect == nil && f.c.json:
		return nil, p.jsonProblems(found)
	case effect == nil:
		return nil, p.problems(found)
	}
	return effect, nil
}
