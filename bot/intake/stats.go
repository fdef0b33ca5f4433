package intake

import (
	"log/slog"
	"maps"
	"sync"
	"time"
)

// Stats is what came since the start, and what became of it. Received are those with a right signature; each of them is one of
// Fresh, Repeated, Unconcerned, Refused or still on its way.
type Stats struct {
	Received    int64
	Fresh       int64
	Repeated    int64
	Unconcerned int64
	// Refused has only reasons that occurred; also those that were refused before their signature was looked at.
	Refused map[Reason]int64
	// Waiting is how many wait for the next commit now.
	Waiting int
	// Last is when the last delivery with a right signature came; zero if none did.
	Last time.Time
}

// logEvery is how often one reason for refusing is logged at most: anybody can send what will be refused.
const logEvery = time.Minute

// tally counts. It is safe for concurrent use.
type tally struct {
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	s      Stats
	logged map[Reason]time.Time
}

func newTally(now func() time.Time, log *slog.Logger) *tally {
	return &tally{now: now, log: log, s: Stats{Refused: map[Reason]int64{}}, logged: map[Reason]time.Time{}}
}

func (t *tally) receive(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Received++
	t.s.Last = at
}

func (t *tally) unconcerned() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Unconcerned++
}

func (t *tally) commit(all, fresh int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Fresh += int64(fresh)
	t.s.Repeated += int64(all - fresh)
}

func (t *tally) refuse(r *refusal) {
	now := t.now()
	t.mu.Lock()
	t.s.Refused[r.reason]++
	count := t.s.Refused[r.reason]
	last, before := t.logged[r.reason]
	due := !before || now.Sub(last) >= logEvery
	if due {
		t.logged[r.reason] = now
	}
	t.mu.Unlock()
	if due {
		t.log.Warn("webhook refused", "reason", r.reason, "status", r.status, "so_far", count)
	}
}

func (t *tally) stats(waiting int) Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.s
	s.Refused, s.Waiting = maps.Clone(t.s.Refused), waiting
	return s
}
