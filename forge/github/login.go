package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"

	"github.com/codicil-dev/codicil/forge"
)

// login is a credential.
type login interface {
	// token is what is sent, and what git may use.
	token(ctx context.Context) (string, error)
	// renew says whether there may be another token than this one, which was refused.
	renew(refused string) bool
}

// signer adds the credential to requests to GitHub, and to no other host's. A token that is refused is renewed once.
type signer struct {
	login login
	at    addresses
	next  http.RoundTripper
}

// RoundTrip sends a request with the credential.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	if !s.at.has(req.URL) {
		bare := req.Clone(req.Context())
		bare.Header.Del("Authorization")
		return s.next.RoundTrip(bare)
	}
	response, token, err := s.send(req, req.Body)
	if err != nil || response.StatusCode != http.StatusUnauthorized || !s.login.renew(token) {
		return response, err
	}
	var body io.ReadCloser
	if req.GetBody != nil {
		if body, err = req.GetBody(); err != nil {
			return response, nil
		}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	_ = response.Body.Close()
	response, _, err = s.send(req, body)
	return response, err
}

func (s *signer) send(req *http.Request, body io.ReadCloser) (response *http.Response, token string, err error) {
	if token, err = s.login.token(req.Context()); err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, "", err
	}
	signed := req.Clone(req.Context())
	signed.Body = body
	signed.Header.Set("Authorization", "Bearer "+token)
	response, err = s.next.RoundTrip(signed)
	return response, token, err
}

// tokenLogin is a personal token.
type tokenLogin string

func (t tokenLogin) token(context.Context) (string, error) { return string(t), nil }
func (t tokenLogin) renew(string) bool                     { return false }

// appLogin is the App's own key, with which it signs a token for each request.
type appLogin struct{ apps *ghinstallation.AppsTransport }

func (h *Host) appLogin() appLogin {
	return appLogin{ghinstallation.NewAppsTransportFromPrivateKey(bearer{}, h.options.App.ID, h.key)}
}

// bearer answers each request with the token that it was signed with.
type bearer struct{}

// RoundTrip hands the token back as an answer.
func (bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{"Authorization": {req.Header.Get("Authorization")}}, Body: http.NoBody, Request: req}, nil
}

func (a appLogin) token(context.Context) (string, error) {
	response, err := a.apps.RoundTrip(&http.Request{Header: http.Header{}})
	if err != nil {
		return "", &unsent{err: fmt.Errorf("sign as the App: %w", err)}
	}
	return response.Header.Get("Authorization")[len("Bearer "):], nil
}

func (a appLogin) renew(string) bool { return false }

// installationLogin is an installation's token, which is good for an hour, and fetched with the App's key.
type installationLogin struct {
	id  int64
	new func() *ghinstallation.Transport

	now     func() time.Time
	mu      sync.Mutex
	current *ghinstallation.Transport
	last    string    // the token that was given last
	since   time.Time // when it was first given
}

// renewal is when a token is renewed that is good for an hour: git is to have it for long enough to move a large repository.
const renewal = 45 * time.Minute

// installationLogin is the login of an installation. Each has its own transport for the App's key: ghinstallation's writes to the shared one.
func (h *Host) installationLogin(id int64) *installationLogin {
	l := &installationLogin{id: id, now: h.options.Now, new: func() *ghinstallation.Transport {
		t := ghinstallation.NewFromAppsTransport(ghinstallation.NewAppsTransportFromPrivateKey(h.options.Transport, h.options.App.ID, h.key), id)
		t.BaseURL = h.at.rest.String()
		t.Client = &http.Client{Transport: h.options.Transport, Timeout: h.options.Timeout}
		return t
	}}
	l.current = l.new()
	return l
}

func (l *installationLogin) token(ctx context.Context) (string, error) {
	l.mu.Lock()
	if l.last != "" && l.now().Sub(l.since) >= renewal {
		l.current, l.last = l.new(), ""
	}
	current := l.current
	l.mu.Unlock()
	token, err := current.Token(ctx)
	if err != nil {
		return "", l.fault(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == current && l.last != token {
		l.last, l.since = token, l.now()
	}
	return token, nil
}

func (l *installationLogin) renew(refused string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == refused {
		l.current = l.new()
	}
	return true
}

// fault turns a refused token into an error that tells whether asking again is of use. The request that needs it was not sent.
func (l *installationLogin) fault(err error) error {
	op := fmt.Sprintf("get a token of installation %d", l.id)
	var e *ghinstallation.HTTPError
	if !errors.As(err, &e) || e.Response == nil {
		return &unsent{err: fmt.Errorf("%s: %w", op, withoutAddress(err)), again: true}
	}
	defer e.Response.Body.Close()
	message, _ := io.ReadAll(io.LimitReader(e.Response.Body, 64<<10))
	status, words := e.Response.StatusCode, said(e.Response, message)
	switch {
	case status >= 500 || limited(e.Response, message):
		after, _ := retryAfter(e.Response, l.now())
		if reset, spent := spentUntil(e.Response); spent && reset.After(after) {
			after = reset
		}
		return &unsent{err: fmt.Errorf("%s: %s", op, words), again: true, after: after}
	default:
		return &unsent{err: fmt.Errorf("%s: %s: %w", op, words, kind(status, words)), stale: true}
	}
}

// unsent says that a request was not sent at all, and whether to try it again, and not before after. With stale, the installation is not what it was.
type unsent struct {
	err          error
	again, stale bool
	after        time.Time
}

// Error is the cause.
func (e *unsent) Error() string { return e.err.Error() }

// Unwrap is the cause.
func (e *unsent) Unwrap() error { return e.err }

// Credential is what git logs in with to a repository. With an App it is good for a quarter of an hour at least.
func (h *Host) Credential(ctx context.Context, repo forge.Repo) (forge.Credential, error) {
	op := fmt.Sprintf("get a credential for %s", repo)
	s, err := h.session(ctx, repo)
	if err != nil {
		return forge.Credential{}, fmt.Errorf("%s: %w", op, err)
	}
	token, err := h.tokenOf(ctx, s)
	if other, ok := h.elsewhere(ctx, repo, s, err); ok {
		token, err = h.tokenOf(ctx, other)
	}
	if err != nil {
		return forge.Credential{}, fault(ctx, op, false, err)
	}
	return forge.Credential{User: "x-access-token", Token: token}, nil
}

// tokenOf is a session's token, asked for again where none came for no lasting reason.
func (h *Host) tokenOf(ctx context.Context, s *session) (token string, err error) {
	waits, giveUp := newWaits(), h.options.Now().Add(h.options.MaxWait)
	for tries := 1; ; tries++ {
		token, err = s.login.token(ctx)
		var u *unsent
		if err == nil || !errors.As(err, &u) || !u.again {
			return token, err
		}
		free := h.options.Now().Add(waits.NextBackOff())
		if u.after.After(free) {
			free = u.after
		}
		if tries >= mostTries || free.After(giveUp) {
			return "", &forge.RetryError{After: free, Err: err}
		}
		if pause(ctx, free.Sub(h.options.Now())) != nil {
			return "", err
		}
	}
}
