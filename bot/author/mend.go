package author

import (
	"context"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/prompts"
)

// Repair has the models of a product mended that does not build, until it builds as its spec says and all checks and tests hold.
// Spec, ledger, seeds and tests stay as they are, so no amendment is needed. Since there are no tables to compare with, nobody
// can say whether the output is what it once was; the report says so. The job's requirement is not looked at. Otherwise it is as [Author.Amend].
func (a *Author) Repair(ctx context.Context, job Job) (*Outcome, error) {
	job.Requirement = ""
	return a.work(ctx, job, (*change).mend)
}

// mendRules let the models be written and nothing else.
func mendRules() proposal.Rules {
	rules := proposal.ImplementRules()
	rules.Files, rules.Folders, rules.Extensions, rules.Deletable = nil, []string{"models"}, []string{".sql"}, nil
	return rules
}

// mend asks for rounds of repair until nothing fails, or a round makes no progress.
func (c *change) mend(ctx context.Context, folder string) error {
	if err := c.open(ctx, folder); err != nil {
		return err
	}
	last, err := c.alone(ctx)
	if err != nil {
		return err
	}
	if !last.broken {
		return c.end(Met, "The product builds, so there is nothing to repair. What else is wrong with it is shown by `codicil verify`, and changed by `codicil amend`.")
	}
	if c.build, err = c.builds(ctx, c.base); err != nil {
		return err
	}
	if err := c.greet(ctx); err != nil {
		return err
	}
	c.implementing = true
	talk := c.prefix[:len(c.prefix):len(c.prefix)]
	for n := 1; n <= max(1, c.rounds()) && len(last.fails) > 0; n++ {
		if err := c.countRound(); err != nil {
			return err
		}
		c.say("mending, round %d: %s", n, last.names(2))
		text, err := prompts.Mend(prompts.MendTask{Round: n, Rounds: max(1, c.rounds()), Results: cut(last.text, maxShown), Diff: cut(last.diff, maxShown)})
		if err != nil {
			return err
		}
		talk, err = c.mendOnce(ctx, append(talk, user(text)))
		if err != nil {
			return err
		}
		now, err := c.alone(ctx)
		if err != nil {
			return err
		}
		if now.diff == last.diff || now.same(last) {
			c.note("round %d made no progress, so it was the last", n)
			break
		}
		last = now
	}
	c.keepBest()
	if n := len(c.best.fails); n > 0 {
		return c.end(Failed, "After %d rounds %d of the results still fail: %s. Nothing was written.", c.out.Rounds, n, c.best.names(3))
	}
	c.note("the product did not build before, so there is nothing that its output could be compared with: look at it")
	return c.end(Done, "The product builds again as its spec says. Its spec did not change.")
}

// mendOnce has one answer accepted, and returns the conversation after it.
func (c *change) mendOnce(ctx context.Context, talk []model.Message) ([]model.Message, error) {
	for sent := 0; ; sent++ {
		a, between, err := c.consult(ctx, StageMend, talk, nil)
		if err != nil {
			return nil, err
		}
		talk = append(append(talk, between...), assistant(cut(a.Text, maxShown)))
		faults, err := c.apply(a.Text, mendRules())
		if err != nil || len(faults) == 0 {
			return talk, err
		}
		c.out.Faults = faults
		if sent == maxSentBack {
			return nil, c.end(Failed, "No repair came about that could be accepted, in %d attempts. The last one: %s", sent+1, cut(strings.Join(faults, "; "), 600))
		}
		text, err := prompts.Faults(faults)
		if err != nil {
			return nil, err
		}
		talk = append(talk, user(text))
	}
}

// alone verifies the head without a base, and keeps the best round. It is broken if the head does not build.
func (c *change) alone(ctx context.Context) (*round, error) {
	in := c.input(c.head, nil)
	in.NoBase, in.Readers = "the product did not build before", false
	found, err := c.author.Verifier.Verify(ctx, in)
	if err != nil {
		return nil, err
	}
	problems, err := c.lint(ctx, c.head)
	if err != nil {
		return nil, err
	}
	r, err := c.judged(found, problems)
	if err != nil {
		return nil, err
	}
	for _, x := range r.report.Results {
		r.broken = r.broken || x.Status == bot.Fail && x.Area == bot.AreaBuild
	}
	if c.best == nil || len(r.fails) < len(c.best.fails) {
		c.best = r
	}
	return r, nil
}
