package author

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/prompts"
)

// open copies the work tree and reads the product.
func (c *change) open(ctx context.Context, folder string) error {
	c.say("copying the product")
	c.base = &scratch{product.Tree{Root: filepath.Join(folder, "base"), Label: c.job.Tree.Label, Owner: c.job.Tree.Owner}, c.job.Path}
	c.head = &scratch{product.Tree{Root: filepath.Join(folder, "head"), Label: "the proposal", Owner: c.job.Tree.Owner}, c.job.Path}
	if c.job.TreeBefore != nil {
		c.start = &scratch{product.Tree{Root: filepath.Join(folder, "start"), Label: c.job.Tree.Label, Owner: c.job.Tree.Owner}, c.job.Path}
	}
	var err error
	if c.out.sums, err = copyProducts(ctx, c.job.Tree, c.job.Path, c.from().tree.Root); err != nil {
		return err
	}
	if len(c.out.sums) == 0 {
		return fmt.Errorf("there is no product in %s: a product is a folder with a %s", c.job.Tree.Label, product.SpecFile)
	}
	if err := c.head.reset(c.from()); err != nil {
		return fmt.Errorf("make a scratch copy: %w", err)
	}
	if c.start != nil {
		if err := c.openBefore(ctx); err != nil {
			return err
		}
	}
	p, problems := product.Load(c.base.tree, c.base.path)
	if err := problems.Err(); err != nil {
		return c.end(Failed, "The product has errors before anything was changed; mend them first:\n%s", c.clean(err.Error()))
	}
	if p.Runner() != product.RunnerSQL {
		return unfit(fmt.Errorf("the tables of %s are made by a program, and the author writes plain SQL only; change the product by hand, with an amendment, and `codicil verify` proves it", p.Name()))
	}
	c.product, c.out.Product, c.out.asked = p, p.Name(), requirements(p)
	return nil
}

// inOrder lints the base: what is wrong already can't be told from what a change makes wrong.
func (c *change) inOrder(ctx context.Context) error {
	problems, err := c.lint(ctx, c.base)
	if err != nil {
		return err
	}
	if err := problems.Err(); err != nil {
		return c.end(Failed, "The product has errors before anything was changed; mend them first, or have it done by `codicil repair` if they are in its models:\n%s", c.clean(err.Error()))
	}
	return nil
}

// baseBuilds builds the base, and says what fails there already.
func (c *change) baseBuilds(ctx context.Context) error {
	c.say("building the product as it is")
	report, err := c.author.Verifier.Verify(ctx, c.input(c.base, nil))
	if err != nil {
		return err
	}
	for _, r := range report.Results {
		if r.Status != bot.Fail {
			continue
		}
		if r.Product != c.product.Name() {
			c.failedBefore[result(r)] = true
			continue
		}
		if r.Area == bot.AreaBuild {
			c.out.Report = report
			return c.end(Failed, "The product does not build as it is, before anything was changed; mend it first, or have it done by `codicil repair`: %s", c.clean(r.Message))
		}
		c.redBefore[r.ID] = true
		if c.adopting.about(r) {
			continue // which is why there is work at all
		}
		c.note("before anything was changed, this failed already: %s (%s)", r.Name, c.clean(r.Message))
	}
	if err := c.overlap(ctx, c.base, &c.out.OverlapBefore); err != nil {
		return err
	}
	c.build, err = c.builds(ctx, c.base)
	return err
}

// result names a result in all reports of a change.
func result(r bot.Result) string { return r.Product + " " + r.ID }

// note keeps a remark for the report, and says it.
func (c *change) note(format string, args ...any) {
	c.out.Notes = append(c.out.Notes, fmt.Sprintf(format, args...))
	c.say(format, args...)
}

// input is what is verified: s, against the base if there is one.
func (c *change) input(s, base *scratch) verify.Input {
	in := verify.Input{Head: s.tree, Under: s.path, Readers: true, NoBase: "nothing was changed yet", With: c.author.With,
		Guidelines: c.guidelines, GuidelinesGiven: c.guidelinesGiven}
	if base != nil {
		in.Base = &base.tree
	}
	return in
}

// builds builds the product in s on its own data, or finds the build that verify made.
func (c *change) builds(ctx context.Context, s *scratch) (*product.Build, error) {
	products, err := load(s.tree)
	if err != nil {
		return nil, err
	}
	before, err := load(c.base.tree)
	if err != nil {
		return nil, err
	}
	var outside []*product.Product
	for _, tree := range c.author.With {
		more, err := load(tree)
		if err != nil {
			return nil, err
		}
		outside = append(outside, more...)
	}
	return product.NewSide(c.author.Verifier.Builder, products, outside, verify.PinnedClock(c.author.Verifier.Now(), before, nil)).Build(ctx, c.product.Name(), product.Own)
}

// load reads the products of a tree; those that can't be read are left out.
func load(tree product.Tree) (out []*product.Product, err error) {
	dirs, err := product.Find(tree, ".")
	for _, dir := range dirs {
		if p, problems := product.Load(tree, dir); p != nil && problems.Err() == nil {
			out = append(out, p)
		}
	}
	return out, err
}

// greet makes what every conversation begins with: what is the same for all products first.
func (c *change) greet(ctx context.Context) error {
	options, err := c.portraitOptions()
	if err != nil {
		return err
	}
	options.Focus = append(options.Focus[:len(options.Focus):len(options.Focus)], focus(c.job.Requirement, c.product, c.build)...)
	data, err := portrait.Of(ctx, c.product, c.build, c.author.Verifier.Builder, options)
	if err != nil {
		return err
	}
	if data.Readers, err = c.readers(); err != nil {
		return err
	}
	c.prefix, err = c.opening(data)
	return err
}

// readers tells which other products of the tree read this one.
func (c *change) readers() (out []string, err error) {
	products, err := load(c.base.tree)
	for _, p := range products {
		for _, in := range p.Spec().Inputs {
			if in.Product != c.product.Name() || p.Name() == c.product.Name() {
				continue
			}
			line := fmt.Sprintf("%s reads %s", p.Name(), in.Table)
			if in.Version != "" {
				line += ", version " + in.Version
			}
			out = append(out, line)
		}
	}
	return out, err
}

// portraitOptions say what may be shown, as far as the products around this one count.
func (c *change) portraitOptions() (portrait.Options, error) {
	options := c.author.Portrait
	options.NoSpec = c.unspecified
	options.Also = options.Also[:len(options.Also):len(options.Also)]
	for _, tree := range c.author.With {
		more, err := load(tree)
		if err != nil {
			return options, err
		}
		options.Also = append(options.Also, more...)
	}
	return options, nil
}

// opening is the beginning of a conversation about a product.
func (c *change) opening(data prompts.ProductData) ([]model.Message, error) {
	system, err := prompts.System()
	if err != nil {
		return nil, err
	}
	var rules []prompts.Guideline
	for _, g := range c.guidelines {
		rules = append(rules, prompts.Guideline{ID: g.ID, Title: g.Title, AppliesTo: g.AppliesTo, Text: g.Prose})
	}
	guidelines, err := prompts.Guidelines(rules)
	if err != nil {
		return nil, err
	}
	shown, err := prompts.Product(data)
	if err != nil {
		return nil, err
	}
	return []model.Message{{Role: model.System, Text: system}, user(guidelines), user(shown)}, nil
}

// with is the beginning and one more turn.
func (c *change) with(turn string) []model.Message {
	return append(c.prefix[:len(c.prefix):len(c.prefix)], user(turn))
}
