package triage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// Verifying are the actions of events after which a person's merge request is verified.
var Verifying = []string{forge.ActionOpened, forge.ActionSynchronize, forge.ActionReopened, forge.ActionReady, forge.ActionEdited}

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
	if strings.EqualFold(mr.Author.Login, self.Login) && strings.HasPrefix(mr.Head, mirror.BranchPrefix) {
		return nothing("a merge request of the bot that it does not know yet")
	}
	if !slices.Contains(Verifying, e.Action) {
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
	if e.Action == forge.ActionSynchronize {
		return t.moved(ctx, host, r, c, mr)
	}
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
	}
	return nothing("the bot's #%d: %s", mr.Number, e.Action)
}

// moved looks whose commit the head of a merge request of the bot's moved to. What is told may be overtaken, and while the bot is about to push
// itself it can't be said.
func (t *Triage) moved(ctx context.Context, host Host, r state.Repository, c state.Change, mr forge.MergeRequest) (end, error) {
	own, _ := published(c)
	if mr.HeadSHA == c.Head && c.Foreign == "" || mr.HeadSHA == own {
		return nothing("the bot moved #%d to %.8s", mr.Number, mr.HeadSHA)
	}
	if c.State == state.ChangeReady {
		return end{}, &forge.RetryError{After: t.DB.Now().Add(time.Second), Err: fmt.Errorf("#%d is being brought up to date just now", mr.Number)}
	}
	now, err := host.MergeRequest(ctx, r.Repo, mr.Number)
	if err != nil {
		return end{}, err
	}
	return end{outcome: fmt.Sprintf("#%d moved to %.8s", now.Number, now.HeadSHA), do: func(tx *state.Tx) error { return t.headMoved(ctx, tx, r, c.ID, now) }}, nil
}

// headMoved notes a commit of somebody else's on the bot's branch, and has it verified as a person's.
func (t *Triage) headMoved(ctx context.Context, tx *state.Tx, r state.Repository, id int64, mr forge.MergeRequest) error {
	c, ok, err := tx.Change(id)
	if err != nil || !ok || mr.HeadSHA == c.Head && c.Foreign == "" || c.State != state.ChangeOpen {
		return err
	}
	if c.Foreign, c.Approved = mr.HeadSHA, false; mr.HeadSHA == c.Head { // somebody put it back
		c.Foreign = ""
	}
	if err := tx.SaveChange(c); err != nil {
		return err
	}
	if err := t.rouse(ctx, tx, c.ProductID); err != nil { // what could not be built on the branch as it was
		return err
	}
	if c.Foreign == "" {
		return nil
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
