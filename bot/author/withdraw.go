package author

import (
	"context"
	"errors"
	"fmt"

	"github.com/codicil-dev/codicil/bot/spec"
)

// Withdraw records that the job's Guideline, as it last was, binds the product no more: an amendment retires the checks that were adopted
// with it. Nothing else is undone, and no model is asked. A product that never adopted it ends as Met. The amendment is verified as any
// other, without the guideline.
func (a *Author) Withdraw(ctx context.Context, job Job) (*Outcome, error) {
	g := job.Guideline
	if g == nil {
		return nil, errors.New("no guideline is named that was withdrawn")
	}
	job.Requirement = fmt.Sprintf("The guideline %q is withdrawn.", g.Title)
	job.Origin.Kind = spec.OriginGuideline
	job.TreeBefore = nil
	if err := job.check(); err != nil {
		return nil, err
	}
	return a.work(ctx, job, func(c *change, ctx context.Context, folder string) error {
		c.unattended = true
		c.guidelines = without(a.Guidelines, g.ID)
		if err := c.open(ctx, folder); err != nil {
			return err
		}
		retired := c.retire(g.ID, g, "The guideline was withdrawn.")
		if len(retired) == 0 {
			return c.end(Met, "%s holds no check of the guideline %q that still binds, so there is nothing to record.", c.product.Name(), g.Title)
		}
		if err := c.inOrder(ctx); err != nil {
			return err
		}
		if err := c.baseBuilds(ctx); err != nil {
			return err
		}
		entry := &spec.Amendment{
			Reading: "The checks that were adopted with the guideline bind no more. What was changed for it stays until somebody asks for something else.",
			Expects: []spec.Expectation{}, Checks: []spec.Check{}, Supersedes: retired,
		}
		if err := c.recordAlone(ctx, entry, "The checks of the guideline were retired; nothing else was changed."); err != nil {
			return err
		}
		return c.conclude()
	})
}

// recordAlone puts an amendment into the head that no model wrote and that nobody need implement, and verifies it.
func (c *change) recordAlone(ctx context.Context, a *spec.Amendment, did string) error {
	s := c.product.Spec()
	if c.edited != nil {
		s = c.edited.Spec()
	}
	c.fillIn(a, s, c.nextID())
	a.Change = did
	c.headChanged()
	if err := c.writeAmendment(a); err != nil {
		return err
	}
	c.out.Reading = a.Reading
	return c.verify(ctx)
}
