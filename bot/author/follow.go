package author

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/prompts"
)

// Follow brings a product to where its spec is, which somebody edited by hand. Job.Tree holds the edited spec, Job.TreeBefore the
// products before the edit, against which all is proven; Job.Requirement is what was said with the edit, such as the commit's message, and
// may be empty. spec.yaml as it stands is the requirement: nothing but its version is changed. The amendment that declares the edit is
// drafted by code. An edit that an earlier promise forbids, whatever is implemented, is a conflict with its ways out. Where the product is as the spec says already, that is all, and no model is asked; else a model adds the reading and the checks,
// and the work goes on as in Amend, with nobody to be asked. What the outcome writes is written over the edited tree.
func (a *Author) Follow(ctx context.Context, job Job) (*Outcome, error) {
	if job.TreeBefore == nil {
		return nil, errors.New("the tree before the edit is not given")
	}
	if strings.TrimSpace(job.Requirement) == "" {
		job.Requirement = "The spec was edited by hand."
	}
	job.Origin.Kind = spec.OriginSpec
	job.Guideline = nil
	if err := job.check(); err != nil {
		return nil, err
	}
	return a.work(ctx, job, func(c *change, ctx context.Context, folder string) error {
		c.unattended = true
		for _, step := range []func(context.Context) error{
			func(ctx context.Context) error { return c.open(ctx, folder) },
			c.baseBuilds, c.contradicted, c.declare, c.greet,
		} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return c.carryOut(ctx)
	})
}

// openBefore copies the tree before the edit as the base, and reads the edited product.
func (c *change) openBefore(ctx context.Context) error {
	if _, err := copyProducts(ctx, *c.job.TreeBefore, "", c.base.tree.Root); err != nil {
		return err
	}
	edited, problems := product.Load(c.start.tree, c.start.path)
	if err := problems.Err(); err != nil {
		return c.end(Failed, "The spec has errors as it was edited; mend them first:\n%s", c.clean(err.Error()))
	}
	c.edited, c.out.Product = edited, edited.Name()
	before, err := load(c.base.tree)
	if err != nil {
		return err
	}
	for _, p := range before {
		if p.Name() == edited.Name() {
			c.base.path = p.Path
			return nil
		}
	}
	return c.end(Failed, "There was no readable product %s before the edit, so there is nothing to prove the edit against; `codicil verify --declare` drafts the first amendment of a new product.", edited.Name())
}

// draft is the amendment that declares what no amendment of a product does yet; ok is false if there is no such thing.
func (c *change) draft(of *product.Product) (a *spec.Amendment, ok bool) {
	return verify.Draft(c.product, of, &bot.Report{}, c.author.Verifier.Now(), "")
}

// declare drafts the amendment of the edit, and ends the work if that was all.
func (c *change) declare(ctx context.Context) error {
	c.out.asked = requirements(c.edited)
	a, ok := c.draft(c.edited)
	if !ok {
		return c.end(Met, "Nothing in the spec differs from before that no amendment declares.")
	}
	var says []string
	for _, x := range a.Expects {
		says = append(says, x.String())
	}
	a.Reading = fmt.Sprintf("The spec was edited by hand, to %s.", strings.Join(says, "; "))
	if err := c.recordAlone(ctx, a, keptSpec); err != nil {
		return err
	}
	if len(c.best.fails) == 0 {
		return c.conclude()
	}
	c.best, c.amendment, c.out.Amendment, c.out.Reading, c.out.OverlapAfter = nil, nil, nil, "", nil
	return c.head.reset(c.start)
}

// editTask is what is asked of whoever completes the amendment of the edit.
func (c *change) editTask(task prompts.AmendTask) (string, error) {
	a, _ := c.draft(c.edited)
	a.Requirement, a.Origin, a.Base, a.Result = c.job.Requirement, spec.Origin{Kind: spec.OriginSpec}, "", ""
	a.Reading, a.Change = verify.SayReading, spec.ToBeDone
	draft, err := spec.MarshalAmendment(a)
	if err != nil {
		return "", err
	}
	now, err := os.ReadFile(c.start.name(spec.SpecFile))
	if err != nil {
		return "", err
	}
	return prompts.AmendEdit(prompts.AmendEditTask{
		Requirement: task.Requirement, SpecDiff: unified(c.base, []string{spec.SpecFile}, map[string]string{spec.SpecFile: string(now)}),
		Path: task.Path, Draft: string(draft), Supersede: task.Supersede, Complaint: task.Complaint, Last: task.Last,
	})
}

// declareRest adds to the amendment of a hand edit what it leaves undeclared of the edit.
func (c *change) declareRest(a *spec.Amendment) (faults []string) {
	if c.edited == nil {
		return nil
	}
	head, problems := product.Load(c.head.tree, c.head.path)
	if problems.Err() != nil {
		return lines(problems)
	}
	if rest, ok := c.draft(head); ok {
		a.Expects = slices.Concat(rest.Expects, a.Expects)
		for _, name := range rest.Affects {
			if !slices.Contains(a.Affects, name) {
				a.Affects = append(a.Affects, name)
			}
		}
	}
	c.reading, c.out.Reading = a.Reading, a.Reading
	return nil
}
