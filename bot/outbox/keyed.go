package outbox

import "sync"

// keyed has one at a time work on what has a key.
type keyed[K comparable] struct {
	mu  sync.Mutex
	all map[K]*held
}

type held struct {
	sync.Mutex
	users int
}

func (k *keyed[K]) lock(id K) (unlock func()) {
	k.mu.Lock()
	if k.all == nil {
		k.all = map[K]*held{}
	}
	h := k.all[id]
	if h == nil {
		h = &held{}
		k.all[id] = h
	}
	h.users++
	k.mu.Unlock()
	h.Lock()
	return func() {
		h.Unlock()
		k.mu.Lock()
		if h.users--; h.users == 0 {
			delete(k.all, id)
		}
		k.mu.Unlock()
	}
}
