// Package inquiry asks public services for JSON: with bounded answers, limits of time, further tries and a memory of earlier answers on disk.
package inquiry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Options say how a service is asked. Zero values stand for the defaults.
type Options struct {
	// Name is what people call the service.
	Name string
	// Base is the address that all paths are below, such as https://api.osv.dev. It is needed.
	Base string
	// Transport carries the requests; nil is [http.DefaultTransport], which heeds HTTPS_PROXY.
	Transport http.RoundTripper
	// Cache keeps answers; nil keeps none.
	Cache *Cache
	// Timeout is for one attempt, 20s by default; Patience for a question with all its attempts, 90s by default. A service that asks for a
	// longer wait than is left of that is not asked again.
	Timeout, Patience time.Duration
	// Tries is how often a question is put at most, 4 by default; FirstWait is the wait after the first of them, 500ms by default.
	Tries     int
	FirstWait time.Duration
	// Rest is how long a service is left alone that gave no answer, or errors of its own three times in a row: what is asked meanwhile gets
	// the same error at once; 5m by default.
	Rest time.Duration
	// Longest is how many bytes an answer may have, 8 MiB by default.
	Longest int64
	// Agent is the User-Agent; "codicil" by default.
	Agent string
	// Log is told of further tries.
	Log *slog.Logger
	// Now is the clock by which answers age.
	Now func() time.Time
}

// Client asks one service. It may be used by several goroutines at once.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client

	mu sync.Mutex
	// silent is why nobody answers, and since when; nil while the service answers. faults counts the questions in a row that it failed at.
	silent *Error
	since  time.Time
	faults int
}

// New makes a client. It asks nothing yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Base)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the address %q of %s is no plain URL such as https://example.com/api", o.Base, o.Name)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	fill(&o.Timeout, 20*time.Second)
	fill(&o.Patience, 90*time.Second)
	fill(&o.Tries, 4)
	fill(&o.FirstWait, 500*time.Millisecond)
	fill(&o.Rest, 5*time.Minute)
	fill(&o.Longest, 8<<20)
	fill(&o.Agent, "codicil")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, base: base}
	c.http = &http.Client{Transport: o.Transport, CheckRedirect: c.mayFollow}
	return c, nil
}

func fill[T comparable](at *T, value T) {
	var zero T
	if *at == zero {
		*at = value
	}
}

// mayFollow keeps to the service's own host: an answer from elsewhere is not what was asked for.
func (c *Client) mayFollow(req *http.Request, via []*http.Request) error {
	if req.URL.Host != c.base.Host || req.URL.Scheme != c.base.Scheme {
		return backoff.Permanent(&Error{Service: c.o.Name, Why: "it sends on to another host"})
	}
	if len(via) > 3 {
		return backoff.Permanent(&Error{Service: c.o.Name, Why: "it sends on and on"})
	}
	return nil
}

// Get asks for what is at a path, given as its segments, which are escaped, and decodes the answer into what into points to. An answer kept
// that is not older than age will do; a negative age means that any will. It returns when the answer was given. Errors are *[Error], unless
// the context ended.
func (c *Client) Get(ctx context.Context, age time.Duration, into any, segments ...string) (time.Time, error) {
	return c.ask(ctx, http.MethodGet, nil, age, into, segments)
}

// Post is Get for a question that is in the body, as JSON. It must change nothing: it may be sent more than once.
func (c *Client) Post(ctx context.Context, question any, age time.Duration, into any, segments ...string) (time.Time, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return time.Time{}, fmt.Errorf("write a question to %s: %w", c.o.Name, err)
	}
	return c.ask(ctx, http.MethodPost, body, age, into, segments)
}

// ask finds an answer in the cache, or asks for it.
func (c *Client) ask(ctx context.Context, method string, body []byte, age time.Duration, into any, segments []string) (time.Time, error) {
	where := c.base.String()
	for _, s := range segments {
		if s == "." || s == ".." {
			return time.Time{}, &Error{Service: c.o.Name, Why: fmt.Sprintf("%q can't be asked for", s)}
		}
		where += "/" + url.PathEscape(s)
	}
	key := keyOf(method, where, body)
	now := c.o.Now()
	if kept, at, ok := c.o.Cache.find(key); ok && !at.After(now) && (age < 0 || now.Sub(at) <= age) && decode(kept, into) == nil {
		return at, nil
	}
	if err := c.resting(now); err != nil {
		return time.Time{}, err
	}
	answer, err := c.fetch(ctx, method, where, body, into)
	c.note(err, now)
	if err != nil {
		return time.Time{}, err
	}
	if err := c.o.Cache.keep(key, answer, now); err != nil {
		c.o.Log.Warn("an answer can't be kept", "service", c.o.Name, "error", err)
	}
	return now, nil
}

// resting is the error of a service that is left alone for now; nil if it may be asked.
func (c *Client) resting(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.since); c.silent == nil || age < 0 || age >= c.o.Rest {
		return nil
	}
	return c.silent
}

// mostFaults is how many questions in a row a service may fail at before it is left alone: it may have trouble with one of them only.
const mostFaults = 3

// note remembers whether the service is there. An answer that refuses one question does not say that it isn't.
func (c *Client) note(err error, now time.Time) {
	var e *Error
	if err != nil && (!errors.As(err, &e) || !e.Silent) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil {
		c.silent, c.faults = nil, 0
		return
	}
	if c.faults++; e.Status < http.StatusInternalServerError || c.faults >= mostFaults {
		c.silent, c.since, c.faults = e, now, 0
	}
}

// fetch puts the question until it is answered or there is no use in it.
func (c *Client) fetch(ctx context.Context, method, where string, body []byte, into any) ([]byte, error) {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = c.o.FirstWait, 20*c.o.FirstWait
	patience, cancel := context.WithTimeout(ctx, c.o.Patience)
	defer cancel()
	var last error
	answer, err := backoff.Retry(patience, func() ([]byte, error) {
		answer, err := c.once(patience, method, where, body, into)
		if err != nil {
			last = err
		}
		return answer, err
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(uint(c.o.Tries)), backoff.WithMaxElapsedTime(c.o.Patience), backoff.WithNotify(func(err error, wait time.Duration) {
		c.o.Log.Debug("a service is asked again", "service", c.o.Name, "because", err, "in", wait)
	}))
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("ask %s: %w", c.o.Name, context.Cause(ctx))
	}
	var known *Error
	if errors.As(last, &known) {
		return nil, known
	}
	return nil, &Error{Service: c.o.Name, Why: "it gave no answer in time", Silent: true}
}

// once puts the question once.
func (c *Client) once(ctx context.Context, method, where string, body []byte, into any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(&Error{Service: c.o.Name, Why: err.Error()})
	}
	req.Header.Set("User-Agent", c.o.Agent)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer response.Body.Close()
	if err := c.judge(response); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, c.o.Longest+1))
	if err != nil {
		return nil, c.unreached(err)
	}
	if int64(len(answer)) > c.o.Longest {
		return nil, backoff.Permanent(&Error{Service: c.o.Name, Why: fmt.Sprintf("its answer is longer than %d bytes", c.o.Longest)})
	}
	if err := decode(answer, into); err != nil {
		why := &Error{Service: c.o.Name, Why: "its answer is no JSON of the expected form: " + err.Error()}
		if looksLikePage(response, answer) {
			why.Why = "it answered with a web page instead of JSON, as a proxy may"
			why.Silent = true
			return nil, backoff.Permanent(why)
		}
		return nil, why // cut off, it may be whole next time
	}
	return answer, nil
}

// decode reads one JSON value and nothing after it. What into held before is gone, also after an error.
func decode(answer []byte, into any) error {
	if !bytes.HasPrefix(bytes.TrimSpace(answer), []byte("{")) {
		return errors.New("it is no object")
	}
	return resetting(answer, into)
}

// looksLikePage says whether an answer is HTML.
func looksLikePage(response *http.Response, answer []byte) bool {
	return strings.Contains(response.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<"))
}
