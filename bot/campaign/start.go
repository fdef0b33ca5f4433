package campaign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/state"
)

// start begins work on as many products as may have an open merge request at once, and ends a campaign of which all is decided.
func (r *Runner) start(ctx context.Context, tx *state.Tx, id int64, g texts) error {
	c, ok, err := tx.Campaign(id)
	if err != nil || !ok || c.State == state.CampaignOver {
		return err
	}
	triggers, err := tx.TriggersOfCampaign(id)
	if err != nil {
		return err
	}
	begun := map[int64]bool{}
	merged, first, decided := 0, 0, true // first are those that went first, or are about to
	for _, x := range triggers {
		begun[x.ProductID] = true
		if x.State != state.TriggerAnswered && x.State != state.TriggerCancelled { // where nothing was to do, nothing was tried out
			first++
		}
		if x.State == state.TriggerMerged {
			merged++
		}
		decided = decided && !x.State.GoesOn()
	}
	if c.State == state.CampaignCanary && merged >= c.Canary {
		c.State = state.CampaignRunning
	}
	room := newRoom(r.MostOpen)
	if err := room.count(tx); err != nil {
		return err
	}
	for _, product := range sorted(c.Products) {
		if c.Products[product].What != state.FoundToChange || begun[product] {
			continue
		}
		held := c.State == state.CampaignPaused || c.State == state.CampaignCanary && first >= c.Canary
		p, ok, err := tx.Product(product)
		if err != nil {
			return err
		}
		if !ok || p.Gone {
			continue
		}
		owner, err := ownerOf(tx, p)
		if err != nil {
			return err
		}
		if held || !room.take(owner) {
			decided = false
			continue
		}
		begun[product], decided = true, false
		first++
		if err := r.begin(ctx, tx, c, g, p); err != nil {
			return err
		}
	}
	if decided {
		c.State = state.CampaignOver
	}
	return tx.SaveCampaign(c)
}

// begin has one product worked on, unless the same was declined there before.
func (r *Runner) begin(ctx context.Context, tx *state.Tx, c state.Campaign, t texts, p state.Product) error {
	g := t.now
	x := state.Trigger{ProductID: p.ID, Kind: state.KindGuideline, Key: c.Key, Hash: Hash(c.Guideline, c.Revision, c.Withdrawn), State: state.TriggerWaiting, CampaignID: c.ID, TriggerData: state.TriggerData{
		Requirement: prose(g), Earlier: t.before, Title: g.Title, URL: c.URL, At: c.Created, Guideline: g.ID, Revision: g.Revision, Source: c.Source, Commit: c.Commit, Before: c.Before, Withdrawn: c.Withdrawn}}
	if c.Withdrawn {
		x.Requirement = "The guideline is withdrawn."
	}
	declined, err := tx.WasDeclined(p.ID, x.Hash)
	if err != nil {
		return err
	}
	if declined {
		x.State, x.Reason = state.TriggerDeclined, "The same was declined before."
	}
	if _, fresh, err := tx.AddTrigger(x); err != nil || !fresh || declined {
		return err
	}
	if _, err := tx.Want(p.ID); err != nil {
		return err
	}
	return r.Queue.Add(ctx, tx, r.Products, fmt.Sprint(p.ID))
}

// room is how many merge requests of campaigns each owner may still have.
type room struct {
	most  int
	taken map[string]int
}

func newRoom(most int) *room { return &room{most: most, taken: map[string]int{}} }

// count counts what campaigns have under way.
func (r *room) count(tx *state.Tx) error {
	under, err := tx.TriggersIn(state.TriggerWaiting, state.TriggerWorking, state.TriggerOpen)
	if err != nil {
		return err
	}
	for _, x := range under {
		if x.CampaignID == 0 {
			continue
		}
		p, ok, err := tx.Product(x.ProductID)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		owner, err := ownerOf(tx, p)
		if err != nil {
			return err
		}
		r.taken[owner]++
	}
	return nil
}

// take takes a place of an owner's; ok is false if there is none.
func (r *room) take(owner string) (ok bool) {
	if r.most > 0 && r.taken[owner] >= r.most {
		return false
	}
	r.taken[owner]++
	return true
}

func ownerOf(tx *state.Tx, p state.Product) (string, error) {
	repository, _, err := tx.RepositoryOf(p.RepositoryID)
	return strings.ToLower(repository.Owner), err
}

func sorted(found map[int64]state.Finding) (ids []int64) {
	for id := range found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
