package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/duplicates"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

// duplicateFlags are those of duplicatesCommand.
type duplicateFlags struct {
	importFlags
	threshold, csv, decide string
	columns                []string
	json                   bool
	groups                 int
}

const (
	shownGroups = 10
	fewPairs    = 50 // below it the estimates are said to be rough
)

// duplicatesCommand finds records of the CRM that stand for the same firm or person.
func (p *program) duplicatesCommand() *cobra.Command {
	var f duplicateFlags
	c := &cobra.Command{Use: "duplicates", Short: p.t("cli.duplicates"), Long: p.t("cli.duplicates.long"), Example: p.t("cli.duplicates.example"), Args: p.noArgs,
		RunE: func(*cobra.Command, []string) error { return p.duplicates(f) }}
	c.Flags().StringVar(&f.data, "data", cmp.Or(p.Env("RENDITE_DATA"), warehouse.DefaultFile), p.t("cli.flag.data"))
	c.Flags().StringVar(&f.source, "source", defaultSource, p.t("cli.flag.source"))
	c.Flags().StringVar(&f.table, "table", duplicates.Accounts, p.t("cli.duplicates.table"))
	c.Flags().StringSliceVar(&f.columns, "columns", nil, p.t("cli.duplicates.columns"))
	c.Flags().StringVar(&f.threshold, "threshold", "", p.t("cli.duplicates.threshold"))
	c.Flags().IntVar(&f.groups, "groups", shownGroups, p.t("cli.duplicates.groups"))
	c.Flags().StringVar(&f.csv, "csv", "", p.t("cli.duplicates.csv"))
	c.Flags().StringVar(&f.decide, "decide", "", p.t("cli.duplicates.decide"))
	c.Flags().BoolVar(&f.json, "json", false, p.t("cli.flag.json"))
	return c
}

func (p *program) duplicates(f duplicateFlags) error {
	o := duplicates.Options{Table: f.table, Columns: f.columns}
	if known := duplicates.Tables(); !slices.Contains(known, f.table) {
		p.fail("cli.duplicates.no_table", diag.Args{"name": f.table, "known": known})
		return exit(exitUsage)
	}
	for _, name := range f.columns {
		if known := duplicates.Columns(f.table); !slices.Contains(known, name) {
			p.fail("cli.duplicates.no_column", diag.Args{"name": name, "table": f.table, "known": known})
			return exit(exitUsage)
		}
	}
	if f.threshold != "" {
		var ok bool
		if o.Threshold, ok = probability(f.threshold); !ok {
			p.fail("cli.duplicates.no_probability", diag.Args{"value": f.threshold})
			return exit(exitUsage)
		}
	}
	w, s, err := p.sourceFor(f.importFlags, false)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // what was written has been committed
	if f.decide != "" {
		return p.decide(w, s, f)
	}
	progress, done := p.finding()
	o.Progress = progress
	x, err := duplicates.Find(p.ctx, w, s, o)
	done()
	if err != nil {
		return err
	}
	if f.csv != "" {
		if err := p.into(f.csv, func(out io.Writer) error { return x.WriteCSV(out, p.l) }); err != nil {
			return err
		}
	}
	if f.json {
		return x.WriteJSON(p.Out)
	}
	p.found(x, f)
	return nil
}

// probability reads one as people write it: 0.9, 0,9, 90 %.
func probability(s string) (float64, bool) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(number), ",", ".", 1), 64)
	if percent {
		v /= 100
	}
	return v, err == nil && v > 0 && v < 1
}

// into writes a file of a name, whole or not at all as far as an error shows.
func (p *program) into(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		p.fail("cli.cannot_write", diag.Args{"file": name, "detail": err.Error()})
		return exit(exitUsage)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// decide keeps what a file says about pairs.
func (p *program) decide(w *warehouse.Warehouse, s warehouse.Source, f duplicateFlags) error {
	taken, found, err := duplicates.Decide(p.ctx, w, s, f.table, f.decide)
	var d diag.Diagnostic
	switch {
	case errors.As(err, &d):
		return p.problems(diag.List{d})
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		p.fail("cli.cannot_read", diag.Args{"file": f.decide, "detail": err.Error()})
		return exit(exitUsage)
	case err != nil:
		return err
	}
	if err := p.problems(found); err != nil {
		return err
	}
	fmt.Fprintln(p.Out, p.l.Text("cli.duplicates.decided", diag.Args{"file": f.decide, "same": taken.Same, "different": taken.Different, "withdrawn": taken.Withdrawn, "open": taken.Open, "unknown": taken.Unknown}))
	return nil
}

// finding shows how far the search is, on a terminal alone; done takes it away.
func (p *program) finding() (report func(stage duplicates.Stage, done, total int64), done func()) {
	out, ok := p.Err.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	var at duplicates.Stage
	started := time.Now()
	return func(stage duplicates.Stage, n, total int64) {
			if time.Since(started) < time.Second {
				return
			}
			if bar == nil || stage != at {
				if bar != nil {
					_ = bar.Clear()
				}
				bar = progressbar.NewOptions64(max(total, 1), progressbar.OptionSetWriter(out), progressbar.OptionClearOnFinish(),
					progressbar.OptionSetDescription(p.t("cli.duplicates.stage."+string(stage))), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))
				at = stage
			}
			bar.ChangeMax64(max(total, 1))
			_ = bar.Set64(n)
		}, func() {
			if bar != nil {
				_ = bar.Clear()
			}
		}
}

// found prints what was found: the figures, what other thresholds would mean, the largest groups.
func (p *program) found(x *duplicates.Outcome, f duplicateFlags) {
	say := func(key string, args diag.Args) { fmt.Fprintln(p.Out, p.l.Text(key, args)) }
	indented := func(n int, key string, args diag.Args) {
		fmt.Fprintln(p.Out, strings.Repeat(" ", n)+p.l.Text(key, args))
	}
	say("cli.duplicates.title."+x.Table, diag.Args{"count": x.Records})
	if x.Groups == 0 {
		say("cli.duplicates.none", nil)
	} else {
		say("cli.duplicates.found", diag.Args{"groups": x.Groups, "grouped": x.Grouped, "surplus": x.Surplus})
	}
	if x.Records > 0 {
		say("cli.duplicates.share", diag.Args{"share": p.l.Percent(x.Share.Value, 1), "range": p.l.Range(p.l.Percent(x.Share.Low, 1), p.l.Percent(x.Share.High, 1))})
	}
	if x.Threshold.Pairs > 0 {
		say("cli.duplicates.at", diag.Args{"probability": p.l.Percent(x.Threshold.Probability, 1), "pairs": x.Threshold.Pairs, "precision": p.estimate(x.Threshold.Precision), "recall": p.estimate(x.Threshold.Recall)})
	}
	if x.Threshold.Pairs < fewPairs && x.Groups > 0 {
		say("cli.duplicates.rough", nil)
	}
	if d := x.Decisions; d.Same+d.Different+d.Gone > 0 {
		say("cli.duplicates.decisions", diag.Args{"same": d.Same, "different": d.Different, "gone": d.Gone})
	}
	if x.Pairs.Unkeyed > 0 {
		say("cli.duplicates.unkeyed", diag.Args{"count": x.Pairs.Unkeyed})
	}
	if x.Pairs.LeftOut > 0 {
		say("cli.duplicates.left_out", diag.Args{"count": x.Pairs.LeftOut})
	}
	if x.Threshold.Pairs > 0 {
		fmt.Fprintln(p.Out)
		p.thresholds(x)
	}
	for k := range min(f.groups, x.Groups) {
		g := x.Group(k)
		fmt.Fprintln(p.Out)
		for _, m := range g.Members {
			if m.Keep {
				say("cli.duplicates.keep", diag.Args{"group": strconv.Itoa(g.Number), "id": m.ID, "title": m.Title(x.Table)})
				continue
			}
			indented(4, "cli.duplicates.member", diag.Args{"id": m.ID, "title": m.Title(x.Table)})
			why := diag.Args{"probability": m.Why.Chance(p.l), "id": m.Why.With, "text": m.Why.Sentence(p.l)}
			if m.Why.With == g.Members[0].ID {
				indented(8, "cli.duplicates.why", why)
			} else {
				indented(8, "cli.duplicates.why_other", why)
			}
		}
	}
	fmt.Fprintln(p.Out)
	if f.csv != "" {
		say("cli.duplicates.written", diag.Args{"file": f.csv, "groups": x.Groups, "review": x.Review})
		return
	}
	say("cli.duplicates.more", diag.Args{"groups": x.Groups, "review": x.Review})
}

// estimate is a share in per cent that is never rounded up to a certainty.
func (p *program) estimate(share float64) string {
	if text := p.l.Percent(share, 1); text != p.l.Percent(1, 1) {
		return text
	}
	return p.l.Text("cli.duplicates.above", diag.Args{"share": p.l.Percent(.999, 1)})
}

// thresholds prints what other thresholds would mean, in columns.
func (p *program) thresholds(x *duplicates.Outcome) {
	rows := [][]string{{p.t("cli.duplicates.column.probability"), p.t("cli.duplicates.column.pairs"), p.t("cli.duplicates.column.precision"), p.t("cli.duplicates.column.recall")}}
	for _, t := range x.Thresholds {
		right := "–" // of none
		if t.Pairs > 0 {
			right = p.estimate(t.Precision)
		}
		rows = append(rows, []string{p.l.Percent(t.Probability, 1), p.l.Number(float64(t.Pairs), 0), right, p.estimate(t.Recall)})
	}
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	for _, r := range rows {
		line := ""
		for i, c := range r {
			line += strings.Repeat(" ", width[i]-len([]rune(c))+2) + c
		}
		fmt.Fprintln(p.Out, line)
	}
}
