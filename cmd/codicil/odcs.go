package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/odcs"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

func (c *cli) exportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Write a product's spec in another format"}
	var out string
	contract := &cobra.Command{
		Use:   "odcs [DIR]",
		Short: "Write the spec and its ledger as an Open Data Contract Standard contract (v3.1)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.exportODCS(dir, out)
		},
	}
	contract.Flags().StringVarP(&out, "output", "o", "", "file to write; default standard output")
	cmd.AddCommand(contract, c.exportDBTCommand())
	return cmd
}

// exportODCS writes the product in dir as a contract.
func (c *cli) exportODCS(dir, out string) error {
	abs, err := existingFolder(dir)
	if err != nil {
		return err
	}
	p, problems := product.Load(product.Tree{Root: abs, Label: dir}, ".")
	if err := problems.Err(); err != nil {
		return err
	}
	contract, err := odcs.Export(p.Document)
	if err != nil {
		return fmt.Errorf("export %s: %w", dir, err)
	}
	if out == "" {
		_, err = c.stdout.Write(contract)
		return err
	}
	return os.WriteFile(out, contract, 0o644)
}

func (c *cli) importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Make a product's spec from another format"}
	cmd.AddCommand(&cobra.Command{
		Use:   "odcs FILE DIR",
		Short: "Make spec.yaml and the ledger in DIR from an Open Data Contract Standard contract (v3.0, v3.1)",
		Args:  cobra.ExactArgs(2),
		RunE:  func(_ *cobra.Command, args []string) error { return c.importODCS(args[0], args[1]) },
	})
	return cmd
}

// importODCS writes a contract's spec and ledger into dir, which must not hold a spec yet.
func (c *cli) importODCS(file, dir string) error {
	data, err := readLimited(file)
	if err != nil {
		return err
	}
	s, amendments, problems := odcs.Import(file, data)
	if err := problems.Err(); err != nil {
		return err
	}
	files := map[string][]byte{}
	if files[spec.SpecFile], err = spec.MarshalSpec(s); err != nil {
		return fmt.Errorf("import %s: %w", file, err)
	}
	for i := range amendments {
		if files[spec.EntryFile(amendments[i].ID)], err = spec.MarshalAmendment(&amendments[i]); err != nil {
			return fmt.Errorf("import %s: %w", file, err)
		}
	}
	if err := writeNew(dir, files); err != nil {
		return fmt.Errorf("import %s: %w", file, err)
	}
	for _, p := range problems.Sorted() {
		fmt.Fprintln(c.stderr, p)
	}
	fmt.Fprintf(c.stdout, "wrote %s and %s; look at them, then run codicil lint %s\n", filepath.Join(dir, spec.SpecFile), plural(len(amendments), "amendment", "amendments"), dir)
	return nil
}

// readLimited reads a file that may be as large as a spec.
func readLimited(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > spec.MaxFileSize || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no regular file of at most %d MiB", file, spec.MaxFileSize>>20)
	}
	return os.ReadFile(file)
}

// writeNew writes files below dir, none of which may be there; if one is, nothing is written.
func writeNew(dir string, files map[string][]byte) error {
	for name := range files {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("%s is there already; name another folder, or delete it first", filepath.Join(dir, name))
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
