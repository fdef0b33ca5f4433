package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lint"
)

func (c *cli) lintCommand() *cobra.Command {
	var allowUnconfined bool
	cmd := &cobra.Command{
		Use:   "lint [DIR…]",
		Short: "Check specs, ledgers and SQL without building anything",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return c.lint(cmd.Context(), args, allowUnconfined)
		},
	}
	cmd.Flags().BoolVar(&allowUnconfined, "allow-unconfined", false, "parse SQL even where the system offers no confinement")
	return cmd
}

// lint runs codicil lint.
func (c *cli) lint(ctx context.Context, dirs []string, allowUnconfined bool) error {
	bar := c.startProgress()
	defer bar.stop()
	root, under, err := commonRoot(dirs)
	if err != nil {
		return err
	}
	session, err := engine.Start(ctx, engine.Options{AllowUnconfined: allowUnconfined})
	if err != nil {
		return err
	}
	defer session.Close()
	if err := session.Lock(ctx); err != nil {
		return err
	}
	bar.say("checking products")
	tree, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer tree.Close()
	products, problems, err := lint.Lint(ctx, tree.FS(), under, session)
	if err != nil {
		return err
	}
	bar.stop()
	if len(products) == 0 && problems.Err() == nil {
		return fmt.Errorf("no product in %s: a product is a folder with a spec.yaml", strings.Join(dirs, ", "))
	}
	shown := c.shownFrom(root)
	errors := 0
	for _, p := range problems.Sorted() {
		p.File = shown(p.File)
		if p.Severity != bot.SeverityWarning {
			errors++
		}
		fmt.Fprintln(c.stdout, p)
	}
	fmt.Fprintf(c.stdout, "%s, %s, %s\n", plural(len(products), "product", "products"), plural(errors, "error", "errors"), plural(len(problems)-errors, "warning", "warnings"))
	if errors > 0 {
		return failure{}
	}
	return nil
}

// commonRoot is the deepest folder that holds all dirs, and the dirs' slash-separated paths in it.
func commonRoot(dirs []string) (root string, under []string, err error) {
	var all []string
	for _, d := range dirs {
		abs, err := existingFolder(d)
		if err != nil {
			return "", nil, err
		}
		all = append(all, abs)
	}
	root = all[0]
	for _, d := range all[1:] {
		for rel, err := filepath.Rel(root, d); err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)); rel, err = filepath.Rel(root, d) {
			root = filepath.Dir(root)
		}
	}
	for _, d := range all {
		rel, err := filepath.Rel(root, d)
		if err != nil {
			return "", nil, err
		}
		under = append(under, filepath.ToSlash(rel))
	}
	return root, under, nil
}

// shownFrom turns paths in root into paths that a person can open from where they are.
func (c *cli) shownFrom(root string) func(string) string {
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	return func(name string) string {
		if err != nil {
			return name
		}
		rel, relErr := filepath.Rel(here, filepath.Join(root, filepath.FromSlash(name)))
		if relErr != nil || strings.HasPrefix(rel, "..") {
			return path.Join(root, name)
		}
		return filepath.ToSlash(rel)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
