package localforge

import (
	"context"
	"fmt"
)

// Enqueue puts a merge request into the merge queue of its base: a commit as the base will be is made on a branch of its own, and its checks are asked
// for. It returns that commit. Merging or Dequeue takes the branch away.
func (f *Forge) Enqueue(ctx context.Context, owner, name string, number int, by string) (sha string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return "", err
	}
	i := f.issue(r, number)
	if i == nil || i.Pull == nil || !i.open() || i.Pull.Draft {
		return "", fmt.Errorf("queue %s#%d: there is no merge request of that number that can be merged", r.full(), number)
	}
	base, _ := f.resolve(ctx, r, "refs/heads/"+i.Pull.Base)
	sha, conflict, err := f.joinedCommit(ctx, r, i, base, mergeHow{by: by})
	if err != nil || conflict {
		return "", fmt.Errorf("queue %s#%d: it does not merge: %v", r.full(), number, err)
	}
	c, err := f.commit(ctx, r, sha)
	if err != nil {
		return "", fmt.Errorf("queue %s#%d: %w", r.full(), number, err)
	}
	g := &mergeGroup{ID: f.next(), Issue: i.ID, Ref: fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", i.Pull.Base, number, base), BaseSHA: base, SHA: sha, Created: f.time()}
	if err := f.setRef(ctx, r, g.Ref, sha, by); err != nil {
		return "", err
	}
	put(f.store, &f.groups, g.ID, g)
	who := func(s signature) object { return object{"name": s.name, "email": s.email} }
	f.announce("merge_group", "checks_requested", r, by, object{"merge_group": object{"head_sha": sha, "head_ref": g.Ref, "base_sha": base, "base_ref": "refs/heads/" + i.Pull.Base,
		"head_commit": object{"id": sha, "tree_id": c.tree, "message": c.message, "timestamp": stamp(c.committer.when), "author": who(c.author), "committer": who(c.committer)}}})
	return sha, nil
}

// Dequeue takes a merge request out of the merge queue, if it is there.
func (f *Forge) Dequeue(ctx context.Context, owner, name string, number int, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	if i := f.issue(r, number); i != nil {
		f.unqueue(ctx, r, i, by)
	}
	return nil
}

// unqueue takes away what the merge queue has of a merge request.
func (f *Forge) unqueue(ctx context.Context, r *repo, i *issue, by string) {
	for _, g := range f.groups.all(func(g *mergeGroup) bool { return g.Issue == i.ID }) {
		remove(f.store, &f.groups, g.ID)
		if err := f.setRef(ctx, r, g.Ref, "", by); err != nil {
			f.log.Error("take a branch of the merge queue away", "repository", r.full(), "ref", g.Ref, "error", err)
		}
	}
}
