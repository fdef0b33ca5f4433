// Package triage decides what each event on a forge asks of which product.
//
// Deliveries are looked at in the order in which they came, one at a time. What one asks for is written in one transaction with its being
// looked at, so that it is neither lost nor done twice.
package triage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Host is what triage asks of a forge.
type Host interface {
	Self(ctx context.Context) (forge.User, error)
	Event(kind string, payload []byte) (forge.Event, error)
	Repository(ctx context.Context, repo forge.Repo) (forge.Repository, error)
	Permission(ctx context.Context, repo forge.Repo, login string) (forge.Permission, error)
	Issue(ctx context.Context, repo forge.Repo, number int) (forge.Issue, error)
	MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error)
	MergeRequestsOf(ctx context.Context, repo forge.Repo, sha string) ([]forge.MergeRequest, error)
}

// Lines are the queue's lines that triage puts jobs into, by what is to be done.
type Lines struct {
	// Product works on a product, by its id; Verify verifies a merge request, by a [Proof] as JSON; Campaign goes on with a campaign,
	// by its id; Refresh asks what is out of date, by a [RefreshOrder].
	Product, Verify, Campaign, Refresh string
}

// Triage looks at deliveries. Its fields are needed.
type Triage struct {
	DB      *state.DB
	Outbox  *outbox.Outbox
	Queue   *queue.Queue
	Library workspace.Library
	Hosts   func(host string) (Host, bool)
	Lines   Lines
	// Serves says whether a repository is looked after at all.
	Serves func(repo forge.Repo) bool
	// Guidelines says whether a repository holds guidelines.
	Guidelines func(repo forge.Repo) bool
	// RulesAt reads the guidelines of a repository at a commit; the problems are of those that can't be read.
	RulesAt func(ctx context.Context, r forge.Repository, commit string) ([]guideline.Guideline, bot.Problems, error)
	Log     *slog.Logger
	// MostProducts is how many products of one repository are looked after.
	MostProducts int
	// Canary is how many merge requests of a campaign have to be merged before the others are opened; 0 opens all at once.
	Canary int
	// Seal hides in texts what a lost database is rebuilt from; nil hides nothing.
	Seal *state.Seal

	wake chan struct{}
	// looking has one default branch looked at at a time, by a delivery or by a sweep.
	looking sync.Mutex
}

// FoundEvent is the event name of deliveries that were not received but found by looking: the payload is a forge.Event as JSON.
const FoundEvent = "codicil/found"

// batch is how many deliveries are read at once.
const batch = 50

// New completes a triage whose fields are set.
func New(t *Triage) *Triage {
	t.wake = make(chan struct{}, 1)
	return t
}

// Wake has Run look for deliveries.
func (t *Triage) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Run looks at deliveries until the context is over.
func (t *Triage) Run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := t.drain(ctx)
		if err != nil && ctx.Err() == nil {
			t.Log.Error("deliveries can't be looked at; it is tried again", "error", err)
			next = time.Now().Add(time.Second)
		}
		timer := time.NewTimer(time.Minute)
		if !next.IsZero() {
			timer.Reset(max(time.Until(next), 10*time.Millisecond))
		}
		select {
		case <-ctx.Done():
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// drain looks at all deliveries that wait, and returns when the next that was put off is due; the zero time if none was.
func (t *Triage) drain(ctx context.Context) (next time.Time, err error) {
	for {
		var waiting []state.Delivery
		if err := t.DB.View(ctx, func(tx *state.Tx) (err error) {
			if waiting, err = tx.Waiting(batch); err != nil || len(waiting) > 0 {
				return err
			}
			next, _, err = tx.NextWaiting()
			return err
		}); err != nil || len(waiting) == 0 {
			return next, err
		}
		for _, d := range waiting {
			if err := t.look(ctx, d); err != nil {
				return time.Time{}, err
			}
		}
	}
}

// look handles one delivery. Its error is for the database; what the forge says puts the delivery off.
func (t *Triage) look(ctx context.Context, d state.Delivery) error {
	fault.Point("delivery taken")
	t.looking.Lock()
	defer t.looking.Unlock()
	end, err := t.handle(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = t.DB.Update(ctx, func(tx *state.Tx) error {
			if end.do != nil {
				if err := end.do(tx); err != nil {
					return err
				}
			}
			return tx.Looked(d.ID, end.outcome)
		})
		if err == nil {
			fault.Point("delivery looked at")
			t.Log.Info("event", "host", d.Host, "event", d.Event, "delivery", d.GUID, "outcome", end.outcome)
			return nil
		}
	}
	return t.putOff(ctx, d, err)
}

// Limits of patience with a delivery.
const (
	mostAttempts = 30
	longestWait  = 10 * time.Minute
)

// putOff has a delivery looked at again, or gives it up.
func (t *Triage) putOff(ctx context.Context, d state.Delivery, cause error) error {
	after, _, retry := forge.MayRetry(cause)
	permanent := errors.Is(cause, forge.ErrNotFound) || errors.Is(cause, forge.ErrGone) || errors.Is(cause, forge.ErrPayload) || errors.Is(cause, forge.ErrForbidden) && !retry
	return t.DB.Update(ctx, func(tx *state.Tx) error {
		if permanent || d.Attempts+1 >= mostAttempts {
			t.Log.Warn("event is given up", "host", d.Host, "event", d.Event, "delivery", d.GUID, "attempts", d.Attempts+1, "error", cause)
			return tx.Looked(d.ID, "given up: "+cause.Error())
		}
		until := tx.Now().Add(min(time.Second<<min(d.Attempts, 9), longestWait))
		if after.After(until) {
			until = after
		}
		t.Log.Info("event is put off", "host", d.Host, "event", d.Event, "delivery", d.GUID, "until", until, "error", cause)
		return tx.PutOff(d.ID, until, cause.Error())
	})
}

// end is what is to be written for a delivery.
type end struct {
	outcome string
	// do is part of the transaction that ends the delivery; nil for nothing.
	do func(tx *state.Tx) error
}

// nothing ends a delivery that asks for nothing.
func nothing(format string, args ...any) (end, error) {
	return end{outcome: fmt.Sprintf(format, args...)}, nil
}
