package resync

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/work"
)

// keeper writes what was found of one repository.
type keeper struct {
	tx         *state.Tx
	repository state.Repository
	log        *slog.Logger
	result     *Result
	canary     int
	told       map[int64]bool // campaigns of which a comment tells how they stood
	kept       map[int64]bool // triggers
}

// product is the product that a memo is about. One that is not on the default branch any more, or not yet, is there without being wanted.
func (k *keeper) product(m state.Memo) (state.Product, error) {
	all, err := k.tx.ProductsIn(k.repository.ID)
	if err != nil {
		return state.Product{}, err
	}
	for _, p := range all {
		if p.Name == m.Product || m.Path != "" && p.Path == m.Path || p.Path == m.Product {
			return p, nil
		}
	}
	path := m.Path
	if path == "" {
		path = m.Product
	}
	return k.tx.Promise(k.repository.ID, path)
}

// request keeps a merge request's change, with its triggers.
func (k *keeper) request(q request) error {
	p, err := k.product(q.memo)
	if err != nil {
		return err
	}
	c := *q.memo.Change
	c.ProductID, c.Number, c.URL, c.Branch, c.Draft, c.Approved = p.ID, q.Number, q.URL, q.Head, q.Draft, q.approved
	of := state.TriggerOpen
	switch {
	case q.Open:
		c.State = state.ChangeOpen
		k.result.Open++
	case q.Merged:
		c.State, of = state.ChangeMerged, state.TriggerMerged
		k.result.Merged++
	default:
		c.State, of = state.ChangeDeclined, state.TriggerDeclined
		k.result.Declined++
	}
	if c.Foreign = ""; q.Open && q.HeadSHA != c.Head {
		c.Foreign = q.HeadSHA
	}
	var triggers []state.Trigger
	for _, x := range q.memo.Triggers {
		if !x.Kind.Asks() || k.kept[x.ID] {
			continue
		}
		x.ProductID, x.ChangeID, x.State, x.Reason = p.ID, c.ID, of, ""
		if of != state.TriggerOpen {
			x.Reason = fmt.Sprintf("Merge request #%d was %s.", q.Number, c.State)
		}
		if x.CampaignID, err = k.campaign(x); err != nil {
			return err
		}
		k.kept[x.ID] = true
		triggers = append(triggers, x)
	}
	if err := k.tx.Rebuild([]state.Change{c}, triggers); err != nil {
		return err
	}
	return k.written("change/"+c.UID+"/open", outbox.OpenRequest, q.Number, outbox.Result{Number: q.Number, URL: q.URL})
}

// campaign is that of a guideline's trigger. It goes on: products that are not done yet get their turn, after the canaries if there are to be some,
// of which those count that are merged. What its comment says, if it has one, counts more: see stood.
func (k *keeper) campaign(x state.Trigger) (int64, error) {
	if x.Kind != state.KindGuideline || x.Guideline == "" {
		return 0, nil
	}
	c := state.Campaign{ID: x.CampaignID, Key: x.Key, State: state.CampaignRunning, CampaignData: state.CampaignData{Kind: x.Kind, Title: x.Title, URL: x.URL,
		Guideline: x.Guideline, Revision: x.Revision, Source: x.Source, Before: x.Before, Commit: x.Commit, Withdrawn: x.Withdrawn}}
	if k.canary > 0 {
		c.State, c.Canary = state.CampaignCanary, k.canary
	}
	c, err := k.tx.RebuildCampaign(c)
	return c.ID, err
}

// remember keeps the triggers that a comment is about.
func (k *keeper) remember(c comment) error {
	if c.memo == nil {
		return nil
	}
	for _, x := range c.memo.Triggers {
		if err := k.trigger(*c.memo, x); err != nil {
			return err
		}
	}
	return nil
}

// stood keeps a campaign as its comment tells that it stood.
func (k *keeper) stood(was state.Campaign) error {
	c, err := k.tx.RebuildCampaign(was)
	if err != nil || k.told[c.ID] {
		return err
	}
	k.told[c.ID] = true
	c.State, c.CampaignData = was.State, was.CampaignData
	return k.tx.SaveCampaign(c)
}

// comment keeps that a comment is there, under the key that it says and those that its memo says.
func (k *keeper) comment(c comment) error {
	keys := []string{}
	if key, ok := message.CommentKey(c.Body); ok && k.belongs(key) {
		keys = append(keys, key)
	}
	if c.memo != nil && c.memo.Campaign != nil {
		keys = append(keys, fmt.Sprintf("campaign/%d/comment", c.memo.Campaign.ID))
		if err := k.stood(*c.memo.Campaign); err != nil {
			return err
		}
	}
	if c.memo != nil {
		for _, x := range c.memo.Triggers {
			keys = append(keys, work.StatusKey(x), work.QuestionsKey(x, x.Round))
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if !strings.Contains(c.Body, outbox.Mark(key)) {
			continue
		}
		k.result.Comments++
		if err := k.written(key, outbox.Comment, c.Issue, outbox.Result{ID: c.ID, URL: c.URL}); err != nil {
			return err
		}
	}
	return nil
}

// belongs says whether the key that a comment says is one of what is written in the repository: anybody who may edit the comment may edit the key, which
// must not keep the bot from writing something elsewhere.
func (k *keeper) belongs(key string) bool {
	for _, of := range []string{"comment/", "refusal/", "gate/"} {
		if strings.HasPrefix(key, of+k.repository.Key()+"/") {
			return true
		}
	}
	var trigger int64
	if _, err := fmt.Sscanf(key, "trigger/%d/", &trigger); err != nil {
		return false
	}
	return k.kept[trigger]
}

// trigger keeps a trigger that is in no merge request.
func (k *keeper) trigger(m state.Memo, x state.Trigger) error {
	if k.kept[x.ID] {
		return nil
	}
	k.kept[x.ID] = true
	p, err := k.product(m)
	if err != nil {
		return err
	}
	x.ProductID, x.ChangeID, x.CampaignID = p.ID, 0, 0
	switch x.State {
	case state.TriggerWaiting, state.TriggerWorking, state.TriggerOpen: // an open one whose merge request is not there was not opened yet
		x.State, x.Reason = state.TriggerWaiting, ""
		k.result.Waiting++
		if _, err := k.tx.Want(p.ID); err != nil {
			return err
		}
	case state.TriggerAsked:
		k.result.Asked++
	default:
		k.result.Ended++
	}
	return k.tx.Rebuild(nil, []state.Trigger{x})
}
