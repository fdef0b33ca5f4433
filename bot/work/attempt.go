package work

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// site is a place on disk where one attempt is made.
type site struct {
	folder string
	mirror *mirror.Mirror
	// base is the default branch's commit, start the commit that the attempt goes on from: base's, or that of the open change's branch.
	base, start string
	// layout is start with the neighbours.
	layout workspace.Layout
	others []workspace.Member
	// rules are the guidelines in force; ruled says that there are any to be had.
	rules []guideline.Guideline
	ruled bool
}

func (s *site) close() { _ = os.RemoveAll(s.folder) }

// begin marks a trigger as being worked on, as part of a change.
func (w *Worker) begin(ctx context.Context, t *task, x *state.Trigger) error {
	if x.State == state.TriggerWorking && t.change != nil && x.ChangeID == t.change.ID {
		return nil
	}
	return w.save(ctx, *t, func(tx *state.Tx) error {
		if t.change == nil {
			c := state.Change{UID: newUID(), ProductID: t.product.ID, State: state.ChangeWorking, Branch: mirror.BranchName(t.product.Path, t.product.Name)}
			id, err := tx.AddChange(c)
			if err != nil {
				return err
			}
			c.ID = id
			t.change = &c
		}
		x.State, x.ChangeID, x.Reason = state.TriggerWorking, t.change.ID, ""
		if x.Order == "" {
			x.Order = t.change.UID
		}
		return keep(tx, *x)
	})
}

// newUID names a change.
func newUID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// attempt has the author do what a trigger asks, and keeps what comes of it.
func (w *Worker) attempt(ctx context.Context, t task, x state.Trigger) error {
	if err := w.begin(ctx, &t, &x); err != nil {
		return unlessTakenBack(err)
	}
	ctx, done := w.watch(ctx, x)
	defer done()
	say := w.teller(ctx, t, x)
	say(stageReading)
	s, err := w.site(ctx, t, w.since(t, x))
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	defer s.close()
	if lacks, err := w.lacks(ctx, t, s); err != nil {
		return w.stumbled(ctx, t, x, err)
	} else if lacks {
		return w.setAside(ctx, t, x, s)
	}
	outcome, err := w.author(ctx, t, x, s, s.layout, "", say)
	fault.Point("author done")
	var unfit *author.UnfitError
	if errors.As(err, &unfit) {
		return w.answer(ctx, t, x, state.TriggerFailed, unfit.Error()+".")
	}
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	if x.Kind == state.KindInit && outcome.Product != "" {
		t.product.Name = outcome.Product // until now it was called by its folder
	}
	err = w.conclude(ctx, t, x, s, outcome)
	if err != nil {
		return w.stumbled(ctx, t, x, err)
	}
	return nil
}

// stumbled puts a trigger off whose work came to nothing for reasons that lie outside it, and gives it up in the end.
func (w *Worker) stumbled(ctx context.Context, t task, x state.Trigger, cause error) error {
	if errors.Is(cause, errTakenBack) || errors.Is(context.Cause(ctx), errTakenBack) {
		return w.takenBack(ctx, t, x)
	}
	if ctx.Err() != nil || errors.Is(cause, errLost) || errors.Is(cause, errOver) {
		return cause // the process ends; the next one goes on
	}
	if passes(cause) {
		w.Log.Info("an attempt at a change waits", "product", t.product.Name, "repository", t.repository.String(), "change", t.change.UID, "error", cause)
		return cause
	}
	most := w.Attempts
	if most == 0 {
		most = defaultAttempts
	}
	w.Log.Warn("an attempt at a change came to nothing", "product", t.product.Name, "repository", t.repository.String(), "change", t.change.UID, "attempt", x.Attempts+1, "error", cause)
	if x.Attempts+1 >= most {
		return w.answer(ctx, t, x, state.TriggerFailed, fmt.Sprintf("It was tried %d times, and something outside the product stood in the way each time: %v. `/codicil retry` tries again.", most, cause))
	}
	x.Attempts++
	if err := w.save(ctx, t, func(tx *state.Tx) error { return keep(tx, x) }); err != nil {
		return err
	}
	return &queue.LaterError{Until: w.DB.Now().Add(pause(x.Attempts)), Why: cause.Error()}
}

// passes says that a forge, its git or the disk stood in the way, of which time is the cure: the queue tries it again, and it is not held against the
// trigger.
func passes(err error) bool {
	if _, _, ok := forge.MayRetry(err); ok {
		return true
	}
	var git interface{ Retryable() bool }
	return errors.As(err, &git) && git.Retryable()
}

// pause is how long to wait after so many attempts.
func pause(attempts int) time.Duration {
	return min(2*time.Second<<min(attempts-1, 8), 5*time.Minute)
}

// shared is how long products that are worked on one after the other may share what was fetched of their repositories.
const shared = 10 * time.Second

// since is as how old the forge's branches may be in an attempt: all that the triggers are about was there when they came. Where a merge request is open,
// people may have pushed to its branch just now.
func (w *Worker) since(t task, x state.Trigger) time.Time {
	now := w.DB.Now()
	if x.Attempts > 0 || t.change != nil && t.change.State == state.ChangeOpen {
		return now
	}
	at := now.Add(-shared)
	for _, x := range t.triggers {
		if x.Created.After(at) {
			at = x.Created
		}
	}
	return at
}

// site fetches what an attempt needs unless it was fetched since a time, and lays it out.
func (w *Worker) site(ctx context.Context, t task, since time.Time) (*site, error) {
	s := &site{mirror: w.Library.Mirror(t.repository.Repository)}
	var err error
	if err = s.mirror.FetchSince(ctx, since); err != nil {
		return nil, err
	}
	branch := func(name string) (string, error) {
		sha, ok, err := s.mirror.Resolve(ctx, name)
		if err == nil && !ok {
			err = fmt.Errorf("%s has no branch %s", t.repository, name)
		}
		return sha, err
	}
	if s.base, err = branch(t.repository.DefaultBranch); err != nil {
		return nil, err
	}
	s.start = s.base
	if t.change.State == state.ChangeOpen {
		if s.start, err = branch(t.change.Branch); err != nil {
			return nil, err
		}
	}
	if s.rules, s.ruled, err = w.Rules(ctx, t.repository.Repo, since); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp(w.Scratch, "codicil-work-"); err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	fault.Point("scratch made")
	if s.others, err = w.Library.Around(ctx, w.DB, since, t.product.ID); err == nil {
		s.layout, err = w.lay(ctx, t, s, s.start, "start")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// lay writes a commit of the product's repository, with the neighbours, into a folder of the site.
func (w *Worker) lay(ctx context.Context, t task, s *site, commit, name string) (workspace.Layout, error) {
	dir := filepath.Join(s.folder, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return workspace.Layout{}, fmt.Errorf("make a scratch folder: %w", err)
	}
	main := workspace.Member{Repository: t.repository.Repository, Commit: commit}
	if t.product.Gone { // it has no spec yet by which it is found
		main.Products = []string{t.product.Path}
	}
	return w.Library.Lay(ctx, dir, t.repository.DefaultBranch+" ("+short(commit)+")", main, s.others)
}

// author does the work that a kind of trigger asks for, on a tree. Round tells apart the times that it is done anew.
func (w *Worker) author(ctx context.Context, t task, x state.Trigger, s *site, at workspace.Layout, round string, say func(string)) (*author.Outcome, error) {
	a, release, err := w.Authors(ctx, Order{Name: orderName(x) + round, Say: say, Guidelines: s.rules, Given: s.ruled})
	if err != nil {
		return nil, err
	}
	defer release()
	job := author.Job{Tree: at.Tree, Path: at.Path(t.product.Path), Requirement: x.Requirement, Answers: given(x.Answers), AssumeYes: x.AssumeYes, Origin: origin(x), Supersede: supersede(x.Supersede), Evidence: x.Evidence}
	o, err := w.do(ctx, t, x, s, a, job)
	if o != nil {
		at.Home(o.Report)
	}
	return o, err
}

// orderName is under which the model's answers in the work on a trigger are kept. Work that somebody wants tried again asks anew.
func orderName(x state.Trigger) string {
	name := fmt.Sprintf("%s/%d", x.Order, x.ID)
	if x.Again > 0 {
		name += fmt.Sprintf("/again/%d", x.Again)
	}
	return name
}

// do has an author do the job of a kind of trigger.
func (w *Worker) do(ctx context.Context, t task, x state.Trigger, s *site, a Author, job author.Job) (*author.Outcome, error) {
	switch x.Kind {
	case state.KindGuideline:
		return w.rule(ctx, x, a, job)
	case state.KindSpec:
		return w.follow(ctx, t, x, s, a, job)
	case state.KindRefresh:
		if x.Guideline != "" {
			return w.rule(ctx, x, a, job)
		}
		return a.Refresh(ctx, job)
	case state.KindInit:
		return a.Draft(ctx, author.Newcomer{Job: job, Owner: spec.Owner{Team: x.Author}})
	}
	return a.Amend(ctx, job)
}

// rule has a guideline adopted, or let go.
func (w *Worker) rule(ctx context.Context, x state.Trigger, a Author, job author.Job) (*author.Outcome, error) {
	g, ok, err := w.RuleAt(ctx, x.Source, x.Commit, x.Guideline)
	if x.Withdrawn {
		g, ok, err = w.RuleAt(ctx, x.Source, x.Before, x.Guideline)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the guideline %s is not in %s at %s", x.Guideline, x.Source, short(x.Commit))
	}
	job.Guideline = &g
	if x.Before != "" && !x.Withdrawn {
		before, ok, err := w.RuleAt(ctx, x.Source, x.Before, x.Guideline)
		if err != nil {
			return nil, err
		}
		if ok && before.Revision != g.Revision {
			job.GuidelineBefore = &before
		}
	}
	switch {
	case x.Withdrawn:
		return a.Withdraw(ctx, job)
	case x.Kind == state.KindRefresh:
		return a.Refresh(ctx, job)
	}
	return a.Adopt(ctx, job)
}

// follow has a product made to meet its spec as it was edited by hand.
func (w *Worker) follow(ctx context.Context, t task, x state.Trigger, s *site, a Author, job author.Job) (*author.Outcome, error) {
	before, err := w.lay(ctx, t, s, x.Before, "before-the-edit")
	if err != nil {
		return nil, err
	}
	job.TreeBefore = &before.Tree
	return a.Follow(ctx, job)
}

// given are the answers that people gave, and those that were assumed.
func given(answers []state.Answer) (out []spec.Question) {
	for _, a := range answers {
		text := a.Answer
		if a.Assumed {
			text += " (assumed)"
		}
		out = append(out, spec.Question{Ask: a.Ask, Answer: text})
	}
	return out
}

// origin is where an amendment for a trigger comes from.
func origin(x state.Trigger) spec.Origin {
	at := x.At.UTC().Truncate(time.Second)
	o := spec.Origin{Kind: string(x.Kind), URL: x.URL, Author: x.Author, At: &at}
	if x.Guideline != "" {
		o.ID, o.Revision = x.Guideline, x.Revision
	}
	return o
}

// supersede reads what an asker lets go: N or N:check.
func supersede(texts []string) (out []author.Supersede) {
	for _, s := range texts {
		id, check, _ := strings.Cut(s, ":")
		if n, err := strconv.Atoi(id); err == nil {
			out = append(out, author.Supersede{Amendment: n, Check: check})
		}
	}
	return out
}
