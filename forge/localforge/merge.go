package localforge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mergeHow says how a merge request is merged: by whom, by which of GitHub's methods (merge if it is empty), and with which words.
type mergeHow struct{ by, method, title, message string }

// mergePull merges as GitHub's button does, unless the branch moved or there is a conflict.
func (f *Forge) mergePull(q *query, r *repo, i *issue) answer {
	var in struct {
		SHA     string
		Title   string `json:"commit_title"`
		Message string `json:"commit_message"`
		Method  string `json:"merge_method"`
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case f.may(q.caller, r).rank() < Write.rank():
		return refused(403, "Resource not accessible by integration")
	case !i.open():
		return refused(405, "Pull Request is not mergeable")
	case i.Pull.Draft:
		return refused(405, "Pull Request is still a draft")
	case !slices.Contains([]string{"", "merge", "squash"}, in.Method):
		return refused(405, "Rebase merges are not allowed on this repository.")
	case in.SHA != "" && in.SHA != i.Pull.HeadSHA:
		return refused(409, "Head branch was modified. Review and try the merge again.")
	}
	sha, conflict, err := f.merge(q.r.Context(), r, i, mergeHow{q.login(), in.Method, in.Title, in.Message})
	switch {
	case err != nil:
		return refused(500, err.Error())
	case conflict:
		return refused(405, "Pull Request is not mergeable")
	}
	return ok(object{"sha": sha, "merged": true, "message": "Pull Request successfully merged"})
}

// merge makes the merge commit, and closes the merge request and the issues that it closes.
func (f *Forge) merge(ctx context.Context, r *repo, i *issue, how mergeHow) (sha string, conflict bool, err error) {
	base, _ := f.resolve(ctx, r, "refs/heads/"+i.Pull.Base)
	sha, conflict, err = f.joinedCommit(ctx, r, i, base, how)
	if err != nil || conflict {
		return "", conflict, err
	}
	if err := f.setRef(ctx, r, "refs/heads/"+i.Pull.Base, sha, how.by); err != nil {
		return "", false, err
	}
	if i.open() { // a squashed one: its head is not part of what was pushed
		f.markMerged(ctx, r, i, base, sha, how.by)
	}
	return sha, false, nil
}

// markMerged closes a merge request as merged, and the issues that it closes. Base is where its branch was before.
func (f *Forge) markMerged(ctx context.Context, r *repo, i *issue, base, sha, by string) {
	i.Pull.Merged, i.Pull.MergedBy, i.Pull.MergeSHA, i.Pull.BaseSHA = f.time(), by, sha, base
	f.setState(r, i, false, by)
	if i.Pull.Base == r.DefaultBranch {
		f.closeNamed(r, i.Body, by)
	}
	f.unqueue(ctx, r, i, by)
}

// joinedCommit makes the commit of a merge, which no ref names yet.
func (f *Forge) joinedCommit(ctx context.Context, r *repo, i *issue, base string, how mergeHow) (sha string, conflict bool, err error) {
	dir := f.gitDir(r)
	tree, err := runGit(ctx, dir, "", nil, "merge-tree", "--write-tree", base, i.Pull.HeadSHA)
	if err != nil {
		return "", true, nil
	}
	title, message := how.title, how.message
	parents := []string{"-p", base, "-p", i.Pull.HeadSHA}
	switch {
	case how.method == "squash":
		parents = parents[:2]
		if title == "" {
			title = fmt.Sprintf("%s (#%d)", i.Title, i.Number)
		}
	case title == "":
		title = fmt.Sprintf("Merge pull request #%d from %s/%s", i.Number, i.Pull.HeadOwner, i.Pull.Head)
		if message == "" {
			message = i.Title
		}
	}
	sha, err = runGit(ctx, dir, strings.TrimSpace(title+"\n\n"+message)+"\n", f.signature(how.by), append([]string{"commit-tree", tree}, parents...)...)
	return sha, false, err
}

// signature is the environment in which git signs a commit as a user, now.
func (f *Forge) signature(login string) []string {
	when, email := f.time().Format(time.RFC3339), login+"@localhost"
	return []string{"GIT_AUTHOR_NAME=" + login, "GIT_AUTHOR_EMAIL=" + email, "GIT_COMMITTER_NAME=" + login, "GIT_COMMITTER_EMAIL=" + email, "GIT_AUTHOR_DATE=" + when, "GIT_COMMITTER_DATE=" + when}
}
