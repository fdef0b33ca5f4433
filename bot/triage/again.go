package triage

import (
	"context"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// here are the triggers that a talk is about: those discussed there, and at a merge request of the bot all that it serves.
func (t *Triage) here(tx *state.Tx, k talk) ([]state.Trigger, error) {
	at, err := tx.TriggersAt(k.repository.ID, k.issue)
	if err != nil || k.change == nil {
		return at, err
	}
	served, err := tx.AskedOf(k.change.ID)
	if err != nil {
		return nil, err
	}
	known := map[int64]bool{}
	for _, x := range at {
		known[x.ID] = true
	}
	for _, x := range served {
		if !known[x.ID] {
			at = append(at, x)
		}
	}
	return at, nil
}

// retry takes up again what failed, was taken back or declined at this place. Where a merge request is a draft because it is red, it is made anew.
func (t *Triage) retry(ctx context.Context, k talk, key string, all *writes) (string, error) {
	all.add(func(tx *state.Tx) error {
		here, err := t.here(tx, k)
		if err != nil {
			return err
		}
		again := 0
		for _, x := range here {
			done, err := t.again(ctx, tx, k, key, x)
			if err != nil {
				return err
			}
			again += done
		}
		if again > 0 {
			return t.react(ctx, tx, k, forge.Eyes)
		}
		return t.say(ctx, tx, k, key, message.Said(key, "There is nothing here that failed, was cancelled or declined."))
	})
	return "retry", nil
}

// again takes one trigger up again, if it ended without a merge request that holds; done is 1 if it did.
func (t *Triage) again(ctx context.Context, tx *state.Tx, k talk, key string, x state.Trigger) (done int, err error) {
	switch x.State {
	case state.TriggerFailed, state.TriggerCancelled, state.TriggerDeclined:
		// The model is asked anew: what it said led to nothing. Answers of people stay.
		x.State, x.Reason, x.ChangeID, x.Attempts, x.Questions = state.TriggerWaiting, "", 0, 0, nil
		x.Again++
		x.Round = 0
		if err := tx.SaveTrigger(x); err != nil {
			return 0, err
		}
		return 1, t.rouse(ctx, tx, x.ProductID)
	case state.TriggerOpen:
		c, ok, err := tx.Change(x.ChangeID)
		if err != nil || !ok || c.State != state.ChangeOpen || !c.Draft {
			return 0, err
		}
		p, ok, err := tx.Product(x.ProductID)
		if err != nil || !ok {
			return 0, err
		}
		_, err = t.want(ctx, tx, p, redo(k, key, c))
		return 1, err
	}
	return 0, nil
}

// redo has an open change made anew.
func redo(k talk, key string, c state.Change) state.Trigger {
	return state.Trigger{Kind: state.KindRedo, Key: "redo/" + key, ChangeID: c.ID, TriggerData: state.TriggerData{Author: k.Comment.Author.Login, At: k.Comment.Created, URL: k.Comment.URL}}
}

// cancel stops what is under way at this place: a merge request of the bot's is closed, a wish at an issue is taken back.
func (t *Triage) cancel(ctx context.Context, k talk, key string, all *writes) (string, error) {
	all.add(func(tx *state.Tx) error {
		here, err := tx.TriggersAt(k.repository.ID, k.issue)
		if err != nil {
			return err
		}
		stopped := 0
		for _, x := range here {
			done, err := t.stop(ctx, tx, k, key, x)
			if err != nil {
				return err
			}
			stopped += done
		}
		if stopped == 0 && k.change != nil && k.change.State == state.ChangeOpen {
			stopped = 1
			if err := t.closeRequest(ctx, tx, k, key, k.issue); err != nil {
				return err
			}
		}
		if stopped > 0 {
			return t.react(ctx, tx, k, forge.ThumbsUp)
		}
		return t.say(ctx, tx, k, key, message.Said(key, "Nothing is under way here."))
	})
	return "cancel", nil
}

func (t *Triage) closeRequest(ctx context.Context, tx *state.Tx, k talk, key string, number int) error {
	closed := false
	return t.Outbox.Later(ctx, tx, key+"/close", outbox.Operation{Kind: outbox.EditRequest, Repo: k.repository.Repo, Number: number, Open: &closed})
}

// stop takes a trigger back; done is 1 if there was something to stop. What is in a merge request of the bot's is stopped by closing that, unless
// others are served by it too.
func (t *Triage) stop(ctx context.Context, tx *state.Tx, k talk, key string, x state.Trigger) (done int, err error) {
	switch x.State {
	case state.TriggerWaiting, state.TriggerAsked, state.TriggerWorking:
		return 1, t.takeBack(ctx, tx, k, key, x)
	case state.TriggerOpen:
	default:
		return 0, nil
	}
	c, ok, err := tx.Change(x.ChangeID)
	if err != nil || !ok || c.Number == k.issue { // there the whole merge request is meant
		return 0, err
	}
	served, err := tx.AskedOf(c.ID)
	if err != nil {
		return 0, err
	}
	elsewhere := slices.ContainsFunc(served, func(s state.Trigger) bool { return s.Issue != k.issue })
	if c.State == state.ChangeOpen && !elsewhere {
		return 1, t.closeRequest(ctx, tx, k, key, c.Number)
	}
	why := "The merge request is being opened; close that."
	if c.Number != 0 {
		why = fmt.Sprintf("This is part of merge request #%d, with what others asked for. `/codicil cancel` there closes it for all of them.", c.Number)
	}
	return 1, t.say(ctx, tx, k, key+"/part", message.Said(key+"/part", why))
}

// takeBack ends a trigger that has not come to a merge request. Work on it stops when the worker sees it.
func (t *Triage) takeBack(ctx context.Context, tx *state.Tx, k talk, key string, x state.Trigger) error {
	of := x.ChangeID
	x.State, x.Reason, x.ChangeID, x.Questions = state.TriggerCancelled, "Cancelled by "+k.Comment.Author.Login+".", 0, nil
	if err := tx.SaveTrigger(x); err != nil {
		return err
	}
	if of != 0 {
		if err := tx.AbandonIfEmpty(of, x.Reason); err != nil {
			return err
		}
	}
	p, ok, err := tx.Product(x.ProductID)
	if err != nil || !ok {
		return err
	}
	body := message.Status{Key: x.Key, Product: p.Name, Stage: message.Cancelled, Requirement: x.Requirement}.Comment()
	if err := t.restate(ctx, tx, k.repository.Repository, x, "cancelled/"+key, body); err != nil {
		return err
	}
	return t.rouse(ctx, tx, x.ProductID) // what waited behind it has its turn
}
