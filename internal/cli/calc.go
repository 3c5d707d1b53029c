package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
)

func (p *program) calcCommand() *cobra.Command {
	var f caseFlags
	definitions := false
	c := &cobra.Command{Use: "calc CASE", Short: p.t("cli.calc"), Long: p.t("cli.calc.long"), Example: p.t("cli.calc.example"), Args: p.oneCase,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(f.scenario) > 1 {
				p.fail("cli.one_scenario", nil)
				return exit(exitUsage)
			}
			in, err := p.read(args[0], f)
			if err != nil {
				return err
			}
			o, err := p.options(f)
			if err != nil {
				return err
			}
			if len(f.scenario) == 1 {
				o.Scenario = f.scenario[0]
			}
			o.Definitions = definitions
			o.Progress = p.progress(o.Draws)
			answer, list, err := calc.Run(p.ctx, in, o)
			if err != nil {
				return err
			}
			if answer == nil {
				if f.json {
					return p.jsonProblems(list)
				}
				return p.problems(list)
			}
			report.TranslateNotes(answer.Result, p.l)
			if f.json {
				return writeJSON(p.Out, answer.Result)
			}
			opt := p.reportOptions(f)
			opt.Definitions = definitions
			return report.Text(p.Out, answer.Result, p.l, opt)
		}}
	p.simulationFlags(c, &f)
	c.Flags().BoolVar(&definitions, "definitions", false, p.t("cli.flag.definitions"))
	return c
}

// noArgs refuses arguments.
func (p *program) noArgs(_ *cobra.Command, args []string) error {
	return p.atMost(0, args)
}

func (p *program) atMost(n int, args []string) error {
	if len(args) > n {
		p.fail("cli.arguments", diag.Args{"text": strings.Join(args[n:], " ")})
		return exit(exitUsage)
	}
	return nil
}

// oneCase demands exactly one case file.
func (p *program) oneCase(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		p.fail("cli.one_case", diag.Args{"command": c.CommandPath()})
		return exit(exitUsage)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (p *program) checkCommand() *cobra.Command {
	var f caseFlags
	c := &cobra.Command{Use: "check CASE", Short: p.t("cli.check"), Long: p.t("cli.check.long"), Args: p.oneCase,
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := p.read(args[0], f)
			if err != nil {
				return err
			}
			scenarios := f.scenario
			if len(scenarios) == 0 {
				scenarios = []string{""}
			}
			var all diag.List
			lines, uncertain := 0, 0
			for _, s := range scenarios {
				m, list := calc.Check(in, s)
				for _, d := range list {
					all.Add(d)
				}
				if m != nil {
					lines, uncertain = len(m.Lines), len(m.Uncertain())
				}
			}
			if f.json {
				return p.jsonProblems(all)
			}
			if err := p.problems(all); err != nil {
				return err
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.check.ok", diag.Args{"file": args[0], "lines": lines, "uncertain": uncertain}))
			return nil
		}}
	p.flags(c, &f)
	return c
}

// notes puts diagnostics into the user's language.
func (p *program) notes(list diag.List) []result.Note {
	notes := []result.Note{}
	for _, d := range list {
		n := result.Note{Code: d.Code, Text: p.l.Message(d), At: d.At.String(), Severity: severity(d.Severity)}
		if h := p.l.Hint(d); h != "" {
			n.Text += " " + h
		}
		notes = append(notes, n)
	}
	return notes
}

// jsonProblems writes errors and warnings as JSON to standard output and gives the exit code.
func (p *program) jsonProblems(list diag.List) error {
	if err := writeJSON(p.Out, map[string]any{"ok": list.Err() == nil, "notes": p.notes(list)}); err != nil {
		return err
	}
	if list.Err() != nil {
		return exit(exitCase)
	}
	return nil
}

func severity(s diag.Severity) string {
	return map[diag.Severity]string{diag.Error: "error", diag.Warning: "warning", diag.Hint: "hint"}[s]
}

func (p *program) compareCommand() *cobra.Command {
	var f caseFlags
	var wait []int
	c := &cobra.Command{Use: "compare CASE", Short: p.t("cli.compare"), Long: p.t("cli.compare.long"), Example: p.t("cli.compare.example"), Args: p.oneCase,
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := p.read(args[0], f)
			if err != nil {
				return err
			}
			o, err := p.options(f)
			if err != nil {
				return err
			}
			alternatives := f.scenario
			for _, months := range wait {
				if months < 1 {
					p.fail("cli.flag_value", diag.Args{"name": "wait", "value": fmt.Sprint(months)})
					return exit(exitUsage)
				}
				if len(alternatives) == 0 {
					alternatives = []string{"base"}
				}
				alternatives = append(alternatives, fmt.Sprintf("%s+%d", alternatives[0], months))
			}
			comparison, list, err := calc.Compare(p.ctx, in, alternatives, o)
			if err != nil {
				return err
			}
			if comparison == nil {
				if f.json {
					return p.jsonProblems(list)
				}
				return p.problems(list)
			}
			for i := range comparison.Scenarios {
				report.TranslateNotes(&comparison.Scenarios[i], p.l)
			}
			if f.json {
				return writeJSON(p.Out, comparison)
			}
			return report.Compare(p.Out, comparison, p.l, p.reportOptions(f))
		}}
	p.simulationFlags(c, &f)
	c.Flags().IntSliceVar(&wait, "wait", nil, p.t("cli.flag.wait"))
	return c
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: p.t("cli.version"), Args: p.noArgs, RunE: func(*cobra.Command, []string) error {
		fmt.Fprintln(p.Out, "rendite "+version())
		return nil
	}}
}
