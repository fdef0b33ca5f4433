package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// EnsureLabel makes a label if the repository has none of that name. One that is there stays as people made it.
func (h *Host) EnsureLabel(ctx context.Context, repo forge.Repo, l forge.Label) error {
	op := fmt.Sprintf("make the label %s in %s", l.Name, repo)
	_, err := ask(ctx, h, repo, op, false, func(c *github.Client) (*github.Label, *github.Response, error) {
		return c.Issues.GetLabel(ctx, repo.Owner, repo.Name, url.PathEscape(l.Name))
	})
	if !errors.Is(err, forge.ErrNotFound) {
		return err
	}
	_, err = ask(ctx, h, repo, op, true, func(c *github.Client) (*github.Label, *github.Response, error) {
		label := &github.Label{Name: &l.Name}
		if l.Color != "" {
			label.Color = &l.Color
		}
		if l.Description != "" {
			label.Description = &l.Description
		}
		return c.Issues.CreateLabel(ctx, repo.Owner, repo.Name, label)
	})
	if errors.Is(err, forge.ErrExists) {
		return nil
	}
	return err
}

// AddLabels adds labels to an issue or merge request. Those that are there stay.
func (h *Host) AddLabels(ctx context.Context, repo forge.Repo, number int, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := ask(ctx, h, repo, at(repo, "label issue", number), true, func(c *github.Client) ([]*github.Label, *github.Response, error) {
		return c.Issues.AddLabelsToIssue(ctx, repo.Owner, repo.Name, number, names)
	})
	return err
}

// RemoveLabel takes a label from an issue or merge request. One that is not there is no error.
func (h *Host) RemoveLabel(ctx context.Context, repo forge.Repo, number int, label string) error {
	missing := false
	_, err := ask(ctx, h, repo, at(repo, "take the label "+label+" from issue", number), true, func(c *github.Client) (empty, *github.Response, error) {
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
