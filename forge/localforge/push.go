package localforge

import (
	"context"
	"fmt"
	"strings"
)

// Push sets a branch to a commit that the repository holds, as a push by a user does.
func (f *Forge) Push(ctx context.Context, owner, name, branch, sha, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil {
		return fmt.Errorf("there is no repository %s/%s", owner, name)
	}
	before, err := refs(ctx, f.gitDir(r))
	if err != nil {
		return err
	}
	if _, err := runGit(ctx, f.gitDir(r), "", nil, "update-ref", "refs/heads/"+branch, sha); err != nil {
		return err
	}
	after, err := refs(ctx, f.gitDir(r))
	if err != nil {
		return err
	}
	f.pushed(ctx, r, before, after, by)
	return nil
}

// pushed keeps merge requests in step with their branches, and sends the webhooks of a push.
func (f *Forge) pushed(ctx context.Context, r *repo, before, after map[string]string, by string) {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for name := range names {
		was, is := before[name], after[name]
		if was == is {
			continue
		}
		r.Pushed = f.time()
		put(f.store, &f.repos, r.ID, r)
		f.announce("push", "", r, by, f.pushJSON(ctx, r, name, was, is, by))
		if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			f.follow(ctx, r, branch, is, by)
		}
	}
}

// follow brings open merge requests of a branch up to date; one whose branch is gone is closed, as GitHub does.
func (f *Forge) follow(ctx context.Context, r *repo, branch, sha, by string) {
	for _, i := range f.issues.all(func(i *issue) bool {
		return i.Pull != nil && i.open() && i.Pull.HeadRepo == r.ID && i.Pull.Head == branch
	}) {
		base := f.repos.rows[i.Repo]
		if sha == "" {
			f.setState(base, i, false, by)
			continue
		}
		was := i.Pull.HeadSHA
		i.Pull.HeadSHA, i.Updated = sha, f.time()
		put(f.store, &f.issues, i.ID, i)
		f.announceIssue("synchronize", base, i, by, object{"before": was, "after": sha})
	}
	for _, i := range f.issues.all(func(i *issue) bool { return i.Pull != nil && i.open() && i.Repo == r.ID && i.Pull.Base == branch }) {
		i.Pull.BaseSHA = sha
		put(f.store, &f.issues, i.ID, i)
	}
}

// deleteRef deletes a ref, with all that follows from it.
func (f *Forge) deleteRef(ctx context.Context, r *repo, ref, by string) error {
	before, err := refs(ctx, f.gitDir(r))
	if err != nil {
		return err
	}
	if _, err := runGit(ctx, f.gitDir(r), "", nil, "update-ref", "-d", ref); err != nil {
		return err
	}
	after, err := refs(ctx, f.gitDir(r))
	f.pushed(ctx, r, before, after, by)
	return err
}
