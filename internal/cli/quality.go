package cli

import "github.com/spf13/cobra"

// qualityCommand looks at the data of a CRM.
func (p *program) qualityCommand() *cobra.Command {
	c := &cobra.Command{Use: "quality", Short: p.t("cli.quality"), RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(p.duplicatesCommand())
	return c
}
