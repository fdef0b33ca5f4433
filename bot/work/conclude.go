package work

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// publication is what is to be on the forge for a change.
type publication struct {
	// Bundle holds the commits from Expected, where the branch is, to Commit. Both are empty if only words change.
	Bundle   []byte `json:"bundle,omitempty"`
	Commit   string `json:"commit"`
	Expected string `json:"expected,omitempty"`
	// Base is the commit of the default branch that it was proven on.
	Base   string        `json:"base"`
	Title  string        `json:"title"`
	Body   string        `json:"body"`
	Draft  bool          `json:"draft,omitempty"`
	Check  forge.Check   `json:"check"`
	Labels []forge.Label `json:"labels,omitempty"`
	Users  []string      `json:"users,omitempty"`
	Teams  []string      `json:"teams,omitempty"`
	// Files are the paths that it changes in the repository.
	Files []string `json:"files,omitempty"`
	// Trigger is what it was made for last.
	Trigger int64 `json:"trigger,omitempty"`
	// Facts are told where it was asked for.
	Facts string `json:"facts,omitempty"`
}

// conclude turns what the author came to into a publication, or into an answer.
func (w *Worker) conclude(ctx context.Context, t task, x state.Trigger, s *site, o *author.Outcome) error {
	x.Tokens = o.Spent.Total.Usage.In + o.Spent.Total.Usage.Out
	x.Seconds += o.Seconds
	switch {
	case o.Kind == author.Asked:
		return w.ask(ctx, t, x, o)
	case len(o.Files) > 0 && (o.Green() || o.Kind == author.Failed || o.Kind == author.OverBudget):
		return w.bring(ctx, t, x, s, o)
	}
	if t.change.State == state.ChangeOpen && o.Kind == author.Failed && !x.Refines {
		return w.partFrom(ctx, t, x)
	}
	end := state.TriggerAnswered
	if o.Kind == author.Failed || o.Kind == author.OverBudget || o.Kind == author.Conflict && x.Kind == state.KindSpec {
		end = state.TriggerFailed // an edit that is not followed still stands in the spec
	}
	return w.answerWith(ctx, t, x, end, o)
}

// bring makes the commits of an outcome, and what is to be said of them.
func (w *Worker) bring(ctx context.Context, t task, x state.Trigger, s *site, o *author.Outcome) error {
	joined := t.change.State == state.ChangeOpen
	report := o.Report
	commit, files, err := w.commit(ctx, t, x, s, o)
	if err != nil {
		return err
	}
	fault.Point("commits made")
	if s.start != s.base || report == nil {
		if report, err = w.prove(ctx, t, s, commit); err != nil {
			return err
		}
	}
	red := !o.Green() || report.Verdict == bot.VerdictFail
	if joined && red && !(t.change.Draft && x.Refines) { // what is proven is not made worse, and what is not holds nothing else up
		if x.Refines {
			why := o.Explanation
			if o.Green() {
				why = "Together with what the merge request holds it can't be proven: " + firstFailure(report) + "."
			}
			o.Kind, o.Explanation = author.Failed, why+" The merge request stays as it was."
			return w.answerWith(ctx, t, x, state.TriggerFailed, o)
		}
		w.Log.Info("a trigger can't be met together with the open change", "product", t.product.Name, "trigger", x.Key, "change", t.change.UID, "fails", failures(report))
		return w.partFrom(ctx, t, x)
	}
	p := publication{Commit: commit, Base: s.base, Draft: red, Files: files}
	if joined {
		p.Expected = s.start
	} else if p.Expected, err = w.left(ctx, &t, s); err != nil {
		return err
	}
	if p.Bundle, err = s.mirror.Bundle(ctx, s.start, commit); err != nil {
		return err
	}
	var triggers []state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) error {
		triggers, err = tx.AskedOf(t.change.ID)
		return err
	}); err != nil {
		return err
	}
	if err := w.word(ctx, t, s, &p, triggers, o, report); err != nil {
		return err
	}
	return w.ready(ctx, t, x, p, report)
}

// left is where the branch of a new change is, which an earlier change may have left behind; empty if there is none. A branch on which
// somebody else has commits is left alone: the change gets another one.
func (w *Worker) left(ctx context.Context, t *task, s *site) (expected string, err error) {
	_, there, err := s.mirror.Resolve(ctx, t.change.Branch) // as fetched when the attempt began; one that came since has the push refused
	if err != nil || !there {
		return "", err
	}
	found, there, err := s.mirror.RemoteHead(ctx, t.change.Branch) // it may be on its way to be deleted
	if err != nil || !there {
		return "", err
	}
	if err := s.mirror.Fetch(ctx); err != nil {
		return "", err
	}
	foreign, err := w.foreign(ctx, s, found)
	if err != nil || foreign == "" {
		return found, err
	}
	t.change.Branch = mirror.BranchName(t.product.Path, t.product.Name) + "-" + t.change.UID[:4]
	return "", nil
}

// ready keeps a publication, so that whoever comes next publishes it.
func (w *Worker) ready(ctx context.Context, t task, x state.Trigger, p publication, report *bot.Report) error {
	p.Trigger = x.ID
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return w.save(ctx, t, func(tx *state.Tx) error {
		c := *t.change
		c.State, c.Publication, c.Base, c.Draft, c.Title, c.Reason = state.ChangeReady, text, p.Base, p.Draft, p.Title, ""
		c.Verdict, c.Impact = string(report.Verdict), string(report.Impact)
		c.Revision++
		if err := keepChange(tx, t, c); err != nil {
			return err
		}
		x.State, x.Reason = state.TriggerOpen, ""
		if !x.Kind.Asks() {
			x.State, x.ChangeID = state.TriggerAnswered, 0
		}
		return keep(tx, x)
	})
}

// partFrom lets a trigger wait that could not be met together with the open change.
func (w *Worker) partFrom(ctx context.Context, t task, x state.Trigger) error {
	x.State, x.ChangeID, x.Order = state.TriggerWaiting, 0, ""
	x.Reason = notTogether(t.change)
	if err := w.save(ctx, t, func(tx *state.Tx) error { return keep(tx, x) }); err != nil {
		return err
	}
	return w.tellWaiting(ctx, t, x)
}

// commit makes the two commits of an outcome, the spec first. Files are the paths that they change in the repository.
func (w *Worker) commit(ctx context.Context, t task, x state.Trigger, s *site, o *author.Outcome) (sha string, files []string, err error) {
	var why, how []mirror.Change
	for _, f := range o.Changes() {
		name := path.Join(t.product.Path, f.Path)
		files = append(files, name)
		c := mirror.Change{Path: name, Data: []byte(f.Text), Delete: f.Deleted}
		if f.Path == spec.SpecFile || strings.HasPrefix(f.Path, spec.LedgerFolder+"/") {
			why = append(why, c)
		} else {
			how = append(how, c)
		}
	}
	m := w.said(t, []state.Trigger{x}, o, o.Report)
	ofSpec, ofModels := message.CommitMessages(m)
	sha = s.start
	for _, part := range []struct {
		changes []mirror.Change
		message string
	}{{why, ofSpec}, {how, ofModels}} {
		if len(part.changes) == 0 {
			continue
		}
		// The time is that of the trigger, so that the same change is the same commit, whoever makes it.
		if sha, err = s.mirror.Commit(ctx, sha, part.changes, part.message, x.Created); err != nil {
			return "", nil, err
		}
	}
	return sha, files, nil
}

// prove verifies a commit against the default branch.
func (w *Worker) prove(ctx context.Context, t task, s *site, commit string) (*bot.Report, error) {
	head, err := w.lay(ctx, t, s, commit, "head-"+short(commit))
	if err != nil {
		return nil, err
	}
	base, err := w.lay(ctx, t, s, s.base, "base-"+short(commit))
	if err != nil {
		return nil, err
	}
	r, err := w.Verifier.VerifyChange(ctx, verify.Input{Head: head.Tree, Under: head.Path(t.product.Path), Readers: true, Base: &base.Tree, Guidelines: s.rules, GuidelinesGiven: s.ruled})
	head.Home(r)
	return r, err
}

// word says what is to be said of a publication.
func (w *Worker) word(ctx context.Context, t task, s *site, p *publication, triggers []state.Trigger, o *author.Outcome, report *bot.Report) error {
	head, err := w.lay(ctx, t, s, p.Commit, "shown")
	if err != nil {
		return err
	}
	m := w.said(t, triggers, o, report)
	m.BaseSHA, m.HeadSHA, m.Draft = p.Base, p.Commit, p.Draft
	if err := w.keepOpen(ctx, t, m.Triggers); err != nil {
		return err
	}
	if m.Earlier, err = earlier(ctx, t, s, p.Commit, o); err != nil {
		return err
	}
	if m.Spec, m.Picture, err = w.picture(ctx, t, s, head, o, report); err != nil {
		return err
	}
	p.Facts = m.Facts()
	c := *t.change
	c.Revision, c.Head, c.Base, c.Draft, c.Title = c.Revision+1, p.Commit, p.Base, p.Draft, m.Title()
	if report != nil {
		c.Verdict, c.Impact = string(report.Verdict), string(report.Impact)
	}
	memo := w.Seal.Hide(state.Memo{Repository: t.repository.Repository.ID, Product: t.product.Name, Path: t.product.Path, Change: &c, Triggers: triggers}, "", message.Limit/4)
	p.Title, p.Body, p.Check, p.Labels = m.Title(), m.Body(message.Limit-len(memo)-1)+"\n"+memo, m.Check(p.Commit), m.Labels()
	p.Users, p.Teams, err = w.reviewers(ctx, t, s, m.Spec, p.Files)
	return err
}

// keepOpen has issues stay open when the change is merged where something else was asked for that goes on: the last one closes them.
func (w *Worker) keepOpen(ctx context.Context, t task, triggers []message.Trigger) error {
	return w.DB.View(ctx, func(tx *state.Tx) error {
		for i := range triggers {
			if triggers[i].Issue == 0 {
				continue
			}
			there, err := tx.TriggersAt(t.repository.ID, triggers[i].Issue)
			if err != nil {
				return err
			}
			for _, x := range there {
				triggers[i].KeepOpen = triggers[i].KeepOpen || x.State.GoesOn() && x.ChangeID != t.change.ID
			}
		}
		return nil
	})
}

// earlier are the amendments of a change besides that of its newest work.
func earlier(ctx context.Context, t task, s *site, commit string, o *author.Outcome) (out []*spec.Amendment, err error) {
	now, err := workspace.DocumentAt(ctx, s.mirror, commit, t.product.Path)
	if err != nil {
		return nil, err
	}
	before := map[int]bool{}
	if there, err := workspace.DocumentAt(ctx, s.mirror, s.base, t.product.Path); err == nil { // a new product has none
		for _, id := range there.Ledger.IDs() {
			before[id] = true
		}
	}
	for _, e := range now.Ledger.Entries {
		if a := e.Amendment; !before[a.ID] && (o.Amendment == nil || a.ID != o.Amendment.ID) {
			out = append(out, &a)
		}
	}
	return out, nil
}

// said is what the forge is told of a change, as far as it is known before there are commits.
func (w *Worker) said(t task, triggers []state.Trigger, o *author.Outcome, report *bot.Report) message.Change {
	m := message.Change{ID: t.change.UID, Product: t.product.Name, Path: t.product.Path, Repo: t.repository.Repo, Branch: t.change.Branch, Outcome: o, Report: report, Codicil: w.Version}
	for _, x := range triggers {
		m.Triggers = append(m.Triggers, w.asked(t, x))
	}
	return m
}

// asked is a trigger as the forge is told of it.
func (w *Worker) asked(t task, x state.Trigger) message.Trigger {
	out := message.Trigger{Kind: string(x.Kind), Key: x.Key, Hash: x.Hash, URL: x.URL, Author: x.Author, Requirement: x.Requirement, Issue: x.Issue, KeepOpen: x.KeepOpen}
	if t.change != nil && x.Issue == t.change.Number {
		out.Issue = 0 // it was asked at the merge request itself
	}
	if x.Kind == state.KindGuideline {
		out.Guideline = &message.Guideline{ID: x.Guideline, Title: x.Title, Revision: x.Revision, URL: x.URL, Rule: x.Requirement, Before: x.Earlier}
	}
	return out
}
