package localforge

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// pullRoutes are those of merge requests, beside what they have as issues.
func (f *Forge) pullRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/pulls", f.inRepo(Read, f.listPulls))
	route("POST /repos/{owner}/{repo}/pulls", f.inRepo(Read, f.openPull))
	route("GET /repos/{owner}/{repo}/pulls/{number}", f.inPull(Read, func(q *query, r *repo, i *issue) answer { return ok(f.fullPullJSON(q.r.Context(), i)) }))
	route("PATCH /repos/{owner}/{repo}/pulls/{number}", f.inPull(Write, f.editPull))
	route("GET /repos/{owner}/{repo}/pulls/{number}/files", f.inPull(Read, f.pullFiles))
	route("GET /repos/{owner}/{repo}/pulls/{number}/reviews", f.inPull(Read, func(q *query, r *repo, i *issue) answer {
		return q.list(each(f.reviews.all(func(x *review) bool { return x.Issue == i.ID }), f.reviewJSON))
	}))
	route("POST /repos/{owner}/{repo}/pulls/{number}/reviews", f.inPull(Read, f.addReview))
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
	found := f.issues.all(func(i *issue) bool {
		if i.Repo != r.ID || i.Pull == nil || !ofState(i, v.Get("state")) || v.Get("base") != "" && v.Get("base") != i.Pull.Base {
			return false
		}
		owner := ""
		if head := f.repos.rows[i.Pull.HeadRepo]; head != nil {
			owner = head.Owner
		}
		return v.Get("head") == "" || strings.EqualFold(v.Get("head"), owner+":"+i.Pull.Head)
	})
	order(found, v.Get("sort"), v.Get("direction"))
	return q.list(each(found, f.pullJSON))
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
	from, branch := r, in.Head
	if owner, name, ok := strings.Cut(in.Head, ":"); ok {
		branch = name
		for _, x := range f.repos.all(nil) {
			if strings.EqualFold(x.Owner, owner) && (x.ID == r.ID || x.ForkOf == r.ID) {
				from = x
			}
		}
	}
	ctx := q.r.Context()
	head, headThere := resolve(ctx, f.gitDir(from), "refs/heads/"+branch)
	base, baseThere := resolve(ctx, f.gitDir(r), "refs/heads/"+in.Base)
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case f.may(q.caller, from).rank() < Write.rank():
		return refused(403, "Resource not accessible by integration")
	case in.Title == "":
		return invalid("PullRequest", "title", "missing_field", "")
	case len([]rune(in.Body)) > longestBody:
		return invalid("PullRequest", "body", "custom", fmt.Sprintf("body is too long (maximum is %d characters)", longestBody))
	case !headThere:
		return invalid("PullRequest", "head", "invalid", "")
	case !baseThere:
		return invalid("PullRequest", "base", "invalid", "")
	}
	if err := f.fetch(ctx, r, from, head); err != nil {
		return refused(500, err.Error())
	}
	for _, i := range f.issues.all(func(i *issue) bool { return i.Repo == r.ID && i.Pull != nil && i.open() }) {
		if i.Pull.HeadRepo == from.ID && i.Pull.Head == branch && i.Pull.Base == in.Base {
			return invalid("PullRequest", "", "custom", fmt.Sprintf("A pull request already exists for %s:%s.", from.Owner, branch))
		}
	}
	if new, err := commits(ctx, f.gitDir(r), base, head); err != nil || len(new) == 0 {
		return invalid("PullRequest", "", "custom", fmt.Sprintf("No commits between %s and %s", in.Base, branch))
	}
	i := f.newIssue(r, q.login(), in.Title, in.Body)
	i.Pull = &pull{Base: in.Base, Head: branch, HeadRepo: from.ID, BaseSHA: base, HeadSHA: head, Draft: in.Draft}
	put(f.store, &f.issues, i.ID, i)
	f.announceIssue("opened", r, i, q.login(), nil)
	return created(f.fullPullJSON(ctx, i))
}

func (f *Forge) editPull(q *query, r *repo, i *issue) answer {
	a := f.editIssue(q, r, i)
	if a.status != 200 {
		return a
	}
	return ok(f.fullPullJSON(q.r.Context(), i))
}

func (f *Forge) pullFiles(q *query, r *repo, i *issue) answer {
	files, err := changed(q.r.Context(), f.gitDir(r), i.Pull.BaseSHA, i.Pull.HeadSHA)
	if err != nil {
		return refused(500, err.Error())
	}
	return q.list(each(files, func(c changedFile) object {
		at := i.Pull.HeadSHA + "/" + c.name
		return object{"sha": c.sha, "filename": c.name, "status": c.status, "additions": c.added, "deletions": c.deleted, "changes": c.added + c.deleted,
			"blob_url": f.web(r) + "/blob/" + at, "raw_url": f.web(r) + "/raw/" + at, "contents_url": f.api(r) + "/contents/" + c.name + "?ref=" + i.Pull.HeadSHA}
	}))
}

// mergePull merges as GitHub's button does: a merge commit on the base, unless its branch moved or there is a conflict.
func (f *Forge) mergePull(q *query, r *repo, i *issue) answer {
	var in struct{ SHA string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case !i.open():
		return refused(405, "Pull Request is not mergeable")
	case i.Pull.Draft:
		return refused(405, "Pull Request is still a draft")
	case in.SHA != "" && in.SHA != i.Pull.HeadSHA:
		return refused(409, "Head branch was modified. Review and try the merge again.")
	}
	sha, conflict, err := f.merge(q.r.Context(), r, i, q.login())
	switch {
	case err != nil:
		return refused(500, err.Error())
	case conflict:
		return refused(405, "Pull Request is not mergeable")
	}
	return ok(object{"sha": sha, "merged": true, "message": "Pull Request successfully merged"})
}

// merge makes the merge commit, and closes the merge request and the issues that it closes.
func (f *Forge) merge(ctx context.Context, r *repo, i *issue, by string) (sha string, conflict bool, err error) {
	dir := f.gitDir(r)
	base, _ := resolve(ctx, dir, "refs/heads/"+i.Pull.Base)
	tree, err := runGit(ctx, dir, "", nil, "merge-tree", "--write-tree", base, i.Pull.HeadSHA)
	if err != nil {
		return "", true, nil
	}
	when := f.time().Format(time.RFC3339)
	who := []string{"GIT_AUTHOR_NAME=" + by, "GIT_AUTHOR_EMAIL=" + by + "@localhost", "GIT_COMMITTER_NAME=" + by, "GIT_COMMITTER_EMAIL=" + by + "@localhost",
		"GIT_AUTHOR_DATE=" + when, "GIT_COMMITTER_DATE=" + when}
	message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s\n", i.Number, f.repos.rows[i.Pull.HeadRepo].Owner, i.Pull.Head, i.Title)
	if sha, err = runGit(ctx, dir, message, who, "commit-tree", tree, "-p", base, "-p", i.Pull.HeadSHA); err != nil {
		return "", false, err
	}
	before, err := refs(ctx, dir)
	if err != nil {
		return "", false, err
	}
	if _, err := runGit(ctx, dir, "", nil, "update-ref", "refs/heads/"+i.Pull.Base, sha, base); err != nil {
		return "", false, err
	}
	after, err := refs(ctx, dir)
	if err != nil {
		return "", false, err
	}
	i.Pull.Merged, i.Pull.MergedBy, i.Pull.MergeSHA = f.time(), by, sha
	f.setState(r, i, false, by)
	f.pushed(ctx, r, before, after, by)
	f.closeNamed(r, i, by)
	return sha, false, nil
}

// closeNamed closes the issues that a merged merge request names behind a closing keyword.
func (f *Forge) closeNamed(r *repo, merged *issue, by string) {
	for _, found := range closing.FindAllStringSubmatch(merged.Body, -1) {
		var number int
		_, _ = fmt.Sscan(found[1], &number)
		if i := f.issue(r, number); i != nil && i.Pull == nil {
			f.setState(r, i, false, by)
		}
	}
}

// Ready takes a merge request out of draft, as GitHub's button does; its REST API can't.
func (f *Forge) Ready(owner, name string, number int, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil {
		return fmt.Errorf("there is no repository %s/%s", owner, name)
	}
	i := f.issue(r, number)
	if i == nil || i.Pull == nil {
		return fmt.Errorf("there is no merge request %d in %s", number, r.full())
	}
	if i.Pull.Draft {
		i.Pull.Draft = false
		put(f.store, &f.issues, i.ID, i)
		f.announceIssue("ready_for_review", r, i, by, nil)
	}
	return nil
}
