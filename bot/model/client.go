package model

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// Limits says how patient a Client is. A zero field stands for its default.
type Limits struct {
	Idle          time.Duration // the longest time without a byte of a streamed answer, the first included; default 5 minutes
	Total         time.Duration // the longest that one Ask may take, waits and repetitions included; default 30 minutes
	Tries         int           // how often a request is made that fails in a way that may pass; default 5
	FirstWait     time.Duration // about how long to wait before the second try; each further wait is twice as long; default 1 second
	LongestWait   time.Duration // an endpoint that asks to wait longer is not asked again; default 2 minutes
	Continuations int           // how often an answer that was cut off is continued; default 5
	Corrections   int           // how often an answer that does not fit the schema is sent back; default 4
	AnswerBytes   int           // the largest answer that is accepted; default 1 MiB
}

func (l Limits) withDefaults() Limits {
	orTime := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	orCount := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	orTime(&l.Idle, 5*time.Minute)
	orTime(&l.Total, 30*time.Minute)
	orTime(&l.FirstWait, time.Second)
	orTime(&l.LongestWait, 2*time.Minute)
	orCount(&l.Tries, 5)
	orCount(&l.Continuations, 5)
	orCount(&l.Corrections, 4)
	orCount(&l.AnswerBytes, 1<<20)
	return l
}

// Config is what a Client needs to know.
type Config struct {
	// BaseURL is the endpoint, for example http://localhost:11434/v1; empty means OpenAI's own.
	BaseURL string
	// Key is sent as a bearer token; it may be empty for an endpoint that asks for none.
	Key    string
	Limits Limits
	// Account counts what is spent, and refuses requests beyond its budget; nil counts nothing.
	Account *Account
	// Transport makes the connections; nil means a copy of http.DefaultTransport.
	Transport http.RoundTripper
	Now       func() time.Time // nil means time.Now
}

// Client asks one endpoint. It learns what that endpoint does not offer (streaming, schemas, the counting of tokens) and
// does without. It is safe for concurrent use.
type Client struct {
	base    string
	key     string
	limits  Limits
	account *Account
	http    *http.Client
	now     func() time.Time
	scrub   *Scrubber
	habits  habits
	reached atomic.Bool // whether anything ever answered there
}

const openaiURL = "https://api.openai.com/v1"

// NewClient returns a client of the endpoint in c, which is not contacted yet.
func NewClient(c Config) (*Client, error) {
	base, err := address(c.BaseURL, c.Key)
	if err != nil {
		return nil, err
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base: base, key: c.Key, limits: c.Limits.withDefaults(), account: c.Account, now: c.Now, scrub: NewScrubber(c.Key),
		http: &http.Client{Transport: c.Transport, CheckRedirect: stay},
	}, nil
}

// address checks a base URL and brings it into the form without a final slash.
func address(base, key string) (string, error) {
	if base == "" && key == "" {
		return "", errors.New("no model endpoint is set; set OPENAI_API_KEY, and OPENAI_BASE_URL for an endpoint other than OpenAI's")
	}
	if base == "" {
		return openaiURL, nil
	}
	if err := CheckAddress(base); err != nil {
		return "", fmt.Errorf("OPENAI_BASE_URL %w", err)
	}
	return strings.TrimSuffix(strings.TrimRight(base, "/"), "/chat/completions"), nil
}

// CheckAddress says why a text is not the base URL of an endpoint, in words that follow the name of the setting. It does not quote the
// text, which may hold a password.
func CheckAddress(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return errors.New("is not a web address such as http://localhost:11434/v1")
	case u.User != nil:
		return errors.New("holds a user name or password; set the key (OPENAI_API_KEY) instead")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("ends in a query or a fragment; it should end in a path such as /v1")
	}
	return nil
}

// Close ends the connections that are kept for further requests.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Ask makes one request and returns the model's whole answer. An answer that was cut off is continued, an empty one asked
// for again, one that does not fit the schema sent back. The error is an *Error, a *BudgetError, the context's cause, or says
// what is wrong with r. Beside an error, the Answer holds the Usage and Asides up to there.
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) {
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	t := &talk{client: c, request: r}
	if r.Schema != nil {
		var err error
		if t.want, err = compile(r.Schema); err != nil {
			return Answer{}, fmt.Errorf("ask a model for %s: %w", r.Stage, err)
		}
	}
	over := fault(Timeout, "no whole answer came from %s within %s; raise the timeout or ask for less", c.base, c.limits.Total)
	ctx, cancel := context.WithTimeoutCause(ctx, c.limits.Total, over)
	defer cancel()
	if c.account != nil {
		if left, limited := c.account.left(); limited {
			var end context.CancelFunc
			ctx, end = context.WithTimeoutCause(ctx, left, c.account.late())
			defer end()
		}
	}
	err := t.run(ctx)
	return t.answer, t.complete(err)
}

// api returns a go-openai client whose one request goes through w.
func (c *Client) api(w *wire) *openai.Client {
	config := openai.DefaultConfig(c.key)
	config.BaseURL = c.base
	config.HTTPClient = w
	return openai.NewClientWithConfig(config)
}
