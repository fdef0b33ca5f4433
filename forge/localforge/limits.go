package localforge

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limits counts the requests that each caller made in its hour, which begins with the first of them and ends on a whole second. A restart
// forgets them. It is safe for concurrent use.
type limits struct {
	mu    sync.Mutex
	hours map[string]*hour
}

type hour struct {
	ends          time.Time
	used, refused int
}

// unlimited is a quota where nothing is counted.
var unlimited = quota{}

// quota is what a caller has left.
type quota struct {
	limit, used int // a limit of 0 is none
	ends        time.Time
	refused     int  // how many were too many in this hour, this one included
	over        bool // this request was one too many
}

// use counts n requests of a caller; 0 only looks.
func (l *limits) use(who string, n int, set Faults, now time.Time) quota {
	limit := set.HourlyLimit
	if limit <= 0 {
		return unlimited
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hours == nil {
		l.hours = map[string]*hour{}
	}
	h := l.hours[who]
	if h == nil || !now.Before(h.ends) {
		h = &hour{ends: set.hourEnds(now)}
		l.hours[who] = h
	}
	over := n > 0 && h.used >= limit
	if over {
		h.refused++
	} else {
		h.used += n
	}
	return quota{limit: limit, used: min(h.used, limit), ends: h.ends, refused: h.refused, over: over}
}

// hourEnds is when an hour ends that begins now: on a whole second, as the header that tells of it knows no smaller part.
func (set Faults) hourEnds(now time.Time) time.Time {
	long := set.Hour
	if long == 0 {
		long = time.Hour
	}
	return now.Add(max(long, 2*time.Second)).Truncate(time.Second)
}

// oneRefusal is when a caller may go on who is refused once for no request too many: in a minute, or when an hour ends that is shorter.
func (set Faults) oneRefusal(now time.Time) time.Time {
	if hour := set.hourEnds(now); set.Hour != 0 && set.Hour < time.Minute {
		return hour
	}
	return now.Add(time.Minute)
}

// headers are what every answer says of a quota.
func (q quota) headers(h http.Header) {
	if q.limit == 0 {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(q.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(q.limit-q.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(q.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(q.ends.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

// name is what a caller's requests are counted under and what GitHub calls it.
func (c *caller) name() string {
	switch {
	case c == nil:
		return "the public"
	case c.installation != nil:
		return fmt.Sprintf("installation ID %d", c.installation.ID)
	case c.app != nil:
		return fmt.Sprintf("app ID %d", c.app.ID)
	}
	return fmt.Sprintf("user ID %d", c.user.ID)
}

// exceeded is the answer to one request too many. GitHub says that it is 403 or 429; here they take turns.
func exceeded(c *caller, q quota) answer {
	status := http.StatusForbidden
	if q.refused%2 == 0 {
		status = http.StatusTooManyRequests
	}
	a := refused(status, "API rate limit exceeded for "+c.name()+". If you reach out to GitHub Support for help, please include the request ID.")
	a.body.(object)["documentation_url"] = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	return a
}

// limitRoute tells a caller of its quota; asking costs nothing.
func (f *Forge) limitRoute(route func(pattern string, h handler)) {
	route("GET /rate_limit", func(q *query) answer {
		set := f.faults.now()
		if set.HourlyLimit == 0 {
			return refused(http.StatusNotFound, "Rate limiting is not enabled.")
		}
		left := f.limits.use(q.caller.name(), 0, set, f.now())
		core := object{"limit": left.limit, "used": left.used, "remaining": left.limit - left.used, "reset": left.ends.Unix()}
		return ok(object{"resources": object{"core": core, "search": core}, "rate": core})
	})
}
