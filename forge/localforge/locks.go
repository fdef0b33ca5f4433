package localforge

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// lockRoutes are those that lock the conversation of an issue or merge request.
func (f *Forge) lockRoutes(route func(pattern string, h handler)) {
	route("PUT /repos/{owner}/{repo}/issues/{number}/lock", f.inRepo(Write, f.inIssueOf(f.lock)))
	route("DELETE /repos/{owner}/{repo}/issues/{number}/lock", f.inRepo(Write, f.inIssueOf(func(q *query, r *repo, i *issue) answer {
		f.setLock(r, i, false, "", q.login())
		return nothing
	})))
}

// inIssueOf hands the path's issue to h, whoever wrote it: only who may write in a repository locks there.
func (f *Forge) inIssueOf(h func(q *query, r *repo, i *issue) answer) func(q *query, r *repo) answer {
	return func(q *query, r *repo) answer {
		if i := f.issue(r, int(q.id("number"))); i != nil {
			return h(q, r, i)
		}
		return notFound
	}
}

// lockReasons are those that GitHub takes.
var lockReasons = []string{"", "off-topic", "too heated", "resolved", "spam"}

func (f *Forge) lock(q *query, r *repo, i *issue) answer {
	var in struct {
		Reason string `json:"lock_reason"`
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if !slices.Contains(lockReasons, in.Reason) {
		return invalid("Issue", "lock_reason", "invalid", "")
	}
	f.setLock(r, i, true, in.Reason, q.login())
	return nothing
}

// setLock locks or unlocks a conversation, if it is not so already.
func (f *Forge) setLock(r *repo, i *issue, locked bool, reason, by string) {
	if i.Locked == locked {
		return
	}
	i.Locked, i.LockReason, i.Updated = locked, reason, f.time()
	put(f.store, &f.issues, i.ID, i)
	action := map[bool]string{true: "locked", false: "unlocked"}[locked]
	f.announceIssue(action, r, i, by, nil)
}

// lockedOut is GitHub's answer to who may not comment in a locked conversation, whether it is a new comment or an older one's edit, and to everybody
// who reacts there.
var lockedOut = answer{status: http.StatusForbidden, body: object{"message": "Unable to create comment because issue is locked.",
	"documentation_url": "https://docs.github.com/articles/locking-conversations/", "status": "403"}}

// barred says whether a lock keeps a caller from commenting. An App is kept out whatever it is permitted, as it is on GitHub, where only a person's push
// access counts: github.com/renovatebot/renovate issue 6215, github.com/probot/stale issue 25.
func (f *Forge) barred(q *query, r *repo, i *issue) bool {
	return i.Locked && (q.caller.app != nil || f.may(q.caller, r).rank() < Write.rank())
}

// Lock locks the conversation of an issue or merge request.
func (p Person) Lock(ctx context.Context, owner, name string, number int) error {
	return p.do(ctx, http.MethodPut, fmt.Sprintf("/repos/%s/%s/issues/%d/lock", owner, name, number), object{"lock_reason": "resolved"}, nil)
}

// Unlock unlocks the conversation of an issue or merge request.
func (p Person) Unlock(ctx context.Context, owner, name string, number int) error {
	return p.do(ctx, http.MethodDelete, fmt.Sprintf("/repos/%s/%s/issues/%d/lock", owner, name, number), nil, nil)
}
