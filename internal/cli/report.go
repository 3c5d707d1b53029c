package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report/document"
	"github.com/rendite-crm/rendite/internal/report/written"
)

func (p *program) reportCommand() *cobra.Command {
	var f caseFlags
	output, brand, baseline := "", "", ""
	c := &cobra.Command{Use: "report CASE", Short: p.t("cli.report"), Long: p.t("cli.report.long"), Args: p.oneCase,
		RunE: func(_ *cobra.Command, args []string) error {
			format := strings.ToLower(strings.TrimPrefix(filepath.Ext(output), "."))
			if _, ok := written.Media(format); !ok {
				var endings []string
				for _, f := range written.Formats() {
					endings = append(endings, "."+f)
				}
				p.fail("cli.report.format", diag.Args{"file": output, "formats": endings})
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
			var b document.Brand
			if brand != "" {
				if b, err = document.ReadBrand(brand); err != nil {
					return err
				}
			}
			content, list, err := document.Gather(p.ctx, in, o, p.l)
			if err != nil {
				return err
			}
			if content == nil {
				return p.problems(list)
			}
			content.Brand, content.Set = b, f.set
			if baseline != "" {
				sealed := f
				sealed.set = nil // the baseline is as it was sealed
				was, err := p.read(baseline, sealed)
				if err != nil {
					return err
				}
				list, err := content.Against(p.ctx, was, in.Text, o, p.l)
				if err != nil {
					return err
				}
				if list.Err() != nil {
					return p.problems(list)
				}
			}
			var out bytes.Buffer
			if err := written.Write(&out, format, content, p.l); err != nil {
				var wrong diag.List
				if errors.As(err, &wrong) {
					return p.problems(wrong) // what a format cannot hold
				}
				return err
			}
			if err := os.WriteFile(output, out.Bytes(), 0o644); err != nil { //nolint:gosec // a report is no secret
				p.fail("cli.report.write", diag.Args{"file": output})
				return exit(exitUsage)
			}
			fmt.Fprintln(p.Out, p.l.Text("cli.report.done", diag.Args{"file": output}))
			return nil
		}}
	p.simulationFlags(c, &f)
	c.Flags().StringVarP(&output, "output", "o", "", p.t("cli.flag.output"))
	c.Flags().StringVar(&brand, "brand", "", p.t("cli.flag.brand"))
	c.Flags().StringVar(&baseline, "sealed", "", p.t("cli.flag.report_sealed"))
	return c
}
