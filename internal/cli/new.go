package cli

import "github.com/spf13/cobra"

func (p *program) newCommand() *cobra.Command {
	return &cobra.Command{Use: "new", Short: p.t("cli.new")}
}
