package engine

import (
	"context"
	"slices"
	"sync"
)

// mostKept is how many sessions that nobody uses stay open in one context; each is a process.
const mostKept = 6

// keepKey is the key of a context's keep.
type keepKey struct{}

// keep are the open sessions of a context, the one used last at the end.
type keep struct {
	mu       sync.Mutex
	sessions []*kept
	closed   bool
}

// kept is a session that is kept open.
type kept struct {
	*Session
	key   string
	users int
}

// Keep returns a context in which the sessions of [Kept] stay open from one use to the next, until close is called or there are too many.
// A session is a process, and to start one costs far more than most of what is asked of it. What may see each other's data may share a
// context, and nothing else: say the work on one change.
func Keep(ctx context.Context) (keeping context.Context, close func()) {
	k := &keep{}
	return context.WithValue(ctx, keepKey{}, k), k.close
}

// Kept returns the session that open starts and locks, or one that it started for the same key before, if the context keeps sessions and that
// one still answers. The key must tell everything that the session can reach. Call done after the last use.
func Kept(ctx context.Context, key string, open func() (*Session, error)) (s *Session, done func(), err error) {
	k, _ := ctx.Value(keepKey{}).(*keep)
	if k == nil {
		if s, err = open(); err != nil {
			return nil, nil, err
		}
		return s, func() { _ = s.Close() }, nil
	}
	if x := k.take(key); x != nil {
		if x.answers(ctx) {
			return x.Session, func() { k.giveBack(x) }, nil
		}
		k.forget(x)
	}
	if s, err = open(); err != nil {
		return nil, nil, err
	}
	x := &kept{Session: s, key: key, users: 1}
	k.add(x)
	return s, func() { k.giveBack(x) }, nil
}

// answers says whether the session still serves: what crashed it must not take those along that come later.
func (s *Session) answers(ctx context.Context) bool {
	_, err := s.Query(ctx, "SELECT 1", 1)
	return err == nil
}

func (k *keep) take(key string) *kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, x := range k.sessions {
		if x.key == key {
			x.users++
			k.sessions = append(slices.Delete(k.sessions, i, i+1), x)
			return x
		}
	}
	return nil
}

func (k *keep) add(x *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sessions = append(k.sessions, x)
}

// giveBack ends a use, and the sessions that are too many.
func (k *keep) giveBack(x *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	x.users--
	idle := 0
	for i := len(k.sessions) - 1; i >= 0; i-- {
		s := k.sessions[i]
		if s.users > 0 {
			continue
		}
		if idle++; idle > mostKept || k.closed {
			k.sessions = slices.Delete(k.sessions, i, i+1)
			_ = s.Close()
		}
	}
	if x.users == 0 && !slices.Contains(k.sessions, x) {
		_ = x.Close() // forgotten, or the context's time is over
	}
}

// forget ends a session that no longer answers, once all who use it have given it back.
func (k *keep) forget(x *kept) {
	k.mu.Lock()
	k.sessions = slices.DeleteFunc(k.sessions, func(s *kept) bool { return s == x })
	k.mu.Unlock()
	k.giveBack(x)
}

// close ends all sessions; those in use when they are given back.
func (k *keep) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, x := range k.sessions {
		if x.users == 0 {
			_ = x.Close()
		}
	}
	k.sessions = nil
}
