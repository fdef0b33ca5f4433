package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// shelf are the labels that a repository had when it was asked for them, by their names in lower case. It is not changed.
type shelf struct {
	names map[string]bool
	until time.Time
}

// labelsStay is for how long a repository is taken to have the labels that it had. One that people delete meanwhile comes back without its
// color when it is added to an issue, as GitHub makes labels that are missing.
const labelsStay = time.Hour

// EnsureLabel makes a label if the repository has none of that name. One that is there stays as people made it. Which labels there are is asked
// once an hour.
func (h *Host) EnsureLabel(ctx context.Context, repo forge.Repo, l forge.Label) error {
	op := fmt.Sprintf("make the label %s in %s", l.Name, repo)
	known, err := h.labelsOf(ctx, repo, op)
	if err != nil || known.names[strings.ToLower(l.Name)] {
		return err
	}
	_, err = ask(ctx, h, repo, op, sets, func(c *github.Client) (*github.Label, *github.Response, error) {
		return c.Issues.CreateLabel(ctx, repo.Owner, repo.Name, &github.Label{Name: &l.Name, Color: some(l.Color), Description: some(l.Description)})
	})
	if err != nil && !errors.Is(err, forge.ErrExists) {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.labels[h.keyOf(repo)]
	more := shelf{names: maps.Clone(now.names), until: now.until}
	if more.names != nil {
		more.names[strings.ToLower(l.Name)] = true
		h.labels[h.keyOf(repo)] = more
	}
	return nil
}

// labelsOf are the labels that a repository has, or had within the last hour.
func (h *Host) labelsOf(ctx context.Context, repo forge.Repo, op string) (shelf, error) {
	h.mu.Lock()
	known := h.labels[h.keyOf(repo)]
	h.mu.Unlock()
	if h.options.Now().Before(known.until) {
		return known, nil
	}
	known = shelf{names: map[string]bool{}, until: h.options.Now().Add(labelsStay)}
	there, err := every(ctx, h, repo, op, func(c *github.Client, o github.ListOptions) ([]*github.Label, *github.Response, error) {
		return c.Issues.ListLabels(ctx, repo.Owner, repo.Name, &o)
	})
	if err != nil {
		return shelf{}, err
	}
	for _, l := range there {
		known.names[strings.ToLower(l.GetName())] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.labels[h.keyOf(repo)] = known
	return known, nil
}

// AddLabels adds labels to an issue or merge request. Those that are there stay.
func (h *Host) AddLabels(ctx context.Context, repo forge.Repo, number int, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := ask(ctx, h, repo, at(repo, "label issue", number), sets, func(c *github.Client) ([]*github.Label, *github.Response, error) {
		return c.Issues.AddLabelsToIssue(ctx, repo.Owner, repo.Name, number, names)
	})
	return err
}

// RemoveLabel takes a label from an issue or merge request. One that is not there is no error.
func (h *Host) RemoveLabel(ctx context.Context, repo forge.Repo, number int, label string) error {
	missing := false
	_, err := ask(ctx, h, repo, at(repo, "take the label "+label+" from issue", number), sets, func(c *github.Client) (empty, *github.Response, error) {
		response, err := c.Issues.RemoveLabelForIssue(ctx, repo.Owner, repo.Name, number, url.PathEscape(label))
		var e *github.ErrorResponse
		missing = errors.As(err, &e) && e.Message == "Label does not exist"
		return empty{}, response, err
	})
	if missing {
		return nil
	}
	return err
}
