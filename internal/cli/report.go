package cli

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/report/workbook"
)

// formats are the forms of a report by the extension of the file.
var formats = map[string]func(io.Writer, *calc.Answer, *locale.Locale) error{
	".xlsx": workbook.Write,
}

func (p *program) reportCommand() *cobra.Command {
	var f caseFlags
	output := ""
	c := &cobra.Command{Use: "report CASE -o FILE", Short: p.t("cli.report"), Long: p.t("cli.report.long"), Args: p.oneCase,
		RunE: func(_ *cobra.Command, args []string) error {
			write, ok := formats[strings.ToLower(filepath.Ext(output))]
			if !ok {
				p.fail("cli.report.format", diag.Args{"file": output, "known": slices.Sorted(maps.Keys(formats))})
				return exit(exitUsage)
			}
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
			answer, list, err := calc.Run(p.ctx, in, o)
			if err != nil {
				return err
			}
			if answer == nil {
				return p.problems(list)
			}
			report.TranslateNotes(answer.Result, p.l)
			return p.save(output, func(w io.Writer) error { return write(w, answer, p.l) })
		}}
	p.simulationFlags(c, &f)
	c.Flags().StringVarP(&output, "output", "o", "", p.t("cli.flag.output"))
	return c
}

// save writes a file, or leaves none.
func (p *program) save(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err == nil {
		err = write(file)
		if shut := file.Close(); err == nil {
			err = shut
		}
		if err != nil {
			_ = os.Remove(name)
		}
	}
	if list, ok := err.(diag.List); ok {
		return p.problems(list)
	}
	if err != nil {
		fmt.Fprintln(p.Err, p.l.Text("cli.cannot_write", diag.Args{"file": name, "detail": err.Error()}))
		return exit(exitInternal)
	}
	return nil
}
