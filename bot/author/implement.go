package author

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// maxShown is how much of a difference or of results is shown to a model, in bytes.
const maxShown = 60_000

// errComplaint says that the amendment is to be written again, because of what its implementer found.
var errComplaint = errors.New("the amendment is to be written again")

// implementation is the conversation in which the spec is implemented and failures are repaired.
type implementation struct {
	*change
	talk []model.Message
}

// implement has the amended spec implemented, verified, repaired and reviewed.
func (c *change) implement(ctx context.Context) error {
	text, err := c.implementTask()
	if err != nil {
		return err
	}
	i := &implementation{change: c, talk: c.with(text)}
	c.implementing = true
	defer func() { c.implementing = false }()
	kept, err := c.keptAlready(ctx)
	if err != nil {
		return err
	}
	if !kept {
		c.say("implementing the whole spec")
		if _, err := i.answer(ctx, StageImplement, true); err != nil {
			return err
		}
		if err := c.verify(ctx); err != nil {
			return err
		}
		if err := i.repair(ctx); err != nil {
			return err
		}
	}
	if len(c.best.fails) > 0 || c.refreshing && c.best.onlyWords() {
		return nil
	}
	return i.review(ctx)
}

// implementTask is what is asked of whoever implements.
func (c *change) implementTask() (string, error) {
	file := spec.EntryFile(c.amendment.ID)
	amendment, err := c.amendmentText()
	if err != nil {
		return "", err
	}
	if c.refreshing {
		return prompts.Renew(prompts.RenewTask{Evidence: c.job.Evidence, Facts: c.facts, Path: file, Amendment: amendment})
	}
	changed, texts, err := changes(c.base, c.head)
	if err != nil {
		return "", err
	}
	return prompts.Implement(prompts.ImplementTask{
		Requirement: c.job.Requirement, Facts: c.facts, Path: file, Amendment: amendment, SpecDiff: unified(c.base, changed, texts, file),
	})
}

// repair has failures repaired, until nothing fails, a round makes no progress, or there is none left.
func (i *implementation) repair(ctx context.Context) error {
	last := i.best
	for n := 1; n <= i.rounds() && len(last.fails) > 0; n++ {
		if err := i.countRound(); err != nil {
			return err
		}
		i.say("repairing, round %d of %d: %s", n, i.rounds(), last.names(2))
		written, err := i.round(ctx, prompts.RepairTask{Round: n, Rounds: i.rounds(), Results: cut(last.text, maxShown), Diff: cut(last.work, maxShown)})
		if err != nil {
			return err
		}
		if !written {
			i.note("round %d of repair changed nothing, so it was the last", n)
			return nil
		}
		now, err := i.measure(ctx)
		if err != nil {
			return err
		}
		if now.same(last) {
			i.note("round %d of repair made no progress, so it was the last", n)
			return nil
		}
		last = now
	}
	return nil
}

// countRound counts one more round against the budget.
func (c *change) countRound() error {
	if c.author.Account != nil {
		if err := c.author.Account.Round(); err != nil {
			return err
		}
	}
	c.out.Rounds++
	return nil
}

// round asks for a repair and applies it; written is false if nothing changed by it.
func (i *implementation) round(ctx context.Context, task prompts.RepairTask) (written bool, err error) {
	text, err := prompts.Repair(task)
	if err != nil {
		return false, err
	}
	before, textsBefore, err := changes(i.base, i.head)
	if err != nil {
		return false, err
	}
	i.talk = append(i.shortened(), user(text))
	if ok, err := i.answer(ctx, StageRepair, false); err != nil || !ok {
		return false, err
	}
	after, textsAfter, err := changes(i.base, i.head)
	return unified(i.base, before, textsBefore) != unified(i.base, after, textsAfter), err
}

// maxTalk is how long a conversation may grow before a repair, in tokens. Then its oldest turns are left out: the task tells
// what was changed so far and what fails.
const maxTalk = 100_000

// shortened is the conversation so far without its middle if it is long: the beginning with the task stays, for caches of prompts too,
// and the last answer.
func (i *implementation) shortened() []model.Message {
	begin := len(i.prefix) + 1
	if len(i.talk) <= begin+1 || (model.Request{Messages: i.talk}).Tokens() <= maxTalk {
		return i.talk
	}
	last := len(i.talk) - 1
	if i.talk[last].Role != model.Assistant || len(i.talk[last].ToolCalls) > 0 {
		return i.talk[:begin:begin]
	}
	return append(i.talk[:begin:begin], i.talk[last])
}

// answer asks, and applies what is answered; faults are sent back. ok is false if no answer was accepted, which ends the work unless it
// is a repair. what says that the answer must tell what was done.
func (i *implementation) answer(ctx context.Context, stage string, what bool) (ok bool, err error) {
	for sent := 0; ; sent++ {
		a, between, err := i.consult(ctx, stage, i.talk, nil)
		if err != nil {
			return false, err
		}
		i.talk = append(i.talk, between...)
		if err := i.complains(a.Text); err != nil {
			return false, err
		}
		faults, err := i.accept(a.Text, what)
		if err != nil {
			return false, err
		}
		i.talk = append(i.talk, assistant(cut(a.Text, maxShown)))
		if len(faults) == 0 {
			return true, nil
		}
		if sent == maxSentBack {
			i.out.Faults = faults
			if i.best != nil {
				i.note("an answer could not be accepted in %d attempts: %s", sent+1, cut(strings.Join(faults, "; "), 300))
				return false, nil
			}
			return false, i.end(Failed, "No implementation came about that could be accepted, in %d attempts. The last one: %s", sent+1, cut(strings.Join(faults, "; "), 600))
		}
		text, err := prompts.Faults(faults)
		if err != nil {
			return false, err
		}
		i.talk = append(i.talk, user(text))
	}
}

// complaintLine begins a paragraph that says what is wrong with the amendment.
var complaintLine = regexp.MustCompile(`(?ms)^[ \t*#>-]*AMENDMENT:[ \t*]*(.+?)(?:\n[ \t]*\n|\z)`)

// complains returns errComplaint if the answer brings nothing but a complaint about the amendment, the first time.
func (c *change) complains(answer string) error {
	p, _ := proposal.Parse(answer)
	m := complaintLine.FindStringSubmatch(p.Reasoning)
	if m == nil || len(p.Files) > 0 {
		return nil
	}
	c.complaint = cut(strings.TrimSpace(m[1]), 4000)
	if c.refreshing {
		c.keepBest()
		return c.end(Failed, "It can't be done while nothing may be seen to change: %s", c.complaint)
	}
	if c.complained {
		c.keepBest()
		return c.end(Failed, "The amendment can't be implemented, also after it was written again: %s", c.complaint)
	}
	c.complained, c.best = true, nil
	c.note("the amendment was written again, because: %s", c.complaint)
	return errComplaint
}

// done is what the implementer tells for the ledger.
type done struct {
	Change   string           `json:"change"`
	Rejected []spec.Rejection `json:"rejected"`
}

// accept applies an answer and fills in the amendment.
func (i *implementation) accept(answer string, what bool) (faults []string, err error) {
	p, found := proposal.Parse(answer)
	var d done
	data, ok := lastJSON(p.Reasoning)
	switch {
	case len(found) > 0:
	case !ok && what:
		faults = append(faults, `The answer lacks the JSON object {"change": …, "rejected": […]} in a block fenced as json, before the files.`)
	case ok:
		if err := json.Unmarshal(data, &d); err != nil {
			faults = append(faults, "The JSON can't be read: "+err.Error())
		} else if c := strings.TrimSpace(d.Change); what && (c == "" || c == spec.ToBeDone) {
			faults = append(faults, `"change" must say in a sentence or two what was done.`)
		}
	}
	if len(faults) > 0 {
		return faults, nil
	}
	if faults, err = i.applyImplementation(answer); err != nil || len(faults) > 0 {
		return faults, err
	}
	a := *i.amendment
	if c := strings.TrimSpace(d.Change); c != "" && c != spec.ToBeDone {
		a.Change = c
	}
	for _, r := range d.Rejected {
		if r.Option != "" && !rejects(a.Rejected, r.Option) {
			a.Rejected = append(a.Rejected[:len(a.Rejected):len(a.Rejected)], spec.Rejection{Option: r.Option, Breaks: i.known(r.Breaks)})
		}
	}
	if err := i.writeAmendment(&a); err != nil {
		return []string{err.Error()}, nil
	}
	return nil, nil
}

// gist is what an option is, without the reason against it and without its layout.
func gist(option string) string {
	option, _, _ = strings.Cut(option, ":")
	option, _, _ = strings.Cut(option, ";")
	option, _, _ = strings.Cut(option, ", ")
	return strings.ToLower(strings.Join(strings.Fields(strings.TrimRight(option, ". ")), " "))
}

// rejects says whether an option is among those turned down, with the same reason or another.
func rejects(rejected []spec.Rejection, option string) bool {
	for _, r := range rejected {
		if a, b := gist(r.Option), gist(option); strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
			return true
		}
	}
	return false
}
