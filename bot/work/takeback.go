package work

import (
	"context"
	"errors"
	"time"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
)

// errTakenBack says that somebody took a trigger back while it was worked on.
var errTakenBack = errors.New("the trigger was taken back")

// look is how often it is looked whether a trigger that is worked on was taken back.
const look = 300 * time.Millisecond

// keep saves what became of a trigger, unless somebody took it back meanwhile: that stays so.
func keep(tx *state.Tx, x state.Trigger) error {
	now, ok, err := tx.Trigger(x.ID)
	if err != nil {
		return err
	}
	if !ok || now.State == state.TriggerCancelled {
		return errTakenBack
	}
	return tx.SaveTrigger(x)
}

// errOver says that the merge request of a change was merged or closed while it was worked on.
var errOver = errors.New("the merge request was merged or closed meanwhile")

// keepChange saves what became of a task's change, unless it was merged or closed meanwhile: that stays so.
func keepChange(tx *state.Tx, t task, c state.Change) error {
	now, ok, err := tx.Change(c.ID)
	if err != nil {
		return err
	}
	if !ok || now.State != t.change.State {
		return errOver
	}
	c.Foreign, c.Approved = now.Foreign, now.Approved && c.Approved // those are for others to note
	return tx.SaveChange(c)
}

// watch ends the context when a trigger is taken back, so that no model is asked for it any more. Call done when the work has ended.
func (w *Worker) watch(ctx context.Context, x state.Trigger) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(look)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if now, known := w.trigger(ctx, x.ID); known && now.State == state.TriggerCancelled {
				cancel(errTakenBack)
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// trigger is a trigger as it is now; known is false if that can't be said.
func (w *Worker) trigger(ctx context.Context, id int64) (x state.Trigger, known bool) {
	err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		x, known, err = tx.Trigger(id)
		return err
	})
	return x, known && err == nil
}

// takenBack ends the work on a trigger that was taken back. Whoever took it back has told so; a stage that was about to be shown just then may have
// been written over that, so it is told again.
func (w *Worker) takenBack(ctx context.Context, t task, x state.Trigger) error {
	ctx = context.WithoutCancel(ctx)
	w.Log.Info("work was taken back", "product", t.product.Name, "repository", t.repository.String(), "trigger", x.Key)
	w.shown.forget(x.ID)
	if err := w.save(ctx, t, func(tx *state.Tx) error { return tx.AbandonIfEmpty(t.change.ID, "It was taken back.") }); err != nil {
		return err
	}
	now, known := w.trigger(ctx, x.ID)
	if !known || now.State != state.TriggerCancelled {
		return nil
	}
	return w.status(ctx, t, now, message.Status{Stage: message.Cancelled})
}

// unlessTakenBack leaves out that a trigger was taken back before it was begun.
func unlessTakenBack(err error) error {
	if errors.Is(err, errTakenBack) {
		return nil
	}
	return err
}
