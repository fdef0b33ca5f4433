package triage

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/forge"
)

// mergeRequest looks at what happened to a merge request: the bot's own, or a person's.
func (t *Triage) mergeRequest(ctx context.Context, host Host, e forge.Event) (end, error) {
	mr := *e.MergeRequest
	var r state.Repository
	var c state.Change
	var known, own bool
	if err := t.DB.View(ctx, func(tx *state.Tx) (err error) {
		if r, known, err = tx.Repository(e.Repository.Key()); err != nil || !known {
			return err
		}
		c, own, err = tx.ChangeAt(r.ID, mr.Number)
		return err
	}); err != nil {
		return end{}, err
	}
	if !known {
		return nothing("the repository is not looked after yet")
	}
	self, err := host.Self(ctx)
	if err != nil {
		return end{}, err
	}
	if own {
		return t.ownRequest(ctx, host, e, r, c)
	}
	if strings.EqualFold(mr.Author.Login, self.Login) {
		return nothing("a merge request of the bot that it does not know yet")
	}
	switch e.Action {
	case forge.ActionOpened, forge.ActionSynchronize, forge.ActionReopened, forge.ActionReady, forge.ActionEdited:
	default:
		return nothing("a person's merge request: %s", e.Action)
	}
	mr.HeadRepo = headRepo(mr, e)
	return end{outcome: fmt.Sprintf("verify #%d at %.8s", mr.Number, mr.HeadSHA), do: func(tx *state.Tx) error {
		return t.Queue.Add(ctx, tx, t.Lines.Verify, proofOf(r.ID, mr, false))
	}}, nil
}

// headRepo keeps the head's repository only if it is the one that the merge request is in.
func headRepo(mr forge.MergeRequest, e forge.Event) forge.Repo {
	if mr.HeadRepo.Key() != e.Repository.Key() {
		return forge.Repo{}
	}
	return mr.HeadRepo
}

// ownRequest notes what became of a merge request of the bot.
func (t *Triage) ownRequest(ctx context.Context, host Host, e forge.Event, r state.Repository, c state.Change) (end, error) {
	mr := *e.MergeRequest
	if e.Action == forge.ActionClosed && !mr.Merged { // a merge may be told in two steps
		now, err := host.MergeRequest(ctx, r.Repo, mr.Number)
		if err != nil {
			return end{}, err
		}
		if mr = now; mr.Open {
			return nothing("#%d is open again", mr.Number)
		}
	}
	switch {
	case e.Action == forge.ActionClosed && mr.Merged:
		return end{outcome: fmt.Sprintf("#%d is merged", mr.Number), do: func(tx *state.Tx) error {
			return t.over(ctx, tx, r, c.ID, state.ChangeMerged, e.Sender.Login, mr.HeadSHA)
		}}, nil
	case e.Action == forge.ActionClosed:
		return end{outcome: fmt.Sprintf("#%d is declined", mr.Number), do: func(tx *state.Tx) error {
			return t.over(ctx, tx, r, c.ID, state.ChangeDeclined, e.Sender.Login, mr.HeadSHA)
		}}, nil
	case e.Action == forge.ActionReopened:
		return end{outcome: fmt.Sprintf("#%d is open again", mr.Number), do: func(tx *state.Tx) error { return t.reopened(ctx, tx, r, c.ID) }}, nil
	case e.Action == forge.ActionSynchronize:
		return end{outcome: fmt.Sprintf("#%d moved to %.8s", mr.Number, mr.HeadSHA), do: func(tx *state.Tx) error { return t.headMoved(ctx, tx, r, c.ID, mr) }}, nil
	}
	return nothing("the bot's #%d: %s", mr.Number, e.Action)
}

// over ends a change as its merge request, at a commit head, ended, and tells whoever asked for it.
func (t *Triage) over(ctx context.Context, tx *state.Tx, r state.Repository, id int64, how state.ChangeState, by, head string) error {
	c, ok, err := tx.Change(id)
	if err != nil || !ok || c.State == how || c.State == state.ChangeAbandoned {
		return err // an abandoned one was closed by the bot, which has told why
	}
	p, ok, err := tx.Product(c.ProductID)
	if err != nil || !ok {
		return err
	}
	late := int64(0)                                                                     // the trigger that the merge request did not hold yet
	if commit, trigger := published(c); c.State == state.ChangeReady && head == commit { // it was merged or closed before all of it was noted
		c.Head = head
	} else if c.State == state.ChangeReady {
		late = trigger
	}
	c.State, c.ClosedBy, c.Publication = how, by, nil
	if err := tx.SaveChange(c); err != nil {
		return err
	}
	if err := tx.Needless("change/"+c.UID+"/", fmt.Sprintf("The merge request was %s.", how)); err != nil {
		return err
	}
	stage, of := message.Merged, state.TriggerMerged
	if how == state.ChangeDeclined {
		stage, of = message.Declined, state.TriggerDeclined
	}
	triggers, err := tx.TriggersOfChange(id)
	if err != nil {
		return err
	}
	for _, x := range triggers {
		if x.ID == late || x.State == state.TriggerWorking { // it was to join, and has its own turn now
			if x.State, x.ChangeID, x.Reason = state.TriggerWaiting, 0, ""; x.Kind == state.KindBase || x.Kind == state.KindRedo {
				x.State, x.Reason = state.TriggerAnswered, fmt.Sprintf("Merge request #%d was %s.", c.Number, how)
			}
			if err := tx.SaveTrigger(x); err != nil {
				return err
			}
			continue
		}
		if how == state.ChangeMerged && x.Order != "" { // a closed one may be opened again
			if err := tx.DropAnswers(fmt.Sprintf("%s/%d", x.Order, x.ID)); err != nil {
				return err
			}
		}
		asks := x.Kind != state.KindBase && x.Kind != state.KindRedo // those are about the merge request itself, and are done with
		if x.State, x.Reason = of, fmt.Sprintf("Merge request #%d was %s.", c.Number, how); !asks {
			x.State = state.TriggerAnswered
		}
		if err := tx.SaveTrigger(x); err != nil {
			return err
		}
		if !asks {
			continue
		}
		body := message.Status{Key: x.Key, Product: p.Name, Stage: stage, Requirement: x.Requirement, MergeRequest: &message.Reference{Number: c.Number, URL: c.URL}}.Comment()
		if err := t.restate(ctx, tx, r.Repo, x, fmt.Sprintf("%s/%s/%d", how, c.UID, c.Revision), body); err != nil {
			return err
		}
		if how == state.ChangeMerged && x.Kind == state.KindIssue && x.Issue != 0 && x.Issue != c.Number && !x.KeepOpen {
			if err := t.Outbox.Later(ctx, tx, fmt.Sprintf("trigger/%d/close", x.ID), outbox.Operation{Kind: outbox.CloseIssue, Repo: r.Repo, Number: x.Issue}); err != nil {
				return err
			}
		}
		if x.CampaignID != 0 {
			if err := t.Queue.Add(ctx, tx, t.Lines.Campaign, fmt.Sprint(x.CampaignID)); err != nil {
				return err
			}
		}
	}
	if how == state.ChangeMerged && head != "" { // the branch of a closed one stays, so that it can be opened again
		if err := t.Outbox.Later(ctx, tx, fmt.Sprintf("change/%s/delete/%s", c.UID, how), outbox.Operation{Kind: outbox.DeleteBranch, Repo: r.Repo, Branch: c.Branch, Expected: head}); err != nil {
			return err
		}
	}
	return t.rouse(ctx, tx, c.ProductID) // what waited for it has its turn
}

// published is the commit that a change which is ready is to be at on the forge, and the trigger for which; zero if there is none.
func published(c state.Change) (commit string, trigger int64) {
	var p struct {
		Commit  string
		Trigger int64
	}
	if err := json.Unmarshal(c.Publication, &p); err != nil {
		return "", 0 // nothing is to be published
	}
	return p.Commit, p.Trigger
}

// restate brings a trigger's status comment up to date, if it has one.
func (t *Triage) restate(ctx context.Context, tx *state.Tx, repo forge.Repo, x state.Trigger, what, body string) error {
	if x.Issue == 0 {
		return nil
	}
	_, ok, err := tx.Write(work.StatusKey(x))
	if err != nil || !ok {
		return err
	}
	p, _, err := tx.Product(x.ProductID)
	if err != nil {
		return err
	}
	body = work.Remembering(body, p.Name, x)
	return t.Outbox.Later(ctx, tx, work.StatusKey(x)+"/"+what, outbox.Operation{Kind: outbox.EditComment, Repo: repo, Number: x.Issue, Of: work.StatusKey(x), Body: body})
}

// reopened takes a declined change up again.
func (t *Triage) reopened(ctx context.Context, tx *state.Tx, r state.Repository, id int64) error {
	c, ok, err := tx.Change(id)
	if err != nil || !ok || c.State != state.ChangeDeclined {
		return err
	}
	if other, busy, err := tx.CurrentChange(c.ProductID); err != nil {
		return err
	} else if busy { // it has taken this one's place
		if other.Number == 0 {
			return nil
		}
		key := fmt.Sprintf("change/%s/superseded/%d", c.UID, other.Number)
		return t.Outbox.Later(ctx, tx, key, outbox.Operation{Kind: outbox.Comment, Repo: r.Repo, Number: c.Number,
			Body: message.Said(key, fmt.Sprintf("Merge request #%d of the same product is open, so this one is not followed any more.", other.Number))})
	}
	p, ok, err := tx.Product(c.ProductID)
	if err != nil || !ok {
		return err
	}
	c.State, c.ClosedBy, c.Approved = state.ChangeOpen, "", false
	c.Revision++ // what is told of it from now on is told anew
	if err := tx.SaveChange(c); err != nil {
		return err
	}
	triggers, err := tx.TriggersOfChange(id)
	if err != nil {
		return err
	}
	for _, x := range triggers {
		if x.State != state.TriggerDeclined {
			continue
		}
		x.State, x.Reason = state.TriggerOpen, ""
		if err := tx.SaveTrigger(x); err != nil {
			return err
		}
		body := message.Status{Key: x.Key, Product: p.Name, Stage: message.Ready, Requirement: x.Requirement, MergeRequest: &message.Reference{Number: c.Number, URL: c.URL}, Draft: c.Draft}.Comment()
		if err := t.restate(ctx, tx, r.Repo, x, fmt.Sprintf("reopened/%s/%d", c.UID, c.Revision), body); err != nil {
			return err
		}
	}
	// The default branch may have moved meanwhile.
	_, err = t.want(ctx, tx, p, state.Trigger{Kind: state.KindBase, Key: fmt.Sprintf("reopened/%s/%d", c.UID, c.Revision), ChangeID: c.ID, TriggerData: state.TriggerData{At: tx.Now()}})
	return err
}

// headMoved notes a commit of somebody else's on the bot's branch, and has it verified as a person's.
func (t *Triage) headMoved(ctx context.Context, tx *state.Tx, r state.Repository, id int64, mr forge.MergeRequest) error {
	c, ok, err := tx.Change(id)
	if err != nil || !ok || mr.HeadSHA == c.Head || c.State != state.ChangeOpen {
		return err
	}
	c.Foreign, c.Approved = mr.HeadSHA, false
	if err := tx.SaveChange(c); err != nil {
		return err
	}
	return t.Queue.Add(ctx, tx, t.Lines.Verify, Proof{Repository: r.ID, Number: mr.Number, Head: mr.HeadSHA, Base: mr.Base}.String())
}

// review notes whether the bot's merge request is approved.
func (t *Triage) review(ctx context.Context, host Host, e forge.Event) (end, error) {
	may, err := host.Permission(ctx, e.Repository.Repo, e.Review.Author.Login)
	if err != nil {
		return end{}, err
	}
	if may < forge.Write {
		return nothing("a review of somebody without write access")
	}
	return end{outcome: fmt.Sprintf("a review of #%d: %s", e.MergeRequest.Number, e.Review.State), do: func(tx *state.Tx) error {
		r, ok, err := tx.Repository(e.Repository.Key())
		if err != nil || !ok {
			return err
		}
		c, ok, err := tx.ChangeAt(r.ID, e.MergeRequest.Number)
		if err != nil || !ok || c.State != state.ChangeOpen {
			return err
		}
		approved := e.Review.State == forge.Approved && e.Action != forge.ActionDismissed
		if e.Review.State == forge.Commented || c.Approved == approved {
			return nil
		}
		c.Approved = approved
		if err := tx.SaveChange(c); err != nil {
			return err
		}
		return t.rouse(ctx, tx, c.ProductID)
	}}, nil
}

// mergeGroup has a merge queue's commit verified: a required check that nobody makes would stop the queue for ever.
func (t *Triage) mergeGroup(ctx context.Context, e forge.Event) (end, error) {
	return end{outcome: fmt.Sprintf("verify the queue's %.8s", e.Group.SHA), do: func(tx *state.Tx) error {
		r, ok, err := tx.Repository(e.Repository.Key())
		if err != nil || !ok {
			return err
		}
		return t.Queue.Add(ctx, tx, t.Lines.Verify, Proof{Repository: r.ID, Head: e.Group.SHA, Base: e.Group.BaseSHA}.String())
	}}, nil
}

// rerequested has a commit verified again: as the head of each open merge request that has it, and else as what is to come on the default branch.
func (t *Triage) rerequested(ctx context.Context, host Host, e forge.Event) (end, error) {
	requests := []forge.MergeRequest{}
	if e.MergeRequest != nil {
		requests = append(requests, *e.MergeRequest)
	} else {
		all, err := host.MergeRequestsOf(ctx, e.Repository.Repo, e.Check.SHA)
		if err != nil {
			return end{}, err
		}
		for _, mr := range all {
			if mr.Open && mr.HeadSHA == e.Check.SHA {
				requests = append(requests, mr)
			}
		}
	}
	return end{outcome: fmt.Sprintf("verify %.8s again, of %d merge requests", e.Check.SHA, len(requests)), do: func(tx *state.Tx) error {
		r, ok, err := tx.Repository(e.Repository.Key())
		if err != nil || !ok {
			return err
		}
		proofs := []Proof{}
		for _, mr := range requests {
			mr.HeadRepo = headRepo(mr, e)
			proofs = append(proofs, Proof{Number: mr.Number, Head: mr.HeadSHA, Base: mr.Base, Fork: fromFork(mr)})
		}
		if len(proofs) == 0 {
			proofs = append(proofs, Proof{Head: e.Check.SHA, Base: r.DefaultBranch})
		}
		for _, p := range proofs {
			p.Repository, p.Again = r.ID, strconv.FormatInt(tx.Now().UnixMilli(), 10)
			if err := t.Queue.Add(ctx, tx, t.Lines.Verify, p.String()); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}
