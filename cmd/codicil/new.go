package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/repo"
)

func (c *cli) newCommand() *cobra.Command {
	f := &initFlags{}
	cmd := &cobra.Command{
		Use:   "new DIR REQUIREMENT",
		Short: "Build a product from scratch: the spec first, then models, seeds and tests",
		Long: strings.TrimSpace(`
New has a model write a product for what you need into DIR, which must be
empty or not there yet: the spec and its first amendment, then models, seeds
to test on, and tests. All is proven by machine before it is written. Products
in the same repository, and those in --with, may be read as inputs.

Exit status: 0 the product is proven, 1 none came about and the report says
why, 2 it could not be run.`),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.new(cmd.Context(), args[0], args[1], f)
		},
	}
	f.ownerFlags.add(cmd)
	f.authorFlags.add(cmd)
	return cmd
}

// new runs codicil new.
func (c *cli) new(ctx context.Context, dir, requirement string, f *initFlags) error {
	job, err := c.emptyPlace(ctx, dir)
	if err != nil {
		return err
	}
	job.Requirement = requirement
	return c.work(ctx, f.authorFlags, func(a *author.Author) (*author.Outcome, error) {
		n, err := c.newcomer(ctx, a, job, f.ownerFlags)
		if err != nil {
			return nil, err
		}
		if n.Owner.Team == "" {
			return nil, errors.New("nobody answers for the new product yet; name its team with --owner")
		}
		return a.New(ctx, n)
	})
}

// emptyPlace is the place of a product that does not exist yet: a folder of the repository that it would lie in, or else a tree of its own.
func (c *cli) emptyPlace(ctx context.Context, dir string) (author.Job, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return author.Job{}, err
	}
	above, rest := abs, "."
	for {
		if _, err := os.Lstat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above, rest = filepath.Dir(above), path.Join(filepath.Base(above), rest)
	}
	job, under, err := c.place(ctx, above)
	if err != nil {
		return job, err
	}
	if _, err := repo.Open(ctx, job.Tree.Root); err == nil {
		job.Path = path.Join(under, rest)
		return job, nil
	} else if !errors.Is(err, repo.ErrNotRepository) {
		return job, fmt.Errorf("look for the repository of %s: %w", dir, err)
	}
	job.Tree, job.Path = product.Tree{Root: filepath.Join(job.Tree.Root, filepath.FromSlash(rest)), Label: dir}, "."
	return job, nil
}
