package refresh

import (
	"context"
	"fmt"
	"os"

	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// subject is a product at the head of its default branch.
type subject struct {
	product state.Product
	in      state.Repository
	head    string
	doc     *spec.Document
	// asked says that somebody wants to know.
	asked bool
}

// unkept finds the guidelines in force that bind the product and that it does not keep: those adopted in an earlier revision, and those that
// were there before the bot came and so had no campaign. What the product keeps needs nobody, whatever it adopted; what it adopted in this
// revision and breaks is not out of date but wrong, and verification says so.
func (r *Refresher) unkept(ctx context.Context, f *findings, s subject, rules []guideline.Guideline) error {
	adopted := adoptedRevisions(s.doc.Ledger)
	var open []guideline.Guideline
	if err := r.DB.View(ctx, func(tx *state.Tx) error {
		for _, g := range rules {
			if adopted[g.ID] == g.Revision {
				continue
			}
			settled, err := settled(tx, s, g)
			if err != nil {
				return err
			}
			if !settled {
				open = append(open, g)
			}
		}
		return nil
	}); err != nil || len(open) == 0 {
		return err
	}
	dir, err := os.MkdirTemp(r.Scratch, "codicil-refresh-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	others, err := r.Library.Around(ctx, r.DB, r.DB.Now(), s.product.ID)
	if err != nil {
		return err
	}
	at, err := r.Library.Lay(ctx, dir, s.in.DefaultBranch, workspace.Member{Repository: s.in.Repository, Commit: s.head}, others)
	if err != nil {
		return err
	}
	for _, g := range open {
		c, err := r.Verifier.Complies(ctx, verify.Input{Head: at.Tree, Under: at.Path(s.product.Path)}, g)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // of one guideline or product, which must not keep the others from being looked at
			r.Log.Warn("whether a guideline is kept can't be told", "product", s.product.Name, "guideline", g.ID, "error", err)
		case c.Applies && !c.Complies:
			if err := r.note(ctx, f, s, g, adopted[g.ID], c.Why); err != nil {
				return err
			}
		}
	}
	return nil
}

// note adds a guideline that is not kept to what was found. The first is the one to adopt.
func (r *Refresher) note(ctx context.Context, f *findings, s subject, g guideline.Guideline, was, why string) error {
	text := fmt.Sprintf("The guideline %q was adopted in revision %s; revision %s is in force: %s.", g.Title, was, g.Revision, why)
	if was == "" {
		text = fmt.Sprintf("The guideline %q is in force in revision %s and was never adopted: %s.", g.Title, g.Revision, why)
	}
	f.evidence = append(f.evidence, text)
	if f.rule != nil {
		return nil
	}
	source, commit, err := r.Book.Where(ctx, s.in.Repo, g.ID)
	if err != nil {
		return err
	}
	f.rule, f.source, f.commit = &g, source, commit
	return nil
}

// adoptedRevisions are the revisions in which a ledger adopted guidelines last, by their ids.
func adoptedRevisions(l spec.Ledger) map[string]string {
	adopted := map[string]string{}
	for _, e := range l.Entries {
		if o := e.Amendment.Origin; o.ID != "" {
			adopted[o.ID] = o.Revision
		}
	}
	return adopted
}

// settled says whether a guideline's revision is seen to at a product without a refresh: an open change adopts it, a campaign that goes on will,
// or it was answered, declined or taken back there.
func settled(tx *state.Tx, s subject, g guideline.Guideline) (bool, error) {
	states := []state.TriggerState{state.TriggerWaiting, state.TriggerWorking, state.TriggerAsked, state.TriggerOpen}
	if !s.asked {
		states = append(states, state.TriggerDeclined, state.TriggerAnswered, state.TriggerCancelled)
	}
	triggers, err := tx.TriggersOf(s.product.ID, states...)
	if err != nil {
		return false, err
	}
	for _, x := range triggers {
		if x.Guideline == g.ID && x.Revision == g.Revision && !x.Withdrawn {
			return true, nil
		}
	}
	campaigns, err := tx.Campaigns()
	if err != nil {
		return false, err
	}
	for _, c := range campaigns {
		if c.State == state.CampaignOver || c.Guideline != g.ID || c.Revision != g.Revision || c.Withdrawn {
			continue
		}
		if f, looked := c.Products[s.product.ID]; !looked || f.What == state.FoundToChange {
			return true, nil
		}
	}
	return false, nil
}
