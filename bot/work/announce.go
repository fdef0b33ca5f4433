package work

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// stageReading is what is said first of the work on a trigger.
const stageReading = "reading the requirement"

// stages are what the author says it does, by how that begins, and what is shown for it.
var stages = []struct {
	says  string
	stage message.Stage
}{
	{"reading", message.Reading}, {"copying", message.Reading}, {"building", message.Reading},
	{"writing", message.Writing}, {"proving", message.Writing},
	{"implementing", message.Implementing},
	{"verifying", message.Verifying}, {"repairing", message.Verifying}, {"reviewing", message.Verifying},
}

// StatusKey is under which the status comment of a trigger is written; its number is kept in the trigger.
func StatusKey(x state.Trigger) string { return fmt.Sprintf("trigger/%d/status", x.ID) }

// QuestionsKey is under which a trigger's questions of a round are asked.
func QuestionsKey(x state.Trigger, round int) string {
	return fmt.Sprintf("trigger/%d/questions/%d.%d", x.ID, x.Again, round)
}

// StatusComment is the first form of a trigger's status comment, which triage has written.
func StatusComment(seal *state.Seal, in forge.Repository, product string, x state.Trigger) outbox.Operation {
	body := message.Status{Key: x.Key, Product: product, Stage: message.Received, Requirement: x.Requirement}.Comment()
	return outbox.Operation{Kind: outbox.Comment, Repo: in.Repo, Number: x.Issue, Body: Remembering(seal, in, body, product, x)}
}

// Remembering is what is said of a trigger, with what the database knows of it hidden: see [state.Memo].
func Remembering(seal *state.Seal, in forge.Repository, body, product string, x state.Trigger) string {
	return seal.Hide(state.Memo{Repository: in.ID, Product: product, Triggers: []state.Trigger{x}}, body, message.Limit)
}

// commented says whether a trigger has a place where its asker is told of it.
func commented(x state.Trigger) bool { return x.Issue != 0 }

// status brings the status comment of a trigger up to date, for good.
func (w *Worker) status(ctx context.Context, t task, x state.Trigger, s message.Status) error {
	if !commented(x) {
		return nil
	}
	s.Key, s.Product, s.Requirement = x.Key, t.product.Name, x.Requirement
	at, err := w.statusAt(ctx, t, x)
	if err != nil {
		return unlessRefused(err)
	}
	w.shown.forget(x.ID)
	body := Remembering(w.Seal, t.repository.Repository, s.Comment(), t.product.Name, x)
	_, err = w.Outbox.Do(ctx, statusEdit(t, x, s.Stage, body), outbox.Operation{Kind: outbox.EditComment, Repo: t.repository.Repo, Number: x.Issue, CommentID: at, Of: StatusKey(x), Body: body})
	return unlessRefused(err)
}

func revision(c *state.Change) int {
	if c == nil {
		return 0
	}
	return c.Revision
}

// statusAt is the number of a trigger's status comment, which is made if it is not there yet.
func (w *Worker) statusAt(ctx context.Context, t task, x state.Trigger) (int64, error) {
	r, err := w.Outbox.Do(ctx, StatusKey(x), StatusComment(w.Seal, t.repository.Repository, t.product.Name, x))
	return r.ID, err
}

// unlessRefused leaves out that a host refused a comment, which is logged: the issue may be locked or gone.
func unlessRefused(err error) error {
	var dead *outbox.DeadError
	if errors.As(err, &dead) {
		return nil
	}
	return err
}

// teller shows on the status comment how far the work is. What is shown is worth no second attempt: the next stage shows another.
func (w *Worker) teller(ctx context.Context, t task, x state.Trigger) func(string) {
	if !commented(x) {
		return func(what string) {
			w.Log.Debug("work", "product", t.product.Name, "change", t.change.UID, "doing", what)
		}
	}
	round := 0
	return func(what string) {
		w.Log.Debug("work", "product", t.product.Name, "change", t.change.UID, "doing", what)
		for _, s := range stages {
			if !strings.HasPrefix(what, s.says) {
				continue
			}
			if s.stage == message.Verifying && strings.HasPrefix(what, "verifying") {
				round++
			}
			if w.shown.show(x.ID, s.stage, round) {
				w.showStage(ctx, t, x, s.stage, round)
			}
			return
		}
	}
}

func (w *Worker) showStage(ctx context.Context, t task, x state.Trigger, stage message.Stage, round int) {
	at, err := w.statusAt(ctx, t, x)
	host, ok := w.Hosts(t.repository.Host)
	if err != nil || !ok {
		return
	}
	if now, known := w.trigger(ctx, x.ID); !known || now.State == state.TriggerCancelled {
		return
	}
	body := message.Status{Key: x.Key, Product: t.product.Name, Stage: stage, Requirement: x.Requirement, Round: round}.Comment()
	body = Remembering(w.Seal, t.repository.Repository, body, t.product.Name, x)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := host.EditComment(ctx, t.repository.Repo, at, body+"\n"+outbox.Mark(StatusKey(x))+"\n"); err != nil {
		w.Log.Debug("a stage is not shown", "error", err)
	}
}

// answer ends a trigger with a reason.
func (w *Worker) answer(ctx context.Context, t task, x state.Trigger, end state.TriggerState, reason string) error {
	return w.answerWith(ctx, t, x, end, &author.Outcome{Kind: author.Failed, Explanation: reason, Requirement: x.Requirement, Product: t.product.Name})
}

// stageOf is what is shown for an outcome.
func stageOf(o *author.Outcome) message.Stage {
	switch o.Kind {
	case author.Met:
		return message.Met
	case author.Conflict:
		return message.Conflict
	case author.Elsewhere:
		return message.Elsewhere
	case author.OverBudget:
		return message.OverBudget
	}
	return message.Failed
}

// answerWith ends a trigger with what the author came to: its asker is told, and a change that has nothing else to do is over.
func (w *Worker) answerWith(ctx context.Context, t task, x state.Trigger, end state.TriggerState, o *author.Outcome) error {
	then := x
	then.State, then.Reason, then.ChangeID = end, o.Explanation, 0
	if err := w.status(ctx, t, then, message.Status{Stage: stageOf(o), Outcome: o, Requirements: o.Asked()}); err != nil {
		return err
	}
	if err := w.answerElsewhere(ctx, t, x, end, o); err != nil {
		return err
	}
	w.Log.Info("a trigger is answered", "product", t.product.Name, "repository", t.repository.String(), "trigger", x.Key, "outcome", o.Kind, "why", o.Explanation)
	return w.save(ctx, t, func(tx *state.Tx) error {
		x.State, x.Reason = end, o.Explanation
		of := x.ChangeID
		x.ChangeID = 0
		if err := w.ended(ctx, tx, x); err != nil || of == 0 {
			return err
		}
		return tx.AbandonIfEmpty(of, o.Explanation)
	})
}

// ended keeps a trigger, and has its campaign go on.
func (w *Worker) ended(ctx context.Context, tx *state.Tx, x state.Trigger) error {
	if err := keep(tx, x); err != nil || x.CampaignID == 0 || w.Campaigns == "" {
		return err
	}
	return w.Queue.Add(ctx, tx, w.Campaigns, fmt.Sprint(x.CampaignID))
}

// answerElsewhere tells of triggers that nobody asked at an issue: of a spec's edit at its commit, of a moved base at the merge request.
func (w *Worker) answerElsewhere(ctx context.Context, t task, x state.Trigger, end state.TriggerState, o *author.Outcome) error {
	switch {
	case commented(x):
		return nil
	case x.Kind == state.KindSpec:
		conclusion := forge.Success
		if end == state.TriggerFailed {
			conclusion = forge.Failure
		}
		return w.tellEdit(ctx, t, x, o, conclusion)
	case (x.Kind == state.KindBase && end == state.TriggerFailed || x.Kind == state.KindRedo) && t.change != nil && t.change.Number != 0:
		key := fmt.Sprintf("trigger/%d/answer", x.ID)
		_, err := w.Outbox.Do(ctx, key, outbox.Operation{Kind: outbox.Comment, Repo: t.repository.Repo, Number: t.change.Number, Body: message.Said(key, o.Explanation)})
		return unlessRefused(err)
	}
	return nil
}

// tellEdit shows at the commit that edited a spec by hand what comes of it.
func (w *Worker) tellEdit(ctx context.Context, t task, x state.Trigger, o *author.Outcome, how forge.Conclusion) error {
	if x.Commit == "" {
		return nil
	}
	check := message.SpecCheck(t.product.Name, x.Commit, o, how)
	check.Key = fmt.Sprintf("trigger/%d/check", x.ID)
	_, err := w.Outbox.Show(ctx, check.Key, outbox.Operation{Kind: outbox.SetCheck, Repo: t.repository.Repo, Check: &check})
	return unlessRefused(err)
}

// mostRounds is how often questions are asked about one requirement.
const mostRounds = 2

// ask asks questions at the issue, and lets the product go meanwhile. Where nobody can be asked, what would be assumed is taken.
func (w *Worker) ask(ctx context.Context, t task, x state.Trigger, o *author.Outcome) error {
	if x.Round >= mostRounds {
		o.Kind = author.Failed
		o.Explanation = fmt.Sprintf("After %d rounds of questions it is still not clear: %s Say it anew with `/amend`, with all that matters.", x.Round, strings.TrimSpace(o.Explanation))
		return w.answerWith(ctx, t, x, state.TriggerFailed, o)
	}
	x.Round++
	if !commented(x) {
		return w.assume(ctx, t, x, o)
	}
	deadline := w.DB.Now().Add(w.patience()).Truncate(time.Minute)
	inquiry := message.Inquiry{Key: QuestionsKey(x, x.Round), Product: t.product.Name, Asker: x.Author, Round: x.Round, Questions: o.Questions, Deadline: deadline}
	then := x
	then.State, then.ChangeID, then.AskedAt, then.Reminded, then.Questions = state.TriggerAsked, 0, w.DB.Now().Truncate(time.Minute), false, nil
	for _, q := range o.Questions {
		then.Questions = append(then.Questions, state.Question{Ask: q.Ask, Assume: q.Assume})
	}
	r, err := w.Outbox.Do(ctx, inquiry.Key, outbox.Operation{Kind: outbox.Comment, Repo: t.repository.Repo, Number: x.Issue, Body: Remembering(w.Seal, t.repository.Repository, inquiry.Comment(), t.product.Name, then)})
	if refused(err) { // the issue is locked or gone
		return w.assume(ctx, t, x, o)
	}
	if err != nil {
		return err
	}
	if err := w.status(ctx, t, then, message.Status{Stage: message.Asking, Questions: &message.Reference{Number: x.Issue, URL: r.URL}}); err != nil {
		return err
	}
	return w.save(ctx, t, func(tx *state.Tx) error {
		then.AskedAt = tx.Now()
		if err := keep(tx, then); err != nil {
			return err
		}
		return tx.AbandonIfEmpty(x.ChangeID, "It waits for answers.")
	})
}

// assume goes on with what would be assumed.
func (w *Worker) assume(ctx context.Context, t task, x state.Trigger, o *author.Outcome) error {
	for _, q := range o.Questions {
		x.Answers = append(x.Answers, state.Question{Ask: q.Ask, Assume: q.Assume}.Assumed())
	}
	return w.save(ctx, t, func(tx *state.Tx) error { return keep(tx, x) })
}

// patience is how long questions wait.
func (w *Worker) patience() time.Duration {
	if w.Patience == 0 {
		return 7 * 24 * time.Hour
	}
	return w.Patience
}

// wait says that a trigger waits, once.
func (w *Worker) wait(ctx context.Context, t task, x state.Trigger, why string) error {
	x.Reason = why
	if err := w.tellWaiting(ctx, t, x); err != nil {
		return err
	}
	return w.save(ctx, t, func(tx *state.Tx) error { return keep(tx, x) })
}

func (w *Worker) tellWaiting(ctx context.Context, t task, x state.Trigger) error {
	if x.Kind == state.KindSpec {
		return w.tellEdit(ctx, t, x, &author.Outcome{Explanation: x.Reason}, forge.Pending)
	}
	return w.status(ctx, t, x, message.Status{Stage: message.Waiting, Behind: &message.Reference{Number: t.change.Number, URL: t.change.URL}, Outcome: &author.Outcome{Explanation: x.Reason}})
}

// tellOpen is the part of a transaction that has whoever asked be told that the merge request is there. It must not be told later than that the
// merge request was merged.
func (w *Worker) tellOpen(ctx context.Context, t task, p publication) (tell func(*state.Tx) error, err error) {
	var triggers []state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		triggers, err = tx.TriggersOfChange(t.change.ID)
		return err
	}); err != nil {
		return nil, err
	}
	edits := map[string]outbox.Operation{}
	for _, x := range triggers {
		if x.Kind == state.KindSpec {
			if err := w.tellEdit(ctx, t, x, &author.Outcome{Explanation: fmt.Sprintf("Merge request #%d declares the edit in the ledger.", t.change.Number)}, forge.Neutral); err != nil {
				return nil, err
			}
		}
		if !commented(x) {
			continue
		}
		at, err := w.statusAt(ctx, t, x)
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w.shown.forget(x.ID)
		s := message.Status{Key: x.Key, Product: t.product.Name, Requirement: x.Requirement, Stage: message.Ready, MergeRequest: &message.Reference{Number: t.change.Number, URL: t.change.URL}, Draft: p.Draft, Facts: p.Facts}
		body := Remembering(w.Seal, t.repository.Repository, s.Comment(), t.product.Name, x)
		edits[statusEdit(t, x, s.Stage, body)] = outbox.Operation{Kind: outbox.EditComment, Repo: t.repository.Repo, Number: x.Issue, CommentID: at, Of: StatusKey(x), Body: body}
	}
	return func(tx *state.Tx) error {
		for key, op := range edits {
			if err := w.Outbox.Later(ctx, tx, key, op); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// statusEdit is the key of an edit of a trigger's status comment. The same may be said again after something else was shown between: what is
// tried again, and each revision, tells anew.
func statusEdit(t task, x state.Trigger, stage message.Stage, body string) string {
	return fmt.Sprintf("%s/%s/%d.%d.%d/%s", StatusKey(x), stage, x.Again, x.Attempts, revision(t.change), fingerprint(body))
}

// tellRedone answers whoever asked for a change to be made anew.
func (w *Worker) tellRedone(ctx context.Context, t task, p publication) error {
	var x state.Trigger
	if err := w.DB.View(ctx, func(tx *state.Tx) (err error) {
		x, _, err = tx.Trigger(p.Trigger)
		return err
	}); err != nil || x.Kind != state.KindRedo {
		return err
	}
	key := fmt.Sprintf("trigger/%d/answer", x.ID)
	said := fmt.Sprintf("This is made anew on %s, as it is at %s.", t.repository.DefaultBranch, short(p.Base))
	_, err := w.Outbox.Do(ctx, key, outbox.Operation{Kind: outbox.Comment, Repo: t.repository.Repo, Number: t.change.Number, Body: message.Said(key, said)})
	return unlessRefused(err)
}

// giveUp ends a change that can't be brought to the forge, and tells whoever asked for it.
func (w *Worker) giveUp(ctx context.Context, t task, triggers []state.Trigger, why string) error {
	o := &author.Outcome{Kind: author.Failed, Explanation: why, Product: t.product.Name}
	for _, x := range triggers {
		x.State, x.Reason = state.TriggerFailed, why
		if err := w.status(ctx, t, x, message.Status{Stage: message.Failed, Outcome: o}); err != nil {
			return err
		}
		if err := w.answerElsewhere(ctx, t, x, state.TriggerFailed, o); err != nil {
			return err
		}
	}
	w.Log.Error("a change is given up", "change", t.change.UID, "product", t.product.Name, "why", why)
	return w.save(ctx, t, func(tx *state.Tx) error {
		c := *t.change
		c.State, c.Reason, c.Publication = state.ChangeAbandoned, why, nil
		if err := keepChange(tx, t, c); err != nil {
			return err
		}
		for _, x := range triggers {
			x.State, x.Reason = state.TriggerFailed, why
			if err := w.ended(ctx, tx, x); err != nil {
				return err
			}
		}
		return nil
	})
}
