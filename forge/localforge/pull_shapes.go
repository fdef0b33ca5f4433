package localforge

import (
	"context"
	"fmt"
)

// pullJSON is a merge request as lists and webhooks hold one.
func (f *Forge) pullJSON(i *issue) object {
	r, p := f.repos.rows[i.Repo], i.Pull
	api, html := fmt.Sprintf("%s/pulls/%d", f.api(r), i.Number), fmt.Sprintf("%s/pull/%d", f.web(r), i.Number)
	issue := fmt.Sprintf("%s/issues/%d", f.api(r), i.Number)
	statuses := f.api(r) + "/statuses/" + p.HeadSHA
	href := func(s string) object { return object{"href": s} }
	return object{"id": i.ID, "node_id": node("PR", i.ID), "number": i.Number, "title": i.Title, "body": body(i.Body), "state": i.state(), "draft": p.Draft, "locked": i.Locked,
		"user": f.userJSON(i.Author), "labels": f.labelsJSON(r, i.Labels), "assignee": f.firstUser(i.Assignees), "assignees": each(i.Assignees, f.userJSON), "milestone": nil, "active_lock_reason": body(i.LockReason),
		"requested_reviewers": each(p.Reviewers, f.userJSON), "requested_teams": []object{}, "author_association": f.association(i.Author, r), "auto_merge": nil,
		"base": f.side(r.ID, r.Owner, p.Base, p.BaseSHA), "head": f.side(p.HeadRepo, p.HeadOwner, p.Head, p.HeadSHA), "merge_commit_sha": body(p.MergeSHA), "merged_at": stamp(p.Merged),
		"closed_at": stamp(i.Closed), "created_at": stamp(i.Created), "updated_at": stamp(i.Updated), "url": api, "html_url": html, "diff_url": html + ".diff",
		"patch_url": html + ".patch", "issue_url": issue, "commits_url": api + "/commits", "review_comments_url": api + "/comments",
		"review_comment_url": f.api(r) + "/pulls/comments{/number}", "comments_url": issue + "/comments", "statuses_url": statuses,
		"_links": object{"self": href(api), "html": href(html), "issue": href(issue), "comments": href(issue + "/comments"), "review_comments": href(api + "/comments"),
			"review_comment": href(f.api(r) + "/pulls/comments{/number}"), "commits": href(api + "/commits"), "statuses": href(statuses)}}
}

// side is a branch of a merge request. Its repository is null once it is deleted.
func (f *Forge) side(id int64, owner, branch, sha string) object {
	out := object{"label": owner + ":" + branch, "ref": branch, "sha": sha, "user": f.userJSON(owner), "repo": nil}
	if r := f.repos.rows[id]; r != nil {
		out["repo"] = f.repoJSON(r)
	}
	return out
}

// fullPullJSON is a merge request as the API shows one by itself.
func (f *Forge) fullPullJSON(ctx context.Context, i *issue) object {
	r, p := f.repos.rows[i.Repo], i.Pull
	out := f.pullJSON(i)
	added, deleted := 0, 0
	d, err := f.diff(ctx, r, p.BaseSHA, p.HeadSHA)
	for _, c := range d.files {
		added, deleted = added+c.added, deleted+c.deleted
	}
	state := "clean"
	switch {
	case err != nil:
		state = "unknown"
	case d.conflict:
		state = "dirty"
	case p.Draft:
		state = "draft"
	}
	var mergedBy any
	if p.MergedBy != "" {
		mergedBy = f.userJSON(p.MergedBy)
	}
	for name, value := range (object{"merged": !p.Merged.IsZero(), "merged_by": mergedBy, "mergeable": err == nil && !d.conflict, "mergeable_state": state, "rebaseable": nil,
		"comments": len(f.comments.of(i.ID, nil)), "review_comments": 0, "maintainer_can_modify": false, "commits": len(d.commits),
		"additions": added, "deletions": deleted, "changed_files": len(d.files)}) {
		out[name] = value
	}
	return out
}
