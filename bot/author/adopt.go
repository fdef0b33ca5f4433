package author

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// Adopt has a product keep the job's Guideline. It goes through the stages of Amend, with the guideline in place of the requirement and
// nobody to be asked: what is unclear is assumed and recorded. GuidelineBefore is shown beside it if the guideline was changed. Its checks
// are copied into the amendment, and those of an earlier adoption retired, by code.
//
// A guideline that does not apply ends as Elsewhere, one whose checks all hold as Met, both without a model. One without checks is left to
// the model's judgement. Guidelines of the Author with the same id give way to the job's.
func (a *Author) Adopt(ctx context.Context, job Job) (*Outcome, error) {
	g := job.Guideline
	if g == nil {
		return nil, errors.New("no guideline is named that is to be adopted")
	}
	job.Requirement = strings.TrimSpace(strings.TrimRight(g.Title, ". ") + ". " + g.Rule())
	if job.Origin.Kind != spec.OriginRefresh {
		job.Origin.Kind = spec.OriginGuideline
	}
	job.TreeBefore = nil
	if err := job.check(); err != nil {
		return nil, err
	}
	return a.work(ctx, job, func(c *change, ctx context.Context, folder string) error {
		c.unattended = true
		c.adopting = &adoption{guideline: g, before: job.GuidelineBefore}
		c.guidelines, c.guidelinesGiven = append(without(a.Guidelines, g.ID), *g), true
		slices.SortFunc(c.guidelines, func(a, b guideline.Guideline) int { return strings.Compare(a.ID, b.ID) })
		for _, step := range []func(context.Context) error{
			func(ctx context.Context) error { return c.open(ctx, folder) },
			c.inOrder, c.comply, c.baseBuilds, c.greet, c.refine,
		} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return c.carryOut(ctx)
	})
}

// without is a list of guidelines but for the one with an id.
func without(list []guideline.Guideline, id string) []guideline.Guideline {
	return slices.DeleteFunc(slices.Clone(list), func(g guideline.Guideline) bool { return g.ID == id })
}

// adoption is a guideline that a product is to keep. Its methods may be called on nil, for work that has nothing to do with one.
type adoption struct {
	guideline, before *guideline.Guideline
	// failing are the guideline's checks that fail, a line each.
	failing []string
	// names are what the guideline's checks are called in the amendment.
	names map[string]bool
}

// comply ends the work if there is nothing to do, and else finds out which checks fail.
func (c *change) comply(ctx context.Context) error {
	g := c.adopting.guideline
	c.say("looking whether the guideline %s is kept", g.ID)
	found, err := c.author.Verifier.Complies(ctx, c.input(c.base, nil), *g)
	switch {
	case err != nil:
		return err
	case !found.Applies:
		return c.end(Elsewhere, "The guideline %q does not apply to %s, so nothing changes.", g.Title, c.product.Name())
	case found.Complies:
		return c.end(Met, "%s keeps the guideline %q already: %s.", c.product.Name(), g.Title, allHold(len(g.Checks)))
	}
	for _, r := range found.Failing {
		c.adopting.failing = append(c.adopting.failing, strings.TrimPrefix(r.Name, g.Title+": ")+": "+c.clean(r.Message))
	}
	return nil
}

// allHold says that checks hold.
func allHold(n int) string {
	if n == 1 {
		return "its check holds"
	}
	return fmt.Sprintf("its %d checks hold", n)
}

// about says whether a result is one of the guideline's checks.
func (a *adoption) about(r bot.Result) bool {
	return a != nil && r.Area == bot.AreaGuidelines && strings.HasPrefix(r.ID, string(bot.AreaGuidelines)+"/"+a.guideline.ID+"/")
}

// unmet says why the guideline is not kept; empty if nothing shows that.
func (a *adoption) unmet() string {
	if a == nil || len(a.failing) == 0 {
		return ""
	}
	return "On the product as it is, these checks of the guideline fail: " + strings.Join(a.failing, "; ")
}

// copied says whether a check of the amendment is the guideline's.
func (a *adoption) copied(name string) bool { return a != nil && a.names[name] }

// shown is the guideline as a model sees it.
func (a *adoption) shown(evidence []string) prompts.Adoption {
	out := prompts.Adoption{ID: a.guideline.ID, Title: a.guideline.Title, Text: a.guideline.Prose, Failing: a.failing, Evidence: evidence}
	if a.before != nil {
		out.Before = a.before.Title + "\n\n" + a.before.Prose
	}
	return out
}

// adoptionTask is what is asked of whoever writes the amendment that adopts a guideline.
func (c *change) adoptionTask(task prompts.AmendTask) (string, error) {
	out := prompts.AmendGuidelineTask{AmendTask: task, Adoption: c.adopting.shown(c.job.Evidence)}
	for _, check := range c.adopting.guideline.Checks {
		out.Checks = append(out.Checks, prompts.Check{Name: check.Name, Text: strings.TrimSpace(check.SQL + check.CEL)})
	}
	for _, s := range c.retire(c.adopting.guideline.ID, c.adopting.before, "") {
		for _, name := range s.Checks {
			out.Retired = append(out.Retired, fmt.Sprintf("amendment %d: %s", s.Amendment, name))
		}
	}
	return prompts.AmendGuideline(out)
}

// takeChecks copies the guideline's checks into the amendment that adopts it, and retires those of an earlier adoption. A check of the
// same name or text that a model wrote gives way to the copy.
func (c *change) takeChecks(a *spec.Amendment) {
	if c.adopting == nil {
		return
	}
	g := c.adopting.guideline
	own := slices.DeleteFunc(slices.Clone(a.Checks), func(check spec.Check) bool {
		return among(g.Checks, check) || slices.ContainsFunc(g.Checks, func(x spec.Check) bool { return x.Name == check.Name })
	})
	taken := map[string]bool{}
	for _, e := range c.product.Document.Ledger.Entries {
		for _, check := range e.Amendment.Checks {
			taken[check.Name] = true
		}
	}
	for _, check := range own {
		taken[check.Name] = true
	}
	c.adopting.names = map[string]bool{}
	a.Checks = []spec.Check{}
	for _, check := range g.Checks {
		check.Name = freeName(taken, check.Name, g)
		taken[check.Name], c.adopting.names[check.Name] = true, true
		a.Checks = append(a.Checks, check)
	}
	a.Checks = append(a.Checks, own...)
	a.Supersedes = append(a.Supersedes, c.retire(g.ID, c.adopting.before, fmt.Sprintf("The guideline %s is adopted anew, as it is now.", g.ID))...)
}

// freeName is a check's name, with what tells it from others of that name.
func freeName(taken map[string]bool, name string, g *guideline.Guideline) string {
	for n, try := 2, name; ; n++ {
		if !taken[try] {
			return try
		}
		switch n {
		case 2:
			try = fmt.Sprintf("%s (%s)", name, g.ID)
		case 3:
			try = fmt.Sprintf("%s (%s, %s)", name, g.ID, g.Revision)
		default:
			try = fmt.Sprintf("%s (%s, %s, %d)", name, g.ID, g.Revision, n)
		}
	}
}

// among says whether one of some checks asks just what another does.
func among(checks []spec.Check, check spec.Check) bool {
	text := func(c spec.Check) string { return strings.TrimSpace(c.SQL) + "\x00" + strings.TrimSpace(c.CEL) }
	return slices.ContainsFunc(checks, func(c spec.Check) bool { return text(c) == text(check) })
}

// retire lists what earlier adoptions of a guideline brought and still binds. Of an amendment that adopted the revision known, only the
// checks that were copied from it; else all, since nothing tells which those were. It is the one retirement that nobody need allow.
func (c *change) retire(id string, known *guideline.Guideline, because string) (out []spec.Supersession) {
	ledger := c.product.Document.Ledger
	for _, e := range ledger.Entries {
		o := e.Amendment.Origin
		if o.ID != id || o.Kind != spec.OriginGuideline && o.Kind != spec.OriginRefresh {
			continue
		}
		s := spec.Supersession{Amendment: e.Amendment.ID, Because: because}
		for _, active := range ledger.Active() {
			if active.Amendment != s.Amendment || known != nil && known.Revision == o.Revision && !among(known.Checks, active.Check) {
				continue
			}
			s.Checks = append(s.Checks, active.Check.Name)
		}
		if len(s.Checks) > 0 {
			out = append(out, s)
		}
	}
	return out
}
