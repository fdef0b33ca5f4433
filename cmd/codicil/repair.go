package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

// repairFlags are the flags of codicil repair.
type repairFlags struct {
	deliverFlags
	working  modelFlags
	building buildFlags
}

func (c *cli) repairCommand() *cobra.Command {
	f := &repairFlags{}
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
	f.deliverFlags.add(cmd)
	f.working.add(cmd)
	f.building.add(cmd)
	return cmd
}

// repair runs codicil repair.
func (c *cli) repair(ctx context.Context, dir string, f *repairFlags) error {
	render, err := c.outcomeRenderer(f.deliverFlags)
	if err != nil {
		return err
	}
	job, err := c.job(ctx, "", dir)
	if err != nil {
		return err
	}
	bar := c.startProgress()
	defer bar.stop()
	a, release, err := c.author(ctx, f.working, f.building, bar)
	if err != nil {
		return err
	}
	defer release()
	o, err := a.Repair(ctx, job)
	bar.stop()
	if err != nil {
		return err
	}
	return c.deliver(o, f.deliverFlags, render)
}
