package localforge

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"path"
	"sync"
	"time"
)

// Faults are what goes wrong on purpose. The zero value is a forge at its best. Shares are from 0 (never) to 1 (always); what they fall on follows
// from Seed, the request's method and path, and how often that was asked before, so that a run can be repeated whatever runs beside it.
type Faults struct {
	Seed uint64
	// Latency is the longest that a request of the API waits before anything is done.
	Latency time.Duration
	// FailBefore, FailAfter and Drop are the shares of requests that are answered with status 502 before anything is done, after all of it is
	// done, and whose connection is cut after all of it is done.
	FailBefore, FailAfter, Drop float64
	// Secondary is the share of writes that are refused as GitHub does when they come too fast, half with status 403 and half with 429.
	Secondary float64
	// RetryAfter is how long those are told to wait; 0 means a minute. It is rounded to whole seconds, at least one.
	RetryAfter time.Duration
	// HourlyLimit is how many requests each installation, app and person may make in an hour; 0 means that nothing is counted and no
	// x-ratelimit header sent, as on a GitHub Enterprise Server as it comes. Answers 304 don't count. What is too much is refused with status
	// 403 and 429 in turn, until the x-ratelimit-reset that every answer names.
	HourlyLimit int
	// Hour is how long an hour of HourlyLimit is, 2 seconds at least; 0 means an hour. It ends on a whole second, so that it may be shorter by
	// less than one.
	Hour time.Duration
	// ListLag is how long lists show issues, merge requests, comments and check runs as they were before they were made or changed. Asked for by
	// its id or number, each is as it is. What is deleted is gone from lists at once.
	ListLag time.Duration
	// Hooks is what goes wrong with webhooks, Pushes with pushes of git.
	Hooks  HookFaults
	Pushes PushFaults
}

// HookFaults are what goes wrong with deliveries of webhooks; shares are as in Faults.
type HookFaults struct {
	// Lost are not sent and are in no list of deliveries; Failed are not sent, and listed with status 502.
	Lost, Failed float64
	// Repeated are sent a second time with the same delivery id, Renamed a second time with another.
	Repeated, Renamed float64
	// Shuffled are held back for up to Delay, or a quarter of a second if that is 0, so that later ones overtake them.
	Shuffled float64
	// Delay is the longest that any delivery waits. All wait if Shuffled is 0.
	Delay time.Duration
}

// PushFaults are what goes wrong with pushes; shares are as in Faults.
type PushFaults struct{ FailBefore, FailAfter, Drop float64 }

// FaultKind is one thing that can go wrong with a request.
type FaultKind int

// The kinds of faults.
const (
	FailBefore   FaultKind = iota + 1 // status 502, nothing is done
	FailAfter                         // status 502, all is done
	DropAfter                         // no answer, all is done
	Secondary403                      // the secondary rate limit
	Secondary429
	PrimaryLimit // the hourly limit is used up, for this one request
)

// Fault is something that goes wrong with certain requests.
type Fault struct {
	// Method is that of the requests, any if it is empty. PUSH is a push of git.
	Method string
	// Path is a pattern as of path.Match for the request's path behind /api/v3, such as /repos/*/*/pulls, or of a push's repository, such as
	// /northtrail/shop; any if it is empty.
	Path string
	Kind FaultKind
	// Skip is how many of these requests go well first, Times how many then go wrong; 0 means one.
	Skip, Times int
}

// faultState is what goes wrong now. It is safe for concurrent use.
type faultState struct {
	mu     sync.Mutex
	set    Faults
	script []*Fault
	asked  map[string]uint64
}

// SetFaults has other things go wrong from now on.
func (f *Forge) SetFaults(faults Faults) {
	f.faults.mu.Lock()
	f.faults.set, f.faults.asked = faults, nil
	f.faults.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if (f.lag > 0) != (faults.ListLag > 0) {
		begin := faults.ListLag > 0
		f.issues.lag(begin)
		f.comments.lag(begin)
		f.checks.lag(begin)
	}
	f.lag = faults.ListLag
}

// Script has certain requests go wrong, besides what SetFaults says. Of several that fit a request, the first decides.
func (f *Forge) Script(faults ...Fault) {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	for _, x := range faults {
		x.Times = max(x.Times, 1)
		f.faults.script = append(f.faults.script, &x)
	}
}

// now is what goes wrong now.
func (s *faultState) now() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set
}

// draw is a number from 0 to less than 1 that follows from the seed, a name, and how often it was drawn for the name.
func (s *faultState) draw(name string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]uint64{}
	}
	s.asked[name]++
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %s %d", s.set.Seed, name, s.asked[name])
	x := h.Sum64() // its last steps mix little into the high bits
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// scripted is the fault that a script has for a request, 0 for none.
func (s *faultState) scripted(method, where string) FaultKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.script {
		if fits, err := path.Match(x.Path, where); x.Path != "" && (err != nil || !fits) || x.Method != "" && x.Method != method || x.Times == 0 {
			continue
		}
		if x.Skip > 0 {
			x.Skip--
			return 0
		}
		x.Times--
		return x.Kind
	}
	return 0
}

// fate is what goes wrong with a request of the API, 0 for nothing.
func (f *Forge) fate(r *http.Request) FaultKind {
	if kind := f.faults.scripted(r.Method, r.URL.Path); kind != 0 {
		return kind
	}
	set := f.faults.now()
	shares := []share{{set.FailBefore, FailBefore}, {set.FailAfter, FailAfter}, {set.Drop, DropAfter}}
	if r.Method != http.MethodGet {
		shares = append(shares, share{set.Secondary / 2, Secondary403}, share{set.Secondary / 2, Secondary429})
	}
	return f.faults.pick(r.Method+" "+r.URL.Path, shares)
}

// pushFate is what goes wrong with a push, 0 for nothing.
func (f *Forge) pushFate(r *repo) FaultKind {
	if kind := f.faults.scripted("PUSH", "/"+r.full()); kind != 0 {
		return kind
	}
	set := f.faults.now().Pushes
	return f.faults.pick("PUSH "+r.full(), []share{{set.FailBefore, FailBefore}, {set.FailAfter, FailAfter}, {set.Drop, DropAfter}})
}

type share struct {
	of   float64
	kind FaultKind
}

func (s *faultState) pick(name string, shares []share) FaultKind {
	all := 0.0
	for _, x := range shares {
		all += x.of
	}
	if all == 0 {
		return 0
	}
	at := s.draw(name)
	for _, x := range shares {
		if at -= x.of; at < 0 {
			return x.kind
		}
	}
	return 0
}

// dawdle waits as long as the latency says for a request.
func (f *Forge) dawdle(ctx context.Context, r *http.Request) {
	longest := f.faults.now().Latency
	if longest <= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(f.faults.draw("latency "+r.Method+" "+r.URL.Path) * float64(longest)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// refusal is the answer of a fault before anything is done; ok is false for a fault that comes later.
func (f *Forge) refusal(kind FaultKind) (a answer, ok bool) {
	switch kind {
	case FailBefore:
		return answer{status: http.StatusBadGateway, body: object{"message": "Server Error"}}, true
	case Secondary403, Secondary429:
		wait := f.faults.now().RetryAfter
		if wait == 0 {
			wait = time.Minute
		}
		status := map[FaultKind]int{Secondary403: http.StatusForbidden, Secondary429: http.StatusTooManyRequests}[kind]
		return answer{status: status, header: http.Header{"Retry-After": {fmt.Sprint(max(1, int(wait.Round(time.Second).Seconds())))}}, body: object{
			"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.",
			"documentation_url": "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits", "status": fmt.Sprint(status)}}, true
	}
	return answer{}, false
}

// latest is the moment as of which lists show things; zero for now.
func (f *Forge) latest() time.Time {
	if f.lag <= 0 {
		return time.Time{}
	}
	return f.now().Add(-f.lag)
}
