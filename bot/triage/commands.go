package triage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/command"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/why"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// reply adds an answer in a sentence.
func (t *Triage) sentence(ctx context.Context, k talk, key string, all *writes, text string) {
	all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, message.Said(key, text)) })
}

// why tells why a product, table or column is as it is. Without a target it is the only product, or that of the merge request.
func (t *Triage) why(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	name, _, _ := strings.Cut(c.Argument, ".")
	var fit []state.Product
	for _, p := range k.products {
		if c.Argument == "" || strings.EqualFold(p.Name, name) || p.Path == c.Argument || k.change != nil && k.change.ProductID == p.ID {
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 { // the name may be a table's
		fit = k.products
	}
	m := t.Library.Mirror(k.repository.Repository)
	var last *why.UnknownError
	for _, p := range fit {
		if k.change != nil && k.change.ProductID != p.ID && c.Argument == "" {
			continue
		}
		doc, err := workspace.DocumentAt(ctx, m, k.repository.Looked, p.Path)
		if err != nil {
			t.sentence(ctx, k, key, all, fmt.Sprintf("The spec or ledger of %s can't be read: %v", p.Name, err))
			return "why", nil
		}
		target := c.Argument
		if strings.EqualFold(target, p.Name) || target == p.Path {
			target = ""
		}
		story, err := why.Tell(doc, target, nil)
		if errors.As(err, &last) {
			continue
		}
		if err != nil {
			return "", err
		}
		all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, message.Why(key, story)) })
		return "why", nil
	}
	body := message.NoProduct(key, c.Argument, places(k.products))
	if last != nil {
		body = message.NothingToTell(key, last)
	}
	all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
	return "why, of nothing known", nil
}

// statusOf lists the products of the repository and what is under way.
func (t *Triage) statusOf(ctx context.Context, k talk, key string, all *writes) (string, error) {
	m := t.Library.Mirror(k.repository.Repository)
	versions := map[int64]string{}
	for _, p := range k.products {
		s, _, err := workspace.SpecAt(ctx, m, k.repository.Looked, p.Path)
		if err != nil {
			return "", err
		}
		if s != nil {
			versions[p.ID] = s.Version
		}
	}
	all.add(func(tx *state.Tx) error {
		var rows []message.ProductStatus
		for _, p := range k.products {
			row := message.ProductStatus{Place: message.Place{Product: p.Name, Path: p.Path}, Version: versions[p.ID]}
			c, ok, err := tx.CurrentChange(p.ID)
			if err != nil {
				return err
			}
			if ok {
				row.Verdict = bot.Verdict(c.Verdict)
				if row.Stage = message.Implementing; c.Number != 0 {
					row.Stage, row.MergeRequest = message.Ready, &message.Reference{Number: c.Number, URL: c.URL}
				}
			}
			waiting, err := tx.TriggersOf(p.ID, state.TriggerWaiting, state.TriggerAsked)
			if err != nil {
				return err
			}
			row.Waiting = len(waiting)
			rows = append(rows, row)
		}
		return t.say(ctx, tx, k, key, message.StatusOf(key, rows))
	})
	return "status", nil
}

// retry takes up again what failed or was taken back at this place.
func (t *Triage) retry(ctx context.Context, k talk, key string, all *writes) (string, error) {
	if k.change != nil && k.change.State == state.ChangeOpen {
		return t.rebase(ctx, k, key, all)
	}
	var again []state.Trigger
	for _, x := range k.triggers {
		if x.State == state.TriggerFailed || x.State == state.TriggerCancelled || x.State == state.TriggerDeclined {
			again = append(again, x)
		}
	}
	if len(again) == 0 {
		t.sentence(ctx, k, key, all, "There is nothing here that failed, was cancelled or declined.")
		return "nothing to retry", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		for _, x := range again {
			// The model is asked anew: what it said led to nothing. Answers of people stay.
			x.State, x.Reason, x.ChangeID, x.Attempts, x.Order = state.TriggerWaiting, "", 0, 0, ""
			if err := tx.SaveTrigger(x); err != nil {
				return err
			}
			if err := t.wake1(ctx, tx, x.ProductID); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%d tried again", len(again)), nil
}

// cancel stops what is under way at this place: a merge request of the bot's is closed, a wish at an issue is taken back.
func (t *Triage) cancel(ctx context.Context, k talk, key string, all *writes) (string, error) {
	if k.change != nil && k.change.State == state.ChangeOpen {
		closed := false
		all.add(func(tx *state.Tx) error {
			if err := t.react(ctx, tx, k, forge.ThumbsUp); err != nil {
				return err
			}
			return t.Outbox.Later(ctx, tx, key+"/close", outbox.Operation{Kind: outbox.EditRequest, Repo: k.repository.Repo, Number: k.issue, Open: &closed})
		})
		return "the merge request is closed", nil
	}
	var stopped []state.Trigger
	for _, x := range k.triggers {
		if x.State == state.TriggerWaiting || x.State == state.TriggerAsked || x.State == state.TriggerWorking {
			stopped = append(stopped, x)
		}
	}
	if len(stopped) == 0 {
		t.sentence(ctx, k, key, all, "Nothing is under way here.")
		return "nothing to cancel", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.ThumbsUp); err != nil {
			return err
		}
		for _, x := range stopped {
			now, ok, err := tx.Trigger(x.ID)
			if err != nil || !ok {
				return err
			}
			now.State, now.Reason = state.TriggerCancelled, "Cancelled by "+k.Comment.Author.Login+"."
			if err := tx.SaveTrigger(now); err != nil {
				return err
			}
			if err := t.wake1(ctx, tx, x.ProductID); err != nil { // to tell of it, and to go on with the next
				return err
			}
			p, ok, err := tx.Product(x.ProductID)
			if err != nil || !ok {
				return err
			}
			body := message.Status{Key: now.Key, Product: p.Name, Stage: message.Cancelled, Requirement: now.Requirement}.Comment()
			if err := t.restate(ctx, tx, k.repository.Repo, now, "cancelled/"+key, body); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%d cancelled", len(stopped)), nil
}

// rebase has a merge request of the bot's made anew on the default branch.
func (t *Triage) rebase(ctx context.Context, k talk, key string, all *writes) (string, error) {
	if k.change == nil || k.change.State != state.ChangeOpen {
		t.sentence(ctx, k, key, all, "That is for an open merge request of the bot.")
		return "nothing to rebase", nil
	}
	all.add(func(tx *state.Tx) error {
		p, ok, err := tx.Product(k.change.ProductID)
		if err != nil || !ok {
			return err
		}
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		_, err = t.want(ctx, tx, p, state.Trigger{Kind: state.KindRedo, Key: "redo/" + key, ChangeID: k.change.ID, Issue: 0, TriggerData: state.TriggerData{Author: k.Comment.Author.Login, At: k.Comment.Created, URL: k.Comment.URL}})
		return err
	})
	return "rebase", nil
}

// refresh asks now what the week's turn would ask.
func (t *Triage) refresh(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	products := k.products
	if c.Argument != "" {
		p, ok := named(k.products, c.Argument)
		if !ok {
			body := message.NoProduct(key, c.Argument, places(k.products))
			all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
			return "refresh of nothing known", nil
		}
		products = []state.Product{p}
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		for _, p := range products {
			if err := t.Queue.Add(ctx, tx, t.Lines.Refresh, RefreshOrder{Product: p.ID, Issue: k.issue, Key: key}.String()); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("refresh of %d products", len(products)), nil
}

// verify has a fork's commit verified, now that somebody with write access says so.
func (t *Triage) verify(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	if k.Issue == nil || !k.Issue.MergeRequest {
		t.sentence(ctx, k, key, all, "That is for a merge request.")
		return "nothing to verify", nil
	}
	mr, err := k.host.MergeRequest(ctx, k.repository.Repo, k.issue)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(mr.HeadSHA, c.Argument) || len(c.Argument) < 7 {
		t.sentence(ctx, k, key, all, fmt.Sprintf("The merge request is at %s now. Look at it, and say `/codicil verify %s` if that may run.", mr.HeadSHA[:8], mr.HeadSHA))
		return "another commit", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		return t.Queue.Add(ctx, tx, t.Lines.Verify, work1(k.repository.ID, mr, true))
	})
	return "a fork's commit may run", nil
}

// init has the spec of a folder drafted.
func (t *Triage) init(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	dir := c.Argument
	if dir == "" {
		dir = "."
	}
	if p, ok := named(k.products, dir); ok {
		t.sentence(ctx, k, key, all, fmt.Sprintf("%s has a spec already.", p.Name))
		return "has a spec", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		p, err := tx.Promise(k.repository.ID, dir)
		if err != nil {
			return err
		}
		x := state.Trigger{ProductID: p.ID, Kind: state.KindInit, State: state.TriggerWaiting, Key: key, Hash: hashOf("init", dir), Issue: k.issue,
			TriggerData: state.TriggerData{Author: k.Comment.Author.Login, Requirement: "Draft the spec of " + dir, URL: k.Comment.URL, Comment: k.Comment.ID, At: k.Comment.Created}}
		if _, fresh, err := tx.AddTrigger(x); err != nil || !fresh {
			return err
		}
		return t.wake1(ctx, tx, p.ID)
	})
	return "init", nil
}

// pause stops, or takes up, the campaign that a merge request is part of.
func (t *Triage) pause(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	var campaign int64
	if k.change != nil {
		if err := t.DB.View(ctx, func(tx *state.Tx) error {
			triggers, err := tx.TriggersOfChange(k.change.ID)
			for _, x := range triggers {
				campaign = max(campaign, x.CampaignID)
			}
			return err
		}); err != nil {
			return "", err
		}
	}
	if campaign == 0 {
		t.sentence(ctx, k, key, all, "That is for a merge request that a guideline or a refresh started.")
		return "no campaign", nil
	}
	all.add(func(tx *state.Tx) error {
		x, ok, err := tx.Campaign(campaign)
		if err != nil || !ok {
			return err
		}
		if x.State != state.CampaignOver {
			if x.State = state.CampaignRunning; c.Kind == command.Pause {
				x.State = state.CampaignPaused
			}
		}
		if err := tx.SaveCampaign(x); err != nil {
			return err
		}
		if err := t.Queue.Add(ctx, tx, t.Lines.Campaign, fmt.Sprint(x.ID)); err != nil {
			return err
		}
		return t.say(ctx, tx, k, key, message.Said(key, fmt.Sprintf("The work on “%s” is %s.", x.Title, x.State)))
	})
	return string(c.Kind), nil
}
