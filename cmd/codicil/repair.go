package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
)

func (c *cli) repairCommand() *cobra.Command {
	f := &authorFlags{}
	cmd := &cobra.Command{
		Use:   "repair [DIR]",
		Short: "Mend the models of a product that does not build, without changing what it promises",
		Long: strings.TrimSpace(`
Repair has a model mend the models of the product in DIR until it builds as
its spec says and all checks and tests hold. Spec, ledger, seeds and tests
stay as they are. Since there are no tables to compare with, look at it.

Exit status: 0 it is mended (or was not broken), 1 it could not be mended
and the report says why, 2 it could not be run.`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.repair(cmd.Context(), dir, f)
		},
	}
	f.add(cmd)
	return cmd
}

// repair runs codicil repair.
func (c *cli) repair(ctx context.Context, dir string, f *authorFlags) error {
	job, err := c.job(ctx, "", dir)
	if err != nil {
		return err
	}
	return c.work(ctx, *f, func(a *author.Author) (*author.Outcome, error) { return a.Repair(ctx, job) })
}
