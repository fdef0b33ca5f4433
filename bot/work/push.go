package work

import (
	"context"
	"errors"
	"fmt"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Pusher moves branches of the repositories that the bot looks after, for the outbox.
type Pusher struct {
	DB      *state.DB
	Library workspace.Library
}

// Push puts the commits of a bundle on a branch that is at expected, or not there if that is empty. A branch that is elsewhere is a
// forge.ErrInvalid.
func (p Pusher) Push(ctx context.Context, repo forge.Repo, bundle []byte, commit, branch, expected string) error {
	m, err := p.mirror(ctx, repo)
	if err != nil {
		return err
	}
	if err := m.Unbundle(ctx, bundle); err != nil { // which fetches what the bundle builds on, where that is not here
		return said(err)
	}
	return said(m.Push(ctx, commit, branch, expected))
}

// DeleteBranch deletes a branch that is at expected.
func (p Pusher) DeleteBranch(ctx context.Context, repo forge.Repo, branch, expected string) error {
	m, err := p.mirror(ctx, repo)
	if err != nil {
		return err
	}
	return said(m.DeleteBranch(ctx, branch, expected))
}

func (p Pusher) mirror(ctx context.Context, repo forge.Repo) (*mirror.Mirror, error) {
	var r state.Repository
	var ok bool
	err := p.DB.View(ctx, func(tx *state.Tx) (err error) {
		r, ok, err = tx.Repository(repo.Key())
		return err
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s is not looked after any more", forge.ErrNotFound, repo)
	}
	return p.Library.Mirror(r.Repository), nil
}

// said puts what git says into the forge's words.
func said(err error) error {
	var stale *mirror.StaleError
	var again interface{ Retryable() bool }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &stale):
		return fmt.Errorf("%w: %w", forge.ErrInvalid, err)
	case errors.Is(err, mirror.ErrDenied):
		return fmt.Errorf("%w: %w", forge.ErrForbidden, err)
	case errors.Is(err, mirror.ErrNotFound), errors.Is(err, mirror.ErrMoved):
		return fmt.Errorf("%w: %w", forge.ErrNotFound, err)
	case errors.As(err, &again) && again.Retryable():
		return &forge.RetryError{Unsure: true, Err: err}
	}
	return err
}
