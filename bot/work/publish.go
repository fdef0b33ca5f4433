package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// publish brings a change that is ready to the forge.
func (w *Worker) publish(ctx context.Context, t task) error {
	c := *t.change
	var p publication
	if err := json.Unmarshal(c.Publication, &p); err != nil {
		return &queue.DeadError{Err: fmt.Errorf("publish %s: %w", c.UID, err)}
	}
	key := func(what string) string { return fmt.Sprintf("change/%s/%d/%s", c.UID, c.Revision, what) }
	repo := t.repository.Repo
	var drop []string
	if c.Number != 0 { // a new merge request has none
		drop = outdated(p.Labels)
	}
	if len(p.Bundle) > 0 {
		_, err := w.Outbox.Do(ctx, key("push"), outbox.Operation{Kind: outbox.Push, Repo: repo, Bundle: p.Bundle, Commit: p.Commit, Branch: c.Branch, Expected: p.Expected})
		if err != nil {
			return w.notPushed(ctx, t, p, err)
		}
	}
	if err := w.request(ctx, t, &c, p, key); err != nil {
		return w.notPublished(ctx, t, err)
	}
	check := p.Check
	check.Key = checkKey(c)
	for _, op := range []struct {
		name string
		outbox.Operation
	}{
		{"check", outbox.Operation{Kind: outbox.SetCheck, Repo: repo, Check: &check, New: len(p.Bundle) > 0}},
		{"labels", outbox.Operation{Kind: outbox.SetLabels, Repo: repo, Number: c.Number, Labels: p.Labels, Drop: drop}},
	} {
		if _, err := w.Outbox.Do(ctx, key(op.name), op.Operation); err != nil && !refused(err) {
			return err
		}
	}
	if !p.Draft && len(p.Users)+len(p.Teams) > 0 {
		op := outbox.Operation{Kind: outbox.AskReviewers, Repo: repo, Number: c.Number, Users: p.Users, Teams: p.Teams}
		if _, err := w.Outbox.Do(ctx, "change/"+c.UID+"/reviewers", op); err != nil && !refused(err) {
			return err
		}
	}
	return w.published(ctx, t, c, p)
}

// refused says that the forge said no, which has been logged and is no reason to hold back the rest.
func refused(err error) bool {
	var dead *outbox.DeadError
	return errors.As(err, &dead)
}

// request opens the merge request, or brings it up to date.
func (w *Worker) request(ctx context.Context, t task, c *state.Change, p publication, key func(string) string) error {
	repo := t.repository.Repo
	if c.Number == 0 {
		r, err := w.Outbox.Do(ctx, "change/"+c.UID+"/open", outbox.Operation{Kind: outbox.OpenRequest, Repo: repo, Title: p.Title, Body: p.Body, Head: c.Branch, Base: t.repository.DefaultBranch, Draft: p.Draft, New: true})
		if err != nil {
			return err
		}
		c.Number, c.URL = r.Number, r.URL
		err = w.save(ctx, t, func(tx *state.Tx) error { return keepChange(tx, t, *c) })
		fault.Point("number kept")
		return err
	}
	// What it brings is on its branch already, whatever is refused here.
	if _, err := w.Outbox.Do(ctx, key("edit"), outbox.Operation{Kind: outbox.EditRequest, Repo: repo, Number: c.Number, Title: p.Title, Body: p.Body}); err != nil && !refused(err) {
		return err
	}
	if _, err := w.Outbox.Do(ctx, key("draft"), outbox.Operation{Kind: outbox.SetDraft, Repo: repo, Number: c.Number, Draft: p.Draft}); err != nil && !refused(err) {
		return err
	}
	return nil
}

// notPushed goes back to making the change where the branch is elsewhere meanwhile.
func (w *Worker) notPushed(ctx context.Context, t task, p publication, cause error) error {
	if !refused(cause) {
		return cause
	}
	m := w.Library.Mirror(t.repository.Repository)
	found, there, err := m.RemoteHead(ctx, t.change.Branch)
	if err != nil {
		return err
	}
	return w.again(ctx, t, p, found, there, cause)
}

// again makes a change anew because its branch was moved by somebody else.
func (w *Worker) again(ctx context.Context, t task, p publication, found string, there bool, cause error) error {
	c := *t.change
	var triggers []state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		triggers, err = tx.TriggersOfChange(c.ID)
		return err
	}); err != nil {
		return err
	}
	if c.Attempts++; c.Attempts > defaultAttempts {
		return w.giveUp(ctx, t, triggers, fmt.Sprintf("The branch %s can't be written: %v", c.Branch, cause))
	}
	w.Log.Info("the branch of a change is not where it was left; the change is made anew on it", "change", c.UID, "branch", c.Branch, "found", found, "there", there)
	return w.save(ctx, t, func(tx *state.Tx) error {
		if c.State, c.Publication = state.ChangeWorking, nil; c.Number != 0 {
			c.State = state.ChangeOpen
		}
		if err := keepChange(tx, t, c); err != nil {
			return err
		}
		last, ok, err := tx.Trigger(p.Trigger)
		if err != nil || !ok {
			return err
		}
		if last.State = state.TriggerWorking; !last.Kind.Asks() {
			last.State, last.ChangeID = state.TriggerWaiting, c.ID
		}
		return tx.SaveTrigger(last)
	})
}

// notPublished gives a change up that the forge does not take.
func (w *Worker) notPublished(ctx context.Context, t task, cause error) error {
	if !refused(cause) {
		return cause
	}
	var triggers []state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		triggers, err = tx.TriggersOfChange(t.change.ID)
		return err
	}); err != nil {
		return err
	}
	return w.giveUp(ctx, t, triggers, fmt.Sprintf("The merge request can't be opened: %v", cause))
}

// published ends the publication: the change is open, and whoever asked is told.
func (w *Worker) published(ctx context.Context, t task, c state.Change, p publication) error {
	t.change = &c
	tell, err := w.tellOpen(ctx, t, p)
	if err != nil {
		return err
	}
	if err := w.tellRedone(ctx, t, p); err != nil {
		return err
	}
	return w.save(ctx, t, func(tx *state.Tx) error {
		now, ok, err := tx.Change(c.ID)
		if err != nil || !ok || now.State != state.ChangeReady {
			return err // somebody closed it meanwhile
		}
		c.State, c.Head, c.Publication, c.Attempts = state.ChangeOpen, p.Commit, nil, 0
		c.Approved, c.Foreign = false, ""
		if err := tx.SaveChange(c); err != nil {
			return err
		}
		triggers, err := tx.TriggersOfChange(c.ID)
		for _, x := range triggers {
			err = errors.Join(err, w.ended(ctx, tx, x))
		}
		return errors.Join(err, tell(tx))
	})
}

// outdated are the bot's labels that a merge request is not to have any more.
func outdated(labels []forge.Label) (names []string) {
	for _, l := range message.AllLabels() {
		if !slices.ContainsFunc(labels, func(x forge.Label) bool { return x.Name == l.Name }) {
			names = append(names, l.Name)
		}
	}
	return names
}
