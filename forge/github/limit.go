package github

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// budget is what GitHub still allows an installation. All requests of it share one: when one is told to wait, all wait.
// See https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and the best practices beside it.
type budget struct {
	name     string
	now      func() time.Time
	log      *slog.Logger
	interval time.Duration
	maxWait  time.Duration
	writing  chan struct{} // held by the one write that is under way

	mu      sync.Mutex
	until   map[string]time.Time       // when requests of a kind may go on; allKinds for every kind
	told    map[string]forge.Allowance // what was said last of each kind
	strikes int                        // complaints in a row
	slow    time.Time                  // until when writes are kept a second apart whatever the interval
	written time.Time                  // when the last write was sent
}

// allKinds stands for requests of every kind in budget.until.
const allKinds = ""

// What GitHub asks for when it names no time: at least a minute, and longer each time. After a complaint, writes stay apart for a while.
const (
	firstPause   = time.Minute
	longestPause = 16 * time.Minute
	slowInterval = time.Second
	slowFor      = 10 * time.Minute
)

var errLimit = errors.New("GitHub's limit of requests is reached")

func newBudget(o Options, name string) *budget {
	return &budget{name: name, now: o.Now, log: o.Log, interval: o.WriteInterval, maxWait: o.MaxWait, writing: make(chan struct{}, 1), until: map[string]time.Time{}, told: map[string]forge.Allowance{}}
}

// startWrite waits for the write that is under way. End is to be called when this one has its answer.
func (b *budget) startWrite(ctx context.Context) (end func(), err error) {
	timer := time.NewTimer(b.maxWait)
	defer timer.Stop()
	select {
	case b.writing <- struct{}{}:
		return func() { <-b.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, &forge.RetryError{After: b.free("core", true), Err: errors.New("other writes to GitHub are still waiting")}
	}
}

// free is when a request of a kind may go on.
func (b *budget) free(kind string, write bool) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.until[allKinds]
	if u := b.until[kind]; u.After(t) {
		t = u
	}
	if !write || b.written.IsZero() {
		return t
	}
	interval := b.interval
	if b.now().Before(b.slow) {
		interval = max(interval, slowInterval)
	}
	if u := b.written.Add(interval); u.After(t) {
		t = u
	}
	return t
}

// wait waits until a request of a kind may go on. It is a *forge.RetryError if that is later than giveUp or than ctx ends.
func (b *budget) wait(ctx context.Context, kind string, write bool, giveUp time.Time) error {
	for {
		now, free := b.now(), b.free(kind, write)
		if !free.After(now) {
			break
		}
		deadline, has := ctx.Deadline()
		if free.After(giveUp) || has && free.Sub(now) > time.Until(deadline) {
			return &forge.RetryError{After: free, Err: errLimit}
		}
		if err := pause(ctx, free.Sub(now)); err != nil {
			return err
		}
	}
	if write {
		b.mu.Lock()
		b.written = b.now()
		b.mu.Unlock()
	}
	return nil
}

// pause waits for a time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// note learns from an answer, and says whether it refuses the request because of a limit. Such a request was not carried out.
func (b *budget) note(kind string, r *http.Response, body []byte) (refused bool) {
	now := b.now()
	refused = limited(r, body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if named := r.Header.Get("X-RateLimit-Resource"); named != "" {
		kind = named
	}
	if a, ok := allowance(r); ok {
		a.Who, a.Kind = b.name, kind
		b.told[kind] = a
	}
	if reset, spent := spentUntil(r); spent {
		b.hold(kind, reset)
	}
	if !refused {
		if r.StatusCode < 400 {
			b.strikes = 0
		}
		return false
	}
	b.slow = now.Add(slowFor)
	if after, ok := retryAfter(r, now); ok {
		b.hold(allKinds, after)
	} else if _, spent := spentUntil(r); !spent {
		b.hold(allKinds, now.Add(min(firstPause<<min(b.strikes, 8), longestPause)))
		b.strikes++
	}
	return true
}

// hold keeps requests of a kind back. The mutex is held.
func (b *budget) hold(kind string, until time.Time) {
	if !until.After(b.until[kind]) {
		return
	}
	b.until[kind] = until
	b.log.Warn("GitHub's limit of requests is reached", slog.String("credential", b.name), slog.String("kind", kind), slog.Time("until", until))
}

// limited says whether an answer refuses a request because of a limit, the primary one or one of the secondary ones.
func limited(r *http.Response, body []byte) bool {
	switch r.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
	default:
		return false
	}
	if r.Header.Get("Retry-After") != "" || r.Header.Get("X-RateLimit-Remaining") == "0" {
		return true
	}
	var said struct {
		Message string `json:"message"`
		Where   string `json:"documentation_url"`
	}
	_ = json.Unmarshal(body, &said) // an answer of another form is no complaint of this kind
	return strings.Contains(said.Message, "secondary rate limit") || strings.Contains(said.Message, "abuse detection") || strings.Contains(said.Message, "rate limit exceeded") ||
		strings.HasSuffix(said.Where, "secondary-rate-limits") || strings.HasSuffix(said.Where, "#abuse-rate-limits")
}

// spentUntil is when the primary limit begins anew, if it is spent.
func spentUntil(r *http.Response) (reset time.Time, spent bool) {
	seconds, err := strconv.ParseInt(r.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || r.Header.Get("X-RateLimit-Remaining") != "0" {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).Add(time.Second), true // a second for clocks that differ
}

// retryAfter is when a request may be made again, as the header says in seconds or as a date.
func retryAfter(r *http.Response, now time.Time) (time.Time, bool) {
	text := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	t, err := http.ParseTime(text)
	return t, err == nil
}

// allowance is what an answer says of the primary limit; ok is false if it says nothing.
func allowance(r *http.Response) (a forge.Allowance, ok bool) {
	limit, bad := strconv.Atoi(r.Header.Get("X-RateLimit-Limit"))
	left, worse := strconv.Atoi(r.Header.Get("X-RateLimit-Remaining"))
	reset, worst := strconv.ParseInt(r.Header.Get("X-RateLimit-Reset"), 10, 64)
	if errors.Join(bad, worse, worst) != nil {
		return a, false
	}
	return forge.Allowance{Limit: limit, Remaining: left, Reset: time.Unix(reset, 0).UTC()}, true
}

// allowances are what is allowed of each kind, by kind, and what is held back.
func (b *budget) allowances() (out []forge.Allowance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := maps.Clone(b.told)
	for kind, until := range b.until {
		if !until.After(b.now()) {
			continue
		}
		a := all[kind]
		a.Who, a.Kind, a.Until = b.name, kind, until.UTC()
		all[kind] = a
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[kind])
	}
	return out
}
