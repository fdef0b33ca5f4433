// Package refresh asks of each product, when the week turns, whether it is still the best that it can be: what is known to be out of date
// becomes a trigger, and where nothing has changed since it was last asked, nothing happens and no model is asked.
package refresh

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// Line is the queue's line of refreshes: a job's argument is a [triage.RefreshOrder].
const Line = "refresh"

// Refresher finds out what is out of date. Its fields are needed unless said otherwise.
type Refresher struct {
	DB       *state.DB
	Queue    *queue.Queue
	Outbox   *outbox.Outbox
	Library  workspace.Library
	Book     *rulebook.Book
	Verifier *verify.Verifier
	Log      *slog.Logger
	// Products is the queue's line that works on products.
	Products string
	// Scratch is the folder for trees; empty for the system's.
	Scratch string
}

// Turn has all products asked; night names the turn, such as its date: each product is asked once a night.
func (r *Refresher) Turn(ctx context.Context, night string) error {
	return r.DB.Update(ctx, func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil || len(products) == 0 {
			return err // nothing was looked at yet: that was no turn
		}
		c, fresh, err := tx.AddCampaign(state.Campaign{Key: "refresh/" + night, State: state.CampaignRunning, CampaignData: state.CampaignData{Kind: state.KindRefresh, Title: "The turn of the week, " + night}})
		if err != nil || !fresh {
			return err
		}
		for _, p := range products {
			if err := r.Queue.Add(ctx, tx, Line, triage.RefreshOrder{Product: p.ID, Campaign: c.ID}.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// CatchUp is a Turn if one was missed, as while the bot was down: next is when the turn comes that follows a time. Before the first turn none is missed.
func (r *Refresher) CatchUp(ctx context.Context, night string, next func(time.Time) time.Time) error {
	var last time.Time
	if err := r.DB.View(ctx, func(tx *state.Tx) error {
		all, err := tx.Campaigns()
		for _, c := range all {
			if c.Kind == state.KindRefresh && c.Created.After(last) {
				last = c.Created
			}
		}
		return err
	}); err != nil {
		return err
	}
	if last.IsZero() || next(last).After(r.DB.Now()) {
		return nil
	}
	return r.Turn(ctx, night)
}

// Run does a job of Line.
func (r *Refresher) Run(ctx context.Context, argument string) error {
	var o triage.RefreshOrder
	if err := json.Unmarshal([]byte(argument), &o); err != nil {
		return &queue.DeadError{Err: fmt.Errorf("refresh %q: %w", argument, err)}
	}
	var p state.Product
	var in state.Repository
	var ok bool
	if err := r.DB.View(ctx, func(tx *state.Tx) (err error) {
		if p, ok, err = tx.Product(o.Product); err != nil || !ok {
			return err
		}
		in, ok, err = tx.RepositoryOf(p.RepositoryID)
		return err
	}); err != nil || !ok || p.Gone {
		return err
	}
	f, err := r.look(ctx, p, in, o.Issue != 0)
	if err != nil {
		return fmt.Errorf("refresh %s in %s: %w", p.Name, in, err)
	}
	return r.DB.Update(ctx, func(tx *state.Tx) error { return r.keep(ctx, tx, o, p.ID, in, f) })
}

// keep writes what was found, and has the product worked on if there is anything to do.
func (r *Refresher) keep(ctx context.Context, tx *state.Tx, o triage.RefreshOrder, product int64, in state.Repository, f findings) error {
	p, ok, err := tx.Product(product)
	if err != nil || !ok {
		return err
	}
	say := func(text string) error {
		r.Log.Info("refresh", "product", p.Name, "repository", in.String(), "outcome", text)
		if o.Issue == 0 {
			return nil
		}
		key := o.Key + "/" + p.Path
		return r.Outbox.Later(ctx, tx, key, outbox.Operation{Kind: outbox.Comment, Repo: in.Repo, Number: o.Issue, Body: message.Said(key, p.Name+": "+text)})
	}
	if f.wait != "" {
		return say(f.wait)
	}
	hash := "refresh/" + f.hash
	declined, err := tx.WasDeclined(p.ID, hash)
	if err != nil {
		return err
	}
	begun, err := underWay(tx, p.ID, f)
	if err != nil {
		return err
	}
	asked := o.Issue != 0
	unchanged := p.Refreshed == f.fingerprint
	p.Refreshed = f.fingerprint
	if err := tx.SaveProduct(p); err != nil {
		return err
	}
	switch {
	case unchanged && !asked:
		return say("nothing changed since it was last asked")
	case begun:
		return say("the same is being looked into already")
	case len(f.evidence) == 0:
		return say("nothing is known to be out of date")
	case declined && !asked:
		return say("the same was declined before")
	}
	x := state.Trigger{ProductID: p.ID, Kind: state.KindRefresh, Key: "refresh/" + f.fingerprint, Hash: hash, State: state.TriggerWaiting, CampaignID: o.Campaign, Issue: 0,
		TriggerData: state.TriggerData{Requirement: "Out of date:\n" + strings.Join(f.evidence, "\n"), Evidence: f.evidence, At: tx.Now()}}
	if f.rule != nil {
		x.Guideline, x.Revision, x.Title, x.Source, x.Commit = f.rule.ID, f.rule.Revision, f.rule.Title, f.source, f.commit
	}
	if asked {
		x.Key = o.Key + "/refresh"
	}
	_, fresh, err := tx.AddTrigger(x)
	if err != nil || !fresh {
		return err
	}
	if _, err := tx.Want(p.ID); err != nil {
		return err
	}
	if err := r.Queue.Add(ctx, tx, r.Products, fmt.Sprint(p.ID)); err != nil {
		return err
	}
	return say("it is being looked into: " + strings.Join(f.evidence, " "))
}

// underWay says whether a refresh for the same reasons goes on at a product.
func underWay(tx *state.Tx, product int64, f findings) (bool, error) {
	triggers, err := tx.TriggersOf(product, state.TriggerWaiting, state.TriggerWorking, state.TriggerAsked, state.TriggerOpen)
	return len(f.evidence) > 0 && slices.ContainsFunc(triggers, func(x state.Trigger) bool {
		return x.Kind == state.KindRefresh && slices.Equal(x.Evidence, f.evidence)
	}), err
}
