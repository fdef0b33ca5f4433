package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// opener starts sessions and counts them.
type opener struct {
	testing.TB
	opened []*Session
}

func (o *opener) open() (*Session, error) {
	s, err := Start(o.Context(), Options{Threads: 1})
	if err == nil {
		o.opened = append(o.opened, s)
	}
	return s, err
}

// use uses the session of a key once.
func (o *opener) use(ctx context.Context, key string) *Session {
	o.Helper()
	s, done, err := Kept(ctx, key, o.open)
	if err != nil {
		o.Fatal(err)
	}
	defer done()
	if _, err := s.Query(ctx, "SELECT 1", 1); err != nil {
		o.Fatal(err)
	}
	return s
}

// ended says whether a session serves no more.
func (o *opener) ended(s *Session) bool {
	_, err := s.Query(o.Context(), "SELECT 1", 1)
	var e *Error
	return errors.As(err, &e) && (e.Kind == KindClosed || e.Kind == KindCrash)
}

func TestKept(t *testing.T) {
	o := &opener{TB: t}
	if s := o.use(t.Context(), "a"); !o.ended(s) {
		t.Error("without a keep, a session outlives its use")
	}

	ctx, end := Keep(t.Context())
	first := o.use(ctx, "a")
	if o.use(ctx, "a") != first || o.use(ctx, "b") == first {
		t.Error("sessions are not those of their keys")
	}

	first.child.Kill()
	again := o.use(ctx, "a")
	if again == first {
		t.Error("a dead session is used again")
	}

	held, done, err := Kept(ctx, "held", o.open)
	if err != nil {
		t.Fatal(err)
	}
	for n := range mostKept {
		o.use(ctx, fmt.Sprint("many", n))
	}
	if !o.ended(again) {
		t.Error("more idle sessions than are allowed")
	}
	if o.ended(held) {
		t.Error("a session ended while it was used")
	}
	last := o.use(ctx, "last")
	end()
	if o.ended(held) || !o.ended(last) {
		t.Error("the end of the keep is not that of the sessions which nobody uses")
	}
	done()
	for _, s := range o.opened {
		if !o.ended(s) {
			t.Error("a session is left")
		}
	}
	if s := o.use(ctx, "late"); !o.ended(s) {
		t.Error("a session outlives a keep that was closed")
	}
}
