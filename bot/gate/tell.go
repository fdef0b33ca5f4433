package gate

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// untouched makes the check of a commit that concerns no product: without it, a required check would hang.
func (g *Gate) untouched(ctx context.Context, c matter) error {
	check := message.Untouched(c.Head)
	if g.Guidelines(c.repository.Repo) {
		rules, problems, err := g.RulesAt(ctx, c.repository.Repository, c.Head)
		if err != nil {
			return err
		}
		check = message.Rulebook(c.repository.Repo, c.Head, rules, problems)
	}
	if err := g.check(ctx, c, check); err != nil {
		return err
	}
	_, written, err := g.comment(ctx, c)
	if err != nil || !written {
		return err
	}
	return g.say(ctx, c, message.Said(c.commentKey(), "No data product is touched any more."))
}

// unconfirmed asks a maintainer to let a fork's code run.
func (g *Gate) unconfirmed(ctx context.Context, c matter) error {
	if err := g.check(ctx, c, message.Unconfirmed(c.Head)); err != nil || c.Number == 0 {
		return err
	}
	return g.say(ctx, c, message.ForkComment(c.commentKey(), c.Head))
}

// tell makes the check and brings the one comment up to date.
func (g *Gate) tell(ctx context.Context, c matter, v message.Verification) error {
	v.Key = c.commentKey()
	if err := g.check(ctx, c, v.Check()); err != nil {
		return err
	}
	if c.Number == 0 {
		return nil
	}
	host, ok := g.Hosts(c.repository.Host)
	if !ok {
		return nil
	}
	mr, err := host.MergeRequest(ctx, c.repository.Repo, c.Number)
	if err != nil || !mr.Open || mr.HeadSHA != c.Head {
		return err // a newer commit has its own job
	}
	return g.say(ctx, c, v.Comment())
}

func (c matter) commentKey() string { return fmt.Sprintf("gate/%s/%d", c.repository.Key(), c.Number) }

// check sets the check of the commit.
func (g *Gate) check(ctx context.Context, c matter, check forge.Check) error {
	check.Key = message.CheckKey(c.repository.Repo, c.Head)
	op := outbox.Operation{Kind: outbox.SetCheck, Repo: c.repository.Repo, Check: &check}
	var err error
	if c.Again != "" { // a host has forgotten what it showed
		_, err = g.Outbox.Do(ctx, check.Key+"/again/"+c.Again, op)
	} else {
		_, err = g.Outbox.Show(ctx, check.Key, op)
	}
	if err != nil {
		return err
	}
	fault.Point("check made")
	return g.DB.Update(ctx, func(tx *state.Tx) error { return tx.SetVerified(c.repository.Key(), c.Head) })
}

// comment is the comment that was written at the merge request; written is false if there is none yet.
func (g *Gate) comment(ctx context.Context, c matter) (w state.Write, written bool, err error) {
	if c.Number == 0 {
		return w, false, nil
	}
	err = g.DB.View(ctx, func(tx *state.Tx) (err error) {
		w, written, err = tx.Write(c.commentKey())
		return err
	})
	return w, written, err
}

// say writes the comment, or brings it up to date.
func (g *Gate) say(ctx context.Context, c matter, body string) error {
	_, before, err := g.comment(ctx, c)
	if err != nil {
		return err
	}
	r, err := g.Outbox.Do(ctx, c.commentKey(), outbox.Operation{Kind: outbox.Comment, Repo: c.repository.Repo, Number: c.Number, Body: body})
	fault.Point("verification told")
	if err != nil || !before {
		return err
	}
	_, err = g.Outbox.Show(ctx, c.commentKey(), outbox.Operation{Kind: outbox.EditComment, Repo: c.repository.Repo, Number: c.Number, CommentID: r.ID, Of: c.commentKey(), Body: body})
	return err
}
