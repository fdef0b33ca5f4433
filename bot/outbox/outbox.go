// Package outbox writes on a forge, each thing once, whatever fails or is killed when.
//
// A write is stored under its key before it is made. An attempt whose answer was lost may have been carried out; so before it is made
// again, what it would have made is looked for under the bot's own identity, and only after the time in which a write may be there without
// being listed. What comes to light twice all the same is removed.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// Host is what is written on.
type Host interface {
	Self(ctx context.Context) (forge.User, error)
	Comments(ctx context.Context, repo forge.Repo, number int, since time.Time) ([]forge.Comment, error)
	CreateComment(ctx context.Context, repo forge.Repo, number int, body string) (forge.Comment, error)
	EditComment(ctx context.Context, repo forge.Repo, id int64, body string) (forge.Comment, error)
	DeleteComment(ctx context.Context, repo forge.Repo, id int64) error
	React(ctx context.Context, repo forge.Repo, comment int64, r forge.Reaction) error
	ReactToIssue(ctx context.Context, repo forge.Repo, number int, r forge.Reaction) error
	CloseIssue(ctx context.Context, repo forge.Repo, number int, reason forge.CloseReason) error
	MergeRequests(ctx context.Context, repo forge.Repo, f forge.MergeRequestFilter) ([]forge.MergeRequest, error)
	MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error)
	OpenMergeRequest(ctx context.Context, repo forge.Repo, n forge.NewMergeRequest) (forge.MergeRequest, error)
	EditMergeRequest(ctx context.Context, repo forge.Repo, number int, e forge.MergeRequestEdit) (forge.MergeRequest, error)
	SetDraft(ctx context.Context, repo forge.Repo, mr forge.MergeRequest, draft bool) error
	EnsureLabel(ctx context.Context, repo forge.Repo, l forge.Label) error
	AddLabels(ctx context.Context, repo forge.Repo, number int, names []string) error
	RemoveLabel(ctx context.Context, repo forge.Repo, number int, name string) error
	RequestReviewers(ctx context.Context, repo forge.Repo, number int, users, teams []string) (refused []string, err error)
	Checks(ctx context.Context, repo forge.Repo, sha, name string) ([]forge.Check, error)
	CreateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error)
	UpdateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error)
}

// Pusher moves branches.
type Pusher interface {
	// Push puts the commits of a bundle on a branch that is at expected, or not there if that is empty.
	Push(ctx context.Context, repo forge.Repo, bundle []byte, commit, branch, expected string) error
	DeleteBranch(ctx context.Context, repo forge.Repo, branch, expected string) error
}

// Line is the queue's line in which writes are made that nobody waits for.
const Line = "forge"

// Outbox writes. It is safe for concurrent use.
type Outbox struct {
	// Hosts finds the host of a repository.
	Hosts func(host string) (Host, bool)
	Git   Pusher
	DB    *state.DB
	// Queue makes the writes that nobody waits for.
	Queue *queue.Queue
	Log   *slog.Logger
	// Visibility is how long a write may be there without being listed.
	Visibility time.Duration

	keys  keyed[int64]
	edits keyed[string]
}

// DeadError says that a write was refused for good.
type DeadError struct{ Key, Why string }

// Error says why.
func (e *DeadError) Error() string { return fmt.Sprintf("write %s: %s", e.Key, e.Why) }

// Do makes a write, and returns what it made. Asked again under the same key, it returns the same result, and writes nothing. A *DeadError
// is final; after others it may be asked again.
func (o *Outbox) Do(ctx context.Context, key string, op Operation) (Result, error) {
	w, err := o.Keep(ctx, key, op)
	if err != nil {
		return Result{}, err
	}
	return o.perform(ctx, w.ID)
}

// Keep stores a write without making it: Do under the same key, or [Outbox.Perform], makes what was stored then.
func (o *Outbox) Keep(ctx context.Context, key string, op Operation) (w state.Write, err error) {
	err = o.DB.Update(ctx, func(t *state.Tx) error {
		w, err = add(t, key, op)
		return err
	})
	fault.Point("write kept")
	return w, err
}

// Later stores a write as part of a transaction; the queue makes it.
func (o *Outbox) Later(ctx context.Context, t *state.Tx, key string, op Operation) error {
	return o.later(ctx, t, key, op, time.Time{})
}

// later is Later, not before a time.
func (o *Outbox) later(ctx context.Context, t *state.Tx, key string, op Operation, at time.Time) error {
	w, err := add(t, key, op)
	if err != nil || w.State != state.WritePending {
		return err
	}
	return o.Queue.AddAt(ctx, t, Line, fmt.Sprintf("write/%d", w.ID), at)
}

func add(t *state.Tx, key string, op Operation) (state.Write, error) {
	payload, err := json.Marshal(op)
	if err != nil {
		return state.Write{}, fmt.Errorf("write %s: %w", key, err)
	}
	return t.AddWrite(state.Write{Key: key, Kind: string(op.Kind), Repository: op.Repo.Key(), Payload: string(payload)})
}

// ErrNotDead says that there is no such write, or none that was given up.
var ErrNotDead = errors.New("there is no such write that was given up")

// Revive has a write that was given up tried again, as part of a transaction. The error wraps ErrNotDead if there is none.
func (o *Outbox) Revive(ctx context.Context, t *state.Tx, id int64) error {
	ok, err := t.ReviveWrite(id)
	if err == nil && !ok {
		err = ErrNotDead
	}
	if err != nil {
		return fmt.Errorf("make the write %d again: %w", id, err)
	}
	argument := fmt.Sprintf("write/%d", id)
	dead, err := queue.Dead(ctx, t)
	if err != nil {
		return err
	}
	for _, j := range dead {
		if j.Line == Line && j.Argument == argument {
			return o.Queue.Revive(ctx, t, j.ID)
		}
	}
	return o.Queue.Add(ctx, t, Line, argument)
}

// Restore stores a write that is known to be made, such as one of before the database was lost.
func Restore(t *state.Tx, key string, op Operation, made Result) error {
	w, err := add(t, key, op)
	if err != nil || w.State != state.WritePending {
		return err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return t.Wrote(w.ID, state.WriteDone, string(text), "")
}

// Perform does a job of Line.
func (o *Outbox) Perform(ctx context.Context, argument string) error {
	what, text, _ := strings.Cut(argument, "/")
	var id int64
	if _, err := fmt.Sscan(text, &id); err != nil {
		return &queue.DeadError{Err: fmt.Errorf("%q is no write", argument)}
	}
	if what == "twice" {
		return o.removeTwins(ctx, id)
	}
	_, err := o.perform(ctx, id)
	var dead *DeadError
	if errors.As(err, &dead) {
		return &queue.DeadError{Err: err}
	}
	return err
}

// perform makes a stored write unless it is made.
func (o *Outbox) perform(ctx context.Context, id int64) (r Result, err error) {
	defer o.keys.lock(id)()
	var w state.Write
	if err := o.DB.View(ctx, func(t *state.Tx) error {
		var ok bool
		if w, ok, err = t.WriteOf(id); err == nil && !ok {
			err = fmt.Errorf("there is no write %d", id)
		}
		return err
	}); err != nil {
		return r, err
	}
	switch w.State {
	case state.WriteDone:
		return r, json.Unmarshal([]byte(w.Result), &r)
	case state.WriteDead:
		return r, &DeadError{Key: w.Key, Why: w.Error}
	}
	var op Operation
	if err := json.Unmarshal([]byte(w.Payload), &op); err != nil {
		return r, fmt.Errorf("write %s: %w", w.Key, err)
	}
	host, ok := o.Hosts(op.Repo.Host)
	if !ok {
		return r, o.bury(ctx, w, fmt.Errorf("the host %s is not configured any more", op.Repo.Host))
	}
	if op.Kind == EditComment { // one after the other, so that the newest stays
		defer o.edits.lock(op.Of)()
		var outdated bool
		if err := o.DB.View(ctx, func(t *state.Tx) (err error) {
			outdated, err = t.Outdated(w.ID, op.Of)
			return err
		}); err != nil {
			return r, err
		}
		if outdated {
			return r, o.done(ctx, w, op, r, false)
		}
	}
	if op.Shown != "" {
		defer o.edits.lock("shown/" + op.Shown)()
	}
	return o.attempt(ctx, w, op, maker{Host: host, git: o.Git, key: w.Key})
}

// fresh is for how long a write that is to make something new is taken for one: after it, a backup of the database may have been put back.
const fresh = time.Minute

// attempt looks for what an earlier attempt may have made, and makes it if there is nothing.
func (o *Outbox) attempt(ctx context.Context, w state.Write, op Operation, m maker) (r Result, err error) {
	if op.Kind == EditComment && op.CommentID == 0 {
		if op.CommentID, err = o.written(ctx, w, op.Of); err != nil {
			return r, err
		}
	}
	tried, outdated := w.Tried, false
	if op.Shown != "" {
		var before time.Time
		if m.check, before, outdated, err = o.shownBefore(ctx, w, op); err != nil {
			return r, err
		}
		if before.After(tried) {
			tried = before
		}
	}
	m.unsure = !tried.IsZero()
	m.looked = op.New && w.Attempts == 0 && o.DB.Now().Before(w.Created.Add(fresh))
	blind := m.looked && op.Kind == OpenRequest
	if m.unsure && op.creates() && m.check == 0 || op.Kind == OpenRequest && !blind {
		r, found, err := m.find(ctx, op, w.Created)
		if err != nil {
			return r, err
		}
		if found {
			return r, o.done(ctx, w, op, r, m.unsure)
		}
		m.check, m.looked = r.ID, true
		if visible := tried.Add(o.Visibility); m.unsure && op.creates() && m.check == 0 && o.DB.Now().Before(visible) {
			return r, &forge.RetryError{After: visible, Err: fmt.Errorf("write %s: whether it was made before can't be seen yet", w.Key)}
		}
	}
	if outdated {
		r = Result{ID: m.check}
		return r, o.done(ctx, w, op, r, false)
	}
	if err := o.DB.Update(ctx, func(t *state.Tx) error { return t.Trying(w.ID) }); err != nil {
		return r, err
	}
	fault.Point("before " + string(op.Kind))
	r, err = m.make(ctx, op)
	fault.Point("after " + string(op.Kind))
	switch {
	case err == nil:
		return r, o.done(ctx, w, op, r, m.unsure)
	case errors.Is(err, forge.ErrExists), blind && errors.Is(err, forge.ErrInvalid):
		if r, found, again := m.find(ctx, op, w.Created); again == nil && found {
			return r, o.done(ctx, w, op, r, m.unsure)
		}
		if errors.Is(err, forge.ErrExists) && w.Attempts >= mostUnseen {
			return r, o.bury(ctx, w, fmt.Errorf("%w, and it is not the bot's own", err))
		}
		if errors.Is(err, forge.ErrExists) {
			return r, o.stumble(ctx, w, true, &forge.RetryError{After: o.DB.Now().Add(o.Visibility), Err: err})
		}
	}
	if _, mayBeMade, ok := forge.MayRetry(err); ok {
		return r, o.stumble(ctx, w, mayBeMade, err)
	}
	if ctx.Err() != nil || !final(err) {
		return r, o.stumble(ctx, w, true, err)
	}
	if op.onCommits() && w.Attempts < mostUnknown && (errors.Is(err, forge.ErrInvalid) || errors.Is(err, forge.ErrNotFound)) {
		return r, o.stumble(ctx, w, false, &forge.RetryError{After: o.DB.Now().Add(o.Visibility), Err: err})
	}
	return r, o.bury(ctx, w, err)
}

// mostUnknown is how often what is about commits is tried again that the forge does not know: a push may be there before all of it shows.
const mostUnknown = 2

// mostUnseen is how often a write is tried of which the forge says that it is there already while it can't be found: it is somebody else's.
const mostUnseen = 5

// soon is how long is waited at first for a comment that is to be edited and is not written yet, and late how long at most.
const (
	soon = 500 * time.Millisecond
	late = 5 * time.Minute
)

// written is the comment that was written under a key.
func (o *Outbox) written(ctx context.Context, w state.Write, of string) (id int64, err error) {
	var comment state.Write
	var ok bool
	if err := o.DB.View(ctx, func(t *state.Tx) (err error) {
		comment, ok, err = t.Write(of)
		return err
	}); err != nil {
		return 0, err
	}
	switch {
	case !ok || comment.State == state.WriteDead:
		return 0, o.bury(ctx, w, fmt.Errorf("the comment %s was not written", of))
	case comment.State == state.WritePending:
		wait := min(max(o.DB.Now().Sub(w.Created)/4, soon), late)
		return 0, &forge.RetryError{After: o.DB.Now().Add(wait), Err: fmt.Errorf("write %s: the comment %s is not written yet", w.Key, of)}
	}
	var r Result
	err = json.Unmarshal([]byte(comment.Result), &r)
	return r.ID, err
}

// final says whether asking again is no use.
func final(err error) bool {
	return errors.Is(err, forge.ErrNotFound) || errors.Is(err, forge.ErrForbidden) || errors.Is(err, forge.ErrInvalid) || errors.Is(err, forge.ErrGone)
}

func (o *Outbox) done(ctx context.Context, w state.Write, op Operation, r Result, twins bool) error {
	result, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write %s: %w", w.Key, err)
	}
	err = o.DB.Update(context.WithoutCancel(ctx), func(t *state.Tx) error {
		err := t.Wrote(w.ID, state.WriteDone, string(result), "")
		if err == nil && op.Kind == EditComment {
			err = t.Overwritten(w.ID, op.Of)
		}
		if err != nil || !twins || op.Kind != Comment {
			return err
		}
		return o.Queue.AddAt(ctx, t, Line, fmt.Sprintf("twice/%d", w.ID), t.Now().Add(2*o.Visibility))
	})
	fault.Point("kept " + string(op.Kind))
	return err
}

func (o *Outbox) stumble(ctx context.Context, w state.Write, unsure bool, cause error) error {
	o.Log.Info("write is tried again", "key", w.Key, "kind", w.Kind, "repository", w.Repository, "unsure", unsure, "error", cause)
	if err := o.DB.Update(context.WithoutCancel(ctx), func(t *state.Tx) error { return t.Stumbled(w.ID, unsure, cause.Error()) }); err != nil {
		return err
	}
	return fmt.Errorf("write %s: %w", w.Key, cause)
}

func (o *Outbox) bury(ctx context.Context, w state.Write, cause error) error {
	o.Log.Error("write is refused", "key", w.Key, "kind", w.Kind, "repository", w.Repository, "error", cause)
	if err := o.DB.Update(context.WithoutCancel(ctx), func(t *state.Tx) error { return t.Wrote(w.ID, state.WriteDead, "", cause.Error()) }); err != nil {
		return err
	}
	return &DeadError{Key: w.Key, Why: cause.Error()}
}

// removeTwins deletes comments that a write made more than once: all but the one that counts.
func (o *Outbox) removeTwins(ctx context.Context, id int64) error {
	var w state.Write
	if err := o.DB.View(ctx, func(t *state.Tx) (err error) {
		w, _, err = t.WriteOf(id)
		return err
	}); err != nil || w.State != state.WriteDone {
		return err
	}
	var op Operation
	var r Result
	if err := errors.Join(json.Unmarshal([]byte(w.Payload), &op), json.Unmarshal([]byte(w.Result), &r)); err != nil {
		return &queue.DeadError{Err: err}
	}
	host, ok := o.Hosts(op.Repo.Host)
	if !ok {
		return nil
	}
	m := maker{Host: host, key: w.Key}
	mine, err := m.comments(ctx, op, w.Created)
	if err != nil {
		return err
	}
	for _, c := range mine {
		if c.ID == r.ID {
			continue
		}
		if err := host.DeleteComment(ctx, op.Repo, c.ID); err != nil && !errors.Is(err, forge.ErrNotFound) {
			return err
		}
		fault.Point("twin removed")
	}
	return nil
}
