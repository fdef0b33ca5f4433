package triage

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// revision is a guideline that came, changed, or went.
type revision struct {
	now       guideline.Guideline // the earlier text of one that went
	withdrawn bool
}

// revisions are the guidelines that differ between two commits of a guideline repository. At first sight none does: what is in force already
// starts nothing, and binds all the same.
func (t *Triage) revisions(ctx context.Context, n news) (out []revision, err error) {
	if n.before == "" {
		return nil, nil
	}
	before, err := t.RulesAt(ctx, n.repository, n.before)
	if err != nil {
		return nil, err
	}
	after, err := t.RulesAt(ctx, n.repository, n.after)
	if err != nil {
		return nil, err
	}
	old := map[string]guideline.Guideline{}
	for _, g := range before {
		old[g.ID] = g
	}
	for _, g := range after {
		if was, ok := old[g.ID]; !ok || was.Revision != g.Revision {
			out = append(out, revision{now: g})
		}
		delete(old, g.ID)
	}
	for _, g := range before {
		if _, gone := old[g.ID]; gone {
			out = append(out, revision{now: g, withdrawn: true})
		}
	}
	return out, nil
}

// keepRevision starts a campaign.
func (t *Triage) keepRevision(ctx context.Context, tx *state.Tx, n news, g revision) error {
	c := state.Campaign{Key: CampaignKey(n.repository.Repo, g.now.ID, g.now.Revision, g.withdrawn), State: state.CampaignRunning, CampaignData: state.CampaignData{
		Kind: state.KindGuideline, Title: g.now.Title, Guideline: g.now.ID, Revision: g.now.Revision, Source: n.repository.Key(), Before: n.before, Commit: n.after, Withdrawn: g.withdrawn,
		URL: fmt.Sprintf("%s/blob/%s/%s", n.repository.URL, n.after, fileIn(n.repository.Repo, g.now.File))}}
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
