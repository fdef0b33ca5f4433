package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// session is one credential with its limits: an installation's, the App's own, or a person's.
type session struct {
	login  login
	client *github.Client
	// setting is client for requests that may be sent again: see sets. HTTP is the same without GitHub's nouns.
	setting *github.Client
	http    *http.Client
	budget  *budget
}

// effect is what a request does to what is there.
type effect int

const (
	// reads changes nothing.
	reads effect = iota
	// sets brings something into a state, so that doing it twice comes to the same: an answer of 5xx, or none, has it sent again.
	sets
	// makes makes another thing each time: it is sent once, as it may have been done although no answer tells so.
	makes
)

// newSession puts the layers together that a request goes through: limits and repetition, conditional requests, the credential, the wire.
func (h *Host) newSession(name string, l login) *session {
	var wire http.RoundTripper = &signer{login: l, at: h.at, next: h.options.Transport}
	wire = &conditional{cache: h.cache, name: name, next: wire}
	once := &sender{host: h, budget: newBudget(h.options, name), next: wire}
	again := &http.Client{Transport: repeating{once}, CheckRedirect: h.redirect}
	s := &session{login: l, http: again, client: github.NewClient(&http.Client{Transport: once, CheckRedirect: h.redirect}), setting: github.NewClient(again), budget: once.budget}
	for _, c := range []*github.Client{s.client, s.setting} {
		c.BaseURL, c.UserAgent = h.at.rest, "codicil"
	}
	return s
}

// redirect lets reads follow a repository that was renamed, and writes only where GitHub says that they keep their method.
func (h *Host) redirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > 5:
		return errors.New("GitHub answers with too many redirections")
	case req.Method != last.Method:
		return http.ErrUseLastResponse
	case last.URL.Scheme == "https" && req.URL.Scheme != "https":
		return fmt.Errorf("GitHub redirects to %s, which is not encrypted", req.URL.Host)
	}
	h.log.Info("GitHub says that something moved", slog.String("from", last.URL.Path), slog.String("to", req.URL.Host+req.URL.Path))
	return nil
}

// GitHub's owners and repositories are called so; anything else would be another path of the API.
var name = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// check refuses names that no repository of this host has.
func (h *Host) check(repo forge.Repo) error {
	for _, s := range []string{repo.Owner, repo.Name} {
		if !name.MatchString(s) || strings.Trim(s, ".") == "" {
			return fmt.Errorf("%q is no name of a repository on GitHub: %w", repo.String(), forge.ErrInvalid)
		}
	}
	if repo.Host != "" && !strings.EqualFold(repo.Host, h.options.Host) {
		return fmt.Errorf("%s is on %s, not on %s: %w", repo, repo.Host, h.options.Host, forge.ErrInvalid)
	}
	return nil
}

// key is a repository's place among the known installations.
func (h *Host) keyOf(repo forge.Repo) string {
	repo.Host = h.options.Host
	return repo.Key()
}

// session is the one that a repository is reached with. Which installation that is is asked once, until forget.
func (h *Host) session(ctx context.Context, repo forge.Repo) (*session, error) {
	if err := h.check(repo); err != nil {
		return nil, err
	}
	if h.person != nil {
		return h.person, nil
	}
	h.mu.Lock()
	id, known := h.installations[h.keyOf(repo)]
	h.mu.Unlock()
	if known {
		return h.installation(id), nil
	}
	i, _, err := h.itself.client.Apps.FindRepositoryInstallation(ctx, repo.Owner, repo.Name)
	op := fmt.Sprintf("find the installation of App %d for %s", h.options.App.ID, repo)
	switch {
	case err != nil:
		return nil, fault(ctx, op, false, err)
	case i.GetID() == 0:
		return nil, fmt.Errorf("%s: GitHub names none: %w", op, forge.ErrNotFound)
	case i.SuspendedAt != nil:
		return nil, fmt.Errorf("%s: it is suspended: %w", op, forge.ErrForbidden)
	}
	h.mu.Lock()
	h.installations[h.keyOf(repo)] = i.GetID()
	h.mu.Unlock()
	return h.installation(i.GetID()), nil
}

// installation is the session of an installation.
func (h *Host) installation(id int64) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[id]
	if s == nil {
		s = h.newSession(fmt.Sprintf("installation %d", id), h.installationLogin(id))
		h.sessions[id] = s
	}
	return s
}

// forget makes the next request for a repository ask anew which installation it belongs to.
func (h *Host) forget(repo forge.Repo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.installations, h.keyOf(repo))
}

// ask does one thing in a repository. Op names it in errors.
func ask[T any](ctx context.Context, h *Host, repo forge.Repo, op string, what effect, do func(c *github.Client) (T, *github.Response, error)) (T, error) {
	var none T
	s, err := h.session(ctx, repo)
	if err != nil {
		return none, fmt.Errorf("%s: %w", op, err)
	}
	client := func(s *session) *github.Client {
		if what == sets {
			return s.setting
		}
		return s.client
	}
	v, _, err := do(client(s))
	if other, ok := h.elsewhere(ctx, repo, s, err); ok {
		v, _, err = do(client(other))
	}
	if err != nil {
		return none, fault(ctx, op, what != reads, err)
	}
	return v, nil
}

// elsewhere is the session that a repository is reached with now, where an error says that it may not be the one of before any more; ok is false
// if there is no other, or if the request was sent with the one of before.
func (h *Host) elsewhere(ctx context.Context, repo forge.Repo, before *session, err error) (_ *session, ok bool) {
	if err == nil || !stale(err) {
		return nil, false
	}
	h.forget(repo)
	var not *unsent
	if !errors.As(err, &not) {
		return nil, false
	}
	now, err := h.session(ctx, repo)
	if err != nil {
		return nil, false // the first error says more
	}
	if now == before {
		h.forget(repo)
		return nil, false
	}
	return now, true
}

// every reads all pages of a list in a repository.
func every[T any](ctx context.Context, h *Host, repo forge.Repo, op string, page func(c *github.Client, o github.ListOptions) ([]T, *github.Response, error)) ([]T, error) {
	return ask(ctx, h, repo, op, reads, func(c *github.Client) ([]T, *github.Response, error) { return pages(c, page) })
}

// perPage is the most that GitHub gives at once.
const perPage = 100

func pages[T any](c *github.Client, page func(c *github.Client, o github.ListOptions) ([]T, *github.Response, error)) ([]T, *github.Response, error) {
	var all []T
	o := github.ListOptions{PerPage: perPage}
	for {
		some, response, err := page(c, o)
		if err != nil {
			return nil, response, err
		}
		all = append(all, some...)
		if response.NextPage <= o.Page {
			return all, response, nil
		}
		o.Page = response.NextPage
	}
}

// empty is the result of what has none.
type empty struct{}

// Allowances are what GitHub allows each credential, as far as it has said since the start; a kind of "" is that of all requests. It asks nothing.
func (h *Host) Allowances() (out []forge.Allowance) {
	h.mu.Lock()
	var all []*session
	for _, s := range []*session{h.itself, h.person} {
		if s != nil {
			all = append(all, s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.sessions)) {
		all = append(all, h.sessions[id])
	}
	h.mu.Unlock()
	for _, s := range all {
		out = append(out, s.budget.allowances()...)
	}
	return out
}
