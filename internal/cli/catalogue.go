package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
	"github.com/rendite-crm/rendite/internal/report"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: p.t("cli.schema"), Long: p.t("cli.schema.long"), Args: p.noArgs, RunE: func(*cobra.Command, []string) error {
		_, err := fmt.Fprintln(p.Out, string(casefile.Schema))
		return err
	}}
}

func (p *program) leversCommand() *cobra.Command {
	var f caseFlags
	c := &cobra.Command{Use: "levers [NAME]", Short: p.t("cli.levers"), Long: p.t("cli.levers.long"), Args: func(_ *cobra.Command, args []string) error { return p.atMost(1, args) },
		RunE: func(_ *cobra.Command, args []string) error {
			cat, err := catalogue.Open(p.catalogues...)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return p.listCatalogue(cat, f)
			}
			return p.showEntry(cat, args[0], f)
		}}
	c.Flags().BoolVar(&f.json, "json", false, p.t("cli.flag.json"))
	c.Flags().IntVar(&f.width, "width", 0, p.t("cli.flag.width"))
	return c
}

func (p *program) listCatalogue(cat *catalogue.Catalogue, f caseFlags) error {
	lang := string(p.l.Lang())
	var levers, costs, packages, criteria []report.Entry
	all := map[string][]any{"levers": {}, "costs": {}, "packages": {}, "criteria": {}}
	for _, id := range cat.Levers() {
		v, err := cat.Lever(id)
		if err != nil {
			return err
		}
		levers = append(levers, report.Entry{ID: id, Name: v.Name.In(lang), Note: p.l.Text("result.kind."+v.Kind, nil)})
		all["levers"] = append(all["levers"], v)
	}
	for _, id := range cat.Costs() {
		v, err := cat.Cost(id)
		if err != nil {
			return err
		}
		costs = append(costs, report.Entry{ID: id, Name: v.Name.In(lang), Note: p.l.Text("result.kind."+v.Kind, nil)})
		all["costs"] = append(all["costs"], v)
	}
	for _, id := range cat.Packages() {
		v, err := cat.Package(id)
		if err != nil {
			return err
		}
		note := ""
		if v.NoControlledEvidence != (catalogue.Text{}) {
			note = p.t("catalogue.no_controlled_evidence")
		}
		packages = append(packages, report.Entry{ID: id, Name: v.Name.In(lang), Note: note})
		all["packages"] = append(all["packages"], v)
	}
	for _, id := range cat.Criteria() {
		v, err := cat.Criterion(id)
		if err != nil {
			return err
		}
		criteria = append(criteria, report.Entry{ID: id, Name: v.Name.In(lang)})
		all["criteria"] = append(all["criteria"], v)
	}
	if f.json {
		return writeJSON(p.Out, all)
	}
	return report.List(p.Out, []string{p.t("catalogue.levers"), p.t("catalogue.costs"), p.t("catalogue.packages"), p.t("catalogue.criteria")},
		[][]report.Entry{levers, costs, packages, criteria}, p.l, p.reportOptions(f))
}

// showEntry shows the lever, cost item, package or criterion of that name.
func (p *program) showEntry(cat *catalogue.Catalogue, id string, f caseFlags) error {
	opt := p.reportOptions(f)
	show := func(v any, err error, write func() error) (bool, error) {
		var d diag.Diagnostic
		if errors.As(err, &d) && (d.Code == "unknown_lever" || d.Code == "unknown_item" || d.Code == "unknown_package" || d.Code == "unknown_criterion") {
			return false, nil
		}
		if err != nil {
			return true, err
		}
		if f.json {
			return true, writeJSON(p.Out, v)
		}
		return true, write()
	}
	lever, err := cat.Lever(id)
	if done, err := show(lever, err, func() error { return report.Lever(p.Out, lever, p.l, opt) }); done {
		return err
	}
	cost, err := cat.Cost(id)
	if done, err := show(cost, err, func() error { return report.Cost(p.Out, cost, p.l, opt) }); done {
		return err
	}
	pack, err := cat.Package(id)
	if done, err := show(pack, err, func() error { return report.Package(p.Out, pack, p.l, opt) }); done {
		return err
	}
	criterion, err := cat.Criterion(id)
	if done, err := show(criterion, err, func() error { return report.Criterion(p.Out, criterion, p.l, opt) }); done {
		return err
	}
	ids := slices.Concat(cat.Levers(), cat.Costs(), cat.Packages(), cat.Criteria())
	return diag.New("unknown_entry", diag.Position{}, diag.Args{"name": id, "nearest": quantity.Nearest(id, ids)})
}
