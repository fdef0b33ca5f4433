package triage

import (
	"context"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// revision is a guideline that came, changed, or went.
type revision struct {
	now       guideline.Guideline // the earlier text of one that went
	withdrawn bool
	// request is the merge request that brought it; 0 if none did.
	request int
}

// revisions finds the guidelines that differ between two commits of a guideline repository, and makes the check of the newer one. At first sight
// none does: what is in force already starts nothing, and binds all the same. A guideline whose file can't be read any more is not withdrawn.
func (t *Triage) revisions(ctx context.Context, n *news) error {
	after, problems, err := t.RulesAt(ctx, n.repository, n.after)
	if err != nil {
		return err
	}
	if n.before != "" || problems.Err() != nil {
		check := message.Rulebook(n.repository.Repo, n.after, after, problems)
		n.rules = &check
	}
	if n.before == "" {
		return nil
	}
	before, _, err := t.RulesAt(ctx, n.repository, n.before)
	if err != nil {
		return err
	}
	old := map[string]guideline.Guideline{}
	for _, g := range before {
		old[g.ID] = g
	}
	for _, g := range after {
		if was, ok := old[g.ID]; !ok || was.Revision != g.Revision {
			n.guidelines = append(n.guidelines, revision{now: g})
		}
		delete(old, g.ID)
	}
	for _, g := range before {
		_, gone := old[g.ID]
		broken := slices.ContainsFunc(problems, func(p bot.Problem) bool { return p.File == g.File })
		if gone && !broken {
			n.guidelines = append(n.guidelines, revision{now: g, withdrawn: true})
		}
	}
	return t.broughtBy(ctx, n)
}

// broughtBy finds the merge request that brought the newest commit, so that whoever pushed it can be told there what comes of it.
func (t *Triage) broughtBy(ctx context.Context, n *news) error {
	host, ok := t.Hosts(n.repository.Host)
	if !ok || len(n.guidelines) == 0 {
		return nil
	}
	requests, err := host.MergeRequestsOf(ctx, n.repository.Repo, n.after)
	if err != nil {
		return err
	}
	for _, mr := range requests {
		if !mr.Merged {
			continue
		}
		for i := range n.guidelines {
			n.guidelines[i].request = mr.Number
		}
	}
	return nil
}

// keepRevision starts a campaign, and ends those of the guideline's earlier texts.
func (t *Triage) keepRevision(ctx context.Context, tx *state.Tx, n news, g revision) error {
	key, err := t.replace(tx, n, g)
	if err != nil || key == "" {
		return err
	}
	c := state.Campaign{Key: key, State: state.CampaignRunning, CampaignData: state.CampaignData{
		Kind: state.KindGuideline, Title: g.now.Title, Guideline: g.now.ID, Revision: g.now.Revision, Source: n.repository.Key(), Before: n.before, Commit: n.after, Withdrawn: g.withdrawn,
		Request: g.request, URL: fmt.Sprintf("%s/blob/%s/%s", n.repository.URL, n.after, fileIn(n.repository.Repo, g.now.File))}}
	if g.withdrawn {
		c.URL = n.repository.URL + "/commit/" + n.after
	}
	if t.Canary > 0 {
		c.State, c.Canary = state.CampaignCanary, t.Canary
	}
	c, fresh, err := tx.AddCampaign(c)
	if err != nil || !fresh {
		return err
	}
	return t.Queue.Add(ctx, tx, t.Lines.Campaign, fmt.Sprint(c.ID))
}

// replace ends the campaigns of a guideline's earlier texts: what they have not begun is not begun any more. It returns the key of the new campaign,
// which is empty if the newest one is for this text already. A text that comes back has a campaign of its own.
func (t *Triage) replace(tx *state.Tx, n news, g revision) (key string, err error) {
	key = CampaignKey(n.repository.Repo, g.now.ID, g.now.Revision, g.withdrawn)
	all, err := tx.Campaigns()
	if err != nil {
		return "", err
	}
	for i, c := range slices.DeleteFunc(all, func(c state.Campaign) bool { return c.Source != n.repository.Key() || c.Guideline != g.now.ID }) {
		same := c.Revision == g.now.Revision && c.Withdrawn == g.withdrawn
		if same && i == 0 {
			return "", nil
		}
		if same {
			key += "/" + n.after[:8]
		}
		if c.State == state.CampaignOver {
			continue
		}
		c.State, c.Reason = state.CampaignOver, fmt.Sprintf("A later text of the guideline, in commit %s, took its place.", n.after[:8])
		if err := tx.SaveCampaign(c); err != nil {
			return "", err
		}
		triggers, err := tx.TriggersOfCampaign(c.ID)
		if err != nil {
			return "", err
		}
		for _, x := range triggers {
			if x.State != state.TriggerWaiting && x.State != state.TriggerAsked {
				continue
			}
			x.State, x.Reason = state.TriggerCancelled, c.Reason
			if err := tx.SaveTrigger(x); err != nil {
				return "", err
			}
		}
	}
	return key, nil
}

// CampaignKey names the campaign of a guideline's revision.
func CampaignKey(source forge.Repo, id, revision string, withdrawn bool) string {
	key := fmt.Sprintf("guideline/%s/%s@%s", source.Key(), id, revision)
	if withdrawn {
		key += "/withdrawn"
	}
	return key
}

// fileIn takes the repository's name from the front of a guideline's file.
func fileIn(r forge.Repo, file string) string {
	if n := len(r.String()) + 1; len(file) > n && file[:n] == r.String()+"/" {
		return file[n:]
	}
	return file
}
