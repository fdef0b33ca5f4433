package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// Repositories lists what the App's installations see; with a token, those of Options.Repositories that it sees. Installations that are suspended,
// or that GitHub shows nothing of, as behind an organisation's list of allowed addresses, are left out: the others don't wait for them.
func (h *Host) Repositories(ctx context.Context) ([]forge.Repository, error) {
	if h.person != nil {
		return h.configured(ctx)
	}
	op := fmt.Sprintf("list the installations of App %d", h.options.App.ID)
	installations, _, err := pages(h.itself.client, func(c *github.Client, o github.ListOptions) ([]*github.Installation, *github.Response, error) {
		return c.Apps.ListInstallations(ctx, &o)
	})
	if err != nil {
		return nil, fault(ctx, op, false, err)
	}
	var all []forge.Repository
	for _, i := range installations {
		if i.SuspendedAt != nil {
			continue
		}
		seen, _, err := pages(h.installation(i.GetID()).client, func(c *github.Client, o github.ListOptions) ([]*github.Repository, *github.Response, error) {
			some, response, err := c.Apps.ListRepos(ctx, &o)
			if err != nil {
				return nil, response, err
			}
			return some.Repositories, response, nil
		})
		err = fault(ctx, fmt.Sprintf("list the repositories of installation %d (%s)", i.GetID(), i.GetAccount().GetLogin()), false, err)
		if errors.Is(err, forge.ErrNotFound) || errors.Is(err, forge.ErrForbidden) || errors.Is(err, forge.ErrUnauthorized) {
			h.log.Warn("GitHub shows nothing of an installation", slog.Int64("installation", i.GetID()), slog.String("owner", i.GetAccount().GetLogin()), slog.Any("error", err))
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, r := range seen {
			all = append(all, h.repository(r))
			h.mu.Lock()
			h.installations[h.keyOf(all[len(all)-1].Repo)] = i.GetID()
			h.mu.Unlock()
		}
	}
	return all, nil
}

func (h *Host) configured(ctx context.Context) (all []forge.Repository, err error) {
	for _, repo := range h.options.Repositories {
		r, err := h.Repository(ctx, repo)
		switch {
		case errors.Is(err, forge.ErrNotFound):
			h.log.Warn("the token does not see a repository that it is to be used for", slog.String("repository", repo.String()))
		case err != nil:
			return nil, err
		default:
			all = append(all, r)
		}
	}
	return all, nil
}

// Repository reads a repository. One that was renamed is found under its former name, and named as it is now.
func (h *Host) Repository(ctx context.Context, repo forge.Repo) (forge.Repository, error) {
	r, err := ask(ctx, h, repo, "read "+repo.String(), reads, func(c *github.Client) (*github.Repository, *github.Response, error) {
		return c.Repositories.Get(ctx, repo.Owner, repo.Name)
	})
	if err != nil {
		return forge.Repository{}, err
	}
	return h.repository(r), nil
}

// Permission is what somebody may do in a repository now: GitHub is asked each time. Who is no user may nothing.
func (h *Host) Permission(ctx context.Context, repo forge.Repo, login string) (forge.Permission, error) {
	if login == "" {
		return forge.None, nil
	}
	nobody := false
	p, err := ask(ctx, h, repo, fmt.Sprintf("ask what %s may do in %s", login, repo), reads, func(c *github.Client) (*github.RepositoryPermissionLevel, *github.Response, error) {
		p, response, err := c.Repositories.GetPermissionLevel(ctx, repo.Owner, repo.Name, url.PathEscape(login))
		var e *github.ErrorResponse
		nobody = errors.As(err, &e) && e.Response.StatusCode == http.StatusNotFound && strings.HasSuffix(e.Message, "is not a user")
		return p, response, err
	})
	switch {
	case nobody:
		return forge.None, nil
	case err != nil:
		return forge.None, err
	}
	switch p.GetPermission() { // maintain is told as write here, and triage as read
	case "admin":
		return forge.Admin, nil
	case "write":
		return forge.Write, nil
	case "read":
		return forge.Read, nil
	}
	return forge.None, nil
}
