package localforge

import (
	"context"
	"fmt"
	"strings"
)

// pullRoutes are those of merge requests, beside what they have as issues.
func (f *Forge) pullRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/pulls", f.inRepo(Read, f.listPulls))
	route("POST /repos/{owner}/{repo}/pulls", f.inRepo(Read, f.openPull))
	route("GET /repos/{owner}/{repo}/pulls/{number}", f.inPull(Read, func(q *query, r *repo, i *issue) answer { return ok(f.fullPullJSON(q.r.Context(), i)) }))
	route("PATCH /repos/{owner}/{repo}/pulls/{number}", f.inPull(Write, f.editPull))
	route("GET /repos/{owner}/{repo}/pulls/{number}/files", f.inPull(Read, f.pullFiles))
	route("GET /repos/{owner}/{repo}/pulls/{number}/reviews", f.inPull(Read, func(q *query, r *repo, i *issue) answer {
		return q.list(each(f.reviews.of(i.ID, nil), f.reviewJSON))
	}))
	route("POST /repos/{owner}/{repo}/pulls/{number}/reviews", f.inPull(Read, f.addReview))
	route("GET /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", f.inPull(Read, func(q *query, r *repo, i *issue) answer {
		return ok(object{"users": each(i.Pull.Reviewers, f.userJSON), "teams": []object{}})
	}))
	route("GET /repos/{owner}/{repo}/pulls/{number}/commits", f.inPull(Read, f.pullCommits))
	route("GET /repos/{owner}/{repo}/pulls/{number}/merge", f.inPull(Read, func(q *query, r *repo, i *issue) answer {
		if i.Pull.Merged.IsZero() {
			return notFound
		}
		return nothing
	}))
	route("POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", f.inPull(Write, f.requestReviewers))
	route("PUT /repos/{owner}/{repo}/pulls/{number}/merge", f.inPull(Write, f.mergePull))
}

// inPull hands the path's merge request to h.
func (f *Forge) inPull(least Permission, h func(q *query, r *repo, i *issue) answer) handler {
	return f.inIssue(least, func(q *query, r *repo, i *issue) answer {
		if i.Pull == nil {
			return notFound
		}
		return h(q, r, i)
	})
}

// listPulls lists merge requests, the newest first, as the query's state, head (owner:branch) and base say.
func (f *Forge) listPulls(q *query, r *repo) answer {
	v := q.r.URL.Query()
	found := f.issues.shown(r.ID, f.latest(), func(i *issue) bool {
		if i.Pull == nil || !ofState(i, v.Get("state")) || v.Get("base") != "" && v.Get("base") != i.Pull.Base {
			return false
		}
		return v.Get("head") == "" || strings.EqualFold(v.Get("head"), i.Pull.HeadOwner+":"+i.Pull.Head)
	})
	order(found, v.Get("sort"), v.Get("direction"))
	p := q.page(len(found))
	return q.linked(len(found), ok(each(found[p.from:p.to], f.pullJSON)))
}

// openPull opens a merge request; a head that is not there, that brings nothing, or that has an open one already is refused.
func (f *Forge) openPull(q *query, r *repo) answer {
	var in struct {
		Title, Head, Base, Body string
		Draft                   bool
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	from, branch := f.headOf(r, in.Head)
	ctx := q.r.Context()
	head, headThere := f.resolve(ctx, from, "refs/heads/"+branch)
	base, baseThere := f.resolve(ctx, r, "refs/heads/"+in.Base)
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case f.may(q.caller, from).rank() < Write.rank() && f.may(q.caller, r).rank() < Write.rank():
		return refused(403, "Resource not accessible by integration")
	case in.Title == "":
		return invalid("PullRequest", "title", "missing_field", "")
	case len([]rune(in.Body)) > longestBody:
		return invalid("PullRequest", "body", "custom", tooLong)
	case !headThere:
		return invalid("PullRequest", "head", "invalid", "")
	case !baseThere:
		return invalid("PullRequest", "base", "invalid", "")
	}
	if err := f.fetch(ctx, r, from, head); err != nil {
		return refused(500, err.Error())
	}
	for _, i := range f.issues.of(r.ID, func(i *issue) bool { return i.Pull != nil && i.open() }) {
		if i.Pull.HeadRepo == from.ID && i.Pull.Head == branch && i.Pull.Base == in.Base {
			return invalid("PullRequest", "", "custom", fmt.Sprintf("A pull request already exists for %s:%s.", from.Owner, branch))
		}
	}
	if d, err := f.diff(ctx, r, base, head); err != nil || len(d.commits) == 0 {
		return invalid("PullRequest", "", "custom", fmt.Sprintf("No commits between %s and %s", in.Base, branch))
	}
	i := f.newIssue(r, q.login(), in.Title, in.Body)
	i.Pull = &pull{Base: in.Base, Head: branch, HeadRepo: from.ID, HeadOwner: from.Owner, BaseSHA: base, HeadSHA: head, Draft: in.Draft}
	if err := f.bring(ctx, r, from, i.Number, head); err != nil {
		return refused(500, err.Error())
	}
	put(f.store, &f.issues, i.ID, i)
	f.announceIssue("opened", r, i, q.login(), nil)
	a := created(f.fullPullJSON(ctx, i))
	f.written(ctx, r, i, f.page(i), q.login(), in.Body, "")
	return a
}

// headOf is the repository and branch that a head such as branch or owner:branch names; owner is that of r or of a fork of it.
func (f *Forge) headOf(r *repo, head string) (from *repo, branch string) {
	owner, name, named := strings.Cut(head, ":")
	if !named {
		return r, head
	}
	for _, x := range f.repos.all(func(x *repo) bool { return x.ID == r.ID || x.ForkOf == r.ID }) {
		if strings.EqualFold(x.Owner, owner) {
			return x, name
		}
	}
	return r, head // there is no such branch, as its name has a colon
}

// editPull changes what a request names: an issue's words and state, and the base.
func (f *Forge) editPull(q *query, r *repo, i *issue) answer {
	var in struct{ Base, State *string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if in.State != nil && *in.State == "open" && !i.open() {
		if fault := f.unopenable(q.r.Context(), i); fault != nil {
			return *fault
		}
	}
	base, there := "", true
	if in.Base != nil {
		if base, there = f.resolve(q.r.Context(), r, "refs/heads/"+*in.Base); !there {
			return invalid("PullRequest", "base", "invalid", "")
		}
	}
	if a := f.editIssue(q, r, i); a.status != 200 {
		return a
	}
	if in.Base != nil && *in.Base != i.Pull.Base {
		was := object{"ref": object{"from": i.Pull.Base}, "sha": object{"from": i.Pull.BaseSHA}}
		i.Pull.Base, i.Pull.BaseSHA = *in.Base, base
		put(f.store, &f.issues, i.ID, i)
		f.announceIssue("edited", r, i, q.login(), object{"changes": object{"base": was}})
	}
	return ok(f.fullPullJSON(q.r.Context(), i))
}

// unopenable says why a closed merge request can't be opened again.
func (f *Forge) unopenable(ctx context.Context, i *issue) *answer {
	var a answer
	from, there := f.repos.rows[i.Pull.HeadRepo], false
	if from != nil {
		_, there = f.resolve(ctx, from, "refs/heads/"+i.Pull.Head)
	}
	switch {
	case !i.Pull.Merged.IsZero():
		a = invalid("PullRequest", "state", "invalid", "state cannot be changed. The pull request cannot be reopened.")
	case from == nil:
		a = invalid("PullRequest", "state", "invalid", "state cannot be changed. The repository that submitted this pull request has been deleted.")
	case !there:
		a = invalid("PullRequest", "state", "invalid", "state cannot be changed. The "+i.Pull.Head+" branch was deleted.")
	default:
		return nil
	}
	return &a
}

func (f *Forge) pullCommits(q *query, r *repo, i *issue) answer {
	d, err := f.diff(q.r.Context(), r, i.Pull.BaseSHA, i.Pull.HeadSHA)
	if err != nil {
		return refused(500, err.Error())
	}
	out := []object{}
	for _, sha := range d.commits {
		c, err := f.commit(q.r.Context(), r, sha)
		if err != nil {
			return refused(500, err.Error())
		}
		out = append(out, f.commitJSON(r, c))
	}
	return q.list(out)
}

func (f *Forge) pullFiles(q *query, r *repo, i *issue) answer {
	d, err := f.diff(q.r.Context(), r, i.Pull.BaseSHA, i.Pull.HeadSHA)
	if err != nil {
		return refused(500, err.Error())
	}
	return q.list(each(d.files, func(c changedFile) object {
		at := i.Pull.HeadSHA + "/" + c.name
		return object{"sha": c.sha, "filename": c.name, "status": c.status, "additions": c.added, "deletions": c.deleted, "changes": c.added + c.deleted,
			"blob_url": f.web(r) + "/blob/" + at, "raw_url": f.web(r) + "/raw/" + at, "contents_url": f.api(r) + "/contents/" + c.name + "?ref=" + i.Pull.HeadSHA}
	}))
}
