package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/repo"
	"github.com/codicil-dev/codicil/bot/verify"
)

// input finds head, base, guidelines and further trees for a verification of dir. release removes what was made for it.
func (c *cli) input(ctx context.Context, dir string, f *verifyFlags, bar *progress) (in verify.Input, release func(), err error) {
	var made []string
	release = func() {
		for _, m := range made {
			_ = os.RemoveAll(m)
		}
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	scratch := func() (string, error) {
		folder, err := os.MkdirTemp("", "codicil-")
		made = append(made, folder)
		return folder, err
	}
	abs, err := existingFolder(dir)
	if err != nil {
		return in, release, err
	}
	for _, w := range f.with {
		folder, err := existingFolder(w)
		if err != nil {
			return in, release, fmt.Errorf("--with: %w", err)
		}
		in.With = append(in.With, product.Tree{Root: folder, Label: w})
	}
	bar.say("reading the base")
	in.Readers = f.readers
	if err := findTrees(ctx, &in, abs, f.base, scratch); err != nil {
		return in, release, err
	}
	if f.guidelines != "" {
		in.GuidelinesGiven = true
		if in.Guidelines, err = loadGuidelines(ctx, f.guidelines, scratch); err != nil {
			return in, release, err
		}
	}
	return in, release, nil
}

// existingFolder is the absolute path of a folder, its links resolved.
func existingFolder(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	abs, err = filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("%s: there is no such folder", dir)
	}
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s: is not a folder", dir)
	}
	return abs, nil
}

// findTrees sets head, base and why there is no base.
func findTrees(ctx context.Context, in *verify.Input, dir, base string, scratch func() (string, error)) error {
	in.Head, in.Under = product.Tree{Root: dir, Label: dir}, "."
	r, err := repo.Open(ctx, dir)
	inRepository := err == nil
	if err != nil && !errors.Is(err, repo.ErrNotRepository) {
		return err
	}
	if inRepository {
		under, ok := r.Relative(dir)
		if !ok {
			return fmt.Errorf("%s is not in the work tree %s", dir, r.Root)
		}
		in.Head, in.Under = product.Tree{Root: r.Root, Label: "the work tree"}, under
	}
	if base != "" && (!inRepository || isPath(base)) {
		folder, err := existingFolder(base)
		if err != nil {
			return fmt.Errorf("--base: %w", err)
		}
		return baseFolder(in, folder, base)
	}
	if !inRepository {
		in.NoBase = "this is no git repository; name a folder to compare with: --base DIR"
		return nil
	}
	err = baseCommit(ctx, in, r, base, scratch)
	if _, folder := existingFolder(base); err != nil && base != "" && folder == nil {
		return fmt.Errorf("%w (if the folder is meant, write --base ./%s)", err, base)
	}
	return err
}

// isPath tells a folder from a commit by how it is written: in a repository a folder that happens to be called like a branch,
// such as a link origin/main that the change itself brings, must never stand in for it.
func isPath(base string) bool {
	return filepath.IsAbs(base) || strings.HasPrefix(base, ".")
}

// baseFolder compares with the products in a folder.
func baseFolder(in *verify.Input, folder, name string) error {
	tree := product.Tree{Root: folder, Label: name}
	found, err := product.Find(tree, ".")
	if err != nil {
		return fmt.Errorf("--base: %w", err)
	}
	if len(found) == 0 {
		return fmt.Errorf("--base: there is no product in %s: a product is a folder with a %s", name, product.SpecFile)
	}
	in.Base = &tree
	return nil
}

// baseCommit exports the base commit's products to a scratch folder.
func baseCommit(ctx context.Context, in *verify.Input, r *repo.Repo, name string, scratch func() (string, error)) error {
	var hash string
	var err error
	if name != "" {
		if hash, err = r.Base(ctx, name); err != nil {
			return fmt.Errorf("--base: %w", err)
		}
	} else {
		var ok bool
		if hash, ok, err = r.DefaultBase(ctx, in.Under); err != nil {
			return err
		}
		if !ok {
			in.NoBase = "there is no earlier commit; name what to compare with: --base REF or --base DIR"
			return nil
		}
	}
	folder, err := scratch()
	if err != nil {
		return err
	}
	if _, err := r.Export(ctx, hash, product.SpecFile, folder); err != nil {
		return err
	}
	label := r.Short(ctx, hash)
	if name != "" && name != hash {
		label = name + " (" + label + ")"
	}
	in.Base = &product.Tree{Root: folder, Label: label}
	return nil
}

// loadGuidelines reads guidelines from a folder or a git repository.
func loadGuidelines(ctx context.Context, from string, scratch func() (string, error)) ([]guideline.Guideline, error) {
	folder, err := existingFolder(from)
	if err != nil {
		if folder, err = scratch(); err != nil {
			return nil, err
		}
		if err := repo.Clone(ctx, from, folder); err != nil {
			return nil, fmt.Errorf("--guidelines: %s is not a folder, and as a git repository: %w", from, err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("--guidelines: %w", err)
	}
	defer root.Close()
	guidelines, problems := guideline.LoadAll(root.FS(), from)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if len(guidelines) == 0 {
		return nil, fmt.Errorf("--guidelines: there is no guideline in %s: a guideline is a Markdown file with front matter", from)
	}
	return guidelines, nil
}
