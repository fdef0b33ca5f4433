package localforge

import (
	"context"
	"strings"
	"time"
)

// mostCommits is how many commits a push event names.
const mostCommits = 2048

// pushJSON is the payload of a push event.
func (f *Forge) pushJSON(ctx context.Context, r *repo, ref, was, is, by string) object {
	before, after := was, is
	if was == "" {
		before = zeroSHA
	}
	if is == "" {
		after = zeroSHA
	}
	var shas []string
	if is != "" {
		from := was
		if from == "" {
			from = f.mergeBase(ctx, r, is)
		}
		if from != "" {
			shas, _ = commits(ctx, f.gitDir(r), from, is) // a commit that is not there has none
		}
	}
	list := []object{}
	for _, sha := range shas[max(0, len(shas)-mostCommits):] {
		list = append(list, f.pushedCommit(ctx, r, sha))
	}
	var head any
	if is != "" {
		head = f.pushedCommit(ctx, r, is)
	}
	return object{"ref": ref, "before": before, "after": after, "created": was == "", "deleted": is == "", "forced": was != "" && is != "" && !f.contains(ctx, r, was, is),
		"base_ref": nil, "compare": f.web(r) + "/compare/" + before + "..." + after, "commits": list, "head_commit": head, "pusher": object{"name": by, "email": by + "@localhost"}}
}

// mergeBase is where a new branch left the default branch; empty if it is that itself.
func (f *Forge) mergeBase(ctx context.Context, r *repo, sha string) string {
	base, err := runGit(ctx, f.gitDir(r), "", nil, "merge-base", "refs/heads/"+r.DefaultBranch, sha)
	if err != nil || base == sha {
		return ""
	}
	return base
}

// contains says whether a commit is part of another's history.
func (f *Forge) contains(ctx context.Context, r *repo, old, new string) bool {
	_, err := runGit(ctx, f.gitDir(r), "", nil, "merge-base", "--is-ancestor", old, new)
	return err == nil
}

// pushedCommit is a commit as a push event tells it.
func (f *Forge) pushedCommit(ctx context.Context, r *repo, sha string) object {
	text, _ := runGit(ctx, f.gitDir(r), "", nil, "show", "--no-patch", "--format=%T%x00%an%x00%ae%x00%cn%x00%ce%x00%cI%x00%B", sha)
	p := append(strings.SplitN(text, "\x00", 7), make([]string, 7)...)
	when, _ := time.Parse(time.RFC3339, p[5])
	added, removed, modified := []string{}, []string{}, []string{}
	files, _ := changed(ctx, f.gitDir(r), sha+"^", sha) // the first commit has no parent, and none
	for _, c := range files {
		switch c.status {
		case "added":
			added = append(added, c.name)
		case "removed":
			removed = append(removed, c.name)
		default:
			modified = append(modified, c.name)
		}
	}
	return object{"id": sha, "tree_id": p[0], "distinct": true, "message": strings.TrimSpace(p[6]), "timestamp": stamp(when), "url": f.web(r) + "/commit/" + sha,
		"author": object{"name": p[1], "email": p[2]}, "committer": object{"name": p[3], "email": p[4]}, "added": added, "removed": removed, "modified": modified}
}

// branchJSON is a branch by itself.
func (f *Forge) branchJSON(ctx context.Context, r *repo, name string) answer {
	sha, found := resolve(ctx, f.gitDir(r), "refs/heads/"+name)
	if !found {
		return refused(404, "Branch not found")
	}
	api := f.api(r) + "/branches/" + name
	return ok(object{"name": name, "commit": f.commitJSON(ctx, r, sha), "_links": object{"self": api, "html": f.web(r) + "/tree/" + name}, "protected": false,
		"protection": object{"enabled": false}, "protection_url": api + "/protection"})
}

// commitJSON is a commit as the API shows one.
func (f *Forge) commitJSON(ctx context.Context, r *repo, sha string) object {
	c := f.pushedCommit(ctx, r, sha)
	who := func(name string) object {
		p := c[name].(object)
		return object{"name": p["name"], "email": p["email"], "date": c["timestamp"]}
	}
	parents := []object{}
	text, _ := runGit(ctx, f.gitDir(r), "", nil, "show", "--no-patch", "--format=%P", sha)
	for _, parent := range strings.Fields(text) {
		parents = append(parents, object{"sha": parent, "url": f.api(r) + "/commits/" + parent, "html_url": f.web(r) + "/commit/" + parent})
	}
	api := f.api(r) + "/commits/" + sha
	return object{"sha": sha, "node_id": "C_" + sha, "url": api, "html_url": f.web(r) + "/commit/" + sha, "comments_url": api + "/comments", "author": nil, "committer": nil, "parents": parents,
		"commit": object{"url": f.api(r) + "/git/commits/" + sha, "author": who("author"), "committer": who("committer"), "message": c["message"], "comment_count": 0,
			"tree": object{"sha": c["tree_id"], "url": f.api(r) + "/git/trees/" + c["tree_id"].(string)}, "verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}}}
}
