package github

import (
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// user is GitHub's user, the zero user where GitHub has none: the account is gone.
func user(u *github.User) forge.User {
	return forge.User{ID: u.GetID(), Login: u.GetLogin(), Bot: u.GetType() == "Bot"}
}

// named is the repository of a full name on this host.
func (h *Host) named(full string) forge.Repo {
	owner, name, ok := strings.Cut(full, "/")
	if !ok {
		return forge.Repo{}
	}
	return forge.Repo{Host: h.options.Host, Owner: owner, Name: name}
}

// repository is a repository. Git goes to where this GitHub is, whatever is said of it: it brings a credential.
func (h *Host) repository(r *github.Repository) forge.Repository {
	repo := forge.Repo{Host: h.options.Host, Owner: r.GetOwner().GetLogin(), Name: r.GetName()}
	return forge.Repository{Repo: repo, ID: r.GetID(), DefaultBranch: r.GetDefaultBranch(),
		CloneURL: h.GitURL(repo), URL: r.GetHTMLURL(), Private: r.GetPrivate(), Archived: r.GetArchived(), Fork: r.GetFork()}
}

func issue(i *github.Issue) forge.Issue {
	return forge.Issue{ID: i.GetID(), Number: i.GetNumber(), Title: i.GetTitle(), Body: i.GetBody(), Author: user(i.GetUser()), URL: i.GetHTMLURL(), Open: i.GetState() == "open",
		MergeRequest: i.IsPullRequest(), Labels: labelNames(i.Labels), Created: i.GetCreatedAt().UTC(), Updated: i.GetUpdatedAt().UTC()}
}

func labelNames(labels []*github.Label) (names []string) {
	for _, l := range labels {
		names = append(names, l.GetName())
	}
	return names
}

func comment(c *github.IssueComment) forge.Comment {
	return forge.Comment{ID: c.GetID(), Issue: numberIn(c.GetIssueURL()), Body: c.GetBody(), Author: user(c.GetUser()), URL: c.GetHTMLURL(),
		Created: c.GetCreatedAt().UTC(), Updated: c.GetUpdatedAt().UTC()}
}

// numberIn is the number at the end of an issue's address, which is all that a comment says of its issue.
func numberIn(address string) (n int) {
	for _, c := range address[strings.LastIndexByte(address, '/')+1:] {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// pull is a merge request. Lists leave out who merged it, and call it merged only by when.
func (h *Host) pull(p *github.PullRequest) forge.MergeRequest {
	m := forge.MergeRequest{ID: p.GetNodeID(), Number: p.GetNumber(), Title: p.GetTitle(), Body: p.GetBody(), Author: user(p.GetUser()), URL: p.GetHTMLURL(),
		Open: p.GetState() == "open", Merged: p.GetMerged() || p.MergedAt != nil, Draft: p.GetDraft(),
		Head: p.GetHead().GetRef(), Base: p.GetBase().GetRef(), HeadSHA: p.GetHead().GetSHA(), BaseSHA: p.GetBase().GetSHA(),
		HeadRepo: h.named(p.GetHead().GetRepo().GetFullName()), Labels: labelNames(p.Labels), Created: p.GetCreatedAt().UTC(), Updated: p.GetUpdatedAt().UTC()}
	if m.Merged { // before, it is a trial merge
		m.MergeSHA, m.ClosedBy = p.GetMergeCommitSHA(), user(p.GetMergedBy())
	}
	return m
}

// review is a judgement; ok is false for one that is not given yet.
func review(r *github.PullRequestReview) (_ forge.Review, ok bool) {
	state := forge.ReviewState(strings.ToLower(r.GetState()))
	switch state {
	case forge.Approved, forge.ChangesRequested, forge.Commented, forge.Dismissed:
	default:
		return forge.Review{}, false
	}
	return forge.Review{Author: user(r.GetUser()), State: state, SHA: r.GetCommitID(), At: r.GetSubmittedAt().UTC()}, true
}

func check(c *github.CheckRun) forge.Check {
	out := forge.Check{ID: c.GetID(), Name: c.GetName(), SHA: c.GetHeadSHA(), Key: c.GetExternalID(), Title: c.GetOutput().GetTitle(), Summary: c.GetOutput().GetSummary(),
		Text: c.GetOutput().GetText(), URL: c.GetHTMLURL()}
	switch c.GetConclusion() {
	case "":
		out.Conclusion = forge.Pending
	case "success":
		out.Conclusion = forge.Success
	case "neutral", "skipped":
		out.Conclusion = forge.Neutral
	case "action_required":
		out.Conclusion = forge.ActionRequired
	default: // failure, cancelled, timed_out, stale, startup_failure: none is a pass
		out.Conclusion = forge.Failure
	}
	return out
}

func each[A, B any](all []A, convert func(A) B) []B {
	out := make([]B, 0, len(all))
	for _, v := range all {
		out = append(out, convert(v))
	}
	return out
}

// after is a time as GitHub takes it: whole seconds, and nil for the zero time.
func after(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
