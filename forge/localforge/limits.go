package localforge

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limits counts the requests that each caller made in its hour, which begins with the first of them. A restart forgets them. It is safe for
// concurrent use.
type limits struct {
	mu    sync.Mutex
	hours map[string]*hour
}

type hour struct {
	ends time.Time
	used int
}

// unlimited is a quota where nothing is counted.
var unlimited = quota{}

// quota is what a caller has left.
type quota struct {
	limit, used int // a limit of 0 is none
	ends        time.Time
	over        bool // this request was one too many
}

// use counts n requests of a caller; 0 only looks.
func (l *limits) use(who string, n, limit int, now time.Time) quota {
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
		h = &hour{ends: now.Add(time.Hour)}
		l.hours[who] = h
	}
	over := n > 0 && h.used >= limit
	if !over {
		h.used += n
	}
	return quota{limit: limit, used: min(h.used, limit), ends: h.ends, over: over}
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

// exceeded is the answer to one request too many.
func exceeded(c *caller) answer {
	a := refused(http.StatusForbidden, "API rate limit exceeded for "+c.name()+". If you reach out to GitHub Support for help, please include the request ID.")
	a.body.(object)["documentation_url"] = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	return a
}

// limitRoute tells a caller of its quota; asking costs nothing.
func (f *Forge) limitRoute(route func(pattern string, h handler)) {
	route("GET /rate_limit", func(q *query) answer {
		limit := f.faults.now().HourlyLimit
		if limit == 0 {
			return refused(http.StatusNotFound, "Rate limiting is not enabled.")
		}
		left := f.limits.use(q.caller.name(), 0, limit, f.now())
		core := object{"limit": left.limit, "used": left.used, "remaining": left.limit - left.used, "reset": left.ends.Unix()}
		return ok(object{"resources": object{"core": core, "search": core}, "rate": core})
	})
}
