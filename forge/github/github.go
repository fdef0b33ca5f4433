// Package github is the adapter between the nouns that hosts share and GitHub, at github.com or on a GitHub Enterprise Server, as an App or with
// a personal token.
package github

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/codicil-dev/codicil/forge"
)

// Options say which GitHub is spoken to, as whom and how fast. App or Token is needed, and not both.
type Options struct {
	// Host is the name that repositories have in forge.Repo.Host; empty means that of the pages, such as github.com.
	Host string
	// BaseURL is where the REST API is: https://api.github.com/ (if empty), or https://ghe.example.com/api/v3/.
	BaseURL string
	// GraphQLURL and WebURL are derived from BaseURL if they are empty. Below WebURL are the pages, and the repositories for git.
	GraphQLURL, WebURL string

	App *App
	// Token is a personal token. It is secret. Repositories are then those that it is used for.
	Token        string
	Repositories []forge.Repo

	// Transport carries the requests; nil means one like the standard library's, with time limits.
	Transport http.RoundTripper
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Log is told of limits, repeated requests and renamed repositories; nil means nobody is.
	Log *slog.Logger

	// Concurrency is how many requests may be under way at once; 0 means 8. Writes go one at a time for each installation.
	Concurrency int
	// WriteInterval is the least time between two writes of an installation. GitHub asks for a second; once it complains of too many, a second
	// is kept for a while whatever is said here.
	WriteInterval time.Duration
	// MaxWait is how long a request waits at most for GitHub's limits before it ends in a *forge.RetryError; 0 means a minute and a half.
	MaxWait time.Duration
	// Timeout is how long a single attempt may take; 0 means a minute.
	Timeout time.Duration
	// CacheBytes bounds what is kept of earlier answers for conditional requests; 0 means 32 MiB.
	CacheBytes int
}

// App is a GitHub App: its number, and its private key in PEM, which is secret.
type App struct {
	ID  int64
	Key []byte
}

// Host is a GitHub, seen with one App or token. It is safe for concurrent use.
//
// What its methods return as errors wraps the errors of package forge. A read that fails for no lasting reason was tried again several times
// before it ends in a *forge.RetryError, and so was a write that comes to the same when it is carried out twice. Comments, merge requests and
// checks are made with one request each time. A write ends in a *forge.RetryError with Unsure set where it may have been carried out.
type Host struct {
	options Options
	at      addresses
	key     *rsa.PrivateKey
	log     *slog.Logger
	places  chan struct{} // one for each request under way
	cache   *cache

	itself *session // the App with its own key; nil with a token
	person *session // the token's; nil with an App

	mu            sync.Mutex // of what is below
	self          forge.User
	installations map[string]int64 // by forge.Repo.Key
	sessions      map[int64]*session
	labels        map[string]shelf // by forge.Repo.Key
}

// New returns the adapter for a GitHub. Nothing is asked of it yet.
func New(o Options) (*Host, error) {
	at, err := locate(o)
	if err != nil {
		return nil, err
	}
	o.fill(at)
	h := &Host{options: o, at: at, log: o.Log, places: make(chan struct{}, o.Concurrency), cache: newCache(o.CacheBytes),
		installations: map[string]int64{}, sessions: map[int64]*session{}, labels: map[string]shelf{}}
	switch {
	case (o.App == nil) == (o.Token == ""):
		return nil, errors.New("GitHub needs either an App or a token")
	case o.Token != "":
		h.person = h.newSession("token", tokenLogin(o.Token))
		return h, nil
	}
	if h.key, err = jwt.ParseRSAPrivateKeyFromPEM(o.App.Key); err != nil {
		return nil, fmt.Errorf("what is given as the private key of GitHub App %d is no RSA key in PEM: take one from “Private keys” in the App's settings: %w", o.App.ID, err)
	}
	h.itself = h.newSession("app", h.appLogin())
	return h, nil
}

// fill puts the defaults in.
func (o *Options) fill(at addresses) {
	if o.Host == "" {
		o.Host = at.web.Host
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		t.ResponseHeaderTimeout = time.Minute
		o.Transport = t
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	orDefault(&o.Concurrency, 8)
	orDefault(&o.MaxWait, 90*time.Second)
	orDefault(&o.Timeout, time.Minute)
	orDefault(&o.CacheBytes, 32<<20)
}

func orDefault[T int | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Name is what repositories of this GitHub have in forge.Repo.Host.
func (h *Host) Name() string { return h.options.Host }

// Self is who writes appear to be by: the App's bot, or the token's owner. It is asked for once. The bot's ID is left at 0: GitHub does not
// tell an App the number of its own user.
func (h *Host) Self(ctx context.Context) (forge.User, error) {
	h.mu.Lock()
	self := h.self
	h.mu.Unlock()
	if self.Login != "" {
		return self, nil
	}
	if h.person != nil {
		u, _, err := h.person.client.Users.Get(ctx, "")
		if err != nil {
			return forge.User{}, fault(ctx, "ask GitHub whose token it is", false, err)
		}
		self = user(u)
	} else {
		app, _, err := h.itself.client.Apps.Get(ctx, "")
		if err != nil {
			return forge.User{}, fault(ctx, fmt.Sprintf("ask GitHub for the name of App %d", h.options.App.ID), false, err)
		}
		self = forge.User{Login: app.GetSlug() + "[bot]", Bot: true}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.self = self
	return self, nil
}
