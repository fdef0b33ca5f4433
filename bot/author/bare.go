package author

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// bareParts is what a product is built from, in a folder that has no spec yet, and what tells its purpose.
var bareParts = []string{"models", "seeds", "tests", product.ConfigFile, "README.md"}

// noTeam stands for an owner that nobody has named.
const noTeam = "<the team that answers for it>"

// slug is what a product may be called.
var slug = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// Newcomer is a product that has no spec yet.
type Newcomer struct {
	// Job names its folder. The requirement is the asker's, for New; the origin's kind is always bootstrap.
	Job
	// Name is its identity; empty takes the folder's name.
	Name string
	// Owner answers for it; without a team, the draft leaves a placeholder.
	Owner spec.Owner
}

// Identity is the product's name, made from its folder's if none is given.
func (n Newcomer) Identity() (string, error) {
	name := n.Name
	if name == "" {
		folder := path.Base(path.Join(filepath.ToSlash(n.Tree.Root), n.Path))
		name = strings.Trim(regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(strings.ToLower(folder), "-"), "-")
	}
	if !slug.MatchString(name) {
		return "", fmt.Errorf("the product can't be called %q: give it a name of small letters, digits, - and _ that begins with a letter", name)
	}
	return name, nil
}

// owner is who answers for it, or a placeholder.
func (n Newcomer) owner() spec.Owner {
	if strings.TrimSpace(n.Owner.Team) == "" {
		return spec.Owner{Team: noTeam}
	}
	return n.Owner
}

// openBare copies a folder without a spec, and the products around it. start is the copy with a spec that names nothing, so that it can be built.
func (c *change) openBare(ctx context.Context, folder string, n Newcomer) (start *scratch, err error) {
	c.say("copying the folder")
	name, err := n.Identity()
	if err != nil {
		return nil, unfit(err)
	}
	c.out.Product = name
	if err := unfit(c.fitPlace()); err != nil {
		return nil, err
	}
	at := func(name, label string) *scratch {
		return &scratch{product.Tree{Root: filepath.Join(folder, name), Label: label}, c.job.Path}
	}
	c.base, c.head, start = at("base", "the work tree"), at("head", "the proposal"), at("start", "the work tree")
	if c.out.sums, err = copyProducts(ctx, c.job.Tree, c.job.Path, c.base.tree.Root); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.base.dir(), 0o700); err != nil {
		return nil, err
	}
	around, err := c.around()
	if err != nil {
		return nil, err
	}
	for _, p := range around {
		if p.Name() == name {
			return nil, unfit(fmt.Errorf("there is a product %s already, in %s; choose another name", name, p.Path))
		}
	}
	for _, s := range []*scratch{c.head, start} {
		if err := s.reset(c.base); err != nil {
			return nil, fmt.Errorf("make a scratch copy: %w", err)
		}
	}
	first := &spec.Spec{Spec: 1, Product: name, Version: awaitedVersion(around, name), Owner: n.owner(), Purpose: "<what it is for>", Tables: []spec.Table{}}
	return start, c.loadStart(ctx, start, first)
}

// find finds the products of a tree; there are none where the tree itself is still to be made.
func find(tree product.Tree) ([]string, error) {
	if _, err := os.Stat(tree.Root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return product.Find(tree, ".")
}

// UnfitError says why nothing can be begun: a product in a folder as it is, or a requirement in such words. Trying it again is no use.
type UnfitError struct{ Err error }

// Error says why.
func (e *UnfitError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *UnfitError) Unwrap() error { return e.Err }

func unfit(err error) error {
	if err == nil {
		return nil
	}
	return &UnfitError{err}
}

// here is the job's folder as people call it.
func (c *change) here() string {
	if c.job.Path == "." {
		return c.job.Tree.Label
	}
	return c.job.Path
}

// fitPlace says why a product can't begin in the job's folder.
func (c *change) fitPlace() error {
	dir, here := filepath.Join(c.job.Tree.Root, filepath.FromSlash(c.job.Path)), c.here()
	has := func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	}
	switch {
	case has(spec.SpecFile):
		return fmt.Errorf("%s has a %s already; to change what the product must be, use codicil amend", here, spec.SpecFile)
	case has(spec.LedgerFolder):
		return fmt.Errorf("%s has a folder %s but no %s; bring the spec back, or take the folder away", here, spec.LedgerFolder, spec.SpecFile)
	case has("dbt_project.yml"):
		return fmt.Errorf("%s holds a dbt project, which codicil does not draft a spec for yet; write %s by hand, or start from the SQL of its models", here, spec.SpecFile)
	}
	found, err := find(c.job.Tree)
	if err != nil {
		return err
	}
	for _, other := range found {
		switch {
		case c.job.Path == "." || strings.HasPrefix(other, c.job.Path+"/"):
			return fmt.Errorf("there is a product below this folder, in %s; name a folder that holds just one", other)
		case other == "." || strings.HasPrefix(c.job.Path, other+"/"):
			return fmt.Errorf("%s lies inside the product in %s; a product holds no other, so move it out", here, other)
		}
	}
	return nil
}

// loadStart writes the first spec and reads the product, with inputs for what its models read of others.
func (c *change) loadStart(ctx context.Context, start *scratch, s *spec.Spec) error {
	for range 2 {
		text, err := spec.MarshalSpec(s)
		if err != nil {
			return err
		}
		if err := start.write(spec.SpecFile, text); err != nil {
			return err
		}
		p, problems := product.Load(start.tree, start.path)
		if err := problems.Err(); err != nil {
			return c.end(Failed, "The folder can't be read; mend it first:\n%v", err)
		}
		c.product = p
		inputs, err := c.guessInputs(ctx)
		if err != nil || len(inputs) == 0 {
			return err
		}
		s.Inputs = inputs
	}
	return nil
}

// buildStart builds what is there. What does not build has to be mended before a spec can be drafted from it.
func (c *change) buildStart(ctx context.Context, start *scratch) error {
	c.say("building the product")
	var err error
	if c.build, err = c.builds(ctx, start); err != nil {
		return err
	}
	if err := c.build.Failed(); err != nil {
		return c.end(Failed, "It does not build, and a spec is drafted from what is built; mend it first:\n%s", c.plainPlace(start, err.Error()))
	}
	return nil
}

// plainPlace takes a scratch's place on this machine out of a message.
func (c *change) plainPlace(s *scratch, message string) string {
	return c.clean(strings.ReplaceAll(message, s.tree.Root+string(os.PathSeparator), ""))
}

// bareFiles says whether there is anything to draft from.
func (c *change) bareFiles() error {
	models, problems := c.product.Models()
	seeds, more := c.product.Seeds()
	if err := append(append(bot.Problems{}, problems...), more...).Err(); err != nil {
		return c.end(Failed, "Files can't be read; mend them first:\n%v", err)
	}
	if len(models) == 0 && len(seeds) == 0 {
		return unfit(fmt.Errorf("%s holds no models/*.sql and no seeds/*.csv, so there is nothing to draft a spec from; to build a product from scratch, use codicil new", c.here()))
	}
	return nil
}

// isEmpty says whether a folder is not there, or holds nothing but dot files.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return false, err
		}
	}
	return true, err
}
