package author

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// maxSentBack is how often an answer with faults is sent back.
const maxSentBack = 3

// keepWord answers doubts: the amendment stays as it is.
var keepWord = regexp.MustCompile(`(?m)^[ \t*` + "`" + `]*KEEP\b`)

// amend has the new spec and its amendment written, until they are accepted.
func (c *change) amend(ctx context.Context) error {
	id := c.nextID()
	text, err := c.amendTask(id)
	if err != nil {
		return err
	}
	talk := c.with(text)
	lenient := false // what held before is sent back once
	var kept []string
	for sent := 0; ; sent++ {
		c.say("writing the spec and amendment %d", id)
		a, between, err := c.consult(ctx, StageAmend, talk, nil)
		if err != nil {
			return err
		}
		if lenient && keepWord.MatchString(a.Text) && !strings.Contains(a.Text, "FILE:") && c.amendment != nil {
			for _, d := range kept {
				c.note("%s", d)
			}
			return nil // the head holds it already
		}
		faults, doubts, err := c.acceptAmendment(ctx, a.Text, id)
		if err != nil {
			return err
		}
		if len(faults) == 0 && (len(doubts) == 0 || lenient) {
			for _, d := range doubts {
				c.note("%s", d)
			}
			return nil
		}
		again, err := prompts.Faults(faults)
		if len(faults) == 0 {
			lenient, kept = true, doubts
			again, err = prompts.Doubts(doubts)
		}
		if err != nil {
			return err
		}
		faults = append(faults, doubts...)
		if sent == maxSentBack {
			c.out.Faults = faults
			return c.end(Failed, "No amendment came about that could be accepted, in %d attempts. The last one: %s", sent+1, cut(strings.Join(faults, "; "), 600))
		}
		talk = append(append(talk, between...), assistant(cut(a.Text, maxShown)), user(again))
	}
}

// amendTask is what is asked of whoever writes the spec and amendment id.
func (c *change) amendTask(id int) (string, error) {
	task := prompts.AmendTask{Requirement: c.job.Requirement, Reading: c.reading, Facts: c.facts, Answers: c.answers, ID: id,
		Path: spec.EntryFile(id), Origin: c.origin().Kind, Supersede: c.allowed()}
	if c.complaint != "" {
		last, err := c.amendmentText()
		if err != nil {
			return "", err
		}
		task.Complaint, task.Last = c.complaint, last
	}
	switch {
	case c.adopting != nil:
		return c.adoptionTask(task)
	case c.edited != nil:
		return c.editTask(task)
	}
	return prompts.Amend(task)
}

// amendRules are the rules for whoever writes amendment id.
func (c *change) amendRules(id int) proposal.Rules {
	rules := proposal.AmendRules(id)
	if c.edited != nil {
		rules.Files = []string{spec.EntryFile(id)} // the spec is as somebody wants it
	}
	return rules
}

// acceptAmendment applies an answer to a fresh scratch. Faults say why it is refused, doubts what is accepted the second time.
func (c *change) acceptAmendment(ctx context.Context, answer string, id int) (faults, doubts []string, err error) {
	c.headChanged()
	if err := c.head.reset(c.from()); err != nil {
		return nil, nil, err
	}
	if faults, err = c.apply(answer, c.amendRules(id)); err != nil || len(faults) > 0 {
		return faults, nil, err
	}
	data, err := os.ReadFile(c.head.name(spec.EntryFile(id)))
	if errors.Is(err, fs.ErrNotExist) {
		return []string{spec.EntryFile(id) + ": the new amendment is missing; give the whole file"}, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	a, _, problems := spec.ParseAmendment(spec.EntryFile(id), data)
	text, err := os.ReadFile(c.head.name(spec.SpecFile))
	if errors.Is(err, fs.ErrNotExist) {
		return []string{spec.SpecFile + ": it is missing; give the whole file"}, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	s, _, more := spec.ParseSpec(spec.SpecFile, text)
	problems = append(problems, more...)
	if problems.Err() != nil || a == nil || s == nil {
		return lines(problems), nil, nil
	}
	if faults := c.guard(a, s, id); len(faults) > 0 {
		return faults, nil, nil
	}
	if faults := c.declareRest(a); len(faults) > 0 {
		return faults, nil, nil
	}
	c.takeChecks(a)
	c.fillIn(a, s, id)
	if err := c.writeAmendment(a); err != nil {
		return []string{err.Error()}, nil, nil
	}
	if faults, err = c.lintAmended(ctx, s); err != nil || len(faults) > 0 {
		return faults, nil, err
	}
	return c.prove(ctx, id)
}

// apply applies an answer to the head.
func (c *change) apply(answer string, rules proposal.Rules) (faults []string, err error) {
	p, found := proposal.Parse(answer)
	if len(found) == 0 && len(p.Files) == 0 {
		return []string{"The answer holds no file; give each in the form FILE: or EDIT:."}, nil
	}
	if len(found) == 0 {
		root, err := os.OpenRoot(c.head.dir())
		if err != nil {
			return nil, err
		}
		defer root.Close()
		c.headChanged()
		if _, found, err = proposal.Apply(root, p, rules); err != nil {
			return nil, err
		}
	}
	for _, f := range found {
		faults = append(faults, f.String())
	}
	return faults, nil
}

// guard holds the amendment to what the asker allows.
func (c *change) guard(a *spec.Amendment, s *spec.Spec, id int) (faults []string) {
	if a.ID != id {
		faults = append(faults, fmt.Sprintf("%s: the id is %d; it must be %d", spec.EntryFile(id), a.ID, id))
	}
	if s.Product != c.product.Name() {
		faults = append(faults, fmt.Sprintf("%s: `product: %s` is the product's identity and stays", spec.SpecFile, c.product.Name()))
	}
	faults = append(faults, c.guardFresh(a, s)...)
	for _, x := range a.Supersedes {
		if len(x.Checks) == 0 && !c.mayRetire(x.Amendment, "") {
			faults = append(faults, fmt.Sprintf("supersedes: the asker does not allow all checks of amendment %d to be retired; leave that out", x.Amendment))
		}
		for _, check := range x.Checks {
			if !c.mayRetire(x.Amendment, check) {
				faults = append(faults, fmt.Sprintf("supersedes: the asker does not allow %q of amendment %d to be retired; leave that out, and meet both", check, x.Amendment))
			}
		}
	}
	return faults
}

// mayRetire says whether the asker allows a check to be retired; without a name, all of the amendment.
func (c *change) mayRetire(amendment int, check string) bool {
	return slices.ContainsFunc(c.job.Supersede, func(s Supersede) bool {
		return s.Amendment == amendment && (s.Check == "" || s.Check == check)
	})
}

// fillIn sets what is not the model's to say.
func (c *change) fillIn(a *spec.Amendment, s *spec.Spec, id int) {
	a.ID, a.Requirement, a.Origin = id, c.job.Requirement, c.origin()
	a.Questions = nil
	for _, q := range c.answers {
		a.Questions = append(a.Questions, spec.Question{Ask: q.Ask, Answer: q.Answer})
	}
	ledger := c.product.Document.Ledger
	a.Base, a.Result = spec.Fingerprint(c.product.Spec(), ledger.IDs()), spec.Hash(s)
	a.Change = spec.ToBeDone
	if c.edited != nil {
		a.Base = spec.Fingerprint(s, ledger.IDs()) // where it is merged, the spec is edited already
	}
	c.fillInFresh(a, s)
	for i := range a.Rejected {
		a.Rejected[i].Breaks = c.known(a.Rejected[i].Breaks)
	}
}

// origin is the job's, by default an issue.
func (c *change) origin() spec.Origin {
	o := c.job.Origin
	if g := c.job.Guideline; g != nil {
		o.ID, o.Revision = g.ID, g.Revision
	}
	if o.Kind == "" {
		o.Kind = spec.OriginIssue
	}
	return o
}

// writeAmendment puts the amendment into the head.
func (c *change) writeAmendment(a *spec.Amendment) error {
	text, err := spec.MarshalAmendment(a)
	if err != nil {
		return err
	}
	c.amendment, c.out.Amendment = a, a
	return c.head.write(spec.EntryFile(a.ID), text)
}

// amendmentText is the amendment as models see it: without what differs from run to run.
func (c *change) amendmentText() (string, error) {
	a := *c.amendment
	a.Origin, a.Base, a.Result = spec.Origin{Kind: a.Origin.Kind, ID: a.Origin.ID, Revision: a.Origin.Revision}, "", ""
	text, err := spec.MarshalAmendment(&a)
	if err != nil {
		return "", fmt.Errorf("show amendment %d: %w", a.ID, err)
	}
	return string(text), nil
}

// prove verifies the amendment before it is implemented: the ledger must be in order, and a check red at the base.
func (c *change) prove(ctx context.Context, id int) (faults, doubts []string, err error) {
	c.say("proving the checks of amendment %d at the base", id)
	in := c.input(c.head, c.base)
	in.ProofOnly, in.Readers = true, false
	report, err := c.author.Verifier.Verify(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	proof := fmt.Sprintf("%s/%d/proof", bot.AreaRequirements, id)
	for _, r := range report.Results {
		if r.Product != c.product.Name() {
			continue
		}
		unreadable := strings.HasPrefix(r.ID, "build/spec") || r.ID == "build/vanished"
		switch {
		case r.Status == bot.Fail && (r.Area == bot.AreaLedger || unreadable):
			faults = append(faults, r.Name+": "+c.clean(r.Message))
		case r.ID == proof && r.Status != bot.Pass:
			faults = append(faults, c.clean(r.Message))
		case c.adopting.copied(r.Name):
			// The guideline's checks are what they are, red or not.
		case r.Area == bot.AreaRequirements && r.Amendment == id && r.Proof == "held before":
			doubts = append(doubts, fmt.Sprintf("The check %q held before the change already, so it proves nothing new.", r.Name))
		case r.Area == bot.AreaRequirements && r.Amendment == id && strings.HasPrefix(r.Proof, "only errs"):
			doubts = append(doubts, fmt.Sprintf("The check %q %s, which is right only if it reads something that the implementation will add.", r.Name, c.clean(r.Proof)))
		}
	}
	return faults, doubts, nil
}

// clean takes the scratch's place on this machine out of a message.
func (c *change) clean(message string) string {
	for _, s := range []*scratch{c.head, c.base, c.from()} {
		message = strings.ReplaceAll(message, s.tree.Root+string(os.PathSeparator), "")
		message = strings.ReplaceAll(message, s.tree.Root, ".")
	}
	return message
}

// lines are problems as sentences, warnings left out.
func lines(problems bot.Problems) (out []string) {
	for _, p := range problems.Sorted() {
		if p.Severity != bot.SeverityWarning {
			out = append(out, p.String())
		}
	}
	return out
}

// cut shortens a text to about n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
