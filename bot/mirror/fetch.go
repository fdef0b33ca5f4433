package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Fetch brings the branches of the remote here, and forgets those that are gone. Given refs, it brings those alone: full names such as
// refs/heads/main or refs/pull/7/head, or hashes of commits. Callers that ask for the same at the same time share one exchange. A ref that the
// remote lacks is ErrNotFound. Errors: *RemoteError, *StorageError, *gitcmd.TooLargeError, and the context's.
func (m *Mirror) Fetch(ctx context.Context, refs ...string) error {
	refs = slices.Compact(slices.Sorted(slices.Values(refs)))
	for _, r := range refs {
		if !fullHash.MatchString(r) && !validRef(r) {
			return fmt.Errorf("fetch of %s: %q is neither a full ref name nor a commit", m.key, r)
		}
	}
	f := m.board(ctx, strings.Join(refs, "\n"), func(ctx context.Context) error {
		return m.do(ctx, "fetch", func(g gitcmd.Git) error { return m.fetch(ctx, g, refs) })
	})
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		m.leave(f)
		return fmt.Errorf("fetch of %s: %w", m.key, ctx.Err())
	}
}

// FetchSince brings the branches as they are at a time or later, by the clock of the cache's Now: if they were fetched since, nothing is to be done.
func (m *Mirror) FetchSince(ctx context.Context, at time.Time) error {
	m.mu.Lock()
	fresh := !m.fetched.Before(at)
	m.mu.Unlock()
	if fresh {
		return nil
	}
	return m.Fetch(ctx)
}

// fetch brings refs, or all branches, and their commits and folders.
func (m *Mirror) fetch(ctx context.Context, g gitcmd.Git, refs []string) error {
	select {
	case m.refs <- struct{}{}:
		defer func() { <-m.refs }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	if len(refs) == 0 {
		err = m.branches(ctx, g)
	} else {
		args := []string{"--", "origin"}
		for _, r := range refs {
			args = append(args, "+"+r+":"+kept(r))
		}
		err = m.bring(ctx, g, nil, nil, args...)
		if holds(err, []string{"cannot lock ref"}) { // branch a/b has come, and branch a, which is gone, is still here
			if err = m.branches(ctx, g); err == nil {
				err = m.bring(ctx, g, nil, nil, args...)
			}
		}
	}
	if err != nil {
		return err
	}
	fault.Point("fetched")
	return m.tidy(ctx, g)
}

// branches fetches all branches, and forgets those that are gone.
func (m *Mirror) branches(ctx context.Context, g gitcmd.Git) error {
	now := m.cache.options.Now()
	if err := m.bring(ctx, g, nil, nil, "--prune", "--", "origin", "+refs/heads/*:refs/remotes/origin/*"); err != nil {
		return err
	}
	_ = os.Chtimes(m.dir, time.Time{}, time.Now()) // so that it is seen to be in use: see sweep
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetched = now
	return nil
}

// fullHash is a commit as the methods take it.
var fullHash = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// kept is where a ref of the remote, or a commit that was asked for, is kept here.
func kept(ref string) string {
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return "refs/remotes/origin/" + branch
	}
	if fullHash.MatchString(ref) {
		return "refs/fetched/commits/" + ref
	}
	return "refs/fetched/" + ref
}

// Resolve is the commit that a ref of the remote pointed to when it was last fetched; ok is false if it was not there. The ref
// is a branch's short name, a full name such as refs/pull/7/head, or the hash of a commit, for which ok says whether it is here.
func (m *Mirror) Resolve(ctx context.Context, ref string) (sha string, ok bool, err error) {
	name := ref
	switch {
	case fullHash.MatchString(ref):
	case validRef(ref):
		name = kept(ref)
	case ValidBranch(ref):
		name = kept("refs/heads/" + ref)
	default:
		return "", false, nil
	}
	err = m.do(ctx, "look up "+ref, func(g gitcmd.Git) error {
		sha, ok, err = resolve(ctx, g, name)
		return err
	})
	return sha, ok, err
}

func resolve(ctx context.Context, g gitcmd.Git, name string) (sha string, ok bool, err error) {
	look := func() bool {
		text, err := g.Command(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}").Output()
		sha = strings.TrimSpace(string(text))
		return err == nil && fullHash.MatchString(sha)
	}
	if look() {
		return sha, true, nil
	}
	if ctx.Err() != nil || fullHash.MatchString(name) {
		return "", false, ctx.Err()
	}
	refs, err := g.Output(ctx, "for-each-ref", "--format=%(refname)", "--", name) // and those below it
	info, missing := os.Lstat(filepath.Join(g.Dir, filepath.FromSlash(name)))
	switch {
	case err != nil:
		return "", false, err
	case !slices.Contains(strings.Split(refs, "\n"), name) && (missing != nil || !info.Mode().IsRegular()):
		return "", false, nil
	case look(): // it came meanwhile
		return sha, true, nil
	}
	return "", false, errors.New("ref " + name + " does not point to a valid object")
}

// RemoteHead is the commit that a branch of the remote points to right now; ok is false if there is no such branch. Nothing is fetched.
func (m *Mirror) RemoteHead(ctx context.Context, branch string) (sha string, ok bool, err error) {
	if !ValidBranch(branch) {
		return "", false, nil
	}
	err = m.do(ctx, "look for branch "+branch, func(g gitcmd.Git) error {
		sha, ok, err = m.remoteHead(ctx, g, branch)
		return err
	})
	return sha, ok, err
}

func (m *Mirror) remoteHead(ctx context.Context, g gitcmd.Git, branch string) (sha string, ok bool, err error) {
	ref := "refs/heads/" + branch
	out, err := m.speak(ctx, g, nil, nil, "ls-remote", "--quiet", "--refs", "--", "origin", ref)
	if err != nil {
		return "", false, err
	}
	for line := range strings.SplitSeq(out, "\n") {
		if sha, name, _ := strings.Cut(line, "\t"); name == ref && fullHash.MatchString(sha) { // a pattern matches longer names too
			return sha, true, nil
		}
	}
	return "", false, nil
}
