package author

import (
	"context"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// refreshRequirement is what the turn of a week asks.
const refreshRequirement = "With all that is known today, is this still the best implementation of the spec?"

// Refresh asks whether the implementation of a product is still the best one of its spec, and renews it if not. Job.Evidence is what is
// known to be out of date. The spec stays as it is and nothing in the output may be seen to change; the amendment, which lets nothing change, is
// written by code. Nobody is asked anything. A product in which nothing is to be done ends as Met.
//
// If the evidence is a guideline, newer than the one adopted, it is the job's Guideline, and adopted as [Author.Adopt] does, with the
// origin refresh.
func (a *Author) Refresh(ctx context.Context, job Job) (*Outcome, error) {
	job.Origin.Kind, job.TreeBefore = spec.OriginRefresh, nil
	if job.Guideline != nil {
		return a.Adopt(ctx, job)
	}
	job.Requirement = strings.Join(append([]string{refreshRequirement}, job.Evidence...), "\n")
	if err := job.check(); err != nil {
		return nil, err
	}
	return a.work(ctx, job, func(c *change, ctx context.Context, folder string) error {
		c.unattended, c.refreshing = true, true
		return c.run(ctx, folder)
	})
}

// amendUnchanged writes the amendment of a refresh: nothing may be seen to change.
func (c *change) amendUnchanged(context.Context) error {
	c.headChanged()
	if err := c.head.reset(c.from()); err != nil {
		return err
	}
	a := &spec.Amendment{Reading: c.reading, Expects: []spec.Expectation{}, Checks: []spec.Check{}}
	c.fillIn(a, c.product.Spec(), c.nextID())
	return c.writeAmendment(a)
}
