package work

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
)

// rebase proves an open change on the default branch as it is now, and has it made anew only if that fails, or if somebody asks.
func (w *Worker) rebase(ctx context.Context, t task, x state.Trigger) error {
	if err := w.begin(ctx, &t, &x); err != nil {
		return unlessTakenBack(err)
	}
	s, err := w.site(ctx, t, w.DB.Now())
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	defer s.close()
	merged, err := s.mirror.IsAncestor(ctx, s.start, s.base)
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	if merged { // which is told in a moment
		return w.answer(ctx, t, x, state.TriggerAnswered, "The merge request is merged.")
	}
	moved := move{head: s.start, base: s.base}
	if x.Kind == state.KindBase {
		var why string
		if moved.report, why, err = w.stillHolds(ctx, t, x, s); err == nil && why == "" {
			err = w.risen(ctx, &t, moved)
		}
		switch {
		case err != nil:
			return w.stumbled(ctx, t, x, err)
		case why == "":
			return w.settled(ctx, t, x, s.base)
		}
		x.Evidence = []string{why}
		if lacks, err := w.lacks(ctx, t, s); err != nil {
			return w.stumbled(ctx, t, x, err)
		} else if lacks { // somebody may want it so
			c := *t.change
			c.Foreign = s.start
			return w.answer(ctx, t, x, state.TriggerFailed, why+" "+rewritten(&c))
		}
	}
	foreign, err := w.foreign(ctx, s, s.start)
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	if foreign != "" {
		why := fmt.Sprintf("The branch holds commits of %s, which are not overwritten.", foreign)
		if x.Kind == state.KindBase {
			if err := w.fallen(ctx, &t, moved, x.Evidence[0]); err != nil {
				return w.stumbled(ctx, t, x, err)
			}
			why = strings.Join(x.Evidence, " ") + " " + why + " Merge the default branch into it by hand, or take those commits away and comment `/codicil rebase`."
		}
		return w.answer(ctx, t, x, state.TriggerFailed, why)
	}
	if err := w.redo(ctx, t, x, s, moved); err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	return nil
}

// stillHolds proves the change merged with the default branch; why says what stands against it, and is empty if it holds. What can't be merged has
// no report.
func (w *Worker) stillHolds(ctx context.Context, t task, x state.Trigger, s *site) (report *bot.Report, why string, err error) {
	merged, conflicts, err := s.mirror.Merge(ctx, s.start, s.base, "merge for a proof, never pushed", x.Created)
	if err != nil {
		return nil, "", err
	}
	if len(conflicts) > 0 {
		return nil, fmt.Sprintf("The default branch moved, and %s can't be merged.", strings.Join(conflicts[:min(len(conflicts), 3)], ", ")), nil
	}
	report, err = w.prove(ctx, t, s, merged)
	if err != nil {
		return nil, "", err
	}
	if report.Verdict != bot.VerdictFail {
		return report, "", nil
	}
	return report, "The default branch moved, and on it this fails: " + firstFailure(report) + ".", nil
}

func firstFailure(r *bot.Report) string {
	for _, x := range r.Results {
		if x.Status == bot.Fail {
			return x.Product + ": " + x.Name
		}
	}
	return "the verification"
}

// failures are the names of all results that fail.
func failures(r *bot.Report) (out []string) {
	for _, x := range r.Results {
		if x.Status == bot.Fail {
			out = append(out, x.Product+": "+x.Name)
		}
	}
	return out
}

// settled notes that a change holds on a newer base. Nothing is pushed: approvals are not thrown away.
func (w *Worker) settled(ctx context.Context, t task, x state.Trigger, base string) error {
	return w.save(ctx, t, func(tx *state.Tx) error {
		c := *t.change
		c.Base = base
		if err := keepChange(tx, t, c); err != nil {
			return err
		}
		x.State, x.ChangeID, x.Reason = state.TriggerAnswered, 0, "It still holds on the default branch as it is now."
		return keep(tx, x)
	})
}

// foreign names who else has commits on a branch at a commit; empty if all are the bot's own, of whichever change.
func (w *Worker) foreign(ctx context.Context, s *site, head string) (string, error) {
	commits, err := s.mirror.Log(ctx, s.base, head)
	if err != nil {
		return "", err
	}
	var names []string
	for _, c := range commits {
		own := c.CommitterEmail == w.Committer && slices.ContainsFunc(c.Trailers, func(t mirror.Trailer) bool { return t.Key == "Codicil-Change" })
		if !own && !slices.Contains(names, c.Author) {
			names = append(names, c.Author)
		}
	}
	return strings.Join(names[:min(len(names), 3)], ", "), nil
}

// redo makes the whole change anew on the default branch: each requirement in turn, on top of those before it. Moved is how it fares
// there as it is.
func (w *Worker) redo(ctx context.Context, t task, x state.Trigger, s *site, moved move) error {
	var triggers []state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		triggers, err = tx.AskedOf(t.change.ID)
		return err
	}); err != nil {
		return err
	}
	branch, round := s.start, "/on/"+short(s.base)
	if x.Kind == state.KindRedo {
		round = fmt.Sprintf("/redo/%d", x.ID)
	}
	var o *author.Outcome
	var files []string
	var kept []state.Trigger
	s.start = s.base
	for _, one := range triggers {
		at, err := w.lay(ctx, t, s, s.start, fmt.Sprintf("redo-%d", one.ID))
		if err != nil {
			return err
		}
		made, err := w.author(ctx, t, one, s, at, round, func(string) {})
		if err != nil {
			return err
		}
		if made.Kind == author.Met {
			if err := w.metMeanwhile(ctx, t, one, made); err != nil {
				return err
			}
			continue
		}
		if !made.Green() {
			return w.notAnew(ctx, t, x, moved, made)
		}
		commit, changed, err := w.commit(ctx, t, one, s, made)
		if err != nil {
			return err
		}
		o, s.start, files, kept = made, commit, append(files, changed...), append(kept, one)
	}
	if len(kept) == 0 && len(triggers) > 0 {
		return w.needless(ctx, t, x)
	}
	if o == nil {
		if err := w.fallen(ctx, &t, moved, "It fails on the default branch."); err != nil {
			return err
		}
		return w.answer(ctx, t, x, state.TriggerFailed, "It is not known any more what the merge request was for; close it and ask anew.")
	}
	report, err := w.prove(ctx, t, s, s.start)
	if err != nil {
		return err
	}
	p := publication{Commit: s.start, Expected: branch, Base: s.base, Draft: report.Verdict == bot.VerdictFail, Files: files}
	if p.Bundle, err = s.mirror.Bundle(ctx, s.base, s.start); err != nil {
		return err
	}
	if err := w.word(ctx, t, s, &p, kept, o, report); err != nil {
		return err
	}
	return w.ready(ctx, t, x, p, report)
}

// metMeanwhile ends a trigger of an open change that the default branch meets by now.
func (w *Worker) metMeanwhile(ctx context.Context, t task, one state.Trigger, o *author.Outcome) error {
	return w.answerWith(ctx, t, one, state.TriggerAnswered, o)
}

// needless closes the merge request of a change that nothing asks for any more.
func (w *Worker) needless(ctx context.Context, t task, x state.Trigger) error {
	const why = "The default branch holds all of this by now, so this merge request is closed."
	key := fmt.Sprintf("trigger/%d/needless", x.ID)
	if _, err := w.Outbox.Do(ctx, key, outbox.Operation{Kind: outbox.Comment, Repo: t.repository.Repo, Number: t.change.Number, Body: message.Said(key, why)}); err != nil && !refused(err) {
		return err
	}
	closed := false
	if _, err := w.Outbox.Do(ctx, key+"/close", outbox.Operation{Kind: outbox.EditRequest, Repo: t.repository.Repo, Number: t.change.Number, Open: &closed}); err != nil && !refused(err) {
		return err
	}
	return w.save(ctx, t, func(tx *state.Tx) error {
		c := *t.change
		c.State, c.Reason, c.Publication = state.ChangeAbandoned, why, nil
		if err := keepChange(tx, t, c); err != nil {
			return err
		}
		x.State, x.ChangeID, x.Reason = state.TriggerAnswered, 0, why
		return keep(tx, x)
	})
}

// notAnew says that a change can't be made anew, and leaves it as it is: red, if it fails on the default branch.
func (w *Worker) notAnew(ctx context.Context, t task, x state.Trigger, moved move, o *author.Outcome) error {
	why := strings.Join(append(x.Evidence, fmt.Sprintf("It can't be made anew there: %s", o.Explanation)), " ")
	if err := w.fallen(ctx, &t, moved, why); err != nil {
		return err
	}
	return w.answer(ctx, t, x, state.TriggerFailed, why)
}
