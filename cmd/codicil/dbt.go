package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/dbtspec"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

func (c *cli) exportDBTCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "dbt [DIR]",
		Short: "Write the spec into the properties files of the product's dbt project",
		Long: strings.TrimSpace(`
Export dbt writes the spec's descriptions, types, tests (not_null, unique,
accepted_values, relationships) and contracts into the properties files of the
dbt project in DIR. What people wrote there stays: comments, order, other keys
and other tests. A model that is described nowhere gets a file beside it.

With --check nothing is written, and what differs is listed.

Exit status: 0 done, or nothing differs; 1 with --check, something differs; 2
it could not be run.`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if check {
				return c.checkDBT(dir)
			}
			return c.exportDBT(dir)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "list what differs, and write nothing")
	return cmd
}

// dbtProduct reads the spec of a product that is a dbt project. The root is its folder, and has to be closed.
func dbtProduct(dir string) (*spec.Spec, *os.Root, error) {
	abs, err := existingFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	p, problems := product.Load(product.Tree{Root: abs, Label: dir}, ".")
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, nil, err
	}
	if !dbt.IsProject(root.FS(), ".") {
		root.Close()
		return nil, nil, fmt.Errorf("%s holds no %s, so there are no properties of dbt to write", dir, dbt.ProjectFile)
	}
	return p.Spec(), root, nil
}

// exportDBT writes properties files.
func (c *cli) exportDBT(dir string) error {
	s, root, err := dbtProduct(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	files, notes, err := dbtspec.Export(root.FS(), ".", s)
	if err != nil {
		return fmt.Errorf("export %s: %w", dir, err)
	}
	for _, f := range files {
		if err := root.WriteFile(f.Name, f.Data, 0o644); err != nil {
			return fmt.Errorf("export %s: %w", dir, err)
		}
		done := "changed"
		if f.New {
			done = "wrote"
		}
		fmt.Fprintf(c.stdout, "%s %s\n", done, path.Join(filepath.ToSlash(dir), f.Name))
	}
	for _, n := range notes {
		fmt.Fprintln(c.stderr, n)
	}
	if len(files) == 0 {
		fmt.Fprintln(c.stdout, "dbt's properties say it already")
	}
	return nil
}

// checkDBT lists what the spec and dbt's properties say differently.
func (c *cli) checkDBT(dir string) error {
	s, root, err := dbtProduct(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	known, problems := dbtspec.Read(root.FS(), ".", filepath.ToSlash(dir))
	if err := problems.Err(); err != nil {
		return err
	}
	differences := dbtspec.Drift(s, known)
	for _, d := range differences {
		at := d.File
		if at == "" {
			at = path.Join(filepath.ToSlash(dir), spec.SpecFile)
		}
		if d.Line > 0 {
			at += fmt.Sprintf(":%d", d.Line)
		}
		fmt.Fprintf(c.stdout, "%s: %s\n", at, d)
	}
	fmt.Fprintln(c.stdout, plural(len(differences), "difference", "differences"))
	if len(differences) > 0 {
		return failure{}
	}
	return nil
}

// isDBT says whether a product without a spec is a dbt project.
func isDBT(job author.Job) bool { return dbt.IsProject(os.DirFS(job.Tree.Root), job.Path) }

// draftFromDBT drafts a spec from the properties files of a dbt project alone. Nothing is built, so that the draft says no more than people wrote there.
func (c *cli) draftFromDBT(n author.Newcomer, shown string) error {
	name, err := n.Identity()
	if err != nil {
		return err
	}
	dir := filepath.Join(n.Tree.Root, filepath.FromSlash(n.Path))
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	known, problems := dbtspec.Read(root.FS(), ".", filepath.ToSlash(shown))
	if err := problems.Err(); err != nil {
		return err
	}
	s := known.Draft(name, "1.0.0")
	if n.Owner.Team != "" {
		s.Owner = n.Owner
	}
	if len(s.Tables) == 0 {
		return fmt.Errorf("no model in %s has columns described in a properties file, apart from staging and intermediate ones; describe those that readers rely on (name, description, data_type), then run this again", shown)
	}
	files := map[string][]byte{}
	if files[spec.SpecFile], err = spec.MarshalSpec(s); err != nil {
		return fmt.Errorf("draft the spec of %s: %w", shown, err)
	}
	if files[spec.EntryFile(1)], err = spec.MarshalAmendment(dbtspec.Bootstrap(s, n.Origin)); err != nil {
		return fmt.Errorf("draft the spec of %s: %w", shown, err)
	}
	if err := writeNew(dir, files); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "wrote %s and the first amendment: %s, as dbt's properties describe them; fill in what stands in <angle brackets>, then run codicil lint %s\n",
		filepath.Join(shown, spec.SpecFile), plural(len(s.Tables), "table", "tables"), shown)
	if left := known.Undescribed(); len(left) > 0 {
		fmt.Fprintf(c.stderr, "left out, since none of their columns is described: %s\n", strings.Join(left, ", "))
	}
	return nil
}
