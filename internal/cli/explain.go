package cli

import (
	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report"
)

// study reads a case and runs it with the draws of a study. Further scenarios are alternatives, where the question knows
// any.
func (p *program) study(file string, f caseFlags, draws, alternatives bool) (*decide.Study, error) {
	if len(f.scenario) > 1 && !alternatives {
		p.fail("cli.one_scenario", nil)
		return nil, exit(exitUsage)
	}
	in, err := p.read(file, f)
	if err != nil {
		return nil, err
	}
	o, err := p.options(f)
	if err != nil {
		return nil, err
	}
	if !draws {
		o.Draws = decide.DefaultDraws
	}
	if o.Draws < decide.LeastDraws {
		p.fail("cli.least_draws", diag.Args{"draws": decide.LeastDraws})
		return nil, exit(exitUsage)
	}
	if len(f.scenario) > 0 {
		o.Scenario = f.scenario[0]
	}
	s, list, err := decide.New(p.ctx, in, o)
	if err != nil {
		return nil, err
	}
	if s != nil && len(f.scenario) > 1 {
		wrong, err := s.Choose(p.ctx, f.scenario[1:]...)
		if err != nil {
			return nil, err
		}
		if wrong.Err() != nil {
			s, list = nil, wrong
		}
	}
	if s == nil {
		if f.json {
			return nil, p.jsonProblems(list)
		}
		return nil, p.problems(list)
	}
	report.TranslateNotes(s.Result, p.l)
	return s, nil
}

func (p *program) explainCommand() *cobra.Command {
	var f caseFlags
	month := 0.0
	c := &cobra.Command{Use: "explain CASE", Short: p.t("cli.explain"), Long: p.t("cli.explain.long"), Args: p.oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := p.study(args[0], f, c.Flags().Changed("draws"), true)
			if err != nil {
				return err
			}
			var by *float64
			if month < 0 {
				p.fail("cli.flag_value", diag.Args{"name": "month", "value": month})
				return exit(exitUsage)
			}
			if month > 0 {
				by = &month
			}
			e, err := s.Explain(p.ctx, by)
			if err != nil {
				return err
			}
			report.Translate(e, s.Result, p.l)
			if f.json {
				return writeJSON(p.Out, e)
			}
			return report.Explain(p.Out, e, s.Result, p.l, p.reportOptions(f))
		}}
	p.simulationFlags(c, &f)
	c.Flags().Float64Var(&month, "month", 0, p.t("cli.flag.by_month"))
	return c
}

func (p *program) seekCommand() *cobra.Command {
	var f caseFlags
	var month, npv, probability float64
	c := &cobra.Command{Use: "seek CASE", Short: p.t("cli.seek"), Long: p.t("cli.seek.long"), Example: p.t("cli.seek.example"), Args: p.oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			t := decide.Target{Probability: probability / 100}
			if c.Flags().Changed("month") == c.Flags().Changed("npv") {
				p.fail("cli.seek_goal", nil)
				return exit(exitUsage)
			}
			if c.Flags().Changed("month") {
				t.BreakEvenMonth = &month
			} else {
				t.NPV = &npv
			}
			if !(probability > 0 && probability < 100) {
				p.fail("cli.flag_value", diag.Args{"name": "probability", "value": probability})
				return exit(exitUsage)
			}
			s, err := p.study(args[0], f, c.Flags().Changed("draws"), false)
			if err != nil {
				return err
			}
			goal, err := s.Seek(p.ctx, t)
			if err != nil {
				return err
			}
			if f.json {
				return writeJSON(p.Out, goal)
			}
			return report.Seek(p.Out, goal, s.Result, p.l, p.reportOptions(f))
		}}
	p.simulationFlags(c, &f)
	c.Flags().Float64Var(&month, "month", 0, p.t("cli.flag.month"))
	c.Flags().Float64Var(&npv, "npv", 0, p.t("cli.flag.npv"))
	c.Flags().Float64Var(&probability, "probability", 80, p.t("cli.flag.probability"))
	return c
}

func (p *program) auditCommand() *cobra.Command {
	var f caseFlags
	baseline := ""
	c := &cobra.Command{Use: "audit CASE", Short: p.t("cli.audit"), Long: p.t("cli.audit.long"), Args: p.oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := p.study(args[0], f, c.Flags().Changed("draws"), false)
			if err != nil {
				return err
			}
			found := s.Audit()
			if baseline != "" {
				sealed, err := p.sealed(baseline, f, s.Options)
				if err != nil {
					return err
				}
				found = append(found, decide.Against(sealed, s.Answer)...).Sorted()
			}
			if f.json {
				return writeJSON(p.Out, map[string]any{"findings": p.notes(found)})
			}
			return report.Audit(p.Out, found, p.l, p.reportOptions(f))
		}}
	p.simulationFlags(c, &f)
	c.Flags().StringVar(&baseline, "sealed", "", p.t("cli.flag.sealed"))
	return c
}

// sealed runs the baseline of a case, without what --set changes.
func (p *program) sealed(file string, f caseFlags, o calc.Options) (*calc.Answer, error) {
	f.set = nil
	in, err := p.read(file, f)
	if err != nil {
		return nil, err
	}
	o.Draws = decide.LeastDraws // only its plan counts
	a, list, err := calc.Run(p.ctx, in, o)
	if err != nil {
		return nil, err
	}
	if a == nil {
		if f.json {
			return nil, p.jsonProblems(list)
		}
		return nil, p.problems(list)
	}
	return a, nil
}
