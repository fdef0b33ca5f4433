package localforge

import "strings"

// commitRoutes are those of commits. A ref may hold slashes, so that what is asked of it stands behind the last of them.
func (f *Forge) commitRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/commits/*", f.inRepo(Read, func(q *query, r *repo) answer {
		ref := q.part("*")
		if head, ok := strings.CutSuffix(ref, "/check-runs"); ok {
			return f.listChecks(q, r, head)
		}
		if head, ok := strings.CutSuffix(ref, "/pulls"); ok {
			return f.pullsWith(q, r, head)
		}
		sha, there := f.resolve(q.r.Context(), r, ref)
		if !there {
			return noCommit(ref)
		}
		c, err := f.commit(q.r.Context(), r, sha)
		if err != nil {
			return refused(500, err.Error())
		}
		return ok(f.commitJSON(r, c))
	}))
}

// noCommit is GitHub's answer where a ref or hash names no commit.
func noCommit(ref string) answer {
	return answer{status: 422, body: object{"message": "No commit found for SHA: " + ref, "documentation_url": documentation, "status": "422"}}
}

// pullsWith lists the merge requests that brought a commit, or would: all that were merged with it, and the open ones that hold it.
func (f *Forge) pullsWith(q *query, r *repo, ref string) answer {
	ctx := q.r.Context()
	sha, there := f.resolve(ctx, r, ref)
	if !there {
		return noCommit(ref)
	}
	found := f.issues.shown(r.ID, f.latest(), func(i *issue) bool {
		if i.Pull == nil || !i.open() && i.Pull.Merged.IsZero() {
			return false
		}
		if i.Pull.HeadSHA == sha || i.Pull.MergeSHA == sha {
			return true
		}
		d, err := f.diff(ctx, r, i.Pull.BaseSHA, i.Pull.HeadSHA) // read once for each pair
		return err == nil && strings.Contains(strings.Join(d.commits, " "), sha)
	})
	return q.list(each(found, f.pullJSON))
}
