package triage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// handle decides what one delivery asks for.
func (t *Triage) handle(ctx context.Context, d state.Delivery) (end, error) {
	host, ok := t.Hosts(d.Host)
	if !ok {
		return nothing("the host %s is not configured", d.Host)
	}
	var e forge.Event
	var err error
	found := d.Event == FoundEvent
	if found {
		err = json.Unmarshal(d.Payload, &e)
	} else {
		e, err = host.Event(d.Event, d.Payload)
	}
	if err != nil {
		return end{}, fmt.Errorf("%w: %w", forge.ErrPayload, err)
	}
	return t.event(ctx, host, e, found)
}

// event decides what an event asks for. Found says that it was found by looking.
func (t *Triage) event(ctx context.Context, host Host, e forge.Event, found bool) (end, error) {
	if e.Kind == forge.EventInstallation {
		return t.installation(ctx, host, e)
	}
	if e.Repository.IsZero() {
		return nothing("%s", e.Kind)
	}
	if !t.Serves(e.Repository.Repo) {
		return nothing("%s is not looked after", e.Repository)
	}
	switch {
	case e.Kind == forge.EventPush && e.Push != nil:
		return t.push(ctx, e)
	case e.Kind == forge.EventComment && e.Comment != nil && e.Action == forge.ActionCreated:
		return t.comment(ctx, host, e, found)
	case e.Kind == forge.EventMergeRequest && e.MergeRequest != nil:
		return t.mergeRequest(ctx, host, e)
	case e.Kind == forge.EventReview && e.MergeRequest != nil && e.Review != nil:
		return t.review(ctx, host, e)
	case e.Kind == forge.EventMergeGroup && e.Group != nil && e.Action != forge.ActionDeleted:
		return t.mergeGroup(ctx, e)
	case e.Kind == forge.EventCheck && e.Check != nil && e.Action == forge.ActionRerequested:
		return t.rerequested(ctx, host, e)
	}
	return nothing("%s %s", e.Kind, e.Action)
}

// installation begins to look after repositories.
func (t *Triage) installation(ctx context.Context, host Host, e forge.Event) (end, error) {
	n := 0
	for _, r := range e.Added {
		if !t.Serves(r) {
			continue
		}
		full, err := host.Repository(ctx, r)
		if err != nil {
			return end{}, err
		}
		first, err := t.defaultBranch(ctx, full)
		if err != nil {
			return end{}, err
		}
		t.Log.Info("a repository came", "repository", full.String(), "outcome", first.outcome)
		if first.do != nil {
			if err := t.DB.Update(ctx, first.do); err != nil {
				return end{}, err
			}
			fault.Point("repository came")
		}
		n++
	}
	return nothing("%d repositories came, %d went", n, len(e.Removed))
}

// Look looks at a repository's default branch now; it is what the start and the sweep do for each repository.
func (t *Triage) Look(ctx context.Context, r forge.Repository) error {
	t.looking.Lock()
	defer t.looking.Unlock()
	e, err := t.defaultBranch(ctx, r)
	if err != nil || e.do == nil {
		return err
	}
	t.Log.Info("a repository was looked at", "repository", r.String(), "outcome", e.outcome)
	err = t.DB.Update(ctx, e.do)
	fault.Point("repository looked at")
	return err
}

// hashOf is the hash of what is asked.
func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
