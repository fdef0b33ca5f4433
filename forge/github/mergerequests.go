package github

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// MergeRequests lists the merge requests that fit a filter, the latest first.
func (h *Host) MergeRequests(ctx context.Context, repo forge.Repo, f forge.MergeRequestFilter) ([]forge.MergeRequest, error) {
	options := github.PullRequestListOptions{State: string(f.State), Base: f.Base}
	if f.Head != "" {
		options.Head = repo.Owner + ":" + f.Head
	}
	all, err := every(ctx, h, repo, "list the merge requests of "+repo.String(), func(c *github.Client, o github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
		options.ListOptions = o
		return c.PullRequests.List(ctx, repo.Owner, repo.Name, &options)
	})
	if err != nil {
		return nil, err
	}
	return once(each(all, h.pull), func(m forge.MergeRequest) int64 { return int64(m.Number) }), nil
}

// MergeRequest reads a merge request, and who closed it if it is closed.
func (h *Host) MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error) {
	p, err := ask(ctx, h, repo, at(repo, "read merge request", number), reads, func(c *github.Client) (*github.PullRequest, *github.Response, error) {
		return c.PullRequests.Get(ctx, repo.Owner, repo.Name, number)
	})
	if err != nil {
		return forge.MergeRequest{}, err
	}
	m := h.pull(p)
	if m.Open || m.Merged {
		return m, nil
	}
	i, err := ask(ctx, h, repo, at(repo, "read who closed merge request", number), reads, func(c *github.Client) (*github.Issue, *github.Response, error) {
		return c.Issues.Get(ctx, repo.Owner, repo.Name, number) // a pull request doesn't say it, its issue does
	})
	if err != nil {
		return forge.MergeRequest{}, err
	}
	m.ClosedBy = user(i.GetClosedBy())
	return m, nil
}

// OpenMergeRequest opens a merge request. It is forge.ErrExists where the branch has an open one, and forge.ErrInvalid where a branch is not there or
// brings nothing. Where the repository has no drafts, what is to be one is opened as none.
func (h *Host) OpenMergeRequest(ctx context.Context, repo forge.Repo, n forge.NewMergeRequest) (forge.MergeRequest, error) {
	op := fmt.Sprintf("open a merge request from %s in %s", n.Head, repo)
	p, err := ask(ctx, h, repo, op, makes, func(c *github.Client) (*github.PullRequest, *github.Response, error) {
		return c.PullRequests.Create(ctx, repo.Owner, repo.Name, &github.NewPullRequest{Title: &n.Title, Body: &n.Body, Head: &n.Head, Base: &n.Base, Draft: &n.Draft})
	})
	switch {
	case n.Draft && h.undraftable(repo, err):
		n.Draft = false
		return h.OpenMergeRequest(ctx, repo, n)
	case err != nil:
		return forge.MergeRequest{}, err
	}
	return h.pull(p), nil
}

// EditMergeRequest changes a merge request's title or text, or opens or closes it.
func (h *Host) EditMergeRequest(ctx context.Context, repo forge.Repo, number int, e forge.MergeRequestEdit) (forge.MergeRequest, error) {
	change := &github.PullRequest{Title: e.Title, Body: e.Body}
	if e.Open != nil {
		state := "closed"
		if *e.Open {
			state = "open"
		}
		change.State = &state
	}
	p, err := ask(ctx, h, repo, at(repo, "edit merge request", number), sets, func(c *github.Client) (*github.PullRequest, *github.Response, error) {
		return c.PullRequests.Edit(ctx, repo.Owner, repo.Name, number, change)
	})
	if err != nil {
		return forge.MergeRequest{}, err
	}
	return h.pull(p), nil
}

var commit = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// checkCommit refuses what is no commit's name.
func checkCommit(op, sha string) error {
	if !commit.MatchString(sha) {
		return fmt.Errorf("%s: %q is no commit: %w", op, sha, forge.ErrInvalid)
	}
	return nil
}

// MergeRequestsOf lists the merge requests that a commit belongs to; none for a commit that GitHub does not know.
func (h *Host) MergeRequestsOf(ctx context.Context, repo forge.Repo, sha string) ([]forge.MergeRequest, error) {
	op := fmt.Sprintf("list the merge requests of commit %s of %s", sha, repo)
	if err := checkCommit(op, sha); err != nil {
		return nil, err
	}
	all, err := every(ctx, h, repo, op, func(c *github.Client, o github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
		return c.PullRequests.ListPullRequestsWithCommit(ctx, repo.Owner, repo.Name, sha, &o)
	})
	if err != nil {
		return nil, err
	}
	return each(all, h.pull), nil
}

// Reviews lists the reviews of a merge request, the oldest first, those left out that are not given yet.
func (h *Host) Reviews(ctx context.Context, repo forge.Repo, number int) (out []forge.Review, err error) {
	all, err := every(ctx, h, repo, at(repo, "list the reviews of merge request", number), func(c *github.Client, o github.ListOptions) ([]*github.PullRequestReview, *github.Response, error) {
		return c.PullRequests.ListReviews(ctx, repo.Owner, repo.Name, number, &o)
	})
	for _, r := range all {
		if given, ok := review(r); ok {
			out = append(out, given)
		}
	}
	return out, err
}

// RequestReviewers asks people and teams (by their slugs) to review a merge request. Refused are those that GitHub does not take, since they are no
// collaborators or wrote it themselves; the others are asked.
func (h *Host) RequestReviewers(ctx context.Context, repo forge.Repo, number int, users, teams []string) (refused []string, err error) {
	if len(users)+len(teams) == 0 {
		return nil, nil
	}
	op := at(repo, "ask for reviews of merge request", number)
	request := func(users, teams []string) error {
		_, err := ask(ctx, h, repo, op, sets, func(c *github.Client) (*github.PullRequest, *github.Response, error) {
			return c.PullRequests.RequestReviewers(ctx, repo.Owner, repo.Name, number, github.ReviewersRequest{Reviewers: users, TeamReviewers: teams})
		})
		return err
	}
	if err = request(users, teams); !errors.Is(err, forge.ErrInvalid) { // GitHub takes all of them or none
		return nil, err
	}
	one := func(name string, err error) error {
		if errors.Is(err, forge.ErrInvalid) {
			refused = append(refused, name)
			return nil
		}
		return err
	}
	for _, u := range users {
		if err := one(u, request([]string{u}, nil)); err != nil {
			return refused, err
		}
	}
	for _, t := range teams {
		if err := one(t, request(nil, []string{t})); err != nil {
			return refused, err
		}
	}
	return refused, nil
}

// RequestRef is the ref under which a merge request's head can be fetched, also from a fork.
func (h *Host) RequestRef(number int) string { return fmt.Sprintf("refs/pull/%d/head", number) }
