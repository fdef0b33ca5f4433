package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
)

// tell shows how a campaign stands: in a check at the commit that brought the guideline, and in a comment at the merge request that brought
// it, if one did. Both are kept up to date.
func (r *Runner) tell(ctx context.Context, id int64) error {
	return r.DB.Update(ctx, func(tx *state.Tx) error {
		c, ok, err := tx.Campaign(id)
		if err != nil || !ok || c.Kind != state.KindGuideline {
			return err
		}
		source, ok, err := tx.Repository(c.Source)
		if err != nil || !ok {
			return err
		}
		m, err := Summary(tx, c, r.MostOpen)
		if err != nil {
			return err
		}
		check := m.Check(c.Commit)
		if err := r.Outbox.ShowLater(ctx, tx, m.Key+"/check", outbox.Operation{Kind: outbox.SetCheck, Repo: source.Repo, Check: &check}); err != nil || c.Request == 0 {
			return err
		}
		return r.comment(ctx, tx, c, source, m)
	})
}

// comment writes the comment, or brings it up to date.
func (r *Runner) comment(ctx context.Context, tx *state.Tx, c state.Campaign, source state.Repository, m message.Campaign) error {
	key := m.Key + "/comment"
	body := r.Seal.Hide(state.Memo{Repository: source.Repository.ID, Campaign: &c}, m.Comment(), message.Limit)
	w, ok, err := tx.Write(key)
	if err != nil {
		return err
	}
	if !ok || w.State != state.WriteDone {
		return r.Outbox.Later(ctx, tx, key, outbox.Operation{Kind: outbox.Comment, Repo: source.Repo, Number: c.Request, Body: body})
	}
	var made outbox.Result
	if err := json.Unmarshal([]byte(w.Result), &made); err != nil {
		return fmt.Errorf("read what was written as %s: %w", key, err)
	}
	return r.Outbox.ShowLater(ctx, tx, key, outbox.Operation{Kind: outbox.EditComment, Repo: source.Repo, Number: c.Request, CommentID: made.ID, Of: key, Body: body})
}

// Summary is how a campaign stands, product by product; mostOpen is how many merge requests an owner may have open at once, 0 for any number.
func Summary(tx *state.Tx, c state.Campaign, mostOpen int) (message.Campaign, error) {
	m := message.Campaign{Key: fmt.Sprintf("campaign/%d", c.ID), Title: c.Title, URL: c.URL, Paused: c.State == state.CampaignPaused, Over: c.State == state.CampaignOver, Ended: c.Reason, AtOnce: mostOpen}
	triggers, err := tx.TriggersOfCampaign(c.ID)
	if err != nil {
		return m, err
	}
	if m.Held, err = tx.Held(c); err != nil {
		return m, err
	}
	begun := map[int64]state.Trigger{}
	products := map[int64]state.Finding{}
	for id, f := range c.Products {
		products[id] = f
	}
	for _, x := range triggers {
		if begun[x.ProductID] = x; products[x.ProductID].What == "" {
			products[x.ProductID] = state.Finding{What: state.FoundToChange}
		}
	}
	for _, id := range sorted(products) {
		e, err := entry(tx, id, products[id], begun)
		if err != nil {
			return m, err
		}
		if c.State == state.CampaignCanary && m.Canary == "" && begun[id].ID != 0 && begun[id].State != state.TriggerAnswered {
			m.Canary = e.Product
		}
		m.Entries = append(m.Entries, e)
	}
	return m, nil
}

// entry is how one product stands.
func entry(tx *state.Tx, id int64, f state.Finding, begun map[int64]state.Trigger) (e message.Entry, err error) {
	p, _, err := tx.Product(id)
	if err != nil {
		return e, err
	}
	repository, _, err := tx.RepositoryOf(p.RepositoryID)
	if err != nil {
		return e, err
	}
	e = message.Entry{Place: message.Place{Product: p.Name, Path: p.Path}, Repo: repository.Repo, Why: f.Why}
	switch f.What {
	case state.FoundCompliant:
		e.Standing = message.StandCompliant
	case state.FoundNotApplicable:
		e.Standing = message.StandNotApplicable
	case state.FoundUnknown:
		e.Standing = message.StandFailed
	default:
		e.Standing = message.StandToChange
	}
	x, ok := begun[id]
	if !ok {
		return e, nil
	}
	e.Tokens, e.Took = x.Tokens, time.Duration(x.Seconds*float64(time.Second))
	return e, became(tx, x, &e)
}

// became is what came of the work on a product.
func became(tx *state.Tx, x state.Trigger, e *message.Entry) error {
	switch x.State {
	case state.TriggerMerged:
		e.Standing = message.StandMerged
	case state.TriggerDeclined, state.TriggerCancelled:
		e.Standing, e.Why = message.StandDeclined, x.Reason
	case state.TriggerFailed:
		e.Standing, e.Why = message.StandFailed, x.Reason
	case state.TriggerAnswered:
		e.Standing, e.Why = message.StandCompliant, x.Reason
	case state.TriggerWaiting, state.TriggerWorking, state.TriggerAsked:
		if e.Why = x.Reason; e.Why == "" {
			e.Why = "it is being worked on"
		}
	}
	if x.ChangeID == 0 {
		return nil
	}
	c, ok, err := tx.Change(x.ChangeID)
	if err != nil || !ok || c.Number == 0 {
		return err
	}
	e.MergeRequest = &message.Reference{Number: c.Number, URL: c.URL}
	if x.State == state.TriggerOpen {
		if e.Standing = message.StandOpened; c.Draft {
			e.Standing = message.StandRed
		}
	}
	return nil
}
