package work

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

// A worker that was stopped dead loses its product within half a minute, and can't write any more.
func TestLeaseIsRetaken(t *testing.T) {
	var elapsed atomic.Int64
	start := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), func() time.Time { return start.Add(time.Duration(elapsed.Load())) })
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dead, alive := &Worker{DB: db, Process: "1"}, &Worker{DB: db, Process: "1"} // in one process, the second within the same millisecond
	take := func(w *Worker) (state.Lease, bool) {
		t.Helper()
		l, ok, err := w.take(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		return l, ok
	}
	lost, ok := take(dead)
	if !ok {
		t.Fatal("a free lease is not to be had")
	}
	held := lost
	for ok = false; !ok; elapsed.Add(int64(busy)) {
		if elapsed.Load() > int64(30*time.Second) {
			t.Fatal("not retaken within 30 s")
		}
		held, ok = take(alive)
	}
	if elapsed.Load() < int64(10*time.Second) {
		t.Errorf("taken after %v already", time.Duration(elapsed.Load()))
	}
	write := func(w *Worker, l state.Lease, value string) error {
		return w.save(t.Context(), task{lease: l}, func(tx *state.Tx) error { return tx.Set("written", value) })
	}
	if err := write(alive, held, "alive"); err != nil {
		t.Error(err)
	}
	if err := write(dead, lost, "dead"); !errors.Is(err, errLost) {
		t.Errorf("the loser wrote: %v", err)
	}
	_ = db.View(t.Context(), func(tx *state.Tx) error {
		if value, _, err := tx.Setting("written"); err != nil || value != "alive" {
			t.Errorf("%q is written (%v)", value, err)
		}
		return nil
	})
	quick := &Worker{DB: db, Process: "1", Lease: 40 * time.Millisecond} // renews every 10 ms
	ctx, release := quick.keep(t.Context(), lost)
	defer release()
	select {
	case <-ctx.Done():
		if !errors.Is(context.Cause(ctx), errLost) {
			t.Errorf("the loser's work ended with %v", context.Cause(ctx))
		}
	case <-time.After(10 * time.Second):
		t.Error("the loser works on")
	}
}
