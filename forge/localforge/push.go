package localforge

import (
	"context"
	"fmt"
	"strings"
)

// Push sets a branch to a commit that the repository holds, as a push by a user does. Push of a branch to where it is changes nothing.
func (f *Forge) Push(ctx context.Context, owner, name, branch, sha, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	return f.setRef(ctx, r, "refs/heads/"+branch, sha, by)
}

// setRef points a ref to a commit, with all that follows from it; an empty hash deletes the ref. The forge's mutex is held.
func (f *Forge) setRef(ctx context.Context, r *repo, ref, sha, by string) error {
	was, _ := f.resolve(ctx, r, ref)
	if was == sha {
		return nil
	}
	args := []string{"update-ref", ref, sha}
	if sha == "" {
		args = []string{"update-ref", "-d", ref}
	}
	if was != "" {
		args = append(args, was) // somebody else's push in between is not overwritten
	}
	if _, err := runGit(ctx, f.gitDir(r), "", nil, args...); err != nil {
		return fmt.Errorf("set %s of %s: %w", ref, r.full(), err)
	}
	f.pushed(ctx, r, update{ref, was, sha}, by)
	return nil
}

// pushed keeps merge requests in step with a ref that was changed, and sends the webhooks of a push. The forge's mutex is held.
func (f *Forge) pushed(ctx context.Context, r *repo, u update, by string) {
	branch, isBranch := strings.CutPrefix(u.ref, "refs/heads/")
	if !isBranch && !strings.HasPrefix(u.ref, "refs/tags/") || u.was == u.is {
		return
	}
	r.Pushed = f.time()
	put(f.store, &f.repos, r.ID, r)
	new := f.newCommits(ctx, r, u)
	f.announce("push", "", r, by, f.pushJSON(ctx, r, u, new, by))
	for _, c := range new {
		f.mentioned(f.web(r)+"/commit/"+c.sha, by, c.message)
	}
	if !isBranch {
		return
	}
	f.arrived(ctx, r, branch, u, new, by)
	f.follow(ctx, r, branch, by)
	if branch == r.DefaultBranch {
		for _, c := range new {
			f.closeNamed(r, c.message, by)
		}
	}
}

// arrived marks the merge requests as merged whose heads a push brought into their base.
func (f *Forge) arrived(ctx context.Context, r *repo, branch string, u update, new []commitFacts, by string) {
	if len(new) == 0 || u.was == "" {
		return
	}
	came := map[string]bool{}
	for _, c := range new {
		came[c.sha] = true
	}
	for _, i := range f.issues.of(r.ID, func(i *issue) bool { return i.Pull != nil && i.open() && i.Pull.Base == branch && came[i.Pull.HeadSHA] }) {
		f.markMerged(ctx, r, i, u.was, u.is, by)
	}
}

// newCommits are the commits that a push brought, the oldest first.
func (f *Forge) newCommits(ctx context.Context, r *repo, u update) (out []commitFacts) {
	if u.is == "" {
		return nil
	}
	var shas []string
	switch {
	case u.was != "":
		shas, _ = commits(ctx, f.gitDir(r), u.was, u.is)
	case u.ref == "refs/heads/"+r.DefaultBranch:
		if c, err := f.commit(ctx, r, u.is); err == nil {
			shas = []string{c.sha}
		}
	default:
		shas, _ = commits(ctx, f.gitDir(r), "refs/heads/"+r.DefaultBranch, u.is) // none where there is no default branch
	}
	for _, sha := range shas[max(0, len(shas)-mostCommits):] {
		if c, err := f.commit(ctx, r, sha); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// follow brings open merge requests of a branch up to date; one whose branch is gone is closed, as GitHub does.
func (f *Forge) follow(ctx context.Context, r *repo, branch, by string) {
	sha, _ := f.resolve(ctx, r, "refs/heads/"+branch) // as it is now: somebody may have been faster
	for _, i := range f.issues.all(func(i *issue) bool {
		return i.Pull != nil && i.open() && i.Pull.HeadRepo == r.ID && i.Pull.Head == branch
	}) {
		base := f.repos.rows[i.Repo]
		if sha == "" {
			f.setState(base, i, false, by)
			continue
		}
		was := i.Pull.HeadSHA
		if was == sha {
			continue
		}
		if err := f.bring(ctx, base, r, i.Number, sha); err != nil {
			f.log.Error("bring a fork's commit", "repository", base.full(), "number", i.Number, "error", err)
			continue
		}
		i.Pull.HeadSHA, i.Updated = sha, f.time()
		put(f.store, &f.issues, i.ID, i)
		f.announceIssue("synchronize", base, i, by, object{"before": was, "after": sha})
		f.dismissApprovals(base, i, by)
	}
	for _, i := range f.issues.of(r.ID, func(i *issue) bool { return i.Pull != nil && i.open() && i.Pull.Base == branch }) {
		if sha == "" {
			f.setState(r, i, false, by)
			continue
		}
		i.Pull.BaseSHA = sha
		put(f.store, &f.issues, i.ID, i)
	}
}

// bring brings a merge request's head into r, as refs/pull/N/head.
func (f *Forge) bring(ctx context.Context, r, from *repo, number int, sha string) error {
	if r.ID != from.ID {
		if err := f.fetch(ctx, r, from, sha); err != nil {
			return err
		}
	}
	_, err := runGit(ctx, f.gitDir(r), "", nil, "update-ref", fmt.Sprintf("refs/pull/%d/head", number), sha)
	return err
}
