package triage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/forge"
)

// over ends a change as its merge request, at a commit head, ended, and tells whoever asked for it.
func (t *Triage) over(ctx context.Context, tx *state.Tx, r state.Repository, id int64, how state.ChangeState, by, head string) error {
	c, ok, err := tx.Change(id)
	if err != nil || !ok || c.State == how || c.State == state.ChangeAbandoned {
		return err // an abandoned one was closed by the bot, which has told why
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
	if err := tx.Needless("change/"+c.UID+"/", outcome(c)); err != nil {
		return err
	}
	triggers, err := tx.TriggersOfChange(id)
	if err != nil {
		return err
	}
	var held []state.Trigger
	for _, x := range triggers {
		if x.ID != late && x.State != state.TriggerWorking {
			held = append(held, x)
		} else if err := setApart(tx, c, x); err != nil {
			return err
		}
	}
	for _, x := range held {
		if err := t.endWith(ctx, tx, r, c, x); err != nil {
			return err
		}
	}
	if how == state.ChangeMerged && head != "" { // the branch of a closed one stays, so that it can be opened again
		if err := t.Outbox.Later(ctx, tx, fmt.Sprintf("change/%s/delete/%s", c.UID, how), outbox.Operation{Kind: outbox.DeleteBranch, Repo: r.Repo, Branch: c.Branch, Expected: head}); err != nil {
			return err
		}
	}
	return t.rouse(ctx, tx, c.ProductID) // what waited for it has its turn
}

// outcome says how a change ended that is merged or declined.
func outcome(c state.Change) string {
	return fmt.Sprintf("Merge request #%d was %s.", c.Number, c.State)
}

// setApart lets a trigger have its own turn that was to join a change which is over; one that is about the merge request itself is done with.
func setApart(tx *state.Tx, c state.Change, x state.Trigger) error {
	x.State, x.ChangeID, x.Reason = state.TriggerWaiting, 0, ""
	if !x.Kind.Asks() {
		x.State, x.Reason = state.TriggerAnswered, outcome(c)
	}
	return tx.SaveTrigger(x)
}

// endWith ends a trigger with the change that holds it, and tells where it was asked for.
func (t *Triage) endWith(ctx context.Context, tx *state.Tx, r state.Repository, c state.Change, x state.Trigger) error {
	merged := c.State == state.ChangeMerged
	if merged && x.Order != "" { // a closed one may be opened again
		if err := tx.DropAnswers(fmt.Sprintf("%s/%d", x.Order, x.ID)); err != nil {
			return err
		}
	}
	stage := message.Declined
	if x.State, x.Reason = state.TriggerDeclined, outcome(c); merged {
		stage, x.State = message.Merged, state.TriggerMerged
	}
	if !x.Kind.Asks() {
		x.State = state.TriggerAnswered
	}
	if err := tx.SaveTrigger(x); err != nil || !x.Kind.Asks() {
		return err
	}
	p, _, err := tx.Product(c.ProductID)
	if err != nil {
		return err
	}
	body := message.Status{Key: x.Key, Product: p.Name, Stage: stage, Requirement: x.Requirement, MergeRequest: &message.Reference{Number: c.Number, URL: c.URL}}.Comment()
	if err := t.restate(ctx, tx, r.Repository, x, fmt.Sprintf("%s/%s/%d", c.State, c.UID, c.Revision), body); err != nil {
		return err
	}
	if merged && x.Kind == state.KindIssue && x.Issue != 0 && x.Issue != c.Number && !x.KeepOpen {
		if err := t.closeIssue(ctx, tx, r, c, x); err != nil {
			return err
		}
	}
	if x.CampaignID == 0 {
		return nil
	}
	return t.Queue.Add(ctx, tx, t.Lines.Campaign, fmt.Sprint(x.CampaignID))
}

// closeIssue closes the issue where a change was asked for that is merged, unless something else that was asked for there goes on.
func (t *Triage) closeIssue(ctx context.Context, tx *state.Tx, r state.Repository, c state.Change, x state.Trigger) error {
	there, err := tx.TriggersAt(r.ID, x.Issue)
	if err != nil || slices.ContainsFunc(there, func(o state.Trigger) bool { return o.State.GoesOn() && o.ChangeID != c.ID }) {
		return err
	}
	return t.Outbox.Later(ctx, tx, fmt.Sprintf("trigger/%d/close", x.ID), outbox.Operation{Kind: outbox.CloseIssue, Repo: r.Repo, Number: x.Issue})
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
func (t *Triage) restate(ctx context.Context, tx *state.Tx, in forge.Repository, x state.Trigger, what, body string) error {
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
	body = work.Remembering(t.Seal, in, body, p.Name, x)
	return t.Outbox.Later(ctx, tx, work.StatusKey(x)+"/"+what, outbox.Operation{Kind: outbox.EditComment, Repo: in.Repo, Number: x.Issue, Of: work.StatusKey(x), Body: body})
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
		if err := t.restate(ctx, tx, r.Repository, x, fmt.Sprintf("reopened/%s/%d", c.UID, c.Revision), body); err != nil {
			return err
		}
	}
	// The default branch may have moved meanwhile.
	_, err = t.want(ctx, tx, p, state.Trigger{Kind: state.KindBase, Key: fmt.Sprintf("reopened/%s/%d", c.UID, c.Revision), ChangeID: c.ID, TriggerData: state.TriggerData{At: tx.Now()}})
	return err
}
