package model

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// store keeps the answers that one change was given, so that work on it can go on after a restart.
type store interface {
	// Answer returns the answer that was kept under a key; ok is false if none was.
	Answer(ctx context.Context, key string) (a Answer, ok bool, err error)
	// Keep keeps an answer together with all that the change has spent so far: both or neither.
	Keep(ctx context.Context, key string, a Answer, spent Spent) error
	// Spend keeps what the change has spent so far, where a request was paid for and brought no answer.
	Spend(ctx context.Context, spent Spent) error
}

// Remembering asks another, unless the change was given the answer before. What a change asks follows from its inputs and from the
// answers before, so that after a restart it asks the same again, and is answered from the store until it has caught up.
//
// An answer from the store costs nothing: what was spent on it is in the [Spent] that was kept last, with which the change's Account is
// to be opened. It is safe for concurrent use.
type Remembering struct {
	to      asker
	store   store
	account *Account
	mu      sync.Mutex
	turns   map[string]int
}

// NewRemembering begins one run of the work on one change. account is the one that to spends from; it may be nil, then nothing is
// told of what was spent.
func NewRemembering(to asker, store store, account *Account) *Remembering {
	return &Remembering{to: to, store: store, account: account, turns: map[string]int{}}
}

// Ask returns the kept answer to r, or asks and keeps what is answered. An answer that can't be kept is returned beside the error.
func (m *Remembering) Ask(ctx context.Context, r Request) (Answer, error) {
	key := m.key(r)
	kept, ok, err := m.store.Answer(ctx, key)
	if err != nil {
		return Answer{}, fmt.Errorf("look for an earlier answer to %s: %w", r.Stage, err)
	}
	if ok {
		return kept, nil
	}
	a, err := m.to.Ask(ctx, r)
	if err != nil {
		// The context may be over, which is no reason to forget what was paid.
		if lost := m.store.Spend(context.WithoutCancel(ctx), m.spent()); lost != nil {
			return a, fmt.Errorf("%w (and what it cost could not be kept: %w)", err, lost)
		}
		return a, err
	}
	if err := m.store.Keep(context.WithoutCancel(ctx), key, a, m.spent()); err != nil {
		return a, fmt.Errorf("keep the answer to %s: %w", r.Stage, err)
	}
	return a, nil
}

// spent is what the change has spent so far.
func (m *Remembering) spent() Spent {
	if m.account == nil {
		return Spent{}
	}
	return m.account.Spent()
}

// key names a request and how often it was made in this run: the hash of what was asked, of which model, for which stage.
func (m *Remembering) key(r Request) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%x", r.Stage, r.Model, fingerprint(r).sum)
	same := hex.EncodeToString(h.Sum(nil))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns[same]++
	return fmt.Sprintf("%s-%d", same, m.turns[same])
}
