package work

import (
	"context"
	"errors"
	"fmt"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// lacks says whether somebody set the branch of an open change to something that does not hold all of the change's amendments any more. Commits on
// top, and the same amendments in other commits, as after a rebase or a squash by hand, are fine.
func (w *Worker) lacks(ctx context.Context, t task, s *site) (bool, error) {
	c := t.change
	if c.State != state.ChangeOpen || c.Head == "" || c.Head == s.start {
		return false, nil
	}
	on, err := s.mirror.IsAncestor(ctx, c.Head, s.start)
	if errors.Is(err, mirror.ErrNoCommit) { // what the bot left is not to be had any more, so nothing can be missed
		return false, nil
	}
	if err != nil || on {
		return false, err
	}
	left, err := workspace.DocumentAt(ctx, s.mirror, c.Head, t.product.Path)
	if err != nil {
		return false, err
	}
	now, err := workspace.DocumentAt(ctx, s.mirror, s.start, t.product.Path)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return true, nil
	}
	there := map[string]bool{}
	for _, e := range now.Ledger.Entries {
		there[asks(e.Amendment)] = true
	}
	for _, e := range left.Ledger.Entries {
		if !there[asks(e.Amendment)] {
			return true, nil
		}
	}
	return false, nil
}

// asks tells amendments apart by what they ask, whichever number they have.
func asks(a spec.Amendment) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%s", a.Origin.Kind, a.Origin.URL, a.Origin.ID, a.Origin.Revision, a.Requirement)
}

// rewritten is why nothing is built on the branch of an open change that lacks what the change is for.
func rewritten(c *state.Change) string {
	return fmt.Sprintf("Somebody set its branch to %s, which lacks some of what merge request #%d is for, so nothing is built on that. `/codicil rebase` there makes it anew.", short(c.Foreign), c.Number)
}

// setAside ends a trigger, or lets it wait, where the branch lacks what the change is for: what was asked at the merge request itself is answered,
// what would join it waits.
func (w *Worker) setAside(ctx context.Context, t task, x state.Trigger, s *site) error {
	c := *t.change
	c.Foreign = s.start
	t.change = &c
	if x.Refines {
		return w.answer(ctx, t, x, state.TriggerFailed, rewritten(t.change))
	}
	x.State, x.ChangeID, x.Order, x.Reason = state.TriggerWaiting, 0, "", rewritten(t.change)
	if err := w.save(ctx, t, func(tx *state.Tx) error {
		now, ok, err := tx.Change(c.ID)
		if err != nil || !ok {
			return err
		}
		now.Foreign = c.Foreign
		if err := tx.SaveChange(now); err != nil {
			return err
		}
		return keep(tx, x)
	}); err != nil {
		return err
	}
	return w.tellWaiting(ctx, t, x)
}
