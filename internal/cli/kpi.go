package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/chart"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/kpi/fill"
	"github.com/rendite-crm/rendite/internal/kpi/show"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/revision"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

type kpiFlags struct {
	importFlags
	figures                           []string
	from, to, sql, dialect, into, svg string
	team                              string
	list, json, csv, yes              bool
	width                             int
}

// kpiCommand shows key figures and brings them into a case.
func (p *program) kpiCommand() *cobra.Command {
	var f kpiFlags
	c := &cobra.Command{Use: "kpi", Short: p.t("cli.kpi"), Long: p.t("cli.kpi.long"), Example: p.t("cli.kpi.example"), Args: p.noArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case f.list:
				return p.listFigures()
			case f.sql != "":
				return p.figureSQL(f)
			case f.into != "":
				return p.fillCase(f)
			}
			return p.showFigures(f)
		}}
	c.Flags().StringVar(&f.data, "data", cmp.Or(p.Env("RENDITE_DATA"), warehouse.DefaultFile), p.t("cli.flag.data"))
	c.Flags().StringVar(&f.source, "source", defaultSource, p.t("cli.flag.source"))
	c.Flags().StringArrayVar(&f.figures, "figure", nil, p.t("cli.flag.figure"))
	c.Flags().StringVar(&f.team, "team", "", p.t("cli.flag.team"))
	c.Flags().StringVar(&f.from, "from", "", p.t("cli.flag.from"))
	c.Flags().StringVar(&f.to, "to", "", p.t("cli.flag.to"))
	c.Flags().BoolVar(&f.list, "list", false, p.t("cli.flag.list"))
	c.Flags().StringVar(&f.sql, "sql", "", p.t("cli.flag.sql"))
	c.Flags().StringVar(&f.dialect, "dialect", "", p.t("cli.flag.dialect"))
	c.Flags().StringVar(&f.svg, "svg", "", p.t("cli.flag.svg"))
	c.Flags().StringVar(&f.into, "into", "", p.t("cli.flag.into"))
	c.Flags().BoolVar(&f.yes, "yes", false, p.t("cli.flag.into_yes"))
	c.Flags().BoolVar(&f.json, "json", false, p.t("cli.flag.json"))
	c.Flags().BoolVar(&f.csv, "csv", false, p.t("cli.flag.csv"))
	c.Flags().IntVar(&f.width, "width", 0, p.t("cli.flag.width"))
	c.MarkFlagsMutuallyExclusive("json", "csv")
	return c
}

// listFigures names all figures and what they say.
func (p *program) listFigures() error {
	for _, f := range kpi.Figures() {
		fmt.Fprintf(p.Out, "%s: %s\n  %s\n", f.ID, p.t("kpi."+f.ID), p.t("kpi."+f.ID+".text"))
	}
	return nil
}

// noFigure says that there is none of that name.
func (p *program) noFigure(id string) error {
	var names []string
	for _, f := range kpi.Figures() {
		names = append(names, f.ID)
	}
	p.fail("cli.kpi.no_figure", diag.Args{"name": id, "nearest": quantity.Nearest(id, names)})
	return exit(exitUsage)
}

// measured opens the data and settles the months.
func (p *program) measured(f kpiFlags) (*warehouse.Warehouse, warehouse.Source, kpi.Options, error) {
	var o kpi.Options
	if !strings.Contains(f.data, "://") {
		if _, err := os.Stat(f.data); err != nil { // opening would make an empty file
			p.fail("cli.kpi.no_data", diag.Args{"file": f.data})
			return nil, warehouse.Source{}, o, exit(exitUsage)
		}
	}
	w, s, err := p.sourceFor(f.importFlags, false)
	if err != nil {
		return nil, s, o, err
	}
	if o, err = p.months(f, w, s); err != nil {
		return nil, s, o, errors.Join(err, w.Close())
	}
	return w, s, o, nil
}

func (p *program) months(f kpiFlags, w *warehouse.Warehouse, s warehouse.Source) (kpi.Options, error) {
	var o kpi.Options
	day, ok, err := kpi.Reach(p.ctx, w, kpi.DialectOf(w), s, time.Now())
	if err != nil {
		return o, err
	}
	if !ok {
		p.fail("cli.kpi.empty", diag.Args{"name": s.Name})
		return o, exit(exitUsage)
	}
	o.Today = day
	o.First, o.Last = kpi.LastYear(day)
	for _, m := range []struct {
		name, text string
		into       *int64
	}{{"to", f.to, &o.Last}, {"from", f.from, &o.First}} {
		if m.text == "" {
			continue
		}
		at, err := time.Parse("2006-01", m.text)
		if err != nil {
			p.fail("cli.kpi.month", diag.Args{"name": m.name, "value": m.text})
			return o, exit(exitUsage)
		}
		*m.into = crm.MonthOf(at)
		if m.name == "to" {
			o.First = o.Last - 11
		}
	}
	if o.First > o.Last || o.Last-o.First >= 600 {
		p.fail("cli.kpi.order", diag.Args{"from": crm.MonthText(o.First), "to": crm.MonthText(o.Last)})
		return o, exit(exitUsage)
	}
	return o, nil
}

// figureSQL writes the text of a figure. Where the source is there, its numbers stand in the text, which runs as it is.
func (p *program) figureSQL(f kpiFlags) error {
	figure, ok := kpi.Find(f.sql)
	if !ok {
		return p.noFigure(f.sql)
	}
	name := cmp.Or(f.dialect, map[bool]string{false: kpi.SQLite.Name, true: kpi.PostgreSQL.Name}[strings.Contains(f.data, "://")])
	var names []string
	for _, d := range kpi.Dialects() {
		names = append(names, d.Name)
	}
	i := slices.Index(names, name)
	if i < 0 {
		p.fail("cli.kpi.dialect", diag.Args{"name": name, "known": names})
		return exit(exitUsage)
	}
	d := kpi.Dialects()[i]
	fmt.Fprintf(p.Out, "-- %s\n", p.t("kpi."+figure.ID))
	if _, err := os.Stat(f.data); err != nil && !strings.Contains(f.data, "://") {
		fmt.Fprintf(p.Out, "-- %s\n%s\n", p.t("cli.kpi.parameters"), strings.TrimSpace(figure.Query(d).Text))
		return nil
	}
	w, s, o, err := p.measured(f)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	fmt.Fprintf(p.Out, "-- %s\n%s\n", p.l.Text("cli.kpi.period", diag.Args{"source": strings.ReplaceAll(s.Name, "\n", " "), "from": crm.MonthText(o.First), "to": crm.MonthText(o.Last), "day": p.day(o.Today)}),
		strings.TrimSpace(figure.Text(d, s, o)))
	return nil
}

func (p *program) day(day int64) string { return p.l.Date(crm.DayTime(day)) }

// wished are the figures asked for, by ID.
func (p *program) wished(f kpiFlags) ([]fill.Wish, error) {
	var list []fill.Wish
	for _, text := range f.figures {
		w, err := fill.ParseWish(text)
		if err != nil {
			return nil, p.noFigure(w.Figure)
		}
		if w.To != "" && f.into == "" {
			p.fail("cli.kpi.to_what", diag.Args{"text": text})
			return nil, exit(exitUsage)
		}
		list = append(list, w)
	}
	return list, nil
}

func (p *program) showFigures(f kpiFlags) error {
	wishes, err := p.wished(f)
	if err != nil {
		return err
	}
	if f.svg != "" && len(wishes) != 1 {
		p.fail("cli.kpi.one_figure", nil)
		return exit(exitUsage)
	}
	w, s, o, err := p.measured(f)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	for _, wish := range wishes {
		o.Figures = append(o.Figures, wish.Figure)
	}
	o.Together = len(wishes) == 0 && !f.json && !f.csv
	list, err := kpi.Compute(p.ctx, w, kpi.DialectOf(w), s, o)
	if err != nil {
		return err
	}
	switch {
	case f.json:
		return writeJSON(p.Out, show.JSON(p.l, list, s.Currency))
	case f.csv:
		return show.CSV(p.Out, list, s.Currency)
	}
	team := slices.Index(list[0].Teams, f.team)
	if team < 0 {
		p.fail("cli.kpi.no_team", diag.Args{"name": f.team, "known": list[0].Teams[1:]})
		return exit(exitUsage)
	}
	period := diag.Args{"source": s.Name, "from": p.l.MonthName(crm.MonthText(o.First), 0), "to": p.l.MonthName(crm.MonthText(o.Last), 0), "day": p.day(o.Today)}
	fmt.Fprintln(p.Out, p.l.Text("cli.kpi.period", period))
	if o.Together {
		p.overview(list, team, s, f)
	} else {
		for _, series := range list {
			if err := p.figure(series, team, s, f); err != nil {
				return err
			}
		}
	}
	if slices.Contains(list[0].Teams, kpi.Merged) {
		fmt.Fprintln(p.Out, "\n"+p.l.Text("kpi.team.why", diag.Args{"count": kpi.Fewest}))
	}
	return nil
}

// overview is a row for each figure, all months together.
func (p *program) overview(list []kpi.Series, team int, s warehouse.Source, f kpiFlags) {
	rows := [][]string{{p.t("cli.kpi.column.figure"), p.t("cli.kpi.column.value"), p.t("cli.kpi.column.interval"), p.t("cli.kpi.column.n"), ""}}
	for _, series := range list {
		figure, _ := kpi.Find(series.Figure)
		point := series.Points[team][0]
		value, span := show.Point(p.l, figure, point, s.Currency)
		reason := ""
		if point.Value == nil {
			reason = show.Reason(p.l, point)
		}
		rows = append(rows, []string{p.t("kpi." + series.Figure), value, span, p.l.Number(float64(point.N), 0), cmp.Or(reason, series.Figure)})
	}
	p.columns(rows, 1, 2, 3)
	if list[0].Derived || slices.ContainsFunc(list, func(s kpi.Series) bool { return s.Derived }) {
		fmt.Fprintln(p.Out, "\n"+p.t("kpi.derived"))
	}
}

// figure is the chart of a figure and its table by month and team.
func (p *program) figure(series kpi.Series, team int, s warehouse.Source, f kpiFlags) error {
	figure, _ := kpi.Find(series.Figure)
	live := int64(0)
	if s.GoLive != nil {
		live = crm.MonthOf(crm.DayTime(*s.GoLive))
	}
	c := show.Chart(p.l, series, team, s.Currency, live)
	if f.svg != "" {
		if err := os.WriteFile(f.svg, c.Scene(p.l, chart.Size{}).File(), 0o644); err != nil { //nolint:gosec // a picture is no secret
			p.fail("cli.report.write", diag.Args{"file": f.svg})
			return exit(exitUsage)
		}
	}
	width := p.width(f.width)
	fmt.Fprintln(p.Out)
	for _, line := range (chart.Terminal{Width: width, Colour: chart.ColourFor(p.Out, p.Env), ASCII: chart.ASCIIFor(p.Env)}).Draw(c, p.l) {
		fmt.Fprintln(p.Out, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(p.Out)
	rows := [][]string{{p.t("cli.kpi.column.month"), show.Team(p.l, series.Teams[team]), p.t("cli.kpi.column.interval"), p.t("cli.kpi.column.n"), ""}}
	for k, m := range series.Months {
		point := series.Points[team][k]
		value, span := show.Point(p.l, figure, point, s.Currency)
		reason := ""
		if point.Value == nil {
			reason = show.Reason(p.l, point)
		}
		rows = append(rows, []string{crm.MonthText(m), value, span, p.l.Number(float64(point.N), 0), reason})
	}
	p.columns(rows, 1, 2, 3)
	p.byTeam(series, figure, s, width)
	fmt.Fprintln(p.Out, "\n"+p.t("kpi."+series.Figure+".text"))
	if series.Derived {
		fmt.Fprintln(p.Out, p.t("kpi.derived"))
	}
	return nil
}

// byTeam is the table of values by month and team, as many teams beside each other as fit.
func (p *program) byTeam(series kpi.Series, f kpi.Figure, s warehouse.Source, width int) {
	rest := 1
	for rest < len(series.Teams) {
		rows := make([][]string, len(series.Months)+1)
		rows[0] = []string{p.t("cli.kpi.column.month")}
		for k, m := range series.Months {
			rows[k+1] = []string{crm.MonthText(m)}
		}
		var right []int
		for used := 8; rest < len(series.Teams); rest++ {
			column := []string{show.Team(p.l, series.Teams[rest])}
			for k := range series.Months {
				value, _ := show.Point(p.l, f, series.Points[rest][k], s.Currency)
				column = append(column, value)
			}
			wide := 2
			for _, c := range column {
				wide = max(wide, locale.Width(c)+2)
			}
			if used += wide; used > width && len(right) > 0 {
				break
			}
			right = append(right, len(right)+1)
			for k := range rows {
				rows[k] = append(rows[k], column[k])
			}
		}
		fmt.Fprintln(p.Out)
		p.columns(rows, right...)
	}
}

// columns writes a table; right are the columns of numbers.
func (p *program) columns(rows [][]string, right ...int) {
	wide := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			wide[i] = max(wide[i], locale.Width(c))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", wide[i]-locale.Width(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if slices.Contains(right, i) {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		fmt.Fprintln(p.Out, strings.TrimRight(b.String(), " "))
	}
}

// fillCase brings figures into a case file.
func (p *program) fillCase(f kpiFlags) error {
	wishes, err := p.wished(f)
	if err != nil {
		return err
	}
	in, err := p.read(f.into, caseFlags{})
	if err != nil {
		return err
	}
	before, err := revision.Open(f.into, in.Text)
	if err != nil {
		return p.listed(err)
	}
	w, s, o, err := p.measured(f)
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	findings, err := fill.Measure(p.ctx, w, kpi.DialectOf(w), s, o, wishes)
	if errors.Is(err, fill.ErrWish) {
		p.fail("cli.kpi.wish", diag.Args{"name": strings.TrimPrefix(err.Error(), fill.ErrWish.Error()+": ")})
		return exit(exitUsage)
	}
	if err != nil {
		return err
	}
	after, changes, skips, err := fill.Into(before, in.Catalogue, s, findings, p.l)
	if err != nil {
		return p.listed(err)
	}
	for _, k := range skips {
		if len(wishes) == 0 && k.Path == "" {
			continue // the case has no such assumption, and nobody asked for it
		}
		fmt.Fprintln(p.Err, p.l.Text("cli.kpi.skipped", diag.Args{"figure": p.t("kpi." + k.Figure), "target": cmp.Or(k.Path, k.To, k.Target),
			"reason": p.l.Text(k.Reason, diag.Args{"currency": s.Currency})}))
	}
	if len(changes) == 0 {
		fmt.Fprintln(p.Out, p.l.Text("cli.kpi.nothing", diag.Args{"file": f.into}))
		return nil
	}
	if err := p.weigh(f, in, before, after); err != nil {
		return err
	}
	switch {
	case f.yes:
	case f.into != "-" && terminal(p.In):
		fmt.Fprintf(p.Out, "\n%s ", p.l.Text("cli.kpi.ask", diag.Args{"file": f.into}))
		line, err := bufio.NewReader(p.In).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if answer := strings.ToLower(strings.TrimSpace(line)); !slices.Contains(strings.Fields(p.t("cli.kpi.yes")), answer) {
			fmt.Fprintln(p.Out, p.l.Text("cli.kpi.unwritten", diag.Args{"file": f.into}))
			return nil
		}
	default:
		fmt.Fprintln(p.Out, "\n"+p.l.Text("cli.kpi.unwritten", diag.Args{"file": f.into}))
		return nil
	}
	if err := replace(f.into, after.Bytes()); err != nil {
		p.fail("cli.new.cannot_write", diag.Args{"file": f.into, "detail": err.Error()})
		return exit(exitUsage)
	}
	fmt.Fprintln(p.Out, "\n"+p.l.Text("cli.new.written", diag.Args{"file": f.into}))
	return nil
}

// listed shows an error that is a list of diagnostics.
func (p *program) listed(err error) error {
	var list diag.List
	if errors.As(err, &list) {
		return p.problems(list)
	}
	return err
}

// weigh says in words what changes, and what the case says before and after.
func (p *program) weigh(f kpiFlags, in calc.Case, before, after *revision.Text) error {
	words, err := revision.Words(p.l, in.Catalogue, before.Bytes(), after.Bytes())
	if err != nil {
		return err
	}
	for _, line := range words {
		fmt.Fprintln(p.Out, line)
	}
	var results []*result.Result
	for _, t := range []*revision.Text{before, after} {
		c := in
		c.Text = t.Bytes()
		o := calc.Options{Draws: calc.DefaultDraws, Seed: calc.DefaultSeed, Lang: string(p.l.Lang())}
		answer, list, err := calc.Run(p.ctx, c, o)
		if err != nil {
			return err
		}
		if answer == nil {
			return p.problems(list)
		}
		results = append(results, answer.Result)
	}
	rows := [][]string{{"", p.t("cli.kpi.before"), p.t("cli.kpi.after")}}
	row := func(key string, of func(*result.Result) string) {
		rows = append(rows, []string{p.t(key), of(results[0]), of(results[1])})
	}
	row("compare.roi", func(r *result.Result) string {
		v := cmp.Or(r.Simulation.ROI.P50, r.Plan.ROI)
		if v == nil {
			return locale.None
		}
		return p.l.Percent(*v, 0)
	})
	row("compare.npv", func(r *result.Result) string {
		return p.l.Money(*cmp.Or(r.Simulation.NPV.P50, &r.Plan.NPV), r.Case.Currency, 0)
	})
	row("result.break_even", func(r *result.Result) string {
		if b := r.Simulation.BreakEven.P50; b != nil {
			return p.l.Month(report.Month(*b))
		}
		return p.t("compare.later")
	})
	row("result.grade", func(r *result.Result) string { return cmp.Or(r.Grade, locale.None) })
	fmt.Fprintln(p.Out)
	p.columns(rows, 1, 2)
	return nil
}

// replace writes a file beside the old one and puts it in its place, so that an interruption leaves one of the two.
func replace(name string, text []byte) error {
	if link, err := filepath.EvalSymlinks(name); err == nil {
		name = link
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
