package localforge

import (
	"fmt"
	"slices"
	"strings"
)

// reviewStates are what a review's event makes of it.
var reviewStates = map[string]string{"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}

func (f *Forge) addReview(q *query, r *repo, i *issue) answer {
	var in struct{ Event, Body string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	state, known := reviewStates[in.Event]
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case f.barred(q, r, i):
		return answer{status: 422, body: object{"message": "Unprocessable Entity", "errors": []string{"lock prevents review"}, "documentation_url": documentation, "status": "422"}}
	case !known:
		return invalid("PullRequestReview", "event", "invalid", "")
	case state != "COMMENTED" && strings.EqualFold(q.login(), i.Author):
		verb := map[string]string{"APPROVED": "approve", "CHANGES_REQUESTED": "request changes on"}[state]
		return answer{status: 422, body: object{"message": "Unprocessable Entity", "errors": []string{"Can not " + verb + " your own pull request"}, "documentation_url": documentation, "status": "422"}}
	case state != "APPROVED" && in.Body == "":
		return invalid("PullRequestReview", "body", "missing_field", "")
	}
	x := f.newReview(r, i, q.login(), state, in.Body)
	f.written(q.r.Context(), r, i, f.reviewPage(x), x.Author, x.Body, "")
	return ok(f.reviewJSON(x))
}

// newReview gives a verdict on a merge request; who was asked for one is no longer.
func (f *Forge) newReview(r *repo, i *issue, by, state, text string) *review {
	x := &review{ID: f.next(), Issue: i.ID, Author: by, State: state, Body: text, SHA: i.Pull.HeadSHA, Submitted: f.time()}
	put(f.store, &f.reviews, x.ID, x)
	i.Pull.Reviewers = slices.DeleteFunc(i.Pull.Reviewers, func(l string) bool { return strings.EqualFold(l, by) })
	i.Updated = f.time()
	put(f.store, &f.issues, i.ID, i)
	payload := f.reviewJSON(x)
	payload["state"] = fold(x.State)
	f.announce("pull_request_review", "submitted", r, by, object{"review": payload, "pull_request": f.pullJSON(i)})
	return x
}

// DismissStale has a push to a merge request of a repository dismiss its approvals, as one of GitHub's protections of a branch does, or not.
func (f *Forge) DismissStale(owner, name string, on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	r.DismissStale = on
	put(f.store, &f.repos, r.ID, r)
	return nil
}

// dismissApprovals takes what was approved before a push as not approved, where the repository wants that.
func (f *Forge) dismissApprovals(r *repo, i *issue, by string) {
	if !r.DismissStale {
		return
	}
	for _, x := range f.reviews.of(i.ID, func(x *review) bool { return x.State == "APPROVED" }) {
		x.State = "DISMISSED"
		put(f.store, &f.reviews, x.ID, x)
		payload := f.reviewJSON(x)
		payload["state"] = fold(x.State)
		f.announce("pull_request_review", "dismissed", r, by, object{"review": payload, "pull_request": f.pullJSON(i)})
	}
}

// reviewPage is where people look at a review.
func (f *Forge) reviewPage(x *review) string {
	return fmt.Sprintf("%s#pullrequestreview-%d", f.page(f.issues.rows[x.Issue]), x.ID)
}

func (f *Forge) reviewJSON(x *review) object {
	i := f.issues.rows[x.Issue]
	r := f.repos.rows[i.Repo]
	pull, html := fmt.Sprintf("%s/pulls/%d", f.api(r), i.Number), f.reviewPage(x)
	return object{"id": x.ID, "node_id": node("PRR", x.ID), "user": f.userJSON(x.Author), "body": x.Body, "state": x.State, "commit_id": x.SHA, "html_url": html,
		"pull_request_url": pull, "_links": object{"html": object{"href": html}, "pull_request": object{"href": pull}}, "author_association": f.association(x.Author, r),
		"submitted_at": stamp(x.Submitted)}
}

func (f *Forge) requestReviewers(q *query, r *repo, i *issue) answer {
	var in struct{ Reviewers []string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	for _, login := range in.Reviewers {
		if f.users.rows[fold(login)] == nil || f.permission(login, r).rank() < Write.rank() {
			return answer{status: 422, body: object{"message": "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the " + r.full() + " repository.",
				"documentation_url": documentation, "status": "422"}}
		}
		if strings.EqualFold(login, i.Author) {
			return answer{status: 422, body: object{"message": "Review cannot be requested from pull request author.", "documentation_url": documentation, "status": "422"}}
		}
	}
	for _, login := range in.Reviewers {
		if !slices.ContainsFunc(i.Pull.Reviewers, func(l string) bool { return strings.EqualFold(l, login) }) {
			i.Pull.Reviewers = append(i.Pull.Reviewers, login)
			f.announceIssue("review_requested", r, i, q.login(), object{"requested_reviewer": f.userJSON(login)})
		}
	}
	put(f.store, &f.issues, i.ID, i)
	return created(f.pullJSON(i))
}
