package localforge

import "context"

// mostCommits is how many commits a push event names.
const mostCommits = 2048

// pushJSON is the payload of a push event.
func (f *Forge) pushJSON(ctx context.Context, r *repo, u update, new []commitFacts, by string) object {
	before, after := u.was, u.is
	if before == "" {
		before = zeroSHA
	}
	if after == "" {
		after = zeroSHA
	}
	var head any
	if u.is != "" {
		if c, err := f.commit(ctx, r, u.is); err == nil {
			head = f.pushedJSON(r, c)
		}
	}
	forced := u.was != "" && u.is != "" && !f.contains(ctx, r, u.was, u.is)
	return object{"ref": u.ref, "before": before, "after": after, "created": u.was == "", "deleted": u.is == "", "forced": forced, "base_ref": nil,
		"compare": f.web(r) + "/compare/" + before + "..." + after, "commits": each(new, func(c commitFacts) object { return f.pushedJSON(r, c) }), "head_commit": head,
		"pusher": object{"name": by, "email": by + "@localhost"}}
}

// contains says whether a commit is part of another's history.
func (f *Forge) contains(ctx context.Context, r *repo, old, new string) bool {
	_, err := runGit(ctx, f.gitDir(r), "", nil, "merge-base", "--is-ancestor", old, new)
	return err == nil
}

// pushedJSON is a commit as a push event tells it.
func (f *Forge) pushedJSON(r *repo, c commitFacts) object {
	who := func(s signature) object { return object{"name": s.name, "email": s.email} }
	return object{"id": c.sha, "tree_id": c.tree, "distinct": true, "message": c.message, "timestamp": stamp(c.committer.when), "url": f.web(r) + "/commit/" + c.sha,
		"author": who(c.author), "committer": who(c.committer), "added": c.added, "removed": c.removed, "modified": c.modified}
}

// branchJSON is a branch by itself.
func (f *Forge) branchJSON(ctx context.Context, r *repo, name string) answer {
	sha, found := f.resolve(ctx, r, "refs/heads/"+name)
	if !found {
		return refused(404, "Branch not found")
	}
	c, err := f.commit(ctx, r, sha)
	if err != nil {
		return refused(500, err.Error())
	}
	api := f.api(r) + "/branches/" + name
	return ok(object{"name": name, "commit": f.commitJSON(r, c), "_links": object{"self": api, "html": f.web(r) + "/tree/" + name}, "protected": false,
		"protection": object{"enabled": false}, "protection_url": api + "/protection"})
}

// commitJSON is a commit as the API shows one.
func (f *Forge) commitJSON(r *repo, c commitFacts) object {
	who := func(s signature) object {
		return object{"name": s.name, "email": s.email, "date": stamp(s.when)}
	}
	parents := each(c.parents, func(sha string) object {
		return object{"sha": sha, "url": f.api(r) + "/commits/" + sha, "html_url": f.web(r) + "/commit/" + sha}
	})
	api := f.api(r) + "/commits/" + c.sha
	return object{"sha": c.sha, "node_id": "C_" + c.sha, "url": api, "html_url": f.web(r) + "/commit/" + c.sha, "comments_url": api + "/comments", "author": nil, "committer": nil, "parents": parents,
		"commit": object{"url": f.api(r) + "/git/commits/" + c.sha, "author": who(c.author), "committer": who(c.committer), "message": c.message, "comment_count": 0,
			"tree": object{"sha": c.tree, "url": f.api(r) + "/git/trees/" + c.tree}, "verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}}}
}
