package triage

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/command"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
)

// pause holds, or lets go on, the campaigns that a merge request is part of, or that it brought.
func (t *Triage) pause(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	var campaigns []state.Campaign
	if err := t.DB.View(ctx, func(tx *state.Tx) (err error) {
		campaigns, err = discussed(tx, k)
		return err
	}); err != nil {
		return "", err
	}
	if len(campaigns) == 0 {
		t.sentence(ctx, k, key, all, "That is for a merge request that a guideline or a refresh started, or that brought a guideline.")
		return "no campaign", nil
	}
	all.add(func(tx *state.Tx) error {
		var said []string
		for _, one := range campaigns {
			x, ok, err := tx.PauseCampaign(one.ID, c.Kind == command.Pause)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			said = append(said, fmt.Sprintf("The work on “%s” %s.", x.Title, standing(x)))
			if err := t.Queue.Add(ctx, tx, t.Lines.Campaign, fmt.Sprint(x.ID)); err != nil {
				return err
			}
		}
		return t.say(ctx, tx, k, key, message.Said(key, strings.Join(said, " ")))
	})
	return string(c.Kind), nil
}

// discussed are the campaigns that a talk is about: at a merge request of the bot those that it is part of, and where guidelines come from those that
// the merge request brought. Those that are over are left out, unless there are no others.
func discussed(tx *state.Tx, k talk) (open []state.Campaign, err error) {
	part := map[int64]bool{}
	if k.change != nil {
		triggers, err := tx.TriggersOfChange(k.change.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range triggers {
			part[x.CampaignID] = true
		}
	}
	all, err := tx.Campaigns()
	if err != nil {
		return nil, err
	}
	var over []state.Campaign
	for _, x := range all {
		brought := x.Request != 0 && x.Request == k.issue && x.Source == k.repository.Key()
		switch {
		case !part[x.ID] && !brought:
		case x.State == state.CampaignOver:
			over = append(over, x)
		default:
			open = append(open, x)
		}
	}
	if len(open) == 0 {
		return over, nil
	}
	return open, nil
}

// standing is how a campaign stands, in words.
func standing(c state.Campaign) string {
	switch c.State {
	case state.CampaignPaused:
		return "is paused: what it has not begun waits. `/codicil resume` lets it go on"
	case state.CampaignCanary:
		return fmt.Sprintf("goes on, with the first %d until they are merged", c.Canary)
	case state.CampaignOver:
		return "is over"
	}
	return "goes on"
}
