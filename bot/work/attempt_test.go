package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// What time cures is left to the queue, and never ends a trigger; the rest is tried so often.
func TestWhatIsHeldAgainstATrigger(t *testing.T) {
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := &Worker{DB: db, Process: "1", Log: slog.New(slog.DiscardHandler)}
	l, _, err := w.take(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var x state.Trigger
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		in, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "forge", Owner: "org", Name: "data"}})
		if err != nil {
			return err
		}
		p, err := tx.Promise(in.ID, "orders")
		if err != nil {
			return err
		}
		id, _, err := tx.AddTrigger(state.Trigger{ProductID: p.ID, Kind: state.KindIssue, Key: "k", State: state.TriggerWorking})
		if err != nil {
			return err
		}
		x, _, err = tx.Trigger(id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		cause error
		held  bool
	}{
		{"the forge asks to wait", &forge.RetryError{After: time.Now().Add(time.Hour), Err: errors.New("too many requests")}, false},
		{"the forge fails", fmt.Errorf("write comment: %w", &forge.RetryError{Err: errors.New("502")}), false},
		{"the disk is full", fmt.Errorf("fetch: %w", &mirror.StorageError{Dir: "git", Err: errors.New("no room")}), false},
		{"the repository is gone", fmt.Errorf("fetch: %w", &mirror.RemoteError{Words: "not found", Kind: mirror.ErrNotFound}), true},
		{"the model fails", errors.New("the model is away"), true},
	} {
		before := x.Attempts
		err := w.stumbled(t.Context(), task{lease: l, change: unkept()}, x, c.cause)
		if err := db.View(t.Context(), func(tx *state.Tx) (err error) {
			x, _, err = tx.Trigger(x.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var later *queue.LaterError
		if held := x.Attempts > before; held != c.held || errors.As(err, &later) != c.held || !c.held && !errors.Is(err, c.cause) {
			t.Errorf("%s: held %v, want %v; %v", c.what, held, c.held, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.stumbled(ctx, task{lease: l, change: unkept()}, x, ctx.Err()); !errors.Is(err, context.Canceled) {
		t.Errorf("at the end of the process: %v", err)
	}
}

// unkept is a change that the database does not know.
func unkept() *state.Change { return &state.Change{UID: "c"} }
