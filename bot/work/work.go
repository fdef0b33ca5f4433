// Package work does what was asked of a product: it has the author make the change, and publishes it as the product's one merge request.
//
// All of it can be killed anywhere and goes on where it was: what asks is kept until it is answered, the model's answers are kept as they
// come, a change that is made is kept as a bundle of commits with fixed dates, and each write on a forge is made once under its key.
package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Line is the queue's line of products: a job's argument is the product's id.
const Line = "product"

// Host is what the work asks of a forge besides what it writes.
type Host interface {
	EditComment(ctx context.Context, repo forge.Repo, id int64, body string) (forge.Comment, error)
}

// Order is the work that an author is made for.
type Order struct {
	// Name is under which the model's answers are kept.
	Name string
	Say  func(string)
	// Guidelines are those in force; Given says that there are any to be had.
	Guidelines []guideline.Guideline
	Given      bool
}

// Author makes changes, as author.Author does.
type Author interface {
	Amend(ctx context.Context, job author.Job) (*author.Outcome, error)
	Adopt(ctx context.Context, job author.Job) (*author.Outcome, error)
	Withdraw(ctx context.Context, job author.Job) (*author.Outcome, error)
	Follow(ctx context.Context, job author.Job) (*author.Outcome, error)
	Refresh(ctx context.Context, job author.Job) (*author.Outcome, error)
	Draft(ctx context.Context, n author.Newcomer) (*author.Outcome, error)
}

// Here is an author that works in this process.
type Here struct{ *author.Author }

// Draft drafts the spec of a product, with a model.
func (h Here) Draft(ctx context.Context, n author.Newcomer) (*author.Outcome, error) {
	return h.Author.Draft(ctx, n, true)
}

// Worker works on products. Its fields are needed unless said otherwise.
type Worker struct {
	DB      *state.DB
	Outbox  *outbox.Outbox
	Queue   *queue.Queue
	Library workspace.Library
	Hosts   func(host string) (Host, bool)
	// Authors makes an author; release is called after its work.
	Authors func(ctx context.Context, o Order) (a Author, release func(), err error)
	// Rules are the guidelines in force for a repository's products; given says that there is a place that holds such.
	Rules func(ctx context.Context, repo forge.Repo, since time.Time) (rules []guideline.Guideline, given bool, err error)
	// RuleAt is a guideline as it was at a commit of a guideline repository.
	RuleAt   func(ctx context.Context, source, commit, id string) (g guideline.Guideline, ok bool, err error)
	Verifier *verify.Verifier
	Log      *slog.Logger
	// Version is the program's, Committer the address under which the bot commits.
	Version, Committer string
	// Process names this process, Lease is how long it may be silent before another takes its work; 0 means 20 s.
	Process string
	Lease   time.Duration
	// Attempts is how often a change is tried where the model or the machine fails; 0 means 5.
	Attempts int
	// Patience is how long questions wait for answers; 0 means a week.
	Patience time.Duration
	// Campaigns is the queue's line of campaigns, which are told when something they began has ended; empty tells none.
	Campaigns string
	// Scratch is the folder for trees; empty for the system's.
	Scratch string
	// Seal hides in texts what a lost database is rebuilt from; nil hides nothing.
	Seal *state.Seal

	shown shown
}

const (
	defaultLease    = 20 * time.Second
	defaultAttempts = 5
	// mostSteps is how many steps one job takes at most before it makes room for others.
	mostSteps = 50
	// busy is how long a job waits for another one that works on the same product.
	busy = time.Second
)

// Product does a job of Line: all that there is to do for a product.
func (w *Worker) Product(ctx context.Context, argument string) error {
	id, err := strconv.ParseInt(argument, 10, 64)
	if err != nil {
		return &queue.DeadError{Err: fmt.Errorf("%q is no product", argument)}
	}
	l, ok, err := w.take(ctx, id)
	if err != nil {
		return err
	}
	if !ok {
		return &queue.LaterError{Until: w.DB.Now().Add(busy), Why: "another job works on the product"}
	}
	ctx, release := w.keep(ctx, l)
	defer release()
	for range mostSteps {
		t, err := w.task(ctx, id, l)
		if err != nil {
			return err
		}
		more, err := w.step(ctx, t)
		if errors.Is(err, errOver) && ctx.Err() == nil {
			w.Log.Info("work on a change was overtaken", "product", t.product.Name, "repository", t.repository.String(), "by", err)
			continue
		}
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if !more {
			return w.DB.Update(ctx, func(tx *state.Tx) error { return tx.SeenTo(id, t.product.Wanted) })
		}
	}
	return &queue.LaterError{Until: w.DB.Now().Add(busy), Why: "there is much to do for the product, and others wait"}
}

// task is a product with all that is going on there.
type task struct {
	lease      state.Lease
	product    state.Product
	repository state.Repository
	// change is the one that is being made or open; nil if there is none.
	change   *state.Change
	triggers []state.Trigger // that are not over
}

func (w *Worker) task(ctx context.Context, id int64, l state.Lease) (t task, err error) {
	t.lease = l
	err = w.DB.View(ctx, func(tx *state.Tx) error {
		var ok bool
		if t.product, ok, err = tx.Product(id); err != nil || !ok {
			return orMissing(err, "product", id)
		}
		if t.repository, ok, err = tx.RepositoryOf(t.product.RepositoryID); err != nil || !ok {
			return orMissing(err, "repository", t.product.RepositoryID)
		}
		c, ok, err := tx.CurrentChange(id)
		if err != nil {
			return err
		}
		if ok {
			t.change = &c
		}
		t.triggers, err = tx.TriggersOf(id, state.TriggerWaiting, state.TriggerWorking, state.TriggerOpen)
		return err
	})
	return t, err
}

func orMissing(err error, what string, id int64) error {
	if err != nil {
		return err
	}
	return &queue.DeadError{Err: fmt.Errorf("there is no %s %d", what, id)}
}

// step does the next thing for a product; more is false if there is nothing to do.
func (w *Worker) step(ctx context.Context, t task) (more bool, err error) {
	if t.change != nil && t.change.State == state.ChangeReady {
		return true, w.publish(ctx, t)
	}
	x, why, ok := w.next(t)
	if !ok {
		return false, nil
	}
	if why != "" {
		return true, w.wait(ctx, t, x, why)
	}
	if t.product.Gone && !t.begins(x) {
		return true, w.answer(ctx, t, x, state.TriggerAnswered, "The product is not on the default branch any more.")
	}
	if !x.Kind.Asks() {
		if t.change == nil || t.change.State != state.ChangeOpen {
			return true, w.answer(ctx, t, x, state.TriggerAnswered, "There is no open merge request of this product.")
		}
		return true, w.rebase(ctx, t, x)
	}
	return true, w.attempt(ctx, t, x)
}

// begins says whether a trigger is about a product that the default branch is still to get.
func (t task) begins(x state.Trigger) bool {
	drafted := slices.ContainsFunc(t.triggers, func(o state.Trigger) bool { return o.Kind == state.KindInit && o.State == state.TriggerOpen })
	return x.Kind == state.KindInit || drafted && (x.Refines || !x.Kind.Asks())
}

// next is the trigger whose turn it is. Why says, if it is not empty, that it has to wait, which it is to be told.
func (w *Worker) next(t task) (x state.Trigger, why string, ok bool) {
	for _, x := range t.triggers {
		if x.State == state.TriggerWorking { // it was begun before
			return x, "", true
		}
	}
	for _, x := range t.triggers {
		if x.State != state.TriggerWaiting {
			continue
		}
		why := w.mustWait(t, x)
		if why == "" || why != x.Reason {
			return x, why, true
		}
	}
	return state.Trigger{}, "", false
}

// mustWait says why a trigger can't be worked on now; empty if it can.
func (w *Worker) mustWait(t task, x state.Trigger) string {
	switch {
	case t.change == nil || !x.Kind.Asks():
		return ""
	case x.Kind == state.KindSpec: // the branch lacks the edit; what it brings is proven, and made anew if need be, on the edited spec
		return "The edit of the spec is looked at after it."
	case t.change.Approved && !x.Refines:
		return "It is approved already, and not changed under its reviewers."
	case x.Reason == notTogether(t.change), x.Reason == rewritten(t.change):
		return x.Reason
	}
	return ""
}

// notTogether is why a trigger waits that was tried together with an open change in vain.
func notTogether(c *state.Change) string {
	return fmt.Sprintf("Together with it, as it is at %s, this can't be proven.", short(c.Head))
}

func short(sha string) string { return sha[:min(len(sha), 8)] }

// take takes the lease of a product.
func (w *Worker) take(ctx context.Context, id int64) (l state.Lease, ok bool, err error) {
	err = w.DB.Update(ctx, func(tx *state.Tx) (err error) {
		l, ok, err = tx.Take(fmt.Sprintf("product/%d", id), w.Process+"/"+newUID(), w.leaseLength())
		return err
	})
	return l, ok, err
}

func (w *Worker) leaseLength() time.Duration {
	if w.Lease == 0 {
		return defaultLease
	}
	return w.Lease
}

// errLost says that another has the product now.
var errLost = errors.New("another job has taken over the product")

// keep holds a lease until release is called, and ends the context if it is lost.
func (w *Worker) keep(ctx context.Context, l state.Lease) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(w.leaseLength() / 4)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			var held bool
			err := w.DB.Update(ctx, func(tx *state.Tx) (err error) {
				held, err = tx.Renew(l, w.leaseLength())
				return err
			})
			if err == nil && !held {
				cancel(errLost)
				return
			}
		}
	}()
	return ctx, func() {
		close(done)
		cancel(nil)
		if err := w.DB.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return tx.Free(l) }); err != nil {
			w.Log.Error("the lease of a product was not given back; it runs out by itself", "lease", l.Name, "error", err)
		}
	}
}

// save writes what became of a task, if the lease still counts and the change has not ended meanwhile.
func (w *Worker) save(ctx context.Context, t task, f func(*state.Tx) error) error {
	err := w.DB.Update(ctx, func(tx *state.Tx) error {
		held, err := tx.Holds(t.lease)
		if err != nil {
			return err
		}
		if !held {
			return errLost
		}
		if t.change != nil {
			now, ok, err := tx.Change(t.change.ID)
			if err != nil {
				return err
			}
			if ok && now.State != t.change.State {
				return errOver
			}
		}
		return f(tx)
	})
	fault.Point("work saved")
	return err
}
