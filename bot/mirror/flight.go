package mirror

import (
	"context"
	"sync"
)

// flights are the fetches that callers share. One runs at a time; who comes while it runs waits for the next, for the
// one that runs may have seen the forge too early.
type flights struct {
	turn chan struct{} // holds a value while a fetch runs
	wait sync.Mutex    // of next and what is in it
	next map[string]*flight
}

// flight is one fetch. It goes on as long as somebody waits for it.
type flight struct {
	done    chan struct{}
	err     error // once done is closed
	waiting int
	cancel  context.CancelFunc
}

// board joins the next fetch of that name, or starts it.
func (s *flights) board(ctx context.Context, name string, fetch func(context.Context) error) *flight {
	s.wait.Lock()
	defer s.wait.Unlock()
	if f := s.next[name]; f != nil {
		f.waiting++
		return f
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), waiting: 1, cancel: cancel}
	s.next[name] = f
	go func() {
		defer close(f.done)
		defer cancel()
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
			s.depart(name, f)
			f.err = fetch(ctx)
		case <-ctx.Done():
			s.depart(name, f)
			f.err = ctx.Err()
		}
	}()
	return f
}

// depart has those who come from now on wait for another fetch.
func (s *flights) depart(name string, f *flight) {
	s.wait.Lock()
	defer s.wait.Unlock()
	if s.next[name] == f {
		delete(s.next, name)
	}
}

// leave is for a caller that waits no longer. The last one ends the fetch.
func (s *flights) leave(f *flight) {
	s.wait.Lock()
	defer s.wait.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	for name, other := range s.next {
		if other == f {
			delete(s.next, name)
		}
	}
	f.cancel()
}
