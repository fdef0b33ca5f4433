package work

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
)

// move is how a change fares on the default branch as it moved.
type move struct {
	// head is the commit of the change's branch, base that of the default branch.
	head, base string
	// report is that of both merged; nil if they can't be, or if it is not known.
	report *bot.Report
}

// fallen shows at a merge request that its change, as its branch has it, fails on the default branch: the check turns red and the merge request a
// draft, so that nobody merges what was proven on another base. What can't be merged the forge tells by itself.
func (w *Worker) fallen(ctx context.Context, t *task, m move, why string) error {
	if m.report == nil || t.change.State != state.ChangeOpen {
		return nil
	}
	return w.fares(ctx, t, m, why)
}

// risen takes back what fallen showed, once the change holds.
func (w *Worker) risen(ctx context.Context, t *task, m move) error {
	if t.change.Reason == "" || t.change.State != state.ChangeOpen {
		return nil
	}
	return w.fares(ctx, t, m, "")
}

// fares shows how an open change fares. Why is empty if it holds.
func (w *Worker) fares(ctx context.Context, t *task, m move, why string) error {
	c := *t.change
	c.Draft, c.Reason, c.Verdict = why != "", why, string(m.report.Verdict)
	check := message.Verification{Key: checkKey(c), SHA: m.head, Report: m.report, Products: []message.Place{{Product: t.product.Name, Path: t.product.Path}}}.Check()
	if m.head != c.Head { // somebody else's commit
		check.Key = message.CheckKey(t.repository.Repo, m.head)
	}
	for _, op := range []outbox.Operation{
		{Kind: outbox.SetCheck, Repo: t.repository.Repo, Check: &check},
		{Kind: outbox.SetDraft, Repo: t.repository.Repo, Number: c.Number, Draft: c.Draft},
	} {
		if _, err := w.Outbox.Do(ctx, fmt.Sprintf("change/%s/%d/on/%s/%s", c.UID, c.Revision, short(m.base), op.Kind), op); err != nil && !refused(err) {
			return err
		}
	}
	if err := w.save(ctx, *t, func(tx *state.Tx) error { return keepChange(tx, *t, c) }); err != nil {
		return err
	}
	t.change = &c
	return nil
}

// checkKey is the key of the check at a change's head.
func checkKey(c state.Change) string { return fmt.Sprintf("change/%s/%d/check", c.UID, c.Revision) }
