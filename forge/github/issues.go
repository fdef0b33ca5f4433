package github

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

func at(repo forge.Repo, what string, number int) string {
	return fmt.Sprintf("%s %d of %s", what, number, repo)
}

// Issue reads an issue, or what is discussed at a merge request.
func (h *Host) Issue(ctx context.Context, repo forge.Repo, number int) (forge.Issue, error) {
	i, err := ask(ctx, h, repo, at(repo, "read issue", number), reads, func(c *github.Client) (*github.Issue, *github.Response, error) {
		return c.Issues.Get(ctx, repo.Owner, repo.Name, number)
	})
	if err != nil {
		return forge.Issue{}, err
	}
	return issue(i), nil
}

// Issues lists what was changed since a time, open and closed, merge requests among it, the latest first; the zero time means all of it. What
// changes while the list is read may be missing: the next call should name a time before this one began.
func (h *Host) Issues(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Issue, error) {
	all, err := every(ctx, h, repo, "list the issues of "+repo.String(), func(c *github.Client, o github.ListOptions) ([]*github.Issue, *github.Response, error) {
		// The latest come first: what changes meanwhile moves others into pages that are still to be read, never out of them.
		options := &github.IssueListByRepoOptions{State: "all", Sort: "updated", Direction: "desc", ListOptions: o}
		if t := after(since); t != nil {
			options.Since = *t
		}
		return c.Issues.ListByRepo(ctx, repo.Owner, repo.Name, options)
	})
	if err != nil {
		return nil, err
	}
	return once(each(all, issue), func(i forge.Issue) int64 { return i.ID }), nil
}

// once leaves out what a list has a second time, because it moved between two of its pages.
func once[T any](all []T, id func(T) int64) []T {
	seen := map[int64]bool{}
	out := all[:0]
	for _, v := range all {
		if !seen[id(v)] {
			seen[id(v)] = true
			out = append(out, v)
		}
	}
	return out
}

// CloseIssue closes an issue. One that is closed stays so.
func (h *Host) CloseIssue(ctx context.Context, repo forge.Repo, number int, reason forge.CloseReason) error {
	_, err := ask(ctx, h, repo, at(repo, "close issue", number), sets, func(c *github.Client) (*github.Issue, *github.Response, error) {
		request := &github.IssueRequest{State: github.String("closed")}
		if reason != "" {
			request.StateReason = github.String(string(reason))
		}
		return c.Issues.Edit(ctx, repo.Owner, repo.Name, number, request)
	})
	return err
}

// Comments lists the comments of an issue or merge request that were written or edited since a time, the oldest first.
func (h *Host) Comments(ctx context.Context, repo forge.Repo, number int, since time.Time) ([]forge.Comment, error) {
	if number <= 0 { // the client would list the repository's
		return nil, fmt.Errorf("%s: there are none below 1: %w", at(repo, "list the comments of issue", number), forge.ErrInvalid)
	}
	all, err := every(ctx, h, repo, at(repo, "list the comments of issue", number), func(c *github.Client, o github.ListOptions) ([]*github.IssueComment, *github.Response, error) {
		return c.Issues.ListComments(ctx, repo.Owner, repo.Name, number, &github.IssueListCommentsOptions{Since: after(since), ListOptions: o})
	})
	if err != nil {
		return nil, err
	}
	return once(each(all, comment), func(c forge.Comment) int64 { return c.ID }), nil
}

// RepositoryComments lists the comments of all issues and merge requests that were written or edited since a time, the latest first. As of Issues,
// the next call should name a time before this one began.
func (h *Host) RepositoryComments(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Comment, error) {
	all, err := every(ctx, h, repo, "list the comments of "+repo.String(), func(c *github.Client, o github.ListOptions) ([]*github.IssueComment, *github.Response, error) {
		return c.Issues.ListComments(ctx, repo.Owner, repo.Name, 0, &github.IssueListCommentsOptions{Sort: github.String("updated"), Direction: github.String("desc"),
			Since: after(since), ListOptions: o})
	})
	if err != nil {
		return nil, err
	}
	return once(each(all, comment), func(c forge.Comment) int64 { return c.ID }), nil
}

// Comment reads a comment.
func (h *Host) Comment(ctx context.Context, repo forge.Repo, id int64) (forge.Comment, error) {
	c, err := ask(ctx, h, repo, fmt.Sprintf("read comment %d of %s", id, repo), reads, func(c *github.Client) (*github.IssueComment, *github.Response, error) {
		return c.Issues.GetComment(ctx, repo.Owner, repo.Name, id)
	})
	if err != nil {
		return forge.Comment{}, err
	}
	return comment(c), nil
}

// CreateComment writes a comment on an issue or merge request.
func (h *Host) CreateComment(ctx context.Context, repo forge.Repo, number int, body string) (forge.Comment, error) {
	c, err := ask(ctx, h, repo, at(repo, "comment on issue", number), makes, func(c *github.Client) (*github.IssueComment, *github.Response, error) {
		return c.Issues.CreateComment(ctx, repo.Owner, repo.Name, number, &github.IssueComment{Body: &body})
	})
	if err != nil {
		return forge.Comment{}, err
	}
	return comment(c), nil
}

// EditComment gives a comment another text.
func (h *Host) EditComment(ctx context.Context, repo forge.Repo, id int64, body string) (forge.Comment, error) {
	c, err := ask(ctx, h, repo, fmt.Sprintf("edit comment %d of %s", id, repo), sets, func(c *github.Client) (*github.IssueComment, *github.Response, error) {
		return c.Issues.EditComment(ctx, repo.Owner, repo.Name, id, &github.IssueComment{Body: &body})
	})
	if err != nil {
		return forge.Comment{}, err
	}
	return comment(c), nil
}

// DeleteComment removes a comment. One that is gone is forge.ErrNotFound.
func (h *Host) DeleteComment(ctx context.Context, repo forge.Repo, id int64) error {
	_, err := ask(ctx, h, repo, fmt.Sprintf("delete comment %d of %s", id, repo), sets, func(c *github.Client) (empty, *github.Response, error) {
		response, err := c.Issues.DeleteComment(ctx, repo.Owner, repo.Name, id)
		return empty{}, response, err
	})
	return err
}

// React puts a sign at a comment. One that is there already stays alone.
func (h *Host) React(ctx context.Context, repo forge.Repo, comment int64, r forge.Reaction) error {
	_, err := ask(ctx, h, repo, fmt.Sprintf("react to comment %d of %s", comment, repo), sets, func(c *github.Client) (*github.Reaction, *github.Response, error) {
		return c.Reactions.CreateIssueCommentReaction(ctx, repo.Owner, repo.Name, comment, string(r))
	})
	return err
}

// ReactToIssue puts a sign at an issue or merge request itself. One that is there already stays alone.
func (h *Host) ReactToIssue(ctx context.Context, repo forge.Repo, number int, r forge.Reaction) error {
	_, err := ask(ctx, h, repo, at(repo, "react to issue", number), sets, func(c *github.Client) (*github.Reaction, *github.Response, error) {
		return c.Reactions.CreateIssueReaction(ctx, repo.Owner, repo.Name, number, string(r))
	})
	return err
}
